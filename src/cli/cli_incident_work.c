/* vedette incidents: what belongs to an incident: comments, tasks, relations, and what has happened
 * to it. */
#include <stdio.h>

#include "base/ids.h"
#include "cli/cli_incidents.h"
#include "cli/text_table.h"

static struct str text_of(const struct json *v, const char *dotted)
{
    return json_text(json_path(v, dotted), STR(""));
}

/* Puts {"properties": {…}} at part/NAME of the incident, a new name. */
static bool put_new(struct client *c, const struct client_workspace *w, const char *id,
                    const char *part, struct str properties, struct json *out, struct err *e)
{
    char name[37];
    guid_format(guid_new(), name);
    struct str rest = arena_fmt(c->a, "/%s/%s", part, name);
    struct str body = arena_fmt(c->a, "{\"properties\":%.*s}", STR_ARG(properties));
    return client_call(c, "PUT", incident_path(c, w, id, rest.p), NULL, body, out, e);
}

/* The object of these texts, those that are not NULL. */
static struct str object_of(struct arena *a, const char *const (*members)[2], size_t n)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    for (size_t i = 0; i < n; i++)
        if (members[i][1] != NULL)
            json_kv_z(&o, members[i][0], members[i][1]);
    json_obj_end(&o);
    return arena_str(a, sbuf_str(&b));
}

/* ---- comments ---- */

static bool list_comments(struct client *c, const struct client_workspace *w, const char *id,
                          struct err *e)
{
    struct json answer = {0};
    if (!client_call(c, "GET", incident_path(c, w, id, "/comments"), NULL, STR(""), &answer, e))
        return false;
    const struct json *value = json_get(&answer, "value");
    for (size_t i = value != NULL ? value->n : 0; i-- > 0;) { /* the newest last */
        const struct json *one = &value->items[i];
        printf("%.*s  %.*s\n%.*s\n\n",
               STR_ARG(incident_minutes(text_of(one, "properties.createdTimeUtc"))),
               STR_ARG(text_plain(c->a, text_of(one, "properties.author.name"))),
               STR_ARG(text_plain(c->a, text_of(one, "properties.message"))));
    }
    return true;
}

bool incidents_comment(struct client *c, const struct client_workspace *w, const void *arg,
                       struct err *e)
{
    const struct incident_job *j = arg;
    if (j->words.n == 1)
        return list_comments(c, w, j->words.p[0], e);
    if (!verb_words_are(&j->words, 2, "an incident's number and a text", e))
        return false;
    const char *const members[][2] = {{"message", j->words.p[1]}};
    return put_new(c, w, j->words.p[0], "comments", object_of(c->a, members, 1), NULL, e);
}

/* ---- tasks ---- */

static void task_row(struct client *c, const struct json *x, struct str *cells)
{
    (void)c;
    cells[0] = text_of(x, "name");
    cells[1] = text_of(x, "properties.status");
    cells[2] = incident_minutes(text_of(x, "properties.createdTimeUtc"));
    cells[3] = text_of(x, "properties.title");
}

static bool list_tasks(struct client *c, const struct client_workspace *w, const char *id,
                       struct err *e)
{
    static const char *const heads[] = {"TASK", "STATUS", "CREATED", "TITLE"};
    return verb_list(c, incident_path(c, w, id, "/tasks"), heads, COUNTOF(heads), task_row, e);
}

bool incidents_task(struct client *c, const struct client_workspace *w, const void *arg,
                    struct err *e)
{
    const struct incident_job *j = arg;
    struct json made = {0};
    if (j->words.n == 1)
        return list_tasks(c, w, j->words.p[0], e);
    if (!verb_words_are(&j->words, 2, "an incident's number and a task's title", e))
        return false;
    const char *const members[][2] = {{"title", j->words.p[1]},
                                      {"status", "New"},
                                      {"description", j->change[INCIDENT_DESCRIPTION]}};
    if (!put_new(c, w, j->words.p[0], "tasks", object_of(c->a, members, COUNTOF(members)), &made,
                 e))
        return false;
    printf("%.*s\n", STR_ARG(text_of(&made, "name")));
    return true;
}

bool incidents_done(struct client *c, const struct client_workspace *w, const void *arg,
                    struct err *e)
{
    const struct incident_job *j = arg;
    struct json task = {0};
    if (!verb_words_are(&j->words, 2, "an incident's number and a task", e))
        return false;
    struct str name = client_encoded(c->a, str_from(j->words.p[1]));
    char *path =
        incident_path(c, w, j->words.p[0], arena_fmt(c->a, "/tasks/%.*s", STR_ARG(name)).p);
    if (!client_call(c, "GET", path, NULL, STR(""), &task, e))
        return false;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    json_kv_str(&o, "etag", text_of(&task, "etag"));
    json_key(&o, "properties");
    json_obj(&o);
    json_kv_str(&o, "title", text_of(&task, "properties.title"));
    json_kv_str(&o, "description", text_of(&task, "properties.description"));
    json_kv_z(&o, "status", "Completed");
    json_obj_end(&o);
    json_obj_end(&o);
    return client_call(c, "PUT", path, NULL, sbuf_str(&b), NULL, e);
}

/* ---- relations ---- */

