/* Shared by the files of this folder only. */
#pragma once
#include "base/thread.h"
#include "incident/incident.h"
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
struct str incident_etag_new(struct arena *a);
/* Fills number, provider and the texts that must not be empty. */
bool incident_init(struct incidents *in, struct arena *a, struct workspace *w,
                   struct state_incident *i, struct err *e) MUST_USE;

/* ---- JSON of both faces, written by row.c and resource.c ---- */
/* JSON that we have written ourselves; empty stands for the given text. */
void incident_kv_raw(struct json_out *w, const char *key, struct str json, const char *empty);
/* key: {alertsCount, …, tactics, techniques} */
void incident_additional_data(struct incidents *in, struct arena *a, struct workspace *w,
                              const char *key, const struct state_incident *i, struct json_out *o);
struct str incident_url(struct incidents *in, struct arena *a, struct workspace *w, struct str id);
/* ARM id of a thing of this workspace: collection "Incidents", "Entities" … */
struct str incident_resource_id(struct incidents *in, struct arena *a, struct workspace *w,
                                const char *collection, struct str id);
/* "id", "name", "type" */
void incident_resource_head(struct json_out *out, struct str id, struct str name, const char *type);
/* Absent instead of empty or 0, as the service answers. */
void incident_kv_time(struct json_out *w, const char *key, int64_t ticks);
void incident_kv_some(struct json_out *w, const char *key, struct str v);

/* ---- what bodies have, read by change.c ---- */
/* properties.NAME: a text; empty when it is absent or null. */
bool incident_read_text(struct arena *a, const struct json *properties, const char *name,
                        struct str *out, struct err *e) MUST_USE;
/* At most max bytes. property: its path, for the message. */
bool incident_short_enough(const char *property, struct str value, size_t max,
                           struct err *e) MUST_USE;
/* value as the NULL-ended set spells it, in any case; empty stays. */
bool incident_canonical(const char *const *set, const char *property, struct str *value,
                        struct err *e) MUST_USE;
/* {objectId, email, assignedTo, userPrincipalName[, ownerType]}; empty: nobody. */
bool incident_read_owner(struct incidents *in, struct arena *a, const struct json *owner,
                         struct str *out, struct err *e) MUST_USE;
/* A resource name as ARM allows it. what: "incident", for the message. */
bool incident_name_check(const char *what, struct str id, struct err *e) MUST_USE;
/* body's "properties", an object. */
const struct json *incident_body_properties(const struct json *body, struct err *e) MUST_USE;
/* The etag that was sent (if_match wins over the body's) against the one that is. what: "the
 * comment", for the message. */
bool incident_etag_check(const char *what, const struct json *body, struct str if_match,
                         struct str is, struct err *e) MUST_USE;
struct str incident_compact(struct arena *a, const struct json *v);

/* ---- activity.c ---- */
/* All of an entry but its time, as members. */
void activity_members_write(const struct state_activity *x, struct json_out *out);
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
/* False with e set: unknown property or types that do not compare. */
bool odata_match(const struct odata *o, odata_get_fn *get, void *self, bool *out,
                 struct err *e) MUST_USE;
int odata_compare(const struct odata_value *x, const struct odata_value *y);

/* ---- page.c ---- */
enum { RESOURCE_MAX_LIST = 256 << 20 };
enum resource_type { RESOURCE_TEXT, RESOURCE_NUMBER, RESOURCE_TIME, RESOURCE_LIST };
struct resource_property {
    const char *path; /* below "properties", or "name"; NULL: the end of the list */
    enum resource_type type;
};
extern const struct resource_property resource_relation_properties[];
/* The page of an array of ARM resources (JSON) that q asks for, as an array to out. *out_next: the
 * token of what follows, in a; empty: nothing. Errors: ERR_INVALID (filter, order, token, top). */
bool resource_page(struct arena *a, struct str array, const struct resource_property *properties,
                   const struct incident_query *q, struct json_out *out, struct str *out_next,
                   struct err *e) MUST_USE;
/* "properties/x desc": the path without "properties/", and the direction. */
bool resource_order_split(struct str text, struct str *out_path, bool *out_descending,
                          struct err *e) MUST_USE;
bool resource_token_read(struct str token, size_t *out, struct err *e) MUST_USE;
/* wish 0: the default. */
bool resource_top_read(size_t wish, size_t *out, struct err *e) MUST_USE;
