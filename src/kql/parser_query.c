/* Statements and pipes: let, set, declare, alias, restrict; source | operator | operator … */
#include "kql/functions.h"
#include "kql/parser_priv.h"

/* ---- pipes ---- */

static struct syn *source(struct parser *p)
{
    size_t n;
    const struct p_op *o = p_op_here(p, &n);
    /* range(1, 5) is a call; range x from … the operator. */
    bool call = o != NULL && strcmp(o->name, "range") == 0 && p_at_n(p, n, "(");
    if (p_at(p, "|"))
        return p_error(p, "SYN0002", NULL, "expected a table before '|'");
    if (o != NULL && o->source && !call)
        return p_operator(p);
    return p_expr(p);
}

/* At an operator in whose front the '|' is missing; on a new line, what may start a query does. */
static bool at_missing_pipe(const struct parser *p)
{
    size_t n;
    const struct p_op *o = p_op_here(p, &n);
    return o != NULL && !(o->source && p_new_line(p));
}

/* A line that looks like a statement of its own: the ';' before it is missing. */
static bool at_new_statement(const struct parser *p)
{
    static const char *const words[] = {"let", "set", "declare", "alias", "restrict"};
    size_t n;
    const struct p_op *o = p_op_here(p, &n);
    if (p->panic || p->at == 0 || !p_new_line(p) || p_tok(p, 0)->kind != TOK_IDENT)
        return false;
    for (size_t i = 0; i < COUNTOF(words); i++)
        if (p_at(p, words[i]))
            return true;
    bool first = p->text.p[p_off(p) - 1] == '\n'; /* not set in, as what goes on is */
    return o != NULL ? o->source : first && (p_at_n(p, 1, "|") || p_tok(p, 1)->kind == TOK_EOF);
}

/* What stands where a statement or an operator should have ended. */
static void unexpected(struct parser *p)
{
    const char *hint = p_slip_hint(p);
    bool item = p_at_literal(p) || p_at_name(p, 0, false);
    if (p_at_kind(p, TOK_PUNCT)) /* nothing starts with it: it is too many */
        (void)p_error(p, "SYN0002", hint, "'%.*s' is not expected here", STR_ARG(p_text(p, 0)));
    else if (at_new_statement(p))
        (void)p_expected(p, "';' before the next statement", NULL);
    else
        (void)p_expected(p, "'|', ';' or the end of the query",
                         hint == NULL && item ? "is a ',' or an operator missing before it?"
                                              : hint);
}

static void after_operator(struct parser *p, struct syn *last)
{
    if (last != NULL && last->kind == SYN_OP && !at_missing_pipe(p))
        last->broken = last->lost = true; /* what stands here was probably meant to be part of it */
    if (at_missing_pipe(p))
        (void)p_expected(p, "'|' before the operator", NULL);
    else
        unexpected(p);
}

/* "a == 1 || b == 2" */
static bool two_pipes(struct parser *p)
{
    if (!p_at(p, "|") || !p_at_n(p, 1, "|") || !p_adjacent(p, 0))
        return false;
    p->at++;
    p_missing(p, "an operator after '|'", "conditions are joined with 'or'");
    size_t n;
    p->at++;
    if (p_op_here(p, &n) != NULL) { /* one '|' too many */
        p->at--;
        return false;
    }
    p->panic = true;
    return true;
}

/* | operator | operator …, into kids. Each operator that fails is skipped, so that the next one is
 * still checked. */
static void operators(struct parser *p, struct syn_list *kids)
{
    for (;;) {
        p_recover(p);
        if (two_pipes(p))
            continue;
        if (p_accept(p, "|")) {
            p_push(p, kids, p_operator(p));
        } else if (p_at_end(p) || (p->told == p->at + 1 && p_new_line(p))) {
            return;
        } else if (at_missing_pipe(p)) {
            after_operator(p, NULL);
            p->panic = false;
            p_push(p, kids, p_operator(p));
        } else {
            after_operator(p, kids->n > 0 ? kids->p[kids->n - 1] : NULL);
            p->panic = false;
            if (at_new_statement(p))
                return;
            p->panic = true;
        }
    }
}

