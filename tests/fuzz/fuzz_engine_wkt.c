/* Shapes from outside: well-known text becomes JSON that reads back, GeoJSON a region or nothing.
 */
#include "base/base.h"
#include "engine/duckdb/geojson.h"

enum { MAX_ARENA = 256 << 20, MAX_TEXT = 64 << 20, MAX_INPUT = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_freep) struct arena *a = arena_new(MAX_ARENA);
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(MAX_TEXT);
    struct str in = {(const char *)data, size < MAX_INPUT ? size : MAX_INPUT};
    struct json v;
    struct geo_shape s;
    if (wkt_to_geojson(in, &text)) {
        CHECK(json_parse(a, sbuf_str(&text), NULL, &v, NULL));
        in = sbuf_str(&text);
    }
    if (geojson_read(a, in, &s))
        geo_region_free(geo_region_new(&s));
    return 0;
}
