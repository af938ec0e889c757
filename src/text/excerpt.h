/* The line that an error is in, with a mark below the place. */
#pragma once
#include "base/base.h"

/* Appends two lines, each indented by four blanks and closed by a line break: the line of text that
 * byte off is in, and ^~~~ below the len bytes from there (^ alone for len 0 or 1; up to the line's
 * end at most). A long line is cut around the place, tabs become blanks, and what no terminal
 * should be sent (control characters) is shown as a middle dot. */
void excerpt_add(struct sbuf *out, struct str text, size_t off, size_t len);
