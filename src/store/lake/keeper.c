/* The keeper: one thread a store that looks after the lakes of all workspaces, once a second and a
 * piece of work at a time, so that it never holds up anybody for long. */
#include "store/lake/lake_priv.h"

enum { TICK_US = 1000000, RETRY_US = 60000000, COMPACT_US = 10000000 };
/* A table with fewer rows waits longer, so that quiet tables don't make a part an hour. */
enum { FEW_ROWS = 20000, FEW_TIMES = 24 };

struct lake_keeper {
    struct store *s;
    struct lock lock; /* stop */
    struct cond wake;
    bool stop;
    pthread_t thread;
};

static bool is_due(const struct store_lake_options *o, const struct lake_hot *h, int64_t now)
{
    if (h->rows == 0 || now < h->retry_us)
        return false;
    int64_t age = now - h->since_us;
    return h->rows >= o->seal_rows || h->bytes >= o->seal_bytes ||
           (age >= o->seal_age_us && (h->rows >= FEW_ROWS || age / FEW_TIMES >= o->seal_age_us));
}

/* Empty: none. */
static struct str next_due(struct lake *l)
{
    struct str name, found = STR_NONE;
    void *value;
    int64_t now = clock_mono_us();
    lock_take(&l->lock);
    for (size_t i = 0; found.n == 0 && map_next(l->hot, &i, &name, &value);)
        if (is_due(&l->w->s->lake, value, now))
            found = name;
    lock_drop(&l->lock);
    return found;
}

static void seal_due(struct lake *l)
{
    struct str name = next_due(l);
    struct err e = {0};
    int64_t rows;
    if (name.n == 0 || lake_seal(l, name, &rows, &e))
        return;
    LOG(LOG_ERROR, "lake", "sealing failed; the rows stay in the hot table and it is tried again",
        log_s("workspace", l->w->name), log_z("reason", e.msg));
    lock_take(&l->lock);
    lake_hot_locked(l, name)->retry_us = clock_mono_us() + RETRY_US;
    lock_drop(&l->lock);
}

/* One merge at a time; after a failure not for a while. */
static void compact_due(struct lake *l)
{
    struct err e = {0};
    bool more;
    int64_t now = clock_mono_us();
    if (now < l->compact_us)
        return;
    if (!lake_compact(l, false, &more, &e)) {
        LOG(LOG_WARN, "lake", "parts were not merged; tried again later",
            log_s("workspace", l->w->name), log_z("reason", e.msg));
        l->compact_us = now + RETRY_US;
    } else if (!more) {
        l->compact_us = now + COMPACT_US;
    }
}

static void look_after(struct lake *l)
{
    lake_work_begin(l);
    seal_due(l);
    lake_trim(l);
    compact_due(l);
    lake_expire(l);
    lake_scrub(l);
    (void)lake_terms_mend(l);
    lake_manifest_unlink(l);
    lake_work_end(l);
}

static bool waits(struct lake_keeper *k)
{
    lock_take(&k->lock);
    if (!k->stop)
        (void)cond_wait_us(&k->wake, &k->lock, TICK_US);
    bool stop = k->stop;
    lock_drop(&k->lock);
    return !stop;
}

static void *keep(void *arg)
{
    struct lake_keeper *k = arg;
    while (waits(k)) {
        struct workspace *w;
        for (size_t i = 0; (w = workspaces_any_at(k->s, i)) != NULL; i++)
            look_after(w->lake);
    }
    return NULL;
}

struct lake_keeper *lake_keeper_start(struct store *s, struct err *e)
{
    struct lake_keeper *k = xcalloc(1, sizeof(*k));
    k->s = s;
    lock_init(&k->lock, "keeper");
    cond_init(&k->wake);
    if (pthread_create(&k->thread, NULL, keep, k) == 0)
        return k;
    err_set(e, ERR_IO, "can't start the thread that seals");
    cond_fini(&k->wake);
    lock_fini(&k->lock);
    xfree(k);
    return NULL;
}

void lake_keeper_stop(struct lake_keeper *k)
{
    if (k == NULL)
        return;
    lock_take(&k->lock);
    k->stop = true;
    cond_signal(&k->wake);
    lock_drop(&k->lock);
    pthread_join(k->thread, NULL);
    cond_fini(&k->wake);
    lock_fini(&k->lock);
    xfree(k);
}

/* ---- by hand ---- */

bool workspace_compact(struct workspace *w, struct err *e)
{
    bool ok = true, more = true;
    lake_work_begin(w->lake);
    while (ok && more)
        ok = lake_compact(w->lake, true, &more, e);
    while (lake_terms_mend(w->lake))
        ;
    lake_manifest_unlink(w->lake);
    lake_work_end(w->lake);
    return ok;
}

void workspace_expire(struct workspace *w)
{
    lake_work_begin(w->lake);
    lake_expire(w->lake);
    lake_manifest_unlink(w->lake);
    lake_work_end(w->lake);
}
