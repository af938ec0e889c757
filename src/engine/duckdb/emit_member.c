/* Members of dynamic columns that a source keeps as columns of their own for some rows (parts of
 * the lake do). An access to one, d.a["b"], becomes a column of the table that is read, so that the
 * database need not read the whole value. The column is carried up through filters and projections
 * to where it is read; above other operators there are fewer rows, and accesses stay as they are.
 */
#include "engine/duckdb/emit_priv.h"

enum { MEMBERS_DEPTH = EMIT_MAX_DEPTH, MOST_STEPS = 32, MOST_MEMBERS = 256 };

/* A member that nodes above read, of a column that a node gives. */
struct want {
    uint32_t col, id;
    struct str path;
    struct want *next;
};
struct members {
    struct emit *m;
    struct map *plans; /* by address: what became of shared plans */
    unsigned depth;
    /* Of the node at hand. */
    struct map *exprs; /* by address: what became of expressions, which may be shared */
    const struct plan *in;
    struct want *wants; /* of in */
};

static struct str address(const void *const *p)
{
    return (struct str){(const char *)p, sizeof(*p)};
}

static void remember(struct members *v, struct map *map, const void *from, const void *to)
{
    const void **key = arena_new_of(v->m->a, const void *);
    *key = from;
    map_put(map, address((const void *const *)key), (void *)(uintptr_t)to);
}

/* ---- where a column comes from ---- */

static bool of_table(struct members *v, const struct plan *p, uint32_t col, struct str path,
                     struct emit_member *out)
{
    const struct engine_source *src = v->m->src;
    for (size_t i = 0; i < p->cols.n; i++) {
        if (p->cols.p[i].id != col)
            continue;
        *out = (struct emit_member){p->source_names ? p->source_names[i] : p->cols.p[i].name, path};
        return p->cols.p[i].type == KQL_DYNAMIC && p->copy.n == 0 &&
               src->has_path(src->self, p->workspace, p->table, out->column, path);
    }
    return false;
}

static bool find(struct members *v, const struct plan *p, uint32_t col, struct str path,
                 struct emit_member *out)
{
    while (p->kind == P_FILTER || p->kind == P_PROJECT) {
        const struct expr *e = NULL;
        for (size_t i = 0; p->kind == P_PROJECT && i < p->n_named && e == NULL; i++)
            if (p->named[i].col.id == col)
                e = p->named[i].e;
        if (p->kind == P_PROJECT && (e == NULL || e->kind != EX_COLUMN || e->type != KQL_DYNAMIC))
            return false;
        col = e != NULL ? e->col : col;
        p = p->in[0];
    }
    return p->kind == P_TABLE && of_table(v, p, col, path, out);
}

/* ---- expressions ---- */

static struct want *want_of(struct members *v, struct want **list, uint32_t col, struct str path)
{
    for (struct want *w = *list; w != NULL; w = w->next)
        if (w->col == col && str_eq(w->path, path))
            return w;
    struct want *w = arena_new_of(v->m->a, struct want);
    *w = (struct want){.col = col, .path = path, .next = *list};
    *list = w;
    return w;
}

static bool by_keys(const struct expr *const *steps, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (steps[i]->args[1]->type != KQL_STRING)
            return false;
    return n > 0;
}

/* NULL: it is no access to a member that is kept. */
static struct expr *member_of(struct members *v, const struct expr *e)
{
    const struct expr *steps[MOST_STEPS], *root = e;
    size_t n = 0;
    for (; n < MOST_STEPS && emit_is_step(root); root = root->args[0])
        steps[n++] = root;
    if (root->kind != EX_COLUMN || root->type != KQL_DYNAMIC || emit_is_member(root->col) ||
        !by_keys(steps, n) || v->m->members.n >= MOST_MEMBERS)
        return NULL;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(EMIT_MAX_SQL_BYTES);
    emit_path_text(steps, n, &b);
    struct emit_member found;
    if (!sbuf_ok(&b) || !find(v, v->in, root->col, sbuf_str(&b), &found))
        return NULL;
    struct want *w = want_of(v, &v->wants, root->col, arena_str(v->m->a, sbuf_str(&b)));
    if (w->id == 0) {
        w->id = MEMBER_FIRST + (uint32_t)v->m->members.n * MEMBER_STRIDE;
        found.path = w->path;
        VEC_PUSH(v->m->a, &v->m->members, found);
    }
    struct expr *x = arena_new_of(v->m->a, struct expr);
    *x = (struct expr){.kind = EX_COLUMN, .type = KQL_DYNAMIC, .col = w->id, .weight = 1};
    x->off = e->off;
    x->len = e->len;
    return x;
}

static struct plan *rewrite(struct members *v, const struct plan *p, struct want *wants);
static struct expr *expr_of(struct members *v, struct expr *e);

