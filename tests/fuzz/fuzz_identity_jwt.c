/* Tokens and key sets from outside: each is read or refused with words; what was read is found in
 * the text again; nothing is ever signed by a key that is not there. The first line of the input is
 * a token, the rest a JWK set; without a line break it is a certificate. */
#include "identity/jwt_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct jwt t = {0};
    struct jwt_keys keys = {0};
    struct certificate c = {0};
    struct err e = {0}, ke = {0};
    size_t line = 0;
    bool known = false;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    if (!str_find(text, STR("\n"), &line) || str_starts(text, STR("-----BEGIN"))) {
        bool ok = certificate_read(a, text, &c, &e);
        CHECK(ok == (e.code == ERR_OK) && (ok || e.msg[0] != '\0'));
        CHECK(!ok || (c.sha1.n == 40 && c.sha256.n == 64 && jwt_key_is_usable(&c.key)));
        return 0;
    }
    struct str token = str_sub(text, 0, line);
    bool read = jwt_read(a, token, &t, &e), foreign = jwt_looks_foreign(a, token);
    CHECK(read == (e.code == ERR_OK) && (read || e.msg[0] != '\0') && (!read || foreign));
    CHECK(!read || (str_starts(token, t.signed_part) && t.signature.n > 0));
    bool set = jwt_keys_read(a, str_sub(text, line + 1, size), &keys, &ke);
    CHECK(set == (ke.code == ERR_OK) && (set || keys.n == 0));
    for (size_t i = 0; i < keys.n; i++)
        CHECK(jwt_key_is_usable(&keys.items[i]));
    if (read && set)
        CHECK(jwt_signer(&t, &keys, &known) == NULL || known);
    return 0;
}
