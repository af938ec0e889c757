/* Comments and tasks of cases, and the lists of all that belongs to one. */
#include "cases/cases_priv.h"
#include "text/date.h"

enum { MAX_TITLE = 1000, MAX_DESCRIPTION = 30000, MAX_NOTES = 30000 };

static const char *const task_statuses[] = {
    "New", "In progress", "Failed", "Partially completed", "Skipped", "Completed", NULL};

/* ---- writing ---- */

static void begin(struct cases *k, struct workspace *w, const struct state_case *c,
                  const char *part, struct str id, struct str etag, struct json_out *out)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    json_obj(out);
    incident_resource_head(out, case_resource_id(k, a, w, c->id, part, id), id,
                           arena_fmt(a, "vedette/cases/%s", part).p);
    etag_write(out, etag);
    json_key(out, "properties");
    json_obj(out);
}

static void end(struct json_out *out)
{
    json_obj_end(out);
    json_obj_end(out);
}

static void write_comment(struct cases *k, struct workspace *w, const struct state_case *c,
                          const struct state_comment *x, struct json_out *out)
{
    begin(k, w, c, "comments", x->id, x->etag, out);
    comment_members_write(x, out);
    end(out);
}

static void write_task(struct cases *k, struct workspace *w, const struct state_case *c,
                       const struct state_task *t, struct json_out *out)
{
    begin(k, w, c, "tasks", t->id, t->etag, out);
    json_kv_str(out, "title", t->title);
    json_kv_str(out, "description", t->description);
    json_kv_str(out, "status", t->status);
    json_kv_str(out, "priority", t->priority);
    incident_kv_raw(out, "assignee", t->owner, "null");
    json_kv_time(out, "dueTimeUtc", t->due);
    json_kv_str(out, "closingNotes", t->closing_notes);
    json_kv_time(out, "createdTimeUtc", t->created);
    json_kv_time(out, "lastModifiedTimeUtc", t->modified);
    json_kv_time(out, "lastCompletedTimeUtc", t->completed);
    incident_kv_raw(out, "createdBy", t->created_by, "{}");
    incident_kv_raw(out, "lastModifiedBy", t->modified_by, "{}");
    end(out);
}

/* ---- lists ---- */

/* The array of all, in the order in which they came. */
static bool write_all(struct cases *k, struct arena *a, struct workspace *w,
                      const struct state_case *c, enum case_part part, struct json_out *out,
                      struct err *e)
{
    struct state_comment *comments = NULL;
    struct state_task *tasks = NULL;
    struct state_attachment *files = NULL;
    size_t n = 0;
    bool ok = false;
    json_arr(out);
    switch (part) {
    case CASE_COMMENTS:
        ok = state_comment_list(k->state, a, c->workspace, SUBJECT_CASE, c->id, &comments, &n, e);
        for (size_t i = 0; ok && i < n; i++)
            write_comment(k, w, c, &comments[i], out);
        break;
    case CASE_TASKS:
        ok = state_task_list(k->state, a, c->workspace, SUBJECT_CASE, c->id, &tasks, &n, e);
        for (size_t i = 0; ok && i < n; i++)
            write_task(k, w, c, &tasks[i], out);
        break;
    case CASE_ATTACHMENTS:
        ok = state_attachment_list(k->state, a, c->workspace, c->id, &files, &n, e);
        for (size_t i = 0; ok && i < n; i++)
            case_attachment_to_json(k, w, &files[i], out);
        break;
    }
    json_arr_end(out);
    return ok;
}

static const struct resource_property properties[] = {
    {"name", RESOURCE_TEXT},           {"message", RESOURCE_TEXT},
    {"author/name", RESOURCE_TEXT},    {"title", RESOURCE_TEXT},
    {"status", RESOURCE_TEXT},         {"priority", RESOURCE_TEXT},
    {"dueTimeUtc", RESOURCE_TIME},     {"createdTimeUtc", RESOURCE_TIME},
    {"fileName", RESOURCE_TEXT},       {"size", RESOURCE_NUMBER},
    {"sha256", RESOURCE_TEXT},         {"lastModifiedTimeUtc", RESOURCE_TIME},
    {"createdBy/name", RESOURCE_TEXT}, {NULL, RESOURCE_TEXT}};

bool case_part_list(struct cases *k, struct arena *a, struct workspace *w,
                    const struct state_case *c, enum case_part part, const struct incident_query *q,
                    struct json_out *out, struct str *out_next, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(RESOURCE_MAX_LIST);
    struct json_out o = json_out_make(&b);
    return write_all(k, a, w, c, part, &o, e) &&
           resource_page(a, sbuf_str(&b), properties, q, out, out_next, e);
}

static const char *const part_names[] = {"comment", "task", "attachment"};

