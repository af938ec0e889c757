/* union, search, find: many tables as one. */
#include "kql/bind_priv.h"

#include <stdlib.h>

struct branch {
    struct plan *p;
    struct str label;
};
struct branches {
    struct branch *p;
    size_t n, cap;
};

static void add_branch(struct binder *b, struct branches *v, struct plan *p, struct str label,
                       const struct syn *at)
{
    struct branch one = {p, label};
    if (v->n == BIND_MAX_BRANCHES)
        kql_diag_add(b->d, ERR_LIMIT, "LIM0004", at, NULL, "more than %d tables in one union",
                     BIND_MAX_BRANCHES);
    if (v->n <= BIND_MAX_BRANCHES)
        VEC_PUSH(b->a, v, one);
}

/* NULL: it does not bind, which is told nowhere. */
static struct plan *bind_quietly(struct binder *b, struct binding *env, const struct syn *s)
{
    struct kql_diags own = {.a = b->a, .text = b->d->text}, *outer = b->d;
    b->d = &own;
    struct plan *p = bind_table(b, env, s);
    b->d = outer;
    return own.n_errors == 0 ? p : NULL;
}

/* What let declared with "view" and without parameters stands beside the tables. */
static size_t add_views(struct binder *b, struct binding *env, struct branches *v,
                        struct str pattern, const struct syn *at)
{
    size_t found = 0, n = 0;
    for (const struct binding *x = env; x != NULL; x = x->next)
        n++;
    struct binding **all = arena_array(b->a, struct binding *, n + 1);
    for (struct binding *x = env; x != NULL; x = x->next)
        all[--n] = x;
    for (size_t i = 0; all[i] != NULL; i++) {
        bool view = all[i]->kind == BOUND_FUNCTION && str_eqz(all[i]->syn->text, "view") &&
                    all[i]->syn->n == 1;
        if (!view || !name_matches(pattern, all[i]->name) ||
            bind_lookup(env, all[i]->name) != all[i])
            continue;
        struct syn name = {.kind = SYN_NAME, .off = at->off, .len = at->len};
        name.text = all[i]->name;
        add_branch(b, v, bind_table(b, env, &name), all[i]->name, at);
        found++;
    }
    return found;
}

/* Stored functions that are views. One that does not bind, such as one of tables that who asks may
 * not read, is left out, so that it breaks no search of everything. Inside of one that a wildcard
 * found, wildcards find tables only: views of everything would hold each other again and again.
 * KQL-REF: views */
static size_t add_stored_views(struct binder *b, struct binding *env, struct branches *v,
                               struct str pattern, const struct syn *at)
{
    const struct kql_catalog *cat = b->o->catalog;
    struct str found;
    size_t n = 0;
    if (b->in_view || cat == NULL || cat->view_at == NULL)
        return 0;
    b->in_view = true;
    for (size_t i = 0; cat->view_at(cat->self, b->a, i, &found); i++) {
        if (!name_matches(pattern, found) || !bind_may_read(env, STR_NONE, found) ||
            bind_lookup(env, found) != NULL || bind_stored_is_active(b, found))
            continue;
        struct syn *name = arena_new_of(b->a, struct syn);
        *name = (struct syn){.kind = SYN_NAME, .off = at->off, .len = at->len, .text = found};
        struct plan *p = bind_quietly(b, env, name);
        if (p == NULL)
            continue;
        add_branch(b, v, p, found, at);
        n++;
    }
    b->in_view = false;
    return n;
}

/* The i-th table of a workspace; empty: the query's own. */
static bool table_at(const struct binder *b, struct str workspace, size_t i, struct kql_table *out)
{
    const struct kql_catalog *cat = b->o->catalog;
    if (cat == NULL)
        return false;
    if (workspace.n > 0)
        return cat->table_of != NULL && cat->table_of(cat->self, b->a, workspace, i, out);
    return cat->table_at != NULL && cat->table_at(cat->self, b->a, i, out);
}

