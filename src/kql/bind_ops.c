/* Operators that keep the shape of rows or count them, and the table of all operators. */
#include "kql/bind_priv.h"

static const struct bind_op ops[] = {
    {"as", op_as},
    {"consume", op_consume},
    {"count", op_count},
    {"distinct", op_distinct},
    {"evaluate", op_evaluate},
    {"execute_and_cache", op_nothing},
    {"extend", op_extend},
    {"facet", op_facet},
    {"find", op_find},
    {"fork", op_fork},
    {"getschema", op_getschema},
    {"graph-mark-components", op_graph_components},
    {"graph-match", op_graph_match},
    {"graph-shortest-paths", op_graph_match},
    {"graph-to-table", op_graph_to_table},
    {"graph-where-edges", op_graph_where_edges},
    {"graph-where-nodes", op_graph_where_nodes},
    {"invoke", op_invoke},
    {"join", op_join},
    {"lookup", op_lookup},
    {"make-graph", op_make_graph},
    {"make-series", op_make_series},
    {"mv-apply", op_mv_apply},
    {"mv-expand", op_mv_expand},
    {"parse", op_parse},
    {"parse-kv", op_parse_kv},
    {"parse-where", op_parse_where},
    {"partition", op_partition},
    {"print", op_print},
    {"project", op_project},
    {"project-away", op_project_away},
    {"project-by-names", op_project_by_names},
    {"project-keep", op_project_keep},
    {"project-rename", op_project_rename},
    {"project-reorder", op_project_reorder},
    {"project-smart", op_project},
    {"range", op_range},
    {"reduce", op_reduce},
    {"render", op_render},
    {"sample", op_sample},
    {"sample-distinct", op_sample_distinct},
    {"scan", op_scan},
    {"search", op_search},
    {"serialize", op_serialize},
    {"sort", op_sort},
    {"summarize", op_summarize},
    {"take", op_take},
    {"top", op_top},
    {"top-hitters", op_top_hitters},
    {"top-nested", op_top_nested},
    {"union", op_union},
    {"where", op_where},
};

/* Operators whose text has errors and that are bound all the same, for more errors. */
static const struct {
    const char *name;
    unsigned char least; /* so many parts must have been read */
    bool same;           /* rows keep their columns */
} broken_ops[] = {
    {"count", 0, false},
    {"distinct", 1, false},
    {"extend", 1, false},
    {"facet", 1, false},
    {"fork", 1, false},
    {"join", 1, false},
    {"lookup", 1, false},
    {"make-series", 1, false},
    {"mv-apply", 1, false},
    {"mv-expand", 1, false},
    {"parse", 1, false},
    {"parse-where", 1, false},
    {"print", 1, false},
    {"project", 1, false},
    {"project-away", 1, false},
    {"project-keep", 1, false},
    {"project-rename", 1, false},
    {"project-reorder", 1, false},
    {"sample", 1, true},
    {"serialize", 0, false},
    {"sort", 1, true},
    {"summarize", 1, false},
    {"take", 1, true},
    {"top", 1, true},
    {"union", 1, false},
    {"where", 1, true},
};

/* What stands behind an operator that could not be read; whether it is bound as far as it could be.
 */
static struct plan *broken(struct binder *b, struct plan *in, const struct syn *op, bool *bind)
{
    bool same = false;
    *bind = false;
    for (size_t i = 0; i < COUNTOF(broken_ops); i++)
        if (str_eqz(op->text, broken_ops[i].name)) {
            same = broken_ops[i].same;
            *bind = op->kind == SYN_OP && op->n >= broken_ops[i].least;
        }
    return same && in != NULL ? in : bind_nothing(b, op);
}

static struct plan *bind_whole(struct binder *b, struct binding *env, struct plan *in,
                               const struct syn *op);
struct plan *bind_operator(struct binder *b, struct binding *env, struct plan *in,
                           const struct syn *op)
{
    bool bind;
    if (op->kind != SYN_ERROR && !op->broken)
        return bind_whole(b, env, in, op);
    struct plan *after = broken(b, in, op, &bind);
    struct plan *p = bind ? bind_whole(b, env, in, op) : NULL;
    return p == NULL || op->lost ? after : p;
}

