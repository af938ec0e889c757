/* text: flat records and the scan below them, against the tree reader and against each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "text/json_flat.h"

static uint64_t next(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

static size_t below(uint64_t *state, size_t n)
{
    return (size_t)(next(state) % n);
}

/* ---- the scan ---- */

static struct json_bits expected_bits(const char *p)
{
    struct json_bits b = {0, 0};
    for (size_t i = 0; i < JSON_BLOCK; i++) {
        unsigned char c = (unsigned char)p[i];
        b.stop |= (uint64_t)(c == '"' || c == '\\' || c < 0x20) << i;
        b.high |= (uint64_t)(c >= 0x80) << i;
    }
    return b;
}

static void scanners_agree(void **state)
{
    (void)state;
    enum { BLOCKS = 5 };
    struct json_scanner all[8];
    size_t n = json_scan_all(all, COUNTOF(all));
    assert_true(n >= 1);
    assert_ptr_equal(json_scan_best(), all[0].scan);
    uint64_t seed = 1;
    for (int round = 0; round < 2000; round++) {
        char text[BLOCKS * JSON_BLOCK + 16];
        static const char near[] = "\"\\\x1f\x20\x21\x23\x5b\x5d\x7f\x80\x00\xff";
        for (size_t i = 0; i < sizeof(text); i++)
            text[i] = round % 2 == 0 ? (char)next(&seed) : near[below(&seed, sizeof(near) - 1)];
        size_t off = below(&seed, 16);
        for (size_t k = 0; k < n; k++) {
            struct json_bits got[BLOCKS];
            all[k].scan(text + off, BLOCKS, got);
            for (size_t b = 0; b < BLOCKS; b++) {
                struct json_bits want = expected_bits(text + off + b * JSON_BLOCK);
                if (got[b].stop != want.stop || got[b].high != want.high)
                    fail_msg("%s: other bits in round %d, block %zu", all[k].name, round, b);
            }
        }
    }
}

/* ---- records ---- */

static struct str written(struct arena *a, const struct json *v)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_value(&w, v);
    return arena_str(a, sbuf_str(&b));
}

static void same_value(struct arena *a, const struct json *flat, const struct json *tree)
{
    struct str x = written(a, flat), y = written(a, tree);
    if (flat->type != tree->type || !str_eq(x, y))
        fail_msg("flat %.*s, tree %.*s", STR_ARG(x), STR_ARG(y));
    if (tree->type == JSON_INT || tree->type == JSON_REAL) {
        assert_true(str_eq(flat->text, tree->text));
        assert_memory_equal(&flat->d, &tree->d, sizeof(flat->d));
        assert_true(tree->type == JSON_REAL || flat->i == tree->i);
    }
    if (tree->type == JSON_STRING)
        assert_true(str_eq(flat->text, tree->text));
}

/* Whether the flat reader took the record; if it did, the tree reader takes the same. */
static bool check(struct json_flat *f, size_t from, size_t end)
{
    struct arena *a = arena_new(0);
    struct json flat, tree;
    struct err e = {0};
    size_t at = from, tree_at = from;
    bool took = json_flat_next(f, a, &at, end, &flat);
    if (took) {
        struct str text = {f->text.p, end};
        if (!json_parse_next(a, text, &tree_at, &f->opts, &tree, &e))
            fail_msg("%.*s: %s", (int)(end - from), f->text.p + from, e.msg);
        assert_int_equal(at, tree_at);
        assert_int_equal(flat.n, tree.n);
        assert_int_equal(tree.type, JSON_OBJECT);
        for (size_t i = 0; i < tree.n; i++) {
            assert_true(str_eq(flat.keys[i], tree.keys[i]));
            same_value(a, &flat.items[i], &tree.items[i]);
        }
    } else {
        assert_int_equal(at, from);
    }
    arena_free(a);
    return took;
}

static bool check_text(struct str text, size_t depth)
{
    struct json_opts o = {.max_depth = depth, .lone_surrogates = true};
    struct json_flat f = json_flat_make(text, &o);
    bool took = check(&f, 0, text.n);
    json_flat_fini(&f);
    return took;
}

static void takes_what_is_plain(void **state)
{
    (void)state;
    static const char *const plain[] = {
        "{}",
        "{ }",
        "{\"a\":1}",
        "{\"a\":-0,\"b\":-12.50,\"c\":1e5,\"d\":123456789012345678901}",
        "{\"a\":true,\"b\":false,\"c\":null,\"d\":\"\"}",
        "{\"a\":{\"b\":[1,{\"c\":\"d\"}]}}",
        "{ \"a\" : { \"b\" : [ 1 , 2 ] , \"c\" : { } } , \"d\" : [ ] }",
        "{\"a\":\"\\u00e9\\/\",\"b\":{\"c\":\"\\u00e9\"},\"d\":{\"e\":-0},\"f\":[\"\\n\\\"\"]}",
        "{\"Malm\xc3\xb6\":\"\xf0\x9f\x98\x80\",\"x\":[\"\xc3\xb6\"]}",
        "{\"a\":0.1,\"b\":999999999999999.9,\"c\":-0.0,\"d\":123456.789012345}",
        "{\"a\":[ \"x y\" ],\"b\":[1, 2],\"a\":[\"twice\", \"\x7f\"]}"};
    for (size_t i = 0; i < COUNTOF(plain); i++)
        if (!check_text(str_from(plain[i]), 8))
            fail_msg("not taken: %s", plain[i]);
}

