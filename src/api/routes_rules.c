/* Microsoft.SecurityInsights/alertRules, and what ARM has no word for: files of rules, switching,
 * copies, versions, runs. */
#include "api/api_priv.h"
#include "text/date.h"
#include "text/json.h"

enum { MAX_RULE = 1 << 20, MAX_IMPORT = 32 << 20, DEFAULT_RUNS = 100, MAX_RUNS = 10000 };

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

struct detect_actor api_rule_actor(struct http_request *q)
{
    struct str correlation = http_header(q, "x-ms-correlation-request-id");
    struct str name = api_caller(q)->name;
    return (struct detect_actor){.name = name.n > 0 ? name : api_caller(q)->id,
                                 .id = api_caller(q)->id,
                                 .address = q->remote,
                                 .uri = q->path,
                                 .correlation_id =
                                     correlation.n > 0 ? correlation : str_from(q->id),
                                 .may_run = api_may_run,
                                 .self = q};
}

static void put(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    bool created = false;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    struct detect_actor who = api_rule_actor(q);
    struct detect_put x = {http_param(q, "rule"), q->body, http_header(q, "if-match"), &who};
    if (!detect_rule_put(v->detect, q->arena, w, &x, &created, &e)) {
        api_refuse(v, q, &e, r);
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
    struct detect_actor who = api_rule_actor(q);
    struct detect_put x = {
        .id = http_param(q, "rule"), .if_match = http_header(q, "if-match"), .who = &who};
    bool ok = detect_rule_delete(v->detect, w, &x, &was_there, &e);
    api_gone(v, q, r, ok, was_there, &e);
}

/* ---- files ---- */

static void write_issues(struct json_out *o, const struct rule_issues *is)
{
    json_key(o, "issues");
    json_arr(o);
    for (size_t i = 0; i < is->v.n; i++) {
        const struct rule_issue *x = &is->v.p[i];
        json_obj(o);
        json_kv_z(o, "level", x->warning ? "warning" : "error");
        json_kv_int(o, "line", x->line);
        json_kv_int(o, "column", x->column);
        json_kv_str(o, "key", x->key);
        json_kv_str(o, "message", x->message);
        if (x->excerpt.n > 0)
            json_kv_str(o, "excerpt", x->excerpt);
        if (x->query_line > 0) {
            json_key(o, "inQuery");
            json_obj(o);
            json_kv_int(o, "line", x->query_line);
            json_kv_int(o, "column", x->query_column);
            json_kv_int(o, "length", (int64_t)x->query_bytes);
            json_obj_end(o);
        }
        json_obj_end(o);
    }
    json_arr_end(o);
}

static void write_imports(struct json_out *o, const struct detect_imports *done)
{
    if (done->v.n == 1)
        json_kv_str(o, "id", done->v.p[0].id);
    json_kv_int(o, "refused", (int64_t)done->refused);
    json_key(o, "rules");
    json_arr(o);
    for (size_t i = 0; i < done->v.n; i++) {
        json_obj(o);
        json_kv_str(o, "id", done->v.p[i].id);
        json_kv_str(o, "name", done->v.p[i].name);
        json_kv_z(o, "kind", rule_kind_name(done->v.p[i].kind));
        json_kv_bool(o, "created", done->v.p[i].created);
        json_obj_end(o);
    }
    json_arr_end(o);
}

/* Hunting queries are saved searches; those that come again take the place of the old ones. */
static bool save_hunting(struct vedette *v, struct http_request *q, struct workspace *w,
                         struct detect_imports *done, struct err *e)
{
    for (size_t i = 0; i < done->hunting.n; i++) {
        const struct rule *x = &done->hunting.p[i];
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
        struct json_out o = json_out_make(&b);
        struct json body = {0};
        struct library_saved saved = {0};
        json_obj(&o);
        json_key(&o, "properties");
        rule_write_saved(x, &o);
        json_obj_end(&o);
        if (!json_parse(q->arena, arena_str(q->arena, sbuf_str(&b)), NULL, &body, e) ||
            !library_saved_put(v->library, q->arena, w, x->id, &body, STR("*"), api_caller(q)->name,
                               &saved, e)) {
            err_prefix(e, "%.*s", STR_ARG(x->name));
            return false;
        }
        struct detect_imported one = {x->id, x->name, x->kind, saved.created};
        VEC_PUSH(q->arena, &done->v, one);
    }
    return true;
}

/* POST of a text of rules. 200: all are stored (or, with check=true, right); 400: what is wrong,
 * with lines; those that are right are stored all the same. */
static void import_as(struct vedette *v, struct http_request *q, struct http_response *r,
                      bool templates)
{
    struct err e = {0};
    struct detect_imports done = {0};
    struct rule_issues is = {.file = http_query(q, "file")};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    struct detect_actor who = api_rule_actor(q);
    struct detect_import x = {q->body, str_eqz(http_query(q, "check"), "true"), templates, &who};
    bool ok = detect_rules_import(v->detect, q->arena, w, &x, &is, &done, &e);
    if ((!ok && is.n_errors == 0) || (ok && !x.only_check && !save_hunting(v, q, w, &done, &e))) {
        api_refuse(v, q, &e, r);
        return;
    }
    bool good = ok && done.refused == 0;
    r->status = good ? 200 : 400;
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    write_imports(&o, &done);
    if (!good) {
        json_key(&o, "error");
        json_obj(&o);
        json_kv_z(&o, "code", "BadRequest");
        json_kv_z(&o, "message", e.msg);
        json_obj_end(&o);
    }
    write_issues(&o, &is);
    json_obj_end(&o);
}

static void import(void *ctx, struct http_request *q, struct http_response *r)
{
    import_as(ctx, q, r, false);
}

static void import_templates(void *ctx, struct http_request *q, struct http_response *r)
{
    import_as(ctx, q, r, true);
}

/* ---- our own routes about one rule ---- */

static void overview(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    struct json_out o = api_list(r);
    bool ok = detect_rule_overview(v->detect, q->arena, w, &o, &e);
    api_list_end(&o);
    if (!ok)
        api_error(v, q, &e, r);
}

static void yaml(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (detect_rule_to_yaml(v->detect, q->arena, w, http_param(q, "rule"), &r->body, &e))
        r->content_type = "application/yaml; charset=utf-8";
    else
        api_error(v, q, &e, r);
}

/* what, and of EDIT_RESTORE the version. */
static void edit(void *ctx, struct http_request *q, struct http_response *r, struct detect_edit x)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    struct detect_actor who = api_rule_actor(q);
    x.id = http_param(q, "rule");
    x.who = &who;
    if (detect_rule_edit(v->detect, q->arena, w, &x, &e))
        write_rule(v, q, r, w, x.id);
    else
        api_refuse(v, q, &e, r);
}

