/* Shared by the files of this folder only. */
#pragma once
#include "backtest/backtest.h"
#include <stdatomic.h>

/* The times S of a rule's runs: first, first + frequency … last. */
struct grid {
    int64_t first, last, frequency;
    size_t n; /* 0: none in the range */
};
struct grid grid_of(const struct rule *r, int64_t phase, int64_t from, int64_t to);
static inline int64_t grid_at(const struct grid *g, size_t i)
{
    return g->first + (int64_t)i * g->frequency;
}

enum method {
    METHOD_NONE,    /* there is no window */
    METHOD_AT_ONCE, /* all windows by one query */
    METHOD_PRUNED,  /* window by window, those left out that can't have rows */
    METHOD_EACH     /* window by window */
};

struct volumes;   /* tables.c */
struct late_plan; /* late.c */

enum { RUN_NOT_MADE = -1 };

/* How often an entity was in an alert. */
struct tally {
    struct str type, name;
    uint64_t alerts;
};
struct firing {
    int64_t s, run; /* the window's end; S of the run, another one's where rows were late */
    size_t rows, alerts;
    struct str title, severity;
    struct str entities; /* JSON array of {"type", "name"} */
};

/* One rule under test: what it is run with, and what was found. Everything lives in a. */
struct subject {
    struct arena *a;
    const struct trial_options *o;
    const struct backtest_request *q;
    const struct rule *r;
    struct backtest_progress *progress;
    struct trial *trial;
    struct volumes *volumes;
    struct grid grid;
    int64_t delay;

    enum method method;
    uint64_t evaluated; /* queries that were run */
    uint64_t fired, alerts, suppressed, failed, rows;
    uint64_t late_runs, late_alerts; /* of windows again; the alerts are in alerts, too */
    bool made;                       /* the run under hand: it went well */
    struct late_plan *late;          /* NULL: no row is late */
    int64_t suppressed_until;
    struct err first_error; /* of a run that failed */
    VEC(struct firing) firings;
    struct map *entities; /* "type\x1fname" → struct tally */
    uint32_t *days;       /* runs that fired, by day from q->from on */
    size_t n_days;
    int64_t *runs; /* rows of each of the grid's last n_runs; RUN_NOT_MADE: it did not run */
    size_t n_runs;
    int64_t elapsed_us, cpu_us;
};

/* ---- windows.c: runs of the rule over the grid. False: cancelled, or nothing can be run. ---- */
bool subject_run(struct subject *x, struct err *e) MUST_USE;

/* ---- runs.c: what follows from one run ---- */
/* False: the run is suppressed, and is counted so. */
bool subject_may_run(struct subject *x, int64_t s);
/* A run gave so many rows; subject_found counts them by itself. */
void subject_saw(struct subject *x, int64_t s, size_t rows);
bool subject_found(struct subject *x, int64_t s, const struct detect_result *result,
                   struct err *e) MUST_USE;
/* The same of a window that a later run found late rows for. */
bool subject_found_late(struct subject *x, int64_t window, int64_t s,
                        const struct detect_result *result, struct err *e) MUST_USE;
void late_failed(struct subject *x, const struct err *why);
void subject_failed(struct subject *x, int64_t s, const struct err *why);
/* The most frequent entities first; returns how many. */
size_t subject_entities(const struct subject *x, struct arena *a, struct tally **out);

/* ---- tables.c: how many rows the tables have, hour by hour ---- */
/* Of the tables that rules read; counted once each. */
struct volumes *volumes_new(struct arena *a, const struct trial_options *o,
                            const struct backtest_request *q, const _Atomic bool *cancel);
/* Rows of the rule's tables in all its windows, as often as they are in one; to the hour. */
int64_t volumes_in_windows(struct volumes *v, const struct rule *r, const struct grid *g);
/* [{"name", "rows", "late", "meanDelaySeconds"}, …] */
void volumes_write(const struct volumes *v, struct json_out *out);

/* The rule's query, for what it reads; lives in a. */
bool volumes_compile(const struct volumes *v, struct arena *a, const struct rule *r,
                     struct kql_query *out) MUST_USE;
/* Ticks: how long after it happened a row of the table came at the most, within the time of the
 * backtest. */
int64_t volumes_longest(struct volumes *v, struct str table);

/* ---- late.c: windows again whose rows came later. False: cancelled, or the control database
 * failed ---- */
bool late_plan_make(struct subject *x, struct err *e) MUST_USE;
/* After each run of the grid, in their order. */
bool late_follow(struct subject *x, size_t run, struct err *e) MUST_USE;

/* ---- report.c ---- */
void subject_write(const struct subject *x, struct volumes *v, const struct err *refused,
                   struct json_out *out);
