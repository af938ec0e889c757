/* Well-known text as GeoJSON: the words become types, the brackets stay. */
#include "engine/duckdb/geojson.h"

enum { MAX_DEPTH = 8 };

struct wkt {
    struct str text;
    size_t at;
    struct json_out w;
    unsigned depth;
};
static const struct kind {
    const char *word, *type;
    int levels; /* of arrays around positions; -1: a collection */
} kinds[] = {
    {"POINT", "Point", 0},
    {"LINESTRING", "LineString", 1},
    {"POLYGON", "Polygon", 2},
    {"MULTIPOINT", "MultiPoint", 1},
    {"MULTILINESTRING", "MultiLineString", 2},
    {"MULTIPOLYGON", "MultiPolygon", 3},
    {"GEOMETRYCOLLECTION", "GeometryCollection", -1},
};

static char peek(struct wkt *k)
{
    while (k->at < k->text.n && strchr(" \t\r\n", k->text.p[k->at]) != NULL)
        k->at++;
    return k->at < k->text.n ? k->text.p[k->at] : '\0';
}

static bool accept(struct wkt *k, char c)
{
    if (peek(k) != c)
        return false;
    k->at++;
    return true;
}

static struct str token(struct wkt *k)
{
    (void)peek(k);
    size_t from = k->at;
    while (k->at < k->text.n && strchr(" \t\r\n(),", k->text.p[k->at]) == NULL)
        k->at++;
    return str_sub(k->text, from, k->at - from);
}

/* Two numbers; a third and fourth (height, measure) are left out. */
static bool position(struct wkt *k)
{
    double v[4];
    size_t n = 0;
    while (n < 4 && peek(k) != ',' && peek(k) != ')')
        if (!str_to_f64(token(k), &v[n++]))
            return false;
    if (n < 2)
        return false;
    json_arr(&k->w);
    json_real(&k->w, v[0]);
    json_real(&k->w, v[1]);
    json_arr_end(&k->w);
    return true;
}

static bool nested(struct wkt *k, int levels)
{
    bool bracket = accept(k, '(');
    if (levels == 0) { /* MULTIPOINT's positions may have brackets of their own */
        bool ok = position(k);
        return ok && (!bracket || accept(k, ')'));
    }
    if (!bracket)
        return false;
    json_arr(&k->w);
    do
        if (!nested(k, levels - 1))
            return false;
    while (accept(k, ','));
    json_arr_end(&k->w);
    return accept(k, ')');
}

static bool geometry(struct wkt *k);

static bool collection(struct wkt *k)
{
    if (!accept(k, '(') || k->depth++ >= MAX_DEPTH)
        return false;
    json_key(&k->w, "geometries");
    json_arr(&k->w);
    do
        if (!geometry(k))
            return false;
    while (accept(k, ','));
    json_arr_end(&k->w);
    k->depth--;
    return accept(k, ')');
}

static bool geometry(struct wkt *k)
{
    struct str word = token(k);
    for (size_t i = 0; i < COUNTOF(kinds); i++) {
        if (!str_ieqz(word, kinds[i].word))
            continue;
        size_t before = k->at;
        struct str extra = token(k);
        if (!str_ieqz(extra, "Z") && !str_ieqz(extra, "M") && !str_ieqz(extra, "ZM"))
            k->at = before;
        json_obj(&k->w);
        json_kv_z(&k->w, "type", kinds[i].type);
        bool ok = false;
        if (kinds[i].levels < 0) {
            ok = collection(k);
        } else if (peek(k) == '(') {
            json_key(&k->w, "coordinates");
            ok = nested(k, kinds[i].levels);
        }
        if (ok)
            json_obj_end(&k->w);
        return ok;
    }
    return false;
}

bool wkt_to_geojson(struct str text, struct sbuf *out)
{
    struct wkt k = {.text = text, .w = json_out_make(out)};
    if (str_starts(str_trim(text), STR("SRID="))) { /* extended form: SRID=4326;POINT … */
        size_t semicolon = 0;
        if (!str_find(text, STR(";"), &semicolon))
            return false;
        k.at = semicolon + 1;
    }
    return geometry(&k) && peek(&k) == '\0';
}
