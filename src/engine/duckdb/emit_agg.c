/* summarize and its aggregates. An aggregate is a row: $1 … arguments, $F the FILTER clause, $O the
 * order inside a list. */
#include "engine/duckdb/emit_priv.h"
#include "text/json.h"
#include <math.h>

enum { MAX_POINTS = 16 };

struct agg_row {
    const char *name;
    char match;       /* class of the first argument (class_of), '*': any */
    const char *args; /* letters that arguments are brought to: s j l d m, ? as they are */
    const char *sql;
};
static const struct agg_row aggs[] = {
    {"count", '*', "", "count(*)$F"},
    {"cnt", '*', "", "count(*)$F"},
    {"sum", 'm', "m", "coalesce(sum($1)$F, 0)"},
    {"sum", 'l', "l", "coalesce(vd_huge_long(sum($1)$F), 0)"},
    {"sum", 'p', "?", "coalesce(vd_huge_long(sum($1)$F), 0)"},
    {"sum", '*', "d", "coalesce(sum($1)$F, 0)"},
    {"avg", 'l', "l",
     "CASE WHEN count($1)$F = 0 THEN 'NaN'::DOUBLE ELSE CAST(vd_huge_long(sum($1)$F) AS DOUBLE) / "
     "count($1)$F END"},
    {"avg", 'p', "?", "TRY_CAST(sum($1)$F // count($1)$F AS BIGINT)"},
    {"avg", 't', "?", "TRY_CAST(sum($1)$F // count($1)$F AS BIGINT)"},
    {"avg", 'm', "d", "TRY_CAST(avg($1)$F AS DECIMAL(38,18))"},
    {"avg", '*', "d", "coalesce(avg($1)$F, 'NaN'::DOUBLE)"},
    {"min", 's', "s", "coalesce(min($1)$F, '')"},
    {"min", 'd', "d", "CASE WHEN isnan(max($1)$F) THEN 'NaN'::DOUBLE ELSE min($1)$F END"},
    {"min", '*', "?", "min($1)$F"},
    {"max", 's', "s", "coalesce(max($1)$F, '')"},
    {"max", '*', "?", "max($1)$F"},
    {"dcount", '*', "?", "count(DISTINCT $1)$F"},
    {"count_distinct", '*', "?", "count(DISTINCT $1)$F"},
    {"stdev", 'l', "l", "coalesce(stddev_samp($1)$F, 0)"},
    {"stdevp", 'l', "l", "coalesce(stddev_pop($1)$F, 0)"},
    {"variance", 'l', "l", "coalesce(var_samp($1)$F, 0)"},
    {"variancep", 'l', "l", "coalesce(var_pop($1)$F, 0)"},
    {"stdev", '*', "d", "vd_stdev($1)$F"},
    {"stdevp", '*', "d", "vd_stdevp($1)$F"},
    {"variance", '*', "d", "vd_variance($1)$F"},
    {"variancep", '*', "d", "vd_variancep($1)$F"},
    {"covariance", '*', "dd", "covar_samp($1, $2)$F"},
    {"covariancep", '*', "dd", "covar_pop($1, $2)$F"},
    {"binary_all_and", '*', "l", "bit_and($1)$F"},
    {"binary_all_or", '*', "l", "bit_or($1)$F"},
    {"binary_all_xor", '*', "l", "bit_xor($1)$F"},
    {"take_any", 's', "s", "coalesce(any_value($1)$F, '')"},
    {"take_any", '*', "?", "any_value($1)$F"},
    {"any", 's', "s", "coalesce(any_value($1)$F, '')"},
    {"any", '*', "?", "any_value($1)$F"},
    {"passthrough", '*', "?", "any_value($1)$F"},
    {"make_list", 'j', "jl", "vdf_make_list(list($1$O)$F, $2, TRUE, FALSE)"},
    {"make_list", 's', "sl", "vdf_list_texts(list($1$O)$F, $2)"},
    {"make_list", 'l', "ll", "vdf_list_longs(list($1$O)$F, $2, FALSE)"},
    {"make_list", '*', "jl", "vdf_make_list(list($1$O)$F, $2, FALSE, FALSE)"},
    {"makelist", 'j', "jl", "vdf_make_list(list($1$O)$F, $2, TRUE, FALSE)"},
    {"makelist", 's', "sl", "vdf_list_texts(list($1$O)$F, $2)"},
    {"makelist", 'l', "ll", "vdf_list_longs(list($1$O)$F, $2, FALSE)"},
    {"makelist", '*', "jl", "vdf_make_list(list($1$O)$F, $2, FALSE, FALSE)"},
    {"make_list_with_nulls", 'j', "jl", "vdf_make_list(list($1$O)$F, $2, TRUE, TRUE)"},
    {"make_list_with_nulls", 's', "sl", "vdf_list_texts(list($1$O)$F, $2)"},
    {"make_list_with_nulls", 'l', "ll", "vdf_list_longs(list($1$O)$F, $2, TRUE)"},
    {"make_list_with_nulls", '*', "jl", "vdf_make_list(list($1$O)$F, $2, FALSE, TRUE)"},
    {"make_set", 'j', "jl", "vd_set_json($1, $2, $R, TRUE, vd_query())$F"},
    {"make_set", 's', "sl", "vd_set_texts($1, $2, $R, vd_query())$F"},
    {"make_set", 'l', "ll", "vd_set_longs($1, $2, $R, vd_query())$F"},
    {"make_set", '*', "jl", "vd_set_json($1, $2, $R, FALSE, vd_query())$F"},
    {"makeset", 'j', "jl", "vd_set_json($1, $2, $R, TRUE, vd_query())$F"},
    {"makeset", 's', "sl", "vd_set_texts($1, $2, $R, vd_query())$F"},
    {"makeset", 'l', "ll", "vd_set_longs($1, $2, $R, vd_query())$F"},
    {"makeset", '*', "jl", "vd_set_json($1, $2, $R, FALSE, vd_query())$F"},
    {"make_bag", '*', "jl", "vdf_make_bag(list($1$O)$F, $2)"},
    {"make_dictionary", '*', "jl", "vdf_make_bag(list($1$O)$F, $2)"},
    {"buildschema", '*', "j", "vdf_buildschema(list($1)$F)"},
    {"hll", '*', "?l", "vd_hll(vdf_hash($1), $2, vd_query())$F"},
    {"hll_merge", '*', "j", "vd_hll_merge($1, vd_query())$F"},
    {"merge_tdigest", '*', "j", "vd_tdigest_merge($1, vd_query())$F"},
    {"tdigest", 'l', "dl", "vd_tdigest($1, $2, 0, vd_query())$F"},
    {"tdigest", 't', "?l", "vd_tdigest(CAST($1 AS DOUBLE), $2, 2, vd_query())$F"},
    {"tdigest", 'p', "?l", "vd_tdigest(CAST($1 AS DOUBLE), $2, 3, vd_query())$F"},
    {"tdigest", '*', "dl", "vd_tdigest($1, $2, 1, vd_query())$F"},
    {"tdigest_merge", '*', "j", "vd_tdigest_merge($1, vd_query())$F"},
};

