/* The Tables API of a workspace (Microsoft.OperationalInsights/workspaces/tables): list, get,
 * define custom tables, set plan, retention and clustering key. */
#include "api/authors.h"
#include "identity/access.h"
#include "text/date.h"
#include "text/json.h"

#define GENERAL "General"
#define PROTECTED "Protected"

/* The API's names of types; the last three are read only. */
static const struct {
    const char *name;
    enum kql_type type;
} types[] = {
    {"string", KQL_STRING},   {"int", KQL_INT},         {"long", KQL_LONG},
    {"real", KQL_REAL},       {"boolean", KQL_BOOL},    {"dateTime", KQL_DATETIME},
    {"guid", KQL_GUID},       {"dynamic", KQL_DYNAMIC}, {"timespan", KQL_TIMESPAN},
    {"decimal", KQL_DECIMAL}, {"bool", KQL_BOOL},       {"double", KQL_REAL},
};

static const char *type_name(enum kql_type t)
{
    for (size_t i = 0; i < COUNTOF(types); i++)
        if (types[i].type == t)
            return types[i].name;
    return "string";
}

static bool type_parse(struct str s, enum kql_type *out)
{
    for (size_t i = 0; i < COUNTOF(types); i++)
        if (str_ieqz(s, types[i].name)) {
            *out = types[i].type;
            return true;
        }
    return false;
}

/* Azure tells the columns that a table ships with, or that the service fills in a custom one, apart
 * from those that its owner, or the job that made it, defined. */
static bool is_standard(const struct kql_table *t, struct str column)
{
    static const char *const service[] = {
        "TenantId",      "Type",        "SourceSystem", "MG",          "_ItemId",
        "_TimeReceived", "_BilledSize", "_IsBillable",  "_ResourceId", "_SubscriptionId",
        "_WorkspaceId"};
    if (str_ends(t->name, STR("_SRCH")) || str_ends(t->name, STR("_RST")))
        return false;
    if (!str_ends(t->name, STR("_CL")))
        return !str_ends(column, STR("_CF"));
    for (size_t i = 0; i < COUNTOF(service); i++)
        if (str_eqz(column, service[i]))
            return true;
    return false;
}

static void write_columns(struct json_out *o, const char *key, const struct kql_table *t,
                          bool standard)
{
    const struct kql_schema *s = &t->schema;
    json_key(o, key);
    json_arr(o);
    for (size_t i = 0; i < s->n; i++) {
        if (is_standard(t, s->cols[i].name) != standard)
            continue;
        json_obj(o);
        json_kv_str(o, "name", s->cols[i].name);
        json_kv_z(o, "type", type_name(s->cols[i].type));
        json_obj_end(o);
    }
    json_arr_end(o);
}

/* Where the server keeps for ever, no number says so. */
static void write_days(struct json_out *o, const char *name, int64_t days)
{
    if (days > 0)
        json_kv_int(o, name, days);
    else
        json_kv_null(o, name);
}

static void write_retention(struct json_out *o, struct workspace *w, struct str table)
{
    struct store_retention own, held;
    workspace_retention(w, table, &own, &held);
    bool for_ever = held.total_days == 0 && held.analytics_days > 0;
    json_kv_z(o, "plan", store_plan_name(held.plan));
    write_days(o, "retentionInDays", held.analytics_days);
    write_days(o, "totalRetentionInDays", held.total_days);
    if (for_ever)
        json_kv_null(o, "archiveRetentionInDays");
    else
        json_kv_int(o, "archiveRetentionInDays", held.total_days - held.analytics_days);
    json_kv_bool(o, "retentionInDaysAsDefault", own.analytics_days == 0);
    json_kv_bool(o, "totalRetentionInDaysAsDefault", own.total_days == 0);
    if (held.plan_changed != 0)
        json_kv_time(o, "lastPlanModifiedDate", held.plan_changed);
}

