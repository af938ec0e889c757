/* Opening everything over a data folder, in order, and closing it in the other one. */
#include "api/api.h"
#include "api/api_priv.h"
#include "api/authors.h"
#include "api/events.h"
#include "api/portal.h"
#include "api/query_log.h"
#include "backtest/backtest.h"
#include "base/ids.h"
#include "purge/purge.h"
#include <stdio.h>

enum { MAX_PATH = 4352, THROTTLE_KEYS = 10000 };

static struct str workspace_of(struct vedette *v)
{
    struct workspace *w = store_workspace_at(v->store, 0);
    return w != NULL ? workspace_id(w) : STR("");
}

static bool first_workspace(struct vedette *v, struct err *e)
{
    char id[37];
    if (workspace_of(v).n > 0)
        return true;
    guid_format(guid_new(), id);
    return store_workspace_create(v->store, str_from(id), STR("default"), e) != NULL;
}

static bool open_store(struct vedette *v, struct err *e)
{
    const char *hosts = v->o.external_hosts;
    v->allowed = (struct http_allowed){.hosts = hosts != NULL ? str_from(hosts) : STR_NONE,
                                       .max_bytes = v->o.external_max_bytes};
    v->fetch = (struct engine_fetch){&v->allowed, http_fetch};
    struct store_options o = {.data_dir = v->o.data_dir,
                              .clock = v->o.clock,
                              .schema_dir = v->o.schema_dir,
                              .memory_bytes = v->o.memory_bytes,
                              .threads = v->o.threads,
                              .spill_max_bytes = v->o.spill_max_bytes,
                              .geoip_file = v->o.geoip_file,
                              .max_queue_bytes = v->o.max_queue_bytes,
                              .lake = v->o.lake,
                              .remote = v->o.remote,
                              .min_free_bytes = v->o.min_free_bytes,
                              .min_free_percent = v->o.min_free_percent,
                              .fetch = v->allowed.hosts.n > 0 ? &v->fetch : NULL};
    v->store = store_open(&o, e);
    return v->store != NULL && first_workspace(v, e);
}

static bool open_state(struct vedette *v, struct err *e)
{
    char path[MAX_PATH];
    snprintf(path, sizeof(path), "%s/state.db", v->o.data_dir);
    v->state = state_open(path, e);
    return v->state != NULL;
}

static bool open_identity(struct vedette *v, struct err *e)
{
    char path[MAX_PATH], secrets[MAX_PATH];
    snprintf(path, sizeof(path), "%s/token.key", v->o.data_dir);
    snprintf(secrets, sizeof(secrets), "%s/secrets", v->o.data_dir);
    const struct identity_outbound outbound = {v, issuer_call};
    struct identity_options o = {.state = v->state,
                                 .clock = v->o.clock,
                                 .store = v->store,
                                 .key_file = path,
                                 .lifetime = v->o.token_lifetime,
                                 .outbound = &outbound,
                                 .secrets_dir = secrets,
                                 .people = v->o.people};
    v->identity = identity_open(&o, e);
    if (v->identity == NULL)
        return false;
    identity_limits(v->identity, v->o.tenant_workspaces_max, v->o.tenants_max);
    identity_workspaces_open(v->identity);
    return true;
}

static void look_after(void *ctx)
{
    struct vedette *v = ctx;
    identity_workspaces_expire(v->identity);
}

