/* Transformations: what of KQL they may use, what a batch of records becomes, and which errors are
 * whose. */
#include "store_fixture.h"

#include "ingest/transform.h"

struct own {
    struct fixture *f;
    struct ingest *in;
};

static int setup(void **state)
{
    struct own *o = xcalloc(1, sizeof(*o));
    void *inner = NULL;
    fixture_setup(&inner);
    o->f = inner;
    struct ingest_options options = {.store = o->f->store, .clock = o->f->clock};
    o->in = ingest_open(&options);
    *state = o;
    return 0;
}

static int teardown(void **state)
{
    struct own *o = *state;
    void *inner = o->f;
    ingest_close(o->in);
    fixture_teardown(&inner);
    xfree(o);
    return 0;
}

static struct kql_column columns[] = {
    {{"time", 4}, KQL_DATETIME}, {{"level", 5}, KQL_INT},   {{"msg", 3}, KQL_STRING},
    {{"props", 5}, KQL_DYNAMIC}, {{"ratio", 5}, KQL_REAL},  {{"size", 4}, KQL_LONG},
    {{"ok", 2}, KQL_BOOL},       {{"@tag", 4}, KQL_STRING},
};
static const struct kql_schema schema = {columns, COUNTOF(columns)};

static const struct {
    const char *query;
    const char *expected; /* part of "line:column message", or "" for a good one */
} subset[] = {
    {"source", ""},
    {"source | where level > 3", ""},
    {"source | extend TimeGenerated = now() | project-away props", ""},
    {"source | project TimeGenerated = todatetime(['time']), tag = ['@tag']", ""},
    {"source | project-rename message = msg | project-keep message | project-reorder message", ""},
    {"source | parse msg with 'a=' a:long ' b=' b | extend c = a + 1", ""},
    {"source | parse-where msg with 'a=' a", ""},
    {"source | parse-kv msg as (a:long, b:string) with (pair_delimiter=' ', kv_delimiter='=')", ""},
    {"let least = 3; let f = (x:long) { x * 2 }; source | where f(level) > least", ""},
    {"let t = source | where ok; t | extend x = tostring(props.a['b'][0])", ""},
    {"source | where msg in (datatable(m:string)['a', 'b'])", ""},
    {"source | where false", ""},
    {"source | extend x = iff(level > 3, 'high', case(ok, 'a', 'b')), y = extract('a(b)', 1, msg)",
     ""},
    {"source | summarize count() by level", "1:10 summarize can't be used"},
    {"source\n| where level > 3\n| join kind=inner (source) on msg", "3:3 join can't be used"},
    {"source | union source", "1:10 union can't be used"},
    {"source | sort by level", "1:10 sort can't be used"},
    {"source | top 1 by level", "1:10 top can't be used"},
    {"source | take 1", "1:10 take can't be used"},
    {"source | distinct msg", "1:10 distinct can't be used"},
    {"source | mv-expand props", "1:10 mv-expand can't be used"},
    {"source | lookup source on msg", "1:10 lookup can't be used"},
    {"source | evaluate bag_unpack(props)", "1:10 evaluate can't be used"},
    {"source | serialize", "1:10 serialize can't be used"},
    {"source | extend n = toscalar(source | project level)", "1:21 toscalar can't be used"},
    {"workspace('x').Syslog", "workspace can't be used"},
    {"table('Syslog')", "table can't be used"},
    {"externaldata(a:string)['https://x/y']", "externaldata can't be used"},
    {"set notruncation; source", "set can't be used"},
    {"source | where msg in (source | project msg)", "source can't be read a second time"},
    {"let all = source | project msg; source | where msg in (all)", "can't be read a second time"},
    {"print TimeGenerated = now(), x = 2 + 2 | extend y = exp2(x) | where y > 3", ""},
    {"source | extend x = parse_cef_dictionary(msg)['Extension'], y = geo_location('1.0.0.5')", ""},
    {"source | where msg in ((print x = 'a'))", ""},
    {"source | extend x = parse_cef_dictionary(level, 1)", "takes 1 argument, not 2"},
    {"datatable(a:long)[1]", "begins with source"},
    {"Syslog | where true", "1:1 "},
    {"source | where nope > 3", "1:16 "},
    {"source | wher level > 3", "1:10 "},
    {"source; source", "one table, not 2"},
    {"source | parse msg with a ' ' b ' ' c ' ' d ' ' e ' ' f ' ' g ' ' h ' ' i ' ' j ' ' k",
     "1:10 parse gives 11 columns"},
};

static void what_of_kql_they_may_use(void **state)
{
    struct own *o = *state;
    for (size_t i = 0; i < COUNTOF(subset); i++) {
        struct ingest_transform t = {str_from(subset[i].query), &schema};
        struct kql_schema out = {0};
        struct err e = {0};
        bool good = ingest_transform_check(o->f->a, &t, T0, &out, &e);
        char told[600] = "";
        if (!good)
            snprintf(told, sizeof(told), "%u:%u %s", e.pos.line, e.pos.col, e.msg);
        bool as_expected =
            subset[i].expected[0] == '\0' ? good : strstr(told, subset[i].expected) != NULL;
        if (!as_expected)
            fail_msg("%s: '%s', not '%s'", subset[i].query, told, subset[i].expected);
    }
}

static struct ingest_transformed run(struct own *o, const char *query, const char *body,
                                     struct err *e)
{
    struct ingest_transform t = {str_from(query), &schema};
    struct kql_schema out = {0};
    assert_true(ingest_transform_check(o->f->a, &t, T0, &out, e));
    struct ingest_request r = {.workspace = o->f->w, .body = str_from(body)};
    struct ingest_transformed x;
    (void)!ingest_transform_run(o->in, o->f->a, &t, &r, &x, e);
    return x;
}