static char class_of(enum kql_type t)
{
    switch (t) {
    case KQL_INT:
    case KQL_LONG:
        return 'l';
    case KQL_BOOL:
        return 'b';
    case KQL_REAL:
        return 'd';
    case KQL_DECIMAL:
        return 'm';
    case KQL_STRING:
        return 's';
    case KQL_DYNAMIC:
        return 'j';
    case KQL_DATETIME:
        return 't';
    case KQL_TIMESPAN:
        return 'p';
    case KQL_GUID:
        return 'g';
    case KQL_UNKNOWN:
    case KQL_N_TYPES:
        return '?';
    }
    return '?';
}

static enum kql_type letter(char c, enum kql_type as_is)
{
    switch (c) {
    case 's':
        return KQL_STRING;
    case 'j':
        return KQL_DYNAMIC;
    case 'l':
        return KQL_LONG;
    case 'd':
        return KQL_REAL;
    case 'm':
        return KQL_DECIMAL;
    default:
        return as_is;
    }
}

/* The arguments without the predicate of an …if form, and that predicate as SQL. */
struct agg_call {
    const struct expr *x;
    char name[40];
    const struct expr *args[16];
    size_t n;
    struct str filter, order;
};

static bool has_suffix(const char *name, size_t *base)
{
    size_t n = strlen(name);
    if (n > 3 && strcmp(name + n - 3, "_if") == 0) {
        *base = n - 3;
        return true;
    }
    *base = n - 2;
    return n > 2 && strcmp(name + n - 2, "if") == 0;
}

