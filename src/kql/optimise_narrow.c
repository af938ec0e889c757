/* Columns keep their ids from the table up to the root, so that a column which a filter far below
 * reads counts as read everywhere above it for optimise.c, which looks at ids only. Here each node
 * is asked for the columns that the node above it reads and for no others.
 *
 * On the way up two projections become one where no expression has to be written twice or into
 * another one, and a projection that changes nothing goes. */
#include "kql/optimise_priv.h"

struct narrow {
    struct arena *a;
    struct plan_depth *depth;
    struct plan_memo shared;
    uint32_t *asked; /* by id: the last question that named it */
    uint32_t *place; /* by id: where the projection being merged makes it */
    size_t n_ids;
    uint32_t question;
    unsigned left;   /* nodes of sub-queries that may still be looked at for this question */
    bool everything; /* there were more: all columns count as asked for */
};
enum { MAX_SUBQUERY_NODES = 1000 };

static struct plan *narrow_plan(struct narrow *v, struct plan *p, const bool *keep);

/* ---- what is asked for ---- */
static void room_for(struct narrow *v, uint32_t id)
{
    size_t n = id < v->n_ids * 2 ? v->n_ids * 2 : (size_t)id + 64;
    if (id < v->n_ids)
        return;
    v->asked = arena_grow(v->a, v->asked, v->n_ids * sizeof(v->asked[0]), n * sizeof(v->asked[0]));
    v->place = arena_grow(v->a, v->place, v->n_ids * sizeof(v->place[0]), n * sizeof(v->place[0]));
    memset(v->asked + v->n_ids, 0, (n - v->n_ids) * sizeof(v->asked[0]));
    v->n_ids = n;
}

static void ask(struct narrow *v, uint32_t id)
{
    room_for(v, id);
    v->asked[id] = v->question;
}

static bool is_asked(const struct narrow *v, uint32_t id)
{
    return id < v->n_ids && v->asked[id] == v->question;
}

static void ask_all(struct narrow *v, const struct plan *p);

/* A sub-query may name columns of the row around it. */
static void ask_expr(struct narrow *v, const struct expr *e)
{
    if (e == NULL)
        return;
    if (e->kind == EX_COLUMN)
        ask(v, e->col);
    for (size_t i = 0; i < e->n_args; i++)
        ask_expr(v, e->args[i]);
    if (e->plan != NULL)
        ask_all(v, e->plan);
}

static void ask_named(struct narrow *v, const struct named_expr *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ask_expr(v, list[i].e);
}

static void ask_parts(struct narrow *v, const struct plan *p)
{
    for (size_t i = 0; i < p->n_exprs; i++)
        ask_expr(v, p->exprs[i]);
    for (size_t i = 0; i < p->n_sort; i++)
        ask_expr(v, p->sort[i].e);
    ask_named(v, p->keys, p->n_keys);
    ask_named(v, p->named, p->n_named);
    if (p->parse != NULL)
        ask_expr(v, p->parse->e);
    if (p->parse_kv != NULL)
        ask_expr(v, p->parse_kv->e);
    for (size_t i = 0; p->expand != NULL && i < p->expand->n; i++)
        ask_expr(v, p->expand->items[i].e);
    if (p->expand != NULL)
        ask_expr(v, p->expand->limit);
}

/* A shared plan is looked at wherever it is named, which doubles with each that names two. */
static void ask_all(struct narrow *v, const struct plan *p)
{
    v->everything = v->everything || v->left == 0;
    if (v->everything)
        return;
    v->left--;
    ask_parts(v, p);
    for (size_t i = 0; i < p->n_in; i++)
        ask_all(v, p->in[i]);
}

static void ask_cols(struct narrow *v, const struct plan_cols *cols)
{
    for (size_t i = 0; i < cols->n; i++)
        ask(v, cols->p[i].id);
}

