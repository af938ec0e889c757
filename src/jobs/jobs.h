/* Jobs over the data lake, also over what is past the analytics retention: search jobs, whose rows
 * land in a table of their own, and KQL jobs, which run once or by a schedule. Sources: "Run search
 * jobs in Azure Monitor", the Tables API, "Create KQL jobs in the Microsoft Sentinel data lake". */
#pragma once
#include "incident/incident.h"
#include "state/jobs.h"

enum {
    JOBS_WORKERS = 3,               /* the default: jobs that run at the same time */
    JOBS_SEARCH_MAX_ROWS = 1000000, /* of a search job, and its default */
    JOBS_SEARCH_MAX_DAYS = 366,     /* between its two times */
    JOBS_SEARCH_MAX_TABLES = 100,   /* of results, in a workspace */

    JOBS_MAX_ENABLED = 100, /* KQL jobs of a workspace */
    JOBS_MAX_QUERY = 512 << 10,
    JOBS_MAX_ROWS = 500000, /* of a run of one */
    JOBS_MAX_BYTES = 100 << 20,
    JOBS_KEPT_RUNS = 100 /* of one that have ended */
};
struct jobs; /* shared by threads */
struct jobs_options {
    struct store *store; /* borrowed, as are the next two; must outlive the handle */
    struct state *state;
    struct clock *clock;
    struct arm_scope scope;
    unsigned workers;                    /* 0: JOBS_WORKERS */
    int64_t timeout_us;                  /* of one run of a KQL job; 0: 1 hour */
    const struct store_authors *authors; /* NULL: jobs read all of their tenant */
};
struct jobs *jobs_open(const struct jobs_options *o);
void jobs_close(struct jobs *j); /* stops first; NULL is fine */
/* Threads that run jobs when they are due. What a stopped process left unfinished goes on. */
bool jobs_start(struct jobs *j, struct err *e) MUST_USE;
void jobs_stop(struct jobs *j);
/* Runs what is due in the calling thread. False only when the control database failed; a failing
 * job is a recorded one. */
bool jobs_run_due(struct jobs *j, size_t *out_runs, struct err *e) MUST_USE;
/* When the next job that nobody runs is due; INT64_MAX: never. */
bool jobs_next_due(struct jobs *j, int64_t *out, struct err *e) MUST_USE;
struct jobs_counts { /* since the start */
    uint64_t runs, failures, rows;
};
struct jobs_counts jobs_counts(struct jobs *j);

/* ---- search jobs ---- */
/* PUT of an ARM body {properties: {searchResults: {query, description, limit, startSearchTime,
 * endSearchTime}}}: makes the table of results, called name (…_SRCH), and has it filled. Errors:
 * ERR_INVALID (the property, or the place in the query), ERR_CONFLICT (the table is there),
 * ERR_LIMIT (too many tables of results). */
bool search_put(struct jobs *j, struct arena *a, struct workspace *w, struct str name,
                const struct json *body, struct str who, struct state_search *out,
                struct err *e) MUST_USE;
bool search_get(struct jobs *j, struct arena *a, struct workspace *w, struct str name,
                struct state_search *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
/* Ends it; the rows that were found stay. Errors: ERR_NOT_FOUND; ERR_CONFLICT: it has ended. */
bool search_cancel(struct jobs *j, struct workspace *w, struct str name, struct err *e) MUST_USE;
/* Ends it, and takes the table away. Fine when there is no job. Errors: those of
 * workspace_table_drop; ERR_BUSY: it does not end. */
bool search_delete(struct jobs *j, struct workspace *w, struct str name, struct err *e) MUST_USE;
/* Members of a table's properties: provisioningState, searchResults, resultStatistics. */
void search_to_json(const struct state_search *x, struct json_out *o);

/* ---- KQL jobs ---- */
/* PUT of an ARM body {properties: {query, destinationTable, schedule: {frequency, interval,
 * startTime, endTime}, enabled, description}}. A job that runs once runs again. Errors: ERR_INVALID
 * (the property, or the place in the query), ERR_CONFLICT (etag, or it runs just now), ERR_LIMIT
 * (too many that are enabled). */
bool job_put(struct jobs *j, struct arena *a, struct workspace *w, struct str name,
             const struct json *body, struct str if_match, struct str who, struct state_job *out,
             bool *out_created, struct err *e) MUST_USE;
bool job_get(struct jobs *j, struct arena *a, struct workspace *w, struct str name,
             struct state_job *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
bool job_list(struct jobs *j, struct arena *a, struct workspace *w, struct state_job **out,
              size_t *n, struct err *e) MUST_USE;
/* With its history. Errors: ERR_CONFLICT: it runs just now. */
bool job_delete(struct jobs *j, struct workspace *w, struct str name, bool *out_was_there,
                struct err *e) MUST_USE;
/* Goes on with the first run from now on; what was missed meanwhile is left out. Errors:
 * ERR_NOT_FOUND, ERR_LIMIT, ERR_CONFLICT: it runs just now. */
bool job_enable(struct jobs *j, struct workspace *w, struct str name, bool enabled,
                struct err *e) MUST_USE;
/* Runs it once more, now, whether it is enabled or not. Errors: ERR_NOT_FOUND, ERR_CONFLICT: it
 * runs or is about to. */
bool job_run_now(struct jobs *j, struct arena *a, struct workspace *w, struct str name,
                 struct state_job_run *out, struct err *e) MUST_USE;
/* Its runs, the newest first. Errors: ERR_NOT_FOUND. */
bool job_runs(struct jobs *j, struct arena *a, struct workspace *w, struct str name,
              struct state_job_run **out, size_t *n, struct err *e) MUST_USE;
/* The resource {id, name, type, etag, properties}, one JSON object. */
void job_to_json(struct jobs *j, struct arena *a, struct workspace *w, const struct state_job *x,
                 struct json_out *o);
void job_run_to_json(const struct state_job_run *x, struct json_out *o);
