/* A plan as one SQL statement. */
#pragma once
#include "engine/engine.h"

enum { EMIT_MAX_SQL_BYTES = 64 << 20 };

/* Writes the statement for p. The columns of the result are in the order of p->cols; their names
 * are internal. max_rows 0: all, else one row more than max_rows is asked for, so that the reader
 * sees that it was cut. Errors: ERR_UNSUPPORTED with the position of what is not built yet,
 * ERR_LIMIT, what src gives. */
bool emit_statement(const struct plan *p, const struct engine_source *src, size_t max_rows,
                    struct sbuf *out, struct err *e) MUST_USE;
