/* vedette rules: the verbs that need no server, and the table of all of them. */
#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/files.h"
#include "cli/rules_manage.h"
#include "cli/rules_test.h"
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
    "                                          or [--server URL | --data DIR]\n"
    "       vedette rules convert FILE|DIR…    --to arm|template|yaml\n"
    "       vedette rules test FILE.test.yaml|DIR…\n"
    "\n"
    "Files are Azure-Sentinel's YAML, or ARM JSON: a resource, a list, or a template. All but the\n"
    "last three talk to the running server of the data folder (--data DIR, --workspace W), or "
    "work\n"
    "on the folder itself when none runs; --url URL (with VEDETTE_TOKEN, VEDETTE_CA) names "
    "another\n"
    "server. create makes a rule of a template; duplicate a disabled copy of a rule.\n"
    "\n"
    "validate checks keys and query against the tables that ship and those of --schemas\n"
    "({\"Table\":[[\"column\",\"type\"], …]}), functions ([{\"name\",\"parameters\",\"body\"}, …] "
    "or what\n"
    "'vedette functions import' reads) and watchlists (ALIAS.csv); --server or --data check "
    "against a\n"
    "workspace instead. convert prints rules in another form. test runs each rule over the rows "
    "of\n"
    "its fixtures (DIR/tests/*.test.yaml) and compares.\n";

/* ---- files ---- */

typedef VEC(char *) paths;

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool add_path(struct arena *a, paths *out, char *path, const char *suffix, struct err *e)
{
    char **list = NULL;
    size_t n = 0;
    if (!is_folder(path)) {
        VEC_PUSH(a, out, path);
        return true;
    }
    if (!folder_list(a, path, suffix, &list, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        VEC_PUSH(a, out, list[i]);
    return n > 0 || err_set(e, ERR_NOT_FOUND, "no %s file in %s", suffix, path);
}

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

/* ---- validate ---- */

static int validate(const struct rules_job *j)
{
    if (j->place.data != NULL && j->server == NULL)
        return client_run("rules", &j->place, false, rules_validate_there, j);
    return rules_validate(j);
}

/* ---- test ---- */

static bool test_files(const struct rules_job *j, paths *out, struct err *e)
{
    for (int i = 0; i < j->n; i++) {
        char *path = j->words[i];
        char *inside = arena_strz(j->a, arena_fmt(j->a, "%s/tests", path));
        if (!add_path(j->a, out, is_folder(inside) ? inside : path, ".test.yaml", e))
            return false;
    }
    return j->n > 0 || err_set(e, ERR_INVALID, "fixture files, or a folder of rules, expected");
}

static int test(const struct rules_job *j)
{
    struct err e = {0};
    struct rules_tested t = {0};
    paths files = {0};
    if (!test_files(j, &files, &e)) {
        complain("rules test", &e);
        return 2;
    }
    for (size_t i = 0; i < files.n; i++)
        rules_test_file(files.p[i], &t);
    printf("%zu passed, %zu failed\n", t.passed, t.failed);
    return t.failed == 0 ? 0 : 1;
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
    {"test", NULL, test},
};

static bool read_options(int argc, char **argv, struct rules_job *j)
{
    static const struct option options[] = {
        {"data", required_argument, NULL, 'd'},      {"url", required_argument, NULL, 'u'},
        {"workspace", required_argument, NULL, 'w'}, {"format", required_argument, NULL, 'f'},
        {"to", required_argument, NULL, 'f'},        {"id", required_argument, NULL, 'i'},
        {"name", required_argument, NULL, 'n'},      {"schemas", required_argument, NULL, 's'},
        {"functions", required_argument, NULL, 'F'}, {"watchlists", required_argument, NULL, 'W'},
        {"server", required_argument, NULL, 'S'},    {NULL, 0, NULL, 0}};
    const struct {
        int letter;
        const char **place;
    } places[] = {{'d', &j->place.data}, {'u', &j->place.url}, {'w', &j->place.workspace},
                  {'f', &j->format},     {'i', &j->id},        {'n', &j->name},
                  {'s', &j->schemas},    {'F', &j->functions}, {'W', &j->watchlists},
                  {'S', &j->server}};
    int c;
    while ((c = getopt_long(argc, argv, "d:u:w:f:", options, NULL)) != -1) {
        bool known = false;
        for (size_t i = 0; i < COUNTOF(places); i++)
            if (places[i].letter == c) {
                *places[i].place = optarg;
                known = true;
            }
        if (!known)
            return false;
    }
    j->words = argv + optind;
    j->n = argc - optind;
    return true;
}

int cli_rules(int argc, char **argv)
{
    bool help = false;
    for (int i = 1; i < argc; i++)
        help = help || strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
    if (help) {
        fputs(usage, stdout);
        return 0;
    }
    for (size_t i = 0; argc >= 2 && i < COUNTOF(verbs); i++) {
        if (strcmp(argv[1], verbs[i].name) != 0)
            continue;
        AUTO(arena_freep) struct arena *a = arena_new(0);
        struct rules_job j = {.a = a};
        if (!read_options(argc - 1, argv + 1, &j))
            break;
        return verbs[i].remote != NULL ? client_run("rules", &j.place, false, verbs[i].remote, &j)
                                       : verbs[i].local(&j);
    }
    fputs(usage, stderr);
    return 2;
}
