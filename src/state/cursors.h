/* Small named positions that must survive a restart: how far a connector read, which start-up steps
 * are done. */
#pragma once
#include "state/state.h"

/* *out is empty when there is none. */
bool state_cursor_get(struct state *s, struct arena *a, struct str name, struct str *out,
                      struct err *e) MUST_USE;
bool state_cursor_set(struct state *s, struct str name, struct str value, struct err *e) MUST_USE;
struct state_cursor {
    struct str name, value;
};
/* Those whose names begin with prefix, in order of name. */
bool state_cursor_list(struct state *s, struct arena *a, struct str prefix,
                       struct state_cursor **out, size_t *out_n, struct err *e) MUST_USE;
bool state_cursor_delete(struct state *s, struct str name, struct err *e) MUST_USE;
