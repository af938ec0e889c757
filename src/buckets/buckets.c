/* All sources of a server: start, stop, figures. */
#include "base/log.h"
#include "buckets/buckets_priv.h"
#include <stdio.h>

struct buckets {
    struct reader *readers;
    size_t n;
    char *folder;
};

static bool start_one(struct reader *r, struct err *e)
{
    const struct buckets_source *s = r->s;
    snprintf(r->name, sizeof(r->name), "s3:%.*s", STR_ARG(s->name));
    r->workspace = s->workspace.n > 0 ? store_workspace_find(r->o.store, s->workspace)
                                      : store_workspace_at(r->o.store, 0);
    if (r->workspace == NULL)
        return err_set(e, ERR_NOT_FOUND, "there is no workspace '%.*s'", STR_ARG(s->workspace));
    if (!position_load(r, e))
        return false;
    r->running = pthread_create(&r->thread, NULL, poll_main, r) == 0;
    if (!r->running)
        return err_set(e, ERR_IO, "can't start a thread");
    LOG(LOG_INFO, "s3", "reading", log_s("source", s->name), log_z("endpoint", s->endpoint),
        log_z("bucket", s->bucket), log_z("prefix", s->prefix));
    return true;
}

struct buckets *buckets_start(const struct buckets_options *o, struct err *e)
{
    struct buckets *b = xcalloc(1, sizeof(*b));
    b->readers = xcalloc(o->n_sources + 1, sizeof(struct reader));
    b->folder = xstrdup(o->folder);
    for (size_t i = 0; i < o->n_sources; i++) {
        struct reader *r = &b->readers[b->n++];
        r->s = &o->sources[i];
        r->o = *o;
        r->o.folder = b->folder;
        atomic_init(&r->stop, false);
        lock_init(&r->lock, "buckets.lock");
        if (start_one(r, e))
            continue;
        err_prefix(e, "s3 source '%.*s'", STR_ARG(r->s->name));
        buckets_stop(b);
        return NULL;
    }
    return b;
}

void buckets_stop(struct buckets *b)
{
    if (b == NULL)
        return;
    for (size_t i = 0; i < b->n; i++)
        atomic_store(&b->readers[i].stop, true);
    for (size_t i = 0; i < b->n; i++) {
        struct reader *r = &b->readers[i];
        if (r->running)
            (void)pthread_join(r->thread, NULL);
        position_free(r);
        lock_fini(&r->lock);
    }
    xfree(b->folder);
    xfree(b->readers);
    xfree(b);
}

size_t buckets_count(const struct buckets *b)
{
    return b->n;
}

struct str buckets_name(const struct buckets *b, size_t i)
{
    return b->readers[i].s->name;
}

void buckets_stats(struct buckets *b, size_t i, struct buckets_stats *out)
{
    struct reader *r = &b->readers[i];
    lock_take(&r->lock);
    *out = r->stats;
    lock_drop(&r->lock);
}
