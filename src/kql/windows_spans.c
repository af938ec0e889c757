/* Rows that come once, with the span of windows that they are in, instead of once for each window:
 * two columns hold the ends of the first and the last one. Filters and projections work on them
 * once, a condition on a row's age makes the span shorter, and an aggregation lays out groups and
 * not rows. A rule that looks back 14 days each hour has each row in 336 windows. */
#include "kql/windows_priv.h"

static const char *const ends[] = {KQL_WINDOW_FIRST, KQL_WINDOW_LAST};

static const struct plan_col *hidden_col(const struct plan *p, const char *name)
{
    for (size_t i = p->cols.n; i-- > 0;)
        if (p->cols.p[i].hidden && str_eqz(p->cols.p[i].name, name))
            return &p->cols.p[i];
    return NULL;
}

bool is_spanned(const struct plan *p)
{
    return hidden_col(p, KQL_WINDOW_FIRST) != NULL;
}

struct plan_col span_col(const struct plan *p, const char *name)
{
    const struct plan_col *c = hidden_col(p, name);
    CHECK(c != NULL);
    return *c;
}

static struct expr *end_of(struct windowing *v, const struct plan *p, const char *name)
{
    struct plan_col c = span_col(p, name);
    return ex_column(v->b, &c, NULL);
}

static struct plan_col fresh(struct windowing *v, const char *name)
{
    struct plan_col c = plan_fresh(v->b, str_from(name), KQL_DATETIME);
    c.hidden = true;
    return c;
}

/* n with columns as p has them, but for what is about windows, and in's span. */
static struct plan *passing_span(struct windowing *v, struct plan *n, const struct plan *p,
                                 const struct plan *in)
{
    n->cols = (struct plan_cols){arena_array(v->b->a, struct plan_col, p->cols.n + 1), 0};
    n->cols_shared = false;
    for (size_t i = 0; i < p->cols.n; i++)
        if (!p->cols.p[i].hidden || !str_eqz(p->cols.p[i].name, KQL_WINDOW))
            n->cols.p[n->cols.n++] = p->cols.p[i];
    add_col(v, n, span_col(in, KQL_WINDOW_FIRST));
    add_col(v, n, span_col(in, KQL_WINDOW_LAST));
    return n;
}

struct plan *lay_out(struct windowing *v, struct plan *p)
{
    struct kql_window_grid grid = v->b->o->grid;
    struct plan *n = plan_new(v->b, P_WINDOWS, p, NULL);
    n->exprs = arena_array(v->b->a, struct expr *, 4);
    n->exprs[n->n_exprs++] = end_of(v, p, KQL_WINDOW_FIRST);
    n->exprs[n->n_exprs++] = end_of(v, p, KQL_WINDOW_LAST);
    n->exprs[n->n_exprs++] = ex_long(v->b, grid.first);
    n->exprs[n->n_exprs++] = ex_long(v->b, grid.frequency);
    add_col(v, n, fresh(v, KQL_WINDOW));
    struct plan_cols *cols = &n->cols;
    struct plan_col *list = arena_array(v->b->a, struct plan_col, p->cols.n + 1);
    list[0] = cols->p[0];
    *cols = (struct plan_cols){list, 1};
    for (size_t i = 0; i < p->cols.n; i++)
        if (!p->cols.p[i].hidden || !str_starts(p->cols.p[i].name, STR(KQL_WINDOW " ")))
            list[cols->n++] = p->cols.p[i];
    n->off = p->off;
    n->len = p->len;
    return n;
}

struct plan *span_of_table(struct windowing *v, struct plan *p)
{
    struct plan *n = copy_over(v, p, NULL);
    n->cols = (struct plan_cols){arena_array(v->b->a, struct plan_col, p->cols.n + 1), 0};
    n->cols_shared = false;
    n->source_names = arena_array(v->b->a, struct str, p->cols.n + 2);
    for (size_t i = 0; i < p->cols.n; i++) {
        if (&p->cols.p[i] == window_col(p))
            continue;
        n->source_names[n->cols.n] = p->source_names[i];
        n->cols.p[n->cols.n++] = p->cols.p[i];
    }
    for (size_t i = 0; i < COUNTOF(ends); i++) {
        n->source_names[n->cols.n] = str_from(ends[i]);
        add_col(v, n, fresh(v, ends[i]));
    }
    return n;
}

