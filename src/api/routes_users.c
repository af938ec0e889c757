/* Users and API keys, for administrators. A path names a user by id or by name. */
#include "api/api_priv.h"
#include "identity/rights.h"
#include "identity/tenants.h"
#include "identity/users.h"
#include "text/date.h"
#include "text/json.h"

enum { MAX_BODY = 64 << 10 };

static void write_user(struct json_out *o, const struct identity_user *u)
{
    json_obj(o);
    json_kv_str(o, "id", u->id);
    json_kv_str(o, "name", u->name);
    json_kv_str(o, "displayName", u->display_name);
    json_kv_str(o, "email", u->email);
    json_key(o, "roles");
    json_raw(o, u->roles.n > 0 ? u->roles : STR("[]"));
    json_kv_str(o, "tenant", u->tenant);
    json_kv_bool(o, "enabled", u->enabled);
    json_kv_bool(o, "hasPassword", u->has_password);
    json_kv_bool(o, "mustChangePassword", u->must_change_password);
    json_kv_bool(o, "hasTotp", u->has_totp);
    json_kv_int(o, "recoveryCodesLeft", u->recovery_codes);
    json_kv_time(o, "created", u->created);
    json_kv_time(o, "passwordChanged", u->password_changed);
    json_kv_time(o, "lastSignIn", u->last_sign_in);
    json_kv_time(o, "lockedUntil", u->locked_until);
    json_obj_end(o);
}

static bool find_user(struct vedette *v, struct http_request *q, struct identity_user *out,
                      struct err *e)
{
    struct str word = http_param(q, "user");
    struct err why = {0};
    bool found = identity_user_get(v->identity, q->arena, word, out, &why);
    if (!found && why.code == ERR_NOT_FOUND)
        found = identity_user_find(v->identity, q->arena, word, out, &why);
    if (found && identity_allows_in(api_caller(q), q->route->access, out->tenant))
        return true;
    if (found || why.code == ERR_NOT_FOUND) /* of another tenant: there is none */
        return err_set(e, ERR_NOT_FOUND, "There is no user '%.*s'.",
                       (int)(word.n < 64 ? word.n : 64), word.p);
    *e = why;
    return false;
}

static void answer_user(struct vedette *v, struct http_request *q, struct http_response *r,
                        struct str user)
{
    struct err e = {0};
    struct identity_user u = {0};
    struct json_out o = json_out_make(&r->body);
    if (identity_user_get(v->identity, q->arena, user, &u, &e))
        write_user(&o, &u);
    else
        api_error(v, q, &e, r);
}

