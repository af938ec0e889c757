/* Microsoft.SecurityInsights/bookmarks, their relations and expansions. */
#include "api/api_priv.h"
#include "incident/bookmark.h"
#include "incident/entity.h"

static void list(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct incident_query query;
    struct api_page p;
    if (api_page_begin(v, q, r, &query, &p) &&
        !bookmark_list_json(v->incidents, q->arena, p.w, &query, &p.out, &p.next, &e))
        api_error(v, q, &e, r);
    else
        api_page_end(v, q, &p);
}

static void get(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_bookmark b = {0};
    struct json_out o = json_out_make(&r->body);
    struct workspace *w = api_workspace(v, q, r);
    if (w != NULL && (!bookmark_get(v->incidents, q->arena, w, http_param(q, "bookmark"), &b, &e) ||
                      !bookmark_to_json(v->incidents, w, &b, &o, &e)))
        api_error(v, q, &e, r);
}

static void put(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct state_bookmark b = {0};
    bool created = false;
    struct incident_actor who = api_actor(q);
    struct json_out o = json_out_make(&r->body);
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    if (bookmark_put(v->incidents, q->arena, w, http_param(q, "bookmark"), &body,
                     http_header(q, "if-match"), &who, &b, &created, &e) &&
        bookmark_to_json(v->incidents, w, &b, &o, &e))
        r->status = created ? 201 : 200;
    else
        api_error(v, q, &e, r);
}

static void delete (void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct incident_actor who = api_actor(q);
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    bool ok = bookmark_delete(v->incidents, q->arena, w, http_param(q, "bookmark"),
                              http_header(q, "if-match"), &who, &e);
    api_deleted(v, q, r, ok, &e);
}

static void of_incident(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = NULL;
    struct state_incident i = {0};
    struct json_out o = json_out_make(&r->body);
    if (!api_incident(v, q, r, &w, &i))
        return;
    json_obj(&o);
    json_key(&o, "value");
    if (!incident_bookmarks_to_json(v->incidents, q->arena, w, &i, &o, &e))
        api_error(v, q, &e, r);
    else
        json_obj_end(&o);
}

static void expand(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct json_out o = json_out_make(&r->body);
    struct state_bookmark b = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    if (!bookmark_get(v->incidents, q->arena, w, http_param(q, "bookmark"), &b, &e) ||
        !entity_expand_json(v->incidents, q->arena, w, b.id, &body, &o, &e))
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
        !bookmark_relations_json(v->incidents, q->arena, p.w, http_param(q, "bookmark"), &query,
                                 &p.out, &p.next, &e))
        api_error(v, q, &e, r);
    else
        api_page_end(v, q, &p);
}

static void get_relation(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json_out o = json_out_make(&r->body);
    struct workspace *w = api_workspace(v, q, r);
    if (w != NULL && !bookmark_relation_json(v->incidents, q->arena, w, http_param(q, "bookmark"),
                                             http_param(q, "relation"), &o, &e))
        api_error(v, q, &e, r);
}

static void put_relation(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    bool created = false;
    struct incident_put how = {http_header(q, "if-match"), api_caller(q)->name, false};
    struct json_out o = json_out_make(&r->body);
    struct str bookmark = http_param(q, "bookmark"), name = http_param(q, "relation");
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    if (bookmark_relation_put(v->incidents, q->arena, w, bookmark, name, &body, &how, &created,
                              &e) &&
        bookmark_relation_json(v->incidents, q->arena, w, bookmark, name, &o, &e))
        r->status = created ? 201 : 200;
    else
        api_error(v, q, &e, r);
}

static void delete_relation(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct incident_put how = {http_header(q, "if-match"), api_caller(q)->name, false};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    bool ok = bookmark_relation_delete(v->incidents, q->arena, w, http_param(q, "bookmark"),
                                       http_param(q, "relation"), &how, &e);
    api_deleted(v, q, r, ok, &e);
}

#define BOOKMARK INSIGHTS_PATH "/bookmarks/{bookmark}"
const struct http_route bookmark_routes[] = {
    {HTTP_GET, INSIGHTS_PATH "/bookmarks", list, "incidents/read", 0, FAMILY_ARM},
    {HTTP_GET, BOOKMARK, get, "incidents/read", 0, FAMILY_ARM},
    {HTTP_PUT, BOOKMARK, put, "bookmarks/write", 0, FAMILY_ARM},
    {HTTP_DELETE, BOOKMARK, delete, "bookmarks/write", 0, FAMILY_ARM},
    {HTTP_POST, BOOKMARK "/expand", expand, "incidents/read", 0, FAMILY_ARM},
    {HTTP_GET, BOOKMARK "/relations", list_relations, "incidents/read", 0, FAMILY_ARM},
    {HTTP_GET, BOOKMARK "/relations/{relation}", get_relation, "incidents/read", 0, FAMILY_ARM},
    {HTTP_PUT, BOOKMARK "/relations/{relation}", put_relation, "bookmarks/write", 0, FAMILY_ARM},
    {HTTP_DELETE, BOOKMARK "/relations/{relation}", delete_relation, "bookmarks/write", 0,
     FAMILY_ARM},
    {HTTP_POST, INSIGHTS_PATH "/incidents/{incident}/bookmarks", of_incident, "incidents/read", 0,
     FAMILY_ARM},
};
const size_t n_bookmark_routes = COUNTOF(bookmark_routes);