bool incidents_relate(struct client *c, const struct client_workspace *w, const void *arg,
                      struct err *e)
{
    const struct incident_job *j = arg;
    if (!verb_words_are(&j->words, 3, "an incident's number, alert or bookmark, and its id", e))
        return false;
    bool alert = strcmp(j->words.p[1], "alert") == 0;
    if (!alert && strcmp(j->words.p[1], "bookmark") != 0)
        return err_set(e, ERR_INVALID, "'alert' or 'bookmark' expected, not '%s'", j->words.p[1]);
    struct str id =
        arena_fmt(c->a, "%s/%s/%s", w->insights, alert ? "entities" : "bookmarks", j->words.p[2]);
    const char *const members[][2] = {{"relatedResourceId", id.p}};
    return put_new(c, w, j->words.p[0], "relations", object_of(c->a, members, 1), NULL, e);
}

bool incidents_unrelate(struct client *c, const struct client_workspace *w, const void *arg,
                        struct err *e)
{
    const struct incident_job *j = arg;
    struct json answer = {0};
    if (!verb_words_are(&j->words, 2, "an incident's number and the id of an alert or a bookmark",
                        e))
        return false;
    char *path = arena_strz(
        c->a, arena_fmt(c->a, "%s&%%24top=1000", incident_path(c, w, j->words.p[0], "/relations")));
    if (!client_call(c, "GET", path, NULL, STR(""), &answer, e))
        return false;
    const struct json *value = json_get(&answer, "value");
    for (size_t i = 0; value != NULL && i < value->n; i++) {
        const struct json *one = &value->items[i];
        if (!str_ieqz(text_of(one, "properties.relatedResourceName"), j->words.p[1]))
            continue;
        struct str name = client_encoded(c->a, text_of(one, "name"));
        return verb_delete(
            c,
            incident_path(c, w, j->words.p[0], arena_fmt(c->a, "/relations/%.*s", STR_ARG(name)).p),
            e);
    }
    return err_set(e, ERR_NOT_FOUND, "'%s' does not belong to incident '%s'", j->words.p[1],
                   j->words.p[0]);
}

/* ---- what has happened, and what is alike ---- */

static char *own_path(struct client *c, const struct client_workspace *w, const char *id,
                      const char *rest)
{
    struct str encoded = client_encoded(c->a, str_from(id));
    return arena_strz(c->a, arena_fmt(c->a, "/vedette/v1/workspaces/%s/incidents/%.*s/%s", w->id,
                                      STR_ARG(encoded), rest));
}

static struct str activity_words(struct arena *a, const struct json *x)
{
    struct str field = text_of(x, "field");
    if (field.n == 0)
        return text_of(x, "target").n > 0
                   ? arena_fmt(a, "%.*s %.*s", STR_ARG(text_of(x, "activity")),
                               STR_ARG(text_of(x, "target")))
                   : text_of(x, "activity");
    return arena_fmt(a, "%.*s: %.*s -> %.*s", STR_ARG(field), STR_ARG(text_of(x, "oldValue")),
                     STR_ARG(text_of(x, "newValue")));
}

static void item_row(struct client *c, const struct json *x, struct str *cells)
{
    const struct json *p = json_get(x, "properties");
    bool activity = str_eqz(text_of(x, "kind"), "Activity");
    cells[0] = incident_minutes(text_of(p, "time"));
    cells[1] = text_of(x, "kind");
    cells[2] = activity ? text_of(p, "who") : text_of(p, "severity");
    cells[3] = activity ? activity_words(c->a, p) : text_of(p, "displayName");
}

static void activity_row(struct client *c, const struct json *x, struct str *cells)
{
    cells[0] = incident_minutes(text_of(x, "time"));
    cells[1] = text_of(x, "who");
    cells[2] = activity_words(c->a, x);
}

static void similar_row(struct client *c, const struct json *x, struct str *cells)
{
    const struct json *number = json_path(x, "incident.properties.incidentNumber"),
                      *shared = json_get(x, "sharedEntities");
    cells[0] = arena_fmt(c->a, "%lld", number != NULL ? (long long)number->i : 0LL);
    cells[1] = arena_fmt(c->a, "%lld", shared != NULL ? (long long)shared->i : 0LL);
    cells[2] = json_is_true(json_get(x, "sameRule")) ? STR("yes") : STR("no");
    cells[3] = json_is_true(json_get(x, "sameDetails")) ? STR("yes") : STR("no");
    cells[4] = text_of(x, "incident.properties.status");
    cells[5] = text_of(x, "incident.properties.title");
}

/* A list of the incident that is named, as a table or, if that is asked for, as JSON. */
static bool print_all(struct client *c, const struct client_workspace *w,
                      const struct incident_job *j, const char *what, const char *const *heads,
                      size_t n_heads, verb_row_fn *row, struct err *e)
{
    const char *id = NULL;
    if (!incident_id(j, &id, e))
        return false;
    char *path = own_path(c, w, id, what);
    return incident_as_json(j) ? verb_show(c, path, e) : verb_list(c, path, heads, n_heads, row, e);
}

bool incidents_timeline(struct client *c, const struct client_workspace *w, const void *arg,
                        struct err *e)
{
    static const char *const heads[] = {"TIME", "KIND", "BY", "WHAT"};
    return print_all(c, w, arg, "timeline", heads, COUNTOF(heads), item_row, e);
}

bool incidents_activities(struct client *c, const struct client_workspace *w, const void *arg,
                          struct err *e)
{
    static const char *const heads[] = {"TIME", "WHO", "WHAT"};
    return print_all(c, w, arg, "activities", heads, COUNTOF(heads), activity_row, e);
}

bool incidents_similar(struct client *c, const struct client_workspace *w, const void *arg,
                       struct err *e)
{
    static const char *const heads[] = {"NUMBER",       "SHARED ENTITIES", "SAME RULE",
                                        "SAME DETAILS", "STATUS",          "TITLE"};
    return print_all(c, w, arg, "similar", heads, COUNTOF(heads), similar_row, e);
}
