/* Backtests of rules. */
#include "state/backtests.h"
#include "state/state_priv.h"

#define BUT_THE_REPORT                                                                             \
    KEY(F_TEXT, state_backtest, workspace), KEY(F_TEXT, state_backtest, id),                       \
        FIELD(F_TEXT, state_backtest, status), FIELD(F_TEXT, state_backtest, names),               \
        FIELD(F_TEXT, state_backtest, who), FIELD_AS(F_I64, state_backtest, from, "from_time"),    \
        FIELD_AS(F_I64, state_backtest, to, "to_time"), FIELD(F_I64, state_backtest, started),     \
        FIELD(F_I64, state_backtest, ended), FIELD(F_I64, state_backtest, percent),                \
        FIELD(F_I64, state_backtest, rules), FIELD(F_I64, state_backtest, rules_done),             \
        FIELD(F_I64, state_backtest, windows), FIELD(F_I64, state_backtest, windows_done),         \
        FIELD(F_I64, state_backtest, fired), FIELD(F_TEXT, state_backtest, error_code),            \
        FIELD(F_TEXT, state_backtest, error), FIELD(F_I64, state_backtest, bytes)

static const struct field listed_fields[] = {BUT_THE_REPORT};
static const struct field whole_fields[] = {BUT_THE_REPORT, FIELD(F_TEXT, state_backtest, report)};
static const struct table listed = {"backtests", listed_fields, COUNTOF(listed_fields),
                                    sizeof(struct state_backtest)};
static const struct table whole = {"backtests", whole_fields, COUNTOF(whole_fields),
                                   sizeof(struct state_backtest)};

bool state_backtest_put(struct state *s, const struct state_backtest *b, struct err *e)
{
    return table_put(s, &whole, b, e);
}

bool state_backtest_get(struct state *s, struct arena *a, struct str workspace, struct str id,
                        struct state_backtest *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(id)};
    return table_one(s, a, &whole, NULL, "WHERE workspace = ?1 AND id = ?2", b, COUNTOF(b), out, e);
}

bool state_backtest_list(struct state *s, struct arena *a, struct str workspace,
                         struct state_backtest **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace)};
    void *rows = NULL;
    if (!table_select(s, a, &listed, NULL, "WHERE workspace = ?1 ORDER BY started DESC, id", b,
                      COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_backtest_delete(struct state *s, struct str workspace, struct str id,
                           bool *out_was_there, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(id)};
    int64_t n = 0;
    if (!state_run_counted(s, "DELETE FROM backtests WHERE workspace = ?1 AND id = ?2", b,
                           COUNTOF(b), &n, e))
        return false;
    *out_was_there = n > 0;
    return true;
}

bool state_backtest_prune(struct state *s, struct str workspace, int64_t most, int64_t most_bytes,
                          struct err *e)
{
    static const char sql[] =
        "DELETE FROM backtests WHERE workspace = ?1 AND id IN (SELECT id FROM (SELECT id, "
        "row_number() OVER newest AS place, sum(bytes) OVER newest AS total FROM backtests "
        "WHERE workspace = ?1 AND status <> 'Running' WINDOW newest AS (ORDER BY started DESC, id "
        "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) "
        "WHERE place > 1 AND (place > ?2 OR total > ?3))";
    struct bind b[] = {BT(workspace), BI(most), BI(most_bytes)};
    return state_run(s, sql, b, COUNTOF(b), e);
}

bool state_backtest_interrupt(struct state *s, struct str reason, int64_t now, struct err *e)
{
    struct bind b[] = {BT(reason), BI(now)};
    return state_run(
        s,
        "UPDATE backtests SET status = 'Failed', error_code = 'cancelled', error = ?1, "
        "ended = ?2 WHERE status = 'Running'",
        b, COUNTOF(b), e);
}