/* Ours, not Log Analytics'. */
static void write_key(struct http_request *q, struct json_out *o, struct workspace *w,
                      struct str table)
{
    struct str column = workspace_cluster(w, q->arena, table);
    if (column.n > 0)
        json_kv_str(o, "clusterBy", column);
    else
        json_kv_null(o, "clusterBy");
}

static bool is_results(struct str table)
{
    return str_ends(table, STR(STORE_RESULTS));
}

/* provisioningState, and what belongs to a table that a job fills. */
static void write_state(struct vedette *v, struct http_request *q, struct json_out *o,
                        struct workspace *w, struct str table)
{
    struct state_search x = {0};
    struct err e = {0};
    struct store_restore restored;
    if (is_results(table) && search_get(v->jobs, q->arena, w, table, &x, &e)) {
        search_to_json(&x, o);
        return;
    }
    json_kv_z(o, "provisioningState", "Succeeded");
    if (!workspace_restored(w, table, &restored))
        return;
    json_key(o, "restoredLogs");
    json_obj(o);
    json_kv_time(o, "startRestoreTime", restored.from);
    json_kv_time(o, "endRestoreTime", restored.to);
    json_kv_str(o, "sourceTable", restored.source);
    json_obj_end(o);
}

static bool is_restored(struct str table)
{
    return str_ends(table, STR(STORE_RESTORED));
}

static const char *table_type(struct str table)
{
    if (is_results(table))
        return "SearchResults";
    if (is_restored(table))
        return "RestoredLogs";
    return str_ends(table, STR("_CL")) ? "CustomLog" : "Microsoft";
}

static void write_table(struct vedette *v, struct http_request *q, struct json_out *o,
                        struct workspace *w, const struct kql_table *t)
{
    const char *type = table_type(t->name);
    json_obj(o);
    json_kv_str(o, "id",
                arena_fmt(q->arena,
                          "/subscriptions/%.*s/resourceGroups/%.*s/providers/"
                          "Microsoft.OperationalInsights/workspaces/%.*s/tables/%.*s",
                          STR_ARG(http_param(q, "subscription")), STR_ARG(http_param(q, "group")),
                          STR_ARG(workspace_name(w)), STR_ARG(t->name)));
    json_kv_str(o, "name", t->name);
    json_kv_z(o, "type", "Microsoft.OperationalInsights/workspaces/tables");
    json_key(o, "properties");
    json_obj(o);
    write_retention(o, w, t->name);
    write_key(q, o, w, t->name);
    json_kv_z(o, "protectionLevel",
              identity_table_is_protected(v->identity, workspace_id(w), t->name) ? PROTECTED
                                                                                 : GENERAL);
    write_state(v, q, o, w, t->name);
    json_key(o, "schema");
    json_obj(o);
    json_kv_str(o, "name", t->name);
    write_columns(o, "columns", t, false);
    write_columns(o, "standardColumns", t, true);
    json_kv_z(o, "source", strcmp(type, "Microsoft") == 0 ? "microsoft" : "customer");
    json_kv_z(o, "tableType", type);
    json_kv_z(o, "tableSubType", "DataCollectionRuleBased");
    json_obj_end(o);
    json_obj_end(o);
    json_obj_end(o);
}

static bool write_named(struct vedette *v, struct http_request *q, struct http_response *r,
                        struct workspace *w, struct str name)
{
    struct err e = {0};
    struct kql_table t = {0};
    bool sees = api_sees_table(q, w, name);
    if (!sees || !workspace_table_find(w, q->arena, name, &t)) {
        struct str near = workspace_table_suggest(w, q->arena, name);
        if (near.n > 0 && !api_sees_table(q, w, near))
            near = STR_NONE;
        err_set(&e, ERR_NOT_FOUND, "The table '%.*s' could not be found.",
                (int)(name.n < 80 ? name.n : 80), name.p);
        if (near.n > 0)
            err_hint(&e, "did you mean '%.*s'?", STR_ARG(near));
        api_error(v, q, &e, r);
        return false;
    }
    struct json_out o = json_out_make(&r->body);
    write_table(v, q, &o, w, &t);
    return true;
}

