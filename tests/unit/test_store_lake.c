/* Sealing: what was in the hot table is in parts, and queries don't see the difference. */
#include "lake_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/thread.h"

/* ---- helpers ---- */

static void add_lines(struct fixture *f, const char *prefix, int n)
{
    struct err e = {0};
    if (!append_one(f, batch_of(f, "Syslog", "SyslogMessage", prefix, n), NULL, &e))
        fail_msg("append: %s", e.msg);
}

/* ---- tests ---- */

static void sealed_rows_are_read_once(void **state)
{
    struct fixture *f = *state;
    add_lines(f, "a", 1000);
    assert_int_equal(seal(f, "Syslog"), 1000);
    assert_int_equal(seal(f, "Syslog"), 0);
    assert_ask(f, "Syslog | count", "1000");
    add_lines(f, "b", 10);
    assert_ask(f, "Syslog | summarize count(), dcount(_ItemId)", "1010|1010");
    assert_ask(f,
               "Syslog | where SyslogMessage == 'a7' or SyslogMessage == 'b7' | summarize "
               "min(SyslogMessage), max(SyslogMessage), count()",
               "a7|b7|2");
    struct store_table_info i = info_of(f, "Syslog");
    assert_int_equal(i.rows, 1010);
    assert_int_equal(i.hot_rows, 10);
    assert_int_equal(i.parts, 1);
    assert_true(i.bytes > 0);
    assert_int_equal(i.sealed_billed_bytes, 10 * 2 + 90 * 3 + 900 * 4);
    fixture_stop(f);
    fixture_start(f);
    assert_ask(f, "Syslog | summarize count(), dcount(_ItemId)", "1010|1010");
    assert_int_equal(seal(f, ""), 10 + 2);
    assert_ask(f, "Syslog | summarize count(), dcount(_ItemId)", "1010|1010");
    struct store_count *c;
    assert_int_equal(store_counts(f->w, f->a, &c), 1);
    assert_int_equal(c[0].stored, 1010);
    fixture_stop(f);
    fixture_start(f);
    assert_int_equal(store_counts(f->w, f->a, &c), 1);
    assert_int_equal(c[0].stored, 1010);
}

/* All types with extremes, nulls, names that differ in case only. */
static const struct kql_value extremes[][10] = {
    {{.type = KQL_STRING, .s = {"x\"'\\\n\t", 6}},
     {.type = KQL_LONG, .i = INT64_MAX},
     {.type = KQL_INT, .i = INT32_MIN},
     {.type = KQL_REAL, .d = 1.7976931348623157e308},
     {.type = KQL_BOOL, .b = true},
     {.type = KQL_DATETIME, .i = 0},
     {.type = KQL_TIMESPAN, .i = INT64_MIN},
     {.type = KQL_GUID, .s = {"ffffffff-ffff-ffff-ffff-ffffffffffff", 36}},
     {.type = KQL_DECIMAL, .s = {"-99999999999999999999.999999999999999999", 40}},
     {.type = KQL_DYNAMIC, .s = {"{\"a\":[1,null,\"\\u00e9\"]}", 24}}},
    {{.type = KQL_STRING, .s = {"\0nul", 4}},
     {.type = KQL_LONG, .i = INT64_MIN},
     {.type = KQL_INT, .i = INT32_MAX},
     {.type = KQL_REAL, .d = -0.0},
     {.type = KQL_BOOL, .b = false},
     {.type = KQL_DATETIME, .i = TICKS_MAX},
     {.type = KQL_TIMESPAN, .i = INT64_MAX},
     {.type = KQL_GUID, .s = {"00000000-0000-0000-0000-000000000000", 36}},
     {.type = KQL_DECIMAL, .s = {"0.000000000000000001", 20}},
     {.type = KQL_DYNAMIC, .s = {"\"text\"", 6}}},
    {{.type = KQL_STRING, .is_null = true},
     {.type = KQL_LONG, .is_null = true},
     {.type = KQL_INT, .is_null = true},
     {.type = KQL_REAL, .is_null = true},
     {.type = KQL_BOOL, .is_null = true},
     {.type = KQL_DATETIME, .is_null = true},
     {.type = KQL_TIMESPAN, .is_null = true},
     {.type = KQL_GUID, .is_null = true},
     {.type = KQL_DECIMAL, .is_null = true},
     {.type = KQL_DYNAMIC, .is_null = true}},
};

