/* Columns that get a wider type, over rows that are hot, sealed, merged, restarted and on their
 * way: answers are those over the same values in columns that had the type from the start. */
#include "kql/types.h"
#include "lake_fixture.h"

static void define(struct fixture *f, const char *table, struct kql_column *cols, size_t n)
{
    struct err e = {0};
    const struct kql_schema schema = {cols, n};
    if (!workspace_table_define(f->w, str_from(table), &schema, &e))
        fail_msg("%s: %s", table, e.msg);
}

static void widen(struct fixture *f, const char *table, const char *column, enum kql_type to)
{
    struct kql_column c = {str_from(column), to};
    define(f, table, &c, 1);
}

static const char *refused(struct fixture *f, const char *table, const char *column,
                           enum kql_type to)
{
    struct err e = {0};
    struct kql_column c = {str_from(column), to};
    const struct kql_schema schema = {&c, 1};
    assert_false(workspace_table_define(f->w, str_from(table), &schema, &e));
    assert_int_equal(e.code, ERR_CONFLICT);
    return arena_str(f->a, str_from(e.msg)).p;
}

static void add(struct fixture *f, const char *table, const char *column, struct kql_value v)
{
    struct err e = {0};
    struct kql_table t;
    assert_true(workspace_table_find(f->w, f->a, str_from(table), &t));
    struct store_batch *b = store_batch_new(&t);
    store_batch_set(b, column_at(f, table, column), &v);
    store_batch_end_row(b);
    if (!append_one(f, b, NULL, &e))
        fail_msg("append: %s", e.msg);
}

static struct kql_value text(const char *s)
{
    return (struct kql_value){.type = KQL_STRING, .s = str_from(s)};
}
static struct kql_value whole(enum kql_type t, int64_t i)
{
    return (struct kql_value){.type = t, .i = i};
}

static void restart(struct fixture *f)
{
    fixture_stop(f);
    fixture_start(f);
}

/* ---- each way, word for word ---- */

static void each_type_has_its_text(void **state)
{
    struct fixture *f = *state;
    static const struct {
        struct kql_value v;
        const char *text;
    } rows[] = {
        {{.type = KQL_INT, .i = -7}, "-7"},
        {{.type = KQL_LONG, .i = INT64_MAX}, "9223372036854775807"},
        {{.type = KQL_REAL, .d = 0.5}, "0.5"},
        {{.type = KQL_REAL, .d = 3}, "3.0"},
        {{.type = KQL_BOOL, .b = true}, "True"},
        {{.type = KQL_DATETIME, .i = T0}, "2026-01-01T00:00:00.0000000Z"},
        {{.type = KQL_DATETIME, .i = 0}, "0001-01-01T00:00:00.0000000Z"},
        {{.type = KQL_TIMESPAN, .i = 36000000000}, "01:00:00"},
        {{.type = KQL_GUID, .s = {WS_ID, 36}}, WS_ID},
    };
    struct kql_column cols[COUNTOF(rows)];
    const char *names[COUNTOF(rows)];
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        names[i] = arena_fmt(f->a, "X%zu", i).p;
        cols[i] = (struct kql_column){str_from(names[i]), rows[i].v.type};
    }
    for (int sealed = 0; sealed < 2; sealed++) {
        const char *table = sealed != 0 ? "Sealed_CL" : "Hot_CL";
        define(f, table, cols, COUNTOF(cols));
        for (size_t i = 0; i < COUNTOF(rows); i++)
            add(f, table, names[i], rows[i].v);
        if (sealed != 0)
            assert_int_equal(seal(f, table), COUNTOF(rows));
        for (size_t i = 0; i < COUNTOF(rows); i++)
            widen(f, table, names[i], KQL_STRING);
        add(f, table, names[0], text("new"));
    }
    for (int started = 0; started < 2; started++) {
        for (size_t i = 0; i < COUNTOF(rows); i++) {
            const char *query =
                arena_fmt(
                    f->a,
                    "union Hot_CL, Sealed_CL | where isnotempty(%s) | distinct %s | sort by %s asc",
                    names[i], names[i], names[i])
                    .p;
            const char *wanted = i > 0 ? rows[i].text : arena_fmt(f->a, "%s\nnew", rows[i].text).p;
            assert_ask(f, query, wanted);
        }
        restart(f);
    }
}

