/* Regular expressions: Kusto's dialect, whose source is Rust's regex crate. tests/data/regex.jsonl
 * has patterns and texts with that crate's answers: null where it refuses the pattern, else all
 * matches, each with the start and end of itself and of its groups, -1 for a group without part;
 * groups without part at the end are left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "text/json.h"
#include "text/rx.h"
#include "text/rx_priv.h"

/* ---- the crate's answers ---- */
static bool by_dialect(struct arena *a, struct str pattern)
{
    struct rx_tree t;
    struct err e;
    return rx_parse(a, pattern, &t, &e) && !t.re2;
}

/* "0,3,1,-1,-1 4,5" as in the file. */
static void write_match(struct json_out *w, const struct rx_match *m)
{
    size_t n = m->n_groups + 1;
    while (n > 1 && m->at[2 * n - 2] == SIZE_MAX)
        n--;
    json_arr(w);
    for (size_t i = 0; i < 2 * n; i++)
        json_int(w, m->at[i] == SIZE_MAX ? -1 : (int64_t)m->at[i]);
    json_arr_end(w);
}

/* The machine that never goes back finds the same first match. */
static void by_machine(struct str pattern, struct str text)
{
    struct arena *a = arena_new(0);
    struct rx_tree t;
    struct err e;
    struct rx_match m, n;
    struct rx *x = rx_new(pattern);
    assert_true(rx_parse(a, pattern, &t, &e));
    struct rx_vm *v = rx_vm_new(&t, RX_ANYWHERE);
    enum rx_result r = rx_vm_search(v, text, 0, &n);
    assert_int_equal(rx_search(x, text, 0, &m), r);
    for (size_t i = 0; r == RX_FOUND && i < 2 * (m.n_groups + 1); i++)
        assert_int_equal(m.at[i], n.at[i]);
    rx_vm_free(v);
    rx_free(x);
    arena_free(a);
}

static void answers_are_those_of_the_crate(void **state)
{
    (void)state;
    FILE *f = fopen(SOURCE_DIR "/tests/data/regex.jsonl", "r");
    assert_non_null(f);
    char line[8192];
    size_t n = 0;
    while (fgets(line, sizeof(line), f) != NULL) {
        struct arena *a = arena_new(0);
        struct json row;
        struct err e = {0};
        assert_true(json_parse(a, arena_str(a, str_trim(str_from(line))), NULL, &row, &e));
        struct str pattern = row.items[0].text, text = row.items[1].text;
        if (row.items[2].type == JSON_NULL) {
            if (by_dialect(a, pattern))
                fail_msg("accepted: %.*s", STR_ARG(pattern));
        } else {
            struct sbuf got = sbuf_make(1 << 20), want = sbuf_make(1 << 20);
            struct json_out w = json_out_make(&got), v = json_out_make(&want);
            struct rx *x = rx_new(pattern);
            assert_true(by_dialect(a, pattern));
            struct rx_iter it = rx_each(x, text, 0);
            struct rx_match m;
            json_arr(&w);
            while (rx_next(&it, &m))
                write_match(&w, &m);
            json_arr_end(&w);
            json_value(&v, &row.items[2]);
            if (!str_eq(sbuf_str(&got), sbuf_str(&want)))
                fail_msg("'%.*s' in '%.*s': %.*s, not %.*s", STR_ARG(pattern), STR_ARG(text),
                         STR_ARG(sbuf_str(&want)), STR_ARG(sbuf_str(&got)));
            assert_false(it.too_costly);
            by_machine(pattern, text);
            assert_int_equal(rx_test(x, text), row.items[2].n > 0 ? RX_FOUND : RX_NONE);
            rx_free(x);
            sbuf_fini(&got);
            sbuf_fini(&want);
        }
        n++;
        arena_free(a);
    }
    fclose(f);
    assert_true(n > 400);
}

