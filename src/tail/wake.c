/* Waiting for folders to change: inotify where it is to be had; the look every poll interval does
 * not depend on it. */
#include "base/log.h"
#include "tail/tail_priv.h"
#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { EVENTS_BYTES = 64 << 10 };

struct waker {
    int wake, changes; /* changes -1: the system has no more of them */
    bool said;
};

struct waker *waker_new(void)
{
    struct waker *w = xcalloc(1, sizeof(*w));
    w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    w->changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    CHECK(w->wake >= 0);
    return w;
}

void waker_free(struct waker *w)
{
    if (w == NULL)
        return;
    if (w->changes >= 0)
        close(w->changes);
    close(w->wake);
    xfree(w);
}

void waker_watch(struct waker *w, const char *path)
{
    const uint32_t what = IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE;
    if (w->changes < 0 || inotify_add_watch(w->changes, path, what) >= 0 || errno != ENOSPC)
        return;
    if (!w->said)
        LOG(LOG_WARN, "files", "no more inotify watches: the folder is looked at by and by",
            log_z("folder", path));
    w->said = true;
}

static void empty(int fd)
{
    char events[EVENTS_BYTES] __attribute__((aligned(8)));
    while (fd >= 0 && read(fd, events, sizeof(events)) > 0)
        ;
}

void waker_wait(struct waker *w, int64_t timeout_us)
{
    struct pollfd p[2] = {{w->wake, POLLIN, 0}, {w->changes, POLLIN, 0}};
    int ms = timeout_us > 0 ? (int)(timeout_us / 1000) + 1 : 0;
    (void)poll(p, w->changes >= 0 ? 2 : 1, ms);
    eventfd_t value;
    (void)eventfd_read(w->wake, &value);
    empty(w->changes);
}

void waker_wake(struct waker *w)
{
    (void)eventfd_write(w->wake, 1);
}
