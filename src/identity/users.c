/* Users: made, changed, deleted; their passwords, as administrators set them. */
#include "identity/users.h"
#include "base/ids.h"
#include "identity/identity_priv.h"
#include "identity/tenants.h"
#include "state/people.h"

enum { MAX_USER_NAME = 64, MAX_TEXT = 200 };

struct str user_login(struct arena *a, struct str name)
{
    struct str s = str_trim(name);
    char *p = arena_strz(a, s);
    for (size_t i = 0; i < s.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] - 'A' + 'a');
    return (struct str){p, s.n};
}

static struct str failures_key(struct arena *a, struct str login)
{
    return arena_fmt(a, "user %.*s", STR_ARG(login));
}

static bool fill(struct identity *id, struct arena *a, const struct state_user *u,
                 struct identity_user *out, struct err *e)
{
    struct state_principal p = {0};
    struct state_failure f = {0};
    struct str roles = STR("");
    int64_t codes = 0, now = clock_now(id->clock);
    if (!state_principal_get(id->state, a, u->id, &p, e) ||
        !identity_roles_of(id, a, u->id, &roles, e) ||
        !state_recovery_count(id->state, u->id, &codes, e) ||
        !state_failure_get(id->state, a, failures_key(a, u->login), &f, e))
        return false;
    *out = (struct identity_user){.id = u->id,
                                  .name = p.name,
                                  .tenant = p.tenant.n > 0 ? p.tenant : identity_tenant(id),
                                  .display_name = u->display_name,
                                  .email = u->email,
                                  .roles = roles,
                                  .enabled = p.enabled,
                                  .has_password = u->password_hash.n > 0,
                                  .must_change_password = u->must_change,
                                  .has_totp = u->totp_confirmed,
                                  .recovery_codes = codes,
                                  .created = p.created,
                                  .password_changed = u->password_changed,
                                  .last_sign_in = u->last_sign_in,
                                  .locked_until = f.locked_until > now ? f.locked_until : 0};
    return true;
}

/* ERR_NOT_FOUND in words for people. */
static bool no_such_user(struct err *e, const struct err *why, struct str word)
{
    if (why->code == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "There is no user '%.*s'.",
                       (int)(word.n < MAX_USER_NAME ? word.n : MAX_USER_NAME), word.p);
    *e = *why;
    return false;
}

bool user_load(struct identity *id, struct arena *a, struct str user, struct state_user *out,
               struct err *e)
{
    struct err why = {0};
    return state_user_get(id->state, a, user, out, &why) || no_such_user(e, &why, user);
}

bool identity_user_get(struct identity *id, struct arena *a, struct str user,
                       struct identity_user *out, struct err *e)
{
    struct state_user u = {0};
    return user_load(id, a, user, &u, e) && fill(id, a, &u, out, e);
}

bool identity_user_find(struct identity *id, struct arena *a, struct str name,
                        struct identity_user *out, struct err *e)
{
    struct state_user u = {0};
    struct err why = {0};
    if (!state_user_find(id->state, a, user_login(a, name), &u, &why))
        return no_such_user(e, &why, name);
    return fill(id, a, &u, out, e);
}

bool identity_user_list(struct identity *id, struct arena *a, struct identity_user **out, size_t *n,
                        struct err *e)
{
    struct state_user *all = NULL;
    if (!state_user_list(id->state, a, &all, n, e))
        return false;
    *out = arena_array(a, struct identity_user, *n + 1);
    for (size_t i = 0; i < *n; i++)
        if (!fill(id, a, &all[i], &(*out)[i], e))
            return false;
    return true;
}

/* ---- what is taken ---- */

static bool name_is_good(struct str name, struct err *e)
{
    bool good = name.n > 0 && name.n <= MAX_USER_NAME;
    for (size_t i = 0; good && i < name.n; i++) {
        char c = name.p[i];
        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               (c != '\0' && strchr("._@+-", c) != NULL);
    }
    return good || err_set(e, ERR_INVALID, "name: 1 to %d letters, digits and ._@+- expected",
                           MAX_USER_NAME);
}

static bool texts_are_good(struct str display_name, struct str email, struct err *e)
{
    size_t at = 0;
    if (display_name.n > MAX_TEXT || !utf8_valid(display_name, NULL))
        return err_set(e, ERR_INVALID, "displayName: at most %d bytes expected", MAX_TEXT);
    return (email.n <= MAX_TEXT && utf8_valid(email, NULL) &&
            (email.n == 0 || (str_find(email, STR("@"), &at) && at > 0 && at + 1 < email.n))) ||
           err_set(e, ERR_INVALID, "email: an address of at most %d bytes expected", MAX_TEXT);
}

/* The one place at which roles are given to a user. */
static bool give_roles(struct identity *id, struct arena *a, struct str user, struct str roles,
                       struct err *e)
{
    return identity_roles_set(id, a, user, "User", roles, STR(""), e);
}

static bool hash_given(struct identity *id, struct arena *a, struct str name, struct str email,
                       struct str *password, bool *out_made, struct str *out_hash, struct err *e)
{
    *out_made = password->n == 0;
    if (*out_made)
        *password = password_new(a);
    else if (!identity_password_check(a, *password, name, email, e))
        return false;
    return password_hash(id, a, *password, out_hash, e);
}

/* ---- making and changing ---- */

