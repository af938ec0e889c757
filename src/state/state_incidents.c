/* Incidents and which alerts belong to them. */
#include "state/incidents.h"
#include "state/state_priv.h"
#include "state/work.h"

#define T(member) FIELD(F_TEXT, state_incident, member)
#define I(member) FIELD(F_I64, state_incident, member)
static const struct field fields[] = {
    KEY(F_TEXT, state_incident, workspace),
    KEY(F_TEXT, state_incident, id),
    I(number),
    T(etag),
    T(title),
    T(description),
    T(severity),
    T(status),
    T(classification),
    T(classification_reason),
    T(classification_comment),
    T(owner),
    T(labels),
    T(tactics),
    T(techniques),
    T(products),
    T(rule_ids),
    I(created),
    I(modified),
    I(first_modified),
    I(closed),
    I(first_activity),
    I(last_activity),
    I(row_time),
    T(modified_by),
    T(provider),
    T(provider_incident_id),
    T(group_rule),
    T(group_key),
    I(first_alert),
    I(alerts),
    I(bookmarks),
    I(comments),
    I(merged_into),
};
static const struct field brief_fields[] = {
    T(workspace), T(id), I(number), T(status), T(owner), T(labels), T(rule_ids), I(alerts),
};
#undef T
#undef I
static const struct table incidents = {"incidents", fields, COUNTOF(fields),
                                       sizeof(struct state_incident)};

bool state_incident_put(struct state *s, const struct state_incident *i, struct err *e)
{
    return table_put(s, &incidents, i, e);
}

bool state_incident_get(struct state *s, struct arena *a, struct str workspace, struct str id,
                        struct state_incident *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(id)};
    struct err why = {0};
    if (table_one(s, a, &incidents, NULL, "WHERE workspace = ?1 AND id = ?2", b, COUNTOF(b), out,
                  &why))
        return true;
    if (why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "there is no incident '%.*s'", STR_ARG(id));
    return err_set(e, why.code, "%s", why.msg);
}

bool state_incident_brief(struct state *s, struct arena *a, struct str workspace, struct str id,
                          struct state_incident *out, struct err *e)
{
    static const struct table brief = {"incidents", brief_fields, COUNTOF(brief_fields),
                                       sizeof(struct state_incident)};
    struct bind b[] = {BT(workspace), BT(id)};
    return table_one(s, a, &brief, NULL, "WHERE workspace = ?1 AND id = ?2", b, COUNTOF(b), out, e);
}

bool state_incident_by_number(struct state *s, struct arena *a, struct str workspace,
                              int64_t number, struct state_incident *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BI(number)};
    struct err why = {0};
    if (table_one(s, a, &incidents, NULL, "WHERE workspace = ?1 AND number = ?2", b, COUNTOF(b),
                  out, &why))
        return true;
    if (why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "there is no incident number %lld", (long long)number);
    return err_set(e, why.code, "%s", why.msg);
}

static bool select_incidents(struct state *s, struct arena *a, const char *tail,
                             const struct bind *b, size_t n_binds, struct state_incident **out,
                             size_t *n, struct err *e)
{
    void *rows = NULL;
    if (!table_select(s, a, &incidents, NULL, tail, b, n_binds, &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_incident_list(struct state *s, struct arena *a, struct str workspace,
                         struct state_incident **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace)};
    return select_incidents(s, a, "WHERE workspace = ?1 ORDER BY number", b, COUNTOF(b), out, n, e);
}

/* The fields at offsets, and the number; returns how many. */
static size_t chosen_fields(const size_t *offsets, size_t n, const struct field **out)
{
    size_t found = 0;
    for (size_t f = 0; f < COUNTOF(fields); f++) {
        bool wanted = fields[f].offset == offsetof(struct state_incident, number);
        for (size_t i = 0; i < n; i++)
            wanted = wanted || fields[f].offset == offsets[i];
        if (wanted)
            out[found++] = &fields[f];
    }
    return found;
}

static void borrow_row(sqlite3_stmt *st, const struct field *const *chosen, size_t n,
                       struct state_incident *out)
{
    for (size_t i = 0; i < n; i++) {
        char *at = (char *)out + chosen[i]->offset;
        if (chosen[i]->type == F_TEXT) {
            const char *text = (const char *)sqlite3_column_text(st, (int)i);
            struct str s = {text, (size_t)sqlite3_column_bytes(st, (int)i)};
            memcpy(at, &s, sizeof(s));
        } else {
            int64_t value = sqlite3_column_int64(st, (int)i);
            memcpy(at, &value, sizeof(value));
        }
    }
}

bool state_incident_scan(struct state *s, struct str workspace, const size_t *offsets, size_t n,
                         state_incident_fn *fn, void *self, struct err *e)
{
    const struct field *chosen[COUNTOF(fields)];
    struct state_incident row = {0};
    struct bind b[] = {BT(workspace)};
    int rc = SQLITE_ROW;
    size_t found = chosen_fields(offsets, n, chosen);
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(0);
    for (size_t i = 0; i < found; i++)
        sbuf_addf(&sql, "%s%s", i == 0 ? "SELECT " : ", ", chosen[i]->name);
    sbuf_addz(&sql, " FROM incidents WHERE workspace = ?1");
    state_lock(s);
    sqlite3_stmt *st = state_take_locked(s, sbuf_str(&sql).p, b, COUNTOF(b), e);
    bool going = st != NULL;
    while (going && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        borrow_row(st, chosen, found, &row);
        going = fn(self, &row);
    }
    bool ok = st != NULL && (rc == SQLITE_DONE || !going || state_error(s, e, "incidents"));
    state_give_locked(st);
    state_unlock(s);
    return ok;
}

bool state_incident_between(struct state *s, struct arena *a, struct str workspace, int64_t from,
                            int64_t to, size_t max, struct state_incident **out, size_t *n,
                            struct err *e)
{
    struct bind b[] = {BT(workspace), BI(from), BI(to), BI((int64_t)max)};
    return select_incidents(s, a,
                            "WHERE workspace = ?1 AND last_activity >= ?2 AND last_activity < ?3"
                            " ORDER BY last_activity DESC LIMIT ?4",
                            b, COUNTOF(b), out, n, e);
}

bool state_incident_candidates(struct state *s, struct arena *a, const struct state_incident *like,
                               int64_t since, struct state_incident **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(like->workspace), BT(like->group_rule), BT(like->group_key), BI(since)};
    return select_incidents(
        s, a,
        "WHERE workspace = ?1 AND group_rule = ?2 AND group_key = ?3 AND first_alert >= ?4 "
        "ORDER BY number DESC",
        b, COUNTOF(b), out, n, e);
}