struct syn *p_pipe(struct parser *p)
{
    uint32_t off = p_off(p);
    struct syn_list kids = {0};
    if (!p_enter(p))
        return p_error(p, "SYN0004", NULL, "nested too deeply");
    struct syn *s = source(p);
    if (p->panic || p_at(p, "|") || at_missing_pipe(p) || (s->kind == SYN_OP && !p_at_end(p))) {
        p_push(p, &kids, s);
        operators(p, &kids);
        s = kids.n > 1 ? p_node(p, SYN_PIPE, off, STR_NONE, &kids) : s;
    }
    p_leave(p);
    return s;
}

/* The body of mv-apply, fork, partition …: starts with an operator, not with a table. */
struct syn *p_contextual(struct parser *p)
{
    uint32_t off = p_off(p);
    struct syn_list kids = {0};
    if (!p_enter(p))
        return p_error(p, "SYN0004", NULL, "nested too deeply");
    p_push(p, &kids, p_operator(p));
    operators(p, &kids);
    p_leave(p);
    return p_node(p, SYN_CONTEXTUAL, off, STR_NONE, &kids);
}

/* ---- functions ---- */

/* At '(': does '{' follow the matching ')'? Then it declares a function. */
static bool at_function(const struct parser *p)
{
    unsigned open = 0;
    if (!p_at(p, "("))
        return false;
    for (size_t k = 0; p_tok(p, k)->kind != TOK_EOF && !p_at_n(p, k, ";"); k++) {
        if (p_at_n(p, k, "("))
            open++;
        else if (p_at_n(p, k, ")") && --open == 0)
            return p_at_n(p, k + 1, "{");
    }
    return false;
}
static struct syn *parameter(struct parser *p)
{
    return p_func_param(p, true);
}
static struct syn *function(struct parser *p, struct str text)
{
    uint32_t off = p_off(p);
    struct syn_list kids = {0};
    unsigned lost = p->lost;
    p_push(p, &kids, NULL); /* the body comes first, and is read last */
    p_expect(p, "(", "before the parameters");
    if (!p_at(p, ")"))
        p_list(p, &kids, parameter);
    p_close(p, ")", "after the parameters");
    p_expect(p, "{", "before the function's body");
    kids.p[0] = p_statements(p, "}");
    p_close(p, "}", "after the function's body");
    struct syn *s = p_node(p, SYN_FUNC_DECL, off, text, &kids);
    s->lost = p->lost > lost;
    return s;
}

/* ---- statements ---- */

static struct syn *let_value(struct parser *p)
{
    if (p_at(p, "view") && p_at_n(p, 1, "(")) {
        p->at++;
        return function(p, STR("view"));
    }
    return at_function(p) ? function(p, STR_NONE) : p_pipe(p);
}
static struct syn *let(struct parser *p)
{
    uint32_t off = p_off(p);
    struct str name;
    p->at += !p_at_n(p, 1, "="); /* see at_misspelt_let */
    uint32_t word = p_off(p);
    if (!p_take_name(p, true, &name))
        return p_node(p, SYN_ERROR, off, STR_NONE, NULL);
    p_expect(p, "=", "after the name");
    struct syn *s = p_node1(p, SYN_LET, off, name, let_value(p));
    s->word_off = word;
    s->word_len = (uint32_t)name.n;
    return s;
}

static struct syn *set(struct parser *p)
{
    uint32_t off = p_off(p);
    struct syn_list kids = {0};
    struct str name = p_text(p, 1);
    p->at += 2;
    if (p_accept(p, "=")) {
        uint32_t at = p_off(p);
        if (p_at_literal(p) || p_at(p, "-") || p_at(p, "+"))
            p_push(p, &kids, p_literal(p, true));
        else if (p_at_kind(p, TOK_IDENT)) {
            struct str word = p_text(p, 0);
            p->at++;
            p_push(p, &kids, p_node(p, SYN_NAME, at, word, NULL));
        } else
            p_expected(p, "a value for the option", NULL);
    }
    return p_node(p, SYN_SET, off, name, &kids);
}

