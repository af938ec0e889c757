/* The manifest: which parts there are, and up to where each table is sealed. Three tables in the
 * workspace's database file, changed in one transaction of the writer thread. */
#include "store/lake/remote_priv.h"

enum { MANIFEST_MAX_SQL = 64 << 20 };

struct str lake_below(const struct lake_part *p)
{
    return str_from(p->path + strlen(p->lake->dir) + 1);
}

/* ---- reading ---- */

static bool select_all(struct lake *l, const char *what, const char *from,
                       const struct kql_schema *schema, struct engine_rows **out, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(4096);
    sbuf_addf(&sql, "SELECT %s FROM ", what);
    sql_table(l->w, str_from(from), &sql);
    sbuf_addz(&sql, " ORDER BY 1");
    return engine_conn_query(l->conn, sbuf_str(&sql), schema, out, e);
}

static struct lake_part *read_part(struct lake *l, const struct engine_rows *r, size_t i,
                                   struct err *e)
{
    const struct lake_shape *shape = lake_shape_parse(l, engine_rows_get(r, i, 2).s, e);
    if (shape == NULL)
        return NULL;
    struct lake_part *p = lake_part_new(l, engine_rows_get(r, i, 0).s, engine_rows_get(r, i, 1).s,
                                        engine_rows_get(r, i, 3).i);
    p->shape = shape;
    int64_t *const fields[] = {&p->rows,         &p->bytes,  &p->min_time, &p->max_time,
                               &p->max_received, &p->billed, &p->made};
    for (size_t k = 0; k < COUNTOF(fields); k++)
        *fields[k] = engine_rows_get(r, i, 4 + k).i;
    p->crc = (uint32_t)engine_rows_get(r, i, 11).i;
    p->terms_bytes = engine_rows_get(r, i, 12).i;
    p->terms_crc = (uint32_t)engine_rows_get(r, i, 13).i;
    p->stored_terms = engine_rows_get(r, i, 15).i;
    p->stored = p->offered = engine_rows_get(r, i, 14).s.n > 0;
    if (p->stored)
        p->etag = xstrndup(str_sub(engine_rows_get(r, i, 14).s, 1, SIZE_MAX));
    return p;
}

static bool load_parts(struct lake *l, struct map *paths, struct arena *a, struct err *e)
{
    struct kql_column c[] = {{STR("table_name"), KQL_STRING}, {STR("id"), KQL_STRING},
                             {STR("columns"), KQL_STRING},    {STR("day"), KQL_LONG},
                             {STR("rows"), KQL_LONG},         {STR("bytes"), KQL_LONG},
                             {STR("min_time"), KQL_LONG},     {STR("max_time"), KQL_LONG},
                             {STR("max_received"), KQL_LONG}, {STR("billed"), KQL_LONG},
                             {STR("made"), KQL_LONG},         {STR("crc"), KQL_LONG},
                             {STR("terms_bytes"), KQL_LONG},  {STR("terms_crc"), KQL_LONG},
                             {STR("stored"), KQL_STRING},     {STR("stored_terms"), KQL_LONG}};
    struct kql_schema schema = {c, COUNTOF(c)};
    struct engine_rows *rows = NULL;
    if (!select_all(l,
                    "table_name, id, columns, day, rows, bytes, min_time, max_time, max_received, "
                    "billed, made, crc, coalesce(terms_bytes, 0), coalesce(terms_crc, 0), "
                    "coalesce(stored, ''), coalesce(stored_terms, -1)",
                    "vedette_parts", &schema, &rows, e))
        return false;
    bool ok = true;
    VEC(struct lake_part *) parts = {0}; /* by table */
    for (size_t i = 0; ok && i < engine_rows_count(rows); i++) {
        struct lake_part *p = read_part(l, rows, i, e);
        ok = p != NULL;
        if (!ok)
            break;
        map_put(paths, arena_str(a, str_from(p->path)), p);
        VEC_PUSH(a, &parts, p);
    }
    engine_rows_free(rows);
    for (size_t i = 0, end; i < parts.n; i = end) {
        for (end = i; end < parts.n && str_eq(parts.p[end]->table, parts.p[i]->table);)
            end++;
        struct lake_edit edit = {.table = parts.p[i]->table, .add = parts.p + i, .n_add = end - i};
        if (ok)
            lake_publish(l, &edit);
    }
    for (size_t i = 0; i < parts.n; i++)
        lake_part_unref(parts.p[i]);
    return ok;
}

