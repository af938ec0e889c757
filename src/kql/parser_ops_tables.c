/* Operators that bring tables together, take them apart or call something: join, lookup, union,
 * range, evaluate, invoke, as, fork, facet, partition, macro-expand. */
#include "kql/parser_priv.h"

/* (pipe) or a path; parentheses around a bare name count as a subquery, too. */
struct syn *p_operand(struct parser *p)
{
    size_t n = 0;
    while (p_adjacent(p, n) && (p_tok(p, n)->kind == TOK_IDENT || p_tok(p, n)->kind == TOK_LONG ||
                                p_at_n(p, n, "*") || p_at_n(p, n, "-")))
        n++;
    bool dotted =
        p_at_n(p, n, ".") || p_at_n(p, n + 1, ".") || p_at_n(p, n, "(") || p_at_n(p, n + 1, "(");
    if (p_at(p, "*") || (n > 0 && !dotted && p_tok(p, 0)->kind == TOK_IDENT))
        return p_wild_name(p);
    struct syn *s = p_path(p);
    if (s->kind == SYN_PAREN)
        s->kind = SYN_SUBQUERY;
    return s;
}

static bool op_join(struct parser *p, struct syn *op, struct syn_list *kids)
{
    struct syn_list on = {0};
    p_push(p, kids, p_operand(p));
    uint32_t off = p_off(p);
    if (p_accept(p, "on")) {
        p_list(p, &on, p_condition);
        p_push(p, kids, p_clause(p, off, "on", &on));
    } else if (p_accept(p, "where")) {
        p_push(p, &on, p_expr(p));
        p_push(p, kids, p_clause(p, off, "where", &on));
    } else if (str_eqz(op->text, "join")) {
        p_error_at(p, "SYN0002", op, "write: join kind=inner (T) on Column",
                   "join needs 'on' and the columns that must agree");
    } else {
        p_missing(p, "'on' and the columns that must agree", NULL);
    }
    return !p->panic;
}

/* T | as x inside a union's operand list needs parentheses; a bare operand is a name, a wild name
 * or a call. */
static bool op_union(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op;
    return p_list(p, kids, p_operand);
}

static bool op_range(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op;
    p_push(p, kids, p_name(p, true));
    if (p_expect(p, "from", "after the column's name"))
        p_push(p, kids, p_expr(p));
    if (p_expect(p, "to", "after the first value"))
        p_push(p, kids, p_expr(p));
    if (p_expect(p, "step", "after the last value"))
        p_push(p, kids, p_expr(p));
    return !p->panic;
}

static bool must_be_call(struct parser *p, const struct syn *s, const char *what)
{
    const struct syn *c = s;
    if (c->kind == SYN_MEMBER && c->n == 2)
        c = c->kids[1];
    if (p->panic || c->kind == SYN_CALL)
        return !p->panic;
    p->at -= p->at > 0;
    p_expected(p, what, NULL);
    return false;
}
static bool op_evaluate(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op;
    p_push(p, kids, p_path(p));
    must_be_call(p, kids->p[0], "a call of a plugin after 'evaluate'");
    if (p_accept(p, ":"))
        p_push(p, kids, p_schema(p, true));
    return !p->panic;
}
static bool op_invoke(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op;
    p_push(p, kids, p_path(p));
    return must_be_call(p, kids->p[0], "a call of a function after 'invoke'");
}
static bool op_as(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op;
    p_push(p, kids, p_name(p, true));
    return !p->panic;
}

static struct syn *in_parentheses(struct parser *p)
{
    p_expect(p, "(", "before the subquery");
    struct syn *s = p_contextual(p);
    p_close(p, ")", "after the subquery");
    return s;
}
static bool op_fork(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op;
    do {
        uint32_t off = p_off(p);
        struct str name = STR_NONE;
        bool named = !p_at(p, "(");
        if (named && (!p_take_name(p, true, &name) || !p_expect(p, "=", "after the result's name")))
            break;
        struct syn *body = in_parentheses(p);
        p_push(p, kids, named ? p_node1(p, SYN_NAMED, off, name, body) : body);
        p_accept(p, ",");
    } while (p_at(p, "(") || p_at_name(p, 0, true));
    return !p->panic;
}
static struct syn *path_item(struct parser *p)
{
    return p_path(p);
}
static bool op_facet(struct parser *p, struct syn *op, struct syn_list *kids)
{
    uint32_t off = p_off(p);
    struct syn_list by = {0};
    (void)op;
    p_expect(p, "by", "after 'facet'");
    p_list(p, &by, path_item);
    p_push(p, kids, p_clause(p, off, "by", &by));
    if (p_accept(p, "with")) {
        off = p_off(p);
        p_push(p, kids,
               p_at(p, "(") ? in_parentheses(p)
                            : p_node1(p, SYN_CONTEXTUAL, off, STR_NONE, p_operator(p)));
    }
    return !p->panic;
}

