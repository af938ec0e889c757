/* Ranges of messages become rows, dead letters and positions, once; and what the configuration
 * takes. */
#include "state/cursors.h"
#include "store_fixture.h"
#include "text/yaml.h"
#include "topics/topics_priv.h"

struct own {
    struct fixture *f;
    struct state *state;
    struct topics_source config;
    struct source s;
};

static int setup(void **state)
{
    struct own *o = xcalloc(1, sizeof(*o));
    struct err e = {0};
    void *inner = NULL;
    fixture_setup(&inner);
    o->f = inner;
    o->state = state_open(NULL, &e);
    assert_non_null(o->state);
    o->config = (struct topics_source){.name = STR("t"), .stream = STR("Custom-T_CL")};
    o->s = (struct source){.s = &o->config, .workspace = o->f->w, .name = "kafka:t"};
    o->s.o = (struct topics_options){.store = o->f->store, .state = o->state};
    o->s.o.clock = o->f->clock;
    o->s.rules = (struct body_rules){.max_message = 1000, .max_record = 900, .max_depth = 8};
    struct ingest_options in = {o->f->store, o->f->clock, {.max_body_bytes = 1 << 20}};
    o->s.ingest = ingest_open(&in);
    *state = o;
    return 0;
}

static int teardown(void **state)
{
    struct own *o = *state;
    void *inner = o->f;
    ingest_close(o->s.ingest);
    state_close(o->state);
    fixture_teardown(&inner);
    xfree(o);
    return 0;
}

static struct kafka_message message(int64_t offset, const char *text)
{
    return (struct kafka_message){str_from(text), offset, text == NULL};
}

static void take(struct own *o, const struct kafka_message *m, size_t n)
{
    struct err e = {0};
    struct kafka_range r = {STR("logs"), 2, m, n};
    if (!deliver_take(&o->s, &r, &e))
        fail_msg("deliver_take: %s", e.msg);
}

static struct kafka_position where(struct own *o)
{
    struct err e = {0};
    struct kafka_position p = {0, 0};
    if (!deliver_find(&o->s, STR("logs"), 2, &p, &e))
        fail_msg("deliver_find: %s", e.msg);
    return p;
}

static uint64_t counted(struct own *o, const char *reason)
{
    struct store_count *list = NULL;
    size_t n = store_counts(o->f->w, o->f->a, &list);
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        if (str_eqz(list[i].reason, reason) && str_eqz(list[i].source, "kafka:t"))
            sum += reason[0] == '\0' ? list[i].stored : list[i].rejected;
    return sum;
}

static void position_follows_what_is_stored(void **state)
{
    struct own *o = *state;
    const struct kafka_message m[] = {message(5, "{\"A\": 1}"),
                                      message(7, "[{\"A\": 2}, {\"A\": 3}]")};
    assert_int_equal(where(o).next, -1);
    take(o, m, 2);
    assert_int_equal(where(o).next, 8);
    assert_int_equal(where(o).until, -1);
    assert_look(o->f, "T_CL", "count(*) || ' ' || sum({A})", "3 6");
    assert_int_equal(counted(o, ""), 3);
}

/* As if the program had been killed after the rows and before the position. */
static void a_range_that_comes_again_is_stored_once(void **state)
{
    struct own *o = *state;
    struct err e = {0};
    const struct kafka_message m[] = {message(10, "{\"A\": 1}"), message(11, "nope"),
                                      message(12, "{\"A\": 2}")};
    take(o, m, 3);
    assert_true(
        state_cursor_set(o->state, STR("kafka:t/logs/2"), STR("{\"next\":10,\"until\":12}"), &e));
    assert_int_equal(where(o).next, 10);
    assert_int_equal(where(o).until, 12);
    take(o, m, 3);
    assert_int_equal(where(o).next, 13);
    assert_look(o->f, "T_CL", "count(*)", "2");
    assert_look(o->f, "VedetteDeadLetter", "count(*)", "1");
    assert_int_equal(counted(o, ""), 2);
    assert_int_equal(counted(o, "duplicate"), 3);
}

