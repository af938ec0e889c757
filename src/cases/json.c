/* Cases as resources, and lists of them. */
#include "cases/cases_priv.h"
#include "text/date.h"

struct str case_resource_id(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                            const char *part, struct str which)
{
    struct str base = incident_resource_id(k->incidents, a, w, "cases", id);
    return part == NULL ? base : arena_fmt(a, "%.*s/%s/%.*s", STR_ARG(base), part, STR_ARG(which));
}

static bool write_counts(struct cases *k, struct arena *a, const struct state_case *c,
                         struct json_out *out, struct err *e)
{
    struct str *incidents = NULL;
    struct state_task *tasks = NULL;
    struct state_comment *comments = NULL;
    struct state_attachment *files = NULL;
    size_t n_incidents = 0, n_tasks = 0, n_comments = 0, n_files = 0;
    int64_t open = 0;
    if (!state_case_incidents(k->state, a, c->workspace, c->id, &incidents, &n_incidents, e) ||
        !state_task_list(k->state, a, c->workspace, SUBJECT_CASE, c->id, &tasks, &n_tasks, e) ||
        !state_comment_list(k->state, a, c->workspace, SUBJECT_CASE, c->id, &comments, &n_comments,
                            e) ||
        !state_attachment_list(k->state, a, c->workspace, c->id, &files, &n_files, e))
        return false;
    for (size_t i = 0; i < n_tasks; i++)
        open += str_eqz(tasks[i].status, "New") || str_eqz(tasks[i].status, "In progress");
    json_key(out, "incidents");
    json_arr(out);
    for (size_t i = 0; i < n_incidents; i++)
        json_str(out, incidents[i]);
    json_arr_end(out);
    json_key(out, "additionalData");
    json_obj(out);
    json_kv_int(out, "incidentsCount", (int64_t)n_incidents);
    json_kv_int(out, "tasksCount", (int64_t)n_tasks);
    json_kv_int(out, "openTasksCount", open);
    json_kv_int(out, "commentsCount", (int64_t)n_comments);
    json_kv_int(out, "attachmentsCount", (int64_t)n_files);
    json_obj_end(out);
    return true;
}

/* whole: also what other tables know of it. */
static bool write_case(struct cases *k, struct workspace *w, const struct state_case *c, bool whole,
                       struct json_out *out, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    json_obj(out);
    incident_resource_head(out, case_resource_id(k, a, w, c->id, NULL, STR("")), c->id,
                           "vedette/cases");
    etag_write(out, c->etag);
    json_key(out, "properties");
    json_obj(out);
    json_kv_int(out, "caseNumber", c->number);
    json_kv_str(out, "title", c->title);
    json_kv_str(out, "description", c->description);
    json_kv_str(out, "priority", c->priority);
    json_kv_str(out, "status", c->status);
    incident_kv_raw(out, "assignee", c->owner, "null");
    json_kv_time(out, "dueTimeUtc", c->due);
    incident_kv_raw(out, "links", c->links, "[]");
    json_kv_str(out, "closingNotes", c->closing_notes);
    json_kv_time(out, "createdTimeUtc", c->created);
    json_kv_time(out, "lastModifiedTimeUtc", c->modified);
    json_kv_time(out, "closedTimeUtc", c->closed);
    incident_kv_raw(out, "createdBy", c->created_by, "{}");
    incident_kv_raw(out, "lastModifiedBy", c->modified_by, "{}");
    if (whole && !write_counts(k, a, c, out, e))
        return false;
    json_obj_end(out);
    json_obj_end(out);
    return true;
}

bool case_to_json(struct cases *k, struct workspace *w, const struct state_case *c,
                  struct json_out *out, struct err *e)
{
    return write_case(k, w, c, true, out, e);
}

