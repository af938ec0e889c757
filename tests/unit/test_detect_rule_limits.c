/* detect: what a rule may be, with the words of each refusal; expressions of templates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "detect/arm_expression.h"
#include "detect/rule_priv.h"

static const char base[] = "id: 11111111-1111-4111-8111-111111111111\n"
                           "name: N\n"
                           "kind: Scheduled\n"
                           "severity: Low\n"
                           "query: T\n"
                           "queryFrequency: 1h\n"
                           "queryPeriod: 1h\n"
                           "triggerOperator: gt\n"
                           "triggerThreshold: 0\n";

/* The base with the line of a key replaced by text, or text added. */
static struct str with(struct arena *a, struct str text)
{
    size_t colon = 0, at = 0, end = 0;
    struct str b = STR(base);
    assert_true(str_find(text, STR(":"), &colon));
    struct str key = arena_fmt(a, "%.*s:", (int)colon, text.p);
    if (!str_find(b, key, &at))
        return arena_fmt(a, "%s%.*s\n", base, STR_ARG(text));
    assert_true(str_find(str_sub(b, at, b.n), STR("\n"), &end));
    return arena_fmt(a, "%.*s%.*s\n%s", (int)at, base, STR_ARG(text), base + at + end + 1);
}

/* n times the text, %d its number. */
static struct str many(struct arena *a, const char *head, const char *each, int n)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    sbuf_addz(&b, head);
    for (int i = 0; i < n; i++)
        for (const char *p = each; *p != '\0'; p++)
            if (*p == '%')
                sbuf_addi(&b, i);
            else
                sbuf_addc(&b, *p);
    return arena_str(a, sbuf_str(&b));
}

static void expect(struct arena *a, struct str yaml, const char *message)
{
    struct rule r = {0};
    struct rule_issues is = {.a = a};
    bool ok = rule_read_yaml(a, yaml, &r, &is);
    if (message == NULL) {
        assert_true(ok);
        return;
    }
    assert_false(ok);
    for (size_t i = 0; i < is.v.n; i++) {
        const struct rule_issue *x = &is.v.p[i];
        struct str said = arena_fmt(a, "%.*s: %.*s", STR_ARG(x->key), STR_ARG(x->message));
        if (!x->warning && str_eqz(said, message)) {
            assert_true(x->line > 0 && x->column > 0);
            return;
        }
    }
    fail_msg("'%s' was not said", message);
}

static const struct {
    const char *text, *message; /* NULL: it is right */
} single[] = {
    {"queryFrequency: 5m", NULL},
    {"queryFrequency: 4m", "queryFrequency: 5 minutes to 14 days expected"},
    {"queryPeriod: 14d", NULL},
    {"queryPeriod: 15d", "queryPeriod: 5 minutes to 14 days expected"},
    {"queryPeriod: 59m",
     "queryPeriod: shorter than queryFrequency: events between two windows would never be seen"},
    {"triggerThreshold: 10000", NULL},
    {"triggerThreshold: 10001", "triggerThreshold: 10001 is out of range: 0 to 10000 expected"},
    {"triggerThreshold: a", "triggerThreshold: a whole number expected"},
    {"triggerOperator: over",
     "triggerOperator: 'over' is not an operator: gt, lt, eq or ne expected"},
    {"severity: Grave",
     "severity: 'Grave' is not a severity: High, Medium, Low or Informational expected"},
    {"suppressionEnabled: true\nsuppressionDuration: 25h",
     "suppressionDuration: 5 minutes to 24 hours expected"},
    {"suppressionEnabled: true\nsuppressionDuration: 24h", NULL},
    {"version: 123456789012345678901", "version: 21 characters; at most 20 are allowed"},
    {"customDetails: {9a: x}",
     "customDetails.9a: a name has at most 20 letters, digits and _, a letter first"},
    {"customDetails: {abcdefghijklmnopqrstu: x}",
     "customDetails.abcdefghijklmnopqrstu: a name has at most 20 letters, digits and _, a letter "
     "first"},
    {"alertDetailsOverride: {alertDisplayNameFormat: '{{a}}{{b}}{{c}}'}", NULL},
    {"alertDetailsOverride: {alertDisplayNameFormat: '{{a}}{{b}}{{c}}{{d}}'}",
     "alertDetailsOverride.alertDisplayNameFormat: 4 placeholders; at most 3 are allowed"},
    {"alertDetailsOverride: {alertDynamicProperties: [{alertProperty: Colour, value: x}]}",
     "alertDetailsOverride.alertDynamicProperties[0].alertProperty: unknown alert property "
     "'Colour'"},
    {"entityMappings: [{entityType: File, fieldMappings: [{identifier: Directory, columnName: "
     "d}]}]",
     "entityMappings[0].fieldMappings: File cannot be identified by these: add Name"},
    {"incidentConfiguration: {groupingConfiguration: {lookbackDuration: 8d}}",
     "incidentConfiguration.groupingConfiguration.lookbackDuration: 5 minutes to 7 days expected"},
    {"incidentConfiguration: {groupingConfiguration: {enabled: true, matchingMethod: Selected}}",
     "incidentConfiguration.groupingConfiguration: matchingMethod Selected needs groupByEntities, "
     "groupByAlertDetails or groupByCustomDetails"},
    {"kind: Confusion",
     "kind: 'Confusion' is not a kind of rule: Scheduled, NRT, MicrosoftSecurityIncidentCreation, "
     "Fusion, MLBehaviorAnalytics or ThreatIntelligence expected"},
    {"id: 12", "id: '12' is not a GUID"},
};

