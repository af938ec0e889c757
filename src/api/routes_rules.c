/* Microsoft.SecurityInsights/alertRules, and what YAML authors need: import and runs. */
#include "api/api_priv.h"
#include "text/date.h"
#include "text/json.h"

enum { MAX_RULE = 1 << 20, DEFAULT_RUNS = 100, MAX_RUNS = 10000 };

static void list(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_rule *rules = NULL;
    size_t n = 0;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    bool ok = detect_rule_list(v->detect, q->arena, w, &rules, &n, &e);
    struct json_out o = api_list(r);
    for (size_t i = 0; ok && i < n; i++)
        ok = detect_rule_to_json(v->detect, q->arena, w, &rules[i], &o, &e);
    api_list_end(&o);
    if (!ok)
        api_error(v, q, &e, r);
}

static void write_rule(struct vedette *v, struct http_request *q, struct http_response *r,
                       struct workspace *w, struct str id)
{
    struct err e = {0};
    struct state_rule rule = {0};
    struct json_out o = json_out_make(&r->body);
    if (!detect_rule_get(v->detect, q->arena, w, id, &rule, &e) ||
        !detect_rule_to_json(v->detect, q->arena, w, &rule, &o, &e))
        api_error(v, q, &e, r);
}

static void get(void *ctx, struct http_request *q, struct http_response *r)
{
    struct workspace *w = api_workspace(ctx, q, r);
    if (w != NULL)
        write_rule(ctx, q, r, w, http_param(q, "rule"));
}

static void put(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    bool created = false;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!detect_rule_put(v->detect, q->arena, w, http_param(q, "rule"), q->body,
                         http_header(q, "if-match"), &created, &e)) {
        if (e.code == ERR_UNSUPPORTED || e.code == ERR_LIMIT || e.code == ERR_SYNTAX)
            api_error_status(v, q, 400, &e, r);
        else
            api_error(v, q, &e, r);
        return;
    }
    r->status = created ? 201 : 200;
    write_rule(v, q, r, w, http_param(q, "rule"));
}

static void delete (void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    bool was_there = false;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (detect_rule_delete(v->detect, w, http_param(q, "rule"), &was_there, &e))
        r->status = was_there ? 200 : 204;
    else
        api_error(v, q, &e, r);
}

/* ---- YAML ---- */

static void write_issues(struct json_out *o, const struct rule_issues *is)
{
    json_key(o, "issues");
    json_arr(o);
    for (size_t i = 0; i < is->v.n; i++) {
        const struct rule_issue *x = &is->v.p[i];
        json_obj(o);
        json_kv_z(o, "level", x->warning ? "warning" : "error");
        json_kv_int(o, "line", x->line);
        json_kv_str(o, "key", x->key);
        json_kv_str(o, "message", x->message);
        if (x->excerpt.n > 0)
            json_kv_str(o, "excerpt", x->excerpt);
        json_obj_end(o);
    }
    json_arr_end(o);
}

/* POST of one rule in Azure-Sentinel's YAML. 200: stored and enabled; 400: what is wrong, with
 * lines. */
static void import(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct str id = STR("");
    struct rule_issues is = {.file = http_query(q, "file")};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    bool ok = detect_rule_import_yaml(v->detect, q->arena, w, q->body, &is, &id, &e);
    if (!ok && is.n_errors == 0) {
        api_error(v, q, &e, r);
        return;
    }
    r->status = ok ? 200 : 400;
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    if (ok) {
        json_kv_str(&o, "id", id);
    } else {
        json_key(&o, "error");
        json_obj(&o);
        json_kv_z(&o, "code", "BadRequest");
        json_kv_z(&o, "message", e.msg);
        json_obj_end(&o);
    }
    write_issues(&o, &is);
    json_obj_end(&o);
}

static void write_run(struct json_out *o, const struct state_run *run)
{
    json_obj(o);
    json_kv_str(o, "ruleId", run->rule_id);
    json_kv_time(o, "windowFrom", run->window_from);
    json_kv_time(o, "windowTo", run->window_to);
    json_kv_str(o, "trigger", run->trigger_type);
    json_kv_time(o, "arrivedAfter", run->arrived_after);
    json_kv_time(o, "arrivedUntil", run->arrived_until);
    json_kv_time(o, "started", run->started);
    json_kv_str(o, "status", run->status);
    json_kv_int(o, "attempts", run->attempts);
    json_kv_int(o, "rows", run->rows);
    json_kv_int(o, "alerts", run->alerts);
    json_kv_int(o, "entities", run->entities);
    json_kv_int(o, "entitiesDropped", run->entities_dropped);
    json_kv_int(o, "durationUs", run->duration_us);
    json_kv_int(o, "processorUs", run->processor_us);
    json_kv_str(o, "error", run->error);
    json_kv_str(o, "correlationId", run->correlation_id);
    json_obj_end(o);
}

/* ---- by hand ---- */

