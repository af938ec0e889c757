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
    struct arm_scope scope;
    int64_t delay;      /* ticks between a window's end and its run; < 0 = Sentinel's 5 minutes */
    unsigned workers;   /* 0 = 2 */
    int64_t timeout_us; /* of one query; 0 = 10 minutes */
    size_t max_rows;    /* of one query; 0 = 100,000; more is a failed run that says so */
    int64_t catch_up; /* windows older than this are skipped after downtime, with a health row; 0 =
                         14 days */
    /* Rules of a workspace; 0: Sentinel's limits. Those of kind NRT count on their own. */
    size_t max_rules, max_enabled_rules;         /* 1024, 512 */
    size_t max_nrt_rules, max_enabled_nrt_rules; /* 100, 50 */
    size_t max_versions;                         /* of one rule that are kept; 0 = 200 */
    size_t max_query_chars;                      /* 0 = 10,000 */
};
/* Loads the schedule, and writes what a crash left in the outbox. */
struct detect *detect_open(const struct detect_options *o, struct err *e) MUST_USE;
void detect_close(struct detect *d); /* stops first */
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
/* Newest first; empty rule_id: all. */
bool detect_run_list(struct detect *d, struct arena *a, struct workspace *w, struct str rule_id,
                     size_t max, struct state_run **out, size_t *n, struct err *e) MUST_USE;

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
    bool triggered;
    struct detect_alert *alerts;
    size_t n_alerts;
    size_t entities, entities_dropped;
    struct str issues;    /* JSON array of texts: what was dropped and why */
    struct str first_row; /* the first result row as a JSON object; empty without rows */
    struct str correlation_id;
};
/* Runs the rule's query as at scheduled time s. Thread-safe; everything lives in a. */
bool detect_evaluate(struct detect *d, struct arena *a, struct workspace *w, const struct rule *r,
                     int64_t s, struct detect_result *out, struct err *e) MUST_USE;
