/* Jobs over the data lake, also over what is past the analytics retention: search jobs, whose rows
 * land in a table of their own. Sources: "Run search jobs in Azure Monitor" and the Tables API. */
#pragma once
#include "incident/incident.h"
#include "state/jobs.h"

enum {
    JOBS_WORKERS = 3,               /* the default: jobs that run at the same time */
    JOBS_SEARCH_MAX_ROWS = 1000000, /* of a search job, and its default */
    JOBS_SEARCH_MAX_DAYS = 366,     /* between its two times */
    JOBS_SEARCH_MAX_TABLES = 100    /* of results, in a workspace */
};
struct jobs; /* shared by threads */
struct jobs_options {
    struct store *store; /* borrowed, as are the next two; must outlive the handle */
    struct state *state;
    struct clock *clock;
    struct arm_scope scope;
    unsigned workers; /* 0: JOBS_WORKERS */
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
