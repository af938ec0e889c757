/* How long rows are kept. Age counts from the receipt, so that imported old logs stay as long as
 * new ones. Whole parts leave: queries no longer see one whose newest row is older than the
 * analytics retention, and its file goes after the total retention. */
#include "store/lake/lake_priv.h"

static struct lake_kept *kept_locked(struct lake *l, struct str table)
{
    struct lake_kept *k = map_get(l->kept, table);
    if (k == NULL) {
        k = arena_new_of(l->a, struct lake_kept);
        map_put(l->kept, lake_name_locked(l, table), k);
    }
    return k;
}

/* What holds for a table, defaults put in; 0: for ever. */
static struct lake_kept in_force(struct lake *l, struct str table)
{
    lock_take(&l->lock);
    const struct lake_kept *own = map_get(l->kept, table);
    struct lake_kept k = own != NULL ? *own : (struct lake_kept){0};
    lock_drop(&l->lock);
    if (k.analytics_days == 0)
        k.analytics_days = l->w->s->lake.retention_days;
    if (k.total_days == 0)
        k.total_days = k.analytics_days;
    return k;
}

static int64_t before(struct lake *l, int64_t days)
{
    int64_t now = clock_now(l->w->s->clock);
    return days == 0 || now / TICKS_PER_DAY < days ? INT64_MIN : now - days * TICKS_PER_DAY;
}

int64_t lake_oldest_received(struct lake *l, struct str table)
{
    return before(l, in_force(l, table).analytics_days);
}

/* ---- expiry ---- */

static bool expire_table(struct lake *l, const struct lake_table *t, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct lake_part **old = arena_array(a, struct lake_part *, t->n + 1);
    struct lake_edit edit = {.table = t->name, .remove = old};
    int64_t oldest = before(l, in_force(l, t->name).total_days), rows = 0;
    for (size_t i = 0; i < t->n; i++) {
        if (t->parts[i]->max_received >= oldest)
            continue;
        rows += t->parts[i]->rows;
        old[edit.n_remove++] = t->parts[i];
    }
    if (edit.n_remove == 0)
        return true;
    LOG(LOG_INFO, "lake", "rows are past their retention", log_s("workspace", l->w->name),
        log_s("table", t->name), log_i("rows", rows), log_i("parts", (int64_t)edit.n_remove));
    return lake_manifest_commit(l, &edit, e);
}

void lake_expire(struct lake *l)
{
    struct lake_view *v = lake_view_take(l);
    for (size_t i = 0; i < v->n; i++) {
        struct err e = {0};
        if (!expire_table(l, &v->tables[i], &e))
            LOG(LOG_WARN, "lake", "rows past their retention were not deleted; tried again later",
                log_s("workspace", l->w->name), log_s("table", v->tables[i].name),
                log_z("reason", e.msg));
    }
    lake_view_drop(v);
}

/* ---- settings of a table ---- */

bool lake_retention_load(struct lake *l, struct err *e)
{
    struct kql_column c[] = {{STR("table_name"), KQL_STRING},
                             {STR("analytics_days"), KQL_LONG},
                             {STR("total_days"), KQL_LONG}};
    struct kql_schema schema = {c, COUNTOF(c)};
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(4096);
    sbuf_addz(&sql, "SELECT table_name, analytics_days, total_days FROM ");
    sql_table(l->w, STR("vedette_retention"), &sql);
    struct engine_rows *rows = NULL;
    if (!engine_conn_query(l->conn, sbuf_str(&sql), &schema, &rows, e))
        return false;
    lock_take(&l->lock);
    for (size_t i = 0; i < engine_rows_count(rows); i++)
        *kept_locked(l, engine_rows_get(rows, i, 0).s) =
            (struct lake_kept){engine_rows_get(rows, i, 1).i, engine_rows_get(rows, i, 2).i};
    lock_drop(&l->lock);
    engine_rows_free(rows);
    return true;
}

static bool days_ok(int64_t days)
{
    static const int years[] = {1095, 1460, 1826, 2191, 2556, 2922, 3288, 3653, 4018, 4383};
    bool ok = days == 0 || (days >= 4 && days <= 730);
    for (size_t i = 0; !ok && i < COUNTOF(years); i++)
        ok = days == years[i];
    return ok;
}

static bool check_days(const struct store_retention *r, struct err *e)
{
    if (r->analytics_days != 0 && (r->analytics_days < 4 || r->analytics_days > 730))
        return err_set(e, ERR_INVALID, "retentionInDays: %lld is not between 4 and 730",
                       (long long)r->analytics_days);
    if (!days_ok(r->total_days))
        return err_set(e, ERR_INVALID,
                       "totalRetentionInDays: %lld is not between 4 and 730, nor a number of years "
                       "(1095, 1460, 1826, 2191, 2556, 2922, 3288, 3653, 4018, 4383)",
                       (long long)r->total_days);
    if (r->total_days != 0 && r->analytics_days > r->total_days)
        return err_set(e, ERR_INVALID, "totalRetentionInDays is shorter than retentionInDays");
    return true;
}

static bool set_in_writer(struct workspace *w, void *arg, struct err *e)
{
    if (!engine_begin(w->conn, e))
        return false;
    if (engine_conn_exec(w->conn, *(struct str *)arg, e))
        return engine_commit(w->conn, e);
    engine_rollback(w->conn);
    return false;
}

bool workspace_retention_set(struct workspace *w, struct str table, const struct store_retention *r,
                             struct err *e)
{
    struct lake *l = w->lake;
    if (!check_days(r, e))
        return false;
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(1 << 16);
    sbuf_addz(&sql, "DELETE FROM ");
    sql_table(w, STR("vedette_retention"), &sql);
    sbuf_addz(&sql, " WHERE table_name = ");
    sql_text(&sql, table);
    sbuf_addz(&sql, ";\nINSERT INTO ");
    sql_table(w, STR("vedette_retention"), &sql);
    sbuf_addz(&sql, " VALUES (");
    sql_text(&sql, table);
    sbuf_addf(&sql, ", %lld, %lld);\n", (long long)r->analytics_days, (long long)r->total_days);
    struct str text = sbuf_str(&sql);
    if (!writer_run(w->writer, set_in_writer, &text, e))
        return false;
    lock_take(&l->lock);
    *kept_locked(l, table) = (struct lake_kept){r->analytics_days, r->total_days};
    lock_drop(&l->lock);
    return true;
}

void workspace_retention(struct workspace *w, struct str table, struct store_retention *own,
                         struct store_retention *out_in_force)
{
    struct lake *l = w->lake;
    lock_take(&l->lock);
    const struct lake_kept *k = map_get(l->kept, table);
    *own =
        (struct store_retention){k != NULL ? k->analytics_days : 0, k != NULL ? k->total_days : 0};
    lock_drop(&l->lock);
    struct lake_kept f = in_force(l, table);
    *out_in_force = (struct store_retention){f.analytics_days, f.total_days};
}
