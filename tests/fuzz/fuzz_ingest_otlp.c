/* OTLP's protobuf and JSON: an error is set exactly when the call failed; what is read gives lines
 * of JSON, one a record. */
// link: store
#include <stdlib.h>

#include "ingest/otlp.h"

static void check_lines(struct str lines, size_t n)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct json_opts opts = {.max_depth = 100, .lone_surrogates = true};
    size_t found = 0;
    for (size_t at = 0; at < lines.n; found++) {
        const char *nl = memchr(lines.p + at, '\n', lines.n - at);
        struct json v = {0};
        CHECK(nl != NULL);
        struct str line = str_sub(lines, at, (size_t)(nl - lines.p) - at);
        CHECK(json_parse(a, line, &opts, &v, NULL) && v.type == JSON_OBJECT);
        at += line.n + 1;
    }
    CHECK(found == n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    for (int packed = 0; packed < 2; packed++) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        AUTO(sbuf_fini) struct sbuf lines = sbuf_make(1 << 20);
        struct json request = {0};
        struct err e = {0};
        size_t n = 0;
        struct str body = {(const char *)data, size};
        bool ok = packed ? otlp_protobuf(a, body, &request, &e) : otlp_json(a, body, &request, &e);
        ok = ok && otlp_records(&request, &lines, &n, &e);
        CHECK(ok == (e.code == ERR_OK));
        if (ok)
            check_lines(sbuf_str(&lines), n);
    }
    return 0;
}
