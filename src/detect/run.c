/* One due run: evaluation, then everything that follows from it in one transaction of the control
 * database: alerts, incidents, the run, its health row and the rule's next window. A crash before
 * the commit repeats the run, one after it finds it done. */
#include "base/log.h"
#include "detect/detect_priv.h"
#include "state/alerts.h"

enum { RUN_ARENA = 1 << 30 };
static const int pause_minutes[RUN_ATTEMPTS] = {0, 1, 2, 4, 8, 15};

struct run {
    struct detect *d;
    struct arena *a;
    struct workspace *w;
    struct state_rule stored;
    struct rule rule;
    struct detect_result result;
    struct state_run record;
    uint64_t incidents;
};

/* ---- what a run finds ---- */

static bool put_alert(struct run *r, const struct detect_alert *al, struct state_alert *out,
                      struct err *e)
{
    *out = (struct state_alert){
        .workspace = workspace_id(r->w),
        .id = al->id,
        .rule_id = r->stored.id,
        .run = r->result.to,
        .name = al->name,
        .description = al->description,
        .severity = str_from(rule_severity_name(al->severity)),
        .product = al->product,
        .start = al->start,
        .end = al->end,
        .generated = r->record.finished,
        .tactics = al->tactics,
        .techniques = al->techniques,
        .entities = al->entities,
        .custom_details = al->custom_details,
        .row = al->row,
    };
    struct str rows = arena_fmt(r->a, "[%.*s]", STR_ARG(al->row));
    if (!state_alert_put(r->d->o.state, out, e))
        return false;
    return r->rule.kind == RULE_MICROSOFT_INCIDENT || /* its row is what it was made of */
           logrows_put(r->d->o.incidents, r->w, "SecurityAlert", rows,
                       arena_fmt(r->a, "alert/%.*s", STR_ARG(al->id)), e);
}

/* Alerts of other products come again when they change: the newest is kept, and is no new one. */
static bool leave_out_known(struct run *r, struct err *e)
{
    struct detect_result *found = &r->result;
    size_t kept = 0;
    if (r->rule.kind != RULE_MICROSOFT_INCIDENT)
        return true;
    for (size_t i = 0; i < found->n_alerts; i++) {
        struct state_alert before = {0}, now = {0};
        struct err why = {0};
        bool known = state_alert_get(r->d->o.state, r->a, workspace_id(r->w), found->alerts[i].id,
                                     &before, &why);
        if (!known && why.code != ERR_NOT_FOUND) {
            *e = why;
            return false;
        }
        if (!known)
            found->alerts[kept++] = found->alerts[i];
        else if (str_eq(before.rule_id, r->stored.id) && !put_alert(r, &found->alerts[i], &now, e))
            return false;
    }
    found->n_alerts = kept;
    r->record.alerts = (int64_t)kept;
    return true;
}

/* Incidents are formed when all alerts of the run are there. */
static bool put_alerts(struct run *r, struct err *e)
{
    if (!leave_out_known(r, e))
        return false;
    size_t n = r->result.n_alerts;
    struct state_alert *alerts = arena_array(r->a, struct state_alert, n);
    for (size_t i = 0; i < n; i++)
        if (!put_alert(r, &r->result.alerts[i], &alerts[i], e))
            return false;
    for (size_t i = 0; i < n; i++) {
        struct str id = STR("");
        struct state_incident incident = {0};
        if (!incident_from_alert(r->d->o.incidents, r->a, r->w, &alerts[i], &r->rule.incident, &id,
                                 e))
            return false;
        if (id.n > 0 &&
            state_incident_get(r->d->o.state, r->a, workspace_id(r->w), id, &incident, e) &&
            incident.alerts == 1)
            r->incidents++;
    }
    return true;
}

/* ---- where the rule stands afterwards ---- */

static void advance(struct run *r)
{
    struct state_rule *s = &r->stored;
    s->last_run = r->record.window_to;
    s->next_run = r->record.window_to + rule_frequency(&r->rule);
    s->retry_at = 0;
    s->attempts = 0;
}