/* POST …/rules/{rule}/run?at=TIME */
static void run_by_hand(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_run run = {0};
    int64_t at = 0;
    struct str text = http_query(q, "at");
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (text.n > 0 && !date_parse_iso(text, &at))
        err_set(&e, ERR_INVALID, "at: a time such as 2026-01-02T03:04:05Z is expected");
    else if (detect_rule_run(v->detect, q->arena, w, http_param(q, "rule"), at, &run, &e)) {
        struct json_out o = json_out_make(&r->body);
        write_run(&o, &run);
        return;
    }
    api_error(v, q, &e, r);
}

static struct str triggered_id(struct arena *a, struct workspace *w, const struct state_run *run)
{
    const struct arm_scope scope = {0};
    return arm_id(a, &scope, workspace_name(w), "triggeredAnalyticsRuleRuns", run->correlation_id);
}

static void write_triggered(struct http_request *q, struct json_out *o, struct workspace *w,
                            const struct state_run *run)
{
    struct str id = run->correlation_id;
    json_obj(o);
    json_kv_str(o, "id", triggered_id(q->arena, w, run));
    json_kv_str(o, "name", id);
    json_kv_z(o, "type", "Microsoft.SecurityInsights/triggeredAnalyticsRuleRuns");
    json_key(o, "properties");
    json_obj(o);
    json_kv_time(o, "executionTimeUtc", run->window_to);
    json_kv_str(o, "ruleId", run->rule_id);
    json_kv_str(o, "triggeredAnalyticsRuleRunId", id);
    json_kv_z(o, "provisioningState", str_eqz(run->status, "Success") ? "Succeeded" : "Failed");
    json_key(o, "ruleRunAdditionalData");
    write_run(o, run);
    json_obj_end(o);
    json_obj_end(o);
}

/* Azure's way: 202, and where the run can be looked at; it is done by then. */
static void trigger(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct state_run run = {0};
    int64_t at = 0;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    if (!date_parse_iso(json_text(json_path(&body, "properties.executionTimeUtc"), STR("")), &at)) {
        err_set(&e, ERR_INVALID,
                "properties.executionTimeUtc: a time such as 2026-01-02T03:04:05Z is expected");
        api_error(v, q, &e, r);
        return;
    }
    if (!detect_rule_run(v->detect, q->arena, w, http_param(q, "rule"), at, &run, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    r->status = 202;
    http_response_header(r, "Location", triggered_id(q->arena, w, &run));
    write_triggered(q, &o, w, &run);
}

static void triggered_list(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_run *list = NULL;
    size_t n = 0;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!detect_run_list(v->detect, q->arena, w, STR(""), MAX_RUNS, &list, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++)
        if (str_eqz(list[i].trigger_type, RUN_BY_HAND))
            write_triggered(q, &o, w, &list[i]);
    api_list_end(&o);
}

static void triggered_get(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_run run = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!detect_run_get(v->detect, q->arena, w, http_param(q, "run"), &run, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    write_triggered(q, &o, w, &run);
}

static void runs(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_run *list = NULL;
    size_t n = 0;
    int64_t top = DEFAULT_RUNS;
    struct str text = http_query(q, "$top");
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (text.n > 0 && (!str_to_i64(text, &top) || top < 1 || top > MAX_RUNS)) {
        err_set(&e, ERR_INVALID, "$top: 1 to %d expected", MAX_RUNS);
        api_error(v, q, &e, r);
        return;
    }
    if (!detect_run_list(v->detect, q->arena, w, http_query(q, "rule"), (size_t)top, &list, &n,
                         &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++)
        write_run(&o, &list[i]);
    api_list_end(&o);
}

const struct http_route rule_routes[] = {
    {HTTP_GET, INSIGHTS_PATH "/alertRules", list, "rules/read", 0, FAMILY_ARM},
    {HTTP_GET, INSIGHTS_PATH "/alertRules/{rule}", get, "rules/read", 0, FAMILY_ARM},
    {HTTP_PUT, INSIGHTS_PATH "/alertRules/{rule}", put, "rules/write", MAX_RULE, FAMILY_ARM},
    {HTTP_DELETE, INSIGHTS_PATH "/alertRules/{rule}", delete, "rules/write", 0, FAMILY_ARM},
    {HTTP_POST, INSIGHTS_PATH "/alertRules/{rule}/triggerRuleRun", trigger, "rules/write", MAX_RULE,
     FAMILY_ARM},
    {HTTP_GET, INSIGHTS_PATH "/triggeredAnalyticsRuleRuns", triggered_list, "rules/read", 0,
     FAMILY_ARM},
    {HTTP_GET, INSIGHTS_PATH "/triggeredAnalyticsRuleRuns/{run}", triggered_get, "rules/read", 0,
     FAMILY_ARM},
    {HTTP_POST, "/vedette/v1/workspaces/{workspace}/rules/{rule}/run", run_by_hand, "rules/write",
     0, FAMILY_ARM},
    {HTTP_POST, "/vedette/v1/workspaces/{workspace}/rules", import, "rules/write", MAX_RULE,
     FAMILY_ARM},
    {HTTP_GET, "/vedette/v1/workspaces/{workspace}/runs", runs, "rules/read", 0, FAMILY_ARM},
};
const size_t n_rule_routes = COUNTOF(rule_routes);
