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

struct emit_limits {
    size_t most_rows; /* of the result; 0: all */
    struct engine_size size;
};
/* Writes the statement for p. The columns of the result are in the order of p->cols; their names
 * are internal. Errors: ERR_UNSUPPORTED with the position of what is not built yet, ERR_LIMIT, what
 * src gives. */
bool emit_statement(const struct plan *p, const struct engine_source *src,
                    const struct emit_limits *limits, struct emit_externals *externals,
                    struct sbuf *out, struct err *e) MUST_USE;
