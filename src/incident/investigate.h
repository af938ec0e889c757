/* What helps to understand an incident: its timeline, and incidents that are like it. */
#pragma once
#include "incident/incident.h"

enum { INCIDENT_MAX_SIMILAR = 20 };

/* The array of one page of [{kind, name, properties{time, …}}]: alerts, bookmarks and activities,
 * unless q says otherwise in order of time. */
bool incident_timeline_json(struct incidents *in, struct arena *a, struct workspace *w,
                            const struct state_incident *i, const struct incident_query *q,
                            struct json_out *out, struct str *out_next, struct err *e) MUST_USE;
/* [{sharedEntities, sameRule, sameDetails, incident}], at most INCIDENT_MAX_SIMILAR, the most
 * similar first: of those whose last activity is in the 14 days before this one's. */
bool incident_similar_json(struct incidents *in, struct arena *a, struct workspace *w,
                           const struct state_incident *i, struct json_out *out,
                           struct err *e) MUST_USE;
