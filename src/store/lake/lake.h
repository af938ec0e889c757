/* The lake of a workspace: rows that were sealed out of the hot tables into Parquet parts, the
 * manifest of these parts, and the work on them. docs/storage.md says what is promised.
 *
 * A query sees a table through a view: an immutable list of parts and a mark. All rows received up
 * to the mark are in the parts, all later ones are in the hot table, so that each row is seen
 * exactly once whatever is sealed meanwhile. */
#pragma once
#include "store/store_priv.h"

/* A column of a part. Its Parquet type follows from these (docs/storage.md). */
struct lake_column {
    struct str phys; /* its name in the file, the same as in the hot table */
    enum kql_type type;
    bool ticks; /* datetime kept as ticks: some value is outside of what nanoseconds hold */
    struct str of, path; /* a member of the dynamic column `of`: JSON array of keys; else empty */
};
/* The columns of parts; one for all parts that have the same. Lives as long as the lake. */
struct lake_shape {
    struct str text; /* as the manifest has it */
    struct lake_column *cols;
    size_t n;
    struct map *by_phys; /* struct lake_column */
    struct map *by_path; /* lake_path_key() → struct lake_column: members of dynamic columns */
};

/* Where a part's file is. */
enum lake_where {
    LAKE_HERE,
    LAKE_LEAVING, /* its file is being deleted */
    LAKE_AWAY     /* only in the store (remote.c) */
};
/* Immutable but for what is under the lock; lives while a view or a caller has it. */
struct lake_part {
    struct lake *lake;
    struct str table, id; /* id: GUID text */
    char *path;
    const struct lake_shape *shape;
    int64_t day; /* days since 0001-01-01 of TimeGenerated, UTC: of the first row; the others are of
                    the same day, or of the same month where its parts were merged */
    int64_t rows, bytes;
    int64_t min_time, max_time; /* ticks of TimeGenerated */
    int64_t max_received;       /* ticks of _TimeReceived */
    int64_t billed;             /* sum of _BilledSize */
    int64_t made;               /* when it was written, ticks */
    uint32_t crc;               /* CRC-32 of the whole file */
    int64_t terms_bytes;        /* under lake.lock: of its index of terms; 0: it has none */
    uint32_t terms_crc;         /* under lake.lock */
    struct lake_index *index;   /* under lake.lock: the index, if it is in memory */
    int64_t index_retry_us;     /* under lake.lock: making it failed; clock_mono_us(), not before */
    enum lake_where where;      /* under lake.lock, with the next seven */
    bool offered;               /* an upload was begun: the store may have something of it */
    bool stored;                /* the store has it, and said so */
    char *etag;                 /* then; the part's own */
    int64_t stored_terms;       /* CRC-32 of the index that the store has; -1: none */
    size_t pins;                /* who reads the file: it stays */
    int64_t used_us;            /* clock_mono_us() of the last pin; 0: not since the start */
    int64_t upload_retry_us;    /* clock_mono_us(): not before */
    size_t refs;                /* under lake.lock */
    bool gone;                  /* under lake.lock: out of the manifest; file goes with last ref */
    bool aside;                 /* under lake.lock: damaged, its file is kept elsewhere */
    struct lake_part *next;     /* among those to be deleted */
};
struct lake_table {
    struct str name;
    int64_t sealed;           /* the mark, ticks of _TimeReceived; 0: nothing was ever sealed */
    struct lake_part **parts; /* by min_time, then id */
    size_t n;
};
struct lake_view;
struct lake_view *lake_view_take(struct lake *l);
void lake_view_drop(struct lake_view *v); /* NULL is fine */
/* NULL: nothing of the table was ever sealed. Lives as long as the view. */
const struct lake_table *lake_view_find(const struct lake_view *v, struct str table);
size_t lake_view_count(const struct lake_view *v);
const struct lake_table *lake_view_at(const struct lake_view *v, size_t i);

/* ---- where it is: place.c ---- */
/* Finds the folder of the parts, before the engine is locked. wanted: see store_lake_options.dir.
 * Errors: ERR_INVALID: the setting; ERR_CONFLICT: another server uses the folder; ERR_IO. */
bool lake_place_open(struct store *s, const char *data_dir, const char *wanted,
                     struct err *e) MUST_USE;
