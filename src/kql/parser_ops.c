/* Finds the operator at the cursor and parses it: the table rows are in parser_ops_*.c. */
#include "kql/functions.h"
#include "kql/names.h"
#include "kql/parser_priv.h"

static const struct p_op *const tables[] = {p_ops_rows, p_ops_columns, p_ops_tables, p_ops_shape};

static const struct p_op *find(struct str word)
{
    for (size_t t = 0; t < COUNTOF(tables); t++)
        for (const struct p_op *o = tables[t]; o->spelling != NULL; o++)
            if (str_eqz(word, o->spelling))
                return o;
    return NULL;
}

/* The operator's words, joined by dashes without blanks: mv-expand, project-away. */
static struct str dashed_word(const struct parser *p, size_t *out_tokens)
{
    size_t n = 1;
    while (p_adjacent(p, n - 1) && p_at_n(p, n, "-") && p_adjacent(p, n) &&
           p_tok(p, n + 1)->kind == TOK_IDENT)
        n += 2;
    const struct tok *first = p_tok(p, 0), *last = p_tok(p, n - 1);
    *out_tokens = n;
    return str_sub(p->text, first->off, last->off + last->len - first->off);
}

const struct p_op *p_op_here(const struct parser *p, size_t *out_tokens)
{
    if (!p_at_kind(p, TOK_IDENT))
        return NULL;
    if (p_at(p, "count") && p_at_n(p, 1, "(")) /* the aggregate */
        return NULL;
    const struct p_op *o = find(dashed_word(p, out_tokens));
    if (o == NULL) {
        *out_tokens = 1;
        o = find(p_text(p, 0));
    }
    return o;
}

static const char *suggestion(struct str word)
{
    static const char *const sql[][2] = {{"select", "project"}, {"group", "summarize"},
                                         {"having", "where"},   {"groupby", "summarize"},
                                         {"head", "take"},      {"rename", "project-rename"}};
    struct suggest near = {.want = word};
    for (size_t i = 0; i < COUNTOF(sql); i++)
        if (str_ieqz(word, sql[i][0]))
            return sql[i][1];
    for (size_t t = 0; t < COUNTOF(tables); t++)
        for (const struct p_op *o = tables[t]; o->spelling != NULL; o++)
            suggest_offer(&near, str_from(o->spelling));
    return near.best.n > 0 ? near.best.p : NULL;
}

/* What people write who know other languages. */
static const struct {
    const char *word, *hint;
} slips[] = {
    {"!", "negate with not( … )"},
    {"&", "conditions are joined with 'and'"},
    {"AND", "keywords are written in small letters: and"},
    {"NOT", "negate with not( … ), !in, !has, !contains …"},
    {"OR", "keywords are written in small letters: or"},
    {"as", "a column gets its name in front: name = expression"},
    {"is", "use isnull(), isnotnull(), isempty() or isnotempty()"},
    {"like", "use contains, startswith, has or matches regex"},
    {"not", "negate with not( … ), !in, !has, !contains …"},
    {"=", "equality is written =="},
};

const char *p_slip_hint(struct parser *p)
{
    static const char *const more[] = {"and",       "asc",       "between", "by",      "desc",
                                       "contains",  "endswith",  "has",     "has_all", "has_any",
                                       "hasprefix", "hassuffix", "in",      "matches", "on",
                                       "or",        "startswith"};
    struct str word = p_text(p, 0);
    struct suggest near = {.want = word};
    for (size_t i = 0; i < COUNTOF(slips); i++)
        if (str_eqz(word, slips[i].word))
            return slips[i].hint;
    if (!p_at_kind(p, TOK_IDENT))
        return NULL;
    for (size_t i = 0; i < COUNTOF(more); i++)
        suggest_offer(&near, str_from(more[i]));
    if (near.best.n == 0 || near.distance == 0)
        return NULL;
    return arena_strz(p->a, arena_fmt(p->a, "did you mean '%.*s'?", STR_ARG(near.best)));
}

static struct syn *unknown_operator(struct parser *p)
{
    size_t n;
    if (p_at_end(p) && p->told == p->at) /* of the '|' before it */
        return p_node(p, SYN_ERROR, p_off(p), STR_NONE, NULL);
    if (p_at_end(p))
        return p_missing(p, "an operator after '|'", NULL);
    if (!p_at_kind(p, TOK_IDENT))
        return p_expected(p, "an operator after '|'", NULL);
    struct str word = dashed_word(p, &n);
    const char *near = suggestion(word);
    bool aggregate = p_at_n(p, n, "(") && kql_func_get(word, KF_AGGREGATE, KF_AGGREGATE) != NULL;
    if (aggregate)
        near = "summarize";
    struct str hint = near != NULL ? arena_fmt(p->a, "did you mean '%s'?", near) : STR_NONE;
    struct syn at = {.off = p_off(p), .len = (uint32_t)word.n};
    struct syn *s = p_error_at(p, "SYN0006", &at, near != NULL ? arena_strz(p->a, hint) : NULL,
                               "unknown operator '%.*s'", STR_ARG(word));
    const struct p_op *meant = near != NULL ? find(str_from(near)) : NULL;
    s->text = meant != NULL ? str_from(meant->name) : STR_NONE;
    p->at += n;
    p->panic = true;
    return s;
}

struct syn *p_operator(struct parser *p)
{
    uint32_t off = p_off(p);
    size_t n = 0;
    const struct p_op *o = p_op_here(p, &n);
    struct syn_list kids = {0};
    if (p->panic)
        return p_error(p, "", NULL, "in panic");
    if (o == NULL)
        return unknown_operator(p);
    unsigned before = p->errors, lost = p->lost;
    p->at += n;
    struct syn *head = p_node(p, SYN_OP, off, str_from(o->name), NULL);
    uint32_t word = head->len;
    p_params(p, head, o->params);
    o->parse(p, head, &kids);
    struct syn *s = p_node(p, SYN_OP, off, head->text, &kids);
    s->word_off = off;
    s->word_len = word;
    s->broken = p->errors > before;
    s->lost = p->lost > lost;
    s->params = head->params;
    s->n_params = head->n_params;
    return s;
}
struct syn *p_clause(struct parser *p, uint32_t off, const char *role, const struct syn_list *kids)
{
    return p_node(p, SYN_CLAUSE, off, str_from(role), kids);
}

const char *kql_operator_at(size_t i)
{
    for (size_t t = 0; t < COUNTOF(tables); t++)
        for (const struct p_op *o = tables[t]; o->spelling != NULL; o++)
            if (strcmp(o->spelling, o->name) == 0 && i-- == 0)
                return o->name;
    return NULL;
}
