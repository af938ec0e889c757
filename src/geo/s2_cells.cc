// Cells of the S2 grid, named by their tokens.
#include "geo/region.hh"
#include <cstring>
#include <limits>
#include <s2/s2cell.h>
#include <s2/s2cell_id.h>
#include <s2/s2latlng.h>
#include <s2/s2metrics.h>
#include <s2/s2region_coverer.h>
#include <s2/s2shape_index_buffered_region.h>
#include <s2/s2shape_index_region.h>

namespace
{
bool cell_of(const char *token, S2CellId *out)
{
    *out = S2CellId::FromToken(std::string(token));
    return out->is_valid();
}

void write(S2CellId id, char token[GEO_TOKEN_MAX])
{
    std::string s = id.ToToken();
    std::memcpy(token, s.c_str(), s.size() + 1);
}

// More cells than may be returned would take long to find.
bool too_many(const geo_region *r, int level, double radius)
{
    double earth = GEO_EARTH_RADIUS_M, cell = S2::kAvgArea.GetValue(level) * earth * earth;
    double area =
        geo_region_surface(r) + 2 * radius * geo_region_length(r) + M_PI * radius * radius;
    double along = geo_region_length(r) / (S2::kAvgEdge.GetValue(level) * earth);
    return area / cell > 4.0 * GEO_COVER_MAX || along > 4.0 * GEO_COVER_MAX;
}
} // namespace

bool geo_s2_of_point(geo_point p, int level, char token[GEO_TOKEN_MAX])
{
    if (!geo_point_valid(p) || level < 0 || level > S2CellId::kMaxLevel)
        return false;
    write(S2CellId(S2LatLng::FromDegrees(p.lat, p.lng)).parent(level), token);
    return true;
}

bool geo_s2_centre(const char *token, geo_point *out)
{
    S2CellId id;
    if (!cell_of(token, &id))
        return false;
    *out = geo::degrees(id.ToPoint());
    return true;
}

bool geo_s2_corners(const char *token, geo_point out[4])
{
    S2CellId id;
    if (!cell_of(token, &id))
        return false;
    S2Cell cell(id);
    for (int i = 0; i < 4; i++)
        out[i] = geo::degrees(cell.GetVertex(i));
    return true;
}

bool geo_s2_neighbours(const char *token, char out[8][GEO_TOKEN_MAX], size_t *n)
{
    S2CellId id;
    *n = 0;
    if (!cell_of(token, &id))
        return false;
    std::vector<S2CellId> all;
    id.AppendAllNeighbors(id.level(), &all);
    for (size_t i = 0; i < all.size() && *n < 8; i++)
        write(all[i], out[(*n)++]);
    return true;
}

char (*geo_s2_cover(const geo_region *r, int level, double radius, const geo_memory *m,
                    size_t *n))[GEO_TOKEN_MAX]
{
    using token = char[GEO_TOKEN_MAX];
    if (level < 0 || level > S2CellId::kMaxLevel || !(radius >= 0) || too_many(r, level, radius))
        return nullptr;
    return geo::guarded(
        [&]() -> token * {
            S2RegionCoverer::Options options;
            options.set_fixed_level(level);
            options.set_max_cells(std::numeric_limits<int>::max());
            S2RegionCoverer coverer(options);
            std::vector<S2CellId> cells;
            if (radius > 0)
                coverer.GetCovering(
                    S2ShapeIndexBufferedRegion(&r->index, S1ChordAngle(geo::angle(radius))),
                    &cells);
            else
                coverer.GetCovering(MakeS2ShapeIndexRegion(&r->index), &cells);
            if (cells.size() > GEO_COVER_MAX)
                return nullptr;
            token *out = geo::take<token>(m, cells.size());
            for (*n = 0; out != nullptr && *n < cells.size(); ++*n)
                write(cells[*n], out[*n]);
            return out;
        },
        static_cast<token *>(nullptr));
}
