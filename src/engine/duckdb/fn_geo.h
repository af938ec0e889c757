/* What the geo_ functions' files share. */
#pragma once
#include "engine/duckdb/fn.h"
#include "engine/duckdb/geojson.h"

/* Memory of the call, for geo/. */
struct geo_memory fn_geo_memory(struct cf_call *c);
/* The row's result as GeoJSON. */
void fn_geo_out_shape(struct cf_call *c, size_t r, const struct geo_shape *s);
void fn_geo_out_point(struct cf_call *c, size_t r, struct geo_point p);
