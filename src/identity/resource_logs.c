/* Which rows a query in the context of a resource shows. A role at a scope lets read the logs of
 * the resources at and below it; in the context of a resource group or a subscription those of the
 * resources that the caller may read are left. Source: permissions.md 2; "Manage access to Log
 * Analytics workspaces", "Resource permissions". */
#include "identity/access.h"
#include "identity/identity_priv.h"
#include "identity/tenants.h"

#define LOGS "Microsoft.Insights/logs/"
#define RESOURCE_ID "_ResourceId"

/* Unlike in the context of a workspace, subscriptions and resource groups are what they say: of the
 * resources below them. */
static struct str resources_of(const struct identity_scope *s)
{
    static const char management[] = "/providers/Microsoft.Management/";
    bool all = str_eqz(s->path, "/") || s->path.n == 0 ||
               str_ieqz(str_sub(s->path, 0, sizeof(management) - 1), management);
    return all ? STR_NONE : s->path; /* below an empty path is everything */
}

/* The part of the resource that a grant is about; false: none. */
static bool common(struct str resource, const struct identity_grant *g, struct str *out)
{
    struct str scope = resources_of(&g->scope);
    if (scope.n == 0 || path_is_below(resource, scope)) {
        *out = resource;
        return true;
    }
    *out = scope;
    return path_is_below(scope, resource);
}

static const struct kql_row_rule *where(struct arena *a, const char *op, struct str value)
{
    struct kql_row_rule *r = arena_new_of(a, struct kql_row_rule);
    *r = (struct kql_row_rule){
        .kind = KQL_ROWS_WHERE, .column = STR(RESOURCE_ID), .op = op, .value = value};
    return r;
}

/* Of a resource and of what is below it; others: of all but these. */
static const struct kql_row_rule *lies_below(struct arena *a, struct str path, bool others)
{
    const struct kql_row_rule **two = arena_array(a, const struct kql_row_rule *, 2);
    two[0] = where(a, others ? "!~" : "=~", path);
    two[1] = where(a, others ? "!startswith" : "startswith", arena_fmt(a, "%.*s/", STR_ARG(path)));
    return rule_of(a, others ? KQL_ROWS_ALL : KQL_ROWS_ANY, two, 2);
}

static struct str logs_of(struct arena *a, const struct identity_table *t)
{
    return arena_fmt(a, LOGS "%.*s/read", STR_ARG(t->name));
}

static bool gives(const struct identity_grant *g, struct arena *a, const struct identity_table *t)
{
    struct str by_table = logs_of(a, t);
    return identity_role_allows(g->role, by_table, false) ||
           (t->custom && identity_role_allows(g->role, STR(LOGS "Tables.Custom/read"), false) &&
            !identity_role_refuses(g->role, by_table));
}

/* Azure checks conditions of rows in the context of workspaces, and a grant with one here would say
 * more than it was meant to: it gives nothing. */
static bool of_resource_alone(const struct identity_caller *c, struct arena *a, struct str resource,
                              const struct identity_table *t, const struct kql_row_rule **out_rule)
{
    const struct identity_target place = {.workspace = t->workspace};
    const struct kql_row_rule **any = arena_array(a, const struct kql_row_rule *, c->n_grants + 1);
    const struct kql_row_rule **all = arena_array(a, const struct kql_row_rule *, c->n_grants + 2);
    size_t n_any = 0, n_all = 0;
    for (size_t i = 0; i < c->n_grants; i++) {
        const struct identity_grant *g = &c->grants[i];
        struct str path;
        if (!grant_counts(c, g, &place) || !common(resource, g, &path) || !gives(g, a, t))
            continue;
        if (g->deny)
            all[n_all++] = lies_below(a, path, true);
        else if (g->condition == NULL)
            any[n_any++] = lies_below(a, path, false);
    }
    if (n_any == 0)
        return false;
    all[n_all++] = rule_of(a, KQL_ROWS_ANY, any, n_any);
    *out_rule = rule_of(a, KQL_ROWS_ALL, all, n_all);
    return true;
}

