/* Many queries looked at together: what a probe leaves out gives no rows when it runs alone, and
 * what shares its tables' rows with others gives the same rows as alone. */
#include "store_fixture.h"

static uint64_t seed = 20260301;

static unsigned roll(unsigned n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % n;
}

static void set_text(struct fixture *f, struct store_batch *b, const char *table,
                     const char *column, const char *text)
{
    struct kql_value v = {.type = KQL_STRING, .s = str_from(text)};
    store_batch_set(b, column_at(f, table, column), &v);
}

/* Few different values, so that conditions hold for some rows and for no row about as often. */
static void append_rows(struct fixture *f, int n)
{
    static const char *const words[] = {"", "alpha", "beta gamma", "delta", "a long epsilon"};
    struct err e = {0};
    struct kql_table sign_ins, events;
    assert_true(workspace_table_find(f->w, f->a, STR("SigninLogs"), &sign_ins));
    assert_true(workspace_table_find(f->w, f->a, STR("Syslog"), &events));
    struct store_batch *b[2] = {store_batch_new(&sign_ins), store_batch_new(&events)};
    for (int i = 0; i < n; i++) {
        char name[16];
        snprintf(name, sizeof(name), "u%u", roll(6));
        set_text(f, b[0], "SigninLogs", "UserPrincipalName", name);
        set_text(f, b[0], "SigninLogs", "ResultType", roll(3) == 0 ? "50126" : "0");
        store_batch_end_row(b[0]);
        set_text(f, b[1], "Syslog", "SyslogMessage", words[roll(COUNTOF(words))]);
        set_text(f, b[1], "Syslog", "Computer", name);
        store_batch_end_row(b[1]);
    }
    assert_true(store_append(f->w, b, 2, STR_NONE, &e));
}

static const char *condition(struct fixture *f, bool of_sign_ins)
{
    static const char *const words[] = {"alpha", "gamma", "zeta", "epsilon", "eta"};
    switch (roll(6)) {
    case 0:
        return arena_fmt(f->a, "%s == 'u%u'", of_sign_ins ? "UserPrincipalName" : "Computer",
                         roll(9))
            .p;
    case 1:
        return of_sign_ins ? "ResultType != '0'"
                           : arena_fmt(f->a, "SyslogMessage has '%s'", words[roll(5)]).p;
    case 2:
        return arena_fmt(f->a, "TimeGenerated > ago(%um)", roll(10)).p;
    case 3:
        return arena_fmt(f->a, "%s in (toscalar(Syslog | summarize max(Computer)), 'x')",
                         of_sign_ins ? "UserPrincipalName" : "Computer")
            .p;
    case 4:
        return of_sign_ins ? "isempty(AppDisplayName) and ResultType startswith '5'"
                           : "not(SyslogMessage contains 'alpha')";
    default:
        return arena_fmt(f->a, "%s matches regex 'u[%u-9]'",
                         of_sign_ins ? "UserPrincipalName" : "Computer", roll(9))
            .p;
    }
}

static const char *table(struct fixture *f, bool of_sign_ins)
{
    return arena_fmt(f->a, "%s | where %s and %s", of_sign_ins ? "SigninLogs" : "Syslog",
                     condition(f, of_sign_ins), condition(f, of_sign_ins))
        .p;
}

static const char *tail(void)
{
    static const char *const tails[] = {
        "",
        " | summarize count() by TimeGenerated",
        " | summarize n = count()",
        " | summarize n = count() | where n > 3",
        " | extend X = 1 | where X == 1 | project TimeGenerated, X",
        " | top 3 by TimeGenerated",
        " | mv-expand L = pack_array(1, 2)",
        " | mv-apply L = pack_array(1, 2) on (summarize count())",
        " | as T | union T",
        " | make-series count() on TimeGenerated from ago(1h) to now() step 10m",
        " | serialize N = row_number() | where N > 1",
        " | where rand() >= 0",
        " | summarize arg_max(TimeGenerated, *) by Type",
    };
    return tails[roll(COUNTOF(tails))];
}