static bool *answers(struct narrow *v, const struct plan_cols *cols)
{
    bool *keep = arena_array(v->a, bool, cols->n + 1);
    for (size_t i = 0; i < cols->n; i++)
        keep[i] = v->everything || is_asked(v, cols->p[i].id);
    return keep;
}

/* ---- fewer columns ---- */

/* Columns that p itself makes and its emitter counts on. */
static bool made_here(const struct plan *p, uint32_t id)
{
    const struct expand *x = p->expand;
    if (p->kind == P_WINDOWS && p->cols.p[0].id == id)
        return true;
    for (size_t i = 0; x != NULL && i < x->n; i++)
        if (x->items[i].out.id == id)
            return true;
    for (size_t i = 0; i < p->n_keys; i++)
        if (p->keys[i].col.id == id)
            return true;
    return x != NULL && x->index.id == id;
}

static void fewer_cols(struct narrow *v, struct plan *n, const bool *keep)
{
    const struct plan_cols all = n->cols;
    struct str *names = n->source_names;
    n->cols = (struct plan_cols){arena_array(v->a, struct plan_col, all.n + 1), 0};
    if (names != NULL)
        n->source_names = arena_array(v->a, struct str, all.n + 1);
    for (size_t i = 0; i < all.n; i++) {
        if (!keep[i] && !made_here(n, all.p[i].id))
            continue;
        if (names != NULL)
            n->source_names[n->cols.n] = names[i];
        n->cols.p[n->cols.n++] = all.p[i];
    }
}

/* The list without what is not asked for; asks for nothing itself. */
static void fewer_named(struct narrow *v, struct plan *n)
{
    const struct named_expr *all = n->named;
    size_t n_all = n->n_named;
    v->question++;
    ask_cols(v, &n->cols);
    n->named = arena_array(v->a, struct named_expr, n_all + 1);
    n->n_named = 0;
    for (size_t i = 0; i < n_all; i++)
        if (is_asked(v, all[i].col.id))
            n->named[n->n_named++] = all[i];
}

static void fewer_values(struct narrow *v, struct plan *n, const bool *keep)
{
    size_t width = n->cols.n, kept = 0;
    struct kql_value *rows = n->rows;
    fewer_cols(v, n, keep);
    n->rows = arena_array(v->a, struct kql_value, n->n_rows * n->cols.n + 1);
    for (size_t r = 0; r < n->n_rows; r++)
        for (size_t i = 0; i < width; i++)
            if (keep[i])
                n->rows[kept++] = rows[r * width + i];
}

static void fewer_links(struct narrow *v, struct plan *n, bool *keep)
{
    uint32_t *places = arena_array(v->a, uint32_t, n->cols.n + 1); /* 1 + the new place */
    uint32_t kept = 0;
    if (n->source_labels != NULL)
        keep[0] = true;
    for (size_t i = 0; i < n->cols.n; i++)
        if (keep[i])
            places[i] = ++kept;
    fewer_cols(v, n, keep);
    struct union_links *all = n->links;
    n->links = arena_array(v->a, struct union_links, n->n_in + 1);
    for (size_t i = 0; i < n->n_in; i++) {
        n->links[i].p = arena_array(v->a, struct union_link, all[i].n + 1);
        for (size_t k = 0; k < all[i].n; k++)
            if (places[all[i].p[k].at] != 0)
                n->links[i].p[n->links[i].n++] =
                    (struct union_link){places[all[i].p[k].at] - 1, all[i].p[k].id};
    }
}

/* ---- one of two projections ---- */
static const struct named_expr *made_by(const struct narrow *v, const struct plan *p, uint32_t id)
{
    uint32_t at = is_asked(v, id) ? v->place[id] : 0;
    return at > 0 && at <= p->n_named ? &p->named[at - 1] : NULL;
}

