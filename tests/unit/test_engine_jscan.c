/* Paths through JSON text and compact text: against the reader of JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/duckdb/jscan.h"
#include "text/json.h"

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void add_text(struct sbuf *b, uint32_t *seed, bool escapes)
{
    static const char *const parts[] = {"a", "b", "key",      "{",    "]",    ":",
                                        ",", " ", "\xc3\xa9", "\\\"", "\\\\", "\\u0061"};
    sbuf_addc(b, '"');
    for (uint32_t n = next_random(seed) % 4; n > 0; n--)
        sbuf_addz(b, parts[next_random(seed) % (escapes ? COUNTOF(parts) : 9)]);
    sbuf_addc(b, '"');
}

static void add_blank(struct sbuf *b, uint32_t *seed, bool blanks)
{
    sbuf_addz(b, blanks && next_random(seed) % 4 == 0 ? " " : "");
}

static void add_value(struct sbuf *b, uint32_t *seed, unsigned depth, bool escapes, bool blanks)
{
    static const char *const plain[] = {"null", "true", "12", "-0.50", "\"key\"", "[]", "{}"};
    uint32_t kind = next_random(seed) % 5;
    if (depth == 0 || kind == 0) {
        sbuf_addz(b, plain[next_random(seed) % COUNTOF(plain)]);
    } else if (kind == 1) {
        add_text(b, seed, escapes);
    } else {
        sbuf_addc(b, kind == 2 ? '[' : '{');
        for (uint32_t n = next_random(seed) % 5; n > 0; n--) {
            add_blank(b, seed, blanks);
            if (kind > 2) {
                if (next_random(seed) % 2 == 0)
                    sbuf_addz(b, "\"key\"");
                else
                    add_text(b, seed, escapes);
                add_blank(b, seed, blanks);
                sbuf_addc(b, ':');
            }
            add_value(b, seed, depth - 1, escapes, blanks);
            add_blank(b, seed, blanks);
            sbuf_addz(b, n > 1 ? "," : "");
        }
        sbuf_addc(b, kind == 2 ? ']' : '}');
    }
}

static struct str written(struct arena *a, const struct json *j)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_value(&w, j);
    return arena_str(a, sbuf_str(&b));
}

/* A copy of its own, so that a step past the end is seen. */
static struct str copy(struct sbuf *b)
{
    struct str s = sbuf_str(b);
    char *p = xmalloc(s.n + 1);
    memcpy(p, s.p, s.n);
    return (struct str){p, s.n};
}

static void a_path_gives_what_the_reader_gives(void **state)
{
    (void)state;
    uint32_t seed = 11;
    unsigned met = 0;
    for (int round = 0; round < 20000; round++) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
        add_value(&b, &seed, 4, round % 3 == 0, round % 2 == 0);
        struct str text = copy(&b), got = STR_NONE;
        struct json j;
        const struct json_opts lax = {.lone_surrogates = true};
        assert_true(json_parse(a, text, &lax, &j, NULL));
        struct js_step steps[] = {js_step_key(a, STR("key")), js_step_index(-1),
                                  js_step_key(a, STR("a"))};
        const struct json *want = j.type == JSON_OBJECT ? json_get(&j, "key") : NULL;
        assert_int_equal(js_path(text, steps, 1, &got), want != NULL);
        if (want != NULL) {
            struct json again;
            assert_true(json_parse(a, got, &lax, &again, NULL));
            assert_true(str_eq(written(a, &again), written(a, want)));
            bool item = want->type == JSON_ARRAY && want->n > 0;
            const struct json *last = item ? &want->items[want->n - 1] : NULL;
            assert_int_equal(js_path(text, steps, 2, &got), item);
            want = item && last->type == JSON_OBJECT ? json_get(last, "a") : NULL;
            assert_int_equal(js_path(text, steps, 3, &got), want != NULL);
            met++;
        }
        if (js_is_compact(text))
            assert_true(str_eq(text, written(a, &j)));
        char *p;
        memcpy(&p, &text.p, sizeof p);
        xfree(p);
    }
    assert_true(met > 1000);
}

/* Longer than the blocks that are looked at as one. */
static void depth_is_counted_over_long_texts(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const struct js_step k = js_step_key(a, STR("k"));
    for (size_t n = 0; n < 200; n++) {
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
        sbuf_addz(&b, "{\"x\":{\"y\":\"");
        for (size_t i = 0; i < n; i++)
            sbuf_addc(&b, i % 3 == 0 ? '}' : '[');
        sbuf_addz(&b, "\",\"k\":1,\"z\":[{\"k\":2}]},\"k\":3,\"q\":{\"k\":4}}");
        struct str text = sbuf_str(&b), got = STR_NONE;
        assert_true(js_path(text, &k, 1, &got));
        assert_true(str_eqz(got, "3"));
    }
}

static void only_what_is_written_alike_is_compact(void **state)
{
    (void)state;
    static const char *const yes[] = {"{}",
                                      "[]",
                                      "0",
                                      "-5",
                                      "1.50",
                                      "\"\\n\\\"\\\\\"",
                                      "null",
                                      "{\"a\":[1,{\"b\":false}],\"a\":\"\xc3\xa9\"}",
                                      "999999999999999999"};
    static const char *const no[] = {
        "",       " 1",      "1 ",       "-0",       "01",    "1.",
        ".5",     "1e5",     "-",        "\"\\/\"",  "tru",   "[1,]",
        "[,1]",   "{\"a\"}", "{a:1}",    "{\"a\":}", "[1 ]",  "\"\\u0061\"",
        "\"\t\"", "[1]2",    "{\"a\":1", "\"a",      "nullx", "1234567890123456789",
        "1.5.5",  "1.5e3"};
    for (size_t i = 0; i < COUNTOF(yes); i++)
        assert_true(js_is_compact(str_from(yes[i])));
    for (size_t i = 0; i < COUNTOF(no); i++)
        assert_false(js_is_compact(str_from(no[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_gives_what_the_reader_gives),
        cmocka_unit_test(depth_is_counted_over_long_texts),
        cmocka_unit_test(only_what_is_written_alike_is_compact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
