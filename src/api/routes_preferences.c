/* What people keep for themselves, of which the server knows no more than that it is JSON: saved
 * views, columns, appearance. */
#include "api/api_priv.h"
#include "state/preferences.h"
#include "text/date.h"
#include "text/json.h"

enum { MAX_BODY = 2 << 20, MAX_KEY = 64 };

/* The key of the path; of nobody but a person, whatever it signed in with. */
static bool key_of(const struct http_request *q, struct str *out, struct err *e)
{
    struct str key = http_param(q, "key");
    bool good = key.n > 0 && key.n <= MAX_KEY;
    if (api_caller(q)->kind != IDENTITY_USER)
        return err_set(e, ERR_FORBIDDEN, "Only people have preferences.");
    for (size_t i = 0; good && i < key.n; i++) {
        char c = key.p[i];
        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               (c != '\0' && strchr("._-", c) != NULL);
    }
    *out = key;
    return good ||
           err_set(e, ERR_INVALID, "key: 1 to %d letters, digits and ._- expected", MAX_KEY);
}

static void write_one(struct json_out *o, const struct state_preference *p)
{
    json_obj(o);
    json_kv_str(o, "key", p->key);
    json_key(o, "value");
    json_raw(o, p->value);
    json_kv_time(o, "changed", p->changed);
    json_obj_end(o);
}

static void list(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_preference *all = NULL;
    size_t n = 0;
    if (!state_preference_list(v->state, q->arena, api_caller(q)->id, &all, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++)
        write_one(&o, &all[i]);
    api_list_end(&o);
}

static void get(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0}, why = {0};
    struct state_preference p = {0};
    struct str key = STR("");
    if (key_of(q, &key, &e)) {
        if (state_preference_get(v->state, q->arena, api_caller(q)->id, key, &p, &why)) {
            struct json_out o = json_out_make(&r->body);
            write_one(&o, &p);
            return;
        }
        e = why;
        if (why.code == ERR_NOT_FOUND)
            err_set(&e, ERR_NOT_FOUND, "You have no preference '%.*s'.", STR_ARG(key));
    }
    api_error(v, q, &e, r);
}

/* {"value": …} */
static bool read_value(const struct vedette *v, struct http_request *q, const struct json *body,
                       struct str *out, struct err *e)
{
    int64_t most = v->o.people.preference_bytes;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make((size_t)most);
    struct json_out o = json_out_make(&b);
    const struct json *value = json_get(body, "value");
    if (value == NULL)
        return err_set(e, ERR_INVALID, "value: anything that is JSON expected");
    json_value(&o, value);
    if (!sbuf_ok(&b))
        return err_set(e, ERR_INVALID, "value: at most %lld bytes expected", (long long)most);
    *out = arena_str(q->arena, sbuf_str(&b));
    return true;
}

static void put(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct state_preference p = {.principal = api_caller(q)->id, .changed = clock_now(v->o.clock)};
    if (!key_of(q, &p.key, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    if (!api_body(v, q, r, &body))
        return;
    if (!read_value(v, q, &body, &p.value, &e) ||
        !state_preference_put(v->state, &p, v->o.people.preferences_max, &e)) {
        api_refuse(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    write_one(&o, &p);
}

static void delete_one(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct str key = STR("");
    bool was_there = false;
    bool ok = key_of(q, &key, &e) &&
              state_preference_delete(v->state, api_caller(q)->id, key, &was_there, &e);
    api_gone(v, q, r, ok, was_there, &e);
}

#define PREFERENCES "/vedette/v1/preferences"
const struct http_route preference_routes[] = {
    {HTTP_GET, PREFERENCES, list, RIGHT_ONESELF, 0, FAMILY_ARM},
    {HTTP_GET, PREFERENCES "/{key}", get, RIGHT_ONESELF, 0, FAMILY_ARM},
    {HTTP_PUT, PREFERENCES "/{key}", put, RIGHT_ONESELF, MAX_BODY, FAMILY_ARM},
    {HTTP_DELETE, PREFERENCES "/{key}", delete_one, RIGHT_ONESELF, 0, FAMILY_ARM},
};
const size_t n_preference_routes = COUNTOF(preference_routes);
