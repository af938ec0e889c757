/* Cells of the H3 grid, named by their index in hexadecimal digits. */
#include "geo/geo.h"
#include <h3api.h>
#include <stdio.h>
#include <string.h>

#define RADIANS (3.14159265358979323846 / 180)

typedef char token[GEO_TOKEN_MAX];

static bool cell_of(const char *text, H3Index *out)
{
    size_t n = strlen(text);
    return n > 0 && n < GEO_TOKEN_MAX && strspn(text, "0123456789abcdefABCDEF") == n &&
           stringToH3(text, out) == E_SUCCESS && isValidCell(*out);
}

static void write_cell(H3Index cell, char out[GEO_TOKEN_MAX])
{
    snprintf(out, GEO_TOKEN_MAX, "%llx", (unsigned long long)cell);
}

static LatLng radians_of(struct geo_point p)
{
    return (LatLng){p.lat * RADIANS, p.lng * RADIANS};
}

static struct geo_point degrees_of(LatLng p)
{
    return (struct geo_point){p.lng / RADIANS, p.lat / RADIANS};
}

static bool resolution_valid(int r)
{
    return r >= 0 && r <= GEO_H3_RESOLUTION_MAX;
}

bool geo_h3_of_point(struct geo_point p, int resolution, char out[GEO_TOKEN_MAX])
{
    LatLng at = radians_of(p);
    H3Index cell;
    if (!geo_point_valid(p) || !resolution_valid(resolution) ||
        latLngToCell(&at, resolution, &cell) != E_SUCCESS)
        return false;
    write_cell(cell, out);
    return true;
}

bool geo_h3_centre(const char *text, struct geo_point *out)
{
    H3Index cell;
    LatLng at;
    if (!cell_of(text, &cell) || cellToLatLng(cell, &at) != E_SUCCESS)
        return false;
    *out = degrees_of(at);
    return true;
}

bool geo_h3_corners(const char *text, struct geo_point out[GEO_H3_CORNERS_MAX], size_t *n)
{
    H3Index cell;
    CellBoundary b;
    *n = 0;
    if (!cell_of(text, &cell) || cellToBoundary(cell, &b) != E_SUCCESS)
        return false;
    for (int i = 0; i < b.numVerts; i++)
        out[(*n)++] = degrees_of(b.verts[i]);
    return true;
}

int geo_h3_resolution(const char *text)
{
    H3Index cell;
    return cell_of(text, &cell) ? getResolution(cell) : -1;
}

bool geo_h3_parent(const char *text, int resolution, char out[GEO_TOKEN_MAX])
{
    H3Index cell, parent;
    if (!cell_of(text, &cell))
        return false;
    int own = getResolution(cell), wanted = resolution < 0 ? own - 1 : resolution;
    if (wanted < 0 || wanted > own || cellToParent(cell, wanted, &parent) != E_SUCCESS)
        return false;
    write_cell(parent, out);
    return true;
}

static token *write_cells(const H3Index *cells, size_t n_cells, const struct geo_memory *m,
                          size_t *n)
{
    token *out = m->get(m->self, (n_cells + 1) * sizeof(token));
    *n = 0;
    for (size_t i = 0; out != NULL && i < n_cells; i++)
        if (cells[i] != 0)
            write_cell(cells[i], out[(*n)++]);
    return out;
}

char (*geo_h3_children(const char *text, int resolution, const struct geo_memory *m,
                       size_t *n))[GEO_TOKEN_MAX]
{
    H3Index cell;
    int64_t count;
    if (!cell_of(text, &cell))
        return NULL;
    int own = getResolution(cell), wanted = resolution < 0 ? own + 1 : resolution;
    if (wanted <= own || !resolution_valid(wanted) ||
        cellToChildrenSize(cell, wanted, &count) != E_SUCCESS || count > GEO_H3_CELLS_MAX)
        return NULL;
    H3Index *cells = m->get(m->self, (size_t)count * sizeof(*cells));
    if (cells == NULL || cellToChildren(cell, wanted, cells) != E_SUCCESS)
        return NULL;
    return write_cells(cells, (size_t)count, m, n);
}

char (*geo_h3_disk(const char *text, int k, const struct geo_memory *m, int **out_distance,
                   size_t *n))[GEO_TOKEN_MAX]
{
    H3Index cell;
    int64_t count;
    if (!cell_of(text, &cell) || k < 0 || maxGridDiskSize(k, &count) != E_SUCCESS ||
        count > GEO_H3_CELLS_MAX)
        return NULL;
    H3Index *cells = m->get(m->self, (size_t)count * sizeof(*cells));
    int *distance = m->get(m->self, (size_t)count * sizeof(*distance));
    if (cells == NULL || distance == NULL ||
        gridDiskDistances(cell, k, cells, distance) != E_SUCCESS)
        return NULL;
    size_t kept = 0; /* near a pentagon some are missing */
    for (size_t i = 0; i < (size_t)count; i++)
        if (cells[i] != 0) {
            distance[kept] = distance[i];
            cells[kept++] = cells[i];
        }
    *out_distance = distance;
    return write_cells(cells, kept, m, n);
}

static bool loop_of(const struct geo_path *ring, const struct geo_memory *m, GeoLoop *out)
{
    size_t n = ring->n > 0 ? ring->n - 1 : 0; /* H3 does not repeat the first point */
    out->verts = m->get(m->self, (n + 1) * sizeof(LatLng));
    out->numVerts = (int)n;
    for (size_t i = 0; out->verts != NULL && i < n; i++)
        out->verts[i] = radians_of(ring->p[i]);
    return out->verts != NULL && n >= 3 && n < 1 << 20;
}

static bool polygon_of(const struct geo_area *area, const struct geo_memory *m, GeoPolygon *out)
{
    size_t holes = area->n > 0 ? area->n - 1 : 0;
    out->holes = m->get(m->self, (holes + 1) * sizeof(GeoLoop));
    out->numHoles = (int)holes;
    if (area->n == 0 || out->holes == NULL || !loop_of(&area->rings[0], m, &out->geoloop))
        return false;
    for (size_t i = 0; i < holes; i++)
        if (!loop_of(&area->rings[i + 1], m, &out->holes[i]))
            return false;
    return true;
}

char (*geo_h3_fill(const struct geo_shape *s, int resolution, const struct geo_memory *m,
                   size_t *n))[GEO_TOKEN_MAX]
{
    H3Index *all = m->get(m->self, (2 * GEO_H3_CELLS_MAX + 1) * sizeof(*all));
    size_t n_all = 0;
    for (size_t i = 0; i < s->n_areas; i++) {
        GeoPolygon p;
        int64_t count;
        if (!polygon_of(&s->areas[i], m, &p) || !resolution_valid(resolution) ||
            maxPolygonToCellsSize(&p, resolution, 0, &count) != E_SUCCESS ||
            count > 16 * (int64_t)GEO_H3_CELLS_MAX)
            return NULL;
        H3Index *cells = m->get(m->self, (size_t)count * sizeof(*cells));
        if (all == NULL || cells == NULL || polygonToCells(&p, resolution, 0, cells) != E_SUCCESS)
            return NULL;
        for (size_t k = 0; k < (size_t)count; k++)
            if (cells[k] != 0 && n_all <= GEO_H3_CELLS_MAX)
                all[n_all++] = cells[k];
    }
    return n_all > GEO_H3_CELLS_MAX || all == NULL ? NULL : write_cells(all, n_all, m, n);
}
