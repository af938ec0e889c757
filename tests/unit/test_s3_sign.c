/* Signatures as Amazon's documentation has them, lists of keys, files of keys, what is opened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "s3/s3_priv.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HOST                                                                                       \
    {                                                                                              \
        "host",                                                                                    \
        {                                                                                          \
            "examplebucket.s3.amazonaws.com", 30                                                   \
        }                                                                                          \
    }
#define DATE                                                                                       \
    {                                                                                              \
        "x-amz-date",                                                                              \
        {                                                                                          \
            "20130524T000000Z", 16                                                                 \
        }                                                                                          \
    }

static struct s3_signing example(const char *method, const char *path, const struct s3_pair *query,
                                 size_t n_query)
{
    return (struct s3_signing){.region = "us-east-1",
                               .access_key = STR("AKIAIOSFODNN7EXAMPLE"),
                               .secret_key = STR("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
                               .method = method,
                               .path = path,
                               .query = query,
                               .n_query = n_query,
                               .payload = EMPTY,
                               .time = "20130524T000000Z"};
}

static void expect_signature(struct s3_signing *q, const struct s3_pair *headers, size_t n,
                             const char *names, const char *signature)
{
    AUTO(sbuf_fini) struct sbuf got = sbuf_make(0);
    AUTO(sbuf_fini) struct sbuf wanted = sbuf_make(0);
    q->headers = headers;
    q->n_headers = n;
    s3_authorization(q, &got);
    sbuf_addf(&wanted,
              "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
              "SignedHeaders=%s,Signature=%s",
              names, signature);
    assert_string_equal(sbuf_str(&got).p, sbuf_str(&wanted).p);
}

/* The four examples of "Signature Calculations for the Authorization Header: Transferring Payload
 * in a Single Chunk". */