static bool load_marks(struct lake *l, struct err *e)
{
    struct kql_column c[] = {{STR("table_name"), KQL_STRING}, {STR("received"), KQL_DATETIME}};
    struct kql_schema schema = {c, COUNTOF(c)};
    struct engine_rows *rows = NULL;
    if (!select_all(l, "table_name, received", "vedette_sealed", &schema, &rows, e))
        return false;
    for (size_t i = 0; i < engine_rows_count(rows); i++) {
        struct lake_edit edit = {.table = engine_rows_get(rows, i, 0).s,
                                 .sealed = engine_rows_get(rows, i, 1).i};
        lake_publish(l, &edit);
        if (edit.sealed > l->w->last_received)
            l->w->last_received = edit.sealed;
    }
    engine_rows_free(rows);
    return true;
}

static bool count_store_gone(struct lake *l, struct err *e)
{
    struct kql_column c = {STR("n"), KQL_LONG};
    struct kql_schema schema = {&c, 1};
    struct engine_rows *rows = NULL;
    if (!select_all(l, "count(*)", "vedette_store_gone", &schema, &rows, e))
        return false;
    l->store_gone = (size_t)engine_rows_get(rows, 0, 0).i;
    engine_rows_free(rows);
    return true;
}

/* Files that a stopped process had still to delete. What is in the store is deleted later. */
static bool delete_gone(struct lake *l, struct err *e)
{
    struct kql_column c = {STR("path"), KQL_STRING};
    struct kql_schema schema = {&c, 1};
    struct engine_rows *rows = NULL;
    if (!select_all(l, "path", "vedette_gone", &schema, &rows, e))
        return false;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    for (size_t i = 0; i < engine_rows_count(rows); i++) {
        const char *path =
            arena_fmt(a, "%s/%.*s", l->dir, STR_ARG(engine_rows_get(rows, i, 0).s)).p;
        if (!lake_files_unlink(path))
            LOG(LOG_WARN, "lake", "a part that is no longer needed can't be deleted",
                log_z("file", path));
    }
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(4096);
    if (l->w->s->remote != NULL) {
        sbuf_addz(&sql, "INSERT INTO ");
        sql_table(l->w, STR("vedette_store_gone"), &sql);
        sbuf_addz(&sql, " SELECT path FROM ");
        sql_table(l->w, STR("vedette_gone"), &sql);
        sbuf_addz(&sql, ";\n");
    }
    sbuf_addz(&sql, "DELETE FROM ");
    sql_table(l->w, STR("vedette_gone"), &sql);
    bool ok = engine_rows_count(rows) == 0 || engine_conn_exec(l->conn, sbuf_str(&sql), e);
    engine_rows_free(rows);
    return ok;
}

bool lake_manifest_load(struct lake *l, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct map *paths = map_new(a, false);
    if (!load_parts(l, paths, a, e) || !lake_remote_settle(l, e) || !lake_place_check(l, e) ||
        !load_marks(l, e) || !delete_gone(l, e) || !count_store_gone(l, e) ||
        !lake_retention_load(l, e) || !lake_cluster_load(l, e) || !lake_paths_load(l, e))
        return false;
    lake_files_tidy(l, paths);
    return true;
}

/* ---- writing ---- */

