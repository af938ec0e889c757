// New shapes out of regions: common parts, unions, buffers, simpler and denser ones.
#include "geo/region.hh"
#include <algorithm>
#include <cmath>
#include <s2/s2boolean_operation.h>
#include <s2/s2buffer_operation.h>
#include <s2/s2builder.h>
#include <s2/s2builderutil_closed_set_normalizer.h>
#include <s2/s2builderutil_s2point_vector_layer.h>
#include <s2/s2builderutil_s2polygon_layer.h>
#include <s2/s2builderutil_s2polyline_vector_layer.h>
#include <s2/s2builderutil_snap_functions.h>
#include <s2/s2edge_tessellator.h>
#include <s2/s2latlng.h>
#include <s2/s2projections.h>

using s2builderutil::IdentitySnapFunction;
using s2builderutil::S2PointVectorLayer;
using s2builderutil::S2PolygonLayer;
using s2builderutil::S2PolylineVectorLayer;
using Polylines = std::vector<std::unique_ptr<S2Polyline>>;

namespace
{
constexpr size_t kMostPoints = 10485760;
constexpr double kLeastErrorFraction = 1e-6;

S2PolylineVectorLayer::Options walks()
{
    S2PolylineVectorLayer::Options o;
    o.set_polyline_type(S2Builder::Graph::PolylineType::WALK);
    o.set_duplicate_edges(S2Builder::GraphOptions::DuplicateEdges::MERGE);
    return o;
}

S1Angle tolerance_angle(double metres)
{
    return std::min(geo::angle(metres), S2Builder::SnapFunction::kMaxSnapRadius());
}

struct parts {
    std::vector<S2Point> points;
    Polylines lines;
    std::unique_ptr<S2Polygon> polygon = std::make_unique<S2Polygon>();
};

bool intersect(const geo_region *a, const geo_region *b, parts *out)
{
    s2builderutil::LayerVector layers(3);
    layers[0] = std::make_unique<S2PointVectorLayer>(&out->points);
    layers[1] = std::make_unique<S2PolylineVectorLayer>(&out->lines, walks());
    layers[2] = std::make_unique<S2PolygonLayer>(out->polygon.get());
    S2BooleanOperation::Options options;
    options.set_polyline_model(S2BooleanOperation::PolylineModel::CLOSED);
    options.set_polygon_model(S2BooleanOperation::PolygonModel::CLOSED);
    S2BooleanOperation op(S2BooleanOperation::OpType::INTERSECTION,
                          s2builderutil::NormalizeClosedSet(std::move(layers)), options);
    S2Error error;
    return op.Build(a->index, b->index, &error);
}

geo_region *unite_areas(geo_region *const *r, size_t n)
{
    std::vector<std::unique_ptr<S2Polygon>> all;
    for (size_t i = 0; i < n; i++)
        all.push_back(std::unique_ptr<S2Polygon>(r[i]->polygon->Clone()));
    return geo::region_of(S2Polygon::DestructiveUnion(std::move(all)));
}

geo_region *unite_lines(geo_region *const *r, size_t n, S1Angle snap)
{
    Polylines lines;
    S2Builder::Options options{IdentitySnapFunction(snap)};
    options.set_split_crossing_edges(snap == S1Angle::Zero());
    options.set_simplify_edge_chains(snap > S1Angle::Zero());
    S2Builder builder(options);
    S2Error error;
    builder.StartLayer(std::make_unique<S2PolylineVectorLayer>(&lines, walks()));
    for (size_t i = 0; i < n; i++)
        for (const auto &line : r[i]->lines)
            builder.AddPolyline(*line);
    return builder.Build(&error) ? geo::region_of(std::move(lines)) : nullptr;
}

geo_region *buffer(double radius, double tolerance, const geo_region *r, const geo_point *p)
{
    if (!(radius > 0) || !(tolerance > 0) || radius > GEO_EARTH_RADIUS_M * M_PI)
        return nullptr;
    auto polygon = std::make_unique<S2Polygon>();
    S2BufferOperation::Options options(geo::angle(radius));
    options.set_error_fraction(std::clamp(tolerance / radius, kLeastErrorFraction, 1.0));
    S2BufferOperation op(std::make_unique<S2PolygonLayer>(polygon.get()), options);
    if (p != nullptr)
        op.AddPoint(geo::point(*p));
    else
        op.AddShapeIndex(r->index);
    S2Error error;
    return op.Build(&error) ? geo::region_of(std::move(polygon)) : nullptr;
}
} // namespace

