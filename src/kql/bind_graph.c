/* make-graph, graph-to-table, graph-mark-components: graphs as two tables. Source:
 * "make-graph operator", "graph-to-table operator", "graph-mark-components operator". */
#include "kql/bind_graph.h"

bool bind_is_graph(const struct plan *p)
{
    return p->kind == P_PROGRAM && str_eqz(p->program->name, "make-graph");
}

struct graph *graph_of(struct binder *b, const struct plan *in, const struct syn *op)
{
    if (bind_is_graph(in))
        return in->program->graph;
    if (!in->open)
        bind_error(b, "SEM0001", op, "'%s' needs a graph before it, such as make-graph gives",
                   z(b, op->text));
    return NULL;
}

struct plan *graph_plan(struct binder *b, struct plan *nodes, struct plan *edges,
                        const struct syn *at)
{
    struct graph *g = arena_new_of(b->a, struct graph);
    g->nodes = nodes;
    g->edges = edges;
    g->nodes_shared = ++b->next_shared;
    g->edges_shared = ++b->next_shared;
    struct plan *p = plan_new(b, P_PROGRAM, NULL, at);
    p->program = arena_new_of(b->a, struct program);
    p->program->name = STR("make-graph");
    p->program->graph = g;
    return p;
}

struct plan *graph_nodes(struct binder *b, const struct graph *g)
{
    return plan_share(b, g->nodes, g->nodes_shared);
}

struct plan *graph_edges(struct binder *b, const struct graph *g)
{
    return plan_share(b, g->edges, g->edges_shared);
}

struct expr *graph_aggregate(struct binder *b, const char *name, enum kql_type t, struct expr *x)
{
    struct expr *e = ex_call(b, name, t, &x, x != NULL ? 1 : 0);
    e->fn = kql_func_get(str_from(name), KF_AGGREGATE, KF_AGGREGATE);
    return e;
}

struct plan *graph_join(struct binder *b, enum join_kind kind, struct plan *l, struct plan *r,
                        struct expr **pairs, size_t n)
{
    struct plan *p = plan_two(b, P_JOIN, l, r, NULL);
    p->join = n == 0 ? JOIN_CROSS : kind;
    p->exprs = pairs;
    p->n_exprs = n;
    for (size_t i = 0; i < l->cols.n; i++)
        plan_add_col(b, p, l->cols.p[i]);
    for (size_t i = 0; kind != JOIN_LEFTSEMI && i < r->cols.n; i++)
        plan_add_col(b, p, r->cols.p[i]);
    return p;
}

struct plan *graph_union(struct binder *b, struct plan **in, size_t n)
{
    if (n == 1)
        return in[0];
    struct plan *p = plan_new(b, P_UNION, NULL, NULL);
    p->in = in;
    p->n_in = n;
    p->links = arena_array(b->a, struct union_links, n);
    for (size_t k = 0; k < in[0]->cols.n; k++)
        plan_add_col(b, p, plan_fresh(b, in[0]->cols.p[k].name, in[0]->cols.p[k].type));
    for (size_t i = 0; i < n; i++) {
        p->links[i].p = arena_array(b->a, struct union_link, p->cols.n + 1);
        p->links[i].n = p->cols.n;
        p->open = p->open || in[i]->open;
        for (size_t k = 0; k < p->cols.n; k++)
            p->links[i].p[k] = (struct union_link){(uint32_t)k, in[i]->cols.p[k].id};
    }
    return p;
}

static struct named_expr same(struct binder *b, const struct plan_col *c)
{
    return (struct named_expr){*c, ex_column(b, c, NULL)};
}

static struct named_expr made(struct binder *b, const char *name, struct expr *e)
{
    return (struct named_expr){plan_fresh(b, str_from(name), e->type), e};
}

