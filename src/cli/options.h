/* Options of commands: a table says where each value goes. */
#pragma once
#include "base/base.h"

/* --name, or its first letter as -n unless one before it has that. Beside these there is --help.
 * One of text, number, flag and take is set. */
struct cli_option {
    const char *name;
    const char **text; /* the value, which lives as long as argv */
    int64_t *number;   /* a whole number, not below 0 */
    bool *flag;        /* no value: it becomes true */
    /* What it likes to do with the value; false: it is wrong. */
    bool (*take)(void *ctx, char *value);
    void *ctx;
};
/* Rows of a table for the members data, url and workspace of a struct, as client_place has them. */
#define OPTIONS_OF_SERVER(place)                                                                   \
    {"data", .text = &(place).data},                                                               \
    {                                                                                              \
        "url", .text = &(place).url                                                                \
    }
#define OPTIONS_OF_WORKSPACE(place)                                                                \
    OPTIONS_OF_SERVER(place),                                                                      \
    {                                                                                              \
        "workspace", .text = &(place).workspace                                                    \
    }
enum { OPTIONS_MOST = 24 };
/* Reads the options into their places; optind is behind them, as getopt_long leaves it. < 0: go on;
 * else the exit code: 0 after --help, 2 after a wrong use, with the usage printed. */
int options_read(const char *usage, const struct cli_option *options, size_t n, int argc,
                 char **argv);
/* Prints the usage of a command that was called wrongly; its exit code. */
int options_misused(const char *usage);
