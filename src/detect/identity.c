/* What makes a row of a result the same row, however often the query runs. */
#include "detect/detect_priv.h"
#include <stdlib.h>

enum { MAX_ROW_TEXT = 64 << 20 };

/* The sum of the same numbers differs in the last digits with the order in which they are added. */
static void write_real(struct sbuf *b, double d)
{
    sbuf_addf(b, "%.12g", d);
}

static int compare_texts(const void *x, const void *y)
{
    const struct str *a = x, *b = y;
    int c = memcmp(a->p, b->p, a->n < b->n ? a->n : b->n);
    return c != 0 ? c : (a->n > b->n) - (a->n < b->n);
}

/* The order of what make_list() and make_set() give is not promised. */
static void write_dynamic(struct arena *a, struct sbuf *b, struct str text)
{
    struct json v = {0};
    if (text.n == 0 || text.p[0] != '[' || !json_parse(a, text, NULL, &v, NULL)) {
        sbuf_add(b, text);
        return;
    }
    struct str *items = arena_array(a, struct str, v.n + 1);
    for (size_t i = 0; i < v.n; i++) {
        AUTO(sbuf_fini) struct sbuf one = sbuf_make(MAX_ROW_TEXT);
        struct json_out w = json_out_make(&one);
        json_value(&w, &v.items[i]);
        items[i] = arena_str(a, sbuf_str(&one));
    }
    qsort(items, v.n, sizeof(*items), compare_texts);
    for (size_t i = 0; i < v.n; i++) {
        sbuf_add(b, items[i]);
        sbuf_addc(b, '\n');
    }
}

static void write_value(struct arena *a, struct sbuf *b, const struct kql_value *v)
{
    if (v->is_null) {
        sbuf_addz(b, "null");
    } else if (v->type == KQL_REAL) {
        write_real(b, v->d);
    } else if (v->type == KQL_DYNAMIC) {
        write_dynamic(a, b, v->s);
    } else {
        struct json_out w = json_out_make(b);
        engine_value_json(&w, v);
    }
    sbuf_addc(b, '\0');
}

static void write_identity(const struct evaluation *ev, struct arena *a, size_t item, size_t row,
                           struct sbuf *b)
{
    if (item != SIZE_MAX) {
        struct kql_value v = evaluation_value(ev, row, item);
        write_value(a, b, &v);
        return;
    }
    for (size_t col = 0; col < engine_rows_schema(ev->rows)->n; col++) {
        struct kql_value v = evaluation_value(ev, row, col);
        write_value(a, b, &v);
    }
}

struct guid *row_ids(struct evaluation *ev)
{
    struct guid ns;
    struct guid *ids = arena_array(ev->a, struct guid, ev->n_rows + 1);
    AUTO(arena_freep) struct arena *scratch = arena_new(0);
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_ROW_TEXT);
    struct map *seen = map_new(a, false);
    size_t item = column_of(ev, STR("_ItemId"));
    CHECK(guid_parse(STR("4c1cf1a9-6f0e-4f0c-9f43-2f1c7a1b0d55"), &ns));
    for (size_t row = 0; row < ev->n_rows; row++) {
        sbuf_clear(&b);
        write_identity(ev, scratch, item, row, &b);
        ids[row] = guid_derive(ns, sbuf_str(&b));
        struct str key = {(const char *)&ids[row], sizeof(ids[row])};
        uintptr_t times = (uintptr_t)map_get(seen, key);
        map_put(seen, times > 0 ? key : arena_str(a, key),
                (void *)(times + 1)); // NOLINT: a number, not an address
        if (times > 0) {
            sbuf_addf(&b, "%zu", (size_t)times);
            ids[row] = guid_derive(ns, sbuf_str(&b));
        }
        arena_reset(scratch);
    }
    return ids;
}
