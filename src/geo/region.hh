// What a region is made of; for the C++ files of this folder.
#pragma once
#include "geo/geo.h"
#include <functional>
#include <memory>
#include <s2/mutable_s2shape_index.h>
#include <s2/s2polygon.h>
#include <s2/s2polyline.h>
#include <vector>

struct geo_region {
    std::unique_ptr<S2Polygon> polygon; // or
    std::vector<std::unique_ptr<S2Polyline>> lines;
    MutableS2ShapeIndex index; // of either, built
};

namespace geo
{
S2Point point(geo_point p);
geo_point degrees(const S2Point &p);
double metres(S1Angle a);
S1Angle angle(double metres);
// Builds the index; takes the parts.
geo_region *finish(std::unique_ptr<geo_region> r);
geo_region *region_of(std::unique_ptr<S2Polygon> p);
geo_region *region_of(std::vector<std::unique_ptr<S2Polyline>> lines);
// How the points of a path become points on the sphere.
using Points = std::vector<S2Point>;
using Unfold = std::function<bool(const geo_path &path, Points *out)>;
geo_region *region_of(const geo_shape *s, const Unfold &unfold);
// Null at an exception: none may reach C.
template <typename F, typename R = decltype(std::declval<F>()())> R guarded(F f, R otherwise)
{
    try {
        return f();
    } catch (...) {
        return otherwise;
    }
}
template <typename T> T *take(const geo_memory *m, size_t n)
{
    return static_cast<T *>(m->get(m->self, (n + 1) * sizeof(T)));
}
} // namespace geo
