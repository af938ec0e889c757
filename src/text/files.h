/* Files that are read as a whole. */
#pragma once
#include "base/base.h"

/* The whole file, NUL after it. Errors: ERR_IO, ERR_LIMIT (larger than max). */
bool file_read(struct arena *a, const char *path, size_t max, struct str *out,
               struct err *e) MUST_USE;
/* Names in a folder that end in suffix, sorted, with the folder in front. */
bool folder_list(struct arena *a, const char *dir, const char *suffix, char ***out, size_t *n,
                 struct err *e) MUST_USE;
struct file_paths {
    char **p;
    size_t n, cap;
};
/* Files below a folder, at any depth, whose names end in one of the suffixes (NULL at the end);
 * sorted in each folder, links are not followed. Appends to out. Errors: ERR_IO, ERR_LIMIT. */
bool folder_walk(struct arena *a, const char *dir, const char *const *suffixes,
                 struct file_paths *out, struct err *e) MUST_USE;
/* The file itself, whatever its name, or what folder_walk finds below a folder. */
bool files_at(struct arena *a, const char *path, const char *const *suffixes,
              struct file_paths *out, struct err *e) MUST_USE;
/* Removes a folder with everything in it; links are removed, not followed. */
void remove_tree(const char *dir);
