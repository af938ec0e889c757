/* One-time codes: RFC 6238 over RFC 4226, HMAC-SHA-1, 30 seconds, six digits, as every
 * authenticator has them. */
#include "identity/identity_priv.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <stdio.h>

uint32_t totp_code(const uint8_t *secret, size_t n, int64_t step)
{
    enum { SHA1_BYTES = 20 };
    uint8_t counter[8], mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    for (int i = 0; i < 8; i++)
        counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
    CHECK(HMAC(EVP_sha1(), secret, (int)n, counter, sizeof(counter), mac, &size) != NULL &&
          size == SHA1_BYTES);
    size_t at = mac[SHA1_BYTES - 1] & 0x0f;
    return ((uint32_t)(mac[at] & 0x7f) << 24) | ((uint32_t)mac[at + 1] << 16) |
           ((uint32_t)mac[at + 2] << 8) | mac[at + 3];
}

int64_t totp_step_of(const uint8_t secret[TOTP_SECRET_BYTES], struct str code, int64_t now)
{
    int64_t found = -1, step = (now - TICKS_UNIX_EPOCH) / (TOTP_STEP_S * TICKS_PER_SECOND);
    if (code.n != TOTP_DIGITS)
        return -1;
    /* All three are compared, whichever it is. */
    for (int64_t s = step - 1; s <= step + 1; s++) {
        char text[16];
        int n =
            snprintf(text, sizeof(text), "%06u", totp_code(secret, TOTP_SECRET_BYTES, s) % 1000000);
        CHECK(n == TOTP_DIGITS);
        if (s >= 0 && sodium_memcmp(text, code.p, TOTP_DIGITS) == 0)
            found = s;
    }
    return found;
}

void base32_encode(struct str bytes, struct sbuf *out)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint32_t held = 0;
    int bits = 0;
    for (size_t i = 0; i < bytes.n; i++) {
        held = (held << 8 | (uint8_t)bytes.p[i]) & 0xfff;
        for (bits += 8; bits >= 5; bits -= 5)
            sbuf_addc(out, alphabet[held >> (bits - 5) & 31]);
    }
    if (bits > 0)
        sbuf_addc(out, alphabet[held << (5 - bits) & 31]);
}
