/* How a command says what went wrong. */
#include <stdio.h>

#include "cli/complain.h"

void complain(const char *command, const struct err *e)
{
    fprintf(stderr, "vedette %s: ", command);
    if (e->pos.line > 0)
        fprintf(stderr, "line %u, column %u: ", e->pos.line, e->pos.col);
    fprintf(stderr, "%s\n", e->msg);
    if (e->hint[0] != '\0')
        fprintf(stderr, "  %s\n", e->hint);
}
