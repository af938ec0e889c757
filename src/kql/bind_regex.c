/* Constant regular expressions are checked when the query is compiled. */
#include "kql/bind_priv.h"
#include "kql/lexer.h"
#include "text/rx.h"

/* Which argument of a function or operator is a regular expression. */
static const struct {
    const char *name;
    size_t at;
} patterns[] = {
    {"extract", 0},       {"extract_all", 0}, {"extractall", 0},    {"indexof_regex", 1},
    {"matches regex", 1}, {"replace", 0},     {"replace_regex", 1}, {"trim", 0},
    {"trim_end", 0},      {"trim_start", 0},  {"countof", 1},
};

/* The part of a literal that e->pos and e->len mean; the whole of it where that is not known. */
static struct syn place_in(const struct syn *literal, const struct err *e)
{
    struct syn at = *literal;
    if (literal->kind != SYN_LITERAL || e->len == 0 || literal->len != literal->text.n)
        return at;
    size_t from = lex_string_place(literal->text, e->pos.off);
    size_t to = lex_string_place(literal->text, (size_t)e->pos.off + e->len);
    at.off += (uint32_t)from;
    at.len = (uint32_t)(to > from ? to - from : 1);
    return at;
}

bool bind_check_regex(struct binder *b, const char *kind, const char *what, struct str pattern,
                      const struct syn *literal)
{
    struct err e = {0};
    if (rx_check(pattern, &e))
        return true;
    struct syn at = place_in(literal, &e);
    size_t shown = pattern.n > 200 ? 200 : pattern.n;
    while (shown < pattern.n && shown > 0 && ((unsigned char)pattern.p[shown] & 0xC0) == 0x80)
        shown--;
    bind_error(b, kind, &at, "%s: '%.*s%s' is no regular expression: %s", what, (int)shown,
               pattern.p, shown < pattern.n ? "…" : "", e.msg);
    return false;
}

void bind_check_pattern(const struct cx *c, const struct kql_func *f, struct expr *const *args,
                        size_t n, const struct syn *at)
{
    for (size_t i = 0; i < COUNTOF(patterns); i++) {
        size_t k = patterns[i].at;
        if (strcmp(f->name, patterns[i].name) != 0 || k >= n || args[k]->kind != EX_CONST ||
            args[k]->value.is_null)
            continue;
        /* countof() counts a text, but for its third argument. */
        bool text = strcmp(f->name, "countof") == 0 &&
                    (n < 3 || args[2]->kind != EX_CONST || !str_ieqz(args[2]->value.s, "regex"));
        bool literal = at->n == n && at->kids[k]->kind == SYN_LITERAL;
        if (!text)
            (void)bind_check_regex(c->b, "SEM0420", f->name, args[k]->value.s,
                                   literal ? at->kids[k] : at);
    }
}