bool geo_region_intersects(const geo_region *a, const geo_region *b)
{
    return geo::guarded(
        [&] {
            S2BooleanOperation::Options options;
            options.set_polyline_model(S2BooleanOperation::PolylineModel::CLOSED);
            options.set_polygon_model(S2BooleanOperation::PolygonModel::CLOSED);
            return S2BooleanOperation::Intersects(a->index, b->index, options);
        },
        false);
}

bool geo_region_intersection(const geo_region *a, const geo_region *b, const geo_memory *m,
                             geo_shape *out)
{
    *out = geo_shape();
    return geo::guarded(
        [&] {
            parts p;
            if (!intersect(a, b, &p))
                return false;
            geo_region lines;
            lines.lines = std::move(p.lines);
            geo_region areas;
            areas.polygon = std::move(p.polygon);
            geo_shape of_areas;
            if (!geo_region_shape(&lines, m, out) || !geo_region_shape(&areas, m, &of_areas))
                return false;
            out->areas = of_areas.areas;
            out->n_areas = of_areas.n_areas;
            out->points = geo::take<geo_point>(m, p.points.size());
            for (const S2Point &at : p.points)
                out->points[out->n_points++] = geo::degrees(at);
            return true;
        },
        false);
}

geo_region *geo_union(geo_region *const *r, size_t n)
{
    return geo::guarded(
        [&]() -> geo_region * {
            for (size_t i = 1; i < n; i++)
                if (geo_region_is_area(r[i]) != geo_region_is_area(r[0]))
                    return nullptr;
            if (n == 0)
                return nullptr;
            return geo_region_is_area(r[0]) ? unite_areas(r, n)
                                            : unite_lines(r, n, S1Angle::Zero());
        },
        static_cast<geo_region *>(nullptr));
}

geo_region *geo_buffer(const geo_region *r, double radius, double tolerance)
{
    return geo::guarded([&] { return buffer(radius, tolerance, r, nullptr); },
                        static_cast<geo_region *>(nullptr));
}

geo_region *geo_point_buffer(geo_point p, double radius, double tolerance)
{
    return geo::guarded([&] { return buffer(radius, tolerance, nullptr, &p); },
                        static_cast<geo_region *>(nullptr));
}

geo_region *geo_simplify(const geo_region *r, double tolerance)
{
    return geo::guarded(
        [&]() -> geo_region * {
            S1Angle snap = tolerance_angle(tolerance);
            if (!r->polygon) {
                geo_region *one[] = {const_cast<geo_region *>(r)};
                return unite_lines(one, 1, snap);
            }
            auto polygon = std::make_unique<S2Polygon>();
            polygon->InitToSimplified(*r->polygon, IdentitySnapFunction(snap));
            return geo::region_of(std::move(polygon));
        },
        static_cast<geo_region *>(nullptr));
}

bool geo_simplify_all(geo_region *const *r, size_t n, double tolerance, geo_region **out)
{
    return geo::guarded(
        [&] {
            std::vector<std::unique_ptr<S2Polygon>> all;
            S2Builder::Options options{IdentitySnapFunction(tolerance_angle(tolerance))};
            options.set_simplify_edge_chains(true);
            S2Builder builder(options);
            for (size_t i = 0; i < n; i++) {
                all.push_back(std::make_unique<S2Polygon>());
                builder.StartLayer(std::make_unique<S2PolygonLayer>(all.back().get()));
                builder.AddPolygon(*r[i]->polygon);
            }
            S2Error error;
            if (!builder.Build(&error))
                return false;
            for (size_t i = 0; i < n; i++)
                out[i] = geo::region_of(std::move(all[i]));
            return true;
        },
        false);
}

geo_region *geo_densify(const geo_shape *s, double tolerance)
{
    return geo::guarded(
        [&]() -> geo_region * {
            S2::PlateCarreeProjection map(180);
            S2EdgeTessellator tessellator(&map, geo::angle(tolerance));
            size_t n = 0;
            return geo::region_of(s, [&](const geo_path &path, geo::Points *out) {
                for (size_t i = 0; i + 1 < path.n && out->size() + n < kMostPoints; i++) {
                    if (!geo_point_valid(path.p[i]) || !geo_point_valid(path.p[i + 1]))
                        return false;
                    tessellator.AppendUnprojected(R2Point(path.p[i].lng, path.p[i].lat),
                                                  R2Point(path.p[i + 1].lng, path.p[i + 1].lat),
                                                  out);
                }
                n += out->size();
                return n < kMostPoints;
            });
        },
        static_cast<geo_region *>(nullptr));
}
