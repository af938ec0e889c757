/* vedette rules test: rules over the rows of their test files, without a server. */
#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/complain.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/rule_files.h"
#include "cli/rules_commands.h"
#include "ruletest/case_report.h"

enum { MAX_GIVEN = 256, MAX_LIST = 64 << 20, MAX_THREADS = 256 };

static const char usage[] =
    "usage: vedette rules test [options] FILE.test.yaml|DIR…\n"
    "\n"
    "Runs each case of RULE.test.yaml files, in folders at any depth: the rows that it gives are\n"
    "stored in a workspace of its own, the rule runs as at the case's time, and alerts, "
    "incidents,\n"
    "entities and rows are compared with what it expects. docs/detection.md has the format. "
    "Prints\n"
    "TAP; exit code 1 when a case failed, 2 when there is none.\n"
    "\n"
    "  --functions PATH   stored functions (parsers), a file or a folder; may be repeated\n"
    "  --watchlist FILE   ALIAS.csv; may be repeated\n"
    "  --filter TEXT      only cases whose 'file: name' contains the text\n"
    "  --junit FILE       the results as JUnit's XML, too\n"
    "  --json             the results as JSON in place of TAP\n"
    "  --one-sided        a rule needs no case without an alert, or none with one\n"
    "  -j N               cases at the same time [the number of processors]\n";

struct options {
    char *functions[MAX_GIVEN], *watchlists[MAX_GIVEN];
    size_t n_functions, n_watchlists;
    const char *filter, *junit;
    bool json, one_sided;
    int64_t threads;
    char **words;
    int n;
};
struct test { /* a case, or what is wrong with a file */
    struct case_file *file;
    size_t at;
    const char *problem; /* not NULL: it is no case */
    struct str name;
};
struct tests {
    struct arena *a;
    struct options *o;
    struct case_given given;
    VEC(struct test) v;
    struct case_result *results;
    atomic_size_t next;
};

/* ---- which cases ---- */

static bool find_files(struct tests *t, struct file_paths *out, struct err *e)
{
    static const char *const suffixes[] = {".test.yaml", ".test.yml", NULL};
    for (int i = 0; i < t->o->n; i++) {
        size_t before = out->n;
        if (!files_at(t->a, t->o->words[i], suffixes, out, e))
            return false;
        if (out->n == before)
            return err_set(e, ERR_NOT_FOUND, "no .test.yaml file in %s", t->o->words[i]);
    }
    return t->o->n > 0 || err_set(e, ERR_INVALID, "test files, or folders of them, expected");
}

static bool is_wanted(const struct tests *t, const struct test *x)
{
    size_t at;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    if (t->o->filter == NULL)
        return true;
    sbuf_addf(&b, "%s: %.*s", x->file->path, STR_ARG(x->name));
    return str_find(sbuf_str(&b), str_from(t->o->filter), &at);
}

static void add(struct tests *t, struct test x)
{
    if (is_wanted(t, &x))
        VEC_PUSH(t->a, &t->v, x);
}

/* One rule of a file in any form. */
static bool read_rule(struct arena *a, char *path, struct rule *out, struct err *e)
{
    struct rule_set set = {.a = a};
    if (!rule_set_read(&set, &path, 1, e))
        return false;
    if (set.v.n != 1)
        return err_set(e, ERR_INVALID, "%s: one rule expected, %zu can be read", path, set.v.n);
    *out = set.v.p[0].rule;
    return true;
}

static void add_file(struct tests *t, struct case_bench *b, const char *path)
{
    struct case_file *f = arena_new_of(t->a, struct case_file);
    case_file_read(t->a, b, path, read_rule, f);
    if (f->refused.code != ERR_OK) {
        add(t, (struct test){.file = f, .problem = f->refused.msg, .name = STR("reading")});
        return;
    }
    for (size_t i = 0; i < f->cases->n; i++) {
        struct str name = json_text(json_get(&f->cases->items[i], "name"), STR("(no name)"));
        add(t, (struct test){.file = f, .at = i, .name = name});
    }
    const char *one_sided = t->o->one_sided ? NULL : case_file_one_sided(f);
    if (one_sided != NULL)
        add(t, (struct test){.file = f, .problem = one_sided, .name = STR("both sides")});
}

/* ---- running ---- */

static void run_test(struct tests *t, struct case_bench *b, struct arena *a, size_t i)
{
    struct test *x = &t->v.p[i];
    struct case_result *r = &t->results[i];
    if (x->problem == NULL) {
        case_file_run(b, x->file, x->at, &t->given, a, r);
        return;
    }
    *r = (struct case_result){.file = x->file->path, .name = x->name, .diffs = {.a = a}};
    case_diff_add(&r->diffs, "%s", x->problem);
}

struct worker {
    struct tests *t;
    struct case_bench *bench;
    struct arena *a; /* of results: lives until they are printed */
    pthread_t thread;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    size_t i;
    while ((i = atomic_fetch_add(&w->t->next, 1)) < w->t->v.n)
        run_test(w->t, w->bench, w->a, i);
    return NULL;
}

