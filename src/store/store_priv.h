/* What the files of store/ share. Locks: see docs/storage.md; store_lock is never held while DuckDB
 * works. */
#pragma once
#include <stdatomic.h>

#include "base/ids.h"
#include "base/log.h"
#include "base/thread.h"
#include "engine/engine_store.h"
#include "store/store.h"

/* ---- schema.c: table definitions ---- */

/* Immutable once made; lives as long as the store, so that queries and batches may keep it. */
struct table_def {
    struct kql_table t; /* workspace is empty */
    struct map *index;  /* column name → its struct kql_column, schema and hidden alike */
    bool custom;        /* name ends in _CL */
    bool open;          /* properties without a column get one */
    bool billable;
    size_t time_at;      /* TimeGenerated's index */
    size_t timestamp_at; /* Timestamp's, or SIZE_MAX */
};
/* Index as store_batch_set wants it: schema first, then hidden. SIZE_MAX: no such column. */
size_t table_def_find(const struct table_def *d, struct str column);
enum kql_type table_def_type(const struct table_def *d, size_t col);
struct str table_def_name(const struct table_def *d, size_t col);
size_t table_def_width(const struct table_def *d);
/* A definition in a from a name and columns; adds TimeGenerated (first), Type, TenantId and the
 * hidden columns where they are missing. Columns are copied. */
const struct table_def *table_def_make(struct arena *a, struct str name,
                                       const struct kql_schema *schema, bool open, bool billable);

/* The tables that ship. Text is parsed table by table when first asked for. Thread-safe. */
struct schema_set;
/* dir NULL: the copy inside the program. */
struct schema_set *schema_set_open(const char *dir, struct err *e) MUST_USE;
void schema_set_close(struct schema_set *s);
const struct table_def *schema_set_find(struct schema_set *s, struct str name); /* NULL: unknown */
size_t schema_set_count(const struct schema_set *s);
struct str schema_set_name(const struct schema_set *s, size_t i); /* in byte order of the names */

/* ---- batch.c: rows on their way to the writer ---- */

/* Rows one after the other in buf, each: cells (u16 column + 1, payload by type), u16 0, struct
 * row_end. */
struct row_end {
    int64_t time;      /* TimeGenerated, when has_time */
    int64_t timestamp; /* Timestamp, when has_timestamp */
    double billed;     /* bytes, as _BilledSize counts them */
    bool has_time, has_timestamp;
};
struct store_batch {
    struct kql_table t;
    size_t time_at, timestamp_at;
    struct sbuf buf;
    size_t rows;
    double billed;    /* of all rows */
    int64_t min_time; /* TimeGenerated of those that have one; INT64_MAX: none has */
    uint64_t *used;   /* one bit a column: some row has a value */
    struct row_end row;
};
bool batch_uses(const struct store_batch *b, size_t col);
struct cell {
    size_t col;
    enum kql_type type;
    int64_t i; /* int, long, datetime, timespan, bool */
    double d;
    struct str s; /* string, dynamic, guid, decimal */
};
/* Reads on from *at: true with the next cell of the row, or false with the row's end. */
bool batch_next(const struct store_batch *b, size_t *at, struct cell *cell, struct row_end *end);

/* ---- tables.c: what is stored, under which names ---- */

struct phys_col {
    struct str name,
        phys; /* the database folds case, Kusto does not: phys is unique ignoring case */
    enum kql_type type;
    unsigned former; /* 1 << type for each type that it had before it was widened: of older parts */
};
struct ws_table {
    struct str name;
    const struct table_def *def;
    bool declared; /* has a row in vedette_tables: made by workspace_table_define */
    bool listed;   /* counts for union *, search * */
    enum store_plan plan;
    int64_t plan_changed;      /* ticks; 0: never */
    struct ws_table *of;       /* a restored table: whose rows it shows; else NULL */
    int64_t of_from, of_to;    /* TimeGenerated of these, half open */
    int64_t apart_until_us;    /* clock_mono_us(): no copy is made of its rows, see share.c */
    struct str phys;           /* empty: no row was ever stored */
    VEC(struct phys_col) cols; /* in table order, only ever appended to */
    struct map *by_name;       /* column name → index + 1 */
    struct map *by_phys;       /* ignoring case */
    struct map *former; /* column name → its phys_col.former, also of columns not stored yet */
};
enum { PHYS_ITEM, PHYS_RECEIVED, PHYS_BILLED, PHYS_TIME, PHYS_FIRST_OWN };

