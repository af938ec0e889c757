/* Conversions between Kusto's types: what is written around a value. Failure gives null, '' for
 * string. */
#include "engine/duckdb/emit_priv.h"

struct cast_row {
    enum kql_type from, to;
    struct cast cast;
};

static const struct cast_row casts[] = {
    /* to string */
    {KQL_BOOL, KQL_STRING, {"vdc_bool_str(", ")"}},
    {KQL_INT, KQL_STRING, {"coalesce(CAST(", " AS VARCHAR), '')"}},
    {KQL_LONG, KQL_STRING, {"coalesce(CAST(", " AS VARCHAR), '')"}},
    {KQL_REAL, KQL_STRING, {"vdc_real_str(", ")"}},
    {KQL_DECIMAL, KQL_STRING, {"vdc_decimal_str(", ")"}},
    {KQL_DATETIME, KQL_STRING, {"vdc_datetime_str(", ")"}},
    {KQL_TIMESPAN, KQL_STRING, {"vdc_span_str(", ")"}},
    {KQL_GUID, KQL_STRING, {"coalesce(CAST(", " AS VARCHAR), '')"}},
    {KQL_DYNAMIC, KQL_STRING, {"vdc_dyn_str(", ")"}},
    /* to dynamic */
    {KQL_STRING, KQL_DYNAMIC, {"vdc_str_dyn(", ")"}},
    {KQL_BOOL, KQL_DYNAMIC, {"CAST(", " AS VARCHAR)"}},
    {KQL_INT, KQL_DYNAMIC, {"CAST(", " AS VARCHAR)"}},
    {KQL_LONG, KQL_DYNAMIC, {"CAST(", " AS VARCHAR)"}},
    {KQL_REAL, KQL_DYNAMIC, {"vdc_real_dyn(", ")"}},
    {KQL_DECIMAL, KQL_DYNAMIC, {"vdc_decimal_dyn(", ")"}},
    {KQL_DATETIME, KQL_DYNAMIC, {"vdc_datetime_dyn(", ")"}},
    {KQL_TIMESPAN, KQL_DYNAMIC, {"vdc_span_dyn(", ")"}},
    {KQL_GUID, KQL_DYNAMIC, {"('\"' || CAST(", " AS VARCHAR) || '\"')"}},
    /* numbers */
    {KQL_BOOL, KQL_INT, {"CAST(", " AS INTEGER)"}},
    {KQL_BOOL, KQL_LONG, {"CAST(", " AS BIGINT)"}},
    {KQL_BOOL, KQL_REAL, {"CAST(CAST(", " AS INTEGER) AS DOUBLE)"}},
    {KQL_BOOL, KQL_DECIMAL, {"CAST(CAST(", " AS INTEGER) AS DECIMAL(38,18))"}},
    {KQL_INT, KQL_BOOL, {"((", ") <> 0)"}},
    {KQL_INT, KQL_LONG, {"CAST(", " AS BIGINT)"}},
    {KQL_INT, KQL_REAL, {"CAST(", " AS DOUBLE)"}},
    {KQL_INT, KQL_DECIMAL, {"CAST(", " AS DECIMAL(38,18))"}},
    {KQL_LONG, KQL_BOOL, {"((", ") <> 0)"}},
    {KQL_LONG, KQL_INT, {"vd_long_int(", ")"}},
    {KQL_LONG, KQL_REAL, {"CAST(", " AS DOUBLE)"}},
    {KQL_LONG, KQL_DECIMAL, {"CAST(", " AS DECIMAL(38,18))"}},
    {KQL_REAL, KQL_BOOL, {"((", ") <> 0)"}},
    {KQL_REAL, KQL_INT, {"vd_real_int(", ")"}},
    {KQL_REAL, KQL_LONG, {"vd_real_long(", ")"}},
    {KQL_REAL, KQL_DECIMAL, {"TRY_CAST(", " AS DECIMAL(38,18))"}},
    {KQL_DECIMAL, KQL_INT, {"vd_real_int(CAST(", " AS DOUBLE))"}},
    {KQL_DECIMAL, KQL_LONG, {"TRY_CAST(trunc(", ") AS BIGINT)"}},
    {KQL_DECIMAL, KQL_REAL, {"CAST(", " AS DOUBLE)"}},
    {KQL_DECIMAL, KQL_BOOL, {"((", ") <> 0)"}},
    /* ticks */
    {KQL_INT, KQL_TIMESPAN, {"CAST(", " AS BIGINT)"}},
    {KQL_INT, KQL_DATETIME, {"vdc_ticks(CAST(", " AS BIGINT))"}},
    {KQL_LONG, KQL_TIMESPAN, {"", ""}},
    {KQL_LONG, KQL_DATETIME, {"vdc_ticks(", ")"}},
    {KQL_REAL, KQL_TIMESPAN, {"vd_real_long(", ")"}},
    {KQL_REAL, KQL_DATETIME, {"vdc_ticks(vd_real_long(", "))"}},
    {KQL_TIMESPAN, KQL_LONG, {"", ""}},
    {KQL_TIMESPAN, KQL_INT, {"vd_long_int(", ")"}},
    {KQL_TIMESPAN, KQL_REAL, {"CAST(", " AS DOUBLE)"}},
    {KQL_TIMESPAN, KQL_DECIMAL, {"CAST(", " AS DECIMAL(38,18))"}},
    {KQL_TIMESPAN, KQL_DATETIME, {"vdc_ticks(", ")"}},
    {KQL_DATETIME, KQL_LONG, {"", ""}},
    {KQL_DATETIME, KQL_TIMESPAN, {"", ""}},
    {KQL_DATETIME, KQL_REAL, {"CAST(", " AS DOUBLE)"}},
    {KQL_DATETIME, KQL_DECIMAL, {"CAST(", " AS DECIMAL(38,18))"}},
    /* from string */
    {KQL_STRING, KQL_BOOL, {"vdc_str_bool(", ")"}},
    {KQL_STRING, KQL_INT, {"vdc_str_int(", ")"}},
    {KQL_STRING, KQL_LONG, {"vdc_str_long(", ")"}},
    {KQL_STRING, KQL_REAL, {"vdc_str_real(", ")"}},
    {KQL_STRING, KQL_DECIMAL, {"vdc_str_decimal(", ")"}},
    {KQL_STRING, KQL_DATETIME, {"vdc_str_datetime(", ")"}},
    {KQL_STRING, KQL_TIMESPAN, {"vdc_str_span(", ")"}},
    {KQL_STRING, KQL_GUID, {"TRY_CAST(", " AS UUID)"}},
    /* from dynamic */
    {KQL_DYNAMIC, KQL_BOOL, {"vdc_dyn_bool(", ")"}},
    {KQL_DYNAMIC, KQL_INT, {"vdc_dyn_int(", ")"}},
    {KQL_DYNAMIC, KQL_LONG, {"vdc_dyn_long(", ")"}},
    {KQL_DYNAMIC, KQL_REAL, {"vdc_dyn_real(", ")"}},
    {KQL_DYNAMIC, KQL_DECIMAL, {"vdc_str_decimal(vdc_dyn_str(", "))"}},
    {KQL_DYNAMIC, KQL_DATETIME, {"vdc_dyn_datetime(", ")"}},
    {KQL_DYNAMIC, KQL_TIMESPAN, {"vdc_dyn_span(", ")"}},
    {KQL_DYNAMIC, KQL_GUID, {"TRY_CAST(vdc_dyn_str(", ") AS UUID)"}},
};

