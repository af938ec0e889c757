/* Bookmarks. */
#include "state/bookmarks.h"
#include "state/state_priv.h"

#define T(member) FIELD(F_TEXT, state_bookmark, member)
#define I(member) FIELD(F_I64, state_bookmark, member)
static const struct field fields[] = {
    KEY(F_TEXT, state_bookmark, workspace),
    KEY(F_TEXT, state_bookmark, id),
    T(etag),
    T(name),
    T(query),
    T(query_result),
    T(notes),
    T(labels),
    I(created),
    T(created_by),
    I(updated),
    T(updated_by),
    I(event_time),
    I(query_start),
    I(query_end),
    T(entity_mappings),
    T(tactics),
    T(techniques),
    I(row_time),
};
#undef T
#undef I
static const struct table bookmarks = {"bookmarks", fields, COUNTOF(fields),
                                       sizeof(struct state_bookmark)};

bool state_bookmark_put(struct state *s, const struct state_bookmark *b, struct err *e)
{
    return table_put(s, &bookmarks, b, e);
}

bool state_bookmark_get(struct state *s, struct arena *a, struct str workspace, struct str id,
                        struct state_bookmark *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(id)};
    struct err why = {0};
    if (table_one(s, a, &bookmarks, NULL, "WHERE workspace = ?1 AND id = ?2", b, COUNTOF(b), out,
                  &why))
        return true;
    if (why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "there is no bookmark '%.*s'", STR_ARG(id));
    return err_set(e, why.code, "%s", why.msg);
}

static bool select_bookmarks(struct state *s, struct arena *a, const char *tail,
                             const struct bind *b, size_t n_binds, struct state_bookmark **out,
                             size_t *n, struct err *e)
{
    void *rows = NULL;
    if (!table_select(s, a, &bookmarks, NULL, tail, b, n_binds, &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_bookmark_list(struct state *s, struct arena *a, struct str workspace,
                         struct state_bookmark **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace)};
    return select_bookmarks(s, a, "WHERE workspace = ?1 ORDER BY created, id", b, COUNTOF(b), out,
                            n, e);
}

bool state_bookmark_of_incident(struct state *s, struct arena *a, struct str workspace,
                                struct str incident, struct state_bookmark **out, size_t *n,
                                struct err *e)
{
    struct bind b[] = {BT(workspace), BT(incident)};
    return select_bookmarks(s, a,
                            "WHERE workspace = ?1 AND id IN (SELECT bookmark FROM"
                            " incident_bookmarks WHERE workspace = ?1 AND incident = ?2)"
                            " ORDER BY created, id",
                            b, COUNTOF(b), out, n, e);
}

bool state_bookmark_delete(struct state *s, struct str workspace, struct str id, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(id)};
    return state_run(s, "DELETE FROM bookmarks WHERE workspace = ?1 AND id = ?2", b, COUNTOF(b), e);
}
