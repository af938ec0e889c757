/* Operators that choose, order or number rows: where, take, sort, top …, count, distinct, sample …,
 * serialize, search, find, scan. */
#include "kql/parser_priv.h"

static bool op_where(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op;
    p_push(p, kids, p_condition(p));
    return !p->panic;
}
static bool op_nothing(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op, (void)kids;
    return !p->panic;
}
static bool op_one(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op;
    p_push(p, kids, p_named_expr(p));
    return !p->panic;
}
static bool op_count(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op;
    uint32_t off = p_off(p);
    struct syn_list name = {0};
    if (p_accept(p, "as")) {
        p_push(p, &name, p_name(p, true));
        p_push(p, kids, p_clause(p, off, "as", &name));
    }
    return !p->panic;
}
static bool op_sort(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op;
    return p_expect(p, "by", "after 'sort'") && p_list(p, kids, p_ordered);
}
static bool op_top(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op;
    p_push(p, kids, p_named_expr(p));
    return p_expect(p, "by", "after the number of rows") && p_list(p, kids, p_ordered);
}
static bool op_sample_distinct(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op;
    p_push(p, kids, p_named_expr(p));
    if (p_expect(p, "of", "after the number of values"))
        p_push(p, kids, p_named_expr(p));
    return !p->panic;
}
static bool op_top_hitters(struct parser *p, struct syn *op, struct syn_list *kids)
{
    op_sample_distinct(p, op, kids);
    uint32_t off = p_off(p);
    struct syn_list by = {0};
    if (p_accept(p, "by")) {
        p_push(p, &by, p_ordered(p));
        p_push(p, kids, p_clause(p, off, "by", &by));
    }
    return !p->panic;
}

static struct syn *top_nested_level(struct parser *p)
{
    uint32_t off = p_off(p);
    struct syn_list kids = {0}, others = {0};
    p_push(p, &kids, p_at(p, "of") ? NULL : p_named_expr(p));
    p_expect(p, "of", "in top-nested");
    p_push(p, &kids, p_named_expr(p));
    uint32_t at = p_off(p);
    if (p_accept(p, "with")) {
        p_expect(p, "others", "after 'with'");
        p_expect(p, "=", "after 'others'");
        p_push(p, &others, p_expr(p));
        p_push(p, &kids, p_clause(p, at, "others", &others));
    }
    if (p_expect(p, "by", "in top-nested"))
        p_push(p, &kids, p_ordered(p));
    return p_clause(p, off, "level", &kids);
}
static bool op_top_nested(struct parser *p, struct syn *op, struct syn_list *kids)
{
    size_t n;
    (void)op;
    p_push(p, kids, top_nested_level(p));
    while (p_accept(p, ",")) {
        const struct p_op *o = p_op_here(p, &n);
        if (o == NULL || o->parse != op_top_nested) {
            p_expected(p, "'top-nested' after ','", NULL);
            break;
        }
        p->at += n;
        p_push(p, kids, top_nested_level(p));
    }
    return !p->panic;
}

static bool op_serialize(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op;
    if (p_at(p, "|") || p_at(p, ";") || p_at(p, ")") || p_at(p, "}") || p_at_kind(p, TOK_EOF))
        return true;
    return p_list(p, kids, p_named_expr);
}

/* ---- search, find ---- */

static struct syn *source(struct parser *p)
{
    return p_operand(p);
}
static void in_tables(struct parser *p, struct syn_list *kids)
{
    uint32_t off = p_off(p);
    struct syn_list tables = {0};
    if (!p_at(p, "in") || !p_at_n(p, 1, "("))
        return;
    p->at += 2;
    p_list(p, &tables, source);
    p_close(p, ")", "after the tables");
    p_push(p, kids, p_clause(p, off, "in", &tables));
}
static bool op_search(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op;
    in_tables(p, kids);
    p_push(p, kids, p_expr(p));
    return !p->panic;
}