/* ---- what is refused, and where ---- */
static void refused_patterns_say_what_and_where(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *msg;
        uint32_t off, len;
    } cases[] = {
        {"ab(?=c)", "look-around ((?=…)) is not part of the language, at byte 2", 2, 3},
        {"(?<!a)", "look-around ((?<!…)) is not part of the language, at byte 0", 0, 4},
        {"(?>a)", "atomic groups ((?>…)) are not part of the language, at byte 0", 0, 3},
        {"(a)\\1",
         "back-references (\\1) are not part of the language; the character of that number is "
         "\\x01, at byte 3",
         3, 2},
        {"\\k<a>", "back-references (\\k) are not part of the language, at byte 0", 0, 2},
        {"a)", "')' closes no '(', at byte 1", 1, 1},
        {"x(a", "'(' is closed by no ')', at byte 1", 1, 1},
        {"x[a", "'[' is closed by no ']' (a '[' itself is written \\[), at byte 1", 1, 1},
        {"*a", "nothing stands before '*' that it could repeat, at byte 0", 0, 1},
        {"a{3,2}", "a repetition's least number is above its largest, at byte 1", 1, 5},
        {"a{70000}", "a repetition of more than 65535 times, at byte 1", 1, 7},
        {"[z-a]", "a range whose end is before its start, at byte 1", 1, 3},
        {"é\\q", "no escape of the language: '\\q', at byte 2", 2, 2},
        {"\\p{Nonsense}", "no Unicode property has the name 'Nonsense', at byte 0", 0, 12},
        {"(?-u:.)", "'.' without the flag u could match half a character, at byte 5", 5, 1},
        {"(?i", "a group that begins with '(?' is not closed, at byte 0", 0, 3},
        {"(?P<1>a)",
         "a group's name has letters, digits, '_', '.', '[' and ']', and begins with a letter or "
         "'_', at byte 4",
         4, 1},
        {"(?<a>x)(?<a>y)", "two groups have the name 'a', at byte 10", 10, 1},
        {"a\\", "nothing stands behind the last '\\', at byte 1", 1, 1},
    };
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        struct err e = {0};
        assert_false(rx_check(str_from(cases[i].pattern), &e));
        assert_string_equal(e.msg, cases[i].msg);
        assert_int_equal(e.code, ERR_INVALID);
        assert_int_equal(e.pos.off, cases[i].off);
        assert_int_equal(e.len, cases[i].len);
        assert_null(rx_new(str_from(cases[i].pattern)));
    }
}

static bool matches(const char *pattern, const char *text)
{
    struct rx *x = rx_new(str_from(pattern));
    assert_non_null(x);
    enum rx_result r = rx_test(x, str_from(text));
    rx_free(x);
    assert_int_not_equal(r, RX_TOO_COSTLY);
    return r == RX_FOUND;
}

static void what_only_re2_accepts_is_read_by_its_rules(void **state)
{
    (void)state;
    assert_true(matches("[\\w-.]+$", "a-."));
    assert_true(matches("^[[]$", "["));
    assert_true(matches("^a{b$", "a{b"));
    assert_true(matches("^[0-9]{1-3}+$", "7{1-3}}"));
    assert_true(matches("^\\Qa.b\\E+$", "a.bbb"));
    assert_true(matches("^[[a]\\<$", "[<"));
    struct err e = {0};
    assert_false(rx_check(STR("[[:nonsense:]"), &e));
    assert_false(rx_check(STR("a**{"), &e));
}

static void accepted_by_both_means_what_the_dialect_says(void **state)
{
    (void)state;
    assert_false(matches("[a&&b]", "a&"));
    assert_true(matches("\\<b", "a b"));
    assert_false(matches("^\\<", "<"));
    assert_true(matches("^\\12$", "\n"));
}

/* ---- Unicode ---- */
static void classes_are_unicode_unless_u_is_off(void **state)
{
    (void)state;
    assert_true(matches("^\\w+$", "naïve٣"));
    assert_false(matches("^(?-u:\\w+)$", "naïve"));
    assert_false(matches("\\w", "²"));
    assert_true(matches("\\bé\\b", "a é b"));
    assert_false(matches("\\be", "ée"));
    assert_true(matches("(?-u:\\b)e", "ée"));
    assert_true(matches("(?i)^straſſe$", "STRASSE"));
    assert_true(matches("(?i)^\\p{Lu}+$", "äÖ"));
    assert_false(matches("^\\p{Lu}+$", "äÖ"));
    assert_true(matches("^.$", "😀"));
    assert_true(matches("^[^a]$", "😀"));
}

/* ---- limits ---- */
static void large_patterns_are_refused(void **state)
{
    (void)state;
    struct sbuf b = sbuf_make(1 << 20);
    struct err e = {0};
    for (size_t i = 0; i < RX_MAX_PATTERN; i++)
        sbuf_addc(&b, 'a');
    assert_false(rx_check(sbuf_str(&b), &e));
    assert_string_equal(e.msg, "the pattern is too large (120)");
    sbuf_addc(&b, 'a');
    assert_false(rx_check(sbuf_str(&b), &e));
    assert_int_equal(e.code, ERR_LIMIT);
    assert_string_equal(e.msg, "the pattern has 65537 bytes, more than 65536");
    for (size_t deep = 249; deep <= 250; deep++) {
        sbuf_clear(&b);
        for (size_t i = 0; i < deep; i++)
            sbuf_addc(&b, '(');
        sbuf_addz(&b, "a*");
        for (size_t i = 0; i < deep; i++)
            sbuf_addc(&b, ')');
        assert_int_equal(rx_check(sbuf_str(&b), &e), deep < 250);
    }
    assert_string_equal(e.msg,
                        "more than 250 groups, classes and repetitions in each other, at byte 251");
    assert_false(rx_check(STR("(?:(?:(?:a{1000}b){1000}c){1000}d){1000}"), &e));
    assert_int_equal(e.code, ERR_LIMIT);
    sbuf_fini(&b);
}

