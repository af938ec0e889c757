/* What the files of this folder share: the instance, failures, and rows. Nobody outside includes
 * it. */
#pragma once
#include "base/log.h"
#include "base/thread.h"
#include "engine/duckdb/running.h"
#include "engine/engine.h"
#include "engine/engine_store.h"
#include <duckdb.h>

__extension__ typedef __int128 i128;
__extension__ typedef unsigned __int128 u128;

enum { MEASURED_CONNECTIONS = 8 };
/* Connections that measure are made before settings are locked, and used again. */
struct measured {
    duckdb_connection con; /* NULL: in use */
};

struct engine {
    duckdb_database db;
    struct measured measured[MEASURED_CONNECTIONS];
    struct lock lock; /* guards measured, allowed, n_allowed, locked, inserting */
    char **allowed;   /* directories given to engine_allow_directory */
    size_t n_allowed;
    bool locked;
    struct insert_rows *inserting; /* by insert.c */
    struct running_list running;
    struct engine_files *files; /* by files.c; NULL: none */
};

/* An INSERT of a table, by insert.c. */
struct insert_statement {
    struct arena *a; /* of the texts */
    struct str database, table, sql;
    struct kql_schema schema; /* types only */
    duckdb_prepared_statement prepared;
};
enum { INSERT_MAX_KEPT = 16 };

struct engine_conn {
    struct engine *g;
    duckdb_connection con;
    bool in_transaction;
    bool keeps; /* statements of insert.c; else they go with their appender */
    struct insert_statement kept[INSERT_MAX_KEPT]; /* the one used last at the end */
    size_t n_kept;
};

/* In front of a message that SQL raises with error() when a limit of ours is reached. */
#define DUCK_LIMIT_MARK "vedette limit: "
/* Turns the database's error into ours: ERR_LIMIT for memory, ERR_IO for disks, else ERR_INTERNAL
 * with a reference. The database's words and the SQL (cut) go to the log. what: "query", "commit" …
 * Returns false. */
bool duck_fail(struct err *e, const char *what, const char *message, duckdb_error_type type,
               struct str sql);

/* Connects; NULL and e on failure. */
duckdb_connection duck_connect(struct engine *g, struct err *e);
/* Runs statements for their effect. */
bool duck_exec(duckdb_connection con, struct str sql, struct err *e);

/* Executes one statement under limits (running NULL: none), in a transaction of its own. The result
 * is complete when it returns true. One transaction from planning to the end: the planner drops a
 * condition that holds for all rows by the statistics, and rows that come before a later
 * transaction runs the plan need not meet it. */
bool duck_execute(duckdb_connection con, struct str sql, struct running *running,
                  duckdb_result *out, struct err *e);
/* The same in the transaction that the connection is in, or for a statement that ends one or can't
 * be in one. */
bool duck_execute_inside(duckdb_connection con, struct str sql, struct running *running,
                         duckdb_result *out, struct err *e);
/* As duck_exec for one statement that writes much: this thread leaves the processor to the
 * database's workers while it waits for them. */
bool duck_exec_patiently(duckdb_connection con, struct str sql, struct err *e);
/* A failed commit has rolled back already: the database then answers that there is nothing to do,
 * which is no error here. */
void duck_rollback(duckdb_connection con);
bool duck_execute_prepared(duckdb_connection con, duckdb_prepared_statement stmt, struct str sql,
                           struct running *running, duckdb_result *out, struct err *e);
/* Enters what the connection is about to run. */
struct running *duck_running(struct engine *g, duckdb_connection con,
                             const struct running_limits *limits);

/* ---- measured.c ---- */
bool measured_open(struct engine *g, struct err *e) MUST_USE;
void measured_close(struct engine *g);
/* NULL: none is free. */
duckdb_connection measured_take(struct engine *g);
void measured_give(struct engine *g, duckdb_connection con);
/* As duck_execute on such a connection; adds what the statement took. */
bool measured_execute(duckdb_connection con, struct str sql, struct running *running,
                      duckdb_result *out, struct engine_cost *cost, struct err *e);

/* Takes the chunks of a result. max_rows, max_bytes: 0 = none. NULL with e set (ERR_INTERNAL): its
 * columns do not have the physical types of schema. */
struct engine_rows *duck_rows_take(duckdb_result *result, const struct kql_schema *schema,
                                   size_t max_rows, size_t max_bytes, struct err *e);
/* How a Kusto type is kept. The caller destroys it. */
duckdb_logical_type duck_logical_type(enum kql_type t);
/* An UUID or DECIMAL(38,18) cell as Kusto prints it. */
void duck_guid_text(duckdb_hugeint v, struct sbuf *out);
void duck_decimal_text(duckdb_hugeint v, struct sbuf *out);
/* A HUGEINT: a decimal too large for DECIMAL(38,18), as parse_version() gives it. */
void duck_huge_text(duckdb_hugeint v, struct sbuf *out);
bool duck_decimal_parse(struct str s, duckdb_hugeint *out);
