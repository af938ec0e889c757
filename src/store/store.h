/* Workspaces, the table catalogue and the hot tables: rows that were acknowledged are in here, on
 * disk. */
#pragma once
#include "engine/engine.h"
#include "text/json.h"

struct store;
/* When rows are sealed (docs/storage.md), and how long they are kept. */
struct store_lake_options {
    bool by_hand;        /* only workspace_seal and its like do anything: tests */
    int64_t seal_rows;   /* of a table's hot rows; 0: 4,000,000 */
    int64_t seal_bytes;  /* 0: 512 MiB */
    int64_t seal_age_us; /* of the oldest; 0: 1 hour. A table with few rows waits 24 times that */
    int64_t retention_days; /* of tables that say nothing themselves; 0: for ever */
    int shred_paths; /* members that a part keeps beside a dynamic column; 0: 16; negative: none */
    int64_t
        row_group; /* rows of a part's row group, at least 2048; 0: 122,880, the engine's choice */
    bool no_term_index;  /* parts get no index of terms, and none is asked */
    size_t index_memory; /* of indexes that are kept in memory, a workspace; 0: 256 MiB */
    /* Where the parts of all workspaces are, of this store alone; borrowed. "": below each
     * workspace's folder; NULL: where they were last. When it changes they have to be there. */
    const char *dir;
};
/* An S3-compatible store that keeps the sealed parts of all workspaces; texts are borrowed. */
struct store_remote_options {
    /* s3://BUCKET or s3://BUCKET/PREFIX; "": none; NULL: as it was last, then only the bytes and
     * connections below count. */
    const char *url;
    const char *endpoint, *region, *ca_file; /* as s3_options has them; "" is NULL */
    bool virtual_host;
    const char *keys_file, *profile; /* keys_file "" or NULL: AWS_ACCESS_KEY_ID … are asked */
    int64_t cache_bytes;             /* of parts that stay here; 0: all of them */
    int64_t fetch_bytes;             /* that one query may fetch; 0: any */
    unsigned connections;            /* that fetch at a time; 0 = 8, 16 at the most */
};
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
    struct store_lake_options lake;
    struct store_remote_options remote;
    /* Room that the data folder's disk keeps; the larger one counts; see store_room. 0: none. */
    uint64_t min_free_bytes;
    unsigned min_free_percent;
};
struct store *store_open(const struct store_options *o, struct err *e) MUST_USE;
/* Commits what was accepted, checkpoints, closes. */
void store_close(struct store *s);

/* ---- room on the disk ----
 * Below the room that is wanted the store takes nothing from outside (LOW), below half of it
 * nothing at all (NONE). It takes things again when a quarter of the room more is free. */
enum store_room_level { STORE_ROOM_OK, STORE_ROOM_LOW, STORE_ROOM_NONE };
struct store_room {
    enum store_room_level level;
    uint64_t free_bytes, total_bytes, wanted_bytes;
    uint64_t changes; /* of the level, since the start */
};
/* Looks at the disk, ten times a second at most. */
struct store_room store_room(struct store *s);
#define STORE_NO_ROOM "InsufficientStorage" /* err.kind of the refusals */
/* false at refused_at or worse. Errors: ERR_BUSY with the kind above. */
bool store_room_check(struct store *s, enum store_room_level refused_at, struct err *e) MUST_USE;
bool store_has_no_room(const struct err *e);

#define STORE_OVER_QUOTA "OverQuota" /* err.kind of refusals for the daily cap, with ERR_BUSY */
bool store_is_over_quota(const struct err *e);

/* Rows are only in the store that lake_store names, which does not answer or for which there is no
 * room here: ERR_IO of a query, that may pass. */
bool store_is_out_of_reach(const struct err *e);