static bool open_detect(struct vedette *v, struct err *e)
{
    struct arm_scope scope = {.base_url = str_from(v->o.base_url)};
    v->incidents = incidents_open(v->store, v->state, v->o.clock, &scope);
    const char *primary = v->o.correlation_primary;
    struct correlate_options co = {.store = v->store,
                                   .state = v->state,
                                   .clock = v->o.clock,
                                   .incidents = v->incidents,
                                   .enabled = v->o.correlation,
                                   .primary = str_from(primary)};
    v->correlate = correlate_open(&co);
    struct library_options lo = {v->store, v->state, v->o.clock, v->incidents, scope};
    v->library = library_open(&lo, e);
    if (v->library == NULL)
        return false;
    struct detect_options o = {.store = v->store,
                               .state = v->state,
                               .clock = v->o.clock,
                               .incidents = v->incidents,
                               .authors = authors_of(v),
                               .scope = scope,
                               .delay = v->o.rule_delay,
                               .spread = v->o.rule_spread,
                               .lateness = v->o.rule_lateness,
                               .rerun = v->o.rule_rerun,
                               .catch_up = v->o.rule_catch_up,
                               .workers = v->o.rule_workers,
                               .slow_workers = v->o.rule_slow_workers,
                               .slow_us = v->o.rule_slow_us,
                               .shared_rows = v->o.rule_shared_rows,
                               .timeout_us = v->o.rule_timeout_us,
                               .max_rules = v->o.rules_max,
                               .max_enabled_rules = v->o.rules_max_enabled,
                               .max_nrt_rules = v->o.nrt_rules_max,
                               .max_enabled_nrt_rules = v->o.nrt_rules_max_enabled,
                               .max_versions = v->o.rule_versions,
                               .max_query_chars = v->o.rule_query_chars};
    v->detect = detect_open(&o, e);
    struct summaries_options so = {v->store,     v->state, v->o.clock, scope, v->o.rule_timeout_us,
                                   authors_of(v)};
    v->summaries = summaries_open(&so);
    struct jobs_options jo = {v->store,     v->state,         v->o.clock,
                              scope,        v->o.job_workers, v->o.job_timeout_us,
                              authors_of(v)};
    v->jobs = jobs_open(&jo);
    struct backtests_options bo = {.store = v->store,
                                   .state = v->state,
                                   .detect = v->detect,
                                   .clock = v->o.clock,
                                   .scope = scope,
                                   .delay = v->o.rule_delay,
                                   .timeout_us = v->o.rule_timeout_us,
                                   .lateness = v->o.rule_lateness,
                                   .kept = v->o.backtests_kept,
                                   .kept_bytes = v->o.backtests_kept_bytes};
    v->backtests = backtests_open(&bo);
    v->cases = (struct cases){v->state, v->o.clock, v->incidents, v->o.attachment_max_bytes,
                              v->o.attachments_max_bytes};
    struct health_options ho = {.store = v->store,
                                .state = v->state,
                                .clock = v->o.clock,
                                .incidents = v->incidents,
                                .scope = scope,
                                .silence = v->o.silence,
                                .also = look_after,
                                .ctx = v};
    v->health = health_open(&ho);
    struct purge_options po = {v->store, v->state, v->o.clock, v->incidents};
    purge_resume(&po);
    return v->detect != NULL && health_load_caps(v->health, e);
}

static struct http_router *make_router(struct vedette *v, size_t body_bytes)
{
    const struct http_routes families[] = {
        {health_routes, n_health_routes, v, false},
        {oauth_routes, n_oauth_routes, v, false},
        {credential_routes, n_credential_routes, v, false},
        {provider_routes, n_provider_routes, v, false},
        {sso_routes, n_sso_routes, v, false},
        {ingest_routes, n_ingest_routes, v, false},
        {query_routes, n_query_routes, v, true},
        {batch_routes, n_batch_routes, v, true},
        {metadata_routes, n_metadata_routes, v, false},
        {incident_routes, n_incident_routes, v, false},
        {incident_part_routes, n_incident_part_routes, v, false},
        {bookmark_routes, n_bookmark_routes, v, false},
        {entity_routes, n_entity_routes, v, false},
        {insight_routes, n_insight_routes, v, true},
        {investigate_routes, n_investigate_routes, v, false},
        {correlation_routes, n_correlation_routes, v, false},
        {case_routes, n_case_routes, v, false},
        {rule_routes, n_rule_routes, v, false},
        {rule_part_routes, n_rule_part_routes, v, false},
        {coverage_routes, n_coverage_routes, v, false},
        {entity_search_routes, n_entity_search_routes, v, false},
        {table_routes, n_table_routes, v, false},
        {own_routes, n_own_routes, v, false},
        {explain_routes, n_explain_routes, v, false},
        {lake_routes, n_lake_routes, v, false},
        {kusto_routes, n_kusto_routes, v, true},
        {saved_routes, n_saved_routes, v, false},
        {watchlist_routes, n_watchlist_routes, v, false},
        {collector_routes, n_collector_routes, v, false},
        {backup_routes, n_backup_routes, v, true},
        {server_routes, n_server_routes, v, HTTP_SHORT},
        {rule_test_routes, n_rule_test_routes, v, HTTP_LONG},
        {purge_routes, n_purge_routes, v, true},
        {workspace_routes, n_workspace_routes, v, false},
        {tenant_routes, n_tenant_routes, v, false},
        {multi_routes, n_multi_routes, v, HTTP_LONG},
        {subscription_routes, n_subscription_routes, v, false},
        {otlp_routes, n_otlp_routes, v, false},
        {summary_routes, n_summary_routes, v, false},
        {dcr_routes, n_dcr_routes, v, false},
        {job_routes, n_job_routes, v, false},
        {backtest_routes, n_backtest_routes, v, false},
        {session_routes, n_session_routes, v, HTTP_SHORT},
        {sign_in_routes, n_sign_in_routes, v, HTTP_COSTLY},
        {account_routes, n_account_routes, v, HTTP_SHORT},
        {preference_routes, n_preference_routes, v, HTTP_SHORT},
        {assignable_routes, n_assignable_routes, v, false},
        {user_routes, n_user_routes, v, HTTP_SHORT},
        {user_password_routes, n_user_password_routes, v, HTTP_COSTLY},
        {portal_routes, n_portal_routes, v, false},
        {role_routes, n_role_routes, v, false},
        {assignment_routes, n_assignment_routes, v, false},
        {openapi_routes, n_openapi_routes, v, false},
        {event_routes, n_event_routes, v, false},
        {diagnostic_routes, n_diagnostic_routes, v, false},
    };
    struct http_app app = {v, api_authorise, rates_admit, api_fail, api_observe};
    return http_router_new(families, COUNTOF(families), &app, body_bytes, v->throttle);
}

