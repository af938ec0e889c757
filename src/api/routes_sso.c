/* Signing in to the portal through an identity provider. The callback's refusals are small pages:
 * whoever sees them is a person with a browser, not yet signed in. */
#include "api/api_priv.h"
#include "identity/single_sign_on.h"
#include "text/json.h"

enum { MAX_LOGOUT_BYTES = 64 << 10, MAX_FORM_PAIRS = 16 };

/* Lax: the provider's redirect, which comes from another site, brings it along. */
#define SSO_FLAGS "; Path=/; Secure; HttpOnly; SameSite=Lax"

static struct str callback_of(const struct vedette *v, struct http_request *q, struct str provider)
{
    return arena_fmt(q->arena, "%s/portal/oidc/%.*s/callback", v->o.base_url, STR_ARG(provider));
}

/* ---- pages ---- */

static void add_escaped(struct sbuf *b, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '<' || c == '>' || c == '&' || c == '"' || c == '\'')
            sbuf_addf(b, "&#%d;", c);
        else
            sbuf_addc(b, c);
    }
}

static void page(struct http_response *r, int status, const char *text)
{
    r->status = status;
    r->content_type = "text/html; charset=utf-8";
    sbuf_addz(&r->body, "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">"
                        "<title>Sign-in refused</title></head><body><h1>Sign-in refused</h1><p>");
    add_escaped(&r->body, str_from(text));
    sbuf_addz(&r->body, "</p><p><a href=\"/portal/\">Back to the sign-in page</a></p></body>"
                        "</html>\n");
    http_response_header(r, "Cache-Control", STR("no-store"));
    http_response_header(r, "Content-Security-Policy", STR("default-src 'none'"));
    http_response_header(r, "X-Content-Type-Options", STR("nosniff"));
}

static void refuse(struct vedette *v, struct http_request *q, struct http_response *r,
                   struct str provider, struct str who, const struct err *e)
{
    int status = e->code == ERR_UNAUTHENTICATED ? 401
                 : e->code == ERR_FORBIDDEN     ? 403
                 : e->code == ERR_NOT_FOUND     ? 404
                                                : 502;
    LOG(LOG_WARN, "identity", "sign-in refused", log_s("provider", provider),
        log_s("remote", q->remote), log_z("reason", e->msg));
    const struct sso_event told = {
        .provider = provider, .who = who, .description = "Sign-in was refused.", .reason = e};
    sso_observe(v, q, &told);
    page(r, status, e->msg);
}

/* ---- there and back ---- */

static void start(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct identity_departure d = {0};
    struct str provider = http_param(q, "provider");
    if (!identity_sso_begin(v->identity, q->arena, provider, callback_of(v, q, provider),
                            http_query(q, "next"), &d, &e)) {
        refuse(v, q, r, provider, STR(""), &e);
        return;
    }
    r->status = 302;
    http_response_header(r, "Location", d.location);
    http_response_header(r, "Cache-Control", STR("no-store"));
    http_response_header(r, "Set-Cookie",
                         arena_fmt(q->arena, IDENTITY_SSO_COOKIE "=%.*s" SSO_FLAGS "; Max-Age=%d",
                                   STR_ARG(d.cookie), IDENTITY_SSO_SECONDS));
}

static void callback(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct identity_arrived in = {0};
    struct str provider = http_param(q, "provider"), cookie = STR("");
    (void)http_cookie(q, IDENTITY_SSO_COOKIE, &cookie);
    const struct identity_arrival x = {
        .code = http_query(q, "code"),
        .state = http_query(q, "state"),
        .iss = http_query(q, "iss"),
        .error = http_query(q, "error"),
        .error_description = http_query(q, "error_description"),
        .cookie = cookie,
        .redirect_uri = callback_of(v, q, provider),
        .place = {.address = q->remote, .agent = http_header(q, "user-agent")}};
    if (!identity_sso_finish(v->identity, q->arena, provider, &x, &in, &e)) {
        refuse(v, q, r, provider, in.who, &e);
        return;
    }
    const struct sso_event told = {
        .provider = provider,
        .who = in.who,
        .groups_missing = in.groups_missing,
        .description = in.groups_missing
                           ? "A person signed in through an identity provider, which left the "
                             "groups out of its token: they give no roles."
                           : "A person signed in through an identity provider."};
    sso_observe(v, q, &told);
    api_session_replace(v, q);
    r->status = 303;
    http_response_header(r, "Location", in.next);
    api_session_cookie(q, r, &in.session);
}

