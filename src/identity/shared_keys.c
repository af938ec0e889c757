/* Shared keys of a workspace. */
#include "identity/identity_priv.h"
#include "text/base64.h"
#include <sodium.h>
#include <stdio.h>

enum { RAW_BYTES = crypto_auth_hmacsha512_BYTES };
static const char *const counters[IDENTITY_SHARED_KEYS] = {
    [IDENTITY_PRIMARY_KEY] = "primary shared key",
    [IDENTITY_SECONDARY_KEY] = "secondary shared key"};

static bool derive(struct identity *id, struct str workspace, enum identity_shared_key which,
                   uint8_t out[RAW_BYTES], struct err *e)
{
    int64_t generation = 0;
    char text[160];
    if (!state_counter_get(id->state, workspace, counters[which], &generation, e))
        return false;
    int n = snprintf(text, sizeof(text), "%s %lld %.*s", counters[which], (long long)generation,
                     (int)(workspace.n < 64 ? workspace.n : 64), workspace.p);
    CHECK(n > 0 && (size_t)n < sizeof(text));
    return crypto_auth_hmacsha512(out, (const unsigned char *)text, (size_t)n, id->key) == 0 ||
           err_set(e, ERR_INTERNAL, "a shared key could not be derived");
}

bool identity_shared_key(struct identity *id, struct arena *a, struct str workspace,
                         enum identity_shared_key which, struct str *out, struct err *e)
{
    uint8_t raw[RAW_BYTES];
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    if (!derive(id, workspace, which, raw, e))
        return false;
    base64_encode(BASE64_STD, (struct str){(const char *)raw, sizeof(raw)}, &b);
    *out = arena_str(a, sbuf_str(&b));
    sodium_memzero(raw, sizeof(raw));
    return true;
}

bool identity_shared_keys_renew(struct identity *id, struct str workspace, struct err *e)
{
    int64_t n = 0;
    for (int i = 0; i < IDENTITY_SHARED_KEYS; i++)
        if (!state_counter_next(id->state, workspace, counters[i], &n, e))
            return false;
    return true;
}

static bool signed_by(const uint8_t key[RAW_BYTES], struct str text, struct str signature)
{
    uint8_t raw[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state s;
    crypto_auth_hmacsha256_init(&s, key, RAW_BYTES);
    crypto_auth_hmacsha256_update(&s, (const unsigned char *)text.p, text.n);
    crypto_auth_hmacsha256_final(&s, raw);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    base64_encode(BASE64_STD, (struct str){(const char *)raw, sizeof(raw)}, &b);
    return secret_equal(sbuf_str(&b), signature);
}

bool identity_shared_key_signed(struct identity *id, struct str workspace, struct str text,
                                struct str signature, struct err *e)
{
    bool good = false;
    for (int i = 0; i < IDENTITY_SHARED_KEYS; i++) {
        uint8_t key[RAW_BYTES];
        if (!derive(id, workspace, (enum identity_shared_key)i, key, e))
            return false;
        good |= signed_by(key, text, signature); /* both are tried, whichever it is */
        sodium_memzero(key, sizeof(key));
    }
    return good || err_set(e, ERR_FORBIDDEN, "The signature does not match the request.");
}
