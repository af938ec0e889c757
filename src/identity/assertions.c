/* Applications that prove themselves with a certificate (RFC 7521, RFC 7523). */
#include "base/ids.h"
#include "identity/credentials.h"
#include "identity/identity_priv.h"
#include "identity/jwt_priv.h"

enum { MAX_ID = 300 };

static bool refuse(struct err *e, const char *why)
{
    return err_set(e, ERR_UNAUTHENTICATED, "The client assertion is not accepted: %s.", why);
}

/* A thumbprint in the header; MSAL for Python pads it, which RFC 7515 forbids and Entra takes. */
static struct str thumbprint_of(const struct jwt *t, const char *name)
{
    struct str s = json_text(json_get(&t->header, name), STR(""));
    while (s.n > 0 && s.p[s.n - 1] == '=')
        s.n--;
    return s;
}

/* Does the token name this certificate, by a thumbprint in its header or by no word at all? */
static bool is_named(const struct jwt *t, const struct certificate *c)
{
    struct str sha256 = thumbprint_of(t, "x5t#S256");
    struct str sha1 = thumbprint_of(t, "x5t");
    if (sha256.n > 0)
        return str_eq(sha256, c->x5t_s256);
    if (sha1.n > 0)
        return str_eq(sha1, c->x5t);
    return t->kid.n == 0 || str_ieq(t->kid, c->sha1) || str_ieq(t->kid, c->sha256);
}

static bool is_signed(struct identity *id, struct arena *a, const struct jwt *t,
                      struct str application, bool *out, struct err *e)
{
    struct state_credential *all = NULL;
    size_t n = 0;
    if (!state_credential_list(id->state, a, application, &all, &n, e))
        return false;
    *out = false;
    for (size_t i = 0; i < n && !*out; i++) {
        struct certificate c = {0};
        *out = all[i].certificate.n > 0 && credential_is_valid(&all[i], clock_now(id->clock)) &&
               certificate_read(a, all[i].certificate, &c, NULL) && is_named(t, &c) &&
               jwt_signed_by(t, &c.key);
    }
    return true;
}

/* Whoever has seen an assertion on its way can't use it from somewhere else. */
static bool use(struct identity *id, struct arena *a, const struct jwt *t, struct str application,
                struct str remote, struct err *e)
{
    int64_t expires = 0;
    bool fresh = false;
    struct str jti = jwt_claim(t, "jti");
    if (jti.n == 0 || jti.n > MAX_ID || !jwt_claim_time(t, "exp", &expires))
        return refuse(e, "it has no 'jti'");
    struct str key =
        secret_hash(a, arena_fmt(a, "assertion %.*s %.*s", STR_ARG(application), STR_ARG(jti)));
    int64_t until = TICKS_UNIX_EPOCH + (expires + 2 * JWT_MAX_SKEW_S) * TICKS_PER_SECOND;
    if (!state_token_use(id->state, key, remote, until, clock_now(id->clock), &fresh, e))
        return false;
    return fresh || refuse(e, "it was used from another address");
}

static bool check(struct identity *id, struct arena *a, const struct identity_assertion *x,
                  const struct jwt *t, struct state_principal *p, struct err *e)
{
    struct str application = p->id;
    bool good = false;
    struct err missing = {0};
    const struct jwt_expect claims = {.issuer = jwt_claim(t, "sub"),
                                      .audiences = x->audiences,
                                      .n_audiences = x->n_audiences,
                                      .now_s = (clock_now(id->clock) - TICKS_UNIX_EPOCH) /
                                               TICKS_PER_SECOND,
                                      .max_life_s = IDENTITY_ASSERTION_SECONDS,
                                      .who = "The client assertion"};
    if (!state_principal_get(id->state, a, application, p, &missing)) {
        if (missing.code == ERR_NOT_FOUND)
            return refuse(e, "no certificate of the application has signed it");
        *e = missing;
        return false;
    }
    if (!is_signed(id, a, t, application, &good, e))
        return false;
    if (!good || !p->enabled)
        return refuse(e, "no certificate of the application has signed it");
    return jwt_check_claims(t, &claims, e) && use(id, a, t, application, x->remote, e);
}

bool identity_sign_in_assertion(struct identity *id, struct arena *a,
                                const struct identity_assertion *x, struct str audience,
                                struct str *out_client_id, struct identity_token *out,
                                struct err *e)
{
    struct jwt t = {0};
    struct state_principal p = {0};
    if (!jwt_read(a, x->text, &t, e)) {
        err_prefix(e, "client_assertion");
        return false;
    }
    p.id = client_id_plain(a, jwt_claim(&t, "sub"));
    if (p.id.n == 0 || p.id.n > MAX_ID)
        return refuse(e, "it has no 'sub'");
    *out_client_id = p.id;
    if (x->client_id.n > 0 && !str_eq(client_id_plain(a, x->client_id), p.id))
        return refuse(e, "its 'sub' is not the client_id of the request");
    if (!check(id, a, x, &t, &p, e))
        return false;
    struct token_place place;
    if (!token_place(id, a, &p, x->tenant, &place, e))
        return false;
    if (!place.admitted)
        return refuse(e, "the application has no business in this tenant");
    token_make(id, a, &p, &place, audience, true, out);
    return true;
}
