/* Discovery documents and key sets of issuers: fetched, checked, kept for a day, and fetched again
 * for a key that nobody knows, but not for every token that names one. */
#include "base/thread.h"
#include "identity/identity_priv.h"
#include "identity/oidc_priv.h"

enum { MAX_DOCUMENTS_BYTES = 16 << 20, WAIT_S = 30 };

struct entry {
    char *name, *url;                /* of the provider, of its discovery */
    const struct oidc_metadata *now; /* NULL: none yet */
    int64_t tried;                   /* ticks; 0: never */
    struct err why;                  /* of the last failure; ERR_OK: there is none */
    bool busy;                       /* somebody fetches */
};
struct oidc_cache {
    struct lock lock;
    struct cond done;
    struct entry entries[PROVIDERS_MAX];
    size_t n;
};

struct oidc_cache *oidc_cache_new(void)
{
    struct oidc_cache *c = xcalloc(1, sizeof(*c));
    lock_init(&c->lock, "identity providers");
    cond_init(&c->done);
    return c;
}

static void clear_entry(struct entry *x)
{
    xfree(x->name);
    xfree(x->url);
    oidc_metadata_drop(x->now);
    *x = (struct entry){0};
}

void oidc_cache_free(struct oidc_cache *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->n; i++)
        clear_entry(&c->entries[i]);
    cond_fini(&c->done);
    lock_fini(&c->lock);
    xfree(c);
}

void oidc_metadata_drop(const struct oidc_metadata *m)
{
    struct oidc_metadata *mine = (struct oidc_metadata *)(uintptr_t)m;
    if (mine != NULL && atomic_fetch_sub(&mine->refs, 1) == 1)
        arena_free(mine->a); /* it lies in there */
}

void oidc_metadata_dropp(const struct oidc_metadata **m)
{
    oidc_metadata_drop(*m);
}

static const struct oidc_metadata *held(const struct oidc_metadata *m)
{
    atomic_fetch_add(&((struct oidc_metadata *)(uintptr_t)m)->refs, 1);
    return m;
}

/* ---- fetching ---- */

bool oidc_call(struct identity *id, const struct identity_provider *p,
               const struct identity_exchange *x, int *out_status, struct sbuf *out, struct err *e)
{
    struct identity_exchange full = *x;
    if (id->outbound.call == NULL)
        return err_set(e, ERR_UNSUPPORTED, "identity providers can't be reached from here");
    full.hosts = p->hosts;
    full.max_bytes = OIDC_MAX_DOCUMENT;
    return id->outbound.call(id->outbound.self, &full, out_status, out, e);
}

static bool fetch(struct identity *id, struct arena *a, const struct identity_provider *p,
                  struct str url, struct str *out, struct err *e)
{
    const struct identity_exchange x = {.method = "GET", .url = url};
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(OIDC_MAX_DOCUMENT);
    int status = 0;
    if (!oidc_call(id, p, &x, &status, &b, e))
        return false;
    if (status != 200)
        return err_set(e, ERR_IO, "%.*s answered with status %d", STR_ARG(url), status);
    *out = arena_str(a, sbuf_str(&b));
    return true;
}

static bool lists(const struct json *document, const char *name, const char *value)
{
    return jwt_claim_holds(json_get(document, name), str_from(value));
}

static struct str text_of(const struct json *document, const char *name)
{
    return json_text(json_get(document, name), STR(""));
}

static bool read_discovery(const struct json *d, const struct identity_provider *p,
                           struct oidc_metadata *m, struct err *e)
{
    m->issuer = text_of(d, "issuer");
    m->authorization_endpoint = text_of(d, "authorization_endpoint");
    m->token_endpoint = text_of(d, "token_endpoint");
    m->jwks_uri = text_of(d, "jwks_uri");
    m->userinfo_endpoint = text_of(d, "userinfo_endpoint");
    m->end_session_endpoint = text_of(d, "end_session_endpoint");
    m->answers_name_issuer =
        json_is_true(json_get(d, "authorization_response_iss_parameter_supported"));
    m->secret_post_only = lists(d, "token_endpoint_auth_methods_supported", "client_secret_post") &&
                          !lists(d, "token_endpoint_auth_methods_supported", "client_secret_basic");
    m->lists_client_algorithms =
        json_get(d, "token_endpoint_auth_signing_alg_values_supported") != NULL;
    for (int i = 0; i < JWT_ALGORITHMS; i++)
        m->client_algorithms[i] = lists(d, "token_endpoint_auth_signing_alg_values_supported",
                                        jwt_algorithm_name((enum jwt_algorithm)i));
    if (!str_eq(m->issuer, p->issuer))
        return err_set(e, ERR_INVALID, "%.*s is about the issuer '%.*s', not '%.*s'",
                       STR_ARG(p->metadata_url), (int)(m->issuer.n < 200 ? m->issuer.n : 200),
                       m->issuer.p, STR_ARG(p->issuer));
    if (m->jwks_uri.n == 0 ||
        (p->sign_in && (m->authorization_endpoint.n == 0 || m->token_endpoint.n == 0)))
        return err_set(e, ERR_INVALID,
                       "%.*s lacks jwks_uri, authorization_endpoint or token_endpoint",
                       STR_ARG(p->metadata_url));
    return true;
}

