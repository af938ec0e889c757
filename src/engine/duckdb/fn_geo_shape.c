/* Lines and polygons: measures, relations and new shapes. A shape that is constant in the query is
 * made ready once. What is no valid shape gives null. Source: the geo_ functions' pages of the
 * Kusto reference. */
#include "engine/duckdb/fn_geo.h"
#include <math.h>

enum { MAX_SHAPES = 2, MOST_TOLERANCE_M = 7800000 };

/* ---- arguments that are shapes ---- */
struct ready {
    struct geo_region *region[CF_MAX_ARGS]; /* NULL: invalid, or not constant */
    bool known[CF_MAX_ARGS];
    size_t n;
};

static struct geo_region *region_of(struct arena *a, struct str text)
{
    struct geo_shape s;
    return geojson_read(a, text, &s) ? geo_region_new(&s) : NULL;
}

static void *prepare(const struct cf_const *args, size_t n)
{
    struct ready *v = xcalloc(1, sizeof(*v));
    AUTO(arena_freep) struct arena *a = arena_new(0);
    v->n = n;
    for (size_t i = 0; i < n; i++) {
        v->known[i] = args[i].known && !args[i].is_null && args[i].text.n > 0;
        if (v->known[i])
            v->region[i] = region_of(a, args[i].text);
    }
    return v;
}

static void release(void *p)
{
    struct ready *v = p;
    for (size_t i = 0; v != NULL && i < v->n; i++)
        geo_region_free(v->region[i]);
    xfree(v);
}

/* The shapes of one row. */
struct shapes {
    struct geo_region *r[MAX_SHAPES];
    struct geo_region *own[MAX_SHAPES];
    size_t n;
};

static void shapes_fini(struct shapes *s)
{
    for (size_t i = 0; i < s->n; i++)
        geo_region_free(s->own[i]);
}

enum { LINE = 0, AREA = 1 };

static bool shape(struct cf_call *c, size_t r, size_t arg, int kind, struct shapes *s)
{
    const struct ready *v = c->bound;
    struct geo_region *x;
    if (v != NULL && v->known[arg]) {
        x = v->region[arg];
    } else {
        x = region_of(cf_arena(c), cf_str(c, arg, r));
        s->own[s->n] = x;
    }
    s->r[s->n++] = x;
    return x != NULL && geo_region_is_area(x) == (kind == AREA);
}

static struct geo_point point_at(struct cf_call *c, size_t r, size_t arg)
{
    return (struct geo_point){cf_f64(c, arg, r), cf_f64(c, arg + 1, r)};
}

/* Frees x. A shape that has vanished is null. */
static void out_region(struct cf_call *c, size_t r, struct geo_region *x)
{
    struct geo_shape s;
    struct geo_memory m = fn_geo_memory(c);
    if (x != NULL && geo_region_shape(x, &m, &s) && s.n_lines + s.n_areas > 0)
        fn_geo_out_shape(c, r, &s);
    geo_region_free(x);
}

static void out_number(struct cf_call *c, size_t r, double v)
{
    if (!isnan(v))
        cf_out_f64(c, r, v);
}