/* Its tables whose name matches. */
static size_t add_tables_of(struct binder *b, struct binding *env, struct branches *v,
                            struct str workspace, struct str pattern, const struct syn *at)
{
    const struct kql_catalog *cat = b->o->catalog;
    struct kql_table t;
    size_t found = 0;
    for (size_t i = 0; table_at(b, workspace, i, &t); i++) {
        if (!name_matches(pattern, t.name) || !bind_may_read(env, t.workspace, t.name))
            continue;
        struct kql_table full = t;
        if (full.schema.n == 0 && !cat->find_table(cat->self, b->a, t.workspace, t.name, &full))
            continue;
        add_branch(b, v, bind_table_of(b, &full, at), arena_str(b->a, t.name), at);
        found++;
    }
    return found;
}

static size_t add_tables(struct binder *b, struct binding *env, struct branches *v,
                         struct str pattern, const struct syn *at)
{
    size_t found = add_tables_of(b, env, v, STR_NONE, pattern, at);
    for (size_t i = 0; i < b->o->n_workspaces; i++)
        found += add_tables_of(b, env, v, b->o->workspaces[i], pattern, at);
    return found;
}

static size_t add_matching(struct binder *b, struct binding *env, struct branches *v,
                           struct str pattern, const struct syn *at)
{
    size_t views = add_views(b, env, v, pattern, at) + add_stored_views(b, env, v, pattern, at);
    return views + add_tables(b, env, v, pattern, at);
}

static void check_pattern(struct binder *b, struct str pattern, const struct syn *x)
{
    if (b->o->rule_restrictions && str_eqz(pattern, "*"))
        bind_error(b, "SEM0001", x, "an analytics rule can't read 'union *': name the tables");
}

static void no_match(struct binder *b, struct str pattern, const struct syn *at)
{
    bind_error(b, "SEM0100", at, "no table's name matches '%s'", z(b, pattern));
    kql_diag_absent(b->d);
}

/* database("d").T*: tables, but no views. False: it is something else. */
static bool add_qualified(struct binder *b, struct binding *env, struct branches *v,
                          const struct syn *x, bool quiet)
{
    struct cx c = cx_of(b, env, NULL);
    struct str workspace = STR_NONE;
    if (x->kind != SYN_MEMBER || x->n != 1 || memchr(x->text.p, '*', x->text.n) == NULL ||
        bind_is_pattern(env, x) || !bind_qualifier(&c, x->kids[0], &workspace))
        return false;
    check_pattern(b, x->text, x);
    size_t found = workspace.n > 0 ? add_tables_of(b, env, v, workspace, x->text, x)
                                   : add_tables(b, env, v, x->text, x);
    if (found == 0 && !quiet && !str_eqz(x->text, "*"))
        no_match(b, x->text, x);
    return true;
}

static bool fuzzy(const struct syn *op)
{
    const struct syn *p = syn_param(op, "isfuzzy");
    if (p == NULL || p->n == 0)
        return false;
    return str_ieqz(p->kids[0]->text, "true") || p->kids[0]->value.b;
}

static void add_operand(struct binder *b, struct binding *env, struct branches *v,
                        const struct syn *s, bool quiet)
{
    struct str label = arena_fmt(b->a, "union_arg%zu", v->n);
    const struct syn *x = bind_strip(s);
    while (x->kind == SYN_SUBQUERY && x->n == 1 &&
           (x->kids[0]->kind == SYN_NAME || x->kids[0]->kind == SYN_WILDNAME))
        x = x->kids[0];
    if (x->kind == SYN_WILDNAME || x->kind == SYN_STAR) {
        struct str pattern = x->kind == SYN_STAR ? STR("*") : x->text;
        check_pattern(b, pattern, x);
        if (add_matching(b, env, v, pattern, x) == 0 && !quiet && !str_eqz(pattern, "*"))
            no_match(b, pattern, x);
        return;
    }
    if (add_qualified(b, env, v, x, quiet))
        return;
    bool stored = x->kind == SYN_NAME && bind_lookup(env, x->text) == NULL;
    if (stored) {
        struct binding *fenv;
        if (quiet && !bind_is_table(b, env, x) &&
            bind_find_function(b, env, x->text, &fenv, NULL) == NULL)
            return;
        label = x->text;
    }
    const struct binding *known = x->kind == SYN_NAME ? bind_lookup(env, x->text) : NULL;
    if (known != NULL && known->kind == BOUND_FUNCTION)
        label = x->text;
    if (!quiet) {
        struct plan *p = bind_table(b, env, s);
        add_branch(b, v, p, p->as_name.n > 0 ? p->as_name : label, s);
        return;
    }
    /* isfuzzy: a branch that does not bind is left out */
    struct plan *p = bind_quietly(b, env, s);
    if (p != NULL)
        add_branch(b, v, p, label, s);
}

