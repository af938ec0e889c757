/* Tasks of incidents. */
#include "base/ids.h"
#include "incident/incident_priv.h"
#include "text/date.h"

enum { MAX_TITLE = 1000, MAX_DESCRIPTION = 30000 };

static const char *const statuses[] = {"New", "Completed", NULL};

static bool list_of(struct incidents *in, struct arena *a, const struct state_incident *i,
                    struct state_task **out, size_t *n, struct err *e)
{
    return state_task_list(in->state, a, i->workspace, SUBJECT_INCIDENT, i->id, out, n, e);
}

/* ---- reading ---- */

void incident_task_to_json(struct incidents *in, struct workspace *w, const struct state_task *t,
                           struct json_out *out)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str incident = incident_resource_id(in, a, w, "Incidents", t->subject);
    json_obj(out);
    incident_resource_head(out, arena_fmt(a, "%.*s/tasks/%.*s", STR_ARG(incident), STR_ARG(t->id)),
                           t->id, "Microsoft.SecurityInsights/Incidents/tasks");
    etag_write(out, t->etag);
    json_key(out, "properties");
    json_obj(out);
    json_kv_str(out, "title", t->title);
    json_kv_str(out, "description", t->description);
    json_kv_str(out, "status", t->status);
    json_kv_time(out, "createdTimeUtc", t->created);
    json_kv_time(out, "lastModifiedTimeUtc", t->modified);
    incident_kv_raw(out, "createdBy", t->created_by, "{}");
    incident_kv_raw(out, "lastModifiedBy", t->modified_by, "{}");
    json_obj_end(out);
    json_obj_end(out);
}

bool incident_tasks_to_json(struct incidents *in, struct arena *a, struct workspace *w,
                            const struct state_incident *i, struct json_out *out, struct err *e)
{
    struct state_task *list = NULL;
    size_t n = 0;
    if (!list_of(in, a, i, &list, &n, e))
        return false;
    json_arr(out);
    for (size_t k = 0; k < n; k++)
        incident_task_to_json(in, w, &list[k], out);
    json_arr_end(out);
    return true;
}

static struct state_task *find(struct state_task *list, size_t n, struct str id)
{
    for (size_t k = 0; k < n; k++)
        if (str_ieq(list[k].id, id))
            return &list[k];
    return NULL;
}

bool incident_task_get(struct incidents *in, struct arena *a, const struct state_incident *i,
                       struct str id, struct state_task *out, struct err *e)
{
    struct state_task *list = NULL, *found;
    size_t n = 0;
    if (!list_of(in, a, i, &list, &n, e))
        return false;
    found = find(list, n, id);
    if (found == NULL)
        return err_set(e, ERR_NOT_FOUND, "there is no task '%.*s' of incident '%.*s'",
                       (int)(id.n < 80 ? id.n : 80), id.p, STR_ARG(i->id));
    *out = *found;
    return true;
}

/* The description is not in the table. */
static void write_element(struct json_out *o, const struct state_task *t, struct str status)
{
    json_obj(o);
    json_kv_str(o, "taskId", t->id);
    json_kv_str(o, "title", t->title);
    json_kv_str(o, "status", status);
    json_kv_time(o, "createdTimeUtc", t->created);
    json_kv_time(o, "lastCompletedTimeUtc", t->completed);
    json_kv_time(o, "lastModifiedTimeUtc", t->modified);
    incident_kv_raw(o, "createdBy", t->created_by, "{}");
    incident_kv_raw(o, "lastModifiedBy", t->modified_by, "{}");
    json_obj_end(o);
}

bool incident_row_tasks(struct incidents *in, struct arena *a, const struct state_incident *i,
                        const struct state_task *deleted, struct json_out *o, struct err *e)
{
    struct state_task *list = NULL;
    size_t n = 0;
    if (!list_of(in, a, i, &list, &n, e))
        return false;
    json_key(o, "Tasks");
    json_arr(o);
    for (size_t k = 0; k < n; k++)
        write_element(o, &list[k], list[k].status);
    if (deleted != NULL)
        write_element(o, deleted, STR("Deleted"));
    json_arr_end(o);
    return true;
}

/* ---- writing ---- */

static bool read_task(struct arena *a, const struct json *body, struct state_task *t, struct err *e)
{
    const struct json *p = incident_body_properties(body, e);
    if (p == NULL || !incident_read_text(a, p, "title", &t->title, e) ||
        !incident_read_text(a, p, "description", &t->description, e) ||
        !incident_read_text(a, p, "status", &t->status, e))
        return false;
    t->title = str_trim(t->title);
    if (t->title.n == 0)
        return err_set(e, ERR_INVALID, "properties.title is missing");
    if (t->status.n == 0)
        return err_set(e, ERR_INVALID, "properties.status is missing");
    return incident_canonical(statuses, "properties.status", &t->status, e) &&
           incident_short_enough("properties.title", t->title, MAX_TITLE, e) &&
           incident_short_enough("properties.description", t->description, MAX_DESCRIPTION, e);
}

