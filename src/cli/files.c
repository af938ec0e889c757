/* Files that commands read and make. */
#include "cli/files.h"
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

bool file_write(const char *path, struct sbuf *b, struct err *e)
{
    bool out = strcmp(path, "-") == 0;
    FILE *f = out ? stdout : fopen(path, "we");
    if (f == NULL)
        return err_errno(e, "can't write", path);
    bool ok = sbuf_ok(b) && fwrite(b->p, 1, b->n, f) == b->n;
    ok = (out ? fflush(f) : fclose(f)) == 0 && ok;
    return ok || err_errno(e, "can't write", path);
}

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
