/* Shared by the route files. */
#pragma once
#include "api/api.h"
#include "audit/audit.h"
#include "base/log.h"
#include "base/thread.h"
#include "cases/cases.h"
#include "detect/rule_resources.h"
#include "identity/providers.h"
#include "identity/sessions.h"
#include "identity/tenants.h"
#include "incident/work.h"
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
    struct correlate *correlate;
    struct detect *detect;
    struct health *health;
    struct summaries *summaries;
    struct dcrs *dcrs;
    struct jobs *jobs;
    struct backtests *backtests;
    struct cases cases;
    struct identity *identity;
    struct events *events;
    struct throttle *throttle;
    struct rates *rates;
    struct sign_ins *sign_ins;
    struct shares *shares;
    struct query_log *query_log;
    struct store_authors authors;
    struct portal *portal; /* NULL: not served */
    struct http_router *router;
    _Atomic(struct http_server *) server;
    struct lock tls_lock; /* of the next two */
    struct http_tls_files tls;
    struct sbuf certificate; /* in use, PEM; empty: there is no HTTPS */
    struct lock topics_lock; /* while /metrics looks at syslog, topics or buckets */
    struct ingest_listener *const *syslog;
    size_t n_syslog;
    struct topics *topics;
    struct buckets *buckets;
    _Atomic(struct tail *) files;
    atomic_bool draining, rule_tested; /* the last: tests of a rule run */
    atomic_uint_fast64_t requests[STATUS_CLASSES], request_us;
    int64_t started; /* monotonic microseconds */
};

/* ---- changes.c: rows of SentinelAudit ---- */
/* Tells of a change, or of one that the caller has no right to, unless that is told elsewhere. */
void changes_observe(struct vedette *v, const struct http_request *q, int status);
/* name: of the application; STR_NONE: it was refused, which is told once a minute at most. */
void sign_ins_observe(struct vedette *v, const struct http_request *q, struct str client_id,
                      struct str name, struct str audience);
struct sso_event {
    struct str provider, who; /* who: a name; may be empty */
    const char *description;
    bool sign_out;
    bool groups_missing;      /* the provider left groups out, so that they give no roles */
    int64_t sessions;         /* that a sign-out ended */
    const struct err *reason; /* NULL: it succeeded */
};
/* What people, or their provider, do about signing in through it. Refusals are told once a minute
 * at most. */
void sso_observe(struct vedette *v, const struct http_request *q, const struct sso_event *s);
void changes_put(struct vedette *v, struct workspace *w, const struct audit_entry *x);
/* Once a minute for each of who; *out_more: how many were not told since. */
bool refusal_is_told(struct vedette *v, uint64_t who, int64_t *out_more);
/* ---- people_audit.c ---- */
struct people_event {
    const char *operation, *description; /* "Vedette/signIn/Action" */
    const char *method;                  /* NULL: "password" */
    struct str id, name;                 /* of the user; id may be empty */
    struct str session;
    struct str reason; /* of a refusal; empty: it was none */
    bool always;       /* also a refusal that is told of again and again */
};
void people_tell(struct vedette *v, const struct http_request *q, const struct people_event *x);
struct sign_ins *sign_ins_new(void);
void sign_ins_free(struct sign_ins *s); /* may be NULL */

/* ---- rates.c ---- */
struct rates *rates_new(const struct rate_limits *l);
void rates_free(struct rates *r); /* may be NULL */
bool rates_admit(void *vedette, const struct http_request *q, int *retry_after_s);
const char *rate_name(enum rate_kind k);
uint64_t rates_refused(const struct rates *r, enum rate_kind k);

/* ---- issuers.c: reaching identity providers ---- */
bool issuer_call(void *vedette, const struct identity_exchange *x, int *out_status,
                 struct sbuf *out, struct err *e);
