/* Bringing parts here: ranges of several parts at the same time, into a temporary file that becomes
 * the part's own once it is whole and its checksum fits. A query may want blocks of it only: these
 * are compared with their own checksums, and stay as long as the cache has room, over a restart,
 * too. What was begun and given up is gone on with when the part is asked for again. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store/lake/remote_priv.h"
#include "text/deflate.h"

enum { RANGE_BYTES = 4 << 20, RANGE_BLOCKS = RANGE_BYTES / LAKE_BLOCK_BYTES, LOOK_US = 50000 };

/* ---- beginning and ending ---- */

static struct fetch *fetch_new(struct lake_part *p)
{
    struct fetch *f = xcalloc(1, sizeof(*f));
    f->a = arena_new(1 << 20);
    f->part = p;
    f->fd = -1;
    f->key = lake_remote_key(f->a, p->lake, lake_below(p));
    f->tmp = arena_strz(f->a, arena_fmt(f->a, "%s.tmp", p->path));
    f->n_blocks = lake_blocks(p);
    f->blocks = xcalloc(f->n_blocks + 1, sizeof(*f->blocks));
    f->kept = xcalloc(f->n_blocks + 1, sizeof(*f->kept));
    f->sums = lake_sums_load(p);
    lock_take(&p->lake->lock);
    p->refs++;
    lock_drop(&p->lake->lock);
    return f;
}

