/* Microsoft.SecurityInsights/watchlists and their items. */
#include "api/api_priv.h"
#include "text/json.h"

/* rawContent as JSON text may double in size. */
enum { MAX_LIST = 2 * WATCHLIST_MAX_CONTENT + 65536, MAX_ITEM = 1 << 20, PAGE = 1000 };

/* ---- confidential lists: an action of their own (permissions.md 1.1) ---- */

static bool is_confidential(struct str type)
{
    return str_ieqz(type, "ConfidentialWatchlist");
}

static bool may_confidential(const struct http_request *q, struct workspace *w)
{
    bool reads = q->method == HTTP_GET, deletes = q->method == HTTP_DELETE;
    struct identity_target where = {.workspace = workspace_id(w)};
    return identity_may(api_caller(q),
                        reads     ? STR("Microsoft.SecurityInsights/ConfidentialWatchlists/read")
                        : deletes ? STR("Microsoft.SecurityInsights/ConfidentialWatchlists/delete")
                                  : STR("Microsoft.SecurityInsights/ConfidentialWatchlists/write"),
                        false, &where);
}

static void refuse(struct vedette *v, struct http_request *q, struct http_response *r)
{
    struct err e = {0};
    err_set(&e, ERR_FORBIDDEN,
            "The client '%.*s' does not have authorization to perform action "
            "'Microsoft.SecurityInsights/ConfidentialWatchlists/%s'.",
            STR_ARG(api_caller(q)->id),
            q->method == HTTP_GET      ? "read"
            : q->method == HTTP_DELETE ? "delete"
                                       : "write");
    api_error(v, q, &e, r);
}

/* The workspace, if the caller may do what it asks for with the list of the path; NULL: the answer
 * is written. */
static struct workspace *list_workspace(struct vedette *v, struct http_request *q,
                                        struct http_response *r)
{
    struct state_watchlist x = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || may_confidential(q, w) ||
        !library_watchlist_get(v->library, q->arena, w, http_param(q, "alias"), &x, NULL) ||
        !is_confidential(x.type))
        return w;
    refuse(v, q, r);
    return NULL;
}

/* ---- lists ---- */

static void list(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_watchlist *all = NULL;
    size_t n = 0;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!library_watchlist_list(v->library, q->arena, w, &all, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++)
        if (!is_confidential(all[i].type) || may_confidential(q, w))
            library_watchlist_to_json(v->library, q->arena, w, &all[i], &o);
    api_list_end(&o);
}

static void get(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_watchlist x = {0};
    struct workspace *w = list_workspace(v, q, r);
    struct json_out o = json_out_make(&r->body);
    if (w == NULL)
        return;
    if (library_watchlist_get(v->library, q->arena, w, http_param(q, "alias"), &x, &e))
        library_watchlist_to_json(v->library, q->arena, w, &x, &o);
    else
        api_error(v, q, &e, r);
}

static void put(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct state_watchlist x = {0};
    bool created = false;
    struct workspace *w = list_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    if (is_confidential(json_text(json_path(&body, "properties.watchlistType"), STR(""))) &&
        !may_confidential(q, w)) {
        refuse(v, q, r);
        return;
    }
    if (!library_watchlist_put(v->library, q->arena, w, http_param(q, "alias"), &body,
                               http_header(q, "if-match"), api_caller(q)->name, &x, &created, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    r->status = created ? 201 : 200;
    library_watchlist_to_json(v->library, q->arena, w, &x, &o);
}

static void delete (void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    bool was_there = false;
    struct workspace *w = list_workspace(v, q, r);
    if (w == NULL)
        return;
    bool ok = library_watchlist_delete(v->library, w, http_param(q, "alias"), api_caller(q)->name,
                                       &was_there, &e);
    api_gone(v, q, r, ok, was_there, &e);
}

/* ---- items ---- */

static void items(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_watchlist_item *all = NULL;
    struct str alias = http_param(q, "alias");
    size_t n = 0;
    struct workspace *w = list_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!library_item_list(v->library, q->arena, w, alias, http_query(q, "$skipToken"), PAGE, &all,
                           &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    json_key(&o, "value");
    json_arr(&o);
    for (size_t i = 0; i < n; i++)
        library_item_to_json(v->library, q->arena, w, alias, &all[i], &o);
    json_arr_end(&o);
    if (n == PAGE)
        json_kv_str(&o, "nextLink", api_link(v, q, "$skipToken", all[n - 1].id));
    json_obj_end(&o);
}

static void item_get(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_watchlist_item x = {0};
    struct str alias = http_param(q, "alias");
    struct workspace *w = list_workspace(v, q, r);
    struct json_out o = json_out_make(&r->body);
    if (w == NULL)
        return;
    if (library_item_get(v->library, q->arena, w, alias, http_param(q, "item"), &x, &e))
        library_item_to_json(v->library, q->arena, w, alias, &x, &o);
    else
        api_error(v, q, &e, r);
}

static void item_put(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct state_watchlist_item x = {0};
    struct str alias = http_param(q, "alias");
    bool created = false;
    struct workspace *w = list_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    if (!library_item_put(v->library, q->arena, w, alias, http_param(q, "item"), &body,
                          http_header(q, "if-match"), api_caller(q)->name, &x, &created, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    r->status = created ? 201 : 200;
    library_item_to_json(v->library, q->arena, w, alias, &x, &o);
}

static void item_delete(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    bool was_there = false;
    struct workspace *w = list_workspace(v, q, r);
    if (w == NULL)
        return;
    bool ok = library_item_delete(v->library, w, http_param(q, "alias"), http_param(q, "item"),
                                  api_caller(q)->name, &was_there, &e);
    api_gone(v, q, r, ok, was_there, &e);
}

#define ONE_PATH INSIGHTS_PATH "/watchlists/{alias}"
#define ITEM_PATH ONE_PATH "/watchlistItems"
const struct http_route watchlist_routes[] = {
    {HTTP_GET, INSIGHTS_PATH "/watchlists", list, "watchlists/read", 0, FAMILY_ARM},
    {HTTP_GET, ONE_PATH, get, "watchlists/read", 0, FAMILY_ARM},
    {HTTP_PUT, ONE_PATH, put, "watchlists/write", MAX_LIST, FAMILY_ARM},
    {HTTP_DELETE, ONE_PATH, delete, "watchlists/write", 0, FAMILY_ARM},
    {HTTP_GET, ITEM_PATH, items, "watchlists/read", 0, FAMILY_ARM},
    {HTTP_GET, ITEM_PATH "/{item}", item_get, "watchlists/read", 0, FAMILY_ARM},
    {HTTP_PUT, ITEM_PATH "/{item}", item_put, "watchlists/write", MAX_ITEM, FAMILY_ARM},
    {HTTP_DELETE, ITEM_PATH "/{item}", item_delete, "watchlists/write", 0, FAMILY_ARM},
};
const size_t n_watchlist_routes = COUNTOF(watchlist_routes);