/* Writes down where it is, once all workspaces are open. */
bool lake_place_keep(struct store *s, struct err *e) MUST_USE;
void lake_place_close(struct store *s);
/* The folder of a workspace's parts; dir: the workspace's own. The caller's. */
char *lake_place(const struct store *s, struct str workspace, const char *dir) MUST_USE;

/* ---- pins: cache.c ---- */
/* How long somebody waits. */
struct lake_patience {
    int64_t deadline_us;            /* clock_mono_us(); 0: no limit */
    const _Atomic bool *cancel;     /* may be NULL */
    int64_t most_bytes;             /* that may be fetched; 0: any */
    const struct engine_wait *wait; /* NULL: as above */
    _Atomic int64_t *fetched;       /* with most_bytes: what was, in all; may be NULL */
};
/* Keeps the files of parts here until lake_unpin; those that are away are fetched first. The caller
 * has a view of them. p NULL: as long as it takes. Errors: ERR_IO with the kind LAKE_UNREACHABLE or
 * LAKE_CHANGED: they can't be had; ERR_LIMIT, ERR_TIMEOUT, ERR_CANCELLED. */
bool lake_pin(struct lake_part *const *parts, size_t n, const struct lake_patience *p,
              struct err *e) MUST_USE;
/* For reading through lists of parts: of large ones that are away only what is read is fetched,
 * then. p is not NULL. */
bool lake_pin_reading(struct lake_part *const *parts, size_t n, const struct lake_patience *p,
                      struct err *e) MUST_USE;
/* The same without fetching: false when it is away. */
bool lake_pin_here(struct lake_part *p) MUST_USE;
bool lake_is_away(struct lake_part *p);
void lake_unpin(struct lake_part *const *parts, size_t n);
/* Adds a part's bytes to those that are here, and to those that are in the store. */
void lake_where_bytes(const struct lake_part *p, int64_t *here, int64_t *stored);
/* err.kind. The second: the store has other bytes than it was given. */
#define LAKE_UNREACHABLE "LakeStore"
#define LAKE_CHANGED "LakeStoreChanged"
bool lake_is_store_fault(const struct err *e); /* one of the two */
/* Fetches what is away of a table, for the program's own reading of it: its parts stay here from
 * then on. */
bool lake_bring(struct workspace *w, struct str table, struct err *e) MUST_USE;

/* ---- an S3-compatible store that keeps parts: remote.c ---- */
struct lake_remote;
/* Reads what the data folder remembers, and the settings; s->remote stays NULL when there is none.
 * Asks nothing of the network. Errors: ERR_INVALID: a setting; ERR_IO. */
bool lake_remote_open(struct store *s, const char *data_dir, const struct store_remote_options *o,
                      struct err *e) MUST_USE;
/* Writes down where parts are, once all workspaces are open. */
bool lake_remote_keep(struct store *s, struct err *e) MUST_USE;
/* The thread that uploads, deletes, and lets parts leave. */
bool lake_remote_start(struct lake_remote *r, struct err *e) MUST_USE;
void lake_remote_stop(struct store *s); /* before workspaces are closed */
void lake_remote_close(struct store *s);

/* ---- the life of a lake ---- */
/* Reads the manifest, moves aside files that it does not name, deletes half-written ones. dir: the
 * workspace's folder. Before the writer starts, after the tables are known. */
struct lake *lake_open(struct workspace *w, const char *dir, struct err *e) MUST_USE;
void lake_close(struct lake *l); /* after the writer and all queries have ended; NULL is fine */
/* Rows were committed to hot tables. Writer thread. */
void lake_appended(struct lake *l, struct store_batch *const *batches, size_t n);

/* The thread that seals, deletes and looks after. */
struct lake_keeper;
struct lake_keeper *lake_keeper_start(struct store *s, struct err *e) MUST_USE;
void lake_keeper_stop(struct lake_keeper *k); /* before workspaces are closed; NULL is fine */

/* Parts of a table whose rows were all received before are not for queries (analytics retention).
 * Ticks. */
int64_t lake_oldest_received(struct lake *l, struct str table);
/* A query that read parts of t failed: sets damaged parts aside. True: there were some, so that it
 * is worth trying again. */
bool lake_after_failure(struct workspace *w, const struct lake_table *t);

