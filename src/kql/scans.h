/* Tables that several queries read, to be read once for all of them: the rows that any of them lets
 * through. */
#pragma once
#include "kql/gates.h"

/* One reading of a table by a query. */
struct kql_scan {
    struct plan *table; /* P_TABLE */
    struct kql_gate asked;
};
struct kql_scans {
    VEC(struct kql_scan) v;
};
/* Readings with a condition of more than time right above the table: what else a query reads would
 * be copied as a whole. */
void kql_scans_find(struct arena *a, struct plan *p, struct kql_scans *out);
/* By workspace and table: those that compare equal are of one table. */
int kql_scan_order(const struct kql_scan *x, const struct kql_scan *y);
/* A plan of all columns that scans of one table read, and of the rows that any of them lets
 * through. Of scans which see another type in a column than one before asked becomes NULL, and they
 * are left out. n > 0. Lives in a, with what the scans point to. */
struct plan *kql_scans_union(struct arena *a, struct kql_scan *scans, size_t n);
/* From now on the scan reads the copy of that name, which holds the union's rows, with column i of
 * the union named f<i>. */
void kql_scan_use(struct arena *a, const struct kql_scan *scan, const struct plan *all,
                  struct str copy);
