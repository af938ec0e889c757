/* API keys: "vdt_" and a secret. Random and long, so a fast hash keeps them. */
#include "base/ids.h"
#include "identity/identity_priv.h"
#include "identity/sessions.h"
#include "state/people.h"

enum { MAX_KEY_NAME = 100, MAX_KEYS = 100 };
/* Of one principal. last_used is kept to the minute: a write costs a sync of the disk. */
#define USED_GRAIN TICKS_PER_MINUTE

static bool key_is_good(struct identity *id, struct arena *a, const struct identity_key *x,
                        int64_t expires, struct err *e)
{
    struct identity_caller grants = {0};
    struct state_api_key *all = NULL;
    size_t n = 0;
    int64_t now = clock_now(id->clock);
    if (str_trim(x->name).n == 0 || x->name.n > MAX_KEY_NAME || !utf8_valid(x->name, NULL))
        return err_set(e, ERR_INVALID, "name: 1 to %d bytes expected", MAX_KEY_NAME);
    if (expires <= now || expires > now + id->people.api_key_lifetime)
        return err_set(e, ERR_INVALID, "expires: a time within the next %lld days expected",
                       (long long)(id->people.api_key_lifetime / TICKS_PER_DAY));
    if (x->roles.n > 0 && !identity_grants_read(id, a, x->roles, &grants, e))
        return false;
    return state_api_key_list(id->state, a, x->principal, &all, &n, e) &&
           (n < MAX_KEYS ||
            err_set(e, ERR_LIMIT, "There are %d keys already; delete some.", MAX_KEYS));
}

bool identity_key_create(struct identity *id, struct arena *a, const struct identity_key *x,
                         struct str *out_id, struct str *out, struct err *e)
{
    char guid[37], secret[IDENTITY_SECRET_CHARS + 1];
    int64_t now = clock_now(id->clock);
    int64_t expires = x->expires != 0 ? x->expires : now + id->people.api_key_lifetime;
    if (!key_is_good(id, a, x, expires, e))
        return false;
    secret_new(secret);
    guid_format(guid_new(), guid);
    *out = arena_fmt(a, API_KEY_PREFIX "%s", secret);
    *out_id = arena_str(a, str_from(guid));
    struct state_api_key k = {.id = *out_id,
                              .hash = secret_hash(a, *out),
                              .principal = x->principal,
                              .name = x->name,
                              .roles = x->roles,
                              .created = now,
                              .expires = expires,
                              .created_by = x->created_by};
    return state_api_key_put(id->state, &k, e);
}

bool identity_key_list(struct identity *id, struct arena *a, struct str principal,
                       struct identity_key **out, size_t *n, struct err *e)
{
    struct state_api_key *all = NULL;
    if (!state_api_key_list(id->state, a, principal, &all, n, e))
        return false;
    *out = arena_array(a, struct identity_key, *n + 1);
    for (size_t i = 0; i < *n; i++)
        (*out)[i] = (struct identity_key){.id = all[i].id,
                                          .name = all[i].name,
                                          .principal = all[i].principal,
                                          .created_by = all[i].created_by,
                                          .roles = all[i].roles,
                                          .created = all[i].created,
                                          .expires = all[i].expires,
                                          .last_used = all[i].last_used};
    return true;
}

bool identity_key_delete(struct identity *id, struct str principal, struct str key,
                         bool *out_was_there, struct err *e)
{
    return state_api_key_delete(id->state, principal, key, out_was_there, e);
}

/* The owner's rights, and none that the key's own roles do not give. */
static bool narrow(struct identity *id, struct arena *a, const struct state_api_key *k,
                   struct identity_caller *out, struct err *e)
{
    if (k->roles.n == 0)
        return true;
    struct identity_caller *roles = arena_new_of(a, struct identity_caller);
    out->within = roles;
    return identity_grants_read(id, a, k->roles, roles, e);
}

bool api_key_check(struct identity *id, struct arena *a, struct str key,
                   struct identity_caller *out, struct err *e)
{
    struct state_api_key k = {0};
    struct err why = {0};
    int64_t now = clock_now(id->clock);
    if (!state_api_key_find(id->state, a, secret_hash(a, key), &k, &why)) {
        if (why.code == ERR_NOT_FOUND)
            return err_set(e, ERR_UNAUTHENTICATED,
                           "Authentication failed. The API key does not exist.");
        *e = why;
        return false;
    }
    if (now >= k.expires)
        return err_set(e, ERR_UNAUTHENTICATED, "Authentication failed. The API key has expired.");
    if (!caller_load(id, a, k.principal, out, e) || !narrow(id, a, &k, out, e))
        return false;
    out->key = k.id;
    return now - k.last_used < USED_GRAIN || state_api_key_used(id->state, k.id, now, e);
}
