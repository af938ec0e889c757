/* A plan as one SQL statement. */
#pragma once
#include "engine/engine.h"

enum { EMIT_MAX_SQL_BYTES = 64 << 20 };

/* The externaldata of a statement: its SQL reads number i from temp.main.external<i>, which whoever
 * runs it fills before. */
struct emit_externals {
    struct arena *a;
    VEC(const struct plan *) nodes;
};

/* Writes the statement for p. The columns of the result are in the order of p->cols; their names
 * are internal. max_rows 0: all, else one row more than max_rows is asked for, so that the reader
 * sees that it was cut. Errors: ERR_UNSUPPORTED with the position of what is not built yet,
 * ERR_LIMIT, what src gives. */
bool emit_statement(const struct plan *p, const struct engine_source *src, size_t max_rows,
                    struct emit_externals *externals, struct sbuf *out, struct err *e) MUST_USE;
