/* Operators that fold rows or draw them: summarize, make-series, reduce, render; and the graph
 * operators. */
#include "kql/parser_priv.h"

static bool at_end(const struct parser *p)
{
    return p_at(p, "|") || p_at(p, ";") || p_at(p, ")") || p_at(p, "}") || p_at_kind(p, TOK_EOF);
}

static bool op_summarize(struct parser *p, struct syn *op, struct syn_list *kids)
{
    uint32_t off = p_off(p);
    struct syn_list aggs = {0}, by = {0};
    (void)op;
    if (!p_at(p, "by") || p_at_n(p, 1, "="))
        p_list(p, &aggs, p_named_expr);
    p_push(p, kids, p_clause(p, off, "aggregates", &aggs));
    off = p_off(p);
    if (p_accept(p, "by")) {
        p_list(p, &by, p_named_expr);
        p_push(p, kids, p_clause(p, off, "by", &by));
        if (p_at(p, "bin") && p_at_n(p, 1, "=")) { /* by x bin = 1h, the form before bin() */
            off = p_off(p);
            p->at += 2;
            struct syn_list size = {0};
            p_push(p, &size, p_literal(p, true));
            p_push(p, kids, p_clause(p, off, "bin", &size));
        }
    }
    return !p->panic;
}

/* ---- make-series ---- */

static struct syn *series(struct parser *p)
{
    uint32_t off = p_off(p);
    struct syn_list kids = {0};
    p_push(p, &kids, p_named_expr(p));
    if (p_accept(p, "default")) {
        p_expect(p, "=", "after 'default'");
        p_push(p, &kids, p_expr(p));
    }
    return p_clause(p, off, "series", &kids);
}
static void series_part(struct parser *p, const char *word, struct syn_list *kids)
{
    uint32_t off = p_off(p);
    struct syn_list part = {0};
    if (p_accept(p, word)) {
        p_push(p, &part, p_named_expr(p));
        p_push(p, kids, p_clause(p, off, word, &part));
    }
}
/* "on T in range(…)" reads as one expression, T in (…); it is an axis and its range. */
static bool split_range(struct parser *p, struct syn_list *kids)
{
    struct syn *on = kids->n > 0 ? kids->p[kids->n - 1] : NULL;
    struct syn *x = on != NULL && on->n == 1 ? on->kids[0] : NULL;
    if (x == NULL || x->kind != SYN_IN || x->n != 2 || x->kids[1]->kind != SYN_CALL)
        return false;
    struct syn_list range = {0};
    on->kids[0] = x->kids[0];
    p_push(p, &range, x->kids[1]);
    p_push(p, kids, p_clause(p, x->kids[1]->off, "in", &range));
    return true;
}
static bool op_make_series(struct parser *p, struct syn *op, struct syn_list *kids)
{
    uint32_t off = p_off(p);
    struct syn_list aggs = {0}, by = {0};
    (void)op;
    p_list(p, &aggs, series);
    p_push(p, kids, p_clause(p, off, "aggregates", &aggs));
    if (!p_at(p, "on"))
        p_expected(p, "'on' and the axis", NULL);
    series_part(p, "on", kids);
    if (split_range(p, kids)) {
        ; /* from, to and step are in it */
    } else if (p_at(p, "in")) {
        series_part(p, "in", kids);
    } else {
        series_part(p, "from", kids);
        series_part(p, "to", kids);
        if (!p_at(p, "step"))
            p_expected(p, "'step' and the size of a bin", NULL);
        series_part(p, "step", kids);
    }
    off = p_off(p);
    if (p_accept(p, "by")) {
        p_list(p, &by, p_named_expr);
        p_push(p, kids, p_clause(p, off, "by", &by));
    }
    return !p->panic;
}

static bool op_reduce(struct parser *p, struct syn *op, struct syn_list *kids)
{
    struct syn_list by = {0};
    (void)op;
    uint32_t off = p_off(p);
    p_expect(p, "by", "after 'reduce'");
    p_push(p, &by, p_named_expr(p));
    p_push(p, kids, p_clause(p, off, "by", &by));
    if (p_accept(p, "with"))
        p_list(p, kids, p_named_expr);
    return !p->panic;
}

/* ---- render ---- */

/* The form before with ( … ): render timechart title="x" kind=stacked by a, b */
static void render_legacy(struct parser *p, struct syn *op)
{
    struct syn_list params = {0};
    while (!p->panic && !at_end(p)) {
        uint32_t off = p_off(p);
        struct syn_list values = {0};
        struct str name = arena_fmt(p->a, "with.%.*s", STR_ARG(p_text(p, 0)));
        bool by = p_at(p, "by");
        if (!p_at_kind(p, TOK_IDENT) || (!by && !p_at(p, "with") && !p_at_n(p, 1, "="))) {
            p_expected(p, "'with (' and properties, or '|'", NULL);
            return;
        }
        p->at += by || p_at(p, "with") ? 1 : 2;
        do
            p_push(p, &values, p_at_literal(p) ? p_literal(p, false) : p_name(p, true));
        while (by && p_accept(p, ","));
        p_push(p, &params, p_node(p, SYN_PARAM, off, by ? STR("with.series") : name, &values));
        p_accept(p, ",");
    }
    p_set_params(p, op, &params);
}
static bool op_render(struct parser *p, struct syn *op, struct syn_list *kids)
{
    p_push(p, kids, p_name(p, true));
    if (p_at(p, "with") && p_at_n(p, 1, "(")) {
        p->at++;
        p_with_params(p, op);
    } else {
        render_legacy(p, op);
    }
    return !p->panic;
}

