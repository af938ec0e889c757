/* Calls whose SQL depends on the types of their arguments: logic, arithmetic, choices, conversions,
 * access to dynamic. */
#include "engine/duckdb/emit_priv.h"

/* "fn(a, b)" with each argument brought to a type. */
static bool call2(struct emit *m, const struct expr *x, const char *fn, enum kql_type a,
                  enum kql_type b, struct sbuf *out)
{
    sbuf_addf(out, "%s(", fn);
    if (!emit_as(m, x->args[0], a, out))
        return false;
    sbuf_addz(out, ", ");
    if (!emit_as(m, x->args[1], b, out))
        return false;
    sbuf_addc(out, ')');
    return true;
}

static bool infix(struct emit *m, const struct expr *x, const char *op, enum kql_type t,
                  struct sbuf *out)
{
    sbuf_addc(out, '(');
    if (!emit_as(m, x->args[0], t, out))
        return false;
    sbuf_addf(out, " %s ", op);
    if (!emit_as(m, x->args[1], t, out))
        return false;
    sbuf_addc(out, ')');
    return true;
}

/* ---- logic ---- */
static bool op_logic(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    const char *glue = strcmp(x->fn->name, "and") == 0 ? " AND " : " OR ";
    sbuf_addc(out, '(');
    for (size_t i = 0; i < x->n_args; i++) {
        sbuf_addz(out, i ? glue : "");
        if (x->args[i]->type != KQL_BOOL ? !emit_as(m, x->args[i], KQL_BOOL, out)
                                         : !emit_expr(m, x->args[i], ctx, out))
            return false;
    }
    sbuf_addc(out, ')');
    return true;
}

static bool op_not(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    sbuf_addz(out, "(NOT ");
    if (!emit_as(m, x->args[0], KQL_BOOL, out))
        return false;
    sbuf_addc(out, ')');
    return true;
}

/* ---- arithmetic ---- */
static bool is_tick(enum kql_type t)
{
    return t == KQL_DATETIME || t == KQL_TIMESPAN;
}

static bool op_negate(struct emit *m, const struct expr *x, struct sbuf *out)
{
    bool real = x->type == KQL_REAL || x->type == KQL_DECIMAL;
    sbuf_addz(out, real ? "(-" : "vd_neg(");
    if (!emit_as(m, x->args[0], real ? x->type : KQL_LONG, out))
        return false;
    sbuf_addc(out, ')');
    return true;
}

static bool decimal_sum(struct emit *m, const struct expr *x, const char *op, struct sbuf *out)
{
    sbuf_addz(out, "TRY_CAST(TRY(");
    if (!infix(m, x, op, KQL_DECIMAL, out))
        return false;
    sbuf_addz(out, ") AS DECIMAL(38,18))");
    return true;
}

static bool op_add(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    if (x->n_args == 1)
        return emit_as(m, x->args[0], x->type, out);
    enum kql_type l = x->args[0]->type, r = x->args[1]->type;
    if (x->type == KQL_DATETIME)
        return call2(m, x, "vd_dt_add", is_tick(l) ? l : KQL_TIMESPAN,
                     is_tick(r) ? r : KQL_TIMESPAN, out);
    if (x->type == KQL_REAL)
        return infix(m, x, "+", KQL_REAL, out);
    if (x->type == KQL_DECIMAL)
        return decimal_sum(m, x, "+", out);
    enum kql_type t = x->type == KQL_TIMESPAN ? KQL_TIMESPAN : KQL_LONG;
    return call2(m, x, "vd_add", t, t, out);
}

static bool op_sub(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    if (x->n_args == 1)
        return op_negate(m, x, out);
    enum kql_type l = x->args[0]->type, r = x->args[1]->type;
    if (x->type == KQL_DATETIME)
        return call2(m, x, "vd_dt_sub", KQL_DATETIME, KQL_TIMESPAN, out);
    if (x->type == KQL_REAL)
        return infix(m, x, "-", KQL_REAL, out);
    if (x->type == KQL_DECIMAL)
        return decimal_sum(m, x, "-", out);
    if (l == KQL_DATETIME && r == KQL_DATETIME) /* between two of them no overflow is */
        return infix(m, x, "-", KQL_DATETIME, out);
    if (x->type == KQL_TIMESPAN)
        return call2(m, x, "vd_sub", is_tick(l) ? l : KQL_TIMESPAN, is_tick(r) ? r : KQL_TIMESPAN,
                     out);
    return call2(m, x, "vd_sub", KQL_LONG, KQL_LONG, out);
}

