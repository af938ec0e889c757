/* Scopes of the routes of Microsoft.Authorization. */
#include "api/scopes.h"

static bool complete(const struct identity_caller *c, struct identity_scope *s, struct err *e)
{
    struct workspace *w = NULL;
    if (s->workspace.n == 0)
        return true;
    w = identity_workspace_named(c, s->reach == IDENTITY_REACH_WORKSPACE ? s->path : s->workspace);
    if (w == NULL)
        return err_set(e, ERR_NOT_FOUND, "The workspace '%.*s' could not be found.",
                       (int)(s->workspace.n < 80 ? s->workspace.n : 80), s->workspace.p);
    s->workspace = workspace_id(w);
    return true;
}

bool scope_allowed(const struct http_request *q, struct str path, const char *action,
                   struct identity_scope *out, struct err *e)
{
    const struct identity_caller *c = api_caller(q);
    if (!identity_scope_read(path, out, e) || !complete(c, out, e))
        return false;
    struct identity_target where = {
        .tenant = out->reach == IDENTITY_REACH_ALL ? c->tenant : STR_NONE,
        .workspace = out->workspace,
        .table = out->table,
        .resource = out->reach == IDENTITY_REACH_RESOURCE ? out->path : STR_NONE};
    return identity_may(api_caller(q), str_from(action), false, &where) ||
           err_set(e, ERR_FORBIDDEN,
                   "The client '%.*s' does not have authorization to perform action '%s' over "
                   "scope '%.*s' or the scope is invalid.",
                   STR_ARG(api_caller(q)->id), action, (int)(path.n < 200 ? path.n : 200), path.p);
}

/* What stands before the last "/providers/Microsoft.Authorization". */
static bool scope_text(const struct http_request *q, struct str *out, struct err *e)
{
    static const char mark[] = AUTHORIZATION "/";
    size_t n = sizeof(mark) - 1;
    struct str path = q->path;
    for (size_t at = path.n; at-- > 0;) {
        if (!str_ieqz(str_sub(path, at, n), mark))
            continue;
        if (at == 0) {
            *out = STR("/");
            return true;
        }
        return http_percent_decode(q->arena, str_sub(path, 0, at), false, out) ||
               err_set(e, ERR_INVALID, "the path can't be read");
    }
    return err_set(e, ERR_INVALID, "the path has no scope");
}

bool scope_of_request(struct vedette *v, struct http_request *q, struct http_response *r,
                      struct identity_scope *out)
{
    struct err e = {0};
    struct str path = STR("");
    if (scope_text(q, &path, &e) &&
        scope_allowed(q, path, api_right(q->arena, q->route).action, out, &e))
        return true;
    api_error(v, q, &e, r);
    return false;
}

bool scope_is_own(struct vedette *v, const struct http_request *q, struct str tenant)
{
    struct str own = api_caller(q)->tenant, first = identity_tenant(v->identity);
    return str_ieq(tenant.n > 0 ? tenant : first, own.n > 0 ? own : first);
}

bool scope_has_principal(struct vedette *v, struct http_request *q, struct str principal)
{
    struct state_principal p = {0};
    bool known = state_principal_get(v->state, q->arena, principal, &p, NULL);
    return scope_is_own(v, q, known ? p.tenant : STR_NONE);
}

bool scope_holds(const struct identity_scope *whole, const struct identity_scope *part)
{
    size_t n = whole->path.n;
    switch (whole->reach) {
    case IDENTITY_REACH_ALL:
        return str_eqz(whole->path, "/") || part->reach != IDENTITY_REACH_ALL ||
               (part->path.n >= n && str_ieq(str_sub(part->path, 0, n), whole->path) &&
                (part->path.n == n || part->path.p[n] == '/'));
    case IDENTITY_REACH_WORKSPACE:
        return part->workspace.n > 0 && str_ieq(whole->workspace, part->workspace);
    case IDENTITY_REACH_TABLE:
        return part->reach == IDENTITY_REACH_TABLE && str_ieq(whole->workspace, part->workspace) &&
               str_ieq(whole->table, part->table);
    case IDENTITY_REACH_RESOURCE:
        return part->path.n >= n && str_ieq(str_sub(part->path, 0, n), whole->path) &&
               (part->path.n == n || part->path.p[n] == '/');
    }
    UNREACHABLE();
}

struct str scope_prefix(const struct identity_scope *s)
{
    return str_eqz(s->path, "/") ? STR("") : s->path;
}
