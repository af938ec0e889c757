/* Comparisons, membership and text search. Null rules (equality family): one null side is false
 * (true when negated), two null sides are null; ordering with a null is null. NaN equals nothing
 * and is neither less nor greater. */
#include "engine/duckdb/emit_priv.h"
#include "text/json.h"
#include <math.h>

bool emit_arg(struct emit *m, const struct expr *x, enum kql_type to, struct str *out)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(EMIT_MAX_SQL_BYTES);
    if (!emit_as(m, x, to, &b))
        return false;
    *out = arena_str(m->a, sbuf_str(&b));
    return true;
}

static bool is_integer(enum kql_type t)
{
    return t == KQL_INT || t == KQL_LONG || t == KQL_BOOL;
}

enum kql_type emit_common_type(enum kql_type a, enum kql_type b)
{
    if (a == b || b == KQL_UNKNOWN)
        return a;
    if (a == KQL_UNKNOWN || a == KQL_DYNAMIC)
        return b;
    if (b == KQL_DYNAMIC)
        return a;
    if (is_integer(a) && is_integer(b))
        return KQL_LONG;
    if (a == KQL_REAL || b == KQL_REAL)
        return KQL_REAL;
    if ((a == KQL_DECIMAL && is_integer(b)) || (b == KQL_DECIMAL && is_integer(a)))
        return KQL_DECIMAL;
    if (a == KQL_STRING || b == KQL_STRING)
        return KQL_STRING;
    return a;
}

/* An int column that is compared with constants is left as it is, so that the database can use what
 * it knows of it. */
static enum kql_type narrowed(enum kql_type t, struct expr *const *x, size_t n)
{
    for (size_t i = 0; t == KQL_LONG && i < n; i++)
        if (!expr_fits_int(x[i]))
            return t;
    return t == KQL_LONG ? KQL_INT : t;
}

/* ---- equality ---- */
static bool never_nan(const struct expr *x)
{
    bool reads_nan = x->type == KQL_REAL || x->type == KQL_STRING || x->type == KQL_DYNAMIC;
    return !reads_nan ||
           (x->kind == EX_CONST && (x->type != KQL_REAL || x->value.is_null || !isnan(x->value.d)));
}

/* NaN must be met on both sides for the database to hold them for equal. */
static bool may_be_nan(const struct expr *l, const struct expr *r, enum kql_type t)
{
    return t == KQL_REAL && !never_nan(l) && !never_nan(r);
}

struct equality {
    struct str a, b;
    bool null_a, null_b, nan, negated;
    bool decimal;
};

/* Decimals are DECIMAL(38,18), but those of parse_version() HUGEINT, which the database would
 * convert, and fail. */
static void decimal_order(struct str a, struct str b, const char *op, struct sbuf *out)
{
    sbuf_addz(out, "(vd_decimal_order(");
    sbuf_add(out, a);
    sbuf_addz(out, ", ");
    sbuf_add(out, b);
    sbuf_addf(out, ") %s 0)", op);
}

static void equal_core(const struct equality *q, struct sbuf *out)
{
    if (q->decimal) {
        decimal_order(q->a, q->b, q->negated ? "<>" : "=", out);
        return;
    }
    sbuf_addc(out, '(');
    sbuf_add(out, q->a);
    sbuf_addz(out, q->negated ? " <> " : " = ");
    sbuf_add(out, q->b);
    if (q->nan) {
        sbuf_addz(out, q->negated ? " OR isnan(" : " AND NOT isnan(");
        sbuf_add(out, q->a);
        sbuf_addc(out, ')');
    }
    sbuf_addc(out, ')');
}

