/* The authorization code flow: to the provider, and back with a code that is exchanged for an ID
 * token. What has to be remembered meanwhile is in a sealed cookie of the browser, so that nobody
 * can fill this server's memory by beginning, and so that an answer is good in one browser only. */
#include "base/ids.h"
#include "identity/identity_priv.h"
#include "identity/oidc_priv.h"
#include "identity/single_sign_on.h"
#include "text/base64.h"
#include <openssl/evp.h>

enum { MAX_NEXT = 1000, MAX_CODE = 4096, MAX_FORM = 64 << 10, MAX_SEALED = 8192 };

static int64_t now_s(struct identity *id)
{
    return (clock_now(id->clock) - TICKS_UNIX_EPOCH) / TICKS_PER_SECOND;
}

/* ---- addresses and forms ---- */

void oidc_add_encoded(struct sbuf *b, struct str text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '_' || c == '.' || c == '~';
        if (plain) {
            sbuf_addc(b, (char)c);
        } else {
            sbuf_addc(b, '%');
            sbuf_addc(b, hex[c >> 4]);
            sbuf_addc(b, hex[c & 15]);
        }
    }
}

static struct str form_of(struct arena *a, const struct oidc_pair *pairs, size_t n)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_FORM);
    for (size_t i = 0; i < n; i++) {
        if (pairs[i].value.n == 0)
            continue;
        sbuf_addf(&b, "%s%s=", b.n > 0 ? "&" : "", pairs[i].name);
        oidc_add_encoded(&b, pairs[i].value);
    }
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : STR("");
}

struct str oidc_address(struct arena *a, struct str url, const struct oidc_pair *pairs, size_t n)
{
    struct str form = form_of(a, pairs, n);
    return arena_fmt(a, "%.*s%s%.*s", STR_ARG(url), str_holds(url, '?') ? "&" : "?", STR_ARG(form));
}

/* Paths of this server only: no other host, by whatever spelling. */
static struct str local_path(struct arena *a, struct str next)
{
    bool good = next.n > 0 && next.n <= MAX_NEXT && next.p[0] == '/';
    good = good && !(next.n > 1 && (next.p[1] == '/' || next.p[1] == '\\'));
    for (size_t i = 0; good && i < next.n; i++)
        good =
            (unsigned char)next.p[i] > 0x20 && (unsigned char)next.p[i] < 0x7f && next.p[i] != '\\';
    return good ? arena_str(a, next) : STR("/portal/");
}

static struct str random_text(struct arena *a)
{
    char *text = arena_alloc(a, IDENTITY_SECRET_CHARS + 1);
    secret_new(text);
    return str_from(text);
}

static struct str challenge_of(struct arena *a, struct str verifier)
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    CHECK(EVP_Digest(verifier.p, verifier.n, raw, &n, EVP_sha256(), NULL) == 1);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(128);
    base64_encode(BASE64_URL, (struct str){(const char *)raw, n}, &b);
    return arena_str(a, sbuf_str(&b));
}

/* ---- to the provider ---- */

struct journey {
    struct str provider, state, nonce, verifier, next;
    int64_t expires; /* Unix seconds */
};

static struct str seal(struct identity *id, struct arena *a, const struct journey *j)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_SEALED);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    json_kv_z(&w, "for", IDENTITY_SSO_COOKIE); /* other things are sealed with the same key */
    json_kv_str(&w, "provider", j->provider);
    json_kv_str(&w, "state", j->state);
    json_kv_str(&w, "nonce", j->nonce);
    json_kv_str(&w, "verifier", j->verifier);
    json_kv_str(&w, "next", j->next);
    json_kv_int(&w, "expires", j->expires);
    json_obj_end(&w);
    CHECK(sbuf_ok(&b)); /* all parts are bounded */
    return secret_seal(id, a, sbuf_str(&b));
}

