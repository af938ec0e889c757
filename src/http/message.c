/* Requests and responses as values: look-ups, headers, status words. */
#include "http/http_priv.h"

static const char *const method_names[] = {"GET",    "POST", "PUT",     "PATCH",
                                           "DELETE", "HEAD", "OPTIONS", "OTHER"};

const char *http_method_name(enum http_method m)
{
    return method_names[m];
}

enum http_method http_method_parse(struct str s)
{
    for (size_t i = 0; i < HTTP_OTHER; i++)
        if (str_eqz(s, method_names[i]))
            return (enum http_method)i;
    return HTTP_OTHER;
}

static const struct {
    int status;
    const char *text;
} status_texts[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {409, "Conflict"},
    {412, "Precondition Failed"},
    {413, "Payload Too Large"},
    {415, "Unsupported Media Type"},
    {429, "Too Many Requests"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
};

const char *http_status_text(int status)
{
    for (size_t i = 0; i < COUNTOF(status_texts); i++)
        if (status_texts[i].status == status)
            return status_texts[i].text;
    return "Unknown";
}

int http_status_of(enum err_code c)
{
    switch (c) {
    case ERR_OK:
        return 200;
    case ERR_SYNTAX:
    case ERR_SEMANTIC:
    case ERR_UNSUPPORTED:
    case ERR_INVALID:
    case ERR_LIMIT:
        return 400;
    case ERR_NOT_FOUND:
        return 404;
    case ERR_CONFLICT:
        return 409;
    case ERR_UNAUTHENTICATED:
        return 401;
    case ERR_FORBIDDEN:
        return 403;
    case ERR_TOO_LARGE:
        return 413;
    case ERR_BUSY:
        return 429;
    case ERR_TIMEOUT:
        return 504;
    case ERR_CANCELLED:
        return 503;
    case ERR_IO:
    case ERR_INTERNAL:
        return 500;
    }
    return 500;
}

static struct str find(const struct http_pair *pairs, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (str_ieqz(pairs[i].name, name))
            return pairs[i].value;
    return STR_NONE;
}

struct str http_param(const struct http_request *q, const char *name)
{
    struct str v = find(q->params, q->n_params, name);
    CHECK(v.p != NULL);
    return v;
}

struct str http_query(const struct http_request *q, const char *name)
{
    return find(q->query, q->n_query, name);
}

struct str http_header(const struct http_request *q, const char *name)
{
    return find(q->headers, q->n_headers, name);
}

struct http_response http_response_make(size_t max_body)
{
    return (struct http_response){.body = sbuf_make(max_body)};
}

void http_response_fini(struct http_response *r)
{
    sbuf_fini(&r->body);
    if (r->stream != NULL)
        stream_detach(r->stream);
    r->stream = NULL;
    for (size_t i = 0; i < r->n_headers; i++)
        xfree(r->headers[i].value);
    r->n_headers = 0;
}

void http_response_header(struct http_response *r, const char *name, struct str value)
{
    char *copy = xstrndup(value);
    for (char *p = copy; *p != '\0'; p++)
        if (*p < 0x20 || *p > 0x7e)
            *p = '?';
    for (size_t i = 0; i < r->n_headers; i++) {
        if (strcmp(r->headers[i].name, name) == 0) {
            xfree(r->headers[i].value);
            r->headers[i].value = copy;
            return;
        }
    }
    CHECK(r->n_headers < HTTP_MAX_HEADERS_OUT);
    r->headers[r->n_headers].name = name;
    r->headers[r->n_headers].value = copy;
    r->n_headers++;
}

const char *http_response_get(const struct http_response *r, const char *name)
{
    for (size_t i = 0; i < r->n_headers; i++)
        if (str_ieqz(str_from(r->headers[i].name), name))
            return r->headers[i].value;
    return NULL;
}
