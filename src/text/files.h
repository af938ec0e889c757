/* Files that are read as a whole. */
#pragma once
#include "base/base.h"

/* The whole file, NUL after it. Errors: ERR_IO, ERR_LIMIT (larger than max). */
bool file_read(struct arena *a, const char *path, size_t max, struct str *out,
               struct err *e) MUST_USE;
/* Names in a folder that end in suffix, sorted, with the folder in front. */
bool folder_list(struct arena *a, const char *dir, const char *suffix, char ***out, size_t *n,
                 struct err *e) MUST_USE;
