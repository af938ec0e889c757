/* Small named positions that must survive a restart: how far a connector read, which start-up steps
 * are done. */
#pragma once
#include "state/state.h"

/* *out is empty when there is none. */
bool state_cursor_get(struct state *s, struct arena *a, struct str name, struct str *out,
                      struct err *e) MUST_USE;
bool state_cursor_set(struct state *s, struct str name, struct str value, struct err *e) MUST_USE;
