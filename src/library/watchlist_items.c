/* Items of watchlists, one at a time. */
#include "base/ids.h"
#include "library/library_priv.h"

struct putting {
    struct library *l;
    struct arena *a;
    struct workspace *w;
    struct str alias, etag, who;
    struct state_watchlist list;
    struct state_watchlist_item item; /* as it will be */
    struct str *columns;              /* of the item */
    size_t n_columns;
    bool created;
};

static bool item_id(struct arena *a, struct str id, struct str *out, struct err *e)
{
    struct guid g;
    char text[37];
    if (!guid_parse(id, &g))
        return err_set(e, ERR_INVALID, "a watchlist item's id is a GUID");
    guid_format(g, text);
    *out = arena_str(a, str_from(text));
    return true;
}

/* {"column": value}: values of _GetWatchlist() are texts, whatever was sent. */
static bool read_values(struct putting *p, const struct json *v, struct err *e)
{
    if (v == NULL || v->type != JSON_OBJECT || v->n == 0)
        return err_set(e, ERR_INVALID,
                       "properties.itemsKeyValue: an object of columns and values expected");
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(WATCHLIST_MAX_LINE);
    struct json_out o = json_out_make(&b);
    p->columns = arena_array(p->a, struct str, v->n);
    json_obj(&o);
    for (size_t i = 0; i < v->n; i++) {
        const struct json *value = &v->items[i];
        struct str name = arena_str(p->a, v->keys[i]), text = STR("");
        if (!watchlist_column_ok(name, p->list.search_key, e)) {
            err_prefix(e, "properties.itemsKeyValue");
            return false;
        }
        if (value->type == JSON_STRING)
            text = value->text;
        else if (value->type != JSON_NULL)
            text = compact_json(p->a, value, WATCHLIST_MAX_LINE);
        if (str_eq(name, p->list.search_key))
            p->item.search_key = arena_str(p->a, text);
        json_key_str(&o, name);
        json_str(&o, text);
        p->columns[p->n_columns++] = name;
    }
    json_obj_end(&o);
    if (!sbuf_ok(&b))
        return err_set(e, ERR_LIMIT, "properties.itemsKeyValue: more than %d bytes",
                       WATCHLIST_MAX_LINE);
    p->item.item = arena_str(p->a, sbuf_str(&b));
    return json_get_str(v, p->list.search_key) != NULL ||
           err_set(e, ERR_INVALID,
                   "properties.itemsKeyValue has no '%.*s', which is the search key",
                   STR_ARG(brief(p->list.search_key, 60)));
}

static bool read_item(struct putting *p, const struct json *body, struct err *e)
{
    const struct json *properties = member(body, "properties"),
                      *entities = member(properties, "entityMapping");
    p->item.entities = STR("");
    if (entities != NULL && entities->type != JSON_NULL) {
        if (entities->type == JSON_OBJECT)
            p->item.entities = compact_json(p->a, entities, WATCHLIST_MAX_LINE);
        if (p->item.entities.n == 0)
            return err_set(e, ERR_INVALID,
                           "properties.entityMapping: an object of at most %d bytes expected",
                           WATCHLIST_MAX_LINE);
    }
    return read_values(p, member(properties, "itemsKeyValue"), e);
}

static bool room_for_one(struct putting *p, struct err *e)
{
    int64_t n = 0;
    if (!state_watchlist_item_count(p->l->o.state, workspace_id(p->w), &n, e))
        return false;
    return n < WATCHLIST_MAX_ITEMS ||
           err_set(e, ERR_LIMIT, "the workspace's watchlists have %d items already",
                   WATCHLIST_MAX_ITEMS);
}

