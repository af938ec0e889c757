/* The Logs Ingestion API: POST /dataCollectionRules/{immutableId}/streams/{stream}. */
#include "api/api_priv.h"
#include "text/json.h"

static void refuse(struct vedette *v, struct http_request *q, const struct err *e,
                   struct http_response *r)
{
    struct err say = *e;
    if (e->code == ERR_TOO_LARGE)
        err_set(&say, ERR_TOO_LARGE, "Maximum allowed content length: %zu bytes.",
                ingest_limits(v->ingest)->max_body_bytes);
    if (e->code == ERR_SYNTAX && e->pos.line > 0)
        err_set(&say, ERR_SYNTAX, "The body is not valid JSON: line %u, column %u: %s", e->pos.line,
                e->pos.col, e->msg);
    if (e->code == ERR_LIMIT) { /* too many records, too deep: the sender's to change */
        api_error_status(v, q, 400, &say, r);
        return;
    }
    api_error(v, q, &say, r);
}

static bool is_json(struct str content_type)
{
    size_t at = content_type.n;
    (void)str_find(content_type, STR(";"), &at);
    return str_ieqz(str_trim(str_sub(content_type, 0, at)), "application/json");
}

static struct workspace *target(struct vedette *v, struct http_request *q, struct http_response *r)
{
    struct err e = {0};
    struct str dcr = http_param(q, "dcr");
    struct workspace *w = ingest_dcr_find(v->ingest, dcr);
    struct str shown = str_sub(dcr, 0, 80);
    if (w == NULL)
        err_set(&e, ERR_NOT_FOUND, "Data collection rule with immutable Id '%.*s' not found.",
                STR_ARG(shown));
    else if (!identity_allows(api_caller(q), "logs/write", workspace_id(w)))
        err_set(
            &e, ERR_FORBIDDEN,
            "The authentication token provided does not have access to ingest data for the data "
            "collection rule with immutable Id '%.*s'",
            STR_ARG(shown));
    else if (http_query(q, "api-version").n == 0)
        err_set(&e, ERR_INVALID,
                "The api-version query parameter (?api-version=) is required for all requests.");
    else if (!is_json(http_header(q, "content-type"))) {
        err_set(&e, ERR_INVALID, "Content-Type: application/json is expected.");
        api_fail(v, q, 415, &e, r);
        return NULL;
    } else
        return w;
    api_fail(v, q, http_status_of(e.code), &e, r);
    return NULL;
}

static void post_logs(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct ingest_result result = {0};
    struct workspace *w = target(v, q, r);
    if (w == NULL)
        return;
    struct ingest_request in = {.workspace = w,
                                .stream = http_param(q, "stream"),
                                .format = INGEST_JSON,
                                .body = q->body,
                                .source = api_caller(q)->id,
                                .client_request_id = http_header(q, "x-ms-client-request-id")};
    if (!ingest_logs(v->ingest, &in, &result, &e)) {
        refuse(v, q, &e, r);
        return;
    }
    r->status = 204;
}

const struct http_route ingest_routes[] = {
    {HTTP_POST, "/dataCollectionRules/{dcr}/streams/{stream}", post_logs, "logs/write", 0,
     FAMILY_INGEST},
};
const size_t n_ingest_routes = COUNTOF(ingest_routes);