static bool take_filter(struct emit *m, const struct expr *p, struct agg_call *c)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(EMIT_MAX_SQL_BYTES);
    sbuf_addz(&b, " FILTER (WHERE ");
    if (!emit_expr(m, p, EMIT_PREDICATE, &b))
        return false;
    sbuf_addc(&b, ')');
    c->filter = arena_str(m->a, sbuf_str(&b));
    return true;
}

static bool open_call(struct emit *m, const struct expr *x, struct agg_call *c)
{
    size_t base, skip = SIZE_MAX;
    const char *name = x->fn->name;
    *c = (struct agg_call){.x = x, .order = m->list_order};
    bool cond = has_suffix(name, &base);
    size_t len = cond ? base : strlen(name);
    CHECK(len < sizeof(c->name));
    memcpy(c->name, name, len);
    if (cond) {
        skip = strcmp(c->name, "count") == 0 ? 0 : strncmp(c->name, "covariance", 10) == 0 ? 2 : 1;
        if (skip >= x->n_args)
            return emit_unsupported(m, x->off, x->len, name);
        if (!take_filter(m, x->args[skip], c))
            return false;
    }
    for (size_t i = 0; i < x->n_args && c->n < COUNTOF(c->args); i++) {
        if (i != skip)
            c->args[c->n++] = x->args[i];
    }
    return true;
}

static bool arg_text(struct emit *m, const struct agg_call *c, const struct agg_row *row, size_t i,
                     struct sbuf *out)
{
    if (i >= c->n) {
        sbuf_addz(out, "-1::BIGINT");
        return true;
    }
    char l = i < strlen(row->args) ? row->args[i] : '?';
    return emit_as(m, c->args[i], letter(l, c->args[i]->type), out);
}

static void list_order(struct emit *m, const struct agg_call *c, struct sbuf *out)
{
    sbuf_add(out, c->order);
    m->list_ordered = m->list_ordered || c->order.n > 0;
}

/* The row's place in a promised order, from 1 on; 0: there is none. */
static void row_place(struct emit *m, const struct agg_call *c, struct sbuf *out)
{
    sbuf_addz(out, c->order.n > 0 ? "hrow" : "0");
    m->list_ordered = m->list_ordered || c->order.n > 0;
}

static bool fill(struct emit *m, const struct agg_call *c, const struct agg_row *row,
                 struct sbuf *out)
{
    bool ok = true;
    for (const char *p = row->sql; ok && *p; p++) {
        if (*p != '$') {
            sbuf_addc(out, *p);
            continue;
        }
        p++;
        if (*p == 'F')
            sbuf_add(out, c->filter);
        else if (*p == 'O')
            list_order(m, c, out);
        else if (*p == 'R')
            row_place(m, c, out);
        else
            ok = arg_text(m, c, row, (size_t)(*p - '1'), out);
    }
    return ok;
}

/* What arg_max() compares, so that a row without a value comes last and yet counts when there is no
 * other; *total: false, and rows without a value have to be looked for. */
static struct str extreme_key(struct emit *m, const struct expr *v, struct str vs, bool max,
                              bool *total)
{
    *total = true;
    if (!expr_nullable(v))
        return vs;
    if (v->type == KQL_DATETIME)
        return arena_fmt(m->a, "coalesce(%.*s, %s)", STR_ARG(vs),
                         max ? "-1" : "3155378976000000000");
    if (v->type == KQL_INT || v->type == KQL_BOOL)
        return arena_fmt(m->a, "coalesce(CAST(%.*s AS BIGINT), %s)", STR_ARG(vs),
                         max ? "-2147483649" : "2147483648");
    *total = false;
    return emit_extreme_key(m, v, max, vs);
}

