/* Who may, and how a refusal looks in each family of routes. */
#include "api/api_priv.h"
#include "base/ids.h"
#include "text/json.h"
#include <stdio.h>

/* ---- who ---- */

static bool is_local(struct str remote)
{
    return str_eqz(remote, "local") || str_eqz(remote, "127.0.0.1") || str_eqz(remote, "::1") ||
           str_eqz(remote, "::ffff:127.0.0.1");
}

/* While the disk has little room what fills it is refused first, and what people do last: all other
 * rights but those to read need some room. What frees room, or leaves it as it is, never is. */
enum { NEVER_REFUSED = STORE_ROOM_NONE + 1 };
static const struct {
    const char *right;
    int refused_at;
} room_of_rights[] = {
    {"logs/write", STORE_ROOM_LOW},       {"logs/import", STORE_ROOM_LOW},
    {RIGHT_SHARED_KEY, STORE_ROOM_LOW},   {"tables/write", STORE_ROOM_LOW},
    {"watchlists/write", STORE_ROOM_LOW}, {"functions/write", STORE_ROOM_LOW},
    {"clock/write", NEVER_REFUSED},       {"purge/write", NEVER_REFUSED},
    {"backup/write", NEVER_REFUSED},      {RIGHT_ONESELF, NEVER_REFUSED},
};

static bool has_room(struct vedette *v, const struct http_request *q, struct err *e)
{
    const char *right = q->route->access;
    int refused_at = str_ends(str_from(right), STR("/read")) ? NEVER_REFUSED : STORE_ROOM_NONE;
    for (size_t i = 0; i < COUNTOF(room_of_rights); i++)
        if (strcmp(room_of_rights[i].right, right) == 0)
            refused_at = room_of_rights[i].refused_at;
    return q->method == HTTP_DELETE || refused_at == NEVER_REFUSED ||
           store_room_check(v->store, (enum store_room_level)refused_at, e);
}

static bool may(struct vedette *v, struct http_request *q, struct err *e)
{
    const char *right = q->route->access;
    if (right == NULL)
        return true;
    if (strcmp(right, "metrics/read") == 0 && (v->o.metrics_open || is_local(q->remote)))
        return true;
    if (strcmp(right, RIGHT_SHARED_KEY) == 0)
        return api_authorise_shared_key(v, q, e);
    struct identity_caller *c = &arena_new_of(q->arena, struct api_principal)->caller;
    if (!api_authenticate(v, q, c, e))
        return false;
    q->principal = c;
    q->throttle_key = c->id;
    bool may =
        strcmp(right, RIGHT_RESOURCE_LOGS) == 0 ? api_reads_resource(q) : api_may(q, STR(""));
    return strcmp(right, RIGHT_ONESELF) == 0 || may ||
           err_set(e, ERR_FORBIDDEN,
                   "The client '%.*s' does not have authorization to perform action '%s'.",
                   STR_ARG(c->id), api_right(q->arena, q->route).action);
}

/* Requests that a worker for long work has; those within one ($batch) are part of it. */
static struct api_principal *holder(struct vedette *v, const struct http_request *q)
{
    bool is_long = q->since_us != 0 && q->route != NULL && q->principal != NULL &&
                   http_router_lane(v->router, q->route) == HTTP_LONG;
    return is_long ? q->principal : NULL;
}

static bool take_share(struct vedette *v, const struct http_request *q, struct err *e)
{
    struct api_principal *p = holder(v, q);
    if (p == NULL)
        return true;
    struct str home = p->caller.tenant.n > 0 ? p->caller.tenant : identity_tenant(v->identity);
    return share_take(v, q->arena, home, &p->share, e);
}

bool api_authorise(void *self, struct http_request *q, struct err *e)
{
    return may(self, q, e) &&
           (q->route->access == NULL || (has_room(self, q, e) && take_share(self, q, e)));
}

const struct identity_caller *api_caller(const struct http_request *q)
{
    CHECK(q->principal != NULL);
    return q->principal;
}

struct workspace *api_workspace_named(const struct http_request *q, struct str id_or_name,
                                      struct str subscription)
{
    return identity_workspace_find(api_caller(q), id_or_name, subscription);
}

