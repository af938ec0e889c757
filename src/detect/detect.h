/* Analytics rules at work: keeping them, running them on time, turning rows into alerts and alerts
 * into incidents. */
#pragma once
#include "detect/rule.h"
#include "state/rules.h"

struct detect;
struct detect_options {
    struct store *store; /* all borrowed; must outlive detect */
    struct state *state;
    struct clock *clock;
    struct incidents *incidents;
    const struct store_authors *authors; /* NULL: rules read all of their tenant */
    struct arm_scope scope;
    int64_t delay;    /* ticks between a window's end and its run; < 0 = Sentinel's 5 minutes */
    int64_t spread;   /* ticks: a rule runs up to so much later, always the same; 0 = none */
    int64_t lateness; /* ticks: rows that come so late are still looked at; < 0 = a day; 0 = none */
    int64_t rerun; /* ticks: windows that failed are run again for so long; < 0 = 7 days; 0 = not */
    unsigned workers;      /* of scheduled and of near-real-time rules each; 0 = 2 */
    unsigned slow_workers; /* of slow ones of both; 0 = 2 */
    int64_t slow_us; /* a scheduled rule that runs so long runs beside the others; 0 = 5 seconds */
    int64_t shared_rows; /* of a table's copy for rules that run together; 0 = 200,000; < 0: each
                            rule reads by itself */
    int64_t timeout_us;  /* of one query; 0 = 10 minutes */
    size_t max_rows;     /* of one query; 0 = 100,000; more is a failed run that says so */
    int64_t catch_up; /* windows older than this are skipped after downtime, with a health row; 0 =
                         14 days; < 0: none are */
    /* Rules of a workspace; 0 = 10,000 each. Those of kind NRT count on their own. */
    size_t max_rules, max_enabled_rules;
    size_t max_nrt_rules, max_enabled_nrt_rules;
    size_t max_versions;    /* of one rule that are kept; 0 = 200 */
    size_t max_query_chars; /* 0 = 10,000 */
};
/* Loads the schedule, and writes what a crash left in the outbox. */
struct detect *detect_open(const struct detect_options *o, struct err *e) MUST_USE;
void detect_close(struct detect *d); /* stops first */
/* Schedules the rules of a workspace that was recovered. */
bool detect_load(struct detect *d, struct workspace *w, struct err *e) MUST_USE;
/* The scheduler thread and its workers. With a manual clock it wakes when the clock is moved. */
bool detect_start(struct detect *d, struct err *e) MUST_USE;
void detect_stop(struct detect *d); /* waits for runs in progress; harmless when not started */
/* Runs everything that is due by the clock, in the order of scheduled times, in the calling thread.
 * For manual clocks and tests; must not be mixed with detect_start. *out_runs (may be NULL): how
 * many runs were done. False only when the control database or the log store failed; a failing rule
 * is a recorded run, not an error here. */
bool detect_run_due(struct detect *d, size_t *out_runs, struct err *e) MUST_USE;
/* True when nothing is due and nothing is running: what a test or the demo waits for. */
bool detect_idle(struct detect *d);

/* When the next run is due by its rule's schedule; INT64_MAX: never. */
int64_t detect_next_due(struct detect *d);

/* ---- rules ---- */
/* Reads, checks (query compiled too) and stores one YAML rule. The id of the file is the rule's
 * name, so that importing again updates in place. What else can be done with rules:
 * rule_resources.h. All problems, also warnings, are in is.
 * out_id (may be NULL) lives in a. */
bool detect_rule_import_yaml(struct detect *d, struct arena *a, struct workspace *w,
                             struct str text, struct rule_issues *is, struct str *out_id,
                             struct err *e) MUST_USE;
