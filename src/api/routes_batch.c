/* POST /v1/$batch: several requests of the query API in one; each is dispatched as if it had come
 * alone, with the caller's credentials, so that rights and limits are the same. */
#include "api/api_priv.h"
#include "base/ids.h"
#include "text/json.h"

enum { MAX_REQUESTS = 100, MAX_BATCH_BODY = 4 << 20 };

static struct str body_of(struct arena *a, const struct json *item)
{
    const struct json *body = json_get(item, "body");
    if (body == NULL || body->type == JSON_STRING)
        return json_text(body, STR(""));
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_BATCH_BODY);
    struct json_out w = json_out_make(&b);
    json_value(&w, body);
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : STR("");
}

static struct str prefer_of(const struct json *item)
{
    const struct json *headers = json_get(item, "headers");
    for (size_t i = 0; headers != NULL && headers->type == JSON_OBJECT && i < headers->n; i++)
        if (str_ieqz(headers->keys[i], "prefer"))
            return json_text(&headers->items[i], STR(""));
    return STR("");
}

static void write_answer(struct json_out *o, struct str id, struct http_response *r)
{
    json_obj(o);
    json_kv_str(o, "id", id);
    json_kv_int(o, "status", r->status);
    json_key(o, "headers");
    json_obj(o);
    json_obj_end(o);
    json_key(o, "body");
    json_raw(o, r->body.n > 0 ? sbuf_str(&r->body) : STR("{}"));
    json_obj_end(o);
}

static void run_one(struct vedette *v, struct http_request *outer, const struct json *item,
                    struct json_out *o)
{
    struct err e = {0};
    struct http_response r = http_response_make(0);
    /* Of its own: what a query may take is meant for one. */
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct http_pair headers[] = {
        {STR("Authorization"), http_header(outer, "authorization")},
        {STR("Content-Type"), STR("application/json")},
        {STR("Prefer"), prefer_of(item)},
    };
    struct http_request q = {.arena = a,
                             .method = HTTP_POST,
                             .headers = headers,
                             .n_headers = COUNTOF(headers),
                             .body = body_of(a, item),
                             .remote = outer->remote,
                             .cancel = outer->cancel};
    guid_format(guid_new(), q.id);
    /* path is "/query", or "/search" for tables of other plans, which are all one here. */
    struct str target = arena_fmt(a, "/v1/workspaces/%.*s/query",
                                  STR_ARG(json_text(json_get(item, "workspace"), STR(""))));
    if (http_request_target(&q, target, &e))
        http_dispatch(v->router, &q, &r);
    else
        api_error_status(v, outer, 400, &e, &r);
    write_answer(o, json_text(json_get(item, "id"), STR("")), &r);
    http_response_fini(&r);
}

static void batch(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    if (!api_body(v, q, r, &body))
        return;
    const struct json *list = json_get(&body, "requests");
    if (list == NULL || list->type != JSON_ARRAY || list->n > MAX_REQUESTS) {
        err_set(&e, ERR_INVALID, "requests: an array of at most %d expected", MAX_REQUESTS);
        api_error_status(v, q, 400, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    json_key(&o, "responses");
    json_arr(&o);
    for (size_t i = 0; i < list->n; i++)
        run_one(v, q, &list->items[i], &o);
    json_arr_end(&o);
    json_obj_end(&o);
}

const struct http_route batch_routes[] = {
    {HTTP_POST, "/v1/$batch", batch, "query/read", MAX_BATCH_BODY, FAMILY_QUERY},
};
const size_t n_batch_routes = COUNTOF(batch_routes);
