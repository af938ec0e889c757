/* Incidents: creation from alerts, grouping, changes by people and programs, and their two faces:
 * the ARM resource and the SecurityIncident row that is appended for each change. The control
 * database is the truth; rows follow through its outbox. */
#pragma once
#include "base/clock.h"
#include "state/alerts.h"
#include "state/incidents.h"
#include "store/store.h"
#include "text/json.h"

/* What incidents and detection need of the place they live in; for ARM ids and URLs. */
struct arm_scope {
    struct str subscription;   /* GUID; empty: all zeros */
    struct str resource_group; /* empty: "vedette" */
    struct str base_url;       /* of this server, for incidentUrl; empty: a path only */
};
/* "/subscriptions/…/workspaces/<name>" */
struct str arm_workspace_id(struct arena *a, const struct arm_scope *scope,
                            struct str workspace_name);
/* That, and "/providers/Microsoft.SecurityInsights/<collection>/<id>". */
struct str arm_id(struct arena *a, const struct arm_scope *scope, struct str workspace_name,
                  const char *collection, struct str id);

struct incidents; /* shared by threads; a handle, cheap */
/* All three are borrowed and must outlive the handle; scope is copied. */
struct incidents *incidents_open(struct store *store, struct state *state, struct clock *clock,
                                 const struct arm_scope *scope);
void incidents_close(struct incidents *in);

/* Appends what the outbox holds to the log tables. Called after each change; also at start, for
 * what a crash left over. Safe from several threads. On false the rows stay in the outbox for the
 * next call; so they do, with true, while the disk has no room. */
bool incidents_flush(struct incidents *in, struct err *e) MUST_USE;

/* Called after each flush, in its thread: something may have changed. One listener; fn NULL: none.
 * Set before there are threads. */
void incidents_listen(struct incidents *in, void (*fn)(void *ctx), void *ctx);

/* ---- reading ---- */
/* id: the resource name, or the incident's number. Errors: ERR_NOT_FOUND. */
bool incident_get(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                  struct state_incident *out, struct err *e) MUST_USE;
struct incident_query {
    struct str filter;     /* OData: properties/status eq 'New' and …; empty: all */
    struct str orderby;    /* "properties/createdTimeUtc desc"; empty: by incidentNumber desc */
    size_t top;            /* 0 = 50; at most 1000 */
    struct str skip_token; /* from the answer before; empty: from the start */
};
struct incident_page {
    struct state_incident *p;
    size_t n;
    struct str next_token; /* empty: no more */
};
/* Errors: ERR_INVALID: filter, order or token not understood (pos points into the filter). */
bool incident_list(struct incidents *in, struct arena *a, struct workspace *w,
                   const struct incident_query *q, struct incident_page *out,
                   struct err *e) MUST_USE;
/* How many incidents a filter lets through, and how they are spread. */
enum { INCIDENT_SEVERITIES = 4, INCIDENT_STATUSES = 3 };
struct incident_counts {
    size_t total;
    size_t by_severity[INCIDENT_SEVERITIES]; /* Informational, Low, Medium, High */
    size_t by_status[INCIDENT_STATUSES];     /* New, Active, Closed */
};
bool incident_count(struct incidents *in, struct workspace *w, struct str filter,
                    struct incident_counts *out, struct err *e) MUST_USE;
/* The same over several workspaces (ids): by lastModifiedTimeUtc desc where no order is asked for,
 * since numbers count in a workspace. */
bool incident_list_all(struct incidents *in, struct arena *a, const struct str *workspaces,
                       size_t n_workspaces, const struct incident_query *q,
                       struct incident_page *out, struct err *e) MUST_USE;
/* The ARM resource {id, name, type, etag, properties}, one JSON object. */
void incident_to_json(struct incidents *in, struct workspace *w, const struct state_incident *i,
                      struct json_out *out);
/* {"value":[ARM SecurityAlert entities]} members for POST …/incidents/{id}/alerts: writes the array
 * only. */
