/* The questions: may this caller do that there, and what may it read. */
#include "base/ids.h"
#include "identity/access.h"
#include "identity/identity_priv.h"
#include "identity/tenants.h"

#define QUERY_READ "Microsoft.OperationalInsights/workspaces/query/read"
#define TABLE_QUERY "Microsoft.OperationalInsights/workspaces/tables/query/read"
#define DATA_READ "Microsoft.OperationalInsights/workspaces/tables/data/read"

/* ---- actions ---- */

bool path_is_below(struct str path, struct str scope)
{
    return path.n >= scope.n && str_ieq(str_sub(path, 0, scope.n), scope) &&
           (path.n == scope.n || path.p[scope.n] == '/');
}

/* Empty: there is no such workspace. */
static struct str tenant_of_id(const struct identity *id, struct str workspace)
{
    struct guid g;
    struct workspace *w = id != NULL && id->store != NULL && guid_parse(workspace, &g)
                              ? store_workspace_find(id->store, workspace)
                              : NULL;
    return w != NULL ? identity_tenant_of(id, w) : STR_NONE;
}

bool grant_counts(const struct identity_caller *c, const struct identity_grant *g,
                  const struct identity_target *t)
{
    if (g->tenant.n == 0 || t->anywhere || t->any_tenant)
        return true;
    if (t->tenant.n > 0)
        return str_ieq(g->tenant, t->tenant);
    if (t->workspace.n > 0)
        return str_ieq(g->tenant, tenant_of_id(c->in, t->workspace));
    return t->resource.n > 0 || (c->in != NULL && str_ieq(g->tenant, identity_tenant(c->in)));
}

static bool covers(const struct identity_caller *c, const struct identity_grant *g,
                   const struct identity_target *t)
{
    const struct identity_scope *s = &g->scope;
    if (!grant_counts(c, g, t))
        return false;
    switch (s->reach) {
    case IDENTITY_REACH_ALL:
        return true;
    case IDENTITY_REACH_WORKSPACE:
        return t->anywhere || (t->workspace.n > 0 && str_ieq(s->workspace, t->workspace));
    case IDENTITY_REACH_TABLE:
        return t->anywhere || (t->workspace.n > 0 && str_ieq(s->workspace, t->workspace) &&
                               t->table.n > 0 && str_ieq(s->table, t->table));
    case IDENTITY_REACH_RESOURCE:
        return t->anywhere || (t->resource.n > 0 && path_is_below(t->resource, s->path));
    }
    UNREACHABLE();
}

/* A condition that asks of rows holds for none where there are none. */
static bool holds(const struct identity_grant *g, struct str action, struct str table)
{
    AUTO(arena_freep) struct arena *a = g->condition != NULL ? arena_new(0) : NULL;
    const struct kql_row_rule *rows = NULL;
    const struct identity_asked asked = {.name = table};
    return g->condition == NULL ||
           (identity_condition_rows(a, g->condition, action, &asked, &rows) && rows == NULL);
}

bool identity_may(const struct identity_caller *c, struct str action, bool data,
                  const struct identity_target *where)
{
    bool may = false;
    if (c->within != NULL && !identity_may(c->within, action, data, where))
        return false;
    for (size_t i = 0; i < c->n_grants; i++) {
        const struct identity_grant *g = &c->grants[i];
        /* A denial somewhere is none everywhere. */
        bool here = covers(c, g, where) &&
                    !(g->deny && where->anywhere && g->scope.reach != IDENTITY_REACH_ALL);
        if (!here || !identity_role_allows(g->role, action, data))
            continue;
        if (g->deny)
            return false;
        may = may || holds(g, action, where->table);
    }
    return may;
}

bool identity_right_allowed(const struct identity_caller *c, const struct identity_right *r,
                            const struct identity_target *where)
{
    const struct identity_target server = {0};
    const struct identity_target whole = {.any_tenant = where->tenant.n == 0,
                                          .tenant = where->tenant};
    const struct identity_target *t = r->level == IDENTITY_OF_SERVER   ? &server
                                      : r->level == IDENTITY_OF_TENANT ? &whole
                                                                       : where;
    if (r->or_else != NULL && identity_may(c, str_from(r->or_else), true, t))
        return true;
    return identity_may(c, str_from(r->action), false, t) &&
           (r->also == NULL || identity_may(c, str_from(r->also), false, t));
}

