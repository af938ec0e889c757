/* A folder of logs, functions and watchlists as a workspace of its own. */
#include "cli/backtest_logs.h"
#include "cli/files.h"
#include "library/library.h"
#include "text/csv.h"
#include "text/unpack.h"
#include <stdio.h>

enum { CHUNK_BYTES = 8 << 20, READ_BYTES = 256 << 10, MAX_FILE = 32 << 20 };

static const char *const log_endings[] = {".ndjson",     ".jsonl",     ".ndjson.gz", ".jsonl.gz",
                                          ".ndjson.zst", ".jsonl.zst", NULL};

static bool add(const char **list, size_t *n, const char *path)
{
    if (*n == BACKTEST_MAX_INPUTS)
        return false;
    list[(*n)++] = path;
    return true;
}

bool backtest_logs_functions(struct backtest_logs *b, const char *path)
{
    return add(b->functions, &b->n_functions, path);
}

bool backtest_logs_watchlist(struct backtest_logs *b, const char *path)
{
    return add(b->watchlists, &b->n_watchlists, path);
}

static struct str file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return str_from(slash != NULL ? slash + 1 : path);
}

/* ---- logs ---- */

struct load {
    struct client *c;
    const char *path, *target;
    uint64_t rejected;
};

static bool send(struct load *l, struct str lines, struct err *e)
{
    struct arena *keep = l->c->a;
    struct json answer = {0};
    AUTO(arena_freep) struct arena *a = arena_new(0);
    if (str_trim(lines).n == 0)
        return true;
    l->c->a = a;
    bool ok = client_call(l->c, "POST", l->target, "application/octet-stream", lines, &answer, e);
    l->c->a = keep;
    const struct json *n = json_get(&answer, "rejected");
    l->rejected += ok && n != NULL ? (uint64_t)n->i : 0;
    return ok;
}

/* Whole lines of what was read; the rest stays. */
static bool send_lines(struct load *l, struct sbuf *b, struct err *e)
{
    struct str all = sbuf_str(b);
    const char *end = all.n > 0 ? memrchr(all.p, '\n', all.n) : NULL;
    if (end == NULL)
        return true;
    size_t n = (size_t)(end - all.p) + 1;
    AUTO(sbuf_fini) struct sbuf rest = sbuf_make(0);
    sbuf_add(&rest, str_sub(all, n, all.n));
    if (!send(l, str_sub(all, 0, n), e))
        return false;
    sbuf_clear(b);
    sbuf_add(b, sbuf_str(&rest));
    return true;
}

static bool load_stream(struct load *l, struct unpack *u, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    AUTO(xfreep) char *block = xmalloc(READ_BYTES);
    size_t n = 1;
    while (n > 0) {
        if (!unpack_read(u, block, READ_BYTES, &n, e))
            return false;
        sbuf_addmem(&b, block, n);
        if (b.n >= CHUNK_BYTES && !send_lines(l, &b, e))
            return false;
    }
    return send(l, sbuf_str(&b), e);
}

static bool load_log(struct client *c, const struct client_workspace *w, const char *path,
                     struct err *e)
{
    struct str table = file_name(path);
    for (size_t i = 0; log_endings[i] != NULL; i++)
        if (str_ends(table, str_from(log_endings[i])))
            table = str_sub(table, 0, table.n - strlen(log_endings[i]));
    struct load l = {.c = c, .path = path};
    l.target = arena_fmt(c->a, "/vedette/v1/workspaces/%s/records/%.*s?format=ndjson", w->id,
                         STR_ARG(client_encoded(c->a, table)))
                   .p;
    struct unpack *u = unpack_open(path, e);
    bool ok = u != NULL && load_stream(&l, u, e);
    if (u != NULL)
        unpack_close(u);
    if (!ok)
        err_prefix(e, "%s", path);
    if (l.rejected > 0)
        fprintf(stderr, "%s: %llu records were rejected\n", path, (unsigned long long)l.rejected);
    return ok;
}

/* ---- functions and watchlists ---- */

static bool load_functions_of(struct client *c, const struct client_workspace *w, const char *path,
                              struct err *e)
{
    struct str text = STR(""), name = client_encoded(c->a, file_name(path));
    char *target = arena_strz(c->a, arena_fmt(c->a, "/vedette/v1/workspaces/%s/functions?file=%.*s",
                                              w->id, STR_ARG(name)));
    if (file_read(c->a, path, MAX_FILE, &text, e) &&
        client_call(c, "POST", target, "text/plain", text, NULL, e))
        return true;
    err_prefix(e, "%s", path);
    return false;
}

static bool load_functions(struct client *c, const struct client_workspace *w, const char *path,
                           struct err *e)
{
    struct file_paths files = {0};
    if (!files_at(c->a, path, library_suffixes, &files, e))
        return false;
    for (size_t i = 0; i < files.n; i++)
        if (!load_functions_of(c, w, files.p[i], e))
            return false;
    return true;
}

/* "ALIAS.csv", the first column its key. */
static bool load_watchlist(struct client *c, const struct client_workspace *w, const char *path,
                           struct err *e)
{
    struct str text = STR(""), alias = file_name(path), *names = NULL;
    size_t at = 0, n = 0;
    bool tabs = str_ends(alias, STR(".tsv"));
    if (!file_read(c->a, path, MAX_FILE, &text, e))
        return false;
    if (str_ends(alias, STR(".csv")) || tabs)
        alias = str_sub(alias, 0, alias.n - 4);
    if (!csv_line_by(c->a, text, &at, tabs ? '\t' : ',', &names, &n, e) || n == 0)
        return err_set(e, ERR_SYNTAX, "%s: a line of column names expected", path);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    json_key(&o, "properties");
    json_obj(&o);
    json_kv_str(&o, "displayName", alias);
    json_kv_z(&o, "provider", "Vedette");
    json_kv_str(&o, "source", file_name(path));
    json_kv_str(&o, "itemsSearchKey", str_trim(names[0]));
    json_kv_z(&o, "contentType", tabs ? "text/tsv" : "text/csv");
    json_kv_str(&o, "rawContent", text);
    json_obj_end(&o);
    json_obj_end(&o);
    char *target = arena_strz(c->a, arena_fmt(c->a, "%s/watchlists/%.*s?api-version=2024-09-01",
                                              w->insights, STR_ARG(client_encoded(c->a, alias))));
    if (client_call(c, "PUT", target, NULL, sbuf_str(&b), NULL, e))
        return true;
    err_prefix(e, "%s", path);
    return false;
}

bool backtest_logs_load(struct client *c, const struct client_workspace *w, const char *dir,
                        const struct backtest_logs *b, struct err *e)
{
    struct file_paths files = {0};
    if (!folder_walk(c->a, dir, log_endings, &files, e))
        return false;
    if (files.n == 0)
        return err_set(e, ERR_NOT_FOUND, "no TABLE.ndjson file in %s", dir);
    for (size_t i = 0; i < files.n; i++)
        if (!load_log(c, w, files.p[i], e))
            return false;
    for (size_t i = 0; i < b->n_functions; i++)
        if (!load_functions(c, w, b->functions[i], e))
            return false;
    for (size_t i = 0; i < b->n_watchlists; i++)
        if (!load_watchlist(c, w, b->watchlists[i], e))
            return false;
    return true;
}
