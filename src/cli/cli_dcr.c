/* vedette dcr: list, show, put, delete and test data collection rules. */
#include <stdio.h>
#include <sys/stat.h>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/verbs.h"

enum { MAX_RULE_FILE = 1 << 20, MAX_RECORDS_FILE = 1 << 20 };

static const char usage[] =
    "usage: vedette dcr list                                  [--data DIR]\n"
    "       vedette dcr show NAME                             [--data DIR]\n"
    "       vedette dcr put FILE.json [--name NAME]           [--data DIR]\n"
    "       vedette dcr delete NAME                           [--data DIR]\n"
    "       vedette dcr test NAME|FILE.json RECORDS [--stream S]  [--data DIR]\n"
    "\n"
    "Data collection rules say which streams there are, how records are transformed, and into\n"
    "which tables they go. put reads the resource's JSON as Azure has it; --name goes before its\n"
    "name. test runs the flows of a stream (the first one, without --stream) over a file of "
    "sample\n"
    "records, a JSON array or an object a line, and prints the rows; nothing is stored. --url URL\n"
    "(with VEDETTE_TOKEN, VEDETTE_CA) names another server than that of the data folder.\n";

struct job {
    struct client_place place;
    const char *name, *stream;
    struct verb_words words;
};

/* The rules' collection, which is beside the workspaces of its resource group. */
static char *path_of(struct client *c, const struct client_workspace *w, struct str name)
{
    struct str group = str_from(w->arm);
    size_t at = group.n;
    (void)str_find(group, STR("/providers/"), &at);
    return verb_path(c,
                     arena_fmt(c->a, "%.*s/providers/Microsoft.Insights/dataCollectionRules",
                               STR_ARG(str_sub(group, 0, at))),
                     name, "", "2023-03-11");
}

/* As client_call; all that is wrong with a rule is printed. */
static bool call(struct client *c, const char *method, char *target, struct str body,
                 struct json *out, struct err *e)
{
    int status = 0;
    struct json answer = {0};
    if (!client_call_any(c, method, target, NULL, body, &status, &answer, e))
        return false;
    if (status >= 200 && status <= 299) {
        *out = answer;
        return true;
    }
    const struct json *details = json_path(&answer, "error.details");
    for (size_t i = 0; details != NULL && details->type == JSON_ARRAY && i < details->n; i++) {
        const struct json *d = &details->items[i];
        struct str code = json_text(json_get(d, "code"), STR("")),
                   target_of = json_text(json_get(d, "target"), STR("")),
                   message = json_text(json_get(d, "message"), STR(""));
        fprintf(stderr, "%.*s: %.*s: %.*s\n", STR_ARG(target_of), STR_ARG(code), STR_ARG(message));
    }
    return client_refused(status, &answer, e);
}

static bool put(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    const struct job *j = arg;
    struct verb_resource r = {0};
    struct json answer = {0};
    if (!verb_resource_read(c, &j->words, j->name, &r, e) ||
        !call(c, "PUT", path_of(c, w, r.name), r.text, &answer, e))
        return false;
    struct str id = json_text(json_path(&answer, "properties.immutableId"), STR(""));
    printf("data collection rule '%.*s' kept; its immutable id is %.*s\n", STR_ARG(r.name),
           STR_ARG(id));
    return true;
}

static struct str streams_of(struct arena *a, const struct json *rule)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_RULE_FILE);
    const struct json *flows = json_path(rule, "properties.dataFlows");
    for (size_t i = 0; flows != NULL && i < flows->n; i++) {
        const struct json *streams = json_get(&flows->items[i], "streams");
        for (size_t k = 0; streams != NULL && k < streams->n; k++) {
            sbuf_addz(&b, b.n > 0 ? ", " : "");
            sbuf_add(&b, json_text(&streams->items[k], STR("")));
        }
    }
    return arena_str(a, sbuf_str(&b));
}

static void list_row(struct client *c, const struct json *x, struct str *cells)
{
    cells[0] = json_text(json_get(x, "name"), STR(""));
    cells[1] = json_text(json_path(x, "properties.immutableId"), STR(""));
    cells[2] = json_text(json_get(x, "kind"), STR(""));
    cells[3] = streams_of(c->a, x);
}

static bool list(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    static const char *const heads[] = {"NAME", "IMMUTABLE ID", "KIND", "STREAMS"};
    (void)arg;
    return verb_list(c, path_of(c, w, STR("")), heads, COUNTOF(heads), list_row, e);
}

static void print_json(const struct json *v)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    json_value(&o, v);
    printf("%.*s\n", STR_ARG(sbuf_str(&b)));
}

