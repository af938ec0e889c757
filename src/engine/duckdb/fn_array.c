/* Arrays and property bags as JSON text: members are cut out as spans and joined again. */
#include <stdlib.h>

#include "engine/duckdb/fn.h"
#include "engine/duckdb/jscan.h"
#include "engine/duckdb/jset.h"
#include "text/json.h"

struct items {
    struct str *p;
    size_t n;
};

static bool is_array(struct cf_call *c, size_t arg, size_t r)
{
    return !cf_null(c, arg, r) && js_type(cf_str(c, arg, r)) == JS_ARRAY;
}

static bool is_bag(struct cf_call *c, size_t arg, size_t r)
{
    return !cf_null(c, arg, r) && js_type(cf_str(c, arg, r)) == JS_OBJECT;
}

static struct items items_of(struct cf_call *c, size_t arg, size_t r)
{
    struct items v = {NULL, 0};
    v.p = js_items(cf_arena(c), cf_str(c, arg, r), NULL, &v.n);
    return v;
}

static void out_items(struct cf_call *c, size_t r, const struct str *p, size_t n)
{
    struct sbuf *b = cf_buf(c);
    sbuf_addc(b, '[');
    for (size_t i = 0; i < n; i++) {
        if (i)
            sbuf_addc(b, ',');
        sbuf_add(b, p[i].n ? p[i] : STR("null"));
    }
    sbuf_addc(b, ']');
    cf_out_str(c, r, sbuf_str(b));
}

static bool same(struct str a, struct str b)
{
    bool x, y;
    int64_t i, j;
    double d, f;
    if (str_eq(a, b))
        return true;
    if (js_type(a) != JS_NUMBER || js_type(b) != JS_NUMBER)
        return false;
    return js_number(a, &x, &i, &d) && js_number(b, &y, &j, &f) && d <= f && d >= f;
}

static bool has(const struct items *v, struct str item)
{
    for (size_t i = 0; i < v->n; i++) {
        if (same(v->p[i], item))
            return true;
    }
    return false;
}

/* ---- arrays ---- */
static void fn_length(struct cf_call *c, size_t r)
{
    if (is_array(c, 0, r))
        cf_out_i64(c, r, (int64_t)js_count(cf_str(c, 0, r)));
}

static void fn_concat(struct cf_call *c, size_t r)
{
    VEC(struct str) all = {0};
    bool any = false;
    for (size_t i = 0; i < c->n_args; i++) {
        if (!is_array(c, i, r))
            continue;
        any = true;
        struct items v = items_of(c, i, r);
        for (size_t k = 0; k < v.n; k++)
            VEC_PUSH(cf_arena(c), &all, v.p[k]);
    }
    if (any)
        out_items(c, r, all.p, all.n);
}

static void fn_reverse(struct cf_call *c, size_t r)
{
    if (!is_array(c, 0, r))
        return;
    struct items v = items_of(c, 0, r);
    for (size_t i = 0; i < v.n / 2; i++) {
        struct str t = v.p[i];
        v.p[i] = v.p[v.n - 1 - i];
        v.p[v.n - 1 - i] = t;
    }
    out_items(c, r, v.p, v.n);
}

static void fn_slice(struct cf_call *c, size_t r)
{
    if (!is_array(c, 0, r))
        return;
    struct items v = items_of(c, 0, r);
    int64_t n = (int64_t)v.n, from = cf_i64(c, 1, r), to = cf_i64(c, 2, r);
    from = from < 0 ? from + n : from;
    to = to < 0 ? to + n : to;
    from = from < 0 ? 0 : from;
    to = to >= n ? n - 1 : to;
    out_items(c, r, from <= to ? v.p + from : v.p, from <= to ? (size_t)(to - from + 1) : 0);
}

static void fn_rotate(struct cf_call *c, size_t r)
{
    if (!is_array(c, 0, r))
        return;
    struct items v = items_of(c, 0, r);
    if (v.n == 0) {
        out_items(c, r, v.p, 0);
        return;
    }
    int64_t by = cf_i64(c, 1, r) % (int64_t)v.n;
    struct str *out = arena_array(cf_arena(c), struct str, v.n);
    for (size_t i = 0; i < v.n; i++)
        out[i] = v.p[(size_t)((int64_t)i + by + (int64_t)v.n) % v.n];
    out_items(c, r, out, v.n);
}

