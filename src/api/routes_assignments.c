/* Microsoft.Authorization/roleAssignments and denyAssignments, and who may do something. A denial
 * is kept as an assignment that denies what a role has. */
#include "api/scopes.h"
#include "base/ids.h"
#include "text/date.h"
#include "text/json.h"

enum { MAX_BODY = 64 << 10, MAX_DESCRIPTION = 2048 };
#define ASSIGNMENTS "/roleAssignments"
#define DENIALS "/denyAssignments"

static bool denies(const struct http_request *q)
{
    return strstr(q->route->pattern, DENIALS) != NULL;
}

/* ---- as ARM has it ---- */

static void write_some(struct json_out *o, const char *name, struct str value)
{
    if (value.n > 0)
        json_kv_str(o, name, value);
    else
        json_kv_null(o, name);
}

static struct str prefix_of(const struct state_assignment *x)
{
    return str_eqz(x->scope, "/") ? STR("") : x->scope;
}

static void write_one(struct json_out *o, const struct state_assignment *x)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str prefix = prefix_of(x);
    const char *kind = x->deny ? "denyAssignments" : "roleAssignments";
    json_obj(o);
    json_key(o, "properties");
    json_obj(o);
    json_kv_str(o, "roleDefinitionId",
                arena_fmt(a, "%.*s" AUTHORIZATION "/roleDefinitions/%.*s", STR_ARG(prefix),
                          STR_ARG(x->role)));
    json_kv_str(o, "principalId", x->principal);
    json_kv_str(o, "principalType", x->principal_type);
    json_kv_str(o, "scope", x->scope);
    write_some(o, "condition", x->condition);
    write_some(o, "conditionVersion", x->condition_version);
    json_kv_time(o, "createdOn", x->created);
    json_kv_time(o, "updatedOn", x->updated);
    json_kv_str(o, "createdBy", x->created_by);
    json_kv_str(o, "updatedBy", x->updated_by);
    json_kv_null(o, "delegatedManagedIdentityResourceId");
    write_some(o, "description", x->description);
    json_obj_end(o);
    json_kv_str(
        o, "id",
        arena_fmt(a, "%.*s" AUTHORIZATION "/%s/%.*s", STR_ARG(prefix), kind, STR_ARG(x->id)));
    json_kv_str(o, "type", arena_fmt(a, "Microsoft.Authorization/%s", kind));
    json_kv_str(o, "name", x->id);
    json_obj_end(o);
}

static void answer(struct http_response *r, const struct state_assignment *x)
{
    struct json_out o = json_out_make(&r->body);
    write_one(&o, x);
}

/* ---- list ---- */

struct filter {
    struct str principal; /* empty: any */
    bool at_scope;        /* not below it */
};

/* principalId eq X, assignedTo('X'), with or without quotes. */
static bool names_principal(struct str part, struct str *out)
{
    static const char *const heads[] = {"principalId eq ", "assignedTo("};
    for (size_t i = 0; i < COUNTOF(heads); i++) {
        struct str head = str_from(heads[i]);
        if (!str_ieq(str_sub(part, 0, head.n), head))
            continue;
        struct str rest = str_trim(str_sub(part, head.n, part.n));
        if (i == 1) {
            if (!str_ends(rest, STR(")")))
                return false;
            rest = str_trim(str_sub(rest, 0, rest.n - 1));
        }
        if (rest.n >= 2 && rest.p[0] == '\'' && rest.p[rest.n - 1] == '\'')
            rest = str_sub(rest, 1, rest.n - 2);
        *out = rest;
        return rest.n > 0;
    }
    return false;
}

static bool read_filter(struct str text, struct filter *out, struct err *e)
{
    size_t at = 0;
    for (text = str_trim(text); text.n > 0; text = str_trim(text)) {
        bool more = str_find(text, STR(" and "), &at);
        struct str part = str_trim(str_sub(text, 0, more ? at : text.n));
        text = more ? str_sub(text, at + 5, text.n) : STR("");
        if (str_ieqz(part, "atScope()"))
            out->at_scope = true;
        else if (!names_principal(part, &out->principal))
            return err_set(e, ERR_INVALID,
                           "$filter: atScope(), principalId eq '…' or assignedTo('…') expected");
    }
    return true;
}

