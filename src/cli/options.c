/* Options of commands. */
#include "cli/options.h"
#include <getopt.h>
#include <stdio.h>

enum { NO_LETTER = 256 };

static bool take(const struct cli_option *o, char *value)
{
    if (o->flag != NULL)
        *o->flag = true;
    else if (o->text != NULL)
        *o->text = value;
    else if (o->number != NULL)
        return str_to_i64(str_from(value), o->number) && *o->number >= 0;
    else
        return o->take(o->ctx, value);
    return true;
}

/* Its first letter, unless an option before it or --help has that. */
static int code_of(const struct cli_option *options, size_t i)
{
    bool taken = options[i].name[0] == 'h';
    for (size_t before = 0; before < i; before++)
        taken = taken || options[before].name[0] == options[i].name[0];
    return taken ? NO_LETTER + (int)i : options[i].name[0];
}

int options_read(const char *usage, const struct cli_option *options, size_t n, int argc,
                 char **argv)
{
    struct option names[OPTIONS_MOST + 2] = {{0}};
    char letters[2 * OPTIONS_MOST + 2] = "h";
    size_t n_letters = 1;
    int c;
    CHECK(n <= OPTIONS_MOST);
    for (size_t i = 0; i < n; i++) {
        int code = code_of(options, i),
            kind = options[i].flag != NULL ? no_argument : required_argument;
        names[i] = (struct option){options[i].name, kind, NULL, code};
        if (code >= NO_LETTER)
            continue;
        letters[n_letters++] = (char)code;
        if (kind == required_argument)
            letters[n_letters++] = ':';
    }
    names[n] = (struct option){"help", no_argument, NULL, 'h'};
    while ((c = getopt_long(argc, argv, letters, names, NULL)) != -1) {
        if (c == 'h') {
            fputs(usage, stdout);
            return 0;
        }
        for (size_t i = 0; i < n; i++)
            if (code_of(options, i) == c && !take(&options[i], optarg))
                c = '?';
        if (c == '?')
            return options_misused(usage);
    }
    return -1;
}

int options_misused(const char *usage)
{
    fputs(usage, stderr);
    return 2;
}
