/* How many requests of a kind one caller may make in a second, beside those of all kinds: token
 * buckets by principal, or by address where nobody has signed in. The operator's own commands are
 * not counted. */
#include "api/api_priv.h"
#include "base/clock.h"

enum { MAX_CALLERS = 10000 };

struct rates {
    struct throttle *of[RATE_KINDS]; /* NULL: no limit */
    atomic_uint_fast64_t refused[RATE_KINDS];
};

const char *rate_name(enum rate_kind k)
{
    static const char *const names[RATE_KINDS] = {
        [RATE_QUERY] = "query", [RATE_WRITE] = "write", [RATE_SIGN_IN] = "sign_in"};
    return names[k];
}

struct rates *rates_new(const struct rate_limits *l)
{
    struct rates *r = xcalloc(1, sizeof(*r));
    for (int k = 0; k < RATE_KINDS; k++)
        if (l->per_second[k] > 0)
            r->of[k] =
                throttle_new(l->per_second[k], l->burst[k] > 0 ? l->burst[k] : 2 * l->per_second[k],
                             MAX_CALLERS);
    return r;
}

void rates_free(struct rates *r)
{
    if (r == NULL)
        return;
    for (int k = 0; k < RATE_KINDS; k++)
        throttle_free(r->of[k]);
    xfree(r);
}

uint64_t rates_refused(const struct rates *r, enum rate_kind k)
{
    return atomic_load(&r->refused[k]);
}

/* Logs that come in have limits of their own. */
static bool is_logs(const char *right)
{
    return right != NULL && str_starts(str_from(right), STR("logs/"));
}

/* false: it is of none of them. */
static bool kind_of(const struct vedette *v, const struct http_request *q, enum rate_kind *out)
{
    const struct http_route *route = q->route;
    if (route == NULL)
        return false;
    bool form = route->family != NULL && strcmp(route->family, FAMILY_OAUTH) == 0;
    bool reads = q->method == HTTP_GET || q->method == HTTP_HEAD || q->method == HTTP_OPTIONS;
    if (route->access == NULL)
        *out = RATE_SIGN_IN;
    else if (http_router_lane(v->router, route) == HTTP_LONG)
        *out = RATE_QUERY;
    else
        *out = RATE_WRITE;
    if (*out == RATE_SIGN_IN)
        return !reads && (form || strcmp(route->pattern, "/portal/api/signin") == 0);
    return *out == RATE_QUERY || (!reads && !is_logs(route->access));
}

bool rates_admit(void *vedette, const struct http_request *q, int *retry_after_s)
{
    struct vedette *v = vedette;
    const struct identity_caller *c = q->principal;
    enum rate_kind kind = RATE_QUERY;
    struct str key = q->throttle_key.n > 0 ? q->throttle_key : q->remote;
    if ((c != NULL && c->kind == IDENTITY_OPERATOR) || !kind_of(v, q, &kind) ||
        v->rates->of[kind] == NULL ||
        throttle_take(v->rates->of[kind], key, clock_mono_us(), retry_after_s))
        return true;
    atomic_fetch_add(&v->rates->refused[kind], 1);
    return false;
}
