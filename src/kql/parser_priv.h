/* What the parser's files share: a cursor over tokens, and what happens after an error.
 *  - Something is missing where the text goes on well (an expression before '|'): it is reported
 * and a SYN_ERROR stands for it (p_missing).
 *  - Something else stands there: the parser is in panic. Every p_* test fails, loops end, nothing
 *    more is reported, until a caller that knows a safe place (a closing bracket: p_close; the next
 *    '|', ';' or closing bracket: p_recover) has gone there.
 * Errors at one token are reported once. */
#pragma once
#include "kql/lexer.h"
#include "kql/syntax.h"

struct parser {
    struct arena *a;
    struct str text;
    const struct tok *toks;
    size_t n, at;
    unsigned depth;
    bool panic;
    size_t told;     /* the token of the last error, from 1; 0: none */
    unsigned errors; /* also those that were not reported */
    unsigned lost;   /* how often text was left out */
    struct kql_diags *d;
};
struct syn_list {
    struct syn **p;
    size_t n, cap;
};

/* ---- cursor (parser.c) ---- */
const struct tok *p_tok(const struct parser *p, size_t ahead);
struct str p_text(const struct parser *p, size_t ahead);
uint32_t p_off(const struct parser *p);
bool p_at_n(const struct parser *p, size_t ahead,
            const char *word); /* sign or bare word; false in panic */
bool p_at(const struct parser *p, const char *word);
bool p_at_kind(const struct parser *p, enum tok_kind k);
bool p_accept(struct parser *p, const char *word);
bool p_expect(struct parser *p, const char *word,
              const char *what);                       /* what: for the message, "after 'by'" */
bool p_adjacent(const struct parser *p, size_t ahead); /* token touches the one after it */
bool p_enter(struct parser *p); /* counts depth; false and an error past the limit */
void p_leave(struct parser *p);
void p_recover(
    struct parser *p); /* leaves panic, standing before '|', ';', a closing bracket or the end */
/* Takes the closing bracket, or reports what stands in its place and goes behind it; never leaves
 * the parser in panic. False: something was wrong. */
bool p_close(struct parser *p, const char *bracket, const char *what);
bool p_at_end(const struct parser *p);   /* of an operator: '|', ';', a closing bracket, the end */
bool p_new_line(const struct parser *p); /* the token is the first of its line, or the end */

/* ---- nodes and errors ---- */
struct syn *p_node(struct parser *p, enum syn_kind k, uint32_t off, struct str text,
                   const struct syn_list *kids);
struct syn *p_node1(struct parser *p, enum syn_kind k, uint32_t off, struct str text,
                    struct syn *kid);
struct syn *p_node2(struct parser *p, enum syn_kind k, uint32_t off, struct str text, struct syn *l,
                    struct syn *r);
struct syn *p_error(struct parser *p, const char *kind, const char *hint, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
struct syn *p_expected(struct parser *p, const char *what,
                       const char *hint); /* "expected …, found …" */
struct syn *p_missing(struct parser *p, const char *what, const char *hint);
/* At s, without panic. */
struct syn *p_error_at(struct parser *p, const char *kind, const struct syn *s, const char *hint,
                       const char *fmt, ...) PRINTF_LIKE(5, 6);
void p_push(struct parser *p, struct syn_list *l, struct syn *s);

/* ---- names (parser_name.c) ---- */
bool kql_name_is_reference(
    struct str name); /* may be used bare as a column, table or function name */
bool kql_name_is_declaration(
    struct str name); /* may be used bare where a name is given: name = …, name: type */
bool p_at_name(const struct parser *p, size_t ahead, bool declaration);
bool p_take_name(struct parser *p, bool declaration, struct str *out); /* ['x y'] too; reports */
struct syn *p_name(struct parser *p, bool declaration);
struct syn *p_wild_name(struct parser *p); /* a*b, a-b, name, * */
struct syn *p_schema(struct parser *p, bool open_allowed);
struct syn *p_type(struct parser *p);
struct syn *p_func_param(struct parser *p, bool tables);

/* ---- expressions (parser_expr.c, parser_literal.c) ---- */
struct syn *p_expr(struct parser *p);
struct syn *p_named_expr(struct parser *p);
struct syn *p_condition(struct parser *p); /* p_expr; "a = b" is one error */
struct syn *p_ordered(struct parser *p);
struct syn *p_path(struct parser *p); /* primary with .member, [index] and calls */
bool p_list(struct parser *p, struct syn_list *out,
            struct syn *(*item)(struct parser *)); /* one or more, by commas */
bool p_at_literal(const struct parser *p);
struct syn *p_literal(struct parser *p, bool sign_allowed);
struct syn *p_dynamic(struct parser *p);

/* ---- tabular (parser_query.c, parser_ops*.c) ---- */
struct syn *p_pipe(struct parser *p);
struct syn *p_operand(struct parser *p); /* right side of join: (pipe), name, call */
struct syn *p_statements(struct parser *p, const char *end);
struct syn *p_contextual(struct parser *p); /* operator | operator … without a source */
struct syn *p_clause(struct parser *p, uint32_t off, const char *role, const struct syn_list *kids);

typedef bool p_op_fn(struct parser *p, struct syn *op, struct syn_list *kids);
struct p_op {
    const char *spelling, *name; /* as written; canonical */
    p_op_fn *parse;
    const char *params; /* " kind withsource " */
    bool source;        /* may start a query */
};
const struct p_op *p_op_here(const struct parser *p,
                             size_t *out_tokens); /* the operator that the cursor stands at */
struct syn *p_operator(struct parser *p);
extern const struct p_op p_ops_rows[], p_ops_columns[], p_ops_tables[],
    p_ops_shape[]; /* each ends with a NULL spelling */
/* What is probably meant by the word that stands behind an operator's end; NULL: no idea. */
const char *p_slip_hint(struct parser *p);
void p_params(struct parser *p, struct syn *op, const char *allowed);
void p_with_params(struct parser *p, struct syn *op); /* ( name = value, … ) as "with.name" */
void p_set_params(struct parser *p, struct syn *op, const struct syn_list *params);
