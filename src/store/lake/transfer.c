/* A workspace's tables as JSON and Parquet files, and the way back. */
#include <stdio.h>

#include "store/lake/lake_priv.h"
#include "text/date.h"
#include "text/json.h"

enum { DDL_MAX_BYTES = 4 << 20, MAX_STORED = 1000 };

/* ---- writing ---- */

static void write_column(struct json_out *o, const struct phys_col *c)
{
    json_obj(o);
    json_kv_str(o, "name", c->name);
    json_kv_z(o, "type", kql_type_name(c->type));
    if (c->phys.n > 0 && !str_eq(c->phys, c->name))
        json_kv_str(o, "storedAs", c->phys);
    if (c->former != 0) {
        json_key(o, "formerTypes");
        json_arr(o);
        for (int t = KQL_UNKNOWN + 1; t < KQL_N_TYPES; t++)
            if ((c->former >> t & 1) != 0)
                json_z(o, kql_type_name((enum kql_type)t));
        json_arr_end(o);
    }
    json_obj_end(o);
}

/* The columns that the workspace made itself. */
static void write_declared(struct json_out *o, const struct table_def *def)
{
    json_key(o, "schema");
    json_arr(o);
    for (size_t i = 0; i < def->t.schema.n; i++) {
        const struct kql_column *c = &def->t.schema.cols[i];
        if (!store_column_is_services(c->name) && !str_eqz(c->name, "TimeGenerated"))
            write_column(o, &(struct phys_col){.name = c->name, .type = c->type});
    }
    json_arr_end(o);
}

static void write_part(struct json_out *o, const struct lake_part *p)
{
    json_obj(o);
    json_kv_str(o, "id", p->id);
    json_kv_int(o, "rows", p->rows);
    json_kv_int(o, "bytes", p->bytes);
    json_kv_int(o, "crc32", (int64_t)p->crc);
    json_kv_time(o, "minTime", p->min_time);
    json_kv_time(o, "maxTime", p->max_time);
    json_kv_time(o, "maxReceived", p->max_received);
    json_kv_time(o, "made", p->made);
    json_kv_int(o, "billedBytes", p->billed);
    json_key(o, "columns");
    json_raw(o, p->shape->text);
    json_obj_end(o);
}

static struct str below(struct arena *a, const struct lake_part *p)
{
    return arena_fmt(a, "lake/%s", p->path + strlen(p->lake->dir) + 1);
}

/* Calls fn with the part's file, which is here meanwhile. */
static bool with_file(struct lake_part *p, store_file_fn *fn, void *ctx, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    if (!lake_pin(&p, 1, NULL, e))
        return false;
    bool ok = fn(ctx, below(a, p), p->path, e);
    lake_unpin(&p, 1);
    return ok;
}

bool workspace_each_part(struct workspace *w, bool (*wants)(void *ctx, struct str path),
                         store_file_fn *fn, void *ctx, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    struct lake_view *v = lake_view_take(w->lake);
    bool ok = true;
    for (size_t i = 0; ok && i < v->n; i++)
        for (size_t k = 0; ok && k < v->tables[i].n; k++) {
            arena_reset(a);
            ok = !wants(ctx, below(a, v->tables[i].parts[k])) ||
                 with_file(v->tables[i].parts[k], fn, ctx, e);
        }
    lake_view_drop(v);
    return ok;
}

static bool write_parts(struct json_out *o, const struct lake_table *t, store_file_fn *fn,
                        void *ctx, struct err *e)
{
    json_key(o, "parts");
    json_arr(o);
    for (size_t i = 0; t != NULL && i < t->n; i++) {
        write_part(o, t->parts[i]);
        if (!with_file(t->parts[i], fn, ctx, e))
            return false;
    }
    json_arr_end(o);
    return true;
}

