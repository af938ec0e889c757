/* Cases: resources of our own, since Azure shows them in its portal only. */
#include "api/api_priv.h"
#include "cases/cases.h"
#include "text/json.h"

static bool find(struct vedette *v, struct http_request *q, struct http_response *r,
                 struct workspace **w, struct state_case *out)
{
    struct err e = {0};
    *w = api_workspace(v, q, r);
    if (*w == NULL)
        return false;
    if (case_get(&v->cases, q->arena, *w, http_param(q, "case"), out, &e))
        return true;
    api_error(v, q, &e, r);
    return false;
}

/* The case as it is, or e. */
static void answer(struct vedette *v, struct http_request *q, struct http_response *r,
                   struct workspace *w, bool ok, const struct state_case *c, int status,
                   struct err *e)
{
    struct json_out o = json_out_make(&r->body);
    if (!ok || !case_to_json(&v->cases, w, c, &o, e))
        api_error(v, q, e, r);
    else
        r->status = status;
}

/* ---- cases ---- */

static void list(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct incident_query query;
    struct api_page p;
    if (api_page_begin(v, q, r, &query, &p) &&
        !case_list_json(&v->cases, q->arena, p.w, &query, &p.out, &p.next, &e))
        api_error(v, q, &e, r);
    else
        api_page_end(v, q, &p);
}

static void get(void *ctx, struct http_request *q, struct http_response *r)
{
    struct err e = {0};
    struct workspace *w = NULL;
    struct state_case c = {0};
    if (find(ctx, q, r, &w, &c))
        answer(ctx, q, r, w, true, &c, 200, &e);
}

static void create(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct state_case c = {0};
    struct incident_actor who = api_actor(q);
    struct workspace *w = api_workspace(v, q, r);
    if (w != NULL && api_body(v, q, r, &body)) {
        bool ok = case_create(&v->cases, q->arena, w, &body, &who, &c, &e);
        answer(v, q, r, w, ok, &c, 201, &e);
    }
}

static void change(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct state_case c = {0};
    struct incident_actor who = api_actor(q);
    struct workspace *w = api_workspace(v, q, r);
    if (w != NULL && api_body(v, q, r, &body)) {
        bool ok = case_change(&v->cases, q->arena, w, http_param(q, "case"), &body,
                              http_header(q, "if-match"), q->method == HTTP_PATCH, &who, &c, &e);
        answer(v, q, r, w, ok, &c, 200, &e);
    }
}

static void delete (void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    bool ok =
        case_delete(&v->cases, q->arena, w, http_param(q, "case"), http_header(q, "if-match"), &e);
    api_deleted(v, q, r, ok, &e);
}

static void activities(void *ctx, struct http_request *q, struct http_response *r)
{
    struct err e = {0};
    struct workspace *w = NULL;
    struct state_case c = {0};
    if (find(ctx, q, r, &w, &c))
        api_activities(ctx, q, r, SUBJECT_CASE, c.workspace, c.id, &e);
}

/* ---- incidents ---- */

static void incidents(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = NULL;
    struct state_case c = {0};
    struct json_out o = json_out_make(&r->body);
    if (!find(v, q, r, &w, &c))
        return;
    json_obj(&o);
    json_key(&o, "value");
    if (!case_incidents_json(&v->cases, q->arena, w, &c, &o, &e))
        api_error(v, q, &e, r);
    else
        json_obj_end(&o);
}

static void add_incident(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_case c = {0};
    struct incident_actor who = api_actor(q);
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    bool ok = case_incident_add(&v->cases, q->arena, w, http_param(q, "case"),
                                http_param(q, "incident"), &who, &e) &&
              case_get(&v->cases, q->arena, w, http_param(q, "case"), &c, &e);
    answer(v, q, r, w, ok, &c, 200, &e);
}

static void remove_incident(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct incident_actor who = api_actor(q);
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    bool ok = case_incident_remove(&v->cases, q->arena, w, http_param(q, "case"),
                                   http_param(q, "incident"), &who, &e);
    api_deleted(v, q, r, ok, &e);
}

/* ---- tasks, comments, attachments: what is alike ---- */

static void list_part(struct vedette *v, struct http_request *q, struct http_response *r,
                      enum case_part part)
{
    struct err e = {0};
    struct workspace *w = NULL;
    struct state_case c = {0};
    struct incident_query query;
    struct api_page p;
    if (!find(v, q, r, &w, &c))
        return;
    if (api_page_begin(v, q, r, &query, &p) &&
        !case_part_list(&v->cases, q->arena, w, &c, part, &query, &p.out, &p.next, &e))
        api_error(v, q, &e, r);
    else
        api_page_end(v, q, &p);
}

