/* What Sentinel has no API for, or keeps in Azure itself: workspaces with their data collection
 * rule, accounting, applications, and the clock of a test server. */
#include "api/api_priv.h"
#include "identity/access.h"
#include "ingest/csv_names.h"
#include "state/cursors.h"
#include "text/date.h"
#include "text/json.h"

static void workspaces(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct workspace *w = NULL;
    struct json_out o = api_list(r);
    for (size_t i = 0; (w = store_workspace_at(v->store, i)) != NULL; i++) {
        char dcr[INGEST_DCR_BYTES];
        if (!api_may(q, workspace_id(w)))
            continue;
        ingest_dcr_id(w, dcr);
        json_obj(&o);
        json_kv_str(&o, "id", workspace_id(w));
        json_kv_str(&o, "name", workspace_name(w));
        json_kv_str(&o, "displayName", identity_display_name(v->identity, q->arena, w));
        json_kv_z(&o, "dataCollectionRule", dcr);
        json_kv_str(&o, "tenant", identity_tenant_of(v->identity, w));
        json_kv_str(&o, "resourceId", identity_resource_id(q->arena, w));
        json_kv_int(&o, "diskBytes", (int64_t)workspace_disk_bytes(w));
        json_obj_end(&o);
    }
    api_list_end(&o);
}

static void tables(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct store_table_info *list = NULL;
    size_t n = 0;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!store_tables(w, q->arena, &list, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++) {
        struct store_retention own, held;
        if (!api_reads_all_rows(q, w, list[i].name)) /* it has numbers of all rows */
            continue;
        workspace_retention(w, list[i].name, &own, &held);
        json_obj(&o);
        json_kv_str(&o, "name", list[i].name);
        json_kv_z(&o, "plan", store_plan_name(held.plan));
        json_kv_int(&o, "retentionInDays", held.analytics_days);
        json_kv_int(&o, "totalRetentionInDays", held.total_days);
        json_kv_bool(&o, "custom", list[i].custom);
        json_kv_int(&o, "columns", (int64_t)list[i].n_columns);
        json_kv_int(&o, "storedColumns", (int64_t)list[i].n_stored_columns);
        json_kv_int(&o, "rows", list[i].rows);
        json_kv_int(&o, "hotRows", list[i].hot_rows);
        json_kv_int(&o, "parts", list[i].parts);
        json_kv_int(&o, "bytes", list[i].bytes);
        json_kv_int(&o, "localBytes", list[i].local_bytes);
        json_kv_int(&o, "storeBytes", list[i].stored_bytes);
        json_kv_int(&o, "billedBytes", list[i].billed_bytes);
        json_kv_int(&o, "hotBytes", list[i].billed_bytes - list[i].sealed_billed_bytes);
        json_kv_time(&o, "oldest", list[i].oldest);
        json_kv_time(&o, "newest", list[i].newest);
        json_obj_end(&o);
    }
    api_list_end(&o);
}

static void counts(void *ctx, struct http_request *q, struct http_response *r)
{
    struct store_count *list = NULL;
    struct workspace *w = api_workspace(ctx, q, r);
    if (w == NULL)
        return;
    size_t n = store_counts(w, q->arena, &list);
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++) {
        if (!api_reads_all_rows(q, w, list[i].table))
            continue;
        json_obj(&o);
        json_kv_str(&o, "source", list[i].source);
        json_kv_str(&o, "stream", list[i].stream);
        json_kv_str(&o, "table", list[i].table);
        json_kv_str(&o, "reason", list[i].reason);
        json_kv_int(&o, "requests", (int64_t)list[i].requests);
        json_kv_int(&o, "received", (int64_t)list[i].received);
        json_kv_int(&o, "stored", (int64_t)list[i].stored);
        json_kv_int(&o, "rejected", (int64_t)list[i].rejected);
        json_kv_int(&o, "filtered", (int64_t)list[i].filtered);
        json_kv_int(&o, "heldBack", list[i].held);
        json_obj_end(&o);
    }
    api_list_end(&o);
}

static void sources(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct health_source *list = NULL;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    size_t n = health_sources(v->health, w, q->arena, &list);
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++) {
        char allowed[32];
        if (!api_reads_all_rows(q, w, list[i].table))
            continue;
        span_format(list[i].allowed, allowed);
        json_obj(&o);
        json_kv_str(&o, "source", list[i].source);
        json_kv_str(&o, "stream", list[i].stream);
        json_kv_str(&o, "table", list[i].table);
        json_kv_time(&o, "firstSeen", list[i].first);
        json_kv_time(&o, "lastSeen", list[i].last);
        json_kv_int(&o, "rowsLastHour", (int64_t)list[i].rows_last_hour);
        if (list[i].allowed > 0)
            json_kv_z(&o, "allowedSilence", allowed);
        json_kv_z(&o, "status", list[i].silent ? "silent" : "ok");
        json_obj_end(&o);
    }
    api_list_end(&o);
}