static bool write_table(struct workspace *w, const struct ws_table *t, const struct lake_table *lt,
                        struct json_out *o, store_file_fn *fn, void *ctx, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct store_retention own, kept;
    struct str hot;
    size_t n = 0;
    const struct phys_col *cols = lake_columns(w->lake, a, t->name, &hot, &n);
    workspace_retention(w, t->name, &own, &kept);
    json_obj(o);
    json_kv_str(o, "name", t->name);
    if (t->def->open)
        write_declared(o, t->def);
    json_key(o, "stored");
    json_arr(o);
    for (size_t i = 0; i < n; i++)
        write_column(o, &cols[i]);
    json_arr_end(o);
    json_kv_z(o, "plan", store_plan_name(kept.plan));
    json_kv_int(o, "retentionInDays", kept.analytics_days);
    json_kv_int(o, "totalRetentionInDays", kept.total_days);
    struct str key = workspace_cluster(w, a, t->name);
    if (key.n > 0)
        json_kv_str(o, "clusterBy", key);
    if (lt != NULL)
        json_kv_time(o, "sealed", lt->sealed);
    bool ok = write_parts(o, lt, fn, ctx, e);
    json_obj_end(o);
    return ok;
}

bool workspace_tables_write(struct workspace *w, struct json_out *o, store_file_fn *fn, void *ctx,
                            struct err *e)
{
    bool ok = true;
    struct lake_view *v = lake_view_take(w->lake);
    json_arr(o);
    for (size_t i = 0; ok; i++) {
        lock_take(&w->lock);
        const struct ws_table *t = i < w->listed.n ? w->listed.p[i] : NULL;
        lock_drop(&w->lock);
        if (t == NULL)
            break;
        if (t->of == NULL) /* restored logs are rows of another table */
            ok = write_table(w, t, lake_view_find(v, t->name), o, fn, ctx, e);
    }
    json_arr_end(o);
    lake_view_drop(v);
    return ok;
}

/* ---- reading ---- */

struct reading {
    struct workspace *w;
    struct arena *a;
    const struct json *j; /* of the table */
    struct str name;
    const struct store_tables_read *x;
    uint64_t *old_rows;
};

static bool wrong(const struct reading *r, const char *what, struct err *e)
{
    return err_set(e, ERR_INVALID, "table '%.*s': %s", (int)(r->name.n < 100 ? r->name.n : 100),
                   r->name.p, what);
}

static bool read_int(const struct json *j, const char *key, int64_t *out)
{
    const struct json *v = json_get(j, key);
    *out = v != NULL && v->type == JSON_INT ? v->i : -1;
    return *out >= 0;
}

static bool read_time(const struct json *j, const char *key, int64_t *out)
{
    return date_parse_iso(json_text(json_get(j, key), STR("")), out);
}

/* Types that the column had; each leads to the next and to the type it has. */
static bool read_former(const struct json *list, struct phys_col *c)
{
    bool ok = list == NULL || list->type == JSON_ARRAY;
    for (size_t i = 0; ok && list != NULL && i < list->n; i++) {
        enum kql_type t;
        ok = kql_type_parse(json_text(&list->items[i], STR("")), &t);
        c->former |= ok ? 1U << t : 0;
    }
    for (int t = KQL_UNKNOWN + 1; ok && t < KQL_N_TYPES; t++)
        ok = (c->former >> t & 1) == 0 || kql_type_leads((enum kql_type)t, c->former, c->type);
    return ok;
}

/* A list of columns; absent: none. */
static bool read_columns(const struct reading *r, const char *key, struct phys_col **out, size_t *n,
                         struct err *e)
{
    const struct json *list = json_get(r->j, key);
    *n = list != NULL ? list->n : 0;
    *out = arena_array(r->a, struct phys_col, *n + 1);
    if (list != NULL && (list->type != JSON_ARRAY || list->n > MAX_STORED))
        return wrong(r, "a list of columns expected", e);
    for (size_t i = 0; i < *n; i++) {
        const struct json *c = &list->items[i];
        struct phys_col *x = &(*out)[i];
        x->name = json_text(json_get(c, "name"), STR(""));
        x->phys = json_text(json_get(c, "storedAs"), x->name);
        if (x->name.n == 0 || !kql_type_parse(json_text(json_get(c, "type"), STR("")), &x->type))
            return wrong(r, "a column without name or type", e);
        if (!read_former(json_get(c, "formerTypes"), x))
            return wrong(r, "formerTypes: types that a column can be widened from expected", e);
    }
    return true;
}

