/* Foreign records in: a stream name and a body become rows of a table. Knows no HTTP; the server,
 * the command line and the listeners call ingest_logs. */
#pragma once
#include "base/clock.h"
#include "store/store.h"

struct ingest_limits {       /* 0 = the default in brackets */
    size_t max_body_bytes;   /* uncompressed [1 MiB]: ERR_TOO_LARGE */
    size_t max_records;      /* of one call [100,000]: ERR_LIMIT */
    size_t max_depth;        /* nesting of a record [64]: ERR_LIMIT */
    size_t max_field_bytes;  /* longer values are cut [64 KiB] and counted */
    size_t max_record_bytes; /* longer records go to the dead letters [the body's limit] */
    size_t max_raw_bytes;    /* of a record's text that a dead letter keeps [32 KiB] */
    int64_t max_past; /* ticks: TimeGenerated older than this becomes the time of receipt [2 days];
                         < 0: no limit */
    int64_t max_future;            /* [1 day]; < 0: no limit */
    int64_t transform_us;          /* of one request's transformation [20 s] */
    size_t transform_memory_bytes; /* of what its functions compute [256 MiB] */
};
struct ingest_options {
    struct store *store; /* borrowed */
    struct clock *clock; /* borrowed */
    struct ingest_limits limits;
};
struct ingest; /* shared by threads */
struct ingest *ingest_open(const struct ingest_options *o);
void ingest_close(struct ingest *in);
const struct ingest_limits *
ingest_limits(const struct ingest *in); /* with the defaults filled in */

/* ---- data collection rules ----
 * Each workspace has one built-in rule. Its immutable id is "dcr-" and the 32 hex digits of the
 * workspace's id. */
enum { INGEST_DCR_BYTES = 4 + 32 + 1 };
void ingest_dcr_id(const struct workspace *w, char out[INGEST_DCR_BYTES]);
struct workspace *ingest_dcr_find(struct ingest *in,
                                  struct str immutable_id); /* NULL: no such rule */

/* The table of a stream: Microsoft-<Table> for the tables that ship, Custom-<Table>_CL and
 * Custom-<Table> for the workspace's own. *out lives in a or as long as the store. Errors:
 * ERR_NOT_FOUND, with a hint. */
bool ingest_stream_table(struct workspace *w, struct arena *a, struct str stream,
                         struct str *out_table, struct err *e) MUST_USE;

enum ingest_format {
    INGEST_JSON,   /* one array of objects (or one object); malformed: the whole call is refused */
    INGEST_NDJSON, /* one object a line; a malformed line goes to the dead letters */
    INGEST_CSV, /* RFC 4180, first line names the columns; a line of another width goes to the dead
                   letters */
    INGEST_SYSLOG, /* messages of RFC 3164 and RFC 5424, for the columns of Syslog */
    INGEST_CEF,    /* CEF and LEEF events, with or without a syslog header, for the columns of
                      CommonSecurityLog; what is neither goes to the dead letters */
    /* Foreign formats (foreign.h): their records choose the table when the stream is empty. */
    INGEST_WINDOWS,    /* Windows events: XML, Winlogbeat's and NXLog's JSON, .evtx */
    INGEST_CLOUDTRAIL, /* AWS CloudTrail: {"Records": […]}, or a record a line */
    INGEST_VPCFLOW,    /* AWS VPC flow logs */
    INGEST_GUARDDUTY,  /* AWS GuardDuty findings */
    INGEST_AZURE,      /* Azure diagnostic settings: {"records": […]}, or a record a line */
    INGEST_ZEEK,       /* logs of Zeek, as text or as JSON lines */
    INGEST_AUDITD      /* records of Linux's audit daemon */
};
enum { INGEST_N_FORMATS = INGEST_AUDITD + 1 };
/* "json", "ndjson", "csv", "syslog", "cef", "windows", "cloudtrail", "vpcflow", "guardduty",
 * "azure", "zeek", "auditd". */
const char *ingest_format_name(enum ingest_format f);
bool ingest_format_find(struct str name, enum ingest_format *out) MUST_USE;
/* The format's records choose their table; a request's stream may be empty. */
bool ingest_format_routes(enum ingest_format f);

/* Where a file of a foreign format can be cut, so that it need not be in memory as a whole. Starts
 * as zeros with the format. */
struct ingest_cut {
    enum ingest_format format;
    bool begun, closed; /* closed: an object is around the array */
    bool utf16;         /* XML as PowerShell writes it */
    int shape;          /* of what the first bytes told: foreign_cut.c */
    int depth;
    bool in_string, escaped;
    size_t scanned;
};
/* bytes: what was read of the file and not yet taken; last: there is no more of it. Gives the whole
 * records in front as a body that ingest_logs takes, appended to out_body, and how many bytes they
 * took from the front (0: more bytes are needed). header keeps what later bodies need (field names
 * of flow logs); empty at the start. Errors: ERR_SYNTAX: the file is cut off. */
bool ingest_cut_next(struct ingest_cut *c, struct str bytes, bool last, struct sbuf *header,
                     struct sbuf *out_body, size_t *out_taken, struct err *e) MUST_USE;

