/* Deleting personal data from log tables, as Azure's Workspace Purge: what is to be deleted is kept
 * until it is done, an audit row says that it was. */
#pragma once
#include "incident/incident.h"

enum { PURGE_ID_BYTES = 6 + 36 + 1 }; /* "purge-" and a GUID */
struct purge_options {                /* all borrowed */
    struct store *store;
    struct state *state;
    struct clock *clock;
    struct incidents *incidents;
};
/* body: {"table", "filters": [{"column", "operator", "value", "key"?}]}; operators ==, =~, in, in~,
 * >, >=, <, <=, between (value: [from, to]); key: a property of a dynamic column. A row goes that
 * fits all filters and came before the call. When it returns true the rows are gone, on disk.
 * who: the caller's id. Errors: ERR_INVALID (which filter, and why), ERR_NOT_FOUND (table),
 * ERR_CONFLICT (rows that can't be deleted), ERR_LIMIT. */
bool purge_start(const struct purge_options *o, struct workspace *w, const struct json *body,
                 struct str who, char out_id[PURGE_ID_BYTES], struct err *e) MUST_USE;
/* "completed" or "pending". Errors: ERR_NOT_FOUND. */
bool purge_status(const struct purge_options *o, struct workspace *w, struct str id,
                  const char **out, struct err *e) MUST_USE;
/* Does what a crash left undone; at the start. */
void purge_resume(const struct purge_options *o);
