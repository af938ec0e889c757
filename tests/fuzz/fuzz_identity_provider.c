/* What an identity provider is set up with, and what it answers: settings, its discovery document,
 * its keys, and claims of a token, with an empty line between them. Each is refused with words, or
 * has what the rest relies on. */
#include "identity/identity_priv.h"
#include "identity/oidc_priv.h"
#include "state/providers.h"

enum { PARTS = 4 };
#define ISSUER "https://idp.example"

struct answers { /* of the provider */
    struct str discovery, keys;
    bool asked;
};

static bool answer(void *self, const struct identity_exchange *x, int *out_status, struct sbuf *out,
                   struct err *e)
{
    struct answers *a = self;
    (void)x;
    *out_status = 200;
    sbuf_add(out, a->asked ? a->keys : a->discovery);
    a->asked = true;
    return sbuf_ok(out) || err_set(e, ERR_TOO_LARGE, "too large");
}

static void settings(struct arena *a, struct str text)
{
    struct state_provider row = {.name = STR("p"), .settings = text, .enabled = true};
    struct identity_provider p = {0};
    struct err e = {0};
    bool ok = provider_read(a, &row, &p, &e);
    CHECK(ok == (e.code == ERR_OK) && (ok || e.msg[0] != '\0'));
    CHECK(!ok || (p.issuer.n > 0 && p.metadata_url.n > 0 && p.hosts.n > 0));
}

static void documents(struct identity *id, struct clock *clock, const struct identity_provider *p)
{
    struct err e = {0};
    /* Beyond what is cached, and what a failure keeps others from asking. */
    clock_set(clock, clock_now(clock) + (OIDC_KEYS_HOURS + 1) * TICKS_PER_HOUR);
    AUTO(oidc_metadata_dropp) const struct oidc_metadata *m = oidc_metadata_get(id, p, 0, &e);
    CHECK((m != NULL) == (e.code == ERR_OK) && (m != NULL || e.msg[0] != '\0'));
    CHECK(m == NULL || (m->keys.n > 0 && str_eqz(m->issuer, ISSUER) && m->jwks_uri.n > 0));
}

static void claims(struct arena *a, const struct identity_provider *p, struct str text)
{
    struct json v = {0};
    struct oidc_person x = {0};
    struct err e = {0};
    if (!json_parse(a, text, NULL, &v, NULL))
        return;
    bool ok = oidc_person_read(a, p, &v, &x, &e);
    CHECK(ok == (e.code == ERR_OK) && (ok || e.msg[0] != '\0'));
    CHECK(!ok || x.subject.n > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct answers told;
    static struct clock *clock;
    static struct identity *id;
    static const struct identity_outbound outbound = {&told, answer};
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str rest = {(const char *)data, size}, parts[PARTS] = {{0}};
    struct err e = {0};
    if (id == NULL) {
        clock = clock_new_manual(TICKS_UNIX_EPOCH);
        struct identity_options o = {
            .state = state_open(NULL, &e), .clock = clock, .outbound = &outbound};
        id = identity_open(&o, &e);
        CHECK(id != NULL);
    }
    for (size_t i = 0; i < PARTS; i++) {
        size_t at = rest.n;
        (void)str_find(rest, STR("\n\n"), &at);
        parts[i] = str_sub(rest, 0, at);
        rest = str_sub(rest, at + 2, rest.n);
    }
    struct state_provider row = {.name = STR("p"),
                                 .settings = STR("{\"issuer\":\"" ISSUER "\",\"clientId\":\"c\"}"),
                                 .enabled = true};
    struct identity_provider p = {0};
    CHECK(provider_read(a, &row, &p, &e));
    told = (struct answers){parts[1], parts[2], false};
    settings(a, parts[0]);
    documents(id, clock, &p);
    claims(a, &p, parts[3]);
    return 0;
}
