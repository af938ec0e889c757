/* Microsoft.Authorization/roleDefinitions, and what a caller may do: permissions. */
#include "api/scopes.h"
#include "base/ids.h"
#include "text/date.h"
#include "text/json.h"

enum { MAX_ROLE = 256 << 10, MAX_NAME = 512, MAX_DESCRIPTION = 2048, MAX_PATTERNS = 2000 };
#define DEFINITIONS "/roleDefinitions"
#define WRITE_ROLE "Microsoft.Authorization/roleDefinitions/write"

static const char *const lists[] = {"actions", "notActions", "dataActions", "notDataActions"};

/* ---- as ARM has it ---- */

static void write_list(struct json_out *o, const char *name, const char *const *list)
{
    json_key(o, name);
    json_arr(o);
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        json_z(o, list[i]);
    json_arr_end(o);
}

static void write_permissions(struct json_out *o, const struct identity_role *role)
{
    for (size_t i = 0; i < role->n; i++) {
        const struct identity_permission *p = &role->permissions[i];
        json_obj(o);
        write_list(o, "actions", p->actions);
        write_list(o, "notActions", p->not_actions);
        write_list(o, "dataActions", p->data_actions);
        write_list(o, "notDataActions", p->not_data_actions);
        json_obj_end(o);
    }
}

/* made: of a custom role, else NULL. */
static void write_role(struct json_out *o, const struct identity_scope *at,
                       const struct identity_role *role, const struct state_role *made)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str prefix = scope_prefix(at);
    json_obj(o);
    json_key(o, "properties");
    json_obj(o);
    json_kv_z(o, "roleName", role->name);
    json_kv_z(o, "type", made != NULL ? "CustomRole" : "BuiltInRole");
    json_kv_z(o, "description", role->summary);
    json_key(o, "assignableScopes");
    json_raw(o, made != NULL ? made->scopes : STR("[\"/\"]"));
    json_key(o, "permissions");
    json_arr(o);
    write_permissions(o, role);
    json_arr_end(o);
    if (made != NULL) {
        json_kv_time(o, "createdOn", made->created);
        json_kv_time(o, "updatedOn", made->updated);
        json_kv_str(o, "createdBy", made->created_by);
        json_kv_str(o, "updatedBy", made->updated_by);
    }
    json_obj_end(o);
    json_kv_str(o, "id",
                arena_fmt(a, "%.*s" AUTHORIZATION DEFINITIONS "/%s", STR_ARG(prefix), role->id));
    json_kv_z(o, "type", "Microsoft.Authorization/roleDefinitions");
    json_kv_z(o, "name", role->id);
    json_obj_end(o);
}

/* ---- list ---- */

struct role_filter {
    struct str type, name; /* empty: any */
};

/* A text in quotes behind "<name> eq"; false: the part is something else. */
static bool part_is(struct str part, const char *name, struct str *out)
{
    struct str head = str_from(name);
    if (!str_ieq(str_sub(part, 0, head.n), head))
        return false;
    struct str rest = str_trim(str_sub(part, head.n, part.n));
    if (!str_ieqz(str_sub(rest, 0, 2), "eq"))
        return false;
    rest = str_trim(str_sub(rest, 2, rest.n));
    if (rest.n < 2 || rest.p[0] != '\'' || rest.p[rest.n - 1] != '\'')
        return false;
    *out = str_sub(rest, 1, rest.n - 2);
    return true;
}

static bool read_filter(struct str text, struct role_filter *out, struct err *e)
{
    size_t at = 0;
    for (text = str_trim(text); text.n > 0; text = str_trim(text)) {
        bool more = str_find(text, STR(" and "), &at);
        struct str part = str_trim(str_sub(text, 0, more ? at : text.n));
        text = more ? str_sub(text, at + 5, text.n) : STR("");
        if (!part_is(part, "type", &out->type) && !part_is(part, "roleName", &out->name) &&
            !str_ieqz(part, "atScopeAndBelow()") && !str_ieqz(part, "atScope()"))
            return err_set(e, ERR_INVALID,
                           "$filter: type eq '…', roleName eq '…' or atScopeAndBelow() expected");
    }
    return true;
}

static bool wanted(const struct role_filter *f, const struct identity_role *role)
{
    const char *type = role->custom ? "CustomRole" : "BuiltInRole";
    return (f->type.n == 0 || str_ieqz(f->type, type)) &&
           (f->name.n == 0 || str_ieqz(f->name, role->name));
}

