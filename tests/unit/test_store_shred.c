/* Members of dynamic columns that parts keep as columns of their own: no answer depends on it, and
 * the JSON need not be read for them. */
#include "lake_fixture.h"
#include "text/json.h"

static void define(struct fixture *f, const char *table)
{
    struct err e = {0};
    struct kql_column cols[] = {{STR("D"), KQL_DYNAMIC}, {STR("N"), KQL_LONG}};
    struct kql_schema schema = {cols, COUNTOF(cols)};
    if (!workspace_table_define(f->w, str_from(table), &schema, &e))
        fail_msg("%s", e.msg);
}

/* text NULL: the row has no document. */
static void add_doc(struct fixture *f, struct store_batch *b, const char *text, int64_t n)
{
    struct kql_value v = {.type = KQL_DYNAMIC, .s = str_from(text != NULL ? text : "")};
    v.is_null = text == NULL;
    store_batch_set(b, column_at(f, "Docs_CL", "D"), &v);
    v = (struct kql_value){.type = KQL_LONG, .i = n};
    store_batch_set(b, column_at(f, "Docs_CL", "N"), &v);
    store_batch_end_row(b);
}

static struct store_batch *batch_for(struct fixture *f, const char *table)
{
    struct kql_table t;
    assert_true(workspace_table_find(f->w, f->a, str_from(table), &t));
    return store_batch_new(&t);
}

static void append_docs(struct fixture *f, struct store_batch *b)
{
    struct err e = {0};
    if (!append_one(f, b, NULL, &e))
        fail_msg("append: %s", e.msg);
}

/* The shape of the newest part: "name type, …" of what it keeps beside D. */
static const char *kept(struct fixture *f)
{
    struct err e = {0};
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(1 << 16);
    struct kql_column col = {STR("v"), KQL_STRING};
    struct kql_schema schema = {&col, 1};
    struct engine_rows *rows = NULL;
    struct engine_conn *c = engine_conn_open(store_engine(f->store), &e);
    sbuf_addz(&sql, "SELECT coalesce(string_agg(name || ' ' || type, ', ' ORDER BY name), '') FROM "
                    "parquet_schema(");
    sql_text(&sql, arena_fmt(f->a, "%s/workspaces/%s/lake/Docs_CL/**/*.parquet", f->dir, WS_ID));
    sbuf_addz(&sql, ") WHERE contains(name, '.')");
    if (!engine_conn_query(c, sbuf_str(&sql), &schema, &rows, &e))
        fail_msg("%s", e.msg);
    const char *out = arena_str(f->a, engine_rows_get(rows, 0, 0).s).p;
    engine_rows_free(rows);
    engine_conn_close(c);
    return out;
}

static void frequent_members_are_kept_by_type(void **state)
{
    struct fixture *f = *state;
    define(f, "Docs_CL");
    struct store_batch *b = batch_for(f, "Docs_CL");
    for (int i = 0; i < 100; i++)
        add_doc(f, b,
                i % 10 == 0
                    ? NULL
                    : arena_fmt(f->a,
                                "{\"s\":\"t%d\",\"o\":{\"l\":%d,\"r\":%d.5,\"b\":%s},\"m\":%s,"
                                "\"a\":[1],\"S\":1%s}",
                                i, i, i, i % 2 == 0 ? "true" : "false", i % 3 == 0 ? "1" : "\"x\"",
                                i < 20 ? ",\"rare\":1" : "")
                          .p,
                i);
    append_docs(f, b);
    const char *query =
        "Docs_CL | where D.o.l >= 50 | summarize n = count(), s = max(tostring(D.s)), "
        "r = sum(todouble(D.o.r)), b = countif(tobool(D.o.b)), t = "
        "countif(D.m == 'x'), u = sum(toint(D.S)), w = countif(D['o']['l'] == 51)";
    const char *before = ask(f, query);
    assert_int_equal(seal(f, "Docs_CL"), 100);
    assert_string_equal(kept(f), "D.S INT64, D.m BYTE_ARRAY, D.o.b BOOLEAN, D.o.l INT64, D.o.r "
                                 "DOUBLE, D.s~2 BYTE_ARRAY");
    assert_ask(f, query, before);
    assert_ask(f, "Docs_CL | getschema | where ColumnName contains '.' | count", "0");
    assert_ask(f, "Docs_CL | take 1 | project p = bag_keys(pack_all()) | where p has 'o.l' | count",
               "0");
}

