/* INSERT of chunks of rows; see insert.c. For the files of this folder. */
#pragma once
#include "engine/duckdb/duck_priv.h"

/* Makes the function of tables that the statements read from. */
bool insert_register(struct engine *g, duckdb_connection con, struct err *e) MUST_USE;
/* The statement of a table whose columns have the types of schema: one that the connection has
 * kept, or a new one. The caller's, until insert_keep or insert_forget. Empty database: the
 * connection's own. */
bool insert_prepare(struct engine_conn *c, struct str database, struct str table,
                    const struct kql_schema *schema, struct insert_statement *out,
                    struct err *e) MUST_USE;
/* Inserts the rows of the chunks in their order. The chunks are shared only until it returns. */
bool insert_run(struct engine_conn *c, const struct insert_statement *s, duckdb_data_chunk *chunks,
                size_t n, struct err *e) MUST_USE;
void insert_keep(struct engine_conn *c, struct insert_statement *s);
void insert_forget(struct insert_statement *s); /* an empty one is fine */
void insert_forget_kept(struct engine_conn *c);
