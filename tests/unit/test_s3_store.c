/* Calls against a store: the one that VEDETTE_S3_ENDPOINT names, with the bucket "round" and the
 * keys of VEDETTE_S3_KEY and VEDETTE_S3_SECRET. Skipped without it; tests/clients/s3_stores.py
 * starts stores and runs this. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "s3/s3.h"
#include "text/deflate.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct s3 *open_store(const char *secret)
{
    static struct clock *clock;
    struct err e = {0};
    if (getenv("VEDETTE_S3_ENDPOINT") == NULL)
        skip();
    if (clock == NULL)
        clock = clock_new_system();
    struct s3_options o = {.endpoint = getenv("VEDETTE_S3_ENDPOINT"),
                           .bucket = "round",
                           .access_key = str_from(getenv("VEDETTE_S3_KEY")),
                           .secret_key = str_from(secret),
                           .clock = clock,
                           .attempts = 2};
    struct s3 *s = s3_open(&o, &e);
    assert_non_null(s);
    return s;
}

static struct s3 *open_own(void)
{
    return open_store(getenv("VEDETTE_S3_SECRET"));
}

static void an_object_goes_there_and_back(void **state)
{
    (void)state;
    struct s3 *s = open_own();
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct err e = {0};
    char etag[S3_ETAG_BYTES];
    struct s3_object o;
    struct str key = STR("a b/c+d&=ä~/x.txt");
    assert_true(s3_put(s, key, STR("0123456789"), etag, &e));
    assert_true(s3_head(s, a, key, &o, &e));
    assert_int_equal(o.size, 10);
    assert_true(str_eqz(o.etag, etag));
    assert_true(s3_get(s, key, o.etag, 2, 3, &b, &e));
    assert_string_equal(sbuf_str(&b).p, "234");
    sbuf_clear(&b);
    assert_true(s3_get(s, key, STR(""), 8, 100, &b, &e));
    assert_string_equal(sbuf_str(&b).p, "89");
    sbuf_clear(&b);
    assert_true(s3_get(s, key, STR(""), 10, 100, &b, &e));
    assert_int_equal(b.n, 0);
    assert_false(s3_get(s, key, STR("0123"), 0, 1, &b, &e));
    assert_int_equal(e.code, ERR_CONFLICT);
    assert_true(s3_delete(s, key, &e));
    assert_true(s3_delete(s, key, &e));
    assert_false(s3_head(s, a, key, &o, &e));
    assert_int_equal(e.code, ERR_NOT_FOUND);
    s3_close(s);
}

static void lists_go_on_over_pages(void **state)
{
    (void)state;
    struct s3 *s = open_own();
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct err e = {0};
    char etag[S3_ETAG_BYTES];
    size_t n = 0;
    for (int i = 0; i < 7; i++)
        assert_true(s3_put(s, arena_fmt(a, "list/%d/+ %d", i / 3, i), STR("x"), etag, &e));
    struct s3_list q = {.prefix = STR("list/"), .max_keys = 3};
    struct s3_listing l;
    do {
        assert_true(s3_list_page(s, a, &q, &l, &e));
        for (size_t i = 0; i < l.n_objects; i++, n++)
            assert_true(str_eq(l.objects[i].key, arena_fmt(a, "list/%zu/+ %zu", n / 3, n)));
        assert_true(l.time > TICKS_UNIX_EPOCH);
        q.token = l.next;
    } while (l.next.n > 0);
    assert_int_equal(n, 7);
    q = (struct s3_list){.prefix = STR("list/"), .delimiter = STR("/")};
    assert_true(s3_list_page(s, a, &q, &l, &e));
    assert_int_equal(l.n_prefixes, 3);
    assert_true(str_eqz(l.prefixes[2], "list/2/"));
    q = (struct s3_list){.prefix = STR("list/"), .start_after = STR("list/1/+ 4")};
    assert_true(s3_list_page(s, a, &q, &l, &e));
    assert_int_equal(l.n_objects, 2);
    for (int i = 0; i < 7; i++)
        assert_true(s3_delete(s, arena_fmt(a, "list/%d/+ %d", i / 3, i), &e));
    s3_close(s);
}

static char byte_at(size_t i)
{
    return (char)((i * 2654435761u) >> 13);
}

static void a_large_file_goes_in_parts(void **state)
{
    (void)state;
    struct s3 *s = open_own();
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const size_t n = (size_t)S3_PART_BYTES * 2 + 12345;
    struct err e = {0};
    struct s3_object o;
    struct s3_sent sent;
    char path[] = "/tmp/vedette-s3-XXXXXX";
    char *bytes = xmalloc(n), *back = xmalloc(n);
    for (size_t i = 0; i < n; i++)
        bytes[i] = byte_at(i);
    int fd = mkstemp(path);
    assert_int_equal(write(fd, bytes, n), n);
    assert_true(s3_put_file(s, STR("large"), path, &sent, &e));
    assert_true(s3_head(s, a, STR("large"), &o, &e));
    assert_int_equal(o.size, n);
    assert_int_equal(sent.bytes, n);
    assert_int_equal(sent.crc32, crc32_more(0, (struct str){bytes, n}));
    assert_true(str_eqz(o.etag, sent.etag));
    size_t given_up = 1;
    assert_true(s3_abort_uploads(s, STR("large"), INT64_MAX, &given_up, &e)); /* it was completed */
    assert_int_equal(given_up, 0);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_true(s3_get_file(s, &o, fd, &e));
    assert_int_equal(pread(fd, back, n, 0), n);
    assert_memory_equal(bytes, back, n);
    assert_true(s3_delete(s, STR("large"), &e));
    close(fd);
    unlink(path);
    xfree(bytes);
    xfree(back);
    s3_close(s);
}

static void wrong_keys_and_buckets_are_refused(void **state)
{
    (void)state;
    struct s3 *s = open_store("not/the+secret");
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct err e = {0};
    assert_false(s3_get(s, STR("x"), STR(""), 0, 1, &b, &e));
    assert_int_equal(e.code, ERR_FORBIDDEN);
    assert_string_equal(e.kind, "SignatureDoesNotMatch");
    assert_null(strstr(e.msg, "not/the+secret"));
    s3_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_goes_there_and_back),
        cmocka_unit_test(lists_go_on_over_pages),
        cmocka_unit_test(a_large_file_goes_in_parts),
        cmocka_unit_test(wrong_keys_and_buckets_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