/* A name that the database holds apart from those in taken and also (NULL: none): name, name~2,
 * name~3 … */
struct str table_free_name(struct arena *a, const struct map *taken, const struct map *also,
                           struct str name);
/* NULL: neither shipped nor custom. Caller holds w->lock. */
struct ws_table *ws_table_find_locked(struct workspace *w, struct str name);
struct ws_table *ws_table_add_locked(struct workspace *w, const struct table_def *def);
void ws_table_list_locked(struct workspace *w, struct ws_table *t);
/* Makes what b needs in the database: appends the SQL to ddl, and the change to plan; nothing is
 * visible before table_plan_apply, which follows the commit of the SQL. Writer thread only. */
struct table_plan;
struct table_plan *table_plan_new(struct workspace *w, struct arena *a);
bool table_plan_batch(struct table_plan *p, const struct store_batch *b, struct sbuf *ddl,
                      struct err *e) MUST_USE;
/* The same for a table that was never stored, and columns in their order (the service's own first,
 * as a table has them). Errors: ERR_INVALID: they can't have these names in the database. */
bool table_plan_columns(struct table_plan *p, struct ws_table *t, const struct phys_col *cols,
                        size_t n, struct sbuf *ddl, struct err *e) MUST_USE;
void table_plan_apply(struct table_plan *p);
/* Runs the SQL in a transaction, then applies the plan. */
bool table_plan_run(struct workspace *w, struct table_plan *plan, struct sbuf *ddl,
                    struct err *e) MUST_USE;
/* Appends one batch's rows. */
struct append_stamp {
    int64_t received;
    uint64_t id_hi, id_lo; /* of the first row's _ItemId; id_lo counts up */
};
bool tables_append(struct workspace *w, struct store_batch *const *batches, size_t n,
                   struct append_stamp *stamp, struct err *e) MUST_USE;
bool tables_load(struct workspace *w, struct err *e) MUST_USE;

/* ---- widen.c: columns that get a wider type ---- */
/* Of a column: phys_col.former; 0: it was never widened. Caller holds w->lock, or is the writer. */
unsigned table_former(const struct ws_table *t, struct str column);
bool formers_load(struct workspace *w, struct err *e) MUST_USE; /* after the tables */
/* What a definition that is changed asks to be widened. Writer thread. */
struct table_widening {
    struct workspace *w;
    struct ws_table *t;
    const struct kql_schema *cols; /* with their new types */
    struct str phys; /* of the table that takes the rows; empty: none was ever stored */
};
/* The SQL of it, for the transaction that changes the definition: the hot rows go to a table of
 * another name, so that a query which was made for the old types finds no table rather than values
 * of another type. */
void table_widening_sql(struct arena *a, struct table_widening *x, struct sbuf *sql);
void table_widening_apply_locked(const struct table_widening *x); /* after the commit */
/* The registry's rows of types that an imported column had, and the same in memory. */
void table_former_sql(struct workspace *w, struct str table, const struct phys_col *c,
                      struct sbuf *sql);
void table_former_add_locked(struct workspace *w, struct ws_table *t, struct str column,
                             unsigned former);
/* Changes of types under way and done, so that who failed meanwhile tries again. */
struct alterations {
    struct lock lock;
    struct cond none; /* is under way */
    unsigned running;
    uint64_t done;
};
void alterations_init(struct alterations *x);
void alterations_fini(struct alterations *x);
void alteration_begin(struct alterations *x);
void alteration_end(struct alterations *x);
uint64_t alterations_now(struct alterations *x);
/* Since alterations_now() returned since there were some, or are: waits for them. */
bool alterations_since(struct alterations *x, uint64_t since);

