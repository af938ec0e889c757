/* Settings of identity providers: reading, checking, keeping. */
#include "identity/identity_priv.h"
#include "identity/oidc_priv.h"
#include "identity/tenants.h"
#include "text/files.h"
#include <stdlib.h>
#include <unistd.h>

enum {
    MAX_NAME = 60,
    MAX_TEXT = 2000,
    MAX_LIST = 100,
    MAX_SECRET = 32 << 10, /* a private key and a certificate in PEM, at most */
    MAX_SETTINGS = 256 << 10
};
#define VARIABLE_PREFIX "VEDETTE_SECRET_"
#define TENANT_MARK "{tenantid}"

enum member_type { A_TEXT, A_BOOL, A_LIST };
static const struct member {
    const char *name;
    enum member_type type;
    size_t offset, count; /* count: of a list */
} members[] = {
#define TEXT(key, field)                                                                           \
    {                                                                                              \
        key, A_TEXT, offsetof(struct identity_provider, field), 0                                  \
    }
#define BOOL(key, field)                                                                           \
    {                                                                                              \
        key, A_BOOL, offsetof(struct identity_provider, field), 0                                  \
    }
#define LIST(key, field)                                                                           \
    {                                                                                              \
        key, A_LIST, offsetof(struct identity_provider, field),                                    \
            offsetof(struct identity_provider, n_##field)                                          \
    }
    TEXT("title", title),
    BOOL("enabled", enabled),
    BOOL("signIn", sign_in),
    TEXT("issuer", issuer),
    TEXT("metadataUrl", metadata_url),
    TEXT("clientId", client_id),
    TEXT("clientAuthentication", client_auth),
    TEXT("clientKeyId", client_key_id),
    TEXT("clientSecretFile", secret_file),
    TEXT("clientSecretVariable", secret_variable),
    TEXT("scope", scope),
    TEXT("hosts", hosts),
    TEXT("nameClaim", name_claim),
    TEXT("loginClaim", login_claim),
    TEXT("emailClaim", email_claim),
    LIST("allowedTenants", tenants),
    LIST("allowedDomains", domains),
    BOOL("entra", entra),
    BOOL("createUsers", create_users),
    BOOL("userInfo", user_info),
    TEXT("groupsOverage", groups_overage),
    LIST("audiences", audiences),
    LIST("accessTokenIssuers", issuers),
    LIST("requiredScopes", required_scopes),
};
/* Read by functions of their own. */
static const char *const others[] = {"clientSecret", "roles", "defaultRoles", "name", "tenant"};

static bool refuse(struct err *e, const char *member, const char *expected)
{
    return err_set(e, ERR_INVALID, "%s: %s expected", member, expected);
}

static bool read_list(struct arena *a, const struct json *v, const struct member *m,
                      struct identity_provider *out, struct err *e)
{
    if (v->type != JSON_ARRAY || v->n > MAX_LIST)
        return err_set(e, ERR_INVALID, "%s: an array of at most %d texts expected", m->name,
                       MAX_LIST);
    struct str *texts = arena_array(a, struct str, v->n > 0 ? v->n : 1);
    for (size_t i = 0; i < v->n; i++) {
        texts[i] = arena_str(a, json_text(&v->items[i], STR("")));
        if (texts[i].n == 0 || texts[i].n > MAX_TEXT)
            return refuse(e, m->name, "an array of texts that are not empty");
    }
    *(const struct str **)(void *)((char *)out + m->offset) = texts;
    *(size_t *)(void *)((char *)out + m->count) = v->n;
    return true;
}

static bool read_member(struct arena *a, const struct json *v, const struct member *m,
                        struct identity_provider *out, struct err *e)
{
    void *to = (char *)out + m->offset;
    switch (m->type) {
    case A_TEXT:
        if (v->type != JSON_STRING || v->text.n > MAX_TEXT)
            return refuse(e, m->name, "a text of at most 2000 bytes");
        *(struct str *)to = arena_str(a, v->text);
        return true;
    case A_BOOL:
        if (v->type != JSON_TRUE && v->type != JSON_FALSE)
            return refuse(e, m->name, "true or false");
        *(bool *)to = v->type == JSON_TRUE;
        return true;
    case A_LIST:
        return read_list(a, v, m, out, e);
    }
    UNREACHABLE();
}

static bool is_known(struct str key)
{
    for (size_t i = 0; i < COUNTOF(others); i++)
        if (str_eqz(key, others[i]))
            return true;
    return false;
}

static bool read_members(struct arena *a, const struct json *settings,
                         struct identity_provider *out, struct err *e)
{
    for (size_t i = 0; i < settings->n; i++) {
        const struct member *m = NULL;
        for (size_t k = 0; k < COUNTOF(members) && m == NULL; k++)
            m = str_eqz(settings->keys[i], members[k].name) ? &members[k] : NULL;
        if (m == NULL && !is_known(settings->keys[i]))
            return err_set(e, ERR_INVALID, "there is no setting '%.*s' of a provider",
                           (int)(settings->keys[i].n < 60 ? settings->keys[i].n : 60),
                           settings->keys[i].p);
        if (m != NULL && settings->items[i].type != JSON_NULL &&
            !read_member(a, &settings->items[i], m, out, e))
            return false;
    }
    return true;
}

static struct str as_text(struct arena *a, const struct json *v)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_SETTINGS);
    struct json_out w = json_out_make(&b);
    json_value(&w, v);
    return arena_str(a, sbuf_str(&b));
}

