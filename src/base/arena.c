/* Region memory with a limit. Blocks come zeroed from calloc and are cleaned again on reset, so an
 * allocation costs a pointer bump. Under a sanitizer (or BASE_ARENA_EMULATION) each allocation is
 * its own malloc: overruns and uses after reset become visible. The limit counts bytes handed out
 * (rounded to 16), so it is the same in both modes. */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) && !defined(BASE_ARENA_EMULATION)
#define BASE_ARENA_EMULATION 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(BASE_ARENA_EMULATION)
#define BASE_ARENA_EMULATION 1
#endif
#endif

#define ALIGN16(n) (((n) + 15) & ~(size_t)15)
enum { ARENA_FIRST_BLOCK = 8 << 10, ARENA_MAX_BLOCK = 1 << 20 };
#define ARENA_DEFAULT_LIMIT ((size_t)1 << 30)

struct block {
    struct block *older;
    size_t used, cap;
    _Alignas(16) char mem[];
};

struct final {
    struct final *older;
    void (*fn)(void *);
    void *arg;
};

struct arena {
    struct block *newest;
    struct final *finals;
    size_t used, limit, next_block;
    bool full, soft;
};

struct arena *arena_new(size_t limit_bytes)
{
    struct arena *a = xcalloc(1, sizeof(*a));
    a->limit = limit_bytes == 0 ? ARENA_DEFAULT_LIMIT : limit_bytes;
    a->next_block = ARENA_FIRST_BLOCK;
    return a;
}

struct arena *arena_new_soft(size_t limit_bytes)
{
    struct arena *a = arena_new(limit_bytes);
    a->soft = true;
    return a;
}

static void run_finals(struct arena *a)
{
    while (a->finals != NULL) { /* a finalizer may defer another one */
        struct final *f = a->finals;
        a->finals = f->older;
        f->fn(f->arg);
        xfree(f);
    }
}

void arena_free(struct arena *a)
{
    if (a == NULL)
        return;
    run_finals(a);
    for (struct block *b = a->newest; b != NULL;) {
        struct block *older = b->older;
        xfree(b);
        b = older;
    }
    xfree(a);
}

void arena_freep(struct arena **a)
{
    arena_free(*a);
    *a = NULL;
}

void arena_reset(struct arena *a)
{
    run_finals(a);
    struct block *b = a->newest;
#ifdef BASE_ARENA_EMULATION
    struct block *keep = NULL;
#else
    struct block *keep = b;
    while (keep != NULL && keep->older != NULL)
        keep = keep->older;
#endif
    while (b != keep) {
        struct block *older = b->older;
        xfree(b);
        b = older;
    }
    if (keep != NULL) {
        memset(keep->mem, 0, keep->used);
        keep->used = 0;
    }
    a->newest = keep;
    a->used = 0;
    a->full = false;
}

static struct block *block_new(size_t cap)
{
    if (cap > SIZE_MAX - sizeof(struct block))
        return NULL;
    struct block *b = calloc(1, sizeof(*b) + cap);
    if (b != NULL)
        b->cap = cap;
    return b;
}

#ifdef BASE_ARENA_EMULATION
static void *take(struct arena *a, size_t exact, size_t rounded)
{
    (void)rounded;
    struct block *b = block_new(exact);
    if (b == NULL)
        return NULL;
    b->used = exact;
    b->older = a->newest;
    a->newest = b;
    return b->mem;
}
#else
static void *take(struct arena *a, size_t exact, size_t rounded)
{
    (void)exact;
    struct block *b = a->newest;
    if (b == NULL || b->cap - b->used < rounded) {
        bool own = b != NULL && rounded > a->next_block / 4;
        struct block *fresh = block_new(own || rounded > a->next_block ? rounded : a->next_block);
        if (fresh == NULL)
            return NULL;
        if (own) { /* a big one goes behind the current block, whose rest stays in use */
            fresh->older = b->older;
            b->older = fresh;
            fresh->used = rounded;
            return fresh->mem;
        }
        if (a->next_block < ARENA_MAX_BLOCK)
            a->next_block *= 2;
        fresh->older = b;
        a->newest = b = fresh;
    }
    void *p = b->mem + b->used;
    b->used += rounded;
    return p;
}
#endif

void *arena_try(struct arena *a, size_t n)
{
    size_t rounded = ALIGN16(n == 0 ? 1 : n);
    void *p = NULL;
    if (rounded >= n && a->used <= a->limit && rounded <= a->limit - a->used)
        p = take(a, n, rounded);
    if (p == NULL) {
        a->full = true;
        return NULL;
    }
    a->used += rounded;
    return p;
}

void *arena_alloc(struct arena *a, size_t n)
{
    void *p = arena_try(a, n);
    if (p == NULL && a->soft && n < SIZE_MAX - 15) {
        p = take(a, n, ALIGN16(n == 0 ? 1 : n));
        if (p != NULL)
            a->used += ALIGN16(n == 0 ? 1 : n);
    }
    if (p == NULL) {
        fprintf(stderr, "vedette: arena limit: %zu more bytes, %zu of %zu in use\n", n, a->used,
                a->limit);
        abort();
    }
    return p;
}

/* True when old is the last allocation of its block and could be made longer in place. */
static bool grow_in_place(struct arena *a, const char *old, size_t old_n, size_t new_n)
{
#ifdef BASE_ARENA_EMULATION
    (void)a, (void)old, (void)old_n, (void)new_n;
    return false;
#else
    struct block *b = a->newest;
    size_t had = ALIGN16(old_n == 0 ? 1 : old_n);
    size_t want = ALIGN16(new_n);
    if (b == NULL || want < new_n || old + had != b->mem + b->used)
        return false;
    size_t more = want - had;
    if (more > b->cap - b->used || a->used > a->limit || more > a->limit - a->used)
        return false;
    b->used += more;
    a->used += more;
    return true;
#endif
}

void *arena_grow(struct arena *a, void *old, size_t old_n, size_t new_n)
{
    if (old == NULL)
        return arena_alloc(a, new_n);
    if (new_n <= old_n || grow_in_place(a, old, old_n, new_n))
        return old;
    void *p = arena_alloc(a, new_n);
    memcpy(p, old, old_n);
    return p;
}

bool arena_full(const struct arena *a)
{
    return a->full;
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}

void arena_defer(struct arena *a, void (*fn)(void *), void *arg)
{
    struct final *f = xmalloc(sizeof(*f));
    *f = (struct final){a->finals, fn, arg};
    a->finals = f;
}

struct str arena_str(struct arena *a, struct str s)
{
    return (struct str){arena_strz(a, s), s.n};
}

char *arena_strz(struct arena *a, struct str s)
{
    CHECK(s.n < SIZE_MAX);
    char *p = arena_alloc(a, s.n + 1);
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    return p;
}

struct str arena_fmt(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_list again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    CHECK(n >= 0);
    char *p = arena_alloc(a, (size_t)n + 1);
    vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return (struct str){p, (size_t)n};
}