/* Where the file of the only part has the JSON text; and the part's path. */
static const char *json_in_file(struct fixture *f, int64_t *off, int64_t *bytes)
{
    struct err e = {0};
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(1 << 16);
    struct kql_column cols[] = {{STR("f"), KQL_STRING}, {STR("o"), KQL_LONG}, {STR("n"), KQL_LONG}};
    struct kql_schema schema = {cols, COUNTOF(cols)};
    struct engine_rows *rows = NULL;
    struct engine_conn *c = engine_conn_open(store_engine(f->store), &e);
    sbuf_addz(&sql, "SELECT file_name, coalesce(dictionary_page_offset, data_page_offset), "
                    "total_compressed_size FROM parquet_metadata(");
    sql_text(&sql, arena_fmt(f->a, "%s/workspaces/%s/lake/Docs_CL/**/*.parquet", f->dir, WS_ID));
    sbuf_addz(&sql, ") WHERE path_in_schema = 'D'");
    if (!engine_conn_query(c, sbuf_str(&sql), &schema, &rows, &e))
        fail_msg("%s", e.msg);
    assert_int_equal(engine_rows_count(rows), 1);
    const char *path = arena_str(f->a, engine_rows_get(rows, 0, 0).s).p;
    *off = engine_rows_get(rows, 0, 1).i;
    *bytes = engine_rows_get(rows, 0, 2).i;
    engine_rows_free(rows);
    engine_conn_close(c);
    return path;
}

/* The JSON text is broken, and nobody notices who asks for members. */
static void the_text_is_not_read_for_members(void **state)
{
    struct fixture *f = *state;
    define(f, "Docs_CL");
    struct store_batch *b = batch_for(f, "Docs_CL");
    for (int i = 0; i < 1000; i++)
        add_doc(f, b, arena_fmt(f->a, "{\"k\":\"v%d\",\"o\":{\"n\":%d}}", i % 7, i).p, i);
    append_docs(f, b);
    assert_int_equal(seal(f, "Docs_CL"), 1000);
    int64_t off = 0, bytes = 0;
    const char *path = json_in_file(f, &off, &bytes);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)off, SEEK_SET), 0);
    for (int64_t i = 0; i < bytes; i++)
        fputc(0xff, file);
    assert_int_equal(fclose(file), 0);
    assert_ask(f,
               "Docs_CL | where D.k == 'v3' and D.o.n < 500 | extend n = tolong(D.o.n) | summarize "
               "count(), sum(n), take_any(tostring(D['k']))",
               "71|17608|v3");
    assert_ask(f, "Docs_CL | summarize n = count() by k = tostring(D.k) | where k == 'v6'",
               "v6|142");
    assert_ask(f, "Docs_CL | project-rename E = D | project k = E.k, N | where k has 'v0' | count",
               "143");
    assert_ask(f, "Docs_CL | count", "1000");
    /* Whoever does read it finds the damage: the part is set aside. */
    assert_ask(f, "Docs_CL | summarize countif(tostring(D) has 'v3')", "0");
}

