/* Regular expressions: PCRE2 behind a small interface. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/rx.h"

#include <pcre2.h>
#include <stdatomic.h>

#include "text/rx_priv.h"

enum {
    MATCH_LIMIT = 10000000, /* steps from one start */
    DEPTH_LIMIT = 1000000,
    HEAP_LIMIT_KIB = 64 << 10,
    JIT_STACK_BYTES = 16 << 20, /* when the 32 KiB that PCRE2 has by itself are not enough */
    DFA_WORKSPACE = 64 << 10    /* ints */
};
enum which { ASCII, ANY, N_WHICH };

/* Compiled at the first use. */
struct cache {
    _Atomic(pcre2_code *) code[N_WHICH];
};
struct rx {
    struct arena *a;
    struct rx_tree tree;
    struct rx_program program[N_WHICH];
    struct cache *cache;
    pcre2_match_context *context[N_WHICH];
    struct str literal; /* when the pattern is a text without more */
    bool once;
};

/* ---- compiling ---- */
/* PCRE2 refuses only what is too large: the rest of its language is not reached. */
static pcre2_code *compile_program(const struct rx_program *p, bool ascii, int *why)
{
    PCRE2_SIZE where;
    pcre2_compile_context *c = pcre2_compile_context_create(NULL);
    (void)pcre2_set_newline(c, PCRE2_NEWLINE_LF);
    (void)pcre2_set_parens_nest_limit(c, 8 * RX_MAX_DEPTH);
    uint32_t options = PCRE2_ALT_CIRCUMFLEX | (ascii ? 0 : PCRE2_UTF | PCRE2_NO_UTF_CHECK);
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)(p->text.n > 0 ? p->text.p : ""), p->text.n,
                                     options, why, &where, c);
    pcre2_compile_context_free(c);
    return code;
}

static const pcre2_code *code_of(const struct rx *x, enum which k)
{
    _Atomic(pcre2_code *) *slot = &x->cache->code[k];
    pcre2_code *code = atomic_load(slot), *other = NULL;
    int why;
    if (code != NULL)
        return code;
    code = compile_program(&x->program[k], k == ASCII, &why);
    if (code == NULL)
        return NULL;
    if (!x->once)
        (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    if (atomic_compare_exchange_strong(slot, &other, code))
        return code;
    pcre2_code_free(code); /* another thread was first */
    return other;
}

/* At the end of a round of a loop: an empty round is refused, but for the first one. */
static int check_round(pcre2_callout_block *b, void *arg)
{
    const struct rx_program *p = arg;
    if (b->callout_number >= p->n_loops)
        return 0;
    size_t group = p->loops[b->callout_number];
    size_t loop = b->offset_vector[2 * group], round = b->offset_vector[2 * (group + 1)];
    return round == b->current_position && round != loop;
}

static pcre2_match_context *context_new(struct rx_program *p)
{
    pcre2_match_context *c = pcre2_match_context_create(NULL);
    (void)pcre2_set_match_limit(c, MATCH_LIMIT);
    (void)pcre2_set_depth_limit(c, DEPTH_LIMIT);
    (void)pcre2_set_heap_limit(c, HEAP_LIMIT_KIB);
    if (p->n_loops > 0)
        (void)pcre2_set_callout(c, check_round, p);
    return c;
}

static struct str literal_of(struct arena *a, const struct rx_tree *t)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(RX_MAX_PATTERN);
    char u[4];
    if (t->root->kind != RX_CONCAT)
        return STR_NONE;
    for (const struct rx_node *k = t->root->kids; k != NULL; k = k->next) {
        if (k->kind != RX_CHAR || (k->flags & RX_I))
            return STR_NONE;
        sbuf_addmem(&b, u, utf8_put(u, k->cp));
    }
    return arena_str(a, sbuf_str(&b));
}

static struct rx *make(struct str pattern, enum rx_where where, bool once, struct err *e)
{
    struct rx *x = xcalloc(1, sizeof(*x));
    x->a = arena_new(0);
    x->cache = xcalloc(1, sizeof(*x->cache));
    x->once = once;
    bool ok = rx_parse(x->a, pattern, &x->tree, e);
    for (size_t k = 0; k < N_WHICH && ok; k++) {
        ok = rx_emit(x->a, &x->tree, k == ASCII, where, &x->program[k], e);
        x->context[k] = ok ? context_new(&x->program[k]) : NULL;
    }
    if (ok && where == RX_ANYWHERE)
        x->literal = literal_of(x->a, &x->tree);
    if (ok)
        return x;
    rx_free(x);
    return NULL;
}