static void get(void *ctx, struct http_request *q, struct http_response *r)
{
    struct workspace *w = api_workspace(ctx, q, r);
    if (w != NULL)
        (void)write_named(ctx, q, r, w, http_param(q, "table"));
}

/* Only tables that hold something or are the workspace's own: the shipped ones are a thousand. */
static void list(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct store_table_info *infos = NULL;
    size_t n = 0;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!store_tables(w, q->arena, &infos, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++) {
        struct kql_table t = {0};
        if (api_sees_table(q, w, infos[i].name) &&
            workspace_table_find(w, q->arena, infos[i].name, &t))
            write_table(v, q, &o, w, &t);
    }
    api_list_end(&o);
}

static bool read_schema(struct arena *a, const struct json *columns, struct kql_schema *out,
                        struct err *e)
{
    if (columns == NULL || columns->type != JSON_ARRAY || columns->n == 0)
        return err_set(e, ERR_INVALID, "properties.schema.columns: an array of columns expected");
    out->cols = arena_array(a, struct kql_column, columns->n);
    out->n = columns->n;
    for (size_t i = 0; i < columns->n; i++) {
        struct str type = json_text(json_get(&columns->items[i], "type"), STR(""));
        out->cols[i].name = json_text(json_get(&columns->items[i], "name"), STR(""));
        if (out->cols[i].name.n == 0)
            return err_set(e, ERR_INVALID, "properties.schema.columns[%zu].name is missing", i);
        if (!type_parse(type, &out->cols[i].type))
            return err_set(e, ERR_INVALID,
                           "properties.schema.columns[%zu].type: '%.*s' is not a column type", i,
                           (int)(type.n < 40 ? type.n : 40), type.p);
    }
    return true;
}

/* ---- retention ---- */

/* -1 and null are the default; left out: as it was, or with PUT the default. */
static bool read_days(const struct json *body, const char *path, int64_t *days, struct err *e)
{
    const struct json *j = json_path(body, path);
    if (j == NULL)
        return true;
    if (j->type != JSON_NULL && j->type != JSON_INT)
        return err_set(e, ERR_INVALID, "%s: a number of days expected", path);
    *days = j->type == JSON_NULL || j->i == -1 ? 0 : j->i;
    return *days >= 0 && (j->type == JSON_NULL || j->i != 0)
               ? true
               : err_set(e, ERR_INVALID, "%s: %lld is no number of days", path, (long long)j->i);
}

/* Left out: as it was; also with PUT, since a plan is no default to fall back to. */
static bool read_plan(const struct json *body, enum store_plan *plan, struct err *e)
{
    const struct json *j = json_path(body, "properties.plan");
    struct str text = json_text(j, STR(""));
    return j == NULL || j->type == JSON_NULL || store_plan_parse(text, plan) ||
           err_set(e, ERR_INVALID,
                   "properties.plan: '%.*s' is no plan; Analytics, Basic or Auxiliary expected",
                   (int)(text.n < 40 ? text.n : 40), text.p);
}

static bool read_retention(struct workspace *w, struct str table, const struct json *body,
                           bool reset, struct store_retention *wish, struct err *e)
{
    struct store_retention held;
    workspace_retention(w, table, wish, &held);
    enum store_plan was = wish->plan;
    if (reset)
        wish->analytics_days = wish->total_days = 0;
    if (!read_plan(body, &wish->plan, e) ||
        !read_days(body, "properties.retentionInDays", &wish->analytics_days, e) ||
        !read_days(body, "properties.totalRetentionInDays", &wish->total_days, e))
        return false;
    /* What the table was kept for in the plan that it leaves it is kept for in all. */
    if (wish->plan != was && json_path(body, "properties.retentionInDays") == NULL) {
        if (wish->total_days == 0 && wish->analytics_days != 0)
            wish->total_days = wish->analytics_days < 30 ? 30 : wish->analytics_days;
        wish->analytics_days = 0;
    }
    return true;
}