static void records_become_rows(void **state)
{
    struct own *o = *state;
    struct err e = {0};
    struct ingest_transformed x = run(
        o,
        "source | where level >= 2 | project time, level, m = toupper(msg), props, ratio, size, "
        "ok, tag = ['@tag'], b = tostring(props.a[1])",
        "[{\"level\":1,\"msg\":\"low\"},"
        "{\"time\":\"2026-01-01T00:00:01.1234567Z\",\"level\":2,\"msg\":\"\\u00e9 \\\"x\\\"\","
        "\"props\":{\"a\":[1,\"z\"]},\"ratio\":0.5,\"size\":9007199254740993,\"ok\":true,"
        "\"@tag\":\"t\"},"
        "{\"level\":\"many\",\"msg\":\"x\"}, 7, {\"level\":\"3\",\"more\":1}]",
        &e);
    assert_int_equal(e.code, ERR_OK);
    assert_string_equal(
        sbuf_str(&x.body).p,
        "[{\"time\":\"2026-01-01T00:00:01.1234567Z\",\"level\":2,\"m\":\"\xc3\x89 \\\"X\\\"\","
        "\"props\":{\"a\":[1,\"z\"]},\"ratio\":0.5,\"size\":9007199254740993,\"ok\":true,"
        "\"tag\":\"t\",\"b\":\"z\"},{\"level\":3}]");
    assert_int_equal(x.read, 5);
    assert_int_equal(x.given, 2);
    assert_int_equal(x.nulled, 1);
    assert_int_equal(x.dropped, 1);
    assert_int_equal(x.n_rejects, 1);
    assert_int_equal(x.rejects[0].index, 3);
    sbuf_fini(&x.body);
}

static void errors_are_the_senders_or_the_querys(void **state)
{
    struct own *o = *state;
    struct err e = {0};
    struct ingest_transformed x = run(o, "source", "[{\"level\":1},{\"level\":", &e);
    assert_int_equal(e.code, ERR_SYNTAX);
    assert_string_not_equal(e.kind, INGEST_TRANSFORM_FAILED);
    sbuf_fini(&x.body);
    e = (struct err){0};
    x = run(o, "source | extend a = strlen(strrep(strrep(strrep(msg, 1024), 1024), 1024))",
            "[{\"msg\":\"abcd\"}]", &e);
    assert_string_equal(e.kind, INGEST_TRANSFORM_FAILED);
    sbuf_fini(&x.body);
    e = (struct err){0};
    x = run(o, "source | extend a = strrep(strrep(msg, 1024), 1024)",
            "[{\"msg\":\"abcd\"},{\"msg\":\"abcd\"},{\"msg\":\"abcd\"}]", &e);
    assert_string_equal(e.kind, INGEST_TRANSFORM_FAILED);
    assert_non_null(strstr(e.msg, "bytes"));
    sbuf_fini(&x.body);
}

static void a_failed_ones_records_are_dead_letters(void **state)
{
    struct own *o = *state;
    struct ingest_request r = {.workspace = o->f->w, .body = STR("[{\"a\":1}, {\"a\":2}]")};
    struct err why = {.code = ERR_LIMIT};
    size_t n = 0;
    struct ingest_reject *all = ingest_transform_rejects(o->in, o->f->a, &r, &why, &n);
    assert_int_equal(n, 2);
    assert_true(str_eqz(all[1].raw, "{\"a\":2}"));
    assert_int_equal(all[1].index, 1);
}

static void a_flow_counts_what_was_sent(void **state)
{
    struct own *o = *state;
    struct err e = {0};
    struct ingest_request r = {.workspace = o->f->w,
                               .stream = STR("Custom-In"),
                               .source = STR("test"),
                               .client_request_id = STR("one"),
                               .body = STR("[{\"Computer\":\"a\"}]")};
    r.flow = (struct ingest_flow){.output = STR("Microsoft-Syslog"),
                                  .name = STR("dcr-1/0"),
                                  .sent = STR("[{\"c\":\"a\"},{\"c\":\"b\"}]"),
                                  .read = 2,
                                  .filtered = 1};
    struct ingest_result out;
    assert_true(ingest_logs(o->in, &r, &out, &e));
    assert_int_equal(out.received, 2);
    assert_int_equal(out.stored, 1);
    assert_int_equal(out.filtered, 1);
    /* Again, though now() or the like made other rows of it. */
    r.body = STR("[{\"Computer\":\"c\"}]");
    assert_true(ingest_logs(o->in, &r, &out, &e));
    assert_true(out.duplicate);
    assert_int_equal(out.received, 2);
    assert_int_equal(out.rejected, 2);
    /* The other flow of the same rule. */
    r.flow.name = STR("dcr-1/1");
    assert_true(ingest_logs(o->in, &r, &out, &e));
    assert_false(out.duplicate);
    assert_look(o->f, "Syslog", "string_agg({Computer}, ',' ORDER BY {Computer})", "a,c");
    assert_look(o->f, "VedetteIngestion", "sum({Received}) - sum({Stored}) - sum({Rejected})", "2");
    assert_look(o->f, "VedetteIngestion", "sum({Filtered})", "2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_of_kql_they_may_use, setup, teardown),
        cmocka_unit_test_setup_teardown(records_become_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(errors_are_the_senders_or_the_querys, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failed_ones_records_are_dead_letters, setup, teardown),
        cmocka_unit_test_setup_teardown(a_flow_counts_what_was_sent, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
