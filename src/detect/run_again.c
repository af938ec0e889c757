/* Windows that are run once more: those whose rows came after they had run, and those whose runs
 * have failed. */
#include "base/log.h"
#include "detect/run_priv.h"

enum { MISSED_AT_ONCE = 8 };
#define MISSED_WITHIN_US INT64_C(10000000) /* none is begun later */

void run_late(struct run *r, int64_t s, int64_t mark, int64_t deadline_us)
{
    struct err why = {0};
    struct late_window *windows = NULL;
    size_t n = 0;
    struct detect_when range = {
        .s = s, .arrived_after = r->stored.late_after, .arrived_until = mark};
    bool ok = r->d->o.lateness <= 0 || late_windows(r->d, r->a, r->w, &r->stored, &r->rule,
                                                    &r->main.result, &range, &windows, &n, &why);
    for (size_t i = 0; i < n; i++) {
        struct run_piece p = {0};
        struct detect_when when = {.s = windows[i].s,
                                   .arrived_after = windows[i].seen_until,
                                   .arrived_until = mark,
                                   .deadline_us = deadline_us};
        run_begin_record(r, &p, RUN_LATE, windows[i].s);
        p.record.attempts = 1;
        p.record.number = mark;
        p.record.arrived_after = windows[i].seen_until;
        bool done = run_evaluate(r, &p, detect_evaluate_late, &when, &why);
        if (atomic_load(&r->d->stop) || (!done && run_was_impatient(r, deadline_us, &why)))
            return;
        ok = ok && done;
        run_suppress(r, &p, s);
        VEC_PUSH(r->a, &r->late, p);
    }
    if (ok)
        r->stored.late_after = mark;
    else
        LOG(LOG_WARN, "detect", "late rows could not be looked at; the next run tries again",
            log_s("rule", r->stored.id), log_z("reason", why.msg));
}

/* ---- windows that failed ---- */

static bool find_missed(struct run *r, struct state_missed **out, size_t *n)
{
    struct err why = {0};
    struct state_missed_query q = {.workspace = r->stored.workspace,
                                   .rule_id = r->stored.id,
                                   .since = clock_now(r->d->o.clock) - r->d->o.rerun,
                                   .folded = NRT_FOLDED,
                                   .tries = RUN_ATTEMPTS,
                                   .max = MISSED_AT_ONCE + 1};
    if (state_run_missed(r->d->o.state, r->a, &q, out, n, &why))
        return true;
    LOG(LOG_WARN, "detect", "windows that failed could not be looked up; the next run tries again",
        log_s("rule", r->stored.id), log_z("reason", why.msg));
    return false;
}

/* A window of time sees all that has arrived by now, and is the first to see nothing: the run after
 * it had its range of arrival. One of arrival is its range. */
static struct detect_when missed_range(const struct run *r, const struct state_missed *m,
                                       int64_t mark)
{
    if (rule_by_arrival(r->rule.kind))
        return (struct detect_when){.s = m->arrived_until,
                                    .arrived_after = m->arrived_after,
                                    .arrived_until = m->arrived_until};
    return (struct detect_when){.s = m->window_to, .arrived_after = -1, .arrived_until = mark};
}

/* False: the server stops. *out_left: it will be tried again; *out_go_on: others may do better. */
static bool run_one_missed(struct run *r, const struct state_missed *m, int64_t s, int64_t mark,
                           bool *out_left, bool *out_go_on)
{
    struct run_piece p = {0};
    struct err why = {0};
    struct detect_when when = missed_range(r, m, mark);
    bool by_arrival = rule_by_arrival(r->rule.kind);
    run_begin_record(r, &p, RUN_AGAIN, m->window_to);
    p.record.attempts = m->tries + 1;
    p.record.arrived_after = by_arrival ? m->arrived_after : mark;
    if (by_arrival)
        p.record.window_from = m->arrived_after;
    bool ok = run_evaluate(r, &p, detect_evaluate_when, &when, &why);
    if (atomic_load(&r->d->stop))
        return false;
    run_suppress(r, &p, s);
    VEC_PUSH(r->a, &r->late, p);
    *out_left = !ok && p.record.attempts < RUN_ATTEMPTS;
    *out_go_on = ok || !run_may_pass(why.code);
    return true;
}

void run_missed(struct run *r, int64_t s, int64_t mark)
{
    struct state_missed *list = NULL;
    size_t n = 0;
    int64_t until = clock_mono_us() + MISSED_WITHIN_US, oldest = 0;
    bool go_on = find_missed(r, &list, &n);
    if (!go_on)
        return;
    for (size_t i = 0; i < n; i++) {
        bool left = true;
        go_on = go_on && i < MISSED_AT_ONCE && (i == 0 || clock_mono_us() < until);
        if (go_on && !run_one_missed(r, &list[i], s, mark, &left, &go_on))
            return;
        if (left && oldest == 0)
            oldest = list[i].window_to;
    }
    r->stored.missed = oldest;
}