bool incident_alerts_to_json(struct incidents *in, struct arena *a, struct workspace *w,
                             const struct state_incident *i, struct json_out *out,
                             struct err *e) MUST_USE;

/* ---- etags ---- */
/* Does the etag that a client sent (bare, quoted, W/"…", "*" or empty) fit the one that is. */
bool etag_fits(struct str expected, struct str is);
/* "etag": with the quotes that are part of it. */
void etag_write(struct json_out *out, struct str etag);

/* ---- changing ---- */
/* PUT of an ARM body {etag?, properties{…}}: full replacement of the writable properties; creates
 * the incident when there is none (id then must be a resource name). Errors: ERR_INVALID (the
 * property is named), ERR_CONFLICT (etag); with merge ERR_NOT_FOUND. */
struct incident_put {
    struct str if_match; /* the If-Match header or empty; it wins over the body's etag */
    struct str who;      /* the user's or application's name, becomes ModifiedBy */
    bool merge;          /* PATCH: what is absent stays as it is */
};
bool incident_put(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                  const struct json *body, const struct incident_put *how,
                  struct state_incident *out, bool *out_created, struct err *e) MUST_USE;
/* Its alerts and bookmarks stay; a SecurityIncident row with the status Deleted tells of it.
 * Errors: ERR_NOT_FOUND, ERR_CONFLICT (etag). */
bool incident_delete(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                     struct str if_match, struct str who, struct err *e) MUST_USE;
/* A change of single fields (CLI, automation): texts with p == NULL stay as they are. */
struct incident_change {
    struct str title, description, severity, status, classification, classification_reason,
        classification_comment;
    struct str
        owner; /* JSON object {objectId, email, assignedTo, userPrincipalName}; "null" unassigns */
    struct str add_label, remove_label;
    bool auto_label; /* the label that is added is AutoAssigned, not a User's */
    struct str etag; /* expected; empty: any */
};
bool incident_update(struct incidents *in, struct arena *a, struct workspace *w, struct str id,
                     const struct incident_change *c, struct str who, struct state_incident *out,
                     struct err *e) MUST_USE;

/* ---- from alerts; called inside the state transaction that stored them ---- */
enum incident_match { MATCH_ALL_ENTITIES, MATCH_ANY_ALERT, MATCH_SELECTED };
#define INCIDENT_APART "#DONT_CORR#" /* begins the description of a rule that stays apart */
struct incident_grouping {           /* incidentConfiguration of a rule */
    bool create, grouping, reopen;
    enum incident_match match;
    int64_t lookback;     /* ticks */
    struct str *entities; /* entity types, canonical (Account, IP …) */
    size_t n_entities;
    struct str *details; /* DisplayName, Severity */
    size_t n_details;
    struct str *custom; /* keys of custom details */
    size_t n_custom;
    bool again; /* another rule has made an incident of the alert: this is one more */
    bool apart; /* its incidents are not merged with others by themselves */
};
enum { INCIDENT_MAX_ALERTS = 150 };
/* Puts one stored alert into an incident: an open one that matches, a reopened one, or a new one.
 * Writes the incident, its SecurityIncident row (outbox). out_incident: id of the incident; empty
 * when the rule creates none. */
bool incident_from_alert(struct incidents *in, struct arena *a, struct workspace *w,
                         const struct state_alert *alert, const struct incident_grouping *g,
                         struct str *out_incident, struct err *e) MUST_USE;

/* ---- log rows ---- */
/* Puts rows (JSON array of objects: column → value) for a log table into the outbox. dedup: unique
 * for ever. */
bool logrows_put(struct incidents *in, struct workspace *w, const char *table, struct str rows,
                 struct str dedup, struct err *e) MUST_USE;
/* The same rows straight to a batch of the table: values are converted to the columns' types,
 * unknown columns skipped. */
bool logrows_batch(struct workspace *w, struct arena *a, struct str table, const struct json *rows,
                   struct store_batch **out, struct err *e) MUST_USE;
