/* Two batches: one is filled while the other is delivered. */
#include "base/log.h"
#include "base/thread.h"
#include "net/net_priv.h"

enum { FIRST_PAUSE_US = 10000, LONGEST_PAUSE_US = 1000000, MAX_MESSAGES = 50000 };

struct batch {
    struct arena *a;
    VEC(struct net_message) messages;
    size_t bytes;
};
struct net_batches {
    struct net_sink sink;
    size_t max_waiting;
    struct lock lock;
    struct cond changed;
    struct batch fill, out; /* out belongs to the delivering thread */
    bool hurried;           /* nobody waits any more */
    bool ended;
    int64_t give_up_us;
};

struct net_batches *net_batches_new(size_t max_waiting, const struct net_sink *sink)
{
    struct net_batches *b = xcalloc(1, sizeof(*b));
    b->sink = *sink;
    b->max_waiting = max_waiting;
    lock_init(&b->lock, "net.batches");
    cond_init(&b->changed);
    b->fill.a = arena_new(0);
    b->out.a = arena_new(0);
    return b;
}

void net_batches_free(struct net_batches *b)
{
    arena_free(b->fill.a);
    arena_free(b->out.a);
    cond_fini(&b->changed);
    lock_fini(&b->lock);
    xfree(b);
}

void net_batches_add(struct net_batches *b, const struct net_message *m)
{
    lock_take(&b->lock);
    while (!b->hurried && (b->fill.bytes > b->max_waiting || b->fill.messages.n >= MAX_MESSAGES))
        cond_wait(&b->changed, &b->lock);
    struct net_message own = *m;
    own.text = arena_str(b->fill.a, m->text);
    own.peer = arena_str(b->fill.a, m->peer);
    VEC_PUSH(b->fill.a, &b->fill.messages, own);
    b->fill.bytes += m->text.n + sizeof(own);
    if (b->fill.messages.n == 1)
        cond_broadcast(&b->changed);
    lock_drop(&b->lock);
}

void net_batches_hurry(struct net_batches *b, int64_t grace_us)
{
    lock_take(&b->lock);
    b->hurried = true;
    b->give_up_us = clock_mono_us() + grace_us;
    cond_broadcast(&b->changed);
    lock_drop(&b->lock);
}

void net_batches_end(struct net_batches *b)
{
    lock_take(&b->lock);
    b->ended = true;
    cond_broadcast(&b->changed);
    lock_drop(&b->lock);
}

static bool take(struct net_batches *b)
{
    lock_take(&b->lock);
    while (b->fill.messages.n == 0 && !b->ended)
        cond_wait(&b->changed, &b->lock);
    struct batch full = b->fill;
    b->fill = b->out;
    b->out = full;
    cond_broadcast(&b->changed);
    lock_drop(&b->lock);
    return b->out.messages.n > 0;
}

/* Waits before the next try. *final: it is the last one. */
static void rest_before_retry(struct net_batches *b, int64_t pause_us, bool *final)
{
    lock_take(&b->lock);
    (void)cond_wait_us(&b->changed, &b->lock, b->hurried ? FIRST_PAUSE_US : pause_us);
    *final = b->hurried && clock_mono_us() >= b->give_up_us;
    lock_drop(&b->lock);
}

static void deliver(struct net_batches *b)
{
    int64_t pause = FIRST_PAUSE_US;
    bool final = false;
    while (!b->sink.deliver(b->sink.self, b->out.messages.p, b->out.messages.n, final)) {
        if (final) {
            LOG(LOG_ERROR, "net", "messages could not be stored before the end",
                log_i("messages", (int64_t)b->out.messages.n));
            return;
        }
        rest_before_retry(b, pause, &final);
        pause = pause * 2 < LONGEST_PAUSE_US ? pause * 2 : LONGEST_PAUSE_US;
    }
}

void net_batches_run(struct net_batches *b)
{
    while (take(b)) {
        deliver(b);
        arena_reset(b->out.a);
        b->out.messages.p = NULL;
        b->out.messages.n = b->out.messages.cap = 0;
        b->out.bytes = 0;
    }
}
