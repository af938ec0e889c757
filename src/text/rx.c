/* Regular expressions: PCRE2 behind a small interface. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/rx.h"

#include <pcre2.h>
#include <stdatomic.h>

#include "text/rx_priv.h"

enum {
    /* Steps of PCRE2 from one place: few, because our own machine goes on where they end … */
    SHORT_TEXT = 256,
    SHORT_TEXT_STEPS = 200000,
    LONG_TEXT_STEPS = 40000,
    /* … and many where it can't. */
    LAST_STEPS = 10000000,
    DEPTH_LIMIT = 1000000,
    HEAP_LIMIT_KIB = 64 << 10,
    JIT_STACK_BYTES = 16 << 20 /* when the 32 KiB that PCRE2 has by itself are not enough */
};
enum which { ASCII, ANY, N_WHICH };

/* Compiled at the first use. */
struct cache {
    _Atomic(pcre2_code *) code[N_WHICH];
    _Atomic(struct rx_vm *) vm;
};
struct rx {
    struct arena *a;
    struct rx_tree tree;
    struct str program[N_WHICH];
    enum rx_where where;
    struct cache *cache;
    pcre2_match_context *context[2]; /* for short texts and for others */
    struct str literal;              /* when the pattern is a text without more */
    bool once;
};

/* ---- compiling ---- */
/* PCRE2 refuses only what is too large: the rest of its language is not reached. */
static pcre2_code *compile_program(struct str p, bool ascii, int *why)
{
    PCRE2_SIZE where;
    pcre2_compile_context *c = pcre2_compile_context_create(NULL);
    (void)pcre2_set_newline(c, PCRE2_NEWLINE_LF);
    (void)pcre2_set_parens_nest_limit(c, 8 * RX_MAX_DEPTH);
    uint32_t options = PCRE2_ALT_CIRCUMFLEX | (ascii ? 0 : PCRE2_UTF | PCRE2_NO_UTF_CHECK);
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)(p.n > 0 ? p.p : ""), p.n, options, why, &where, c);
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
    code = compile_program(x->program[k], k == ASCII, &why);
    if (code == NULL)
        return NULL;
    if (!x->once)
        (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    if (atomic_compare_exchange_strong(slot, &other, code))
        return code;
    pcre2_code_free(code); /* another thread was first */
    return other;
}

static const struct rx_vm *vm_of(const struct rx *x)
{
    struct rx_vm *vm = atomic_load(&x->cache->vm), *other = NULL;
    if (vm != NULL)
        return vm;
    vm = rx_vm_new(&x->tree, x->where);
    if (atomic_compare_exchange_strong(&x->cache->vm, &other, vm))
        return vm;
    rx_vm_free(vm);
    return other;
}

