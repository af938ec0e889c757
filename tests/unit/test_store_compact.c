/* Merging of parts beyond a day. */
#include "lake_fixture.h"

enum { DAYS = 10 };

/* A row a day from the first of January, each with a host of its own. */
static void add_days(struct fixture *f, const char *prefix, int n)
{
    char text[32];
    for (int i = 0; i < n; i++) {
        snprintf(text, sizeof(text), "%s%d", prefix, i);
        add_at(f, T0 + i * TICKS_PER_DAY, text);
    }
    seal(f, "Syslog");
}

static void compact(struct fixture *f)
{
    struct err e = {0};
    if (!workspace_compact(f->w, &e))
        fail_msg("compact: %s", e.msg);
}

static size_t parts(struct fixture *f)
{
    return info_of(f, "Syslog").parts;
}

static void days_of_an_old_month_become_one_part(void **state)
{
    struct fixture *f = *state;
    static const char all[] = "Syslog | summarize count(), dcount(_ItemId), min(TimeGenerated), "
                              "max(TimeGenerated), min(ingestion_time()), max(ingestion_time())";
    add_days(f, "day", 40);
    const char *before = ask(f, all);
    compact(f);
    assert_int_equal(parts(f), 40);
    clock_advance(f->clock, 62 * TICKS_PER_DAY); /* January ended 31 days ago, February has not */
    compact(f);
    assert_int_equal(parts(f), 1 + 9);
    assert_string_equal(ask(f, all), before);
    assert_ask(f,
               "Syslog | where TimeGenerated between (datetime(2026-01-07) .. 1d) | project "
               "SyslogMessage | order by SyslogMessage asc",
               "day6\nday7");
    fixture_stop(f);
    fixture_start(f);
    assert_int_equal(parts(f), 1 + 9);
    assert_string_equal(ask(f, all), before);
}

static void what_comes_late_joins_its_month(void **state)
{
    struct fixture *f = *state;
    clock_advance(f->clock, 100 * TICKS_PER_DAY);
    add_days(f, "first", DAYS);
    compact(f);
    assert_int_equal(parts(f), 1);
    add_days(f, "late", DAYS);
    assert_int_equal(parts(f), 1 + DAYS);
    compact(f);
    assert_int_equal(parts(f), 1);
    assert_ask(f, "Syslog | summarize count(), dcount(SyslogMessage)", "20|20");
}

static void a_retention_keeps_months_apart_that_it_would_not_tell_apart(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct store_retention r = {.analytics_days = 90, .total_days = 730};
    assert_true(workspace_retention_set(f->w, STR("Syslog"), &r, &e));
    for (int i = 0; i < DAYS; i++) { /* received as they happen */
        add_at(f, T0 + i * TICKS_PER_DAY, "x");
        seal(f, "Syslog");
        clock_advance(f->clock, TICKS_PER_DAY);
    }
    clock_advance(f->clock, 60 * TICKS_PER_DAY);
    compact(f); /* nine days apart: more than a sixteenth of 90 */
    assert_int_equal(parts(f), DAYS);
    clock_advance(f->clock, 90 * TICKS_PER_DAY);
    compact(f); /* out of reach of queries, less than a sixteenth of 730 */
    assert_int_equal(parts(f), 1);
    assert_ask(f, "Syslog | count", "0");
    r.total_days = 100;
    assert_true(workspace_retention_set(f->w, STR("Syslog"), &r, &e));
    workspace_expire(f->w);
    assert_int_equal(parts(f), 0);
}

static void a_clustering_key_keeps_days_apart(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    clock_advance(f->clock, 100 * TICKS_PER_DAY);
    add_days(f, "x", DAYS);
    assert_true(workspace_cluster_set(f->w, STR("Syslog"), STR("Computer"), &e));
    compact(f);
    assert_int_equal(parts(f), DAYS);
    assert_true(workspace_cluster_set(f->w, STR("Syslog"), STR_NONE, &e));
    compact(f);
    assert_int_equal(parts(f), 1);
}

static void purged_rows_leave_a_month_as_one_part(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct store_purge p = {STR("Syslog"), STR("SyslogMessage in ('x3', 'x7')"),
                            clock_now(f->clock) + 200 * TICKS_PER_DAY};
    uint64_t deleted = 0;
    clock_advance(f->clock, 100 * TICKS_PER_DAY);
    add_days(f, "x", DAYS);
    compact(f);
    assert_true(workspace_purge(f->w, &p, &deleted, &e));
    assert_int_equal(deleted, 2);
    assert_int_equal(parts(f), 1);
    assert_ask(f, "Syslog | summarize count(), dcount(SyslogMessage)", "8|8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(days_of_an_old_month_become_one_part, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_comes_late_joins_its_month, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_retention_keeps_months_apart_that_it_would_not_tell_apart,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_clustering_key_keeps_days_apart, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(purged_rows_leave_a_month_as_one_part, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
