/* What the store needs from the engine beside queries: its own database files, internal SQL,
 * transactions and bulk appending. SQL given here is written by us, identifiers and literals
 * through sql_ident, sql_text and sql_value; text from users never gets in any other way. Errors of
 * the database become ERR_IO or ERR_INTERNAL; the database's own words go to the log only. */
#pragma once
#include "engine/engine.h"

/* ---- database files ---- */
/* Attaches (creating it when absent) the file at path under the database name. Names: our own, for
 * example "ws_3". */
bool engine_attach(struct engine *g, struct str name, const char *path, struct err *e) MUST_USE;
/* Checkpoints and detaches. No connection may be using it. */
bool engine_detach(struct engine *g, struct str name, struct err *e) MUST_USE;
/* Closes the door behind the last attached file: from now on no SQL can name a file, load an
 * extension or change a setting. engine_attach, engine_detach and engine_allow_directory fail
 * afterwards. */
bool engine_lock_down(struct engine *g, struct err *e) MUST_USE;
/* Before engine_lock_down: files below dir stay readable and attachable (workspaces created later,
 * parts of the lake). With at least one allowed directory engine_attach keeps working below it. */
bool engine_allow_directory(struct engine *g, const char *dir, struct err *e) MUST_USE;
/* Size of the write-ahead log at which a commit checkpoints by itself; default 1 GiB. Before
 * engine_lock_down. */
bool engine_set_checkpoint_bytes(struct engine *g, size_t bytes, struct err *e) MUST_USE;
/* Makes a file at path, which must not exist, that holds what the database holds at one moment;
 * writers of the database go on meanwhile. Below an allowed directory, as engine_attach. */
bool engine_copy_database(struct engine *g, struct str database, const char *path,
                          struct err *e) MUST_USE;
bool engine_checkpoint(struct engine *g, struct str database, struct err *e) MUST_USE;

/* ---- files that the store opens and reads ----
 * A FROM item may read a list of Parquet files by its number: the database asks for their names,
 * and opens and reads them, by these calls, on its own threads. It looks at nothing else of them:
 * no link is resolved, no folder is searched. */
enum { ENGINE_FILE_NAME_BYTES = 256 };
struct engine_wait {
    void *self;
    bool (*over)(void *self, struct err *e); /* the query has to end: ERR_CANCELLED, ERR_TIMEOUT */
};
struct engine_file_calls {
    void *self;
    /* With a reference of the caller's; NULL: there is no such list (less than 2^32). */
    void *(*list)(void *self, uint64_t number);
    void (*list_drop)(void *list);
    size_t (*list_count)(const void *list);
    /* Names rise with their place, and are another file's never: what is read of a file may be kept
     * under its name. */
    void (*list_name)(const void *list, size_t at, char name[ENGINE_FILE_NAME_BYTES]);
    /* here: on a disk of this machine, where many small reads cost little. An error with a kind or
     * another code than ERR_IO is the query's error as it is. */
    void *(*open)(void *self, uint64_t list, size_t at, int64_t *out_bytes, bool *out_here,
                  struct err *e);
    bool (*read)(void *file, void *to, size_t n, int64_t at, const struct engine_wait *wait,
                 struct err *e);
    void (*close)(void *file);
};
/* Before engine_lock_down; calls stays until engine_close. Errors: ERR_UNSUPPORTED: another version
 * of the database than the program was built for. */
bool engine_files_open(struct engine *g, const struct engine_file_calls *calls,
                       struct err *e) MUST_USE;
/* The beginning of a FROM item over a list, up to more arguments and ')'. */
void engine_files_item(uint64_t list, struct sbuf *out);

/* ---- internal SQL ---- */
/* Runs one or more statements on a connection of its own; rows are thrown away. */
bool engine_exec(struct engine *g, struct str sql, struct err *e) MUST_USE;

/* A connection: one thread at a time. Transactions, appenders and temporary objects belong to it.
 */
struct engine_conn;
struct engine_conn *engine_conn_open(struct engine *g, struct err *e) MUST_USE;
void engine_conn_close(struct engine_conn *c); /* rolls back an open transaction; NULL is fine */
bool engine_conn_exec(struct engine_conn *c, struct str sql, struct err *e) MUST_USE;
/* False as a parameter of statements that engine_conn_query and engine_run run: what depends on it,
 * such as the arguments of a function of tables, is bound when the statement runs. */
