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
/* Version 8 (RFC 9562): always the same for the same namespace and bytes. Not a secret, and no
 * proof against somebody who searches for collisions: for names that we make ourselves. */
struct guid guid_derive(struct guid ns, struct str name);
void random_bytes(void *out, size_t n);