static void what_is_no_record_is_a_dead_letter(void **state)
{
    struct own *o = *state;
    char large[1200];
    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    const struct kafka_message m[] = {message(0, "{\"A\": 1}"), message(1, large), message(2, NULL),
                                      message(3, "7"), message(4, "[[[[[[[[[[1]]]]]]]]]]")};
    take(o, m, 5);
    assert_look(o->f, "T_CL", "count(*)", "1");
    assert_look(o->f, "VedetteDeadLetter",
                "string_agg({ClientRequestId} || ' ' || {Reason} || ' ' || {RawBytes}, ', ' ORDER "
                "BY {ClientRequestId})",
                "logs/2/1 record_too_large 1199, logs/2/3 not_an_object 1, logs/2/4 limit 21");
    assert_look(o->f, "VedetteDeadLetter", "min({Detail})",
                "topic logs, partition 2, offset 1: it has 1199 bytes; the limit is 1000");
}

/* As diagnostic settings export: one hub for several categories; a crash comes in between. */
static void records_of_azure_choose_their_tables(void **state)
{
    struct own *o = *state;
    struct err e = {0};
    const struct kafka_message m[] = {
        message(0, "{\"records\": [{\"category\": \"SignInLogs\", \"properties\": {\"id\": \"1\"}},"
                   " {\"category\": \"AuditEvent\", \"properties\": {\"x\": 1}}, 7]}"),
        message(1, "{\"category\": \"SignInLogs\", \"properties\": {\"id\": \"2\"}}")};
    o->config.stream = STR("Microsoft-AzureDiagnostics");
    o->config.by_category = true;
    o->config.format = o->s.rules.format = TOPICS_AZURE;
    take(o, m, 2);
    assert_true(
        state_cursor_set(o->state, STR("kafka:t/logs/2"), STR("{\"next\":0,\"until\":1}"), &e));
    take(o, m, 2);
    assert_look(o->f, "SigninLogs", "string_agg({Id}, ' ' ORDER BY {Id})", "1 2");
    assert_look(o->f, "AzureDiagnostics", "count(*)", "1");
    assert_look(o->f, "VedetteDeadLetter", "string_agg({Reason} || ' ' || {TableName}, ', ')",
                "not_an_object AzureDiagnostics");
}

static void a_move_is_kept_and_counted(void **state)
{
    struct own *o = *state;
    struct err e = {0};
    assert_true(deliver_move(&o->s, STR("logs"), 2, 40, 15, &e));
    assert_int_equal(where(o).next, 40);
}

static void lines_of_a_body(void **state)
{
    (void)state;
    const struct kafka_message m[] = {message(0, "{\"records\": [{\"a\":\n1}, {\"b\": [1, 2]} ]}"),
                                      message(1, "{\"c\": 1}"), message(2, " ")};
    struct body_rules rules = {TOPICS_RECORDS, 100, 100, 16, 0};
    struct body b;
    body_make(&b, &rules, m, 3);
    assert_string_equal(sbuf_str(&b.lines).p, "{\"a\": 1}\n{\"b\": [1, 2]}\n{\"c\": 1}\n");
    assert_int_equal(b.letters.n, 1);
    assert_string_equal(b.letters.p[0].err.msg, "the message is empty");
    body_fini(&b);
}

/* ---- configuration ---- */

static bool read_config(struct arena *a, const char *text, struct topics_source **out, size_t *n,
                        struct err *e)
{
    struct json v;
    assert_true(yaml_parse(a, str_from(text), NULL, &v, e));
    return topics_sources_read(a, &v, str_from(text), out, n, e);
}

