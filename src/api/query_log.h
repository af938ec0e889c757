/* Who asked what: rows of LAQueryLogs, for workspaces with a diagnostic setting of the category
 * Audit. A query never waits for its row (row_queue.h). Sources: "Audit queries in Azure Monitor
 * Logs"; "Diagnostic Settings" of the Azure Monitor API. */
#pragma once
#include "api/api_priv.h"
#include "api/row_queue.h"
#include "text/json.h"

struct query_log;
/* Loads the settings. queue_bytes: of rows that wait; 0 = 16 MiB. */
struct query_log *query_log_open(struct vedette *v, size_t queue_bytes, struct err *e) MUST_USE;
void query_log_stop(struct query_log *l); /* stores what waits; harmless twice, NULL is fine */
void query_log_free(struct query_log *l); /* stops first; NULL is fine */

/* ---- rows ---- */
struct query_audit { /* of a query that is being answered */
    struct api_workspaces asked;
    struct str text; /* as it was sent */
    bool has_scope;
    int64_t from, to;          /* of the scope, ticks */
    int64_t submitted;         /* ticks */
    int64_t began_us, took_us; /* monotonic; how long */
    struct engine_cost cost;
    int status; /* of the answer */
    size_t rows;
    const struct kql_query *compiled; /* NULL: it failed */
};
/* Before a query runs in the first of asked: *out is about sq, which is measured where its row is
 * kept. text: what the caller sent. */
void query_log_begin(struct vedette *v, const struct api_workspaces *asked, struct str text,
                     struct store_query *sq, struct query_audit *out);
/* When it is answered: its row in each workspace that it was asked of, or read, whose queries are
 * kept. res NULL: it failed. status: 0 is 200. */
void query_log_end(struct vedette *v, const struct http_request *q, struct query_audit *x,
                   const struct store_result *res, int status);
struct row_queue_counts query_log_counts(struct query_log *l);

/* ---- diagnostic settings ---- */
enum { DIAGNOSTICS_MOST = 5 /* of a workspace, as in Azure */ };
#define DIAGNOSTICS_PREFIX "diagnostics/" /* of names of workspace settings */
/* After settings changed. */
bool query_log_reload(struct vedette *v, struct err *e) MUST_USE;
