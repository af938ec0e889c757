/* Tenants and delegations. */
#include "state/state_priv.h"
#include "state/tenants.h"

static const struct field tenant_fields[] = {
    KEY(F_TEXT, state_tenant, id),
    FIELD(F_TEXT, state_tenant, name),
    FIELD(F_TEXT, state_tenant, etag),
    FIELD_AS(F_BOOL, state_tenant, first, "is_first"),
    FIELD(F_TEXT, state_tenant, primary_workspace),
    FIELD(F_I64, state_tenant, max_workspaces),
    FIELD(F_I64, state_tenant, daily_mb),
    FIELD(F_I64, state_tenant, max_queries),
    FIELD(F_I64, state_tenant, created),
    FIELD(F_I64, state_tenant, modified),
    FIELD(F_TEXT, state_tenant, modified_by),
};
static const struct table tenants = {"tenants", tenant_fields, COUNTOF(tenant_fields),
                                     sizeof(struct state_tenant)};

/* ---- of whom a second factor is demanded ---- */

static const struct field policy_fields[] = {
    KEY(F_TEXT, state_sign_in_policy, tenant),       FIELD(F_I32, state_sign_in_policy, demand),
    FIELD(F_TEXT, state_sign_in_policy, roles),      FIELD(F_I64, state_sign_in_policy, changed),
    FIELD(F_TEXT, state_sign_in_policy, changed_by),
};
static const struct table policies = {"sign_in_policies", policy_fields, COUNTOF(policy_fields),
                                      sizeof(struct state_sign_in_policy)};

bool state_sign_in_policy_put(struct state *s, const struct state_sign_in_policy *p, struct err *e)
{
    return table_put(s, &policies, p, e);
}

bool state_sign_in_policy_get(struct state *s, struct arena *a, struct str tenant,
                              struct state_sign_in_policy *out, struct err *e)
{
    struct bind b[] = {BT(tenant)};
    struct err why = {0};
    if (table_one(s, a, &policies, NULL, "WHERE tenant = ?1", b, COUNTOF(b), out, &why))
        return true;
    *out = (struct state_sign_in_policy){.tenant = tenant, .roles = STR("[]")};
    if (why.code == ERR_NOT_FOUND)
        return true;
    *e = why;
    return false;
}

/* ---- tenants ---- */

bool state_tenant_put(struct state *s, const struct state_tenant *t, struct err *e)
{
    return table_put(s, &tenants, t, e);
}

bool state_tenant_get(struct state *s, struct arena *a, struct str id_or_name,
                      struct state_tenant *out, struct err *e)
{
    struct bind b[] = {BT(id_or_name)};
    return table_one(s, a, &tenants, NULL,
                     "WHERE id = lower(?1) OR name = ?1 COLLATE NOCASE ORDER BY id = lower(?1) "
                     "DESC LIMIT 1",
                     b, COUNTOF(b), out, e);
}

bool state_tenant_list(struct state *s, struct arena *a, struct state_tenant **out, size_t *n,
                       struct err *e)
{
    void *rows = NULL;
    if (!table_select(s, a, &tenants, NULL, "ORDER BY is_first DESC, name COLLATE NOCASE, id", NULL,
                      0, &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_tenant_primary(struct state *s, struct arena *a, struct str id, struct str *out,
                          struct err *e)
{
    struct state_tenant t = {0};
    struct bind b[] = {BT(id)};
    if (!table_one(s, a, &tenants, NULL, "WHERE id = ?1 OR (?1 = '' AND is_first = 1)", b,
                   COUNTOF(b), &t, e))
        return false;
    *out = t.primary_workspace;
    return true;
}

bool state_tenant_delete(struct state *s, struct str id, struct err *e)
{
    struct bind b[] = {BT(id)};
    if (!state_begin(s, e))
        return false;
    bool ok =
        state_run(s, "DELETE FROM delegations WHERE managing = ?1 OR managed = ?1", b, 1, e) &&
        state_run(s, "DELETE FROM principals WHERE tenant = ?1", b, 1, e) &&
        state_run(s, "DELETE FROM identity_providers WHERE tenant = ?1", b, 1, e) &&
        state_run(s, "DELETE FROM tenants WHERE id = ?1 AND is_first = 0", b, 1, e);
    return state_end(s, ok, e);
}

static const struct field delegation_fields[] = {
    KEY(F_TEXT, state_delegation, id),
    FIELD(F_TEXT, state_delegation, etag),
    FIELD(F_TEXT, state_delegation, managing),
    FIELD(F_TEXT, state_delegation, managed),
    FIELD(F_TEXT, state_delegation, offered_by),
    FIELD(F_TEXT, state_delegation, principal),
    FIELD(F_TEXT, state_delegation, role),
    FIELD(F_TEXT, state_delegation, workspace),
    FIELD(F_I32, state_delegation, status),
    FIELD(F_I64, state_delegation, expires),
    FIELD(F_I64, state_delegation, created),
    FIELD(F_I64, state_delegation, decided),
    FIELD(F_I64, state_delegation, ended),
    FIELD(F_TEXT, state_delegation, created_by),
    FIELD(F_TEXT, state_delegation, decided_by),
    FIELD(F_TEXT, state_delegation, ended_by),
    FIELD(F_TEXT, state_delegation, description),
};
static const struct table delegations = {
    "delegations", delegation_fields, COUNTOF(delegation_fields), sizeof(struct state_delegation)};

bool state_delegation_put(struct state *s, const struct state_delegation *d, struct err *e)
{
    return table_put(s, &delegations, d, e);
}

bool state_delegation_get(struct state *s, struct arena *a, struct str id,
                          struct state_delegation *out, struct err *e)
{
    struct bind b[] = {BT(id)};
    return table_one(s, a, &delegations, NULL, "WHERE id = lower(?1)", b, COUNTOF(b), out, e);
}

static bool list(struct state *s, struct arena *a, const char *tail, const struct bind *b,
                 size_t n_binds, struct state_delegation **out, size_t *n, struct err *e)
{
    void *rows = NULL;
    if (!table_select(s, a, &delegations, NULL, tail, b, n_binds, &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_delegation_list(struct state *s, struct arena *a, struct str tenant,
                           struct state_delegation **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(tenant)};
    return list(s, a, "WHERE managing = ?1 OR managed = ?1 ORDER BY created, id", b, COUNTOF(b),
                out, n, e);
}

bool state_delegations_of(struct state *s, struct arena *a, struct str principal, int64_t now,
                          struct state_delegation **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(principal), BI(DELEGATION_ACTIVE), BI(now)};
    return list(s, a,
                "WHERE principal = ?1 AND status = ?2 AND (expires = 0 OR expires > ?3) ORDER BY "
                "created, id",
                b, COUNTOF(b), out, n, e);
}
