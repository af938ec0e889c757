/* One due run: evaluation, then everything that follows from it in one transaction of the control
 * database: alerts, incidents, the run, its health row and the rule's next window. A crash before
 * the commit repeats the run, one after it finds it done. */
#include "base/log.h"
#include "detect/run_priv.h"

enum { RUN_ARENA = 1 << 30, RUNS_AT_ONCE = 64 };
#define STORE_WITHIN_US INT64_C(1000000)
static const int pause_minutes[RUN_ATTEMPTS] = {0, 1, 2, 4, 8, 15};

/* ---- where the rule stands afterwards ---- */

static void advance(struct run *r)
{
    struct state_rule *s = &r->stored;
    s->last_run = r->main.record.window_to;
    s->next_run = rule_by_arrival(r->rule.kind)
                      ? r->main.record.window_to
                      : r->main.record.window_to + rule_frequency(&r->rule);
    s->retry_at = 0;
    s->attempts = 0;
}

bool run_may_pass(enum err_code c)
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
    rule->description = arena_fmt(r->a, "Disabled: %.*s. %.*s", STR_ARG(r->main.record.error),
                                  STR_ARG(rule->description));
    LOG(LOG_WARN, "detect", "rule disabled: it keeps failing", log_s("rule", r->stored.id),
        log_s("reason", r->main.record.error));
    return rule_store(r->d, r->a, r->w, rule, &before, e);
}

static void count_permanent(struct run *r, enum err_code code)
{
    struct state_rule *s = &r->stored;
    struct str kind = str_from(err_code_name(code));
    if (!str_eq(s->failure_kind, kind) || s->failures == 0) {
        s->failures = 0;
        s->failing_since = r->main.record.finished;
        s->failure_kind = kind;
    }
    s->failures++;
}

/* The window has failed for good: once the rule runs well again it is run again. */
static void note_missed(struct run *r)
{
    struct state_rule *s = &r->stored;
    if (r->d->o.rerun > 0 && s->missed == 0)
        s->missed = r->main.record.window_to;
}

/* A near-real-time run that fails becomes part of the next one, until that would be an hour's. */
static void fold_failure(struct run *r)
{
    struct state_rule *s = &r->stored;
    if (r->main.record.arrived_until - r->main.record.arrived_after < NRT_FOLDED) {
        s->attempts++;
        s->retry_at = r->main.record.finished + NRT_FREQUENCY;
        return;
    }
    note_missed(r);
    advance(r);
    s->arrived = r->main.record.arrived_until;
}

static void note_failure(struct run *r, const struct err *why)
{
    struct state_rule *s = &r->stored;
    bool passing = run_may_pass(why->code);
    r->main.record.error = arena_str(r->a, str_from(why->msg));
    r->main.record.status = STR("Failure");
    if (!passing)
        count_permanent(r, why->code);
    if (rule_by_arrival(r->rule.kind)) {
        fold_failure(r);
    } else if (passing && s->attempts + 1 < RUN_ATTEMPTS) {
        s->attempts++;
        r->main.record.status = STR("Retrying");
        s->retry_at = r->main.record.finished + pause_minutes[s->attempts] * TICKS_PER_MINUTE;
    } else {
        note_missed(r);
        advance(r);
    }
}

