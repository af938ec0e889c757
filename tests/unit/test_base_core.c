/* base: strings, UTF-8, errors, arenas, buffers, vectors, maps, ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/ids.h"

static void numbers(void **state)
{
    (void)state;
    int64_t i = 7;
    assert_true(str_to_i64(STR("-9223372036854775808"), &i));
    assert_true(i == INT64_MIN);
    assert_true(str_to_i64(STR("9223372036854775807"), &i));
    assert_true(i == INT64_MAX);
    static const char *const bad[] = {"",
                                      "-",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "0x1",
                                      "1_0",
                                      "1.0",
                                      "9223372036854775808",
                                      "-9223372036854775809"};
    for (size_t k = 0; k < COUNTOF(bad); k++)
        assert_false(str_to_i64(str_from(bad[k]), &i));
    double d;
    assert_true(str_to_f64(STR("1e3"), &d));
    assert_true(d > 999.9 && d < 1000.1);
    assert_true(str_to_f64(STR("-.5"), &d));
    assert_false(str_to_f64(STR("0x10"), &d));
    assert_false(str_to_f64(STR("nan"), &d));
    assert_false(str_to_f64(STR("1e"), &d));
    assert_false(str_to_f64(STR(""), &d));
}

static void strings(void **state)
{
    (void)state;
    size_t at = 99;
    assert_true(str_ieqz(STR("SigninLogs"), "signinLOGS"));
    assert_true(str_cmp(STR("a"), STR("ab")) < 0);
    assert_true(str_cmp(STR("\xff"), STR("a")) > 0);
    assert_true(str_find(STR("abcabc"), STR("ca"), &at));
    assert_int_equal(at, 2);
    assert_true(str_find(STR(""), STR(""), &at));
    assert_false(str_find(STR("a"), STR("ab"), &at));
    assert_true(str_eqz(str_trim(STR(" \t x y\r\n")), "x y"));
    assert_int_equal(str_sub(STR("abc"), 5, 2).n, 0);
    assert_true(str_eqz(str_sub(STR("abc"), 1, SIZE_MAX), "bc"));
    assert_true(str_starts(STR("abc"), STR("")) && str_ends(STR("abc"), STR("bc")));
    assert_true(str_eq(STR_NONE, STR("")));
    /* Published XXH64 vectors, seed 0. */
    assert_true(str_hash(STR("")) == 0xEF46DB3751D8E999ULL);
    assert_true(str_hash(STR("a")) == 0xD24EC4F1A98C6E5BULL);
    assert_true(str_hash(STR("abc")) == 0x44BC2CF5AD770999ULL);
}

static void utf8(void **state)
{
    (void)state;
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xe2\x82",
                                      "\xff"};
    size_t at = 99;
    for (size_t k = 0; k < COUNTOF(bad); k++) {
        assert_false(utf8_valid(str_from(bad[k]), &at));
        assert_int_equal(at, 0);
    }
    assert_false(utf8_valid(STR("0123456789\xc3"), &at));
    assert_int_equal(at, 10);
    static const uint32_t points[] = {0x24, 0xA2, 0x20AC, 0xD7FF, 0xE000, 0x10348, 0x10FFFF};
    for (size_t k = 0; k < COUNTOF(points); k++) {
        char buf[4];
        size_t n = utf8_put(buf, points[k]);
        const char *p = buf;
        assert_true(utf8_valid((struct str){buf, n}, NULL));
        assert_int_equal(utf8_next(&p, buf + n), points[k]);
        assert_ptr_equal(p, buf + n);
    }
    const char *p = "\xe2\x82";
    assert_int_equal(utf8_next(&p, p + 2), 0xFFFD);
}

static void errors(void **state)
{
    (void)state;
    struct err e;
    assert_false(err_set(NULL, ERR_IO, "x"));
    assert_false(err_at(&e, ERR_SYNTAX, (struct pos){3, 1, 4}, "bad '%s'", "x"));
    err_prefix(&e, "rule %d", 7);
    err_hint(&e, "do %s", "this");
    assert_string_equal(e.msg, "rule 7: bad 'x'");
    assert_string_equal(e.hint, "do this");
    assert_int_equal(e.pos.col, 4);
    assert_false(err_set(&e, ERR_INVALID, "again: %s", e.msg));
    assert_string_equal(e.msg, "again: rule 7: bad 'x'");
    char big[2000];
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    err_prefix(&e, "%s", big);
    assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
    struct pos at = pos_in(STR("ab\n\xc3\xa9x"), 5);
    assert_int_equal(at.line, 2);
    assert_int_equal(at.col, 2);
    assert_string_equal(err_code_name(ERR_NOT_FOUND), "not_found");
}

