/* Times, spans, durations, addresses, Base64 and hex as people and senders write them: what is read
 * is in its range, and written anew it reads as the same value. */
#include "text/base64.h"
#include "text/date.h"
#include "text/ip.h"

enum { MAX_OUT = 1 << 20 };

static void one_time(int64_t ticks)
{
    char text[29];
    int64_t again = -1;
    struct civil c = civil_from_ticks(ticks);
    CHECK(ticks >= 0 && ticks <= TICKS_MAX && c.year >= 1 && c.year <= 9999);
    CHECK(ticks_from_civil(&c, &again) && again == ticks);
    date_format(ticks, text);
    CHECK(date_parse_iso(str_from(text), &again) && again == ticks);
    CHECK(date_parse_kusto(str_from(text), &again) && again == ticks);
}

static void times(struct str s)
{
    int64_t ticks = 0;
    if (date_parse_iso(s, &ticks))
        one_time(ticks);
    if (date_parse_kusto(s, &ticks))
        one_time(ticks);
}

static void spans(struct str s)
{
    int64_t ticks = 0, again = 0;
    char span[32], iso[40];
    if (span_parse_kusto(s, &ticks)) {
        span_format(ticks, span);
        CHECK(span_parse_kusto(str_from(span), &again) && again == ticks);
    }
    if (duration_parse_unit(s, &ticks))
        CHECK(ticks >= 0);
    if (duration_parse_iso8601(s, &ticks)) {
        duration_format_iso8601(ticks, iso);
        CHECK(duration_parse_iso8601(str_from(iso), &again) && again == ticks);
    }
}

static void addresses(struct str s)
{
    struct ip ip, again;
    struct ip_net net;
    uint32_t number = 0;
    char text[IP_TEXT_MAX];
    if (ip_parse(s, &ip)) {
        ip_format(ip, text);
        CHECK(ip_parse(str_from(text), &again) && ip_cmp(ip, again) == 0);
        CHECK(ip_net_parse(s, &net) && net.prefix == 128 && ip_in_net(ip, net));
        CHECK(!ip_parse_v4(s, &number) || ip_is_v4(ip));
    }
    if (ip_net_parse(s, &net))
        CHECK(net.prefix <= 128 && ip_in_net(net.base, net));
}

static void bytes(struct str s)
{
    static const enum base64_kind kinds[] = {BASE64_STD, BASE64_URL};
    for (size_t i = 0; i < COUNTOF(kinds); i++) {
        AUTO(sbuf_fini) struct sbuf raw = sbuf_make(MAX_OUT);
        AUTO(sbuf_fini) struct sbuf text = sbuf_make(MAX_OUT);
        AUTO(sbuf_fini) struct sbuf again = sbuf_make(MAX_OUT);
        base64_encode(kinds[i], s, &text);
        CHECK(base64_decode(kinds[i], sbuf_str(&text), &again) && str_eq(sbuf_str(&again), s));
        CHECK(base64_decode(kinds[i], s, &raw) || raw.n == 0);
    }
    AUTO(sbuf_fini) struct sbuf raw = sbuf_make(MAX_OUT);
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(MAX_OUT);
    if (hex_decode(s, &raw))
        hex_encode(sbuf_str(&raw), &text);
    CHECK(raw.n == 0 || str_ieq(sbuf_str(&text), s));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = {(const char *)data, size};
    times(s);
    spans(s);
    addresses(s);
    bytes(s);
    return 0;
}
