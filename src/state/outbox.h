/* Log rows that a transaction has decided and that are still to be appended to the store. They are
 * written in the same transaction as the facts they tell of; whoever empties the outbox appends
 * them with their dedup id, so that a crash between the two neither loses nor doubles a row. */
#pragma once
#include "state/state.h"

struct state_outbox {
    int64_t seq; /* given by the database; the order of writing */
    struct str workspace, table;
    struct str dedup; /* unique for ever */
    struct str rows;  /* JSON array of objects: column → value */
};
bool state_outbox_put(struct state *s, const struct state_outbox *o, struct err *e) MUST_USE;
bool state_outbox_list(struct state *s, struct arena *a, size_t max, struct state_outbox **out,
                       size_t *n, struct err *e) MUST_USE; /* oldest first */
/* All of them in one transaction. */
bool state_outbox_delete(struct state *s, const int64_t *seqs, size_t n, struct err *e) MUST_USE;