static bool scope_of(const struct state_assignment *x, struct identity_scope *out)
{
    if (!identity_scope_read(x->scope, out, NULL))
        return false;
    if (x->scope_workspace.n > 0)
        out->workspace = x->scope_workspace;
    return true;
}

static void list(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct identity_scope at, scope;
    struct filter f = {0};
    struct state_assignment *all = NULL;
    size_t n = 0;
    if (!scope_of_request(v, q, r, &at))
        return;
    if (!read_filter(http_query(q, "$filter"), &f, &e) ||
        !state_assignment_list(v->state, q->arena, f.principal, &all, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++)
        if (all[i].deny == denies(q) && scope_has_principal(v, q, all[i].principal) &&
            scope_of(&all[i], &scope) &&
            (scope_holds(&scope, &at) || (!f.at_scope && scope_holds(&at, &scope))))
            write_one(&o, &all[i]);
    api_list_end(&o);
}

/* ---- one ---- */

/* The one that the path names, at the path's scope. Errors: ERR_NOT_FOUND. */
static bool find(struct vedette *v, struct http_request *q, const struct identity_scope *at,
                 struct state_assignment *out, struct err *e)
{
    struct guid g;
    char id[37];
    struct identity_scope scope;
    struct err why = {0};
    struct str name = http_param(q, "assignment");
    if (!guid_parse(name, &g))
        return err_set(e, ERR_INVALID, "The role assignment ID '%.*s' is not a GUID.",
                       (int)(name.n < 80 ? name.n : 80), name.p);
    guid_format(g, id);
    bool found = state_assignment_get(v->state, q->arena, str_from(id), out, &why);
    if (!found && why.code != ERR_NOT_FOUND)
        return err_set(e, why.code, "%s", why.msg);
    if (found && out->deny == denies(q) && scope_has_principal(v, q, out->principal) &&
        scope_of(out, &scope) && scope_holds(&scope, at) && scope_holds(at, &scope))
        return true;
    return err_set(e, ERR_NOT_FOUND, "The role assignment '%s' is not found.", id);
}

static void fail(struct vedette *v, struct http_request *q, const struct err *e,
                 struct http_response *r)
{
    if (e->code == ERR_NOT_FOUND)
        api_error_code(r, 404, "RoleAssignmentNotFound", e->msg);
    else if (e->code == ERR_CONFLICT)
        api_error_code(r, 409, "RoleAssignmentExists", e->msg);
    else
        api_error(v, q, e, r);
}

static void get(void *ctx, struct http_request *q, struct http_response *r)
{
    struct err e = {0};
    struct identity_scope at;
    struct state_assignment x = {0};
    if (!scope_of_request(ctx, q, r, &at))
        return;
    if (find(ctx, q, &at, &x, &e))
        answer(r, &x);
    else
        fail(ctx, q, &e, r);
}

/* ---- giving and taking ---- */

/* What follows the last '/'. */
static struct str last_part(struct str path)
{
    size_t at = path.n;
    while (at > 0 && path.p[at - 1] != '/')
        at--;
    return str_sub(path, at, path.n);
}

static bool read_body(struct http_request *q, const struct json *body,
                      const struct identity_scope *at, struct state_assignment *out, struct err *e)
{
    const struct json *p = json_get(body, "properties");
    struct guid g;
    char id[37];
    *out = (struct state_assignment){
        .id = http_param(q, "assignment"),
        .scope = at->path,
        .principal = json_text(json_get(p, "principalId"), STR("")),
        .principal_type = json_text(json_get(p, "principalType"), STR("User")),
        .condition = json_text(json_get(p, "condition"), STR("")),
        .condition_version = json_text(json_get(p, "conditionVersion"), STR("")),
        .description = json_text(json_get(p, "description"), STR("")),
        .deny = denies(q),
        .updated_by = api_caller(q)->id};
    if (!guid_parse(last_part(json_text(json_get(p, "roleDefinitionId"), STR(""))), &g))
        return err_set(e, ERR_INVALID,
                       "properties.roleDefinitionId: the id of a role definition expected");
    guid_format(g, id);
    out->role = arena_str(q->arena, str_from(id));
    if (guid_parse(out->principal, &g)) {
        guid_format(g, id);
        out->principal = arena_str(q->arena, str_from(id));
    }
    return (out->description.n <= MAX_DESCRIPTION && out->principal_type.n <= 64) ||
           err_set(e, ERR_INVALID, "description: at most %d bytes expected", MAX_DESCRIPTION);
}

static bool is_assignable(struct vedette *v, struct http_request *q,
                          const struct state_assignment *x, const struct identity_scope *at,
                          struct err *e)
{
    struct state_role made = {0};
    struct json scopes = {0};
    struct identity_scope s;
    if (identity_role_by_id(x->role) != NULL)
        return true;
    if (!state_role_get(v->state, q->arena, x->role, &made, NULL) ||
        !scope_is_own(v, q, made.tenant))
        return err_set(e, ERR_INVALID,
                       "The specified role definition with ID '%.*s' does not "
                       "exist.",
                       STR_ARG(x->role));
    bool ok = json_parse(q->arena, made.scopes, NULL, &scopes, NULL);
    for (size_t i = 0; ok && scopes.type == JSON_ARRAY && i < scopes.n; i++) {
        if (!identity_scope_read(json_text(&scopes.items[i], STR("")), &s, NULL))
            continue;
        struct workspace *w = store_workspace_find(v->store, s.workspace);
        s.workspace = s.workspace.n > 0 && w != NULL ? workspace_id(w) : s.workspace;
        if (scope_holds(&s, at))
            return true;
    }
    return err_set(e, ERR_INVALID,
                   "The role '%.*s' can't be assigned at the scope '%.*s': it is none of its "
                   "assignableScopes.",
                   STR_ARG(made.name), STR_ARG(at->path));
}

static void put(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0}, missing = {0};
    struct json body = {0};
    struct identity_scope at;
    struct state_assignment x = {0}, old = {0};
    if (!scope_of_request(v, q, r, &at) || !api_body(v, q, r, &body))
        return;
    bool ok = read_body(q, &body, &at, &x, &e) && is_assignable(v, q, &x, &at, &e);
    if (ok && !scope_has_principal(v, q, x.principal))
        ok = err_set(&e, ERR_INVALID, "Principal %.*s does not exist in the directory %.*s.",
                     (int)(x.principal.n < 80 ? x.principal.n : 80), x.principal.p,
                     STR_ARG(api_caller(q)->tenant));
    bool there = ok && find(v, q, &at, &old, &missing);
    if (there) {
        if (!str_ieq(old.role, x.role) || !str_ieq(old.principal, x.principal)) {
            api_error_code(r, 409, "RoleAssignmentUpdateNotPermitted",
                           "Tenant ID, application ID, principal ID, and scope are not allowed to "
                           "be updated.");
            return;
        }
        x.created = old.created;
        x.created_by = old.created_by;
    } else if (ok && missing.code == ERR_NOT_FOUND &&
               state_assignment_get(v->state, q->arena, x.id, &old, &missing)) {
        api_error_code(r, 409, "RoleAssignmentUpdateNotPermitted",
                       "The role assignment ID is used at another scope.");
        return;
    }
    if (ok && identity_assign(v->identity, q->arena, &x, &e)) {
        r->status = there ? 200 : 201;
        answer(r, &x);
        return;
    }
    if (e.code == ERR_NOT_FOUND)
        e.code = ERR_INVALID;
    fail(v, q, &e, r);
}