/* [{"claim", "value", "role", "workspace"?}] */
static bool read_mappings(struct arena *a, const struct json *list, struct identity_provider *out,
                          struct err *e)
{
    if (list == NULL || list->type == JSON_NULL)
        return true;
    if (list->type != JSON_ARRAY || list->n > PROVIDER_MAX_RULES)
        return err_set(e, ERR_INVALID, "roles: an array of at most %d expected",
                       PROVIDER_MAX_RULES);
    struct identity_mapping *all = arena_array(a, struct identity_mapping, list->n + 1);
    for (size_t i = 0; i < list->n; i++) {
        const struct json *x = &list->items[i];
        all[i] =
            (struct identity_mapping){arena_str(a, json_text(json_get(x, "claim"), STR("roles"))),
                                      arena_str(a, json_text(json_get(x, "value"), STR(""))),
                                      arena_str(a, json_text(json_get(x, "role"), STR(""))),
                                      arena_str(a, json_text(json_get(x, "workspace"), STR("")))};
        if (all[i].value.n == 0)
            return err_set(e, ERR_INVALID, "roles[%zu].value: the value of the claim expected", i);
    }
    out->mappings = all;
    out->n_mappings = list->n;
    return true;
}

static bool read_default_roles(struct arena *a, const struct json *list,
                               struct identity_provider *out, struct err *e)
{
    out->default_roles = STR("[]");
    if (list == NULL || list->type == JSON_NULL)
        return true;
    if (list->type != JSON_ARRAY)
        return refuse(e, "defaultRoles", "an array of {\"role\", \"workspace\"}");
    out->default_roles = as_text(a, list);
    return true;
}

/* The roles exist, and by may give them. */
static bool check_roles(struct identity *id, struct arena *a,
                        const struct identity_provider_wish *x, struct err *e)
{
    static const char *const lists[] = {"roles", "defaultRoles"};
    for (size_t i = 0; i < COUNTOF(lists); i++) {
        const struct json *list = json_get(x->settings, lists[i]);
        if (list == NULL || list->type != JSON_ARRAY)
            continue;
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_SETTINGS);
        struct json_out w = json_out_make(&b);
        json_arr(&w);
        for (size_t k = 0; k < list->n; k++) {
            json_obj(&w);
            json_kv_str(&w, "role", json_text(json_get(&list->items[k], "role"), STR("")));
            if (json_get(&list->items[k], "workspace") != NULL)
                json_kv_str(&w, "workspace",
                            json_text(json_get(&list->items[k], "workspace"), STR("")));
            json_obj_end(&w);
        }
        json_arr_end(&w);
        if (!identity_may_give(id, a, x->by, x->tenant, arena_str(a, sbuf_str(&b)), e)) {
            err_prefix(e, "%s", lists[i]);
            return false;
        }
    }
    return true;
}

