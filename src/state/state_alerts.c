/* Alerts. */
#include "state/alerts.h"
#include "state/state_priv.h"

static const struct field fields[] = {
    KEY(F_TEXT, state_alert, workspace),
    KEY(F_TEXT, state_alert, id),
    FIELD(F_TEXT, state_alert, rule_id),
    FIELD(F_I64, state_alert, run),
    FIELD(F_TEXT, state_alert, name),
    FIELD(F_TEXT, state_alert, description),
    FIELD(F_TEXT, state_alert, severity),
    FIELD(F_TEXT, state_alert, product),
    FIELD_AS(F_I64, state_alert, start, "start_time"),
    FIELD_AS(F_I64, state_alert, end, "end_time"),
    FIELD(F_I64, state_alert, generated),
    FIELD(F_TEXT, state_alert, tactics),
    FIELD(F_TEXT, state_alert, techniques),
    FIELD(F_TEXT, state_alert, entities),
    FIELD(F_TEXT, state_alert, custom_details),
    FIELD_AS(F_TEXT, state_alert, row, "row_json"),
};
static const struct table alerts = {"alerts", fields, COUNTOF(fields), sizeof(struct state_alert)};

bool state_alert_put(struct state *s, const struct state_alert *al, struct err *e)
{
    return table_put(s, &alerts, al, e);
}

bool state_alert_get(struct state *s, struct arena *a, struct str workspace, struct str id,
                     struct state_alert *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(id)};
    struct err why = {0};
    if (table_one(s, a, &alerts, NULL, "WHERE workspace = ?1 AND id = ?2", b, COUNTOF(b), out,
                  &why))
        return true;
    if (why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "there is no alert '%.*s'", STR_ARG(id));
    return err_set(e, why.code, "%s", why.msg);
}

bool state_alert_claim(struct state *s, struct str workspace, struct str alert, struct str rule,
                       bool *out_new, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(alert), BT(rule)};
    state_lock(s);
    bool ok = state_run(s,
                        "INSERT INTO alert_claims (workspace, alert, rule) VALUES (?1, ?2, ?3) "
                        "ON CONFLICT DO NOTHING",
                        b, COUNTOF(b), e);
    if (ok)
        *out_new = state_changes(s) > 0;
    state_unlock(s);
    return ok;
}

static bool select_alerts(struct state *s, struct arena *a, const char *tail, const struct bind *b,
                          size_t n_binds, struct state_alert **out, size_t *n, struct err *e)
{
    void *rows = NULL;
    if (!table_select(s, a, &alerts, NULL, tail, b, n_binds, &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_alert_list(struct state *s, struct arena *a, struct str workspace, struct str rule_id,
                      int64_t from, int64_t to, struct state_alert **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(rule_id), BI(from), BI(to)};
    return select_alerts(
        s, a, "WHERE workspace = ?1 AND rule_id = ?2 AND run BETWEEN ?3 AND ?4 ORDER BY run, rowid",
        b, COUNTOF(b), out, n, e);
}

bool state_alert_of_incident(struct state *s, struct arena *a, struct str workspace,
                             struct str incident, struct state_alert **out, size_t *n,
                             struct err *e)
{
    struct bind b[] = {BT(workspace), BT(incident)};
    return select_alerts(
        s, a,
        "JOIN (SELECT workspace AS w, alert, seq FROM incident_alerts"
        " WHERE workspace = ?1 AND incident = ?2) ON w = workspace AND alert = id ORDER BY seq",
        b, COUNTOF(b), out, n, e);
}

bool state_alert_not_indexed(struct state *s, struct arena *a, struct str workspace, size_t max,
                             struct state_alert **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace), BI((int64_t)max)};
    return select_alerts(s, a, "WHERE workspace = ?1 AND indexed = 0 ORDER BY rowid LIMIT ?2", b,
                         COUNTOF(b), out, n, e);
}

bool state_alert_indexed(struct state *s, struct str workspace, struct str id, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(id)};
    return state_run(s, "UPDATE alerts SET indexed = 1 WHERE workspace = ?1 AND id = ?2", b,
                     COUNTOF(b), e);
}
