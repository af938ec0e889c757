/* The daily cap, billed bytes, what is held back, purges and snapshots. */
#include "store_fixture.h"

static bool send(struct fixture *f, const char *table, const char *column, bool beyond,
                 struct err *e)
{
    struct store_batch *b = batch_of(f, table, column, "value", 1);
    struct store_count c = {
        .source = STR("s"), .stream = str_from(table), .table = str_from(table)};
    c.requests = c.received = c.stored = 1;
    struct store_append req = {
        .batches = &b, .n = 1, .counts = &c, .n_counts = 1, .beyond_cap = beyond};
    return store_append_counted(f->w, &req, NULL, e);
}

static void beyond_the_cap_nothing_is_taken_until_the_day_ends(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    workspace_cap_set(f->w, 6); /* "value0" */
    assert_true(send(f, "SigninLogs", "UserPrincipalName", false, &e));
    assert_int_equal(workspace_cap(f->w).bytes, 6);
    assert_false(send(f, "SigninLogs", "UserPrincipalName", false, &e));
    assert_int_equal(e.code, ERR_BUSY);
    assert_true(store_is_over_quota(&e));
    assert_string_equal(e.msg,
                        "The daily cap of workspace 'main' is reached: 6 of 6 bytes. Nothing "
                        "of the request was stored; send it again after 00:00 UTC.");
    assert_true(send(f, "Syslog", "SyslogMessage", false, &e));        /* never stopped */
    assert_true(send(f, "Heartbeat", "Computer", false, &e));          /* never billed */
    assert_true(send(f, "SigninLogs", "UserPrincipalName", true, &e)); /* nobody to be told */
    clock_advance(f->clock, TICKS_PER_DAY);
    assert_int_equal(workspace_cap(f->w).bytes, 0);
    assert_true(send(f, "SigninLogs", "UserPrincipalName", false, &e));
    assert_look(f, "SigninLogs", "count(*)", "3");
}

static const struct store_count *count_of(struct fixture *f, const char *table, const char *reason)
{
    struct store_count *list = NULL;
    size_t n = store_counts(f->w, f->a, &list);
    for (size_t i = 0; i < n; i++)
        if (str_eqz(list[i].table, table) && str_eqz(list[i].reason, reason))
            return &list[i];
    return NULL;
}

static void counts_carry_the_bytes_that_are_billed(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    for (int i = 0; i < 3; i++)
        assert_true(send(f, "Syslog", "SyslogMessage", false, &e));
    assert_look(f, "Syslog", "sum({_BilledSize})", "18.0");
    assert_int_equal(count_of(f, "Syslog", "")->billed, 18);
    fixture_stop(f);
    fixture_start(f);
    assert_int_equal(count_of(f, "Syslog", "")->billed, 18);
}

static void what_was_held_back_and_is_gone_counts_as_rejected(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct store_count held = {
        .source = STR("s"), .stream = STR("Syslog"), .table = STR("Syslog"), .received = 5};
    held.held = 5;
    store_account(f->w, &held, 1);
    /* Two of them became something else in time. */
    struct store_count later = {
        .source = STR("s"), .stream = STR("Syslog"), .table = STR("Syslog")};
    later.reason = STR("malformed");
    later.rejected = 2;
    later.held = -2;
    store_account(f->w, &later, 1);
    assert_true(send(f, "Heartbeat", "Computer", false, &e));
    fixture_stop(f);
    fixture_start(f);
    assert_int_equal(count_of(f, "Syslog", "lost_in_memory")->rejected, 3);
    fixture_stop(f);
    fixture_start(f); /* not a second time */
    assert_int_equal(count_of(f, "Syslog", "lost_in_memory")->rejected, 3);
    assert_look(f, "VedetteIngestion", "sum({HeldBack})", "0");
    assert_look(f, "VedetteIngestion",
                "sum({Received}) - sum({Stored}) - sum({Rejected}) - sum({HeldBack})", "0");
}

static void a_purge_deletes_what_its_predicate_finds(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    uint64_t deleted = 0;
    assert_true(append_one(f, batch_of(f, "Syslog", "Computer", "c", 10), NULL, &e));
    struct store_purge p = {STR("Syslog"), STR("Computer in ('c3', 'c7', 'x')"),
                            clock_now(f->clock) + TICKS_PER_SECOND};
    assert_true(workspace_purge(f->w, &p, &deleted, &e));
    assert_int_equal(deleted, 2);
    assert_look(f, "Syslog", "count(*)", "8");
    p.received_until = clock_now(f->clock) - 1;
    p.predicate = STR("true");
    assert_true(workspace_purge(f->w, &p, &deleted, &e));
    assert_int_equal(deleted, 0); /* they came later */
    p.predicate = STR("Nope == 1");
    assert_false(workspace_purge(f->w, &p, &deleted, &e));
    assert_int_equal(e.code, ERR_SEMANTIC);
    fixture_stop(f);
    fixture_start(f);
    assert_look(f, "Syslog", "count(*)", "8");
}

static void one_snapshot_at_a_time(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    const char *path = NULL, *other = NULL;
    assert_true(append_one(f, batch_of(f, "Syslog", "Computer", "c", 10), NULL, &e));
    assert_true(workspace_snapshot(f->w, f->a, &path, &e));
    assert_int_equal(access(path, R_OK), 0);
    assert_false(workspace_snapshot(f->w, f->a, &other, &e));
    assert_int_equal(e.code, ERR_CONFLICT);
    workspace_snapshot_end(f->w);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_true(workspace_snapshot(f->w, f->a, &path, &e));
    workspace_snapshot_end(f->w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(beyond_the_cap_nothing_is_taken_until_the_day_ends,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(counts_carry_the_bytes_that_are_billed, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_was_held_back_and_is_gone_counts_as_rejected,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_purge_deletes_what_its_predicate_finds, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(one_snapshot_at_a_time, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