/* ---- graphs ---- */

/* source --> target [with T on k, …] [with_node_id = name] [partitioned-by k ( … )] */
static bool op_make_graph(struct parser *p, struct syn *op, struct syn_list *kids)
{
    struct syn_list with = {0}, id = {0};
    p_push(p, kids, p_path(p));
    for (const char *s = "-->"; *s != '\0'; s++)
        p_expect(p, *s == '-' ? "-" : ">", "of the arrow -->");
    p_push(p, kids, p_path(p));
    uint32_t off = p_off(p);
    if (p_accept(p, "with")) {
        do {
            p_push(p, &with, p_operand(p));
            p_expect(p, "on", "after the node table");
            p_push(p, &with, p_path(p));
        } while (p_accept(p, ","));
        p_push(p, kids, p_clause(p, off, "with", &with));
    }
    off = p_off(p);
    if (p_accept(p, "with_node_id")) {
        p_expect(p, "=", "after 'with_node_id'");
        p_push(p, &id, p_name(p, true));
        p_push(p, kids, p_clause(p, off, "with_node_id", &id));
    }
    off = p_off(p);
    if (p_at(p, "partitioned") && p_at_n(p, 1, "-") && p_at_n(p, 2, "by")) {
        struct syn_list by = {0};
        p->at += 3;
        p_push(p, &by, p_name(p, false));
        p_expect(p, "(", "before the graph operators");
        p_push(p, &by, p_contextual(p));
        p_close(p, ")", "after the graph operators");
        p_push(p, kids, p_clause(p, off, "partitioned-by", &by));
    }
    (void)op;
    return !p->panic;
}

static struct syn *pattern(struct parser *p)
{
    uint32_t off = p_off(p);
    struct syn_list raw = {0};
    while (!p->panic && !at_end(p) && !p_at(p, "where") && !p_at(p, "project")) {
        bool open = p_at(p, "(");
        do { /* up to the closing parenthesis of a node: ')' alone would end the operator */
            uint32_t at = p_off(p);
            struct str text = p_text(p, 0);
            open = open && !p_at(p, ")");
            p->at++;
            p_push(p, &raw, p_node(p, SYN_RAW, at, text, NULL));
        } while (open && !p_at_kind(p, TOK_EOF));
    }
    if (raw.n == 0)
        p_expected(p, "a graph pattern such as (a)-[e]->(b)", NULL);
    return p_clause(p, off, "pattern", &raw);
}
static bool op_graph_match(struct parser *p, struct syn *op, struct syn_list *kids)
{
    struct syn_list where = {0}, project = {0};
    (void)op;
    p_push(p, kids, pattern(p));
    uint32_t off = p_off(p);
    if (p_accept(p, "where")) {
        p_push(p, &where, p_expr(p));
        p_push(p, kids, p_clause(p, off, "where", &where));
    }
    off = p_off(p);
    if (p_accept(p, "project")) {
        p_list(p, &project, p_named_expr);
        p_push(p, kids, p_clause(p, off, "project", &project));
    }
    return !p->panic;
}
static bool op_graph_filter(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op;
    p_push(p, kids, p_expr(p));
    return !p->panic;
}
static bool op_graph_components(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op, (void)kids;
    return !p->panic;
}
/* nodes [with_node_id = x], edges [with_source_id = a with_target_id = b] [as name] */
static struct syn *graph_output(struct parser *p)
{
    uint32_t off = p_off(p);
    struct syn_list as = {0};
    const char *role = p_at(p, "edges") ? "edges" : "nodes";
    if (!p_accept(p, role))
        return p_expected(p, "'nodes' or 'edges'", NULL);
    if (p_accept(p, "as"))
        p_push(p, &as, p_name(p, true));
    struct syn *s = p_clause(p, off, role, &as);
    p_params(p, s, "with_node_id with_source_id with_target_id");
    return s;
}
static bool op_graph_to_table(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op;
    return p_list(p, kids, graph_output);
}

const struct p_op p_ops_shape[] = {
    {"summarize", "summarize", op_summarize, NULL, false},
    {"make-series", "make-series", op_make_series, "kind", false},
    {"reduce", "reduce", op_reduce, "kind", false},
    {"render", "render", op_render, NULL, false},
    {"make-graph", "make-graph", op_make_graph, NULL, false},
    {"graph-match", "graph-match", op_graph_match, "cycles", false},
    {"graph-shortest-paths", "graph-shortest-paths", op_graph_match, "output", false},
    {"graph-mark-components", "graph-mark-components", op_graph_components,
     "kind with_component_id", false},
    {"graph-to-table", "graph-to-table", op_graph_to_table, NULL, false},
    {"graph-where-nodes", "graph-where-nodes", op_graph_filter, NULL, false},
    {"graph-where-edges", "graph-where-edges", op_graph_filter, NULL, false},
    {NULL, NULL, NULL, NULL, false},
};
