/* Starting and stopping a server over a data folder. */
#include "cli/serve.h"
#include "cli/files.h"
#include "text/date.h"
#include "text/json.h"
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct clock *make_clock(const struct settings *set)
{
    int64_t start = 0;
    if (set->clock[0] == '\0')
        return clock_new_system();
    CHECK(date_parse_iso(str_from(set->clock), &start)); /* checked with the settings */
    return clock_new_manual(start);
}

static struct rate_limits rates_of(const struct settings *set)
{
    return (struct rate_limits){.per_second = {[RATE_QUERY] = (double)set->queries_per_second,
                                               [RATE_WRITE] = (double)set->writes_per_second,
                                               [RATE_SIGN_IN] = (double)set->sign_ins_per_second},
                                .burst = {[RATE_QUERY] = (double)set->queries_burst,
                                          [RATE_WRITE] = (double)set->writes_burst,
                                          [RATE_SIGN_IN] = (double)set->sign_ins_burst}};
}

static unsigned failures_of(int64_t setting)
{
    return setting > 0 && setting < INT_MAX ? (unsigned)setting : INT_MAX;
}

static struct identity_people people_of(const struct settings *set)
{
    return (struct identity_people){.password_memory = (size_t)set->password_memory,
                                    .password_passes = (unsigned)set->password_passes,
                                    .session_idle = set->session_idle > 0 ? set->session_idle
                                                                          : set->session_lifetime,
                                    .session_lifetime = set->session_lifetime,
                                    .lockout_failures = failures_of(set->lockout_failures),
                                    .lockout_address = failures_of(set->lockout_address_failures),
                                    .lockout_window = set->lockout_window,
                                    .lockout_delay = set->lockout_delay,
                                    .api_key_lifetime = set->api_key_lifetime,
                                    .second_factor = strcmp(set->second_factor, "required") == 0,
                                    .proof_lifetime = set->proof_lifetime,
                                    .preferences_max = set->preferences_max,
                                    .preference_bytes = set->preference_bytes};
}

