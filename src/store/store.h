/* Workspaces, the table catalogue and the hot tables: rows that were acknowledged are in here, on disk. */
#pragma once
#include "engine/engine.h"

struct store;
struct store_options {
    const char *data_dir;         /* made by the caller; the store keeps workspaces/<id>/hot.duckdb below it */
    struct clock *clock;
    const char *schema_dir;       /* content/schemas; NULL: built-in location */
    size_t memory_bytes;
    unsigned threads;
    size_t max_queue_bytes;       /* bytes waiting to be committed per workspace; more gives ERR_BUSY; 0 = 256 MiB */
};
struct store *store_open(const struct store_options *o, struct err *e) MUST_USE;
/* Commits what was accepted, checkpoints, closes. */
void store_close(struct store *s);

struct workspace;                 /* lives as long as the store */
/* id: GUID text; name: [A-Za-z0-9-]{1,63}. Creating one that exists returns it. */
struct workspace *store_workspace_create(struct store *s, struct str id, struct str name, struct err *e) MUST_USE;
struct workspace *store_workspace_find(struct store *s, struct str id_or_name);
struct workspace *store_workspace_at(struct store *s, size_t i);
struct str workspace_id(const struct workspace *w);
struct str workspace_name(const struct workspace *w);

/* The catalogue of one workspace: shipped schemas (absent tables are typed and empty) and custom tables. */
const struct kql_catalog *workspace_catalog(struct workspace *w);
const struct engine_source *workspace_source(struct workspace *w);
struct engine *store_engine(struct store *s);
bool workspace_table_find(struct workspace *w, struct arena *a, struct str name, struct kql_table *out);
/* Custom tables: name ends in _CL. Adding columns to an existing table is allowed; changing a type is ERR_CONFLICT. */
bool workspace_table_define(struct workspace *w, struct str name, const struct kql_schema *schema, struct err *e) MUST_USE;

/* ---- appending ---- */
struct store_batch;               /* rows of one table, columnar, engine representation */
struct store_batch *store_batch_new(const struct kql_table *t);
void store_batch_free(struct store_batch *b);
/* Sets column col (index into t->schema, then t->hidden) of the row under construction; unset ones are null/''. Copies. */
void store_batch_set(struct store_batch *b, size_t col, const struct kql_value *v);
void store_batch_end_row(struct store_batch *b);
size_t store_batch_rows(const struct store_batch *b);
size_t store_batch_bytes(const struct store_batch *b);
/* Group commit. Takes the batches (also on failure) — all of one call are committed in one transaction. When it returns true
 * the rows are durable (fsync done) and visible to queries. dedup: client-given id that makes a retry harmless, or empty.
 * Fills TimeGenerated when null, _TimeReceived, _ItemId, TenantId, Type, _BilledSize as Sentinel does.
 * Errors: ERR_BUSY (queue full), ERR_IO (disk; nothing was stored), ERR_LIMIT. */
bool store_append(struct workspace *w, struct store_batch **batches, size_t n, struct str dedup, struct err *e) MUST_USE;

/* Compiles and runs KQL in a workspace: the one way that everything above (API, detection, CLI) queries. */
struct store_query {
    struct str text;
    struct kql_options options;   /* catalog is filled in; now_ticks 0 = the clock's now */
    struct engine_limits limits;
};
struct store_result {
    struct kql_query compiled;
    struct engine_rows **rows;    /* one for each compiled.results */
    size_t n;
};
bool workspace_query(struct workspace *w, struct arena *a, const struct store_query *q, struct store_result *out,
                     struct kql_diags *diags, struct err *e) MUST_USE;
void store_result_fini(struct store_result *r);
