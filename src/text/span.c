/* Spans in ticks: Kusto's text forms and ISO 8601 durations. */
#include "text/date.h"
#include "text/date_priv.h"

#include <math.h>
#include <stdio.h>

static bool add_product(int64_t *sum, int64_t n, int64_t unit)
{
    int64_t p;
    return !__builtin_mul_overflow(n, unit, &p) && !__builtin_add_overflow(*sum, p, sum);
}

static const struct {
    const char *name;
    int64_t ticks;
} units[] = {
    {"d", TICKS_PER_DAY},
    {"day", TICKS_PER_DAY},
    {"days", TICKS_PER_DAY},
    {"h", TICKS_PER_HOUR},
    {"hr", TICKS_PER_HOUR},
    {"hrs", TICKS_PER_HOUR},
    {"hour", TICKS_PER_HOUR},
    {"hours", TICKS_PER_HOUR},
    {"m", TICKS_PER_MINUTE},
    {"min", TICKS_PER_MINUTE},
    {"minute", TICKS_PER_MINUTE},
    {"minutes", TICKS_PER_MINUTE},
    {"s", TICKS_PER_SECOND},
    {"sec", TICKS_PER_SECOND},
    {"second", TICKS_PER_SECOND},
    {"ms", TICKS_PER_MS},
    {"seconds", TICKS_PER_SECOND},
    {"milli", TICKS_PER_MS},
    {"millis", TICKS_PER_MS},
    {"millisec", TICKS_PER_MS},
    {"millisecond", TICKS_PER_MS},
    {"micro", TICKS_PER_US},
    {"milliseconds", TICKS_PER_MS},
    {"micros", TICKS_PER_US},
    {"microsec", TICKS_PER_US},
    {"microsecond", TICKS_PER_US},
    {"microseconds", TICKS_PER_US},
    {"tick", 1},
    {"ticks", 1},
};

/* "90s", "1.5h", "2 days" */
static bool with_unit(struct str s, int64_t *out)
{
    size_t n = 0;
    while (n < s.n && ((s.p[n] >= '0' && s.p[n] <= '9') || s.p[n] == '.'))
        n++;
    struct str number = str_sub(s, 0, n);
    struct str unit = str_trim(str_sub(s, n, s.n));
    int64_t whole;
    double real;
    for (size_t i = 0; i < COUNTOF(units); i++) {
        if (!str_eqz(unit, units[i].name))
            continue;
        *out = 0;
        if (str_to_i64(number, &whole))
            return add_product(out, whole, units[i].ticks);
        if (!str_to_f64(number, &real) || real * (double)units[i].ticks >= 9.2e18)
            return false;
        *out = (int64_t)round(real * (double)units[i].ticks);
        return true;
    }
    return false;
}

/* [d.]hh:mm[:ss[.fffffff]] */
static bool with_colons(struct str s, int64_t *out)
{
    int first;
    int hours;
    int minutes;
    int seconds = 0;
    int ticks = 0;
    int64_t days = 0;
    if (scan_digits(&s, 8, &first) == 0)
        return false;
    hours = first;
    if (scan_char(&s, '.')) {
        days = first;
        if (scan_digits(&s, 2, &hours) == 0)
            return false;
    }
    if (!scan_char(&s, ':') || scan_digits(&s, 2, &minutes) == 0)
        return false;
    if (scan_char(&s, ':')) {
        if (scan_digits(&s, 2, &seconds) == 0)
            return false;
        if (scan_char(&s, '.') && !scan_fraction(&s, 7, &ticks))
            return false;
    }
    if (s.n > 0 || hours > 23 || minutes > 59 || seconds > 59)
        return false;
    *out = hours * TICKS_PER_HOUR + minutes * TICKS_PER_MINUTE + seconds * TICKS_PER_SECOND + ticks;
    return add_product(out, days, TICKS_PER_DAY);
}

bool span_parse_kusto(struct str s, int64_t *out)
{
    int64_t t;
    int64_t days;
    s = str_trim(s);
    bool minus = scan_char(&s, '-');
    if (!with_colons(s, &t) && !with_unit(s, &t)) {
        t = 0; /* a bare whole number is days, as in timespan(2) */
        if (s.n == 0 || s.p[0] == '-' || !str_to_i64(s, &days) ||
            !add_product(&t, days, TICKS_PER_DAY))
            return false;
    }
    *out = minus ? -t : t;
    return true;
}