/* One piece of work at a time a lake: sealing, merging, purging … */
void lake_work_begin(struct lake *l);
void lake_work_end(struct lake *l);
/* Writes the parts that have rows which select (SQL of their _ItemId) gives anew, without them.
 * Within work. Errors: ERR_IO; what is done stays done, so that it can be repeated. */
bool lake_purge(struct lake *l, struct str table, struct str select, uint64_t *out_deleted,
                struct err *e) MUST_USE;

/* ---- members of dynamic columns ----
 * Notes that a query reads a member (path: JSON array of keys) of a table's dynamic column, so that
 * later parts keep it beside the column. */
void lake_path_used(struct lake *l, struct str table, struct str phys, struct str path);
/* Whether a part of the table keeps it. */
bool lake_path_kept(const struct lake_table *t, struct str phys, struct str path);
/* A member as a column of a FROM item: of parts that keep it that, else computed. */
struct lake_member {
    struct phys_col col;
    struct str path;
    enum engine_path_form form;
    struct str name; /* in the FROM item */
};
/* Takes all parts of a table out of the manifest. Within work. */
bool lake_drop(struct lake *l, struct str table, struct err *e) MUST_USE;
/* The lowest mark of a table that a living view has: no query reads hot rows up to there. */
int64_t lake_lowest_mark(struct lake *l, struct str table);
/* Forgets the hot rows and the retention of a table that has gone. */
void lake_forget(struct lake *l, struct str table);
/* ---- which rows of parts can be of use ---- */
/* What terms rows must have, by the columns of parts. */
enum lake_want_kind {
    LAKE_WANT_ALL,
    LAKE_WANT_ANY,
    LAKE_WANT_TERMS,
    LAKE_WANT_KNOWN /* the same for all rows */
};
struct lake_want {
    enum lake_want_kind kind;
    bool known; /* KNOWN: rows can be of use */
    const struct lake_want **kids;
    size_t n;
    struct str phys; /* TERMS */
    enum kql_type type;
    const uint64_t *terms;
    size_t n_terms;
};
struct lake_range {
    int64_t from, to; /* numbers of rows in the file, half open */
};
struct lake_pick {
    struct lake_part *part;
    const struct lake_range *ranges; /* of the rows that can be of use; NULL: all */
    size_t n;
    size_t groups, all_groups; /* row groups to be read, of how many; 0: not looked at */
};
/* Asks the part's index. false: no row of it can be of use. */
bool lake_pick(struct arena *a, struct lake_part *p, const struct lake_want *w,
               struct lake_pick *out);

/* ---- lists of parts that queries read: reads.c ---- */
struct lake_reads; /* one a store */
struct lake_list;
/* Before the engine is locked. Errors: as engine_files_open. */
bool lake_reads_open(struct store *s, struct err *e) MUST_USE;
void lake_reads_wait(struct lake_reads *r);  /* until no file is open any more; NULL is fine */
void lake_reads_close(struct lake_reads *r); /* after the engine; NULL is fine */
/* Parts of one view, by min_time, then id; the caller keeps the view until it closes the list. */
/* with: another list of the same query, so that what is fetched counts together; NULL: there is
 * none. */
struct lake_list *lake_list_open(struct lake_reads *r, const struct lake_list *with,
                                 struct lake_part *const *parts, size_t n);
void lake_list_close(struct lake_list *x); /* no statement that names it runs any more */
uint64_t lake_list_number(const struct lake_list *x);
/* Those that the FROM items of one snapshot name. */
struct lake_lists {
    struct lake_reads *reads;
    struct arena *a;
    VEC(struct lake_list *) lists;
};

/* ---- SQL ---- */
/* A FROM item over the rows of a table that the view sees, hot and sealed, with the columns cols in
 * engine representation. lt NULL or without a mark: the hot table itself. */
struct lake_from {
    struct workspace *w;
    struct str hot;                /* the hot table's physical name */
    const struct lake_table *lt;   /* may be NULL */
    const struct lake_pick *parts; /* those to be read, of lt's */
    size_t n_parts;
    const struct phys_col *cols;
    size_t n_cols;
    const struct lake_member *members;
    size_t n_members;
    int64_t from, to;         /* TimeGenerated of the rows that are needed, ticks, half open */
    struct lake_lists *lists; /* what it names is added; NULL: it names the files' paths */
};
void lake_sql_from(const struct lake_from *f, struct sbuf *out);
