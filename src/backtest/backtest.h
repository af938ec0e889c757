/* Rules over the past: when each would have fired, on whom, which incidents it would have made, and
 * what it would have cost. Nothing is stored.
 *
 * A run is that of the scheduler: the window of S is [S − period, S) of TimeGenerated, now() is S,
 * and rows that arrived later than the run (S and the rule's delay) are not seen by it; a later run
 * looks at their window again, as the scheduler does. Watchlists and
 * stored functions are those of today. */
#pragma once
#include "detect/detect.h"
#include "detect/rule_resources.h"

/* ---- a rule's runs, one after the other, with what follows from them ---- */
struct trial; /* one thread at a time */
struct trial_options {
    struct store *store; /* borrowed */
    struct workspace *workspace;
    struct arm_scope scope;
    int64_t delay;      /* as detect_options.delay */
    int64_t lateness;   /* as detect_options.lateness; 0: late rows are not looked at */
    int64_t timeout_us; /* of one query; 0 = 10 minutes */
    size_t max_rows;    /* of one run; 0 = 100,000 */
};
/* With a control database of its own, in memory. */
struct trial *trial_open(const struct trial_options *o, struct err *e) MUST_USE;
void trial_close(struct trial *t); /* NULL is fine */
/* Evaluates the run s of r. Errors: those of the query. */
bool trial_run(struct trial *t, struct arena *a, const struct rule *r, int64_t s,
               const struct detect_sight *sight, struct detect_result *out, struct err *e) MUST_USE;
/* Forms incidents of a run's alerts, as the rule's incidentConfiguration says. Runs come in the
 * order of their times. */
bool trial_alerts(struct trial *t, struct arena *a, const struct rule *r,
                  const struct detect_result *result, int64_t now, struct err *e) MUST_USE;
/* The incidents so far, in the order in which they were made. */
bool trial_incidents(struct trial *t, struct arena *a, struct state_incident **out, size_t *n,
                     struct err *e) MUST_USE;
struct detect *trial_detect(struct trial *t);

/* ---- backtests ---- */
struct backtest_request {
    struct rule *rules;
    /* Of each rule: any S of its runs, which fixes their times; 0: the first ends a frequency after
     * from. NULL: of all 0. */
    const int64_t *phases;
    size_t n;
    int64_t from, to;    /* runs with from < S ≤ to */
    bool on_time;        /* as if each row had arrived at its TimeGenerated */
    bool each_window;    /* run window by window, whatever is possible: for comparing, slow */
    size_t max_firings;  /* that are listed with each rule; 0 = 100 */
    size_t top_entities; /* 0 = 10 */
    size_t last_runs;    /* whose rows are told one by one, whatever they gave; 0: of none */
};
enum {
    BACKTEST_MAX_RULES = 5000,
    BACKTEST_MAX_DAYS = 400,
    BACKTEST_MAX_WINDOWS = 1000000, /* of one rule */
    BACKTEST_RUNNING = 2            /* at the same time */
};
struct backtest_progress { /* written by the run, read by anybody */
    _Atomic bool cancel;
    _Atomic uint64_t rules_done, windows_done, windows; /* the last two: of the rule that runs */
    _Atomic uint64_t fired;                             /* runs with alerts, so far */
};
/* Runs all rules in the calling thread and appends a JSON object to out:
 * {"from", "to", "asIfOnTime", "rules": [{"id", "name", "kind", "severity", "status", "error",
 * "method", "windows", "evaluated", "fired", "alerts", "suppressed", "failed", "resultRows",
 * "incidents", "firings": […], "incidentList": […], "topEntities": […], "days": […], "runs": […],
 * "cost": {…}}], "tables": […]}. A rule that fails says so in its own object. Errors:
 * ERR_CANCELLED, ERR_INVALID (times), ERR_LIMIT. */
bool backtest_run(const struct trial_options *o, const struct backtest_request *q,
                  struct backtest_progress *progress, struct sbuf *out, struct err *e) MUST_USE;

/* ---- as operations that go on by themselves ---- */
struct backtests; /* shared by threads */
struct backtests_options {
    struct store *store;   /* borrowed, as are the next three */
    struct state *state;   /* where reports are kept */
    struct detect *detect; /* whose rules they are */
    struct clock *clock;
    struct arm_scope scope;
    int64_t delay, timeout_us, lateness; /* as trial_options */
    int64_t kept;                        /* of a workspace that have ended; 0 = 20 */
    int64_t kept_bytes; /* their reports together, but the newest is kept; 0 = 256 MiB */
};
/* Those that a server was stopped in have failed, and say so. */
struct backtests *backtests_open(const struct backtests_options *o);
void backtests_close(struct backtests *b); /* cancels and waits; NULL is fine */
enum { BACKTEST_ID_BYTES = 37 };
/* body: {"rules": [id, {"yaml": TEXT} or {"arm": {…}, "id": …}, …], "from", "to", "asIfOnTime",
 * "eachWindow", "maxFirings", "topEntities", "lastRuns"}; without rules: all that are stored.
 * Errors: ERR_INVALID (the member; a query that who may not run), ERR_NOT_FOUND (a rule), ERR_BUSY
 * (too many run). */
bool backtests_start(struct backtests *b, struct workspace *w, const struct json *body,
                     const struct detect_actor *who, char out_id[BACKTEST_ID_BYTES],
                     struct err *e) MUST_USE;
/* {"id", "status": Running, Succeeded, Failed or Canceled, "percentComplete", "rulesDone",
 * "rulesTotal", "ruleNames": of the first ten, "windowsDone", "windowsTotal", "fired", "from",
 * "to", "startedBy", "startTime", "endTime", "error", "properties": the report once it succeeded}.
 * Errors: ERR_NOT_FOUND; those of the control database. */
bool backtests_get(struct backtests *b, struct workspace *w, struct str id, struct json_out *out,
                   struct err *e) MUST_USE;
/* Without the reports, as an array; the newest first. */
bool backtests_list(struct backtests *b, struct workspace *w, struct json_out *out,
                    struct err *e) MUST_USE;
/* Cancels one that runs; forgets one that has ended. Errors: ERR_NOT_FOUND. */
bool backtests_delete(struct backtests *b, struct workspace *w, struct str id,
                      struct err *e) MUST_USE;
