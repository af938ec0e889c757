/* Syslog headers, CEF, LEEF and messages of Cisco's firewalls: any bytes give texts that lie inside
 * of the message, and records whose columns are named once each. */
// link: store
#include <stdlib.h>

#include "base/clock.h"
#include "ingest/syslog.h"

static void check_inside(struct str whole, struct str part)
{
    CHECK(part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n) ||
          str_eqz(part, "-"));
}

static void make_record(struct str content)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf more = sbuf_make(0);
    struct record_maker m = {.a = a, .more = &more};
    const char *why = NULL;
    struct str event;
    enum event_format f = event_find(content, &event);
    if (f == EVENT_NONE)
        return;
    check_inside(content, event);
    bool ok = f == EVENT_CISCO ||
              (f == EVENT_CEF ? cef_record(&m, event, &why) : leef_record(&m, event, &why));
    if (f == EVENT_CISCO)
        cisco_record(&m, event, STR("fw01"));
    CHECK(ok == (why == NULL));
    struct json r = record_done(&m);
    for (size_t i = 0; i < r.n; i++)
        CHECK(r.keys[i].n > 0 && (r.items[i].type != JSON_STRING || r.items[i].text.n > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct syslog_context c = {TICKS_UNIX_EPOCH + INT64_C(1767225600) * TICKS_PER_SECOND, 0};
    struct syslog_message m;
    struct str text = {(const char *)data, size};
    if (size > 8192)
        return 0;
    syslog_parse(text, &c, &m);
    CHECK(m.facility >= 0 && m.facility <= 23 && m.severity >= 0 && m.severity <= 7);
    check_inside(text, m.host);
    check_inside(text, m.process);
    check_inside(text, m.text);
    check_inside(text, m.structured_data);
    check_inside(text, m.content);
    make_record(m.content);
    return 0;
}
