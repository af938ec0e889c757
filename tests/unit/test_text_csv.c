/* Fields of CSV lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "text/csv.h"

/* The first line's fields between bars, and how far the line goes. */
static void expect(const char *text, char separator, const char *wanted, size_t end)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf got = sbuf_make(0);
    struct err e = {0};
    struct str *fields = NULL;
    size_t n = 0, at = 0;
    if (!csv_line_by(a, str_from(text), &at, separator, &fields, &n, &e)) {
        assert_string_equal(e.msg, wanted);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        sbuf_addc(&got, '|');
        sbuf_add(&got, fields[i]);
    }
    assert_string_equal(sbuf_str(&got).p, wanted);
    assert_int_equal(at, end);
}

static void fields_and_quotes(void **state)
{
    (void)state;
    expect("a,b\nc", ',', "|a|b", 4);
    expect("a,,\r\n", ',', "|a||", 5);
    expect("\"a,b\",\"c\nd\"\n", ',', "|a,b|c\nd", 12);
    expect("\"a\"\"b\"\"\",\"\"\n", ',', "|a\"b\"|", 12);
    expect("\"\"\"\"", ',', "|\"", 4);
    expect("5\" disk,x", ',', "|5\" disk|x", 9);
    expect("\"a;b\";c,d", ';', "|a;b|c,d", 9);
    expect("\"a", ',', "a quote is not closed", 0);
    expect("\"a\"\"", ',', "a quote is not closed", 0);
    expect("\"a\"b", ',', "text behind a closing quote", 0);
}

/* Each field takes what it needs, however much text follows. */
static void memory_follows_the_fields(void **state)
{
    (void)state;
    enum { LINES = 20000 };
    AUTO(arena_freep) struct arena *a = arena_new((size_t)8 << 20);
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(0);
    size_t at = 0, n = 0;
    struct str *fields = NULL;
    for (int i = 0; i < LINES; i++)
        sbuf_addz(&text, "\"a \"\"quoted\"\" word\",\"x\"\n");
    for (int i = 0; i < LINES; i++)
        assert_true(csv_line(a, sbuf_str(&text), &at, &fields, &n, NULL));
    assert_int_equal(at, text.n);
    assert_true(arena_used(a) < (size_t)4 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_and_quotes),
        cmocka_unit_test(memory_follows_the_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
