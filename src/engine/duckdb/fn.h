/* The tables of C functions, one line a family; see cfunc.h. */
#pragma once
#include "engine/duckdb/cfunc.h"

extern const struct cf_scalar fn_agent_rows[];
extern const struct cf_scalar fn_arith_rows[];
extern const struct cf_scalar fn_array_rows[];
extern const struct cf_scalar fn_convert_rows[];
extern const struct cf_scalar fn_date_rows[];
extern const struct cf_scalar fn_distribution_rows[];
extern const struct cf_scalar fn_dyn_rows[];
extern const struct cf_scalar fn_encode_rows[];
extern const struct cf_scalar fn_geo_grid_rows[];
extern const struct cf_scalar fn_geo_rows[];
extern const struct cf_scalar fn_geo_shape_rows[];
extern const struct cf_scalar fn_geoip_rows[];
extern const struct cf_scalar fn_graph_rows[];
extern const struct cf_aggregate fn_graph_aggregates[];
extern const struct cf_scalar fn_hash_rows[];
extern const struct cf_scalar fn_hll_rows[];
extern const struct cf_aggregate fn_hll_aggregates[];
extern const struct cf_scalar fn_ip_rows[];
extern const struct cf_scalar fn_list_rows[];
extern const struct cf_scalar fn_math_rows[];
extern const struct cf_aggregate fn_math_aggregates[];
extern const struct cf_aggregate fn_mine_aggregates[];
extern const struct cf_aggregate fn_mine_common_aggregates[];
extern const struct cf_scalar fn_pack_rows[];
extern const struct cf_scalar fn_parse_rows[];
extern const struct cf_scalar fn_path_rows[];
extern const struct cf_scalar fn_parse_kv_rows[];
extern const struct cf_aggregate fn_reduce_aggregates[];
extern const struct cf_scalar fn_regex_rows[];
extern const struct cf_scalar fn_remove_rows[];
extern const struct cf_scalar fn_scan_rows[];
extern const struct cf_scalar fn_schema_rows[];
extern const struct cf_scalar fn_series_decompose_rows[];
extern const struct cf_scalar fn_series_fit_rows[];
extern const struct cf_scalar fn_series_fourier_rows[];
extern const struct cf_scalar fn_series_periods_rows[];
extern const struct cf_scalar fn_series_poly_rows[];
extern const struct cf_scalar fn_series_rows[];
extern const struct cf_scalar fn_string_rows[];
extern const struct cf_scalar fn_tdigest_rows[];
extern const struct cf_aggregate fn_tdigest_aggregates[];
extern const struct cf_scalar fn_term_rows[];
extern const struct cf_scalar fn_text_rows[];
extern const struct cf_scalar fn_units_rows[];