/* ---- workspaces ---- */
struct workspace; /* lives as long as the store */
/* Where a workspace belongs: its tenant, and its place among Azure's resources. */
struct store_place {
    struct str id;           /* GUID */
    struct str name;         /* [A-Za-z0-9-]{1,63}; unique in the tenant, case ignored */
    struct str tenant;       /* GUID; empty: the first tenant */
    struct str subscription; /* GUID; empty: all zeros */
    struct str group;        /* resource group; empty: "vedette" */
};
/* Creating one that exists returns it. Errors: ERR_INVALID; ERR_CONFLICT: the name is taken, also
 * by one that is deleted and can be recovered. */
struct workspace *store_workspace_make(struct store *s, const struct store_place *p,
                                       struct err *e) MUST_USE;
/* One of the first tenant. */
struct workspace *store_workspace_create(struct store *s, struct str id, struct str name,
                                         struct err *e) MUST_USE;
/* By id; by name: the first tenant's, else the only one of that name. For people who run the server
 * and for ids that the server wrote itself: what callers name goes through identity/tenants.h. */
struct workspace *store_workspace_find(struct store *s, struct str id_or_name);
struct workspace *store_workspace_find_in(struct store *s, struct str tenant,
                                          struct str id_or_name);
/* By a resource's id, "/subscriptions/S/…/workspaces/NAME": the one in the subscription, else as
 * store_workspace_find has it by NAME; text without '/' is an id or a name. */
struct workspace *store_workspace_of_resource(struct store *s, struct str resource_id);
struct workspace *store_workspace_at(struct store *s, size_t i); /* deleted ones left out */
/* Deleting: at once nobody finds it any more and nothing is written to it, while its rows stay for
 * store_workspace_recover, until store_workspace_purge. All three are on disk when they return. */
struct store_deleted {
    struct store_place place;
    int64_t deleted; /* ticks */
};
bool store_workspace_delete(struct store *s, struct workspace *w, int64_t now,
                            struct err *e) MUST_USE;
bool store_deleted_at(struct store *s, size_t i, struct store_deleted *out);
/* id: GUID. Errors: ERR_NOT_FOUND. */
struct workspace *store_workspace_recover(struct store *s, struct str id, struct err *e) MUST_USE;
/* Of one that is deleted: its rows go now, its folder at the next start. Errors: ERR_NOT_FOUND. */
bool store_workspace_purge(struct store *s, struct str id, struct err *e) MUST_USE;
/* What a start found purged, and removed: other objects with its id may go, too. */
bool store_purged_at(struct store *s, size_t i, struct str *out_id);
/* Closes it for good: nobody may use it any more. Its files stay. */
void store_workspace_close(struct store *s, struct workspace *w);
/* Another clock, while nothing is written or asked: for stores that see one time after the other.
 * Borrowed. */
void store_clock_set(struct store *s, struct clock *clock);
struct str workspace_id(const struct workspace *w);
struct str workspace_name(const struct workspace *w);
struct store_place workspace_place(const struct workspace *w); /* texts live as long as it */

/* The catalogue of one workspace: shipped schemas (absent tables are typed and empty) and custom
 * tables. */
const struct kql_catalog *workspace_catalog(struct workspace *w);
const struct engine_source *workspace_source(struct workspace *w);
struct engine *store_engine(struct store *s);
bool workspace_table_find(struct workspace *w, struct arena *a, struct str name,
                          struct kql_table *out);
/* Custom tables: name ends in _CL. Adding columns to an existing table is allowed, and so is a
 * type that is wider (kql_type_widens, docs/storage.md): all in one transaction. Errors:
 * ERR_CONFLICT: another type. */
bool workspace_table_define(struct workspace *w, struct str name, const struct kql_schema *schema,
                            struct err *e) MUST_USE;
#define STORE_RESULTS "_SRCH" /* how names of tables of results end */
/* Makes a table for the results of a search job. Errors: ERR_CONFLICT: there is one. */
bool workspace_results_define(struct workspace *w, struct str name, const struct kql_schema *schema,
                              struct err *e) MUST_USE;
