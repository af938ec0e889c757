/* Locks with a name and a holder, bounded queues of owned pointers, a worker pool. docs/storage.md
 * lists every lock. */
#pragma once
#include "base/base.h"
#include <pthread.h>

struct lock {
    pthread_mutex_t m;
    const char *name;
    pthread_t holder;
    bool held;
};
void lock_init(struct lock *l, const char *name);
void lock_fini(struct lock *l);
void lock_take(struct lock *l);
void lock_drop(struct lock *l);
void lock_check_held(const struct lock *l);
struct cond {
    pthread_cond_t c;
};
void cond_init(struct cond *c); /* CLOCK_MONOTONIC */
void cond_fini(struct cond *c);
void cond_wait(struct cond *c, struct lock *l);
bool cond_wait_us(struct cond *c, struct lock *l, int64_t timeout_us); /* false: timed out */
void cond_signal(struct cond *c);
void cond_broadcast(struct cond *c);

struct queue; /* bounded, many producers and consumers */
struct queue *queue_new(size_t max_items, const char *name);
void queue_free(struct queue *q);                        /* must be empty */
bool queue_push(struct queue *q, void *item) MUST_USE;   /* false: full or closed; never waits */
void *queue_pop(struct queue *q);                        /* waits; NULL: closed and empty */
void *queue_pop_us(struct queue *q, int64_t timeout_us); /* NULL: timed out, or closed and empty */
void queue_close(struct queue *q);
size_t queue_count(struct queue *q);

struct pool; /* n worker threads, bounded backlog */
struct pool *pool_new(const char *name, unsigned n_threads, size_t max_backlog);
bool pool_run(struct pool *p, void (*fn)(void *), void *arg) MUST_USE; /* false: backlog full */
void pool_drain(struct pool *p); /* waits for all accepted work */
void pool_free(struct pool *p);  /* drains, joins */
