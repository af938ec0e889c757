/* Lines of container runtimes: where messages end, and what becomes of them. */
// link: store
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ingest/container.h"

#define T "2026-01-02T03:04:05.1Z"
#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void expect_records(const char *lines, const char *wanted)
{
    AUTO(sbuf_fini) struct sbuf out = sbuf_make(0);
    struct container_origin o = {.pod = STR("p")};
    container_records(str_from(lines), &o, &out);
    assert_string_equal(sbuf_str(&out).p != NULL ? sbuf_str(&out).p : "", wanted);
}

#define ROW(time, source, text) "{" time "\"PodName\":\"p\"," source "\"LogMessage\":" text "}\n"
#define AT "\"TimeGenerated\":\"" T "\","
#define OUT "\"LogSource\":\"stdout\","
#define ERROR_OUT "\"LogSource\":\"stderr\","

static void cri_lines(void **state)
{
    (void)state;
    expect_records(T " stdout F hello  world \n", ROW(AT, OUT, "\"hello  world \""));
    expect_records(T " stderr F\n", ROW(AT, ERROR_OUT, "\"\""));
    expect_records(T " stdout F:tag more\n", ROW(AT, OUT, "\"more\""));
    expect_records(T " stdout P a\n" T " stderr F x\n" T " stdout F b\n",
                   ROW(AT, ERROR_OUT, "\"x\"") ROW(AT, OUT, "\"ab\""));
    expect_records(T " stdout P never ended", ROW(AT, OUT, "\"never ended\""));
}

static void docker_lines(void **state)
{
    (void)state;
    expect_records("{\"log\":\"one\\n\",\"stream\":\"stderr\",\"time\":\"" T "\"}\n",
                   ROW(AT, ERROR_OUT, "\"one\""));
    expect_records("{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"" T "\"}\n"
                   "{\"log\":\"b\\r\\n\",\"stream\":\"stdout\",\"time\":\"" T "\"}\n",
                   ROW(AT, OUT, "\"ab\""));
}

static void lines_that_are_neither(void **state)
{
    (void)state;
    expect_records("panic: oh\n\n", ROW("", "", "\"panic: oh\""));
    expect_records(T " stdin F x\n", ROW("", "", "\"" T " stdin F x\""));
    expect_records("{\"n\":1}\n", ROW("", "", "\"{\\\"n\\\":1}\""));
    expect_records("{broken\n", "{broken\n"); /* for the dead letters */
}

static void long_messages_are_split(void **state)
{
    (void)state;
    enum { PART = 600000 };
    AUTO(sbuf_fini) struct sbuf lines = sbuf_make(0);
    AUTO(sbuf_fini) struct sbuf out = sbuf_make(0);
    struct container_origin o = {.pod = STR("p")};
    size_t records = 0;
    for (int i = 0; i < 3; i++) {
        sbuf_addz(&lines, T " stdout P ");
        for (int k = 0; k < PART; k++)
            sbuf_addc(&lines, 'x');
        sbuf_addc(&lines, '\n');
    }
    container_records(sbuf_str(&lines), &o, &out);
    for (size_t i = 0; i < out.n; i++)
        records += out.p[i] == '\n';
    assert_int_equal(records, 3);
}

static void cuts_are_behind_whole_messages(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        size_t cut;
    } cases[] = {
        {"", 0},
        {T " stdout F a", 0},
        {T " stdout F a\n", 34},
        {T " stdout F a\n" T " stdout P b\n", 34},
        {T " stdout P a\n" T " stderr F b\n", 0},
        {T " stdout P a\n" T " stdout F b\n" T " std", 68},
        {"{\"log\":\"a\\\\n\",\"stream\":\"stdout\"}\n", 0}, /* a backslash and an n */
        {"{\"log\":\"a\\n\",\"stream\":\"stdout\"}\n", 32},
    };
    for (size_t i = 0; i < COUNTOF(cases); i++)
        assert_int_equal(container_cut(str_from(cases[i].lines)), cases[i].cut);
}

static void expect_origin(const char *path, const char *wanted)
{
    char got[512];
    struct container_origin o = {.computer = STR("")};
    container_origin_read(str_from(path), &o);
    snprintf(got, sizeof(got), "%.*s|%.*s|%.*s|%.*s|%.*s", STR_ARG(o.name_space), STR_ARG(o.pod),
             STR_ARG(o.container), STR_ARG(o.id), STR_ARG(o.pod_uid));
    assert_string_equal(got, wanted);
}

static void paths_tell_the_origin(void **state)
{
    (void)state;
    expect_origin("/var/log/pods/kube-system_dns-1_uid-2/coredns/0.log",
                  "kube-system|dns-1|coredns||uid-2");
    expect_origin("/var/log/pods/ns_p_u/c/3.log.20260102-030405.gz", "ns|p|c||u");
    expect_origin("/var/log/containers/web-1_default_nginx-side-" ID ".log",
                  "default|web-1|nginx-side|" ID "|");
    expect_origin("/var/lib/docker/containers/" ID "/" ID "-json.log", "|||" ID "|");
    expect_origin("app.log", "||||");
    expect_origin("", "||||");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cri_lines),
        cmocka_unit_test(docker_lines),
        cmocka_unit_test(lines_that_are_neither),
        cmocka_unit_test(long_messages_are_split),
        cmocka_unit_test(cuts_are_behind_whole_messages),
        cmocka_unit_test(paths_tell_the_origin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
