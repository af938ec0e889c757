/* What the system says about itself while it runs: rows about the disk (Operation), and what the
 * files of this folder add to it. It looks around once a minute of the clock. */
#pragma once
#include "incident/incident.h"

struct health_options { /* the first four are borrowed and must outlive the handle */
    struct store *store;
    struct state *state;
    struct clock *clock;
    struct incidents *incidents;
    struct arm_scope scope; /* copied */
};
struct health;
struct health *health_open(const struct health_options *o);
void health_close(struct health *h); /* stops first; NULL is fine */

/* A thread that does what is due as the clock goes on. */
bool health_start(struct health *h, struct err *e) MUST_USE;
void health_stop(struct health *h);
/* Does what is due now, in the caller's thread: for servers whose clock is moved by hand. What
 * could not be done is logged and done the next time. */
void health_run_due(struct health *h);
int64_t health_next_due(struct health *h); /* ticks */
