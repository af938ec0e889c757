/* The handle, the queue and the thread that works on it. */
#include "base/log.h"
#include "correlate/correlate_priv.h"
#include "state/rules.h"
#include "state/tenants.h"

enum {
    DEFAULT_BATCH = 32,
    BATCH_ARENA = 512 << 20,
    LOOK_US = 5000000,     /* the thread looks by itself, too */
    PAUSE_US = 1000000,    /* after a failure */
    FORGET_EVERY = 64,     /* batches */
    FORGET_AT_ONCE = 2000, /* sightings */
    KEEP_DAYS = 21         /* a window is two weeks at most, and alerts may come late */
};

static char *keep(struct str s, const char *otherwise)
{
    return s.n > 0 ? xstrndup(s) : xstrdup(otherwise);
}

struct correlate *correlate_open(const struct correlate_options *o)
{
    struct correlate *c = xcalloc(1, sizeof(*c));
    c->o = *o;
    c->o.batch = o->batch != 0 ? o->batch : DEFAULT_BATCH;
    c->primary = keep(o->primary, "");
    c->o.primary = str_from(c->primary);
    lock_init(&c->lock, "correlate");
    lock_init(&c->running, "correlate.run");
    cond_init(&c->cond);
    return c;
}

void correlate_close(struct correlate *c)
{
    if (c == NULL)
        return;
    correlate_stop(c);
    cond_fini(&c->cond);
    lock_fini(&c->running);
    lock_fini(&c->lock);
    xfree(c->primary);
    xfree(c);
}

static const struct workspace *first_of(struct store *s, struct str tenant)
{
    struct workspace *w = NULL;
    for (size_t i = 0; (w = store_workspace_at(s, i)) != NULL; i++)
        if (str_ieq(workspace_place(w).tenant, tenant))
            return w;
    return NULL;
}

/* What the tenant says; of the first one, then the setting; else its first workspace. */
bool correlate_is_primary(const struct correlate *c, const struct workspace *w)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str tenant = workspace_place(w).tenant, chosen = STR("");
    struct err ignored = {0};
    const struct workspace *named = NULL;
    if (state_tenant_primary(c->o.state, a, tenant, &chosen, &ignored) && chosen.n > 0)
        named = store_workspace_find_in(c->o.store, tenant, chosen);
    if (named == NULL && tenant.n == 0 && c->o.primary.n > 0)
        named = store_workspace_find_in(c->o.store, tenant, c->o.primary);
    return w == (named != NULL ? named : first_of(c->o.store, tenant));
}

struct correlate_counts correlate_counts(struct correlate *c)
{
    return (struct correlate_counts){.alerts = atomic_load(&c->alerts),
                                     .merges = atomic_load(&c->merges),
                                     .undone = atomic_load(&c->undone),
                                     .failures = atomic_load(&c->failures)};
}

/* ---- one alert ---- */

/* Of the workspace under hand; alerts of one workspace mostly come together. */
struct batch {
    struct correlate *c;
    struct arena *a;
    struct workspace *w;
    struct correlate_config k;
    struct scoring s;
};

static bool enter(struct batch *b, struct workspace *w, struct err *e)
{
    if (b->w == w)
        return true;
    if (!config_load(b->c, b->a, w, &b->k, e) || !scoring_begin(&b->s, b->c, b->a, w, &b->k, e))
        return false;
    b->w = w;
    return true;
}

/* Was it made by a rule that looks at logs? An alert whose rule is gone is told by its product. */
static bool is_of_own_rule(struct batch *b, const struct state_correlated *al)
{
    struct state_rule rule = {0};
    if (al->rule_id.n == 0 ||
        !state_rule_get(b->c->o.state, b->a, al->workspace, al->rule_id, &rule, NULL))
        return str_eqz(al->product, "Azure Sentinel");
    return str_ieqz(rule.kind, "Scheduled") || str_ieqz(rule.kind, "NRT");
}

/* Secondary workspaces correlate what their own rules found. */
static bool counts_here(struct batch *b, const struct state_correlated *al)
{
    return correlate_is_primary(b->c, b->w) || is_of_own_rule(b, al);
}

static bool take(struct batch *b, const struct state_waiting *x, struct err *e)
{
    struct correlate *c = b->c;
    struct workspace *w = store_workspace_find(c->o.store, x->workspace);
    struct state_correlated al = {0};
    bool found = false;
    if (!state_correlation_done(c->o.state, x->seq, e))
        return false;
    if (w == NULL)
        return true;
    if (!enter(b, w, e))
        return false;
    if (!b->k.enabled)
        return true;
    if (!state_correlated_get(c->o.state, b->a, x->workspace, x->alert, &al, &found, e))
        return false;
    if (!found || !counts_here(b, &al))
        return true;
    return index_alert(c, b->a, &al, al.incident, &b->k, e) && join_all(&b->s, al.incident, e);
}

/* ---- batches ---- */

