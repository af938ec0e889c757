/* Incidents and their alerts. The JSON texts are arrays or objects in the form of the
 * SecurityIncident columns. */
#pragma once
#include "state/state.h"

struct state_incident {
    struct str workspace, id; /* id: the resource name, a GUID */
    int64_t number;
    struct str etag, title, description, severity, status;
    struct str classification, classification_reason, classification_comment;
    struct str owner;                                   /* JSON object; empty = unassigned */
    struct str labels;                                  /* JSON array */
    struct str tactics, techniques, products, rule_ids; /* JSON arrays of text */
    int64_t created, modified, first_modified, closed, first_activity, last_activity;
    int64_t row_time; /* TimeGenerated of its last SecurityIncident row */
    struct str modified_by, provider, provider_incident_id;
    /* grouping: which alerts may still join */
    struct str group_rule; /* rule id; empty: none */
    struct str group_key;  /* what must be equal; empty is a key, too */
    int64_t first_alert;   /* time of the first alert, for the look-back */
    int64_t alerts;        /* how many */
    int64_t bookmarks, comments;
    int64_t merged_into; /* number of the incident that took its alerts over; 0: none */
};
bool state_incident_put(struct state *s, const struct state_incident *i, struct err *e) MUST_USE;
bool state_incident_get(struct state *s, struct arena *a, struct str workspace, struct str id,
                        struct state_incident *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
/* Only what says whether it may be merged: number, status, owner, labels, rules, alerts. */
bool state_incident_brief(struct state *s, struct arena *a, struct str workspace, struct str id,
                          struct state_incident *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
/* By number, when the whole text is one; ERR_NOT_FOUND. */
bool state_incident_by_number(struct state *s, struct arena *a, struct str workspace,
                              int64_t number, struct state_incident *out, struct err *e) MUST_USE;
/* All of the workspace, by number. */
bool state_incident_list(struct state *s, struct arena *a, struct str workspace,
                         struct state_incident **out, size_t *n, struct err *e) MUST_USE;
/* Goes through those of the workspace, in no order, until fn says false. Each has its number and
 * the members at offsets (bytes from the start of the struct); the others are empty. Texts are the
 * database's own: they are gone when fn returns, and fn must not ask the database. */
typedef bool state_incident_fn(void *self, const struct state_incident *i);
bool state_incident_scan(struct state *s, struct str workspace, const size_t *offsets, size_t n,
                         state_incident_fn *fn, void *self, struct err *e) MUST_USE;
/* Those whose last activity is from ≤ time < to, the latest first, at most max. */
bool state_incident_between(struct state *s, struct arena *a, struct str workspace, int64_t from,
                            int64_t to, size_t max, struct state_incident **out, size_t *n,
                            struct err *e) MUST_USE;
/* Candidates for grouping, newest first: same rule and key, first alert not before since. */
bool state_incident_candidates(struct state *s, struct arena *a, const struct state_incident *like,
                               int64_t since, struct state_incident **out, size_t *n,
                               struct err *e) MUST_USE;
/* With its relations, comments, tasks and activities; its alerts and bookmarks stay. */
bool state_incident_delete(struct state *s, struct str workspace, struct str id,
                           struct err *e) MUST_USE;
bool state_incident_add_alert(struct state *s, struct str workspace, struct str incident,
                              struct str alert,
                              struct err *e) MUST_USE; /* adding it twice is harmless */
/* Ids of its alerts in the order in which they joined. */
bool state_incident_alert_ids(struct state *s, struct arena *a, struct str workspace,
                              struct str incident, struct str **out, size_t *n,
                              struct err *e) MUST_USE;

/* ---- relations: which alerts and bookmarks belong to an incident ---- */
#define RELATION_ALERT "alert"
#define RELATION_BOOKMARK "bookmark"
struct state_relation {
    struct str workspace, incident, name; /* name: of the resource; unless given the target's id */
    struct str kind;                      /* RELATION_… */
    struct str target;                    /* id of the alert or the bookmark */
    struct str etag;
    int64_t created;
};
/* Adds it, or replaces name, etag and time of the one with the same target. Errors: ERR_CONFLICT:
 * another one has the name. */
bool state_relation_put(struct state *s, const struct state_relation *r, struct err *e) MUST_USE;
bool state_relation_delete(struct state *s, const struct state_relation *r, struct err *e) MUST_USE;
/* Those of an incident, in the order in which they came. */
bool state_relation_list(struct state *s, struct arena *a, struct str workspace,
                         struct str incident, struct state_relation **out, size_t *n,
                         struct err *e) MUST_USE;
/* Those of an alert or a bookmark. */
bool state_relation_of(struct state *s, struct arena *a, struct str workspace, const char *kind,
                       struct str target, struct state_relation **out, size_t *n,
                       struct err *e) MUST_USE;
/* ---- alerts that merges moved: each knows the incident that it was given to at first ---- */
/* The alert would be in the incident origin, had that one not been merged into this one. */
bool state_incident_alert_came_from(struct state *s, struct str workspace, struct str incident,
                                    struct str alert, struct str origin, struct err *e) MUST_USE;
/* All alerts of the one to the other; those that both have are the other's own. */
bool state_incident_alerts_move(struct state *s, struct str workspace, struct str from,
                                struct str to, struct err *e) MUST_USE;
/* Those in the incident "from" that origin was given, to "to". */
bool state_incident_alerts_return(struct state *s, struct str workspace, struct str from,
                                  struct str to, struct str origin, struct err *e) MUST_USE;
/* The incidents whose alerts it holds, but for itself. */
bool state_incident_alert_origins(struct state *s, struct arena *a, struct str workspace,
                                  struct str incident, struct str **out, size_t *n,
                                  struct err *e) MUST_USE;
