/* Shared by the files of `vedette incidents`. */
#pragma once
#include "cli/verbs.h"

enum incident_field {
    INCIDENT_TITLE,
    INCIDENT_DESCRIPTION,
    INCIDENT_SEVERITY,
    INCIDENT_STATUS,
    INCIDENT_CLASSIFICATION,
    INCIDENT_REASON,
    INCIDENT_COMMENT,
    N_INCIDENT_CHANGES
};
struct incident_job {
    struct client_place place;
    struct verb_words words;
    const char *filter, *owner, *format;
    int64_t top;
    const char *change[N_INCIDENT_CHANGES]; /* NULL: stays */
};
/* The one word that is expected. Errors: ERR_INVALID. */
bool incident_id(const struct incident_job *j, const char **out, struct err *e) MUST_USE;
/* …/incidents/ID<rest>?api-version=…, in c->a. */
char *incident_path(struct client *c, const struct client_workspace *w, const char *id,
                    const char *rest);
struct str incident_minutes(struct str time); /* 2026-01-02T03:04 */
static inline bool incident_as_json(const struct incident_job *j)
{
    return j->format != NULL && strcmp(j->format, "json") == 0;
}

/* ---- verbs of cli_incident_work.c ---- */
client_fn incidents_comment, incidents_task, incidents_done, incidents_relate, incidents_unrelate,
    incidents_timeline, incidents_activities, incidents_similar;
