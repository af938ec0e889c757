/* Tokens that others sign: what is taken, and what an attacker may try. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "jwt_fixture.h"

#define CLAIMS                                                                                     \
    "{\"iss\":\"https://"                                                                          \
    "idp.example\",\"aud\":\"vedette\",\"sub\":\"1\",\"exp\":2000,\"nbf\":1000}"

static EVP_PKEY *rsa, *other, *weak, *ec;

static int make_keys(void **state)
{
    (void)state;
    rsa = EVP_RSA_gen(2048);
    other = EVP_RSA_gen(2048);
    weak = EVP_RSA_gen(1024);
    ec = EVP_EC_gen("P-256");
    return rsa == NULL || other == NULL || weak == NULL || ec == NULL;
}

static int drop_keys(void **state)
{
    (void)state;
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(other);
    EVP_PKEY_free(weak);
    EVP_PKEY_free(ec);
    return 0;
}

static struct jwt_keys both(struct arena *a)
{
    struct jwt_keys keys = {0};
    struct str r = rsa_jwk(a, rsa, ",\"kid\":\"r1\",\"use\":\"sig\"");
    struct str c = ec_jwk(a, ec, ",\"kid\":\"e1\",\"alg\":\"ES256\"");
    struct str set = arena_fmt(a, "{\"keys\":[%.*s,%.*s]}", STR_ARG(r), STR_ARG(c));
    assert_true(jwt_keys_read(a, set, &keys, NULL));
    assert_int_equal(keys.n, 2);
    return keys;
}

/* Is it a token that one of the keys has signed? */
static bool verified(struct arena *a, struct str token)
{
    struct jwt t = {0};
    struct jwt_keys keys = both(a);
    struct err e = {0};
    bool known = false, good = jwt_read(a, token, &t, &e);
    assert_true(good == (e.code == ERR_OK));
    return good && jwt_signer(&t, &keys, &known) != NULL;
}

static void signatures_of_all_algorithms_are_checked(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str rs = unsigned_part(a, "{\"alg\":\"RS256\",\"kid\":\"r1\"}", CLAIMS);
    struct str ps = unsigned_part(a, "{\"alg\":\"PS256\",\"kid\":\"r1\"}", CLAIMS);
    struct str es = unsigned_part(a, "{\"alg\":\"ES256\",\"kid\":\"e1\"}", CLAIMS);
    assert_true(verified(a, with_signature(a, rs, sign_rsa(a, rsa, false, rs))));
    assert_true(verified(a, with_signature(a, ps, sign_rsa(a, rsa, true, ps))));
    assert_true(verified(a, with_signature(a, es, sign_ec(a, ec, es))));
    /* another key, the other padding, a signature for another text, cut short */
    assert_false(verified(a, with_signature(a, rs, sign_rsa(a, other, false, rs))));
    assert_false(verified(a, with_signature(a, rs, sign_rsa(a, rsa, true, rs))));
    assert_false(verified(a, with_signature(a, ps, sign_rsa(a, rsa, false, ps))));
    assert_false(verified(a, with_signature(a, rs, sign_rsa(a, rsa, false, ps))));
    struct str s = sign_ec(a, ec, es);
    assert_false(verified(a, with_signature(a, es, str_sub(s, 0, s.n - 4))));
    assert_false(verified(a, with_signature(a, es, url64(a, (char[64]){0}, 64))));
}

static void no_kid_needs_a_single_key(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str rs = unsigned_part(a, "{\"alg\":\"RS256\"}", CLAIMS);
    struct str token = with_signature(a, rs, sign_rsa(a, rsa, false, rs));
    assert_true(verified(a, token)); /* one RSA key, one EC key */
    struct jwt t = {0};
    struct jwt_keys keys = {0};
    struct str one = rsa_jwk(a, rsa, ""), two = rsa_jwk(a, other, "");
    bool known = true;
    assert_true(jwt_read(a, token, &t, NULL));
    assert_true(jwt_keys_read(a, arena_fmt(a, "{\"keys\":[%.*s,%.*s]}", STR_ARG(one), STR_ARG(two)),
                              &keys, NULL));
    assert_null(jwt_signer(&t, &keys, &known));
    assert_false(known);
}