struct plan *span_of_union(struct windowing *v, const struct plan *p, struct plan *n)
{
    n->links = arena_array(v->b->a, struct union_links, p->n_in + 1);
    for (size_t i = 0; i < p->n_in; i++)
        n->links[i] = p->links[i];
    for (size_t k = 0; k < COUNTOF(ends); k++) {
        add_col(v, n, fresh(v, ends[k]));
        for (size_t i = 0; i < p->n_in; i++)
            link_to(v, &n->links[i], (uint32_t)n->cols.n - 1, span_col(n->in[i], ends[k]).id);
    }
    return n;
}

/* ---- conditions on the age ---- */

/* What a filter comes to: conditions of the row alone, and ends of its span. */
struct aged {
    struct expr *rest, *first, *last; /* NULL: as it is */
};

static struct expr *timespan(struct windowing *v, int64_t ticks)
{
    return ex_const(v->b, (struct kql_value){.type = KQL_TIMESPAN, .i = ticks}, NULL);
}

/* x after the window's end less age (later), or before it; or_at: also at that moment. Where the
 * sum leaves datetime's range it is null: then x is later than any window allows. */
static void age_of(struct windowing *v, struct expr *x, int64_t age, bool later, bool or_at,
                   struct aged *out)
{
    int64_t add = or_at ? age : later ? age - 1 : age + 1;
    struct expr *end = ex_call2(v->b, "+", KQL_DATETIME, x, timespan(v, add));
    struct expr **to = later ? &out->last : &out->first;
    *to = *to == NULL ? end : ex_call2(v->b, later ? "min_of" : "max_of", KQL_DATETIME, *to, end);
    out->rest = ex_and(v->b, out->rest, ex_call1(v->b, "isnotnull", KQL_BOOL, later ? x : end));
}

static bool age_in(struct windowing *v, const char *name, struct expr *x, struct expr *bound,
                   struct aged *out)
{
    int64_t age = 0;
    bool later = name[0] == '>', or_at = name[1] == '=';
    if (expr_is_fixed(bound)) {
        out->rest = ex_and(v->b, out->rest, ex_call2(v->b, name, KQL_BOOL, x, bound));
        return true;
    }
    if (!is_age(bound, &age))
        return false;
    age_of(v, x, age, later, or_at, out);
    return true;
}

/* False: it asks something else of the window. */
static bool add_condition(struct windowing *v, struct expr *e, struct aged *out)
{
    static const struct {
        const char *name, *turned;
    } orders[] = {{">=", "<="}, {">", "<"}, {"<=", ">="}, {"<", ">"}};
    if (ex_has_window(e))
        return false;
    if (expr_is_fixed(e)) {
        out->rest = ex_and(v->b, out->rest, e);
        return true;
    }
    if (e->kind != EX_CALL || e->plan != NULL || e->n_args < 2)
        return false;
    const char *name = e->fn->name;
    if (strcmp(name, "and") == 0) {
        for (size_t i = 0; i < e->n_args; i++)
            if (!add_condition(v, e->args[i], out))
                return false;
        return true;
    }
    struct expr *x = e->args[0];
    bool fixed = x->type == KQL_DATETIME && expr_is_fixed(x);
    if (strcmp(name, "between") == 0)
        return fixed && e->n_args == 3 && age_in(v, ">=", x, e->args[1], out) &&
               age_in(v, "<=", x, e->args[2], out);
    for (size_t i = 0; i < COUNTOF(orders); i++) {
        if (strcmp(name, orders[i].name) != 0)
            continue;
        if (fixed)
            return age_in(v, name, x, e->args[1], out);
        x = e->args[1];
        return x->type == KQL_DATETIME && expr_is_fixed(x) &&
               age_in(v, orders[i].turned, x, e->args[0], out);
    }
    return false;
}

