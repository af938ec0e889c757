/* Reading of parts that are only in the store: the blocks that are asked for come here, checked one
 * by one, and are read from the copy. */
#include <errno.h>
#include <unistd.h>

#include "store/lake/remote_priv.h"

struct lake_remote_file {
    struct lake_remote *r;
    struct fetch *f; /* with a use of it */
};

struct lake_remote_file *lake_remote_file_open(struct lake_remote *r, struct lake_part *part)
{
    struct lake_remote_file *x = xcalloc(1, sizeof(*x));
    x->r = r;
    lock_take(&r->lock);
    x->f = lake_fetch_get_locked(r, part);
    x->f->users++;
    lock_drop(&r->lock);
    return x;
}

void lake_remote_file_close(struct lake_remote_file *x)
{
    struct lake_remote *r = x->r;
    lock_take(&r->lock);
    lake_fetch_unuse_locked(r, x->f);
    lock_drop(&r->lock);
    xfree(x);
}

/* Blocks that are neither here nor on their way; left: without those that are perhaps in the file.
 */
static size_t missing_locked(const struct fetch *f, size_t from, size_t n, bool left)
{
    size_t missing = 0;
    for (size_t i = from; i < from + n; i++)
        missing += f->blocks[i] == BLOCK_TODO && !(left && f->kept[i]);
    return missing;
}

static bool are_here_locked(const struct fetch *f, const struct fetch_want *w)
{
    if (f->fd < 0) /* closed while nobody read it */
        return false;
    if (f->state == FETCH_DONE)
        return true;
    for (size_t i = w->from; i < w->from + w->n; i++)
        if (f->blocks[i] != BLOCK_DONE)
            return false;
    return f->sums != NULL;
}

/* Books what is to be fetched. */
static bool may_fetch(const struct lake_remote *r, const struct lake_patience *p, size_t blocks,
                      struct err *e)
{
    int64_t bytes = (int64_t)blocks * LAKE_BLOCK_BYTES;
    if (p->fetched == NULL)
        return true;
    int64_t before = atomic_fetch_add(p->fetched, bytes);
    if (p->most_bytes == 0 || before + bytes <= p->most_bytes)
        return true;
    err_set(e, ERR_LIMIT,
            "more than %lld MiB would have to be fetched from %s; a query may fetch no more",
            (long long)(p->most_bytes >> 20), r->url);
    err_hint(e, "a smaller range of TimeGenerated needs less; or raise lake_fetch_max");
    return false;
}

/* Once half of a part is asked for the rest comes, too: a query that reads all of it waits for one
 * range after the other else. */
static void widen_locked(const struct fetch *f, const struct lake_patience *p, size_t missing,
                         struct fetch_want *w)
{
    size_t after = f->n_done + f->n_wanted + missing;
    int64_t all = (int64_t)(f->n_blocks - f->n_done - f->n_wanted) * LAKE_BLOCK_BYTES;
    bool may =
        p->most_bytes == 0 || p->fetched == NULL || atomic_load(p->fetched) + all <= p->most_bytes;
    w->all = f->sums == NULL || (may && after > f->n_blocks / 2);
}

static bool bring(struct lake_remote *r, struct fetch *f, struct fetch_want *w,
                  const struct lake_patience *p, struct err *e)
{
    bool ok = true, asked = false;
    lock_take(&r->lock);
    if (!are_here_locked(f, w)) {
        asked = true;
        widen_locked(f, p, missing_locked(f, w->from, w->n, false), w);
        size_t from = w->all ? 0 : w->from, n = w->all ? f->n_blocks : w->n;
        ok = may_fetch(r, p, missing_locked(f, from, n, true), e) &&
             lake_fetch_join_locked(r, f, w, p, e);
        bool joined = ok;
        while (ok && !are_here_locked(f, w))
            ok = lake_fetch_wait_locked(r, f, p, e);
        if (joined)
            lake_fetch_leave_locked(r, f);
    }
    lock_drop(&r->lock);
    if (asked && (ok || lake_is_store_fault(e)))
        lake_remote_note(r, ok ? NULL : e);
    return ok;
}

void lake_remote_file_ahead(struct lake_remote_file *x, const struct lake_patience *p)
{
    struct lake_remote *r = x->r;
    struct fetch *f = x->f;
    lock_take(&r->lock);
    bool ending = atomic_load(&f->stop) && f->running > 0;
    bool lacks = f->n_blocks > 0 && f->sums != NULL && f->blocks[f->n_blocks - 1] == BLOCK_TODO;
    /* What queries may fetch is for what they read: at most half of it is spent on guesses. */
    bool may = p->most_bytes == 0 || atomic_load(p->fetched) < p->most_bytes / 2;
    const struct fetch_want last = {.from = f->n_blocks - 1, .n = 1};
    if (lacks && may && !ending && f->state == FETCH_GOES &&
        may_fetch(r, p, f->kept[last.from] ? 0 : 1, NULL) &&
        lake_fetch_join_locked(r, f, &last, p, NULL))
        lake_fetch_leave_locked(r, f); /* as a user of it x keeps it going */
    lock_drop(&r->lock);
}

bool lake_remote_file_read(struct lake_remote_file *x, void *to, size_t n, int64_t at,
                           const struct lake_patience *p, struct err *e)
{
    size_t from = (size_t)(at / LAKE_BLOCK_BYTES);
    size_t end = (size_t)((at + (int64_t)n + LAKE_BLOCK_BYTES - 1) / LAKE_BLOCK_BYTES);
    struct fetch_want w = {.from = from, .n = end - from};
    return n == 0 || (bring(x->r, x->f, &w, p, e) && lake_pread(x->f->fd, to, n, at, x->f->tmp, e));
}
