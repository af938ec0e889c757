/* POST /vedette/v1/workspaces/{workspace}/explain: the SQL of a query, and which parts it would
 * read. POST /vedette/v1/queryText: a query, laid out. */
#include "api/api_priv.h"
#include "kql/format.h"
#include "text/date.h"
#include "text/json.h"

enum { MAX_QUERY_BODY = 2 << 20, DATE_BYTES = 29 };

/* A bound of TimeGenerated, where there is one. */
static void write_bound(struct json_out *o, const char *name, int64_t ticks)
{
    char text[DATE_BYTES];
    if (ticks <= 0 || ticks > TICKS_MAX)
        return;
    date_format(ticks, text);
    json_kv_z(o, name, text);
}

static void write_read(struct json_out *o, const struct store_read *r)
{
    json_obj(o);
    json_kv_str(o, "workspace", r->workspace);
    json_kv_str(o, "table", r->table);
    json_kv_int(o, "parts", r->parts);
    json_kv_int(o, "leftOutByTime", r->by_time);
    json_kv_int(o, "leftOutByTerms", r->by_terms);
    json_kv_int(o, "toFetch", r->away);
    json_kv_int(o, "withoutIndex", r->unindexed);
    json_kv_int(o, "rowGroups", r->groups);
    json_kv_int(o, "ofRowGroups", r->all_groups);
    write_bound(o, "from", r->from);
    write_bound(o, "to", r->to);
    json_kv_str(o, "terms", r->terms);
    json_obj_end(o);
}

static void write_explained(struct json_out *o, const struct store_explained *x)
{
    json_obj(o);
    json_key(o, "sql");
    json_arr(o);
    for (size_t i = 0; i < x->n_sql; i++)
        json_str(o, x->sql[i]);
    json_arr_end(o);
    json_key(o, "tables");
    json_arr(o);
    for (size_t i = 0; i < x->n; i++)
        write_read(o, &x->reads[i]);
    json_arr_end(o);
    json_obj_end(o);
}

static void explain(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct kql_diags diags = {0};
    struct store_explained x;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    struct api_limits limits;
    api_limits(v, q, 0, &limits);
    struct store_query query = {.text = json_text(json_get(&body, "query"), STR("")),
                                .access = api_access(v, q)};
    query.limits = limits.own;
    if (workspace_explain(w, q->arena, &query, &x, &diags, &e)) {
        struct json_out o = json_out_make(&r->body);
        write_explained(&o, &x);
    } else if (diags.v.n > 0) {
        api_query_error(q, &e, &diags, r);
    } else {
        api_error(v, q, &e, r);
    }
}

/* {"query"}: the same text as `vedette kql format` lays it out. */
static void format(void *ctx, struct http_request *q, struct http_response *r)
{
    struct err e = {0};
    struct json body = {0};
    struct kql_diags diags = {0};
    AUTO(sbuf_fini) struct sbuf out = sbuf_make(2 * (size_t)MAX_QUERY_BODY);
    if (!api_body(ctx, q, r, &body))
        return;
    struct str text = json_text(json_get(&body, "query"), STR(""));
    if (!kql_format(q->arena, text, &out, &diags)) {
        kql_diag_err(&diags, 0, &e);
        api_query_error(q, &e, &diags, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    json_kv_str(&o, "query", sbuf_str(&out));
    json_obj_end(&o);
}

const struct http_route explain_routes[] = {
    {HTTP_POST, "/vedette/v1/queryText", format, "query/read", MAX_QUERY_BODY, FAMILY_QUERY},
    {HTTP_POST, "/vedette/v1/workspaces/{workspace}/explain", explain, "query/read", MAX_QUERY_BODY,
     FAMILY_QUERY},
};
const size_t n_explain_routes = COUNTOF(explain_routes);
