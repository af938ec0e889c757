/* text: trees as YAML, and places of scalars in their text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/yaml.h"

/* JSON, and the YAML that it becomes. */
static const struct {
    const char *json, *yaml;
} written[] = {
    {"{}", "{}\n"},
    {"{\"a\": 1, \"b\": \"x y\", \"c\": [true, null, 1.5]}",
     "a: 1\nb: x y\nc:\n  - true\n  - null\n  - 1.5\n"},
    {"{\"a\": \"1\", \"b\": \"null\", \"c\": \"yes\", \"d\": \"2026-01-02\", \"e\": \"\"}",
     "a: '1'\nb: 'null'\nc: 'yes'\nd: '2026-01-02'\ne: ''\n"},
    {"{\"a\": \"it's: so\", \"b\": \"# no\", \"c\": \"x \"}",
     "a: 'it''s: so'\nb: '# no'\nc: 'x '\n"},
    {"{\"q\": \"T\\n| take 1\\n\"}", "q: |\n  T\n  | take 1\n"},
    {"{\"q\": \"T\\n\\n| take 1\"}", "q: |-\n  T\n\n  | take 1\n"},
    {"{\"q\": \"T\\n\\n\"}", "q: |+\n  T\n\n"},
    {"{\"q\": \" T\\n x\\n\"}", "q: |2\n   T\n   x\n"},
    {"{\"q\": \"T  \\n\\tx\\n\"}", "q: |\n  T  \n  \tx\n"},
    {"{\"q\": \"a\\u0007\\nb\"}", "q: \"a\\u0007\\nb\"\n"},
    {"{\"q\": \"\\n\"}", "q: \"\\n\"\n"},
    {"[{\"a\": \"x\\ny\\n\"}, [\"b\"]]", "- a: |\n    x\n    y\n- - b\n"},
    {"{\"a b\": {\"c:d\": \"44a555d8-ecee-4a25-95ce-055879b4b14b\"}}",
     "a b:\n  \"c:d\": 44a555d8-ecee-4a25-95ce-055879b4b14b\n"},
};

static void trees_read_back_as_they_were(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNTOF(written); i++) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
        struct json v = {0}, again = {0};
        struct err e = {0};
        assert_true(json_parse(a, str_from(written[i].json), NULL, &v, &e));
        assert_true(yaml_write(&v, &b, &e));
        assert_string_equal(sbuf_str(&b).p, written[i].yaml);
        assert_true(yaml_parse(a, sbuf_str(&b), NULL, &again, &e));
        assert_true(json_equal(&v, &again));
    }
}

static void what_yaml_cannot_hold_is_refused(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    AUTO(sbuf_fini) struct sbuf deep = sbuf_make(0);
    AUTO(sbuf_fini) struct sbuf small = sbuf_make(4);
    struct json v = {0};
    struct err e = {0};
    for (int i = 0; i < 80; i++)
        sbuf_addz(&deep, "[1,");
    for (int i = 0; i < 80; i++)
        sbuf_addz(&deep, i == 0 ? "1]" : "]");
    struct json_opts o = {.max_depth = 200};
    assert_true(json_parse(a, sbuf_str(&deep), &o, &v, &e));
    assert_false(yaml_write(&v, &b, &e));
    assert_string_equal(e.msg, "YAML: nested too deep");
    assert_true(json_parse(a, STR("{\"abc\": \"def\"}"), NULL, &v, &e));
    assert_false(yaml_write(&v, &small, &e));
    assert_string_equal(e.msg, "YAML: the text is too large");
}

static void streams_and_marks(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct json v = {0};
    struct err e = {0};
    assert_true(yaml_parse_stream(a, STR("a: 1\n---\n- 2\n---\n"), NULL, &v, &e));
    assert_int_equal(v.n, 3);
    assert_int_equal(json_get(&v.items[0], "a")->i, 1);
    assert_int_equal(v.items[1].items[0].i, 2);
    assert_true(yaml_parse_stream(a, STR(""), NULL, &v, &e));
    assert_int_equal(v.n, 0);
    assert_false(yaml_parse_stream(a, STR("a: [\n"), NULL, &v, &e));
    assert_true(yaml_parse(a, STR("\xef\xbb\xbfid: x\nb: y\n"), NULL, &v, &e));
    assert_int_equal(json_get(&v, "id")->off, 3);
    assert_int_equal(json_get(&v, "b")->off, 9);
}

/* The last @ of the text is where the X of its value stands; it is not part of it. */
static const char *const places[] = {
    "q: a @X b\n",
    "q: |\n  a\n   @X\n",
    "q: |2\n    a\n    @X\n",
    "q: >-\n  a\n  b @X\n",
    "q: 'it''s @X'\n",
    "q: \"a\\n\\\"\\u00e4 @X\"\n",
    "\"q\": |  # words\n  a // b\n  @X\n",
    "q:\n  a b\n  @X\n",
};

static void places_of_scalars(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNTOF(places); i++) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        struct json v = {0};
        size_t mark = 0, x = 0;
        assert_true(str_find(str_from(places[i]), STR("@"), &mark));
        struct str text = arena_fmt(a, "%.*s%s", (int)mark, places[i], places[i] + mark + 1);
        assert_true(yaml_parse(a, text, NULL, &v, NULL));
        struct str value = v.items[0].text;
        assert_true(str_find(value, STR("X"), &x));
        assert_int_equal(yaml_scalar_place(text, v.items[0].off, true, value, x), mark);
    }
}

static void places_in_json(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct json v = {0};
    struct str text = STR("{\"q\": \"a\\n\\t\\u00e4 X\"}");
    size_t at = 0, x = 0;
    assert_true(json_parse(a, text, NULL, &v, NULL));
    assert_true(str_find(text, STR("X"), &at) && str_find(v.items[0].text, STR("X"), &x));
    assert_int_equal(yaml_scalar_place(text, v.items[0].off, false, v.items[0].text, x), at);
    /* The end is behind what is seen last. */
    assert_int_equal(
        yaml_scalar_place(text, v.items[0].off, false, v.items[0].text, v.items[0].text.n), at + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees_read_back_as_they_were),
        cmocka_unit_test(what_yaml_cannot_hold_is_refused),
        cmocka_unit_test(streams_and_marks),
        cmocka_unit_test(places_of_scalars),
        cmocka_unit_test(places_in_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