/* ---- shares.c: of the query workers ---- */
struct share; /* what a long request holds */
struct shares *shares_new(void);
void shares_free(struct shares *s); /* may be NULL */
/* Errors: ERR_BUSY: the tenant has its share at work. */
bool share_take(struct vedette *v, struct arena *a, struct str tenant, struct share **out,
                struct err *e) MUST_USE;
void share_give(struct vedette *v, struct share *s); /* NULL is fine */
/* q->principal of requests with a token: the caller, and its share. */
struct api_principal {
    struct identity_caller caller; /* first: q->principal points to it */
    struct share *share;
};

/* ---- datadir.c ---- */
bool data_dir_take(const char *dir, struct data_lock *lock, struct err *e) MUST_USE;
void data_dir_release(struct data_lock *lock);

/* ---- routes_openapi.c ---- */
/* Appends the OpenAPI document of the router's routes. Errors: the described shapes are no JSON. */
bool api_openapi(const struct http_router *router, struct arena *a, struct sbuf *out,
                 struct err *e) MUST_USE;

/* ---- route families ---- */
extern const struct http_route health_routes[];
extern const struct http_route oauth_routes[];
extern const struct http_route credential_routes[];
extern const struct http_route provider_routes[];
extern const struct http_route sso_routes[];
extern const struct http_route ingest_routes[];
extern const struct http_route query_routes[];
extern const struct http_route batch_routes[];
extern const struct http_route metadata_routes[];
extern const struct http_route incident_routes[];
extern const struct http_route incident_part_routes[];
extern const struct http_route bookmark_routes[];
extern const struct http_route entity_routes[];
extern const struct http_route insight_routes[];
extern const struct http_route investigate_routes[];
extern const struct http_route correlation_routes[];
extern const struct http_route case_routes[];
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
extern const struct http_route server_routes[];
extern const struct http_route rule_test_routes[];

extern const struct http_route purge_routes[];
extern const struct http_route workspace_routes[];
extern const struct http_route otlp_routes[];
extern const struct http_route summary_routes[];
extern const struct http_route dcr_routes[];
extern const struct http_route job_routes[];
extern const struct http_route backtest_routes[];
extern const struct http_route rule_part_routes[];
extern const struct http_route coverage_routes[];
extern const struct http_route entity_search_routes[];
extern const struct http_route role_routes[];
extern const struct http_route assignment_routes[];
extern const struct http_route session_routes[];
extern const struct http_route sign_in_routes[];
extern const struct http_route preference_routes[];
extern const struct http_route diagnostic_routes[];
extern const struct http_route assignable_routes[];
extern const struct http_route tenant_routes[];
extern const struct http_route multi_routes[];
extern const struct http_route subscription_routes[];
extern const struct http_route account_routes[];
extern const struct http_route user_routes[];
extern const struct http_route user_password_routes[];
extern const size_t n_health_routes;
extern const size_t n_oauth_routes;
extern const size_t n_credential_routes;
extern const size_t n_provider_routes;
extern const size_t n_sso_routes;
extern const size_t n_ingest_routes;
extern const size_t n_query_routes;
extern const size_t n_batch_routes;
extern const size_t n_metadata_routes;
extern const size_t n_incident_routes;
extern const size_t n_incident_part_routes;
extern const size_t n_bookmark_routes;
extern const size_t n_entity_routes;
extern const size_t n_insight_routes;
extern const size_t n_investigate_routes;
extern const size_t n_correlation_routes;
extern const size_t n_case_routes;
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
extern const size_t n_server_routes;
extern const size_t n_rule_test_routes;
extern const size_t n_purge_routes;
extern const size_t n_workspace_routes;
extern const size_t n_otlp_routes;
extern const size_t n_summary_routes;
extern const size_t n_dcr_routes;
extern const size_t n_job_routes;
extern const size_t n_backtest_routes;
extern const size_t n_rule_part_routes;
extern const size_t n_coverage_routes;
extern const size_t n_entity_search_routes;
extern const size_t n_session_routes;
extern const size_t n_sign_in_routes;
extern const size_t n_account_routes;
extern const size_t n_user_routes;
extern const size_t n_user_password_routes;
extern const struct http_route portal_routes[];
extern const struct http_route openapi_routes[];
extern const struct http_route event_routes[];
extern const size_t n_portal_routes;
extern const size_t n_role_routes;
extern const size_t n_assignment_routes;
extern const size_t n_openapi_routes;
extern const size_t n_event_routes;
extern const size_t n_preference_routes;
extern const size_t n_diagnostic_routes;
extern const size_t n_assignable_routes;
extern const size_t n_tenant_routes;
extern const size_t n_multi_routes;
extern const size_t n_subscription_routes;

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
/* ---- routes_account.c: of oneself and of others ---- */
void api_sessions(struct vedette *v, struct http_request *q, struct http_response *r,
                  struct str principal);