static void members_that_queries_read_are_kept(void **state)
{
    struct fixture *f = *state;
    define(f, "Docs_CL");
    for (int round = 0; round < 2; round++) {
        struct store_batch *b = batch_for(f, "Docs_CL");
        for (int i = 0; i < 100; i++)
            add_doc(f, b, i == 7 ? "{\"deep\":{\"er\":{\"rare\":\"here\"}}}" : "{\"n\":1}", i);
        append_docs(f, b);
        assert_int_equal(seal(f, "Docs_CL"), 100);
        assert_string_equal(
            kept(f), round == 0 ? "D.n INT64" : "D.deep.er.rare BYTE_ARRAY, D.n INT64, D.n INT64");
        assert_ask(f, "Docs_CL | where tostring(D.deep.er.rare) == 'here' | count",
                   round == 0 ? "1" : "2");
        fixture_stop(
            f); /* what was counted before the seal is there again, but not what was after */
        fixture_start(f);
        assert_ask(f, "Docs_CL | where D.deep.er.rare has 'here' | count", round == 0 ? "1" : "2");
    }
}

/* Answers are the same whether rows are hot, sealed, merged or some of each. */
static const char *const queries[] = {
    "Docs_CL | sort by N asc | project N, tostring(D.a), tostring(D.o.b), tostring(D['a b'].c)",
    "Docs_CL | project N, v = D.a, w = D.o.b, x = D.A, y = D.o, z = D.o.p.q | sort by N asc | "
    "project v, w, x, y, z",
    "Docs_CL | project N, v = tolong(D.a), w = tolong(D.o.b), x = toint(D.a) | sort by N asc | "
    "project v, w, x",
    "Docs_CL | project N, v = todouble(D.a), w = todouble(D.o.b), x = todecimal(D.a) | sort by N "
    "asc | project v, w, x",
    "Docs_CL | project N, v = tobool(D.a), w = tobool(D.o.b), x = todatetime(D.t), y = "
    "totimespan(D.t) | sort by N asc | project v, w, x, y",
    "Docs_CL | where D.a == 5 | summarize count(), sum(N)",
    "Docs_CL | where D.a == 'x5' or D.o.b == true | summarize count(), sum(N)",
    "Docs_CL | where D.a != 'x5' | summarize count(), sum(N)",
    "Docs_CL | where D.a > 3 and D.o.b < 1e3 | summarize count(), sum(N)",
    "Docs_CL | where D.a has 'x5' or D.o.b contains '7' | summarize count(), sum(N)",
    "Docs_CL | where tostring(D.a) in ('x5', '5', '', 'true') | summarize count(), sum(N)",
    "Docs_CL | top 7 by tolong(D.a) desc, N asc | project N, D.a",
    "Docs_CL | sort by tostring(D.o.b) asc, N desc | project N, D.o.b | take 30",
    "Docs_CL | make-series n = count(), m = max(tolong(D.a)) default = 0 on N from 0 to 600 step "
    "100 by k = tostring(D.o.b) | sort by k asc",
    "Docs_CL | where D.a == '' | summarize count(), sum(N)",
    "Docs_CL | where 'x3' == D.a or not(D.o.b == 'x1') | summarize count(), sum(N)",
    "Docs_CL | where tostring(D.a) in ('x5', '5', 'true', '[]') | summarize count(), sum(N)",
    "Docs_CL | where D.a in ('x5', '5') or D.o.b !in ('true', 'x4') | summarize count(), sum(N)",
    "Docs_CL | extend e = D.a == 'x2', i = tostring(D.a) in ('x2', 'x4') | summarize count() by e, "
    "i | sort by e asc, i asc",
    "Docs_CL | where isempty(D.a) | summarize count(), sum(N)",
    "Docs_CL | where isnull(D.o.b) and isnotnull(D.a) | summarize count(), sum(N)",
    "Docs_CL | extend t = gettype(D.a), u = gettype(D.o.b) | summarize n = count(), s = sum(N) by "
    "t, u | sort by t asc, u asc",
    "Docs_CL | summarize n = count(), s = sum(N) by k = tostring(D.a) | sort by k asc",
    "Docs_CL | summarize n = dcount(tostring(D.o.b)), m = max(tolong(D.a)), c = "
    "countif(D.o.b == false), arg_max(N, D.a)",
    "Docs_CL | extend o = D.o | where o.b == 5 | project N, b = tostring(o.b), p = o.p | sort by N "
    "asc | project b, p",
    "Docs_CL | sort by N desc | take 20 | project N, tostring(D.a), array_length(D.l), D.l[0]",
    "let x = toscalar(Docs_CL | summarize max(tolong(D.a))); Docs_CL | where tolong(D.a) == x | "
    "summarize count(), sum(N)",
    "Docs_CL | where tostring(D.a) in ((Docs_CL | where N < 50 | project tostring(D.a))) | count",
    "union Docs_CL, (Docs_CL | where D.a == 5) | summarize count(), sum(N), "
    "dcount(tostring(D.o.b))",
    "Docs_CL | join kind=inner (Docs_CL | project K = tostring(D.o.b), M = N) on "
    "$left.N == $right.M | summarize count(), dcount(K), countif(K == tostring(D.o.b))",
    "Docs_CL | project D.a, N, D | sort by N asc | project D",
};

