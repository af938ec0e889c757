/* What the plugins autocluster, basket and diffpatterns are asked: the detail of a P_PROGRAM of
 * that name. Its columns are the plugin's own, then those of the input. Source: the plugins' pages
 * of the Kusto reference. */
#pragma once
#include "kql/plan.h"

enum mine_kind { MINE_AUTOCLUSTER, MINE_BASKET, MINE_DIFFPATTERNS };
struct mine_column {
    struct plan_col in;
    bool mined;                /* false: it tells weights or sets, and is a wildcard in all rows */
    struct kql_value wildcard; /* where a pattern says nothing about the column */
};
struct mine {
    enum mine_kind kind;
    double threshold;   /* least share of the rows that a pattern has */
    double size_weight; /* AUTOCLUSTER: 0 … 1 */
    int64_t n_seeds;    /* AUTOCLUSTER */
    int64_t max_dimensions;
    struct expr *weight;     /* of a row; NULL: 1 */
    struct expr *split;      /* DIFFPATTERNS: the column that tells the sets … */
    struct str set_a, set_b; /* … and its values as text */
    size_t n_own;            /* columns in front of the input's */
    struct mine_column *columns;
    size_t n_columns;
};