static void leaves_what_is_not(void **state)
{
    (void)state;
    static const char *const other[] = {"[]",
                                        "1",
                                        "{\"a\":1",
                                        "{\"a\":1,}",
                                        "{\"a\" 1}",
                                        "{\"a\":01}",
                                        "{\"a\":\"\n\"}",
                                        "{\"a\":+1}",
                                        "{\"\\u0061\":1}",
                                        "{\"a\":\"\xff\"}",
                                        "{\"a\":[\"\xc0\x80\"]}",
                                        "{\"\xed\xa0\x80\":1}",
                                        "{\"a\":tru}",
                                        "{\"a\":[1,]}",
                                        "{\"a\":[1 2]}",
                                        "{\"a\":{1:2}}",
                                        "{\"a\":[[[[1]]]]}",
                                        "{\"a\":\"x",
                                        "{\"a\":[1}",
                                        "{",
                                        "{\"a",
                                        "{\"a\":\"\\",
                                        "{\"a\":[\"\\"};
    for (size_t i = 0; i < COUNTOF(other); i++)
        if (check_text(str_from(other[i]), 4))
            fail_msg("taken: %s", other[i]);
    assert_true(check_text(STR("{\"a\":[[[1]]]}"), 4));
}

/* ---- documents by chance ---- */

static void put_blank(struct sbuf *b, uint64_t *s)
{
    if (below(s, 8) == 0)
        sbuf_add(b, str_sub(STR("  \t\n\r"), below(s, 4), 1 + below(s, 2)));
}

static void put_string(struct sbuf *b, uint64_t *s)
{
    static const char *const parts[] = {"a",
                                        "Name",
                                        "user@contoso.example",
                                        "\xc3\xb6",
                                        "\\n",
                                        "\\\"",
                                        "\\u00e9",
                                        "\\ud83d\\ude00",
                                        "\\ud800",
                                        "\\/",
                                        "0123456789012345678901234567890123456789",
                                        " ",
                                        "\xe2\x82\xac",
                                        "\x7f",
                                        "{",
                                        "]",
                                        ",",
                                        ":"};
    sbuf_addc(b, '"');
    for (size_t n = below(s, 5); n > 0; n--)
        sbuf_addz(b, parts[below(s, below(s, 3) == 0 ? COUNTOF(parts) : 4)]);
    sbuf_addc(b, '"');
}

static void put_value(struct sbuf *b, uint64_t *s, size_t depth);

static void put_container(struct sbuf *b, uint64_t *s, size_t depth, bool object)
{
    size_t n = below(s, 5);
    sbuf_addc(b, object ? '{' : '[');
    put_blank(b, s);
    for (size_t i = 0; i < n; i++) {
        if (object) {
            put_string(b, s);
            put_blank(b, s);
            sbuf_addc(b, ':');
            put_blank(b, s);
        }
        put_value(b, s, depth + 1);
        put_blank(b, s);
        if (i + 1 < n)
            sbuf_addc(b, ',');
        put_blank(b, s);
    }
    sbuf_addc(b, object ? '}' : ']');
}

static void put_value(struct sbuf *b, uint64_t *s, size_t depth)
{
    static const char *const scalars[] = {"0",
                                          "-0",
                                          "1.5",
                                          "-12",
                                          "1e400",
                                          "3.0000000000000001",
                                          "true",
                                          "null",
                                          "false",
                                          "123456789012345678",
                                          "9223372036854775808"};
    size_t kind = below(s, depth > 5 ? 6 : 9);
    if (kind < 3)
        sbuf_addz(b, scalars[below(s, COUNTOF(scalars))]);
    else if (kind < 6)
        put_string(b, s);
    else
        put_container(b, s, depth, kind < 8);
}

static void as_the_tree(void **state)
{
    (void)state;
    uint64_t seed = 7;
    size_t taken = 0, n = 4000;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    for (size_t i = 0; i < n; i++) {
        sbuf_clear(&b);
        size_t starts[4];
        for (size_t k = 0; k < COUNTOF(starts); k++) { /* several in one text: names come again */
            starts[k] = b.n;
            uint64_t again = seed;
            put_container(&b, k % 2 == 0 ? &seed : &again, 0, true);
        }
        struct json_opts o = {.max_depth = 6, .lone_surrogates = true};
        struct json_flat f = json_flat_make(sbuf_str(&b), &o);
        for (size_t k = 0; k < COUNTOF(starts); k++)
            taken += check(&f, starts[k], k + 1 < COUNTOF(starts) ? starts[k + 1] : b.n);
        json_flat_fini(&f);
        if (b.n > 2) { /* and broken: a byte is another one, or the end is missing */
            b.p[below(&seed, b.n)] = "\"\\{}[],: \n0a\xc3"[below(&seed, 13)];
            (void)check_text(str_sub(sbuf_str(&b), 0, below(&seed, b.n)), 6);
            (void)check_text(sbuf_str(&b), 6);
        }
    }
    assert_true(taken > n * 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scanners_agree),
        cmocka_unit_test(takes_what_is_plain),
        cmocka_unit_test(leaves_what_is_not),
        cmocka_unit_test(as_the_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
