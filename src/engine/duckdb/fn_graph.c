/* Components of a graph whose nodes are numbered from 1: weak ones by joining sets as the edges
 * come (R. Tarjan, "Efficiency of a good but not linear set union algorithm", 1975), strong ones by
 * a walk through all edges (R. Tarjan, "Depth-first search and linear graph algorithms", 1972). */
#include "engine/duckdb/fn.h"
#include <stdlib.h>

enum { MAX_NODES = 1 << 24, DIGITS = 4, DIGIT_BITS = 6, FIRST_DIGIT = '@', STEPS = 1 << 16 };

struct edge {
    uint32_t from, to; /* from 0 */
};
struct graph {
    bool strong, full;
    uint32_t *parent;   /* weak: of each node in its set, itself at the top */
    size_t n, cap;      /* nodes */
    struct edge *edges; /* strong: all of them */
    size_t n_edges, cap_edges;
};
struct graph_state {
    struct graph *g; /* NULL: no edges yet */
};

static struct graph *graph_of(struct graph_state *s, bool strong)
{
    if (s->g == NULL) {
        s->g = xcalloc(1, sizeof(*s->g));
        s->g->strong = strong;
    }
    return s->g;
}

/* ---- collecting ---- */
static void add_nodes(struct graph *g, size_t n)
{
    if (n > g->cap) {
        size_t cap = g->cap > 0 ? g->cap * 2 : 1024;
        g->cap = cap > n ? cap : n;
        g->parent = xrealloc(g->parent, g->cap * sizeof(*g->parent));
    }
    for (; g->n < n; g->n++)
        g->parent[g->n] = (uint32_t)g->n;
}

static uint32_t top_of(struct graph *g, uint32_t node)
{
    while (g->parent[node] != node) {
        g->parent[node] = g->parent[g->parent[node]];
        node = g->parent[node];
    }
    return node;
}

/* The smaller number is on top: the sets are the same in whatever order the edges come. */
static void connect(struct graph *g, uint32_t from, uint32_t to)
{
    uint32_t x = top_of(g, from), y = top_of(g, to);
    if (x < y)
        g->parent[y] = x;
    else
        g->parent[x] = y;
}

static void add_edge(struct graph *g, uint32_t from, uint32_t to)
{
    add_nodes(g, (size_t)(from > to ? from : to) + 1);
    if (!g->strong) {
        connect(g, from, to);
        return;
    }
    if (from == to)
        return;
    if (g->n_edges == g->cap_edges) {
        g->cap_edges = g->cap_edges > 0 ? g->cap_edges * 2 : 1024;
        g->edges = xrealloc(g->edges, g->cap_edges * sizeof(*g->edges));
    }
    g->edges[g->n_edges++] = (struct edge){from, to};
}

/* vd_components(from, to, strong): a node without edges comes as an edge to itself. */
static void update(void *state, struct cf_call *c, size_t r)
{
    struct graph *g = graph_of(state, cf_bool(c, 2, r));
    int64_t from = cf_i64(c, 0, r), to = cf_i64(c, 1, r);
    if (from < 1 || to < 1 || from > MAX_NODES || to > MAX_NODES)
        cf_refuse(c, ERR_LIMIT, "graph-mark-components takes graphs of at most %d nodes",
                  MAX_NODES);
    else
        add_edge(g, (uint32_t)from - 1, (uint32_t)to - 1);
}

static void combine(void *target, const void *source)
{
    const struct graph *from = ((const struct graph_state *)source)->g;
    if (from == NULL)
        return;
    struct graph *to = graph_of(target, from->strong);
    add_nodes(to, from->n);
    for (size_t i = 0; i < from->n; i++)
        if (from->parent[i] != i)
            connect(to, (uint32_t)i, from->parent[i]);
    for (size_t i = 0; i < from->n_edges; i++)
        add_edge(to, from->edges[i].from, from->edges[i].to);
}

static void destroy(void *state)
{
    struct graph_state *s = state;
    if (s->g == NULL)
        return;
    xfree(s->g->parent);
    xfree(s->g->edges);
    xfree(s->g);
    s->g = NULL;
}

static size_t state_bytes(const void *state)
{
    const struct graph *g = ((const struct graph_state *)state)->g;
    return g == NULL ? 0 : g->cap * sizeof(*g->parent) + g->cap_edges * sizeof(*g->edges);
}

/* ---- strong components ---- */
#define UNSEEN UINT32_MAX
struct walk {
    uint32_t *start, *to;  /* edges by the node where they start */
    uint32_t *seen, *low;  /* number in the order of the walk; the least that a node reaches */
    uint32_t *path, *next; /* nodes being walked through, and the edge of each to go on with */
    uint32_t *open;        /* nodes without a component yet, in the order of the walk */
    size_t n_path, n_open;
    uint32_t n_seen;
};

static void order_edges(const struct graph *g, struct walk *w)
{
    for (size_t i = 0; i < g->n_edges; i++)
        w->start[g->edges[i].from + 1]++;
    for (size_t i = 0; i < g->n; i++)
        w->start[i + 1] += w->start[i];
    memcpy(w->next, w->start, g->n * sizeof(*w->next));
    for (size_t i = 0; i < g->n_edges; i++)
        w->to[w->next[g->edges[i].from]++] = g->edges[i].to;
    memcpy(w->next, w->start, g->n * sizeof(*w->next));
}

