/* bag_pack() and pack_array() of known keys: what stands before each value, and the values. */
#include "engine/duckdb/fn.h"
#include "engine/duckdb/jscan.h"
#include "text/json.h"

struct piece {
    bool is_text; /* the value is text that becomes a JSON string; else it is JSON */
    struct str before;
};
struct pack {
    struct arena *a;
    struct piece *p;
    size_t n; /* the last one is what closes */
};

/* A JSON array of texts, each with 's' or 'j' in front for the kind of value that follows. */
static void pack_read(struct pack *k, struct str text)
{
    struct str item = STR_NONE;
    k->p = arena_array(k->a, struct piece, js_count(text) + 1);
    for (struct js_iter it = js_begin(text); js_next(&it, NULL, &item); k->n++) {
        struct str s = js_decode(k->a, item);
        k->p[k->n] = (struct piece){str_starts(s, STR("s")), str_sub(s, 1, s.n)};
    }
}

static void *pack_new(const struct cf_const *args, size_t n)
{
    if (n < 1 || !args[0].known || args[0].is_null)
        return NULL;
    struct pack *k = xcalloc(1, sizeof *k);
    k->a = arena_new(args[0].text.n * 64 + 65536);
    pack_read(k, arena_str(k->a, args[0].text));
    return k;
}

static void pack_free(void *v)
{
    struct pack *k = v;
    arena_free(k->a);
    xfree(k);
}

static void fn_pack(struct cf_call *c, size_t r)
{
    struct pack own = {0};
    const struct pack *k = c->bound;
    if (k == NULL) {
        own.a = cf_arena(c);
        pack_read(&own, cf_str(c, 0, r));
        k = &own;
    }
    struct sbuf *b = cf_buf(c);
    for (size_t i = 0; i < k->n; i++) {
        sbuf_add(b, k->p[i].before);
        if (i + 1 >= c->n_args)
            continue;
        struct str v = cf_null(c, i + 1, r) ? STR_NONE : cf_str(c, i + 1, r);
        if (k->p[i].is_text)
            json_escape(b, v);
        else
            sbuf_add(b, v.n > 0 ? v : STR("null"));
    }
    cf_out_str(c, r, sbuf_str(b));
}

const struct cf_scalar fn_pack_rows[] = {
    {.name = "vdf_pack",
     .sig = "ss*:j",
     .flags = CF_NULLS,
     .row = fn_pack,
     .prepare = pack_new,
     .release = pack_free},
    {0},
};