static void define_types(struct fixture *f)
{
    struct err e = {0};
    struct kql_column cols[] = {
        {STR("S"), KQL_STRING},      {STR("L"), KQL_LONG},   {STR("I"), KQL_INT},
        {STR("R"), KQL_REAL},        {STR("B"), KQL_BOOL},   {STR("T"), KQL_DATETIME},
        {STR("Span"), KQL_TIMESPAN}, {STR("G"), KQL_GUID},   {STR("D"), KQL_DECIMAL},
        {STR("J"), KQL_DYNAMIC},     {STR("s"), KQL_STRING}, {STR("t"), KQL_DATETIME}};
    struct kql_schema schema = {cols, COUNTOF(cols)};
    assert_true(workspace_table_define(f->w, STR("Types_CL"), &schema, &e));
}

static void set(struct fixture *f, struct store_batch *b, const char *column,
                const struct kql_value *v)
{
    store_batch_set(b, column_at(f, "Types_CL", column), v);
}

static void add_types(struct fixture *f)
{
    static const char *const names[] = {"S", "L", "I", "R", "B", "T", "Span", "G", "D", "J"};
    struct err e = {0};
    struct kql_table t;
    assert_true(workspace_table_find(f->w, f->a, STR("Types_CL"), &t));
    struct store_batch *b = store_batch_new(&t);
    for (size_t i = 0; i < COUNTOF(extremes); i++) {
        for (size_t k = 0; k < COUNTOF(names); k++)
            set(f, b, names[k], &extremes[i][k]);
        struct kql_value lower = {.type = KQL_STRING, .s = STR("lower")};
        struct kql_value usual = {.type = KQL_DATETIME, .i = T0 + (int64_t)i};
        set(f, b, "s", &lower);
        set(f, b, "t", &usual);
        store_batch_end_row(b);
    }
    assert_true(append_one(f, b, NULL, &e));
}

static void all_types_come_back(void **state)
{
    struct fixture *f = *state;
    static const char query[] = "Types_CL | order by t asc | project S, L, I, R, B, T, Span, G, D, "
                                "J, s, t, TimeGenerated, _ItemId, ingestion_time()";
    static const char sums[] =
        "Types_CL | summarize max(L), min(L), sum(R), countif(B), max(T), min(T), max(Span), "
        "dcount(G), max(D), countif(isempty(S)), countif(isnull(L)), min(t), max(t)";
    define_types(f);
    add_types(f);
    const char *hot = ask(f, query), *hot_sums = ask(f, sums);
    assert_int_equal(seal(f, "Types_CL"), 3);
    assert_string_equal(ask(f, query), hot);
    assert_string_equal(ask(f, sums), hot_sums);
    fixture_stop(f);
    fixture_start(f);
    assert_string_equal(ask(f, query), hot);
    assert_int_equal(info_of(f, "Types_CL").hot_rows, 0);
}

static void columns_that_come_later_are_empty_in_old_parts(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    add_lines(f, "a", 3);
    seal(f, "Syslog");
    assert_true(append_one(f, batch_of(f, "Syslog", "Computer", "c", 2), NULL, &e));
    assert_ask(f, "Syslog | summarize countif(isempty(Computer)), countif(Computer == 'c1')",
               "3|1");
    seal(f, "Syslog");
    assert_ask(f, "Syslog | summarize countif(isempty(Computer)), countif(Computer == 'c1')",
               "3|1");
    assert_ask(f, "Syslog | where isnull(EventTime) | count", "5");
    assert_int_equal(info_of(f, "Syslog").parts, 2);
}

