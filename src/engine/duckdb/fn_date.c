/* Dates and spans. What leaves 0001-01-01 … 9999-12-31 is null. */
#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "engine/duckdb/fn.h"
#include "engine/duckdb/zones.h"
#include "text/date.h"
#include "text/json.h"

enum part {
    PART_NONE,
    PART_YEAR,
    PART_QUARTER,
    PART_MONTH,
    PART_WEEK,
    PART_DAY,
    PART_HOUR,
    PART_MINUTE,
    PART_SECOND,
    PART_MILLISECOND,
    PART_MICROSECOND,
    PART_NANOSECOND,
    PART_WEEK_OF_YEAR,
    PART_DAYOFYEAR
};
static const struct part_name {
    const char *name;
    enum part part;
} part_names[] = {
    {"year", PART_YEAR},
    {"quarter", PART_QUARTER},
    {"month", PART_MONTH},
    {"week", PART_WEEK},
    {"day", PART_DAY},
    {"hour", PART_HOUR},
    {"minute", PART_MINUTE},
    {"second", PART_SECOND},
    {"millisecond", PART_MILLISECOND},
    {"microsecond", PART_MICROSECOND},
    {"nanosecond", PART_NANOSECOND},
    {"week_of_year", PART_WEEK_OF_YEAR},
    {"weekofyear", PART_WEEK_OF_YEAR},
    {"dayofyear", PART_DAYOFYEAR},
};

static enum part part_of(struct str s)
{
    for (size_t i = 0; i < COUNTOF(part_names); i++) {
        if (str_ieqz(s, part_names[i].name))
            return part_names[i].part;
    }
    return PART_NONE;
}

static bool in_range(int64_t t)
{
    return t >= 0 && t <= TICKS_MAX;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static int64_t day_of(int64_t t)
{
    return floor_div(t, TICKS_PER_DAY);
}

/* 0 = Sunday; day 0 is a Monday. */
static int64_t weekday(int64_t t)
{
    return (day_of(t) + 1) % 7;
}

static bool from_date(int year, int month, int day, int64_t *out)
{
    const struct civil c = {.year = year, .month = month, .day = day};
    return ticks_from_civil(&c, out);
}

static int64_t day_of_year(int64_t t)
{
    int64_t first;
    if (!from_date(civil_from_ticks(t).year, 1, 1, &first))
        return 0;
    return day_of(t) - day_of(first) + 1;
}

/* ISO 8601: the week of the Thursday. */
static int64_t iso_week(int64_t t)
{
    int64_t thursday = day_of(t) - (day_of(t) % 7) + 3;
    int64_t at = thursday * TICKS_PER_DAY;
    if (!in_range(at))
        return 53;
    return (day_of_year(at) - 1) / 7 + 1;
}

static bool part_value(enum part p, int64_t t, int64_t *out)
{
    struct civil c = civil_from_ticks(t);
    switch (p) {
    case PART_YEAR:
        *out = c.year;
        return true;
    case PART_QUARTER:
        *out = (c.month + 2) / 3;
        return true;
    case PART_MONTH:
        *out = c.month;
        return true;
    case PART_WEEK:
    case PART_WEEK_OF_YEAR:
        *out = iso_week(t);
        return true;
    case PART_DAY:
        *out = c.day;
        return true;
    case PART_DAYOFYEAR:
        *out = day_of_year(t);
        return true;
    case PART_HOUR:
        *out = c.hour;
        return true;
    case PART_MINUTE:
        *out = c.minute;
        return true;
    case PART_SECOND:
        *out = c.second;
        return true;
    case PART_MILLISECOND:
        *out = c.ticks / 10000;
        return true;
    case PART_MICROSECOND:
        *out = c.ticks / 10;
        return true;
    case PART_NANOSECOND:
        *out = (int64_t)c.ticks * 100;
        return true;
    case PART_NONE:
        return false;
    }
    return false;
}

static void fn_part(struct cf_call *c, size_t r)
{
    int64_t v;
    if (part_value(part_of(cf_str(c, 0, r)), cf_i64(c, 1, r), &v))
        cf_out_i64(c, r, v);
}

/* On the last day of all the sum leaves the range, and Kusto gives null. */
static void fn_dayofweek(struct cf_call *c, size_t r)
{
    int64_t t = cf_i64(c, 0, r);
    if (day_of(t) < day_of(TICKS_MAX))
        cf_out_i64(c, r, weekday(t) * TICKS_PER_DAY);
}

/* ---- start and end of a period ---- */
static bool add_months(int64_t t, int64_t n, int64_t *out)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct civil c = civil_from_ticks(t);
    if (n > 120000 || n < -120000)
        return false;
    int64_t m = (int64_t)c.year * 12 + c.month - 1 + n;
    if (m < 12 || m >= 120000)
        return false;
    c.year = (int)(m / 12);
    c.month = (int)(m % 12) + 1;
    bool leap = (c.year % 4 == 0 && c.year % 100 != 0) || c.year % 400 == 0;
    int last = days[c.month - 1] + (c.month == 2 && leap);
    if (c.day > last)
        c.day = last;
    return ticks_from_civil(&c, out);
}

