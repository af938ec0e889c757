/* A query for many windows of time at once: the query of an analytics rule runs every few minutes
 * over the last hours, and here its plan is made into one that answers for all of its runs. Each
 * row of a table that the time range narrows comes once for each window that it is in, with the
 * window's end in the column KQL_WINDOW. That column is carried up to the result as one more key of
 * each aggregation and join, and stands for now().
 *
 * What does not work window by window in this way (the first rows of all, an aggregation without
 * keys, a program) can't be made so, and then a weaker question can still be asked: in which
 * windows is there a row without which the result is empty? The others need not be looked at. */
#include "kql/windows_priv.h"

enum { WINDOWS_MAX_DEPTH = 500 };

static struct plan *by_window(struct windowing *v, struct plan *p);
static struct plan *spread(struct windowing *v, struct plan *p);

const struct plan_col *window_col(const struct plan *p)
{
    for (size_t i = p->cols.n; i-- > 0;)
        if (p->cols.p[i].hidden && str_eqz(p->cols.p[i].name, KQL_WINDOW))
            return &p->cols.p[i];
    return NULL;
}

static struct plan_col the_window(const struct plan *p)
{
    const struct plan_col *c = window_col(p);
    CHECK(c != NULL);
    return *c;
}

/* ---- what is the same in all windows ---- */

static bool exprs_are_fixed(struct expr *const *e, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!expr_is_fixed(e[i]))
            return false;
    return true;
}

bool named_are_fixed(const struct named_expr *e, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!expr_is_fixed(e[i].e))
            return false;
    return true;
}

static bool series_is_fixed(const struct make_series *s)
{
    if (s == NULL)
        return true;
    for (size_t i = 0; i < s->n; i++)
        if (!expr_is_fixed(s->aggs[i].agg.e) || !expr_is_fixed(s->aggs[i].fill))
            return false;
    return expr_is_fixed(s->axis) && expr_is_fixed(s->from) && expr_is_fixed(s->to) &&
           expr_is_fixed(s->step) && named_are_fixed(s->by, s->n_by);
}

static bool parts_are_fixed(const struct plan *p)
{
    for (size_t i = 0; i < p->n_sort; i++)
        if (!expr_is_fixed(p->sort[i].e))
            return false;
    for (size_t i = 0; p->expand != NULL && i < p->expand->n; i++)
        if (!expr_is_fixed(p->expand->items[i].e))
            return false;
    for (size_t i = 0; p->program != NULL && i < p->program->n_args; i++)
        if (!expr_is_fixed(p->program->args[i].e))
            return false;
    return (p->parse == NULL || expr_is_fixed(p->parse->e)) &&
           (p->parse_kv == NULL || expr_is_fixed(p->parse_kv->e)) && series_is_fixed(p->series);
}

/* Neither a table that the time range narrows nor now() is in it. A detail that only its operator
 * understands may hide one. */
static bool is_fixed(const struct plan *p)
{
    bool hidden = p->program != NULL && (p->program->detail != NULL || p->program->graph != NULL);
    if ((p->kind == P_TABLE && window_col(p) != NULL) || p->open || hidden)
        return false;
    for (size_t i = 0; i < p->n_in; i++)
        if (!is_fixed(p->in[i]))
            return false;
    return exprs_are_fixed(p->exprs, p->n_exprs) && named_are_fixed(p->keys, p->n_keys) &&
           named_are_fixed(p->named, p->n_named) && parts_are_fixed(p);
}

bool is_now(const struct expr *e)
{
    return e->kind == EX_CALL && (e->fn->flags & KF_NOW) != 0;
}

bool expr_is_fixed(const struct expr *e)
{
    if (e == NULL)
        return true;
    if (is_now(e) || (e->kind == EX_CALL && (e->fn->flags & KF_VOLATILE) != 0) ||
        (e->plan != NULL && !is_fixed(e->plan)))
        return false;
    return exprs_are_fixed(e->args, e->n_args);
}

/* ---- expressions ---- */

