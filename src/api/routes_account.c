/* What people do about themselves: second factor, sessions, API keys. */
#include "api/api_priv.h"
#include "identity/users.h"
#include "text/date.h"
#include "text/json.h"

enum { MAX_BODY = 16 << 10 };

/* A user with a session: a key must not make further keys, nor an application have a second factor.
 */
static bool is_person(const struct http_request *q, struct err *e)
{
    const struct identity_caller *c = api_caller(q);
    return (c->kind == IDENTITY_USER && c->key.n == 0) ||
           err_set(e, ERR_FORBIDDEN, "Only for a user who has signed in.");
}

/* A person who has shown a moment ago who it is: a browser that was left alone must not change what
 * lets people in. */
static bool is_proved(const struct vedette *v, const struct http_request *q, struct err *e)
{
    const struct identity_session *s = api_caller(q)->session;
    return is_person(q, e) && (s == NULL || identity_session_is_fresh(v->identity, s, e));
}

/* Is it a proved person, with a body? The body's "code" otherwise. */
static bool code_of(struct vedette *v, struct http_request *q, struct http_response *r,
                    struct str *out)
{
    struct err e = {0};
    struct json body = {0};
    if (!is_proved(v, q, &e)) {
        api_error(v, q, &e, r);
        return false;
    }
    if (!api_body(v, q, r, &body))
        return false;
    *out = json_text(json_get(&body, "code"), STR(""));
    return true;
}

/* ---- the second factor ---- */

