/* The end of sessions that a provider began: from here (RP-Initiated Logout 1.0), and from there
 * (Back-Channel and Front-Channel Logout 1.0). */
#include "identity/identity_priv.h"
#include "identity/oidc_priv.h"
#include "identity/single_sign_on.h"

enum { MAX_ID = 300, MAX_ORIGINS = 8 << 10 };
#define LOGOUT_EVENT "http://schemas.openid.net/event/backchannel-logout"

bool identity_sso_leave(struct identity *id, struct arena *a, struct str session, struct str back,
                        struct str *out_location, struct err *e)
{
    struct state_provider_session s = {0};
    struct identity_provider p = {0};
    struct err why = {0};
    struct str token = STR("");
    *out_location = STR("");
    if (!state_provider_session_get(id->state, a, session, &s, &why) ||
        !identity_provider_get(id, a, s.provider, &p, &why)) {
        if (why.code == ERR_NOT_FOUND)
            return true;
        *e = why;
        return false;
    }
    /* A provider that does not answer keeps nobody from signing out here. */
    AUTO(oidc_metadata_dropp) const struct oidc_metadata *m = oidc_metadata_get(id, &p, 0, &why);
    if (m == NULL || m->end_session_endpoint.n == 0 || !p.enabled)
        return true;
    if (!secret_open(id, a, s.id_token, &token))
        token = STR("");
    const struct oidc_pair asked[] = {
        {"id_token_hint", token}, {"client_id", p.client_id}, {"post_logout_redirect_uri", back}};
    *out_location = oidc_address(a, m->end_session_endpoint, asked, COUNTOF(asked));
    return true;
}

static bool refuse(struct err *e, const char *why)
{
    return err_set(e, ERR_INVALID, "The logout token is not accepted: %s.", why);
}

static bool check_logout(struct identity *id, struct arena *a, const struct identity_provider *p,
                         struct str token, struct jwt *t, struct err *e)
{
    struct str issuer = STR("");
    int64_t now = (clock_now(id->clock) - TICKS_UNIX_EPOCH) / TICKS_PER_SECOND;
    if (!jwt_read(a, token, t, e))
        return false;
    if (!provider_is_issuer(a, p, t, false, &issuer))
        return refuse(e, "it is from another issuer");
    const struct jwt_expect x = {.issuer = issuer,
                                 .audiences = &p->client_id,
                                 .n_audiences = 1,
                                 .now_s = now,
                                 .who = "The logout token"};
    if (!oidc_check_signature(id, p, t, e) || !jwt_check_claims(t, &x, e))
        return false;
    const struct json *events = json_get(&t->claims, "events");
    const struct json *event = json_get(events, LOGOUT_EVENT);
    if (event == NULL || event->type != JSON_OBJECT || json_get(&t->claims, "nonce") != NULL)
        return refuse(e, "it is a token of another type");
    return jwt_claim(t, "sub").n > 0 || jwt_claim(t, "sid").n > 0 ||
           refuse(e, "it has neither 'sub' nor 'sid'");
}

static bool use_once(struct identity *id, struct arena *a, const struct jwt *t, struct err *e)
{
    bool fresh = false;
    int64_t expires = 0;
    struct str jti = jwt_claim(t, "jti");
    if (jti.n == 0 || jti.n > MAX_ID || !jwt_claim_time(t, "exp", &expires))
        return refuse(e, "it has no 'jti'");
    struct str key = secret_hash(
        a, arena_fmt(a, "logout %.*s %.*s", STR_ARG(jwt_claim(t, "iss")), STR_ARG(jti)));
    int64_t until = TICKS_UNIX_EPOCH + (expires + 2 * JWT_MAX_SKEW_S) * TICKS_PER_SECOND;
    if (!state_token_use(id->state, key, STR(""), until, clock_now(id->clock), &fresh, e))
        return false;
    return fresh || refuse(e, "it was used already");
}

static bool end_sessions(struct identity *id, struct arena *a, const struct identity_provider *p,
                         const struct state_provider_session *of, int64_t *out_n, struct err *e)
{
    struct state_provider_session *all = NULL;
    size_t n = 0;
    if (!state_provider_session_find(id->state, a, of->issuer, of->subject, of->sid, &all, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        int64_t ended = 0;
        if (!str_eq(all[i].provider, p->name))
            continue; /* another provider's, which only has the same issuer */
        if (!identity_session_end(id, all[i].principal, all[i].session, STR(""), &ended, e))
            return false;
        *out_n += ended;
    }
    return true;
}

bool identity_sso_ended(struct identity *id, struct arena *a, struct str provider,
                        struct str logout_token, int64_t *out_n, struct err *e)
{
    struct identity_provider p = {0};
    struct jwt t = {0};
    *out_n = 0;
    if (!identity_provider_get(id, a, provider, &p, e) ||
        !check_logout(id, a, &p, logout_token, &t, e) || !use_once(id, a, &t, e))
        return false;
    const struct state_provider_session of = {.issuer = jwt_claim(&t, "iss"),
                                              .subject = jwt_claim(&t, "sub"),
                                              .sid = jwt_claim(&t, "sid")};
    return end_sessions(id, a, &p, &of, out_n, e);
}

/* Is it a name, or an address, with or without a port? It becomes part of a header. */
static bool is_host(struct str host)
{
    bool good = host.n > 0;
    for (size_t i = 0; good && i < host.n; i++) {
        char c = host.p[i];
        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               (c != '\0' && strchr(".-:[]", c) != NULL);
    }
    return good;
}

/* "https://a.example https://b.example:8443" of "a.example,b.example:8443" */
static struct str origins_of(struct arena *a, const struct identity_provider *p)
{
    bool plain = str_starts(p->issuer, STR("http://")); /* a loopback address */
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_ORIGINS);
    size_t from = 0;
    for (size_t i = 0; i <= p->hosts.n; i++) {
        if (i < p->hosts.n && p->hosts.p[i] != ',')
            continue;
        struct str host = str_trim(str_sub(p->hosts, from, i - from));
        from = i + 1;
        if (is_host(host))
            sbuf_addf(&b, " %s://%.*s", plain ? "http" : "https", STR_ARG(host));
    }
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : STR("");
}

bool identity_sso_signed_out(struct identity *id, struct arena *a, struct str provider,
                             struct str iss, struct str sid, int64_t *out_n, struct str *out_from,
                             struct err *e)
{
    struct identity_provider p = {0};
    *out_n = 0;
    if (!identity_provider_get(id, a, provider, &p, e))
        return false;
    if (iss.n == 0 || sid.n == 0)
        return err_set(e, ERR_INVALID,
                       "'iss' and 'sid' are needed: the provider has to send both (registered as "
                       "frontchannel_logout_session_required)");
    *out_from = origins_of(a, &p);
    const struct state_provider_session of = {.issuer = iss, .subject = STR(""), .sid = sid};
    return end_sessions(id, a, &p, &of, out_n, e);
}
