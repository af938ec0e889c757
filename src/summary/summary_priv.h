/* Shared by the files of this folder only. */
#pragma once
#include "base/thread.h"
#include "summary/summary.h"
#include <stdatomic.h>

struct summaries {
    struct summaries_options o;
    pthread_t thread;
    bool started;
    atomic_bool stop; /* also cancels queries */
    atomic_uint_fast64_t bins, failures, rows;
};

/* ---- rule.c ---- */
/* After a bin's end, ticks. */
int64_t summary_delay(const struct state_summary *x);
/* The first bin that begins at or after t. */
int64_t summary_bin_from(const struct state_summary *x, int64_t t);

/* ---- read.c ---- */
/* Reads properties into x, whose other fields stay. */
bool summary_read(struct arena *a, const struct json *body, struct state_summary *x,
                  struct err *e) MUST_USE;
/* Binds the query and looks for what summary rules may not use. */
bool summary_check(struct arena *a, struct workspace *w, const struct state_summary *x, int64_t now,
                   struct err *e) MUST_USE;

/* ---- run.c ---- */
/* One turn of a bin. */
struct summary_turn {
    struct state_summary rule;
    struct state_summary_bin bin;
    bool again; /* the bin waits in the control database, out of the rule's rhythm */
};
/* Runs it and records what follows. False: the control database failed. */
bool summary_run(struct summaries *s, struct summary_turn *t, struct err *e) MUST_USE;

/* ---- rows.c ---- */
/* A bin's result on its way into the destination. */
struct summary_result {
    struct workspace *w;
    const struct state_summary *rule;
    int64_t bin;
    const struct engine_rows *rows;
};
/* Makes the table and its columns where they are missing; NULL: e says which column does not fit.
 */
struct store_batch *summary_rows(struct arena *a, const struct summary_result *r, struct err *e);
/* A row of LASummaryLogs. */
struct summary_log {
    struct workspace *w;
    const struct state_summary *rule;
    int64_t bin, at, duration_us, rows;
    const char *status;
    struct str message, resource;
};
struct store_batch *summary_log_row(struct arena *a, const struct summary_log *l);
