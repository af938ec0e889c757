/* Parts in an S3-compatible store: what the files remote*.c and cache.c share.
 *
 * A part is written here, uploaded once it is in the manifest, and may leave this machine when the
 * store has confirmed it; its index of terms and the manifest stay. Whoever reads a part's file
 * pins it: a pinned part is here and stays. */
#pragma once
#include <stdatomic.h>

#include "s3/s3.h"
#include "store/lake/lake_priv.h"

struct fetch; /* remote_fetch.c: a part on its way here */
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
/* Ends the threads, and what they have begun. */
void lake_remote_fetch_stop(struct lake_remote *r);
/* Gives up what nobody has waited for in a while. */
void lake_remote_fetch_tidy(struct lake_remote *r);

/* ---- cache.c ---- */
/* Takes parts away that were not read for the longest time, until those that are here take no more
 * than the limit less more_bytes. */
void lake_cache_shrink(struct lake_remote *r, int64_t more_bytes);