static void unknown_kid_is_told(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct jwt t = {0};
    struct jwt_keys keys = both(a);
    bool known = true;
    struct str rs = unsigned_part(a, "{\"alg\":\"RS256\",\"kid\":\"r2\"}", CLAIMS);
    assert_true(jwt_read(a, with_signature(a, rs, sign_rsa(a, rsa, false, rs)), &t, NULL));
    assert_null(jwt_signer(&t, &keys, &known));
    assert_false(known);
}

static void confusion_of_algorithms_is_refused(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    static const char *const none[] = {"none", "None", "NONE", "nOnE", ""};
    for (size_t i = 0; i < COUNTOF(none); i++) {
        struct str header = arena_fmt(a, "{\"alg\":\"%s\"}", none[i]);
        struct str text = unsigned_part(a, header.p, CLAIMS);
        assert_false(verified(a, with_signature(a, text, STR(""))));
        assert_false(verified(a, with_signature(a, text, sign_rsa(a, rsa, false, text))));
    }
    /* HS256 with the public key as the secret, as PEM and as JWK */
    char *pem = NULL;
    BIO *b = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PUBKEY(b, rsa), 1);
    long n = BIO_get_mem_data(b, &pem);
    static const char *const hmac[] = {"HS256", "hs256", "HS384", "HS512"};
    for (size_t i = 0; i < COUNTOF(hmac); i++) {
        struct str header = arena_fmt(a, "{\"alg\":\"%s\",\"kid\":\"r1\"}", hmac[i]);
        struct str text = unsigned_part(a, header.p, CLAIMS);
        struct str key = {pem, (size_t)n}, jwk = rsa_jwk(a, rsa, "");
        assert_false(verified(a, with_signature(a, text, sign_hmac(a, key, text))));
        assert_false(verified(a, with_signature(a, text, sign_hmac(a, jwk, text))));
        /* and with the name of an algorithm of ours in front of it */
        struct str rs = unsigned_part(a, "{\"alg\":\"RS256\",\"kid\":\"r1\"}", CLAIMS);
        assert_false(verified(a, with_signature(a, rs, sign_hmac(a, key, rs))));
    }
    BIO_free(b);
}

static void keys_in_headers_are_not_looked_at(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str jwk = rsa_jwk(a, other, ",\"kid\":\"r1\"");
    struct str headers[] = {
        arena_fmt(a, "{\"alg\":\"RS256\",\"kid\":\"r1\",\"jwk\":%.*s}", STR_ARG(jwk)),
        STR("{\"alg\":\"RS256\",\"kid\":\"r1\",\"jku\":\"https://evil.example/keys\"}"),
        STR("{\"alg\":\"RS256\",\"kid\":\"r1\",\"x5u\":\"https://evil.example/cert\"}"),
        STR("{\"alg\":\"RS256\",\"kid\":\"../../../dev/null\"}"),
        STR("{\"alg\":\"RS256\",\"kid\":\"r1' OR '1'='1\"}"),
        STR("{\"alg\":\"RS256\",\"kid\":{\"a\":1}}"),
    };
    for (size_t i = 0; i < COUNTOF(headers); i++) {
        struct str text = unsigned_part(a, headers[i].p, CLAIMS);
        assert_false(verified(a, with_signature(a, text, sign_rsa(a, other, false, text))));
    }
}

