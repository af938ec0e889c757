/* What people and programs changed through the API, and who signed in, as rows of SentinelAudit.
 * The operation's name is made of the route, as Azure makes its own: for
 * PUT …/providers/Microsoft.OperationalInsights/workspaces/{workspace}/tables/{table} it is
 * Microsoft.OperationalInsights/workspaces/tables/Write. */
#include "api/api_priv.h"
#include "audit/audit.h"
#include "text/json.h"

enum { MAX_SIGN_IN_NAMES = 256, MAX_NAME = 128 };
#define SIGN_IN_PAUSE TICKS_PER_MINUTE

/* Rights of what is told elsewhere: records that come in, and what writes rows with more in them.
 */
static const char *const told_elsewhere[] = {
    "logs/write",       "logs/import",     RIGHT_SHARED_KEY, "rules/write", "functions/write",
    "watchlists/write", "incidents/write", "purge/write",    "clock/write", "delegations/write"};

/* Routes of these rights of which nobody else tells. */
static const char *const told_here[] = {"/actions/", "/ruleTemplates",
                                        "/securityMLAnalyticsSettings", "/triggerRuleRun",
                                        "/rules/{rule}/run"};

static bool is_change(const char *right)
{
    return str_ends(str_from(right), STR("/write")) || str_ends(str_from(right), STR("/delete")) ||
           strcmp(right, RIGHT_ONESELF) == 0;
}

static bool is_told_here(const char *pattern)
{
    for (size_t i = 0; i < COUNTOF(told_here); i++)
        if (strstr(pattern, told_here[i]) != NULL)
            return true;
    return false;
}

/* What concerns nobody but the person, and changes with each column that is drawn wider, or with
 * each pause of somebody who writes a query. */
static bool is_taste(const struct http_request *q)
{
    if (strstr(q->route->pattern, "/preferences/{key}") == NULL || q->n_params == 0)
        return false;
    struct str key = http_param(q, "key");
    static const char *const tastes[] = {"appearance", "columns", "hunting"};
    for (size_t i = 0; i < COUNTOF(tastes); i++)
        if (str_starts(key, str_from(tastes[i])))
            return true;
    return false;
}

/* A refusal of a right is told of all but those whose clients are many and repeat themselves. */
static bool is_told(const struct http_request *q, int status)
{
    const char *right = q->route->access;
    bool refused = status == 403, done = status >= 200 && status < 300;
    if (q->method == HTTP_GET || q->method == HTTP_HEAD || right == NULL || q->principal == NULL ||
        !(refused || done) || !is_change(right))
        return false;
    if (is_taste(q))
        return false;
    if (is_told_here(q->route->pattern))
        return true;
    for (size_t i = 0; i < COUNTOF(told_elsewhere); i++)
        if (strcmp(told_elsewhere[i], right) == 0)
            return refused && i > 2;
    return true;
}

static const char *operation_of(struct arena *a, const struct http_request *q,
                                const struct api_words *x)
{
    if (q->method == HTTP_POST)
        return arena_strz(a, arena_fmt(a, "%.*s%s%.*s/Action", STR_ARG(x->types),
                                       x->action.n > 0 ? "/" : "", STR_ARG(x->action)));
    return arena_strz(a, arena_fmt(a, "%.*s/%s", STR_ARG(x->types),
                                   q->method == HTTP_DELETE ? "Delete" : "Write"));
}

static struct str details(struct arena *a, const struct http_request *q, int status)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(64 << 10);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    json_kv_str(&o, "Uri", q->path);
    json_kv_z(&o, "Method", http_method_name(q->method));
    json_kv_int(&o, "StatusCode", status);
    json_kv_z(&o, "RequestId", q->id);
    json_obj_end(&o);
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : STR("");
}

/* ---- rows ---- */

void changes_put(struct vedette *v, struct workspace *w, const struct audit_entry *x)
{
    struct err e = {0};
    if (audit_put(v->incidents, w, clock_now(v->o.clock), x, &e) &&
        incidents_flush(v->incidents, &e))
        return;
    LOG(LOG_WARN, "audit", "a change could not be written to SentinelAudit",
        log_z("operation", x->operation), log_s("caller", x->caller), log_z("reason", e.msg));
}

static struct str reason_of(struct arena *a, const char *right)
{
    if (strcmp(right, RIGHT_ONESELF) == 0)
        return STR("The person could not prove who they are, or it is not for such a caller.");
    return arena_fmt(a, "No role gives '%s'.", right);
}

void changes_observe(struct vedette *v, const struct http_request *q, int status)
{
    if (q->route == NULL || !is_told(q, status))
        return;
    struct arena *a = q->arena;
    struct api_words words = api_route_words(a, q->route);
    struct workspace *w = api_workspace_named(q, api_path_part(v, q, STR("workspace")),
                                              api_path_part(v, q, STR("subscription")));
    struct str name = words.parameter.n > 0 ? api_path_part(v, q, words.parameter) : words.type;
    w = w != NULL ? w : api_home_workspace(v, api_caller(q));
    if (w == NULL)
        return;
    const struct audit_entry x = {
        .operation = operation_of(a, q, &words),
        .resource_id = q->path,
        .resource_name = name,
        .resource_type = words.type,
        .display_name = name,
        .failed = status >= 300,
        .description = status >= 300 ? STR("The caller lacks the right.") : STR("Changed."),
        .reason = status >= 300 ? reason_of(a, q->route->access) : STR(""),
        .caller = api_caller(q)->name,
        .address = q->remote,
        .more = details(a, q, status)};
    changes_put(v, w, &x);
}