bool state_incident_delete(struct state *s, struct str workspace, struct str id, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(id)};
    if (!state_begin(s, e))
        return false;
    return state_end(s,
                     state_work_delete(s, workspace, SUBJECT_INCIDENT, id, e) &&
                         state_run(s, "DELETE FROM incidents WHERE workspace = ?1 AND id = ?2", b,
                                   COUNTOF(b), e),
                     e);
}

bool state_incident_add_alert(struct state *s, struct str workspace, struct str incident,
                              struct str alert, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(incident), BT(alert)};
    return state_run(s,
                     "INSERT INTO incident_alerts (workspace, incident, alert) VALUES (?1, ?2, ?3) "
                     "ON CONFLICT (workspace, incident, alert) DO NOTHING",
                     b, COUNTOF(b), e);
}

bool state_incident_alert_came_from(struct state *s, struct str workspace, struct str incident,
                                    struct str alert, struct str origin, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(incident), BT(alert), BT(origin)};
    return state_run(
        s,
        "UPDATE incident_alerts SET origin = ?4 WHERE workspace = ?1 AND incident = ?2 "
        "AND alert = ?3",
        b, COUNTOF(b), e);
}

bool state_incident_alerts_move(struct state *s, struct str workspace, struct str from,
                                struct str to, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(from), BT(to)};
    return state_run(
               s,
               "DELETE FROM incident_alerts WHERE workspace = ?1 AND incident = ?2 AND alert "
               "IN (SELECT alert FROM incident_alerts WHERE workspace = ?1 AND incident = ?3)",
               b, COUNTOF(b), e) &&
           state_run(s,
                     "UPDATE incident_alerts SET incident = ?3, origin = CASE origin WHEN '' THEN "
                     "?2 ELSE origin END WHERE workspace = ?1 AND incident = ?2",
                     b, COUNTOF(b), e);
}

bool state_incident_alerts_return(struct state *s, struct str workspace, struct str from,
                                  struct str to, struct str origin, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(from), BT(to), BT(origin)};
    /* Or replace: somebody may have put the alert into the other incident by hand, too. */
    return state_run(s,
                     "UPDATE OR REPLACE incident_alerts SET incident = ?3, origin = CASE origin "
                     "WHEN ?3 THEN '' ELSE origin END "
                     "WHERE workspace = ?1 AND incident = ?2 AND origin = ?4",
                     b, COUNTOF(b), e);
}

struct alert_id {
    struct str alert;
};

static bool select_texts(struct state *s, struct arena *a, const struct field *f, const char *tail,
                         const struct bind *b, struct str **out, size_t *n, struct err *e)
{
    const struct table texts = {"incident_alerts", f, 1, sizeof(struct alert_id)};
    void *rows = NULL;
    if (!table_select(s, a, &texts, NULL, tail, b, 2, &rows, n, e))
        return false;
    struct alert_id *p = rows;
    *out = arena_array(a, struct str, *n + 1);
    for (size_t i = 0; i < *n; i++)
        (*out)[i] = p[i].alert;
    return true;
}

bool state_incident_alert_ids(struct state *s, struct arena *a, struct str workspace,
                              struct str incident, struct str **out, size_t *n, struct err *e)
{
    static const struct field id = FIELD(F_TEXT, alert_id, alert);
    struct bind b[] = {BT(workspace), BT(incident)};
    return select_texts(s, a, &id, "WHERE workspace = ?1 AND incident = ?2 ORDER BY seq", b, out, n,
                        e);
}

bool state_incident_alert_origins(struct state *s, struct arena *a, struct str workspace,
                                  struct str incident, struct str **out, size_t *n, struct err *e)
{
    static const struct field origin = FIELD_AS(F_TEXT, alert_id, alert, "origin");
    struct bind b[] = {BT(workspace), BT(incident)};
    return select_texts(s, a, &origin,
                        "WHERE workspace = ?1 AND incident = ?2 AND origin <> '' "
                        "GROUP BY origin ORDER BY min(seq)",
                        b, out, n, e);
}
