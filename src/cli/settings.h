/* The server's settings: one table, filled from defaults, a file, the environment and flags; what
 * comes later in this list wins. */
#pragma once
#include "base/clock.h"
#include "base/log.h"
#include "buckets/buckets.h"
#include "cli/syslog_list.h"
#include "tail/tail.h"
#include "topics/topics.h"

struct loaded; /* texts and sources; settings.c */
struct settings {
    struct arena *a; /* owns all texts */
    struct loaded *loaded;
    const char *data, *lake_dir, *config, *tls_cert, *tls_key, *tls_name, *public_url, *clock;
    const char *lake_store, *lake_store_endpoint, *lake_store_region, *lake_store_ca;
    const char *lake_store_keys_file, *lake_store_profile;
    bool lake_store_virtual_host;
    int64_t lake_store_connections, lake_cache, lake_fetch_max; /* the last two: bytes */
    const char *listen, *listen_http, *external_hosts, *geoip_file;
    const char *log_level;
    const char *syslog_udp, *syslog_tcp, *syslog_tls, *syslog_tls_ca, *syslog_networks;
    const char *syslog_utc_offset;
    int64_t memory, max_body, max_queue, seal_bytes, query_max_bytes,
        external_max; /* bytes; memory 0: the engine's choice */
    int64_t attachment_max, attachments_max;
    int64_t threads, workers, max_connections, rule_workers, rule_slow_workers, rule_shared_rows,
        job_workers, requests_per_second, query_max_rows;
    int64_t max_records, max_depth, max_field, seal_rows, shred_paths;
    int64_t syslog_max_message, syslog_connections;
    const char *silence_sources;
    int64_t silence_min, silence_max;   /* ticks */
    int64_t min_free, min_free_percent; /* bytes; 0 to 100 */
    int64_t event_streams, event_streams_each;
    int64_t query_audit_queue;
    int64_t query_workers, query_queue, query_max_operators, query_max_depth, query_max_union;
    int64_t query_memory, spill_max;          /* bytes */
    int64_t query_timeout, query_max_timeout; /* ticks */
    int64_t transform_timeout;                /* ticks */
    int64_t transform_memory;                 /* bytes */
    int64_t backtests_kept, backtests_bytes;  /* count; bytes */
    int64_t rules_max, rules_max_enabled, nrt_rules_max, nrt_rules_max_enabled, rule_versions,
        rule_query_chars;
    int64_t rule_delay, rule_spread, rule_lateness, rule_rerun, rule_catch_up, rule_slow,
        rule_timeout, rule_test_timeout, job_timeout, token_lifetime, drain_timeout,
        request_timeout, max_past, max_future, seal_age, retention; /* ticks */
    int64_t hsts;                                                   /* ticks */
    int64_t requests_burst, queries_per_second, queries_burst, writes_per_second, writes_burst,
        sign_ins_per_second, sign_ins_burst;
    int64_t password_memory, password_passes; /* bytes; count */
    int64_t session_idle, session_lifetime, lockout_window, lockout_delay,
        api_key_lifetime; /* ticks */
    const char *second_factor;
    int64_t proof_lifetime;                    /* ticks */
    int64_t preferences_max, preference_bytes; /* count; bytes */
    int64_t lockout_failures, lockout_address_failures;
    bool metrics_open, portal, syslog_received_time, term_index, correlation;
    const char *correlation_primary, *identity_ca;
    int64_t tenants_max, tenant_workspaces_max;
    int64_t term_index_memory;
    struct topics_source *kafka; /* the list `kafka` of the file */
    size_t n_kafka;
    struct buckets_source *buckets; /* the list `s3_sources` of the file */
    size_t n_buckets;
    struct tail_source *sources; /* the list `sources` of the file */
    size_t n_sources;
    int64_t sources_poll;                   /* ticks */
    struct syslog_socket *syslog_listeners; /* the list of that name of the file */
    size_t n_syslog_listeners;
};

/* One row a setting. */
enum setting_type {
    SETTING_TEXT,
    SETTING_PATH,
    SETTING_ADDRESS,  /* 127.0.0.1:8443, [::1]:8443 */
    SETTING_COUNT,    /* a whole number */
    SETTING_SIZE,     /* bytes: 1048576, 64KiB, 1MiB, 2GiB */
    SETTING_DURATION, /* 30s, 5m, 1h, 2d */
    SETTING_BOOL,     /* true, false */
    SETTING_LEVEL     /* debug, info, warn, error */
};
struct setting {
    const char *name; /* in the file; VEDETTE_<NAME> in the environment, --<name> as a flag */
    enum setting_type type;
    const char *fallback;
    size_t offset; /* into struct settings */
    const char *help;
};
const struct setting *setting_at(size_t i); /* NULL: past the end */

/* Fills s. argv[0] is the command's name. On false *e says which setting, from where, and what is
 * wrong; settings_free all the same. */
bool settings_load(struct settings *s, int argc, char **argv, struct err *e) MUST_USE;
void settings_free(struct settings *s);
/* What the setting is now, and where it came from: "default", a file with its line, a variable, a
 * flag. */
const char *settings_text(const struct settings *s, size_t i);
const char *settings_source(const struct settings *s, size_t i);
struct health_silence;
/* "SOURCE=DURATION,…"; *out lives in a. Errors: ERR_INVALID. */
bool settings_silence(const char *text, struct arena *a, struct health_silence **out, size_t *out_n,
                      struct err *e) MUST_USE;
struct ip_net;
/* Networks such as "10.0.0.0/8,2001:db8::/32,192.0.2.7"; *out lives in a. Errors: ERR_INVALID. */
bool settings_networks(const char *text, struct arena *a, struct ip_net **out, size_t *out_n,
                       struct err *e) MUST_USE;
/* "+02:00", "-05:30"; empty is 0. Ticks. */
bool settings_utc_offset(const char *text, int64_t *out);
/* Splits "127.0.0.1:8443"; the port may be 0. */
bool settings_address(const char *text, char *host, size_t host_size, uint16_t *port);
