/* A fixed number of worker threads behind one bounded queue. */
#include "base/thread.h"

#include <signal.h>

struct job {
    void (*fn)(void *);
    void *arg;
};

struct pool {
    struct queue *backlog;
    struct lock lock;
    struct cond idle;
    size_t pending; /* accepted and not finished */
    unsigned n_threads;
    pthread_t threads[];
};

static void *worker(void *arg)
{
    struct pool *p = arg;
    for (struct job *j; (j = queue_pop(p->backlog)) != NULL;) {
        j->fn(j->arg);
        xfree(j);
        lock_take(&p->lock);
        if (--p->pending == 0)
            cond_broadcast(&p->idle);
        lock_drop(&p->lock);
    }
    return NULL;
}

struct pool *pool_new(const char *name, unsigned n_threads, size_t max_backlog)
{
    CHECK(n_threads > 0);
    struct pool *p = xcalloc(1, sizeof(*p) + n_threads * sizeof(p->threads[0]));
    p->backlog = queue_new(max_backlog, name);
    lock_init(&p->lock, name);
    cond_init(&p->idle);
    p->n_threads = n_threads;
    /* Signals belong to the main thread. */
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    for (unsigned i = 0; i < n_threads; i++)
        CHECK(pthread_create(&p->threads[i], NULL, worker, p) == 0);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return p;
}

bool pool_run(struct pool *p, void (*fn)(void *), void *arg)
{
    struct job *j = xmalloc(sizeof(*j));
    *j = (struct job){fn, arg};
    lock_take(&p->lock);
    p->pending++;
    lock_drop(&p->lock);
    if (queue_push(p->backlog, j))
        return true;
    xfree(j);
    lock_take(&p->lock);
    if (--p->pending == 0)
        cond_broadcast(&p->idle);
    lock_drop(&p->lock);
    return false;
}

void pool_drain(struct pool *p)
{
    lock_take(&p->lock);
    while (p->pending > 0)
        cond_wait(&p->idle, &p->lock);
    lock_drop(&p->lock);
}

void pool_free(struct pool *p)
{
    if (p == NULL)
        return;
    pool_drain(p);
    queue_close(p->backlog);
    for (unsigned i = 0; i < p->n_threads; i++)
        CHECK(pthread_join(p->threads[i], NULL) == 0);
    queue_free(p->backlog);
    cond_fini(&p->idle);
    lock_fini(&p->lock);
    xfree(p);
}
