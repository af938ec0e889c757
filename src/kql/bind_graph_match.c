/* graph-match and graph-shortest-paths. Source: their pages.
 *
 * A pattern becomes joins of edge tables. A variable edge of m to n steps becomes a union of one
 * branch for each length: the database then pushes each condition to the table that it is about,
 * which it can't do into a recursion, and all(), any() and map() are plain expressions over the
 * steps. The price is a limit on the steps. */
#include "kql/bind_graph.h"
#include "kql/bind_graph_pattern.h"

enum { MATCH_MAX_BRANCHES = 128, MATCH_MAX_EDGES = 1024, MATCH_MAX_BRANCH_EDGES = 64 };
enum cycles { CYCLES_UNIQUE_EDGES, CYCLES_ALL, CYCLES_NONE };

struct match {
    struct binder *b;
    struct binding *env;
    const struct graph *g;
    const struct syn *op, *where, *project;
    struct pattern pattern;
    enum cycles cycles;
    bool shortest, inner, degree_in, degree_out;
    struct plan *both;    /* edges in both directions, when a pattern asks for them */
    struct plan *counted; /* nodes with their degrees, when somebody asks for those */
    uint32_t both_shared, counted_shared;
};
struct branch {
    struct match *m;
    const unsigned *lengths; /* of each item that is an edge */
    struct graph_scope scope;
    size_t n_places;
    struct plan *plan;
    struct expr **edge_ids;
    size_t n_edges;
};

/* ---- what the query says ---- */
bool graph_calls(const struct syn *s, const char *name)
{
    bool found = s != NULL && s->kind == SYN_CALL && str_eqz(s->text, name);
    for (size_t i = 0; s != NULL && !found && i < s->n; i++)
        found = graph_calls(s->kids[i], name);
    return found;
}

static bool names(const struct syn *s, struct str name)
{
    bool found = s != NULL && s->kind == SYN_NAME && str_eq(s->text, name);
    for (size_t i = 0; s != NULL && !found && i < s->n; i++)
        found = names(s->kids[i], name);
    return found;
}

static bool asks(const struct match *m, const char *function)
{
    return graph_calls(m->where, function) || graph_calls(m->project, function);
}

/* ---- tables ---- */
static struct plan *node_table(struct match *m)
{
    if (!m->degree_in && !m->degree_out)
        return graph_nodes(m->b, m->g);
    if (m->counted == NULL) {
        m->counted = graph_nodes(m->b, m->g);
        if (m->degree_in)
            m->counted = graph_add_degree(m->b, m->g, m->counted, EDGE_TARGET, "$in");
        if (m->degree_out)
            m->counted = graph_add_degree(m->b, m->g, m->counted, EDGE_SOURCE, "$out");
        m->counted_shared = ++m->b->next_shared;
    }
    return plan_share(m->b, m->counted, m->counted_shared);
}

/* An edge that may be walked either way is there twice, a loop once. */
static struct plan *edges_both_ways(struct match *m)
{
    struct binder *b = m->b;
    struct plan *there = graph_edges(b, m->g), *back = graph_edges(b, m->g);
    struct expr *ends[2] = {ex_column(b, &back->cols.p[EDGE_SOURCE], NULL),
                            ex_column(b, &back->cols.p[EDGE_TARGET], NULL)};
    struct plan *turned =
        plan_filter(b, back, ex_call2(b, "!=", KQL_BOOL, ends[0], ends[1]), m->op);
    plan_own_cols(b, turned);
    struct plan_col source = turned->cols.p[EDGE_SOURCE];
    turned->cols.p[EDGE_SOURCE] = turned->cols.p[EDGE_TARGET];
    turned->cols.p[EDGE_TARGET] = source;
    struct plan **in = arena_array(b->a, struct plan *, 2);
    in[0] = there;
    in[1] = turned;
    return graph_union(b, in, 2);
}

static struct plan *edge_table(struct match *m, const struct pattern_item *e)
{
    if (!e->forward || !e->backward)
        return graph_edges(m->b, m->g);
    if (m->both == NULL) {
        m->both = edges_both_ways(m);
        m->both_shared = ++m->b->next_shared;
    }
    return plan_share(m->b, m->both, m->both_shared);
}

