/* What the files of store/lake share. */
#pragma once
#include "store/lake/lake.h"

/* A table's rows in the hot table that are above its mark. */
struct lake_hot {
    struct str name;
    int64_t rows, bytes;
    int64_t since_us; /* clock_mono_us() of the first of them; 0: none */
    int64_t trimmed;  /* hot rows up to here were deleted */
    int64_t retry_us; /* sealing failed: not before */
};
struct lake_view {
    struct lake *lake;
    struct arena *a;
    size_t refs; /* under lake.lock */
    struct lake_table *tables;
    size_t n;
    struct map *by_name;
    struct lake_view *prev, *next; /* all that live, under lake.lock */
};
struct lake {
    struct workspace *w;
    char *dir;                /* WORKSPACE/lake, or LAKE_DIR/<id> */
    struct engine_conn *conn; /* whoever works */

    struct lock lock; /* everything below */
    struct cond idle;
    bool working;
    struct arena *a;
    struct map *shapes; /* text → struct lake_shape */
    struct map *names;  /* table names kept in a */
    struct map *hot;    /* name → struct lake_hot */
    struct lake_view *current, *views;
    struct lake_part *unlinked; /* gone and no longer read: files to be deleted */
    struct cond moved;          /* a part is no longer LAKE_LEAVING */
    size_t store_gone;          /* objects to be deleted, in the manifest */
    int64_t healed_us;          /* clock_mono_us(): a damaged copy of a stored part was dropped */
    struct map *kept;           /* name → struct lake_kept: what tables say themselves */
    struct lake_path *paths;    /* in no order */
    size_t n_paths;
    bool paths_changed;   /* since they were saved */
    struct map *clusters; /* name → struct str: the clustering key, empty for none */

    int64_t quarantined; /* parts, since the workspace was made */

    struct lake_index *newest, *oldest; /* indexes in memory, by their last use */
    size_t index_bytes;                 /* that they take */

    /* Whoever works. */
    int64_t suspected_us, scrub_us, compact_us; /* clock_mono_us(): last look; not before */
    char scrubbed[37];                          /* id of the part that was looked at last */
};
/* Days; 0: the default. */
struct lake_kept {
    int64_t analytics_days, total_days;
};

/* ---- shape.c ---- */
/* The shape that has this text, or is made of these columns. Errors: ERR_INVALID, damaged text. */
const struct lake_shape *lake_shape_parse(struct lake *l, struct str text, struct err *e) MUST_USE;
const struct lake_shape *lake_shape_of(struct lake *l, const struct lake_column *cols, size_t n);

/* The column in which parts of the shape keep a member; NULL: they don't. */
const struct lake_column *lake_shape_path(const struct lake_shape *s, struct str phys,
                                          struct str path);

/* ---- paths.c: which members of dynamic columns queries read ---- */
struct lake_path {
    struct str table, phys, path;
    int64_t uses, used; /* used: ticks, the last time */
};
bool lake_paths_load(struct lake *l, struct err *e) MUST_USE;
void lake_paths_save(struct lake *l); /* a failure is logged */
void lake_paths_free(struct lake *l);
/* Those of a column, the most used first, copied to the arena. */
struct lake_path *lake_paths_of(struct lake *l, struct arena *a, struct str table, struct str phys,
                                size_t *out_n);

/* ---- shred.c: members that a part keeps beside its dynamic columns ---- */
struct lake_source;
struct lake_shred {
    struct phys_col col;
    struct str path, name; /* name: of the column in the file */
    enum kql_type *types;  /* one a day */
};
struct lake_shreds {
    struct lake_shred *p;
    size_t n;
};
/* Chooses them for rows of some days, n_days in the order of time; none, with a line in the log,
 * when that fails, since rows have to be sealed all the same. */
void lake_shred_choose(struct lake *l, struct arena *a, const struct lake_source *src,
                       size_t n_days, int64_t rows, struct lake_shreds *out);
/* ", SQL AS name" for each. */
void lake_shred_sql(const struct lake_shreds *x, size_t day, struct sbuf *out);