/* The members of one key, into an open object. */
void api_key_members(struct json_out *o, const struct identity_key *k);
void api_keys_list(struct vedette *v, struct http_request *q, struct http_response *r,
                   struct str principal);
void api_key_create(struct vedette *v, struct http_request *q, struct http_response *r,
                    struct str principal);
void api_key_delete(struct vedette *v, struct http_request *q, struct http_response *r,
                    struct str principal);
/* A body's "roles" as text. Errors: ERR_INVALID. */
bool api_roles(struct arena *a, const struct json *given, struct str *out, struct err *e) MUST_USE;
/* Of a route for whoever has signed in, about themselves. */
#define RIGHT_ONESELF "oneself"
/* ---- authenticate.c ---- */
/* Who calls. Errors: ERR_UNAUTHENTICATED; ERR_FORBIDDEN with a kind: a cookie that some other page
 * may have made the browser send, or that serves for changing the password only. */
bool api_authenticate(struct vedette *v, struct http_request *q, struct identity_caller *out,
                      struct err *e) MUST_USE;
/* As far as its browser tells: does the request come from a page of this server? Errors:
 * ERR_FORBIDDEN. */
bool api_same_origin(const struct vedette *v, const struct http_request *q, struct err *e) MUST_USE;
/* ---- routes_session.c ---- */
/* Gives the browser the session (with its token) that was just made; NULL: takes it away. */
void api_session_cookie(struct http_request *q, struct http_response *r,
                        const struct identity_session *s);
/* Whoever signs in again leaves the session that the browser had. */
void api_session_replace(struct vedette *v, struct http_request *q);

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

/* ---- rights.c ---- */
struct api_words {
    struct str types; /* "Microsoft.OperationalInsights/workspaces/tables" */
    struct str type;  /* "tables" */
    struct str
        action; /* literal behind the last parameter of a POST: "cancelSearch"; may be empty */
    struct str parameter; /* name of the last one: "table"; may be empty */
};
/* As Azure names operations. Lives in a, and as long as the route. */
struct api_words api_route_words(struct arena *a, const struct http_route *route);
/* What a route asks for; of one that has an access. Lives in a. */
struct identity_right api_right(struct arena *a, const struct http_route *route);
/* May the caller do what the request's route is for, in that workspace (id; empty: in any)? */
bool api_may(const struct http_request *q, struct str workspace);

/* ---- access.c ---- */
/* What the caller may read, for its queries; NULL: everything. Lives as long as the request. */
const struct store_access *api_access(struct vedette *v, struct http_request *q);
/* A query of the request's caller: no more of it than may be read and reached. Every query that a
 * caller writes begins here. */
struct store_query;
struct store_query api_store_query(struct vedette *v, struct http_request *q, struct str text);
/* Is the table there for the caller, if only some rows of it? */
bool api_sees_table(struct http_request *q, struct workspace *w, struct str table);
/* The same of one whose request is over. workspace: id. */
bool api_caller_sees_table(const struct identity_caller *c, struct str workspace, struct str table);
bool api_reads_all_rows(struct http_request *q, struct workspace *w, struct str table);
/* May the request's caller make a rule, a job … of the query, which then runs as the workspace? As
 * detect_actor.may_run. Errors: ERR_INVALID. */
