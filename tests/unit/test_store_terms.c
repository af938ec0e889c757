/* The index of terms through a whole store: it leaves out what can't match, and no answer depends
 * on it. */
#include "store_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "kql/kql.h"

enum { ROWS = 7000, DAYS = 3, GROUP = 2048, QUERIES = 200 };

/* ---- helpers ---- */

static const char *ask(struct fixture *f, const char *kql)
{
    struct err e = {0};
    struct kql_diags diags = {0};
    struct store_result r;
    struct store_query q = {.text = str_from(kql)};
    if (!workspace_query(f->w, f->a, &q, &r, &diags, &e))
        fail_msg("%s: %s", kql, e.msg);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    const struct engine_rows *rows = r.rows[r.n - 1];
    for (size_t i = 0; i < engine_rows_count(rows); i++)
        for (size_t k = 0; k < engine_rows_schema(rows)->n; k++) {
            struct kql_value v = engine_rows_get(rows, i, k);
            sbuf_addz(&b, k > 0 ? "|" : i > 0 ? "\n" : "");
            if (v.type == KQL_LONG)
                sbuf_addi(&b, v.i);
            else
                sbuf_add(&b, v.s);
        }
    const char *out = arena_str(f->a, sbuf_str(&b)).p;
    store_result_fini(&r);
    return out;
}

/* What the query would read of its tables, added up. */
static struct store_read reads(struct fixture *f, const char *kql)
{
    struct err e = {0};
    struct kql_diags diags = {0};
    struct store_query q = {.text = str_from(kql)};
    struct store_explained x;
    struct store_read sum = {0};
    if (!workspace_explain(f->w, f->a, &q, &x, &diags, &e))
        fail_msg("%s: %s", kql, e.msg);
    for (size_t i = 0; i < x.n; i++) {
        sum.parts += x.reads[i].parts;
        sum.by_time += x.reads[i].by_time;
        sum.by_terms += x.reads[i].by_terms;
        sum.groups += x.reads[i].groups;
        sum.all_groups += x.reads[i].all_groups;
    }
    return sum;
}

static void restart(struct fixture *f, bool no_index)
{
    fixture_stop(f);
    f->lake.no_term_index = no_index;
    fixture_start(f);
}

static int setup(void **state)
{
    (void)fixture_setup(state);
    struct fixture *f = *state;
    fixture_stop(f);
    f->lake.row_group = GROUP;
    fixture_start(f);
    return 0;
}

static uint64_t rng;
static uint32_t roll(uint32_t n)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return (uint32_t)(rng >> 33) % n;
}

static void set_text(struct fixture *f, struct store_batch *b, const char *column,
                     enum kql_type type, const char *text)
{
    struct kql_value v = {.type = type, .s = str_from(text)};
    store_batch_set(b, column_at(f, "Props_CL", column), &v);
}

static void set_number(struct fixture *f, struct store_batch *b, const char *column,
                       enum kql_type type, int64_t n)
{
    struct kql_value v = {.type = type, .i = n};
    store_batch_set(b, column_at(f, "Props_CL", column), &v);
}

/* Rows of an hour share words that others lack, so that there is something to leave out. */
static void add_row(struct fixture *f, struct store_batch *b, int day, int row)
{
    char text[300];
    int hour = row * 24 / ROWS;
    set_number(f, b, "TimeGenerated", KQL_DATETIME,
               T0 + day * TICKS_PER_DAY + row * (TICKS_PER_DAY / ROWS));
    snprintf(text, sizeof(text), "Host%d logged on, Zürich-%d from 10.%d.%d.7 as ÉVA\\nfoo%d x-%x",
             row % 5, hour, day, hour, hour, day * ROWS + row);
    set_text(f, b, "Message", KQL_STRING, text);
    snprintf(text, sizeof(text),
             "{\"user\":\"user%d@contoso.example\",\"n\":%d,\"real\":1.50e3,\"ok\":true,\"text\":"
             "\"line\\nbreak%d tab\\tstop \\u0042ar%d\",\"list\":[\"a%d\",null]}",
             day * 24 + hour, row, hour, hour, hour);
    set_text(f, b, "Props", KQL_DYNAMIC, row % 50 == 0 ? "\"plain words\"" : text);
    set_number(f, b, "N", KQL_LONG, row);
    if (day == 1 && row % 3 == 0)
        set_text(f, b, "Late", KQL_STRING, hour < 12 ? "morning" : "evening");
    store_batch_end_row(b);
}

