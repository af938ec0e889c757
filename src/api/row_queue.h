/* Rows of a log table that wait in memory for one thread, which stores them: who makes a row never
 * waits. Rows that come together share a call of the function that stores, a target each. Bounded:
 * what there is no room for is counted. */
#pragma once
#include "base/base.h"

enum { ROW_QUEUE_TARGET = 36 /* bytes of a target, at most: an id of a workspace */ };
struct row_queue;
struct row_queue_rows { /* of one target */
    struct str target;
    struct str list; /* a JSON array */
    size_t n;
};
/* Called by the queue's thread. False: none of them is stored, for the reason in *e. ERR_BUSY,
 * ERR_IO, ERR_TIMEOUT and ERR_CANCELLED are of the moment, so that the rows are tried again, for
 * ever; everything else is about the rows: each is tried alone then, and given up when it is
 * refused for such a reason again. */
typedef bool row_queue_fn(void *arg, const struct row_queue_rows *rows, struct err *e);

/* table: for log lines; lives as long as the queue. */
struct row_queue *row_queue_open(const char *table, size_t max_bytes, row_queue_fn *store,
                                 void *arg);
/* Copies the row, a JSON object. False: there is no room, or the queue has stopped; it is counted,
 * and a line of the log says so once until rows are stored again. */
bool row_queue_push(struct row_queue *q, struct str target, struct str row);
/* Tries once more to store what waits; what can't be stored is counted as dropped. Harmless twice,
 * NULL is fine. */
void row_queue_stop(struct row_queue *q);
void row_queue_free(struct row_queue *q); /* stops first; NULL is fine */
struct row_queue_counts {                 /* of rows, since the start */
    uint64_t stored;
    uint64_t dropped; /* there was no room */
    uint64_t refused; /* given up */
};
struct row_queue_counts row_queue_counts(struct row_queue *q);