/* Can the role be assigned at or below the scope? */
static bool is_for(struct vedette *v, struct arena *a, const struct state_role *role,
                   const struct identity_scope *at)
{
    struct json scopes = {0};
    if (!json_parse(a, role->scopes, NULL, &scopes, NULL) || scopes.type != JSON_ARRAY)
        return false;
    for (size_t i = 0; i < scopes.n; i++) {
        struct identity_scope s;
        struct str path = json_text(&scopes.items[i], STR(""));
        if (!identity_scope_read(path, &s, NULL))
            continue;
        struct workspace *w =
            s.workspace.n > 0 ? store_workspace_find(v->store, s.workspace) : NULL;
        s.workspace = w != NULL ? workspace_id(w) : s.workspace;
        if (scope_holds(&s, at) || scope_holds(at, &s))
            return true;
    }
    return false;
}

static void list(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct identity_scope at;
    struct role_filter f = {0};
    struct state_role *all = NULL;
    const struct identity_role *built_in = NULL;
    size_t n = 0;
    if (!scope_of_request(v, q, r, &at))
        return;
    if (!read_filter(http_query(q, "$filter"), &f, &e) ||
        !state_role_list(v->state, q->arena, &all, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; (built_in = identity_role_at(i)) != NULL; i++)
        if (wanted(&f, built_in))
            write_role(&o, &at, built_in, NULL);
    for (size_t i = 0; i < n; i++) {
        struct identity_role role;
        if (scope_is_own(v, q, all[i].tenant) && is_for(v, q->arena, &all[i], &at) &&
            identity_role_get(v->identity, q->arena, all[i].id, &role, &e) && wanted(&f, &role))
            write_role(&o, &at, &role, &all[i]);
    }
    api_list_end(&o);
}

/* ---- one ---- */

static bool find(struct vedette *v, struct http_request *q, struct identity_role *out,
                 struct state_role *out_made, struct err *e)
{
    struct guid g;
    char id[37];
    struct str name = http_param(q, "role");
    if (!guid_parse(name, &g))
        return err_set(e, ERR_INVALID, "The role definition ID '%.*s' is not a GUID.",
                       (int)(name.n < 80 ? name.n : 80), name.p);
    guid_format(g, id);
    name = arena_str(q->arena, str_from(id));
    if (!identity_role_get(v->identity, q->arena, name, out, e) ||
        (out->custom && !state_role_get(v->state, q->arena, name, out_made, e)))
        return false;
    return !out->custom || scope_is_own(v, q, out_made->tenant) ||
           err_set(e, ERR_NOT_FOUND, "The role definition '%s' does not exist.", id);
}

static void answer(struct http_response *r, const struct identity_scope *at,
                   const struct identity_role *role, const struct state_role *made)
{
    struct json_out o = json_out_make(&r->body);
    write_role(&o, at, role, role->custom ? made : NULL);
}

static void get(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct identity_scope at;
    struct identity_role role = {0};
    struct state_role made = {0};
    if (!scope_of_request(v, q, r, &at))
        return;
    if (find(v, q, &role, &made, &e))
        answer(r, &at, &role, &made);
    else if (e.code == ERR_NOT_FOUND)
        api_error_code(r, 404, "RoleDefinitionDoesNotExist", e.msg);
    else
        api_error(v, q, &e, r);
}

/* ---- making ---- */

static bool pattern_ok(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '"' || s.p[i] == '\\')
            return false;
    return s.n > 0 && s.n <= 256;
}

