/* text: zlib and gzip of values, Punycode, user agents, files of places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/agent.h"
#include "text/deflate.h"
#include "text/geoip.h"
#include "text/punycode.h"

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void packed_bytes_come_back(void **state)
{
    (void)state;
    char bytes[70000];
    uint32_t seed = 1;
    for (size_t n = 0; n < sizeof(bytes); n = n * 3 + 1) {
        for (size_t i = 0; i < n; i++)
            bytes[i] = (char)(n % 2 == 0 ? next_random(&seed) : i / 100);
        for (int kind = DEFLATE_ZLIB; kind <= DEFLATE_GZIP; kind++) {
            AUTO(sbuf_fini) struct sbuf packed = sbuf_make(0);
            AUTO(sbuf_fini) struct sbuf back = sbuf_make(0);
            deflate_bytes((enum deflate_kind)kind, (struct str){bytes, n}, &packed);
            assert_true(inflate_bytes((enum deflate_kind)kind, sbuf_str(&packed), &back));
            assert_true(str_eq(sbuf_str(&back), (struct str){bytes, n}));
            assert_true(packed.n <= n + 18 + 5 * (n / 65535 + 1));
        }
    }
}

static void damaged_bytes_are_refused(void **state)
{
    (void)state;
    AUTO(sbuf_fini) struct sbuf packed = sbuf_make(0);
    AUTO(sbuf_fini) struct sbuf out = sbuf_make(0);
    sbuf_addz(&out, "kept");
    deflate_bytes(DEFLATE_GZIP, STR("the quick brown fox jumps over the lazy dog"), &packed);
    struct str all = sbuf_str(&packed);
    for (size_t n = 0; n < all.n; n++)
        assert_false(inflate_bytes(DEFLATE_GZIP, str_sub(all, 0, n), &out));
    assert_false(inflate_bytes(DEFLATE_ZLIB, all, &out));
    sbuf_addc(&packed, 'x');
    assert_false(inflate_bytes(DEFLATE_GZIP, sbuf_str(&packed), &out));
    assert_string_equal(sbuf_str(&out).p, "kept");
}

static void unpacking_has_a_limit(void **state)
{
    (void)state;
    AUTO(sbuf_fini) struct sbuf raw = sbuf_make(0);
    AUTO(sbuf_fini) struct sbuf packed = sbuf_make(0);
    AUTO(sbuf_fini) struct sbuf out = sbuf_make(1 << 16);
    for (size_t i = 0; i < 1 << 17; i++)
        sbuf_addc(&raw, 'a');
    deflate_bytes(DEFLATE_ZLIB, sbuf_str(&raw), &packed);
    assert_true(packed.n < 1000);
    assert_false(inflate_bytes(DEFLATE_ZLIB, sbuf_str(&packed), &out));
}

static void punycode_of_known_names(void **state)
{
    (void)state;
    static const struct {
        const char *text, *encoded;
    } cases[] = {{"", ""},
                 {"abc", "abc-"},
                 {"-", "--"},
                 {"ü", "tda"},
                 {"bücher", "bcher-kva"},
                 {"3年B組金八先生", "3B-ww4c5e180e575a65lsy2b"}, /* RFC 3492, 7.1 */
                 {"Hello-Another-Way-それぞれの場所", "Hello-Another-Way--fc4qua05auwb3674vfr0b"}};
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        AUTO(sbuf_fini) struct sbuf encoded = sbuf_make(0);
        AUTO(sbuf_fini) struct sbuf back = sbuf_make(0);
        assert_true(punycode_encode(str_from(cases[i].text), &encoded));
        assert_string_equal(sbuf_str(&encoded).p, cases[i].encoded);
        assert_true(punycode_decode(sbuf_str(&encoded), &back));
        assert_string_equal(sbuf_str(&back).p, cases[i].text);
    }
    static const char *const bad[] = {"ü", "a-ü", "99999999", "zzzz_", "x-!"};
    AUTO(sbuf_fini) struct sbuf out = sbuf_make(0);
    for (size_t i = 0; i < COUNTOF(bad); i++)
        assert_false(punycode_decode(str_from(bad[i]), &out));
    assert_int_equal(out.n, 0);
}

static void any_letters_decode_or_fail(void **state)
{
    (void)state;
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    uint32_t seed = 7;
    for (int round = 0; round < 20000; round++) {
        char text[24];
        size_t n = next_random(&seed) % sizeof(text), bad;
        for (size_t i = 0; i < n; i++)
            text[i] = letters[next_random(&seed) % (sizeof(letters) - 1)];
        AUTO(sbuf_fini) struct sbuf decoded = sbuf_make(0);
        if (punycode_decode((struct str){text, n}, &decoded))
            assert_true(utf8_valid(sbuf_str(&decoded), &bad));
        else
            assert_int_equal(decoded.n, 0);
    }
}

static void hosts_are_written_label_by_label(void **state)
{
    (void)state;
    AUTO(sbuf_fini) struct sbuf out = sbuf_make(0);
    assert_true(punycode_encode_host(STR("ü.a。ß."), &out));
    assert_string_equal(sbuf_str(&out).p, "xn--tda.a.xn--zca.");
    AUTO(sbuf_fini) struct sbuf back = sbuf_make(0);
    assert_true(punycode_decode_host(sbuf_str(&out), &back));
    assert_string_equal(sbuf_str(&back).p, "ü.a.ß.");
    assert_false(punycode_decode_host(STR("a.xn--99999999.b"), &back));
    assert_string_equal(sbuf_str(&back).p, "ü.a.ß.");
}

static void agents_tell_browser_system_and_device(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    struct agents *g = agents_new();
    struct agent_info i;
    struct str header = STR("Mozilla/5.0 (Linux; Android 13; Pixel 7) AppleWebKit/537.36 (KHTML, "
                            "like Gecko) Chrome/116.0.5845.92 Mobile Safari/537.36");
    agents_parse(g, a, AGENT_BROWSER, header, &i);
    assert_true(str_eqz(i.field[0], "Chrome Mobile") && str_eqz(i.field[1], "116"));
    agents_parse(g, a, AGENT_OS, header, &i);
    assert_true(str_eqz(i.field[0], "Android") && str_eqz(i.field[1], "13"));
    agents_parse(g, a, AGENT_DEVICE, header, &i);
    assert_true(str_eqz(i.field[0], "Pixel 7") && str_eqz(i.field[1], "Google"));
    agents_parse(g, a, AGENT_OS, STR("\xff\xfe nothing"), &i);
    assert_true(str_eqz(i.field[0], "Other") && i.field[1].n == 0);
    agents_free(g);
    arena_free(a);
}

static void a_file_of_places_must_be_one(void **state)
{
    (void)state;
    struct err e = {0};
    assert_false(geoip_check("/nonexistent.mmdb", &e));
    assert_int_equal(e.code, ERR_NOT_FOUND);
    assert_false(geoip_check(SOURCE_DIR "/LICENSE", &e));
    assert_int_equal(e.code, ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packed_bytes_come_back),
        cmocka_unit_test(damaged_bytes_are_refused),
        cmocka_unit_test(unpacking_has_a_limit),
        cmocka_unit_test(punycode_of_known_names),
        cmocka_unit_test(any_letters_decode_or_fail),
        cmocka_unit_test(hosts_are_written_label_by_label),
        cmocka_unit_test(agents_tell_browser_system_and_device),
        cmocka_unit_test(a_file_of_places_must_be_one),
    };
    return cmocka_run_group_tests_name("text_packing", tests, NULL, NULL);
}
