/* Zip archives: of one file, in both ways of packing; of several; damaged at every place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <zlib.h>

#include "text/zip.h"

enum { DEFLATED = 8, MAX_BYTES = 1 << 16 };

/* ---- writing ---- */
static void put(struct sbuf *b, uint32_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        sbuf_addc(b, (char)(v >> 8 * i & 255));
}

struct file {
    const char *name, *text;
    uint32_t method, flags;
};

static struct str raw_deflate(struct arena *a, struct str text)
{
    char *out = arena_alloc(a, MAX_BYTES);
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)arena_strz(a, text);
    z.avail_in = (uInt)text.n;
    z.next_out = (Bytef *)out;
    z.avail_out = MAX_BYTES;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t n = MAX_BYTES - z.avail_out;
    deflateEnd(&z);
    return (struct str){out, n};
}

/* What the local header and the directory's entry have in common. */
static void put_about(struct sbuf *b, const struct file *f, struct str packed)
{
    put(b, 20, 2);
    put(b, f->flags, 2);
    put(b, f->method, 2);
    put(b, 0, 4); /* time and date */
    put(b, (uint32_t)crc32(0, (const Bytef *)f->text, (uInt)strlen(f->text)), 4);
    put(b, (uint32_t)packed.n, 4);
    put(b, (uint32_t)strlen(f->text), 4);
    put(b, (uint32_t)strlen(f->name), 2);
    put(b, 0, 2);
}

static struct str archive(struct arena *a, const struct file *files, size_t n, const char *comment)
{
    struct sbuf b = sbuf_make(MAX_BYTES), list = sbuf_make(MAX_BYTES);
    for (size_t i = 0; i < n; i++) {
        struct str text = str_from(files[i].text);
        struct str packed = files[i].method == DEFLATED ? raw_deflate(a, text) : text;
        size_t at = b.n;
        sbuf_addz(&b, "PK\x03\x04");
        put_about(&b, &files[i], packed);
        sbuf_addz(&b, files[i].name);
        sbuf_add(&b, packed);
        sbuf_addz(&list, "PK\x01\x02");
        put(&list, 20, 2);
        put_about(&list, &files[i], packed);
        put(&list, 0, 2); /* comment */
        put(&list, 0, 4); /* disk, attributes */
        put(&list, 0, 4);
        put(&list, (uint32_t)at, 4);
        sbuf_addz(&list, files[i].name);
    }
    size_t at = b.n;
    sbuf_add(&b, sbuf_str(&list));
    sbuf_addz(&b, "PK\x05\x06");
    put(&b, 0, 4);
    put(&b, (uint32_t)n, 2);
    put(&b, (uint32_t)n, 2);
    put(&b, (uint32_t)(b.n - at), 4);
    put(&b, (uint32_t)at, 4);
    put(&b, (uint32_t)strlen(comment), 2);
    sbuf_addz(&b, comment);
    struct str s = arena_str(a, sbuf_str(&b));
    sbuf_fini(&b);
    sbuf_fini(&list);
    return s;
}

/* ---- tests ---- */
static const char text[] = "one,1\ntwo,2\none,1\ntwo,2\none,1\ntwo,2\n";

static void one_file_is_read(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const struct file files[] = {{"d/", "", 0, 0}, {"d/a.csv", text, 0, 0}};
    const struct file packed = {"a.csv", text, DEFLATED, 0}, empty = {"e", "", 0, 0};
    const struct str all[] = {archive(a, files, 2, "a comment"), archive(a, &packed, 1, ""),
                              archive(a, &empty, 1, "")};
    const char *const wanted[] = {text, text, ""};
    for (size_t i = 0; i < COUNTOF(all); i++) {
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_BYTES);
        struct err e = {0};
        sbuf_addz(&b, "before ");
        assert_true(zip_is(all[i]));
        assert_true(zip_read_one(all[i], &b, &e));
        assert_true(str_eqz(str_sub(sbuf_str(&b), 7, b.n), wanted[i]));
    }
    assert_false(zip_is(STR("PK is a text")));
}

static void refused(struct str s, size_t max, enum err_code code, const char *why)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(max);
    struct err e = {0};
    assert_false(zip_read_one(s, &b, &e));
    assert_int_equal(e.code, code);
    assert_string_equal(e.msg, why);
    assert_int_equal(b.n, 0);
}

static void what_cannot_be_read_is_named(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const struct file two[] = {{"a", "1", 0, 0}, {"b", "2", 0, 0}};
    const struct file secret = {"a", "1", 0, 1}, other = {"a", "1", 12, 0},
                      large = {"a", text, DEFLATED, 0};
    refused(archive(a, two, 2, ""), MAX_BYTES, ERR_UNSUPPORTED,
            "the zip archive holds 2 files: only one can be read");
    refused(archive(a, two, 0, ""), MAX_BYTES, ERR_UNSUPPORTED,
            "the zip archive holds 0 files: only one can be read");
    refused(archive(a, &secret, 1, ""), MAX_BYTES, ERR_UNSUPPORTED,
            "the file in the zip archive is encrypted");
    refused(archive(a, &other, 1, ""), MAX_BYTES, ERR_UNSUPPORTED,
            "the file in the zip archive is packed in an unknown way");
    refused(archive(a, &large, 1, ""), sizeof(text) - 2, ERR_TOO_LARGE,
            "the file in the zip archive is larger than 35 bytes");
}

/* Cut anywhere, or with any one byte changed: an error or the same text, never more. */
static void damage_is_found(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const struct file f = {"a.csv", text, DEFLATED, 0};
    struct str whole = archive(a, &f, 1, "");
    for (size_t n = 0; n < whole.n; n++)
        refused(str_sub(whole, 0, n), MAX_BYTES, ERR_INVALID,
                "the zip archive is damaged or cut short");
    for (size_t i = 0; i < whole.n * 8; i++) {
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_BYTES);
        struct err e = {0};
        char *copy = arena_alloc(a, whole.n);
        memcpy(copy, whole.p, whole.n);
        copy[i / 8] = (char)(copy[i / 8] ^ (1 << (i & 7)));
        bool ok = zip_read_one((struct str){copy, whole.n}, &b, &e);
        assert_true(ok ? str_eqz(sbuf_str(&b), text) : e.code != ERR_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_file_is_read),
        cmocka_unit_test(what_cannot_be_read_is_named),
        cmocka_unit_test(damage_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
