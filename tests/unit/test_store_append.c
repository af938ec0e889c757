/* Group commit, deduplication, accounting, restart. */
#include "store_fixture.h"

#include "base/thread.h"

static void rows_are_there_with_service_columns(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    assert_look(f, "SigninLogs", "count(*)", "0");
    assert_true(append_one(f, batch_of(f, "SigninLogs", "UserPrincipalName", "user", 3), NULL, &e));
    assert_look(f, "SigninLogs", "count(*)", "3");
    assert_look(f, "SigninLogs",
                "string_agg({UserPrincipalName}, ',' ORDER BY {UserPrincipalName})",
                "user0,user1,user2");
    assert_look(f, "SigninLogs", "max({TenantId} || ' ' || {Type} || ' ' || {_IsBillable})",
                WS_ID " SigninLogs true");
    assert_look(f, "SigninLogs", "count(DISTINCT {_ItemId})", "3");
    assert_look(f, "SigninLogs", "max(length({_ItemId}))", "36");
    assert_look(f, "SigninLogs", "max({_BilledSize})", "5.0");
    assert_look(f, "SigninLogs", "min({TimeGenerated}) = min({_TimeReceived})", "true");
    assert_look(f, "SigninLogs", "count({DeviceDetail})", "0");
    assert_look(f, "SigninLogs", "max({IPAddress} || '.')", ".");
}

static void receipt_times_only_rise(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    for (int i = 0; i < 3; i++)
        assert_true(append_one(f, batch_of(f, "Syslog", "SyslogMessage", "m", 1), NULL, &e));
    assert_look(f, "Syslog", "count(DISTINCT {_TimeReceived})", "3");
}

static void a_known_id_stores_nothing_twice(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    for (int i = 0; i < 2; i++)
        assert_true(append_one(f, batch_of(f, "Syslog", "SyslogMessage", "m", 5), "request-1", &e));
    assert_look(f, "Syslog", "count(*)", "5");
    fixture_stop(f);
    fixture_start(f);
    assert_true(append_one(f, batch_of(f, "Syslog", "SyslogMessage", "m", 5), "request-1", &e));
    assert_look(f, "Syslog", "count(*)", "5");
}

static void everything_survives_a_restart(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    assert_true(append_one(f, batch_of(f, "Syslog", "SyslogMessage", "m", 5000), NULL, &e));
    assert_true(append_one(f, batch_of(f, "Syslog", "Computer", "c", 10), NULL, &e));
    fixture_stop(f);
    fixture_start(f);
    assert_look(f, "Syslog", "count(*)", "5010");
    assert_look(f, "Syslog", "count(*) FILTER ({Computer} = '')", "5000");
    assert_true(append_one(f, batch_of(f, "Syslog", "HostName", "h", 1), NULL, &e));
    assert_look(f, "Syslog", "count(*) FILTER ({HostName} = 'h0' AND {Computer} = '')", "1");
    struct store_count *c;
    assert_int_equal(store_counts(f->w, f->a, &c), 1);
    assert_int_equal(c[0].received, 5011);
    assert_int_equal(c[0].stored, 5011);
}

static void names_that_differ_in_case_only_stay_apart(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    assert_true(
        append_one(f, batch_of(f, "AppServiceAppLogs", "Stacktrace", "lower", 1), NULL, &e));
    assert_true(
        append_one(f, batch_of(f, "AppServiceAppLogs", "StackTrace", "upper", 1), NULL, &e));
    assert_look(f, "AppServiceAppLogs",
                "string_agg({Stacktrace} || {StackTrace}, ',' ORDER BY {StackTrace})",
                "lower0,upper0");
    struct kql_column col = {STR("A"), KQL_STRING};
    struct kql_schema schema = {&col, 1};
    assert_true(workspace_table_define(f->w, STR("Foo_CL"), &schema, &e));
    assert_true(workspace_table_define(f->w, STR("foo_CL"), &schema, &e));
    assert_true(append_one(f, batch_of(f, "Foo_CL", "A", "big", 1), NULL, &e));
    assert_true(append_one(f, batch_of(f, "foo_CL", "A", "small", 2), NULL, &e));
    assert_look(f, "Foo_CL", "count(*)", "1");
    assert_look(f, "foo_CL", "count(*)", "2");
}

