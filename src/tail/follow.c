/* One source: a thread that looks, reads, and waits. */
#include "base/log.h"
#include "state/cursors.h"
#include "tail/tail_priv.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SAVE_US ((int64_t)200000)    /* what was stored since is sent again after a crash */
#define SHORTEST_US ((int64_t)20000) /* between two looks, however much changes */

static struct str started_key(const struct follower *f, struct arena *a)
{
    return arena_fmt(a, "tail-started/%.*s", STR_ARG(f->s->name));
}

bool follow_load(struct follower *f, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str started;
    if (!cursor_load(f->state, f->s->name, scan_add_lost, f, e) ||
        !state_cursor_get(f->state, a, started_key(f, a), &started, e))
        return false;
    f->first = started.n == 0;
    return true;
}

static void end_first(struct follower *f)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct err e = {0};
    if (!f->first)
        return;
    f->first = !state_cursor_set(f->state, started_key(f, a), STR("yes"), &e);
    if (f->first)
        LOG(LOG_WARN, "files", "the first look was not written down", log_s("source", f->s->name),
            log_z("reason", e.msg));
}

static void find_place(struct follower *f)
{
    char base[PATH_MAX], real[PATH_MAX];
    find_base(f->s->path, base, sizeof(base));
    snprintf(f->base, sizeof(f->base), "%.4000s", realpath(base, real) != NULL ? real : base);
}

static void count(struct follower *f)
{
    uint64_t unreadable = 0, behind = 0;
    for (size_t i = 0; i < f->n_files; i++) {
        const struct file *file = f->files[i];
        int64_t rest = (int64_t)file->st.st_size - file->c.offset;
        unreadable += file->refused;
        if (!file->packed && rest > 0)
            behind += (uint64_t)rest;
    }
    lock_take(&f->lock);
    f->stats.files = f->n_files;
    f->stats.unreadable = unreadable;
    f->stats.behind = behind;
    lock_drop(&f->lock);
}

static bool has_news(const struct follower *f, const struct file *file)
{
    bool unfinished = (int64_t)file->st.st_size != file->c.offset || file->c.pending > 0;
    bool late = file->packed || tail_is_whole(f->s);
    if (late)
        return !file->c.done || file->c.size != (int64_t)file->st.st_size;
    return unfinished || !file->checked || file->changed_us > file->used_us;
}

static void read_all(struct follower *f)
{
    int64_t saved = clock_mono_us();
    for (size_t i = 0; i < f->n_files && !atomic_load(&f->stop); i++) {
        struct file *file = f->files[i];
        if (has_news(f, file) && scan_open(f, file))
            (void)deliver_file(f, file, false);
        if (clock_mono_us() - saved > SAVE_US) {
            deliver_save(f);
            saved = clock_mono_us();
        }
    }
    end_first(f);
    deliver_save(f);
    scan_close_idle(f);
    count(f);
}

/* A busy folder must not make one look follow the other without a pause. */
static void rest_after(struct follower *f, int64_t took_us)
{
    int64_t us = took_us * 4 > SHORTEST_US ? took_us * 4 : SHORTEST_US;
    if (us > f->poll_us)
        us = f->poll_us;
    struct timespec t = {us / 1000000, us % 1000000 * 1000};
    (void)nanosleep(&t, NULL);
}

void *follow_main(void *follower)
{
    struct follower *f = follower;
    f->buf = xmalloc(CHUNK_BYTES);
    while (!atomic_load(&f->stop)) {
        int64_t began = clock_mono_us();
        find_place(f); /* the folder may come later, or be another one */
        scan_files(f);
        int64_t took = clock_mono_us() - began;
        count(f);
        read_all(f);
        rest_after(f, took);
        if (!atomic_load(&f->stop))
            waker_wait(f->waker, took * 20 > f->poll_us ? took * 20 : f->poll_us);
    }
    xfree(f->buf);
    return NULL;
}