static void malformed_tokens_have_words(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    char *huge = arena_alloc(a, JWT_MAX_BYTES + 2);
    memset(huge, 'A', JWT_MAX_BYTES + 1);
    struct str crit =
        unsigned_part(a, "{\"alg\":\"RS256\",\"crit\":[\"b64\"],\"b64\":false}", CLAIMS);
    struct str twice = unsigned_part(a, "{\"alg\":\"RS256\",\"alg\":\"none\"}", CLAIMS);
    struct str again = unsigned_part(a, "{\"alg\":\"RS256\"}", "{\"iss\":\"a\",\"iss\":\"b\"}");
    struct str deep = unsigned_part(a, "{\"alg\":\"RS256\"}",
                                    "{\"a\":[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]}");
    struct str cases[] = {
        STR(""),
        STR("."),
        STR(".."),
        STR("a.b"),
        STR("a.b.c.d"),
        STR("e30.e30.e30"), /* {} */
        {huge, JWT_MAX_BYTES + 1},
        with_signature(a, crit, STR("AAAA")),
        with_signature(a, twice, STR("AAAA")),
        with_signature(a, again, STR("AAAA")),
        with_signature(a, deep, STR("AAAA")),
        with_signature(a, unsigned_part(a, "{\"alg\":\"RS256\"}", "[]"), STR("AAAA")),
        with_signature(a, unsigned_part(a, "{\"alg\":\"RS256\"}", CLAIMS), STR("AAAA=")),
        with_signature(a, unsigned_part(a, "{\"alg\":\"RS256\"}", CLAIMS), STR("")),
        with_signature(a, unsigned_part(a, "{\"alg\":\"RS256\"}", CLAIMS), STR("A+/A")),
    };
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        struct jwt t = {0};
        struct err e = {0};
        assert_false(jwt_read(a, cases[i], &t, &e));
        assert_int_equal(e.code, ERR_UNAUTHENTICATED);
        assert_true(e.msg[0] != '\0');
    }
}

static void keys_that_are_too_weak_or_not_for_signing_are_left_out(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str w = rsa_jwk(a, weak, ""), enc = rsa_jwk(a, rsa, ",\"use\":\"enc\"");
    struct str rs512 = rsa_jwk(a, rsa, ",\"alg\":\"RS512\"");
    struct str set = arena_fmt(
        a,
        "{\"keys\":[%.*s,%.*s,%.*s,{\"kty\":\"oct\",\"k\":\"AAAA\"},{},7,null,"
        "{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"AQAB\"},{\"kty\":\"RSA\",\"n\":\"!!\",\"e\":\"AQAB\"},"
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
        "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"},"
        "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"AA\",\"y\":\"AA\"}]}",
        STR_ARG(w), STR_ARG(enc), STR_ARG(rs512));
    struct jwt_keys keys = {0};
    struct err e = {0};
    assert_true(jwt_keys_read(a, set, &keys, &e));
    assert_int_equal(keys.n, 0);
    assert_false(jwt_keys_read(a, STR("{\"keys\":7}"), &keys, &e));
    assert_string_equal(e.msg, "keys: an array of at most 100 keys expected");
    assert_false(jwt_keys_read(a, STR("{"), &keys, NULL));
}

static void a_key_is_for_its_algorithm(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct jwt_keys keys = {0};
    struct jwt t = {0};
    bool known = false;
    struct str jwk = rsa_jwk(a, rsa, ",\"kid\":\"r1\",\"alg\":\"PS256\"");
    struct str rs = unsigned_part(a, "{\"alg\":\"RS256\",\"kid\":\"r1\"}", CLAIMS);
    assert_true(jwt_keys_read(a, arena_fmt(a, "{\"keys\":[%.*s]}", STR_ARG(jwk)), &keys, NULL));
    assert_true(jwt_read(a, with_signature(a, rs, sign_rsa(a, rsa, false, rs)), &t, NULL));
    assert_null(jwt_signer(&t, &keys, &known));
}

/* The words about these claims, or "" when they hold. The time is 1500. */
static const char *about(struct arena *a, const char *claims)
{
    static struct err e;
    struct jwt t = {0};
    const struct str audiences[] = {STR("other"), STR("vedette")};
    const struct jwt_expect x = {.issuer = STR("https://idp.example"),
                                 .audiences = audiences,
                                 .n_audiences = 2,
                                 .now_s = 1500,
                                 .max_life_s = 600,
                                 .who = "The token"};
    struct str text = unsigned_part(a, "{\"alg\":\"RS256\"}", claims);
    e = (struct err){0};
    assert_true(jwt_read(a, with_signature(a, text, STR("AAAA")), &t, &e));
    return jwt_check_claims(&t, &x, &e) ? "" : e.msg;
}