/* Can e, which stands in an expression over p's columns, be written over p's input? */
static bool can_sink(const struct narrow *v, const struct plan *p, const struct expr *e)
{
    if (e->plan != NULL)
        return false;
    if (e->kind == EX_COLUMN) {
        const struct named_expr *from = made_by(v, p, e->col);
        return from == NULL || (from->e->kind == EX_COLUMN && from->e->type == e->type);
    }
    for (size_t i = 0; i < e->n_args; i++)
        if (!can_sink(v, p, e->args[i]))
            return false;
    return true;
}

static struct expr *sink(const struct narrow *v, const struct plan *p, struct expr *e)
{
    if (e->kind == EX_COLUMN) {
        const struct named_expr *from = made_by(v, p, e->col);
        return from == NULL || (from->e->kind == EX_COLUMN && from->e->col == e->col) ? e : from->e;
    }
    struct expr *n = NULL;
    for (size_t i = 0; i < e->n_args; i++) {
        struct expr *x = sink(v, p, e->args[i]);
        if (x == e->args[i])
            continue;
        if (n == NULL) {
            n = arena_new_of(v->a, struct expr);
            *n = *e;
            n->args = arena_array(v->a, struct expr *, e->n_args);
            memcpy(n->args, e->args, e->n_args * sizeof(n->args[0]));
        }
        n->args[i] = x;
    }
    return n != NULL ? n : e;
}

/* Is each expression of p that computes something named once, by an item that is only its name? */
static bool can_merge(struct narrow *v, const struct plan *outer, const struct plan *p)
{
    bool *used = arena_array(v->a, bool, p->n_named + 1);
    v->question++;
    for (size_t i = 0; i < p->n_named; i++) {
        if (p->named[i].e->type != p->named[i].col.type)
            return false;
        ask(v, p->named[i].col.id);
        v->place[p->named[i].col.id] = (uint32_t)i + 1;
    }
    for (size_t i = 0; i < outer->n_named; i++) {
        const struct expr *e = outer->named[i].e;
        const struct named_expr *from = e->kind == EX_COLUMN ? made_by(v, p, e->col) : NULL;
        if (from == NULL || from->e->kind == EX_COLUMN) {
            if (!can_sink(v, p, e))
                return false;
            continue;
        }
        bool *once = &used[from - p->named];
        if (*once || from->e->type != e->type)
            return false;
        *once = true;
    }
    return true;
}

static void merge(struct narrow *v, struct plan *n)
{
    const struct plan *p = n->in[0];
    if (p->kind != P_PROJECT || p->n_named == 0 || n->n_named == 0 || !can_merge(v, n, p))
        return;
    struct named_expr *named = arena_array(v->a, struct named_expr, n->n_named + 1);
    for (size_t i = 0; i < n->n_named; i++)
        named[i] = (struct named_expr){n->named[i].col, sink(v, p, n->named[i].e)};
    n->named = named;
    n->in = arena_array(v->a, struct plan *, 1);
    n->in[0] = p->in[0];
}

/* Gives its input's columns, all of them, in their order and by their names? */
static bool changes_nothing(const struct plan *p)
{
    const struct plan_cols *in = &p->in[0]->cols;
    if (p->kind != P_PROJECT || p->n_named != in->n || p->cols.n != in->n || in->n == 0)
        return false;
    for (size_t i = 0; i < in->n; i++) {
        const struct expr *e = p->named[i].e;
        const struct plan_col *c = &p->cols.p[i];
        if (e->kind != EX_COLUMN || e->col != in->p[i].id || c->id != in->p[i].id ||
            p->named[i].col.id != c->id || c->type != in->p[i].type ||
            c->hidden != in->p[i].hidden || !str_eq(c->name, in->p[i].name))
            return false;
    }
    return true;
}

/* ---- nodes ---- */

/* All columns of all inputs: they are named by position, or by a program. */
static void whole_inputs(struct narrow *v, struct plan *n)
{
    for (size_t i = 0; i < n->n_in; i++) {
        struct plan *known = n->kind == P_SHARED ? plan_memo_get(&v->shared, n->in[i]) : NULL;
        struct plan *from = n->in[i];
        if (known == NULL) {
            known = narrow_plan(v, from, NULL);
            if (n->kind == P_SHARED)
                plan_memo_put(&v->shared, from, known);
        }
        n->in[i] = known;
    }
}

