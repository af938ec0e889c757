/* Tenants: making, changing and deleting them, and what belongs to which. */
#include "identity/tenants.h"
#include "base/ids.h"
#include "identity/identity_priv.h"
#include "text/date.h"

enum { MAX_TENANT_NAME = 100, MAX_LIMIT = 1000000 };
#define FIRST_NAME "Default Directory" /* as Azure calls a new one */
#define NAMESPACE "9c5b94b1-35ad-49bb-b118-8e8fc24abf80"

/* ---- the first one ---- */

static void new_etag(struct arena *a, struct str *out)
{
    char text[37];
    guid_format(guid_new(), text);
    *out = arena_str(a, str_from(text));
}

static bool make_first(struct identity *id, struct arena *a, struct err *e)
{
    struct guid ns;
    CHECK(guid_parse(STR(NAMESPACE), &ns));
    struct str print = secret_hash(a, (struct str){(const char *)id->key, KEY_BYTES});
    guid_format(guid_derive(ns, print), id->tenant);
    struct state_tenant t = {.id = str_from(id->tenant),
                             .name = STR(FIRST_NAME),
                             .first = true,
                             .created = clock_now(id->clock)};
    t.modified = t.created;
    new_etag(a, &t.etag);
    return state_tenant_put(id->state, &t, e);
}

bool tenants_open(struct identity *id, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct state_tenant *all = NULL;
    size_t n = 0;
    if (!state_tenant_list(id->state, a, &all, &n, e))
        return false;
    if (n == 0 || !all[0].first)
        return make_first(id, a, e);
    CHECK(all[0].id.n == sizeof(id->tenant) - 1);
    memcpy(id->tenant, all[0].id.p, all[0].id.n);
    return true;
}

/* ---- finding ---- */

bool identity_tenant_find(struct identity *id, struct arena *a, struct str id_or_name,
                          struct state_tenant *out, struct err *e)
{
    struct err why = {0};
    if (state_tenant_get(id->state, a, id_or_name, out, &why))
        return true;
    if (why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "The tenant '%.*s' could not be found.",
                       (int)(id_or_name.n < 80 ? id_or_name.n : 80), id_or_name.p);
    return err_set(e, why.code, "%s", why.msg);
}

struct str identity_tenant_of(const struct identity *id, const struct workspace *w)
{
    struct str tenant = workspace_place(w).tenant;
    return tenant.n > 0 ? tenant : identity_tenant(id);
}

struct str identity_tenant_key(const struct identity *id, struct str tenant)
{
    return str_ieq(tenant, identity_tenant(id)) ? STR_NONE : tenant;
}

