/* Reading a syntax tree: parameters, clauses, and whether two trees say the same. */
#include "kql/syntax.h"

const struct syn *syn_param(const struct syn *op, const char *name)
{
    for (size_t i = 0; i < op->n_params; i++)
        if (str_ieqz(op->params[i]->text, name))
            return op->params[i];
    return NULL;
}

const struct syn *syn_clause(const struct syn *op, const char *role)
{
    for (size_t i = 0; i < op->n; i++)
        if (op->kids[i] != NULL && op->kids[i]->kind == SYN_CLAUSE &&
            str_eqz(op->kids[i]->text, role))
            return op->kids[i];
    return NULL;
}

static const struct syn *without_parentheses(const struct syn *s)
{
    while (s != NULL && s->kind == SYN_PAREN && s->n == 1)
        s = s->kids[0];
    return s;
}

bool syn_equal(const struct syn *a, const struct syn *b)
{
    a = without_parentheses(a);
    b = without_parentheses(b);
    if (a == NULL || b == NULL)
        return a == b;
    if (a->kind != b->kind || a->n != b->n || a->n_params != b->n_params ||
        !str_eq(a->text, b->text))
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!syn_equal(a->kids[i], b->kids[i]))
            return false;
    for (size_t i = 0; i < a->n_params; i++)
        if (!syn_equal(a->params[i], b->params[i]))
            return false;
    return true;
}

struct syn syn_word(const struct syn *s)
{
    struct syn w = {.kind = SYN_ERROR, .off = s->off, .len = s->len, .text = s->text};
    if (s->word_len > 0) {
        w.off = s->word_off;
        w.len = s->word_len;
    }
    return w;
}