static void add_table(struct fixture *f)
{
    struct err e = {0};
    struct kql_column c[] = {{STR("Message"), KQL_STRING},
                             {STR("Props"), KQL_DYNAMIC},
                             {STR("N"), KQL_LONG},
                             {STR("Late"), KQL_STRING},
                             {STR("Never"), KQL_STRING}};
    struct kql_schema schema = {c, COUNTOF(c)};
    struct kql_table t;
    assert_true(workspace_table_define(f->w, STR("Props_CL"), &schema, &e));
    assert_true(workspace_table_find(f->w, f->a, STR("Props_CL"), &t));
    for (int day = 0; day < DAYS; day++) {
        struct store_batch *b = store_batch_new(&t);
        for (int row = 0; row < ROWS; row++)
            add_row(f, b, day, row);
        assert_true(append_one(f, b, NULL, &e));
        assert_true(workspace_seal(f->w, STR("Props_CL"), NULL, &e));
    }
    struct store_batch *hot = store_batch_new(&t);
    for (int row = 0; row < 100; row++)
        add_row(f, hot, DAYS, row);
    assert_true(append_one(f, hot, NULL, &e));
}

/* ---- tests ---- */

static void parts_and_row_groups_without_the_terms_are_not_read(void **state)
{
    struct fixture *f = *state;
    add_table(f);
    struct store_read r = reads(f, "Props_CL | where Message has 'nothing'");
    assert_int_equal(r.parts, DAYS);
    assert_int_equal(r.by_terms, DAYS);
    assert_int_equal(r.groups, 0);
    assert_int_equal(r.all_groups, DAYS * 4);
    r = reads(f, "Props_CL | where Message has 'x-1b59'"); /* the first of the second day */
    assert_int_equal(r.by_terms, DAYS - 1);
    assert_int_equal(r.groups, 1);
    r = reads(f, "Props_CL | where Message has 'logged'");
    assert_int_equal(r.by_terms, 0);
    assert_int_equal(r.groups, r.all_groups);
    r = reads(f, "Props_CL | where TimeGenerated < datetime(2026-01-02) and Late == 'morning'");
    assert_int_equal(r.by_time, DAYS - 1);
    assert_int_equal(r.by_terms, 1);
    r = reads(f, "Props_CL | where Late =~ 'EVENING'");
    assert_int_equal(r.by_terms, DAYS - 1);
    assert_in_range(r.groups, 1, 3);
    r = reads(f, "Props_CL | where Never == 'some'");
    assert_int_equal(r.by_terms, DAYS);
    static const char *const one_day[] = {
        "Props_CL | where Props.user == 'user30@contoso.example'",
        "Props_CL | where tostring(Props.user) has 'user30'",
        "Props_CL | extend u = tostring(Props.user) | where u in~ ('USER30@contoso.example')",
        "Props_CL | project m = Message, u = Props.user | where u startswith 'user30@'",
        "union Props_CL, Syslog | where Props has 'user30'",
        "search in (Props_CL) 'user30'",
        "let u = 'user30'; let g = (x:string) { Props_CL | where Props has x }; g(u) | count",
        "find in (Props_CL) where Props has 'user30'",
        "Props_CL | where Props has_any (dynamic(['user30', 'nobody']))",
        "Props_CL | where Props has_all ('user30', 'contoso')",
        "Props_CL | where (Props has 'user30' or Message has 'nothing') and N >= 0",
        "Props_CL | where Props contains '\"user30@'",
        "Props_CL | where Message has '10.1.7.7'",
    };
    for (size_t i = 0; i < COUNTOF(one_day); i++) {
        r = reads(f, one_day[i]);
        if (r.by_terms != DAYS - 1 || r.groups > 2)
            fail_msg("%s: %d parts left out, %d row groups read", one_day[i], (int)r.by_terms,
                     (int)r.groups);
    }
    static const char *const all_days[] = {
        "Props_CL | where Message !has 'nothing'",
        "Props_CL | where not(Message has 'nothing')",
        "Props_CL | where Message has 'nothing' or N == 3",
        "Props_CL | where Message contains 'nothing'",
        "Props_CL | where Message hasprefix 'nothing'",
        "Props_CL | where tolower(Message) has 'nothing'",
        "Props_CL | where Message has 'nothing' or Late != 'a'",
        "Props_CL | summarize m = max(Message) by N | where m has 'nothing'",
        "Props_CL | where Props.n == 1500000",
    };
    for (size_t i = 0; i < COUNTOF(all_days); i++)
        if (reads(f, all_days[i]).by_terms != 0)
            fail_msg("%s: parts were left out", all_days[i]);
}

/* ---- random queries ---- */

