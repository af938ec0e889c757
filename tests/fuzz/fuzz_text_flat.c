/* Flat records against the tree reader: what the first takes, the second takes, and both write the
 * same; and all scanners give the same bits. */
#include "text/json_flat.h"

static void same_bits(struct str text)
{
    struct json_scanner all[8];
    size_t n = json_scan_all(all, COUNTOF(all)), blocks = text.n / JSON_BLOCK;
    if (blocks == 0)
        return;
    struct json_bits *want = xcalloc(blocks, sizeof(*want)), *got = xcalloc(blocks, sizeof(*got));
    all[0].scan(text.p, blocks, want);
    for (size_t k = 1; k < n; k++) {
        all[k].scan(text.p, blocks, got);
        CHECK(memcmp(want, got, blocks * sizeof(*want)) == 0);
    }
    xfree(want);
    xfree(got);
}

static void same_value(const struct json *flat, const struct json *tree)
{
    AUTO(sbuf_fini) struct sbuf x = sbuf_make(0);
    AUTO(sbuf_fini) struct sbuf y = sbuf_make(0);
    struct json_out wx = json_out_make(&x), wy = json_out_make(&y);
    json_value(&wx, flat);
    json_value(&wy, tree);
    CHECK(flat->type == tree->type && str_eq(sbuf_str(&x), sbuf_str(&y)));
    CHECK(memcmp(&flat->d, &tree->d, sizeof(flat->d)) == 0 && flat->i == tree->i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct json_opts o = {.max_depth = 16, .lone_surrogates = true};
    struct json_flat f = json_flat_make(text, &o);
    struct arena *a = arena_new(0);
    same_bits(text);
    for (size_t at = 0; at < size;) {
        struct json flat, tree;
        size_t before = at, tree_at = at;
        if (!json_flat_next(&f, a, &at, size, &flat)) {
            CHECK(at == before);
            at++;
            continue;
        }
        CHECK(json_parse_next(a, text, &tree_at, &o, &tree, NULL));
        CHECK(at == tree_at && flat.n == tree.n && tree.type == JSON_OBJECT);
        for (size_t i = 0; i < tree.n; i++) {
            CHECK(str_eq(flat.keys[i], tree.keys[i]));
            same_value(&flat.items[i], &tree.items[i]);
        }
        arena_reset(a);
    }
    arena_free(a);
    json_flat_fini(&f);
    return 0;
}
