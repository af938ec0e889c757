/* vedette jobs: put, list, show, run, enable, disable and delete KQL jobs, and their history. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/verbs.h"

static const char usage[] =
    "usage: vedette jobs put FILE.json [--name NAME]  [--data DIR] [--workspace W]\n"
    "       vedette jobs list                         [--data DIR] [--workspace W]\n"
    "       vedette jobs show|run|runs NAME           [--data DIR] [--workspace W]\n"
    "       vedette jobs enable|disable|delete NAME   [--data DIR] [--workspace W]\n"
    "\n"
    "KQL jobs run a query over the data lake, once or by a schedule, and add its rows to a\n"
    "table. put reads {\"name\", \"properties\": {\"query\", \"destinationTable\", \"schedule\":\n"
    "{\"frequency\", \"interval\", \"startTime\", \"endTime\"}}}; --name goes before its name. "
    "run\n"
    "runs a job once more, now; runs lists its runs. --url URL (with VEDETTE_TOKEN, VEDETTE_CA)\n"
    "names another server than that of the data folder.\n";

struct asked {
    struct client_place place;
    const char *name;
    struct verb_words words;
};

/* .../workspaces/W/kqlJobs/NAME/action */
static char *path_of(struct client *c, const struct client_workspace *w, struct str name,
                     const char *action)
{
    return verb_path(c, arena_fmt(c->a, "%s/kqlJobs", w->arm), name, action, "2025-07-01");
}

static bool one_name(const struct asked *j, struct err *e)
{
    return verb_words_are(&j->words, 1, "one job's name", e);
}

static struct str text_of(struct arena *a, const struct json *v)
{
    if (v == NULL || v->type == JSON_NULL)
        return STR("-");
    return v->type == JSON_INT ? arena_fmt(a, "%lld", (long long)v->i) : json_text(v, STR("-"));
}

static bool put(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    const struct asked *j = arg;
    struct verb_resource r = {0};
    if (!verb_resource_read(c, &j->words, j->name, &r, e) ||
        !client_call(c, "PUT", path_of(c, w, r.name, ""), NULL, r.text, NULL, e))
        return false;
    printf("job '%.*s' kept\n", STR_ARG(r.name));
    return true;
}

static void list_row(struct client *c, const struct json *x, struct str *cells)
{
    const struct json *p = json_get(x, "properties"), *s = json_get(p, "schedule");
    struct str every = text_of(c->a, json_get(s, "interval")),
               frequency = text_of(c->a, json_get(s, "frequency"));
    cells[0] = text_of(c->a, json_get(x, "name"));
    cells[1] = json_is_true(json_get(p, "enabled")) ? STR("enabled") : STR("disabled");
    cells[2] = arena_fmt(c->a, "%.*s %.*s", STR_ARG(every), STR_ARG(frequency));
    cells[3] = text_of(c->a, json_get(p, "nextRunTime"));
    cells[4] = text_of(c->a, json_get(p, "destinationTable"));
}

static bool list(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    static const char *const heads[] = {"NAME", "STATE", "EVERY", "NEXT RUN", "TABLE"};
    (void)arg;
    return verb_list(c, path_of(c, w, STR(""), ""), heads, COUNTOF(heads), list_row, e);
}

static void run_row(struct client *c, const struct json *x, struct str *cells)
{
    static const char *const members[] = {"dueTime",   "status",  "rows",
                                          "startTime", "endTime", "message"};
    const struct json *p = json_get(x, "properties");
    for (size_t i = 0; i < COUNTOF(members); i++)
        cells[i] = text_of(c->a, json_get(p, members[i]));
}

static bool runs(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    static const char *const heads[] = {"DUE", "STATUS", "ROWS", "STARTED", "ENDED", "MESSAGE"};
    const struct asked *j = arg;
    return one_name(j, e) && verb_list(c, path_of(c, w, str_from(j->words.p[0]), "/runs"), heads,
                                       COUNTOF(heads), run_row, e);
}

static bool show(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    const struct asked *j = arg;
    return one_name(j, e) && verb_show(c, path_of(c, w, str_from(j->words.p[0]), ""), e);
}

static bool act(struct client *c, const struct client_workspace *w, const struct asked *j,
                const char *action, struct err *e)
{
    return one_name(j, e) && client_call(c, "POST", path_of(c, w, str_from(j->words.p[0]), action),
                                         NULL, STR("{}"), NULL, e);
}

static bool run(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    return act(c, w, arg, "/run", e);
}

static bool enable(struct client *c, const struct client_workspace *w, const void *arg,
                   struct err *e)
{
    return act(c, w, arg, "/enable", e);
}

static bool disable(struct client *c, const struct client_workspace *w, const void *arg,
                    struct err *e)
{
    return act(c, w, arg, "/disable", e);
}

static bool delete (struct client *c, const struct client_workspace *w, const void *arg,
                    struct err *e)
{
    const struct asked *j = arg;
    return one_name(j, e) && verb_delete(c, path_of(c, w, str_from(j->words.p[0]), ""), e);
}

/* ---- the command ---- */

static const struct verb verbs[] = {{"put", put},         {"list", list},    {"show", show},
                                    {"run", run},         {"runs", runs},    {"enable", enable},
                                    {"disable", disable}, {"delete", delete}};

int cli_jobs(int argc, char **argv)
{
    struct asked j = {0};
    const struct cli_option options[] = {OPTIONS_OF_WORKSPACE(j.place), {"name", .text = &j.name}};
    const struct verb_command k = {.name = "jobs",
                                   .usage = usage,
                                   .verbs = verbs,
                                   .n_verbs = COUNTOF(verbs),
                                   .options = options,
                                   .n_options = COUNTOF(options)};
    return verbs_run(&k, &j.place, &j.words, &j, argc, argv);
}