static bool change_retention(struct workspace *w, struct str table, const struct json *body,
                             bool reset, struct err *e)
{
    struct store_retention wish, own, held;
    workspace_retention(w, table, &own, &held);
    if (!read_retention(w, table, body, reset, &wish, e))
        return false;
    bool same = wish.analytics_days == own.analytics_days && wish.total_days == own.total_days &&
                wish.plan == own.plan;
    return same || workspace_retention_set(w, table, &wish, e);
}

/* null: none; left out: as it was, or with PUT none. */
static bool change_key(struct http_request *q, struct workspace *w, struct str table,
                       const struct json *body, bool reset, struct err *e)
{
    const struct json *j = json_path(body, "properties.clusterBy");
    if (j != NULL && j->type != JSON_NULL && j->type != JSON_STRING)
        return err_set(e, ERR_INVALID,
                       "properties.clusterBy: the name of a column, or null, is expected");
    if (j == NULL && !reset)
        return true;
    struct str wish = j != NULL ? json_text(j, STR_NONE) : STR_NONE;
    return str_eq(wish, workspace_cluster(w, q->arena, table)) ||
           workspace_cluster_set(w, table, wish, e);
}

/* Left out: as it is, also with PUT: nobody uncovers a table by chance. */
static bool change_protection(struct vedette *v, struct http_request *q, struct workspace *w,
                              struct str table, const struct json *body, struct err *e)
{
    static const char action[] =
        "Microsoft.OperationalInsights/workspaces/tables/protectionLevel/write";
    const struct json *j = json_path(body, "properties.protectionLevel");
    struct str wish = json_text(j, STR(""));
    const struct identity_target where = {.workspace = workspace_id(w), .table = table};
    struct kql_table t = {0};
    bool is_protected = str_ieqz(wish, PROTECTED);
    if (j == NULL)
        return true;
    if (!is_protected && !str_ieqz(wish, GENERAL))
        return err_set(e, ERR_INVALID, "properties.protectionLevel: General or Protected expected");
    if (!workspace_table_find(w, q->arena, table, &t))
        return err_set(e, ERR_NOT_FOUND, "The table '%.*s' could not be found.",
                       (int)(table.n < 80 ? table.n : 80), table.p);
    if (identity_table_is_protected(v->identity, workspace_id(w), t.name) == is_protected)
        return true;
    if (!identity_may(api_caller(q), str_from(action), false, &where))
        return err_set(e, ERR_FORBIDDEN,
                       "The client '%.*s' does not have authorization to perform action '%s'.",
                       STR_ARG(api_caller(q)->id), action);
    return identity_table_protect(v->identity, workspace_id(w), t.name, is_protected, e);
}

static bool read_properties(const struct json *body, struct err *e)
{
    const struct json *p = json_get(body, "properties");
    return p == NULL || p->type == JSON_OBJECT || p->type == JSON_NULL ||
           err_set(e, ERR_INVALID, "properties: an object expected");
}

/* PUT defines; a table that exists may also be put without columns of its own, as those that ship
 * are told. PATCH changes what it names. */
static void change(void *ctx, struct http_request *q, struct http_response *r, bool put)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct kql_schema schema = {0};
    struct kql_table t = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    struct str name = arena_str(q->arena, http_param(q, "table"));
    const struct json *columns = json_path(&body, "properties.schema.columns");
    bool exists = workspace_table_find(w, q->arena, name, &t);
    bool none = columns == NULL || (columns->type == JSON_ARRAY && columns->n == 0);
    bool define = !none || (put && !exists);
    enum store_plan plan = STORE_PLAN_ANALYTICS;
    bool ok = read_properties(&body, &e) && read_plan(&body, &plan, &e) &&
              (!define || (read_schema(q->arena, columns, &schema, &e) &&
                           workspace_table_define(w, name, &schema, &e))) &&
              ((!exists && !define) || (change_retention(w, name, &body, put, &e) &&
                                        change_key(q, w, name, &body, put, &e))) &&
              change_protection(v, q, w, name, &body, &e);
    if (ok)
        (void)write_named(v, q, r, w, name);
    else
        api_error(v, q, &e, r);
}

