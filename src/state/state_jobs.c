/* Jobs over the data lake. */
#include "state/jobs.h"
#include "state/state_priv.h"

static const struct field search_fields[] = {
    KEY(F_TEXT, state_search, workspace),     KEY(F_TEXT, state_search, name),
    FIELD(F_TEXT, state_search, id),          FIELD(F_TEXT, state_search, query),
    FIELD(F_TEXT, state_search, description), FIELD(F_TEXT, state_search, source),
    FIELD(F_I64, state_search, row_limit),    FIELD(F_I64, state_search, from_time),
    FIELD(F_I64, state_search, to_time),      FIELD(F_I64, state_search, position),
    FIELD(F_I64, state_search, slice),        FIELD(F_I64, state_search, ingested),
    FIELD(F_I64, state_search, scanned),      FIELD(F_I64, state_search, created),
    FIELD(F_I64, state_search, started),      FIELD(F_I64, state_search, finished),
    FIELD(F_TEXT, state_search, status),      FIELD(F_TEXT, state_search, error),
    FIELD(F_TEXT, state_search, who),
};
static const struct table searches = {"search_jobs", search_fields, COUNTOF(search_fields),
                                      sizeof(struct state_search)};

bool state_search_put(struct state *s, const struct state_search *x, struct err *e)
{
    return table_put(s, &searches, x, e);
}

bool state_search_get(struct state *s, struct arena *a, struct str workspace, struct str name,
                      struct state_search *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(name)};
    struct err why = {0};
    if (table_one(s, a, &searches, NULL, "WHERE workspace = ?1 AND name = ?2", b, COUNTOF(b), out,
                  &why))
        return true;
    if (why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "there is no search job '%.*s'",
                       (int)(name.n < 100 ? name.n : 100), name.p);
    return err_set(e, why.code, "%s", why.msg);
}

bool state_search_list(struct state *s, struct arena *a, struct str workspace,
                       struct state_search **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace)};
    void *rows = NULL;
    if (!table_select(s, a, &searches, NULL,
                      "WHERE ?1 = '' OR workspace = ?1 ORDER BY created, workspace, name", b,
                      COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_search_delete(struct state *s, struct str workspace, struct str name, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(name)};
    return state_run(s, "DELETE FROM search_jobs WHERE workspace = ?1 AND name = ?2", b, COUNTOF(b),
                     e);
}