struct rx *rx_new_at(struct str pattern, enum rx_where where)
{
    return make(pattern, where, false, NULL);
}

struct rx *rx_new(struct str pattern)
{
    return make(pattern, RX_ANYWHERE, false, NULL);
}

struct rx *rx_new_once(struct str pattern)
{
    return make(pattern, RX_ANYWHERE, true, NULL);
}

void rx_free(struct rx *x)
{
    if (x == NULL)
        return;
    for (size_t k = 0; k < N_WHICH; k++) {
        pcre2_code_free(atomic_load(&x->cache->code[k]));
        pcre2_match_context_free(x->context[k]);
    }
    arena_free(x->a);
    xfree(x->cache);
    xfree(x);
}

bool rx_check(struct str pattern, struct err *e)
{
    struct rx *x = make(pattern, RX_ANYWHERE, true, e);
    bool ok = x != NULL;
    for (size_t k = 0; k < N_WHICH && ok; k++) {
        int why = 0;
        pcre2_code *code = compile_program(&x->program[k], k == ASCII, &why);
        pcre2_code_free(code);
        bool too_large = why == PCRE2_ERROR_PATTERN_TOO_LARGE || why == PCRE2_ERROR_HEAP_FAILED ||
                         why == PCRE2_ERROR_PATTERN_TOO_COMPLICATED ||
                         why == PCRE2_ERROR_PARENTHESES_NEST_TOO_DEEP;
        if (code == NULL)
            ok = err_set(e, too_large ? ERR_LIMIT : ERR_INTERNAL, "the pattern is too large (%d)",
                         why);
    }
    rx_free(x);
    return ok;
}

/* ---- groups ---- */
size_t rx_groups(const struct rx *x)
{
    return x->tree.n_groups;
}

bool rx_group_named(const struct rx *x, struct str name, size_t *out)
{
    for (const struct rx_name *n = x->tree.names; n != NULL; n = n->next)
        if (str_eq(n->name, name)) {
            *out = n->group;
            return true;
        }
    *out = 0;
    return false;
}

/* Of the copies of a group, the one that was matched last counts. */
static void fill(const struct rx *x, const struct rx_program *p, const PCRE2_SIZE *at, size_t n,
                 struct rx_match *out)
{
    out->n_groups = x->tree.n_groups < RX_MAX_GROUPS ? x->tree.n_groups : RX_MAX_GROUPS;
    out->at[0] = at[0];
    out->at[1] = at[1];
    for (size_t i = 2; i < 2 * (out->n_groups + 1); i++)
        out->at[i] = SIZE_MAX;
    for (size_t i = 0; i < p->n_copies; i++) {
        size_t g = p->copies[i].group, k = p->copies[i].of_pcre;
        if (g > out->n_groups || k >= n || at[2 * k] == PCRE2_UNSET)
            continue;
        size_t *to = &out->at[2 * g];
        if (to[0] == SIZE_MAX || at[2 * k] > to[0] ||
            (at[2 * k] == to[0] && at[2 * k + 1] > to[1])) {
            to[0] = at[2 * k];
            to[1] = at[2 * k + 1];
        }
    }
}

/* ---- matching ---- */
static bool is_ascii(struct str s)
{
    uint64_t any = 0, word;
    size_t i = 0;
    for (; i + 8 <= s.n; i += 8) {
        memcpy(&word, s.p + i, 8);
        any |= word;
    }
    for (; i < s.n; i++)
        any |= (uint64_t)(unsigned char)s.p[i] << 56 | (unsigned char)s.p[i];
    return (any & 0x8080808080808080u) == 0;
}

static enum rx_result by_literal(const struct rx *x, struct str text, size_t from,
                                 struct rx_match *out)
{
    const char *p = memmem(text.p + from, text.n - from, x->literal.p, x->literal.n);
    if (p == NULL)
        return RX_NONE;
    out->n_groups = 0;
    out->at[0] = (size_t)(p - text.p);
    out->at[1] = out->at[0] + x->literal.n;
    return RX_FOUND;
}