static bool save(struct incidents *in, struct arena *a, struct workspace *w,
                 struct state_incident *i, const struct state_task *before, struct state_task *t,
                 const struct incident_actor *who, struct err *e)
{
    struct str by = incident_actor_json(a, who);
    bool done = str_eqz(t->status, "Completed");
    t->etag = incident_etag_new(a);
    t->modified = clock_now(in->clock);
    t->modified_by = by;
    if (before == NULL) {
        t->workspace = i->workspace;
        t->subject_type = STR(SUBJECT_INCIDENT);
        t->subject = i->id;
        t->created = t->modified;
        t->created_by = by;
    }
    if (done && (before == NULL || !str_eqz(before->status, "Completed")))
        t->completed = t->modified;
    if (i->first_modified == 0)
        i->first_modified = t->modified;
    const char *kind = before == NULL                      ? "TaskAdded"
                       : str_eq(before->status, t->status) ? "TaskChanged"
                       : done                              ? "TaskCompleted"
                                                           : "TaskReopened";
    return state_task_put(in->state, t, e) && incident_log(in, i, kind, t->id, who->name, e) &&
           incident_save(in, a, w, i, who->name, e);
}

static bool put_locked(struct incidents *in, struct arena *a, struct workspace *w,
                       struct str incident, struct str id, const struct incident_sent *sent,
                       struct state_task *out, bool *out_created, struct err *e)
{
    struct state_incident i = {0};
    struct state_task *list = NULL, *there;
    size_t n = 0;
    if (!incident_get(in, a, w, incident, &i, e) || !list_of(in, a, &i, &list, &n, e))
        return false;
    there = find(list, n, id);
    *out_created = there == NULL;
    if (there == NULL && n >= INCIDENT_MAX_TASKS)
        return err_set(e, ERR_INVALID, "an incident has at most %d tasks", INCIDENT_MAX_TASKS);
    if (there != NULL &&
        !incident_etag_check("the task", sent->body, sent->if_match, there->etag, e))
        return false;
    *out = there != NULL ? *there : (struct state_task){.id = id};
    return read_task(a, sent->body, out, e) && save(in, a, w, &i, there, out, sent->who, e);
}

bool incident_task_put(struct incidents *in, struct arena *a, struct workspace *w,
                       struct str incident, struct str id, const struct incident_sent *sent,
                       struct state_task *out, bool *out_created, struct err *e)
{
    *out = (struct state_task){0};
    if (!incident_name_check("task", id, e) || !state_begin(in->state, e))
        return false;
    bool ok = put_locked(in, a, w, incident, id, sent, out, out_created, e);
    return state_end(in->state, ok, e) && incidents_flush(in, e);
}

bool incident_task_add(struct incidents *in, struct arena *a, struct workspace *w,
                       struct state_incident *i, struct str title, struct str description,
                       const struct incident_actor *who, struct err *e)
{
    struct state_task *list = NULL;
    size_t n = 0;
    char id[37];
    if (!list_of(in, a, i, &list, &n, e))
        return false;
    if (n >= INCIDENT_MAX_TASKS)
        return err_set(e, ERR_LIMIT, "an incident has at most %d tasks", INCIDENT_MAX_TASKS);
    guid_format(guid_new(), id);
    struct state_task t = {.id = arena_str(a, str_from(id)),
                           .title = title,
                           .description = description,
                           .status = STR("New")};
    return save(in, a, w, i, NULL, &t, who, e);
}

static bool delete_locked(struct incidents *in, struct arena *a, struct workspace *w,
                          struct str incident, struct str id, struct str if_match,
                          const struct incident_actor *who, struct err *e)
{
    struct state_incident i = {0};
    struct state_task t = {0};
    if (!incident_get(in, a, w, incident, &i, e) || !incident_task_get(in, a, &i, id, &t, e) ||
        !incident_etag_check("the task", NULL, if_match, t.etag, e))
        return false;
    return state_task_delete(in->state, &t, e) &&
           incident_log(in, &i, "TaskDeleted", t.id, who->name, e) &&
           incident_save_beside(in, a, w, &i, &t, who->name, e);
}

bool incident_task_delete(struct incidents *in, struct arena *a, struct workspace *w,
                          struct str incident, struct str id, struct str if_match,
                          const struct incident_actor *who, struct err *e)
{
    if (!state_begin(in->state, e))
        return false;
    return state_end(in->state, delete_locked(in, a, w, incident, id, if_match, who, e), e) &&
           incidents_flush(in, e);
}