/* ---- one branch ---- */
struct graph_var *graph_find_var(const struct graph_scope *s, struct str name)
{
    for (size_t i = 0; name.n > 0 && i < s->n; i++)
        if (str_eq(s->vars[i].name, name))
            return &s->vars[i];
    return NULL;
}

static struct expr *equal(struct binder *b, struct expr *x, struct expr *y)
{
    return ex_call2(b, "==", KQL_BOOL, x, y);
}

static void keep(struct branch *r, struct expr *e)
{
    r->plan = plan_filter(r->m->b, r->plan, e, r->m->op);
}

static size_t place_of_node(struct branch *r, const struct pattern_item *v)
{
    struct graph_var *known = graph_find_var(&r->scope, v->name);
    if (known != NULL)
        return known->place;
    r->scope.vars[r->scope.n++] = (struct graph_var){.name = v->name, .place = r->n_places};
    return r->n_places++;
}

/* Joins one step; ends that are known already are its keys. */
static struct plan *add_step(struct branch *r, const struct pattern_item *e, size_t from, size_t to)
{
    struct binder *b = r->m->b;
    struct plan *t = edge_table(r->m, e);
    size_t start = e->forward ? EDGE_SOURCE : EDGE_TARGET;
    struct expr *x = ex_column(b, &t->cols.p[start], NULL);
    struct expr *y = ex_column(b, &t->cols.p[EDGE_SOURCE + EDGE_TARGET - start], NULL);
    struct graph_place *left = &r->scope.places[from], *right = &r->scope.places[to];
    struct expr **pairs = arena_array(b->a, struct expr *, 4);
    size_t n = 0;
    if (left->id != NULL) {
        pairs[n++] = left->id;
        pairs[n++] = x;
    }
    if (right->id != NULL && from != to) {
        pairs[n++] = right->id;
        pairs[n++] = y;
    }
    r->plan = r->plan == NULL ? t : graph_join(b, JOIN_INNER, r->plan, t, pairs, n);
    left->id = left->id != NULL ? left->id : x;
    if (from == to)
        keep(r, equal(b, x, y));
    right->id = right->id != NULL ? right->id : y;
    r->edge_ids[r->n_edges++] = ex_column(b, &t->cols.p[EDGE_ID], NULL);
    return t;
}

static void add_node(struct branch *r, size_t place)
{
    struct binder *b = r->m->b;
    struct graph_place *at = &r->scope.places[place];
    if (at->table != NULL)
        return;
    struct plan *t = node_table(r->m);
    struct expr *id = ex_column(b, &t->cols.p[NODE_ID], NULL);
    struct expr **pair = arena_array(b->a, struct expr *, 2);
    pair[0] = at->id;
    pair[1] = id;
    r->plan =
        r->plan == NULL ? t : graph_join(b, JOIN_INNER, r->plan, t, pair, at->id != NULL ? 2 : 0);
    at->id = at->id != NULL ? at->id : id;
    at->table = t;
}

/* An edge of no steps: both its ends are one node. */
static void add_no_step(struct branch *r, size_t from, size_t to)
{
    struct graph_place *left = &r->scope.places[from], *right = &r->scope.places[to];
    if (left->id == NULL && right->id == NULL)
        add_node(r, from);
    if (left->id != NULL && right->id != NULL && from != to)
        keep(r, equal(r->m->b, left->id, right->id));
    left->id = left->id != NULL ? left->id : right->id;
    right->id = right->id != NULL ? right->id : left->id;
}

static void add_edge(struct branch *r, const struct pattern_item *e, size_t n, size_t from,
                     size_t to)
{
    struct binder *b = r->m->b;
    struct graph_var v = {.name = e->name, .edge = true, .many = e->many, .n = n};
    v.tables = arena_array(b->a, struct plan *, n + 1);
    v.inner = arena_array(b->a, size_t, n + 1);
    size_t here = from;
    for (size_t i = 0; i < n; i++) {
        size_t next = i + 1 == n ? to : r->n_places++;
        v.inner[i] = next;
        v.tables[i] = add_step(r, e, here, next);
        here = next;
    }
    if (n == 0)
        add_no_step(r, from, to);
    r->scope.vars[r->scope.n++] = v;
}

