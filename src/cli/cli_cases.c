/* vedette cases: list, show, create, update, close and delete cases, and what belongs to one. */
#include <stdio.h>

#include "base/ids.h"
#include "cases/cases.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/text_table.h"
#include "cli/verbs.h"

static const char usage[] =
    "usage: vedette cases list          [--filter ODATA] [--top N]\n"
    "       vedette cases show ID       [--format table|json]\n"
    "       vedette cases create TITLE  [--priority P] [--due TIME] [--owner UPN] [--description "
    "T]\n"
    "       vedette cases update ID     [--title T] [--status S] [--priority P] [--due TIME]\n"
    "               [--owner UPN] [--description T]\n"
    "       vedette cases close ID      [--notes T]\n"
    "       vedette cases delete ID\n"
    "       vedette cases attach ID FILE\n"
    "       vedette cases comment ID TEXT\n"
    "       vedette cases task ID TITLE [--priority P] [--due TIME] [--owner UPN]\n"
    "       vedette cases link|unlink ID INCIDENT\n"
    "all with [--data DIR] [--workspace W]\n"
    "\n"
    "A case is work that spans incidents; ID is its number. Priorities: Very low, Low, Medium,\n"
    "High, Critical. Statuses: New, Open, Closed, and the workspace's own. --url URL (with\n"
    "VEDETTE_TOKEN, VEDETTE_CA) names another server than the data folder's.\n";

enum change { TITLE, DESCRIPTION, PRIORITY, STATUS, DUE, NOTES, N_CHANGES };
static const char *const change_names[N_CHANGES] = {"title",  "description", "priority",
                                                    "status", "dueTimeUtc",  "closingNotes"};

struct job {
    struct client_place place;
    struct verb_words words;
    const char *filter, *owner, *format;
    int64_t top;
    const char *change[N_CHANGES];
};

static char *path_of(struct client *c, const struct client_workspace *w, const char *id,
                     const char *rest)
{
    struct str encoded = client_encoded(c->a, str_from(id != NULL ? id : ""));
    return arena_strz(c->a, arena_fmt(c->a, "/vedette/v1/workspaces/%s/cases%s%.*s%s", w->id,
                                      id != NULL ? "/" : "", STR_ARG(encoded), rest));
}

static struct str text_of(const struct json *v, const char *dotted)
{
    return json_text(json_path(v, dotted), STR(""));
}

static int64_t number_of(const struct json *v, const char *dotted)
{
    const struct json *found = json_path(v, dotted);
    return found != NULL && found->type == JSON_INT ? found->i : 0;
}

static bool one_id(const struct job *j, struct err *e)
{
    return verb_words_are(&j->words, 1, "a case's number", e);
}

/* ---- list and show ---- */

static bool list(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    static const char *const heads[] = {"CASE", "PRIORITY", "STATUS", "DUE", "INCIDENTS", "TITLE"};
    const struct job *j = arg;
    struct json answer = {0};
    struct text_table t;
    struct str path = arena_fmt(c->a, "%s?%%24top=%lld", path_of(c, w, NULL, ""),
                                j->top > 0 ? (long long)j->top : 50LL);
    if (j->filter != NULL)
        path = arena_fmt(c->a, "%.*s&%%24filter=%.*s", STR_ARG(path),
                         STR_ARG(client_encoded(c->a, str_from(j->filter))));
    if (!client_call(c, "GET", arena_strz(c->a, path), NULL, STR(""), &answer, e))
        return false;
    const struct json *value = json_get(&answer, "value");
    text_table_begin(&t, c->a, heads, COUNTOF(heads));
    for (size_t i = 0; value != NULL && i < value->n; i++) {
        const struct json *p = json_get(&value->items[i], "properties");
        struct str cells[] = {
            text_of(&value->items[i], "name"),
            text_of(p, "priority"),
            text_of(p, "status"),
            str_sub(text_of(p, "dueTimeUtc"), 0, 16),
            arena_fmt(c->a, "%lld", (long long)number_of(p, "additionalData.incidentsCount")),
            text_of(p, "title")};
        text_table_row(&t, cells);
    }
    text_table_print(&t, stdout);
    if (json_get(&answer, "nextLink") != NULL)
        puts("There are more; --top N shows up to 1000.");
    return true;
}

static void print_field(struct arena *a, const char *name, struct str value)
{
    if (value.n > 0)
        printf("%-16s %.*s\n", name, STR_ARG(text_plain(a, value)));
}

