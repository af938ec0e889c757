/* Watchlists as queries see them. */
#include "library/library_priv.h"

bool watchlist_columns(struct arena *a, struct str text, struct str **out, size_t *n, struct err *e)
{
    struct json v = {0};
    if (!json_parse(a, text, NULL, &v, e))
        return false;
    *out = arena_array(a, struct str, v.n + 1);
    *n = 0;
    for (size_t i = 0; v.type == JSON_ARRAY && i < v.n; i++)
        (*out)[(*n)++] = json_text(&v.items[i], STR(""));
    return true;
}

bool watchlist_publish(struct arena *a, struct workspace *w, const struct state_watchlist *x,
                       struct err *e)
{
    struct store_watchlist l = {.alias = x->alias, .id = x->id};
    l.confidential = str_ieqz(x->type, WATCHLIST_CONFIDENTIAL);
    return watchlist_columns(a, x->columns, &l.columns, &l.n, e) &&
           workspace_watchlist_put(w, &l, e);
}
