/* The list of families of C functions: one line each. */
#include "engine/duckdb/cfunc.h"
#include "engine/duckdb/fn.h"

const struct cf_family cf_families[] = {
    {fn_arith_rows, NULL}, {fn_convert_rows, NULL}, {fn_dyn_rows, NULL}, {fn_term_rows, NULL},
    {NULL, NULL},
};
