/* Locks, conditions, bounded queues and worker pools over pthreads. */
#include "base/thread.h"
#include "base/clock.h"

#include <errno.h>
#include <time.h>

/* ---- lock ---- */
void lock_init(struct lock *l, const char *name)
{
    pthread_mutexattr_t attr;
    CHECK(pthread_mutexattr_init(&attr) == 0);
    /* Taking it twice is reported instead of standing still for ever. */
    CHECK(pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK) == 0);
    CHECK(pthread_mutex_init(&l->m, &attr) == 0);
    CHECK(pthread_mutexattr_destroy(&attr) == 0);
    l->name = name;
    l->held = false;
}

void lock_fini(struct lock *l)
{
    CHECK(pthread_mutex_destroy(&l->m) == 0);
}

void lock_take(struct lock *l)
{
    CHECK(pthread_mutex_lock(&l->m) == 0);
    l->holder = pthread_self();
    l->held = true;
}

void lock_drop(struct lock *l)
{
    lock_check_held(l);
    l->held = false;
    CHECK(pthread_mutex_unlock(&l->m) == 0);
}

void lock_check_held(const struct lock *l)
{
    CHECK(l->held && pthread_equal(l->holder, pthread_self()));
}

/* ---- cond ---- */
void cond_init(struct cond *c)
{
    pthread_condattr_t attr;
    CHECK(pthread_condattr_init(&attr) == 0);
    CHECK(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&c->c, &attr) == 0);
    CHECK(pthread_condattr_destroy(&attr) == 0);
}

void cond_fini(struct cond *c)
{
    CHECK(pthread_cond_destroy(&c->c) == 0);
}

static void retaken(struct lock *l)
{
    l->holder = pthread_self();
    l->held = true;
}

void cond_wait(struct cond *c, struct lock *l)
{
    lock_check_held(l);
    l->held = false;
    CHECK(pthread_cond_wait(&c->c, &l->m) == 0);
    retaken(l);
}

bool cond_wait_us(struct cond *c, struct lock *l, int64_t timeout_us)
{
    lock_check_held(l);
    struct timespec at;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &at) == 0);
    int64_t us = timeout_us < 0 ? 0 : timeout_us;
    int64_t ns = at.tv_nsec + us % 1000000 * 1000;
    at.tv_sec += (time_t)(us / 1000000 + ns / 1000000000);
    at.tv_nsec = (long)(ns % 1000000000);
    l->held = false;
    int rc = pthread_cond_timedwait(&c->c, &l->m, &at);
    CHECK(rc == 0 || rc == ETIMEDOUT);
    retaken(l);
    return rc == 0;
}

void cond_signal(struct cond *c)
{
    CHECK(pthread_cond_signal(&c->c) == 0);
}

void cond_broadcast(struct cond *c)
{
    CHECK(pthread_cond_broadcast(&c->c) == 0);
}

/* ---- queue: a ring that grows on demand up to max ---- */
struct queue {
    struct lock lock;
    struct cond not_empty;
    void **ring;
    size_t cap, max, head, n;
    bool closed;
};

struct queue *queue_new(size_t max_items, const char *name)
{
    CHECK(max_items > 0);
    struct queue *q = xcalloc(1, sizeof(*q));
    lock_init(&q->lock, name);
    cond_init(&q->not_empty);
    q->max = max_items;
    return q;
}

void queue_free(struct queue *q)
{
    if (q == NULL)
        return;
    CHECK(q->n == 0);
    cond_fini(&q->not_empty);
    lock_fini(&q->lock);
    xfree(q->ring);
    xfree(q);
}

static void ring_grow(struct queue *q)
{
    size_t cap = q->cap == 0 ? 16 : q->cap * 2;
    cap = cap < q->max ? cap : q->max;
    void **ring = xcalloc(cap, sizeof(*ring));
    for (size_t i = 0; i < q->n; i++)
        ring[i] = q->ring[(q->head + i) % q->cap];
    xfree(q->ring);
    q->ring = ring;
    q->cap = cap;
    q->head = 0;
}

bool queue_push(struct queue *q, void *item)
{
    CHECK(item != NULL);
    lock_take(&q->lock);
    bool ok = !q->closed && q->n < q->max;
    if (ok) {
        if (q->n == q->cap)
            ring_grow(q);
        q->ring[(q->head + q->n) % q->cap] = item;
        q->n++;
        cond_signal(&q->not_empty);
    }
    lock_drop(&q->lock);
    return ok;
}

static void *pop_locked(struct queue *q)
{
    if (q->n == 0)
        return NULL;
    void *item = q->ring[q->head];
    q->head = (q->head + 1) % q->cap;
    q->n--;
    return item;
}

void *queue_pop(struct queue *q)
{
    lock_take(&q->lock);
    while (q->n == 0 && !q->closed)
        cond_wait(&q->not_empty, &q->lock);
    void *item = pop_locked(q);
    lock_drop(&q->lock);
    return item;
}

void *queue_pop_us(struct queue *q, int64_t timeout_us)
{
    int64_t until = clock_mono_us() + timeout_us;
    lock_take(&q->lock);
    while (q->n == 0 && !q->closed) {
        int64_t left = until - clock_mono_us();
        if (left <= 0)
            break;
        (void)cond_wait_us(&q->not_empty, &q->lock, left);
    }
    void *item = pop_locked(q);
    lock_drop(&q->lock);
    return item;
}

void queue_close(struct queue *q)
{
    lock_take(&q->lock);
    q->closed = true;
    cond_broadcast(&q->not_empty);
    lock_drop(&q->lock);
}

size_t queue_count(struct queue *q)
{
    lock_take(&q->lock);
    size_t n = q->n;
    lock_drop(&q->lock);
    return n;
}