static bool is_transient(enum err_code c)
{
    return c == ERR_TIMEOUT || c == ERR_CANCELLED || c == ERR_BUSY || c == ERR_IO ||
           c == ERR_INTERNAL;
}

/* A rule that fails the same way for a day is switched off, visibly. */
static bool disable(struct run *r, struct err *e)
{
    struct rule *rule = &r->rule;
    struct state_rule before = r->stored;
    rule->enabled = false;
    rule->name = arena_fmt(r->a, "AUTO DISABLED %.*s", STR_ARG(rule->name));
    rule->description = arena_fmt(r->a, "Disabled: %.*s. %.*s", STR_ARG(r->record.error),
                                  STR_ARG(rule->description));
    LOG(LOG_WARN, "detect", "rule disabled: it keeps failing", log_s("rule", r->stored.id),
        log_s("reason", r->record.error));
    return rule_store(r->d, r->a, r->w, rule, &before, e);
}

static void note_failure(struct run *r, const struct err *why)
{
    struct state_rule *s = &r->stored;
    r->record.error = arena_str(r->a, str_from(why->msg));
    r->record.status = STR("Failure");
    if (is_transient(why->code)) {
        s->attempts++;
        if (s->attempts < RUN_ATTEMPTS) {
            r->record.status = STR("Retrying");
            s->retry_at = r->record.finished + pause_minutes[s->attempts] * TICKS_PER_MINUTE;
            return;
        }
        advance(r);
        return;
    }
    struct str kind = str_from(err_code_name(why->code));
    if (!str_eq(s->failure_kind, kind) || s->failures == 0) {
        s->failures = 0;
        s->failing_since = r->record.finished;
        s->failure_kind = kind;
    }
    s->failures++;
    advance(r);
}

static bool must_disable(const struct run *r)
{
    return r->stored.failures >= PERMANENT_FAILURES &&
           r->record.finished - r->stored.failing_since >= TICKS_PER_DAY;
}

/* ---- storing ---- */

/* A rule that was changed or deleted during its run keeps its new state: only what the run found is
 * stored. */
static bool still_the_same(struct run *r, bool *out, struct err *e)
{
    struct state_rule now = {0};
    struct err missing = {0};
    *out = state_rule_get(r->d->o.state, r->a, r->stored.workspace, r->stored.id, &now, &missing);
    if (!*out && missing.code != ERR_NOT_FOUND) {
        *e = missing;
        return false;
    }
    *out = *out && str_eq(now.etag, r->stored.etag);
    return true;
}

static bool store_all(struct run *r, struct err *e)
{
    struct state *s = r->d->o.state;
    bool same = false;
    if (!put_alerts(r, e) || !state_run_put(s, &r->record, e) ||
        !health_row(r->d, r->a, r->w, &r->rule, &r->record, r->result.issues, e) ||
        !still_the_same(r, &same, e))
        return false;
    if (!same)
        return true;
    return state_rule_set_schedule(s, &r->stored, e) && (!must_disable(r) || disable(r, e));
}

static bool store(struct run *r, struct err *e)
{
    struct state *s = r->d->o.state;
    if (!state_begin(s, e))
        return false;
    return state_end(s, store_all(r, e), e);
}

static void count(struct run *r)
{
    struct detect *d = r->d;
    bool failed = str_eqz(r->record.status, "Failure"), ran = !str_eqz(r->record.status, "Skipped");
    atomic_fetch_add(&d->runs, ran ? 1 : 0);
    atomic_fetch_add(&d->failures, failed ? 1 : 0);
    atomic_fetch_add(&d->skipped, ran ? 0 : 1);
    atomic_fetch_add(&d->alerts, (uint64_t)r->record.alerts);
    atomic_fetch_add(&d->incidents, r->incidents);
}

/* ---- the run ---- */

static void begin_record(struct run *r, int64_t s)
{
    r->record = (struct state_run){.workspace = r->stored.workspace,
                                   .rule_id = r->stored.id,
                                   .window_from = s - rule_period(&r->rule),
                                   .window_to = s,
                                   .started = clock_now(r->d->o.clock),
                                   .status = STR("Success"),
                                   .attempts = r->stored.attempts + 1};
}

