/* Room on the disk of the data folder. Before it is full the store stops taking what others send,
 * while what the system itself finds out (alerts, changes of incidents, health) still gets the
 * rest; so the disk never fills under a commit, and there is room left to delete, checkpoint and
 * back up. */
#include <stdio.h>
#include <sys/statvfs.h>

#include "store/store_priv.h"

enum { LOOK_EVERY_US = 100000 };

struct room {
    struct lock lock; /* everything below */
    struct room_limits limits;
    struct store_room now;
    int64_t looked_us; /* monotonic; 0: never */
};

struct room *room_new(const struct room_limits *l)
{
    struct room *r = xcalloc(1, sizeof(*r));
    lock_init(&r->lock, "room");
    r->limits = *l;
    return r;
}

void room_free(struct room *r)
{
    if (r == NULL)
        return;
    lock_fini(&r->lock);
    xfree(r);
}

static uint64_t wanted(const struct room_limits *l, uint64_t total)
{
    uint64_t share = total / 100 * l->min_free_percent;
    return share > l->min_free_bytes ? share : l->min_free_bytes;
}

/* Back up only a quarter above the mark, so that a file that comes and goes does not make the level
 * do the same. */
enum store_room_level room_level(enum store_room_level was, uint64_t free_bytes, uint64_t want)
{
    uint64_t half = want / 2, margin = want / 4;
    enum store_room_level low = STORE_ROOM_OK;
    if (free_bytes < half || (was == STORE_ROOM_NONE && free_bytes < half + margin / 2))
        low = STORE_ROOM_NONE;
    else if (free_bytes < want || (was != STORE_ROOM_OK && free_bytes < want + margin))
        low = STORE_ROOM_LOW;
    return low;
}

static void tell(const struct store *s, const struct store_room *now)
{
    static const char *const words[] = {
        [STORE_ROOM_OK] = "there is room on the disk again: everything is taken",
        [STORE_ROOM_LOW] = "read-only: the disk is nearly full; logs are refused",
        [STORE_ROOM_NONE] = "read-only: the disk is all but full; own rows wait, too"};
    LOG(now->level == STORE_ROOM_OK ? LOG_INFO : LOG_ERROR, "store", words[now->level],
        log_z("folder", s->dir), log_i("free_bytes", (int64_t)now->free_bytes),
        log_i("wanted_bytes", (int64_t)now->wanted_bytes));
}

/* A file system that can't be asked keeps the level that it had. */
static bool look_locked(const struct store *s, struct room *r)
{
    struct statvfs v;
    if (statvfs(s->dir, &v) != 0)
        return false;
    r->now.free_bytes = (uint64_t)v.f_bavail * v.f_frsize;
    r->now.total_bytes = (uint64_t)v.f_blocks * v.f_frsize;
    r->now.wanted_bytes = wanted(&r->limits, r->now.total_bytes);
    enum store_room_level level = room_level(r->now.level, r->now.free_bytes, r->now.wanted_bytes);
    bool changed = level != r->now.level;
    r->now.level = level;
    r->now.changes += changed;
    return changed;
}

struct store_room store_room(struct store *s)
{
    struct room *r = s->room;
    int64_t us = clock_mono_us();
    lock_take(&r->lock);
    bool due = r->looked_us == 0 || us - r->looked_us >= LOOK_EVERY_US;
    bool changed = due && look_locked(s, r);
    if (due)
        r->looked_us = us;
    struct store_room now = r->now;
    lock_drop(&r->lock);
    if (changed)
        tell(s, &now);
    return now;
}

bool store_room_check(struct store *s, enum store_room_level refused_at, struct err *e)
{
    struct store_room now = store_room(s);
    if (now.level < refused_at)
        return true;
    err_set(
        e, ERR_BUSY,
        "The server is read-only: its disk has %llu MiB free and wants %llu MiB. Nothing of the "
        "request was stored; send it again later.",
        (unsigned long long)(now.free_bytes >> 20), (unsigned long long)(now.wanted_bytes >> 20));
    err_hint(e, "make room on the disk; it then goes on by itself");
    if (e != NULL)
        (void)err_kind(e, STORE_NO_ROOM);
    return false;
}

bool store_has_no_room(const struct err *e)
{
    return e->code == ERR_BUSY && strcmp(e->kind, STORE_NO_ROOM) == 0;
}
