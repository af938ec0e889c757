/* Signing in and out of the portal, and what its pages ask about who is signed in. */
#include "api/api_priv.h"
#include "identity/single_sign_on.h"
#include "identity/tenants.h"
#include "identity/users.h"
#include "text/date.h"
#include "text/json.h"

enum { MAX_SIGN_IN_BYTES = 16 << 10 };

/* ---- the cookie ---- */

/* HttpOnly: no script reads it. Lax: other sites' links lead into the portal signed in, their forms
 * and scripts don't bring it along. */
#define COOKIE_FLAGS "; Path=/; Secure; HttpOnly; SameSite=Lax"

void api_session_cookie(struct http_request *q, struct http_response *r,
                        const struct identity_session *s)
{
    if (s != NULL)
        http_response_header(
            r, "Set-Cookie",
            arena_fmt(q->arena, IDENTITY_COOKIE "=%.*s" COOKIE_FLAGS, STR_ARG(s->token)));
    else
        http_response_header(r, "Set-Cookie", STR(IDENTITY_COOKIE "=" COOKIE_FLAGS "; Max-Age=0"));
    http_response_header(r, "Cache-Control", STR("no-store"));
}

static bool write_user(struct vedette *v, const struct http_request *q,
                       const struct identity_caller *c, struct json_out *o, struct err *e)
{
    struct identity_user u = {.id = c->id, .name = c->name, .display_name = c->name};
    if (c->kind == IDENTITY_USER && !identity_user_get(v->identity, q->arena, c->id, &u, e))
        return false;
    json_obj(o);
    json_kv_str(o, "id", u.id);
    json_kv_str(o, "name", u.name);
    json_kv_str(o, "displayName", u.display_name);
    json_kv_str(o, "email", u.email);
    json_kv_bool(o, "hasPassword", u.has_password);
    json_kv_bool(o, "hasTotp", u.has_totp);
    json_kv_int(o, "recoveryCodesLeft", u.recovery_codes);
    json_obj_end(o);
    return true;
}

static const char *const pending_words[] = {
    [IDENTITY_COMPLETE] = "complete", [IDENTITY_SHOW_CODE] = "code", [IDENTITY_ENROL] = "enrol"};

/* {"user", "csrfToken", "expires", "ends", "mustChangePassword", "secondFactor",
 * "tenants"} */
static bool write_session(struct vedette *v, struct http_request *q,
                          const struct identity_caller *c, struct http_response *r, struct err *e)
{
    const struct identity_session *s = c->session;
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    json_key(&o, "user");
    if (!write_user(v, q, c, &o, e))
        return false;
    if (s != NULL) {
        json_kv_str(&o, "sessionId", s->id);
        json_kv_str(&o, "csrfToken", s->csrf);
        json_kv_time(&o, "expires", s->expires);
        json_kv_time(&o, "ends", s->ends);
        json_kv_bool(&o, "mustChangePassword", s->must_change_password);
        json_kv_z(&o, "secondFactor", pending_words[s->pending]);
    }
    json_key(&o, "tenants");
    if (!identity_reach_json(v->identity, q->arena, c, &o, e))
        return false;
    json_obj_end(&o);
    http_response_header(r, "Cache-Control", STR("no-store"));
    return true;
}

/* ---- routes ---- */

/* 401 with what the sign-in page has to know: {"error": {"code", "message", "retryAfter"?}}. */
static void refuse_sign_in(struct http_response *r, const struct err *e,
                           const struct identity_refusal *why)
{
    struct json_out o = json_out_make(&r->body);
    sbuf_clear(&r->body);
    r->status = 401;
    json_obj(&o);
    json_key(&o, "error");
    json_obj(&o);
    json_kv_z(&o, "code", e->kind);
    json_kv_z(&o, "message", e->msg);
    if (why->retry_after > 0)
        json_kv_int(&o, "retryAfter", why->retry_after / TICKS_PER_SECOND + 1);
    json_obj_end(&o);
    json_obj_end(&o);
    http_response_header(r, "Cache-Control", STR("no-store"));
}

