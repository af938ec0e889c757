/* The router: tables of routes become one list sorted by number of path segments; a literal segment
 * beats a {param}, which beats a {rest...}. http_dispatch is the one way into a handler, for the
 * server and for callers in the same process. */
#include <stdio.h>

#include "base/clock.h"
#include "http/http_priv.h"

enum { MAX_SEGMENTS = 24 };

struct entry {
    const struct http_route *route;
    void *ctx;
    enum http_lane lane;
    struct str seg[MAX_SEGMENTS];
    size_t n;
};

struct http_router {
    struct entry *entries;
    size_t n;
    struct http_app app;
    size_t default_max_body;
    struct throttle *throttle;
};

/* Splits at '/', empty segments dropped. false: too many. */
static bool split(struct str path, struct str seg[MAX_SEGMENTS], size_t *n)
{
    *n = 0;
    while (path.n > 0) {
        size_t end = path.n;
        str_find(path, STR("/"), &end);
        if (end > 0) {
            if (*n == MAX_SEGMENTS)
                return false;
            seg[(*n)++] = str_sub(path, 0, end);
        }
        path = str_sub(path, end + 1, path.n);
    }
    return true;
}

static bool is_param(struct str seg)
{
    return seg.n > 2 && seg.p[0] == '{';
}

/* {name...}: one or more segments, to the path's end. */
static bool is_rest(struct str seg)
{
    return is_param(seg) && str_ends(seg, STR("...}"));
}

static bool same_shape(const struct entry *x, const struct entry *y)
{
    if (x->n != y->n || x->route->method != y->route->method)
        return false;
    for (size_t i = 0; i < x->n; i++) {
        if (is_param(x->seg[i]) != is_param(y->seg[i]))
            return false;
        if (is_rest(x->seg[i]) != is_rest(y->seg[i]))
            return false;
        if (!is_param(x->seg[i]) && !str_ieq(x->seg[i], y->seg[i]))
            return false;
    }
    return true;
}

struct http_router *http_router_new(const struct http_routes *families, size_t n,
                                    const struct http_app *app, size_t default_max_body,
                                    struct throttle *t)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += families[i].n;
    struct http_router *r = xcalloc(1, sizeof(*r));
    r->entries = xcalloc(total + 1, sizeof(*r->entries));
    r->app = *app;
    r->default_max_body = default_max_body;
    r->throttle = t;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < families[i].n; k++) {
            struct entry *x = &r->entries[r->n];
            x->route = &families[i].routes[k];
            x->ctx = families[i].ctx;
            x->lane = families[i].lane;
            if (x->lane == HTTP_LONG && x->route->access == NULL)
                x->lane = HTTP_SHORT;
            CHECK(split(str_from(x->route->pattern), x->seg, &x->n));
            for (size_t m = 0; m < r->n; m++)
                CHECK(!same_shape(x, &r->entries[m]));
            r->n++;
        }
    }
    return r;
}

void http_router_free(struct http_router *r)
{
    if (r == NULL)
        return;
    xfree(r->entries);
    xfree(r);
}

enum http_lane http_router_lane(const struct http_router *r, const struct http_route *route)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->entries[i].route == route)
            return r->entries[i].lane;
    return HTTP_SHORT;
}

const struct http_route *http_router_at(const struct http_router *r, size_t i)
{
    return i < r->n ? r->entries[i].route : NULL;
}

size_t http_router_max_body(const struct http_router *r, const struct http_route *route)
{
    return route != NULL && route->max_body > 0 ? route->max_body : r->default_max_body;
}

static bool matches(const struct entry *x, const struct str *seg, size_t n)
{
    bool rest = x->n > 0 && is_rest(x->seg[x->n - 1]);
    if (rest ? n < x->n : n != x->n)
        return false;
    for (size_t i = 0; i < x->n; i++)
        if (!is_param(x->seg[i]) && !str_ieq(x->seg[i], seg[i]))
            return false;
    return true;
}

static int exactness(struct str seg)
{
    return is_rest(seg) ? 0 : is_param(seg) ? 1 : 2;
}

/* Is x the more exact one: at the first difference it has the literal, or one segment where the
 * other takes all. */