static bool unseal(struct identity *id, struct arena *a, struct str cookie, struct journey *out)
{
    struct str text = STR_NONE;
    struct json v = {0};
    if (cookie.n == 0 || cookie.n > 2 * (size_t)MAX_SEALED || !secret_open(id, a, cookie, &text) ||
        !json_parse(a, text, NULL, &v, NULL) ||
        !str_eqz(json_text(json_get(&v, "for"), STR("")), IDENTITY_SSO_COOKIE))
        return false;
    const struct json *expires = json_get(&v, "expires");
    *out = (struct journey){
        json_text(json_get(&v, "provider"), STR("")), json_text(json_get(&v, "state"), STR("")),
        json_text(json_get(&v, "nonce"), STR("")),    json_text(json_get(&v, "verifier"), STR("")),
        json_text(json_get(&v, "next"), STR("")),     expires != NULL ? expires->i : 0};
    return true;
}

static bool open_provider(struct identity *id, struct arena *a, struct str name,
                          struct identity_provider *out, struct err *e)
{
    struct err why = {0};
    bool found = identity_provider_get(id, a, name, out, &why);
    if (!found && why.code != ERR_NOT_FOUND) {
        *e = why;
        return false;
    }
    return (found && out->enabled && out->sign_in) ||
           err_set(e, ERR_NOT_FOUND, "There is no sign-in called '%.*s'.",
                   (int)(name.n < 60 ? name.n : 60), name.p);
}

bool identity_sso_begin(struct identity *id, struct arena *a, struct str provider,
                        struct str redirect_uri, struct str next, struct identity_departure *out,
                        struct err *e)
{
    struct identity_provider p = {0};
    if (!open_provider(id, a, provider, &p, e))
        return false;
    AUTO(oidc_metadata_dropp) const struct oidc_metadata *m = oidc_metadata_get(id, &p, 0, e);
    if (m == NULL)
        return false;
    const struct journey j = {
        p.name,         random_text(a),      random_text(a),
        random_text(a), local_path(a, next), now_s(id) + IDENTITY_SSO_SECONDS};
    const struct oidc_pair asked[] = {{"response_type", STR("code")},
                                      {"client_id", p.client_id},
                                      {"redirect_uri", redirect_uri},
                                      {"scope", p.scope},
                                      {"state", j.state},
                                      {"nonce", j.nonce},
                                      {"code_challenge", challenge_of(a, j.verifier)},
                                      {"code_challenge_method", STR("S256")}};
    out->location = oidc_address(a, m->authorization_endpoint, asked, COUNTOF(asked));
    out->cookie = seal(id, a, &j);
    return true;
}

/* ---- and back ---- */

static bool refuse(struct err *e, const char *why)
{
    return err_set(e, ERR_UNAUTHENTICATED, "%s", why);
}

/* The answer belongs to what this browser began here a moment ago, and comes once. */
static bool check_state(struct identity *id, struct arena *a, const struct identity_provider *p,
                        const struct identity_arrival *x, struct journey *j, struct err *e)
{
    bool fresh = false;
    if (!unseal(id, a, x->cookie, j) || j->state.n == 0 || !secret_equal(j->state, x->state) ||
        !str_eq(j->provider, p->name))
        return refuse(e, "This browser did not begin this sign-in. Begin again.");
    if (now_s(id) >= j->expires)
        return refuse(e, "The sign-in took too long. Begin again.");
    struct str key = secret_hash(a, arena_fmt(a, "sso %.*s", STR_ARG(j->state)));
    int64_t until = TICKS_UNIX_EPOCH + j->expires * TICKS_PER_SECOND;
    if (!state_token_use(id->state, key, STR(""), until, clock_now(id->clock), &fresh, e))
        return false;
    return fresh || refuse(e, "This sign-in was completed already. Begin again.");
}

