/* Jobs over the data lake: search jobs, whose rows land in a table of their own, and KQL jobs,
 * which run once or by a schedule. */
#pragma once
#include "state/state.h"

/* Words of a job's state, as Azure has them. */
#define STATE_JOB_WAITING "Updating"
#define STATE_JOB_RUNNING "InProgress"
#define STATE_JOB_SUCCEEDED "Succeeded"
#define STATE_JOB_FAILED "Failed"
#define STATE_JOB_CANCELED "Canceled"

struct state_search {
    struct str workspace, name; /* name: of the table of results */
    struct str id;
    struct str query, description, source; /* source: the table that is searched */
    int64_t row_limit;
    int64_t from_time, to_time;         /* TimeGenerated, half open */
    int64_t position, slice;            /* searched up to here; how much at a time */
    int64_t ingested, scanned;          /* rows; bytes */
    int64_t created, started, finished; /* 0: not yet */
    struct str status, error, who;
};
bool state_search_put(struct state *s, const struct state_search *x, struct err *e) MUST_USE;
bool state_search_get(struct state *s, struct arena *a, struct str workspace, struct str name,
                      struct state_search *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
/* By creation; empty workspace: all. */
bool state_search_list(struct state *s, struct arena *a, struct str workspace,
                       struct state_search **out, size_t *n, struct err *e) MUST_USE;
bool state_search_delete(struct state *s, struct str workspace, struct str name,
                         struct err *e) MUST_USE;

/* ---- KQL jobs ---- */
struct state_job {
    struct str workspace, key; /* key: the name in lower case */
    struct str name, etag;
    struct str description, query;
    struct str destination;       /* table of the rows */
    struct str frequency;         /* Once, Minute, Hour, Day, Week, Month */
    int64_t every;                /* so many of them */
    int64_t start_time, end_time; /* end_time 0: none */
    int64_t next_run;             /* 0: none */
    bool enabled;
    int64_t created, modified;
    struct str modified_by;
};
bool state_job_put(struct state *s, const struct state_job *x, struct err *e) MUST_USE;
bool state_job_get(struct state *s, struct arena *a, struct str workspace, struct str key,
                   struct state_job *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
/* By name; empty workspace: all. */
bool state_job_list(struct state *s, struct arena *a, struct str workspace, struct state_job **out,
                    size_t *n, struct err *e) MUST_USE;
/* With its runs. */
bool state_job_delete(struct state *s, struct str workspace, struct str key, bool *out_was_there,
                      struct err *e) MUST_USE;

struct state_job_run {
    struct str workspace, key;
    int64_t due; /* what the query's now() is */
    struct str id, status, error;
    int64_t started, finished; /* 0: not yet */
    int64_t rows;
};
bool state_job_run_put(struct state *s, const struct state_job_run *x, struct err *e) MUST_USE;
/* Of one job, the newest first. */
bool state_job_run_list(struct state *s, struct arena *a, struct str workspace, struct str key,
                        struct state_job_run **out, size_t *n, struct err *e) MUST_USE;
/* Those that have not ended, of all jobs, the oldest first. */
bool state_job_run_open(struct state *s, struct arena *a, struct state_job_run **out, size_t *n,
                        struct err *e) MUST_USE;
/* Forgets a job's runs that have ended, but for the newest. */
bool state_job_run_trim(struct state *s, struct str workspace, struct str key, int64_t keep,
                        struct err *e) MUST_USE;