bool api_may_run(void *request, struct workspace *w, struct str query, struct err *e) MUST_USE;
/* The same for a table, with all of it. Errors: ERR_NOT_FOUND. */
bool api_may_run_table(struct http_request *q, struct workspace *w, struct str table,
                       struct err *e) MUST_USE;

/* One that a workspace made itself: a custom one, results, restored rows. */
bool api_is_custom_table(struct str table);

/* ---- resource_query.c ---- */
/* Of the routes of queries in the context of a resource, whose id is in the path. */
#define RIGHT_RESOURCE_LOGS "resourceLogs/read"
/* May the caller read any logs of the resource that the path names, or of what lies below it? */
bool api_reads_resource(const struct http_request *q);
struct api_workspaces { /* that a query was asked of */
    struct workspace **list;
    size_t n;            /* at least one */
    struct str resource; /* in whose context; empty: none */
};
/* The query of such a route, to be run in the first of *out_read. Errors: ERR_INVALID (the path),
 * ERR_FORBIDDEN, ERR_LIMIT (too many workspaces). */
bool api_resource_query(struct vedette *v, struct http_request *q, struct str text,
                        struct store_query *out, struct api_workspaces *out_read,
                        struct err *e) MUST_USE;

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
/* The application that the path names, if the caller has the route's right in its tenant; others
 * are told that there is none: ERR_NOT_FOUND. */
bool api_find_application(struct vedette *v, struct http_request *q, struct state_principal *out,
                          struct err *e) MUST_USE;
/* The id of the tenant that body's "tenant" names, else the caller's own, if the caller has the
 * route's right there; false: the answer is written. */
bool api_read_home(struct vedette *v, struct http_request *q, const struct json *body,
                   struct str *out, struct http_response *r) MUST_USE;
/* The workspace that the path's {workspace} names, if the caller has the route's right there; NULL:
 * the answer is written. */
struct workspace *api_workspace(struct vedette *v, struct http_request *q, struct http_response *r);
/* Among the workspaces that the caller is told of; see identity_workspace_find. */
struct workspace *api_workspace_named(const struct http_request *q, struct str id_or_name,
                                      struct str subscription);
/* What a body asks: its query, and the range of time that it and the address give. */
struct api_question {
    struct str query;
    bool has_scope;
    int64_t from, to;
};
/* Errors: ERR_INVALID. */
bool api_question_read(struct vedette *v, const struct http_request *q, const struct json *body,
                       struct api_question *out, struct err *e) MUST_USE;
/* What current_principal() and its like tell. */
struct kql_session api_session(struct vedette *v, const struct http_request *q);
/* A value as the query API writes it. */
void api_query_cell(struct json_out *w, const struct kql_value *v);
/* The workspaces that a query of this request may name: those where the caller has the route's
 * right. Lives in the request's arena. */
const struct store_reach *api_reach(struct http_request *q);
/* The workspaces that a request names beside its own ("workspaces", "additionalWorkspaces": a list
 * of ids, names and resource ids), as options of the query. Errors: ERR_NOT_FOUND, ERR_INVALID. */
bool api_more_workspaces(struct http_request *q, const struct workspace *own,
                         const struct json *list, struct kql_options *out, struct err *e) MUST_USE;
/* Its subscription, as ids of resources have it. */
struct str api_subscription(const struct workspace *w);
/* Reads in what a workspace has that was made or recovered while the server runs. */
bool api_workspace_start(struct vedette *v, struct workspace *w, bool recovered,
                         struct err *e) MUST_USE;
/* The tenant that the path's {tenant} names, if the caller has a place in it; false: the answer is
 * written. */