static bool there_is(const struct fixture *f, const char *path)
{
    char whole[256];
    struct stat st;
    snprintf(whole, sizeof(whole), "%s/workspaces/" WS_ID "/lake/%s", f->dir, path);
    return stat(whole, &st) == 0;
}

static void a_part_has_one_day(void **state)
{
    struct fixture *f = *state;
    add_at(f, T0, "today");
    add_at(f, T0 - 1, "yesterday");
    add_at(f, T0 + TICKS_PER_DAY - 1, "late today");
    add_at(f, T0 - 400 * TICKS_PER_DAY, "long ago");
    add_at(f, 0, "the first moment");
    add_at(f, TICKS_MAX, "the last");
    seal(f, "Syslog");
    assert_int_equal(info_of(f, "Syslog").parts, 5);
    assert_true(there_is(f, "Syslog/2026/01/01"));
    assert_true(there_is(f, "Syslog/2025/12/31"));
    assert_true(there_is(f, "Syslog/0001/01/01"));
    assert_true(there_is(f, "Syslog/9999/12/31"));
    assert_ask(
        f, "Syslog | order by TimeGenerated asc | summarize make_list(SyslogMessage)",
        "[\"the first moment\",\"long ago\",\"yesterday\",\"today\",\"late today\",\"the last\"]");
    add_at(f, T0 - 1, "another of yesterday");
    seal(f, "Syslog");
    assert_int_equal(info_of(f, "Syslog").parts, 6);
    assert_ask(f, "Syslog | count", "7");
}

/* ---- time ---- */

/* How many parts the SQL of a query names. */
static size_t parts_read(struct fixture *f, const char *kql)
{
    struct err e = {0};
    struct kql_diags diags = {.a = f->a, .text = str_from(kql)};
    struct kql_options o = {.catalog = workspace_catalog(f->w), .now_ticks = T0};
    struct kql_query q;
    if (!kql_compile(f->a, str_from(kql), &o, &q, &diags)) {
        kql_diags_err(&diags, &e);
        fail_msg("%s: %s", kql, e.msg);
    }
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(0);
    assert_true(engine_sql(q.results[0].plan, workspace_source(f->w), &sql, &e));
    size_t n = 0;
    for (const char *p = sbuf_str(&sql).p; (p = strstr(p, ".parquet")) != NULL; p++)
        n++;
    return n;
}

static void only_parts_of_the_time_range_are_read(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 10; i++)
        add_at(f, T0 + i * TICKS_PER_DAY + TICKS_PER_HOUR, "x");
    add_at(f, 0, "old");
    seal(f, "Syslog");
    static const struct {
        const char *kql;
        size_t parts;
        const char *rows;
    } cases[] = {
        {"Syslog | count", 11, "11"},
        {"Syslog | where TimeGenerated >= datetime(2026-01-03) | count", 8, "8"},
        {"Syslog | where TimeGenerated < datetime(2026-01-03 01:00) | count", 3, "3"},
        {"Syslog | where datetime(2026-01-03 01:00) >= TimeGenerated | count", 4, "4"},
        {"Syslog | where TimeGenerated between (datetime(2026-01-03) .. 2d) | count", 2, "2"},
        {"Syslog | where TimeGenerated == datetime(2026-01-03 01:00) and isempty(Computer) | count",
         1, "1"},
        {"Syslog | project T = TimeGenerated, x = SyslogMessage | where x == 'x' | where T > "
         "datetime(2026-01-09) | count",
         2, "2"},
        {"union Syslog, (Syslog | project TimeGenerated) | where TimeGenerated > "
         "datetime(2026-01-09) | count",
         4, "4"},
        {"Syslog | take 100 | where TimeGenerated > datetime(2026-01-09) | count", 11, "2"},
        {"Syslog | where TimeGenerated > datetime(2026-01-09) or Computer == 'q' | count", 11, "2"},
        {"Syslog | where not(TimeGenerated < datetime(2026-01-09)) | count", 11, "2"},
        {"Syslog | where TimeGenerated > datetime(9999-01-01) | count", 0, "0"},
        {"Syslog | where TimeGenerated > datetime(2026-01-09) | where TimeGenerated < "
         "datetime(2026-01-02) | count",
         0, "0"},
    };
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        assert_int_equal(parts_read(f, cases[i].kql), cases[i].parts);
        assert_ask(f, cases[i].kql, cases[i].rows);
    }
}

