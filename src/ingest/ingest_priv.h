/* What the files of ingest/ share. */
#pragma once
#include "ingest/ingest.h"
#include "ingest/syslog.h"
#include "text/json_flat.h"

struct ingest {
    struct store *store;
    struct clock *clock;
    struct ingest_limits limits;
    struct ingest_gate gate;
};

/* ---- convert.c ---- */
enum convert_result { CONVERT_OK, CONVERT_NULL /* JSON null */, CONVERT_MISMATCH };
/* v as a value of type t. Text of *out is borrowed from v or from scratch, until its next use. The
 * rules: docs/ingestion.md. */
enum convert_result convert_value(const struct json *v, enum kql_type t, struct sbuf *scratch,
                                  struct kql_value *out);
/* Cuts text at max bytes, at the end of a character; true when it was longer. */
bool convert_cut(struct str *text, size_t max);
/* The type of a column made for v: bool, long, real, string, dynamic; KQL_UNKNOWN for null. A
 * name's suffix wins: _d real, _b bool, _t datetime, _s and _g string. */
enum kql_type convert_infer(struct str name, const struct json *v);
/* The type that holds both. */
enum kql_type convert_widen(enum kql_type a, enum kql_type b);

/* ---- reader.c: records of a body, one after the other ---- */
struct record {
    struct str raw; /* its text */
    bool ok;
    const char *reason; /* !ok: why, a short fixed word */
    struct err err;     /* !ok: in full */
    struct json value;  /* ok: an object, perhaps flat; lives until the next record */
};
struct reader {
    enum ingest_format format;
    struct str body;
    size_t at;
    struct arena *a; /* the record under hand */
    struct arena *header_arena;
    struct json_opts json;
    struct json_flat flat; /* JSON, NDJSON */
    size_t n;              /* records so far */
    bool started, ended, single;
    char separator; /* CSV */
    struct str *columns;
    size_t n_columns;
    const struct ingest_syslog *syslog;
    int64_t now; /* ticks: when lines of a body count as received */
    struct sbuf more;
};
struct reader reader_make(const struct ingest_request *r, int64_t now,
                          const struct ingest_limits *l);
void reader_fini(struct reader *r);
/* false: no more records (e->code ERR_OK), or the body is unreadable as a whole. */
bool reader_next(struct reader *r, struct record *out, struct err *e) MUST_USE;

/* ---- collector.c: records of the Data Collector API ---- */
struct collector {
    const struct ingest_collector *options;
    struct sbuf *scratch;
    void *self;
    bool (*has_column)(void *self, struct str name); /* in the table, or noted for it */
};
/* Gives the record's properties the names of their columns, in a. Errors: ERR_INVALID: a name that
 * is not the sender's to give. */
bool collector_record(const struct collector *k, struct arena *a, struct json *record,
                      struct err *e) MUST_USE;

/* ---- syslog_record.c: the rows that messages give ---- */
/* m as a record of Syslog (event NULL) or CommonSecurityLog. Always ok for Syslog. */
void syslog_record(struct reader *r, const struct ingest_message *m, bool event,
                   struct record *out);
