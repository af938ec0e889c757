/* Random and derived identifiers. Random bytes come from getrandom(2). */
#pragma once
#include "base/base.h"

struct guid {
    uint8_t b[16];
};
struct guid guid_new(void);                    /* version 4 */
void guid_format(struct guid g, char out[37]); /* lower case with dashes, NUL */
bool guid_parse(struct str s, struct guid *out)
    MUST_USE; /* with dashes, optional braces, any case; 32 hex digits too */
void random_bytes(void *out, size_t n);
