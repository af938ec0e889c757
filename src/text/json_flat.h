/* Records of logs without a tree: the members of an object one after the other, arrays and objects
 * in it as compact text. For what is read once, in order, and kept as columns. */
#pragma once
#include "text/json.h"
#include "text/json_scan.h"

enum { JSON_FLAT_WINDOW = 32 /* blocks that are scanned ahead */ };
struct json_flat {
    struct str text; /* what all records are in */
    struct json_opts opts;
    json_scan_fn *scan;
    struct json_bits bits[JSON_FLAT_WINDOW];
    size_t first, n_blocks; /* the blocks that bits tells of */
    const char *end;        /* of the record at hand */
    struct json *items;     /* its members; they stay until the next record */
    struct str *keys;       /* and those of the record before until then: names come again */
    size_t cap, known;
    char *spare, *to; /* arrays and objects whose blanks were left out */
    const char *piece;
};
/* text: at most 4 GiB, borrowed as long as the reader and its records live. */
struct json_flat json_flat_make(struct str text, const struct json_opts *opts);
void json_flat_fini(struct json_flat *f);
/* Reads the object at *at, which ends before end (offsets into text), and moves *at behind it.
 * What it gives is what json_parse_next gives, but for arrays and objects in it: they are in
 * value.text as the writer writes them, without items. Strings with escapes are in a.
 * false: json_parse_next has to read it: it is no JSON, no object, beyond a limit, or of a kind
 * that is seldom seen (escapes in names, for one). */
bool json_flat_next(struct json_flat *f, struct arena *a, size_t *at, size_t end,
                    struct json *out) MUST_USE;