static struct vedette *open_all(struct serving *s, const struct settings *set, struct err *e)
{
    struct health_silence *silence = NULL;
    size_t n_silence = 0;
    if (!settings_silence(set->silence_sources, set->a, &silence, &n_silence, e))
        return NULL;
    struct vedette_options o = {
        .data_dir = set->data,
        .silence = {set->silence_min, set->silence_max, silence, n_silence},
        .clock = s->clock,
        .base_url = s->url,
        .identity_ca_file = set->identity_ca,
        .memory_bytes = (size_t)set->memory,
        .threads = (unsigned)set->threads,
        .max_queue_bytes = (size_t)set->max_queue,
        .lake = {.seal_rows = set->seal_rows,
                 .seal_bytes = set->seal_bytes,
                 .seal_age_us = set->seal_age / TICKS_PER_US,
                 .retention_days = set->retention / TICKS_PER_DAY,
                 .shred_paths = set->shred_paths == 0
                                    ? -1
                                    : (int)(set->shred_paths < 128 ? set->shred_paths : 128),
                 .no_term_index = !set->term_index,
                 .index_memory = (size_t)set->term_index_memory,
                 .dir = set->lake_dir},
        .remote = {.url = set->lake_store,
                   .endpoint = set->lake_store_endpoint,
                   .region = set->lake_store_region,
                   .ca_file = set->lake_store_ca,
                   .virtual_host = set->lake_store_virtual_host,
                   .keys_file = set->lake_store_keys_file,
                   .profile = set->lake_store_profile,
                   .cache_bytes = set->lake_cache,
                   .fetch_bytes = set->lake_fetch_max,
                   .connections = (unsigned)set->lake_store_connections},
        .min_free_bytes = (uint64_t)set->min_free,
        .min_free_percent = (unsigned)set->min_free_percent,
        .query_audit_bytes = (size_t)set->query_audit_queue,
        .event_streams = (size_t)set->event_streams,
        .event_streams_each = (size_t)set->event_streams_each,
        .external_hosts = set->external_hosts,
        .external_max_bytes = (size_t)set->external_max,
        .ingest = {.max_body_bytes = (size_t)set->max_body,
                   .max_records = (size_t)set->max_records,
                   .max_depth = (size_t)set->max_depth,
                   .max_field_bytes = (size_t)set->max_field,
                   .max_past = set->max_past,
                   .max_future = set->max_future,
                   .transform_us = set->transform_timeout / TICKS_PER_US,
                   .transform_memory_bytes = (size_t)set->transform_memory},
        .rule_delay = set->rule_delay,
        /* Whoever moves the clock by hand wants to know when a rule runs. */
        .rule_spread = clock_is_manual(s->clock) ? 0 : set->rule_spread,
        .rule_lateness = set->rule_lateness,
        .rule_rerun = set->rule_rerun,
        .rule_catch_up = set->rule_catch_up > 0 ? set->rule_catch_up : -1,
        .rule_workers = (unsigned)set->rule_workers,
        .rule_slow_workers = (unsigned)set->rule_slow_workers,
        .rule_slow_us = set->rule_slow / TICKS_PER_US,
        .rule_shared_rows = set->rule_shared_rows > 0 ? set->rule_shared_rows : -1,
        .correlation = set->correlation,
        .correlation_primary = set->correlation_primary,
        .query_workers = (unsigned)set->query_workers,
        .tenants_max = set->tenants_max,
        .tenant_workspaces_max = set->tenant_workspaces_max,
        .job_workers = (unsigned)set->job_workers,
        .job_timeout_us = set->job_timeout / TICKS_PER_US,
        .rules_max = (size_t)set->rules_max,
        .rules_max_enabled = (size_t)set->rules_max_enabled,
        .nrt_rules_max = (size_t)set->nrt_rules_max,
        .nrt_rules_max_enabled = (size_t)set->nrt_rules_max_enabled,
        .rule_versions = (size_t)set->rule_versions,
        .rule_query_chars = (size_t)set->rule_query_chars,
        .rule_timeout_us = set->rule_timeout / TICKS_PER_US,
        .backtests_kept = set->backtests_kept,
        .backtests_kept_bytes = set->backtests_bytes,
        .rule_test_timeout_us = set->rule_test_timeout / TICKS_PER_US,
        .attachment_max_bytes = (size_t)set->attachment_max,
        .attachments_max_bytes = (size_t)set->attachments_max,
        .requests_per_second = (double)set->requests_per_second,
        .requests_burst = (double)set->requests_burst,
        .rates = rates_of(set),
        .people = people_of(set),
        .token_lifetime = set->token_lifetime,
        .query_max_rows = (size_t)set->query_max_rows,
        .query_max_bytes = (size_t)set->query_max_bytes,
        .query_memory_bytes = (size_t)set->query_memory,
        .query_timeout_us = set->query_timeout / TICKS_PER_US,
        .query_max_timeout_us = set->query_max_timeout / TICKS_PER_US,
        .query_size = {(size_t)set->query_max_operators, (size_t)set->query_max_depth,
                       (size_t)set->query_max_union},
        .spill_max_bytes = (size_t)set->spill_max,
        .metrics_open = set->metrics_open,
        .portal = set->portal,
        .geoip_file = set->geoip_file,
    };
    return vedette_open(&o, e);
}

static bool add_listener(struct http_server_options *o, const char *address, bool tls,
                         char host[256], struct err *e)
{
    uint16_t port = 0;
    if (address[0] == '\0')
        return true;
    if (!settings_address(address, host, 256, &port))
        return err_set(e, ERR_INVALID, "'%s' is not an address", address);
    o->listen[o->n_listen++] = (struct http_listener){host, port, tls};
    return true;
}

static bool load_tls(struct serving *s, const struct settings *set, struct sbuf *cert,
                     struct sbuf *key, struct err *e)
{
    char data[PATH_MAX];
    bool renewed = false, own = set->tls_cert[0] != '\0';
    if (set->listen[0] == '\0')
        return true;
    if (realpath(set->data, data) == NULL) /* clients look from folders of their own */
        return err_errno(e, "can't resolve", set->data);
    snprintf(s->tls_dir, sizeof(s->tls_dir), "%.4000s/tls", data);
    s->tls = (struct http_tls_files){.dir = s->tls_dir,
                                     .cert_file = own ? set->tls_cert : NULL,
                                     .key_file = own ? set->tls_key : NULL,
                                     .extra_name = set->tls_name[0] != '\0' ? set->tls_name : NULL};
    if (!http_tls_load(&s->tls, cert, key, &renewed, e))
        return false;
    if (!own)
        snprintf(s->ca_file, sizeof(s->ca_file), "%s/ca.pem", s->tls_dir);
    if (renewed)
        LOG(LOG_INFO, "serve", "server certificate made", log_z("folder", s->tls_dir));
    return true;
}

