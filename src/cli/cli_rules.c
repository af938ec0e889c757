/* vedette rules: the table of its verbs, and those that need no server. */
#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/rules_commands.h"
#include "cli/rules_manage.h"
#include "cli/rules_validate.h"

static const char usage[] =
    "usage: vedette rules list\n"
    "       vedette rules show ID              [--format json|yaml]\n"
    "       vedette rules import FILE|DIR…\n"
    "       vedette rules enable|disable ID…\n"
    "       vedette rules duplicate ID         [--id NEW] [--name NAME]\n"
    "       vedette rules delete ID…\n"
    "       vedette rules versions ID [N]\n"
    "       vedette rules restore ID N\n"
    "       vedette rules update ID…           to the newer version of its template\n"
    "       vedette rules templates            [list]\n"
    "       vedette rules templates show|delete ID\n"
    "       vedette rules templates import FILE|DIR…\n"
    "       vedette rules templates create ID  [--id NEW] [--name NAME]\n"
    "       vedette rules validate FILE|DIR…   [--schemas F] [--functions F|DIR] [--watchlists "
    "F|DIR]\n"
    "                                          or [--url URL | --data DIR]\n"
    "       vedette rules convert FILE|DIR…    --to arm|template|yaml\n"
    "       vedette rules run ID               [--at TIME]\n"
    "       vedette rules runs [ID]\n"
    "       vedette rules test|backtest|diff|export|coverage …     each has a --help\n"
    "\n"
    "Files are Azure-Sentinel's YAML, or ARM JSON: a resource, a list, or a template. The verbs\n"
    "that ask a workspace talk to the running server of the data folder (--data DIR, --workspace\n"
    "W), or work on the folder itself when none runs; --url URL (with VEDETTE_TOKEN, VEDETTE_CA)\n"
    "names another server. create makes a rule of a template; duplicate a disabled copy of a "
    "rule.\n"
    "\n"
    "validate and convert need none: validate checks keys and query against the tables that ship\n"
    "and those of --schemas ({\"Table\":[[\"column\",\"type\"], …]}), functions "
    "([{\"name\",\"parameters\",\n"
    "\"body\"}, …] or what 'vedette functions import' reads) and watchlists (ALIAS.csv); --url or\n"
    "--data check against a workspace instead. convert prints rules in another form.\n"
    "\n"
    "run evaluates a rule at once, over the window that ends at TIME (else the one that would be\n"
    "due now), and raises its alerts, but none that a run of that window raised before. Its\n"
    "schedule stays as it is. runs shows the last 100 runs.\n";

/* ---- import ---- */

static bool import(struct client *c, const struct client_workspace *w, const void *arg,
                   struct err *e)
{
    const struct rules_job *j = arg;
    struct file_paths files = {0};
    struct rules_sent sent = {0};
    const char *target = arena_fmt(c->a, "/vedette/v1/workspaces/%s/rules", w->id).p;
    if (!rules_files(c->a, j->words, j->n, &files, e) || !rules_send(c, target, &files, &sent, e))
        return false;
    printf("%zu rules imported, %zu refused\n", sent.rules, sent.refused);
    return sent.refused == 0 || err_set(e, ERR_INVALID, "some rules were refused");
}

/* ---- run, runs ---- */

static struct str run_text(const struct json *run, const char *key)
{
    return json_text(json_get(run, key), STR(""));
}

static long long run_count(const struct json *run, const char *key)
{
    const struct json *v = json_get(run, key);
    return v != NULL ? (long long)v->i : 0;
}

static bool run_rule_now(struct client *c, const struct client_workspace *w, const void *arg,
                         struct err *e)
{
    const struct rules_job *j = arg;
    struct json run = {0};
    if (j->n != 1)
        return err_set(e, ERR_INVALID, "one rule's id expected");
    char *target = arena_strz(c->a, arena_fmt(c->a, "/vedette/v1/workspaces/%s/rules/%s/run%s%s",
                                              w->id, j->words[0], j->at != NULL ? "?at=" : "",
                                              j->at != NULL ? j->at : ""));
    if (!client_call(c, "POST", target, NULL, STR(""), &run, e))
        return false;
    struct str status = run_text(&run, "status");
    printf("%.*s: %lld rows, %lld alerts, %lld ms; window %.*s to %.*s\n", STR_ARG(status),
           run_count(&run, "rows"), run_count(&run, "alerts"), run_count(&run, "durationUs") / 1000,
           STR_ARG(run_text(&run, "windowFrom")), STR_ARG(run_text(&run, "windowTo")));
    struct str why = run_text(&run, "error");
    return str_eqz(status, "Success") || err_set(e, ERR_INVALID, "%.*s", STR_ARG(why));
}

