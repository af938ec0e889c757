/* Patterns of actions, conditions, and what several grants let read together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "identity/identity_priv.h"

#define DATA_READ "Microsoft.OperationalInsights/workspaces/tables/data/read"
#define NAME "@Resource[Microsoft.OperationalInsights/workspaces/tables:name]"
#define PROTECTION "@Resource[Microsoft.OperationalInsights/workspaces/tables:protectionLevel]"
#define RECORD(c) "@Resource[Microsoft.OperationalInsights/workspaces/tables/record:" c "]"

static void patterns(void **state)
{
    static const struct {
        const char *pattern, *action;
        bool fits;
    } cases[] = {
        {"*", "a/b/read", true},
        {"*/read", "Microsoft.X/y/READ", true},
        {"*/read", "Microsoft.X/y/readx", false},
        {"Microsoft.X/*", "microsoft.x/y/z/write", true},
        {"Microsoft.X/*", "Microsoft.Y/z", false},
        {"Microsoft.X/*/read", "Microsoft.X/a/b/read", true},
        {"Microsoft.X/*/read", "Microsoft.X/read", true},
        {"Microsoft.X/*/read", "Microsoft.Xy/read", false},
        {"a*b*c", "a--b--b--c", true},
        {"a*b*c", "a--c--b", false},
        {"", "", true},
        {"", "a", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNTOF(cases); i++)
        if (identity_action_matches(cases[i].pattern, str_from(cases[i].action)) != cases[i].fits)
            fail_msg("%s, %s", cases[i].pattern, cases[i].action);
}

static void refused_conditions(void **state)
{
    static const char *const texts[] = {"",
                                        "(",
                                        "x",
                                        "ActionMatches{}",
                                        "ActionMatches{'a'",
                                        "@Principal[x] StringEquals 'y'",
                                        NAME " StringEquals",
                                        NAME " Equals 'x'",
                                        NAME " StringEquals 'x' AND",
                                        NAME " StringEquals 'x' 'y'",
                                        NAME " StringEquals 'x",
                                        RECORD("") " StringEquals 'x'",
                                        NAME " StringEquals {}"};
    AUTO(arena_freep) struct arena *a = arena_new(0);
    (void)state;
    for (size_t i = 0; i < COUNTOF(texts); i++) {
        const struct identity_condition *c = NULL;
        struct err e = {0};
        if (identity_condition_read(a, str_from(texts[i]), &c, &e) || e.code != ERR_INVALID)
            fail_msg("%s", texts[i]);
    }
}

static void deep_conditions(void **state)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const struct identity_condition *c = NULL;
    struct err e = {0};
    (void)state;
    for (int i = 0; i < 4000; i++)
        sbuf_addc(&b, i % 2 ? '(' : '!');
    assert_false(identity_condition_read(a, sbuf_str(&b), &c, &e));
    assert_int_equal(e.code, ERR_INVALID);
}

/* "-": no row, "*": all, else column, operator and value. */
static struct str left(struct arena *a, const char *text, const char *table)
{
    const struct identity_condition *c = NULL;
    const struct kql_row_rule *r = NULL;
    struct err e = {0};
    if (!identity_condition_read(a, str_from(text), &c, &e))
        fail_msg("%s", e.msg);
    const struct identity_asked asked = {str_from(table), false};
    if (!identity_condition_rows(a, c, STR(DATA_READ), &asked, &r))
        return STR("-");
    if (r == NULL)
        return STR("*");
    if (r->kind != KQL_ROWS_WHERE)
        return arena_fmt(a, "%s %zu", r->kind == KQL_ROWS_ALL ? "all" : "any", r->n);
    return arena_fmt(a, "%.*s %s %.*s", STR_ARG(r->column), r->op, STR_ARG(r->value));
}

