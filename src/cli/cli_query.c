/* vedette query: runs KQL over a workspace and prints the rows. */
#include <getopt.h>
#include <stdio.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/options.h"
#include "cli/text_table.h"
#include "text/excerpt.h"

typedef void print_fn(struct arena *a, const struct json *table, struct sbuf *out);

static const char usage[] =
    "usage: vedette query [--data DIR|--url URL] [--workspace W] [--format table|json|csv]\n"
    "                     [--lake] 'KQL'\n"
    "\n"
    "Asks the running server of the data folder, or the folder itself when none runs. json has a "
    "line\n"
    "for each result table; csv is RFC 4180 with a header. --lake also sees rows that are "
    "past\n"
    "their table's analytics retention and are still kept.\n";

static const struct json *columns_of(const struct json *table)
{
    return json_get(table, "columns");
}

static const struct json *rows_of(const struct json *table)
{
    return json_get(table, "rows");
}

static bool is_dynamic(const struct json *table, size_t col)
{
    return str_eqz(json_text(json_get(&columns_of(table)->items[col], "type"), STR("")), "dynamic");
}

/* A cell as people read it: JSON's form without the quotes around text. */
static struct str cell_text(const struct json *v)
{
    switch (v->type) {
    case JSON_TRUE:
        return STR("true");
    case JSON_FALSE:
        return STR("false");
    case JSON_NULL:
        return STR("");
    case JSON_INT:
    case JSON_REAL:
    case JSON_STRING:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return v->text;
}

/* ---- json: dynamic cells, which the API packs into texts, as the values they are ---- */

static void print_cell(struct json_out *w, const struct json *v, bool dynamic)
{
    if (dynamic && v->type == JSON_STRING)
        json_raw(w, v->text.n > 0 ? v->text : STR("null"));
    else
        json_value(w, v);
}

static void print_json(struct arena *a, const struct json *table, struct sbuf *out)
{
    struct json_out w = json_out_make(out);
    const struct json *rows = rows_of(table);
    (void)a;
    json_obj(&w);
    json_key(&w, "name");
    json_value(&w, json_get(table, "name"));
    json_key(&w, "columns");
    json_value(&w, columns_of(table));
    json_key(&w, "rows");
    json_arr(&w);
    for (size_t r = 0; r < rows->n; r++) {
        json_arr(&w);
        for (size_t c = 0; c < rows->items[r].n; c++)
            print_cell(&w, &rows->items[r].items[c], is_dynamic(table, c));
        json_arr_end(&w);
    }
    json_arr_end(&w);
    json_obj_end(&w);
    sbuf_addc(out, '\n');
}

/* ---- csv ---- */

static void csv_field(struct sbuf *out, struct str s)
{
    bool quote = false;
    for (size_t i = 0; i < s.n && !quote; i++)
        quote = str_holds(STR(",\"\r\n"), s.p[i]);
    if (!quote) {
        sbuf_add(out, s);
        return;
    }
    sbuf_addc(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            sbuf_addc(out, '"');
        sbuf_addc(out, s.p[i]);
    }
    sbuf_addc(out, '"');
}

static void print_csv(struct arena *a, const struct json *table, struct sbuf *out)
{
    const struct json *columns = columns_of(table), *rows = rows_of(table);
    (void)a;
    for (size_t c = 0; c < columns->n; c++) {
        sbuf_addz(out, c > 0 ? "," : "");
        csv_field(out, json_text(json_get(&columns->items[c], "name"), STR("")));
    }
    sbuf_addz(out, "\r\n");
    for (size_t r = 0; r < rows->n; r++) {
        for (size_t c = 0; c < rows->items[r].n; c++) {
            sbuf_addz(out, c > 0 ? "," : "");
            csv_field(out, cell_text(&rows->items[r].items[c]));
        }
        sbuf_addz(out, "\r\n");
    }
}

/* ---- table ---- */

static void print_table(struct arena *a, const struct json *table, struct sbuf *out)
{
    const struct json *columns = columns_of(table), *rows = rows_of(table);
    const char **heads = arena_array(a, const char *, columns->n + 1);
    struct str *cells = arena_array(a, struct str, columns->n + 1);
    struct text_table t;
    for (size_t c = 0; c < columns->n; c++)
        heads[c] = arena_strz(a, json_text(json_get(&columns->items[c], "name"), STR("")));
    text_table_begin(&t, a, heads, columns->n);
    for (size_t r = 0; r < rows->n; r++) {
        for (size_t c = 0; c < columns->n; c++)
            cells[c] = cell_text(&rows->items[r].items[c]);
        text_table_row(&t, cells);
    }
    text_table_write(&t, out);
    sbuf_addf(out, "(%zu row%s)\n", rows->n, rows->n == 1 ? "" : "s");
}

static const struct {
    const char *name;
    print_fn *print;
} formats[] = {{"table", print_table}, {"json", print_json}, {"csv", print_csv}};

static print_fn *find_format(const char *name)
{
    for (size_t i = 0; i < COUNTOF(formats); i++)
        if (strcmp(formats[i].name, name) == 0)
            return formats[i].print;
    return NULL;
}

/* ---- errors of the query ---- */

static size_t offset_of(struct str text, int64_t line, int64_t column)
{
    size_t at = 0;
    for (; line > 1 && at < text.n; at++)
        line -= text.p[at] == '\n';
    for (; column > 1 && at < text.n; column--)
        do
            at++;
        while (at < text.n && ((unsigned char)text.p[at] & 0xC0U) == 0x80U);
    return at;
}

/* {"message", "line", "pos", "token"} with the line of the query that it is about. */
static bool print_error(const struct json *x, struct str query)
{
    const struct json *line = json_get(x, "line"), *pos = json_get(x, "pos");
    struct str message = json_text(json_get(x, "message"), STR(""));
    if (line == NULL || pos == NULL || line->type != JSON_INT || pos->type != JSON_INT)
        return false;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 16);
    sbuf_addf(&b, "vedette query: line %lld, column %lld: %.*s\n", (long long)line->i,
              (long long)pos->i, STR_ARG(message));
    excerpt_add(&b, query, offset_of(query, line->i, pos->i),
                json_text(json_get(x, "token"), STR("")).n);
    fwrite(sbuf_str(&b).p, 1, b.n, stderr);
    return true;
}