bool case_part_get(struct cases *k, struct arena *a, struct workspace *w,
                   const struct state_case *c, enum case_part part, struct str id,
                   struct json_out *out, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(RESOURCE_MAX_LIST);
    struct json_out o = json_out_make(&b);
    struct json list = {0};
    if (!write_all(k, a, w, c, part, &o, e) || !json_parse(a, sbuf_str(&b), NULL, &list, e))
        return false;
    for (size_t i = 0; i < list.n; i++)
        if (str_ieq(json_text(json_get(&list.items[i], "name"), STR("")), id)) {
            json_value(out, &list.items[i]);
            return true;
        }
    return err_set(e, ERR_NOT_FOUND, "there is no %s '%.*s' of case '%.*s'", part_names[part],
                   (int)(id.n < 80 ? id.n : 80), id.p, STR_ARG(c->id));
}

/* ---- comments ---- */

static bool find_comment(struct cases *k, struct arena *a, const struct state_case *c,
                         struct str id, struct state_comment **out, size_t *n, struct err *e)
{
    struct state_comment *list = NULL;
    *out = NULL;
    if (!state_comment_list(k->state, a, c->workspace, SUBJECT_CASE, c->id, &list, n, e))
        return false;
    for (size_t i = 0; i < *n; i++)
        if (str_ieq(list[i].id, id))
            *out = &list[i];
    return true;
}

static bool comment_locked(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                           struct str comment, const struct json *body, struct str if_match,
                           const struct incident_actor *who, bool *out_created, struct err *e)
{
    struct state_case c = {0};
    struct state_comment *there = NULL;
    struct str message = STR("");
    size_t n = 0;
    const struct json *p = incident_body_properties(body, e);
    if (p == NULL || !incident_read_text(a, p, "message", &message, e) ||
        !comment_message_check(message, e) || !case_get(k, a, w, id, &c, e) ||
        !find_comment(k, a, &c, comment, &there, &n, e))
        return false;
    *out_created = there == NULL;
    if (there == NULL && n >= CASE_MAX_COMMENTS)
        return err_set(e, ERR_LIMIT, "a case has at most %d comments", CASE_MAX_COMMENTS);
    if (there != NULL && !comment_is_author(a, there, who))
        return err_set(e, ERR_FORBIDDEN, "a comment can be changed only by who wrote it");
    if (there != NULL && !incident_etag_check("the comment", body, if_match, there->etag, e))
        return false;
    int64_t now = clock_now(k->clock);
    struct state_comment x = {c.workspace,
                              STR(SUBJECT_CASE),
                              c.id,
                              there != NULL ? there->id : comment,
                              incident_etag_new(a),
                              message,
                              there != NULL ? there->author : incident_actor_json(a, who),
                              there != NULL ? there->created : now,
                              now};
    return state_comment_put(k->state, &x, e) &&
           case_log(k, &c, there != NULL ? "CommentChanged" : "CommentAdded", x.id, who, e) &&
           case_save(k, a, &c, who, e);
}

bool case_comment_put(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                      struct str comment, const struct json *body, struct str if_match,
                      const struct incident_actor *who, bool *out_created, struct err *e)
{
    if (!incident_name_check("comment", comment, e) || !state_begin(k->state, e))
        return false;
    return case_end(k, comment_locked(k, a, w, id, comment, body, if_match, who, out_created, e),
                    e);
}

/* ---- tasks ---- */

static bool find_task(struct cases *k, struct arena *a, const struct state_case *c, struct str id,
                      struct state_task **out, size_t *n, struct err *e)
{
    struct state_task *list = NULL;
    *out = NULL;
    if (!state_task_list(k->state, a, c->workspace, SUBJECT_CASE, c->id, &list, n, e))
        return false;
    for (size_t i = 0; i < *n; i++)
        if (str_ieq(list[i].id, id))
            *out = &list[i];
    return true;
}

static bool read_task(struct cases *k, struct arena *a, const struct json *body,
                      struct state_task *t, struct err *e)
{
    const struct json *p = incident_body_properties(body, e);
    const struct {
        const char *name;
        struct str *to;
        size_t max;
    } texts[] = {{"title", &t->title, MAX_TITLE},
                 {"description", &t->description, MAX_DESCRIPTION},
                 {"status", &t->status, MAX_TITLE},
                 {"priority", &t->priority, MAX_TITLE},
                 {"closingNotes", &t->closing_notes, MAX_NOTES}};
    for (size_t i = 0; i < COUNTOF(texts); i++)
        if (p == NULL || !incident_read_text(a, p, texts[i].name, texts[i].to, e) ||
            !incident_short_enough(texts[i].name, *texts[i].to, texts[i].max, e))
            return false;
    t->title = str_trim(t->title);
    if (t->title.n == 0)
        return err_set(e, ERR_INVALID, "properties.title is missing");
    t->status = t->status.n > 0 ? t->status : STR("New");
    t->priority = t->priority.n > 0 ? t->priority : STR("Medium");
    return incident_canonical(task_statuses, "properties.status", &t->status, e) &&
           incident_canonical(case_priorities, "properties.priority", &t->priority, e) &&
           incident_read_owner(k->incidents, a, json_get(p, "assignee"), &t->owner, e) &&
           case_read_time(p, "dueTimeUtc", &t->due, e);
}

