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

/* Takes its objects away. */
bool state_workspace_forget(struct state *s, struct str workspace, struct err *e) MUST_USE;

/* ---- data collection rules: of the whole server, but some write to the workspace ---- */
struct state_workspace {
    struct str id, name;
};
/* Appends those to out, a JSON line each. Errors: ERR_LIMIT. */
bool state_rules_write(struct state *s, const struct state_workspace *w, struct sbuf *out,
                       struct err *e) MUST_USE;
/* Makes them rules here, in one transaction, that write to the workspace as it is called by now.
 * One that is here already, by its immutable id, stays as it is; where another has the name it gets
 * a number behind it. Errors: ERR_INVALID, ERR_IO. */
bool state_rules_read(struct state *s, const struct state_workspace *old,
                      const struct state_workspace *now, struct str text, struct err *e) MUST_USE;

/* The table's rows belong to a workspace and are taken along. */
bool state_transfers(struct str table);