static void text_becomes_dynamic_as_it_is_ingested(void **state)
{
    struct fixture *f = *state;
    struct kql_column c = {STR("X"), KQL_STRING};
    define(f, "T_CL", &c, 1);
    static const char *const texts[] = {"{\"user\": \"e\\u0076a\", \"n\": [1, 2]}", "plain", "5",
                                        "[1 ,2]", "{broken"};
    for (size_t i = 0; i < COUNTOF(texts); i++)
        add(f, "T_CL", "X", text(texts[i]));
    assert_int_equal(seal(f, "T_CL"), 5);
    add(f, "T_CL", "X", text(" {\"user\": \"bob\"}"));
    widen(f, "T_CL", "X", KQL_DYNAMIC);
    assert_ask(
        f, "T_CL | sort by ingestion_time() asc | project X",
        "{\"user\":\"eva\",\"n\":[1,2]}\n\"plain\"\n\"5\"\n[1,2]\n\"{broken\"\n{\"user\":\"bob\"}");
    /* The part's index of terms has the text with its escape. */
    assert_ask(f, "T_CL | where X.user == 'eva' | count", "1");
    assert_ask(f, "T_CL | where X has 'eva' | count", "1");
    assert_ask(f, "T_CL | where X.user in ('bob', 'eva') | summarize sum(tolong(X.n[1])), count()",
               "2|2");
}

/* 5 was "5.0" while the column was real, whether it was sealed before or not. */
static void a_type_in_between_is_passed(void **state)
{
    struct fixture *f = *state;
    struct kql_column c = {STR("X"), KQL_INT};
    define(f, "T_CL", &c, 1);
    add(f, "T_CL", "X", whole(KQL_INT, 5));
    assert_int_equal(seal(f, "T_CL"), 1);
    add(f, "T_CL", "X", whole(KQL_INT, 5));
    widen(f, "T_CL", "X", KQL_LONG);
    widen(f, "T_CL", "X", KQL_REAL);
    assert_ask(f, "T_CL | where X == 5 | summarize count(), sum(X)", "2|10");
    restart(f);
    widen(f, "T_CL", "X", KQL_STRING);
    assert_ask(f, "T_CL | distinct X", "5.0");
    restart(f);
    widen(f, "T_CL", "X", KQL_DYNAMIC);
    assert_ask(f, "T_CL | summarize count() by tostring(X)", "5.0|2");
}

static void what_would_lose_values_is_refused(void **state)
{
    struct fixture *f = *state;
    struct kql_column c[] = {{STR("S"), KQL_STRING},
                             {STR("R"), KQL_REAL},
                             {STR("D"), KQL_DYNAMIC},
                             {STR("L"), KQL_LONG}};
    define(f, "T_CL", c, COUNTOF(c));
    assert_string_equal(
        refused(f, "T_CL", "S", KQL_LONG),
        "column 'S' of table 'T_CL' is string; its type can't become long, since no "
        "value may be lost: it can become dynamic");
    assert_string_equal(refused(f, "T_CL", "R", KQL_LONG),
                        "column 'R' of table 'T_CL' is real; its type can't become long, since no "
                        "value may be lost: it can become string");
    assert_string_equal(
        refused(f, "T_CL", "D", KQL_STRING),
        "column 'D' of table 'T_CL' is dynamic; its type can't become string, since "
        "no value may be lost: it can become nothing else");
    assert_string_equal(refused(f, "T_CL", "L", KQL_DATETIME),
                        "column 'L' of table 'T_CL' is long; its type can't become datetime, since "
                        "no value may be lost: it can become real, string");
    assert_string_equal(refused(f, "T_CL", "TimeGenerated", KQL_STRING),
                        "column 'TimeGenerated' of table 'T_CL' is datetime; only own columns of "
                        "custom tables (_CL) can get another type");
    assert_non_null(
        strstr(refused(f, "AzureDiagnostics", "Category", KQL_DYNAMIC), "custom tables"));
}

