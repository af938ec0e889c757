/* vedette summaries: put, list, show, start, stop, retry and delete summary rules. */
#include <getopt.h>
#include <stdio.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/text_table.h"

enum { MAX_FILE = 1 << 20 };

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
    char **words;
    int n;
};

/* .../workspaces/W/summaryLogs/NAME/action */
static char *path_of(struct client *c, const struct client_workspace *w, struct str name,
                     const char *action)
{
    struct str encoded = client_encoded(c->a, name);
    return arena_strz(c->a, arena_fmt(c->a, "%s/summaryLogs%s%.*s%s?api-version=2025-07-01", w->arm,
                                      name.n > 0 ? "/" : "", STR_ARG(encoded), action));
}

static bool words_ok(const struct job *j, int n, const char *what, struct err *e)
{
    return j->n == n || err_set(e, ERR_INVALID, "%s expected", what);
}

static bool put(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    const struct job *j = arg;
    struct str text = STR("");
    struct json rule = {0};
    if (!words_ok(j, 1, "one file", e) || !file_read(c->a, j->words[0], MAX_FILE, &text, e))
        return false;
    if (!json_parse(c->a, text, NULL, &rule, e)) {
        err_prefix(e, "%s, line %u, column %u", j->words[0], e->pos.line, e->pos.col);
        return false;
    }
    struct str name =
        j->name != NULL ? str_from(j->name) : json_text(json_get(&rule, "name"), STR(""));
    if (name.n == 0)
        return err_set(e, ERR_INVALID, "%s: no \"name\"; give --name", j->words[0]);
    if (!client_call(c, "PUT", path_of(c, w, name, ""), NULL, text, NULL, e))
        return false;
    printf("summary rule '%.*s' kept\n", STR_ARG(name));
    return true;
}

static bool list(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    static const char *const heads[] = {"NAME", "STATE", "MINUTES", "TABLE", "DISPLAY NAME"};
    struct text_table t;
    struct json answer = {0};
    (void)arg;
    if (!client_call(c, "GET", path_of(c, w, STR(""), ""), NULL, STR(""), &answer, e))
        return false;
    const struct json *value = json_get(&answer, "value");
    text_table_begin(&t, c->a, heads, COUNTOF(heads));
    for (size_t i = 0; value != NULL && i < value->n; i++) {
        const struct json *p = json_get(&value->items[i], "properties");
        const struct json *d = json_get(p, "ruleDefinition"), *active = json_get(p, "isActive"),
                          *size = json_get(d, "binSize");
        bool on = active != NULL && active->type == JSON_TRUE;
        struct str cells[] = {json_text(json_get(&value->items[i], "name"), STR("")),
                              on ? STR("active")
                                 : json_text(json_get(p, "statusCode"), STR("stopped")),
                              arena_fmt(c->a, "%lld", size != NULL ? (long long)size->i : 0),
                              json_text(json_get(d, "destinationTable"), STR("")),
                              json_text(json_get(p, "displayName"), STR(""))};
        text_table_row(&t, cells);
    }
    text_table_print(&t, stdout);
    return true;
}

static bool show(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    const struct job *j = arg;
    struct json answer = {0};
    if (!words_ok(j, 1, "one summary rule's name", e) ||
        !client_call(c, "GET", path_of(c, w, str_from(j->words[0]), ""), NULL, STR(""), &answer, e))
        return false;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    json_value(&o, &answer);
    printf("%.*s\n", STR_ARG(sbuf_str(&b)));
    return true;
}

static bool act(struct client *c, const struct client_workspace *w, const struct job *j,
                const char *action, struct err *e)
{
    return words_ok(j, 1, "one summary rule's name", e) &&
           client_call(c, "POST", path_of(c, w, str_from(j->words[0]), action), NULL, STR("{}"),
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
    if (!words_ok(j, 2, "a summary rule's name and the time at which the bin begins", e))
        return false;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    json_key(&o, "properties");
    json_obj(&o);
    json_kv_z(&o, "retryBinStartTime", j->words[1]);
    json_obj_end(&o);
    json_obj_end(&o);
    return client_call(c, "POST", path_of(c, w, str_from(j->words[0]), "/retrybin"), NULL,
                       sbuf_str(&b), NULL, e);
}

static bool delete (struct client *c, const struct client_workspace *w, const void *arg,
                    struct err *e)
{
    const struct job *j = arg;
    if (!words_ok(j, 1, "one summary rule's name", e))
        return false;
    char *target = path_of(c, w, str_from(j->words[0]), "");
    return client_call(c, "GET", target, NULL, STR(""), NULL, e) &&
           client_call(c, "DELETE", target, NULL, STR(""), NULL, e);
}

/* ---- the command ---- */

static const struct {
    const char *name;
    client_fn *fn;
} verbs[] = {{"put", put},   {"list", list},   {"show", show},    {"start", start},
             {"stop", stop}, {"retry", retry}, {"delete", delete}};

int cli_summaries(int argc, char **argv)
{
    static const struct option options[] = {{"data", required_argument, NULL, 'd'},
                                            {"url", required_argument, NULL, 'u'},
                                            {"workspace", required_argument, NULL, 'w'},
                                            {"name", required_argument, NULL, 'n'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    struct job j = {0};
    bool good = true;
    int c;
    while ((c = getopt_long(argc, argv, "d:u:w:n:h", options, NULL)) != -1) {
        j.place.data = c == 'd' ? optarg : j.place.data;
        j.place.url = c == 'u' ? optarg : j.place.url;
        j.place.workspace = c == 'w' ? optarg : j.place.workspace;
        j.name = c == 'n' ? optarg : j.name;
        good = good && c != '?';
        if (c == 'h') {
            fputs(usage, stdout);
            return 0;
        }
    }
    const char *verb = optind < argc ? argv[optind] : "";
    j.words = argv + optind + 1;
    j.n = argc - optind - 1;
    for (size_t i = 0; good && i < COUNTOF(verbs); i++)
        if (strcmp(verbs[i].name, verb) == 0)
            return client_run("summaries", &j.place, false, verbs[i].fn, &j);
    fputs(usage, stderr);
    return 2;
}
