/* The second factor: enrolment, and the recovery codes for a lost authenticator. */
#include "base/ids.h"
#include "identity/identity_priv.h"
#include "identity/users.h"
#include "state/people.h"
#include <sodium.h>

enum { RECOVERY_LETTERS = 10, MAX_CODE = 40 };

/* "abcde-fghij": 50 bits, kept as a mark by the server's key, so that the database alone is no use
 * for guessing them. Typed in any case, with or without dash and blanks. */
static struct str recovery_mark(const struct identity *id, struct arena *a, struct str code)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(64);
    for (size_t i = 0; i < code.n && b.n <= RECOVERY_LETTERS; i++) {
        char c = code.p[i];
        if (c != '-' && c != ' ')
            sbuf_addc(&b, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
    }
    return secret_mark(id, a, "recovery code", sbuf_str(&b));
}

static struct str recovery_new(struct arena *a)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint8_t raw[RECOVERY_LETTERS];
    char text[RECOVERY_LETTERS + 2];
    random_bytes(raw, sizeof(raw));
    for (size_t i = 0; i < RECOVERY_LETTERS; i++)
        text[i < RECOVERY_LETTERS / 2 ? i : i + 1] = alphabet[raw[i] % 32];
    text[RECOVERY_LETTERS / 2] = '-';
    text[RECOVERY_LETTERS + 1] = '\0';
    struct str code = arena_str(a, str_from(text));
    sodium_memzero(raw, sizeof(raw));
    sodium_memzero(text, sizeof(text));
    return code;
}

static bool recovery_replace(struct identity *id, struct arena *a, struct str user,
                             struct str *codes, struct err *e)
{
    if (!state_recovery_clear(id->state, user, e))
        return false;
    for (int i = 0; i < IDENTITY_RECOVERY_CODES; i++) {
        codes[i] = recovery_new(a);
        if (!state_recovery_put(id->state, user, recovery_mark(id, a, codes[i]), e))
            return false;
    }
    return true;
}

static bool secret_of(struct identity *id, struct arena *a, const struct state_user *u,
                      struct str *out, struct err *e)
{
    return (secret_open(id, a, u->totp_secret, out) && out->n == TOTP_SECRET_BYTES) ||
           err_set(e, ERR_UNAUTHENTICATED,
                   "The authenticator of this user can't be read any more: the token key of the "
                   "server was replaced. An administrator resets it (vedette users totp-reset).");
}

/* A code's step is taken once, by whoever comes first. */
static bool totp_take(struct identity *id, struct arena *a, const struct state_user *u,
                      struct str code, bool *out, struct err *e)
{
    struct str secret = STR("");
    if (!secret_of(id, a, u, &secret, e))
        return false;
    int64_t step = totp_step_of((const uint8_t *)secret.p, code, clock_now(id->clock));
    *out = false;
    return step < 0 || state_user_step(id->state, u->id, step, out, e);
}

bool code_take(struct identity *id, struct arena *a, const struct state_user *u, struct str code,
               bool *out, struct err *e)
{
    *out = false;
    code = str_trim(code);
    if (code.n > MAX_CODE)
        return true;
    if (code.n == TOTP_DIGITS)
        return totp_take(id, a, u, code, out, e);
    return state_recovery_use(id->state, u->id, recovery_mark(id, a, code), out, e);
}

/* ---- enrolment ---- */

/* Key URI format of Google Authenticator, which all authenticators read. */
static struct str uri_of(struct arena *a, struct str login, struct str secret)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1024);
    sbuf_addz(&b, "otpauth://totp/Vedette:");
    for (size_t i = 0; i < login.n; i++) {
        if (login.p[i] == '@' || login.p[i] == '+')
            sbuf_addf(&b, "%%%02X", (unsigned)login.p[i]);
        else
            sbuf_addc(&b, login.p[i]);
    }
    sbuf_addf(&b, "?secret=%.*s&issuer=Vedette&algorithm=SHA1&digits=%d&period=%d", STR_ARG(secret),
              TOTP_DIGITS, TOTP_STEP_S);
    return arena_str(a, sbuf_str(&b));
}

