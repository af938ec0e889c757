/* Expressions in a graph pattern's where and project: properties of its variables, all(), any(),
 * map(), inner_nodes(), node_degree_in(), node_degree_out(), node_id(), labels(). Source: the
 * functions' pages. */
#include "kql/bind_graph.h"

static struct expr *property(struct binder *b, const struct plan *t, struct str name,
                             const struct syn *at)
{
    const struct plan_col *c = bind_find_column(t, name);
    return c != NULL ? ex_column(b, c, at) : NULL;
}

static struct expr *no_property(const struct cx *c, const struct syn *s, struct str var)
{
    bind_error(c->b, "SEM0100", s, "'%s' has no property '%s'", z(c->b, var), z(c->b, s->text));
    return bind_unknown(c->b, s);
}

static struct expr *list_of(struct binder *b, struct expr **items, size_t n, const struct syn *at)
{
    if (n == 0)
        return ex_const(b, (struct kql_value){.type = KQL_DYNAMIC, .s = STR("[]")}, at);
    return ex_call(b, "pack_array", KQL_DYNAMIC, items, n);
}

/* The key stands in the edges, too: a condition on it then narrows their table, not only the
 * nodes'. */
static bool is_key(const struct graph *g, struct str name)
{
    for (size_t i = 0; i < g->n_ids; i++)
        if (str_eq(g->ids[i], name))
            return true;
    return false;
}

struct expr *bind_graph_member(const struct cx *c, const struct syn *s)
{
    const struct syn *o = s->kids[0];
    const struct graph_var *v =
        o->kind == SYN_NAME && s->n == 1 ? graph_find_var(c->graph, o->text) : NULL;
    if (v == NULL)
        return NULL;
    if (!v->edge && is_key(c->graph->g, s->text))
        return c->graph->places[v->place].id;
    if (!v->edge) {
        struct expr *e = property(c->b, c->graph->places[v->place].table, s->text, s);
        return e != NULL ? e : no_property(c, s, o->text);
    }
    struct expr **items = arena_array(c->b->a, struct expr *, v->n + 1);
    for (size_t i = 0; i < v->n; i++) {
        items[i] = property(c->b, v->tables[i], s->text, s);
        if (items[i] == NULL)
            return no_property(c, s, o->text);
    }
    if (!v->many)
        return items[0];
    if (c->graph->step == SIZE_MAX)
        return list_of(c->b, items, v->n, s);
    return v->n > 0 ? items[c->graph->step < v->n ? c->graph->step : v->n - 1]
                    : bind_unknown(c->b, s);
}

/* ---- a variable as a value ---- */
/* A step as a bag of its edge's properties. */
static struct expr *step_bag(const struct cx *c, const struct plan *edge, const struct syn *at)
{
    struct plan_cols properties = {arena_array(c->b->a, struct plan_col, edge->cols.n), 0};
    for (size_t i = EDGE_PROPERTIES; i < edge->cols.n; i++)
        if (edge->cols.p[i].name.p[0] != '$')
            properties.p[properties.n++] = edge->cols.p[i];
    return bind_pack_columns(c, "bag_pack", &properties, at);
}

/* array_length(e) is the usual reason to name a variable edge without a property. */
struct expr *bind_graph_name(const struct cx *c, const struct syn *s)
{
    const struct graph_var *v = graph_find_var(c->graph, s->text);
    if (v == NULL)
        return NULL;
    if (!v->many) {
        kql_diag_add(c->b->d, ERR_SEMANTIC, "SEM0100", s, "name one of its properties: x.property",
                     "'%s' is %s of the pattern, which is no value", z(c->b, s->text),
                     v->edge ? "an edge" : "a node");
        return bind_unknown(c->b, s);
    }
    struct expr **items = arena_array(c->b->a, struct expr *, v->n + 1);
    for (size_t i = 0; i < v->n; i++)
        items[i] = step_bag(c, v->tables[i], s);
    return list_of(c->b, items, v->n, s);
}

/* ---- all, any, map ---- */
static const struct graph_var *variable_edge(const struct cx *c, const struct syn *call,
                                             bool *out_inner)
{
    const struct syn *s = call->n == 2 ? bind_strip(call->kids[0]) : NULL;
    *out_inner = s != NULL && s->kind == SYN_CALL && str_eqz(s->text, "inner_nodes");
    if (*out_inner)
        s = s->n == 1 ? bind_strip(s->kids[0]) : NULL;
    const struct graph_var *v =
        s != NULL && s->kind == SYN_NAME ? graph_find_var(c->graph, s->text) : NULL;
    if (v != NULL && v->edge)
        return v;
    bind_error(c->b, "SEM0001", call, "%s() needs an edge of the pattern and an expression",
               z(c->b, call->text));
    return NULL;
}

