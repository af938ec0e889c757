/* The outbox: log rows that are decided and not yet in the store. */
#include "state/outbox.h"
#include "state/state_priv.h"

static const struct field fields[] = {
    FIELD(F_I64, state_outbox, seq),
    FIELD(F_TEXT, state_outbox, workspace),
    FIELD_AS(F_TEXT, state_outbox, table, "table_name"),
    KEY(F_TEXT, state_outbox, dedup),
    FIELD_AS(F_TEXT, state_outbox, rows, "row_json"),
};
static const struct table outbox = {"outbox", fields, COUNTOF(fields), sizeof(struct state_outbox)};

bool state_outbox_put(struct state *s, const struct state_outbox *o, struct err *e)
{
    struct bind b[] = {BT(o->workspace), BT(o->table), BT(o->dedup), BT(o->rows)};
    return state_run(
        s,
        "INSERT INTO outbox (workspace, table_name, dedup, row_json) VALUES (?1, ?2, ?3, ?4) "
        "ON CONFLICT (dedup) DO UPDATE SET row_json = excluded.row_json",
        b, COUNTOF(b), e);
}

bool state_outbox_list(struct state *s, struct arena *a, size_t max, struct state_outbox **out,
                       size_t *n, struct err *e)
{
    struct bind b[] = {BI((int64_t)max)};
    void *rows = NULL;
    if (!table_select(s, a, &outbox, NULL, "ORDER BY seq LIMIT ?1", b, COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

static bool delete_each(struct state *s, const int64_t *seqs, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        struct bind b[] = {BI(seqs[i])};
        if (!state_run(s, "DELETE FROM outbox WHERE seq = ?1", b, COUNTOF(b), e))
            return false;
    }
    return true;
}

bool state_outbox_delete(struct state *s, const int64_t *seqs, size_t n, struct err *e)
{
    return state_begin(s, e) && state_end(s, delete_each(s, seqs, n, e), e);
}
