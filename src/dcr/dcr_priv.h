/* Shared by the files of this folder only. */
#pragma once
#include <stdatomic.h>

#include "base/thread.h"
#include "dcr/dcr.h"
#include "ingest/transform.h"
#include "text/json.h"

/* ---- model.c, flows.c: a rule's properties, understood ---- */
struct dcr_stream {
    struct str name;
    struct kql_schema columns;
};
struct dcr_destination {
    struct str name;
    struct workspace *workspace; /* NULL: none of this server */
};
struct dcr_flow {
    struct str *streams;
    size_t n_streams;
    struct workspace **to;
    size_t n_to;
    struct str transform; /* empty: none, or source alone */
    struct str output;    /* stream; empty: the input's */
};
struct dcr_model {
    struct dcr_stream *streams;
    size_t n_streams;
    struct dcr_destination *destinations;
    size_t n_destinations;
    struct dcr_flow *flows;
    size_t n_flows;
};
/* What there is around a rule. */
struct dcr_about {
    struct store *store;
    int64_t now;   /* ticks */
    bool standing; /* kind WorkspaceTransforms: for what comes without a rule of its own */
};
struct dcr_reading {
    struct arena *a;
    const struct dcr_about *about;
    struct dcr_model *m;
    struct dcr_issues *issues;
};
/* All lives in a, the workspaces as long as the store. False: issues says what is wrong; flows that
 * are right can be used. */
bool dcr_model_read(struct arena *a, const struct dcr_about *about, const struct json *properties,
                    struct dcr_model *out, struct dcr_issues *issues) MUST_USE;
/* The destinations alone, without a word about what is wrong: no query is compiled. */
void dcr_model_destinations(struct arena *a, const struct dcr_about *about,
                            const struct json *properties, struct dcr_model *out);
/* Of a rule of that kind. */
struct dcr_about dcr_about(const struct dcrs *d, struct str kind);
void dcr_read_flows(struct dcr_reading *r, const struct json *properties);
/* data_sources.c: what agents are to collect, as far as its shape goes. */
void dcr_check_data_sources(struct dcr_reading *r, const struct json *properties);
void dcr_issue(struct dcr_reading *r, const char *code, struct str target, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
/* The member, an array of at most DCR_MAX_PARTS; NULL: absent, or told of. */
const struct json *dcr_array(struct dcr_reading *r, const struct json *object, const char *name,
                             struct str target);
/* For messages. */
struct str dcr_brief(struct str s);
/* The columns that records of a stream have on their way into w; false: there is no such stream.
 * *out_declared (may be NULL): by the rule. */
bool dcr_model_columns(struct arena *a, const struct dcr_model *m, struct workspace *w,
                       struct str stream, struct kql_schema *out, bool *out_declared) MUST_USE;
bool dcr_flow_reads(const struct dcr_flow *f, struct str stream);
#define DCR_TABLE_STREAM "Microsoft-Table-" /* and a table: streams of standing rules */
/* The stream whose table a flow's rows go to. Borrowed. */
struct str dcr_flow_output(const struct dcr_flow *f, struct str stream);

/* ---- pass.c: records through one flow into one workspace ---- */
struct dcr_passing {
    struct dcrs *d;
    struct dcr_entry *rule;
    struct arena *a;
    size_t flow;
    struct ingest *in;
    struct ingest_request base; /* what came; its flow says output and identity */
};
/* columns: of source. Errors: as dcr_logs. */
bool dcr_pass(struct dcr_passing *p, const struct kql_schema *columns, struct ingest_result *out,
              struct err *e) MUST_USE;

/* ---- cache.c: rules in use ---- */
struct dcr_muted {
    uint64_t hash; /* of the message */
    int64_t told;  /* ticks */
};
struct dcr_entry {
    struct arena *a;
    struct str immutable_id, name;
    struct dcr_model model;
    size_t refs;             /* under dcrs.lock */
    struct dcr_muted *muted; /* one a flow; under dcrs.lock */
};
/* Errors: ERR_NOT_FOUND. */
struct dcr_entry *dcr_entry_take(struct dcrs *d, struct str immutable_id, struct err *e);
void dcr_entry_drop(struct dcrs *d, struct dcr_entry *x);
/* The rule has changed: the next request reads it anew. */
void dcr_entry_forget(struct dcrs *d, struct str immutable_id);
void dcr_entries_clear(struct dcrs *d);
/* False when a flow's message was told within the hour. */
bool dcr_entry_tells(struct dcrs *d, struct dcr_entry *x, size_t flow, struct str message);

/* ---- gate.c: standing rules ---- */
/* Reads them anew. */
void dcr_standing_load(struct dcrs *d);
void dcr_standing_clear(struct dcrs *d);
struct dcr_entry *dcr_entry_new(struct dcrs *d, struct arena *a, const struct state_dcr *row,
                                struct err *e); /* refs 1; takes a, also on failure */
bool dcr_is_standing(struct str kind);

/* ---- rule.c ---- */
struct str dcr_key(struct arena *a, struct str name); /* in lower case */
/* What the key of a resource of the tenant (may be empty) begins with, and the way back. */
struct str dcr_tenant_prefix(struct arena *a, struct str tenant);
struct str dcr_tenant_of(struct str key);
/* Does the rule with that key lead to a workspace where the caller may? */
bool dcr_leads_to_own(struct dcrs *d, struct arena *a, struct str key,
                      const struct dcr_caller *caller);
struct str dcr_new_etag(struct arena *a);
bool dcr_name_ok(struct str name, struct err *e) MUST_USE;
/* Where a rule leads. */
void dcr_destinations(struct dcrs *d, struct arena *a, const struct state_dcr *x,
                      struct dcr_model *out);
bool dcr_may_change(const struct dcr_caller *c, const struct dcr_model *m, struct err *e) MUST_USE;

/* ---- associations.c ---- */
/* Those of a rule or an endpoint are taken away (with), or there are none. Within the state's
 * transaction. Errors: ERR_CONFLICT. */
bool dcr_associations_end(struct dcrs *d, struct arena *a, enum state_collection c, struct str key,
                          bool with, struct err *e) MUST_USE;

/* ---- activity.c: who changed what ---- */
struct dcr_activity {
    const char *type; /* "dataCollectionRules" … */
    bool deleted;
    struct str id, name, who; /* id: ARM id */
    const struct dcr_model *before,
        *now;          /* of a rule: where it leads; both NULL: it concerns all of the tenant */
    struct str tenant; /* as store_place has it */
};
/* A row of AzureActivity in each workspace concerned, inside the transaction of the change. */
bool dcr_activity_put(struct dcrs *d, struct arena *a, const struct dcr_activity *x,
                      struct err *e) MUST_USE;

/* ---- arm.c ---- */
void dcr_write_system_data(struct json_out *o, int64_t created, struct str created_by,
                           int64_t modified, struct str modified_by);
struct str dcr_arm_id(struct dcrs *d, struct arena *a, enum state_collection c, struct str name);

struct dcrs {
    struct dcrs_options o;
    struct lock lock;
    VEC(struct dcr_entry *) entries;  /* under lock */
    VEC(struct dcr_entry *) standing; /* under lock */
    atomic_size_t n_standing;         /* so that most requests need no lock */
    struct arena *a;                  /* of the vectors */
};