static bool decimal_by_real(struct emit *m, const struct expr *x, const char *op, struct sbuf *out)
{
    sbuf_addz(out, "TRY_CAST(");
    if (!infix(m, x, op, KQL_REAL, out))
        return false;
    sbuf_addz(out, " AS DECIMAL(38,18))");
    return true;
}

static bool swapped2(struct emit *m, const struct expr *x, const char *fn, struct sbuf *out)
{
    const struct expr swapped = {.args = (struct expr *[]){x->args[1], x->args[0]}, .n_args = 2};
    return call2(m, &swapped, fn, KQL_TIMESPAN, KQL_REAL, out);
}

static bool op_mul(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    enum kql_type l = x->args[0]->type, r = x->args[1]->type;
    if (x->type == KQL_TIMESPAN) {
        bool left = l == KQL_TIMESPAN;
        enum kql_type n = left ? r : l;
        if (n == KQL_LONG || n == KQL_INT)
            return call2(m, x, "vd_mul", left ? KQL_TIMESPAN : KQL_LONG,
                         left ? KQL_LONG : KQL_TIMESPAN, out);
        return left ? call2(m, x, "vd_span_mul", KQL_TIMESPAN, KQL_REAL, out)
                    : swapped2(m, x, "vd_span_mul", out);
    }
    if (x->type == KQL_REAL)
        return infix(m, x, "*", KQL_REAL, out);
    if (x->type == KQL_DECIMAL)
        return decimal_by_real(m, x, "*", out);
    return call2(m, x, "vd_mul", KQL_LONG, KQL_LONG, out);
}

static bool op_div(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    if (x->type == KQL_TIMESPAN)
        return call2(m, x, "vd_span_div", KQL_TIMESPAN, KQL_REAL, out);
    if (x->type == KQL_REAL)
        return infix(m, x, "/", KQL_REAL, out);
    if (x->type == KQL_DECIMAL)
        return decimal_by_real(m, x, "/", out);
    return call2(m, x, "vd_div", KQL_LONG, KQL_LONG, out);
}

static bool op_mod(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    if (x->type == KQL_REAL)
        return call2(m, x, "vd_fmod", KQL_REAL, KQL_REAL, out);
    if (x->type == KQL_DECIMAL) {
        sbuf_addz(out, "TRY_CAST(");
        if (!call2(m, x, "vd_fmod", KQL_REAL, KQL_REAL, out))
            return false;
        sbuf_addz(out, " AS DECIMAL(38,18))");
        return true;
    }
    enum kql_type l = is_tick(x->args[0]->type) ? x->args[0]->type : KQL_LONG;
    return call2(m, x, "vd_mod", l, is_tick(x->args[1]->type) ? x->args[1]->type : KQL_LONG, out);
}

static bool op_bin(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    if (x->type == KQL_REAL || x->type == KQL_DECIMAL) {
        sbuf_addz(out, x->type == KQL_DECIMAL ? "TRY_CAST(" : "");
        bool ok = call2(m, x, "vd_bin_real", KQL_REAL, KQL_REAL, out);
        sbuf_addz(out, x->type == KQL_DECIMAL ? " AS DECIMAL(38,18))" : "");
        return ok;
    }
    struct cast c;
    if (!cast_find(KQL_LONG, x->type, &c))
        c = (struct cast){"", ""};
    bool tick = is_tick(x->type);
    enum kql_type size = x->args[1]->type;
    sbuf_addz(out, tick ? "" : c.before);
    bool ok =
        call2(m, x, "vd_bin", tick ? x->type : KQL_LONG, is_tick(size) ? size : KQL_LONG, out);
    sbuf_addz(out, tick ? "" : c.after);
    return ok;
}