/* ---- the columns of the result ---- */

static struct str typed_name(struct binder *b, struct str name, enum kql_type t)
{
    return arena_fmt(b->a, "%.*s_%s", STR_ARG(name), kql_type_name(t));
}

static bool in_all(const struct branches *v, const struct plan_col *c)
{
    for (size_t i = 0; i < v->n; i++) {
        const struct plan_col *o = bind_find_column(v->p[i].p, c->name);
        if (o == NULL || o->type != c->type)
            return false;
    }
    return true;
}

/* The types that a name has in the branches, in the order in which they come. */
struct named {
    enum kql_type types[KQL_N_TYPES];
    size_t at[KQL_N_TYPES]; /* the union's column */
    size_t n;
    bool made; /* are its columns in the union? */
};

static void note_type(struct named *n, enum kql_type t)
{
    for (size_t i = 0; i < n->n; i++)
        if (n->types[i] == t)
            return;
    n->types[n->n++] = t;
}

static struct map *collect_names(struct binder *b, const struct branches *v)
{
    struct map *names = map_new(b->a, false);
    for (size_t i = 0; i < v->n; i++)
        for (size_t k = 0; k < v->p[i].p->cols.n; k++) {
            const struct plan_col *c = &v->p[i].p->cols.p[k];
            if (c->hidden)
                continue;
            struct named *n = map_get(names, c->name);
            if (n == NULL) {
                n = arena_new_of(b->a, struct named);
                (void)map_put(names, c->name, n);
            }
            note_type(n, c->type);
        }
    return names;
}

/* A name of several types becomes a column for each, side by side: x_long, x_string; where a
 * branch has such a name itself, x_long1. */
static void add_named(struct binder *b, struct plan *u, struct str name, struct named *n,
                      struct names *taken)
{
    n->made = true;
    for (size_t i = 0; i < n->n; i++) {
        struct str own = n->n > 1 ? names_unique(taken, typed_name(b, name, n->types[i])) : name;
        n->at[i] = u->cols.n;
        plan_add_col(b, u, plan_fresh(b, own, n->types[i]));
    }
}

/* The names of the branches with where they went. */
static struct map *shape_columns(struct binder *b, struct plan *u, const struct branches *v,
                                 bool inner)
{
    struct map *all = collect_names(b, v);
    struct names taken = names_start(b);
    struct str name;
    void *value;
    for (size_t i = 0; map_next(all, &i, &name, &value);)
        names_reserve(&taken, name);
    for (size_t i = 0; i < v->n; i++) {
        for (size_t k = 0; k < v->p[i].p->cols.n; k++) {
            const struct plan_col *c = &v->p[i].p->cols.p[k];
            if (c->hidden || (inner && !in_all(v, c)))
                continue;
            struct named *n = map_get(all, c->name);
            CHECK(n != NULL);
            if (!n->made)
                add_named(b, u, c->name, n, &taken);
        }
    }
    return all;
}

