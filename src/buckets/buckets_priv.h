/* What the files of this folder share. */
#pragma once
#include "base/thread.h"
#include "buckets/buckets.h"
#include "state/state.h"
#include <stdatomic.h>

/* ---- position.c: which objects were read ----
 * Objects that the store dates before `horizon` are done. Those that are younger are done when they
 * are in the set `done`, or when the pass under way went through the whole prefix in order of keys
 * and is behind them (`after`). A whole pass that ends moves the horizon to its own start, less
 * `lookback`: the time that an object may need from its date to its place in a list. */
struct position {
    int64_t horizon;
    int64_t pass_began; /* by the store's clock; 0: no pass is under way */
    int64_t whole_at;   /* when the last whole pass began; 0: none yet */
    bool whole;         /* the pass under way looks at all keys */
    bool seen;          /* there was a first poll */
    size_t n_after;
    char after[S3_MAX_KEY]; /* the pass is behind this key */
};
enum { MAX_DONE = 500000 };
struct done; /* the set */

struct reader { /* one source */
    const struct buckets_source *s;
    struct buckets_options o;
    struct workspace *workspace;
    char name[80]; /* "s3:NAME" */
    struct position at;
    struct done *done;
    struct s3 *s3; /* of the poll under way */
    int64_t rows_left, objects_left;
    const char *cap;  /* why the poll leaves objects for the next one; NULL: it does not */
    int64_t told_cap; /* ticks: the hour for which a row was written */
    atomic_bool stop;
    pthread_t thread;
    bool running;
    struct lock lock; /* guards stats */
    struct buckets_stats stats;
};

bool position_load(struct reader *r, struct err *e) MUST_USE;
void position_free(struct reader *r);
bool position_save(struct reader *r, struct err *e) MUST_USE;
/* The object was read, or is older than what is looked at. */
bool position_is_done(const struct reader *r, const struct s3_object *o);
/* The set takes no more, and the object would have to be put into it. */
bool position_no_room(const struct reader *r, const struct s3_object *o);
bool position_is_full(const struct reader *r);
size_t position_known(const struct reader *r); /* objects in the set */
/* Writes down that the object is done. */
bool position_add(struct reader *r, const struct s3_object *o, struct err *e) MUST_USE;
/* The pass that began at `at.pass_began` is through. */
bool position_end_pass(struct reader *r, struct err *e) MUST_USE;

/* ---- walk.c: which objects there are ---- */
/* What to do with an object: false ends the walk (*e set: with an error). */
typedef bool walk_fn(void *self, const struct s3_object *o, struct err *e);
/* Objects below the source's prefix in order of key, behind at.after. A pass that is not whole
 * skips folders of days that are over for a day and for lookback. */
bool walk(struct reader *r, walk_fn *fn, void *self, struct err *e) MUST_USE;
/* What the end of a prefix says about time: "…/2026/", "…/2026/03/", "…/2026/03/09/", also with
 * year=, month=, day=. *out_end: where that span of time ends. Returns how many of the three there
 * are, 0 to 3. */
int folder_span(struct str prefix, int64_t *out_end);

/* ---- object.c: an object becomes rows ---- */
/* true: it is done with, if only as refused and counted (*out_rows: records). false: later again.
 */
bool object_read(struct reader *r, const struct s3_object *o, uint64_t *out_rows,
                 struct err *e) MUST_USE;

/* ---- poll.c ---- */
void *poll_main(void *reader);
