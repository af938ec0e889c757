/* Microsoft.SecurityInsights/incidents/{incident}/comments, relations and tasks. */
#include "api/api_priv.h"
#include "text/json.h"

/* ---- lists ---- */

static void list(struct vedette *v, struct http_request *q, struct http_response *r,
                 enum incident_part part)
{
    struct err e = {0};
    struct workspace *w = NULL;
    struct state_incident i = {0};
    struct incident_query query;
    struct api_page p;
    if (!api_incident(v, q, r, &w, &i))
        return;
    if (api_page_begin(v, q, r, &query, &p) &&
        !incident_part_list(v->incidents, q->arena, w, &i, part, &query, &p.out, &p.next, &e))
        api_error(v, q, &e, r);
    else
        api_page_end(v, q, &p);
}

static void list_comments(void *ctx, struct http_request *q, struct http_response *r)
{
    list(ctx, q, r, INCIDENT_COMMENTS);
}

static void list_relations(void *ctx, struct http_request *q, struct http_response *r)
{
    list(ctx, q, r, INCIDENT_RELATIONS);
}

static void list_tasks(void *ctx, struct http_request *q, struct http_response *r)
{
    list(ctx, q, r, INCIDENT_TASKS);
}

/* ---- one of each ---- */

static void get_comment(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = NULL;
    struct state_incident i = {0};
    struct state_comment c = {0};
    struct json_out o = json_out_make(&r->body);
    if (!api_incident(v, q, r, &w, &i))
        return;
    if (incident_comment_get(v->incidents, q->arena, &i, http_param(q, "comment"), &c, &e))
        incident_comment_to_json(v->incidents, w, &c, &o);
    else
        api_error(v, q, &e, r);
}

static void get_relation(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = NULL;
    struct state_incident i = {0};
    struct state_relation found = {0};
    struct json_out o = json_out_make(&r->body);
    if (!api_incident(v, q, r, &w, &i))
        return;
    if (incident_relation_get(v->incidents, q->arena, &i, http_param(q, "relation"), &found, &e))
        incident_relation_to_json(v->incidents, w, &found, &o);
    else
        api_error(v, q, &e, r);
}

static void get_task(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = NULL;
    struct state_incident i = {0};
    struct state_task t = {0};
    struct json_out o = json_out_make(&r->body);
    if (!api_incident(v, q, r, &w, &i))
        return;
    if (incident_task_get(v->incidents, q->arena, &i, http_param(q, "task"), &t, &e))
        incident_task_to_json(v->incidents, w, &t, &o);
    else
        api_error(v, q, &e, r);
}

/* ---- PUT ---- */

static void put_comment(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct state_comment c = {0};
    bool created = false;
    struct incident_actor who = api_actor(q);
    struct incident_sent sent = {&body, http_header(q, "if-match"), &who};
    struct json_out o = json_out_make(&r->body);
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    if (!incident_comment_put(v->incidents, q->arena, w, http_param(q, "incident"),
                              http_param(q, "comment"), &sent, &c, &created, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    r->status = created ? 201 : 200;
    incident_comment_to_json(v->incidents, w, &c, &o);
}

static void put_relation(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct state_relation made = {0};
    bool created = false;
    struct incident_put how = {http_header(q, "if-match"), api_caller(q)->name, false};
    struct json_out o = json_out_make(&r->body);
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    if (!incident_relation_put(v->incidents, q->arena, w, http_param(q, "incident"),
                               http_param(q, "relation"), &body, &how, &made, &created, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    r->status = created ? 201 : 200;
    incident_relation_to_json(v->incidents, w, &made, &o);
}

static void put_task(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct state_task t = {0};
    bool created = false;
    struct incident_actor who = api_actor(q);
    struct incident_sent sent = {&body, http_header(q, "if-match"), &who};
    struct json_out o = json_out_make(&r->body);
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    if (!incident_task_put(v->incidents, q->arena, w, http_param(q, "incident"),
                           http_param(q, "task"), &sent, &t, &created, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    r->status = created ? 201 : 200;
    incident_task_to_json(v->incidents, w, &t, &o);
}

/* ---- DELETE ---- */

static void delete_comment(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct incident_actor who = api_actor(q);
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    bool ok =
        incident_comment_delete(v->incidents, q->arena, w, http_param(q, "incident"),
                                http_param(q, "comment"), http_header(q, "if-match"), &who, &e);
    api_deleted(v, q, r, ok, &e);
}

static void delete_relation(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct incident_put how = {http_header(q, "if-match"), api_caller(q)->name, false};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    bool ok = incident_relation_delete(v->incidents, q->arena, w, http_param(q, "incident"),
                                       http_param(q, "relation"), &how, &e);
    api_deleted(v, q, r, ok, &e);
}

static void delete_task(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct incident_actor who = api_actor(q);
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    bool ok = incident_task_delete(v->incidents, q->arena, w, http_param(q, "incident"),
                                   http_param(q, "task"), http_header(q, "if-match"), &who, &e);
    api_deleted(v, q, r, ok, &e);
}

#define INCIDENT INSIGHTS_PATH "/incidents/{incident}"
const struct http_route incident_part_routes[] = {
    {HTTP_GET, INCIDENT "/comments", list_comments, "incidents/read", 0, FAMILY_ARM},
    {HTTP_GET, INCIDENT "/comments/{comment}", get_comment, "incidents/read", 0, FAMILY_ARM},
    {HTTP_PUT, INCIDENT "/comments/{comment}", put_comment, "incidents/write", 0, FAMILY_ARM},
    {HTTP_DELETE, INCIDENT "/comments/{comment}", delete_comment, "incidents/delete", 0,
     FAMILY_ARM},
    {HTTP_GET, INCIDENT "/relations", list_relations, "incidents/read", 0, FAMILY_ARM},
    {HTTP_GET, INCIDENT "/relations/{relation}", get_relation, "incidents/read", 0, FAMILY_ARM},
    {HTTP_PUT, INCIDENT "/relations/{relation}", put_relation, "incidents/write", 0, FAMILY_ARM},
    {HTTP_DELETE, INCIDENT "/relations/{relation}", delete_relation, "incidents/delete", 0,
     FAMILY_ARM},
    {HTTP_GET, INCIDENT "/tasks", list_tasks, "incidents/read", 0, FAMILY_ARM},
    {HTTP_GET, INCIDENT "/tasks/{task}", get_task, "incidents/read", 0, FAMILY_ARM},
    {HTTP_PUT, INCIDENT "/tasks/{task}", put_task, "incidents/write", 0, FAMILY_ARM},
    {HTTP_DELETE, INCIDENT "/tasks/{task}", delete_task, "incidents/delete", 0, FAMILY_ARM},
};
const size_t n_incident_part_routes = COUNTOF(incident_part_routes);