static bool more_exact(const struct entry *x, const struct entry *than)
{
    for (size_t i = 0; i < x->n && i < than->n; i++)
        if (exactness(x->seg[i]) != exactness(than->seg[i]))
            return exactness(x->seg[i]) > exactness(than->seg[i]);
    return false;
}

/* seg[from…n) with '/' between them. */
static struct str join(struct arena *a, const struct str *seg, size_t from, size_t n)
{
    struct str all = seg[from];
    for (size_t i = from + 1; i < n; i++)
        all = arena_fmt(a, "%.*s/%.*s", STR_ARG(all), STR_ARG(seg[i]));
    return all;
}

static void fill_params(const struct entry *x, struct arena *a, const struct str *seg, size_t n,
                        struct http_pair **out, size_t *out_n)
{
    *out = arena_array(a, struct http_pair, x->n + 1);
    *out_n = 0;
    for (size_t i = 0; i < x->n; i++) {
        bool rest = is_rest(x->seg[i]);
        if (!is_param(x->seg[i]))
            continue;
        struct str name = str_sub(x->seg[i], 1, x->seg[i].n - (rest ? 5 : 2));
        (*out)[(*out_n)++] = (struct http_pair){name, rest ? join(a, seg, i, n) : seg[i]};
    }
}

static const struct entry *find_entry(const struct http_router *r, struct arena *a,
                                      enum http_method m, struct str raw_path, struct str *seg,
                                      size_t *out_n, bool *out_other_method)
{
    size_t n = 0;
    *out_other_method = false;
    if (!split(raw_path, seg, &n))
        return NULL;
    *out_n = n;
    for (size_t i = 0; i < n; i++)
        if (!http_percent_decode(a, seg[i], false, &seg[i]))
            return NULL;
    const struct entry *best = NULL;
    for (size_t i = 0; i < r->n; i++) {
        const struct entry *x = &r->entries[i];
        if (!matches(x, seg, n))
            continue;
        if (x->route->method != m) {
            *out_other_method = true;
            continue;
        }
        if (best == NULL || more_exact(x, best))
            best = x;
    }
    return best;
}

const struct http_route *http_router_find(const struct http_router *r, struct arena *a,
                                          enum http_method m, struct str raw_path,
                                          struct http_pair **out_params, size_t *out_n,
                                          bool *out_other_method)
{
    struct str seg[MAX_SEGMENTS];
    size_t n = 0;
    const struct entry *x = find_entry(r, a, m, raw_path, seg, &n, out_other_method);
    if (x == NULL)
        return NULL;
    if (out_params != NULL)
        fill_params(x, a, seg, n, out_params, out_n);
    return x->route;
}

void http_fail(struct http_router *router, const struct http_request *q, int status,
               const struct err *e, struct http_response *r)
{
    sbuf_clear(&r->body);
    r->status = status;
    r->content_type = NULL;
    router->app.fail(router->app.self, q, status, e, r);
}

static bool throttled(struct http_router *router, const struct http_request *q,
                      struct http_response *r)
{
    int wait_s = 1;
    struct str key = q->throttle_key.n > 0 ? q->throttle_key : q->remote;
    const struct http_app *app = &router->app;
    if ((router->throttle == NULL ||
         throttle_take(router->throttle, key, clock_mono_us(), &wait_s)) &&
        (app->admit == NULL || app->admit(app->self, q, &wait_s)))
        return false;
    struct err e = {0};
    (void)err_set(&e, ERR_BUSY, "Too many requests. Try again after %d s.", wait_s);
    char text[16];
    int n = snprintf(text, sizeof(text), "%d", wait_s);
    http_response_header(r, "Retry-After", (struct str){text, (size_t)n});
    http_fail(router, q, 429, &e, r);
    return true;
}

