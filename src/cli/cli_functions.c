/* vedette functions: import, list, show and delete the functions of a workspace. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/text_table.h"
#include "cli/verbs.h"

enum { MAX_FILE = 32 << 20 };

static const char usage[] =
    "usage: vedette functions import      [--data DIR] [--workspace W] FILE|DIR…\n"
    "       vedette functions list        [--data DIR] [--workspace W]\n"
    "       vedette functions show NAME   [--data DIR] [--workspace W]\n"
    "       vedette functions delete NAME [--data DIR] [--workspace W]\n"
    "\n"
    "Functions that queries and rules of the workspace can call. import reads parsers of\n"
    "Azure-Sentinel (.yaml), ARM templates and lists of {\"name\", \"parameters\", \"body\"} "
    "(.json),\n"
    ".create function commands, and files of one query (.kql, .csl, .txt), whose function is "
    "called\n"
    "like the file. A folder stands for all such files below it. Functions may name each other in\n"
    "any order; what is missing at the end is told. --url URL (with VEDETTE_TOKEN, VEDETTE_CA)\n"
    "names another server than that of the data folder.\n";

struct job {
    struct client_place place;
    struct verb_words words;
};

/* ---- import ---- */

static bool collect(struct arena *a, struct file_paths *out, const char *path, struct err *e)
{
    size_t before = out->n;
    if (!files_at(a, path, library_suffixes, out, e))
        return false;
    return out->n > before || err_set(e, ERR_NOT_FOUND, "no file of functions in %s", path);
}

struct progress {
    size_t functions, files, refused;
    bool last; /* tell what is missing */
};

static void told(const char *file, const struct json *saved, struct progress *p, bool *out_missing)
{
    for (size_t i = 0; saved != NULL && i < saved->n; i++) {
        struct str name = json_text(json_get(&saved->items[i], "name"), STR(""));
        struct str missing = json_text(json_get(&saved->items[i], "missing"), STR(""));
        p->functions++;
        *out_missing = *out_missing || missing.n > 0;
        if (missing.n > 0 && p->last)
            fprintf(stderr, "%s: note: %.*s: %.*s\n", file, STR_ARG(name), STR_ARG(missing));
    }
}

static bool import_file(struct client *c, const struct client_workspace *w, const char *file,
                        struct progress *p, bool *out_missing, struct err *e)
{
    struct str text = STR("");
    struct json answer = {0};
    int status = 0;
    const char *base = strrchr(file, '/');
    struct str name = client_encoded(c->a, str_from(base != NULL ? base + 1 : file));
    char *target = arena_strz(c->a, arena_fmt(c->a, "/vedette/v1/workspaces/%s/functions?file=%.*s",
                                              w->id, STR_ARG(name)));
    if (!file_read(c->a, file, MAX_FILE, &text, e) ||
        !client_call_any(c, "POST", target, "text/plain", text, &status, &answer, e))
        return false;
    if (status == 200) {
        told(file, json_get(&answer, "value"), p, out_missing);
        return true;
    }
    struct str why = json_text(json_path(&answer, "error.message"), STR(""));
    if (status == 401 || status == 403 || status >= 500)
        return err_set(e, ERR_INVALID, "%s: %.*s", file, STR_ARG(why));
    p->refused++;
    fprintf(stderr, "%s: error: %.*s\n", file, STR_ARG(why));
    return true;
}

/* Twice for those that named something that was not there: by then it may be. */
static bool import(struct client *c, const struct client_workspace *w, const void *arg,
                   struct err *e)
{
    const struct job *j = arg;
    struct file_paths files = {0};
    struct progress p = {0}, again = {.last = true};
    if (j->words.n == 0)
        return err_set(e, ERR_INVALID, "files or folders of functions expected");
    for (int i = 0; i < j->words.n; i++)
        if (!collect(c->a, &files, j->words.p[i], e))
            return false;
    bool *missing = arena_array(c->a, bool, files.n + 1);
    for (size_t i = 0; i < files.n; i++)
        if (!import_file(c, w, files.p[i], &p, &missing[i], e))
            return false;
    for (size_t i = 0; i < files.n; i++)
        if (missing[i] && !import_file(c, w, files.p[i], &again, &missing[i], e))
            return false;
    printf("%zu functions imported, %zu files refused\n", p.functions, p.refused);
    return p.refused == 0 || err_set(e, ERR_INVALID, "some files were refused");
}

