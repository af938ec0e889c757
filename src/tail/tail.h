/* Files as a source of records: they are read to their end, or followed as they grow; a cursor in
 * the control database says how far. What was read is stored exactly once, also over restarts,
 * crashes and the rotation of files. */
#pragma once
#include "ingest/csv_names.h"
#include "ingest/ingest.h"
#include "state/state.h"

enum tail_format {
    TAIL_NDJSON,
    TAIL_JSON, /* a file is one array (or one object); read once it has stopped changing */
    TAIL_CSV,
    TAIL_SYSLOG,
    TAIL_TEXT, /* a line, or an event of several, is RawData; FilePath and Computer beside it */
    TAIL_CEF,
    TAIL_CONTAINER, /* CRI or Docker's json-file, told apart line by line */
    TAIL_FOREIGN /* of another system: a record a line; with TAIL_ONCE any form that a file has */
};
enum tail_mode {
    TAIL_MODE_OF_FORMAT, /* not said; a source that was read has one of the others */
    TAIL_FOLLOW,         /* a last line without line end waits for its end */
    TAIL_ONCE            /* it is taken when the file has stopped changing */
};
enum { TAIL_MAX_FILES = 10000 };

/* One source of the configuration. Texts live in the arena that it was read into. */
struct tail_source {
    struct str name;  /* [A-Za-z0-9._-]{1,64} */
    const char *path; /* absolute; * ? [ in any part; a folder means the files in it */
    enum tail_format format;
    enum ingest_format foreign; /* TAIL_FOREIGN: which; records choose a table if stream is empty */
    struct str stream;          /* as ingest_logs takes it */
    struct str workspace;       /* name or id; empty: the first one */
    struct str computer;        /* of container logs; empty: this machine's name */
    enum tail_mode mode;
    bool follow_links; /* links that lead out of the folder are followed */
    bool from_end;     /* what is in the files when they are first seen is skipped */
    bool bound_times;  /* TimeGenerated is bounded as for senders */
    struct csv_names csv;
    /* TAIL_TEXT, TAIL_SYSLOG: lines of one event are joined. An event begins with a line that the
     * pattern matches, and behind one that is full; it ends when the next one begins, when the file
     * has not changed for a while, or with the file. */
    const struct rx *first_line;                  /* NULL: each line is an event */
    int64_t event_lines, event_bytes, event_wait; /* at most; ticks */
};
/* Reads the list `sources` of the configuration (docs/configuration.md). Errors: ERR_INVALID, with
 * the place in text when that is known: e->pos. */
bool tail_sources_read(struct arena *a, const struct json *list, struct str text,
                       struct tail_source **out, size_t *out_n, struct err *e) MUST_USE;

struct tail;
struct tail_options {
    struct ingest *ingest;             /* with the limits of files; borrowed */
    struct store *store;               /* borrowed */
    struct state *state;               /* borrowed */
    const struct tail_source *sources; /* borrowed until tail_stop */
    size_t n_sources;
    int64_t poll_us; /* between two looks at the files; 0 = one second */
};
/* One thread a source. Errors: ERR_NOT_FOUND: a workspace; ERR_IO. */
struct tail *tail_start(const struct tail_options *o, struct err *e) MUST_USE;
/* Ends after what is being stored; the rest is read after the next start. NULL is fine. */
void tail_stop(struct tail *t);

struct tail_stats { /* of one source */
    struct str name;
    uint64_t files;      /* that are read now */
    uint64_t unreadable; /* of them */
    uint64_t bytes;      /* stored since the start */
    uint64_t behind;     /* bytes of plain files that are still to be read */
    uint64_t waiting;    /* 1: the store refuses: it is tried again */
};
size_t tail_count(const struct tail *t);
void tail_stats(struct tail *t, size_t i, struct tail_stats *out);