/* Copies the known lists of each permission, so that nothing else is kept. */
static bool read_permissions(const struct json *given, struct sbuf *out, struct err *e)
{
    size_t patterns = 0;
    struct json_out o = json_out_make(out);
    if (given == NULL || given->type != JSON_ARRAY || given->n == 0)
        return err_set(e, ERR_INVALID, "permissions: an array with at least one element expected");
    json_arr(&o);
    for (size_t i = 0; i < given->n; i++) {
        json_obj(&o);
        for (size_t k = 0; k < COUNTOF(lists); k++) {
            const struct json *list = json_get(&given->items[i], lists[k]);
            size_t n = list != NULL && list->type == JSON_ARRAY ? list->n : 0;
            if (list != NULL && list->type != JSON_ARRAY && list->type != JSON_NULL)
                return err_set(e, ERR_INVALID, "permissions[%zu].%s: an array expected", i,
                               lists[k]);
            json_key(&o, lists[k]);
            json_arr(&o);
            for (size_t m = 0; m < n; m++) {
                struct str p = json_text(&list->items[m], STR(""));
                if (!pattern_ok(p) || ++patterns > MAX_PATTERNS)
                    return err_set(e, ERR_INVALID,
                                   "permissions[%zu].%s[%zu]: an action such as "
                                   "Microsoft.SecurityInsights/*/read expected, %d at most",
                                   i, lists[k], m, MAX_PATTERNS);
                json_str(&o, p);
            }
            json_arr_end(&o);
        }
        json_obj_end(&o);
    }
    json_arr_end(&o);
    return sbuf_ok(out) || err_set(e, ERR_LIMIT, "permissions: too many");
}

/* The caller has to have the right to write roles in all of them. */
static bool read_scopes(struct http_request *q, const struct json *given, struct sbuf *out,
                        struct err *e)
{
    struct json_out o = json_out_make(out);
    if (given == NULL || given->type != JSON_ARRAY || given->n == 0 || given->n > 200)
        return err_set(e, ERR_INVALID, "assignableScopes: an array of 1 to 200 scopes expected");
    json_arr(&o);
    for (size_t i = 0; i < given->n; i++) {
        struct identity_scope s;
        if (!scope_allowed(q, json_text(&given->items[i], STR("")), WRITE_ROLE, &s, e))
            return false;
        json_str(&o, s.path);
    }
    json_arr_end(&o);
    return sbuf_ok(out) || err_set(e, ERR_LIMIT, "assignableScopes: too long");
}

static bool read_role(struct http_request *q, const struct json *body, struct state_role *out,
                      struct err *e)
{
    AUTO(sbuf_fini) struct sbuf permissions = sbuf_make(MAX_ROLE), scopes = sbuf_make(MAX_ROLE);
    const struct json *p = json_get(body, "properties");
    out->name = str_trim(json_text(json_get(p, "roleName"), STR("")));
    out->description = json_text(json_get(p, "description"), STR(""));
    if (out->name.n == 0 || out->name.n > MAX_NAME || out->description.n > MAX_DESCRIPTION)
        return err_set(e, ERR_INVALID, "roleName: 1 to %d bytes expected; description: at most %d",
                       MAX_NAME, MAX_DESCRIPTION);
    if (!str_ieqz(json_text(json_get(p, "type"), STR("CustomRole")), "CustomRole"))
        return err_set(e, ERR_INVALID, "type: CustomRole expected");
    if (!read_permissions(json_get(p, "permissions"), &permissions, e) ||
        !read_scopes(q, json_get(p, "assignableScopes"), &scopes, e))
        return false;
    out->permissions = arena_str(q->arena, sbuf_str(&permissions));
    out->scopes = arena_str(q->arena, sbuf_str(&scopes));
    return true;
}

/* A role that is for more than the caller administers is not its to change. */
static bool is_writable(struct http_request *q, const struct state_role *role, struct err *e)
{
    struct json scopes = {0};
    struct identity_scope s;
    struct err why = {0};
    if (!json_parse(q->arena, role->scopes, NULL, &scopes, e))
        return false;
    for (size_t i = 0; scopes.type == JSON_ARRAY && i < scopes.n; i++) {
        struct str path = json_text(&scopes.items[i], STR(""));
        /* A workspace that has gone is nobody's. */
        if (!scope_allowed(q, path, WRITE_ROLE, &s, &why) && why.code == ERR_FORBIDDEN)
            return err_set(e, why.code, "%s", why.msg);
    }
    return true;
}

