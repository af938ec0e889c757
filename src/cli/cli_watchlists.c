/* vedette watchlists: import, list, show and delete watchlists. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/text_table.h"
#include "cli/verbs.h"
#include "text/csv.h"

enum { MAX_FILE = 8 << 20, MAX_COLUMNS = 200 };

static const char usage[] =
    "usage: vedette watchlists import FILE.csv  [--alias A] [--key COLUMN] [--skip LINES]\n"
    "                                           [--data DIR] [--workspace W]\n"
    "       vedette watchlists list             [--data DIR] [--workspace W]\n"
    "       vedette watchlists show ALIAS       [--data DIR] [--workspace W]\n"
    "       vedette watchlists delete ALIAS     [--data DIR] [--workspace W]\n"
    "\n"
    "Lists that queries and rules read with _GetWatchlist('ALIAS'). import reads a file with a "
    "line\n"
    "of column names, CSV or (.tsv) with tabs; --skip leaves out lines in front of it. The alias "
    "is\n"
    "the file's name if not given, the search key the first column. Importing again adds rows, "
    "and\n"
    "replaces those of the same search key. --url URL (with VEDETTE_TOKEN, VEDETTE_CA) names "
    "another\n"
    "server than that of the data folder.\n";

struct job {
    struct client_place place;
    const char *alias, *key;
    int64_t skip;
    struct verb_words words;
};

static char *path_of(struct client *c, const struct client_workspace *w, const char *alias,
                     const char *rest)
{
    struct str name = client_encoded(c->a, str_from(alias));
    return arena_strz(c->a, arena_fmt(c->a, "%s/watchlists/%.*s%s?api-version=2024-09-01",
                                      w->insights, STR_ARG(name), rest));
}

/* ---- import ---- */

static struct str base_name(const char *file)
{
    const char *slash = strrchr(file, '/');
    struct str s = str_from(slash != NULL ? slash + 1 : file);
    const char *dot = strrchr(s.p, '.');
    return dot != NULL && dot != s.p ? str_sub(s, 0, (size_t)(dot - s.p)) : s;
}

/* The first column's name, behind the lines that are left out. */
static bool first_column(struct client *c, struct str text, int64_t skip, char separator,
                         struct str *out, struct err *e)
{
    size_t at = str_starts(text, STR("\xef\xbb\xbf")) ? 3 : 0, n = 0;
    struct str *fields = NULL;
    for (; skip > 0 && at < text.n; skip--) {
        const char *end = memchr(text.p + at, '\n', text.n - at);
        at = end != NULL ? (size_t)(end - text.p) + 1 : text.n;
    }
    if (!csv_line_by(c->a, text, &at, separator, &fields, &n, e))
        return false;
    *out = n > 0 ? str_trim(fields[0]) : STR("");
    return true;
}

static bool import(struct client *c, const struct client_workspace *w, const void *arg,
                   struct err *e)
{
    const struct job *j = arg;
    struct str text = STR("");
    if (!verb_words_are(&j->words, 1, "one file", e) ||
        !file_read(c->a, j->words.p[0], MAX_FILE, &text, e))
        return false;
    bool tabs = str_ends(str_from(j->words.p[0]), STR(".tsv"));
    struct str base = base_name(j->words.p[0]), key = STR("");
    struct str alias = j->alias != NULL ? str_from(j->alias) : base;
    if (j->key != NULL)
        key = str_from(j->key);
    else if (!first_column(c, text, j->skip, tabs ? '\t' : ',', &key, e))
        return false;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    json_key(&o, "properties");
    json_obj(&o);
    json_kv_str(&o, "displayName", alias);
    json_kv_z(&o, "provider", "vedette");
    json_kv_str(&o, "source", base);
    json_kv_str(&o, "itemsSearchKey", key);
    json_kv_z(&o, "contentType", tabs ? "text/tsv" : "text/csv");
    json_kv_int(&o, "numberOfLinesToSkip", j->skip);
    json_kv_str(&o, "rawContent", text);
    json_obj_end(&o);
    json_obj_end(&o);
    if (!client_call(c, "PUT", path_of(c, w, arena_strz(c->a, alias), ""), NULL, sbuf_str(&b), NULL,
                     e))
        return false;
    printf("watchlist '%.*s' imported, its search key is '%.*s'\n", STR_ARG(alias), STR_ARG(key));
    return true;
}

