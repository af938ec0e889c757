/* Plans of tables, and how long rows are kept. Age counts from the receipt, so that imported old
 * logs stay as long as new ones. Whole parts leave: queries no longer see one whose newest row is
 * older than the analytics retention, and its file goes after the total retention. */
#include "store/lake/lake_priv.h"
#include "text/date.h"

/* Days in reach of queries in the plans Basic and Auxiliary, which is also the least total. */
enum { LOW_PLAN_DAYS = 30, PLAN_PAUSE_DAYS = 7 };

static const char *const plans[] = {
    [STORE_PLAN_ANALYTICS] = "Analytics",
    [STORE_PLAN_BASIC] = "Basic",
    [STORE_PLAN_AUXILIARY] = "Auxiliary",
};

const char *store_plan_name(enum store_plan p)
{
    return plans[p];
}

bool store_plan_parse(struct str s, enum store_plan *out)
{
    for (size_t i = 0; i < COUNTOF(plans); i++)
        if (str_ieqz(s, plans[i])) {
            *out = (enum store_plan)i;
            return true;
        }
    return false;
}

struct plan_of {
    enum store_plan plan;
    int64_t changed;
    bool known, free; /* the table is; nobody is charged for it */
    bool restored;
};

static struct plan_of plan_of(struct lake *l, struct str table)
{
    lock_take(&l->w->lock);
    const struct ws_table *t = ws_table_find_locked(l->w, table);
    struct plan_of p = {0};
    if (t != NULL)
        p = (struct plan_of){t->plan, t->plan_changed, true, !t->def->billable, t->of != NULL};
    lock_drop(&l->w->lock);
    return p;
}

static void set_plan(struct lake *l, struct str table, enum store_plan plan, int64_t changed)
{
    lock_take(&l->w->lock);
    struct ws_table *t = ws_table_find_locked(l->w, table);
    if (t != NULL) {
        t->plan = plan;
        t->plan_changed = changed;
    }
    lock_drop(&l->w->lock);
}

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
    if (plan_of(l, table).plan == STORE_PLAN_ANALYTICS)
        return k;
    /* A change of plan takes rows out of reach; it deletes none before their time. */
    k.analytics_days = LOW_PLAN_DAYS;
    if (k.total_days > 0 && k.total_days < LOW_PLAN_DAYS)
        k.total_days = LOW_PLAN_DAYS;
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

bool lake_retention_spares(struct lake *l, struct str table, int64_t oldest, int64_t newest)
{
    enum { SHARE = 16 };
    struct lake_kept k = in_force(l, table);
    int64_t days[] = {k.analytics_days, k.total_days};
    bool ok = true;
    for (size_t i = 0; ok && i < COUNTOF(days); i++)
        ok = days[i] == 0 || newest < before(l, days[i]) ||
             (newest - oldest) / TICKS_PER_DAY * SHARE <= days[i];
    return ok;
}

/* ---- expiry ---- */

