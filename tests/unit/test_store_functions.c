/* A workspace's functions: replacing and dropping them while queries are compiled. */
#include "store_fixture.h"

#include <pthread.h>

enum { ROUNDS = 200 };
#define SECOND_ID "22222222-2222-4333-8444-555555555555"

static struct kql_stored_function function(const char *name, const char *parameters,
                                           const char *body)
{
    return (struct kql_stored_function){
        .name = str_from(name), .parameters = str_from(parameters), .body = str_from(body)};
}

static bool compiles(struct workspace *w, const char *text, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct kql_options o = {.catalog = workspace_catalog(w), .now_ticks = T0};
    struct kql_query q = {0};
    struct kql_diags d = {.a = a};
    bool ok = kql_compile(a, str_from(text), &o, &q, &d);
    if (!ok)
        kql_diags_err(&d, e);
    return ok;
}

static void functions_come_and_go(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct kql_stored_function one = function("one", "(a:long=1)", "{ print a }");
    assert_false(compiles(f->w, "one", &e));
    assert_true(workspace_function_put(f->w, &one, &e));
    assert_true(compiles(f->w, "one(2)", &e));
    one.body = STR("{ print b }");
    assert_true(workspace_function_put(f->w, &one, &e));
    assert_false(compiles(f->w, "one(2)", &e));
    assert_non_null(strstr(e.msg, "in the function 'one': "));
    workspace_function_drop(f->w, STR("one"));
    workspace_function_drop(f->w, STR("one"));
    assert_false(compiles(f->w, "one(2)", &e));
    workspace_function_drop(f->w, STR("_GetWatchlistAlias"));
    assert_true(compiles(f->w, "_GetWatchlistAlias", &e));
}

static void a_text_that_does_not_read_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct kql_stored_function good = function("f", "()", "{ print 1 }");
    struct kql_stored_function bad = function("f", "()", "{ print ( }");
    assert_true(workspace_function_put(f->w, &good, &e));
    assert_false(workspace_function_put(f->w, &bad, &e));
    assert_int_equal(e.code, ERR_SYNTAX);
    assert_int_equal(e.pos.col, 10);
    assert_true(compiles(f->w, "f", &e));
    bad = function("f", "(a:long", "{ print 1 }");
    assert_false(workspace_function_put(f->w, &bad, &e));
    bad = function("f", "()", "{ print 1 }; let g = () { print 2 }");
    assert_false(workspace_function_put(f->w, &bad, &e));
    assert_string_equal(e.msg, "parameters and one body in braces are expected");
}

static void a_watchlist_has_its_columns(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct str columns[] = {STR("Ip"), STR("it's \"quoted\"]")};
    struct store_watchlist l = {
        .alias = STR("Hosts"), .id = STR("x"), .columns = columns, .n = COUNTOF(columns)};
    assert_false(compiles(f->w, "_GetWatchlist('hosts') | project Ip", &e));
    assert_true(workspace_watchlist_put(f->w, &l, &e));
    assert_true(compiles(f->w, "_GetWatchlist('hosts') | project Ip, ['it\\'s \"quoted\"]']", &e));
    workspace_watchlist_drop(f->w, STR("HOSTS"));
    assert_false(compiles(f->w, "_GetWatchlist('hosts') | project Ip", &e));
}

static void a_workspace_does_not_call_functions_of_another(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct kql_stored_function one = function("one", "()", "{ print 1 }");
    struct workspace *second = store_workspace_create(f->store, STR(SECOND_ID), STR("second"), &e);
    assert_non_null(second);
    assert_true(workspace_function_put(f->w, &one, &e));
    assert_true(compiles(f->w, "one", &e));
    assert_true(compiles(f->w, "workspace('main').one() | count", &e));
    assert_true(compiles(f->w, "workspace('" WS_ID "').one | count", &e));
    assert_false(compiles(second, "one", &e));
    assert_false(compiles(second, "workspace('main').one() | count", &e));
    assert_string_equal(e.msg, "functions of another workspace can't be called");
    assert_false(compiles(second, "print x = workspace('main').one()", &e));
    assert_string_equal(e.msg, "functions of another workspace can't be called");
    assert_true(compiles(second, "workspace('main').Heartbeat | count", &e));
    fixture_stop(f);
}

static void *compile_often(void *arg)
{
    struct workspace *w = arg;
    uintptr_t bad = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct err e = {0};
        bad += compiles(w, "changing(1) | where x > 0 | extend y = tostring(x)", &e) ? 0 : 1;
    }
    return (void *)bad;
}

static void queries_keep_the_function_that_they_started_with(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    pthread_t threads[3];
    struct kql_stored_function now = function("changing", "(n:long)", "{ print x = n }");
    assert_true(workspace_function_put(f->w, &now, &e));
    for (size_t i = 0; i < COUNTOF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, compile_often, f->w), 0);
    for (int i = 0; i < ROUNDS; i++) {
        now.body = i % 2 == 0 ? STR("{ range x from 1 to n step 1 }") : STR("{ print x = n + 1 }");
        assert_true(workspace_function_put(f->w, &now, &e));
    }
    for (size_t i = 0; i < COUNTOF(threads); i++) {
        void *bad = NULL;
        assert_int_equal(pthread_join(threads[i], &bad), 0);
        assert_null(bad);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(functions_come_and_go, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_text_that_does_not_read_changes_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_watchlist_has_its_columns, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_workspace_does_not_call_functions_of_another,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(queries_keep_the_function_that_they_started_with,
                                        fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("store functions", tests, NULL, NULL);
}
