/* Coverage of ATT&CK, the list of techniques, and rules written as YAML. */
#include "detect/coverage.h"
#include "detect/rule_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void the_techniques_in_use_are_those_that_tactics_have(void **state)
{
    size_t subs = 0;
    (void)state;
    assert_int_equal(mitre_technique_count(), 216);
    for (size_t i = 0; i < mitre_technique_count(); i++) {
        char text[32];
        unsigned sub = 9;
        const struct mitre_technique *t = mitre_technique_at(i);
        assert_true(i == 0 || t->id > mitre_technique_at(i - 1)->id);
        snprintf(text, sizeof(text), "T%04u", t->id);
        assert_true(mitre_technique_known(str_from(text)));
        assert_ptr_equal(mitre_technique_find(str_from(text), &sub), t);
        assert_int_equal(sub, 0);
        subs += (size_t)__builtin_popcount(t->subs);
        assert_true(t->name[0] != '\0' && (t->subs & 1) == 0);
    }
    assert_int_equal(subs, 475);
    assert_null(mitre_technique_at(mitre_technique_count()));
}

static void a_sub_technique_is_found_by_its_number(void **state)
{
    unsigned sub = 0;
    (void)state;
    assert_string_equal(mitre_technique_find(STR("T1110.003"), &sub)->name, "Brute Force");
    assert_int_equal(sub, 3);
    assert_null(mitre_technique_find(STR("T1110.099"), &sub));
    assert_null(mitre_technique_find(STR("T1110.31"), &sub));
    assert_null(mitre_technique_find(STR("T9999"), &sub));
    assert_null(mitre_technique_find(STR("T1208"), &sub)); /* withdrawn */
    assert_null(mitre_technique_find(STR(""), &sub));
}

static struct strs texts(struct str *p, size_t n)
{
    return (struct strs){p, n};
}

static const struct coverage_tactic *tactic(const struct coverage *c, const char *name)
{
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->tactics[i].name, name) == 0)
            return &c->tactics[i];
    return NULL;
}

static void a_rule_counts_in_those_of_its_tactics_that_have_the_technique(void **state)
{
    struct arena *a = arena_new(0);
    struct str both[] = {STR("InitialAccess"), STR("Impact")}, other[] = {STR("Impact")};
    struct str accounts[] = {STR("T1078")}, sub[] = {STR("T1078.004")}, old[] = {STR("T1208")};
    struct rule first = {.tactics = texts(both, 2),
                         .techniques = texts(accounts, 1),
                         .subtechniques = texts(sub, 1)};
    struct rule second = {.tactics = texts(other, 1), .techniques = texts(accounts, 1)};
    struct rule third = {.techniques = texts(old, 1)}, none = {0};
    const struct rule *rules[] = {&first, &second, &third, &none};
    struct coverage c;
    (void)state;
    coverage_of(a, rules, COUNTOF(rules), &c);
    assert_int_equal(c.untagged, 1);
    assert_int_equal(c.covered, 1);
    assert_int_equal(c.n_unknown, 1);
    assert_true(str_eqz(c.unknown[0], "T1208"));
    const struct coverage_tactic *t = tactic(&c, "InitialAccess");
    assert_int_equal(t->rules, 1);
    assert_int_equal(t->n_cells, 2);    /* the technique and its sub-technique */
    assert_int_equal(t->cells[0].n, 2); /* the second's tactic has not the technique: all that do */
    assert_int_equal(t->cells[1].sub, 4);
    assert_int_equal(t->cells[1].n, 1);
    assert_int_equal(tactic(&c, "Persistence")->cells[0].n, 1);
    assert_int_equal(tactic(&c, "Impact")->n_cells, 0);
    assert_int_equal(tactic(&c, "Impact")->rules, 2);
    arena_free(a);
}

/* ---- YAML ---- */

static const char head[] = "id: 00000000-0000-4000-8000-000000000001\nkind: Scheduled\n"
                           "severity: Low\ndescription: x\nrequiredDataConnectors: []\n"
                           "queryFrequency: 1h\nqueryPeriod: 2h\ntriggerOperator: gt\n"
                           "triggerThreshold: 0\n";

static struct str properties(struct arena *a, const struct rule *r)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    rule_write_arm(r, 0, &w);
    return arena_str(a, sbuf_str(&b));
}

static void reads_back(const char *more)
{
    struct arena *a = arena_new(0);
    struct rule first = {0}, second = {0};
    struct rule_issues is = {.a = a}, again = {.a = a};
    struct err e = {0};
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    assert_true(rule_read_yaml(a, arena_fmt(a, "%s%s", head, more), &first, &is));
    assert_true(rule_write_yaml(&first, &b, &e));
    if (!rule_read_yaml(a, arena_str(a, sbuf_str(&b)), &second, &again))
        fail_msg("%s", sbuf_str(&b).p);
    assert_true(str_eq(first.id, second.id));
    assert_string_equal(properties(a, &second).p, properties(a, &first).p);
    arena_free(a);
}

static void a_rule_reads_back_as_it_was_written(void **state)
{
    (void)state;
    reads_back("name: a\nquery: T\n");
    reads_back("name: 'a: b # c'\nquery: |\n  T\n  | where a == 'x'\n\n  | take 1\n");
    reads_back("name: \"\\u2028 \\x85 \\x7f \\ufeff é ✓\"\nquery: \"T // \\u2029\\n| take 1\"\n");
    reads_back("name: a\nquery: \"  T\\n| take 1\"\n");
    reads_back("name: a\nquery: |+\n  T\n\n\n");
    reads_back("name: a\nquery: \"T\\r\\n| take 1\\ttab\"\n");
    reads_back("name: a\nquery: T\ntactics: [Execution, Persistence]\n"
               "relevantTechniques: [T1053.005, T1059, T1053.003, T1059.001]\n");
    reads_back("name: a\nquery: T\ncustomDetails: {Who: a}\nentityMappings:\n"
               "  - entityType: IP\n    fieldMappings: [{identifier: Address, columnName: a}]\n"
               "alertDetailsOverride: {alertDisplayNameFormat: '{{a}}'}\n"
               "suppressionEnabled: true\nsuppressionDuration: 3h\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_techniques_in_use_are_those_that_tactics_have),
        cmocka_unit_test(a_sub_technique_is_found_by_its_number),
        cmocka_unit_test(a_rule_counts_in_those_of_its_tactics_that_have_the_technique),
        cmocka_unit_test(a_rule_reads_back_as_it_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
