/* Scalar expressions, weakest binding first:
 *   or < and < equality (== != in between has_any …) < relation (< <= > >=) < + - < * / % < string
 * operators < sign < path Equality and relation do not chain. String operators bind tighter than
 * arithmetic. Source: grammar Kql.g4. */
#include "kql/parser_priv.h"

static bool in_words(const struct parser *p, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p_at(p, words[i]))
            return true;
    return false;
}
/* The tokens that the cursor stands behind: the word that errors about a node are about. */
struct word {
    uint32_t off, end;
};
static struct word take_words(struct parser *p, size_t n)
{
    struct word w = {p_off(p), p_tok(p, n - 1)->off + p_tok(p, n - 1)->len};
    p->at += n;
    return w;
}
static struct syn *about(struct syn *s, struct word w)
{
    s->word_off = w.off;
    s->word_len = w.end - w.off;
    return s;
}
static struct syn *binary(struct parser *p, struct syn *l, struct str op, struct word w,
                          struct syn *r)
{
    return about(p_node2(p, SYN_BINARY, l->off, op, l, r), w);
}

/* At a word that goes on after an expression, and is no name: where it stands instead of one, the
 * expression is missing. */
static bool at_joining(const struct parser *p)
{
    static const char *const words[] = {"and", "asc", "by", "desc", "from", "in",
                                        "of",  "on",  "or", "step", "to",   "with"};
    return p_at_kind(p, TOK_IDENT) && in_words(p, words, COUNTOF(words)) &&
           !kql_name_is_reference(p_text(p, 0));
}

/* ---- primaries ---- */

static struct syn *call(struct parser *p, uint32_t off, struct str name)
{
    struct syn_list args = {0};
    unsigned before = p->errors;
    const struct tok *last = &p->toks[p->at - 1]; /* of the name */
    struct word w = {off, last->off + last->len};
    p_expect(p, "(", "after the function's name");
    while (!p->panic && !p_at(p, ")") && !at_joining(p)) {
        p_push(p, &args, p_named_expr(p));
        if (!p_accept(p, ","))
            break;
        if (p_at(p, ")"))
            p_push(p, &args, p_missing(p, "an argument after ','", NULL));
    }
    if (!p_close(p, ")", "or ',' after the argument") || p->errors > before)
        p_push(p, &args,
               p_node(p, SYN_ERROR, p_off(p), STR_NONE, NULL)); /* their number says nothing */
    return about(p_node(p, SYN_CALL, off, name, &args), w);
}

static struct syn *typeof_expr(struct parser *p)
{
    uint32_t off = p_off(p);
    p->at++;
    if (p_at_n(p, 1, ")") || !p_at_n(p, 2, ":")) {
        p_expect(p, "(", "after typeof");
        struct syn *t = p_type(p);
        p_close(p, ")", "after the type");
        return p_node1(p, SYN_TYPEOF, off, STR_NONE, t);
    }
    return p_node1(p, SYN_TYPEOF, off, STR_NONE, p_schema(p, false));
}

static struct syn *datatable(struct parser *p)
{
    uint32_t off = p_off(p);
    unsigned before = p->errors;
    struct syn_list kids = {0};
    p->at++;
    p_push(p, &kids, p_schema(p, false));
    p_expect(p, "[", "before the values");
    while (!p->panic && !p_at(p, "]")) {
        p_push(p, &kids, p_literal(p, true));
        if (!p_accept(p, ","))
            break;
    }
    p_close(p, "]", "or ',' after the value");
    size_t cols = kids.p[0]->n;
    if (p->errors == before && (cols == 0 ? kids.n > 1 : (kids.n - 1) % cols != 0)) {
        const struct syn *first = kids.p[1], *last = kids.p[kids.n - 1];
        struct syn values = {.off = first->off, .len = last->off + last->len - first->off};
        p_error_at(p, "SYN0003", &values, NULL,
                   "datatable has %zu values, which is not a multiple of its %zu columns",
                   kids.n - 1, cols);
    }
    return p_node(p, SYN_DATATABLE, off, STR_NONE, &kids);
}

