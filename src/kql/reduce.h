/* What the operator reduce is asked: the detail of a P_PROGRAM called "reduce". Its columns are
 * Pattern, Count, Representative or, with of_source, those of the input and Pattern. Source:
 * "reduce operator" of the Kusto reference. */
#pragma once
#include "kql/plan.h"

struct reduce {
    struct expr *text;     /* string */
    double threshold;      /* least share of the rows that a pattern has */
    struct str characters; /* that part words; empty: what is neither a letter nor a digit */
    bool of_source;        /* kind = source: a pattern for each row */
};
