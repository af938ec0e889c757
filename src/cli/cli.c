/* The program's subcommands: one row each. */
#include "cli/cli.h"

#include <stdio.h>

#include "cli/commands.h"
#include "kql/functions.h"

static const struct cli_command commands[] = {
    {"apps", "applications that sign in: list, create, secrets, certificates", cli_apps},
    {"backup", "copy a data folder while it is in use", cli_backup},
    {"cases", "work that spans incidents: list, show, create, update, close, attach", cli_cases},
    {"check", "compare the sealed parts with the manifest", cli_check},
    {"config", "check or show the settings of serve", cli_config},
    {"dcr", "list, show, put, delete and test data collection rules", cli_dcr},
    {"demo", "play an intrusion into a scratch server, show what it finds", cli_demo},
    {"export", "write a workspace to files that other programs can read", cli_export},
    {"functions", "import, list, show and delete functions of a workspace", cli_functions},
    {"import", "make a workspace out of an export", cli_import},
    {"incidents", "list, show, create, update and delete incidents; comments, tasks, timeline",
     cli_incidents},
    {"ingest", "store records from files", cli_ingest},
    {"jobs", "put, list, show, run, enable, disable and delete KQL jobs", cli_jobs},
    {"kql", "compile, run or explain KQL without a server", cli_kql},
    {"openapi", "print the OpenAPI document of all routes", cli_openapi},
    {"providers", "list, show, put, check and delete identity providers", cli_providers},
    {"query", "run KQL over a workspace", cli_query},
    {"restore", "make a data folder out of a backup", cli_restore},
    {"roles", "list, show, assign and unassign roles; who can do what", cli_roles},
    {"rules", "list, import, validate, test, backtest, compare analytics rules", cli_rules},
    {"serve", "run the server", cli_serve},
    {"simulate", "write a small company's logs, with an intrusion in them", cli_simulate},
    {"summaries", "put, list, show, start, stop, retry and delete summary rules", cli_summaries},
    {"tables", "list tables, or define a custom one", cli_tables},
    {"tenants", "list, create, rename and delete tenants, and choose their primary workspace",
     cli_tenants},
    {"users", "who may sign in to the portal: list, create, disable, reset a password", cli_users},
    {"watchlists", "import, list, show and delete watchlists", cli_watchlists},
    {"workspaces", "list, create, delete, recover and purge workspaces", cli_workspaces},
};

static void usage(FILE *to)
{
    fputs("usage: vedette COMMAND [options]\n\n", to);
    for (size_t i = 0; i < COUNTOF(commands); i++)
        fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fputs("\n'vedette help COMMAND' tells more.\n", to);
}

static int unknown(const char *word)
{
    struct suggest near = {.want = str_from(word)};
    for (size_t i = 0; i < COUNTOF(commands); i++)
        suggest_offer(&near, str_from(commands[i].name));
    fprintf(stderr, "vedette: there is no command '%s'", word);
    if (near.best.n > 0)
        fprintf(stderr, "; did you mean '%.*s'?", STR_ARG(near.best));
    fputs("\n'vedette --help' lists them.\n", stderr);
    return 2;
}

static int run(const char *word, int argc, char **argv)
{
    for (size_t i = 0; i < COUNTOF(commands); i++)
        if (strcmp(word, commands[i].name) == 0)
            return commands[i].run(argc, argv);
    return unknown(word);
}

/* `help rules test` is `rules test --help`. */
static int help(int argc, char **argv)
{
    enum { MAX_WORDS = 8 };
    char option[] = "--help", *words[MAX_WORDS + 2] = {NULL};
    int n = argc < MAX_WORDS ? argc : MAX_WORDS;
    if (n == 0) {
        usage(stdout);
        return 0;
    }
    for (int i = 0; i < n; i++)
        words[i] = argv[i];
    words[n] = option;
    return run(argv[0], n + 1, words);
}

int cli_main(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return 2;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return help(0, NULL);
    if (strcmp(word, "help") == 0)
        return help(argc - 2, argv + 2);
    if (strcmp(word, "--version") == 0 || strcmp(word, "version") == 0) {
        puts("vedette " VEDETTE_VERSION);
        return 0;
    }
    return run(word, argc - 1, argv + 1);
}
