/* Users, recovery codes, and sign-ins that failed. */
#include "state/people.h"
#include "state/state_priv.h"

static const struct field user_fields[] = {
    KEY(F_TEXT, state_user, id),
    FIELD(F_TEXT, state_user, login),
    FIELD(F_TEXT, state_user, display_name),
    FIELD(F_TEXT, state_user, email),
    FIELD(F_TEXT, state_user, password_hash),
    FIELD(F_BOOL, state_user, must_change),
    FIELD(F_I64, state_user, password_changed),
    FIELD(F_TEXT, state_user, totp_secret),
    FIELD(F_BOOL, state_user, totp_confirmed),
    FIELD(F_I64, state_user, totp_step),
    FIELD(F_I64, state_user, last_sign_in),
};
static const struct table users = {"users", user_fields, COUNTOF(user_fields),
                                   sizeof(struct state_user)};

bool state_user_put(struct state *s, const struct state_user *u, struct err *e)
{
    return table_put(s, &users, u, e);
}

bool state_user_get(struct state *s, struct arena *a, struct str id, struct state_user *out,
                    struct err *e)
{
    struct bind b[] = {BT(id)};
    return table_one(s, a, &users, NULL, "WHERE id = ?1", b, COUNTOF(b), out, e);
}

bool state_user_find(struct state *s, struct arena *a, struct str login, struct state_user *out,
                     struct err *e)
{
    struct bind b[] = {BT(login)};
    return table_one(s, a, &users, NULL, "WHERE login = ?1", b, COUNTOF(b), out, e);
}

bool state_user_list(struct state *s, struct arena *a, struct state_user **out, size_t *n,
                     struct err *e)
{
    void *rows = NULL;
    if (!table_select(s, a, &users, NULL, "ORDER BY login", NULL, 0, &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_user_step(struct state *s, struct str id, int64_t step, bool *out, struct err *e)
{
    struct bind b[] = {BT(id), BI(step)};
    int64_t n = 0;
    if (!state_run_counted(s, "UPDATE users SET totp_step = ?2 WHERE id = ?1 AND totp_step < ?2", b,
                           COUNTOF(b), &n, e))
        return false;
    *out = n > 0;
    return true;
}

bool state_user_seen(struct state *s, struct str id, int64_t now, struct err *e)
{
    struct bind b[] = {BT(id), BI(now)};
    return state_run(s, "UPDATE users SET last_sign_in = ?2 WHERE id = ?1", b, COUNTOF(b), e);
}

/* ---- recovery codes ---- */

bool state_recovery_put(struct state *s, struct str user, struct str hash, struct err *e)
{
    struct bind b[] = {BT(user), BT(hash)};
    return state_run(s, "INSERT OR IGNORE INTO recovery_codes (user, hash) VALUES (?1, ?2)", b,
                     COUNTOF(b), e);
}

bool state_recovery_use(struct state *s, struct str user, struct str hash, bool *out, struct err *e)
{
    struct bind b[] = {BT(user), BT(hash)};
    int64_t n = 0;
    if (!state_run_counted(s, "DELETE FROM recovery_codes WHERE user = ?1 AND hash = ?2", b,
                           COUNTOF(b), &n, e))
        return false;
    *out = n > 0;
    return true;
}

bool state_recovery_clear(struct state *s, struct str user, struct err *e)
{
    struct bind b[] = {BT(user)};
    return state_run(s, "DELETE FROM recovery_codes WHERE user = ?1", b, COUNTOF(b), e);
}

/* One number. */
struct count {
    int64_t n;
};
static const struct field count_fields[] = {FIELD(F_I64, count, n)};

bool state_recovery_count(struct state *s, struct str user, int64_t *out, struct err *e)
{
    static const struct table counted = {"recovery_codes", count_fields, COUNTOF(count_fields),
                                         sizeof(struct count)};
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct bind b[] = {BT(user)};
    struct count c = {0};
    if (!table_one(s, a, &counted, "(SELECT count(*) AS n FROM recovery_codes WHERE user = ?1)", "",
                   b, COUNTOF(b), &c, e))
        return false;
    *out = c.n;
    return true;
}

/* ---- sign-ins that failed ---- */

static const struct field failure_fields[] = {
    KEY(F_TEXT, state_failure, key),    FIELD(F_I64, state_failure, failures),
    FIELD(F_I64, state_failure, since), FIELD(F_I64, state_failure, locked_until),
    FIELD(F_I64, state_failure, locks),
};
static const struct table failed = {"sign_in_failures", failure_fields, COUNTOF(failure_fields),
                                    sizeof(struct state_failure)};

bool state_failure_get(struct state *s, struct arena *a, struct str key, struct state_failure *out,
                       struct err *e)
{
    struct bind b[] = {BT(key)};
    void *rows = NULL;
    size_t n = 0;
    if (!table_select(s, a, &failed, NULL, "WHERE key = ?1", b, COUNTOF(b), &rows, &n, e))
        return false;
    *out = n > 0 ? *(struct state_failure *)rows : (struct state_failure){.key = key};
    return true;
}

bool state_failure_put(struct state *s, const struct state_failure *f, struct err *e)
{
    return table_put(s, &failed, f, e);
}

bool state_failure_delete(struct state *s, struct str key, struct err *e)
{
    struct bind b[] = {BT(key)};
    return state_run(s, "DELETE FROM sign_in_failures WHERE key = ?1", b, COUNTOF(b), e);
}

bool state_failure_prune(struct state *s, int64_t before, int64_t max, struct err *e)
{
    struct bind b[] = {BI(before), BI(max)};
    return state_run(s, "DELETE FROM sign_in_failures WHERE since < ?1 AND locked_until < ?1", b, 1,
                     e) &&
           state_run(s,
                     "DELETE FROM sign_in_failures WHERE key IN (SELECT key FROM sign_in_failures"
                     " ORDER BY max(since, locked_until) DESC LIMIT -1 OFFSET ?1)",
                     b + 1, 1, e);
}