static void delete (void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct identity_scope at;
    struct state_assignment x = {0};
    bool was_there = false;
    if (!scope_of_request(v, q, r, &at))
        return;
    if (!find(v, q, &at, &x, &e)) {
        if (e.code == ERR_NOT_FOUND)
            r->status = 204;
        else
            fail(v, q, &e, r);
    } else if (state_assignment_delete(v->state, x.id, &was_there, &e)) {
        answer(r, &x);
    } else {
        fail(v, q, &e, r);
    }
}

/* ---- who may ---- */

static void write_way(struct json_out *o, const struct state_assignment *x,
                      const struct identity_role *role)
{
    json_obj(o);
    json_kv_str(o, "principalId", x->principal);
    json_kv_str(o, "principalType", x->principal_type);
    json_kv_z(o, "role", role->name);
    json_kv_str(o, "scope", x->scope);
    write_some(o, "condition", x->condition);
    json_obj_end(o);
}

struct asked {
    struct str action;
    bool data;
    struct identity_target where;
    struct identity_scope scope;
};

/* Writes the assignments by which a principal may. */
static bool write_ways(struct vedette *v, struct arena *a, const struct asked *k,
                       const struct state_assignment *x, struct json_out *o, struct err *e)
{
    struct identity_caller c = {.id = x->principal};
    struct identity_role role = {0};
    struct identity_scope scope;
    if (x->deny || !scope_of(x, &scope) || !scope_holds(&scope, &k->scope) ||
        !identity_role_get(v->identity, a, x->role, &role, NULL) ||
        !identity_role_allows(&role, k->action, k->data))
        return true;
    if (!identity_grants_load(v->identity, a, &x->principal, 1, &c, e))
        return false;
    /* A condition may let some rows through. */
    if (x->condition.n > 0 || identity_may(&c, k->action, k->data, &k->where))
        write_way(o, x, &role);
    return true;
}

