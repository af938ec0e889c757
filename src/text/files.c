/* Whole files, and what is in a folder. */
#include "text/files.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

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
