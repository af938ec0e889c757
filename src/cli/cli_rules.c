/* vedette rules: list, show, import, validate and test analytics rules. */
#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/files.h"
#include "cli/rules_commands.h"
#include "cli/rules_test.h"

static const char usage[] =
    "usage: vedette rules list     [--data DIR] [--workspace W]\n"
    "       vedette rules show ID  [--data DIR] [--workspace W]\n"
    "       vedette rules import   [--data DIR] [--workspace W] FILE|DIR…\n"
    "       vedette rules validate FILE|DIR…\n"
    "       vedette rules test     [options] FILE.test.yaml|DIR…\n"
    "       vedette rules backtest [options] [ID|FILE|DIR…]\n"
    "       vedette rules diff     [options] FILE|DIR…\n"
    "       vedette rules export   [options] [ID…]\n"
    "       vedette rules coverage [options] [FILE|DIR…]\n"
    "\n"
    "Rules are Azure-Sentinel's YAML. list, show and import talk to the running server of the "
    "data\n"
    "folder, or work on the folder itself when none runs; --url URL (with VEDETTE_TOKEN, "
    "VEDETTE_CA)\n"
    "names another server. validate and test need neither: validate checks keys and query, test "
    "runs\n"
    "rules over rows that their test files give, and compares. test, backtest, diff, export and "
    "coverage\nhave a --help.\n";

struct job {
    struct client_place place;
    char **words;
    int n;
    struct arena *a;
};

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
        if (!str_ends(str_from(list[i]), STR(".test.yaml"))) /* they lie beside their rules */
            VEC_PUSH(a, out, list[i]);
    return n > 0 || err_set(e, ERR_NOT_FOUND, "no %s file in %s", suffix, path);
}

static bool rule_files(const struct job *j, paths *out, struct err *e)
{
    for (int i = 0; i < j->n; i++)
        if (!add_path(j->a, out, j->words[i], ".yaml", e))
            return false;
    return true;
}

/* ---- list, show ---- */

static bool list(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    struct json answer = {0};
    (void)arg;
    char *target =
        arena_strz(c->a, arena_fmt(c->a, "%s/alertRules?api-version=2024-09-01", w->insights));
    if (!client_call(c, "GET", target, NULL, STR(""), &answer, e))
        return false;
    const struct json *value = json_get(&answer, "value");
    printf("%-38s %-10s %-9s %-8s %s\n", "ID", "KIND", "SEVERITY", "ENABLED", "NAME");
    for (size_t i = 0; value != NULL && i < value->n; i++) {
        const struct json *r = &value->items[i];
        printf("%-38.*s %-10.*s %-9.*s %-8s %.*s\n",
               STR_ARG(json_text(json_get(r, "name"), STR(""))),
               STR_ARG(json_text(json_get(r, "kind"), STR(""))),
               STR_ARG(json_text(json_path(r, "properties.severity"), STR(""))),
               json_is_true(json_path(r, "properties.enabled")) ? "yes" : "no",
               STR_ARG(json_text(json_path(r, "properties.displayName"), STR(""))));
    }
    return true;
}

static bool show(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    const struct job *j = arg;
    struct json answer = {0};
    if (j->n != 1)
        return err_set(e, ERR_INVALID, "one rule's id expected");
    char *target = arena_strz(
        c->a, arena_fmt(c->a, "%s/alertRules/%s?api-version=2024-09-01", w->insights, j->words[0]));
    if (!client_call(c, "GET", target, NULL, STR(""), &answer, e))
        return false;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    json_value(&o, &answer);
    printf("%.*s\n", STR_ARG(sbuf_str(&b)));
    return true;
}

/* ---- import ---- */