static bool start_of(enum part p, int64_t t, int64_t *out)
{
    struct civil c = civil_from_ticks(t);
    if (p == PART_YEAR)
        return from_date(c.year, 1, 1, out);
    if (p == PART_MONTH)
        return from_date(c.year, c.month, 1, out);
    int64_t day = day_of(t) - (p == PART_WEEK ? weekday(t) : 0);
    *out = day * TICKS_PER_DAY;
    return in_range(*out);
}

static bool shift(enum part p, int64_t t, int64_t n, int64_t *out)
{
    int64_t size = p == PART_WEEK ? 7 * TICKS_PER_DAY : TICKS_PER_DAY, by;
    if (p == PART_YEAR)
        return !__builtin_mul_overflow(n, (int64_t)12, &n) && add_months(t, n, out);
    if (p == PART_MONTH)
        return add_months(t, n, out);
    return !__builtin_mul_overflow(n, size, &by) && !__builtin_add_overflow(t, by, out);
}

static void fn_start(struct cf_call *c, size_t r)
{
    enum part p = part_of(cf_str(c, 0, r));
    int64_t t;
    if (start_of(p, cf_i64(c, 1, r), &t) && shift(p, t, cf_i64(c, 2, r), &t) && in_range(t))
        cf_out_i64(c, r, t);
}

static void fn_end(struct cf_call *c, size_t r)
{
    enum part p = part_of(cf_str(c, 0, r));
    int64_t t, next;
    if (!start_of(p, cf_i64(c, 1, r), &t) || !shift(p, t, cf_i64(c, 2, r), &t))
        return;
    /* the period that holds 9999-12-31 has no next one */
    next = shift(p, t, 1, &next) && in_range(next) ? next : TICKS_MAX + 1;
    if (in_range(next - 1))
        cf_out_i64(c, r, next - 1);
}

/* ---- arithmetic by parts ---- */
static int64_t part_ticks(enum part p)
{
    switch ((int)p) {
    case PART_WEEK:
        return 7 * TICKS_PER_DAY;
    case PART_DAY:
        return TICKS_PER_DAY;
    case PART_HOUR:
        return TICKS_PER_HOUR;
    case PART_MINUTE:
        return TICKS_PER_MINUTE;
    case PART_SECOND:
        return TICKS_PER_SECOND;
    case PART_MILLISECOND:
        return TICKS_PER_MS;
    case PART_MICROSECOND:
        return TICKS_PER_US;
    default:
        return 0;
    }
}

static void fn_add(struct cf_call *c, size_t r)
{
    enum part p = part_of(cf_str(c, 0, r));
    int64_t n = cf_i64(c, 1, r), t = cf_i64(c, 2, r), out, by;
    int months = p == PART_YEAR ? 12 : p == PART_QUARTER ? 3 : p == PART_MONTH ? 1 : 0;
    if (months) {
        if (!__builtin_mul_overflow(n, (int64_t)months, &n) && add_months(t, n, &out))
            cf_out_i64(c, r, out);
        return;
    }
    if (p == PART_NANOSECOND)
        by = n / 100;
    else if (part_ticks(p) == 0 || __builtin_mul_overflow(n, part_ticks(p), &by))
        return;
    if (!__builtin_add_overflow(t, by, &out) && in_range(out))
        cf_out_i64(c, r, out);
}

/* Boundaries crossed from b to a. */
static void fn_diff(struct cf_call *c, size_t r)
{
    enum part p = part_of(cf_str(c, 0, r));
    int64_t a = cf_i64(c, 1, r), b = cf_i64(c, 2, r), size = part_ticks(p);
    struct civil x = civil_from_ticks(a), y = civil_from_ticks(b);
    if (p == PART_YEAR)
        cf_out_i64(c, r, x.year - y.year);
    else if (p == PART_QUARTER)
        cf_out_i64(c, r, (x.year - y.year) * 4 + (x.month - 1) / 3 - (y.month - 1) / 3);
    else if (p == PART_MONTH)
        cf_out_i64(c, r, (x.year - y.year) * 12 + x.month - y.month);
    else if (p == PART_WEEK)
        cf_out_i64(c, r, floor_div(day_of(a) + 1, 7) - floor_div(day_of(b) + 1, 7));
    else if (p == PART_NANOSECOND)
        cf_out_i64(c, r, (a - b) * 100);
    else if (size)
        cf_out_i64(c, r, floor_div(a, size) - floor_div(b, size));
}

