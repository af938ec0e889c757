/* Parts in an S3-compatible store: what the files remote*.c and cache.c share.
 *
 * A part is written here, uploaded once it is in the manifest, and may leave this machine when the
 * store has confirmed it; its index of terms and the manifest stay. Whoever reads a part's file
 * pins it: a pinned part is here and stays. */
#pragma once
#include <stdatomic.h>

#include "s3/s3.h"
#include "store/lake/lake_priv.h"

/* A part on its way here, as a whole or block by block (remote_fetch.c), in a temporary file that
 * becomes the part's own when it has all of them. */
enum block_state { BLOCK_TODO, BLOCK_WANTED, BLOCK_RUNS, BLOCK_DONE };
enum fetch_state { FETCH_GOES, FETCH_ENDS, FETCH_DONE, FETCH_FAILED };
/* Under remote.lock but for what is noted. */
struct fetch {
    struct lake_part *part; /* with a reference */
    struct str key;         /* with these two: the opener's, then unchanged */
    char *tmp;
    struct arena *a;
    struct s3 *s3; /* while blocks run */
    atomic_bool stop;
    int fd;          /* -1: not open */
    bool made;       /* the file is there */
    bool stays;      /* when the program ends */
    uint32_t *sums;  /* of blocks; NULL: not known, so that nothing is right before all is here */
    uint8_t *blocks; /* enum block_state */
    bool *kept;      /* blocks that an earlier run of the program may have left in the file */
    size_t n_blocks, n_wanted, n_done; /* wanted: with those that run */
    size_t n_kept;
    size_t running;        /* ranges that are read */
    size_t waiters, users; /* users: files that are open for reading */
    enum fetch_state state;
    bool again; /* its bytes were wrong once */
    struct err why;
    int64_t idle_us; /* clock_mono_us() when the last waiter or user left */
    struct fetch *next;
};
struct lake_remote {
    struct store *s;
    struct arena *a;                                               /* the texts */
    const char *url;                                               /* s3://BUCKET/PREFIX */
    const char *endpoint, *region, *ca_file, *keys_file, *profile; /* NULL: see s3_options */
    const char *bucket;
    struct str prefix; /* empty, or ends with '/' */
    bool virtual_host;
    bool moved;     /* it is another place than when the store was open last */
    char owner[37]; /* the data folder's id */
    int64_t cache_bytes;
    int64_t opened; /* ticks */
    atomic_bool stop;

    struct lock lock; /* all below, to the blank line */
    struct cond wake; /* there is something to fetch */
    struct cond mover_wake;
    struct cond done; /* a fetch has ended, or a range of it */
    struct fetch *fetches;
    struct store_remote figures;
    bool due; /* the mover need not wait */
    pthread_t fetchers[16];
    unsigned n_fetchers, max_fetchers;

    /* The mover's thread. */
    pthread_t mover;
    bool moving;
    bool asked;          /* in this round, and the store did answer */
    bool owned;          /* the place is this data folder's */
    int64_t owned_since; /* ticks of the store's clock; 0: not known */
    int64_t retry_us, wait_us, listed_us;
    bool listed;
};

/* ---- remote.c ---- */
/* A client with the keys as they are now; the caller's. */
struct s3 *lake_remote_client(const struct lake_remote *r, const _Atomic bool *stop,
                              struct err *e) MUST_USE;
/* The object of a file of the lake: below is its path below the lake's folder. */
struct str lake_remote_key(struct arena *a, const struct lake *l, struct str below);
/* What parts of the manifest are here, elsewhere, or stored no more, when a lake is opened. Errors:
 * ERR_CONFLICT: parts are in a store that is not set, or not in the one that is. */
bool lake_remote_settle(struct lake *l, struct err *e) MUST_USE;
/* Counts a failure (why) or a success (NULL) of talking to the store. */
void lake_remote_note(struct lake_remote *r, const struct err *why);

/* ---- remote_list.c ---- */
/* All objects of a lake: path below the lake's folder → struct s3_object. */
bool lake_remote_list(struct s3 *s3, struct arena *a, const struct lake *l, struct map **out,
                      struct err *e) MUST_USE;
/* Whether the store has the part as it was written; wrong: why not, when it has not. Objects: as
 * lake_remote_list gave them. */
bool lake_remote_has(const struct map *objects, const struct lake_part *p, struct err *wrong);
/* Whether it has the entity tag that the store gave it: another one may be a sign of another
 * object, or of a copied bucket. */