static bool put_new(struct identity *id, struct arena *a, const struct state_principal *p,
                    const struct state_user *u, struct str roles, struct err *e)
{
    struct state_user other = {0};
    struct err why = {0};
    if (!state_begin(id->state, e))
        return false;
    bool ok = !state_user_find(id->state, a, u->login, &other, &why);
    if (!ok)
        err_set(e, ERR_CONFLICT, "There is a user '%.*s' already.", STR_ARG(u->login));
    else if (why.code != ERR_NOT_FOUND) {
        *e = why;
        ok = false;
    }
    ok = ok && state_principal_put(id->state, p, e) && state_user_put(id->state, u, e) &&
         give_roles(id, a, u->id, roles, e);
    return state_end(id->state, ok, e);
}

bool identity_user_create(struct identity *id, struct arena *a, const struct identity_user_new *x,
                          struct str *out_id, struct str *out_password, struct err *e)
{
    char guid[37];
    bool made = false;
    struct str name = str_trim(x->name), password = x->password;
    guid_format(guid_new(), guid);
    struct state_principal p = {.id = arena_str(a, str_from(guid)),
                                .name = name,
                                .enabled = true,
                                .created = clock_now(id->clock),
                                .tenant =
                                    x->tenant.n > 0 ? identity_tenant_key(id, x->tenant) : STR(""),
                                .kind = STR(PRINCIPAL_USER)};
    struct state_user u = {.id = p.id,
                           .login = user_login(a, name),
                           .display_name = x->display_name.n > 0 ? x->display_name : name,
                           .email = x->email,
                           .must_change = x->must_change_password,
                           .password_changed = p.created};
    if (!name_is_good(name, e) || !texts_are_good(x->display_name, x->email, e))
        return false;
    if (x->password.p != NULL &&
        !hash_given(id, a, name, x->email, &password, &made, &u.password_hash, e))
        return false;
    if (!put_new(id, a, &p, &u, x->roles, e))
        return false;
    *out_id = p.id;
    *out_password = made ? password : STR("");
    return true;
}

bool identity_first_user(struct identity *id, struct arena *a, struct str *out_name,
                         struct str *out_password, struct err *e)
{
    struct state_principal *all = NULL;
    size_t n = 0;
    struct str user = STR("");
    struct identity_user_new x = {.name = STR("admin"),
                                  .display_name = STR("Administrator"),
                                  .roles = STR("[{\"role\":\"Tenant Administrator\"}]"),
                                  .password = STR(""),
                                  .must_change_password = true};
    *out_name = x.name;
    *out_password = STR("");
    if (!state_principal_list(id->state, a, &all, &n, e))
        return false;
    return n > 0 || identity_user_create(id, a, &x, &user, out_password, e);
}

static bool end_sessions(struct identity *id, struct str user, struct str except, struct err *e)
{
    int64_t n = 0;
    return state_session_delete(id->state, user, STR(""), except, &n, e);
}

bool identity_user_change(struct identity *id, struct arena *a, struct str user,
                          const struct identity_user_change *x, struct err *e)
{
    struct state_user u = {0};
    struct state_principal p = {0};
    if (!state_begin(id->state, e))
        return false;
    bool ok = user_load(id, a, user, &u, e) && state_principal_get(id->state, a, user, &p, e);
    if (ok) {
        u.display_name = x->display_name != NULL ? *x->display_name : u.display_name;
        u.email = x->email != NULL ? *x->email : u.email;
        p.enabled = x->enabled != NULL ? *x->enabled : p.enabled;
        ok = texts_are_good(u.display_name, u.email, e) &&
             (x->roles == NULL || give_roles(id, a, user, *x->roles, e)) &&
             state_principal_put(id->state, &p, e) && state_user_put(id->state, &u, e) &&
             (p.enabled || end_sessions(id, user, STR(""), e));
    }
    return state_end(id->state, ok, e);
}

bool identity_user_delete(struct identity *id, struct arena *a, struct str user, struct err *e)
{
    struct state_user u = {0};
    bool was_there = false;
    return user_load(id, a, user, &u, e) && state_principal_delete(id->state, user, &was_there, e);
}

bool identity_user_unlock(struct identity *id, struct arena *a, struct str user, struct err *e)
{
    struct state_user u = {0};
    return user_load(id, a, user, &u, e) &&
           state_failure_delete(id->state, failures_key(a, u.login), e);
}

/* ---- passwords ---- */

bool user_set_password(struct identity *id, struct arena *a, struct str user, struct str hash,
                       bool must_change, struct str keep_session, struct err *e)
{
    struct state_user u = {0};
    if (!state_begin(id->state, e))
        return false;
    bool ok = user_load(id, a, user, &u, e);
    u.password_hash = hash;
    u.must_change = must_change;
    u.password_changed = clock_now(id->clock);
    ok = ok && state_user_put(id->state, &u, e) && end_sessions(id, user, keep_session, e);
    return state_end(id->state, ok, e);
}

bool identity_user_reset_password(struct identity *id, struct arena *a, struct str user,
                                  struct str password, struct str *out_password, struct err *e)
{
    struct state_user u = {0};
    struct str hash = STR("");
    bool made = false;
    if (!user_load(id, a, user, &u, e) ||
        !hash_given(id, a, u.login, u.email, &password, &made, &hash, e) ||
        !user_set_password(id, a, user, hash, true, STR(""), e) ||
        !state_failure_delete(id->state, failures_key(a, u.login), e))
        return false;
    *out_password = made ? password : STR("");
    return true;
}

bool identity_user_totp_reset(struct identity *id, struct arena *a, struct str user, struct err *e)
{
    struct state_user u = {0};
    if (!state_begin(id->state, e))
        return false;
    bool ok = user_load(id, a, user, &u, e);
    u.totp_secret = STR("");
    u.totp_confirmed = false;
    ok = ok && state_user_put(id->state, &u, e) && state_recovery_clear(id->state, user, e) &&
         end_sessions(id, user, STR(""), e);
    return state_end(id->state, ok, e);
}
