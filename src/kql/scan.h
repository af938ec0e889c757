/* What the scan operator's steps say: the detail of a P_PROGRAM called "scan". Its columns are
 * those of the input, the declared ones and, if asked for, the match's number. Source: "scan
 * operator" of the Kusto reference. */
#pragma once
#include "kql/plan.h"

enum { SCAN_MAX_STEPS = 64 };

/* A name in a step that is not a column of the row: EX_COLUMN with this id. */
struct scan_ref {
    uint32_t id;
    enum {
        SCAN_STATE,   /* step.column: of the record that matched the step last */
        SCAN_DECLARED /* column: what was declared, as it is before any assignment */
    } kind;
    size_t step;      /* STATE: index of the step */
    bool of_declared; /* STATE: at counts the declared columns, not the input's */
    size_t at;
};
struct scan_set {
    size_t at; /* index of the declared column */
    struct expr *e;
};
struct scan_step {
    struct str name;
    enum { SCAN_OUTPUT_ALL, SCAN_OUTPUT_LAST, SCAN_OUTPUT_NONE } output;
    struct expr *condition;
    struct scan_set *sets;
    size_t n_sets;
};
struct scan {
    const struct plan *in;
    struct scan_step *steps;
    size_t n_steps;
    struct plan_col *declared;
    struct kql_value *defaults; /* one a declared column */
    size_t n_declared;
    VEC(struct scan_ref) refs;
    bool match_id; /* the last column of the node numbers the matches */
};
