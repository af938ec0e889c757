/* Whole files, and what is in a folder. */
#include "text/files.h"
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

bool file_read(struct arena *a, const char *path, size_t max, struct str *out, struct err *e)
{
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return err_errno(e, "can't read", path);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(max);
    char chunk[16384];
    size_t n = 0;
    while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
        sbuf_addmem(&b, chunk, n);
    bool bad = ferror(f) != 0;
    (void)fclose(f);
    if (bad)
        return err_errno(e, "can't read", path);
    if (!sbuf_ok(&b))
        return err_set(e, ERR_LIMIT, "%s is larger than %zu bytes", path, max);
    *out = arena_str(a, sbuf_str(&b));
    return true;
}

static int by_name(const void *x, const void *y)
{
    char *const *a = x, *const *b = y;
    return strcmp(*a, *b);
}

bool folder_list(struct arena *a, const char *dir, const char *suffix, char ***out, size_t *n,
                 struct err *e)
{
    VEC(char *) names = {0};
    DIR *d = opendir(dir);
    if (d == NULL)
        return err_errno(e, "can't read the folder", dir);
    for (struct dirent *f; (f = readdir(d)) != NULL;)
        if (f->d_name[0] != '.' && str_ends(str_from(f->d_name), str_from(suffix)))
            VEC_PUSH(a, &names, arena_strz(a, arena_fmt(a, "%s/%s", dir, f->d_name)));
    (void)closedir(d);
    if (names.n > 1)
        qsort(names.p, names.n, sizeof(*names.p), by_name);
    *out = names.p;
    *n = names.n;
    return true;
}

/* ---- folders at any depth ---- */

enum { MAX_FOLDERS_DEEP = 32, MAX_FILES = 20000 };

struct walk {
    struct arena *a;
    const char *const *suffixes;
    struct file_paths *out;
    struct err *e;
};

static bool is_wanted(const struct walk *w, const char *name)
{
    for (const char *const *s = w->suffixes; *s != NULL; s++)
        if (str_ends(str_from(name), str_from(*s)))
            return true;
    return false;
}

static bool walk(const struct walk *w, const char *dir, unsigned depth)
{
    char **list = NULL;
    size_t n = 0;
    if (depth > MAX_FOLDERS_DEEP)
        return err_set(w->e, ERR_LIMIT, "%s: folders deeper than %d", dir, MAX_FOLDERS_DEEP);
    if (!folder_list(w->a, dir, "", &list, &n, w->e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct stat st;
        if (lstat(list[i], &st) != 0)
            return err_errno(w->e, "can't read", list[i]);
        if (S_ISDIR(st.st_mode) && !walk(w, list[i], depth + 1))
            return false;
        if (!S_ISREG(st.st_mode) || !is_wanted(w, list[i]))
            continue;
        if (w->out->n >= MAX_FILES)
            return err_set(w->e, ERR_LIMIT, "more than %d files", MAX_FILES);
        VEC_PUSH(w->a, w->out, list[i]);
    }
    return true;
}

bool folder_walk(struct arena *a, const char *dir, const char *const *suffixes,
                 struct file_paths *out, struct err *e)
{
    struct walk w = {a, suffixes, out, e};
    return walk(&w, dir, 1);
}

bool files_at(struct arena *a, const char *path, const char *const *suffixes,
              struct file_paths *out, struct err *e)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return err_errno(e, "can't read", path);
    if (S_ISDIR(st.st_mode))
        return folder_walk(a, path, suffixes, out, e);
    VEC_PUSH(a, out, arena_strz(a, str_from(path)));
    return true;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    (void)remove(path);
    return 0;
}

void remove_tree(const char *dir)
{
    (void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
