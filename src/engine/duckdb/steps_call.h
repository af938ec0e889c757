/* Calls of C functions outside of the database: what the templates of emit_funcs.c say with one
 * call, computed for one row after another. */
#pragma once
#include "engine/duckdb/fn.h"
#include "engine/duckdb/steps.h"

/* A function with the conversions of its arguments. Shared by threads. */
struct step_outside;
/* NULL: no template says the call with one function. args: constants among them are prepared for.
 * t: the type wanted. Memory: a's; step_outside_end before a goes. */
struct step_outside *step_outside_new(struct arena *a, struct str name,
                                      const struct step_expr *args, size_t n, enum kql_type t);
void step_outside_end(struct step_outside *x);

/* What one thread needs to call. Working memory counts as that of c, whose query it asks. */
struct step_caller;
struct step_caller *step_caller_new(struct cf_call *c);
/* Hands a refusal on to c. */
void step_caller_free(struct step_caller *k);
/* Texts of the result lie in a. */
struct kql_value step_outside_call(const struct step_outside *x, struct step_caller *k,
                                   struct arena *a, const struct kql_value *v, size_t n);
