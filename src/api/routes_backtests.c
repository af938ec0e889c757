/* Backtests of analytics rules: operations that go on by themselves. */
#include "api/api_priv.h"
#include "backtest/backtest.h"
#include "text/json.h"

enum { MAX_BACKTEST = 32 << 20 };

static void start(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    char id[BACKTEST_ID_BYTES];
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    struct detect_actor who = api_rule_actor(q);
    if (!backtests_start(v->backtests, w, &body, &who, id, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    http_response_header(r, "location",
                         arena_fmt(q->arena, "%s%.*s/%s",
                                   v->o.base_url != NULL ? v->o.base_url : "", STR_ARG(q->path),
                                   id));
    r->status = 202;
    struct json_out o = json_out_make(&r->body);
    if (!backtests_get(v->backtests, w, str_from(id), &o, &e))
        api_error(v, q, &e, r);
}

static void get(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    struct json_out o = json_out_make(&r->body);
    if (!backtests_get(v->backtests, w, http_param(q, "backtest"), &o, &e))
        api_error(v, q, &e, r);
}

static void list(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    json_key(&o, "value");
    if (!backtests_list(v->backtests, w, &o, &e)) {
        sbuf_clear(&r->body);
        api_error(v, q, &e, r);
        return;
    }
    json_obj_end(&o);
}

static void delete (void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w != NULL && !backtests_delete(v->backtests, w, http_param(q, "backtest"), &e))
        api_error(v, q, &e, r);
}

#define BACKTESTS_PATH "/vedette/v1/workspaces/{workspace}/backtests"
const struct http_route backtest_routes[] = {
    {HTTP_GET, BACKTESTS_PATH, list, "rules/read", 0, FAMILY_ARM},
    {HTTP_POST, BACKTESTS_PATH, start, "rules/write", MAX_BACKTEST, FAMILY_ARM},
    {HTTP_GET, BACKTESTS_PATH "/{backtest}", get, "rules/read", 0, FAMILY_ARM},
    {HTTP_DELETE, BACKTESTS_PATH "/{backtest}", delete, "rules/write", 0, FAMILY_ARM},
};
const size_t n_backtest_routes = COUNTOF(backtest_routes);
