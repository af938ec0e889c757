/* A small HTTP client over libcurl: one exchange, with time and size limits. */
#include <curl/curl.h>
#include <stdatomic.h>

#include "http/http.h"

struct sink {
    struct sbuf *out;
    size_t max, n;
    bool over;
    int retry_after_s;
    const struct http_call *call;
};

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
    struct sink *s = arg;
    size_t bytes = size * n;
    if (bytes > s->max - s->n) {
        s->over = true;
        return 0;
    }
    s->n += bytes;
    sbuf_addmem(s->out, data, bytes);
    return sbuf_ok(s->out) ? bytes : 0;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): libcurl's type */
static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
    struct sink *s = arg;
    struct str line = {data, size * n};
    struct str name = STR("retry-after:");
    int64_t v = 0;
    if (line.n > name.n && str_ieq(str_sub(line, 0, name.n), name) &&
        str_to_i64(str_trim(str_sub(line, name.n, line.n)), &v) && v >= 0 && v < 86400)
        s->retry_after_s = (int)v;
    const char *colon = line.n > 0 ? memchr(line.p, ':', line.n) : NULL;
    if (s->call->on_header != NULL && colon != NULL) {
        size_t at = (size_t)(colon - line.p);
        s->call->on_header(s->call->header_self, str_sub(line, 0, at),
                           str_trim(str_sub(line, at + 1, line.n)));
    }
    return line.n;
}

/* Called about once a second, and when bytes move. */
static int on_progress(void *arg, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
                       curl_off_t up)
{
    const struct http_call *c = arg;
    (void)down_all;
    (void)down;
    (void)up_all;
    (void)up;
    return atomic_load(c->cancel) ? 1 : 0;
}

static void easy_freep(CURL **h)
{
    curl_easy_cleanup(*h);
}

static void list_freep(struct curl_slist **l)
{
    curl_slist_free_all(*l);
}

static void add_header(struct curl_slist **l, const char *name, const char *value)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make((size_t)64 * 1024);
    sbuf_addf(&b, "%s: %s", name, value);
    struct curl_slist *grown = curl_slist_append(*l, sbuf_str(&b).p);
    CHECK(grown != NULL);
    *l = grown;
}

static void set_basics(CURL *h, const struct http_call *c, struct sink *sink, char *reason)
{
    curl_easy_setopt(h, CURLOPT_URL, c->url);
    curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, c->method);
    curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "https,http");
    curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
    curl_easy_setopt(h, CURLOPT_TIMEOUT, (long)(c->timeout_s > 0 ? c->timeout_s : 60));
    curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT,
                     (long)(c->connect_timeout_s > 0 ? c->connect_timeout_s : 5));
    curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (c->verbatim)
        curl_easy_setopt(h, CURLOPT_PATH_AS_IS, 1L);
    else
        curl_easy_setopt(h, CURLOPT_ACCEPT_ENCODING, "gzip");
    if (strcmp(c->method, "HEAD") == 0)
        curl_easy_setopt(h, CURLOPT_NOBODY, 1L);
    if (c->cancel != NULL) {
        curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, on_progress);
        curl_easy_setopt(h, CURLOPT_XFERINFODATA, c);
    }
    curl_easy_setopt(h, CURLOPT_ERRORBUFFER, reason);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, sink);
    curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(h, CURLOPT_HEADERDATA, sink);
    if (c->ca_file != NULL)
        curl_easy_setopt(h, CURLOPT_CAINFO, c->ca_file);
}

static void set_body(CURL *h, const struct http_call *c, struct sbuf *packed,
                     struct curl_slist **headers)
{
    struct str body = c->body;
    if (c->gzip_body && body.n > 0 && http_gzip(body, packed)) {
        body = sbuf_str(packed);
        add_header(headers, "Content-Encoding", "gzip");
    }
    if (body.n > 0 || strcmp(c->method, "POST") == 0 || strcmp(c->method, "PUT") == 0) {
        curl_easy_setopt(h, CURLOPT_POSTFIELDS, body.n > 0 ? body.p : "");
        curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
    }
    add_header(headers, "Content-Type", c->content_type != NULL ? c->content_type : "");
    add_header(headers, "Expect", "");
    if (c->bearer != NULL) {
        AUTO(sbuf_fini) struct sbuf token = sbuf_make((size_t)64 * 1024);
        sbuf_addf(&token, "Bearer %s", c->bearer);
        add_header(headers, "Authorization", sbuf_str(&token).p);
    }
    AUTO(arena_freep) struct arena *a = arena_new(0);
    for (size_t i = 0; i < c->n_headers; i++)
        add_header(headers, arena_strz(a, c->headers[i].name), arena_strz(a, c->headers[i].value));
}

static enum err_code failure(CURLcode rc)
{
    return rc == CURLE_OPERATION_TIMEDOUT    ? ERR_TIMEOUT
           : rc == CURLE_ABORTED_BY_CALLBACK ? ERR_CANCELLED
                                             : ERR_IO;
}

bool http_call(const struct http_call *c, int *out_status, struct sbuf *out, int *out_retry_after_s,
               struct err *e)
{
    AUTO(easy_freep) CURL *h = curl_easy_init();
    if (h == NULL)
        return err_set(e, ERR_INTERNAL, "cannot start libcurl");
    char reason[CURL_ERROR_SIZE] = "";
    AUTO(list_freep) struct curl_slist *headers = NULL;
    AUTO(sbuf_fini) struct sbuf packed = sbuf_make(0);
    const char *label = c->label != NULL ? c->label : c->url;
    size_t max = c->max_response > 0 ? c->max_response : (size_t)256 << 20;
    struct sink sink = {.out = out, .max = max, .call = c};
    set_basics(h, c, &sink, reason);
    set_body(h, c, &packed, &headers);
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
    CURLcode rc = curl_easy_perform(h);
    if (sink.over)
        return err_set(e, ERR_TOO_LARGE, "the answer from %s is larger than %zu bytes", label, max);
    if (rc != CURLE_OK)
        return err_set(e, failure(rc), "%s %s: %s", c->method, label,
                       reason[0] != '\0' ? reason : curl_easy_strerror(rc));
    long status = 0;
    curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
    *out_status = (int)status;
    if (out_retry_after_s != NULL)
        *out_retry_after_s = sink.retry_after_s;
    return true;
}