static void what_is_left(void **state)
{
    static const struct {
        const char *text, *table, *left;
    } cases[] = {
        {"!(ActionMatches{'" DATA_READ "'})", "T", "-"},
        {"ActionMatches{'*'}", "T", "*"},
        {"SubOperationMatches{'x'}", "T", "-"},
        {NAME " StringEquals 'T'", "T", "*"},
        {NAME " StringEquals 't'", "T", "-"},
        {NAME " StringEqualsIgnoreCase 't'", "T", "*"},
        {NAME " StringLike 'CL'", "Own_CL", "*"},
        {NAME " StringLike 'Ow'", "Own_CL", "-"},
        {NAME " ForAnyOfAllValues:StringNotEquals {'A', 'B'}", "C", "*"},
        {NAME " ForAnyOfAllValues:StringNotEquals {'A', 'B'}", "B", "-"},
        {RECORD("X<$key_case_sensitive$>") " StringEquals 'a'", "T", "X == a"},
        {"!" RECORD("X") " StringStartsWith 'a'", "T", "X !startswith_cs a"},
        {"!(!(" RECORD("X") " StringLikeIgnoreCase 'a'))", "T", "X has a"},
        {NAME " StringEquals 'T' && " RECORD("X") " StringEquals 'a'", "T", "X == a"},
        {NAME " StringEquals 'T' && " RECORD("X") " StringEquals 'a'", "U", "-"},
        {NAME " StringEquals 'T' || " RECORD("X") " StringEquals 'a'", "T", "*"},
        {RECORD("X") " ForAnyOfAnyValues:StringEquals {'a', 'b'}", "T", "any 2"},
        {"!" RECORD("X") " ForAnyOfAnyValues:StringEquals {'a', 'b'}", "T", "all 2"},
        {RECORD("X") " StringEquals 'a\\'b'", "T", "X == a'b"},
        {PROTECTION " StringEquals 'Protected'", "T", "-"},
        {PROTECTION " StringEquals 'General'", "T", "*"},
        {"!(" PROTECTION " StringEquals 'Protected')", "T", "*"},
        {PROTECTION " StringEquals 'General' AND " RECORD("X") " StringEquals 'a'", "T", "X == a"},
    };
    AUTO(arena_freep) struct arena *a = arena_new(0);
    (void)state;
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        struct str got = left(a, cases[i].text, cases[i].table);
        if (!str_eqz(got, cases[i].left))
            fail_msg("%s: %.*s", cases[i].text, STR_ARG(got));
    }
}

static struct identity_grant grant(const char *role, struct str workspace)
{
    struct identity_grant g = {.role = identity_role_find(str_from(role))};
    assert_non_null(g.role);
    if (workspace.n > 0) {
        g.scope.reach = IDENTITY_REACH_WORKSPACE;
        g.scope.workspace = workspace;
    }
    return g;
}

static void rights_of_callers(void **state)
{
    struct identity_grant grants[] = {grant("Microsoft Sentinel Responder", STR("w")),
                                      grant("Monitoring Metrics Publisher", STR_NONE)};
    struct identity_caller c = {.grants = grants, .n_grants = 2};
    (void)state;
    assert_true(identity_allows(&c, "incidents/write", STR("w")));
    assert_false(identity_allows(&c, "incidents/write", STR("v")));
    assert_true(identity_allows(&c, "incidents/write", STR("")));
    assert_false(identity_allows(&c, "incidents/delete", STR("w")));
    assert_true(identity_allows(&c, "logs/write", STR("v")));
    assert_false(identity_allows(&c, "applications/read", STR("")));
    assert_false(identity_reads_everything(&c, STR("w"))); /* confidential watchlists */
    grants[1] = grant("Log Analytics Reader", STR_NONE);
    assert_true(identity_reads_everything(&c, STR("w")));
    grants[0] = grant("Log Analytics Reader", STR("w"));
    grants[0].deny = true;
    assert_false(identity_reads_everything(&c, STR("w")));
    assert_false(identity_allows(&c, "query/read", STR("w")));
    assert_true(identity_allows(&c, "query/read", STR("v")));
    /* A key that is for less. */
    struct identity_grant few[] = {grant("Log Analytics Data Reader", STR_NONE)};
    struct identity_grant all[] = {grant("Owner", STR_NONE)};
    struct identity_caller within = {.grants = few, .n_grants = 1};
    struct identity_caller key = {.grants = all, .n_grants = 1, .within = &within};
    assert_false(identity_reads_everything(&key, STR("w")));
    assert_false(identity_allows(&key, "incidents/read", STR("w")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns), cmocka_unit_test(refused_conditions),
        cmocka_unit_test(deep_conditions), cmocka_unit_test(what_is_left),
        cmocka_unit_test(rights_of_callers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
