/* kql_compile: the way from text to an optimised plan. */
#include "base/clock.h"
#include "kql/bind_priv.h"

static struct plan *scalar_result(struct binder *b, struct expr *e, const struct syn *at)
{
    struct plan *one = plan_new(b, P_ONE_ROW, NULL, at);
    struct named_expr n = {plan_fresh(b, STR("print_0"), e->type), e};
    return plan_project(b, one, &n, 1, at);
}

/* What a user sees: no hidden columns. */
static struct plan *visible(struct binder *b, struct plan *p)
{
    size_t n = 0;
    struct named_expr *list = arena_array(b->a, struct named_expr, p->cols.n + 1);
    for (size_t i = 0; i < p->cols.n; i++)
        if (!p->cols.p[i].hidden)
            list[n++] = (struct named_expr){p->cols.p[i], ex_column(b, &p->cols.p[i], NULL)};
    return n == p->cols.n ? p : plan_project(b, p, list, n, NULL);
}

static void add_result(struct binder *b, struct plan *p)
{
    struct kql_query *q = b->q;
    struct kql_result *r = arena_array(b->a, struct kql_result, q->n + 1);
    if (q->n > 0)
        memcpy(r, q->results, q->n * sizeof(r[0]));
    q->results = r;
    q->open_schema = q->open_schema || p->open;
    struct plan *shown = visible(b, p);
    if (b->o->windows != KQL_WINDOWS_NONE)
        shown = bind_windows(b, shown);
    struct plan *best = optimise(b, shown);
    r[q->n].plan = best != NULL ? best : shown;
    r[q->n].name = q->n == 0 ? STR("PrimaryResult") : arena_fmt(b->a, "Table_%zu", q->n);
    r[q->n].render = b->render;
    q->n++;
}

/* fork, facet and some plugins give several tables: an open list is kept in the plan as a
 * P_PROGRAM. */
static void add_results(struct binder *b, struct plan *p)
{
    if (b->d->n_errors > 0)
        return;
    if (bind_is_graph(p)) {
        kql_diag_add(b->d, ERR_SEMANTIC, "SEM0001",
                     &(struct syn){.kind = SYN_OP, .off = p->off, .len = p->len}, NULL,
                     "a graph is no result; put graph-match or graph-to-table behind it");
        return;
    }
    bool several = p->kind == P_PROGRAM &&
                   (str_eqz(p->program->name, "fork") || str_eqz(p->program->name, "tables"));
    for (size_t i = 0; several && i < p->n_in; i++)
        add_result(b, p->in[i]);
    if (!several)
        add_result(b, p);
}

static const struct syn *exported(const struct syn *statement)
{
    const struct syn *s = statement->n > 0 ? statement->kids[0] : NULL;
    const struct syn *last = s != NULL && s->kind == SYN_PIPE ? s->kids[s->n - 1] : NULL;
    bool graph = last != NULL && last->kind == SYN_OP && str_eqz(last->text, "graph-to-table");
    for (size_t i = 0; graph && i < last->n; i++)
        if (last->kids[i]->n > 0) /* nodes as N */
            return last;
    return NULL;
}

/* "… | graph-to-table nodes as N, edges as E;" gives no result but names for what follows: one let
 * statement each. Returns the number of lets written. */
static size_t export_tables(struct binder *b, const struct syn *statement, struct syn **out)
{
    const struct syn *pipe = statement->kids[0], *last = exported(statement);
    size_t n = 0;
    for (size_t i = 0; i < last->n; i++) {
        if (last->kids[i]->n == 0)
            continue;
        struct syn *op = arena_new_of(b->a, struct syn), *one = arena_new_of(b->a, struct syn);
        struct syn *let = arena_new_of(b->a, struct syn);
        *op = *last;
        op->kids = &last->kids[i];
        op->n = 1;
        *one = *pipe;
        one->kids = arena_array(b->a, struct syn *, pipe->n);
        memcpy(one->kids, pipe->kids, pipe->n * sizeof(one->kids[0]));
        one->kids[pipe->n - 1] = op;
        *let = *statement;
        let->kind = SYN_LET;
        let->text = last->kids[i]->kids[0]->text;
        let->kids = arena_array(b->a, struct syn *, 1);
        let->kids[0] = one;
        let->n = 1;
        out[n++] = let;
    }
    return n;
}

static bool is_last(const struct syn *query, size_t i)
{
    while (++i < query->n)
        if (query->kids[i]->kind == SYN_EXPR_STMT)
            return false;
    return true;
}

