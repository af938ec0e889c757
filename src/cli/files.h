/* Small helpers for files that commands read and make. */
#pragma once
#include "text/files.h"

/* Writes it, replacing what is there; "-" is standard output. Errors: ERR_IO. */
bool file_write(const char *path, struct sbuf *b, struct err *e) MUST_USE;
struct file_paths {
    char **p;
    size_t n, cap;
};
/* Files below a folder, at any depth, whose names end in one of the suffixes (NULL at the end);
 * sorted in each folder, links are not followed. Appends to out. Errors: ERR_IO, ERR_LIMIT. */
bool folder_walk(struct arena *a, const char *dir, const char *const *suffixes,
                 struct file_paths *out, struct err *e) MUST_USE;
/* Removes a folder with everything in it; links are removed, not followed. */
void remove_tree(const char *dir);
