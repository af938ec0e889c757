/* Files that commands read and make. */
#include "cli/files.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

bool file_write(const char *path, struct sbuf *b, struct err *e)
{
    bool out = strcmp(path, "-") == 0;
    FILE *f = out ? stdout : fopen(path, "we");
    if (f == NULL)
        return err_errno(e, "can't write", path);
    bool ok = sbuf_ok(b) && fwrite(b->p, 1, b->n, f) == b->n;
    ok = (out ? fflush(f) : fclose(f)) == 0 && ok;
    return ok || err_errno(e, "can't write", path);
}
