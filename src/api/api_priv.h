/* Shared by the route files. */
#pragma once
#include "api/api.h"
#include "base/log.h"
#include "base/thread.h"
#include "detect/rule_resources.h"
#include <stdatomic.h>

enum { STATUS_CLASSES = 6 };
struct data_lock {
    int fd; /* -1: not held */
};
struct vedette {
    struct http_allowed allowed; /* that externaldata may read from */
    struct engine_fetch fetch;
    struct vedette_options o; /* with the defaults filled in */
    struct data_lock lock;
    struct store *store;
    struct state *state;
    /* import: files, with larger limits; collector: the Data Collector API's limits */
    struct ingest *ingest, *import, *collector, *otlp;
    struct incidents *incidents;
    struct library *library;
    struct detect *detect;
    struct health *health;
    struct summaries *summaries;
    struct dcrs *dcrs;
    struct jobs *jobs;
    struct identity *identity;
    struct throttle *throttle;
    struct http_router *router;
    _Atomic(struct http_server *) server;
    _Atomic(struct ingest_listener *) syslog;
    struct lock topics_lock; /* while /metrics looks at topics or buckets */
    struct topics *topics;
    struct buckets *buckets;
    _Atomic(struct tail *) files;
    atomic_bool draining;
    atomic_uint_fast64_t requests[STATUS_CLASSES], request_us;
    int64_t started; /* monotonic microseconds */
};

/* ---- datadir.c ---- */
bool data_dir_take(const char *dir, struct data_lock *lock, struct err *e) MUST_USE;
void data_dir_release(struct data_lock *lock);

/* ---- route families ---- */
extern const struct http_route health_routes[];
extern const struct http_route oauth_routes[];
extern const struct http_route ingest_routes[];
extern const struct http_route query_routes[];
extern const struct http_route batch_routes[];
extern const struct http_route metadata_routes[];
extern const struct http_route incident_routes[];
extern const struct http_route rule_routes[];
extern const struct http_route table_routes[];
extern const struct http_route own_routes[];
extern const struct http_route kusto_routes[];
extern const struct http_route saved_routes[];
extern const struct http_route watchlist_routes[];
extern const struct http_route collector_routes[];
extern const struct http_route explain_routes[];
extern const struct http_route lake_routes[];
extern const struct http_route backup_routes[];
extern const struct http_route purge_routes[];
extern const struct http_route workspace_routes[];
extern const struct http_route otlp_routes[];
extern const struct http_route summary_routes[];
extern const struct http_route dcr_routes[];
extern const struct http_route job_routes[];
extern const struct http_route rule_part_routes[];
extern const size_t n_health_routes;
extern const size_t n_oauth_routes;
extern const size_t n_ingest_routes;
extern const size_t n_query_routes;
extern const size_t n_batch_routes;
extern const size_t n_metadata_routes;
extern const size_t n_incident_routes;
extern const size_t n_rule_routes;
extern const size_t n_table_routes;
extern const size_t n_own_routes;
extern const size_t n_kusto_routes;
extern const size_t n_saved_routes;
extern const size_t n_watchlist_routes;
extern const size_t n_collector_routes;
extern const size_t n_explain_routes;
extern const size_t n_lake_routes;
extern const size_t n_backup_routes;
extern const size_t n_purge_routes;
extern const size_t n_workspace_routes;
extern const size_t n_otlp_routes;
extern const size_t n_summary_routes;
extern const size_t n_dcr_routes;
extern const size_t n_job_routes;
extern const size_t n_rule_part_routes;

/* ---- respond.c ---- */
/* Families of error bodies, as http_route.family. */
#define FAMILY_ARM "arm"             /* {"error":{"code","message"}} */
#define FAMILY_QUERY "query"         /* with correlationId and innererror */
#define FAMILY_INGEST "ingest"       /* as ARM's, and the refusal is counted */
#define FAMILY_KUSTO "kusto"         /* OneApiError: with "@type", "@message", "@context" */
#define FAMILY_COLLECTOR "collector" /* {"Error","Message"} */
#define FAMILY_OTLP "otlp"           /* google.rpc.Status, in the encoding of the request */
#define FAMILY_OAUTH "oauth"         /* {"error","error_description"} */
/* Of a route that is open to who signs with a workspace's shared key. */
#define RIGHT_SHARED_KEY "logs/collect"
/* The body of a refusal in FAMILY_OTLP. */
void api_otlp_status(const struct http_request *q, int status, struct str message,
                     struct http_response *r);
bool api_authorise_shared_key(struct vedette *v, struct http_request *q, struct err *e);
bool api_authorise(void *self, struct http_request *q, struct err *e);
void api_fail(void *self, const struct http_request *q, int status, const struct err *e,
              struct http_response *r);
void api_observe(void *self, const struct http_request *q, const struct http_response *r,
                 int64_t took_us);
/* The error body of the route's family, with the status that e's code stands for. */
void api_error(struct vedette *v, const struct http_request *q, const struct err *e,
               struct http_response *r);
void api_error_status(struct vedette *v, const struct http_request *q, int status,
                      const struct err *e, struct http_response *r);
/* api_error, with 400 for limits, syntax and what is not supported: the caller sent it. */
void api_refuse(struct vedette *v, struct http_request *q, const struct err *e,
                struct http_response *r);
/* 400 in the query family's body. d: the query's text, and all its errors when it was not compiled;
 * the words that an error is about are told as "token". */
void api_query_error(const struct http_request *q, const struct err *e, const struct kql_diags *d,
                     struct http_response *r);
/* An ARM-shaped body with a code of the caller's choice. */
void api_error_code(struct http_response *r, int status, const char *code, const char *message);

/* ---- limits.c ---- */
struct api_limits {
    struct engine_limits own, most; /* see engine_limits_wish */
    int64_t since_us;
};
/* wait_s: as the request says, 0: nothing. Time counts from when the request came, so that waiting
 * for a worker is part of it. */
void api_limits(const struct vedette *v, const struct http_request *q, int64_t wait_s,
                struct api_limits *out);

/* ---- what handlers share ---- */
/* The workspace that the path's {workspace} names, if the caller has the route's right there; NULL:
 * the answer is written. */
struct workspace *api_workspace(struct vedette *v, struct http_request *q, struct http_response *r);
const struct identity_caller *api_caller(const struct http_request *q);
/* Who asks, for the versions and audit rows of what is changed. */
struct detect_actor api_actor(const struct http_request *q);
/* Parses the body; false: the answer (400) is written. */
bool api_body(struct vedette *v, struct http_request *q, struct http_response *r,
              struct json *out) MUST_USE;
/* This request's URL with other query parameters: for nextLink. */
struct str api_link(struct vedette *v, const struct http_request *q, const char *name,
                    struct str value);
/* {"value": [ … ]}: what lists answer. */
struct json_out api_list(struct http_response *r);
void api_list_end(struct json_out *w);
/* "columns": [{"name", "type"}], types by KQL's names. */
void api_columns(struct json_out *w, const struct kql_schema *s);

#define WORKSPACE_PATH                                                                             \
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/"                              \
    "Microsoft.OperationalInsights/workspaces/{workspace}"
#define INSIGHTS_PATH WORKSPACE_PATH "/providers/Microsoft.SecurityInsights"