struct plan *graph_add_degree(struct binder *b, const struct graph *g, struct plan *nodes,
                              size_t end, const char *name)
{
    struct plan *edges = graph_edges(b, g), *count = plan_new(b, P_AGGREGATE, edges, NULL);
    count->keys = arena_array(b->a, struct named_expr, 1);
    count->n_keys = 1;
    count->keys[0] = made(b, "$end", ex_column(b, &edges->cols.p[end], NULL));
    struct named_expr n = made(b, "$n", graph_aggregate(b, "count", KQL_LONG, NULL));
    plan_add_named(b, count, n);
    plan_add_col(b, count, count->keys[0].col);
    plan_add_col(b, count, n.col);
    struct expr **pair = arena_array(b->a, struct expr *, 2);
    pair[0] = ex_column(b, &nodes->cols.p[NODE_ID], NULL);
    pair[1] = ex_column(b, &count->keys[0].col, NULL);
    struct plan *p = graph_join(b, JOIN_LEFTOUTER, nodes, count, pair, 2);
    struct named_expr *list = arena_array(b->a, struct named_expr, nodes->cols.n + 1);
    for (size_t i = 0; i < nodes->cols.n; i++)
        list[i] = same(b, &nodes->cols.p[i]);
    list[nodes->cols.n] =
        made(b, name, ex_call2(b, "coalesce", KQL_LONG, ex_column(b, &n.col, NULL), ex_long(b, 0)));
    return plan_project(b, p, list, nodes->cols.n + 1, NULL);
}

/* ---- make-graph ---- */
enum { MAX_NODE_TABLES = 2 };
struct making {
    struct binder *b;
    struct binding *env;
    const struct syn *op, *partition;          /* partition: the clause or NULL */
    enum kql_type id;                          /* of node ids */
    struct plan *sources[2 + MAX_NODE_TABLES]; /* (key, id): where nodes are named */
    size_t n_sources;
    struct plan *tables[MAX_NODE_TABLES]; /* key, id, properties: one row a node */
    struct str id_names[MAX_NODE_TABLES];
    size_t n_tables;
};

static struct expr *id_of(struct making *v, const struct plan *in, const struct syn *s)
{
    struct cx c = cx_of(v->b, v->env, in);
    struct expr *e = bind_expr(&c, s);
    if (e->type == KQL_UNKNOWN)
        return e;
    if (e->type == KQL_DYNAMIC) {
        bind_error(v->b, "SEM0045", s,
                   "a dynamic value can't name a node; tostring() makes a name");
        return bind_unknown(v->b, s);
    }
    if (v->id == KQL_UNKNOWN)
        v->id = e->type;
    if (e->type != v->id && kql_type_is_number(e->type) && kql_type_is_number(v->id))
        return ex_cast(v->b, e, v->id);
    if (e->type != v->id)
        bind_error(v->b, "SEM0055", s, "the ids of nodes must have one type, not %s and %s",
                   kql_type_name(v->id), kql_type_name(e->type));
    return e;
}

/* Graphs of several partitions are one graph whose nodes carry their partition in the key: nothing
 * connects them, so that every operator treats them apart. */
static struct expr *key_of(struct making *v, const struct plan *in, struct expr *id)
{
    if (v->partition == NULL)
        return id;
    struct cx c = cx_of(v->b, v->env, in);
    struct expr *part = bind_expr(&c, v->partition->kids[0]);
    if (part->type == KQL_UNKNOWN)
        return part;
    return ex_cast(v->b, ex_call2(v->b, "pack_array", KQL_DYNAMIC, part, id), KQL_STRING);
}

static void add_source(struct making *v, struct plan *in, struct expr *id)
{
    struct named_expr list[2] = {made(v->b, "$node", key_of(v, in, id)), made(v->b, "$id", id)};
    v->sources[v->n_sources++] = plan_project(v->b, in, list, 2, NULL);
}