bool lake_remote_has_tag(const struct map *objects, struct lake_part *p);
/* Deletes objects that the manifest does not name and marks parts that the store has lost. */
bool lake_remote_tidy(struct lake_remote *r, struct s3 *s3, struct lake *l, struct err *e) MUST_USE;

/* ---- remote_move.c: the mover ---- */
void lake_remote_wake(struct lake_remote *r);

/* ---- remote_fetch.c ---- */
/* Brings parts here; each is pinned by the caller. Errors: ERR_IO: the store, ERR_TIMEOUT,
 * ERR_CANCELLED. */
bool lake_remote_fetch(struct lake_remote *r, struct lake_part *const *parts, size_t n,
                       const struct lake_patience *p, struct err *e) MUST_USE;
/* Ends the threads, and what they have begun. Copies of blocks stay for the next start. */
void lake_remote_fetch_stop(struct lake_remote *r);
/* NULL: there is none. */
struct fetch *lake_fetch_find_locked(struct lake_remote *r, const struct lake_part *p);
/* Takes one that nobody uses out and frees it; the lock is open meanwhile. */
void lake_fetch_drop_locked(struct lake_remote *r, struct fetch *f);
/* The fetch of a part, begun if there is none. */
struct fetch *lake_fetch_get_locked(struct lake_remote *r, struct lake_part *part);
/* Joins those who wait for it: all of it, or blocks (from, n). false: the caller gave up meanwhile,
 * or no thread can be started; else lake_fetch_leave_locked afterwards. */
struct fetch_want {
    bool all;
    size_t from, n;
};
bool lake_fetch_join_locked(struct lake_remote *r, struct fetch *f, const struct fetch_want *want,
                            const struct lake_patience *p, struct err *e) MUST_USE;
void lake_fetch_leave_locked(struct lake_remote *r, struct fetch *f);
/* A use of it (users) ends. */
void lake_fetch_unuse_locked(struct lake_remote *r, struct fetch *f);
/* Waits a while for something to happen. false: the caller gives up (e), or the fetch has failed.
 */
bool lake_fetch_wait_locked(struct lake_remote *r, struct fetch *f, const struct lake_patience *p,
                            struct err *e) MUST_USE;
bool lake_pread(int fd, void *to, size_t n, int64_t at, const char *path, struct err *e) MUST_USE;

/* ---- remote_copies.c ---- */
/* Blocks of a part that an earlier run of the program fetched are gone on with: they are compared
 * with their checksums when they are read first. Deletes what can't be used. */
void lake_remote_adopt(struct lake_part *part);
/* Gives up what nobody has waited for in a while, and copies of parts that are gone. */
void lake_remote_fetch_tidy(struct lake_remote *r);
/* The same of those that were left before; whole: only what can't be read by blocks. */
void lake_fetch_free_idle(struct lake_remote *r, int64_t before_us, bool whole);
/* The bytes of blocks of parts that are here in part only, which nobody uses, as those of parts. */
struct fetch_copy {
    struct lake_part *part;
    int64_t used_us, bytes;
};
struct fetch_copy *lake_fetch_copies(struct lake_remote *r, struct arena *a, size_t *out_n,
                                     int64_t *out_bytes);
/* Deletes the copy of a part; false: somebody uses it, or there is none. */
bool lake_fetch_forget(struct lake_remote *r, const struct lake_part *part);

/* ---- remote_read.c ---- */
struct lake_remote_file;
/* A part that is only in the store, for reading. The caller has a reference of it. */
struct lake_remote_file *lake_remote_file_open(struct lake_remote *r, struct lake_part *part);
/* Asks for the end of the part, which says where its columns are, and does not wait: what fails is
 * asked for again when it is read. */
void lake_remote_file_ahead(struct lake_remote_file *x, const struct lake_patience *p);
/* Errors: as lake_remote_fetch; ERR_LIMIT: more than p->most_bytes were fetched. */
bool lake_remote_file_read(struct lake_remote_file *x, void *to, size_t n, int64_t at,
                           const struct lake_patience *p, struct err *e) MUST_USE;
void lake_remote_file_close(struct lake_remote_file *x);

/* ---- cache.c ---- */
/* Takes parts away that were not read for the longest time, until those that are here take no more
 * than the limit less more_bytes. */
void lake_cache_shrink(struct lake_remote *r, int64_t more_bytes);
