/* The Log Analytics query API: GET and POST /v1/workspaces/{workspace}/query, and the same for a
 * workspace by its ARM id. */
#include "api/query_log.h"
#include "api/query_permissions.h"
#include "engine/engine.h"
#include "engine/parquet.h"
#include "kql/kql.h"
#include "text/date.h"
#include "text/json.h"
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* The same query, also over what is past the analytics retention. */
#define LAKE_QUERY "/vedette/v1/workspaces/{workspace}/lake/query"
/* The same query for results of many rows: lines of JSON that a reader can take one by one. */
#define RESULTS "/vedette/v1/workspaces/{workspace}/results"
enum { PARQUET_MEMORY = 1 << 30 };
enum { MAX_WAIT_S = 86400, MAX_QUERY_BODY = 2 << 20, LINE_ROWS = 5000, MOST_RESULT_ROWS = 1000000 };

struct ask {
    struct api_question what;
    int64_t wait_s;  /* 0: not said */
    size_t max_rows; /* of RESULTS; 0: the server's */
    bool parquet;    /* of RESULTS */
    bool statistics, render, permissions, sources;
    bool by_resource;                 /* in the context of the resource that the path names */
    const struct json *workspaces[2]; /* of the body: lists, or NULL */
    struct str more;                  /* of the address: names with commas between */
};

struct answer {
    const struct store_result *res;
    struct query_rights rights;
    int64_t took_us;
};

/* ---- timespan: P1D, start/end, start/duration, duration/end ---- */

static bool narrow(struct api_question *k, int64_t from, int64_t to)
{
    if (k->has_scope) {
        from = from > k->from ? from : k->from;
        to = to < k->to ? to : k->to;
    }
    k->has_scope = true;
    k->from = from;
    k->to = to;
    return true;
}

static bool is_duration(struct str s)
{
    return s.n > 0 && (s.p[0] == 'P' || s.p[0] == 'p');
}

static bool read_span(struct api_question *k, struct str text, int64_t now, struct err *e)
{
    size_t slash = 0;
    int64_t x = 0, y = 0;
    bool ok = false;
    if (text.n == 0)
        return true;
    if (!str_find(text, STR("/"), &slash)) {
        ok = is_duration(text) && duration_parse_iso8601(text, &x);
        if (ok)
            return narrow(k, now - x, TICKS_MAX);
    } else {
        struct str left = str_sub(text, 0, slash), right = str_sub(text, slash + 1, text.n);
        ok = is_duration(left) ? duration_parse_iso8601(left, &x) : date_parse_iso(left, &x);
        ok = ok &&
             (is_duration(right) ? duration_parse_iso8601(right, &y) : date_parse_iso(right, &y));
        ok = ok && !(is_duration(left) && is_duration(right));
        if (ok && is_duration(left))
            return narrow(k, y - x, y);
        if (ok)
            return narrow(k, x, is_duration(right) ? x + y : y);
    }
    return err_set(e, ERR_INVALID,
                   "timespan '%.*s' is not an ISO 8601 duration or interval (P1D, start/end)",
                   (int)(text.n < 80 ? text.n : 80), text.p);
}

/* ---- Prefer: wait=30, include-statistics=true ---- */

static void read_prefer(struct ask *k, struct str prefer)
{
    while (prefer.n > 0) {
        size_t at = prefer.n;
        int64_t wait = 0;
        (void)str_find(prefer, STR(","), &at);
        struct str one = str_trim(str_sub(prefer, 0, at));
        prefer = str_sub(prefer, at + 1, prefer.n);
        if (str_starts(one, STR("wait=")) && str_to_i64(str_sub(one, 5, one.n), &wait) && wait > 0)
            k->wait_s = wait < MAX_WAIT_S ? wait : MAX_WAIT_S;
        k->statistics = k->statistics || str_ieqz(one, "include-statistics=true");
        k->render = k->render || str_ieqz(one, "include-render=true");
        k->permissions = k->permissions || str_ieqz(one, "include-permissions=true");
        k->sources = k->sources || str_ieqz(one, "include-dataSources=true");
    }
}

/* ---- the answer ---- */

void api_query_cell(struct json_out *w, const struct kql_value *v)
{
    if (v->type == KQL_DYNAMIC && !v->is_null) /* JSON inside a JSON text, as the service does */
        json_str(w, v->s);
    else
        engine_value_json(w, v);
}

