/* JSON from outside: an error is set exactly when parsing fails, and read, write, read, write gives
 * the same text again. */
#include <stdlib.h>

#include "base/base.h"
#include "text/json.h"

enum { MAX_ARENA = 64 << 20, MAX_TEXT = 16 << 20 };

static bool write_value(struct arena *a, struct str text, struct sbuf *out)
{
    struct json v = {0};
    struct err e = {0};
    bool ok = json_parse(a, text, NULL, &v, &e);
    if (ok != (e.code == ERR_OK))
        abort();
    if (!ok)
        return false;
    struct json_out w = json_out_make(out);
    json_value(&w, &v);
    return sbuf_ok(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_freep) struct arena *a = arena_new(MAX_ARENA);
    AUTO(sbuf_fini) struct sbuf first = sbuf_make(MAX_TEXT);
    AUTO(sbuf_fini) struct sbuf second = sbuf_make(MAX_TEXT);
    if (!write_value(a, (struct str){(const char *)data, size}, &first))
        return 0;
    if (!write_value(a, sbuf_str(&first), &second))
        abort();
    if (!str_eq(sbuf_str(&first), sbuf_str(&second)))
        abort();
    return 0;
}
