/* vedette check: are all sealed rows still what was written? */
#include <getopt.h>
#include <stdio.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/options.h"

static const char usage[] =
    "usage: vedette check [--data DIR|--url URL] [--workspace W] [--deep]\n"
    "\n"
    "Reads every Parquet part of a workspace and compares its size, checksum and number of rows "
    "with\n"
    "the manifest. Ends with 1 when one is damaged. A running server sets damaged parts aside.\n"
    "Of parts that are only in an S3-compatible store (setting lake_store) the size and the tag\n"
    "there are compared; --deep fetches and reads them, too. Ends with 1, too, when the store "
    "does\n"
    "not answer.\n";

static long long number(const struct json *answer, const char *member)
{
    const struct json *j = json_get(answer, member);
    return j != NULL && j->type == JSON_INT ? (long long)j->i : 0;
}

static void print_store(const struct json *answer)
{
    if (number(answer, "inStore") == 0)
        return;
    printf("%lld parts, %lld bytes in the store; %lld of them only there and not read\n",
           number(answer, "inStore"), number(answer, "inStoreBytes"), number(answer, "notRead"));
    if (number(answer, "healed") > 0)
        printf("%lld parts were damaged or lost in one of the two places and are mended from the "
               "other\n",
               number(answer, "healed"));
}

static bool check(struct client *c, const struct client_workspace *w, const void *arg,
                  struct err *e)
{
    const bool *deep = arg;
    struct json answer = {0};
    struct str target =
        arena_fmt(c->a, "/vedette/v1/workspaces/%s/check%s", w->id, *deep ? "?deep=true" : "");
    if (!client_call(c, "POST", target.p, NULL, STR(""), &answer, e))
        return false;
    const struct json *damage = json_get(&answer, "damage");
    size_t n = damage != NULL ? damage->n : 0;
    for (size_t i = 0; i < n; i++) {
        struct str table = json_text(json_get(&damage->items[i], "table"), STR("?"));
        struct str reason = json_text(json_get(&damage->items[i], "reason"), STR("?"));
        printf("damaged: %.*s, %lld rows: %.*s\n", STR_ARG(table),
               number(&damage->items[i], "rows"), STR_ARG(reason));
    }
    if (number(&answer, "badIndexes") > 0)
        printf("%lld indexes of terms are damaged; they are made anew\n",
               number(&answer, "badIndexes"));
    printf("%lld indexes of terms, %lld bytes\n", number(&answer, "indexes"),
           number(&answer, "indexBytes"));
    printf(
        "%lld parts, %lld rows, %lld bytes; %zu damaged; set aside earlier: %lld with %lld rows\n",
        number(&answer, "parts"), number(&answer, "rows"), number(&answer, "bytes"), n,
        number(&answer, "quarantined"), number(&answer, "quarantinedRows"));
    print_store(&answer);
    if (n > 0)
        return err_set(e, ERR_IO, "%zu parts are damaged", n);
    struct str why = json_text(json_get(&answer, "noAnswer"), STR(""));
    return why.n == 0 ||
           err_set(e, ERR_IO, "the store of parts can't be asked: %.*s", STR_ARG(why));
}

int cli_check(int argc, char **argv)
{
    struct client_place place = {0};
    bool deep = false;
    const struct cli_option options[] = {OPTIONS_OF_WORKSPACE(place), {"deep", .flag = &deep}};
    int code = options_read(usage, options, COUNTOF(options), argc, argv);
    if (code >= 0)
        return code;
    if (optind != argc)
        return options_misused(usage);
    return client_run("check", &place, false, check, &deep);
}
