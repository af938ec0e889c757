/* Bringing parts here: ranges of several parts at the same time, into a temporary file that becomes
 * the part's own once its checksum fits. What was begun and given up is gone on with when the part
 * is asked for again. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store/lake/remote_priv.h"

enum { RANGE_BYTES = 4 << 20, LOOK_US = 50000, IDLE_US = 600000000 };

enum range_state { RANGE_TODO, RANGE_RUNS, RANGE_DONE };
enum fetch_state { FETCH_GOES, FETCH_ENDS, FETCH_DONE, FETCH_FAILED };
/* Under remote.lock but for what is noted. */
struct fetch {
    struct lake_part *part; /* with a reference */
    struct str key;         /* with these two: the opener's, then unchanged */
    char *tmp;
    struct arena *a;
    struct s3 *s3; /* while ranges run */
    atomic_bool stop;
    int fd;
    uint8_t *ranges; /* enum range_state */
    size_t n_ranges, n_done, running, waiters;
    enum fetch_state state;
    bool again; /* its bytes were wrong once */
    struct err why;
    int64_t idle_us; /* clock_mono_us() when the last waiter left */
    struct fetch *next;
};

/* ---- beginning and ending ---- */

static struct fetch *fetch_new(struct lake_part *p)
{
    struct fetch *f = xcalloc(1, sizeof(*f));
    f->a = arena_new(1 << 20);
    f->part = p;
    f->fd = -1;
    f->key = lake_remote_key(f->a, p->lake, lake_below(p));
    f->tmp = arena_strz(f->a, arena_fmt(f->a, "%s.tmp", p->path));
    f->n_ranges = (size_t)((p->bytes + RANGE_BYTES - 1) / RANGE_BYTES);
    f->ranges = xcalloc(f->n_ranges + 1, sizeof(*f->ranges));
    lock_take(&p->lake->lock);
    p->refs++;
    lock_drop(&p->lake->lock);
    return f;
}

/* Nobody waits for it and nothing of it runs; not among the others any more. */
static void fetch_free(struct fetch *f)
{
    if (f->fd >= 0) {
        close(f->fd);
        if (f->state != FETCH_DONE)
            (void)unlink(f->tmp);
    }
    s3_close(f->s3);
    lake_part_unref(f->part);
    xfree(f->ranges);
    arena_free(f->a);
    xfree(f);
}

static void take_out_locked(struct lake_remote *r, const struct fetch *f)
{
    struct fetch **at = &r->fetches;
    while (*at != f)
        at = &(*at)->next;
    *at = f->next;
}

static void drop_locked(struct lake_remote *r, struct fetch *f)
{
    take_out_locked(r, f);
    lock_drop(&r->lock);
    fetch_free(f);
    lock_take(&r->lock);
}

static struct fetch *find_locked(struct lake_remote *r, const struct lake_part *p)
{
    struct fetch *f = r->fetches;
    while (f != NULL && f->part != p)
        f = f->next;
    return f;
}