static bool op_bin_at(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    bool real = x->type == KQL_REAL || x->type == KQL_DECIMAL;
    struct cast k = {"", ""};
    if (x->type == KQL_DECIMAL)
        (void)cast_find(KQL_REAL, KQL_DECIMAL, &k);
    sbuf_addz(out, k.before);
    sbuf_addz(out, real ? "vd_bin_at_real(" : "vd_bin_at(");
    for (size_t i = 0; i < x->n_args; i++) {
        enum kql_type t = x->args[i]->type;
        sbuf_addz(out, i ? ", " : "");
        if (!emit_as(m, x->args[i], real ? KQL_REAL : is_tick(t) ? t : KQL_LONG, out))
            return false;
    }
    sbuf_addc(out, ')');
    sbuf_addz(out, k.after);
    return true;
}

/* ---- choices ---- */
static bool op_case(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    sbuf_addz(out, "CASE");
    for (size_t i = 0; i + 1 < x->n_args; i += 2) {
        sbuf_addz(out, " WHEN ");
        bool ok = x->args[i]->type == KQL_BOOL ? emit_expr(m, x->args[i], EMIT_PREDICATE, out)
                                               : emit_as(m, x->args[i], KQL_BOOL, out);
        sbuf_addz(out, " THEN ");
        if (!ok || !emit_as(m, x->args[i + 1], x->type, out))
            return false;
    }
    sbuf_addz(out, " ELSE ");
    if (x->n_args % 2 == 0)
        emit_pad(x->type, out);
    else if (!emit_as(m, x->args[x->n_args - 1], x->type, out))
        return false;
    sbuf_addz(out, " END");
    return true;
}

static bool op_coalesce(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    bool text = x->type == KQL_STRING;
    if (text && x->n_args == 2 && x->args[0]->kind == EX_COLUMN && x->args[0]->type == KQL_STRING) {
        sbuf_addf(out, "CASE WHEN c%u <> '' THEN c%u ELSE ", x->args[0]->col, x->args[0]->col);
        if (!emit_as(m, x->args[1], KQL_STRING, out))
            return false;
        sbuf_addz(out, " END");
        return true;
    }
    sbuf_addz(out, "coalesce(");
    for (size_t i = 0; i < x->n_args; i++) {
        sbuf_addz(out, i ? ", " : "");
        sbuf_addz(out, text ? "nullif(" : "");
        if (!emit_as(m, x->args[i], x->type, out))
            return false;
        sbuf_addz(out, text ? ", '')" : "");
    }
    sbuf_addz(out, text ? ", '')" : ")");
    return true;
}

static bool op_extreme(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    bool min = strncmp(x->fn->name, "min", 3) == 0, real = min && x->type == KQL_REAL;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(EMIT_MAX_SQL_BYTES);
    for (size_t i = 0; i < x->n_args; i++) {
        sbuf_addz(&b, i ? ", " : "");
        if (!emit_as(m, x->args[i], x->type, &b))
            return false;
    }
    struct str list = sbuf_str(&b);
    if (real)
        sbuf_addf(out, "CASE WHEN isnan(greatest(%.*s)) THEN 'NaN'::DOUBLE ELSE ", STR_ARG(list));
    sbuf_addf(out, "%s(%.*s)", min ? "least" : "greatest", STR_ARG(list));
    sbuf_addz(out, real ? " END" : "");
    return true;
}

/* ---- null and empty ---- */
static bool is_missing(struct emit *m, const struct expr *x, bool empty, bool negated,
                       struct sbuf *out)
{
    const struct expr *v = x->args[0];
    if (v->type == KQL_STRING && !empty) {
        sbuf_addz(out, negated ? "TRUE" : "FALSE");
        return true;
    }
    bool text = v->type == KQL_STRING || (empty && v->type == KQL_DYNAMIC);
    sbuf_addc(out, '(');
    if (!emit_as(m, v, text ? KQL_STRING : v->type, out))
        return false;
    if (text)
        sbuf_addz(out, negated ? " <> '')" : " = '')");
    else
        sbuf_addz(out, negated ? " IS NOT NULL)" : " IS NULL)");
    return true;
}

static bool op_missing(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    const char *name = x->fn->name;
    bool negated = strstr(name, "not") != NULL, empty = strstr(name, "empty") != NULL;
    return is_missing(m, x, empty, negated, out);
}

/* ---- conversions and dynamic ---- */
static bool op_cast(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    return emit_as(m, x->args[x->n_args - 1], x->type, out);
}

static bool op_parse_json(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    sbuf_addz(out, "vdc_parse_json(");
    if (!emit_as(m, x->args[0], KQL_STRING, out))
        return false;
    sbuf_addc(out, ')');
    return true;
}