static void fn_shift(struct cf_call *c, size_t r)
{
    if (!is_array(c, 0, r) || cf_null(c, 1, r))
        return;
    struct items v = items_of(c, 0, r);
    struct str fill = cf_null(c, 2, r) ? STR("null") : cf_str(c, 2, r);
    int64_t by = cf_i64(c, 1, r);
    struct str *out = arena_array(cf_arena(c), struct str, v.n + 1);
    for (size_t i = 0; i < v.n; i++) {
        int64_t at;
        bool in = !__builtin_add_overflow((int64_t)i, by, &at) && at >= 0 && at < (int64_t)v.n;
        out[i] = in ? v.p[at] : fill;
    }
    out_items(c, r, out, v.n);
}

static void fn_sum(struct cf_call *c, size_t r)
{
    if (!is_array(c, 0, r))
        return;
    struct items v = items_of(c, 0, r);
    double sum = 0;
    for (size_t i = 0; i < v.n; i++) {
        bool is_int;
        int64_t k;
        double d;
        if (js_type(v.p[i]) == JS_NUMBER && js_number(v.p[i], &is_int, &k, &d))
            sum += d;
    }
    cf_out_f64(c, r, sum);
}

static void fn_index_of(struct cf_call *c, size_t r)
{
    if (!is_array(c, 0, r) || cf_null(c, 1, r))
        return;
    struct items v = items_of(c, 0, r);
    int64_t start = cf_i64(c, 2, r), len = cf_i64(c, 3, r), want = cf_i64(c, 4, r);
    start = start < 0 ? start + (int64_t)v.n : start;
    for (size_t i = start < 0 ? 0 : (size_t)start; i < v.n; i++) {
        if (len >= 0 && (int64_t)i >= start + len)
            break;
        if (same(v.p[i], cf_str(c, 1, r)) && --want <= 0) {
            cf_out_i64(c, r, (int64_t)i);
            return;
        }
    }
    cf_out_i64(c, r, -1);
}

static void fn_split_array(struct cf_call *c, size_t r)
{
    if (!is_array(c, 0, r))
        return;
    struct items v = items_of(c, 0, r), at = {NULL, 0};
    struct str one = cf_str(c, 1, r);
    at.p = &one;
    at.n = 1;
    if (js_type(one) == JS_ARRAY)
        at = items_of(c, 1, r);
    struct sbuf *b = cf_buf(c);
    size_t from = 0;
    sbuf_addc(b, '[');
    for (size_t k = 0; k <= at.n; k++) {
        int64_t end = (int64_t)v.n;
        if (k < at.n && str_to_i64(at.p[k], &end) && end < 0)
            end += (int64_t)v.n;
        size_t to = end < (int64_t)from ? from : end > (int64_t)v.n ? v.n : (size_t)end;
        sbuf_addz(b, k ? ",[" : "[");
        for (size_t i = from; i < to; i++) {
            sbuf_addz(b, i > from ? "," : "");
            sbuf_add(b, v.p[i]);
        }
        sbuf_addc(b, ']');
        from = to;
    }
    sbuf_addc(b, ']');
    cf_out_str(c, r, sbuf_str(b));
}

/* ---- sorting: numbers, then text; nulls last unless asked ---- */
static int rank_of(struct str v)
{
    switch (js_type(v)) {
    case JS_NUMBER:
        return 0;
    case JS_BOOL:
        return 1;
    case JS_STRING:
        return 2;
    case JS_ARRAY:
    case JS_OBJECT:
        return 3;
    case JS_NULL:
    case JS_NONE:
        return 4;
    }
    return 4;
}

/* An item that is to be sorted, read once. */
struct place {
    struct str item;
    size_t at;
    int rank;
    double number; /* of rank 0 */
};