static bool check_answer(const struct identity_provider *p, const struct oidc_metadata *m,
                         const struct identity_arrival *x, struct err *e)
{
    size_t at = 0;
    bool several = str_find(p->issuer, STR("{tenantid}"), &at);
    if (!several && (x->iss.n > 0 || m->answers_name_issuer) && !str_eq(x->iss, m->issuer))
        return refuse(e, "The answer is from another provider ('iss').");
    if (x->error.n > 0)
        return err_set(e, ERR_UNAUTHENTICATED, "The provider refused: %.*s%s%.*s",
                       (int)(x->error.n < 60 ? x->error.n : 60), x->error.p,
                       x->error_description.n > 0 ? ": " : "",
                       (int)(x->error_description.n < 200 ? x->error_description.n : 200),
                       x->error_description.p);
    return (x->code.n > 0 && x->code.n <= MAX_CODE) ||
           refuse(e, "The provider's answer has no code.");
}

static bool token_refused(const struct identity_provider *p, int status, const struct json *answer,
                          struct err *e)
{
    struct str why = json_text(json_get(answer, "error"), STR("no reason is given"));
    return err_set(e, ERR_UNAUTHENTICATED,
                   "The provider '%.*s' did not exchange the code: status %d, %.*s.",
                   STR_ARG(p->name), status, (int)(why.n < 80 ? why.n : 80), why.p);
}

