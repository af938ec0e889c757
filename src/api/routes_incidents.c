/* Microsoft.SecurityInsights/incidents: list, get, create or update, and the alerts of one. */
#include "api/api_priv.h"
#include "incident/entity.h"
#include "text/json.h"

static void list(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct incident_page page = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    struct incident_query query;
    if (!api_list_query(q, &query, &e) ||
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
    /* Beside the incidents, which stay as Azure's clients know them. */
    if (str_eqz(http_query(q, "$expand"), "impactedAssets")) {
        json_key(&o, "impactedAssets");
        if (!entity_assets_json(v->incidents, q->arena, w, &page, &o, &e)) {
            sbuf_clear(&r->body);
            api_error(v, q, &e, r);
            return;
        }
    }
    json_obj_end(&o);
}

bool api_incident(struct vedette *v, struct http_request *q, struct http_response *r,
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
    if (!api_incident(v, q, r, &w, &i))
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

static void delete (void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    api_deleted(v, q, r,
                incident_delete(v->incidents, q->arena, w, http_param(q, "incident"),
                                http_header(q, "if-match"), api_caller(q)->name, &e),
                &e);
}

static void alerts(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = NULL;
    struct state_incident i = {0};
    if (!api_incident(v, q, r, &w, &i))
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

/* What this server has not, refused with words. */
void api_no_playbooks(void *ctx, struct http_request *q, struct http_response *r)
{
    struct err e = {0};
    err_set(&e, ERR_UNSUPPORTED, "There are no playbooks on this server: nothing was run.");
    api_error_status(ctx, q, 501, &e, r);
}

static void no_teams(void *ctx, struct http_request *q, struct http_response *r)
{
    struct err e = {0};
    err_set(&e, ERR_UNSUPPORTED,
            "This server is not connected to Microsoft Teams: no team was made.");
    api_error_status(ctx, q, 501, &e, r);
}

const struct http_route incident_routes[] = {
    {HTTP_GET, INSIGHTS_PATH "/incidents", list, "incidents/read", 0, FAMILY_ARM},
    {HTTP_GET, INSIGHTS_PATH "/incidents/{incident}", get, "incidents/read", 0, FAMILY_ARM},
    {HTTP_PUT, INSIGHTS_PATH "/incidents/{incident}", put, "incidents/write", 0, FAMILY_ARM},
    {HTTP_PATCH, INSIGHTS_PATH "/incidents/{incident}", put, "incidents/write", 0, FAMILY_ARM},
    {HTTP_DELETE, INSIGHTS_PATH "/incidents/{incident}", delete, "incidents/delete", 0, FAMILY_ARM},
    {HTTP_POST, INSIGHTS_PATH "/incidents/{incident}/runPlaybook", api_no_playbooks,
     "incidents/write", 0, FAMILY_ARM},
    {HTTP_POST, INSIGHTS_PATH "/incidents/{incident}/createTeam", no_teams, "incidents/write", 0,
     FAMILY_ARM},
    {HTTP_POST, INSIGHTS_PATH "/incidents/{incident}/alerts", alerts, "incidents/read", 0,
     FAMILY_ARM},
};
const size_t n_incident_routes = COUNTOF(incident_routes);
