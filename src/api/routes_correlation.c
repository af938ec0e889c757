/* Correlation: settings of a workspace, merging and unmerging, why, and the graph of an incident.
 * Azure has no public interface for these. */
#include "api/api_priv.h"
#include "text/json.h"

enum { MAX_BODY = 256 << 10 };

/* ---- settings ---- */

static void write_settings(struct vedette *v, struct http_request *q, struct http_response *r,
                           struct workspace *w)
{
    struct err e = {0};
    struct json_out o = json_out_make(&r->body);
    if (!correlate_settings_to_json(v->correlate, q->arena, w, &o, &e))
        api_error(v, q, &e, r);
}

static void get_settings(void *ctx, struct http_request *q, struct http_response *r)
{
    struct workspace *w = api_workspace(ctx, q, r);
    if (w != NULL)
        write_settings(ctx, q, r, w);
}

static void put_settings(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    if (correlate_settings_put(v->correlate, q->arena, w, &body, api_caller(q)->name, &e))
        write_settings(v, q, r, w);
    else
        api_error(v, q, &e, r);
}

/* ---- why and graph ---- */

static void why(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    struct json_out o = json_out_make(&r->body);
    if (!correlate_why(v->correlate, q->arena, w, http_param(q, "incident"), &o, &e))
        api_error(v, q, &e, r);
}

static void graph(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    int64_t most = 0;
    struct str text = http_query(q, "maxNodes");
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (text.n > 0 && (!str_to_i64(text, &most) || most < 1)) {
        err_set(&e, ERR_INVALID, "maxNodes: a number from 1 expected");
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    if (!correlate_graph(v->correlate, q->arena, w, http_param(q, "incident"), (size_t)most, &o,
                         &e))
        api_error(v, q, &e, r);
}

/* ---- merging ---- */

static bool read_sources(struct http_request *q, const struct json *body, struct str **out,
                         size_t *n, struct err *e)
{
    const struct json *list = json_get(body, "sources");
    if (list == NULL || list->type != JSON_ARRAY)
        return err_set(e, ERR_INVALID, "sources: an array of incidents' numbers or names expected");
    *out = arena_array(q->arena, struct str, list->n + 1);
    for (*n = 0; *n < list->n; (*n)++) {
        const struct json *v = &list->items[*n];
        if ((v->type != JSON_STRING && v->type != JSON_INT) || v->text.n == 0)
            return err_set(e, ERR_INVALID, "sources[%zu]: a number or a name expected", *n);
        (*out)[*n] = v->text;
    }
    return true;
}

static void write_incident(struct vedette *v, struct http_request *q, struct http_response *r,
                           struct workspace *w, struct str id)
{
    struct err e = {0};
    struct state_incident i = {0};
    struct json_out o = json_out_make(&r->body);
    if (incident_get(v->incidents, q->arena, w, id, &i, &e))
        incident_to_json(v->incidents, w, &i, &o);
    else
        api_error(v, q, &e, r);
}

/* {"sources": [number or name …], "reason"?}: into the incident of the path; answers with that one.
 */
static void merge(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct str *sources = NULL, target = http_param(q, "incident");
    size_t n = 0;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    if (read_sources(q, &body, &sources, &n, &e) &&
        correlate_merge(v->correlate, q->arena, w, target, sources, n,
                        json_text(json_get(&body, "reason"), STR("")), api_caller(q)->name, &e))
        write_incident(v, q, r, w, target);
    else
        api_error(v, q, &e, r);
}

/* Of the incident that was merged away; answers with the merge that was taken back. */
static void unmerge(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_merge m = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!correlate_unmerge(v->correlate, q->arena, w, http_param(q, "incident"),
                           api_caller(q)->name, &m, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    correlate_merge_to_json(q->arena, &m, &o);
}

#define OWN_WORKSPACE "/vedette/v1/workspaces/{workspace}"
#define OWN_INCIDENT OWN_WORKSPACE "/incidents/{incident}"
const struct http_route correlation_routes[] = {
    {HTTP_GET, OWN_WORKSPACE "/correlation", get_settings, "incidents/read", 0, FAMILY_ARM},
    {HTTP_PUT, OWN_WORKSPACE "/correlation", put_settings, "rules/write", MAX_BODY, FAMILY_ARM},
    {HTTP_GET, OWN_INCIDENT "/why", why, "incidents/read", 0, FAMILY_ARM},
    {HTTP_GET, OWN_INCIDENT "/graph", graph, "incidents/read", 0, FAMILY_ARM},
    {HTTP_POST, OWN_INCIDENT "/merge", merge, "incidents/write", MAX_BODY, FAMILY_ARM},
    {HTTP_POST, OWN_INCIDENT "/unmerge", unmerge, "incidents/write", 0, FAMILY_ARM},
};
const size_t n_correlation_routes = COUNTOF(correlation_routes);
