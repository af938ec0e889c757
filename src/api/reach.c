/* Which workspaces a query may read besides the one that it is asked of. */
#include "api/api_priv.h"
#include "text/json.h"

static struct workspace *find(void *self, struct str text)
{
    const struct http_request *q = self;
    struct workspace *w = identity_workspace_named(api_caller(q), text);
    return w != NULL && api_may(q, workspace_id(w)) ? w : NULL;
}

const struct store_reach *api_reach(struct http_request *q)
{
    struct store_reach *reach = arena_new_of(q->arena, struct store_reach);
    *reach = (struct store_reach){.self = q, .find = find};
    return reach;
}

static bool is_among(const struct kql_options *o, struct str id)
{
    for (size_t i = 0; i < o->n_workspaces; i++)
        if (str_eq(o->workspaces[i], id))
            return true;
    return false;
}

bool api_more_workspaces(struct http_request *q, const struct workspace *own,
                         const struct json *list, struct kql_options *out, struct err *e)
{
    if (list == NULL || list->type == JSON_NULL)
        return true;
    if (list->type != JSON_ARRAY)
        return err_set(e, ERR_INVALID, "workspaces: a list of names, ids or resource ids expected");
    struct str *all = arena_array(q->arena, struct str, out->n_workspaces + list->n + 1);
    if (out->n_workspaces > 0)
        memcpy(all, out->workspaces, out->n_workspaces * sizeof(*all));
    out->workspaces = all;
    for (size_t i = 0; i < list->n; i++) {
        struct str name = json_text(&list->items[i], STR(""));
        const struct workspace *w = find(q, name);
        if (w == NULL)
            return err_set(e, ERR_NOT_FOUND, "workspaces[%zu]: there is no workspace '%.*s'", i,
                           (int)(name.n < 200 ? name.n : 200), name.p);
        if (w == own || is_among(out, workspace_id(w)))
            continue;
        if (out->n_workspaces + 1 >= STORE_QUERY_WORKSPACES)
            return err_set(e, ERR_INVALID, "workspaces: at most %d in one query",
                           STORE_QUERY_WORKSPACES);
        all[out->n_workspaces++] = workspace_id(w);
    }
    return true;
}
