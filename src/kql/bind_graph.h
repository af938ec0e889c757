/* What the two files of graph operators share: a graph in the plan, and the variables of a
 * pattern. */
#pragma once
#include "kql/bind_priv.h"

/* A graph is two tables that every operator over it reads through P_SHARED. The first columns are
 * ours, properties follow. */
struct graph {
    struct plan *nodes, *edges;
    uint32_t nodes_shared, edges_shared;
    struct str ids[3]; /* properties of nodes that are the key itself */
    size_t n_ids;
};
enum { NODE_ID, NODE_TEXT, NODE_PROPERTIES };                /* columns of nodes */
enum { EDGE_ID, EDGE_SOURCE, EDGE_TARGET, EDGE_PROPERTIES }; /* of edges */

/* A variable of a pattern, in one branch of it: a variable edge has as many tables as it has
 * occurrences there, everything else one. */
struct graph_var {
    struct str name; /* empty: anonymous */
    bool edge, many;
    size_t place;         /* nodes: index into the branch's places */
    struct plan **tables; /* edges: one a step */
    size_t n;
    size_t *inner; /* places between the steps, n - 1 of them */
};
struct graph_place {
    struct expr *id;    /* NULL: nothing is joined yet */
    struct plan *table; /* the node's properties; NULL: nobody asks for them */
};
struct graph_scope {
    const struct graph *g;
    struct graph_var *vars;
    size_t n;
    struct graph_place *places;
    size_t step;       /* which table of a variable edge its name means; SIZE_MAX: a list of all */
    struct plan *node; /* in all(inner_nodes(e), …): the inner node */
};

/* The graph before op, or NULL: reported. */
struct graph *graph_of(struct binder *b, const struct plan *in, const struct syn *op);
struct plan *graph_plan(struct binder *b, struct plan *nodes, struct plan *edges,
                        const struct syn *at);
struct plan *graph_nodes(struct binder *b, const struct graph *g); /* to be read once */
struct plan *graph_edges(struct binder *b, const struct graph *g);
/* An aggregate call, of a column or of none. */
struct expr *graph_aggregate(struct binder *b, const char *name, enum kql_type t, struct expr *x);
/* Columns of both sides; n pairs of keys. */
struct plan *graph_join(struct binder *b, enum join_kind kind, struct plan *l, struct plan *r,
                        struct expr **pairs, size_t n);
struct plan *graph_union(struct binder *b, struct plan **in, size_t n);
/* How many edges end (EDGE_TARGET) or start (EDGE_SOURCE) at each node of `nodes`: one column more.
 */
struct plan *graph_add_degree(struct binder *b, const struct graph *g, struct plan *nodes,
                              size_t end, const char *name);
/* Whether a text calls a function. s may be NULL. */
bool graph_calls(const struct syn *s, const char *name);
struct graph_var *graph_find_var(const struct graph_scope *s, struct str name);