static pcre2_match_context *context_new(uint32_t steps)
{
    pcre2_match_context *c = pcre2_match_context_create(NULL);
    (void)pcre2_set_match_limit(c, steps);
    (void)pcre2_set_depth_limit(c, DEPTH_LIMIT);
    (void)pcre2_set_heap_limit(c, HEAP_LIMIT_KIB);
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
    x->where = where;
    x->context[0] = context_new(SHORT_TEXT_STEPS);
    x->context[1] = context_new(LONG_TEXT_STEPS);
    bool ok = rx_parse(x->a, pattern, &x->tree, e);
    for (size_t k = 0; k < N_WHICH && ok; k++)
        ok = rx_emit(x->a, &x->tree, k == ASCII, where, &x->program[k], e);
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
    for (size_t k = 0; k < N_WHICH; k++)
        pcre2_code_free(atomic_load(&x->cache->code[k]));
    rx_vm_free(atomic_load(&x->cache->vm));
    for (size_t k = 0; k < COUNTOF(x->context); k++)
        pcre2_match_context_free(x->context[k]);
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
        pcre2_code *code = compile_program(x->program[k], k == ASCII, &why);
        pcre2_code_free(code);
        bool too_large = why == PCRE2_ERROR_PATTERN_TOO_LARGE || why == PCRE2_ERROR_HEAP_FAILED ||
                         why == PCRE2_ERROR_PATTERN_TOO_COMPLICATED ||
                         why == PCRE2_ERROR_PARENTHESES_NEST_TOO_DEEP ||
                         why == PCRE2_ERROR_TOO_MANY_CAPTURES;
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

static void fill(const struct rx *x, const PCRE2_SIZE *at, size_t n, struct rx_match *out)
{
    out->n_groups = x->tree.n_groups < RX_MAX_GROUPS ? x->tree.n_groups : RX_MAX_GROUPS;
    for (size_t i = 0; i < 2 * (out->n_groups + 1); i++)
        out->at[i] = i < 2 * n ? at[i] : SIZE_MAX;
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
static int match_deep(const pcre2_code *code, struct str text, size_t from, pcre2_match_data *data,
                      pcre2_match_context *context)
{
    pcre2_jit_stack *stack = pcre2_jit_stack_create(32 << 10, JIT_STACK_BYTES, NULL);
    pcre2_match_context *c = pcre2_match_context_copy(context);
    int n = PCRE2_ERROR_JIT_STACKLIMIT;
    if (stack != NULL && c != NULL) {
        pcre2_jit_stack_assign(c, NULL, stack);
        n = pcre2_match(code, (PCRE2_SPTR)text.p, text.n, from, PCRE2_NO_UTF_CHECK, data, c);
    }
    pcre2_match_context_free(c);
    pcre2_jit_stack_free(stack);
    return n;
}

/* By PCRE2; RX_TOO_COSTLY past its limits. */
static enum rx_result by_pcre(const struct rx *x, enum which k, struct str text, size_t from,
                              pcre2_match_context *context, struct rx_match *out)
{
    const pcre2_code *code = code_of(x, k);
    if (code == NULL)
        return RX_TOO_COSTLY;
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(code, NULL);
    int n = pcre2_match(code, (PCRE2_SPTR)text.p, text.n, from, PCRE2_NO_UTF_CHECK, data, context);
    if (n == PCRE2_ERROR_JIT_STACKLIMIT)
        n = match_deep(code, text, from, data, context);
    if (n > 0)
        fill(x, pcre2_get_ovector_pointer(data), (size_t)n, out);
    pcre2_match_data_free(data);
    return n > 0 ? RX_FOUND : n == PCRE2_ERROR_NOMATCH ? RX_NONE : RX_TOO_COSTLY;
}

/* PCRE2 once more, for what is too large for our machine. */
static enum rx_result by_force(const struct rx *x, enum which k, struct str text, size_t from,
                               struct rx_match *out)
{
    pcre2_match_context *context = context_new(LAST_STEPS);
    enum rx_result r = by_pcre(x, k, text, from, context, out);
    pcre2_match_context_free(context);
    return r;
}

/* exact: groups and the end of the match matter, not only whether there is one. */
static enum rx_result search(const struct rx *x, enum which k, struct str text, size_t from,
                             bool exact, struct rx_match *out)
{
    enum rx_result r = RX_TOO_COSTLY;
    bool loops = exact && x->tree.loops;
    if (x->literal.n > 0)
        return by_literal(x, text, from, out);
    if (!loops)
        r = by_pcre(x, k, text, from, x->context[text.n >= SHORT_TEXT], out);
    if (r == RX_TOO_COSTLY)
        r = rx_vm_search(vm_of(x), text, from, out);
    return r == RX_TOO_COSTLY && !loops ? by_force(x, k, text, from, out) : r;
}

static enum which which_of(struct str text)
{
    return is_ascii(text) ? ASCII : ANY;
}

/* Compiled patterns run over memory that is not theirs when a text is not what they were told. */
static bool readable(struct str text)
{
    return utf8_valid(text, NULL);
}

enum rx_result rx_search(const struct rx *x, struct str text, size_t from, struct rx_match *out)
{
    if (x == NULL || from > text.n || !readable(text))
        return RX_NONE;
    text.p = text.p == NULL ? "" : text.p;
    return search(x, which_of(text), text, from, true, out);
}

enum rx_result rx_test(const struct rx *x, struct str text)
{
    struct rx_match m;
    if (x == NULL || !readable(text))
        return RX_NONE;
    text.p = text.p == NULL ? "" : text.p;
    return search(x, which_of(text), text, 0, false, &m);
}

struct rx_iter rx_each(const struct rx *x, struct str text, size_t from)
{
    text.p = text.p == NULL ? "" : text.p;
    if (!readable(text))
        x = NULL;
    return (struct rx_iter){.x = x, .text = text, .at = from, .ascii = x != NULL && is_ascii(text)};
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
        if (it->x == NULL || it->at > it->text.n)
            return false;
        enum rx_result r = search(it->x, it->ascii ? ASCII : ANY, it->text, it->at, true, out);
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