/* p's rows, whose spans end as told. */
static struct plan *shortened(struct windowing *v, struct plan *p, const struct aged *x)
{
    struct expr *first = end_of(v, p, KQL_WINDOW_FIRST), *last = end_of(v, p, KQL_WINDOW_LAST);
    struct named_expr *list = arena_array(v->b->a, struct named_expr, p->cols.n + 1);
    struct plan_col first_out = fresh(v, KQL_WINDOW_FIRST), last_out = fresh(v, KQL_WINDOW_LAST);
    size_t n = 0;
    for (size_t i = 0; i < p->cols.n; i++)
        if (p->cols.p[i].id != first->col && p->cols.p[i].id != last->col)
            list[n++] = (struct named_expr){p->cols.p[i], ex_column(v->b, &p->cols.p[i], NULL)};
    if (x->first != NULL)
        first = ex_call2(v->b, "max_of", KQL_DATETIME, first, x->first);
    if (x->last != NULL)
        last = ex_call2(v->b, "min_of", KQL_DATETIME, last, x->last);
    list[n++] = (struct named_expr){first_out, first};
    list[n++] = (struct named_expr){last_out, last};
    struct plan *named = plan_project(v->b, p, list, n, NULL);
    struct expr *some = ex_call2(v->b, "<=", KQL_BOOL, ex_column(v->b, &first_out, NULL),
                                 ex_column(v->b, &last_out, NULL));
    return plan_filter(v->b, named, some, NULL);
}

static struct plan *filter_span(struct windowing *v, const struct plan *p, struct plan *in)
{
    struct aged x = {0};
    if (!add_condition(v, p->exprs[0], &x))
        return NULL;
    struct plan *n = in;
    if (x.rest != NULL) {
        n = copy_over(v, p, in);
        n->exprs = arena_array(v->b->a, struct expr *, 1);
        n->exprs[0] = x.rest;
        n = passing_span(v, n, in, in);
    }
    return x.first != NULL || x.last != NULL ? shortened(v, n, &x) : n;
}

static struct plan *project_span(struct windowing *v, const struct plan *p, struct plan *in)
{
    if (!named_are_fixed(p->named, p->n_named))
        return NULL;
    struct plan *n = copy_over(v, p, in);
    n->named = arena_array(v->b->a, struct named_expr, p->n_named + 2);
    n->n_named = 0;
    for (size_t i = 0; i < p->n_named; i++)
        if (!p->named[i].col.hidden || !str_eqz(p->named[i].col.name, KQL_WINDOW))
            n->named[n->n_named++] = p->named[i];
    for (size_t i = 0; i < COUNTOF(ends); i++)
        n->named[n->n_named++] = (struct named_expr){span_col(in, ends[i]), end_of(v, in, ends[i])};
    return passing_span(v, n, p, in);
}

/* Operators that look at one row. */
static struct plan *row_span(struct windowing *v, const struct plan *p, struct plan *in)
{
    bool fixed = true;
    for (size_t i = 0; i < p->n_sort; i++)
        fixed = fixed && expr_is_fixed(p->sort[i].e);
    for (size_t i = 0; p->expand != NULL && i < p->expand->n; i++)
        fixed = fixed && expr_is_fixed(p->expand->items[i].e);
    fixed = fixed && (p->parse == NULL || expr_is_fixed(p->parse->e)) &&
            (p->parse_kv == NULL || expr_is_fixed(p->parse_kv->e));
    return fixed ? passing_span(v, copy_over(v, p, in), p, in) : NULL;
}

/* ---- aggregations ---- */

/* Groups by a time that is rounded can lie within one span each. */
static bool has_time_key(const struct plan *p)
{
    for (size_t i = 0; i < p->n_keys; i++)
        if (p->keys[i].e->kind == EX_CALL && p->keys[i].e->type == KQL_DATETIME)
            return true;
    return false;
}

/* Are p's rows, of a table that is only filtered and projected, in one window each? */
static bool are_young(const struct plan *p, int64_t frequency)
{
    for (; p->kind == P_FILTER || p->kind == P_PROJECT; p = p->in[0]) {
        uint32_t time = p->kind == P_FILTER ? time_in(p->in[0]) : 0;
        if (time != 0 && age_left(p->exprs[0], time) <= frequency)
            return true;
    }
    return false;
}

bool wants_spans(const struct windowing *v, const struct plan *p)
{
    int64_t frequency = v->b->o->grid.frequency;
    if (frequency == 0 || p->kind != P_AGGREGATE || only_constant_keys(p) ||
        !named_are_fixed(p->keys, p->n_keys) || !named_are_fixed(p->named, p->n_named) ||
        are_young(p->in[0], frequency))
        return false;
    return has_time_key(p) || is_partial(p);
}