static void write_table(struct json_out *w, struct str name, const struct engine_rows *rows)
{
    const struct kql_schema *s = engine_rows_schema(rows);
    json_obj(w);
    json_kv_str(w, "name", name);
    api_columns(w, s);
    json_key(w, "rows");
    json_arr(w);
    for (size_t row = 0; row < engine_rows_count(rows); row++) {
        json_arr(w);
        for (size_t col = 0; col < s->n; col++) {
            struct kql_value v = engine_rows_get(rows, row, col);
            api_query_cell(w, &v);
        }
        json_arr_end(w);
    }
    json_arr_end(w);
    json_obj_end(w);
}

static void write_statistics(struct json_out *w, const struct store_result *res, int64_t took_us)
{
    json_key(w, "statistics");
    json_obj(w);
    json_key(w, "query");
    json_obj(w);
    json_kv_real(w, "executionTime", (double)took_us / 1e6);
    json_key(w, "datasetStatistics");
    json_arr(w);
    for (size_t i = 0; i < res->n; i++) {
        json_obj(w);
        json_kv_int(w, "tableRowCount", (int64_t)engine_rows_count(res->rows[i]));
        json_obj_end(w);
    }
    json_arr_end(w);
    json_obj_end(w);
    json_obj_end(w);
}

static void write_render(struct json_out *w, const struct kql_render *render)
{
    json_key(w, "render");
    json_obj(w);
    if (render->chart.n > 0)
        json_kv_str(w, "visualization", render->chart);
    else
        json_kv_null(w, "visualization");
    for (size_t i = 0; i < render->n_props; i++) {
        json_key_str(w, render->props[i].name);
        engine_value_json(w, &render->props[i].value);
    }
    json_obj_end(w);
}

static void write_cut(const struct engine_limits *limits, struct json_out *w, struct arena *a)
{
    json_key(w, "error");
    json_obj(w);
    json_kv_z(w, "code", "PartialError");
    json_kv_z(w, "message", "There were some errors when processing your query.");
    json_key(w, "details");
    json_arr(w);
    json_obj(w);
    json_kv_z(w, "code", "EngineError");
    json_kv_z(w, "message", "Something went wrong processing your query on the server.");
    json_key(w, "innererror");
    json_obj(w);
    json_kv_z(w, "code", "-2133196797");
    json_kv_str(w, "message",
                arena_fmt(a,
                          "The results of this query exceed the set limit of %zu bytes or %zu "
                          "records, so not all records were returned "
                          "(E_QUERY_RESULT_SET_TOO_LARGE, 0x80DA0003)",
                          limits->max_bytes, limits->max_rows));
    json_kv_int(w, "severity", 2);
    json_kv_z(w, "severityName", "Error");
    json_obj_end(w);
    json_obj_end(w);
    json_arr_end(w);
    json_obj_end(w);
}

static void write_answer(struct vedette *v, struct http_request *q, const struct ask *k,
                         const struct answer *x, struct http_response *r)
{
    const struct store_result *res = x->res;
    bool cut = false;
    struct json_out w = json_out_make(&r->body);
    json_obj(&w);
    json_key(&w, "tables");
    json_arr(&w);
    for (size_t i = 0; i < res->n; i++) {
        struct str name = i == 0 ? STR("PrimaryResult") : arena_fmt(q->arena, "Table_%zu", i);
        write_table(&w, name, res->rows[i]);
        cut = cut || engine_rows_truncated(res->rows[i]);
    }
    json_arr_end(&w);
    if (k->statistics)
        write_statistics(&w, res, x->took_us);
    if (k->render)
        write_render(&w, &res->compiled.results[0].render);
    if (k->permissions)
        query_permissions_write(v, q->arena, &w, &x->rights);
    if (k->sources)
        query_sources_write(v, q->arena, &w, &x->rights);
    if (cut)
        write_cut(&res->limits, &w, q->arena);
    json_obj_end(&w);
}

/* ---- RESULTS: {"columns", "render"}, then for each LINE_ROWS rows an array with an array of
 * values for each column, then {"rows", "cut", "seconds"}: without that line it is not all there
 * ---- */

static void write_lines_head(struct json_out *w, const struct store_result *res)
{
    json_obj(w);
    api_columns(w, engine_rows_schema(res->rows[0]));
    write_render(w, &res->compiled.results[0].render);
    json_obj_end(w);
}