bool identity_tenant_admits(struct identity *id, struct arena *a, struct str tenant,
                            struct str principal, struct str home, bool *out, struct err *e)
{
    struct state_delegation *list = NULL;
    size_t n = 0;
    *out = str_ieq(tenant, home);
    if (*out)
        return true;
    if (principal.n == 0)
        return true;
    if (!state_delegations_of(id->state, a, principal, clock_now(id->clock), &list, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        *out = *out || str_ieq(list[i].managed, tenant);
    return true;
}

static struct workspace *first_of(struct identity *id, struct str key)
{
    struct workspace *w = NULL;
    for (size_t i = 0; (w = store_workspace_at(id->store, i)) != NULL; i++)
        if (str_ieq(workspace_place(w).tenant, key))
            return w;
    return NULL;
}

struct workspace *identity_primary(struct identity *id, struct str tenant)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct state_tenant t = {0};
    struct err e = {0};
    struct str key = identity_tenant_key(id, tenant);
    struct workspace *w = NULL;
    if (id->store == NULL)
        return NULL;
    if (state_tenant_get(id->state, a, tenant, &t, &e) && t.primary_workspace.n > 0)
        w = store_workspace_find_in(id->store, key, t.primary_workspace);
    return w != NULL ? w : first_of(id, key);
}

/* ---- changing ---- */

static bool name_ok(struct str name)
{
    struct guid g;
    return str_trim(name).n == name.n && name.n > 0 && name.n <= MAX_TENANT_NAME &&
           utf8_valid(name, NULL) && !guid_parse(name, &g) && memchr(name.p, '/', name.n) == NULL;
}

static bool read_limit(const struct json *limits, const char *name, int64_t *out, struct err *e)
{
    const struct json *v = json_get(limits, name);
    if (v == NULL)
        return true;
    if (v->type == JSON_NULL) {
        *out = 0;
        return true;
    }
    if (v->type != JSON_INT || v->i < 1 || v->i > MAX_LIMIT)
        return err_set(e, ERR_INVALID, "limits.%s: 1 to %d, or null for the server's own, expected",
                       name, MAX_LIMIT);
    *out = v->i;
    return true;
}

static bool read_primary(struct identity *id, struct arena *a, const struct json *v,
                         struct state_tenant *t, struct err *e)
{
    struct str name = json_text(v, STR(""));
    if (v == NULL)
        return true;
    if (name.n == 0 && v->type != JSON_NULL && v->type != JSON_STRING)
        return err_set(e, ERR_INVALID, "primaryWorkspace: a workspace's id or name expected");
    struct workspace *w = NULL;
    if (name.n > 0 && id->store != NULL)
        w = store_workspace_find_in(id->store, identity_tenant_key(id, t->id), name);
    if (name.n > 0 && w == NULL)
        return err_set(e, ERR_INVALID, "primaryWorkspace: the tenant has no workspace '%.*s'",
                       (int)(name.n < 80 ? name.n : 80), name.p);
    t->primary_workspace = w != NULL ? arena_str(a, workspace_id(w)) : STR("");
    return true;
}

static bool read_wish(struct identity *id, struct arena *a, const struct json *body,
                      struct state_tenant *t, struct err *e)
{
    const struct json *name = json_get(body, "name"), *limits = json_get(body, "limits");
    if (name != NULL)
        t->name = json_text(name, STR(""));
    if (!name_ok(t->name))
        return err_set(e, ERR_INVALID,
                       "name: 1 to %d characters without '/', and no GUID, expected",
                       MAX_TENANT_NAME);
    if (limits != NULL && limits->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "limits: an object expected");
    return read_primary(id, a, json_get(body, "primaryWorkspace"), t, e) &&
           (limits == NULL || (read_limit(limits, "workspaces", &t->max_workspaces, e) &&
                               read_limit(limits, "dailyMegabytes", &t->daily_mb, e) &&
                               read_limit(limits, "queries", &t->max_queries, e)));
}

static bool put(struct identity *id, struct arena *a, struct state_tenant *t, struct str who,
                struct err *e)
{
    struct state_tenant other = {0};
    struct err ignored = {0};
    if (state_tenant_get(id->state, a, t->name, &other, &ignored) && !str_eq(other.id, t->id))
        return err_set(e, ERR_CONFLICT, "there is a tenant '%.*s'", STR_ARG(t->name));
    t->modified = clock_now(id->clock);
    t->modified_by = who;
    new_etag(a, &t->etag);
    return state_tenant_put(id->state, t, e);
}

static bool has_room(struct identity *id, struct arena *a, struct err *e)
{
    struct state_tenant *all = NULL;
    size_t n = 0;
    if (!state_tenant_list(id->state, a, &all, &n, e))
        return false;
    return id->max_tenants <= 0 || n < (size_t)id->max_tenants ||
           err_set(e, ERR_LIMIT, "there are %zu tenants, which is the limit (tenants_max)", n);
}

bool identity_tenant_create(struct identity *id, struct arena *a,
                            const struct identity_tenant_wish *x, struct state_tenant *out,
                            struct err *e)
{
    struct guid g = guid_new();
    struct state_tenant other = {0};
    struct err ignored = {0};
    char text[37];
    if (x->id.n > 0 && !guid_parse(x->id, &g))
        return err_set(e, ERR_INVALID, "id: a GUID expected");
    guid_format(g, text);
    struct state_tenant t = {.id = arena_str(a, str_from(text)), .created = clock_now(id->clock)};
    if (state_tenant_get(id->state, a, t.id, &other, &ignored))
        return err_set(e, ERR_CONFLICT, "there is a tenant '%.*s'", STR_ARG(t.id));
    if (!has_room(id, a, e) || !read_wish(id, a, x->body, &t, e) || !put(id, a, &t, x->who, e))
        return false;
    *out = t;
    return true;
}

bool identity_tenant_change(struct identity *id, struct arena *a, struct str id_or_name,
                            const struct identity_tenant_wish *x, struct state_tenant *out,
                            struct err *e)
{
    struct state_tenant t = {0};
    if (!identity_tenant_find(id, a, id_or_name, &t, e))
        return false;
    size_t at = 0;
    if (x->if_match.n > 0 && !str_eqz(x->if_match, "*") && !str_find(x->if_match, t.etag, &at))
        return err_set(e, ERR_CONFLICT, "The tenant was changed meanwhile: its etag is another.");
    if (!read_wish(id, a, x->body, &t, e) || !put(id, a, &t, x->who, e))
        return false;
    *out = t;
    return true;
}

/* How many workspaces it has, and how many that are deleted and not purged yet. */
static size_t count_of(struct identity *id, struct str key, size_t *out_deleted)
{
    struct workspace *w = NULL;
    struct store_deleted d;
    size_t n = 0;
    *out_deleted = 0;
    for (size_t i = 0; id->store != NULL && (w = store_workspace_at(id->store, i)) != NULL; i++)
        n += str_ieq(workspace_place(w).tenant, key);
    for (size_t i = 0; id->store != NULL && store_deleted_at(id->store, i, &d); i++)
        *out_deleted += str_ieq(d.place.tenant, key);
    return n;
}

size_t tenant_workspaces(struct identity *id, struct str key)
{
    size_t deleted = 0;
    return count_of(id, key, &deleted);
}

bool identity_tenant_delete(struct identity *id, struct arena *a, struct str id_or_name,
                            struct err *e)
{
    struct state_tenant t = {0};
    size_t deleted = 0;
    if (!identity_tenant_find(id, a, id_or_name, &t, e))
        return false;
    if (t.first)
        return err_set(e, ERR_CONFLICT,
                       "The first tenant can't be deleted: the server is run "
                       "from it.");
    size_t n = count_of(id, identity_tenant_key(id, t.id), &deleted);
    if (n + deleted > 0)
        return err_set(e, ERR_CONFLICT,
                       "The tenant '%.*s' has %zu workspaces, and %zu deleted ones that can be "
                       "recovered: delete or purge them first.",
                       STR_ARG(t.name), n, deleted);
    return state_tenant_delete(id->state, t.id, e);
}

/* ---- JSON ---- */

static void write_limit(struct json_out *o, const char *name, int64_t v)
{
    if (v > 0)
        json_kv_int(o, name, v);
    else
        json_kv_null(o, name);
}

void identity_tenant_json(const struct state_tenant *t, struct json_out *o)
{
    json_obj(o);
    json_kv_str(o, "id", t->id);
    json_kv_str(o, "name", t->name);
    json_kv_str(o, "etag", t->etag);
    json_kv_bool(o, "first", t->first);
    if (t->primary_workspace.n > 0)
        json_kv_str(o, "primaryWorkspace", t->primary_workspace);
    else
        json_kv_null(o, "primaryWorkspace");
    json_key(o, "limits");
    json_obj(o);
    write_limit(o, "workspaces", t->max_workspaces);
    write_limit(o, "dailyMegabytes", t->daily_mb);
    write_limit(o, "queries", t->max_queries);
    json_obj_end(o);
    json_kv_time(o, "created", t->created);
    json_kv_time(o, "modified", t->modified);
    json_kv_str(o, "modifiedBy", t->modified_by);
    json_obj_end(o);
}

void identity_limits(struct identity *id, int64_t max_workspaces, int64_t max_tenants)
{
    id->max_workspaces = max_workspaces;
    id->max_tenants = max_tenants;
}
