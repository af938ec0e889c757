/* Transformations of data collection rules: KQL over the records of one request, each by itself.
 * Source: "Data collection transformations in Azure Monitor", "Supported KQL features". */
#pragma once
#include "ingest/ingest.h"

enum {
    TRANSFORM_MAX_QUERY = 64 << 10,
    TRANSFORM_GROWTH = 8,        /* the result has at most so many times a body's limit */
    TRANSFORM_PARSE_COLUMNS = 10 /* of one parse */
};
#define TRANSFORM_REASON "transformation" /* of its dead letters */

struct ingest_transform {
    struct str query;                 /* begins with source */
    const struct kql_schema *columns; /* of source */
};
/* Binds the query and looks for what is outside of the subset: what needs more than one record, or
 * other tables. now: ticks. *out: the columns of its result, in a. Errors: ERR_SYNTAX,
 * ERR_SEMANTIC, with the place in the query. */
bool ingest_transform_check(struct arena *a, const struct ingest_transform *t, int64_t now,
                            struct kql_schema *out, struct err *e) MUST_USE;

struct ingest_transformed {
    struct sbuf body;   /* JSON array of the result's rows; the caller's to free, also on failure */
    size_t read, given; /* records, rows of the result */
    uint64_t nulled;    /* values that did not fit their declared column */
    uint64_t dropped;   /* properties that are not declared */
    const struct ingest_reject *rejects; /* records that are no objects, in the arena */
    size_t n_rejects;
};
/* Reads r's body as columns of t, and runs t, which has been checked. Errors: those of
 * ingest_logs about the body (read as far as out->read says), ERR_BUSY and ERR_IO: try again; all
 * others are the query's and have the kind INGEST_TRANSFORM_FAILED. */
#define INGEST_TRANSFORM_FAILED "TRF0001"
bool ingest_transform_run(struct ingest *in, struct arena *a, const struct ingest_transform *t,
                          const struct ingest_request *r, struct ingest_transformed *out,
                          struct err *e) MUST_USE;
/* The records of a body that has been read before, as dead letters of a transformation that failed.
 * In a; the texts are the body's. */
struct ingest_reject *ingest_transform_rejects(struct ingest *in, struct arena *a,
                                               const struct ingest_request *r,
                                               const struct err *why, size_t *out_n);
