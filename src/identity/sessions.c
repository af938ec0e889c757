/* Sessions of browsers. */
#include "identity/sessions.h"
#include "base/ids.h"
#include "identity/identity_priv.h"
#include "identity/users.h"
#include "state/people.h"

enum { MAX_PLACE = 200 };

static struct str cut(struct arena *a, struct str s)
{
    return arena_str(a, str_sub(s, 0, s.n < MAX_PLACE ? s.n : MAX_PLACE));
}

/* Bound to the session: whoever does not have its cookie cannot know it. */
static struct str csrf_of(const struct identity *id, struct arena *a, struct str hash)
{
    return secret_mark(id, a, "csrf", hash);
}

/* What has to be done before the session serves for anything else. */
static bool load_duties(struct identity *id, struct arena *a, const struct state_session *x,
                        struct identity_session *out, struct err *e)
{
    struct state_user u = {0};
    struct err why = {0};
    bool found = state_user_get(id->state, a, x->principal, &u, &why);
    if (!found && why.code != ERR_NOT_FOUND) {
        *e = why;
        return false;
    }
    out->must_change_password = found && u.must_change;
    out->pending = !x->pending        ? IDENTITY_COMPLETE
                   : u.totp_confirmed ? IDENTITY_SHOW_CODE
                                      : IDENTITY_ENROL;
    return true;
}

/* Is a second factor demanded of the principal that was not shown? Not of applications. */
static bool lacks_factor(struct identity *id, struct arena *a, struct str principal,
                         const struct identity_place *place, bool *out, struct err *e)
{
    struct identity_caller c = {0};
    *out = false;
    return place->second_factor ||
           (caller_load(id, a, principal, &c, e) &&
            (c.kind != IDENTITY_USER || identity_second_factor_demanded(id, a, &c, out, e)));
}

static struct identity_session session_of(const struct identity *id, struct arena *a,
                                          const struct state_session *x)
{
    int64_t idle = x->last_seen + id->people.session_idle;
    return (struct identity_session){
        .id = x->id,
        .principal = x->principal,
        .csrf = csrf_of(id, a, x->hash),
        .created = x->created,
        .last_seen = x->last_seen,
        .proved = x->proved,
        .expires = idle < x->expires ? idle : x->expires,
        .ends = x->expires,
        .place = {.address = x->address, .agent = x->agent, .method = x->method}};
}

bool identity_session_create(struct identity *id, struct arena *a, struct str principal,
                             const struct identity_place *place, struct identity_session *out,
                             struct err *e)
{
    char guid[37], *token = arena_alloc(a, IDENTITY_SECRET_CHARS + 1);
    int64_t now = clock_now(id->clock);
    secret_new(token);
    guid_format(guid_new(), guid);
    struct state_session x = {.hash = secret_hash(a, str_from(token)),
                              .id = arena_str(a, str_from(guid)),
                              .principal = principal,
                              .created = now,
                              .last_seen = now,
                              .proved = now,
                              .expires = now + id->people.session_lifetime,
                              .address = cut(a, place->address),
                              .agent = cut(a, place->agent),
                              .method = cut(a, place->method)};
    if (!lacks_factor(id, a, principal, place, &x.pending, e) ||
        !state_session_prune(id->state, now - id->people.session_idle, now, e) ||
        !state_session_put(id->state, &x, e))
        return false;
    *out = session_of(id, a, &x);
    out->token = str_from(token);
    return load_duties(id, a, &x, out, e);
}

static bool session_ended(struct err *e)
{
    return err_set(e, ERR_UNAUTHENTICATED, "The session has ended. Sign in again.");
}

/* A write for each request would be a sync of the disk for each: one in thirty parts of the time
 * that a session may be idle is enough. */
static bool seen(struct identity *id, const struct state_session *x, int64_t now, struct err *e)
{
    return now - x->last_seen < id->people.session_idle / 30 ||
           state_session_seen(id->state, x->hash, now, e);
}

bool identity_session_check(struct identity *id, struct arena *a, struct str token,
                            struct identity_session *out, struct identity_caller *caller,
                            struct err *e)
{
    struct state_session x = {0};
    struct err why = {0};
    int64_t now = clock_now(id->clock);
    if (token.n != IDENTITY_SECRET_CHARS)
        return session_ended(e);
    if (!state_session_get(id->state, a, secret_hash(a, token), &x, &why)) {
        if (why.code == ERR_NOT_FOUND)
            return session_ended(e);
        *e = why;
        return false;
    }
    if (now >= x.last_seen + id->people.session_idle || now >= x.expires)
        return session_ended(e);
    if (!caller_load(id, a, x.principal, caller, e) || !seen(id, &x, now, e))
        return false;
    x.last_seen = now;
    *out = session_of(id, a, &x);
    caller->session = out;
    return load_duties(id, a, &x, out, e);
}

bool identity_csrf_is(const struct identity_session *s, struct str token)
{
    return secret_equal(s->csrf, token);
}

bool identity_session_list(struct identity *id, struct arena *a, struct str principal,
                           struct identity_session **out, size_t *n, struct err *e)
{
    struct state_session *all = NULL;
    size_t found = 0;
    int64_t now = clock_now(id->clock);
    if (!state_session_list(id->state, a, principal, &all, &found, e))
        return false;
    *out = arena_array(a, struct identity_session, found + 1);
    *n = 0;
    for (size_t i = 0; i < found; i++) {
        struct identity_session s = session_of(id, a, &all[i]);
        if (s.expires > now)
            (*out)[(*n)++] = s;
    }
    return true;
}

bool identity_session_end(struct identity *id, struct str principal, struct str session,
                          struct str except, int64_t *out_n, struct err *e)
{
    return state_session_delete(id->state, principal, session, except, out_n, e);
}
