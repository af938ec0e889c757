/* Scalar functions as SQL: one row each. Columns: emit_priv.h, struct emit_func. Rows of one name
 * stand together; the first that takes the number of arguments wins. SQL here never raises and
 * never gives NULL for a string. */
#include "engine/duckdb/emit_priv.h"

static const struct emit_func funcs[] = {
    /* ---- places ---- */
    {"geo_azimuth", "dddd", "vdf_geo_azimuth($1, $2, $3, $4)"},
    {"geo_distance_2points", "dddd", "vdf_geo_distance($1, $2, $3, $4)"},
    {"geo_geohash_to_central_point", "s", "vdf_geohash_center($1)"},
    {"geo_geohash_to_polygon", "s", "vdf_geohash_polygon($1)"},
    {"geo_point_in_circle", "ddddd", "vdf_geo_in_circle($1, $2, $3, $4, $5)"},
    {"geo_point_to_geohash", "dd", "vdf_geo_to_geohash($1, $2, 5)"},
    {"geo_point_to_geohash", "ddl", "vdf_geo_to_geohash($1, $2, $3)"},
    /* ---- strings ---- */
    {"countof", "ss", "vdf_countof($1, $2, '')"},
    {"countof", "sss", "vdf_countof($1, $2, $3)"},
    {"extract_all", "ss", "vdf_extract_all($1, $2)"},
    {"extract_all", "sjs", "vdf_extract_all($1, $2, $3)"},
    {"extractall", "sjs", "vdf_extract_all($1, $2, $3)"},
    {"extractall", "ss", "vdf_extract_all($1, $2)"},
    {"format_bytes", "d", "vdf_format_bytes($1, 0, '')"},
    {"format_bytes", "dl", "vdf_format_bytes($1, $2, '')"},
    {"format_bytes", "dls", "vdf_format_bytes($1, $2, $3)"},
    {"has_any_index", "sj", "vdf_has_any_index($1, $2)"},
    {"indexof", "ss", "vdf_indexof($1, $2, 0, -1, 1)"},
    {"indexof", "ssl", "vdf_indexof($1, $2, $3, -1, 1)"},
    {"indexof", "ssll", "vdf_indexof($1, $2, $3, $4, 1)"},
    {"indexof", "sslll", "vdf_indexof($1, $2, $3, $4, $5)"},
    {"indexof_regex", "ss", "vdf_indexof_regex($1, $2, 0, -1, 1)"},
    {"indexof_regex", "ssl", "vdf_indexof_regex($1, $2, $3, -1, 1)"},
    {"indexof_regex", "ssll", "vdf_indexof_regex($1, $2, $3, $4, 1)"},
    {"indexof_regex", "sslll", "vdf_indexof_regex($1, $2, $3, $4, $5)"},
    {"isascii", "s", "vdf_isascii($1)"},
    {"isutf8", "s", "TRUE"},
    {"new_guid", "", "uuid()"},
    {"parse_command_line", "ss", "vdf_command_line($1)"},
    {"parse_csv", "s", "vdf_parse_csv($1)"},
    {"parse_path", "s", "vdf_parse_path($1)"},
    {"parse_url", "s", "vdf_parse_url($1)"},
    {"parse_urlquery", "s", "vdf_parse_urlquery($1)"},
    {"parseurl", "s", "vdf_parse_url($1)"},
    {"parseurlquery", "s", "vdf_parse_urlquery($1)"},
    {"parse_user_agent", "s", "vdf_user_agent($1, '[\"browser\",\"os\",\"device\"]')"},
    {"parse_user_agent", "sj", "vdf_user_agent($1, $2)"},
    {"parse_version", "s", "vdc_str_decimal(vdf_parse_version($1))"},
    {"regex_quote", "s", "vdf_regex_quote($1)"},
    {"replace", "sss", "vdf_replace_regex($3, $1, $2)"},
    {"replace_regex", "sss", "vdf_replace_regex($1, $2, $3)"},
    {"replace_string", "sss", "vdf_replace($1, $2, $3)"},
    {"replace_strings", "sjj", "vdf_replace_strings($1, $2, $3)"},
    {"reverse", "s", "vdf_reverse($1)"},
    {"split", "ss", "vdf_split($1, $2)"},
    {"split", "ssl", "vdf_split($1, $2, $3)"},
    {"strcat", "s*", "concat($*)"},
    {"strcat_array", "js", "vdf_strcat_array($1, $2)"},
    {"array_strcat", "js", "vdf_strcat_array($1, $2)"},
    {"strcat_delim", "s*", "concat_ws($*)"},
    {"strcmp", "ss", "CAST(CASE WHEN $1 < $2 THEN -1 WHEN $1 > $2 THEN 1 ELSE 0 END AS BIGINT)"},
    {"string_size", "s", "strlen($1)"},
    {"strlen", "s", "length($1)"},
    {"strrep", "sl", "vdf_strrep($1, $2, '')"},
    {"strrep", "sls", "vdf_strrep($1, $2, $3)"},
    {"substring", "sl", "vdf_substring($1, $2)"},
    {"substring", "sll", "vdf_substring($1, $2, $3)"},
    {"tolower", "s", "lower($1)"},
    {"toupper", "s", "upper($1)"},
    {"tohex", "?", "vdf_tohex($1, 0)"},
    {"tohex", "?l", "vdf_tohex($1, $2)"},
    {"translate", "sss", "vdf_translate($1, $2, $3)"},
    {"trim", "ss", "vdf_trim($1, $2)"},
    {"trim_end", "ss", "vdf_trim_end($1, $2)"},
    {"trim_start", "ss", "vdf_trim_start($1, $2)"},
    {"unicode_codepoints_from_string", "s", "vdf_codepoints($1)"},
    {"to_utf8", "s", "vdf_codepoints($1)"},
    {"unicode_codepoints_to_string", "j*", "vdf_from_codepoints($*)"},
    {"make_string", "j*", "vdf_from_codepoints($*)"},
    /* ---- encoding, hashes ---- */
    {"base64_decode_tostring", "s", "vdf_base64_decode($1)"},
    {"base64_decode_toarray", "s", "vdf_base64_bytes($1)"},
    {"base64_encode_tostring", "s", "vdf_base64_encode($1)"},
    {"base64_decodestring", "s", "vdf_base64_decode($1)"},
    {"base64_encodestring", "s", "vdf_base64_encode($1)"},
    {"url_decode", "s", "vdf_url_decode($1)"},
    {"url_encode", "s", "vdf_url_encode($1)"},
    {"base64_decode_toguid", "s", "vdf_base64_guid($1)"},
    {"base64_encode_fromarray", "j", "vdf_base64_from_array($1)"},
    {"base64_encode_fromguid", "g", "vdf_base64_from_guid($1)"},
    {"gzip_compress_to_base64_string", "s", "vdf_pack_gzip($1)"},
    {"gzip_decompress_from_base64_string", "s", "vdf_unpack_gzip($1)"},
    {"punycode_domain_from_string", "s", "vdf_punycode_decode_host($1)"},
    {"punycode_domain_to_string", "s", "vdf_punycode_encode_host($1)"},
    {"punycode_from_string", "s", "vdf_punycode_encode($1)"},
    {"punycode_to_string", "s", "vdf_punycode_decode($1)"},
    {"url_encode_component", "s", "vdf_url_encode_part($1)"},
    {"zlib_compress_to_base64_string", "s", "vdf_pack_zlib($1)"},
    {"zlib_decompress_from_base64_string", "s", "vdf_unpack_zlib($1)"},
    {"hash", "?", "vdf_hash($1)"},
    {"hash", "?l", "vd_mod(vdf_hash($1), $2)"},
    {"hash_combine", "l*", "vdf_hash_combine($*)"},
    {"hash_xxhash64", "?", "vdf_hash($1)"},
    {"hash_xxhash64", "?l", "vd_mod(vdf_hash($1), $2)"},
    {"hash_md5", "s", "vdf_md5($1)"},
    {"hash_sha1", "s", "vdf_sha1($1)"},
    {"hash_sha256", "s", "vdf_sha256($1)"},
    /* ---- numbers ---- */
    {"acos", "d", "vdf_acos($1)"},
    {"asin", "d", "vdf_asin($1)"},
    {"atan", "d", "atan($1)"},
    {"atan2", "dd", "atan2($1, $2)"},
    {"beta_cdf", "ddd", "vdf_beta_cdf($1, $2, $3)"},
    {"beta_inv", "ddd", "vdf_beta_inv($1, $2, $3)"},
    {"beta_pdf", "ddd", "vdf_beta_pdf($1, $2, $3)"},
    {"binary_and", "ll", "($1 & $2)"},
    {"binary_not", "l", "(~$1)"},
    {"binary_or", "ll", "($1 | $2)"},
    {"binary_shift_left", "ll", "vdf_shift($1, $2)"},
    {"binary_shift_right", "ll", "vdf_shift($1, vd_neg($2))"},
    {"binary_xor", "ll", "xor($1, $2)"},
    {"bitset_count_ones", "l", "CAST(bit_count($1) AS BIGINT)"},
    {"ceiling", "d", "ceil($1)"},
    {"convert_angle", "dss", "vdf_convert_angle($1, $2, $3)"},
    {"convert_energy", "dss", "vdf_convert_energy($1, $2, $3)"},
    {"convert_force", "dss", "vdf_convert_force($1, $2, $3)"},
    {"convert_length", "dss", "vdf_convert_length($1, $2, $3)"},
    {"convert_mass", "dss", "vdf_convert_mass($1, $2, $3)"},
    {"convert_speed", "dss", "vdf_convert_speed($1, $2, $3)"},
    {"convert_temperature", "dss", "vdf_convert_temperature($1, $2, $3)"},
    {"convert_volume", "dss", "vdf_convert_volume($1, $2, $3)"},
    {"cos", "d", "vdf_cos($1)"},
    {"cot", "d", "vdf_cot($1)"},
    {"degrees", "d", "degrees($1)"},
    {"erf", "d", "vdf_erf($1)"},
    {"erfc", "d", "vdf_erfc($1)"},
    {"exp", "d", "vdf_exp($1)"},
    {"exp10", "d", "vdf_exp10($1)"},
    {"exp2", "d", "vdf_exp2($1)"},
    {"gamma", "d", "vdf_gamma($1)"},
    {"loggamma", "d", "vdf_loggamma($1)"},
    {"isfinite", "d", "isfinite($1)"},
    {"isinf", "d", "isinf($1)"},
    {"isnan", "d", "isnan($1)"},
    {"log", "d", "vdf_log($1)"},
    {"log10", "d", "vdf_log10($1)"},
    {"log2", "d", "vdf_log2($1)"},
    {"pi", "", "pi()"},
    {"pow", "dd", "vdf_pow($1, $2)"},
    {"radians", "d", "radians($1)"},
    {"rand", "", "random()"},
    {"rand", "l", "floor(random() * $1)"},
    {"sign", "d", "vdf_sign($1)"},
    {"sin", "d", "vdf_sin($1)"},
    {"sqrt", "d", "vdf_sqrt($1)"},
    {"tan", "d", "vdf_tan($1)"},
    {"welch_test", "dddddd", "vdf_welch($1, $2, $3, $4, $5, $6)"},
    /* ---- dates ---- */
    {"datepart", "st", "CAST(vdf_datetime_part($1, $2) AS INTEGER)"},
    {"datetime_add", "slt", "vdf_datetime_add($1, $2, $3)"},
    {"datetime_list_timezones", "", "vdf_zones(0)"},
    {"datetime_part", "st", "CAST(vdf_datetime_part($1, $2) AS INTEGER)"},
    {"dayofmonth", "t", "CAST(vdf_datetime_part('day', $1) AS INTEGER)"},
    {"dayofweek", "t", "vdf_dayofweek($1)"},
    {"dayofyear", "t", "CAST(vdf_datetime_part('dayofyear', $1) AS INTEGER)"},
    {"endofday", "t", "vdf_end('day', $1, 0)"},
    {"endofday", "tl", "vdf_end('day', $1, $2)"},
    {"endofmonth", "t", "vdf_end('month', $1, 0)"},
    {"endofmonth", "tl", "vdf_end('month', $1, $2)"},
    {"endofweek", "t", "vdf_end('week', $1, 0)"},
    {"endofweek", "tl", "vdf_end('week', $1, $2)"},
    {"endofyear", "t", "vdf_end('year', $1, 0)"},
    {"endofyear", "tl", "vdf_end('year', $1, $2)"},
    {"format_datetime", "ts", "vdf_format_datetime($1, $2)"},
    {"format_timespan", "ps", "vdf_format_timespan($1, $2)"},
    {"getmonth", "t", "CAST(vdf_datetime_part('month', $1) AS INTEGER)"},
    {"getyear", "t", "CAST(vdf_datetime_part('year', $1) AS INTEGER)"},
    {"hourofday", "t", "vdf_datetime_part('hour', $1)"},
    {"make_datetime", "t", "$1"},
    {"make_datetime", "lll", "vdf_make_datetime($1, $2, $3, 0, 0, 0.0::DOUBLE)"},
    {"make_datetime", "lllll", "vdf_make_datetime($1, $2, $3, $4, $5, 0.0::DOUBLE)"},
    {"make_datetime", "llllld", "vdf_make_datetime($1, $2, $3, $4, $5, $6)"},
    {"make_timespan", "p", "$1"},
    {"make_timespan", "ll", "vdf_make_timespan(0, $1, $2, 0.0::DOUBLE)"},
    {"make_timespan", "lld", "vdf_make_timespan(0, $1, $2, $3)"},
    {"make_timespan", "llld", "vdf_make_timespan($1, $2, $3, $4)"},
    {"monthofyear", "t", "CAST(vdf_datetime_part('month', $1) AS INTEGER)"},
    {"startofday", "t", "vdf_start('day', $1, 0)"},
    {"startofday", "tl", "vdf_start('day', $1, $2)"},
    {"startofmonth", "t", "vdf_start('month', $1, 0)"},
    {"startofmonth", "tl", "vdf_start('month', $1, $2)"},
    {"startofweek", "t", "vdf_start('week', $1, 0)"},
    {"startofweek", "tl", "vdf_start('week', $1, $2)"},
    {"startofyear", "t", "vdf_start('year', $1, 0)"},
    {"startofyear", "tl", "vdf_start('year', $1, $2)"},
    {"unixtime_microseconds_todatetime", "d", "vdf_unixtime($1, 10.0::DOUBLE)"},
    {"unixtime_milliseconds_todatetime", "d", "vdf_unixtime($1, 10000.0::DOUBLE)"},
    {"unixtime_nanoseconds_todatetime", "d", "vdf_unixtime($1, 0.01::DOUBLE)"},
    {"unixtime_seconds_todatetime", "d", "vdf_unixtime($1, 10000000.0::DOUBLE)"},
    {"week_of_year", "t", "CAST(vdf_datetime_part('week_of_year', $1) AS INTEGER)"},
    {"weekofyear", "t", "CAST(vdf_datetime_part('week_of_year', $1) AS INTEGER)"},
    /* ---- dynamic ---- */
    {"array_concat", "j*", "vdf_array_concat($*)"},
    {"array_iff", "jjj", "vdf_array_iff($1, $2, $3)"},
    {"array_iif", "jjj", "vdf_array_iff($1, $2, $3)"},
    {"array_index_of", "jj", "vdf_array_index_of($1, $2, 0, -1, 1)"},
    {"array_index_of", "jjl", "vdf_array_index_of($1, $2, $3, -1, 1)"},
    {"array_index_of", "jjll", "vdf_array_index_of($1, $2, $3, $4, 1)"},
    {"array_index_of", "jjlll", "vdf_array_index_of($1, $2, $3, $4, $5)"},
    {"array_length", "j", "vdf_array_length($1)"},
    {"arraylength", "j", "vdf_array_length($1)"},
    {"array_reverse", "j", "vdf_array_reverse($1)"},
    {"array_rotate_left", "jl", "vdf_array_rotate($1, $2)"},
    {"array_rotate_right", "jl", "vdf_array_rotate($1, vd_neg($2))"},
    {"array_shift_left", "jl", "vdf_array_shift($1, $2, NULL::VARCHAR)"},
    {"array_shift_left", "jlj", "vdf_array_shift($1, $2, $3)"},
    {"array_shift_right", "jl", "vdf_array_shift($1, vd_neg($2), NULL::VARCHAR)"},
    {"array_shift_right", "jlj", "vdf_array_shift($1, vd_neg($2), $3)"},
    {"array_slice", "jll", "vdf_array_slice($1, $2, $3)"},
    {"array_split", "jj", "vdf_array_split($1, $2)"},
    {"array_sum", "j", "vdf_array_sum($1)"},
    {"bag_has_key", "js", "vdf_bag_has_key($1, $2)"},
    {"bag_keys", "j", "vdf_bag_keys($1)"},
    {"bag_merge", "j*", "vdf_bag_merge($*)"},
    {"bag_pack", "j*", "vdf_bag_pack($*)"},
    {"bag_remove_keys", "jj", "vdf_bag_remove_keys($1, $2)"},
    {"bag_set_key", "jsj", "vdf_bag_set_key($1, $2, $3)"},
    {"bag_zip", "jj", "vdf_bag_zip($1, $2)"},
    {"dynamic_to_json", "j", "vdf_to_json($1)"},
    {"jaccard_index", "jj", "TRY_CAST(vdf_jaccard($1, $2) AS DOUBLE)"},
    {"pack", "j*", "vdf_bag_pack($*)"},
    {"pack_array", "j*", "vdf_pack_array($*)"},
    {"pack_dictionary", "j*", "vdf_bag_pack($*)"},
    {"parse_xml", "s", "vdf_parse_xml($1)"},
    {"repeat", "jl", "vdf_repeat($1, $2)"},
    {"set_difference", "j*", "vdf_set_difference($*)"},
    {"set_equals", "jj", "vdf_set_equals($1, $2)"},
    {"set_has_element", "jj", "vdf_set_has($1, $2)"},
    {"set_intersect", "j*", "vdf_set_intersect($*)"},
    {"set_union", "j*", "vdf_set_union($*)"},
    {"treepath", "j", "vdf_treepath($1)"},
    {"zip", "j*", "vdf_zip($*)"},
    /* ---- series ---- */
    {"series_abs", "j", "vdf_series_abs($1)"},
    {"series_acos", "j", "vdf_series_acos($1)"},
    {"series_asin", "j", "vdf_series_asin($1)"},
    {"series_atan", "j", "vdf_series_atan($1)"},
    {"series_ceiling", "j", "vdf_series_ceiling($1)"},
    {"series_cos", "j", "vdf_series_cos($1)"},
    {"series_exp", "j", "vdf_series_exp($1)"},
    {"series_floor", "j", "vdf_series_floor($1)"},
    {"series_log", "j", "vdf_series_log($1)"},
    {"series_sign", "j", "vdf_series_sign($1)"},
    {"series_sin", "j", "vdf_series_sin($1)"},
    {"series_tan", "j", "vdf_series_tan($1)"},
    {"series_add", "jj", "vdf_series_add($1, $2)"},
    {"series_subtract", "jj", "vdf_series_subtract($1, $2)"},
    {"series_multiply", "jj", "vdf_series_multiply($1, $2)"},
    {"series_divide", "jj", "vdf_series_divide($1, $2)"},
    {"series_pow", "jj", "vdf_series_pow($1, $2)"},
    {"series_less", "jj", "vdf_series_less($1, $2)"},
    {"series_less_equals", "jj", "vdf_series_less_equals($1, $2)"},
    {"series_greater", "jj", "vdf_series_greater($1, $2)"},
    {"series_greater_equals", "jj", "vdf_series_greater_equals($1, $2)"},
    {"series_equals", "jj", "vdf_series_equals($1, $2)"},
    {"series_not_equals", "jj", "vdf_series_not_equals($1, $2)"},
    {"series_fill_forward", "j", "vdf_series_fill_forward($1, NULL::VARCHAR)"},
    {"series_fill_forward", "jj", "vdf_series_fill_forward($1, $2)"},
    {"series_fill_backward", "j", "vdf_series_fill_backward($1, NULL::VARCHAR)"},
    {"series_fill_backward", "jj", "vdf_series_fill_backward($1, $2)"},
    {"series_fill_const", "j", "vdf_series_fill_const($1, NULL::VARCHAR, NULL::VARCHAR)"},
    {"series_fill_const", "jj", "vdf_series_fill_const($1, NULL::VARCHAR, $2)"},
    {"series_fill_const", "jjj", "vdf_series_fill_const($1, $3, $2)"},
    {"series_fill_linear", "j", "vdf_series_fill_linear($1, NULL::VARCHAR, TRUE, NULL::DOUBLE)"},
    {"series_fill_linear", "jj", "vdf_series_fill_linear($1, $2, TRUE, NULL::DOUBLE)"},
    {"series_fill_linear", "jjb", "vdf_series_fill_linear($1, $2, $3, NULL::DOUBLE)"},
    {"series_fill_linear", "jjbd", "vdf_series_fill_linear($1, $2, $3, $4)"},
    {"series_fir", "jj", "vdf_series_fir($1, $2, TRUE, FALSE)"},
    {"series_fir", "jjb", "vdf_series_fir($1, $2, $3, FALSE)"},
    {"series_fir", "jjbb", "vdf_series_fir($1, $2, $3, $4)"},
    {"series_iir", "jjj", "vdf_series_iir($1, $2, $3)"},
    {"series_sum", "j", "vdf_series_sum($1)"},
    {"series_product", "j", "vdf_series_product($1)"},
    {"series_dot_product", "jj", "vdf_series_dot($1, $2)"},
    {"series_magnitude", "j", "vdf_series_magnitude($1)"},
    {"series_cosine_similarity", "jj", "vdf_series_cosine($1, $2)"},
    {"series_pearson_correlation", "jj", "vdf_series_pearson($1, $2)"},
    {"series_stats", "j", "vdf_series_stats($1, FALSE)"},
    {"series_stats", "jb", "vdf_series_stats($1, $2)"},
    {"series_stats_dynamic", "j", "vdf_series_stats_dynamic($1, FALSE)"},
    {"series_stats_dynamic", "jb", "vdf_series_stats_dynamic($1, $2)"},
    {"series_fit_line", "j", "vdf_series_fit_line($1)"},
    {"series_fit_line_dynamic", "j", "vdf_series_fit_line_dynamic($1)"},
    {"series_fit_2lines", "j", "vdf_series_fit_2lines($1)"},
    {"series_fit_2lines_dynamic", "j", "vdf_series_fit_2lines_dynamic($1)"},
    {"series_seasonal", "j", "vdf_series_seasonal($1, -1)"},
    {"series_seasonal", "jl", "vdf_series_seasonal($1, $2)"},
    {"series_decompose", "j", "vdf_series_decompose($1, -1, 'avg', 0)"},
    {"series_decompose", "jl", "vdf_series_decompose($1, $2, 'avg', 0)"},
    {"series_decompose", "jls", "vdf_series_decompose($1, $2, $3, 0)"},
    {"series_decompose", "jlsl", "vdf_series_decompose($1, $2, $3, $4)"},
    {"series_decompose", "jlsld", "vdf_series_decompose($1, $2, $3, $4)"},
    {"series_decompose_forecast", "jl", "vdf_series_forecast($1, $2, -1, 'linefit')"},
    {"series_decompose_forecast", "jll", "vdf_series_forecast($1, $2, $3, 'linefit')"},
    {"series_decompose_forecast", "jlls", "vdf_series_forecast($1, $2, $3, $4)"},
    {"series_decompose_forecast", "jllsd", "vdf_series_forecast($1, $2, $3, $4)"},
    {"series_decompose_anomalies", "j",
     "vdf_series_anomalies($1, 1.5::DOUBLE, -1, 'avg', 0, 'ctukey')"},
    {"series_decompose_anomalies", "jd", "vdf_series_anomalies($1, $2, -1, 'avg', 0, 'ctukey')"},
    {"series_decompose_anomalies", "jdl", "vdf_series_anomalies($1, $2, $3, 'avg', 0, 'ctukey')"},
    {"series_decompose_anomalies", "jdls", "vdf_series_anomalies($1, $2, $3, $4, 0, 'ctukey')"},
    {"series_decompose_anomalies", "jdlsl", "vdf_series_anomalies($1, $2, $3, $4, $5, 'ctukey')"},
    {"series_decompose_anomalies", "jdlsls", "vdf_series_anomalies($1, $2, $3, $4, $5, $6)"},
    {"series_decompose_anomalies", "jdlslsd", "vdf_series_anomalies($1, $2, $3, $4, $5, $6)"},
    {"series_outliers", "j", "vdf_series_outliers($1, 'ctukey', 10.0::DOUBLE, 90.0::DOUBLE)"},
    {"series_outliers", "js", "vdf_series_outliers($1, $2, 10.0::DOUBLE, 90.0::DOUBLE)"},
    {"series_outliers", "jsd", "vdf_series_outliers($1, $2, 10.0::DOUBLE, 90.0::DOUBLE)"},
    {"series_outliers", "jsdd", "vdf_series_outliers($1, $2, $3, $4)"},
    {"series_outliers", "jsddd", "vdf_series_outliers($1, $2, $4, $5)"},
    {"series_fft", "j", "vdf_series_fft($1, NULL::VARCHAR)"},
    {"series_fft", "jj", "vdf_series_fft($1, $2)"},
    {"series_ifft", "j", "vdf_series_ifft($1, NULL::VARCHAR)"},
    {"series_ifft", "jj", "vdf_series_ifft($1, $2)"},
    /* ---- addresses ---- */
    {"ipv4_compare", "ss", "vdf_ipv4_compare($1, $2, 32)"},
    {"ipv4_compare", "ssl", "vdf_ipv4_compare($1, $2, $3)"},
    {"ipv4_is_in_range", "ss", "vdf_ipv4_in_range($1, $2)"},
    {"ipv4_is_in_any_range", "ss*", "vdf_ipv4_in_any($*)"},
    {"ipv4_is_match", "ss", "(vdf_ipv4_compare($1, $2, 32) = 0)"},
    {"ipv4_is_match", "ssl", "(vdf_ipv4_compare($1, $2, $3) = 0)"},
    {"ipv4_is_private", "s", "vdf_ipv4_private($1)"},
    {"ipv4_netmask_suffix", "s", "vdf_ipv4_suffix($1)"},
    {"format_ipv4_mask", "sl", "vdf_format_ipv4_mask($1, $2)"},
    {"has_ipv4", "ss", "vdf_has_ipv4($1, $2)"},
    {"has_any_ipv4", "ss*", "vdf_has_ipv4($*)"},
    {"has_ipv4_prefix", "ss", "vdf_has_ipv4_prefix($1, $2)"},
    {"has_any_ipv4_prefix", "ss*", "vdf_has_ipv4_prefix($*)"},
    {"ipv6_is_in_any_range", "ss*", "vdf_ipv6_in_any($*)"},
    {"parse_ipv4_mask", "sl", "vdf_parse_ipv4_mask($1, $2)"},
    {"parse_ipv6_mask", "sl", "vdf_parse_ipv6_mask($1, $2)"},
    {"format_ipv4", "s", "vdf_format_ipv4($1, 32)"},
    {"format_ipv4", "sl", "vdf_format_ipv4($1, $2)"},
    {"parse_ipv4", "s", "vdf_parse_ipv4($1)"},
    {"ipv6_compare", "ss", "vdf_ipv6_compare($1, $2, 128)"},
    {"ipv6_compare", "ssl", "vdf_ipv6_compare($1, $2, $3)"},
    {"ipv6_is_in_range", "ss", "vdf_ipv6_in_range($1, $2)"},
    {"ipv6_is_match", "ss", "(vdf_ipv6_compare($1, $2, 128) = 0)"},
    {"ipv6_is_match", "ssl", "(vdf_ipv6_compare($1, $2, $3) = 0)"},
    {"parse_ipv6", "s", "vdf_parse_ipv6($1)"},
};