/* Of the queries, over another table. */
static const char *all_answers(struct fixture *f, const char *table)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    for (size_t i = 0; i < COUNTOF(queries); i++) {
        AUTO(sbuf_fini) struct sbuf q = sbuf_make(0);
        const char *at = queries[i], *name;
        for (; (name = strstr(at, "Docs_CL")) != NULL; at = name + strlen("Docs_CL")) {
            sbuf_add(&q, (struct str){at, (size_t)(name - at)});
            sbuf_addz(&q, table);
        }
        sbuf_addz(&q, at);
        sbuf_addf(&b, "%s\n%s\n", queries[i], ask(f, arena_str(f->a, sbuf_str(&q)).p));
    }
    return arena_str(f->a, sbuf_str(&b)).p;
}

static uint32_t next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(*seed >> 33);
}

static const char *random_value(struct fixture *f, uint64_t *seed, int kind)
{
    static const char *const odd[] = {"null",
                                      "\"\"",
                                      "[]",
                                      "{}",
                                      "[1,{\"b\":2}]",
                                      "{\"b\":\"in\",\"p\":{\"q\":[null]}}",
                                      "9007199254740993",
                                      "-9223372036854775808",
                                      "18446744073709551616",
                                      "1e400",
                                      "-0.0",
                                      "-0",
                                      "1E5",
                                      "0.1",
                                      "1.50",
                                      "123456789.123456789012345",
                                      "\"\\u0000\\n\\\"\\\\\"",
                                      "\"\\u00e9\\ud83d\\ude00\"",
                                      "\"\\ud800 alone\"",
                                      "\"\xc3\xa9\"",
                                      "\"a\\/b\"",
                                      "\"5\"",
                                      "\" true \"",
                                      "\"2026-01-01T00:00:00Z\"",
                                      "\"NaN\"",
                                      "true",
                                      "false"};
    static const char *const longs[] = {"9007199254740993", "-9223372036854775808", "-1"};
    static const char *const texts[] = {"\"\"", "\"a\\nb\\\"\\\\\"", "\"\xc3\xa9\"", "\" 5\"",
                                        "\"2026-01-01T00:00:00Z\""};
    static const char *const reals[] = {"-0.0", "0.1", "1.7976931348623157e+308"};
    uint32_t n = next(seed) % 12;
    switch (kind) {
    case 0:
        return n < COUNTOF(longs) ? longs[n] : arena_fmt(f->a, "%u", n).p;
    case 1:
        return n < COUNTOF(texts) ? texts[n] : arena_fmt(f->a, "\"x%u\"", n % 10).p;
    case 2:
        return n % 2 == 0 ? "true" : "false";
    case 3:
        return n < COUNTOF(reals) ? reals[n] : arena_fmt(f->a, "%u.25", n).p;
    default:
        return odd[next(seed) % COUNTOF(odd)];
    }
}

/* kind: which values most have, pure: all that are under a and o.b; documents whose text is as odd
 * as JSON lets it be. */
