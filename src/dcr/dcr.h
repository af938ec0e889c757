/* Data collection rules and endpoints: the resources, and what a rule makes of a request's records.
 * Source: "Structure of a data collection rule in Azure Monitor", the Data Collection Rules API. */
#pragma once
#include "incident/incident.h"
#include "ingest/ingest.h"
#include "state/dcr.h"

enum {
    DCR_MAX_BYTES = 1 << 20, /* of a resource */
    DCR_MAX_RULES = 1000,    /* and endpoints */
    DCR_MAX_PARTS = 64,      /* streams, flows, destinations of one rule */
    DCR_MAX_COLUMNS = 500,   /* of one stream */
    DCR_MAX_NAME = 256,      /* bytes of a name inside of a rule */
    DCR_MAX_ISSUES = 100     /* that are told */
};
struct dcrs; /* shared by threads */
struct dcrs_options {
    struct store *store; /* borrowed, all of them; must outlive the handle */
    struct state *state;
    struct clock *clock;
    struct ingest *requests; /* with the limits of what senders may send */
    struct arm_scope scope;
    struct incidents *incidents; /* through which rows of AzureActivity go */
    const char *base_url; /* of this server; a text that may change until it is used; may be NULL */
};
struct dcrs *dcrs_open(const struct dcrs_options *o);
void dcrs_close(struct dcrs *d); /* NULL is fine */

/* ---- resources ---- */
/* What is wrong with a rule, all of it. */
struct dcr_issue {
    const char *code; /* InvalidStream, InvalidDestination, InvalidTransformQuery … */
    struct str message;
    struct str target; /* properties.dataFlows[0] */
};
struct dcr_issues {
    struct arena *a;
    VEC(struct dcr_issue) list;
};
/* May the caller do there what he asks for? Names of rules and endpoints are those of its tenant;
 * of another one it knows the rules that lead to a workspace where it may. */
struct dcr_caller {
    void *self;
    bool (*may)(void *self, const struct workspace *w);
    struct str tenant; /* as store_place has it: empty for the first one */
};
struct dcr_change {
    struct str name, if_match, who; /* if_match: the header, or empty */
    const struct json *body;        /* the ARM resource */
    struct dcr_caller caller; /* must be allowed to change all destinations, old and new ones */
    bool with_associations;   /* DELETE: its associations go, too */
};
/* PUT. Errors: ERR_INVALID (with issues: those; else e alone), ERR_CONFLICT (etag), ERR_LIMIT (too
 * many, too large), ERR_FORBIDDEN. *out lives in a. */
bool dcr_put(struct dcrs *d, struct arena *a, enum state_collection c, const struct dcr_change *x,
             struct state_dcr *out, bool *out_created, struct dcr_issues *issues,
             struct err *e) MUST_USE;
/* PATCH: tags. Errors: ERR_NOT_FOUND, ERR_INVALID, ERR_CONFLICT, ERR_FORBIDDEN. */
bool dcr_patch(struct dcrs *d, struct arena *a, enum state_collection c, const struct dcr_change *x,
               struct state_dcr *out, struct err *e) MUST_USE;
/* By name: that of the caller's tenant first. Errors: ERR_NOT_FOUND, also for one that the caller
 * does not see: a rule none of whose workspaces it may, an endpoint of another tenant. */
bool dcr_get(struct dcrs *d, struct arena *a, enum state_collection c, struct str name,
             const struct dcr_caller *caller, struct state_dcr *out, struct err *e) MUST_USE;
/* Those that the caller may see, by name. */
bool dcr_list(struct dcrs *d, struct arena *a, enum state_collection c,
              const struct dcr_caller *caller, struct state_dcr **out, size_t *n,
              struct err *e) MUST_USE;
/* Errors: also ERR_CONFLICT, while there are associations of it. */
bool dcr_delete(struct dcrs *d, enum state_collection c, const struct dcr_change *x,
                bool *out_was_there, struct err *e) MUST_USE;
/* The ARM resource, one JSON object. */
void dcr_to_json(struct dcrs *d, struct arena *a, enum state_collection c,
                 const struct state_dcr *x, struct json_out *out);

/* ---- records ---- */
/* A workspace that the rule writes to, for the accounting of refusals; NULL: no such rule, or none
 * that is left. */
struct workspace *dcr_workspace(struct dcrs *d, struct str immutable_id);
bool dcr_exists(struct dcrs *d, struct str immutable_id);

struct dcr_request {
    struct str rule; /* immutable id */
    struct str stream, body, source, client_request_id;
    struct dcr_caller caller; /* must be allowed to send to all destinations of the stream */
};
/* Runs the flows of the stream, one after the other. When it returns true all of them are on disk;
 * a transformation that fails is no error: its records are dead letters, and DCRLogErrors says why.
 * Errors: ERR_NOT_FOUND (rule, stream), ERR_FORBIDDEN, and those of ingest_logs: what flows in
 * front of the failing one stored is recognised when the request comes again with its
 * client_request_id. */
bool dcr_logs(struct dcrs *d, const struct dcr_request *r, struct ingest_result *out,
              struct err *e) MUST_USE;

/* Rules of kind WorkspaceTransforms: what in brings for a table that ships, without a rule of its
 * own, goes through the flow of stream Microsoft-Table-<Table>. Before in is used; d must outlive
 * it. */
void dcr_guard(struct dcrs *d, struct ingest *in);

/* The ARM id of the rule of kind WorkspaceTransforms of a workspace; empty: it has none. In a. */
struct str dcr_default_rule(struct dcrs *d, struct arena *a, const struct workspace *w);

/* ---- associations: which resources a rule or an endpoint is for ----
 * Source: the Data Collection Rule Associations API. */
struct dcr_association {
    struct str resource, name, if_match, who; /* resource: ARM id with '/' in front */
    const struct json *body;
    struct dcr_caller caller; /* must be allowed to change the rule */
};
enum { DCR_MAX_ASSOCIATIONS = 10000 };
/* Errors: as dcr_put. */
bool dcr_association_put(struct dcrs *d, struct arena *a, const struct dcr_association *x,
                         struct state_association *out, bool *out_created, struct err *e) MUST_USE;
/* Errors: ERR_NOT_FOUND. */
bool dcr_association_get(struct dcrs *d, struct arena *a, const struct dcr_association *x,
                         struct state_association *out, struct err *e) MUST_USE;
/* Of a resource (x->resource), or of the rule or endpoint called name; those whose rule the caller
 * may see. */
bool dcr_association_list(struct dcrs *d, struct arena *a, const struct dcr_association *x,
                          enum state_collection c, struct str name, struct state_association **out,
                          size_t *n, struct err *e) MUST_USE;
bool dcr_association_delete(struct dcrs *d, const struct dcr_association *x, bool *out_was_there,
                            struct err *e) MUST_USE;
void dcr_association_to_json(struct dcrs *d, struct arena *a, const struct state_association *x,
                             struct json_out *out);

/* What the flows of a rule make of records; nothing is stored. */
struct dcr_trial {
    const struct json *properties; /* of a rule; NULL: of the rule that is kept as name */
    struct str kind;               /* of that rule */
    struct str name;
    struct str stream; /* empty: the first flow's first */
    struct str body;   /* JSON array of records */
    struct dcr_caller caller;
};
/* Writes {"stream", "flows": [{"flow", "outputStream", "records", "rows" | "error", "filtered"}]}.
 * Errors: as dcr_put, ERR_NOT_FOUND, those of the body. */
bool dcr_try(struct dcrs *d, struct arena *a, const struct dcr_trial *t, struct json_out *out,
             struct dcr_issues *issues, struct err *e) MUST_USE;