bool cast_find(enum kql_type from, enum kql_type to, struct cast *out)
{
    *out = (struct cast){"", ""};
    if (from == to || from == KQL_UNKNOWN || to == KQL_UNKNOWN)
        return true;
    for (size_t i = 0; i < COUNTOF(casts); i++) {
        if (casts[i].from == from && casts[i].to == to) {
            *out = casts[i].cast;
            return true;
        }
    }
    return false;
}

static struct cast widening(enum kql_type from, enum kql_type to)
{
    struct cast c = {"vdc_text_dyn(", ")"};
    if (from != KQL_STRING)
        CHECK(cast_find(from, to, &c));
    return c;
}

void engine_sql_widen(struct str sql, enum kql_type from, unsigned former, enum kql_type to,
                      struct sbuf *out)
{
    struct cast steps[KQL_N_TYPES];
    size_t n = 0;
    while (from != to) {
        enum kql_type next = kql_type_widen_step(from, former, to);
        CHECK(next != KQL_UNKNOWN && n < COUNTOF(steps));
        steps[n++] = widening(from, next);
        from = next;
    }
    for (size_t i = n; i > 0; i--)
        sbuf_addz(out, steps[i - 1].before);
    sbuf_add(out, sql);
    for (size_t i = 0; i < n; i++)
        sbuf_addz(out, steps[i].after);
}

/* Datetimes and timespans stay ticks. */
bool cast_to_json(enum kql_type t, struct cast *out)
{
    return cast_find(t == KQL_DATETIME || t == KQL_TIMESPAN ? KQL_LONG : t, KQL_DYNAMIC, out);
}

bool cast_from_json(enum kql_type t, struct cast *out)
{
    return cast_find(KQL_DYNAMIC, t == KQL_DATETIME || t == KQL_TIMESPAN ? KQL_LONG : t, out);
}

/* A null constant of any type is a null of the wanted one. */
static bool null_as(const struct expr *x, enum kql_type to, struct sbuf *out)
{
    if (x->kind != EX_CONST || !x->value.is_null)
        return false;
    emit_pad(to, out);
    return true;
}

/* A long constant as an int: in the statement, rather than by a call. */
static bool int_constant(const struct expr *x, enum kql_type to, struct sbuf *out)
{
    if (to != KQL_INT || x->type != KQL_LONG || !expr_fits_int(x))
        return false;
    sbuf_addf(out, "(%lld)::INTEGER", (long long)x->value.i);
    return true;
}

bool emit_as(struct emit *m, const struct expr *x, enum kql_type to, struct sbuf *out)
{
    struct cast c;
    if (x->type != to && (null_as(x, to, out) || int_constant(x, to, out)))
        return true;
    if (!cast_find(x->type, to, &c)) {
        emit_pad(to, out);
        return true;
    }
    bool done = false;
    if (x->type == KQL_DYNAMIC && to == KQL_STRING && emit_is_pack(x))
        return emit_expr(m, x, EMIT_EXACT, out);
    if (emit_member_as(x, to, out))
        return true;
    if (x->type == KQL_DYNAMIC && to == KQL_STRING && x->kind == EX_COLUMN) {
        /* arrays, bags and numbers are their own text, which is not copied then */
        sbuf_addf(out, "CASE WHEN starts_with(c%u, '\"') THEN %sc%u%s ELSE coalesce(c%u, '') END",
                  x->col, c.before, x->col, c.after, x->col);
        return true;
    }
    if (x->type == KQL_DYNAMIC && to == KQL_STRING &&
        (!emit_path(m, x, PATH_TEXT, &done, out) || done))
        return done;
    sbuf_addz(out, c.before);
    if (!emit_expr(m, x, EMIT_EXACT, out))
        return false;
    sbuf_addz(out, c.after);
    return true;
}
