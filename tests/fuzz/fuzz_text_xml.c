/* XML from outside: it becomes JSON that reads back, or there is an error with a message. */
#include "text/json.h"
#include "text/xml.h"

enum { MAX_ARENA = 256 << 20, MAX_TEXT = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_freep) struct arena *a = arena_new(MAX_ARENA);
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(MAX_TEXT);
    struct err e = {0};
    struct json v = {0};
    bool ok = xml_to_json((struct str){(const char *)data, size}, &text, &e);
    CHECK(ok == (e.code == ERR_OK));
    if (ok)
        CHECK(json_parse(a, sbuf_str(&text), NULL, &v, &e) && v.type == JSON_OBJECT);
    return 0;
}
