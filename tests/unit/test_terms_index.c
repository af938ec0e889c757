/* The index of terms: what a naive reading finds in a text is never denied, for whatever text; a
 * file that is not what was written is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "terms/terms.h"
#include "text/deflate.h"
#include "text/unicode.h"

enum { MEMORY = 64 << 20, PLENTY = 64 << 20 };

static uint64_t rng = 88172645463325252u;
static uint32_t roll(uint32_t n)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return (uint32_t)(rng >> 33) % n;
}

static uint64_t hash_of(const char *term)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct terms_words w = {0};
    terms_of_text(a, str_from(term), &w);
    assert_true(w.n > 0);
    return w.p[w.n - 1].hash;
}

/* ---- cutting ---- */

static void case_does_not_move_letters_out_of_terms(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
        if (cp >= 0xD800 && cp <= 0xDFFF)
            continue;
        assert_int_equal(uni_alnum(cp), uni_alnum(uni_fold(cp)));
        if (cp >= 0x80)
            assert_true(uni_fold(cp) >= 0x80);
    }
}

static void texts_are_cut_as_has_cuts_them(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct terms_words w = {0};
    terms_of_text(a, STR("Zürich-01: ÀÉ_x, 10.0.0.7 Ёж"), &w);
    static const char *const wanted[] = {"zürich", "01", "àé", "x",        "10",
                                         "0",      "0",  "7",  "10.0.0.7", "ёж"};
    assert_int_equal(w.n, COUNTOF(wanted));
    for (size_t i = 0; i < w.n; i++) {
        assert_true(str_eqz(w.p[i].text, wanted[i]));
        assert_int_equal(w.p[i].first, i == 0);
        assert_int_equal(w.p[i].last, i == w.n - 1);
        assert_true(w.p[i].hash == hash_of(wanted[i]));
    }
    struct terms_words none = {0};
    terms_of_text(a, STR(" ,.;–"), &none);
    assert_int_equal(none.n, 0);
}

static void addresses_are_terms_as_a_whole(void **state)
{
    (void)state;
    static const char *const with[] = {"10.0.0.7",   "src=10.0.0.7:80", "9.10.0.0.7",
                                       "10.0.0.7.9", "::ffff:10.0.0.7", "x.10.0.0.7.x"};
    static const char *const without[] = {"10.0.0.71", "10.0.0",   "110.0.0.7", "10.0..0.7",
                                          "10 0.0.7",  "10.0.a.7", "7.0.0.10",  "10.0.0.0007"};
    uint64_t hash = hash_of("10.0.0.7");
    for (size_t i = 0; i < COUNTOF(with); i++)
        assert_true(terms_in_text(str_from(with[i]), hash));
    for (size_t i = 0; i < COUNTOF(without); i++)
        assert_false(terms_in_text(str_from(without[i]), hash));
}

static void random_text(struct sbuf *out)
{
    static const char *const pieces[] = {"a",  "B", "7",  "é", "É", "ß",       "Ω",  "ж",
                                         "字", "Ⓐ", " ",  "-", ".", "–",       "\"", "́",
                                         "𐐀",  "_", "\n", "ſ", "K", "7.7.7.7", "7.7"};
    sbuf_clear(out);
    for (uint32_t n = roll(14); n > 0; n--)
        sbuf_addz(out, pieces[roll(COUNTOF(pieces))]);
}

static bool word_at(struct str s, size_t at, bool before)
{
    if (before) {
        while (at > 0 && ((unsigned char)s.p[--at] & 0xC0) == 0x80)
            continue;
    }
    const char *p = s.p + at;
    return uni_alnum(utf8_next(&p, s.p + s.n));
}

