/* Files that a pattern names: a walk over its parts. */
#include "tail/tail_priv.h"
#include <dirent.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>

enum { MAX_FOLDERS = 20000 };

static bool is_wild(struct str part)
{
    return str_holds(part, '*') || str_holds(part, '?') || str_holds(part, '[');
}

void find_base(const char *pattern, char *out, size_t size)
{
    struct str s = str_from(pattern);
    size_t end = 0;
    struct stat st;
    for (size_t i = 1; i <= s.n; i++) {
        if (i < s.n && s.p[i] != '/')
            continue;
        if (is_wild(str_sub(s, end, i - end)))
            break;
        end = i;
    }
    bool folder = end == s.n && stat(pattern, &st) == 0 && S_ISDIR(st.st_mode);
    while (end == s.n && end > 0 && !folder && s.p[--end] != '/')
        s.n = end; /* a single file: the folder that it is in */
    snprintf(out, size, "%.*s", (int)(end > 0 ? end : 1), end > 0 ? pattern : "/");
}

static void add_file(struct found_files *out, const char *path, const struct stat *st)
{
    if (out->n == TAIL_MAX_FILES) {
        out->too_many = true;
        return;
    }
    if (out->n == out->cap)
        out->p = base_vec_grow(out->a, out->p, &out->cap, sizeof(*out->p));
    out->p[out->n++] = (struct found){arena_strz(out->a, str_from(path)), *st};
}

static void walk(struct found_files *out, const char *folder, struct str rest);

static void enter(struct found_files *out, const char *folder, const char *name, struct str rest)
{
    char path[PATH_MAX];
    struct stat st;
    int n = snprintf(path, sizeof(path), "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, name);
    if (n < 0 || (size_t)n >= sizeof(path) || stat(path, &st) != 0)
        return;
    if (S_ISREG(st.st_mode) && rest.n == 0)
        add_file(out, path, &st);
    else if (S_ISDIR(st.st_mode) && rest.n > 0)
        walk(out, path, rest);
}

/* rest: the pattern's parts below folder. */
static void walk(struct found_files *out, const char *folder, struct str rest)
{
    char part[NAME_MAX + 1];
    size_t at = rest.n;
    (void)str_find(rest, STR("/"), &at);
    struct str first = str_sub(rest, 0, at), more = str_sub(rest, at + 1, rest.n);
    if (first.n == 0 || first.n > NAME_MAX || out->folders.n == MAX_FOLDERS)
        return;
    snprintf(part, sizeof(part), "%.*s", STR_ARG(first));
    VEC_PUSH(out->a, &out->folders, arena_strz(out->a, str_from(folder)));
    if (!is_wild(first)) {
        enter(out, folder, part, more);
        return;
    }
    DIR *d = opendir(folder);
    if (d == NULL)
        return;
    for (struct dirent *item; (item = readdir(d)) != NULL && !out->too_many;)
        if (fnmatch(part, item->d_name, FNM_PERIOD) == 0)
            enter(out, folder, item->d_name, more);
    closedir(d);
}

void find_files(const char *pattern, struct found_files *out)
{
    struct stat st;
    if (stat(pattern, &st) == 0 && S_ISDIR(st.st_mode)) {
        walk(out, pattern, STR("*"));
        return;
    }
    walk(out, "/", str_from(pattern + 1));
}
