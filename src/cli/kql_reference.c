/* vedette kql reference: the page docs/kql-reference.md. What is listed was run a moment before by
 * the engine of this very program; what does not run is not listed. */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/complain.h"
#include "cli/kql_reference.h"
#include "cli/options.h"
#include "kql/functions.h"
#include "kql/names.h"

static const char usage[] =
    "usage: vedette kql reference             the supported language as Markdown\n"
    "       vedette kql reference --missing   what the binder knows and does not run, one a line\n"
    "       vedette kql reference --queries   the queries that found out, one a line of JSON\n";

struct page {
    struct arena *a;
    struct probe *probe;
    struct sbuf out;
    bool missing, queries; /* print these instead of the page */
};

/* "mv_expand" and "operator" make mv-expand-operator. */
static struct str page_name(struct arena *a, const char *name, const char *suffix)
{
    char *s = arena_strz(a, arena_fmt(a, "%s-%s", name, suffix));
    for (char *c = s; *c != '\0'; c++)
        if (*c == '_')
            *c = '-';
    return str_from(s);
}
static void link_to(struct sbuf *out, struct str page)
{
    if (page.n > 0)
        sbuf_addf(out, "[%.*s](https://learn.microsoft.com/kusto/query/%.*s)", STR_ARG(page),
                  STR_ARG(page));
}
/* Code in a cell of a table: a pipe would end the cell. */
static void code(struct sbuf *out, struct str s)
{
    sbuf_addc(out, '`');
    for (size_t i = 0; i < s.n; i++) {
        sbuf_addz(out, s.p[i] == '|' ? "\\" : "");
        sbuf_addc(out, s.p[i]);
    }
    sbuf_addc(out, '`');
}
static void codes(struct sbuf *out, struct str lines)
{
    size_t at;
    while (str_find(lines, STR("\n"), &at)) {
        code(out, str_sub(lines, 0, at));
        lines = str_sub(lines, at + 1, lines.n);
        sbuf_addz(out, lines.n > 0 ? "<br>" : "");
    }
}
static void row(struct page *p, const char *name, struct str lines, struct str page)
{
    sbuf_addz(&p->out, "| ");
    code(&p->out, str_from(name));
    sbuf_addz(&p->out, " | ");
    codes(&p->out, lines);
    sbuf_addz(&p->out, " | ");
    link_to(&p->out, page);
    sbuf_addz(&p->out, " |\n");
}
static void missing(struct page *p, const char *kind, const char *name)
{
    if (p->missing)
        printf("%s %s\n", kind, name);
}
static void section(struct page *p, const char *title, const char *text, const char *second)
{
    sbuf_addf(&p->out, "\n## %s\n\n%s\n\n| Name | %s | Documentation |\n| --- | --- | --- |\n",
              title, text, second);
}

/* ---- what has examples ---- */

/* The examples of that name which run, one a line. */
static struct str running(struct page *p, enum example_kind kind, const char *name)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    for (size_t i = 0; i < kql_n_examples; i++) {
        const struct kql_example *x = &kql_examples[i];
        if (x->kind != kind || strcmp(x->name, name) != 0)
            continue;
        if (probe_query(p->probe, str_from(x->query)) == PROBE_RUNS)
            sbuf_addf(&b, "%s\n", x->query);
        else if (p->missing)
            printf("example %s\n", x->query);
    }
    return arena_str(p->a, sbuf_str(&b));
}
static void examples(struct page *p, enum example_kind kind, const char *suffix)
{
    const char *done = "";
    for (size_t i = 0; i < kql_n_examples; i++) {
        const struct kql_example *x = &kql_examples[i];
        if (x->kind != kind || strcmp(x->name, done) == 0)
            continue;
        done = x->name;
        struct str lines = running(p, kind, x->name);
        struct str page = x->page != NULL ? str_from(x->page) : page_name(p->a, x->name, suffix);
        if (lines.n > 0)
            row(p, x->name, lines, page);
        else
            missing(p, suffix, x->name);
    }
}
/* A name of the tables without an example could never be listed. */
static bool has_example(enum example_kind kind, const char *name)
{
    for (size_t i = 0; i < kql_n_examples; i++)
        if (kql_examples[i].kind == kind && strcmp(kql_examples[i].name, name) == 0)
            return true;
    return false;
}
static void names_without_example(struct page *p)
{
    const char *name;
    for (size_t i = 0; (name = kql_operator_at(i)) != NULL; i++)
        if (name[0] != '_' && !has_example(EX_OPERATOR, name))
            missing(p, "no example of the operator", name);
    for (size_t i = 0; (name = kql_plugin_at(i)) != NULL; i++)
        if (!has_example(EX_PLUGIN, name))
            missing(p, "no example of the plugin", name);
}