/* The same with other arguments. Of an access only the value that it starts from is looked at. */
static struct expr *call_of(struct members *v, struct expr *e)
{
    struct expr *copy = NULL;
    bool step = emit_is_step(e);
    for (size_t i = 0; i < (step ? 1 : e->n_args); i++) {
        bool inner = step && emit_is_step(e->args[i]);
        struct expr *x = inner ? call_of(v, e->args[i]) : expr_of(v, e->args[i]);
        if (x == e->args[i])
            continue;
        if (copy == NULL) {
            copy = arena_new_of(v->m->a, struct expr);
            *copy = *e;
            copy->args = arena_array(v->m->a, struct expr *, e->n_args);
            memcpy(copy->args, e->args, e->n_args * sizeof(e->args[0]));
        }
        copy->args[i] = x;
    }
    return copy != NULL ? copy : e;
}

static struct expr *sub_query(struct members *v, struct expr *e)
{
    struct members own = {.m = v->m, .plans = v->plans, .depth = v->depth};
    struct plan *p = rewrite(&own, e->plan, NULL);
    if (p == e->plan)
        return e;
    struct expr *copy = arena_new_of(v->m->a, struct expr);
    *copy = *e;
    copy->plan = p;
    return copy;
}

static struct expr *expr_of(struct members *v, struct expr *e)
{
    if (e == NULL || e->kind == EX_CONST || e->kind == EX_COLUMN || v->depth >= MEMBERS_DEPTH)
        return e;
    struct expr *known = map_get(v->exprs, address((const void *const *)&e));
    if (known != NULL)
        return known;
    v->depth++;
    struct expr *x = e->kind == EX_SUBQUERY ? sub_query(v, e) : member_of(v, e);
    x = x != NULL ? x : call_of(v, e);
    v->depth--;
    remember(v, v->exprs, e, x);
    return x;
}

static bool named_of(struct members *v, struct named_expr **list, size_t n)
{
    struct named_expr *copy = arena_array(v->m->a, struct named_expr, n + 1);
    bool changed = false;
    for (size_t i = 0; i < n; i++) {
        copy[i] = (struct named_expr){(*list)[i].col, expr_of(v, (*list)[i].e)};
        changed = changed || copy[i].e != (*list)[i].e;
    }
    if (changed)
        *list = copy;
    return changed;
}

/* ---- nodes ---- */

static struct plan_col member_col(uint32_t id, int form)
{
    return (struct plan_col){
        .id = id + (uint32_t)form, .type = emit_member_type(form), .hidden = true};
}

static size_t count(const struct want *wants)
{
    size_t n = 0;
    for (; wants != NULL; wants = wants->next)
        n++;
    return n * ENGINE_PATH_FORMS;
}

/* Columns of p are those that it had and those of the members that are wanted of it. */
static void add_cols(struct emit *m, struct plan *p, const struct want *wants)
{
    size_t n = count(wants), had = p->cols.n;
    struct plan_col *cols = arena_array(m->a, struct plan_col, had + n + 1);
    if (had > 0)
        memcpy(cols, p->cols.p, had * sizeof(cols[0]));
    p->cols = (struct plan_cols){cols, had};
    for (; wants != NULL; wants = wants->next)
        for (int f = 0; f < ENGINE_PATH_FORMS; f++)
            cols[p->cols.n++] = member_col(wants->id, f);
    if (p->source_names == NULL)
        return;
    struct str *names = arena_array(m->a, struct str, had + n + 1);
    memcpy(names, p->source_names, had * sizeof(names[0]));
    p->source_names = names;
}

static void add_named(struct emit *m, struct plan *p, const struct want *wants)
{
    size_t n = count(wants);
    struct named_expr *named = arena_array(m->a, struct named_expr, p->n_named + n + 1);
    if (p->n_named > 0)
        memcpy(named, p->named, p->n_named * sizeof(named[0]));
    p->named = named;
    for (; wants != NULL; wants = wants->next)
        for (int f = 0; f < ENGINE_PATH_FORMS; f++) {
            struct plan_col c = member_col(wants->id, f);
            struct expr *e = arena_new_of(m->a, struct expr);
            *e = (struct expr){.kind = EX_COLUMN, .type = c.type, .col = c.id, .weight = 1};
            named[p->n_named++] = (struct named_expr){c, e};
        }
}

/* What is wanted of p is wanted of its input, under the column's name there. */
static void carry(struct members *v, const struct plan *p, const struct want *wants)
{
    for (const struct want *w = wants; w != NULL; w = w->next) {
        uint32_t col = w->col;
        for (size_t i = 0; p->kind == P_PROJECT && i < p->n_named; i++)
            if (p->named[i].col.id == w->col)
                col = p->named[i].e->col;
        struct want *below = arena_new_of(v->m->a, struct want);
        *below = (struct want){.col = col, .id = w->id, .path = w->path, .next = v->wants};
        v->wants = below;
    }
}

