/* Kusto's REST interface, for its SDKs and editors: a workspace is a database. Queries and .show
 * commands at /v1/rest/query, /v1/rest/mgmt (v1 answers) and /v2/rest/query (v2); below /lake/kql
 * the same, of the data lake: also what is past the analytics retention. Source: "Kusto REST API",
 * "Run KQL queries on the Microsoft Sentinel data lake using APIs". */
#include "api/kusto.h"
#include "api/query_log.h"
#include "engine/engine.h"
#include "text/date.h"
#include "text/json.h"

enum { MAX_QUERY_BODY = 2 << 20, MAX_PARAMETERS = 256 };

struct command {
    struct str csl;
    struct workspace *database;
    struct kql_request request;
    struct kql_param *params;
    size_t n_params;
    bool v2, lake;
};

/* ---- the request ---- */

/* A query parameter's value is a KQL constant as text: datetime(2026-01-01), 'x', 5. The text
 * inside is converted to the declared type. */
static struct str constant_text(struct str s)
{
    size_t open = 0;
    enum kql_type t;
    s = str_trim(s);
    if (s.n > 2 && s.p[s.n - 1] == ')' && str_find(s, STR("("), &open) &&
        kql_type_parse(str_trim(str_sub(s, 0, open)), &t))
        s = str_trim(str_sub(s, open + 1, s.n - open - 2));
    if (s.n >= 2 && (s.p[0] == '\'' || s.p[0] == '"') && s.p[s.n - 1] == s.p[0])
        s = str_sub(s, 1, s.n - 2);
    return s;
}
static struct kql_value constant(const struct json *v)
{
    if (v->type == JSON_TRUE || v->type == JSON_FALSE)
        return (struct kql_value){.type = KQL_BOOL, .b = v->type == JSON_TRUE};
    if (v->type == JSON_INT)
        return (struct kql_value){.type = KQL_LONG, .i = v->i};
    if (v->type == JSON_REAL)
        return (struct kql_value){.type = KQL_REAL, .d = v->d};
    return (struct kql_value){.type = KQL_STRING, .s = constant_text(json_text(v, STR("")))};
}
static void read_parameters(struct command *c, struct arena *a, const struct json *all)
{
    if (all == NULL || all->type != JSON_OBJECT)
        return;
    c->n_params = all->n < MAX_PARAMETERS ? all->n : MAX_PARAMETERS;
    c->params = arena_array(a, struct kql_param, c->n_params + 1);
    for (size_t i = 0; i < c->n_params; i++)
        c->params[i] = (struct kql_param){all->keys[i], constant(&all->items[i])};
}
static void read_options(struct command *c, const struct json *options)
{
    for (size_t i = 0; options != NULL && options->type == JSON_OBJECT && i < options->n; i++) {
        struct kql_value v = constant(&options->items[i]);
        v.is_null = options->items[i].type == JSON_NULL;
        kql_request_set(&c->request, options->keys[i], &v);
    }
}

/* "properties" is an object, or (Python's client) the JSON of one in a text. */
static void read_properties(struct command *c, struct arena *a, const struct json *p)
{
    struct json inner = {0};
    struct err e = {0};
    if (p != NULL && p->type == JSON_STRING && json_parse(a, p->text, NULL, &inner, &e))
        p = &inner;
    read_parameters(c, a, json_get(p, "Parameters"));
    read_options(c, json_get(p, "Options"));
}

/* The data lake's databases are called NAME-ID. */
static struct workspace *find_database(const struct http_request *q, struct str name)
{
    enum { ID_CHARS = 36 };
    struct workspace *w = api_workspace_named(q, name, STR_NONE);
    if (w != NULL || name.n <= ID_CHARS + 1 || name.p[name.n - ID_CHARS - 1] != '-')
        return w;
    w = api_workspace_named(q, str_sub(name, name.n - ID_CHARS, ID_CHARS), STR_NONE);
    bool same = w != NULL && str_ieq(str_sub(name, 0, name.n - ID_CHARS - 1), workspace_name(w));
    return same ? w : NULL;
}

/* The database named, or the first that the caller may read: clients without one say NetDefaultDB.
 */