/* e with the window's end for now(). NULL: what it asks is not the row's and its window's alone. */
static struct expr *expr_in(struct windowing *v, struct expr *e, const struct plan_col *window)
{
    if (e == NULL || expr_is_fixed(e))
        return e == NULL || !ex_has_window(e) ? e : NULL;
    if (is_now(e) && e->n_args == 0 && window != NULL)
        return ex_column(v->b, window, NULL);
    if (e->kind != EX_CALL || e->plan != NULL || is_now(e) ||
        (e->fn->flags & (KF_VOLATILE | KF_WINDOW)) != 0)
        return NULL;
    struct expr *n = arena_new_of(v->b->a, struct expr);
    *n = *e;
    n->args = arena_array(v->b->a, struct expr *, e->n_args + 1);
    for (size_t i = 0; i < e->n_args; i++)
        if ((n->args[i] = expr_in(v, e->args[i], window)) == NULL)
            return NULL;
    return n;
}

static bool exprs_in(struct windowing *v, struct plan *n, const struct plan_col *window)
{
    struct expr **list = arena_array(v->b->a, struct expr *, n->n_exprs + 1);
    for (size_t i = 0; i < n->n_exprs; i++)
        if ((list[i] = expr_in(v, n->exprs[i], window)) == NULL && n->exprs[i] != NULL)
            return false;
    n->exprs = list;
    return true;
}

/* With room for one more. */
static struct named_expr *named_in(struct windowing *v, const struct named_expr *from, size_t n,
                                   const struct plan_col *window)
{
    struct named_expr *list = arena_array(v->b->a, struct named_expr, n + 1);
    for (size_t i = 0; i < n; i++) {
        list[i] = from[i];
        if ((list[i].e = expr_in(v, from[i].e, window)) == NULL)
            return NULL;
    }
    return list;
}

/* ---- nodes ---- */

struct plan *copy_over(struct windowing *v, const struct plan *p, struct plan *in)
{
    struct plan *n = arena_new_of(v->b->a, struct plan);
    *n = *p;
    n->in = arena_array(v->b->a, struct plan *, p->n_in + 1);
    for (size_t i = 0; i < p->n_in; i++)
        n->in[i] = p->in[i];
    if (in != NULL)
        n->in[0] = in;
    return n;
}

void add_col(struct windowing *v, struct plan *n, struct plan_col c)
{
    struct plan_col *list = arena_array(v->b->a, struct plan_col, n->cols.n + 1);
    if (n->cols.n > 0)
        memcpy(list, n->cols.p, n->cols.n * sizeof(list[0]));
    c.hidden = true;
    list[n->cols.n] = c;
    n->cols = (struct plan_cols){list, n->cols.n + 1};
    n->cols_shared = false;
}

/* Has the window among n's columns, where it passes its input's on by their ids. */
static struct plan *passing(struct windowing *v, struct plan *n, const struct plan_col *window)
{
    if (window != NULL && window_col(n) == NULL)
        add_col(v, n, *window);
    return n;
}

/* ---- rows that are young in their windows ---- */

/* now() - c, or now(); false: something else. *out_age: c. */
bool is_age(const struct expr *e, int64_t *out_age)
{
    *out_age = 0;
    if (is_now(e) && e->n_args == 0)
        return true;
    bool minus = e->kind == EX_CALL && strcmp(e->fn->name, "-") == 0 && e->n_args == 2;
    if (!minus || !is_now(e->args[0]) || e->args[0]->n_args != 0 || e->args[1]->kind != EX_CONST ||
        e->args[1]->type != KQL_TIMESPAN || e->args[1]->value.is_null)
        return false;
    *out_age = e->args[1]->value.i;
    return *out_age >= 0;
}

/* The greatest age that a condition leaves to the column; INT64_MAX: any. */
int64_t age_left(const struct expr *e, uint32_t col)
{
    int64_t age = 0;
    if (e->kind != EX_CALL || e->n_args < 2)
        return INT64_MAX;
    const char *name = e->fn->name;
    if (strcmp(name, "and") == 0) {
        int64_t least = INT64_MAX;
        for (size_t i = 0; i < e->n_args; i++) {
            age = age_left(e->args[i], col);
            least = age < least ? age : least;
        }
        return least;
    }
    bool later = strcmp(name, ">=") == 0 || strcmp(name, ">") == 0 || strcmp(name, "between") == 0;
    bool earlier = strcmp(name, "<=") == 0 || strcmp(name, "<") == 0;
    const struct expr *x = e->args[earlier ? 1 : 0], *bound = e->args[earlier ? 0 : 1];
    bool fits = (later || earlier) && x->kind == EX_COLUMN && x->col == col;
    return fits && is_age(bound, &age) ? age : INT64_MAX;
}