/* Hidden columns (ingestion_time() …) stay reachable through a union of tables. */
static void shape_hidden(struct binder *b, struct plan *u, const struct branches *v)
{
    struct map *known = map_new(b->a, false);
    for (size_t i = 0; i < u->cols.n; i++)
        map_put(known, u->cols.p[i].name, b);
    for (size_t i = 0; i < v->n; i++)
        for (size_t k = 0; k < v->p[i].p->cols.n; k++) {
            struct plan_col c = v->p[i].p->cols.p[k];
            if (!c.hidden || map_get(known, c.name) != NULL)
                continue;
            map_put(known, c.name, b);
            c = plan_fresh(b, c.name, c.type);
            c.hidden = true;
            plan_add_col(b, u, c);
        }
}

static int by_place(const void *x, const void *y)
{
    const struct union_link *p = x, *q = y;
    return (p->at > q->at) - (p->at < q->at);
}

/* 1 + the place of a branch's column in the union, 0: it is left out. places: of the union's
 * columns, by name. */
static size_t place_of(const struct plan *u, struct map *names, struct map *places,
                       const struct plan_col *c)
{
    const struct named *n = c->hidden ? NULL : map_get(names, c->name);
    for (size_t i = 0; n != NULL && n->made && i < n->n; i++)
        if (n->types[i] == c->type)
            return n->at[i] + 1;
    size_t place = c->hidden ? (size_t)(uintptr_t)map_get(places, c->name) : 0;
    return place != 0 && u->cols.p[place - 1].type == c->type ? place : 0;
}

/* filled: all false, and again so afterwards. */
static struct union_links link_branch(struct binder *b, const struct plan *u, struct map *names,
                                      struct map *places, bool *filled, const struct plan *p)
{
    struct union_links v = {arena_array(b->a, struct union_link, p->cols.n + 1), 0};
    for (int hidden = 0; hidden < 2; hidden++)
        for (size_t k = 0; k < p->cols.n; k++) {
            const struct plan_col *c = &p->cols.p[k];
            size_t place = c->hidden == hidden ? place_of(u, names, places, c) : 0;
            if (place == 0 || filled[place - 1])
                continue;
            filled[place - 1] = true;
            v.p[v.n++] = (struct union_link){(uint32_t)(place - 1), c->id};
        }
    for (size_t i = 0; i < v.n; i++)
        filled[v.p[i].at] = false;
    qsort(v.p, v.n, sizeof(v.p[0]), by_place);
    return v;
}

static struct plan *make_union(struct binder *b, const struct branches *v, bool inner,
                               struct str source, const struct syn *at)
{
    struct plan *u = plan_new(b, P_UNION, NULL, at);
    size_t first = 0;
    if (source.n > 0) {
        plan_add_col(b, u, plan_fresh(b, source, KQL_STRING));
        first = 1;
    }
    struct map *names = shape_columns(b, u, v, inner);
    shape_hidden(b, u, v);
    u->in = arena_array(b->a, struct plan *, v->n + 1);
    u->links = arena_array(b->a, struct union_links, v->n + 1);
    struct map *places = map_new(b->a, false);
    bool *filled = arena_array(b->a, bool, u->cols.n + 1);
    for (size_t j = first; j < u->cols.n; j++)
        (void)map_put(places, u->cols.p[j].name, (void *)(j + 1)); /* 0: absent */
    struct str *labels = arena_array(b->a, struct str, v->n + 1);
    for (size_t i = 0; i < v->n; i++) {
        u->in[u->n_in++] = v->p[i].p;
        labels[i] = v->p[i].label;
        u->open = u->open || v->p[i].p->open;
        u->lenient = u->lenient || v->p[i].p->lenient;
        u->links[i] = link_branch(b, u, names, places, filled, v->p[i].p);
    }
    u->source_labels = source.n > 0 ? labels : NULL;
    return u;
}

struct plan *bind_table_in_all(struct binder *b, struct str name, const struct syn *at)
{
    const struct kql_catalog *cat = b->o->catalog;
    struct branches v = {0};
    struct kql_table t;
    if (cat == NULL || cat->find_table == NULL)
        return NULL;
    if (cat->find_table(cat->self, b->a, STR_NONE, name, &t))
        add_branch(b, &v, bind_table_of(b, &t, at), name, at);
    for (size_t i = 0; i < b->o->n_workspaces; i++)
        if (cat->find_table(cat->self, b->a, b->o->workspaces[i], name, &t))
            add_branch(b, &v, bind_table_of(b, &t, at), name, at);
    if (v.n < 2)
        return v.n == 1 ? v.p[0].p : NULL;
    return make_union(b, &v, false, STR_NONE, at);
}

