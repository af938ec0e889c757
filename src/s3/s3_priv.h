/* What the files of this folder share. */
#pragma once
#include "s3/s3.h"
#include "text/json.h"

struct s3 {
    struct arena *a;                   /* the texts */
    const char *scheme, *host, *label; /* host with its port; label: "BUCKET at HOST" */
    const char *base;                  /* path in front of keys: "/" or "/BUCKET/" */
    const char *region, *ca_file;
    struct str access_key, secret_key, session_token;
    struct clock *clock;
    unsigned timeout_s, attempts;
    int64_t wait_us;
    const _Atomic bool *stop;
};

/* ---- sign.c ---- */
struct s3_pair {
    const char *name; /* of headers: lower case */
    struct str value;
};
enum { S3_HASH_HEX = 65, S3_TIME_BYTES = 17 };
struct s3_signing {
    const char *region;
    struct str access_key, secret_key;
    const char *method, *path; /* path: encoded as it is sent */
    const struct s3_pair *query;
    size_t n_query; /* in order of name */
    const struct s3_pair *headers;
    size_t n_headers;    /* in order of name; all are signed */
    const char *payload; /* SHA-256 of the body in hex */
    const char *time;    /* 20130524T000000Z */
};
void s3_hash_hex(struct str bytes, char out[S3_HASH_HEX]);
void s3_time(int64_t ticks, char out[S3_TIME_BYTES]);
/* Percent-encodes all but letters, digits and -._~ (and '/' when slashes stay). */
void s3_encode(struct sbuf *b, struct str s, bool keep_slash);
/* a=b&c=d, encoded. */
void s3_query_text(struct sbuf *b, const struct s3_pair *query, size_t n);
/* The value of the header Authorization. */
void s3_authorization(const struct s3_signing *q, struct sbuf *out);

/* ---- call.c ---- */
enum { S3_MAX_PAIRS = 8 };
struct s3_request {
    const char *method;
    struct str key; /* empty: the bucket */
    struct s3_pair query[S3_MAX_PAIRS];
    size_t n_query;             /* in order of name */
    struct str range, if_match; /* headers; empty: none */
    struct str body;
    size_t max_response; /* 0 = 4 MiB */
    unsigned also_ok;    /* a status beside 2xx that is no error; 0: none */
};
struct s3_answer {
    int status;
    char etag[S3_ETAG_BYTES]; /* without quotes */
    int64_t length;           /* Content-Length; -1: not given */
    int64_t modified;         /* ticks; 0: not given */
    int64_t date;             /* the store's clock, ticks; 0: not given */
};
/* One request, tried again while that may help. The body of the last answer is appended to out. */
bool s3_call(struct s3 *s, const struct s3_request *q, struct s3_answer *out, struct sbuf *body,
             struct err *e) MUST_USE;
/* What an error document says; e->code by status. */
bool s3_refused(const struct s3 *s, const struct s3_request *q, int status, struct str body,
                struct err *e);
/* The document's root element, which must have that name. Texts live in a. */
bool s3_document(struct arena *a, struct str xml, const char *root, const struct json **out,
                 struct err *e) MUST_USE;
struct str s3_member(const struct json *v, const char *name);
/* The items of a repeated element: repeated ones are an array, a single one is not. Returns how
 * many. */
size_t s3_each(const struct json *v, const struct json **out);
