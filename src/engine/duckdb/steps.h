/* Small expressions over values of rows, evaluated one row after another: what a step of scan says
 * of the records before, which no SQL expression can see. */
#pragma once
#include "engine/duckdb/jscan.h"
#include "kql/functions.h"
#include "text/json.h"

struct step_outside; /* steps_call.h */
struct step_caller;

/* A function that steps can evaluate. */
struct step_function;
/* NULL: not one of them. name is KQL's: "+", "iff" … dynamic: some argument or the result is. */
const struct step_function *step_function_find(struct str name, bool dynamic);

struct step_expr {
    enum {
        STEP_CONST,
        STEP_ROW,
        STEP_STATE_ROW,
        STEP_STATE_DECLARED,
        STEP_CALL,
        STEP_OUTSIDE
    } kind;
    enum kql_type type;
    struct kql_value value;         /* CONST */
    size_t step, at;                /* of the state; at: number of the value */
    const struct step_function *fn; /* CALL */
    struct step_outside *outside;   /* OUTSIDE */
    struct step_expr *args;
    size_t n;
};
/* What an expression may look at. Values of rows are JSON, decoded when they are read; datetimes
 * and timespans are ticks. NULL state: nothing matched the step yet. */
struct step_row {
    struct arena *a; /* for texts that are made */
    const struct str *row;
    void *self;
    const struct str *(*state_row)(void *self, size_t step);
    struct kql_value (*state_declared)(void *self, size_t step, size_t at);
    struct step_caller *caller; /* for OUTSIDE */
};
struct kql_value step_eval(const struct step_expr *x, const struct step_row *r);
/* A condition: null counts as false. */
bool step_true(const struct step_expr *x, const struct step_row *r);
/* A JSON item as a value of a type. */
struct kql_value step_value(struct arena *a, struct str item, enum kql_type t);
/* The reverse. */
void step_write(struct json_out *w, const struct kql_value *v);
