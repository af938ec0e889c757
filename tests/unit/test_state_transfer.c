/* A workspace's objects as text and back; what is wrong in such a text; no table is forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "state/state_priv.h"
#include "state/transfer.h"

static int setup(void **state)
{
    struct err e = {0};
    *state = state_open(NULL, &e);
    return *state == NULL;
}

static int teardown(void **state)
{
    state_close(*state);
    return 0;
}

static void every_table_of_workspaces_is_taken_along(void **state)
{
    struct err e = {0};
    size_t n = 0;
    state_lock(*state);
    sqlite3_stmt *st =
        state_prepare_locked(*state,
                             "SELECT t.name FROM sqlite_master t, pragma_table_info(t.name) c "
                             "WHERE t.type = 'table' AND "
                             "c.name = 'workspace'",
                             NULL, 0, &e);
    assert_non_null(st);
    while (sqlite3_step(st) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(st, 0);
        bool own = strcmp(name, "outbox") == 0 ||    /* on its way to this store */
                   strcmp(name, "delegations") == 0; /* of this server's tenants */
        if (state_transfers(str_from(name)) == own)
            fail_msg("table %s: state_transfer.c has to say whether it is taken along", name);
        n++;
    }
    sqlite3_finalize(st);
    state_unlock(*state);
    assert_true(n > 10);
}

static void put(struct state *s, const char *sql)
{
    struct err e = {0};
    if (!state_run(s, sql, NULL, 0, &e))
        fail_msg("%s", e.msg);
}

static void objects_become_those_of_another_workspace(void **state)
{
    AUTO(sbuf_fini) struct sbuf first = sbuf_make(0), second = sbuf_make(0);
    struct err e = {0};
    put(*state, "INSERT INTO counters VALUES ('a', 'incident', 9223372036854775807)");
    put(*state, "INSERT INTO counters VALUES ('b', 'incident', 7)");
    put(*state, "INSERT INTO summary_bins VALUES ('a', 'k\"\n\u00e9', -1, 2, 3, 4)");
    assert_true(state_workspace_write(*state, STR("a"), &first, &e));
    assert_true(state_workspace_read(*state, STR("b"), sbuf_str(&first), &e));
    assert_true(state_workspace_write(*state, STR("b"), &second, &e));
    assert_true(str_eq(sbuf_str(&first), sbuf_str(&second)));
    int64_t counter = 0;
    assert_true(state_counter_get(*state, STR("b"), "incident", &counter, &e));
    assert_true(counter == INT64_MAX);
}

static void what_is_wrong_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *text;
        uint32_t line;
    } cases[] = {
        {"[1]\n", 1},
        {"{\"table\":\"principals\",\"columns\":[\"id\"]}\n", 1},
        {"{\"table\":\"counters\"}\n", 1},
        {"{\"table\":\"counters\",\"columns\":[\"name\",\"other\"]}\n", 1},
        {"{\"table\":\"counters\",\"columns\":[\"name\",\"workspace\"]}\n", 1},
        {"{\"table\":\"counters\",\"columns\":[\"name\\\") --\",\"value\"]}\n", 1},
        {"{\"table\":\"counters\",\"columns\":[\"name\",\"value\"]}\n[\"x\"]\n", 2},
        {"{\"table\":\"counters\",\"columns\":[\"name\",\"value\"]}\n[\"x\",1]\n[\"y\",1.5]\n", 3},
        {"{\"table\":\"counters\",\"columns\":[\"name\",\"value\"]}\n[\"x\",1]\n[\"x\",1]\n", 3},
        {"{\"table\":\"counters\",\"columns\":[\"name\",\"value\"]}\nnonsense\n", 2},
    };
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        struct err e = {0};
        int64_t counter = 0;
        put(*state, "INSERT OR REPLACE INTO counters VALUES ('c', 'x', 5)");
        if (state_workspace_read(*state, STR("c"), str_from(cases[i].text), &e) ||
            e.pos.line != cases[i].line)
            fail_msg("case %zu: line %u, %s", i, e.pos.line, e.msg);
        assert_true(state_counter_get(*state, STR("c"), "x", &counter, NULL) && counter == 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_table_of_workspaces_is_taken_along, setup, teardown),
        cmocka_unit_test_setup_teardown(objects_become_those_of_another_workspace, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_refused_with_its_line, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
