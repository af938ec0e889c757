/* Objects of S3 buckets as sources of records: logs that Amazon's services, or others, write below
 * a prefix. A bucket is polled; which objects were read is in the control database; what was read
 * is stored exactly once, also over restarts and crashes. */
#pragma once
#include "health/health.h"
#include "ingest/ingest.h"
#include "s3/s3.h"
#include "text/json.h"

/* One source of the configuration. Texts live in the arena that it was read into. */
struct buckets_source {
    struct str name;                                      /* [A-Za-z0-9._-]{1,64} */
    const char *endpoint, *region, *bucket, *prefix, *ca; /* region, prefix, ca NULL: none */
    const char *include, *exclude; /* patterns (fnmatch) of whole keys; NULL: none */
    /* Where the keys are: a file as the AWS tools have it, or variables of the environment. */
    const char *keys_file, *profile, *access_key_env, *secret_key_env, *session_token_env;
    bool anonymous; /* requests are not signed */
    bool virtual_host;
    enum ingest_format format;
    struct str stream;    /* as ingest_logs takes it; empty: the records choose their table */
    struct str workspace; /* name or id; empty: the first one */
    char separator;       /* of CSV */
    bool from_end;        /* objects that are there before the first poll are skipped */
    bool bound_times;     /* TimeGenerated is bounded as for senders */
    bool date_folders, date_folders_given; /* YYYY/MM/DD is somewhere in the keys */
    int64_t poll, lookback, full_listing;  /* ticks */
    int64_t max_objects, max_rows;         /* of one poll */
    int64_t max_object;                    /* bytes as they are in the bucket */
};
/* Reads the list `s3_sources` of the configuration (docs/configuration.md). Errors: ERR_INVALID,
 * with the place in text: e->pos. */
bool buckets_sources_read(struct arena *a, const struct json *list, struct str text,
                          struct buckets_source **out, size_t *out_n, struct err *e) MUST_USE;

struct buckets;
struct buckets_options {
    struct ingest *ingest; /* with the limits of files; this and the next four are borrowed */
    struct store *store;
    struct state *state;
    struct health *health;
    struct clock *clock;
    const char *folder;                   /* where objects lie while they are read; copied */
    const struct buckets_source *sources; /* borrowed until buckets_stop */
    size_t n_sources;
};
/* One thread a source; stores need not be there. Errors: ERR_NOT_FOUND: a workspace; ERR_INVALID,
 * ERR_IO: the keys, the positions. */
struct buckets *buckets_start(const struct buckets_options *o, struct err *e) MUST_USE;
/* Ends after what is being stored; the rest is read after the next start. NULL is fine. */
void buckets_stop(struct buckets *b);

struct buckets_stats { /* of one source, since the start */
    uint64_t objects;  /* that were read to their end */
    uint64_t bytes;    /* of them, as they are in the bucket */
    uint64_t rows;     /* records of them, stored or rejected */
    uint64_t refused;  /* objects that can't be read, and are not tried again */
    uint64_t polls;
    uint64_t capped;  /* polls that ended at max_objects or max_rows */
    uint64_t failed;  /* polls that ended with an error */
    uint64_t known;   /* objects that are remembered as read */
    uint64_t waiting; /* 1: the store of objects or our own refuses: it is tried again */
};
size_t buckets_count(const struct buckets *b);
struct str buckets_name(const struct buckets *b, size_t i);
void buckets_stats(struct buckets *b, size_t i, struct buckets_stats *out);
