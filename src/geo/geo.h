/* Shapes on the Earth: a C face for S2 (Google's spherical geometry, C++) and for the grids S2 and
 * H3. Longitude stands before latitude, in degrees; distances are metres on the sphere that Kusto
 * takes the Earth for. Nothing here throws, prints or ends the process: what is invalid gives NULL,
 * false or NaN. Source of the behaviour: the geo_ functions' pages of the Kusto reference. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GEO_EARTH_RADIUS_M 6371010.0

struct geo_point {
    double lng, lat;
};
struct geo_path { /* a line, or a ring whose last point is its first */
    struct geo_point *p;
    size_t n;
};
struct geo_area { /* rings: the shell, then holes */
    struct geo_path *rings;
    size_t n;
};
/* One kind of part only, as GeoJSON has it; none: nothing. */
struct geo_shape {
    struct geo_point *points;
    struct geo_path *lines;
    struct geo_area *areas;
    size_t n_points, n_lines, n_areas;
};
/* Where results are put: get() returns zeroed memory or NULL when there is no more. */
struct geo_memory {
    void *self;
    void *(*get)(void *self, size_t bytes);
};
bool geo_point_valid(struct geo_point p);

/* ---- regions: shapes made ready ---- */
struct geo_region;
/* Lines or areas (areas become their union). NULL: invalid, or neither. Read-only afterwards, so
 * that threads may share it. */
struct geo_region *geo_region_new(const struct geo_shape *s);
void geo_region_free(struct geo_region *r);
bool geo_region_is_area(const struct geo_region *r);
/* Areas come with their shells counter-clockwise. false: no memory. */
bool geo_region_shape(const struct geo_region *r, const struct geo_memory *m,
                      struct geo_shape *out);

double geo_region_length(const struct geo_region *r);  /* of lines, or the perimeter */
double geo_region_surface(const struct geo_region *r); /* square metres */
bool geo_region_centroid(const struct geo_region *r, struct geo_point *out);
bool geo_region_contains(const struct geo_region *r, struct geo_point p);
double geo_region_distance(const struct geo_region *r, struct geo_point p);
bool geo_region_closest(const struct geo_region *r, struct geo_point p, struct geo_point *out);
bool geo_region_interpolate(const struct geo_region *r, double fraction, struct geo_point *out);
double geo_region_locate(const struct geo_region *r, struct geo_point p); /* NaN: several lines */
bool geo_region_intersects(const struct geo_region *a, const struct geo_region *b);
/* The common part: points, lines and areas may come together. */
bool geo_region_intersection(const struct geo_region *a, const struct geo_region *b,
                             const struct geo_memory *m, struct geo_shape *out);

/* ---- new regions; NULL: it can't be made ---- */
struct geo_region *geo_union(struct geo_region *const *r, size_t n); /* of one kind */
struct geo_region *geo_buffer(const struct geo_region *r, double radius, double tolerance);
struct geo_region *geo_point_buffer(struct geo_point p, double radius, double tolerance);
struct geo_region *geo_simplify(const struct geo_region *r, double tolerance);
/* All at once, so that common borders stay common; out gets n regions. */
bool geo_simplify_all(struct geo_region *const *r, size_t n, double tolerance,
                      struct geo_region **out);
/* The shape with points put into its edges, so that none of the straight lines of a map is further
 * than tolerance from what it stands for. */
struct geo_region *geo_densify(const struct geo_shape *s, double tolerance);

/* ---- points ---- */
double geo_angle(struct geo_point a, struct geo_point b, struct geo_point c); /* NaN: none */

/* ---- S2 cells ---- */
enum { GEO_TOKEN_MAX = 17, GEO_COVER_MAX = 65536 };
bool geo_s2_of_point(struct geo_point p, int level, char token[GEO_TOKEN_MAX]);
bool geo_s2_centre(const char *token, struct geo_point *out);
bool geo_s2_corners(const char *token, struct geo_point out[4]);
/* n: at most 8. */
bool geo_s2_neighbours(const char *token, char out[8][GEO_TOKEN_MAX], size_t *n);
/* Tokens of the cells of a level that cover all within radius. NULL: too many. */
char (*geo_s2_cover(const struct geo_region *r, int level, double radius,
                    const struct geo_memory *m, size_t *n))[GEO_TOKEN_MAX];

/* ---- H3 cells ---- */
enum { GEO_H3_CELLS_MAX = 61680, GEO_H3_RESOLUTION_MAX = 15, GEO_H3_CORNERS_MAX = 10 };
bool geo_h3_of_point(struct geo_point p, int resolution, char token[GEO_TOKEN_MAX]);
bool geo_h3_centre(const char *token, struct geo_point *out);
bool geo_h3_corners(const char *token, struct geo_point out[GEO_H3_CORNERS_MAX], size_t *n);
int geo_h3_resolution(const char *token); /* -1: no cell */
/* resolution -1: the next coarser one. */
bool geo_h3_parent(const char *token, int resolution, char out[GEO_TOKEN_MAX]);
/* resolution -1: the next finer one. NULL: no cell, too many. */
char (*geo_h3_children(const char *token, int resolution, const struct geo_memory *m,
                       size_t *n))[GEO_TOKEN_MAX];
/* Cells at a distance of 0 … k, with that distance. NULL: no cell, too many. */
char (*geo_h3_disk(const char *token, int k, const struct geo_memory *m, int **out_distance,
                   size_t *n))[GEO_TOKEN_MAX];
/* Cells whose centres are inside. NULL: too many, or not areas. */
char (*geo_h3_fill(const struct geo_shape *areas, int resolution, const struct geo_memory *m,
                   size_t *n))[GEO_TOKEN_MAX];

#ifdef __cplusplus
}
#endif
