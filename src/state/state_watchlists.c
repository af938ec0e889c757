/* Watchlists and their items. */
#include "state/state_priv.h"
#include "state/watchlists.h"

static const struct field list_fields[] = {
    KEY(F_TEXT, state_watchlist, workspace),
    KEY(F_TEXT, state_watchlist, key),
    FIELD(F_TEXT, state_watchlist, alias),
    FIELD(F_TEXT, state_watchlist, id),
    FIELD(F_TEXT, state_watchlist, etag),
    FIELD(F_TEXT, state_watchlist, name),
    FIELD(F_TEXT, state_watchlist, provider),
    FIELD(F_TEXT, state_watchlist, source),
    FIELD(F_TEXT, state_watchlist, source_type),
    FIELD(F_TEXT, state_watchlist, description),
    FIELD(F_TEXT, state_watchlist, type),
    FIELD(F_TEXT, state_watchlist, content_type),
    FIELD(F_TEXT, state_watchlist, search_key),
    FIELD_AS(F_TEXT, state_watchlist, columns, "column_names"),
    FIELD(F_TEXT, state_watchlist, labels),
    FIELD(F_I64, state_watchlist, default_duration),
    FIELD(F_I64, state_watchlist, lines_to_skip),
    FIELD(F_I64, state_watchlist, created),
    FIELD(F_I64, state_watchlist, updated),
    FIELD(F_TEXT, state_watchlist, created_by),
    FIELD(F_TEXT, state_watchlist, updated_by),
};
static const struct field item_fields[] = {
    KEY(F_TEXT, state_watchlist_item, workspace),
    KEY(F_TEXT, state_watchlist_item, list),
    KEY(F_TEXT, state_watchlist_item, id),
    FIELD(F_TEXT, state_watchlist_item, etag),
    FIELD(F_TEXT, state_watchlist_item, search_key),
    FIELD(F_TEXT, state_watchlist_item, item),
    FIELD(F_TEXT, state_watchlist_item, entities),
    FIELD(F_I64, state_watchlist_item, created),
    FIELD(F_I64, state_watchlist_item, updated),
    FIELD(F_TEXT, state_watchlist_item, created_by),
    FIELD(F_TEXT, state_watchlist_item, updated_by),
};
static const struct table lists = {"watchlists", list_fields, COUNTOF(list_fields),
                                   sizeof(struct state_watchlist)};
static const struct table items = {"watchlist_items", item_fields, COUNTOF(item_fields),
                                   sizeof(struct state_watchlist_item)};

/* ---- lists ---- */

bool state_watchlist_put(struct state *s, const struct state_watchlist *l, struct err *e)
{
    return table_put(s, &lists, l, e);
}

bool state_watchlist_get(struct state *s, struct arena *a, struct str workspace, struct str key,
                         struct state_watchlist *out, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(key)};
    struct err why = {0};
    if (table_one(s, a, &lists, NULL, "WHERE workspace = ?1 AND key = ?2", b, COUNTOF(b), out,
                  &why))
        return true;
    if (why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "there is no watchlist '%.*s'",
                       (int)(key.n < 100 ? key.n : 100), key.p);
    return err_set(e, why.code, "%s", why.msg);
}

bool state_watchlist_list(struct state *s, struct arena *a, struct str workspace,
                          struct state_watchlist **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace)};
    void *rows = NULL;
    if (!table_select(s, a, &lists, NULL, "WHERE ?1 = '' OR workspace = ?1 ORDER BY workspace, key",
                      b, COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_watchlist_delete(struct state *s, const struct state_watchlist *l, struct err *e)
{
    struct bind b[] = {BT(l->workspace), BT(l->id)}, key[] = {BT(l->workspace), BT(l->key)};
    return state_run(s, "DELETE FROM watchlist_items WHERE workspace = ?1 AND list = ?2", b,
                     COUNTOF(b), e) &&
           state_run(s, "DELETE FROM watchlists WHERE workspace = ?1 AND key = ?2", key,
                     COUNTOF(key), e);
}

/* ---- items ---- */

bool state_watchlist_item_put(struct state *s, const struct state_watchlist_item *i, struct err *e)
{
    return table_put(s, &items, i, e);
}

bool state_watchlist_item_get(struct state *s, struct arena *a, struct str workspace,
                              struct str list, struct str id, struct state_watchlist_item *out,
                              struct err *e)
{
    struct bind b[] = {BT(workspace), BT(list), BT(id)};
    struct err why = {0};
    if (table_one(s, a, &items, NULL, "WHERE workspace = ?1 AND list = ?2 AND id = ?3", b,
                  COUNTOF(b), out, &why))
        return true;
    if (why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "there is no watchlist item '%.*s'",
                       (int)(id.n < 100 ? id.n : 100), id.p);
    return err_set(e, why.code, "%s", why.msg);
}

bool state_watchlist_items(struct state *s, struct arena *a, struct str workspace, struct str list,
                           struct str after, size_t max, struct state_watchlist_item **out,
                           size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(list), BT(after), BI((int64_t)max)};
    void *rows = NULL;
    if (!table_select(s, a, &items, NULL,
                      "WHERE workspace = ?1 AND list = ?2 AND id > ?3 ORDER BY id LIMIT ?4", b,
                      COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_watchlist_items_of(struct state *s, struct arena *a, struct str workspace,
                              struct str list, struct str search_key,
                              struct state_watchlist_item **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(list), BT(search_key)};
    void *rows = NULL;
    /* Without the hint the primary key is taken for the order, and the whole list is read. */
    if (!table_select(s, a, &items, "watchlist_items INDEXED BY watchlist_items_by_key",
                      "WHERE workspace = ?1 AND list = ?2 AND search_key = ?3 ORDER BY id", b,
                      COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_watchlist_item_count(struct state *s, struct str workspace, int64_t *out, struct err *e)
{
    struct bind b[] = {BT(workspace)};
    state_lock(s);
    sqlite3_stmt *st = state_prepare_locked(
        s, "SELECT count(*) FROM watchlist_items WHERE workspace = ?1", b, COUNTOF(b), e);
    bool ok = st != NULL && sqlite3_step(st) == SQLITE_ROW;
    if (ok)
        *out = sqlite3_column_int64(st, 0);
    else if (st != NULL)
        state_error(s, e, "watchlist_items");
    sqlite3_finalize(st);
    state_unlock(s);
    return ok;
}

bool state_watchlist_item_delete(struct state *s, struct str workspace, struct str list,
                                 struct str id, bool *out_was_there, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(list), BT(id)};
    state_lock(s);
    bool ok =
        state_run(s, "DELETE FROM watchlist_items WHERE workspace = ?1 AND list = ?2 AND id = ?3",
                  b, COUNTOF(b), e);
    if (ok)
        *out_was_there = state_changes(s) > 0;
    state_unlock(s);
    return ok;
}