static bool show(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    const struct job *j = arg;
    struct json answer = {0};
    if (!verb_words_are(&j->words, 1, "one rule's name", e) ||
        !call(c, "GET", path_of(c, w, str_from(j->words.p[0])), STR(""), &answer, e))
        return false;
    print_json(&answer);
    return true;
}

static bool delete (struct client *c, const struct client_workspace *w, const void *arg,
                    struct err *e)
{
    const struct job *j = arg;
    struct json answer = {0};
    if (!verb_words_are(&j->words, 1, "one rule's name", e))
        return false;
    char *target = path_of(c, w, str_from(j->words.p[0]));
    return call(c, "GET", target, STR(""), &answer, e) &&
           call(c, "DELETE", target, STR(""), &answer, e);
}

/* ---- test ---- */

/* "records": an array, or one value a line. */
static bool write_records(struct client *c, const char *file, struct json_out *o, struct err *e)
{
    struct str text = STR("");
    struct json v = {0};
    size_t at = 0;
    if (!file_read(c->a, file, MAX_RECORDS_FILE, &text, e))
        return false;
    json_key(o, "records");
    if (str_starts(str_trim(text), STR("["))) {
        if (!json_parse(c->a, text, NULL, &v, e))
            return false;
        json_value(o, &v);
        return true;
    }
    json_arr(o);
    while (str_trim(str_sub(text, at, text.n)).n > 0) {
        if (!json_parse_next(c->a, text, &at, NULL, &v, e))
            return false;
        json_value(o, &v);
    }
    json_arr_end(o);
    return true;
}

static int64_t number(const struct json *x, const char *name)
{
    const struct json *v = json_get(x, name);
    return v != NULL && v->type == JSON_INT ? v->i : 0;
}

static void print_flow(const struct json *x)
{
    const struct json *rows = json_get(x, "rows"), *why = json_get(x, "error");
    struct str output = json_text(json_get(x, "outputStream"), STR("")),
               workspace = json_text(json_get(x, "workspace"), STR(""));
    size_t n = rows != NULL && rows->type == JSON_ARRAY ? rows->n : 0;
    printf("flow %lld, %.*s in %.*s: %lld records, ", (long long)number(x, "flow"), STR_ARG(output),
           STR_ARG(workspace), (long long)number(x, "records"));
    if (why != NULL) {
        printf("failed: %.*s\n", STR_ARG(json_text(why, STR(""))));
        return;
    }
    printf("%zu row%s, %lld filtered, %lld values did not fit, %lld properties not declared\n", n,
           n == 1 ? "" : "s", (long long)number(x, "filtered"),
           (long long)number(x, "convertedToNull"), (long long)number(x, "droppedFields"));
    for (size_t i = 0; i < n; i++)
        print_json(&rows->items[i]);
}

/* A folder of that name is none: rules have short names. */
static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

static bool test(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    const struct job *j = arg;
    struct str text = STR("");
    struct json rule = {0}, answer = {0};
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(4 * (size_t)(MAX_RULE_FILE + MAX_RECORDS_FILE));
    struct json_out o = json_out_make(&b);
    (void)w;
    if (!verb_words_are(&j->words, 2, "a rule's name or file, and a file of records", e))
        return false;
    json_obj(&o);
    if (!is_file(j->words.p[0]))
        json_kv_z(&o, "name", j->words.p[0]);
    else if (verb_json_read(c, j->words.p[0], &text, &rule, e)) {
        json_key(&o, "rule");
        json_value(&o, &rule);
    } else
        return false;
    if (j->stream != NULL)
        json_kv_z(&o, "stream", j->stream);
    if (!write_records(c, j->words.p[1], &o, e)) {
        err_prefix(e, "%s", j->words.p[1]);
        return false;
    }
    json_obj_end(&o);
    char *target = arena_strz(c->a, STR("/vedette/v1/dataCollectionRules/try"));
    if (!call(c, "POST", target, sbuf_str(&b), &answer, e))
        return false;
    const struct json *flows = json_get(&answer, "flows");
    for (size_t i = 0; flows != NULL && i < flows->n; i++)
        print_flow(&flows->items[i]);
    return true;
}

/* ---- the command ---- */

static const struct verb verbs[] = {
    {"list", list}, {"show", show}, {"put", put}, {"delete", delete}, {"test", test}};

int cli_dcr(int argc, char **argv)
{
    struct job j = {0};
    const struct cli_option options[] = {
        OPTIONS_OF_SERVER(j.place), {"name", .text = &j.name}, {"stream", .text = &j.stream}};
    const struct verb_command k = {.name = "dcr",
                                   .usage = usage,
                                   .verbs = verbs,
                                   .n_verbs = COUNTOF(verbs),
                                   .options = options,
                                   .n_options = COUNTOF(options)};
    return verbs_run(&k, &j.place, &j.words, &j, argc, argv);
}
