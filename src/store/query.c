/* Compiling and running KQL in a workspace, and the list of its tables. */
#include "base/clock.h"
#include "store/lake/lake.h"
#include <sys/stat.h>

#include "store/store_priv.h"

static bool run_once(const struct catalog_asker *k, struct arena *a, struct store_result *out,
                     bool *out_mended, struct err *e)
{
    struct workspace *w = k->w;
    const struct engine_source *src = source_snapshot(w, a);
    if (k->lake)
        source_see_all(src);
    source_see_as(src, k->query);
    out->rows = arena_array(a, struct engine_rows *, out->compiled.n);
    bool ok = true;
    for (; ok && out->n < out->compiled.n; out->n += ok)
        ok = engine_run(w->s->engine, out->compiled.results[out->n].plan, src, k->limits,
                        &out->rows[out->n], e);
    /* What a damaged file does to the database is one of these two, and so is what a table that
     * has gone does. */
    bool broken = !ok && e != NULL && (e->code == ERR_IO || e->code == ERR_INTERNAL) &&
                  !lake_is_store_fault(e);
    struct str deleted = broken ? source_deleted(src) : STR_NONE;
    bool altered = !ok && alterations_since(&w->s->alterations, k->alterations);
    *out_mended = broken && !altered && deleted.n == 0 && source_mend(src);
    if (deleted.n > 0)
        err_set(e, ERR_CONFLICT, "table '%.*s' was deleted meanwhile", STR_ARG(deleted));
    source_release(src);
    return ok;
}

/* A part that turns out to be damaged is set aside, and the rest answers. */
bool query_run_compiled(const struct catalog_asker *k, struct arena *a, struct store_result *out,
                        struct err *e)
{
    enum { TRIES = 5 };
    bool mended = true;
    for (int i = 0; i < TRIES && mended; i++) {
        if (run_once(k, a, out, &mended, e))
            return true;
        if (mended)
            store_result_fini(out);
    }
    return false;
}

bool query_run_plan(struct workspace *w, struct arena *a, struct plan *p,
                    const struct engine_limits *limits, struct engine_rows **out, struct err *e)
{
    struct catalog_asker asker = {.w = w, .limits = limits};
    struct kql_result one = {.plan = p};
    struct store_result result = {.compiled = {.results = &one, .n = 1}};
    bool ok = query_run_compiled(&asker, a, &result, e);
    if (ok)
        *out = result.rows[0];
    return ok;
}

const struct store_access *store_author_access(const struct store_authors *x, struct arena *a,
                                               struct workspace *w, const char *kind, struct str id)
{
    return x != NULL ? x->access(x->self, a, w, kind, id) : NULL;
}

static bool refuse(const struct catalog_asker *asker, struct kql_diags *diags, struct err *e)
{
    const struct err *refused = asker->access != NULL ? asker->access->refused : NULL;
    if (refused == NULL || refused->code == ERR_OK)
        return false;
    if (e != NULL)
        *e = *refused;
    *diags = (struct kql_diags){.a = diags->a, .text = diags->text};
    return true;
}

bool compiled_within(const struct catalog_asker *asker, bool ok, struct kql_diags *diags,
                     struct err *e)
{
    bool rule = asker->query->options.rule_restrictions;
    if (refuse(asker, diags, e))
        return false;
    if (!ok)
        kql_diags_err(diags, e);
    if (!asker->too_many)
        return ok;
    err_set(e, ERR_LIMIT, "the query names more than %d workspaces, which is the limit",
            rule ? STORE_RULE_WORKSPACES : STORE_QUERY_WORKSPACES);
    *diags = (struct kql_diags){.a = diags->a, .text = diags->text};
    return false;
}

