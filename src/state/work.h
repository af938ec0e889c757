/* What people and programs leave behind while they work on an incident or a case (the "subject"):
 * comments, tasks, and the log of activities. */
#pragma once
#include "state/state.h"

#define SUBJECT_INCIDENT "incident"
#define SUBJECT_CASE "case"

struct state_comment {
    struct str workspace, subject_type, subject, id;
    struct str etag, message;
    struct str author; /* JSON object {email, name, objectId, userPrincipalName} */
    int64_t created, modified;
};
bool state_comment_put(struct state *s, const struct state_comment *c, struct err *e) MUST_USE;
/* In the order in which they were made. */
bool state_comment_list(struct state *s, struct arena *a, struct str workspace, const char *type,
                        struct str subject, struct state_comment **out, size_t *n,
                        struct err *e) MUST_USE;
bool state_comment_delete(struct state *s, const struct state_comment *c, struct err *e) MUST_USE;

struct state_task {
    struct str workspace, subject_type, subject, id;
    struct str etag, title, description, status;
    struct str priority, owner; /* of cases' tasks; owner: JSON object */
    int64_t due;                /* 0: none */
    struct str closing_notes;
    int64_t created, modified, completed; /* completed: when it was last, 0: never */
    struct str created_by, modified_by;   /* JSON objects as a comment's author */
};
bool state_task_put(struct state *s, const struct state_task *t, struct err *e) MUST_USE;
/* In the order in which they were made. */
bool state_task_list(struct state *s, struct arena *a, struct str workspace, const char *type,
                     struct str subject, struct state_task **out, size_t *n,
                     struct err *e) MUST_USE;
bool state_task_delete(struct state *s, const struct state_task *t, struct err *e) MUST_USE;

struct state_activity {
    struct str workspace, subject_type, subject;
    int64_t time;
    struct str kind;                 /* "Changed", "AlertAdded" … */
    struct str field;                /* what was changed; empty: nothing that has a name */
    struct str old_value, new_value; /* for people */
    struct str target;               /* id of the alert, comment, task … that it is about */
    struct str who;
    int64_t seq; /* given by the database: the order */
};
bool state_activity_put(struct state *s, const struct state_activity *x, struct err *e) MUST_USE;
/* At most max with seq > after, the oldest first. */
bool state_activity_list(struct state *s, struct arena *a, struct str workspace, const char *type,
                         struct str subject, int64_t after, size_t max, struct state_activity **out,
                         size_t *n, struct err *e) MUST_USE;

/* All of that of one subject. */
bool state_work_delete(struct state *s, struct str workspace, const char *type, struct str subject,
                       struct err *e) MUST_USE;
