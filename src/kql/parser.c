/* The parser's cursor, node building, panic mode, and kql_parse itself. */
#include "kql/parser_priv.h"

static const struct tok *tok_at(const struct parser *p, size_t i)
{
    return &p->toks[i < p->n ? i : p->n - 1];
}
const struct tok *p_tok(const struct parser *p, size_t ahead)
{
    return tok_at(p, p->at + ahead);
}
struct str p_text(const struct parser *p, size_t ahead)
{
    const struct tok *t = p_tok(p, ahead);
    return str_sub(p->text, t->off, t->len);
}
uint32_t p_off(const struct parser *p)
{
    return p_tok(p, 0)->off;
}
bool p_at_n(const struct parser *p, size_t ahead, const char *word)
{
    const struct tok *t = p_tok(p, ahead);
    bool other = p->panic || (t->kind != TOK_IDENT && t->kind != TOK_PUNCT);
    if (other || p->text.p[t->off] != word[0]) /* asked some sixty times for a name */
        return false;
    return str_eqz(p_text(p, ahead), word);
}
bool p_at(const struct parser *p, const char *word)
{
    return p_at_n(p, 0, word);
}
bool p_at_kind(const struct parser *p, enum tok_kind k)
{
    return !p->panic && p_tok(p, 0)->kind == k;
}
bool p_accept(struct parser *p, const char *word)
{
    if (!p_at(p, word))
        return false;
    p->at++;
    return true;
}
bool p_expect(struct parser *p, const char *word, const char *what)
{
    if (p_accept(p, word))
        return true;
    if (!p->panic)
        p_expected(p, arena_strz(p->a, arena_fmt(p->a, "'%s' %s", word, what)), NULL);
    return false;
}
bool p_adjacent(const struct parser *p, size_t ahead)
{
    const struct tok *t = p_tok(p, ahead), *u = p_tok(p, ahead + 1);
    return u->kind != TOK_EOF && t->off + t->len == u->off;
}
bool p_enter(struct parser *p)
{
    if (p->panic)
        return false;
    if (p->depth >= KQL_MAX_DEPTH) {
        p_error(p, "SYN0004", "split the query with let statements",
                "the query is nested more than %d levels deep", KQL_MAX_DEPTH);
        p->at = p->n - 1; /* what follows is as deep */
        p->told = p->n;
        return false;
    }
    p->depth++;
    return true;
}
void p_leave(struct parser *p)
{
    p->depth--;
}

static bool at_sign(const struct parser *p, const char *signs)
{
    struct str t = p_tok(p, 0)->kind == TOK_PUNCT ? p_text(p, 0) : STR_NONE;
    return t.n == 1 && strchr(signs, t.p[0]) != NULL;
}

void p_recover(struct parser *p)
{
    unsigned open = 0;
    if (!p->panic)
        return;
    p->panic = false;
    for (; p_tok(p, 0)->kind != TOK_EOF; p->at++) {
        bool closes = at_sign(p, ")]}");
        if (open == 0 && (closes || at_sign(p, "|;")))
            break;
        if (at_sign(p, "([{"))
            open++;
        else if (closes)
            open--;
    }
    p->told = p->at + 1;
}

/* To the bracket that closes what is open here, over others; if there is none before the next '|'
 * or ';', to the first other one or to that. True: it was taken. */
static bool skip_to(struct parser *p, const char *bracket)
{
    unsigned open = 0;
    size_t stop = 0;
    for (; p_tok(p, 0)->kind != TOK_EOF; p->at++) {
        if (open == 0 && at_sign(p, bracket)) {
            p->at++;
            p->told = p->at + 1; /* what is wrong right behind it follows */
            return true;
        }
        if (open == 0 && at_sign(p, "|;"))
            break;
        if (open == 0 && stop == 0 && at_sign(p, ")]}"))
            stop = p->at;
        if (at_sign(p, "([{"))
            open++;
        else if (open > 0 && at_sign(p, ")]}"))
            open--;
    }
    if (stop > 0)
        p->at = stop;
    p->told = p->at + 1;
    return false;
}

bool p_close(struct parser *p, const char *bracket, const char *what)
{
    if (p_accept(p, bracket))
        return true;
    (void)p_expect(p, bracket, what);
    (void)skip_to(p, bracket);
    p->panic = false;
    return false;
}

