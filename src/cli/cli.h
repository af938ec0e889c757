/* The command line: one file per subcommand, one row each in the table in cli.c. */
#pragma once

/* Runs the subcommand that argv names; returns the process's exit code:
 * 0 done, 1 the work failed, 2 wrong usage or configuration. */
int cli_main(int argc, char **argv);

struct cli_command {
    const char *name;                  /* "serve", "query", "kql" … */
    const char *summary;               /* one line for --help */
    int (*run)(int argc, char **argv); /* argv[0] is the subcommand's name */
};