static void equality_sql(const struct equality *q, enum emit_ctx ctx, struct sbuf *out)
{
    bool both = q->null_a && q->null_b, one = q->null_a || q->null_b;
    bool plain = !one || (ctx == EMIT_PREDICATE && !q->negated);
    if (plain) {
        equal_core(q, out);
        return;
    }
    /* two nulls are null, which counts as false, or can't meet */
    if (!q->decimal && !q->nan && ((ctx == EMIT_PREDICATE && q->negated) || !both)) {
        sbuf_addc(out, '(');
        sbuf_add(out, q->a);
        sbuf_addz(out, q->negated ? " IS DISTINCT FROM " : " IS NOT DISTINCT FROM ");
        sbuf_add(out, q->b);
        sbuf_addc(out, ')');
        return;
    }
    if (both) {
        sbuf_addz(out, "CASE WHEN (");
        sbuf_add(out, q->a);
        sbuf_addz(out, ") IS NULL AND (");
        sbuf_add(out, q->b);
        sbuf_addz(out, ") IS NULL THEN NULL ELSE ");
    }
    sbuf_addz(out, "coalesce(");
    equal_core(q, out);
    sbuf_addz(out, q->negated ? ", TRUE)" : ", FALSE)");
    if (both)
        sbuf_addz(out, " END");
}

static bool is_text_constant(const struct expr *x)
{
    return x->kind == EX_CONST && x->type == KQL_STRING && !x->value.is_null && x->value.s.n > 0;
}

/* A kept member is one of these texts: by the file's column itself. *done: false, and nothing is
 * written: it is something else. */
static bool member_equals(struct emit *m, const struct expr *x, struct expr *const *texts, size_t n,
                          bool *done, struct sbuf *out)
{
    AUTO(sbuf_fini) struct sbuf column = sbuf_make(64);
    for (size_t i = 0; i < n; i++)
        if (!is_text_constant(texts[i]))
            return true;
    *done = n > 0 && emit_member_match(x, &column);
    if (!*done)
        return true;
    sbuf_addc(out, '(');
    sbuf_add(out, sbuf_str(&column));
    for (size_t i = 0; i < n; i++) {
        sbuf_addz(out, n == 1 ? " = " : i > 0 ? ", " : " IN (");
        if (!emit_expr(m, texts[i], EMIT_EXACT, out))
            return false;
    }
    sbuf_addz(out, n == 1 ? ")" : "))");
    return true;
}

static bool equality(struct emit *m, const struct expr *x, bool negated, enum emit_ctx ctx,
                     struct sbuf *out)
{
    const struct expr *l = x->args[0], *r = x->args[1];
    bool done = false;
    for (size_t i = 0; i < 2 && !negated && ctx == EMIT_PREDICATE; i++)
        if (!member_equals(m, x->args[i], &x->args[1 - i], 1, &done, out) || done)
            return done;
    enum kql_type t = narrowed(emit_common_type(l->type, r->type), x->args, 2);
    struct equality q = {
        .negated = negated, .nan = may_be_nan(l, r, t), .decimal = t == KQL_DECIMAL};
    q.null_a = t != KQL_STRING && expr_nullable(l);
    q.null_b = t != KQL_STRING && expr_nullable(r);
    if (!emit_arg(m, l, t, &q.a) || !emit_arg(m, r, t, &q.b))
        return false;
    equality_sql(&q, ctx, out);
    return true;
}

static bool op_eq(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    return equality(m, x, false, ctx, out);
}

static bool op_ne(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    return equality(m, x, true, ctx, out);
}

/* A constant side is folded once, and texts are compared with it as they are. */
static bool folded(struct emit *m, const struct expr *x, const char *op, struct sbuf *out)
{
    const struct expr *l = x->args[0], *r = x->args[1];
    if (expr_is_const(l) || expr_is_const(r)) {
        sbuf_addz(out, op[0] == '=' ? "vd_equals(" : "(NOT vd_equals(");
        if (!emit_as(m, expr_is_const(r) ? l : r, KQL_STRING, out))
            return false;
        sbuf_addz(out, ", ");
        if (!emit_as(m, expr_is_const(r) ? r : l, KQL_STRING, out))
            return false;
        sbuf_addz(out, op[0] == '=' ? ")" : "))");
        return true;
    }
    sbuf_addz(out, "(vdc_fold(");
    if (!emit_as(m, x->args[0], KQL_STRING, out))
        return false;
    sbuf_addf(out, ") %s vdc_fold(", op);
    if (!emit_as(m, x->args[1], KQL_STRING, out))
        return false;
    sbuf_addz(out, "))");
    return true;
}

