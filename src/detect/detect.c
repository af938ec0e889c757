/* The handle, the scheduler thread and its workers. */
#include "detect/detect.h"
#include "base/log.h"
#include "detect/detect_priv.h"
#include <unistd.h>

enum { MAX_BACKLOG = 2048 };
#define KEEP_RUNS (8 * TICKS_PER_DAY) /* runs can be repeated for a week */

static struct str keep(struct str s, const char *otherwise)
{
    return str_from(s.n > 0 ? xstrndup(s) : xstrdup(otherwise));
}

static void drop(struct str *s)
{
    char *p = NULL;
    memcpy(&p, &s->p, sizeof(p));
    xfree(p);
}

static void set_defaults(struct detect *d, const struct detect_options *o)
{
    d->o = *o;
    d->o.delay = o->delay < 0 ? 5 * TICKS_PER_MINUTE : o->delay;
    d->o.workers = o->workers != 0 ? o->workers : 2;
    d->o.slow_workers = o->slow_workers != 0 ? o->slow_workers : 2;
    d->o.slow_us = o->slow_us != 0 ? o->slow_us : RULE_SLOW_US;
    d->o.timeout_us = o->timeout_us != 0 ? o->timeout_us : (int64_t)600 * 1000 * 1000;
    d->o.max_rows = o->max_rows != 0 ? o->max_rows : 100000;
    d->o.shared_rows = o->shared_rows != 0 ? o->shared_rows : 200000;
    d->o.catch_up = o->catch_up != 0 ? o->catch_up : 14 * TICKS_PER_DAY;
    if (o->catch_up < 0)
        d->o.catch_up = INT64_MAX;
    d->o.rerun = o->rerun < 0 ? 7 * TICKS_PER_DAY : o->rerun;
    d->o.lateness = o->lateness < 0 ? TICKS_PER_DAY : o->lateness;
    d->o.max_rules = o->max_rules != 0 ? o->max_rules : 10000;
    d->o.max_enabled_rules = o->max_enabled_rules != 0 ? o->max_enabled_rules : 10000;
    d->o.max_nrt_rules = o->max_nrt_rules != 0 ? o->max_nrt_rules : 10000;
    d->o.max_enabled_nrt_rules = o->max_enabled_nrt_rules != 0 ? o->max_enabled_nrt_rules : 10000;
    d->o.max_versions = o->max_versions != 0 ? o->max_versions : 200;
    d->o.max_query_chars = o->max_query_chars != 0 ? o->max_query_chars : 10000;
    d->o.scope.subscription = keep(o->scope.subscription, "00000000-0000-0000-0000-000000000000");
    d->o.scope.resource_group = keep(o->scope.resource_group, "vedette");
    d->o.scope.base_url = keep(o->scope.base_url, "");
}

bool detect_prune(struct detect *d, struct err *e)
{
    int64_t now = clock_now(d->o.clock), last = atomic_load(&d->pruned);
    int64_t longest = d->o.lateness > d->o.rerun ? d->o.lateness : d->o.rerun;
    int64_t keep = longest + TICKS_PER_DAY;
    if (now - last < TICKS_PER_HOUR || !atomic_compare_exchange_strong(&d->pruned, &last, now))
        return true;
    keep = keep > KEEP_RUNS ? keep : KEEP_RUNS;
    for (size_t i = 0; store_workspace_at(d->o.store, i) != NULL; i++) {
        struct workspace *w = store_workspace_at(d->o.store, i);
        if (!state_run_prune(d->o.state, workspace_id(w), now - keep, e))
            return false;
    }
    return true;
}