/* ---- defaults and checks ---- */

static struct str host_of(struct str url)
{
    size_t at = 0;
    if (!str_find(url, STR("://"), &at))
        return STR("");
    struct str rest = str_sub(url, at + 3, url.n);
    size_t n = 0;
    while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?' && rest.p[n] != '#')
        n++;
    return str_sub(rest, 0, n);
}

static struct str replaced(struct arena *a, struct str text, struct str by)
{
    size_t at = 0;
    if (!str_find(text, STR(TENANT_MARK), &at))
        return text;
    struct str rest = str_sub(text, at + sizeof(TENANT_MARK) - 1, text.n);
    return arena_fmt(a, "%.*s%.*s%.*s", (int)at, text.p, STR_ARG(by), STR_ARG(rest));
}

static void fill_in(struct arena *a, struct identity_provider *p)
{
    struct str base = p->issuer;
    if (base.n > 0 && base.p[base.n - 1] == '/')
        base.n--;
    if (p->metadata_url.n == 0)
        p->metadata_url =
            replaced(a, arena_fmt(a, "%.*s/.well-known/openid-configuration", STR_ARG(base)),
                     STR("organizations"));
    struct str own = host_of(p->issuer), meta = host_of(p->metadata_url);
    p->hosts = arena_fmt(a, "%.*s,%.*s%s%.*s", STR_ARG(own), STR_ARG(meta),
                         p->hosts.n > 0 ? "," : "", STR_ARG(p->hosts));
    if (p->title.n == 0)
        p->title = p->name;
}

static bool check_secret_place(const struct identity_provider *p, struct err *e)
{
    if (p->secret_file.n > 0 && (str_holds(p->secret_file, '/') || p->secret_file.p[0] == '.'))
        return refuse(e, "clientSecretFile",
                      "the name of a file in the folder 'secrets' of the data folder");
    if (p->secret_variable.n > 0 && !str_starts(p->secret_variable, STR(VARIABLE_PREFIX)))
        return refuse(e, "clientSecretVariable",
                      "the name of a variable that begins with " VARIABLE_PREFIX);
    return true;
}

static bool is_url(struct str text)
{
    bool plain = str_starts(text, STR("http://127.0.0.1")) || str_starts(text, STR("http://[::1]"));
    return (str_starts(text, STR("https://")) || plain) && host_of(text).n > 0 &&
           !str_holds(text, '#') && !str_holds(text, ' ') && !str_holds(host_of(text), '@');
}

static bool check(const struct identity_provider *p, struct err *e)
{
    static const char *const ways[] = {"", "client_secret_basic", "client_secret_post",
                                       OIDC_PRIVATE_KEY_JWT, "none"};
    size_t at = 0;
    bool known = false;
    for (size_t i = 0; i < COUNTOF(ways); i++)
        known = known || str_eqz(p->client_auth, ways[i]);
    if (!str_eqz(p->groups_overage, "refuse") && !str_eqz(p->groups_overage, "ignore"))
        return refuse(e, "groupsOverage", "refuse or ignore");
    if (!is_url(p->issuer))
        return refuse(e, "issuer", "an https:// address as the provider's tokens have it");
    if (p->metadata_url.n > 0 && !is_url(p->metadata_url))
        return refuse(e, "metadataUrl", "an https:// address");
    if (!known)
        return refuse(e, "clientAuthentication",
                      "client_secret_basic, client_secret_post, private_key_jwt or none");
    if (p->sign_in && p->client_id.n == 0)
        return refuse(e, "clientId", "the id that the provider gave to this server");
    if (str_find(p->issuer, STR(TENANT_MARK), &at) && p->n_tenants == 0)
        return refuse(e, "allowedTenants",
                      "for an issuer with {tenantid}: tenants that are let in");
    if (!jwt_holds_word(p->scope, STR("openid")))
        return refuse(e, "scope", "words with 'openid' among them");
    return check_secret_place(p, e);
}

