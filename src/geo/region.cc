// Regions: making them, reading them back, measuring them.
#include "geo/region.hh"
#include <cmath>
#include <s2/s2closest_edge_query.h>
#include <s2/s2contains_point_query.h>
#include <s2/s2edge_crossings.h>
#include <s2/s2latlng.h>
#include <s2/s2measures.h>
#include <s2/s2predicates.h>

namespace geo
{
S2Point point(geo_point p)
{
    return S2LatLng::FromDegrees(p.lat, p.lng).ToPoint();
}

geo_point degrees(const S2Point &p)
{
    S2LatLng at(p);
    return {at.lng().degrees(), at.lat().degrees()};
}

double metres(S1Angle a)
{
    return a.radians() * GEO_EARTH_RADIUS_M;
}

S1Angle angle(double metres)
{
    return S1Angle::Radians(metres / GEO_EARTH_RADIUS_M);
}

geo_region *finish(std::unique_ptr<geo_region> r)
{
    if (r->polygon)
        r->index.Add(std::make_unique<S2Polygon::Shape>(r->polygon.get()));
    for (auto &line : r->lines)
        r->index.Add(std::make_unique<S2Polyline::Shape>(line.get()));
    r->index.ForceBuild();
    return r.release();
}

geo_region *region_of(std::unique_ptr<S2Polygon> p)
{
    auto r = std::make_unique<geo_region>();
    r->polygon = std::move(p);
    return finish(std::move(r));
}

geo_region *region_of(std::vector<std::unique_ptr<S2Polyline>> lines)
{
    auto r = std::make_unique<geo_region>();
    r->lines = std::move(lines);
    return finish(std::move(r));
}

static bool points_of(const geo_path &path, Points *out)
{
    out->reserve(path.n);
    for (size_t i = 0; i < path.n; i++) {
        if (!geo_point_valid(path.p[i]))
            return false;
        out->push_back(point(path.p[i]));
    }
    return true;
}

static std::unique_ptr<S2Loop> loop_of(const geo_path &ring, const Unfold &unfold)
{
    Points v;
    S2Error error;
    bool closed = ring.n >= 4 && ring.p[0].lng == ring.p[ring.n - 1].lng &&
                  ring.p[0].lat == ring.p[ring.n - 1].lat;
    if (!closed || !unfold(ring, &v))
        return nullptr;
    v.pop_back();
    auto loop = std::make_unique<S2Loop>();
    loop->set_s2debug_override(S2Debug::DISABLE);
    loop->Init(v);
    if (loop->FindValidationError(&error))
        return nullptr;
    loop->Normalize();
    return loop;
}

static std::unique_ptr<S2Polygon> polygon_of(const geo_area &area, const Unfold &unfold)
{
    std::vector<std::unique_ptr<S2Loop>> loops;
    for (size_t i = 0; i < area.n; i++) {
        auto loop = loop_of(area.rings[i], unfold);
        if (!loop)
            return nullptr;
        loops.push_back(std::move(loop));
    }
    S2Error error;
    auto p = std::make_unique<S2Polygon>();
    p->set_s2debug_override(S2Debug::DISABLE);
    p->InitNested(std::move(loops));
    return p->is_empty() || p->FindValidationError(&error) ? nullptr : std::move(p);
}

static geo_region *areas_of(const geo_shape *s, const Unfold &unfold)
{
    std::vector<std::unique_ptr<S2Polygon>> all;
    for (size_t i = 0; i < s->n_areas; i++) {
        auto p = polygon_of(s->areas[i], unfold);
        if (!p)
            return nullptr;
        all.push_back(std::move(p));
    }
    if (all.size() == 1)
        return region_of(std::move(all[0]));
    return region_of(S2Polygon::DestructiveUnion(std::move(all)));
}

static geo_region *lines_of(const geo_shape *s, const Unfold &unfold)
{
    std::vector<std::unique_ptr<S2Polyline>> lines;
    for (size_t i = 0; i < s->n_lines; i++) {
        Points v;
        S2Error error;
        if (s->lines[i].n < 2 || !unfold(s->lines[i], &v))
            return nullptr;
        auto line = std::make_unique<S2Polyline>();
        line->set_s2debug_override(S2Debug::DISABLE);
        line->Init(v);
        if (line->FindValidationError(&error))
            return nullptr;
        lines.push_back(std::move(line));
    }
    return region_of(std::move(lines));
}

geo_region *region_of(const geo_shape *s, const Unfold &unfold)
{
    if (s->n_points > 0 || (s->n_lines > 0) == (s->n_areas > 0))
        return nullptr;
    return s->n_areas > 0 ? areas_of(s, unfold) : lines_of(s, unfold);
}

// ---- reading back ----
static bool put_path(const geo_memory *m, size_t n, geo_path *out)
{
    out->p = take<geo_point>(m, n);
    out->n = n;
    return out->p != nullptr;
}

static bool put_loop(const geo_memory *m, const S2Loop &loop, geo_path *out)
{
    size_t n = static_cast<size_t>(loop.num_vertices());
    if (!put_path(m, n + 1, out))
        return false;
    for (size_t i = 0; i <= n; i++)
        out->p[i] = degrees(loop.oriented_vertex(static_cast<int>(i % n)));
    return true;
}

// Shells and their holes stand one after another.
static bool put_areas(const geo_memory *m, const S2Polygon &p, geo_shape *out)
{
    size_t n = static_cast<size_t>(p.num_loops());
    out->areas = take<geo_area>(m, n);
    geo_path *rings = take<geo_path>(m, n);
    if (out->areas == nullptr || rings == nullptr)
        return false;
    for (size_t i = 0; i < n; i++) {
        const S2Loop &loop = *p.loop(static_cast<int>(i));
        if (!loop.is_hole())
            out->areas[out->n_areas++] = {&rings[i], 0};
        if (out->n_areas == 0 || !put_loop(m, loop, &rings[i]))
            return false;
        out->areas[out->n_areas - 1].n++;
    }
    return true;
}

static bool put_lines(const geo_memory *m, const geo_region *r, geo_shape *out)
{
    out->lines = take<geo_path>(m, r->lines.size());
    if (out->lines == nullptr)
        return false;
    for (const auto &line : r->lines) {
        geo_path *to = &out->lines[out->n_lines++];
        if (!put_path(m, static_cast<size_t>(line->num_vertices()), to))
            return false;
        for (size_t i = 0; i < to->n; i++)
            to->p[i] = degrees(line->vertex(static_cast<int>(i)));
    }
    return true;
}
} // namespace geo