static struct place place_of(struct str item, size_t at)
{
    struct place p = {item, at, rank_of(item), 0};
    bool is_int;
    int64_t i;
    if (p.rank == 0)
        (void)js_number(item, &is_int, &i, &p.number);
    return p;
}

static int by_item(const void *x, const void *y)
{
    const struct place *a = x, *b = y;
    if (a->rank != b->rank)
        return a->rank - b->rank;
    if (a->rank == 0)
        return (a->number > b->number) - (a->number < b->number);
    return str_cmp(a->item, b->item);
}

/* The order of one array's items, nulls at one end. */
static size_t *sorted_order(struct cf_call *c, const struct items *v, bool desc, bool last)
{
    struct arena *a = cf_arena(c);
    size_t *order = arena_array(a, size_t, v->n + 1), n = 0, nulls = 0;
    struct place *places = arena_array(a, struct place, v->n + 1);
    for (size_t i = 0; i < v->n; i++)
        if (js_type(v->p[i]) != JS_NULL)
            places[n++] = place_of(v->p[i], i);
    nulls = v->n - n;
    qsort(places, n, sizeof(*places), by_item);
    for (size_t i = 0; i < n; i++)
        order[i + (last ? 0 : nulls)] = places[desc ? n - 1 - i : i].at;
    for (size_t i = 0, k = 0; i < v->n; i++)
        if (js_type(v->p[i]) == JS_NULL)
            order[(last ? n : 0) + k++] = i;
    return order;
}

/* desc, nulls last, arrays: all in the order of the first, as an array of arrays. One of another
 * length is null. */