static void open_router(struct vedette *v)
{
    double rate = v->o.requests_per_second;
    double burst = v->o.requests_burst > 0 ? v->o.requests_burst : rate * 2;
    v->throttle = throttle_new(rate, burst, THROTTLE_KEYS);
    v->rates = rates_new(&v->o.rates);
    /* The ingestion route's limit is the one that is set; others that matter say their own. */
    v->router = make_router(v, ingest_limits(v->ingest)->max_body_bytes);
}

bool vedette_openapi(struct arena *a, struct sbuf *out, struct err *e)
{
    struct vedette v = {0};
    v.router = make_router(&v, 0);
    bool ok = api_openapi(v.router, a, out, e);
    http_router_free(v.router);
    return ok;
}

static void set_defaults(struct vedette *v, const struct vedette_options *o)
{
    v->o = *o;
    v->o.requests_per_second = o->requests_per_second > 0 ? o->requests_per_second : 200;
    v->o.query_max_rows = o->query_max_rows != 0 ? o->query_max_rows : 500000;
    v->o.query_max_bytes = o->query_max_bytes != 0 ? o->query_max_bytes : 64000000;
    v->o.query_timeout_us = o->query_timeout_us != 0 ? o->query_timeout_us : 180000000;
    v->o.query_max_timeout_us = o->query_max_timeout_us != 0 ? o->query_max_timeout_us : 600000000;
}

static void open_rules(struct vedette *v)
{
    struct dcrs_options d = {.store = v->store,
                             .state = v->state,
                             .clock = v->o.clock,
                             .requests = v->ingest,
                             .incidents = v->incidents,
                             .base_url = v->o.base_url};
    struct ingest *const ways[] = {v->ingest, v->import, v->collector, v->otlp};
    v->dcrs = dcrs_open(&d);
    for (size_t i = 0; i < COUNTOF(ways); i++)
        dcr_guard(v->dcrs, ways[i]);
}

struct vedette *vedette_open(const struct vedette_options *o, struct err *e)
{
    struct vedette *v = xcalloc(1, sizeof(*v));
    v->lock.fd = -1;
    lock_init(&v->topics_lock, "topics");
    lock_init(&v->tls_lock, "tls");
    v->certificate = sbuf_make(0);
    v->started = clock_mono_us();
    v->sign_ins = sign_ins_new();
    v->shares = shares_new();
    set_defaults(v, o);
    if (!data_dir_take(o->data_dir, &v->lock, e) || !open_store(v, e) || !open_state(v, e) ||
        !open_identity(v, e) || !open_detect(v, e) ||
        (v->query_log = query_log_open(v, o->query_audit_bytes, e)) == NULL) {
        vedette_close(v);
        return NULL;
    }
    struct ingest_options in = {v->store, v->o.clock, v->o.ingest};
    v->ingest = ingest_open(&in);
    struct ingest_options files = {v->store, v->o.clock, {.max_body_bytes = IMPORT_BYTES + 1024}};
    files.limits.max_records = SIZE_MAX;
    files.limits.max_record_bytes = IMPORT_BYTES;
    v->import = ingest_open(&files);
    struct ingest_options collected = in;
    collected.limits.max_body_bytes = (size_t)30 << 20;
    collected.limits.max_field_bytes = (size_t)32 << 10;
    collected.limits.max_record_bytes = 0;
    v->collector = ingest_open(&collected);
    struct ingest_options otlp = in;
    otlp.limits.max_body_bytes = (size_t)64 << 20; /* each record has its resource */
    v->otlp = ingest_open(&otlp);
    open_rules(v);
    if (o->portal)
        v->portal = portal_load();
    open_router(v);
    struct events_limits el = {v->o.event_streams, v->o.event_streams_each};
    v->events = events_open(v, &el);
    return v;
}