static struct syn *externaldata(struct parser *p)
{
    uint32_t off = p_off(p);
    struct syn_list kids = {0};
    p->at++;
    p_push(p, &kids, p_schema(p, false));
    p_expect(p, "[", "before the addresses");
    while (!p->panic && !p_at(p, "]")) {
        p_push(p, &kids, p_expr(p));
        if (!p_accept(p, ","))
            break;
    }
    p_close(p, "]", "after the addresses");
    struct syn *s = p_node(p, SYN_EXTERNALDATA, off, STR_NONE, &kids);
    if (p_accept(p, "with"))
        p_with_params(p, s);
    return s;
}

/* toscalar( pipe ), totable( pipe ), materialize( pipe ) */
static struct syn *pipe_call(struct parser *p, enum syn_kind kind)
{
    uint32_t off = p_off(p);
    p->at++;
    if (p_accept(p, "kind")) {
        p_expect(p, "=", "after kind");
        p_expect(p, "nooptimization", "as kind");
    }
    p_expect(p, "(", "before the query");
    struct syn *q = p_pipe(p);
    p_close(p, ")", "after the query");
    return p_node1(p, kind, off, STR_NONE, q);
}

/* entity_group [ member, … ] */
static struct syn *entity_group(struct parser *p)
{
    uint32_t off = p_off(p);
    struct str name = p_text(p, 0);
    struct syn_list kids = {0};
    p->at++;
    p_expect(p, "[", "before the members");
    while (!p->panic && !p_at(p, "]")) {
        p_push(p, &kids, p_expr(p));
        if (!p_accept(p, ","))
            break;
    }
    p_close(p, "]", "after the members");
    return p_node(p, SYN_MACRO, off, name, &kids);
}

static bool is_tabular(const struct syn *s)
{
    return s->kind == SYN_PIPE || s->kind == SYN_OP || s->kind == SYN_MACRO;
}

static struct syn *parenthesised(struct parser *p)
{
    uint32_t off = p_off(p);
    p->at++;
    struct syn *inner = p_pipe(p);
    p_close(p, ")", is_tabular(inner) ? "or '|' after the operator" : "after the expression");
    return p_node1(p, is_tabular(inner) ? SYN_SUBQUERY : SYN_PAREN, off, STR_NONE, inner);
}

static struct syn *named_primary(struct parser *p)
{
    uint32_t off = p_off(p);
    if (p_at(p, "datatable") && p_at_n(p, 1, "("))
        return datatable(p);
    if ((p_at(p, "externaldata") || p_at(p, "external_data")) && p_at_n(p, 1, "("))
        return externaldata(p);
    if (p_at(p, "toscalar") && (p_at_n(p, 1, "(") || p_at_n(p, 1, "kind")))
        return pipe_call(p, SYN_TOSCALAR);
    if (p_at(p, "totable") && (p_at_n(p, 1, "(") || p_at_n(p, 1, "kind")))
        return pipe_call(p, SYN_TOTABLE);
    if (p_at(p, "materialize") && p_at_n(p, 1, "("))
        return pipe_call(p, SYN_MATERIALIZE);
    if (p_at(p, "typeof") && p_at_n(p, 1, "("))
        return typeof_expr(p);
    if (p_at(p, "entity_group") && p_at_n(p, 1, "["))
        return entity_group(p);
    if (p_at(p, "count") && p_at_n(p, 1, "(")) {
        p->at++;
        return call(p, off, STR("count"));
    }
    struct str name;
    if (!p_take_name(p, false, &name))
        return p_node(p, SYN_ERROR, off, STR_NONE, NULL);
    if (p_at(p, "("))
        return call(p, off, name);
    return p_node(p, SYN_NAME, off, name, NULL);
}