/* ---- import of files ---- */

static void write_result(struct http_response *r, const struct ingest_result *x)
{
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    json_kv_int(&o, "received", (int64_t)x->received);
    json_kv_int(&o, "stored", (int64_t)x->stored);
    json_kv_int(&o, "rejected", (int64_t)x->rejected);
    json_kv_int(&o, "nulled", (int64_t)x->nulled);
    json_kv_int(&o, "truncated", (int64_t)x->truncated);
    json_kv_int(&o, "dropped", (int64_t)x->dropped);
    json_kv_bool(&o, "duplicate", x->duplicate);
    json_obj_end(&o);
}

/* Records of files: any format, times kept, a custom table made when it is absent. */
static void import(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct ingest_result result = {0};
    struct workspace *w = api_workspace(v, q, r);
    struct str table = http_param(q, "table");
    if (w == NULL)
        return;
    bool custom = str_ends(table, STR("_CL")), routed = str_eqz(table, "auto");
    struct ingest_request in = {.workspace = w,
                                .stream = routed ? STR("")
                                                 : arena_fmt(q->arena, "%s-%.*s",
                                                             custom ? "Custom" : "Microsoft",
                                                             STR_ARG(table)),
                                .body = q->body,
                                .source = api_caller(q)->id,
                                .client_request_id = http_query(q, "request"),
                                .create_table = true,
                                .keep_times = true};
    if (http_query(q, "separator").n > 0 &&
        !csv_separator_read(http_query(q, "separator"), &in.separator))
        err_set(&e, ERR_INVALID, "separator: one character of ASCII, or tab expected");
    else if (!ingest_format_find(http_query(q, "format"), &in.format))
        err_set(&e, ERR_INVALID,
                "format: json, ndjson, csv, syslog, cef, windows, cloudtrail, vpcflow, guardduty, "
                "azure, zeek or auditd expected");
    else if (ingest_logs(v->import, &in, &result, &e)) {
        write_result(r, &result);
        return;
    }
    api_error(v, q, &e, r);
}

/* Which files are in which tables: "import/WORKSPACE/TABLE/FILE" among the cursors. */
static bool import_key(struct http_request *q, struct workspace *w, struct str *out, struct err *e)
{
    struct str table = http_param(q, "table"), file = http_param(q, "file");
    *out = arena_fmt(q->arena, "import/%.*s/%.*s/%.*s", STR_ARG(workspace_id(w)), STR_ARG(table),
                     STR_ARG(file));
    bool good = table.n <= 128 && file.n <= 128 && !str_holds(table, '/') && !str_holds(file, '/');
    return good ||
           err_set(e, ERR_INVALID, "a table and a file's name, at most 128 bytes, expected");
}

static void get_import(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct str key, value = STR("");
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!import_key(q, w, &key, &e) || !state_cursor_get(v->state, q->arena, key, &value, &e))
        api_error(v, q, &e, r);
    else if (value.n > 0)
        sbuf_add(&r->body, value);
    else {
        err_set(&e, ERR_NOT_FOUND, "The file was not imported into this table.");
        api_error(v, q, &e, r);
    }
}

static void put_import(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct str key;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(1 << 16);
    struct json_out o = json_out_make(&text);
    const struct json *n = json_get(&body, "records");
    json_obj(&o);
    json_kv_str(&o, "file", json_text(json_get(&body, "file"), STR("")));
    json_kv_int(&o, "records", n != NULL && n->type == JSON_INT ? n->i : 0);
    json_kv_time(&o, "imported", clock_now(v->o.clock));
    json_obj_end(&o);
    if (!sbuf_ok(&text))
        err_set(&e, ERR_INVALID, "file: at most 64 KiB expected");
    else if (import_key(q, w, &key, &e) && state_cursor_set(v->state, key, sbuf_str(&text), &e)) {
        r->status = 204;
        return;
    }
    api_error(v, q, &e, r);
}

/* ---- the clock of a test server ---- */

static void write_clock(struct vedette *v, struct http_response *r, size_t runs)
{
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    json_kv_time(&o, "now", clock_now(v->o.clock));
    json_kv_bool(&o, "manual", clock_is_manual(v->o.clock));
    json_kv_bool(&o, "idle", detect_idle(v->detect));
    json_kv_int(&o, "runs", (int64_t)runs);
    json_obj_end(&o);
}