static size_t print_issues(const char *file, const struct json *answer)
{
    size_t errors = 0;
    const struct json *list = json_get(answer, "issues");
    for (size_t i = 0; list != NULL && i < list->n; i++) {
        const struct json *x = &list->items[i], *line = json_get(x, "line");
        struct str level = json_text(json_get(x, "level"), STR("error"));
        struct str key = json_text(json_get(x, "key"), STR(""));
        struct str message = json_text(json_get(x, "message"), STR(""));
        fprintf(stderr, "%s:%lld: %.*s: %.*s: %.*s\n", file,
                (long long)(line != NULL ? line->i : 0), STR_ARG(level), STR_ARG(key),
                STR_ARG(message));
        struct str excerpt = json_text(json_get(x, "excerpt"), STR(""));
        fprintf(stderr, "%.*s", STR_ARG(excerpt));
        errors += str_eqz(level, "error") ? 1 : 0;
    }
    return errors;
}

static bool import_file(struct client *c, const struct client_workspace *w, const char *file,
                        bool *out_stored, struct err *e)
{
    struct str text = STR("");
    struct json answer = {0};
    int status = 0;
    char *target = arena_strz(c->a, arena_fmt(c->a, "/vedette/v1/workspaces/%s/rules", w->id));
    if (!file_read(c->a, file, 1 << 20, &text, e) ||
        !client_call_any(c, "POST", target, "application/yaml", text, &status, &answer, e))
        return false;
    size_t errors = print_issues(file, &answer);
    *out_stored = status == 200;
    if (*out_stored || errors > 0)
        return true;
    struct str why = json_text(json_path(&answer, "error.message"), STR(""));
    return err_set(e, ERR_INVALID, "%s: %.*s", file, STR_ARG(why));
}

static bool import(struct client *c, const struct client_workspace *w, const void *arg,
                   struct err *e)
{
    const struct job *j = arg;
    paths files = {0};
    size_t stored = 0;
    if (j->n == 0)
        return err_set(e, ERR_INVALID, "files or folders of rules expected");
    if (!rule_files(j, &files, e))
        return false;
    for (size_t i = 0; i < files.n; i++) {
        bool good = false;
        if (!import_file(c, w, files.p[i], &good, e))
            return false;
        stored += good ? 1 : 0;
    }
    printf("%zu rules imported, %zu refused\n", stored, files.n - stored);
    return stored == files.n || err_set(e, ERR_INVALID, "some rules were refused");
}

/* ---- validate: no server, an empty workspace ---- */

static int validate(const struct job *j)
{
    struct err e = {0};
    paths files = {0};
    size_t bad = 0;
    if (j->n == 0 || !rule_files(j, &files, &e)) {
        if (j->n == 0)
            err_set(&e, ERR_INVALID, "files or folders of rules expected");
        complain("rules validate", &e);
        return 2;
    }
    for (size_t i = 0; i < files.n; i++)
        bad += rules_validate_file(files.p[i], &e) ? 0 : 1;
    printf("%zu rules are right, %zu are not\n", files.n - bad, bad);
    return bad == 0 ? 0 : 1;
}

/* ---- the command ---- */

static const struct {
    const char *name;
    client_fn *remote; /* needs a server or a data folder */
    int (*local)(const struct job *j);
} verbs[] = {
    {"list", list, NULL},
    {"show", show, NULL},
    {"import", import, NULL},
    {"validate", NULL, validate},
};

static bool read_options(int argc, char **argv, struct job *j)
{
    static const struct option options[] = {{"data", required_argument, NULL, 'd'},
                                            {"url", required_argument, NULL, 'u'},
                                            {"workspace", required_argument, NULL, 'w'},
                                            {NULL, 0, NULL, 0}};
    int c;
    while ((c = getopt_long(argc, argv, "d:u:w:", options, NULL)) != -1) {
        if (c == 'd')
            j->place.data = optarg;
        else if (c == 'u')
            j->place.url = optarg;
        else if (c == 'w')
            j->place.workspace = optarg;
        else
            return false;
    }
    j->words = argv + optind;
    j->n = argc - optind;
    return true;
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
    bool help = false;
    for (size_t i = 0; argc >= 2 && i < COUNTOF(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
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
        struct job j = {.a = a};
        if (!read_options(argc - 1, argv + 1, &j))
            break;
        return verbs[i].remote != NULL ? client_run("rules", &j.place, false, verbs[i].remote, &j)
                                       : verbs[i].local(&j);
    }
    fputs(usage, stderr);
    return 2;
}
