/* Reading tokens that others sign: their form, their header, their claims. */
#include "identity/jwt_priv.h"
#include "text/base64.h"

static const char *const algorithms[JWT_ALGORITHMS] = {
    [JWT_RS256] = "RS256", [JWT_PS256] = "PS256", [JWT_ES256] = "ES256"};

const char *jwt_algorithm_name(enum jwt_algorithm alg)
{
    return algorithms[alg];
}

static bool refuse(struct err *e, const char *why)
{
    return err_set(e, ERR_UNAUTHENTICATED, "The token is malformed: %s.", why);
}

static bool split(struct str token, struct str parts[3])
{
    size_t from = 0, n = 0;
    for (size_t i = 0; i <= token.n; i++) {
        if (i < token.n && token.p[i] != '.')
            continue;
        if (n == 3)
            return false;
        parts[n++] = str_sub(token, from, i - from);
        from = i + 1;
    }
    return n == 3 && parts[0].n > 0 && parts[1].n > 0;
}

/* Base64url as RFC 7515 has it: without padding. */
static bool decode(struct arena *a, struct str part, struct str *out)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(JWT_MAX_BYTES);
    if (str_holds(part, '=') || !base64_decode(BASE64_URL, part, &b))
        return false;
    *out = arena_str(a, sbuf_str(&b));
    return true;
}

/* A name that occurs twice may mean one thing to us and another to who signed it. */
static bool names_are_unique(const struct json *object)
{
    for (size_t i = 0; i < object->n; i++)
        for (size_t k = i + 1; k < object->n; k++)
            if (str_eq(object->keys[i], object->keys[k]))
                return false;
    return true;
}

static bool read_object(struct arena *a, struct str part, struct json *out)
{
    const struct json_opts opts = {.max_depth = 16, .max_values = 5000};
    enum { MAX_NAMES = 200 };
    struct str text = STR_NONE;
    return decode(a, part, &text) && json_parse(a, text, &opts, out, NULL) &&
           out->type == JSON_OBJECT && out->n <= MAX_NAMES && names_are_unique(out);
}

static int algorithm_of(const struct json *header)
{
    struct str name = json_text(json_get(header, "alg"), STR(""));
    for (int i = 0; i < JWT_ALGORITHMS; i++)
        if (str_eqz(name, algorithms[i]))
            return i;
    return -1;
}

/* A text or nothing at all. */
static bool read_text(const struct json *header, const char *name, struct str *out)
{
    const struct json *v = json_get(header, name);
    *out = json_text(v, STR(""));
    return v == NULL || v->type == JSON_STRING;
}

bool jwt_read(struct arena *a, struct str token, struct jwt *out, struct err *e)
{
    struct str parts[3] = {{NULL, 0}};
    struct jwt t = {0};
    if (token.n > JWT_MAX_BYTES)
        return err_set(e, ERR_UNAUTHENTICATED, "The token is longer than %d bytes.", JWT_MAX_BYTES);
    if (!split(token, parts))
        return refuse(e, "three parts with dots between them are expected");
    if (!read_object(a, parts[0], &t.header))
        return refuse(e, "the header is no JSON object in Base64url");
    int alg = algorithm_of(&t.header);
    if (alg < 0)
        return err_set(e, ERR_UNAUTHENTICATED,
                       "The token is not signed with RS256, PS256 or ES256.");
    if (!read_text(&t.header, "kid", &t.kid) || !read_text(&t.header, "typ", &t.typ))
        return refuse(e, "'kid' and 'typ' of the header are texts");
    if (json_get(&t.header, "crit") != NULL || json_get(&t.header, "enc") != NULL ||
        json_get(&t.header, "zip") != NULL)
        return refuse(e, "the header asks for an extension that is not understood");
    if (!read_object(a, parts[1], &t.claims))
        return refuse(e, "the claims are no JSON object in Base64url");
    if (parts[2].n == 0 || !decode(a, parts[2], &t.signature))
        return refuse(e, "the signature is not Base64url");
    t.alg = (enum jwt_algorithm)alg;
    t.signed_part = str_sub(token, 0, parts[0].n + 1 + parts[1].n);
    *out = t;
    return true;
}