struct workspace *api_workspace(struct vedette *v, struct http_request *q, struct http_response *r)
{
    struct err e = {0};
    struct str name = http_param(q, "workspace");
    struct workspace *w = api_workspace_named(q, name, api_path_part(v, q, STR("subscription")));
    if (w != NULL && api_may(q, workspace_id(w)))
        return w;
    if (w == NULL)
        err_set(&e, ERR_NOT_FOUND, "The workspace '%.*s' could not be found.",
                (int)(name.n < 80 ? name.n : 80), name.p);
    else
        err_set(&e, ERR_FORBIDDEN,
                "The client '%.*s' does not have authorization to perform action '%s' over "
                "workspace '%.*s'.",
                STR_ARG(api_caller(q)->id), api_right(q->arena, q->route).action,
                STR_ARG(workspace_name(w)));
    api_error(v, q, &e, r);
    return NULL;
}

/* ---- error bodies ---- */

struct shape {
    int status;
    const char *arm, *query;
};
static const struct shape shapes[] = {
    {400, "BadRequest", "BadArgumentError"},
    {401, "AuthenticationFailed", "AuthenticationFailed"},
    {403, "AuthorizationFailed", "InsufficientAccessError"},
    {404, "NotFound", "PathNotFoundError"},
    {405, "MethodNotAllowed", "MethodNotAllowed"},
    {409, "Conflict", "Conflict"},
    {413, "ContentLengthLimitExceeded", "ContentLengthLimitExceeded"},
    {415, "UnsupportedMediaType", "UnsupportedMediaType"},
    {429, "TooManyRequests", "ThrottledError"},
    {500, "InternalServerError", "ServiceError"},
    {501, "NotImplemented", "NotImplemented"},
    {503, "ServiceUnavailable", "ServiceError"},
    {504, "GatewayTimeout", "GatewayTimeout"},
};

static const struct shape *shape_of(int status)
{
    for (size_t i = 0; i < COUNTOF(shapes); i++)
        if (shapes[i].status == status)
            return &shapes[i];
    return &shapes[status >= 500 ? 9 : 0];
}

/* A full disk is not the caller's doing, and takes longer to pass than a busy moment; so does a
 * store of the lake that does not answer. */
static int status_of(const struct err *e, int status, struct http_response *r)
{
    bool quota = store_is_over_quota(e), full = store_has_no_room(e) || store_is_out_of_reach(e);
    if ((quota || full) && http_response_get(r, "Retry-After") == NULL)
        http_response_header(r, "Retry-After", quota ? STR("3600") : STR("30"));
    return full ? 503 : status;
}

/* Refusals of a session have codes of their own (authenticate.c). */
static const char *code_of(const struct err *e, const char *otherwise)
{
    bool own = e->code == ERR_FORBIDDEN && e->kind[0] != '\0';
    return own || store_has_no_room(e) || store_is_over_quota(e) ? e->kind : otherwise;
}

static struct str message_of(const struct http_request *q, const struct err *e)
{
    if (e->hint[0] == '\0')
        return str_from(e->msg);
    return arena_fmt(q->arena, "%s (%s)", e->msg, e->hint);
}

static void write_arm(struct json_out *w, const struct http_request *q, int status,
                      const struct err *e)
{
    json_obj(w);
    json_key(w, "error");
    json_obj(w);
    json_kv_z(w, "code", code_of(e, shape_of(status)->arm));
    json_kv_str(w, "message", message_of(q, e));
    json_obj_end(w);
    json_obj_end(w);
}

/* text: the query, whose words the place covers; empty: not known here. */
static void write_place(struct json_out *w, const struct http_request *q, struct str text,
                        const struct err *e)
{
    json_obj(w);
    json_kv_z(w, "code", e->kind);
    json_kv_str(w, "message", message_of(q, e));
    if (e->pos.line > 0) {
        json_kv_int(w, "line", e->pos.line);
        json_kv_int(w, "pos", e->pos.col);
    }
    if (e->pos.line > 0 && text.n > 0)
        json_kv_str(w, "token", str_sub(text, e->pos.off, e->len));
    json_obj_end(w);
}

/* All errors of a query that has several. */
static void write_details(struct json_out *w, const struct http_request *q,
                          const struct kql_diags *d)
{
    if (d == NULL || d->v.n < 2)
        return;
    json_key(w, "details");
    json_arr(w);
    for (size_t i = 0; i < d->v.n; i++) {
        struct err one = {0};
        kql_diag_err(d, i, &one);
        write_place(w, q, d->text, &one);
    }
    json_arr_end(w);
}

