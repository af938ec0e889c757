/* Saved searches. */
#include "state/saved.h"
#include "state/state_priv.h"

static const struct field fields[] = {
    KEY(F_TEXT, state_saved, workspace),     KEY(F_TEXT, state_saved, key),
    FIELD(F_TEXT, state_saved, id),          FIELD(F_TEXT, state_saved, etag),
    FIELD(F_TEXT, state_saved, category),    FIELD(F_TEXT, state_saved, name),
    FIELD(F_TEXT, state_saved, query),       FIELD(F_TEXT, state_saved, alias),
    FIELD(F_TEXT, state_saved, parameters),  FIELD(F_TEXT, state_saved, doc),
    FIELD(F_TEXT, state_saved, tags),        FIELD(F_I64, state_saved, version),
    FIELD(F_I64, state_saved, revision),     FIELD(F_I64, state_saved, created),
    FIELD(F_I64, state_saved, modified),     FIELD(F_TEXT, state_saved, created_by),
    FIELD(F_TEXT, state_saved, modified_by),
};
static const struct table saved = {"saved_searches", fields, COUNTOF(fields),
                                   sizeof(struct state_saved)};

bool state_saved_put(struct state *s, const struct state_saved *x, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct state_saved other = {0};
    struct err missing = {0};
    if (x->alias.n > 0 && state_saved_by_alias(s, a, x->workspace, x->alias, &other, &missing) &&
        !str_eq(other.key, x->key))
        return err_set(e, ERR_CONFLICT, "the function '%.*s' is the saved search '%.*s' already",
                       STR_ARG(x->alias), STR_ARG(other.id));
    return table_put(s, &saved, x, e);
}

static bool one(struct state *s, struct arena *a, const char *tail, struct str workspace,
                struct str which, struct state_saved *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(which)};
    struct err why = {0};
    if (table_one(s, a, &saved, NULL, tail, b, COUNTOF(b), out, &why))
        return true;
    if (why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "there is no saved search '%.*s'",
                       (int)(which.n < 100 ? which.n : 100), which.p);
    return err_set(e, why.code, "%s", why.msg);
}

bool state_saved_get(struct state *s, struct arena *a, struct str workspace, struct str key,
                     struct state_saved *out, struct err *e)
{
    return one(s, a, "WHERE workspace = ?1 AND key = ?2", workspace, key, out, e);
}

bool state_saved_by_alias(struct state *s, struct arena *a, struct str workspace, struct str alias,
                          struct state_saved *out, struct err *e)
{
    return one(s, a, "WHERE workspace = ?1 AND alias = ?2 AND alias <> ''", workspace, alias, out,
               e);
}

bool state_saved_list(struct state *s, struct arena *a, struct str workspace, bool functions_only,
                      struct state_saved **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace)};
    void *rows = NULL;
    const char *tail =
        functions_only
            ? "WHERE (?1 = '' OR workspace = ?1) AND alias <> '' ORDER BY workspace, alias"
            : "WHERE ?1 = '' OR workspace = ?1 ORDER BY workspace, key";
    if (!table_select(s, a, &saved, NULL, tail, b, COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_saved_count(struct state *s, struct str workspace, int64_t *out, struct err *e)
{
    struct bind b[] = {BT(workspace)};
    state_lock(s);
    sqlite3_stmt *st = state_prepare_locked(
        s, "SELECT count(*) FROM saved_searches WHERE workspace = ?1", b, COUNTOF(b), e);
    bool ok = st != NULL && sqlite3_step(st) == SQLITE_ROW;
    if (ok)
        *out = sqlite3_column_int64(st, 0);
    else if (st != NULL)
        state_error(s, e, "saved_searches");
    sqlite3_finalize(st);
    state_unlock(s);
    return ok;
}

bool state_saved_delete(struct state *s, struct str workspace, struct str key, bool *out_was_there,
                        struct err *e)
{
    struct bind b[] = {BT(workspace), BT(key)};
    state_lock(s);
    bool ok = state_run(s, "DELETE FROM saved_searches WHERE workspace = ?1 AND key = ?2", b,
                        COUNTOF(b), e);
    if (ok)
        *out_was_there = state_changes(s) > 0;
    state_unlock(s);
    return ok;
}