/* One row a node: which of several rows with one id it is, is arbitrary. */
static void add_table(struct making *v, const struct syn *table, const struct syn *key)
{
    struct binder *b = v->b;
    struct plan *t = bind_table(b, v->env, table);
    if (t->open)
        return;
    uint32_t shared = ++b->next_shared;
    struct plan *names = plan_share(b, t, shared), *in = plan_share(b, t, shared);
    add_source(v, names, id_of(v, names, key));
    struct plan *p = plan_new(b, P_AGGREGATE, in, table);
    p->keys = arena_array(b->a, struct named_expr, 1);
    p->n_keys = 1;
    p->keys[0] = made(b, "$key", key_of(v, in, id_of(v, in, key)));
    plan_add_col(b, p, p->keys[0].col);
    for (size_t i = 0; i < in->cols.n; i++) {
        const struct plan_col *c = &in->cols.p[i];
        if (c->hidden)
            continue;
        struct named_expr n = {plan_fresh(b, c->name, c->type),
                               graph_aggregate(b, "take_any", c->type, ex_column(b, c, NULL))};
        plan_add_named(b, p, n);
        plan_add_col(b, p, n.col);
    }
    v->id_names[v->n_tables] = key->kind == SYN_NAME ? key->text : STR_NONE;
    v->tables[v->n_tables++] = p;
}

static struct plan *edges_of(struct making *v, struct plan *in)
{
    struct binder *b = v->b;
    size_t n = 0;
    struct expr *source = id_of(v, in, v->op->kids[0]), *target = id_of(v, in, v->op->kids[1]);
    struct named_expr *list =
        arena_array(b->a, struct named_expr, in->cols.n + EDGE_PROPERTIES + 1);
    list[n++] = made(b, "$edge", ex_call(b, "row_number", KQL_LONG, NULL, 0));
    list[n++] = made(b, "$source", key_of(v, in, source));
    list[n++] = made(b, "$target", key_of(v, in, target));
    for (size_t i = 0; i < in->cols.n; i++)
        if (!in->cols.p[i].hidden)
            list[n++] = same(b, &in->cols.p[i]);
    return plan_project(b, in, list, n, v->op);
}

/* All nodes that a table or an edge names: key and id. */
static struct plan *node_ids(struct making *v)
{
    struct binder *b = v->b;
    struct plan **in = arena_array(b->a, struct plan *, v->n_sources);
    memcpy(in, v->sources, v->n_sources * sizeof(in[0]));
    struct plan *all = graph_union(b, in, v->n_sources);
    struct plan *p = plan_new(b, P_AGGREGATE, all, NULL);
    p->keys = arena_array(b->a, struct named_expr, 1);
    p->n_keys = 1;
    p->keys[0] = made(b, "$node", ex_column(b, &all->cols.p[0], NULL));
    struct named_expr id = {
        plan_fresh(b, STR("$id"), all->cols.p[1].type),
        graph_aggregate(b, "take_any", all->cols.p[1].type, ex_column(b, &all->cols.p[1], NULL))};
    plan_add_named(b, p, id);
    plan_add_col(b, p, p->keys[0].col);
    plan_add_col(b, p, id.col);
    return p;
}

struct properties {
    struct named_expr *p;
    size_t n;
};

/* A node that only edges name still has its id as the property of that name. */
static void add_properties(struct making *v, size_t table, const struct plan_col *id,
                           struct properties *out)
{
    struct binder *b = v->b;
    const struct plan *t = v->tables[table];
    for (size_t i = 1; i < t->cols.n; i++) {
        struct plan_col c = t->cols.p[i];
        struct expr *e = ex_column(b, &c, NULL);
        if (str_eq(c.name, v->id_names[table]))
            e = ex_column(b, id, NULL);
        size_t at = NODE_PROPERTIES;
        while (at < out->n && !str_eq(out->p[at].col.name, c.name))
            at++;
        if (at == out->n)
            out->p[out->n++] = (struct named_expr){plan_fresh(b, c.name, e->type), e};
        else if (out->p[at].e->type == e->type && out->p[at].e->type != KQL_UNKNOWN)
            out->p[at].e = ex_call2(b, "coalesce", e->type, out->p[at].e, e);
        else
            bind_error(b, "SEM0055", v->op, "both node tables have a column '%s', of two types",
                       z(b, c.name));
    }
}

