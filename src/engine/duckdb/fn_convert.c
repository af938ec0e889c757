/* Conversions (Kusto's to…() and implicit ones): failure is null, '' for string. */
#include "base/clock.h"
#include "engine/duckdb/duck_priv.h"
#include "engine/duckdb/fn.h"
#include "engine/duckdb/jscan.h"
#include "text/date.h"
#include "text/json.h"
#include <math.h>

/* ---- text to values ---- */
static struct str trim_blanks(struct str s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = str_sub(s, 1, s.n);
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

static bool parse_hex(struct str s, int64_t *out)
{
    if (s.n < 3 || s.n > 18 || s.p[0] != '0' || (s.p[1] | 32) != 'x')
        return false;
    uint64_t v = 0;
    for (size_t i = 2; i < s.n; i++) {
        int c = s.p[i] | 32;
        int d = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (d < 0)
            return false;
        v = v << 4 | (unsigned)d;
    }
    *out = (int64_t)v;
    return true;
}

static bool parse_long(struct str s, int64_t *out)
{
    s = trim_blanks(s);
    if (parse_hex(s, out))
        return true;
    if (s.n > 1 && s.p[0] == '+' && s.p[1] != '-')
        s = str_sub(s, 1, s.n);
    return str_to_i64(s, out);
}

static bool parse_real(struct str s, double *out)
{
    s = trim_blanks(s);
    if (s.n == 0)
        return false;
    bool neg = s.p[0] == '-', sign = neg || s.p[0] == '+';
    struct str body = sign ? str_sub(s, 1, s.n) : s;
    if (str_ieqz(body, "nan")) {
        *out = (double)NAN;
        return true;
    }
    if (str_eqz(body, "inf") || str_ieqz(body, "infinity")) {
        *out = neg ? (double)-INFINITY : (double)INFINITY;
        return true;
    }
    bool digit = false;
    for (size_t i = 0; i < body.n; i++) {
        char c = body.p[i];
        digit = digit || (c >= '0' && c <= '9');
        if (!strchr("0123456789.eE+-", c) || c == '\0')
            return false;
    }
    if (!digit)
        return false;
    char text[400];
    if (body.n + 3 > sizeof(text))
        return false;
    /* ".5" and "5." are numbers here */
    size_t n = 0;
    if (body.p[0] == '.')
        text[n++] = '0';
    memcpy(text + n, body.p, body.n);
    n += body.n;
    if (text[n - 1] == '.')
        text[n++] = '0';
    double v;
    if (!str_to_f64((struct str){text, n}, &v))
        return false;
    *out = neg ? -v : v;
    return true;
}

static bool parse_bool(struct str s, bool *out)
{
    int64_t i;
    s = trim_blanks(s);
    if (str_ieqz(s, "true") || str_ieqz(s, "false")) {
        *out = s.n == 4;
        return true;
    }
    if (!str_to_i64(s, &i))
        return false;
    *out = i != 0;
    return true;
}

static bool fits_int(int64_t v)
{
    return v >= INT32_MIN && v <= INT32_MAX;
}

static void fn_str_bool(struct cf_call *c, size_t r)
{
    bool v;
    if (parse_bool(cf_str(c, 0, r), &v))
        cf_out_bool(c, r, v);
}

static void fn_str_int(struct cf_call *c, size_t r)
{
    int64_t v;
    if (parse_long(cf_str(c, 0, r), &v) && fits_int(v))
        cf_out_i32(c, r, (int32_t)v);
}

static void fn_str_long(struct cf_call *c, size_t r)
{
    int64_t v;
    if (parse_long(cf_str(c, 0, r), &v))
        cf_out_i64(c, r, v);
}

static void fn_str_real(struct cf_call *c, size_t r)
{
    double v;
    if (parse_real(cf_str(c, 0, r), &v))
        cf_out_f64(c, r, v);
}

static void fn_str_decimal(struct cf_call *c, size_t r)
{
    duckdb_hugeint v;
    if (duck_decimal_parse(trim_blanks(cf_str(c, 0, r)), &v))
        cf_out_i128(c, r, v);
}

static void fn_str_datetime(struct cf_call *c, size_t r)
{
    int64_t v;
    if (date_parse_kusto(cf_str(c, 0, r), &v))
        cf_out_i64(c, r, v);
}

static void fn_str_span(struct cf_call *c, size_t r)
{
    int64_t v;
    if (span_parse_kusto(cf_str(c, 0, r), &v))
        cf_out_i64(c, r, v);
}

static void fn_ticks(struct cf_call *c, size_t r)
{
    int64_t v = cf_i64(c, 0, r);
    if (v >= 0 && v <= TICKS_MAX)
        cf_out_i64(c, r, v);
}

/* ---- values to text ---- */
static void fn_bool_str(struct cf_call *c, size_t r)
{
    cf_out_str(c, r, cf_bool(c, 0, r) ? STR("True") : STR("False"));
}

static void fn_real_str(struct cf_call *c, size_t r)
{
    struct sbuf *b = cf_buf(c);
    real_format(cf_f64(c, 0, r), b);
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_decimal_str(struct cf_call *c, size_t r)
{
    struct sbuf *b = cf_buf(c);
    duck_decimal_text(cf_i128(c, 0, r), b);
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_huge_str(struct cf_call *c, size_t r)
{
    struct sbuf *b = cf_buf(c);
    duck_huge_text(cf_i128(c, 0, r), b);
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_datetime_str(struct cf_call *c, size_t r)
{
    char text[32];
    date_format(cf_i64(c, 0, r), text);
    cf_out_str(c, r, str_from(text));
}

static void fn_span_str(struct cf_call *c, size_t r)
{
    char text[40];
    span_format(cf_i64(c, 0, r), text);
    cf_out_str(c, r, str_from(text));
}

/* ---- values to JSON ---- */
static void fn_str_dyn(struct cf_call *c, size_t r)
{
    struct sbuf *b = cf_buf(c);
    json_escape(b, cf_str(c, 0, r));
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_real_dyn(struct cf_call *c, size_t r)
{
    struct sbuf *b = cf_buf(c);
    double v = cf_f64(c, 0, r);
    if (isnan(v))
        sbuf_addz(b, "\"NaN\"");
    else if (isinf(v))
        sbuf_addz(b, v > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    else
        real_format(v, b);
    cf_out_str(c, r, sbuf_str(b));
}

static void quoted(struct cf_call *c, size_t r, const char *text)
{
    struct sbuf *b = cf_buf(c);
    json_escape(b, str_from(text));
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_decimal_dyn(struct cf_call *c, size_t r)
{
    struct sbuf *b = cf_buf(c);
    sbuf_addc(b, '"');
    duck_decimal_text(cf_i128(c, 0, r), b);
    sbuf_addc(b, '"');
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_huge_dyn(struct cf_call *c, size_t r)
{
    struct sbuf *b = cf_buf(c);
    sbuf_addc(b, '"');
    duck_huge_text(cf_i128(c, 0, r), b);
    sbuf_addc(b, '"');
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_datetime_dyn(struct cf_call *c, size_t r)
{
    char text[32];
    date_format(cf_i64(c, 0, r), text);
    quoted(c, r, text);
}

static void fn_span_dyn(struct cf_call *c, size_t r)
{
    char text[40];
    span_format(cf_i64(c, 0, r), text);
    quoted(c, r, text);
}

/* ---- JSON to values ---- */
static void fn_dyn_str(struct cf_call *c, size_t r)
{
    struct str v = cf_str(c, 0, r);
    enum js_type t = js_type(v);
    if (t == JS_STRING)
        cf_out_str(c, r, js_decode(cf_arena(c), v));
    else if (t != JS_NULL)
        cf_out_str(c, r, v);
}

/* The value as text when it is a string; false: look at it as JSON. */
static bool dyn_text(struct cf_call *c, size_t r, struct str *v)
{
    *v = cf_str(c, 0, r);
    if (js_type(*v) != JS_STRING)
        return false;
    *v = js_decode(cf_arena(c), *v);
    return true;
}

static void fn_dyn_bool(struct cf_call *c, size_t r)
{
    struct str v;
    bool b, is_int;
    int64_t i;
    double d;
    if (dyn_text(c, r, &v)) {
        if (parse_bool(v, &b))
            cf_out_bool(c, r, b);
        else if (parse_hex(trim_blanks(v), &i))
            cf_out_bool(c, r, i != 0);
    } else if (js_type(v) == JS_BOOL) {
        cf_out_bool(c, r, v.p[0] == 't');
    } else if (js_type(v) == JS_NUMBER && js_number(v, &is_int, &i, &d)) {
        cf_out_bool(c, r, d != 0);
    }
}

static int64_t saturate(double d, int64_t least, int64_t greatest)
{
    return d <= (double)least ? least : d >= (double)greatest ? greatest : (int64_t)d;
}

enum dyn_number { DYN_NO_NUMBER, DYN_FROM_TEXT, DYN_WHOLE, DYN_FRACTION };

/* A number with a fraction ends at the bounds of its new type. */
static enum dyn_number dyn_whole(struct cf_call *c, size_t r, int64_t least, int64_t greatest,
                                 int64_t *out)
{
    struct str v;
    bool is_int;
    double d;
    if (dyn_text(c, r, &v))
        return parse_long(v, out) ? DYN_FROM_TEXT : DYN_NO_NUMBER;
    if (js_type(v) == JS_BOOL) {
        *out = v.p[0] == 't';
        return DYN_WHOLE;
    }
    if (js_type(v) != JS_NUMBER || !js_number(v, &is_int, out, &d) || isnan(d))
        return DYN_NO_NUMBER;
    if (is_int)
        return DYN_WHOLE;
    *out = saturate(d, least, greatest);
    return DYN_FRACTION;
}

static bool dyn_long(struct cf_call *c, size_t r, int64_t *out)
{
    return dyn_whole(c, r, INT64_MIN, INT64_MAX, out) != DYN_NO_NUMBER;
}

/* Of a whole number the engine keeps the lower 32 bits; text must fit. */
static void fn_dyn_int(struct cf_call *c, size_t r)
{
    int64_t v;
    enum dyn_number kind = dyn_whole(c, r, INT32_MIN, INT32_MAX, &v);
    if (kind == DYN_NO_NUMBER || (kind == DYN_FROM_TEXT && !fits_int(v)))
        return;
    cf_out_i32(c, r, (int32_t)(uint32_t)(uint64_t)v);
}

static void fn_dyn_long(struct cf_call *c, size_t r)
{
    int64_t v;
    if (dyn_long(c, r, &v))
        cf_out_i64(c, r, v);
}

static void fn_dyn_real(struct cf_call *c, size_t r)
{
    struct str v;
    bool is_int;
    int64_t i;
    double d;
    if (dyn_text(c, r, &v)) {
        if (parse_real(v, &d))
            cf_out_f64(c, r, d);
    } else if (js_type(v) == JS_BOOL) {
        cf_out_f64(c, r, v.p[0] == 't' ? 1.0 : 0.0);
    } else if (js_type(v) == JS_NUMBER && js_number(v, &is_int, &i, &d)) {
        cf_out_f64(c, r, d);
    }
}

static void fn_dyn_datetime(struct cf_call *c, size_t r)
{
    struct str v;
    int64_t t;
    bool ok = dyn_text(c, r, &v) ? date_parse_kusto(v, &t) : dyn_long(c, r, &t);
    if (ok && t >= 0 && t <= TICKS_MAX)
        cf_out_i64(c, r, t);
}

static void fn_dyn_span(struct cf_call *c, size_t r)
{
    struct str v;
    int64_t t;
    if (dyn_text(c, r, &v) ? span_parse_kusto(v, &t) : dyn_long(c, r, &t))
        cf_out_i64(c, r, t);
}

const struct cf_scalar fn_convert_rows[] = {
    {.name = "vdc_str_bool", .sig = "s:b", .row = fn_str_bool},
    {.name = "vdc_str_int", .sig = "s:i", .row = fn_str_int},
    {.name = "vdc_str_long", .sig = "s:l", .row = fn_str_long},
    {.name = "vdc_str_real", .sig = "s:d", .row = fn_str_real},
    {.name = "vdc_str_decimal", .sig = "s:m", .row = fn_str_decimal},
    {.name = "vdc_str_datetime", .sig = "s:l", .row = fn_str_datetime},
    {.name = "vdc_str_span", .sig = "s:l", .row = fn_str_span},
    {.name = "vdc_ticks", .sig = "l:l", .row = fn_ticks},
    {.name = "vdc_bool_str", .sig = "b:s", .row = fn_bool_str},
    {.name = "vdc_real_str", .sig = "d:s", .row = fn_real_str},
    {.name = "vdc_decimal_str", .sig = "m:s", .row = fn_decimal_str},
    {.name = "vdc_decimal_str", .sig = "h:s", .row = fn_huge_str},
    {.name = "vdc_datetime_str", .sig = "l:s", .row = fn_datetime_str},
    {.name = "vdc_span_str", .sig = "l:s", .row = fn_span_str},
    {.name = "vdc_str_dyn", .sig = "s:j", .row = fn_str_dyn},
    {.name = "vdc_real_dyn", .sig = "d:j", .row = fn_real_dyn},
    {.name = "vdc_decimal_dyn", .sig = "m:j", .row = fn_decimal_dyn},
    {.name = "vdc_decimal_dyn", .sig = "h:j", .row = fn_huge_dyn},
    {.name = "vdc_datetime_dyn", .sig = "l:j", .row = fn_datetime_dyn},
    {.name = "vdc_span_dyn", .sig = "l:j", .row = fn_span_dyn},
    {.name = "vdc_dyn_str", .sig = "j:s", .row = fn_dyn_str},
    {.name = "vdc_dyn_bool", .sig = "j:b", .row = fn_dyn_bool},
    {.name = "vdc_dyn_int", .sig = "j:i", .row = fn_dyn_int},
    {.name = "vdc_dyn_long", .sig = "j:l", .row = fn_dyn_long},
    {.name = "vdc_dyn_real", .sig = "j:d", .row = fn_dyn_real},
    {.name = "vdc_dyn_datetime", .sig = "j:l", .row = fn_dyn_datetime},
    {.name = "vdc_dyn_span", .sig = "j:l", .row = fn_dyn_span},
    {0},
};
