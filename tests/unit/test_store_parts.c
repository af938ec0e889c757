/* What the files of parts are like for those who read them: row groups, their statistics, Bloom
 * filters, the order of the rows. */
#include "lake_fixture.h"

enum { ROWS = 300000, HOSTS = 1000 };

/* One value of SQL over the files of a table's parts: {} stands for their names. */
static const char *look_parts(struct fixture *f, const char *table, const char *sql)
{
    struct err e = {0};
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 16);
    const char *at = strstr(sql, "{}");
    assert_non_null(at);
    sbuf_add(&b, (struct str){sql, (size_t)(at - sql)});
    sql_text(&b, arena_fmt(f->a, "%s/workspaces/%s/lake/%s/**/*.parquet", f->dir, WS_ID, table));
    sbuf_addz(&b, at + 2);
    struct kql_column col = {STR("v"), KQL_STRING};
    struct kql_schema schema = {&col, 1};
    struct engine_rows *rows = NULL;
    struct engine_conn *c = engine_conn_open(store_engine(f->store), &e);
    assert_non_null(c);
    if (!engine_conn_query(c, sbuf_str(&b), &schema, &rows, &e))
        fail_msg("%s: %s", sbuf_str(&b).p, e.msg);
    assert_true(engine_rows_count(rows) > 0);
    const char *out = arena_str(f->a, engine_rows_get(rows, 0, 0).s).p;
    engine_rows_free(rows);
    engine_conn_close(c);
    return out;
}
#define assert_parts(f, table, sql, expected)                                                      \
    assert_string_equal(look_parts((f), (table), (sql)), (expected))

/* ROWS lines of one day; hosts in no order. */
static void add_hosts(struct fixture *f)
{
    struct err e = {0};
    struct kql_table t;
    assert_true(workspace_table_find(f->w, f->a, STR("Syslog"), &t));
    struct store_batch *b = store_batch_new(&t);
    size_t computer = column_at(f, "Syslog", "Computer"),
           time = column_at(f, "Syslog", "TimeGenerated");
    for (uint32_t i = 0; i < ROWS; i++) {
        char text[32];
        snprintf(text, sizeof(text), "host%03u", (i * 2654435761U >> 8) % HOSTS);
        struct kql_value v = {.type = KQL_STRING, .s = str_from(text)};
        store_batch_set(b, computer, &v);
        v = (struct kql_value){.type = KQL_DATETIME, .i = T0 + i * (TICKS_PER_DAY / ROWS)};
        store_batch_set(b, time, &v);
        store_batch_end_row(b);
    }
    if (!append_one(f, b, NULL, &e))
        fail_msg("append: %s", e.msg);
}

#define METADATA(what, column)                                                                     \
    "SELECT CAST(" what " AS VARCHAR) FROM parquet_metadata({}) WHERE path_in_schema = '" column "'"

static void row_groups_have_statistics(void **state)
{
    struct fixture *f = *state;
    add_hosts(f);
    assert_int_equal(seal(f, "Syslog"), ROWS);
    assert_parts(f, "Syslog", METADATA("count(*)", "Computer"), "3");
    assert_parts(f, "Syslog", METADATA("max(row_group_num_rows)", "Computer"), "122880");
    /* Computer: the same range in each, but a Bloom filter. TimeGenerated: ranges apart. */
    assert_parts(f, "Syslog", METADATA("count(bloom_filter_offset)", "Computer"), "3");
    assert_parts(f, "Syslog",
                 METADATA("list(DISTINCT stats_min_value || ' ' || stats_max_value)", "Computer"),
                 "[host000 host999]");
    assert_parts(f, "Syslog", METADATA("count(DISTINCT stats_min_value)", "TimeGenerated"), "3");
    assert_parts(f, "Syslog",
                 "SELECT CAST(count(*) AS VARCHAR) FROM parquet_metadata({}) WHERE "
                 "stats_min_value IS NULL AND stats_null_count IS DISTINCT FROM num_values",
                 "0");
    assert_parts(f, "Syslog", "SELECT string_agg(DISTINCT compression) FROM parquet_metadata({})",
                 "ZSTD");
}