static struct plan *nodes_of(struct making *v)
{
    struct binder *b = v->b;
    struct plan *p = node_ids(v);
    struct plan_col key = p->cols.p[0], id = p->cols.p[1];
    size_t room = NODE_PROPERTIES + 1;
    for (size_t i = 0; i < v->n_tables; i++) {
        struct expr **pair = arena_array(b->a, struct expr *, 2);
        pair[0] = ex_column(b, &key, NULL);
        pair[1] = ex_column(b, &v->tables[i]->cols.p[0], NULL);
        room += v->tables[i]->cols.n;
        p = graph_join(b, JOIN_LEFTOUTER, p, v->tables[i], pair, 2);
    }
    struct properties list = {arena_array(b->a, struct named_expr, room), 0};
    list.p[list.n++] = same(b, &key);
    list.p[list.n++] = made(b, "$text", ex_cast(b, ex_column(b, &id, NULL), KQL_STRING));
    const struct syn *name = syn_clause(v->op, "with_node_id");
    if (name != NULL && name->n > 0)
        list.p[list.n++] = (struct named_expr){plan_fresh(b, name->kids[0]->text, id.type),
                                               ex_column(b, &id, NULL)};
    for (size_t i = 0; i < v->n_tables; i++)
        add_properties(v, i, &id, &list);
    return plan_project(b, p, list.p, list.n, v->op);
}

/* Where partitions are in the key, no property is the key itself. */
static void name_ids(const struct making *v, struct graph *g)
{
    const struct syn *name = syn_clause(v->op, "with_node_id");
    if (v->partition != NULL)
        return;
    if (name != NULL && name->n > 0)
        g->ids[g->n_ids++] = name->kids[0]->text;
    for (size_t i = 0; i < v->n_tables; i++) /* a column of both tables is their merged value */
        if (v->id_names[i].n > 0 && (v->n_tables == 1 || str_eq(v->id_names[0], v->id_names[1])))
            g->ids[g->n_ids++] = v->id_names[i];
}

struct plan *op_make_graph(struct binder *b, struct binding *env, struct plan *in,
                           const struct syn *op)
{
    struct making v = {.b = b, .env = env, .op = op, .id = KQL_UNKNOWN};
    const struct syn *with = syn_clause(op, "with");
    size_t before = b->d->n_errors;
    v.partition = syn_clause(op, "partitioned-by");
    if (in->open || op->n < 2)
        return bind_nothing(b, op);
    struct plan *edges = edges_of(&v, in);
    uint32_t shared = ++b->next_shared;
    if (with != NULL && with->n > 2 * (size_t)MAX_NODE_TABLES)
        bind_error(b, "SEM0001", with, "make-graph takes at most %d node tables", MAX_NODE_TABLES);
    if (b->d->n_errors > before)
        return bind_nothing(b, op);
    for (size_t end = EDGE_SOURCE; end <= EDGE_TARGET; end++) {
        struct plan *ends = plan_share(b, edges, shared);
        add_source(&v, ends, id_of(&v, ends, op->kids[end - EDGE_SOURCE]));
    }
    for (size_t i = 0; with != NULL && i + 1 < with->n; i += 2)
        add_table(&v, with->kids[i], with->kids[i + 1]);
    if (b->d->n_errors > before || (with != NULL && v.n_tables * 2 < with->n))
        return bind_nothing(b, op);
    struct plan *g = graph_plan(b, nodes_of(&v), edges, op);
    name_ids(&v, g->program->graph);
    return v.partition == NULL ? g : bind_contextual(b, env, g, v.partition->kids[1]);
}

/* ---- graph-to-table ---- */
static void add_hash(struct binder *b, const struct syn *out, const char *param,
                     const struct plan_col *of, struct properties *list)
{
    const struct syn *name = syn_param(out, param);
    if (name == NULL || name->n == 0)
        return;
    struct expr *id = ex_column(b, of, NULL);
    list->p[list->n++] = (struct named_expr){plan_fresh(b, name->kids[0]->text, KQL_LONG),
                                             ex_call1(b, "hash", KQL_LONG, id)};
}

