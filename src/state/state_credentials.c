/* Secrets and certificates of applications, and single-use tokens. */
#include "state/credentials.h"
#include "state/state_priv.h"

static const struct field fields[] = {
    KEY(F_TEXT, state_credential, application),   KEY(F_TEXT, state_credential, id),
    FIELD(F_TEXT, state_credential, kind),        FIELD(F_TEXT, state_credential, name),
    FIELD(F_TEXT, state_credential, secret_hash), FIELD(F_TEXT, state_credential, hint),
    FIELD(F_TEXT, state_credential, certificate), FIELD(F_TEXT, state_credential, sha1),
    FIELD(F_TEXT, state_credential, sha256),      FIELD(F_I64, state_credential, created),
    FIELD(F_I64, state_credential, starts),       FIELD(F_I64, state_credential, expires),
};
static const struct table credentials = {"application_credentials", fields, COUNTOF(fields),
                                         sizeof(struct state_credential)};

bool state_credential_put(struct state *s, const struct state_credential *c, struct err *e)
{
    return table_put(s, &credentials, c, e);
}

bool state_credential_list(struct state *s, struct arena *a, struct str application,
                           struct state_credential **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(application)};
    void *rows = NULL;
    if (!table_select(s, a, &credentials, NULL, "WHERE application = ?1 ORDER BY created, id", b,
                      COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

/* Runs one statement and tells whether it touched a row. */
static bool touch(struct state *s, const char *sql, const struct bind *b, size_t n, bool *out,
                  struct err *e)
{
    if (!state_begin(s, e))
        return false;
    bool ok = state_run(s, sql, b, n, e);
    *out = ok && state_changes(s) > 0;
    return state_end(s, ok, e);
}

bool state_credential_delete(struct state *s, struct str application, struct str id,
                             bool *out_was_there, struct err *e)
{
    struct bind b[] = {BT(application), BT(id)};
    return touch(s, "DELETE FROM application_credentials WHERE application = ?1 AND id = ?2", b,
                 COUNTOF(b), out_was_there, e);
}

bool state_credentials_drop(struct state *s, struct str application, struct str kind, struct err *e)
{
    struct bind b[] = {BT(application), BT(kind)};
    return state_run(s, "DELETE FROM application_credentials WHERE application = ?1 AND kind = ?2",
                     b, COUNTOF(b), e);
}

bool state_token_use(struct state *s, struct str id, struct str holder, int64_t expires,
                     int64_t now, bool *out_fresh, struct err *e)
{
    struct bind old[] = {BI(now)};
    struct bind b[] = {BT(id), BT(holder), BI(expires)};
    if (!state_begin(s, e))
        return false;
    bool ok = state_run(s, "DELETE FROM used_tokens WHERE expires <= ?1", old, COUNTOF(old), e) &&
              touch(s,
                    "INSERT INTO used_tokens (id, holder, expires) VALUES (?1, ?2, ?3)"
                    " ON CONFLICT (id) DO UPDATE SET expires = ?3 WHERE holder = ?2 AND ?2 <> ''",
                    b, COUNTOF(b), out_fresh, e);
    return state_end(s, ok, e);
}