static void write_query(struct json_out *w, const struct http_request *q, int status,
                        const struct err *e, const struct kql_diags *d)
{
    bool syntax = e->code == ERR_SYNTAX, about_query = status == 400 && e->kind[0] != '\0';
    json_obj(w);
    json_key(w, "error");
    json_obj(w);
    if (about_query)
        json_kv_z(w, "message", "The request had some invalid properties");
    else
        json_kv_str(w, "message", message_of(q, e));
    json_kv_z(w, "code", code_of(e, shape_of(status)->query));
    json_kv_z(w, "correlationId", q->id);
    if (about_query) {
        json_key(w, "innererror");
        json_obj(w);
        json_kv_z(w, "code", syntax ? "SyntaxError" : "SemanticError");
        json_kv_z(w, "message",
                  syntax ? "A recognition error occurred in the query."
                         : "A semantic error occurred.");
        json_key(w, "innererror");
        write_place(w, q, d != NULL ? d->text : STR(""), e);
        json_obj_end(w);
        write_details(w, q, d);
    }
    json_obj_end(w);
    json_obj_end(w);
}

/* "Semantic error: SEM0100: … [line:position=1:5]": the text that Kusto's clients show. */
static struct str kusto_message(const struct http_request *q, const struct err *e)
{
    struct str m = message_of(q, e);
    const char *kind = e->code == ERR_SYNTAX ? "Syntax error: " : "Semantic error: ";
    if (e->kind[0] != '\0' && !store_is_out_of_reach(e))
        m = arena_fmt(q->arena, "%s%s: %.*s", kind, e->kind, STR_ARG(m));
    if (e->pos.line > 0)
        m = arena_fmt(q->arena, "%.*s [line:position=%u:%u]", STR_ARG(m), e->pos.line, e->pos.col);
    return m;
}
static void write_kusto(struct json_out *w, const struct http_request *q, int status,
                        const struct err *e)
{
    json_obj(w);
    json_key(w, "error");
    json_obj(w);
    json_kv_z(w, "code", status == 400 ? "General_BadRequest" : shape_of(status)->arm);
    json_kv_z(w, "message",
              status == 400 ? "Request is invalid and cannot be executed."
                            : "The request could not be completed.");
    json_kv_z(w, "@type",
              status == 400 ? "Kusto.Data.Exceptions.KustoBadRequestException"
                            : "Kusto.Data.Exceptions.KustoServiceException");
    json_kv_str(w, "@message", kusto_message(q, e));
    json_key(w, "@context");
    json_obj(w);
    json_kv_z(w, "activityId", q->id);
    json_kv_str(w, "clientRequestId", http_header(q, "x-ms-client-request-id"));
    json_obj_end(w);
    json_kv_bool(w, "@permanent", status < 500 && status != 429);
    json_obj_end(w);
    json_obj_end(w);
}

static void write_collector(struct json_out *w, const struct http_request *q, int status,
                            const struct err *e)
{
    const char *code = status == 429   ? "TooManyRequests"
                       : status == 503 ? "ServiceUnavailable"
                       : status >= 500 ? "UnspecifiedError"
                                       : "InvalidDataFormat";
    json_obj(w);
    json_kv_z(w, "Error", e->kind[0] != '\0' ? e->kind : code);
    json_kv_str(w, "Message", message_of(q, e));
    json_obj_end(w);
}

static void write_oauth(struct json_out *w, const struct http_request *q, int status,
                        const struct err *e)
{
    bool client = status == 401;
    json_obj(w);
    json_kv_z(w, "error", client ? "invalid_client" : "invalid_request");
    json_kv_str(w, "error_description",
                arena_fmt(q->arena, "AADSTS%d: %s", client ? 7000215 : 900144, e->msg));
    json_key(w, "error_codes");
    json_arr(w);
    json_int(w, client ? 7000215 : 900144);
    json_arr_end(w);
    json_kv_z(w, "trace_id", q->id);
    json_kv_z(w, "correlation_id", q->id);
    json_obj_end(w);
}

struct str api_path_part(struct vedette *v, const struct http_request *q, struct str name)
{
    struct http_request found = *q;
    bool other = false;
    if (q->n_params == 0 && http_router_find(v->router, q->arena, q->method, q->path, &found.params,
                                             &found.n_params, &other) == NULL)
        return STR("");
    for (size_t i = 0; i < found.n_params; i++)
        if (str_eq(found.params[i].name, name))
            return found.params[i].value;
    return STR("");
}