static const struct kql_row_rule *both(struct arena *a, const struct kql_row_rule *x,
                                       const struct kql_row_rule *y)
{
    const struct kql_row_rule **two = arena_array(a, const struct kql_row_rule *, 2);
    two[0] = x;
    two[1] = y;
    return y == NULL ? x : rule_of(a, KQL_ROWS_ALL, two, 2);
}

/* Where Privileged Monitoring Data Reader was given at the resource, or around it. */
static size_t add_privileged(const struct identity_caller *c, struct arena *a, struct str resource,
                             const struct identity_table *t, const struct kql_row_rule **any)
{
    const struct identity_target place = {.workspace = t->workspace};
    size_t n = 0;
    struct str path;
    for (size_t i = 0; i < c->n_grants; i++) {
        const struct identity_grant *g = &c->grants[i];
        if (!g->deny && g->condition == NULL && role_is_privileged_reader(g->role) &&
            grant_counts(c, g, &place) && common(resource, g, &path))
            any[n++] = lies_below(a, path, false);
    }
    return n;
}

/* What the workspace asks for beside the right to the resource's logs. A protected table that is
 * not given has no rows; the table is there all the same. */
static bool in_workspace(const struct identity_caller *c, struct arena *a, struct str resource,
                         const struct identity_table *t, const struct kql_row_rule **out_rule)
{
    bool is_protected = identity_table_is_protected(c->in, t->workspace, t->name);
    struct identity_access x = identity_access_of(c->in, t->workspace);
    const struct kql_row_rule *rows = NULL;
    const struct kql_row_rule **any = arena_array(a, const struct kql_row_rule *, c->n_grants + 1);
    size_t n = 0;
    if (x.by_resource && !x.data_actions_only && !is_protected)
        return true;
    enum identity_reading reading = identity_reads(c, a, t, &rows);
    if (!x.by_resource && !identity_allows(c, "query/read", t->workspace))
        return false;
    if (reading == IDENTITY_READS_ALL)
        return true;
    if (is_protected && x.by_resource)
        n = add_privileged(c, a, resource, t, any);
    else if (reading == IDENTITY_READS_NOTHING)
        return false;
    if (reading == IDENTITY_READS_ROWS)
        any[n++] = rows;
    *out_rule = rule_of(a, KQL_ROWS_ANY, any, n);
    return true;
}

enum identity_reading identity_reads_of_resource(const struct identity_caller *c, struct arena *a,
                                                 struct str resource,
                                                 const struct identity_table *t,
                                                 const struct kql_row_rule **out_rule)
{
    const struct kql_row_rule *own = NULL, *around = NULL, *here = NULL;
    if (!of_resource_alone(c, a, resource, t, &own) || !in_workspace(c, a, resource, t, &here))
        return IDENTITY_READS_NOTHING;
    if (c->within != NULL &&
        identity_reads_of_resource(c->within, a, resource, t, &around) == IDENTITY_READS_NOTHING)
        return IDENTITY_READS_NOTHING;
    *out_rule = both(a, both(a, own, here), around);
    return IDENTITY_READS_ROWS;
}

/* Does the role name the logs of any table? */
static bool names_logs(const struct identity_role *r)
{
    size_t n = sizeof(LOGS) - 1;
    if (identity_role_allows(r, STR("Microsoft.Insights/logs/read"), false))
        return true;
    for (size_t i = 0; i < r->n; i++)
        for (const char *const *p = r->permissions[i].actions; p != NULL && *p != NULL; p++)
            if (str_ieqz(str_sub(str_from(*p), 0, n), LOGS))
                return true;
    return false;
}

bool identity_reads_resource(const struct identity_caller *c, struct str workspace,
                             struct str resource)
{
    const struct identity_target place = {.anywhere = workspace.n == 0, .workspace = workspace};
    bool may = false;
    struct str path;
    if (c->within != NULL && !identity_reads_resource(c->within, workspace, resource))
        return false;
    for (size_t i = 0; !may && i < c->n_grants; i++) {
        const struct identity_grant *g = &c->grants[i];
        may = !g->deny && g->condition == NULL && grant_counts(c, g, &place) &&
              common(resource, g, &path) && names_logs(g->role);
    }
    return may;
}