struct trace {
    char text[8];
    size_t n;
};
struct step {
    struct trace *to;
    char c;
};

static void note(void *arg)
{
    struct step *s = arg;
    s->to->text[s->to->n++] = s->c;
}

static void a_soft_arena_says_that_it_is_full(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new_soft(1000);
    char *p = arena_alloc(a, 900);
    assert_non_null(p);
    assert_false(arena_full(a));
    p = arena_alloc(a, 5000);
    p[4999] = 'x';
    assert_true(arena_full(a));
    assert_null(arena_try(a, 16));
    p = arena_grow(a, p, 5000, 9000);
    assert_int_equal(p[4999], 'x');
    arena_reset(a);
    assert_false(arena_full(a));
    assert_non_null(arena_try(a, 16));
}

static void arenas(void **state)
{
    (void)state;
    struct trace t = {0};
    struct step steps[] = {{&t, 'a'}, {&t, 'b'}, {&t, 'c'}};
    struct arena *a = arena_new(4 << 20);
    for (int round = 0; round < 3; round++) {
        for (size_t n = 1; n < 40000; n = n * 2 + 1) {
            unsigned char *p = arena_alloc(a, n);
            assert_int_equal((uintptr_t)p % 16, 0);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(p[i], 0);
            memset(p, 0xEE, n);
        }
        arena_reset(a);
        assert_int_equal(arena_used(a), 0);
    }
    assert_null(arena_try(a, 5 << 20));
    assert_null(arena_try(a, SIZE_MAX));
    assert_true(arena_full(a));
    char *g = arena_alloc(a, 3);
    memcpy(g, "xyz", 3);
    for (size_t n = 3; n < 100000; n *= 3)
        g = arena_grow(a, g, n, n * 3);
    assert_memory_equal(g, "xyz\0\0", 5);
    assert_true(str_eqz(arena_fmt(a, "%d-%s", 5, "x"), "5-x"));
    assert_string_equal(arena_strz(a, STR("hello")), "hello");
    for (size_t i = 0; i < 3; i++)
        arena_defer(a, note, &steps[i]);
    arena_free(a);
    assert_string_equal(t.text, "cba");
    arena_free(NULL);
}

static void buffers(void **state)
{
    (void)state;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(10);
    assert_string_equal(sbuf_str(&b).p, "");
    sbuf_addf(&b, "%s", "12345");
    sbuf_addz(&b, "67890");
    assert_true(sbuf_ok(&b));
    assert_string_equal(sbuf_str(&b).p, "1234567890");
    sbuf_addc(&b, 'x');
    assert_false(sbuf_ok(&b));
    sbuf_clear(&b);
    assert_true(sbuf_ok(&b));
    char *four = sbuf_extend(&b, 4);
    assert_non_null(four);
    memcpy(four, "abcd", 4);
    assert_string_equal(sbuf_str(&b).p, "abcd");
    sbuf_drop(&b, 1);
    assert_string_equal(sbuf_str(&b).p, "bcd");
    sbuf_drop(&b, 3);
    assert_string_equal(sbuf_str(&b).p, "");
    sbuf_drop(&b, 0);
    sbuf_addz(&b, "abcd");
    assert_null(sbuf_extend(&b, 7));
    assert_false(sbuf_ok(&b));
    struct sbuf secret = sbuf_make(10), none = sbuf_make(10);
    sbuf_addz(&secret, "secret");
    sbuf_wipe(&secret);
    sbuf_wipe(&none);
    assert_null(secret.p);
    AUTO(xwipep) char *text = xstrdup("secret");
    xwipep(&text);
    assert_null(text);
    AUTO(sbuf_fini) struct sbuf big = sbuf_make(0);
    for (int i = 0; i < 100000; i++)
        sbuf_add(&big, STR("0123456789"));
    assert_int_equal(sbuf_str(&big).n, 1000000);
}