static struct plan *table_of(struct binder *b, const struct graph *g, const struct syn *out)
{
    bool nodes = str_eqz(out->text, "nodes");
    struct plan *p = nodes ? graph_nodes(b, g) : graph_edges(b, g);
    struct properties list = {arena_array(b->a, struct named_expr, p->cols.n + 2), 0};
    if (nodes)
        add_hash(b, out, "with_node_id", &p->cols.p[NODE_ID], &list);
    else {
        add_hash(b, out, "with_source_id", &p->cols.p[EDGE_SOURCE], &list);
        add_hash(b, out, "with_target_id", &p->cols.p[EDGE_TARGET], &list);
    }
    for (size_t i = nodes ? NODE_PROPERTIES : EDGE_PROPERTIES; i < p->cols.n; i++)
        list.p[list.n++] = same(b, &p->cols.p[i]);
    return plan_project(b, p, list.p, list.n, out);
}

struct plan *op_graph_to_table(struct binder *b, struct binding *env, struct plan *in,
                               const struct syn *op)
{
    const struct graph *g = graph_of(b, in, op);
    (void)env;
    if (g == NULL || op->n == 0)
        return bind_nothing(b, op);
    struct plan **results = arena_array(b->a, struct plan *, op->n);
    for (size_t i = 0; i < op->n; i++)
        results[i] = table_of(b, g, op->kids[i]);
    if (op->n == 1)
        return results[0];
    struct plan *p = plan_new(b, P_PROGRAM, NULL, op);
    p->program = arena_new_of(b->a, struct program);
    p->program->name = STR("fork");
    p->in = results;
    p->n_in = op->n;
    plan_copy_cols(b, p, results[0]);
    return p;
}

/* ---- graph-mark-components ---- */
struct plan *op_graph_components(struct binder *b, struct binding *env, struct plan *in,
                                 const struct syn *op)
{
    const struct graph *g = graph_of(b, in, op);
    const struct syn *kind = syn_param(op, "kind"), *name = syn_param(op, "with_component_id");
    (void)env;
    if (g == NULL)
        return bind_nothing(b, op);
    bool strong = kind != NULL && kind->n > 0 && str_ieqz(kind->kids[0]->text, "strong");
    if (kind != NULL && kind->n > 0 && !strong && !str_ieqz(kind->kids[0]->text, "weak"))
        bind_error(b, "SEM0001", kind, "the kind of a component is weak or strong");
    struct plan *nodes = graph_nodes(b, g), *edges = graph_edges(b, g);
    struct plan *p = plan_two(b, P_PROGRAM, nodes, edges, op);
    p->program = arena_new_of(b->a, struct program);
    p->program->name = strong ? STR("graph-components-strong") : STR("graph-components-weak");
    plan_add_col(b, p, plan_fresh(b, STR("$id"), nodes->cols.p[NODE_ID].type));
    struct str called = name != NULL && name->n > 0 ? name->kids[0]->text : STR("ComponentId");
    plan_add_col(b, p, plan_fresh(b, called, KQL_LONG));
    struct plan *all = graph_nodes(b, g);
    struct expr **pair = arena_array(b->a, struct expr *, 2);
    pair[0] = ex_column(b, &all->cols.p[NODE_ID], NULL);
    pair[1] = ex_column(b, &p->cols.p[0], NULL);
    struct plan *joined = graph_join(b, JOIN_INNER, all, p, pair, 2);
    struct named_expr *list = arena_array(b->a, struct named_expr, all->cols.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < all->cols.n; i++)
        if (!str_eq(all->cols.p[i].name, called))
            list[n++] = same(b, &all->cols.p[i]);
    list[n++] = same(b, &p->cols.p[1]);
    struct plan *marked = graph_plan(b, plan_project(b, joined, list, n, op), g->edges, op);
    for (size_t i = 0; i < g->n_ids; i++)
        if (!str_eq(g->ids[i], called))
            marked->program->graph->ids[marked->program->graph->n_ids++] = g->ids[i];
    return marked;
}
