/* Who a request comes from: its Authorization header (an access token or an API key), or else the
 * cookie of a browser's session. A browser sends the cookie with whatever a page makes it send, so
 * that what changes something has to prove that it comes from the portal: by a token that only the
 * portal's own pages can read, and by the headers in which the browser says where a request comes
 * from. */
#include "api/api_priv.h"

static bool refuse(struct err *e, const char *kind, const char *text)
{
    err_set(e, ERR_FORBIDDEN, "%s", text);
    CHECK(strlen(kind) < sizeof(e->kind));
    memcpy(e->kind, kind, strlen(kind) + 1);
    return false;
}

/* What follows "://"; empty: there is none ("null"). */
static struct str host_of(struct str origin)
{
    size_t at = 0;
    if (!str_find(origin, STR("://"), &at))
        return STR("");
    struct str host = str_sub(origin, at + 3, origin.n);
    at = host.n;
    (void)str_find(host, STR("/"), &at);
    return str_sub(host, 0, at);
}

bool api_same_origin(const struct vedette *v, const struct http_request *q, struct err *e)
{
    struct str site = http_header(q, "sec-fetch-site"), origin = http_header(q, "origin");
    bool good = site.n == 0 || str_eqz(site, "same-origin") || str_eqz(site, "none");
    if (good && origin.n > 0) {
        struct str from = host_of(origin);
        good = from.n > 0 && (str_ieq(from, http_header(q, "host")) ||
                              str_ieq(from, host_of(str_from(v->o.base_url))));
    }
    return good || refuse(e, "CrossSiteRequest",
                          "The request comes from another site. (If a proxy is in front of the "
                          "server, set public_url to the address that browsers see.)");
}

static bool changes_something(enum http_method m)
{
    return m != HTTP_GET && m != HTTP_HEAD && m != HTTP_OPTIONS;
}

/* What a session serves for as long as something has to be done first. */
static const char *const for_change[] = {"/portal/api/password", "/portal/api/session",
                                         "/portal/api/signout", NULL};
static const char *const for_code[] = {"/portal/api/session/code", "/portal/api/session",
                                       "/portal/api/signout", NULL};
static const char *const for_enrolment[] = {
    "/portal/api/totp",    "/portal/api/totp/confirm", "/portal/api/session/confirm",
    "/portal/api/session", "/portal/api/signout",      NULL};

static bool is_among(const char *pattern, const char *const *patterns)
{
    for (; *patterns != NULL; patterns++)
        if (strcmp(*patterns, pattern) == 0)
            return true;
    return false;
}

static bool check_duties(const struct identity_session *s, const char *pattern, struct err *e)
{
    if (s->must_change_password)
        return is_among(pattern, for_change) ||
               refuse(e, "PasswordChangeRequired",
                      "The password has to be changed first (POST /portal/api/password).");
    switch (s->pending) {
    case IDENTITY_COMPLETE:
        return true;
    case IDENTITY_SHOW_CODE:
        return is_among(pattern, for_code) ||
               refuse(e, "SecondFactorRequired",
                      "A code of the authenticator is needed first (POST "
                      "/portal/api/session/code).");
    case IDENTITY_ENROL:
        return is_among(pattern, for_enrolment) ||
               refuse(e, "EnrolmentRequired",
                      "An authenticator has to be enrolled first (POST /portal/api/totp).");
    }
    UNREACHABLE();
}

static bool tell_cross_site(struct vedette *v, const struct http_request *q,
                            const struct identity_caller *c, const struct err *e)
{
    const struct people_event x = {.operation = "Vedette/crossSiteRequest/Action",
                                   .description = "A request with a session's cookie was refused.",
                                   .id = c->id,
                                   .name = c->name,
                                   .session = c->session->id,
                                   .reason = str_from(e->msg)};
    people_tell(v, q, &x);
    return false;
}

static bool by_session(struct vedette *v, struct http_request *q, struct str token,
                       struct identity_caller *out, struct err *e)
{
    struct identity_session *s = arena_new_of(q->arena, struct identity_session);
    if (!identity_session_check(v->identity, q->arena, token, s, out, e))
        return false;
    if (changes_something(q->method)) {
        bool good = api_same_origin(v, q, e);
        if (good && !identity_csrf_is(s, http_header(q, "x-csrf-token")))
            good = refuse(e, "CsrfTokenInvalid",
                          "The header X-CSRF-Token is missing or is not that of the session "
                          "(GET /portal/api/session tells it).");
        if (!good)
            return tell_cross_site(v, q, out, e);
    }
    return check_duties(s, q->route->pattern, e);
}

bool api_authenticate(struct vedette *v, struct http_request *q, struct identity_caller *out,
                      struct err *e)
{
    struct str header = http_header(q, "authorization"), cookie = STR("");
    *out = (struct identity_caller){0};
    if (header.n == 0 && http_cookie(q, IDENTITY_COOKIE, &cookie))
        return by_session(v, q, cookie, out, e);
    return identity_check(v->identity, q->arena, header, out, e);
}