/* ---- by itself ---- */

static bool until_sealed(struct fixture *f, int64_t parts)
{
    for (int i = 0; i < 1000; i++) {
        struct store_table_info t = info_of(f, "Syslog");
        if (t.parts == parts && t.hot_rows == 0)
            return true;
        usleep(10000);
    }
    return false;
}

static void full_tables_are_sealed_by_themselves(void **state)
{
    struct fixture *f = *state;
    fixture_stop(f);
    f->lake = (struct store_lake_options){.seal_rows = 100};
    fixture_start(f);
    add_lines(f, "a", 100);
    assert_true(until_sealed(f, 1));
    add_lines(f, "b", 99);
    assert_ask(f, "Syslog | count", "199");
    assert_int_equal(info_of(f, "Syslog").hot_rows, 99);
    fixture_stop(f); /* what is hot is counted again at the start */
    fixture_start(f);
    add_lines(f, "c", 1);
    assert_true(until_sealed(f, 2));
    fixture_stop(f);
    f->lake = (struct store_lake_options){.seal_age_us = 1};
    fixture_start(f);
    add_lines(f, "d", 1);
    assert_true(until_sealed(f, 3));
    assert_ask(f, "Syslog | count", "201");
}

/* ---- random rows: hot, partly sealed, sealed, merged ---- */

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static struct kql_value random_value(struct fixture *f, uint64_t *seed, size_t kind)
{
    uint64_t r = next_random(seed);
    if (r % 5 == 0)
        return extremes[next_random(seed) % 3][kind];
    struct kql_value v = {.type = extremes[0][kind].type};
    r = next_random(seed);
    switch (v.type) {
    case KQL_STRING:
        v.s = arena_fmt(f->a, "word%llu \xc3\xa9", (unsigned long long)(r % 50));
        break;
    case KQL_REAL:
        v.d = (double)(r % 1000) / 8;
        break;
    case KQL_BOOL:
        v.b = r % 2 == 0;
        break;
    case KQL_DATETIME:
        v.i = T0 + (int64_t)(r % 1000) * TICKS_PER_MINUTE;
        break;
    case KQL_GUID:
        v.s = arena_fmt(f->a, "00000000-0000-4000-8000-%012llx", (unsigned long long)(r % 40));
        break;
    case KQL_DECIMAL:
        v.s = arena_fmt(f->a, "%llu.5", (unsigned long long)(r % 100));
        break;
    case KQL_DYNAMIC:
        v.s = arena_fmt(f->a, "{\"k\":%llu,\"t\":[\"x\"]}", (unsigned long long)(r % 30));
        break;
    case KQL_INT:
    case KQL_LONG:
    case KQL_TIMESPAN:
    case KQL_UNKNOWN:
    case KQL_N_TYPES:
        v.i = (int64_t)(r % 2000) - 1000;
    }
    return v;
}