static size_t place_of(const struct plan *p, uint32_t id)
{
    size_t i = 0;
    while (i < p->cols.n && p->cols.p[i].id != id)
        i++;
    return i;
}

/* Is each column of p one of its keys or of what it computes, once? */
static bool is_plain(const struct plan *p)
{
    bool each = p->cols.n == p->n_keys + p->n_named;
    for (size_t i = 0; each && i < p->n_keys; i++)
        each = place_of(p, p->keys[i].col.id) < p->cols.n;
    for (size_t i = 0; each && i < p->n_named; i++)
        each = place_of(p, p->named[i].col.id) < p->cols.n;
    return each;
}

/* p over in, with columns of its own in p's order; keys: instead of p's, NULL: these. There is room
 * for so many more. */
static struct plan *same_groups(struct windowing *v, const struct plan *p, struct plan *in,
                                struct expr *const *keys, size_t more)
{
    struct plan *n = copy_over(v, p, in);
    n->keys = arena_array(v->b->a, struct named_expr, p->n_keys + 2);
    n->named = arena_array(v->b->a, struct named_expr, p->n_named + more + 1);
    n->cols.p = arena_array(v->b->a, struct plan_col, p->cols.n + more + 1);
    n->cols_shared = false;
    for (size_t i = 0; i < p->cols.n; i++)
        n->cols.p[i] = plan_fresh(v->b, p->cols.p[i].name, p->cols.p[i].type);
    for (size_t i = 0; i < p->n_keys; i++) {
        struct plan_col c = n->cols.p[place_of(p, p->keys[i].col.id)];
        n->keys[i] = (struct named_expr){c, keys != NULL ? keys[i] : p->keys[i].e};
    }
    for (size_t i = 0; i < p->n_named; i++) {
        struct plan_col c = n->cols.p[place_of(p, p->named[i].col.id)];
        n->named[i] = (struct named_expr){c, p->named[i].e};
    }
    return n;
}

/* The least and the greatest end of the first and the last window of each group's rows. */
static void add_ends(struct windowing *v, struct plan *n, const struct plan *in)
{
    for (size_t i = 0; i < COUNTOF(ends); i++) {
        struct expr *end = end_of(v, in, ends[i]);
        struct plan_col least = plan_fresh(v->b, str_from(ends[i]), KQL_DATETIME);
        struct plan_col most = plan_fresh(v->b, str_from(ends[i]), KQL_DATETIME);
        n->named[n->n_named++] =
            (struct named_expr){least, ex_call1(v->b, "min", KQL_DATETIME, end)};
        n->named[n->n_named++] =
            (struct named_expr){most, ex_call1(v->b, "max", KQL_DATETIME, end)};
        n->cols.p[n->cols.n++] = least;
        n->cols.p[n->cols.n++] = most;
    }
}

/* Whether all rows of a group have the same span. p ends with the columns of add_ends. */
static struct expr *is_even(struct windowing *v, const struct plan *p)
{
    const struct plan_col *c = p->cols.p + p->cols.n - 4;
    struct expr *e[4];
    for (size_t i = 0; i < COUNTOF(e); i++)
        e[i] = ex_column(v->b, &c[i], NULL);
    return ex_and(v->b, ex_call2(v->b, "==", KQL_BOOL, e[0], e[1]),
                  ex_call2(v->b, "==", KQL_BOOL, e[2], e[3]));
}