/* ---- list, show, delete ---- */

static void list_row(struct client *c, const struct json *x, struct str *cells)
{
    static const char *const members[] = {"watchlistAlias", "itemsSearchKey", "updated",
                                          "displayName"};
    (void)c;
    for (size_t i = 0; i < COUNTOF(members); i++)
        cells[i] = json_text(json_get(json_get(x, "properties"), members[i]), STR(""));
}

static bool list(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    static const char *const heads[] = {"ALIAS", "SEARCH KEY", "UPDATED", "NAME"};
    (void)arg;
    struct str target = arena_fmt(c->a, "%s/watchlists?api-version=2024-09-01", w->insights);
    return verb_list(c, arena_strz(c->a, target), heads, COUNTOF(heads), list_row, e);
}

/* Columns in the order in which items name them; c->a owns the names. */
static size_t heads_of(struct client *c, const struct json *items, const char **heads)
{
    struct map *known = map_new(c->a, false);
    size_t n = 0;
    for (size_t i = 0; items != NULL && i < items->n; i++) {
        const struct json *v = json_path(&items->items[i], "properties.itemsKeyValue");
        for (size_t k = 0; v != NULL && k < v->n && n < MAX_COLUMNS; k++)
            if (map_put(known, v->keys[k], c) == NULL)
                heads[n++] = arena_strz(c->a, v->keys[k]);
    }
    return n;
}

static bool show(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    const struct job *j = arg;
    const char *heads[MAX_COLUMNS];
    struct text_table t;
    struct json answer = {0};
    if (!verb_words_are(&j->words, 1, "one watchlist's alias", e))
        return false;
    if (!client_call(c, "GET", path_of(c, w, j->words.p[0], "/watchlistItems"), NULL, STR(""),
                     &answer, e))
        return false;
    const struct json *items = json_get(&answer, "value");
    size_t n = heads_of(c, items, heads);
    struct str *cells = arena_array(c->a, struct str, n + 1);
    text_table_begin(&t, c->a, heads, n);
    for (size_t i = 0; items != NULL && i < items->n; i++) {
        const struct json *v = json_path(&items->items[i], "properties.itemsKeyValue");
        for (size_t k = 0; k < n; k++)
            cells[k] = json_text(json_get(v, heads[k]), STR(""));
        text_table_row(&t, cells);
    }
    text_table_print(&t, stdout);
    if (json_get(&answer, "nextLink") != NULL)
        fprintf(stderr, "only the first %zu items; query _GetWatchlist('%s') for all\n", items->n,
                j->words.p[0]);
    return true;
}

static bool delete (struct client *c, const struct client_workspace *w, const void *arg,
                    struct err *e)
{
    const struct job *j = arg;
    char *target = NULL;
    if (!verb_words_are(&j->words, 1, "one watchlist's alias", e))
        return false;
    target = path_of(c, w, j->words.p[0], "");
    return client_call(c, "GET", target, NULL, STR(""), NULL, e) &&
           client_call(c, "DELETE", target, NULL, STR(""), NULL, e);
}

/* ---- the command ---- */

static const struct verb verbs[] = {
    {"import", import}, {"list", list}, {"show", show}, {"delete", delete}};

int cli_watchlists(int argc, char **argv)
{
    struct job j = {0};
    const struct cli_option options[] = {OPTIONS_OF_WORKSPACE(j.place),
                                         {"alias", .text = &j.alias},
                                         {"key", .text = &j.key},
                                         {"skip", .number = &j.skip}};
    const struct verb_command k = {.name = "watchlists",
                                   .usage = usage,
                                   .verbs = verbs,
                                   .n_verbs = COUNTOF(verbs),
                                   .options = options,
                                   .n_options = COUNTOF(options)};
    return verbs_run(&k, &j.place, &j.words, &j, argc, argv);
}