static void add_random(struct fixture *f, uint64_t *seed, int n)
{
    static const char *const names[] = {"S", "L", "I", "R", "B", "T", "Span", "G", "D", "J"};
    struct err e = {0};
    struct kql_table t;
    assert_true(workspace_table_find(f->w, f->a, STR("Types_CL"), &t));
    struct store_batch *b = store_batch_new(&t);
    for (int i = 0; i < n; i++) {
        for (size_t k = 0; k < COUNTOF(names); k++) {
            struct kql_value v = random_value(f, seed, k);
            set(f, b, names[k], &v);
        }
        struct kql_value time = {.type = KQL_DATETIME,
                                 .i = T0 + (int64_t)(next_random(seed) % 5) * TICKS_PER_DAY + i};
        set(f, b, "TimeGenerated", &time);
        store_batch_end_row(b);
    }
    if (!append_one(f, b, NULL, &e))
        fail_msg("append: %s", e.msg);
}

static const char *const questions[] = {
    "Types_CL | count",
    "Types_CL | summarize count(), sum(L % 1000), min(I), max(I), countif(B) by S | order by S asc",
    "Types_CL | where S has 'word7' | summarize count(), max(TimeGenerated)",
    "Types_CL | where S contains '\xc3\xa9' and L > 0 | summarize count(), avg(I)",
    "Types_CL | summarize count() by a = isnull(L), b = isnull(B) | order by a asc, b asc",
    "Types_CL | summarize countif(isnull(R)), countif(isnull(J)), countif(isnull(T))",
    "Types_CL | where T between (datetime(2026-01-01) .. 1h) | summarize count(), min(T), max(T)",
    "Types_CL | where T < datetime(1700-01-01) or T > datetime(9000-01-01) | count",
    "Types_CL | summarize max(Span), min(Span), countif(Span > 0s)",
    "Types_CL | summarize dcount(G, 4), countif(isempty(G)), min(tostring(G)), max(tostring(G))",
    "Types_CL | summarize sum(D), min(D), max(D), countif(isnull(D))",
    "Types_CL | summarize count() by k = tolong(J.k) | order by k asc",
    "Types_CL | where J.t[0] == 'x' | summarize count() by k = tostring(J.k) | order by k asc",
    "Types_CL | where TimeGenerated >= datetime(2026-01-03) | summarize count(), max(_ItemId)",
    "Types_CL | where TimeGenerated < datetime(2026-01-02 00:00:00.0000010) | summarize count()",
    "Types_CL | summarize count() by bin(TimeGenerated, 1d) | order by TimeGenerated asc",
    "Types_CL | where G == guid(00000000-0000-4000-8000-000000000007) | summarize count(), sum(I)",
    "Types_CL | join kind=inner (Types_CL | where L > 900 | distinct G) on G | summarize count()",
    "Types_CL | top 5 by TimeGenerated asc, _ItemId asc | project _ItemId, S, L, R, T, J",
    "Types_CL | summarize min(ingestion_time()), max(ingestion_time()), dcount(_ItemId, 4)",
    "Types_CL | where R == real(-0.0) or R > 1e300 | summarize count(), max(R)",
    ("union Types_CL, Syslog | where TimeGenerated > datetime(2026-01-02) | summarize count() by "
     "Type"),
    "search 'word9' | count",
};

static void answers_do_not_depend_on_where_rows_are(void **state)
{
    struct fixture *f = *state;
    const char *wanted[COUNTOF(questions)];
    struct err e = {0};
    uint64_t seed = 20260101;
    define_types(f);
    for (int i = 0; i < 4; i++)
        add_random(f, &seed, 400);
    for (size_t i = 0; i < COUNTOF(questions); i++)
        wanted[i] = ask(f, questions[i]);
    for (int stage = 0; stage < 3; stage++) {
        if (stage == 2)
            assert_true(workspace_compact(f->w, &e));
        else
            seal(f, "");
        for (size_t i = 0; i < COUNTOF(questions); i++)
            assert_ask(f, questions[i], wanted[i]);
        if (stage > 0)
            continue;
        for (int i = 0; i < 3; i++)
            add_random(f, &seed, 300);
        for (size_t i = 0; i < COUNTOF(questions); i++)
            wanted[i] = ask(f, questions[i]);
        seal(f, "Types_CL");
        add_random(f, &seed, 300);
        for (size_t i = 0; i < COUNTOF(questions); i++)
            wanted[i] = ask(f, questions[i]);
    }
}

