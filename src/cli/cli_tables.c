/* vedette tables: what is stored, and what became of every record that was offered; sealing. */
#include <getopt.h>
#include <stdio.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/options.h"
#include "cli/text_table.h"

static const char usage[] =
    "usage: vedette tables [--data DIR|--url URL] [--workspace W] [--counts|--sources]\n"
    "       vedette tables [--data DIR|--url URL] [--workspace W] define NAME_CL COLUMN:TYPE…\n"
    "       vedette tables [--data DIR|--url URL] [--workspace W] seal [TABLE]\n"
    "       vedette tables [--data DIR|--url URL] [--workspace W] compact\n"
    "\n"
    "HERE and IN STORE are bytes of parts on this machine and in the setting lake_store's bucket.\n"
    "DAYS is how long queries see the rows, IN ALL how long they are kept; 0: for ever.\n"
    "seal writes what is in the hot tables into Parquet parts now, for other programs to read;\n"
    "compact merges small parts. The server does both by itself when they are due.\n";

struct shown {
    const char *head, *member;
};

static struct str cell_of(struct arena *a, const struct json *v)
{
    if (v == NULL || v->type == JSON_NULL)
        return STR("-");
    return v->type == JSON_INT ? arena_fmt(a, "%lld", (long long)v->i) : json_text(v, STR("-"));
}

/* The answer's "value" as a table. */
static bool print_list(struct client *c, const char *target, const struct shown *columns, size_t n,
                       struct err *e)
{
    enum { MAX = 16 };
    const char *heads[MAX];
    struct str cells[MAX];
    struct text_table t;
    struct json answer = {0};
    CHECK(n <= MAX);
    if (!client_call(c, "GET", target, NULL, STR(""), &answer, e))
        return false;
    for (size_t i = 0; i < n; i++)
        heads[i] = columns[i].head;
    text_table_begin(&t, c->a, heads, n);
    const struct json *value = json_get(&answer, "value");
    for (size_t row = 0; value != NULL && row < value->n; row++) {
        for (size_t i = 0; i < n; i++)
            cells[i] = cell_of(c->a, json_get(&value->items[row], columns[i].member));
        text_table_row(&t, cells);
    }
    text_table_print(&t, stdout);
    return true;
}

static bool list(struct client *c, const struct client_workspace *w, struct err *e)
{
    static const struct shown columns[] = {{"TABLE", "name"},
                                           {"PLAN", "plan"},
                                           {"DAYS", "retentionInDays"},
                                           {"IN ALL", "totalRetentionInDays"},
                                           {"ROWS", "rows"},
                                           {"HOT", "hotRows"},
                                           {"BILLED", "billedBytes"},
                                           {"HOT BYTES", "hotBytes"},
                                           {"PARTS", "parts"},
                                           {"BYTES", "bytes"},
                                           {"HERE", "localBytes"},
                                           {"IN STORE", "storeBytes"},
                                           {"COLUMNS", "columns"},
                                           {"OLDEST", "oldest"},
                                           {"NEWEST", "newest"}};
    return print_list(c, arena_fmt(c->a, "/vedette/v1/workspaces/%s/tables", w->id).p, columns,
                      COUNTOF(columns), e);
}

static bool counts(struct client *c, const struct client_workspace *w, struct err *e)
{
    static const struct shown columns[] = {{"SOURCE", "source"},     {"STREAM", "stream"},
                                           {"REASON", "reason"},     {"RECEIVED", "received"},
                                           {"STORED", "stored"},     {"REJECTED", "rejected"},
                                           {"FILTERED", "filtered"}, {"HELD BACK", "heldBack"}};
    return print_list(c, arena_fmt(c->a, "/vedette/v1/workspaces/%s/counts", w->id).p, columns,
                      COUNTOF(columns), e);
}

