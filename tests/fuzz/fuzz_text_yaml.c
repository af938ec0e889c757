/* YAML from outside (rules, configuration): an error is set exactly when parsing fails, and what
 * was read can be written as JSON and read back. */
#include <stdlib.h>

#include "base/base.h"
#include "text/yaml.h"

enum { MAX_ARENA = 64 << 20, MAX_TEXT = 16 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_freep) struct arena *a = arena_new(MAX_ARENA);
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(MAX_TEXT);
    struct json v = {0}, again = {0};
    struct err e = {0};
    struct yaml_opts limits = {.max_depth = 32, .max_values = 20000};
    bool ok = yaml_parse(a, (struct str){(const char *)data, size}, &limits, &v, &e);
    if (ok != (e.code == ERR_OK))
        abort();
    if (!ok)
        return 0;
    struct json_out w = json_out_make(&text);
    json_value(&w, &v);
    if (sbuf_ok(&text) && !json_parse(a, sbuf_str(&text), NULL, &again, &e))
        abort();
    return 0;
}