bool p_at_end(const struct parser *p)
{
    return p_at_kind(p, TOK_EOF) || (!p->panic && at_sign(p, "|;)]}"));
}

bool p_new_line(const struct parser *p)
{
    const struct tok *t = p_tok(p, 0);
    if (t->kind == TOK_EOF || p->at == 0)
        return true;
    const struct tok *before = tok_at(p, p->at - 1);
    size_t end = (size_t)before->off + before->len;
    return str_holds(str_sub(p->text, end, t->off - end), '\n');
}

/* ---- nodes ---- */

static uint32_t end_of_last(const struct parser *p, uint32_t off)
{
    if (p->at == 0)
        return off;
    const struct tok *t = tok_at(p, p->at - 1);
    return t->off + t->len > off ? t->off + t->len : off;
}

static struct syn *make(struct parser *p, enum syn_kind k, uint32_t off, struct str text)
{
    struct syn *s = arena_new_of(p->a, struct syn);
    s->kind = k;
    s->off = off;
    s->len = end_of_last(p, off) - off;
    s->text = text;
    return s;
}

static void check_height(struct parser *p, struct syn *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->kids[i] != NULL && s->kids[i]->height >= s->height)
            s->height = s->kids[i]->height + 1;
    if (s->height <= KQL_MAX_HEIGHT)
        return;
    p_error(p, "SYN0004", "split it with let statements or extend",
            "an expression is chained more than %d operations long", KQL_MAX_HEIGHT);
    s->kind = SYN_ERROR; /* cut the tree here, so that nobody walks it */
    s->kids = NULL;
    s->n = 0;
    s->height = 0;
}

struct syn *p_node(struct parser *p, enum syn_kind k, uint32_t off, struct str text,
                   const struct syn_list *kids)
{
    struct syn *s = make(p, k, off, text);
    if (kids != NULL) {
        s->kids = kids->p;
        s->n = kids->n;
        check_height(p, s);
    }
    return s;
}
struct syn *p_node1(struct parser *p, enum syn_kind k, uint32_t off, struct str text,
                    struct syn *kid)
{
    struct syn_list l = {0};
    VEC_PUSH(p->a, &l, kid);
    return p_node(p, k, off, text, &l);
}
struct syn *p_node2(struct parser *p, enum syn_kind k, uint32_t off, struct str text, struct syn *l,
                    struct syn *r)
{
    struct syn_list kids = {0};
    VEC_PUSH(p->a, &kids, l);
    VEC_PUSH(p->a, &kids, r);
    return p_node(p, k, off, text, &kids);
}
void p_push(struct parser *p, struct syn_list *l, struct syn *s)
{
    VEC_PUSH(p->a, l, s);
}
void p_set_params(struct parser *p, struct syn *op, const struct syn_list *params)
{
    struct syn_list all = {0};
    for (size_t i = 0; i < op->n_params; i++)
        VEC_PUSH(p->a, &all, op->params[i]);
    for (size_t i = 0; i < params->n; i++)
        VEC_PUSH(p->a, &all, params->p[i]);
    op->params = all.p;
    op->n_params = all.n;
}

/* ---- errors ---- */

static void tell(struct parser *p, const char *kind, const struct syn *at, const char *hint,
                 const char *fmt, va_list ap) PRINTF_LIKE(5, 0);
static void tell(struct parser *p, const char *kind, const struct syn *at, const char *hint,
                 const char *fmt, va_list ap)
{
    p->errors++;
    if (p->told == p->at + 1)
        return;
    p->told = p->at + 1;
    p->d->n_errors += kql_diags_full(p->d);
    if (kql_diags_full(p->d))
        return;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(4096);
    sbuf_addv(&b, fmt, ap);
    struct str m = sbuf_str(&b);
    kql_diag_add(p->d, ERR_SYNTAX, kind, at, hint, "%.*s", STR_ARG(m));
}

