/* Lists of sources in the configuration: objects with known keys and a name of their own. What a
 * kind of source is comes from who reads it (tail, topics). */
#pragma once
#include "base/base.h"
#include "text/json.h"

enum { SOURCE_LIST_MOST = 64 };
struct source_reading {
    struct arena *a;
    struct str text;         /* of the configuration: where a value stands */
    const struct json *item; /* the source under hand */
    void *source;            /* what it becomes; zeroed */
};
struct source_key {
    const char *name;
    bool (*read)(struct source_reading *r, const struct json *v, struct err *e);
    size_t text_at; /* read NULL: a text, which becomes the const char * there */
};
struct source_kind {
    const char *list;  /* "sources" */
    const char *shape; /* what an item looks like, for people */
    size_t bytes;      /* of a source */
    size_t name_at;    /* of its name, a struct str */
    const struct source_key *keys;
    size_t n_keys;
    void (*begin)(void *source); /* defaults that are not zero; may be NULL */
    bool (*complete)(struct source_reading *r, struct err *e); /* what is missing or contradicts */
};
/* *out: an array of sources in a. Errors: ERR_INVALID, with the place in text and, for an unknown
 * key, the nearest one. */
bool source_list_read(struct arena *a, const struct json *list, struct str text,
                      const struct source_kind *kind, void **out, size_t *out_n,
                      struct err *e) MUST_USE;

/* ---- for the readers of keys ---- */
/* "what: expected expected", at v; always false. */
bool source_wrong(const struct source_reading *r, const struct json *v, struct err *e,
                  const char *what, const char *expected);
/* Letters, digits, '.', '_' and '-', at most max. */
bool source_is_word(struct str s, size_t max);
/* A text of 1 to 1023 bytes without control characters. */
bool source_is_text(struct str s);
/* A time in ticks such as "30s", "5m", "6h", "2d", within bounds. */
bool source_read_span(struct source_reading *r, const struct json *v, const char *what,
                      int64_t least, int64_t most, int64_t *out, struct err *e) MUST_USE;
/* A whole number from 1 to most. */
bool source_read_count(struct source_reading *r, const struct json *v, const char *what,
                       int64_t most, int64_t *out, struct err *e) MUST_USE;