/* What p calls the table's TimeGenerated, if between the two are only operators that look at a row
 * by itself; 0: it has no such column. */
uint32_t time_in(const struct plan *p)
{
    if (p->kind == P_TABLE && window_col(p) != NULL)
        for (size_t i = 0; i < p->cols.n; i++)
            if (str_eqz(p->source_names[i], "TimeGenerated"))
                return p->cols.p[i].id;
    if (p->kind == P_FILTER)
        return time_in(p->in[0]);
    uint32_t below = p->kind == P_PROJECT ? time_in(p->in[0]) : 0;
    for (size_t i = 0; below != 0 && i < p->n_named; i++)
        if (p->named[i].e->kind == EX_COLUMN && p->named[i].e->col == below)
            return p->named[i].col.id;
    return 0;
}

/* p, in which the table's source is told that rows past the age are not needed. */
static struct plan *younger(struct windowing *v, const struct plan *p, int64_t age)
{
    struct plan *n = copy_over(v, p, NULL);
    if (p->kind != P_TABLE) {
        n->in[0] = younger(v, p->in[0], age);
        return n;
    }
    n->source_names = arena_array(v->b->a, struct str, p->cols.n + 1);
    for (size_t i = 0; i < p->cols.n; i++) {
        int64_t before = INT64_MAX;
        n->source_names[i] = p->source_names[i];
        if (kql_window_column(p->source_names[i], &before) && age < before)
            n->source_names[i] = arena_fmt(v->b->a, KQL_WINDOW " %lld", (long long)age);
    }
    return n;
}

/* Each row comes for as many windows as it can pass the filter in. */
static struct plan *narrowed(struct windowing *v, const struct expr *e, struct plan *in)
{
    uint32_t time = time_in(in);
    int64_t age = time != 0 ? age_left(e, time) : INT64_MAX;
    return age != INT64_MAX ? younger(v, in, age) : in;
}

bool kql_window_column(struct str name, int64_t *out_age)
{
    size_t n = strlen(KQL_WINDOW);
    *out_age = INT64_MAX;
    if (!str_starts(name, STR(KQL_WINDOW)))
        return false;
    return name.n == n || (name.p[n] == ' ' && str_to_i64(str_sub(name, n + 1, name.n), out_age));
}

static struct plan *filter_by(struct windowing *v, struct plan *p, struct plan *in)
{
    struct plan *n = copy_over(v, p, narrowed(v, p->exprs[0], in));
    return exprs_in(v, n, window_col(in)) ? passing(v, n, window_col(in)) : NULL;
}

static struct plan *project_by(struct windowing *v, struct plan *p, struct plan *in)
{
    const struct plan_col *window = window_col(in);
    struct plan *n = copy_over(v, p, in);
    n->named = named_in(v, p->named, p->n_named, window);
    if (n->named == NULL)
        return NULL;
    if (window != NULL && window_col(n) == NULL) {
        n->named[n->n_named++] = (struct named_expr){*window, ex_column(v->b, window, NULL)};
        add_col(v, n, *window);
    }
    return n;
}

bool only_constant_keys(const struct plan *p)
{
    for (size_t i = 0; i < p->n_keys; i++)
        if (!ex_is_constant(p->keys[i].e))
            return false;
    return true;
}

