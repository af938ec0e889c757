/* Queries in the context of a resource, a resource group or a subscription: what they read. The
 * rows are those of all workspaces whose _ResourceId lies there (identity/access.h). Stored
 * functions are not known, as in Azure. Source: "Querying logs for Azure resources". */
#include "api/api_priv.h"
#include "identity/access.h"

enum { MAX_RESOURCE = 1024 };
struct resource_query {
    const struct http_request *q;
    struct str resource;
    struct workspace **list; /* that it reads */
    size_t n;
};

/* The id that the path of /v1/{id}/query names: clients send two slashes in front of it. */
static bool resource_of(const struct http_request *q, struct str *out, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_RESOURCE);
    struct str path = q->path, part = STR_NONE;
    VEC(struct str) parts = {0};
    while (path.n > 0) {
        size_t at = path.n;
        (void)str_find(path, STR("/"), &at);
        part = str_sub(path, 0, at);
        path = str_sub(path, at + 1, path.n);
        if (part.n > 0)
            VEC_PUSH(q->arena, &parts, part);
    }
    for (size_t i = 1; i + 1 < parts.n; i++) { /* without "v1" and "query" */
        if (!http_percent_decode(q->arena, parts.p[i], false, &part) || str_holds(part, '/'))
            return err_set(e, ERR_INVALID, "the path can't be read");
        sbuf_addf(&b, "/%.*s", STR_ARG(part));
    }
    if (!sbuf_ok(&b) || !utf8_valid(sbuf_str(&b), NULL))
        return err_set(e, ERR_INVALID, "the resource's id has at most %d bytes of UTF-8",
                       MAX_RESOURCE);
    *out = arena_str(q->arena, sbuf_str(&b));
    return true;
}

bool api_reads_resource(const struct http_request *q)
{
    struct err ignored = {0};
    struct str resource;
    /* What is wrong with the path is told by the handler. */
    return !resource_of(q, &resource, &ignored) ||
           identity_reads_resource(api_caller(q), STR_NONE, resource);
}

static bool is_listed(const struct resource_query *x, const struct workspace *w)
{
    for (size_t i = 0; i < x->n; i++)
        if (x->list[i] == w)
            return true;
    return false;
}

static bool reads(void *self, struct arena *a, struct workspace *w, struct str table,
                  const struct kql_row_rule **out_rows)
{
    const struct resource_query *x = self;
    const struct identity_table t = {
        .workspace = workspace_id(w), .name = table, .custom = api_is_custom_table(table)};
    return is_listed(x, w) && identity_reads_of_resource(api_caller(x->q), a, x->resource, &t,
                                                         out_rows) != IDENTITY_READS_NOTHING;
}

static struct workspace *find(void *self, struct str text)
{
    const struct resource_query *x = self;
    for (size_t i = 0; i < x->n; i++)
        if (str_ieq(workspace_id(x->list[i]), text))
            return x->list[i];
    struct workspace *w = identity_workspace_named(api_caller(x->q), text);
    return w != NULL && is_listed(x, w) ? w : NULL;
}

static bool collect(struct vedette *v, struct resource_query *x, struct err *e)
{
    const struct identity_caller *c = api_caller(x->q);
    struct workspace *w = NULL;
    VEC(struct workspace *) list = {0};
    for (size_t i = 0; (w = store_workspace_at(v->store, i)) != NULL; i++)
        if (identity_reads_resource(c, workspace_id(w), x->resource) &&
            (identity_access_of(v->identity, workspace_id(w)).by_resource ||
             identity_allows(c, "query/read", workspace_id(w))))
            VEC_PUSH(x->q->arena, &list, w);
    x->list = list.p;
    x->n = list.n;
    if (list.n > STORE_QUERY_WORKSPACES)
        return err_set(e, ERR_LIMIT,
                       "there are %zu workspaces with logs of resources that you may read; a query "
                       "reads at most %d: ask a workspace",
                       list.n, STORE_QUERY_WORKSPACES);
    return list.n > 0 ||
           err_set(e, ERR_FORBIDDEN,
                   "The client '%.*s' does not have access to a workspace with logs of this "
                   "resource.",
                   STR_ARG(c->id));
}

bool api_resource_query(struct vedette *v, struct http_request *q, struct str text,
                        struct store_query *out, struct api_workspaces *out_read, struct err *e)
{
    struct resource_query *x = arena_new_of(q->arena, struct resource_query);
    struct store_access *access = arena_new_of(q->arena, struct store_access);
    struct store_reach *reach = arena_new_of(q->arena, struct store_reach);
    *x = (struct resource_query){.q = q};
    if (!resource_of(q, &x->resource, e) || !collect(v, x, e))
        return false;
    struct str *others = arena_array(q->arena, struct str, x->n);
    for (size_t i = 1; i < x->n; i++)
        others[i - 1] = workspace_id(x->list[i]);
    *access = (struct store_access){.self = x, .reads = reads};
    *reach = (struct store_reach){x, find};
    *out = (struct store_query){.text = text,
                                .access = access,
                                .reach = reach,
                                .shipped_functions_only = true,
                                .options = {.workspaces = others, .n_workspaces = x->n - 1}};
    *out_read = (struct api_workspaces){x->list, x->n, x->resource};
    return true;
}
