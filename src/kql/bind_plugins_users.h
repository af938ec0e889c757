/* What the plugins about users share: their arguments, and templates of plain KQL. */
#pragma once
#include "kql/bind_plugins.h"

enum { MAX_DIMENSIONS = 32, MAX_SEQUENCE = 32, MAX_CONSTANTS = 8 };

/* A call after its arguments have been read. */
struct user_call {
    const struct plugin_call *v;
    struct binding *env; /* of the template */
    const struct plan_col *id, *time, *state;
    struct str dims[MAX_DIMENSIONS];
    size_t n_dims;
    struct named_expr list[MAX_DIMENSIONS + 4]; /* columns of _T */
    size_t n_list;
    struct {
        struct str role;
        const struct expr *e;
        const struct syn *at;
    } constants[MAX_CONSTANTS];
    size_t n_constants;
    bool has_start, has_cohort, has_lookback;
    bool from_start;     /* periods start at _start, not at multiples of _step */
    struct str calendar; /* of a step such as "week"; empty: a number or a span */
    size_t n_sequence, n_periods;
    bool repeats; /* the sequence has a state twice in a row */
};

/* Writes a template's text. In a template stand
 *   _T              the input with _id, _t (the time), _state and the dimensions _d0 …
 *   _start, _end …  the constants; _past the table of a lookback
 *   $D $A $P        ", _d0, _d1", ", _d0 asc, _d1 asc", " or _d0 != prev(_d0) …"
 *   $W $L           "| where …" for the range of time, "where _b <= …" for its end
 *   $B $E $F        the period of _t, that of _t by _inner, that of _start
 *   $N $O $R        the period after _b, the one _k after it, all from _start to _end
 *   $T $X           how many periods _lookback has, the first time in it
 *   $H $K           only the cohort, only who is not in _past */
void user_text(const struct user_call *u, const char *text, struct sbuf *out);
/* The texts of funnel_sequence_completion and funnel_sequence; the sequence is not empty. */
void funnel_completion_text(const struct user_call *u, struct sbuf *out);
void funnel_sequence_text(const struct user_call *u, struct sbuf *out);
