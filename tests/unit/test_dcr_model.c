/* What a rule's properties mean, what is wrong with them, and which output fits which column. */
#include "store_fixture.h"

#include "dcr/dcr_priv.h"

static bool standing; /* the rules are of kind WorkspaceTransforms */

static struct dcr_issues look_at(struct fixture *f, const char *text, struct dcr_model *m)
{
    struct dcr_issues issues = {.a = f->a};
    struct json *p = arena_new_of(f->a, struct json);
    struct err e = {0};
    if (!json_parse(f->a, str_from(text), NULL, p, &e))
        fail_msg("%s: %s", text, e.msg);
    const struct dcr_about about = {f->store, T0, standing};
    bool good = dcr_model_read(f->a, &about, p, m, &issues);
    assert_int_equal(good, issues.list.n == 0);
    return issues;
}

#define STREAMS                                                                                    \
    "\"streamDeclarations\":{\"Custom-In\":{\"columns\":[{\"name\":\"TimeGenerated\",\"type\":"    \
    "\"datetime\"},{\"name\":\"c\",\"type\":\"string\"}]}}"
#define HERE                                                                                       \
    "\"destinations\":{\"logAnalytics\":[{\"workspaceResourceId\":\"/x/main\",\"name\":\"h\"}]}"
#define FLOW                                                                                       \
    "{\"streams\":[\"Custom-In\"],\"destinations\":[\"h\"],\"transformKql\":\"source | "           \
    "project TimeGenerated, Computer = c\",\"outputStream\":\"Microsoft-Syslog\"}"
#define FLOWS "\"dataFlows\":[" FLOW "]"

static void a_good_rule(void **state)
{
    struct fixture *f = *state;
    struct dcr_model m;
    struct kql_schema columns;
    bool declared = false;
    struct dcr_issues issues = look_at(f, "{" STREAMS "," HERE "," FLOWS "}", &m);
    if (issues.list.n > 0)
        fail_msg("%.*s", STR_ARG(issues.list.p[0].message));
    assert_int_equal(m.n_flows, 1);
    assert_ptr_equal(m.flows[0].to[0], f->w);
    assert_true(dcr_flow_reads(&m.flows[0], STR("Custom-In")));
    assert_false(dcr_flow_reads(&m.flows[0], STR("Custom-Out")));
    assert_true(str_eqz(dcr_flow_output(&m.flows[0], STR("Custom-In")), "Microsoft-Syslog"));
    assert_true(dcr_model_columns(f->a, &m, f->w, STR("Custom-In"), &columns, &declared));
    assert_true(declared && columns.n == 2 && columns.cols[0].type == KQL_DATETIME);
    assert_true(dcr_model_columns(f->a, &m, f->w, STR("Microsoft-Syslog"), &columns, &declared));
    assert_false(declared);
    assert_false(dcr_model_columns(f->a, &m, f->w, STR("Custom-No"), &columns, &declared));
    /* A workspace by its id alone. */
    issues = look_at(f,
                     "{" STREAMS ",\"destinations\":{\"logAnalytics\":[{\"workspaceId\":\"" WS_ID
                     "\",\"name\":\"h\"}]}," FLOWS "}",
                     &m);
    assert_int_equal(issues.list.n, 0);
}