/* ---- making ---- */
static void fn_make(struct cf_call *c, size_t r)
{
    double s = cf_f64(c, 5, r);
    int64_t part[5], t;
    for (size_t i = 0; i < 5; i++) {
        part[i] = cf_i64(c, i, r);
        if (part[i] < 0 || part[i] > 9999)
            return;
    }
    if (!(s >= 0 && s < 60) || part[3] > 23 || part[4] > 59)
        return;
    const struct civil k = {.year = (int)part[0],
                            .month = (int)part[1],
                            .day = (int)part[2],
                            .hour = (int)part[3],
                            .minute = (int)part[4],
                            .second = (int)s,
                            .ticks = (int)llround((s - floor(s)) * 1e7) % 10000000};
    if (ticks_from_civil(&k, &t))
        cf_out_i64(c, r, t);
}

static void fn_make_span(struct cf_call *c, size_t r)
{
    int64_t d = cf_i64(c, 0, r), h = cf_i64(c, 1, r), m = cf_i64(c, 2, r);
    double s = cf_f64(c, 3, r);
    if (d < 0 || d > 10675198 || h < 0 || h > 23 || m < 0 || m > 59 || !(s >= 0 && s < 60))
        return;
    cf_out_i64(c, r,
               d * TICKS_PER_DAY + h * TICKS_PER_HOUR + m * TICKS_PER_MINUTE + llround(s * 1e7));
}

static void fn_unixtime(struct cf_call *c, size_t r)
{
    double v = cf_f64(c, 0, r) * cf_f64(c, 1, r);
    if (!(v > -1e18 && v < 4e18))
        return;
    int64_t t = (int64_t)v + TICKS_UNIX_EPOCH;
    if (in_range(t))
        cf_out_i64(c, r, t);
}

/* ---- formats ---- */
/* A run of one letter, at most as many as make one element: "dddd" is dd twice. */
static size_t run_of(struct str f, size_t at, size_t most)
{
    size_t n = 1;
    while (n < most && at + n < f.n && f.p[at + n] == f.p[at])
        n++;
    return n;
}

static size_t longest_element(char c)
{
    return c == 'y' ? 4 : c == 'f' || c == 'F' ? 7 : 2;
}

static void add_fraction(struct sbuf *b, int ticks, size_t n, bool trimmed)
{
    char digits[16];
    snprintf(digits, sizeof(digits), "%07d", ticks);
    size_t k = n > 7 ? 7 : n;
    while (trimmed && k > 0 && digits[k - 1] == '0')
        k--;
    sbuf_addmem(b, digits, k);
}

