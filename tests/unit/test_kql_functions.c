/* The function tables: sorted, well formed, and overload resolution. */
#include "kql/functions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct kql_match match(struct arena *a, const char *name, const struct kql_arg *args,
                              size_t n, bool *ok)
{
    struct kql_match m;
    *ok = kql_func_match(a, kql_func_find(str_from(name)), args, n, &m);
    return m;
}

static void test_rows_are_found(void **state)
{
    (void)state;
    const struct kql_func *f;
    size_t n = 0;
    for (; (f = kql_func_at(n)) != NULL; n++) {
        const struct kql_func *g = kql_func_find(str_from(f->name));
        while (g != NULL && g != f)
            g = kql_func_next(g);
        assert_ptr_equal(f, g);
    }
    assert_true(n > 500);
}
static void test_signatures_parse(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    const struct kql_func *f;
    for (size_t i = 0; (f = kql_func_at(i)) != NULL; i++) {
        struct kql_match m;
        bool ok = kql_func_match(a, f, NULL, 0, &m);
        if (!ok)
            assert_true(m.min_args > 0 && m.max_args >= m.min_args);
    }
    arena_free(a);
}
static void test_overloads(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    bool ok;
    struct kql_arg ints[] = {{.type = KQL_INT}, {.type = KQL_INT}};
    assert_int_equal(match(a, "+", ints, 2, &ok).result, KQL_LONG);
    assert_true(ok);
    struct kql_arg mixed[] = {{.type = KQL_LONG}, {.type = KQL_REAL}};
    assert_int_equal(match(a, "bin", mixed, 2, &ok).result, KQL_REAL);
    struct kql_arg dates[] = {{.type = KQL_DATETIME}, {.type = KQL_DATETIME}};
    assert_int_equal(match(a, "-", dates, 2, &ok).result, KQL_TIMESPAN);
    struct kql_arg text[] = {{.type = KQL_STRING}, {.type = KQL_STRING}};
    (void)match(a, "+", text, 2, &ok);
    assert_false(ok);
    struct kql_arg cases[] = {{.type = KQL_BOOL},
                              {.type = KQL_LONG},
                              {.type = KQL_BOOL},
                              {.type = KQL_REAL},
                              {.type = KQL_INT}};
    struct kql_match m = match(a, "case", cases, 5, &ok);
    assert_true(ok);
    assert_int_equal(m.result, KQL_REAL);
    assert_int_equal(m.want[1], KQL_REAL);
    (void)match(a, "case", cases, 4, &ok);
    assert_false(ok);
    arena_free(a);
}
static void test_casts(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    bool ok;
    struct kql_arg d[] = {{.type = KQL_DYNAMIC}};
    struct kql_match m = match(a, "url_decode", d, 1, &ok);
    assert_true(ok);
    assert_int_equal(m.want[0], KQL_STRING);
    (void)match(a, "sum", d, 1, &ok);
    assert_false(ok);
    struct kql_arg none[] = {{.type = KQL_LONG}};
    m = match(a, "floor", none, 1, &ok);
    assert_false(ok);
    assert_true(m.bad_count);
    arena_free(a);
}
static void test_suggest(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    struct str s = kql_func_suggest(a, STR("tostrng"));
    assert_true(str_eqz(s, "tostring"));
    assert_true(str_eqz(kql_func_suggest(a, STR("abS")), "abs"));
    assert_true(str_eqz(kql_func_suggest(a, STR("asb")), "abs")); /* one swap */
    assert_int_equal(kql_func_suggest(a, STR("xbz")).n, 0);
    assert_int_equal(kql_func_suggest(a, STR("qx")).n, 0); /* two letters are near to too much */
    assert_int_equal(kql_func_suggest(a, STR("qqqqqqqqqq")).n, 0);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_found), cmocka_unit_test(test_signatures_parse),
        cmocka_unit_test(test_overloads),      cmocka_unit_test(test_casts),
        cmocka_unit_test(test_suggest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