/* For files of the format that are read a line a record, as they grow: the file starts with lines
 * that each body needs in front (names of fields). */
bool ingest_cut_has_header(enum ingest_format f);
/* A file that starts so may be read by lines. Errors: ERR_UNSUPPORTED, with a hint. */
bool ingest_cut_by_lines(enum ingest_format f, struct str start, struct err *e) MUST_USE;
/* start: of the file. *out_n: bytes of the header, 0: it has none. false: it may go on. */
bool ingest_cut_header(enum ingest_format f, struct str start, size_t *out_n) MUST_USE;

/* A record that is rejected before it reaches a table. */
struct ingest_reject {
    struct str raw;
    const char *reason; /* a short fixed word */
    struct err err;
    size_t index; /* of the record in the body, from 0 */
};
/* A message as it came from the network. */
struct syslog_message;
struct ingest_message {
    struct str text;
    struct str peer;  /* the sender's address, or empty */
    int64_t received; /* ticks; 0: now */
    bool cut;         /* it was longer than the way in takes; counted as a truncated value */
    const struct syslog_message *parsed; /* of the same text and offset; NULL: not yet */
};
/* Of INGEST_SYSLOG and INGEST_CEF. */
struct ingest_syslog {
    const struct ingest_message *messages; /* NULL: the lines of the body */
    size_t n_messages;
    struct str collector; /* CollectorHostName */
    int64_t utc_offset;   /* ticks that times without a zone are ahead of UTC */
    bool received_time;   /* TimeGenerated is the time of receipt, not the message's own */
};
/* Of the Data Collector API: names get a suffix that tells the type (docs/ingestion.md). */
struct ingest_collector {
    bool on;
    struct str time_field;  /* the property that gives TimeGenerated; empty: none */
    struct str resource_id; /* _ResourceId of all records; may be empty */
};
/* Of a flow of a data collection rule: the request's body is what a transformation made of the
 * records that were sent. */
struct ingest_flow {
    struct str output; /* the stream of the table; empty: no flow, the request's own stream is */
    struct str
        name; /* rule and flow: part of the request's identity; empty: it is as without one */
    struct str sent;          /* the body as it was sent; the other part */
    size_t read;              /* records of it */
    size_t filtered;          /* of these, left out by the transformation */
    uint64_t nulled;          /* values that did not fit their declared column */
    uint64_t dropped;         /* properties that are not declared */
    struct store_batch *more; /* rows of more_table, in the same transaction; taken, also on
                                 failure; may be NULL */
    struct str more_table;
};
struct ingest_request {
    struct workspace *workspace;
    struct str stream; /* as in the URL */
    enum ingest_format format;
    struct str body;   /* UTF-8, uncompressed */
    struct str source; /* who sends: principal's id or "cli"; for the accounting */
    struct str
        client_request_id; /* with the body it names the request for deduplication; empty: none */
    struct str sent; /* names it in the body's place, which was made of it: the next time it may be
                        made otherwise; empty: the body */
    bool create_table; /* a custom table that does not exist is made */
    char separator;    /* of CSV; 0: a comma */
    bool keep_times;   /* TimeGenerated is not bounded: import of old files */
    struct ingest_syslog syslog;
    struct ingest_collector collector;
    struct ingest_flow flow;
    bool held; /* its records were counted as held back before (store_count.held) */
    const struct ingest_reject *rejects; /* more dead letters of this request */
    size_t n_rejects;
    bool again; /* the caller tries again when ERR_BUSY or ERR_IO comes: they are not counted */
};
struct ingest_result {
    uint64_t received, stored, rejected; /* records: received = stored + rejected + filtered */
    uint64_t filtered;
    uint64_t nulled, truncated, dropped, times_replaced;
    bool duplicate; /* the same request was stored before; stored counts what it stored then as
                       rejected */
};
/* What requests without a flow pass first: the workspace's own transformations. */
struct ingest_gate {
    void *self;
    /* True: it took the request; *out_ok, out and e are what ingest_logs answers. */
    bool (*take)(void *self, struct ingest *in, const struct ingest_request *r,
                 struct ingest_result *out, bool *out_ok, struct err *e);
};
void ingest_gate_set(struct ingest *in, const struct ingest_gate *g); /* before it is used */

/* Returns true when everything that could be stored is on disk. Records that could not are in table
 * VedetteDeadLetter, with their reason. Errors: ERR_NOT_FOUND (stream), ERR_TOO_LARGE (body),
 * ERR_LIMIT (records, depth), ERR_SYNTAX (position in the body), ERR_BUSY (try again), ERR_IO:
 * nothing was stored. */
bool ingest_logs(struct ingest *in, const struct ingest_request *r, struct ingest_result *out,
                 struct err *e) MUST_USE;
/* Whether sending the same body again can't help. */
bool ingest_is_final(enum err_code code);
/* Counts a request for table that was refused before ingest_logs could be called: n records of it
 * were read. */
void ingest_count_refusal(const struct ingest_request *r, struct str table, size_t n,
                          enum err_code code);
