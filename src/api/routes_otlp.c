/* OTLP/HTTP: logs as JSON or protobuf. Source: "OTLP Specification", OTLP/HTTP. */
#include "api/api_priv.h"
#include "ingest/otlp.h"
#include "text/json.h"

enum { MAX_OTLP = 20 << 20, MAX_RECORD_BYTES_OUT = 64 << 20 };
#define PROTOBUF "application/x-protobuf"

static bool is_type(const struct http_request *q, const char *wanted)
{
    struct str type = http_header(q, "content-type");
    size_t at = type.n;
    (void)str_find(type, STR(";"), &at);
    return str_ieqz(str_trim(str_sub(type, 0, at)), wanted);
}

/* ---- answers ---- */

/* Codes of gRPC, which google.rpc.Status holds. */
static int rpc_code(int status)
{
    static const struct {
        int status, code;
    } codes[] = {{400, 3}, {401, 16}, {403, 7},  {404, 5},  {409, 10}, {413, 8},
                 {415, 3}, {429, 8},  {501, 12}, {502, 14}, {503, 14}, {504, 4}};
    for (size_t i = 0; i < COUNTOF(codes); i++)
        if (codes[i].status == status)
            return codes[i].code;
    return status >= 500 ? 13 : 3;
}

void api_otlp_status(const struct http_request *q, int status, struct str message,
                     struct http_response *r)
{
    if (is_type(q, PROTOBUF)) {
        r->content_type = PROTOBUF;
        otlp_put_status(&r->body, rpc_code(status), message);
        return;
    }
    struct json_out w = json_out_make(&r->body);
    json_obj(&w);
    json_kv_int(&w, "code", rpc_code(status));
    json_kv_str(&w, "message", message);
    json_obj_end(&w);
}

static void answer(const struct http_request *q, uint64_t rejected, struct http_response *r)
{
    struct str why = STR("records were refused; the table VedetteDeadLetter has them");
    bool packed = is_type(q, PROTOBUF);
    r->content_type = packed ? PROTOBUF : NULL;
    if (packed) { /* an empty message is a full success */
        if (rejected > 0)
            otlp_put_partial(&r->body, (int64_t)rejected, why);
        else
            http_response_header(r, "Content-Type", STR(PROTOBUF)); /* also of an empty body */
        return;
    }
    struct json_out w = json_out_make(&r->body);
    json_obj(&w);
    if (rejected > 0) {
        json_key(&w, "partialSuccess");
        json_obj(&w);
        json_kv_str(&w, "rejectedLogRecords",
                    arena_fmt(q->arena, "%llu", (unsigned long long)rejected));
        json_kv_str(&w, "errorMessage", why);
        json_obj_end(&w);
    }
    json_obj_end(&w);
}

/* ---- requests ---- */

static void refuse(struct vedette *v, struct http_request *q, const struct err *e,
                   struct http_response *r)
{
    switch ((int)e->code) {
    case ERR_LIMIT:
    case ERR_SYNTAX:
    case ERR_INVALID:
        api_error_status(v, q, 400, e, r);
        return;
    case ERR_IO: /* a client tries again after 503, not after 500 */
    case ERR_BUSY:
        http_response_header(r, "Retry-After", STR("1"));
        api_error_status(v, q, 503, e, r);
        return;
    default:
        api_error(v, q, e, r);
    }
}

/* What was sent and could not be read: it counts as one. */
static void count_unread(struct vedette *v, struct http_request *q, struct workspace *w,
                         enum err_code code)
{
    (void)v;
    struct store_count c = {.source = api_caller(q)->id,
                            .stream = STR("Microsoft-OTelLogs"),
                            .table = STR("OTelLogs"),
                            .reason = code == ERR_TOO_LARGE ? STR("body_too_large")
                                      : code == ERR_LIMIT   ? STR("limit")
                                                            : STR("malformed"),
                            .requests = 1,
                            .received = 1,
                            .rejected = 1,
                            .bytes = q->body.n};
    store_account(w, &c, 1);
}

static bool read_records(struct http_request *q, struct sbuf *out, size_t *n, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0); /* bounded by OTLP_VALUES */
    struct json request = {0};
    bool packed = is_type(q, PROTOBUF);
    return (packed ? otlp_protobuf(a, q->body, &request, e) : otlp_json(a, q->body, &request, e)) &&
           otlp_records(&request, out, n, e);
}

static void store(struct vedette *v, struct http_request *q, struct workspace *w,
                  struct http_response *r)
{
    AUTO(sbuf_fini) struct sbuf lines = sbuf_make(MAX_RECORD_BYTES_OUT);
    struct err e = {0};
    struct ingest_result result = {0};
    size_t n = 0;
    if (!is_type(q, PROTOBUF) && !is_type(q, "application/json")) {
        err_set(&e, ERR_INVALID, "Content-Type: " PROTOBUF " or application/json is expected");
        api_error_status(v, q, 415, &e, r);
        return;
    }
    if (!read_records(q, &lines, &n, &e)) {
        count_unread(v, q, w, e.code);
        refuse(v, q, &e, r);
        return;
    }
    struct ingest_request in = {.workspace = w,
                                .stream = STR("Microsoft-OTelLogs"),
                                .format = INGEST_NDJSON,
                                .body = sbuf_str(&lines),
                                .source = api_caller(q)->id,
                                .client_request_id = http_header(q, "x-ms-client-request-id")};
    if (n == 0 || ingest_logs(v->otlp, &in, &result, &e))
        answer(q, result.duplicate ? 0 : result.rejected, r);
    else
        refuse(v, q, &e, r);
}

/* /v1/logs: where exporters go by themselves; the first workspace that the caller may write to. */
static void post_logs(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct workspace *w;
    for (size_t i = 0; (w = store_workspace_at(v->store, i)) != NULL; i++)
        if (identity_allows(api_caller(q), "logs/write", workspace_id(w))) {
            store(v, q, w, r);
            return;
        }
    struct err e = {0};
    err_set(&e, ERR_FORBIDDEN, "there is no workspace that the caller may send logs to");
    api_error(v, q, &e, r);
}

/* Azure Monitor's address: the rule names the workspace. */
static void post_rule_logs(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct str dcr = str_sub(http_param(q, "dcr"), 0, 80), stream = http_param(q, "stream");
    struct workspace *w = ingest_dcr_find(v->ingest, dcr);
    if (w == NULL)
        err_set(&e, ERR_NOT_FOUND, "Data collection rule with immutable Id '%.*s' not found.",
                STR_ARG(dcr));
    else if (!identity_allows(api_caller(q), "logs/write", workspace_id(w)))
        err_set(&e, ERR_FORBIDDEN, "The caller may not send logs to this rule.");
    else if (!str_ieqz(stream, "Microsoft-OTLP-Logs") && !str_ieqz(stream, "Microsoft-OTelLogs"))
        err_set(&e, ERR_NOT_FOUND, "The stream Microsoft-OTLP-Logs is expected.");
    else {
        store(v, q, w, r);
        return;
    }
    api_error(v, q, &e, r);
}

const struct http_route otlp_routes[] = {
    {HTTP_POST, "/v1/logs", post_logs, "logs/write", MAX_OTLP, FAMILY_OTLP},
    {HTTP_POST, "/dataCollectionRules/{dcr}/streams/{stream}/otlp/v1/logs", post_rule_logs,
     "logs/write", MAX_OTLP, FAMILY_OTLP},
};
const size_t n_otlp_routes = COUNTOF(otlp_routes);
