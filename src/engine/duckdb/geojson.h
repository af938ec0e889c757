/* GeoJSON geometries (RFC 7946) and well-known text as shapes. */
#pragma once
#include "geo/geo.h"
#include "text/json.h"

enum { GEOJSON_MAX_POINTS = 4 << 20 };

/* Point, LineString, Polygon and their Multi forms; a Feature's geometry. Longitude and latitude
 * must be finite numbers. The shape lives in a. false: it is something else. */
bool geojson_read(struct arena *a, struct str text, struct geo_shape *out);
bool geojson_shape(struct arena *a, const struct json *v, struct geo_shape *out);
/* The simplest form that holds the shape; a GeometryCollection for nothing and for several kinds.
 */
void geojson_write(struct json_out *w, const struct geo_shape *s);
/* Well-known text as GeoJSON. false: it is not well-known text. Source: OGC 06-103r4. */
bool wkt_to_geojson(struct str text, struct sbuf *out);
