/* Where messages end in a stream: whatever the pieces that arrive, the messages are the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/net.h"

enum { MAX = 20 };

/* Feeds text in pieces of step bytes; the messages, each with a ';' behind it, '!' when cut. */
static void feed(const char *text, size_t n, size_t step, struct sbuf *out)
{
    struct net_frames f = net_frames_make(MAX);
    struct str one;
    bool cut = false;
    sbuf_clear(out);
    for (size_t at = 0; at <= n; at += step) {
        bool end = at + step > n;
        net_frames_add(&f, str_sub((struct str){text, n}, at, step));
        while (net_frames_next(&f, end, &one, &cut)) {
            sbuf_add(out, one);
            sbuf_addz(out, cut ? "!;" : ";");
        }
    }
    net_frames_fini(&f);
}

static void expect(const char *text, size_t n, const char *wanted)
{
    AUTO(sbuf_fini) struct sbuf out = sbuf_make(0);
    for (size_t step = 1; step <= n; step++) {
        feed(text, n, step, &out);
        sbuf_addc(&out, '\0');
        assert_string_equal(sbuf_str(&out).p, wanted);
    }
}
#define EXPECT(text, wanted) expect(text, sizeof(text) - 1, wanted)

static void lines_end_with_a_line_feed_or_nul(void **state)
{
    (void)state;
    EXPECT("<1>a\n<2>b\n", "<1>a;<2>b;");
    EXPECT("<1>a\0<2>b", "<1>a;<2>b;");
    EXPECT("\n\n<1>a\r\n", "<1>a\r;");
}

static void counted_frames_may_hold_line_feeds(void **state)
{
    (void)state;
    EXPECT("6 <1>a\nb5 <2>c\n", "<1>a\nb;<2>c\n;");
    EXPECT("4 <1>a<2>b\n4 <3>c", "<1>a;<2>b;<3>c;");
}

static void digits_alone_are_no_count(void **state)
{
    (void)state;
    EXPECT("12 monkeys\n", "12 monkeys;");
    EXPECT("2026-01-01 x\n", "2026-01-01 x;");
    EXPECT("123456789 <1>a\n", "123456789 <1>a;");
    EXPECT("12", "12;");
}

static void what_is_too_long_is_cut_and_the_next_one_is_whole(void **state)
{
    (void)state;
    EXPECT("<1>aaaaaaaaaabbbbbbbbbb\n<2>c\n", "<1>aaaaaaaaaabbbbbbb!;<2>c;");
    EXPECT("23 <1>aaaaaaaaaabbbbbbbbbb4 <2>c", "<1>aaaaaaaaaabbbbbbb!;<2>c;");
    EXPECT("<1>aaaaaaaaaabbbbbbb\n", "<1>aaaaaaaaaabbbbbbb;");
}

static void a_frame_that_breaks_off_is_given_out_cut(void **state)
{
    (void)state;
    EXPECT("10 <1>abc", "<1>abc!;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_with_a_line_feed_or_nul),
        cmocka_unit_test(counted_frames_may_hold_line_feeds),
        cmocka_unit_test(digits_alone_are_no_count),
        cmocka_unit_test(what_is_too_long_is_cut_and_the_next_one_is_whole),
        cmocka_unit_test(a_frame_that_breaks_off_is_given_out_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