static bool take_batch(struct correlate *c, struct arena *a, size_t max, size_t *out_n,
                       struct err *e)
{
    struct batch b = {.c = c, .a = a};
    struct state_waiting *list = NULL;
    size_t n = 0;
    if (!state_begin(c->o.state, e))
        return false;
    bool ok = state_correlation_waiting(c->o.state, a, max, &list, &n, e);
    for (size_t i = 0; ok && i < n; i++)
        ok = take(&b, &list[i], e);
    *out_n = n;
    return state_end(c->o.state, ok, e);
}

static bool is_passing(enum err_code code)
{
    return code == ERR_IO || code == ERR_BUSY || code == ERR_TIMEOUT || code == ERR_CANCELLED;
}

/* An alert that cannot be worked on would stop all behind it for ever. */
static bool give_up_first(struct correlate *c, struct arena *a, const struct err *why,
                          struct err *e)
{
    struct state_waiting *list = NULL;
    size_t n = 0;
    if (!state_correlation_waiting(c->o.state, a, 1, &list, &n, e))
        return false;
    if (n == 0)
        return true;
    LOG(LOG_ERROR, "correlate", "an alert was left out: it cannot be correlated",
        log_s("workspace", list[0].workspace), log_s("alert", list[0].alert),
        log_z("reason", why->msg));
    atomic_fetch_add(&c->failures, 1);
    return state_correlation_done(c->o.state, list[0].seq, e);
}

/* One batch; when that fails, its first alert alone, so that one bad alert costs only itself. */
static bool some(struct correlate *c, size_t *out_n, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(BATCH_ARENA);
    struct err why = {0};
    if (take_batch(c, a, c->o.batch, out_n, &why))
        return true;
    arena_reset(a);
    if (!is_passing(why.code) && take_batch(c, a, 1, out_n, &why))
        return true;
    arena_reset(a);
    *out_n = 1;
    if (!is_passing(why.code))
        return give_up_first(c, a, &why, e);
    if (e != NULL)
        *e = why;
    return false;
}

/* What no alert can meet any more. */
static bool forget(struct correlate *c, struct err *e)
{
    size_t n = 0;
    if (++c->since_forget < FORGET_EVERY)
        return true;
    c->since_forget = 0;
    return state_sightings_forget(c->o.state, clock_now(c->o.clock) - KEEP_DAYS * TICKS_PER_DAY,
                                  FORGET_AT_ONCE, &n, e);
}

static bool run_locked(struct correlate *c, size_t *out_alerts, struct err *e)
{
    uint64_t merges = atomic_load(&c->merges);
    for (size_t n = 1; n > 0 && !atomic_load(&c->stop);) {
        if (!some(c, &n, e) || (n > 0 && !forget(c, e)))
            return false;
        *out_alerts += n;
        atomic_fetch_add(&c->alerts, n);
        if (merges == atomic_load(&c->merges))
            continue;
        merges = atomic_load(&c->merges);
        if (!incidents_flush(c->o.incidents, e))
            return false;
    }
    return true;
}

bool correlate_run_due(struct correlate *c, size_t *out_alerts, struct err *e)
{
    size_t n = 0;
    lock_take(&c->running);
    bool ok = run_locked(c, &n, e);
    lock_drop(&c->running);
    if (out_alerts != NULL)
        *out_alerts = n;
    return ok;
}

/* ---- the thread ---- */

void correlate_wake(struct correlate *c)
{
    lock_take(&c->lock);
    c->waiting = true;
    cond_signal(&c->cond);
    lock_drop(&c->lock);
}

static void wake(void *c)
{
    correlate_wake(c);
}

/* Waits for something to do; false: stop. */
static bool rest(struct correlate *c, int64_t us)
{
    lock_take(&c->lock);
    if (!c->waiting && !atomic_load(&c->stop))
        (void)cond_wait_us(&c->cond, &c->lock, us);
    c->waiting = false;
    bool go_on = !atomic_load(&c->stop);
    lock_drop(&c->lock);
    return go_on;
}

static void pause_after(struct correlate *c, const struct err *e)
{
    LOG(LOG_WARN, "correlate", "correlation waits and tries again", log_z("reason", e->msg));
    lock_take(&c->lock);
    if (!atomic_load(&c->stop))
        (void)cond_wait_us(&c->cond, &c->lock, PAUSE_US);
    c->waiting = true;
    lock_drop(&c->lock);
}

static void *run(void *arg)
{
    struct correlate *c = arg;
    do {
        struct err e = {0};
        if (!correlate_run_due(c, NULL, &e))
            pause_after(c, &e);
    } while (rest(c, LOOK_US));
    return NULL;
}

bool correlate_start(struct correlate *c, struct err *e)
{
    CHECK(!c->started);
    incidents_listen(c->o.incidents, wake, c);
    if (pthread_create(&c->thread, NULL, run, c) != 0)
        return err_set(e, ERR_INTERNAL, "the thread of correlation cannot be started");
    c->started = true;
    return true;
}

void correlate_stop(struct correlate *c)
{
    if (!c->started)
        return;
    lock_take(&c->lock);
    atomic_store(&c->stop, true);
    cond_signal(&c->cond);
    lock_drop(&c->lock);
    (void)pthread_join(c->thread, NULL);
    c->started = false;
}