/* ---- list, show, delete ---- */

static void list_row(struct client *c, const struct json *x, struct str *cells)
{
    (void)c;
    cells[0] = json_text(json_get(x, "name"), STR(""));
    cells[1] = json_text(json_get(x, "folder"), STR(""));
    cells[2] = json_text(json_get(x, "parameters"), STR(""));
}

static bool list(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    static const char *const heads[] = {"NAME", "FOLDER", "PARAMETERS"};
    (void)arg;
    char *target = arena_strz(c->a, arena_fmt(c->a, "/vedette/v1/workspaces/%s/functions", w->id));
    return verb_list(c, target, heads, COUNTOF(heads), list_row, e);
}

static bool one(struct client *c, const struct client_workspace *w, const struct job *j,
                const char *method, struct json *answer, struct err *e)
{
    if (j->words.n != 1)
        return err_set(e, ERR_INVALID, "one function's name expected");
    struct str name = client_encoded(c->a, str_from(j->words.p[0]));
    char *target = arena_strz(
        c->a, arena_fmt(c->a, "/vedette/v1/workspaces/%s/functions/%.*s", w->id, STR_ARG(name)));
    return client_call(c, method, target, NULL, STR(""), answer, e);
}

/* As Kusto's command that makes it, ready for import. */
static bool show(struct client *c, const struct client_workspace *w, const void *arg, struct err *e)
{
    struct json f = {0};
    AUTO(sbuf_fini) struct sbuf texts = sbuf_make(1 << 20);
    if (!one(c, w, arg, "GET", &f, e))
        return false;
    sbuf_addz(&texts, "docstring = ");
    json_escape(&texts, json_text(json_get(&f, "docString"), STR("")));
    sbuf_addz(&texts, ", folder = ");
    json_escape(&texts, json_text(json_get(&f, "folder"), STR("")));
    const struct json *revision = json_get(&f, "revision");
    printf("// revision %lld, changed %.*s by %.*s\n"
           ".create-or-alter function with (%.*s)\n%.*s%.*s\n%.*s\n",
           revision != NULL ? (long long)revision->i : 0,
           STR_ARG(json_text(json_get(&f, "modified"), STR(""))),
           STR_ARG(json_text(json_get(&f, "modifiedBy"), STR(""))), STR_ARG(sbuf_str(&texts)),
           STR_ARG(json_text(json_get(&f, "name"), STR(""))),
           STR_ARG(json_text(json_get(&f, "parameters"), STR(""))),
           STR_ARG(json_text(json_get(&f, "body"), STR(""))));
    return true;
}

static bool delete (struct client *c, const struct client_workspace *w, const void *arg,
                    struct err *e)
{
    struct json answer = {0};
    return one(c, w, arg, "DELETE", &answer, e);
}

/* ---- the command ---- */

static const struct verb verbs[] = {
    {"import", import}, {"list", list}, {"show", show}, {"delete", delete}};

int cli_functions(int argc, char **argv)
{
    struct job j = {0};
    const struct cli_option options[] = {OPTIONS_OF_WORKSPACE(j.place)};
    const struct verb_command k = {.name = "functions",
                                   .usage = usage,
                                   .verbs = verbs,
                                   .n_verbs = COUNTOF(verbs),
                                   .options = options,
                                   .n_options = COUNTOF(options)};
    return verbs_run(&k, &j.place, &j.words, &j, argc, argv);
}