/* ---- search jobs ---- */

/* A table of results is made by a search job; PATCH changes how long it is kept. */
static void put_search(struct vedette *v, struct http_request *q, struct http_response *r)
{
    struct err e = {0};
    struct json body = {0};
    struct state_search x = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    struct str query = json_text(json_path(&body, "properties.searchResults.query"), STR(""));
    if (!api_may_run(q, w, query, &e) ||
        !search_put(v->jobs, q->arena, w, http_param(q, "table"), &body, api_caller(q)->name, &x,
                    &e) ||
        !author_keep(v, q, w, "search", x.name, &e))
        api_error(v, q, &e, r);
    else if (write_named(v, q, r, w, x.name))
        r->status = 202;
}

static void cancel_search(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w != NULL && !search_cancel(v->jobs, w, http_param(q, "table"), &e))
        api_error(v, q, &e, r);
}

static void delete (void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    struct str name = http_param(q, "table");
    struct kql_table t = {.name = name};
    (void)workspace_table_find(w, q->arena, name, &t);
    bool ok =
        is_results(name) ? search_delete(v->jobs, w, name, &e) : workspace_table_drop(w, name, &e);
    ok = ok && identity_table_protect(v->identity, workspace_id(w), t.name, false, &e);
    if (!ok && e.code == ERR_NOT_FOUND)
        r->status = 204;
    else if (!ok)
        api_error(v, q, &e, r);
}

/* ---- restored logs ---- */

static bool read_time(const struct json *body, const char *path, int64_t *out, struct err *e)
{
    return date_parse_iso(json_text(json_path(body, path), STR("")), out) ||
           err_set(e, ERR_INVALID, "%s: a time such as 2026-01-02T03:00:00Z expected", path);
}

static void put_restore(struct vedette *v, struct http_request *q, struct http_response *r)
{
    struct err e = {0};
    struct json body = {0};
    struct store_restore x = {.table = http_param(q, "table")};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    x.source = json_text(json_path(&body, "properties.restoredLogs.sourceTable"), STR(""));
    bool ok = (x.source.n > 0 || err_set(&e, ERR_INVALID,
                                         "properties.restoredLogs.sourceTable: the name of a "
                                         "table expected")) &&
              api_may_run_table(q, w, x.source, &e) &&
              read_time(&body, "properties.restoredLogs.startRestoreTime", &x.from, &e) &&
              read_time(&body, "properties.restoredLogs.endRestoreTime", &x.to, &e) &&
              workspace_restore(w, &x, &e);
    if (ok)
        (void)write_named(v, q, r, w, x.table);
    else
        api_error(v, q, &e, r);
}

static void put(void *ctx, struct http_request *q, struct http_response *r)
{
    if (is_results(http_param(q, "table")))
        put_search(ctx, q, r);
    else if (is_restored(http_param(q, "table")))
        put_restore(ctx, q, r);
    else
        change(ctx, q, r, true);
}

static void patch(void *ctx, struct http_request *q, struct http_response *r)
{
    change(ctx, q, r, false);
}

const struct http_route table_routes[] = {
    {HTTP_GET, WORKSPACE_PATH "/tables", list, "tables/read", 0, FAMILY_ARM},
    {HTTP_GET, WORKSPACE_PATH "/tables/{table}", get, "tables/read", 0, FAMILY_ARM},
    {HTTP_PUT, WORKSPACE_PATH "/tables/{table}", put, "tables/write", 0, FAMILY_ARM},
    {HTTP_PATCH, WORKSPACE_PATH "/tables/{table}", patch, "tables/write", 0, FAMILY_ARM},
    {HTTP_DELETE, WORKSPACE_PATH "/tables/{table}", delete, "tables/write", 0, FAMILY_ARM},
    {HTTP_POST, WORKSPACE_PATH "/tables/{table}/cancelSearch", cancel_search, "tables/write", 0,
     FAMILY_ARM},
};
const size_t n_table_routes = COUNTOF(table_routes);
