/* GeoJSON in and out. */
#include "engine/duckdb/geojson.h"
#include <math.h>
#include <stdio.h>

static bool read_point(const struct json *v, struct geo_point *out)
{
    if (v->type != JSON_ARRAY || v->n < 2)
        return false;
    for (size_t i = 0; i < 2; i++)
        if (v->items[i].type != JSON_INT && v->items[i].type != JSON_REAL)
            return false;
    *out = (struct geo_point){v->items[0].d, v->items[1].d};
    return isfinite(out->lng) && isfinite(out->lat);
}

static bool read_path(struct arena *a, const struct json *v, struct geo_path *out)
{
    if (v->type != JSON_ARRAY || v->n > GEOJSON_MAX_POINTS)
        return false;
    out->p = arena_array(a, struct geo_point, v->n + 1);
    out->n = v->n;
    for (size_t i = 0; i < v->n; i++)
        if (!read_point(&v->items[i], &out->p[i]))
            return false;
    return true;
}

static bool read_area(struct arena *a, const struct json *v, struct geo_area *out)
{
    if (v->type != JSON_ARRAY || v->n == 0)
        return false;
    out->rings = arena_array(a, struct geo_path, v->n + 1);
    out->n = v->n;
    for (size_t i = 0; i < v->n; i++)
        if (!read_path(a, &v->items[i], &out->rings[i]))
            return false;
    return true;
}

static bool read_parts(struct arena *a, struct str type, const struct json *v, size_t n,
                       struct geo_shape *out)
{
    bool ok = true;
    if (str_eqz(type, "Point")) {
        out->points = arena_array(a, struct geo_point, n + 1);
        for (; ok && out->n_points < n; out->n_points++)
            ok = read_point(&v[out->n_points], &out->points[out->n_points]);
    } else if (str_eqz(type, "LineString")) {
        out->lines = arena_array(a, struct geo_path, n + 1);
        for (; ok && out->n_lines < n; out->n_lines++)
            ok = read_path(a, &v[out->n_lines], &out->lines[out->n_lines]);
    } else if (str_eqz(type, "Polygon")) {
        out->areas = arena_array(a, struct geo_area, n + 1);
        for (; ok && out->n_areas < n; out->n_areas++)
            ok = read_area(a, &v[out->n_areas], &out->areas[out->n_areas]);
    } else {
        return false;
    }
    return ok;
}

bool geojson_shape(struct arena *a, const struct json *v, struct geo_shape *out)
{
    *out = (struct geo_shape){0};
    struct str type = json_text(json_get(v, "type"), STR_NONE);
    const struct json *inner = json_get(v, "geometry"), *c = json_get(v, "coordinates");
    if (str_eqz(type, "Feature") && inner != NULL) {
        v = inner;
        type = json_text(json_get(v, "type"), STR_NONE);
        c = json_get(v, "coordinates");
    }
    if (c == NULL || c->type != JSON_ARRAY)
        return false;
    if (str_starts(type, STR("Multi")))
        return read_parts(a, str_sub(type, 5, type.n), c->items, c->n, out);
    return read_parts(a, type, c, 1, out);
}

bool geojson_read(struct arena *a, struct str text, struct geo_shape *out)
{
    struct json v;
    *out = (struct geo_shape){0};
    struct json_opts opts = {.max_values = 4 * (size_t)GEOJSON_MAX_POINTS};
    return json_parse(a, text, &opts, &v, NULL) && geojson_shape(a, &v, out);
}

/* ---- writing ---- */
static void write_point(struct json_out *w, const struct geo_point *p)
{
    json_arr(w);
    json_real(w, p->lng);
    json_real(w, p->lat);
    json_arr_end(w);
}

static void write_path(struct json_out *w, const struct geo_path *p)
{
    json_arr(w);
    for (size_t i = 0; i < p->n; i++)
        write_point(w, &p->p[i]);
    json_arr_end(w);
}

static void write_area(struct json_out *w, const struct geo_area *area)
{
    json_arr(w);
    for (size_t i = 0; i < area->n; i++)
        write_path(w, &area->rings[i]);
    json_arr_end(w);
}

static void open_geometry(struct json_out *w, const char *type, size_t n)
{
    char name[32];
    snprintf(name, sizeof name, "%s%s", n > 1 ? "Multi" : "", type);
    json_obj(w);
    json_kv_z(w, "type", name);
    json_key(w, "coordinates");
    if (n > 1)
        json_arr(w);
}

static void close_geometry(struct json_out *w, size_t n)
{
    if (n > 1)
        json_arr_end(w);
    json_obj_end(w);
}

static void write_points(struct json_out *w, const struct geo_shape *s)
{
    if (s->n_points == 0)
        return;
    open_geometry(w, "Point", s->n_points);
    for (size_t i = 0; i < s->n_points; i++)
        write_point(w, &s->points[i]);
    close_geometry(w, s->n_points);
}

static void write_lines(struct json_out *w, const struct geo_shape *s)
{
    if (s->n_lines == 0)
        return;
    open_geometry(w, "LineString", s->n_lines);
    for (size_t i = 0; i < s->n_lines; i++)
        write_path(w, &s->lines[i]);
    close_geometry(w, s->n_lines);
}

static void write_areas(struct json_out *w, const struct geo_shape *s)
{
    if (s->n_areas == 0)
        return;
    open_geometry(w, "Polygon", s->n_areas);
    for (size_t i = 0; i < s->n_areas; i++)
        write_area(w, &s->areas[i]);
    close_geometry(w, s->n_areas);
}

void geojson_write(struct json_out *w, const struct geo_shape *s)
{
    size_t kinds = (s->n_points > 0) + (s->n_lines > 0) + (s->n_areas > 0);
    if (kinds != 1) {
        json_obj(w);
        json_kv_z(w, "type", "GeometryCollection");
        json_key(w, "geometries");
        json_arr(w);
    }
    write_points(w, s);
    write_lines(w, s);
    write_areas(w, s);
    if (kinds != 1) {
        json_arr_end(w);
        json_obj_end(w);
    }
}
