/* Identity providers and their members. */
#include "state/providers.h"
#include "state/state_priv.h"

static const struct field provider_fields[] = {
    KEY(F_TEXT, state_provider, name),     FIELD(F_TEXT, state_provider, settings),
    FIELD(F_TEXT, state_provider, secret), FIELD(F_BOOL, state_provider, enabled),
    FIELD(F_I64, state_provider, created), FIELD(F_I64, state_provider, changed),
    FIELD(F_TEXT, state_provider, tenant),
};
static const struct table providers = {"identity_providers", provider_fields,
                                       COUNTOF(provider_fields), sizeof(struct state_provider)};
static const struct field member_fields[] = {
    KEY(F_TEXT, state_member, issuer),      KEY(F_TEXT, state_member, subject),
    FIELD(F_TEXT, state_member, principal), FIELD(F_TEXT, state_member, provider),
    FIELD(F_TEXT, state_member, login),     FIELD(F_TEXT, state_member, email),
    FIELD(F_TEXT, state_member, roles),     FIELD(F_I64, state_member, created),
    FIELD(F_I64, state_member, last_seen),
};
static const struct table members = {"provider_members", member_fields, COUNTOF(member_fields),
                                     sizeof(struct state_member)};

bool state_provider_put(struct state *s, const struct state_provider *p, struct err *e)
{
    return table_put(s, &providers, p, e);
}

bool state_provider_get(struct state *s, struct arena *a, struct str name,
                        struct state_provider *out, struct err *e)
{
    struct bind b[] = {BT(name)};
    return table_one(s, a, &providers, NULL, "WHERE name = ?1", b, COUNTOF(b), out, e);
}

bool state_provider_list(struct state *s, struct arena *a, struct state_provider **out, size_t *n,
                         struct err *e)
{
    void *rows = NULL;
    if (!table_select(s, a, &providers, NULL, "ORDER BY name", NULL, 0, &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_provider_delete(struct state *s, struct str name, bool *out_was_there, struct err *e)
{
    struct bind b[] = {BT(name)};
    if (!state_begin(s, e))
        return false;
    bool ok = state_run(s, "DELETE FROM identity_providers WHERE name = ?1", b, COUNTOF(b), e);
    *out_was_there = ok && state_changes(s) > 0;
    return state_end(s, ok, e);
}

bool state_member_put(struct state *s, const struct state_member *m, struct err *e)
{
    return table_put(s, &members, m, e);
}

bool state_member_get(struct state *s, struct arena *a, struct str issuer, struct str subject,
                      struct state_member *out, struct err *e)
{
    struct bind b[] = {BT(issuer), BT(subject)};
    return table_one(s, a, &members, NULL, "WHERE issuer = ?1 AND subject = ?2", b, COUNTOF(b), out,
                     e);
}

bool state_member_of(struct state *s, struct arena *a, struct str principal,
                     struct state_member **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(principal)};
    void *rows = NULL;
    if (!table_select(s, a, &members, NULL, "WHERE principal = ?1", b, COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

static const struct field session_fields[] = {
    KEY(F_TEXT, state_provider_session, session),
    FIELD(F_TEXT, state_provider_session, principal),
    FIELD(F_TEXT, state_provider_session, provider),
    FIELD(F_TEXT, state_provider_session, issuer),
    FIELD(F_TEXT, state_provider_session, subject),
    FIELD(F_TEXT, state_provider_session, sid),
    FIELD(F_TEXT, state_provider_session, id_token),
    FIELD(F_I64, state_provider_session, expires),
};
static const struct table sessions = {"provider_sessions", session_fields, COUNTOF(session_fields),
                                      sizeof(struct state_provider_session)};

bool state_provider_session_put(struct state *s, const struct state_provider_session *x,
                                int64_t now, struct err *e)
{
    struct bind old[] = {BI(now)};
    return state_run(s, "DELETE FROM provider_sessions WHERE expires <= ?1", old, COUNTOF(old),
                     e) &&
           table_put(s, &sessions, x, e);
}

bool state_provider_session_get(struct state *s, struct arena *a, struct str session,
                                struct state_provider_session *out, struct err *e)
{
    struct bind b[] = {BT(session)};
    return table_one(s, a, &sessions, NULL, "WHERE session = ?1", b, COUNTOF(b), out, e);
}

bool state_provider_session_find(struct state *s, struct arena *a, struct str issuer,
                                 struct str subject, struct str sid,
                                 struct state_provider_session **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(issuer), BT(subject), BT(sid)};
    void *rows = NULL;
    if (!table_select(s, a, &sessions, NULL,
                      "WHERE issuer = ?1 AND (?2 = '' OR subject = ?2) AND (?3 = '' OR sid = ?3)"
                      " ORDER BY session",
                      b, COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}
