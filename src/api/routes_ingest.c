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

static bool may(void *self, const struct workspace *w)
{
    return identity_allows(api_caller(self), "logs/write", workspace_id(w));
}

/* Where the rule leads. w: its workspace if it is a built-in one, which has one. */
static bool is_good(struct vedette *v, struct http_request *q, struct http_response *r,
                    struct workspace *w)
{
    struct err e = {0};
    struct str dcr = http_param(q, "dcr");
    struct str shown = str_sub(dcr, 0, 80);
    if (w == NULL && !dcr_exists(v->dcrs, dcr))
        err_set(&e, ERR_NOT_FOUND, "Data collection rule with immutable Id '%.*s' not found.",
                STR_ARG(shown));
    else if (w != NULL && !may(q, w))
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
        return false;
    } else
        return true;
    api_fail(v, q, http_status_of(e.code), &e, r);
    return false;
}

/* By a rule that somebody made. */
static void post_by_rule(struct vedette *v, struct http_request *q, struct http_response *r)
{
    struct err e = {0};
    struct ingest_result result = {0};
    const struct dcr_request in = {.rule = http_param(q, "dcr"),
                                   .stream = http_param(q, "stream"),
                                   .body = q->body,
                                   .source = api_caller(q)->id,
                                   .client_request_id = http_header(q, "x-ms-client-request-id"),
                                   .caller = {.self = q, .may = may}};
    if (dcr_logs(v->dcrs, &in, &result, &e))
        r->status = 204;
    else if (e.code == ERR_FORBIDDEN || e.code == ERR_NOT_FOUND)
        api_fail(v, q, http_status_of(e.code), &e, r); /* counted there, elsewhere by ingestion */
    else
        refuse(v, q, &e, r);
}

static void post_logs(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct ingest_result result = {0};
    struct workspace *w = ingest_dcr_find(v->ingest, http_param(q, "dcr"));
    if (!is_good(v, q, r, w))
        return;
    if (w == NULL) {
        post_by_rule(v, q, r);
        return;
    }
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
