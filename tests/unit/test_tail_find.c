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
    expect_refused(
        "- name: a\n  path: /b\n  format: x\n",
        "format: ndjson, json, csv, syslog, cef, container, cri, docker, windows, cloudtrail, "
        "vpcflow, guardduty, azure, zeek or auditd expected",
        3);
    expect_refused("- name: a\n  path: /b\n  mod: once\n", "a source has no 'mod'", 3);
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
        cmocka_unit_test(mistakes_in_sources_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