/* For the sign-in page: [{"name", "title", "url"}] */
static void providers(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct identity_provider *all = NULL;
    size_t n = 0;
    if (!identity_provider_list(v->identity, q->arena, &all, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    json_arr(&o);
    for (size_t i = 0; i < n; i++) {
        if (!all[i].enabled || !all[i].sign_in)
            continue;
        json_obj(&o);
        json_kv_str(&o, "name", all[i].name);
        json_kv_str(&o, "title", all[i].title);
        json_kv_str(&o, "url",
                    arena_fmt(q->arena, "/portal/oidc/%.*s/start", STR_ARG(all[i].name)));
        json_obj_end(&o);
    }
    json_arr_end(&o);
    http_response_header(r, "Cache-Control", STR("no-store"));
}

/* ---- the provider ends sessions ---- */

static void tell_ended(struct vedette *v, const struct http_request *q, int64_t sessions,
                       const struct err *e)
{
    const struct sso_event told = {
        .provider = http_param(q, "provider"),
        .sign_out = true,
        .sessions = sessions,
        .description = e == NULL ? "An identity provider ended sessions."
                                 : "An identity provider's word that sessions end was refused.",
        .reason = e};
    if (e == NULL)
        LOG(LOG_INFO, "identity", told.description, log_s("provider", told.provider),
            log_i("sessions", sessions));
    else
        LOG(LOG_WARN, "identity", told.description, log_s("provider", told.provider),
            log_s("remote", q->remote), log_z("reason", e->msg));
    sso_observe(v, q, &told);
}

/* Back-channel logout: the provider's server asks, not a browser. */
static void logout(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct http_pair *form = NULL;
    size_t n = 0;
    int64_t ended = 0;
    struct str token = STR("");
    http_response_header(r, "Cache-Control", STR("no-store"));
    if (!http_form_parse(q->arena, q->body, MAX_FORM_PAIRS, &form, &n, &e)) {
        api_error_status(v, q, 400, &e, r);
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (str_eqz(form[i].name, "logout_token"))
            token = form[i].value;
    bool ok =
        identity_sso_ended(v->identity, q->arena, http_param(q, "provider"), token, &ended, &e);
    tell_ended(v, q, ended, ok ? NULL : &e);
    if (ok)
        r->status = 200;
    else
        api_error_status(v, q, 400, &e, r);
}

/* Front-channel logout: a page of the provider's has this as a frame that nobody sees. */
static void logout_frame(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    int64_t ended = 0;
    struct str from = STR("");
    bool ok =
        identity_sso_signed_out(v->identity, q->arena, http_param(q, "provider"),
                                http_query(q, "iss"), http_query(q, "sid"), &ended, &from, &e);
    http_response_header(r, "Cache-Control", STR("no-cache, no-store"));
    http_response_header(r, "Pragma", STR("no-cache"));
    http_response_header(r, "Content-Security-Policy",
                         arena_fmt(q->arena, "default-src 'none'; frame-ancestors%s%.*s",
                                   from.n > 0 ? "" : " 'none'", STR_ARG(from)));
    if (!ok) {
        api_error_status(v, q, e.code == ERR_NOT_FOUND ? 404 : 400, &e, r);
        return;
    }
    if (ended > 0) /* anybody may ask for what is not there */
        tell_ended(v, q, ended, NULL);
    r->status = 200;
    r->content_type = "text/html; charset=utf-8";
    sbuf_addz(&r->body, "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">"
                        "<title>Signed out</title></head><body></body></html>\n");
}

const struct http_route sso_routes[] = {
    {HTTP_GET, "/portal/oidc/{provider}/start", start, NULL, 0, FAMILY_ARM},
    {HTTP_GET, "/portal/oidc/{provider}/callback", callback, NULL, 0, FAMILY_ARM},
    {HTTP_GET, "/portal/oidc/{provider}/logout", logout_frame, NULL, 0, FAMILY_OAUTH},
    {HTTP_POST, "/portal/oidc/{provider}/logout", logout, NULL, MAX_LOGOUT_BYTES, FAMILY_OAUTH},
    {HTTP_GET, "/portal/api/providers", providers, NULL, 0, FAMILY_ARM},
};
const size_t n_sso_routes = COUNTOF(sso_routes);
