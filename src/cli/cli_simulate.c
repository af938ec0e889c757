/* vedette simulate: writes generated logs as NDJSON, one file a table. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cli/commands.h"
#include "simulate/simulate.h"
#include "text/date.h"

enum { MAX_TABLES = 32 };

struct table_file {
    const char *table; /* a constant of the generator */
    FILE *f;
    int64_t rows;
};

struct output {
    const char *dir;
    struct table_file files[MAX_TABLES];
    size_t n;
};

static struct table_file *file_of(struct output *o, const char *table, struct err *e)
{
    for (size_t i = 0; i < o->n; i++)
        if (strcmp(o->files[i].table, table) == 0)
            return &o->files[i];
    char path[4096];
    int n = snprintf(path, sizeof(path), "%s/%s.ndjson", o->dir, table);
    CHECK(o->n < MAX_TABLES);
    if (n < 0 || (size_t)n >= sizeof(path)) {
        err_set(e, ERR_INVALID, "the path of the output folder is too long");
        return NULL;
    }
    FILE *f = fopen(path, "we");
    if (f == NULL) {
        err_errno(e, "cannot write", path);
        return NULL;
    }
    o->files[o->n] = (struct table_file){table, f, 0};
    return &o->files[o->n++];
}

static bool write_event(void *self, int64_t ticks, const char *table, struct str json,
                        struct err *e)
{
    (void)ticks;
    struct table_file *t = file_of(self, table, e);
    if (t == NULL)
        return false;
    t->rows++;
    if (fwrite(json.p, 1, json.n, t->f) != json.n || fputc('\n', t->f) == EOF)
        return err_errno(e, "cannot write", table);
    return true;
}

static bool close_files(struct output *o, struct err *e)
{
    bool ok = true;
    for (size_t i = 0; i < o->n; i++) {
        if (fclose(o->files[i].f) != 0 && ok)
            ok = err_errno(e, "cannot write", o->files[i].table);
        else
            printf("%-20s %9lld rows\n", o->files[i].table, (long long)o->files[i].rows);
    }
    return ok;
}

static void usage(FILE *to)
{
    fputs("usage: vedette simulate --out DIR [--seed N] [--days N] [--last-day YYYY-MM-DD]\n"
          "                        [--background-only]\n\n"
          "Writes a small company's logs as NDJSON, one file a table: ordinary days and, on the\n"
          "last one, an intrusion in several stages. The same seed gives the same bytes.\n\n"
          "  --out DIR          where the files go; made if it does not exist\n"
          "  --seed N           1 if not given\n"
          "  --days N           1 to 366; 21 if not given\n"
          "  --last-day DATE    the day of the intrusion; 2026-03-18 if not given\n"
          "  --background-only  ordinary days only\n",
          to);
}

struct arguments {
    struct sim_options sim;
    const char *out;
};

static bool number_option(const char *name, const char *text, int64_t min, int64_t max,
                          int64_t *out)
{
    if (str_to_i64(str_from(text), out) && *out >= min && *out <= max)
        return true;
    fprintf(stderr, "vedette simulate: --%s takes a number from %lld to %lld, not '%s'\n", name,
            (long long)min, (long long)max, text);
    return false;
}

static bool read_arguments(int argc, char **argv, struct arguments *a)
{
    static const struct option options[] = {{"out", required_argument, NULL, 'o'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"days", required_argument, NULL, 'd'},
                                            {"last-day", required_argument, NULL, 'l'},
                                            {"background-only", no_argument, NULL, 'b'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int64_t last = 0, n = 21, seed = 1;
    bool ok = date_parse_iso(STR("2026-03-18"), &last);
    optind = 1;
    for (int c; ok && (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (c) {
        case 'o':
            a->out = optarg;
            break;
        case 's':
            ok = number_option("seed", optarg, 0, INT64_MAX, &seed);
            break;
        case 'd':
            ok = number_option("days", optarg, 1, 366, &n);
            break;
        case 'l':
            ok = date_parse_iso(str_from(optarg), &last) && last % TICKS_PER_DAY == 0;
            if (!ok)
                fprintf(stderr, "vedette simulate: --last-day takes a date such as 2026-03-18\n");
            break;
        case 'b':
            a->sim.background_only = true;
            break;
        default:
            ok = false;
        }
    }
    if (!ok || a->out == NULL || optind < argc) {
        usage(stderr);
        return false;
    }
    a->sim.seed = (uint64_t)seed;
    a->sim.days = (int)n;
    a->sim.first_day = last - (n - 1) * TICKS_PER_DAY;
    return true;
}

int cli_simulate(int argc, char **argv)
{
    struct arguments a = {0};
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        usage(stdout);
        return 0;
    }
    if (!read_arguments(argc, argv, &a))
        return 2;
    struct err e = {0};
    if (mkdir(a.out, 0755) != 0 && errno != EEXIST) {
        err_errno(&e, "cannot make the folder", a.out);
        fprintf(stderr, "vedette simulate: %s\n", e.msg);
        return 1;
    }
    struct output o = {.dir = a.out};
    bool ok = true;
    for (int day = 0; ok && day < a.sim.days; day++)
        ok = sim_day(&a.sim, day, write_event, &o, &e);
    struct err close_error = {0};
    if (!close_files(&o, &close_error) && ok) {
        e = close_error;
        ok = false;
    }
    if (!ok)
        fprintf(stderr, "vedette simulate: %s\n", e.msg);
    return ok ? 0 : 1;
}
