/* Walking JSON text without building a tree: dynamic values are valid JSON, so members are spans of
 * the text. Spans may have blanks around them only if the text had. Nothing here allocates but
 * js_items and js_decode (arena). */
#pragma once
#include "engine/duckdb/find.h"

enum js_type { JS_NONE, JS_NULL, JS_BOOL, JS_NUMBER, JS_STRING, JS_ARRAY, JS_OBJECT };
enum js_type js_type(struct str v);
/* By which type of column a value can be kept so that its very text can be had back; bits. */
enum js_kept {
    JS_KEPT_LONG = 1,
    JS_KEPT_REAL = 2,
    JS_KEPT_BOOL = 4,
    JS_KEPT_STRING = 8,
    JS_KEPT_OTHER = 16
};
struct js_iter {
    struct str text;
    size_t at;
    bool object;
};
/* Over the members of an array or object; anything else has none. */
struct js_iter js_begin(struct str v);
/* raw_key: with its quotes; objects only. */
bool js_next(struct js_iter *it, struct str *raw_key, struct str *value);
bool js_get(struct str object, struct str key, struct str *out);
bool js_at(struct str array, int64_t index, struct str *out); /* negative: from the end */
/* Steps into a value, one after the other. */
struct js_step {
    bool is_index;
    int64_t index; /* negative: from the end */
    struct str key;
    bool is_word;         /* it starts with a letter, a digit or '_' */
    struct finder quoted; /* "key" */
};
struct js_step js_step_index(int64_t index);
/* The key, in quotes too, lives in a. */
struct js_step js_step_key(struct arena *a, struct str key);
bool js_path(struct str v, const struct js_step *steps, size_t n, struct str *out);
/* Whether text is JSON, written as the JSON writer would write it again. false: perhaps not. */
bool js_is_compact(struct str text);
size_t js_count(struct str v);
/* Members as an array in the arena. keys may be NULL. */
struct str *js_items(struct arena *a, struct str v, struct str **keys, size_t *n);
/* A JSON string's characters; raw has its quotes. Without escapes it is a part of raw. */
struct str js_decode(struct arena *a, struct str raw);
struct str js_quote(struct arena *a, struct str text);
/* Takes the next step off a JSON path behind its '$': ".a", "['a b']" (*key), "[0]" (*index, key
 * without text). false: not a step. */
bool js_path_step(struct str *path, struct str *key, int64_t *index);
bool js_number(struct str v, bool *is_int, int64_t *i, double *d);