static bool compile(struct catalog_asker *asker, struct arena *a, const struct store_query *q,
                    int64_t since, struct kql_query *out, struct kql_diags *diags, struct err *e)
{
    struct workspace *w = asker->w;
    struct kql_options options = q->options;
    struct engine_limits limits = q->limits;
    asker->access = q->access;
    struct kql_catalog catalog = catalog_for(asker);
    asker->limits = &limits;
    asker->lake = q->lake;
    asker->query = q;
    asker->alterations = alterations_now(&w->s->alterations);
    if (options.windows != KQL_WINDOWS_NONE)
        catalog.peek = NULL; /* columns that rows bring could be others in each window */
    if (q->windows != NULL && q->windows->period > q->windows->frequency)
        options.grid = (struct kql_window_grid){.first = q->windows->first,
                                                .frequency = q->windows->frequency};
    options.catalog = &catalog;
    engine_limits_wish(&limits, &options.request, since, q->most);
    if (options.session.database.n == 0)
        options.session.database = w->name;
    if (options.now_ticks == 0)
        options.now_ticks = clock_now(w->s->clock);
    if (diags->a == NULL)
        diags->a = a;
    diags->text = q->text;
    return compiled_within(asker, kql_compile(a, q->text, &options, out, diags), diags, e);
}

bool workspace_compile(struct workspace *w, struct arena *a, const struct store_query *q,
                       struct kql_query *out, struct kql_diags *diags, struct err *e)
{
    struct catalog_asker asker = {.w = w};
    int64_t since = q->since_us != 0 ? q->since_us : clock_mono_us();
    return compile(&asker, a, q, since, out, diags, e);
}

static bool query_once(struct workspace *w, struct arena *a, const struct store_query *q,
                       struct store_result *out, struct kql_diags *diags, struct err *e)
{
    int64_t since = q->since_us != 0 ? q->since_us : clock_mono_us();
    struct catalog_asker asker = {.w = w};
    struct store_result result = {0};
    if (!compile(&asker, a, q, since, &result.compiled, diags, e))
        return false;
    struct engine_limits limits = q->limits;
    asker.limits = &limits;
    engine_limits_wish(&limits, &result.compiled.request, since, q->most);
    result.limits = limits;
    if (!query_run_compiled(&asker, a, &result, e)) {
        if (e != NULL && e->code == ERR_TIMEOUT)
            err_set(e, ERR_TIMEOUT, "The query exceeded the timeout of %lld s.",
                    (long long)(limits.deadline_us - since + 500000) / 1000000);
        kql_err_locate(q->text, e);
        store_result_fini(&result);
        return false;
    }
    *out = result;
    return true;
}

/* What failed while a column's type was changed is compiled anew for the new type. */
bool workspace_query(struct workspace *w, struct arena *a, const struct store_query *q,
                     struct store_result *out, struct kql_diags *diags, struct err *e)
{
    enum { TRIES = 5 };
    const struct kql_diags empty = *diags;
    struct err first = {0}, *own = e != NULL ? e : &first;
    for (int i = 1;; i++) {
        uint64_t before = alterations_now(&w->s->alterations);
        if (query_once(w, a, q, out, diags, own))
            return true;
        if (i == TRIES || !alterations_since(&w->s->alterations, before))
            return false;
        *diags = empty;
        *own = (struct err){0};
    }
}

void store_result_fini(struct store_result *r)
{
    for (size_t i = 0; i < r->n; i++)
        engine_rows_free(r->rows[i]);
    r->n = 0;
}

/* ---- vedette tables ---- */

