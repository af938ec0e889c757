/* What resources around incidents share: ids, etags, bodies, and pages of lists. */
#pragma once
#include "incident/work.h"

/* ---- writing ---- */
/* A new one: a GUID, in a. */
struct str incident_etag_new(struct arena *a);
/* JSON that we have written ourselves; empty stands for the given text. */
void incident_kv_raw(struct json_out *w, const char *key, struct str json, const char *empty);
/* ARM id of a thing of this workspace: collection "Incidents", "Entities" … */
struct str incident_resource_id(struct incidents *in, struct arena *a, struct workspace *w,
                                const char *collection, struct str id);
/* "id", "name", "type" */
void incident_resource_head(struct json_out *out, struct str id, struct str name, const char *type);
/* Absent instead of empty or 0, as the service answers. */
void incident_kv_time(struct json_out *w, const char *key, int64_t ticks);
void incident_kv_some(struct json_out *w, const char *key, struct str v);

/* ---- reading bodies ---- */
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
/* Who the owner (JSON) is, in the first words that there are; empty: nobody. */
struct str incident_owner_words(struct arena *a, struct str owner);
struct str incident_compact(struct arena *a, const struct json *v);

/* ---- comments and activities ---- */
/* Errors: ERR_INVALID: empty, or more than INCIDENT_MAX_COMMENT_CHARS. */
bool comment_message_check(struct str message, struct err *e) MUST_USE;
bool comment_is_author(struct arena *a, const struct state_comment *c,
                       const struct incident_actor *who);
/* message, times and author, as members. */
void comment_members_write(const struct state_comment *c, struct json_out *out);
/* All of an entry but its time, as members. */
void activity_members_write(const struct state_activity *x, struct json_out *out);

/* ---- pages of lists ---- */
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