void vedette_close(struct vedette *v)
{
    if (v == NULL)
        return;
    events_stop(v->events);
    query_log_free(v->query_log);
    if (v->router != NULL)
        http_router_free(v->router);
    if (v->throttle != NULL)
        throttle_free(v->throttle);
    rates_free(v->rates);
    sign_ins_free(v->sign_ins);
    shares_free(v->shares);
    portal_free(v->portal);
    dcrs_close(v->dcrs);
    health_close(v->health);
    backtests_close(v->backtests);
    jobs_close(v->jobs);
    summaries_close(v->summaries);
    detect_close(v->detect);
    correlate_close(v->correlate);
    library_close(v->library);
    incidents_close(v->incidents);
    if (v->ingest != NULL)
        ingest_close(v->ingest);
    if (v->import != NULL)
        ingest_close(v->import);
    if (v->collector != NULL)
        ingest_close(v->collector);
    if (v->otlp != NULL)
        ingest_close(v->otlp);
    identity_close(v->identity);
    if (v->store != NULL)
        store_close(v->store);
    events_free(v->events);
    state_close(v->state);
    data_dir_release(&v->lock);
    lock_fini(&v->topics_lock);
    lock_fini(&v->tls_lock);
    sbuf_fini(&v->certificate);
    xfree(v);
}

struct http_router *vedette_router(struct vedette *v)
{
    return v->router;
}

struct store *vedette_store(struct vedette *v)
{
    return v->store;
}

struct detect *vedette_detect(struct vedette *v)
{
    return v->detect;
}

struct correlate *vedette_correlate(struct vedette *v)
{
    return v->correlate;
}

struct summaries *vedette_summaries(struct vedette *v)
{
    return v->summaries;
}

struct jobs *vedette_jobs(struct vedette *v)
{
    return v->jobs;
}

struct health *vedette_health(struct vedette *v)
{
    return v->health;
}

struct identity *vedette_identity(struct vedette *v)
{
    return v->identity;
}

struct ingest *vedette_ingest(struct vedette *v)
{
    return v->ingest;
}

struct ingest *vedette_import(struct vedette *v)
{
    return v->import;
}

struct state *vedette_state(struct vedette *v)
{
    return v->state;
}

void vedette_watch_topics(struct vedette *v, struct topics *t)
{
    lock_take(&v->topics_lock);
    v->topics = t;
    lock_drop(&v->topics_lock);
}

void vedette_watch_buckets(struct vedette *v, struct buckets *b)
{
    lock_take(&v->topics_lock);
    v->buckets = b;
    lock_drop(&v->topics_lock);
}

void vedette_watch_files(struct vedette *v, struct tail *t)
{
    atomic_store(&v->files, t);
}

void vedette_watch_syslog(struct vedette *v, struct ingest_listener *const *all, size_t n)
{
    lock_take(&v->topics_lock);
    v->syslog = all;
    v->n_syslog = n;
    lock_drop(&v->topics_lock);
}

void vedette_watch(struct vedette *v, struct http_server *server)
{
    atomic_store(&v->server, server);
}

void vedette_draining(struct vedette *v, bool yes)
{
    atomic_store(&v->draining, yes);
    if (yes)
        events_stop(v->events);
}

bool vedette_call(struct vedette *v, const char *method, const char *target,
                  const char *content_type, struct str body, int *out_status, struct sbuf *out,
                  struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct http_pair headers[] = {
        {STR("Authorization"),
         arena_fmt(a, "Bearer %.*s", STR_ARG(identity_operator_token(v->identity)))},
        {STR("Content-Type"), str_from(content_type != NULL ? content_type : "application/json")},
    };
    struct http_request q = {.arena = a,
                             .method = http_method_parse(str_from(method)),
                             .headers = headers,
                             .n_headers = COUNTOF(headers),
                             .body = body,
                             .remote = STR("local")};
    guid_format(guid_new(), q.id);
    if (!http_request_target(&q, str_from(target), e))
        return false;
    struct http_response r = http_response_make(0);
    http_dispatch(v->router, &q, &r);
    *out_status = r.status;
    sbuf_add(out, sbuf_str(&r.body));
    http_response_fini(&r);
    return true;
}
