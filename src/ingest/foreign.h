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
/* The record under hand goes to the dead letters, with reason "limit" or "malformed". raw is a part
 * of the body. */
void foreign_reject(struct foreign *f, struct str raw, const struct err *why);

/* ---- documents.c: JSON records of a body: one behind the other, in an array, or in an object
 * whose first member, called wrapper, is the array ---- */
struct documents {
    struct foreign *f;
    struct str body;
    size_t at;
    const char *wrapper; /* case does not count */
    struct json_opts json;
    int inside; /* 0 nothing, 1 an array, 2 an array in an object */
    struct json value;
    struct str raw; /* the record's text; when it can't be read, the rest of its line */
};
struct documents documents_make(struct foreign *f, struct str body, const char *wrapper);
/* false: no more. *out is NULL when there is no object, *why tells. It lives in foreign_arena,
 * which is emptied first. */
bool documents_next(struct documents *d, const struct json **out, struct err *why) MUST_USE;
/* Where the first item of s's array is, when an object whose first member is called name begins at
 * s[at]. */
bool documents_wrapper(struct str s, size_t at, const char *name, size_t *out) MUST_USE;

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
void zeek_read(struct foreign *f, struct str body);
void auditd_read(struct foreign *f, struct str body);