static void add_properties(struct branch *r)
{
    for (size_t i = 0; i < r->scope.n; i++) {
        const struct graph_var *v = &r->scope.vars[i];
        bool asked =
            v->name.n > 0 && (names(r->m->where, v->name) || names(r->m->project, v->name));
        if (!v->edge && (asked || r->scope.places[v->place].id == NULL))
            add_node(r, v->place);
        for (size_t k = 0; v->edge && asked && r->m->inner && k + 1 < v->n; k++)
            add_node(r, v->inner[k]);
    }
}

static void forbid_cycles(struct branch *r)
{
    struct binder *b = r->m->b;
    struct expr *all = NULL;
    if (r->m->cycles == CYCLES_UNIQUE_EDGES)
        for (size_t i = 0; i < r->n_edges; i++)
            for (size_t k = 0; k < i; k++)
                all = ex_and(b, all, ex_call2(b, "!=", KQL_BOOL, r->edge_ids[k], r->edge_ids[i]));
    if (r->m->cycles == CYCLES_NONE)
        for (size_t i = 0; i < r->n_places; i++)
            for (size_t k = 0; k < i; k++)
                if (r->scope.places[k].id != r->scope.places[i].id)
                    all = ex_and(
                        b, all,
                        ex_call2(b, "!=", KQL_BOOL, r->scope.places[k].id, r->scope.places[i].id));
    if (all != NULL)
        keep(r, all);
}

/* ---- where and project ---- */
static struct cx scope_cx(struct branch *r)
{
    struct cx c = cx_of(r->m->b, r->m->env, r->plan);
    /* columns are reached through variables only */
    struct plan *none = plan_values(r->m->b, r->m->op);
    c.in = none;
    c.graph = &r->scope;
    return c;
}

/* A condition on a property of a variable edge holds for each of its steps. */
static const struct graph_var *steps_in(const struct branch *r, const struct syn *s)
{
    const struct graph_var *v = NULL;
    if (s->kind == SYN_CALL && (str_eqz(s->text, "all") || str_eqz(s->text, "any") ||
                                str_eqz(s->text, "map") || str_eqz(s->text, "inner_nodes")))
        return NULL;
    if (s->kind == SYN_MEMBER && s->kids[0]->kind == SYN_NAME)
        v = graph_find_var(&r->scope, s->kids[0]->text);
    if (v != NULL && v->many)
        return v;
    v = NULL;
    for (size_t i = 0; v == NULL && i < s->n; i++)
        v = steps_in(r, s->kids[i]);
    return v;
}

static void filter(struct branch *r, const struct syn *s)
{
    s = bind_strip(s);
    if (s->kind == SYN_BINARY && str_eqz(s->text, "and")) {
        filter(r, s->kids[0]);
        filter(r, s->kids[1]);
        return;
    }
    struct cx c = scope_cx(r);
    const struct graph_var *v = steps_in(r, s);
    if (v == NULL) {
        keep(r, bind_bool(&c, s));
        return;
    }
    for (r->scope.step = 0; r->scope.step < v->n; r->scope.step++)
        keep(r, bind_bool(&c, s));
    r->scope.step = SIZE_MAX;
}

static struct plan *project(struct branch *r, size_t first, size_t last)
{
    struct match *m = r->m;
    struct binder *b = m->b;
    struct cx c = scope_cx(r);
    struct names taken = names_start(b);
    struct named_expr *list = arena_array(b->a, struct named_expr, m->project->n + 3);
    size_t n = 0;
    for (size_t i = 0; i < m->project->n; i++) {
        const struct syn *s = m->project->kids[i];
        bool named = s->kind == SYN_NAMED;
        struct expr *e = bind_expr(&c, named ? s->kids[0] : s);
        struct str name = named ? s->text : bind_auto_name(&c, s);
        name = name.n == 0 ? names_column(&taken) : names_unique(&taken, name);
        list[n++] = (struct named_expr){plan_fresh(b, name, e->type), e};
    }
    if (m->shortest) {
        struct expr *ends[3] = {r->scope.places[first].id, r->scope.places[last].id,
                                ex_long(b, (int64_t)r->n_edges)};
        for (size_t i = 0; i < 3; i++)
            list[n++] = (struct named_expr){plan_fresh(b, STR("$path"), ends[i]->type), ends[i]};
    }
    return plan_project(b, r->plan, list, n, m->op);
}

