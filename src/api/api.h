/* The whole system in one process: everything opened over a data folder, and its routes. `vedette
 * serve` puts a server in front of the router; commands without a server call it in-process. */
#pragma once
#include "backup/backup.h"
#include "buckets/buckets.h"
#include "correlate/correlate.h"
#include "dcr/dcr.h"
#include "detect/detect.h"
#include "health/health.h"
#include "http/http.h"
#include "identity/identity.h"
#include "ingest/ingest.h"
#include "ingest/listen.h"
#include "jobs/jobs.h"
#include "library/library.h"
#include "summary/summary.h"
#include "tail/tail.h"
#include "topics/topics.h"

/* Kinds of requests that have limits of their own. */
enum rate_kind { RATE_QUERY, RATE_WRITE, RATE_SIGN_IN, RATE_KINDS };
struct rate_limits {
    double per_second[RATE_KINDS]; /* of one caller; 0: none */
    double burst[RATE_KINDS];      /* 0: twice that */
};
struct vedette;
enum { IMPORT_BYTES = 80 << 20 }; /* of one call of the import route */
struct vedette_options {
    const char *data_dir;   /* made when it is not there, mode 0700 */
    struct clock *clock;    /* borrowed */
    const char *schema_dir; /* NULL: the copy inside the program */
    const char *geoip_file; /* where addresses are (MaxMind DB); NULL or "": none */
    const char *base_url;   /* of this server, for links; may be NULL */
    size_t memory_bytes;    /* of the engine; 0 = its default */
    unsigned threads;       /* 0 = cores */
    size_t max_queue_bytes; /* see store.h */
    struct store_lake_options lake;
    struct store_remote_options remote;
    struct health_silence_options silence;
    uint64_t min_free_bytes; /* see store.h */
    unsigned min_free_percent;
    const char *external_hosts; /* that externaldata may read from, see http_allowed; NULL: none */
    size_t external_max_bytes;  /* of one file; 0 = 100 MiB */
    struct ingest_limits ingest;
    int64_t rule_delay; /* ticks; < 0 = Sentinel's five minutes */
    int64_t rule_spread, rule_lateness, rule_rerun, rule_catch_up; /* see detect_options */
    unsigned rule_workers, rule_slow_workers;
    int64_t rule_slow_us;
    int64_t rule_shared_rows;        /* as detect_options has it */
    bool correlation;                /* of workspaces that say nothing themselves */
    const char *correlation_primary; /* workspace; NULL or "": the first */
    unsigned query_workers;          /* of the server; 0 = 4 */
    int64_t tenants_max;             /* 0: any number */
    int64_t tenant_workspaces_max;   /* of tenants that say nothing themselves; 0: any number */
    unsigned job_workers;            /* 0 = JOBS_WORKERS */
    int64_t job_timeout_us;          /* of a run of a KQL job; 0 = 1 hour */
    int64_t rule_timeout_us;
    int64_t backtests_kept, backtests_kept_bytes; /* see backtests_options */
    int64_t rule_test_timeout_us;                 /* of all cases of one call; 0 = 2 minutes */
    size_t rules_max, rules_max_enabled, nrt_rules_max, nrt_rules_max_enabled, rule_versions,
        rule_query_chars;                               /* see detect_options */
    size_t attachment_max_bytes, attachments_max_bytes; /* see struct cases */
    double requests_per_second;                         /* of one caller; 0 = 200 */
    double requests_burst;                              /* 0 = twice that */
    struct rate_limits rates;                           /* of kinds of requests, beside that */
    int64_t token_lifetime;                             /* ticks; 0 = one hour */
    const char *identity_ca_file; /* of identity providers; NULL or "": the system's */
    struct identity_people people;
    size_t query_max_rows;        /* 0 = 500,000 */
    size_t query_max_bytes;       /* 0 = 64,000,000 */
    size_t query_memory_bytes;    /* 0 = 1 GiB; see engine_limits */
    int64_t query_timeout_us;     /* 0 = 3 minutes */
    int64_t query_max_timeout_us; /* that a request may ask for; 0 = 10 minutes */
    struct engine_size query_size;
    size_t spill_max_bytes;                   /* see engine_options */
    size_t event_streams, event_streams_each; /* see events_limits */
    size_t query_audit_bytes;                 /* see query_log_open */
    bool metrics_open;                        /* /metrics needs no token, from anywhere */
    bool portal;                              /* its pages are served, when they have been built */
};
/* Locks the data folder, checks its version, opens everything, makes a first workspace called
 * "default". The options' texts are borrowed. Errors: ERR_CONFLICT: the folder is in use (the
 * message says by which process) or was written by a newer version; ERR_IO. */
struct vedette *vedette_open(const struct vedette_options *o, struct err *e) MUST_USE;
/* backup_import, with the data folder made when it is not there, and locked. Errors beside its own:
 * as vedette_open about the folder. */
bool vedette_import_workspace(const struct import_options *o, struct backup_result *out,
                              struct err *e) MUST_USE;
void vedette_close(struct vedette *v); /* stops rules, commits, unlocks; NULL is fine */

/* Appends the OpenAPI document of all routes, which is also that of GET /openapi.json; needs no
 * data folder. Errors: the described shapes are no JSON. */
bool vedette_openapi(struct arena *a, struct sbuf *out, struct err *e) MUST_USE;

struct http_router *vedette_router(struct vedette *v);
struct store *vedette_store(struct vedette *v);
struct detect *vedette_detect(struct vedette *v);
struct correlate *vedette_correlate(struct vedette *v);
struct health *vedette_health(struct vedette *v);
struct summaries *vedette_summaries(struct vedette *v);
struct jobs *vedette_jobs(struct vedette *v);
struct identity *vedette_identity(struct vedette *v);
struct ingest *vedette_ingest(struct vedette *v);
struct ingest *vedette_import(struct vedette *v); /* with the limits of files */
struct state *vedette_state(struct vedette *v);
/* Lets /metrics tell of the server, too; NULL again before it is freed. */
void vedette_watch(struct vedette *v, struct http_server *server);
/* Lets the API tell of the certificate in use (its PEM text) and read its files again. What f
 * points to is borrowed for as long as the server runs. */
void vedette_watch_tls(struct vedette *v, const struct http_tls_files *f, struct str cert_pem);
/* The same for the listeners of syslog: all is the caller's, and is looked at until 0 of them are
 * set. */
void vedette_watch_syslog(struct vedette *v, struct ingest_listener *const *all, size_t n);
/* The same for topics of Kafka; once NULL is set, nothing looks at the old ones any more. */
void vedette_watch_topics(struct vedette *v, struct topics *t);
/* The same for buckets. */
void vedette_watch_buckets(struct vedette *v, struct buckets *b);
/* And for files. */
void vedette_watch_files(struct vedette *v, struct tail *t);
/* While true /readyz answers 503, so that a load balancer goes elsewhere before the server stops;
 * streams of events end. */
void vedette_draining(struct vedette *v, bool yes);

/* One request without a network, as the operator of this process. body may be empty. The answer's
 * body is appended to out. */
bool vedette_call(struct vedette *v, const char *method, const char *target,
                  const char *content_type, struct str body, int *out_status, struct sbuf *out,
                  struct err *e) MUST_USE;