static bool read_settings(struct arena *a, struct str name, const struct json *settings,
                          struct identity_provider *out, struct err *e)
{
    size_t at = 0;
    *out = (struct identity_provider){.name = name,
                                      .enabled = true,
                                      .sign_in = true,
                                      .scope = STR("openid profile email"),
                                      .name_claim = STR("name"),
                                      .login_claim = STR("preferred_username"),
                                      .email_claim = STR("email"),
                                      .groups_overage = STR("refuse")};
    const struct json *issuer = json_get(settings, "issuer");
    struct str text = json_text(issuer, STR(""));
    out->entra = str_find(text, STR("//login.microsoftonline."), &at) ||
                 str_find(text, STR("//sts.windows.net/"), &at);
    if (!read_members(a, settings, out, e) || !check(out, e) ||
        !read_mappings(a, json_get(settings, "roles"), out, e) ||
        !read_default_roles(a, json_get(settings, "defaultRoles"), out, e))
        return false;
    fill_in(a, out);
    return true;
}

bool provider_read(struct arena *a, const struct state_provider *row, struct identity_provider *out,
                   struct err *e)
{
    struct json settings = {0};
    if (!json_parse(a, row->settings, NULL, &settings, e) ||
        !read_settings(a, row->name, &settings, out, e))
        return false;
    out->tenant = row->tenant;
    return true;
}

/* ---- keeping ---- */

static bool check_name(struct str name, struct err *e)
{
    bool good = name.n > 0 && name.n <= MAX_NAME;
    for (size_t i = 0; good && i < name.n; i++) {
        char c = name.p[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    }
    return good || err_set(e, ERR_INVALID, "name: 1 to %d of a to z, 0 to 9, '-' and '_' expected",
                           MAX_NAME);
}

/* All members but the secret, as they were given. */
static bool without_secret(struct arena *a, const struct json *settings, struct str *out,
                           struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_SETTINGS);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    for (size_t i = 0; i < settings->n; i++) {
        if (str_eqz(settings->keys[i], "clientSecret") || str_eqz(settings->keys[i], "name") ||
            str_eqz(settings->keys[i], "tenant"))
            continue;
        json_key_str(&w, settings->keys[i]);
        json_value(&w, &settings->items[i]);
    }
    json_obj_end(&w);
    if (!sbuf_ok(&b))
        return err_set(e, ERR_LIMIT, "the settings are larger than %d bytes", MAX_SETTINGS);
    *out = arena_str(a, sbuf_str(&b));
    return true;
}

static bool has_room(struct identity *id, struct arena *a, struct err *e)
{
    struct state_provider *all = NULL;
    size_t n = 0;
    if (!state_provider_list(id->state, a, &all, &n, e))
        return false;
    return n < PROVIDERS_MAX ||
           err_set(e, ERR_LIMIT, "There are %d providers, the most that there may be.",
                   PROVIDERS_MAX);
}

/* The row that there is, or room for a new one. */
static bool find_row(struct identity *id, struct arena *a, const struct identity_provider_wish *x,
                     struct state_provider *row, struct err *e)
{
    struct err missing = {0};
    struct str home = identity_tenant_key(id, x->tenant);
    if (state_provider_get(id->state, a, x->name, row, &missing))
        return str_eq(row->tenant, home) ||
               err_set(e, ERR_CONFLICT, "name: a provider of another tenant is called '%.*s'",
                       STR_ARG(x->name));
    row->tenant = home;
    if (missing.code == ERR_NOT_FOUND)
        return has_room(id, a, e);
    *e = missing;
    return false;
}