/* Of no rows an aggregation without keys makes one row, and the windows without rows have none. */
struct plan *aggregate_by(struct windowing *v, struct plan *p, struct plan *in)
{
    const struct plan_col *window = window_col(in);
    struct plan *n = copy_over(v, p, in);
    if (window == NULL)
        return is_fixed(p) ? p : NULL;
    n->keys = named_in(v, p->keys, p->n_keys, window);
    n->named = named_in(v, p->named, p->n_named, window);
    if (only_constant_keys(p) || n->keys == NULL || n->named == NULL || window_col(p) != NULL)
        return NULL;
    struct plan_col key = plan_fresh(v->b, STR(KQL_WINDOW), KQL_DATETIME);
    n->keys[n->n_keys++] = (struct named_expr){key, ex_column(v->b, window, NULL)};
    add_col(v, n, key);
    return n;
}

static struct plan *sort_by(struct windowing *v, struct plan *p, struct plan *in)
{
    struct plan *n = copy_over(v, p, in);
    n->sort = arena_array(v->b->a, struct sort_key, p->n_sort + 1);
    for (size_t i = 0; i < p->n_sort; i++) {
        n->sort[i] = p->sort[i];
        if ((n->sort[i].e = expr_in(v, p->sort[i].e, window_col(in))) == NULL)
            return NULL;
    }
    return passing(v, n, window_col(in));
}

static struct plan *expand_by(struct windowing *v, struct plan *p, struct plan *in)
{
    struct plan *n = copy_over(v, p, in);
    struct expand *x = arena_new_of(v->b->a, struct expand);
    *x = *p->expand;
    x->items = arena_array(v->b->a, struct expand_item, x->n + 1);
    for (size_t i = 0; i < x->n; i++) {
        x->items[i] = p->expand->items[i];
        if ((x->items[i].e = expr_in(v, x->items[i].e, window_col(in))) == NULL)
            return NULL;
    }
    n->expand = x;
    return passing(v, n, window_col(in));
}

static struct plan *parse_by(struct windowing *v, struct plan *p, struct plan *in)
{
    struct plan *n = copy_over(v, p, in);
    bool kv = p->kind == P_PARSE_KV;
    struct expr *e = expr_in(v, kv ? p->parse_kv->e : p->parse->e, window_col(in));
    if (e == NULL)
        return NULL;
    if (kv) {
        n->parse_kv = arena_new_of(v->b->a, struct parse_kv);
        *n->parse_kv = *p->parse_kv;
        n->parse_kv->e = e;
    } else {
        n->parse = arena_new_of(v->b->a, struct parse);
        *n->parse = *p->parse;
        n->parse->e = e;
    }
    return passing(v, n, window_col(in));
}

/* ---- joins ---- */

/* Rows of which side are passed on at least once: its windows are the result's. */
static bool keeps_left(enum join_kind k)
{
    return k == JOIN_LEFTOUTER || k == JOIN_LEFTSEMI || k == JOIN_LEFTANTI;
}

static bool keeps_right(enum join_kind k)
{
    return k == JOIN_RIGHTOUTER || k == JOIN_RIGHTSEMI || k == JOIN_RIGHTANTI;
}

static bool is_inner(enum join_kind k)
{
    return k == JOIN_INNER || k == JOIN_INNERUNIQUE;
}

/* One more pair of keys. */
static void join_windows(struct windowing *v, struct plan *n, const struct plan_col *left,
                         const struct plan_col *right)
{
    struct expr **pairs = arena_array(v->b->a, struct expr *, n->n_exprs + 2);
    if (n->n_exprs > 0)
        memcpy(pairs, n->exprs, n->n_exprs * sizeof(pairs[0]));
    pairs[n->n_exprs++] = ex_column(v->b, left, NULL);
    pairs[n->n_exprs++] = ex_column(v->b, right, NULL);
    n->exprs = pairs;
}

static struct plan *join_by(struct windowing *v, struct plan *p)
{
    struct plan *left = by_window(v, p->in[0]), *right = by_window(v, p->in[1]);
    if (left == NULL || right == NULL || p->join == JOIN_FULLOUTER)
        return NULL;
    const struct plan_col *l = window_col(left), *r = window_col(right);
    struct plan *n = copy_over(v, p, left);
    n->in[1] = right;
    n->exprs = arena_array(v->b->a, struct expr *, p->n_exprs + 1);
    for (size_t i = 0; i < p->n_exprs; i++)
        if ((n->exprs[i] = expr_in(v, p->exprs[i], i % 2 == 0 ? l : r)) == NULL)
            return NULL;
    if (l != NULL && r != NULL && p->join == JOIN_CROSS)
        return NULL;
    if (l != NULL && r != NULL)
        join_windows(v, n, l, r);
    const struct plan_col *window = keeps_right(p->join) ? r : l;
    if (is_inner(p->join) || p->join == JOIN_CROSS)
        window = l != NULL ? l : r;
    if (window == NULL) /* the side that is kept is fixed: then all must be */
        return l == NULL && r == NULL ? p : NULL;
    return passing(v, n, window);
}

