/* text: the JSON reader and writer, with jansson as the second opinion. */
#include <dlfcn.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "text/json.h"

static void refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      " ",
                                      "{",
                                      "[",
                                      "[1,]",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "'a'",
                                      "01",
                                      "-",
                                      "1.",
                                      ".5",
                                      "1e",
                                      "+1",
                                      "nul",
                                      "truex",
                                      "[1 2]",
                                      "{\"a\" 1}",
                                      "\"\n\"",
                                      "\"\\x\"",
                                      "\"\\u12\"",
                                      "\"\\ud800\"",
                                      "\"\\udc00\"",
                                      "\"\\ud800\\u0041\"",
                                      "\"\xff\"",
                                      "\"\xc0\x80\"",
                                      "\"\xed\xa0\x80\"",
                                      "NaN",
                                      "1 2",
                                      "\"abc",
                                      "\"abc\\",
                                      "\"\\u",
                                      "[\"a\\n\xe2\x82\"]",
                                      "]",
                                      "{\"a\":}",
                                      "\xef\xbb\xbf{}",
                                      "-01",
                                      "--1",
                                      "{,}",
                                      "[,1]"};
    for (size_t k = 0; k < COUNTOF(bad); k++) {
        struct arena *a = arena_new(0);
        struct json v;
        struct err e = {0};
        if (json_parse(a, str_from(bad[k]), NULL, &v, &e))
            fail_msg("accepted: %s", bad[k]);
        assert_int_equal(e.code, ERR_SYNTAX);
        assert_true(e.pos.line == 1 || e.pos.line == 2);
        assert_true(e.pos.off <= strlen(bad[k]));
        arena_free(a);
    }
}

static void values(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    struct json v;
    struct err e = {0};
    struct str text = STR("\n{\"i\":-9223372036854775808,\"big\":9223372036854775808,\"r\":1.50,"
                          "\"s\":\"plain\",\"esc\":\"a\\u00e9\\ud83d\\ude00\\n\\/\",\"n\":null,"
                          "\"t\":true,\"o\":{\"x\":{\"y\":[1,[],{}]}},\"i2\":1,\"i2\":2} ");
    assert_true(json_parse(a, text, NULL, &v, &e));
    assert_true(json_get(&v, "i")->i == INT64_MIN);
    assert_int_equal(json_get(&v, "big")->type, JSON_REAL);
    assert_true(str_eqz(json_get(&v, "big")->text, "9223372036854775808"));
    assert_true(str_eqz(json_get(&v, "r")->text, "1.50"));
    assert_true(json_get(&v, "s")->text.p > text.p && json_get(&v, "s")->text.p < text.p + text.n);
    assert_true(str_eqz(json_get(&v, "esc")->text, "a\xc3\xa9\xf0\x9f\x98\x80\n/"));
    assert_true(json_is_true(json_get(&v, "t")));
    assert_int_equal(json_path(&v, "o.x.y")->n, 3);
    assert_null(json_path(&v, "o.z.y"));
    assert_int_equal(json_get(&v, "i2")->i, 2);
    assert_true(str_eqz(json_text(json_get(&v, "absent"), STR("-")), "-"));
    const struct json_opts lone = {.lone_surrogates = true};
    assert_true(json_parse(a, STR("\"\\ud800x\""), &lone, &v, &e));
    assert_true(str_eqz(v.text, "\xef\xbf\xbdx"));
    assert_false(json_parse(a, STR("{\n \"\xc3\xa9\": x}"), NULL, &v, &e));
    assert_int_equal(e.pos.line, 2);
    assert_int_equal(e.pos.col, 7);
    size_t at = 0;
    struct str lines = STR("{\"a\":1}\n{\"a\":2}\n3");
    int64_t sum = 0;
    for (int i = 0; i < 3; i++) {
        assert_true(json_parse_next(a, lines, &at, NULL, &v, &e));
        sum += v.type == JSON_INT ? v.i : json_get(&v, "a")->i;
    }
    assert_int_equal(sum, 6);
    assert_int_equal(at, lines.n);
    arena_free(a);
}

static void limits(void **state)
{
    (void)state;
    struct arena *a = arena_new(64 << 20);
    struct json v;
    struct err e = {0};
    char deep[300];
    memset(deep, '[', sizeof(deep));
    assert_false(json_parse(a, (struct str){deep, sizeof(deep)}, NULL, &v, &e));
    assert_int_equal(e.code, ERR_LIMIT);
    const struct json_opts few = {.max_values = 3};
    assert_true(json_parse(a, STR("[1,2]"), &few, &v, &e));
    assert_false(json_parse(a, STR("[1,2,3]"), &few, &v, &e));
    assert_int_equal(e.code, ERR_LIMIT);
    size_t n = 10 << 20;
    char *big = xmalloc(n);
    memset(big, 'x', n);
    big[0] = big[n - 1] = '"';
    assert_true(json_parse(a, (struct str){big, n}, NULL, &v, &e));
    assert_int_equal(v.text.n, n - 2);
    memcpy(big + n / 2, "\\n", 2);
    assert_true(json_parse(a, (struct str){big, n}, NULL, &v, &e));
    assert_int_equal(v.text.n, n - 3);
    struct arena *small = arena_new(1000);
    assert_false(json_parse(small, (struct str){big, n}, NULL, &v, &e));
    assert_int_equal(e.code, ERR_LIMIT);
    arena_free(small);
    xfree(big);
    arena_free(a);
}