static const struct {
    const char *properties, *code, *target, *words;
} wrong[] = {
    {"{}", "InvalidDataFlow", "properties.dataFlows", "at least one"},
    {"{\"dataFlows\":{}}", "InvalidPayload", "properties.dataFlows", "an array"},
    {"{\"streamDeclarations\":[]}", "InvalidPayload", "properties.streamDeclarations", "an object"},
    {"{\"streamDeclarations\":{\"Custom-A\":{}}}", "InvalidStreamDeclaration",
     "properties.streamDeclarations.Custom-A", "1 to 500"},
    {"{\"streamDeclarations\":{\"Custom-A\":{\"columns\":[{\"name\":\"a\",\"type\":\"int\"},"
     "{\"name\":\"a\",\"type\":\"int\"}]}}}",
     "InvalidStreamDeclaration", "properties.streamDeclarations.Custom-A", "declared twice"},
    {"{\"streamDeclarations\":{\"Custom-A\":{\"columns\":[7]}}}", "InvalidStreamDeclaration",
     "properties.streamDeclarations.Custom-A", "needs a name"},
    {"{\"streamDeclarations\":{\"Custom-A\":{\"columns\":[{\"name\":\"a\",\"type\":\"timespan\"}]}"
     "}}",
     "InvalidStreamDeclaration", "properties.streamDeclarations.Custom-A", "not 'timespan'"},
    {"{\"destinations\":{\"logAnalytics\":[{\"name\":\"h\"}]}}", "InvalidDestination",
     "properties.destinations.logAnalytics[0]", "is missing"},
    {"{\"destinations\":{\"logAnalytics\":[{\"workspaceResourceId\":\"/x/main\"}]}}",
     "InvalidDestination", "properties.destinations.logAnalytics[0]", "needs a name"},
    {"{\"destinations\":{\"logAnalytics\":[{\"workspaceResourceId\":\"/x/main\",\"name\":\"h\"},"
     "{\"workspaceResourceId\":\"/x/main\",\"name\":\"h\"}]}}",
     "InvalidDestination", "properties.destinations.logAnalytics[1]", "two destinations"},
    {"{" HERE ",\"dataFlows\":[{\"destinations\":[\"h\"]}]}", "InvalidDataFlow",
     "properties.dataFlows[0]", "streams: at least one"},
    {"{" STREAMS "," HERE ",\"dataFlows\":[{\"streams\":[\"Custom-In\",\"Microsoft-Syslog\"],"
     "\"destinations\":[\"h\"],\"transformKql\":\"source | where true\"}]}",
     "InvalidDataFlow", "properties.dataFlows[0]", "has one stream"},
    {"{" STREAMS "," HERE ",\"dataFlows\":[{\"streams\":[\"Microsoft-Syslog\"],"
     "\"destinations\":[\"h\"],\"builtInTransform\":\"x\"}]}",
     "InvalidDataFlow", "properties.dataFlows[0]", "builtInTransform can't be used"},
    {"{" STREAMS "," HERE ",\"dataFlows\":[{\"streams\":[\"Custom-In\"],\"destinations\":[\"h\"]}]"
     "}",
     "InvalidOutputTable", "properties.dataFlows[0]", "'Custom-In' is not available"},
    {"{" HERE ",\"dataFlows\":[{\"streams\":[\"Microsoft-VedetteIngestion\"],"
     "\"destinations\":[\"h\"]}]}",
     "InvalidStream", "properties.dataFlows[0]", "must be a custom stream"},
};

static void what_is_wrong_is_told(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNTOF(wrong); i++) {
        struct dcr_model m;
        struct dcr_issues issues = look_at(f, wrong[i].properties, &m);
        bool found = false;
        for (size_t k = 0; k < issues.list.n; k++) {
            const struct dcr_issue *x = &issues.list.p[k];
            size_t at;
            found |= strcmp(x->code, wrong[i].code) == 0 && str_eqz(x->target, wrong[i].target) &&
                     str_find(x->message, str_from(wrong[i].words), &at);
        }
        if (!found)
            fail_msg("%s: no %s '%s'", wrong[i].properties, wrong[i].code, wrong[i].words);
    }
}

