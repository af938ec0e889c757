/* Objects of a workspace as text, and the way back. The SQL is made of names of this file and of
 * the schema; values are bound. */
#include "state/state_priv.h"
#include "state/transfer.h"
#include "text/json.h"

enum { MAX_COLUMNS = 100, MAX_SQL = 16 << 10 };

/* Those that others refer to first. Not here: outbox (log rows on their way to this store), cursors
 * (of the server's own work) and what belongs to tenants (principals, roles, delegations). */
static const char *const tables[] = {"counters",
                                     "rules",
                                     "rule_schedules",
                                     "rule_runs",
                                     "alerts",
                                     "alert_claims",
                                     "incidents",
                                     "incident_alerts",
                                     "saved_searches",
                                     "watchlists",
                                     "watchlist_items",
                                     "summary_rules",
                                     "summary_bins",
                                     "kql_jobs",
                                     "kql_job_runs",
                                     "search_jobs",
                                     "bookmarks",
                                     "incident_bookmarks",
                                     "comments",
                                     "tasks",
                                     "activities",
                                     "entities",
                                     "entity_links",
                                     "correlation_queue",
                                     "correlation_entities",
                                     "correlation_tactics",
                                     "incident_merges",
                                     "correlation_settings",
                                     "cases",
                                     "case_incidents",
                                     "case_attachments",
                                     "case_contents",
                                     "case_statuses",
                                     "rule_versions",
                                     "rule_actions",
                                     "rule_templates",
                                     "anomaly_settings",
                                     "backtests",
                                     "workspace_settings"};

/* Those whose rows have an order of their own: that of the rowid. */
static const char *const in_order[] = {"alerts",   "incident_alerts", "incident_bookmarks",
                                       "comments", "tasks",           "activities"};

static const char *table_of(struct str name)
{
    for (size_t i = 0; i < COUNTOF(tables); i++)
        if (str_eqz(name, tables[i]))
            return tables[i];
    return NULL;
}

bool state_transfers(struct str table)
{
    return table_of(table) != NULL;
}

/* workspace is the caller's; seq only keeps the order, which the rows have here. */
static bool is_left_out(const char *column)
{
    return strcmp(column, "workspace") == 0 || strcmp(column, "seq") == 0;
}

/* ---- writing ---- */

static bool write_value(sqlite3_stmt *st, int i, struct json_out *o, struct err *e)
{
    struct str text;
    switch (sqlite3_column_type(st, i)) {
    case SQLITE_INTEGER:
        json_int(o, sqlite3_column_int64(st, i));
        return true;
    case SQLITE_TEXT:
        text.p = (const char *)sqlite3_column_text(st, i);
        text.n = (size_t)sqlite3_column_bytes(st, i);
        json_str(o, text);
        return true;
    default:
        return err_set(e, ERR_INTERNAL, "column %s is neither text nor a number",
                       sqlite3_column_name(st, i));
    }
}

static void write_head(sqlite3_stmt *st, const char *table, struct sbuf *out)
{
    struct json_out o = json_out_make(out);
    json_obj(&o);
    json_kv_z(&o, "table", table);
    json_key(&o, "columns");
    json_arr(&o);
    for (int i = 0; i < sqlite3_column_count(st); i++)
        if (!is_left_out(sqlite3_column_name(st, i)))
            json_z(&o, sqlite3_column_name(st, i));
    json_arr_end(&o);
    json_obj_end(&o);
    sbuf_addc(out, '\n');
}

static bool write_row(sqlite3_stmt *st, struct sbuf *out, struct err *e)
{
    bool ok = true;
    struct json_out o = json_out_make(out);
    json_arr(&o);
    for (int i = 0; ok && i < sqlite3_column_count(st); i++)
        if (!is_left_out(sqlite3_column_name(st, i)))
            ok = write_value(st, i, &o, e);
    json_arr_end(&o);
    sbuf_addc(out, '\n');
    return ok && (sbuf_ok(out) || err_set(e, ERR_LIMIT, "the workspace has too many objects"));
}

static bool write_table(struct state *s, struct str workspace, const char *table, struct sbuf *out,
                        struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const char *order = "1, 2, 3";
    for (size_t i = 0; i < COUNTOF(in_order); i++)
        if (strcmp(table, in_order[i]) == 0)
            order = "rowid";
    const char *sql =
        arena_fmt(a, "SELECT * FROM %s WHERE workspace = ?1 ORDER BY %s", table, order).p;
    struct bind b = BT(workspace);
    sqlite3_stmt *st = state_prepare_locked(s, sql, &b, 1, e);
    if (st == NULL)
        return false;
    bool ok = true;
    int code = SQLITE_ROW;
    write_head(st, table, out);
    while (ok && (code = sqlite3_step(st)) == SQLITE_ROW)
        ok = write_row(st, out, e);
    if (ok && code != SQLITE_DONE)
        ok = state_error(s, e, table);
    sqlite3_finalize(st);
    return ok;
}