static void custom_tables_are_durable(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct kql_column cols[] = {{STR("When"), KQL_DATETIME}, {STR("N"), KQL_LONG}};
    struct kql_schema schema = {cols, 2};
    assert_true(workspace_table_define(f->w, STR("My_CL"), &schema, &e));
    cols[1].type = KQL_BOOL;
    assert_false(workspace_table_define(f->w, STR("My_CL"), &schema, &e));
    assert_int_equal(e.code, ERR_CONFLICT);
    assert_false(workspace_table_define(f->w, STR("Mine"), &schema, &e));
    assert_int_equal(e.code, ERR_INVALID);
    assert_false(workspace_table_define(f->w, STR("SigninLogs"), &schema, &e));
    assert_int_equal(e.code, ERR_CONFLICT);
    cols[1] = (struct kql_column){STR("Text"), KQL_STRING};
    assert_true(workspace_table_define(f->w, STR("My_CL"), &schema, &e));
    fixture_stop(f);
    fixture_start(f);
    struct kql_table t;
    assert_true(workspace_table_find(f->w, f->a, STR("My_CL"), &t));
    const char *const names[] = {"TimeGenerated", "When", "N", "Text", "TenantId", "Type"};
    assert_int_equal(t.schema.n, 6);
    size_t found = 0;
    for (size_t i = 0; i < t.schema.n; i++)
        for (size_t k = 0; k < COUNTOF(names); k++)
            found += str_eqz(t.schema.cols[i].name, names[k]);
    assert_int_equal(found, 6);
}

/* ---- many producers ---- */

struct producer {
    struct fixture *f;
    const char *prefix;
    atomic_int *busy;
    int stored;
};

static void *produce(void *arg)
{
    struct producer *p = arg;
    for (int i = 0; i < 40; i++) {
        struct kql_table t;
        struct arena *a = arena_new(0);
        struct err e = {0};
        bool found = workspace_table_find(p->f->w, a, STR("Syslog"), &t);
        arena_free(a);
        if (!found)
            return NULL;
        struct store_batch *b = store_batch_new(&t);
        for (int k = 0; k < 25; k++) {
            for (size_t col = 0; col < t.schema.n; col++) {
                struct kql_value v = {.type = KQL_STRING, .s = str_from(p->prefix)};
                if (str_eqz(t.schema.cols[col].name, "Computer"))
                    store_batch_set(b, col, &v);
            }
            store_batch_end_row(b);
        }
        if (store_append(p->f->w, &b, 1, STR_NONE, &e))
            p->stored += 25;
        else if (e.code == ERR_BUSY)
            (*p->busy)++;
    }
    return NULL;
}

static int run_producers(struct fixture *f, atomic_int *busy)
{
    pthread_t threads[4];
    struct producer producers[4];
    static const char *const names[] = {"a", "b", "c", "d"};
    int stored = 0;
    for (size_t i = 0; i < COUNTOF(threads); i++) {
        producers[i] = (struct producer){f, names[i], busy, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
    }
    for (size_t i = 0; i < COUNTOF(threads); i++) {
        pthread_join(threads[i], NULL);
        stored += producers[i].stored;
    }
    return stored;
}

static void many_producers_lose_nothing(void **state)
{
    struct fixture *f = *state;
    atomic_int busy = 0;
    assert_int_equal(run_producers(f, &busy), 4000);
    assert_look(f, "Syslog", "count(*)", "4000");
    assert_look(f, "Syslog", "count(DISTINCT {_ItemId})", "4000");
}

static void a_full_queue_says_busy(void **state)
{
    struct fixture *f = *state;
    atomic_int busy = 0;
    fixture_stop(f);
    f->max_queue_bytes = 1000;
    fixture_start(f);
    int stored = run_producers(f, &busy);
    assert_int_equal(stored + 25 * busy, 4000);
    char expected[32];
    snprintf(expected, sizeof(expected), "%d", stored);
    assert_look(f, "Syslog", "count(*)", expected);
}

static void ids_are_checked(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    char id[400];
    memset(id, 'x', sizeof(id));
    id[399] = '\0';
    assert_false(append_one(f, batch_of(f, "Syslog", "Computer", "c", 1), id, &e));
    assert_int_equal(e.code, ERR_INVALID);
    assert_look(f, "Syslog", "count(*)", "0");
}

static void workspaces_are_apart(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    assert_null(store_workspace_create(f->store, STR("no guid"), STR("x"), &e));
    assert_int_equal(e.code, ERR_INVALID);
    assert_null(store_workspace_create(f->store, STR("21111111-2222-4333-8444-555555555555"),
                                       STR("main"), &e));
    assert_int_equal(e.code, ERR_CONFLICT);
    assert_ptr_equal(store_workspace_create(f->store, STR(WS_ID), STR("other"), &e), f->w);
    assert_ptr_equal(store_workspace_find(f->store, STR("MAIN")), f->w);
    assert_null(store_workspace_find(f->store, STR("nobody")));
}

int main(void)
{
#define STORE_TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        STORE_TEST(rows_are_there_with_service_columns),
        STORE_TEST(receipt_times_only_rise),
        STORE_TEST(a_known_id_stores_nothing_twice),
        STORE_TEST(everything_survives_a_restart),
        STORE_TEST(names_that_differ_in_case_only_stay_apart),
        STORE_TEST(custom_tables_are_durable),
        STORE_TEST(many_producers_lose_nothing),
        STORE_TEST(a_full_queue_says_busy),
        STORE_TEST(ids_are_checked),
        STORE_TEST(workspaces_are_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