/* With a stack of its own, for patterns that need more than the one PCRE2 has. */
static int match_deep(const struct rx *x, const pcre2_code *code, enum which k, struct str text,
                      size_t from, pcre2_match_data *data)
{
    pcre2_jit_stack *stack = pcre2_jit_stack_create(32 << 10, JIT_STACK_BYTES, NULL);
    pcre2_match_context *c = pcre2_match_context_copy(x->context[k]);
    int n = PCRE2_ERROR_JIT_STACKLIMIT;
    if (stack != NULL && c != NULL) {
        pcre2_jit_stack_assign(c, NULL, stack);
        n = pcre2_match(code, (PCRE2_SPTR)text.p, text.n, from, PCRE2_NO_UTF_CHECK, data, c);
    }
    pcre2_match_context_free(c);
    pcre2_jit_stack_free(stack);
    return n;
}

enum rx_result rx_search(const struct rx *x, struct str text, size_t from, struct rx_match *out)
{
    if (x == NULL || from > text.n)
        return RX_NONE;
    if (text.p == NULL)
        text.p = "";
    if (x->literal.n > 0)
        return by_literal(x, text, from, out);
    enum which k = is_ascii(text) ? ASCII : ANY;
    const pcre2_code *code = code_of(x, k);
    if (code == NULL)
        return RX_TOO_COSTLY;
    pcre2_match_data *data = pcre2_match_data_create(x->program[k].n_pcre_groups + 1, NULL);
    int n = pcre2_match(code, (PCRE2_SPTR)text.p, text.n, from, PCRE2_NO_UTF_CHECK, data,
                        x->context[k]);
    if (n == PCRE2_ERROR_JIT_STACKLIMIT)
        n = match_deep(x, code, k, text, from, data);
    if (n > 0)
        fill(x, &x->program[k], pcre2_get_ovector_pointer(data), (size_t)n, out);
    pcre2_match_data_free(data);
    return n > 0 ? RX_FOUND : n == PCRE2_ERROR_NOMATCH ? RX_NONE : RX_TOO_COSTLY;
}

/* PCRE2's other algorithm follows all ways at once: slow, but no pattern makes it explode. It tells
 * nothing about groups, and which match of several it finds does not matter here. */
enum rx_result rx_test(const struct rx *x, struct str text)
{
    struct rx_match m;
    enum rx_result r = rx_search(x, text, 0, &m);
    if (r != RX_TOO_COSTLY)
        return r;
    enum which k = is_ascii(text) ? ASCII : ANY;
    const pcre2_code *code = code_of(x, k);
    if (code == NULL)
        return r;
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    pcre2_match_context *c = pcre2_match_context_copy(x->context[k]);
    int *space = xmalloc(sizeof(int) * DFA_WORKSPACE);
    (void)pcre2_set_callout(c, NULL, NULL);
    int n = pcre2_dfa_match(code, (PCRE2_SPTR)text.p, text.n, 0,
                            PCRE2_NO_UTF_CHECK | PCRE2_DFA_SHORTEST, data, c, space, DFA_WORKSPACE);
    xfree(space);
    pcre2_match_context_free(c);
    pcre2_match_data_free(data);
    return n >= 0 ? RX_FOUND : n == PCRE2_ERROR_NOMATCH ? RX_NONE : RX_TOO_COSTLY;
}

struct rx_iter rx_each(const struct rx *x, struct str text, size_t from)
{
    return (struct rx_iter){.x = x, .text = text, .at = from};
}

static size_t next_char(struct str text, size_t at)
{
    at++;
    while (at < text.n && ((unsigned char)text.p[at] & 0xC0) == 0x80)
        at++;
    return at;
}

bool rx_next(struct rx_iter *it, struct rx_match *out)
{
    for (;;) {
        enum rx_result r = rx_search(it->x, it->text, it->at, out);
        it->too_costly = r == RX_TOO_COSTLY;
        if (r != RX_FOUND)
            return false;
        bool again = it->any && out->at[0] == out->at[1] && out->at[1] == it->end;
        it->at = again ? next_char(it->text, it->at) : out->at[1];
        if (again)
            continue;
        it->any = true;
        it->end = out->at[1];
        return true;
    }
}

void rx_quote(struct sbuf *out, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (strchr("\\.+*?()|[]{}^$#&-~", text.p[i]) && text.p[i])
            sbuf_addc(out, '\\');
        sbuf_addc(out, text.p[i]);
    }
}
