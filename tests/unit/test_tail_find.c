/* Patterns of paths, ranges of records, and what a source's description says to mistakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "tail/tail_priv.h"
#include "text/rx.h"
#include "text/yaml.h"
#include <fcntl.h>

static char *make_folder(struct arena *a)
{
    char *dir = arena_strz(a, STR("/tmp/vedette-test-XXXXXX"));
    assert_non_null(mkdtemp(dir));
    static const char *const names[] = {"a", "a/x", "a/y", "b"};
    static const char *const files[] = {"a/1.log", "a/x/2.log", "a/y/2.log", "b/.hidden.log",
                                        "b/3.txt"};
    for (size_t i = 0; i < COUNTOF(names); i++)
        assert_int_equal(mkdir(arena_fmt(a, "%s/%s", dir, names[i]).p, 0700), 0);
    for (size_t i = 0; i < COUNTOF(files); i++) {
        int fd = open(arena_fmt(a, "%s/%s", dir, files[i]).p, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        close(fd);
    }
    assert_int_equal(symlink("../a/1.log", arena_fmt(a, "%s/b/link.log", dir).p), 0);
    return dir;
}

static void remove_folder(struct arena *a, const char *dir)
{
    static const char *const all[] = {"a/1.log",       "a/x/2.log", "a/y/2.log",
                                      "b/.hidden.log", "b/3.txt",   "b/link.log"};
    static const char *const folders[] = {"a/x", "a/y", "a", "b", ""};
    for (size_t i = 0; i < COUNTOF(all); i++)
        assert_int_equal(unlink(arena_fmt(a, "%s/%s", dir, all[i]).p), 0);
    for (size_t i = 0; i < COUNTOF(folders); i++)
        assert_int_equal(rmdir(arena_fmt(a, "%s/%s", dir, folders[i]).p), 0);
}

static void patterns_name_files(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const char *dir = make_folder(a);
    static const struct {
        const char *pattern;
        size_t files;
    } cases[] = {{"/a/1.log", 1}, {"/a/*.log", 1},   {"/a/*/2.log", 2}, {"/*/*.log", 2},
                 {"/b", 2},       {"/b/.*.log", 1},  {"/a/?/*", 2},     {"/a/[x]/*", 1},
                 {"/none/*", 0},  {"/a/1.log/*", 0}, {"/a/x", 1}};
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        AUTO(arena_freep) struct arena *own = arena_new(0);
        struct found_files found = {.a = own};
        find_files(arena_fmt(a, "%s%s", dir, cases[i].pattern).p, &found);
        if (found.n != cases[i].files)
            fail_msg("%s: %zu files", cases[i].pattern, found.n);
    }
    remove_folder(a, dir);
}

static void the_folder_in_front(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"/var/log/*.log", "/var/log"},
                                           {"/var/lo?/x/y", "/var"},
                                           {"/none/of/it.log", "/none/of"},
                                           {"/*", "/"},
                                           {"/tmp", "/tmp"},
                                           {"/nothing", "/"}};
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        char base[256];
        find_base(cases[i][0], base, sizeof(base));
        assert_string_equal(base, cases[i][1]);
    }
}

static void links_stay_in_the_folder(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const char *dir = make_folder(a);
    struct stat st;
    struct err e = {0};
    char *link = arena_strz(a, arena_fmt(a, "%s/b/link.log", dir));
    char *b = arena_strz(a, arena_fmt(a, "%s/b", dir));
    int fd = file_open(link, dir, false, &st, &e);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(file_open(link, b, false, &st, &e), -1);
    assert_int_equal(e.code, ERR_FORBIDDEN);
    fd = file_open(link, b, true, &st, &e);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(file_open(dir, "/tmp", false, &st, &e), -1); /* a folder */
    assert_int_equal(e.code, ERR_INVALID);
    remove_folder(a, dir);
}

static size_t cut(enum tail_format f, const char *text)
{
    struct tail_source s = {.format = f, .csv = {.separator = ';'}};
    return tail_cut(&s, str_from(text));
}

static void ranges_end_behind_records(void **state)
{
    (void)state;
    assert_int_equal(cut(TAIL_NDJSON, "{}\n{}\n{"), 6);
    assert_int_equal(cut(TAIL_NDJSON, "{"), 0);
    assert_int_equal(cut(TAIL_CSV, "a;\"b\nc\"\nd;\"e\n"), 8);
    assert_int_equal(cut(TAIL_CSV, "\"a\"\"\n\"\nb\n\"c"), 9);
    assert_int_equal(cut(TAIL_CSV, "5\" disk;b\nc\n"), 12);
    assert_int_equal(cut(TAIL_CSV, "\"\"\na"), 3);
    assert_int_equal(cut(TAIL_JSON, "[1]\n"), 0);
}

/* ---- events of several lines ---- */

static struct tail_source events_of(const struct rx *first)
{
    return (struct tail_source){
        .format = TAIL_TEXT, .first_line = first, .event_lines = 4, .event_bytes = 40};
}

