/* A workspace: a folder with workspace.json and hot.duckdb, which is attached to the one engine as
 * ws_<n>. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/lake/lake.h"
#include "store/workspace_priv.h"
#include "text/json.h"

enum { MAX_WORKSPACE_NAME = 63, MAX_JSON = 64 << 10, LAYOUT_VERSION = 4 };

static const char *const layout[] = {
    "vedette_meta (key VARCHAR, value VARCHAR)",
    "vedette_tables (name VARCHAR)",
    "vedette_columns (table_name VARCHAR, name VARCHAR, type VARCHAR, ordinal BIGINT)",
    /* In parentheses: two literals, one string. */
    ("vedette_stored (table_name VARCHAR, phys_table VARCHAR, name VARCHAR, phys VARCHAR, type "
     "VARCHAR, ordinal BIGINT)"),
    "vedette_dedup (id VARCHAR, seen BIGINT)",
    ("vedette_parts (table_name VARCHAR, id VARCHAR, columns VARCHAR, day BIGINT, rows BIGINT, "
     "bytes BIGINT, min_time BIGINT, max_time BIGINT, max_received BIGINT, billed BIGINT, made "
     "BIGINT, crc "
     "BIGINT, terms_bytes BIGINT, terms_crc BIGINT, stored VARCHAR, stored_terms BIGINT)"),
    "vedette_sealed (table_name VARCHAR, received BIGINT)",
    "vedette_gone (path VARCHAR)",
    "vedette_store_gone (path VARCHAR)",
    ("vedette_quarantine (table_name VARCHAR, id VARCHAR, columns VARCHAR, day BIGINT, rows "
     "BIGINT, bytes BIGINT, min_time BIGINT, max_time BIGINT, max_received BIGINT, billed BIGINT, "
     "made BIGINT, "
     "crc BIGINT, reason VARCHAR, noted BIGINT)"),
    "vedette_retention (table_name VARCHAR, analytics_days BIGINT, total_days BIGINT)",
    "vedette_clusters (table_name VARCHAR, column_name VARCHAR)",
    ("vedette_paths (table_name VARCHAR, column_name VARCHAR, path VARCHAR, uses BIGINT, used "
     "BIGINT)"),
    "vedette_plans (table_name VARCHAR, plan VARCHAR, changed BIGINT)",
    "vedette_widened (table_name VARCHAR, name VARCHAR, type VARCHAR)",
    "vedette_restores (table_name VARCHAR, source VARCHAR, from_time BIGINT, to_time BIGINT)",
};

struct str workspace_id(const struct workspace *w)
{
    return w->id;
}

struct str workspace_name(const struct workspace *w)
{
    return w->name;
}

struct store_place workspace_place(const struct workspace *w)
{
    return (struct store_place){w->id, w->name, w->tenant, w->subscription, w->group};
}

bool workspace_name_ok(struct str name)
{
    bool ok = name.n > 0 && name.n <= MAX_WORKSPACE_NAME;
    for (size_t i = 0; ok && i < name.n; i++) {
        char c = name.p[i];
        ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    }
    return ok;
}

/* ---- workspace.json ---- */

static bool write_all(int fd, struct str s)
{
    while (s.n > 0) {
        ssize_t n = write(fd, s.p, s.n);
        if (n <= 0)
            return false;
        s = str_sub(s, (size_t)n, s.n);
    }
    return fsync(fd) == 0;
}

static bool sync_dir(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

static void kv_given(struct json_out *w, const char *key, struct str value)
{
    if (value.n > 0)
        json_kv_str(w, key, value);
}

bool workspace_file_write(const char *dir, const struct workspace_file *f, struct err *e)
{
    struct arena *a = arena_new(1 << 20);
    const char *path = arena_fmt(a, "%s/workspace.json", dir).p,
               *tmp = arena_fmt(a, "%s/workspace.json.new", dir).p;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_JSON);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    json_kv_str(&w, "id", f->place.id);
    json_kv_str(&w, "name", f->place.name);
    kv_given(&w, "tenant", f->place.tenant);
    kv_given(&w, "subscription", f->place.subscription);
    kv_given(&w, "resourceGroup", f->place.group);
    if (f->created != 0)
        json_kv_int(&w, "created", f->created);
    if (f->deleted != 0)
        json_kv_int(&w, "deleted", f->deleted);
    if (f->purged)
        json_kv_bool(&w, "purged", true);
    json_obj_end(&w);
    sbuf_addc(&b, '\n');
    int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write_all(fd, sbuf_str(&b));
    if (fd >= 0 && close(fd) != 0)
        ok = false;
    ok = ok && rename(tmp, path) == 0 && sync_dir(dir);
    if (!ok)
        err_errno(e, "can't write", path);
    arena_free(a);
    return ok;
}