static bool op_eqi(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    return folded(m, x, "=", out);
}

static bool op_nei(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    return folded(m, x, "<>", out);
}

/* ---- order ---- */
static bool op_order(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    const struct expr *l = x->args[0], *r = x->args[1];
    enum kql_type t = narrowed(emit_common_type(l->type, r->type), x->args, 2);
    struct str a, b;
    if (!emit_arg(m, l, t, &a) || !emit_arg(m, r, t, &b))
        return false;
    if (t == KQL_DECIMAL) {
        decimal_order(a, b, x->fn->name, out);
        return true;
    }
    sbuf_addc(out, '(');
    sbuf_add(out, a);
    sbuf_addf(out, " %s ", x->fn->name);
    sbuf_add(out, b);
    /* the database holds NaN for the greatest */
    bool greater = x->fn->name[0] == '>';
    if (t == KQL_REAL && !never_nan(greater ? l : r)) {
        sbuf_addz(out, " AND NOT isnan(");
        sbuf_add(out, greater ? a : b);
        sbuf_addc(out, ')');
    }
    sbuf_addc(out, ')');
    return true;
}

static bool between(struct emit *m, const struct expr *x, bool negated, struct sbuf *out)
{
    const struct expr *v = x->args[0], *lo = x->args[1], *hi = x->args[2];
    bool span = v->type == KQL_DATETIME && hi->type == KQL_TIMESPAN;
    enum kql_type t = emit_common_type(v->type, lo->type);
    if (!span)
        t = narrowed(emit_common_type(t, hi->type), x->args, 3);
    struct str a, b, c;
    if (!emit_arg(m, v, t, &a) || !emit_arg(m, lo, t, &b) ||
        !emit_arg(m, hi, span ? KQL_TIMESPAN : t, &c))
        return false;
    if (t == KQL_DECIMAL) {
        sbuf_addz(out, negated ? "(NOT (" : "((");
        decimal_order(a, b, ">=", out);
        sbuf_addz(out, " AND ");
        decimal_order(a, c, "<=", out);
        sbuf_addz(out, "))");
        return true;
    }
    sbuf_addz(out, negated ? "(NOT (" : "((");
    sbuf_add(out, a);
    sbuf_addz(out, " BETWEEN ");
    sbuf_add(out, b);
    sbuf_addz(out, " AND ");
    if (span) {
        sbuf_addz(out, "vd_dt_add(");
        sbuf_add(out, b);
        sbuf_addz(out, ", ");
    }
    sbuf_add(out, c);
    sbuf_addz(out, span ? ")))" : "))");
    return true;
}

static bool op_between(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    return between(m, x, false, out);
}

static bool op_not_between(struct emit *m, const struct expr *x, enum emit_ctx ctx,
                           struct sbuf *out)
{
    (void)ctx;
    return between(m, x, true, out);
}

/* ---- membership ---- */
static void fold_open(bool fold, struct sbuf *out)
{
    sbuf_addz(out, fold ? "vdc_fold(" : "(");
}

/* The values of a table's first column, or of a toscalar(), each as hv; dynamic ones are spread if
 * they are arrays. */
