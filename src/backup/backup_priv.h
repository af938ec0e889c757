/* Shared by the files of this folder. */
#pragma once
#include "backup/backup.h"
#include "text/json.h"

enum { BACKUP_SHA256_HEX = 64, BACKUP_FORMAT = 1, BACKUP_MAX_MANIFEST = 256 << 20 };
#define BACKUP_MANIFEST "backup.json"

struct backup_file {
    struct str path; /* below the backup and the data folder, with '/' */
    uint64_t bytes;
    char sha256[BACKUP_SHA256_HEX + 1];
};

/* ---- restore.c ---- */
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
