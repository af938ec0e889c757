/* Places on the Earth, as the sphere that S2 takes it for, and geohashes. Longitude stands before
 * latitude. What is not a place gives null. Source: the geo_ functions' pages of the Kusto
 * reference; geohash: base 32 of the interleaved halvings of longitude and latitude. */
#include "engine/duckdb/fn_geo.h"
#include <math.h>

#define EARTH_RADIUS_M 6371010.0
#define RADIANS (3.14159265358979323846 / 180)

#define GEOHASH_DIGITS "0123456789bcdefghjkmnpqrstuvwxyz"

enum { GEOHASH_MAX = 18 };

/* ---- shared ---- */
static void *get_memory(void *self, size_t bytes)
{
    return arena_try(self, bytes);
}

struct geo_memory fn_geo_memory(struct cf_call *c)
{
    return (struct geo_memory){cf_arena(c), get_memory};
}

void fn_geo_out_shape(struct cf_call *c, size_t r, const struct geo_shape *s)
{
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    geojson_write(&w, s);
    cf_out_str(c, r, sbuf_str(b));
}

void fn_geo_out_point(struct cf_call *c, size_t r, struct geo_point p)
{
    struct geo_shape s = {.points = &p, .n_points = 1};
    fn_geo_out_shape(c, r, &s);
}

/* ---- distances and geohashes ---- */
static bool is_place(double longitude, double latitude)
{
    return fabs(longitude) <= 180 && fabs(latitude) <= 90; /* false for NaN */
}

/* The haversine form, which is exact for near places, too. */
static double distance(double longitude1, double latitude1, double longitude2, double latitude2)
{
    double north = sin((latitude2 - latitude1) * RADIANS / 2);
    double east = sin((longitude2 - longitude1) * RADIANS / 2);
    double h = north * north + cos(latitude1 * RADIANS) * cos(latitude2 * RADIANS) * east * east;
    return 2 * EARTH_RADIUS_M * asin(sqrt(fmin(h, 1)));
}

static void fn_distance(struct cf_call *c, size_t r)
{
    double x1 = cf_f64(c, 0, r), y1 = cf_f64(c, 1, r), x2 = cf_f64(c, 2, r), y2 = cf_f64(c, 3, r);
    if (is_place(x1, y1) && is_place(x2, y2))
        cf_out_f64(c, r, distance(x1, y1, x2, y2));
}

/* Clockwise from north, in radians from 0 to 2π. */
static void fn_azimuth(struct cf_call *c, size_t r)
{
    double x1 = cf_f64(c, 0, r), y1 = cf_f64(c, 1, r), x2 = cf_f64(c, 2, r), y2 = cf_f64(c, 3, r);
    if (!is_place(x1, y1) || !is_place(x2, y2))
        return;
    double east = (x2 - x1) * RADIANS, lat1 = y1 * RADIANS, lat2 = y2 * RADIANS;
    double angle =
        atan2(sin(east) * cos(lat2), cos(lat1) * sin(lat2) - sin(lat1) * cos(lat2) * cos(east));
    cf_out_f64(c, r, angle < 0 ? angle + 360 * RADIANS : angle);
}

static void fn_in_circle(struct cf_call *c, size_t r)
{
    double x = cf_f64(c, 0, r), y = cf_f64(c, 1, r), cx = cf_f64(c, 2, r), cy = cf_f64(c, 3, r);
    double radius = cf_f64(c, 4, r);
    if (is_place(x, y) && is_place(cx, cy) && radius >= 0)
        cf_out_bool(c, r, distance(x, y, cx, cy) <= radius);
}

/* ---- geohash ---- */
struct cell {
    double west, east, south, north;
};

/* Keeps one half of [low, high); bit 1 is the upper. */
static void halve(double *low, double *high, bool upper)
{
    double middle = (*low + *high) / 2;
    *(upper ? low : high) = middle;
}

