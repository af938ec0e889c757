/* Watchlists and their items. */
#pragma once
#include "state/state.h"

struct state_watchlist {
    struct str workspace, key; /* key: the alias in lower case */
    struct str alias, id; /* id: a GUID, another one for a list that was deleted and made anew */
    struct str etag;
    struct str name, provider, source, source_type, description, type;
    struct str content_type, search_key; /* search_key: a column's name */
    struct str columns;                  /* JSON array of names, in the order of the file */
    struct str labels;                   /* JSON array of text */
    int64_t default_duration;            /* ticks; 0: none */
    int64_t lines_to_skip;
    int64_t created, updated;
    struct str created_by, updated_by;
};
struct state_watchlist_item {
    struct str workspace, list, id; /* list: the watchlist's id; id: a GUID */
    struct str etag;
    struct str search_key;     /* the value */
    struct str item, entities; /* JSON objects: column → text; entity mapping */
    int64_t created, updated;
    struct str created_by, updated_by;
};
bool state_watchlist_put(struct state *s, const struct state_watchlist *l, struct err *e) MUST_USE;
bool state_watchlist_get(struct state *s, struct arena *a, struct str workspace, struct str key,
                         struct state_watchlist *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
/* By alias; empty workspace: all. */
bool state_watchlist_list(struct state *s, struct arena *a, struct str workspace,
                          struct state_watchlist **out, size_t *n, struct err *e) MUST_USE;
bool state_watchlist_delete(struct state *s, const struct state_watchlist *l,
                            struct err *e) MUST_USE; /* with its items */

bool state_watchlist_item_put(struct state *s, const struct state_watchlist_item *i,
                              struct err *e) MUST_USE;
bool state_watchlist_item_get(struct state *s, struct arena *a, struct str workspace,
                              struct str list, struct str id, struct state_watchlist_item *out,
                              struct err *e) MUST_USE; /* ERR_NOT_FOUND */
/* Those behind the id `after` (empty: from the start), by id, at most max. */
bool state_watchlist_items(struct state *s, struct arena *a, struct str workspace, struct str list,
                           struct str after, size_t max, struct state_watchlist_item **out,
                           size_t *n, struct err *e) MUST_USE;
/* All with that value in the search key's column. */
bool state_watchlist_items_of(struct state *s, struct arena *a, struct str workspace,
                              struct str list, struct str search_key,
                              struct state_watchlist_item **out, size_t *n, struct err *e) MUST_USE;
/* Of the whole workspace. */
bool state_watchlist_item_count(struct state *s, struct str workspace, int64_t *out,
                                struct err *e) MUST_USE;
bool state_watchlist_item_delete(struct state *s, struct str workspace, struct str list,
                                 struct str id, bool *out_was_there, struct err *e) MUST_USE;