static const char *random_word(void)
{
    static const char *const words[] = {"Host3",    "logged",   "ZÜRICH",
                                        "zürich-7", "10.1.5.7", "éva",
                                        "foo13",    "nfoo13",   "user30",
                                        "bar7",     "Bar",      "break9",
                                        "nbreak9",  "tab",      "a17",
                                        "contoso",  "plain",    "words",
                                        "true",     "1500",     "1.50e3",
                                        "null",     "morning",  "9",
                                        "absent",   "ustop",    "line",
                                        "x-1b59",   "u0042ar5", "stop",
                                        "Host",     "on, Z",    "user30@contoso.example",
                                        "evening",  ""};
    return words[roll(COUNTOF(words))];
}

static void random_leaf(struct sbuf *q)
{
    static const char *const columns[] = {"Message", "Props",         "tostring(Props.user)",
                                          "Late",    "Props.text",    "tostring(Props.list)",
                                          "Alias",   "Props['user']", "tostring(N)"};
    static const char *const ops[] = {
        "has",       "has",           "has_cs",      "==",       "=~",
        "hasprefix", "startswith",    "contains",    "endswith", "hassuffix",
        "!has",      "startswith_cs", "contains_cs", "!="};
    const char *column = columns[roll(COUNTOF(columns))];
    if (roll(4) == 0) {
        static const char *const lists[] = {"in", "in~", "has_any", "has_all", "!in"};
        sbuf_addf(q, "tostring(%s) %s ('%s', '%s')", column, lists[roll(COUNTOF(lists))],
                  random_word(), random_word());
        return;
    }
    sbuf_addf(q, "tostring(%s) %s '%s'", column, ops[roll(COUNTOF(ops))], random_word());
}

static void random_condition(struct sbuf *q, unsigned depth)
{
    if (depth == 0 || roll(3) == 0) {
        random_leaf(q);
        return;
    }
    sbuf_addz(q, roll(8) == 0 ? "not(" : "(");
    random_condition(q, depth - 1);
    sbuf_addz(q, roll(2) == 0 ? " and " : " or ");
    random_condition(q, depth - 1);
    sbuf_addc(q, ')');
}

static const char *random_query(struct fixture *f)
{
    static const char *const heads[] = {
        "Props_CL | extend Alias = Message | where ",
        "Props_CL | extend Alias = tostring(Props.user) | where ",
        "union Props_CL, (Props_CL | where N < 100) | extend Alias = Late | where ",
        "Props_CL | project Message, Props, Late, N, Alias = 'Host3 morning' | where "};
    AUTO(sbuf_fini) struct sbuf q = sbuf_make(0);
    if (roll(10) == 0) {
        sbuf_addf(&q, "search in (Props_CL, Syslog) '%s%s'", random_word(), roll(4) ? "" : "*");
    } else {
        sbuf_addz(&q, heads[roll(COUNTOF(heads))]);
        random_condition(&q, roll(3));
    }
    sbuf_addz(&q, " | summarize count(), sum(N), min(N), max(N)");
    return arena_str(f->a, sbuf_str(&q)).p;
}

static void no_answer_depends_on_the_index(void **state)
{
    struct fixture *f = *state;
    add_table(f);
    const char **queries = arena_array(f->a, const char *, QUERIES);
    const char **answers = arena_array(f->a, const char *, QUERIES);
    size_t left_out = 0, found = 0;
    rng = 88172645463325252u;
    for (size_t i = 0; i < QUERIES; i++) {
        queries[i] = random_query(f);
        answers[i] = ask(f, queries[i]);
        struct store_read r = reads(f, queries[i]);
        left_out += r.by_terms > 0 || r.groups < r.all_groups;
        found += strncmp(answers[i], "0|", 2) != 0 && r.groups < r.all_groups;
    }
    assert_true(left_out > QUERIES / 5);
    assert_true(found > QUERIES / 50);
    restart(f, true);
    for (size_t i = 0; i < QUERIES; i++) {
        if (strcmp(ask(f, queries[i]), answers[i]) != 0)
            fail_msg("%s: %s with the index, %s without", queries[i], answers[i],
                     ask(f, queries[i]));
        assert_int_equal(reads(f, queries[i]).by_terms, 0);
    }
}

/* ---- files ---- */

static const char *index_of(struct fixture *f, const char *day)
{
    char dir[512];
    snprintf(dir, sizeof(dir), "%s/workspaces/" WS_ID "/lake/Props_CL/%s", f->dir, day);
    DIR *d = opendir(dir);
    assert_non_null(d);
    const char *found = NULL;
    for (struct dirent *at; (at = readdir(d)) != NULL;)
        if (str_ends(str_from(at->d_name), STR(".terms")))
            found = arena_fmt(f->a, "%s/%s", dir, at->d_name).p;
    closedir(d);
    return found;
}

static struct store_check check(struct fixture *f)
{
    struct err e = {0};
    struct store_check c;
    assert_true(workspace_check(f->w, f->a, false, &c, &e));
    assert_int_equal(c.n_damage, 0);
    return c;
}

