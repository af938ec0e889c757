/* When KQL jobs run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jobs/jobs_priv.h"
#include "text/date.h"

static int64_t at(const char *text)
{
    int64_t t = 0;
    assert_true(date_parse_iso(str_from(text), &t));
    return t;
}

static struct state_job job(const char *frequency, int64_t every, const char *start)
{
    const char *word = NULL;
    assert_true(schedule_frequency_ok(str_from(frequency), &word));
    return (struct state_job){.frequency = str_from(word), .every = every, .start_time = at(start)};
}

static void expect(const struct state_job *x, const char *after, const char *wanted)
{
    char found[29] = "never";
    int64_t t = schedule_after(x, at(after));
    if (t != 0)
        date_format(t, found);
    assert_memory_equal(found, wanted, strlen(wanted));
}

static void fixed_steps_count_from_the_start(void **state)
{
    (void)state;
    struct state_job x = job("minute", 5, "2026-01-01T00:01:00Z");
    expect(&x, "2025-12-01T00:00:00Z", "2026-01-01T00:01:00");
    expect(&x, "2026-01-01T00:00:59Z", "2026-01-01T00:01:00");
    expect(&x, "2026-01-01T00:01:00Z", "2026-01-01T00:06:00");
    expect(&x, "2026-01-01T00:05:59Z", "2026-01-01T00:06:00");
    expect(&x, "2027-01-01T00:00:00Z", "2027-01-01T00:01:00");
    x = job("Hour", 6, "2026-01-01T03:30:00Z");
    expect(&x, "2026-01-01T09:30:00Z", "2026-01-01T15:30:00");
    x = job("DAY", 1, "2026-02-28T23:59:59Z");
    expect(&x, "2026-02-28T23:59:59Z", "2026-03-01T23:59:59");
    x = job("Week", 2, "2026-01-05T08:00:00Z");
    expect(&x, "2026-01-05T08:00:00Z", "2026-01-19T08:00:00");
}

static void months_keep_their_day(void **state)
{
    (void)state;
    struct state_job x = job("Month", 1, "2026-01-31T10:00:00Z");
    expect(&x, "2026-01-31T10:00:00Z", "2026-02-28T10:00:00");
    expect(&x, "2026-02-28T10:00:00Z", "2026-03-31T10:00:00");
    expect(&x, "2026-03-31T09:59:59Z", "2026-03-31T10:00:00");
    expect(&x, "2028-02-10T00:00:00Z", "2028-02-29T10:00:00");
    x = job("Month", 5, "2026-11-15T00:00:00Z");
    expect(&x, "2026-11-15T00:00:00Z", "2027-04-15T00:00:00");
    expect(&x, "2031-01-01T00:00:00Z", "2031-01-15T00:00:00");
    expect(&x, "9999-12-30T00:00:00Z", "never");
}

static void it_ends(void **state)
{
    (void)state;
    struct state_job x = job("Once", 1, "2026-01-01T00:00:00Z");
    expect(&x, "2025-12-31T00:00:00Z", "2026-01-01T00:00:00");
    expect(&x, "2026-01-01T00:00:00Z", "never");
    x = job("Day", 1, "2026-01-01T00:00:00Z");
    x.end_time = at("2026-01-03T00:00:00Z");
    expect(&x, "2026-01-02T00:00:00Z", "2026-01-03T00:00:00");
    expect(&x, "2026-01-03T00:00:00Z", "never");
    const char *word = NULL;
    assert_false(schedule_frequency_ok(STR("Yearly"), &word));
    assert_false(schedule_frequency_ok(STR(""), &word));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_steps_count_from_the_start),
        cmocka_unit_test(months_keep_their_day),
        cmocka_unit_test(it_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
