/* The house library: borrowed strings, growing buffers, arenas, vectors, errors, assertions.
 * Invariants: a struct str is never owned by itself; an sbuf is always NUL-terminated after
 * sbuf_str(); arena memory is zeroed and 16-byte aligned. Do not add domain words here. */
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define NORETURN __attribute__((noreturn))
#define UNUSED __attribute__((unused))
/* Scope clean-up: AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 20); always with an initializer.
 */
#define AUTO(fn) __attribute__((cleanup(fn)))
#define COUNTOF(a) (sizeof(a) / sizeof((a)[0]))

/* ---- assertions: our own bugs only, never input; always on ---- */
NORETURN void base_check_failed(const char *expr, const char *file, int line);
#define CHECK(x) ((x) ? (void)0 : base_check_failed(#x, __FILE__, __LINE__))
#define UNREACHABLE() base_check_failed("unreachable", __FILE__, __LINE__)

/* ---- str: borrowed bytes, not terminated ---- */
struct str {
    const char *p;
    size_t n;
};
#define STR(lit) ((struct str){(lit), sizeof(lit) - 1})
#define STR_NONE ((struct str){NULL, 0})
/* For printf: printf("%.*s", STR_ARG(s)) */
#define STR_ARG(s) (int)(s).n, (s).p
struct str str_from(const char *z); /* NULL gives an empty str */
bool str_eq(struct str a, struct str b);
bool str_eqz(struct str a, const char *z);
bool str_ieq(struct str a, struct str b); /* ASCII case only */
bool str_ieqz(struct str a, const char *z);
int str_cmp(struct str a, struct str b); /* bytewise, as memcmp then length */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_holds(struct str s, char c); /* one of its bytes is c */
bool str_ascii(struct str s);         /* no byte above 0x7F */
bool str_find(struct str s, struct str needle, size_t *out_at);
struct str str_sub(struct str s, size_t from, size_t n); /* clamps */
struct str str_trim(struct str s);                       /* ASCII white space at both ends */
bool str_to_i64(struct str s, int64_t *out) MUST_USE;    /* whole string, decimal, optional '-' */
bool str_to_f64(struct str s, double *out) MUST_USE;     /* whole string, C locale */
uint64_t str_hash(struct str s);                   /* xxh64-quality, seed 0, stable in a process */
bool utf8_valid(struct str s, size_t *out_bad_at); /* strict: no overlongs, no surrogates */
/* Decodes one code point at *p (p < end); advances; invalid byte gives U+FFFD and advances one. */
uint32_t utf8_next(const char **p, const char *end);
size_t utf8_put(char out[4], uint32_t cp);