/* ---- unions ---- */

void link_to(struct windowing *v, struct union_links *links, uint32_t at, uint32_t id)
{
    struct union_link *list = arena_array(v->b->a, struct union_link, links->n + 1);
    size_t n = 0;
    for (size_t i = 0; i < links->n && links->p[i].at < at; i++)
        list[n++] = links->p[i];
    list[n] = (struct union_link){at, id};
    for (size_t i = n++; i < links->n; i++)
        if (links->p[i].at != at)
            list[n++] = links->p[i];
    *links = (struct union_links){list, n};
}

static struct plan *union_by(struct windowing *v, struct plan *p)
{
    struct plan *n = copy_over(v, p, NULL);
    size_t windowed = 0, spanned = 0;
    for (size_t i = 0; i < p->n_in; i++) {
        if ((n->in[i] = spread(v, p->in[i])) == NULL)
            return NULL;
        spanned += is_spanned(n->in[i]);
    }
    if (spanned == p->n_in && window_col(p) == NULL)
        return span_of_union(v, p, n);
    for (size_t i = 0; i < p->n_in; i++) {
        if (is_spanned(n->in[i]))
            n->in[i] = lay_out(v, n->in[i]);
        windowed += window_col(n->in[i]) != NULL;
    }
    if (windowed == 0)
        return p;
    if (windowed < p->n_in)
        return NULL;
    if (window_col(n) == NULL)
        add_col(v, n, plan_fresh(v->b, STR(KQL_WINDOW), KQL_DATETIME));
    uint32_t at = 0;
    while (n->cols.p[at].id != the_window(n).id)
        at++;
    n->links = arena_array(v->b->a, struct union_links, p->n_in + 1);
    for (size_t i = 0; i < p->n_in; i++) {
        n->links[i] = p->links[i];
        link_to(v, &n->links[i], at, the_window(n->in[i]).id);
    }
    return n;
}

/* ---- shared plans ---- */

static struct plan *shared_by(struct windowing *v, struct plan *p)
{
    const struct plan **key = arena_new_of(v->b->a, const struct plan *);
    *key = p->in[0];
    struct str address = {(const char *)key, sizeof(*key)};
    struct plan *in = map_get(v->shared, address);
    if (in == NULL) {
        in = by_window(v, p->in[0]);
        if (in == NULL)
            return NULL;
        map_put(v->shared, address, in);
    }
    if (in == p->in[0])
        return p;
    struct plan *n = copy_over(v, p, in);
    if (window_col(n) == NULL)
        add_col(v, n, plan_fresh(v->b, STR(KQL_WINDOW), KQL_DATETIME));
    return n->cols.n == in->cols.n ? n : NULL; /* they are passed on by position */
}

/* ---- all kinds ---- */

/* The rows of an aggregation, with their spans where that saves work. */
static struct plan *input_of(struct windowing *v, struct plan *p)
{
    bool before = v->spans;
    v->spans = wants_spans(v, p);
    struct plan *in = spread(v, p->in[0]);
    v->spans = before;
    return in;
}

static struct plan *one_input(struct windowing *v, struct plan *p)
{
    struct plan *in = p->kind == P_AGGREGATE ? input_of(v, p) : spread(v, p->in[0]);
    if (in == NULL)
        return NULL;
    if (is_spanned(in)) {
        struct plan *n = span_by(v, p, in);
        if (n != NULL)
            return n;
        in = lay_out(v, in);
    }
    if (window_col(in) == NULL)
        return is_fixed(p) ? p : NULL;
    switch ((int)p->kind) {
    case P_FILTER:
        return filter_by(v, p, in);
    case P_PROJECT:
        return project_by(v, p, in);
    case P_AGGREGATE:
        return aggregate_by(v, p, in);
    case P_SORT:
        return sort_by(v, p, in);
    case P_EXPAND:
        return expand_by(v, p, in);
    case P_PARSE:
    case P_PARSE_KV:
        return parse_by(v, p, in);
    default:
        return NULL;
    }
}

