/* Which action of Azure a route asks for, and whether the caller may do it. */
#include "api/api_priv.h"

/* ---- the words of a route ---- */

static bool next_part(struct str *path, struct str *part)
{
    size_t at = 0;
    while (path->n > 0 && path->p[0] == '/')
        *path = str_sub(*path, 1, path->n);
    if (path->n == 0)
        return false;
    at = path->n;
    (void)str_find(*path, STR("/"), &at);
    *part = str_sub(*path, 0, at);
    *path = str_sub(*path, at, path->n);
    return true;
}

/* What follows the last "/providers/"; routes of our own begin with their version. */
static struct str provider_path(const char *pattern, bool *out_own)
{
    struct str rest = str_from(pattern);
    size_t at = 0;
    static const char *const own[] = {"/vedette/v1/", "/portal/api/"};
    for (size_t i = 0; i < COUNTOF(own); i++) {
        *out_own = str_starts(rest, str_from(own[i]));
        if (*out_own)
            return str_sub(rest, strlen(own[i]), rest.n);
    }
    while (str_find(rest, STR("/providers/"), &at))
        rest = str_sub(rest, at + sizeof("/providers/") - 1, rest.n);
    return rest;
}

struct api_words api_route_words(struct arena *a, const struct http_route *route)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(4096);
    struct api_words x = {0};
    struct str part = STR(""), before = STR("");
    bool own = false;
    struct str path = provider_path(route->pattern, &own);
    sbuf_addz(&b, own ? "Vedette" : "");
    while (next_part(&path, &part)) {
        bool last = path.n == 0;
        if (part.p[0] == '{') {
            x.parameter = str_sub(part, 1, part.n - 2);
            x.type = before;
        } else if (last && route->method == HTTP_POST && b.n > 0) {
            x.action = part;
        } else {
            sbuf_addz(&b, b.n > 0 ? "/" : "");
            sbuf_add(&b, part);
        }
        before = part;
    }
    if (x.type.n == 0)
        x.type = x.action;
    x.types = arena_str(a, sbuf_str(&b));
    return x;
}

/* ---- what it asks for ---- */

static bool is_verb(struct str right, const char *verb)
{
    return str_ends(right, str_from(verb));
}

/* Azure names an action after the resource that the path is of, and what is done to it:
 * Microsoft.SecurityInsights/incidents/comments/delete. A POST that only reads is its reading. */
static const char *action_of(struct arena *a, const struct http_route *route)
{
    struct str right = str_from(route->access);
    struct api_words x = api_route_words(a, route);
    if (is_verb(right, "/read"))
        return arena_fmt(a, "%.*s/read", STR_ARG(x.types)).p;
    if (route->method == HTTP_POST)
        return arena_fmt(a, "%.*s%s%.*s/action", STR_ARG(x.types), x.action.n > 0 ? "/" : "",
                         STR_ARG(x.action))
            .p;
    return arena_fmt(a, "%.*s/%s", STR_ARG(x.types),
                     route->method == HTTP_DELETE ? "delete" : "write")
        .p;
}

struct identity_right api_right(struct arena *a, const struct http_route *route)
{
    struct identity_right r = identity_right_find(a, route->access);
    if (!r.exact && strstr(route->pattern, "/providers/Microsoft.") != NULL)
        r.action = action_of(a, route);
    return r;
}

bool api_may(const struct http_request *q, struct str workspace)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct identity_right r = api_right(a, q->route);
    struct identity_target where = {.anywhere = workspace.n == 0, .workspace = workspace};
    if (workspace.n > 0 && strstr(q->route->pattern, "/tables/{table}") != NULL)
        where.table = http_param(q, "table");
    return identity_right_allowed(api_caller(q), &r, &where);
}
