/* Texts as words, for reduce. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/duckdb/words.h"

static void words_are_parted_by_signs(void **state)
{
    (void)state;
    struct words_cutter k = words_cutter(STR_NONE);
    struct words w;
    words_find(&k, STR("--a1, \xc3\xa9t\xc3\xa9; 42."), &w);
    assert_int_equal(w.n, 3);
    assert_true(str_eqz(w.p[0], "a1"));
    assert_true(str_eqz(w.p[1], "\xc3\xa9t\xc3\xa9"));
    assert_true(str_eqz(w.p[2], "42"));
    assert_false(w.numbers_only);
    words_find(&k, STR("10.0.0.1"), &w);
    assert_true(w.n == 4 && w.numbers_only && !w.cut);
    words_find(&k, STR("..."), &w);
    assert_true(w.n == 1 && str_eqz(w.p[0], "..."));
    words_find(&k, STR(""), &w);
    assert_true(w.n == 1 && w.p[0].n == 0);
}

static void words_are_parted_by_a_list_alone(void **state)
{
    (void)state;
    struct words_cutter k = words_cutter(STR("Z\xc3\xa9"));
    struct words w;
    words_find(&k, STR("a bZc\xc3\xa9"), &w);
    assert_int_equal(w.n, 2);
    assert_true(str_eqz(w.p[0], "a b"));
    assert_true(str_eqz(w.p[1], "c\xc3\xa9"));
}

static void words_end_at_the_limit(void **state)
{
    (void)state;
    char text[2 * WORDS_MAX + 2];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 2 == 0 ? 'x' : ' ';
    struct words_cutter k = words_cutter(STR_NONE);
    struct words w;
    words_find(&k, (struct str){text, 2 * WORDS_MAX}, &w);
    assert_true(w.n == WORDS_MAX && !w.cut);
    words_find(&k, (struct str){text, sizeof text}, &w);
    assert_true(w.n == WORDS_MAX && w.cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_parted_by_signs),
        cmocka_unit_test(words_are_parted_by_a_list_alone),
        cmocka_unit_test(words_end_at_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