static struct str text_param(const struct syn *op, const char *name)
{
    const struct syn *p = syn_param(op, name);
    if (p == NULL || p->n == 0)
        return STR_NONE;
    return p->kids[0]->kind == SYN_LITERAL && p->kids[0]->value.s.n > 0 ? p->kids[0]->value.s
                                                                        : p->kids[0]->text;
}

struct plan *op_union(struct binder *b, struct binding *env, struct plan *in, const struct syn *op)
{
    struct branches v = {0};
    bool quiet = fuzzy(op) || b->o->request.best_effort;
    if (in != NULL)
        add_branch(b, &v, in, STR("union_arg0"), op);
    if (in != NULL && in->kind == P_TABLE)
        v.p[0].label = in->table;
    if (in != NULL && in->as_name.n > 0)
        v.p[0].label = in->as_name;
    for (size_t i = 0; i < op->n; i++)
        add_operand(b, env, &v, op->kids[i], quiet);
    if (v.n == 0 && b->d->n_errors == 0) {
        bool all = op->n == 1 && bind_strip(op->kids[0])->kind != SYN_NAME;
        if (!all) {
            bind_error(b, "SEM0100", op, "none of the tables of this union exists");
            kql_diag_absent(b->d);
        }
        return all ? plan_values(b, op) : bind_nothing(b, op);
    }
    struct str source = text_param(op, "withsource");
    if (source.n == 0)
        source = text_param(op, "with_source");
    bool inner = str_ieqz(text_param(op, "kind"), "inner");
    if (v.n == 1 && source.n == 0)
        return v.p[0].p;
    return make_union(b, &v, inner, source, op);
}

/* ---- search ---- */

static struct expr *text_of(struct binder *b, const struct plan_col *c)
{
    return ex_cast(b, ex_column(b, c, NULL), KQL_STRING);
}

static struct expr *text_test(struct binder *b, const char *op, struct expr *x, struct str needle)
{
    struct expr *e = ex_call2(b, op, KQL_BOOL, x, ex_string(b, needle));
    e->fn = kql_func_get(str_from(op), KF_OPERATOR, KF_OPERATOR);
    return e;
}

/* "a" a term, "a*" begins a term, "*a" ends one, "*a*" anywhere, else a pattern of pieces. */
static struct expr *term_test(struct binder *b, struct expr *x, struct str t, bool cs)
{
    bool head = t.n > 0 && t.p[0] == '*', tail = t.n > 1 && t.p[t.n - 1] == '*';
    struct str core = str_sub(t, head ? 1 : 0, t.n - (head ? 1 : 0) - (tail ? 1 : 0));
    size_t at;
    if (t.n == 0 || (t.n == 1 && head))
        return ex_bool(b, true);
    if (!str_find(core, STR("*"), &at)) {
        const char *op = head && tail ? "contains"
                         : head       ? "hassuffix"
                         : tail       ? "hasprefix"
                                      : "has";
        return text_test(b, arena_fmt(b->a, "%s%s", op, cs ? "_cs" : "").p, x, core);
    }
    AUTO(sbuf_fini) struct sbuf re = sbuf_make(1 << 16);
    sbuf_addz(&re, cs ? "(?s)" : "(?is)");
    sbuf_addz(&re, head ? "" : "\\b");
    for (size_t i = 0; i < core.n; i++) {
        if (core.p[i] == '*')
            sbuf_addz(&re, ".*");
        else if ((unsigned char)core.p[i] < 128 && strchr("\\.+?()[]{}|^$", core.p[i]) != NULL)
            sbuf_addf(&re, "\\%c", core.p[i]);
        else
            sbuf_addc(&re, core.p[i]);
    }
    sbuf_addz(&re, tail ? "" : "\\b");
    return text_test(b, "matches regex", x, arena_str(b->a, sbuf_str(&re)));
}

