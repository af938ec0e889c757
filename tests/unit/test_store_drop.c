/* Tables that are taken away, and those that show a range of another one. */
#include "store_fixture.h"

#include "base/thread.h"

/* The first value of a query's result, a number. -1: it was refused; -2: it broke. */
static int64_t number(struct fixture *f, const char *kql, bool lake)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct err e = {0};
    struct kql_diags diags = {0};
    struct store_result r;
    struct store_query q = {.text = str_from(kql), .lake = lake};
    if (!workspace_query(f->w, a, &q, &r, &diags, &e))
        return e.code == ERR_INTERNAL || e.code == ERR_IO ? -2 : -1;
    int64_t n = engine_rows_get(r.rows[0], 0, 0).i;
    store_result_fini(&r);
    return n;
}

static void define(struct fixture *f, const char *column, enum kql_type type)
{
    struct err e = {0};
    struct kql_column c = {str_from(column), type};
    struct kql_schema s = {&c, 1};
    if (!workspace_table_define(f->w, STR("Own_CL"), &s, &e))
        fail_msg("define: %s", e.msg);
}

static void add(struct fixture *f, const char *table, const char *column, int n)
{
    struct err e = {0};
    struct store_batch *b = batch_of(f, table, column, "x", n);
    if (!store_append(f->w, &b, 1, STR_NONE, &e))
        fail_msg("append: %s", e.msg);
}

static void seal(struct fixture *f, const char *table)
{
    struct err e = {0};
    if (!workspace_seal(f->w, str_from(table), NULL, &e))
        fail_msg("seal: %s", e.msg);
}

static void drop(struct fixture *f, const char *table)
{
    struct err e = {0};
    if (!workspace_table_drop(f->w, str_from(table), &e))
        fail_msg("drop: %s", e.msg);
}

static void rows_and_columns_go(void **state)
{
    struct fixture *f = *state;
    struct store_retention low = {.total_days = 60, .plan = STORE_PLAN_BASIC}, own, held;
    struct err e = {0};
    define(f, "A", KQL_STRING);
    add(f, "Own_CL", "A", 10);
    seal(f, "Own_CL");
    add(f, "Own_CL", "A", 5);
    assert_true(workspace_retention_set(f->w, STR("Own_CL"), &low, &e));
    assert_int_equal(number(f, "Own_CL | count", false), 15);
    drop(f, "Own_CL");
    assert_int_equal(number(f, "Own_CL | count", true), -1);
    assert_false(workspace_table_drop(f->w, STR("Own_CL"), &e));
    assert_int_equal(e.code, ERR_NOT_FOUND);
    /* Another of the same name: another type, no rows, the plan of others. */
    define(f, "A", KQL_LONG);
    assert_int_equal(number(f, "Own_CL | count", true), 0);
    workspace_retention(f->w, STR("Own_CL"), &own, &held);
    assert_int_equal(held.plan, STORE_PLAN_ANALYTICS);
    fixture_stop(f);
    fixture_start(f);
    assert_int_equal(number(f, "Own_CL | where isnull(A) | count", true), 0);
    define(f, "B", KQL_STRING);
    add(f, "Own_CL", "B", 3);
    seal(f, "Own_CL");
    assert_int_equal(number(f, "Own_CL | count", false), 3);
    drop(f, "Own_CL");
    fixture_stop(f);
    fixture_start(f);
    assert_int_equal(number(f, "Own_CL | count", true), -1);
    assert_false(workspace_table_drop(f->w, STR("Syslog"), &e));
    assert_int_equal(e.code, ERR_UNSUPPORTED);
}

struct asker {
    struct fixture *f;
    atomic_bool stop;
    atomic_int wrong;
};

static void *keep_asking(void *arg)
{
    struct asker *k = arg;
    while (!atomic_load(&k->stop)) {
        int64_t n = number(k->f, "Own_CL | count", true);
        if (n != -1 && n % 10 != 0)
            atomic_fetch_add(&k->wrong, 1);
        n = number(k->f, "union isfuzzy=true Own_CL, Syslog | count", true);
        if (n != -1 && n % 10 != 7)
            atomic_fetch_add(&k->wrong, 1);
    }
    return NULL;
}

static void queries_go_on_meanwhile(void **state)
{
    struct fixture *f = *state;
    struct asker k = {.f = f};
    pthread_t t;
    add(f, "Syslog", "SyslogMessage", 7);
    assert_int_equal(pthread_create(&t, NULL, keep_asking, &k), 0);
    for (int i = 0; i < 30; i++) {
        define(f, "A", KQL_STRING);
        add(f, "Own_CL", "A", 10);
        if (i % 2 == 0)
            seal(f, "Own_CL");
        add(f, "Own_CL", "A", 10);
        drop(f, "Own_CL");
    }
    atomic_store(&k.stop, true);
    pthread_join(t, NULL);
    assert_int_equal(atomic_load(&k.wrong), 0);
}

/* ---- restored tables ---- */

static void a_range_is_shown_and_held(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct store_retention r = {.analytics_days = 4, .total_days = 10};
    struct store_restore x = {STR("Old_RST"), STR("Syslog"), T0 - TICKS_PER_DAY,
                              T0 + 2 * TICKS_PER_DAY},
                         found;
    assert_true(workspace_retention_set(f->w, STR("Syslog"), &r, &e));
    add(f, "Syslog", "SyslogMessage", 4);
    seal(f, "Syslog");
    assert_true(workspace_restore(f->w, &x, &e));
    assert_false(workspace_restore(f->w, &x, &e));
    assert_int_equal(e.code, ERR_CONFLICT);
    clock_advance(f->clock, 5 * TICKS_PER_DAY);
    add(f, "Syslog", "SyslogMessage", 2);
    assert_int_equal(number(f, "Syslog | count", false), 2);
    assert_int_equal(number(f, "Old_RST | where SyslogMessage startswith 'x' | count", false), 4);
    clock_advance(f->clock, 20 * TICKS_PER_DAY);
    workspace_expire(f->w);
    fixture_stop(f);
    fixture_start(f);
    assert_int_equal(number(f, "Old_RST | count", false), 4);
    assert_true(workspace_restored(f->w, STR("Old_RST"), &found));
    assert_true(str_eqz(found.source, "Syslog"));
    assert_int_equal(found.to, x.to);
    assert_false(workspace_restored(f->w, STR("Syslog"), &found));
    struct store_batch *b = batch_of(f, "Old_RST", "SyslogMessage", "x", 1);
    assert_false(store_append(f->w, &b, 1, STR_NONE, &e));
    assert_int_equal(e.code, ERR_UNSUPPORTED);
    drop(f, "Old_RST");
    workspace_expire(f->w);
    assert_int_equal(store_lake_sums(f->w).parts, 0);
    assert_int_equal(number(f, "Old_RST | count", false), -1);
    x.to = x.from + 2 * TICKS_PER_DAY - 1;
    assert_false(workspace_restore(f->w, &x, &e));
    assert_string_equal(e.msg, "at least 2 days are restored at a time");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_and_columns_go, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(queries_go_on_meanwhile, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_range_is_shown_and_held, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