static void out_tokens(struct cf_call *c, size_t r, char (*tokens)[GEO_TOKEN_MAX], size_t n)
{
    if (tokens == NULL)
        return;
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    json_arr(&w);
    for (size_t i = 0; i < n; i++)
        json_z(&w, tokens[i]);
    json_arr_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

/* ---- measures ---- */
static void measure(struct cf_call *c, size_t r, int kind, double (*fn)(const struct geo_region *))
{
    AUTO(shapes_fini) struct shapes s = {0};
    if (shape(c, r, 0, kind, &s))
        out_number(c, r, fn(s.r[0]));
}

static void fn_line_length(struct cf_call *c, size_t r)
{
    measure(c, r, LINE, geo_region_length);
}

static void fn_perimeter(struct cf_call *c, size_t r)
{
    measure(c, r, AREA, geo_region_length);
}

static void fn_area(struct cf_call *c, size_t r)
{
    measure(c, r, AREA, geo_region_surface);
}

static void centroid(struct cf_call *c, size_t r, int kind)
{
    AUTO(shapes_fini) struct shapes s = {0};
    struct geo_point p;
    if (shape(c, r, 0, kind, &s) && geo_region_centroid(s.r[0], &p))
        fn_geo_out_point(c, r, p);
}

static void fn_line_centroid(struct cf_call *c, size_t r)
{
    centroid(c, r, LINE);
}

static void fn_polygon_centroid(struct cf_call *c, size_t r)
{
    centroid(c, r, AREA);
}

static void distance(struct cf_call *c, size_t r, int kind)
{
    AUTO(shapes_fini) struct shapes s = {0};
    struct geo_point p = point_at(c, r, 0);
    if (geo_point_valid(p) && shape(c, r, 2, kind, &s))
        out_number(c, r, geo_region_distance(s.r[0], p));
}

static void fn_distance_line(struct cf_call *c, size_t r)
{
    distance(c, r, LINE);
}

static void fn_distance_polygon(struct cf_call *c, size_t r)
{
    distance(c, r, AREA);
}

static void closest(struct cf_call *c, size_t r, int kind)
{
    AUTO(shapes_fini) struct shapes s = {0};
    struct geo_point p = point_at(c, r, 0), found;
    if (geo_point_valid(p) && shape(c, r, 2, kind, &s) && geo_region_closest(s.r[0], p, &found))
        fn_geo_out_point(c, r, found);
}

static void fn_closest_line(struct cf_call *c, size_t r)
{
    closest(c, r, LINE);
}

static void fn_closest_polygon(struct cf_call *c, size_t r)
{
    closest(c, r, AREA);
}

static void fn_in_polygon(struct cf_call *c, size_t r)
{
    AUTO(shapes_fini) struct shapes s = {0};
    struct geo_point p = point_at(c, r, 0);
    if (geo_point_valid(p) && shape(c, r, 2, AREA, &s))
        cf_out_bool(c, r, geo_region_contains(s.r[0], p));
}

/* vd_geo_near(longitude, latitude, shape, radius): for the lookup plugins. */
static void fn_near(struct cf_call *c, size_t r)
{
    AUTO(shapes_fini) struct shapes s = {0};
    struct geo_point p = point_at(c, r, 0);
    if (!geo_point_valid(p) || (!shape(c, r, 2, LINE, &s) && s.r[0] == NULL))
        return;
    cf_out_bool(c, r, geo_region_distance(s.r[0], p) <= cf_f64(c, 3, r));
}

static void fn_angle(struct cf_call *c, size_t r)
{
    out_number(c, r, geo_angle(point_at(c, r, 0), point_at(c, r, 2), point_at(c, r, 4)));
}

static void fn_interpolate(struct cf_call *c, size_t r)
{
    AUTO(shapes_fini) struct shapes s = {0};
    struct geo_point p;
    if (shape(c, r, 0, LINE, &s) && geo_region_interpolate(s.r[0], cf_f64(c, 1, r), &p))
        fn_geo_out_point(c, r, p);
}

static void fn_locate(struct cf_call *c, size_t r)
{
    AUTO(shapes_fini) struct shapes s = {0};
    struct geo_point p = point_at(c, r, 1);
    if (geo_point_valid(p) && shape(c, r, 0, LINE, &s))
        out_number(c, r, geo_region_locate(s.r[0], p));
}

/* ---- relations ---- */
static void intersects(struct cf_call *c, size_t r, int first, int second)
{
    AUTO(shapes_fini) struct shapes s = {0};
    if (shape(c, r, 0, first, &s) && shape(c, r, 1, second, &s))
        cf_out_bool(c, r, geo_region_intersects(s.r[0], s.r[1]));
}

static void fn_intersects_lines(struct cf_call *c, size_t r)
{
    intersects(c, r, LINE, LINE);
}

static void fn_intersects_polygons(struct cf_call *c, size_t r)
{
    intersects(c, r, AREA, AREA);
}

static void fn_intersects_line_polygon(struct cf_call *c, size_t r)
{
    intersects(c, r, LINE, AREA);
}

static void intersection(struct cf_call *c, size_t r, int first, int second)
{
    AUTO(shapes_fini) struct shapes s = {0};
    struct geo_memory m = fn_geo_memory(c);
    struct geo_shape common;
    if (shape(c, r, 0, first, &s) && shape(c, r, 1, second, &s) &&
        geo_region_intersection(s.r[0], s.r[1], &m, &common))
        fn_geo_out_shape(c, r, &common);
}

static void fn_intersection_lines(struct cf_call *c, size_t r)
{
    intersection(c, r, LINE, LINE);
}

static void fn_intersection_polygons(struct cf_call *c, size_t r)
{
    intersection(c, r, AREA, AREA);
}

static void fn_intersection_line_polygon(struct cf_call *c, size_t r)
{
    intersection(c, r, LINE, AREA);
}

/* ---- new shapes ---- */
static void buffer(struct cf_call *c, size_t r, int kind)
{
    AUTO(shapes_fini) struct shapes s = {0};
    if (shape(c, r, 0, kind, &s))
        out_region(c, r, geo_buffer(s.r[0], cf_f64(c, 1, r), cf_f64(c, 2, r)));
}

static void fn_line_buffer(struct cf_call *c, size_t r)
{
    buffer(c, r, LINE);
}

static void fn_polygon_buffer(struct cf_call *c, size_t r)
{
    buffer(c, r, AREA);
}

static void fn_point_buffer(struct cf_call *c, size_t r)
{
    struct geo_point p = point_at(c, r, 0);
    if (geo_point_valid(p))
        out_region(c, r, geo_point_buffer(p, cf_f64(c, 2, r), cf_f64(c, 3, r)));
}

static bool tolerance_valid(double v)
{
    return v >= 0 && v <= MOST_TOLERANCE_M;
}

static void simplify(struct cf_call *c, size_t r, int kind)
{
    AUTO(shapes_fini) struct shapes s = {0};
    double tolerance = cf_f64(c, 1, r);
    if (tolerance_valid(tolerance) && shape(c, r, 0, kind, &s))
        out_region(c, r, geo_simplify(s.r[0], tolerance));
}

static void fn_line_simplify(struct cf_call *c, size_t r)
{
    simplify(c, r, LINE);
}

static void fn_polygon_simplify(struct cf_call *c, size_t r)
{
    simplify(c, r, AREA);
}

static void densify(struct cf_call *c, size_t r, int kind)
{
    AUTO(shapes_fini) struct shapes s = {0};
    struct geo_shape v;
    double tolerance = cf_f64(c, 1, r);
    if (tolerance >= 0.1 && tolerance <= 10000 && shape(c, r, 0, kind, &s) &&
        geojson_read(cf_arena(c), cf_str(c, 0, r), &v))
        out_region(c, r, geo_densify(&v, tolerance));
}

static void fn_line_densify(struct cf_call *c, size_t r)
{
    densify(c, r, LINE);
}

static void fn_polygon_densify(struct cf_call *c, size_t r)
{
    densify(c, r, AREA);
}

/* ---- arrays of shapes ---- */
struct many {
    struct geo_region **r;
    size_t n;
};

static void many_fini(struct many *v)
{
    for (size_t i = 0; i < v->n; i++)
        geo_region_free(v->r[i]);
}

static bool read_many(struct cf_call *c, size_t r, int kind, struct many *out)
{
    struct json v;
    struct json_opts opts = {.max_values = 4 * (size_t)GEOJSON_MAX_POINTS};
    if (!json_parse(cf_arena(c), cf_str(c, 0, r), &opts, &v, NULL) || v.type != JSON_ARRAY)
        return false;
    out->r = arena_array(cf_arena(c), struct geo_region *, v.n + 1);
    for (size_t i = 0; i < v.n; i++) {
        if (cf_stops(c))
            return false;
        struct geo_shape s;
        struct geo_region *x =
            geojson_shape(cf_arena(c), &v.items[i], &s) ? geo_region_new(&s) : NULL;
        if (x == NULL)
            return false;
        out->r[out->n++] = x;
        if (geo_region_is_area(x) != (kind == AREA))
            return false;
    }
    return out->n > 0;
}

static void unite(struct cf_call *c, size_t r, int kind)
{
    AUTO(many_fini) struct many v = {0};
    if (read_many(c, r, kind, &v))
        out_region(c, r, geo_union(v.r, v.n));
}

static void fn_union_lines(struct cf_call *c, size_t r)
{
    unite(c, r, LINE);
}

static void fn_union_polygons(struct cf_call *c, size_t r)
{
    unite(c, r, AREA);
}

static void fn_simplify_array(struct cf_call *c, size_t r)
{
    AUTO(many_fini) struct many v = {0};
    double tolerance = cf_f64(c, 1, r);
    if (!tolerance_valid(tolerance) || !read_many(c, r, AREA, &v))
        return;
    struct many simpler = {arena_array(cf_arena(c), struct geo_region *, v.n + 1), v.n};
    if (geo_simplify_all(v.r, v.n, tolerance, simpler.r))
        out_region(c, r, geo_union(simpler.r, simpler.n));
    many_fini(&simpler);
}

/* ---- cells that cover ---- */
static void cover_s2(struct cf_call *c, size_t r, int kind)
{
    AUTO(shapes_fini) struct shapes s = {0};
    struct geo_memory m = fn_geo_memory(c);
    int64_t level = cf_i64(c, 1, r);
    size_t n = 0;
    if (level < 0 || level > 30 || !shape(c, r, 0, kind, &s))
        return;
    char(*cells)[GEO_TOKEN_MAX] = geo_s2_cover(s.r[0], (int)level, cf_f64(c, 2, r), &m, &n);
    out_tokens(c, r, cells, n);
}

static void fn_line_s2cells(struct cf_call *c, size_t r)
{
    cover_s2(c, r, LINE);
}

static void fn_polygon_s2cells(struct cf_call *c, size_t r)
{
    cover_s2(c, r, AREA);
}

static void fn_polygon_h3cells(struct cf_call *c, size_t r)
{
    AUTO(shapes_fini) struct shapes s = {0};
    struct geo_memory m = fn_geo_memory(c);
    int64_t resolution = cf_i64(c, 1, r);
    double radius = cf_f64(c, 2, r);
    size_t n = 0;
    if (resolution < 0 || resolution > GEO_H3_RESOLUTION_MAX || !(radius >= 0) ||
        !shape(c, r, 0, AREA, &s))
        return;
    struct geo_region *wider = radius > 0 ? geo_buffer(s.r[0], radius, radius / 100) : NULL;
    struct geo_shape areas;
    if ((radius == 0 || wider != NULL) &&
        geo_region_shape(wider != NULL ? wider : s.r[0], &m, &areas)) {
        char(*cells)[GEO_TOKEN_MAX] = geo_h3_fill(&areas, (int)resolution, &m, &n);
        out_tokens(c, r, cells, n);
    }
    geo_region_free(wider);
}

static void fn_from_wkt(struct cf_call *c, size_t r)
{
    struct sbuf *b = cf_buf(c);
    if (wkt_to_geojson(cf_str(c, 0, r), b))
        cf_out_str(c, r, sbuf_str(b));
}

#define SHAPE(fn_name, fn_sig, fn)                                                                 \
    {                                                                                              \
        .name = (fn_name), .sig = (fn_sig), .row = (fn), .prepare = prepare, .release = release    \
    }
const struct cf_scalar fn_geo_shape_rows[] = {
    {.name = "vdf_geo_angle", .sig = "dddddd:d", .row = fn_angle},
    SHAPE("vdf_geo_closest_point_on_line", "ddj:j", fn_closest_line),
    SHAPE("vdf_geo_closest_point_on_polygon", "ddj:j", fn_closest_polygon),
    SHAPE("vdf_geo_distance_point_to_line", "ddj:d", fn_distance_line),
    SHAPE("vdf_geo_distance_point_to_polygon", "ddj:d", fn_distance_polygon),
    {.name = "vdf_geo_from_wkt", .sig = "s:j", .row = fn_from_wkt},
    SHAPE("vdf_geo_intersection_2lines", "jj:j", fn_intersection_lines),
    SHAPE("vdf_geo_intersection_2polygons", "jj:j", fn_intersection_polygons),
    SHAPE("vdf_geo_intersection_line_with_polygon", "jj:j", fn_intersection_line_polygon),
    SHAPE("vdf_geo_intersects_2lines", "jj:b", fn_intersects_lines),
    SHAPE("vdf_geo_intersects_2polygons", "jj:b", fn_intersects_polygons),
    SHAPE("vdf_geo_intersects_line_with_polygon", "jj:b", fn_intersects_line_polygon),
    SHAPE("vdf_geo_line_buffer", "jdd:j", fn_line_buffer),
    SHAPE("vdf_geo_line_centroid", "j:j", fn_line_centroid),
    SHAPE("vdf_geo_line_densify", "jd:j", fn_line_densify),
    SHAPE("vdf_geo_line_interpolate_point", "jd:j", fn_interpolate),
    SHAPE("vdf_geo_line_length", "j:d", fn_line_length),
    SHAPE("vdf_geo_line_locate_point", "jdd:d", fn_locate),
    SHAPE("vdf_geo_line_simplify", "jd:j", fn_line_simplify),
    SHAPE("vdf_geo_line_to_s2cells", "jld:j", fn_line_s2cells),
    {.name = "vdf_geo_point_buffer", .sig = "dddd:j", .row = fn_point_buffer},
    SHAPE("vdf_geo_point_in_polygon", "ddj:b", fn_in_polygon),
    SHAPE("vdf_geo_polygon_area", "j:d", fn_area),
    SHAPE("vdf_geo_polygon_buffer", "jdd:j", fn_polygon_buffer),
    SHAPE("vdf_geo_polygon_centroid", "j:j", fn_polygon_centroid),
    SHAPE("vdf_geo_polygon_densify", "jd:j", fn_polygon_densify),
    SHAPE("vdf_geo_polygon_perimeter", "j:d", fn_perimeter),
    SHAPE("vdf_geo_polygon_simplify", "jd:j", fn_polygon_simplify),
    SHAPE("vdf_geo_polygon_to_h3cells", "jld:j", fn_polygon_h3cells),
    SHAPE("vdf_geo_polygon_to_s2cells", "jld:j", fn_polygon_s2cells),
    {.name = "vdf_geo_simplify_polygons_array", .sig = "jd:j", .row = fn_simplify_array},
    {.name = "vdf_geo_union_lines_array", .sig = "j:j", .row = fn_union_lines},
    {.name = "vdf_geo_union_polygons_array", .sig = "j:j", .row = fn_union_polygons},
    SHAPE("vd_geo_near", "ddjd:b", fn_near),
    {0},
};
