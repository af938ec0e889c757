/* What the optimiser's steps share. Each returns new nodes and leaves the old ones as they are. */
#pragma once
#include "kql/bind_priv.h"

/* Plans below P_SHARED by address: whoever shares one gets the same copy. */
struct plan_memo {
    struct arena *a;
    struct map *copies;
};
struct plan_memo plan_memo_make(struct arena *a);
struct plan *plan_memo_get(const struct plan_memo *m, const struct plan *p); /* NULL: none yet */
void plan_memo_put(struct plan_memo *m, const struct plan *p, struct plan *copy);

/* Computes conditions that depend on no row, such as those over the parameters of a function;
 * leaves out filters that let all rows pass, and what can't have rows (optimise_simplify.c). */
struct plan *optimise_simplify(struct arena *a, struct plan *p);

/* Keeps in each node only the columns that the nodes above it read, and makes one of two
 * projections (optimise_narrow.c). */
struct plan *optimise_narrow(struct arena *a, struct plan *p);
