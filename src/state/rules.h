/* Analytics rules, where each stands in its schedule, and the history of their runs. */
#pragma once
#include "state/state.h"

/* One rule. body and extra are JSON texts that src/detect writes and reads; the rest is what
 * queries need. */
struct state_rule {
    struct str workspace, id; /* workspace GUID; rule name (a GUID as a rule), both lower case */
    struct str kind, name;    /* "Scheduled"; display name */
    struct str etag;          /* a new GUID at each put */
    struct str body;          /* ARM "properties" */
    struct str extra;         /* what ARM has no place for: connectors, tags, metadata, source */
    bool enabled;
    int64_t created, modified;
    /* schedule: written by state_rule_set_schedule only */
    int64_t next_run; /* S of the next run; 0 = none */
    int64_t retry_at; /* > 0: the run of next_run failed and is tried again then */
    int64_t suppressed_until;
    int64_t last_run; /* S of the last finished run */
    int32_t attempts; /* failed tries of next_run */
    int32_t failures; /* consecutive permanent failures of the kind failure_kind */
    int64_t failing_since;
    struct str failure_kind;
    int64_t arrived;    /* _TimeReceived up to which rows were looked at by the runs until now */
    int64_t late_after; /* that up to which windows were run again for their late rows */
    int64_t missed;     /* S of the oldest window that failed and is to be run again; 0: none */
};
/* All results live in a. put inserts or replaces everything but the schedule. */
bool state_rule_put(struct state *s, const struct state_rule *r, struct err *e) MUST_USE;
bool state_rule_get(struct state *s, struct arena *a, struct str workspace, struct str id,
                    struct state_rule *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
bool state_rule_list(struct state *s, struct arena *a, struct str workspace,
                     struct state_rule **out, size_t *n,
                     struct err *e) MUST_USE; /* by name; empty workspace: all */
/* By name. kind: as it is stored. */
bool state_rule_list_of_kind(struct state *s, struct arena *a, struct str workspace,
                             struct str kind, struct state_rule **out, size_t *n,
                             struct err *e) MUST_USE;
/* The workspace's rules but id, of a kind or of all others. */
struct state_rule_others {
    struct str workspace, id, kind;
    bool of_other_kinds;
};
struct state_rule_tally {
    size_t all, enabled;
};
bool state_rule_count(struct state *s, const struct state_rule_others *x,
                      struct state_rule_tally *out, struct err *e) MUST_USE;
bool state_rule_delete(struct state *s, struct str workspace, struct str id, bool *out_was_there,
                       struct err *e) MUST_USE; /* its runs and alerts stay */
bool state_rule_set_schedule(struct state *s, const struct state_rule *r, struct err *e) MUST_USE;

/* What made a run, as rows of SentinelHealth call it. */
#define RUN_SCHEDULED "Scheduled"
#define RUN_NRT "NrtRun"
#define RUN_LATE "LateData" /* of a window again, for rows that came after its run */
#define RUN_AGAIN "Rerun"   /* of a window whose runs have failed */
#define RUN_BY_HAND "User-triggered"
struct state_run {
    struct str workspace, rule_id;
    struct str trigger_type;              /* one of the above */
    int64_t number;                       /* tells runs of one window and trigger apart */
    int64_t window_from, window_to;       /* window_to is S */
    int64_t arrived_after, arrived_until; /* _TimeReceived of the rows that it is the first to see,
                                             half open at the beginning */
    int64_t due;                          /* by the schedule; not stored */
    int64_t started, finished;            /* by the injected clock */
    int64_t duration_us;                  /* by the monotonic clock */
    int64_t processor_us;                 /* of the run's thread */
    bool shared;                          /* a table was read once for this run and others */
    int64_t rows_read;    /* of tables, parts and copies, by the database's count; 0: not known */
    int64_t bytes_read;   /* from files; what the database keeps in memory is not read again */
    int64_t memory_bytes; /* that the query allocated, in all */
    struct str status;    /* Success, Failure, Retrying, Skipped, Suppressed */
    int32_t attempts;
    int64_t rows, alerts, entities, entities_dropped;
    struct str error; /* empty when it went well */
    struct str correlation_id;
};
/* Inserts, or replaces the run of the same rule, window, trigger and number. */
bool state_run_put(struct state *s, const struct state_run *r, struct err *e) MUST_USE;
/* Removes the near-real-time runs of a rule that went well and gave no rows. */
bool state_run_drop_quiet(struct state *s, struct str workspace, struct str rule_id,
                          struct err *e) MUST_USE;
/* Newest first. empty rule_id: all rules. */
bool state_run_list(struct state *s, struct arena *a, struct str workspace, struct str rule_id,
                    size_t max, struct state_run **out, size_t *n, struct err *e) MUST_USE;
bool state_run_get(struct state *s, struct arena *a, struct str workspace, struct str correlation,
                   struct state_run *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
/* Windows of a rule whose runs by its schedule have failed for good, and have not been run again
 * with success or often enough; the oldest first. */
struct state_missed_query {
    struct str workspace, rule_id;
    int64_t since;  /* of their ends */
    int64_t folded; /* a near-real-time run of a shorter range became part of the next one */
    int64_t tries;  /* after so many it is given up */
    size_t max;
};
struct state_missed {
    int64_t window_to, arrived_after, arrived_until;
    int32_t tries; /* that it was run again */
};
bool state_run_missed(struct state *s, struct arena *a, const struct state_missed_query *q,
                      struct state_missed **out, size_t *n, struct err *e) MUST_USE;
/* Successful runs of a rule by its schedule, for late rows and after failures whose windows have
 * times from ≤ t ≤ to; windows in their order, and within one the run that saw the latest rows
 * last. */
bool state_run_covering(struct state *s, struct arena *a, struct str workspace, struct str rule_id,
                        int64_t from, int64_t to, struct state_run **out, size_t *n,
                        struct err *e) MUST_USE;
/* Enabled scheduled rules whose last finished window took at least so long; empty workspace: of
 * all. */
struct state_slow_rule {
    struct str workspace, rule_id;
    int64_t duration_us;
};
bool state_rule_list_slow(struct state *s, struct arena *a, struct str workspace, int64_t least_us,
                          struct state_slow_rule **out, size_t *n, struct err *e) MUST_USE;
/* Removes a workspace's runs whose window ended before the given time. */
bool state_run_prune(struct state *s, struct str workspace, int64_t before, struct err *e) MUST_USE;