static struct workspace *database(struct vedette *v, struct http_request *q, struct str name,
                                  struct http_response *r)
{
    struct err e = {0};
    struct workspace *w = find_database(q, name);
    bool any = name.n == 0 || str_ieqz(name, "NetDefaultDB");
    for (size_t i = 0; w == NULL && any; i++) {
        struct workspace *x = store_workspace_at(v->store, i);
        if (x == NULL)
            break;
        if (api_may(q, workspace_id(x)))
            w = x;
    }
    if (w != NULL && api_may(q, workspace_id(w)))
        return w;
    if (w == NULL)
        err_set(&e, ERR_NOT_FOUND, "Database '%.*s' could not be found.",
                (int)(name.n < 80 ? name.n : 80), name.p);
    else
        err_set(&e, ERR_FORBIDDEN, "The client '%.*s' may not query the database '%.*s'.",
                STR_ARG(api_caller(q)->id), STR_ARG(workspace_name(w)));
    api_error_status(v, q, w == NULL ? 400 : 403, &e, r);
    return NULL;
}

/* ---- running ---- */

static struct kql_value result_cell(const void *self, size_t row, size_t column)
{
    return engine_rows_get(self, row, column);
}
/* Why rows are missing, in Kusto's words; NULL: none are. */
static const char *cut_of(struct arena *a, const struct engine_rows *rows,
                          const struct engine_limits *limits)
{
    if (!engine_rows_truncated(rows))
        return NULL;
    bool count = limits->max_rows > 0 && engine_rows_count(rows) >= limits->max_rows;
    return arena_fmt(a,
                     "Query result set has exceeded the internal %s limit %zu "
                     "(E_QUERY_RESULT_SET_TOO_LARGE, 0x80DA0003).",
                     count ? "record count" : "data size",
                     count ? limits->max_rows : limits->max_bytes)
        .p;
}
static struct kusto_table result_table(struct arena *a, const struct engine_rows *rows,
                                       const struct engine_limits *limits)
{
    return (struct kusto_table){.schema = *engine_rows_schema(rows),
                                .n_rows = engine_rows_count(rows),
                                .cut = cut_of(a, rows, limits),
                                .cell = result_cell,
                                .self = rows};
}

static void fail(struct vedette *v, struct http_request *q, const struct err *e,
                 struct http_response *r)
{
    if (e->code == ERR_NOT_FOUND || e->code == ERR_UNSUPPORTED || e->code == ERR_LIMIT ||
        e->code == ERR_CONFLICT) {
        api_error_status(v, q, 400, e, r);
    } else {
        api_error(v, q, e, r);
    }
}

static void write_tables(struct vedette *v, struct http_request *q, const struct command *c,
                         const struct kusto_table *tables, size_t n,
                         const struct kql_render *render, struct http_response *r)
{
    bool management = str_ends(q->path, STR("/mgmt"));
    int64_t now = clock_now(v->o.clock);
    if (c->v2)
        kusto_write_v2(q, now, tables, n, render, r);
    else
        kusto_write_v1(q, now, tables, n, !management || n > 1, r);
}

/* prefix: bytes of the text that the caller did not write; the rest is the end of c->csl. */
static void run_query(struct vedette *v, struct http_request *q, const struct command *c,
                      struct str text, size_t prefix, struct http_response *r)
{
    struct err e = {0};
    struct store_result res = {0};
    struct kql_diags diags = {0};
    struct store_query sq = api_store_query(v, q, text);
    sq.options.params = c->params;
    sq.options.n_params = c->n_params;
    sq.options.request = c->request;
    sq.lake = c->lake;
    struct api_limits limits;
    api_limits(v, q, 0, &limits);
    sq.limits = limits.own;
    sq.most = &limits.most;
    sq.since_us = limits.since_us;
    struct query_audit audit;
    struct workspace *database = c->database;
    const struct api_workspaces of = {.list = &database, .n = 1};
    query_log_begin(v, &of, c->csl, &sq, &audit);
    if (!workspace_query(c->database, q->arena, &sq, &res, &diags, &e)) {
        size_t left_out = c->csl.n + prefix - text.n;
        if (prefix > 0 && e.pos.line > 0 && e.pos.off >= prefix)
            e.pos = pos_in(c->csl, e.pos.off - prefix + left_out);
        fail(v, q, &e, r);
        query_log_end(v, q, &audit, NULL, r->status);
        return;
    }
    struct kusto_table *tables = arena_array(q->arena, struct kusto_table, res.n + 1);
    for (size_t i = 0; i < res.n; i++)
        tables[i] = result_table(q->arena, res.rows[i], &res.limits);
    write_tables(v, q, c, tables, res.n, &res.compiled.results[0].render, r);
    query_log_end(v, q, &audit, &res, r->status);
    store_result_fini(&res);
}

