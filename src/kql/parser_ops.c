/* Finds the operator at the cursor and parses it: the table rows are in parser_ops_*.c. */
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
    const struct p_op *o = find(dashed_word(p, out_tokens));
    if (o == NULL) {
        *out_tokens = 1;
        o = find(p_text(p, 0));
    }
    return o;
}

/* Letters to change between a and b (Levenshtein), capped at 9. */
static unsigned distance(struct str a, const char *bz)
{
    enum { MAX = 32 };
    unsigned row[MAX + 1];
    size_t bn = strlen(bz);
    if (a.n > MAX || bn > MAX)
        return 9;
    for (size_t j = 0; j <= bn; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= a.n; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= bn; j++) {
            unsigned up = row[j], best = diagonal + ((a.p[i - 1] | 32) != (bz[j - 1] | 32));
            if (up + 1 < best)
                best = up + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = up;
            row[j] = best;
        }
    }
    return row[bn];
}

static const char *suggestion(struct str word)
{
    static const char *const sql[][2] = {{"select", "project"}, {"group", "summarize"},
                                         {"having", "where"},   {"groupby", "summarize"},
                                         {"head", "take"},      {"rename", "project-rename"}};
    unsigned best = word.n <= 4 ? 2 : 3;
    const char *name = NULL;
    for (size_t i = 0; i < COUNTOF(sql); i++)
        if (str_ieqz(word, sql[i][0]))
            return sql[i][1];
    for (size_t t = 0; t < COUNTOF(tables); t++)
        for (const struct p_op *o = tables[t]; o->spelling != NULL; o++) {
            unsigned d = distance(word, o->spelling);
            if (d < best) {
                best = d;
                name = o->spelling;
            }
        }
    return name;
}

static struct syn *unknown_operator(struct parser *p)
{
    size_t n;
    if (!p_at_kind(p, TOK_IDENT))
        return p_expected(p, "an operator after '|'", NULL);
    struct str word = dashed_word(p, &n);
    const char *near = suggestion(word);
    struct str hint = near != NULL ? arena_fmt(p->a, "did you mean '%s'?", near) : STR_NONE;
    struct syn *s = p_error(p, "SYN0006", near != NULL ? arena_strz(p->a, hint) : NULL,
                            "unknown operator '%.*s'", STR_ARG(word));
    p->at += n;
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
    p->at += n;
    struct syn *head = p_node(p, SYN_OP, off, str_from(o->name), NULL);
    p_params(p, head, o->params);
    o->parse(p, head, &kids);
    struct syn *s = p_node(p, SYN_OP, off, head->text, &kids);
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
