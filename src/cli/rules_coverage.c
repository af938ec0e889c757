/* vedette rules coverage: which techniques of ATT&CK rules look for. */
#include <getopt.h>
#include <stdio.h>

#include "cli/complain.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/rules_commands.h"
#include "cli/rules_remote.h"
#include "cli/text_table.h"
#include "detect/coverage.h"

static const char usage[] =
    "usage: vedette rules coverage [--data DIR|--url URL] [--workspace W] [options]\n"
    "       vedette rules coverage [options] FILE|DIR…\n"
    "\n"
    "Which techniques of ATT&CK (enterprise, v" MITRE_ATTACK_VERSION
    ") the rules of a workspace, or of files, look for:\n"
    "a table by tactic, and the techniques with their numbers of rules. Rules that are disabled "
    "do\n"
    "not count.\n"
    "\n"
    "  --all              disabled ones, too\n"
    "  --missing          techniques that no rule looks for, by tactic\n"
    "  --json             everything as JSON, with the names of the rules\n"
    "  --navigator FILE   a layer for ATT&CK Navigator (format 4.5); - is standard output\n";

struct options {
    struct client_place place;
    const char *navigator;
    bool all, missing, json;
    char **words;
    size_t n;
};

/* ---- as text ---- */

static void print_tactics(struct arena *a, const struct coverage *c)
{
    static const char *const heads[] = {"TACTIC", "RULES", "TECHNIQUES", "OF", "%"};
    struct text_table t;
    text_table_begin(&t, a, heads, COUNTOF(heads));
    for (size_t i = 0; i < c->n; i++) {
        const struct coverage_tactic *x = &c->tactics[i];
        if (x->short_name == NULL && x->rules == 0)
            continue;
        bool known = x->techniques > 0;
        struct str cells[] = {str_from(x->title), arena_fmt(a, "%zu", x->rules),
                              known ? arena_fmt(a, "%zu", x->covered) : STR("-"),
                              known ? arena_fmt(a, "%zu", x->techniques) : STR("-"),
                              known ? arena_fmt(a, "%zu", 100 * x->covered / x->techniques)
                                    : STR("-")};
        text_table_row(&t, cells);
    }
    text_table_print(&t, stdout);
}

static void print_cells(const struct coverage_tactic *t)
{
    if (t->n_cells == 0)
        return;
    printf("\n%s\n", t->title);
    for (size_t i = 0; i < t->n_cells; i++) {
        const struct coverage_cell *c = &t->cells[i];
        if (c->sub == 0)
            printf("%s  T%04u %-45s %zu", i > 0 ? "\n" : "", c->technique->id, c->technique->name,
                   c->n);
        else
            printf("  .%03u %zu", c->sub, c->n);
    }
    printf("\n");
}

static bool is_covered(const struct coverage_tactic *t, const struct mitre_technique *x)
{
    for (size_t i = 0; i < t->n_cells; i++)
        if (t->cells[i].technique == x)
            return true;
    return false;
}

static void print_missing(const struct coverage *c)
{
    const struct mitre_technique *x;
    for (size_t i = 0; i < c->n; i++) {
        const struct coverage_tactic *t = &c->tactics[i];
        if (t->covered == t->techniques)
            continue;
        printf("\n%s\n", t->title);
        for (size_t k = 0; (x = mitre_technique_at(k)) != NULL; k++)
            if (coverage_has(t, x) && !is_covered(t, x))
                printf("  T%04u %s\n", x->id, x->name);
    }
}

static void print_text(struct arena *a, const struct options *o, const struct coverage *c)
{
    print_tactics(a, c);
    for (size_t i = 0; i < c->n && !o->missing; i++)
        print_cells(&c->tactics[i]);
    if (o->missing)
        print_missing(c);
    for (size_t i = 0; i < c->n_unknown; i++)
        fprintf(stderr, "note: %.*s is not in use in ATT&CK v" MITRE_ATTACK_VERSION "\n",
                STR_ARG(c->unknown[i]));
    printf("\n%zu rules (%zu without a tactic or technique), %zu of %zu techniques\n", c->rules,
           c->untagged, c->covered, c->techniques);
}

/* ---- the command ---- */

static bool tell(const struct options *o, const struct rule_set *set, struct err *e)
{
    const struct rule **rules = arena_array(set->a, const struct rule *, set->v.n + 1);
    struct coverage c = {0};
    size_t n = 0;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    for (size_t i = 0; i < set->v.n; i++)
        if (o->all || set->v.p[i].rule.enabled)
            rules[n++] = &set->v.p[i].rule;
    coverage_of(set->a, rules, n, &c);
    if (o->navigator != NULL) {
        coverage_write_layer(&c, rules, STR("Analytics rules"), &w);
        sbuf_addc(&b, '\n');
        if (!file_write(o->navigator, &b, e))
            return false;
        sbuf_clear(&b);
    }
    if (o->json) {
        w = json_out_make(&b);
        coverage_write_json(&c, rules, &w);
        printf("%.*s\n", STR_ARG(sbuf_str(&b)));
    } else if (o->navigator == NULL || strcmp(o->navigator, "-") != 0) {
        print_text(set->a, o, &c);
    }
    return true;
}

static bool of_workspace(struct client *c, const struct client_workspace *w, const void *arg,
                         struct err *e)
{
    struct rule_set set = {.a = c->a};
    return rule_set_fetch(&set, c, w, e) && tell(arg, &set, e);
}

static int of_files(const struct options *o)
{
    struct err e = {0};
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct rule_set set = {.a = a};
    if (rule_set_read(&set, o->words, o->n, &e) && tell(o, &set, &e))
        return set.refused > 0 ? 1 : 0;
    complain("rules coverage", &e);
    return 1;
}

int rules_coverage(int argc, char **argv)
{
    struct options o = {0};
    const struct cli_option options[] = {OPTIONS_OF_WORKSPACE(o.place),
                                         {"navigator", .text = &o.navigator},
                                         {"all", .flag = &o.all},
                                         {"missing", .flag = &o.missing},
                                         {"json", .flag = &o.json}};
    int code = options_read(usage, options, COUNTOF(options), argc, argv);
    if (code >= 0)
        return code;
    o.words = argv + optind;
    o.n = (size_t)(argc - optind);
    return o.n > 0 ? of_files(&o) : client_run("rules coverage", &o.place, false, of_workspace, &o);
}
