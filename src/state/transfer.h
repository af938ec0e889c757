/* A workspace's objects as text, to take them to another control database: rules with their
 * schedules and runs, alerts, incidents, saved searches, watchlists, summary rules. JSON lines: for
 * each table {"table", "columns"}, then a list of values for each row. Without the id of the
 * workspace, so that the objects can become another one's. */
#pragma once
#include "state/state.h"

enum { STATE_TRANSFER_BYTES = 1 << 30 };
/* Appends them to out, as they are at one moment. Errors: ERR_LIMIT: more than
 * STATE_TRANSFER_BYTES. */
bool state_workspace_write(struct state *s, struct str workspace, struct sbuf *out,
                           struct err *e) MUST_USE;
/* Makes them objects of the workspace, in one transaction. What it had of these tables goes.
 * Errors: ERR_INVALID, with the line in e->pos: a table or column that this version does not know,
 * a value of no such type; ERR_IO. */
bool state_workspace_read(struct state *s, struct str workspace, struct str text,
                          struct err *e) MUST_USE;
/* The table's rows belong to a workspace and are taken along. */
bool state_transfers(struct str table);