enum { MAX_CA = 1 << 20 };

struct syslog_starting {
    struct serving *s;
    const struct settings *set;
    struct arena *a;
    struct ingest_listener_options o; /* of all of them */
};

static bool prepare_syslog(struct syslog_starting *x, struct str cert, struct str key,
                           struct err *e)
{
    const struct settings *set = x->set;
    struct str ca = STR("");
    struct ip_net *networks = NULL;
    x->o = (struct ingest_listener_options){
        .ingest = vedette_ingest(x->s->v),
        .received_time = set->syslog_received_time,
        .net = {.cert_pem = cert,
                .key_pem = key,
                .max_message = (size_t)set->syslog_max_message,
                .max_connections = (size_t)set->syslog_connections,
                .clock = x->s->clock},
    };
    if (!settings_networks(set->syslog_networks, x->a, &networks, &x->o.net.n_networks, e) ||
        (set->syslog_tls_ca[0] != '\0' && !file_read(x->a, set->syslog_tls_ca, MAX_CA, &ca, e)))
        return false;
    CHECK(settings_utc_offset(set->syslog_utc_offset, &x->o.utc_offset));
    x->o.net.networks = networks;
    x->o.net.client_ca_pem = ca;
    return true;
}

static void add_socket(struct arena *a, struct net_options *net, const char *address,
                       enum net_transport t)
{
    enum { HOST = 256 };
    struct net_listener *l = &net->listen[net->n_listen++];
    char *host = arena_alloc(a, HOST);
    CHECK(settings_address(address, host, HOST, &l->port));
    l->address = host;
    l->transport = t;
}

static bool start_syslog(struct syslog_starting *x, const struct ingest_listener_options *o,
                         struct err *e)
{
    struct serving *s = x->s;
    struct ingest_listener *l = ingest_listener_start(o, e);
    if (l == NULL)
        return false;
    s->syslog[s->n_syslog++] = l;
    for (size_t i = 0; i < o->net.n_listen; i++)
        LOG(LOG_INFO, "serve", "listening for syslog", log_z("address", o->net.listen[i].address),
            log_i("port", ingest_listener_port(l, i)),
            log_z("over", net_transport_name(o->net.listen[i].transport)),
            log_s("workspace", workspace_name(o->workspace)));
    return true;
}

/* The sockets that settings of their own name: of the first workspace. */
static bool listen_first(struct syslog_starting *x, struct err *e)
{
    const char *const addresses[NET_TRANSPORTS] = {[NET_UDP] = x->set->syslog_udp,
                                                   [NET_TCP] = x->set->syslog_tcp,
                                                   [NET_TLS] = x->set->syslog_tls};
    struct ingest_listener_options o = x->o;
    o.workspace = store_workspace_at(vedette_store(x->s->v), 0);
    for (int t = 0; t < NET_TRANSPORTS; t++)
        if (addresses[t][0] != '\0')
            add_socket(x->a, &o.net, addresses[t], (enum net_transport)t);
    if (o.net.n_listen == 0)
        return true;
    if (!start_syslog(x, &o, e))
        return false;
    for (size_t i = 0; i < o.net.n_listen; i++)
        x->s->syslog_ports[o.net.listen[i].transport] = ingest_listener_port(x->s->syslog[0], i);
    return true;
}

static bool listen_more(struct syslog_starting *x, size_t i, struct err *e)
{
    const struct syslog_socket *k = &x->set->syslog_listeners[i];
    struct store *store = vedette_store(x->s->v);
    struct ingest_listener_options o = x->o;
    o.workspace = k->workspace == NULL ? store_workspace_at(store, 0)
                                       : store_workspace_find(store, str_from(k->workspace));
    if (o.workspace == NULL)
        return err_set(e, ERR_NOT_FOUND, "syslog_listeners: '%.*s': there is no workspace '%s'",
                       STR_ARG(k->name), k->workspace);
    add_socket(x->a, &o.net, k->address, k->transport);
    if (start_syslog(x, &o, e)) {
        x->s->listener_ports[i] = ingest_listener_port(x->s->syslog[x->s->n_syslog - 1], 0);
        return true;
    }
    err_prefix(e, "syslog_listeners: '%.*s'", STR_ARG(k->name));
    return false;
}