static bool declare(const struct reading *r, struct err *e)
{
    struct phys_col *cols = NULL;
    struct kql_schema schema = {0};
    if (json_get(r->j, "schema") == NULL)
        return true;
    if (!read_columns(r, "schema", &cols, &schema.n, e))
        return false;
    schema.cols = arena_array(r->a, struct kql_column, schema.n + 1);
    for (size_t i = 0; i < schema.n; i++)
        schema.cols[i] = (struct kql_column){cols[i].name, cols[i].type};
    return str_ends(r->name, STR(STORE_RESULTS))
               ? workspace_results_define(r->w, r->name, &schema, e)
               : workspace_table_extend(r->w, r->name, &schema, e);
}

struct stored {
    struct ws_table *t;
    const struct phys_col *cols;
    size_t n;
};

static bool store_in_writer(struct workspace *w, void *arg, struct err *e)
{
    const struct stored *x = arg;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf ddl = sbuf_make(DDL_MAX_BYTES);
    struct table_plan *plan = table_plan_new(w, a);
    if (!table_plan_columns(plan, x->t, x->cols, x->n, &ddl, e))
        return false;
    for (size_t i = 0; i < x->n; i++)
        table_former_sql(w, x->t->name, &x->cols[i], &ddl);
    if (!table_plan_run(w, plan, &ddl, e))
        return false;
    lock_take(&w->lock);
    for (size_t i = PHYS_FIRST_OWN; i < x->n; i++)
        catalog_settle_locked(w, x->t, (struct kql_column){x->cols[i].name, x->cols[i].type});
    for (size_t i = 0; i < x->n; i++)
        if (x->cols[i].former != 0)
            table_former_add_locked(w, x->t, x->cols[i].name, x->cols[i].former);
    lock_drop(&w->lock);
    return true;
}

static bool make_stored(const struct reading *r, struct err *e)
{
    struct stored x = {0};
    struct phys_col *cols = NULL;
    lock_take(&r->w->lock);
    x.t = ws_table_find_locked(r->w, r->name);
    bool used = x.t != NULL && x.t->phys.n > 0;
    lock_drop(&r->w->lock);
    if (x.t == NULL)
        return wrong(r, "this version does not know it", e);
    if (used)
        return err_set(e, ERR_CONFLICT, "table '%.*s' has rows already", STR_ARG(r->name));
    if (!read_columns(r, "stored", &cols, &x.n, e))
        return false;
    x.cols = cols;
    if (x.n > 0 && x.n < PHYS_FIRST_OWN)
        return wrong(r, "columns of the service are missing", e);
    return x.n == 0 || writer_run(r->w->writer, store_in_writer, &x, e);
}

static struct lake_part *read_part(const struct reading *r, const struct json *j, struct err *e)
{
    struct guid g;
    char id[37];
    int64_t crc = 0, rows = 0, bytes = 0, billed = 0, from = 0, to = 0, received = 0, made = 0;
    AUTO(sbuf_fini) struct sbuf columns = sbuf_make(1 << 20);
    struct json_out o = json_out_make(&columns);
    const struct json *shape = json_get(j, "columns");
    bool ok = guid_parse(json_text(json_get(j, "id"), STR("")), &g) && read_int(j, "crc32", &crc) &&
              crc <= UINT32_MAX && read_int(j, "rows", &rows) && read_int(j, "bytes", &bytes) &&
              read_int(j, "billedBytes", &billed) && read_time(j, "minTime", &from) &&
              read_time(j, "maxTime", &to) && read_time(j, "maxReceived", &received) &&
              read_time(j, "made", &made) && shape != NULL && from >= 0 &&
              from / TICKS_PER_DAY == to / TICKS_PER_DAY;
    if (!ok) {
        wrong(r, "a part's id, rows, bytes, crc32, times or columns are missing or wrong", e);
        return NULL;
    }
    json_value(&o, shape);
    const struct lake_shape *s = lake_shape_parse(r->w->lake, sbuf_str(&columns), e);
    if (s == NULL)
        return NULL;
    guid_format(g, id);
    struct lake_part *p = lake_part_new(r->w->lake, r->name, str_from(id), from / TICKS_PER_DAY);
    p->shape = s;
    p->rows = rows;
    p->bytes = bytes;
    p->billed = billed;
    p->min_time = from;
    p->max_time = to;
    p->max_received = received;
    p->made = made;
    p->crc = (uint32_t)crc;
    return p;
}