static struct syn *scalar_parameter(struct parser *p)
{
    return p_func_param(p, false);
}
static struct syn *declare_params(struct parser *p)
{
    uint32_t off = p_off(p);
    struct syn_list kids = {0};
    p->at += 2;
    p_expect(p, "(", "before the parameters");
    if (!p_at(p, ")"))
        p_list(p, &kids, scalar_parameter);
    p_close(p, ")", "after the parameters");
    return p_node(p, SYN_DECLARE_PARAMS, off, STR_NONE, &kids);
}

/* ("a", "b").["path"] = { statements } */
static struct syn *pattern_case(struct parser *p)
{
    uint32_t off = p_off(p);
    struct syn_list kids = {0};
    struct syn *path = NULL;
    p_push(p, &kids, NULL); /* the body comes first, and is read last */
    p_expect(p, "(", "before the arguments of a case");
    p_list(p, &kids, p_expr);
    p_expect(p, ")", "after the arguments of a case");
    if (p_accept(p, ".")) {
        uint32_t at = p_off(p);
        p_expect(p, "[", "before the path of a case");
        path = p_node1(p, SYN_CLAUSE, at, STR("path"), p_expr(p));
        p_expect(p, "]", "after the path of a case");
    }
    p_expect(p, "=", "before the body of a case");
    p_expect(p, "{", "before the body of a case");
    kids.p[0] = p_statements(p, "}");
    p_expect(p, "}", "after the body of a case");
    if (path != NULL)
        p_push(p, &kids, path);
    return p_node(p, SYN_CLAUSE, off, STR("case"), &kids);
}

/* declare pattern name [= (parameters)[path] { case; … }] */
static struct syn *declare_pattern(struct parser *p)
{
    uint32_t off = p_off(p);
    struct syn_list kids = {0};
    struct str name;
    p->at += 2;
    if (!p_take_name(p, true, &name))
        return p_node(p, SYN_ERROR, off, STR_NONE, NULL);
    if (!p_accept(p, "="))
        return p_node(p, SYN_DECLARE_PATTERN, off, name, &kids);
    p_expect(p, "(", "before the parameters");
    p_list(p, &kids, scalar_parameter);
    p_expect(p, ")", "after the parameters");
    if (p_at(p, "[")) {
        uint32_t at = p_off(p);
        p->at++;
        p_push(p, &kids, p_node1(p, SYN_CLAUSE, at, STR("path"), scalar_parameter(p)));
        p_expect(p, "]", "after the path");
    }
    p_expect(p, "{", "before the cases");
    while (!p->panic && !p_at(p, "}")) {
        p_push(p, &kids, pattern_case(p));
        if (!p_accept(p, ";"))
            break;
    }
    p_expect(p, "}", "after the cases");
    return p_node(p, SYN_DECLARE_PATTERN, off, name, &kids);
}

static struct syn *alias_database(struct parser *p)
{
    uint32_t off = p_off(p);
    struct str name;
    p->at += 2;
    if (!p_take_name(p, true, &name) || !p_expect(p, "=", "after the name"))
        return p_node(p, SYN_ERROR, off, STR_NONE, NULL);
    return p_node1(p, SYN_ALIAS_DB, off, name, p_expr(p));
}
static struct syn *restrict_access(struct parser *p)
{
    uint32_t off = p_off(p);
    struct syn_list kids = {0};
    p->at += 2;
    p_expect(p, "to", "after 'restrict access'");
    p_expect(p, "(", "before the tables");
    p_list(p, &kids, p_operand);
    p_expect(p, ")", "after the tables");
    return p_node(p, SYN_RESTRICT, off, STR_NONE, &kids);
}

/* Does a ';' follow? */
static bool has_end(const struct parser *p)
{
    size_t k = 0;
    while (p_tok(p, k)->kind != TOK_EOF && !p_at_n(p, k, ";"))
        k++;
    return p_at_n(p, k, ";");
}