/* As `has` says it, on folded texts. */
static bool naive_has(struct str hay, struct str needle)
{
    for (size_t at = 0; needle.n > 0 && at + needle.n <= hay.n; at++) {
        if (memcmp(hay.p + at, needle.p, needle.n) != 0)
            continue;
        bool left = at > 0 && word_at(needle, 0, false) && word_at(hay, at, true);
        bool right = at + needle.n < hay.n && word_at(needle, needle.n, true) &&
                     word_at(hay, at + needle.n, false);
        if (!left && !right)
            return true;
    }
    return false;
}

static void what_has_finds_has_all_terms_of_the_needle(void **state)
{
    (void)state;
    AUTO(sbuf_fini) struct sbuf hay = sbuf_make(0);
    AUTO(sbuf_fini) struct sbuf needle = sbuf_make(0);
    AUTO(sbuf_fini) struct sbuf fh = sbuf_make(0);
    AUTO(sbuf_fini) struct sbuf fn = sbuf_make(0);
    size_t found = 0;
    for (int i = 0; i < 300000; i++) {
        random_text(&hay);
        random_text(&needle);
        if (needle.n > 12)
            continue;
        sbuf_clear(&fh);
        sbuf_clear(&fn);
        uni_fold_text(sbuf_str(&hay), &fh);
        uni_fold_text(sbuf_str(&needle), &fn);
        if (!naive_has(sbuf_str(&fh), sbuf_str(&fn)))
            continue;
        found++;
        AUTO(arena_freep) struct arena *a = arena_new(0);
        struct terms_words w = {0};
        terms_of_text(a, sbuf_str(&needle), &w);
        for (size_t k = 0; k < w.n; k++)
            assert_true(terms_in_text(sbuf_str(&hay), w.p[k].hash));
    }
    assert_true(found > 1000);
}

/* ---- building and reading ---- */

static struct terms_builder *builder(void)
{
    struct terms_column cols[] = {{STR("Message"), false}, {STR("Props"), true}};
    return terms_builder_new(cols, COUNTOF(cols), MEMORY);
}

static void finish(struct terms_builder *b, struct sbuf *out)
{
    sbuf_clear(out);
    assert_true(terms_builder_finish(b, out));
    terms_builder_free(b);
}

static bool holds(const struct terms_file *f, const char *column, size_t group, const char *term)
{
    size_t col;
    struct err e = {0};
    assert_true(terms_file_column(f, str_from(column), &col));
    struct terms_filters *x = terms_filters_load(f, col, &e);
    assert_non_null(x);
    bool may = terms_filters_may_hold(x, group, hash_of(term));
    if (may && terms_filters_shared(x, group)) {
        terms_filters_free(x);
        assert_true(terms_file_shared(f, &col));
        x = terms_filters_load(f, col, &e);
        assert_non_null(x);
        may = terms_filters_may_hold(x, group, hash_of(term));
    }
    terms_filters_free(x);
    return may;
}

static void json_is_read_in_each_way_that_it_may_be_written(void **state)
{
    (void)state;
    struct terms_builder *b = builder();
    terms_builder_add(b, 1, STR("{\"a\":\"x\\nfoo\\u0042ar\",\"b\":\"\\ud83d\\ude00smile\"}"));
    terms_builder_end_group(b, 1, PLENTY);
    AUTO(sbuf_fini) struct sbuf bytes = sbuf_make(0);
    finish(b, &bytes);
    struct err e = {0};
    struct terms_file *f = terms_file_of(sbuf_str(&bytes), &e);
    assert_non_null(f);
    static const char *const there[] = {"a",     "x",       "nfoo",  "u0042ar", "fooBar",
                                        "smile", "nfoobar", "ud83d", "b"};
    for (size_t i = 0; i < COUNTOF(there); i++)
        assert_true(holds(f, "Props", 0, there[i]));
    assert_false(holds(f, "Message", 0, "x"));
    terms_file_close(f);
}

enum { GROUPS = 5, ROWS = 4000 };

static void value_of(size_t group, size_t row, char *out, size_t n)
{
    snprintf(out, n, "user%zu logged on from 10.%zu.%zu.9 id %zx%zx-%zx", row % 50, group,
             row % 256, row * 2654435761u, group, row + group * ROWS);
}

