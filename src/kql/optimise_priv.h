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

/* How deep a step is in the plan. Past the limit it leaves what is below as it is, and the plan is
 * refused in the end: no stack is deep enough for all that fits into a query's text. */
struct plan_depth {
    unsigned now;
    bool too_deep;
};
enum { OPTIMISE_MAX_DEPTH = 1000 };
static inline bool optimise_enter(struct plan_depth *d)
{
    d->too_deep = d->too_deep || d->now >= OPTIMISE_MAX_DEPTH;
    d->now += d->too_deep ? 0 : 1;
    return !d->too_deep;
}
static inline void optimise_leave(struct plan_depth *d)
{
    d->now--;
}

/* Computes conditions that depend on no row, such as those over the parameters of a function;
 * leaves out filters that let all rows pass, and what can't have rows (optimise_simplify.c). */
struct plan *optimise_simplify(struct arena *a, struct plan_depth *depth, struct plan *p);

/* Keeps in each node only the columns that the nodes above it read, and makes one of two
 * projections (optimise_narrow.c). */
struct plan *optimise_narrow(struct arena *a, struct plan_depth *depth, struct plan *p);