#define STORE_RESTORED "_RST" /* how names of restored tables end */
struct store_restore {
    struct str table, source;
    int64_t from, to; /* TimeGenerated of the rows, ticks, half open */
};
/* Makes a table that shows the rows of that range, also those past the analytics retention. They
 * are not copied, and none is deleted for its age while the table is there. Errors: ERR_INVALID
 * (name, range), ERR_NOT_FOUND (source), ERR_CONFLICT: the name is taken, or another table shows
 * rows of the source; ERR_UNSUPPORTED: the source's plan. */
bool workspace_restore(struct workspace *w, const struct store_restore *r, struct err *e) MUST_USE;
/* False: it is no restored table. */
bool workspace_restored(struct workspace *w, struct str name, struct store_restore *out);
/* Takes a custom table, one of results or a restored one away, with its rows; a table of that name
 * that is made later is another, empty one. After an error it can be repeated. Errors:
 * ERR_NOT_FOUND; ERR_UNSUPPORTED: it ships; ERR_CONFLICT: a restored table shows its rows. */
bool workspace_table_drop(struct workspace *w, struct str name, struct err *e) MUST_USE;

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
 * full; with kind STORE_NO_ROOM: the disk is), ERR_IO (disk; nothing was stored), ERR_LIMIT. */
bool store_append(struct workspace *w, struct store_batch **batches, size_t n, struct str dedup,
                  struct err *e) MUST_USE;
struct store_append;
/* Many of them at once, each with a dedup of its own; they share commits. Their batches are taken,
 * also on failure; counts are not looked at. out_ok[i]: the i-th is stored. False: not all are. */
bool store_append_each(struct workspace *w, const struct store_append *reqs, size_t n, bool *out_ok,
                       struct err *e) MUST_USE;

/* ---- a query's result into a custom table ---- */
/* TenantId, Type, _ItemId and the others that a table's rows get from the service. */
bool store_column_is_services(struct str name);
/* A column of the table, hidden ones too, and its index as store_batch_set wants it; NULL: no such
 * column. */
const struct kql_column *store_column_find(const struct kql_table *t, struct str name,
                                           size_t *out_at);
struct store_cell {
    const char *name;
    struct kql_value value; /* as the column's type has it */
};
/* Adds a row of named cells; those of columns that the table lacks are left out. */
void store_batch_row(struct store_batch *b, const struct store_cell *cells, size_t n);
struct store_landing {
    struct store_batch *batch; /* the caller's */
    size_t *at;                /* of columns */
    enum kql_type *types;
    unsigned
        *former; /* types that they had before they were widened: values may still be of these */
    struct arena *a; /* of converted values */
};
/* Makes the table, and the columns that it lacks. Errors: as workspace_table_extend, ERR_INVALID: a
 * column holds another type, ERR_LIMIT: too many columns. */
bool store_landing_open(struct workspace *w, struct arena *a, struct str table,
                        const struct kql_schema *columns, struct store_landing *out,
                        struct err *e) MUST_USE;
/* Column (index into columns) of the row under construction. */
void store_landing_set(struct store_landing *l, size_t column, const struct kql_value *v);

/* ---- accounting: received = stored + rejected + filtered + held back, in every row and every sum
 * of rows ---- */
/* What became of the records of one source, stream and table. The rows of table VedetteIngestion
 * are these, written in the same transaction as the records that they count. */
struct store_count {
    struct str source; /* principal, "cli", "vedette" … */
    struct str stream, table;
    struct str reason; /* why rejected: a short fixed word; empty for stored ones */
    uint64_t requests, received, stored, rejected, bytes;
    uint64_t filtered;       /* left out by the transformation of a data collection rule */
    int64_t held;            /* records received and neither stored nor rejected yet; negative when
                                those of an earlier count are */
    uint64_t billed;         /* sum of _BilledSize of what is stored; the store fills it in */
    uint64_t nulled;         /* values that did not fit their column's type and became null or '' */
    uint64_t truncated;      /* values cut at the field limit */
    uint64_t dropped;        /* properties that have no column */
    uint64_t times_replaced; /* TimeGenerated missing, unreadable or out of bounds: time of receipt
                                instead */
    int64_t last;            /* ticks: _TimeReceived of the newest; the store fills it in */
};
struct store_append {
    struct store_batch **batches; /* taken, also on failure */
    size_t n;
    struct str
        dedup; /* at most 256 bytes, no NUL; empty: none. Remembered for at least 12 hours. */
    const struct store_count *counts; /* borrowed until the call returns; written with the rows */
    size_t n_counts;
    bool beyond_cap; /* also when the daily cap is reached: nobody could tell the sender */
    bool again; /* the caller tries again after a failure: it is no rejection and not counted */
};
/* store_append with the accounting given: what came from outside, so it is refused sooner when the
 * disk has little room. *out_duplicate (may be NULL): dedup was known, nothing
 * was stored again; the counts are then entered as rejected, reason "duplicate". On failure they
 * are entered as rejected, reason "busy", "no_room", "over_quota" or "storage". */