static void get_part(struct vedette *v, struct http_request *q, struct http_response *r,
                     enum case_part part, const char *param, int status)
{
    struct err e = {0};
    struct workspace *w = NULL;
    struct state_case c = {0};
    struct json_out o = json_out_make(&r->body);
    if (!find(v, q, r, &w, &c))
        return;
    if (case_part_get(&v->cases, q->arena, w, &c, part, http_param(q, param), &o, &e))
        r->status = status;
    else
        api_error(v, q, &e, r);
}

static void delete_part(struct vedette *v, struct http_request *q, struct http_response *r,
                        enum case_part part, const char *param)
{
    struct err e = {0};
    struct incident_actor who = api_actor(q);
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    bool ok = case_part_delete(&v->cases, q->arena, w, http_param(q, "case"), part,
                               http_param(q, param), http_header(q, "if-match"), &who, &e);
    api_deleted(v, q, r, ok, &e);
}

typedef bool put_fn(struct cases *, struct arena *, struct workspace *, struct str, struct str,
                    const struct json *, struct str, const struct incident_actor *, bool *,
                    struct err *);

static void put_part(struct vedette *v, struct http_request *q, struct http_response *r,
                     enum case_part part, const char *param, put_fn *put)
{
    struct err e = {0};
    struct json body = {0};
    bool created = false;
    struct incident_actor who = api_actor(q);
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    if (put(&v->cases, q->arena, w, http_param(q, "case"), http_param(q, param), &body,
            http_header(q, "if-match"), &who, &created, &e))
        get_part(v, q, r, part, param, created ? 201 : 200);
    else
        api_error(v, q, &e, r);
}

static void list_tasks(void *ctx, struct http_request *q, struct http_response *r)
{
    list_part(ctx, q, r, CASE_TASKS);
}

static void get_task(void *ctx, struct http_request *q, struct http_response *r)
{
    get_part(ctx, q, r, CASE_TASKS, "task", 200);
}

static void put_task(void *ctx, struct http_request *q, struct http_response *r)
{
    put_part(ctx, q, r, CASE_TASKS, "task", case_task_put);
}

static void delete_task(void *ctx, struct http_request *q, struct http_response *r)
{
    delete_part(ctx, q, r, CASE_TASKS, "task");
}

static void list_comments(void *ctx, struct http_request *q, struct http_response *r)
{
    list_part(ctx, q, r, CASE_COMMENTS);
}

static void get_comment(void *ctx, struct http_request *q, struct http_response *r)
{
    get_part(ctx, q, r, CASE_COMMENTS, "comment", 200);
}

static void put_comment(void *ctx, struct http_request *q, struct http_response *r)
{
    put_part(ctx, q, r, CASE_COMMENTS, "comment", case_comment_put);
}

static void delete_comment(void *ctx, struct http_request *q, struct http_response *r)
{
    delete_part(ctx, q, r, CASE_COMMENTS, "comment");
}

/* ---- attachments ---- */

static void list_attachments(void *ctx, struct http_request *q, struct http_response *r)
{
    list_part(ctx, q, r, CASE_ATTACHMENTS);
}

static void get_attachment(void *ctx, struct http_request *q, struct http_response *r)
{
    get_part(ctx, q, r, CASE_ATTACHMENTS, "attachment", 200);
}

static void delete_attachment(void *ctx, struct http_request *q, struct http_response *r)
{
    delete_part(ctx, q, r, CASE_ATTACHMENTS, "attachment");
}

static void attach(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_attachment x = {0};
    struct incident_actor who = api_actor(q);
    struct json_out o = json_out_make(&r->body);
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!case_attachment_add(&v->cases, q->arena, w, http_param(q, "case"), http_query(q, "name"),
                             q->body, &who, &x, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    r->status = 201;
    case_attachment_to_json(&v->cases, w, &x, &o);
}

/* RFC 6266 and RFC 8187: the name as UTF-8, percent-encoded, so that it can't end the header. */
static struct str disposition(struct arena *a, struct str name)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(4096);
    sbuf_addz(&b, "attachment; filename*=UTF-8''");
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
            c == '-' || c == '_' || c == '.')
            sbuf_addc(&b, (char)c);
        else
            sbuf_addf(&b, "%%%02X", c);
    }
    return arena_str(a, sbuf_str(&b));
}

