/* The process heap for sizes that we chose: no memory is a reason to stop, loudly. */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

static void *must(void *p, size_t n)
{
    if (p == NULL && n > 0) {
        fprintf(stderr, "vedette: out of memory: %zu bytes were refused\n", n);
        abort();
    }
    return p;
}

void *xmalloc(size_t n)
{
    n = n == 0 ? 1 : n;
    return must(malloc(n), n);
}

void *xcalloc(size_t n, size_t size)
{
    if (n == 0 || size == 0)
        return must(calloc(1, 1), 1);
    return must(calloc(n, size), n);
}

void *xrealloc(void *p, size_t n)
{
    n = n == 0 ? 1 : n;
    return must(realloc(p, n), n);
}

char *xstrdup(const char *z)
{
    return xstrndup(str_from(z));
}

char *xstrndup(struct str s)
{
    char *z = xmalloc(s.n + 1);
    if (s.n > 0)
        memcpy(z, s.p, s.n);
    z[s.n] = '\0';
    return z;
}

void xfree(void *p)
{
    free(p);
}

void xwipep(char **p)
{
    if (*p != NULL)
        explicit_bzero(*p, strlen(*p));
    xfreep(p);
}

void xfreep(void *pp)
{
    void *p;
    memcpy(&p, pp, sizeof(p)); /* any pointer type may come in; no aliasing trouble this way */
    free(p);
    p = NULL;
    memcpy(pp, &p, sizeof(p));
}