static bool op_access(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    bool done;
    if (!emit_path(m, x, PATH_VALUE, &done, out) || done)
        return done;
    enum kql_type t = x->args[1]->type;
    if (t == KQL_STRING)
        return call2(m, x, "vdc_dyn_key", KQL_DYNAMIC, KQL_STRING, out);
    if (t == KQL_DYNAMIC)
        return call2(m, x, "vdc_dyn_get", KQL_DYNAMIC, KQL_DYNAMIC, out);
    return call2(m, x, "vdc_dyn_at", KQL_DYNAMIC, KQL_LONG, out);
}

static bool op_gettype(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    if (x->args[0]->type != KQL_DYNAMIC) {
        sql_text(out, str_from(kql_type_name(x->args[0]->type)));
        return true;
    }
    sbuf_addz(out, "vdc_dyn_type(");
    if (!emit_expr(m, x->args[0], EMIT_EXACT, out))
        return false;
    sbuf_addc(out, ')');
    return true;
}

/* extract(re, group, text, typeof(t)): the last argument only names the type. */
static bool op_extract(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    struct cast c;
    if (!cast_find(KQL_STRING, x->type, &c))
        return emit_unsupported(m, x->off, x->len, "extract() of this type");
    static const enum kql_type types[] = {KQL_STRING, KQL_LONG, KQL_STRING};
    sbuf_addf(out, "%svdf_extract(", c.before);
    for (size_t i = 0; i < 3; i++) {
        sbuf_addz(out, i ? ", " : "");
        if (!emit_as(m, x->args[i], types[i], out))
            return false;
    }
    sbuf_addf(out, ")%s", c.after);
    return true;
}

static bool op_extract_json(struct emit *m, const struct expr *x, enum emit_ctx ctx,
                            struct sbuf *out)
{
    (void)ctx;
    struct cast c;
    if (!cast_find(KQL_DYNAMIC, x->type, &c))
        return emit_unsupported(m, x->off, x->len, "extract_json() of this type");
    sbuf_addf(out, "%svdf_extract_json(", c.before);
    if (!emit_as(m, x->args[0], KQL_STRING, out))
        return false;
    sbuf_addz(out, ", ");
    if (!emit_as(m, x->args[1], KQL_STRING, out))
        return false;
    sbuf_addf(out, ")%s", c.after);
    return true;
}

/* round() and abs() keep their argument's type. */
static bool op_round(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    bool real = x->type == KQL_REAL || x->type == KQL_DECIMAL;
    struct cast c;
    (void)cast_find(KQL_REAL, x->type, &c);
    sbuf_addf(out, "%svdf_round(", real ? c.before : "TRY_CAST(");
    if (!emit_as(m, x->args[0], KQL_REAL, out))
        return false;
    sbuf_addz(out, ", ");
    if (x->n_args < 2)
        sbuf_addz(out, "0");
    else if (!emit_as(m, x->args[1], KQL_LONG, out))
        return false;
    sbuf_addc(out, ')');
    if (real)
        sbuf_addz(out, c.after);
    else
        sbuf_addf(out, " AS %s)", engine_sql_type(x->type));
    return true;
}

static bool op_abs(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    bool real = x->type == KQL_REAL || x->type == KQL_DECIMAL;
    enum kql_type t = real || x->type == KQL_TIMESPAN ? x->type : KQL_LONG;
    sbuf_addz(out, real ? "abs(" : "vd_abs(");
    if (!emit_as(m, x->args[0], t, out))
        return false;
    sbuf_addc(out, ')');
    return true;
}

/* array_sort_asc(array, …, nulls last): an array of arrays, one each. */
static bool op_array_sort(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    bool desc = strcmp(x->fn->name, "array_sort_desc") == 0;
    size_t arrays = x->n_args;
    sbuf_addf(out, "vdf_array_sort(%s, ", desc ? "TRUE" : "FALSE");
    if (arrays > 1 && x->args[arrays - 1]->type == KQL_BOOL) {
        if (!emit_as(m, x->args[--arrays], KQL_BOOL, out))
            return false;
    } else {
        sbuf_addz(out, "TRUE");
    }
    for (size_t i = 0; i < arrays; i++) {
        sbuf_addz(out, ", ");
        if (!emit_as(m, x->args[i], KQL_DYNAMIC, out))
            return false;
    }
    sbuf_addc(out, ')');
    return true;
}

