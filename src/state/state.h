/* The control database: one SQLite file, DATA/state.db, that holds rules, runs, alerts, incidents,
 * principals, cursors and the log rows that are still to be written (the outbox). This header has
 * what every subject shares; each subject has its own header and file (rules.h, incidents.h,
 * alerts.h, outbox.h, …).
 *
 * Threads: one connection behind one recursive lock. Every accessor may be called from any thread;
 * state_begin keeps the lock until state_commit or state_rollback of the same thread, so that a
 * transaction is never mixed with another thread's statements. A transaction must not wait for
 * anything outside this module. Durability: WAL, synchronous=FULL: what state_commit (or an
 * accessor outside a transaction) returned true for is on disk. Times are Kusto ticks; texts are
 * UTF-8; absent optional times are 0. */
#pragma once
#include "base/base.h"

struct state;
/* Opens or makes the database and brings its schema up to date. path NULL: in memory.
 * Errors: ERR_CONFLICT: the file was written by a newer version; ERR_IO. */
struct state *state_open(const char *path, struct err *e) MUST_USE;
void state_close(struct state *s);         /* NULL is fine; no transaction may be open */
int state_schema_version(struct state *s); /* number of the last migration applied */
bool state_check(struct state *s, struct err *e) MUST_USE; /* quick_check; for /readyz and tests */

/* A copy of the database as it is now, in a new file at path. Others wait meanwhile: the database
 * is small. Not inside a transaction. Errors: ERR_IO (also when the file exists). */
bool state_snapshot(struct state *s, const char *path, struct err *e) MUST_USE;

/* Transactions nest: only the outermost commit writes; a rollback inside makes the outermost commit
 * fail and roll back. */
bool state_begin(struct state *s, struct err *e) MUST_USE;
bool state_commit(struct state *s, struct err *e) MUST_USE;
void state_rollback(struct state *s);
/* Commits when ok, else rolls back and is false. */
bool state_end(struct state *s, bool ok, struct err *e) MUST_USE;

/* A number that counts up in a workspace ("incident"): 1, 2, 3 … without gaps if the transaction
 * commits. */
bool state_counter_next(struct state *s, struct str workspace, const char *name, int64_t *out,
                        struct err *e) MUST_USE;
/* Where it stands; 0: it has not been counted. */
bool state_counter_get(struct state *s, struct str workspace, const char *name, int64_t *out,
                       struct err *e) MUST_USE;