static void get_clock(void *ctx, struct http_request *q, struct http_response *r)
{
    (void)q;
    write_clock(ctx, r, 0);
}

/* When the next thing that runs by the clock is due: a rule, a summary's bin, a job, a look around.
 */
static bool next_due(struct vedette *v, int64_t *out, struct err *e)
{
    int64_t rule = detect_next_due(v->detect), look = health_next_due(v->health);
    int64_t job = INT64_MAX;
    if (!summaries_next_due(v->summaries, out, e) || !jobs_next_due(v->jobs, &job, e))
        return false;
    *out = job < *out ? job : *out;
    *out = rule < *out ? rule : *out;
    *out = look < *out ? look : *out;
    return true;
}

/* Stops at each time at which something is due, so that it runs when it would have run. */
static bool move_clock(struct vedette *v, int64_t to, size_t *runs, struct err *e)
{
    for (bool arrived = false; !arrived;) {
        size_t rules = 0, bins = 0, jobs = 0;
        int64_t due = 0, now = clock_now(v->o.clock);
        if (!next_due(v, &due, e))
            return false;
        arrived = due >= to;
        due = due > now ? due : now;
        clock_set(v->o.clock, arrived ? to : due);
        if (!detect_run_due(v->detect, &rules, e) || !summaries_run_due(v->summaries, &bins, e) ||
            !correlate_run_due(v->correlate, NULL, e) || !jobs_run_due(v->jobs, &jobs, e))
            return false;
        *runs += rules + bins + jobs;
        health_run_due(v->health);
    }
    return true;
}

/* {"now": time}: moves the clock forward and runs every rule that becomes due, in order. */
static void set_clock(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    int64_t to = 0;
    size_t runs = 0;
    if (!api_body(v, q, r, &body))
        return;
    if (!clock_is_manual(v->o.clock))
        err_set(&e, ERR_CONFLICT,
                "The server runs on the system's clock; start it with a manual one.");
    else if (!date_parse_iso(json_text(json_get(&body, "now"), STR("")), &to))
        err_set(&e, ERR_INVALID, "now: a time such as 2026-01-02T03:04:05Z is expected");
    else if (to < clock_now(v->o.clock))
        err_set(&e, ERR_CONFLICT, "The clock does not go back.");
    else if (move_clock(v, to, &runs, &e)) {
        write_clock(v, r, runs);
        return;
    }
    api_error(v, q, &e, r);
}

/* ---- applications ---- */

static bool write_application(struct vedette *v, struct arena *a, struct json_out *o,
                              const struct state_principal *p, struct err *e)
{
    struct str roles = STR("");
    if (!identity_roles_of(v->identity, a, p->id, &roles, e))
        return false;
    json_obj(o);
    json_kv_str(o, "clientId", p->id);
    json_kv_str(o, "name", p->name);
    json_key(o, "roles");
    json_raw(o, roles);
    json_kv_bool(o, "enabled", p->enabled);
    json_kv_time(o, "created", p->created);
    json_obj_end(o);
    return true;
}

static struct str home_of(struct vedette *v, const struct state_principal *p)
{
    return p->tenant.n > 0 ? p->tenant : identity_tenant(v->identity);
}

bool api_find_application(struct vedette *v, struct http_request *q, struct state_principal *out,
                          struct err *e)
{
    if (!state_principal_get(v->state, q->arena, http_param(q, "application"), out, e))
        return false;
    return (!str_eqz(out->kind, PRINCIPAL_USER) &&
            identity_allows_in(api_caller(q), q->route->access, home_of(v, out))) ||
           err_set(e, ERR_NOT_FOUND, "no principals '%.*s'", STR_ARG(out->id));
}

