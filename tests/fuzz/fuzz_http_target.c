/* What a request line asks for, its parameters, and bodies that are packed: a target is refused
 * with words or its texts are UTF-8 without NUL; a route that is found has a value for each of its
 * pattern's parameters; a body that can't be unpacked is refused with words. */
#include "http/http_priv.h"

enum { MAX_OUT = 1 << 20 };

static void handler(void *ctx, struct http_request *q, struct http_response *r)
{
    (void)ctx, (void)q, (void)r;
}

static const struct http_route routes[] = {
    {HTTP_GET, "/healthz", handler, NULL, 0, NULL},
    {HTTP_GET, "/v1/workspaces/{workspace}/query", handler, NULL, 0, NULL},
    {HTTP_GET, "/v1/{id...}", handler, NULL, 0, NULL},
    {HTTP_GET, "/portal/{file...}", handler, NULL, 0, NULL},
    {HTTP_PUT, "/a/{x}/b/{y}/c/{z}", handler, NULL, 0, NULL},
};

static void fail(void *self, const struct http_request *q, int status, const struct err *e,
                 struct http_response *r)
{
    (void)self, (void)q, (void)status, (void)e, (void)r;
}

static void check_pairs(const struct http_pair *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        CHECK(utf8_valid(p[i].name, NULL) && utf8_valid(p[i].value, NULL));
        CHECK(memchr(p[i].value.p, '\0', p[i].value.n) == NULL);
    }
}

static void check_route(const struct http_router *r, struct arena *a, struct str path)
{
    struct http_pair *params = NULL;
    size_t n = 0;
    bool other = false;
    const struct http_route *x = http_router_find(r, a, HTTP_GET, path, &params, &n, &other);
    if (x == NULL)
        return;
    CHECK(x->method == HTTP_GET && n == (x == &routes[0] ? 0 : 1));
    for (size_t i = 0; i < n; i++)
        CHECK(params[i].value.n <= path.n);
    check_pairs(params, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct http_routes family = {.routes = routes, .n = COUNTOF(routes)};
    static const struct http_app app = {.fail = fail};
    static struct http_router *router;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf plain = sbuf_make(MAX_OUT);
    struct str text = {(const char *)data, size};
    struct http_request q = {.arena = a};
    struct err e = {0}, why = {0};
    if (router == NULL)
        router = http_router_new(&family, 1, &app, 1 << 16, NULL);
    bool ok = http_request_target(&q, text, &e);
    CHECK(ok == (e.code == ERR_OK) && (ok || e.msg[0] != '\0'));
    if (ok) {
        size_t at = 0;
        CHECK(utf8_valid(q.path, NULL) && !str_find(q.path, STR("//"), &at));
        check_pairs(q.query, q.n_query);
        check_route(router, a, q.path);
    }
    ok = http_gunzip(text, &plain, &why);
    CHECK(ok == (why.code == ERR_OK) && (ok || why.msg[0] != '\0'));
    return 0;
}