void api_session_replace(struct vedette *v, struct http_request *q)
{
    struct str cookie = STR("");
    struct identity_session old = {0};
    struct identity_caller c = {0};
    struct err e = {0};
    int64_t n = 0;
    if (http_cookie(q, IDENTITY_COOKIE, &cookie) &&
        identity_session_check(v->identity, q->arena, cookie, &old, &c, &e) &&
        !identity_session_end(v->identity, old.principal, old.id, STR(""), &n, &e))
        LOG(LOG_WARN, "identity", "an old session could not be ended", log_z("reason", e.msg));
}

static bool read_sign_in(struct vedette *v, struct http_request *q, struct http_response *r,
                         struct identity_user_sign_in *out)
{
    struct err e = {0};
    struct json body = {0};
    struct str type = http_header(q, "content-type");
    if (!api_same_origin(v, q, &e)) {
        api_error(v, q, &e, r);
        return false;
    }
    /* A form of another site can't send this type. */
    if (!str_ieqz(str_sub(type, 0, 16), "application/json")) {
        err_set(&e, ERR_INVALID, "Content-Type: application/json is expected.");
        api_error_status(v, q, 415, &e, r);
        return false;
    }
    if (!api_body(v, q, r, &body))
        return false;
    *out =
        (struct identity_user_sign_in){.name = json_text(json_get(&body, "name"), STR("")),
                                       .password = json_text(json_get(&body, "password"), STR("")),
                                       .code = json_text(json_get(&body, "code"), STR("")),
                                       .place = {.address = q->remote,
                                                 .agent = http_header(q, "user-agent"),
                                                 .method = STR("password")}};
    return true;
}

/* The name is what was typed: people type passwords there, too, so that it is told only of users
 * that exist. */
static void tell_refusal(struct vedette *v, const struct http_request *q,
                         const struct identity_user_sign_in *in, const struct identity_refusal *why,
                         const struct err *e)
{
    struct people_event x = {.operation = "Vedette/signIn/Action",
                             .description = "Sign-in was refused.",
                             .id = why->user,
                             .name = why->user.n > 0 ? in->name : STR("(no such user)"),
                             .reason = str_from(e->msg)};
    if (e->code != ERR_UNAUTHENTICATED || strcmp(e->kind, IDENTITY_CODE_REQUIRED) == 0)
        return;
    people_tell(v, q, &x);
    if (!why->locked)
        return;
    x.operation = "Vedette/lockOut/Action";
    x.description = "Too many wrong attempts: further ones are refused for a while.";
    x.always = true;
    people_tell(v, q, &x);
}