static void enable(void *ctx, struct http_request *q, struct http_response *r)
{
    edit(ctx, q, r, (struct detect_edit){.what = EDIT_ENABLE});
}

static void disable(void *ctx, struct http_request *q, struct http_response *r)
{
    edit(ctx, q, r, (struct detect_edit){.what = EDIT_DISABLE});
}

static void update(void *ctx, struct http_request *q, struct http_response *r)
{
    edit(ctx, q, r, (struct detect_edit){.what = EDIT_UPDATE});
}

/* False: the answer is written. */
static bool version_of(struct vedette *v, struct http_request *q, struct http_response *r,
                       int64_t *out)
{
    struct err e = {0};
    if (str_to_i64(http_param(q, "version"), out) && *out > 0)
        return true;
    err_set(&e, ERR_INVALID, "version: a number from 1 expected");
    api_error(v, q, &e, r);
    return false;
}

static void restore(void *ctx, struct http_request *q, struct http_response *r)
{
    struct detect_edit x = {.what = EDIT_RESTORE};
    if (version_of(ctx, q, r, &x.version))
        edit(ctx, q, r, x);
}

static void versions(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_rule_version *list = NULL;
    size_t n = 0;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!detect_rule_versions(v->detect, q->arena, w, http_param(q, "rule"), &list, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++)
        detect_rule_version_to_json(&list[i], false, &o);
    api_list_end(&o);
}