static struct plan *bind_whole(struct binder *b, struct binding *env, struct plan *in,
                               const struct syn *op)
{
    static const char *const sources[] = {"evaluate", "find", "print", "range", "search", "union"};
    bool source = false;
    for (size_t i = 0; i < COUNTOF(sources); i++)
        source = source || str_eqz(op->text, sources[i]);
    if (in == NULL && !source) {
        bind_error(b, "SEM0001", op, "'%s' needs a table before it", z(b, op->text));
        return bind_nothing(b, op);
    }
    if (in != NULL && bind_is_graph(in) && !str_starts(op->text, STR("graph-"))) {
        bind_error(b, "SEM0001", op, "'%s' reads a table; graph-to-table makes one of a graph",
                   z(b, op->text));
        return bind_nothing(b, op);
    }
    bind_check_params(b, op);
    for (size_t i = 0; i < COUNTOF(ops); i++)
        if (str_eqz(op->text, ops[i].name))
            return ops[i].fn(b, env, in, op);
    kql_diag_add(b->d, ERR_UNSUPPORTED, "SEM0500", op, NULL,
                 "the operator '%s' is not supported yet", z(b, op->text));
    return bind_nothing(b, op);
}

struct plan *bind_contextual(struct binder *b, struct binding *env, struct plan *in,
                             const struct syn *s)
{
    if (s->kind == SYN_NAMED || (s->kind == SYN_SUBQUERY && s->n == 1))
        return bind_contextual(b, env, in, s->kids[0]);
    if (s->kind == SYN_OP)
        return bind_operator(b, env, in, s);
    if (s->kind == SYN_PIPE)
        return bind_operators(b, env, bind_contextual(b, env, in, s->kids[0]), s, 1);
    return s->kind == SYN_CONTEXTUAL ? bind_operators(b, env, in, s, 0) : bind_table(b, env, s);
}

/* ---- where ---- */
/* Window functions in a predicate: a column is made for it, then looked at, then left out. */
static struct plan *where_windows(struct binder *b, struct plan *in, struct expr *e,
                                  const struct syn *at)
{
    size_t n = in->cols.n;
    struct named_expr *list = arena_array(b->a, struct named_expr, n + 1);
    for (size_t i = 0; i < n; i++)
        list[i] = (struct named_expr){in->cols.p[i], ex_column(b, &in->cols.p[i], NULL)};
    list[n] = (struct named_expr){plan_fresh(b, STR("$where"), KQL_BOOL), e};
    struct plan *p = plan_project(b, in, list, n + 1, at);
    p = plan_filter(b, p, ex_column(b, &list[n].col, NULL), at);
    return plan_project(b, p, list, n, at);
}

struct plan *op_where(struct binder *b, struct binding *env, struct plan *in, const struct syn *op)
{
    struct cx c = cx_of(b, env, in);
    bool windows = false;
    c.windows = &windows;
    if (op->n == 0)
        return in;
    struct expr *e = op->broken ? bind_expr(&c, op->kids[0]) : bind_bool(&c, op->kids[0]);
    return windows ? where_windows(b, in, e, op) : plan_filter(b, in, e, op);
}

/* ---- take, sample, count ---- */
struct expr *bind_row_count(struct binder *b, struct binding *env, const struct syn *s)
{
    struct cx c = cx_of(b, env, NULL);
    struct expr *e = bind_constant(&c, s, KQL_UNKNOWN);
    if (e->type == KQL_UNKNOWN)
        return ex_long(b, 0);
    if (e->type == KQL_DYNAMIC || e->type == KQL_LONG || e->type == KQL_INT)
        return ex_fold(b, ex_cast(b, e, KQL_LONG));
    bind_error(b, "SEM0001", s, "a whole number of rows is expected here, not %s",
               kql_type_name(e->type));
    return ex_long(b, 0);
}

static struct plan *take(struct binder *b, struct plan *in, struct expr *n, enum plan_kind k,
                         const struct syn *at)
{
    struct plan *p = plan_new(b, k, in, at);
    p->exprs = arena_array(b->a, struct expr *, 1);
    p->exprs[0] = n;
    p->n_exprs = 1;
    plan_copy_cols(b, p, in);
    p->ordered = in->ordered;
    return p;
}

struct plan *op_take(struct binder *b, struct binding *env, struct plan *in, const struct syn *op)
{
    return take(b, in, bind_row_count(b, env, op->kids[0]), P_TAKE, op);
}

struct plan *op_sample(struct binder *b, struct binding *env, struct plan *in, const struct syn *op)
{
    return take(b, in, bind_row_count(b, env, op->kids[0]), P_SAMPLE, op);
}