bool jwt_looks_foreign(struct arena *a, struct str token)
{
    struct str parts[3] = {{NULL, 0}};
    struct json header = {0};
    return token.n <= JWT_MAX_BYTES && split(token, parts) && read_object(a, parts[0], &header) &&
           algorithm_of(&header) >= 0;
}

/* ---- claims ---- */

struct str jwt_claim(const struct jwt *t, const char *name)
{
    return json_text(json_get(&t->claims, name), STR(""));
}

bool jwt_claim_time(const struct jwt *t, const char *name, int64_t *out)
{
    const double most = 253402300799.0; /* the end of the year 9999 */
    const struct json *v = json_get(&t->claims, name);
    if (v == NULL || (v->type != JSON_INT && v->type != JSON_REAL) || !(v->d >= 0 && v->d <= most))
        return false;
    *out = v->type == JSON_INT ? v->i : (int64_t)v->d;
    return true;
}

bool jwt_holds_word(struct str words, struct str word)
{
    for (size_t from = 0, end = 0; from < words.n; from = end + 1) {
        for (end = from; end < words.n && words.p[end] != ' ';)
            end++;
        if (str_eq(str_sub(words, from, end - from), word))
            return true;
    }
    return false;
}

bool jwt_claim_holds(const struct json *claim, struct str text)
{
    if (claim == NULL || text.n == 0)
        return false;
    if (claim->type == JSON_STRING)
        return str_eq(claim->text, text) || jwt_holds_word(claim->text, text);
    for (size_t i = 0; claim->type == JSON_ARRAY && i < claim->n; i++)
        if (claim->items[i].type == JSON_STRING && str_eq(claim->items[i].text, text))
            return true;
    return false;
}

/* Not jwt_claim_holds: an audience is a whole text. */
static bool is_for(const struct json *aud, struct str wanted)
{
    if (aud != NULL && aud->type == JSON_STRING)
        return str_eq(aud->text, wanted);
    return aud != NULL && aud->type == JSON_ARRAY && jwt_claim_holds(aud, wanted);
}

static bool check_times(const struct jwt *t, const struct jwt_expect *x, struct err *e)
{
    int64_t expires = 0, from = 0;
    if (!jwt_claim_time(t, "exp", &expires))
        return err_set(e, ERR_UNAUTHENTICATED, "%s has no time at which it expires ('exp').",
                       x->who);
    if (x->now_s >= expires + JWT_MAX_SKEW_S)
        return err_set(e, ERR_UNAUTHENTICATED, "%s has expired.", x->who);
    if (x->max_life_s > 0 && expires > x->now_s + x->max_life_s + JWT_MAX_SKEW_S)
        return err_set(e, ERR_UNAUTHENTICATED,
                       "%s is valid for too long: at most %lld seconds are accepted.", x->who,
                       (long long)x->max_life_s);
    static const char *const starts[] = {"nbf", "iat"};
    for (size_t i = 0; i < COUNTOF(starts); i++) {
        if (json_get(&t->claims, starts[i]) == NULL)
            continue;
        if (!jwt_claim_time(t, starts[i], &from))
            return err_set(e, ERR_UNAUTHENTICATED, "%s has a '%s' that is no time.", x->who,
                           starts[i]);
        if (from > x->now_s + JWT_MAX_SKEW_S)
            return err_set(e, ERR_UNAUTHENTICATED, "%s is not valid yet ('%s').", x->who,
                           starts[i]);
    }
    return true;
}

bool jwt_check_claims(const struct jwt *t, const struct jwt_expect *x, struct err *e)
{
    const struct json *aud = json_get(&t->claims, "aud");
    bool ours = false;
    if (x->issuer.n == 0 || !str_eq(jwt_claim(t, "iss"), x->issuer))
        return err_set(e, ERR_UNAUTHENTICATED, "%s is from another issuer.", x->who);
    for (size_t i = 0; i < x->n_audiences && !ours; i++)
        ours = is_for(aud, x->audiences[i]);
    if (!ours)
        return err_set(e, ERR_UNAUTHENTICATED, "%s is for another audience.", x->who);
    return check_times(t, x, e);
}