bool geo_point_valid(geo_point p)
{
    return std::fabs(p.lng) <= 180 && std::fabs(p.lat) <= 90;
}

geo_region *geo_region_new(const geo_shape *s)
{
    return geo::guarded([&] { return geo::region_of(s, geo::points_of); },
                        static_cast<geo_region *>(nullptr));
}

void geo_region_free(geo_region *r)
{
    delete r;
}

bool geo_region_is_area(const geo_region *r)
{
    return r->polygon != nullptr;
}

bool geo_region_shape(const geo_region *r, const geo_memory *m, geo_shape *out)
{
    *out = geo_shape();
    return geo::guarded(
        [&] {
            return r->polygon ? geo::put_areas(m, *r->polygon, out) : geo::put_lines(m, r, out);
        },
        false);
}

double geo_region_length(const geo_region *r)
{
    S1Angle sum = S1Angle::Zero();
    for (const auto &line : r->lines)
        sum += line->GetLength();
    for (int i = 0; r->polygon && i < r->polygon->num_loops(); i++) {
        const S2Loop &loop = *r->polygon->loop(i);
        for (int k = 0; k < loop.num_vertices(); k++)
            sum += S1Angle(loop.vertex(k), loop.vertex(k + 1));
    }
    return geo::metres(sum);
}

double geo_region_surface(const geo_region *r)
{
    return r->polygon ? r->polygon->GetArea() * GEO_EARTH_RADIUS_M * GEO_EARTH_RADIUS_M : 0;
}

bool geo_region_centroid(const geo_region *r, geo_point *out)
{
    S2Point sum;
    if (r->polygon)
        sum = r->polygon->GetCentroid();
    for (const auto &line : r->lines)
        sum += line->GetCentroid();
    if (sum == S2Point())
        return false;
    *out = geo::degrees(sum.Normalize());
    return true;
}

bool geo_region_contains(const geo_region *r, geo_point p)
{
    return r->polygon && geo_point_valid(p) &&
           geo::guarded([&] { return MakeS2ContainsPointQuery(&r->index).Contains(geo::point(p)); },
                        false);
}

double geo_region_distance(const geo_region *r, geo_point p)
{
    return geo::guarded(
        [&] {
            S2ClosestEdgeQuery query(&r->index);
            S2ClosestEdgeQuery::PointTarget target(geo::point(p));
            return geo::metres(query.GetDistance(&target).ToAngle());
        },
        std::nan(""));
}

bool geo_region_closest(const geo_region *r, geo_point p, geo_point *out)
{
    if (geo_region_contains(r, p)) {
        *out = p;
        return true;
    }
    return geo::guarded(
        [&] {
            S2Point at = geo::point(p);
            S2ClosestEdgeQuery query(&r->index);
            S2ClosestEdgeQuery::PointTarget target(at);
            auto found = query.FindClosestEdge(&target);
            if (found.is_empty())
                return false;
            *out = geo::degrees(query.Project(at, found));
            return true;
        },
        false);
}

bool geo_region_interpolate(const geo_region *r, double fraction, geo_point *out)
{
    if (r->lines.size() != 1 || !(fraction >= 0 && fraction <= 1))
        return false;
    *out = geo::degrees(r->lines[0]->Interpolate(fraction));
    return true;
}

double geo_region_locate(const geo_region *r, geo_point p)
{
    if (r->lines.size() != 1)
        return std::nan("");
    int next = 0;
    S2Point at = r->lines[0]->Project(geo::point(p), &next);
    return r->lines[0]->UnInterpolate(at, next);
}

double geo_angle(geo_point a, geo_point b, geo_point c)
{
    if (!geo_point_valid(a) || !geo_point_valid(b) || !geo_point_valid(c))
        return std::nan("");
    S2Point p = geo::point(a), q = geo::point(b), r = geo::point(c);
    if (p == q || q == r || p == -q || q == -r)
        return std::nan("");
    double turn = S2::Angle(p, q, r);
    bool left = s2pred::Sign(p, q, r) > 0;
    return left ? turn : 2 * M_PI - turn;
}
