/* Operators that compute, rename, choose or parse columns. */
#include "kql/parser_priv.h"

static bool op_named(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op;
    return p_list(p, kids, p_named_expr);
}
/* Also empty: project keeps no column, project-away none away. */
static bool op_named_or_none(struct parser *p, struct syn *op, struct syn_list *kids)
{
    if (p_at(p, "|") || p_at(p, ";") || p_at(p, ")") || p_at(p, "}") || p_at_kind(p, TOK_EOF))
        return true;
    return op_named(p, op, kids);
}
static struct syn *away_item(struct parser *p)
{
    return p_wild_name(p);
}
static bool op_wild(struct parser *p, struct syn *op, struct syn_list *kids)
{
    if (p_at(p, "|") || p_at(p, ";") || p_at(p, ")") || p_at_kind(p, TOK_EOF))
        return true;
    (void)op;
    return p_list(p, kids, away_item);
}
static bool op_names(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op;
    return p_list(p, kids, p_expr);
}
static struct syn *distinct_item(struct parser *p)
{
    return p_at(p, "*") ? p_expr(p) : p_named_expr(p);
}
static bool op_distinct(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op;
    return p_list(p, kids, distinct_item);
}

/* name [asc|desc|granny-asc|granny-desc] */
static struct syn *reorder_item(struct parser *p)
{
    uint32_t off = p_off(p);
    struct syn *name = p_wild_name(p);
    struct str order = STR_NONE;
    if (p_at(p, "asc") || p_at(p, "desc")) {
        order = p_text(p, 0);
        p->at++;
    } else if (p_at(p, "granny") && p_at_n(p, 1, "-") &&
               (p_at_n(p, 2, "asc") || p_at_n(p, 2, "desc"))) {
        order = p_at_n(p, 2, "asc") ? STR("granny-asc") : STR("granny-desc");
        p->at += 3;
    }
    return p_node1(p, SYN_ORDERED, off, order, name);
}
static bool op_reorder(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op;
    return p_list(p, kids, reorder_item);
}

/* ---- parse ---- */

static struct syn *parse_part(struct parser *p)
{
    uint32_t off = p_off(p);
    if (p_accept(p, "*"))
        return p_node(p, SYN_STAR, off, STR("*"), NULL);
    if (p_at_kind(p, TOK_STRING))
        return p_literal(p, false);
    struct str name;
    if (!p_take_name(p, false, &name))
        return p_node(p, SYN_ERROR, off, STR_NONE, NULL);
    if (!p_accept(p, ":"))
        return p_node(p, SYN_NAME, off, name, NULL);
    return p_node1(p, SYN_COLUMN_DECL, off, name, p_type(p));
}
static bool at_parse_part(const struct parser *p)
{
    return p_at(p, "*") || p_at_kind(p, TOK_STRING) || p_at_kind(p, TOK_IDENT) ||
           p_at_name(p, 0, false);
}
static bool op_parse(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op;
    p_push(p, kids, p_expr(p));
    p_expect(p, "with", "after the text to parse");
    while (at_parse_part(p)) {
        struct syn *part = parse_part(p);
        struct syn *last = kids->p[kids->n - 1];
        bool name = part->kind == SYN_NAME || part->kind == SYN_COLUMN_DECL;
        if (name && kids->n > 1 && (last->kind == SYN_NAME || last->kind == SYN_COLUMN_DECL) &&
            !p->panic) {
            p->at -= 1;
            p_error(p, "SYN0002", NULL,
                    "two columns need a text between them in the pattern of parse");
            return false;
        }
        p_push(p, kids, part);
    }
    return !p->panic;
}
static bool op_parse_kv(struct parser *p, struct syn *op, struct syn_list *kids)
{
    p_push(p, kids, p_expr(p));
    p_expect(p, "as", "after the text to parse");
    p_push(p, kids, p_schema(p, false));
    if (p_accept(p, "with"))
        p_with_params(p, op);
    return !p->panic;
}

/* ---- mv-expand, mv-apply ---- */

static struct syn *expand_item(struct parser *p)
{
    uint32_t off = p_off(p);
    struct syn_list kids = {0};
    p_push(p, &kids, p_named_expr(p));
    if (p_accept(p, "to")) {
        if (!p_at(p, "typeof"))
            p_expected(p, "typeof( … ) after 'to'", NULL);
        p_push(p, &kids, p_path(p));
    }
    return p_clause(p, off, "item", &kids);
}
static void expand_limit(struct parser *p, struct syn_list *kids)
{
    uint32_t off = p_off(p);
    struct syn_list limit = {0};
    if (p_accept(p, "limit")) {
        p_push(p, &limit, p_expr(p));
        p_push(p, kids, p_clause(p, off, "limit", &limit));
    }
}
static bool op_mv_expand(struct parser *p, struct syn *op, struct syn_list *kids)
{
    (void)op;
    p_list(p, kids, expand_item);
    expand_limit(p, kids);
    return !p->panic;
}
static bool op_mv_apply(struct parser *p, struct syn *op, struct syn_list *kids)
{
    struct syn_list on = {0}, params = {0};
    p_list(p, kids, expand_item);
    expand_limit(p, kids);
    uint32_t off = p_off(p);
    if (p_accept(p, "id")) {
        p_push(p, &params, p_node1(p, SYN_PARAM, off, STR("id"), p_literal(p, false)));
        p_set_params(p, op, &params);
    }
    off = p_off(p);
    p_expect(p, "on", "before the subquery");
    p_expect(p, "(", "after 'on'");
    p_push(p, &on, p_contextual(p));
    p_close(p, ")", "after the subquery");
    p_push(p, kids, p_clause(p, off, "on", &on));
    return !p->panic;
}

const struct p_op p_ops_columns[] = {
    {"extend", "extend", op_named, NULL, false},
    {"project", "project", op_named_or_none, NULL, false},
    {"project-smart", "project-smart", op_named_or_none, NULL, false},
    {"project-rename", "project-rename", op_named_or_none, NULL, false},
    {"project-away", "project-away", op_wild, NULL, false},
    {"project-keep", "project-keep", op_wild, NULL, false},
    {"project-reorder", "project-reorder", op_reorder, NULL, false},
    {"project-by-names", "project-by-names", op_names, NULL, false},
    {"distinct", "distinct", op_distinct, NULL, false},
    {"print", "print", op_named, NULL, true},
    {"parse", "parse", op_parse, "kind flags", false},
    {"parse-where", "parse-where", op_parse, "kind flags", false},
    {"parse-kv", "parse-kv", op_parse_kv, NULL, false},
    {"mv-expand", "mv-expand", op_mv_expand, "kind bagexpansion with_itemindex", false},
    {"mvexpand", "mv-expand", op_mv_expand, "kind bagexpansion with_itemindex", false},
    {"mv-apply", "mv-apply", op_mv_apply, "with_itemindex", false},
    {"mvapply", "mv-apply", op_mv_apply, "with_itemindex", false},
    {NULL, NULL, NULL, NULL, false},
};
