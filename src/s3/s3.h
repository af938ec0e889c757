/* A client of stores that speak S3 (Amazon's, MinIO, Ceph, Garage …): objects of one bucket. Each
 * request is signed (AWS Signature Version 4, header form), goes to the endpoint's host and to no
 * other (redirects are not followed), and is tried again when the store is busy. Knows no domain
 * word.
 * Source: Amazon S3 API Reference; "Signature Calculations for the Authorization Header". */
#pragma once
#include "base/base.h"
#include "base/clock.h"

enum {
    S3_MAX_KEY = 1024,             /* bytes of an object's key, by Amazon's rule */
    S3_ETAG_BYTES = 128,           /* of an entity tag with its NUL */
    S3_PART_BYTES = 16 << 20,      /* of a multipart upload, and of a range that is read at once */
    S3_MAX_RANGE_BYTES = 64 << 20, /* one call of s3_get */
};

struct s3_options { /* texts are copied */
    const char
        *endpoint;      /* "https://s3.eu-central-1.amazonaws.com"; http:// on this machine only */
    const char *region; /* NULL: "us-east-1" */
    const char *bucket;
    bool virtual_host;                 /* https://BUCKET.HOST/KEY; else https://HOST/BUCKET/KEY */
    const char *ca_file;               /* NULL: the system's */
    struct str access_key, secret_key; /* both empty: requests are not signed */
    struct str session_token;          /* of temporary keys; may be empty */
    struct clock *clock;               /* borrowed */
    unsigned timeout_s;                /* of one attempt; 0 = 60 */
    unsigned attempts;                 /* 0 = 5 */
    int64_t wait_us;                   /* before the second attempt, doubled after; 0 = 0.2 s */
    const _Atomic bool *stop;          /* when true no attempt begins; may be NULL; borrowed */
};
struct s3; /* shared by threads */
/* Errors: ERR_INVALID: the endpoint, the bucket, half a pair of keys. Asks nothing. */
struct s3 *s3_open(const struct s3_options *o, struct err *e) MUST_USE;
void s3_close(struct s3 *s); /* NULL is fine */
/* "bucket NAME at HOST", for messages; lives as long as s. */
const char *s3_label(const struct s3 *s);

struct s3_credentials {
    struct str access_key, secret_key, session_token;
};
/* A file as the AWS tools have it: "[PROFILE]" and lines "aws_access_key_id = …",
 * "aws_secret_access_key = …", "aws_session_token = …". profile NULL: "default". The texts live in
 * a. Errors: ERR_IO, ERR_NOT_FOUND: no such profile, ERR_INVALID; a message quotes nothing of it.
 */
bool s3_credentials_file(struct arena *a, const char *path, const char *profile,
                         struct s3_credentials *out, struct err *e) MUST_USE;
/* The same from a text. */
bool s3_credentials_read(struct arena *a, struct str text, const char *profile,
                         struct s3_credentials *out, struct err *e) MUST_USE;

/* All calls: ERR_NOT_FOUND: no such object or bucket; ERR_FORBIDDEN: the keys may not; ERR_TIMEOUT,
 * ERR_IO: no answer, or none that can be used, after all attempts; ERR_CANCELLED: stop. e->kind is
 * the store's own code ("InvalidObjectState"), if it gives one. */

struct s3_object {
    struct str key;
    struct str etag; /* without its quotes */
    int64_t size;
    int64_t modified; /* ticks */
};
struct s3_listing { /* lives in the arena of the call */
    struct s3_object *objects;
    size_t n_objects;
    struct str *prefixes; /* that end with the delimiter */
    size_t n_prefixes;
    struct str next; /* continuation token; empty: this was the last page */
    int64_t time;    /* the store's clock, ticks, to the second; 0: it does not say */
};
struct s3_list {
    struct str prefix, delimiter, start_after, token; /* each may be empty */
    unsigned max_keys;                                /* 0 = 500 */
};
/* One page of ListObjectsV2. */
bool s3_list_page(struct s3 *s, struct arena *a, const struct s3_list *q, struct s3_listing *out,
                  struct err *e) MUST_USE;
/* Reads the answer to a list request; for s3_list_page and its tests. ERR_SYNTAX, ERR_LIMIT,
 * ERR_INVALID. */
bool s3_listing_read(struct arena *a, struct str xml, struct s3_listing *out,
                     struct err *e) MUST_USE;

/* Bytes from offset on, at most n of them (n <= S3_MAX_RANGE_BYTES); fewer at the object's end,
 * none behind it. etag not empty: the object must still be the one that has it (ERR_CONFLICT).
 * Appended to out. */
bool s3_get(struct s3 *s, struct str key, struct str etag, int64_t offset, size_t n,
            struct sbuf *out, struct err *e) MUST_USE;
/* The whole object of size bytes into an open file, range by range. */
bool s3_get_file(struct s3 *s, const struct s3_object *object, int fd, struct err *e) MUST_USE;
/* Size, entity tag and time; key is borrowed, etag in a. */
bool s3_head(struct s3 *s, struct arena *a, struct str key, struct s3_object *out,
             struct err *e) MUST_USE;
/* Writes an object; etag: as the store gives it. The body's SHA-256 goes with it, and the store
 * refuses other bytes. */
bool s3_put(struct s3 *s, struct str key, struct str body, char etag[S3_ETAG_BYTES],
            struct err *e) MUST_USE;
struct s3_sent { /* of a file that was written */
    char etag[S3_ETAG_BYTES];
    int64_t bytes;
    uint32_t crc32; /* of the bytes as they were read and sent */
};
/* Writes the file's bytes: one request below S3_PART_BYTES, a multipart upload from there on, which
 * is aborted when it fails. Each part carries its SHA-256, which the store checks. */
bool s3_put_file(struct s3 *s, struct str key, const char *path, struct s3_sent *out,
                 struct err *e) MUST_USE;
/* Gives up multipart uploads below a prefix that were begun before a time (ticks), as a process
 * that was killed leaves them: they are no objects, but take room. At most a thousand a call. *out:
 * how many. */
bool s3_abort_uploads(struct s3 *s, struct str prefix, int64_t before, size_t *out,
                      struct err *e) MUST_USE;
/* Fine when there is none. */
bool s3_delete(struct s3 *s, struct str key, struct err *e) MUST_USE;