static void add_rows(struct terms_builder *b, size_t budget)
{
    char text[200];
    for (size_t g = 0; g < GROUPS; g++) {
        for (size_t r = 0; r < ROWS; r++) {
            value_of(g, r, text, sizeof(text));
            terms_builder_add(b, 0, str_from(text));
        }
        terms_builder_end_group(b, ROWS, budget);
    }
}

static void nothing_that_is_there_is_denied_and_little_else_is_claimed(void **state)
{
    (void)state;
    AUTO(sbuf_fini) struct sbuf bytes = sbuf_make(0);
    struct terms_builder *b = builder();
    add_rows(b, PLENTY);
    finish(b, &bytes);
    struct err e = {0};
    size_t col, claimed = 0, asked = 0;
    struct terms_file *f = terms_file_of(sbuf_str(&bytes), &e);
    assert_non_null(f);
    assert_int_equal(terms_file_groups(f), GROUPS);
    assert_int_equal(terms_file_all_rows(f), GROUPS * ROWS);
    assert_true(terms_file_column(f, STR("Message"), &col));
    assert_false(terms_file_column(f, STR("message"), &col));
    struct terms_filters *x = terms_filters_load(f, 0, &e);
    assert_non_null(x);
    for (size_t g = 0; g < GROUPS; g++)
        for (size_t r = 0; r < ROWS; r++) {
            char text[200];
            value_of(g, r, text, sizeof(text));
            AUTO(arena_freep) struct arena *a = arena_new(0);
            struct terms_words w = {0};
            terms_of_text(a, str_from(text), &w);
            for (size_t k = 0; k < w.n; k++)
                assert_true(terms_filters_may_hold(x, g, w.p[k].hash));
            snprintf(text, sizeof(text), "absent%zuq%zu", g, r);
            claimed += terms_filters_may_hold(x, g, hash_of(text));
            asked++;
        }
    assert_true(claimed * 1000 < asked); /* 14 bits: 0.006 % */
    terms_filters_free(x);
    terms_file_close(f);
}

static void filters_keep_within_their_budget(void **state)
{
    (void)state;
    AUTO(sbuf_fini) struct sbuf bytes = sbuf_make(0);
    static const size_t budgets[] = {12000, 5000, 100};
    for (size_t i = 0; i < COUNTOF(budgets); i++) {
        struct terms_builder *b = builder();
        add_rows(b, budgets[i]);
        finish(b, &bytes);
        assert_true(bytes.n <= GROUPS * (budgets[i] + 64) + 256);
        struct err e = {0};
        struct terms_file *f = terms_file_of(sbuf_str(&bytes), &e);
        assert_non_null(f);
        char text[200];
        value_of(3, 77, text, sizeof(text));
        *strchr(text, ' ') = '\0';
        assert_true(holds(f, "Message", 3, text));
        terms_file_close(f);
    }
}

/* Many columns of identifiers, two of which have the same ones, in groups of a tight budget, of one
 * that only some of them fit into, and of plenty. */