static bool exchange(struct identity *id, struct arena *a, const struct identity_provider *p,
                     const struct oidc_metadata *m, const struct identity_arrival *x,
                     struct str verifier, struct json *out, struct err *e)
{
    struct oidc_proof proof;
    int status = 0;
    if (!oidc_client_prove(id, a, p, m, &proof, e))
        return false;
    const struct oidc_pair form[] = {
        {"grant_type", STR("authorization_code")},
        {"code", x->code},
        {"redirect_uri", x->redirect_uri},
        {"code_verifier", verifier},
        {"client_id", proof.client_id},
        {"client_secret", proof.client_secret},
        {"client_assertion_type",
         proof.assertion.n > 0 ? STR("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
                               : STR("")},
        {"client_assertion", proof.assertion}};
    const struct identity_exchange call = {.method = "POST",
                                           .url = m->token_endpoint,
                                           .content_type = "application/x-www-form-urlencoded",
                                           .authorization = proof.authorization,
                                           .body = form_of(a, form, COUNTOF(form))};
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(OIDC_MAX_DOCUMENT);
    if (!oidc_call(id, p, &call, &status, &b, e))
        return false;
    bool read = json_parse(a, arena_str(a, sbuf_str(&b)), NULL, out, NULL);
    if (status != 200 || !read)
        return token_refused(p, status, out, e);
    return true;
}

/* The ID token's claims, and those that only the provider's userinfo endpoint tells. */
static bool user_info(struct identity *id, struct arena *a, const struct identity_provider *p,
                      const struct oidc_metadata *m, struct str access_token, struct json *claims,
                      struct err *e)
{
    int status = 0;
    struct json more = {0};
    AUTO(sbuf_fini)
    struct sbuf b = sbuf_make(OIDC_MAX_DOCUMENT), all = sbuf_make(OIDC_MAX_DOCUMENT);
    const struct identity_exchange call = {.method = "GET",
                                           .url = m->userinfo_endpoint,
                                           .authorization =
                                               arena_fmt(a, "Bearer %.*s", STR_ARG(access_token))};
    if (m->userinfo_endpoint.n == 0)
        return err_set(e, ERR_INVALID, "The provider '%.*s' has no userinfo endpoint.",
                       STR_ARG(p->name));
    if (!oidc_call(id, p, &call, &status, &b, e))
        return false;
    if (status != 200 || !json_parse(a, arena_str(a, sbuf_str(&b)), NULL, &more, NULL) ||
        !json_equal(json_get(&more, "sub"), json_get(claims, "sub")))
        return refuse(e, "The provider's userinfo is about somebody else, or there is none.");
    struct json_out w = json_out_make(&all);
    json_obj(&w);
    for (size_t i = 0; i < claims->n; i++) {
        json_key_str(&w, claims->keys[i]);
        json_value(&w, &claims->items[i]);
    }
    for (size_t i = 0; i < more.n; i++) {
        if (json_get_str(claims, more.keys[i]) != NULL)
            continue;
        json_key_str(&w, more.keys[i]);
        json_value(&w, &more.items[i]);
    }
    json_obj_end(&w);
    return sbuf_ok(&all) && json_parse(a, arena_str(a, sbuf_str(&all)), NULL, claims, e);
}

static bool has_a_role(struct identity *id, struct arena *a, const struct oidc_person *x,
                       const struct state_principal *p, struct err *e)
{
    struct identity_caller c = {0};
    if (!caller_load(id, a, p->id, &c, e))
        return false;
    if (c.n_grants > 0)
        return true;
    return err_set(e, ERR_FORBIDDEN,
                   "'%.*s' has no role here. An administrator can give one to the user %.*s.",
                   STR_ARG(x->name), STR_ARG(p->id));
}

/* The provider's word that a second factor was shown to it (RFC 8176). */
static bool says_second_factor(const struct jwt *t)
{
    const struct json *amr = json_get(&t->claims, "amr");
    for (size_t i = 0; amr != NULL && amr->type == JSON_ARRAY && i < amr->n; i++)
        if (str_eqz(json_text(&amr->items[i], STR("")), "mfa"))
            return true;
    return false;
}

static bool begin_session(struct identity *id, struct arena *a, const struct identity_provider *p,
                          const struct identity_arrival *x, const struct jwt *t,
                          struct str id_token, const struct state_principal *principal,
                          struct identity_session *out, struct err *e)
{
    struct identity_place place = x->place;
    place.method = arena_fmt(a, "oidc:%.*s", STR_ARG(p->name));
    place.second_factor = says_second_factor(t);
    if (!identity_session_create(id, a, principal->id, &place, out, e))
        return false;
    const struct state_provider_session s = {.session = out->id,
                                             .principal = principal->id,
                                             .provider = p->name,
                                             .issuer = jwt_claim(t, "iss"),
                                             .subject = jwt_claim(t, "sub"),
                                             .sid = str_sub(jwt_claim(t, "sid"), 0, MAX_CODE),
                                             .id_token = secret_seal(id, a, id_token),
                                             .expires = out->ends};
    return state_provider_session_put(id->state, &s, clock_now(id->clock), e);
}

bool identity_sso_finish(struct identity *id, struct arena *a, struct str provider,
                         const struct identity_arrival *x, struct identity_arrived *out,
                         struct err *e)
{
    struct identity_provider p = {0};
    struct journey j = {0};
    struct json answer = {0};
    struct jwt t = {0};
    struct oidc_person who = {0};
    struct state_principal principal = {0};
    if (!open_provider(id, a, provider, &p, e) || !check_state(id, a, &p, x, &j, e))
        return false;
    out->next = j.next;
    AUTO(oidc_metadata_dropp) const struct oidc_metadata *m = oidc_metadata_get(id, &p, 0, e);
    if (m == NULL || !check_answer(&p, m, x, e) ||
        !exchange(id, a, &p, m, x, j.verifier, &answer, e))
        return false;
    struct str token = json_text(json_get(&answer, "id_token"), STR(""));
    if (!oidc_check_id_token(id, a, &p, token, j.nonce, &t, e))
        return false;
    struct json claims = t.claims;
    if (p.user_info &&
        !user_info(id, a, &p, m, json_text(json_get(&answer, "access_token"), STR("")), &claims, e))
        return false;
    if (!oidc_person_read(a, &p, &claims, &who, e))
        return false;
    out->who = who.name;
    who.application = false;
    out->groups_missing = who.groups_missing;
    /* The roles of the claims are the person's from now on, also where it is not let in. */
    return oidc_person_find(id, a, &p, &who, true, &principal, e) &&
           oidc_groups_check(&p, &who, e) && has_a_role(id, a, &who, &principal, e) &&
           begin_session(id, a, &p, x, &t, token, &principal, &out->session, e);
}
