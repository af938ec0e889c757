/* What correlation keeps, but for merges: the queue, sightings, settings. */
#include "state/correlation.h"
#include "state/state_priv.h"

/* Alerts that a sighting names; the rest of them has the same entity. */
#define SIGHTING_ALERTS_BYTES "400"

/* ---- the queue ---- */

bool state_correlation_wait(struct state *s, struct str workspace, struct str alert, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(alert)};
    return state_run(s,
                     "INSERT INTO correlation_queue (workspace, alert) VALUES (?1, ?2) "
                     "ON CONFLICT (workspace, alert) DO NOTHING",
                     b, COUNTOF(b), e);
}

bool state_correlation_waiting(struct state *s, struct arena *a, size_t max,
                               struct state_waiting **out, size_t *n, struct err *e)
{
    static const struct field fields[] = {FIELD(F_I64, state_waiting, seq),
                                          FIELD(F_TEXT, state_waiting, workspace),
                                          FIELD(F_TEXT, state_waiting, alert)};
    static const struct table queue = {"correlation_queue", fields, COUNTOF(fields),
                                       sizeof(struct state_waiting)};
    struct bind b[] = {BI((int64_t)max)};
    void *rows = NULL;
    if (!table_select(s, a, &queue, NULL, "ORDER BY seq LIMIT ?1", b, COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_correlation_done(struct state *s, int64_t seq, struct err *e)
{
    struct bind b[] = {BI(seq)};
    return state_run(s, "DELETE FROM correlation_queue WHERE seq = ?1", b, COUNTOF(b), e);
}

/* ---- alerts ---- */

static bool select_correlated(struct state *s, struct arena *a, const char *from, const char *tail,
                              const struct bind *b, size_t n_binds, struct state_correlated **out,
                              size_t *n, struct err *e)
{
    static const struct field fields[] = {
        FIELD(F_TEXT, state_correlated, workspace),
        FIELD(F_TEXT, state_correlated, id),
        FIELD(F_TEXT, state_correlated, rule_id),
        FIELD(F_TEXT, state_correlated, product),
        FIELD_AS(F_I64, state_correlated, start, "start_time"),
        FIELD_AS(F_I64, state_correlated, end, "end_time"),
        FIELD(F_TEXT, state_correlated, tactics),
        FIELD(F_TEXT, state_correlated, entities),
        FIELD(F_TEXT, state_correlated, incident),
    };
    static const struct table alerts = {"alerts", fields, COUNTOF(fields),
                                        sizeof(struct state_correlated)};
    void *rows = NULL;
    if (!table_select(s, a, &alerts, from, tail, b, n_binds, &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_correlated_get(struct state *s, struct arena *a, struct str workspace, struct str id,
                          struct state_correlated *out, bool *found, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(id)};
    struct state_correlated *rows = NULL;
    size_t n = 0;
    if (!select_correlated(s, a,
                           "(SELECT incident, seq FROM incident_alerts WHERE workspace = ?1 AND "
                           "alert = ?2 ORDER BY seq LIMIT 1) JOIN alerts ON workspace = ?1 AND "
                           "id = ?2",
                           "", b, COUNTOF(b), &rows, &n, e))
        return false;
    *found = n > 0;
    if (n > 0)
        *out = rows[0];
    return true;
}

bool state_correlated_of(struct state *s, struct arena *a, struct str workspace,
                         struct str incident, struct state_correlated **out, size_t *n,
                         struct err *e)
{
    struct bind b[] = {BT(workspace), BT(incident)};
    return select_correlated(s, a,
                             "(SELECT incident, alert, seq FROM incident_alerts WHERE workspace = "
                             "?1 AND incident = ?2) JOIN alerts ON workspace = ?1 AND id = alert",
                             "ORDER BY seq", b, COUNTOF(b), out, n, e);
}

/* ---- sightings ---- */

/* What is read of a sighting; the rest is what was asked for. */
#define TIMES_AND_ALERTS                                                                           \
    FIELD_AS(F_I64, state_sighting, first, "first_seen"),                                          \
        FIELD_AS(F_I64, state_sighting, last, "last_seen"), FIELD(F_TEXT, state_sighting, alerts)
static const struct field of_incident[] = {FIELD(F_TEXT, state_sighting, value), TIMES_AND_ALERTS};
static const struct field of_entity[] = {FIELD(F_TEXT, state_sighting, incident), TIMES_AND_ALERTS};

/* What two sightings of the same thing in the same incident make. */
#define WIDEN(table)                                                                               \
    " ON CONFLICT (workspace, value, incident) DO UPDATE SET"                                      \
    " first_seen = min(first_seen, excluded.first_seen),"                                          \
    " last_seen = max(last_seen, excluded.last_seen), alerts = CASE WHEN excluded.alerts = ''"     \
    " OR instr(" table ".alerts, excluded.alerts) > 0 OR length(" table                            \
    ".alerts) >= " SIGHTING_ALERTS_BYTES " THEN " table ".alerts ELSE " table                      \
    ".alerts || char(10) || excluded.alerts END"
#define PUT(table)                                                                                 \
    "INSERT INTO " table " (workspace, incident, value, first_seen, last_seen, alerts)"            \
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)" WIDEN(table)
/* index: the planner would rather read the whole workspace by the primary key. */
#define MOVE(table, index)                                                                         \
    "INSERT INTO " table " (workspace, incident, value, first_seen, last_seen, alerts)"            \
    " SELECT workspace, ?3, value, first_seen, last_seen, alerts FROM " table index                \
    " WHERE workspace = ?1 AND incident = ?2" WIDEN(table)
#define DROP(table) "DELETE FROM " table " WHERE workspace = ?1 AND incident = ?2"

bool state_sighting_put(struct state *s, enum state_sighting_kind k, const struct state_sighting *x,
                        struct err *e)
{
    static const char *const put[] = {[SIGHTING_ENTITY] = PUT("correlation_entities"),
                                      [SIGHTING_TACTIC] = PUT("correlation_tactics")};
    struct bind b[] = {BT(x->workspace), BT(x->incident), BT(x->value),
                       BI(x->first),     BI(x->last),     BT(x->alerts)};
    return state_run(s, put[k], b, COUNTOF(b), e);
}

bool state_sighting_of(struct state *s, struct arena *a, enum state_sighting_kind k,
                       const struct state_sighting *incident, size_t max,
                       struct state_sighting **out, size_t *n, struct err *e)
{
    static const struct table tables[] = {
        [SIGHTING_ENTITY] = {"correlation_entities", of_incident, COUNTOF(of_incident),
                             sizeof(struct state_sighting)},
        [SIGHTING_TACTIC] = {"correlation_tactics", of_incident, COUNTOF(of_incident),
                             sizeof(struct state_sighting)}};
    struct bind b[] = {BT(incident->workspace), BT(incident->incident), BI((int64_t)max)};
    void *rows = NULL;
    if (!table_select(s, a, &tables[k], NULL,
                      "WHERE workspace = ?1 AND incident = ?2 "
                      "ORDER BY last_seen DESC, value DESC LIMIT ?3",
                      b, COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    for (size_t i = 0; i < *n; i++) {
        (*out)[i].workspace = incident->workspace;
        (*out)[i].incident = incident->incident;
    }
    return true;
}

bool state_sighting_where(struct state *s, struct arena *a, struct str workspace, struct str value,
                          int64_t since, size_t max, struct state_sighting **out, size_t *n,
                          struct err *e)
{
    static const struct table table = {"correlation_entities", of_entity, COUNTOF(of_entity),
                                       sizeof(struct state_sighting)};
    struct bind b[] = {BT(workspace), BT(value), BI(since), BI((int64_t)max)};
    void *rows = NULL;
    if (!table_select(s, a, &table, NULL,
                      "WHERE workspace = ?1 AND value = ?2 AND last_seen >= ?3 "
                      "ORDER BY last_seen DESC LIMIT ?4",
                      b, COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    for (size_t i = 0; i < *n; i++) {
        (*out)[i].workspace = workspace;
        (*out)[i].value = value;
    }
    return true;
}

bool state_sightings_drop(struct state *s, struct str workspace, struct str incident, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(incident)};
    return state_run(s, DROP("correlation_entities"), b, COUNTOF(b), e) &&
           state_run(s, DROP("correlation_tactics"), b, COUNTOF(b), e);
}

bool state_sightings_move(struct state *s, struct str workspace, struct str from, struct str to,
                          struct err *e)
{
    struct bind b[] = {BT(workspace), BT(from), BT(to)};
    return state_run(s,
                     MOVE("correlation_entities", " INDEXED BY correlation_entities_by_incident"),
                     b, COUNTOF(b), e) &&
           state_run(s, MOVE("correlation_tactics", ""), b, COUNTOF(b), e) &&
           state_sightings_drop(s, workspace, from, e);
}

/* ---- counts ---- */

static bool count(struct state *s, const char *sql, const struct bind *b, size_t n_binds,
                  size_t *out, struct err *e)
{
    state_lock(s);
    sqlite3_stmt *st = state_take_locked(s, sql, b, n_binds, e);
    bool ok = st != NULL;
    if (ok && sqlite3_step(st) == SQLITE_ROW)
        *out = (size_t)sqlite3_column_int64(st, 0);
    else if (ok)
        ok = state_error(s, e, "count");
    state_give_locked(st);
    state_unlock(s);
    return ok;
}

bool state_sighting_count(struct state *s, struct str workspace, struct str incident, size_t max,
                          size_t *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(incident), BI((int64_t)max)};
    return count(s,
                 "SELECT count(*) FROM (SELECT 1 FROM correlation_entities WHERE workspace = ?1 "
                 "AND incident = ?2 LIMIT ?3)",
                 b, COUNTOF(b), out, e);
}

bool state_sighting_kinds(struct state *s, const struct state_sighting *one, struct str other,
                          struct str type, size_t *out, struct err *e)
{
    struct bind b[] = {BT(one->workspace), BT(one->incident), BT(other), BT(type)};
    return count(s,
                 "SELECT coalesce(max(n), 0) FROM (SELECT count(DISTINCT value) AS n FROM "
                 "correlation_entities WHERE workspace = ?1 AND incident IN (?2, ?3) AND "
                 "substr(value, 1, length(?4) + 1) = ?4 || '/' "
                 "GROUP BY substr(value, 1, instr(value, ':')))",
                 b, COUNTOF(b), out, e);
}

bool state_sighting_incidents(struct state *s, struct str workspace, int64_t since, size_t max,
                              size_t *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BI(since), BI((int64_t)max)};
    return count(s,
                 "SELECT count(*) FROM (SELECT 1 FROM incidents WHERE workspace = ?1 AND "
                 "last_activity >= ?2 LIMIT ?3)",
                 b, COUNTOF(b), out, e);
}

bool state_incident_has_alert_named(struct state *s, struct str workspace, struct str incident,
                                    struct str name, bool *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(incident), BT(name)};
    size_t n = 0;
    bool ok = count(s,
                    "SELECT EXISTS (SELECT 1 FROM incident_alerts AS i JOIN alerts AS a ON "
                    "a.workspace = i.workspace AND a.id = i.alert "
                    "WHERE i.workspace = ?1 AND i.incident = ?2 AND a.name = ?3)",
                    b, COUNTOF(b), &n, e);
    *out = n > 0;
    return ok;
}

bool state_correlation_again(struct state *s, struct str workspace, struct str incident,
                             struct err *e)
{
    struct bind b[] = {BT(workspace), BT(incident)};
    return state_run(s,
                     "INSERT INTO correlation_queue (workspace, alert) SELECT workspace, alert "
                     "FROM incident_alerts WHERE workspace = ?1 AND incident = ?2 AND EXISTS "
                     "(SELECT 1 FROM correlation_entities WHERE workspace = ?1 AND incident = ?2) "
                     "ORDER BY seq ON CONFLICT (workspace, alert) DO NOTHING",
                     b, COUNTOF(b), e) &&
           state_sightings_drop(s, workspace, incident, e);
}

/* By key, since SQLite of Debian has no DELETE … LIMIT. */
#define FORGET(table, key)                                                                         \
    "DELETE FROM " table " WHERE (" key ") IN (SELECT " key " FROM " table                         \
    " WHERE last_seen < ?1 ORDER BY last_seen LIMIT ?2)"

bool state_sightings_forget(struct state *s, int64_t before, size_t max, size_t *out, struct err *e)
{
    struct bind b[] = {BI(before), BI((int64_t)max)};
    if (!state_begin(s, e))
        return false;
    bool ok = state_run(s, FORGET("correlation_entities", "workspace, value, incident"), b,
                        COUNTOF(b), e);
    *out = ok ? (size_t)state_changes(s) : 0;
    ok = ok && state_run(s, FORGET("correlation_tactics", "workspace, incident, value"), b,
                         COUNTOF(b), e);
    *out += ok ? (size_t)state_changes(s) : 0;
    return state_end(s, ok, e);
}

/* ---- settings ---- */

static const struct field settings_fields[] = {
    KEY(F_TEXT, state_correlation_settings, workspace),
    FIELD(F_TEXT, state_correlation_settings, body),
    FIELD(F_I64, state_correlation_settings, modified),
    FIELD(F_TEXT, state_correlation_settings, modified_by),
};
static const struct table settings = {"correlation_settings", settings_fields,
                                      COUNTOF(settings_fields),
                                      sizeof(struct state_correlation_settings)};

bool state_correlation_settings_get(struct state *s, struct arena *a, struct str workspace,
                                    struct state_correlation_settings *out, bool *found,
                                    struct err *e)
{
    struct bind b[] = {BT(workspace)};
    void *rows = NULL;
    size_t n = 0;
    if (!table_select(s, a, &settings, NULL, "WHERE workspace = ?1", b, COUNTOF(b), &rows, &n, e))
        return false;
    *found = n > 0;
    if (n > 0)
        memcpy(out, rows, sizeof(*out));
    return true;
}

bool state_correlation_settings_put(struct state *s, const struct state_correlation_settings *x,
                                    struct err *e)
{
    return table_put(s, &settings, x, e);
}
