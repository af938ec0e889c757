/* Rules, their schedules and their runs. */
#include "state/rules.h"
#include "state/state_priv.h"

static const struct field rule_fields[] = {
    KEY(F_TEXT, state_rule, workspace), KEY(F_TEXT, state_rule, id),
    FIELD(F_TEXT, state_rule, kind),    FIELD(F_TEXT, state_rule, name),
    FIELD(F_TEXT, state_rule, etag),    FIELD(F_TEXT, state_rule, body),
    FIELD(F_TEXT, state_rule, extra),   FIELD(F_BOOL, state_rule, enabled),
    FIELD(F_I64, state_rule, created),  FIELD(F_I64, state_rule, modified),
};
static const struct field schedule_fields[] = {
    KEY(F_TEXT, state_rule, workspace),         KEY(F_TEXT, state_rule, id),
    FIELD(F_I64, state_rule, next_run),         FIELD(F_I64, state_rule, retry_at),
    FIELD(F_I64, state_rule, suppressed_until), FIELD(F_I64, state_rule, last_run),
    FIELD(F_I32, state_rule, attempts),         FIELD(F_I32, state_rule, failures),
    FIELD(F_I64, state_rule, failing_since),    FIELD(F_TEXT, state_rule, failure_kind),
    FIELD(F_I64, state_rule, arrived),          FIELD(F_I64, state_rule, late_after),
    FIELD(F_I64, state_rule, missed),
};
/* Both together, as they are read. */
static const struct field joined_fields[] = {
    KEY(F_TEXT, state_rule, workspace),
    KEY(F_TEXT, state_rule, id),
    FIELD(F_TEXT, state_rule, kind),
    FIELD(F_TEXT, state_rule, name),
    FIELD(F_TEXT, state_rule, etag),
    FIELD(F_TEXT, state_rule, body),
    FIELD(F_TEXT, state_rule, extra),
    FIELD(F_BOOL, state_rule, enabled),
    FIELD(F_I64, state_rule, created),
    FIELD(F_I64, state_rule, modified),
    FIELD(F_I64, state_rule, next_run),
    FIELD(F_I64, state_rule, retry_at),
    FIELD(F_I64, state_rule, suppressed_until),
    FIELD(F_I64, state_rule, last_run),
    FIELD(F_I32, state_rule, attempts),
    FIELD(F_I32, state_rule, failures),
    FIELD(F_I64, state_rule, failing_since),
    FIELD(F_TEXT, state_rule, failure_kind),
    FIELD(F_I64, state_rule, arrived),
    FIELD(F_I64, state_rule, late_after),
    FIELD(F_I64, state_rule, missed),
};
static const struct table rules = {"rules", rule_fields, COUNTOF(rule_fields),
                                   sizeof(struct state_rule)};
static const struct table schedules = {"rule_schedules", schedule_fields, COUNTOF(schedule_fields),
                                       sizeof(struct state_rule)};
static const struct table joined = {"rules", joined_fields, COUNTOF(joined_fields),
                                    sizeof(struct state_rule)};
static const char joined_from[] = "rules LEFT JOIN rule_schedules USING (workspace, id)";

bool state_rule_put(struct state *s, const struct state_rule *r, struct err *e)
{
    return table_put(s, &rules, r, e);
}

bool state_rule_set_schedule(struct state *s, const struct state_rule *r, struct err *e)
{
    return table_put(s, &schedules, r, e);
}

bool state_rule_get(struct state *s, struct arena *a, struct str workspace, struct str id,
                    struct state_rule *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(id)};
    struct err why = {0};
    if (table_one(s, a, &joined, joined_from, "WHERE workspace = ?1 AND id = ?2", b, COUNTOF(b),
                  out, &why))
        return true;
    if (why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "there is no rule '%.*s'", STR_ARG(id));
    return err_set(e, why.code, "%s", why.msg);
}

bool state_rule_list(struct state *s, struct arena *a, struct str workspace,
                     struct state_rule **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace)};
    void *rows = NULL;
    if (!table_select(s, a, &joined, joined_from,
                      "WHERE ?1 = '' OR workspace = ?1 ORDER BY name, id", b, COUNTOF(b), &rows, n,
                      e))
        return false;
    *out = rows;
    return true;
}