static struct syn *primary(struct parser *p)
{
    uint32_t off = p_off(p);
    if (p_at_literal(p))
        return p_literal(p, false);
    if (p_at(p, "("))
        return parenthesised(p);
    if (p_accept(p, "*"))
        return p_node(p, SYN_STAR, off, STR("*"), NULL);
    if (at_joining(p))
        return p_missing(p, "an expression", NULL);
    if (p_at_name(p, 0, true))
        return named_primary(p);
    if (p_at(p, "[") && p_tok(p, 1)->kind == TOK_STRING) { /* ['a name' that is not closed */
        struct str name = lex_string(p->a, p_text(p, 1));
        p->at += 2;
        p_expected(p, "']' after the name", NULL);
        p->panic = false;
        return p_node(p, SYN_NAME, off, name, NULL);
    }
    return p_missing(p, "an expression",
                     p_at(p, "!")   ? "negate with not( … )"
                     : p_at(p, "=") ? "equality is written =="
                                    : NULL);
}

static struct syn *member(struct parser *p, struct syn *object)
{
    uint32_t off = p_off(p);
    struct str name;
    struct word w = {off, off + p_tok(p, 0)->len};
    if (p_at_kind(p, TOK_IDENT)) { /* behind a dot every word is a name */
        name = p_text(p, 0);
        p->at++;
    } else if (!p_take_name(p, true, &name)) {
        bool side = object->kind == SYN_NAME && object->text.p[0] == '$';
        return side ? p_node(p, SYN_ERROR, object->off, STR_NONE, NULL) : object;
    }
    if (!p_at(p, "("))
        return about(p_node1(p, SYN_MEMBER, object->off, name, object), w);
    struct syn *c = call(p, off, name);
    return about(p_node2(p, SYN_MEMBER, object->off, name, object, c), w);
}

/* [ index ]; a literal string is a member's name. */
static struct syn *element(struct parser *p, struct syn *object)
{
    struct word w = {p_off(p), 0};
    p->at++;
    struct syn *e = p_expr(p);
    p_close(p, "]", "after the index");
    struct syn *s = e->kind == SYN_LITERAL && e->value.type == KQL_STRING
                        ? p_node1(p, SYN_MEMBER, object->off, e->value.s, object)
                        : p_node2(p, SYN_INDEX, object->off, STR_NONE, object, e);
    w.end = s->off + s->len > w.off ? s->off + s->len : w.off + 1;
    return about(s, w);
}

/* database("x").Table*: a wild card may end the path behind a place. Elsewhere * multiplies. */
static bool at_wild_member(const struct parser *p, const struct syn *object)
{
    static const char *const places[] = {"database", "cluster", "workspace"};
    bool place = false;
    for (size_t i = 0; i < COUNTOF(places); i++)
        place = place || str_eqz(object->text, places[i]);
    return place && (object->kind == SYN_CALL || (object->kind == SYN_MEMBER && object->n == 2)) &&
           p_at(p, ".") && (p_at_n(p, 1, "*") || (p_adjacent(p, 1) && p_at_n(p, 2, "*")));
}
static struct syn *wild_member(struct parser *p, struct syn *object)
{
    p->at++;
    struct syn *w = p_wild_name(p);
    return p_node1(p, SYN_MEMBER, object->off, w->text, object);
}

struct syn *p_path(struct parser *p)
{
    if (!p_enter(p))
        return p_error(p, "SYN0004", NULL, "nested too deeply");
    size_t before = p->at;
    struct syn *e = primary(p);
    while (!p->panic && p->at > before) {
        if (p_at(p, "[")) {
            e = element(p, e);
        } else if (p_at(p, ".") && p_at_n(p, 1, "[")) {
            p->at++;
            e = element(p, e);
        } else if (at_wild_member(p, e)) {
            e = wild_member(p, e);
        } else if (p_accept(p, ".")) {
            e = member(p, e);
        } else {
            break;
        }
    }
    p_leave(p);
    return e;
}