bool store_append_counted(struct workspace *w, const struct store_append *req, bool *out_duplicate,
                          struct err *e) MUST_USE;
/* For requests that never came as far as rows: enters the counts, on disk with the next commit (a
 * second at most). */
void store_account(struct workspace *w, const struct store_count *counts, size_t n);
/* Sums since the workspace was made, one for each source, stream, table and reason; returns how
 * many. */
size_t store_counts(struct workspace *w, struct arena *a, struct store_count **out);
/* ---- the daily cap: of bytes stored in billable tables in a day (UTC) ----
 * Reached, store_append_counted refuses what is for such a table, but for those that Azure never
 * stops. */
struct store_cap {
    int64_t quota;     /* bytes; < 0: none */
    uint64_t bytes;    /* stored today */
    int64_t day_start; /* ticks */
};
struct store_cap workspace_cap(struct workspace *w);
void workspace_cap_set(struct workspace *w, int64_t quota);
/* Bytes that all workspaces of the tenant (store_place.tenant), as they are now, may store in a day
 * together; < 0: any number. */
void store_tenant_cap_set(struct store *s, struct str tenant, int64_t quota);
/* What the day has seen when the store is opened: the owner counts it. */
void workspace_cap_start(struct workspace *w, int64_t day_start, uint64_t bytes);

/* ---- fields: which ones records of others carried ---- */
enum store_field_kind {
    STORE_FIELD_STORED,  /* a column got a value */
    STORE_FIELD_UNKNOWN, /* a property has no column and was dropped */
    STORE_FIELD_MISFIT   /* a value did not fit its column and became null */
};
enum { STORE_FIELD_KINDS = STORE_FIELD_MISFIT + 1 };
/* Ingestion tells of the last two; the store sees the first itself. Cheap; bounded. */
void store_field_note(struct workspace *w, struct str table, struct str name,
                      enum store_field_kind kind);
struct store_fields {
    struct str table;
    uint64_t rows;
    struct str *names[STORE_FIELD_KINDS];
    size_t n[STORE_FIELD_KINDS];
};
/* What was seen since the last call, one for each table; returns how many. */
size_t store_fields_take(struct workspace *w, struct arena *a, struct store_fields **out);

/* Rows, and a list of what is stored, for people: vedette tables. */
struct store_table_info {
    struct str name;
    bool custom;
    size_t n_columns, n_stored_columns;
    int64_t rows, oldest, newest;      /* ticks; 0 when empty */
    int64_t hot_rows;                  /* of these, not yet sealed into a part */
    int64_t parts, bytes;              /* sealed ones */
    int64_t local_bytes, stored_bytes; /* of these, on this machine's disk; in the store */
    int64_t sealed_billed_bytes;       /* sum of _BilledSize of these */
    int64_t billed_bytes;              /* sum of _BilledSize */
};
bool store_tables(struct workspace *w, struct arena *a, struct store_table_info **out, size_t *n,
                  struct err *e) MUST_USE;