static struct plan *node_by(struct windowing *v, struct plan *p)
{
    switch (p->kind) {
    case P_TABLE:
        return v->spans && window_col(p) != NULL ? span_of_table(v, p) : p;
    case P_FILTER:
    case P_PROJECT:
    case P_AGGREGATE:
    case P_SORT:
    case P_EXPAND:
    case P_PARSE:
    case P_PARSE_KV:
        return one_input(v, p);
    case P_JOIN:
        return join_by(v, p);
    case P_UNION:
        return union_by(v, p);
    case P_SHARED:
        return shared_by(v, p);
    case P_VALUES:
    case P_ONE_ROW:
    case P_RANGE:
    case P_TAKE:
    case P_SAMPLE:
    case P_SERIALIZE:
    case P_APPLY:
    case P_APPLY_INPUT:
    case P_MAKE_SERIES:
    case P_PARTITION:
    case P_PROGRAM:
    case P_EXTERNAL:
        return is_fixed(p) ? p : NULL;
    case P_WINDOWS: /* is made here only */
        return NULL;
    }
    UNREACHABLE();
}

/* As by_window, but what it gives may have spans instead of the column KQL_WINDOW. */
static struct plan *spread(struct windowing *v, struct plan *p)
{
    if (v->depth >= WINDOWS_MAX_DEPTH || p->open)
        return NULL;
    v->depth++;
    struct plan *n = node_by(v, p);
    v->depth--;
    return n;
}

/* The plan with the column KQL_WINDOW; p itself: it is the same in all windows. NULL: it can't be
 * made so. */
static struct plan *by_window(struct windowing *v, struct plan *p)
{
    bool before = v->spans;
    v->spans = false;
    struct plan *n = spread(v, p);
    v->spans = before;
    return n != NULL && is_spanned(n) ? lay_out(v, n) : n;
}

/* ---- the weaker question ---- */

static struct plan *needed(struct windowing *v, struct plan *p);

static struct expr *conjuncts_in(struct windowing *v, struct expr *e, const struct plan_col *window)
{
    if (e->kind == EX_CALL && strcmp(e->fn->name, "and") == 0 && e->n_args == 2) {
        struct expr *x = conjuncts_in(v, e->args[0], window);
        struct expr *y = conjuncts_in(v, e->args[1], window);
        return x != NULL && y != NULL ? ex_and(v->b, x, y) : x != NULL ? x : y;
    }
    return expr_in(v, e, window);
}

/* The conditions of a filter that can be asked; the rest is left out. */
static struct plan *needed_filter(struct windowing *v, struct plan *p)
{
    struct plan *in = by_window(v, p->in[0]);
    if (in == NULL || window_col(in) == NULL)
        return needed(v, p->in[0]);
    in = narrowed(v, p->exprs[0], in);
    struct expr *e = conjuncts_in(v, p->exprs[0], window_col(in));
    return e != NULL ? plan_filter(v->b, in, e, NULL) : in;
}

static struct plan *only_window(struct windowing *v, struct plan *p)
{
    struct plan_col window = the_window(p);
    struct named_expr n = {window, ex_column(v->b, &window, NULL)};
    return plan_project(v->b, p, &n, 1, NULL);
}

static struct plan *needed_of_all(struct windowing *v, struct plan *p)
{
    struct plan *u = plan_new(v->b, P_UNION, NULL, NULL);
    u->in = arena_array(v->b->a, struct plan *, p->n_in + 1);
    u->links = arena_array(v->b->a, struct union_links, p->n_in + 1);
    for (size_t i = 0; i < p->n_in; i++) {
        struct plan *in = needed(v, p->in[i]);
        if (in == NULL)
            return NULL;
        u->in[u->n_in] = only_window(v, in);
        link_to(v, &u->links[u->n_in], 0, the_window(in).id);
        u->n_in++;
    }
    add_col(v, u, plan_fresh(v->b, STR(KQL_WINDOW), KQL_DATETIME));
    return u;
}