static void a_key_sorts_the_rows_of_a_part(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    const char *query = "Syslog | summarize n = count(), s = sum(datetime_part('second', "
                        "TimeGenerated)), dcount(_ItemId, 4) by Computer | where Computer in "
                        "('host000', 'host500', 'host999') | sort by Computer asc";
    assert_true(workspace_cluster_set(f->w, STR("Syslog"), STR("Computer"), &e));
    add_hosts(f);
    const char *before = ask(f, query);
    fixture_stop(f);
    fixture_start(f);
    assert_true(str_eqz(workspace_cluster(f->w, f->a, STR("Syslog")), "Computer"));
    assert_int_equal(seal(f, "Syslog"), ROWS);
    assert_ask(f, query, before);
    /* Each row group has hosts of its own, and no two rows are out of order. */
    assert_parts(f, "Syslog", METADATA("count(DISTINCT stats_min_value)", "Computer"), "3");
    assert_parts(f, "Syslog",
                 "SELECT CAST(count(*) AS VARCHAR) FROM (SELECT (\"Computer\", \"TimeGenerated\") "
                 "AS k, lag((\"Computer\", \"TimeGenerated\")) OVER (ORDER BY file_row_number) AS "
                 "p FROM read_parquet({}, file_row_number = true)) WHERE k < p",
                 "0");
    /* Days stay apart, and so do the parts that were there before. */
    assert_true(workspace_cluster_set(f->w, STR("Syslog"), STR_NONE, &e));
    assert_int_equal(workspace_cluster(f->w, f->a, STR("Syslog")).n, 0);
}

static void a_key_is_a_column_with_an_order(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    assert_false(workspace_cluster_set(f->w, STR("Syslog"), STR("computer"), &e));
    assert_string_equal(e.msg, "clusterBy: table 'Syslog' has no column 'computer'");
    assert_false(workspace_cluster_set(f->w, STR("SigninLogs"), STR("DeviceDetail"), &e));
    assert_string_equal(e.msg, "clusterBy: 'DeviceDetail' is dynamic; a column whose values have "
                               "an order is expected");
    /* A column that no row ever had is none of the part's. */
    assert_true(workspace_cluster_set(f->w, STR("Syslog"), STR("Facility"), &e));
    assert_true(append_one(f, batch_of(f, "Syslog", "Computer", "c", 10), NULL, &e));
    assert_int_equal(seal(f, "Syslog"), 10);
    assert_ask(f, "Syslog | summarize count(), countif(Facility == '')", "10|10");
}

/* Files that can't be opened are not missed. */
static void counting_rows_opens_no_part(void **state)
{
    struct fixture *f = *state;
    char lake[128], away[128];
    snprintf(lake, sizeof(lake), "%s/workspaces/" WS_ID "/lake/Syslog", f->dir);
    snprintf(away, sizeof(away), "%s/away", f->dir);
    for (int i = 0; i < 10; i++)
        add_at(f, T0 + i * TICKS_PER_DAY, "sealed");
    seal(f, "Syslog");
    add_at(f, T0, "hot");
    assert_int_equal(rename(lake, away), 0);
    assert_ask(f, "Syslog | count", "11");
    assert_ask(f, "union Syslog, (Syslog | extend x = 1) | summarize n = count(), s = sum(2)",
               "22|44");
    assert_int_equal(rename(away, lake), 0);
    assert_ask(f, "Syslog | where SyslogMessage startswith 'sealed' | count", "10");
    assert_ask(f, "Syslog | where TimeGenerated < datetime(2026-01-03) | count", "3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(row_groups_have_statistics, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_key_sorts_the_rows_of_a_part, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(counting_rows_opens_no_part, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_key_is_a_column_with_an_order, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
