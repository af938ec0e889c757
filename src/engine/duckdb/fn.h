/* The tables of C functions, one line a family; see cfunc.h. */
#pragma once
#include "engine/duckdb/cfunc.h"

extern const struct cf_scalar fn_arith_rows[];
extern const struct cf_scalar fn_convert_rows[];
extern const struct cf_scalar fn_dyn_rows[];
extern const struct cf_scalar fn_term_rows[];