static struct expr *search_columns(const struct cx *c, struct str t, bool cs)
{
    struct expr *any = NULL;
    for (size_t i = 0; i < c->in->cols.n; i++) {
        const struct plan_col *col = &c->in->cols.p[i];
        if (col->hidden)
            continue;
        struct expr *one = term_test(c->b, text_of(c->b, col), t, cs);
        any = any == NULL ? one : ex_call2(c->b, "or", KQL_BOOL, any, one);
    }
    return any != NULL ? any : ex_bool(c->b, false);
}

/* A column that a table lacks makes the comparison false there, not an error. */
static bool names_exist(const struct cx *c, const struct syn *s)
{
    s = bind_strip(s);
    if (s->kind == SYN_NAME && bind_find_column(c->in, s->text) == NULL &&
        bind_lookup(c->env, s->text) == NULL)
        return false;
    for (size_t i = 0; i < s->n; i++)
        if (s->kids[i] != NULL && !names_exist(c, s->kids[i]))
            return false;
    return true;
}

static struct expr *bind_search(const struct cx *c, const struct syn *s, bool cs)
{
    s = bind_strip(s);
    if (s->kind == SYN_STAR) /* search *: whatever there is */
        return ex_bool(c->b, true);
    if (s->kind == SYN_LITERAL && s->value.type == KQL_STRING)
        return search_columns(c, s->value.s, cs);
    if (s->kind == SYN_BINARY && (str_eqz(s->text, "and") || str_eqz(s->text, "or")))
        return ex_call2(c->b, str_eqz(s->text, "and") ? "and" : "or", KQL_BOOL,
                        bind_search(c, s->kids[0], cs), bind_search(c, s->kids[1], cs));
    if (s->kind == SYN_CALL && str_eqz(s->text, "not") && s->n == 1)
        return ex_call1(c->b, "not", KQL_BOOL, bind_search(c, s->kids[0], cs));
    if (!names_exist(c, s))
        return ex_bool(c->b, false);
    if (s->kind == SYN_BINARY && str_eqz(s->text, ":")) { /* col:"text" */
        struct expr *x = ex_cast(c->b, bind_expr(c, s->kids[0]), KQL_STRING);
        struct expr *v = bind_constant(c, s->kids[1], KQL_STRING);
        return term_test(c->b, x, v->value.s, cs);
    }
    return bind_bool(c, s);
}

static const struct syn *find_predicate(const struct syn *op)
{
    for (size_t i = 0; i < op->n; i++)
        if (op->kids[i] != NULL && op->kids[i]->kind != SYN_CLAUSE)
            return op->kids[i];
    return NULL;
}

/* The tables of "in (…)", or all of them. */
static void search_tables(struct binder *b, struct binding *env, const struct syn *op,
                          struct branches *v)
{
    const struct syn *in = syn_clause(op, "in");
    if (in == NULL) {
        if (b->o->rule_restrictions)
            bind_error(b, "SEM0001", op, "an analytics rule can't search all tables: name them");
        (void)add_matching(b, env, v, STR("*"), op);
        return;
    }
    for (size_t i = 0; i < in->n; i++)
        add_operand(b, env, v, in->kids[i], false);
}

struct plan *op_search(struct binder *b, struct binding *env, struct plan *in, const struct syn *op)
{
    struct branches v = {0}, kept = {0};
    bool cs = str_ieqz(text_param(op, "kind"), "case_sensitive");
    const struct syn *pred = find_predicate(op);
    if (in != NULL)
        add_branch(b, &v, in, STR("search_arg0"), op);
    else
        search_tables(b, env, op, &v);
    for (size_t i = 0; i < v.n && pred != NULL; i++) {
        struct cx c = cx_of(b, env, v.p[i].p);
        struct expr *e = bind_search(&c, pred, cs);
        if (e->kind == EX_CONST && e->type == KQL_BOOL && !e->value.b && v.n > 1 && in == NULL) {
            add_branch(b, &kept, plan_filter(b, v.p[i].p, e, op), v.p[i].label, op);
            continue;
        }
        add_branch(b, &kept, plan_filter(b, v.p[i].p, e, op), v.p[i].label, op);
    }
    return make_union(b, &kept, false, STR("$table"), op);
}

