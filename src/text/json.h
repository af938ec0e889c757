/* The one JSON reader and the one JSON writer (RFC 8259). Arena tree; strings without escapes point
 * into the input. int64 exact; numbers outside int64 or with '.', 'e' are reals, the source text is
 * kept. */
#pragma once
#include "base/base.h"

enum json_type {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_INT,
    JSON_REAL,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};
struct json {
    enum json_type type;
    uint32_t off;       /* byte offset in the input (kept below 4 GiB by limits) */
    struct str text;    /* STRING: unescaped value; INT, REAL: the number as written; ARRAY, OBJECT:
                           empty, or (json_flat.h) all of it as compact JSON, without members here */
    int64_t i;          /* INT */
    double d;           /* INT, REAL */
    size_t n;           /* ARRAY, OBJECT: members */
    struct json *items; /* ARRAY: n values; OBJECT: n values, keys in keys[] */
    struct str *keys;   /* OBJECT */
};
struct json_opts {
    size_t max_depth;     /* 0 = 64 */
    size_t max_values;    /* 0 = 16 Mi */
    bool lone_surrogates; /* true: \ud800 becomes U+FFFD; false: error */
};
/* Parses one value; only white space may follow. Duplicate keys: last wins at json_get. Invalid
 * UTF-8, raw control characters in strings, trailing commas … are errors with byte offset, line and
 * column. The tree borrows text. opts may be NULL. Errors: ERR_SYNTAX, ERR_LIMIT. */
bool json_parse(struct arena *a, struct str text, const struct json_opts *opts, struct json *out,
                struct err *e) MUST_USE;
/* Parses the value at *at and moves *at behind it (NDJSON, and arrays record by record). */
bool json_parse_next(struct arena *a, struct str text, size_t *at, const struct json_opts *opts,
                     struct json *out, struct err *e) MUST_USE;
const struct json *json_get(const struct json *object,
                            const char *key); /* NULL: absent or not an object; case-sensitive */
const struct json *json_get_str(const struct json *object, struct str key);
const struct json *json_path(const struct json *v, const char *dotted); /* "properties.title" */
struct str json_text(const struct json *v,
                     struct str fallback); /* STRING's text, else fallback; v may be NULL */
bool json_is_true(const struct json *v);
/* Text that is a JSON array or object, as compact JSON at the end of out: query results and exports
 * carry dynamic columns as text. False: it is something else, and out is as it was. */
bool json_from_text(struct str text, struct sbuf *out) MUST_USE;
/* The same value; members of objects in any order, numbers by value. NULL equals NULL only. */
bool json_equal(const struct json *a, const struct json *b);

/* Writer: compact; tracks commas itself. Doubles in shortest round-trip form; NaN/inf as strings.
 */
struct json_out {
    struct sbuf *b;
    uint64_t comma[2]; /* one bit a depth, 128 levels */
    int depth;
    bool after_key;
};
struct json_out json_out_make(struct sbuf *b);
void json_obj(struct json_out *w);
void json_obj_end(struct json_out *w);
void json_arr(struct json_out *w);
void json_arr_end(struct json_out *w);
void json_key(struct json_out *w, const char *key);
void json_key_str(struct json_out *w, struct str key);
void json_str(struct json_out *w, struct str v); /* escapes; invalid UTF-8 becomes U+FFFD */
void json_z(struct json_out *w, const char *v);
void json_int(struct json_out *w, int64_t v);
void json_real(struct json_out *w, double v); /* shortest; integral reals keep ".0" */
void json_bool(struct json_out *w, bool v);
void json_null(struct json_out *w);
void json_raw(struct json_out *w, struct str json_text); /* already JSON, trusted */
void json_value(struct json_out *w, const struct json *v);
/* key + value in one call */
void json_kv_str(struct json_out *w, const char *key, struct str v);
void json_kv_z(struct json_out *w, const char *key, const char *v);
void json_kv_int(struct json_out *w, const char *key, int64_t v);
void json_kv_real(struct json_out *w, const char *key, double v);
void json_kv_bool(struct json_out *w, const char *key, bool v);
void json_kv_null(struct json_out *w, const char *key);
void json_escape(struct sbuf *b, struct str s); /* with the quotes */
/* Shortest text that reads back as v, as Kusto prints reals: 1.0, 0.30000000000000007, 1E+300 is
 * "1e+300"; nan/inf: "NaN","inf","-inf". */
void real_format(double v, struct sbuf *b);