static const char *random_doc(struct fixture *f, uint64_t *seed, int kind, bool pure)
{
    static const char *const keys[] = {"A", "b", "a b", "t", "l", "a.b", "", "a", "\\u0061", "o"};
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    uint32_t n = next(seed) % 5;
    if (next(seed) % 30 == 0)
        return NULL;
    if (next(seed) % 30 == 0)
        return random_value(f, seed, 4);
    sbuf_addz(&b, "{");
    if (next(seed) % 5 > 0)
        sbuf_addf(&b, "\"a\":%s,", random_value(f, seed, kind));
    if (next(seed) % 3 > 0)
        sbuf_addf(&b, "\"o\":{\"b\":%s,\"p\":{\"q\":%s}},", random_value(f, seed, kind),
                  random_value(f, seed, (kind + 1) % 5));
    for (uint32_t i = 0; i < n; i++)
        sbuf_addf(&b, "\"%s\":%s,", keys[next(seed) % (COUNTOF(keys) - (pure ? 3 : 0))],
                  random_value(f, seed, next(seed) % 2 == 0 ? kind : 4));
    if (b.n > 1)
        b.n--;
    sbuf_addz(&b, "}");
    return arena_str(f->a, sbuf_str(&b)).p;
}

enum { ROUNDS = 9, ROUND_ROWS = 80 };

/* The same documents in a table that is never sealed, and in one that is after each round. */
static void add_rounds(struct fixture *f)
{
    uint64_t seed = 20260101;
    for (int round = 0; round < ROUNDS; round++) {
        struct store_batch *docs = batch_for(f, "Docs_CL"), *hot = batch_for(f, "Hot_CL");
        for (int i = 0; i < ROUND_ROWS; i++) {
            int kind = i % 40 == 39 && round < 4 ? 4 : round % 5;
            const char *doc = random_doc(f, &seed, kind, round > 4);
            add_doc(f, docs, doc, round * ROUND_ROWS + i);
            add_doc(f, hot, doc, round * ROUND_ROWS + i);
        }
        append_docs(f, docs);
        append_docs(f, hot);
        if (round == 4) /* what is read is kept from now on */
            assert_string_equal(all_answers(f, "Docs_CL"), all_answers(f, "Hot_CL"));
        assert_int_equal(seal(f, "Docs_CL"), ROUND_ROWS);
    }
}

static void no_answer_depends_on_what_is_kept(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    define(f, "Docs_CL");
    define(f, "Hot_CL");
    add_rounds(f);
    /* Each type was met where the queries look. */
    const char *const types[] = {"D.o.b INT64", "D.o.b BYTE_ARRAY", "D.o.b BOOLEAN",
                                 "D.o.b DOUBLE"};
    for (size_t i = 0; i < COUNTOF(types); i++)
        assert_non_null(strstr(kept(f), types[i]));
    const char *late = "{\"a\":\"late\",\"o\":{\"b\":5}}";
    struct store_batch *docs = batch_for(f, "Docs_CL"), *hot = batch_for(f, "Hot_CL");
    add_doc(f, docs, late, ROUNDS * ROUND_ROWS);
    add_doc(f, hot, late, ROUNDS * ROUND_ROWS);
    append_docs(f, docs);
    append_docs(f, hot);
    const char *answers = all_answers(f, "Hot_CL");
    assert_string_equal(all_answers(f, "Docs_CL"), answers);
    assert_true(workspace_compact(f->w, &e));
    assert_string_equal(all_answers(f, "Docs_CL"), answers);
    fixture_stop(f);
    f->lake.shred_paths = -1; /* parts of both kinds */
    fixture_start(f);
    assert_int_equal(seal(f, "Docs_CL"), 1);
    assert_string_equal(all_answers(f, "Docs_CL"), answers);
    assert_true(strlen(kept(f)) > 0);
    assert_true(workspace_compact(f->w, &e));
    assert_string_equal(all_answers(f, "Docs_CL"), answers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(frequent_members_are_kept_by_type, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(the_text_is_not_read_for_members, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(members_that_queries_read_are_kept, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(no_answer_depends_on_what_is_kept, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
