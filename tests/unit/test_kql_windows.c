/* Which queries can be asked for many windows at once, and which tell at least where rows can be.
 */
#include "base/clock.h"
#include "kql/kql.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define DAY(n) ((int64_t)(640000 + (n)) * TICKS_PER_DAY)

static bool find_table(void *self, struct arena *a, struct str workspace, struct str name,
                       struct kql_table *out)
{
    static struct kql_column cols[] = {
        {{"a", 1}, KQL_STRING}, {{"n", 1}, KQL_LONG}, {{"TimeGenerated", 13}, KQL_DATETIME}};
    static struct kql_column hidden[] = {{{"_TimeReceived", 13}, KQL_DATETIME}};
    (void)self, (void)a, (void)workspace;
    if (str_eqz(name, "Fixed")) { /* no time: the same in all windows */
        *out = (struct kql_table){.name = STR("Fixed"), .schema = {cols, 2}};
        return true;
    }
    if (!str_eqz(name, "T"))
        return false;
    *out = (struct kql_table){.name = STR("T"), .schema = {cols, 3}, .hidden = {hidden, 1}};
    return true;
}

/* What the tables' sources are asked for in place of KQL_WINDOW. */
static void sources(const struct plan *p, struct sbuf *out)
{
    int64_t age;
    for (size_t i = 0; p->kind == P_TABLE && i < p->cols.n; i++)
        if (kql_window_column(p->source_names[i], &age) ||
            str_starts(p->source_names[i], STR(KQL_WINDOW " ")))
            sbuf_addf(out, "%.*s;", STR_ARG(p->source_names[i]));
    for (size_t i = 0; i < p->n_in; i++)
        sources(p->in[i], out);
}

static bool compiles_on_grid(const char *query, enum kql_windows windows, int64_t frequency,
                             struct sbuf *asked)
{
    static const struct kql_catalog catalog = {.find_table = find_table};
    struct arena *a = arena_new(0);
    struct kql_options o = {.catalog = &catalog,
                            .now_ticks = DAY(2),
                            .has_scope = true,
                            .scope_from = DAY(0),
                            .scope_to = DAY(2),
                            .windows = windows,
                            .grid = {.first = DAY(0), .frequency = frequency}};
    struct kql_diags d = {.a = a};
    struct kql_query q;
    bool ok = kql_compile(a, str_from(query), &o, &q, &d);
    if (ok && asked != NULL)
        sources(q.results[0].plan, asked);
    if (ok && windows == KQL_WINDOWS_ROWS) {
        const struct plan_cols *cols = &q.results[0].plan->cols;
        assert_true(str_eqz(cols->p[cols->n - 1].name, KQL_WINDOW));
        assert_false(cols->p[cols->n - 1].hidden);
    }
    arena_free(a);
    return ok;
}

static bool compiles(const char *query, enum kql_windows windows, struct sbuf *asked)
{
    return compiles_on_grid(query, windows, 0, asked);
}

static void what_works_row_by_row_and_key_by_key_is_asked_at_once(void **state)
{
    static const char *const queries[] = {
        "T",
        "T | where TimeGenerated > ago(1h) and a == 'x' | project a, Age = now() - TimeGenerated",
        "T | summarize n = count(), max(TimeGenerated) by a, bin(TimeGenerated, 1h) | where n > 3",
        "T | join kind=inner (T | where n > 1 | distinct a) on a",
        "T | join kind=leftanti (T | where TimeGenerated < ago(1h)) on a",
        "T | join kind=leftouter Fixed on a | where n1 > 0",
        "T | lookup (T | summarize count() by a) on a",
        "union T, (T | where n > 2) | summarize count() by a",
        "let x = materialize(T | where n > 1); x | join kind=inner x on a",
        "T | mv-expand p = split(a, ',') to typeof(string) | where p == 'x'",
        "T | parse a with x '-' y | extend z = y | sort by z",
        "T | where a in ((Fixed | project a))",
        "T | where n > toscalar(Fixed | summarize max(n))",
    };
    (void)state;
    for (size_t i = 0; i < COUNTOF(queries); i++)
        if (!compiles(queries[i], KQL_WINDOWS_ROWS, NULL))
            fail_msg("%s", queries[i]);
}

static void what_depends_on_all_rows_is_refused_and_tells_where_rows_can_be(void **state)
{
    static const char *const queries[] = {
        "T | where a == 'x' | take 1",
        "T | top 3 by n",
        "T | where a in ((T | where n > 1 | project a))",
        "T | where n > toscalar(T | summarize max(n))",
        "T | make-series n = count() on TimeGenerated from ago(1d) to now() step 1h by a",
        "T | serialize r = row_number() | where r > 2",
        "T | partition by a (top 1 by n)",
        "T | where n > rand()",
        "T | join kind=inner (T | take 5) on a",
        "union (T | take 1), (T | where n > 1)",
    };
    (void)state;
    for (size_t i = 0; i < COUNTOF(queries); i++) {
        if (compiles(queries[i], KQL_WINDOWS_ROWS, NULL))
            fail_msg("%s", queries[i]);
        if (!compiles(queries[i], KQL_WINDOWS_NEEDED, NULL))
            fail_msg("%s", queries[i]);
    }
}

