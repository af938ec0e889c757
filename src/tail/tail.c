/* All sources of a server. */
#include "base/log.h"
#include "tail/tail_priv.h"
#include <stdio.h>
#include <unistd.h>

struct tail {
    struct follower *f;
    size_t n;
};

static bool prepare(struct follower *f, const struct tail_options *o, const struct tail_source *s,
                    struct err *e)
{
    f->s = s;
    f->ingest = o->ingest;
    f->state = o->state;
    f->poll_us = o->poll_us > 0 ? o->poll_us : 1000000;
    f->workspace = s->workspace.n == 0 ? store_workspace_at(o->store, 0)
                                       : store_workspace_find(o->store, s->workspace);
    if (f->workspace == NULL)
        return err_set(e, ERR_NOT_FOUND, "source '%.*s': there is no workspace '%.*s'",
                       STR_ARG(s->name), STR_ARG(s->workspace));
    snprintf(f->source, sizeof(f->source), "file:%.*s", STR_ARG(s->name));
    if (s->computer.n > 0)
        snprintf(f->computer, sizeof(f->computer), "%.*s", STR_ARG(s->computer));
    else if (gethostname(f->computer, sizeof(f->computer) - 1) != 0)
        f->computer[0] = '\0';
    f->stats.name = s->name;
    return follow_load(f, e);
}

struct tail *tail_start(const struct tail_options *o, struct err *e)
{
    struct tail *t = xcalloc(1, sizeof(*t));
    t->f = xcalloc(o->n_sources + 1, sizeof(struct follower));
    bool ok = true;
    for (size_t i = 0; ok && i < o->n_sources; i++) {
        struct follower *f = &t->f[i];
        atomic_init(&f->stop, false);
        lock_init(&f->lock, "tail.lock");
        f->waker = waker_new();
        t->n++;
        ok = prepare(f, o, &o->sources[i], e);
        f->running = ok && pthread_create(&f->thread, NULL, follow_main, f) == 0;
        if (ok && !f->running)
            ok = err_set(e, ERR_IO, "can't start a thread");
        if (ok)
            LOG(LOG_INFO, "files", "reading", log_s("source", f->s->name),
                log_z("path", f->s->path), log_s("stream", f->s->stream));
    }
    if (ok)
        return t;
    tail_stop(t);
    return NULL;
}

static void end(struct follower *f)
{
    if (f->running)
        (void)pthread_join(f->thread, NULL);
    for (size_t i = 0; i < f->n_files; i++)
        file_free(f->files[i]);
    for (size_t i = 0; i < f->n_lost; i++)
        cursor_fini(&f->lost[i]);
    xfree(f->files);
    xfree(f->lost);
    waker_free(f->waker);
    lock_fini(&f->lock);
}

void tail_stop(struct tail *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->n; i++) {
        atomic_store(&t->f[i].stop, true);
        waker_wake(t->f[i].waker);
    }
    for (size_t i = 0; i < t->n; i++)
        end(&t->f[i]);
    xfree(t->f);
    xfree(t);
}

size_t tail_count(const struct tail *t)
{
    return t->n;
}

void tail_stats(struct tail *t, size_t i, struct tail_stats *out)
{
    lock_take(&t->f[i].lock);
    *out = t->f[i].stats;
    lock_drop(&t->f[i].lock);
}
