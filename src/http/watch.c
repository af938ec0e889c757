/* Clients that hang up: while a request is worked on its connection is suspended and nobody reads
 * it, so a thread of its own looks from time to time whether the other side is still there. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/thread.h"
#include "http/http_priv.h"

enum { LOOK_EVERY_US = 100000 };

struct watched {
    int fd;
    atomic_bool *gone;
};

struct watch {
    struct lock lock; /* guards the rest */
    struct cond wake;
    struct watched *p;
    size_t n, cap;
    bool stop;
    pthread_t thread;
};

static void mark_gone(struct watch *w)
{
    struct pollfd *fds = xcalloc(w->n + 1, sizeof(*fds));
    for (size_t i = 0; i < w->n; i++)
        fds[i] = (struct pollfd){.fd = w->p[i].fd, .events = POLLRDHUP};
    if (poll(fds, w->n, 0) > 0)
        for (size_t i = 0; i < w->n; i++)
            if ((fds[i].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0)
                atomic_store(w->p[i].gone, true);
    xfree(fds);
}

static void *look(void *arg)
{
    struct watch *w = arg;
    lock_take(&w->lock);
    while (!w->stop) {
        if (w->n == 0) {
            cond_wait(&w->wake, &w->lock);
            continue;
        }
        (void)cond_wait_us(&w->wake, &w->lock, LOOK_EVERY_US);
        mark_gone(w);
    }
    lock_drop(&w->lock);
    return NULL;
}

struct watch *watch_new(void)
{
    struct watch *w = xcalloc(1, sizeof(*w));
    sigset_t all;
    sigset_t before;
    lock_init(&w->lock, "watched connections");
    cond_init(&w->wake);
    sigfillset(&all); /* signals belong to the main thread */
    CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    CHECK(pthread_create(&w->thread, NULL, look, w) == 0);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return w;
}

void watch_free(struct watch *w)
{
    if (w == NULL)
        return;
    lock_take(&w->lock);
    CHECK(w->n == 0);
    w->stop = true;
    cond_signal(&w->wake);
    lock_drop(&w->lock);
    CHECK(pthread_join(w->thread, NULL) == 0);
    cond_fini(&w->wake);
    lock_fini(&w->lock);
    xfree(w->p);
    xfree(w);
}

void watch_add(struct watch *w, int fd, atomic_bool *gone)
{
    lock_take(&w->lock);
    if (w->n == w->cap) {
        w->cap = w->cap > 0 ? w->cap * 2 : 16;
        w->p = xrealloc(w->p, w->cap * sizeof(*w->p));
    }
    w->p[w->n++] = (struct watched){fd, gone};
    if (w->n == 1)
        cond_signal(&w->wake);
    lock_drop(&w->lock);
}

void watch_remove(struct watch *w, const atomic_bool *gone)
{
    lock_take(&w->lock);
    for (size_t i = 0; i < w->n; i++)
        if (w->p[i].gone == gone) {
            w->p[i] = w->p[--w->n];
            break;
        }
    lock_drop(&w->lock);
}

void watch_all_gone(struct watch *w)
{
    lock_take(&w->lock);
    for (size_t i = 0; i < w->n; i++)
        atomic_store(w->p[i].gone, true);
    lock_drop(&w->lock);
}
