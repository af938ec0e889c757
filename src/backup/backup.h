/* Backups: a copy of everything below the data folder at one moment, made while the server runs,
 * and the way back. Knows no HTTP. */
#pragma once
#include "base/clock.h"
#include "state/state.h"
#include "store/store.h"

struct backup_options { /* all borrowed */
    struct store *store;
    struct state *state;
    struct clock *clock;
    const char *data_dir;
    const char *dir; /* absolute, outside of data_dir; must not exist, or be empty */
};
struct backup_result {
    size_t files;
    uint64_t bytes;
    uint64_t old_rows; /* backup_import: past their retention, so that a server drops them */
};
/* Writes a backup to o->dir: backup.json, which lists every file with its size and SHA-256 and is
 * written last, and the files as they lie in a data folder. What was acknowledged before the call
 * is in it. Rows of a workspace and their accounting are of one moment; the control database is of
 * a moment before, so that what it holds for the log tables is repeated, not lost, and recognised
 * as repeated. Errors: ERR_INVALID (dir), ERR_CONFLICT (another one runs), ERR_IO. */
bool backup_write(const struct backup_options *o, struct backup_result *out,
                  struct err *e) MUST_USE;
/* Makes the data folder data_dir out of the backup in dir. data_dir must not exist, or be empty; it
 * appears at once when every file is whole. Errors: ERR_INVALID (dir is no backup, a file has
 * changed), ERR_CONFLICT (data_dir), ERR_IO. */
bool backup_restore(const char *dir, const char *data_dir, struct backup_result *out,
                    struct err *e) MUST_USE;
/* ---- one workspace ---- */
struct export_options { /* all borrowed */
    struct store *store;
    struct state *state;
    struct clock *clock;
    struct workspace *workspace;
    const char *data_dir;
    const char *dir; /* absolute, outside of data_dir; must not exist, or be empty */
};
/* Writes the workspace to o->dir: its rows as Parquet files, its rules, incidents and other objects
 * as JSON lines, and workspace.json, which lists the files with their SHA-256, tells of the tables,
 * and is written last. Seals all rows first: what was acknowledged before the call is in it.
 * Errors: ERR_INVALID (dir), ERR_IO. */
bool backup_export(const struct export_options *o, struct backup_result *out,
                   struct err *e) MUST_USE;
struct import_options {
    const char *data_dir; /* that no server uses; the caller holds its lock */
    const char *dir;      /* of an export */
    struct clock *clock;
    struct str name;        /* of the new workspace; empty: as it was */
    int64_t retention_days; /* of all tables; 0: as it was */
};
/* Makes a workspace of the data folder out of an export, at once when every file is whole: after an
 * error, or a crash, there is none. It keeps its id if the data folder has no such workspace.
 * Errors: ERR_INVALID (dir is no export, a file has changed), ERR_CONFLICT (name), ERR_IO. */
bool backup_import(const struct import_options *o, struct backup_result *out,
                   struct err *e) MUST_USE;

/* Reads every file of the backup in dir and compares its hash. Errors: as backup_restore. */
bool backup_check(const char *dir, struct backup_result *out, struct err *e) MUST_USE;