static struct plan *bind_branch(struct match *m, const unsigned *lengths)
{
    struct binder *b = m->b;
    struct branch r = {.m = m, .lengths = lengths};
    r.scope.g = m->g;
    r.scope.step = SIZE_MAX;
    r.scope.vars = arena_array(b->a, struct graph_var, m->pattern.n);
    r.scope.places =
        arena_array(b->a, struct graph_place, m->pattern.n + MATCH_MAX_BRANCH_EDGES + 1);
    r.edge_ids = arena_array(b->a, struct expr *, MATCH_MAX_BRANCH_EDGES + 1);
    size_t here = 0, first = 0;
    for (size_t i = 0; i < m->pattern.n; i++) {
        const struct pattern_item *v = &m->pattern.items[i];
        if (v->edge)
            continue;
        size_t place = place_of_node(&r, v);
        if (i == 0)
            first = place;
        if (!v->first)
            add_edge(&r, &m->pattern.items[i - 1], lengths[i - 1], here, place);
        here = place;
    }
    add_properties(&r);
    forbid_cycles(&r);
    if (m->where != NULL && m->where->n > 0)
        filter(&r, m->where->kids[0]);
    return project(&r, first, here);
}

/* ---- branches ---- */
/* The next combination of lengths, like an odometer. */
static bool next_lengths(const struct pattern *p, unsigned *lengths)
{
    for (size_t i = 0; i < p->n; i++) {
        if (!p->items[i].edge)
            continue;
        if (lengths[i]++ < p->items[i].max)
            return true;
        lengths[i] = p->items[i].min;
    }
    return false;
}

static bool within_limits(struct match *m, size_t branches, size_t edges, size_t in_branch)
{
    if (branches < MATCH_MAX_BRANCHES && edges <= MATCH_MAX_EDGES &&
        in_branch <= MATCH_MAX_BRANCH_EDGES)
        return true;
    kql_diag_add(m->b->d, ERR_LIMIT, "LIM0004", m->op, "make the ranges of its edges smaller",
                 "the graph pattern has too many forms: at most %d of at most %d edges each",
                 MATCH_MAX_BRANCHES, MATCH_MAX_BRANCH_EDGES);
    return false;
}

static struct plan *bind_branches(struct match *m)
{
    unsigned lengths[PATTERN_MAX_ELEMENTS] = {0};
    struct plan **in = arena_array(m->b->a, struct plan *, MATCH_MAX_BRANCHES);
    size_t n = 0, edges = 0, before = m->b->d->n_errors;
    for (size_t i = 0; i < m->pattern.n; i++)
        lengths[i] = m->pattern.items[i].min;
    do {
        size_t own = 0;
        for (size_t i = 0; i < m->pattern.n; i++)
            own += m->pattern.items[i].edge ? lengths[i] : 0;
        edges += own;
        if (!within_limits(m, n, edges, own))
            return bind_nothing(m->b, m->op);
        in[n++] = bind_branch(m, lengths);
        if (m->b->d->n_errors > before || m->b->failed_limit)
            return bind_nothing(m->b, m->op);
    } while (next_lengths(&m->pattern, lengths));
    return graph_union(m->b, in, n);
}

/* Of the paths between two nodes the shortest: one, or all of that length. */
static struct plan *shortest(struct match *m, struct plan *p, bool all)
{
    struct binder *b = m->b;
    uint32_t shared = ++b->next_shared;
    size_t n = p->cols.n - 3;
    struct plan *paths = plan_share(b, p, shared), *again = plan_share(b, p, shared);
    struct plan *best = plan_new(b, P_AGGREGATE, again, m->op);
    struct expr **pairs = arena_array(b->a, struct expr *, 6);
    best->keys = arena_array(b->a, struct named_expr, 2);
    for (size_t i = 0; i < 2; i++) {
        struct plan_col c = again->cols.p[n + i];
        best->keys[i] = (struct named_expr){plan_fresh(b, c.name, c.type), ex_column(b, &c, NULL)};
        plan_add_col(b, best, best->keys[i].col);
    }
    best->n_keys = 2;
    struct named_expr least = {
        plan_fresh(b, STR("$least"), KQL_LONG),
        graph_aggregate(b, "min", KQL_LONG, ex_column(b, &again->cols.p[n + 2], NULL))};
    plan_add_named(b, best, least);
    plan_add_col(b, best, least.col);
    for (size_t i = 0; i < 3; i++) {
        pairs[2 * i] = ex_column(b, &paths->cols.p[n + i], NULL);
        pairs[2 * i + 1] = ex_column(b, &best->cols.p[i], NULL);
    }
    /* innerunique keeps one path of each pair of nodes and length */
    struct plan *j = graph_join(b, all ? JOIN_INNER : JOIN_INNERUNIQUE, paths, best, pairs, 6);
    struct named_expr *list = arena_array(b->a, struct named_expr, n + 1);
    for (size_t i = 0; i < n; i++)
        list[i] = (struct named_expr){paths->cols.p[i], ex_column(b, &paths->cols.p[i], NULL)};
    return plan_project(b, j, list, n, m->op);
}

