/* A text as words, and what parts them. */
#pragma once
#include "base/base.h"

enum { WORDS_MAX = 128 };

struct words_cutter {
    bool separates[256]; /* bytes */
};
/* Characters of a list part words; without one, what is neither a letter nor a digit of ASCII does,
 * letters of other scripts not. A character of several bytes in the list is passed over. */
struct words_cutter words_cutter(struct str characters);

struct words {
    struct str text;
    size_t n;
    struct str p[WORDS_MAX]; /* parts of text; a text without any is one word as a whole */
    bool numbers_only;
    bool cut; /* there are more */
};
void words_find(const struct words_cutter *k, struct str text, struct words *out);
bool words_is_number(struct str w);
/* A letter, a digit, or a byte of another script's character. */
bool words_is_inner(char c);
