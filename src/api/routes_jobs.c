/* KQL jobs of a workspace: …/kqlJobs. Azure has no public interface for them; this one is in the
 * style of its neighbours. */
#include "api/authors.h"
#include "text/json.h"

enum { MAX_JOB = 1 << 20 };

static void list(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_job *all = NULL;
    size_t n = 0;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!job_list(v->jobs, q->arena, w, &all, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++)
        job_to_json(v->jobs, q->arena, w, &all[i], &o);
    api_list_end(&o);
}

static void get(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_job x = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!job_get(v->jobs, q->arena, w, http_param(q, "job"), &x, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    job_to_json(v->jobs, q->arena, w, &x, &o);
}

static void put(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct state_job x = {0};
    bool created = false;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    if (!api_may_run(q, w, json_text(json_path(&body, "properties.query"), STR("")), &e) ||
        !job_put(v->jobs, q->arena, w, http_param(q, "job"), &body, http_header(q, "if-match"),
                 api_caller(q)->name, &x, &created, &e) ||
        !author_keep(v, q, w, "job", x.key, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    r->status = created ? 201 : 200;
    struct json_out o = json_out_make(&r->body);
    job_to_json(v->jobs, q->arena, w, &x, &o);
}

static void delete (void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    bool was_there = false;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    bool ok = job_delete(v->jobs, w, http_param(q, "job"), &was_there, &e);
    api_gone(v, q, r, ok, was_there, &e);
}

/* ---- actions ---- */

static void set_enabled(struct vedette *v, struct http_request *q, struct http_response *r,
                        bool enabled)
{
    struct err e = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w != NULL && !job_enable(v->jobs, w, http_param(q, "job"), enabled, &e))
        api_error(v, q, &e, r);
}

static void enable(void *ctx, struct http_request *q, struct http_response *r)
{
    set_enabled(ctx, q, r, true);
}

static void disable(void *ctx, struct http_request *q, struct http_response *r)
{
    set_enabled(ctx, q, r, false);
}

static void run(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_job_run x = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!job_run_now(v->jobs, q->arena, w, http_param(q, "job"), &x, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    r->status = 202;
    struct json_out o = json_out_make(&r->body);
    job_run_to_json(&x, &o);
}

static void runs(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_job_run *all = NULL;
    size_t n = 0;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!job_runs(v->jobs, q->arena, w, http_param(q, "job"), &all, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++)
        job_run_to_json(&all[i], &o);
    api_list_end(&o);
}

#define JOB_PATH WORKSPACE_PATH "/kqlJobs/{job}"
const struct http_route job_routes[] = {
    {HTTP_GET, WORKSPACE_PATH "/kqlJobs", list, "tables/read", 0, FAMILY_ARM},
    {HTTP_GET, JOB_PATH, get, "tables/read", 0, FAMILY_ARM},
    {HTTP_PUT, JOB_PATH, put, "tables/write", MAX_JOB, FAMILY_ARM},
    {HTTP_DELETE, JOB_PATH, delete, "tables/write", 0, FAMILY_ARM},
    {HTTP_POST, JOB_PATH "/enable", enable, "tables/write", 0, FAMILY_ARM},
    {HTTP_POST, JOB_PATH "/disable", disable, "tables/write", 0, FAMILY_ARM},
    {HTTP_POST, JOB_PATH "/run", run, "tables/write", 0, FAMILY_ARM},
    {HTTP_GET, JOB_PATH "/runs", runs, "tables/read", 0, FAMILY_ARM},
};
const size_t n_job_routes = COUNTOF(job_routes);