static bool subquery_values(struct emit *m, const struct expr *q, struct sbuf *out)
{
    const struct plan_col *c = &q->plan->cols.p[0];
    if (c->type == KQL_DYNAMIC)
        sbuf_addf(out, "(SELECT unnest(vdc_expand(hd, FALSE)) AS hv FROM (SELECT c%u AS hd FROM ",
                  c->id);
    else
        sbuf_addf(out, "(SELECT c%u AS hv FROM ", c->id);
    if (!emit_from(m, q->plan, out))
        return false;
    sbuf_addz(out, q->as_table ? "" : " LIMIT 1");
    if (c->type == KQL_DYNAMIC)
        sbuf_addf(out, ") AS t%u", emit_fresh(m));
    sbuf_addf(out, ") AS t%u", emit_fresh(m));
    return true;
}

/* What a dynamic value must be to equal one of a type: a number has no fraction that the type would
 * lose, and a list's "1" is not 1. A table's column may be read as the other type. */
static void same_kind(enum kql_type t, bool strict, struct sbuf *out)
{
    struct cast whole, real;
    (void)cast_find(KQL_DYNAMIC, KQL_LONG, &whole);
    (void)cast_find(KQL_DYNAMIC, KQL_REAL, &real);
    if (t == KQL_INT || t == KQL_LONG)
        sbuf_addf(out, " AND %shv%s = CAST(%shv%s AS DOUBLE)", real.before, real.after,
                  whole.before, whole.after);
    if (strict && t == KQL_STRING)
        sbuf_addz(out, " AND vdc_dyn_type(hv) = 'string'");
    else if (strict && kql_type_is_number(t))
        sbuf_addz(out, " AND vdc_dyn_type(hv) IN ('long', 'int', 'double')");
}

static bool in_subquery(struct emit *m, const struct expr *x, struct str left, bool fold,
                        struct sbuf *out)
{
    const struct expr *l = x->args[0], *q = x->args[1];
    enum kql_type from = q->plan->cols.p[0].type, t = fold ? KQL_STRING : l->type;
    struct cast k;
    if (!cast_find(from, t, &k))
        return emit_unsupported(m, x->off, x->len, "this comparison with a table");
    sbuf_add(out, left);
    sbuf_addz(out, " IN (SELECT ");
    fold_open(fold, out);
    sbuf_addf(out, "%shv%s) FROM ", k.before, k.after);
    if (!subquery_values(m, q, out))
        return false;
    sbuf_addz(out, " WHERE hv IS NOT NULL");
    if (from == KQL_DYNAMIC)
        same_kind(t, !q->as_table, out);
    sbuf_addc(out, ')');
    return true;
}

/* One array or value of an in-list whose type is dynamic: looked up by a C function. */
static bool in_dynamic(struct emit *m, const struct expr *l, const struct expr *v, bool fold,
                       struct sbuf *out)
{
    sbuf_addz(out, fold ? "vdc_in_dyn_ci(" : "vdc_in_dyn(");
    if (!emit_as(m, l, KQL_DYNAMIC, out))
        return false;
    sbuf_addz(out, ", ");
    if (!emit_expr(m, v, EMIT_EXACT, out))
        return false;
    sbuf_addc(out, ')');
    return true;
}

static bool in_values(struct emit *m, const struct expr *x, struct str left, bool fold,
                      struct sbuf *out)
{
    const struct expr *l = x->args[0];
    enum kql_type t = fold ? KQL_STRING : l->type;
    bool any = false;
    for (size_t i = 1; i < x->n_args; i++) {
        if (x->args[i]->type == KQL_DYNAMIC || expr_nullable(x->args[i]))
            continue;
        t = emit_common_type(t, x->args[i]->type);
    }
    t = narrowed(t, x->args, x->n_args);
    if (t != l->type && !fold && !emit_arg(m, l, t, &left))
        return false;
    for (size_t i = 1; i < x->n_args; i++) {
        if (x->args[i]->type == KQL_DYNAMIC)
            continue;
        if (!any)
            sbuf_add(out, left);
        sbuf_addz(out, any ? ", " : " IN (");
        fold_open(fold, out);
        if (!emit_as(m, x->args[i], t, out))
            return false;
        sbuf_addc(out, ')');
        any = true;
    }
    if (any)
        sbuf_addc(out, ')');
    for (size_t i = 1; i < x->n_args; i++) {
        if (x->args[i]->type != KQL_DYNAMIC)
            continue;
        sbuf_addz(out, any ? " OR " : "");
        if (!in_dynamic(m, l, x->args[i], fold, out))
            return false;
        any = true;
    }
    if (!any)
        sbuf_addz(out, "FALSE");
    return true;
}

