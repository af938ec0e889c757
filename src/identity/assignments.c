/* Who was given which role where: reading, giving, and the short form of applications and people:
 * [{"role", "scope"? or "workspace"?, "condition"?}]. */
#include "base/ids.h"
#include "identity/identity_priv.h"
#include "store/store.h"
#include "text/json.h"

enum { MAX_GRANTS = 200, MAX_LISTED = 2048, MAX_ROLES_JSON = 1 << 20 };
#define CONDITION_VERSION "2.0"

/* ---- custom roles ---- */

static const char *const *list_read(struct arena *a, const struct json *list)
{
    size_t n = list != NULL && list->type == JSON_ARRAY ? list->n : 0;
    const char **out = arena_array(a, const char *, n + 1);
    for (size_t i = 0; i < n; i++)
        out[i] = arena_strz(a, json_text(&list->items[i], STR("")));
    return out;
}

bool role_read(struct arena *a, const struct state_role *r, struct identity_role *out,
               struct err *e)
{
    struct json list = {0};
    if (!json_parse(a, r->permissions, NULL, &list, e))
        return false;
    size_t n = list.type == JSON_ARRAY ? list.n : 0;
    struct identity_permission *all = arena_array(a, struct identity_permission, n + 1);
    for (size_t i = 0; i < n; i++)
        all[i] = (struct identity_permission){
            .actions = list_read(a, json_get(&list.items[i], "actions")),
            .not_actions = list_read(a, json_get(&list.items[i], "notActions")),
            .data_actions = list_read(a, json_get(&list.items[i], "dataActions")),
            .not_data_actions = list_read(a, json_get(&list.items[i], "notDataActions"))};
    *out = (struct identity_role){.id = arena_strz(a, r->id),
                                  .name = arena_strz(a, r->name),
                                  .summary = arena_strz(a, r->description),
                                  .permissions = all,
                                  .n = n,
                                  .custom = true};
    return true;
}

bool identity_role_get(struct identity *id, struct arena *a, struct str role_id,
                       struct identity_role *out, struct err *e)
{
    const struct identity_role *built_in = identity_role_by_id(role_id);
    struct state_role r = {0};
    struct err why = {0};
    if (built_in != NULL) {
        *out = *built_in;
        return true;
    }
    if (state_role_get(id->state, a, role_id, &r, &why))
        return role_read(a, &r, out, e);
    if (why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "The role definition '%.*s' does not exist.",
                       (int)(role_id.n < 80 ? role_id.n : 80), role_id.p);
    return err_set(e, why.code, "%s", why.msg);
}

