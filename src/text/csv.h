/* CSV as RFC 4180 has it: quotes double inside quotes, line ends may be inside quotes, LF or CRLF.
 */
#pragma once
#include "base/base.h"

/* One line's fields; *at moves behind the line. Fields are borrowed from text or live in a.
 * Errors: ERR_SYNTAX: an open quote, or text behind a closing one; ERR_LIMIT: no room in a. */
bool csv_line(struct arena *a, struct str text, size_t *at, struct str **out, size_t *n,
              struct err *e) MUST_USE;
/* The same with another byte between fields. */
bool csv_line_by(struct arena *a, struct str text, size_t *at, char separator, struct str **out,
                 size_t *n, struct err *e) MUST_USE;
