/* Shared by the files that run rules. */
#pragma once
#include "audit/audit.h"
#include "base/ids.h"
#include "base/thread.h"
#include "detect/detect.h"
#include "detect/rule_priv.h"
#include "detect/rule_resources.h"
#include "engine/engine.h"
#include <stdatomic.h>

enum {
    ALERTS_PER_RUN = 150, /* of an AlertPerResult rule; the last one then stands for all rows */
    ALERTS_PER_NRT_RUN = 30,
    ENTITIES_PER_ALERT = 500,
    ENTITIES_BYTES = 64 << 10,
    DETAIL_VALUES = 50, /* of one key in one alert */
    DETAILS_BYTES = 2 << 10,
    NAME_BYTES = 256,
    TEXT_BYTES = 5 << 10,
    RUN_ATTEMPTS = 6,
    PERMANENT_FAILURES = 10,  /* of one kind in a row, over a day at least: the rule is disabled */
    COMPANY_MOST = 64,        /* scheduled rules that run together … */
    COMPANY_TOOK_US = 1000000 /* … of those whose last run took no longer */
};
#define COMPANY_EVERY (5 * TICKS_PER_SECOND)
#define COMPANY_APART (5 * TICKS_PER_MINUTE) /* … with windows that end at most so far apart */
/* Of NRT rules, and of those that make incidents of other products' alerts. */
#define NRT_FREQUENCY TICKS_PER_MINUTE
#define NRT_FOLDED TICKS_PER_HOUR   /* failed runs become part of the next one for as long */
#define NRT_GATHER TICKS_PER_SECOND /* between the first arrival and the run, at least … */
#define NRT_GATHER_MOST (6 * TICKS_PER_SECOND) /* … and at most, when there is much to do */

/* A scheduled rule that takes so long has its own workers, unless the settings say otherwise. */
#define RULE_SLOW_US INT64_C(5000000)
#define NRT_SLOW_US INT64_C(1000000) /* an NRT rule that took so long runs beside the others … */
#define NRT_PATIENCE_US INT64_C(2000000) /* … who wait for one that is not known to be slow */

/* ---- schedule.c: which rule runs when; guarded by detect.lock ---- */
struct schedule_entry {
    char *workspace, *id;
    int64_t s;   /* end of the next window */
    int64_t due; /* when it runs; NRT: INT64_MAX unless something arrived or is to be written */
    bool nrt, running;
    struct str reads; /* "workspace id/table" that the query reads, each between NULs; p NULL: not
                         known, so any table of its own workspace */
    int64_t took_us;  /* of its last run; 0: not known */
    bool slow;        /* it has run long; until its runs take less than half of what makes it so */
    bool missed;      /* windows of it that have failed are run again with its next run */
    /* NRT only */
    int64_t arrived, seen; /* marks: up to which it was looked at by what is stored, and since */
    bool held;             /* due waits for a retry, whatever arrives */
};
struct schedule {
    struct schedule_entry *p;
    size_t n, cap;
};

/* Workers of their own each. */
enum lane { LANE_SCHEDULED, LANE_SCHEDULED_SLOW, LANE_ARRIVALS, LANE_ARRIVALS_SLOW, LANES };

struct detect {
    struct detect_options o; /* with the defaults filled in */
    struct lock lock;
    struct schedule schedule;
    struct lock templates_lock;
    struct arena *templates; /* of those that ship; NULL: not read yet */
    struct rule *shipped;
    int64_t *shipped_times;
    size_t n_shipped;
    struct pool *lanes[LANES];
    pthread_t thread;
    bool started;
    atomic_bool stop;       /* also cancels queries */
    _Atomic int64_t gather; /* ticks: between an arrival and the NRT runs that it makes due */
    _Atomic int64_t pruned; /* when old runs were removed last */
    atomic_uint_fast64_t runs, failures, alerts, incidents, skipped;
};

void schedule_set(struct detect *d, const struct state_rule *r);
void schedule_drop(struct detect *d, struct str workspace, struct str id);
/* The entry with the earliest s that is due and not running, marked as running; its texts live in
 * a. false: none. */
bool schedule_take(struct detect *d, struct arena *a, int64_t now, struct schedule_entry *out);
/* The same, and others of its workspace that are due and run together with it: if it is an NRT
 * rule all NRT rules but slow ones, else rules that read a table which it reads. 0: none is due. */
size_t schedule_take_all(struct detect *d, struct arena *a, int64_t now,
                         struct schedule_entry **out);
/* How long the due NRT rules took together, and how much of that one processor worked: the next
 * wait for a while, and take up more at once. */
void schedule_pause(struct detect *d, int64_t took_us, int64_t processor_us);
/* What was taken may run again; not done: it is due as before. */
void schedule_release(struct detect *d, const struct schedule_entry *taken, size_t n, bool done);
/* An NRT rule looked at what arrived up to the mark, and nothing of that is stored. */
void schedule_seen(struct detect *d, const struct state_rule *r, int64_t mark);
/* An NRT rule is due then, if not before. */
void schedule_wake(struct detect *d, const struct state_rule *r, int64_t due);
/* The rule is another one: what it reads is not known any more. */
void schedule_changed(struct detect *d, const struct state_rule *r);
/* Which tables a rule reads: rows that come to them, of whichever workspace, wake an NRT rule. */
void schedule_reads(struct detect *d, const struct state_rule *r, const struct kql_read *reads,
                    size_t n);
