/* text: the line of an error with a mark below the place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/excerpt.h"

static void shows(struct str text, size_t off, size_t len, const char *want)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    excerpt_add(&b, text, off, len);
    struct str got = sbuf_str(&b);
    assert_int_equal(got.n, strlen(want));
    assert_memory_equal(got.p, want, got.n);
}

static void the_span_is_underlined(void **state)
{
    (void)state;
    shows(STR("T\n| where Foo == 1\n| take 5"), 10, 3, "    | where Foo == 1\n            ^~~\n");
    shows(STR("abc"), 0, 1, "    abc\n    ^\n");
    shows(STR("abc"), 1, 99, "    abc\n     ^~\n");
}

static void a_place_without_length_has_one_mark(void **state)
{
    (void)state;
    shows(STR("T | take"), 8, 0, "    T | take\n            ^\n");
    shows(STR("T |\r\nx"), 3, 0, "    T |\n       ^\n");
    shows(STR(""), 0, 0, "    \n    ^\n");
    shows(STR("ab"), 77, 5, "    ab\n      ^\n");
}

static void letters_count_once_and_tabs_are_blanks(void **state)
{
    (void)state;
    shows(STR("\tü = é"), 6, 2, "     ü = é\n         ^\n");
    shows(STR("a\x1b[2Jb"), 5, 1, "    a·[2Jb\n         ^\n");
}

static void a_span_over_lines_ends_with_the_first(void **state)
{
    (void)state;
    shows(STR("a (b\nc) d"), 2, 5, "    a (b\n      ^~\n");
}

static void a_long_line_is_cut_around_the_place(void **state)
{
    (void)state;
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(0), b = sbuf_make(0);
    for (int i = 0; i < 3000; i++)
        sbuf_addz(&text, "ü");
    excerpt_add(&b, sbuf_str(&text), 3000, 2000);
    struct str got = sbuf_str(&b);
    assert_true(got.n < 600);
    assert_memory_equal(got.p, "    …ü", 9);
    assert_memory_equal(got.p + got.n - 2, "~\n", 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_span_is_underlined),
        cmocka_unit_test(a_place_without_length_has_one_mark),
        cmocka_unit_test(letters_count_once_and_tabs_are_blanks),
        cmocka_unit_test(a_span_over_lines_ends_with_the_first),
        cmocka_unit_test(a_long_line_is_cut_around_the_place),
    };
    return cmocka_run_group_tests_name("text_excerpt", tests, NULL, NULL);
}
