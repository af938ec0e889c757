/* Sets of JSON values, in the order in which they came: numbers are the same by value, all else by
 * its text. */
#pragma once
#include "base/base.h"

struct jset {
    struct arena *a;
    struct str *p; /* borrowed */
    size_t n, cap;
    struct map *seen; /* NULL: few, which are looked at one by one */
};
struct jset jset_new(struct arena *a);
bool jset_has(const struct jset *s, struct str v) MUST_USE;
/* False: it was there. */
bool jset_add(struct jset *s, struct str v);