static void claims_are_checked(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
#define OURS "\"iss\":\"https://idp.example\",\"aud\":\"vedette\""
    static const struct {
        const char *claims, *words;
    } cases[] = {
        {CLAIMS, ""},
        {"{\"iss\":\"https://idp.example\",\"aud\":[\"x\",\"vedette\"],\"exp\":1500}", ""},
        {"{" OURS ",\"exp\":1201}", ""}, /* within the skew of five minutes */
        {"{" OURS ",\"exp\":1200}", "The token has expired."},
        {"{" OURS "}", "The token has no time at which it expires ('exp')."},
        {"{" OURS ",\"exp\":\"2000\"}", "The token has no time at which it expires ('exp')."},
        {"{" OURS ",\"exp\":-1}", "The token has no time at which it expires ('exp')."},
        {"{" OURS ",\"exp\":1e300}", "The token has no time at which it expires ('exp')."},
        {"{" OURS ",\"exp\":2400}", ""},
        {"{" OURS ",\"exp\":2401}",
         "The token is valid for too long: at most 600 seconds are accepted."},
        {"{" OURS ",\"exp\":2000,\"nbf\":1800}", ""},
        {"{" OURS ",\"exp\":2000,\"nbf\":1801}", "The token is not valid yet ('nbf')."},
        {"{" OURS ",\"exp\":2000,\"iat\":1801}", "The token is not valid yet ('iat')."},
        {"{" OURS ",\"exp\":2000,\"nbf\":\"x\"}", "The token has a 'nbf' that is no time."},
        {"{\"iss\":\"https://idp.example/\",\"aud\":\"vedette\",\"exp\":2000}",
         "The token is from another issuer."},
        {"{\"aud\":\"vedette\",\"exp\":2000}", "The token is from another issuer."},
        {"{\"iss\":\"https://idp.example\",\"aud\":\"vedette other\",\"exp\":2000}",
         "The token is for another audience."},
        {"{\"iss\":\"https://idp.example\",\"exp\":2000}", "The token is for another audience."},
        {"{\"iss\":\"https://idp.example\",\"aud\":[],\"exp\":2000}",
         "The token is for another audience."},
    };
    for (size_t i = 0; i < COUNTOF(cases); i++)
        assert_string_equal(about(a, cases[i].claims), cases[i].words);
}

static void certificates_give_their_key_and_thumbprints(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct certificate c = {0};
    struct err e = {0};
    struct str pem = certificate_of(a, rsa, 30);
    assert_true(certificate_read(a, pem, &c, &e));
    assert_true(str_eqz(c.subject, "CN=sender"));
    assert_int_equal(c.sha1.n, 40);
    assert_int_equal(c.sha256.n, 64);
    assert_int_equal(c.x5t.n, 27);
    assert_int_equal(c.not_after - c.not_before, 30 * TICKS_PER_DAY);
    assert_true(str_eq(c.pem, pem));
    struct str rs = unsigned_part(a, "{\"alg\":\"PS256\"}", CLAIMS);
    struct jwt t = {0};
    assert_true(jwt_read(a, with_signature(a, rs, sign_rsa(a, rsa, true, rs)), &t, NULL));
    assert_true(jwt_signed_by(&t, &c.key));

    assert_true(certificate_read(a, certificate_of(a, ec, 1), &c, &e));
    assert_false(certificate_read(a, certificate_of(a, weak, 1), &c, &e));
    assert_string_equal(e.msg, "certificate: a key of RSA with 2048 to 8192 bits, or of EC P-256, "
                               "is expected");
    assert_false(certificate_read(a, STR("hello"), &c, &e));
    assert_false(certificate_read(a, STR("-----BEGIN PRIVATE KEY-----\n"), &c, &e));
    assert_non_null(strstr(e.msg, "private key"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_of_all_algorithms_are_checked),
        cmocka_unit_test(no_kid_needs_a_single_key),
        cmocka_unit_test(unknown_kid_is_told),
        cmocka_unit_test(confusion_of_algorithms_is_refused),
        cmocka_unit_test(keys_in_headers_are_not_looked_at),
        cmocka_unit_test(malformed_tokens_have_words),
        cmocka_unit_test(keys_that_are_too_weak_or_not_for_signing_are_left_out),
        cmocka_unit_test(a_key_is_for_its_algorithm),
        cmocka_unit_test(claims_are_checked),
        cmocka_unit_test(certificates_give_their_key_and_thumbprints),
    };
    return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