/* Which rules are slow is known from before the stop. */
static bool load_slow(struct detect *d, struct arena *a, struct str workspace, struct err *e)
{
    struct state_slow_rule *slow = NULL;
    size_t n = 0;
    if (!state_rule_list_slow(d->o.state, a, workspace, d->o.slow_us, &slow, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct state_rule r = {.workspace = slow[i].workspace, .id = slow[i].rule_id};
        schedule_took(d, &r, slow[i].duration_us);
    }
    return true;
}

/* workspace empty: of all. */
static bool load_rules(struct detect *d, struct str workspace, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct state_rule *all = NULL;
    size_t n = 0;
    if (!state_rule_list(d->o.state, a, workspace, &all, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        /* The clock may have gone back since the mark was written down. */
        for (size_t k = 0; store_workspace_at(d->o.store, k) != NULL; k++)
            workspace_arrived_at_least(store_workspace_at(d->o.store, k), all[i].arrived);
        schedule_set(d, &all[i]);
    }
    return load_slow(d, a, workspace, e);
}

bool detect_load(struct detect *d, struct workspace *w, struct err *e)
{
    return load_rules(d, workspace_id(w), e);
}

struct detect *detect_open(const struct detect_options *o, struct err *e)
{
    struct detect *d = xcalloc(1, sizeof(*d));
    set_defaults(d, o);
    atomic_store(&d->gather, NRT_GATHER);
    lock_init(&d->lock, "detect");
    lock_init(&d->templates_lock, "templates");
    if (load_rules(d, STR(""), e) && detect_prune(d, e) && incidents_flush(d->o.incidents, e))
        return d;
    detect_close(d);
    return NULL;
}

void detect_close(struct detect *d)
{
    if (d == NULL)
        return;
    detect_stop(d);
    for (size_t i = 0; store_workspace_at(d->o.store, i) != NULL; i++)
        workspace_unlisten(store_workspace_at(d->o.store, i), d);
    schedule_fini(d);
    templates_fini(d);
    drop(&d->o.scope.subscription);
    drop(&d->o.scope.resource_group);
    drop(&d->o.scope.base_url);
    lock_fini(&d->templates_lock);
    lock_fini(&d->lock);
    xfree(d);
}

/* ---- running what is due ---- */

int64_t detect_mark(struct detect *d, struct workspace *w)
{
    int64_t mark = workspace_arrived(w);
    for (size_t i = 0; store_workspace_at(d->o.store, i) != NULL; i++) {
        struct workspace *other = store_workspace_at(d->o.store, i);
        if (other == w)
            continue;
        /* Their rows may be stamped by a clock that went back since. */
        workspace_arrived_at_least(other, mark);
        int64_t theirs = workspace_arrived(other);
        mark = theirs < mark ? theirs : mark;
    }
    return mark;
}

/* Runs and releases what was taken. */
static bool run_taken(struct detect *d, const struct schedule_entry *due, size_t n, struct err *e)
{
    bool ok = due[0].nrt ? run_arrived(d, due, n, e) : run_scheduled(d, due, n, e);
    schedule_release(d, due, n, ok);
    return ok;
}

bool detect_run_due(struct detect *d, size_t *out_runs, struct err *e)
{
    struct schedule_entry *due = NULL;
    bool ok = true;
    size_t runs = 0, n = 0;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    while (ok && (n = schedule_take_all(d, a, clock_now(d->o.clock), &due)) > 0) {
        ok = run_taken(d, due, n, e);
        runs += ok ? n : 0;
        arena_reset(a);
    }
    if (out_runs != NULL)
        *out_runs = runs;
    return ok;
}

bool detect_idle(struct detect *d)
{
    bool running = false;
    int64_t due = schedule_due(d, &running);
    return !running && due > clock_now(d->o.clock);
}

int64_t detect_next_due(struct detect *d)
{
    bool running = false;
    return schedule_due(d, &running);
}

/* ---- the scheduler thread ---- */

struct job {
    struct detect *d;
    struct arena *a;
    struct schedule_entry *due;
    size_t n;
};

static void work(void *arg)
{
    struct job *j = arg;
    struct err e = {0};
    if (!atomic_load(&j->d->stop) && !run_taken(j->d, j->due, j->n, &e)) {
        LOG(LOG_ERROR, "detect", "a run could not be recorded; it is tried again",
            log_z("rule", j->due[0].id), log_z("reason", e.msg));
        (void)usleep(500 * 1000);
    }
    arena_free(j->a);
    xfree(j);
}

static enum lane lane_of(const struct schedule_entry *due)
{
    bool slow = schedule_is_slow(due);
    if (due->nrt)
        return slow ? LANE_ARRIVALS_SLOW : LANE_ARRIVALS;
    return slow ? LANE_SCHEDULED_SLOW : LANE_SCHEDULED;
}

static bool dispatch(struct detect *d)
{
    struct job *j = xcalloc(1, sizeof(*j));
    j->d = d;
    j->a = arena_new(0);
    j->n = schedule_take_all(d, j->a, clock_now(d->o.clock), &j->due);
    if (j->n > 0 && pool_run(d->lanes[lane_of(&j->due[0])], work, j))
        return true;
    if (j->n > 0) /* the pool is full: after the next run there is room */
        schedule_release(d, j->due, j->n, false);
    arena_free(j->a);
    xfree(j);
    return false;
}

static void *scheduler(void *arg)
{
    struct detect *d = arg;
    while (!atomic_load(&d->stop)) {
        bool running = false;
        while (!atomic_load(&d->stop) && dispatch(d))
            ;
        if (!atomic_load(&d->stop))
            (void)clock_wait_until(d->o.clock, schedule_due(d, &running));
    }
    return NULL;
}

static void free_lanes(struct detect *d)
{
    for (size_t i = 0; i < LANES; i++) {
        pool_free(d->lanes[i]);
        d->lanes[i] = NULL;
    }
}

bool detect_start(struct detect *d, struct err *e)
{
    CHECK(!d->started);
    const struct {
        const char *name;
        unsigned workers;
    } lanes[LANES] = {[LANE_SCHEDULED] = {"detect", d->o.workers},
                      [LANE_SCHEDULED_SLOW] = {"detect.slow", d->o.slow_workers},
                      [LANE_ARRIVALS] = {"near", d->o.workers},
                      [LANE_ARRIVALS_SLOW] = {"near.slow", d->o.slow_workers}};
    for (size_t i = 0; i < LANES; i++)
        d->lanes[i] = pool_new(lanes[i].name, lanes[i].workers, MAX_BACKLOG);
    if (pthread_create(&d->thread, NULL, scheduler, d) != 0) {
        free_lanes(d);
        return err_set(e, ERR_INTERNAL, "the scheduler's thread cannot be started");
    }
    d->started = true;
    return true;
}

void detect_stop(struct detect *d)
{
    if (!d->started)
        return;
    atomic_store(&d->stop, true);
    clock_wake(d->o.clock);
    (void)pthread_join(d->thread, NULL);
    free_lanes(d);
    d->started = false;
}

/* ---- for people ---- */

bool detect_run_list(struct detect *d, struct arena *a, struct workspace *w, struct str rule_id,
                     size_t max, struct state_run **out, size_t *n, struct err *e)
{
    return state_run_list(d->o.state, a, workspace_id(w), rule_id, max, out, n, e);
}

bool detect_run_get(struct detect *d, struct arena *a, struct workspace *w, struct str correlation,
                    struct state_run *out, struct err *e)
{
    return state_run_get(d->o.state, a, workspace_id(w), correlation, out, e);
}

struct detect_counts detect_counts(struct detect *d)
{
    return (struct detect_counts){.runs = atomic_load(&d->runs),
                                  .failures = atomic_load(&d->failures),
                                  .alerts = atomic_load(&d->alerts),
                                  .incidents = atomic_load(&d->incidents),
                                  .skipped = atomic_load(&d->skipped)};
}
