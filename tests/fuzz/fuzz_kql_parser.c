/* KQL text from outside: the parser always gives a tree, there are 1 to 20 diagnostics if it is
 * wrong, each lies inside the text and has a message. */
#include <stdlib.h>

#include "base/base.h"
#include "kql/syntax.h"

enum { MAX_ARENA = 256 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_freep) struct arena *a = arena_new(MAX_ARENA);
    struct str text = {(const char *)data, size};
    struct kql_diags diags = {.a = a, .text = text};
    if (kql_parse(a, text, &diags) == NULL)
        abort();
    if (diags.v.n > KQL_MAX_ERRORS || (diags.v.n == 0) != (diags.n_errors == 0))
        abort();
    for (size_t i = 0; i < diags.v.n; i++) {
        const struct kql_diag *d = &diags.v.p[i];
        if (d->off > size || d->len > size - d->off || d->message.n == 0)
            abort();
    }
    struct err e = {0};
    if (diags.n_errors > 0) {
        kql_diags_err(&diags, &e);
        if (e.code == ERR_OK)
            abort();
    }
    return 0;
}
