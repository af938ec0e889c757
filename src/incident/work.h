/* What belongs to an incident beside its own properties: the alerts and bookmarks it is made of
 * (relations), comments, tasks, and the log of activities. */
#pragma once
#include "incident/incident.h"
#include "state/work.h"

enum {
    INCIDENT_MAX_BOOKMARKS = 20,
    INCIDENT_MAX_COMMENTS = 100,
    INCIDENT_MAX_COMMENT_CHARS = 30000,
    INCIDENT_MAX_TASKS = 40
};

/* Who does something: a signed-in application, or a part of the system. */
struct incident_actor {
    struct str id;   /* object id; empty: a part of the system */
    struct str name; /* becomes ModifiedBy: "Automation rule - …", a user's name … */
};
/* A PUT: its body, the If-Match header or empty, and who sent it. */
struct incident_sent {
    const struct json *body;
    struct str if_match;
    const struct incident_actor *who;
};
/* {email, name, objectId, userPrincipalName}, what is not known null. */
struct str incident_actor_json(struct arena *a, const struct incident_actor *who);

/* ---- alerts of an incident; inside a state transaction ---- */
/* Stores a new incident (incident_init has been called) made of these alerts. who: ModifiedBy. */
bool incident_create_with(struct incidents *in, struct arena *a, struct workspace *w,
                          struct state_incident *i, const struct state_alert *const *alerts,
                          size_t n, struct str who, struct err *e) MUST_USE;
/* Puts one alert into the incident: relation, times, tactics, products, count, activity, row. The
 * severity stays. relation: its name; empty: the alert's id. Errors: ERR_INVALID: it is there
 * already; ERR_LIMIT: INCIDENT_MAX_ALERTS. */
bool incident_alert_add(struct incidents *in, struct arena *a, struct workspace *w,
                        struct state_incident *i, const struct state_alert *alert,
                        struct str relation, struct str who, struct err *e) MUST_USE;
/* Takes it out again; what followed from the alerts is made anew from those that are left. Errors:
 * ERR_NOT_FOUND. */
bool incident_alert_remove(struct incidents *in, struct arena *a, struct workspace *w,
                           struct state_incident *i, struct str alert, struct str who,
                           struct err *e) MUST_USE;

/* ---- lists, with OData's filter, order and pages ---- */
enum incident_part { INCIDENT_COMMENTS, INCIDENT_RELATIONS, INCIDENT_TASKS };
/* The array of ARM resources. *out_next: see struct incident_page. Errors: ERR_INVALID. */
bool incident_part_list(struct incidents *in, struct arena *a, struct workspace *w,
                        const struct state_incident *i, enum incident_part part,
                        const struct incident_query *q, struct json_out *out, struct str *out_next,
                        struct err *e) MUST_USE;

/* ---- relations as resources ---- */
/* The array of ARM relations. */
bool incident_relations_to_json(struct incidents *in, struct arena *a, struct workspace *w,
                                const struct state_incident *i, struct json_out *out,
                                struct err *e) MUST_USE;
bool incident_relation_get(struct incidents *in, struct arena *a, const struct state_incident *i,
                           struct str name, struct state_relation *out, struct err *e) MUST_USE;
void incident_relation_to_json(struct incidents *in, struct workspace *w,
                               const struct state_relation *r, struct json_out *out);
/* PUT {etag?, properties{relatedResourceId}}: an alert (…/entities/{id}) or a bookmark
 * (…/bookmarks/{id}) of the same workspace. Errors as the service has them: ERR_INVALID,
 * ERR_NOT_FOUND, ERR_CONFLICT, ERR_LIMIT. */
bool incident_relation_put(struct incidents *in, struct arena *a, struct workspace *w,
                           struct str incident, struct str name, const struct json *body,
                           const struct incident_put *how, struct state_relation *out,
                           bool *out_created, struct err *e) MUST_USE;
bool incident_relation_delete(struct incidents *in, struct arena *a, struct workspace *w,
                              struct str incident, struct str name, const struct incident_put *how,
                              struct err *e) MUST_USE;
