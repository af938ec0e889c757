/* Comments, tasks and activities. */
#include "state/state_priv.h"
#include "state/work.h"

#define OF_SUBJECT "WHERE workspace = ?1 AND subject_type = ?2 AND subject = ?3"

static const struct field comment_fields[] = {
    KEY(F_TEXT, state_comment, workspace), KEY(F_TEXT, state_comment, subject_type),
    KEY(F_TEXT, state_comment, subject),   KEY(F_TEXT, state_comment, id),
    FIELD(F_TEXT, state_comment, etag),    FIELD(F_TEXT, state_comment, message),
    FIELD(F_TEXT, state_comment, author),  FIELD(F_I64, state_comment, created),
    FIELD(F_I64, state_comment, modified),
};
static const struct table comments = {"comments", comment_fields, COUNTOF(comment_fields),
                                      sizeof(struct state_comment)};

static const struct field task_fields[] = {
    KEY(F_TEXT, state_task, workspace),     KEY(F_TEXT, state_task, subject_type),
    KEY(F_TEXT, state_task, subject),       KEY(F_TEXT, state_task, id),
    FIELD(F_TEXT, state_task, etag),        FIELD(F_TEXT, state_task, title),
    FIELD(F_TEXT, state_task, description), FIELD(F_TEXT, state_task, status),
    FIELD(F_TEXT, state_task, priority),    FIELD(F_TEXT, state_task, owner),
    FIELD(F_I64, state_task, due),          FIELD(F_TEXT, state_task, closing_notes),
    FIELD(F_I64, state_task, created),      FIELD(F_I64, state_task, modified),
    FIELD(F_I64, state_task, completed),    FIELD(F_TEXT, state_task, created_by),
    FIELD(F_TEXT, state_task, modified_by),
};
static const struct table tasks = {"tasks", task_fields, COUNTOF(task_fields),
                                   sizeof(struct state_task)};

static const struct field activity_fields[] = {
    FIELD(F_TEXT, state_activity, workspace), FIELD(F_TEXT, state_activity, subject_type),
    FIELD(F_TEXT, state_activity, subject),   FIELD(F_I64, state_activity, time),
    FIELD(F_TEXT, state_activity, kind),      FIELD(F_TEXT, state_activity, field),
    FIELD(F_TEXT, state_activity, old_value), FIELD(F_TEXT, state_activity, new_value),
    FIELD(F_TEXT, state_activity, target),    FIELD(F_TEXT, state_activity, who),
    FIELD(F_I64, state_activity, seq),
};
static const struct table activities = {"activities", activity_fields, COUNTOF(activity_fields),
                                        sizeof(struct state_activity)};

static bool of_subject(struct state *s, struct arena *a, const struct table *t,
                       const struct bind *subject, void **out, size_t *n, struct err *e)
{
    return table_select(s, a, t, NULL, OF_SUBJECT " ORDER BY seq", subject, 3, out, n, e);
}

static bool delete_one(struct state *s, const char *sql, struct str workspace, struct str type,
                       struct str subject, struct str id, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(type), BT(subject), BT(id)};
    return state_run(s, sql, b, COUNTOF(b), e);
}

bool state_comment_put(struct state *s, const struct state_comment *c, struct err *e)
{
    return table_put(s, &comments, c, e);
}

bool state_comment_list(struct state *s, struct arena *a, struct str workspace, const char *type,
                        struct str subject, struct state_comment **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(str_from(type)), BT(subject)};
    void *rows = NULL;
    if (!of_subject(s, a, &comments, b, &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_comment_delete(struct state *s, const struct state_comment *c, struct err *e)
{
    return delete_one(s, "DELETE FROM comments " OF_SUBJECT " AND id = ?4", c->workspace,
                      c->subject_type, c->subject, c->id, e);
}

bool state_task_put(struct state *s, const struct state_task *t, struct err *e)
{
    return table_put(s, &tasks, t, e);
}

bool state_task_list(struct state *s, struct arena *a, struct str workspace, const char *type,
                     struct str subject, struct state_task **out, size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(str_from(type)), BT(subject)};
    void *rows = NULL;
    if (!of_subject(s, a, &tasks, b, &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_task_delete(struct state *s, const struct state_task *t, struct err *e)
{
    return delete_one(s, "DELETE FROM tasks " OF_SUBJECT " AND id = ?4", t->workspace,
                      t->subject_type, t->subject, t->id, e);
}

bool state_activity_put(struct state *s, const struct state_activity *x, struct err *e)
{
    struct bind b[] = {BT(x->workspace), BT(x->subject_type), BT(x->subject),   BI(x->time),
                       BT(x->kind),      BT(x->field),        BT(x->old_value), BT(x->new_value),
                       BT(x->target),    BT(x->who)};
    return state_run(s,
                     "INSERT INTO activities (workspace, subject_type, subject, time, kind, field,"
                     " old_value, new_value, target, who)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                     b, COUNTOF(b), e);
}

bool state_activity_list(struct state *s, struct arena *a, struct str workspace, const char *type,
                         struct str subject, int64_t after, size_t max, struct state_activity **out,
                         size_t *n, struct err *e)
{
    struct bind b[] = {BT(workspace), BT(str_from(type)), BT(subject), BI(after), BI((int64_t)max)};
    void *rows = NULL;
    if (!table_select(s, a, &activities, NULL, OF_SUBJECT " AND seq > ?4 ORDER BY seq LIMIT ?5", b,
                      COUNTOF(b), &rows, n, e))
        return false;
    *out = rows;
    return true;
}

bool state_work_delete(struct state *s, struct str workspace, const char *type, struct str subject,
                       struct err *e)
{
    static const char *const statements[] = {"DELETE FROM comments " OF_SUBJECT,
                                             "DELETE FROM tasks " OF_SUBJECT,
                                             "DELETE FROM activities " OF_SUBJECT};
    struct bind b[] = {BT(workspace), BT(str_from(type)), BT(subject)};
    if (!state_begin(s, e))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < COUNTOF(statements); i++)
        ok = state_run(s, statements[i], b, COUNTOF(b), e);
    return state_end(s, ok, e);
}
