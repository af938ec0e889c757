/* Two texts, line by line. */
#include "cli/text_diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void differ(const char *old, const char *new, const char *want)
{
    struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    text_diff(a, str_from(old), str_from(new), "", &b);
    sbuf_addc(&b, '\0');
    assert_string_equal(b.p, want);
    arena_free(a);
}

static void lines_of_one_text_alone_have_a_sign(void **state)
{
    (void)state;
    differ("a\nb\nc", "a\nx\nc", "  a\n- b\n+ x\n  c\n");
    differ("", "a\nb\n", "+ a\n+ b\n");
    differ("a\nb", "", "- a\n- b\n");
    differ("a\n", "a\r\n", "…\n"); /* line ends do not count */
    differ("", "", "");
}

static void what_is_far_from_a_difference_is_left_out(void **state)
{
    (void)state;
    differ("1\n2\n3\n4\n5\n6\n7\n8", "1\n2\n3\n4\n5\n6\n7\n9", "…\n  6\n  7\n- 8\n+ 9\n");
    differ("0\n1\n2\n3\n4\n5\n6", "9\n1\n2\n3\n4\n5\n8",
           "- 0\n+ 9\n  1\n  2\n…\n  4\n  5\n- 6\n+ 8\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_one_text_alone_have_a_sign),
        cmocka_unit_test(what_is_far_from_a_difference_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
