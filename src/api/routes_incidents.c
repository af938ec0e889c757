/* Microsoft.SecurityInsights/incidents: list, get, create or update, and the alerts of one. */
#include "api/api_priv.h"
#include "text/json.h"

static bool read_top(struct http_request *q, size_t *out, struct err *e)
{
    int64_t top = 0;
    struct str text = http_query(q, "$top");
    if (text.n > 0 && (!str_to_i64(text, &top) || top < 1))
        return err_set(e, ERR_INVALID, "$top: a number from 1 expected");
    *out = (size_t)top;
    return true;
}

static void list(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct incident_page page = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    struct incident_query query = {.filter = http_query(q, "$filter"),
                                   .orderby = http_query(q, "$orderby"),
                                   .skip_token = http_query(q, "$skipToken")};
    if (!read_top(q, &query.top, &e) ||
        !incident_list(v->incidents, q->arena, w, &query, &page, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < page.n; i++)
        incident_to_json(v->incidents, w, &page.p[i], &o);
    json_arr_end(&o);
    if (page.next_token.n > 0)
        json_kv_str(&o, "nextLink", api_link(v, q, "$skipToken", page.next_token));
    json_obj_end(&o);
}

static bool find(struct vedette *v, struct http_request *q, struct http_response *r,
                 struct workspace **w, struct state_incident *out)
{
    struct err e = {0};
    *w = api_workspace(v, q, r);
    if (*w == NULL)
        return false;
    if (incident_get(v->incidents, q->arena, *w, http_param(q, "incident"), out, &e))
        return true;
    api_error(v, q, &e, r);
    return false;
}

static void get(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct workspace *w = NULL;
    struct state_incident i = {0};
    if (!find(v, q, r, &w, &i))
        return;
    struct json_out o = json_out_make(&r->body);
    incident_to_json(v->incidents, w, &i, &o);
}

static void put(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct state_incident i = {0};
    bool created = false;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    struct incident_put how = {http_header(q, "if-match"), api_caller(q)->name,
                               q->method == HTTP_PATCH};
    if (!incident_put(v->incidents, q->arena, w, http_param(q, "incident"), &body, &how, &i,
                      &created, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    r->status = created ? 201 : 200;
    struct json_out o = json_out_make(&r->body);
    incident_to_json(v->incidents, w, &i, &o);
}

static void alerts(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = NULL;
    struct state_incident i = {0};
    if (!find(v, q, r, &w, &i))
        return;
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    json_key(&o, "value");
    if (!incident_alerts_to_json(v->incidents, q->arena, w, &i, &o, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    json_obj_end(&o);
}

const struct http_route incident_routes[] = {
    {HTTP_GET, INSIGHTS_PATH "/incidents", list, "incidents/read", 0, FAMILY_ARM},
    {HTTP_GET, INSIGHTS_PATH "/incidents/{incident}", get, "incidents/read", 0, FAMILY_ARM},
    {HTTP_PUT, INSIGHTS_PATH "/incidents/{incident}", put, "incidents/write", 0, FAMILY_ARM},
    {HTTP_POST, INSIGHTS_PATH "/incidents/{incident}/alerts", alerts, "incidents/read", 0,
     FAMILY_ARM},
};
const size_t n_incident_routes = COUNTOF(incident_routes);
