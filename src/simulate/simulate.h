/* A seeded generator of realistic logs with a multi-stage intrusion on the last day. */
#pragma once
#include "base/base.h"
#include "base/clock.h"

struct sim_options {
    uint64_t seed;        /* the same seed gives the same bytes */
    int days;             /* 1 … 366; the last one is the day of the intrusion */
    int64_t first_day;    /* ticks of the first day's midnight, UTC */
    bool background_only; /* leave the intrusion out */
};
/* One event: a JSON object with the columns of the table. */
typedef bool sim_sink(void *self, int64_t ticks, const char *table, struct str json, struct err *e);

/* Makes the events of one day (0 … days-1) and hands them to the sink in order of time.
 * Returns false when the sink does, with its error. Errors of its own: ERR_INVALID (options). */
bool sim_day(const struct sim_options *o, int day, sim_sink *sink, void *self,
             struct err *e) MUST_USE;

/* The stages of the intrusion, in order, for reports: when each starts (ticks after midnight of
 * the last day) and what it is. NULL past the end. */
struct sim_stage {
    const char *name, *what;
    const char *table; /* where it shows first */
    int64_t after_midnight;
};
const struct sim_stage *sim_stage_at(size_t i);