static bool expire_table(struct lake *l, const struct lake_table *t, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct lake_part **old = arena_array(a, struct lake_part *, t->n + 1);
    struct lake_edit edit = {.table = t->name, .remove = old};
    int64_t oldest = before(l, in_force(l, t->name).total_days), rows = 0;
    for (size_t i = 0; i < t->n; i++) {
        if (t->parts[i]->max_received >= oldest ||
            restore_holds(l->w, t->name, t->parts[i]->min_time, t->parts[i]->max_time))
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

bool lake_drop(struct lake *l, struct str table, struct err *e)
{
    struct lake_view *v = lake_view_take(l);
    const struct lake_table *t = lake_view_find(v, table);
    struct lake_edit edit = {.table = table};
    bool ok = true;
    if (t != NULL && t->n > 0) {
        edit.remove = t->parts;
        edit.n_remove = t->n;
        ok = lake_manifest_commit(l, &edit, e);
    }
    lake_view_drop(v);
    lake_manifest_unlink(l);
    return ok;
}

void lake_forget(struct lake *l, struct str table)
{
    lock_take(&l->lock);
    struct lake_hot *h = lake_hot_locked(l, table);
    h->rows = h->bytes = h->since_us = 0;
    *kept_locked(l, table) = (struct lake_kept){0};
    lock_drop(&l->lock);
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

static bool select_all(struct lake *l, const char *what, const char *from,
                       const struct kql_schema *schema, struct engine_rows **out, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(4096);
    sbuf_addf(&sql, "SELECT %s FROM ", what);
    sql_table(l->w, str_from(from), &sql);
    return engine_conn_query(l->conn, sbuf_str(&sql), schema, out, e);
}

static bool load_plans(struct lake *l, struct err *e)
{
    struct kql_column c[] = {
        {STR("table_name"), KQL_STRING}, {STR("plan"), KQL_STRING}, {STR("changed"), KQL_LONG}};
    struct kql_schema schema = {c, COUNTOF(c)};
    struct engine_rows *rows = NULL;
    if (!select_all(l, "table_name, plan, changed", "vedette_plans", &schema, &rows, e))
        return false;
    for (size_t i = 0; i < engine_rows_count(rows); i++) {
        enum store_plan plan = STORE_PLAN_ANALYTICS;
        if (!store_plan_parse(engine_rows_get(rows, i, 1).s, &plan))
            LOG(LOG_WARN, "lake", "a table has a plan that is not known; it is taken as Analytics",
                log_s("table", engine_rows_get(rows, i, 0).s));
        set_plan(l, engine_rows_get(rows, i, 0).s, plan, engine_rows_get(rows, i, 2).i);
    }
    engine_rows_free(rows);
    return true;
}

bool lake_retention_load(struct lake *l, struct err *e)
{
    struct kql_column c[] = {{STR("table_name"), KQL_STRING},
                             {STR("analytics_days"), KQL_LONG},
                             {STR("total_days"), KQL_LONG}};
    struct kql_schema schema = {c, COUNTOF(c)};
    struct engine_rows *rows = NULL;
    if (!select_all(l, "table_name, analytics_days, total_days", "vedette_retention", &schema,
                    &rows, e))
        return false;
    lock_take(&l->lock);
    for (size_t i = 0; i < engine_rows_count(rows); i++)
        *kept_locked(l, engine_rows_get(rows, i, 0).s) =
            (struct lake_kept){engine_rows_get(rows, i, 1).i, engine_rows_get(rows, i, 2).i};
    lock_drop(&l->lock);
    engine_rows_free(rows);
    return load_plans(l, e);
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

/* What the plans Basic and Auxiliary allow. */
static bool check_low_plan(const struct store_retention *r, struct err *e)
{
    if (r->analytics_days != 0 && r->analytics_days != LOW_PLAN_DAYS)
        return err_set(e, ERR_INVALID,
                       "retentionInDays: a table of plan %s keeps its rows in reach of queries for "
                       "%d days; only totalRetentionInDays can be set",
                       store_plan_name(r->plan), LOW_PLAN_DAYS);
    return r->total_days == 0 || r->total_days >= LOW_PLAN_DAYS ||
           err_set(e, ERR_INVALID,
                   "totalRetentionInDays: at least %d days expected for a table of plan %s",
                   LOW_PLAN_DAYS, store_plan_name(r->plan));
}

static bool check_plan(struct lake *l, struct str table, const struct plan_of *was,
                       enum store_plan plan, struct err *e)
{
    int64_t until = was->changed + PLAN_PAUSE_DAYS * TICKS_PER_DAY;
    char text[29];
    if (plan == was->plan)
        return true;
    if (was->free)
        return err_set(e, ERR_UNSUPPORTED,
                       "properties.plan: table '%.*s' has the plan Analytics only, since nobody is "
                       "charged for it",
                       STR_ARG(table));
    if (was->changed == 0 || clock_now(l->w->s->clock) >= until)
        return true;
    date_format(until, text);
    return err_set(e, ERR_CONFLICT,
                   "properties.plan: a table's plan can be changed once a week; that of '%.*s' "
                   "again from %s",
                   STR_ARG(table), text);
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

/* DELETE of the table's row in one of the two, and the beginning of its INSERT. */
static void sql_replace(struct workspace *w, const char *where, struct str table, struct sbuf *sql)
{
    sbuf_addz(sql, "DELETE FROM ");
    sql_table(w, str_from(where), sql);
    sbuf_addz(sql, " WHERE table_name = ");
    sql_text(sql, table);
    sbuf_addz(sql, ";\nINSERT INTO ");
    sql_table(w, str_from(where), sql);
    sbuf_addz(sql, " VALUES (");
    sql_text(sql, table);
}

bool workspace_retention_set(struct workspace *w, struct str table, const struct store_retention *r,
                             struct err *e)
{
    struct lake *l = w->lake;
    struct plan_of was = plan_of(l, table);
    int64_t changed = r->plan == was.plan ? was.changed : clock_now(w->s->clock);
    if (!was.known)
        return err_set(e, ERR_NOT_FOUND, "there is no table '%.*s'", STR_ARG(table));
    if (was.restored)
        return err_set(e, ERR_UNSUPPORTED,
                       "table '%.*s' shows restored logs, which stay until it is deleted",
                       STR_ARG(table));
    if (!check_plan(l, table, &was, r->plan, e) || !check_days(r, e) ||
        (r->plan != STORE_PLAN_ANALYTICS && !check_low_plan(r, e)))
        return false;
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(1 << 16);
    sql_replace(w, "vedette_retention", table, &sql);
    sbuf_addf(&sql, ", %lld, %lld);\n", (long long)r->analytics_days, (long long)r->total_days);
    sql_replace(w, "vedette_plans", table, &sql);
    sbuf_addz(&sql, ", ");
    sql_text(&sql, str_from(store_plan_name(r->plan)));
    sbuf_addf(&sql, ", %lld);\n", (long long)changed);
    struct str text = sbuf_str(&sql);
    if (!writer_run(w->writer, set_in_writer, &text, e))
        return false;
    set_plan(l, table, r->plan, changed);
    lock_take(&l->lock);
    *kept_locked(l, table) = (struct lake_kept){r->analytics_days, r->total_days};
    lock_drop(&l->lock);
    return true;
}

void workspace_retention(struct workspace *w, struct str table, struct store_retention *own,
                         struct store_retention *out_in_force)
{
    struct lake *l = w->lake;
    struct plan_of p = plan_of(l, table);
    lock_take(&l->lock);
    const struct lake_kept *k = map_get(l->kept, table);
    *own = (struct store_retention){k != NULL ? k->analytics_days : 0,
                                    k != NULL ? k->total_days : 0, p.plan, p.changed};
    lock_drop(&l->lock);
    struct lake_kept f = in_force(l, table);
    *out_in_force = (struct store_retention){f.analytics_days, f.total_days, p.plan, p.changed};
}
