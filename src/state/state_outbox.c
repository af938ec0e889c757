/* The outbox: log rows that are decided and not yet in the store. */
#include "state/outbox.h"
#include "state/state_priv.h"

static const struct field fields[] = {
    FIELD(F_I64, state_outbox, seq),
    FIELD(F_TEXT, state_outbox, workspace),
    FIELD_AS(F_TEXT, state_outbox, table, "table_name"),
    KEY(F_TEXT, state_outbox, dedup),
    FIELD_AS(F_TEXT, state_outbox, rows, "row_json"),
    FIELD(F_TEXT, state_outbox, batch),
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

bool state_outbox_join(struct state *s, int64_t first, int64_t last, struct str batch,
                       struct err *e)
{
    struct bind b[] = {BI(first), BI(last), BT(batch)};
    return state_run(s, "UPDATE outbox SET batch = ?3 WHERE seq BETWEEN ?1 AND ?2", b, COUNTOF(b),
                     e);
}

bool state_outbox_delete(struct state *s, int64_t first, int64_t last, struct err *e)
{
    struct bind b[] = {BI(first), BI(last)};
    return state_run(s, "DELETE FROM outbox WHERE seq BETWEEN ?1 AND ?2", b, COUNTOF(b), e);
}
