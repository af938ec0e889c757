/* geo_info_from_ip_address() and geo_location(): the second argument is the operator's file, which
 * each query maps anew, so that a new file is read without a restart. */
#include "engine/duckdb/fn.h"
#include "text/geoip.h"
#include "text/json.h"

static void *prepare(const struct cf_const *args, size_t n)
{
    struct err why;
    if (n != 2 || !args[1].known || args[1].is_null)
        return NULL;
    char *path = xstrndup(args[1].text);
    struct geoip *g = geoip_open(path, &why);
    xfree(path);
    return g;
}

static void release(void *p)
{
    geoip_close(p);
}

static bool find(const struct cf_call *c, size_t r, struct geoip_place *out)
{
    struct ip address;
    return c->bound != NULL && ip_parse(str_trim(cf_str(c, 0, r)), &address) &&
           geoip_find(c->bound, address, out);
}

static void row(struct cf_call *c, size_t r)
{
    struct geoip_place place;
    if (!find(c, r, &place))
        return;
    struct json_out w = json_out_make(cf_buf(c));
    json_obj(&w);
    json_kv_str(&w, "country", place.country);
    json_kv_str(&w, "state", place.state);
    json_kv_str(&w, "city", place.city);
    if (place.has_point) {
        json_kv_real(&w, "latitude", place.latitude);
        json_kv_real(&w, "longitude", place.longitude);
    }
    json_obj_end(&w);
    cf_out_str(c, r, sbuf_str(&c->buf));
}

/* Region is a part of a continent, which such files do not name. */
static void location(struct cf_call *c, size_t r)
{
    struct geoip_place place;
    if (!find(c, r, &place))
        return;
    struct json_out w = json_out_make(cf_buf(c));
    json_obj(&w);
    json_kv_str(&w, "Country", place.country);
    json_kv_z(&w, "Region", "");
    json_kv_str(&w, "State", place.state);
    json_kv_str(&w, "City", place.city);
    if (place.has_point) {
        json_kv_real(&w, "Latitude", place.latitude);
        json_kv_real(&w, "Longitude", place.longitude);
    }
    json_obj_end(&w);
    cf_out_str(c, r, sbuf_str(&c->buf));
}

const struct cf_scalar fn_geoip_rows[] = {
    {.name = "vdf_geoip", .sig = "ss:j", .row = row, .prepare = prepare, .release = release},
    {.name = "vdf_geo_location",
     .sig = "ss:j",
     .row = location,
     .prepare = prepare,
     .release = release},
    {0},
};
