/* Summary rules. */
#include "state/state_priv.h"
#include "state/summaries.h"

static const struct field fields[] = {
    KEY(F_TEXT, state_summary, workspace),     KEY(F_TEXT, state_summary, key),
    FIELD(F_TEXT, state_summary, id),          FIELD(F_TEXT, state_summary, etag),
    FIELD(F_TEXT, state_summary, name),        FIELD(F_TEXT, state_summary, description),
    FIELD(F_TEXT, state_summary, query),       FIELD(F_TEXT, state_summary, time_selector),
    FIELD(F_TEXT, state_summary, destination), FIELD(F_I64, state_summary, bin_size),
    FIELD(F_I64, state_summary, bin_delay),    FIELD(F_I64, state_summary, bin_start),
    FIELD(F_I64, state_summary, next_bin),     FIELD(F_I64, state_summary, skipped),
    FIELD(F_BOOL, state_summary, active),      FIELD(F_TEXT, state_summary, status_code),
    FIELD(F_I64, state_summary, created),      FIELD(F_I64, state_summary, modified),
    FIELD(F_TEXT, state_summary, modified_by),
};
static const struct table rules = {"summary_rules", fields, COUNTOF(fields),
                                   sizeof(struct state_summary)};

static const struct field bin_fields[] = {
    KEY(F_TEXT, state_summary_bin, workspace), KEY(F_TEXT, state_summary_bin, key),
    KEY(F_I64, state_summary_bin, bin),        FIELD(F_I64, state_summary_bin, due),
    FIELD(F_I64, state_summary_bin, attempts), FIELD(F_I64, state_summary_bin, since),
};
static const struct table bins = {"summary_bins", bin_fields, COUNTOF(bin_fields),
                                  sizeof(struct state_summary_bin)};

bool state_summary_put(struct state *s, const struct state_summary *x, struct err *e)
{
    return table_put(s, &rules, x, e);
}

bool state_summary_get(struct state *s, struct arena *a, struct str workspace, struct str key,
                       struct state_summary *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(key)};
    struct err why = {0};
    if (table_one(s, a, &rules, NULL, "WHERE workspace = ?1 AND key = ?2", b, COUNTOF(b), out,
                  &why))
        return true;
    if (why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "there is no summary rule '%.*s'",
                       (int)(key.n < 100 ? key.n : 100), key.p);
    return err_set(e, why.code, "%s", why.msg);
}

bool state_summary_list(struct state *s, struct arena *a, struct str workspace,
                        struct state_summary **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace)};
    void *rows = NULL;
    if (!table_select(s, a, &rules, NULL, "WHERE ?1 = '' OR workspace = ?1 ORDER BY workspace, key",
                      b, COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_summary_delete(struct state *s, struct str workspace, struct str key,
                          bool *out_was_there, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(key)};
    if (!state_begin(s, e))
        return false;
    bool ok = state_run(s, "DELETE FROM summary_bins WHERE workspace = ?1 AND key = ?2", b,
                        COUNTOF(b), e) &&
              state_run(s, "DELETE FROM summary_rules WHERE workspace = ?1 AND key = ?2", b,
                        COUNTOF(b), e);
    if (!ok) {
        state_rollback(s);
        return false;
    }
    *out_was_there = state_changes(s) > 0;
    return state_commit(s, e);
}

bool state_summary_bin_put(struct state *s, const struct state_summary_bin *x, struct err *e)
{
    return table_put(s, &bins, x, e);
}

bool state_summary_bin_list(struct state *s, struct arena *a, struct state_summary_bin **out,
                            size_t *n, struct err *e)
{
    void *rows = NULL;
    if (!table_select(s, a, &bins, NULL, "ORDER BY due, workspace, key, bin", NULL, 0, &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_summary_bin_delete(struct state *s, struct str workspace, struct str key, int64_t bin,
                              struct err *e)
{
    struct bind b[] = {BT(workspace), BT(key), BI(bin)};
    return state_run(s, "DELETE FROM summary_bins WHERE workspace = ?1 AND key = ?2 AND bin = ?3",
                     b, COUNTOF(b), e);
}