static struct syn *signed_expr(struct parser *p)
{
    uint32_t off = p_off(p);
    if (!p_at(p, "-") && !p_at(p, "+"))
        return p_path(p);
    struct str op = p_text(p, 0);
    struct word w = take_words(p, 1);
    return about(p_node1(p, SYN_UNARY, off, op, p_path(p)), w);
}

/* ---- operators, by strength ---- */

static const char *const string_ops[] = {
    "=~",
    "!~",
    "has",
    "!has",
    "has_cs",
    "!has_cs",
    "hasprefix",
    "!hasprefix",
    "hasprefix_cs",
    "!hasprefix_cs",
    "hassuffix",
    "!hassuffix",
    "hassuffix_cs",
    "!hassuffix_cs",
    "like",
    "notlike",
    "likecs",
    "notlikecs",
    "contains",
    "notcontains",
    "containscs",
    "notcontainscs",
    "!contains",
    "contains_cs",
    "!contains_cs",
    "startswith",
    "!startswith",
    "startswith_cs",
    "!startswith_cs",
    "endswith",
    "!endswith",
    "endswith_cs",
    "!endswith_cs",
    ":",
};

/* Older spellings of the same operators. */
static struct str modern(struct str op)
{
    static const char *const old[][2] = {{"notcontains", "!contains"},
                                         {"containscs", "contains_cs"},
                                         {"notcontainscs", "!contains_cs"},
                                         {"<>", "!="}};
    for (size_t i = 0; i < COUNTOF(old); i++)
        if (str_eqz(op, old[i][0]))
            return str_from(old[i][1]);
    return op;
}

static bool take_string_op(struct parser *p, struct str *op, struct word *w)
{
    if (p_at(p, "matches") && p_at_n(p, 1, "regex")) {
        *op = STR("matches regex");
        *w = take_words(p, 2);
        return true;
    }
    if (!in_words(p, string_ops, COUNTOF(string_ops)))
        return false;
    *op = modern(p_text(p, 0));
    *w = take_words(p, 1);
    return true;
}

static struct syn *string_expr(struct parser *p)
{
    struct syn *l = signed_expr(p);
    struct str op;
    struct word w;
    while (take_string_op(p, &op, &w))
        l = binary(p, l, op, w, signed_expr(p));
    return l;
}

static struct syn *left_chain(struct parser *p, struct syn *(*next)(struct parser *),
                              const char *const *ops, size_t n)
{
    struct syn *l = next(p);
    while (in_words(p, ops, n)) {
        struct str op = p_text(p, 0);
        struct word w = take_words(p, 1);
        l = binary(p, l, op, w, next(p));
    }
    return l;
}
static struct syn *product(struct parser *p)
{
    static const char *const ops[] = {"*", "/", "%"};
    return left_chain(p, string_expr, ops, COUNTOF(ops));
}
static struct syn *sum(struct parser *p)
{
    static const char *const ops[] = {"+", "-"};
    return left_chain(p, product, ops, COUNTOF(ops));
}

static struct syn *once(struct parser *p, struct syn *(*next)(struct parser *),
                        const char *const *ops, size_t n)
{
    struct syn *l = next(p);
    if (!in_words(p, ops, n))
        return l;
    struct str op = modern(p_text(p, 0));
    struct word w = take_words(p, 1);
    return binary(p, l, op, w, next(p));
}
static struct syn *relation(struct parser *p)
{
    static const char *const ops[] = {"<", ">", "<=", ">="};
    return once(p, sum, ops, COUNTOF(ops));
}