static void fn_format_datetime(struct cf_call *c, size_t r)
{
    struct civil t = civil_from_ticks(cf_i64(c, 0, r));
    struct str f = cf_str(c, 1, r);
    struct sbuf *b = cf_buf(c);
    for (size_t i = 0, n; i < f.n; i += n) {
        n = run_of(f, i, longest_element(f.p[i]));
        int width = (int)n;
        int h12 = t.hour % 12 == 0 ? 12 : t.hour % 12;
        switch (f.p[i]) {
        case 'y':
            sbuf_addf(b, "%0*d", width, n <= 2 ? t.year % 100 : t.year);
            break;
        case 'M':
            sbuf_addf(b, "%0*d", width, t.month);
            break;
        case 'd':
            sbuf_addf(b, "%0*d", width, t.day);
            break;
        case 'H':
            sbuf_addf(b, "%0*d", width, t.hour);
            break;
        case 'h':
            sbuf_addf(b, "%0*d", width, h12);
            break;
        case 'm':
            sbuf_addf(b, "%0*d", width, t.minute);
            break;
        case 's':
            sbuf_addf(b, "%0*d", width, t.second);
            break;
        case 'f':
        case 'F':
            add_fraction(b, t.ticks, n, f.p[i] == 'F');
            break;
        case 't':
            sbuf_addz(b, t.hour < 12 ? "AM" : "PM");
            break;
        default:
            sbuf_add(b, str_sub(f, i, n));
        }
    }
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_format_span(struct cf_call *c, size_t r)
{
    int64_t v = cf_i64(c, 0, r);
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    struct str f = cf_str(c, 1, r);
    struct sbuf *b = cf_buf(c);
    if (v < 0)
        sbuf_addc(b, '-');
    for (size_t i = 0, n; i < f.n; i += n) {
        n = run_of(f, i, SIZE_MAX);
        int width = n > 20 ? 20 : (int)n;
        switch (f.p[i]) {
        case 'd':
            sbuf_addf(b, "%0*llu", width, (unsigned long long)(u / (uint64_t)TICKS_PER_DAY));
            break;
        case 'H':
        case 'h':
            sbuf_addf(b, "%0*d", width, (int)(u / (uint64_t)TICKS_PER_HOUR % 24));
            break;
        case 'm':
            sbuf_addf(b, "%0*d", width, (int)(u / (uint64_t)TICKS_PER_MINUTE % 60));
            break;
        case 's':
            sbuf_addf(b, "%0*d", width, (int)(u / (uint64_t)TICKS_PER_SECOND % 60));
            break;
        case 'f':
        case 'F':
            add_fraction(b, (int)(u % (uint64_t)TICKS_PER_SECOND), n, f.p[i] == 'F');
            break;
        default:
            sbuf_add(b, str_sub(f, i, n));
        }
    }
    cf_out_str(c, r, sbuf_str(b));
}

/* ---- ranges ---- */
/* How many values range a … b by s has; both ends count. */
/* What nobody has the time to count; its blocks still fit into a list. */
#define MOST_STEPS 10000000000000

/* How many steps lead from a to b; refuses what has no end. */
static void give_count(struct cf_call *c, size_t r, double n)
{
    if (isnan(n) || n <= (double)MOST_STEPS) {
        cf_out_i64(c, r, n > 0 ? (int64_t)n : 0);
        return;
    }
    cf_refuse(c, ERR_LIMIT, "range: more than %lld rows", (long long)MOST_STEPS);
    cf_hint(c, "take a larger step");
}

static void refuse_step(struct cf_call *c)
{
    cf_refuse(c, ERR_INVALID, "range: the step is zero");
    cf_hint(c, "give one that leads from the first value to the last");
}

static void fn_range_count(struct cf_call *c, size_t r)
{
    int64_t a = cf_i64(c, 0, r), b = cf_i64(c, 1, r), s = cf_i64(c, 2, r), d;
    if (s == 0)
        refuse_step(c);
    else if ((s > 0 ? a > b : a < b) || __builtin_sub_overflow(b, a, &d) || s == INT64_MIN)
        cf_out_i64(c, r, 0);
    else
        give_count(c, r, (double)(d / s) + 1);
}

static void fn_range_count_real(struct cf_call *c, size_t r)
{
    double a = cf_f64(c, 0, r), b = cf_f64(c, 1, r), s = cf_f64(c, 2, r);
    if (s == 0)
        refuse_step(c);
    else
        give_count(c, r, floor((b - a) / s + 1e-9) + 1);
}

static void refuse_series_step(struct cf_call *c)
{
    cf_refuse(c, ERR_INVALID, "make-series: the step must be above zero");
}

/* The step of make-series, once it is known. */
static void fn_step(struct cf_call *c, size_t r)
{
    if (cf_i64(c, 0, r) > 0)
        cf_out_i64(c, r, cf_i64(c, 0, r));
    else
        refuse_series_step(c);
}

static void fn_step_real(struct cf_call *c, size_t r)
{
    if (cf_f64(c, 0, r) > 0)
        cf_out_f64(c, r, cf_f64(c, 0, r));
    else
        refuse_series_step(c);
}

static void fn_bin_at(struct cf_call *c, size_t r)
{
    int64_t v = cf_i64(c, 0, r), size = cf_i64(c, 1, r), fixed = cf_i64(c, 2, r), d;
    if (size > 0 && !__builtin_sub_overflow(v, fixed, &d))
        cf_out_i64(c, r, fixed + floor_div(d, size) * size);
}

/* Whether v lies in center ± delta; a negative delta leaves nothing. */
static void fn_around(struct cf_call *c, size_t r)
{
    int64_t v = cf_i64(c, 0, r), center = cf_i64(c, 1, r), delta = cf_i64(c, 2, r);
    uint64_t distance =
        v < center ? (uint64_t)center - (uint64_t)v : (uint64_t)v - (uint64_t)center;
    cf_out_bool(c, r, delta >= 0 && distance <= (uint64_t)delta);
}

static void fn_around_real(struct cf_call *c, size_t r)
{
    double v = cf_f64(c, 0, r), center = cf_f64(c, 1, r), delta = cf_f64(c, 2, r);
    cf_out_bool(c, r, v >= center - delta && v <= center + delta);
}

static void fn_bin_at_real(struct cf_call *c, size_t r)
{
    double v = cf_f64(c, 0, r), size = cf_f64(c, 1, r), fixed = cf_f64(c, 2, r);
    if (size > 0)
        cf_out_f64(c, r, fixed + floor((v - fixed) / size) * size);
}

/* ---- sessions ---- */
static bool at_least(int64_t later, int64_t earlier, int64_t distance)
{
    int64_t limit;
    return !__builtin_add_overflow(earlier, distance, &limit) && later >= limit;
}

static void write_start(struct sbuf *b, size_t i, bool known, int64_t start)
{
    if (i > 0)
        sbuf_addc(b, ',');
    if (known)
        sbuf_addf(b, "%lld", (long long)start);
    else
        sbuf_addz(b, "NULL");
}

/* vd_sessions(values, most from the first, most from the one before): for each value the first of
 * its session, as a JSON array. After a null a session starts anew. */
static void fn_sessions(struct cf_call *c, size_t r)
{
    struct cf_vec v;
    size_t first = 0, n = cf_list(c, 0, r, &first, &v);
    const int64_t *p = (const int64_t *)v.data + first;
    struct sbuf *b = cf_buf(c);
    bool open = false;
    int64_t start = 0, before = 0;
    sbuf_addc(b, '[');
    for (size_t i = 0; i < n; i++) {
        size_t at = first + i;
        bool known = !v.valid || ((v.valid[at >> 6] >> (at & 63)) & 1);
        if (known && (!open || at_least(p[i], start, cf_i64(c, 1, r)) ||
                      at_least(p[i], before, cf_i64(c, 2, r))))
            start = p[i];
        open = known;
        before = known ? p[i] : before;
        write_start(b, i, known, start);
    }
    sbuf_addc(b, ']');
    cf_out_str(c, r, sbuf_str(b));
}

/* ---- time zones ---- */
/* The zone's name as the database spells it; anything else is null. */
static void fn_zone(struct cf_call *c, size_t r)
{
    const char *name = zone_find(cf_str(c, 0, r));
    if (name)
        cf_out_str(c, r, str_from(name));
}

static void fn_zones(struct cf_call *c, size_t r)
{
    struct json_out w = json_out_make(cf_buf(c));
    json_arr(&w);
    for (size_t i = 0; i < zone_count(); i++)
        json_z(&w, zone_at(i));
    json_arr_end(&w);
    cf_out_str(c, r, sbuf_str(&c->buf));
}

const struct cf_scalar fn_date_rows[] = {
    {.name = "vdf_zone", .sig = "s:j", .row = fn_zone},
    {.name = "vdf_zones", .sig = "l:j", .row = fn_zones},
    {.name = "vdf_datetime_part", .sig = "sl:l", .row = fn_part},
    {.name = "vdf_dayofweek", .sig = "l:l", .row = fn_dayofweek},
    {.name = "vdf_start", .sig = "sll:l", .row = fn_start},
    {.name = "vdf_end", .sig = "sll:l", .row = fn_end},
    {.name = "vdf_datetime_add", .sig = "sll:l", .row = fn_add},
    {.name = "vdf_datetime_diff", .sig = "sll:l", .row = fn_diff},
    {.name = "vdf_make_datetime", .sig = "llllld:l", .row = fn_make},
    {.name = "vdf_make_timespan", .sig = "llld:l", .row = fn_make_span},
    {.name = "vdf_unixtime", .sig = "dd:l", .row = fn_unixtime},
    {.name = "vdf_format_datetime", .sig = "ls:s", .row = fn_format_datetime},
    {.name = "vdf_format_timespan", .sig = "ls:s", .row = fn_format_span},
    {.name = "vd_range_count", .sig = "lll:l", .row = fn_range_count},
    {.name = "vd_range_count", .sig = "ddd:l", .row = fn_range_count_real},
    {.name = "vd_step", .sig = "l:l", .row = fn_step},
    {.name = "vd_step", .sig = "d:d", .row = fn_step_real},
    {.name = "vdf_around", .sig = "lll:b", .row = fn_around},
    {.name = "vdf_around_real", .sig = "ddd:b", .row = fn_around_real},
    {.name = "vd_bin_at", .sig = "lll:l", .row = fn_bin_at},
    {.name = "vd_sessions", .sig = "[lll:j", .row = fn_sessions},
    {.name = "vd_bin_at_real", .sig = "ddd:d", .row = fn_bin_at_real},
    {0},
};
