/* Sessions and API keys: what stands for somebody who has signed in. */
#include "state/people.h"
#include "state/state_priv.h"

static const struct field session_fields[] = {
    KEY(F_TEXT, state_session, hash),        FIELD(F_TEXT, state_session, id),
    FIELD(F_TEXT, state_session, principal), FIELD(F_I64, state_session, created),
    FIELD(F_I64, state_session, last_seen),  FIELD(F_I64, state_session, expires),
    FIELD(F_TEXT, state_session, address),   FIELD(F_TEXT, state_session, agent),
    FIELD(F_TEXT, state_session, method),    FIELD(F_I64, state_session, proved),
    FIELD(F_BOOL, state_session, pending),
};
static const struct table sessions = {"sessions", session_fields, COUNTOF(session_fields),
                                      sizeof(struct state_session)};

bool state_session_put(struct state *s, const struct state_session *x, struct err *e)
{
    return table_put(s, &sessions, x, e);
}

bool state_session_get(struct state *s, struct arena *a, struct str hash, struct state_session *out,
                       struct err *e)
{
    struct bind b[] = {BT(hash)};
    return table_one(s, a, &sessions, NULL, "WHERE hash = ?1", b, COUNTOF(b), out, e);
}

bool state_session_list(struct state *s, struct arena *a, struct str principal,
                        struct state_session **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(principal)};
    void *rows = NULL;
    if (!table_select(s, a, &sessions, NULL, "WHERE principal = ?1 ORDER BY created DESC, id", b,
                      COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_session_seen(struct state *s, struct str hash, int64_t now, struct err *e)
{
    struct bind b[] = {BT(hash), BI(now)};
    return state_run(s, "UPDATE sessions SET last_seen = ?2 WHERE hash = ?1", b, COUNTOF(b), e);
}

bool state_session_proved(struct state *s, struct str id, int64_t now, struct err *e)
{
    struct bind b[] = {BT(id), BI(now)};
    return state_run(s, "UPDATE sessions SET proved = ?2 WHERE id = ?1", b, COUNTOF(b), e);
}

bool state_session_complete(struct state *s, struct str id, int64_t now, struct err *e)
{
    struct bind b[] = {BT(id), BI(now)};
    return state_run(s, "UPDATE sessions SET proved = ?2, pending = 0 WHERE id = ?1", b, COUNTOF(b),
                     e);
}

bool state_session_delete(struct state *s, struct str principal, struct str id, struct str except,
                          int64_t *out_n, struct err *e)
{
    struct bind b[] = {BT(principal), BT(id.n > 0 ? id : except)};
    return state_run_counted(s,
                             id.n > 0 ? "DELETE FROM sessions WHERE principal = ?1 AND id = ?2"
                                      : "DELETE FROM sessions WHERE principal = ?1 AND id <> ?2",
                             b, COUNTOF(b), out_n, e);
}

bool state_session_prune(struct state *s, int64_t idle_since, int64_t now, struct err *e)
{
    struct bind b[] = {BI(idle_since), BI(now)};
    return state_run(s, "DELETE FROM sessions WHERE last_seen <= ?1 OR expires <= ?2", b,
                     COUNTOF(b), e);
}

/* ---- API keys ---- */

static const struct field key_fields[] = {
    KEY(F_TEXT, state_api_key, id),           FIELD(F_TEXT, state_api_key, hash),
    FIELD(F_TEXT, state_api_key, principal),  FIELD(F_TEXT, state_api_key, name),
    FIELD(F_TEXT, state_api_key, roles),      FIELD(F_I64, state_api_key, created),
    FIELD(F_I64, state_api_key, expires),     FIELD(F_I64, state_api_key, last_used),
    FIELD(F_TEXT, state_api_key, created_by),
};
static const struct table keys = {"api_keys", key_fields, COUNTOF(key_fields),
                                  sizeof(struct state_api_key)};

bool state_api_key_put(struct state *s, const struct state_api_key *k, struct err *e)
{
    return table_put(s, &keys, k, e);
}

bool state_api_key_find(struct state *s, struct arena *a, struct str hash,
                        struct state_api_key *out, struct err *e)
{
    struct bind b[] = {BT(hash)};
    return table_one(s, a, &keys, NULL, "WHERE hash = ?1", b, COUNTOF(b), out, e);
}

bool state_api_key_list(struct state *s, struct arena *a, struct str principal,
                        struct state_api_key **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(principal)};
    void *rows = NULL;
    if (!table_select(s, a, &keys, NULL, "WHERE principal = ?1 ORDER BY created, id", b, COUNTOF(b),
                      &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_api_key_used(struct state *s, struct str id, int64_t now, struct err *e)
{
    struct bind b[] = {BT(id), BI(now)};
    return state_run(s, "UPDATE api_keys SET last_used = ?2 WHERE id = ?1", b, COUNTOF(b), e);
}

bool state_api_key_delete(struct state *s, struct str principal, struct str id, bool *out_was_there,
                          struct err *e)
{
    struct bind b[] = {BT(principal), BT(id)};
    int64_t n = 0;
    if (!state_run_counted(s, "DELETE FROM api_keys WHERE principal = ?1 AND id = ?2", b,
                           COUNTOF(b), &n, e))
        return false;
    *out_was_there = n > 0;
    return true;
}
