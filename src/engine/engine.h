/* The engine interface: a plan in, rows out. engine/duckdb/ implements it. A struct engine is one
 * DuckDB instance with all workspaces' files attached; it is shared by threads. Only engine and
 * store know SQL for events. */
#pragma once
#include "base/base.h"
#include "base/clock.h"
#include "kql/kql.h"

struct engine;
struct engine_options {
    const char *path;     /* NULL: in memory */
    const char *temp_dir; /* spill files; NULL: none */
    size_t memory_bytes;  /* 0: engine's default */
    size_t spill_bytes;   /* of spill files; 0: engine's default */
    unsigned threads;     /* 0: cores */
};
struct engine *engine_open(const struct engine_options *o, struct err *e) MUST_USE;
void engine_close(struct engine *g);

/* Reads the text behind an address that externaldata names, uncompressed, and appends it to out;
 * it decides which addresses a query may read. Errors: ERR_FORBIDDEN: not an allowed host; ERR_IO,
 * ERR_TIMEOUT, ERR_TOO_LARGE. */
struct engine_fetch {
    void *self;
    bool (*fn)(void *self, struct str address, struct sbuf *out, struct err *e);
};
/* What terms (src/terms) a row must have to be of use, as a tree. */
enum engine_want_kind {
    WANT_ALL,   /* what all of kids want */
    WANT_ANY,   /* what one of kids wants */
    WANT_TERMS, /* a column has all of some terms; its values are text, or JSON text */
    WANT_NEVER  /* no row is of use */
};
struct engine_want {
    enum engine_want_kind kind;
    const struct engine_want **kids;
    size_t n;                /* of kids */
    struct str column;       /* its stored name */
    enum kql_type type;      /* string or dynamic: what the query takes the column for */
    const struct str *words; /* folded */
    const uint64_t *terms;   /* their hashes */
    size_t n_terms;
};
/* As people read it: Message has 'a', 'b' and (…). */
void engine_want_print(const struct engine_want *w, struct sbuf *out);
/* Which rows of a table a query needs: others may be left out, or not. */
struct engine_need {
    int64_t from, to; /* ticks of TimeGenerated, half open; INT64_MIN and INT64_MAX: no bound */
    const struct engine_want *want; /* NULL: all */
    int64_t received_from;          /* ticks of _TimeReceived; INT64_MIN: no bound */
};
/* Rows that come with a query: before it runs they are put into the table ENGINE_GIVEN of its
 * connection, as columns f0, f1 … of the types of schema (names do not matter). */
#define ENGINE_GIVEN "temp.main.given"
struct engine_appender;
struct engine_given {
    const struct kql_schema *schema;
    void *self;
    bool (*fill)(void *self, struct engine_appender *rows, struct err *e);
};
/* A member of a dynamic column (its path is a JSON array of keys) that a source keeps beside the
 * column, in the forms in which it can be read. */
enum engine_path_form {
    ENGINE_PATH_VALUE, /* dynamic */
    ENGINE_PATH_TEXT,  /* string, long, real, bool: the value converted to the type */
    ENGINE_PATH_LONG,
    ENGINE_PATH_REAL,
    ENGINE_PATH_BOOL,
    ENGINE_PATH_MATCH, /* as text, but where that is '' it may be null: the file's own column, whose
                          statistics and Bloom filters the database knows */
    ENGINE_PATH_FORMS
};
struct engine_limits;
/* Where a P_TABLE's rows are: given by the store. Emits a FROM item, for example
 * "ws_1"."main"."SigninLogs", and the SQL of a stored column in engine representation (types.h).
 * Quote through sql_ident/sql_text only. */
