/* When a query can have no rows: what its tables must have for it to have some. */
#pragma once
#include "kql/plan.h"

/* Rows of a table of the plan that meet all conditions. */
struct kql_gate {
    const struct plan *table; /* P_TABLE */
    struct expr **conds;      /* over its columns */
    size_t n;
};
struct kql_gates {
    VEC(struct kql_gate) v;
};
/* On true the query has no rows when no gate has one; without any gate it never has. Whatever is
 * not known to keep nothing when it gets nothing, such as a count of all rows, makes it false. */
bool kql_gates_find(struct arena *a, const struct plan *p, struct kql_gates *out);

/* A plan of one row that has for each gate, in their order, how many rows pass it. All gates are of
 * one table (and workspace), which then is read once; only rows received in (after, until] count.
 * n > 0. Lives in a, with what the gates point to. */
struct plan *kql_gates_count(struct arena *a, const struct kql_gate *gates, size_t n, int64_t after,
                             int64_t until);