/* ---- functions ---- */

static int by_name(const void *x, const void *y)
{
    const struct kql_func *const *a = x, *const *b = y;
    return strcmp((*a)->name, (*b)->name);
}
/* All rows with those flags, by name. */
static void functions(struct page *p, uint32_t mask, uint32_t want, const char *kind)
{
    VEC(const struct kql_func *) all = {0};
    const struct kql_func *f;
    for (size_t i = 0; (f = kql_func_at(i)) != NULL; i++)
        if ((f->flags & (mask | KF_HIDDEN)) == want)
            VEC_PUSH(p->a, &all, f);
    if (all.n > 1)
        qsort(all.p, all.n, sizeof(*all.p), by_name);
    for (size_t i = 0; i < all.n; i++) {
        f = all.p[i];
        bool refused = false;
        struct str lines = has_example(EX_FUNCTION, f->name)
                               ? running(p, EX_FUNCTION, f->name)
                               : probe_function(p->probe, p->a, f, &refused);
        if (lines.n > 0)
            row(p, f->name, lines, str_from(f->page));
        else
            missing(p, refused ? "needs an example:" : kind, f->name);
    }
}

static void whole_page(struct page *p)
{
    enum { KINDS = KF_AGGREGATE | KF_WINDOW | KF_OPERATOR };
    sbuf_addz(
        &p->out,
        "# KQL reference\n\n"
        "Written by `vedette kql reference`, which runs each entry: what does not run is not\n"
        "here. The last column names the page of Microsoft's KQL documentation, which says\n"
        "what the entry means.\n\n"
        "In signatures, `[x]` may be left out, `x…` may be repeated, `T` is one type for all\n"
        "arguments that say so, *scalar* is any type but dynamic, *number* is int, long, real\n"
        "or decimal. Examples read a table `T` with a column of each type: `s` string,\n"
        "`b` bool, `i` int, `l` long, `r` real, `m` decimal, `t` datetime, `p` timespan,\n"
        "`g` guid, `d` and `o` dynamic (an array and a bag).\n");
    section(p, "Statements", "Separated by `;`, before the query.", "Examples");
    examples(p, EX_STATEMENT, "statement");
    section(p, "Tabular operators", "Forms that run; combine them with `|`.", "Examples");
    examples(p, EX_OPERATOR, "operator");
    section(p, "Plugins", "Called with `evaluate`.", "Examples");
    examples(p, EX_PLUGIN, "plugin");
    section(p, "Scalar operators", "Inside expressions.", "Operands and result");
    functions(p, KINDS, KF_OPERATOR, "scalar operator");
    section(p, "Scalar functions", "Inside expressions.", "Signatures");
    functions(p, KINDS, 0, "function");
    section(p, "Aggregates", "Inside `summarize` and `make-series`.", "Signatures");
    functions(p, KINDS, KF_AGGREGATE, "aggregate");
    section(p, "Window functions", "Over serialized rows (`serialize`, `sort`).", "Signatures");
    functions(p, KINDS, KF_WINDOW, "window function");
    names_without_example(p);
}

int kql_reference_command(int argc, char **argv)
{
    struct page p = {0};
    const struct cli_option options[] = {{"missing", .flag = &p.missing},
                                         {"queries", .flag = &p.queries}};
    int code = options_read(usage, options, COUNTOF(options), argc, argv);
    if (code >= 0)
        return code;
    if (optind < argc)
        return options_misused(usage);
    struct err e = {0};
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC); /* what fails is no news here */
    log_setup(LOG_ERROR, nowhere);
    p.probe = probe_open(p.queries, &e);
    if (p.probe == NULL) {
        complain("kql reference", &e);
        return 1;
    }
    p.a = arena_new(0);
    p.out = sbuf_make(0);
    whole_page(&p);
    if (!p.missing && !p.queries)
        fputs(sbuf_str(&p.out).p, stdout);
    sbuf_fini(&p.out);
    arena_free(p.a);
    probe_close(p.probe);
    (void)close(nowhere);
    return 0;
}
