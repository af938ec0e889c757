/* Records of JSON and NDJSON by chance, whole and broken: the reader's flat records, values and
 * errors are those that the tree reader gives for the same bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ingest/ingest_priv.h"

enum { DEPTH = 8, ROUNDS = 400, RECORDS = 12 };

static size_t below(uint64_t *state, size_t n)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return (size_t)((z ^ (z >> 31)) % n);
}

static void put_record(struct sbuf *b, uint64_t *s)
{
    static const char *const names[] = {"TimeGenerated", "Id", "Malm\xc3\xb6", "a\\u0062", "Id"};
    static const char *const values[] = {"\"2026-01-02T03:04:05.678Z\"",
                                         "12",
                                         "-0",
                                         "4.50",
                                         "1e3",
                                         "0.1",
                                         "true",
                                         "null",
                                         "\"\"",
                                         "\"{\\\"a\\\": [1, 2]}\"",
                                         "\"[]\"",
                                         "\"\\u00e9\\/\"",
                                         "\"00000000-0000-4000-8000-000000000001\"",
                                         "{\"a\":{\"b\":[1,-0,2.50,\"\\u00e9\"]}}",
                                         "{ \"a\" : [ ] , \"b\" : { } }",
                                         "[1, 2]",
                                         "[[[[[[[[[1]]]]]]]]]",
                                         "\"\xe2\x82\xac\"",
                                         "9223372036854775808",
                                         "{\"k\":1,\"k\":2}",
                                         "{\"a\":\"x\\n\\\"\"}"};
    sbuf_addc(b, '{');
    for (size_t n = below(s, 6), i = 0; i < n; i++) {
        const char *space = below(s, 4) == 0 ? " " : "";
        sbuf_addf(b, "%s\"%s\"%s:%s%s", i > 0 ? "," : "", names[below(s, COUNTOF(names))], space,
                  space, values[below(s, COUNTOF(values))]);
    }
    sbuf_addc(b, '}');
}

/* One byte of some becomes another. */
static void break_some(struct sbuf *b, size_t from, uint64_t *s)
{
    static const char other[] = "\"\\{}[],:0x\xff\x01";
    if (below(s, 5) == 0)
        b->p[from + below(s, b->n - from)] = other[below(s, sizeof(other) - 1)];
}

static void same_conversions(const struct json *flat, const struct json *tree)
{
    AUTO(sbuf_fini) struct sbuf x = sbuf_make(0);
    AUTO(sbuf_fini) struct sbuf y = sbuf_make(0);
    assert_int_equal(flat->type, tree->type);
    for (int t = KQL_BOOL; t < KQL_N_TYPES; t++) {
        struct kql_value a, b;
        enum convert_result r = convert_value(flat, (enum kql_type)t, &x, &a);
        assert_int_equal(r, convert_value(tree, (enum kql_type)t, &y, &b));
        if (r != CONVERT_OK)
            continue;
        assert_int_equal(a.i, b.i);
        assert_memory_equal(&a.d, &b.d, sizeof(a.d));
        assert_true(a.b == b.b);
        if (!str_eq(a.s, b.s))
            fail_msg("%s: '%.*s', not '%.*s'", kql_type_name((enum kql_type)t), STR_ARG(a.s),
                     STR_ARG(b.s));
    }
    assert_int_equal(convert_infer(STR("x"), flat), convert_infer(STR("x"), tree));
}

static void same_records(const struct json *flat, const struct json *tree)
{
    assert_int_equal(flat->n, tree->n);
    for (size_t i = 0; i < tree->n; i++) {
        assert_true(str_eq(flat->keys[i], tree->keys[i]));
        same_conversions(&flat->items[i], &tree->items[i]);
    }
}

static void same_error(const struct err *a, const struct err *b)
{
    assert_int_equal(a->code, b->code);
    assert_string_equal(a->msg, b->msg);
    assert_memory_equal(&a->pos, &b->pos, sizeof(a->pos));
}

static struct reader reader_over(struct str body, enum ingest_format format)
{
    struct ingest_limits limits = {.max_depth = DEPTH};
    struct ingest_request q = {.format = format, .body = body};
    return reader_make(&q, 0, &limits);
}

static void check_line(struct arena *a, const struct record *rec)
{
    struct json_opts o = {.max_depth = DEPTH, .lone_surrogates = true};
    struct json tree;
    struct err e = {0};
    bool ok = json_parse(a, rec->raw, &o, &tree, &e);
    if (ok && tree.type != JSON_OBJECT) {
        assert_string_equal(rec->reason, "not_an_object");
        return;
    }
    assert_int_equal(rec->ok, ok);
    if (ok)
        same_records(&rec->value, &tree);
    else
        same_error(&rec->err, &e);
}

static void lines(void **state)
{
    (void)state;
    uint64_t seed = 3;
    size_t whole = 0, broken = 0;
    struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    for (size_t round = 0; round < ROUNDS; round++) {
        sbuf_clear(&b);
        for (size_t i = 0; i < RECORDS; i++) {
            size_t from = b.n;
            put_record(&b, &seed);
            break_some(&b, from, &seed);
            sbuf_addz(&b, below(&seed, 8) == 0 ? " \r\n" : "\n");
        }
        struct reader r = reader_over(sbuf_str(&b), INGEST_NDJSON);
        struct record rec;
        while (reader_next(&r, &rec, NULL)) {
            check_line(a, &rec);
            whole += rec.ok;
            broken += !rec.ok;
        }
        assert_int_equal(r.n, RECORDS);
        reader_fini(&r);
        arena_reset(a);
    }
    assert_true(whole > ROUNDS && broken > ROUNDS / 2);
    arena_free(a);
}

/* The body is broken at most once: its records before that, and the error. */
static void check_array(struct arena *a, struct str body)
{
    struct json_opts o = {.max_depth = DEPTH, .lone_surrogates = true};
    struct reader r = reader_over(body, INGEST_JSON);
    struct record rec;
    struct err e = {0}, why = {0};
    while (reader_next(&r, &rec, &e)) {
        struct json tree;
        size_t at = (size_t)(rec.raw.p - body.p), end = at + rec.raw.n;
        assert_true(json_parse_next(a, body, &at, &o, &tree, NULL));
        assert_int_equal(at, end);
        assert_int_equal(rec.ok, tree.type == JSON_OBJECT);
        if (rec.ok)
            same_records(&rec.value, &tree);
    }
    if (e.code != ERR_OK && str_starts(str_from(e.msg), STR("JSON:"))) {
        struct json tree;
        size_t at = r.at;
        assert_false(json_parse_next(a, body, &at, &o, &tree, &why));
        same_error(&e, &why);
    }
    reader_fini(&r);
}

static void arrays(void **state)
{
    (void)state;
    uint64_t seed = 5;
    struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    for (size_t round = 0; round < ROUNDS; round++) {
        sbuf_clear(&b);
        sbuf_addz(&b, "[ ");
        for (size_t i = 0; i < RECORDS; i++) {
            sbuf_addz(&b, i == 0 ? "" : below(&seed, 3) == 0 ? "\n, " : ",");
            put_record(&b, &seed);
        }
        sbuf_addz(&b, "]\n");
        break_some(&b, 0, &seed);
        check_array(a, str_sub(sbuf_str(&b), 0, round % 5 == 0 ? below(&seed, b.n) : b.n));
        arena_reset(a);
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(arrays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
