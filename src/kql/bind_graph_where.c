/* graph-where-nodes and graph-where-edges: a part of a graph. The language service knows them, no
 * page describes them: nodes that go take their edges with them, edges that go leave their nodes.
 */
#include "kql/bind_graph.h"

static struct plan *part_of(struct binder *b, const struct graph *g, struct plan *nodes,
                            struct plan *edges, const struct syn *op)
{
    struct plan *p = graph_plan(b, nodes, edges, op);
    memcpy(p->program->graph->ids, g->ids, sizeof(g->ids));
    p->program->graph->n_ids = g->n_ids;
    return p;
}

/* The predicate over a node's properties, its degrees and its id. */
static struct plan *nodes_where(struct binder *b, struct binding *env, const struct graph *g,
                                const struct syn *op)
{
    struct plan *nodes = graph_nodes(b, g), *all = nodes;
    if (graph_calls(op, "node_degree_in"))
        all = graph_add_degree(b, g, all, EDGE_TARGET, "$in");
    if (graph_calls(op, "node_degree_out"))
        all = graph_add_degree(b, g, all, EDGE_SOURCE, "$out");
    struct graph_scope scope = {.g = g, .node = all};
    struct cx c = cx_of(b, env, all);
    c.graph = &scope;
    struct plan *kept = plan_filter(b, all, bind_bool(&c, op->kids[0]), op);
    struct named_expr *list = arena_array(b->a, struct named_expr, nodes->cols.n);
    for (size_t i = 0; i < nodes->cols.n; i++)
        list[i] = (struct named_expr){nodes->cols.p[i], ex_column(b, &nodes->cols.p[i], NULL)};
    return plan_project(b, kept, list, nodes->cols.n, op);
}

/* Edges both of whose ends are among the nodes. */
static struct plan *edges_between(struct binder *b, const struct graph *g, struct plan *nodes,
                                  uint32_t shared)
{
    struct plan *edges = graph_edges(b, g);
    for (size_t end = EDGE_SOURCE; end <= EDGE_TARGET; end++) {
        struct plan *ends = plan_share(b, nodes, shared);
        struct expr **pair = arena_array(b->a, struct expr *, 2);
        pair[0] = ex_column(b, &edges->cols.p[end], NULL);
        pair[1] = ex_column(b, &ends->cols.p[NODE_ID], NULL);
        edges = graph_join(b, JOIN_LEFTSEMI, edges, ends, pair, 2);
    }
    return edges;
}

struct plan *op_graph_where_nodes(struct binder *b, struct binding *env, struct plan *in,
                                  const struct syn *op)
{
    const struct graph *g = graph_of(b, in, op);
    if (g == NULL || op->n == 0)
        return bind_nothing(b, op);
    struct plan *nodes = nodes_where(b, env, g, op);
    uint32_t shared = ++b->next_shared;
    struct plan *edges = edges_between(b, g, nodes, shared);
    return part_of(b, g, plan_share(b, nodes, shared), edges, op);
}

struct plan *op_graph_where_edges(struct binder *b, struct binding *env, struct plan *in,
                                  const struct syn *op)
{
    const struct graph *g = graph_of(b, in, op);
    if (g == NULL || op->n == 0)
        return bind_nothing(b, op);
    struct plan *edges = graph_edges(b, g);
    struct cx c = cx_of(b, env, edges);
    edges = plan_filter(b, edges, bind_bool(&c, op->kids[0]), op);
    return part_of(b, g, graph_nodes(b, g), edges, op);
}