static void a_clock_that_went_back_hides_nothing(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        add_lines(f, "a", 5);
        if (i < 2)
            seal(f, "Syslog");
        fixture_stop(f);
        clock_free(f->clock);
        f->clock = clock_new_manual(T0 - (i + 1) * TICKS_PER_DAY);
        fixture_start(f);
    }
    add_lines(f, "b", 5);
    assert_ask(f, "Syslog | summarize count(), dcount(ingestion_time(), 4)", "20|4");
    seal(f, "Syslog");
    assert_ask(f, "Syslog | summarize count(), dcount(ingestion_time(), 4)", "20|4");
}

/* ---- merging ---- */

static size_t files_in(const struct fixture *f, const char *dir)
{
    char whole[256];
    size_t n = 0;
    snprintf(whole, sizeof(whole), "%s/workspaces/" WS_ID "/lake/%s", f->dir, dir);
    DIR *d = opendir(whole);
    for (struct dirent *at; d != NULL && (at = readdir(d)) != NULL;)
        n += str_ends(str_from(at->d_name), STR(".parquet"));
    if (d != NULL)
        closedir(d);
    return n;
}

static void parts_of_a_day_are_merged(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    define_types(f);
    for (int i = 0; i < 3; i++) {
        add_types(f);
        add_lines(f, "m", 10);
        seal(f, "");
    }
    static const char query[] =
        "Types_CL | summarize count(), dcount(_ItemId), max(L), min(T), max(D), "
        "countif(isnull(R)), min(ingestion_time()), max(ingestion_time())";
    const char *before = ask(f, query);
    assert_int_equal(info_of(f, "Types_CL").parts, 3);
    assert_true(workspace_compact(f->w, &e));
    assert_int_equal(info_of(f, "Types_CL").parts, 1);
    assert_int_equal(info_of(f, "Syslog").parts, 1);
    assert_string_equal(ask(f, query), before);
    assert_ask(f, "Syslog | summarize count(), dcount(_ItemId)", "30|30");
    assert_int_equal(files_in(f, "Types_CL/2026/01/01"), 1); /* the merged ones are deleted */
    fixture_stop(f);
    fixture_start(f);
    assert_string_equal(ask(f, query), before);
    assert_int_equal(files_in(f, "orphans"), 0);
}

/* ---- retention ---- */

static void old_parts_leave_queries_and_then_the_disk(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct store_retention r = {10, 20, STORE_PLAN_ANALYTICS, 0}, own, held;
    assert_true(workspace_retention_set(f->w, STR("Syslog"), &r, &e));
    add_at(f, T0 - 1000 * TICKS_PER_DAY, "an old log of today");
    seal(f, "");
    clock_advance(f->clock, 5 * TICKS_PER_DAY);
    add_lines(f, "x", 1);
    seal(f, "");
    workspace_expire(f->w);
    assert_ask(f, "Syslog | count", "2");
    clock_advance(f->clock, 6 * TICKS_PER_DAY);
    workspace_expire(f->w);
    assert_ask(f, "Syslog | count", "1");
    assert_int_equal(info_of(f, "Syslog").parts, 2); /* kept for the total retention */
    fixture_stop(f);
    fixture_start(f);
    assert_ask(f, "Syslog | count", "1");
    workspace_retention(f->w, STR("Syslog"), &own, &held);
    assert_int_equal(own.analytics_days, 10);
    assert_int_equal(held.total_days, 20);
    clock_advance(f->clock, 10 * TICKS_PER_DAY);
    workspace_expire(f->w);
    assert_int_equal(info_of(f, "Syslog").parts, 1);
    assert_ask(f, "Syslog | count", "0");
    assert_int_equal(files_in(f, "Syslog/2023/04/07"), 0);
    clock_advance(f->clock, 5 * TICKS_PER_DAY);
    workspace_expire(f->w);
    assert_int_equal(info_of(f, "Syslog").parts, 0);
    r = (struct store_retention){.analytics_days = 3};
    assert_false(workspace_retention_set(f->w, STR("Syslog"), &r, &e));
    assert_string_equal(e.msg, "retentionInDays: 3 is not between 4 and 730");
    r = (struct store_retention){.analytics_days = 90, .total_days = 30};
    assert_false(workspace_retention_set(f->w, STR("Syslog"), &r, &e));
    assert_string_equal(e.msg, "totalRetentionInDays is shorter than retentionInDays");
    workspace_retention(f->w, STR("Heartbeat"), &own, &held);
    assert_int_equal(held.analytics_days, 0);
}

