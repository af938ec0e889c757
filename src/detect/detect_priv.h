/* Shared by the files that run rules. */
#pragma once
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
    PERMANENT_FAILURES = 10 /* of one kind in a row, over a day at least: the rule is disabled */
};
/* Of NRT rules, and of those that make incidents of other products' alerts. */
#define NRT_FREQUENCY TICKS_PER_MINUTE
#define NRT_DELAY (2 * TICKS_PER_MINUTE)

/* ---- schedule.c: which rule runs when; guarded by detect.lock ---- */
struct schedule_entry {
    char *workspace, *id;
    int64_t s;   /* end of the next window */
    int64_t due; /* when it runs */
    bool running;
};
struct schedule {
    struct schedule_entry *p;
    size_t n, cap;
};

struct detect {
    struct detect_options o; /* with the defaults filled in */
    struct lock lock;
    struct schedule schedule;
    struct lock templates_lock;
    struct arena *templates; /* of those that ship; NULL: not read yet */
    struct rule *shipped;
    int64_t *shipped_times;
    size_t n_shipped;
    struct pool *pool;
    pthread_t thread;
    bool started;
    atomic_bool stop; /* also cancels queries */
    atomic_uint_fast64_t runs, failures, alerts, incidents, skipped;
};

void schedule_set(struct detect *d, const struct state_rule *r);
void schedule_drop(struct detect *d, struct str workspace, struct str id);
/* The entry with the earliest s that is due and not running, marked as running; its texts live in
 * a. false: none. */
bool schedule_take(struct detect *d, struct arena *a, int64_t now, struct schedule_entry *out);
void schedule_release(struct detect *d, const struct schedule_entry *e);
/* When the next entry is due; INT64_MAX: never. *out_running: is any running. */
int64_t schedule_due(struct detect *d, bool *out_running);
void schedule_fini(struct detect *d);
/* The first window's end of a rule that starts now. */
int64_t schedule_first(const struct detect *d, const struct rule *r, int64_t now);
int64_t rule_frequency(const struct rule *r);
int64_t rule_period(const struct rule *r);
int64_t rule_delay(const struct detect *d, const char *kind);

/* ---- run.c: one due run with all that follows. False: the control database failed. ---- */
bool run_rule(struct detect *d, const struct schedule_entry *due, struct err *e);

/* ---- rules.c ---- */
/* The rule that a stored one stands for; everything lives in a. */
bool rule_load(struct arena *a, const struct state_rule *stored, struct rule *out, struct err *e);
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
    struct detect_result *out;
    int64_t now;
    VEC(struct str) issues;
};
struct row_range {
    size_t from, to;
};
/* Index of a result column; SIZE_MAX: none. Exact case first, then any. */
size_t column_of(const struct evaluation *ev, struct str name);
/* A cell as text; null is empty. */
struct str cell_text(struct arena *a, const struct kql_value *v);
struct str cell(const struct evaluation *ev, size_t row, struct str column);
void evaluation_issue(struct evaluation *ev, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Cuts at max bytes without breaking a code point. */
struct str cut(struct str s, size_t max);

/* ---- entities.c: the Entities column of an alert over these rows ---- */
struct str entities_of(struct evaluation *ev, struct row_range rows, size_t *out_n);

/* ---- details.c ---- */
struct str custom_details_of(struct evaluation *ev, struct row_range rows);
/* {{Column}} replaced by the row's cell; what is not a column stays as it is. */
struct str fill_format(struct evaluation *ev, struct str format, size_t row, size_t max);

/* ---- alert.c ---- */
void alert_make(struct evaluation *ev, struct row_range rows, size_t index,
                struct detect_alert *out);
/* One result row as a JSON object. */
struct str row_json(struct evaluation *ev, size_t row);
/* A JSON array of texts. */
struct str texts_array(struct arena *a, const struct strs *list);
/* One tactic, a comma list or a JSON array; unreadable: the rule's own. */
struct strs tactics_from(struct evaluation *ev, struct str text);

/* ---- product_alerts.c: alerts of other products that became rows ---- */
/* The query whose rows product_alerts_make looks at. */
struct str product_alerts_query(void);
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