static bool put_locked(struct putting *p, const struct json *body, struct err *e)
{
    struct state_watchlist_item before = {0}, *item = &p->item;
    struct err why = {0};
    int64_t now = clock_now(p->l->o.clock);
    if (!watchlist_find(p->l, p->a, p->w, p->alias, &p->list, e) || !read_item(p, body, e))
        return false;
    bool there = state_watchlist_item_get(p->l->o.state, p->a, p->list.workspace, p->list.id,
                                          item->id, &before, &why);
    if (!there && why.code != ERR_NOT_FOUND) {
        *e = why;
        return false;
    }
    if (there && !etag_fits(p->etag, before.etag))
        return err_set(e, ERR_CONFLICT, "the item was changed meanwhile: its etag is another one");
    if (!there && !room_for_one(p, e))
        return false;
    p->created = !there;
    item->workspace = p->list.workspace;
    item->list = p->list.id;
    item->etag = new_guid(p->a);
    item->created = there ? before.created : now;
    item->created_by = there ? before.created_by : p->who;
    item->updated = there && before.updated >= now ? before.updated + 1 : now;
    item->updated_by = p->who;
    AUTO(watchlist_rows_fini)
    struct watchlist_rows rows = watchlist_rows_make(p->l, p->a, p->w, &p->list);
    return watchlist_add_columns(p->a, &p->list, p->columns, p->n_columns, e) &&
           state_watchlist_put(p->l->o.state, &p->list, e) &&
           state_watchlist_item_put(p->l->o.state, item, e) &&
           watchlist_rows_add(&rows, item, there ? WATCHLIST_UPDATE : WATCHLIST_CREATE, e) &&
           watchlist_rows_end(&rows, e) &&
           watchlist_audit(p->l, p->a, p->w, &p->list,
                           "Microsoft.SecurityInsights/watchlists/watchlistItems/Write",
                           "Create or update watchlist item.", p->who, e);
}

bool library_item_put(struct library *l, struct arena *a, struct workspace *w, struct str alias,
                      struct str id, const struct json *body, struct str if_match, struct str who,
                      struct state_watchlist_item *out, bool *out_created, struct err *e)
{
    struct putting p = {.l = l, .a = a, .w = w, .alias = alias, .who = who};
    p.etag = if_match.n > 0 ? if_match : json_text(member(body, "etag"), STR(""));
    if (!item_id(a, id, &p.item.id, e) || !state_begin(l->o.state, e) ||
        !state_end(l->o.state, put_locked(&p, body, e), e))
        return false;
    *out = p.item;
    *out_created = p.created;
    return watchlist_settle(l, a, w, alias, e) && incidents_flush(l->o.incidents, e);
}

/* ---- reading and deleting ---- */

bool library_item_get(struct library *l, struct arena *a, struct workspace *w, struct str alias,
                      struct str id, struct state_watchlist_item *out, struct err *e)
{
    struct state_watchlist x = {0};
    struct str key = STR("");
    return watchlist_find(l, a, w, alias, &x, e) && item_id(a, id, &key, e) &&
           state_watchlist_item_get(l->o.state, a, x.workspace, x.id, key, out, e);
}

bool library_item_list(struct library *l, struct arena *a, struct workspace *w, struct str alias,
                       struct str after, size_t max, struct state_watchlist_item **out, size_t *n,
                       struct err *e)
{
    struct state_watchlist x = {0};
    return watchlist_find(l, a, w, alias, &x, e) &&
           state_watchlist_items(l->o.state, a, x.workspace, x.id, after, max, out, n, e);
}

static bool delete_locked(struct library *l, struct arena *a, struct workspace *w,
                          const struct state_watchlist *x, struct str id, struct str who,
                          bool *out_was_there, struct err *e)
{
    struct state_watchlist_item item = {0};
    struct err why = {0};
    int64_t now = clock_now(l->o.clock);
    *out_was_there = state_watchlist_item_get(l->o.state, a, x->workspace, x->id, id, &item, &why);
    if (!*out_was_there) {
        if (why.code != ERR_NOT_FOUND && e != NULL)
            *e = why;
        return why.code == ERR_NOT_FOUND;
    }
    item.updated = item.updated >= now ? item.updated + 1 : now;
    item.updated_by = who;
    AUTO(watchlist_rows_fini) struct watchlist_rows rows = watchlist_rows_make(l, a, w, x);
    return watchlist_rows_add(&rows, &item, WATCHLIST_DELETE, e) && watchlist_rows_end(&rows, e) &&
           state_watchlist_item_delete(l->o.state, x->workspace, x->id, id, out_was_there, e) &&
           watchlist_audit(l, a, w, x,
                           "Microsoft.SecurityInsights/watchlists/watchlistItems/Delete",
                           "Watchlist item deleted", who, e);
}

bool library_item_delete(struct library *l, struct workspace *w, struct str alias, struct str id,
                         struct str who, bool *out_was_there, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct state_watchlist x = {0};
    struct str key = STR("");
    if (!item_id(a, id, &key, e) || !state_begin(l->o.state, e))
        return false;
    bool ok = watchlist_find(l, a, w, alias, &x, e) &&
              delete_locked(l, a, w, &x, key, who, out_was_there, e);
    return state_end(l->o.state, ok, e) && incidents_flush(l->o.incidents, e);
}