/* Empty, or a GUID. */
static bool optional_guid(struct str s)
{
    struct guid g;
    return s.n == 0 || guid_parse(s, &g);
}

bool workspace_file_read(struct arena *a, const char *dir, struct workspace_file *out,
                         struct err *e)
{
    const char *path = arena_fmt(a, "%s/workspace.json", dir).p;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, "can't open", path);
    char *text = arena_alloc(a, MAX_JSON);
    ssize_t n = read(fd, text, MAX_JSON);
    close(fd);
    struct json j;
    if (n < 0)
        return err_errno(e, "can't read", path);
    if (!json_parse(a, (struct str){text, (size_t)n}, NULL, &j, e)) {
        err_prefix(e, "%s", path);
        return false;
    }
    const struct json *deleted = json_get(&j, "deleted"), *purged = json_get(&j, "purged");
    const struct json *created = json_get(&j, "created");
    struct store_place *p = &out->place;
    *out = (struct workspace_file){
        .created = created != NULL && created->type == JSON_INT ? created->i : 0,
        .deleted = deleted != NULL && deleted->type == JSON_INT ? deleted->i : 0,
        .purged = purged != NULL && purged->type == JSON_TRUE};
    p->id = json_text(json_get(&j, "id"), STR_NONE);
    p->name = json_text(json_get(&j, "name"), STR_NONE);
    p->tenant = json_text(json_get(&j, "tenant"), STR_NONE);
    p->subscription = json_text(json_get(&j, "subscription"), STR_NONE);
    p->group = json_text(json_get(&j, "resourceGroup"), STR_NONE);
    struct guid g;
    if (!guid_parse(p->id, &g) || !workspace_name_ok(p->name) || !optional_guid(p->tenant) ||
        !optional_guid(p->subscription))
        return err_set(e, ERR_INVALID,
                       "%s: id, tenant and subscription must be GUIDs and name a workspace's name",
                       path);
    return true;
}

/* ---- the database file ---- */

static bool make_layout(struct workspace *w, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(1 << 16);
    for (size_t i = 0; i < COUNTOF(layout); i++) {
        sbuf_addz(&sql, "CREATE TABLE IF NOT EXISTS ");
        sql_ident(&sql, w->db);
        sbuf_addf(&sql, ".\"main\".%s;\n", layout[i]);
    }
    sbuf_addz(&sql, "INSERT INTO ");
    sql_table(w, STR("vedette_meta"), &sql);
    sbuf_addf(&sql, " SELECT 'layout', '%d' WHERE NOT EXISTS (FROM ", LAYOUT_VERSION);
    sql_table(w, STR("vedette_meta"), &sql);
    sbuf_addz(&sql, ");\n");
    /* Layout 1 had no parts, 2 no index of their terms and no members of dynamic columns in them, 3
     * no parts with other types than their table and none in an S3-compatible store. A program that
     * knows only those must not open a store that has them. */
    static const char *const added[] = {"terms_bytes BIGINT", "terms_crc BIGINT", "stored VARCHAR",
                                        "stored_terms BIGINT"};
    for (size_t i = 0; i < COUNTOF(added); i++) {
        sbuf_addz(&sql, "ALTER TABLE ");
        sql_table(w, STR("vedette_parts"), &sql);
        sbuf_addf(&sql, " ADD COLUMN IF NOT EXISTS %s;\n", added[i]);
    }
    sbuf_addz(&sql, "UPDATE ");
    sql_table(w, STR("vedette_meta"), &sql);
    sbuf_addf(&sql, " SET value = '%d' WHERE key = 'layout' AND value IN ('1', '2', '3');\n",
              LAYOUT_VERSION);
    return engine_conn_exec(w->conn, sbuf_str(&sql), e);
}

static bool check_layout(struct workspace *w, struct err *e)
{
    struct kql_column col = {STR("value"), KQL_STRING};
    struct kql_schema schema = {&col, 1};
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(4096);
    sbuf_addz(&sql, "SELECT value FROM ");
    sql_table(w, STR("vedette_meta"), &sql);
    sbuf_addz(&sql, " WHERE key = 'layout'");
    struct engine_rows *rows = NULL;
    if (!engine_conn_query(w->conn, sbuf_str(&sql), &schema, &rows, e))
        return false;
    int64_t version = 0;
    bool ok = engine_rows_count(rows) == 1 && str_to_i64(engine_rows_get(rows, 0, 0).s, &version) &&
              version == LAYOUT_VERSION;
    engine_rows_free(rows);
    return ok ? true
              : err_set(e, ERR_CONFLICT,
                        "the store of workspace '%.*s' has layout %lld; this program reads %d",
                        STR_ARG(w->name), (long long)version, LAYOUT_VERSION);
}