struct syn *p_error(struct parser *p, const char *kind, const char *hint, const char *fmt, ...)
{
    const struct tok *t = p_tok(p, 0);
    struct syn *s = make(p, SYN_ERROR, t->off, STR_NONE);
    s->len = t->len;
    if (p->panic)
        return s;
    va_list ap;
    va_start(ap, fmt);
    tell(p, kind, s, hint, fmt, ap);
    va_end(ap);
    p->panic = true;
    p->lost++;
    return s;
}

struct syn *p_error_at(struct parser *p, const char *kind, const struct syn *at, const char *hint,
                       const char *fmt, ...)
{
    struct syn *s = make(p, SYN_ERROR, at->off, STR_NONE);
    s->len = at->len;
    if (p->panic)
        return s;
    va_list ap;
    va_start(ap, fmt);
    tell(p, kind, s, hint, fmt, ap);
    va_end(ap);
    return s;
}

static struct str describe(const struct parser *p)
{
    struct str t = p_text(p, 0);
    bool cut = t.n > 40;
    if (cut) {
        t.n = 40;
        while (t.n > 0 && ((unsigned char)t.p[t.n] & 0xC0) == 0x80)
            t.n--;
    }
    if (p_tok(p, 0)->kind == TOK_EOF)
        return STR("the end of the query");
    return arena_fmt(p->a, "'%.*s%s'", STR_ARG(t), cut ? "…" : "");
}

static struct syn *bad_token(struct parser *p, const char *hint)
{
    const struct tok *t = p_tok(p, 0);
    const struct syn place = {.off = t->why_off, .len = t->why_len};
    struct str found = describe(p);
    struct syn *s = p_error_at(p, "SYN0001", &place, hint, "%s: %.*s", t->why, STR_ARG(found));
    p->panic = true;
    p->lost++;
    return s;
}

/* What is missing at the end of a line is missing there, not at the start of the next. */
static struct syn *expected(struct parser *p, bool behind, const char *what, const char *hint)
{
    const struct tok *t = p_tok(p, 0);
    struct str found = describe(p);
    struct syn place = {.off = t->off, .len = t->len};
    if (behind && p->at > 0)
        place = (struct syn){.off = end_of_last(p, 0)};
    return p_error_at(p, "SYN0002", &place, hint, "expected %s, found %.*s", what, STR_ARG(found));
}

struct syn *p_expected(struct parser *p, const char *what, const char *hint)
{
    if (p_tok(p, 0)->kind == TOK_BAD)
        return bad_token(p, hint);
    struct syn *s = expected(p, p_new_line(p), what, hint);
    p->panic = true;
    p->lost++;
    return s;
}

struct syn *p_missing(struct parser *p, const char *what, const char *hint)
{
    if (p_tok(p, 0)->kind == TOK_BAD)
        return bad_token(p, hint);
    return expected(p, true, what, hint);
}

/* ---- the query ---- */

static struct syn *refuse(struct parser *p, const char *kind, enum err_code code, uint32_t off,
                          const char *msg)
{
    struct syn *s = make(p, SYN_QUERY, 0, STR_NONE);
    struct syn at = {.off = off, .len = 1};
    kql_diag_add(p->d, code, kind, &at, NULL, "%s", msg);
    return s;
}

/* What is kept as raw tokens (the body of a pattern) takes any token but those that are none. */
static void refuse_bad_tokens(struct parser *p)
{
    p->panic = false;
    for (p->at = 0; p->d->n_errors == 0 && p->at < p->n; p->at++)
        if (p_tok(p, 0)->kind == TOK_BAD)
            p_expected(p, "a token", NULL);
}

struct syn *kql_parse(struct arena *a, struct str text, struct kql_diags *diags)
{
    struct parser p = {.a = a, .text = text, .d = diags};
    size_t bad;
    diags->text = text;
    if (diags->a == NULL)
        diags->a = a;
    if (text.n > KQL_MAX_BYTES)
        return refuse(&p, "SYN0005", ERR_LIMIT, 0, "the query is longer than 1 MiB");
    if (!utf8_valid(text, &bad))
        return refuse(&p, "SYN0001", ERR_SYNTAX, (uint32_t)bad,
                      "the query is not valid UTF-8 here");
    p.toks = lex_all(a, text, &p.n);
    struct syn *query = p_statements(&p, NULL);
    refuse_bad_tokens(&p);
    return query;
}