static void what_has_rows_of_none_may_have_them_in_any_window(void **state)
{
    static const char *const queries[] = {
        "T | count",
        "T | summarize max(n)",
        "print a = 1",
        "Fixed",
        "union T, Fixed",
        "Fixed | join kind=leftanti T on a",
        "set query_now = datetime(2026-01-01); T",
    };
    (void)state;
    for (size_t i = 0; i < COUNTOF(queries); i++) {
        if (compiles(queries[i], KQL_WINDOWS_ROWS, NULL))
            fail_msg("%s", queries[i]);
        if (compiles(queries[i], KQL_WINDOWS_NEEDED, NULL))
            fail_msg("%s", queries[i]);
    }
}

static void rows_are_wanted_for_the_windows_in_which_they_are_young_enough(void **state)
{
    static const struct {
        const char *query, *source;
    } cases[] = {
        {"T | where TimeGenerated > ago(1h)", KQL_WINDOW " 36000000000;"},
        {"T | where n > 1 | where ago(1h) <= TimeGenerated and n < 9", KQL_WINDOW " 36000000000;"},
        {"T | where TimeGenerated between (ago(2h) .. now())", KQL_WINDOW " 72000000000;"},
        {"T | where TimeGenerated > ago(2h) | project a, TimeGenerated | where TimeGenerated > "
         "ago(1h)",
         KQL_WINDOW " 36000000000;"},
    };
    (void)state;
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
        assert_true(compiles(cases[i].query, KQL_WINDOWS_ROWS, &b));
        if (!str_eqz(sbuf_str(&b), cases[i].source))
            fail_msg("%s: %s", cases[i].query, sbuf_str(&b).p);
    }
    static const char *const any_age[] = {
        "T | where TimeGenerated > ago(1h) or n > 1", "T | where TimeGenerated < ago(1h)",
        "T | summarize TimeGenerated = min(TimeGenerated) by a | where TimeGenerated > ago(1h)"};
    for (size_t i = 0; i < COUNTOF(any_age); i++) {
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
        assert_true(compiles(any_age[i], KQL_WINDOWS_ROWS, &b));
        assert_string_equal(sbuf_str(&b).p, KQL_WINDOW ";");
    }
}

#define SPAN KQL_WINDOW_FIRST ";" KQL_WINDOW_LAST ";"

static void rows_come_once_with_their_span_where_groups_can_be_laid_out(void **state)
{
    static const struct {
        const char *query, *source;
    } cases[] = {
        {"T | where n > 1 | summarize count(), dcount(n) by a", SPAN},
        {"T | where TimeGenerated < ago(1h) | distinct a", SPAN},
        {"T | where ago(5h) <= TimeGenerated and now() >= TimeGenerated | distinct a", SPAN},
        {"T | extend x = n + 1 | summarize m = max(x) * 2 by a | where m > 3", SPAN},
        {"union (T | where n > 1), T | summarize sum(n) by a", SPAN SPAN},
        /* the groups twice, and the rows of uneven ones */
        {"T | summarize stdev(n) by a, bin(TimeGenerated, 1h)", SPAN SPAN SPAN},
        {"T | mv-expand p = split(a, ',') to typeof(string) | summarize count() by p", SPAN},
        /* not of parts */
        {"T | summarize make_list(n) by a", KQL_WINDOW ";"},
        {"T | summarize arg_max(TimeGenerated, n) by a", KQL_WINDOW ";"},
        {"T | sort by n | summarize make_set(n) by a", KQL_WINDOW ";"},
        {"T | summarize minif(a, n > 1) by n", KQL_WINDOW ";"},
        {"T | summarize max(now() - TimeGenerated) by a", KQL_WINDOW ";"},
        /* rows of one window each */
        {"T | where TimeGenerated > ago(1h) | summarize count() by a", KQL_WINDOW " 36000000000;"},
    };
    (void)state;
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
        assert_true(compiles_on_grid(cases[i].query, KQL_WINDOWS_ROWS, TICKS_PER_HOUR, &b));
        if (!str_eqz(sbuf_str(&b), cases[i].source))
            fail_msg("%s: %s", cases[i].query, sbuf_str(&b).p);
    }
}

static void a_source_is_asked_for_the_column_by_its_name(void **state)
{
    int64_t age = 0;
    (void)state;
    assert_true(kql_window_column(STR(KQL_WINDOW), &age) && age == INT64_MAX);
    assert_true(kql_window_column(STR(KQL_WINDOW " 7"), &age) && age == 7);
    assert_false(kql_window_column(STR(KQL_WINDOW "s"), &age));
    assert_false(kql_window_column(STR("TimeGenerated"), &age));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_works_row_by_row_and_key_by_key_is_asked_at_once),
        cmocka_unit_test(what_depends_on_all_rows_is_refused_and_tells_where_rows_can_be),
        cmocka_unit_test(what_has_rows_of_none_may_have_them_in_any_window),
        cmocka_unit_test(rows_are_wanted_for_the_windows_in_which_they_are_young_enough),
        cmocka_unit_test(rows_come_once_with_their_span_where_groups_can_be_laid_out),
        cmocka_unit_test(a_source_is_asked_for_the_column_by_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