bool role_find(struct identity *id, struct arena *a, struct str which, struct identity_role *out,
               struct err *e)
{
    const struct identity_role *built_in = identity_role_find(which);
    struct state_role *all = NULL;
    size_t n = 0;
    if (built_in == NULL)
        built_in = identity_role_by_id(which);
    if (built_in != NULL) {
        *out = *built_in;
        return true;
    }
    if (!state_role_list(id->state, a, &all, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (str_ieq(all[i].name, which) || str_ieq(all[i].id, which))
            return role_read(a, &all[i], out, e);
    return err_set(e, ERR_INVALID, "there is no role '%.*s'", (int)(which.n < 60 ? which.n : 60),
                   which.p);
}

/* ---- grants ---- */

static bool grant_of(struct identity *id, struct arena *a, const struct state_assignment *x,
                     struct identity_grant *out)
{
    struct identity_role *role = arena_new_of(a, struct identity_role);
    struct err why = {0};
    *out = (struct identity_grant){.role = role, .deny = x->deny};
    bool good =
        identity_role_get(id, a, x->role, role, &why) &&
        identity_scope_read(x->scope, &out->scope, &why) &&
        (x->condition.n == 0 || identity_condition_read(a, x->condition, &out->condition, &why));
    if (x->scope_workspace.n > 0)
        out->scope.workspace = x->scope_workspace;
    return good;
}

void grant_add(struct arena *a, struct identity_caller *c, const struct identity_grant *g)
{
    struct identity_grant *more = arena_array(a, struct identity_grant, c->n_grants + 1);
    if (c->n_grants > 0)
        memcpy(more, c->grants, c->n_grants * sizeof(*more));
    more[c->n_grants++] = *g;
    c->grants = more;
}

bool identity_grants_load(struct identity *id, struct arena *a, const struct str *principals,
                          size_t n, struct identity_caller *c, struct err *e)
{
    for (size_t p = 0; p < n; p++) {
        struct state_assignment *list = NULL;
        size_t count = 0;
        struct identity_grant g;
        if (principals[p].n == 0 ||
            !state_assignment_list(id->state, a, principals[p], &list, &count, e))
            return principals[p].n == 0 ? err_set(e, ERR_INTERNAL, "a principal without an id")
                                        : false;
        for (size_t i = 0; i < count; i++)
            if (grant_of(id, a, &list[i], &g)) {
                g.tenant = c->tenant;
                grant_add(a, c, &g);
            }
    }
    return delegated_grants_load(id, a, principals, n, c, e);
}

/* ---- giving ---- */

static bool workspace_of(struct identity *id, struct str which, struct str *out, struct err *e)
{
    struct workspace *w = id->store != NULL ? store_workspace_find(id->store, which) : NULL;
    if (w == NULL && id->store != NULL)
        return err_set(e, ERR_NOT_FOUND, "The workspace '%.*s' could not be found.",
                       (int)(which.n < 80 ? which.n : 80), which.p);
    *out = w != NULL ? workspace_id(w) : which;
    return true;
}

static struct str workspace_scope(struct arena *a, struct str workspace)
{
    return arena_fmt(a,
                     "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/vedette/"
                     "providers/Microsoft.OperationalInsights/workspaces/%.*s",
                     STR_ARG(workspace));
}

static bool check_condition(struct arena *a, struct state_assignment *x, struct err *e)
{
    const struct identity_condition *c = NULL;
    x->condition = str_trim(x->condition);
    if (x->condition.n == 0) {
        x->condition_version = STR("");
        return true;
    }
    if (x->condition_version.n > 0 && !str_eqz(x->condition_version, CONDITION_VERSION))
        return err_set(e, ERR_INVALID, "conditionVersion: " CONDITION_VERSION " expected");
    x->condition_version = STR(CONDITION_VERSION);
    return identity_condition_read(a, x->condition, &c, e);
}

bool assignment_check(struct identity *id, struct arena *a, struct state_assignment *x,
                      struct identity_scope *out, struct err *e)
{
    struct identity_role role = {0};
    if (!identity_scope_read(x->scope, out, e))
        return false;
    if (out->workspace.n > 0 && !workspace_of(id, out->workspace, &out->workspace, e))
        return false;
    x->scope = out->path;
    x->scope_workspace = out->workspace;
    return identity_role_get(id, a, x->role, &role, e) && check_condition(a, x, e);
}

bool identity_assign(struct identity *id, struct arena *a, struct state_assignment *x,
                     struct err *e)
{
    struct identity_scope scope;
    struct guid g;
    char guid[37];
    if (!assignment_check(id, a, x, &scope, e))
        return false;
    if (x->principal.n == 0 || x->principal.n > MAX_LISTED)
        return err_set(e, ERR_INVALID, "principalId: the id of a principal expected");
    if (x->id.n > 0 && !guid_parse(x->id, &g))
        return err_set(e, ERR_INVALID, "The role assignment ID '%.*s' is not a GUID.",
                       (int)(x->id.n < 80 ? x->id.n : 80), x->id.p);
    guid_format(x->id.n > 0 ? g : guid_new(), guid);
    x->id = arena_str(a, str_from(guid));
    x->updated = clock_now(id->clock);
    x->created = x->created != 0 ? x->created : x->updated;
    x->created_by = x->created_by.n > 0 ? x->created_by : x->updated_by;
    return state_assignment_put(id->state, x, e);
}

/* ---- the short form ---- */

struct listed {
    struct state_assignment *p;
    size_t n;
};

static bool short_read(struct identity *id, struct arena *a, const struct json *one,
                       struct state_assignment *out, struct err *e)
{
    struct identity_role role = {0};
    struct identity_scope scope;
    struct str workspace = json_text(json_get(one, "workspace"), STR(""));
    *out = (struct state_assignment){.scope = json_text(json_get(one, "scope"), STR("/")),
                                     .condition = json_text(json_get(one, "condition"), STR("")),
                                     .principal_type = STR("ServicePrincipal")};
    if (!role_find(id, a, json_text(json_get(one, "role"), STR("")), &role, e))
        return false;
    out->role = str_from(role.id);
    if (workspace.n > 0 && (workspace.n > 128 || str_holds(workspace, '/')))
        return err_set(e, ERR_INVALID, "workspace: an id or a name expected");
    if (workspace.n > 0)
        out->scope = workspace_scope(a, workspace);
    out->scope = arena_str(a, out->scope);
    out->condition = arena_str(a, out->condition);
    return assignment_check(id, a, out, &scope, e);
}

static bool short_list(struct identity *id, struct arena *a, struct str roles, struct listed *out,
                       struct err *e)
{
    struct json list = {0};
    struct err why = {0};
    if (!json_parse(a, roles, NULL, &list, e))
        return false;
    if (list.type != JSON_ARRAY || list.n > MAX_GRANTS)
        return err_set(e, ERR_INVALID, "roles: an array of at most %d expected", MAX_GRANTS);
    out->p = arena_array(a, struct state_assignment, list.n + 1);
    for (size_t i = 0; i < list.n; i++, out->n++)
        if (!short_read(id, a, &list.items[i], &out->p[i], &why))
            return err_set(e, why.code == ERR_NOT_FOUND ? ERR_INVALID : why.code, "roles[%zu]: %s",
                           i, why.msg);
    return true;
}

bool identity_grants_read(struct identity *id, struct arena *a, struct str roles,
                          struct identity_caller *c, struct err *e)
{
    struct listed list = {0};
    struct identity_grant g;
    if (!short_list(id, a, roles, &list, e))
        return false;
    for (size_t i = 0; i < list.n; i++)
        if (grant_of(id, a, &list.p[i], &g))
            grant_add(a, c, &g);
    return true;
}

bool identity_may_give(struct identity *id, struct arena *a, const struct identity_caller *c,
                       struct str tenant, struct str roles, struct err *e)
{
    struct listed list = {0};
    struct identity_scope scope;
    if (!short_list(id, a, roles, &list, e))
        return false;
    for (size_t i = 0; i < list.n; i++) {
        if (!assignment_check(id, a, &list.p[i], &scope, e))
            return false;
        if (!identity_may_assign(c, tenant, &scope, false))
            return err_set(e, ERR_FORBIDDEN,
                           "roles[%zu]: The client '%.*s' does not have authorization to perform "
                           "action 'Microsoft.Authorization/roleAssignments/write' over scope "
                           "'%.*s'.",
                           i, STR_ARG(c->id), STR_ARG(scope.path));
    }
    return true;
}

bool identity_roles_set(struct identity *id, struct arena *a, struct str principal,
                        const char *type, struct str roles, struct str by, struct err *e)
{
    struct listed list = {0};
    if (!short_list(id, a, roles, &list, e) || !state_begin(id->state, e))
        return false;
    bool ok = state_assignments_drop(id->state, principal, e);
    for (size_t i = 0; ok && i < list.n; i++) {
        struct err twice = {0};
        list.p[i].principal = principal;
        list.p[i].principal_type = str_from(type);
        list.p[i].updated_by = by;
        ok = identity_assign(id, a, &list.p[i], &twice) || twice.code == ERR_CONFLICT;
        if (!ok)
            *e = twice;
    }
    return state_end(id->state, ok, e);
}

bool identity_roles_of(struct identity *id, struct arena *a, struct str principal, struct str *out,
                       struct err *e)
{
    struct state_assignment *list = NULL;
    size_t n = 0;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_ROLES_JSON);
    struct json_out w = json_out_make(&b);
    if (!state_assignment_list(id->state, a, principal, &list, &n, e))
        return false;
    json_arr(&w);
    for (size_t i = 0; i < n; i++) {
        struct identity_role role = {0};
        if (list[i].deny || !identity_role_get(id, a, list[i].role, &role, NULL))
            continue;
        json_obj(&w);
        json_kv_z(&w, "role", role.name);
        if (list[i].scope_workspace.n > 0)
            json_kv_str(&w, "workspace", list[i].scope_workspace);
        json_kv_str(&w, "scope", list[i].scope);
        if (list[i].condition.n > 0)
            json_kv_str(&w, "condition", list[i].condition);
        json_obj_end(&w);
    }
    json_arr_end(&w);
    if (!sbuf_ok(&b))
        return err_set(e, ERR_LIMIT, "the principal has too many roles");
    *out = arena_str(a, sbuf_str(&b));
    return true;
}