static struct rx *many_ways(const char *pattern, struct sbuf *text)
{
    struct rx *x = rx_new(str_from(pattern));
    assert_non_null(x);
    for (size_t i = 0; i < 200; i++)
        sbuf_addc(text, 'a');
    sbuf_addc(text, 'c');
    return x;
}

static void patterns_with_many_ways_have_an_answer(void **state)
{
    (void)state;
    struct sbuf b = sbuf_make(1 << 20);
    struct rx_match m;
    struct rx *x = many_ways("^(a+)+$", &b);
    assert_int_equal(rx_search(x, sbuf_str(&b), 0, &m), RX_NONE);
    assert_int_equal(rx_test(x, sbuf_str(&b)), RX_NONE);
    rx_free(x);
    x = rx_new(STR("^(?:a|(aa))+(c)"));
    assert_int_equal(rx_search(x, sbuf_str(&b), 0, &m), RX_FOUND);
    assert_int_equal(m.at[1], 201);
    assert_int_equal(m.at[2], SIZE_MAX);
    assert_int_equal(m.at[4], 200);
    rx_free(x);
    sbuf_fini(&b);
}

static void a_match_that_is_given_up_is_no_miss(void **state)
{
    (void)state;
    struct sbuf b = sbuf_make(1 << 20);
    struct rx_match m;
    struct rx *x = many_ways("^(?:a{1,300}b?){1,300}$", &b);
    assert_int_equal(rx_search(x, sbuf_str(&b), 0, &m), RX_TOO_COSTLY);
    assert_int_equal(rx_test(x, sbuf_str(&b)), RX_TOO_COSTLY);
    struct rx_iter it = rx_each(x, sbuf_str(&b), 0);
    assert_false(rx_next(&it, &m));
    assert_true(it.too_costly);
    rx_free(x);
    sbuf_fini(&b);
}

/* ---- the rest of the interface ---- */
static void groups_have_names_and_numbers(void **state)
{
    (void)state;
    struct rx *x = rx_new(STR("(?P<a>.)(?<b.c[0]>.)(.)"));
    size_t g = 99;
    assert_int_equal(rx_groups(x), 3);
    assert_true(rx_group_named(x, STR("b.c[0]"), &g));
    assert_int_equal(g, 2);
    assert_false(rx_group_named(x, STR("c"), &g));
    rx_free(x);
}

static void matches_at_an_end_are_found_there(void **state)
{
    (void)state;
    struct rx_match m;
    struct rx *x = rx_new_at(STR("(?x) a|b # no end"), RX_AT_END);
    assert_int_equal(rx_search(x, STR("ab ab"), 0, &m), RX_FOUND);
    assert_int_equal(m.at[0], 4);
    rx_free(x);
    x = rx_new_at(STR("b|a"), RX_AT_START);
    assert_int_equal(rx_search(x, STR("xb"), 0, &m), RX_NONE);
    assert_int_equal(rx_search(x, STR("ab"), 0, &m), RX_FOUND);
    rx_free(x);
}

static void a_quoted_text_matches_itself(void **state)
{
    (void)state;
    struct sbuf b = sbuf_make(1 << 12), all = sbuf_make(1 << 12);
    for (int c = 1; c < 128; c++)
        sbuf_addc(&all, (char)c);
    rx_quote(&b, sbuf_str(&all));
    struct rx *x = rx_new(sbuf_str(&b));
    struct rx_match m;
    assert_int_equal(rx_search(x, sbuf_str(&all), 0, &m), RX_FOUND);
    assert_int_equal(m.at[1], 127);
    rx_free(x);
    sbuf_fini(&b);
    sbuf_fini(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_those_of_the_crate),
        cmocka_unit_test(refused_patterns_say_what_and_where),
        cmocka_unit_test(what_only_re2_accepts_is_read_by_its_rules),
        cmocka_unit_test(accepted_by_both_means_what_the_dialect_says),
        cmocka_unit_test(classes_are_unicode_unless_u_is_off),
        cmocka_unit_test(large_patterns_are_refused),
        cmocka_unit_test(patterns_with_many_ways_have_an_answer),
        cmocka_unit_test(a_match_that_is_given_up_is_no_miss),
        cmocka_unit_test(groups_have_names_and_numbers),
        cmocka_unit_test(matches_at_an_end_are_found_there),
        cmocka_unit_test(a_quoted_text_matches_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