#define ENGINE_FALSE_LATE "$1"
/* Runs a SELECT whose columns have the types of schema (engine representation); caller frees the
 * rows. */
bool engine_conn_query(struct engine_conn *c, struct str sql, const struct kql_schema *schema,
                       struct engine_rows **out, struct err *e) MUST_USE;
/* Runs a SELECT whose columns are all text and hands each value that is not null to fn with its
 * column, as the database reads them, in no promised order. The value is borrowed for the call. */
struct engine_texts {
    void *self;
    void (*fn)(void *self, size_t col, struct str value);
};
bool engine_conn_texts(struct engine_conn *c, struct str sql, const struct engine_texts *t,
                       struct err *e) MUST_USE;
bool engine_begin(struct engine_conn *c, struct err *e) MUST_USE;
/* When it returns true the transaction is on disk. On false it has been rolled back. */
bool engine_commit(struct engine_conn *c, struct err *e) MUST_USE;
void engine_rollback(struct engine_conn *c);

/* ---- bulk appending ----
 * Values are collected column by column in chunks, which are inserted when they are many and at the
 * end. Columns in table order. */
struct engine_appender;
struct engine_appender *engine_append_open(struct engine_conn *c, struct str database,
                                           struct str table, const struct kql_schema *schema,
                                           struct err *e) MUST_USE;
/* Sets a cell of the row under construction; unset cells are null ('' for string). The value's type
 * must be the column's. */
void engine_append_value(struct engine_appender *a, size_t col, const struct kql_value *v);
void engine_append_string(struct engine_appender *a, size_t col,
                          struct str v); /* string and dynamic */
/* The same without a copy: v's bytes stay until engine_append_close. */
void engine_append_borrowed(struct engine_appender *a, size_t col, struct str v);
/* 16 bytes in the order of the text form. */
void engine_append_guid(struct engine_appender *a, size_t col, const uint8_t bytes[16]);
void engine_append_long(struct engine_appender *a, size_t col,
                        int64_t v); /* long, int, datetime, timespan */
void engine_append_real(struct engine_appender *a, size_t col, double v);
void engine_append_bool(struct engine_appender *a, size_t col, bool v);
bool engine_append_end_row(struct engine_appender *a, struct err *e) MUST_USE;
/* Hands over what is left and frees the appender, also on failure. Rows are part of the
 * connection's transaction. */
bool engine_append_close(struct engine_appender *a, struct err *e) MUST_USE;
/* Frees it without handing over what is left; roll the transaction back afterwards. */
void engine_append_abort(struct engine_appender *a);

/* ---- copies ----
 * Rows that a plan gives, kept in memory under a name of ours for the statements that follow: its
 * i-th column is called f<i>. More than max_rows of lim: nothing is kept, and *out_rows is more.
 * Counts to the engine's memory. */
bool engine_copy_make(struct engine *g, struct str name, const struct plan *p,
                      const struct engine_source *src, const struct engine_limits *lim,
                      size_t *out_rows, struct err *e) MUST_USE;
void engine_copy_drop(struct engine *g, struct str name);
/* The copy as a FROM item. */
void engine_copy_item(struct str name, struct sbuf *out);

/* ---- members of dynamic columns ----
 * SQL of a member in a form. column: SQL of the dynamic column; path: JSON array of keys. */
void engine_sql_path(struct str column, struct str path, enum engine_path_form form,
                     struct sbuf *out);
/* The same of a column that engine_sql_path_keep filled. */
void engine_sql_path_kept(enum kql_type type, struct str column, enum engine_path_form form,
                          struct sbuf *out);
/* What of a member is kept in a column of the type, from which all its forms can be had without
 * loss if each value is of that type's kind: long, real, bool, string; of any kind: dynamic. Rows
 * without the member have null. */
void engine_sql_path_keep(enum kql_type type, struct str column, struct str path, struct sbuf *out);
/* SQL of the kinds of all values of a member in the rows of a group, as a sum of bits, and the type
 * that loses nothing of them. No value: bool. */
void engine_sql_path_kinds(struct str column, struct str path, struct sbuf *out);
enum kql_type engine_path_type(int64_t kinds);

/* SQL of a column of one type (sql, in engine representation) as of the column that it was widened
 * to: kql_value_widen() of each value. */
void engine_sql_widen(struct str sql, enum kql_type from, unsigned former, enum kql_type to,
                      struct sbuf *out);

/* DDL: the database's name of a type: "VARCHAR", "BIGINT" … */
const char *engine_sql_type(enum kql_type t);