static bool listen_syslog(struct serving *s, const struct settings *set, struct str cert,
                          struct str key, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct syslog_starting x = {.s = s, .set = set, .a = a};
    bool ok = prepare_syslog(&x, cert, key, e) && listen_first(&x, e);
    for (size_t i = 0; ok && i < set->n_syslog_listeners; i++)
        ok = listen_more(&x, i, e);
    vedette_watch_syslog(s->v, s->syslog, s->n_syslog);
    return ok;
}

static bool read_topics(struct serving *s, const struct settings *set, struct err *e)
{
    struct topics_options o = {.ingest = vedette_ingest(s->v),
                               .store = vedette_store(s->v),
                               .state = vedette_state(s->v),
                               .clock = s->clock,
                               .sources = set->kafka,
                               .n_sources = set->n_kafka};
    if (set->n_kafka == 0)
        return true;
    s->topics = topics_start(&o, e);
    if (s->topics == NULL)
        return false;
    vedette_watch_topics(s->v, s->topics);
    return true;
}

static bool read_files(struct serving *s, const struct settings *set, struct err *e)
{
    struct tail_options o = {.ingest = vedette_import(s->v),
                             .store = vedette_store(s->v),
                             .state = vedette_state(s->v),
                             .sources = set->sources,
                             .n_sources = set->n_sources,
                             .poll_us = set->sources_poll / TICKS_PER_US};
    if (set->n_sources == 0)
        return true;
    s->files = tail_start(&o, e);
    if (s->files == NULL)
        return false;
    vedette_watch_files(s->v, s->files);
    return true;
}

static bool read_buckets(struct serving *s, const struct settings *set, struct err *e)
{
    struct buckets_options o = {.ingest = vedette_import(s->v),
                                .store = vedette_store(s->v),
                                .state = vedette_state(s->v),
                                .health = vedette_health(s->v),
                                .clock = s->clock,
                                .folder = set->data,
                                .sources = set->buckets,
                                .n_sources = set->n_buckets};
    if (set->n_buckets == 0)
        return true;
    s->buckets = buckets_start(&o, e);
    if (s->buckets == NULL)
        return false;
    vedette_watch_buckets(s->v, s->buckets);
    return true;
}

static bool listen_all(struct serving *s, const struct settings *set, struct err *e)
{
    char hosts[2][256];
    AUTO(sbuf_fini) struct sbuf cert = sbuf_make(1 << 20);
    AUTO(sbuf_wipe) struct sbuf key = sbuf_make(1 << 20);
    struct http_server_options o = {.workers = (unsigned)set->workers,
                                    .long_workers = (unsigned)set->query_workers,
                                    .max_long_backlog = (size_t)set->query_queue,
                                    .max_connections = (unsigned)set->max_connections,
                                    .hsts_s = set->hsts / TICKS_PER_SECOND,
                                    .request_timeout_s =
                                        (unsigned)(set->request_timeout / TICKS_PER_SECOND)};
    if (!add_listener(&o, set->listen, true, hosts[0], e) ||
        !add_listener(&o, set->listen_http, false, hosts[1], e) ||
        !load_tls(s, set, &cert, &key, e))
        return false;
    CHECK(o.n_listen > 0); /* the settings are checked for it */
    o.cert_pem = sbuf_str(&cert);
    o.key_pem = sbuf_str(&key);
    s->server = http_server_start(&o, vedette_router(s->v), e);
    if (s->server == NULL)
        return false;
    for (size_t i = 0; i < o.n_listen; i++)
        LOG(LOG_INFO, "serve", "listening", log_z("address", o.listen[i].address),
            log_i("port", http_server_port(s->server, i)), log_b("tls", o.listen[i].tls));
    vedette_watch(s->v, s->server);
    vedette_watch_tls(s->v, &s->tls, sbuf_str(&cert));
    if (!listen_syslog(s, set, sbuf_str(&cert), sbuf_str(&key), e))
        return false;
    bool six = strchr(o.listen[0].address, ':') != NULL;
    snprintf(s->url, sizeof(s->url), "%s://%s%s%s:%u", o.listen[0].tls ? "https" : "http",
             six ? "[" : "", o.listen[0].address, six ? "]" : "", http_server_port(s->server, 0));
    return true;
}