/* The file begins with three headers of 4 KiB, which are written when it is made, before anything
 * is committed to it. A shorter one was being made when the process died. */
static bool set_aside_unfinished(struct arena *a, const char *path, struct err *e)
{
    enum { HEADERS = 3 * 4096 };
    struct stat st;
    if (stat(path, &st) != 0 || st.st_size >= HEADERS ||
        access(arena_fmt(a, "%s.wal", path).p, F_OK) == 0)
        return true;
    const char *aside = arena_fmt(a, "%s.unfinished", path).p;
    LOG(LOG_WARN, "store", "a database whose making was cut off is set aside and made anew",
        log_z("path", path), log_z("aside", aside));
    return rename(path, aside) == 0 || err_errno(e, "can't rename", path);
}

static bool open_file(struct workspace *w, const char *dir, struct err *e)
{
    struct arena *a = arena_new(1 << 20);
    const char *path = arena_fmt(a, "%s/hot.duckdb", dir).p;
    bool ok = set_aside_unfinished(a, path, e) && engine_attach(w->s->engine, w->db, path, e);
    arena_free(a);
    if (!ok)
        return false;
    w->conn = engine_conn_open(w->s->engine, e);
    return w->conn != NULL && make_layout(w, e) && check_layout(w, e) && catalog_load(w, e) &&
           tables_load(w, e) && formers_load(w, e) && restores_load(w, e) &&
           (w->lake = lake_open(w, dir, e)) != NULL && ledger_load(w, e) && dedup_load(w, e);
}

static void list_own_tables(struct workspace *w)
{
    lock_take(&w->lock);
    ws_table_list_locked(w, ws_table_find_locked(w, STR("VedetteIngestion")));
    ws_table_list_locked(w, ws_table_find_locked(w, STR("VedetteDeadLetter")));
    lock_drop(&w->lock);
}

struct workspace *workspace_open(struct store *s, const char *dir, const struct store_place *p,
                                 struct err *e)
{
    struct workspace *w = xcalloc(1, sizeof(*w));
    w->s = s;
    w->a = arena_new(0);
    lock_init(&w->lock, "workspace");
    w->id = arena_str(w->a, p->id);
    w->name = arena_str(w->a, p->name);
    w->tenant = arena_str(w->a, p->tenant);
    w->subscription = arena_str(w->a, p->subscription);
    w->group = arena_str(w->a, p->group);
    w->db = arena_fmt(w->a, "ws_%zu", ++s->n_opened);
    w->tables = map_new(w->a, false);
    w->phys_tables = map_new(w->a, true);
    for (size_t i = 0; i < COUNTOF(layout); i++) {
        size_t blank;
        struct str text = str_from(layout[i]);
        if (str_find(text, STR(" "), &blank))
            map_put(w->phys_tables, str_sub(text, 0, blank), w);
    }
    w->functions = function_set_new();
    w->ledger = ledger_new();
    w->fields = fields_new();
    w->cap = cap_new();
    w->arrivals = arrivals_new();
    w->dedup = dedup_new();
    catalog_init(w);
    table_source_init(w);
    snapshot_remove(w);
    if (open_file(w, dir, e)) {
        list_own_tables(w);
        arrivals_start(w->arrivals, w->last_received);
        w->writer = writer_start(w, s->max_queue_bytes, e);
        if (w->writer != NULL)
            return w;
    }
    err_prefix(e, "workspace '%.*s'", STR_ARG(p->name));
    workspace_close(w);
    return NULL;
}

void workspace_close(struct workspace *w)
{
    writer_stop(w->writer);
    lake_close(w->lake);
    engine_conn_close(w->conn);
    struct err e = {0};
    if (!engine_detach(w->s->engine, w->db, &e))
        LOG(LOG_WARN, "store", "the store was not checkpointed; the next start reads its log",
            log_s("workspace", w->name), log_z("reason", e.msg));
    function_set_free(w->functions);
    ledger_free(w->ledger);
    fields_free(w->fields);
    cap_free(w->cap);
    arrivals_free(w->arrivals);
    dedup_free(w->dedup);
    lock_fini(&w->lock);
    arena_free(w->a);
    xfree(w);
}