static const char *query(struct fixture *f)
{
    static const char *const kinds[] = {"inner",      "innerunique", "leftouter",
                                        "rightouter", "fullouter",   "leftanti",
                                        "rightanti",  "leftsemi",    "rightsemi"};
    const char *left = table(f, true), *right = table(f, false);
    switch (roll(5)) {
    case 0:
        return arena_fmt(f->a, "%s | join kind=%s (%s) on TimeGenerated", left,
                         kinds[roll(COUNTOF(kinds))], right)
            .p;
    case 1:
        return arena_fmt(f->a, "union (%s), (%s)%s", left, right, tail()).p;
    case 2:
        return arena_fmt(f->a, "let A = materialize(%s); A%s", left, tail()).p;
    default:
        return arena_fmt(f->a, "%s%s", roll(2) ? left : right, tail()).p;
    }
}

static size_t rows_of(struct fixture *f, const struct store_query *q)
{
    struct err e = {0};
    struct kql_diags diags = {0};
    struct store_result result = {0};
    if (!workspace_query(f->w, f->a, q, &result, &diags, &e))
        fail_msg("%.*s: %s", STR_ARG(q->text), e.msg);
    size_t n = engine_rows_count(result.rows[0]);
    store_result_fini(&result);
    return n;
}

enum { QUERIES = 60, ROUNDS = 4 };

/* ---- sharing ---- */

/* Which rows come is left open by these. */
static bool is_open(struct str text)
{
    static const char *const words[] = {"innerunique", "top ", "arg_max", "row_number"};
    for (size_t i = 0; i < COUNTOF(words); i++)
        if (str_find(text, str_from(words[i]), NULL))
            return true;
    return false;
}

static int by_text(const void *x, const void *y)
{
    return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

static struct str row_text(struct fixture *f, const struct engine_rows *rows, size_t row)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 20);
    struct json_out w = json_out_make(&b);
    json_arr(&w);
    for (size_t i = 0; i < engine_rows_schema(rows)->n; i++) {
        struct kql_value v = engine_rows_get(rows, row, i);
        engine_value_json(&w, &v);
    }
    json_arr_end(&w);
    return arena_str(f->a, sbuf_str(&b));
}

static void same_rows(struct fixture *f, struct str text, const struct engine_rows *alone,
                      const struct engine_rows *shared)
{
    size_t n = engine_rows_count(alone);
    if (engine_rows_count(shared) != n)
        fail_msg("%.*s: %zu rows alone, %zu in company", STR_ARG(text), n,
                 engine_rows_count(shared));
    struct str *x = arena_array(f->a, struct str, n + 1), *y = arena_array(f->a, struct str, n + 1);
    for (size_t i = 0; i < n; i++) {
        x[i] = row_text(f, alone, i);
        y[i] = row_text(f, shared, i);
    }
    qsort(x, n, sizeof(*x), by_text);
    qsort(y, n, sizeof(*y), by_text);
    for (size_t i = 0; i < n && !is_open(text); i++)
        if (!str_eq(x[i], y[i]))
            fail_msg("%.*s: alone %.*s, in company %.*s", STR_ARG(text), STR_ARG(x[i]),
                     STR_ARG(y[i]));
}

/* Returns how many of the queries shared something. */
static size_t share(struct fixture *f, const struct store_query *q, struct kql_query *compiled,
                    size_t max_rows)
{
    struct kql_query *all[QUERIES];
    bool shared[QUERIES];
    size_t n = 0;
    for (int i = 0; i < QUERIES; i++)
        all[i] = &compiled[i];
    const struct store_share_limits limits = {.max_rows = max_rows};
    struct store_share *s = workspace_share(f->w, f->a, all, QUERIES, &limits, shared);
    for (int i = 0; i < QUERIES; i++) {
        struct err e = {0};
        struct kql_diags diags = {0};
        struct store_result alone = {0}, together = {0};
        if (!shared[i])
            continue;
        if (!workspace_query(f->w, f->a, &q[i], &alone, &diags, &e) ||
            !workspace_run(f->w, f->a, &compiled[i], &q[i].limits, &together, &e))
            fail_msg("%.*s: %s", STR_ARG(q[i].text), e.msg);
        same_rows(f, q[i].text, alone.rows[0], together.rows[0]);
        store_result_fini(&alone);
        store_result_fini(&together);
        n++;
    }
    store_share_free(s);
    return n;
}

