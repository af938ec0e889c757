/* Jobs over the data lake: search jobs, whose rows land in a table of their own. */
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
