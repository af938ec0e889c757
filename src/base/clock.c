/* The injected clock: the system's, or one that tests move by hand. */
#include "base/clock.h"
#include "base/thread.h"

#include <time.h>

/* A wall clock may be set while we wait: look again at least this often. */
#define WAIT_SLICE_US ((int64_t)1000000)

struct clock {
    struct lock lock;
    struct cond moved;
    int64_t ticks; /* manual only */
    uint64_t first_wake, wakes;
    bool manual;
};

static int64_t read_us(clockid_t which)
{
    struct timespec t;
    CHECK(clock_gettime(which, &t) == 0);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_mono_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

int64_t clock_thread_us(void)
{
    return read_us(CLOCK_THREAD_CPUTIME_ID);
}

static struct clock *clock_new(bool manual, int64_t ticks)
{
    struct clock *c = xcalloc(1, sizeof(*c));
    lock_init(&c->lock, "clock");
    cond_init(&c->moved);
    c->manual = manual;
    c->ticks = ticks;
    /* Starts at a number no earlier clock at this address can have had. */
    c->first_wake = c->wakes = (uint64_t)clock_mono_us() << 20;
    return c;
}

struct clock *clock_new_system(void)
{
    return clock_new(false, 0);
}

struct clock *clock_new_manual(int64_t start_ticks)
{
    return clock_new(true, start_ticks);
}

void clock_free(struct clock *c)
{
    if (c == NULL)
        return;
    cond_fini(&c->moved);
    lock_fini(&c->lock);
    xfree(c);
}

static int64_t now_locked(const struct clock *c)
{
    if (c->manual)
        return c->ticks;
    struct timespec t;
    CHECK(clock_gettime(CLOCK_REALTIME, &t) == 0);
    return TICKS_UNIX_EPOCH + (int64_t)t.tv_sec * TICKS_PER_SECOND + t.tv_nsec / 100;
}

int64_t clock_now(struct clock *c)
{
    if (!c->manual)
        return now_locked(c);
    lock_take(&c->lock);
    int64_t now = c->ticks;
    lock_drop(&c->lock);
    return now;
}

bool clock_is_manual(const struct clock *c)
{
    return c->manual;
}

void clock_set(struct clock *c, int64_t ticks)
{
    CHECK(c->manual);
    lock_take(&c->lock);
    if (ticks > c->ticks)
        c->ticks = ticks;
    cond_broadcast(&c->moved);
    lock_drop(&c->lock);
}

void clock_advance(struct clock *c, int64_t ticks)
{
    CHECK(c->manual);
    CHECK(ticks >= 0);
    lock_take(&c->lock);
    c->ticks = ticks > TICKS_MAX - c->ticks ? TICKS_MAX : c->ticks + ticks;
    cond_broadcast(&c->moved);
    lock_drop(&c->lock);
}

bool clock_wait_until(struct clock *c, int64_t at_ticks)
{
    /* What this thread saw last: a wake between two of its waits is not lost, whoever else waits.
     */
    static _Thread_local struct {
        const struct clock *c;
        uint64_t wakes;
    } seen;
    lock_take(&c->lock);
    if (seen.c != c || seen.wakes < c->first_wake) {
        seen.c = c;
        seen.wakes = c->first_wake;
    }
    int64_t now = now_locked(c);
    while (now < at_ticks && seen.wakes == c->wakes) {
        int64_t left_us = (at_ticks - now + TICKS_PER_US - 1) / TICKS_PER_US;
        if (c->manual)
            cond_wait(&c->moved, &c->lock);
        else
            (void)cond_wait_us(&c->moved, &c->lock,
                               left_us < WAIT_SLICE_US ? left_us : WAIT_SLICE_US);
        now = now_locked(c);
    }
    seen.wakes = c->wakes;
    lock_drop(&c->lock);
    return now >= at_ticks;
}

void clock_wake(struct clock *c)
{
    lock_take(&c->lock);
    c->wakes++;
    cond_broadcast(&c->moved);
    lock_drop(&c->lock);
}