static void enter(struct walk *w, uint32_t node)
{
    w->seen[node] = w->low[node] = w->n_seen++;
    w->path[w->n_path++] = node;
    w->open[w->n_open++] = node;
}

/* The node's component, if it was the first seen of it: the nodes that are open since then. Closed
 * nodes have a low that nothing falls below. */
static void leave(struct graph *g, struct walk *w, uint32_t node)
{
    w->n_path--;
    if (w->n_path > 0) {
        uint32_t before = w->path[w->n_path - 1];
        w->low[before] = w->low[node] < w->low[before] ? w->low[node] : w->low[before];
    }
    if (w->low[node] != w->seen[node])
        return;
    size_t first = w->n_open;
    uint32_t least = node, member;
    do {
        member = w->open[--first];
        least = member < least ? member : least;
    } while (member != node);
    for (size_t i = first; i < w->n_open; i++) {
        g->parent[w->open[i]] = least;
        w->low[w->open[i]] = UNSEEN;
    }
    w->n_open = first;
}

static bool walk_from(struct graph *g, struct walk *w, uint32_t node, struct cf_call *c)
{
    size_t steps = 0;
    enter(w, node);
    while (w->n_path > 0) {
        uint32_t here = w->path[w->n_path - 1];
        if (steps++ % STEPS == 0 && cf_stops(c))
            return false;
        if (w->next[here] == w->start[here + 1]) {
            leave(g, w, here);
            continue;
        }
        uint32_t to = w->to[w->next[here]++];
        if (w->seen[to] == UNSEEN)
            enter(w, to);
        else if (w->low[to] != UNSEEN && w->seen[to] < w->low[here])
            w->low[here] = w->seen[to];
    }
    return true;
}

static uint32_t *cut(uint32_t **rest, size_t n)
{
    uint32_t *p = *rest;
    *rest += n;
    return p;
}

/* Every node's parent becomes the least node of its component. false: the query ends. */
static bool find_strong(struct graph *g, struct cf_call *c)
{
    size_t bytes = (g->n * 6 + 2 + g->n_edges) * sizeof(uint32_t);
    if (!cf_book(c, bytes))
        return false;
    uint32_t *all = xcalloc(g->n * 6 + 2 + g->n_edges, sizeof(uint32_t)), *rest = all;
    struct walk w = {0};
    w.start = cut(&rest, g->n + 1);
    w.seen = cut(&rest, g->n);
    w.low = cut(&rest, g->n);
    w.path = cut(&rest, g->n);
    w.next = cut(&rest, g->n);
    w.open = cut(&rest, g->n);
    w.to = cut(&rest, g->n_edges);
    order_edges(g, &w);
    memset(w.seen, 0xff, g->n * sizeof(*w.seen));
    bool goes_on = true;
    for (size_t i = 0; i < g->n && goes_on; i++)
        goes_on = w.seen[i] != UNSEEN || walk_from(g, &w, (uint32_t)i, c);
    xfree(all);
    cf_unbook(c, bytes);
    return goes_on;
}

/* ---- the answer: four letters a node ---- */
static void finalize(void *state, struct cf_call *c, size_t row)
{
    struct graph *g = ((struct graph_state *)state)->g;
    if (g == NULL || (g->strong && !find_strong(g, c)))
        return;
    uint32_t found = 0, *component = xcalloc(g->n + 1, sizeof(*component));
    char *text = xmalloc(g->n * DIGITS + 1);
    for (size_t i = 0; i < g->n; i++) {
        uint32_t top = g->strong ? g->parent[i] : top_of(g, (uint32_t)i);
        component[i] = top == i ? found++ : component[top];
        for (size_t k = 0; k < DIGITS; k++)
            text[i * DIGITS + k] = (char)(FIRST_DIGIT + ((component[i] >> (DIGIT_BITS * k)) &
                                                         ((1 << DIGIT_BITS) - 1)));
    }
    cf_out_str(c, row, (struct str){text, g->n * DIGITS});
    xfree(text);
    xfree(component);
}

/* vd_component_at(components, node) */
static void fn_component_at(struct cf_call *c, size_t r)
{
    struct str all = cf_str(c, 0, r);
    int64_t node = cf_i64(c, 1, r), id = 0;
    if (node < 1 || (uint64_t)node * DIGITS > all.n)
        return;
    for (size_t k = DIGITS; k-- > 0;)
        id = (id << DIGIT_BITS) | (all.p[((size_t)node - 1) * DIGITS + k] - FIRST_DIGIT);
    cf_out_i64(c, r, id);
}

const struct cf_scalar fn_graph_rows[] = {
    {.name = "vd_component_at", .sig = "sl:l", .row = fn_component_at},
    {0},
};
const struct cf_aggregate fn_graph_aggregates[] = {
    {.name = "vd_components",
     .sig = "llb:s",
     .state_size = sizeof(struct graph_state),
     .update = update,
     .combine = combine,
     .finalize = finalize,
     .destroy = destroy,
     .bytes = state_bytes},
    {0},
};
