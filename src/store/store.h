/* Workspaces, the table catalogue and the hot tables: rows that were acknowledged are in here, on
 * disk. */
#pragma once
#include "engine/engine.h"

struct store;
struct store_options {
    const char
        *data_dir; /* made by the caller; the store keeps workspaces/<id>/hot.duckdb below it */
    struct clock *clock;
    const char *schema_dir;               /* content/schemas; NULL: built-in location */
    size_t memory_bytes, spill_max_bytes; /* of the engine; 0: its default */
    unsigned threads;
    const char *geoip_file; /* where addresses are (MaxMind DB); borrowed; NULL or "": none */
    size_t max_queue_bytes; /* bytes waiting to be committed per workspace; more gives ERR_BUSY; 0 =
                               256 MiB */
    const struct engine_fetch *fetch; /* of externaldata; borrowed; NULL: switched off */
};
struct store *store_open(const struct store_options *o, struct err *e) MUST_USE;
/* Commits what was accepted, checkpoints, closes. */
void store_close(struct store *s);

struct workspace; /* lives as long as the store */
/* id: GUID text; name: [A-Za-z0-9-]{1,63}. Creating one that exists returns it. */
struct workspace *store_workspace_create(struct store *s, struct str id, struct str name,
                                         struct err *e) MUST_USE;
struct workspace *store_workspace_find(struct store *s, struct str id_or_name);
struct workspace *store_workspace_at(struct store *s, size_t i);
struct str workspace_id(const struct workspace *w);
struct str workspace_name(const struct workspace *w);

/* The catalogue of one workspace: shipped schemas (absent tables are typed and empty) and custom
 * tables. */
const struct kql_catalog *workspace_catalog(struct workspace *w);
const struct engine_source *workspace_source(struct workspace *w);
struct engine *store_engine(struct store *s);
bool workspace_table_find(struct workspace *w, struct arena *a, struct str name,
                          struct kql_table *out);
/* Custom tables: name ends in _CL. Adding columns to an existing table is allowed; changing a type
 * is ERR_CONFLICT. */
bool workspace_table_define(struct workspace *w, struct str name, const struct kql_schema *schema,
                            struct err *e) MUST_USE;

/* ---- functions: what queries of the workspace may call ---- */
/* Makes f the function of its name for queries that are compiled from now on. Texts are copied and
 * parsed once. It is not kept: whoever keeps functions puts them again after a start. Errors:
 * ERR_SYNTAX, with the place in the body. */
bool workspace_function_put(struct workspace *w, const struct kql_stored_function *f,
                            struct err *e) MUST_USE;
void workspace_function_drop(struct workspace *w, struct str name); /* fine when there is none */
bool store_function_ships(struct str name); /* _GetWatchlist and its like, which stay */
/* A list whose rows are in the table Watchlist (ConfidentialWatchlist), for _GetWatchlist(). */
struct store_watchlist {
    struct str alias; /* found without regard to case */
    struct str id;    /* WatchlistId of its rows */
    struct str *columns;
    size_t n;
    bool confidential;
};
bool workspace_watchlist_put(struct workspace *w, const struct store_watchlist *l,
                             struct err *e) MUST_USE;
void workspace_watchlist_drop(struct workspace *w, struct str alias);

/* ---- appending ---- */
struct store_batch; /* rows of one table, columnar, engine representation */
struct store_batch *store_batch_new(const struct kql_table *t);
void store_batch_free(struct store_batch *b);
/* Sets column col (index into t->schema, then t->hidden) of the row under construction; unset ones
 * are null/''. Copies. */
void store_batch_set(struct store_batch *b, size_t col, const struct kql_value *v);
void store_batch_end_row(struct store_batch *b);
size_t store_batch_rows(const struct store_batch *b);
size_t store_batch_bytes(const struct store_batch *b);
/* Group commit. Takes the batches (also on failure) — all of one call are committed in one
 * transaction. When it returns true the rows are durable (fsync done) and visible to queries.
 * dedup: client-given id that makes a retry harmless, or empty. Fills TimeGenerated when null,
 * _TimeReceived, _ItemId, TenantId, Type, _BilledSize as Sentinel does. Errors: ERR_BUSY (queue
 * full), ERR_IO (disk; nothing was stored), ERR_LIMIT. */
bool store_append(struct workspace *w, struct store_batch **batches, size_t n, struct str dedup,
                  struct err *e) MUST_USE;

/* ---- a query's result into a custom table ---- */
/* TenantId, Type, _ItemId and the others that a table's rows get from the service. */
bool store_column_is_services(struct str name);
/* Index as store_batch_set wants it; SIZE_MAX: no such column. */
size_t store_column_at(const struct kql_table *t, struct str name, enum kql_type *out_type);
/* Do the columns of the table that are there hold these types? ERR_INVALID: which does not. */
bool store_landing_fits(struct workspace *w, struct arena *a, struct str table,
                        const struct kql_schema *columns, struct err *e) MUST_USE;