bool identity_allows(const struct identity_caller *c, const char *right, struct str workspace)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct identity_right r = identity_right_find(a, right);
    struct identity_target where = {.anywhere = workspace.n == 0, .workspace = workspace};
    if (workspace.n > 0 && r.level == IDENTITY_OF_TENANT)
        where = (struct identity_target){.tenant = tenant_of_id(c->in, workspace)};
    return identity_right_allowed(c, &r, &where);
}

bool identity_allows_in(const struct identity_caller *c, const char *right, struct str tenant)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct identity_right r = identity_right_find(a, right);
    const struct identity_target where = {.tenant = tenant};
    return identity_right_allowed(c, &r, &where);
}

bool identity_may_assign(const struct identity_caller *c, struct str tenant,
                         const struct identity_scope *scope, bool taking)
{
    bool all = scope->reach == IDENTITY_REACH_ALL;
    struct identity_target where = {
        .tenant = all ? (tenant.n > 0 ? tenant : c->tenant) : STR_NONE,
        .workspace = scope->workspace,
        .table = scope->table,
        .resource = scope->reach == IDENTITY_REACH_RESOURCE ? scope->path : STR_NONE};
    return identity_may(c,
                        taking ? STR("Microsoft.Authorization/roleAssignments/delete")
                               : STR("Microsoft.Authorization/roleAssignments/write"),
                        false, &where);
}

/* ---- tables ---- */

#define QUERY "Microsoft.OperationalInsights/workspaces/query/"

/* Can a pattern of notActions take some table away? */
static bool may_take_tables(const char *pattern)
{
    const char *star = strchr(pattern, '*');
    size_t n = star != NULL ? (size_t)(star - pattern) : strlen(pattern);
    size_t common = n < sizeof(QUERY) - 1 ? n : sizeof(QUERY) - 1;
    return str_ieq((struct str){pattern, common}, (struct str){QUERY, common}) &&
           (star != NULL || n >= sizeof(QUERY) - 1);
}

static bool gives_all_tables(const struct identity_role *r)
{
    bool takes = false;
    for (size_t i = 0; i < r->n; i++)
        for (const char *const *p = r->permissions[i].not_actions; p != NULL && *p != NULL; p++)
            takes = takes || may_take_tables(*p);
    /* A name that no table has: what grants it, grants it for its pattern. */
    return !takes && identity_role_allows(r, STR(QUERY "\001/read"), false);
}

bool identity_reads_everything(const struct identity_caller *c, struct str workspace)
{
    struct identity_target where = {.workspace = workspace};
    bool all = false;
    if (c->within != NULL && !identity_reads_everything(c->within, workspace))
        return false;
    if (c->kind != IDENTITY_OPERATOR && access_is_restricted(c->in, workspace))
        return false;
    for (size_t i = 0; i < c->n_grants; i++) {
        const struct identity_grant *g = &c->grants[i];
        if (g->deny)
            return false;
        all = all || (g->condition == NULL && covers(c, g, &where) && gives_all_tables(g->role) &&
                      identity_role_allows(g->role, STR(QUERY_READ), false));
    }
    return all;
}

bool identity_reads_all_workspaces(const struct identity_caller *c)
{
    struct workspace *w = NULL;
    if (c->in == NULL || c->in->store == NULL)
        return false;
    for (size_t i = 0; (w = store_workspace_at(c->in->store, i)) != NULL; i++)
        if (!identity_reads_everything(c, workspace_id(w)))
            return false;
    return true;
}

struct reading {
    struct arena *a;
    const struct identity_table *t;
    struct str by_table, by_custom; /* "…/workspaces/query/<Table>/read" */
    bool is_protected;
    const struct kql_row_rule **rules;
    size_t n_rules;
    bool all;
    bool general; /* something is read of it, were it not protected */
};

static struct str query_of(struct arena *a, struct str table)
{
    return arena_fmt(a, "Microsoft.OperationalInsights/workspaces/query/%.*s/read", STR_ARG(table));
}

/* Does the role name the table in its actions, less its notActions? */
static bool names_table(const struct reading *x, const struct identity_grant *g)
{
    if (identity_role_allows(g->role, x->by_table, false) && holds(g, x->by_table, x->t->name))
        return true;
    if (x->t->custom && identity_role_allows(g->role, x->by_custom, false) &&
        !identity_role_refuses(g->role, x->by_table) && holds(g, x->by_custom, x->t->name))
        return true;
    return g->scope.reach == IDENTITY_REACH_TABLE &&
           identity_role_allows(g->role, STR(TABLE_QUERY), false) &&
           !identity_role_refuses(g->role, x->by_table) && holds(g, STR(TABLE_QUERY), x->t->name);
}

