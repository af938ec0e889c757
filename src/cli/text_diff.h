/* Two texts, line by line. */
#pragma once
#include "base/base.h"

/* Appends lines behind indent: "- " of the old text alone, "+ " of the new one alone, "  " of both,
 * of which those that are far from a difference are left out ("…"). Line ends do not count. */
void text_diff(struct arena *a, struct str old, struct str new, const char *indent,
               struct sbuf *out);
