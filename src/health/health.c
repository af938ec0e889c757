/* The handle, and the thread that looks around. */
#include "health/health_priv.h"

enum { LOOK_US = 1000000 };

static char *keep(struct str s, const char *otherwise)
{
    return s.n > 0 ? xstrndup(s) : xstrdup(otherwise);
}

struct health *health_open(const struct health_options *o)
{
    struct health *h = xcalloc(1, sizeof(*h));
    h->o = *o;
    h->subscription = keep(o->scope.subscription, "00000000-0000-0000-0000-000000000000");
    h->resource_group = keep(o->scope.resource_group, "vedette");
    lock_init(&h->lock, "health");
    lock_init(&h->view_lock, "health.view");
    h->a = arena_new(0);
    return h;
}

void health_close(struct health *h)
{
    if (h == NULL)
        return;
    health_stop(h);
    for (size_t i = 0; i < h->sources.n; i++) {
        drift_close(h, h->sources.p[i]->drift);
        sources_close(h, h->sources.p[i]);
    }
    arena_free(h->a);
    xfree(h->subscription);
    xfree(h->resource_group);
    lock_fini(&h->lock);
    lock_fini(&h->view_lock);
    xfree(h);
}

static void usage_locked(struct health *h, int64_t hour)
{
    struct workspace *w = NULL;
    bool all = true;
    for (size_t i = 0; (w = store_workspace_at(h->o.store, i)) != NULL; i++) {
        struct err e = {0};
        bool ok = health_usage(h, w, hour, &e);
        if (!ok && !store_has_no_room(&e))
            LOG(LOG_WARN, "health", "usage was not written; it is tried again",
                log_s("workspace", workspace_name(w)), log_z("reason", e.msg));
        all = all && ok;
    }
    if (all)
        h->usage_to = hour;
}

/* Workspaces are only ever added. */
static struct sources *sources_of(struct health *h, const struct workspace *w)
{
    for (size_t i = 0; i < h->sources.n; i++)
        if (h->sources.p[i]->w == w)
            return h->sources.p[i];
    return NULL;
}

static void sources_locked(struct health *h, int64_t now)
{
    struct workspace *w = NULL;
    for (size_t i = 0; (w = store_workspace_at(h->o.store, i)) != NULL; i++) {
        struct sources *l = sources_of(h, w);
        if (l == NULL) {
            l = sources_new(h, w);
            l->drift = drift_new(h, w);
            refusals_start(l);
            lock_take(&h->view_lock);
            VEC_PUSH(h->a, &h->sources, l);
            lock_drop(&h->view_lock);
        }
        sources_look(h, l, now);
        sources_show(h, l);
        drift_look(h, l->drift, now);
        struct err e = {0};
        if (!health_cap(h, l, &e) || !refusals_look(h, l, now, &e))
            LOG(LOG_WARN, "health", "news of the daily cap and of refusals wait",
                log_z("reason", e.msg));
    }
}

size_t health_sources(struct health *h, struct workspace *w, struct arena *a,
                      struct health_source **out)
{
    lock_take(&h->view_lock);
    const struct sources *l = sources_of(h, w);
    size_t n = l != NULL ? sources_list(l, a, out) : 0;
    lock_drop(&h->view_lock);
    return n;
}

static void look_locked(struct health *h, int64_t now)
{
    sources_locked(h, now);
    health_lake_store(h, now);
    int64_t hour = now - now % TICKS_PER_HOUR;
    if (hour > h->usage_to)
        usage_locked(h, hour);
    h->next = now - now % TICKS_PER_MINUTE + TICKS_PER_MINUTE;
}

void health_run_due(struct health *h)
{
    int64_t now = clock_now(h->o.clock);
    lock_take(&h->lock);
    health_disk(h);
    bool look = now >= h->next;
    if (look)
        look_locked(h, now);
    lock_drop(&h->lock);
    if (look && h->o.also != NULL)
        h->o.also(h->o.ctx);
}

int64_t health_next_due(struct health *h)
{
    lock_take(&h->lock);
    int64_t next = h->next;
    lock_drop(&h->lock);
    return next;
}

static void *run(void *arg)
{
    struct health *h = arg;
    while (!atomic_load(&h->stop)) {
        health_run_due(h);
        if (!atomic_load(&h->stop))
            (void)clock_wait_until(h->o.clock, clock_now(h->o.clock) + LOOK_US * TICKS_PER_US);
    }
    return NULL;
}

bool health_start(struct health *h, struct err *e)
{
    CHECK(!h->started);
    if (pthread_create(&h->thread, NULL, run, h) != 0)
        return err_set(e, ERR_INTERNAL, "the thread that watches over health cannot be started");
    h->started = true;
    return true;
}

void health_stop(struct health *h)
{
    if (!h->started)
        return;
    atomic_store(&h->stop, true);
    clock_wake(h->o.clock);
    (void)pthread_join(h->thread, NULL);
    h->started = false;
}
