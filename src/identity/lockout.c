/* Guessing: failed sign-ins are counted by user name, whether or not there is such a user, and by
 * address. After too many within a while the next are refused for a time that doubles with each
 * lock in a row. */
#include "identity/identity_priv.h"
#include "state/people.h"

enum { MAX_COUNTED = 10000, MAX_DOUBLINGS = 6 };
#define LOCKS_FORGOTTEN TICKS_PER_DAY
#define LONGEST_LOCK TICKS_PER_HOUR

/* Counts one failure. *out_wait > 0: it is locked, nothing was counted. */
static bool count(struct identity *id, struct arena *a, struct str key, unsigned limit,
                  int64_t *out_wait, bool *out_locks, struct err *e)
{
    const struct identity_people *p = &id->people;
    int64_t now = clock_now(id->clock);
    struct state_failure f = {0};
    if (!state_failure_get(id->state, a, key, &f, e))
        return false;
    if (f.locked_until > now) {
        *out_wait = f.locked_until - now > *out_wait ? f.locked_until - now : *out_wait;
        return true;
    }
    if (f.failures >= limit || now - f.since > p->lockout_window)
        f.failures = 0;
    if (now - f.locked_until > LOCKS_FORGOTTEN)
        f.locks = 0;
    f.since = f.failures == 0 ? now : f.since;
    f.failures++;
    if (f.failures >= limit) {
        int64_t delay = p->lockout_delay << (f.locks < MAX_DOUBLINGS ? f.locks : MAX_DOUBLINGS);
        int64_t most = p->lockout_delay > LONGEST_LOCK ? p->lockout_delay : LONGEST_LOCK;
        f.locked_until = now + (delay < most ? delay : most);
        f.locks++;
        *out_locks = true;
    }
    return state_failure_put(id->state, &f, e);
}

bool attempt_begin(struct identity *id, struct arena *a, struct str name, struct str address,
                   struct attempt *out, struct err *e)
{
    int64_t now = clock_now(id->clock);
    *out = (struct attempt){.user = arena_fmt(a, "user %.*s", STR_ARG(name))};
    if (address.n > 0)
        out->address = arena_fmt(a, "address %.*s", STR_ARG(address));
    if (!state_begin(id->state, e))
        return false;
    /* From an address that is locked nobody can have a user locked. */
    bool ok = state_failure_prune(id->state, now - LOCKS_FORGOTTEN, MAX_COUNTED, e) &&
              (out->address.n == 0 || count(id, a, out->address, id->people.lockout_address,
                                            &out->retry_after, &out->locks, e));
    if (ok && out->retry_after == 0)
        ok =
            count(id, a, out->user, id->people.lockout_failures, &out->retry_after, &out->locks, e);
    return state_end(id->state, ok, e);
}

static bool take_back(struct identity *id, struct arena *a, struct str key, struct err *e)
{
    struct state_failure f = {0};
    if (!state_failure_get(id->state, a, key, &f, e))
        return false;
    if (f.failures <= 0)
        return true;
    f.failures--;
    if (f.locked_until > clock_now(id->clock)) {
        f.locked_until = 0;
        f.locks--;
    }
    return state_failure_put(id->state, &f, e);
}

bool attempt_succeed(struct identity *id, struct arena *a, const struct attempt *t, bool forget,
                     struct err *e)
{
    if (!state_begin(id->state, e))
        return false;
    bool ok = forget ? state_failure_delete(id->state, t->user, e) : take_back(id, a, t->user, e);
    ok = ok && (t->address.n == 0 || take_back(id, a, t->address, e));
    return state_end(id->state, ok, e);
}
