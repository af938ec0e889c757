/* ingest_logs end to end: streams, limits, dead letters, deduplication, and the sum received =
 * stored + rejected. */
#include "store_fixture.h"

#include "ingest/ingest.h"

struct ingest_fixture {
    struct fixture *f;
    struct ingest *in;
};

static int setup(void **state)
{
    struct ingest_fixture *x = xcalloc(1, sizeof(*x));
    void *inner = NULL;
    fixture_setup(&inner);
    x->f = inner;
    struct ingest_options o = {.store = x->f->store, .clock = x->f->clock};
    x->in = ingest_open(&o);
    *state = x;
    return 0;
}

static int teardown(void **state)
{
    struct ingest_fixture *x = *state;
    void *inner = x->f;
    ingest_close(x->in);
    fixture_teardown(&inner);
    xfree(x);
    return 0;
}

static bool send(struct ingest_fixture *x, const char *stream, struct str body,
                 enum ingest_format format, struct ingest_result *out, struct err *e)
{
    struct ingest_request r = {
        .workspace = x->f->w, .stream = str_from(stream), .format = format, .body = body};
    r.source = STR("test");
    r.create_table = format != INGEST_JSON;
    return ingest_logs(x->in, &r, out, e);
}

/* Sums of all counts; received must be stored + rejected in each of them. */
static struct store_count sums(struct ingest_fixture *x)
{
    struct store_count *c, sum = {0};
    size_t n = store_counts(x->f->w, x->f->a, &c);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(c[i].received, c[i].stored + c[i].rejected + c[i].filtered);
        sum.received += c[i].received;
        sum.stored += c[i].stored;
        sum.rejected += c[i].rejected;
        sum.nulled += c[i].nulled;
        sum.dropped += c[i].dropped;
        sum.truncated += c[i].truncated;
        sum.times_replaced += c[i].times_replaced;
    }
    return sum;
}

#define SEND_OK(x, stream, text)                                                                   \
    do {                                                                                           \
        struct err send_e = {0};                                                                   \
        struct ingest_result send_r;                                                               \
        if (!send((x), (stream), STR(text), INGEST_JSON, &send_r, &send_e))                        \
            fail_msg("%s", send_e.msg);                                                            \
    } while (0)
#define SEND_FAILS(x, stream, body, expected)                                                      \
    do {                                                                                           \
        struct err send_e = {0};                                                                   \
        struct ingest_result send_r;                                                               \
        assert_false(send((x), (stream), (body), INGEST_JSON, &send_r, &send_e));                  \
        if (send_e.code != (expected))                                                             \
            fail_msg("%s: %s", err_code_name(send_e.code), send_e.msg);                            \
    } while (0)

static void typed_columns(void **state)
{
    struct ingest_fixture *x = *state;
    SEND_OK(x, "Microsoft-SecurityEvent",
            "[{\"TimeGenerated\":\"2025-12-31T23:00:00.1234567Z\",\"EventID\":\"4624\","
            "\"Computer\":\"dc1\","
            "\"Account\":\"CORP\\\\anna\",\"TenantId\":\"someone "
            "else\",\"Type\":\"Nonsense\",\"NoSuch\":1},"
            "{\"EventID\":\"not a number\",\"Computer\":7}]");
    assert_look(x->f, "SecurityEvent", "count(*)", "2");
    assert_look(x->f, "SecurityEvent", "max({EventID})", "4624");
    assert_look(x->f, "SecurityEvent", "count(*) FILTER ({EventID} IS NULL)", "1");
    assert_look(x->f, "SecurityEvent", "max({Account})", "CORP\\anna");
    assert_look(x->f, "SecurityEvent", "max({TenantId} || {Type})", WS_ID "SecurityEvent");
    assert_look(x->f, "SecurityEvent", "min({TimeGenerated}) % 10000000", "1234567");
    struct store_count s = sums(x);
    assert_int_equal(s.stored, 2);
    assert_int_equal(s.nulled, 1);
    assert_int_equal(s.dropped, 1);
    assert_int_equal(s.times_replaced, 1);
}