/* name = …, or another word in the place of let: reported, and read as what it is meant to be. */
static bool at_misspelt_let(struct parser *p)
{
    struct suggest near = {.want = p_text(p, 0)};
    struct syn word = {.off = p_off(p), .len = p_tok(p, 0)->len};
    if (!p_at_kind(p, TOK_IDENT))
        return false;
    if (p_at(p, "let") && p_at_n(p, 1, "=")) {
        p_error_at(p, "SYN0002", &word, "write: let NAME = value;", "'let' without a name");
        return true;
    }
    if (p_at_n(p, 1, "=") && has_end(p)) {
        p_error_at(p, "SYN0002", &word, NULL, "expected 'let' before '%.*s ='", STR_ARG(near.want));
        return true;
    }
    suggest_offer(&near, STR("let"));
    if (near.best.n == 0 || p_tok(p, 1)->kind != TOK_IDENT || !p_at_n(p, 2, "="))
        return false;
    p_error_at(p, "SYN0006", &word, "did you mean 'let'?", "unknown statement '%.*s'",
               STR_ARG(near.want));
    return true;
}

static struct syn *statement(struct parser *p)
{
    static const struct {
        const char *first, *second; /* second NULL: a name */
        struct syn *(*parse)(struct parser *);
    } kinds[] = {
        {"let", NULL, let},
        {"set", NULL, set},
        {"declare", "query_parameters", declare_params},
        {"declare", "pattern", declare_pattern},
        {"alias", "database", alias_database},
        {"restrict", "access", restrict_access},
    };
    uint32_t off = p_off(p);
    for (size_t i = 0; i < COUNTOF(kinds); i++) {
        bool second = kinds[i].second != NULL ? p_at_n(p, 1, kinds[i].second)
                                              : p_tok(p, 1)->kind == TOK_IDENT || p_at_n(p, 1, "[");
        if (p_at(p, kinds[i].first) && second)
            return kinds[i].parse(p);
    }
    if (at_misspelt_let(p))
        return let(p);
    return p_node1(p, SYN_EXPR_STMT, off, STR_NONE, p_pipe(p));
}

/* Behind a statement: ';', the end, or an error; then on to the next statement. */
static void statement_end(struct parser *p, const char *end)
{
    bool good = p_at(p, ";") || p_at_kind(p, TOK_EOF) || (end != NULL && p_at(p, end));
    if (!p->panic && !good)
        unexpected(p);
    if (p->told == p->at + 1) { /* reported already; the next statement may start here */
        p->panic = false;
        if (at_new_statement(p))
            return;
        p->panic = true;
    }
    for (;;) {
        p_recover(p);
        if (p_at_kind(p, TOK_EOF) || p_at(p, ";") || (end != NULL && p_at(p, end)))
            return;
        if (p_at(p, "|")) { /* a broken source: its operators are checked all the same */
            struct syn_list skipped = {0};
            operators(p, &skipped);
            continue;
        }
        p->panic = true;
        p->at++;
    }
}

/* Statements up to end ("}" or ")"), or to the end of the text if NULL. */
struct syn *p_statements(struct parser *p, const char *end)
{
    uint32_t off = p_off(p);
    struct syn_list kids = {0};
    if (!p_enter(p))
        return p_error(p, "SYN0004", NULL, "nested too deeply");
    while (!p_at_kind(p, TOK_EOF) && !(end != NULL && p_at(p, end))) {
        if (p_accept(p, ";"))
            continue;
        size_t before = p->at;
        p_push(p, &kids, statement(p));
        statement_end(p, end);
        p->at += p->at == before && !p_at_kind(p, TOK_EOF); /* always on */
    }
    p_leave(p);
    if (kids.n == 0 && end == NULL && !p->panic)
        p_error(p, "SYN0007", NULL, "the query is empty");
    return p_node(p, SYN_QUERY, off, STR_NONE, &kids);
}
