/* The rows of the tables Watchlist and ConfidentialWatchlist. */
#include "base/ids.h"
#include "library/library_priv.h"
#include "text/date.h"

/* Of one entry of the outbox; many at once would have to be in memory together. */
enum { PIECE_BYTES = 1 << 20, MAX_PIECE = 2 << 20 };

static const char *const statuses[] = {"Create", "Update", "Delete"};

struct watchlist_rows watchlist_rows_make(struct library *l, struct arena *a, struct workspace *w,
                                          const struct state_watchlist *x)
{
    bool confidential = str_ieqz(x->type, WATCHLIST_CONFIDENTIAL);
    return (struct watchlist_rows){.l = l,
                                   .a = a,
                                   .w = w,
                                   .x = x,
                                   .table = confidential ? "ConfidentialWatchlist" : "Watchlist",
                                   .b = sbuf_make(MAX_PIECE),
                                   .correlation = new_guid(a)};
}

void watchlist_rows_fini(struct watchlist_rows *r)
{
    sbuf_fini(&r->b);
}

static bool put_piece(struct watchlist_rows *r, struct err *e)
{
    json_arr_end(&r->o);
    r->n = 0;
    if (!sbuf_ok(&r->b))
        return err_set(e, ERR_LIMIT, "a row of the watchlist is too large");
    struct str id = new_guid(r->a);
    bool ok = logrows_put(r->l->o.incidents, r->w, r->table, sbuf_str(&r->b),
                          arena_fmt(r->a, "watchlist/%.*s", STR_ARG(id)), e);
    sbuf_clear(&r->b);
    return ok;
}

static void write_list(struct json_out *o, const struct state_watchlist *x)
{
    char span[40];
    json_kv_str(o, "WatchlistId", x->id);
    json_kv_str(o, "WatchlistName", x->name);
    json_kv_str(o, "WatchlistAlias", x->alias);
    json_kv_z(o, "WatchlistCategory", "General");
    json_kv_str(o, "Source", x->source);
    json_kv_str(o, "Provider", x->provider);
    json_kv_str(o, "Notes", x->description);
    json_kv_str(o, "Tags", x->labels);
    if (x->default_duration > 0) {
        duration_format_iso8601(x->default_duration, span);
        json_kv_z(o, "DefaultDuration", span);
    }
}

static void write_item(struct json_out *o, const struct state_watchlist *x,
                       const struct state_watchlist_item *item)
{
    json_kv_str(o, "_DTItemId", item->id);
    json_kv_str(o, "WatchlistItemId", item->id);
    json_kv_z(o, "_DTItemType", "watchlist-item");
    json_kv_str(o, "SearchKey", item->search_key);
    json_key(o, "WatchlistItem");
    json_raw(o, item->item);
    if (item->entities.n > 0) {
        json_key(o, "EntityMapping");
        json_raw(o, item->entities);
    }
    if (x->default_duration > 0)
        json_kv_time(o, "TimeToLive", item->updated + x->default_duration);
}

bool watchlist_rows_add(struct watchlist_rows *r, const struct state_watchlist_item *item,
                        enum watchlist_status status, struct err *e)
{
    const struct state_watchlist *x = r->x;
    struct json_out *o = &r->o;
    if (r->n > 0 && r->b.n > PIECE_BYTES && !put_piece(r, e))
        return false;
    if (r->n++ == 0) {
        *o = json_out_make(&r->b);
        json_arr(o);
    }
    int64_t created = item != NULL ? item->created : x->created;
    int64_t updated = item != NULL ? item->updated : x->updated;
    json_obj(o);
    json_kv_time(o, "TimeGenerated", clock_now(r->l->o.clock));
    json_kv_str(o, "AzureTenantId", workspace_id(r->w));
    json_kv_str(o, "CorrelationId", r->correlation);
    write_list(o, x);
    json_kv_time(o, "CreatedTimeUTC", created);
    json_kv_time(o, "LastUpdatedTimeUTC", updated);
    json_kv_time(o, "_DTTimestamp", updated);
    json_kv_z(o, "_DTItemStatus", statuses[status]);
    write_user(o, "CreatedBy", item != NULL ? item->created_by : x->created_by);
    write_user(o, "UpdatedBy", item != NULL ? item->updated_by : x->updated_by);
    if (item != NULL) {
        write_item(o, x, item);
    } else {
        json_kv_str(o, "_DTItemId", x->id);
        json_kv_z(o, "_DTItemType", "watchlist");
    }
    json_obj_end(o);
    return true;
}

bool watchlist_rows_end(struct watchlist_rows *r, struct err *e)
{
    return r->n == 0 || put_piece(r, e);
}