static const struct resource_property properties[] = {
    {"name", RESOURCE_TEXT},
    {"caseNumber", RESOURCE_NUMBER},
    {"title", RESOURCE_TEXT},
    {"description", RESOURCE_TEXT},
    {"priority", RESOURCE_TEXT},
    {"status", RESOURCE_TEXT},
    {"assignee/assignedTo", RESOURCE_TEXT},
    {"assignee/email", RESOURCE_TEXT},
    {"assignee/objectId", RESOURCE_TEXT},
    {"assignee/userPrincipalName", RESOURCE_TEXT},
    {"dueTimeUtc", RESOURCE_TIME},
    {"createdTimeUtc", RESOURCE_TIME},
    {"lastModifiedTimeUtc", RESOURCE_TIME},
    {"closedTimeUtc", RESOURCE_TIME},
    {"incidents", RESOURCE_LIST},
    {"additionalData/openTasksCount", RESOURCE_NUMBER},
    {NULL, RESOURCE_TEXT}};

/* Does filter or order ask for what only a whole case says. */
static bool asks_for_whole(const struct incident_query *q)
{
    static const char *const words[] = {"incidents", "additionalData"};
    size_t at = 0;
    for (size_t i = 0; i < COUNTOF(words); i++)
        if (str_find(q->filter, str_from(words[i]), &at) ||
            str_find(q->orderby, str_from(words[i]), &at))
            return true;
    return false;
}

static bool write_page(struct cases *k, struct arena *a, struct workspace *w,
                       const struct incident_query *q, bool whole, struct json_out *out,
                       struct str *out_next, struct err *e)
{
    struct state_case *list = NULL;
    size_t n = 0;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(RESOURCE_MAX_LIST);
    struct json_out o = json_out_make(&b);
    if (!state_case_list(k->state, a, workspace_id(w), &list, &n, e))
        return false;
    json_arr(&o);
    for (size_t i = 0; i < n; i++)
        if (!write_case(k, w, &list[i], whole, &o, e))
            return false;
    json_arr_end(&o);
    return sbuf_ok(&b)
               ? resource_page(a, sbuf_str(&b), properties, q, out, out_next, e)
               : err_set(e, ERR_LIMIT, "the list is larger than %d bytes", RESOURCE_MAX_LIST);
}

/* Counts are looked up for the cases of the page alone, unless the filter asks for them. */
bool case_list_json(struct cases *k, struct arena *a, struct workspace *w,
                    const struct incident_query *q, struct json_out *out, struct str *out_next,
                    struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(RESOURCE_MAX_LIST);
    struct json_out o = json_out_make(&b);
    struct json page = {0};
    if (asks_for_whole(q))
        return write_page(k, a, w, q, true, out, out_next, e);
    if (!write_page(k, a, w, q, false, &o, out_next, e) ||
        !json_parse(a, sbuf_str(&b), NULL, &page, e))
        return false;
    json_arr(out);
    for (size_t i = 0; i < page.n; i++) {
        struct state_case c = {0};
        struct err why = {0};
        struct str id = json_text(json_get(&page.items[i], "name"), STR(""));
        if (!case_get(k, a, w, id, &c, &why) && why.code == ERR_NOT_FOUND)
            continue; /* it was deleted meanwhile */
        if (why.code != ERR_OK) {
            *e = why;
            return false;
        }
        if (!write_case(k, w, &c, true, out, e))
            return false;
    }
    json_arr_end(out);
    return true;
}

/* ---- incidents ---- */

bool case_incidents_json(struct cases *k, struct arena *a, struct workspace *w,
                         const struct state_case *c, struct json_out *out, struct err *e)
{
    struct str *list = NULL;
    size_t n = 0;
    if (!state_case_incidents(k->state, a, c->workspace, c->id, &list, &n, e))
        return false;
    json_arr(out);
    for (size_t i = 0; i < n; i++) {
        struct state_incident incident = {0};
        if (!state_incident_get(k->state, a, c->workspace, list[i], &incident, e))
            return false;
        incident_to_json(k->incidents, w, &incident, out);
    }
    json_arr_end(out);
    return true;
}