static void whole_numbers_are_added(void **state)
{
    (void)state;
    static const int64_t values[] = {0, 7, -1, 1234567890123456789, INT64_MAX, INT64_MIN};
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    for (size_t i = 0; i < COUNTOF(values); i++) {
        char want[32];
        snprintf(want, sizeof want, "%lld", (long long)values[i]);
        sbuf_clear(&b);
        sbuf_addi(&b, values[i]);
        assert_string_equal(sbuf_str(&b).p, want);
    }
}

/* A byte above 0x7F is seen wherever it is, and those around the text are not. */
static void ascii_is_told_from_other_bytes(void **state)
{
    (void)state;
    assert_true(str_ascii(STR_NONE));
    for (size_t n = 1; n < 40; n++) {
        char *text = xmalloc(n);
        memset(text, 'a', n);
        assert_true(str_ascii((struct str){text, n}));
        for (size_t i = 0; i < n; i++) {
            text[i] = (char)0x80;
            assert_false(str_ascii((struct str){text, n}));
            assert_true(str_ascii((struct str){text, i}));
            text[i] = 0x7F;
        }
        xfree(text);
    }
}

static void maps(void **state)
{
    (void)state;
    enum { N = 5000 };
    struct arena *a = arena_new(0);
    struct map *m = map_new(a, false);
    VEC(int) values = {0};
    for (int i = 0; i < N; i++)
        VEC_PUSH(a, &values, i);
    for (size_t i = 0; i < N; i++)
        assert_null(map_put(m, arena_fmt(a, "key %zu", i), &values.p[i]));
    assert_int_equal(map_count(m), N);
    for (size_t i = 0; i < N; i += 2)
        assert_ptr_equal(map_del(m, arena_fmt(a, "key %zu", i)), &values.p[i]);
    for (size_t i = 0; i < N; i += 4)
        assert_null(map_put(m, arena_fmt(a, "key %zu", i), &values.p[i]));
    for (size_t i = 0; i < N; i++) {
        void *want = i % 2 == 1 || i % 4 == 0 ? &values.p[i] : NULL;
        assert_ptr_equal(map_get(m, arena_fmt(a, "key %zu", i)), want);
    }
    size_t seen = 0;
    struct str k;
    void *v;
    for (size_t i = 0; map_next(m, &i, &k, &v); seen++)
        assert_non_null(v);
    assert_int_equal(seen, map_count(m));
    struct map *loose = map_new(a, true);
    map_put(loose, STR("TimeGenerated"), &values.p[1]);
    assert_ptr_equal(map_put(loose, STR("TIMEGENERATED"), &values.p[2]), &values.p[1]);
    assert_ptr_equal(map_get(loose, STR("timegenerated")), &values.p[2]);
    assert_null(map_get(loose, STR("")));
    struct map *churn = map_new(a, false);
    for (int i = 0; i < 10000; i++) {
        struct str key = arena_fmt(a, "%d", i);
        assert_null(map_put(churn, key, &values.p[0]));
        assert_non_null(map_del(churn, key));
    }
    assert_int_equal(map_count(churn), 0);
    arena_free(a);
}

static void guids(void **state)
{
    (void)state;
    struct guid g = guid_new();
    struct guid back;
    char text[37];
    guid_format(g, text);
    assert_int_equal(text[14], '4');
    assert_true(guid_parse(str_from(text), &back));
    assert_memory_equal(g.b, back.b, 16);
    assert_true(guid_parse(STR("{0F8FAD5B-D9CB-469F-A165-70867728950E}"), &g));
    assert_true(guid_parse(STR("0f8fad5bd9cb469fa16570867728950e"), &back));
    assert_memory_equal(g.b, back.b, 16);
    static const char *const bad[] = {"", "0f8fad5b-d9cb-469f-a165-70867728950",
                                      "0f8fad5b-d9cb-469f-a165-70867728950g",
                                      "0f8fad5bd-9cb-469f-a165-70867728950e"};
    for (size_t k = 0; k < COUNTOF(bad); k++)
        assert_false(guid_parse(str_from(bad[k]), &g));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(strings),
        cmocka_unit_test(utf8),
        cmocka_unit_test(errors),
        cmocka_unit_test(arenas),
        cmocka_unit_test(buffers),
        cmocka_unit_test(whole_numbers_are_added),
        cmocka_unit_test(ascii_is_told_from_other_bytes),
        cmocka_unit_test(a_soft_arena_says_that_it_is_full),
        cmocka_unit_test(maps),
        cmocka_unit_test(guids),
    };
    return cmocka_run_group_tests_name("base core", tests, NULL, NULL);
}
