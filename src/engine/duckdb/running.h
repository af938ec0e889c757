/* The query that a connection runs: when it has to end, what its C functions may keep in memory,
 * and why one of them refused to go on. DuckDB calls C functions on threads of its own and tells
 * them their connection only while it plans; that is when they look their query up here. Safe for
 * threads. */
#pragma once
#include "base/base.h"
#include "base/thread.h"

/* All that run in an instance. */
struct running;
struct running_list {
    struct lock lock; /* guards p and n */
    struct running **p;
    size_t n;
};
void running_list_init(struct running_list *l);
void running_list_fini(struct running_list *l); /* nothing may be running */

struct running_limits {
    int64_t deadline_us;        /* clock_mono_us(); 0: none */
    const _Atomic bool *cancel; /* may be NULL */
    size_t memory_bytes;        /* of C functions; 0: RUNNING_MEMORY_BYTES */
};
#define RUNNING_MEMORY_BYTES ((size_t)1 << 30)

/* Enters the query of a connection (by its number; one at a time); running_end takes it out. DuckDB
 * does not wait for threads that are in the middle of a task when a query is stopped: what these
 * hold are references, running_stops() is true for them, and limits->cancel is looked at no more.
 */
struct running *running_begin(struct running_list *l, uint64_t connection,
                              const struct running_limits *limits);
void running_end(struct running_list *l, struct running *r); /* NULL is fine */
/* The query of a connection with a reference of the caller's, or NULL. */
struct running *running_find(struct running_list *l, uint64_t connection);
struct running *running_ref(struct running *r);
void running_unref(struct running *r); /* NULL is fine */
uint64_t running_id(const struct running *r);

/* True when the query has to end now: it was cancelled (ERR_CANCELLED), its time is over
 * (ERR_TIMEOUT) or a function refused. e may be NULL. */
bool running_stops(struct running *r, struct err *e) MUST_USE;
/* Books memory; false when it would be more than the query may have. */
bool running_book(struct running *r, size_t bytes) MUST_USE;
void running_unbook(struct running *r, size_t bytes);
size_t running_memory_limit(const struct running *r);

/* A function refuses to go on; the first one counts. */
void running_refuse(struct running *r, const struct err *why);
bool running_refused(struct running *r, struct err *out_why) MUST_USE;
/* What was refused while planning counts only if planning failed: constants are computed ahead,
 * also those that no row needs. */
void running_forgive(struct running *r);