/* A long that a double can't hold is a text, since readers of JSON make doubles of numbers. */
static void write_line_cell(struct json_out *w, const struct kql_value *v)
{
    const int64_t exact = (int64_t)1 << 53;
    char digits[32];
    if (v->type == KQL_LONG && !v->is_null && (v->i > exact || v->i < -exact)) {
        snprintf(digits, sizeof(digits), "%" PRId64, v->i);
        json_z(w, digits);
    } else {
        api_query_cell(w, v);
    }
}

static void write_line(struct json_out *w, const struct engine_rows *rows, size_t from, size_t to)
{
    size_t n = engine_rows_schema(rows)->n;
    json_arr(w);
    for (size_t col = 0; col < n; col++) {
        json_arr(w);
        for (size_t row = from; row < to; row++) {
            struct kql_value v = engine_rows_get(rows, row, col);
            write_line_cell(w, &v);
        }
        json_arr_end(w);
    }
    json_arr_end(w);
}

static void write_lines(const struct store_result *res, int64_t took_us, struct http_response *r)
{
    const struct engine_rows *rows = res->rows[0];
    size_t n = engine_rows_count(rows), at = 0;
    bool cut = engine_rows_truncated(rows);
    struct json_out w = json_out_make(&r->body);
    r->content_type = "application/x-ndjson";
    write_lines_head(&w, res);
    sbuf_addc(&r->body, '\n');
    while (at < n) {
        size_t to = n - at > LINE_ROWS ? at + LINE_ROWS : n, before = r->body.n;
        w = json_out_make(&r->body);
        write_line(&w, rows, at, to);
        sbuf_addc(&r->body, '\n');
        if (!sbuf_ok(&r->body) || r->body.n > r->body.max - 4096) {
            r->body.n = before;
            r->body.failed = false;
            cut = true;
            break;
        }
        at = to;
    }
    w = json_out_make(&r->body);
    json_obj(&w);
    json_kv_int(&w, "rows", (int64_t)at);
    json_kv_bool(&w, "cut", cut);
    json_kv_real(&w, "seconds", (double)took_us / 1e6);
    json_obj_end(&w);
    sbuf_addc(&r->body, '\n');
}

/* RESULTS with format parquet: the file's bytes. It is made below the data folder, whose disk is
 * watched, and gone before the answer is sent. */
static void write_parquet(struct vedette *v, struct http_request *q, const struct store_result *res,
                          struct http_response *r)
{
    struct err e = {0};
    const struct engine_rows *rows = res->rows[0];
    const char *path = arena_fmt(q->arena, "%s/tmp/%s.parquet", v->o.data_dir, q->id).p;
    bool ok = engine_parquet_write(rows, path, PARQUET_MEMORY, &e);
    FILE *f = ok ? fopen(path, "rbe") : NULL;
    (void)unlink(path);
    if (f == NULL) {
        if (ok)
            err_set(&e, ERR_IO, "the file of the results can't be read");
        api_error(v, q, &e, r);
        return;
    }
    char piece[1 << 16];
    for (size_t n; (n = fread(piece, 1, sizeof(piece), f)) > 0;)
        sbuf_addmem(&r->body, piece, n);
    (void)fclose(f);
    r->content_type = "application/vnd.apache.parquet";
    http_response_header(r, "X-Vedette-Rows-Cut",
                         engine_rows_truncated(rows) ? STR("true") : STR("false"));
}

/* What current_principal() and its like tell. */
struct kql_session api_session(struct vedette *v, const struct http_request *q)
{
    const struct identity_caller *c = api_caller(q);
    struct str host = http_header(q, "host");
    return (struct kql_session){.endpoint = host,
                                .app_id = c->id,
                                .app_name = c->name,
                                .tenant = identity_tenant(v->identity)};
}

static bool more_workspaces(struct http_request *q, const struct workspace *own,
                            const struct ask *k, struct kql_options *out, struct err *e)
{
    enum { MAX = STORE_QUERY_WORKSPACES };
    struct str rest = k->more;
    for (size_t i = 0; i < COUNTOF(k->workspaces); i++)
        if (!api_more_workspaces(q, own, k->workspaces[i], out, e))
            return false;
    struct json *names = arena_array(q->arena, struct json, MAX + 1);
    struct json list = {.type = JSON_ARRAY, .items = names};
    while (rest.n > 0 && list.n <= MAX) {
        size_t at = rest.n;
        (void)str_find(rest, STR(","), &at);
        struct str name = str_trim(str_sub(rest, 0, at));
        rest = str_sub(rest, at + 1, rest.n);
        if (name.n > 0)
            names[list.n++] = (struct json){.type = JSON_STRING, .text = name};
    }
    return api_more_workspaces(q, own, &list, out, e);
}

