/* Formats of other systems: their records become objects whose members are named like the columns
 * of a table. Those objects go on as NDJSON, so that types, limits, rules, dead letters and counts
 * are the same as for records that come in Sentinel's own shape. */
#pragma once
#include "ingest/ingest.h"
#include "ingest/syslog.h"
#include "text/json.h"

struct foreign; /* one call of ingest_logs */

/* ingest_logs for formats that route. One call of it for each table that the body has records of; a
 * caller that tries again gives a client_request_id, so that no table gets them twice. */
bool foreign_logs(struct ingest *in, const struct ingest_request *r, struct ingest_result *out,
                  struct err *e) MUST_USE;

/* ---- its two halves, apart ---- */
/* r: borrowed; without a workspace no table has a column. */
struct foreign *foreign_new(struct ingest *in, const struct ingest_request *r);
void foreign_free(struct foreign *f);
void foreign_read(struct foreign *f);
/* The records of the next table as NDJSON; false: no more. *i starts at 0. */
bool foreign_lines(struct foreign *f, size_t *i, struct str *out_table, struct str *out_lines);
size_t foreign_rejects(const struct foreign *f, const struct ingest_reject **out);

/* ---- for the formats ---- */

/* Memory of the record under hand; foreign_next empties it. */
struct arena *foreign_arena(struct foreign *f);
/* What the texts that stay until the end of the call live in. */
struct arena *foreign_call_arena(struct foreign *f);
void foreign_next(struct foreign *f); /* before each record */
size_t foreign_max_depth(const struct foreign *f);
/* The table that the request names; empty: the record chooses. */
struct str foreign_table(const struct foreign *f);
bool foreign_has_column(struct foreign *f, struct str table, struct str name);
/* The column that has this name but for its case; NULL: none. Lives as long as the record. */
const char *foreign_column(struct foreign *f, struct str table, struct str name);
bool foreign_table_exists(struct foreign *f, struct str table);
/* A record for the table. */
void foreign_put(struct foreign *f, struct str table, const struct json *record);
/* The record under hand goes to the dead letters. raw is copied. */
void foreign_reject(struct foreign *f, struct str raw, const char *reason, const struct err *why);

/* ---- documents.c: JSON values of a body, one behind the other ---- */
struct documents {
    struct str body;
    size_t at;
    const char *wrapper; /* the member whose array holds the records; case does not count */
    struct json_opts json;
    struct arena *a; /* the document under hand */
    struct json one; /* a record that is not in an array */
    const struct json *items;
    size_t n, i;
    struct str raw; /* the line of a document that can't be read */
};
struct documents documents_make(struct foreign *f, struct str body, const char *wrapper);
void documents_fini(struct documents *d);
/* false: no more. *out is NULL when there is no object: *why and d->raw tell. It lives until the
 * next call. */
bool documents_next(struct documents *d, const struct json **out, struct err *why) MUST_USE;
/* v as text again, in the call's memory: for dead letters. */
struct str foreign_raw(struct foreign *f, const struct json *v);

/* ---- records ---- */
/* record_text for texts that may hold anything else, too: objects become compact JSON, null and
 * absent (v NULL) nothing. */
void record_json_text(struct record_maker *m, const char *column, const struct json *v);
/* v as it is; nothing when it is NULL or null. */
void record_value(struct record_maker *m, const char *column, const struct json *v);

/* A column, and where its value is in a record: names with dots between them. */
struct field_map {
    const char *path, *column;
};
void record_fields(struct record_maker *m, const struct json *record, const struct field_map *map,
                   size_t n);

/* ---- the formats ---- */
void windows_read(struct foreign *f, struct str body);
void cloudtrail_read(struct foreign *f, struct str body);
void vpcflow_read(struct foreign *f, struct str body);
void guardduty_read(struct foreign *f, struct str body);
void azure_read(struct foreign *f, struct str body);