static void fn_sort(struct cf_call *c, size_t r)
{
    if (cf_null(c, 2, r) || !is_array(c, 2, r))
        return;
    struct items first = items_of(c, 2, r);
    size_t *order = sorted_order(c, &first, cf_bool(c, 0, r), cf_null(c, 1, r) || cf_bool(c, 1, r));
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    json_arr(&w);
    for (size_t k = 2; k < c->n_args; k++) {
        bool array = !cf_null(c, k, r) && is_array(c, k, r);
        struct items v = array ? items_of(c, k, r) : (struct items){NULL, 0};
        if (!array || v.n != first.n) {
            json_null(&w);
            continue;
        }
        json_arr(&w);
        for (size_t i = 0; i < v.n; i++)
            json_raw(&w, v.p[order[i]]);
        json_arr_end(&w);
    }
    json_arr_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

/* ---- sets ---- */
static bool add_items(struct cf_call *c, struct jset *set, const struct items *v)
{
    for (size_t k = 0; k < v->n && !cf_stops(c); k++)
        (void)jset_add(set, v->p[k]);
    return !c->refused;
}

static void fn_union(struct cf_call *c, size_t r)
{
    struct jset set = jset_new(cf_arena(c));
    for (size_t i = 0; i < c->n_args; i++) {
        if (!is_array(c, i, r))
            return;
        struct items v = items_of(c, i, r);
        if (!add_items(c, &set, &v))
            return;
    }
    out_items(c, r, set.p, set.n);
}

/* Members of the first array that are in all others (keep) or in none of them. */
static void filter_sets(struct cf_call *c, size_t r, bool keep)
{
    struct jset set = jset_new(cf_arena(c));
    struct jset *others = arena_array(cf_arena(c), struct jset, c->n_args);
    for (size_t i = 0; i < c->n_args; i++) {
        if (!is_array(c, i, r))
            return;
        others[i] = jset_new(cf_arena(c));
        struct items v = items_of(c, i, r);
        if (i > 0 && !add_items(c, &others[i], &v))
            return;
    }
    struct items first = items_of(c, 0, r);
    for (size_t k = 0; k < first.n && !cf_stops(c); k++) {
        bool in_all = true, in_any = false;
        for (size_t i = 1; i < c->n_args; i++) {
            bool in = jset_has(&others[i], first.p[k]);
            in_all = in_all && in;
            in_any = in_any || in;
        }
        if (keep ? in_all : !in_any)
            (void)jset_add(&set, first.p[k]);
    }
    out_items(c, r, set.p, set.n);
}

static void fn_intersect(struct cf_call *c, size_t r)
{
    filter_sets(c, r, true);
}

static void fn_difference(struct cf_call *c, size_t r)
{
    filter_sets(c, r, false);
}

static void fn_has(struct cf_call *c, size_t r)
{
    if (!is_array(c, 0, r) || cf_null(c, 1, r))
        return;
    struct items v = items_of(c, 0, r);
    cf_out_bool(c, r, has(&v, cf_str(c, 1, r)));
}

static void fn_jaccard(struct cf_call *c, size_t r)
{
    if (!is_array(c, 0, r) || !is_array(c, 1, r))
        return;
    struct items x = items_of(c, 0, r), y = items_of(c, 1, r);
    struct jset a = jset_new(cf_arena(c)), other = jset_new(cf_arena(c));
    size_t both = 0;
    if (!add_items(c, &a, &x) || !add_items(c, &other, &y))
        return;
    for (size_t i = 0; i < a.n && !cf_stops(c); i++)
        both += jset_has(&other, a.p[i]);
    size_t all = a.n + other.n - both;
    struct sbuf *b = cf_buf(c);
    if (all)
        real_format((double)both / (double)all, b);
    else
        sbuf_addz(b, "\"NaN\"");
    cf_out_str(c, r, sbuf_str(b));
}

/* ---- bags ---- */
static void fn_keys(struct cf_call *c, size_t r)
{
    if (!is_bag(c, 0, r))
        return;
    size_t n;
    struct str *keys;
    (void)js_items(cf_arena(c), cf_str(c, 0, r), &keys, &n);
    out_items(c, r, keys, n);
}

static void fn_has_key(struct cf_call *c, size_t r)
{
    struct str v = cf_str(c, 0, r), path = cf_str(c, 1, r);
    if (!is_bag(c, 0, r))
        return;
    if (!str_starts(path, STR("$"))) {
        cf_out_bool(c, r, js_get(v, path, &v));
        return;
    }
    path = str_sub(path, 1, path.n);
    bool found = path.n > 0;
    while (found && path.n > 0) {
        struct str key;
        int64_t index;
        found = js_path_step(&path, &key, &index) &&
                (key.p != NULL ? js_get(v, key, &v) : js_at(v, index, &v));
    }
    cf_out_bool(c, r, found);
}

struct bag {
    struct sbuf *b;
    struct jset keys;
};

static struct bag bag_begin(struct cf_call *c)
{
    struct bag g = {cf_buf(c), jset_new(cf_arena(c))};
    sbuf_addc(g.b, '{');
    return g;
}

/* The first value of a key stays. */
static void bag_add(struct bag *g, struct str raw_key, struct str value)
{
    if (!jset_add(&g->keys, raw_key))
        return;
    if (g->keys.n > 1)
        sbuf_addc(g->b, ',');
    sbuf_add(g->b, raw_key);
    sbuf_addc(g->b, ':');
    sbuf_add(g->b, value.n ? value : STR("null"));
}

static void bag_out(struct cf_call *c, size_t r, struct bag *g)
{
    sbuf_addc(g->b, '}');
    cf_out_str(c, r, sbuf_str(g->b));
}

static void bag_add_all(struct cf_call *c, struct bag *g, struct str bag)
{
    struct js_iter it = js_begin(bag);
    struct str k, v;
    while (it.object && !cf_stops(c) && js_next(&it, &k, &v))
        bag_add(g, k, v);
}

static void fn_merge(struct cf_call *c, size_t r)
{
    bool any = false;
    for (size_t i = 0; i < c->n_args; i++)
        any = any || is_bag(c, i, r);
    if (!any)
        return;
    struct bag g = bag_begin(c);
    for (size_t i = 0; i < c->n_args; i++) {
        if (is_bag(c, i, r))
            bag_add_all(c, &g, cf_str(c, i, r));
    }
    bag_out(c, r, &g);
}

static struct str as_key(struct cf_call *c, struct str v)
{
    return js_type(v) == JS_STRING ? v : js_quote(cf_arena(c), v);
}

/* filled: without members that are null or empty text. */
static void pack(struct cf_call *c, size_t r, bool filled)
{
    struct bag g = bag_begin(c);
    for (size_t i = 0; i + 1 < c->n_args; i += 2) {
        struct str v = cf_null(c, i + 1, r) ? STR_NONE : cf_str(c, i + 1, r);
        bool empty = v.n == 0 || str_eqz(v, "null") || str_eqz(v, "\"\"");
        if (!cf_null(c, i, r) && !(filled && empty))
            bag_add(&g, as_key(c, cf_str(c, i, r)), v);
    }
    bag_out(c, r, &g);
}

static void fn_pack(struct cf_call *c, size_t r)
{
    pack(c, r, false);
}

static void fn_pack_filled(struct cf_call *c, size_t r)
{
    pack(c, r, true);
}

static void fn_pack_array(struct cf_call *c, size_t r)
{
    struct str *out = arena_array(cf_arena(c), struct str, c->n_args + 1);
    for (size_t i = 0; i < c->n_args; i++)
        out[i] = cf_null(c, i, r) ? STR_NONE : cf_str(c, i, r);
    out_items(c, r, out, c->n_args);
}

/* v with the value that a path leads to set anew; what is missing on the way becomes a bag. */
static void set_path(struct cf_call *c, struct str v, struct str path, struct str value,
                     unsigned depth, struct sbuf *out)
{
    struct str key, k, item;
    int64_t index;
    if (path.n == 0 || depth == 0 || !js_path_step(&path, &key, &index) || key.p == NULL) {
        sbuf_add(out, path.n == 0 ? (value.p != NULL ? value : STR("null")) : v);
        return;
    }
    struct str quoted = js_quote(cf_arena(c), key);
    struct js_iter it = js_begin(js_type(v) == JS_OBJECT ? v : STR("{}"));
    bool done = false;
    size_t n = 0;
    sbuf_addc(out, '{');
    while (js_next(&it, &k, &item)) {
        sbuf_addz(out, n++ > 0 ? "," : "");
        sbuf_add(out, k);
        sbuf_addc(out, ':');
        if (str_eq(k, quoted)) {
            set_path(c, item, path, value, depth - 1, out);
            done = true;
        } else {
            sbuf_add(out, item);
        }
    }
    if (!done) {
        sbuf_addz(out, n > 0 ? "," : "");
        sbuf_add(out, quoted);
        sbuf_addc(out, ':');
        set_path(c, STR("{}"), path, value, depth - 1, out);
    }
    sbuf_addc(out, '}');
}

static void fn_set_key(struct cf_call *c, size_t r)
{
    enum { MAX_STEPS = 32 };
    if (!is_bag(c, 0, r))
        return;
    struct str where = cf_str(c, 1, r);
    if (str_starts(where, STR("$.")) || str_starts(where, STR("$["))) {
        struct sbuf *b = cf_buf(c);
        set_path(c, cf_str(c, 0, r), str_sub(where, 1, where.n),
                 cf_null(c, 2, r) ? STR_NONE : cf_str(c, 2, r), MAX_STEPS, b);
        cf_out_str(c, r, sbuf_str(b));
        return;
    }
    struct bag g = bag_begin(c);
    struct str key = js_quote(cf_arena(c), cf_str(c, 1, r)), k, v;
    struct str value = cf_null(c, 2, r) ? STR_NONE : cf_str(c, 2, r);
    struct js_iter it = js_begin(cf_str(c, 0, r));
    while (js_next(&it, &k, &v))
        bag_add(&g, k, str_eq(k, key) ? value : v);
    bag_add(&g, key, value);
    bag_out(c, r, &g);
}

static void fn_bag_zip(struct cf_call *c, size_t r)
{
    if (!is_array(c, 0, r) || !is_array(c, 1, r))
        return;
    struct items k = items_of(c, 0, r), v = items_of(c, 1, r);
    struct bag g = bag_begin(c);
    for (size_t i = 0; i < k.n; i++)
        if (js_type(k.p[i]) == JS_STRING)
            bag_add(&g, as_key(c, k.p[i]), i < v.n ? v.p[i] : STR_NONE);
    bag_out(c, r, &g);
}

/* ---- others ---- */
static void fn_zip(struct cf_call *c, size_t r)
{
    size_t longest = 0;
    struct items *v = arena_array(cf_arena(c), struct items, c->n_args + 1);
    for (size_t i = 0; i < c->n_args; i++) {
        if (!is_array(c, i, r))
            return;
        v[i] = items_of(c, i, r);
        longest = v[i].n > longest ? v[i].n : longest;
    }
    struct sbuf *b = cf_buf(c);
    sbuf_addc(b, '[');
    for (size_t k = 0; k < longest; k++) {
        if (cf_stops(c))
            return;
        sbuf_addz(b, k ? ",[" : "[");
        for (size_t i = 0; i < c->n_args; i++) {
            sbuf_addz(b, i ? "," : "");
            sbuf_add(b, k < v[i].n ? v[i].p[k] : STR("null"));
        }
        sbuf_addc(b, ']');
    }
    sbuf_addc(b, ']');
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_repeat(struct cf_call *c, size_t r)
{
    int64_t n = cf_null(c, 1, r) ? -1 : cf_i64(c, 1, r);
    if (n < 0)
        return;
    n = n > 1048576 ? 1048576 : n;
    struct str v = cf_null(c, 0, r) ? STR("null") : cf_str(c, 0, r);
    struct str *out = arena_array(cf_arena(c), struct str, (size_t)n + 1);
    for (int64_t i = 0; i < n; i++)
        out[i] = v;
    out_items(c, r, out, (size_t)n);
}

static bool truthy(struct str v)
{
    bool is_int;
    int64_t i;
    double d;
    if (js_type(v) == JS_BOOL)
        return v.p[0] == 't';
    return js_type(v) == JS_NUMBER && js_number(v, &is_int, &i, &d) && d != 0;
}

/* A choice of array_iff: an array's items, or one value for all. */
struct choice {
    struct items v;
    struct str all;
};

static struct choice choice_of(struct cf_call *c, size_t arg, size_t r)
{
    struct choice x = {{NULL, 0}, STR_NONE};
    if (cf_null(c, arg, r))
        return x;
    if (is_array(c, arg, r))
        x.v = items_of(c, arg, r);
    else
        x.all = cf_str(c, arg, r);
    return x;
}

static void fn_iff(struct cf_call *c, size_t r)
{
    if (!is_array(c, 0, r))
        return;
    struct items v = items_of(c, 0, r);
    const struct choice yes = choice_of(c, 1, r), no = choice_of(c, 2, r);
    struct str *out = arena_array(cf_arena(c), struct str, v.n + 1);
    for (size_t i = 0; i < v.n; i++) {
        bool known = js_type(v.p[i]) == JS_BOOL || js_type(v.p[i]) == JS_NUMBER;
        const struct choice *x = truthy(v.p[i]) ? &yes : &no;
        if (known)
            out[i] = i < x->v.n ? x->v.p[i] : x->all;
    }
    out_items(c, r, out, v.n);
}

static int key_order(const void *x, const void *y)
{
    return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

/* Members of bags sorted by key, at every depth. */
static void sorted(struct arena *a, struct str v, struct sbuf *b, int depth)
{
    enum js_type t = js_type(v);
    size_t n;
    struct str *keys, *order, *items;
    if ((t != JS_OBJECT && t != JS_ARRAY) || depth > 200) {
        sbuf_add(b, v);
        return;
    }
    items = js_items(a, v, &keys, &n);
    sbuf_addc(b, t == JS_OBJECT ? '{' : '[');
    order = arena_array(a, struct str, n + 1);
    for (size_t i = 0; i < n; i++)
        order[i] = keys[i];
    if (t == JS_OBJECT)
        qsort(order, n, sizeof(*order), key_order);
    for (size_t i = 0; i < n; i++) {
        size_t at = i;
        sbuf_addz(b, i ? "," : "");
        for (size_t k = 0; t == JS_OBJECT && k < n; k++)
            at = keys[k].p == order[i].p ? k : at;
        if (t == JS_OBJECT) {
            sbuf_add(b, order[i]);
            sbuf_addc(b, ':');
        }
        sorted(a, items[at], b, depth + 1);
    }
    sbuf_addc(b, t == JS_OBJECT ? '}' : ']');
}

static void fn_to_json(struct cf_call *c, size_t r)
{
    struct sbuf *b = cf_buf(c);
    sorted(cf_arena(c), cf_str(c, 0, r), b, 0);
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_set_equals(struct cf_call *c, size_t r)
{
    if (!is_array(c, 0, r) || !is_array(c, 1, r))
        return;
    struct items x = items_of(c, 0, r), y = items_of(c, 1, r);
    struct jset a = jset_new(cf_arena(c)), b = jset_new(cf_arena(c));
    if (!add_items(c, &a, &x) || !add_items(c, &b, &y))
        return;
    bool ok = a.n == b.n;
    for (size_t i = 0; i < a.n && ok; i++)
        ok = jset_has(&b, a.p[i]);
    cf_out_bool(c, r, ok);
}

const struct cf_scalar fn_array_rows[] = {
    {.name = "vdf_array_length", .sig = "j:l", .row = fn_length},
    {.name = "vdf_array_concat", .sig = "j*:j", .flags = CF_NULLS, .row = fn_concat},
    {.name = "vdf_array_reverse", .sig = "j:j", .row = fn_reverse},
    {.name = "vdf_array_slice", .sig = "jll:j", .row = fn_slice},
    {.name = "vdf_array_rotate", .sig = "jl:j", .row = fn_rotate},
    {.name = "vdf_array_shift", .sig = "jlj:j", .flags = CF_NULLS, .row = fn_shift},
    {.name = "vdf_array_sum", .sig = "j:d", .row = fn_sum},
    {.name = "vdf_array_index_of", .sig = "jjlll:l", .row = fn_index_of},
    {.name = "vdf_array_split", .sig = "jj:j", .row = fn_split_array},
    {.name = "vdf_array_sort", .sig = "bbj*:j", .flags = CF_NULLS, .row = fn_sort},
    {.name = "vdf_array_iff", .sig = "jjj:j", .flags = CF_NULLS, .row = fn_iff},
    {.name = "vdf_set_union", .sig = "j*:j", .flags = CF_NULLS, .row = fn_union},
    {.name = "vdf_set_intersect", .sig = "j*:j", .flags = CF_NULLS, .row = fn_intersect},
    {.name = "vdf_set_difference", .sig = "j*:j", .flags = CF_NULLS, .row = fn_difference},
    {.name = "vdf_set_has", .sig = "jj:b", .row = fn_has},
    {.name = "vdf_set_equals", .sig = "jj:b", .row = fn_set_equals},
    {.name = "vdf_jaccard", .sig = "jj:j", .row = fn_jaccard},
    {.name = "vdf_bag_keys", .sig = "j:j", .row = fn_keys},
    {.name = "vdf_bag_has_key", .sig = "js:b", .row = fn_has_key},
    {.name = "vdf_bag_merge", .sig = "j*:j", .flags = CF_NULLS, .row = fn_merge},
    {.name = "vdf_bag_pack_filled", .sig = "j*:j", .flags = CF_NULLS, .row = fn_pack_filled},
    {.name = "vdf_bag_pack", .sig = "j*:j", .flags = CF_NULLS, .row = fn_pack},
    {.name = "vdf_bag_set_key", .sig = "jsj:j", .flags = CF_NULLS, .row = fn_set_key},
    {.name = "vdf_bag_zip", .sig = "jj:j", .row = fn_bag_zip},
    {.name = "vdf_pack_array", .sig = "j*:j", .flags = CF_NULLS, .row = fn_pack_array},
    {.name = "vdf_zip", .sig = "j*:j", .flags = CF_NULLS, .row = fn_zip},
    {.name = "vdf_repeat", .sig = "jl:j", .flags = CF_NULLS, .row = fn_repeat},
    {.name = "vdf_to_json", .sig = "j:s", .row = fn_to_json},
    {0},
};