static void columns_with_many_terms_share_a_filter(void **state)
{
    (void)state;
    enum { COLUMNS = 6, IDS = 3000, PLAIN = COLUMNS - 1, HUGE_ONE = 0, ABSENT = 2000 };
    static const size_t budgets[] = {24000, 6000, PLENTY};
    static const char *const names[COLUMNS] = {"a", "b", "c", "d", "e", "plain"};
    struct terms_column cols[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++)
        cols[i] = (struct terms_column){str_from(names[i]), i == 2};
    struct terms_builder *b = terms_builder_new(cols, COLUMNS, MEMORY);
    char text[40];
    for (size_t g = 0; g < COUNTOF(budgets); g++) {
        for (size_t i = 0; i < COLUMNS; i++)
            for (size_t r = 0; r < (i == HUGE_ONE ? 3 * IDS : IDS); r++) {
                if (i == PLAIN)
                    snprintf(text, sizeof(text), "word%zu", r % 10);
                else
                    snprintf(text, sizeof(text), "id%zux%zux%zu", i == 2 ? (size_t)1 : i, g, r);
                terms_builder_add(b, i, str_from(text));
            }
        terms_builder_end_group(b, IDS, budgets[g]);
    }
    AUTO(sbuf_fini) struct sbuf bytes = sbuf_make(0);
    finish(b, &bytes);
    struct err e = {0};
    struct terms_file *f = terms_file_of(sbuf_str(&bytes), &e);
    assert_non_null(f);
    size_t col, wrong[COUNTOF(budgets)] = {0};
    assert_true(terms_file_shared(f, &col));
    for (size_t g = 0; g < COUNTOF(budgets); g++) {
        for (size_t i = 0; i < PLAIN; i++)
            for (size_t r = 0; r < IDS; r += 37) {
                snprintf(text, sizeof(text), "id%zux%zux%zu", i == 2 ? (size_t)1 : i, g, r);
                assert_true(holds(f, names[i], g, text));
            }
        assert_true(holds(f, "plain", g, "WORD7"));
        assert_false(holds(f, "plain", g, "id1x0x0"));
        for (size_t r = 0; r < ABSENT; r++) {
            bool any = false;
            snprintf(text, sizeof(text), "absent%zu", r);
            for (size_t i = g == 1; i < COLUMNS; i++) /* the huge one has none in the second */
                any = holds(f, names[i], g, text) || any;
            wrong[g] += any;
        }
    }
    assert_true(wrong[0] * 64 < ABSENT);
    assert_true(wrong[1] * 4 < ABSENT);
    assert_true(wrong[2] * 500 < ABSENT);
    assert_true(holds(f, "a", 1, "nothing"));
    assert_false(holds(f, "a", 2, "id1x2x7")); /* of its own filter */
    terms_file_close(f);
}

static void too_many_terms_for_memory_mean_perhaps(void **state)
{
    (void)state;
    struct terms_column col = {STR("c"), false};
    struct terms_builder *b = terms_builder_new(&col, 1, 8192);
    char text[40];
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(text, sizeof(text), "term%u", i);
        terms_builder_add(b, 0, str_from(text));
    }
    terms_builder_end_group(b, 5000, PLENTY);
    terms_builder_add(b, 0, STR("few words"));
    terms_builder_end_group(b, 1, PLENTY);
    AUTO(sbuf_fini) struct sbuf bytes = sbuf_make(0);
    finish(b, &bytes);
    struct err e = {0};
    struct terms_file *f = terms_file_of(sbuf_str(&bytes), &e);
    assert_non_null(f);
    assert_true(holds(f, "c", 0, "nothing"));
    assert_true(holds(f, "c", 1, "words"));
    assert_false(holds(f, "c", 1, "nothing"));
    terms_file_close(f);
}

static void set_u32(char *p, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (char)(v >> 8 * i & 0xFF);
}

/* Files of the first version are those whose fingerprints have at most eight bits. */
static void files_of_the_first_version_are_read(void **state)
{
    (void)state;
    enum { VERSION = 8, DIRECTORY = 20, CRC = 24, HEAD = 28 };
    AUTO(sbuf_fini) struct sbuf bytes = sbuf_make(0);
    struct terms_builder *b = builder();
    add_rows(b, 5000);
    finish(b, &bytes);
    set_u32(bytes.p + VERSION, 1);
    uint32_t crc = crc32_more(0, (struct str){bytes.p, CRC});
    size_t dir = (unsigned char)bytes.p[DIRECTORY]; /* less than 256 */
    set_u32(bytes.p + CRC, crc32_more(crc, (struct str){bytes.p + HEAD, dir}));
    struct err e = {0};
    struct terms_file *f = terms_file_of(sbuf_str(&bytes), &e);
    assert_non_null(f);
    struct terms_filters *x = terms_filters_load(f, 0, &e);
    assert_non_null(x);
    char text[200];
    for (size_t g = 0; g < GROUPS; g++)
        for (size_t r = 0; r < ROWS; r++) {
            value_of(g, r, text, sizeof(text));
            *strchr(text, ' ') = '\0';
            assert_true(terms_filters_may_hold(x, g, hash_of(text)));
        }
    terms_filters_free(x);
    terms_file_close(f);
}