/* ---- checks ---- */
static bool read_option(struct binder *b, const struct syn *op, const char *param,
                        const char *const *values, size_t *out)
{
    const struct syn *p = syn_param(op, param);
    if (p == NULL || p->n == 0)
        return true;
    for (size_t i = 0; values[i] != NULL; i++)
        if (str_ieqz(p->kids[0]->text, values[i])) {
            *out = i;
            return true;
        }
    bind_error(b, "SEM0001", p, "'%s' is not a value of '%s'", z(b, p->kids[0]->text), param);
    return false;
}

/* Each chain shares a node with one before it, and a name means one thing. */
static bool check_pattern(struct match *m)
{
    const struct pattern *p = &m->pattern;
    bool joined = true, many = false;
    size_t chains = 0;
    for (size_t i = 0; i < p->n; i++) {
        const struct pattern_item *v = &p->items[i];
        many = many || v->many;
        if (!v->edge && v->first) {
            if (!joined)
                break;
            joined = chains++ == 0;
        }
        for (size_t k = 0; k < i && v->name.n > 0; k++) {
            if (!str_eq(p->items[k].name, v->name))
                continue;
            if (v->edge || p->items[k].edge) {
                bind_error(m->b, "SEM0001", m->op, "the pattern names '%s' twice",
                           z(m->b, v->name));
                return false;
            }
            joined = true;
        }
    }
    if (!joined)
        bind_error(m->b, "SEM0001", m->op,
                   "the sequences of the pattern must share a named node with one before");
    if (m->shortest && (chains > 1 || !many))
        bind_error(m->b, "SEM0001", m->op,
                   "graph-shortest-paths needs one sequence with a variable edge such as *1..5");
    return joined && !(m->shortest && (chains > 1 || !many));
}

struct plan *op_graph_match(struct binder *b, struct binding *env, struct plan *in,
                            const struct syn *op)
{
    static const char *const cycles[] = {"unique_edges", "all", "none", NULL};
    static const char *const outputs[] = {"any", "all", NULL};
    struct match m = {.b = b, .env = env, .op = op, .g = graph_of(b, in, op)};
    const struct syn *pattern = syn_clause(op, "pattern");
    size_t kind = 0, output = 0;
    m.where = syn_clause(op, "where");
    m.project = syn_clause(op, "project");
    m.shortest = str_eqz(op->text, "graph-shortest-paths");
    if (m.g == NULL || pattern == NULL || !read_option(b, op, "cycles", cycles, &kind) ||
        !read_option(b, op, "output", outputs, &output) || !pattern_read(b, pattern, &m.pattern))
        return bind_nothing(b, op);
    if (m.project == NULL || m.project->n == 0) {
        bind_error(b, "SEM0001", op, "'%s' needs 'project' and the columns to show",
                   z(b, op->text));
        return bind_nothing(b, op);
    }
    if (!check_pattern(&m))
        return bind_nothing(b, op);
    m.cycles = (enum cycles)kind;
    if (m.shortest) /* a shortest path walks no edge twice */
        m.cycles = CYCLES_ALL;
    m.inner = asks(&m, "inner_nodes");
    m.degree_in = asks(&m, "node_degree_in");
    m.degree_out = asks(&m, "node_degree_out");
    struct plan *p = bind_branches(&m);
    return m.shortest && !p->open ? shortest(&m, p, output == 1) : p;
}