static void sql_add(struct lake *l, const struct lake_part *p, struct sbuf *sql)
{
    sbuf_addz(sql, "INSERT INTO ");
    sql_table(l->w, STR("vedette_parts"), sql);
    sbuf_addz(sql, " (table_name, id, columns, day, rows, bytes, min_time, max_time, max_received, "
                   "billed, made, crc, terms_bytes, terms_crc) VALUES (");
    struct str texts[] = {p->table, p->id, p->shape->text};
    for (size_t i = 0; i < COUNTOF(texts); i++) {
        sql_text(sql, texts[i]);
        sbuf_addz(sql, ", ");
    }
    int64_t numbers[] = {p->day,      p->rows,         p->bytes,  p->min_time,
                         p->max_time, p->max_received, p->billed, p->made};
    for (size_t i = 0; i < COUNTOF(numbers); i++)
        sbuf_addf(sql, "%lld, ", (long long)numbers[i]);
    sbuf_addf(sql, "%lld, ", (long long)p->crc);
    if (p->terms_bytes > 0)
        sbuf_addf(sql, "%lld, %lld);\n", (long long)p->terms_bytes, (long long)p->terms_crc);
    else
        sbuf_addz(sql, "NULL, NULL);\n");
}

/* The manifest remembers a part that was set aside, with the reason. */
static void sql_damage(struct lake *l, const struct lake_part *p, struct str reason,
                       struct sbuf *sql)
{
    sbuf_addz(sql, "INSERT INTO ");
    sql_table(l->w, STR("vedette_quarantine"), sql);
    sbuf_addz(sql, " SELECT table_name, id, columns, day, rows, bytes, min_time, max_time, "
                   "max_received, billed, made, crc, ");
    sql_text(sql, reason);
    sbuf_addf(sql, ", %lld FROM ", (long long)clock_now(l->w->s->clock));
    sql_table(l->w, STR("vedette_parts"), sql);
    sbuf_addz(sql, " WHERE id = ");
    sql_text(sql, p->id);
    sbuf_addz(sql, ";\nDELETE FROM ");
    sql_table(l->w, STR("vedette_parts"), sql);
    sbuf_addz(sql, " WHERE id = ");
    sql_text(sql, p->id);
    sbuf_addz(sql, ";\n");
}

static void sql_remove(struct lake *l, const struct lake_part *p, struct sbuf *sql)
{
    sbuf_addz(sql, "DELETE FROM ");
    sql_table(l->w, STR("vedette_parts"), sql);
    sbuf_addz(sql, " WHERE id = ");
    sql_text(sql, p->id);
    sbuf_addz(sql, ";\nINSERT INTO ");
    sql_table(l->w, STR("vedette_gone"), sql);
    sbuf_addz(sql, " VALUES (");
    sql_text(sql, lake_below(p));
    sbuf_addz(sql, ");\n");
}

static void sql_mark(struct lake *l, const struct lake_edit *edit, struct sbuf *sql)
{
    sbuf_addz(sql, "DELETE FROM ");
    sql_table(l->w, STR("vedette_sealed"), sql);
    sbuf_addz(sql, " WHERE table_name = ");
    sql_text(sql, edit->table);
    sbuf_addz(sql, ";\nINSERT INTO ");
    sql_table(l->w, STR("vedette_sealed"), sql);
    sbuf_addz(sql, " VALUES (");
    sql_text(sql, edit->table);
    sbuf_addf(sql, ", %lld);\n", (long long)edit->sealed);
}

struct change {
    struct lake *l;
    const struct lake_edit *edit; /* NULL: SQL alone */
    struct str sql;
};

static bool change_in_writer(struct workspace *w, void *arg, struct err *e)
{
    struct change *c = arg;
    if (!engine_begin(w->conn, e))
        return false;
    if (!engine_conn_exec(w->conn, c->sql, e)) {
        engine_rollback(w->conn);
        return false;
    }
    if (!engine_commit(w->conn, e))
        return false;
    if (c->edit != NULL)
        lake_publish(c->l, c->edit);
    return true;
}

static bool run_change(struct lake *l, struct sbuf *sql, const struct lake_edit *edit,
                       struct err *e)
{
    if (!sbuf_ok(sql))
        return err_set(e, ERR_LIMIT, "too many parts change at once");
    struct change c = {l, edit, sbuf_str(sql)};
    if (l->w->writer == NULL) /* nobody else writes before it starts */
        return engine_conn_exec(l->conn, c.sql, e);
    return writer_run(l->w->writer, change_in_writer, &c, e);
}