struct engine_source {
    void *self;
    bool (*from_item)(void *self, struct str workspace, struct str table,
                      const struct engine_need *need, struct sbuf *out, struct err *e);
    /* Asked for all columns that are read of a FROM item before it is. */
    bool (*column)(void *self, struct str workspace, struct str table, struct str column,
                   enum kql_type type, struct sbuf *out, struct err *e);
    /* Once all FROM items of a statement were asked for, before it runs: brings what they name from
     * elsewhere, under the deadline and cancellation of lim. NULL: it is all there. */
    bool (*ready)(void *self, const struct engine_limits *lim, struct err *e);
    const struct engine_fetch *fetch; /* NULL: externaldata is switched off */
    const char *geoip_file;           /* of geo_info_from_ip_address(); NULL: none */
    const struct engine_given *given; /* NULL: none */
    /* Whether a member of a dynamic column is kept beside it for some rows; noted as a use of it.
     * NULL: no source of this kind keeps any. */
    bool (*has_path)(void *self, struct str workspace, struct str table, struct str column,
                     struct str path);
    /* As column, for one that has_path said yes to. */
    bool (*path)(void *self, struct str workspace, struct str table, struct str column,
                 struct str path, enum engine_path_form form, struct sbuf *out, struct err *e);
};
/* How large a query may be for the planner, which cannot be interrupted. 0: the default. */
struct engine_size {
    size_t max_operators; /* once functions and let statements are put in; 20,000 */
    size_t max_depth;     /* of operators inside of one another; 400, which is also the most */
    size_t max_union;     /* tables of one union; 3000 */
};
/* What statements took, by the database's own count. */
struct engine_cost {
    int64_t rows;   /* that were read of tables and files */
    int64_t bytes;  /* that were read of files */
    int64_t memory; /* bytes of buffers that were allocated for it, in all; small ones need none */
};
struct engine_limits {
    int64_t deadline_us; /* clock_mono_us(); 0 = none */
    size_t max_rows;     /* 0 = none; reaching it sets truncated */
    size_t max_bytes;
    const _Atomic bool *cancel; /* may be NULL */
    size_t memory_bytes;        /* of what functions compute; 0 = 1 GiB */
    struct engine_size size;
    size_t take_rows;         /* more are left out without being truncated; 0 = none */
    struct engine_cost *cost; /* what it takes is added; NULL: nobody asks. Some statements at a
                                 time are measured, and none that brings rows of its own */
};
/* Limits as a request wants them. most: how far it may go beyond those that it has (deadline_us,
 * max_rows, max_bytes), NULL: not at all. since_us: when its time began. */
void engine_limits_wish(struct engine_limits *l, const struct kql_request *r, int64_t since_us,
                        const struct engine_limits *most);
struct engine_rows; /* one result: all rows, columnar; owned by the caller */
bool engine_run(struct engine *g, const struct plan *p, const struct engine_source *src,
                const struct engine_limits *lim, struct engine_rows **out, struct err *e) MUST_USE;
void engine_rows_free(struct engine_rows *r);
void engine_rows_freep(struct engine_rows **r);
size_t engine_rows_count(const struct engine_rows *r);
bool engine_rows_truncated(const struct engine_rows *r);
/* Some rows of r in this order, and its first n_cols columns, as rows of their own: they live in a
 * and as long as r; at is borrowed as long. Not to be freed. */
struct engine_rows *engine_rows_pick(struct arena *a, const struct engine_rows *r, const size_t *at,
                                     size_t n, size_t n_cols);
const struct kql_schema *engine_rows_schema(const struct engine_rows *r);
/* Cell as a kql_value; text is borrowed until the rows are freed. */
struct kql_value engine_rows_get(const struct engine_rows *r, size_t row, size_t col);
/* The SQL that would run. */
bool engine_sql(const struct plan *p, const struct engine_source *src, struct sbuf *out,
                struct err *e) MUST_USE;

/* Runs a plan under the deadline, cancel and memory of lim (NULL: none) for its values, copied to a
 * (rows × in->cols.n): what a catalogue's peek does. ERR_LIMIT past ENGINE_PEEK_ROWS rows, since a
 * column missed would be a wrong answer. */
enum { ENGINE_PEEK_ROWS = 100000 };
bool engine_peek(struct engine *g, const struct plan *in, const struct engine_source *src,
                 const struct engine_limits *lim, struct arena *a, struct kql_value **out,
                 size_t *out_n, struct err *e) MUST_USE;

/* Quoting: the only way that an identifier or a literal gets into SQL. */
void sql_ident(struct sbuf *b, struct str name); /* "a""b" */
void sql_text(struct sbuf *b, struct str text);  /* 'a''b'; a NUL as chr(0) */
void sql_value(struct sbuf *b, const struct kql_value *v);

/* Writes a cell as design.md's JSON forms (query API, kql eval): datetime with 7 digits, NaN as
 * "NaN" … */
struct json_out;
void engine_value_json(struct json_out *w, const struct kql_value *v);