/* Prints what is wrong with the query, if the answer says where. */
static bool print_errors(const struct json *answer, struct str query)
{
    const struct json *error = json_get(answer, "error"), *list = json_get(error, "details");
    bool any = false;
    for (size_t i = 0; list != NULL && list->type == JSON_ARRAY && i < list->n; i++)
        any = print_error(&list->items[i], query) || any;
    const struct json *at = error;
    for (const struct json *in = at; (in = json_get(in, "innererror")) != NULL; at = in)
        ;
    return any || (at != NULL && print_error(at, query));
}

/* On false, e without a message: it is printed already. */
static bool call(struct client *c, const char *target, const char *kql, struct str body,
                 struct json *out, struct err *e)
{
    int status = 0;
    if (!client_call_any(c, "POST", target, NULL, body, &status, out, e))
        return false;
    if (status >= 200 && status <= 299)
        return true;
    if (!print_errors(out, str_from(kql)))
        return client_refused(status, out, e);
    *e = (struct err){.code = ERR_INVALID};
    return false;
}

struct asked {
    struct client_place place;
    const char *kql;
    bool lake;
};

static bool ask(struct client *c, const struct asked *k, struct json *out, struct err *e)
{
    struct client_workspace w = {0};
    AUTO(sbuf_fini) struct sbuf body = sbuf_make(4 << 20);
    struct json_out o = json_out_make(&body);
    json_obj(&o);
    json_kv_z(&o, "query", k->kql);
    json_obj_end(&o);
    if (!sbuf_ok(&body))
        return err_set(e, ERR_LIMIT, "the query is too long");
    if (!client_workspace(c, k->place.workspace, &w, e))
        return false;
    struct str target = k->lake ? arena_fmt(c->a, "/vedette/v1/workspaces/%s/lake/query", w.id)
                                : arena_fmt(c->a, "/v1/workspaces/%s/query", w.id);
    return call(c, target.p, k->kql, sbuf_str(&body), out, e);
}

static bool run(struct client *c, const struct asked *k, print_fn *print, struct err *e)
{
    struct json answer = {0};
    if (!ask(c, k, &answer, e))
        return false;
    const struct json *tables = json_get(&answer, "tables");
    for (size_t i = 0; tables != NULL && i < tables->n; i++) {
        AUTO(sbuf_fini) struct sbuf out = sbuf_make(0);
        print(c->a, &tables->items[i], &out);
        struct str text = sbuf_str(&out);
        if (!sbuf_ok(&out) || fwrite(text.p, 1, text.n, stdout) != text.n)
            return err_set(e, ERR_IO, "can't write the result");
    }
    if (json_get(&answer, "error") != NULL)
        fputs("The result was cut off at the server's limit.\n", stderr);
    return true;
}

static bool take_format(void *ctx, char *value)
{
    print_fn **print = ctx;
    *print = find_format(value);
    return *print != NULL;
}

int cli_query(int argc, char **argv)
{
    struct asked k = {0};
    print_fn *print = print_table;
    const struct cli_option options[] = {OPTIONS_OF_WORKSPACE(k.place),
                                         {"format", .take = take_format, .ctx = &print},
                                         {"lake", .flag = &k.lake}};
    int code = options_read(usage, options, COUNTOF(options), argc, argv);
    if (code >= 0)
        return code;
    if (optind + 1 != argc)
        return options_misused(usage);
    struct err e = {0};
    struct client client = {0};
    k.kql = argv[optind];
    bool ok = client_open(&client, k.place.data, k.place.url, false, &e);
    if (ok) {
        ok = run(&client, &k, print, &e);
        client_close(&client);
    }
    if (!ok && e.msg[0] != '\0')
        complain("query", &e);
    return ok ? 0 : 1;
}