/* The i-th table whose schema ships, in byte order of the names; false: past the end. */
bool store_shipped_table(const struct store *s, size_t i, struct str *out);
/* What the workspace's files take on the disk. */
uint64_t workspace_disk_bytes(struct workspace *w);
/* False for tables that Sentinel does not charge for. */
bool workspace_table_is_billable(struct workspace *w, struct str name);
/* Returns once everything is visible whose _TimeReceived is before the clock's now: later commits
 * get later times. */
bool workspace_settle(struct workspace *w, struct err *e) MUST_USE;

/* ---- arrival: the order in which rows become visible ----
 * The mark of now: all rows whose _TimeReceived (ingestion_time()) is at or before it are visible,
 * and rows that are stored later get later times. It never falls, also when the clock goes back. */
int64_t workspace_arrived(struct workspace *w);
/* From now on rows get later times than that: for marks that were written down before a restart. */
void workspace_arrived_at_least(struct workspace *w, int64_t mark);
/* What came to a table after a mark, up to another one; from memory, so it may tell of rows a
 * little outside. false: memory does not reach back as far. */
struct store_arrivals {
    bool any;
    int64_t min_time; /* TimeGenerated, ticks; no row has an earlier one */
};
bool workspace_arrivals(struct workspace *w, struct str table, int64_t after, int64_t until,
                        struct store_arrivals *out);
/* Called after each commit, for each batch of it, in the thread that writes: must not wait, nor
 * call the store. One a workspace. */
typedef void store_commit_fn(void *self, struct workspace *w, struct str table);
void workspace_listen(struct workspace *w, store_commit_fn *fn, void *self);
/* Ends it, if it is self that listens: it is not called any more when this returns. */
void workspace_unlisten(struct workspace *w, const void *self);
/* The same for all workspaces, also those that are made later, with the number of rows; set once,
 * before other threads use the store, and called until it is closed. */
typedef void store_rows_fn(void *self, struct workspace *w, struct str table, size_t rows);
void store_watch_rows(struct store *s, store_rows_fn *fn, void *self);
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

/* ---- the lake: sealed rows (docs/storage.md) ---- */
/* Seals what is in the hot table now, or in all tables (name empty). *out_rows: how many (may be
 * NULL). Done by itself when it is due; for tests, and before other programs read the files.
 * Errors: ERR_NOT_FOUND; ERR_IO: the disk; the rows then stay where they are. */
bool workspace_seal(struct workspace *w, struct str name, int64_t *out_rows,
                    struct err *e) MUST_USE;

/* The folder of the workspace's parts when it is not below the workspace's own; else NULL. Lives as
 * long as the workspace. */
const char *workspace_lake_elsewhere(const struct workspace *w);
/* The folder that has those of all workspaces; NULL: there is none. Lives as long as the store. */
const char *store_lake_dir(const struct store *s);

/* What became of parts in an S3-compatible store since the start. */
struct store_remote {
    const char *url; /* NULL: there is none. Lives as long as the store */
    uint64_t uploaded, uploaded_bytes, deleted, evicted;
    uint64_t fetched;               /* parts that came back here as a whole */
    uint64_t ranges, fetched_bytes; /* requests for bytes of parts, and these bytes */
    uint64_t failures;              /* calls, of any kind, that failed after all attempts */
    uint64_t lost;                  /* parts that the last listing did not show as they should be */
    uint64_t foreign;               /* objects in it that are older than this data folder's use */
    int64_t failing_since;          /* ticks; 0: the last call worked */
    char reason[480];               /* why, then */
};
struct store_remote store_remote(struct store *s);
struct store_lake_sums {
    int64_t parts, rows, bytes, hot_rows;
    int64_t local_bytes;            /* of these, here */
    int64_t stored, stored_bytes;   /* of these, in the store */
    int64_t away;                   /* of these, only there */
    int64_t waiting, waiting_bytes; /* to be uploaded; 0 without a store */
    int64_t waiting_since;          /* ticks: the first of them, in this run; 0: none waits */
    int64_t indexes, index_bytes;   /* parts that have an index of terms */
    int64_t quarantined;            /* parts, since the workspace was made */
};
struct store_lake_sums store_lake_sums(struct workspace *w);
/* Merges small parts of a day and of an old month, as many as there are, and makes the indexes of
 * terms that are missing; done by itself when it is worth it. */