bool identity_totp_begin(struct identity *id, struct arena *a, struct str user,
                         struct str *out_secret, struct str *out_uri, struct err *e)
{
    uint8_t raw[TOTP_SECRET_BYTES];
    struct state_user u = {0};
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(128);
    if (!state_begin(id->state, e))
        return false;
    bool ok = user_load(id, a, user, &u, e);
    if (ok && u.totp_confirmed)
        ok = err_set(e, ERR_CONFLICT, "There is an authenticator already; remove it first.");
    random_bytes(raw, sizeof(raw));
    u.totp_secret = secret_seal(id, a, (struct str){(const char *)raw, sizeof(raw)});
    ok = ok && state_user_put(id->state, &u, e);
    if (!state_end(id->state, ok, e))
        return false;
    base32_encode((struct str){(const char *)raw, sizeof(raw)}, &text);
    sodium_memzero(raw, sizeof(raw));
    *out_secret = arena_str(a, sbuf_str(&text));
    *out_uri = uri_of(a, u.login, *out_secret);
    return true;
}

bool identity_totp_confirm(struct identity *id, struct arena *a, struct str user, struct str code,
                           struct str *codes, struct err *e)
{
    struct state_user u = {0};
    bool right = false;
    if (!state_begin(id->state, e))
        return false;
    bool ok = user_load(id, a, user, &u, e);
    if (ok && (u.totp_confirmed || u.totp_secret.n == 0))
        ok = err_set(e, ERR_CONFLICT, "There is no authenticator that waits for its first code.");
    ok = ok && totp_take(id, a, &u, str_trim(code), &right, e) &&
         (right || err_set(e, ERR_INVALID, "code: it is wrong; is the clock of the device right?"));
    ok = ok && user_load(id, a, user, &u, e); /* with the step */
    u.totp_confirmed = true;
    ok = ok && state_user_put(id->state, &u, e) && recovery_replace(id, a, user, codes, e);
    return state_end(id->state, ok, e);
}

bool code_prove(struct identity *id, struct arena *a, const struct state_user *u, struct str code,
                struct err *e)
{
    struct attempt t = {0};
    bool right = false;
    if (!u->totp_confirmed)
        return err_set(e, ERR_CONFLICT, "There is no authenticator.");
    if (!attempt_begin(id, a, u->login, STR(""), &t, e))
        return false;
    if (t.retry_after > 0)
        return err_set(e, ERR_BUSY, "There were too many wrong attempts. Try again later.");
    return code_take(id, a, u, code, &right, e) &&
           (right || err_set(e, ERR_INVALID, "code: it is wrong or was used before")) &&
           attempt_succeed(id, a, &t, false, e);
}

static bool may_remove(struct identity *id, struct arena *a, struct str user, struct err *e)
{
    struct identity_caller c = {0};
    bool demanded = false;
    if (!caller_load(id, a, user, &c, e) ||
        !identity_second_factor_demanded(id, a, &c, &demanded, e))
        return false;
    return !demanded || err_set(e, ERR_CONFLICT,
                                "A second factor is demanded of you. For another device ask an "
                                "administrator to reset it.");
}

bool identity_totp_remove(struct identity *id, struct arena *a, struct str user, struct str code,
                          struct err *e)
{
    struct state_user u = {0};
    if (!may_remove(id, a, user, e) || !user_load(id, a, user, &u, e) ||
        !code_prove(id, a, &u, code, e) || !state_begin(id->state, e))
        return false;
    bool ok = user_load(id, a, user, &u, e);
    u.totp_secret = STR("");
    u.totp_confirmed = false;
    ok = ok && state_user_put(id->state, &u, e) && state_recovery_clear(id->state, user, e);
    return state_end(id->state, ok, e);
}

bool identity_recovery_renew(struct identity *id, struct arena *a, struct str user, struct str code,
                             struct str *codes, struct err *e)
{
    struct state_user u = {0};
    if (!user_load(id, a, user, &u, e) || !code_prove(id, a, &u, code, e) ||
        !state_begin(id->state, e))
        return false;
    return state_end(id->state, recovery_replace(id, a, user, codes, e), e);
}