static void version(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_rule_version *list = NULL;
    size_t n = 0;
    int64_t number = 0;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !version_of(v, q, r, &number))
        return;
    if (!detect_rule_versions(v->detect, q->arena, w, http_param(q, "rule"), &list, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    for (size_t i = 0; i < n; i++)
        if (list[i].version == number) {
            detect_rule_version_to_json(&list[i], true, &o);
            return;
        }
    err_set(&e, ERR_NOT_FOUND, "the rule has no version %lld", (long long)number);
    api_error(v, q, &e, r);
}

/* {"from": rule or template, "id"?, "name"?} */
static void copy_as(struct vedette *v, struct http_request *q, struct http_response *r,
                    bool of_template)
{
    struct err e = {0};
    struct json body = {0};
    struct str id = STR("");
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || (q->body.n > 0 && !api_body(v, q, r, &body)))
        return;
    struct detect_actor who = api_rule_actor(q);
    struct detect_copy x = {http_param(q, of_template ? "template" : "rule"),
                            json_text(json_get(&body, "id"), STR("")),
                            json_text(json_get(&body, "name"), STR("")), of_template, &who};
    if (!detect_rule_copy(v->detect, q->arena, w, &x, &id, &e)) {
        api_refuse(v, q, &e, r);
        return;
    }
    r->status = 201;
    write_rule(v, q, r, w, id);
}

static void duplicate(void *ctx, struct http_request *q, struct http_response *r)
{
    copy_as(ctx, q, r, false);
}

static void create_from_template(void *ctx, struct http_request *q, struct http_response *r)
{
    copy_as(ctx, q, r, true);
}

/* ---- runs ---- */

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
    json_kv_bool(o, "shared", run->shared);
    json_kv_int(o, "rowsRead", run->rows_read);
    json_kv_int(o, "bytesRead", run->bytes_read);
    json_kv_int(o, "memoryBytes", run->memory_bytes);
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

#define OWN_RULES "/vedette/v1/workspaces/{workspace}/rules"
#define OWN_RULE OWN_RULES "/{rule}"
#define OWN_TEMPLATES "/vedette/v1/workspaces/{workspace}/ruleTemplates"

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
    {HTTP_GET, OWN_RULES, overview, "rules/read", 0, FAMILY_ARM},
    {HTTP_POST, OWN_RULES, import, "rules/write", MAX_IMPORT, FAMILY_ARM},
    {HTTP_GET, OWN_RULE "/yaml", yaml, "rules/read", 0, FAMILY_ARM},
    {HTTP_POST, OWN_RULE "/enable", enable, "rules/write", 0, FAMILY_ARM},
    {HTTP_POST, OWN_RULE "/disable", disable, "rules/write", 0, FAMILY_ARM},
    {HTTP_POST, OWN_RULE "/duplicate", duplicate, "rules/write", MAX_RULE, FAMILY_ARM},
    {HTTP_POST, OWN_RULE "/update", update, "rules/write", 0, FAMILY_ARM},
    {HTTP_GET, OWN_RULE "/versions", versions, "rules/read", 0, FAMILY_ARM},
    {HTTP_GET, OWN_RULE "/versions/{version}", version, "rules/read", 0, FAMILY_ARM},
    {HTTP_POST, OWN_RULE "/versions/{version}/restore", restore, "rules/write", 0, FAMILY_ARM},
    {HTTP_POST, OWN_TEMPLATES, import_templates, "rules/write", MAX_IMPORT, FAMILY_ARM},
    {HTTP_POST, OWN_TEMPLATES "/{template}/create", create_from_template, "rules/write", MAX_RULE,
     FAMILY_ARM},
    {HTTP_GET, "/vedette/v1/workspaces/{workspace}/runs", runs, "rules/read", 0, FAMILY_ARM},
};
const size_t n_rule_routes = COUNTOF(rule_routes);
