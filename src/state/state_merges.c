/* Merges of incidents. */
#include "state/correlation.h"
#include "state/state_priv.h"

#define T(member) FIELD(F_TEXT, state_merge, member)
#define I(member) FIELD(F_I64, state_merge, member)
static const struct field fields[] = {
    KEY(F_TEXT, state_merge, workspace),
    KEY(F_TEXT, state_merge, id),
    T(source),
    T(target),
    I(source_number),
    I(target_number),
    I(at),
    T(who),
    T(reason),
    FIELD(F_BOOL, state_merge, automatic),
    I(score),
    I(threshold),
    T(explanation),
    T(source_before),
    T(target_before),
    T(target_after),
    T(alerts),
    T(target_alerts),
    T(shared),
    T(origins),
    I(undone),
    T(undone_by),
    FIELD(F_BOOL, state_merge, barred),
};
#undef T
#undef I
static const struct table merges = {"incident_merges", fields, COUNTOF(fields),
                                    sizeof(struct state_merge)};

bool state_merge_put(struct state *s, const struct state_merge *m, struct err *e)
{
    return table_put(s, &merges, m, e);
}

bool state_merge_get(struct state *s, struct arena *a, struct str workspace, struct str id,
                     struct state_merge *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(id)};
    struct err why = {0};
    if (table_one(s, a, &merges, NULL, "WHERE workspace = ?1 AND id = ?2", b, COUNTOF(b), out,
                  &why))
        return true;
    if (why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "there is no merge '%.*s'", STR_ARG(id));
    return err_set(e, why.code, "%s", why.msg);
}

bool state_merge_list(struct state *s, struct arena *a, struct str workspace, struct str incident,
                      size_t max, struct state_merge **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(incident), BI((int64_t)max)};
    void *rows = NULL;
    const char *tail = incident.n > 0
                           ? "WHERE workspace = ?1 AND (source = ?2 OR target = ?2) "
                             "ORDER BY at, rowid LIMIT ?3"
                           : "WHERE workspace = ?1 AND ?2 = '' ORDER BY at, rowid LIMIT ?3";
    if (!table_select(s, a, &merges, NULL, tail, b, COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_merge_of_source(struct state *s, struct arena *a, struct str workspace,
                           struct str source, struct state_merge *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(source)};
    return table_one(s, a, &merges, NULL,
                     "WHERE workspace = ?1 AND source = ?2 AND undone = 0 ORDER BY at DESC LIMIT 1",
                     b, COUNTOF(b), out, e);
}

/* Is the incident named one of those whose alerts the incident holder has? */
#define HOLDS(holder, named)                                                                       \
    "(" named " = " holder " OR EXISTS (SELECT 1 FROM incident_alerts WHERE workspace = ?1"        \
    " AND incident = " holder " AND origin = " named "))"
#define BARRED                                                                                     \
    "workspace = ?1 AND barred = 1 AND ((" HOLDS("?2", "m.source") " AND " HOLDS(                  \
        "?3", "m.target") ") OR (" HOLDS("?3", "m.source") " AND " HOLDS("?2", "m.target") "))"

bool state_merge_is_barred(struct state *s, struct str workspace, struct str one, struct str other,
                           bool *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(one), BT(other)};
    state_lock(s);
    sqlite3_stmt *st = state_take_locked(
        s, "SELECT 1 FROM incident_merges AS m WHERE " BARRED " LIMIT 1", b, COUNTOF(b), e);
    int rc = st != NULL ? sqlite3_step(st) : SQLITE_ERROR;
    bool ok = rc == SQLITE_ROW || rc == SQLITE_DONE;
    if (st != NULL && !ok)
        state_error(s, e, "read the merges that were undone");
    *out = rc == SQLITE_ROW;
    state_give_locked(st);
    state_unlock(s);
    return ok;
}

bool state_merge_unbar(struct state *s, struct str workspace, struct str one, struct str other,
                       struct err *e)
{
    struct bind b[] = {BT(workspace), BT(one), BT(other)};
    return state_run(s, "UPDATE incident_merges AS m SET barred = 0 WHERE " BARRED, b, COUNTOF(b),
                     e);
}
