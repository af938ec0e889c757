/* Constants from one type to another, for cells of a datatable and for defaults. */
#include <math.h>
#include <stdio.h>

#include "base/ids.h"
#include "kql/types.h"
#include "text/date.h"
#include "text/json.h"

static bool to_whole(const struct kql_value *v, struct kql_value *out)
{
    if (v->type == KQL_INT || v->type == KQL_LONG)
        out->i = v->i;
    else if (v->type == KQL_REAL && v->d == floor(v->d) && fabs(v->d) < 9e18)
        out->i = (int64_t)v->d;
    else if (v->type != KQL_STRING || !str_to_i64(str_trim(v->s), &out->i))
        return false;
    return out->type == KQL_LONG || (out->i >= INT32_MIN && out->i <= INT32_MAX);
}

static bool to_real(const struct kql_value *v, struct kql_value *out)
{
    if (v->type == KQL_INT || v->type == KQL_LONG)
        out->d = (double)v->i;
    else if (v->type == KQL_STRING || v->type == KQL_DECIMAL)
        return str_to_f64(str_trim(v->s), &out->d);
    else
        return false;
    return true;
}

static bool to_decimal(struct arena *a, const struct kql_value *v, struct kql_value *out)
{
    double unused;
    if (v->type == KQL_INT || v->type == KQL_LONG)
        out->s = arena_fmt(a, "%lld", (long long)v->i);
    else if (v->type == KQL_REAL && isfinite(v->d))
        out->s = arena_fmt(a, "%.15g", v->d);
    else if (v->type == KQL_STRING && str_to_f64(str_trim(v->s), &unused))
        out->s = str_trim(v->s);
    else
        return false;
    return true;
}

static bool to_bool(const struct kql_value *v, struct kql_value *out)
{
    if (v->type == KQL_INT || v->type == KQL_LONG)
        out->b = v->i != 0;
    else if (v->type == KQL_STRING && str_ieqz(v->s, "true"))
        out->b = true;
    else if (v->type != KQL_STRING || !str_ieqz(v->s, "false"))
        return false;
    return true;
}

static bool to_text(struct arena *a, const struct kql_value *v, struct kql_value *out)
{
    char buf[40];
    switch (v->type) {
    case KQL_BOOL:
        out->s = v->b ? STR("True") : STR("False");
        return true;
    case KQL_INT:
    case KQL_LONG:
        out->s = arena_fmt(a, "%lld", (long long)v->i);
        return true;
    case KQL_REAL: {
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(64);
        real_format(v->d, &b);
        out->s = arena_str(a, sbuf_str(&b));
        return true;
    }
    case KQL_DATETIME:
        date_format(v->i, buf);
        out->s = arena_str(a, str_from(buf));
        return true;
    case KQL_TIMESPAN:
        span_format(v->i, buf);
        out->s = arena_str(a, str_from(buf));
        return true;
    case KQL_DECIMAL:
    case KQL_GUID:
    case KQL_STRING:
        out->s = v->s;
        return true;
    case KQL_UNKNOWN:
    case KQL_DYNAMIC:
    case KQL_N_TYPES:
        return false;
    }
    return false;
}

static bool to_dynamic(struct arena *a, const struct kql_value *v, struct kql_value *out)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    if (v->type == KQL_BOOL) {
        json_bool(&w, v->b);
    } else if (v->type == KQL_INT || v->type == KQL_LONG) {
        json_int(&w, v->i);
    } else if (v->type == KQL_REAL) {
        json_real(&w, v->d);
    } else {
        struct kql_value text = {0};
        if (!to_text(a, v, &text))
            return false;
        json_str(&w, text.s);
    }
    out->s = arena_str(a, sbuf_str(&b));
    return true;
}