static void sign_in(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct identity_user_sign_in in;
    struct identity_refusal why = {0};
    struct identity_session s = {0};
    struct identity_caller c = {0};
    if (!read_sign_in(v, q, r, &in))
        return;
    if (!identity_user_sign_in(v->identity, q->arena, &in, &s, &why, &e)) {
        tell_refusal(v, q, &in, &why, &e);
        if (e.code == ERR_UNAUTHENTICATED && e.kind[0] != '\0')
            refuse_sign_in(r, &e, &why);
        else
            api_error(v, q, &e, r);
        return;
    }
    api_session_replace(v, q);
    struct str token = s.token;
    if (!identity_session_check(v->identity, q->arena, token, &s, &c, &e) ||
        !write_session(v, q, &c, r, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    s.token = token;
    api_session_cookie(q, r, &s);
    const struct people_event told = {.operation = "Vedette/signIn/Action",
                                      .description = "A user signed in.",
                                      .id = c.id,
                                      .name = c.name,
                                      .session = s.id};
    people_tell(v, q, &told);
}

/* 204; or, when a provider began the session, {"redirect"}: where the browser ends it there, too.
 */
static void sign_out(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    const struct identity_caller *c = api_caller(q);
    int64_t n = 0;
    struct str away = STR("");
    if (c->session != NULL &&
        !identity_sso_leave(v->identity, q->arena, c->session->id,
                            arena_fmt(q->arena, "%s/portal/", v->o.base_url), &away, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    if (c->session != NULL &&
        !identity_session_end(v->identity, c->id, c->session->id, STR(""), &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    api_session_cookie(q, r, NULL);
    r->status = away.n > 0 ? 200 : 204;
    if (away.n == 0)
        return;
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    json_kv_str(&o, "redirect", away);
    json_obj_end(&o);
}

/* What a session shows of its person: 204, or why not. A refusal is no 401, which would end it. */
static void shown(struct vedette *v, struct http_request *q, struct http_response *r, bool ok,
                  const struct err *e)
{
    if (ok)
        r->status = 204;
    else if (e->code == ERR_UNAUTHENTICATED)
        api_error_code(r, 403, e->kind, e->msg);
    else
        api_error(v, q, e, r);
}

static bool of_browser(const struct identity_caller *c, struct err *e)
{
    return c->session != NULL ||
           err_set(e, ERR_FORBIDDEN, "Only for a user who has signed in with a browser.");
}

/* {"password", "newPassword"}: other sessions end. */
static void change_password(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    const struct identity_caller *c = api_caller(q);
    if (!api_body(v, q, r, &body))
        return;
    bool ok = (c->kind == IDENTITY_USER && c->key.n == 0) ||
              err_set(&e, ERR_FORBIDDEN, "Only a user who has signed in changes a password.");
    ok = ok && identity_password_change(
                   v->identity, q->arena, c->id, json_text(json_get(&body, "password"), STR("")),
                   json_text(json_get(&body, "newPassword"), STR("")), c->session, &e);
    shown(v, q, r, ok, &e);
}

/* {"password"}: the session counts as fresh for a while. */
static void confirm(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    const struct identity_caller *c = api_caller(q);
    if (!api_body(v, q, r, &body))
        return;
    bool ok = of_browser(c, &e) &&
              identity_password_prove(v->identity, q->arena, c->session,
                                      json_text(json_get(&body, "password"), STR("")), &e);
    shown(v, q, r, ok, &e);
}

/* {"code"}: what the session waits for. */
static void show_code(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    const struct identity_caller *c = api_caller(q);
    if (!api_body(v, q, r, &body))
        return;
    bool ok = of_browser(c, &e) &&
              identity_session_show_code(v->identity, q->arena, c->session,
                                         json_text(json_get(&body, "code"), STR("")), &e);
    shown(v, q, r, ok, &e);
}

static void session(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    if (!write_session(v, q, api_caller(q), r, &e))
        api_error(v, q, &e, r);
}

const struct http_route session_routes[] = {
    {HTTP_POST, "/portal/api/signout", sign_out, RIGHT_ONESELF, MAX_SIGN_IN_BYTES, FAMILY_ARM},
    {HTTP_POST, "/portal/api/session/code", show_code, RIGHT_ONESELF, MAX_SIGN_IN_BYTES,
     FAMILY_ARM},
    {HTTP_GET, "/portal/api/session", session, RIGHT_ONESELF, 0, FAMILY_ARM},
};
const size_t n_session_routes = COUNTOF(session_routes);

/* These hash passwords, which takes memory and time on purpose. */
const struct http_route sign_in_routes[] = {
    {HTTP_POST, "/portal/api/signin", sign_in, NULL, MAX_SIGN_IN_BYTES, FAMILY_ARM},
    {HTTP_POST, "/portal/api/session/confirm", confirm, RIGHT_ONESELF, MAX_SIGN_IN_BYTES,
     FAMILY_ARM},
    {HTTP_POST, "/portal/api/password", change_password, RIGHT_ONESELF, MAX_SIGN_IN_BYTES,
     FAMILY_ARM},
};
const size_t n_sign_in_routes = COUNTOF(sign_in_routes);