bool detect_rule_get(struct detect *d, struct arena *a, struct workspace *w, struct str id,
                     struct state_rule *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
bool detect_rule_list(struct detect *d, struct arena *a, struct workspace *w,
                      struct state_rule **out, size_t *n, struct err *e) MUST_USE;
/* The ARM resource {id, name, type, kind, etag, properties}. */
bool detect_rule_to_json(struct detect *d, struct arena *a, struct workspace *w,
                         const struct state_rule *r, struct json_out *out, struct err *e) MUST_USE;
/* Runs a rule by hand over the window that ends at `at` (0: that of a run which is due now),
 * whatever its schedule, which stays as it is. Alerts that a run of the window made are not made
 * again. A query that fails is a recorded run, not an error. *out lives in a. Errors:
 * ERR_NOT_FOUND; ERR_INVALID: at is in the future; those of the control database. */
bool detect_rule_run(struct detect *d, struct arena *a, struct workspace *w, struct str id,
                     int64_t at, struct state_run *out, struct err *e) MUST_USE;
/* Newest first; empty rule_id: all. */
bool detect_run_list(struct detect *d, struct arena *a, struct workspace *w, struct str rule_id,
                     size_t max, struct state_run **out, size_t *n, struct err *e) MUST_USE;

/* The run with this correlation id. Errors: ERR_NOT_FOUND. */
bool detect_run_get(struct detect *d, struct arena *a, struct workspace *w, struct str correlation,
                    struct state_run *out, struct err *e) MUST_USE;

struct detect_counts { /* since detect_open, for /metrics */
    uint64_t runs, failures, alerts, incidents, skipped;
};
struct detect_counts detect_counts(struct detect *d);

/* ---- evaluation: what a run does, without storing anything ---- */
struct detect_alert {
    struct str id, vendor_id; /* derived from rule, S and position */
    struct str name, description;
    enum rule_severity severity;
    int64_t start, end;
    struct str entities;       /* JSON array */
    struct str custom_details; /* JSON object */
    struct str row;            /* the SecurityAlert row, JSON object */
    size_t n_entities;
    struct str tactics, techniques; /* JSON arrays */
    struct str product;
};
struct detect_result {
    int64_t from, to; /* window; to = S */
    size_t rows;
    struct engine_cost cost;
    struct strs tables;           /* that the query reads */
    const struct kql_read *reads; /* the same, with their workspaces */
    size_t n_reads;
    bool triggered;
    struct detect_alert *alerts;
    size_t n_alerts;
    size_t entities, entities_dropped;
    struct str issues;    /* JSON array of texts: what was dropped and why */
    struct str first_row; /* the first result row as a JSON object; empty without rows */
    struct str correlation_id;
};
/* What a run sees of the workspace's rows, and when it takes place. */
struct detect_sight {
    bool on_time;               /* as if each row had arrived at its TimeGenerated */
    int64_t received_to;        /* rows that arrived then or later are not there yet; 0: all are */
    int64_t now;                /* TimeGenerated of its alerts; 0: the clock's now */
    int64_t deadline_us;        /* of its query, by clock_mono_us(); 0: the handle's time-out */
    const _Atomic bool *cancel; /* NULL: the handle's own */
};
/* detect_evaluate of a run with that sight. */
bool detect_evaluate_as(struct detect *d, struct arena *a, struct workspace *w,
                        const struct rule *r, int64_t s, const struct detect_sight *sight,
                        struct detect_result *out, struct err *e) MUST_USE;
/* The query of a run with that sight, and the limits that it has, without the time-out. */
void detect_query(struct detect *d, const struct rule *r, int64_t s,
                  const struct detect_sight *sight, struct store_query *out);
/* Runs it: one table, to be freed with store_result_fini. Errors: those of the query; ERR_SEMANTIC:
 * it gives several tables; ERR_LIMIT: more rows than a run may have. */
bool detect_rows(struct detect *d, struct arena *a, struct workspace *w, const struct rule *r,
                 int64_t s, const struct detect_sight *sight, struct store_result *out,
                 struct err *e) MUST_USE;
/* What follows from rows that the query of run s has returned. */
void detect_evaluate_rows(struct detect *d, struct arena *a, struct workspace *w,
                          const struct rule *r, int64_t s, int64_t now,
                          const struct engine_rows *rows, struct detect_result *out);
/* Whether a run that finds so many rows makes alerts. */
bool detect_fires(const struct rule *r, size_t rows);
int64_t rule_frequency(const struct rule *r);
int64_t rule_period(const struct rule *r);
/* Between a window's end and its run: none for a near-real-time rule, whose windows are of arrival.
 */
int64_t rule_delay(const struct detect *d, const struct rule *r);
/* The rule that a stored one stands for; everything lives in a. */
bool rule_load(struct arena *a, const struct state_rule *stored, struct rule *out,
               struct err *e) MUST_USE;
/* Runs the rule's query as at scheduled time s, over all rows that are there (NRT: those received
 * in the minute before s). Thread-safe; everything lives in a. */
bool detect_evaluate(struct detect *d, struct arena *a, struct workspace *w, const struct rule *r,
                     int64_t s, struct detect_result *out, struct err *e) MUST_USE;
/* The same over the rows received in (after, until] of workspace_arrived() only. after < 0: all up
 * to until. An NRT rule has no other window: s is until. */
struct detect_when {
    int64_t s;
    int64_t arrived_after, arrived_until;
    const struct kql_query *compiled; /* the rule's query of these; NULL: not yet */
    int64_t deadline_us; /* by clock_mono_us(), if it is before that of the handle; 0: none */
    const _Atomic bool *cancel; /* NULL: the handle's own */
};
bool detect_evaluate_when(struct detect *d, struct arena *a, struct workspace *w,
                          const struct rule *r, const struct detect_when *when,
                          struct detect_result *out, struct err *e) MUST_USE;
/* What a window gives over the rows received up to until that it did not give over those up to
 * when->arrived_after; s must be a window that was evaluated then. */
bool detect_evaluate_late(struct detect *d, struct arena *a, struct workspace *w,
                          const struct rule *r, const struct detect_when *when,
                          struct detect_result *out, struct err *e) MUST_USE;
