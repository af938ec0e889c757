/* What belongs to rules in Microsoft.SecurityInsights: alertRuleTemplates, alertRules/actions, and
 * securityMLAnalyticsSettings. */
#include "api/api_priv.h"
#include "text/json.h"

enum { MAX_BODY = 1 << 20 };

/* ---- templates ---- */

static void list_templates(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct detect_template *all = NULL;
    size_t n = 0;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!detect_template_list(v->detect, q->arena, w, &all, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++)
        detect_template_to_json(v->detect, q->arena, w, &all[i], &o);
    api_list_end(&o);
}

static void get_template(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct detect_template t = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!detect_template_get(v->detect, q->arena, w, http_param(q, "template"), &t, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    detect_template_to_json(v->detect, q->arena, w, &t, &o);
}

static void delete_template(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    bool was_there = false;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    bool ok = detect_template_delete(v->detect, w, http_param(q, "template"), &was_there, &e);
    api_gone(v, q, r, ok, was_there, &e);
}

/* ---- actions ---- */

static void list_actions(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_rule_action *all = NULL;
    size_t n = 0;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!detect_action_list(v->detect, q->arena, w, http_param(q, "rule"), &all, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++)
        detect_action_to_json(v->detect, q->arena, w, &all[i], &o);
    api_list_end(&o);
}

static void write_action(struct vedette *v, struct http_request *q, struct http_response *r,
                         struct workspace *w)
{
    struct err e = {0};
    struct state_rule_action x = {0};
    if (!detect_action_get(v->detect, q->arena, w, http_param(q, "rule"), http_param(q, "action"),
                           &x, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    detect_action_to_json(v->detect, q->arena, w, &x, &o);
}

static void get_action(void *ctx, struct http_request *q, struct http_response *r)
{
    struct workspace *w = api_workspace(ctx, q, r);
    if (w != NULL)
        write_action(ctx, q, r, w);
}

static void put_action(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    bool created = false;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    struct detect_actor who = api_rule_actor(q);
    struct detect_put x = {http_param(q, "rule"), q->body, http_header(q, "if-match"), &who};
    if (!detect_action_put(v->detect, q->arena, w, http_param(q, "action"), &x, &created, &e)) {
        api_refuse(v, q, &e, r);
        return;
    }
    r->status = created ? 201 : 200;
    write_action(v, q, r, w);
}

static void delete_action(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    bool was_there = false;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    bool ok = detect_action_delete(v->detect, q->arena, w, http_param(q, "rule"),
                                   http_param(q, "action"), &was_there, &e);
    api_gone(v, q, r, ok, was_there, &e);
}

/* ---- settings of anomalies ---- */

static void list_anomalies(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_anomaly_settings *all = NULL;
    size_t n = 0;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!detect_anomaly_list(v->detect, q->arena, w, &all, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++)
        detect_anomaly_to_json(v->detect, q->arena, w, &all[i], &o);
    api_list_end(&o);
}

static void write_anomaly(struct vedette *v, struct http_request *q, struct http_response *r,
                          struct workspace *w)
{
    struct err e = {0};
    struct state_anomaly_settings x = {0};
    if (!detect_anomaly_get(v->detect, q->arena, w, http_param(q, "settings"), &x, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    detect_anomaly_to_json(v->detect, q->arena, w, &x, &o);
}

static void get_anomaly(void *ctx, struct http_request *q, struct http_response *r)
{
    struct workspace *w = api_workspace(ctx, q, r);
    if (w != NULL)
        write_anomaly(ctx, q, r, w);
}

static void put_anomaly(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    bool created = false;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    struct detect_actor who = api_rule_actor(q);
    struct detect_put x = {http_param(q, "settings"), q->body, http_header(q, "if-match"), &who};
    if (!detect_anomaly_put(v->detect, q->arena, w, &x, &created, &e)) {
        api_refuse(v, q, &e, r);
        return;
    }
    r->status = created ? 201 : 200;
    write_anomaly(v, q, r, w);
}

static void delete_anomaly(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    bool was_there = false;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    bool ok = detect_anomaly_delete(v->detect, w, http_param(q, "settings"), &was_there, &e);
    api_gone(v, q, r, ok, was_there, &e);
}

#define TEMPLATES INSIGHTS_PATH "/alertRuleTemplates"
#define ACTIONS INSIGHTS_PATH "/alertRules/{rule}/actions"
#define ANOMALIES INSIGHTS_PATH "/securityMLAnalyticsSettings"

const struct http_route rule_part_routes[] = {
    {HTTP_GET, TEMPLATES, list_templates, "rules/read", 0, FAMILY_ARM},
    {HTTP_GET, TEMPLATES "/{template}", get_template, "rules/read", 0, FAMILY_ARM},
    {HTTP_DELETE, "/vedette/v1/workspaces/{workspace}/ruleTemplates/{template}", delete_template,
     "rules/write", 0, FAMILY_ARM},
    {HTTP_GET, ACTIONS, list_actions, "rules/read", 0, FAMILY_ARM},
    {HTTP_GET, ACTIONS "/{action}", get_action, "rules/read", 0, FAMILY_ARM},
    {HTTP_PUT, ACTIONS "/{action}", put_action, "rules/write", MAX_BODY, FAMILY_ARM},
    {HTTP_DELETE, ACTIONS "/{action}", delete_action, "rules/write", 0, FAMILY_ARM},
    {HTTP_GET, ANOMALIES, list_anomalies, "rules/read", 0, FAMILY_ARM},
    {HTTP_GET, ANOMALIES "/{settings}", get_anomaly, "rules/read", 0, FAMILY_ARM},
    {HTTP_PUT, ANOMALIES "/{settings}", put_anomaly, "rules/write", MAX_BODY, FAMILY_ARM},
    {HTTP_DELETE, ANOMALIES "/{settings}", delete_anomaly, "rules/write", 0, FAMILY_ARM},
};
const size_t n_rule_part_routes = COUNTOF(rule_part_routes);