/* arg_max(v, x): the x of the row with the greatest v; when all v are null, of some row. */
static bool arg_extreme(struct emit *m, const struct agg_call *c, struct sbuf *out)
{
    const struct expr *v = c->args[0], *x = c->n > 1 ? c->args[1] : v;
    CHECK(v != NULL && x != NULL);
    bool max = strstr(c->name, "max") != NULL, text = x->type == KQL_STRING, total;
    struct str vs, xs, f = c->filter;
    if (!emit_arg(m, v, v->type, &vs) || !emit_arg(m, x, x->type, &xs))
        return false;
    struct str key = extreme_key(m, v, vs, max, &total);
    sbuf_addz(out, text ? "coalesce(" : "");
    sbuf_addz(out, total ? "" : "coalesce(");
    sbuf_addf(out, "%s%s(%.*s, %.*s)%.*s", max ? "arg_max" : "arg_min",
              expr_nullable(x) ? "_null" : "", STR_ARG(xs), STR_ARG(key), STR_ARG(f));
    if (!total)
        sbuf_addf(out, ", CASE WHEN count(%.*s)%.*s = 0 THEN first(%.*s)%.*s END)", STR_ARG(vs),
                  STR_ARG(f), STR_ARG(xs), STR_ARG(f));
    sbuf_addz(out, text ? ", '')" : "");
    return true;
}

/* The points of an array that is constant, as texts of numbers. */
static bool constant_points(struct emit *m, const struct agg_call *c, size_t at, struct json *out)
{
    const struct expr *x = c->args[at];
    bool list = x->kind == EX_CONST && json_parse(m->a, x->value.s, NULL, out, NULL) &&
                out->type == JSON_ARRAY && out->n > 0 && out->n <= MAX_POINTS;
    for (size_t i = 0; list && i < out->n; i++)
        list = out->items[i].type == JSON_INT || out->items[i].type == JSON_REAL;
    return list ||
           emit_unsupported(m, x->off, x->len, "an array of percentiles that is not constant");
}

static bool point_texts(struct emit *m, const struct agg_call *c, size_t from, struct str *out,
                        size_t *n)
{
    struct json list = {0};
    *n = 0;
    if (from < c->n && c->args[from]->type == KQL_DYNAMIC) {
        if (!constant_points(m, c, from, &list))
            return false;
        for (size_t i = 0; i < list.n; i++)
            out[(*n)++] = arena_fmt(m->a, "%.17g::DOUBLE", fmin(fmax(list.items[i].d / 100, 0), 1));
        return true;
    }
    for (size_t i = from; i < c->n; i++) {
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(EMIT_MAX_SQL_BYTES);
        sbuf_addz(&b, "least(greatest(coalesce(");
        if (!emit_as(m, c->args[i], KQL_REAL, &b))
            return false;
        sbuf_addz(&b, ", 0) / 100, 0), 1)");
        out[(*n)++] = arena_str(m->a, sbuf_str(&b));
    }
    return true;
}

/* Nearest rank: a value that occurs. With weights: where their sum reaches the share. */
static bool one_percentile(struct emit *m, const struct agg_call *c, bool weighted,
                           struct str point, struct sbuf *out)
{
    struct str x, w, by;
    if (!emit_arg(m, c->args[0], c->args[0]->type, &x))
        return false;
    by = c->args[0]->kind == EX_CONST ? arena_fmt(m->a, "coalesce(%.*s)", STR_ARG(x)) : x;
    if (!weighted) {
        sbuf_addf(out, "quantile_disc(%.*s, %.*s)%.*s", STR_ARG(x), STR_ARG(point),
                  STR_ARG(c->filter));
        return true;
    }
    if (!emit_arg(m, c->args[1], KQL_LONG, &w))
        return false;
    sbuf_addf(out,
              "list_extract(list(%.*s ORDER BY %.*s NULLS LAST)%.*s, vd_weighted_index(list(CASE "
              "WHEN %.*s IS NULL THEN 0 ELSE %.*s END ORDER BY %.*s NULLS LAST)%.*s, %.*s))",
              STR_ARG(x), STR_ARG(by), STR_ARG(c->filter), STR_ARG(x), STR_ARG(w), STR_ARG(by),
              STR_ARG(c->filter), STR_ARG(point)); /* a bare literal orders nothing there */
    return true;
}