static void run_command(struct vedette *v, struct http_request *q, const struct command *c,
                        struct http_response *r)
{
    struct err e = {0};
    struct kusto_table t = {0};
    struct str rest = STR_NONE;
    struct kql_render none = {0};
    typedef bool command_fn(struct vedette *, struct http_request *, struct workspace *, struct str,
                            struct kusto_table *, struct str *, struct err *);
    static command_fn *const kinds[] = {kusto_change, kusto_alter, kusto_show};
    bool done = false;
    for (size_t i = 0; !done && e.code == ERR_OK && i < COUNTOF(kinds); i++)
        done = kinds[i](v, q, c->database, c->csl, &t, &rest, &e);
    if (!done) {
        fail(v, q, &e, r);
    } else if (rest.n == 0) {
        write_tables(v, q, c, &t, 1, &none, r);
    } else {
        struct str table = kusto_datatable(q->arena, &t);
        struct str text = arena_fmt(q->arena, "%.*s%.*s", STR_ARG(table), STR_ARG(rest));
        if (text.n > KQL_MAX_BYTES) {
            err_set(&e, ERR_LIMIT, "the command's result is too large for a query behind it");
            fail(v, q, &e, r);
        } else {
            run_query(v, q, c, text, table.n, r);
        }
    }
}

static void answer(struct vedette *v, struct http_request *q, struct http_response *r, bool v2)
{
    struct json body = {0};
    struct err e = {0};
    struct command c = {.v2 = v2, .lake = strncmp(q->route->pattern, "/lake/", 6) == 0};
    if (!api_body(v, q, r, &body))
        return;
    c.csl = json_text(json_get(&body, "csl"), STR(""));
    if (str_trim(c.csl).n == 0) {
        err_set(&e, ERR_INVALID, "The request has no \"csl\": a query or a command.");
        api_error_status(v, q, 400, &e, r);
        return;
    }
    c.database = database(v, q, json_text(json_get(&body, "db"), STR("")), r);
    if (c.database == NULL)
        return;
    read_properties(&c, q->arena, json_get(&body, "properties"));
    http_response_header(r, "x-ms-activity-id", str_from(q->id));
    if (http_header(q, "x-ms-client-request-id").n > 0)
        http_response_header(r, "x-ms-client-request-id", http_header(q, "x-ms-client-request-id"));
    if (kusto_is_command(c.csl))
        run_command(v, q, &c, r);
    else
        run_query(v, q, &c, c.csl, 0, r);
}
static void post_v1(void *ctx, struct http_request *q, struct http_response *r)
{
    answer(ctx, q, r, false);
}
static void post_v2(void *ctx, struct http_request *q, struct http_response *r)
{
    answer(ctx, q, r, true);
}

/* Where clients of this cluster sign in; read before they have a token. */
static void auth_metadata(void *ctx, struct http_request *q, struct http_response *r)
{
    const struct vedette *v = ctx;
    struct str base = str_from(v->o.base_url != NULL ? v->o.base_url : "");
    struct json_out w = json_out_make(&r->body);
    json_obj(&w);
    json_key(&w, "AzureAD");
    json_obj(&w);
    json_kv_str(&w, "LoginEndpoint", base);
    json_kv_bool(&w, "LoginMfaRequired", false);
    json_kv_z(&w, "KustoClientAppId", "db662dc1-0cfe-4e1c-a843-19a68e65be58");
    json_kv_z(&w, "KustoClientRedirectUri", "http://localhost");
    json_kv_str(&w, "KustoServiceResourceId", base);
    json_kv_str(&w, "FirstPartyAuthorityUrl", arena_fmt(q->arena, "%.*s/common", STR_ARG(base)));
    json_obj_end(&w);
    json_obj_end(&w);
}

const struct http_route kusto_routes[] = {
    {HTTP_GET, "/v1/rest/auth/metadata", auth_metadata, NULL, 0, FAMILY_KUSTO},
    {HTTP_POST, "/v1/rest/mgmt", post_v1, "query/read", MAX_QUERY_BODY, FAMILY_KUSTO},
    {HTTP_POST, "/v1/rest/query", post_v1, "query/read", MAX_QUERY_BODY, FAMILY_KUSTO},
    {HTTP_POST, "/v2/rest/query", post_v2, "query/read", MAX_QUERY_BODY, FAMILY_KUSTO},
    {HTTP_GET, "/lake/kql/v1/rest/auth/metadata", auth_metadata, NULL, 0, FAMILY_KUSTO},
    {HTTP_POST, "/lake/kql/v1/rest/mgmt", post_v1, "query/read", MAX_QUERY_BODY, FAMILY_KUSTO},
    {HTTP_POST, "/lake/kql/v1/rest/query", post_v1, "query/read", MAX_QUERY_BODY, FAMILY_KUSTO},
    {HTTP_POST, "/lake/kql/v2/rest/query", post_v2, "query/read", MAX_QUERY_BODY, FAMILY_KUSTO},
};
const size_t n_kusto_routes = COUNTOF(kusto_routes);
