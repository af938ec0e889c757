/* Parquet files as lines of JSON, in bounded memory, by a database of their own. */
#pragma once
#include "kql/types.h"

struct engine_parquet;
/* memory_bytes: of the reader. Errors: ERR_INVALID: not a Parquet file, or damaged; ERR_IO. */
struct engine_parquet *engine_parquet_open(const char *path, size_t memory_bytes,
                                           struct err *e) MUST_USE;
/* Its columns, by the types of Kusto that hold them: numbers without a sign of 64 bits and decimals
 * are decimal, times of day and intervals string, nested values dynamic. Lives in a. */
bool engine_parquet_schema(struct engine_parquet *p, struct arena *a, struct kql_schema *out,
                           struct err *e) MUST_USE;
/* Appends rows, one JSON object a line, until out holds want bytes or more; *ended: there are no
 * more. Times are ISO 8601 in UTC, NaN and infinities texts, nested values JSON, bytes text with
 * \xNN. */
bool engine_parquet_read(struct engine_parquet *p, size_t want, struct sbuf *out, bool *ended,
                         struct err *e) MUST_USE;
void engine_parquet_close(struct engine_parquet *p); /* NULL is fine */

struct engine_rows;
/* Writes rows to a new file at path. Times are timestamps in nanoseconds, or in microseconds where
 * a column has times before 1697 or after 2243; spans are ticks (100 ns), guids UUIDs, dynamic
 * values JSON text. memory_bytes: of the writer. Errors: ERR_IO, ERR_LIMIT. */
bool engine_parquet_write(const struct engine_rows *rows, const char *path, size_t memory_bytes,
                          struct err *e) MUST_USE;