static bool percentile(struct emit *m, const struct agg_call *c, struct sbuf *out)
{
    bool weighted = strchr(c->name, 'w') != NULL, array = strstr(c->name, "_array") != NULL;
    size_t from = weighted ? 2 : 1, n;
    struct str points[MAX_POINTS];
    struct cast k = {"", ""};
    if (c->n <= from || c->n - from > MAX_POINTS || !point_texts(m, c, from, points, &n))
        return emit_unsupported(m, c->x->off, c->x->len, c->name);
    if (!array && n > 1)
        return emit_unsupported(m, c->x->off, c->x->len, "several percentiles in one expression");
    if (array && !cast_find(c->args[0]->type, KQL_DYNAMIC, &k))
        return emit_unsupported(m, c->x->off, c->x->len, c->name);
    sbuf_addz(out, array ? "vdf_make_list([" : "");
    for (size_t i = 0; i < n; i++) {
        sbuf_addf(out, "%s%s", i > 0 ? ", " : "", k.before);
        if (!one_percentile(m, c, weighted, points[i], out))
            return false;
        sbuf_addz(out, k.after);
    }
    sbuf_addz(out, array ? "], -1, FALSE, TRUE)" : "");
    return true;
}

/* min(), arg_max() and their like give one of the values: no cast, as a decimal may be one that
 * only HUGEINT holds. */
static bool keeps_values(const struct expr *x, const struct agg_call *c)
{
    static const char *const names[] = {"min", "max", "take_any", "any", "passthrough"};
    bool keeps = strncmp(c->name, "arg", 3) == 0;
    for (size_t i = 0; i < COUNTOF(names); i++)
        keeps = keeps || strcmp(c->name, names[i]) == 0;
    return keeps && x->type == KQL_DECIMAL;
}

static bool agg_call(struct emit *m, const struct expr *x, struct sbuf *out)
{
    struct agg_call c;
    if (!open_call(m, x, &c))
        return false;
    bool keep = keeps_values(x, &c);
    sbuf_addz(out, keep ? "(" : x->type == KQL_DECIMAL ? "TRY_CAST(" : "CAST(");
    bool ok = false, found = true;
    if (strncmp(c.name, "arg", 3) == 0) {
        ok = arg_extreme(m, &c, out);
    } else if (strncmp(c.name, "percentile", 10) == 0) {
        ok = percentile(m, &c, out);
    } else {
        char k = c.n ? class_of(c.args[0]->type) : '*';
        found = false;
        for (size_t i = 0; i < COUNTOF(aggs) && !found; i++) {
            if (strcmp(aggs[i].name, c.name) != 0 || (aggs[i].match != '*' && aggs[i].match != k))
                continue;
            found = true;
            ok = fill(m, &c, &aggs[i], out);
        }
    }
    if (keep)
        sbuf_addc(out, ')');
    else
        sbuf_addf(out, " AS %s)", engine_sql_type(x->type));
    return found ? ok : emit_unsupported(m, x->off, x->len, x->fn->name);
}

/* A column of the FROM can be named inside an aggregate and in a key, not between aggregates. */
bool emit_agg_call(struct emit *m, const struct expr *x, struct sbuf *out)
{
    struct emit_hoists *outer = m->hoists;
    m->hoists = m->agg_hoists;
    bool ok = agg_call(m, x, out);
    m->hoists = outer;
    return ok;
}

