/* vedette openapi: the document of GET /openapi.json, without a server. */
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "cli/commands.h"
#include "cli/complain.h"

static const char usage[] =
    "usage: vedette openapi\n"
    "\n"
    "Prints the OpenAPI 3.1 document of all routes, with the shapes of their bodies and the right\n"
    "that each needs. It is that of GET /openapi.json; clients can be generated from it.\n";

int cli_openapi(int argc, char **argv)
{
    if (argc > 1) {
        bool help = strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0;
        fputs(usage, help ? stdout : stderr);
        return help ? 0 : 2;
    }
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf out = sbuf_make(1 << 20);
    struct err e = {0};
    bool ok = vedette_openapi(a, &out, &e);
    if (ok && (fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout) != 0))
        ok = err_errno(&e, "can't write", "the document");
    if (!ok)
        complain("openapi", &e);
    return ok ? 0 : 1;
}
