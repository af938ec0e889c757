/* What the optimiser leaves of a plan. */
#include "base/clock.h"
#include "kql/kql.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static bool find_table(void *self, struct arena *a, struct str workspace, struct str name,
                       struct kql_table *out)
{
    static struct kql_column cols[] = {{{"a", 1}, KQL_STRING},
                                       {{"b", 1}, KQL_STRING},
                                       {{"n", 1}, KQL_LONG},
                                       {{"t", 1}, KQL_DATETIME}};
    (void)self, (void)a, (void)workspace;
    if (!str_eqz(name, "T"))
        return false;
    *out = (struct kql_table){.name = STR("T"), .schema = {cols, COUNTOF(cols)}};
    return true;
}

static void plan_is(const char *query, const char *want)
{
    static const struct kql_catalog catalog = {.find_table = find_table};
    struct arena *a = arena_new(0);
    struct kql_options o = {.catalog = &catalog, .now_ticks = (int64_t)640000 * TICKS_PER_DAY};
    struct kql_diags d = {.a = a};
    struct kql_query q;
    AUTO(sbuf_fini) struct sbuf out = sbuf_make(0);
    assert_true(kql_compile(a, str_from(query), &o, &q, &d));
    plan_print(q.results[0].plan, &out);
    assert_string_equal(sbuf_str(&out).p, want);
    arena_free(a);
}

static void a_filter_that_lets_all_rows_pass_is_gone(void **state)
{
    (void)state;
    static const char want[] = "table T (a#1:string, b#2:string, n#3:long, t#4:datetime)\n";
    plan_is("T | where true", want);
    plan_is("T | where not(false)", want);
    plan_is(
        "let f = (names:dynamic = dynamic([]), from:datetime = datetime(null), off:bool = false) {"
        " T | where not(off) | where isnull(from) or t >= from"
        " | where array_length(names) == 0 or a has_any (names)"
        " | where array_length(array_concat(names, names)) == 0 or b in (names) }; f()",
        want);
    plan_is("let p = '*'; T | where p == '*' or a == p | where 1 < 2 and isempty('') and 2 != 3",
            want);
}

static void what_a_row_decides_stays(void **state)
{
    (void)state;
    plan_is("T | where a == 'x' or false",
            "filter (a#1:string, b#2:string, n#3:long, t#4:datetime)\n"
            "  ==(#1, 'x')\n"
            "  table T (a#1:string, b#2:string, n#3:long, t#4:datetime)\n");
    plan_is("T | where isnull(n) | project n", "project (n#5:long)\n"
                                               "  let n#5 = #3\n"
                                               "  filter (n#3:long)\n"
                                               "    isnull(#3)\n"
                                               "    table T (n#3:long)\n");
}

static void what_has_no_rows_is_gone(void **state)
{
    (void)state;
    plan_is("T | where false | extend x = n + 1 | sort by n | project x", "values (x#6:long)\n");
    plan_is("union (T | where 1 == 2), (T | where n == 1) | summarize by n",
            "aggregate (n#13:long)\n"
            "  key n#13 = #11\n"
            "  union (n#11:long)\n"
            "    filter (n#7:long)\n"
            "      ==(#7, 1)\n"
            "      table T (n#7:long)\n");
    plan_is("T | where false | join kind=inner (T) on a | summarize count() by a",
            "values (a#9:string, count_#10:long)\n");
    plan_is("T | where false | count",
            "aggregate (Count#5:long)\n  let Count#5 = count()\n  values ()\n");
}

static void a_column_is_read_up_to_its_last_use_only(void **state)
{
    (void)state;
    plan_is("T | where a == 'x' | sort by t | where n > 1 | project b",
            "project (b#5:string)\n"
            "  let b#5 = #2\n"
            "  filter (b#2:string)\n"
            "    >(#3, 1)\n"
            "    sort (b#2:string, n#3:long)\n"
            "      desc #4\n"
            "      filter (b#2:string, n#3:long, t#4:datetime)\n"
            "        ==(#1, 'x')\n"
            "        table T (a#1:string, b#2:string, n#3:long, t#4:datetime)\n");
}

static void projections_become_one(void **state)
{
    (void)state;
    plan_is("T | extend x = n + 1 | extend y = n + 2 | project-rename z = y | project a, x, z",
            "project (a#7:string, x#8:long, z#9:long)\n"
            "  let a#7 = #1\n"
            "  let x#8 = +(#3, 1)\n"
            "  let z#9 = +(#3, 2)\n"
            "  table T (a#1:string, n#3:long)\n");
}

static void what_would_be_computed_twice_keeps_its_projection(void **state)
{
    (void)state;
    plan_is("T | project x = rand() | project y = x, z = x", "project (y#6:real, z#7:real)\n"
                                                             "  let y#6 = #5\n"
                                                             "  let z#7 = #5\n"
                                                             "  project (x#5:real)\n"
                                                             "    let x#5 = rand()\n"
                                                             "    table T ()\n");
}

/* Time and stack grow with the length of the chain, as each let holds the one before. */
static void a_chain_of_lets_has_a_limit(void **state)
{
    (void)state;
    struct arena *a = arena_new(0);
    struct kql_options o = {0};
    struct kql_diags d = {.a = a};
    struct kql_query q;
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(0);
    sbuf_addz(&text, "let a0 = rand();");
    for (int i = 1; i <= 20000; i++)
        sbuf_addf(&text, "let a%d = a%d + 1;", i, i - 1);
    sbuf_addz(&text, "print a20000");
    assert_false(kql_compile(a, sbuf_str(&text), &o, &q, &d));
    assert_int_equal(d.n_errors, 1);
    assert_string_equal(d.v.p[0].message.p, "the query is too large once its functions are put in");
    arena_free(a);
}

/* Each is looked at twice as often as the one that names it, if nobody remembers. */
static void shared_tables_that_each_name_two_are_looked_at_once(void **state)
{
    (void)state;
    static const struct kql_catalog catalog = {.find_table = find_table};
    struct arena *a = arena_new(0);
    struct kql_options o = {.catalog = &catalog};
    struct kql_diags d = {.a = a};
    struct kql_query q;
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(0);
    sbuf_addz(&text, "let a0 = materialize(T | project n);");
    for (int i = 1; i <= 50; i++)
        sbuf_addf(&text, "let a%d = materialize(a%d | union a%d);", i, i - 1, i - 1);
    sbuf_addz(&text, "T | where n in (a50) | project b");
    assert_true(kql_compile(a, sbuf_str(&text), &o, &q, &d));
    assert_int_equal(q.results[0].plan->cols.n, 1);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filter_that_lets_all_rows_pass_is_gone),
        cmocka_unit_test(what_a_row_decides_stays),
        cmocka_unit_test(what_has_no_rows_is_gone),
        cmocka_unit_test(a_column_is_read_up_to_its_last_use_only),
        cmocka_unit_test(projections_become_one),
        cmocka_unit_test(a_chain_of_lets_has_a_limit),
        cmocka_unit_test(shared_tables_that_each_name_two_are_looked_at_once),
        cmocka_unit_test(what_would_be_computed_twice_keeps_its_projection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