/* How commands on this machine find the server, and prove that they may: a token for this process's
 * life in a file that only its user can read. */
static bool write_server_file(struct serving *s, const struct settings *set, struct err *e)
{
    char temp[4250];
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 16);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    json_kv_z(&w, "url", s->url);
    json_kv_z(&w, "ca", s->ca_file);
    json_kv_int(&w, "pid", getpid());
    json_kv_str(&w, "token", identity_operator_token(vedette_identity(s->v)));
    for (int t = 0; t < NET_TRANSPORTS; t++)
        if (s->syslog_ports[t] != 0)
            json_kv_int(&w, arena_fmt(a, "syslog_%s", net_transport_name((enum net_transport)t)).p,
                        s->syslog_ports[t]);
    for (size_t i = 0; i < set->n_syslog_listeners; i++)
        json_kv_int(&w,
                    arena_fmt(a, "syslog_listener_%.*s", STR_ARG(set->syslog_listeners[i].name)).p,
                    s->listener_ports[i]);
    json_obj_end(&w);
    sbuf_addc(&b, '\n');
    snprintf(s->server_file, sizeof(s->server_file), "%.4000s/server.json", set->data);
    snprintf(temp, sizeof(temp), "%s.new", s->server_file);
    (void)unlink(temp);
    int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(e, "can't make", temp);
    bool ok = write(fd, b.p, b.n) == (ssize_t)b.n;
    ok = close(fd) == 0 && ok && rename(temp, s->server_file) == 0;
    return ok || err_errno(e, "can't write", s->server_file);
}

bool serving_start(struct serving *s, const struct settings *set, serving_ready_fn *ready,
                   struct err *e)
{
    memset(s, 0, sizeof(*s));
    s->clock = make_clock(set);
    if (set->public_url[0] != '\0')
        snprintf(s->url, sizeof(s->url), "%s", set->public_url);
    else
        snprintf(s->url, sizeof(s->url), "https://%s", set->listen);
    s->v = open_all(s, set, e);
    if (s->v != NULL && listen_all(s, set, e) && (ready == NULL || ready(s, set, e)) &&
        write_server_file(s, set, e) && read_topics(s, set, e) && read_files(s, set, e) &&
        read_buckets(s, set, e) &&
        (clock_is_manual(s->clock) ||
         (correlate_start(vedette_correlate(s->v), e) && detect_start(vedette_detect(s->v), e) &&
          summaries_start(vedette_summaries(s->v), e) && jobs_start(vedette_jobs(s->v), e) &&
          health_start(vedette_health(s->v), e))))
        return true;
    (void)serving_stop(s, 0);
    return false;
}

bool serving_stop(struct serving *s, int64_t drain_ms)
{
    if (s->v != NULL)
        vedette_draining(s->v, true);
    if (s->server_file[0] != '\0')
        (void)unlink(s->server_file);
    for (size_t i = 0; i < s->n_syslog; i++)
        ingest_listener_stop(s->syslog[i], drain_ms * 1000);
    if (s->topics != NULL)
        vedette_watch_topics(s->v, NULL);
    topics_stop(s->topics);
    s->topics = NULL;
    if (s->files != NULL)
        vedette_watch_files(s->v, NULL);
    if (s->buckets != NULL)
        vedette_watch_buckets(s->v, NULL);
    buckets_stop(s->buckets);
    s->buckets = NULL;
    if (s->server != NULL) {
        if (!http_server_drain(s->server, drain_ms))
            return false;
        vedette_watch(s->v, NULL);
        http_server_free(s->server);
    }
    if (s->v != NULL)
        vedette_watch_syslog(s->v, NULL, 0);
    tail_stop(s->files);
    for (size_t i = 0; i < s->n_syslog; i++)
        ingest_listener_free(s->syslog[i]);
    vedette_close(s->v);
    if (s->clock != NULL)
        clock_free(s->clock);
    memset(s, 0, sizeof(*s));
    return true;
}
