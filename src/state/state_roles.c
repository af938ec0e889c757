/* Custom roles and assignments. */
#include "state/roles.h"
#include "state/state_priv.h"

static const struct field role_fields[] = {
    KEY(F_TEXT, state_role, id),
    FIELD(F_TEXT, state_role, name),
    FIELD(F_TEXT, state_role, description),
    FIELD(F_TEXT, state_role, permissions),
    FIELD(F_TEXT, state_role, scopes),
    FIELD(F_I64, state_role, created),
    FIELD(F_I64, state_role, updated),
    FIELD(F_TEXT, state_role, created_by),
    FIELD(F_TEXT, state_role, updated_by),
    FIELD(F_TEXT, state_role, tenant),
};
static const struct table roles = {"role_definitions", role_fields, COUNTOF(role_fields),
                                   sizeof(struct state_role)};

static const struct field assignment_fields[] = {
    KEY(F_TEXT, state_assignment, id),
    FIELD(F_TEXT, state_assignment, scope),
    FIELD(F_TEXT, state_assignment, scope_workspace),
    FIELD(F_TEXT, state_assignment, role),
    FIELD(F_TEXT, state_assignment, principal),
    FIELD(F_TEXT, state_assignment, principal_type),
    FIELD(F_TEXT, state_assignment, condition),
    FIELD(F_TEXT, state_assignment, condition_version),
    FIELD(F_TEXT, state_assignment, description),
    FIELD_AS(F_BOOL, state_assignment, deny, "denies"),
    FIELD(F_I64, state_assignment, created),
    FIELD(F_I64, state_assignment, updated),
    FIELD(F_TEXT, state_assignment, created_by),
    FIELD(F_TEXT, state_assignment, updated_by),
};
static const struct table assignments = {"role_assignments", assignment_fields,
                                         COUNTOF(assignment_fields),
                                         sizeof(struct state_assignment)};

static bool delete_by_id(struct state *s, const char *sql, struct str id, bool *out_was_there,
                         struct err *e)
{
    struct bind b[] = {BT(id)};
    if (!state_begin(s, e))
        return false;
    if (!state_run(s, sql, b, COUNTOF(b), e)) {
        state_rollback(s);
        return false;
    }
    *out_was_there = state_changes(s) > 0;
    return state_commit(s, e);
}

/* ---- roles ---- */

bool state_role_put(struct state *s, const struct state_role *r, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct bind b[] = {BT(r->name), BT(r->id), BT(r->tenant)};
    void *others = NULL;
    size_t n = 0;
    if (!state_begin(s, e))
        return false;
    bool ok = table_select(s, a, &roles, NULL,
                           "WHERE name = ?1 COLLATE NOCASE AND id <> ?2 AND tenant = ?3", b,
                           COUNTOF(b), &others, &n, e);
    if (ok && n > 0)
        ok = err_set(e, ERR_CONFLICT, "there is a role '%.*s' already", STR_ARG(r->name));
    return state_end(s, ok && table_put(s, &roles, r, e), e);
}

bool state_role_get(struct state *s, struct arena *a, struct str id, struct state_role *out,
                    struct err *e)
{
    struct bind b[] = {BT(id)};
    return table_one(s, a, &roles, NULL, "WHERE id = ?1", b, COUNTOF(b), out, e);
}

bool state_role_list(struct state *s, struct arena *a, struct state_role **out, size_t *n,
                     struct err *e)
{
    void *rows = NULL;
    if (!table_select(s, a, &roles, NULL, "ORDER BY name, id", NULL, 0, &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_role_delete(struct state *s, struct str id, bool *out_was_there, struct err *e)
{
    return delete_by_id(s, "DELETE FROM role_definitions WHERE id = ?1", id, out_was_there, e);
}

/* ---- assignments ---- */

bool state_assignment_put(struct state *s, const struct state_assignment *x, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct bind b[] = {BT(x->principal), BT(x->role), BT(x->scope), BT(x->id), BI(x->deny)};
    void *others = NULL;
    size_t n = 0;
    if (!state_begin(s, e))
        return false;
    bool ok = table_select(s, a, &assignments, NULL,
                           "WHERE principal = ?1 AND role = ?2 AND scope = ?3 COLLATE NOCASE"
                           " AND id <> ?4 AND denies = ?5",
                           b, COUNTOF(b), &others, &n, e);
    if (ok && n > 0)
        ok = err_set(e, ERR_CONFLICT, "The role assignment already exists.");
    return state_end(s, ok && table_put(s, &assignments, x, e), e);
}

bool state_assignment_get(struct state *s, struct arena *a, struct str id,
                          struct state_assignment *out, struct err *e)
{
    struct bind b[] = {BT(id)};
    return table_one(s, a, &assignments, NULL, "WHERE id = ?1", b, COUNTOF(b), out, e);
}

bool state_assignment_list(struct state *s, struct arena *a, struct str principal,
                           struct state_assignment **out, size_t *n, struct err *e)
{
    void *rows = NULL;
    struct bind b[] = {BT(principal)};
    bool all = principal.n == 0;
    if (!table_select(s, a, &assignments, NULL,
                      all ? "ORDER BY created, id" : "WHERE principal = ?1 ORDER BY created, id", b,
                      all ? 0 : 1, &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_assignment_delete(struct state *s, struct str id, bool *out_was_there, struct err *e)
{
    return delete_by_id(s, "DELETE FROM role_assignments WHERE id = ?1", id, out_was_there, e);
}

bool state_assignments_drop(struct state *s, struct str principal, struct err *e)
{
    struct bind b[] = {BT(principal)};
    return state_run(s, "DELETE FROM role_assignments WHERE principal = ?1 AND denies = 0", b,
                     COUNTOF(b), e);
}
