/* Signing in with a name and a password. */
#include "identity/identity_priv.h"
#include "identity/users.h"
#include "state/people.h"

static bool refuse(struct err *e, const char *kind, const char *text)
{
    err_set(e, ERR_UNAUTHENTICATED, "%s", text);
    CHECK(strlen(kind) < sizeof(e->kind));
    memcpy(e->kind, kind, strlen(kind) + 1);
    return false;
}

static bool refuse_wrong(struct err *e)
{
    return refuse(e, IDENTITY_WRONG, "The name or the password is wrong.");
}

static bool refuse_locked(struct err *e, int64_t ticks)
{
    err_set(e, ERR_UNAUTHENTICATED,
            "There were too many wrong attempts. Try again in %lld seconds.",
            (long long)(ticks / TICKS_PER_SECOND + 1));
    memcpy(e->kind, IDENTITY_LOCKED, sizeof(IDENTITY_LOCKED));
    return false;
}

/* A user that does not exist, has no password or is disabled is compared as any other. */
static bool right_password(struct identity *id, struct arena *a, struct str name,
                           struct str password, struct state_user *out, bool *out_right,
                           struct err *e)
{
    struct state_principal p = {0};
    struct err why = {0};
    bool found = state_user_find(id->state, a, user_login(a, name), out, &why) &&
                 state_principal_get(id->state, a, out->id, &p, &why);
    if (!found && why.code != ERR_NOT_FOUND) {
        *e = why;
        return false;
    }
    if (password.n > 4 * IDENTITY_PASSWORD_MAX)
        password = STR("");
    bool same = password_matches(id, a, password, found ? out->password_hash : STR(""));
    *out_right = found && same && p.enabled;
    return true;
}

/* A password that was hashed when other costs were set is hashed again: it is known here only. */
static bool renew_hash(struct identity *id, struct arena *a, const struct state_user *u,
                       struct str password, struct err *e)
{
    struct state_user newest = {0};
    struct str hash = STR("");
    if (!password_is_outdated(id, a, u->password_hash))
        return true;
    if (!password_hash(id, a, password, &hash, e) || !state_begin(id->state, e))
        return false;
    bool ok = user_load(id, a, u->id, &newest, e);
    if (ok && str_eq(newest.password_hash, u->password_hash)) {
        newest.password_hash = hash;
        ok = state_user_put(id->state, &newest, e);
    }
    return state_end(id->state, ok, e);
}

static bool check_code(struct identity *id, struct arena *a, const struct state_user *u,
                       struct str code, const struct attempt *t, struct err *e)
{
    bool right = false;
    if (!u->totp_confirmed)
        return true;
    if (code.n == 0)
        return attempt_succeed(id, a, t, false, e) &&
               refuse(e, IDENTITY_CODE_REQUIRED, "A code of the authenticator is needed, too.");
    return code_take(id, a, u, code, &right, e) &&
           (right || refuse(e, IDENTITY_CODE_WRONG, "The code is wrong or was used before."));
}

bool identity_user_sign_in(struct identity *id, struct arena *a,
                           const struct identity_user_sign_in *x, struct identity_session *out,
                           struct identity_refusal *out_why, struct err *e)
{
    struct attempt t = {0};
    struct state_user u = {0};
    bool right = false;
    struct str login = user_login(a, str_sub(x->name, 0, 256));
    struct identity_place place = x->place;
    *out_why = (struct identity_refusal){0};
    if (!attempt_begin(id, a, login, x->place.address, &t, e))
        return false;
    out_why->retry_after = t.retry_after;
    if (t.retry_after > 0) {
        if (state_user_find(id->state, a, login, &u, NULL))
            out_why->user = u.id;
        return refuse_locked(e, t.retry_after);
    }
    if (!right_password(id, a, login, x->password, &u, &right, e))
        return false;
    out_why->user = u.id;
    out_why->locked = t.locks;
    if (!right)
        return refuse_wrong(e);
    if (!check_code(id, a, &u, x->code, &t, e)) {
        out_why->locked = t.locks && strcmp(e->kind, IDENTITY_CODE_REQUIRED) != 0;
        return false;
    }
    place.second_factor = u.totp_confirmed;
    return renew_hash(id, a, &u, x->password, e) && attempt_succeed(id, a, &t, true, e) &&
           state_user_seen(id->state, u.id, clock_now(id->clock), e) &&
           identity_session_create(id, a, u.id, &place, out, e);
}

/* ---- changing it oneself ---- */

/* The present password of a user who is signed in: guesses are counted as those of a sign-in. */
static bool prove_password(struct identity *id, struct arena *a, struct str user,
                           struct str password, struct state_user *out, struct err *e)
{
    struct attempt t = {0};
    bool right = false;
    if (!user_load(id, a, user, out, e))
        return false;
    if (out->password_hash.n == 0)
        return err_set(e, ERR_CONFLICT, "This user signs in elsewhere and has no password here.");
    if (!attempt_begin(id, a, out->login, STR(""), &t, e))
        return false;
    if (t.retry_after > 0)
        return refuse_locked(e, t.retry_after);
    if (!right_password(id, a, out->login, password, out, &right, e))
        return false;
    if (!right)
        return refuse(e, IDENTITY_WRONG, "The present password is wrong.");
    return attempt_succeed(id, a, &t, true, e);
}

bool identity_password_prove(struct identity *id, struct arena *a, const struct identity_session *s,
                             struct str password, struct err *e)
{
    struct state_user u = {0};
    return prove_password(id, a, s->principal, password, &u, e) &&
           state_session_proved(id->state, s->id, clock_now(id->clock), e);
}

bool identity_password_change(struct identity *id, struct arena *a, struct str user, struct str old,
                              struct str password, const struct identity_session *keep,
                              struct err *e)
{
    struct state_user u = {0};
    struct str hash = STR("");
    if (!prove_password(id, a, user, old, &u, e) ||
        !identity_password_check(a, password, u.login, u.email, e))
        return false;
    if (str_eq(old, password))
        return err_set(e, ERR_INVALID, "password: another than the present one expected");
    return password_hash(id, a, password, &hash, e) &&
           user_set_password(id, a, user, hash, false, keep != NULL ? keep->id : STR(""), e);
}
