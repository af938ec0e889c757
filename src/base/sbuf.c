/* Growing text with an upper limit. The first failure sticks; the writer asks once, at the end. */
#include "base/base.h"

#include <stdio.h>

enum { SBUF_DEFAULT_MAX = 1 << 30, SBUF_FIRST = 256 };

struct sbuf sbuf_make(size_t max)
{
    return (struct sbuf){.max = max == 0 ? SBUF_DEFAULT_MAX : max};
}

void sbuf_fini(struct sbuf *b)
{
    xfree(b->p);
    b->p = NULL;
    b->n = b->cap = 0;
}

void sbuf_wipe(struct sbuf *b)
{
    if (b->p != NULL)
        explicit_bzero(b->p, b->cap);
    sbuf_fini(b);
}

void sbuf_clear(struct sbuf *b)
{
    b->n = 0;
    b->failed = false;
}

void sbuf_drop(struct sbuf *b, size_t n)
{
    CHECK(n <= b->n);
    if (n > 0)
        memmove(b->p, b->p + n, b->n - n);
    b->n -= n;
}

/* Room for n more bytes and a NUL. */
static bool sbuf_room(struct sbuf *b, size_t n)
{
    if (b->failed)
        return false;
    if (n > b->max || b->n > b->max - n) {
        b->failed = true;
        return false;
    }
    size_t want = b->n + n + 1;
    if (want <= b->cap)
        return true;
    size_t cap = b->cap == 0 ? SBUF_FIRST : b->cap;
    while (cap < want)
        cap += cap;
    if (cap > b->max + 1)
        cap = b->max + 1;
    b->p = xrealloc(b->p, cap);
    b->cap = cap;
    return true;
}

void sbuf_addmem(struct sbuf *b, const void *p, size_t n)
{
    if (n == 0 || !sbuf_room(b, n))
        return;
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

char *sbuf_extend(struct sbuf *b, size_t n)
{
    if (!sbuf_room(b, n))
        return NULL;
    b->n += n;
    return b->p + b->n - n;
}

void sbuf_add(struct sbuf *b, struct str s)
{
    sbuf_addmem(b, s.p, s.n);
}

void sbuf_addz(struct sbuf *b, const char *z)
{
    sbuf_add(b, str_from(z));
}

void sbuf_addc(struct sbuf *b, char c)
{
    sbuf_addmem(b, &c, 1);
}

void sbuf_addi(struct sbuf *b, int64_t v)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        digits[--at] = (char)('0' + u % 10);
        u /= 10;
    } while (u != 0);
    if (v < 0)
        digits[--at] = '-';
    sbuf_addmem(b, digits + at, sizeof digits - at);
}

void sbuf_addv(struct sbuf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    CHECK(n >= 0);
    if (sbuf_room(b, (size_t)n)) {
        vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

void sbuf_addf(struct sbuf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    sbuf_addv(b, fmt, ap);
    va_end(ap);
}

bool sbuf_ok(const struct sbuf *b)
{
    return !b->failed;
}

struct str sbuf_str(struct sbuf *b)
{
    if (b->p == NULL)
        return STR("");
    b->p[b->n] = '\0';
    return (struct str){b->p, b->n};
}