/* ---- source.c ---- */
void table_source_init(struct workspace *w);
/* Of the database and its log. */
uint64_t workspace_database_bytes(struct workspace *w);
/* A source that sees the tables as they were when it was first asked; lives in a. Ask column()
 * before from_item(): a FROM item has the columns that were asked for. What it reads stays until
 * source_release. */
const struct engine_source *source_snapshot(struct workspace *w, struct arena *a);
void source_release(const struct engine_source *snapshot);
/* What a query asks of all tables beside their rows. */
void source_see_as(const struct engine_source *snapshot, const struct store_query *q);
/* From now on with what is past the analytics retention, too. */
void source_see_all(const struct engine_source *snapshot);
/* The name of a table that was deleted since it was looked at; empty: none was. */
struct str source_deleted(const struct engine_source *snapshot);
/* What FROM items were asked for since the snapshot was made; only when it was told to note it. */
void source_note_reads(const struct engine_source *snapshot);
struct store_read *source_reads(const struct engine_source *snapshot, size_t *out_n);
/* A query over it failed: sets damaged parts aside. True: there were some; try again with a new
 * one. */
bool source_mend(const struct engine_source *snapshot);

/* ---- account.c ---- */
struct ledger;
struct ledger *ledger_new(void);
void ledger_free(struct ledger *l);
/* Counts at once; the rows wait for the next commit. */
void ledger_add_pending(struct ledger *l, const struct store_count *c);
void ledger_add(struct ledger *l, const struct store_count *c);
/* Moves what waits into a (NULL, 0 when nothing does). If the commit fails, ledger_put_back. */
void ledger_take_pending(struct ledger *l, struct arena *a, struct store_count **out, size_t *n);
void ledger_put_back(struct ledger *l, const struct store_count *c, size_t n);
bool ledger_has_pending(struct ledger *l);
size_t ledger_list(struct ledger *l, struct arena *a, struct store_count **out);
/* A batch of VedetteIngestion rows. */
struct store_batch *ledger_batch(struct workspace *w, const struct store_count *c, size_t n);
bool ledger_load(struct workspace *w, struct err *e) MUST_USE;

/* ---- dedup.c: ids of the last requests ---- */
struct dedup;
struct dedup *dedup_new(void);
void dedup_free(struct dedup *d);
bool dedup_seen(const struct dedup *d, struct str id);
void dedup_add(struct dedup *d, struct str id, int64_t at);
/* Forgets the older half when it is time; true: ids before *out_before can be deleted from the
 * table. */
bool dedup_turn(struct dedup *d, int64_t now, int64_t *out_before);
bool dedup_load(struct workspace *w, struct err *e) MUST_USE;

/* ---- functions.c ---- */
/* A function that every workspace has. */
struct shipped_function {
    const char *name, *parameters, *body;
    bool whole_time, by_argument; /* see kql_stored_function */
};
extern const struct shipped_function asim_functions[]; /* functions_asim.c */
extern const size_t n_asim_functions;
struct function_set;                         /* thread-safe; has a lock of its own */
struct function_set *function_set_new(void); /* with what ships */
void function_set_free(struct function_set *s);
/* *out, with its parsed form, lives as long as a. */
bool function_set_find(struct function_set *s, struct arena *a, struct str name,
                       struct kql_stored_function *out);
/* The i-th of the views by name; false: there are fewer. */
bool function_set_view_at(struct function_set *s, struct arena *a, size_t i, struct str *out_name);
bool function_set_find_variant(struct function_set *s, struct arena *a, struct str argument,
                               struct kql_stored_function *out);

/* ---- fields.c: has a lock of its own ---- */
struct fields;
struct fields *fields_new(void);
void fields_free(struct fields *f);
void fields_note_batch(struct fields *f, const struct store_batch *b);

/* ---- arrivals.c: has a lock of its own ---- */
struct arrivals;
struct arrivals *arrivals_new(void);
void arrivals_free(struct arrivals *v);
void arrivals_start(struct arrivals *v, int64_t last_received); /* before the writer */
/* Writer thread. _TimeReceived of the rows of a commit, which ends with arrivals_end. */
int64_t arrivals_begin(struct arrivals *v, int64_t now);
void arrivals_end(struct workspace *w, struct store_batch *const *batches, size_t n, bool stored);