/* ---- find ---- */
/* Columns of the result: source_, those of the predicate and the common ones, the rest in pack_. */
static void note_names(const struct syn *s, struct map *out, void *mark)
{
    s = bind_strip(s);
    if (s->kind == SYN_NAME)
        map_put(out, s->text, mark);
    for (size_t i = 0; i < s->n; i++)
        if (s->kids[i] != NULL)
            note_names(s->kids[i], out, mark);
}

struct find {
    struct binder *b;
    struct binding *env;
    const struct syn *op, *project, *away;
    struct map *names; /* → struct wanted */
    bool pack;
};

/* The type that the name has in the first table that has it. */
static enum kql_type find_type(const struct branches *v, struct str name)
{
    for (size_t i = 0; i < v->n; i++) {
        const struct plan_col *c = bind_find_column(v->p[i].p, name);
        if (c != NULL && !c->hidden)
            return c->type;
    }
    return KQL_UNKNOWN;
}

/* What "project" says of a column; away: of "project-away". */
struct wanted {
    enum kql_type type; /* KQL_UNKNOWN: as it is */
};

static bool is_away(const struct find *f, struct str name)
{
    for (size_t i = 0; f->away != NULL && i < f->away->n; i++)
        if (name_matches(f->away->kids[i]->text, name))
            return true;
    return false;
}

static struct plan *find_branch(struct find *f, struct plan *p, const struct branches *all)
{
    struct binder *b = f->b;
    struct named_expr *list = arena_array(b->a, struct named_expr, p->cols.n + 1024);
    size_t n = 0, i = 0;
    struct str name;
    void *mark;
    while (map_next(f->names, &i, &name, &mark) && n < 1000) {
        const struct plan_col *c = bind_find_column(p, name);
        enum kql_type t = find_type(all, name);
        const struct wanted *w = mark;
        if (t == KQL_UNKNOWN || is_away(f, name))
            continue;
        struct expr *e = c != NULL ? ex_column(b, c, f->op) : ex_null(b, t);
        if (w->type != KQL_UNKNOWN)
            e = ex_cast(b, e, w->type);
        list[n++] = (struct named_expr){plan_fresh(b, name, e->type), e};
    }
    if (f->pack) {
        struct expr **args = arena_array(b->a, struct expr *, p->cols.n * 2 + 1);
        size_t k = 0;
        for (size_t c = 0; c < p->cols.n; c++) {
            struct str other = p->cols.p[c].name;
            if (p->cols.p[c].hidden || map_get(f->names, other) != NULL || is_away(f, other))
                continue;
            args[k++] = ex_string(b, p->cols.p[c].name);
            args[k++] = ex_column(b, &p->cols.p[c], f->op);
        }
        struct expr *e = ex_call(b, "bag_pack", KQL_DYNAMIC, args, k);
        list[n++] = (struct named_expr){plan_fresh(b, STR("pack_"), KQL_DYNAMIC), e};
    }
    return plan_project(b, p, list, n, f->op);
}

