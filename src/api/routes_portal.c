/* The portal's files below /portal/, to whoever asks: they hold no data. A path that is no file is
 * a page of the portal, which index.html draws; /portal/api and /portal/oidc are routes of others.
 */
#include "api/api_priv.h"
#include "api/portal.h"

/* Styles are written by the components that are drawn, workers by the editor; nothing else comes
 * from anywhere but here. */
#define CONTENT_POLICY                                                                             \
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "                    \
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "                      \
    "worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

static const char NOT_BUILT[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Vedette</title></head>"
    "<body><h1>The portal has not been built</h1>\n<p>This server answers the API. For the portal, "
    "run <code>./dev build</code> in the source tree (it needs node and npm), or "
    "<code>./dev install</code>, and start the server again. <code>VEDETTE_PORTAL_DIR</code> may "
    "name "
    "a folder with the built files.</p></body></html>\n";

static void secure(struct http_response *r)
{
    http_response_header(r, "Content-Security-Policy", STR(CONTENT_POLICY));
    http_response_header(r, "Referrer-Policy", STR("no-referrer"));
    http_response_header(r, "X-Frame-Options", STR("DENY"));
    http_response_header(r, "Cross-Origin-Opener-Policy", STR("same-origin"));
    http_response_header(r, "Cross-Origin-Resource-Policy", STR("same-origin"));
    http_response_header(r, "Permissions-Policy",
                         STR("camera=(), geolocation=(), microphone=(), payment=(), usb=()"));
}

static struct str caching(const struct portal_file *f)
{
    if (f->named_by_hash)
        return STR("public, max-age=31536000, immutable");
    return str_eq(f->name, STR("index.html")) ? STR("no-store") : STR("no-cache");
}

static void send_file(const struct http_request *q, const struct portal_file *f,
                      struct http_response *r)
{
    size_t at = 0;
    secure(r);
    http_response_header(r, "Cache-Control", caching(f));
    http_response_header(r, "ETag", str_from(f->etag));
    http_response_header(r, "Vary", STR("Accept-Encoding"));
    if (str_find(http_header(q, "if-none-match"), str_from(f->etag + 2), &at)) {
        r->status = 304;
        return;
    }
    r->content_type = f->type;
    bool packed = f->gzip.n > 0 && http_accepts_gzip(q);
    if (packed)
        http_response_header(r, "Content-Encoding", STR("gzip"));
    sbuf_add(&r->body, packed ? f->gzip : f->bytes);
}

static void send_page(struct vedette *v, const struct http_request *q, struct http_response *r)
{
    const struct portal_file *index = portal_find(v->portal, STR("index.html"));
    if (index != NULL) {
        send_file(q, index, r);
        return;
    }
    secure(r);
    http_response_header(r, "Cache-Control", STR("no-store"));
    r->status = 503;
    r->content_type = "text/html; charset=utf-8";
    sbuf_addz(&r->body, NOT_BUILT);
}

static void no_such_path(struct vedette *v, const struct http_request *q, struct http_response *r)
{
    struct err e = {0};
    (void)err_set(&e, ERR_NOT_FOUND, "The requested path does not exist.");
    api_error(v, q, &e, r);
}

/* Is path below the folder, or the folder itself? */
static bool below(struct str path, struct str folder)
{
    return str_starts(path, folder) && (path.n == folder.n || path.p[folder.n] == '/');
}

static void to_portal(void *ctx, struct http_request *q, struct http_response *r)
{
    const struct vedette *v = ctx;
    if (v->portal == NULL) {
        no_such_path(ctx, q, r);
        return;
    }
    r->status = 302;
    http_response_header(r, "Location", STR("/portal/"));
}

static void first_page(void *ctx, struct http_request *q, struct http_response *r)
{
    const struct vedette *v = ctx;
    if (v->portal == NULL)
        no_such_path(ctx, q, r);
    else
        send_page(ctx, q, r);
}

static void any_path(void *ctx, struct http_request *q, struct http_response *r)
{
    const struct vedette *v = ctx;
    struct str path = http_param(q, "path");
    const struct portal_file *f = portal_find(v->portal, path);
    if (f != NULL)
        send_file(q, f, r);
    else if (v->portal == NULL || below(path, STR("api")) || below(path, STR("oidc")) ||
             below(path, STR("assets")))
        no_such_path(ctx, q, r);
    else
        send_page(ctx, q, r);
}

const struct http_route portal_routes[] = {
    {HTTP_GET, "/", to_portal, NULL, 0, FAMILY_ARM},
    {HTTP_GET, "/portal", first_page, NULL, 0, FAMILY_ARM},
    {HTTP_GET, "/portal/{path...}", any_path, NULL, 0, FAMILY_ARM},
};
const size_t n_portal_routes = COUNTOF(portal_routes);