static void a_low_plan_bounds_queries_and_keeps_rows(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct store_retention own, held, basic = {.total_days = 60, .plan = STORE_PLAN_BASIC};
    assert_true(workspace_retention_set(f->w, STR("Syslog"), &basic, &e));
    add_lines(f, "x", 3);
    seal(f, "");
    clock_advance(f->clock, 31 * TICKS_PER_DAY);
    workspace_expire(f->w);
    assert_ask(f, "Syslog | count", "0");
    assert_int_equal(info_of(f, "Syslog").parts, 1);
    fixture_stop(f);
    fixture_start(f);
    workspace_retention(f->w, STR("Syslog"), &own, &held);
    assert_int_equal(held.plan, STORE_PLAN_BASIC);
    assert_int_equal(held.analytics_days, 30);
    assert_int_equal(held.total_days, 60);
    assert_int_equal(held.plan_changed, T0);
    struct store_retention back = {.analytics_days = 50, .total_days = 60};
    assert_true(workspace_retention_set(f->w, STR("Syslog"), &back, &e));
    assert_ask(f, "Syslog | count", "3");
    assert_false(workspace_retention_set(f->w, STR("Syslog"), &basic, &e)); /* within a week */
    assert_int_equal(e.code, ERR_CONFLICT);
    clock_advance(f->clock, 30 * TICKS_PER_DAY);
    workspace_expire(f->w);
    assert_int_equal(info_of(f, "Syslog").parts, 0);
    assert_false(workspace_retention_set(f->w, STR("Nothing"), &basic, &e));
    assert_int_equal(e.code, ERR_NOT_FOUND);
    assert_false(workspace_retention_set(f->w, STR("Usage"), &basic, &e));
    assert_int_equal(e.code, ERR_UNSUPPORTED);
}

/* ---- damage ---- */

/* Changes one byte in the middle of the file of a day's only part, or cuts it there. */
static void damage(const struct fixture *f, const char *day, bool cut)
{
    char whole[512];
    snprintf(whole, sizeof(whole), "%s/workspaces/" WS_ID "/lake/Syslog/%s", f->dir, day);
    DIR *d = opendir(whole);
    assert_non_null(d);
    for (struct dirent *at; (at = readdir(d)) != NULL;) {
        if (!str_ends(str_from(at->d_name), STR(".parquet")))
            continue;
        char path[800];
        struct stat st;
        snprintf(path, sizeof(path), "%s/%s", whole, at->d_name);
        int fd = open(path, O_RDWR);
        assert_true(fd >= 0 && fstat(fd, &st) == 0);
        char c;
        if (cut) {
            assert_int_equal(ftruncate(fd, st.st_size / 2), 0);
        } else {
            assert_int_equal(pread(fd, &c, 1, st.st_size / 4), 1);
            c ^= 0x10;
            assert_int_equal(pwrite(fd, &c, 1, st.st_size / 4), 1);
        }
        close(fd);
    }
    closedir(d);
}

