/* The formatter: the same query in the house layout, one pipe a line. */
#pragma once
#include "kql/syntax.h"

/* Writes text to out, with line breaks and blanks as the layout has them and everything else as it
 * was: spelling, literals, comments. Ends with a newline unless nothing is left. What was formatted
 * once does not change again, and parses to the same tree.
 * a      holds the tree; needed until the call returns
 * diags  has the errors if the text does not parse; out is then untouched
 * false: it does not parse, or out reached its limit (ERR_LIMIT in diags) */
bool kql_format(struct arena *a, struct str text, struct sbuf *out,
                struct kql_diags *diags) MUST_USE;
