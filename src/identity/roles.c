/* Azure's built-in roles, as far as they mean something here, and what each allows. */
#include "identity/identity_priv.h"
#include "identity/tenants.h"
#include "text/json.h"

enum { MAX_GRANTS = 200 };

static const struct identity_role roles[] = {
    {"Owner", {"*"}, "everything, applications included"},
    {"Microsoft Sentinel Contributor",
     {"query/read", "incidents/read", "incidents/write", "rules/read", "rules/write", "tables/read",
      "tables/write", "logs/import", "functions/read", "functions/write", "watchlists/read",
      "watchlists/write", "keys/read", "keys/write", "incidents/delete", "bookmarks/write"},
     "rules, tables, functions, watchlists and incidents"},
    {"Microsoft Sentinel Responder",
     {"query/read", "incidents/read", "incidents/write", "rules/read", "tables/read",
      "functions/read", "watchlists/read"},
     "work on incidents"},
    {"Microsoft Sentinel Reader",
     {"query/read", "incidents/read", "rules/read", "tables/read", "functions/read",
      "watchlists/read"},
     "look at everything"},
    {"Log Analytics Reader", {"query/read", "tables/read", "functions/read"}, "queries"},
    {"Monitoring Metrics Publisher", {"logs/write"}, "send logs"},
    {"Monitoring Reader", {"metrics/read"}, "read /metrics"},
    {"Data Purger", {"purge/read", "purge/write"}, "delete personal data"},
};

const struct identity_role *identity_role_at(size_t i)
{
    return i < COUNTOF(roles) ? &roles[i] : NULL;
}

const struct identity_role *identity_role_find(struct str name)
{
    for (size_t i = 0; i < COUNTOF(roles); i++)
        if (str_ieqz(name, roles[i].name))
            return &roles[i];
    return NULL;
}

static bool role_allows(const struct identity_role *r, const char *right)
{
    for (size_t i = 0; i < COUNTOF(r->rights) && r->rights[i] != NULL; i++)
        if (strcmp(r->rights[i], "*") == 0 || strcmp(r->rights[i], right) == 0)
            return true;
    return false;
}

bool identity_allows(const struct identity_caller *c, const char *right, struct str workspace)
{
    for (size_t i = 0; i < c->n_grants; i++) {
        const struct identity_grant *g = &c->grants[i];
        if (identity_grant_reaches(c, g, right, workspace) && role_allows(g->role, right))
            return true;
    }
    return false;
}

bool identity_allows_in(const struct identity_caller *c, const char *right, struct str tenant)
{
    for (size_t i = 0; i < c->n_grants; i++) {
        const struct identity_grant *g = &c->grants[i];
        bool here = g->workspace.n == 0 && (g->tenant.n == 0 || str_ieq(g->tenant, tenant));
        if (here && role_allows(g->role, right))
            return true;
    }
    return false;
}

bool grants_read(struct arena *a, struct str text, struct identity_caller *out, struct err *e)
{
    struct json list = {0};
    if (!json_parse(a, text, NULL, &list, e))
        return false;
    if (list.type != JSON_ARRAY || list.n > MAX_GRANTS)
        return err_set(e, ERR_INVALID, "roles: an array of at most %d expected", MAX_GRANTS);
    out->grants = arena_array(a, struct identity_grant, list.n > 0 ? list.n : 1);
    for (size_t i = 0; i < list.n; i++) {
        struct str name = json_text(json_get(&list.items[i], "role"), STR(""));
        const struct identity_role *role = identity_role_find(name);
        if (role == NULL)
            return err_set(e, ERR_INVALID, "roles[%zu].role: there is no role '%.*s'", i,
                           (int)(name.n < 60 ? name.n : 60), name.p);
        out->grants[i].role = role;
        out->grants[i].workspace =
            arena_str(a, json_text(json_get(&list.items[i], "workspace"), STR("")));
    }
    out->n_grants = list.n;
    return true;
}