static bool op_in(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    const char *name = x->fn->name;
    bool negated = name[0] == '!', fold = strchr(name, '~') != NULL, done = false;
    struct str left;
    if (!negated && !fold && ctx == EMIT_PREDICATE && x->args[0]->type == KQL_STRING &&
        (!member_equals(m, x->args[0], x->args + 1, x->n_args - 1, &done, out) || done))
        return done;
    if (fold) {
        struct str raw;
        if (!emit_arg(m, x->args[0], KQL_STRING, &raw))
            return false;
        left = arena_fmt(m->a, "vdc_fold(%.*s)", STR_ARG(raw));
    } else if (!emit_arg(m, x->args[0], x->args[0]->type, &left)) {
        return false;
    }
    bool known = true; /* no null on the right */
    for (size_t i = 1; i < x->n_args; i++)
        known = known && expr_is_const(x->args[i]) && !expr_nullable(x->args[i]);
    bool plain = (known && !expr_nullable(x->args[0])) || (ctx == EMIT_PREDICATE && !negated);
    bool column = !plain && known && negated && !fold && x->args[0]->kind == EX_COLUMN;
    if (column)
        sbuf_addf(out, "(%.*s IS NULL OR NOT (", STR_ARG(left));
    else if (plain)
        sbuf_addz(out, negated ? "(NOT (" : "(");
    else
        sbuf_addz(out, negated ? "(NOT coalesce(" : "coalesce(");
    const struct expr *q = x->n_args == 2 && x->args[1]->kind == EX_SUBQUERY ? x->args[1] : NULL;
    bool table = q != NULL && q->plan->cols.n > 0 && (q->as_table || q->type == KQL_DYNAMIC);
    bool ok = table ? in_subquery(m, x, left, fold, out) : in_values(m, x, left, fold, out);
    if (plain || column)
        sbuf_addz(out, negated ? "))" : ")");
    else
        sbuf_addz(out, negated ? ", FALSE))" : ", FALSE)");
    return ok;
}

/* ---- text search ---- */
struct search_row {
    const char *name, *sql;
};
static const struct search_row searches[] = {
    {"has", "vd_has"},
    {"has_cs", "vd_has_cs"},
    {"hasprefix", "vd_hasprefix"},
    {"hasprefix_cs", "vd_hasprefix_cs"},
    {"hassuffix", "vd_hassuffix"},
    {"hassuffix_cs", "vd_hassuffix_cs"},
    {"contains", "vd_contains"},
    {"contains_cs", "contains"},
    {"startswith", "vd_startswith"},
    {"startswith_cs", "starts_with"},
    {"endswith", "vd_endswith"},
    {"endswith_cs", "suffix"},
    {"matches regex", "vd_regex"},
    {"search_wild", "vd_search_wild"},
};

static bool op_search(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    const char *name = x->fn->name;
    bool negated = name[0] == '!';
    for (size_t i = 0; i < COUNTOF(searches); i++) {
        if (strcmp(searches[i].name, name + negated) != 0)
            continue;
        sbuf_addf(out, "%s%s(", negated ? "(NOT " : "", searches[i].sql);
        if (!emit_as(m, x->args[0], KQL_STRING, out))
            return false;
        sbuf_addz(out, ", ");
        if (!emit_as(m, x->args[1], KQL_STRING, out))
            return false;
        sbuf_addz(out, negated ? "))" : ")");
        return true;
    }
    return emit_unsupported(m, x->off, x->len, name);
}

/* has_any, has_all: known terms become a chain of has; lists that are computed go to a C function.
 */
