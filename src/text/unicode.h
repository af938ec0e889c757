/* Just enough Unicode for text search: simple case folding, and what is a letter or digit. */
#pragma once
#include "base/base.h"

uint32_t uni_fold(uint32_t cp);
bool uni_alnum(uint32_t cp);
/* Appends the folded text. ASCII goes a fast way. */
void uni_fold_text(struct str s, struct sbuf *out);
/* Folded text in scratch (cleared first) or s itself when nothing changes. */
struct str uni_folded(struct str s, struct sbuf *scratch);
