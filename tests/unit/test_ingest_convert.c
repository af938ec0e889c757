/* Conversion of JSON values into column values: the rules of docs/ingestion.md, one row each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "ingest/ingest_priv.h"
#include "text/date.h"

struct rule {
    enum kql_type type;
    const char *json, *expected; /* expected NULL: null, "!": does not fit */
};

static const struct rule rules[] = {
    {KQL_STRING, "\"a\"", "a"},
    {KQL_STRING, "\"\"", ""},
    {KQL_STRING, "42", "42"},
    {KQL_STRING, "1.50", "1.50"},
    {KQL_STRING, "true", "true"},
    {KQL_STRING, "null", NULL},
    {KQL_STRING, "{ \"a\" : [ 1, 2 ] }", "{\"a\":[1,2]}"},
    {KQL_LONG, "9223372036854775807", "9223372036854775807"},
    {KQL_LONG, "\"42\"", "42"},
    {KQL_LONG, "\" -7 \"", "-7"},
    {KQL_LONG, "\"+7\"", "7"},
    {KQL_LONG, "\"0x1F\"", "31"},
    {KQL_LONG, "4.0", "4"},
    {KQL_LONG, "4.5", "!"},
    {KQL_LONG, "1e30", "!"},
    {KQL_LONG, "\"abc\"", "!"},
    {KQL_LONG, "\"\"", NULL},
    {KQL_LONG, "[1]", "!"},
    {KQL_LONG, "true", "1"},
    {KQL_INT, "2147483647", "2147483647"},
    {KQL_INT, "2147483648", "!"},
    {KQL_INT, "\"4624\"", "4624"},
    {KQL_REAL, "1", "1.0"},
    {KQL_REAL, "\"2.5\"", "2.5"},
    {KQL_REAL, "\"NaN\"", "NaN"},
    {KQL_REAL, "\"-Infinity\"", "-inf"},
    {KQL_REAL, "\"x\"", "!"},
    {KQL_REAL, "{}", "!"},
    {KQL_BOOL, "true", "true"},
    {KQL_BOOL, "\"False\"", "false"},
    {KQL_BOOL, "0", "false"},
    {KQL_BOOL, "\"1\"", "true"},
    {KQL_BOOL, "\"yes\"", "!"},
    {KQL_DATETIME, "\"2026-01-02T03:04:05Z\"", "2026-01-02T03:04:05.0000000Z"},
    {KQL_DATETIME, "\"2026-01-02T03:04:05.1234567+02:00\"", "2026-01-02T01:04:05.1234567Z"},
    {KQL_DATETIME, "\"2026-01-02\"", "2026-01-02T00:00:00.0000000Z"},
    {KQL_DATETIME, "\"2026-01-02 03:04:05\"", "2026-01-02T03:04:05.0000000Z"},
    {KQL_DATETIME, "\"yesterday\"", "!"},
    {KQL_DATETIME, "1767225600", "!"},
    {KQL_TIMESPAN, "\"1.02:03:04.5\"", "1.02:03:04.5000000"},
    {KQL_TIMESPAN, "10000000", "00:00:01"},
    {KQL_GUID, "\"{F0E1D2C3-0000-4000-8000-000000000001}\"",
     "f0e1d2c3-0000-4000-8000-000000000001"},
    {KQL_GUID, "\"no\"", "!"},
    {KQL_DECIMAL, "1.25", "1.25"},
    {KQL_DECIMAL, "\"-3\"", "-3"},
    {KQL_DECIMAL, "\"1e5\"", "!"},
    {KQL_DYNAMIC, "{\"a\": 1}", "{\"a\":1}"},
    {KQL_DYNAMIC, "[1, \"x\"]", "[1,\"x\"]"},
    {KQL_DYNAMIC, "\"text\"", "\"text\""},
    {KQL_DYNAMIC, "\"{\\\"a\\\": 1}\"", "{\"a\":1}"},
    {KQL_DYNAMIC, "\"{broken\"", "\"{broken\""},
    {KQL_DYNAMIC, "5", "5"},
    {KQL_DYNAMIC, "null", NULL},
};