static void evaluate(struct run *r, int64_t s)
{
    struct err why = {0};
    int64_t began = clock_mono_us();
    bool ok = detect_evaluate(r->d, r->a, r->w, &r->rule, s, &r->result, &why);
    r->record.duration_us = clock_mono_us() - began;
    r->record.finished = clock_now(r->d->o.clock);
    r->record.correlation_id = r->result.correlation_id;
    if (!ok) {
        r->result.n_alerts = 0;
        note_failure(r, &why);
        LOG(LOG_WARN, "detect", "rule run failed", log_s("rule", r->stored.id),
            log_s("status", r->record.status), log_z("reason", why.msg));
        return;
    }
    r->record.rows = (int64_t)r->result.rows;
    r->record.alerts = (int64_t)r->result.n_alerts;
    r->record.entities = (int64_t)r->result.entities;
    r->record.entities_dropped = (int64_t)r->result.entities_dropped;
    r->stored.failures = 0;
    r->stored.failing_since = 0;
    r->stored.failure_kind = STR("");
    if (r->result.n_alerts > 0 && r->rule.suppression)
        r->stored.suppressed_until = s + r->rule.suppression_duration;
    advance(r);
}

/* Windows that nobody will look at: older than the catch-up limit. The next one is the first inside
 * it. */
static void skip_old(struct run *r, int64_t s, int64_t now)
{
    int64_t frequency = rule_frequency(&r->rule), limit = now - r->d->o.catch_up;
    int64_t windows = (limit - s) / frequency + 1;
    r->record.status = STR("Skipped");
    r->record.finished = now;
    r->record.error = arena_fmt(
        r->a, "%lld window(s) skipped: they ended before the catch-up limit", (long long)windows);
    advance(r);
    r->stored.next_run = s + windows * frequency;
}

static bool work(struct run *r, int64_t s, struct err *e)
{
    int64_t now = clock_now(r->d->o.clock);
    begin_record(r, s);
    if (s < now - r->d->o.catch_up) {
        skip_old(r, s, now);
    } else if (r->stored.suppressed_until > s) {
        r->record.status = STR("Suppressed");
        r->record.finished = now;
        advance(r);
        if (!state_run_put(r->d->o.state, &r->record, e) ||
            !state_rule_set_schedule(r->d->o.state, &r->stored, e))
            return false;
        schedule_set(r->d, &r->stored);
        return true;
    } else {
        evaluate(r, s);
        if (atomic_load(&r->d->stop) && str_eqz(r->record.status, "Retrying"))
            return true; /* cancelled by the stop: the run is repeated after the start */
    }
    if (!store(r, e))
        return false;
    count(r);
    if (r->rule.enabled)
        schedule_set(r->d, &r->stored);
    return incidents_flush(r->d->o.incidents, e);
}

bool run_rule(struct detect *d, const struct schedule_entry *due, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(RUN_ARENA);
    struct run r = {.d = d, .a = a};
    struct err why = {0};
    r.w = store_workspace_find(d->o.store, str_from(due->workspace));
    bool found =
        state_rule_get(d->o.state, a, str_from(due->workspace), str_from(due->id), &r.stored, &why);
    if (!found && why.code != ERR_NOT_FOUND) {
        *e = why;
        return false;
    }
    if (!found || r.w == NULL || !r.stored.enabled) {
        schedule_drop(d, str_from(due->workspace), str_from(due->id));
        return true;
    }
    if (r.stored.next_run != due->s || !rule_load(a, &r.stored, &r.rule, &why)) {
        if (why.code != ERR_OK) {
            LOG(LOG_ERROR, "detect", "a stored rule cannot be read", log_s("rule", r.stored.id),
                log_z("reason", why.msg));
            r.stored.next_run = 0;
        }
        schedule_set(d, &r.stored);
        return true;
    }
    return work(&r, due->s, e);
}