/* One range of arrival; returns how many queries were left out, and adds how many shared. */
static size_t compare(struct fixture *f, int64_t after, int64_t until, size_t *shared)
{
    struct store_query q[QUERIES] = {0};
    struct kql_query compiled[QUERIES];
    struct store_probe probes[QUERIES];
    struct engine_limits limits = {0};
    struct err e = {0};
    size_t left_out = 0;
    for (int i = 0; i < QUERIES; i++) {
        struct kql_diags diags = {0};
        q[i].text = str_from(query(f));
        q[i].options = (struct kql_options){.now_ticks = until,
                                            .has_arrival = true,
                                            .arrived_after = after,
                                            .arrived_until = until};
        if (!workspace_compile(f->w, f->a, &q[i], &compiled[i], &diags, &e))
            fail_msg("%.*s: %s", STR_ARG(q[i].text), e.msg);
        probes[i] = (struct store_probe){&compiled[i], after, false};
    }
    if (!workspace_probe(f->w, f->a, probes, QUERIES, until, &limits, &e))
        fail_msg("%s", e.msg);
    for (int i = 0; i < QUERIES; i++) {
        size_t rows = rows_of(f, &q[i]);
        if (!probes[i].may && rows > 0)
            fail_msg("%.*s: left out, and gives %zu rows", STR_ARG(q[i].text), rows);
        left_out += !probes[i].may;
    }
    *shared += share(f, q, compiled, 1000);
    return left_out;
}

static void what_is_left_out_gives_no_rows(void **state)
{
    struct fixture *f = *state;
    size_t left_out = 0, shared = 0;
    int64_t mark = workspace_arrived(f->w);
    for (int round = 0; round < ROUNDS; round++) {
        append_rows(f, round == 2 ? 0 : (int)roll(8) + 1);
        clock_advance(f->clock, TICKS_PER_MINUTE);
        int64_t now = workspace_arrived(f->w);
        left_out += compare(f, mark, now, &shared);
        mark = now;
    }
    assert_in_range(left_out, ROUNDS * QUERIES / 10, ROUNDS * QUERIES);
    assert_in_range(shared, ROUNDS * QUERIES / 5, ROUNDS * QUERIES);
}

static void sealed_rows_count_too(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    int64_t before = workspace_arrived(f->w);
    append_rows(f, 5);
    int64_t after = workspace_arrived(f->w);
    assert_true(workspace_seal(f->w, STR_NONE, NULL, &e));
    append_rows(f, 5);
    int64_t last = workspace_arrived(f->w);
    size_t shared = 0;
    (void)compare(f, before, after, &shared);
    (void)compare(f, before, last, &shared);
    (void)compare(f, after, last, &shared);
    assert_in_range(shared, 3 * QUERIES / 4, 3 * QUERIES);
}

static void compile(struct fixture *f, const char *text, struct store_query *q,
                    struct kql_query *out)
{
    struct kql_diags diags = {0};
    struct err e = {0};
    *q = (struct store_query){.text = str_from(text)};
    assert_true(workspace_compile(f->w, f->a, q, out, &diags, &e));
}

/* Too many rows, too few queries, and readings of a whole table. */
static void what_does_not_pay_is_not_shared(void **state)
{
    static const char *const texts[] = {
        "Syslog | where Computer startswith 'u'",  "Syslog | where Computer != 'u1'",
        "Syslog | where SyslogMessage == 'alpha'", "SigninLogs | where ResultType == '0'",
        "SigninLogs | where ResultType != '0'",    "Syslog",
        "Syslog | where TimeGenerated > ago(1d)"};
    struct fixture *f = *state;
    struct store_query q[COUNTOF(texts)];
    struct kql_query compiled[COUNTOF(texts)], *all[COUNTOF(texts)];
    bool shared[COUNTOF(texts)];
    append_rows(f, 50);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < COUNTOF(texts); i++) {
            compile(f, texts[i], &q[i], &compiled[i]);
            all[i] = &compiled[i];
        }
        /* Enough room; none; and enough, but the table was too large a moment ago. */
        const struct store_share_limits limits = {.max_rows = round == 1 ? 20 : 1000};
        struct store_share *s = workspace_share(f->w, f->a, all, COUNTOF(texts), &limits, shared);
        for (size_t i = 0; i < COUNTOF(texts); i++)
            assert_int_equal(shared[i], round == 0 && i < 3);
        store_share_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_left_out_gives_no_rows, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(sealed_rows_count_too, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_does_not_pay_is_not_shared, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
