/* vedette kql sql --explain: the SQL of a query over the tables of a workspace, and for each table
 * which parts and row groups would be read. */
#include "cli/kql_explain.h"

#include <getopt.h>
#include <stdio.h>

#include "cli/client.h"
#include "cli/options.h"
#include "cli/text_table.h"

enum { MAX_BODY = 4 << 20 };

static const char usage[] =
    "usage: vedette kql sql --explain [--data DIR|--url URL] [--workspace W] 'KQL'\n"
    "\n"
    "Prints the SQL that would run over the workspace's tables, and for each table: its parts, how "
    "many\n"
    "are left out for their time and for their terms, how many would be fetched from the store of "
    "lake_store,\n"
    "the row groups that are read of those that "
    "were\n"
    "asked for terms, and what rows must have.\n";

static struct str number(struct arena *a, const struct json *row, const char *name)
{
    const struct json *j = json_get(row, name);
    return arena_fmt(a, "%lld", j != NULL && j->type == JSON_INT ? (long long)j->i : 0);
}

static struct str text(const struct json *row, const char *name)
{
    return json_text(json_get(row, name), STR(""));
}

/* "from … to … and Message has …" */
static struct str needs(struct arena *a, const struct json *row)
{
    struct str from = text(row, "from"), to = text(row, "to"), terms = text(row, "terms");
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    if (from.n > 0)
        sbuf_addf(&b, "TimeGenerated >= %.*s", STR_ARG(from));
    if (to.n > 0)
        sbuf_addf(&b, "%sTimeGenerated < %.*s", b.n > 0 ? " and " : "", STR_ARG(to));
    if (terms.n > 0)
        sbuf_addf(&b, "%s%.*s", b.n > 0 ? " and " : "", STR_ARG(terms));
    return arena_str(a, sbuf_str(&b));
}

static void print_reads(struct arena *a, const struct json *rows)
{
    static const char *const heads[] = {"table",        "parts",    "out by time",
                                        "out by terms", "to fetch", "without index",
                                        "row groups",   "of",       "needs"};
    static const char *const names[] = {"parts",      "leftOutByTime", "leftOutByTerms",
                                        "toFetch",    "withoutIndex",  "rowGroups",
                                        "ofRowGroups"};
    struct text_table t;
    text_table_begin(&t, a, heads, COUNTOF(heads));
    for (size_t i = 0; rows != NULL && i < rows->n; i++) {
        struct str cells[COUNTOF(heads)];
        cells[0] = text(&rows->items[i], "table");
        for (size_t k = 0; k < COUNTOF(names); k++)
            cells[k + 1] = number(a, &rows->items[i], names[k]);
        cells[COUNTOF(heads) - 1] = needs(a, &rows->items[i]);
        struct str *kept = arena_array(a, struct str, COUNTOF(heads));
        memcpy(kept, cells, sizeof(cells));
        text_table_row(&t, kept);
    }
    text_table_print(&t, stdout);
}

static bool explain(struct client *c, const struct client_workspace *w, const void *arg,
                    struct err *e)
{
    struct json answer = {0};
    AUTO(sbuf_fini) struct sbuf body = sbuf_make(MAX_BODY);
    struct json_out o = json_out_make(&body);
    json_obj(&o);
    json_kv_z(&o, "query", arg);
    json_obj_end(&o);
    struct str target = arena_fmt(c->a, "/vedette/v1/workspaces/%s/explain", w->id);
    if (!sbuf_ok(&body))
        return err_set(e, ERR_LIMIT, "the query is too long");
    if (!client_call(c, "POST", target.p, NULL, sbuf_str(&body), &answer, e))
        return false;
    const struct json *sql = json_get(&answer, "sql");
    for (size_t i = 0; sql != NULL && i < sql->n; i++)
        printf("%.*s;\n", STR_ARG(sql->items[i].text));
    putchar('\n');
    print_reads(c->a, json_get(&answer, "tables"));
    return true;
}

int kql_explain_command(int argc, char **argv)
{
    struct client_place place = {0};
    bool explain_it = true; /* the word that led here */
    const struct cli_option options[] = {{"explain", .flag = &explain_it},
                                         OPTIONS_OF_WORKSPACE(place)};
    int code = options_read(usage, options, COUNTOF(options), argc, argv);
    if (code >= 0)
        return code;
    if (optind + 1 != argc)
        return options_misused(usage);
    return client_run("kql sql", &place, false, explain, argv[optind]);
}