static bool place(const struct reading *r, struct lake_part *p, struct err *e)
{
    char *dir = arena_strz(r->a, str_from(p->path));
    *strrchr(dir, '/') = '\0';
    return lake_dir_make(dir, e) && r->x->fn(r->x->ctx, below(r->a, p), p->path, e) &&
           lake_file_sync(p->path, e) && lake_dir_sync(dir, e) && lake_part_verify(p, e) &&
           lake_part_rows_ok(r->w, p, e);
}

/* The part's columns can be read as the table's. */
static bool columns_fit(const struct reading *r, const struct lake_part *p, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str hot;
    size_t n = 0;
    const struct phys_col *cols = lake_columns(r->w->lake, a, r->name, &hot, &n);
    for (size_t i = 0; i < n; i++) {
        const struct lake_column *k = map_get(p->shape->by_phys, cols[i].phys);
        if (k != NULL && !kql_type_leads(k->type, cols[i].former, cols[i].type))
            return wrong(r, "a part's column has another type than the table's", e);
    }
    return true;
}

static bool read_parts(const struct reading *r, struct err *e)
{
    const struct json *list = json_get(r->j, "parts");
    size_t n = list != NULL && list->type == JSON_ARRAY ? list->n : 0;
    struct lake_edit edit = {.table = r->name, .add = arena_array(r->a, struct lake_part *, n + 1)};
    if (n == 0)
        return true;
    if (!read_time(r->j, "sealed", &edit.sealed) || edit.sealed <= 0)
        return wrong(r, "sealed: a time expected", e);
    if (edit.sealed > clock_now(r->w->s->clock)) /* rows of today would count as being in parts */
        return wrong(r, "its rows were received later than this machine's clock says it is", e);
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        struct lake_part *p = read_part(r, &list->items[i], e);
        ok = p != NULL;
        if (ok)
            edit.add[edit.n_add++] = p;
        ok = ok && (p->max_received <= edit.sealed || wrong(r, "a part is newer than sealed", e)) &&
             columns_fit(r, p, e) && place(r, p, e);
    }
    int64_t oldest = lake_oldest_received(r->w->lake, r->name);
    for (size_t i = 0; i < edit.n_add; i++)
        *r->old_rows += edit.add[i]->max_received < oldest ? (uint64_t)edit.add[i]->rows : 0;
    ok = ok && lake_manifest_commit(r->w->lake, &edit, e);
    for (size_t i = 0; i < edit.n_add; i++)
        lake_part_unref(edit.add[i]);
    return ok;
}

static bool read_retention(const struct reading *r, struct err *e)
{
    struct store_retention kept = {0};
    struct str key = json_text(json_get(r->j, "clusterBy"), STR(""));
    if (key.n > 0 && !workspace_cluster_set(r->w, r->name, key, e))
        return false;
    if (!store_plan_parse(json_text(json_get(r->j, "plan"), STR("")), &kept.plan))
        return wrong(r, "plan: the name of a plan expected", e);
    if (r->x->retention_days > 0) {
        bool low = kept.plan != STORE_PLAN_ANALYTICS; /* whose queries see 30 days */
        kept.total_days = r->x->retention_days;
        if (!low)
            kept.analytics_days = kept.total_days < 730 ? kept.total_days : 730;
        return workspace_retention_set(r->w, r->name, &kept, e);
    }
    if (!read_int(r->j, "retentionInDays", &kept.analytics_days) ||
        !read_int(r->j, "totalRetentionInDays", &kept.total_days))
        return wrong(r, "retentionInDays and totalRetentionInDays: days expected", e);
    bool for_ever = kept.analytics_days == 0 && kept.total_days == 0;
    if (for_ever && kept.plan == STORE_PLAN_ANALYTICS)
        return true;
    return workspace_retention_set(r->w, r->name, &kept, e);
}

bool workspace_tables_read(struct workspace *w, const struct store_tables_read *x,
                           uint64_t *out_old_rows, struct err *e)
{
    const struct json *list = x->tables;
    *out_old_rows = 0;
    if (list == NULL || list->type != JSON_ARRAY)
        return err_set(e, ERR_INVALID, "tables: a list expected");
    for (size_t i = 0; i < list->n; i++) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        struct reading r = {.w = w, .a = a, .j = &list->items[i], .x = x, .old_rows = out_old_rows};
        r.name = json_text(json_get(r.j, "name"), STR(""));
        if (!declare(&r, e) || !make_stored(&r, e) || !read_retention(&r, e) || !read_parts(&r, e))
            return false;
    }
    return true;
}
