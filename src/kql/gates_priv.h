/* What gates.c and scans.c share: conditions right above a table, and plans that are made of those
 * of several queries. */
#pragma once
#include "kql/gates.h"

/* Adds what e asks of a row of the gate's table alone. Conditions that are not read are left out:
 * that only lets more rows pass. */
void gate_add_conditions(struct arena *a, struct kql_gate *g, struct expr *e);

/* One table, read for many gates. */
struct gate_reader {
    struct arena *a;
    struct plan *table;  /* with the columns that the gates name */
    struct map *columns; /* stored name → index + 1 */
    uint32_t next_id;
};
/* Of the table of gates[0]. */
struct gate_reader gate_reader_of(struct arena *a, const struct kql_gate *gates, size_t n);
/* The i-th column of a gate's table. Moves when columns are added. */
const struct plan_col *gate_column(struct gate_reader *c, const struct plan *table, size_t i);
/* All conditions of a gate, over the reader's columns. */
struct expr *gate_all_of(struct gate_reader *c, const struct kql_gate *g);
struct expr *gate_call(struct arena *a, const char *name, enum kql_type type, struct expr *x,
                       struct expr *y); /* y NULL: of one argument */
struct expr *gate_constant(struct arena *a, struct kql_value v);
/* cols are to be set. */
struct plan *gate_filter(struct arena *a, struct plan *in, struct expr *e);