static bool keep_secret(struct identity *id, struct arena *a, const struct identity_provider *p,
                        const struct json *secret, struct state_provider *row, struct err *e)
{
    struct str text = json_text(secret, STR(""));
    bool elsewhere = p->secret_file.n > 0 || p->secret_variable.n > 0;
    if (text.n > MAX_SECRET)
        return refuse(e, "clientSecret", "a text of at most 32 KiB");
    if (elsewhere && row->tenant.n > 0)
        return err_set(e, ERR_FORBIDDEN,
                       "clientSecretFile, clientSecretVariable: only for providers of the first "
                       "tenant; give clientSecret");
    struct oidc_client_key key;
    if (text.n > 0 && str_eqz(p->client_auth, OIDC_PRIVATE_KEY_JWT) &&
        !oidc_client_key_read(a, text, &key, e)) {
        err_prefix(e, "clientSecret");
        return false;
    }
    if (secret != NULL || elsewhere)
        row->secret = text.n > 0 ? secret_seal(id, a, text) : STR("");
    return true;
}

bool identity_provider_put(struct identity *id, struct arena *a,
                           const struct identity_provider_wish *x, struct err *e)
{
    struct identity_provider p = {0};
    struct state_provider row = {.created = clock_now(id->clock)};
    if (x->settings->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "a JSON object with the provider's settings expected");
    if (!check_name(x->name, e) || !read_settings(a, x->name, x->settings, &p, e) ||
        !check_roles(id, a, x, e) || !find_row(id, a, x, &row, e) ||
        !keep_secret(id, a, &p, json_get(x->settings, "clientSecret"), &row, e))
        return false;
    row.name = x->name;
    row.enabled = p.enabled;
    row.changed = clock_now(id->clock);
    return without_secret(a, x->settings, &row.settings, e) &&
           state_provider_put(id->state, &row, e);
}

bool identity_provider_get(struct identity *id, struct arena *a, struct str name,
                           struct identity_provider *out, struct err *e)
{
    struct state_provider row = {0};
    return state_provider_get(id->state, a, name, &row, e) && provider_read(a, &row, out, e);
}

bool identity_provider_list(struct identity *id, struct arena *a, struct identity_provider **out,
                            size_t *n, struct err *e)
{
    struct state_provider *rows = NULL;
    size_t count = 0;
    if (!state_provider_list(id->state, a, &rows, &count, e))
        return false;
    struct identity_provider *all = arena_array(a, struct identity_provider, count + 1);
    for (size_t i = 0; i < count; i++)
        if (!provider_read(a, &rows[i], &all[i], e))
            return false;
    *out = all;
    *n = count;
    return true;
}

bool identity_provider_delete(struct identity *id, struct str name, bool *out_was_there,
                              struct err *e)
{
    return state_provider_delete(id->state, name, out_was_there, e);
}

/* ---- the client's secret ---- */

static bool secret_of_file(struct identity *id, struct arena *a, struct str name, struct str *out,
                           struct err *e)
{
    struct str text = STR_NONE;
    if (id->secrets_dir[0] == '\0')
        return err_set(e, ERR_INVALID, "clientSecretFile: this server has no data folder");
    struct str path = arena_fmt(a, "%s/%.*s", id->secrets_dir, STR_ARG(name));
    if (!file_read(a, arena_strz(a, path), MAX_SECRET, &text, e))
        return false;
    *out = str_trim(text);
    return true;
}

bool provider_secret(struct identity *id, struct arena *a, const struct identity_provider *p,
                     struct str *out, struct err *e)
{
    struct state_provider row = {0};
    *out = STR("");
    if (p->secret_file.n > 0)
        return secret_of_file(id, a, p->secret_file, out, e);
    if (p->secret_variable.n > 0) {
        *out = str_from(getenv(arena_strz(a, p->secret_variable)));
        return out->n > 0 ||
               err_set(e, ERR_INVALID, "the variable %.*s is not set", STR_ARG(p->secret_variable));
    }
    if (!state_provider_get(id->state, a, p->name, &row, e))
        return false;
    return row.secret.n == 0 || secret_open(id, a, row.secret, out) ||
           err_set(e, ERR_INVALID,
                   "the secret of the provider '%.*s' was kept with another token.key; set it anew",
                   STR_ARG(p->name));
}
