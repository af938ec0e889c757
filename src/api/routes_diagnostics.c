/* Diagnostic settings of a workspace (Microsoft.Insights/diagnosticSettings): whether its queries
 * are kept in LAQueryLogs, and in which workspace. Source: "Diagnostic Settings" of the Azure
 * Monitor API, 2021-05-01-preview. */
#include "api/query_log.h"
#include "state/settings.h"

enum { MAX_BODY = 64 << 10, MAX_NAME = 260, MAX_LOGS = 20, MAX_VALUE = 4096 };
#define SETTINGS WORKSPACE_PATH "/providers/Microsoft.Insights/diagnosticSettings"

/* Of a workspace in Azure. Here the second is kept without one (summary rules have their log). */
static const struct {
    const char *name;
    bool audit;
} categories[] = {{"Audit", true}, {"SummaryLogs", false}, {"Jobs", false}};
static const struct {
    const char *name;
    bool audit;
} groups[] = {{"audit", true}, {"allLogs", true}};

static struct str setting_name(struct arena *a, struct str name)
{
    return arena_fmt(a, DIAGNOSTICS_PREFIX "%.*s", STR_ARG(name));
}

/* ---- the answer ---- */

static void write_setting(struct vedette *v, struct http_request *q, struct workspace *w,
                          const struct state_setting *s, struct json_out *o)
{
    struct json value = {0};
    struct str name = str_sub(s->name, sizeof(DIAGNOSTICS_PREFIX) - 1, s->name.n);
    CHECK(json_parse(q->arena, s->value, NULL, &value, NULL)); /* it was written here */
    const struct json *logs = json_get(&value, "logs");
    struct workspace *to =
        store_workspace_find(v->store, json_text(json_get(&value, "workspace"), STR_NONE));
    json_obj(o);
    json_kv_str(o, "id",
                arena_fmt(q->arena, "%.*s/providers/microsoft.insights/diagnosticSettings/%.*s",
                          STR_ARG(identity_resource_id(q->arena, w)), STR_ARG(name)));
    json_kv_str(o, "name", name);
    json_kv_z(o, "type", "Microsoft.Insights/diagnosticSettings");
    json_key(o, "properties");
    json_obj(o);
    if (to != NULL)
        json_kv_str(o, "workspaceId", identity_resource_id(q->arena, to));
    else
        json_kv_null(o, "workspaceId"); /* it was deleted: nothing is kept */
    json_key(o, "logs");
    if (logs != NULL)
        json_value(o, logs);
    else
        json_raw(o, STR("[]"));
    json_key(o, "metrics");
    json_raw(o, STR("[]"));
    json_obj_end(o);
    json_obj_end(o);
}

/* ---- reading a body ---- */

struct wanted {
    struct workspace *to;
    bool audit;
    struct sbuf logs; /* JSON */
};

static bool read_log(const struct json *one, size_t i, struct wanted *out, struct json_out *o,
                     struct err *e)
{
    struct str category = json_text(json_get(one, "category"), STR_NONE);
    struct str group = json_text(json_get(one, "categoryGroup"), STR_NONE);
    const struct json *enabled = json_get(one, "enabled");
    bool known = false, audit = false;
    for (size_t k = 0; k < COUNTOF(categories); k++)
        if (group.n == 0 && str_ieqz(category, categories[k].name)) {
            known = true;
            audit = categories[k].audit;
            category = str_from(categories[k].name);
        }
    for (size_t k = 0; k < COUNTOF(groups); k++)
        if (category.n == 0 && str_ieqz(group, groups[k].name)) {
            known = true;
            audit = groups[k].audit;
            group = str_from(groups[k].name);
        }
    if (!known)
        return err_set(e, ERR_INVALID,
                       "properties.logs[%zu]: a category (Audit, SummaryLogs, Jobs) or a "
                       "categoryGroup (audit, allLogs) expected",
                       i);
    if (enabled == NULL || (enabled->type != JSON_TRUE && enabled->type != JSON_FALSE))
        return err_set(e, ERR_INVALID, "properties.logs[%zu].enabled: true or false expected", i);
    bool on = enabled->type == JSON_TRUE;
    out->audit = out->audit || (on && audit);
    json_obj(o);
    json_kv_str(o, group.n > 0 ? "categoryGroup" : "category", group.n > 0 ? group : category);
    json_kv_bool(o, "enabled", on);
    json_obj_end(o);
    return true;
}

static bool read_logs(const struct json *body, struct wanted *out, struct err *e)
{
    const struct json *logs = json_path(body, "properties.logs");
    struct json_out o = json_out_make(&out->logs);
    if (logs == NULL || logs->type != JSON_ARRAY || logs->n == 0 || logs->n > MAX_LOGS)
        return err_set(e, ERR_INVALID, "properties.logs: an array of 1 to %d categories expected",
                       MAX_LOGS);
    json_arr(&o);
    for (size_t i = 0; i < logs->n; i++)
        if (!read_log(&logs->items[i], i, out, &o, e))
            return false;
    json_arr_end(&o);
    return sbuf_ok(&out->logs) || err_set(e, ERR_INVALID, "properties.logs: too long");
}

