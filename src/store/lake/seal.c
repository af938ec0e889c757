/* Sealing: the rows of a hot table that are above its mark become parts; later they are deleted
 * from the hot table. */
#include "store/lake/lake_priv.h"

enum { SEAL_MAX_SQL = 1 << 20, SLICE_ROWS = 200000 };

struct phys_col *lake_columns(struct lake *l, struct arena *a, struct str table,
                              struct str *out_hot, size_t *out_n)
{
    lock_take(&l->w->lock);
    const struct ws_table *t = ws_table_find_locked(l->w, table);
    size_t n = t != NULL ? t->cols.n : 0;
    struct phys_col *cols = arena_array(a, struct phys_col, n + 1);
    if (n > 0)
        memcpy(cols, t->cols.p, n * sizeof(*cols));
    *out_hot = t != NULL ? t->phys : STR_NONE;
    lock_drop(&l->w->lock);
    *out_n = n;
    return cols;
}

static int64_t mark_of(struct lake *l, struct str table)
{
    struct lake_view *v = lake_view_take(l);
    const struct lake_table *t = lake_view_find(v, table);
    int64_t mark = t != NULL ? t->sealed : 0;
    lake_view_drop(v);
    return mark;
}

/* The newest row's time of receipt: later rows have later ones (docs/storage.md). 0: no row. */
static bool newest(struct lake *l, struct str hot, int64_t mark, int64_t *out, struct err *e)
{
    struct kql_column c = {STR("newest"), KQL_DATETIME};
    struct kql_schema schema = {&c, 1};
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(SEAL_MAX_SQL);
    sbuf_addz(&sql, "SELECT coalesce(max(\"_TimeReceived\"), 0) FROM ");
    sql_table(l->w, hot, &sql);
    sbuf_addf(&sql, " WHERE \"_TimeReceived\" > %lld", (long long)mark);
    struct engine_rows *rows = NULL;
    if (!engine_conn_query(l->conn, sbuf_str(&sql), &schema, &rows, e))
        return false;
    *out = engine_rows_get(rows, 0, 0).i;
    engine_rows_free(rows);
    return true;
}

static void sealed_now(struct lake *l, struct str table, int64_t rows, int64_t bytes)
{
    lock_take(&l->lock);
    struct lake_hot *h = lake_hot_locked(l, table);
    h->rows = h->rows > rows ? h->rows - rows : 0;
    h->bytes = h->rows > 0 && h->bytes > bytes ? h->bytes - bytes : 0;
    h->since_us = h->rows > 0 ? clock_mono_us() : 0;
    lock_drop(&l->lock);
}

static bool seal_up_to(struct lake *l, struct arena *a, struct lake_source *src, struct str hot,
                       int64_t mark, int64_t upto, int64_t *out_rows, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf from = sbuf_make(SEAL_MAX_SQL);
    sbuf_addz(&from, "(SELECT * FROM ");
    sql_table(l->w, hot, &from);
    sbuf_addf(&from, " WHERE \"_TimeReceived\" > %lld AND \"_TimeReceived\" <= %lld)",
              (long long)mark, (long long)upto);
    src->from = sbuf_str(&from);
    struct lake_written x = {0};
    lock_take(&l->lock);
    int64_t bytes = lake_hot_locked(l, src->table)->bytes;
    lock_drop(&l->lock);
    if (!lake_write(l, a, src, &x, e))
        return false;
    struct lake_edit edit = {.table = src->table, .sealed = upto, .add = x.parts, .n_add = x.n};
    /* When the commit fails the files stay: should it have reached the disk after all, the next
     * start finds them in the manifest, else it sets them aside. */
    bool ok = lake_manifest_commit(l, &edit, e);
    for (size_t i = 0; i < x.n; i++)
        lake_part_unref(x.parts[i]);
    if (!ok)
        return false;
    sealed_now(l, src->table, x.rows, bytes);
    *out_rows = x.rows;
    LOG(LOG_INFO, "lake", "sealed", log_s("workspace", l->w->name), log_s("table", src->table),
        log_i("rows", x.rows), log_i("parts", (int64_t)x.n));
    return true;
}

