/* Which alerts and bookmarks belong to an incident, as relations with names. */
#include "state/incidents.h"
#include "state/state_priv.h"

static const struct field fields[] = {
    FIELD(F_TEXT, state_relation, workspace), FIELD(F_TEXT, state_relation, incident),
    FIELD(F_TEXT, state_relation, name),      FIELD(F_TEXT, state_relation, kind),
    FIELD(F_TEXT, state_relation, target),    FIELD(F_TEXT, state_relation, etag),
    FIELD(F_I64, state_relation, created),
};
static const struct table relations = {"relations", fields, COUNTOF(fields),
                                       sizeof(struct state_relation)};

/* An alert that a rule has put into its incident has no name of its own: its id is one. */
static const char both[] =
    "(SELECT workspace, incident, CASE name WHEN '' THEN alert ELSE name END AS name,"
    " 'alert' AS kind, alert AS target, CASE etag WHEN '' THEN alert ELSE etag END AS etag,"
    " created, 1 AS part, seq FROM incident_alerts"
    " UNION ALL SELECT workspace, incident, name, 'bookmark', bookmark, etag, created, 2, seq"
    " FROM incident_bookmarks)";

static bool select_relations(struct state *s, struct arena *a, const char *tail,
                             const struct bind *b, size_t n_binds, struct state_relation **out,
                             size_t *n, struct err *e)
{
    void *rows = NULL;
    if (!table_select(s, a, &relations, both, tail, b, n_binds, &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_relation_put(struct state *s, const struct state_relation *r, struct err *e)
{
    struct bind b[] = {BT(r->workspace), BT(r->incident), BT(r->target),
                       BT(r->name),      BT(r->etag),     BI(r->created)};
    const char *sql =
        str_eqz(r->kind, RELATION_ALERT)
            ? "INSERT INTO incident_alerts (workspace, incident, alert, name, etag, created)"
              " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (workspace, incident, alert)"
              " DO UPDATE SET name = ?4, etag = ?5, created = ?6"
            : "INSERT INTO incident_bookmarks (workspace, incident, bookmark, name, etag, created)"
              " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (workspace, incident, bookmark)"
              " DO UPDATE SET name = ?4, etag = ?5, created = ?6";
    return state_run(s, sql, b, COUNTOF(b), e);
}

bool state_relation_delete(struct state *s, const struct state_relation *r, struct err *e)
{
    struct bind b[] = {BT(r->workspace), BT(r->incident), BT(r->target)};
    const char *sql =
        str_eqz(r->kind, RELATION_ALERT)
            ? "DELETE FROM incident_alerts WHERE workspace = ?1 AND incident = ?2 AND alert = ?3"
            : "DELETE FROM incident_bookmarks WHERE workspace = ?1 AND incident = ?2"
              " AND bookmark = ?3";
    return state_run(s, sql, b, COUNTOF(b), e);
}

bool state_relation_list(struct state *s, struct arena *a, struct str workspace,
                         struct str incident, struct state_relation **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(incident)};
    return select_relations(s, a, "WHERE workspace = ?1 AND incident = ?2 ORDER BY part, seq", b,
                            COUNTOF(b), out, n, e);
}

bool state_relation_of(struct state *s, struct arena *a, struct str workspace, const char *kind,
                       struct str target, struct state_relation **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(str_from(kind)), BT(target)};
    return select_relations(s, a, "WHERE workspace = ?1 AND kind = ?2 AND target = ?3 ORDER BY seq",
                            b, COUNTOF(b), out, n, e);
}
