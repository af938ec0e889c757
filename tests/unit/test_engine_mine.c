/* Searching patterns, and texts as numbers: what autocluster, basket and diffpatterns are made of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "engine/duckdb/dict.h"
#include "engine/duckdb/mine.h"

enum { MANY = 5000, WIDE = 40, ROWS = 200 };

/* ---- dict ---- */
static void dict_numbers_texts_in_order(void **state)
{
    (void)state;
    AUTO(dict_fini) struct dict d = {0};
    uint32_t at = 7;
    assert_false(dict_find(&d, STR("a"), &at));
    for (uint32_t i = 0; i < MANY; i++) {
        char text[32];
        int n = snprintf(text, sizeof text, "text %u", i);
        assert_int_equal(dict_put(&d, (struct str){text, (size_t)n}), i);
    }
    assert_int_equal(dict_put(&d, STR("text 77")), 77);
    assert_true(dict_find(&d, STR("text 4999"), &at));
    assert_int_equal(at, 4999);
    assert_true(str_eqz(dict_at(&d, 1234), "text 1234"));
    assert_true(dict_size_bytes(&d) > MANY * 8);
}

static void dict_keeps_empty_texts_and_zero_bytes(void **state)
{
    (void)state;
    AUTO(dict_fini) struct dict d = {0};
    assert_int_equal(dict_put(&d, STR("")), 0);
    assert_int_equal(dict_put(&d, (struct str){"a\0b", 3}), 1);
    assert_int_equal(dict_put(&d, STR("a")), 2);
    assert_int_equal(dict_put(&d, STR("")), 0);
    assert_int_equal(dict_at(&d, 0).n, 0);
    assert_int_equal(dict_at(&d, 1).n, 3);
}

/* ---- patterns ---- */
/* Three columns: rows 1 1 1 (40), 1 1 2 (30), 2 1 0 (20), 0 0 2 (10). */
static const uint8_t few_codes[] = {0, 1, 1, 2, 0, 1, 1, 1, 2, 1, 2, 0};
static const double few_weights[] = {10, 0, 40, 0, 30, 0, 20, 0};
static const struct mine_rows few = {3, 4, few_codes, few_weights, {100, 0}, NULL, NULL};

static const struct mine_pattern *find(const struct mine_patterns *v, uint8_t a, uint8_t b,
                                       uint8_t c)
{
    for (size_t i = 0; i < v->n; i++)
        if (v->p[i].cells[0] == a && v->p[i].cells[1] == b && v->p[i].cells[2] == c)
            return &v->p[i];
    return NULL;
}

static void closed_patterns_name_all_that_follows(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct mine_patterns v = mine_closed(a, &few, 0.1, 3);
    assert_true(v.complete);
    assert_int_equal(v.n, 6);
    assert_true(find(&v, 1, 1, 0)->weights[0] ==
                70); /* 1 in the first column means 1 in the next */
    assert_true(find(&v, 0, 1, 0)->weights[0] == 90);
    assert_true(find(&v, 0, 0, 2)->weights[0] == 40);
    assert_true(find(&v, 1, 1, 1)->weights[0] == 40);
    assert_true(find(&v, 1, 1, 2)->weights[0] == 30);
    assert_true(find(&v, 2, 1, 0)->weights[0] == 20);
    assert_null(find(&v, 1, 0, 0));
}

static void dimensions_that_follow_are_free(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct mine_patterns v = mine_closed(a, &few, 0.1, 1);
    assert_int_equal(v.n, 5);
    assert_non_null(find(&v, 1, 1, 1)); /* told by the last column alone */
    assert_null(find(&v, 1, 1, 2));
    assert_int_equal(mine_closed(a, &few, 0.5, 3).n, 2);
    assert_int_equal(mine_deepening(a, &few, 0.1, 3).n, 6);
}

static void seeds_climb_and_chosen_patterns_differ(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct mine_patterns v = mine_seeds(a, &few, 0.05, 0, 10);
    mine_sort(&few, &v);
    assert_true(v.n >= 2);
    assert_true(v.p[0].n_fixed == 3 && v.p[0].weights[0] == 40);
    v = mine_seeds(a, &few, 0.05, 1, 1);
    assert_int_equal(v.n, 1);
    assert_true(v.p[0].weights[0] == 90);
    v = mine_closed(a, &few, 0.1, 3);
    for (size_t i = 0; i < v.n; i++)
        v.p[i].score = v.p[i].weights[0];
    mine_sort(&few, &v);
    assert_true(v.p[0].weights[0] == 90);
    mine_choose(a, &few, &v, 0.5);
    assert_int_equal(v.n, 1); /* all others are special cases, or three quarters known */
}

static void no_rows_have_no_patterns(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const struct mine_rows none = {3, 0, few_codes, few_weights, {0, 0}, NULL, NULL};
    assert_int_equal(mine_closed(a, &none, 0.1, 3).n, 0);
    assert_int_equal(mine_seeds(a, &none, 0.1, 0.5, 3).n, 0);
    assert_true(mine_deepening(a, &none, 0.1, 3).complete);
}

/* Columns without any connection: far more combinations than the limits allow. */
static struct mine_rows unconnected(struct arena *a)
{
    uint8_t *codes = arena_array(a, uint8_t, WIDE * ROWS);
    double *weights = arena_array(a, double, ROWS *MINE_SETS);
    uint32_t random = 1;
    for (size_t i = 0; i < (size_t)WIDE * ROWS; i++) {
        random = random * 1664525 + 1013904223;
        codes[i] = (uint8_t)(1 + (random >> 31));
    }
    for (size_t i = 0; i < ROWS; i++)
        weights[i * MINE_SETS] = 1;
    return (struct mine_rows){WIDE, ROWS, codes, weights, {ROWS, 0}, NULL, NULL};
}

static void too_many_patterns_end_the_search(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const struct mine_rows r = unconnected(a);
    assert_false(mine_closed(a, &r, 0.015, 5).complete);
    struct mine_patterns v = mine_deepening(a, &r, 0.015, WIDE);
    assert_true(v.complete);
    assert_true(v.n > 1000 && v.n <= MINE_MAX_PATTERNS);
}

static bool stop_at_third(void *self)
{
    return ++*(int *)self >= 3;
}

static void whoever_waits_can_stop_the_search(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct mine_rows r = unconnected(a);
    int asked = 0;
    r.stops = stop_at_third;
    r.self = &asked;
    assert_false(mine_closed(a, &r, 0.015, 5).complete);
    assert_int_equal(asked, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dict_numbers_texts_in_order),
        cmocka_unit_test(dict_keeps_empty_texts_and_zero_bytes),
        cmocka_unit_test(closed_patterns_name_all_that_follows),
        cmocka_unit_test(dimensions_that_follow_are_free),
        cmocka_unit_test(seeds_climb_and_chosen_patterns_differ),
        cmocka_unit_test(no_rows_have_no_patterns),
        cmocka_unit_test(too_many_patterns_end_the_search),
        cmocka_unit_test(whoever_waits_can_stop_the_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
