/* Microsoft.OperationalInsights/workspaces/summaryLogs: summary rules. */
#include "api/authors.h"
#include "text/date.h"
#include "text/json.h"

enum { MAX_RULE = 1 << 20 };

static void write_one(struct vedette *v, struct http_request *q, struct workspace *w,
                      const struct state_summary *x, struct http_response *r)
{
    struct json_out o = json_out_make(&r->body);
    summary_to_json(v->summaries, q->arena, w, x, &o);
}

static void list(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_summary *all = NULL;
    size_t n = 0;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!summary_list(v->summaries, q->arena, w, &all, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++)
        summary_to_json(v->summaries, q->arena, w, &all[i], &o);
    api_list_end(&o);
}

static void get(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_summary x = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (summary_get(v->summaries, q->arena, w, http_param(q, "rule"), &x, &e))
        write_one(v, q, w, &x, r);
    else
        api_error(v, q, &e, r);
}

static void put(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct state_summary x = {0};
    bool created = false;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    struct str query = json_text(json_path(&body, "properties.ruleDefinition.query"), STR(""));
    if (!api_may_run(q, w, query, &e) ||
        !summary_put(v->summaries, q->arena, w, http_param(q, "rule"), &body,
                     http_header(q, "if-match"), api_caller(q)->name, &x, &created, &e) ||
        !author_keep(v, q, w, "summary", x.key, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    r->status = created ? 201 : 200;
    write_one(v, q, w, &x, r);
}

static void delete (void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    bool was_there = false;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    bool ok = summary_delete(v->summaries, w, http_param(q, "rule"), &was_there, &e);
    api_gone(v, q, r, ok, was_there, &e);
}

/* ---- actions ---- */

static void activate(struct vedette *v, struct http_request *q, struct http_response *r,
                     bool active)
{
    struct err e = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w != NULL && !summary_activate(v->summaries, w, http_param(q, "rule"), active, &e))
        api_error(v, q, &e, r);
}

static void start(void *ctx, struct http_request *q, struct http_response *r)
{
    activate(ctx, q, r, true);
}

static void stop(void *ctx, struct http_request *q, struct http_response *r)
{
    activate(ctx, q, r, false);
}

static void retry(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    int64_t bin = 0;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    struct str text = json_text(json_path(&body, "properties.retryBinStartTime"), STR(""));
    if (!date_parse_iso(text, &bin))
        err_set(&e, ERR_INVALID,
                "properties.retryBinStartTime: a time such as 2026-01-02T03:00:00Z expected");
    else if (summary_retry(v->summaries, w, http_param(q, "rule"), bin, &e))
        return;
    api_error(v, q, &e, r);
}

#define RULE_PATH WORKSPACE_PATH "/summaryLogs/{rule}"
const struct http_route summary_routes[] = {
    {HTTP_GET, WORKSPACE_PATH "/summaryLogs", list, "tables/read", 0, FAMILY_ARM},
    {HTTP_GET, RULE_PATH, get, "tables/read", 0, FAMILY_ARM},
    {HTTP_PUT, RULE_PATH, put, "tables/write", MAX_RULE, FAMILY_ARM},
    {HTTP_DELETE, RULE_PATH, delete, "tables/write", 0, FAMILY_ARM},
    {HTTP_POST, RULE_PATH "/start", start, "tables/write", 0, FAMILY_ARM},
    {HTTP_POST, RULE_PATH "/stop", stop, "tables/write", 0, FAMILY_ARM},
    {HTTP_POST, RULE_PATH "/retrybin", retry, "tables/write", 0, FAMILY_ARM},
};
const size_t n_summary_routes = COUNTOF(summary_routes);