/* left in ( expression, … ) or ( query ) */
static struct syn *in_expr(struct parser *p, struct syn *left)
{
    struct str op = p_text(p, 0);
    struct syn_list kids = {0};
    struct word w = take_words(p, 1);
    p_push(p, &kids, left);
    if (!p_at(p, "(")) { /* a bare list: x in~ names */
        if (p_at_literal(p))
            p_push(p, &kids, p_expected(p, "'(' before the list", NULL));
        else
            p_push(p, &kids, p_path(p));
        return about(p_node(p, SYN_IN, left->off, op, &kids), w);
    }
    uint32_t off = p_off(p);
    p->at++;
    if (p_at(p, ")"))
        p_push(p, &kids, p_missing(p, "a value", NULL));
    while (!p->panic && !p_at(p, ")")) {
        /* a query can only be alone; behind a constant '|' is what follows a list that is not
         * closed */
        struct syn *e = kids.n > 1 || p_at_literal(p) ? p_expr(p) : p_pipe(p);
        if (is_tabular(e))
            e = p_node1(p, SYN_SUBQUERY, off, STR_NONE, e);
        p_push(p, &kids, e);
        if (!p_accept(p, ","))
            break;
        if (p_at(p, ")"))
            p_push(p, &kids, p_missing(p, "a value after ','", NULL));
    }
    p_close(p, ")", "or ',' in the list");
    return about(p_node(p, SYN_IN, left->off, op, &kids), w);
}

static struct syn *between_expr(struct parser *p, struct syn *left)
{
    struct str op = p_text(p, 0);
    struct syn_list kids = {0};
    struct word w = take_words(p, 1);
    p_push(p, &kids, left);
    bool open = p_expect(p, "(", "before the range");
    p_push(p, &kids, p_expr(p));
    p_expect(p, "..", "between the two ends of the range");
    p_push(p, &kids, p_expr(p));
    if (open)
        p_close(p, ")", "after the range");
    return about(p_node(p, SYN_BETWEEN, left->off, op, &kids), w);
}

static struct syn *equality(struct parser *p)
{
    static const char *const lists[] = {"in", "!in", "in~", "!in~", "has_any", "has_all"};
    static const char *const equals[] = {"==", "!=", "<>"};
    struct syn *l = relation(p);
    if (in_words(p, lists, COUNTOF(lists)))
        return in_expr(p, l);
    if (p_at(p, "between") || p_at(p, "!between"))
        return between_expr(p, l);
    if (!in_words(p, equals, COUNTOF(equals)))
        return l;
    struct str op = modern(p_text(p, 0));
    struct word w = take_words(p, 1);
    return binary(p, l, op, w, relation(p));
}

/* A chain of one associative operator as a balanced tree: its height is the logarithm of its
 * length. */
static struct syn *balanced(struct parser *p, struct str op, struct syn **v,
                            const struct word *words, size_t n)
{
    if (n == 1)
        return v[0];
    size_t half = n / 2;
    struct syn *l = balanced(p, op, v, words, half);
    struct syn *r = balanced(p, op, v + half, words + half, n - half);
    struct syn *s = binary(p, l, op, words[half - 1], r);
    s->len = r->off + r->len - l->off;
    return s;
}
static struct syn *logic_chain(struct parser *p, const char *word,
                               struct syn *(*next)(struct parser *))
{
    struct syn_list v = {0};
    VEC(struct word) words = {0}; /* words.p[i] stands behind v.p[i] */
    p_push(p, &v, next(p));
    while (p_at(p, word)) {
        struct word w = take_words(p, 1);
        VEC_PUSH(p->a, &words, w);
        p_push(p, &v, next(p));
    }
    return balanced(p, str_from(word), v.p, words.p, v.n);
}
static struct syn *and_expr(struct parser *p)
{
    return logic_chain(p, "and", equality);
}
struct syn *p_expr(struct parser *p)
{
    if (!p_enter(p))
        return p_error(p, "SYN0004", NULL, "nested too deeply");
    struct syn *s = logic_chain(p, "or", and_expr);
    p_leave(p);
    return s;
}

/* ---- name = expression ---- */

/* ( a, b ) = */
static bool at_name_tuple(const struct parser *p)
{
    if (!p_at(p, "("))
        return false;
    size_t k = 1;
    for (;;) {
        if (!p_at_name(p, k, true))
            return false;
        k += p_tok(p, k)->kind == TOK_IDENT ? 1 : 3;
        if (p_at_n(p, k, ")"))
            return p_at_n(p, k + 1, "=");
        if (!p_at_n(p, k, ","))
            return false;
        k++;
    }
}