bool state_workspace_write(struct state *s, struct str workspace, struct sbuf *out, struct err *e)
{
    bool ok = true;
    if (!state_begin(s, e))
        return false;
    for (size_t i = 0; ok && i < COUNTOF(tables); i++)
        ok = write_table(s, workspace, tables[i], out, e);
    return state_end(s, ok, e);
}

/* ---- reading ---- */

struct reading {
    struct state *s;
    struct str workspace;
    struct arena *a;   /* of the table under hand */
    const char *table; /* NULL: none yet */
    const char *sql;   /* INSERT of one of its rows */
    size_t n;          /* columns that a row gives */
};

static bool wrong(struct err *e, const char *what)
{
    return err_set(e, ERR_INVALID, "%s", what);
}

/* The table's own spelling of a column; NULL: it has none. */
static const char *column_of(struct reading *r, sqlite3_stmt *shape, const struct json *name)
{
    struct str s = json_text(name, STR(""));
    for (int i = 0; i < sqlite3_column_count(shape); i++)
        if (str_eqz(s, sqlite3_column_name(shape, i)) &&
            !is_left_out(sqlite3_column_name(shape, i)))
            return arena_strz(r->a, s);
    return NULL;
}

static bool make_insert(struct reading *r, sqlite3_stmt *shape, const struct json *columns,
                        struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_SQL);
    sbuf_addf(&b, "INSERT INTO %s (workspace", r->table);
    for (size_t i = 0; i < columns->n; i++) {
        const char *name = column_of(r, shape, &columns->items[i]);
        if (name == NULL)
            return wrong(e, "a column that this version does not know");
        sbuf_addf(&b, ", %s", name); /* of the schema: no name there needs quotes */
    }
    sbuf_addz(&b, ") VALUES (?1");
    for (size_t i = 0; i < columns->n; i++)
        sbuf_addf(&b, ", ?%zu", i + 2);
    sbuf_addz(&b, ")");
    r->n = columns->n;
    r->sql = arena_strz(r->a, sbuf_str(&b));
    return sbuf_ok(&b) || wrong(e, "too many columns");
}

static bool begin_table(struct reading *r, const struct json *line, struct err *e)
{
    const struct json *columns = json_get(line, "columns");
    r->table = table_of(json_text(json_get(line, "table"), STR("")));
    if (r->table == NULL)
        return wrong(e, "a table that this version does not know");
    if (columns == NULL || columns->type != JSON_ARRAY || columns->n == 0 ||
        columns->n > MAX_COLUMNS)
        return wrong(e, "columns: a list of names expected");
    arena_reset(r->a);
    const char *select = arena_fmt(r->a, "SELECT * FROM %s LIMIT 0", r->table).p;
    sqlite3_stmt *shape = state_prepare_locked(r->s, select, NULL, 0, e);
    bool ok = shape != NULL && make_insert(r, shape, columns, e);
    sqlite3_finalize(shape);
    return ok;
}

static bool insert_row(struct reading *r, const struct json *row, struct err *e)
{
    struct bind b[MAX_COLUMNS + 1] = {BT(r->workspace)};
    if (r->table == NULL)
        return wrong(e, "a row before the name of its table");
    if (row->type != JSON_ARRAY || row->n != r->n)
        return wrong(e, "a list of as many values as there are columns expected");
    for (size_t i = 0; i < row->n; i++) {
        const struct json *v = &row->items[i];
        if (v->type != JSON_INT && v->type != JSON_STRING)
            return wrong(e, "texts and whole numbers expected");
        b[i + 1] = v->type == JSON_INT ? BI(v->i) : BT(v->text);
    }
    return state_run(r->s, r->sql, b, r->n + 1, e);
}

static bool read_lines(struct reading *r, struct str text, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    bool ok = true;
    uint32_t line = 1;
    for (size_t at = 0; ok && at < text.n; line++) {
        const char *nl = memchr(text.p + at, '\n', text.n - at);
        size_t end = nl != NULL ? (size_t)(nl - text.p) : text.n;
        struct json v = {0};
        arena_reset(a);
        ok = json_parse(a, str_sub(text, at, end - at), NULL, &v, e) &&
             (v.type == JSON_OBJECT ? begin_table(r, &v, e) : insert_row(r, &v, e));
        at = end + 1;
    }
    if (ok)
        return true;
    e->code = e->code == ERR_SYNTAX || e->code == ERR_CONFLICT ? ERR_INVALID : e->code;
    e->pos.line = line - 1;
    err_prefix(e, "line %u", line - 1);
    return false;
}

bool state_workspace_forget(struct state *s, struct str workspace, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct bind b = BT(workspace);
    bool ok = true;
    if (!state_begin(s, e))
        return false;
    for (size_t i = COUNTOF(tables); ok && i-- > 0;)
        ok = state_run(s, arena_fmt(a, "DELETE FROM %s WHERE workspace = ?1", tables[i]).p, &b, 1,
                       e);
    return state_end(s, ok, e);
}

bool state_workspace_read(struct state *s, struct str workspace, struct str text, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct reading r = {.s = s, .workspace = workspace, .a = a};
    if (!state_begin(s, e))
        return false;
    bool ok = state_workspace_forget(s, workspace, e) && read_lines(&r, text, e);
    return state_end(s, ok, e);
}
