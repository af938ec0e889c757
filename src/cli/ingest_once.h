/* A file that was imported before is not imported again: by its content, for each table. */
#pragma once
#include "cli/client.h"

enum { FILE_ID_BYTES = 64 };
/* The file's content as a name: letters, digits and dashes. */
bool file_identity(const char *path, char out[FILE_ID_BYTES], struct err *e) MUST_USE;
/* *out_when: when the file was imported into the table; empty: it was not. */
bool import_known(struct client *c, const char *workspace, const char *table, const char *id,
                  struct str *out_when, struct err *e) MUST_USE;
bool import_done(struct client *c, const char *workspace, const char *table, const char *id,
                 const char *file, uint64_t records, struct err *e) MUST_USE;
