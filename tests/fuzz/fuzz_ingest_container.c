/* Lines of container runtimes: a cut is at a line's end; for CRI the records of what is in front of
 * it and behind it are those of all lines. */
// link: store
#include <stdlib.h>

#include "ingest/container.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 8192)
        return 0;
    AUTO(sbuf_fini) struct sbuf all = sbuf_make(0);
    AUTO(sbuf_fini) struct sbuf parts = sbuf_make(0);
    struct str lines = {(const char *)data, size};
    struct container_origin o = {.computer = STR("c")};
    container_origin_read(lines, &o);
    size_t cut = container_cut(lines);
    CHECK(cut == 0 || (cut <= size && lines.p[cut - 1] == '\n'));
    container_records(lines, &o, &all);
    container_records(str_sub(lines, 0, cut), &o, &parts);
    container_records(str_sub(lines, cut, size), &o, &parts);
    CHECK(str_holds(lines, '{') || str_eq(sbuf_str(&all), sbuf_str(&parts)));
    return 0;
}