bool api_tenant(struct vedette *v, struct http_request *q, struct http_response *r,
                struct state_tenant *out) MUST_USE;
/* Refuses with 403 what the caller lacks the right to, for the tenant as a whole. */
bool api_allows_in(struct vedette *v, struct http_request *q, const char *right, struct str tenant,
                   struct http_response *r) MUST_USE;
/* Where the tenant's own rows of SentinelAudit go; NULL: it has no workspace. */
struct workspace *api_home_workspace(struct vedette *v, const struct identity_caller *c);
/* The tenants that the caller sees; false: the answer is written. */
bool api_tenants(struct vedette *v, struct http_request *q, struct http_response *r,
                 struct state_tenant **out, size_t *n) MUST_USE;
/* A row of SentinelAudit in the tenant's primary workspace; without one it is logged. */
struct audit_entry;
void api_audit_tenant(struct vedette *v, struct str tenant, const struct audit_entry *x);
const struct identity_caller *api_caller(const struct http_request *q);
/* A parameter of the path, also of a request that was refused before its route was entered; empty:
 * the path has none. */
struct str api_path_part(struct vedette *v, const struct http_request *q, struct str name);
/* Who asks, for the versions and audit rows of what is changed. */
struct detect_actor api_rule_actor(struct http_request *q);
/* Parses the body; false: the answer (400) is written. */
bool api_body(struct vedette *v, struct http_request *q, struct http_response *r,
              struct json *out) MUST_USE;
/* This request's URL with other query parameters: for nextLink. */
struct str api_link(struct vedette *v, const struct http_request *q, const char *name,
                    struct str value);
/* {"value": [ … ]}: what lists answer. */
struct json_out api_list(struct http_response *r);
void api_list_end(struct json_out *w);
/* The incident that the path's {incident} names; false: the answer is written. */
bool api_incident(struct vedette *v, struct http_request *q, struct http_response *r,
                  struct workspace **w, struct state_incident *out) MUST_USE;
/* $filter, $orderby, $top and $skipToken. */
bool api_list_query(const struct http_request *q, struct incident_query *out,
                    struct err *e) MUST_USE;
/* One page of a list that a function writes as an array: {"value": […], "nextLink"?}. */
struct api_page {
    struct workspace *w;
    struct json_out out; /* for the array */
    struct str next;     /* token of the next page; empty: there is none */
    bool refused;        /* the answer is written */
};
/* False: the answer is written; api_page_end does nothing then. */
bool api_page_begin(struct vedette *v, struct http_request *q, struct http_response *r,
                    struct incident_query *out_query, struct api_page *out) MUST_USE;
void api_page_end(struct vedette *v, const struct http_request *q, struct api_page *p);
/* The page of the activity log of an incident or a case. */
void api_activities(struct vedette *v, struct http_request *q, struct http_response *r,
                    const char *subject_type, struct str workspace, struct str subject,
                    struct err *e);
/* The refusal of a server without playbooks. */
void api_no_playbooks(void *ctx, struct http_request *q, struct http_response *r);
struct incident_actor api_actor(const struct http_request *q);
/* What DELETE answers: 200, 204 when there was nothing (ERR_NOT_FOUND), or e. */
void api_deleted(struct vedette *v, const struct http_request *q, struct http_response *r, bool ok,
                 const struct err *e);
/* As api_deleted, of a deletion that succeeds when there was nothing. */
void api_gone(struct vedette *v, const struct http_request *q, struct http_response *r, bool ok,
              bool was_there, const struct err *e);
/* "columns": [{"name", "type"}], types by KQL's names. */
void api_columns(struct json_out *w, const struct kql_schema *s);

#define WORKSPACE_PATH                                                                             \
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/"                              \
    "Microsoft.OperationalInsights/workspaces/{workspace}"
#define INSIGHTS_PATH WORKSPACE_PATH "/providers/Microsoft.SecurityInsights"