/* ---- view.c ---- */
/* A part with one reference, the caller's. Fields are filled in by the caller; texts are copied. */
struct lake_part *lake_part_new(struct lake *l, struct str table, struct str id, int64_t day);
void lake_part_unref(struct lake_part *p);
void lake_part_free(struct lake_part *p); /* nobody has it */
/* One change of one table. */
struct lake_edit {
    struct str table;
    int64_t sealed; /* the new mark; 0: as it is */
    struct lake_part **add;
    size_t n_add;
    struct lake_part *const *remove;
    size_t n_remove;
    struct str damage; /* why the removed ones are no good: their files are kept; empty: they are */
};
/* Makes the view that later queries take. */
void lake_publish(struct lake *l, const struct lake_edit *edit);
struct str lake_name_locked(struct lake *l, struct str name);
struct lake_hot *lake_hot_locked(struct lake *l, struct str name);

/* ---- place.c ---- */
/* When the folder has changed: every part is there. Errors: ERR_CONFLICT. */
bool lake_place_check(struct lake *l, struct err *e) MUST_USE;

/* ---- manifest.c ---- */
bool lake_manifest_load(struct lake *l, struct err *e) MUST_USE;
/* Enters a part's index of terms (bytes 0: it has none). */
bool lake_manifest_terms(struct lake *l, struct lake_part *p, int64_t bytes, uint32_t crc,
                         struct err *e) MUST_USE;
/* Writes the change in one transaction of the writer thread, then publishes it. */
bool lake_manifest_commit(struct lake *l, const struct lake_edit *edit, struct err *e) MUST_USE;
/* Enters that the store has the part (etag NULL: not any more). terms_crc: of its index there; -1:
 * none. */
bool lake_manifest_stored(struct lake *l, struct lake_part *p, const char *etag, int64_t terms_crc,
                          struct err *e) MUST_USE;
/* Paths of objects that are to be deleted, at most a thousand; live in a. */
bool lake_manifest_store_gone(struct lake *l, struct arena *a, struct str **out, size_t *n,
                              struct err *e) MUST_USE;
/* Adds the ids of parts that were set aside (→ anything). */
bool lake_manifest_aside(struct lake *l, struct arena *a, struct map *ids, struct err *e) MUST_USE;
/* Those objects are deleted. */
bool lake_manifest_store_went(struct lake *l, const struct str *paths, size_t n,
                              struct err *e) MUST_USE;
/* The path below the lake's folder, so that a data folder can be moved. */
struct str lake_below(const struct lake_part *p);
struct store_check;
/* How much was set aside since the workspace was made. */
bool lake_aside_count(struct lake *l, struct store_check *out, struct err *e) MUST_USE;
/* Deletes the files of parts that nobody reads any more. Within work. */
void lake_manifest_unlink(struct lake *l);

/* ---- files.c ---- */
bool lake_file_sync(const char *path, struct err *e) MUST_USE;
bool lake_dir_make(const char *path,
                   struct err *e) MUST_USE; /* with those above it below the lake */
bool lake_dir_sync(const char *path, struct err *e) MUST_USE;
/* A small file, whole or as it was. */
bool lake_text_put(const char *path, struct str text, struct err *e) MUST_USE;
bool lake_file_crc(const char *path, uint32_t *out_crc, int64_t *out_bytes, struct err *e) MUST_USE;
/* LAKE/<Table>/<yyyy>/<mm>/<dd>/<id>.parquet */
char *lake_path(struct arena *a, const struct lake *l, struct str table, int64_t day,
                struct str id);
/* Deletes a part's file and its index. false: the part is still there. */
bool lake_files_unlink(const char *part_path);
/* Deletes temporary files and indexes of no part and moves parts that keep does not have (path →
 * the part) to LAKE/orphans. */
void lake_files_tidy(struct lake *l, const struct map *keep);

/* ---- write.c ---- */
/* Writes the rows of a FROM item as parts, one a day, or all as one. */
struct lake_source {
    struct str table;
    struct str from; /* SQL */
    const struct phys_col *cols;
    size_t n;
    bool whole; /* one part of all rows, of the day of the first */
};
struct lake_written {
    struct lake_part **parts; /* the caller's references */
    size_t n;
    int64_t rows, max_received;
};
/* On failure the files that were written are deleted. Errors: ERR_IO, ERR_LIMIT. */
bool lake_write(struct lake *l, struct arena *a, const struct lake_source *src,
                struct lake_written *out, struct err *e) MUST_USE;