/* A query may hold several expressions: each gives a table. */
static void bind_query(struct binder *b, const struct syn *query)
{
    struct syn head = *query;
    struct syn **kids = arena_array(b->a, struct syn *, 2 * query->n + 1);
    size_t n = 0;
    bool any = false;
    for (size_t i = 0; i < query->n && !b->failed_limit; i++) {
        bool expr = query->kids[i]->kind == SYN_EXPR_STMT;
        if (expr && !is_last(query, i) && exported(query->kids[i]) != NULL &&
            exported(query->kids[i])->n <= 2) {
            n += export_tables(b, query->kids[i], kids + n);
            continue;
        }
        kids[n++] = query->kids[i];
        if (!expr)
            continue;
        struct plan *p = NULL;
        struct expr *e = NULL;
        any = true;
        head.kids = kids;
        head.n = n;
        if (bind_statements(b, NULL, &head, &p, &e))
            add_results(b, p != NULL ? p : scalar_result(b, e, query->kids[i]));
        n--; /* the next one does not see it */
    }
    if (!any) {
        head.kids = kids;
        head.n = n;
        struct plan *p = NULL;
        struct expr *e = NULL;
        (void)bind_statements(b, NULL, &head, &p, &e);
    }
}

/* ---- set statements ---- */
static struct kql_value option_value(struct binder *b, const struct syn *set)
{
    struct kql_value v = {.type = KQL_BOOL, .b = true};
    struct cx none = cx_of(b, NULL, NULL);
    if (set->n == 0)
        return v;
    if (set->kids[0]->kind == SYN_NAME)
        return (struct kql_value){.type = KQL_STRING, .s = set->kids[0]->text};
    struct expr *e = ex_fold(b, bind_expr(&none, set->kids[0]));
    v.is_null = e->kind != EX_CONST;
    return v.is_null ? v : e->value;
}

/* What the request asks for beside the query decides how it is bound. */
static void read_request(struct binder *b, struct kql_options *o)
{
    struct kql_request *r = &o->request;
    for (size_t i = 0; i < b->query->n; i++) {
        const struct syn *s = b->query->kids[i];
        struct kql_value v = {.is_null = true};
        if (s->kind == SYN_SET)
            v = option_value(b, s);
        kql_request_set(r, s->text, &v);
    }
    if (r->has_now)
        o->now_ticks = r->now;
    if (r->column.n == 0 || (!r->has_from && !r->has_to))
        return;
    int64_t from = r->has_from ? r->from : 0, to = r->has_to ? r->to : TICKS_MAX;
    bool both = o->has_scope;
    if (!both)
        o->scope_column = r->column;
    o->scope_from = both && o->scope_from > from ? o->scope_from : from;
    o->scope_to = both && o->scope_to < to ? o->scope_to : to;
    o->has_scope = true;
}

/* A column that is missing may be that of a list which is not there. */
static void tell_of_variant(struct binder *b, struct kql_diags *d)
{
    if (b->no_variant.n > 0 && d->v.n > 0 && d->v.p[0].hint.n == 0)
        d->v.p[0].hint =
            arena_fmt(b->a, "%.*s is not there, so it is empty and has no columns of its own",
                      STR_ARG(b->no_variant));
}

bool kql_compile(struct arena *a, struct str text, const struct kql_options *opts,
                 struct kql_query *out, struct kql_diags *diags)
{
    *out = (struct kql_query){0};
    diags->a = a;
    diags->text = text;
    const struct syn *query = kql_parse(a, text, diags);
    struct kql_options own = *opts;
    struct binder b = {.a = a, .o = &own, .d = diags, .q = out, .query = query};
    b.seen_tables = map_new(a, false);
    b.functions = map_new(a, false);
    b.unparsed = diags->n_errors > 0;
    b.told = diags;
    b.failed_limit = kql_diags_full(diags);
    read_request(&b, &own);
    out->request = own.request;
    bind_query(&b, query);
    bind_check_unused(&b);
    kql_diags_sort(diags);
    tell_of_variant(&b, diags);
    /* A union that leaves out what does not bind has swallowed it. */
    if (b.failed_limit && diags->n_errors == 0)
        kql_diag_add(diags, ERR_LIMIT, "LIM0002", query, NULL,
                     "the query is too large once its functions are put in");
    return diags->n_errors == 0 && out->n > 0;
}