static void who_can(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_assignment *all = NULL;
    size_t n = 0;
    struct asked k = {.action = http_query(q, "action"),
                      .data = str_ieqz(http_query(q, "data"), "true")};
    struct str path = http_query(q, "scope");
    bool ok = scope_allowed(q, path.n > 0 ? path : STR("/"),
                            "Microsoft.Authorization/roleAssignments/read", &k.scope, &e);
    if (ok && k.action.n == 0)
        ok = err_set(&e, ERR_INVALID,
                     "action: such as Microsoft.SecurityInsights/incidents/write expected");
    if (!ok || !state_assignment_list(v->state, q->arena, STR(""), &all, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    k.where = (struct identity_target){
        .workspace = k.scope.workspace,
        .table = k.scope.table,
        .resource = k.scope.reach == IDENTITY_REACH_RESOURCE ? k.scope.path : STR_NONE};
    struct json_out o = api_list(r);
    for (size_t i = 0; ok && i < n; i++)
        ok = !scope_has_principal(v, q, all[i].principal) ||
             write_ways(v, q->arena, &k, &all[i], &o, &e);
    api_list_end(&o);
    if (ok)
        return;
    sbuf_clear(&r->body);
    api_error(v, q, &e, r);
}

const struct http_route assignment_routes[] = {
    AT_ALL_SCOPES(HTTP_GET, ASSIGNMENTS, list, "roles/read", 0),
    AT_ALL_SCOPES(HTTP_GET, ASSIGNMENTS "/{assignment}", get, "roles/read", 0),
    AT_ALL_SCOPES(HTTP_PUT, ASSIGNMENTS "/{assignment}", put, "roles/write", MAX_BODY),
    AT_ALL_SCOPES(HTTP_DELETE, ASSIGNMENTS "/{assignment}", delete, "roles/write", 0),
    AT_ALL_SCOPES(HTTP_GET, DENIALS, list, "roles/read", 0),
    AT_ALL_SCOPES(HTTP_GET, DENIALS "/{assignment}", get, "roles/read", 0),
    AT_ALL_SCOPES(HTTP_PUT, DENIALS "/{assignment}", put, "roles/write", MAX_BODY),
    AT_ALL_SCOPES(HTTP_DELETE, DENIALS "/{assignment}", delete, "roles/write", 0),
    {HTTP_GET, "/vedette/v1/access", who_can, "roles/read", 0, FAMILY_ARM},
};
const size_t n_assignment_routes = COUNTOF(assignment_routes);