static void damaged_parts_are_set_aside_and_the_rest_answers(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct store_check c;
    for (int i = 0; i < 4; i++)
        add_at(f, T0 + i * TICKS_PER_DAY, "x");
    seal(f, "Syslog");
    assert_true(workspace_check(f->w, f->a, false, &c, &e));
    assert_int_equal(c.parts, 4);
    assert_int_equal(c.n_damage, 0);
    log_setup(LOG_ERROR, open("/dev/null", O_WRONLY | O_CLOEXEC));
    damage(f, "2026/01/02", true);
    assert_ask(f, "Syslog | where SyslogMessage == 'x' | count", "3");
    assert_ask(f, "Operation | where OperationStatus == 'Error' | count", "1");
    damage(f, "2026/01/03", false);
    assert_true(workspace_check(f->w, f->a, false, &c, &e));
    assert_int_equal(c.parts, 3);
    assert_int_equal(c.n_damage, 1);
    assert_int_equal(c.quarantined, 1);
    assert_non_null(strstr(c.damage[0].reason.p, "is not what was written"));
    fixture_stop(f);
    fixture_start(f);
    damage(f, "2026/01/04", true);
    assert_ask(f, "Syslog | summarize count(), take_any(SyslogMessage)", "1|x");
    assert_int_equal(files_in(f, "quarantine"), 3);
    assert_int_equal(store_lake_sums(f->w).quarantined, 3);
    log_setup(LOG_ERROR, 2);
}

/* ---- queries while rows are sealed ---- */

struct busy {
    struct fixture *f;
    atomic_bool stop;
    atomic_int wrong, asked;
    _Atomic int64_t acknowledged;
};

static void *keep_asking(void *arg)
{
    struct busy *b = arg;
    while (!atomic_load(&b->stop)) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        struct err e = {0};
        struct kql_diags diags = {0};
        struct store_result r;
        struct store_query q = {.text = STR("Syslog | summarize count(), dcount(_ItemId, 4)")};
        int64_t before = atomic_load(&b->acknowledged);
        if (!workspace_query(b->f->w, a, &q, &r, &diags, &e)) {
            atomic_fetch_add(&b->wrong, 1);
            continue;
        }
        int64_t rows = engine_rows_get(r.rows[0], 0, 0).i;
        /* Never fewer than were acknowledged before; requests are whole. */
        if (rows < before || rows % 50 != 0 || rows > atomic_load(&b->acknowledged) + 50)
            atomic_fetch_add(&b->wrong, 1);
        atomic_fetch_add(&b->asked, 1);
        store_result_fini(&r);
    }
    return NULL;
}

static void queries_during_seals_see_each_row_once(void **state)
{
    struct fixture *f = *state;
    struct busy b = {.f = f};
    add_lines(f, "a", 50);
    atomic_store(&b.acknowledged, 50);
    pthread_t t;
    assert_int_equal(pthread_create(&t, NULL, keep_asking, &b), 0);
    for (int i = 0; i < 40; i++) {
        add_lines(f, "b", 50);
        atomic_fetch_add(&b.acknowledged, 50);
        struct err e = {0};
        if (i % 3 == 0)
            seal(f, "Syslog");
        if (i % 9 == 0)
            assert_true(workspace_compact(f->w, &e));
    }
    atomic_store(&b.stop, true);
    pthread_join(t, NULL);
    assert_int_equal(atomic_load(&b.wrong), 0);
    assert_true(atomic_load(&b.asked) > 0);
    assert_ask(f, "Syslog | summarize count(), dcount(_ItemId, 4)", "2050|2050");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sealed_rows_are_read_once, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(all_types_come_back, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(columns_that_come_later_are_empty_in_old_parts,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_part_has_one_day, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(only_parts_of_the_time_range_are_read, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(full_tables_are_sealed_by_themselves, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(answers_do_not_depend_on_where_rows_are, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_clock_that_went_back_hides_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(parts_of_a_day_are_merged, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_low_plan_bounds_queries_and_keeps_rows, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(old_parts_leave_queries_and_then_the_disk, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(damaged_parts_are_set_aside_and_the_rest_answers,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(queries_during_seals_see_each_row_once, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
