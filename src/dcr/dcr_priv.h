/* Shared by the files of this folder only. */
#pragma once
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
struct dcr_reading {
    struct arena *a;
    struct store *store;
    int64_t now;
    struct dcr_model *m;
    struct dcr_issues *issues;
};
/* All lives in a, the workspaces as long as the store. False: issues says what is wrong; flows that
 * are right can be used. */
bool dcr_model_read(struct arena *a, struct store *s, int64_t now, const struct json *properties,
                    struct dcr_model *out, struct dcr_issues *issues) MUST_USE;
void dcr_read_flows(struct dcr_reading *r, const struct json *properties);
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
/* The stream whose table a flow's rows go to. */
struct str dcr_flow_output(const struct dcr_flow *f, struct str stream);

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

/* ---- arm.c ---- */
struct str dcr_arm_id(struct dcrs *d, struct arena *a, enum state_collection c, struct str name);

struct dcrs {
    struct dcrs_options o;
    struct lock lock;
    VEC(struct dcr_entry *) entries; /* under lock */
    struct arena *a;                 /* of the vector */
};
