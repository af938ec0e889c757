/* The program's subcommands: one row each. */
#include "cli/cli.h"

#include <stdio.h>

#include "base/base.h"
#include "cli/commands.h"

static const struct cli_command commands[] = {
    {"ingest", "store records from files", cli_ingest},
    {"kql", "compile, run or explain KQL without a server", cli_kql},
    {"query", "run KQL over a workspace", cli_query},
    {"simulate", "write a small company's logs, with an intrusion in them", cli_simulate},
    {"tables", "list tables, or define a custom one", cli_tables},
};

static void usage(FILE *to)
{
    fputs("usage: vedette COMMAND [options]\n\n", to);
    for (size_t i = 0; i < COUNTOF(commands); i++)
        fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fputs("\n'vedette COMMAND --help' tells more.\n", to);
}

/* How many letters two words differ in at most; small words only. */
static unsigned distance(const char *a, const char *b)
{
    enum { MAX = 16 };
    unsigned row[MAX + 1];
    size_t n = strlen(b);
    if (n > MAX)
        return MAX;
    for (size_t j = 0; j <= n; j++)
        row[j] = (unsigned)j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i + 1;
        for (size_t j = 0; j < n; j++) {
            unsigned change = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            unsigned least = row[j] < row[j + 1] ? row[j] + 1 : row[j + 1] + 1;
            row[j + 1] = change < least ? change : least;
        }
    }
    return row[n];
}

static int unknown(const char *word)
{
    const char *near = NULL;
    unsigned best = 3;
    for (size_t i = 0; i < COUNTOF(commands); i++) {
        unsigned d = distance(word, commands[i].name);
        if (d < best) {
            best = d;
            near = commands[i].name;
        }
    }
    fprintf(stderr, "vedette: there is no command '%s'", word);
    if (near != NULL)
        fprintf(stderr, "; did you mean '%s'?", near);
    fputs("\n'vedette --help' lists them.\n", stderr);
    return 2;
}

int cli_main(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return 2;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        usage(stdout);
        return 0;
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "version") == 0) {
        puts("vedette " VEDETTE_VERSION);
        return 0;
    }
    for (size_t i = 0; i < COUNTOF(commands); i++)
        if (strcmp(word, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    return unknown(word);
}