/* Lists keep a promised order of the input: a row number is added and used inside list(). */
static bool aggregate_from(struct emit *m, const struct plan *p, struct emit_hoists *hoists,
                           struct sbuf *out)
{
    if (!p->in[0]->ordered || !m->list_ordered)
        return emit_source(m, p->in[0], hoists, out);
    sbuf_addz(out, "(SELECT *, row_number() OVER () AS hrow FROM ");
    if (!emit_from(m, p->in[0], out))
        return false;
    sbuf_addf(out, ") AS t%u", emit_fresh(m));
    emit_hoisted(m, hoists, out);
    return true;
}

static bool aggregate_list(struct emit *m, const struct plan *p, const struct emit_found *found,
                           struct sbuf *out)
{
    const char *before = "";
    for (size_t i = 0; i < p->n_keys + p->n_named; i++) {
        bool key = i < p->n_keys;
        const struct named_expr *n = key ? &p->keys[i] : &p->named[i - p->n_keys];
        if (!key && emit_field_of(found, n->col.id) != NULL)
            continue;
        sbuf_addz(out, before);
        before = ", ";
        m->hoists = key ? m->agg_hoists : NULL;
        bool ok = emit_as(m, n->e, n->col.type, out);
        m->hoists = NULL;
        if (!ok)
            return false;
        emit_as_col(n->col.id, out);
    }
    if (p->n_keys + p->n_named == 0)
        sbuf_addz(out, "count(*) AS c0");
    m->hoists = m->agg_hoists;
    bool ok = emit_found_rows(m, found, before, out);
    m->hoists = NULL;
    return ok;
}

/* Are the keys and aggregates, in their order, the node's columns? */
static bool lists_all(const struct plan *p)
{
    bool all = p->cols.n == p->n_keys + p->n_named && p->cols.n > 0;
    for (size_t i = 0; all && i < p->cols.n; i++)
        all =
            p->cols.p[i].id == (i < p->n_keys ? p->keys[i].col.id : p->named[i - p->n_keys].col.id);
    return all;
}

/* "SELECT … FROM (" around the aggregation; false: it needs none. */
static bool aggregate_around(const struct plan *p, const struct emit_found *found, struct sbuf *out)
{
    if (found->fields.n == 0 && lists_all(p))
        return false;
    sbuf_addz(out, "SELECT ");
    for (size_t i = 0; i < p->cols.n; i++) {
        const struct emit_field *x = emit_field_of(found, p->cols.p[i].id);
        sbuf_addz(out, i ? ", " : "");
        if (x != NULL)
            emit_found_field(found, x, out);
        else
            emit_col(p->cols.p[i].id, out);
    }
    if (p->cols.n == 0)
        emit_cols(&p->cols, out);
    sbuf_addz(out, " FROM (");
    return true;
}

static bool only_constants(const struct plan *p)
{
    for (size_t i = 0; i < p->n_named; i++)
        if (p->named[i].e->kind != EX_CONST)
            return false;
    return p->n_keys == 0;
}

bool emit_aggregate(struct emit *m, const struct plan *p, struct sbuf *out)
{
    struct str outer = m->list_order;
    bool outer_ordered = m->list_ordered;
    struct emit_hoists hoists = {0};
    m->list_ordered = false;
    m->agg_hoists = &hoists;
    m->list_order = p->in[0]->ordered ? STR(" ORDER BY hrow") : STR_NONE;
    struct emit_found found = {0};
    emit_find_rows(m, p, &found);
    bool around = aggregate_around(p, &found, out);
    sbuf_addz(out, "SELECT ");
    bool ok = aggregate_list(m, p, &found, out);
    m->list_order = STR_NONE;
    m->agg_hoists = NULL;
    sbuf_addz(out, " FROM ");
    ok = ok && aggregate_from(m, p, &hoists, out);
    m->list_order = outer;
    m->list_ordered = outer_ordered;
    for (size_t i = 0; i < p->n_keys; i++)
        sbuf_addf(out, "%s%zu", i ? ", " : " GROUP BY ", i + 1);
    if (only_constants(p)) /* one row, as of aggregates, also of no rows */
        sbuf_addz(out, " HAVING count(*) >= 0");
    if (around)
        sbuf_addf(out, ") AS t%u", emit_fresh(m));
    return ok;
}
