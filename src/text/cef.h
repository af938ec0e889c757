/* Pieces of ArcSight's Common Event Format: "CEF:0|vendor|…|severity|key=value key=value". */
#pragma once
#include "base/base.h"

enum { CEF_HEADER_FIELDS = 7 };
/* The next field of a header, which ends with '|'; a backslash keeps the next character. *s moves
 * behind it. false: there is no '|', and *s stays. Unescaped and trimmed, in a or borrowed. */
bool cef_header_field(struct arena *a, struct str *s, struct str *out) MUST_USE;
/* Text with its escapes (\\ \= \| \n \r) undone; in a or borrowed. */
struct str cef_unescape(struct arena *a, struct str s);
/* Is there "key=" at s[at]? */
bool cef_key_at(struct str s, size_t at, struct str *key) MUST_USE;
/* Where the value that starts at from ends: before the next blank that a key follows. *next: where
 * that key is, or the end. */
size_t cef_value_end(struct str s, size_t from, size_t *next);
/* The pair at s[*at], which moves to the next one. false: no key is there. The value is in a or
 * borrowed. */
bool cef_pair(struct arena *a, struct str s, size_t *at, struct str *key,
              struct str *value) MUST_USE;
