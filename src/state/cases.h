/* Cases: work that spans incidents. Their comments, tasks and activities are in work.h, with the
 * subject SUBJECT_CASE. */
#pragma once
#include "state/state.h"

struct state_case {
    struct str workspace, id; /* id: the number as text */
    int64_t number;
    struct str etag, title, description, priority, status;
    struct str owner; /* JSON object as an incident's; empty: nobody */
    int64_t due;      /* 0: none */
    struct str links; /* JSON array [{url, title}] */
    struct str closing_notes;
    int64_t created, modified, closed;  /* closed 0: it is open */
    struct str created_by, modified_by; /* JSON objects as a comment's author */
};
bool state_case_put(struct state *s, const struct state_case *c, struct err *e) MUST_USE;
bool state_case_get(struct state *s, struct arena *a, struct str workspace, struct str id,
                    struct state_case *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
/* The newest first. */
bool state_case_list(struct state *s, struct arena *a, struct str workspace,
                     struct state_case **out, size_t *n, struct err *e) MUST_USE;
bool state_case_count(struct state *s, struct str workspace, int64_t *out, struct err *e) MUST_USE;
/* With all that belongs to it; its incidents stay. */
bool state_case_delete(struct state *s, struct str workspace, struct str id,
                       struct err *e) MUST_USE;

/* ---- incidents of a case ---- */
bool state_case_link(struct state *s, struct str workspace, struct str id, struct str incident,
                     struct err *e) MUST_USE; /* twice is harmless */
bool state_case_unlink(struct state *s, struct str workspace, struct str id, struct str incident,
                       bool *out_was_there, struct err *e) MUST_USE;
/* Names of incidents, the lowest number first. */
bool state_case_incidents(struct state *s, struct arena *a, struct str workspace, struct str id,
                          struct str **out, size_t *n, struct err *e) MUST_USE;

/* ---- attachments ---- */
struct state_attachment {
    struct str workspace, id, case_id;
    struct str name; /* of the file, for people */
    int64_t size;    /* bytes */
    struct str sha256;
    int64_t created;
    struct str created_by;
};
/* content: the file, in Base64. */
bool state_attachment_put(struct state *s, const struct state_attachment *x, struct str content,
                          struct err *e) MUST_USE;
bool state_attachment_list(struct state *s, struct arena *a, struct str workspace, struct str id,
                           struct state_attachment **out, size_t *n, struct err *e) MUST_USE;
bool state_attachment_content(struct state *s, struct arena *a, struct str workspace, struct str id,
                              struct str *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
bool state_attachment_delete(struct state *s, struct str workspace, struct str id,
                             struct err *e) MUST_USE;
/* Bytes of all of the workspace's. */
bool state_attachment_bytes(struct state *s, struct str workspace, int64_t *out,
                            struct err *e) MUST_USE;

/* ---- the workspace's own words for a case's status ---- */
bool state_case_status_put(struct state *s, struct str workspace, struct str key, struct str name,
                           struct err *e) MUST_USE;
bool state_case_status_delete(struct state *s, struct str workspace, struct str key,
                              bool *out_was_there, struct err *e) MUST_USE;
bool state_case_status_list(struct state *s, struct arena *a, struct str workspace,
                            struct str **out, size_t *n, struct err *e) MUST_USE;