/* ---- cap.c: has a lock of its own ---- */
struct cap;
struct cap *cap_new(void);
void cap_free(struct cap *c);
void cap_add(struct workspace *w, const struct store_count *count, int64_t now);
bool cap_check(struct workspace *w, const struct store_append *req, struct err *e) MUST_USE;

/* ---- workspaces.c ---- */
/* As store_workspace_at, and then those that are deleted. */
struct workspace *workspaces_any_at(struct store *s, size_t i);

/* ---- restore.c ---- */
bool restores_load(struct workspace *w, struct err *e) MUST_USE; /* after the tables */
/* A restored table shows rows of these times, which may not go. */
bool restore_holds(struct workspace *w, struct str table, int64_t min_time, int64_t max_time);
/* True with ERR_CONFLICT: a restored table shows rows of t. */
bool restore_is_source_locked(struct workspace *w, const struct ws_table *t, struct err *e);

/* ---- query.c ---- */
/* What kql_compile said, or that the query names too many workspaces. */
struct catalog_asker;
bool compiled_within(const struct catalog_asker *asker, bool ok, struct kql_diags *diags,
                     struct err *e) MUST_USE;
/* Runs a plan for its rows. */
bool query_run_plan(struct workspace *w, struct arena *a, struct plan *p,
                    const struct engine_limits *limits, struct engine_rows **out,
                    struct err *e) MUST_USE;

/* Runs what is compiled, of a query as the asker has it. Frees nothing on failure. */
bool query_run_compiled(const struct catalog_asker *k, struct arena *a, struct store_result *out,
                        struct err *e) MUST_USE;

/* ---- purge.c ---- */
struct purge_job {
    struct str phys, select; /* the table; SQL that gives the _ItemId of each row */
    uint64_t matched, deleted;
    uint64_t sealed; /* deleted from parts before */
};
bool purge_run(struct workspace *w, struct purge_job *j,
               struct err *e) MUST_USE; /* writer thread */

/* ---- snapshot.c ---- */
void snapshot_remove(struct workspace *w); /* what a crash left */

/* ---- room.c: of the disk; has a lock of its own ---- */
struct room_limits {
    uint64_t min_free_bytes;
    unsigned min_free_percent;
};
struct room;
struct room *room_new(const struct room_limits *l);
void room_free(struct room *r);
/* What follows for free_bytes when want are wanted. */
enum store_room_level room_level(enum store_room_level was, uint64_t free_bytes, uint64_t want);

/* ---- writer.c ---- */
struct writer;
struct writer *writer_start(struct workspace *w, size_t max_queue_bytes, struct err *e) MUST_USE;
/* Runs the job in the writer thread, then moves the log into the file. */
bool writer_purge(struct workspace *w, struct purge_job *j, struct err *e) MUST_USE;
void writer_stop(struct writer *wr); /* commits what was accepted, joins */
/* Runs fn in the writer thread, between commits, and waits for it. fn may use w->conn. */
bool writer_run(struct writer *wr, bool (*fn)(struct workspace *w, void *arg, struct err *e),
                void *arg, struct err *e) MUST_USE;

/* What the catalogue's peek is told of the query: kql_catalog.peek_self. */
struct catalog_asker {
    struct workspace *w;
    const struct engine_limits *limits;               /* may be NULL */
    bool lake;                                        /* as store_query.lake */
    uint64_t alterations;                             /* when the query was begun */
    const struct store_query *query;                  /* NULL: nothing is asked beside it */
    struct workspace *others[STORE_QUERY_WORKSPACES]; /* that the query named */
    size_t n_others;
    bool too_many;
    const struct store_access *access; /* NULL: everything may be read */
    VEC(struct kql_table) readable;    /* of the listed tables of readable_of, with an access */
    const struct workspace *readable_of;
};
/* For the query's options: a copy of the workspace's catalogue that asks k, which must live as
 * long. */
struct kql_catalog catalog_for(struct catalog_asker *k);

