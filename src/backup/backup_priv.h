/* Shared by the files of this folder. */
#pragma once
#include "backup/backup.h"
#include "text/json.h"

enum { BACKUP_SHA256_HEX = 64, BACKUP_FORMAT = 1, BACKUP_MAX_MANIFEST = 256 << 20 };
#define BACKUP_MANIFEST "backup.json"
#define EXPORT_MANIFEST "workspace.json"
#define EXPORT_OBJECTS "objects.ndjson"
#define EXPORT_RULES "collection-rules.ndjson" /* absent in older exports */

struct backup_file {
    struct str path; /* below the backup and the data folder, with '/' */
    uint64_t bytes;
    char sha256[BACKUP_SHA256_HEX + 1];
};

/* ---- write.c ---- */
/* A folder for a backup or an export: absolute, new or empty, neither in the data folder nor in the
 * store's folder of sealed rows; makes it. */
bool backup_take_dir(const char *dir, const char *data_dir, const struct store *store,
                     struct err *e) MUST_USE;
/* "format" and what all manifests begin with, in an object that is open. */
void backup_write_head(struct json_out *o, struct clock *clock);
void backup_write_files(struct json_out *o, const struct backup_file *files, size_t n);
/* The manifest, last of all. */
bool backup_write_manifest(const char *dir, const char *name, struct sbuf *text,
                           struct err *e) MUST_USE;

/* ---- restore.c ---- */
/* A file of a backup's folder, as text in a. Errors: ERR_INVALID: longer than most bytes. */
bool backup_read_text(struct arena *a, const char *dir, const char *name, size_t most,
                      struct str *out, struct err *e) MUST_USE;
/* Parses a manifest and the files that it lists. */
bool backup_read_files(struct arena *a, const char *name, struct str text, struct json *out_root,
                       struct backup_file **out, size_t *n, struct err *e) MUST_USE;
/* Copies a file of the backup to the new file target, and compares it with what was written. */
bool backup_take_file(struct arena *a, const char *dir, const char *target,
                      const struct backup_file *f, struct err *e) MUST_USE;
/* The files that a backup.json lists, in a: paths that stay below the folder, sizes, hashes.
 * Errors: ERR_INVALID. */
bool backup_read_manifest(struct arena *a, struct str text, struct backup_file **out, size_t *n,
                          struct err *e) MUST_USE;

/* ---- files.c ---- */
bool backup_hash(const char *path, struct backup_file *out, struct err *e) MUST_USE;
/* Copies from to a new file at to, hashes it on the way, and syncs it. */
bool backup_copy(const char *from, const char *to, struct backup_file *out, struct err *e) MUST_USE;
/* The same for a file that never changes: a hard link where that is possible. */
bool backup_link(const char *from, const char *to, struct backup_file *out, struct err *e) MUST_USE;
/* Moves it, over file systems too. */
bool backup_move(const char *from, const char *to, struct backup_file *out, struct err *e) MUST_USE;
bool backup_write_text(const char *path, struct str text, struct err *e) MUST_USE;
bool backup_make_dir(const char *path, struct err *e) MUST_USE; /* 0700; fine when it is there */
/* The folder that path is in, with those above it, up to the folder root. */
bool backup_make_parents(struct arena *a, const char *root, struct str path,
                         struct err *e) MUST_USE;
bool backup_sync_dir(const char *path, struct err *e) MUST_USE;
/* *out: it does not exist or has nothing in it. */
bool backup_dir_is_free(const char *path, bool *out, struct err *e) MUST_USE;