bool workspace_compact(struct workspace *w, struct err *e) MUST_USE;
/* Drops what is past its retention now; done by itself. */
void workspace_expire(struct workspace *w);
/* Azure's plans of a table. All are stored alike; of the last two queries see 30 days, and
 * analytics rules can't read them. Auxiliary is what Sentinel calls the data lake tier. */
enum store_plan { STORE_PLAN_ANALYTICS, STORE_PLAN_BASIC, STORE_PLAN_AUXILIARY };
const char *store_plan_name(enum store_plan p);
bool store_plan_parse(struct str s, enum store_plan *out); /* without regard to case */
/* How long a table's rows are kept, in days since their receipt: in reach of queries, and at all.
 * 0: the default (in what holds: for ever). Days as Log Analytics takes them: 4 to 730, total also
 * years up to 12. */
struct store_retention {
    int64_t analytics_days, total_days;
    enum store_plan plan;
    int64_t plan_changed; /* ticks; 0: never. Not read by workspace_retention_set */
};
/* Errors: ERR_INVALID: days that the plan does not take; ERR_CONFLICT: the plan was changed less
 * than a week ago; ERR_UNSUPPORTED: the table has the plan Analytics only. */
bool workspace_retention_set(struct workspace *w, struct str table, const struct store_retention *r,
                             struct err *e) MUST_USE;
void workspace_retention(struct workspace *w, struct str table, struct store_retention *own,
                         struct store_retention *out_in_force);
/* The column by which the rows of a table's parts are sorted, before TimeGenerated, from the next
 * part on. No column: by TimeGenerated. Errors: ERR_INVALID, ERR_IO. */
bool workspace_cluster_set(struct workspace *w, struct str table, struct str column,
                           struct err *e) MUST_USE;
struct str workspace_cluster(struct workspace *w, struct arena *a, struct str table);
/* Reads every part and compares it with the manifest. */
struct store_damage {
    struct str table, part;
    int64_t rows;
    struct str reason;
};
struct store_check {
    int64_t parts, rows, bytes;  /* that the manifest names */
    struct store_damage *damage; /* in the arena */
    size_t n_damage;
    int64_t indexes, index_bytes;          /* parts that have an index of terms that is good */
    int64_t bad_indexes;                   /* found damaged: parts are read without; made anew */
    int64_t quarantined, quarantined_rows; /* parts set aside since the workspace was made */
    int64_t stored, stored_bytes;          /* parts that the store has, as it says */
    int64_t healed; /* damaged here and fetched anew, or lost there and uploaded anew */
    int64_t unread; /* parts that are only in the store and were not read: not deep, or no answer */
    struct str no_answer; /* why the store could not be asked; empty: it was */
};
/* deep: fetches what is only in the store, too; else its size and tag there are compared. */
bool workspace_check(struct workspace *w, struct arena *a, bool deep, struct store_check *out,
                     struct err *e) MUST_USE;

/* ---- deleting rows ---- */
struct store_purge {
    struct str table;
    struct str predicate;   /* KQL over the table's columns; the caller's own, not a user's */
    int64_t received_until; /* ticks: rows that came later stay, so that it can be repeated */
};
/* Deletes the rows, also those past their analytics retention, and returns when that is on disk:
 * hot ones in one transaction, sealed ones part by part. After an error it can be repeated. Errors:
 * those of the predicate, ERR_IO. */
bool workspace_purge(struct workspace *w, const struct store_purge *p, uint64_t *out_deleted,
                     struct err *e) MUST_USE;

/* Makes a copy of the workspace's database file as it is at one moment, beside it, while writing
 * goes on. The caller moves it away, then says so. Errors: ERR_CONFLICT (one is being made), ERR_IO
 * (no room). */
bool workspace_snapshot(struct workspace *w, struct arena *a, const char **out_path,
                        struct err *e) MUST_USE;
