/* The order in which rows become visible: marks, and what is remembered of arrivals. */
/* label: threads */
/* label: database */
#include <pthread.h>

#include "store_fixture.h"

static void append(struct fixture *f, const char *table, const char *column, int rows)
{
    struct err e = {0};
    struct store_batch *b = batch_of(f, table, column, "value", rows);
    if (!store_append(f->w, &b, 1, STR_NONE, &e))
        fail_msg("store_append: %s", e.msg);
}

static int64_t number(struct fixture *f, const char *what)
{
    int64_t n = 0;
    assert_true(str_to_i64(str_from(look(f, "Syslog", what)), &n));
    return n;
}

static int64_t newest(struct fixture *f)
{
    return number(f, "max({_TimeReceived})");
}

static void rows_come_after_a_mark_that_was_given(void **state)
{
    struct fixture *f = *state;
    int64_t first = workspace_arrived(f->w);
    assert_int_equal(first, clock_now(f->clock));
    append(f, "Syslog", "SyslogMessage", 1); /* the clock stands still */
    assert_true(newest(f) > first);
    int64_t second = workspace_arrived(f->w);
    assert_true(second >= newest(f));
    workspace_arrived_at_least(f->w, second + TICKS_PER_HOUR);
    append(f, "Syslog", "SyslogMessage", 1);
    assert_true(newest(f) > second + TICKS_PER_HOUR);
    assert_true(workspace_arrived(f->w) >= newest(f));
}

static void marks_do_not_fall_over_a_restart(void **state)
{
    struct fixture *f = *state;
    workspace_arrived_at_least(f->w, clock_now(f->clock) + TICKS_PER_DAY);
    append(f, "Syslog", "SyslogMessage", 1);
    int64_t mark = workspace_arrived(f->w);
    fixture_stop(f);
    fixture_start(f);
    assert_int_equal(workspace_arrived(f->w), mark);
    append(f, "Syslog", "SyslogMessage", 1);
    assert_true(newest(f) > mark);
}

static void what_came_to_a_table_is_remembered(void **state)
{
    struct fixture *f = *state;
    struct store_arrivals came;
    int64_t before = workspace_arrived(f->w);
    append(f, "Syslog", "SyslogMessage", 3);
    int64_t between = workspace_arrived(f->w);
    clock_advance(f->clock, TICKS_PER_MINUTE);
    append(f, "Heartbeat", "Computer", 1);
    int64_t after = workspace_arrived(f->w);
    assert_true(workspace_arrivals(f->w, STR("Syslog"), before, between, &came));
    assert_true(came.any);
    assert_true(came.min_time <= between);
    assert_true(workspace_arrivals(f->w, STR("Syslog"), between, after, &came));
    assert_false(came.any);
    assert_true(workspace_arrivals(f->w, STR("Heartbeat"), between, after, &came));
    assert_true(came.any);
    /* The store was empty when it was opened, so that all is known; later it is not. */
    assert_true(workspace_arrivals(f->w, STR("Syslog"), before - TICKS_PER_DAY, after, &came));
    fixture_stop(f);
    fixture_start(f);
    assert_false(workspace_arrivals(f->w, STR("Syslog"), before, after, &came));
}

static void many_commits_are_remembered_less_exactly(void **state)
{
    struct fixture *f = *state;
    struct store_arrivals came;
    int64_t before = workspace_arrived(f->w), middle = 0;
    for (int i = 0; i < 1500; i++) {
        append(f, "Syslog", "SyslogMessage", 1);
        middle = i == 700 ? workspace_arrived(f->w) : middle;
    }
    int64_t after = workspace_arrived(f->w);
    assert_true(workspace_arrivals(f->w, STR("Syslog"), before, middle, &came));
    assert_true(came.any);
    assert_true(workspace_arrivals(f->w, STR("Syslog"), middle, after, &came));
    assert_true(came.any);
    assert_true(workspace_arrivals(f->w, STR("Syslog"), after, after + 1, &came));
    assert_false(came.any);
}

/* ---- against a writer ---- */

struct heard {
    atomic_int commits;
    atomic_bool stop;
    struct fixture *f;
};

static void hear(void *self, struct workspace *w, struct str table)
{
    struct heard *h = self;
    assert_ptr_equal(w, h->f->w);
    if (str_eqz(table, "Syslog"))
        atomic_fetch_add(&h->commits, 1);
}

static void *write_on(void *arg)
{
    struct heard *h = arg;
    struct fixture mine = *h->f;
    mine.a = arena_new(0);
    while (!atomic_load(&h->stop))
        append(&mine, "Syslog", "SyslogMessage", 1);
    arena_free(mine.a);
    return NULL;
}

/* Ranges between marks hold each row once, however commits and marks fall. */
static void ranges_between_marks_add_up(void **state)
{
    struct fixture *f = *state;
    struct heard h = {.f = f};
    append(f, "Syslog", "SyslogMessage", 0);
    pthread_t thread;
    int64_t last = workspace_arrived(f->w), sum = 0;
    workspace_listen(f->w, hear, &h);
    assert_int_equal(pthread_create(&thread, NULL, write_on, &h), 0);
    for (int i = 0; i < 40; i++) {
        char what[200];
        int64_t mark = workspace_arrived(f->w);
        assert_true(mark >= last);
        snprintf(what, sizeof(what),
                 "count(*) FILTER (WHERE {_TimeReceived} > %lld AND {_TimeReceived} <= %lld)",
                 (long long)last, (long long)mark);
        sum += number(f, what);
        last = mark;
        if (i % 8 == 0)
            clock_advance(f->clock, TICKS_PER_SECOND);
    }
    atomic_store(&h.stop, true);
    (void)pthread_join(thread, NULL);
    workspace_listen(f->w, NULL, NULL);
    char what[200];
    int64_t mark = workspace_arrived(f->w);
    snprintf(what, sizeof(what), "count(*) FILTER (WHERE {_TimeReceived} > %lld)", (long long)last);
    sum += number(f, what);
    assert_int_equal(sum, number(f, "count(*)"));
    assert_int_equal(sum, atomic_load(&h.commits));
    assert_true(newest(f) <= mark);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_come_after_a_mark_that_was_given, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(marks_do_not_fall_over_a_restart, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_came_to_a_table_is_remembered, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(many_commits_are_remembered_less_exactly, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(ranges_between_marks_add_up, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
