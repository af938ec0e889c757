/* Error values, positions and assertions. */
#include "base/base.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void base_check_failed(const char *expr, const char *file, int line)
{
    fprintf(stderr, "vedette: internal check failed: %s (%s:%d)\n", expr, file, line);
    abort();
}

static void err_fill(struct err *e, enum err_code code, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

static void err_fill(struct err *e, enum err_code code, const char *fmt, va_list ap)
{
    memset(e, 0, sizeof(*e));
    e->code = code;
    vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
}

bool err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
    if (e == NULL)
        return false;
    /* The arguments may point into e itself, so the text is built beside it. */
    struct err next;
    va_list ap;
    va_start(ap, fmt);
    err_fill(&next, code, fmt, ap);
    va_end(ap);
    *e = next;
    return false;
}

bool err_at(struct err *e, enum err_code code, struct pos at, const char *fmt, ...)
{
    if (e == NULL)
        return false;
    struct err next;
    va_list ap;
    va_start(ap, fmt);
    err_fill(&next, code, fmt, ap);
    va_end(ap);
    next.pos = at;
    *e = next;
    return false;
}

bool err_errno(struct err *e, const char *what, const char *path)
{
    int number = errno;
    char text[128];
    const char *why = strerror_r(number, text, sizeof(text));
    if (path == NULL)
        return err_set(e, ERR_IO, "%s: %s", what, why);
    return err_set(e, ERR_IO, "%s '%s': %s", what, path, why);
}

void err_hint(struct err *e, const char *fmt, ...)
{
    if (e == NULL)
        return;
    char text[sizeof(e->hint)];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    memcpy(e->hint, text, sizeof(text));
}

bool err_kind(struct err *e, const char *kind)
{
    if (e == NULL)
        return false;
    CHECK(strlen(kind) < sizeof(e->kind));
    memcpy(e->kind, kind, strlen(kind) + 1);
    return false;
}

void err_prefix(struct err *e, const char *fmt, ...)
{
    if (e == NULL)
        return;
    char text[sizeof(e->msg)];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    size_t used = n < 0 ? 0 : (size_t)n < sizeof(text) - 1 ? (size_t)n : sizeof(text) - 1;
    struct str parts[] = {STR(": "), str_from(e->msg)};
    for (size_t i = 0; i < COUNTOF(parts); i++) {
        size_t room = sizeof(text) - 1 - used;
        size_t take = parts[i].n < room ? parts[i].n : room;
        memcpy(text + used, parts[i].p, take);
        used += take;
    }
    text[used] = '\0';
    memcpy(e->msg, text, used + 1);
}

const char *err_code_name(enum err_code c)
{
    static const char *const names[] = {
        [ERR_OK] = "ok",
        [ERR_SYNTAX] = "syntax",
        [ERR_SEMANTIC] = "semantic",
        [ERR_UNSUPPORTED] = "unsupported",
        [ERR_INVALID] = "invalid",
        [ERR_NOT_FOUND] = "not_found",
        [ERR_CONFLICT] = "conflict",
        [ERR_UNAUTHENTICATED] = "unauthenticated",
        [ERR_FORBIDDEN] = "forbidden",
        [ERR_LIMIT] = "limit",
        [ERR_TOO_LARGE] = "too_large",
        [ERR_BUSY] = "busy",
        [ERR_TIMEOUT] = "timeout",
        [ERR_CANCELLED] = "cancelled",
        [ERR_IO] = "io",
        [ERR_INTERNAL] = "internal",
    };
    return (size_t)c < COUNTOF(names) ? names[c] : "internal";
}

struct pos pos_in(struct str text, size_t off)
{
    struct pos at = {.line = 1, .col = 1};
    if (off > text.n)
        off = text.n;
    at.off = (uint32_t)off;
    for (size_t i = 0; i < off; i++) {
        if (text.p[i] == '\n') {
            at.line++;
            at.col = 1;
        } else if (((unsigned char)text.p[i] & 0xC0U) != 0x80U) {
            at.col++;
        }
    }
    return at;
}
