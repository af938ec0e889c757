/* What Sentinel has no API for, or keeps in Azure itself: workspaces with their data collection
 * rule, accounting, applications, and the clock of a test server. */
#include "api/api_priv.h"
#include "text/date.h"
#include "text/json.h"

static void workspaces(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct workspace *w = NULL;
    struct json_out o = api_list(r);
    for (size_t i = 0; (w = store_workspace_at(v->store, i)) != NULL; i++) {
        char dcr[INGEST_DCR_BYTES];
        if (!identity_allows(api_caller(q), q->route->access, workspace_id(w)))
            continue;
        ingest_dcr_id(w, dcr);
        json_obj(&o);
        json_kv_str(&o, "id", workspace_id(w));
        json_kv_str(&o, "name", workspace_name(w));
        json_kv_z(&o, "dataCollectionRule", dcr);
        json_kv_str(&o, "tenant", identity_tenant(v->identity));
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
        json_obj(&o);
        json_kv_str(&o, "name", list[i].name);
        json_kv_bool(&o, "custom", list[i].custom);
        json_kv_int(&o, "columns", (int64_t)list[i].n_columns);
        json_kv_int(&o, "storedColumns", (int64_t)list[i].n_stored_columns);
        json_kv_int(&o, "rows", list[i].rows);
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
        json_obj(&o);
        json_kv_str(&o, "source", list[i].source);
        json_kv_str(&o, "stream", list[i].stream);
        json_kv_str(&o, "table", list[i].table);
        json_kv_str(&o, "reason", list[i].reason);
        json_kv_int(&o, "requests", (int64_t)list[i].requests);
        json_kv_int(&o, "received", (int64_t)list[i].received);
        json_kv_int(&o, "stored", (int64_t)list[i].stored);
        json_kv_int(&o, "rejected", (int64_t)list[i].rejected);
        json_obj_end(&o);
    }
    api_list_end(&o);
}

/* ---- import of files ---- */

static bool read_format(struct http_request *q, enum ingest_format *out)
{
    static const char *const names[] = {[INGEST_JSON] = "json",
                                        [INGEST_NDJSON] = "ndjson",
                                        [INGEST_CSV] = "csv",
                                        [INGEST_SYSLOG] = "syslog",
                                        [INGEST_CEF] = "cef"};
    for (size_t i = 0; i < COUNTOF(names); i++)
        if (str_ieqz(http_query(q, "format"), names[i])) {
            *out = (enum ingest_format)i;
            return true;
        }
    return false;
}

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
    bool custom = str_ends(table, STR("_CL"));
    struct ingest_request in = {
        .workspace = w,
        .stream = arena_fmt(q->arena, "%s-%.*s", custom ? "Custom" : "Microsoft", STR_ARG(table)),
        .body = q->body,
        .source = api_caller(q)->id,
        .create_table = true,
        .keep_times = true};
    if (!read_format(q, &in.format))
        err_set(&e, ERR_INVALID, "format: json, ndjson, csv, syslog or cef expected");
    else if (ingest_logs(v->import, &in, &result, &e)) {
        write_result(r, &result);
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

/* Stops at each time at which a rule or a summary's bin is due, so that it runs when it would have
 * run. */
static bool move_clock(struct vedette *v, int64_t to, size_t *runs, struct err *e)
{
    for (bool arrived = false; !arrived;) {
        size_t rules = 0, bins = 0;
        int64_t due = detect_next_due(v->detect), summary = 0;
        if (!summaries_next_due(v->summaries, &summary, e))
            return false;
        due = summary < due ? summary : due;
        arrived = due >= to;
        clock_set(v->o.clock, arrived                       ? to
                              : due > clock_now(v->o.clock) ? due
                                                            : clock_now(v->o.clock));
        if (!detect_run_due(v->detect, &rules, e) || !summaries_run_due(v->summaries, &bins, e))
            return false;
        *runs += rules + bins;
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

static void write_application(struct json_out *o, const struct state_principal *p)
{
    json_obj(o);
    json_kv_str(o, "clientId", p->id);
    json_kv_str(o, "name", p->name);
    json_key(o, "roles");
    json_raw(o, p->roles);
    json_kv_bool(o, "enabled", p->enabled);
    json_kv_time(o, "created", p->created);
    json_obj_end(o);
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
    for (size_t i = 0; i < n; i++)
        write_application(&o, &all[i]);
    api_list_end(&o);
}

static void write_secret(struct vedette *v, struct http_response *r, struct str id,
                         struct str secret)
{
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    json_kv_str(&o, "clientId", id);
    json_kv_str(&o, "clientSecret", secret);
    json_kv_str(&o, "tenant", identity_tenant(v->identity));
    json_obj_end(&o);
    http_response_header(r, "Cache-Control", STR("no-store"));
}

/* {"name", "roles": [{"role", "workspace"?}]}; the secret is in this answer and nowhere else. */
static void create_application(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct str id = STR(""), secret = STR("");
    if (!api_body(v, q, r, &body))
        return;
    AUTO(sbuf_fini) struct sbuf roles = sbuf_make(1 << 16);
    struct json_out w = json_out_make(&roles);
    const struct json *given = json_get(&body, "roles");
    if (given != NULL)
        json_value(&w, given);
    if (given == NULL || !sbuf_ok(&roles))
        err_set(&e, ERR_INVALID, "roles: an array of {\"role\", \"workspace\"} expected");
    else if (identity_app_create(v->identity, q->arena, json_text(json_get(&body, "name"), STR("")),
                                 sbuf_str(&roles), &id, &secret, &e)) {
        r->status = 201;
        write_secret(v, r, id, secret);
        return;
    }
    api_error(v, q, &e, r);
}

static void new_secret(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct str secret = STR(""), id = http_param(q, "application");
    if (identity_app_new_secret(v->identity, q->arena, id, &secret, &e))
        write_secret(v, r, id, secret);
    else
        api_error(v, q, &e, r);
}

static void delete_application(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    bool was_there = false;
    if (state_principal_delete(v->state, http_param(q, "application"), &was_there, &e))
        r->status = was_there ? 200 : 204;
    else
        api_error(v, q, &e, r);
}

#define OWN "/vedette/v1"
const struct http_route own_routes[] = {
    {HTTP_GET, OWN "/workspaces", workspaces, "tables/read", 0, FAMILY_ARM},
    {HTTP_GET, OWN "/workspaces/{workspace}/tables", tables, "tables/read", 0, FAMILY_ARM},
    {HTTP_GET, OWN "/workspaces/{workspace}/counts", counts, "tables/read", 0, FAMILY_ARM},
    {HTTP_POST, OWN "/workspaces/{workspace}/records/{table}", import, "logs/import",
     IMPORT_BYTES + 1024, FAMILY_ARM},
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
