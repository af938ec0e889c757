/* kql_format: errors leave the output alone; limits; hostile input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kql/format.h"

static bool format(const char *text, struct sbuf *out, struct err *e)
{
    struct arena *a = arena_new(0);
    struct kql_diags d = {.a = a};
    bool ok = kql_format(a, str_from(text), out, &d);
    assert_int_equal(ok, d.n_errors == 0);
    if (!ok)
        kql_diags_err(&d, e);
    arena_free(a);
    return ok;
}

static void gives(const char *text, const char *want)
{
    struct err e = {0};
    AUTO(sbuf_fini) struct sbuf out = sbuf_make(0);
    assert_true(format(text, &out, &e));
    sbuf_addc(&out, '\0');
    assert_string_equal(sbuf_str(&out).p, want);
}

static void format_puts_one_pipe_on_a_line(void **state)
{
    (void)state;
    gives("T|where x==1|take 5", "T\n| where x == 1\n| take 5\n");
    gives("let a=T|count;a", "let a =\n    T\n    | count;\na\n");
}

static void format_keeps_comments_at_their_places(void **state)
{
    (void)state;
    gives("// a\r\nT // b\r\n\r\n\r\n// c\r\n|take 1//d", "// a\nT // b\n\n// c\n| take 1 //d\n");
}

static void format_keeps_what_blanks_would_change(void **state)
{
    (void)state;
    gives("union T*, ['a b']|project-away a-b, c*", "union T*, ['a b']\n| project-away a-b, c*\n");
    gives("print - 1, a . b, x [ 0 ]", "print -1, a.b, x[0]\n");
}

static void format_refuses_what_does_not_parse(void **state)
{
    (void)state;
    struct err e = {0};
    AUTO(sbuf_fini) struct sbuf out = sbuf_make(0);
    assert_false(format("T | where (", &out, &e));
    assert_int_equal(out.n, 0);
    assert_int_equal(e.code, ERR_SYNTAX);
    assert_string_equal(e.kind, "SYN0002");
}

static void format_is_bounded_on_deep_queries(void **state)
{
    (void)state;
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(0), out = sbuf_make(0);
    struct err e = {0};
    sbuf_addz(&text, "print ");
    for (int i = 0; i < 60; i++)
        sbuf_addz(&text, "f(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, ");
    sbuf_addz(&text, "1");
    for (int i = 0; i < 60; i++)
        sbuf_addc(&text, ')');
    sbuf_addc(&text, '\0');
    assert_true(format(sbuf_str(&text).p, &out, &e));
    assert_true(out.n < 30000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(format_puts_one_pipe_on_a_line),
        cmocka_unit_test(format_keeps_comments_at_their_places),
        cmocka_unit_test(format_keeps_what_blanks_would_change),
        cmocka_unit_test(format_refuses_what_does_not_parse),
        cmocka_unit_test(format_is_bounded_on_deep_queries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