/* The refusal of a request that never came as far as records. */
static void count_refusal(struct vedette *v, const struct http_request *q, int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {{401, "unauthenticated"}, {403, "forbidden"}, {413, "too_large"},
                   {415, "encoding"},        {429, "throttled"}, {404, "unknown_stream"},
                   {503, "no_room"}};
    const struct identity_caller *c = q->principal;
    struct workspace *w = ingest_dcr_find(v->ingest, api_path_part(v, q, STR("dcr")));
    if (w == NULL)
        w = dcr_workspace(v->dcrs, api_path_part(v, q, STR("dcr")));
    struct store_count count = {.source = c != NULL ? c->id : STR("anonymous"),
                                .stream = api_path_part(v, q, STR("stream")),
                                .reason = STR("bad_request"),
                                .requests = 1};
    for (size_t i = 0; i < COUNTOF(reasons); i++)
        if (reasons[i].status == status)
            count.reason = str_from(reasons[i].reason);
    if (count.stream.n > 128)
        count.stream = str_sub(count.stream, 0, 128);
    if (w != NULL)
        store_account(w, &count, 1);
}

void api_fail(void *self, const struct http_request *q, int status, const struct err *e,
              struct http_response *r)
{
    status = status_of(e, status, r);
    if (status == 429 && http_response_get(r, "Retry-After") == NULL)
        http_response_header(r, "Retry-After", STR("1"));
    const char *family =
        q->route != NULL && q->route->family != NULL ? q->route->family : FAMILY_ARM;
    if (strcmp(family, FAMILY_INGEST) == 0)
        count_refusal(self, q, status);
    api_error_status(self, q, status, e, r);
}

void api_error_status(struct vedette *v, const struct http_request *q, int status,
                      const struct err *e, struct http_response *r)
{
    (void)v;
    const char *family =
        q->route != NULL && q->route->family != NULL ? q->route->family : FAMILY_ARM;
    sbuf_clear(&r->body);
    r->body.failed = false;
    struct json_out w = json_out_make(&r->body);
    r->status = status;
    r->content_type = NULL;
    if (status == 401)
        http_response_header(r, "WWW-Authenticate", STR("Bearer realm=\"vedette\""));
    if (strcmp(family, FAMILY_QUERY) == 0)
        write_query(&w, q, status, e, NULL);
    else if (strcmp(family, FAMILY_KUSTO) == 0)
        write_kusto(&w, q, status, e);
    else if (strcmp(family, FAMILY_OAUTH) == 0)
        write_oauth(&w, q, status, e);
    else if (strcmp(family, FAMILY_OTLP) == 0)
        api_otlp_status(q, status, message_of(q, e), r);
    else if (strcmp(family, FAMILY_COLLECTOR) == 0)
        write_collector(&w, q, status, e);
    else
        write_arm(&w, q, status, e);
}

void api_query_error(const struct http_request *q, const struct err *e, const struct kql_diags *d,
                     struct http_response *r)
{
    struct json_out w = json_out_make(&r->body);
    r->status = 400;
    write_query(&w, q, 400, e, d);
}

void api_error(struct vedette *v, const struct http_request *q, const struct err *e,
               struct http_response *r)
{
    int status = status_of(e, http_status_of(e->code), r);
    if (status >= 500 && !store_has_no_room(e))
        LOG(LOG_ERROR, "api", "request failed", log_z("request", q->id), log_i("status", status),
            log_z("reason", e->msg));
    if (e->code == ERR_BUSY && http_response_get(r, "Retry-After") == NULL)
        http_response_header(r, "Retry-After", STR("1"));
    api_error_status(v, q, status, e, r);
}

void api_error_code(struct http_response *r, int status, const char *code, const char *message)
{
    sbuf_clear(&r->body);
    struct json_out w = json_out_make(&r->body);
    r->status = status;
    json_obj(&w);
    json_key(&w, "error");
    json_obj(&w);
    json_kv_z(&w, "code", code);
    json_kv_z(&w, "message", message);
    json_obj_end(&w);
    json_obj_end(&w);
}

void api_observe(void *self, const struct http_request *q, const struct http_response *r,
                 int64_t took_us)
{
    struct api_principal *held = holder(self, q);
    if (held != NULL)
        share_give(self, held->share);
    struct vedette *v = self;
    int class = r->status / 100;
    atomic_fetch_add(&v->requests[class >= 1 && class < STATUS_CLASSES ? class : 5], 1);
    atomic_fetch_add(&v->request_us, (uint64_t)took_us);
    changes_observe(v, q, r->status);
    LOG(LOG_DEBUG, "http", "request", log_z("request", q->id),
        log_z("method", http_method_name(q->method)), log_s("path", q->path),
        log_i("status", r->status), log_i("took_us", took_us), log_s("remote", q->remote));
}

/* ---- what handlers share ---- */