static void a_clustering_key_stays_sortable(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct kql_column c = {STR("K"), KQL_LONG};
    define(f, "T_CL", &c, 1);
    assert_true(workspace_cluster_set(f->w, STR("T_CL"), STR("K"), &e));
    for (int i = 0; i < 20; i++)
        add(f, "T_CL", "K", whole(KQL_LONG, i));
    assert_int_equal(seal(f, "T_CL"), 20);
    widen(f, "T_CL", "K", KQL_STRING);
    add(f, "T_CL", "K", text("x"));
    assert_int_equal(seal(f, "T_CL"), 1);
    assert_true(workspace_compact(f->w, &e));
    assert_ask(f, "T_CL | where K in ('7', 'x') | count", "2");
    assert_string_equal(
        refused(f, "T_CL", "K", KQL_DYNAMIC),
        "column 'K' is the clustering key of table 'T_CL' and can't become dynamic: "
        "take clusterBy away first");
}

/* ---- batches that were begun before ---- */

static void batches_of_the_old_type_are_stored(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct kql_table t;
    struct kql_column c[] = {
        {STR("X"), KQL_LONG}, {STR("Y"), KQL_BOOL}, {STR("Timestamp"), KQL_DATETIME}};
    define(f, "T_CL", c, COUNTOF(c));
    assert_true(workspace_table_find(f->w, f->a, STR("T_CL"), &t));
    add(f, "T_CL", "X", whole(KQL_LONG, 1));
    struct store_batch *b = store_batch_new(&t);
    const struct kql_value x = whole(KQL_LONG, 2), y = {.type = KQL_BOOL, .b = true};
    store_batch_set(b, column_at(f, "T_CL", "X"), &x);
    store_batch_set(b, column_at(f, "T_CL", "Y"), &y); /* of which nothing is stored yet */
    store_batch_end_row(b);
    widen(f, "T_CL", "X", KQL_REAL);
    widen(f, "T_CL", "X", KQL_STRING);
    widen(f, "T_CL", "Y", KQL_STRING);
    widen(f, "T_CL", "Timestamp", KQL_STRING);
    if (!append_one(f, b, NULL, &e))
        fail_msg("append: %s", e.msg);
    assert_ask(f, "T_CL | sort by ingestion_time() asc | project X, Y", "1.0|\n2.0|True");
    assert_int_equal(seal(f, "T_CL"), 2);
    restart(f);
    assert_ask(f,
               "T_CL | where Y == 'True' and X has '2' | summarize count(), max(strlen(Timestamp))",
               "1|28");
}

/* ---- random histories ---- */

struct history {
    struct fixture *f;
    uint64_t seed;
    struct kql_value rows[4000][6];
    size_t n;
    enum kql_type types[6];
};
enum { WIDTH = 6 };
static const char *const names[WIDTH] = {"A", "B", "C", "D", "E", "F"};
static const enum kql_type starts[] = {KQL_INT,      KQL_LONG,     KQL_REAL, KQL_BOOL,
                                       KQL_DATETIME, KQL_TIMESPAN, KQL_GUID, KQL_STRING};

static size_t dice(struct history *h, size_t n)
{
    h->seed = h->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)(h->seed >> 33) % n;
}

static struct kql_value random_value(struct history *h, enum kql_type t)
{
    static const char *const texts[] = {"",
                                        "eva",
                                        "42",
                                        "5.0",
                                        "True",
                                        "{\"user\":\"eva\",\"n\":42}",
                                        "[\"eva\",42]",
                                        "host-42.contoso.com",
                                        "{\"user\":{\"x\":\"True\"}}"};
    static const double reals[] = {0, -1.5, 42, 1e20, 0.1, 5};
    struct kql_value v = {.type = t};
    v.is_null = t != KQL_STRING && dice(h, 8) == 0;
    v.i = t == KQL_INT || dice(h, 2) == 0 ? (int64_t)dice(h, 50) - 5 : INT64_C(1) << dice(h, 50);
    v.b = dice(h, 2) != 0;
    v.d = reals[dice(h, COUNTOF(reals))];
    if (t == KQL_DATETIME)
        v.i = T0 + (int64_t)dice(h, 100) * TICKS_PER_HOUR;
    if (t == KQL_GUID)
        v.s = dice(h, 2) != 0 ? STR(WS_ID) : STR("00000000-0000-0000-0000-000000000042");
    if (t == KQL_STRING)
        v.s = str_from(texts[dice(h, COUNTOF(texts))]);
    if (t == KQL_DYNAMIC)
        v = kql_value_widen(
            h->f->a,
            &(struct kql_value){.type = KQL_STRING, .s = str_from(texts[dice(h, COUNTOF(texts))])},
            0, KQL_DYNAMIC);
    return v;
}

