/* Ids of the last requests, so that a retry stores nothing twice. Two generations: the older one is
 * forgotten when the newer is 12 hours old or full; the table vedette_dedup holds the same ids for
 * the next start. */
#include "base/clock.h"
#include "store/store_priv.h"

enum { DEDUP_MAX_IDS = 1000000 };
#define DEDUP_TURN (12 * TICKS_PER_HOUR)

struct generation {
    struct arena *a;
    struct map *ids;
    int64_t since;
};
struct dedup {
    struct generation now, before;
};

static struct generation generation_new(int64_t since)
{
    struct arena *a = arena_new(0);
    return (struct generation){a, map_new(a, false), since};
}

struct dedup *dedup_new(void)
{
    struct dedup *d = xcalloc(1, sizeof(*d));
    d->now = generation_new(0);
    d->before = generation_new(0);
    return d;
}

void dedup_free(struct dedup *d)
{
    if (d == NULL)
        return;
    arena_free(d->now.a);
    arena_free(d->before.a);
    xfree(d);
}

bool dedup_seen(const struct dedup *d, struct str id)
{
    return map_get(d->now.ids, id) != NULL || map_get(d->before.ids, id) != NULL;
}

void dedup_add(struct dedup *d, struct str id, int64_t at)
{
    if (d->now.since == 0)
        d->now.since = at;
    map_put(d->now.ids, arena_str(d->now.a, id), d);
}

bool dedup_turn(struct dedup *d, int64_t now, int64_t *out_before)
{
    bool old = d->now.since != 0 && now - d->now.since > DEDUP_TURN;
    if (!old && map_count(d->now.ids) < DEDUP_MAX_IDS)
        return false;
    *out_before = d->now.since;
    arena_free(d->before.a);
    d->before = d->now;
    d->now = generation_new(0);
    return true;
}

bool dedup_load(struct workspace *w, struct err *e)
{
    struct kql_column cols[] = {{STR("id"), KQL_STRING}, {STR("seen"), KQL_DATETIME}};
    struct kql_schema schema = {cols, COUNTOF(cols)};
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(4096);
    sbuf_addz(&sql, "SELECT id, seen FROM ");
    sql_table(w, STR("vedette_dedup"), &sql);
    sbuf_addz(&sql, " ORDER BY seen");
    struct engine_rows *rows = NULL;
    if (!engine_conn_query(w->conn, sbuf_str(&sql), &schema, &rows, e))
        return false;
    for (size_t i = 0; i < engine_rows_count(rows); i++)
        dedup_add(w->dedup, engine_rows_get(rows, i, 0).s, engine_rows_get(rows, i, 1).i);
    engine_rows_free(rows);
    return true;
}
