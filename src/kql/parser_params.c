/* Operator parameters: name = value before an operator's own part, and with ( name = value, … ). */
#include "kql/functions.h"
#include "kql/parser_priv.h"

static bool allowed_here(const char *allowed, struct str name)
{
    const char *s = allowed;
    while (s != NULL && *s != '\0') {
        size_t n = strcspn(s, " ");
        if (n == name.n && n > 0 && memcmp(s, name.p, n) == 0)
            return true;
        s += n + (s[n] == ' ');
    }
    return false;
}

/* The value of a parameter: a word, a quoted name, or a constant. */
static struct syn *value(struct parser *p)
{
    uint32_t off = p_off(p);
    if (p_at_literal(p) || p_at(p, "-") || p_at(p, "+"))
        return p_literal(p, true);
    if (p_at_kind(p, TOK_IDENT)) {
        struct str word = p_text(p, 0);
        p->at++;
        return p_node(p, SYN_NAME, off, word, NULL);
    }
    return p_missing(p, "a value", NULL);
}

/* Tokens that the parameter's name takes: 1, 3 for hint.x, 0 when there is none. */
static size_t name_tokens(const struct parser *p, const char *allowed)
{
    if (!p_at_kind(p, TOK_IDENT))
        return 0;
    if (p_at(p, "hint") && p_at_n(p, 1, ".") && p_tok(p, 2)->kind == TOK_IDENT)
        return 3;
    struct str name = p_text(p, 0);
    bool hidden = allowed != NULL && str_starts(name, STR("__")); /* extend __x = 1 is a column */
    return p_at_n(p, 1, "=") && (allowed_here(allowed, name) || hidden) ? 1 : 0;
}

/* Behind these operators no other name = … can stand than a parameter. */
static bool takes_names_only(const struct syn *op)
{
    static const char *const ops[] = {"join", "lookup", "parse", "parse-where", "search", "union"};
    for (size_t i = 0; i < COUNTOF(ops); i++)
        if (op->kind == SYN_OP && str_eqz(op->text, ops[i]))
            return true;
    return false;
}

/* kidn = inner: reported, and left out. False: there is nothing like it here. */
static bool unknown_param(struct parser *p, const struct syn *op, const char *allowed)
{
    if (!takes_names_only(op) || !p_at_kind(p, TOK_IDENT) || !p_at_n(p, 1, "="))
        return false;
    struct syn at = {.off = p_off(p), .len = p_tok(p, 0)->len};
    struct suggest near = {.want = p_text(p, 0)};
    for (const char *s = allowed; *s != '\0'; s += strcspn(s, " "), s += *s == ' ')
        suggest_offer(&near, (struct str){s, strcspn(s, " ")});
    struct str hint = near.best.n > 0 ? arena_fmt(p->a, "did you mean '%.*s'?", STR_ARG(near.best))
                                      : arena_fmt(p->a, "there are: %s", allowed);
    p_error_at(p, "SYN0002", &at, arena_strz(p->a, hint), "'%.*s' is no parameter of %.*s",
               STR_ARG(near.want), STR_ARG(op->text));
    p->at += 2;
    (void)value(p);
    return true;
}

void p_params(struct parser *p, struct syn *op, const char *allowed)
{
    struct syn_list params = {0};
    for (size_t n; (n = name_tokens(p, allowed)) > 0 || unknown_param(p, op, allowed);) {
        if (n == 0)
            continue;
        uint32_t off = p_off(p);
        const struct tok *last = p_tok(p, n - 1);
        struct str name = str_sub(p->text, off, last->off + last->len - off);
        p->at += n;
        if (p_accept(p, "="))
            p_push(p, &params, p_node1(p, SYN_PARAM, off, name, value(p)));
        else
            p_push(p, &params, p_node(p, SYN_PARAM, off, name, NULL));
    }
    p_set_params(p, op, &params);
}

/* Some values are lists: ycolumns = a, b. A comma before "name =" starts the next parameter
 * instead. */
static struct syn *with_param(struct parser *p)
{
    uint32_t off = p_off(p);
    struct syn_list values = {0};
    struct str name;
    if (!p_take_name(p, true, &name) || !p_expect(p, "=", "after the property's name"))
        return p_node(p, SYN_ERROR, off, STR_NONE, NULL);
    name = arena_fmt(p->a, "with.%.*s", STR_ARG(name));
    for (;;) {
        bool path = p_at_kind(p, TOK_IDENT) && (p_at_n(p, 1, "(") || p_at_n(p, 1, "."));
        p_push(p, &values, path ? p_path(p) : value(p));
        if (!p_at(p, ",") || p_at_n(p, 1, ")") || p_at_n(p, 2, "="))
            break;
        p->at++;
    }
    return p_node(p, SYN_PARAM, off, name, &values);
}

void p_with_params(struct parser *p, struct syn *op)
{
    struct syn_list params = {0};
    p_expect(p, "(", "after 'with'");
    while (!p->panic && !p_at(p, ")")) {
        p_push(p, &params, with_param(p));
        if (!p_accept(p, ","))
            break;
    }
    p_close(p, ")", "or ',' after the property");
    p_set_params(p, op, &params);
}