static bool sources(struct client *c, const struct client_workspace *w, struct err *e)
{
    static const struct shown columns[] = {{"SOURCE", "source"},
                                           {"TABLE", "table"},
                                           {"LAST", "lastSeen"},
                                           {"ROWS LAST HOUR", "rowsLastHour"},
                                           {"MAY BE SILENT", "allowedSilence"},
                                           {"STATUS", "status"}};
    return print_list(c, arena_fmt(c->a, "/vedette/v1/workspaces/%s/sources", w->id).p, columns,
                      COUNTOF(columns), e);
}

static bool write_column(struct json_out *o, const char *word, struct err *e)
{
    const char *colon = strchr(word, ':');
    if (colon == NULL || colon == word || colon[1] == '\0')
        return err_set(e, ERR_INVALID, "'%s' must be COLUMN:TYPE, for example Source:string", word);
    json_obj(o);
    json_kv_str(o, "name", (struct str){word, (size_t)(colon - word)});
    json_kv_z(o, "type", colon + 1);
    json_obj_end(o);
    return true;
}

static bool define(struct client *c, const struct client_workspace *w, char **words, int n,
                   struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 20);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    json_key(&o, "properties");
    json_obj(&o);
    json_key(&o, "schema");
    json_obj(&o);
    json_key(&o, "columns");
    json_arr(&o);
    for (int i = 1; i < n; i++)
        if (!write_column(&o, words[i], e))
            return false;
    json_arr_end(&o);
    json_obj_end(&o);
    json_obj_end(&o);
    json_obj_end(&o);
    struct str target = arena_fmt(c->a, "%s/tables/%s?api-version=2025-07-01", w->arm, words[0]);
    return client_call(c, "PUT", target.p, NULL, sbuf_str(&b), NULL, e);
}

static bool seal(struct client *c, const struct client_workspace *w, const char *table,
                 struct err *e)
{
    struct json answer = {0};
    struct str name = client_encoded(c->a, str_from(table));
    struct str target =
        arena_fmt(c->a, "/vedette/v1/workspaces/%s/seal?table=%.*s", w->id, STR_ARG(name));
    if (!client_call(c, "POST", target.p, NULL, STR(""), &answer, e))
        return false;
    const struct json *rows = json_get(&answer, "rows");
    printf("%lld rows sealed\n", rows != NULL ? (long long)rows->i : 0);
    return true;
}

static bool compact(struct client *c, const struct client_workspace *w, struct err *e)
{
    struct str target = arena_fmt(c->a, "/vedette/v1/workspaces/%s/compact", w->id);
    return client_call(c, "POST", target.p, NULL, STR(""), NULL, e);
}

int cli_tables(int argc, char **argv)
{
    struct client_place place = {0};
    bool with_counts = false, with_sources = false;
    const struct cli_option options[] = {OPTIONS_OF_WORKSPACE(place),
                                         {"counts", .flag = &with_counts},
                                         {"sources", .flag = &with_sources}};
    int code = options_read(usage, options, COUNTOF(options), argc, argv);
    if (code >= 0)
        return code;
    bool defining = argc - optind >= 3 && strcmp(argv[optind], "define") == 0;
    bool sealing = argc - optind >= 1 && argc - optind <= 2 && strcmp(argv[optind], "seal") == 0;
    bool compacting = argc - optind == 1 && strcmp(argv[optind], "compact") == 0;
    if (optind != argc && !defining && !sealing && !compacting)
        return options_misused(usage);
    struct err e = {0};
    struct client client = {0};
    struct client_workspace w = {0};
    bool ok = client_open(&client, place.data, place.url, defining, &e);
    if (ok) {
        ok = client_workspace(&client, place.workspace, &w, &e) &&
             (defining       ? define(&client, &w, argv + optind + 1, argc - optind - 1, &e)
              : sealing      ? seal(&client, &w, argc - optind == 2 ? argv[optind + 1] : "", &e)
              : compacting   ? compact(&client, &w, &e)
              : with_counts  ? counts(&client, &w, &e)
              : with_sources ? sources(&client, &w, &e)
                             : list(&client, &w, &e));
        client_close(&client);
    }
    if (!ok)
        complain("tables", &e);
    return ok ? 0 : 1;
}