static void times_out_of_bounds_become_the_time_of_receipt(void **state)
{
    struct ingest_fixture *x = *state;
    SEND_OK(x, "Microsoft-Syslog",
            "[{\"TimeGenerated\":\"2025-12-29T23:59:59Z\",\"Computer\":\"old\"},"
            "{\"TimeGenerated\":\"2025-12-30T00:00:01Z\",\"Computer\":\"kept\"},"
            "{\"TimeGenerated\":\"2026-01-02T00:00:01Z\",\"Computer\":\"future\"},"
            "{\"TimeGenerated\":\"0001-01-01T00:00:00Z\",\"Computer\":\"ancient\"},"
            "{\"TimeGenerated\":\"soon\",\"Computer\":\"words\"}]");
    assert_look(x->f, "Syslog",
                "string_agg({Computer}, ',') FILTER ({TimeGenerated} <> {_TimeReceived})", "kept");
    assert_int_equal(sums(x).times_replaced, 4);
}

static void streams(void **state)
{
    struct ingest_fixture *x = *state;
    SEND_FAILS(x, "Microsoft-NoSuchTable", STR("[]"), ERR_NOT_FOUND);
    SEND_FAILS(x, "Custom-Absent_CL", STR("[{}]"), ERR_NOT_FOUND);
    SEND_FAILS(x, "Syslog", STR("[{}]"), ERR_NOT_FOUND);
    SEND_FAILS(x, "Microsoft-VedetteIngestion", STR("[{}]"), ERR_NOT_FOUND);
    struct err e = {0};
    struct ingest_request r = {
        .workspace = x->f->w, .stream = STR("Microsoft-SignInLogs"), .body = STR("[]")};
    struct ingest_result out;
    assert_false(ingest_logs(x->in, &r, &out, &e));
    assert_string_equal(e.hint, "did you mean 'Microsoft-SigninLogs'?");
    char id[INGEST_DCR_BYTES];
    ingest_dcr_id(x->f->w, id);
    assert_string_equal(id, "dcr-11111111222243338444555555555555");
    assert_ptr_equal(ingest_dcr_find(x->in, str_from(id)), x->f->w);
    assert_null(ingest_dcr_find(x->in, STR("dcr-00000000222243338444555555555555")));
    assert_null(ingest_dcr_find(x->in, STR("dcr-")));
    struct store_count s = sums(x);
    assert_int_equal(s.received, 5);
    assert_int_equal(s.rejected, 5);
}

static void malformed_bodies_store_nothing(void **state)
{
    struct ingest_fixture *x = *state;
    static const char *const bodies[] = {
        "",
        "[",
        "hello",
        "[{\"Computer\":\"a\"}",
        "[{\"Computer\":\"a\"},]",
        "[{\"Computer\":\"a\"}] x",
        "[{\"Computer\":\"a\"} {\"Computer\":\"b\"}]",
        "[{\"Computer\":\"\xff\xfe\"}]",
        "[{\"Computer\":\"a\x01\"}]",
        "{\"Computer\":",
        "[{\"Computer\":tru}]",
        "\"[]\"",
    };
    for (size_t i = 0; i < COUNTOF(bodies); i++)
        SEND_FAILS(x, "Microsoft-Syslog", str_from(bodies[i]), ERR_SYNTAX);
    assert_look(x->f, "Syslog", "count(*)", "0");
    struct store_count s = sums(x);
    assert_int_equal(s.stored, 0);
    assert_true(s.received >= COUNTOF(bodies));
}

static void records_that_are_not_objects_go_to_the_dead_letters(void **state)
{
    struct ingest_fixture *x = *state;
    SEND_OK(x, "Microsoft-Syslog", "[{\"Computer\":\"a\"}, 7, \"text\", {\"Computer\":\"b\"}]");
    assert_look(x->f, "Syslog", "count(*)", "2");
    assert_look(x->f, "VedetteDeadLetter",
                "string_agg({Reason} || ' ' || {RawRecord} || ' ' || {RecordIndex}, ',' ORDER BY "
                "{RecordIndex})",
                "not_an_object 7 1,not_an_object \"text\" 2");
    assert_look(x->f, "VedetteDeadLetter", "max({Stream} || {TableName} || {Source})",
                "Microsoft-SyslogSyslogtest");
    struct store_count s = sums(x);
    assert_int_equal(s.received, 4);
    assert_int_equal(s.stored, 2);
    assert_int_equal(s.rejected, 2);
    assert_look(x->f, "VedetteIngestion",
                "sum({Received}) || ' ' || sum({Stored}) || ' ' || sum({Rejected})", "4 2 2");
}

