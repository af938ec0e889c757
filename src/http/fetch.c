/* Reading a file from a host that the operator allows: for what a query names. */
#include <curl/curl.h>

#include "http/http.h"
#include "text/zip.h"

enum { FETCH_MAX_BYTES = 100 << 20 };

struct address {
    struct str scheme, host, port;
};

static struct str part(CURLU *u, CURLUPart which, unsigned flags, struct arena *a)
{
    char *text = NULL;
    if (curl_url_get(u, which, &text, flags) != CURLUE_OK || text == NULL)
        return STR_NONE;
    struct str s = arena_str(a, str_from(text));
    curl_free(text);
    return s;
}

/* libcurl's own reading of the address, so that the host that is checked is the host that is asked.
 */
static bool read_address(struct arena *a, const char *url, struct address *out)
{
    CURLU *u = curl_url();
    bool ok = u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK;
    if (ok) {
        out->scheme = part(u, CURLUPART_SCHEME, 0, a);
        out->host = part(u, CURLUPART_HOST, 0, a);
        out->port = part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT, a);
        ok = part(u, CURLUPART_USER, 0, a).n == 0;
    }
    curl_url_cleanup(u);
    return ok;
}

static bool is_loopback(struct str host)
{
    return str_ieqz(host, "localhost") || str_eqz(host, "127.0.0.1") || str_eqz(host, "[::1]");
}

/* "a.example, b.example:8443": a host without a port means 443. */
static bool listed(struct arena *a, struct str hosts, const struct address *to)
{
    struct str full = arena_fmt(a, "%.*s:%.*s", STR_ARG(to->host), STR_ARG(to->port));
    bool standard = str_eqz(to->port, "443");
    for (size_t from = 0, end = 0; from < hosts.n; from = end + 1) {
        for (end = from; end < hosts.n && hosts.p[end] != ',';)
            end++;
        struct str one = str_trim(str_sub(hosts, from, end - from));
        if (one.n > 0 && (str_ieq(one, full) || (standard && str_ieq(one, to->host))))
            return true;
    }
    return false;
}

bool http_is_allowed(struct arena *a, struct str hosts, struct str address, const char *which,
                     struct err *e)
{
    struct address to;
    const char *url = arena_strz(a, address);
    struct str label = str_sub(address, 0, strcspn(url, "?#"));
    if (!read_address(a, url, &to))
        return err_set(e, ERR_INVALID, "'%.*s' is no address that can be read from",
                       STR_ARG(label));
    bool secure = str_eqz(to.scheme, "https");
    if (!secure && !(str_eqz(to.scheme, "http") && is_loopback(to.host)))
        return err_set(e, ERR_FORBIDDEN, "'%.*s': only https:// addresses are read",
                       STR_ARG(label));
    return listed(a, hosts, &to) ||
           err_set(e, ERR_FORBIDDEN, "the host '%.*s' is not one that %s", STR_ARG(to.host), which);
}

static bool inflate(struct sbuf *packed, size_t max, struct sbuf *out, struct err *e)
{
    struct str body = sbuf_str(packed);
    if (zip_is(body)) {
        AUTO(sbuf_fini) struct sbuf file = sbuf_make(max);
        bool ok = zip_read_one(body, &file, e);
        sbuf_add(out, ok ? sbuf_str(&file) : STR_NONE);
        return ok;
    }
    if (body.n < 2 || (unsigned char)body.p[0] != 0x1f || (unsigned char)body.p[1] != 0x8b) {
        sbuf_add(out, body);
        return true;
    }
    AUTO(sbuf_fini) struct sbuf plain = sbuf_make(max);
    if (!http_gunzip(body, &plain, e))
        return false;
    sbuf_add(out, sbuf_str(&plain));
    return true;
}

bool http_fetch(void *http_allowed, struct str address, struct sbuf *out, struct err *e)
{
    const struct http_allowed *w = http_allowed;
    size_t max = w->max_bytes > 0 ? w->max_bytes : FETCH_MAX_BYTES;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    size_t n = 0;
    while (n < address.n && address.p[n] != ';' && address.p[n] != '\0')
        n++; /* ";…" holds a key in Kusto's connection strings */
    const char *url = arena_strz(a, str_sub(address, 0, n));
    const char *label = arena_strz(a, str_sub(address, 0, strcspn(url, "?#")));
    if (!http_is_allowed(a, w->hosts, str_from(url),
                         "a query may read from; the setting external_hosts allows hosts", e))
        return false;
    struct http_call call = {.method = "GET",
                             .url = url,
                             .label = label,
                             .ca_file = w->ca_file,
                             .timeout_s = w->timeout_s,
                             .max_response = max};
    AUTO(sbuf_fini) struct sbuf packed = sbuf_make(max);
    int status = 0;
    if (!http_call(&call, &status, &packed, NULL, e))
        return false;
    if (status != 200)
        return err_set(e, ERR_IO, "%s answered with status %d", label, status);
    return inflate(&packed, max, out, e);
}