bool lake_manifest_commit(struct lake *l, const struct lake_edit *edit, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(MANIFEST_MAX_SQL);
    for (size_t i = 0; i < edit->n_remove; i++) {
        if (edit->damage.n > 0)
            sql_damage(l, edit->remove[i], edit->damage, &sql);
        else
            sql_remove(l, edit->remove[i], &sql);
    }
    for (size_t i = 0; i < edit->n_add; i++)
        sql_add(l, edit->add[i], &sql);
    if (edit->sealed > 0)
        sql_mark(l, edit, &sql);
    bool ok = run_change(l, &sql, edit, e);
    if (ok && l->w->s->remote != NULL)
        lake_remote_wake(l->w->s->remote);
    return ok;
}

bool lake_manifest_terms(struct lake *l, struct lake_part *p, int64_t bytes, uint32_t crc,
                         struct err *e)
{
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(4096);
    sbuf_addz(&sql, "UPDATE ");
    sql_table(l->w, STR("vedette_parts"), &sql);
    if (bytes > 0)
        sbuf_addf(&sql, " SET terms_bytes = %lld, terms_crc = %lld", (long long)bytes,
                  (long long)crc);
    else
        sbuf_addz(&sql, " SET terms_bytes = NULL, terms_crc = NULL");
    sbuf_addz(&sql, " WHERE id = ");
    sql_text(&sql, p->id);
    return run_change(l, &sql, NULL, e);
}

static void sql_store_gone(struct lake *l, const struct lake_part *p, struct sbuf *sql)
{
    sbuf_addz(sql, "INSERT INTO ");
    sql_table(l->w, STR("vedette_store_gone"), sql);
    sbuf_addz(sql, " VALUES (");
    sql_text(sql, lake_below(p));
    sbuf_addz(sql, ");\n");
}

void lake_manifest_unlink(struct lake *l)
{
    lock_take(&l->lock);
    struct lake_part *list = l->unlinked;
    l->unlinked = NULL;
    lock_drop(&l->lock);
    if (list == NULL)
        return;
    size_t n_store = 0;
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(MANIFEST_MAX_SQL);
    for (struct lake_part *p = list, *next; p != NULL; p = next) {
        next = p->next;
        if (lake_files_unlink(p->path)) {
            if (p->offered)
                sql_store_gone(l, p, &sql);
            n_store += p->offered;
            sbuf_addz(&sql, "DELETE FROM ");
            sql_table(l->w, STR("vedette_gone"), &sql);
            sbuf_addz(&sql, " WHERE path = ");
            sql_text(&sql, lake_below(p));
            sbuf_addz(&sql, ";\n");
        }
        p->gone = false; /* its file is: the next start tries again what failed */
        lake_part_free(p);
    }
    struct err e = {0};
    bool ok = sql.n == 0 || run_change(l, &sql, NULL, &e);
    lock_take(&l->lock);
    l->store_gone += ok ? n_store : 0;
    lock_drop(&l->lock);
    if (!ok)
        LOG(LOG_WARN, "lake", "deleted parts are still on the list; the next start takes them off",
            log_s("workspace", l->w->name), log_z("reason", e.msg));
}

/* ---- parts in the store ---- */

bool lake_manifest_stored(struct lake *l, struct lake_part *p, const char *etag, int64_t terms_crc,
                          struct err *e)
{
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(4096);
    AUTO(sbuf_fini) struct sbuf tag = sbuf_make(4096);
    sbuf_addz(&sql, "UPDATE ");
    sql_table(l->w, STR("vedette_parts"), &sql);
    sbuf_addz(&sql, " SET stored = ");
    sbuf_addf(&tag, "=%s", etag != NULL ? etag : ""); /* a tag may be empty */
    if (etag != NULL)
        sql_text(&sql, sbuf_str(&tag));
    else
        sbuf_addz(&sql, "NULL");
    sbuf_addf(&sql, ", stored_terms = %lld WHERE id = ", (long long)terms_crc);
    sql_text(&sql, p->id);
    if (!run_change(l, &sql, NULL, e))
        return false;
    char *own = etag != NULL ? xstrdup(etag) : NULL;
    lock_take(&l->lock);
    xfree(p->etag);
    p->etag = own;
    p->stored = etag != NULL;
    p->stored_terms = terms_crc;
    lock_drop(&l->lock);
    return true;
}

