/* Which members of dynamic columns queries read, and how often: what seals choose from. Kept in
 * memory and, with each seal, in the workspace's database: what was counted since is lost when the
 * process is killed, which costs speed only. */
#include <stdlib.h>

#include "store/lake/lake_priv.h"

enum { MOST_PATHS = 512, MOST_PATH_BYTES = 512, SAVE_MAX_SQL = 1 << 20 };
#define FORGET_TICKS (30 * TICKS_PER_DAY) /* not read for so long */

static struct str own_copy(struct str s)
{
    return (struct str){xstrndup(s), s.n};
}

static void fini(struct lake_path *p)
{
    struct str texts[] = {p->table, p->phys, p->path};
    for (size_t i = 0; i < COUNTOF(texts); i++)
        xfree((char *)(uintptr_t)texts[i].p);
}

void lake_paths_free(struct lake *l)
{
    for (size_t i = 0; i < l->n_paths; i++)
        fini(&l->paths[i]);
    xfree(l->paths);
    l->paths = NULL;
    l->n_paths = 0;
}

/* The entry, made when it is new; when there are too many it takes the place of the one that was
 * read the longest ago. */
static struct lake_path *entry_locked(struct lake *l, struct str table, struct str phys,
                                      struct str path)
{
    size_t oldest = 0;
    for (size_t i = 0; i < l->n_paths; i++) {
        struct lake_path *p = &l->paths[i];
        if (str_eq(p->table, table) && str_eq(p->phys, phys) && str_eq(p->path, path))
            return p;
        oldest = p->used < l->paths[oldest].used ? i : oldest;
    }
    if (l->paths == NULL)
        l->paths = xcalloc(MOST_PATHS, sizeof(*l->paths));
    size_t at = l->n_paths < MOST_PATHS ? l->n_paths++ : oldest;
    fini(&l->paths[at]);
    l->paths[at] = (struct lake_path){own_copy(table), own_copy(phys), own_copy(path), 0, 0};
    return &l->paths[at];
}

void lake_path_used(struct lake *l, struct str table, struct str phys, struct str path)
{
    int64_t now = clock_now(l->w->s->clock);
    if (path.n > MOST_PATH_BYTES)
        return;
    lock_take(&l->lock);
    struct lake_path *p = entry_locked(l, table, phys, path);
    p->uses++;
    p->used = now;
    l->paths_changed = true;
    lock_drop(&l->lock);
}

bool lake_path_kept(const struct lake_table *t, struct str phys, struct str path)
{
    const struct lake_shape *last = NULL;
    for (size_t i = t->n; i-- > 0;) {
        if (t->parts[i]->shape == last)
            continue;
        last = t->parts[i]->shape;
        if (lake_shape_path(last, phys, path) != NULL)
            return true;
    }
    return false;
}

static int by_uses(const void *a, const void *b)
{
    const struct lake_path *x = a, *y = b;
    if (x->uses != y->uses)
        return x->uses > y->uses ? -1 : 1;
    return str_cmp(x->path, y->path);
}

struct lake_path *lake_paths_of(struct lake *l, struct arena *a, struct str table, struct str phys,
                                size_t *out_n)
{
    int64_t oldest = clock_now(l->w->s->clock) - FORGET_TICKS;
    struct lake_path *list = arena_array(a, struct lake_path, MOST_PATHS);
    size_t n = 0;
    lock_take(&l->lock);
    for (size_t i = 0; i < l->n_paths; i++) {
        const struct lake_path *p = &l->paths[i];
        if (!str_eq(p->table, table) || !str_eq(p->phys, phys) || p->used < oldest)
            continue;
        list[n] = *p;
        list[n].table = table;
        list[n].phys = phys;
        list[n++].path = arena_str(a, p->path);
    }
    lock_drop(&l->lock);
    if (n > 0)
        qsort(list, n, sizeof(*list), by_uses);
    *out_n = n;
    return list;
}

/* ---- in the database ---- */

bool lake_paths_load(struct lake *l, struct err *e)
{
    struct kql_column c[] = {{STR("table_name"), KQL_STRING},
                             {STR("column_name"), KQL_STRING},
                             {STR("path"), KQL_STRING},
                             {STR("uses"), KQL_LONG},
                             {STR("used"), KQL_LONG}};
    struct kql_schema schema = {c, COUNTOF(c)};
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(4096);
    sbuf_addz(&sql, "SELECT table_name, column_name, path, uses, used FROM ");
    sql_table(l->w, STR("vedette_paths"), &sql);
    struct engine_rows *rows = NULL;
    if (!engine_conn_query(l->conn, sbuf_str(&sql), &schema, &rows, e))
        return false;
    lock_take(&l->lock);
    for (size_t i = 0; i < engine_rows_count(rows); i++) {
        struct lake_path *p =
            entry_locked(l, engine_rows_get(rows, i, 0).s, engine_rows_get(rows, i, 1).s,
                         engine_rows_get(rows, i, 2).s);
        p->uses = engine_rows_get(rows, i, 3).i;
        p->used = engine_rows_get(rows, i, 4).i;
    }
    lock_drop(&l->lock);
    engine_rows_free(rows);
    return true;
}

static void sql_row(const struct lake_path *p, bool first, struct sbuf *sql)
{
    struct str texts[] = {p->table, p->phys, p->path};
    sbuf_addz(sql, first ? "(" : ", (");
    for (size_t i = 0; i < COUNTOF(texts); i++) {
        sql_text(sql, texts[i]);
        sbuf_addz(sql, ", ");
    }
    sbuf_addf(sql, "%lld, %lld)", (long long)p->uses, (long long)p->used);
}

static bool sql_save(struct lake *l, struct sbuf *sql)
{
    int64_t oldest = clock_now(l->w->s->clock) - FORGET_TICKS;
    sbuf_addz(sql, "DELETE FROM ");
    sql_table(l->w, STR("vedette_paths"), sql);
    sbuf_addz(sql, ";\n");
    bool first = true;
    lock_take(&l->lock);
    bool changed = l->paths_changed;
    l->paths_changed = false;
    for (size_t i = 0; i < l->n_paths; i++) {
        if (l->paths[i].used < oldest)
            continue;
        if (first) {
            sbuf_addz(sql, "INSERT INTO ");
            sql_table(l->w, STR("vedette_paths"), sql);
            sbuf_addz(sql, " VALUES ");
        }
        sql_row(&l->paths[i], first, sql);
        first = false;
    }
    lock_drop(&l->lock);
    sbuf_addz(sql, first ? "" : ";\n");
    return changed;
}

static bool save_in_writer(struct workspace *w, void *arg, struct err *e)
{
    if (!engine_begin(w->conn, e))
        return false;
    if (engine_conn_exec(w->conn, *(struct str *)arg, e))
        return engine_commit(w->conn, e);
    engine_rollback(w->conn);
    return false;
}

void lake_paths_save(struct lake *l)
{
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(SAVE_MAX_SQL);
    if (!sql_save(l, &sql))
        return;
    struct err e = {0};
    struct str text = sbuf_str(&sql);
    if (!sbuf_ok(&sql) || !writer_run(l->w->writer, save_in_writer, &text, &e))
        LOG(LOG_WARN, "lake", "which members of dynamic columns queries read was not saved",
            log_s("workspace", l->w->name), log_z("reason", e.msg));
}