/* A rule that others do not wait for. */
bool schedule_is_slow(const struct schedule_entry *e);
/* From here on it is such a rule, which was due then; INT64_MAX: the time stays. */
void schedule_alone(struct detect *d, const struct state_rule *r, int64_t due);
/* How long a run took. */
void schedule_took(struct detect *d, const struct state_rule *r, int64_t took_us);
/* Rows came to a table: wakes the NRT rules that read it. A store_commit_fn. */
void schedule_arrived(void *detect, struct workspace *w, struct str table);
/* When the next entry is due; INT64_MAX: never. *out_running: is any running. */
int64_t schedule_due(struct detect *d, bool *out_running);
void schedule_fini(struct detect *d);
/* The first window's end of a rule that starts now. */
int64_t schedule_first(const struct detect *d, const struct rule *r, int64_t now);

/* ---- run.c: due runs with all that follows. False: the control database failed. ---- */
struct run_piece { /* one window, and what is written down of its run */
    struct detect_result result;
    struct state_run record;
};
/* The mark of now over all workspaces, since a query may read any of them. */
int64_t detect_mark(struct detect *d, struct workspace *w);
/* What is known of a run before it begins. */
struct run_given {
    int64_t mark;                     /* up to which it looks; 0: now */
    const struct kql_query *compiled; /* NULL: the run compiles it */
    struct str etag;                  /* of the rule that was compiled */
    bool shared;                      /* it reads a copy that others read, too */
    int64_t processor_us;             /* its part of what was done for all */
};
/* given: NULL, or one for each. */
bool run_rules(struct detect *d, const struct schedule_entry *due, const struct run_given *given,
               size_t n, struct err *e);
/* ---- company.c: rules that run together ---- */
struct company_rule { /* one that is due */
    const struct schedule_entry *due;
    struct state_rule stored;
    struct rule rule;
    struct kql_query query;
    bool known; /* all of these were read */
};
/* Reads and compiles the rule of x->due for a run up to the mark; everything lives in a. False: it
 * can't be compiled, or stands differently than it seems: it runs by itself and says so. */
bool company_prepare(struct detect *d, struct arena *a, struct workspace *w, int64_t mark,
                     struct company_rule *x);
/* Notes what a rule that was stored reads, for the schedule. */
void company_note(struct detect *d, struct arena *a, struct workspace *w,
                  const struct state_rule *stored, const struct rule *r);
/* An NRT rule's mark up to which it was looked at. */
int64_t company_seen(const struct company_rule *x);
/* Runs rules, those in list that are known with tables that are read once for all of them; began:
 * clock_thread_us() before they were prepared. */
bool company_run(struct detect *d, struct arena *a, struct workspace *w, int64_t mark,
                 struct company_rule *const *list, size_t n, int64_t began, struct err *e);
/* Scheduled rules that are due. */
bool run_scheduled(struct detect *d, const struct schedule_entry *due, size_t n, struct err *e);
/* Of an NRT rule that finds nothing in what arrived up to the mark. In a transaction of the
 * caller's, who then schedules it as *stored says unless it was changed. */
struct run_quiet {
    int64_t mark, due, took_us;
    bool changed; /* set: the rule, meanwhile */
};
bool run_quiet_store(struct detect *d, struct arena *a, struct workspace *w,
                     struct state_rule *stored, const struct rule *rule, struct run_quiet *q,
                     struct err *e);
/* ---- arrivals.c: NRT rules of one workspace that are due ---- */
bool run_arrived(struct detect *d, const struct schedule_entry *due, size_t n, struct err *e);

/* Removes what the history keeps no longer; once an hour. */
bool detect_prune(struct detect *d, struct err *e);

/* ---- rules.c ---- */
#define RULE_AUTHOR "rule" /* kind of store_author_access */
/* Stores r as the body of stored; schedules it anew when that is needed. The change is the
 * program's own: a rule that keeps failing is switched off. */
bool rule_store(struct detect *d, struct arena *a, struct workspace *w, const struct rule *r,
                const struct state_rule *before, struct err *e);

/* In a transaction: limits, the rule, its version and its audit row. */
struct rule_change {
    const struct rule *rule;
    const char *what; /* "updated" …; NULL: created or updated */
    struct str etag;  /* expected; empty: any */
    const struct detect_actor *who;
    bool created; /* set */
};
bool rule_change(struct detect *d, struct arena *a, struct workspace *w, struct rule_change *x,
                 struct err *e) MUST_USE;
/* Lower case, as rules are kept; a name as ARM allows it. */
bool rule_name(struct arena *a, struct str id, struct str *out, struct err *e) MUST_USE;
/* The rule of this name as it is kept. */
bool rule_get(struct detect *d, struct arena *a, struct workspace *w, struct str id,
              struct state_rule *stored, struct rule *out, struct err *e) MUST_USE;