static bool runs(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    const struct rules_job *j = arg;
    struct json answer = {0};
    char *target = arena_strz(c->a, arena_fmt(c->a, "/vedette/v1/workspaces/%s/runs?rule=%s", w->id,
                                              j->n > 0 ? j->words[0] : ""));
    if (!client_call(c, "GET", target, NULL, STR(""), &answer, e))
        return false;
    const struct json *value = json_get(&answer, "value");
    printf("%-38s %-28s %-14s %-10s %8s %6s %8s %8s %12s %10s %8s %s\n", "RULE", "WINDOW END",
           "TRIGGER", "STATUS", "ROWS", "ALERTS", "MS", "CPU MS", "ROWS READ", "KIB READ", "MIB",
           "ERROR");
    for (size_t i = 0; value != NULL && i < value->n; i++) {
        const struct json *r = &value->items[i];
        printf("%-38.*s %-28.*s %-14.*s %-10.*s %8lld %6lld %8lld %8lld %12lld %10lld %8lld %.*s\n",
               STR_ARG(run_text(r, "ruleId")), STR_ARG(run_text(r, "windowTo")),
               STR_ARG(run_text(r, "trigger")), STR_ARG(run_text(r, "status")),
               run_count(r, "rows"), run_count(r, "alerts"), run_count(r, "durationUs") / 1000,
               run_count(r, "processorUs") / 1000, run_count(r, "rowsRead"),
               run_count(r, "bytesRead") >> 10, run_count(r, "memoryBytes") >> 20,
               STR_ARG(run_text(r, "error")));
    }
    return true;
}

/* ---- validate ---- */

static int validate(const struct rules_job *j)
{
    if (j->place.data != NULL || j->place.url != NULL)
        return client_run("rules", &j->place, false, rules_validate_there, j);
    return rules_validate(j);
}

/* ---- the command ---- */

static const struct {
    const char *name;
    client_fn *remote; /* needs a server or a data folder */
    int (*local)(const struct rules_job *j);
} verbs[] = {
    {"list", rules_list, NULL},
    {"show", rules_show, NULL},
    {"import", import, NULL},
    {"enable", rules_enable, NULL},
    {"disable", rules_disable, NULL},
    {"duplicate", rules_duplicate, NULL},
    {"delete", rules_delete, NULL},
    {"versions", rules_versions, NULL},
    {"restore", rules_restore, NULL},
    {"update", rules_update, NULL},
    {"templates", rules_templates, NULL},
    {"validate", NULL, validate},
    {"convert", NULL, rules_convert},
    {"run", run_rule_now, NULL},
    {"runs", runs, NULL},
};

/* As options_read. */
static int read_options(int argc, char **argv, struct rules_job *j)
{
    const struct cli_option options[] = {
        OPTIONS_OF_WORKSPACE(j->place),
        {"format", .text = &j->format},
        {"to", .text = &j->format},
        {"id", .text = &j->id},
        {"name", .text = &j->name},
        {"at", .text = &j->at},
        {"schemas", .text = &j->schemas},
        {"functions", .text = &j->functions},
        {"watchlists", .text = &j->watchlists},
        {"server", .text = &j->place.url} /* another word for url */};
    int code = options_read(usage, options, COUNTOF(options), argc, argv);
    j->words = argv + optind;
    j->n = argc - optind;
    return code;
}

/* Those with options of their own. */
static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"backtest", rules_backtest}, {"coverage", rules_coverage}, {"diff", rules_diff},
    {"export", rules_export},     {"test", rules_test},
};

int cli_rules(int argc, char **argv)
{
    for (size_t i = 0; argc >= 2 && i < COUNTOF(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct rules_job j = {.a = a};
    size_t i = 0;
    while (argc >= 2 && i < COUNTOF(verbs) && strcmp(argv[1], verbs[i].name) != 0)
        i++;
    bool known = argc >= 2 && i < COUNTOF(verbs);
    int code = known ? read_options(argc - 1, argv + 1, &j) : read_options(argc, argv, &j);
    if (code >= 0 || !known)
        return code >= 0 ? code : options_misused(usage);
    return verbs[i].remote != NULL ? client_run("rules", &j.place, false, verbs[i].remote, &j)
                                   : verbs[i].local(&j);
}