/* The file with room for all of it, so that a full disk is found before anything is read. */
static bool open_file(struct fetch *f, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    char *dir = arena_strz(a, str_from(f->tmp));
    *strrchr(dir, '/') = '\0';
    if (f->fd >= 0)
        return true;
    if (!lake_dir_make(dir, e))
        return false;
    f->fd = open(f->tmp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (f->fd < 0)
        return err_errno(e, "can't make", f->tmp);
    if (f->part->bytes == 0 || fallocate(f->fd, 0, 0, f->part->bytes) == 0 || errno == EOPNOTSUPP ||
        errno == ENOSYS)
        return true;
    err_errno(e, "no room for", f->tmp);
    close(f->fd);
    f->fd = -1;
    (void)unlink(f->tmp);
    return false;
}

/* ---- the threads ---- */

static bool write_range(const struct fetch *f, struct str s, int64_t at, struct err *e)
{
    while (s.n > 0) {
        ssize_t n = pwrite(f->fd, s.p, s.n, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_errno(e, "can't write", f->tmp);
        s = str_sub(s, (size_t)n, s.n);
        at += n;
    }
    return true;
}

static bool get_range(const struct fetch *f, size_t i, struct err *e)
{
    int64_t at = (int64_t)i * RANGE_BYTES, left = f->part->bytes - at;
    size_t n = left < RANGE_BYTES ? (size_t)left : (size_t)RANGE_BYTES;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make((size_t)RANGE_BYTES + 65536);
    if (!s3_get(f->s3, f->key, STR(""), at, n, &b, e))
        return false;
    if (b.n != n)
        return err_set(e, ERR_IO, "%s: %zu bytes instead of %zu", s3_label(f->s3), b.n, n);
    return write_range(f, sbuf_str(&b), at, e);
}

/* All ranges are there: are they what was written? */
static bool put_in_place(struct fetch *f, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    const struct lake_part *p = f->part;
    char *dir = arena_strz(a, str_from(p->path));
    uint32_t crc = 0;
    int64_t bytes = 0;
    if (fsync(f->fd) != 0)
        return err_errno(e, "can't sync", f->tmp);
    if (!lake_file_crc(f->tmp, &crc, &bytes, e))
        return false;
    if (crc != p->crc || bytes != p->bytes)
        return err_set(e, ERR_INVALID, "it is not what was uploaded: CRC-32 %08x, not %08x",
                       (unsigned)crc, (unsigned)p->crc);
    *strrchr(dir, '/') = '\0';
    if (rename(f->tmp, p->path) != 0)
        return err_errno(e, "can't name the part", p->path);
    return lake_dir_sync(dir, e);
}

static void forget_ranges_locked(struct fetch *f)
{
    memset(f->ranges, RANGE_TODO, f->n_ranges);
    f->n_done = 0;
}

static void fail_locked(struct fetch *f, const struct err *why)
{
    if (f->state != FETCH_FAILED)
        f->why = *why;
    f->state = FETCH_FAILED;
    atomic_store(&f->stop, true);
}

static void end_locked(struct lake_remote *r, struct fetch *f)
{
    struct err e = {0};
    f->state = FETCH_ENDS;
    lock_drop(&r->lock);
    bool ok = put_in_place(f, &e);
    if (ok)
        lake_cache_arrived(f->part);
    lock_take(&r->lock);
    if (ok) {
        f->state = FETCH_DONE;
        r->figures.fetched++;
        r->figures.fetched_bytes += (uint64_t)f->part->bytes;
    } else if (e.code == ERR_INVALID && !f->again) {
        f->again = true;
        f->state = FETCH_GOES;
        forget_ranges_locked(f);
    } else {
        if (e.code == ERR_INVALID)
            forget_ranges_locked(f);
        fail_locked(f, &e);
    }
}

/* The next range that is to be read; NULL: none. */
static struct fetch *next_locked(struct lake_remote *r, size_t *out_range)
{
    for (struct fetch *f = r->fetches; f != NULL; f = f->next) {
        if (f->state != FETCH_GOES || f->waiters == 0 || atomic_load(&f->stop))
            continue;
        if (f->n_done == f->n_ranges && f->running == 0) {
            *out_range = f->n_ranges;
            return f;
        }
        for (size_t i = 0; i < f->n_ranges; i++)
            if (f->ranges[i] == RANGE_TODO) {
                *out_range = i;
                return f;
            }
    }
    return NULL;
}

static void run_locked(struct lake_remote *r, struct fetch *f, size_t range)
{
    struct err e = {0};
    if (range == f->n_ranges) {
        end_locked(r, f);
        if (f->state == FETCH_DONE && f->waiters == 0)
            drop_locked(r, f);
        return;
    }
    f->ranges[range] = RANGE_RUNS;
    f->running++;
    lock_drop(&r->lock);
    bool ok = get_range(f, range, &e);
    lock_take(&r->lock);
    f->running--;
    f->ranges[range] = ok ? RANGE_DONE : RANGE_TODO;
    f->n_done += ok;
    if (!ok && !(e.code == ERR_CANCELLED && atomic_load(&f->stop)))
        fail_locked(f, &e);
}

static void *work(void *arg)
{
    struct lake_remote *r = arg;
    size_t range = 0;
    lock_take(&r->lock);
    while (!atomic_load(&r->stop)) {
        struct fetch *f = next_locked(r, &range);
        if (f == NULL) {
            cond_wait(&r->wake, &r->lock);
            continue;
        }
        run_locked(r, f, range);
        cond_broadcast(&r->done);
        cond_broadcast(&r->wake);
    }
    lock_drop(&r->lock);
    return NULL;
}

static bool start_locked(struct lake_remote *r, struct err *e)
{
    while (r->n_fetchers < r->max_fetchers) {
        if (pthread_create(&r->fetchers[r->n_fetchers], NULL, work, r) != 0)
            return r->n_fetchers > 0 || err_set(e, ERR_IO, "can't start a thread that fetches");
        r->n_fetchers++;
    }
    return true;
}

/* ---- those who wait ---- */

static bool gave_up(struct lake_remote *r, const struct lake_patience *p, struct err *e)
{
    if (atomic_load(&r->stop))
        return !err_set(e, ERR_CANCELLED, "the server stops");
    if (p->cancel != NULL && atomic_load(p->cancel))
        return !err_set(e, ERR_CANCELLED, "the query was cancelled");
    if (p->deadline_us != 0 && clock_mono_us() > p->deadline_us)
        return !err_set(e, ERR_TIMEOUT, "the query ran longer than it may");
    return false;
}

static void explain(const struct lake_remote *r, const struct lake_part *p, const struct err *why,
                    struct err *e)
{
    err_set(e, ERR_IO, "part %.*s of table '%.*s' is only in %s at %s and can't be fetched: %s",
            STR_ARG(p->id), STR_ARG(p->table), r->url, r->endpoint, why->msg);
    if (e == NULL)
        return;
    (void)snprintf(e->kind, sizeof(e->kind), "%s",
                   why->code == ERR_INVALID ? LAKE_CHANGED : LAKE_UNREACHABLE);
    err_hint(e, "a query over other times or terms may not need it; see 'vedette check'");
}

/* Begins to fetch a part, or joins those who wait for it. false: the caller gave up meanwhile, or
 * it can't be begun. */
static bool join_locked(struct lake_remote *r, struct lake_part *part,
                        const struct lake_patience *p, struct fetch **out, struct err *e)
{
    struct fetch *f = find_locked(r, part);
    struct err why = {0};
    /* Ranges of an attempt that is over must end first. */
    while (f != NULL && f->waiters == 0 && f->running > 0 && !gave_up(r, p, e)) {
        (void)cond_wait_us(&r->done, &r->lock, LOOK_US);
        f = find_locked(r, part);
    }
    if (f != NULL && f->waiters == 0 && f->running > 0)
        return false;
    if (f == NULL) {
        f = fetch_new(part);
        f->next = r->fetches;
        r->fetches = f;
    }
    if (f->waiters == 0 && f->state != FETCH_ENDS && f->state != FETCH_DONE) {
        s3_close(f->s3);
        atomic_store(&f->stop, false);
        f->state = FETCH_GOES;
        f->again = false;
        f->s3 = lake_remote_client(r, &f->stop, &why);
        if (f->s3 == NULL || !open_file(f, &why))
            fail_locked(f, &why);
    }
    f->waiters++;
    *out = f;
    return true;
}

static void leave_locked(struct lake_remote *r, struct fetch *f)
{
    if (--f->waiters > 0)
        return;
    f->idle_us = clock_mono_us();
    if (f->state == FETCH_GOES)
        atomic_store(&f->stop, true);
    if (f->state == FETCH_DONE)
        drop_locked(r, f);
}

/* false: one of them failed, or the caller gave up. */
static bool wait_locked(struct lake_remote *r, struct fetch *const *fetches, size_t n,
                        const struct lake_patience *p, struct err *e)
{
    for (;;) {
        bool all = true;
        for (size_t i = 0; i < n; i++) {
            if (fetches[i]->state == FETCH_FAILED) {
                explain(r, fetches[i]->part, &fetches[i]->why, e);
                return false;
            }
            all = all && fetches[i]->state == FETCH_DONE;
        }
        if (all)
            return true;
        if (gave_up(r, p, e))
            return false;
        (void)cond_wait_us(&r->done, &r->lock, LOOK_US);
    }
}

/* ---- how much ---- */

static bool has_room(struct lake_remote *r, struct lake_part *const *parts, size_t n,
                     const struct lake_patience *p, struct err *e)
{
    struct statvfs v;
    int64_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += parts[i]->bytes;
    if (p->most_bytes > 0 && bytes > p->most_bytes) {
        err_set(
            e, ERR_LIMIT,
            "%zu parts with %lld MiB would have to be fetched from %s; a query may fetch %lld MiB",
            n, (long long)(bytes >> 20), r->url, (long long)(p->most_bytes >> 20));
        err_hint(e, "a smaller range of TimeGenerated needs less; or raise lake_fetch_max");
        return false;
    }
    lake_cache_shrink(r, bytes);
    struct store_room room = store_room(r->s);
    if (statvfs(parts[0]->lake->dir, &v) != 0)
        return true;
    uint64_t free_bytes = (uint64_t)v.f_bavail * v.f_frsize;
    if (free_bytes >= (uint64_t)bytes + room.wanted_bytes / 2)
        return true;
    err_set(e, ERR_IO,
            "no room for %zu parts with %lld MiB that are only in %s: %llu MiB are free below %s",
            n, (long long)(bytes >> 20), r->url, (unsigned long long)(free_bytes >> 20),
            parts[0]->lake->dir);
    if (e != NULL)
        (void)err_kind(e, LAKE_UNREACHABLE);
    err_hint(e, "make room on that disk, or ask for a smaller range of TimeGenerated");
    return false;
}

bool lake_remote_fetch(struct lake_remote *r, struct lake_part *const *parts, size_t n,
                       const struct lake_patience *p, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct fetch **mine = arena_array(a, struct fetch *, n + 1);
    size_t joined = 0;
    if (!has_room(r, parts, n, p, e))
        return false;
    lock_take(&r->lock);
    bool ok = start_locked(r, e);
    while (ok && joined < n) {
        ok = join_locked(r, parts[joined], p, &mine[joined], e);
        joined += ok;
    }
    cond_broadcast(&r->wake);
    ok = ok && wait_locked(r, mine, joined, p, e);
    for (size_t i = 0; i < joined; i++)
        leave_locked(r, mine[i]);
    lock_drop(&r->lock);
    if (ok || (e != NULL && lake_is_store_fault(e)))
        lake_remote_note(r, ok ? NULL : e);
    return ok;
}

/* ---- giving up ---- */

static void free_idle(struct lake_remote *r, int64_t before_us)
{
    lock_take(&r->lock);
    for (struct fetch *f = r->fetches, *next; f != NULL; f = next) {
        next = f->next;
        if (f->waiters > 0 || f->running > 0 || f->state == FETCH_ENDS || f->idle_us > before_us)
            continue;
        drop_locked(r, f);
        next = r->fetches;
    }
    lock_drop(&r->lock);
}

void lake_remote_fetch_tidy(struct lake_remote *r)
{
    free_idle(r, clock_mono_us() - IDLE_US);
}

void lake_remote_fetch_stop(struct lake_remote *r)
{
    lock_take(&r->lock);
    atomic_store(&r->stop, true);
    for (struct fetch *f = r->fetches; f != NULL; f = f->next)
        atomic_store(&f->stop, true);
    cond_broadcast(&r->wake);
    cond_broadcast(&r->done);
    unsigned n = r->n_fetchers;
    lock_drop(&r->lock);
    for (unsigned i = 0; i < n; i++)
        pthread_join(r->fetchers[i], NULL);
    free_idle(r, INT64_MAX);
}