/* As Azure asks for the keys of where logs are sent. A workspace's queries stay in its tenant. */
static bool read_target(struct vedette *v, struct http_request *q, struct workspace *w,
                        const struct json *body, struct wanted *out, struct err *e)
{
    static const char *const elsewhere[] = {"storageAccountId", "eventHubAuthorizationRuleId",
                                            "marketplacePartnerId", "serviceBusRuleId"};
    static const char keys[] = "Microsoft.OperationalInsights/workspaces/sharedKeys/action";
    const struct json *properties = json_get(body, "properties");
    struct str text = json_text(json_get(properties, "workspaceId"), STR_NONE);
    for (size_t i = 0; i < COUNTOF(elsewhere); i++) {
        const struct json *x = json_get(properties, elsewhere[i]);
        if (x != NULL && x->type != JSON_NULL)
            return err_set(e, ERR_UNSUPPORTED,
                           "properties.%s: rows are sent to a workspace of this server only "
                           "(workspaceId)",
                           elsewhere[i]);
    }
    out->to = text.n > 0 ? identity_workspace_named(api_caller(q), text) : NULL;
    if (out->to == NULL ||
        !str_ieq(identity_tenant_of(v->identity, out->to), identity_tenant_of(v->identity, w)))
        return err_set(e, ERR_INVALID,
                       "properties.workspaceId: the resource id of a workspace of the tenant "
                       "expected");
    const struct identity_target where = {.workspace = workspace_id(out->to)};
    return out->to == w || identity_may(api_caller(q), str_from(keys), false, &where) ||
           err_set(e, ERR_FORBIDDEN,
                   "The client '%.*s' does not have authorization to perform action '%s' over "
                   "workspace '%.*s'.",
                   STR_ARG(api_caller(q)->id), keys, STR_ARG(workspace_name(out->to)));
}

static bool has_room(struct vedette *v, struct http_request *q, struct workspace *w,
                     struct str setting, struct err *e)
{
    struct state_setting *all = NULL;
    size_t n = 0;
    if (!state_setting_list(v->state, q->arena, workspace_id(w), STR(DIAGNOSTICS_PREFIX), &all, &n,
                            e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (str_eq(all[i].name, setting))
            return true;
    return n < DIAGNOSTICS_MOST ||
           err_set(e, ERR_CONFLICT, "the workspace has %zu diagnostic settings, as many as one may",
                   n);
}

static bool keep(struct vedette *v, struct http_request *q, struct workspace *w, struct wanted *x,
                 struct state_setting *out, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_VALUE);
    struct json_out o = json_out_make(&b);
    struct str name = http_param(q, "setting");
    *out = (struct state_setting){.workspace = workspace_id(w)};
    if (name.n == 0 || name.n > MAX_NAME || !utf8_valid(name, NULL))
        return err_set(e, ERR_INVALID, "the setting's name has 1 to %d bytes of UTF-8", MAX_NAME);
    out->name = setting_name(q->arena, name);
    json_obj(&o);
    json_kv_str(&o, "workspace", workspace_id(x->to));
    json_kv_bool(&o, "audit", x->audit);
    json_key(&o, "logs");
    json_raw(&o, sbuf_str(&x->logs));
    json_obj_end(&o);
    if (!sbuf_ok(&b))
        return err_set(e, ERR_INVALID, "properties.logs: too long");
    out->value = arena_str(q->arena, sbuf_str(&b));
    return has_room(v, q, w, out->name, e) && state_setting_put(v->state, out, e) &&
           query_log_reload(v, e);
}

/* ---- routes ---- */

static void put(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct state_setting kept;
    struct wanted x = {.logs = sbuf_make(MAX_VALUE)};
    struct workspace *w = api_workspace(v, q, r);
    if (w != NULL && api_body(v, q, r, &body)) {
        struct json_out o = json_out_make(&r->body);
        if (read_logs(&body, &x, &e) && read_target(v, q, w, &body, &x, &e) &&
            keep(v, q, w, &x, &kept, &e))
            write_setting(v, q, w, &kept, &o);
        else
            api_refuse(v, q, &e, r);
    }
    sbuf_fini(&x.logs);
}

static void get(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = api_workspace(v, q, r);
    struct str name = http_param(q, "setting");
    if (w == NULL)
        return;
    struct state_setting s = {workspace_id(w), setting_name(q->arena, name), STR_NONE};
    if (!state_setting_get(v->state, q->arena, s.workspace, s.name, &s.value, &e) ||
        (s.value.n == 0 &&
         !err_set(&e, ERR_NOT_FOUND, "The diagnostic setting '%.*s' could not be found.",
                  (int)(name.n < 80 ? name.n : 80), name.p))) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    write_setting(v, q, w, &s, &o);
}

static void list(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_setting *all = NULL;
    size_t n = 0;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!state_setting_list(v->state, q->arena, workspace_id(w), STR(DIAGNOSTICS_PREFIX), &all, &n,
                            &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++)
        write_setting(v, q, w, &all[i], &o);
    api_list_end(&o);
}

static void remove_setting(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    bool was_there = false;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    struct str name = setting_name(q->arena, http_param(q, "setting"));
    bool ok = state_setting_delete(v->state, workspace_id(w), name, &was_there, &e) &&
              query_log_reload(v, &e);
    api_gone(v, q, r, ok, was_there, &e);
}

const struct http_route diagnostic_routes[] = {
    {HTTP_GET, SETTINGS, list, "diagnostics/read", 0, FAMILY_ARM},
    {HTTP_GET, SETTINGS "/{setting}", get, "diagnostics/read", 0, FAMILY_ARM},
    {HTTP_PUT, SETTINGS "/{setting}", put, "diagnostics/write", MAX_BODY, FAMILY_ARM},
    {HTTP_DELETE, SETTINGS "/{setting}", remove_setting, "diagnostics/write", 0, FAMILY_ARM},
};
const size_t n_diagnostic_routes = COUNTOF(diagnostic_routes);