static void ranges_end_behind_events(void **state)
{
    (void)state;
    struct rx *first = rx_new(STR("^[0-9]"));
    struct tail_source s = events_of(first);
    static const struct {
        const char *text;
        size_t cut;
    } cases[] = {{"", 0},
                 {"1 a", 0},
                 {"1 a\n", 0},
                 {"1 a\n b\n", 0},
                 {"1 a\n b\n2", 0},
                 {"1 a\n b\n2\n", 7},
                 {" b\n1\n", 3},
                 {"1\n2\n3\n", 4},
                 {"1\n\n\n2\n", 4},
                 {"1\n\xff 2\n", 0},
                 {"1\n2\xff\n", 2},
                 {"1\n a\n a\n a\n a\n", 11},
                 {"1 34567890\n 234567890\n 234567890\n 234567890\n", 33},
                 {"1 3456789012345678901234567890123456789012345\n a\n2\n", 49}};
    for (size_t i = 0; i < COUNTOF(cases); i++)
        if (tail_cut(&s, str_from(cases[i].text)) != cases[i].cut)
            fail_msg("%s: %zu", cases[i].text, tail_cut(&s, str_from(cases[i].text)));
    rx_free(first);
}

static void events_become_records(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf out = sbuf_make(0);
    struct rx *first = rx_new(STR("^[0-9]"));
    struct tail_source s = events_of(first);
    struct str text = STR("1 a\r\n at \"b\"\r\n\r\n2 \xe9\n\n\n3");
    events_records(&s, text, STR("/x"), STR("h"), &out);
    sbuf_addc(&out, '\0');
    assert_string_equal(
        sbuf_str(&out).p,
        "{\"RawData\":\"1 a\\r\\n at \\\"b\\\"\",\"FilePath\":\"/x\",\"Computer\":\"h\"}\n"
        "{\"RawData\":\"2 \xc3\xa9\",\"FilePath\":\"/x\",\"Computer\":\"h\"}\n"
        "{\"RawData\":\"3\",\"FilePath\":\"/x\",\"Computer\":\"h\"}\n");
    struct ingest_syslog messages = {0};
    events_messages(a, &s, text, &messages);
    assert_int_equal(messages.n_messages, 3);
    events_messages(a, &s, STR("\n\n"), &messages);
    assert_int_equal(messages.n_messages, 0);
    assert_non_null(messages.messages);
    rx_free(first);
}

/* Whatever the bytes: a range that was cut has the same events as the whole text. */
static void events_do_not_depend_on_where_ranges_end(void **state)
{
    (void)state;
    struct rx *first = rx_new(STR("^[0-9]"));
    struct tail_source s = events_of(first);
    uint64_t rng = 88172645463325252u;
    for (int round = 0; round < 2000; round++) {
        char bytes[120];
        for (size_t i = 0; i < sizeof(bytes); i++) {
            rng ^= rng << 13;
            rng ^= rng >> 7;
            rng ^= rng << 17;
            bytes[i] = "1 a\n\n\r\xff"[rng % 7];
        }
        struct str text = {bytes, sizeof(bytes)}, one, other;
        size_t at = 0;
        for (size_t from = 0, n = 1; from < text.n; from += n) {
            struct str rest = str_sub(text, from, text.n);
            size_t inner = 0;
            n = tail_cut(&s, rest);
            n = n > 0 ? n : rest.n;
            assert_true(n <= rest.n);
            while (events_next(&s, str_sub(rest, 0, n), &inner, &one)) {
                assert_true(events_next(&s, text, &at, &other));
                assert_ptr_equal(one.p, other.p);
                assert_int_equal(one.n, other.n);
            }
        }
        assert_false(events_next(&s, text, &at, &other));
    }
    rx_free(first);
}

static void expect_refused(const char *yaml, const char *message, uint32_t line)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct json list = {0};
    struct err e = {0};
    struct tail_source *sources;
    size_t n;
    assert_true(yaml_parse(a, str_from(yaml), NULL, &list, &e));
    assert_false(tail_sources_read(a, &list, str_from(yaml), &sources, &n, &e));
    assert_string_equal(e.msg, message);
    assert_int_equal(e.pos.line, line);
}

static void mistakes_in_sources_are_named(void **state)
{
    (void)state;
    expect_refused("- name: a\n  path: b\n",
                   "path: an absolute path without '..' and '//' expected", 2);
    expect_refused("- name: a\n  path: /b\n", "table: a table's name expected", 1);
    expect_refused("- name: a\n  path: /b\n  format: x\n",
                   "format: ndjson, json, csv, text, syslog, cef, container, cri, docker, windows, "
                   "cloudtrail, "
                   "vpcflow, guardduty, azure, zeek or auditd expected",
                   3);
    expect_refused("- name: a\n  path: /b\n  mod: once\n", "a source has no 'mod'", 3);
    expect_refused("- name: a\n  path: /b\n  table: T\n  multiline: \"^[\"\n",
                   "multiline: a regular expression for the first line of an event: '[' is closed "
                   "by no ']' (a '[' itself is written \\[), at byte 1 expected",
                   4);
    expect_refused("- name: a\n  path: /b\n  table: T\n  multiline: x\n",
                   "multiline: format text or syslog with it expected", 1);
    expect_refused("- name: a\n  path: /b\n  multiline_wait: 0s\n",
                   "multiline_wait: a time in bounds, such as 30s, 5m or 6h, expected", 3);
    expect_refused("- name: a\n  path: /b\n  multiline_bytes: 2000000\n",
                   "multiline_bytes: a whole number from 1 to 1048576 expected", 3);
    expect_refused("- name: a\n  path: /b\n  table: T\n  start: end\n  mode: once\n",
                   "start: end goes with mode tail, a line a record, expected", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_name_files),
        cmocka_unit_test(the_folder_in_front),
        cmocka_unit_test(links_stay_in_the_folder),
        cmocka_unit_test(ranges_end_behind_records),
        cmocka_unit_test(ranges_end_behind_events),
        cmocka_unit_test(events_become_records),
        cmocka_unit_test(events_do_not_depend_on_where_ranges_end),
        cmocka_unit_test(mistakes_in_sources_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
