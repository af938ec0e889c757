/* Data collection rules and endpoints. */
#include "state/dcr.h"
#include "state/state_priv.h"

static const struct field fields[] = {
    KEY(F_TEXT, state_dcr, key),          FIELD(F_TEXT, state_dcr, id),
    FIELD(F_TEXT, state_dcr, etag),       FIELD(F_TEXT, state_dcr, immutable_id),
    FIELD(F_TEXT, state_dcr, location),   FIELD(F_TEXT, state_dcr, kind),
    FIELD(F_TEXT, state_dcr, tags),       FIELD(F_TEXT, state_dcr, properties),
    FIELD(F_I64, state_dcr, created),     FIELD(F_I64, state_dcr, modified),
    FIELD(F_TEXT, state_dcr, created_by), FIELD(F_TEXT, state_dcr, modified_by),
};
static const struct table tables[] = {
    [STATE_COLLECTION_RULES] = {"collection_rules", fields, COUNTOF(fields),
                                sizeof(struct state_dcr)},
    [STATE_COLLECTION_ENDPOINTS] = {"collection_endpoints", fields, COUNTOF(fields),
                                    sizeof(struct state_dcr)},
};
static const char *const words[] = {
    [STATE_COLLECTION_RULES] = "rule", [STATE_COLLECTION_ENDPOINTS] = "endpoint"};

bool state_dcr_put(struct state *s, enum state_collection c, const struct state_dcr *x,
                   struct err *e)
{
    return table_put(s, &tables[c], x, e);
}

static bool one(struct state *s, struct arena *a, enum state_collection c, const char *tail,
                struct str which, struct state_dcr *out, struct err *e)
{
    struct bind b[] = {BT(which)};
    struct err why = {0};
    if (table_one(s, a, &tables[c], NULL, tail, b, COUNTOF(b), out, &why))
        return true;
    if (why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "there is no data collection %s '%.*s'", words[c],
                       (int)(which.n < 100 ? which.n : 100), which.p);
    return err_set(e, why.code, "%s", why.msg);
}

bool state_dcr_get(struct state *s, struct arena *a, enum state_collection c, struct str key,
                   struct state_dcr *out, struct err *e)
{
    return one(s, a, c, "WHERE key = ?1", key, out, e);
}

bool state_dcr_find(struct state *s, struct arena *a, enum state_collection c,
                    struct str immutable_id, struct state_dcr *out, struct err *e)
{
    return one(s, a, c, "WHERE immutable_id = ?1", immutable_id, out, e);
}

bool state_dcr_list(struct state *s, struct arena *a, enum state_collection c,
                    struct state_dcr **out, size_t *n, struct err *e)
{
    void *rows = NULL;
    if (!table_select(s, a, &tables[c], NULL, "ORDER BY key", NULL, 0, &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_dcr_delete(struct state *s, enum state_collection c, struct str key, bool *out_was_there,
                      struct err *e)
{
    static const char *const sql[] = {
        [STATE_COLLECTION_RULES] = "DELETE FROM collection_rules WHERE key = ?1",
        [STATE_COLLECTION_ENDPOINTS] = "DELETE FROM collection_endpoints WHERE key = ?1"};
    struct bind b[] = {BT(key)};
    state_lock(s);
    bool ok = state_run(s, sql[c], b, COUNTOF(b), e);
    if (ok)
        *out_was_there = state_changes(s) > 0;
    state_unlock(s);
    return ok;
}

/* ---- associations ---- */

static const struct field association_fields[] = {
    KEY(F_TEXT, state_association, key),           FIELD(F_TEXT, state_association, resource),
    FIELD(F_TEXT, state_association, name),        FIELD(F_TEXT, state_association, etag),
    FIELD(F_TEXT, state_association, rule),        FIELD(F_TEXT, state_association, endpoint),
    FIELD(F_TEXT, state_association, description), FIELD(F_I64, state_association, created),
    FIELD(F_I64, state_association, modified),     FIELD(F_TEXT, state_association, created_by),
    FIELD(F_TEXT, state_association, modified_by),
};
static const struct table associations = {"collection_associations", association_fields,
                                          COUNTOF(association_fields),
                                          sizeof(struct state_association)};

bool state_association_put(struct state *s, const struct state_association *x, struct err *e)
{
    return table_put(s, &associations, x, e);
}

bool state_association_get(struct state *s, struct arena *a, struct str key,
                           struct state_association *out, struct err *e)
{
    struct bind b[] = {BT(key)};
    struct err why = {0};
    if (table_one(s, a, &associations, NULL, "WHERE key = ?1", b, COUNTOF(b), out, &why))
        return true;
    if (why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "there is no such data collection rule association");
    return err_set(e, why.code, "%s", why.msg);
}

bool state_association_list(struct state *s, struct arena *a, struct state_association **out,
                            size_t *n, struct err *e)
{
    void *rows = NULL;
    if (!table_select(s, a, &associations, NULL, "ORDER BY key", NULL, 0, &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_association_delete(struct state *s, struct str key, bool *out_was_there, struct err *e)
{
    struct bind b[] = {BT(key)};
    state_lock(s);
    bool ok = state_run(s, "DELETE FROM collection_associations WHERE key = ?1", b, COUNTOF(b), e);
    if (ok)
        *out_was_there = state_changes(s) > 0;
    state_unlock(s);
    return ok;
}