static struct plan *aggregate_count(struct binder *b, struct plan *in, struct str name,
                                    const struct syn *at)
{
    struct plan *p = plan_new(b, P_AGGREGATE, in, at);
    struct expr *e = ex_call(b, "count", KQL_LONG, NULL, 0);
    e->fn = kql_func_get(STR("count"), KF_AGGREGATE, KF_AGGREGATE);
    struct named_expr n = {plan_fresh(b, name, KQL_LONG), e};
    plan_add_named(b, p, n);
    plan_add_col(b, p, n.col);
    p->open = false;
    return p;
}

struct plan *op_count(struct binder *b, struct binding *env, struct plan *in, const struct syn *op)
{
    (void)env;
    struct str name = STR("Count");
    if (op->n > 0 && op->kids[0]->kind == SYN_CLAUSE && op->kids[0]->n > 0)
        name = op->kids[0]->kids[0]->text;
    return aggregate_count(b, in, name, op);
}

/* ---- sort, top ---- */
static void sort_keys(struct binder *b, struct binding *env, struct plan *in,
                      const struct syn *const *list, size_t n, struct plan *p)
{
    struct cx c = cx_of(b, env, in);
    p->sort = arena_array(b->a, struct sort_key, n + 1);
    for (size_t i = 0; i < n; i++) {
        const struct syn *s = list[i];
        const struct syn *x = s->kind == SYN_ORDERED ? s->kids[0] : s;
        const struct syn *nulls = s->kind == SYN_ORDERED ? syn_param(s, "nulls") : NULL;
        struct expr *e = bind_expr(&c, x);
        if (e->type == KQL_DYNAMIC) {
            kql_diag_add(b->d, ERR_SEMANTIC, "SEM0082", x, "cast it, for example with tostring()",
                         "rows can't be sorted by a dynamic value");
            continue;
        }
        bool desc = s->kind != SYN_ORDERED || !str_ieqz(s->text, "asc");
        bool first =
            nulls != NULL && nulls->n > 0 ? str_ieqz(nulls->kids[0]->text, "first") : !desc;
        if (e->type != KQL_UNKNOWN)
            p->sort[p->n_sort++] = (struct sort_key){e, desc, first};
    }
    struct plan_col seen;
    if (bind_first_seen(b, in, &seen))
        p->sort[p->n_sort++] = (struct sort_key){ex_column(b, &seen, NULL), false, true};
    plan_copy_cols(b, p, in);
    p->ordered = true;
}

struct plan *op_sort(struct binder *b, struct binding *env, struct plan *in, const struct syn *op)
{
    struct plan *p = plan_new(b, P_SORT, in, op);
    sort_keys(b, env, in, (const struct syn *const *)op->kids, op->n, p);
    return p;
}

struct plan *op_top(struct binder *b, struct binding *env, struct plan *in, const struct syn *op)
{
    struct plan *p = plan_new(b, P_SORT, in, op);
    sort_keys(b, env, in, (const struct syn *const *)op->kids + 1, op->n - 1, p);
    return take(b, p, bind_row_count(b, env, op->kids[0]), P_TAKE, op);
}

/* ---- distinct, sample-distinct ---- */
static struct plan *distinct_of(struct binder *b, struct plan *in, const struct named_expr *keys,
                                size_t n, const struct syn *at)
{
    struct plan *p = plan_new(b, P_AGGREGATE, in, at);
    p->keys = arena_array(b->a, struct named_expr, n + 1);
    for (size_t i = 0; i < n; i++) {
        p->keys[p->n_keys++] = keys[i];
        plan_add_col(b, p, keys[i].col);
    }
    return p;
}

struct plan *op_distinct(struct binder *b, struct binding *env, struct plan *in,
                         const struct syn *op)
{
    struct cx c = cx_of(b, env, in);
    struct names names = names_start(b);
    struct named_expr *keys =
        arena_array(b->a, struct named_expr, op->n + in->cols.n * (op->n + 1) + 1);
    size_t n = 0;
    for (size_t i = 0; i < op->n; i++) {
        const struct syn *s = op->kids[i];
        if (s->kind == SYN_STAR || s->kind == SYN_WILDNAME) {
            struct plan_cols cols = {0};
            (void)bind_match_columns(b, in, s, &cols);
            for (size_t k = 0; k < cols.n; k++)
                keys[n++] = (struct named_expr){
                    plan_fresh(b, names_unique(&names, cols.p[k].name), cols.p[k].type),
                    ex_column(b, &cols.p[k], s)};
            continue;
        }
        bool named = s->kind == SYN_NAMED;
        struct expr *e = bind_expr(&c, named ? s->kids[0] : s);
        struct str name = named ? s->text : bind_auto_name(&c, s);
        name = name.n > 0 ? names_unique(&names, name) : names_column(&names);
        keys[n++] = (struct named_expr){plan_fresh(b, name, e->type), e};
    }
    return distinct_of(b, in, keys, n, op);
}