bool api_body(struct vedette *v, struct http_request *q, struct http_response *r, struct json *out)
{
    struct err e = {0};
    struct json_opts opts = {.max_depth = 64};
    if (q->body.n == 0)
        err_set(&e, ERR_INVALID, "The request has no body; a JSON object is expected.");
    else if (json_parse(q->arena, q->body, &opts, out, &e))
        return true;
    else if (e.pos.line > 0)
        err_prefix(&e, "The body is not JSON: line %u, column %u", e.pos.line, e.pos.col);
    e.kind[0] = '\0';
    api_error_status(v, q, 400, &e, r);
    return false;
}

static void add_encoded(struct sbuf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
            c == '-' || c == '_' || c == '.' || c == '~' || c == '$')
            sbuf_addc(b, (char)c);
        else
            sbuf_addf(b, "%%%02X", c);
    }
}

struct str api_link(struct vedette *v, const struct http_request *q, const char *name,
                    struct str value)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 20);
    char join = '?';
    sbuf_addz(&b, v->o.base_url != NULL ? v->o.base_url : "");
    sbuf_add(&b, q->path);
    for (size_t i = 0; i < q->n_query; i++) {
        if (str_ieqz(q->query[i].name, name))
            continue;
        sbuf_addc(&b, join);
        add_encoded(&b, q->query[i].name);
        sbuf_addc(&b, '=');
        add_encoded(&b, q->query[i].value);
        join = '&';
    }
    sbuf_addf(&b, "%c%s=", join, name);
    add_encoded(&b, value);
    return sbuf_ok(&b) ? arena_str(q->arena, sbuf_str(&b)) : STR("");
}

bool api_list_query(const struct http_request *q, struct incident_query *out, struct err *e)
{
    int64_t top = 0;
    struct str text = http_query(q, "$top");
    if (text.n > 0 && (!str_to_i64(text, &top) || top < 1))
        return err_set(e, ERR_INVALID, "$top: a number from 1 expected");
    *out = (struct incident_query){http_query(q, "$filter"), http_query(q, "$orderby"), (size_t)top,
                                   http_query(q, "$skipToken")};
    return true;
}

bool api_page_begin(struct vedette *v, struct http_request *q, struct http_response *r,
                    struct incident_query *out_query, struct api_page *out)
{
    struct err e = {0};
    *out = (struct api_page){.w = api_workspace(v, q, r), .next = STR("")};
    out->refused = out->w == NULL;
    if (!out->refused && !api_list_query(q, out_query, &e)) {
        api_error(v, q, &e, r);
        out->refused = true;
    }
    if (out->refused)
        return false;
    out->out = json_out_make(&r->body);
    json_obj(&out->out);
    json_key(&out->out, "value");
    return true;
}

void api_page_end(struct vedette *v, const struct http_request *q, struct api_page *p)
{
    if (p->refused)
        return;
    if (p->next.n > 0)
        json_kv_str(&p->out, "nextLink", api_link(v, q, "$skipToken", p->next));
    json_obj_end(&p->out);
}

struct incident_actor api_actor(const struct http_request *q)
{
    return (struct incident_actor){api_caller(q)->id, api_caller(q)->name};
}

void api_deleted(struct vedette *v, const struct http_request *q, struct http_response *r, bool ok,
                 const struct err *e)
{
    if (ok || e->code == ERR_NOT_FOUND)
        r->status = ok ? 200 : 204;
    else
        api_error(v, q, e, r);
}

void api_gone(struct vedette *v, const struct http_request *q, struct http_response *r, bool ok,
              bool was_there, const struct err *e)
{
    if (ok)
        r->status = was_there ? 200 : 204;
    else
        api_error(v, q, e, r);
}

void api_refuse(struct vedette *v, struct http_request *q, const struct err *e,
                struct http_response *r)
{
    if (e->code == ERR_UNSUPPORTED || e->code == ERR_LIMIT || e->code == ERR_SYNTAX)
        api_error_status(v, q, 400, e, r);
    else
        api_error(v, q, e, r);
}

struct json_out api_list(struct http_response *r)
{
    struct json_out w = json_out_make(&r->body);
    json_obj(&w);
    json_key(&w, "value");
    json_arr(&w);
    return w;
}

void api_list_end(struct json_out *w)
{
    json_arr_end(w);
    json_obj_end(w);
}

void api_columns(struct json_out *w, const struct kql_schema *s)
{
    json_key(w, "columns");
    json_arr(w);
    for (size_t i = 0; i < s->n; i++) {
        json_obj(w);
        json_kv_str(w, "name", s->cols[i].name);
        json_kv_z(w, "type", kql_type_name(s->cols[i].type));
        json_obj_end(w);
    }
    json_arr_end(w);
}