/* in's rows of groups that are not even; *keys: what the groups' keys are called there. */
static struct plan *uneven_rows(struct windowing *v, const struct plan *p, struct plan *in,
                                struct plan *groups, struct expr **keys)
{
    struct named_expr *list = arena_array(v->b->a, struct named_expr, in->cols.n + p->n_keys + 1);
    size_t n = 0;
    for (size_t i = 0; i < in->cols.n; i++)
        list[n++] = (struct named_expr){in->cols.p[i], ex_column(v->b, &in->cols.p[i], NULL)};
    for (size_t i = 0; i < p->n_keys; i++) {
        struct plan_col c = plan_fresh(v->b, p->keys[i].col.name, p->keys[i].col.type);
        list[n++] = (struct named_expr){c, p->keys[i].e};
        keys[i] = ex_column(v->b, &c, NULL);
    }
    struct plan *rows = plan_project(v->b, in, list, n, NULL);
    struct expr *uneven = ex_call1(v->b, "not", KQL_BOOL, is_even(v, groups));
    struct plan *join = plan_two(v->b, P_JOIN, rows, plan_filter(v->b, groups, uneven, NULL), NULL);
    join->join = JOIN_LEFTSEMI;
    join->exprs = arena_array(v->b->a, struct expr *, 2 * p->n_keys + 1);
    for (size_t i = 0; i < p->n_keys; i++) {
        join->exprs[join->n_exprs++] = keys[i];
        join->exprs[join->n_exprs++] =
            ex_column(v->b, &groups->cols.p[place_of(p, p->keys[i].col.id)], NULL);
    }
    plan_copy_cols(v->b, join, rows);
    join->ordered = in->ordered;
    return join;
}

/* The groups that are even, and those of the others for each window. */
static struct plan *both_groups(struct windowing *v, const struct plan *p, struct plan *even,
                                struct plan *uneven)
{
    struct plan *u = plan_new(v->b, P_UNION, NULL, NULL);
    u->in = arena_array(v->b->a, struct plan *, 2);
    u->in[u->n_in++] = even;
    u->in[u->n_in++] = uneven;
    u->links = arena_array(v->b->a, struct union_links, 2);
    plan_copy_cols(v->b, u, p);
    u->cols_shared = false;
    for (size_t i = 0; i < p->cols.n; i++) {
        link_to(v, &u->links[0], (uint32_t)i, even->cols.p[i].id);
        link_to(v, &u->links[1], (uint32_t)i, uneven->cols.p[i].id);
    }
    const struct plan_col *bounds = even->cols.p + p->cols.n, *window = window_col(uneven);
    add_col(v, u, fresh(v, KQL_WINDOW_FIRST));
    add_col(v, u, fresh(v, KQL_WINDOW_LAST));
    for (size_t k = 0; k < 2; k++) {
        uint32_t at = (uint32_t)(p->cols.n + k);
        link_to(v, &u->links[0], at, bounds[2 * k].id);
        link_to(v, &u->links[1], at, window->id);
    }
    return u;
}

/* A group whose rows have all the same span is the same in all windows of that span. */
static struct plan *even_first(struct windowing *v, struct plan *p, struct plan *in)
{
    struct plan *groups = same_groups(v, p, in, NULL, 4);
    add_ends(v, groups, in);
    uint32_t id = ++v->b->next_shared;
    groups->shared_id = id;
    struct plan *once = plan_share(v->b, groups, id), *again = plan_share(v->b, groups, id);
    struct expr **keys = arena_array(v->b->a, struct expr *, p->n_keys + 1);
    struct plan *rows = uneven_rows(v, p, in, again, keys);
    struct plan *rest = same_groups(v, p, rows, keys, 0);
    rest = is_partial(p) ? partial_by(v, rest, rows) : aggregate_by(v, rest, lay_out(v, rows));
    return rest != NULL ? both_groups(v, p, plan_filter(v->b, once, is_even(v, once), NULL), rest)
                        : NULL;
}

static struct plan *aggregate_span(struct windowing *v, struct plan *p, struct plan *in)
{
    if (only_constant_keys(p) || !named_are_fixed(p->keys, p->n_keys) ||
        !named_are_fixed(p->named, p->n_named) || !is_plain(p))
        return NULL;
    if (has_time_key(p))
        return even_first(v, p, in);
    return is_partial(p) ? partial_by(v, p, in) : NULL;
}

struct plan *span_by(struct windowing *v, struct plan *p, struct plan *in)
{
    switch ((int)p->kind) {
    case P_FILTER:
        return filter_span(v, p, in);
    case P_PROJECT:
        return project_span(v, p, in);
    case P_SORT:
    case P_EXPAND:
    case P_PARSE:
    case P_PARSE_KV:
        return row_span(v, p, in);
    case P_AGGREGATE:
        return aggregate_span(v, p, in);
    default:
        return NULL;
    }
}
