/* vedette tables: what is stored, and what became of every record that was offered. */
#include <getopt.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/direct.h"
#include "text/date.h"

static const char usage[] =
    "usage: vedette tables [--data DIR] [--workspace W] [--counts]\n"
    "       vedette tables [--data DIR] [--workspace W] define NAME_CL COLUMN:TYPE…\n";

static bool list(struct workspace *w, struct err *e)
{
    struct arena *a = arena_new(0);
    struct store_table_info *t;
    size_t n;
    bool ok = store_tables(w, a, &t, &n, e);
    if (ok)
        printf("%-36s %12s %9s  %-28s  %s\n", "TABLE", "ROWS", "COLUMNS", "OLDEST", "NEWEST");
    for (size_t i = 0; ok && i < n; i++) {
        char oldest[29] = "-", newest[29] = "-";
        if (t[i].rows > 0) {
            date_format(t[i].oldest, oldest);
            date_format(t[i].newest, newest);
        }
        printf("%-36.*s %12lld %9zu  %-28s  %s\n", STR_ARG(t[i].name), (long long)t[i].rows,
               t[i].n_columns, oldest, newest);
    }
    arena_free(a);
    return ok;
}

static void counts(struct workspace *w)
{
    struct arena *a = arena_new(0);
    struct store_count *c;
    size_t n = store_counts(w, a, &c);
    printf("%-38s %-34s %-18s %12s %12s %12s\n", "SOURCE", "STREAM", "REASON", "RECEIVED", "STORED",
           "REJECTED");
    for (size_t i = 0; i < n; i++)
        printf("%-38.*s %-34.*s %-18.*s %12llu %12llu %12llu\n", STR_ARG(c[i].source),
               STR_ARG(c[i].stream), STR_ARG(c[i].reason), (unsigned long long)c[i].received,
               (unsigned long long)c[i].stored, (unsigned long long)c[i].rejected);
    arena_free(a);
}

static bool define(struct workspace *w, char **words, int n, struct err *e)
{
    struct arena *a = arena_new(0);
    struct kql_schema schema = {arena_array(a, struct kql_column, (size_t)n), 0};
    bool ok = true;
    for (int i = 1; ok && i < n; i++) {
        struct str word = str_from(words[i]);
        size_t colon = 0;
        struct kql_column col = {STR_NONE, KQL_UNKNOWN};
        ok = str_find(word, STR(":"), &colon) &&
             kql_type_parse(str_sub(word, colon + 1, word.n), &col.type);
        col.name = str_sub(word, 0, colon);
        schema.cols[schema.n++] = col;
        if (!ok)
            err_set(e, ERR_INVALID, "'%s' must be COLUMN:TYPE, for example Source:string",
                    words[i]);
    }
    ok = ok && workspace_table_define(w, str_from(words[0]), &schema, e);
    arena_free(a);
    return ok;
}

int cli_tables(int argc, char **argv)
{
    static const struct option options[] = {{"data", required_argument, NULL, 'd'},
                                            {"workspace", required_argument, NULL, 'w'},
                                            {"counts", no_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *data = NULL, *workspace = NULL;
    bool with_counts = false;
    int c;
    while ((c = getopt_long(argc, argv, "d:w:ch", options, NULL)) != -1) {
        if (c == 'd')
            data = optarg;
        else if (c == 'w')
            workspace = optarg;
        with_counts |= c == 'c';
        if (c == '?' || c == 'h') {
            fputs(usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : 2;
        }
    }
    bool defining = argc - optind >= 2 && strcmp(argv[optind], "define") == 0;
    if (optind != argc && !defining) {
        fputs(usage, stderr);
        return 2;
    }
    struct err e = {0};
    struct direct d;
    bool ok = direct_open(&d, data, str_from(workspace), defining, &e);
    if (ok && defining)
        ok = define(d.workspace, argv + optind + 1, argc - optind - 1, &e);
    else if (ok && with_counts)
        counts(d.workspace);
    else if (ok)
        ok = list(d.workspace, &e);
    if (!ok)
        direct_complain("tables", &e);
    direct_close(&d);
    return ok ? 0 : 1;
}