struct plan *op_sample_distinct(struct binder *b, struct binding *env, struct plan *in,
                                const struct syn *op)
{
    struct cx c = cx_of(b, env, in);
    struct expr *e = bind_expr(&c, op->kids[1]);
    struct str name = bind_auto_name(&c, op->kids[1]);
    struct named_expr key = {plan_fresh(b, name.n > 0 ? name : STR("Column1"), e->type), e};
    struct plan *p = distinct_of(b, in, &key, 1, op);
    return take(b, p, bind_row_count(b, env, op->kids[0]), P_TAKE, op);
}

/* ---- as, consume, serialize, render, getschema ---- */
struct plan *op_as(struct binder *b, struct binding *env, struct plan *in, const struct syn *op)
{
    (void)b;
    (void)env;
    if (str_eqz(op->text, "as") && op->n > 0)
        in->as_name = op->kids[0]->text;
    return in;
}

struct plan *op_nothing(struct binder *b, struct binding *env, struct plan *in,
                        const struct syn *op)
{
    return op_as(b, env, in, op);
}

struct plan *op_consume(struct binder *b, struct binding *env, struct plan *in,
                        const struct syn *op)
{
    (void)env;
    struct plan *p = aggregate_count(b, in, STR("Count"), op);
    p = plan_filter(b, p, ex_bool(b, false), op);
    return plan_project(b, p, NULL, 0, op);
}

struct plan *op_render(struct binder *b, struct binding *env, struct plan *in, const struct syn *op)
{
    struct cx c = cx_of(b, env, NULL);
    b->render = (struct kql_render){0};
    if (op->n > 0)
        b->render.chart = op->kids[0]->text;
    b->render.props = arena_array(b->a, struct kql_param, op->n_params + 1);
    for (size_t i = 0; i < op->n_params; i++) {
        const struct syn *p = op->params[i];
        struct kql_param v = {.name = p->text};
        if (str_starts(v.name, STR("with.")))
            v.name = str_sub(v.name, 5, v.name.n);
        v.value = (struct kql_value){.type = KQL_STRING};
        for (size_t k = 0; k < p->n; k++) {
            struct str one = p->kids[k]->kind == SYN_LITERAL
                                 ? bind_constant(&c, p->kids[k], KQL_UNKNOWN)->value.s
                                 : p->kids[k]->text;
            if (one.n == 0)
                one = p->kids[k]->text;
            v.value.s =
                k == 0 ? one : arena_fmt(b->a, "%.*s,%.*s", STR_ARG(v.value.s), STR_ARG(one));
        }
        b->render.props[b->render.n_props++] = v;
    }
    return in;
}

static struct kql_value text_cell(struct str s)
{
    return (struct kql_value){.type = KQL_STRING, .s = s};
}

struct plan *op_getschema(struct binder *b, struct binding *env, struct plan *in,
                          const struct syn *op)
{
    (void)env;
    static const struct {
        const char *name;
        enum kql_type type;
    } cols[] = {{"ColumnName", KQL_STRING},
                {"ColumnOrdinal", KQL_INT},
                {"DataType", KQL_STRING},
                {"ColumnType", KQL_STRING}};
    struct plan *p = plan_values(b, op);
    for (size_t i = 0; i < COUNTOF(cols); i++)
        plan_add_col(b, p, plan_fresh(b, str_from(cols[i].name), cols[i].type));
    p->rows = arena_array(b->a, struct kql_value, in->cols.n * COUNTOF(cols) + 1);
    for (size_t i = 0; i < in->cols.n; i++) {
        const struct plan_col *c = &in->cols.p[i];
        if (c->hidden)
            continue;
        struct kql_value *row = p->rows + p->n_rows * COUNTOF(cols);
        row[0] = text_cell(c->name);
        row[1] = (struct kql_value){.type = KQL_INT, .i = (int64_t)p->n_rows};
        row[2] = text_cell(str_from(kql_type_dotnet(c->type)));
        row[3] = text_cell(str_from(kql_type_name(c->type)));
        p->n_rows++;
    }
    p->ordered = true;
    return p;
}
