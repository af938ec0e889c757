/* One-time codes against RFC 4226's and RFC 6238's vectors, and Base32 against RFC 4648's. */
/* link: state */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "identity/identity_priv.h"

static const char secret[] = "12345678901234567890";

static void codes_are_those_of_rfc_6238(void **state)
{
    static const struct {
        int64_t time;
        uint32_t code; /* eight digits there */
    } vectors[] = {{59, 94287082},         {1111111109, 7081804},  {1111111111, 14050471},
                   {1234567890, 89005924}, {2000000000, 69279037}, {20000000000, 65353130}};
    (void)state;
    for (size_t i = 0; i < COUNTOF(vectors); i++)
        assert_int_equal(totp_code((const uint8_t *)secret, 20, vectors[i].time / 30) % 100000000,
                         vectors[i].code);
}

static void codes_are_those_of_rfc_4226(void **state)
{
    static const uint32_t codes[] = {755224, 287082, 359152, 969429, 338314,
                                     254676, 287922, 162583, 399871, 520489};
    (void)state;
    for (size_t i = 0; i < COUNTOF(codes); i++)
        assert_int_equal(totp_code((const uint8_t *)secret, 20, (int64_t)i) % 1000000, codes[i]);
}

static int64_t step_at(int64_t seconds, const char *code)
{
    return totp_step_of((const uint8_t *)secret, str_from(code),
                        TICKS_UNIX_EPOCH + seconds * TICKS_PER_SECOND);
}

static void one_step_before_and_after_is_taken(void **state)
{
    (void)state;
    assert_int_equal(step_at(59, "287082"), 1);
    assert_int_equal(step_at(29, "287082"), 1);
    assert_int_equal(step_at(0, "287082"), 1);
    assert_int_equal(step_at(89, "287082"), 1);
    assert_int_equal(step_at(90, "287082"), -1);
    assert_int_equal(step_at(120, "287082"), -1);
    /* Leading zeros count; so does the length. */
    assert_int_equal(step_at(1111111109, "081804"), 1111111109 / 30);
    assert_int_equal(step_at(1111111109, "81804"), -1);
    assert_int_equal(step_at(59, "28708"), -1);
    assert_int_equal(step_at(59, "2870820"), -1);
    assert_int_equal(step_at(59, ""), -1);
    assert_int_equal(step_at(59, "28708x"), -1);
}

static void base32_is_that_of_rfc_4648(void **state)
{
    static const char *const vectors[][2] = {{"", ""},
                                             {"f", "MY"},
                                             {"fo", "MZXQ"},
                                             {"foo", "MZXW6"},
                                             {"foob", "MZXW6YQ"},
                                             {"fooba", "MZXW6YTB"},
                                             {"foobar", "MZXW6YTBOI"},
                                             {secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}};
    (void)state;
    for (size_t i = 0; i < COUNTOF(vectors); i++) {
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(64);
        base32_encode(str_from(vectors[i][0]), &b);
        assert_true(str_eqz(sbuf_str(&b), vectors[i][1]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_those_of_rfc_6238),
        cmocka_unit_test(codes_are_those_of_rfc_4226),
        cmocka_unit_test(one_step_before_and_after_is_taken),
        cmocka_unit_test(base32_is_that_of_rfc_4648),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