static struct syn *named_tuple(struct parser *p)
{
    uint32_t off = p_off(p);
    struct syn_list names = {0}, kids = {0};
    do {
        p->at++;
        p_push(p, &names, p_name(p, true));
    } while (p_at(p, ","));
    p_expect(p, ")", "after the names");
    p_expect(p, "=", "after the names");
    p_push(p, &kids, p_expr(p));
    for (size_t i = 0; i < names.n; i++)
        p_push(p, &kids, names.p[i]);
    return p_node(p, SYN_NAMED_TUPLE, off, STR_NONE, &kids);
}

/* my-column = …: the number of tokens of the name, 0 for none. */
static size_t dashed_name(const struct parser *p)
{
    size_t n = 1;
    if (!p_at_kind(p, TOK_IDENT))
        return 0;
    while (p_adjacent(p, n - 1) && p_at_n(p, n, "-") && p_adjacent(p, n) &&
           p_tok(p, n + 1)->kind == TOK_IDENT)
        n += 2;
    return n > 1 && p_at_n(p, n, "=") ? n : 0;
}

struct syn *p_named_expr(struct parser *p)
{
    uint32_t off = p_off(p);
    size_t n = dashed_name(p);
    if (at_name_tuple(p))
        return named_tuple(p);
    if (n > 0) {
        const struct tok *last = p_tok(p, n - 1);
        struct syn whole = {.off = off, .len = last->off + last->len - off};
        whole.text = str_sub(p->text, off, whole.len);
        (void)p_error_at(p, "SYN0002", &whole, NULL, "a name with a dash needs brackets: ['%.*s']",
                         STR_ARG(whole.text));
        p->at += n + 1;
        return p_node1(p, SYN_NAMED, off, whole.text, p_expr(p));
    }
    if (!p_at_name(p, 0, true) || !p_at_n(p, p_tok(p, 0)->kind == TOK_IDENT ? 1 : 3, "="))
        return p_expr(p);
    struct str name;
    if (!p_take_name(p, true, &name))
        return p_expr(p);
    p->at++;
    return p_node1(p, SYN_NAMED, off, name, p_expr(p));
}

struct syn *p_condition(struct parser *p)
{
    struct syn *s = p_expr(p);
    if (p->told == p->at + 1 || !p_accept(p, "="))
        return s;
    struct syn *r = p_expr(p);
    struct syn whole = {.off = s->off, .len = r->off + r->len - s->off};
    return p_error_at(p, "SYN0002", &whole,
                      "equality is written ==", "a condition is expected here, not an assignment");
}

/* expression [asc|desc] [nulls first|last] */
struct syn *p_ordered(struct parser *p)
{
    uint32_t off = p_off(p);
    struct syn *e = p_named_expr(p);
    struct str order = STR_NONE;
    struct syn_list params = {0};
    if (p_at(p, "asc") || p_at(p, "desc")) {
        order = p_text(p, 0);
        p->at++;
    }
    if (p_accept(p, "nulls")) {
        uint32_t at = p_off(p);
        if (!p_at(p, "first") && !p_at(p, "last")) {
            p_expected(p, "'first' or 'last' after 'nulls'", NULL);
        } else {
            struct str where = p_text(p, 0);
            p->at++;
            struct syn *v = p_node(p, SYN_NAME, at, where, NULL);
            p_push(p, &params, p_node1(p, SYN_PARAM, at, STR("nulls"), v));
        }
    }
    struct syn *s = p_node1(p, SYN_ORDERED, off, order, e);
    p_set_params(p, s, &params);
    return s;
}

bool p_list(struct parser *p, struct syn_list *out, struct syn *(*item)(struct parser *))
{
    do
        p_push(p, out, item(p));
    while (p_accept(p, ","));
    return !p->panic;
}