/* column: of the table; the expression's type is the one that the message names. */
static const struct {
    const char *column, *expression;
    const char *told; /* NULL: it fits */
} outputs[] = {
    {"Computer", "c", NULL},
    {"Computer", "1", "Computer [produced:'Long', output:'String']"},
    {"Computer", "guid(74be27de-1e4e-49d9-b579-fe0b331d3642)", NULL},
    {"Computer", "parse_json(c)", "[produced:'Dynamic', output:'String']"},
    {"ProcessID", "toint(c)", NULL},
    {"ProcessID", "tolong(c)", "[produced:'Long', output:'Int']"},
    {"ProcessID", "1.5", "[produced:'Real', output:'Int']"},
    {"ProcessID", "true", "[produced:'Boolean', output:'Int']"},
    {"EventTime", "now()", NULL},
    {"EventTime", "c", "[produced:'String', output:'DateTime']"},
    {"NoSuchColumn", "c", NULL}, /* of a table that ships: dropped */
    {"TimeGenerated", "1d", "[produced:'TimeSpan', output:'DateTime']"},
};

static void output_fits_its_column(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNTOF(outputs); i++) {
        struct dcr_model m;
        size_t at;
        struct str text = arena_fmt(
            f->a,
            "{" STREAMS "," HERE
            ",\"dataFlows\":[{\"streams\":[\"Custom-In\"],\"destinations\":[\"h\"],"
            "\"outputStream\":\"Microsoft-Syslog\",\"transformKql\":\"source | extend %s = %s\"}]}",
            outputs[i].column, outputs[i].expression);
        struct dcr_issues issues = look_at(f, text.p, &m);
        if (outputs[i].told == NULL && issues.list.n > 0)
            fail_msg("%s = %s: %.*s", outputs[i].column, outputs[i].expression,
                     STR_ARG(issues.list.p[0].message));
        if (outputs[i].told != NULL &&
            (issues.list.n == 0 ||
             !str_find(issues.list.p[0].message, str_from(outputs[i].told), &at)))
            fail_msg("%s = %s: not told", outputs[i].column, outputs[i].expression);
    }
}

#define TABLE_FLOW(stream, output)                                                                 \
    "{" HERE ",\"dataFlows\":[{\"streams\":[\"" stream "\"],\"destinations\":[\"h\"],"             \
    "\"transformKql\":\"source | where true\"" output "}]}"

static void standing_rules_have_tables_as_streams(void **state)
{
    struct fixture *f = *state;
    struct dcr_model m;
    struct kql_schema columns = {0};
    standing = true;
    assert_int_equal(look_at(f, TABLE_FLOW("Microsoft-Table-Syslog", ""), &m).list.n, 0);
    assert_true(dcr_model_columns(f->a, &m, f->w, STR("Microsoft-Table-Syslog"), &columns, NULL));
    assert_true(columns.n > 10);
    assert_int_equal(
        look_at(f, TABLE_FLOW("Microsoft-Table-Syslog", ",\"outputStream\":\"Microsoft-Syslog\""),
                &m)
            .list.n,
        0);
    const char *const bad[] = {
        TABLE_FLOW("Microsoft-Table-Syslog", ",\"outputStream\":\"Microsoft-Event\""),
        TABLE_FLOW("Microsoft-Syslog", ""), TABLE_FLOW("Microsoft-Table-NoSuch", ""),
        TABLE_FLOW("Microsoft-Table-", "")};
    for (size_t i = 0; i < COUNTOF(bad); i++)
        assert_int_equal(look_at(f, bad[i], &m).list.n, 1);
    standing = false;
    assert_int_equal(look_at(f, TABLE_FLOW("Microsoft-Table-Syslog", ""), &m).list.n, 1);
}

static void no_more_than_a_hundred_issues(void **state)
{
    struct fixture *f = *state;
    struct dcr_model m;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 20);
    sbuf_addz(&b, "{\"streamDeclarations\":{\"Custom-A\":{\"columns\":[7");
    for (int i = 0; i < 300; i++)
        sbuf_addz(&b, ",7");
    sbuf_addz(&b, "]}}}");
    assert_int_equal(look_at(f, sbuf_str(&b).p, &m).list.n, DCR_MAX_ISSUES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_good_rule, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_told, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(output_fits_its_column, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(standing_rules_have_tables_as_streams, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(no_more_than_a_hundred_issues, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
