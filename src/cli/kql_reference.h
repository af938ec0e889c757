/* vedette kql reference: what of KQL works, found out by running it. */
#pragma once
#include "base/base.h"

/* argv[0] is "reference". Exit code: 0 fine, 1 the engine did not start, 2 usage. */
int kql_reference_command(int argc, char **argv);

/* ---- kql_probe.c: runs small queries over a table T of two rows with a column of each type ----
 */
struct probe;
/* print: each query that runs goes to standard output, a line of JSON text. */
struct probe *probe_open(bool print, struct err *e) MUST_USE;
void probe_close(struct probe *p); /* NULL is fine */
enum probe_result {
    PROBE_RUNS,
    PROBE_REFUSED, /* the arguments make no sense: says nothing about the function */
    PROBE_FAILS    /* not supported, or it failed */
};
enum probe_result probe_query(struct probe *p, struct str query);

struct kql_func;
/* The signatures of a function that run, one a line, as people write them; "" if none does. In a.
 * refused: some signature's arguments were no good, so the function needs an example. */
struct str probe_function(struct probe *p, struct arena *a, const struct kql_func *f,
                          bool *refused);

/* ---- kql_examples.c ---- */
enum example_kind { EX_STATEMENT, EX_OPERATOR, EX_PLUGIN, EX_FUNCTION };
struct kql_example {
    enum example_kind kind;
    const char *name;
    const char *query; /* over T; statements stand alone */
    const char *page;  /* of the documentation; NULL: made from the name */
};
extern const struct kql_example kql_examples[];
extern const size_t kql_n_examples;
