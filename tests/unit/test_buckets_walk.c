/* What the names of folders say about time, and what sources the configuration takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "buckets/buckets_priv.h"
#include "text/date.h"

static void names_of_days(void **state)
{
    (void)state;
    const struct {
        const char *prefix;
        int level;
        const char *end;
    } cases[] = {
        {"AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/09/", 3, "2026-03-10"},
        {"AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/", 2, "2026-04-01"},
        {"x/2026/", 1, "2027-01-01"},
        {"2024/02/", 2, "2024-03-01"},
        {"2025/02/", 2, "2025-03-02"}, /* a day more than it has: never too early */
        {"a/year=2026/month=12/day=31/", 3, "2027-01-01"},
        {"2026/02/30/", 0, NULL},
        {"2026/13/", 0, NULL},
        {"0026/", 0, NULL},
        {"x/-026/", 0, NULL},
        {"111122223333/", 0, NULL},
        {"12/31/", 0, NULL},
        {"2026", 0, NULL},
        {"", 0, NULL},
        {"/", 0, NULL},
    };
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        int64_t end = 0, wanted = 0;
        assert_int_equal(folder_span(str_from(cases[i].prefix), &end), cases[i].level);
        if (cases[i].level == 0)
            continue;
        assert_true(date_parse_iso(str_from(cases[i].end), &wanted));
        assert_int_equal(end, wanted);
    }
}

static bool take(struct arena *a, const char *text, struct buckets_source **out, struct err *e)
{
    struct json v;
    size_t n = 0;
    assert_true(json_parse(a, str_from(text), NULL, &v, NULL));
    return buckets_sources_read(a, &v, str_from(text), out, &n, e);
}

#define START "[{\"name\":\"t\",\"endpoint\":\"https://s3.example\",\"bucket\":\"logs\""

static void sources_and_their_defaults(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct buckets_source *s = NULL;
    struct err e = {0};
    assert_true(take(a, START ",\"format\":\"cloudtrail\"}]", &s, &e));
    assert_true(s->date_folders);
    assert_int_equal(s->stream.n, 0);
    assert_string_equal(s->access_key_env, "AWS_ACCESS_KEY_ID");
    assert_int_equal(s->poll, TICKS_PER_MINUTE);
    assert_true(
        take(a, START ",\"table\":\"App_CL\",\"keys_file\":\"/k\",\"poll\":\"30s\"}]", &s, &e));
    assert_false(s->date_folders);
    assert_null(s->access_key_env);
    assert_int_equal(s->poll, 30 * TICKS_PER_SECOND);
}

static void sources_that_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        START "}]",
        START ",\"table\":\"App_CL\",\"poll\":\"99999999999d\"}]",
        START ",\"table\":\"App_CL\",\"poll\":\"5\"}]",
        START ",\"table\":\"App_CL\",\"max_rows\":0}]",
        START ",\"table\":\"App_CL\",\"max_rows\":\"5\"}]",
        START ",\"table\":\"App_CL\",\"prefix\":\"/x\"}]",
        START ",\"table\":\"App_CL\",\"keys_file\":\"/k\",\"access_key_env\":\"A\"}]",
        START ",\"table\":\"App_CL\",\"access_key_env\":\"A\"}]",
        START ",\"table\":\"App_CL\",\"region\":\"a b\"}]",
        START ",\"format\":\"parquet\"}]",
        "[{\"name\":\"t\",\"endpoint\":\"https://u@s3.example\",\"bucket\":\"logs\"}]",
    };
    for (size_t i = 0; i < COUNTOF(bad); i++) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        struct buckets_source *s = NULL;
        struct err e = {0};
        assert_false(take(a, bad[i], &s, &e));
        assert_int_equal(e.code, ERR_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_days),
        cmocka_unit_test(sources_and_their_defaults),
        cmocka_unit_test(sources_that_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
