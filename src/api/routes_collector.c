/* The HTTP Data Collector API: POST /api/logs, signed with a workspace's shared key; and the routes
 * that show and renew the keys. Source: "Azure Monitor HTTP Data Collector API". */
#include "api/api_priv.h"
#include "text/date.h"
#include "text/json.h"

enum { MAX_COLLECTED = 30 << 20, MAX_LOG_TYPE = 100 };
#define CLOCK_SKEW (15 * TICKS_PER_MINUTE)
#define API_VERSION "2016-04-01"

static bool refuse(struct err *e, enum err_code code, const char *kind, const char *message)
{
    err_set(e, code, "%s", message);
    return err_kind(e, kind);
}

/* ---- who ---- */

/* "SharedKey WORKSPACE:SIGNATURE" */
static bool read_authorization(struct str header, struct str *workspace, struct str *signature)
{
    static const char scheme[] = "SharedKey ";
    size_t at = 0;
    if (!str_ieqz(str_sub(header, 0, sizeof(scheme) - 1), scheme))
        return false;
    struct str rest = str_trim(str_sub(header, sizeof(scheme) - 1, header.n));
    if (!str_find(rest, STR(":"), &at))
        return false;
    *workspace = str_sub(rest, 0, at);
    *signature = str_trim(str_sub(rest, at + 1, rest.n));
    return true;
}

bool api_authorise_shared_key(struct vedette *v, struct http_request *q, struct err *e)
{
    struct str id, signature, date = http_header(q, "x-ms-date");
    int64_t t = 0, now = clock_now(v->o.clock);
    if (!read_authorization(http_header(q, "authorization"), &id, &signature))
        return refuse(e, ERR_FORBIDDEN, "InvalidAuthorization",
                      "Authorization: SharedKey <workspace id>:<signature> is expected.");
    struct workspace *w = store_workspace_find(v->store, id);
    if (w == NULL)
        return refuse(e, ERR_FORBIDDEN, "InvalidAuthorization", /* no word on which there are */
                      "The signature does not match the request.");
    if (!date_parse_kusto(date, &t) || t < now - CLOCK_SKEW || t > now + CLOCK_SKEW)
        return refuse(e, ERR_FORBIDDEN, "InvalidAuthorization",
                      "x-ms-date must be a time of RFC 1123 within 15 minutes of now.");
    struct str text = arena_fmt(q->arena, "POST\n%zu\napplication/json\nx-ms-date:%.*s\n/api/logs",
                                q->body.n, STR_ARG(date));
    if (!identity_shared_key_signed(v->identity, workspace_id(w), text, signature, e))
        return err_kind(e, "InvalidAuthorization");
    struct identity_caller *c = arena_new_of(q->arena, struct identity_caller);
    c->id = c->name = workspace_id(w);
    q->principal = c;
    q->throttle_key = c->id;
    return true;
}

/* ---- POST /api/logs ---- */

static bool is_log_type(struct str s)
{
    bool ok = s.n > 0 && s.n <= MAX_LOG_TYPE;
    for (size_t i = 0; ok && i < s.n; i++) {
        char c = s.p[i];
        ok = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_';
    }
    return ok && (s.p[0] | 32) >= 'a';
}

static bool check(const struct http_request *q, struct str log_type, struct err *e)
{
    struct str version = http_query(q, "api-version"), type = http_header(q, "content-type");
    size_t at = type.n;
    (void)str_find(type, STR(";"), &at);
    if (version.n == 0)
        return refuse(e, ERR_INVALID, "MissingApiVersion", "The api-version is missing.");
    if (!str_eqz(version, API_VERSION))
        return refuse(e, ERR_INVALID, "InvalidApiVersion", "The api-version is " API_VERSION ".");
    if (type.n == 0)
        return refuse(e, ERR_INVALID, "MissingContentType", "The Content-Type is missing.");
    if (!str_ieqz(str_trim(str_sub(type, 0, at)), "application/json"))
        return refuse(e, ERR_INVALID, "UnsupportedContentType",
                      "Content-Type: application/json is expected.");
    if (log_type.n == 0)
        return refuse(e, ERR_INVALID, "MissingLogType", "The header Log-Type is missing.");
    return is_log_type(log_type) ||
           refuse(e, ERR_INVALID, "InvalidLogType",
                  "Log-Type takes letters, digits and _, at most 100, a letter first.");
}

static void post_logs(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct ingest_result result = {0};
    struct str log_type = http_header(q, "log-type");
    struct ingest_request in = {
        .workspace = store_workspace_find(v->store, api_caller(q)->id),
        .stream = arena_fmt(q->arena, "Custom-%.*s_CL", STR_ARG(log_type)),
        .format = INGEST_JSON,
        .body = q->body,
        .source = STR("data-collector"),
        .client_request_id = http_header(q, "x-ms-client-request-id"),
        .create_table = true,
        .collector = {.on = true,
                      .time_field = http_header(q, "time-generated-field"),
                      .resource_id = http_header(q, "x-ms-azureresourceid")},
    };
    if (check(q, log_type, &e) && ingest_logs(v->collector, &in, &result, &e))
        return; /* 200, empty */
    if (e.code == ERR_SYNTAX && e.pos.line > 0)
        err_prefix(&e, "line %u, column %u", e.pos.line, e.pos.col);
    if (e.code == ERR_LIMIT) { /* too many records, too deep: the sender's to change */
        api_error_status(v, q, 400, &e, r);
        return;
    }
    api_error(v, q, &e, r);
}

/* ---- the keys ---- */

static void write_keys(struct vedette *v, struct http_request *q, struct workspace *w,
                       struct http_response *r)
{
    struct err e = {0};
    struct str primary, secondary;
    if (!identity_shared_key(v->identity, q->arena, workspace_id(w), IDENTITY_PRIMARY_KEY, &primary,
                             &e) ||
        !identity_shared_key(v->identity, q->arena, workspace_id(w), IDENTITY_SECONDARY_KEY,
                             &secondary, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    json_kv_str(&o, "primarySharedKey", primary);
    json_kv_str(&o, "secondarySharedKey", secondary);
    json_obj_end(&o);
}

static void show_keys(void *ctx, struct http_request *q, struct http_response *r)
{
    struct workspace *w = api_workspace(ctx, q, r);
    if (w != NULL)
        write_keys(ctx, q, w, r);
}

static void renew_keys(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (identity_shared_keys_renew(v->identity, workspace_id(w), &e))
        write_keys(v, q, w, r);
    else
        api_error(v, q, &e, r);
}

const struct http_route collector_routes[] = {
    {HTTP_POST, "/api/logs", post_logs, RIGHT_SHARED_KEY, MAX_COLLECTED, FAMILY_COLLECTOR},
    {HTTP_POST, WORKSPACE_PATH "/sharedKeys", show_keys, "keys/read", 0, FAMILY_ARM},
    {HTTP_POST, WORKSPACE_PATH "/regenerateSharedKey", renew_keys, "keys/write", 0, FAMILY_ARM},
};
const size_t n_collector_routes = COUNTOF(collector_routes);