static void a_damaged_index_is_made_anew_and_hides_nothing(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    add_table(f);
    static const char query[] = "Props_CL | where Message has 'x-1b59' | count";
    assert_string_equal(ask(f, query), "1");
    assert_int_equal(check(f).indexes, DAYS);
    log_setup(LOG_ERROR, open("/dev/null", O_WRONLY | O_CLOEXEC));
    const char *path = index_of(f, "2026/01/02");
    int fd = open(path, O_RDWR);
    struct stat st;
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    for (off_t at = 0; at < st.st_size; at += 7) {
        char c;
        assert_int_equal(pread(fd, &c, 1, at), 1);
        c ^= 0x55;
        assert_int_equal(pwrite(fd, &c, 1, at), 1);
    }
    close(fd);
    restart(f, false);
    assert_string_equal(ask(f, query), "1");
    assert_int_equal(check(f).indexes, DAYS - 1);
    unlink(index_of(f, "2026/01/03"));
    struct store_check c = check(f);
    assert_int_equal(c.bad_indexes, 1);
    assert_int_equal(c.indexes, DAYS - 2);
    assert_true(workspace_compact(f->w, &e)); /* makes what is missing */
    assert_int_equal(check(f).indexes, DAYS);
    assert_int_equal(reads(f, query).by_terms, DAYS - 1);
    assert_string_equal(ask(f, query), "1");
    restart(f, false);
    c = check(f);
    assert_int_equal(c.indexes, DAYS);
    assert_int_equal(c.bad_indexes, 0);
    log_setup(LOG_ERROR, 2);
}

static void parts_from_before_get_theirs_and_files_go_with_the_part(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    restart(f, true);
    add_table(f);
    assert_null(index_of(f, "2026/01/01"));
    restart(f, false);
    assert_int_equal(reads(f, "Props_CL | where Message has 'nothing'").by_terms, 0);
    assert_true(workspace_compact(f->w, &e));
    assert_int_equal(reads(f, "Props_CL | where Message has 'nothing'").by_terms, DAYS);
    assert_non_null(index_of(f, "2026/01/01"));
    struct store_purge p = {.table = STR("Props_CL"),
                            .predicate = STR("TimeGenerated < datetime(2026-01-02)"),
                            .received_until = T0 + 900 * TICKS_PER_DAY};
    uint64_t deleted;
    assert_true(workspace_purge(f->w, &p, &deleted, &e));
    assert_int_equal(deleted, ROWS);
    workspace_expire(f->w); /* deletes files that nobody reads any more */
    assert_null(index_of(f, "2026/01/01"));
    p.predicate = STR("Message has 'x-1b59'");
    assert_true(workspace_purge(f->w, &p, &deleted, &e));
    assert_int_equal(deleted, 1);
    assert_int_equal(check(f).indexes, DAYS - 1);
    assert_int_equal(reads(f, "Props_CL | where Message has 'x-1b59'").by_terms, DAYS - 1);
}

static void a_store_of_the_layout_before_is_opened(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    add_table(f);
    static const char *const back[] = {
        "ALTER TABLE ws_1.main.vedette_parts DROP COLUMN terms_bytes",
        "ALTER TABLE ws_1.main.vedette_parts DROP COLUMN terms_crc",
        "UPDATE ws_1.main.vedette_meta SET value = '2' WHERE key = 'layout'"};
    for (size_t i = 0; i < COUNTOF(back); i++)
        assert_true(engine_exec(store_engine(f->store), str_from(back[i]), &e));
    restart(f, false);
    assert_int_equal(check(f).indexes, 0);
    assert_string_equal(ask(f, "Props_CL | where Message has 'x-1b59' | count"), "1");
    assert_true(workspace_compact(f->w, &e));
    assert_int_equal(check(f).indexes, DAYS);
    restart(f, false);
    assert_int_equal(check(f).indexes, DAYS);
    assert_int_equal(reads(f, "Props_CL | where Message has 'nothing'").by_terms, DAYS);
}

static void memory_for_indexes_is_bounded(void **state)
{
    struct fixture *f = *state;
    f->lake.index_memory = 1;
    restart(f, false);
    add_table(f);
    for (int i = 0; i < 3; i++)
        assert_string_equal(ask(f, "Props_CL | where Message has 'x-1b59' | count"), "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(parts_and_row_groups_without_the_terms_are_not_read, setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(no_answer_depends_on_the_index, setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_index_is_made_anew_and_hides_nothing, setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(parts_from_before_get_theirs_and_files_go_with_the_part,
                                        setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_store_of_the_layout_before_is_opened, setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(memory_for_indexes_is_bounded, setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