/* Adds a bookmark, as incident_alert_add does an alert. */
bool incident_bookmark_add(struct incidents *in, struct arena *a, struct workspace *w,
                           struct state_incident *i, struct str bookmark, struct str relation,
                           struct str who, struct err *e) MUST_USE;
bool incident_bookmark_remove(struct incidents *in, struct arena *a, struct workspace *w,
                              struct state_incident *i, struct str bookmark, struct str who,
                              struct err *e) MUST_USE;

/* ---- comments ---- */
bool incident_comment_get(struct incidents *in, struct arena *a, const struct state_incident *i,
                          struct str id, struct state_comment *out, struct err *e) MUST_USE;
bool incident_comments_to_json(struct incidents *in, struct arena *a, struct workspace *w,
                               const struct state_incident *i, struct json_out *out,
                               struct err *e) MUST_USE;
void incident_comment_to_json(struct incidents *in, struct workspace *w,
                              const struct state_comment *c, struct json_out *out);
/* PUT {etag?, properties{message}}. The text is kept as it is; who shows it must not run it.
 * Errors: ERR_INVALID, ERR_FORBIDDEN (another one's comment), ERR_LIMIT, ERR_CONFLICT. */
bool incident_comment_put(struct incidents *in, struct arena *a, struct workspace *w,
                          struct str incident, struct str id, const struct incident_sent *sent,
                          struct state_comment *out, bool *out_created, struct err *e) MUST_USE;
bool incident_comment_delete(struct incidents *in, struct arena *a, struct workspace *w,
                             struct str incident, struct str id, struct str if_match,
                             const struct incident_actor *who, struct err *e) MUST_USE;
/* A comment by a part of the system, inside a state transaction. */
bool incident_comment_add(struct incidents *in, struct arena *a, struct workspace *w,
                          struct state_incident *i, struct str message,
                          const struct incident_actor *who, struct err *e) MUST_USE;

/* ---- tasks ---- */
bool incident_task_get(struct incidents *in, struct arena *a, const struct state_incident *i,
                       struct str id, struct state_task *out, struct err *e) MUST_USE;
bool incident_tasks_to_json(struct incidents *in, struct arena *a, struct workspace *w,
                            const struct state_incident *i, struct json_out *out,
                            struct err *e) MUST_USE;
void incident_task_to_json(struct incidents *in, struct workspace *w, const struct state_task *t,
                           struct json_out *out);
/* PUT {etag?, properties{title, status, description}}. Errors: ERR_INVALID, ERR_LIMIT,
 * ERR_CONFLICT. */
bool incident_task_put(struct incidents *in, struct arena *a, struct workspace *w,
                       struct str incident, struct str id, const struct incident_sent *sent,
                       struct state_task *out, bool *out_created, struct err *e) MUST_USE;
bool incident_task_delete(struct incidents *in, struct arena *a, struct workspace *w,
                          struct str incident, struct str id, struct str if_match,
                          const struct incident_actor *who, struct err *e) MUST_USE;
/* A task made by a part of the system, inside a state transaction. */
bool incident_task_add(struct incidents *in, struct arena *a, struct workspace *w,
                       struct state_incident *i, struct str title, struct str description,
                       const struct incident_actor *who, struct err *e) MUST_USE;

/* ---- the activity log ---- */
/* Adds one entry, inside the transaction of what it tells of; incident_save logs changes of the
 * incident's own properties itself. */
bool incident_log(struct incidents *in, const struct state_incident *i, const char *kind,
                  struct str target, struct str who, struct err *e) MUST_USE;
/* [{time, activity, who, field?, oldValue?, newValue?, target?}], at most max behind the entry
 * after; *out_last: of the last one, 0: there are no more. */
bool incident_activities_to_json(struct incidents *in, struct arena *a, const char *subject_type,
                                 struct str workspace, struct str subject, int64_t after,
                                 size_t max, struct json_out *out, int64_t *out_last,
                                 struct err *e) MUST_USE;
void activity_to_json(const struct state_activity *x, struct json_out *out);