/* The file, which a browser must neither show nor guess about: it may be an attacker's. */
static void content(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = NULL;
    struct state_case c = {0};
    struct state_attachment x = {0};
    if (!find(v, q, r, &w, &c))
        return;
    if (!case_attachment_read(&v->cases, q->arena, &c, http_param(q, "attachment"), &x, &r->body,
                              &e)) {
        api_error(v, q, &e, r);
        return;
    }
    r->content_type = "application/octet-stream";
    http_response_header(r, "Content-Disposition", disposition(q->arena, x.name));
    http_response_header(r, "Content-Security-Policy", STR("default-src 'none'; sandbox"));
    http_response_header(r, "Cache-Control", STR("no-store"));
}

/* ---- statuses ---- */

static void statuses(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json_out o = json_out_make(&r->body);
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    json_obj(&o);
    json_key(&o, "value");
    if (!case_statuses_json(&v->cases, q->arena, w, &o, &e))
        api_error(v, q, &e, r);
    else
        json_obj_end(&o);
}

static void put_status(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (case_status_add(&v->cases, q->arena, w, http_param(q, "status"), &e))
        statuses(ctx, q, r);
    else
        api_error(v, q, &e, r);
}

static void delete_status(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    bool ok = case_status_remove(&v->cases, q->arena, w, http_param(q, "status"), &e);
    api_deleted(v, q, r, ok, &e);
}

#define OWN "/vedette/v1/workspaces/{workspace}"
#define CASE OWN "/cases/{case}"
const struct http_route case_routes[] = {
    {HTTP_GET, OWN "/cases", list, "incidents/read", 0, FAMILY_ARM},
    {HTTP_POST, OWN "/cases", create, "incidents/write", 0, FAMILY_ARM},
    {HTTP_GET, CASE, get, "incidents/read", 0, FAMILY_ARM},
    {HTTP_PUT, CASE, change, "incidents/write", 0, FAMILY_ARM},
    {HTTP_PATCH, CASE, change, "incidents/write", 0, FAMILY_ARM},
    {HTTP_DELETE, CASE, delete, "incidents/delete", 0, FAMILY_ARM},
    {HTTP_GET, CASE "/activities", activities, "incidents/read", 0, FAMILY_ARM},
    {HTTP_GET, CASE "/incidents", incidents, "incidents/read", 0, FAMILY_ARM},
    {HTTP_PUT, CASE "/incidents/{incident}", add_incident, "incidents/write", 0, FAMILY_ARM},
    {HTTP_DELETE, CASE "/incidents/{incident}", remove_incident, "incidents/write", 0, FAMILY_ARM},
    {HTTP_GET, CASE "/tasks", list_tasks, "incidents/read", 0, FAMILY_ARM},
    {HTTP_GET, CASE "/tasks/{task}", get_task, "incidents/read", 0, FAMILY_ARM},
    {HTTP_PUT, CASE "/tasks/{task}", put_task, "incidents/write", 0, FAMILY_ARM},
    {HTTP_DELETE, CASE "/tasks/{task}", delete_task, "incidents/delete", 0, FAMILY_ARM},
    {HTTP_GET, CASE "/comments", list_comments, "incidents/read", 0, FAMILY_ARM},
    {HTTP_GET, CASE "/comments/{comment}", get_comment, "incidents/read", 0, FAMILY_ARM},
    {HTTP_PUT, CASE "/comments/{comment}", put_comment, "incidents/write", 0, FAMILY_ARM},
    {HTTP_DELETE, CASE "/comments/{comment}", delete_comment, "incidents/delete", 0, FAMILY_ARM},
    {HTTP_GET, CASE "/attachments", list_attachments, "incidents/read", 0, FAMILY_ARM},
    {HTTP_POST, CASE "/attachments", attach, "incidents/write", CASE_ATTACHMENT_LIMIT, FAMILY_ARM},
    {HTTP_GET, CASE "/attachments/{attachment}", get_attachment, "incidents/read", 0, FAMILY_ARM},
    {HTTP_GET, CASE "/attachments/{attachment}/content", content, "incidents/read", 0, FAMILY_ARM},
    {HTTP_DELETE, CASE "/attachments/{attachment}", delete_attachment, "incidents/delete", 0,
     FAMILY_ARM},
    {HTTP_GET, OWN "/caseStatuses", statuses, "incidents/read", 0, FAMILY_ARM},
    {HTTP_PUT, OWN "/caseStatuses/{status}", put_status, "incidents/write", 0, FAMILY_ARM},
    {HTTP_DELETE, OWN "/caseStatuses/{status}", delete_status, "incidents/write", 0, FAMILY_ARM},
};
const size_t n_case_routes = COUNTOF(case_routes);
