/* vedette summaries: put, list, show, start, stop, retry and delete summary rules. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/text_table.h"
#include "cli/verbs.h"

static const char usage[] =
    "usage: vedette summaries put FILE.json [--name NAME]  [--data DIR] [--workspace W]\n"
    "       vedette summaries list                         [--data DIR] [--workspace W]\n"
    "       vedette summaries show NAME                    [--data DIR] [--workspace W]\n"
    "       vedette summaries start|stop NAME              [--data DIR] [--workspace W]\n"
    "       vedette summaries retry NAME TIME              [--data DIR] [--workspace W]\n"
    "       vedette summaries delete NAME                  [--data DIR] [--workspace W]\n"
    "\n"
    "Summary rules run a query over bins of time, one after the other, and add its rows to a\n"
    "table. put reads the resource's JSON as Azure has it, {\"name\", \"properties\":\n"
    "{\"ruleDefinition\": {\"query\", \"binSize\", \"destinationTable\" ...}}}; --name goes before "
    "its\n"
    "name. retry runs the bin that begins at TIME once more. --url URL (with VEDETTE_TOKEN,\n"
    "VEDETTE_CA) names another server than that of the data folder.\n";

struct job {
    struct client_place place;
    const char *name;
    struct verb_words words;
};

/* .../workspaces/W/summaryLogs/NAME/action */
static char *path_of(struct client *c, const struct client_workspace *w, struct str name,
                     const char *action)
{
    return verb_path(c, arena_fmt(c->a, "%s/summaryLogs", w->arm), name, action, "2025-07-01");
}

static bool put(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    const struct job *j = arg;
    struct verb_resource r = {0};
    if (!verb_resource_read(c, &j->words, j->name, &r, e) ||
        !client_call(c, "PUT", path_of(c, w, r.name, ""), NULL, r.text, NULL, e))
        return false;
    printf("summary rule '%.*s' kept\n", STR_ARG(r.name));
    return true;
}

static void list_row(struct client *c, const struct json *x, struct str *cells)
{
    const struct json *p = json_get(x, "properties"), *d = json_get(p, "ruleDefinition");
    const struct json *active = json_get(p, "isActive"), *size = json_get(d, "binSize");
    bool on = active != NULL && active->type == JSON_TRUE;
    cells[0] = json_text(json_get(x, "name"), STR(""));
    cells[1] = on ? STR("active") : json_text(json_get(p, "statusCode"), STR("stopped"));
    cells[2] = arena_fmt(c->a, "%lld", size != NULL ? (long long)size->i : 0);
    cells[3] = json_text(json_get(d, "destinationTable"), STR(""));
    cells[4] = json_text(json_get(p, "displayName"), STR(""));
}

static bool list(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    static const char *const heads[] = {"NAME", "STATE", "MINUTES", "TABLE", "DISPLAY NAME"};
    (void)arg;
    return verb_list(c, path_of(c, w, STR(""), ""), heads, COUNTOF(heads), list_row, e);
}

static bool show(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    const struct job *j = arg;
    return verb_words_are(&j->words, 1, "one summary rule's name", e) &&
           verb_show(c, path_of(c, w, str_from(j->words.p[0]), ""), e);
}

static bool act(struct client *c, const struct client_workspace *w, const struct job *j,
                const char *action, struct err *e)
{
    return verb_words_are(&j->words, 1, "one summary rule's name", e) &&
           client_call(c, "POST", path_of(c, w, str_from(j->words.p[0]), action), NULL, STR("{}"),
                       NULL, e);
}

static bool start(struct client *c, const struct client_workspace *w, const void *arg,
                  struct err *e)
{
    return act(c, w, arg, "/start", e);
}

static bool stop(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    return act(c, w, arg, "/stop", e);
}

static bool retry(struct client *c, const struct client_workspace *w, const void *arg,
                  struct err *e)
{
    const struct job *j = arg;
    if (!verb_words_are(&j->words, 2, "a summary rule's name and the time at which the bin begins",
                        e))
        return false;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    json_key(&o, "properties");
    json_obj(&o);
    json_kv_z(&o, "retryBinStartTime", j->words.p[1]);
    json_obj_end(&o);
    json_obj_end(&o);
    return client_call(c, "POST", path_of(c, w, str_from(j->words.p[0]), "/retrybin"), NULL,
                       sbuf_str(&b), NULL, e);
}

static bool delete (struct client *c, const struct client_workspace *w, const void *arg,
                    struct err *e)
{
    const struct job *j = arg;
    return verb_words_are(&j->words, 1, "one summary rule's name", e) &&
           verb_delete(c, path_of(c, w, str_from(j->words.p[0]), ""), e);
}

/* ---- the command ---- */

static const struct verb verbs[] = {{"put", put},      {"list", list}, {"show", show},
                                    {"start", start},  {"stop", stop}, {"retry", retry},
                                    {"delete", delete}};

int cli_summaries(int argc, char **argv)
{
    struct job j = {0};
    const struct cli_option options[] = {OPTIONS_OF_WORKSPACE(j.place), {"name", .text = &j.name}};
    const struct verb_command k = {.name = "summaries",
                                   .usage = usage,
                                   .verbs = verbs,
                                   .n_verbs = COUNTOF(verbs),
                                   .options = options,
                                   .n_options = COUNTOF(options)};
    return verbs_run(&k, &j.place, &j.words, &j, argc, argv);
}
