/* Opening and closing the lake of a workspace, and what is known of its hot rows. */
#include "store/lake/remote_priv.h"

/* ---- hot rows above the marks ---- */

void lake_appended(struct lake *l, struct store_batch *const *batches, size_t n)
{
    int64_t now = clock_mono_us();
    lock_take(&l->lock);
    for (size_t i = 0; i < n; i++) {
        struct lake_hot *h = lake_hot_locked(l, batches[i]->t.name);
        h->rows += (int64_t)store_batch_rows(batches[i]);
        h->bytes += (int64_t)store_batch_bytes(batches[i]);
        if (h->since_us == 0 && h->rows > 0)
            h->since_us = now;
    }
    lock_drop(&l->lock);
}

/* SELECT for one table of what is above its mark. */
static void sql_count(struct lake *l, const struct ws_table *t, const struct lake_table *lt,
                      struct sbuf *sql)
{
    sbuf_addz(sql, sql->n > 0 ? " UNION ALL SELECT " : "SELECT ");
    sql_text(sql, t->name);
    sbuf_addz(sql, ", count(*), CAST(coalesce(sum(\"_BilledSize\"), 0) AS BIGINT), "
                   "coalesce(max(\"_TimeReceived\"), 0) FROM ");
    sql_table(l->w, t->phys, sql);
    sbuf_addf(sql, " WHERE \"_TimeReceived\" > %lld", (long long)(lt != NULL ? lt->sealed : 0));
}

static bool count_hot(struct lake *l, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(8 << 20);
    lock_take(&l->w->lock);
    for (size_t i = 0; i < l->w->listed.n; i++)
        if (l->w->listed.p[i]->phys.n > 0)
            sql_count(l, l->w->listed.p[i], lake_view_find(l->current, l->w->listed.p[i]->name),
                      &sql);
    lock_drop(&l->w->lock);
    if (sql.n == 0)
        return true;
    struct kql_column c[] = {{STR("table"), KQL_STRING},
                             {STR("rows"), KQL_LONG},
                             {STR("bytes"), KQL_LONG},
                             {STR("newest"), KQL_DATETIME}};
    struct kql_schema schema = {c, COUNTOF(c)};
    struct engine_rows *rows = NULL;
    if (!engine_conn_query(l->conn, sbuf_str(&sql), &schema, &rows, e))
        return false;
    lock_take(&l->lock);
    for (size_t i = 0; i < engine_rows_count(rows); i++) {
        struct lake_hot *h = lake_hot_locked(l, engine_rows_get(rows, i, 0).s);
        h->rows = engine_rows_get(rows, i, 1).i;
        h->bytes = engine_rows_get(rows, i, 2).i;
        h->since_us = h->rows > 0 ? clock_mono_us() : 0;
        int64_t newest = engine_rows_get(rows, i, 3).i;
        /* Marks rely on it: a row that comes later has a later time of receipt. */
        if (newest > l->w->last_received)
            l->w->last_received = newest;
    }
    lock_drop(&l->lock);
    engine_rows_free(rows);
    return true;
}

static bool count_aside(struct lake *l, struct err *e)
{
    struct store_check c = {0};
    bool ok = lake_aside_count(l, &c, e);
    l->quarantined = c.quarantined;
    return ok;
}

/* ---- opening ---- */

/* Blocks that an earlier run had of parts that are only in a store. */
static void adopt_copies(struct lake *l)
{
    for (size_t i = 0; i < l->current->n; i++)
        for (size_t k = 0; k < l->current->tables[i].n; k++)
            if (l->current->tables[i].parts[k]->where == LAKE_AWAY)
                lake_remote_adopt(l->current->tables[i].parts[k]);
}

struct lake *lake_open(struct workspace *w, const char *dir, struct err *e)
{
    struct lake *l = xcalloc(1, sizeof(*l));
    l->w = w;
    lock_init(&l->lock, "lake");
    cond_init(&l->idle);
    cond_init(&l->moved);
    l->a = arena_new(0);
    l->shapes = map_new(l->a, false);
    l->names = map_new(l->a, false);
    l->hot = map_new(l->a, false);
    l->kept = map_new(l->a, false);
    l->clusters = map_new(l->a, false);
    l->dir = lake_place(w->s, w->id, dir);
    struct lake_edit none = {0};
    lake_publish(l, &none);
    l->conn = engine_conn_open(w->s->engine, e);
    if (l->conn != NULL && lake_manifest_load(l, e) && count_hot(l, e) && count_aside(l, e)) {
        adopt_copies(l);
        return l;
    }
    lake_close(l);
    return NULL;
}

void lake_close(struct lake *l)
{
    if (l == NULL)
        return;
    lake_view_drop(l->current);
    CHECK(l->views == NULL);
    for (struct lake_part *p = l->unlinked, *next; p != NULL; p = next) {
        next = p->next; /* the manifest's list of them is worked off by the next start */
        lake_part_free(p);
    }
    engine_conn_close(l->conn);
    cond_fini(&l->moved);
    cond_fini(&l->idle);
    lock_fini(&l->lock);
    lake_paths_free(l);
    xfree(l->dir);
    arena_free(l->a);
    xfree(l);
}

/* ---- work ---- */

void lake_work_begin(struct lake *l)
{
    lock_take(&l->lock);
    while (l->working)
        cond_wait(&l->idle, &l->lock);
    l->working = true;
    lock_drop(&l->lock);
}

void lake_work_end(struct lake *l)
{
    lock_take(&l->lock);
    l->working = false;
    cond_broadcast(&l->idle);
    lock_drop(&l->lock);
}

static void add_waiting(struct store_lake_sums *sums, const struct lake_part *p, int64_t since)
{
    sums->waiting++;
    sums->waiting_bytes += p->bytes;
    if (sums->waiting_since == 0 || since < sums->waiting_since)
        sums->waiting_since = since;
}

struct store_lake_sums store_lake_sums(struct workspace *w)
{
    struct lake *l = w->lake;
    struct store_lake_sums sums = {0};
    struct lake_view *v = lake_view_take(l);
    struct str name;
    void *hot;
    const struct lake_remote *r = w->s->remote;
    lock_take(&l->lock);
    for (size_t i = 0; i < v->n; i++)
        for (size_t k = 0; k < v->tables[i].n; k++) {
            const struct lake_part *p = v->tables[i].parts[k];
            sums.parts++;
            sums.rows += p->rows;
            sums.bytes += p->bytes;
            sums.local_bytes += p->where != LAKE_AWAY ? p->bytes : 0;
            sums.away += p->where == LAKE_AWAY;
            sums.stored += p->stored;
            sums.stored_bytes += p->stored ? p->bytes : 0;
            if (r != NULL && !p->stored)
                add_waiting(&sums, p, p->made > r->opened ? p->made : r->opened);
            sums.indexes += p->terms_bytes > 0;
            sums.index_bytes += p->terms_bytes;
        }
    for (size_t i = 0; map_next(l->hot, &i, &name, &hot);)
        sums.hot_rows += ((struct lake_hot *)hot)->rows;
    sums.quarantined = l->quarantined;
    lock_drop(&l->lock);
    lake_view_drop(v);
    return sums;
}

void workspace_hold(struct workspace *w)
{
    lake_work_begin(w->lake);
}

void workspace_unhold(struct workspace *w)
{
    lake_work_end(w->lake);
}