static void print_case(struct arena *a, const struct json *x)
{
    const struct json *p = json_get(x, "properties");
    printf("Case %.*s: %.*s\n\n", STR_ARG(text_of(x, "name")),
           STR_ARG(text_plain(a, text_of(p, "title"))));
    print_field(a, "Priority", text_of(p, "priority"));
    print_field(a, "Status", text_of(p, "status"));
    print_field(a, "Assignee", text_of(p, "assignee.userPrincipalName"));
    print_field(a, "Due", text_of(p, "dueTimeUtc"));
    print_field(a, "Created", text_of(p, "createdTimeUtc"));
    print_field(a, "Closed", text_of(p, "closedTimeUtc"));
    print_field(a, "Closing notes", text_of(p, "closingNotes"));
    if (text_of(p, "description").n > 0)
        printf("\n%.*s\n", STR_ARG(text_plain(a, text_of(p, "description"))));
}

/* The elements of a list of the case's, a line each. */
static bool print_part(struct client *c, const struct client_workspace *w, const char *id,
                       const char *part, const char *first, const char *second, struct err *e)
{
    struct json answer = {0};
    if (!client_call(c, "GET", path_of(c, w, id, arena_fmt(c->a, "/%s", part).p), NULL, STR(""),
                     &answer, e))
        return false;
    const struct json *value = json_get(&answer, "value");
    if (value == NULL || value->n == 0)
        return true;
    printf("\n%s\n", part);
    for (size_t i = 0; i < value->n; i++) {
        const struct json *p = json_get(&value->items[i], "properties");
        printf("  %.*s  %-12.*s %.*s\n", STR_ARG(str_sub(text_of(p, "createdTimeUtc"), 0, 16)),
               STR_ARG(text_plain(c->a, text_of(p, first))),
               STR_ARG(text_plain(c->a, text_of(p, second))));
    }
    return true;
}

static bool show(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    const struct job *j = arg;
    struct json x = {0};
    if (!one_id(j, e))
        return false;
    const char *id = j->words.p[0];
    if (j->format != NULL && strcmp(j->format, "json") == 0)
        return verb_show(c, path_of(c, w, id, ""), e);
    if (!client_call(c, "GET", path_of(c, w, id, ""), NULL, STR(""), &x, e))
        return false;
    print_case(c->a, &x);
    return print_part(c, w, id, "incidents", "status", "title", e) &&
           print_part(c, w, id, "tasks", "status", "title", e) &&
           print_part(c, w, id, "comments", "author.name", "message", e) &&
           print_part(c, w, id, "attachments", "createdBy.name", "fileName", e);
}

/* ---- changing ---- */

/* {"properties": {what was given}}. */
static struct str body_of(struct arena *a, const struct job *j)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    json_key(&o, "properties");
    json_obj(&o);
    for (size_t i = 0; i < N_CHANGES; i++)
        if (j->change[i] != NULL && i == DUE && j->change[i][0] == '\0')
            json_kv_null(&o, change_names[i]);
        else if (j->change[i] != NULL)
            json_kv_z(&o, change_names[i], j->change[i]);
    if (j->owner != NULL) {
        json_key(&o, "assignee");
        json_obj(&o);
        json_kv_z(&o, "userPrincipalName", j->owner);
        json_obj_end(&o);
    }
    json_obj_end(&o);
    json_obj_end(&o);
    return arena_str(a, sbuf_str(&b));
}

static bool send(struct client *c, const char *method, char *path, const struct job *j,
                 struct err *e)
{
    struct json answer = {0};
    if (!client_call(c, method, path, NULL, body_of(c->a, j), &answer, e))
        return false;
    print_case(c->a, &answer);
    return true;
}

static bool create(struct client *c, const struct client_workspace *w, const void *arg,
                   struct err *e)
{
    struct job j = *(const struct job *)arg;
    if (!verb_words_are(&j.words, 1, "the case's title", e))
        return false;
    j.change[TITLE] = j.words.p[0];
    return send(c, "POST", path_of(c, w, NULL, ""), &j, e);
}

static bool update(struct client *c, const struct client_workspace *w, const void *arg,
                   struct err *e)
{
    const struct job *j = arg;
    return one_id(j, e) && send(c, "PATCH", path_of(c, w, j->words.p[0], ""), j, e);
}

static bool close_case(struct client *c, const struct client_workspace *w, const void *arg,
                       struct err *e)
{
    struct job j = *(const struct job *)arg;
    j.change[STATUS] = "Closed";
    return update(c, w, &j, e);
}

static bool delete (struct client *c, const struct client_workspace *w, const void *arg,
                    struct err *e)
{
    const struct job *j = arg;
    return one_id(j, e) && verb_delete(c, path_of(c, w, j->words.p[0], ""), e);
}

