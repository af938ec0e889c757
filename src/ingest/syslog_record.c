/* Messages as records of Syslog and CommonSecurityLog. */
#include "ingest/ingest_priv.h"
#include "text/date.h"

enum { DATE_BYTES = 29 };

static void add(struct record_maker *m, const char *column, struct json v)
{
    VEC_PUSH(m->a, &m->keys, str_from(column));
    VEC_PUSH(m->a, &m->items, v);
}

void record_text(struct record_maker *m, const char *column, struct str v)
{
    if (v.n > 0)
        add(m, column, (struct json){.type = JSON_STRING, .text = v});
}

void record_int(struct record_maker *m, const char *column, int64_t v)
{
    add(m, column, (struct json){.type = JSON_INT, .i = v, .d = (double)v});
}

void record_time(struct record_maker *m, const char *column, int64_t ticks)
{
    char text[DATE_BYTES];
    date_format(ticks, text);
    record_text(m, column, arena_str(m->a, str_from(text)));
}

struct json record_done(struct record_maker *m)
{
    return (struct json){
        .type = JSON_OBJECT, .n = m->keys.n, .keys = m->keys.p, .items = m->items.p};
}

/* Of other bytes nobody says what they are: ISO 8859-1 loses none of them. NUL is written as
 * rsyslog does. */
struct str syslog_clean(struct arena *a, struct str s)
{
    size_t bad = 0;
    if (utf8_valid(s, &bad) && (s.n == 0 || memchr(s.p, '\0', s.n) == NULL))
        return s;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    while (s.n > 0) {
        bool all = utf8_valid(s, &bad);
        struct str good = str_sub(s, 0, all ? s.n : bad);
        for (size_t i = 0; i < good.n; i++)
            if (good.p[i] != '\0')
                sbuf_addc(&b, good.p[i]);
            else
                sbuf_addz(&b, "#000");
        s = str_sub(s, good.n, s.n);
        if (s.n > 0) {
            char two[4];
            sbuf_addmem(&b, two, utf8_put(two, (unsigned char)s.p[0]));
            s = str_sub(s, 1, s.n);
        }
    }
    return arena_str(a, sbuf_str(&b));
}

void syslog_read(struct arena *a, struct str message, const struct syslog_context *c,
                 struct syslog_message *out)
{
    syslog_parse(syslog_clean(a, syslog_without_end(message)), c, out);
}

/* What both tables have. */
static void add_header(struct record_maker *m, const struct reader *r,
                       const struct ingest_message *from, const struct syslog_message *s)
{
    bool own = s->has_time && !r->syslog->received_time;
    record_time(m, "TimeGenerated", own ? s->time : from->received);
    record_text(m, "Computer", s->host.n > 0 ? s->host : from->peer);
    record_text(m, "CollectorHostName", r->syslog->collector);
}

static void add_syslog(struct record_maker *m, const struct ingest_message *from,
                       const struct syslog_message *s)
{
    if (s->has_time)
        record_time(m, "EventTime", s->time);
    else
        record_time(m, "EventTime", from->received);
    record_text(m, "HostName", s->host.n > 0 ? s->host : from->peer);
    record_text(m, "HostIP", from->peer);
    record_text(m, "Facility", str_from(syslog_facility_name(s->facility)));
    record_text(m, "SeverityLevel", str_from(syslog_severity_name(s->severity)));
    record_text(m, "ProcessName", s->process);
    if (s->has_pid)
        record_int(m, "ProcessID", s->pid);
    record_text(m, "SyslogMessage", s->text);
    record_text(m, "SourceSystem", STR("Linux"));
    record_text(m, "StructuredData", s->structured_data);
    record_text(m, "MessageId", s->message_id);
}

static bool add_event(struct record_maker *m, const struct syslog_message *s, const char **why)
{
    struct str event;
    *why = "the message holds neither CEF nor LEEF, and is none of Cisco's firewalls";
    switch (event_find(s->content, &event)) {
    case EVENT_CEF:
        return cef_record(m, event, why);
    case EVENT_LEEF:
        return leef_record(m, event, why);
    case EVENT_CISCO:
        cisco_record(m, event, s->host);
        return true;
    case EVENT_NONE:
        break;
    }
    return false;
}

void syslog_record(struct reader *r, const struct ingest_message *from, bool event,
                   struct record *out)
{
    struct syslog_context c = {from->received, r->syslog->utc_offset};
    struct syslog_message s;
    const char *why = NULL;
    sbuf_clear(&r->more);
    struct record_maker m = {.a = r->a, .more = &r->more};
    out->raw = syslog_without_end(from->text);
    if (from->parsed != NULL)
        s = *from->parsed;
    else
        syslog_read(r->a, out->raw, &c, &s);
    add_header(&m, r, from, &s);
    out->ok = true;
    if (!event)
        add_syslog(&m, from, &s);
    else
        out->ok = add_event(&m, &s, &why);
    out->value = record_done(&m);
    if (out->ok)
        return;
    out->reason = "malformed";
    err_set(&out->err, ERR_SYNTAX, "%s", why);
}