void workspace_snapshot_end(struct workspace *w);
/* Nothing is sealed, merged, dropped or purged from the one to the other, so that no file below the
 * workspace's folder goes. */
void workspace_hold(struct workspace *w);
void workspace_unhold(struct workspace *w);
#define WORKSPACE_SNAPSHOT "snapshot.duckdb" /* its name, in the workspace's folder */

/* ---- a workspace as files that other programs can read ----
 * A part of path "lake/<Table>/<yyyy>/<mm>/<dd>/<id>.parquet" below the folder of the files is, or
 * is to be, the file at own. */
typedef bool store_file_fn(void *ctx, struct str path, const char *own, struct err *e);
/* Calls fn for each part that wants asks for, by the same path, while its file is here: what is
 * only in an S3-compatible store is fetched, one after the other. */
bool workspace_each_part(struct workspace *w, bool (*wants)(void *ctx, struct str path),
                         store_file_fn *fn, void *ctx, struct err *e) MUST_USE;
/* Writes a JSON array that tells of the tables, their columns and their parts, and calls fn for
 * each part. Rows that are not sealed are not in it. Between workspace_hold and workspace_unhold.
 */
bool workspace_tables_write(struct workspace *w, struct json_out *o, store_file_fn *fn, void *ctx,
                            struct err *e) MUST_USE;
/* Makes the tables of such an array; fn puts each part's file in place. retention_days: of all
 * tables; 0: as the array says. *out_old_rows: how many are past it, so that they will be dropped.
 * Foreign input: names, sizes and checksums are checked. Errors: ERR_INVALID, ERR_CONFLICT (a table
 * that has or had rows), ERR_IO. After an error the workspace holds some of it. */
struct store_tables_read {
    const struct json *tables;
    int64_t retention_days;
    store_file_fn *fn;
    void *ctx;
};
bool workspace_tables_read(struct workspace *w, const struct store_tables_read *x,
                           uint64_t *out_old_rows, struct err *e) MUST_USE;

/* Compiles and runs KQL in a workspace: the one way that everything above (API, detection, CLI)
 * queries. Errors beside those of the query: ERR_TIMEOUT says how many seconds it had. */
/* The windows of time that a query with options.windows is for: each ends at first, first +
 * frequency … last, and has the rows whose time lies in the period before its end. */
struct store_windows {
    int64_t first, last, frequency, period; /* ticks */
    int64_t delay;   /* rows that arrived more than that after a window's end are not in it */
    bool by_arrival; /* the time is that of arrival, not TimeGenerated; delay then has no meaning */
};
/* What one who asks may read. Asked in the thread of the query. */
struct store_access {
    void *self;
    /* false: the table is for it as if it were not there. *out_rows, in a: which rows of it; NULL:
     * all. */
    bool (*reads)(void *self, struct arena *a, struct workspace *w, struct str table,
                  const struct kql_row_rule **out_rows);
    /* Where reads says that the query has to fail, also if it could go on without the table. NULL:
     * it may. */
    const struct err *refused;
};
/* Who saved what runs by itself: its queries read other workspaces with that one's rights. */
struct store_authors {
    void *self;
    /* For queries of one object of the workspace; lives in a. NULL: it reads all of its tenant. */
    const struct store_access *(*access)(void *self, struct arena *a, struct workspace *w,
                                         const char *kind, struct str id);
};
/* The same; x NULL: nobody is asked. kind: "rule", "job", "summary", "search". */
const struct store_access *store_author_access(const struct store_authors *x, struct arena *a,
                                               struct workspace *w, const char *kind,
                                               struct str id);
/* The catalogue as one sees it who has this access; lives in a. */
const struct kql_catalog *workspace_catalog_for(struct workspace *w, struct arena *a,
                                                const struct store_access *access);
/* Which workspaces a query may name besides its own. */
struct store_reach {
    void *self;
    /* By id, name or resource id; NULL: there is none. */
    struct workspace *(*find)(void *self, struct str text);
};
/* How many one query reads, its own among them: Azure Monitor's limit, and that of analytics rules.
 */