static bool task_locked(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                        struct str task, const struct json *body, struct str if_match,
                        const struct incident_actor *who, bool *out_created, struct err *e)
{
    struct state_case c = {0};
    struct state_task *there = NULL;
    size_t n = 0;
    if (!case_get(k, a, w, id, &c, e) || !find_task(k, a, &c, task, &there, &n, e))
        return false;
    *out_created = there == NULL;
    if (there == NULL && n >= CASE_MAX_TASKS)
        return err_set(e, ERR_LIMIT, "a case has at most %d tasks", CASE_MAX_TASKS);
    if (there != NULL && !incident_etag_check("the task", body, if_match, there->etag, e))
        return false;
    struct state_task t = there != NULL
                              ? *there
                              : (struct state_task){.workspace = c.workspace,
                                                    .subject_type = STR(SUBJECT_CASE),
                                                    .subject = c.id,
                                                    .id = task,
                                                    .created = clock_now(k->clock),
                                                    .created_by = incident_actor_json(a, who)};
    if (!read_task(k, a, body, &t, e))
        return false;
    t.etag = incident_etag_new(a);
    t.modified = clock_now(k->clock);
    t.modified_by = incident_actor_json(a, who);
    bool done = str_eqz(t.status, "Completed");
    bool was_done = there != NULL && str_eqz(there->status, "Completed");
    if (done && !was_done)
        t.completed = t.modified;
    const char *kind = there == NULL       ? "TaskAdded"
                       : done && !was_done ? "TaskCompleted"
                                           : "TaskChanged";
    return state_task_put(k->state, &t, e) && case_log(k, &c, kind, t.id, who, e) &&
           case_save(k, a, &c, who, e);
}

bool case_task_put(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                   struct str task, const struct json *body, struct str if_match,
                   const struct incident_actor *who, bool *out_created, struct err *e)
{
    if (!incident_name_check("task", task, e) || !state_begin(k->state, e))
        return false;
    return case_end(k, task_locked(k, a, w, id, task, body, if_match, who, out_created, e), e);
}

/* ---- deleting ---- */

static bool delete_part(struct cases *k, struct arena *a, const struct state_case *c,
                        enum case_part part, struct str which, struct str if_match, bool *out_there,
                        struct err *e)
{
    struct state_comment *comment = NULL;
    struct state_task *task = NULL;
    struct state_attachment *files = NULL;
    size_t n = 0;
    *out_there = false;
    switch (part) {
    case CASE_COMMENTS:
        if (!find_comment(k, a, c, which, &comment, &n, e))
            return false;
        *out_there = comment != NULL;
        return comment == NULL ||
               (incident_etag_check("the comment", NULL, if_match, comment->etag, e) &&
                state_comment_delete(k->state, comment, e));
    case CASE_TASKS:
        if (!find_task(k, a, c, which, &task, &n, e))
            return false;
        *out_there = task != NULL;
        return task == NULL || (incident_etag_check("the task", NULL, if_match, task->etag, e) &&
                                state_task_delete(k->state, task, e));
    case CASE_ATTACHMENTS:
        if (!state_attachment_list(k->state, a, c->workspace, c->id, &files, &n, e))
            return false;
        for (size_t i = 0; i < n && !*out_there; i++)
            *out_there = str_ieq(files[i].id, which);
        return !*out_there || state_attachment_delete(k->state, c->workspace, which, e);
    }
    UNREACHABLE();
}

static bool delete_locked(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                          enum case_part part, struct str which, struct str if_match,
                          const struct incident_actor *who, struct err *e)
{
    static const char *const kinds[] = {"CommentDeleted", "TaskDeleted", "AttachmentDeleted"};
    struct state_case c = {0};
    bool there = false;
    if (!case_get(k, a, w, id, &c, e) || !delete_part(k, a, &c, part, which, if_match, &there, e))
        return false;
    if (!there)
        return err_set(e, ERR_NOT_FOUND, "there is no %s '%.*s' of case '%.*s'", part_names[part],
                       (int)(which.n < 80 ? which.n : 80), which.p, STR_ARG(c.id));
    return case_log(k, &c, kinds[part], which, who, e) && case_save(k, a, &c, who, e);
}

bool case_part_delete(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                      enum case_part part, struct str which, struct str if_match,
                      const struct incident_actor *who, struct err *e)
{
    if (!state_begin(k->state, e))
        return false;
    return case_end(k, delete_locked(k, a, w, id, part, which, if_match, who, e), e);
}