struct store_landing {
    struct store_batch *batch; /* the caller's */
    size_t *at;                /* of columns */
    enum kql_type *types;
};
/* Makes the table, and the columns that it lacks. Errors: as workspace_table_extend, ERR_INVALID: a
 * column holds another type, ERR_LIMIT: too many columns. */
bool store_landing_open(struct workspace *w, struct arena *a, struct str table,
                        const struct kql_schema *columns, struct store_landing *out,
                        struct err *e) MUST_USE;
/* Column (index into columns) of the row under construction. */
void store_landing_set(struct store_landing *l, size_t column, const struct kql_value *v);

/* ---- accounting: received = stored + rejected, in every row and every sum of rows ---- */
/* What became of the records of one source, stream and table. The rows of table VedetteIngestion
 * are these, written in the same transaction as the records that they count. */
struct store_count {
    struct str source; /* principal, "cli", "vedette" … */
    struct str stream, table;
    struct str reason; /* why rejected: a short fixed word; empty for stored ones */
    uint64_t requests, received, stored, rejected, bytes;
    uint64_t nulled;         /* values that did not fit their column's type and became null or '' */
    uint64_t truncated;      /* values cut at the field limit */
    uint64_t dropped;        /* properties that have no column */
    uint64_t times_replaced; /* TimeGenerated missing, unreadable or out of bounds: time of receipt
                                instead */
};
struct store_append {
    struct store_batch **batches; /* taken, also on failure */
    size_t n;
    struct str
        dedup; /* at most 256 bytes, no NUL; empty: none. Remembered for at least 12 hours. */
    const struct store_count *counts; /* borrowed until the call returns; written with the rows */
    size_t n_counts;
    bool again; /* the caller tries again after a failure: it is no rejection and not counted */
};
/* store_append with the accounting given. *out_duplicate (may be NULL): dedup was known, nothing
 * was stored again; the counts are then entered as rejected, reason "duplicate". On failure they
 * are entered as rejected, reason "busy" or "storage". */
bool store_append_counted(struct workspace *w, const struct store_append *req, bool *out_duplicate,
                          struct err *e) MUST_USE;
/* For requests that never came as far as rows: enters the counts, on disk with the next commit (a
 * second at most). */
void store_account(struct workspace *w, const struct store_count *counts, size_t n);
/* Sums since the workspace was made, one for each source, stream, table and reason; returns how
 * many. */
size_t store_counts(struct workspace *w, struct arena *a, struct store_count **out);
/* Rows, and a list of what is stored, for people: vedette tables. */
struct store_table_info {
    struct str name;
    bool custom;
    size_t n_columns, n_stored_columns;
    int64_t rows, oldest, newest; /* ticks; 0 when empty */
};
bool store_tables(struct workspace *w, struct arena *a, struct store_table_info **out, size_t *n,
                  struct err *e) MUST_USE;
/* True when properties without a column get one: custom tables and AzureDiagnostics. */
bool workspace_table_is_open(struct workspace *w, struct str name);
/* Adds columns to such a table, or makes the custom table. Existing columns are left as they are,
 * whatever the type. */
bool workspace_table_extend(struct workspace *w, struct str name, const struct kql_schema *more,
                            struct err *e) MUST_USE;
/* Nearest name of a table, or empty. */
struct str workspace_table_suggest(struct workspace *w, struct arena *a, struct str name);
/* Moves the write-ahead log into the file. Done by itself when it grows; for tests and backups. */
bool workspace_checkpoint(struct workspace *w, struct err *e) MUST_USE;

/* Compiles and runs KQL in a workspace: the one way that everything above (API, detection, CLI)
 * queries. Errors beside those of the query: ERR_TIMEOUT says how many seconds it had. */
struct store_query {
    struct str text;
    struct kql_options options;       /* catalog is filled in; now_ticks 0 = the clock's now */
    struct engine_limits limits;      /* also of what is read to know a query's columns */
    const struct engine_limits *most; /* see engine_limits_wish; may be NULL */
    int64_t since_us;                 /* when the query's time began; 0 = now */
};
struct store_result {
    struct kql_query compiled;
    struct engine_rows **rows; /* one for each compiled.results */
    size_t n;
    struct engine_limits limits; /* that held */
};
bool workspace_query(struct workspace *w, struct arena *a, const struct store_query *q,
                     struct store_result *out, struct kql_diags *diags, struct err *e) MUST_USE;
void store_result_fini(struct store_result *r);