static bool args_fit(const char *args, size_t n)
{
    size_t len = strlen(args);
    if (len && args[len - 1] == '*')
        return n + 1 >= len - 1;
    return len == n;
}

const struct emit_func *emit_func_find(const char *name, size_t n_args)
{
    for (size_t i = 0; i < COUNTOF(funcs); i++) {
        if (strcmp(funcs[i].name, name) == 0 && args_fit(funcs[i].args, n_args))
            return &funcs[i];
    }
    return NULL;
}

static enum kql_type letter_type(char c, enum kql_type as_is)
{
    switch (c) {
    case 's':
        return KQL_STRING;
    case 'j':
        return KQL_DYNAMIC;
    case 'b':
        return KQL_BOOL;
    case 'i':
        return KQL_INT;
    case 'l':
        return KQL_LONG;
    case 'd':
        return KQL_REAL;
    case 'm':
        return KQL_DECIMAL;
    case 'g':
        return KQL_GUID;
    case 't':
        return KQL_DATETIME;
    case 'p':
        return KQL_TIMESPAN;
    default:
        CHECK(c == '?');
        return as_is;
    }
}

static bool one_arg(struct emit *m, const struct expr *x, const struct emit_func *row, size_t i,
                    struct sbuf *out)
{
    size_t len = strlen(row->args);
    bool star = len && row->args[len - 1] == '*';
    size_t at = star && i + 1 >= len - 1 ? len - 2 : i;
    if (i >= x->n_args)
        return emit_unsupported(m, x->off, x->len, x->fn->name);
    return emit_as(m, x->args[i], letter_type(row->args[at], x->args[i]->type), out);
}

bool emit_func_call(struct emit *m, const struct expr *x, const struct emit_func *row,
                    struct sbuf *out)
{
    for (const char *p = row->sql; *p; p++) {
        if (*p != '$') {
            sbuf_addc(out, *p);
            continue;
        }
        p++;
        if (*p != '*') {
            if (!one_arg(m, x, row, (size_t)(*p - '1'), out))
                return false;
            continue;
        }
        for (size_t i = 0; i < x->n_args; i++) {
            sbuf_addz(out, i ? ", " : "");
            if (!one_arg(m, x, row, i, out))
                return false;
        }
    }
    return true;
}
