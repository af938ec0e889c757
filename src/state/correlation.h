/* What correlation keeps: alerts that wait for it, where strong entities and tactics of incidents
 * were seen, the merges that were done, and the settings of a workspace. */
#pragma once
#include "state/state.h"

/* ---- the queue ---- */
struct state_waiting {
    int64_t seq; /* the order of arrival */
    struct str workspace, alert;
};
/* Inside the transaction that puts the alert into an incident. Twice is harmless. */
bool state_correlation_wait(struct state *s, struct str workspace, struct str alert,
                            struct err *e) MUST_USE;
bool state_correlation_waiting(struct state *s, struct arena *a, size_t max,
                               struct state_waiting **out, size_t *n, struct err *e) MUST_USE;
bool state_correlation_done(struct state *s, int64_t seq, struct err *e) MUST_USE;

/* ---- the alert as correlation looks at it ---- */
struct state_correlated {
    struct str workspace, id, rule_id, product;
    int64_t start, end;
    struct str tactics, entities; /* JSON arrays */
    struct str incident;          /* the one it belongs to; of several the first */
};
/* *found: it is there and belongs to an incident. */
bool state_correlated_get(struct state *s, struct arena *a, struct str workspace, struct str id,
                          struct state_correlated *out, bool *found, struct err *e) MUST_USE;
/* Those of an incident, as they joined. */
bool state_correlated_of(struct state *s, struct arena *a, struct str workspace,
                         struct str incident, struct state_correlated **out, size_t *n,
                         struct err *e) MUST_USE;

/* ---- sightings: a key of a strong entity, or a tactic, in the alerts of an incident ---- */
enum state_sighting_kind { SIGHTING_ENTITY, SIGHTING_TACTIC };
struct state_sighting {
    struct str workspace, incident, value;
    int64_t first, last; /* ticks, of the alerts' activity */
    struct str alerts;   /* ids of the first of them, a line each */
};
/* Adds it, or widens the one that is there. */
bool state_sighting_put(struct state *s, enum state_sighting_kind k, const struct state_sighting *x,
                        struct err *e) MUST_USE;
/* Of one incident, those of the latest activity first. */
bool state_sighting_of(struct state *s, struct arena *a, enum state_sighting_kind k,
                       const struct state_sighting *incident, size_t max,
                       struct state_sighting **out, size_t *n, struct err *e) MUST_USE;
/* Of one entity, with activity since then; latest first, at most max. */
bool state_sighting_where(struct state *s, struct arena *a, struct str workspace, struct str value,
                          int64_t since, size_t max, struct state_sighting **out, size_t *n,
                          struct err *e) MUST_USE;
/* What was seen in the one incident was seen in the other one. */
bool state_sightings_move(struct state *s, struct str workspace, struct str from, struct str to,
                          struct err *e) MUST_USE;
bool state_sightings_drop(struct state *s, struct str workspace, struct str incident,
                          struct err *e) MUST_USE;
/* How many entities an incident has, at most max. */
bool state_sighting_count(struct state *s, struct str workspace, struct str incident, size_t max,
                          size_t *out, struct err *e) MUST_USE;
/* How many entities of a type two incidents have together, by the identifier that tells most of
 * them apart. */
bool state_sighting_kinds(struct state *s, const struct state_sighting *one, struct str other,
                          struct str type, size_t *out, struct err *e) MUST_USE;
/* How many incidents have had activity since then, at most max. */
bool state_sighting_incidents(struct state *s, struct str workspace, int64_t since, size_t max,
                              size_t *out, struct err *e) MUST_USE;
/* Drops at most max of the sightings whose last activity is before then. *out: how many. */
bool state_sightings_forget(struct state *s, int64_t before, size_t max, size_t *out,
                            struct err *e) MUST_USE;

/* Is one of the incident's alerts called so? */
bool state_incident_has_alert_named(struct state *s, struct str workspace, struct str incident,
                                    struct str name, bool *out, struct err *e) MUST_USE;
/* Forgets what was seen in an incident that has lost alerts; those that are left wait again. */
bool state_correlation_again(struct state *s, struct str workspace, struct str incident,
                             struct err *e) MUST_USE;

/* ---- merges ---- */
struct state_merge {
    struct str workspace, id;
    struct str source, target; /* names of the incidents; the source was closed */
    int64_t source_number, target_number;
    int64_t at;
    struct str who, reason;
    bool automatic;
    int64_t score, threshold;
    struct str explanation;                  /* JSON object */
    struct str source_before, target_before; /* JSON objects: fields that the merge changed */
    struct str target_after;
    struct str alerts;        /* JSON array: ids of the source's alerts */
    struct str target_alerts; /* JSON array: ids of those that the target had */
    struct str shared;        /* JSON array: those that the target had, too */
    struct str origins;       /* JSON array: the incidents whose alerts the source held */
    int64_t undone;           /* when; 0: it stands */
    struct str undone_by;
    bool barred; /* the two are not merged again by themselves */
};
bool state_merge_put(struct state *s, const struct state_merge *m, struct err *e) MUST_USE;
bool state_merge_get(struct state *s, struct arena *a, struct str workspace, struct str id,
                     struct state_merge *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
/* Those that an incident took part in, oldest first; empty incident: all of the workspace. */
bool state_merge_list(struct state *s, struct arena *a, struct str workspace, struct str incident,
                      size_t max, struct state_merge **out, size_t *n, struct err *e) MUST_USE;
/* The one that stands and in which the incident is the source. ERR_NOT_FOUND. */
bool state_merge_of_source(struct state *s, struct arena *a, struct str workspace,
                           struct str source, struct state_merge *out, struct err *e) MUST_USE;
/* Was a merge of any of the incidents whose alerts the one holds with any of those of the other
 * undone? */
bool state_merge_is_barred(struct state *s, struct str workspace, struct str one, struct str other,
                           bool *out, struct err *e) MUST_USE;
/* Lets incidents that were merged and undone be merged again. */
bool state_merge_unbar(struct state *s, struct str workspace, struct str one, struct str other,
                       struct err *e) MUST_USE;

/* ---- settings ---- */
struct state_correlation_settings {
    struct str workspace, body; /* body: JSON object */
    int64_t modified;
    struct str modified_by;
};
/* *found false: none were set. */
bool state_correlation_settings_get(struct state *s, struct arena *a, struct str workspace,
                                    struct state_correlation_settings *out, bool *found,
                                    struct err *e) MUST_USE;
bool state_correlation_settings_put(struct state *s, const struct state_correlation_settings *x,
                                    struct err *e) MUST_USE;