static void begin_totp(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct str secret = STR(""), uri = STR("");
    if (!is_proved(v, q, &e) ||
        !identity_totp_begin(v->identity, q->arena, api_caller(q)->id, &secret, &uri, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    json_kv_str(&o, "secret", secret);
    json_kv_str(&o, "uri", uri);
    json_obj_end(&o);
    http_response_header(r, "Cache-Control", STR("no-store"));
}

static void write_codes(struct http_response *r, const struct str *codes)
{
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    json_key(&o, "recoveryCodes");
    json_arr(&o);
    for (size_t i = 0; i < IDENTITY_RECOVERY_CODES; i++)
        json_str(&o, codes[i]);
    json_arr_end(&o);
    json_obj_end(&o);
    http_response_header(r, "Cache-Control", STR("no-store"));
}

typedef bool codes_fn(struct identity *id, struct arena *a, struct str user, struct str code,
                      struct str *codes, struct err *e);

static void answer_codes(struct vedette *v, struct http_request *q, struct http_response *r,
                         codes_fn *make)
{
    struct err e = {0};
    struct str code = STR(""), codes[IDENTITY_RECOVERY_CODES];
    if (!code_of(v, q, r, &code))
        return;
    if (make(v->identity, q->arena, api_caller(q)->id, code, codes, &e))
        write_codes(r, codes);
    else
        api_error(v, q, &e, r);
}

/* A session that waited for the enrolment serves for everything then. */
static void confirm_totp(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    const struct identity_session *s = api_caller(q)->session;
    answer_codes(v, q, r, identity_totp_confirm);
    if (r->status < 300 && s != NULL && !identity_session_complete(v->identity, s, &e)) {
        sbuf_clear(&r->body);
        api_error(v, q, &e, r);
    }
}

static void renew_codes(void *ctx, struct http_request *q, struct http_response *r)
{
    answer_codes(ctx, q, r, identity_recovery_renew);
}

static void remove_totp(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct str code = STR("");
    if (!code_of(v, q, r, &code))
        return;
    if (identity_totp_remove(v->identity, q->arena, api_caller(q)->id, code, &e))
        r->status = 204;
    else
        api_error(v, q, &e, r);
}

/* ---- sessions ---- */

void api_sessions(struct vedette *v, struct http_request *q, struct http_response *r,
                  struct str principal)
{
    struct err e = {0};
    struct identity_session *all = NULL;
    size_t n = 0;
    const struct identity_session *own = api_caller(q)->session;
    if (!identity_session_list(v->identity, q->arena, principal, &all, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++) {
        json_obj(&o);
        json_kv_str(&o, "id", all[i].id);
        json_kv_bool(&o, "current", own != NULL && str_eq(own->id, all[i].id));
        json_kv_str(&o, "method", all[i].place.method);
        json_kv_str(&o, "address", all[i].place.address);
        json_kv_str(&o, "agent", all[i].place.agent);
        json_kv_time(&o, "created", all[i].created);
        json_kv_time(&o, "lastSeen", all[i].last_seen);
        json_kv_time(&o, "expires", all[i].expires);
        json_obj_end(&o);
    }
    api_list_end(&o);
}

static void own_sessions(void *ctx, struct http_request *q, struct http_response *r)
{
    api_sessions(ctx, q, r, api_caller(q)->id);
}

static void end_sessions(struct vedette *v, struct http_request *q, struct http_response *r,
                         struct str session, struct str except)
{
    struct err e = {0};
    int64_t n = 0;
    if (is_person(q, &e) &&
        identity_session_end(v->identity, api_caller(q)->id, session, except, &n, &e)) {
        r->status = n > 0 ? 200 : 204;
        return;
    }
    api_error(v, q, &e, r);
}

static void end_session(void *ctx, struct http_request *q, struct http_response *r)
{
    end_sessions(ctx, q, r, http_param(q, "session"), STR(""));
}

/* All others; with ?all=true this one as well: signed out everywhere. */
static void end_other_sessions(void *ctx, struct http_request *q, struct http_response *r)
{
    const struct identity_session *own = api_caller(q)->session;
    bool all = str_eqz(http_query(q, "all"), "true");
    end_sessions(ctx, q, r, STR(""), own != NULL && !all ? own->id : STR(""));
    if (all && r->status < 300)
        api_session_cookie(q, r, NULL);
}

/* ---- API keys ---- */

void api_key_members(struct json_out *o, const struct identity_key *k)
{
    json_kv_str(o, "id", k->id);
    json_kv_str(o, "name", k->name);
    json_key(o, "roles");
    json_raw(o, k->roles.n > 0 ? k->roles : STR("null"));
    json_kv_time(o, "created", k->created);
    json_kv_time(o, "expires", k->expires);
    json_kv_time(o, "lastUsed", k->last_used);
    json_kv_str(o, "createdBy", k->created_by);
}

void api_keys_list(struct vedette *v, struct http_request *q, struct http_response *r,
                   struct str principal)
{
    struct err e = {0};
    struct identity_key *all = NULL;
    size_t n = 0;
    if (!identity_key_list(v->identity, q->arena, principal, &all, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++) {
        json_obj(&o);
        api_key_members(&o, &all[i]);
        json_obj_end(&o);
    }
    api_list_end(&o);
}

bool api_roles(struct arena *a, const struct json *given, struct str *out, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 16);
    struct json_out w = json_out_make(&b);
    if (given != NULL)
        json_value(&w, given);
    if (given == NULL || given->type != JSON_ARRAY || !sbuf_ok(&b))
        return err_set(e, ERR_INVALID, "roles: an array of {\"role\", \"workspace\"} expected");
    *out = arena_str(a, sbuf_str(&b));
    return true;
}

static bool read_key(struct http_request *q, const struct json *body, struct identity_key *out,
                     struct err *e)
{
    const struct json *roles = json_get(body, "roles"), *expires = json_get(body, "expires");
    out->name = json_text(json_get(body, "name"), STR(""));
    out->created_by = api_caller(q)->name;
    if (expires != NULL && expires->type != JSON_NULL &&
        !date_parse_iso(json_text(expires, STR("")), &out->expires))
        return err_set(e, ERR_INVALID, "expires: a time such as 2027-01-31T00:00:00Z expected");
    return roles == NULL || roles->type == JSON_NULL || api_roles(q->arena, roles, &out->roles, e);
}

void api_key_create(struct vedette *v, struct http_request *q, struct http_response *r,
                    struct str principal)
{
    struct err e = {0};
    struct json body = {0};
    struct identity_key key = {.principal = principal};
    struct str id = STR(""), text = STR("");
    if (!api_body(v, q, r, &body))
        return;
    if (!read_key(q, &body, &key, &e) ||
        !identity_key_create(v->identity, q->arena, &key, &id, &text, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    r->status = 201;
    json_obj(&o);
    json_kv_str(&o, "id", id);
    json_kv_str(&o, "name", key.name);
    json_kv_str(&o, "key", text);
    json_obj_end(&o);
    http_response_header(r, "Cache-Control", STR("no-store"));
}

void api_key_delete(struct vedette *v, struct http_request *q, struct http_response *r,
                    struct str principal)
{
    struct err e = {0};
    bool was_there = false;
    bool ok = identity_key_delete(v->identity, principal, http_param(q, "key"), &was_there, &e);
    api_gone(v, q, r, ok, was_there, &e);
}

static void own_keys(void *ctx, struct http_request *q, struct http_response *r)
{
    api_keys_list(ctx, q, r, api_caller(q)->id);
}

static void create_own_key(void *ctx, struct http_request *q, struct http_response *r)
{
    struct err e = {0};
    if (is_proved(ctx, q, &e))
        api_key_create(ctx, q, r, api_caller(q)->id);
    else
        api_error(ctx, q, &e, r);
}

static void delete_own_key(void *ctx, struct http_request *q, struct http_response *r)
{
    struct err e = {0};
    if (is_person(q, &e))
        api_key_delete(ctx, q, r, api_caller(q)->id);
    else
        api_error(ctx, q, &e, r);
}

#define OWN "/portal/api"
const struct http_route account_routes[] = {
    {HTTP_POST, OWN "/totp", begin_totp, RIGHT_ONESELF, MAX_BODY, FAMILY_ARM},
    {HTTP_POST, OWN "/totp/confirm", confirm_totp, RIGHT_ONESELF, MAX_BODY, FAMILY_ARM},
    {HTTP_POST, OWN "/totp/remove", remove_totp, RIGHT_ONESELF, MAX_BODY, FAMILY_ARM},
    {HTTP_POST, OWN "/recovery-codes", renew_codes, RIGHT_ONESELF, MAX_BODY, FAMILY_ARM},
    {HTTP_GET, OWN "/sessions", own_sessions, RIGHT_ONESELF, 0, FAMILY_ARM},
    {HTTP_DELETE, OWN "/sessions", end_other_sessions, RIGHT_ONESELF, 0, FAMILY_ARM},
    {HTTP_DELETE, OWN "/sessions/{session}", end_session, RIGHT_ONESELF, 0, FAMILY_ARM},
    {HTTP_GET, OWN "/api-keys", own_keys, RIGHT_ONESELF, 0, FAMILY_ARM},
    {HTTP_POST, OWN "/api-keys", create_own_key, RIGHT_ONESELF, MAX_BODY, FAMILY_ARM},
    {HTTP_DELETE, OWN "/api-keys/{key}", delete_own_key, RIGHT_ONESELF, 0, FAMILY_ARM},
};
const size_t n_account_routes = COUNTOF(account_routes);
