/* Queries that run, and what they may use. */
#include "engine/duckdb/running.h"
#include "base/clock.h"
#include <stdatomic.h>

enum { LOOK_EVERY_US = 1000 };

struct running {
    uint64_t connection;
    struct running_limits limits;
    atomic_size_t booked;
    atomic_uint refs;
    atomic_bool refused, ended;
    atomic_int_least64_t looked_us; /* when somebody looked at limits.cancel */
    struct lock lock;               /* guards why and limits.cancel */
    struct err why;
};

void running_list_init(struct running_list *l)
{
    memset(l, 0, sizeof(*l));
    lock_init(&l->lock, "running queries");
}

void running_list_fini(struct running_list *l)
{
    CHECK(l->n == 0);
    xfree(l->p);
    lock_fini(&l->lock);
}

struct running *running_begin(struct running_list *l, uint64_t connection,
                              const struct running_limits *limits)
{
    struct running *r = xcalloc(1, sizeof(*r));
    r->connection = connection;
    r->limits = *limits;
    if (r->limits.memory_bytes == 0)
        r->limits.memory_bytes = RUNNING_MEMORY_BYTES;
    atomic_store(&r->refs, 1);
    lock_init(&r->lock, "running query");
    lock_take(&l->lock);
    l->p = xrealloc(l->p, (l->n + 1) * sizeof(struct running *));
    l->p[l->n++] = r;
    lock_drop(&l->lock);
    return r;
}

void running_end(struct running_list *l, struct running *r)
{
    if (r == NULL)
        return;
    lock_take(&l->lock);
    for (size_t i = 0; i < l->n; i++)
        if (l->p[i] == r) {
            l->p[i] = l->p[--l->n];
            break;
        }
    lock_drop(&l->lock);
    lock_take(&r->lock);
    r->limits.cancel = NULL;
    lock_drop(&r->lock);
    atomic_store(&r->ended, true);
    running_unref(r);
}

struct running *running_find(struct running_list *l, uint64_t connection)
{
    struct running *found = NULL;
    lock_take(&l->lock);
    for (size_t i = 0; i < l->n && found == NULL; i++)
        if (l->p[i]->connection == connection)
            found = running_ref(l->p[i]);
    lock_drop(&l->lock);
    return found;
}

struct running *running_ref(struct running *r)
{
    atomic_fetch_add(&r->refs, 1);
    return r;
}

void running_unref(struct running *r)
{
    if (r == NULL || atomic_fetch_sub(&r->refs, 1) > 1)
        return;
    lock_fini(&r->lock);
    xfree(r);
}

uint64_t running_id(const struct running *r)
{
    return r->connection;
}

/* ---- ending ---- */
/* The flag belongs to whoever asked for the query and may go when that has ended; often enough is
 * every millisecond. */
static bool cancelled(struct running *r, int64_t now_us)
{
    bool yes = atomic_load(&r->ended);
    if (yes || now_us - atomic_load(&r->looked_us) < LOOK_EVERY_US)
        return yes;
    atomic_store(&r->looked_us, now_us);
    lock_take(&r->lock);
    yes = r->limits.cancel != NULL && *r->limits.cancel;
    lock_drop(&r->lock);
    return yes;
}

bool running_stops(struct running *r, struct err *e)
{
    if (atomic_load(&r->refused) && running_refused(r, e))
        return true;
    int64_t now = clock_mono_us();
    if (cancelled(r, now))
        return !err_set(e, ERR_CANCELLED, "the query was cancelled");
    if (r->limits.deadline_us != 0 && now > r->limits.deadline_us)
        return !err_set(e, ERR_TIMEOUT, "the query ran longer than it may");
    return false;
}

void running_refuse(struct running *r, const struct err *why)
{
    lock_take(&r->lock);
    if (!atomic_load(&r->refused)) {
        r->why = *why;
        atomic_store(&r->refused, true);
    }
    lock_drop(&r->lock);
}

bool running_refused(struct running *r, struct err *out_why)
{
    lock_take(&r->lock);
    bool refused = atomic_load(&r->refused);
    if (refused && out_why != NULL)
        *out_why = r->why;
    lock_drop(&r->lock);
    return refused;
}

void running_forgive(struct running *r)
{
    lock_take(&r->lock);
    atomic_store(&r->refused, false);
    lock_drop(&r->lock);
}

/* ---- memory ---- */
bool running_book(struct running *r, size_t bytes)
{
    size_t before = atomic_fetch_add(&r->booked, bytes);
    if (bytes <= r->limits.memory_bytes && before <= r->limits.memory_bytes - bytes)
        return true;
    atomic_fetch_sub(&r->booked, bytes);
    return false;
}

void running_unbook(struct running *r, size_t bytes)
{
    atomic_fetch_sub(&r->booked, bytes);
}

size_t running_memory_limit(const struct running *r)
{
    return r->limits.memory_bytes;
}