static void asked_inputs(struct narrow *v, struct plan *n)
{
    bool **keep = arena_array(v->a, bool *, n->n_in + 1);
    v->question++;
    v->left = MAX_SUBQUERY_NODES;
    if (n->kind != P_PROJECT && n->kind != P_SERIALIZE && n->kind != P_AGGREGATE)
        ask_cols(v, &n->cols);
    ask_parts(v, n);
    for (size_t i = 0; i < n->n_in; i++)
        keep[i] = answers(v, &n->in[i]->cols);
    v->everything = false;
    for (size_t i = 0; i < n->n_in; i++)
        n->in[i] = narrow_plan(v, n->in[i], keep[i]);
}

static void union_inputs(struct narrow *v, struct plan *n)
{
    for (size_t i = 0; i < n->n_in; i++) {
        v->question++;
        for (size_t k = 0; k < n->links[i].n; k++)
            ask(v, n->links[i].p[k].id);
        n->in[i] = narrow_plan(v, n->in[i], answers(v, &n->in[i]->cols));
    }
}

/* p with the columns to keep, and its inputs with those that it reads. */
static struct plan *narrow_node(struct narrow *v, struct plan *p, const bool *keep)
{
    struct plan *n = arena_new_of(v->a, struct plan);
    *n = *p;
    n->in = arena_array(v->a, struct plan *, p->n_in + 1);
    if (p->n_in > 0)
        memcpy(n->in, p->in, p->n_in * sizeof(n->in[0]));
    if (keep == NULL) {
        bool *all = arena_array(v->a, bool, p->cols.n + 1);
        memset(all, true, p->cols.n);
        keep = all;
    }
    switch (p->kind) {
    case P_TABLE:
        fewer_cols(v, n, keep);
        return n;
    case P_VALUES:
        fewer_values(v, n, keep);
        return n;
    case P_PROJECT:
    case P_SERIALIZE:
    case P_AGGREGATE:
        fewer_cols(v, n, keep);
        fewer_named(v, n);
        asked_inputs(v, n);
        if (n->kind == P_PROJECT)
            merge(v, n);
        return changes_nothing(n) ? n->in[0] : n;
    case P_FILTER:
    case P_SORT:
    case P_TAKE:
    case P_SAMPLE:
    case P_JOIN:
    case P_EXPAND:
    case P_PARSE:
    case P_PARSE_KV:
    case P_WINDOWS:
        fewer_cols(v, n, keep);
        asked_inputs(v, n);
        return n;
    case P_UNION: {
        bool *own = arena_array(v->a, bool, p->cols.n + 1);
        if (p->cols.n > 0)
            memcpy(own, keep, p->cols.n * sizeof(own[0]));
        fewer_links(v, n, own);
        union_inputs(v, n);
        return n;
    }
    case P_ONE_ROW:
    case P_RANGE:
    case P_APPLY:
    case P_APPLY_INPUT:
    case P_MAKE_SERIES:
    case P_PARTITION:
    case P_PROGRAM:
    case P_SHARED:
    case P_EXTERNAL:
        whole_inputs(v, n);
        return n;
    }
    UNREACHABLE();
}

/* keep: which of p's columns are read; NULL: all. */
static struct plan *narrow_plan(struct narrow *v, struct plan *p, const bool *keep)
{
    if (!optimise_enter(v->depth))
        return p;
    struct plan *n = narrow_node(v, p, keep);
    optimise_leave(v->depth);
    return n;
}

struct plan *optimise_narrow(struct arena *a, struct plan_depth *depth, struct plan *p)
{
    struct narrow v = {.a = a, .depth = depth, .shared = plan_memo_make(a)};
    return narrow_plan(&v, p, NULL);
}