static struct syn *partition_body(struct parser *p)
{
    uint32_t off = p_off(p);
    if (!p_accept(p, "{"))
        return in_parentheses(p);
    struct syn *q = p_pipe(p);
    p_close(p, "}", "after the subquery");
    return p_node1(p, SYN_SUBQUERY, off, STR_NONE, q);
}
static bool op_partition(struct parser *p, struct syn *op, struct syn_list *kids)
{
    uint32_t off = p_off(p);
    struct syn_list by = {0};
    (void)op;
    p_expect(p, "by", "after 'partition'");
    /* by Name ( … ) is not a call: the parentheses hold the subquery */
    p_push(p, &by, p_at_n(p, 1, "(") ? p_name(p, false) : p_path(p));
    p_push(p, kids, p_clause(p, off, "by", &by));
    off = p_off(p);
    if (p_accept(p, "in")) {
        struct syn_list in = {0};
        p_push(p, &in, p_path(p));
        p_push(p, kids, p_clause(p, off, "in", &in));
    }
    p_push(p, kids, partition_body(p));
    return !p->panic;
}
/* __partitionby column [id …] ( subquery ): what partition becomes on its way to shards. */
static bool op_partition_by(struct parser *p, struct syn *op, struct syn_list *kids)
{
    uint32_t off = p_off(p);
    struct syn_list by = {0};
    (void)op;
    p_push(p, &by, p_name(p, false));
    p_push(p, kids, p_clause(p, off, "by", &by));
    if (p_accept(p, "id"))
        p_literal(p, false);
    p_push(p, kids, in_parentheses(p));
    return !p->panic;
}

static bool op_macro_expand(struct parser *p, struct syn *op, struct syn_list *kids)
{
    uint32_t off = p_off(p);
    struct syn_list parts = {0};
    (void)op;
    p_push(p, &parts, p_path(p));
    p_expect(p, "as", "after the entity group");
    p_push(p, &parts, p_name(p, true));
    p_expect(p, "(", "before the subquery");
    p_push(p, &parts, p_statements(p, ")"));
    p_close(p, ")", "after the subquery");
    p_push(p, kids, p_node(p, SYN_MACRO, off, STR("macro-expand"), &parts));
    return !p->panic;
}
static bool op_assert_schema(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op;
    p_push(p, kids, p_schema(p, true));
    return !p->panic;
}

/* inline_external_table ( columns ) …: the rest is kept as raw tokens. */
static bool op_inline_external_table(struct parser *p, struct syn *op, struct syn_list *kids)
{
    unsigned open = 0;
    (void)op;
    p_push(p, kids, p_schema(p, false));
    while (!p->panic && !p_at_kind(p, TOK_EOF) &&
           !(open == 0 && (p_at(p, "|") || p_at(p, ";") || p_at(p, ")")))) {
        uint32_t off = p_off(p);
        struct str text = p_text(p, 0);
        open = open + (p_at(p, "(") || p_at(p, "[")) - (open > 0 && (p_at(p, ")") || p_at(p, "]")));
        p->at++;
        p_push(p, kids, p_node(p, SYN_RAW, off, text, NULL));
    }
    return !p->panic;
}

#define UNION_PARAMS "kind withsource with_source isfuzzy best_effort"
const struct p_op p_ops_tables[] = {
    {"join", "join", op_join, "kind", false},
    {"lookup", "lookup", op_join, "kind", false},
    {"union", "union", op_union, UNION_PARAMS, true},
    {"range", "range", op_range, NULL, true},
    {"evaluate", "evaluate", op_evaluate, NULL, true},
    {"invoke", "invoke", op_invoke, NULL, false},
    {"as", "as", op_as, NULL, false},
    {"fork", "fork", op_fork, NULL, false},
    {"facet", "facet", op_facet, NULL, false},
    {"partition", "partition", op_partition, NULL, false},
    {"__partitionby", "__partitionby", op_partition_by, NULL, false},
    {"macro-expand", "macro-expand", op_macro_expand, "kind force_remote isfuzzy best_effort",
     true},
    {"assert-schema", "assert-schema", op_assert_schema, NULL, false},
    {"inline_external_table", "inline_external_table", op_inline_external_table, NULL, true},
    {NULL, NULL, NULL, NULL, false},
};