static bool must_disable(const struct run *r)
{
    return r->stored.failures >= PERMANENT_FAILURES &&
           r->main.record.finished - r->stored.failing_since >= TICKS_PER_DAY;
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

static bool store_piece(struct run *r, struct run_piece *p, struct err *e)
{
    struct state *s = r->d->o.state;
    bool quiet = rule_by_arrival(r->rule.kind) && p->record.rows == 0 &&
                 str_eqz(p->record.status, "Success");
    return run_put_alerts(r, p, e) &&
           (!quiet || state_run_drop_quiet(s, p->record.workspace, p->record.rule_id, e)) &&
           state_run_put(s, &p->record, e) &&
           health_row(r->d, r->a, r->w, &r->rule, &p->record, p->result.issues, e);
}

static bool store_all(struct run *r, struct err *e)
{
    bool same = false;
    r->alerts = r->incidents = 0;
    if (!store_piece(r, &r->main, e))
        return false;
    for (size_t i = 0; i < r->late.n; i++)
        if (!store_piece(r, &r->late.p[i], e))
            return false;
    if (!still_the_same(r, &same, e))
        return false;
    r->changed = !same;
    if (!same)
        return true;
    return state_rule_set_schedule(r->d->o.state, &r->stored, e) &&
           (!must_disable(r) || disable(r, e));
}

static bool store(struct run *r, bool (*all)(struct run *r, struct err *e), struct err *e)
{
    struct state *s = r->d->o.state;
    if (!state_begin(s, e))
        return false;
    return state_end(s, all(r, e), e);
}

static void count_piece(struct detect *d, const struct run_piece *p)
{
    bool failed = str_eqz(p->record.status, "Failure"), ran = !str_eqz(p->record.status, "Skipped");
    atomic_fetch_add(&d->runs, ran ? 1 : 0);
    atomic_fetch_add(&d->failures, failed ? 1 : 0);
    atomic_fetch_add(&d->skipped, ran ? 0 : 1);
}

static void count(struct run *r)
{
    count_piece(r->d, &r->main);
    for (size_t i = 0; i < r->late.n; i++)
        count_piece(r->d, &r->late.p[i]);
    atomic_fetch_add(&r->d->alerts, r->alerts);
    atomic_fetch_add(&r->d->incidents, r->incidents);
}

/* ---- the run ---- */

void run_begin_record(struct run *r, struct run_piece *p, const char *trigger, int64_t s)
{
    p->record = (struct state_run){.workspace = r->stored.workspace,
                                   .rule_id = r->stored.id,
                                   .trigger_type = str_from(trigger),
                                   .window_from = s - rule_period(&r->rule),
                                   .window_to = s,
                                   .started = clock_now(r->d->o.clock),
                                   .status = STR("Success"),
                                   .attempts = r->stored.attempts + 1};
}

bool run_evaluate(struct run *r, struct run_piece *p, evaluate_fn *fn,
                  const struct detect_when *when, struct err *why)
{
    struct state_run *record = &p->record;
    int64_t began = clock_mono_us(), processor = clock_thread_us();
    bool ok = fn(r->d, r->a, r->w, &r->rule, when, &p->result, why);
    record->duration_us = clock_mono_us() - began;
    record->processor_us =
        clock_thread_us() - processor + (p == &r->main ? r->given.processor_us : 0);
    record->shared = p == &r->main && ok && r->given.shared && when->compiled != NULL;
    record->rows_read = p->result.cost.rows;
    record->bytes_read = p->result.cost.bytes;
    record->memory_bytes = p->result.cost.memory;
    record->finished = clock_now(r->d->o.clock);
    record->arrived_until = when->arrived_until;
    record->correlation_id = p->result.correlation_id;
    if (!ok) {
        p->result.n_alerts = 0;
        record->status = STR("Failure");
        record->error = arena_str(r->a, str_from(why->msg));
        return false;
    }
    record->rows = (int64_t)p->result.rows;
    record->entities = (int64_t)p->result.entities;
    record->entities_dropped = (int64_t)p->result.entities_dropped;
    return true;
}

void run_suppress(struct run *r, const struct run_piece *p, int64_t s)
{
    if (p->result.n_alerts > 0 && r->rule.suppression)
        r->stored.suppressed_until = s + r->rule.suppression_duration;
}

static void went_well(struct run *r, int64_t mark)
{
    r->stored.failures = 0;
    r->stored.failing_since = 0;
    r->stored.failure_kind = STR("");
    r->stored.arrived = mark;
}

bool run_was_impatient(struct run *r, int64_t deadline_us, const struct err *why)
{
    if (deadline_us == 0 || why->code != ERR_TIMEOUT || clock_mono_us() < deadline_us ||
        atomic_load(&r->d->stop))
        return false;
    r->deferred = true;
    schedule_alone(r->d, &r->stored, r->main.record.due);
    return true;
}

static void run_due(struct run *r, const struct detect_when *when)
{
    struct err why = {0};
    int64_t s = when->s, mark = when->arrived_until;
    if (!run_evaluate(r, &r->main, detect_evaluate_when, when, &why)) {
        if (run_was_impatient(r, when->deadline_us, &why))
            return;
        note_failure(r, &why);
        LOG(LOG_WARN, "detect", "rule run failed", log_s("rule", r->stored.id),
            log_s("status", r->main.record.status), log_z("reason", why.msg));
        return;
    }
    went_well(r, mark);
    run_suppress(r, &r->main, s);
    advance(r);
    if (r->rule.kind == RULE_SCHEDULED)
        run_late(r, s, mark, when->deadline_us);
    if (r->deferred)
        return;
    schedule_reads(r->d, &r->stored, r->main.result.reads, r->main.result.n_reads);
    schedule_took(r->d, &r->stored, r->main.record.duration_us);
    if (r->stored.missed > 0 && when->deadline_us != 0)
        schedule_alone(r->d, &r->stored, INT64_MAX); /* no others wait for what it has missed */
    else if (r->stored.missed > 0)
        run_missed(r, s, mark);
}

/* Windows that nobody will look at: older than the catch-up limit. The next one is the first inside
 * it. The record is of all of them, and of what arrived until now: of that only rows of later
 * windows are looked at. */
static void skip_old(struct run *r, int64_t s, int64_t now)
{
    int64_t frequency = rule_frequency(&r->rule), limit = now - r->d->o.catch_up;
    int64_t windows = (limit - s) / frequency + 1;
    r->main.record.status = STR("Skipped");
    r->main.record.finished = now;
    r->main.record.window_to = s + (windows - 1) * frequency;
    r->main.record.error = arena_fmt(
        r->a, "%lld window(s) skipped: they ended before the catch-up limit", (long long)windows);
    r->stored.arrived = r->main.record.arrived_until;
    advance(r);
}

/* Suppression stops the query: what comes meanwhile is not looked at, and the run says so. Source:
 * "Scheduled rules: suppression" of Sentinel's documentation. */
static bool store_suppressed(struct run *r, struct err *e)
{
    bool same = false;
    r->main.record.status = STR("Suppressed");
    r->main.record.finished = r->main.record.started;
    r->stored.arrived = r->main.record.arrived_until;
    advance(r);
    if (!store_piece(r, &r->main, e) || !still_the_same(r, &same, e))
        return false;
    r->changed = !same;
    return !same || state_rule_set_schedule(r->d->o.state, &r->stored, e);
}

static int64_t mark_of(const struct run *r)
{
    return r->given.mark > 0 ? r->given.mark : detect_mark(r->d, r->w);
}

/* Until when others wait for a rule; 0: as long as it takes, nobody waits. */
static int64_t patience_of(const struct run *r, const struct schedule_entry *due)
{
    if (schedule_is_slow(due) || (due->nrt && clock_is_manual(r->d->o.clock)))
        return 0;
    return clock_mono_us() + (due->nrt ? NRT_PATIENCE_US : r->d->o.slow_us);
}

static enum outcome run_window(struct run *r, const struct schedule_entry *due)
{
    int64_t s = due->s, now = clock_now(r->d->o.clock), mark = mark_of(r);
    run_begin_record(r, &r->main, RUN_SCHEDULED, s);
    r->main.record.due = due->due;
    r->main.record.arrived_after = r->stored.arrived > 0 ? r->stored.arrived : mark;
    r->main.record.arrived_until = mark;
    if (r->stored.late_after == 0)
        r->stored.late_after = r->main.record.arrived_after;
    if (s < now - r->d->o.catch_up) {
        skip_old(r, s, now);
    } else if (r->stored.suppressed_until > s) {
        return OUTCOME_SUPPRESSED;
    } else {
        run_due(r, &(struct detect_when){.s = s,
                                         .arrived_after = -1,
                                         .arrived_until = mark,
                                         .compiled = r->given.compiled,
                                         .deadline_us = patience_of(r, due)});
        if (r->deferred || (atomic_load(&r->d->stop) && str_eqz(r->main.record.status, "Retrying")))
            return OUTCOME_NOTHING; /* cancelled by the stop: repeated after the start */
    }
    return OUTCOME_RUN;
}

/* Of an NRT rule that rests: what arrives until it does so no longer is left out, which is written
 * down at the end and once an hour. What came after that is looked at by a run of its own. */
static enum outcome rest(struct run *r, int64_t mark)
{
    struct state_rule *s = &r->stored;
    int64_t until = mark < s->suppressed_until ? mark : s->suppressed_until;
    int64_t write = s->arrived + NRT_FOLDED;
    write = write < s->suppressed_until ? write : s->suppressed_until;
    if (until < write) {
        schedule_wake(r->d, s, write);
        return OUTCOME_NOTHING;
    }
    r->main.record.window_to = r->main.record.arrived_until = until;
    r->more = mark > until;
    return OUTCOME_SUPPRESSED;
}

/* Of an NRT rule: over what arrived since it looked last (seen). What gives no rows is written down
 * once a minute. */
static enum outcome run_arrivals(struct run *r, const struct schedule_entry *due)
{
    int64_t seen = due->seen, mark = mark_of(r);
    struct state_rule *s = &r->stored;
    if (s->arrived <= 0)
        s->arrived = mark - NRT_FREQUENCY;
    int64_t arrived = s->arrived;
    run_begin_record(r, &r->main, RUN_NRT, mark);
    r->main.record.due = due->due;
    r->main.record.window_from = r->main.record.arrived_after = arrived;
    r->main.record.arrived_until = mark;
    if (s->suppressed_until > arrived)
        return rest(r, mark);
    run_due(r, &(struct detect_when){.s = mark,
                                     .arrived_after = seen > arrived ? seen : arrived,
                                     .arrived_until = mark,
                                     .compiled = r->given.compiled,
                                     .deadline_us = patience_of(r, due)});
    if (r->deferred)
        return OUTCOME_NOTHING;
    bool failed = str_eqz(r->main.record.status, "Failure");
    if (failed && atomic_load(&r->d->stop))
        return OUTCOME_NOTHING;
    bool quiet = r->main.record.rows == 0 && r->late.n == 0;
    if (!failed && quiet && mark - arrived < NRT_FREQUENCY) {
        schedule_seen(r->d, &r->stored, mark);
        return OUTCOME_NOTHING;
    }
    return OUTCOME_RUN;
}

/* Evaluates; what is to be stored is in *r. false: the control database failed. */
static bool run_begin(struct run *r, const struct schedule_entry *due, struct err *e)
{
    struct detect *d = r->d;
    struct err why = {0};
    struct str workspace = str_from(due->workspace), id = str_from(due->id);
    r->w = store_workspace_find(d->o.store, workspace);
    bool found = state_rule_get(d->o.state, r->a, workspace, id, &r->stored, &why);
    if (!found && why.code != ERR_NOT_FOUND) {
        *e = why;
        return false;
    }
    if (!found || r->w == NULL || !r->stored.enabled) {
        schedule_drop(d, workspace, id);
        return true;
    }
    if (r->stored.next_run != due->s || !rule_load(r->a, &r->stored, &r->rule, &why)) {
        if (why.code != ERR_OK) {
            LOG(LOG_ERROR, "detect", "a stored rule cannot be read", log_s("rule", r->stored.id),
                log_z("reason", why.msg));
            r->stored.next_run = 0;
        }
        schedule_set(d, &r->stored);
        return true;
    }
    if (!str_eq(r->stored.etag, r->given.etag)) /* it was changed meanwhile */
        r->given.compiled = NULL;
    r->outcome = rule_by_arrival(r->rule.kind) ? run_arrivals(r, due) : run_window(r, due);
    return true;
}

/* ---- storing, several at once: a transaction costs more than what is in it ---- */

static bool store_outcome(struct run *r, struct err *e)
{
    return r->outcome == OUTCOME_NOTHING ||
           (r->outcome == OUTCOME_RUN ? store_all(r, e) : store_suppressed(r, e));
}

static bool store_runs(struct detect *d, struct run *runs, size_t n, struct err *e)
{
    bool ok = true;
    if (!state_begin(d->o.state, e))
        return false;
    for (size_t i = 0; ok && i < n; i++)
        ok = store_outcome(&runs[i], e);
    if (!state_end(d->o.state, ok, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct run *r = &runs[i];
        if (r->outcome == OUTCOME_RUN)
            count(r);
        if (r->outcome != OUTCOME_NOTHING && r->rule.enabled && !r->changed)
            schedule_set(d, &r->stored);
        if (r->more)
            schedule_wake(d, &r->stored, clock_now(d->o.clock));
    }
    return true;
}

/* One that can't be stored must not take the others with it. */
static bool store_some(struct detect *d, struct run *runs, size_t n, struct err *e)
{
    bool ok = store_runs(d, runs, n, e);
    if (!ok && n > 1) {
        ok = true;
        for (size_t i = 0; i < n; i++)
            ok = store_runs(d, &runs[i], 1, e) && ok;
    }
    return ok;
}

/* Begins some of them: as many as are stored at once, and not for so long that what the first ones
 * found waits. Returns how many. */
static size_t begin_some(struct detect *d, const struct schedule_entry *due,
                         const struct run_given *given, size_t n, struct run *runs, bool *ok,
                         struct err *e)
{
    int64_t until = clock_mono_us() + STORE_WITHIN_US;
    size_t begun = 0;
    while (*ok && begun < n && begun < RUNS_AT_ONCE && (begun == 0 || clock_mono_us() < until)) {
        runs[begun] = (struct run){.d = d, .a = arena_new(RUN_ARENA)};
        if (given != NULL)
            runs[begun].given = given[begun];
        *ok = run_begin(&runs[begun], &due[begun], e);
        begun++;
    }
    return begun;
}

bool run_rules(struct detect *d, const struct schedule_entry *due, const struct run_given *given,
               size_t n, struct err *e)
{
    struct run *runs = xcalloc(RUNS_AT_ONCE, sizeof(*runs));
    bool ok = true;
    for (size_t at = 0, begun = 0; ok && at < n; at += begun) {
        size_t to_store = 0;
        begun = begin_some(d, due + at, given != NULL ? given + at : NULL, n - at, runs, &ok, e);
        for (size_t i = 0; i < begun; i++)
            to_store += runs[i].outcome != OUTCOME_NOTHING;
        if (to_store > 0)
            ok = store_some(d, runs, begun, e) && ok && incidents_flush(d->o.incidents, e) &&
                 detect_prune(d, e);
        for (size_t i = 0; i < begun; i++)
            arena_free(runs[i].a);
    }
    xfree(runs);
    return ok;
}

bool run_quiet_store(struct detect *d, struct arena *a, struct workspace *w,
                     struct state_rule *stored, const struct rule *rule, struct run_quiet *q,
                     struct err *e)
{
    struct run r = {.d = d, .a = a, .w = w, .stored = *stored, .rule = *rule};
    run_begin_record(&r, &r.main, RUN_NRT, q->mark);
    r.main.record.due = q->due;
    r.main.record.window_from = r.main.record.arrived_after = stored->arrived;
    r.main.record.arrived_until = q->mark;
    r.main.record.finished = clock_now(d->o.clock);
    r.main.record.duration_us = q->took_us;
    went_well(&r, q->mark);
    advance(&r);
    if (!store(&r, store_all, e))
        return false;
    count(&r);
    q->changed = r.changed;
    *stored = r.stored;
    return true;
}

/* ---- by hand ---- */

static bool store_by_hand(struct run *r, struct err *e)
{
    return store_piece(r, &r->main, e);
}

static bool window_by_hand(struct run *r, int64_t at, struct detect_when *out, struct err *e)
{
    int64_t now = clock_now(r->d->o.clock), s = at > 0 ? at : now - r->d->o.delay;
    int64_t mark = detect_mark(r->d, r->w);
    if (s > now)
        return err_set(e, ERR_INVALID, "at: a time that is not in the future expected");
    *out = (struct detect_when){.s = s, .arrived_after = -1, .arrived_until = mark};
    if (rule_by_arrival(r->rule.kind)) /* what arrived in the minute before */
        *out = (struct detect_when){
            .s = s, .arrived_after = s - NRT_FREQUENCY - 1, .arrived_until = s - 1};
    return true;
}

bool detect_rule_run(struct detect *d, struct arena *a, struct workspace *w, struct str id,
                     int64_t at, struct state_run *out, struct err *e)
{
    struct run r = {.d = d, .a = a, .w = w};
    struct detect_when when = {0};
    struct err why = {0};
    char guid[37];
    if (!detect_rule_get(d, a, w, id, &r.stored, e) || !rule_load(a, &r.stored, &r.rule, e) ||
        !window_by_hand(&r, at, &when, e))
        return false;
    guid_format(guid_new(), guid);
    run_begin_record(&r, &r.main, RUN_BY_HAND, when.s);
    r.main.record.number = when.arrived_until;
    r.main.record.attempts = 1;
    r.main.record.arrived_after = when.arrived_until; /* it is the first to see nothing */
    (void)run_evaluate(&r, &r.main, detect_evaluate_when, &when, &why);
    r.main.record.correlation_id = arena_str(a, str_from(guid));
    if (!store(&r, store_by_hand, e))
        return false;
    count(&r);
    *out = r.main.record;
    return incidents_flush(d->o.incidents, e);
}