enum { STORE_QUERY_WORKSPACES = 100, STORE_RULE_WORKSPACES = 20 };
struct store_query {
    const struct store_access *access; /* NULL: everything, as the workspace itself */
    struct str text;
    const struct store_reach *reach;  /* NULL: those of its own tenant */
    struct kql_options options;       /* catalog is filled in; now_ticks 0 = the clock's now */
    struct engine_limits limits;      /* also of what is read to know a query's columns */
    const struct engine_limits *most; /* see engine_limits_wish; may be NULL */
    int64_t since_us;                 /* when the query's time began; 0 = now */
    bool shipped_functions_only;      /* stored functions are not known */
    bool lake;                        /* also what is past the analytics retention and still kept */
    bool on_time; /* as if each row had arrived at its TimeGenerated: that is its _TimeReceived */
    const struct store_windows *windows; /* with options.windows, else NULL */
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
/* Compiles only; the result lives in a. Errors as those of workspace_query. */
bool workspace_compile(struct workspace *w, struct arena *a, const struct store_query *q,
                       struct kql_query *out, struct kql_diags *diags, struct err *e) MUST_USE;
/* Which of many compiled queries may give rows, by one look at each table that they read: no row of
 * it meets what the others ask of it. */
struct store_probe {
    const struct kql_query *query; /* compiled over what arrived in (after, until] */
    int64_t after;
    bool may; /* set: it may; it gives none where it is false */
};
/* The queries are of one until. On false every probe may. */
bool workspace_probe(struct workspace *w, struct arena *a, struct store_probe *probes, size_t n,
                     int64_t until, const struct engine_limits *limits, struct err *e) MUST_USE;
/* Tables that several compiled queries read are read once for all of them: the rows that any of
 * them lets through are kept in memory until store_share_free, and the queries read these. The
 * rows are those of one moment after the call. */
struct store_share_limits {
    size_t queries;  /* that read a table, at least; 0: 3 */
    size_t max_rows; /* of one table's copy; a table that would have more is read by each itself,
                        and is not tried again for ten minutes. 0: nothing is shared */
    struct engine_limits run; /* of making the copies; its max_rows is not looked at */
};
struct store_share;
/* Never fails: what can't be shared stays as it was. queries point to ones that workspace_compile
 * gave, in a; out_shared[i]: that the i-th reads a copy. */
struct store_share *workspace_share(struct workspace *w, struct arena *a,
                                    struct kql_query *const *queries, size_t n,
                                    const struct store_share_limits *limits, bool *out_shared);
void store_share_free(struct store_share *s); /* NULL is fine */
/* Runs a query that was compiled, once. Errors as workspace_query's, without places in its text. */
bool workspace_run(struct workspace *w, struct arena *a, const struct kql_query *compiled,
                   const struct engine_limits *limits, struct store_result *out,
                   struct err *e) MUST_USE;
/* What a query would do: its SQL, and which parts of the lake it would read. */
struct store_read { /* of a table, each time that the query names it */
    struct str workspace, table;
    int64_t parts;      /* in the manifest */
    int64_t by_time;    /* of these, left out for their time or age */
    int64_t by_terms;   /* left out for their terms */
    int64_t away;       /* to be read, and only in an S3-compatible store: fetched first */
    int64_t unindexed;  /* asked for terms, without an index */
    int64_t groups;     /* row groups to be read of those that were asked for terms */
    int64_t all_groups; /* how many these have */
    int64_t from, to;   /* of TimeGenerated, ticks, half open; INT64_MIN, INT64_MAX: no bound */
    struct str terms;   /* what is wanted, for people; empty: nothing */
};
struct store_explained {
    struct str *sql; /* a statement for each table of the answer */
    size_t n_sql;
    struct store_read *reads;
    size_t n;
};
/* Lives in a. Errors: those of compiling. */
bool workspace_explain(struct workspace *w, struct arena *a, const struct store_query *q,
                       struct store_explained *out, struct kql_diags *diags,
                       struct err *e) MUST_USE;
