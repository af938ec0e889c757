/* Microsoft.SecurityInsights/entities and entityQueries: what alerts and bookmarks name. */
#include "api/api_priv.h"
#include "incident/entity.h"

static void list(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct incident_query query;
    struct api_page p;
    if (api_page_begin(v, q, r, &query, &p) &&
        !entity_list_json(v->incidents, q->arena, p.w, &query, &p.out, &p.next, &e))
        api_error(v, q, &e, r);
    else
        api_page_end(v, q, &p);
}

static void get(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json_out o = json_out_make(&r->body);
    struct workspace *w = api_workspace(v, q, r);
    if (w != NULL && !entity_get_json(v->incidents, q->arena, w, http_param(q, "entity"), &o, &e))
        api_error(v, q, &e, r);
}

static void of_incident(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = NULL;
    struct state_incident i = {0};
    struct json_out o = json_out_make(&r->body);
    if (api_incident(v, q, r, &w, &i) &&
        !incident_entities_json(v->incidents, q->arena, w, &i, &o, &e))
        api_error(v, q, &e, r);
}

static void expand(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct json_out o = json_out_make(&r->body);
    struct workspace *w = api_workspace(v, q, r);
    if (w != NULL && api_body(v, q, r, &body) &&
        !entity_expand_json(v->incidents, q->arena, w, http_param(q, "entity"), &body, &o, &e))
        api_error(v, q, &e, r);
}

static void timeline(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct json_out o = json_out_make(&r->body);
    struct workspace *w = api_workspace(v, q, r);
    if (w != NULL && api_body(v, q, r, &body) &&
        !entity_timeline_json(v->incidents, q->arena, w, http_param(q, "entity"), &body, &o, &e))
        api_error(v, q, &e, r);
}

/* ---- relations ---- */

static void list_relations(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct incident_query query;
    struct api_page p;
    if (api_page_begin(v, q, r, &query, &p) &&
        !entity_relations_json(v->incidents, q->arena, p.w, http_param(q, "entity"), &query, &p.out,
                               &p.next, &e))
        api_error(v, q, &e, r);
    else
        api_page_end(v, q, &p);
}

static void get_relation(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct str next, name = http_param(q, "relation");
    struct json list = {0};
    struct json_out o = json_out_make(&r->body);
    AUTO(sbuf_fini) struct sbuf all = sbuf_make(0);
    struct json_out all_out = json_out_make(&all);
    struct incident_query query = {.top = ENTITY_MAX_OF_ANSWER};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!entity_relations_json(v->incidents, q->arena, w, http_param(q, "entity"), &query, &all_out,
                               &next, &e) ||
        !json_parse(q->arena, sbuf_str(&all), NULL, &list, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    for (size_t i = 0; i < list.n; i++)
        if (str_ieq(json_text(json_get(&list.items[i], "name"), STR("")), name)) {
            json_value(&o, &list.items[i]);
            return;
        }
    err_set(&e, ERR_NOT_FOUND, "there is no relation '%.*s' of the entity",
            (int)(name.n < 80 ? name.n : 80), name.p);
    api_error(v, q, &e, r);
}

/* ---- queries ---- */

static void list_queries(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct str kind = http_query(q, "kind");
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    json_key(&o, "value");
    if (kind.n > 0 && !str_ieqz(kind, "Expansion")) {
        json_arr(&o);
        json_arr_end(&o);
    } else if (!entity_queries_json(v->incidents, q->arena, w, STR(""), &o, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    json_obj_end(&o);
}

static void get_query(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json_out o = json_out_make(&r->body);
    struct workspace *w = api_workspace(v, q, r);
    if (w != NULL &&
        !entity_queries_json(v->incidents, q->arena, w, http_param(q, "query"), &o, &e))
        api_error(v, q, &e, r);
}

/* ---- insights ---- */

static void list_insights(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json_out o = json_out_make(&r->body);
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    json_obj(&o);
    json_key(&o, "value");
    if (!entity_insight_queries_json(v->incidents, q->arena, w, http_param(q, "entity"), &o, &e))
        api_error(v, q, &e, r);
    else
        json_obj_end(&o);
}

static void get_insights(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct api_limits limits;
    struct json_out o = json_out_make(&r->body);
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    api_limits(v, q, 0, &limits);
    if (!entity_insights_json(v->incidents, q->arena, w, http_param(q, "entity"), &body,
                              &limits.own, api_access(v, q), &o, &e))
        api_error(v, q, &e, r);
}

#define ENTITY INSIGHTS_PATH "/entities/{entity}"
const struct http_route entity_routes[] = {
    {HTTP_GET, INSIGHTS_PATH "/entities", list, "incidents/read", 0, FAMILY_ARM},
    {HTTP_GET, ENTITY, get, "incidents/read", 0, FAMILY_ARM},
    {HTTP_POST, ENTITY "/expand", expand, "incidents/read", 0, FAMILY_ARM},
    {HTTP_POST, ENTITY "/getTimeline", timeline, "incidents/read", 0, FAMILY_ARM},
    {HTTP_POST, ENTITY "/runPlaybook", api_no_playbooks, "incidents/write", 0, FAMILY_ARM},
    {HTTP_GET, ENTITY "/relations", list_relations, "incidents/read", 0, FAMILY_ARM},
    {HTTP_GET, ENTITY "/relations/{relation}", get_relation, "incidents/read", 0, FAMILY_ARM},
    {HTTP_GET, ENTITY "/queries", list_insights, "incidents/read", 0, FAMILY_ARM},
    {HTTP_GET, INSIGHTS_PATH "/entityQueries", list_queries, "incidents/read", 0, FAMILY_ARM},
    {HTTP_GET, INSIGHTS_PATH "/entityQueries/{query}", get_query, "incidents/read", 0, FAMILY_ARM},
    {HTTP_POST, INSIGHTS_PATH "/incidents/{incident}/entities", of_incident, "incidents/read", 0,
     FAMILY_ARM},
};
const size_t n_entity_routes = COUNTOF(entity_routes);

const struct http_route insight_routes[] = {
    {HTTP_POST, ENTITY "/getInsights", get_insights, "query/read", 0, FAMILY_ARM},
};
const size_t n_insight_routes = COUNTOF(insight_routes);