static void list(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct identity_user *all = NULL;
    size_t n = 0;
    if (!identity_user_list(v->identity, q->arena, &all, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++)
        if (identity_allows_in(api_caller(q), q->route->access, all[i].tenant))
            write_user(&o, &all[i]);
    api_list_end(&o);
}

static void get(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct identity_user u = {0};
    if (find_user(v, q, &u, &e))
        answer_user(v, q, r, u.id);
    else
        api_error(v, q, &e, r);
}

/* {"id", "name", "password"?}: the password that was made, here only. */
static void write_password(struct http_response *r, struct str id, struct str name,
                           struct str password)
{
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    json_kv_str(&o, "id", id);
    json_kv_str(&o, "name", name);
    if (password.n > 0)
        json_kv_str(&o, "password", password);
    json_obj_end(&o);
    http_response_header(r, "Cache-Control", STR("no-store"));
}

/* {"name", "displayName"?, "email"?, "roles", "password"?, "mustChangePassword"?,
 * "tenant"?} */
static void create(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct str id = STR(""), password = STR(""), home = STR("");
    if (!api_body(v, q, r, &body) || !api_read_home(v, q, &body, &home, r))
        return;
    const struct json *change = json_get(&body, "mustChangePassword");
    struct identity_user_new x = {.name = json_text(json_get(&body, "name"), STR("")),
                                  .display_name =
                                      json_text(json_get(&body, "displayName"), STR("")),
                                  .email = json_text(json_get(&body, "email"), STR("")),
                                  .tenant = home,
                                  .password = json_text(json_get(&body, "password"), STR("")),
                                  .must_change_password = change == NULL || json_is_true(change)};
    if (!api_roles(q->arena, json_get(&body, "roles"), &x.roles, &e) ||
        !identity_may_give(v->identity, q->arena, api_caller(q), home, x.roles, &e) ||
        !identity_user_create(v->identity, q->arena, &x, &id, &password, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    r->status = 201;
    write_password(r, id, str_trim(x.name), password);
}

/* Nobody takes their own account away by mistake; an operator on the machine still can. */
static bool is_other(const struct http_request *q, const struct identity_user *u, struct err *e)
{
    return !str_eq(api_caller(q)->id, u->id) ||
           err_set(e, ERR_CONFLICT, "Nobody disables or deletes their own account.");
}

/* {"displayName"?, "email"?, "enabled"?, "roles"?} */
static void change(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct identity_user u = {0};
    struct identity_user_change x = {0};
    if (!api_body(v, q, r, &body))
        return;
    const struct json *display_name = json_get(&body, "displayName"),
                      *email = json_get(&body, "email"), *roles = json_get(&body, "roles"),
                      *enabled = json_get(&body, "enabled");
    struct str given = STR(""), name = json_text(display_name, STR("")),
               address = json_text(email, STR(""));
    bool on = json_is_true(enabled);
    x.display_name = display_name != NULL ? &name : NULL;
    x.email = email != NULL ? &address : NULL;
    x.enabled = enabled != NULL ? &on : NULL;
    x.roles = roles != NULL ? &given : NULL;
    if (enabled != NULL && !on && enabled->type != JSON_FALSE)
        err_set(&e, ERR_INVALID, "enabled: true or false expected");
    else if (find_user(v, q, &u, &e) && (enabled == NULL || on || is_other(q, &u, &e)) &&
             (roles == NULL ||
              (api_roles(q->arena, roles, &given, &e) &&
               identity_may_give(v->identity, q->arena, api_caller(q), u.tenant, given, &e))) &&
             identity_user_change(v->identity, q->arena, u.id, &x, &e)) {
        answer_user(v, q, r, u.id);
        return;
    }
    api_error(v, q, &e, r);
}

static void delete_user(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct identity_user u = {0};
    bool ok = find_user(v, q, &u, &e) && is_other(q, &u, &e) &&
              identity_user_delete(v->identity, q->arena, u.id, &e);
    api_deleted(v, q, r, ok, &e);
}

/* {"password"?}: without one a random one is made and told. */
static void reset_password(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct identity_user u = {0};
    struct str made = STR("");
    if (q->body.n > 0 && !api_body(v, q, r, &body))
        return;
    if (find_user(v, q, &u, &e) &&
        identity_user_reset_password(v->identity, q->arena, u.id,
                                     json_text(json_get(&body, "password"), STR("")), &made, &e))
        write_password(r, u.id, u.name, made);
    else
        api_error(v, q, &e, r);
}

typedef bool user_fn(struct identity *id, struct arena *a, struct str user, struct err *e);

static void act(struct vedette *v, struct http_request *q, struct http_response *r, user_fn *fn)
{
    struct err e = {0};
    struct identity_user u = {0};
    if (find_user(v, q, &u, &e) && fn(v->identity, q->arena, u.id, &e))
        answer_user(v, q, r, u.id);
    else
        api_error(v, q, &e, r);
}

static void unlock(void *ctx, struct http_request *q, struct http_response *r)
{
    act(ctx, q, r, identity_user_unlock);
}

static void reset_totp(void *ctx, struct http_request *q, struct http_response *r)
{
    act(ctx, q, r, identity_user_totp_reset);
}

static void sessions(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct identity_user u = {0};
    if (find_user(v, q, &u, &e))
        api_sessions(v, q, r, u.id);
    else
        api_error(v, q, &e, r);
}

static void end_sessions(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct identity_user u = {0};
    int64_t n = 0;
    if (find_user(v, q, &u, &e) &&
        identity_session_end(v->identity, u.id, STR(""), STR(""), &n, &e))
        r->status = n > 0 ? 200 : 204;
    else
        api_error(v, q, &e, r);
}

/* ---- API keys: of users they are looked at and taken away here; users make their own ---- */

static void user_keys(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct identity_user u = {0};
    if (find_user(v, q, &u, &e))
        api_keys_list(v, q, r, u.id);
    else
        api_error(v, q, &e, r);
}

static void delete_user_key(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct identity_user u = {0};
    if (find_user(v, q, &u, &e))
        api_key_delete(v, q, r, u.id);
    else
        api_error(v, q, &e, r);
}

/* Of people, and of applications where the caller may look at these. */
static bool keys_are_shown(struct vedette *v, struct http_request *q,
                           const struct state_principal *p)
{
    struct str home = p->tenant.n > 0 ? p->tenant : identity_tenant(v->identity);
    const char *right = str_eqz(p->kind, PRINCIPAL_USER) ? q->route->access : "applications/read";
    return identity_allows_in(api_caller(q), right, home);
}

static bool write_keys(struct vedette *v, struct http_request *q, const struct state_principal *p,
                       struct json_out *o, struct err *e)
{
    struct identity_key *keys = NULL;
    size_t n = 0;
    if (!identity_key_list(v->identity, q->arena, p->id, &keys, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        json_obj(o);
        api_key_members(o, &keys[i]);
        json_kv_str(o, "principalId", p->id);
        json_kv_str(o, "principalName", p->name);
        json_kv_z(o, "principalType", str_eqz(p->kind, PRINCIPAL_USER) ? "User" : "Application");
        json_obj_end(o);
    }
    return true;
}

static void all_keys(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_principal *all = NULL;
    size_t n = 0;
    bool ok = state_principal_list(v->state, q->arena, &all, &n, &e);
    struct json_out o = api_list(r);
    for (size_t i = 0; ok && i < n; i++)
        ok = !keys_are_shown(v, q, &all[i]) || write_keys(v, q, &all[i], &o, &e);
    api_list_end(&o);
    if (ok)
        return;
    sbuf_clear(&r->body);
    api_error(v, q, &e, r);
}

/* false: the answer is written. */
static bool is_application(struct vedette *v, struct http_request *q, struct http_response *r)
{
    struct err e = {0};
    struct state_principal p = {0};
    if (api_find_application(v, q, &p, &e))
        return true;
    api_error(v, q, &e, r);
    return false;
}

static void application_keys(void *ctx, struct http_request *q, struct http_response *r)
{
    if (is_application(ctx, q, r))
        api_keys_list(ctx, q, r, http_param(q, "application"));
}

static void create_application_key(void *ctx, struct http_request *q, struct http_response *r)
{
    if (is_application(ctx, q, r))
        api_key_create(ctx, q, r, http_param(q, "application"));
}

static void delete_application_key(void *ctx, struct http_request *q, struct http_response *r)
{
    if (is_application(ctx, q, r))
        api_key_delete(ctx, q, r, http_param(q, "application"));
}

#define USERS "/vedette/v1/users"
#define APP_KEYS "/vedette/v1/applications/{application}/apiKeys"
const struct http_route user_routes[] = {
    {HTTP_GET, USERS, list, "users/read", 0, FAMILY_ARM},
    {HTTP_GET, USERS "/{user}", get, "users/read", 0, FAMILY_ARM},
    {HTTP_PATCH, USERS "/{user}", change, "users/write", MAX_BODY, FAMILY_ARM},
    {HTTP_DELETE, USERS "/{user}", delete_user, "users/write", 0, FAMILY_ARM},
    {HTTP_POST, USERS "/{user}/unlock", unlock, "users/write", MAX_BODY, FAMILY_ARM},
    {HTTP_POST, USERS "/{user}/totp-reset", reset_totp, "users/write", MAX_BODY, FAMILY_ARM},
    {HTTP_GET, USERS "/{user}/sessions", sessions, "users/read", 0, FAMILY_ARM},
    {HTTP_DELETE, USERS "/{user}/sessions", end_sessions, "users/write", 0, FAMILY_ARM},
    {HTTP_GET, USERS "/{user}/apiKeys", user_keys, "users/read", 0, FAMILY_ARM},
    {HTTP_DELETE, USERS "/{user}/apiKeys/{key}", delete_user_key, "users/write", 0, FAMILY_ARM},
    {HTTP_GET, "/vedette/v1/apiKeys", all_keys, "users/read", 0, FAMILY_ARM},
    {HTTP_GET, APP_KEYS, application_keys, "applications/read", 0, FAMILY_ARM},
    {HTTP_POST, APP_KEYS, create_application_key, "applications/write", MAX_BODY, FAMILY_ARM},
    {HTTP_DELETE, APP_KEYS "/{key}", delete_application_key, "applications/write", 0, FAMILY_ARM},
};
const size_t n_user_routes = COUNTOF(user_routes);

/* These hash passwords. */
const struct http_route user_password_routes[] = {
    {HTTP_POST, USERS, create, "users/write", MAX_BODY, FAMILY_ARM},
    {HTTP_POST, USERS "/{user}/password", reset_password, "users/write", MAX_BODY, FAMILY_ARM},
};
const size_t n_user_password_routes = COUNTOF(user_password_routes);