bool state_rule_count(struct state *s, const struct state_rule_others *x,
                      struct state_rule_tally *out, struct err *e)
{
    static const char sql[] =
        "SELECT count(*), coalesce(sum(enabled), 0) FROM rules WHERE workspace = ?1 "
        "AND id <> ?2 AND (kind = ?3) = ?4";
    struct bind b[] = {BT(x->workspace), BT(x->id), BT(x->kind), BI(x->of_other_kinds ? 0 : 1)};
    state_lock(s);
    sqlite3_stmt *st = state_take_locked(s, sql, b, COUNTOF(b), e);
    bool ok = st != NULL && (sqlite3_step(st) == SQLITE_ROW || state_error(s, e, "count rules"));
    if (ok) {
        out->all = (size_t)sqlite3_column_int64(st, 0);
        out->enabled = (size_t)sqlite3_column_int64(st, 1);
    }
    state_give_locked(st);
    state_unlock(s);
    return ok;
}

bool state_rule_list_of_kind(struct state *s, struct arena *a, struct str workspace,
                             struct str kind, struct state_rule **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(kind)};
    void *rows = NULL;
    if (!table_select(s, a, &joined, joined_from,
                      "WHERE workspace = ?1 AND kind = ?2 ORDER BY name, id", b, COUNTOF(b), &rows,
                      n, e))
        return false;
    *out = rows;
    return true;
}

bool state_rule_delete(struct state *s, struct str workspace, struct str id, bool *out_was_there,
                       struct err *e)
{
    struct bind b[] = {BT(workspace), BT(id)};
    state_lock(s);
    bool ok = state_run(s, "DELETE FROM rules WHERE workspace = ?1 AND id = ?2", b, COUNTOF(b), e);
    if (ok)
        *out_was_there = state_changes(s) > 0;
    state_unlock(s);
    return ok;
}

/* ---- runs ---- */

static const struct field run_fields[] = {
    KEY(F_TEXT, state_run, workspace),
    KEY(F_TEXT, state_run, rule_id),
    KEY(F_I64, state_run, window_to),
    KEY(F_TEXT, state_run, trigger_type),
    KEY(F_I64, state_run, number),
    FIELD(F_I64, state_run, window_from),
    FIELD(F_I64, state_run, arrived_after),
    FIELD(F_I64, state_run, arrived_until),
    FIELD(F_I64, state_run, processor_us),
    FIELD(F_BOOL, state_run, shared),
    FIELD(F_I64, state_run, rows_read),
    FIELD(F_I64, state_run, bytes_read),
    FIELD(F_I64, state_run, memory_bytes),
    FIELD(F_I64, state_run, started),
    FIELD(F_I64, state_run, finished),
    FIELD(F_I64, state_run, duration_us),
    FIELD(F_TEXT, state_run, status),
    FIELD(F_I32, state_run, attempts),
    FIELD_AS(F_I64, state_run, rows, "row_count"),
    FIELD(F_I64, state_run, alerts),
    FIELD(F_I64, state_run, entities),
    FIELD(F_I64, state_run, entities_dropped),
    FIELD(F_TEXT, state_run, error),
    FIELD(F_TEXT, state_run, correlation_id),
};
static const struct table runs = {"rule_runs", run_fields, COUNTOF(run_fields),
                                  sizeof(struct state_run)};

bool state_run_put(struct state *s, const struct state_run *r, struct err *e)
{
    return table_put(s, &runs, r, e);
}

bool state_run_drop_quiet(struct state *s, struct str workspace, struct str rule_id, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(rule_id)};
    return state_run(s,
                     "DELETE FROM rule_runs WHERE workspace = ?1 AND rule_id = ?2 AND "
                     "trigger_type = '" RUN_NRT "' AND row_count = 0 AND status = 'Success'",
                     b, COUNTOF(b), e);
}

