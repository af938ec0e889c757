/* What functions over regular expressions do with a match. */
#pragma once
#include "engine/duckdb/cfunc.h"
#include "text/rx.h"

/* Whether it was found. A match that was given up ends the query: it must not pass for none. */
static inline bool regex_found(struct cf_call *c, enum rx_result r)
{
    if (r == RX_TOO_COSTLY) {
        cf_refuse(c, ERR_LIMIT, "a regular expression takes too many steps on a value");
        cf_hint(c, "give it fewer repetitions inside repetitions, or shorter values");
    }
    return r == RX_FOUND;
}

/* The next match of many. */
static inline bool regex_next(struct cf_call *c, struct rx_iter *it, struct rx_match *m)
{
    bool is = !cf_stops(c) && rx_next(it, m);
    return regex_found(c, it->too_costly ? RX_TOO_COSTLY : is ? RX_FOUND : RX_NONE);
}