static bool count_rows(struct engine_conn *c, struct workspace *w, struct str phys,
                       const struct lake_table *lt, struct store_table_info *info, struct err *e)
{
    struct kql_column cols[] = {{STR("rows"), KQL_LONG},
                                {STR("oldest"), KQL_DATETIME},
                                {STR("newest"), KQL_DATETIME},
                                {STR("billed"), KQL_LONG}};
    struct kql_schema schema = {cols, COUNTOF(cols)};
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(4096);
    sbuf_addz(&sql, "SELECT count(*), min(\"TimeGenerated\"), max(\"TimeGenerated\"), "
                    "CAST(coalesce(sum(\"_BilledSize\"), 0) AS BIGINT) FROM ");
    sql_table(w, phys, &sql);
    sbuf_addf(&sql, " WHERE \"_TimeReceived\" > %lld",
              (long long)(lt != NULL ? lt->sealed : INT64_MIN));
    struct engine_rows *rows = NULL;
    if (!engine_conn_query(c, sbuf_str(&sql), &schema, &rows, e))
        return false;
    info->hot_rows = info->rows = engine_rows_get(rows, 0, 0).i;
    info->oldest = engine_rows_get(rows, 0, 1).i;
    info->newest = engine_rows_get(rows, 0, 2).i;
    info->billed_bytes = engine_rows_get(rows, 0, 3).i;
    engine_rows_free(rows);
    return true;
}

static void add_parts(const struct lake_table *lt, struct store_table_info *info)
{
    for (size_t i = 0; lt != NULL && i < lt->n; i++) {
        const struct lake_part *p = lt->parts[i];
        info->oldest = info->rows == 0 || p->min_time < info->oldest ? p->min_time : info->oldest;
        info->newest = info->rows == 0 || p->max_time > info->newest ? p->max_time : info->newest;
        info->rows += p->rows;
        info->bytes += p->bytes;
        lake_where_bytes(p, &info->local_bytes, &info->stored_bytes);
        info->sealed_billed_bytes += p->billed;
        info->billed_bytes += p->billed;
        info->parts++;
    }
}

static bool list_tables(struct workspace *w, struct arena *a, struct store_table_info **out,
                        size_t *n, struct err *e)
{
    struct lake_view *view = lake_view_take(w->lake);
    lock_take(&w->lock);
    size_t count = w->listed.n;
    struct store_table_info *infos = arena_array(a, struct store_table_info, count);
    struct str *phys = arena_array(a, struct str, count);
    for (size_t i = 0; i < count; i++) {
        const struct ws_table *t = w->listed.p[i];
        infos[i] = (struct store_table_info){.name = t->name, .custom = t->def->custom};
        infos[i].n_columns = t->def->t.schema.n;
        infos[i].n_stored_columns = t->cols.n;
        phys[i] = t->phys;
    }
    lock_drop(&w->lock);
    struct engine_conn *c = engine_conn_open(w->s->engine, e);
    bool ok = c != NULL;
    for (size_t i = 0; ok && i < count; i++) {
        const struct lake_table *lt = lake_view_find(view, infos[i].name);
        ok = phys[i].n == 0 || count_rows(c, w, phys[i], lt, &infos[i], e);
        add_parts(lt, &infos[i]);
    }
    engine_conn_close(c);
    lake_view_drop(view);
    if (!ok)
        return false;
    *out = infos;
    *n = count;
    return true;
}

bool store_tables(struct workspace *w, struct arena *a, struct store_table_info **out, size_t *n,
                  struct err *e)
{
    uint64_t before = alterations_now(&w->s->alterations);
    return list_tables(w, a, out, n, e) ||
           (alterations_since(&w->s->alterations, before) && list_tables(w, a, out, n, e));
}

static uint64_t file_bytes(struct arena *a, const struct workspace *w, const char *name)
{
    struct stat st;
    const char *path = arena_fmt(a, "%s/%.*s/%s", w->s->dir, STR_ARG(w->id), name).p;
    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

uint64_t workspace_database_bytes(struct workspace *w)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    return file_bytes(a, w, "hot.duckdb") + file_bytes(a, w, "hot.duckdb.wal");
}

uint64_t workspace_disk_bytes(struct workspace *w)
{
    return workspace_database_bytes(w) + (uint64_t)store_lake_sums(w).local_bytes;
}

bool workspace_table_is_billable(struct workspace *w, struct str name)
{
    lock_take(&w->lock);
    const struct ws_table *t = ws_table_find_locked(w, name);
    bool billable = t != NULL && t->def->billable;
    lock_drop(&w->lock);
    return billable;
}