/* ---- what belongs to one ---- */

static bool attach(struct client *c, const struct client_workspace *w, const void *arg,
                   struct err *e)
{
    const struct job *j = arg;
    struct str bytes = STR("");
    struct json made = {0};
    if (!verb_words_are(&j->words, 2, "a case's number and a file", e) ||
        !file_read(c->a, j->words.p[1], CASE_ATTACHMENT_LIMIT, &bytes, e))
        return false;
    const char *slash = strrchr(j->words.p[1], '/');
    struct str name = client_encoded(c->a, str_from(slash != NULL ? slash + 1 : j->words.p[1]));
    struct str rest = arena_fmt(c->a, "/attachments?name=%.*s", STR_ARG(name));
    if (!client_call(c, "POST", path_of(c, w, j->words.p[0], rest.p), "application/octet-stream",
                     bytes, &made, e))
        return false;
    printf("%.*s  %lld bytes, SHA-256 %.*s\n", STR_ARG(text_of(&made, "name")),
           (long long)number_of(&made, "properties.size"),
           STR_ARG(text_of(&made, "properties.sha256")));
    return true;
}

static bool comment(struct client *c, const struct client_workspace *w, const void *arg,
                    struct err *e)
{
    const struct job *j = arg;
    char name[37];
    if (!verb_words_are(&j->words, 2, "a case's number and a text", e))
        return false;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    sbuf_addz(&b, "{\"properties\":{\"message\":");
    json_escape(&b, str_from(j->words.p[1]));
    sbuf_addz(&b, "}}");
    guid_format(guid_new(), name);
    return client_call(c, "PUT",
                       path_of(c, w, j->words.p[0], arena_fmt(c->a, "/comments/%s", name).p), NULL,
                       sbuf_str(&b), NULL, e);
}

static bool task(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    struct job j = *(const struct job *)arg;
    char name[37];
    if (!verb_words_are(&j.words, 2, "a case's number and a task's title", e))
        return false;
    j.change[TITLE] = j.words.p[1];
    guid_format(guid_new(), name);
    return client_call(c, "PUT", path_of(c, w, j.words.p[0], arena_fmt(c->a, "/tasks/%s", name).p),
                       NULL, body_of(c->a, &j), NULL, e);
}

static bool with_incident(struct client *c, const struct client_workspace *w, const struct job *j,
                          const char *method, struct err *e)
{
    if (!verb_words_are(&j->words, 2, "a case's number and an incident's", e))
        return false;
    struct str incident = client_encoded(c->a, str_from(j->words.p[1]));
    struct str rest = arena_fmt(c->a, "/incidents/%.*s", STR_ARG(incident));
    return client_call(c, method, path_of(c, w, j->words.p[0], rest.p), NULL, STR(""), NULL, e);
}

static bool link_incident(struct client *c, const struct client_workspace *w, const void *arg,
                          struct err *e)
{
    return with_incident(c, w, arg, "PUT", e);
}

static bool unlink_incident(struct client *c, const struct client_workspace *w, const void *arg,
                            struct err *e)
{
    return with_incident(c, w, arg, "DELETE", e);
}

/* ---- the command ---- */

static const struct verb verbs[] = {{"list", list},
                                    {"show", show},
                                    {"create", create},
                                    {"update", update},
                                    {"close", close_case},
                                    {"delete", delete},
                                    {"attach", attach},
                                    {"comment", comment},
                                    {"task", task},
                                    {"link", link_incident},
                                    {"unlink", unlink_incident}};

int cli_cases(int argc, char **argv)
{
    struct job j = {0};
    const struct cli_option options[] = {
        OPTIONS_OF_WORKSPACE(j.place),
        {"filter", .text = &j.filter},
        {"top", .number = &j.top},
        {"format", .text = &j.format},
        {"owner", .text = &j.owner},
        {"title", .text = &j.change[TITLE]},
        {"description", .text = &j.change[DESCRIPTION]},
        {"priority", .text = &j.change[PRIORITY]},
        {"status", .text = &j.change[STATUS]},
        {"due", .text = &j.change[DUE]},
        {"notes", .text = &j.change[NOTES]},
    };
    const struct verb_command k = {.name = "cases",
                                   .usage = usage,
                                   .verbs = verbs,
                                   .n_verbs = COUNTOF(verbs),
                                   .options = options,
                                   .n_options = COUNTOF(options)};
    return verbs_run(&k, &j.place, &j.words, &j, argc, argv);
}