static struct expr *fold(const struct cx *c, const struct syn *s, struct expr **items, size_t n)
{
    bool all = str_eqz(s->text, "all");
    struct expr *e = NULL;
    if (str_eqz(s->text, "map"))
        return list_of(c->b, items, n, s);
    for (size_t i = 0; i < n; i++)
        e = e == NULL ? items[i] : ex_call2(c->b, all ? "and" : "or", KQL_BOOL, e, items[i]);
    return e != NULL ? e : ex_bool(c->b, all);
}

static struct expr *over_steps(const struct cx *c, const struct syn *s)
{
    bool inner, list = str_eqz(s->text, "map");
    const struct graph_var *v = variable_edge(c, s, &inner);
    if (v == NULL)
        return bind_unknown(c->b, s);
    size_t n = inner ? (v->n > 0 ? v->n - 1 : 0) : v->n;
    struct expr **items = arena_array(c->b->a, struct expr *, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct graph_scope scope = *c->graph;
        struct cx one = *c;
        one.graph = &scope;
        one.in = inner ? c->graph->places[v->inner[i]].table : v->tables[i];
        scope.node = inner ? c->graph->places[v->inner[i]].table : NULL;
        items[i] = list ? bind_expr(&one, s->kids[1]) : bind_bool(&one, s->kids[1]);
    }
    return fold(c, s, items, n);
}

/* ---- nodes ---- */
static const struct plan *node_of(const struct cx *c, const struct syn *s)
{
    if (s->n == 0 && c->graph->node != NULL)
        return c->graph->node;
    const struct syn *k = s->n == 1 ? bind_strip(s->kids[0]) : NULL;
    const struct graph_var *v =
        k != NULL && k->kind == SYN_NAME ? graph_find_var(c->graph, k->text) : NULL;
    if (v != NULL && !v->edge)
        return c->graph->places[v->place].table;
    bind_error(c->b, "SEM0001", s, "%s() needs a node of the pattern", z(c->b, s->text));
    return NULL;
}

static struct expr *about_node(const struct cx *c, const struct syn *s, const char *column)
{
    const struct plan *t = node_of(c, s);
    struct expr *e = t != NULL ? property(c->b, t, str_from(column), s) : NULL;
    return e != NULL ? e : bind_unknown(c->b, s);
}

/* Only stored graph models have labels. */
static struct expr *labels(const struct cx *c, const struct syn *s)
{
    bool known = s->n == 0 || (s->n == 1 && s->kids[0]->kind == SYN_NAME &&
                               graph_find_var(c->graph, s->kids[0]->text) != NULL);
    if (known)
        return list_of(c->b, NULL, 0, s);
    bind_error(c->b, "SEM0001", s, "labels() needs a node or an edge of the pattern");
    return bind_unknown(c->b, s);
}

/* ---- the functions ---- */
static struct expr *degree_in(const struct cx *c, const struct syn *s)
{
    return about_node(c, s, "$in");
}

static struct expr *degree_out(const struct cx *c, const struct syn *s)
{
    return about_node(c, s, "$out");
}

static struct expr *node_id(const struct cx *c, const struct syn *s)
{
    return about_node(c, s, "$text");
}

static const struct graph_function {
    const char *name;
    struct expr *(*fn)(const struct cx *c, const struct syn *s);
    const char *column; /* what an unnamed column is called; "": ColumnN */
} functions[] = {
    {"all", over_steps, ""},
    {"any", over_steps, ""},
    {"labels", labels, ""},
    {"map", over_steps, ""},
    {"node_degree_in", degree_in, "node_degree_in"},
    {"node_degree_out", degree_out, "node_degree_out"},
    {"node_id", node_id, ""},
};

static const struct graph_function *find_function(struct str name)
{
    for (size_t i = 0; i < COUNTOF(functions); i++)
        if (str_eqz(name, functions[i].name))
            return &functions[i];
    return NULL;
}

struct expr *bind_graph_call(const struct cx *c, const struct syn *s)
{
    const struct graph_function *f = find_function(s->text);
    return f != NULL ? f->fn(c, s) : NULL;
}

const char *bind_graph_column(struct str function)
{
    const struct graph_function *f = find_function(function);
    return f != NULL ? f->column : NULL;
}
