/* Summary rules, and their bins that wait outside of the rhythm. */
#pragma once
#include "state/state.h"

struct state_summary {
    struct str workspace, key; /* key: the id in lower case */
    struct str id, etag;       /* etag: a new GUID at each change */
    struct str name, description, query;
    struct str time_selector; /* column that the bin bounds */
    struct str destination;   /* table of the results */
    int64_t bin_size, bin_delay;
    int64_t bin_start; /* where the first bin begins */
    int64_t next_bin;  /* start of the next bin that has its turn */
    int64_t skipped;   /* bins given up in a row */
    bool active;
    struct str status_code; /* why not active: UserAction, DataPlaneError; or empty */
    int64_t created, modified;
    struct str modified_by;
};
bool state_summary_put(struct state *s, const struct state_summary *x, struct err *e) MUST_USE;
bool state_summary_get(struct state *s, struct arena *a, struct str workspace, struct str key,
                       struct state_summary *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
/* By id; empty workspace: all. */
bool state_summary_list(struct state *s, struct arena *a, struct str workspace,
                        struct state_summary **out, size_t *n, struct err *e) MUST_USE;
/* With its bins. */
bool state_summary_delete(struct state *s, struct str workspace, struct str key,
                          bool *out_was_there, struct err *e) MUST_USE;

/* A bin that is tried again: it failed, or somebody asked. */
struct state_summary_bin {
    struct str workspace, key;
    int64_t bin;      /* its start */
    int64_t due;      /* when */
    int64_t attempts; /* so far */
    int64_t since;    /* the first of them */
};
bool state_summary_bin_put(struct state *s, const struct state_summary_bin *x,
                           struct err *e) MUST_USE;
/* By due; empty workspace: all. */
bool state_summary_bin_list(struct state *s, struct arena *a, struct state_summary_bin **out,
                            size_t *n, struct err *e) MUST_USE;
bool state_summary_bin_delete(struct state *s, struct str workspace, struct str key, int64_t bin,
                              struct err *e) MUST_USE;
