/* Shared by the files of this folder only. */
#pragma once
#include "base/thread.h"
#include "jobs/jobs.h"
#include <stdatomic.h>

/* A job that somebody runs: nobody else does meanwhile. */
struct claim {
    struct str name; /* kind, workspace and key */
    atomic_bool cancel;
    struct claim *next;
};
struct jobs {
    struct jobs_options o;
    pthread_t *threads;
    unsigned n_threads; /* that were started */
    atomic_bool stop;
    atomic_uint_fast64_t runs, failures, rows;
    struct lock lock; /* everything below */
    uint64_t changes; /* of claims and of what is kept */
    uint64_t looked;  /* changes at the last look, + 1; 0: none yet */
    int64_t due;      /* what it found */
    struct cond released;
    struct claim *claims;
};

/* ---- jobs.c ---- */
/* Something that is kept has changed: who waits for a job looks again. */
void jobs_changed(struct jobs *j);
/* Cancels what runs under the name and waits until it has ended. False: it does not. */
bool jobs_end(struct jobs *j, struct str name);
/* Whether somebody runs what has the name. */
bool jobs_claimed(struct jobs *j, struct str name);
/* Cancels without waiting. */
void jobs_cancel(struct jobs *j, struct str name);
struct str jobs_claim_name(struct arena *a, const char *kind, struct str workspace, struct str key);

/* ---- log.c ---- */
/* A row of LAJobLogs: a job's change of state. */
struct job_log {
    const char *type;       /* SearchJob, KqlJob */
    struct str id;          /* of the job */
    struct str correlation; /* of the run; empty: the job's */
    struct str source, destination, message;
    const char *status; /* Started, Succeeded, Failed, Canceled */
    int64_t rows;
};
struct store_batch *job_log_row(struct jobs *j, struct arena *a, struct workspace *w,
                                const struct job_log *l);
/* Stores one; a failure is logged. dedup: as store_append's. */
void job_log_put(struct jobs *j, struct arena *a, struct workspace *w, const struct job_log *l,
                 struct str dedup);

/* ---- search_query.c ---- */
/* What a search job runs: the query, with the source's type, id and time carried along. */
struct search_query {
    struct str text, source;
    struct kql_schema columns; /* of the table of results */
};
/* Errors: ERR_INVALID with the place in the query. */
bool search_query_read(struct arena *a, const struct kql_catalog *cat, struct str query,
                       int64_t now, struct search_query *out, struct err *e) MUST_USE;
/* A column of the result that the table of results has, too. */
bool search_query_keeps(struct str column);

/* ---- search_run.c ---- */
/* Runs it to its end, or until it is cancelled or the process stops. False: the control database
 * failed. */
bool search_run(struct jobs *j, struct claim *c, struct state_search *x, struct err *e) MUST_USE;

/* ---- schedule.c ---- */
bool schedule_frequency_ok(struct str s, const char **out); /* the word as it is kept */
/* The job's first run behind t; 0: there is none. */
int64_t schedule_after(const struct state_job *x, int64_t t);

/* ---- job_read.c ---- */
/* Reads properties into x, whose other fields stay. */
bool job_read(struct arena *a, const struct json *body, struct state_job *x,
              struct err *e) MUST_USE;
/* Binds the query, and compares its columns with those of the destination. */
bool job_check(struct arena *a, struct workspace *w, const struct state_job *x, int64_t now,
               struct err *e) MUST_USE;
/* The destination takes rows of jobs. */
bool job_destination_ok(struct workspace *w, struct arena *a, struct str table,
                        struct err *e) MUST_USE;

/* ---- job.c ---- */
struct str job_key(struct arena *a, struct str name);
struct str job_new_id(struct arena *a);

/* ---- job_run.c ---- */
/* A run that is due: one that is kept already, or the next one by the schedule. */
struct job_turn {
    struct state_job job;
    struct state_job_run run; /* empty id: by the schedule */
};
/* False: the control database failed. */
bool job_run(struct jobs *j, struct claim *c, struct job_turn *t, struct err *e) MUST_USE;
