/* Looking for one text in many: against a search byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/duckdb/find.h"

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static size_t by_hand(struct str hay, struct str needle, bool fold, size_t from)
{
    for (size_t at = from; at <= hay.n && hay.n - at >= needle.n; at++) {
        size_t i = 0;
        while (i < needle.n && (fold ? small(hay.p[at + i]) : hay.p[at + i]) == needle.p[i])
            i++;
        if (i == needle.n)
            return at;
    }
    return SIZE_MAX;
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Few letters, so that there is much that nearly fits; a copy of its own for each text, so that a
 * step past its end is seen. */
static void finds_what_a_search_by_hand_finds(void **state)
{
    (void)state;
    static const char letters[] = "abABx@`\xc3\xa9 ";
    uint32_t seed = 7;
    for (int round = 0; round < 20000; round++) {
        size_t n = next_random(&seed) % 90, m = next_random(&seed) % 6;
        char *hay = xmalloc(n + 1), *needle = xmalloc(m + 1);
        bool fold = round % 2 == 0;
        for (size_t i = 0; i < n; i++)
            hay[i] = letters[next_random(&seed) % (sizeof letters - 1)];
        for (size_t i = 0; i < m; i++)
            needle[i] = letters[next_random(&seed) % (sizeof letters - 1)];
        for (size_t i = 0; i < m && fold; i++)
            needle[i] = small(needle[i]);
        struct str h = {hay, n}, k = {needle, m};
        struct finder f;
        finder_set(&f, k, fold);
        for (size_t from = 0; from <= n + 1; from += 1 + next_random(&seed) % 20)
            assert_int_equal(finder_find(&f, h, from), by_hand(h, k, fold, from));
        assert_int_equal(finder_at(&f, h, 0), by_hand(h, k, fold, 0) == 0);
        xfree(hay);
        xfree(needle);
    }
}

static void an_empty_needle_is_everywhere(void **state)
{
    (void)state;
    struct finder f;
    finder_set(&f, STR(""), true);
    assert_int_equal(finder_find(&f, STR("ab"), 0), 0);
    assert_int_equal(finder_find(&f, STR("ab"), 2), 2);
    assert_true(finder_find(&f, STR("ab"), 3) == SIZE_MAX);
    assert_int_equal(finder_find(&f, STR_NONE, 0), 0);
    assert_true(finder_at(&f, STR_NONE, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_a_search_by_hand_finds),
        cmocka_unit_test(an_empty_needle_is_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