/* ---- damage ---- */

static bool reads(struct str bytes)
{
    struct err e = {0};
    struct terms_file *f = terms_file_of(bytes, &e);
    bool ok = f != NULL;
    for (size_t i = 0; ok && i < 2; i++) {
        struct terms_filters *x = terms_filters_load(f, i, &e);
        ok = x != NULL;
        terms_filters_free(x);
    }
    terms_file_close(f);
    assert_true(ok || (e.code == ERR_INVALID && e.msg[0] != '\0'));
    return ok;
}

static void each_changed_byte_and_each_cut_is_found(void **state)
{
    (void)state;
    struct terms_builder *b = builder();
    terms_builder_add(b, 0, STR("one two three"));
    terms_builder_add(b, 1, STR("{\"four\":5}"));
    terms_builder_end_group(b, 2, PLENTY);
    terms_builder_end_group(b, 3, PLENTY);
    AUTO(sbuf_fini) struct sbuf bytes = sbuf_make(0);
    finish(b, &bytes);
    assert_true(reads(sbuf_str(&bytes)));
    for (size_t i = 0; i < bytes.n; i++) {
        assert_false(reads(str_sub(sbuf_str(&bytes), 0, i)));
        bytes.p[i] ^= 0x11;
        assert_false(reads(sbuf_str(&bytes)));
        bytes.p[i] ^= 0x11;
    }
}

static void files_are_read_from_disk(void **state)
{
    (void)state;
    char path[] = "/tmp/vedette-terms-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    struct terms_builder *b = builder();
    terms_builder_add(b, 0, STR("needle"));
    terms_builder_end_group(b, 1, PLENTY);
    AUTO(sbuf_fini) struct sbuf bytes = sbuf_make(0);
    finish(b, &bytes);
    assert_int_equal(write(fd, bytes.p, bytes.n), bytes.n);
    struct err e = {0};
    struct terms_file *f = terms_file_open(path, &e);
    assert_non_null(f);
    assert_true(holds(f, "Message", 0, "needle"));
    assert_false(holds(f, "Message", 0, "hay"));
    assert_int_equal(ftruncate(fd, (off_t)bytes.n - 1), 0);
    assert_null(terms_filters_load(f, 1, &e));
    close(fd);
    unlink(path);
    assert_null(terms_filters_load(f, 0, &e));
    assert_int_equal(e.code, ERR_IO);
    terms_file_close(f);
    assert_null(terms_file_open(path, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_does_not_move_letters_out_of_terms),
        cmocka_unit_test(texts_are_cut_as_has_cuts_them),
        cmocka_unit_test(addresses_are_terms_as_a_whole),
        cmocka_unit_test(what_has_finds_has_all_terms_of_the_needle),
        cmocka_unit_test(json_is_read_in_each_way_that_it_may_be_written),
        cmocka_unit_test(nothing_that_is_there_is_denied_and_little_else_is_claimed),
        cmocka_unit_test(filters_keep_within_their_budget),
        cmocka_unit_test(files_of_the_first_version_are_read),
        cmocka_unit_test(columns_with_many_terms_share_a_filter),
        cmocka_unit_test(too_many_terms_for_memory_mean_perhaps),
        cmocka_unit_test(each_changed_byte_and_each_cut_is_found),
        cmocka_unit_test(files_are_read_from_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