/* A new GUID as text. */
struct str guid_text(struct arena *a);

/* ---- templates.c ---- */
/* Takes name, severity … of a rule that is bound to a template from there. */
bool template_fill(struct detect *d, struct arena *a, struct workspace *w, struct rule *r,
                   struct err *e) MUST_USE;
void templates_fini(struct detect *d);

/* ---- what evaluation is made of ---- */
struct evaluation {
    struct detect *d;
    struct arena *a;
    struct workspace *w;
    const struct rule *r;
    const struct engine_rows *rows;
    const size_t *pick; /* which of rows count; NULL: all */
    size_t n_rows;      /* that count */
    struct guid *ids;   /* of those that count: row_ids(); NULL: not made yet */
    struct detect_result *out;
    int64_t now;
    VEC(struct str) issues;
};
struct row_range {
    size_t from, to;
};
/* A cell of a row that counts. */
struct kql_value evaluation_value(const struct evaluation *ev, size_t row, size_t col);
/* Index of a result column; SIZE_MAX: none. Exact case first, then any. */
size_t column_of(const struct evaluation *ev, struct str name);
/* A cell as text; null is empty. */
struct str cell_text(struct arena *a, const struct kql_value *v);
struct str cell(const struct evaluation *ev, size_t row, struct str column);
void evaluation_issue(struct evaluation *ev, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Cuts at max bytes without breaking a code point. */
struct str cut(struct str s, size_t max);

/* ---- late.c: windows whose rows came after their run ---- */
/* The windows of a rule to be run again for rows of what its query reads, received in (after,
 * until], and the mark up to which each was seen, by time. s: of the run that asks. */
struct late_window {
    int64_t s, seen_until;
};
bool late_windows(struct detect *d, struct arena *a, struct workspace *w,
                  const struct state_rule *stored, const struct rule *r,
                  const struct detect_result *read, const struct detect_when *when,
                  struct late_window **out, size_t *n, struct err *e) MUST_USE;

/* ---- identity.c ---- */
/* Tells each row that counts from the others of the result, and is the same whenever the row is:
 * by _ItemId when the query returns it, else by all its values. Equal rows are counted through. */
struct guid *row_ids(struct evaluation *ev);

/* ---- evaluate.c, for late.c and arrivals.c ---- */
struct kql_options evaluation_options(const struct rule *r, const struct detect_when *when);
struct engine_limits evaluation_limits(struct detect *d);
bool evaluation_query(struct evaluation *ev, const struct detect_when *when,
                      struct store_result *result, struct err *e) MUST_USE;
/* Alerts and the rest of the result, from the rows that count. */
void evaluation_finish(struct evaluation *ev, bool fires);

/* ---- entities.c: the Entities column of an alert over these rows ---- */
struct str entities_of(struct evaluation *ev, struct row_range rows, size_t *out_n);

/* ---- details.c ---- */
struct str custom_details_of(struct evaluation *ev, struct row_range rows);
/* {{Column}} replaced by the row's cell; what is not a column stays as it is. */
struct str fill_format(struct evaluation *ev, struct str format, size_t row, size_t max);

/* ---- properties.c: what alertDynamicProperties give for a row ---- */
/* At most 256 bytes; otherwise, where the rule names no column or the cell is empty. */
struct str property_text(struct evaluation *ev, const char *name, size_t row, struct str otherwise);
/* Low, High, Unknown, or empty. */
struct str property_confidence(struct evaluation *ev, size_t row);
/* From 0 to 1. false: none. */
bool property_score(struct evaluation *ev, size_t row, double *out);
/* A JSON array: the cell's, or of the cell's text. Empty: none, or more than 50 values or 5 KB. */
struct str property_list(struct evaluation *ev, const char *name, size_t row);
/* Replaces both lists where the row names techniques. */
void property_techniques(struct evaluation *ev, size_t row, struct strs *techniques,
                         struct strs *subtechniques);

/* ---- alert.c ---- */
void alert_make(struct evaluation *ev, struct row_range rows, struct detect_alert *out);
/* One result row as a JSON object. */
struct str row_json(struct evaluation *ev, size_t row);
/* A JSON array of texts. */
struct str texts_array(struct arena *a, const struct strs *list);
/* One tactic, a comma list or a JSON array; unreadable: the rule's own. */
struct strs tactics_from(struct evaluation *ev, struct str text);

/* ---- product_alerts.c: alerts of other products that became rows ---- */
/* What a run asks: the rule's query, or that whose rows product_alerts_make looks at. */
struct str rule_query(const struct rule *r);
/* An alert for each that the rule's filters let through; out->rows counts them. */
void product_alerts_make(struct evaluation *ev);

/* ---- health.c: rows about rules ---- */
bool health_row(struct detect *d, struct arena *a, struct workspace *w, const struct rule *r,
                const struct state_run *run, struct str issues, struct err *e);
/* Of the change from before to after (NULL: there is none); written for who. */
struct audit {
    const struct state_rule *before, *after;
    const struct detect_actor *who;
};
bool audit_row(struct detect *d, struct arena *a, struct workspace *w, const struct audit *x,
               struct err *e);