static void limits_of_single_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNTOF(single); i++) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        expect(a, with(a, str_from(single[i].text)), single[i].message);
    }
}

static void limits_of_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *head, *each;
        int most;
        const char *message;
    } lists[] = {
        {"entityMappings:\n",
         "  - {entityType: IP, fieldMappings: [{identifier: Address, columnName: c%}]}\n", 10,
         "entityMappings: 11 mappings; at most 10 are allowed"},
        {"entityMappings:\n  - entityType: Account\n    fieldMappings:\n",
         "      - {identifier: Sid, columnName: c%}\n", 3,
         "entityMappings[0].fieldMappings: 4 identifiers; at most 3 are allowed"},
        {"customDetails:\n", "  a%: b\n", 20, "customDetails: 21 entries; at most 20 are allowed"},
        {"name: ", "x", 256, "name: 257 characters; at most 256 are allowed"},
        {"description: ", "x", 5000, "description: 5001 characters; at most 5000 are allowed"},
        {"query: ", "x", 10000, "query: 10001 characters; at most 10000 are allowed"},
    };
    for (size_t i = 0; i < COUNTOF(lists); i++) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        expect(a, with(a, many(a, lists[i].head, lists[i].each, lists[i].most)), NULL);
        expect(a, with(a, many(a, lists[i].head, lists[i].each, lists[i].most + 1)),
               lists[i].message);
    }
}

static void versions_compare_by_their_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *x, *y;
        int wanted;
    } cases[] = {{"1.0.0", "1.0.0", 0}, {"1.0.9", "1.0.10", -1}, {"2.0", "1.9.9", 1},
                 {"", "0.0.1", -1},     {"1", "1.0.0", 0},       {"a.b", "", 0}};
    for (size_t i = 0; i < COUNTOF(cases); i++)
        assert_int_equal(rule_version_compare(str_from(cases[i].x), str_from(cases[i].y)),
                         cases[i].wanted);
}

static void expressions_of_templates(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wanted, *error;
    } cases[] = {
        {"plain [x]", "plain [x]", NULL},
        {"[[x]", "[x]", NULL},
        {"[concat('a', ' ', 'it''s')]", "a it's", NULL},
        {"[concat(parameters('Workspace'),'/x')]", "here/x", NULL},
        {"[parameters('level')]", "Low", NULL},
        {"[format('{0}-{1}-{2}', variables('v'), 7)]", "low-7-{2}", NULL},
        {"[resourceId('a/b', 'c')]", "a/b/c", NULL},
        {"[concat(resourceGroup().id, 'x')]", "x", NULL},
        {"[parameters('none')]", NULL, "the template's parameter 'none' has no default value"},
        {"[variables('none')]", NULL, "the template has no variable 'none'"},
        {"[cook('x')]", NULL, "'[cook('x')]': the function cook() of ARM templates is not known"},
        {"[concat('x']", NULL, "'[concat('x']': ')' expected"},
        {"[concat('x)]", NULL, "'[concat('x)]': a text is not closed"},
        {"[variables('many')]", NULL, "the template calls more than 100000 functions"},
        {"[variables('loop')]", NULL, "an expression is nested deeper than 32 levels"},
    };
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct json parameters = {0}, variables = {0};
    assert_true(
        json_parse(a, STR("{\"level\": {\"defaultValue\": \"Low\"}}"), NULL, &parameters, NULL));
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    sbuf_addz(&b, "{\"v\": \"[toLower(parameters('level'))]\", \"loop\": \"[variables('loop')]\","
                  "\"many\": \"[variables('m0')]\"");
    for (int i = 0; i < 5; i++) { /* each is twenty times the next */
        sbuf_addf(&b, ", \"m%d\": \"[concat(''", i);
        for (int k = 0; k < 20; k++)
            sbuf_addf(&b, ", variables('m%d')", i + 1);
        sbuf_addz(&b, ")]\"");
    }
    sbuf_addz(&b, ", \"m5\": \"\"}");
    assert_true(json_parse(a, sbuf_str(&b), NULL, &variables, NULL));
    const struct arm_scope_of_template around = {.variables = &variables};
    const struct arm_scope_of_template t = {&parameters, NULL, &around, STR("here")};
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        struct json v = {.type = JSON_STRING, .text = str_from(cases[i].text)}, out = {0};
        struct err e = {0};
        bool ok = arm_evaluate(a, &t, &v, &out, &e);
        assert_int_equal(ok, cases[i].error == NULL);
        if (ok)
            assert_string_equal(arena_strz(a, out.text), cases[i].wanted);
        else
            assert_string_equal(e.msg, cases[i].error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_of_single_keys),
        cmocka_unit_test(limits_of_numbers),
        cmocka_unit_test(versions_compare_by_their_numbers),
        cmocka_unit_test(expressions_of_templates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
