/* Objects: reading, writing, deleting. */
#include "s3/s3_priv.h"
#include "text/date.h"
#include "text/deflate.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { MAX_PARTS = 10000 };

bool s3_get(struct s3 *s, struct str key, struct str etag, int64_t offset, size_t n,
            struct sbuf *out, struct err *e)
{
    char range[64];
    AUTO(sbuf_fini) struct sbuf quoted = sbuf_make(0);
    struct s3_answer answer;
    size_t before = out->n;
    if (n == 0 || n > S3_MAX_RANGE_BYTES || offset < 0)
        return err_set(e, ERR_LIMIT, "a range of at most %d bytes expected", S3_MAX_RANGE_BYTES);
    snprintf(range, sizeof(range), "bytes=%lld-%lld", (long long)offset,
             (long long)offset + (long long)n - 1);
    sbuf_addc(&quoted, '"');
    sbuf_add(&quoted, etag);
    sbuf_addc(&quoted, '"');
    struct s3_request q = {.method = "GET",
                           .key = key,
                           .range = str_from(range),
                           .if_match = etag.n > 0 ? sbuf_str(&quoted) : STR(""),
                           .max_response = n + 65536,
                           .also_ok = 416};
    if (!s3_call(s, &q, &answer, out, e))
        return false;
    if (answer.status == 416) { /* nothing is that far */
        out->n = before;
        return true;
    }
    if (answer.status == 200 && offset > 0)
        return err_set(e, ERR_UNSUPPORTED, "%s: the store does not give parts of objects",
                       s->label);
    return sbuf_ok(out) || err_set(e, ERR_LIMIT, "%s: the answer is too large", s->label);
}

