/* Regular expressions of Kusto's dialect (that of Rust's regex crate): leftmost match, the first
 * alternative that fits, Unicode classes, no look-around and no back-references. Behind it is
 * PCRE2, with limits on the size of patterns and on the work of a match. */
#pragma once
#include "base/base.h"

struct rx; /* immutable: shared by threads */
enum rx_where { RX_ANYWHERE, RX_AT_START, RX_AT_END /* the match ends where the text ends */ };
/* NULL: not a pattern. */
struct rx *rx_new(struct str pattern);
struct rx *rx_new_at(struct str pattern, enum rx_where where);
/* For a pattern that is used for one text or few: compiled more cheaply, matches more slowly. */
struct rx *rx_new_once(struct str pattern);
void rx_free(struct rx *x);
/* Whether it is a pattern; when not, what is wrong and at which byte of it: e->pos.off and e->len,
 * and in words in e->msg. Errors: ERR_INVALID; ERR_LIMIT for a pattern that is too large. */
bool rx_check(struct str pattern, struct err *e) MUST_USE;
size_t rx_groups(const struct rx *x);
/* The number of the group (?P<name>…); false: there is none. */
bool rx_group_named(const struct rx *x, struct str name, size_t *out) MUST_USE;
/* at: 2 × (groups + 1) offsets, SIZE_MAX for a group that took no part. */
enum { RX_MAX_GROUPS = 256 };
struct rx_match {
    size_t at[2 * (RX_MAX_GROUPS + 1)];
    size_t n_groups;
};
/* RX_TOO_COSTLY: given up, not known. */
enum rx_result { RX_NONE, RX_FOUND, RX_TOO_COSTLY };
/* The first match at or behind from, which is at the start of a character. In what is not UTF-8
 * there is none. x may
 * be NULL: finds nothing. */
enum rx_result rx_search(const struct rx *x, struct str text, size_t from,
                         struct rx_match *out) MUST_USE;
/* Whether there is a match. Patterns that cost rx_search() too much have an answer here most of the
 * time. */
enum rx_result rx_test(const struct rx *x, struct str text) MUST_USE;
/* All matches, from left to right, none empty where the one before it ends:
 *   struct rx_iter it = rx_each(x, text, 0);
 *   while (rx_next(&it, &m)) …
 *   if (it.too_costly) … */
struct rx_iter {
    const struct rx *x;
    struct str text;
    size_t at, end;
    bool ascii, any, too_costly;
};
struct rx_iter rx_each(const struct rx *x, struct str text, size_t from);
bool rx_next(struct rx_iter *it, struct rx_match *out) MUST_USE;
static inline struct str rx_group(const struct rx_match *m, struct str text, size_t g)
{
    if (g > m->n_groups || m->at[2 * g] == SIZE_MAX)
        return STR_NONE;
    return str_sub(text, m->at[2 * g], m->at[2 * g + 1] - m->at[2 * g]);
}
/* A pattern that matches the text itself. */
void rx_quote(struct sbuf *out, struct str text);