bool kql_value_convert(struct arena *a, const struct kql_value *v, enum kql_type t,
                       struct kql_value *out)
{
    *out = (struct kql_value){.type = t};
    if (v->type == t) {
        *out = *v;
        return true;
    }
    if (v->is_null) {
        out->is_null = t != KQL_STRING;
        return true;
    }
    switch (t) {
    case KQL_INT:
    case KQL_LONG:
        return to_whole(v, out);
    case KQL_REAL:
        return to_real(v, out);
    case KQL_DECIMAL:
        return to_decimal(a, v, out);
    case KQL_BOOL:
        return to_bool(v, out);
    case KQL_STRING:
        return to_text(a, v, out);
    case KQL_DATETIME:
        return v->type == KQL_STRING && date_parse_kusto(v->s, &out->i);
    case KQL_TIMESPAN:
        return v->type == KQL_STRING && span_parse_kusto(v->s, &out->i);
    case KQL_DYNAMIC:
        return to_dynamic(a, v, out);
    case KQL_GUID: {
        struct guid g;
        char text[37];
        if (v->type != KQL_STRING || !guid_parse(v->s, &g))
            return false;
        guid_format(g, text);
        out->s = arena_str(a, str_from(text));
        return true;
    }
    case KQL_UNKNOWN:
    case KQL_N_TYPES:
        return false;
    }
    return false;
}

/* ---- columns that were widened ---- */

static const struct {
    enum kql_type from, to;
} wider[] = {
    {KQL_INT, KQL_LONG},    {KQL_INT, KQL_REAL},        {KQL_LONG, KQL_REAL},
    {KQL_INT, KQL_STRING},  {KQL_LONG, KQL_STRING},     {KQL_REAL, KQL_STRING},
    {KQL_BOOL, KQL_STRING}, {KQL_DATETIME, KQL_STRING}, {KQL_TIMESPAN, KQL_STRING},
    {KQL_GUID, KQL_STRING}, {KQL_STRING, KQL_DYNAMIC},
};

bool kql_type_widens(enum kql_type from, enum kql_type to)
{
    for (size_t i = 0; i < COUNTOF(wider); i++)
        if (wider[i].from == from && wider[i].to == to)
            return true;
    return false;
}

void kql_type_wider_names(enum kql_type from, struct sbuf *out)
{
    size_t n = 0;
    for (size_t i = 0; i < COUNTOF(wider); i++)
        if (wider[i].from == from)
            sbuf_addf(out, "%s%s", n++ > 0 ? ", " : "", kql_type_name(wider[i].to));
}

enum kql_type kql_type_widen_step(enum kql_type from, unsigned former, enum kql_type to)
{
    /* Every way goes along these, leaving some out. */
    static const enum kql_type stages[] = {KQL_LONG, KQL_REAL, KQL_STRING, KQL_DYNAMIC};
    for (size_t i = 0; i < COUNTOF(stages); i++) {
        enum kql_type t = stages[i];
        bool passed = (former >> t & 1) != 0 || (t == KQL_STRING && to == KQL_DYNAMIC);
        if (kql_type_widens(from, t) && (t == to || (passed && t != from)))
            return t;
    }
    return KQL_UNKNOWN;
}

bool kql_type_leads(enum kql_type from, unsigned former, enum kql_type to)
{
    while (from != to && from != KQL_UNKNOWN)
        from = kql_type_widen_step(from, former, to);
    return from == to;
}

static struct kql_value text_as_dynamic(struct arena *a, struct str text)
{
    struct kql_value out = {.type = KQL_DYNAMIC, .is_null = text.n == 0};
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    if (text.n == 0)
        return out;
    if (!json_from_text(text, &b))
        json_escape(&b, text);
    out.s = arena_str(a, sbuf_str(&b));
    return out;
}

struct kql_value kql_value_widen(struct arena *a, const struct kql_value *v, unsigned former,
                                 enum kql_type to)
{
    struct kql_value at = *v;
    while (at.type != to) {
        const struct kql_value from = at;
        enum kql_type next = kql_type_widen_step(from.type, former, to);
        CHECK(next != KQL_UNKNOWN);
        if (next == KQL_DYNAMIC)
            at = text_as_dynamic(a, from.s);
        else
            CHECK(kql_value_convert(a, &from, next, &at));
    }
    return at;
}
