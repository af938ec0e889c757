/* Cells of the grids S2 and H3, and the neighbours of geohashes. What is no cell gives null, or ''
 * for a token. Source: the geo_s2cell_ and geo_h3cell_ functions' pages of the Kusto reference. */
#include "engine/duckdb/fn_geo.h"

/* The argument's text as a C string; false: too long for a token. */
static bool token_at(struct cf_call *c, size_t r, size_t arg, char out[GEO_TOKEN_MAX])
{
    struct str s = cf_str(c, arg, r);
    if (s.n == 0 || s.n >= GEO_TOKEN_MAX || memchr(s.p, '\0', s.n) != NULL)
        return false;
    memcpy(out, s.p, s.n);
    out[s.n] = '\0';
    return true;
}

static void out_tokens(struct cf_call *c, size_t r, char (*tokens)[GEO_TOKEN_MAX], size_t n)
{
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    json_arr(&w);
    for (size_t i = 0; i < n; i++)
        json_z(&w, tokens[i]);
    json_arr_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

/* corners has room for one more: the first again. */
static void out_polygon(struct cf_call *c, size_t r, struct geo_point *corners, size_t n)
{
    corners[n] = corners[0];
    struct geo_path ring = {corners, n + 1};
    struct geo_area area = {&ring, 1};
    struct geo_shape s = {.areas = &area, .n_areas = 1};
    fn_geo_out_shape(c, r, &s);
}

static int small(int64_t v)
{
    return v < 0 || v > 1000000 ? 1000000 : (int)v;
}

/* ---- S2 ---- */
static void fn_s2_of_point(struct cf_call *c, size_t r)
{
    char token[GEO_TOKEN_MAX];
    struct geo_point p = {cf_f64(c, 0, r), cf_f64(c, 1, r)};
    if (geo_s2_of_point(p, small(cf_i64(c, 2, r)), token))
        cf_out_str(c, r, str_from(token));
}

static void fn_s2_centre(struct cf_call *c, size_t r)
{
    char token[GEO_TOKEN_MAX];
    struct geo_point p;
    if (token_at(c, r, 0, token) && geo_s2_centre(token, &p))
        fn_geo_out_point(c, r, p);
}

static void fn_s2_polygon(struct cf_call *c, size_t r)
{
    char token[GEO_TOKEN_MAX];
    struct geo_point corners[5];
    if (token_at(c, r, 0, token) && geo_s2_corners(token, corners))
        out_polygon(c, r, corners, 4);
}

static void fn_s2_neighbours(struct cf_call *c, size_t r)
{
    char token[GEO_TOKEN_MAX], around[8][GEO_TOKEN_MAX];
    size_t n;
    if (token_at(c, r, 0, token) && geo_s2_neighbours(token, around, &n))
        out_tokens(c, r, around, n);
}

/* ---- H3 ---- */
static void fn_h3_of_point(struct cf_call *c, size_t r)
{
    char token[GEO_TOKEN_MAX];
    struct geo_point p = {cf_f64(c, 0, r), cf_f64(c, 1, r)};
    if (geo_h3_of_point(p, small(cf_i64(c, 2, r)), token))
        cf_out_str(c, r, str_from(token));
}

static void fn_h3_centre(struct cf_call *c, size_t r)
{
    char token[GEO_TOKEN_MAX];
    struct geo_point p;
    if (token_at(c, r, 0, token) && geo_h3_centre(token, &p))
        fn_geo_out_point(c, r, p);
}

static void fn_h3_polygon(struct cf_call *c, size_t r)
{
    char token[GEO_TOKEN_MAX];
    struct geo_point corners[GEO_H3_CORNERS_MAX + 1];
    size_t n;
    if (token_at(c, r, 0, token) && geo_h3_corners(token, corners, &n) && n > 0)
        out_polygon(c, r, corners, n);
}

static void fn_h3_level(struct cf_call *c, size_t r)
{
    char token[GEO_TOKEN_MAX];
    int resolution = token_at(c, r, 0, token) ? geo_h3_resolution(token) : -1;
    if (resolution >= 0)
        cf_out_i32(c, r, resolution);
}

static void fn_h3_parent(struct cf_call *c, size_t r)
{
    char token[GEO_TOKEN_MAX], parent[GEO_TOKEN_MAX];
    int resolution = c->n_args > 1 ? small(cf_i64(c, 1, r)) : -1;
    if (token_at(c, r, 0, token) && geo_h3_parent(token, resolution, parent))
        cf_out_str(c, r, str_from(parent));
}

static void fn_h3_children(struct cf_call *c, size_t r)
{
    char token[GEO_TOKEN_MAX];
    struct geo_memory m = fn_geo_memory(c);
    size_t n = 0;
    int resolution = c->n_args > 1 ? small(cf_i64(c, 1, r)) : -1;
    if (!token_at(c, r, 0, token))
        return;
    char(*all)[GEO_TOKEN_MAX] = geo_h3_children(token, resolution, &m, &n);
    if (all != NULL)
        out_tokens(c, r, all, n);
}

static void fn_h3_neighbours(struct cf_call *c, size_t r)
{
    char token[GEO_TOKEN_MAX];
    struct geo_memory m = fn_geo_memory(c);
    int *distance;
    size_t n = 0;
    if (!token_at(c, r, 0, token))
        return;
    char(*all)[GEO_TOKEN_MAX] = geo_h3_disk(token, 1, &m, &distance, &n);
    if (all != NULL && n > 0)
        out_tokens(c, r, all + 1, n - 1);
}

static void fn_h3_rings(struct cf_call *c, size_t r)
{
    char token[GEO_TOKEN_MAX];
    struct geo_memory m = fn_geo_memory(c);
    int *distance, k = small(cf_i64(c, 1, r));
    size_t n = 0;
    if (!token_at(c, r, 0, token))
        return;
    char(*all)[GEO_TOKEN_MAX] = geo_h3_disk(token, k, &m, &distance, &n);
    if (all == NULL)
        return;
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    json_arr(&w);
    for (int ring = 0; ring <= k; ring++) {
        json_arr(&w);
        for (size_t i = 0; i < n; i++)
            if (distance[i] == ring)
                json_z(&w, all[i]);
        json_arr_end(&w);
    }
    json_arr_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

const struct cf_scalar fn_geo_grid_rows[] = {
    {.name = "vdf_geo_h3cell_children", .sig = "s:j", .row = fn_h3_children},
    {.name = "vdf_geo_h3cell_children", .sig = "sl:j", .row = fn_h3_children},
    {.name = "vdf_geo_h3cell_level", .sig = "s:i", .row = fn_h3_level},
    {.name = "vdf_geo_h3cell_neighbors", .sig = "s:j", .row = fn_h3_neighbours},
    {.name = "vdf_geo_h3cell_parent", .sig = "s:s", .row = fn_h3_parent},
    {.name = "vdf_geo_h3cell_parent", .sig = "sl:s", .row = fn_h3_parent},
    {.name = "vdf_geo_h3cell_rings", .sig = "sl:j", .row = fn_h3_rings},
    {.name = "vdf_geo_h3cell_to_central_point", .sig = "s:j", .row = fn_h3_centre},
    {.name = "vdf_geo_h3cell_to_polygon", .sig = "s:j", .row = fn_h3_polygon},
    {.name = "vdf_geo_point_to_h3cell", .sig = "ddl:s", .row = fn_h3_of_point},
    {.name = "vdf_geo_point_to_s2cell", .sig = "ddl:s", .row = fn_s2_of_point},
    {.name = "vdf_geo_s2cell_neighbors", .sig = "s:j", .row = fn_s2_neighbours},
    {.name = "vdf_geo_s2cell_to_central_point", .sig = "s:j", .row = fn_s2_centre},
    {.name = "vdf_geo_s2cell_to_polygon", .sig = "s:j", .row = fn_s2_polygon},
    {0},
};