/* ---- err ---- */
enum err_code {
    ERR_OK,
    ERR_SYNTAX,      /* text does not parse */
    ERR_SEMANTIC,    /* parses, makes no sense */
    ERR_UNSUPPORTED, /* valid, not built yet */
    ERR_INVALID,     /* bad argument, bad field value */
    ERR_NOT_FOUND,
    ERR_CONFLICT, /* exists already, etag mismatch, locked */
    ERR_UNAUTHENTICATED,
    ERR_FORBIDDEN,
    ERR_LIMIT,     /* a size, count or depth limit */
    ERR_TOO_LARGE, /* request body */
    ERR_BUSY,      /* queue full, throttled: try again later */
    ERR_TIMEOUT,
    ERR_CANCELLED,
    ERR_IO,
    ERR_INTERNAL
};
struct pos {
    uint32_t off, line,
        col; /* off: bytes from 0; line, col (code points) from 1; 0 = no position */
};
struct err {
    enum err_code code;
    struct pos pos;
    uint32_t len;  /* bytes of the span that starts at pos; 0 = unknown */
    char kind[24]; /* stable short code such as SYN0002, SEM0100; may be empty */
    char msg[480];
    char hint[200]; /* what to do; may be empty */
};
/* Fill e (which may be NULL) and return false. The last two keep a printf message. */
bool err_set(struct err *e, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool err_at(struct err *e, enum err_code code, struct pos at, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
bool err_errno(struct err *e, const char *what, const char *path); /* ERR_IO with strerror text */
void err_hint(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Sets e's short code, which has at most 23 bytes. false, always. */
bool err_kind(struct err *e, const char *kind);
void err_prefix(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3); /* "prefix: msg" */
const char *err_code_name(enum err_code c); /* "syntax", "not_found", … */
/* Line and column (code points, from 1) of byte offset off in text. */
struct pos pos_in(struct str text, size_t off);

/* ---- arena: one per request, query or run; a limit; freed once ---- */
struct arena;
struct arena *arena_new(size_t limit_bytes); /* 0 = 1 GiB */
/* Past its limit arena_alloc goes on and arena_full says so: for work that ends in an error then,
 * not in an abort. */
struct arena *arena_new_soft(size_t limit_bytes);
void arena_free(struct arena *a);   /* NULL is fine; runs finalizers, newest first */
void arena_freep(struct arena **a); /* for AUTO(arena_freep) */
void arena_reset(struct arena *a);  /* as free + new, keeps the first block */
void *arena_alloc(struct arena *a, size_t n) MUST_USE; /* zeroed; aborts past limit if !arena_try */
void *arena_try(struct arena *a,
                size_t n) MUST_USE; /* NULL when the limit is reached: sizes that a user chose */
void *arena_grow(struct arena *a, void *old, size_t old_n, size_t new_n) MUST_USE;
bool arena_full(const struct arena *a); /* an arena_try has failed */
size_t arena_used(const struct arena *a);
void arena_defer(struct arena *a, void (*fn)(void *), void *arg);
struct str arena_str(struct arena *a, struct str s); /* copy, NUL after it */
char *arena_strz(struct arena *a, struct str s);
struct str arena_fmt(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
#define arena_new_of(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (n)))

/* ---- sbuf: grows to max, error sticks, asked once at the end ---- */
struct sbuf {
    char *p;
    size_t n, cap, max;
    bool failed;
};
struct sbuf sbuf_make(size_t max); /* heap; 0 = 1 GiB */
void sbuf_fini(struct sbuf *b);
void sbuf_wipe(struct sbuf *b); /* sbuf_fini of a secret: overwritten first. Growing leaves copies
                                   behind: extend it to its size at once (sbuf_extend) */
void sbuf_clear(struct sbuf *b);
void sbuf_drop(struct sbuf *b, size_t n); /* the first n bytes; there are as many */
void sbuf_add(struct sbuf *b, struct str s);
void sbuf_addz(struct sbuf *b, const char *z);
void sbuf_addc(struct sbuf *b, char c);
void sbuf_addmem(struct sbuf *b, const void *p, size_t n);
/* n more bytes for the caller to write, all of them and before the next add; NULL: failed. */
char *sbuf_extend(struct sbuf *b, size_t n) MUST_USE;
void sbuf_addi(struct sbuf *b, int64_t v); /* decimal digits */
void sbuf_addf(struct sbuf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void sbuf_addv(struct sbuf *b, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
bool sbuf_ok(const struct sbuf *b) MUST_USE;
struct str sbuf_str(struct sbuf *b); /* borrowed until the next add */

/* ---- vec: a typed vector over an arena ----
 * VEC(struct node *) v = {0}; VEC_PUSH(a, &v, x); v.n; v.p[i] */
#define VEC(type)                                                                                  \
    struct {                                                                                       \
        type *p;                                                                                   \
        size_t n, cap;                                                                             \
    }
#define VEC_PUSH(a, v, x)                                                                          \
    do {                                                                                           \
        if ((v)->n == (v)->cap)                                                                    \
            (v)->p = base_vec_grow((a), (v)->p, &(v)->cap, sizeof(*(v)->p));                       \
        (v)->p[(v)->n++] = (x);                                                                    \
    } while (0)
void *base_vec_grow(struct arena *a, void *p, size_t *cap, size_t item);

/* ---- map: string keys to pointers, over an arena; keys are borrowed ---- */
struct map;
struct map *map_new(struct arena *a, bool ignore_case);
void *map_get(const struct map *m, struct str key);        /* NULL: absent */
void *map_put(struct map *m, struct str key, void *value); /* returns the old value or NULL */
void *map_del(struct map *m, struct str key);
size_t map_count(const struct map *m);
/* for (size_t i = 0; map_next(m, &i, &k, &v);) in insertion order */
bool map_next(const struct map *m, size_t *i, struct str *out_key, void **out_value);

/* ---- heap for things that outlive arenas: abort when there is no memory ---- */
void *xmalloc(size_t n) MUST_USE;
void *xcalloc(size_t n, size_t size) MUST_USE;
void *xrealloc(void *p, size_t n) MUST_USE;
char *xstrdup(const char *z) MUST_USE;
char *xstrndup(struct str s) MUST_USE;
void xfree(void *p);
void xfreep(void *pp); /* for AUTO(xfreep) char *p */
void xwipep(char **p); /* the same for a text that is secret: overwritten first */
