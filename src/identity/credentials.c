/* Secrets and certificates of applications: keeping them. */
#include "identity/credentials.h"
#include "base/ids.h"
#include "identity/identity_priv.h"
#include "identity/jwt_priv.h"

enum { MAX_NAME = 200, HINT_CHARS = 3 };
#define SECRET STR("secret")
#define CERTIFICATE STR("certificate")

bool identity_credentials(struct identity *id, struct arena *a, struct str application,
                          struct state_credential **out, size_t *n, struct err *e)
{
    struct state_principal p = {0};
    return state_principal_get(id->state, a, application, &p, e) &&
           state_credential_list(id->state, a, application, out, n, e);
}

static bool check_new(struct identity *id, struct arena *a, struct str application, struct str name,
                      struct state_credential **all, size_t *n, struct err *e)
{
    if (name.n > MAX_NAME)
        return err_set(e, ERR_INVALID, "name: at most %d bytes expected", MAX_NAME);
    if (!identity_credentials(id, a, application, all, n, e))
        return false;
    return *n < IDENTITY_MAX_CREDENTIALS ||
           err_set(e, ERR_LIMIT,
                   "The application has %d secrets and certificates, the most that it may have; "
                   "delete one that is not used.",
                   IDENTITY_MAX_CREDENTIALS);
}

static struct state_credential base_of(struct identity *id, struct arena *a, struct str application,
                                       struct str kind, struct str name)
{
    char guid[37];
    guid_format(guid_new(), guid);
    return (struct state_credential){.application = application,
                                     .id = arena_str(a, str_from(guid)),
                                     .kind = kind,
                                     .name = name,
                                     .created = clock_now(id->clock)};
}

bool identity_secret_add(struct identity *id, struct arena *a, struct str application,
                         struct str name, int64_t expires, struct state_credential *out,
                         struct str *out_secret, struct err *e)
{
    struct state_credential *all = NULL;
    size_t n = 0;
    if (!check_new(id, a, application, name, &all, &n, e))
        return false;
    if (expires != 0 && expires <= clock_now(id->clock))
        return err_set(e, ERR_INVALID, "expires: a time that has not passed is expected");
    char *secret = arena_alloc(a, IDENTITY_SECRET_CHARS + 1);
    secret_new(secret);
    struct state_credential c = base_of(id, a, application, SECRET, name);
    c.secret_hash = secret_hash(a, str_from(secret));
    c.hint = arena_str(a, str_sub(str_from(secret), 0, HINT_CHARS));
    c.expires = expires;
    if (!state_credential_put(id->state, &c, e))
        return false;
    *out = c;
    *out_secret = str_from(secret);
    return true;
}

bool identity_certificate_add(struct identity *id, struct arena *a, struct str application,
                              struct str name, struct str text, struct state_credential *out,
                              struct err *e)
{
    struct state_credential *all = NULL;
    struct certificate cert = {0};
    size_t n = 0;
    if (!check_new(id, a, application, name, &all, &n, e) || !certificate_read(a, text, &cert, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (str_eq(all[i].sha256, cert.sha256)) {
            *out = all[i];
            return true;
        }
    }
    if (cert.not_after <= clock_now(id->clock))
        return err_set(e, ERR_INVALID, "certificate: it has expired");
    struct state_credential c =
        base_of(id, a, application, CERTIFICATE, name.n > 0 ? name : cert.subject);
    c.certificate = cert.pem;
    c.sha1 = cert.sha1;
    c.sha256 = cert.sha256;
    c.starts = cert.not_before;
    c.expires = cert.not_after;
    if (!state_credential_put(id->state, &c, e))
        return false;
    *out = c;
    return true;
}

bool identity_credential_delete(struct identity *id, struct arena *a, struct str application,
                                struct str credential, struct err *e)
{
    struct state_principal p = {0};
    bool was_there = false;
    if (!state_principal_get(id->state, a, application, &p, e) ||
        !state_credential_delete(id->state, application, credential, &was_there, e))
        return false;
    return was_there || err_set(e, ERR_NOT_FOUND, "The application has no such credential.");
}

/* ---- checking ---- */

bool credential_is_valid(const struct state_credential *c, int64_t now)
{
    return c->starts <= now && (c->expires == 0 || now < c->expires);
}

bool secret_matches(struct identity *id, struct arena *a, struct str application, struct str secret,
                    bool *out, struct err *e)
{
    struct state_credential *all = NULL;
    size_t n = 0;
    struct str hash = secret_hash(a, secret);
    bool right = false;
    if (!state_credential_list(id->state, a, application, &all, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        right |= str_eq(all[i].kind, SECRET) &&
                 credential_is_valid(&all[i], clock_now(id->clock)) &&
                 secret_equal(hash, all[i].secret_hash);
    *out = right;
    return true;
}

bool secret_replace(struct identity *id, struct arena *a, struct str application,
                    struct str *out_secret, struct err *e)
{
    struct state_credential c = {0};
    if (!state_begin(id->state, e))
        return false;
    bool ok = state_credentials_drop(id->state, application, SECRET, e) &&
              identity_secret_add(id, a, application, STR(""), 0, &c, out_secret, e);
    return state_end(id->state, ok, e);
}