static void set_row(struct history *h, struct store_batch *b, const char *table, size_t row)
{
    struct kql_value id = whole(KQL_LONG, (int64_t)row);
    struct kql_value time = whole(KQL_DATETIME, T0 + (int64_t)(row % 3) * TICKS_PER_DAY);
    store_batch_set(b, column_at(h->f, table, "Id"), &id);
    store_batch_set(b, column_at(h->f, table, "TimeGenerated"), &time);
    for (size_t k = 0; k < WIDTH; k++)
        store_batch_set(b, column_at(h->f, table, names[k]), &h->rows[row][k]);
    store_batch_end_row(b);
}

static void put_rows(struct history *h, const char *table, size_t from)
{
    struct err e = {0};
    struct kql_table t;
    assert_true(workspace_table_find(h->f->w, h->f->a, str_from(table), &t));
    struct store_batch *b = store_batch_new(&t);
    for (size_t i = from; i < h->n; i++)
        set_row(h, b, table, i);
    if (!append_one(h->f, b, NULL, &e))
        fail_msg("append: %s", e.msg);
}

static void more_rows(struct history *h)
{
    size_t from = h->n;
    for (size_t n = 1 + dice(h, 40); n > 0 && h->n < COUNTOF(h->rows); n--, h->n++)
        for (size_t k = 0; k < WIDTH; k++)
            h->rows[h->n][k] = random_value(h, h->types[k]);
    put_rows(h, "Old_CL", from);
}

static void widen_one(struct history *h)
{
    size_t k = dice(h, WIDTH);
    enum kql_type to = (enum kql_type)(1 + dice(h, KQL_N_TYPES - 1));
    if (!kql_type_widens(h->types[k], to))
        return;
    widen(h->f, "Old_CL", names[k], to);
    for (size_t i = 0; i < h->n; i++)
        h->rows[i][k] = kql_value_widen(h->f->a, &h->rows[i][k], 0, to);
    h->types[k] = to;
}

static void step(struct history *h)
{
    struct err e = {0};
    switch (dice(h, 8)) {
    case 0:
        (void)seal(h->f, "Old_CL");
        return;
    case 1:
        assert_true(workspace_compact(h->f->w, &e));
        return;
    case 2:
        restart(h->f);
        return;
    case 3:
    case 4:
    case 5:
        widen_one(h);
        return;
    default:
        more_rows(h);
    }
}

/* What is asked of a column, by its type. */
static const char *const for_numbers[] = {"where {} > 4 | count",
                                          "summarize min({}), max({}), count()",
                                          "where {} in (42, 5) | summarize count(), max(Id)"};
static const char *const for_texts[] = {"where {} has '42' | summarize count(), sum(Id)",
                                        "where {} == '42' | count",
                                        "where {} == '5.0' | count",
                                        "where {} startswith 'e' | count",
                                        "where {} in ('True', 'eva', '-1') | count",
                                        "where isempty({}) | count",
                                        "where {} contains '00' | count",
                                        "summarize count() by {} | sort by {} asc",
                                        "where {} has_any ('eva', '2026', '00') | count"};
static const char *const for_dynamics[] = {
    "where {}.user == 'eva' | summarize count(), sum(tolong({}.n))",
    "where {} has 'eva' | count",
    "where tostring({}) == '42' | count",
    "where {}[0] == 'eva' | count",
    "summarize count() by X = tostring({}.user) | sort by X asc",
    "where isnull({}) | count",
    "where {}.user.x == 'True' | count"};