static void find_names(struct find *f, const struct branches *v, const struct syn *pred)
{
    static struct wanted mark = {KQL_UNKNOWN};
    f->pack = f->project == NULL || str_eqz(f->project->text, "project-smart");
    if (f->pack) {
        note_names(pred, f->names, &mark);
        for (size_t k = 0; v->n > 0 && k < v->p[0].p->cols.n; k++) {
            const struct plan_col *c = &v->p[0].p->cols.p[k];
            if (!c->hidden && in_all(v, c))
                map_put(f->names, c->name, &mark);
        }
        return;
    }
    for (size_t i = 0; i < f->project->n; i++) {
        const struct syn *s = f->project->kids[i];
        struct wanted *w = arena_new_of(f->b->a, struct wanted);
        if (s->kind == SYN_COLUMN_DECL && s->n > 0)
            bind_type_of(f->b, s->kids[0], &w->type);
        if (s->kind == SYN_CALL && (str_eqz(s->text, "pack") || str_eqz(s->text, "pack_all")))
            f->pack = true;
        else if (s->kind == SYN_CALL)
            bind_error(f->b, "SEM0001", s, "find projects columns and pack_all(), no expressions");
        else if (s->text.n > 0)
            map_put(f->names, s->text, w);
    }
}

static bool has_any(const struct plan *p, struct map *names)
{
    for (size_t i = 0; i < p->cols.n; i++)
        if (!p->cols.p[i].hidden && map_get(names, p->cols.p[i].name) != NULL)
            return true;
    return false;
}

/* Tables without a column that the predicate names are left out. */
static struct branches tables_concerned(struct binder *b, const struct branches *all,
                                        const struct syn *pred, const struct syn *at)
{
    static char mark;
    struct branches left = {0};
    struct map *named = map_new(b->a, false), *any = map_new(b->a, false);
    note_names(pred, named, &mark);
    for (size_t i = 0; i < all->n; i++)
        for (size_t k = 0; k < all->p[i].p->cols.n; k++)
            if (map_get(named, all->p[i].p->cols.p[k].name) != NULL)
                map_put(any, all->p[i].p->cols.p[k].name, &mark);
    for (size_t i = 0; i < all->n; i++)
        if (has_any(all->p[i].p, any))
            add_branch(b, &left, all->p[i].p, all->p[i].label, at);
    return left.n > 0 ? left : *all;
}

/* Names in the predicate that none of the tables has. */
static void refuse_unknown(struct binder *b, struct binding *env, const struct branches *all,
                           const struct syn *s)
{
    bool known = all->n == 0 || bind_lookup(env, s->text) != NULL;
    if (s->kind == SYN_BINARY || s->kind == SYN_PAREN || s->kind == SYN_BETWEEN ||
        s->kind == SYN_UNARY)
        for (size_t i = 0; i < s->n; i++)
            refuse_unknown(b, env, all, s->kids[i]);
    if (s->kind == SYN_IN)
        refuse_unknown(b, env, all, s->kids[0]);
    if (s->kind != SYN_NAME)
        return;
    for (size_t i = 0; i < all->n; i++)
        known = known || all->p[i].p->open || bind_find_column(all->p[i].p, s->text) != NULL;
    struct cx c = cx_of(b, env, all->n > 0 ? all->p[0].p : NULL);
    if (!known)
        (void)bind_expr(&c, s); /* says so, with a hint */
}

struct plan *op_find(struct binder *b, struct binding *env, struct plan *in, const struct syn *op)
{
    struct branches v = {0}, kept = {0};
    const struct syn *pred = find_predicate(op);
    if (in != NULL)
        add_branch(b, &v, in, STR("find_arg0"), op);
    else
        search_tables(b, env, op, &v);
    struct find f = {.b = b, .env = env, .op = op, .names = map_new(b->a, false)};
    f.project = syn_clause(op, "project");
    if (f.project == NULL)
        f.project = syn_clause(op, "project-smart");
    f.away = syn_clause(op, "project-away");
    if (pred == NULL)
        return bind_nothing(b, op);
    refuse_unknown(b, env, &v, pred);
    v = tables_concerned(b, &v, pred, op);
    find_names(&f, &v, pred);
    for (size_t i = 0; i < v.n; i++) {
        struct cx c = cx_of(b, env, v.p[i].p);
        struct plan *p = plan_filter(b, v.p[i].p, bind_search(&c, pred, false), op);
        add_branch(b, &kept, find_branch(&f, p, &v), v.p[i].label, op);
    }
    struct str source = text_param(op, "withsource");
    return make_union(b, &kept, false, source.n > 0 ? source : STR("source_"), op);
}
