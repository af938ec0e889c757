/* Texts as small numbers in the order in which they come. */
#pragma once
#include "base/base.h"

/* Starts as {0}; dict_fini frees it. Texts are copied. */
struct dict {
    uint32_t *slots; /* number + 1; 0: free */
    size_t n_slots;
    struct dict_entry *entries;
    size_t n, cap;
    char *bytes; /* of all texts, one behind the other */
    size_t n_bytes, cap_bytes;
};
enum { DICT_MAX = 1 << 30 };
/* The text's number, from 0; a new one for a new text. */
uint32_t dict_put(struct dict *d, struct str text);
/* False: the text has no number. */
bool dict_find(const struct dict *d, struct str text, uint32_t *out);
/* The text of a number; borrowed until the next dict_put. */
struct str dict_at(const struct dict *d, uint32_t i);
size_t dict_size_bytes(const struct dict *d);
void dict_fini(struct dict *d);