static struct str as_text(struct arena *a, const struct kql_value *v)
{
    char text[40];
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    switch ((int)v->type) {
    case KQL_DATETIME:
        date_format(v->i, text);
        return arena_str(a, str_from(text));
    case KQL_TIMESPAN:
        span_format(v->i, text);
        return arena_str(a, str_from(text));
    case KQL_BOOL:
        return v->b ? STR("true") : STR("false");
    case KQL_REAL:
        real_format(v->d, &b);
        return arena_str(a, sbuf_str(&b));
    case KQL_INT:
    case KQL_LONG:
        return arena_fmt(a, "%lld", (long long)v->i);
    default:
        return v->s;
    }
}

static void every_rule(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf scratch = sbuf_make(0);
    for (size_t i = 0; i < COUNTOF(rules); i++) {
        struct json j;
        struct err e = {0};
        struct kql_value v;
        assert_true(json_parse(a, str_from(rules[i].json), NULL, &j, &e));
        enum convert_result got = convert_value(&j, rules[i].type, &scratch, &v);
        const char *want = rules[i].expected;
        enum convert_result expected = want == NULL              ? CONVERT_NULL
                                       : str_eqz(STR("!"), want) ? CONVERT_MISMATCH
                                                                 : CONVERT_OK;
        if (got != expected)
            fail_msg("%s as %s: result %d, not %d", rules[i].json, kql_type_name(rules[i].type),
                     (int)got, (int)expected);
        if (got == CONVERT_OK) {
            struct str text = as_text(a, &v);
            if (!str_eqz(text, want))
                fail_msg("%s as %s: %.*s, not %s", rules[i].json, kql_type_name(rules[i].type),
                         STR_ARG(text), want);
        }
    }
    arena_free(a);
}

static void cutting_keeps_characters_whole(void **state)
{
    (void)state;
    struct str s = STR("aé€𝄞");
    for (size_t max = 0; max <= 10; max++) {
        struct str cut = s;
        assert_int_equal(convert_cut(&cut, max), max < s.n);
        assert_true(cut.n <= max);
        assert_true(utf8_valid(cut, NULL));
    }
}

static void types_of_new_columns(void **state)
{
    (void)state;
    static const struct {
        const char *name, *json;
        enum kql_type type;
    } facts[] = {
        {"x", "1", KQL_LONG},
        {"x", "1.5", KQL_REAL},
        {"x", "\"a\"", KQL_STRING},
        {"x", "true", KQL_BOOL},
        {"x", "{}", KQL_DYNAMIC},
        {"x", "null", KQL_UNKNOWN},
        {"x_d", "1", KQL_REAL},
        {"x_s", "1", KQL_STRING},
        {"x_t", "\"2026-01-01T00:00:00Z\"", KQL_DATETIME},
        {"x_b", "1", KQL_BOOL},
        {"x_g", "1", KQL_STRING},
        {"TimeGenerated", "\"a\"", KQL_DATETIME},
    };
    struct arena *a = arena_new(0);
    for (size_t i = 0; i < COUNTOF(facts); i++) {
        struct json j;
        assert_true(json_parse(a, str_from(facts[i].json), NULL, &j, NULL));
        assert_int_equal(convert_infer(str_from(facts[i].name), &j), facts[i].type);
    }
    assert_int_equal(convert_widen(KQL_LONG, KQL_REAL), KQL_REAL);
    assert_int_equal(convert_widen(KQL_UNKNOWN, KQL_BOOL), KQL_BOOL);
    assert_int_equal(convert_widen(KQL_LONG, KQL_STRING), KQL_STRING);
    assert_int_equal(convert_widen(KQL_DYNAMIC, KQL_STRING), KQL_DYNAMIC);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule),
        cmocka_unit_test(cutting_keeps_characters_whole),
        cmocka_unit_test(types_of_new_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