bool state_run_list(struct state *s, struct arena *a, struct str workspace, struct str rule_id,
                    size_t max, struct state_run **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(rule_id), BI((int64_t)max)};
    void *rows = NULL;
    if (!table_select(s, a, &runs, NULL,
                      "WHERE workspace = ?1 AND (?2 = '' OR rule_id = ?2) "
                      "ORDER BY window_to DESC, started DESC, rule_id LIMIT ?3",
                      b, COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_run_get(struct state *s, struct arena *a, struct str workspace, struct str correlation,
                   struct state_run *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(correlation)};
    struct err why = {0};
    if (table_one(s, a, &runs, NULL, "WHERE workspace = ?1 AND correlation_id = ?2", b, COUNTOF(b),
                  out, &why))
        return true;
    if (why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "there is no run '%.*s'", STR_ARG(correlation));
    return err_set(e, why.code, "%s", why.msg);
}

bool state_run_covering(struct state *s, struct arena *a, struct str workspace, struct str rule_id,
                        int64_t from, int64_t to, struct state_run **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(rule_id), BI(from), BI(to)};
    void *rows = NULL;
    if (!table_select(s, a, &runs, NULL,
                      "WHERE workspace = ?1 AND rule_id = ?2 AND window_to > ?3 "
                      "AND window_from <= ?4 AND status = 'Success' "
                      "AND trigger_type IN ('" RUN_SCHEDULED "', '" RUN_LATE "', '" RUN_AGAIN "') "
                      "ORDER BY window_to, arrived_until",
                      b, COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_run_missed(struct state *s, struct arena *a, const struct state_missed_query *q,
                      struct state_missed **out, size_t *n, struct err *e)
{
    static const struct field fields[] = {
        FIELD(F_I64, state_missed, window_to),
        FIELD(F_I64, state_missed, arrived_after),
        FIELD(F_I64, state_missed, arrived_until),
        FIELD(F_I32, state_missed, tries),
    };
    static const struct table missed = {"rule_runs", fields, COUNTOF(fields),
                                        sizeof(struct state_missed)};
    static const char from[] =
        "(SELECT f.window_to, f.arrived_after, f.arrived_until, coalesce(r.attempts, 0) AS tries "
        "FROM rule_runs AS f LEFT JOIN rule_runs AS r ON r.workspace = f.workspace AND r.rule_id = "
        "f.rule_id AND r.window_to = f.window_to AND r.trigger_type = '" RUN_AGAIN "' "
        "WHERE f.workspace = ?1 AND f.rule_id = ?2 AND f.window_to >= ?3 AND f.status = 'Failure' "
        "AND (f.trigger_type = '" RUN_SCHEDULED "' OR (f.trigger_type = '" RUN_NRT "' "
        "AND f.arrived_until - f.arrived_after >= ?4)) "
        "AND (r.status IS NULL OR (r.status <> 'Success' AND r.attempts < ?5)))";
    struct bind b[] = {BT(q->workspace), BT(q->rule_id), BI(q->since),
                       BI(q->folded),    BI(q->tries),   BI((int64_t)q->max)};
    void *rows = NULL;
    if (!table_select(s, a, &missed, from, "ORDER BY window_to LIMIT ?6", b, COUNTOF(b), &rows, n,
                      e))
        return false;
    *out = rows;
    return true;
}

bool state_rule_list_slow(struct state *s, struct arena *a, struct str workspace, int64_t least_us,
                          struct state_slow_rule **out, size_t *n, struct err *e)
{
    static const struct field fields[] = {
        FIELD(F_TEXT, state_slow_rule, workspace),
        FIELD(F_TEXT, state_slow_rule, rule_id),
        FIELD(F_I64, state_slow_rule, duration_us),
    };
    static const struct table slow = {"rule_runs", fields, COUNTOF(fields),
                                      sizeof(struct state_slow_rule)};
    static const char from[] =
        "(SELECT x.workspace, x.rule_id, x.duration_us FROM rules AS r "
        "JOIN rule_schedules AS at USING (workspace, id) "
        "JOIN rule_runs AS x ON x.workspace = r.workspace AND x.rule_id = r.id "
        "AND x.window_to = at.last_run AND x.trigger_type = '" RUN_SCHEDULED "' "
        "WHERE r.enabled AND (?1 = '' OR r.workspace = ?1) AND x.duration_us >= ?2)";
    struct bind b[] = {BT(workspace), BI(least_us)};
    void *rows = NULL;
    if (!table_select(s, a, &slow, from, "", b, COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_run_prune(struct state *s, struct str workspace, int64_t before, struct err *e)
{
    struct bind b[] = {BT(workspace), BI(before)};
    return state_run(s, "DELETE FROM rule_runs WHERE workspace = ?1 AND window_to < ?2", b,
                     COUNTOF(b), e);
}