/* ---- sign-ins ---- */

struct sign_ins {
    struct lock lock;
    struct {
        uint64_t who;  /* hash of client id and address */
        int64_t since; /* ticks of the last row */
        int64_t more;  /* refusals since then */
    } refused[MAX_SIGN_IN_NAMES];
};

struct sign_ins *sign_ins_new(void)
{
    struct sign_ins *s = xcalloc(1, sizeof(*s));
    lock_init(&s->lock, "sign-ins");
    return s;
}

void sign_ins_free(struct sign_ins *s)
{
    if (s == NULL)
        return;
    lock_fini(&s->lock);
    xfree(s);
}

/* Guessing is told once a minute for each client id and address, with the number of refusals that
 * were not told. false: not now. */
static bool tell_refusal(struct sign_ins *s, uint64_t who, int64_t now, int64_t *out_more)
{
    bool tell = true;
    lock_take(&s->lock);
    size_t at = who % MAX_SIGN_IN_NAMES;
    bool same = s->refused[at].who == who;
    if (same && now - s->refused[at].since < SIGN_IN_PAUSE && now >= s->refused[at].since) {
        s->refused[at].more++;
        tell = false;
    } else {
        *out_more = same ? s->refused[at].more : 0;
        s->refused[at].who = who;
        s->refused[at].since = now;
        s->refused[at].more = 0;
    }
    lock_drop(&s->lock);
    return tell;
}

bool refusal_is_told(struct vedette *v, uint64_t who, int64_t *out_more)
{
    return tell_refusal(v->sign_ins, who, clock_now(v->o.clock), out_more);
}

/* The primary workspace of the tenant that the application belongs to; of the first one, where
 * there is no such application. */
static struct workspace *home_of(struct vedette *v, struct arena *a, struct str client_id)
{
    struct state_principal p = {0};
    struct err ignored = {0};
    bool found = state_principal_get(v->state, a, client_id, &p, &ignored);
    return identity_primary(v->identity,
                            found && p.tenant.n > 0 ? p.tenant : identity_tenant(v->identity));
}

void sign_ins_observe(struct vedette *v, const struct http_request *q, struct str client_id,
                      struct str name, struct str audience)
{
    bool refused = name.p == NULL;
    struct workspace *w = home_of(v, q->arena, client_id);
    struct arena *a = q->arena;
    int64_t more = 0;
    client_id = str_sub(client_id, 0, client_id.n < MAX_NAME ? client_id.n : MAX_NAME);
    uint64_t who = str_hash(arena_fmt(a, "%.*s\n%.*s", STR_ARG(client_id), STR_ARG(q->remote)));
    if (w == NULL || (refused && !tell_refusal(v->sign_ins, who, clock_now(v->o.clock), &more)))
        return;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(64 << 10);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    json_kv_str(&o, "AppId", client_id);
    json_kv_str(&o, "Audience",
                str_sub(audience, 0, audience.n < MAX_NAME ? audience.n : MAX_NAME));
    if (refused)
        json_kv_int(&o, "RefusalsNotTold", more);
    json_obj_end(&o);
    const struct audit_entry x = {
        .operation = "Vedette/signIn/Action",
        .resource_name = client_id,
        .resource_type = STR("Application"),
        .display_name = refused ? client_id : name,
        .failed = refused,
        .description = refused ? STR("Sign-in was refused.") : STR("An application signed in."),
        .reason = refused ? STR("Invalid client id or client secret.") : STR(""),
        .caller = refused ? client_id : name,
        .address = q->remote,
        .more = arena_str(a, sbuf_str(&b))};
    changes_put(v, w, &x);
}

void sso_observe(struct vedette *v, const struct http_request *q, const struct sso_event *s)
{
    struct workspace *w = store_workspace_at(v->store, 0);
    struct arena *a = q->arena;
    int64_t more = 0;
    struct str provider = str_sub(s->provider, 0, MAX_NAME);
    bool failed = s->reason != NULL;
    uint64_t from = str_hash(arena_fmt(a, "sso %.*s\n%.*s", STR_ARG(provider), STR_ARG(q->remote)));
    if (w == NULL || (failed && !tell_refusal(v->sign_ins, from, clock_now(v->o.clock), &more)))
        return;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(64 << 10);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    json_kv_str(&o, "IdentityProvider", provider);
    if (failed)
        json_kv_int(&o, "RefusalsNotTold", more);
    if (s->groups_missing)
        json_kv_bool(&o, "GroupsMissing", true);
    if (s->sign_out && !failed)
        json_kv_int(&o, "Sessions", s->sessions);
    json_obj_end(&o);
    const struct audit_entry x = {.operation = s->sign_out ? "Vedette/signOut/Action"
                                                           : "Vedette/signIn/Action",
                                  .resource_name = provider,
                                  .resource_type = STR("IdentityProvider"),
                                  .display_name = s->who.n > 0 ? s->who : provider,
                                  .failed = failed,
                                  .description = str_from(s->description),
                                  .reason = failed ? str_from(s->reason->msg) : STR(""),
                                  .caller = s->who,
                                  .address = q->remote,
                                  .more = arena_str(a, sbuf_str(&b))};
    changes_put(v, w, &x);
}