static void list_applications(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_principal *all = NULL;
    size_t n = 0;
    if (!state_principal_list(v->state, q->arena, &all, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++)
        ok = str_eqz(all[i].kind, PRINCIPAL_USER) ||
             !identity_allows_in(api_caller(q), q->route->access, home_of(v, &all[i])) ||
             write_application(v, q->arena, &o, &all[i], &e);
    api_list_end(&o);
    if (ok)
        return;
    sbuf_clear(&r->body);
    api_error(v, q, &e, r);
}

static void write_secret(struct http_response *r, struct str id, struct str secret,
                         struct str tenant)
{
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    json_kv_str(&o, "clientId", id);
    json_kv_str(&o, "clientSecret", secret);
    json_kv_str(&o, "tenant", tenant);
    json_obj_end(&o);
    http_response_header(r, "Cache-Control", STR("no-store"));
}

bool api_read_home(struct vedette *v, struct http_request *q, const struct json *body,
                   struct str *out, struct http_response *r)
{
    struct err e = {0};
    struct state_tenant t = {0};
    const struct identity_caller *c = api_caller(q);
    struct str name = json_text(json_get(body, "tenant"), STR(""));
    if (name.n == 0)
        name = c->tenant.n > 0 ? c->tenant : identity_tenant(v->identity);
    bool found = identity_tenant_find(v->identity, q->arena, name, &t, &e);
    if (found && identity_sees_tenant(c, t.id)) {
        *out = t.id;
        return api_allows_in(v, q, q->route->access, t.id, r);
    }
    if (found)
        err_set(&e, ERR_NOT_FOUND, "The tenant '%.*s' could not be found.", STR_ARG(name));
    api_error(v, q, &e, r);
    return false;
}

/* {"name", "roles": [{"role", "workspace"?}], "tenant"?}; the secret is in this answer and nowhere
 * else. */
static void create_application(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct str id = STR(""), secret = STR("");
    struct identity_app x = {0};
    struct str home;
    if (!api_body(v, q, r, &body) || !api_read_home(v, q, &body, &home, r))
        return;
    AUTO(sbuf_fini) struct sbuf roles = sbuf_make(1 << 16);
    struct json_out w = json_out_make(&roles);
    const struct json *given = json_get(&body, "roles");
    if (given != NULL)
        json_value(&w, given);
    x.name = json_text(json_get(&body, "name"), STR(""));
    x.roles = sbuf_str(&roles);
    x.tenant = identity_tenant_key(v->identity, home);
    if (given == NULL || !sbuf_ok(&roles))
        err_set(&e, ERR_INVALID, "roles: an array of {\"role\", \"workspace\"} expected");
    else if (identity_may_give(v->identity, q->arena, api_caller(q), home, x.roles, &e) &&
             identity_app_make(v->identity, q->arena, &x, &id, &secret, &e)) {
        r->status = 201;
        write_secret(r, id, secret, home);
        return;
    }
    api_error(v, q, &e, r);
}

static void new_secret(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_principal p = {0};
    struct str secret = STR("");
    if (api_find_application(v, q, &p, &e) &&
        identity_app_new_secret(v->identity, q->arena, p.id, &secret, &e))
        write_secret(r, p.id, secret, home_of(v, &p));
    else
        api_error(v, q, &e, r);
}

static void delete_application(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    bool was_there = false;
    struct state_principal p = {0};
    bool ok = api_find_application(v, q, &p, &e) &&
              state_principal_delete(v->state, p.id, &was_there, &e);
    api_deleted(v, q, r, ok, &e);
}

#define OWN "/vedette/v1"
const struct http_route own_routes[] = {
    {HTTP_GET, OWN "/workspaces", workspaces, "tables/read", 0, FAMILY_ARM},
    {HTTP_GET, OWN "/workspaces/{workspace}/tables", tables, "tables/read", 0, FAMILY_ARM},
    {HTTP_GET, OWN "/workspaces/{workspace}/counts", counts, "tables/read", 0, FAMILY_ARM},
    {HTTP_GET, OWN "/workspaces/{workspace}/sources", sources, "tables/read", 0, FAMILY_ARM},
    {HTTP_POST, OWN "/workspaces/{workspace}/records/{table}", import, "logs/import",
     IMPORT_BYTES + 1024, FAMILY_ARM},
    {HTTP_GET, OWN "/workspaces/{workspace}/imports/{table}/{file}", get_import, "logs/import", 0,
     FAMILY_ARM},
    {HTTP_PUT, OWN "/workspaces/{workspace}/imports/{table}/{file}", put_import, "logs/import", 0,
     FAMILY_ARM},
    {HTTP_GET, OWN "/clock", get_clock, "clock/read", 0, FAMILY_ARM},
    {HTTP_POST, OWN "/clock", set_clock, "clock/write", 0, FAMILY_ARM},
    {HTTP_GET, OWN "/applications", list_applications, "applications/read", 0, FAMILY_ARM},
    {HTTP_POST, OWN "/applications", create_application, "applications/write", 0, FAMILY_ARM},
    {HTTP_POST, OWN "/applications/{application}/secret", new_secret, "applications/write", 0,
     FAMILY_ARM},
    {HTTP_DELETE, OWN "/applications/{application}", delete_application, "applications/write", 0,
     FAMILY_ARM},
};
const size_t n_own_routes = COUNTOF(own_routes);
