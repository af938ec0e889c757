/* The ARM faces of watchlists and their items. Source: "Watchlists", "Watchlist Items" of the
 * Security Insights API. */
#include "library/library_priv.h"
#include "text/date.h"

void write_user(struct json_out *o, const char *key, struct str name)
{
    json_key(o, key);
    json_obj(o);
    json_kv_null(o, "objectId");
    json_kv_null(o, "email");
    json_kv_str(o, "name", name);
    json_obj_end(o);
}

static void text_or_raw(struct json_out *o, const char *key, struct str json, const char *empty)
{
    json_key(o, key);
    json_raw(o, json.n > 0 ? json : str_from(empty));
}

void library_watchlist_to_json(struct library *l, struct arena *a, struct workspace *w,
                               const struct state_watchlist *x, struct json_out *o)
{
    char span[40];
    json_obj(o);
    json_kv_str(o, "id", arm_id(a, &l->o.scope, workspace_name(w), "watchlists", x->alias));
    json_kv_str(o, "name", x->alias);
    json_kv_z(o, "type", "Microsoft.SecurityInsights/Watchlists");
    etag_write(o, x->etag);
    json_key(o, "properties");
    json_obj(o);
    json_kv_str(o, "watchlistId", x->id);
    json_kv_str(o, "displayName", x->name);
    json_kv_str(o, "provider", x->provider);
    json_kv_str(o, "source", x->source);
    json_kv_str(o, "sourceType", x->source_type);
    json_kv_time(o, "created", x->created);
    json_kv_time(o, "updated", x->updated);
    write_user(o, "createdBy", x->created_by);
    write_user(o, "updatedBy", x->updated_by);
    json_kv_str(o, "description", x->description);
    json_kv_str(o, "watchlistType", x->type);
    json_kv_str(o, "watchlistAlias", x->alias);
    json_kv_bool(o, "isDeleted", false);
    text_or_raw(o, "labels", x->labels, "[]");
    if (x->default_duration > 0) {
        duration_format_iso8601(x->default_duration, span);
        json_kv_z(o, "defaultDuration", span);
    }
    json_kv_str(o, "tenantId", workspace_id(w));
    json_kv_int(o, "numberOfLinesToSkip", x->lines_to_skip);
    json_kv_str(o, "itemsSearchKey", x->search_key);
    json_kv_str(o, "contentType", x->content_type);
    json_kv_z(o, "uploadStatus", "Complete");
    json_obj_end(o);
    json_obj_end(o);
}

void library_item_to_json(struct library *l, struct arena *a, struct workspace *w, struct str alias,
                          const struct state_watchlist_item *x, struct json_out *o)
{
    struct str list = arm_id(a, &l->o.scope, workspace_name(w), "watchlists", alias);
    json_obj(o);
    json_kv_str(o, "id", arena_fmt(a, "%.*s/watchlistItems/%.*s", STR_ARG(list), STR_ARG(x->id)));
    json_kv_str(o, "name", x->id);
    json_kv_z(o, "type", "Microsoft.SecurityInsights/Watchlists/WatchlistItems");
    etag_write(o, x->etag);
    json_key(o, "properties");
    json_obj(o);
    json_kv_z(o, "watchlistItemType", "watchlist-item");
    json_kv_str(o, "watchlistItemId", x->id);
    json_kv_str(o, "tenantId", workspace_id(w));
    json_kv_bool(o, "isDeleted", false);
    json_kv_time(o, "created", x->created);
    json_kv_time(o, "updated", x->updated);
    write_user(o, "createdBy", x->created_by);
    write_user(o, "updatedBy", x->updated_by);
    text_or_raw(o, "itemsKeyValue", x->item, "{}");
    text_or_raw(o, "entityMapping", x->entities, "{}");
    json_obj_end(o);
    json_obj_end(o);
}