/* The query, and the workspaces that it is asked of. */
static bool question(struct vedette *v, struct http_request *q, const struct ask *k,
                     struct store_query *sq, struct api_workspaces *of, struct err *e)
{
    if (!k->by_resource) {
        *sq = api_store_query(v, q, k->what.query);
        return more_workspaces(q, of->list[0], k, &sq->options, e);
    }
    for (size_t i = 0; i < COUNTOF(k->workspaces); i++)
        if (k->workspaces[i] != NULL && k->workspaces[i]->n > 0)
            return err_set(e, ERR_INVALID,
                           "workspaces: a query of a resource reads all workspaces that have logs "
                           "of it; none can be named");
    return api_resource_query(v, q, k->what.query, sq, of, e);
}

static void write_result(struct vedette *v, struct http_request *q, const struct ask *k,
                         const struct answer *x, struct http_response *r)
{
    bool lines = strcmp(q->route->pattern, RESULTS) == 0;
    if (lines && k->parquet)
        write_parquet(v, q, x->res, r);
    else if (lines)
        write_lines(x->res, x->took_us, r);
    else
        write_answer(v, q, k, x, r);
}

/* What the query itself brought about is the caller's to change. */
static void write_failure(struct vedette *v, struct http_request *q, struct kql_diags *diags,
                          struct err *e, struct http_response *r)
{
    if (diags->v.n > 0 || e->code == ERR_NOT_FOUND || e->code == ERR_UNSUPPORTED ||
        e->code == ERR_LIMIT) {
        if (e->kind[0] == '\0')
            (void)err_kind(e, "SEM0000");
        api_query_error(q, e, diags, r);
    } else {
        api_error(v, q, e, r);
    }
}

static void run(struct vedette *v, struct http_request *q, struct workspace *ws,
                const struct ask *k, struct http_response *r)
{
    struct err e = {0};
    struct store_result res = {0};
    struct kql_diags diags = {0};
    struct query_audit audit;
    struct store_query sq;
    struct api_workspaces of = {.list = &ws, .n = 1};
    if (!question(v, q, k, &sq, &of, &e)) {
        api_error_status(v, q, e.code == ERR_FORBIDDEN ? 403 : 400, &e, r);
        return;
    }
    sq.options.session = api_session(v, q);
    sq.options.has_scope = k->what.has_scope;
    sq.options.scope_from = k->what.from;
    sq.options.scope_to = k->what.to;
    sq.lake = strcmp(q->route->pattern, LAKE_QUERY) == 0;
    struct api_limits limits;
    api_limits(v, q, k->wait_s, &limits);
    if (strcmp(q->route->pattern, RESULTS) == 0 && k->max_rows > 0) {
        limits.own.max_rows = k->max_rows;
        limits.own.max_bytes = limits.most.max_bytes;
    }
    sq.limits = limits.own;
    sq.most = &limits.most;
    sq.since_us = limits.since_us;
    query_log_begin(v, &of, k->what.query, &sq, &audit);
    bool ok = workspace_query(of.list[0], q->arena, &sq, &res, &diags, &e);
    const struct answer answer = {&res,
                                  {&of, sq.options.workspaces,
                                   of.resource.n > 0 ? 0 : sq.options.n_workspaces, sq.access,
                                   &res.compiled},
                                  clock_mono_us() - audit.began_us};
    if (ok)
        write_result(v, q, k, &answer, r);
    else
        write_failure(v, q, &diags, &e, r);
    query_log_end(v, q, &audit, ok ? &res : NULL, r->status);
    if (ok)
        store_result_fini(&res);
}

bool api_question_read(struct vedette *v, const struct http_request *q, const struct json *body,
                       struct api_question *out, struct err *e)
{
    int64_t now = clock_now(v->o.clock);
    *out = (struct api_question){.query = json_text(json_get(body, "query"), STR(""))};
    if (!read_span(out, json_text(json_get(body, "timespan"), STR("")), now, e) ||
        !read_span(out, http_query(q, "timespan"), now, e))
        return false;
    return str_trim(out->query).n > 0 || err_set(e, ERR_INVALID, "The request has no query.");
}