static bool has_one(const char *glue, bool *any, struct str left, struct str term, struct sbuf *out)
{
    sbuf_addz(out, *any ? glue : "");
    sbuf_addz(out, "vd_has(");
    sbuf_add(out, left);
    sbuf_addz(out, ", ");
    sql_text(out, term);
    sbuf_addc(out, ')');
    *any = true;
    return true;
}

static bool has_const(struct emit *m, const struct kql_value *v, const char *glue, bool *any,
                      struct str left, struct sbuf *out)
{
    if (v->type == KQL_STRING)
        return has_one(glue, any, left, v->s, out);
    struct json j;
    if (v->is_null || v->type != KQL_DYNAMIC || !json_parse(m->a, v->s, NULL, &j, NULL))
        return true;
    if (j.type == JSON_STRING)
        return has_one(glue, any, left, j.text, out);
    for (size_t i = 0; j.type == JSON_ARRAY && i < j.n; i++)
        has_one(glue, any, left, json_text(&j.items[i], j.items[i].text), out);
    return true;
}

static bool has_list(struct emit *m, const struct expr *v, const char *fn, struct str left,
                     struct sbuf *out)
{
    sbuf_addf(out, "%s(", fn);
    sbuf_add(out, left);
    sbuf_addz(out, ", ");
    if (v->kind == EX_SUBQUERY && v->as_table && v->plan->cols.n) {
        struct cast k;
        (void)cast_find(v->plan->cols.p[0].type, KQL_STRING, &k);
        sbuf_addf(out, "(SELECT list(%shv%s) FROM ", k.before, k.after);
        if (!subquery_values(m, v, out))
            return false;
        sbuf_addz(out, " WHERE hv IS NOT NULL))");
        return true;
    }
    sbuf_addz(out, v->type == KQL_DYNAMIC ? "vdc_dyn_strings(" : "list_value(");
    if (!emit_as(m, v, v->type == KQL_DYNAMIC ? KQL_DYNAMIC : KQL_STRING, out))
        return false;
    sbuf_addz(out, "))");
    return true;
}

static bool op_has_list(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    (void)ctx;
    bool all = strcmp(x->fn->name, "has_all") == 0, any = false;
    const char *glue = all ? " AND " : " OR ";
    struct str left;
    if (!emit_arg(m, x->args[0], KQL_STRING, &left))
        return false;
    sbuf_addc(out, '(');
    for (size_t i = 1; i < x->n_args; i++) {
        const struct expr *v = x->args[i];
        if (v->kind == EX_CONST) {
            if (!has_const(m, &v->value, glue, &any, left, out))
                return false;
            continue;
        }
        sbuf_addz(out, any ? glue : "");
        if (!has_list(m, v, all ? "vd_has_all" : "vd_has_any", left, out))
            return false;
        any = true;
    }
    sbuf_addz(out, any ? ")" : all ? "TRUE)" : "FALSE)");
    return true;
}

static const struct compare_row {
    const char *name;
    emit_call_fn *fn;
} compares[] = {
    {"==", op_eq},
    {"!=", op_ne},
    {"<>", op_ne},
    {"=~", op_eqi},
    {"!~", op_nei},
    {"<", op_order},
    {"<=", op_order},
    {">", op_order},
    {">=", op_order},
    {"between", op_between},
    {"!between", op_not_between},
    {"in", op_in},
    {"!in", op_in},
    {"in~", op_in},
    {"!in~", op_in},
    {"has_any", op_has_list},
    {"has_all", op_has_list},
};

emit_call_fn *emit_compare_find(const char *name)
{
    for (size_t i = 0; i < COUNTOF(compares); i++) {
        if (kql_same_name(compares[i].name, name))
            return compares[i].fn;
    }
    for (size_t i = 0; i < COUNTOF(searches); i++) {
        if (kql_same_name(searches[i].name, name + (name[0] == '!')))
            return op_search;
    }
    return NULL;
}
