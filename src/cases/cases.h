/* Cases: work that spans incidents, as Defender's case management has it, with tasks, comments,
 * attachments and a log of activities. Azure has no REST for them; the resources are our own, in
 * ARM's form. */
#pragma once
#include "incident/work.h"
#include "state/cases.h"

enum {
    CASES_FIRST_NUMBER = 1000,
    CASES_MAX = 100000,
    CASE_MAX_INCIDENTS = 100,
    CASE_MAX_TASKS = 200,
    CASE_MAX_COMMENTS = 1000,
    CASE_MAX_ATTACHMENTS = 100,
    CASE_MAX_LINKS = 50,
    CASE_ATTACHMENT_LIMIT = 64 << 20 /* above the setting */
};

struct cases { /* all borrowed; copied freely */
    struct state *state;
    struct clock *clock;
    struct incidents *incidents;
    size_t attachment_max_bytes;  /* of one; 0 = 10 MiB */
    size_t attachments_max_bytes; /* of a workspace; 0 = 256 MiB */
};

/* ---- cases ---- */
bool case_get(struct cases *k, struct arena *a, struct workspace *w, struct str id,
              struct state_case *out, struct err *e) MUST_USE;
/* {id, name, type, etag, properties}. */
bool case_to_json(struct cases *k, struct workspace *w, const struct state_case *c,
                  struct json_out *out, struct err *e) MUST_USE;
/* The array of one page. */
bool case_list_json(struct cases *k, struct arena *a, struct workspace *w,
                    const struct incident_query *q, struct json_out *out, struct str *out_next,
                    struct err *e) MUST_USE;
/* Body {properties{title, description, priority, status, assignee, dueTimeUtc, links,
 * closingNotes}}; incidents[] (names or numbers) are linked, too. Errors: ERR_INVALID (the property
 * is named), ERR_NOT_FOUND (an incident), ERR_LIMIT. */
bool case_create(struct cases *k, struct arena *a, struct workspace *w, const struct json *body,
                 const struct incident_actor *who, struct state_case *out, struct err *e) MUST_USE;
/* merge: what is absent stays. Errors: also ERR_CONFLICT (etag). */
bool case_change(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                 const struct json *body, struct str if_match, bool merge,
                 const struct incident_actor *who, struct state_case *out, struct err *e) MUST_USE;
bool case_delete(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                 struct str if_match, struct err *e) MUST_USE;

/* ---- incidents of a case ---- */
/* The array of ARM incidents. */
bool case_incidents_json(struct cases *k, struct arena *a, struct workspace *w,
                         const struct state_case *c, struct json_out *out, struct err *e) MUST_USE;
bool case_incident_add(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                       struct str incident, const struct incident_actor *who,
                       struct err *e) MUST_USE;
bool case_incident_remove(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                          struct str incident, const struct incident_actor *who,
                          struct err *e) MUST_USE;

/* ---- tasks and comments ---- */
enum case_part { CASE_COMMENTS, CASE_TASKS, CASE_ATTACHMENTS };
/* The array of one page. */
bool case_part_list(struct cases *k, struct arena *a, struct workspace *w,
                    const struct state_case *c, enum case_part part, const struct incident_query *q,
                    struct json_out *out, struct str *out_next, struct err *e) MUST_USE;
/* One of them. Errors: ERR_NOT_FOUND. */
bool case_part_get(struct cases *k, struct arena *a, struct workspace *w,
                   const struct state_case *c, enum case_part part, struct str id,
                   struct json_out *out, struct err *e) MUST_USE;
bool case_comment_put(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                      struct str comment, const struct json *body, struct str if_match,
                      const struct incident_actor *who, bool *out_created, struct err *e) MUST_USE;
/* Body {properties{title, status, description, priority, assignee, dueTimeUtc, closingNotes}}. */
bool case_task_put(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                   struct str task, const struct json *body, struct str if_match,
                   const struct incident_actor *who, bool *out_created, struct err *e) MUST_USE;
bool case_part_delete(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                      enum case_part part, struct str which, struct str if_match,
                      const struct incident_actor *who, struct err *e) MUST_USE;

/* ---- attachments ---- */
/* bytes: the file as it is; what it says it is does not matter. Errors: ERR_INVALID (name),
 * ERR_TOO_LARGE (the file), ERR_LIMIT (of the case or the workspace). *out: of the new one. */
bool case_attachment_add(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                         struct str name, struct str bytes, const struct incident_actor *who,
                         struct state_attachment *out, struct err *e) MUST_USE;
void case_attachment_to_json(struct cases *k, struct workspace *w, const struct state_attachment *x,
                             struct json_out *out);
/* The file itself, appended to bytes. */
bool case_attachment_read(struct cases *k, struct arena *a, const struct state_case *c,
                          struct str attachment, struct state_attachment *out, struct sbuf *bytes,
                          struct err *e) MUST_USE;

/* ---- the workspace's own words for a status ---- */
/* ["New", "Open", "Closed", …]. */
bool case_statuses_json(struct cases *k, struct arena *a, struct workspace *w, struct json_out *out,
                        struct err *e) MUST_USE;
bool case_status_add(struct cases *k, struct arena *a, struct workspace *w, struct str name,
                     struct err *e) MUST_USE;
/* Errors: ERR_NOT_FOUND; ERR_CONFLICT: a case has it. */
bool case_status_remove(struct cases *k, struct arena *a, struct workspace *w, struct str name,
                        struct err *e) MUST_USE;