/* Leaves the inflated body in q->body; inflated belongs to the caller. */
static int inflate_body(struct http_request *q, struct sbuf *inflated, struct err *e)
{
    struct str coding = str_trim(http_header(q, "content-encoding"));
    if (coding.n == 0 || str_ieqz(coding, "identity"))
        return 0;
    if (!str_ieqz(coding, "gzip")) {
        (void)err_set(e, ERR_INVALID, "Content-Encoding '%.*s' is not known; use gzip or none",
                      (int)(coding.n < 40 ? coding.n : 40), coding.p);
        return 415;
    }
    if (q->body.n == 0)
        return 0;
    if (!http_gunzip(q->body, inflated, e))
        return http_status_of(e->code);
    q->body = sbuf_str(inflated);
    return 0;
}

static void run_route(struct http_router *router, const struct entry *x, struct http_request *q,
                      struct http_response *r)
{
    struct err e = {0};
    if (!router->app.authorise(router->app.self, q, &e)) {
        if (!throttled(router, q, r))
            http_fail(router, q, http_status_of(e.code), &e, r);
        return;
    }
    if (throttled(router, q, r))
        return;
    size_t limit = http_router_max_body(router, x->route);
    AUTO(sbuf_fini) struct sbuf inflated = sbuf_make(limit);
    if (q->body.n > limit) {
        (void)err_set(&e, ERR_TOO_LARGE, "the body is larger than %zu bytes", limit);
        http_fail(router, q, 413, &e, r);
        return;
    }
    int status = inflate_body(q, &inflated, &e);
    if (status != 0) {
        http_fail(router, q, status, &e, r);
        return;
    }
    x->route->run(x->ctx, q, r);
    q->body = STR_NONE;
    if (r->status == 0)
        r->status = 200;
    if (!sbuf_ok(&r->body)) {
        (void)err_set(&e, ERR_LIMIT, "the answer is larger than %zu bytes; ask for less",
                      r->body.max);
        http_fail(router, q, 413, &e, r);
    }
}

static void route_and_run(struct http_router *router, struct http_request *q,
                          struct http_response *r)
{
    struct err e = {0};
    struct str seg[MAX_SEGMENTS];
    size_t n = 0;
    bool other = false;
    enum http_method m = q->method == HTTP_HEAD ? HTTP_GET : q->method;
    const struct entry *x = find_entry(router, q->arena, m, q->path, seg, &n, &other);
    if (x == NULL) {
        if (other)
            (void)err_set(&e, ERR_INVALID, "The requested path does not support method '%s'.",
                          http_method_name(q->method));
        else
            (void)err_set(&e, ERR_NOT_FOUND, "The requested path does not exist.");
        if (!throttled(router, q, r))
            http_fail(router, q, other ? 405 : 404, &e, r);
        return;
    }
    q->route = x->route;
    fill_params(x, q->arena, seg, n, &q->params, &q->n_params);
    run_route(router, x, q, r);
}

void http_dispatch(struct http_router *router, struct http_request *q, struct http_response *r)
{
    int64_t start = clock_mono_us();
    http_response_header(r, "x-ms-request-id", str_from(q->id));
    struct str client_id = http_header(q, "x-ms-client-request-id");
    if (client_id.n > 0 && client_id.n <= 256)
        http_response_header(r, "x-ms-client-request-id", client_id);
    route_and_run(router, q, r);
    if (router->app.observe != NULL)
        router->app.observe(router->app.self, q, r, clock_mono_us() - start);
    http_response_encode(q, r);
}

bool http_accepts_gzip(const struct http_request *q)
{
    size_t at = 0;
    struct str accept = http_header(q, "accept-encoding");
    return str_find(accept, STR("gzip"), &at) && !str_find(accept, STR("gzip;q=0"), &at);
}

enum { GZIP_WORTH_BYTES = 1400 };

void http_response_encode(const struct http_request *q, struct http_response *r)
{
    if (!http_accepts_gzip(q) || r->body.n < GZIP_WORTH_BYTES ||
        http_response_get(r, "Content-Encoding") != NULL)
        return;
    struct sbuf packed = sbuf_make(r->body.max);
    if (http_gzip(sbuf_str(&r->body), &packed)) {
        struct sbuf plain = r->body;
        r->body = packed;
        packed = plain;
        http_response_header(r, "Content-Encoding", STR("gzip"));
        http_response_header(r, "Vary", STR("Accept-Encoding"));
    }
    sbuf_fini(&packed);
}