static void examples_of_the_documentation(void **state)
{
    (void)state;
    const struct s3_pair plain[] = {HOST, {"x-amz-content-sha256", STR(EMPTY)}, DATE};
    const struct s3_pair range[] = {
        HOST, {"range", STR("bytes=0-9")}, {"x-amz-content-sha256", STR(EMPTY)}, DATE};
    struct s3_signing q = example("GET", "/test.txt", NULL, 0);
    expect_signature(&q, range, COUNTOF(range), "host;range;x-amz-content-sha256;x-amz-date",
                     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");

    const struct s3_pair lifecycle[] = {{"lifecycle", STR("")}};
    q = example("GET", "/", lifecycle, 1);
    expect_signature(&q, plain, COUNTOF(plain), "host;x-amz-content-sha256;x-amz-date",
                     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");

    const struct s3_pair list[] = {{"max-keys", STR("2")}, {"prefix", STR("J")}};
    q = example("GET", "/", list, 2);
    expect_signature(&q, plain, COUNTOF(plain), "host;x-amz-content-sha256;x-amz-date",
                     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

static void example_with_a_body(void **state)
{
    (void)state;
    char hash[S3_HASH_HEX];
    AUTO(sbuf_fini) struct sbuf path = sbuf_make(0);
    s3_hash_hex(STR("Welcome to Amazon S3."), hash);
    const struct s3_pair headers[] = {{"date", STR("Fri, 24 May 2013 00:00:00 GMT")},
                                      HOST,
                                      {"x-amz-content-sha256", str_from(hash)},
                                      DATE,
                                      {"x-amz-storage-class", STR("REDUCED_REDUNDANCY")}};
    sbuf_addc(&path, '/');
    s3_encode(&path, STR("test$file.text"), true);
    assert_string_equal(sbuf_str(&path).p, "/test%24file.text");
    struct s3_signing q = example("PUT", sbuf_str(&path).p, NULL, 0);
    q.payload = hash;
    expect_signature(&q, headers, COUNTOF(headers),
                     "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

static void times_and_encoding(void **state)
{
    (void)state;
    char time[S3_TIME_BYTES];
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    s3_time(TICKS_UNIX_EPOCH + 1369353600 * TICKS_PER_SECOND, time);
    assert_string_equal(time, "20130524T000000Z");
    s3_encode(&b, STR("a/b c+\xc3\xa4~"), true);
    sbuf_addc(&b, ' ');
    s3_encode(&b, STR("a/b=&"), false);
    assert_string_equal(sbuf_str(&b).p, "a/b%20c%2B%C3%A4~ a%2Fb%3D%26");
}

#define PAGE(inside)                                                                               \
    "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"  \
    "<Name>b</Name>" inside "</ListBucketResult>"
#define OBJECT(key)                                                                                \
    "<Contents><Key>" key "</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>"            \
    "<ETag>&quot;abc&quot;</ETag><Size>12</Size></Contents>"

static void lists(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct s3_listing l;
    struct err e = {0};
    assert_true(s3_listing_read(
        a,
        STR(PAGE("<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
                 "<NextContinuationToken>t/1=</NextContinuationToken>" OBJECT("x/a%2Bb+c%26")
                     OBJECT("y") "<CommonPrefixes><Prefix>2026%2F</Prefix></CommonPrefixes>")),
        &l, &e));
    assert_int_equal(l.n_objects, 2);
    assert_true(str_eqz(l.objects[0].key, "x/a+b c&"));
    assert_true(str_eqz(l.objects[0].etag, "abc"));
    assert_int_equal(l.objects[0].size, 12);
    assert_int_equal(l.objects[1].modified, 639029198450000000);
    assert_int_equal(l.n_prefixes, 1);
    assert_true(str_eqz(l.prefixes[0], "2026/"));
    assert_true(str_eqz(l.next, "t/1="));
    assert_true(
        s3_listing_read(a, STR(PAGE("<IsTruncated>false</IsTruncated>" OBJECT("a%2B"))), &l, &e));
    assert_int_equal(l.n_objects, 1);
    assert_true(str_eqz(l.objects[0].key, "a%2B"));
    assert_int_equal(l.next.n, 0);
    assert_true(s3_listing_read(a, STR(PAGE("<KeyCount>0</KeyCount>")), &l, &e));
    assert_int_equal(l.n_objects + l.n_prefixes, 0);
}

static void lists_that_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "<html>no</html>",
        PAGE("<IsTruncated>true</IsTruncated>"),
        PAGE("<Contents><Key>a</Key><Size>1</Size></Contents>"),
        PAGE("<Contents><Key>a</Key><LastModified>2026-01-02T03:04:05Z</LastModified>"
             "<Size>-1</Size></Contents>"),
        PAGE("<Contents>text</Contents>"),
        PAGE("<EncodingType>url</EncodingType>" OBJECT("a%zz")),
        PAGE(OBJECT("")),
    };
    for (size_t i = 0; i < COUNTOF(bad); i++) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        struct s3_listing l;
        struct err e = {0};
        assert_false(s3_listing_read(a, str_from(bad[i]), &l, &e));
        assert_true(e.msg[0] != '\0');
    }
}

static void files_of_keys(void **state)
{
    (void)state;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct s3_credentials c;
    struct err e = {0};
    struct str text =
        STR("# mine\n[default]\naws_access_key_id = AK\r\naws_secret_access_key=s=k/\n"
            "[ other ]\naws_access_key_id=B\naws_secret_access_key=C\n"
            "aws_session_token = T\n[half]\naws_access_key_id=D\n");
    assert_true(s3_credentials_read(a, text, NULL, &c, &e));
    assert_true(str_eqz(c.access_key, "AK") && str_eqz(c.secret_key, "s=k/"));
    assert_int_equal(c.session_token.n, 0);
    assert_true(s3_credentials_read(a, text, "other", &c, &e));
    assert_true(str_eqz(c.session_token, "T"));
    assert_false(s3_credentials_read(a, text, "none", &c, &e));
    assert_int_equal(e.code, ERR_NOT_FOUND);
    assert_false(s3_credentials_read(a, text, "half", &c, &e));
    assert_int_equal(e.code, ERR_INVALID);
}

static void what_can_be_opened(void **state)
{
    (void)state;
    struct clock *clock = clock_new_manual(TICKS_UNIX_EPOCH);
    const struct {
        const char *endpoint, *bucket;
        bool fine;
    } cases[] = {
        {"https://s3.example", "logs", true},       {"s3.example:9000/", "my.logs-1", true},
        {"http://127.0.0.1:9000", "logs", true},    {"http://[::1]:9000", "logs", true},
        {"http://s3.example", "logs", false},       {"http://127.0.0.1.example", "logs", false},
        {"ftp://s3.example", "logs", false},        {"https://a@s3.example", "logs", false},
        {"https://s3.example/path", "logs", false}, {"https://s3.example", "a/b", false},
        {"https://s3.example", "..", false},        {"", "logs", false},
    };
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        struct err e = {0};
        struct s3_options o = {
            .endpoint = cases[i].endpoint, .bucket = cases[i].bucket, .clock = clock};
        struct s3 *s = s3_open(&o, &e);
        assert_int_equal(s != NULL, cases[i].fine);
        assert_int_equal(e.code, cases[i].fine ? ERR_OK : ERR_INVALID);
        s3_close(s);
    }
    struct err e = {0};
    struct s3_options half = {
        .endpoint = "s3.example", .bucket = "logs", .clock = clock, .access_key = STR("A")};
    assert_null(s3_open(&half, &e));
    half.secret_key = STR("a\nb: c");
    assert_null(s3_open(&half, &e));
    clock_free(clock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_of_the_documentation),
        cmocka_unit_test(example_with_a_body),
        cmocka_unit_test(times_and_encoding),
        cmocka_unit_test(lists),
        cmocka_unit_test(lists_that_are_refused),
        cmocka_unit_test(files_of_keys),
        cmocka_unit_test(what_can_be_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
