/* JSON Web Tokens (RFC 7519) with one algorithm, HS256. The header is compared as a whole: a token
 * that names another algorithm is not ours. */
#include "identity/identity_priv.h"
#include "text/base64.h"
#include <sodium.h>

enum { MAX_TOKEN = 4096 };

static struct str header(void)
{
    return STR("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"); /* {"alg":"HS256","typ":"JWT"} */
}

static struct str mac(struct arena *a, const uint8_t key[KEY_BYTES], struct str signed_part)
{
    uint8_t raw[crypto_auth_hmacsha256_BYTES];
    CHECK(crypto_auth_hmacsha256(raw, (const unsigned char *)signed_part.p, signed_part.n, key) ==
          0);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(128);
    base64_encode(BASE64_URL, (struct str){(const char *)raw, sizeof(raw)}, &b);
    return arena_str(a, sbuf_str(&b));
}

struct str jwt_sign(struct arena *a, const uint8_t key[KEY_BYTES], struct str payload)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_TOKEN);
    sbuf_add(&b, header());
    sbuf_addc(&b, '.');
    base64_encode(BASE64_URL, payload, &b);
    struct str signature = mac(a, key, sbuf_str(&b));
    sbuf_addc(&b, '.');
    sbuf_add(&b, signature);
    CHECK(sbuf_ok(&b)); /* payloads are ours and short */
    return arena_str(a, sbuf_str(&b));
}

bool jwt_verify(struct arena *a, const uint8_t key[KEY_BYTES], struct str token,
                struct str *payload)
{
    size_t dot = token.n;
    if (token.n > MAX_TOKEN)
        return false;
    while (dot > 0 && token.p[dot - 1] != '.')
        dot--;
    if (dot < 2)
        return false;
    struct str signed_part = str_sub(token, 0, dot - 1);
    struct str signature = str_sub(token, dot, token.n);
    if (!secret_equal(signature, mac(a, key, signed_part)))
        return false;
    size_t head = header().n;
    if (!str_starts(signed_part, header()) || signed_part.n <= head || signed_part.p[head] != '.')
        return false;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_TOKEN);
    if (!base64_decode(BASE64_URL, str_sub(signed_part, head + 1, signed_part.n), &b))
        return false;
    *payload = arena_str(a, sbuf_str(&b));
    return true;
}
