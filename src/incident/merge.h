/* Merging incidents, and taking that back. Who merges what, and why, is not decided here. */
#pragma once
#include "incident/incident.h"
#include "state/correlation.h"

/* The tag of an incident whose alerts went to another one, as Microsoft Defender names it. */
#define INCIDENT_REDIRECTED "Redirected"

struct incident_merging {
    struct str source, target; /* names of the incidents; the source is closed */
    struct str who;            /* becomes ModifiedBy */
    struct str reason;         /* for people; may be empty */
    bool automatic;
    int64_t score, threshold;
    struct str explanation; /* JSON object */
    struct str title;       /* of the target from now on; empty: it stays */
    size_t max_alerts;      /* that the target may hold; 0 = INCIDENT_MAX_ALERTS */
};
/* What keeps two incidents apart whoever wants to merge them: one is closed, they have different
 * owners, or together too many alerts (max_alerts: 0 = INCIDENT_MAX_ALERTS). Errors: ERR_CONFLICT,
 * ERR_LIMIT, with both numbers. Source: "Alert correlation and incident merging", no merge when. */
bool incident_may_merge(const struct state_incident *x, const struct state_incident *y,
                        size_t max_alerts, struct err *e) MUST_USE;
/* Which of two incidents survives: the one that somebody owns, then the one that is worked on
 * (Active), then the older one. */
bool incident_survives(const struct state_incident *x, const struct state_incident *y);
/* Gives the source's alerts, tags, tactics, products and rules to the target, and closes the source
 * with a pointer to it; severity becomes the higher of the two. Writes the merge (out) and the rows
 * of both. The caller holds a transaction of the control database. Errors: as incident_may_merge,
 * ERR_NOT_FOUND. */
bool incident_merge(struct incidents *in, struct arena *a, struct workspace *w,
                    const struct incident_merging *m, struct state_merge *out,
                    struct err *e) MUST_USE;
/* Takes the merge back: the source's alerts, also those that its rule gave to the target since, go
 * back to it, and both are as they were but for what others changed meanwhile. Inside a transaction
 * of the caller. Errors: ERR_CONFLICT: it was undone, or the target was merged itself;
 * ERR_NOT_FOUND: an incident is gone. */
bool incident_unmerge(struct incidents *in, struct arena *a, struct workspace *w, struct str merge,
                      struct str who, struct state_merge *out, struct err *e) MUST_USE;
/* Follows merges to the incident that has the alerts; the incident itself when it was not merged.
 */
bool incident_merged_into(struct incidents *in, struct arena *a, struct workspace *w,
                          const struct state_incident *i, struct state_incident *out,
                          struct err *e) MUST_USE;
/* Two lists in the form of an incident's columns (texts, or labels by their names) as one. */
struct str incident_list_union(struct arena *a, struct str one, struct str more);
