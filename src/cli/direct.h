/* The store of a data folder in this process: for commands that work without a running server. */
#pragma once
#include "ingest/ingest.h"

struct direct {
    struct clock *clock;
    struct store *store;
    struct workspace *workspace;
};
/* data NULL: $VEDETTE_DATA. workspace: id or name; empty: the only or first one. make: a data
 * folder without workspaces gets one, called "default". */
bool direct_open(struct direct *d, const char *data, struct str workspace, bool make,
                 struct err *e) MUST_USE;
void direct_close(struct direct *d);
/* "vedette <command>: message", position and hint, on standard error. */
void direct_complain(const char *command, const struct err *e);
