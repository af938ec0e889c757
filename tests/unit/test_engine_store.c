/* The engine as the store uses it: files, transactions, appending, the locked door, C functions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/engine_store.h"

static struct engine *open_engine(void)
{
    const struct engine_options o = {.threads = 2};
    struct err e = {0};
    struct engine *g = engine_open(&o, &e);
    if (!g)
        fail_msg("%s", e.msg);
    return g;
}

static struct kql_column two[] = {{{"a", 1}, KQL_LONG}, {{"b", 1}, KQL_STRING}};
static const struct kql_schema two_schema = {two, 2};

static struct engine_rows *ask(struct engine *g, const char *sql, const struct kql_schema *schema)
{
    struct err e = {0};
    struct engine_rows *rows = NULL;
    struct engine_conn *c = engine_conn_open(g, &e);
    assert_non_null(c);
    if (!engine_conn_query(c, str_from(sql), schema, &rows, &e))
        fail_msg("%s: %s", sql, e.msg);
    engine_conn_close(c);
    return rows;
}

static void append_rows(struct engine_conn *c, size_t n)
{
    struct err e = {0};
    struct engine_appender *a = engine_append_open(c, STR_NONE, STR("t"), &two_schema, &e);
    assert_non_null(a);
    for (size_t i = 0; i < n; i++) {
        engine_append_long(a, 0, (int64_t)i);
        if (i % 2)
            engine_append_string(a, 1, STR("a text that is longer than twelve bytes"));
        assert_true(engine_append_end_row(a, &e));
    }
    assert_true(engine_append_close(a, &e));
}

static void appended_rows_are_read_back(void **state)
{
    (void)state;
    struct err e = {0};
    struct engine *g = open_engine();
    assert_true(engine_exec(g, STR("CREATE TABLE t(a BIGINT, b VARCHAR)"), &e));
    struct engine_conn *c = engine_conn_open(g, &e);
    assert_true(engine_begin(c, &e));
    append_rows(c, 5000);
    assert_true(engine_commit(c, &e));
    engine_conn_close(c);
    struct engine_rows *r = ask(g, "SELECT a, b FROM t ORDER BY a", &two_schema);
    assert_int_equal(engine_rows_count(r), 5000);
    assert_int_equal(engine_rows_get(r, 4999, 0).i, 4999);
    assert_int_equal(engine_rows_get(r, 4999, 1).s.n, 39);
    assert_int_equal(engine_rows_get(r, 4998, 1).s.n, 0);
    assert_false(engine_rows_get(r, 4998, 1).is_null);
    engine_rows_free(r);
    engine_close(g);
}

static int64_t number(struct engine *g, const char *sql)
{
    struct kql_column n = {STR("n"), KQL_LONG};
    struct kql_schema schema = {&n, 1};
    struct engine_rows *r = ask(g, sql, &schema);
    int64_t v = engine_rows_get(r, 0, 0).i;
    engine_rows_free(r);
    return v;
}

/* More than is inserted at a time, and just as many. */
static void many_appended_rows_keep_their_order(void **state)
{
    (void)state;
    struct err e = {0};
    struct engine *g = open_engine();
    struct engine_conn *c = engine_conn_open(g, &e);
    static const size_t counts[] = {300000, 131072, 131073, 2048, 1, 0};
    assert_true(engine_exec(g, STR("CREATE TABLE t(a BIGINT, b VARCHAR)"), &e));
    for (size_t i = 0; i < COUNTOF(counts); i++) {
        append_rows(c, counts[i]);
        assert_int_equal(number(g, "SELECT count(*) FROM t"), counts[i]);
        assert_int_equal(number(g, "SELECT count(*) FROM t WHERE a <> rowid OR "
                                   "(b = '') <> (a % 2 = 0)"),
                         0);
        assert_true(engine_exec(g, STR("CREATE OR REPLACE TABLE t(a BIGINT, b VARCHAR)"), &e));
    }
    engine_conn_close(c);
    engine_close(g);
}

/* A connection keeps its statements; the table is what it is by then. */
static void a_table_may_change_between_appends(void **state)
{
    (void)state;
    struct err e = {0};
    struct engine *g = open_engine();
    struct engine_conn *c = engine_conn_open(g, &e);
    struct kql_column three[] = {two[0], two[1], {STR("c"), KQL_REAL}};
    struct kql_schema schema = {three, 3};
    assert_true(engine_exec(g, STR("CREATE TABLE t(a BIGINT, b VARCHAR)"), &e));
    append_rows(c, 10);
    assert_true(engine_exec(g, STR("ALTER TABLE t ADD COLUMN c DOUBLE"), &e));
    struct engine_appender *a = engine_append_open(c, STR_NONE, STR("t"), &schema, &e);
    engine_append_real(a, 2, 0.5);
    assert_true(engine_append_end_row(a, &e));
    assert_true(engine_append_close(a, &e));
    assert_int_equal(number(g, "SELECT count(*) FROM t WHERE c = 0.5 AND a IS NULL AND b = ''"), 1);
    assert_null(engine_append_open(c, STR_NONE, STR("t"), &two_schema, &e));
    assert_null(engine_append_open(c, STR_NONE, STR("absent"), &two_schema, &e));
    assert_int_equal(e.code, ERR_INTERNAL);
    assert_true(engine_exec(g, STR("DROP TABLE t; CREATE TABLE t(a BIGINT, b VARCHAR)"), &e));
    append_rows(c, 20);
    assert_int_equal(number(g, "SELECT count(*) FROM t"), 20);
    for (int i = 0; i < 60; i++) { /* more tables than statements are kept */
        char sql[64], name[8];
        snprintf(name, sizeof(name), "t%d", i % 40);
        snprintf(sql, sizeof(sql), "CREATE TABLE IF NOT EXISTS %s(a BIGINT, b VARCHAR)", name);
        assert_true(engine_exec(g, str_from(sql), &e));
        a = engine_append_open(c, STR("memory"), str_from(name), &two_schema, &e);
        engine_append_long(a, 0, i);
        assert_true(engine_append_end_row(a, &e));
        assert_true(engine_append_close(a, &e));
    }
    assert_int_equal(number(g, "SELECT sum(a)::BIGINT FROM (FROM t0 UNION ALL FROM t39)"), 40 + 39);
    assert_false(engine_exec(g, STR("SELECT * FROM vedette_rows()"), &e));
    engine_conn_close(c);
    engine_close(g);
}