static const char *const for_all[] = {"project Id, {} | sort by Id asc",
                                      "where isnotempty(tostring({})) | count",
                                      "where tostring({}) has 'True' | count",
                                      "summarize count() by X = tostring({}) | sort by X asc"};

static const char *query_of(struct history *h, const char *table, const char *pattern,
                            const char *column)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    sbuf_addf(&b, "%s | ", table);
    for (const char *p = pattern; *p != '\0'; p++) {
        if (p[0] == '{' && p[1] == '}') {
            sbuf_addz(&b, column);
            p++;
        } else {
            sbuf_addc(&b, *p);
        }
    }
    return arena_str(h->f->a, sbuf_str(&b)).p;
}

static void compare(struct history *h, const char *const *patterns, size_t n, const char *column)
{
    for (size_t i = 0; i < n; i++) {
        const char *old = query_of(h, "Old_CL", patterns[i], column);
        const char *was = ask(h->f, old),
                   *wanted = ask(h->f, query_of(h, "New_CL", patterns[i], column));
        if (strcmp(was, wanted) != 0)
            fail_msg("%s: %s\nwanted: %s", old, was, wanted);
    }
}

static void compare_all(struct history *h)
{
    struct kql_column cols[WIDTH + 1] = {{STR("Id"), KQL_LONG}};
    for (size_t k = 0; k < WIDTH; k++)
        cols[k + 1] = (struct kql_column){str_from(names[k]), h->types[k]};
    define(h->f, "New_CL", cols, COUNTOF(cols));
    put_rows(h, "New_CL", 0);
    for (size_t k = 0; k < WIDTH; k++) {
        enum kql_type t = h->types[k];
        compare(h, for_all, COUNTOF(for_all), names[k]);
        if (t == KQL_INT || t == KQL_LONG || t == KQL_REAL)
            compare(h, for_numbers, COUNTOF(for_numbers), names[k]);
        if (t == KQL_STRING)
            compare(h, for_texts, COUNTOF(for_texts), names[k]);
        if (t == KQL_DYNAMIC)
            compare(h, for_dynamics, COUNTOF(for_dynamics), names[k]);
    }
}

static void run_history(struct fixture *f, uint64_t seed)
{
    struct history *h = arena_new_of(f->a, struct history);
    struct err e = {0};
    struct kql_column cols[WIDTH + 1] = {{STR("Id"), KQL_LONG}};
    *h = (struct history){.f = f, .seed = seed};
    for (size_t k = 0; k < WIDTH; k++) {
        h->types[k] = starts[dice(h, COUNTOF(starts))];
        cols[k + 1] = (struct kql_column){str_from(names[k]), h->types[k]};
    }
    define(f, "Old_CL", cols, COUNTOF(cols));
    for (int i = 0; i < 40; i++)
        step(h);
    more_rows(h);
    compare_all(h);
    (void)seal(f, "Old_CL");
    assert_true(workspace_compact(f->w, &e)); /* all of the new type now */
    compare(h, for_all, COUNTOF(for_all), names[0]);
    assert_true(workspace_table_drop(f->w, STR("Old_CL"), &e));
    assert_true(workspace_table_drop(f->w, STR("New_CL"), &e));
}

static void answers_are_those_of_the_wide_type(void **state)
{
    const char *seed = getenv("WIDEN_SEED"), *rounds = getenv("WIDEN_ROUNDS");
    uint64_t first = seed != NULL ? strtoull(seed, NULL, 10) : 1;
    uint64_t n = rounds != NULL ? strtoull(rounds, NULL, 10) : 1;
    for (uint64_t i = 0; i < n; i++) {
        print_message("seed %llu\n", (unsigned long long)(first + i));
        run_history(*state, first + i);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_type_has_its_text),
        TEST(text_becomes_dynamic_as_it_is_ingested),
        TEST(a_type_in_between_is_passed),
        TEST(what_would_lose_values_is_refused),
        TEST(a_clustering_key_stays_sortable),
        TEST(batches_of_the_old_type_are_stored),
        TEST(answers_are_those_of_the_wide_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
