/* text: Base64, hex, IP addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/base64.h"
#include "text/ip.h"

static void base64(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *std, *url;
    } cases[] = {{"", "", ""},
                 {"f", "Zg==", "Zg"},
                 {"fo", "Zm8=", "Zm8"},
                 {"foo", "Zm9v", "Zm9v"},
                 {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
                 {"\xfb\xff\xfe", "+//+", "-__-"}};
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        AUTO(sbuf_fini) struct sbuf std = sbuf_make(0);
        AUTO(sbuf_fini) struct sbuf url = sbuf_make(0);
        base64_encode(BASE64_STD, str_from(cases[i].raw), &std);
        base64_encode(BASE64_URL, str_from(cases[i].raw), &url);
        assert_string_equal(sbuf_str(&std).p, cases[i].std);
        assert_string_equal(sbuf_str(&url).p, cases[i].url);
        AUTO(sbuf_fini) struct sbuf back = sbuf_make(0);
        assert_true(base64_decode(BASE64_STD, sbuf_str(&std), &back));
        assert_string_equal(sbuf_str(&back).p, cases[i].raw);
        sbuf_clear(&back);
        assert_true(base64_decode(BASE64_URL, sbuf_str(&url), &back));
        assert_string_equal(sbuf_str(&back).p, cases[i].raw);
    }
    static const char *const bad[] = {"Z",    "Zg=",  "Zh==", "Zm9v=",    "Zm 9v",
                                      "Z===", "====", "-__-", "Zg==Zg==", "Zm9v\n"};
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    sbuf_addz(&b, "kept");
    for (size_t i = 0; i < COUNTOF(bad); i++)
        assert_false(base64_decode(BASE64_STD, str_from(bad[i]), &b));
    assert_string_equal(sbuf_str(&b).p, "kept");
}

static void hex(void **state)
{
    (void)state;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    hex_encode(STR("\x00\x7f\xff"), &b);
    assert_string_equal(sbuf_str(&b).p, "007fff");
    AUTO(sbuf_fini) struct sbuf back = sbuf_make(0);
    assert_true(hex_decode(STR("007FfF"), &back));
    assert_memory_equal(sbuf_str(&back).p, "\x00\x7f\xff", 3);
    assert_false(hex_decode(STR("0"), &back));
    assert_false(hex_decode(STR("0g"), &back));
    assert_int_equal(back.n, 3);
}

static void addresses(void **state)
{
    (void)state;
    static const char *const good[][2] = {{"10.0.0.1", "10.0.0.1"},
                                          {"::1", "::1"},
                                          {"2001:DB8:0:0::5", "2001:db8::5"},
                                          {"::ffff:1.2.3.4", "1.2.3.4"}};
    static const char *const bad[] = {
        "",         "1.2.3",    "1.2.3.256", "01.2.3.4",  " 1.2.3.4", "1.2.3.4:80", "fe80::1%eth0",
        "[::1]",    "1::2::3",  "x",         "1.2.3.4.5", "1..2.3",   "1.2.3.",     "0001.2.3.4",
        "1.2.3.4 ", ".1.2.3.4", "1.2.3.-4",  "999.1.1.1", "00.0.0.0", "1.2.3.4x"};
    struct ip a;
    char text[IP_TEXT_MAX];
    for (size_t i = 0; i < COUNTOF(good); i++) {
        assert_true(ip_parse(str_from(good[i][0]), &a));
        ip_format(a, text);
        assert_string_equal(text, good[i][1]);
    }
    for (size_t i = 0; i < COUNTOF(bad); i++)
        assert_false(ip_parse(str_from(bad[i]), &a));
    assert_false(ip_parse((struct str){"1.2.3.4\0x", 9}, &a));
}

static bool within(const char *address, const char *net)
{
    struct ip a;
    struct ip_net n;
    assert_true(ip_parse(str_from(address), &a));
    assert_true(ip_net_parse(str_from(net), &n));
    return ip_in_net(a, n);
}

static void networks(void **state)
{
    (void)state;
    assert_true(within("192.168.1.77", "192.168.1.0/24"));
    assert_true(within("192.168.1.77", "192.168.1.5/24"));
    assert_false(within("192.168.2.77", "192.168.1.0/24"));
    assert_true(within("1.2.3.4", "0.0.0.0/0"));
    assert_false(within("::1", "0.0.0.0/0"));
    assert_true(within("1.2.3.4", "1.2.3.4"));
    assert_true(within("10.1.2.131", "10.1.2.128/25"));
    assert_false(within("10.1.2.127", "10.1.2.128/25"));
    assert_true(within("2001:db8::ffff", "2001:db8::/32"));
    assert_true(within("::1", "::/0"));
    static const char *const bad[] = {"1.2.3.4/33", "1.2.3.4/",    "1.2.3.4/-1", "::1/129",
                                      "/8",         "1.2.3.4/8/8", "1.2.3.4/+8"};
    struct ip_net n;
    for (size_t i = 0; i < COUNTOF(bad); i++)
        assert_false(ip_net_parse(str_from(bad[i]), &n));
    static const char *const private[] = {"10.0.0.0", "172.31.255.255", "192.168.0.1", "fd00::1"};
    static const char *const public[] = {"11.0.0.0", "172.32.0.0", "192.169.0.1", "127.0.0.1",
                                         "2001:db8::1"};
    struct ip a;
    for (size_t i = 0; i < COUNTOF(private); i++)
        assert_true(ip_parse(str_from(private[i]), &a) && ip_is_private(a));
    for (size_t i = 0; i < COUNTOF(public); i++)
        assert_true(ip_parse(str_from(public[i]), &a) && !ip_is_private(a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(base64), cmocka_unit_test(hex),
                                       cmocka_unit_test(addresses), cmocka_unit_test(networks)};
    return cmocka_run_group_tests_name("text codecs", tests, NULL, NULL);
}
