/* Alerts: what grouping, relations and "alerts of this incident" need of a SecurityAlert row. */
#pragma once
#include "state/state.h"

struct state_alert {
    struct str workspace, id; /* id = SystemAlertId */
    struct str rule_id;
    int64_t run; /* S of the run that made it */
    struct str name, description, severity, product;
    int64_t start, end, generated;
    struct str tactics, techniques; /* JSON arrays */
    struct str entities;            /* JSON array, as in the Entities column */
    struct str custom_details;      /* JSON object */
    struct str row;                 /* the SecurityAlert row as a JSON object */
};
bool state_alert_put(struct state *s, const struct state_alert *al, struct err *e) MUST_USE;
bool state_alert_get(struct state *s, struct arena *a, struct str workspace, struct str id,
                     struct state_alert *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
/* A further rule makes an incident of an alert that is there. *out_new: it had not yet. */
bool state_alert_claim(struct state *s, struct str workspace, struct str alert, struct str rule,
                       bool *out_new, struct err *e) MUST_USE;
/* Alerts of a rule from from ≤ run ≤ to, by run and order of creation. */
bool state_alert_list(struct state *s, struct arena *a, struct str workspace, struct str rule_id,
                      int64_t from, int64_t to, struct state_alert **out, size_t *n,
                      struct err *e) MUST_USE;
bool state_alert_of_incident(struct state *s, struct arena *a, struct str workspace,
                             struct str incident, struct state_alert **out, size_t *n,
                             struct err *e) MUST_USE;
/* Alerts whose entities are not in the index yet, at most max, the oldest first. */
bool state_alert_not_indexed(struct state *s, struct arena *a, struct str workspace, size_t max,
                             struct state_alert **out, size_t *n, struct err *e) MUST_USE;
bool state_alert_indexed(struct state *s, struct str workspace, struct str id,
                         struct err *e) MUST_USE;