bool lake_manifest_store_gone(struct lake *l, struct arena *a, struct str **out, size_t *n,
                              struct err *e)
{
    struct kql_column c = {STR("path"), KQL_STRING};
    struct kql_schema schema = {&c, 1};
    struct engine_rows *rows = NULL;
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(4096);
    sbuf_addz(&sql, "SELECT DISTINCT path FROM ");
    sql_table(l->w, STR("vedette_store_gone"), &sql);
    sbuf_addz(&sql, " ORDER BY 1 LIMIT 1000");
    struct engine_conn *conn = engine_conn_open(l->w->s->engine, e);
    bool ok = conn != NULL && engine_conn_query(conn, sbuf_str(&sql), &schema, &rows, e);
    *n = 0;
    if (ok) {
        *out = arena_array(a, struct str, engine_rows_count(rows) + 1);
        for (; *n < engine_rows_count(rows); ++*n)
            (*out)[*n] = arena_str(a, engine_rows_get(rows, *n, 0).s);
        engine_rows_free(rows);
    }
    engine_conn_close(conn);
    return ok;
}

bool lake_manifest_aside(struct lake *l, struct arena *a, struct map *ids, struct err *e)
{
    struct kql_column c = {STR("id"), KQL_STRING};
    struct kql_schema schema = {&c, 1};
    struct engine_rows *rows = NULL;
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(4096);
    sbuf_addz(&sql, "SELECT id FROM ");
    sql_table(l->w, STR("vedette_quarantine"), &sql);
    struct engine_conn *conn = engine_conn_open(l->w->s->engine, e);
    bool ok = conn != NULL && engine_conn_query(conn, sbuf_str(&sql), &schema, &rows, e);
    for (size_t i = 0; ok && i < engine_rows_count(rows); i++)
        map_put(ids, arena_str(a, engine_rows_get(rows, i, 0).s), l);
    if (ok)
        engine_rows_free(rows);
    engine_conn_close(conn);
    return ok;
}

bool lake_manifest_store_went(struct lake *l, const struct str *paths, size_t n, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(MANIFEST_MAX_SQL);
    for (size_t i = 0; i < n; i++) {
        sbuf_addz(&sql, "DELETE FROM ");
        sql_table(l->w, STR("vedette_store_gone"), &sql);
        sbuf_addz(&sql, " WHERE path = ");
        sql_text(&sql, paths[i]);
        sbuf_addz(&sql, ";\n");
    }
    if (n > 0 && !run_change(l, &sql, NULL, e))
        return false;
    lock_take(&l->lock);
    l->store_gone -= n < l->store_gone ? n : l->store_gone;
    lock_drop(&l->lock);
    return true;
}

/* ---- for check ---- */

bool lake_aside_count(struct lake *l, struct store_check *out, struct err *e)
{
    struct kql_column c[] = {{STR("parts"), KQL_LONG}, {STR("rows"), KQL_LONG}};
    struct kql_schema schema = {c, COUNTOF(c)};
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(4096);
    sbuf_addz(&sql, "SELECT count(*), CAST(coalesce(sum(rows), 0) AS BIGINT) FROM ");
    sql_table(l->w, STR("vedette_quarantine"), &sql);
    struct engine_conn *conn = engine_conn_open(l->w->s->engine, e);
    struct engine_rows *rows = NULL;
    bool ok = conn != NULL && engine_conn_query(conn, sbuf_str(&sql), &schema, &rows, e);
    if (ok) {
        out->quarantined = engine_rows_get(rows, 0, 0).i;
        out->quarantined_rows = engine_rows_get(rows, 0, 1).i;
        engine_rows_free(rows);
    }
    engine_conn_close(conn);
    return ok;
}