/* Whether the file itself says that it has the rows. */
bool lake_part_rows_ok(struct workspace *w, const struct lake_part *p, struct err *e) MUST_USE;
/* Gives up what lake_write made. */
void lake_write_undo(struct lake_written *x);
/* What TIMESTAMP_NS holds (1677 to 2262), ticks to both sides of 1970, a little less. */
#define LAKE_NANO_TICKS INT64_C(92233720368547000)
/* SQL of a part's column in engine representation. */
void lake_sql_column(const struct lake_shape *s, const struct phys_col *c, struct sbuf *out);
/* Parts of which everything is read. */
struct lake_pick *lake_whole(struct arena *a, struct lake_part *const *parts, size_t n);
/* SELECT … FROM read_parquet for the parts of f. */
void lake_sql_parts(const struct lake_from *f, struct sbuf *out);
/* The columns that a table has now. */
struct phys_col *lake_columns(struct lake *l, struct arena *a, struct str table,
                              struct str *out_hot, size_t *out_n);

/* ---- terms.c: the index of terms beside a part ---- */
/* PART.terms beside PART.parquet. */
#define LAKE_TERMS_END ".terms"
char *lake_terms_path(struct arena *a, const char *part_path);
/* Makes the index of a part whose file is in place, under its final name. Does nothing
 * where the setting is off. A failure is logged: the part is read without. Within work. */
void lake_terms_make(struct lake *l, struct lake_part *p);
/* Makes one that is missing and enters it in the manifest. false: none is missing, or it can't be
 * made now. Within work. */
bool lake_terms_mend(struct lake *l);
/* Whether the index has the bytes that were written. A part without one is fine. */
bool lake_terms_verify(const struct lake_part *p, struct err *e) MUST_USE;
/* The index can't be used: tells of it and takes it out of use until it is made anew. */
void lake_terms_distrust(struct lake_part *p, const struct err *why);

/* ---- sums.c: checksums of a part's blocks, beside it ---- */
#define LAKE_SUMS_END ".sums"
enum {
    LAKE_BLOCK_BYTES = 128 << 10,
    LAKE_WHOLE_BYTES = 4 << 20 /* parts up to there are always fetched as a whole */
};
char *lake_sums_path(struct arena *a, const char *part_path);
size_t lake_blocks(const struct lake_part *p);
/* Writes them, of a file that is in place. A failure is logged: the part is fetched as a whole. */
void lake_sums_make(const struct lake_part *p);
/* CRC-32 of each block, the caller's; NULL: there are none, or they are not of this part. */
uint32_t *lake_sums_load(const struct lake_part *p);

/* ---- terms_pick.c ---- */
/* Takes a part's index out of memory once nobody uses it. */
void lake_index_forget_locked(struct lake_part *p);

/* ---- seal.c ---- */
bool lake_seal(struct lake *l, struct str table, int64_t *out_rows, struct err *e) MUST_USE;
/* Deletes hot rows that are sealed and that no living view reads from the hot table. */
void lake_trim(struct lake *l);

/* ---- compact.c ---- */
/* Merges the small parts of one day or of one old month of one table, if there is one that is worth
 * it, or (all) any with two of them. *out_more: something was merged, look again. */
bool lake_compact(struct lake *l, bool all, bool *out_more, struct err *e) MUST_USE;

/* ---- cluster.c ---- */
bool lake_cluster_load(struct lake *l, struct err *e) MUST_USE;
/* "column, " of ORDER BY where the table has a clustering key that is stored; else nothing. */
void lake_cluster_sql(struct lake *l, const struct lake_source *src, struct sbuf *out);

/* ---- retention.c ---- */
bool lake_retention_load(struct lake *l, struct err *e) MUST_USE;
/* Whether rows may stay as long as later ones, which were received up to newest: a sixteenth longer
 * than either retention says at the most, or they are past it both. Ticks. */
bool lake_retention_spares(struct lake *l, struct str table, int64_t oldest, int64_t newest);
/* Drops the parts that are past their table's total retention. Within work. */
void lake_expire(struct lake *l);

/* ---- cache.c ---- */
/* The file of a stored part is no good: it is deleted, and fetched when it is asked for. */
void lake_cache_drop(struct lake_part *p);
/* It is here, whole. */
void lake_cache_arrived(struct lake_part *p);

/* ---- check.c ---- */
bool lake_part_verify(const struct lake_part *p, struct err *e) MUST_USE;
/* Verifies parts for some seconds at most, sets damaged ones aside; returns how many. Within work.
 */
size_t lake_suspect(struct lake *l, struct lake_part *const *parts, size_t n);
/* Looks at one part, when it is time. Within work. */
void lake_scrub(struct lake *l);