static struct plan *needed_join(struct windowing *v, struct plan *p)
{
    if (p->join == JOIN_FULLOUTER)
        return needed_of_all(v, p);
    if (keeps_left(p->join))
        return needed(v, p->in[0]);
    if (keeps_right(p->join))
        return needed(v, p->in[1]);
    struct plan *left = needed(v, p->in[0]);
    return left != NULL ? left : needed(v, p->in[1]);
}

static bool is_row_by_row(const struct plan *p)
{
    return p->kind == P_PROGRAM && str_eqz(p->program->name, "bag_unpack");
}

/* Windows outside of which p has no rows. NULL: it may have some in any. */
static struct plan *needed(struct windowing *v, struct plan *p)
{
    struct plan *n = by_window(v, p);
    if (n != NULL && window_col(n) != NULL)
        return n;
    switch ((int)p->kind) {
    case P_FILTER:
        return needed_filter(v, p);
    case P_PROJECT:
    case P_SERIALIZE:
    case P_SORT:
    case P_TAKE:
    case P_SAMPLE:
    case P_EXPAND:
    case P_PARSE:
    case P_PARSE_KV:
    case P_PARTITION:
    case P_SHARED:
    case P_APPLY:
        return needed(v, p->in[0]);
    case P_AGGREGATE:
        return only_constant_keys(p) ? NULL : needed(v, p->in[0]);
    case P_MAKE_SERIES:
        return p->series->n_by > 0 ? needed(v, p->in[0]) : NULL;
    case P_PROGRAM:
        return is_row_by_row(p) ? needed(v, p->in[0]) : NULL;
    case P_JOIN:
        return needed_join(v, p);
    case P_UNION:
        return needed_of_all(v, p);
    default:
        return NULL;
    }
}

static struct plan *distinct_windows(struct windowing *v, struct plan *p)
{
    struct plan_col window = the_window(p);
    struct plan *n = plan_new(v->b, P_AGGREGATE, p, NULL);
    struct plan_col key = plan_fresh(v->b, STR(KQL_WINDOW), KQL_DATETIME);
    n->keys = arena_array(v->b->a, struct named_expr, 1);
    n->keys[n->n_keys++] = (struct named_expr){key, ex_column(v->b, &window, NULL)};
    n->cols = (struct plan_cols){arena_new_of(v->b->a, struct plan_col), 1};
    n->cols.p[0] = key;
    return n;
}

/* What the query itself says of its time is about one run. */
static bool has_own_time(const struct kql_request *r)
{
    return r->has_now || r->has_from || r->has_to;
}

struct plan *bind_windows(struct binder *b, struct plan *p)
{
    struct windowing v = {.b = b, .shared = map_new(b->a, false)};
    bool whole = b->o->windows == KQL_WINDOWS_ROWS;
    struct plan *n = NULL;
    if (!has_own_time(&b->o->request))
        n = whole ? by_window(&v, p) : needed(&v, p);
    const struct plan_col *window = n != NULL ? window_col(n) : NULL;
    if (window == NULL) {
        kql_diag_add(b->d, ERR_UNSUPPORTED, "SEM0500",
                     &(struct syn){.kind = SYN_OP, .off = p->off, .len = p->len}, NULL,
                     whole ? "the query can't be run for all windows at once"
                           : "the query may have rows in any window");
        return p;
    }
    if (!whole)
        return distinct_windows(&v, n);
    struct named_expr *list = arena_array(b->a, struct named_expr, p->cols.n + 1);
    for (size_t i = 0; i < p->cols.n; i++)
        list[i] = (struct named_expr){p->cols.p[i], ex_column(b, &p->cols.p[i], NULL)};
    list[p->cols.n] = (struct named_expr){*window, ex_column(b, window, NULL)};
    list[p->cols.n].col.hidden = false;
    return plan_project(b, n, list, p->cols.n + 1, NULL);
}
