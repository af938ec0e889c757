/* The formatter: what parses can be formatted without a change of meaning, and what was formatted
 * stays as it is. */
#include <stdlib.h>

#include "base/base.h"
#include "kql/format.h"

enum { MAX_ARENA = 256 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_freep) struct arena *a = arena_new(MAX_ARENA);
    AUTO(sbuf_fini) struct sbuf once = sbuf_make(0), twice = sbuf_make(0);
    struct kql_diags first = {.a = a}, second = {.a = a};
    struct err e = {0};
    if (!kql_format(a, (struct str){(const char *)data, size}, &once, &first)) {
        kql_diags_err(&first, &e);
        if (e.code == ERR_OK || e.code == ERR_INTERNAL || once.n > 0)
            abort();
        return 0;
    }
    if (!kql_format(a, sbuf_str(&once), &twice, &second) ||
        !str_eq(sbuf_str(&once), sbuf_str(&twice)))
        abort();
    return 0;
}
