/* vedette kql format: queries in the house layout, from an argument, files or standard input. */
#include <getopt.h>
#include <stdio.h>

#include "base/log.h"
#include "cli/complain.h"
#include "cli/files.h"
#include "cli/kql_errors.h"
#include "cli/kql_format.h"
#include "cli/options.h"
#include "kql/format.h"
#include "text/json.h"

static const char usage[] =
    "usage: vedette kql format [--check] 'KQL'                         print it formatted\n"
    "       vedette kql format [--check]                               from standard input\n"
    "       vedette kql format [--check | --write] --files FILE...     print, check or rewrite\n"
    "       vedette kql format --batch                                 JSON lines\n"
    "\n"
    "  --check   print nothing but the names of what is not formatted; exit code 1 then\n"
    "  --files   the arguments are names of files, each with one query\n"
    "  --write   write the files back\n"
    "  --batch   JSON lines {\"id\",\"query\"} on standard input; a line {\"id\",\"formatted\"} "
    "or\n"
    "            {\"id\",\"error\"} for each\n";

struct wish {
    bool check, files, write, batch;
};

/* complain() with the line of the query. */
static void complain_of_query(const char *command, struct str query, const struct err *e)
{
    AUTO(sbuf_fini) struct sbuf out = sbuf_make(0);
    kql_errors_text(&out, query, e, NULL);
    fprintf(stderr, "vedette %s: %.*s", command, STR_ARG(sbuf_str(&out)));
}

static bool format(struct arena *a, struct str text, struct sbuf *out, struct err *e)
{
    struct kql_diags d = {.a = a};
    if (kql_format(a, text, out, &d))
        return true;
    kql_diags_err(&d, e);
    return false;
}

static bool write_file(const char *path, struct str text, struct err *e)
{
    FILE *to = fopen(path, "w");
    if (to == NULL)
        return err_errno(e, "cannot write", path);
    bool ok = fwrite(text.p, 1, text.n, to) == text.n;
    ok = fclose(to) == 0 && ok;
    return ok || err_errno(e, "cannot write", path);
}

/* One query. name: of its file, or NULL. */
static bool one(const struct wish *w, struct arena *a, const char *name, struct str text)
{
    struct err e = {0};
    AUTO(sbuf_fini) struct sbuf out = sbuf_make(0);
    bool ok = format(a, text, &out, &e);
    bool same = ok && str_eq(str_trim(text), str_trim(sbuf_str(&out)));
    if (name != NULL) /* a file ends with its newline */
        same = ok && str_eq(text, sbuf_str(&out));
    if (ok && w->check && !same)
        printf("%s\n", name != NULL ? name : "not formatted");
    else if (ok && w->write && !same)
        ok = write_file(name, sbuf_str(&out), &e);
    else if (ok && !w->check && !w->write)
        fwrite(sbuf_str(&out).p, 1, out.n, stdout);
    if (!ok) {
        if (name != NULL)
            err_prefix(&e, "%s", name);
        complain_of_query("kql format", text, &e);
    }
    return ok && (same || !w->check);
}

static bool files(const struct wish *w, char **names, int n)
{
    bool good = true;
    for (int i = 0; i < n; i++) {
        struct arena *a = arena_new(0);
        struct str text = STR_NONE;
        struct err e = {0};
        if (file_read(a, names[i], KQL_MAX_BYTES, &text, &e)) {
            good &= one(w, a, names[i], text);
        } else {
            complain("kql format", &e);
            good = false;
        }
        arena_free(a);
    }
    return good;
}

static bool standard_input(const struct wish *w)
{
    char block[4096];
    size_t n;
    AUTO(sbuf_fini) struct sbuf in = sbuf_make((size_t)2 * KQL_MAX_BYTES); /* the parser refuses */
    while ((n = fread(block, 1, sizeof(block), stdin)) > 0 && sbuf_ok(&in))
        sbuf_addmem(&in, block, n);
    struct arena *a = arena_new(0);
    bool ok = one(w, a, NULL, sbuf_str(&in));
    arena_free(a);
    return ok;
}

static void batch_line(struct arena *a, struct str line)
{
    struct json v;
    struct err e = {0};
    AUTO(sbuf_fini) struct sbuf out = sbuf_make(0), text = sbuf_make(0);
    struct json_out w = json_out_make(&out);
    const struct json *query = NULL;
    if (json_parse(a, line, NULL, &v, &e))
        query = json_get(&v, "query");
    json_obj(&w);
    if (query != NULL && json_get(&v, "id") != NULL) {
        json_key(&w, "id");
        json_value(&w, json_get(&v, "id"));
    }
    if (query == NULL || query->type != JSON_STRING) {
        json_kv_z(&w, "error", e.code != ERR_OK ? e.msg : "a line needs a \"query\"");
    } else if (format(a, query->text, &text, &e)) {
        json_kv_str(&w, "formatted", sbuf_str(&text));
    } else {
        json_kv_z(&w, "error", e.msg);
    }
    json_obj_end(&w);
    puts(sbuf_str(&out).p);
    fflush(stdout);
}
static void batch(void)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    while ((n = getline(&line, &cap, stdin)) > 0) {
        struct arena *a = arena_new(0);
        struct str text = str_trim((struct str){line, (size_t)n});
        if (text.n > 0)
            batch_line(a, text);
        arena_free(a);
    }
    xfree(line); /* getline's own */
}

static int wrong(const char *what)
{
    fprintf(stderr, "vedette kql format: %s\n", what);
    return options_misused(usage);
}

static bool query_argument(const struct wish *w, const char *text)
{
    struct arena *a = arena_new(0);
    bool ok = one(w, a, NULL, str_from(text));
    arena_free(a);
    return ok;
}

int kql_format_command(int argc, char **argv)
{
    struct wish w = {0};
    const struct cli_option options[] = {{"check", .flag = &w.check},
                                         {"files", .flag = &w.files},
                                         {"write", .flag = &w.write},
                                         {"batch", .flag = &w.batch}};
    int code = options_read(usage, options, COUNTOF(options), argc, argv);
    if (code >= 0)
        return code;
    int n = argc - optind;
    if ((w.files && n == 0) || (!w.files && n > 1) || (w.batch && n > 0))
        return wrong(w.files ? "which files?" : "give one query");
    if (w.write && (!w.files || w.check))
        return wrong("--write goes with --files, and not with --check");
    log_setup(LOG_ERROR, 2);
    if (w.batch) {
        batch();
        return 0;
    }
    if (w.files)
        return files(&w, argv + optind, n) ? 0 : 1;
    return (n == 1 ? query_argument(&w, argv[optind]) : standard_input(&w)) ? 0 : 1;
}