/* The first worker's bench is there already. */
static bool run_all(struct tests *t, struct case_bench *first, struct worker *workers, size_t n,
                    struct err *e)
{
    size_t started = 0;
    bool ok = true;
    t->results = arena_array(t->a, struct case_result, t->v.n + 1);
    for (size_t i = 0; ok && i < n; i++) {
        workers[i] = (struct worker){.t = t, .a = arena_new(0)};
        workers[i].bench = i == 0 ? first : case_bench_open(&(struct case_bench_options){0}, e);
        ok = workers[i].bench != NULL;
    }
    for (; ok && started + 1 < n; started++)
        if (pthread_create(&workers[started + 1].thread, NULL, work, &workers[started + 1]) != 0)
            break; /* the others do its work */
    if (ok)
        (void)work(&workers[0]);
    for (size_t i = 0; i < started; i++)
        (void)pthread_join(workers[i + 1].thread, NULL);
    return ok;
}

static size_t thread_count(const struct tests *t)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = t->o->threads > 0 ? (size_t)t->o->threads : cores > 0 ? (size_t)cores : 1;
    n = n < MAX_THREADS ? n : MAX_THREADS;
    return n < t->v.n ? n : t->v.n > 0 ? t->v.n : 1;
}

/* ---- telling ---- */

static bool write_junit(const struct tests *t, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    case_report_junit(t->results, t->v.n, &b);
    return file_write(t->o->junit, &b, e);
}

static bool report(const struct tests *t, size_t *out_failed, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    *out_failed = 0;
    for (size_t i = 0; i < t->v.n; i++)
        *out_failed += !t->results[i].ok;
    if (t->o->json) {
        case_report_json(t->results, t->v.n, &b);
    } else {
        sbuf_addf(&b, "TAP version 13\n1..%zu\n", t->v.n);
        for (size_t i = 0; i < t->v.n; i++)
            case_report_tap(&t->results[i], i + 1, &b);
        sbuf_addf(&b, "%zu passed, %zu failed\n", t->v.n - *out_failed, *out_failed);
    }
    (void)fwrite(b.p, 1, b.n, stdout);
    (void)fflush(stdout);
    return t->o->junit == NULL || write_junit(t, e);
}

/* ---- the command ---- */

static bool read_watchlists(struct tests *t, struct err *e)
{
    size_t n = t->o->n_watchlists;
    t->given.aliases = arena_array(t->a, struct str, n + 1);
    t->given.lists = arena_array(t->a, struct str, n + 1);
    for (size_t i = 0; i < n; i++) {
        const char *path = t->o->watchlists[i], *slash = strrchr(path, '/');
        struct str name = str_from(slash != NULL ? slash + 1 : path);
        size_t dot = name.n;
        while (dot > 0 && name.p[dot - 1] != '.')
            dot--;
        t->given.aliases[i] = dot > 1 ? str_sub(name, 0, dot - 1) : name;
        if (!file_read(t->a, path, MAX_LIST, &t->given.lists[i], e))
            return false;
    }
    t->given.n_lists = n;
    return true;
}

static int run(struct options *o)
{
    struct err e = {0};
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct tests t = {.a = a, .o = o, .given = {.functions = {.a = a}}};
    struct file_paths files = {0};
    struct worker workers[MAX_THREADS] = {0};
    size_t n = 0, failed = 0;
    log_setup(LOG_ERROR, 2);
    struct case_bench *b = NULL;
    bool ok = find_files(&t, &files, &e) &&
              (b = case_bench_open(&(struct case_bench_options){0}, &e)) != NULL &&
              case_functions_read(b, o->functions, o->n_functions, &t.given.functions, &e) &&
              read_watchlists(&t, &e);
    for (size_t i = 0; ok && i < files.n; i++)
        add_file(&t, b, files.p[i]);
    if (ok && t.v.n == 0)
        ok = err_set(&e, ERR_NOT_FOUND, "no case%s%s", o->filter != NULL ? " contains " : "",
                     o->filter != NULL ? o->filter : "");
    bool found = ok;
    if (ok) {
        n = thread_count(&t);
        ok = run_all(&t, b, workers, n, &e) && report(&t, &failed, &e);
    }
    for (size_t i = 1; i < n; i++)
        case_bench_close(workers[i].bench);
    case_bench_close(b);
    for (size_t i = 0; i < n; i++)
        arena_free(workers[i].a);
    if (!ok)
        complain("rules test", &e);
    return !ok ? (found ? 1 : 2) : failed > 0 ? 1 : 0;
}

struct paths {
    char **p;
    size_t *n;
};

static bool push(void *ctx, char *path)
{
    struct paths *list = ctx;
    if (*list->n == MAX_GIVEN)
        return false;
    list->p[(*list->n)++] = path;
    return true;
}

int rules_test(int argc, char **argv)
{
    struct options o = {.threads = -1};
    struct paths functions = {o.functions, &o.n_functions},
                 watchlists = {o.watchlists, &o.n_watchlists};
    const struct cli_option options[] = {{"jobs", .number = &o.threads},
                                         {"functions", .take = push, .ctx = &functions},
                                         {"watchlist", .take = push, .ctx = &watchlists},
                                         {"filter", .text = &o.filter},
                                         {"junit", .text = &o.junit},
                                         {"json", .flag = &o.json},
                                         {"one-sided", .flag = &o.one_sided}};
    int code = options_read(usage, options, COUNTOF(options), argc, argv);
    if (code >= 0)
        return code;
    o.words = argv + optind;
    o.n = argc - optind;
    return o.n == 0 || o.threads == 0 ? options_misused(usage) : run(&o);
}
