/* Shared by the files of this folder only. */
#pragma once
#include "base/thread.h"
#include "incident/incident.h"
#include "incident/resources.h"
#include "incident/work.h"
#include "state/work.h"

struct incidents {
    struct store *store;
    struct state *state;
    struct clock *clock;
    struct str subscription, resource_group, base_url; /* owned */
    void (*listener)(void *ctx);
    void *listener_ctx;
    struct lock
        flushing; /* one flush at a time: rows leave the outbox in the order they entered it */
};

/* What an unassigned incident's owner is. */
#define INCIDENT_NO_OWNER                                                                          \
    "{\"objectId\":null,\"email\":null,\"assignedTo\":null,\"userPrincipalName\":null}"

/* ---- row.c: writes the SecurityIncident row of this state to the outbox, what has changed to the
 * activity log, and the incident itself, in one transaction. Sets etag, modified, row_time
 * (strictly increasing) and modified_by. Safe inside a transaction, too. ---- */
bool incident_save(struct incidents *in, struct arena *a, struct workspace *w,
                   struct state_incident *i, struct str who, struct err *e) MUST_USE;
/* The same; deleted: a task that is gone, which the row shows once more (may be NULL). */
bool incident_save_beside(struct incidents *in, struct arena *a, struct workspace *w,
                          struct state_incident *i, const struct state_task *deleted,
                          struct str who, struct err *e) MUST_USE;
/* Parts of incident_save: the new etag and times, and the row. */
void incident_touch(struct incidents *in, struct arena *a, struct state_incident *i,
                    struct str who);
bool incident_write_row(struct incidents *in, struct arena *a, struct workspace *w,
                        const struct state_incident *i, const struct state_task *deleted,
                        struct err *e) MUST_USE;
/* Fills number, provider and the texts that must not be empty. */
bool incident_init(struct incidents *in, struct arena *a, struct workspace *w,
                   struct state_incident *i, struct err *e) MUST_USE;

/* ---- JSON of both faces, written by row.c and resource.c ---- */
/* key: {alertsCount, …, tactics, techniques} */
void incident_additional_data(struct incidents *in, struct arena *a, struct workspace *w,
                              const char *key, const struct state_incident *i, struct json_out *o);
struct str incident_url(struct incidents *in, struct arena *a, struct workspace *w, struct str id);
/* ---- activity.c ---- */
/* Logs what differs from the stored incident, or that there was none. */
bool incident_log_changes(struct incidents *in, struct arena *a, const struct state_incident *i,
                          struct str who, struct err *e) MUST_USE;

/* ---- comment.c, task.c: columns of the row ---- */
bool incident_row_comments(struct incidents *in, struct arena *a, const struct state_incident *i,
                           struct json_out *o, struct err *e) MUST_USE;
bool incident_row_tasks(struct incidents *in, struct arena *a, const struct state_incident *i,
                        const struct state_task *deleted, struct json_out *o,
                        struct err *e) MUST_USE;

/* ---- relation.c ---- */
/* ^[a-zA-Z0-9-]{3,63}$ */
bool incident_relation_name_check(struct str name, struct err *e) MUST_USE;
/* properties.relatedResourceId, of this workspace: its last two parts. Errors: ERR_INVALID. */
bool incident_read_related(struct arena *a, struct workspace *w, const struct json *body,
                           struct str *out_collection, struct str *out_id, struct err *e) MUST_USE;
/* Times, tactics, techniques, products, rules and count of one more alert. */
void incident_widen(struct arena *a, struct state_incident *i, const struct state_alert *al);

/* ---- lists of texts as JSON arrays ---- */
/* The union of two JSON arrays of text, order kept. */
struct str json_texts_union(struct arena *a, struct str one, struct str more);
/* A new JSON array holding just s, or [] when it is empty. */
struct str json_texts_of(struct arena *a, struct str s);
int incident_severity_rank(struct str s); /* 0 Informational … 3 High; -1 unknown */

/* ---- odata.c ---- */
struct odata;
struct odata_value {
    enum { OV_NULL, OV_TEXT, OV_INT, OV_TIME, OV_BOOL, OV_LIST } type;
    struct str s;
    int64_t i;                       /* INT, TIME, BOOL */
    const struct odata_value *items; /* LIST: what any() looks through */
    size_t n;
};
/* Gives the value of a path ("status", "owner/email", "labels"); false: there is no such property.
 */
typedef bool odata_get_fn(void *self, struct str path, struct odata_value *out);
/* $filter's grammar: and or not ( ), eq ne gt ge lt le, in, contains startswith endswith, any(x:
 * …). */
struct odata *odata_parse(struct arena *a, struct str text, struct err *e) MUST_USE;
/* Calls fn with each property that it names, also more than once. */
void odata_each_path(const struct odata *o, void (*fn)(void *self, struct str path), void *self);
/* False with e set: unknown property or types that do not compare. */
bool odata_match(const struct odata *o, odata_get_fn *get, void *self, bool *out,
                 struct err *e) MUST_USE;
int odata_compare(const struct odata_value *x, const struct odata_value *y);
