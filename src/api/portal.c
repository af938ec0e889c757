/* Reads the built portal into memory. */
#include "api/portal.h"
#include "base/content.h"
#include "base/log.h"
#include "text/files.h"
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { MAX_FILE_BYTES = 64 << 20, MAX_DEPTH = 8 };

struct portal {
    struct arena *arena;
    VEC(struct portal_file) files; /* sorted by name */
};

static const char *type_of(struct str name)
{
    static const struct {
        const char *suffix, *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".json", "application/json; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".ttf", "font/ttf"},
        {".wasm", "application/wasm"},
        {".txt", "text/plain; charset=utf-8"},
    };
    for (size_t i = 0; i < COUNTOF(types); i++)
        if (str_ends(name, str_from(types[i].suffix)))
            return types[i].type;
    return "application/octet-stream";
}

static bool add_file(struct portal *p, const char *path, struct str name, struct err *e)
{
    struct portal_file f = {
        .name = name, .type = type_of(name), .named_by_hash = str_starts(name, STR("assets/"))};
    if (!file_read(p->arena, path, MAX_FILE_BYTES, &f.bytes, e))
        return false;
    snprintf(f.etag, sizeof(f.etag), "W/\"%016" PRIx64 "\"", str_hash(f.bytes));
    VEC_PUSH(p->arena, &p->files, f);
    return true;
}

/* Adds what is in dir; its files are called prefix and their own name. */
static bool add_folder(struct portal *p, struct str dir, struct str prefix, int depth,
                       struct err *e)
{
    char **paths = NULL;
    size_t n = 0;
    if (depth == MAX_DEPTH)
        return err_set(e, ERR_LIMIT, "%.*s is nested too deeply", STR_ARG(dir));
    if (!folder_list(p->arena, dir.p, "", &paths, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct stat st;
        struct str own = str_sub(str_from(paths[i]), dir.n + 1, SIZE_MAX);
        struct str name = arena_fmt(p->arena, "%.*s%.*s", STR_ARG(prefix), STR_ARG(own));
        if (stat(paths[i], &st) != 0)
            return err_errno(e, "can't look at", paths[i]);
        if (S_ISDIR(st.st_mode)) {
            struct str below = arena_fmt(p->arena, "%.*s/", STR_ARG(name));
            if (!add_folder(p, str_from(paths[i]), below, depth + 1, e))
                return false;
        } else if (S_ISREG(st.st_mode) && !add_file(p, paths[i], name, e)) {
            return false;
        }
    }
    return true;
}

static int by_name(const void *x, const void *y)
{
    const struct portal_file *a = x, *b = y;
    return str_cmp(a->name, b->name);
}

/* "x.js.gz" is the packed form of "x.js", and stays without a name of its own being of use. */
static void join_packed(struct portal *p)
{
    for (size_t i = 0; i < p->files.n; i++) {
        struct str name = p->files.p[i].name;
        if (!str_ends(name, STR(".gz")))
            continue;
        struct portal_file key = {.name = str_sub(name, 0, name.n - 3)};
        struct portal_file *plain = bsearch(&key, p->files.p, p->files.n, sizeof(key), by_name);
        if (plain != NULL)
            plain->gzip = p->files.p[i].bytes;
    }
}

struct portal *portal_load(void)
{
    struct err e = {0};
    struct str dir = STR_NONE;
    struct portal *p = xcalloc(1, sizeof(*p));
    p->arena = arena_new(0);
    if (!content_portal(p->arena, &dir, &e)) {
        LOG(LOG_INFO, "portal", "there is no portal", log_z("reason", e.msg));
        return p;
    }
    if (!add_folder(p, dir, STR(""), 0, &e)) {
        LOG(LOG_ERROR, "portal", "the portal can't be read", log_z("reason", e.msg));
        p->files.n = 0;
        return p;
    }
    if (p->files.n > 1)
        qsort(p->files.p, p->files.n, sizeof(*p->files.p), by_name);
    join_packed(p);
    return p;
}

void portal_free(struct portal *p)
{
    if (p == NULL)
        return;
    arena_free(p->arena);
    xfree(p);
}

const struct portal_file *portal_find(const struct portal *p, struct str name)
{
    struct portal_file key = {.name = name};
    if (p == NULL || p->files.n == 0)
        return NULL;
    return bsearch(&key, p->files.p, p->files.n, sizeof(key), by_name);
}