/* -x of what is no constant. */
static bool op_neg(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    bool real = x->type == KQL_REAL || x->type == KQL_DECIMAL;
    sbuf_addz(out, real ? "(-" : "vd_neg(");
    if (!emit_as(m, x->args[0], real || x->type == KQL_TIMESPAN ? x->type : KQL_LONG, out))
        return false;
    sbuf_addc(out, ')');
    return true;
}

/* range(from, to, step): numbers, dates or spans, by the type of the first. */
static bool op_range(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    enum kql_type t = x->args[0]->type;
    bool real = t == KQL_REAL || t == KQL_DECIMAL, time = t == KQL_DATETIME || t == KQL_TIMESPAN;
    for (size_t i = 1; i < x->n_args && !time; i++)
        real = real || x->args[i]->type == KQL_REAL || x->args[i]->type == KQL_DECIMAL;
    enum kql_type as = real ? KQL_REAL : time ? t : KQL_LONG;
    sbuf_addz(out, real ? "vdf_range_real(" : "vdf_range(");
    for (size_t i = 0; i < 3; i++) {
        sbuf_addz(out, i > 0 ? ", " : "");
        if (i == x->n_args) /* the step is 1, or one hour */
            sbuf_addz(out, time ? "36000000000" : real ? "1.0::DOUBLE" : "1");
        else if (!emit_as(m, x->args[i], time && i == 2 ? KQL_TIMESPAN : as, out))
            return false;
    }
    if (!real)
        sbuf_addf(out, ", '%s'", kql_type_name(as));
    sbuf_addc(out, ')');
    return true;
}

static const struct call_row {
    const char *name;
    emit_call_fn *fn;
} calls[] = {
    {"%", op_mod},
    {"*", op_mul},
    {"+", op_add},
    {"-", op_sub},
    {".", op_access},
    {"/", op_div},
    {"[]", op_access},
    {"__cast", op_cast},
    {"abs", op_abs},
    {"and", op_logic},
    {"array_length", emit_array_length},
    {"array_sort_asc", op_array_sort},
    {"array_sort_desc", op_array_sort},
    {"arraylength", emit_array_length},
    {"bag_pack", emit_bag_pack},
    {"bin", op_bin},
    {"bin_at", op_bin_at},
    {"case", op_case},
    {"coalesce", op_coalesce},
    {"extract", op_extract},
    {"extract_json", op_extract_json},
    {"extractjson", op_extract_json},
    {"floor", op_bin},
    {"gettype", op_gettype},
    {"iff", op_case},
    {"iif", op_case},
    {"indexof", emit_indexof},
    {"isempty", op_missing},
    {"isnotempty", op_missing},
    {"isnotnull", op_missing},
    {"isnull", op_missing},
    {"max_of", op_extreme},
    {"min_of", op_extreme},
    {"neg", op_neg},
    {"not", op_not},
    {"notempty", op_missing},
    {"notnull", op_missing},
    {"or", op_logic},
    {"pack", emit_bag_pack},
    {"pack_array", emit_pack_array},
    {"pack_dictionary", emit_bag_pack},
    {"parse_json", op_parse_json},
    {"range", op_range},
    {"parsejson", op_parse_json},
    {"round", op_round},
    {"percentile_tdigest", emit_percentile_tdigest},
    {"percentiles_array_tdigest", emit_percentiles_tdigest},
    {"percentrank_tdigest", emit_rank_tdigest},
    {"rank_tdigest", emit_rank_tdigest},
    {"substring", emit_substring},
    {"tobool", op_cast},
    {"toboolean", op_cast},
    {"todatetime", op_cast},
    {"todecimal", op_cast},
    {"todouble", op_cast},
    {"todynamic", op_parse_json},
    {"toguid", op_cast},
    {"toint", op_cast},
    {"tolong", op_cast},
    {"toobject", op_parse_json},
    {"toreal", op_cast},
    {"tostring", op_cast},
    {"totime", op_cast},
    {"totimespan", op_cast},
};

emit_call_fn *emit_call_find(const char *name)
{
    for (size_t i = 0; i < COUNTOF(calls); i++) {
        if (kql_same_name(calls[i].name, name))
            return calls[i].fn;
    }
    return NULL;
}