static void write_geohash(double x, double y, int64_t digits, char hash[GEOHASH_MAX])
{
    struct cell cell = {-180, 180, -90, 90};
    for (int64_t bit = 0, value = 0; bit < 5 * digits; bit++) {
        bool along = bit % 2 == 0; /* longitude comes first */
        double middle = along ? (cell.west + cell.east) / 2 : (cell.south + cell.north) / 2;
        bool upper = (along ? x : y) >= middle;
        if (along)
            halve(&cell.west, &cell.east, upper);
        else
            halve(&cell.south, &cell.north, upper);
        value = value * 2 + (upper ? 1 : 0);
        if (bit % 5 == 4) {
            hash[bit / 5] = GEOHASH_DIGITS[value];
            value = 0;
        }
    }
}

static void fn_to_geohash(struct cf_call *c, size_t r)
{
    double x = cf_f64(c, 0, r), y = cf_f64(c, 1, r);
    int64_t digits = cf_i64(c, 2, r);
    char hash[GEOHASH_MAX];
    if (!is_place(x, y) || digits < 1 || digits > GEOHASH_MAX)
        return;
    write_geohash(x, y, digits, hash);
    cf_out_str(c, r, (struct str){hash, (size_t)digits});
}

static bool cell_of(struct str hash, struct cell *out)
{
    *out = (struct cell){-180, 180, -90, 90};
    if (hash.n < 1 || hash.n > GEOHASH_MAX)
        return false;
    for (size_t bit = 0; bit < 5 * hash.n; bit++) {
        size_t value;
        if (!str_find(STR(GEOHASH_DIGITS), str_sub(hash, bit / 5, 1), &value))
            return false;
        bool upper = (value >> (4 - bit % 5) & 1) != 0;
        if (bit % 2 == 0)
            halve(&out->west, &out->east, upper);
        else
            halve(&out->south, &out->north, upper);
    }
    return true;
}

static void write_position(struct json_out *w, double longitude, double latitude)
{
    json_arr(w);
    json_real(w, longitude);
    json_real(w, latitude);
    json_arr_end(w);
}

