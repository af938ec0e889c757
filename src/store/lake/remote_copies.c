/* Blocks of parts that are here only in part, while nobody reads them: what an earlier run left,
 * what stays for the next one, and what leaves. */
#include <fcntl.h>
#include <unistd.h>

#include "store/lake/remote_priv.h"

#define IDLE_US INT64_C(600000000)

/* Blocks of a file with holes that are none, as far as the file system tells. */
static void find_kept(struct fetch *f, int fd)
{
    off_t at = 0, end;
    while ((at = lseek(fd, at, SEEK_DATA)) >= 0 && (end = lseek(fd, at, SEEK_HOLE)) > at) {
        size_t from = (size_t)((at + LAKE_BLOCK_BYTES - 1) / LAKE_BLOCK_BYTES);
        size_t to = end >= f->part->bytes ? f->n_blocks : (size_t)(end / LAKE_BLOCK_BYTES);
        for (size_t i = from; i < to; i++) {
            f->n_kept += !f->kept[i];
            f->kept[i] = true;
        }
        at = end;
    }
}

void lake_remote_adopt(struct lake_part *part)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    struct lake_remote *r = part->lake->w->s->remote;
    const char *path = arena_fmt(a, "%s.tmp", part->path).p;
    int fd = r != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    lock_take(&r->lock);
    struct fetch *f = lake_fetch_get_locked(r, part);
    f->made = true;
    f->idle_us = clock_mono_us();
    if (f->sums != NULL)
        find_kept(f, fd);
    if (f->n_kept == 0)
        lake_fetch_drop_locked(r, f);
    lock_drop(&r->lock);
    close(fd);
}

static bool is_idle_locked(const struct fetch *f)
{
    return f->waiters + f->users == 0 && f->running == 0 && f->state != FETCH_ENDS;
}

static bool part_is_gone(struct lake_part *p)
{
    lock_take(&p->lake->lock);
    bool gone = p->gone;
    lock_drop(&p->lake->lock);
    return gone;
}

void lake_fetch_free_idle(struct lake_remote *r, int64_t before_us, bool whole)
{
    lock_take(&r->lock);
    for (struct fetch *f = r->fetches, *next; f != NULL; f = next) {
        next = f->next;
        bool some = f->sums != NULL && f->n_done + f->n_kept > 0;
        bool old = f->idle_us <= before_us && (!whole || !some), gone = part_is_gone(f->part);
        if (!is_idle_locked(f) || (!old && !gone))
            continue;
        f->stays = some && !gone && atomic_load(&r->stop);
        lake_fetch_drop_locked(r, f);
        next = r->fetches;
    }
    lock_drop(&r->lock);
}

void lake_remote_fetch_tidy(struct lake_remote *r)
{
    lake_fetch_free_idle(r, clock_mono_us() - IDLE_US, true);
}

struct fetch_copy *lake_fetch_copies(struct lake_remote *r, struct arena *a, size_t *out_n,
                                     int64_t *out_bytes)
{
    size_t n = 0;
    lock_take(&r->lock);
    for (const struct fetch *f = r->fetches; f != NULL; f = f->next)
        n++;
    struct fetch_copy *copies = arena_array(a, struct fetch_copy, n + 1);
    n = 0;
    for (const struct fetch *f = r->fetches; f != NULL; f = f->next) {
        int64_t blocks = f->state == FETCH_DONE ? 0 : (int64_t)(f->n_done + f->n_kept);
        int64_t bytes = blocks * LAKE_BLOCK_BYTES;
        bytes = bytes < f->part->bytes ? bytes : f->part->bytes;
        *out_bytes += bytes;
        if (is_idle_locked(f) && bytes > 0)
            copies[n++] = (struct fetch_copy){f->part, f->idle_us, bytes};
    }
    lock_drop(&r->lock);
    *out_n = n;
    return copies;
}

bool lake_fetch_forget(struct lake_remote *r, const struct lake_part *part)
{
    lock_take(&r->lock);
    struct fetch *f = lake_fetch_find_locked(r, part);
    bool idle = f != NULL && is_idle_locked(f);
    if (idle)
        lake_fetch_drop_locked(r, f);
    lock_drop(&r->lock);
    return idle;
}
