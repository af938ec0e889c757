/* Patterns in tables: values of some columns that many rows share. Rows are small numbers here; the
 * answer depends on the rows alone, not on their order as long as they are sorted.
 * Source: the autocluster, basket and diffpatterns plugins of the Kusto reference; the search of
 * single patterns after R. Ofer et al., "Algorithms for Telemetry Data Mining using Discrete
 * Attributes" (2017); frequent sets depth first as in K. Beyer and R. Ramakrishnan, "Bottom-Up
 * Computation of Sparse and Iceberg Cubes" (1999). */
#pragma once
#include "base/base.h"

enum {
    MINE_SETS = 2,
    MINE_MAX_CODES = 256,
    MINE_MAX_DIMENSIONS = 32, /* that are chosen; values which follow from them come on top */
    MINE_MAX_PATTERNS = 100000
};

struct mine_rows {
    size_t n_columns, n;
    const uint8_t *codes;      /* column by column; 0: a value that is too rare to matter */
    const double *weights;     /* MINE_SETS a row: of the first set, of the second */
    double totals[MINE_SETS];  /* of all rows, also of those that are not here */
    bool (*stops)(void *self); /* asked now and then; true ends the search. NULL: nobody asks */
    void *self;
};
struct mine_pattern {
    const uint8_t *cells; /* one a column; 0: any value */
    size_t n_fixed;
    double weights[MINE_SETS]; /* of the rows that have these values */
    double score;
};
struct mine_patterns {
    struct mine_pattern *p;
    size_t n;
    bool complete; /* false: there are more than the limits allow, or the search was stopped */
};

/* All closed patterns (no further column has one value in all their rows) whose share of a set is
 * at least `least` and which need at most max_dimensions values to tell their rows. Memory: a's. */
struct mine_patterns mine_closed(struct arena *a, const struct mine_rows *r, double least,
                                 size_t max_dimensions);
/* The same for more and more dimensions, as far as the limits reach: complete if they reach at
 * all. */
struct mine_patterns mine_deepening(struct arena *a, const struct mine_rows *r, double least,
                                    size_t max_dimensions);
/* At most n_seeds patterns of the first set: from the heaviest row that none covers yet, value by
 * value, up to where the score of the rows that are new is best. Score: share^size_weight · (share
 * of columns fixed)^(1 - size_weight), of all its rows in the result. */
struct mine_patterns mine_seeds(struct arena *a, const struct mine_rows *r, double least,
                                double size_weight, size_t n_seeds);

/* Best score first; equals by weight, then by cells. */
void mine_sort(const struct mine_rows *r, struct mine_patterns *v);
/* Keeps, from the front, what is neither a part nor a special case of a kept one and has at least
 * the share `least_new` of its weight outside of them. */
void mine_choose(struct arena *a, const struct mine_rows *r, struct mine_patterns *v,
                 double least_new);