/* ---- workspace.c ---- */
struct workspace {
    struct store *s;
    struct str id, name, db;                /* db: name of the attached database */
    struct str tenant, subscription, group; /* see store_place */
    int64_t created;                        /* ticks; 0: not known */
    atomic_bool deleted;                    /* nothing is written to it */
    struct lock lock;                       /* everything below, to the blank line */
    struct arena *a;
    struct map *tables;      /* name → struct ws_table */
    struct map *phys_tables; /* physical names, ignoring case */
    VEC(struct ws_table *)
    listed; /* in the order in which they came, so that a walk sees each
               table once */
    size_t n_custom;

    struct kql_catalog catalog;
    struct catalog_asker asker; /* of a query without limits */
    struct engine_source source;
    struct engine_conn *conn; /* writer thread's */
    struct function_set *functions;
    struct ledger *ledger;
    struct fields *fields;
    struct cap *cap;
    struct arrivals *arrivals;
    struct dedup *dedup; /* writer thread's */
    struct writer *writer;
    struct lake *lake;
    int64_t last_received; /* writer thread's; never falls, also over restarts */
    atomic_bool copying;   /* a snapshot is being made */
};
void catalog_init(struct workspace *w);
/* A name that a table of the workspace's own may have: with this end. Errors: ERR_INVALID. */
bool catalog_name_ok(struct str name, struct str end, struct err *e) MUST_USE;
/* Adds columns to a table of this workspace (in memory). Caller holds w->lock. */
void catalog_extend_locked(struct workspace *w, struct ws_table *t, const struct kql_schema *more);
/* Makes the definition agree with what is stored: adds the column or takes over its type. Caller
 * holds w->lock. */
void catalog_settle_locked(struct workspace *w, struct ws_table *t, struct kql_column c);
/* Reads the tables and columns that were declared. Before tables_load. */
bool catalog_load(struct workspace *w, struct err *e) MUST_USE;
/* What workspace_table_define has to write: SQL for the rows of vedette_tables and vedette_columns.
 * Writer thread. */
struct table_change {
    struct str name;
    const struct kql_schema *schema;
    bool extend;  /* leave existing columns as they are, whatever the type */
    bool results; /* a new table of results */
    bool widen;   /* within lake_work: existing columns may get a wider type */
};
bool catalog_change(struct workspace *w, const struct table_change *c, struct err *e) MUST_USE;
/* catalog_change in the writer thread. */
bool writer_change(struct workspace *w, const struct table_change *c, struct err *e) MUST_USE;
/* "db"."main"."table" */
void sql_table(struct workspace *w, struct str phys, struct sbuf *out);

struct deleted_workspace {
    struct workspace *w;
    int64_t at;  /* ticks */
    bool purged; /* its rows are gone */
};
struct store {
    struct engine *engine;
    struct clock *clock;
    struct schema_set *schemas;
    char *dir; /* DATA/workspaces */
    const char *geoip_file;
    size_t max_queue_bytes;
    const struct engine_fetch *fetch; /* NULL: externaldata is switched off */
    struct store_lake_options lake;   /* defaults filled in */
    struct lake_keeper *keeper;
    /* Of lake/place.c. lake_dir: where parts are, NULL: below each workspace; lake_moved: they were
     * elsewhere (lake_before) when the store was open last. */
    char *lake_dir, *lake_wanted, *lake_before, *lake_record;
    bool lake_moved;
    int lake_lock;
    int64_t fetch_bytes; /* that a query may fetch; 0: any */
    struct lake_reads *reads;
    struct lake_remote *remote;          /* NULL: there is none */
    char *remote_record, *remote_before; /* DATA/lake_store; what it said, NULL: nothing */
    struct room *room;
    struct alterations alterations;
    atomic_uint_fast64_t copies; /* of rows, made by share.c since the start */
    struct lock lock;            /* workspaces */
    /* See store_watch_rows: self is there before fn is. */
    _Atomic(store_rows_fn *) rows_fn;
    void *rows_self;
    struct arena *a;
    VEC(struct workspace *) workspaces;
    VEC(struct deleted_workspace) deleted; /* nobody finds them */
    VEC(struct str) purged;                /* ids, that the start removed */
    size_t n_opened;                       /* databases that were attached */
};
