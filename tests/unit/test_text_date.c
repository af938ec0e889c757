/* text: dates and spans in every form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/date.h"

struct form {
    const char *in, *out; /* out NULL: not a date */
};

static void check_dates(const struct form *f, size_t n, bool (*parse)(struct str, int64_t *))
{
    for (size_t i = 0; i < n; i++) {
        int64_t t = -1;
        char text[29];
        bool ok = parse(str_from(f[i].in), &t);
        if (ok != (f[i].out != NULL))
            fail_msg("'%s' was %s", f[i].in, ok ? "accepted" : "refused");
        if (!ok)
            continue;
        date_format(t, text);
        assert_string_equal(text, f[i].out);
    }
}

static void iso(void **state)
{
    (void)state;
    static const struct form forms[] = {
        {"2020-01-01", "2020-01-01T00:00:00.0000000Z"},
        {"2020-01-01T10:00Z", "2020-01-01T10:00:00.0000000Z"},
        {"2020-01-01 10:00:05", "2020-01-01T10:00:05.0000000Z"},
        {"2020-01-01T10:00:05.123456789Z", "2020-01-01T10:00:05.1234567Z"},
        {"2020-01-01T10:00:05.1+02:00", "2020-01-01T08:00:05.1000000Z"},
        {"2020-01-01T00:00:00-0530", "2020-01-01T05:30:00.0000000Z"},
        {"2020-02-29T23:59:59.9999999Z", "2020-02-29T23:59:59.9999999Z"},
        {"0001-01-01", "0001-01-01T00:00:00.0000000Z"},
        {"9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999999Z"},
        {"2021-02-29", NULL},
        {"2020-13-01", NULL},
        {"2020-00-01", NULL},
        {"2020-1-1", NULL},
        {"2020-01-01T", NULL},
        {"2020-01-01T24:00:00Z", NULL},
        {"2020-01-01T10", NULL},
        {"2020-01-01T10:00:60Z", NULL},
        {"2020-01-01T10:00:00.Z", NULL},
        {"2020-01-01T10:00:00Zx", NULL},
        {"2020-01-01T10:00:00+2:00", NULL},
        {"0001-01-01T00:00:00+01:00", NULL},
        {"0000-01-01", NULL},
        {" 2020-01-01", NULL},
        {"", NULL},
    };
    check_dates(forms, COUNTOF(forms), date_parse_iso);
}

static void kusto(void **state)
{
    (void)state;
    static const struct form forms[] = {
        {"2022-12-02", "2022-12-02T00:00:00.0000000Z"},
        {"12-02-2022", "2022-12-02T00:00:00.0000000Z"},
        {"12/2/2022 13:45", "2022-12-02T13:45:00.0000000Z"},
        {"12.02.2022", "2022-12-02T00:00:00.0000000Z"},
        {"13-01-2022", NULL},
        {"2 Dec 2022", "2022-12-02T00:00:00.0000000Z"},
        {"Dec 2, 2022", "2022-12-02T00:00:00.0000000Z"},
        {"December 2, 2022 1:05 PM", "2022-12-02T13:05:00.0000000Z"},
        {"Fri, 02 Dec 2022 13:45:56 GMT", "2022-12-02T13:45:56.0000000Z"},
        {"20221202", "2022-12-02T00:00:00.0000000Z"},
        {"2022-12-02T13:45:56+02:00", "2022-12-02T11:45:56.0000000Z"},
        {"2022-12-02 13:45:56.7 Z", "2022-12-02T13:45:56.7000000Z"},
        {"  2022-12-02  ", "2022-12-02T00:00:00.0000000Z"},
        {"junk", NULL},
        {"", NULL},
        {"Dec", NULL},
        {"2022-12-02T25:00", NULL},
        {"20221302", NULL},
        {"12", NULL},
    };
    check_dates(forms, COUNTOF(forms), date_parse_kusto);
}

static void calendar(void **state)
{
    (void)state;
    int64_t t;
    assert_true(date_parse_iso(STR("1970-01-01"), &t));
    assert_true(t == TICKS_UNIX_EPOCH);
    assert_true(date_parse_iso(STR("9999-12-31T23:59:59.9999999Z"), &t));
    assert_true(t == TICKS_MAX);
    for (int64_t d = 0; d <= TICKS_MAX / TICKS_PER_DAY; d += 13) {
        struct civil c = civil_from_ticks(d * TICKS_PER_DAY + 7);
        assert_true(ticks_from_civil(&c, &t));
        assert_true(t == d * TICKS_PER_DAY + 7);
    }
}

static void spans(void **state)
{
    (void)state;
    static const struct form forms[] = {
        {"1.02:03:04.5", "1.02:03:04.5000000"},
        {"13:00", "13:00:00"},
        {"-00:30:00", "-00:30:00"},
        {"1d", "1.00:00:00"},
        {"2h", "02:00:00"},
        {"90s", "00:01:30"},
        {"-1d", "-1.00:00:00"},
        {"1.5h", "01:30:00"},
        {"1.5", NULL},
        {"", NULL},
        {"24:00", NULL},
        {"x", NULL},
        {"--1d", NULL},
        {"1w", NULL},
        {"99999999999999999d", NULL},
    };
    for (size_t i = 0; i < COUNTOF(forms); i++) {
        int64_t t;
        char text[32];
        bool ok = span_parse_kusto(str_from(forms[i].in), &t);
        if (ok != (forms[i].out != NULL))
            fail_msg("'%s' was %s", forms[i].in, ok ? "accepted" : "refused");
        if (!ok)
            continue;
        span_format(t, text);
        assert_string_equal(text, forms[i].out);
    }
    char text[32];
    span_format(INT64_MIN, text);
    assert_string_equal(text, "-10675199.02:48:05.4775808");
}

static void durations(void **state)
{
    (void)state;
    static const struct form forms[] = {
        {"PT5M", "PT5M"}, {"P1DT2H", "P1DT2H"}, {"PT90S", "PT1M30S"}, {"P1W", "P7D"},
        {"PT0S", "PT0S"}, {"PT1.5S", "PT1.5S"}, {"-PT1H", "-PT1H"},   {"PT24H", "P1D"},
        {"P1M", NULL},    {"P1Y", NULL},        {"PT", NULL},         {"P", NULL},
        {"5M", NULL},     {"PT5", NULL},        {"PT1.5H", NULL},     {"P1H", NULL},
        {"PT1M1H", NULL}, {"PT5Mx", NULL},      {"", NULL},
    };
    for (size_t i = 0; i < COUNTOF(forms); i++) {
        int64_t t;
        char text[40];
        bool ok = duration_parse_iso8601(str_from(forms[i].in), &t);
        if (ok != (forms[i].out != NULL))
            fail_msg("'%s' was %s", forms[i].in, ok ? "accepted" : "refused");
        if (!ok)
            continue;
        duration_format_iso8601(t, text);
        assert_string_equal(text, forms[i].out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iso),   cmocka_unit_test(kusto),     cmocka_unit_test(calendar),
        cmocka_unit_test(spans), cmocka_unit_test(durations),
    };
    return cmocka_run_group_tests_name("text date", tests, NULL, NULL);
}
