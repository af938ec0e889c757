/* Regular expressions of Kusto's dialect on PCRE2: Unicode classes, no anchoring, a limit on
 * backtracking. A pattern that does not compile matches nothing. */
#pragma once
#include "base/base.h"

struct rx;                             /* immutable: shared by threads */
struct rx *rx_new(struct str pattern); /* NULL: not a pattern */
void rx_free(struct rx *x);
/* Whether it is a pattern; when not, what is wrong, and at which byte of it. */
bool rx_check(struct str pattern, struct err *e) MUST_USE;
size_t rx_groups(const struct rx *x);
/* The number of the group (?P<name>…); false: there is none. */
bool rx_group_named(const struct rx *x, struct str name, size_t *out) MUST_USE;
/* The first match at or behind from. spans: 2 × (groups + 1) offsets, SIZE_MAX for a group that
 * took no part. */
enum { RX_MAX_GROUPS = 32 };
struct rx_match {
    size_t at[2 * (RX_MAX_GROUPS + 1)];
    size_t n_groups;
};
bool rx_find(const struct rx *x, struct str text, size_t from, struct rx_match *out);
static inline struct str rx_group(const struct rx_match *m, struct str text, size_t g)
{
    if (g > m->n_groups || m->at[2 * g] == SIZE_MAX)
        return STR_NONE;
    return str_sub(text, m->at[2 * g], m->at[2 * g + 1] - m->at[2 * g]);
}
/* A pattern that matches the text itself. */
void rx_quote(struct sbuf *out, struct str text);