/* Nobody waits for it and nothing of it runs; not among the others any more. */
static void fetch_free(struct fetch *f)
{
    if (f->fd >= 0)
        close(f->fd);
    if (f->made && f->state != FETCH_DONE && !f->stays)
        (void)unlink(f->tmp);
    s3_close(f->s3);
    lake_part_unref(f->part);
    xfree(f->sums);
    xfree(f->blocks);
    xfree(f->kept);
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

void lake_fetch_drop_locked(struct lake_remote *r, struct fetch *f)
{
    take_out_locked(r, f);
    lock_drop(&r->lock);
    fetch_free(f);
    lock_take(&r->lock);
}

struct fetch *lake_fetch_find_locked(struct lake_remote *r, const struct lake_part *p)
{
    struct fetch *f = r->fetches;
    while (f != NULL && f->part != p)
        f = f->next;
    return f;
}

static void forget_blocks(struct fetch *f)
{
    memset(f->blocks, BLOCK_TODO, f->n_blocks);
    memset(f->kept, 0, f->n_blocks * sizeof(*f->kept));
    f->n_done = f->n_wanted = f->n_kept = 0;
}

/* The file as it was left, or an empty one. */
static bool open_copy(struct fetch *f, struct err *e)
{
    struct stat st;
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    char *dir = arena_strz(a, str_from(f->tmp));
    *strrchr(dir, '/') = '\0';
    if (f->fd >= 0)
        return true;
    if (!lake_dir_make(dir, e))
        return false;
    size_t some = f->n_done + f->n_kept;
    f->fd = open(f->tmp, O_RDWR | O_CREAT | O_CLOEXEC | (some == 0 ? O_TRUNC : 0), 0600);
    if (f->fd < 0)
        return err_errno(e, "can't make", f->tmp);
    f->made = true;
    if (some > 0 && (fstat(f->fd, &st) != 0 || st.st_size == 0))
        forget_blocks(f); /* somebody took it away */
    return true;
}

/* Room for all of it, so that a full disk is found before anything is read. */
static bool make_room(struct fetch *f, struct err *e)
{
    if (f->part->bytes == 0 || fallocate(f->fd, 0, 0, f->part->bytes) == 0 || errno == EOPNOTSUPP ||
        errno == ENOSYS)
        return true;
    return err_errno(e, "no room for", f->tmp);
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

/* Blocks that came are what was written, as far as that is known of a block. */
static bool blocks_fit(const struct fetch *f, size_t from, struct str bytes, struct err *e)
{
    for (size_t i = from; f->sums != NULL && bytes.n > 0; i++) {
        struct str block = str_sub(bytes, 0, LAKE_BLOCK_BYTES);
        if (crc32_more(0, block) != f->sums[i])
            return err_set(e, ERR_INVALID, "it is not what was uploaded: CRC-32 of block %zu", i);
        bytes = str_sub(bytes, block.n, bytes.n);
    }
    return true;
}

static size_t range_bytes(const struct fetch *f, size_t from, size_t count)
{
    int64_t left = f->part->bytes - (int64_t)from * LAKE_BLOCK_BYTES;
    int64_t most = (int64_t)count * LAKE_BLOCK_BYTES;
    return (size_t)(left < most ? left : most);
}

/* What an earlier run left in the file is believed when it fits. */
static bool are_kept(const struct fetch *f, size_t from, size_t count)
{
    size_t n = range_bytes(f, from, count);
    char *bytes = xmalloc(n + 1);
    bool fit = lake_pread(f->fd, bytes, n, (int64_t)from * LAKE_BLOCK_BYTES, f->tmp, NULL) &&
               blocks_fit(f, from, (struct str){bytes, n}, NULL);
    xfree(bytes);
    return fit;
}

/* kept: they may be in the file; says whether they were. */
static bool get_blocks(const struct fetch *f, size_t from, size_t count, bool *kept, struct err *e)
{
    int64_t at = (int64_t)from * LAKE_BLOCK_BYTES;
    size_t n = range_bytes(f, from, count);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make((size_t)RANGE_BYTES + 65536);
    *kept = *kept && are_kept(f, from, count);
    if (*kept)
        return true;
    if (!s3_get(f->s3, f->key, STR(""), at, n, &b, e))
        return false;
    if (b.n != n)
        return err_set(e, ERR_IO, "%s: %zu bytes instead of %zu", s3_label(f->s3), b.n, n);
    return blocks_fit(f, from, sbuf_str(&b), e) && write_range(f, sbuf_str(&b), at, e);
}

/* All ranges are there: are they what was written? */
static bool put_in_place(const struct fetch *f, struct err *e)
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

static void fail_locked(struct fetch *f, const struct err *why)
{
    if (f->state != FETCH_FAILED)
        f->why = *why;
    f->state = FETCH_FAILED;
    atomic_store(&f->stop, true);
}

static void want_locked(struct fetch *f, size_t from, size_t n)
{
    for (size_t i = from; i < from + n; i++)
        if (f->blocks[i] == BLOCK_TODO) {
            f->blocks[i] = BLOCK_WANTED;
            f->n_wanted++;
        }
}

static void end_locked(struct lake_remote *r, struct fetch *f)
{
    struct err e = {0};
    f->state = FETCH_ENDS;
    lock_drop(&r->lock);
    bool ok = put_in_place(f, &e);
    if (ok) {
        lake_sums_make(f->part);
        lake_cache_arrived(f->part);
    }
    lock_take(&r->lock);
    if (ok) {
        f->state = FETCH_DONE;
        r->figures.fetched++;
    } else if (e.code == ERR_INVALID && !f->again) {
        f->again = true;
        f->state = FETCH_GOES;
        forget_blocks(f);
        want_locked(f, 0, f->n_blocks);
    } else {
        if (e.code == ERR_INVALID)
            forget_blocks(f);
        fail_locked(f, &e);
    }
}

/* The next range that is to be read, *out_n blocks (0: the end is to be made); NULL: none. */
static struct fetch *next_locked(struct lake_remote *r, size_t *out_from, size_t *out_n)
{
    *out_n = 0;
    for (struct fetch *f = r->fetches; f != NULL; f = f->next) {
        if (f->state != FETCH_GOES || f->waiters + f->users == 0 || atomic_load(&f->stop))
            continue;
        if (f->n_done == f->n_blocks && f->running == 0)
            return f;
        if (f->n_wanted == 0)
            continue;
        size_t i = 0, n = 0;
        while (i < f->n_blocks && f->blocks[i] != BLOCK_WANTED)
            i++;
        while (n < RANGE_BLOCKS && i + n < f->n_blocks && f->blocks[i + n] == BLOCK_WANTED &&
               f->kept[i + n] == f->kept[i])
            n++;
        if (n == 0)
            continue;
        *out_from = i;
        *out_n = n;
        return f;
    }
    return NULL;
}

static void note_range_locked(struct lake_remote *r, struct fetch *f, size_t from, size_t n,
                              bool kept, const struct err *why)
{
    for (size_t i = from; i < from + n; i++) {
        f->n_kept -= f->kept[i];
        f->kept[i] = false;
    }
    f->running--;
    memset(f->blocks + from, why == NULL ? BLOCK_DONE : BLOCK_TODO, n);
    f->n_wanted -= n;
    if (why == NULL) {
        f->n_done += n;
        r->figures.ranges += !kept;
        r->figures.fetched_bytes += kept ? 0 : range_bytes(f, from, n);
    } else if (why->code == ERR_INVALID && !f->again) {
        f->again = true;
        want_locked(f, from, n);
    } else if (!(why->code == ERR_CANCELLED && atomic_load(&f->stop))) {
        fail_locked(f, why);
    }
}

static void run_locked(struct lake_remote *r, struct fetch *f, size_t from, size_t n)
{
    struct err e = {0};
    if (n == 0) {
        end_locked(r, f);
        if (f->state == FETCH_DONE && f->waiters + f->users == 0)
            lake_fetch_drop_locked(r, f);
        return;
    }
    memset(f->blocks + from, BLOCK_RUNS, n);
    f->running++;
    bool kept = f->kept[from];
    lock_drop(&r->lock);
    bool ok = get_blocks(f, from, n, &kept, &e);
    lock_take(&r->lock);
    note_range_locked(r, f, from, n, kept, ok ? NULL : &e);
}

static void *work(void *arg)
{
    struct lake_remote *r = arg;
    size_t from = 0, n = 0;
    lock_take(&r->lock);
    while (!atomic_load(&r->stop)) {
        struct fetch *f = next_locked(r, &from, &n);
        if (f == NULL) {
            cond_wait(&r->wake, &r->lock);
            continue;
        }
        run_locked(r, f, from, n);
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
    if (p->wait != NULL && p->wait->over(p->wait->self, e))
        return true;
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

struct fetch *lake_fetch_get_locked(struct lake_remote *r, struct lake_part *part)
{
    struct fetch *f = lake_fetch_find_locked(r, part);
    if (f != NULL)
        return f;
    f = fetch_new(part);
    f->next = r->fetches;
    r->fetches = f;
    return f;
}

/* Nobody waits: what the last ones wanted, or failed to get, is no more. */
static void begin_locked(struct lake_remote *r, struct fetch *f)
{
    struct err why = {0};
    for (size_t i = 0; i < f->n_blocks; i++)
        if (f->blocks[i] == BLOCK_WANTED)
            f->blocks[i] = BLOCK_TODO;
    f->n_wanted = 0;
    s3_close(f->s3);
    atomic_store(&f->stop, false);
    f->state = FETCH_GOES;
    f->again = false;
    f->s3 = lake_remote_client(r, &f->stop, &why);
    if (f->s3 == NULL || !open_copy(f, &why))
        fail_locked(f, &why);
}

/* Nobody is interested: what runs ends; what is here stays for a while. */
static void rest_locked(struct lake_remote *r, struct fetch *f)
{
    f->idle_us = clock_mono_us();
    if (f->state == FETCH_GOES)
        atomic_store(&f->stop, true);
    if (f->state == FETCH_DONE) {
        lake_fetch_drop_locked(r, f);
        return;
    }
    if (f->running > 0 || f->state == FETCH_ENDS || f->fd < 0)
        return;
    close(f->fd);
    f->fd = -1;
}

void lake_fetch_leave_locked(struct lake_remote *r, struct fetch *f)
{
    f->waiters--;
    if (f->waiters + f->users == 0)
        rest_locked(r, f);
}

void lake_fetch_unuse_locked(struct lake_remote *r, struct fetch *f)
{
    f->users--;
    if (f->waiters + f->users == 0)
        rest_locked(r, f);
}

bool lake_fetch_join_locked(struct lake_remote *r, struct fetch *f, const struct fetch_want *want,
                            const struct lake_patience *p, struct err *e)
{
    struct err why = {0};
    f->users++; /* it stays */
    /* Ranges of an attempt that is over must end first. */
    bool over = false;
    while (f->waiters == 0 && f->running > 0 && atomic_load(&f->stop) && !over) {
        over = gave_up(r, p, e);
        if (!over)
            (void)cond_wait_us(&r->done, &r->lock, LOOK_US);
    }
    if (over || !start_locked(r, e)) {
        lake_fetch_unuse_locked(r, f);
        return false;
    }
    f->users--;
    bool fresh = f->s3 == NULL || f->fd < 0 || f->state == FETCH_FAILED || atomic_load(&f->stop);
    if (f->waiters++ == 0 && fresh && f->state != FETCH_ENDS && f->state != FETCH_DONE)
        begin_locked(r, f);
    if (f->state == FETCH_GOES && want->all && !make_room(f, &why))
        fail_locked(f, &why);
    if (f->state == FETCH_GOES)
        want_locked(f, want->all ? 0 : want->from, want->all ? f->n_blocks : want->n);
    cond_broadcast(&r->wake);
    return true;
}

bool lake_fetch_wait_locked(struct lake_remote *r, struct fetch *f, const struct lake_patience *p,
                            struct err *e)
{
    if (f->state == FETCH_FAILED) {
        explain(r, f->part, &f->why, e);
        return false;
    }
    if (gave_up(r, p, e))
        return false;
    (void)cond_wait_us(&r->done, &r->lock, LOOK_US);
    return true;
}

/* false: one of them failed, or the caller gave up. */
static bool wait_locked(struct lake_remote *r, struct fetch *const *fetches, size_t n,
                        const struct lake_patience *p, struct err *e)
{
    for (size_t i = 0; i < n; i++)
        while (fetches[i]->state != FETCH_DONE)
            if (!lake_fetch_wait_locked(r, fetches[i], p, e))
                return false;
    return true;
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
    const struct fetch_want all = {.all = true};
    bool ok = true;
    lock_take(&r->lock);
    while (ok && joined < n) {
        mine[joined] = lake_fetch_get_locked(r, parts[joined]);
        ok = lake_fetch_join_locked(r, mine[joined], &all, p, e);
        joined += ok;
    }
    ok = ok && wait_locked(r, mine, joined, p, e);
    for (size_t i = 0; i < joined; i++)
        lake_fetch_leave_locked(r, mine[i]);
    lock_drop(&r->lock);
    if (ok || (e != NULL && lake_is_store_fault(e)))
        lake_remote_note(r, ok ? NULL : e);
    return ok;
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
    lake_fetch_free_idle(r, INT64_MAX, false);
}