static bool fill(struct identity *id, const struct identity_provider *p, struct oidc_metadata *m,
                 struct err *e)
{
    struct str text = STR_NONE, set = STR_NONE;
    struct json d = {0};
    struct err why = {0};
    if (!fetch(id, m->a, p, p->metadata_url, &text, e))
        return false;
    if (!json_parse(m->a, text, NULL, &d, &why))
        return err_set(e, ERR_INVALID, "%.*s is no JSON: %s", STR_ARG(p->metadata_url), why.msg);
    if (!read_discovery(&d, p, m, e) || !fetch(id, m->a, p, m->jwks_uri, &set, e))
        return false;
    if (!jwt_keys_read(m->a, set, &m->keys, &why))
        return err_set(e, ERR_INVALID, "%.*s: %s", STR_ARG(m->jwks_uri), why.msg);
    return m->keys.n > 0 || err_set(e, ERR_INVALID, "%.*s has no key for RS256, PS256 or ES256",
                                    STR_ARG(m->jwks_uri));
}

static const struct oidc_metadata *fetch_all(struct identity *id, const struct identity_provider *p,
                                             struct err *e)
{
    struct arena *a = arena_new(MAX_DOCUMENTS_BYTES);
    struct oidc_metadata *m = arena_new_of(a, struct oidc_metadata);
    m->a = a;
    m->fetched = clock_now(id->clock);
    atomic_init(&m->refs, 1);
    if (fill(id, p, m, e))
        return m;
    arena_free(a);
    return NULL;
}

/* ---- the cache ---- */

static struct entry *find_locked(struct oidc_cache *c, const struct identity_provider *p)
{
    for (size_t i = 0; i < c->n; i++)
        if (str_eqz(p->name, c->entries[i].name) && str_eqz(p->metadata_url, c->entries[i].url))
            return &c->entries[i];
    struct entry *x = NULL;
    for (size_t i = 0; i < c->n && x == NULL; i++) /* one whose address was changed */
        if (!c->entries[i].busy && str_eqz(p->name, c->entries[i].name))
            x = &c->entries[i];
    for (size_t i = 0; i < c->n && x == NULL && c->n == COUNTOF(c->entries); i++)
        if (!c->entries[i].busy)
            x = &c->entries[i];
    if (x == NULL && c->n == COUNTOF(c->entries))
        return NULL;
    if (x == NULL)
        x = &c->entries[c->n++];
    clear_entry(x);
    x->name = xstrndup(p->name);
    x->url = xstrndup(p->metadata_url);
    return x;
}

/* Shall it be fetched, now that there is what there is? */
static bool is_due(const struct entry *x, int64_t newer_than, int64_t now)
{
    bool failed = x->why.code != ERR_OK;
    int64_t pause =
        failed ? OIDC_RETRY_SECONDS * TICKS_PER_SECOND : OIDC_REFRESH_MINUTES * TICKS_PER_MINUTE;
    if (x->tried != 0 && now - x->tried < pause)
        return false;
    return x->now == NULL || now - x->now->fetched >= OIDC_KEYS_HOURS * TICKS_PER_HOUR ||
           x->now->fetched < newer_than;
}

static void refresh_locked(struct identity *id, const struct identity_provider *p, struct entry *x)
{
    struct oidc_cache *c = id->providers;
    struct err why = {0};
    x->busy = true;
    x->tried = clock_now(id->clock);
    lock_drop(&c->lock);
    const struct oidc_metadata *fresh = fetch_all(id, p, &why);
    lock_take(&c->lock);
    x->busy = false;
    x->why = why;
    if (fresh != NULL) {
        oidc_metadata_drop(x->now);
        x->now = fresh;
    }
    cond_broadcast(&c->done);
}

const struct oidc_metadata *oidc_metadata_get(struct identity *id,
                                              const struct identity_provider *p, int64_t newer_than,
                                              struct err *e)
{
    const struct oidc_metadata *m = NULL;
    struct oidc_cache *c = id->providers;
    int64_t now = clock_now(id->clock);
    lock_take(&c->lock);
    struct entry *x = find_locked(c, p);
    while (x != NULL && x->busy && (x->now == NULL || x->now->fetched < newer_than) &&
           cond_wait_us(&c->done, &c->lock, (int64_t)WAIT_S * 1000000))
        x = find_locked(c, p);
    if (x != NULL && !x->busy && is_due(x, newer_than, now))
        refresh_locked(id, p, x);
    if (x != NULL && x->now != NULL && now - x->now->fetched < OIDC_KEYS_HOURS * TICKS_PER_HOUR)
        m = held(x->now);
    else if (x != NULL && x->why.code != ERR_OK)
        *e = x->why;
    else
        err_set(e, ERR_BUSY, "the provider's keys are being fetched; try again");
    lock_drop(&c->lock);
    if (m == NULL)
        err_prefix(e, "identity provider '%.*s'", STR_ARG(p->name));
    return m;
}

/* ---- for who sets one up ---- */

bool identity_provider_check(struct identity *id, struct arena *a, struct str name, struct str *out,
                             struct err *e)
{
    struct identity_provider p = {0};
    if (!identity_provider_get(id, a, name, &p, e))
        return false;
    AUTO(oidc_metadata_dropp) const struct oidc_metadata *m = fetch_all(id, &p, e);
    struct oidc_proof proof;
    if (m == NULL || (p.sign_in && !oidc_client_prove(id, a, &p, m, &proof, e)))
        return false;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(OIDC_MAX_DOCUMENT);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    json_kv_str(&w, "issuer", m->issuer);
    json_kv_str(&w, "authorizationEndpoint", m->authorization_endpoint);
    json_kv_str(&w, "tokenEndpoint", m->token_endpoint);
    json_kv_str(&w, "endSessionEndpoint", m->end_session_endpoint);
    json_key(&w, "keys");
    json_arr(&w);
    for (size_t i = 0; i < m->keys.n; i++)
        json_str(&w, m->keys.items[i].kid);
    json_arr_end(&w);
    json_obj_end(&w);
    *out = arena_str(a, sbuf_str(&b));
    return true;
}