static void fn_geohash_center(struct cf_call *c, size_t r)
{
    struct cell cell;
    if (!cell_of(cf_str(c, 0, r), &cell))
        return;
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    json_obj(&w);
    json_kv_z(&w, "type", "Point");
    json_key(&w, "coordinates");
    write_position(&w, (cell.west + cell.east) / 2, (cell.south + cell.north) / 2);
    json_obj_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_geohash_polygon(struct cf_call *c, size_t r)
{
    struct cell cell;
    if (!cell_of(cf_str(c, 0, r), &cell))
        return;
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    json_obj(&w);
    json_kv_z(&w, "type", "Polygon");
    json_key(&w, "coordinates");
    json_arr(&w);
    json_arr(&w);
    write_position(&w, cell.west, cell.south);
    write_position(&w, cell.east, cell.south);
    write_position(&w, cell.east, cell.north);
    write_position(&w, cell.west, cell.north);
    write_position(&w, cell.west, cell.south);
    json_arr_end(&w);
    json_arr_end(&w);
    json_obj_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

/* Clockwise from west by south; over the date line they go on, over the poles there are none. */
static void fn_geohash_neighbours(struct cf_call *c, size_t r)
{
    static const int steps[8][2] = {{-1, 0}, {-1, -1}, {0, -1}, {1, -1},
                                    {1, 1},  {1, 0},   {0, 1},  {-1, 1}};
    struct str hash = cf_str(c, 0, r);
    struct cell cell;
    char near[GEOHASH_MAX];
    if (!cell_of(hash, &cell))
        return;
    double width = cell.east - cell.west, height = cell.north - cell.south;
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    json_arr(&w);
    for (size_t i = 0; i < COUNTOF(steps); i++) {
        double x = (cell.west + cell.east) / 2 + steps[i][0] * width;
        double y = (cell.south + cell.north) / 2 + steps[i][1] * height;
        x = x > 180 ? x - 360 : x < -180 ? x + 360 : x;
        if (!is_place(x, y))
            continue;
        write_geohash(x, y, (int64_t)hash.n, near);
        json_str(&w, (struct str){near, hash.n});
    }
    json_arr_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

/* ---- the spheroid WGS 84 ---- */
#define WGS84_A 6378137.0
#define WGS84_F (1 / 298.257223563)

/* The inverse problem by T. Vincenty, "Direct and Inverse Solutions of Geodesics on the Ellipsoid"
 * (1975). Between places that are nearly opposite it does not settle; there the sphere is taken. */
static double on_spheroid(double lng1, double lat1, double lng2, double lat2)
{
    double b = WGS84_A * (1 - WGS84_F), l = (lng2 - lng1) * RADIANS, lambda = l;
    double u1 = atan((1 - WGS84_F) * tan(lat1 * RADIANS));
    double u2 = atan((1 - WGS84_F) * tan(lat2 * RADIANS));
    for (int i = 0; i < 200; i++) {
        double x = cos(u2) * sin(lambda);
        double y = cos(u1) * sin(u2) - sin(u1) * cos(u2) * cos(lambda);
        double sine = sqrt(x * x + y * y);
        if (sine == 0)
            return 0;
        double cosine = sin(u1) * sin(u2) + cos(u1) * cos(u2) * cos(lambda);
        double sigma = atan2(sine, cosine), alpha = cos(u1) * cos(u2) * sin(lambda) / sine;
        double q = 1 - alpha * alpha;
        double m = q > 0 ? cosine - 2 * sin(u1) * sin(u2) / q : 0;
        double k = WGS84_F / 16 * q * (4 + WGS84_F * (4 - 3 * q)), before = lambda;
        lambda =
            l + (1 - k) * WGS84_F * alpha * (sigma + k * sine * (m + k * cosine * (2 * m * m - 1)));
        if (fabs(lambda - before) > 1e-12)
            continue;
        double s = q * (WGS84_A * WGS84_A - b * b) / (b * b);
        double p = 1 + s / 16384 * (4096 + s * (-768 + s * (320 - 175 * s)));
        double o = s / 1024 * (256 + s * (-128 + s * (74 - 47 * s)));
        double d = o * sine *
                   (m + o / 4 *
                            (cosine * (2 * m * m - 1) -
                             o / 6 * m * (4 * sine * sine - 3) * (4 * m * m - 3)));
        return b * p * (sigma - d);
    }
    return distance(lng1, lat1, lng2, lat2);
}

static void fn_distance_on(struct cf_call *c, size_t r)
{
    double x1 = cf_f64(c, 0, r), y1 = cf_f64(c, 1, r), x2 = cf_f64(c, 2, r), y2 = cf_f64(c, 3, r);
    if (is_place(x1, y1) && is_place(x2, y2))
        cf_out_f64(c, r, cf_bool(c, 4, r) ? on_spheroid(x1, y1, x2, y2) : distance(x1, y1, x2, y2));
}

const struct cf_scalar fn_geo_rows[] = {
    {.name = "vdf_geo_distance", .sig = "ddddb:d", .row = fn_distance_on},
    {.name = "vdf_geo_distance", .sig = "dddd:d", .row = fn_distance},
    {.name = "vdf_geo_azimuth", .sig = "dddd:d", .row = fn_azimuth},
    {.name = "vdf_geo_in_circle", .sig = "ddddd:b", .row = fn_in_circle},
    {.name = "vdf_geo_to_geohash", .sig = "ddl:s", .row = fn_to_geohash},
    {.name = "vdf_geohash_center", .sig = "s:j", .row = fn_geohash_center},
    {.name = "vdf_geohash_neighbours", .sig = "s:j", .row = fn_geohash_neighbours},
    {.name = "vdf_geohash_polygon", .sig = "s:j", .row = fn_geohash_polygon},
    {0},
};