static bool write_all(int fd, struct str s, struct err *e)
{
    while (s.n > 0) {
        ssize_t n = write(fd, s.p, s.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_errno(e, "can't write", "an object's copy");
        s = str_sub(s, (size_t)n, s.n);
    }
    return true;
}

bool s3_get_file(struct s3 *s, const struct s3_object *o, int fd, struct err *e)
{
    for (int64_t at = 0; at < o->size;) {
        AUTO(sbuf_fini) struct sbuf b = sbuf_make((size_t)S3_PART_BYTES + 65536);
        int64_t left = o->size - at;
        size_t n = left < S3_PART_BYTES ? (size_t)left : (size_t)S3_PART_BYTES;
        if (!s3_get(s, o->key, o->etag, at, n, &b, e) || !write_all(fd, sbuf_str(&b), e))
            return false;
        if (b.n != n)
            return err_set(e, ERR_IO, "%s: %zu bytes of an object instead of %zu", s->label, b.n,
                           n);
        at += (int64_t)n;
    }
    return true;
}

bool s3_head(struct s3 *s, struct arena *a, struct str key, struct s3_object *out, struct err *e)
{
    struct s3_request q = {.method = "HEAD", .key = key};
    struct s3_answer answer;
    AUTO(sbuf_fini) struct sbuf body = sbuf_make(0);
    if (!s3_call(s, &q, &answer, &body, e))
        return false;
    if (answer.length < 0)
        return err_set(e, ERR_IO, "%s: the store does not say how large an object is", s->label);
    *out = (struct s3_object){.key = key,
                              .etag = arena_str(a, str_from(answer.etag)),
                              .size = answer.length,
                              .modified = answer.modified};
    return true;
}

bool s3_put(struct s3 *s, struct str key, struct str bytes, char etag[S3_ETAG_BYTES], struct err *e)
{
    struct s3_request q = {.method = "PUT", .key = key, .body = bytes};
    struct s3_answer answer;
    AUTO(sbuf_fini) struct sbuf body = sbuf_make(0);
    if (!s3_call(s, &q, &answer, &body, e))
        return false;
    memcpy(etag, answer.etag, S3_ETAG_BYTES);
    return true;
}

bool s3_delete(struct s3 *s, struct str key, struct err *e)
{
    struct s3_request q = {.method = "DELETE", .key = key, .also_ok = 404};
    struct s3_answer answer;
    AUTO(sbuf_fini) struct sbuf body = sbuf_make(0);
    return s3_call(s, &q, &answer, &body, e);
}

/* ---- files ---- */

struct upload {
    struct s3 *s;
    struct str key, id;
    struct sbuf parts; /* of the document that ends it */
    int n;
};

static bool begin(struct upload *u, struct arena *a, struct err *e)
{
    struct s3_request q = {
        .method = "POST", .key = u->key, .query = {{"uploads", STR("")}}, .n_query = 1};
    struct s3_answer answer;
    const struct json *root = NULL;
    AUTO(sbuf_fini) struct sbuf body = sbuf_make(0);
    if (!s3_call(u->s, &q, &answer, &body, e) ||
        !s3_document(a, sbuf_str(&body), "InitiateMultipartUploadResult", &root, e))
        return false;
    u->id = arena_str(a, s3_member(root, "UploadId"));
    return u->id.n > 0 || err_set(e, ERR_IO, "%s: an upload without an id", u->s->label);
}

static bool send_part(struct upload *u, struct str bytes, struct err *e)
{
    char number[16];
    struct s3_answer answer;
    AUTO(sbuf_fini) struct sbuf body = sbuf_make(0);
    if (++u->n > MAX_PARTS)
        return err_set(e, ERR_LIMIT, "the file is too large for one object");
    snprintf(number, sizeof(number), "%d", u->n);
    struct s3_request q = {.method = "PUT",
                           .key = u->key,
                           .query = {{"partNumber", str_from(number)}, {"uploadId", u->id}},
                           .n_query = 2,
                           .body = bytes};
    if (!s3_call(u->s, &q, &answer, &body, e))
        return false;
    for (const char *p = answer.etag; *p != '\0'; p++) /* it goes into a document */
        if (strchr("<>&'\"", *p) != NULL)
            return err_set(e, ERR_IO, "%s: an entity tag that can't be", u->s->label);
    sbuf_addf(&u->parts, "<Part><PartNumber>%s</PartNumber><ETag>&quot;%s&quot;</ETag></Part>",
              number, answer.etag);
    return true;
}

/* The answer may be 200 and an error all the same. */
static bool complete(struct upload *u, char etag[S3_ETAG_BYTES], struct err *e)
{
    struct s3_answer answer;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(0);
    AUTO(sbuf_fini) struct sbuf body = sbuf_make(0);
    const struct json *root = NULL;
    sbuf_addf(&text, "<CompleteMultipartUpload>%s</CompleteMultipartUpload>",
              sbuf_str(&u->parts).p);
    struct s3_request q = {.method = "POST",
                           .key = u->key,
                           .query = {{"uploadId", u->id}},
                           .n_query = 1,
                           .body = sbuf_str(&text)};
    if (!s3_call(u->s, &q, &answer, &body, e))
        return false;
    if (!s3_document(a, sbuf_str(&body), "CompleteMultipartUploadResult", &root, NULL))
        return s3_refused(u->s, &q, 500, sbuf_str(&body), e);
    struct str tag = s3_member(root, "ETag");
    if (tag.n >= 2 && tag.p[0] == '"')
        tag = str_sub(tag, 1, tag.n - 2);
    snprintf(etag, S3_ETAG_BYTES, "%.*s", STR_ARG(tag));
    return true;
}

static void give_up(struct upload *u)
{
    struct err e = {0};
    struct s3_answer answer;
    AUTO(sbuf_fini) struct sbuf body = sbuf_make(0);
    struct s3_request q = {
        .method = "DELETE", .key = u->key, .query = {{"uploadId", u->id}}, .n_query = 1};
    if (!s3_call(u->s, &q, &answer, &body, &e)) /* the store drops it by its own rules */
        return;
}

/* A block of the file; *out_n < size: its end. */
static bool read_block(int fd, const char *path, char *block, size_t size, size_t *out_n,
                       struct err *e)
{
    *out_n = 0;
    while (*out_n < size) {
        ssize_t n = read(fd, block + *out_n, size - *out_n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, "can't read", path);
        if (n == 0)
            break;
        *out_n += (size_t)n;
    }
    return true;
}

static void count_block(struct s3_sent *x, struct str block)
{
    x->crc32 = crc32_more(x->crc32, block);
    x->bytes += (int64_t)block.n;
}

static bool send_parts(struct upload *u, int fd, const char *path, char *block, struct s3_sent *out,
                       struct err *e)
{
    size_t n = S3_PART_BYTES;
    bool ok = true;
    while (ok && n > 0) {
        count_block(out, (struct str){block, n});
        ok = send_part(u, (struct str){block, n}, e) &&
             read_block(fd, path, block, S3_PART_BYTES, &n, e);
    }
    if (ok && complete(u, out->etag, e))
        return true;
    give_up(u);
    return false;
}

static bool put_open(struct s3 *s, struct str key, int fd, const char *path, struct s3_sent *out,
                     struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(xfreep) char *block = xmalloc(S3_PART_BYTES);
    struct upload u = {.s = s, .key = key, .parts = sbuf_make(0)};
    size_t n = 0;
    if (!read_block(fd, path, block, S3_PART_BYTES, &n, e))
        return false;
    if (n < S3_PART_BYTES) {
        count_block(out, (struct str){block, n});
        return s3_put(s, key, (struct str){block, n}, out->etag, e);
    }
    bool ok = begin(&u, a, e) && send_parts(&u, fd, path, block, out, e);
    sbuf_fini(&u.parts);
    return ok;
}

bool s3_put_file(struct s3 *s, struct str key, const char *path, struct s3_sent *out, struct err *e)
{
    struct s3_sent sent = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, "can't open", path);
    bool ok = put_open(s, key, fd, path, &sent, e);
    close(fd);
    if (ok)
        *out = sent;
    return ok;
}

/* ---- uploads that were left ---- */

static bool abort_one(struct s3 *s, const struct json *v, size_t *n, struct err *e)
{
    struct s3_answer answer;
    AUTO(sbuf_fini) struct sbuf body = sbuf_make(0);
    struct s3_request q = {.method = "DELETE",
                           .key = s3_member(v, "Key"),
                           .query = {{"uploadId", s3_member(v, "UploadId")}},
                           .n_query = 1,
                           .also_ok = 404};
    if (!s3_call(s, &q, &answer, &body, e))
        return false;
    ++*n;
    return true;
}

bool s3_abort_uploads(struct s3 *s, struct str prefix, int64_t before, size_t *out, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf body = sbuf_make(0);
    struct s3_request q = {
        .method = "GET", .query = {{"prefix", prefix}, {"uploads", STR("")}}, .n_query = 2};
    struct s3_answer answer;
    const struct json *root = NULL, *items = NULL;
    *out = 0;
    if (!s3_call(s, &q, &answer, &body, e) ||
        !s3_document(a, sbuf_str(&body), "ListMultipartUploadsResult", &root, e))
        return false;
    size_t n = s3_each(json_get(root, "Upload"), &items);
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        int64_t begun = 0;
        if (str_starts(s3_member(&items[i], "Key"), prefix) &&
            date_parse_iso(s3_member(&items[i], "Initiated"), &begun) && begun < before)
            ok = abort_one(s, &items[i], out, e);
    }
    return ok;
}