static bool put_role(struct vedette *v, struct http_request *q, const struct json *body,
                     struct state_role *out, struct err *e)
{
    struct guid g;
    char id[37];
    struct state_role old = {0};
    struct err missing = {0};
    struct str name = http_param(q, "role");
    if (!guid_parse(name, &g))
        return err_set(e, ERR_INVALID, "The role definition ID '%.*s' is not a GUID.",
                       (int)(name.n < 80 ? name.n : 80), name.p);
    guid_format(g, id);
    out->id = arena_str(q->arena, str_from(id));
    if (identity_role_by_id(out->id) != NULL)
        return err_set(e, ERR_CONFLICT, "A built-in role can't be changed.");
    if (!read_role(q, body, out, e))
        return false;
    if (identity_role_find(out->name) != NULL)
        return err_set(e, ERR_CONFLICT, "there is a role '%.*s' already", STR_ARG(out->name));
    bool there = state_role_get(v->state, q->arena, out->id, &old, &missing);
    if (there && !is_writable(q, &old, e))
        return false;
    if (there && !scope_is_own(v, q, old.tenant))
        return err_set(e, ERR_CONFLICT, "The role definition ID is used already.");
    out->tenant = there ? old.tenant
                  : str_ieq(api_caller(q)->tenant, identity_tenant(v->identity))
                      ? STR("")
                      : api_caller(q)->tenant;
    out->updated = clock_now(v->o.clock);
    out->updated_by = api_caller(q)->id;
    out->created = there ? old.created : out->updated;
    out->created_by = there ? old.created_by : out->updated_by;
    return state_role_put(v->state, out, e);
}

static void put(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct identity_scope at;
    struct state_role made = {0};
    struct identity_role role = {0};
    if (!scope_of_request(v, q, r, &at) || !api_body(v, q, r, &body))
        return;
    if (put_role(v, q, &body, &made, &e) &&
        identity_role_get(v->identity, q->arena, made.id, &role, &e)) {
        r->status = 201;
        answer(r, &at, &role, &made);
    } else if (e.code == ERR_CONFLICT) {
        api_error_code(r, 409, "RoleDefinitionWithSameNameExists", e.msg);
    } else {
        api_error(v, q, &e, r);
    }
}

static bool delete_role(struct vedette *v, struct http_request *q, struct identity_role *role,
                        struct state_role *made, bool *was_there, struct err *e)
{
    struct state_assignment *given = NULL;
    size_t n = 0;
    if (!find(v, q, role, made, e)) {
        *was_there = false;
        return e->code == ERR_NOT_FOUND;
    }
    if (!role->custom)
        return err_set(e, ERR_CONFLICT, "A built-in role can't be deleted.");
    if (!is_writable(q, made, e) ||
        !state_assignment_list(v->state, q->arena, STR(""), &given, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (str_ieq(given[i].role, made->id))
            return err_set(e, ERR_CONFLICT,
                           "There are existing role assignments referencing role "
                           "(name: '%s').",
                           role->name);
    return state_role_delete(v->state, made->id, was_there, e);
}

static void delete (void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct identity_scope at;
    struct identity_role role = {0};
    struct state_role made = {0};
    bool was_there = false;
    if (!scope_of_request(v, q, r, &at))
        return;
    if (!delete_role(v, q, &role, &made, &was_there, &e) && e.code == ERR_CONFLICT)
        api_error_code(r, 409, "RoleDefinitionHasAssignments", e.msg);
    else if (e.code != ERR_OK && e.code != ERR_NOT_FOUND)
        api_error(v, q, &e, r);
    else if (was_there)
        answer(r, &at, &role, &made);
    else
        r->status = 204;
}

/* ---- permissions: of the caller, at a scope ---- */

static void permissions(void *ctx, struct http_request *q, struct http_response *r)
{
    struct identity_scope at;
    if (!scope_of_request(ctx, q, r, &at))
        return;
    const struct identity_caller *c = api_caller(q);
    struct json_out o = api_list(r);
    for (size_t i = 0; i < c->n_grants; i++)
        if (!c->grants[i].deny && scope_holds(&c->grants[i].scope, &at))
            write_permissions(&o, c->grants[i].role);
    api_list_end(&o);
}

const struct http_route role_routes[] = {
    AT_ALL_SCOPES(HTTP_GET, DEFINITIONS, list, "roles/read", 0),
    AT_ALL_SCOPES(HTTP_GET, DEFINITIONS "/{role}", get, "roles/read", 0),
    AT_ALL_SCOPES(HTTP_PUT, DEFINITIONS "/{role}", put, "roles/write", MAX_ROLE),
    AT_ALL_SCOPES(HTTP_DELETE, DEFINITIONS "/{role}", delete, "roles/write", 0),
    AT_ALL_SCOPES(HTTP_GET, "/permissions", permissions, "roles/read", 0),
};
const size_t n_role_routes = COUNTOF(role_routes);