static void ask(struct vedette *v, struct http_request *q, const struct json *body,
                struct http_response *r)
{
    struct err e = {0};
    struct ask k = {
        .workspaces = {json_get(body, "workspaces"), json_get(body, "additionalWorkspaces")},
        .more = http_query(q, "workspaces")};
    const struct json *rows = json_get(body, "maxRows");
    if (rows != NULL && rows->type == JSON_INT && rows->i > 0)
        k.max_rows = rows->i < MOST_RESULT_ROWS ? (size_t)rows->i : MOST_RESULT_ROWS;
    struct str format = json_text(json_get(body, "format"), STR("lines"));
    k.parquet = str_eqz(format, "parquet");
    if (!k.parquet && !str_eqz(format, "lines")) {
        err_set(&e, ERR_INVALID, "format: 'lines' or 'parquet' expected");
        api_error_status(v, q, 400, &e, r);
        return;
    }
    k.by_resource = strcmp(q->route->access, RIGHT_RESOURCE_LOGS) == 0;
    struct workspace *w = k.by_resource ? NULL : api_workspace(v, q, r);
    if (w == NULL && !k.by_resource)
        return;
    read_prefer(&k, http_header(q, "prefer"));
    if (api_question_read(v, q, body, &k.what, &e))
        run(v, q, w, &k, r);
    else
        api_error_status(v, q, 400, &e, r);
}

static void get_query(void *ctx, struct http_request *q, struct http_response *r)
{
    struct str keys[] = {STR("query")};
    struct json query = {.type = JSON_STRING, .text = http_query(q, "query")};
    const struct json body = {.type = JSON_OBJECT, .keys = keys, .items = &query, .n = 1};
    ask(ctx, q, &body, r);
}

static void post_query(void *ctx, struct http_request *q, struct http_response *r)
{
    struct json body = {0};
    if (api_body(ctx, q, r, &body))
        ask(ctx, q, &body, r);
}

/* Of a subscription, a resource group, a resource, and parts of one. */
#define OF_RESOURCE(path)                                                                          \
    {HTTP_GET,  "/v1/subscriptions/{subscription}" path "/query",                                  \
     get_query, RIGHT_RESOURCE_LOGS,                                                               \
     0,         FAMILY_QUERY},                                                                     \
    {                                                                                              \
        HTTP_POST, "/v1/subscriptions/{subscription}" path "/query", post_query,                   \
            RIGHT_RESOURCE_LOGS, MAX_QUERY_BODY, FAMILY_QUERY                                      \
    }
#define RESOURCE "/providers/{provider}/{type}/{resource}"

const struct http_route query_routes[] = {
    OF_RESOURCE(""),
    OF_RESOURCE(RESOURCE),
    OF_RESOURCE("/resourceGroups/{group}"),
    OF_RESOURCE("/resourceGroups/{group}" RESOURCE),
    OF_RESOURCE("/resourceGroups/{group}" RESOURCE "/{part_type}/{part}"),
    OF_RESOURCE("/resourceGroups/{group}" RESOURCE
                "/{part_type}/{part}/{small_part_type}/{small_part}"),
    {HTTP_GET, "/v1/workspaces/{workspace}/query", get_query, "query/read", 0, FAMILY_QUERY},
    {HTTP_POST, "/v1/workspaces/{workspace}/query", post_query, "query/read", MAX_QUERY_BODY,
     FAMILY_QUERY},
    {HTTP_POST, "/v1/workspaces/{workspace}/search", post_query, "query/read", MAX_QUERY_BODY,
     FAMILY_QUERY},
    {HTTP_POST, RESULTS, post_query, "query/read", MAX_QUERY_BODY, FAMILY_QUERY},
    {HTTP_POST, LAKE_QUERY, post_query, "query/read", MAX_QUERY_BODY, FAMILY_QUERY},
    {HTTP_GET, "/v1" WORKSPACE_PATH "/query", get_query, "query/read", 0, FAMILY_QUERY},
    {HTTP_POST, "/v1" WORKSPACE_PATH "/query", post_query, "query/read", MAX_QUERY_BODY,
     FAMILY_QUERY},
};
const size_t n_query_routes = COUNTOF(query_routes);
