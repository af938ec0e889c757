/* The list of families of C functions: one line each. */
#include "engine/duckdb/cfunc.h"
#include "engine/duckdb/fn.h"

const struct cf_family cf_families[] = {
    /* clang-format off: one a line */
    {fn_agent_rows, NULL},
    {fn_arith_rows, NULL},
    {fn_array_rows, NULL},
    {fn_convert_rows, NULL},
    {fn_date_rows, NULL},
    {fn_distribution_rows, NULL},
    {fn_dyn_rows, NULL},
    {fn_encode_rows, NULL},
    {fn_geo_grid_rows, NULL},
    {fn_geo_rows, NULL},
    {fn_geo_shape_rows, NULL},
    {fn_geoip_rows, NULL},
    {fn_hash_rows, NULL},
    {fn_hll_rows, fn_hll_aggregates},
    {fn_ip_rows, NULL},
    {fn_list_rows, NULL},
    {fn_math_rows, fn_math_aggregates},
    {NULL, fn_mine_aggregates},
    {NULL, fn_mine_common_aggregates},
    {fn_pack_rows, NULL},
    {fn_parse_rows, NULL},
    {fn_parse_kv_rows, NULL},
    {fn_path_rows, NULL},
    {NULL, fn_reduce_aggregates},
    {fn_regex_rows, NULL},
    {fn_remove_rows, NULL},
    {fn_scan_rows, NULL},
    {fn_schema_rows, NULL},
    {fn_series_fit_rows, NULL},
    {fn_series_rows, NULL},
    {fn_string_rows, NULL},
    {fn_tdigest_rows, fn_tdigest_aggregates},
    {fn_term_rows, NULL},
    {fn_text_rows, NULL},
    {fn_units_rows, NULL},
    {NULL, NULL},
    /* clang-format on */
};
