/* Compressed files: plain, gzip with several members, Zstandard; damaged and cut off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

#include "text/unpack.h"

static char path[64];

static void put(const void *p, size_t n, const char *mode)
{
    FILE *f = fopen(path, mode);
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    fclose(f);
}

static void put_gzip(const char *text, const char *mode)
{
    gzFile g = gzopen(path, mode);
    assert_non_null(g);
    assert_int_equal(gzwrite(g, text, (unsigned)strlen(text)), (int)strlen(text));
    gzclose(g);
}

/* The whole content; NULL when it can't be read. step: bytes asked for at once. */
static char *read_all(size_t step, struct err *e)
{
    struct unpack *u = unpack_open(path, e);
    assert_non_null(u);
    struct sbuf b = sbuf_make(1 << 20);
    char *buf = xmalloc(step);
    size_t n = 1;
    bool ok = true;
    while (ok && n > 0) {
        ok = unpack_read(u, buf, step, &n, e);
        if (ok)
            sbuf_addmem(&b, buf, n);
    }
    char *out = ok ? xstrndup(sbuf_str(&b)) : NULL;
    xfree(buf);
    sbuf_fini(&b);
    unpack_close(u);
    return out;
}

static void expect(const char *text)
{
    static const size_t steps[] = {1, 3, 4096};
    for (size_t i = 0; i < COUNTOF(steps); i++) {
        struct err e = {0};
        AUTO(xfreep) char *got = read_all(steps[i], &e);
        assert_non_null(got);
        assert_string_equal(got, text);
    }
}

static void expect_damaged(void)
{
    struct err e = {0};
    assert_null(read_all(4096, &e));
    assert_int_equal(e.code, ERR_INVALID);
}

static void plain_and_empty(void **state)
{
    (void)state;
    put("hello\n", 6, "w");
    expect("hello\n");
    put("", 0, "w");
    expect("");
}

static void gzip(void **state)
{
    (void)state;
    put_gzip("one\n", "wb");
    put_gzip("two\n", "ab");
    expect("one\ntwo\n");
    FILE *f = fopen(path, "r");
    char bytes[256];
    size_t n = fread(bytes, 1, sizeof(bytes), f);
    fclose(f);
    put(bytes, n - 5, "w");
    expect_damaged();
    bytes[12] = (char)~bytes[12];
    put(bytes, n, "w");
    expect_damaged();
}

static void zstandard(void **state)
{
    (void)state;
    char bytes[256];
    size_t n = ZSTD_compress(bytes, sizeof(bytes), "frame\n", 6, 3);
    assert_false(ZSTD_isError(n));
    put(bytes, n, "w");
    put(bytes, n, "a");
    expect("frame\nframe\n");
    put(bytes, n - 2, "w");
    expect_damaged();
}

static void a_missing_file(void **state)
{
    (void)state;
    struct err e = {0};
    assert_null(unpack_open("/nonexistent/file", &e));
    assert_int_equal(e.code, ERR_IO);
}

static int setup(void **state)
{
    (void)state;
    snprintf(path, sizeof(path), "/tmp/vedette-unpack-XXXXXX");
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_and_empty),
        cmocka_unit_test(gzip),
        cmocka_unit_test(zstandard),
        cmocka_unit_test(a_missing_file),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