static void ndjson_lines_fail_alone(void **state)
{
    struct ingest_fixture *x = *state;
    struct err e = {0};
    struct ingest_result r;
    assert_true(send(x, "Custom-Lines_CL",
                     STR("{\"A\":1,\"B\":\"x\"}\r\n\n{broken\n[1]\n{\"A\":2.5,\"C\":{\"d\":[true]}}"
                         "\n{\"A\":\"\xff\"}"),
                     INGEST_NDJSON, &r, &e));
    assert_int_equal(r.received, 5);
    assert_int_equal(r.stored, 2);
    assert_int_equal(r.rejected, 3);
    assert_look(x->f, "Lines_CL", "string_agg({A}, ',' ORDER BY {A})", "1.0,2.5");
    assert_look(x->f, "Lines_CL", "max({C})", "{\"d\":[true]}");
    assert_look(x->f, "VedetteDeadLetter", "count(*) FILTER ({Reason} = 'malformed')", "2");
    sums(x);
}

static void csv_files(void **state)
{
    struct ingest_fixture *x = *state;
    struct err e = {0};
    struct ingest_result r;
    assert_true(
        send(x, "Microsoft-SecurityEvent",
             STR("\xef\xbb\xbf"
                 "EventID,Computer,Account\r\n4624,\"dc,1\",\"say \"\"hi\"\"\"\r\n4625,dc2,\n1\n"
                 "4626,\"two\nlines\",x\n"),
             INGEST_CSV, &r, &e));
    assert_int_equal(r.stored, 3);
    assert_int_equal(r.rejected, 1);
    assert_look(x->f, "SecurityEvent",
                "string_agg({EventID} || {Computer} || {Account}, ';' ORDER BY {EventID})",
                "4624dc,1say \"hi\";4625dc2;4626two\nlinesx");
    sums(x);
}

static void custom_tables_grow_columns(void **state)
{
    struct ingest_fixture *x = *state;
    struct err e = {0};
    struct kql_schema none = {NULL, 0};
    assert_true(workspace_table_define(x->f->w, STR("Grow_CL"), &none, &e));
    SEND_OK(x, "Custom-Grow_CL", "[{\"N\":1,\"9bad\":1},{\"N\":2.5,\"S\":\"a\"}]");
    SEND_OK(x, "Custom-Grow", "[{\"N\":\"3\",\"T_t\":\"2026-01-01T00:00:00Z\"}]");
    assert_look(x->f, "Grow_CL", "string_agg({N}, ',' ORDER BY {N})", "1.0,2.5,3.0");
    assert_look(x->f, "Grow_CL", "count({T_t})", "1");
    assert_int_equal(sums(x).dropped, 1);
}

static void limits(void **state)
{
    struct ingest_fixture *x = *state;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    for (int i = 0; i < 1 << 20; i++)
        sbuf_addc(&b, ' ');
    sbuf_addz(&b, "[]");
    SEND_FAILS(x, "Microsoft-Syslog", sbuf_str(&b), ERR_TOO_LARGE);
    sbuf_clear(&b);
    sbuf_addc(&b, '[');
    for (int i = 0; i < 70; i++)
        sbuf_addz(&b, "{\"a\":");
    sbuf_addz(&b, "1");
    for (int i = 0; i < 70; i++)
        sbuf_addz(&b, "}");
    sbuf_addc(&b, ']');
    SEND_FAILS(x, "Microsoft-Syslog", sbuf_str(&b), ERR_LIMIT);
    sbuf_clear(&b);
    sbuf_addc(&b, '[');
    for (int i = 0; i < 100001; i++)
        sbuf_addz(&b, i == 0 ? "{}" : ",{}");
    sbuf_addc(&b, ']');
    SEND_FAILS(x, "Microsoft-Syslog", sbuf_str(&b), ERR_LIMIT);
    assert_look(x->f, "Syslog", "count(*)", "0");
    sums(x);
}