static struct syn *find_column(struct parser *p)
{
    uint32_t off = p_off(p);
    if (p_at_name(p, 0, true) && p_at_n(p, 1, "(")) /* pack(*) */
        return p_expr(p);
    struct syn *name = p_wild_name(p);
    if (!p_accept(p, ":"))
        return name;
    return p_node1(p, SYN_COLUMN_DECL, off, name->text, p_type(p));
}
static void find_project(struct parser *p, struct syn_list *kids)
{
    size_t n;
    uint32_t off = p_off(p);
    const struct p_op *o = p_op_here(p, &n);
    struct syn_list cols = {0};
    static const char *const roles[] = {"project-smart", "project-away", "project"};
    for (size_t i = 0; o != NULL && i < COUNTOF(roles); i++) {
        if (strcmp(o->name, roles[i]) != 0)
            continue;
        p->at += n;
        if (i > 0)
            p_list(p, &cols, find_column);
        p_push(p, kids, p_clause(p, off, roles[i], &cols));
        return;
    }
}
static bool op_find(struct parser *p, struct syn *op, struct syn_list *kids)
{
    p_params(p, op, "datascope");
    in_tables(p, kids);
    p_accept(p, "where");
    p_push(p, kids, p_expr(p));
    find_project(p, kids);
    find_project(p, kids);
    return !p->panic;
}

/* ---- scan ---- */

static struct syn *scan_assignment(struct parser *p)
{
    return p_named_expr(p);
}
/* step name [optional] [output = all|last|none] : condition [=> assignments] ; */
static struct syn *scan_step(struct parser *p)
{
    uint32_t off = p_off(p);
    struct syn_list kids = {0}, params = {0};
    p_expect(p, "step", "in scan");
    p_push(p, &kids, p_name(p, true));
    struct syn *head = p_clause(p, off, "step", NULL);
    uint32_t at = p_off(p);
    if (p_accept(p, "optional"))
        p_push(p, &params, p_node(p, SYN_PARAM, at, STR("optional"), NULL));
    p_set_params(p, head, &params);
    p_params(p, head, "output");
    p_expect(p, ":", "before the step's condition");
    p_push(p, &kids, p_expr(p));
    if (p_accept(p, "=>"))
        p_list(p, &kids, scan_assignment);
    p_expect(p, ";", "at the end of the step");
    struct syn *s = p_clause(p, off, "step", &kids);
    s->params = head->params;
    s->n_params = head->n_params;
    return s;
}
static struct syn *declared(struct parser *p)
{
    return p_func_param(p, false);
}
static void scan_clauses(struct parser *p, struct syn_list *kids)
{
    struct syn_list order = {0}, part = {0}, decl = {0};
    uint32_t off = p_off(p);
    if (p_at(p, "order") && p_at_n(p, 1, "by")) {
        p->at += 2;
        p_list(p, &order, p_ordered);
        p_push(p, kids, p_clause(p, off, "order by", &order));
    }
    off = p_off(p);
    if (p_at(p, "partition") && p_at_n(p, 1, "by")) {
        p->at += 2;
        p_list(p, &part, p_expr);
        p_push(p, kids, p_clause(p, off, "partition by", &part));
    }
    off = p_off(p);
    if (p_accept(p, "declare")) {
        p_expect(p, "(", "after 'declare'");
        p_list(p, &decl, declared);
        p_close(p, ")", "after the declarations");
        p_push(p, kids, p_clause(p, off, "declare", &decl));
    }
}
static bool op_scan(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op;
    scan_clauses(p, kids);
    p_expect(p, "with", "in scan");
    p_expect(p, "(", "before the steps");
    while (!p->panic && !p_at(p, ")"))
        p_push(p, kids, scan_step(p));
    return p_close(p, ")", "after the steps");
}

const struct p_op p_ops_rows[] = {
    {"where", "where", op_where, NULL, false},
    {"filter", "where", op_where, NULL, false},
    {"take", "take", op_one, NULL, false},
    {"limit", "take", op_one, NULL, false},
    {"sample", "sample", op_one, NULL, false},
    {"sample-distinct", "sample-distinct", op_sample_distinct, NULL, false},
    {"count", "count", op_count, NULL, false},
    {"sort", "sort", op_sort, NULL, false},
    {"order", "sort", op_sort, NULL, false},
    {"top", "top", op_top, NULL, false},
    {"top-hitters", "top-hitters", op_top_hitters, NULL, false},
    {"top-nested", "top-nested", op_top_nested, NULL, false},
    {"serialize", "serialize", op_serialize, NULL, false},
    {"consume", "consume", op_nothing, "decodeblocks", false},
    {"getschema", "getschema", op_nothing, "kind", false},
    {"execute_and_cache", "execute_and_cache", op_nothing, NULL, false},
    {"search", "search", op_search, "kind datascope", true},
    {"find", "find", op_find, "withsource with_source datascope", true},
    {"scan", "scan", op_scan, "kind with_match_id with_step_name", false},
    {NULL, NULL, NULL, NULL, false},
};
