/* A copy of a workspace's database file as it is at one moment, made while it is written to. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "store/store_priv.h"

static const char *path_of(const struct workspace *w, struct arena *a, const char *name)
{
    return arena_fmt(a, "%s/%.*s/%s", w->s->dir, STR_ARG(w->id), name).p;
}

/* What a crash left behind. */
void snapshot_remove(struct workspace *w)
{
    static const char *const names[] = {WORKSPACE_SNAPSHOT, WORKSPACE_SNAPSHOT ".wal"};
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    for (size_t i = 0; i < COUNTOF(names); i++) {
        const char *path = path_of(w, a, names[i]);
        if (unlink(path) != 0 && errno != ENOENT)
            LOG(LOG_WARN, "store", "a file of an old snapshot can't be removed",
                log_z("file", path));
    }
}

static bool has_room_for_copy(struct workspace *w, struct err *e)
{
    struct store_room room = store_room(w->s);
    uint64_t need = workspace_database_bytes(w) + room.wanted_bytes / 2;
    return room.free_bytes == 0 || room.free_bytes > need ||
           err_set(e, ERR_IO,
                   "a copy of workspace '%.*s' needs %llu MiB on the data folder's disk, %llu MiB "
                   "are free",
                   STR_ARG(w->name), (unsigned long long)(need >> 20),
                   (unsigned long long)(room.free_bytes >> 20));
}

bool workspace_snapshot(struct workspace *w, struct arena *a, const char **out_path, struct err *e)
{
    bool free_before = false;
    if (!atomic_compare_exchange_strong(&w->copying, &free_before, true))
        return err_set(e, ERR_CONFLICT, "workspace '%.*s' is being copied already",
                       STR_ARG(w->name));
    *out_path = path_of(w, a, WORKSPACE_SNAPSHOT);
    snapshot_remove(w);
    bool ok = has_room_for_copy(w, e) && engine_copy_database(w->s->engine, w->db, *out_path, e);
    if (!ok)
        workspace_snapshot_end(w);
    return ok;
}

void workspace_snapshot_end(struct workspace *w)
{
    snapshot_remove(w);
    atomic_store(&w->copying, false);
}