static void ten_megabytes_in_one_string(void **state)
{
    struct ingest_fixture *x = *state;
    struct ingest_options o = {.store = x->f->store, .clock = x->f->clock};
    o.limits.max_body_bytes = (size_t)32 << 20;
    struct ingest *large = ingest_open(&o);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    sbuf_addz(&b, "[{\"Computer\":\"");
    for (int i = 0; i < 5 << 20; i++)
        sbuf_addz(&b, "é");
    sbuf_addz(&b, "\"}]");
    struct ingest_request r = {
        .workspace = x->f->w, .stream = STR("Microsoft-Syslog"), .body = sbuf_str(&b)};
    r.source = STR("test");
    struct ingest_result out;
    struct err e = {0};
    assert_true(ingest_logs(large, &r, &out, &e));
    assert_int_equal(out.truncated, 1);
    assert_look(x->f, "Syslog", "max(strlen({Computer}))", "65536");
    ingest_close(large);
}

static void a_cut_document_stays_text(void **state)
{
    struct ingest_fixture *x = *state;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    sbuf_addz(&b, "[{\"DeviceDetail\":{\"a\":\"");
    for (int i = 0; i < 70000; i++)
        sbuf_addc(&b, 'x');
    sbuf_addz(&b, "\"}}]");
    struct ingest_result out;
    struct err e = {0};
    assert_true(send(x, "Microsoft-SigninLogs", sbuf_str(&b), INGEST_JSON, &out, &e));
    assert_int_equal(out.truncated, 1);
    assert_look(x->f, "SigninLogs", "max(left({DeviceDetail}, 13))", "\"{\\\"a\\\":\\\"xxx");
}

static void retries_store_nothing_twice(void **state)
{
    struct ingest_fixture *x = *state;
    struct ingest_request r = {
        .workspace = x->f->w, .stream = STR("Microsoft-Syslog"), .source = STR("test")};
    r.body = STR("[{\"Computer\":\"a\"},{\"Computer\":\"b\"}]");
    r.client_request_id = STR("b0b0b0b0-0000-4000-8000-000000000001");
    struct ingest_result out;
    struct err e = {0};
    assert_true(ingest_logs(x->in, &r, &out, &e));
    assert_false(out.duplicate);
    assert_true(ingest_logs(x->in, &r, &out, &e));
    assert_true(out.duplicate);
    assert_int_equal(out.rejected, 2);
    assert_look(x->f, "Syslog", "count(*)", "2");
    r.body = STR("[{\"Computer\":\"c\"}]");
    assert_true(ingest_logs(x->in, &r, &out, &e));
    assert_false(out.duplicate);
    assert_look(x->f, "Syslog", "count(*)", "3");
    assert_int_equal(sums(x).received, 5);
}

static void timestamp_and_timegenerated_stand_in_for_each_other(void **state)
{
    struct ingest_fixture *x = *state;
    SEND_OK(
        x, "Microsoft-DeviceProcessEvents",
        "[{\"Timestamp\":\"2025-12-31T10:00:00Z\"},{\"TimeGenerated\":\"2025-12-31T11:00:00Z\"}]");
    assert_look(x->f, "DeviceProcessEvents", "count(*) FILTER ({Timestamp} = {TimeGenerated})",
                "2");
    assert_look(x->f, "DeviceProcessEvents", "max({TimeGenerated}) - min({TimeGenerated})",
                "36000000000");
}

int main(void)
{
#define INGEST_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        INGEST_TEST(typed_columns),
        INGEST_TEST(times_out_of_bounds_become_the_time_of_receipt),
        INGEST_TEST(streams),
        INGEST_TEST(malformed_bodies_store_nothing),
        INGEST_TEST(records_that_are_not_objects_go_to_the_dead_letters),
        INGEST_TEST(ndjson_lines_fail_alone),
        INGEST_TEST(csv_files),
        INGEST_TEST(custom_tables_grow_columns),
        INGEST_TEST(limits),
        INGEST_TEST(ten_megabytes_in_one_string),
        INGEST_TEST(a_cut_document_stays_text),
        INGEST_TEST(retries_store_nothing_twice),
        INGEST_TEST(timestamp_and_timegenerated_stand_in_for_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
