/* JSON values into column values. A value that does not fit becomes null (or '' for string) and is
 * counted; the row stays. */
#include <math.h>

#include "ingest/ingest_priv.h"

#include "base/ids.h"
#include "text/date.h"

static bool json_scalar_text(const struct json *v, struct str *out)
{
    switch (v->type) {
    case JSON_STRING:
    case JSON_INT:
    case JSON_REAL:
        *out = v->text;
        return true;
    case JSON_TRUE:
        *out = STR("true");
        return true;
    case JSON_FALSE:
        *out = STR("false");
        return true;
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        return false;
    }
    UNREACHABLE();
}

static struct str compact(const struct json *v, struct sbuf *scratch)
{
    if ((v->type == JSON_OBJECT || v->type == JSON_ARRAY) && v->text.n > 0)
        return v->text;
    sbuf_clear(scratch);
    struct json_out w = json_out_make(scratch);
    json_value(&w, v);
    return sbuf_str(scratch);
}

static bool to_string(const struct json *v, struct sbuf *scratch, struct kql_value *out)
{
    if (!json_scalar_text(v, &out->s))
        out->s = compact(v, scratch);
    return true;
}

static bool to_dynamic(const struct json *v, struct sbuf *scratch, struct kql_value *out)
{
    sbuf_clear(scratch);
    if (v->type == JSON_STRING && json_from_text(v->text, scratch))
        out->s = sbuf_str(scratch);
    else
        out->s = compact(v, scratch);
    return true;
}

static bool hex_to_i64(struct str s, int64_t *out)
{
    if (s.n < 3 || s.n > 18 || s.p[0] != '0' || (s.p[1] | 0x20) != 'x')
        return false;
    uint64_t u = 0;
    for (size_t i = 2; i < s.n; i++) {
        char c = s.p[i], l = (char)(c | 0x20);
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : l >= 'a' && l <= 'f' ? (unsigned)(l - 'a' + 10)
                                                : 16;
        if (digit == 16)
            return false;
        u = u << 4 | digit;
    }
    *out = (int64_t)u;
    return true;
}

static bool to_long(const struct json *v, int64_t *out)
{
    if (v->type == JSON_INT) {
        *out = v->i;
        return true;
    }
    if (v->type == JSON_TRUE || v->type == JSON_FALSE) {
        *out = v->type == JSON_TRUE;
        return true;
    }
    double d = v->type == JSON_REAL ? v->d : 0;
    if (v->type == JSON_STRING) {
        struct str s = str_trim(v->text);
        if (s.n > 1 && s.p[0] == '+')
            s = str_sub(s, 1, s.n);
        if (str_to_i64(s, out) || hex_to_i64(s, out))
            return true;
        if (!str_to_f64(s, &d))
            return false;
    } else if (v->type != JSON_REAL) {
        return false;
    }
    /* 4.0 is an integer; 4.5 is not, and is not rounded behind the sender's back. */
    if (!(fabs(d) < 9.2e18) || floor(d) < d || floor(d) > d)
        return false;
    *out = (int64_t)d;
    return true;
}

static bool to_int(const struct json *v, struct sbuf *scratch, struct kql_value *out)
{
    (void)scratch;
    return to_long(v, &out->i) && out->i >= INT32_MIN && out->i <= INT32_MAX;
}

static bool to_long_value(const struct json *v, struct sbuf *scratch, struct kql_value *out)
{
    (void)scratch;
    return to_long(v, &out->i);
}

static bool to_real(const struct json *v, struct sbuf *scratch, struct kql_value *out)
{
    (void)scratch;
    if (v->type == JSON_INT || v->type == JSON_REAL) {
        out->d = v->d;
        return true;
    }
    if (v->type == JSON_TRUE || v->type == JSON_FALSE) {
        out->d = v->type == JSON_TRUE ? 1 : 0;
        return true;
    }
    if (v->type != JSON_STRING)
        return false;
    struct str s = str_trim(v->text);
    static const struct {
        const char *name;
        double value;
    } words[] = {{"NaN", (double)NAN},
                 {"Infinity", (double)INFINITY},
                 {"-Infinity", -(double)INFINITY},
                 {"inf", (double)INFINITY},
                 {"-inf", -(double)INFINITY}};
    for (size_t i = 0; i < COUNTOF(words); i++) {
        if (str_ieqz(s, words[i].name)) {
            out->d = words[i].value;
            return true;
        }
    }
    return str_to_f64(s, &out->d);
}

static bool to_bool(const struct json *v, struct sbuf *scratch, struct kql_value *out)
{
    (void)scratch;
    struct str s = v->type == JSON_STRING ? str_trim(v->text) : STR_NONE;
    if (v->type == JSON_TRUE || v->type == JSON_FALSE)
        out->b = v->type == JSON_TRUE;
    else if (v->type == JSON_INT)
        out->b = v->i != 0;
    else if (str_ieqz(s, "true") || str_eqz(s, "1"))
        out->b = true;
    else if (str_ieqz(s, "false") || str_eqz(s, "0"))
        out->b = false;
    else
        return false;
    return true;
}