static void rolled_back_rows_are_gone(void **state)
{
    (void)state;
    struct err e = {0};
    struct engine *g = open_engine();
    assert_true(engine_exec(g, STR("CREATE TABLE t(a BIGINT, b VARCHAR)"), &e));
    struct engine_conn *c = engine_conn_open(g, &e);
    assert_true(engine_begin(c, &e));
    append_rows(c, 3000);
    engine_rollback(c);
    engine_conn_close(c);
    struct engine_rows *r = ask(g, "SELECT a, b FROM t", &two_schema);
    assert_int_equal(engine_rows_count(r), 0);
    engine_rows_free(r);
    engine_close(g);
}

static void locked_engine_reads_no_file(void **state)
{
    (void)state;
    struct err e = {0};
    char dir[] = "/tmp/vedette-engine-XXXXXX", path[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/w.duckdb", dir);
    struct engine *g = open_engine();
    assert_true(engine_allow_directory(g, dir, &e));
    assert_true(engine_lock_down(g, &e));
    assert_false(engine_exec(g, STR("SELECT * FROM read_text('/etc/passwd')"), &e));
    assert_null(strstr(e.msg, "passwd"));
    assert_false(engine_exec(g, STR("SET threads=1"), &e));
    if (!engine_attach(g, STR("w"), path, &e))
        fail_msg("%s", e.msg);
    assert_true(engine_exec(g, STR("CREATE TABLE w.t(a INTEGER); CHECKPOINT w"), &e));
    assert_true(engine_detach(g, STR("w"), &e));
    engine_close(g);
    unlink(path);
    rmdir(dir);
}

static const struct fn_case {
    const char *sql;
    int64_t want;
} fn_cases[] = {
    {"vd_add(9223372036854775807, 1)", INT64_MIN},
    {"vd_mod(-5, 3)", 1},
    {"vd_mod(5, -3)", 2},
    {"vd_bin(-5, 2)", -6},
    {"coalesce(vd_div(1, 0), 77)", 77},
    {"vd_has('alpha_beta', 'alpha')::BIGINT", 1},
    {"vd_has('alphabeta', 'alpha')::BIGINT", 0},
    {"vd_has('version=1.2.3', '2.3')::BIGINT", 1},
    {"vd_has('un CAFÉ noir', 'café')::BIGINT", 1},
    {"vd_contains('ÀBC', 'àb')::BIGINT", 1},
    {"vd_hassuffix('end.', 'end')::BIGINT", 1},
    {"(SELECT sum(vd_has(x, y)::INT) FROM (VALUES ('a b', 'b'), ('ab', 'b')) AS t(x, y))::BIGINT",
     1},
    {"vdc_str_long(' 0x1F ')", 31},
    {"coalesce(vdc_str_long('3.14'), 77)", 77},
    {"length(vdc_dyn_key('{\"a\":{\"b\":[1,2]}}', 'a'))", 11},
    {"vdc_dyn_long(vdc_dyn_at('[1,2,3]', -1))", 3},
    {"len(vdc_expand('[1,null,3]', false))", 3},
    {"len(vdc_expand(NULL, false))", 1},
    {"len(vdc_expand('{}', false))", 0},
    {"(vdc_dyn_str('\"x\"') = 'x')::BIGINT", 1},
    {"(vdc_dyn_str(NULL) = '')::BIGINT", 1},
};

static void c_functions_answer(void **state)
{
    (void)state;
    struct engine *g = open_engine();
    static struct kql_column one[] = {{{"x", 1}, KQL_LONG}};
    const struct kql_schema schema = {one, 1};
    for (size_t i = 0; i < COUNTOF(fn_cases); i++) {
        char sql[300];
        snprintf(sql, sizeof(sql), "SELECT CAST(%s AS BIGINT)", fn_cases[i].sql);
        struct engine_rows *r = ask(g, sql, &schema);
        if (engine_rows_get(r, 0, 0).i != fn_cases[i].want)
            fail_msg("%s gave %lld", fn_cases[i].sql, (long long)engine_rows_get(r, 0, 0).i);
        engine_rows_free(r);
    }
    engine_close(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appended_rows_are_read_back),
        cmocka_unit_test(many_appended_rows_keep_their_order),
        cmocka_unit_test(a_table_may_change_between_appends),
        cmocka_unit_test(rolled_back_rows_are_gone),
        cmocka_unit_test(locked_engine_reads_no_file),
        cmocka_unit_test(c_functions_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