bool lake_seal(struct lake *l, struct str table, int64_t *out_rows, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct lake_source src = {.table = table};
    struct str hot;
    int64_t upto = 0, mark = mark_of(l, table);
    (void)lake_columns(l, a, table, &hot, &src.n);
    *out_rows = 0;
    if (hot.n == 0)
        return true;
    if (!newest(l, hot, mark, &upto, e)) {
        err_prefix(e, "sealing of table '%.*s'", STR_ARG(table));
        return false;
    }
    if (upto == 0)
        return true;
    /* Only now: all columns that rows up to there have are known before these rows are. */
    src.cols = lake_columns(l, a, table, &hot, &src.n);
    if (seal_up_to(l, a, &src, hot, mark, upto, out_rows, e))
        return true;
    err_prefix(e, "sealing of table '%.*s'", STR_ARG(table));
    return false;
}

/* ---- deleting what is sealed ---- */

static bool delete_in_writer(struct workspace *w, void *arg, struct err *e)
{
    return engine_conn_exec(w->conn, *(struct str *)arg, e);
}

/* The time of receipt of the first SLICE_ROWS rows that are left: producers wait while the writer
 * deletes. 0: none are left. */
static bool slice_end(struct lake *l, struct str hot, int64_t upto, int64_t *out, struct err *e)
{
    struct kql_column c = {STR("end"), KQL_DATETIME};
    struct kql_schema schema = {&c, 1};
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(SEAL_MAX_SQL);
    sbuf_addz(&sql, "SELECT coalesce(max(r), 0) FROM (SELECT \"_TimeReceived\" AS r FROM ");
    sql_table(l->w, hot, &sql);
    sbuf_addf(&sql, " WHERE \"_TimeReceived\" <= %lld ORDER BY r LIMIT %d)", (long long)upto,
              SLICE_ROWS);
    struct engine_rows *rows = NULL;
    if (!engine_conn_query(l->conn, sbuf_str(&sql), &schema, &rows, e))
        return false;
    *out = engine_rows_get(rows, 0, 0).i;
    engine_rows_free(rows);
    return true;
}

static bool delete_slice(struct lake *l, struct str hot, int64_t upto, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(SEAL_MAX_SQL);
    sbuf_addz(&sql, "DELETE FROM ");
    sql_table(l->w, hot, &sql);
    sbuf_addf(&sql, " WHERE \"_TimeReceived\" <= %lld", (long long)upto);
    struct str text = sbuf_str(&sql);
    return writer_run(l->w->writer, delete_in_writer, &text, e);
}

static void trim_table(struct lake *l, struct str table, int64_t upto)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    struct str hot;
    size_t n;
    struct err e = {0};
    int64_t end = 0;
    (void)lake_columns(l, a, table, &hot, &n);
    bool ok = hot.n == 0 || slice_end(l, hot, upto, &end, &e);
    while (ok && end > 0)
        ok = delete_slice(l, hot, end, &e) && slice_end(l, hot, upto, &end, &e);
    if (!ok) {
        LOG(LOG_WARN, "lake", "sealed rows were not deleted from the hot table; tried again later",
            log_s("workspace", l->w->name), log_s("table", table), log_z("reason", e.msg));
        return;
    }
    lock_take(&l->lock);
    lake_hot_locked(l, table)->trimmed = upto;
    lock_drop(&l->lock);
}

void lake_trim(struct lake *l)
{
    struct lake_view *v = lake_view_take(l);
    for (size_t i = 0; i < v->n; i++) {
        int64_t upto = lake_lowest_mark(l, v->tables[i].name);
        lock_take(&l->lock);
        bool due = upto > lake_hot_locked(l, v->tables[i].name)->trimmed;
        lock_drop(&l->lock);
        if (due)
            trim_table(l, v->tables[i].name, upto);
    }
    lake_view_drop(v);
    lake_paths_save(l);
}

/* ---- by hand ---- */

bool workspace_seal(struct workspace *w, struct str name, int64_t *out_rows, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    VEC(struct str) names = {0};
    lock_take(&w->lock);
    for (size_t i = 0; i < w->listed.n; i++)
        if (name.n == 0 || str_eq(w->listed.p[i]->name, name))
            VEC_PUSH(a, &names, w->listed.p[i]->name);
    bool known = names.n > 0 || name.n == 0 || ws_table_find_locked(w, name) != NULL;
    lock_drop(&w->lock);
    if (!known)
        return err_set(e, ERR_NOT_FOUND, "there is no table '%.*s'", STR_ARG(name));
    bool ok = true;
    int64_t total = 0;
    lake_work_begin(w->lake);
    for (size_t i = 0; ok && i < names.n; i++) {
        int64_t rows = 0;
        ok = lake_seal(w->lake, names.p[i], &rows, e);
        total += rows;
    }
    lake_trim(w->lake);
    lake_work_end(w->lake);
    if (out_rows != NULL)
        *out_rows = total;
    return ok;
}
