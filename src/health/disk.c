/* The disk: a row in Operation when the server becomes read-only and when it takes logs again, and
 * the rows that had to wait in between. */
#include "health/health_priv.h"

static struct health_operation describe(struct arena *a, const struct store_room *room, int64_t now)
{
    bool full = room->level != STORE_ROOM_OK;
    struct health_operation op = {.category = "Data Collection Status",
                                  .status = full ? "Warning" : "Succeeded"};
    op.key = arena_fmt(a, "disk/%s/%lld", full ? "full" : "room", (long long)now);
    op.detail =
        arena_fmt(a, "%s: the disk has %llu MiB free and wants %llu MiB.",
                  full ? "Data collection stopped, logs are refused" : "Data collection goes on",
                  (unsigned long long)(room->free_bytes >> 20),
                  (unsigned long long)(room->wanted_bytes >> 20));
    return op;
}

/* Without any room the row itself would be one more write; it is made when there is some. */
void health_disk(struct health *h)
{
    struct err e = {0};
    struct store_room room = store_room(h->o.store);
    bool was_full = h->told != STORE_ROOM_OK, full = room.level != STORE_ROOM_OK;
    h->rows_wait |= full || was_full;
    if (room.level == STORE_ROOM_NONE || !h->rows_wait)
        return;
    if (was_full != full) {
        AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
        struct health_operation op = describe(a, &room, clock_now(h->o.clock));
        struct workspace *w = NULL;
        bool ok = true;
        for (size_t i = 0; ok && (w = store_workspace_at(h->o.store, i)) != NULL; i++)
            ok = health_operation_put(h, a, w, &op, &e);
        if (ok)
            h->told = room.level;
    }
    h->rows_wait = e.code != ERR_OK || !incidents_flush(h->o.incidents, &e);
    if (h->rows_wait)
        LOG(LOG_WARN, "health", "rows wait: they could not be written", log_z("reason", e.msg));
}