static bool reads_rows(const struct plan *p)
{
    return p->kind == P_FILTER || p->kind == P_PROJECT || p->kind == P_AGGREGATE ||
           p->kind == P_SORT || p->kind == P_MAKE_SERIES;
}

static bool sort_of(struct members *v, struct plan *p)
{
    struct sort_key *copy = arena_array(v->m->a, struct sort_key, p->n_sort + 1);
    bool changed = false;
    for (size_t i = 0; i < p->n_sort; i++) {
        copy[i] = p->sort[i];
        copy[i].e = expr_of(v, copy[i].e);
        changed = changed || copy[i].e != p->sort[i].e;
    }
    if (changed)
        p->sort = copy;
    return changed;
}

static bool series_of(struct members *v, struct plan *p)
{
    if (p->kind != P_MAKE_SERIES)
        return false;
    struct make_series *x = arena_new_of(v->m->a, struct make_series);
    *x = *p->series;
    x->axis = expr_of(v, x->axis);
    x->aggs = arena_array(v->m->a, struct series_agg, x->n + 1);
    bool changed = named_of(v, &x->by, x->n_by) || x->axis != p->series->axis;
    for (size_t i = 0; i < x->n; i++) {
        x->aggs[i] = p->series->aggs[i];
        x->aggs[i].agg.e = expr_of(v, x->aggs[i].agg.e);
        changed = changed || x->aggs[i].agg.e != p->series->aggs[i].agg.e;
    }
    if (changed)
        p->series = x;
    return changed;
}

/* Their expressions ask for members of their input. */
static struct plan *reader(struct members *v, const struct plan *p, struct want *wants)
{
    struct members own = {.m = v->m, .plans = v->plans, .depth = v->depth, .in = p->in[0]};
    struct plan n = *p;
    own.exprs = map_new(v->m->a, false);
    carry(&own, p, wants);
    struct named_expr filter = {.e = p->kind == P_FILTER ? p->exprs[0] : NULL}, *f = &filter;
    bool changed = named_of(&own, &f, 1);
    changed = named_of(&own, &n.keys, p->n_keys) || changed;
    changed = named_of(&own, &n.named, p->n_named) || changed;
    changed = sort_of(&own, &n) || changed;
    changed = series_of(&own, &n) || changed;
    struct plan *in = rewrite(&own, p->in[0], own.wants);
    if (!changed && wants == NULL && in == p->in[0])
        return (struct plan *)(uintptr_t)p;
    if (p->kind == P_FILTER) {
        n.exprs = arena_array(v->m->a, struct expr *, 1);
        n.exprs[0] = f[0].e;
    }
    n.in = arena_array(v->m->a, struct plan *, 1);
    n.in[0] = in;
    if (p->kind == P_PROJECT)
        add_named(v->m, &n, wants);
    add_cols(v->m, &n, wants);
    struct plan *copy = arena_new_of(v->m->a, struct plan);
    *copy = n;
    return copy;
}

static struct plan *other(struct members *v, const struct plan *p)
{
    struct plan *copy = NULL;
    for (size_t i = 0; i < p->n_in; i++) {
        struct plan *in = rewrite(v, p->in[i], NULL);
        if (in == p->in[i])
            continue;
        if (copy == NULL) {
            copy = arena_new_of(v->m->a, struct plan);
            *copy = *p;
            copy->in = arena_array(v->m->a, struct plan *, p->n_in);
            memcpy(copy->in, p->in, p->n_in * sizeof(p->in[0]));
        }
        copy->in[i] = in;
    }
    return copy != NULL ? copy : (struct plan *)(uintptr_t)p;
}

static struct plan *table_of(struct members *v, const struct plan *p, const struct want *wants)
{
    if (wants == NULL)
        return (struct plan *)(uintptr_t)p;
    struct plan *copy = arena_new_of(v->m->a, struct plan);
    *copy = *p;
    add_cols(v->m, copy, wants);
    return copy;
}

/* wants: only of what find() reaches through p. A plan that is shared stays so. */
static struct plan *rewrite(struct members *v, const struct plan *p, struct want *wants)
{
    struct plan *n = wants == NULL ? map_get(v->plans, address((const void *const *)&p)) : NULL;
    if (n != NULL)
        return n;
    if (v->depth >= MEMBERS_DEPTH && wants == NULL)
        return (struct plan *)(uintptr_t)p;
    v->depth++;
    n = p->kind == P_TABLE ? table_of(v, p, wants)
        : reads_rows(p)    ? reader(v, p, wants)
                           : other(v, p);
    v->depth--;
    if (wants == NULL)
        remember(v, v->plans, p, n);
    return n;
}

const struct plan *emit_members(struct emit *m, const struct plan *p)
{
    if (m->src->has_path == NULL)
        return p;
    struct members v = {.m = m, .plans = map_new(m->a, false)};
    return rewrite(&v, p, NULL);
}
