/* Looking for one text in many: two of its rarest bytes are compared at sixteen places at once, and
 * the rest where both fit. */
#pragma once
#include "base/base.h"

struct finder {
    struct str needle; /* borrowed; with fold_ascii its ASCII letters are small */
    bool fold_ascii;   /* the case of ASCII letters does not matter */
    size_t at[2];      /* places of the two bytes in the needle */
    unsigned char byte[2], mask[2];
};
void finder_set(struct finder *f, struct str needle, bool fold_ascii);
/* The first place from `from` on; SIZE_MAX: none. An empty needle is everywhere. */
size_t finder_find(const struct finder *f, struct str hay, size_t from);
/* Whether the needle stands at this place. */
bool finder_at(const struct finder *f, struct str hay, size_t at);