static void add_data(struct reading *x, const struct identity_grant *g)
{
    const struct kql_row_rule *rows = NULL;
    const struct identity_asked asked = {x->t->name, x->is_protected};
    bool privileged = role_is_privileged_reader(g->role);
    bool named = privileged || (g->condition != NULL && condition_asks_protection(g->condition));
    bool data = identity_role_allows(g->role, STR(DATA_READ), true);
    if (!data || (privileged && !x->is_protected) ||
        (g->condition != NULL &&
         !identity_condition_rows(x->a, g->condition, STR(DATA_READ), &asked, &rows)))
        return;
    x->general = true;
    if (x->is_protected && !named)
        return;
    if (rows == NULL)
        x->all = true;
    else
        x->rules[x->n_rules++] = rows;
}

static bool denied(const struct reading *x, const struct identity_grant *g)
{
    return identity_role_allows(g->role, STR(QUERY_READ), false) ||
           identity_role_allows(g->role, x->by_table, false) ||
           identity_role_allows(g->role, STR(DATA_READ), true);
}

const struct kql_row_rule *rule_of(struct arena *a, enum kql_rows kind,
                                   const struct kql_row_rule *const *kids, size_t n)
{
    if (n == 1)
        return kids[0];
    struct kql_row_rule *r = arena_new_of(a, struct kql_row_rule);
    *r = (struct kql_row_rule){.kind = kind, .kids = kids, .n = n};
    return r;
}

/* A protected table is there for whoever reads it otherwise, without rows: as Azure answers. */
static enum identity_reading outcome(const struct reading *x, const struct kql_row_rule **out_rule)
{
    if (x->all)
        return IDENTITY_READS_ALL;
    if (x->n_rules == 0 && !(x->is_protected && x->general))
        return IDENTITY_READS_NOTHING;
    *out_rule = rule_of(x->a, KQL_ROWS_ANY, x->rules, x->n_rules);
    return IDENTITY_READS_ROWS;
}

static enum identity_reading reads_alone(const struct identity_caller *c, struct arena *a,
                                         const struct identity_table *t,
                                         const struct kql_row_rule **out_rule)
{
    struct identity_target table = {.workspace = t->workspace, .table = t->name};
    bool own = c->kind == IDENTITY_OPERATOR;
    bool data_only = !own && identity_access_of(c->in, t->workspace).data_actions_only;
    struct reading x = {.a = a,
                        .t = t,
                        .by_table = query_of(a, t->name),
                        .by_custom = query_of(a, STR("Tables.Custom")),
                        .is_protected =
                            !own && identity_table_is_protected(c->in, t->workspace, t->name),
                        .rules = arena_array(a, const struct kql_row_rule *, c->n_grants + 1)};
    for (size_t i = 0; i < c->n_grants; i++) {
        const struct identity_grant *g = &c->grants[i];
        if (!covers(c, g, &table))
            continue;
        if (g->deny && denied(&x, g))
            return IDENTITY_READS_NOTHING;
        if (g->deny)
            continue;
        bool named = !data_only && names_table(&x, g);
        x.all = x.all || (named && !x.is_protected);
        x.general = x.general || named;
        add_data(&x, g);
    }
    return outcome(&x, out_rule);
}

/* What both let read. */
static enum identity_reading both_read(struct arena *a, enum identity_reading x,
                                       enum identity_reading y, const struct kql_row_rule *of_x,
                                       const struct kql_row_rule *of_y,
                                       const struct kql_row_rule **out)
{
    if (x != IDENTITY_READS_ROWS || y != IDENTITY_READS_ROWS) {
        *out = x == IDENTITY_READS_ROWS ? of_x : of_y;
        return x < y ? x : y;
    }
    const struct kql_row_rule **kids = arena_array(a, const struct kql_row_rule *, 2);
    kids[0] = of_x;
    kids[1] = of_y;
    *out = rule_of(a, KQL_ROWS_ALL, kids, 2);
    return IDENTITY_READS_ROWS;
}

enum identity_reading identity_reads(const struct identity_caller *c, struct arena *a,
                                     const struct identity_table *t,
                                     const struct kql_row_rule **out_rule)
{
    const struct kql_row_rule *own = NULL, *outer = NULL;
    enum identity_reading reading = reads_alone(c, a, t, &own);
    if (c->within == NULL || reading == IDENTITY_READS_NOTHING) {
        *out_rule = own;
        return reading;
    }
    enum identity_reading around = identity_reads(c->within, a, t, &outer);
    return both_read(a, reading, around, own, outer, out_rule);
}