/* ---- random documents, read by jansson too ----
 * jansson has functions of the same names as ours, so it is not linked but opened by hand: names of
 * the program then stay out of its sight. */
struct other_value {
    int type; /* jansson: object, array, string, integer, real, true, false, null from 0 */
    volatile size_t refcount;
};

struct other {
    void *lib;
    struct other_value *(*loadb)(const char *, size_t, size_t, void *);
    void (*del)(struct other_value *);
    const char *(*string_value)(const struct other_value *);
    size_t (*string_length)(const struct other_value *);
    long long (*integer_value)(const struct other_value *);
    double (*real_value)(const struct other_value *);
    size_t (*array_size)(const struct other_value *);
    struct other_value *(*array_get)(const struct other_value *, size_t);
    size_t (*object_size)(const struct other_value *);
    struct other_value *(*object_get)(const struct other_value *, const char *);
};
enum { OTHER_DECODE_ANY = 4 };

static void *symbol(void *lib, const char *name)
{
    void *p = dlsym(lib, name);
    assert_non_null(p);
    return p;
}

static bool other_open(struct other *o)
{
    o->lib = dlopen("libjansson.so.4", RTLD_NOW | RTLD_LOCAL);
    if (o->lib == NULL)
        return false;
#define FIND(field, name)                                                                          \
    do {                                                                                           \
        void *p = symbol(o->lib, name);                                                            \
        memcpy(&o->field, &p, sizeof(p));                                                          \
    } while (0)
    FIND(loadb, "json_loadb");
    FIND(del, "json_delete");
    FIND(string_value, "json_string_value");
    FIND(string_length, "json_string_length");
    FIND(integer_value, "json_integer_value");
    FIND(real_value, "json_real_value");
    FIND(array_size, "json_array_size");
    FIND(array_get, "json_array_get");
    FIND(object_size, "json_object_size");
    FIND(object_get, "json_object_get");
    return true;
}