void span_format(int64_t ticks, char out[32])
{
    uint64_t t = ticks < 0 ? 0 - (uint64_t)ticks : (uint64_t)ticks;
    uint64_t days = t / (uint64_t)TICKS_PER_DAY;
    uint64_t fraction = t % (uint64_t)TICKS_PER_SECOND;
    unsigned hours = (unsigned)(t / (uint64_t)TICKS_PER_HOUR % 24);
    unsigned minutes = (unsigned)(t / (uint64_t)TICKS_PER_MINUTE % 60);
    unsigned seconds = (unsigned)(t / (uint64_t)TICKS_PER_SECOND % 60);
    struct str sign = ticks < 0 ? STR("-") : STR("");
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(31);
    sbuf_add(&b, sign);
    if (days > 0)
        sbuf_addf(&b, "%llu.", (unsigned long long)days);
    sbuf_addf(&b, "%02u:%02u:%02u", hours, minutes, seconds);
    if (fraction > 0)
        sbuf_addf(&b, ".%07llu", (unsigned long long)fraction);
    CHECK(sbuf_ok(&b)); /* the longest is "-10675199.02:48:05.4775808" */
    struct str text = sbuf_str(&b);
    memcpy(out, text.p, text.n + 1);
}

/* One "12H" or "1.5S"; only seconds may have a fraction. *order makes sure that units go down. */
static bool iso_part(struct str *s, const char *letters, const int64_t *scale, size_t *order,
                     int64_t *sum)
{
    int n;
    int ticks = 0;
    bool fraction = false;
    if (scan_digits(s, 9, &n) == 0)
        return false;
    if (scan_char(s, '.')) {
        fraction = true;
        if (!scan_fraction(s, 9, &ticks))
            return false;
    }
    for (; letters[*order] != '\0'; (*order)++) {
        if (!scan_char(s, letters[*order]))
            continue;
        if (fraction && letters[*order] != 'S')
            return false;
        return add_product(sum, n, scale[(*order)++]) && add_product(sum, ticks, 1);
    }
    return false;
}

bool duration_parse_unit(struct str s, int64_t *out)
{
    static const struct {
        char letter;
        int64_t ticks;
    } list[] = {{'s', TICKS_PER_SECOND},
                {'m', TICKS_PER_MINUTE},
                {'h', TICKS_PER_HOUR},
                {'d', TICKS_PER_DAY}};
    int64_t n = 0;
    for (size_t i = 0; i < COUNTOF(list); i++)
        if (s.n > 1 && s.p[s.n - 1] == list[i].letter)
            return str_to_i64(str_sub(s, 0, s.n - 1), &n) && n >= 0 &&
                   !__builtin_mul_overflow(n, list[i].ticks, out);
    return false;
}

bool duration_parse_iso8601(struct str s, int64_t *out)
{
    static const int64_t day_scale[] = {7 * TICKS_PER_DAY, TICKS_PER_DAY};
    static const int64_t time_scale[] = {TICKS_PER_HOUR, TICKS_PER_MINUTE, TICKS_PER_SECOND};
    int64_t sum = 0;
    size_t order = 0;
    size_t parts = 0;
    bool minus = scan_char(&s, '-');
    if (!scan_char(&s, 'P'))
        return false;
    for (; s.n > 0 && s.p[0] != 'T'; parts++)
        if (!iso_part(&s, "WD", day_scale, &order, &sum))
            return false;
    if (scan_char(&s, 'T')) {
        order = 0;
        if (s.n == 0)
            return false;
        for (; s.n > 0; parts++)
            if (!iso_part(&s, "HMS", time_scale, &order, &sum))
                return false;
    }
    if (parts == 0)
        return false;
    *out = minus ? -sum : sum;
    return true;
}

static void add_iso_part(struct sbuf *b, uint64_t n, char letter)
{
    if (n > 0)
        sbuf_addf(b, "%llu%c", (unsigned long long)n, letter);
}

void duration_format_iso8601(int64_t ticks, char out[40])
{
    uint64_t t = ticks < 0 ? 0 - (uint64_t)ticks : (uint64_t)ticks;
    uint64_t of_day = t % (uint64_t)TICKS_PER_DAY;
    uint64_t seconds = of_day / (uint64_t)TICKS_PER_SECOND;
    uint64_t fraction = of_day % (uint64_t)TICKS_PER_SECOND;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(39);
    sbuf_addz(&b, ticks < 0 ? "-P" : "P");
    add_iso_part(&b, t / (uint64_t)TICKS_PER_DAY, 'D');
    if (of_day > 0 || t == 0)
        sbuf_addc(&b, 'T');
    add_iso_part(&b, seconds / 3600, 'H');
    add_iso_part(&b, seconds / 60 % 60, 'M');
    if (fraction > 0) {
        char digits[8];
        for (size_t i = 7; i > 0; fraction /= 10)
            digits[--i] = (char)('0' + fraction % 10);
        size_t n = 7;
        while (digits[n - 1] == '0')
            n--;
        digits[n] = '\0';
        sbuf_addf(&b, "%llu.%sS", (unsigned long long)(seconds % 60), digits);
    } else if (seconds % 60 > 0 || t == 0) {
        sbuf_addf(&b, "%lluS", (unsigned long long)(seconds % 60));
    }
    CHECK(sbuf_ok(&b));
    struct str text = sbuf_str(&b);
    memcpy(out, text.p, text.n + 1);
}
