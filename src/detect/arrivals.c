/* Near-real-time rules that are due together: one look at the tables tells which of them may find
 * something in what arrived, and those run. The others are done, and written down once a minute. */
#include "base/log.h"
#include "detect/detect_priv.h"

enum { QUIET_A_TRANSACTION = 100 };

struct together {
    struct detect *d;
    struct arena *a;
    struct workspace *w;
    int64_t mark;
    struct company_rule *list;
    size_t n;
    int64_t began_us;
};

static void probe(struct together *t, bool *may)
{
    struct store_probe *probes = arena_array(t->a, struct store_probe, t->n + 1);
    size_t *of = arena_array(t->a, size_t, t->n + 1), n = 0;
    struct err e = {0};
    struct engine_limits limits = evaluation_limits(t->d);
    for (size_t i = 0; i < t->n; i++) {
        may[i] = true;
        if (!t->list[i].known)
            continue;
        probes[n] = (struct store_probe){&t->list[i].query, company_seen(&t->list[i]), true};
        of[n++] = i;
    }
    if (!workspace_probe(t->w, t->a, probes, n, t->mark, &limits, &e))
        LOG(LOG_WARN, "detect", "near-real-time rules could not be looked at together",
            log_z("reason", e.msg));
    for (size_t i = 0; i < n; i++)
        may[of[i]] = probes[i].may;
}

/* ---- those that find nothing ---- */

static bool store_quiet(struct together *t, const size_t *list, size_t n, struct err *e)
{
    struct run_quiet q = {.mark = t->mark};
    q.took_us = (clock_mono_us() - t->began_us) / (int64_t)t->n;
    if (!state_begin(t->d->o.state, e))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        struct company_rule *x = &t->list[list[i]];
        q.due = x->due->due;
        q.changed = false;
        ok = run_quiet_store(t->d, t->a, t->w, &x->stored, &x->rule, &q, e);
        x->known = !q.changed;
    }
    if (!state_end(t->d->o.state, ok, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (t->list[list[i]].known)
            schedule_set(t->d, &t->list[list[i]].stored);
    return true;
}

static bool finish_quiet(struct together *t, const bool *may, struct err *e)
{
    size_t *list = arena_array(t->a, size_t, t->n + 1), n = 0;
    bool ok = true;
    for (size_t i = 0; i < t->n; i++) {
        const struct company_rule *x = &t->list[i];
        if (may[i])
            continue;
        if (t->mark - x->stored.arrived < NRT_FREQUENCY)
            schedule_seen(t->d, &x->stored, t->mark);
        else
            list[n++] = i;
    }
    for (size_t at = 0; ok && at < n; at += QUIET_A_TRANSACTION)
        ok = store_quiet(t, list + at, n - at < QUIET_A_TRANSACTION ? n - at : QUIET_A_TRANSACTION,
                         e);
    return ok && (n == 0 || incidents_flush(t->d->o.incidents, e));
}

bool run_arrived(struct detect *d, const struct schedule_entry *due, size_t n, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct together t = {.d = d, .a = a, .n = n, .began_us = clock_mono_us()};
    int64_t processor = clock_thread_us();
    bool *may = arena_array(a, bool, n + 1), ok = true;
    t.w = store_workspace_find(d->o.store, str_from(due[0].workspace));
    t.list = arena_array(a, struct company_rule, n + 1);
    t.mark = t.w != NULL ? detect_mark(d, t.w) : 0;
    for (size_t i = 0; i < n; i++) {
        struct company_rule *x = &t.list[i];
        x->due = &due[i];
        x->known = (n > 1 || schedule_is_slow(x->due)) && t.w != NULL &&
                   company_prepare(d, a, t.w, t.mark, x);
        if (x->known)
            schedule_reads(d, &x->stored, x->query.reads.p, x->query.reads.n);
    }
    probe(&t, may);
    ok = finish_quiet(&t, may, e);
    int64_t looked_us = clock_mono_us() - t.began_us, looked = clock_thread_us();
    struct company_rule **rest = arena_array(a, struct company_rule *, n + 1);
    size_t n_rest = 0;
    for (size_t i = 0; i < n; i++)
        if (may[i])
            rest[n_rest++] = &t.list[i];
    if (n > 1)
        ok = ok && company_run(d, a, t.w, t.mark, rest, n_rest, looked, e);
    else if (n_rest > 0)
        ok = ok && run_rules(d, due, NULL, n, e);
    LOG(LOG_DEBUG, "detect", "near-real-time rules that were due", log_i("rules", (int64_t)n),
        log_i("ran", (int64_t)n_rest), log_i("look_us", looked_us),
        log_i("us", clock_mono_us() - t.began_us));
    if (!schedule_is_slow(&due[0]))
        schedule_pause(d, clock_mono_us() - t.began_us, clock_thread_us() - processor);
    return ok;
}