static uint64_t next(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

static void add_string(struct sbuf *b, uint64_t *s, const char *start)
{
    static const char *const pieces[] = {"a",
                                         "\\\"",
                                         "\\\\",
                                         "\\n",
                                         "\\u0001",
                                         "\xc3\xa9",
                                         "\\/",
                                         "\xf0\x9f\x98\x80",
                                         "\x7f",
                                         "\\u00e9",
                                         "\\ud83d\\ude00",
                                         "0123456789abcdef"};
    sbuf_addf(b, "\"%s", start);
    for (uint64_t k = next(s) % 12; k > 0; k--)
        sbuf_addz(b, pieces[next(s) % COUNTOF(pieces)]);
    sbuf_addc(b, '"');
}

static void add_blank(struct sbuf *b, uint64_t *s)
{
    static const char *const blanks[] = {"", "", "", " ", "\n", "\t ", "\r\n"};
    sbuf_addz(b, blanks[next(s) % COUNTOF(blanks)]);
}

static void add_number(struct sbuf *b, uint64_t *s)
{
    long long i = (long long)next(s) >> (next(s) % 64);
    if (next(s) & 1)
        sbuf_addf(b, "%lld", i);
    else
        sbuf_addf(b, "%lld.%03de%d", i % 1000000, (int)(next(s) % 1000), (int)(next(s) % 60) - 30);
}

static void add_doc(struct sbuf *b, uint64_t *s, int depth)
{
    static const char *const words[] = {"null", "true", "false"};
    uint64_t kind = next(s) % (depth > 4 ? 4 : 8);
    add_blank(b, s);
    if (kind == 0) {
        sbuf_addz(b, words[next(s) % COUNTOF(words)]);
    } else if (kind == 1 || kind == 2) {
        add_number(b, s);
    } else if (kind == 3) {
        add_string(b, s, "");
    } else {
        bool object = kind < 6;
        uint64_t n = next(s) % 6;
        sbuf_addc(b, object ? '{' : '[');
        add_blank(b, s);
        for (uint64_t k = 0; k < n; k++) {
            sbuf_addz(b, k > 0 ? "," : "");
            add_blank(b, s);
            char number[24];
            snprintf(number, sizeof(number), "%d ", (int)k);
            if (object) {
                add_string(b, s, number);
                add_blank(b, s);
                sbuf_addc(b, ':');
            }
            add_doc(b, s, depth + 1);
        }
        sbuf_addc(b, object ? '}' : ']');
    }
    add_blank(b, s);
}

static void same(const struct other *o, const struct json *v, const struct other_value *j)
{
    static const int types[] = {
        [JSON_NULL] = 7, [JSON_FALSE] = 6,  [JSON_TRUE] = 5,  [JSON_INT] = 3,
        [JSON_REAL] = 4, [JSON_STRING] = 2, [JSON_ARRAY] = 1, [JSON_OBJECT] = 0};
    assert_int_equal(types[v->type], j->type);
    if (v->type == JSON_INT)
        assert_true(o->integer_value(j) == v->i);
    if (v->type == JSON_REAL)
        assert_memory_equal(&v->d, (double[]){o->real_value(j)}, sizeof(double));
    if (v->type == JSON_STRING) {
        assert_int_equal(o->string_length(j), v->text.n);
        assert_memory_equal(o->string_value(j), v->text.p, v->text.n);
    }
    if (v->type == JSON_ARRAY) {
        assert_int_equal(o->array_size(j), v->n);
        for (size_t i = 0; i < v->n; i++)
            same(o, &v->items[i], o->array_get(j, i));
    }
    if (v->type == JSON_OBJECT) {
        assert_int_equal(o->object_size(j), v->n);
        for (size_t i = 0; i < v->n; i++) {
            char *key = xstrndup(v->keys[i]);
            const struct other_value *member = o->object_get(j, key);
            assert_non_null(member);
            same(o, &v->items[i], member);
            xfree(key);
        }
    }
}

static void one_round(const struct other *o, struct str text)
{
    struct arena *a = arena_new(0);
    struct json v;
    struct err e = {0};
    if (!json_parse(a, text, NULL, &v, &e))
        fail_msg("%s: %.*s", e.msg, STR_ARG(text));
    struct other_value *j = o->loadb(text.p, text.n, OTHER_DECODE_ANY, NULL);
    assert_non_null(j);
    same(o, &v, j);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_value(&w, &v);
    struct json again;
    assert_true(json_parse(a, sbuf_str(&b), NULL, &again, &e));
    same(o, &again, j);
    o->del(j);
    arena_free(a);
}

static void agrees_with_jansson(void **state)
{
    (void)state;
    struct other o = {0};
    uint64_t seed = 88172645463325252ULL;
    if (!other_open(&o)) {
        print_message("skipped: libjansson.so.4 is not installed\n");
        skip();
    }
    for (int i = 0; i < 3000; i++) {
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
        add_doc(&b, &seed, 0);
        one_round(&o, sbuf_str(&b));
    }
    dlclose(o.lib);
}

static void writes(void **state)
{
    (void)state;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    json_kv_z(&w, "a\"", "x\t\xff");
    json_key(&w, "list");
    json_arr(&w);
    json_int(&w, INT64_MIN);
    json_real(&w, 2);
    json_real(&w, (double)INFINITY);
    json_arr(&w);
    json_arr_end(&w);
    json_obj(&w);
    json_kv_null(&w, "n");
    json_kv_bool(&w, "b", false);
    json_obj_end(&w);
    json_raw(&w, STR("[1]"));
    json_arr_end(&w);
    json_kv_real(&w, "r", 0.1);
    json_obj_end(&w);
    assert_string_equal(sbuf_str(&b).p,
                        "{\"a\\\"\":\"x\\t\xef\xbf\xbd\",\"list\":[-9223372036854775808,2.0,"
                        "\"Infinity\",[],{\"n\":null,\"b\":false},[1]],\"r\":0.1}");
}

static void reals(void **state)
{
    (void)state;
    static const struct {
        double v;
        const char *text;
    } cases[] = {
        {1, "1.0"},
        {0.1 + 0.2, "0.30000000000000004"},
        {-0.0, "-0.0"},
        {1e300, "1e+300"},
        {1e10, "10000000000.0"},
        {1e15, "1000000000000000.0"},
        {1e16, "1e+16"},
        {9223372036854775807.0, "9.223372036854776e+18"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {5e-324, "5e-324"},
        {0.0005, "0.0005"},
        {0.0001, "0.0001"},
        {0.00001, "1e-05"},
        {123456.789, "123456.789"},
        {3.3333333333333335e299, "3.3333333333333335e+299"},
        {(double)INFINITY, "inf"},
        {-(double)INFINITY, "-inf"},
        {(double)NAN, "NaN"},
    };
    for (size_t k = 0; k < COUNTOF(cases); k++) {
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
        real_format(cases[k].v, &b);
        assert_string_equal(sbuf_str(&b).p, cases[k].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses), cmocka_unit_test(values),
        cmocka_unit_test(limits),  cmocka_unit_test(agrees_with_jansson),
        cmocka_unit_test(writes),  cmocka_unit_test(reals),
    };
    return cmocka_run_group_tests_name("text json", tests, NULL, NULL);
}