static bool to_datetime(const struct json *v, struct sbuf *scratch, struct kql_value *out)
{
    (void)scratch;
    if (v->type != JSON_STRING)
        return false;
    struct str s = str_trim(v->text);
    return date_parse_iso(s, &out->i) || date_parse_kusto(s, &out->i);
}

static bool to_timespan(const struct json *v, struct sbuf *scratch, struct kql_value *out)
{
    (void)scratch;
    if (v->type == JSON_INT) {
        out->i = v->i;
        return true;
    }
    return v->type == JSON_STRING && span_parse_kusto(str_trim(v->text), &out->i);
}

static bool to_guid(const struct json *v, struct sbuf *scratch, struct kql_value *out)
{
    struct guid g;
    if (v->type != JSON_STRING || !guid_parse(str_trim(v->text), &g))
        return false;
    char text[37];
    guid_format(g, text);
    sbuf_clear(scratch);
    sbuf_addz(scratch, text);
    out->s = sbuf_str(scratch);
    return true;
}

/* Digits with an optional sign and point, as the database's DECIMAL(38,18) takes them. */
static bool to_decimal(const struct json *v, struct sbuf *scratch, struct kql_value *out)
{
    enum { MAX_WHOLE = 20, MAX_FRACTION = 18 };
    (void)scratch;
    if (v->type != JSON_INT && v->type != JSON_REAL && v->type != JSON_STRING)
        return false;
    struct str s = str_trim(v->text);
    size_t i = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'), whole = 0, fraction = 0;
    for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
        whole++;
    if (i < s.n && s.p[i] == '.')
        for (i++; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
            fraction++;
    out->s = s;
    return i == s.n && whole > 0 && whole <= MAX_WHOLE && fraction <= MAX_FRACTION;
}

typedef bool convert_fn(const struct json *v, struct sbuf *scratch, struct kql_value *out);
static convert_fn *const converters[KQL_N_TYPES] = {
    [KQL_BOOL] = to_bool,         [KQL_INT] = to_int,           [KQL_LONG] = to_long_value,
    [KQL_REAL] = to_real,         [KQL_DECIMAL] = to_decimal,   [KQL_STRING] = to_string,
    [KQL_DATETIME] = to_datetime, [KQL_TIMESPAN] = to_timespan, [KQL_GUID] = to_guid,
    [KQL_DYNAMIC] = to_dynamic,
};

enum convert_result convert_value(const struct json *v, enum kql_type t, struct sbuf *scratch,
                                  struct kql_value *out)
{
    CHECK(t > KQL_UNKNOWN && t < KQL_N_TYPES);
    *out = (struct kql_value){.type = t};
    if (v->type == JSON_NULL)
        return CONVERT_NULL;
    /* An empty text in a typed column is how CSV and many senders write "none". */
    if (v->type == JSON_STRING && v->text.n == 0 && t != KQL_STRING && t != KQL_DYNAMIC)
        return CONVERT_NULL;
    return converters[t](v, scratch, out) ? CONVERT_OK : CONVERT_MISMATCH;
}

bool convert_cut(struct str *text, size_t max)
{
    if (text->n <= max)
        return false;
    size_t n = max;
    while (n > 0 && ((unsigned char)text->p[n] & 0xc0) == 0x80)
        n--;
    text->n = n;
    return true;
}

static enum kql_type suffix_type(struct str name)
{
    static const struct {
        const char *suffix;
        enum kql_type type;
    } table[] = {{"_d", KQL_REAL},
                 {"_b", KQL_BOOL},
                 {"_t", KQL_DATETIME},
                 {"_s", KQL_STRING},
                 {"_g", KQL_STRING}};
    for (size_t i = 0; i < COUNTOF(table); i++)
        if (name.n > 2 && str_ends(name, str_from(table[i].suffix)))
            return table[i].type;
    return str_eqz(name, "TimeGenerated") ? KQL_DATETIME : KQL_UNKNOWN;
}

enum kql_type convert_infer(struct str name, const struct json *v)
{
    enum kql_type t = suffix_type(name);
    return t != KQL_UNKNOWN ? t : kql_type_of_json(v);
}

enum kql_type convert_widen(enum kql_type a, enum kql_type b)
{
    if (a == b || b == KQL_UNKNOWN)
        return a;
    if (a == KQL_UNKNOWN)
        return b;
    if ((a == KQL_LONG && b == KQL_REAL) || (a == KQL_REAL && b == KQL_LONG))
        return KQL_REAL;
    return a == KQL_DYNAMIC || b == KQL_DYNAMIC ? KQL_DYNAMIC : KQL_STRING;
}