static void configuration_in_full(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct topics_source *s = NULL;
    size_t n = 0;
    struct err e = {0};
    if (!read_config(a,
                     "- name: a\n"
                     "  brokers: [k1.example:9092, '[::1]:9092']\n"
                     "  topics: [x, y]\n"
                     "  table: A_CL\n"
                     "- name: hub\n"
                     "  connection_string_env: HUB\n"
                     "  format: records\n"
                     "  stream: Microsoft-SigninLogs\n"
                     "  start: end\n"
                     "- {name: diag, connection_string_env: HUB, format: azure}\n"
                     "- {name: one, connection_string_env: HUB, format: azure, table: D_CL}\n",
                     &s, &n, &e))
        fail_msg("%s", e.msg);
    assert_int_equal(n, 4);
    assert_true(s[2].by_category);
    assert_false(s[3].by_category);
    assert_string_equal(s[0].brokers, "k1.example:9092,[::1]:9092");
    assert_int_equal(s[0].n_topics, 2);
    assert_string_equal(s[0].group, "vedette");
    assert_int_equal(s[0].security, KAFKA_PLAINTEXT);
    assert_int_equal(s[1].security, KAFKA_SASL_SSL);
    assert_string_equal(s[1].mechanism, "PLAIN");
    assert_true(s[1].from_end);
}

static void configuration_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"- {name: a, brokers: 'k:9', topics: '^x.*', table: T_CL}",
         "topics: a topic's exact name, or a list of them, expected"},
        {"- {name: a, brokers: k, topics: x, table: T_CL}",
         "brokers: host:port, or a list of them, expected"},
        {"- {name: a, brokers: 'k:9', topics: x}", "table: a table's name expected"},
        {"- {name: a, brokers: 'k:9', topics: x, table: T_CL, password: p}",
         "password: password_file or password_env expected, secrets are not kept here"},
        {"- {name: a, brokers: 'k:9', topics: x, table: T_CL, user: u, password_env: P}",
         "security: sasl_ssl for a user, a password or a mechanism expected"},
        {"- {name: a, brokers: 'k:9', topics: x, table: T_CL, security: sasl_plaintext}",
         "security: plaintext, ssl or sasl_ssl expected"},
        {"- {name: a, brokers: 'k:9', topics: x, table: T_CL, security: sasl_ssl}",
         "security: user and password_file or password_env for sasl_ssl expected"},
        {"- {name: a, brokers: 'k:9', topic: x, table: T_CL}", "a source has no 'topic'"},
        {"- {name: a, brokers: 'k:9', topics: x, table: T_CL}\n"
         "- {name: A, brokers: 'k:9', topics: x, table: T_CL}",
         "name: 'A' is there twice"},
    };
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        struct topics_source *s = NULL;
        size_t n = 0;
        struct err e = {0};
        assert_false(read_config(a, cases[i].text, &s, &n, &e));
        assert_string_equal(e.msg, cases[i].message);
        assert_true(e.pos.line > 0);
    }
}

static void connection_strings(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct event_hub h;
    struct err e = {0};
    assert_true(event_hub_read(a,
                               STR("Endpoint=sb://ns.servicebus.windows.net/;"
                                   "SharedAccessKeyName=r;SharedAccessKey=abc=;EntityPath=hub"),
                               &h, &e));
    assert_string_equal(h.brokers, "ns.servicebus.windows.net:9093");
    assert_string_equal(h.topic, "hub");
    assert_false(event_hub_read(a, STR("Endpoint=sb://a b/;SharedAccessKey=secret"), &h, &e));
    assert_null(strstr(e.msg, "secret"));
    assert_false(event_hub_read(a, STR("Endpoint=sb://ns.example/"), &h, &e));
    assert_false(secret_read(a, "/nonexistent", NULL, &(struct str){NULL, 0}, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(position_follows_what_is_stored, setup, teardown),
        cmocka_unit_test_setup_teardown(a_range_that_comes_again_is_stored_once, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_record_is_a_dead_letter, setup, teardown),
        cmocka_unit_test_setup_teardown(records_of_azure_choose_their_tables, setup, teardown),
        cmocka_unit_test_setup_teardown(a_move_is_kept_and_counted, setup, teardown),
        cmocka_unit_test(lines_of_a_body),
        cmocka_unit_test(configuration_in_full),
        cmocka_unit_test(configuration_refused),
        cmocka_unit_test(connection_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
