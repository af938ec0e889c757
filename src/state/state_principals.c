/* Who may sign in. */
#include "state/principals.h"
#include "state/state_priv.h"

static const struct field fields[] = {
    KEY(F_TEXT, state_principal, id),        FIELD(F_TEXT, state_principal, name),
    FIELD(F_BOOL, state_principal, enabled), FIELD(F_I64, state_principal, created),
    FIELD(F_TEXT, state_principal, kind),    FIELD(F_TEXT, state_principal, tenant),
};
static const struct table principals = {"principals", fields, COUNTOF(fields),
                                        sizeof(struct state_principal)};

bool state_principal_put(struct state *s, const struct state_principal *p, struct err *e)
{
    return table_put(s, &principals, p, e);
}

bool state_principal_get(struct state *s, struct arena *a, struct str id,
                         struct state_principal *out, struct err *e)
{
    struct bind b[] = {BT(id)};
    return table_one(s, a, &principals, NULL, "WHERE id = ?1", b, COUNTOF(b), out, e);
}

bool state_principal_list(struct state *s, struct arena *a, struct state_principal **out, size_t *n,
                          struct err *e)
{
    void *rows = NULL;
    if (!table_select(s, a, &principals, NULL, "ORDER BY name, id", NULL, 0, &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_principal_delete(struct state *s, struct str id, bool *out_was_there, struct err *e)
{
    struct bind b[] = {BT(id)};
    if (!state_begin(s, e))
        return false;
    bool ok = state_run(s, "DELETE FROM application_credentials WHERE application = ?1", b,
                        COUNTOF(b), e) &&
              state_run(s, "DELETE FROM principals WHERE id = ?1", b, COUNTOF(b), e);
    *out_was_there = ok && state_changes(s) > 0;
    ok = ok && state_run(s, "DELETE FROM role_assignments WHERE principal = ?1", b, COUNTOF(b), e);
    if (!ok) {
        state_rollback(s);
        return false;
    }
    return state_commit(s, e);
}
