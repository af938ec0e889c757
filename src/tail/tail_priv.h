/* What the files of this folder share. */
#pragma once
#include "base/thread.h"
#include "tail/tail.h"
#include "text/json.h"
#include <stdatomic.h>
#include <sys/stat.h>

enum {
    PRINT_BYTES = 1024,    /* of a file that a fingerprint covers */
    PRINT_TEXT = 37,       /* a fingerprint as text */
    KEY_BYTES = 160,       /* of a cursor's name */
    CHUNK_BYTES = 4 << 20, /* stored at once; longer lines are refused */
    WHOLE_BYTES = 64 << 20 /* of a file that is one record or array */
};
#define SETTLED_US ((int64_t)2000000) /* without a change for so long a file is complete */

/* ---- cursor.c: how far a file was read ----
 * Before a range is sent, its end is written down (pending); after it is stored, the offset. So a
 * range that was sent before a crash is sent again with the same bytes under the same id, and the
 * store knows it. */
struct cursor {
    char key[KEY_BYTES]; /* its name in the control database */
    char *path;          /* where the file was seen last; owned */
    uint64_t dev, ino;
    int64_t offset;        /* bytes of the (unpacked) file that are done */
    int64_t pending;       /* 0: none; else the end of the range that is being stored */
    bool skipping;         /* the offset is inside of a line that is too long */
    bool done;             /* packed and whole files: read to the end */
    int64_t size;          /* done: the file's size then */
    int64_t gone_at;       /* ticks when the file was missed first; 0: it is there */
    int looked;            /* how often it was looked for since; not kept */
    size_t head_n, tail_n; /* the first bytes, and the last ones before the offset */
    char head[PRINT_TEXT], tail[PRINT_TEXT];
    char range[PRINT_TEXT]; /* pending: all bytes from the offset to it */
};
void cursor_init(struct cursor *c, struct str source, const char *path, const struct stat *st);
void cursor_fini(struct cursor *c);
void cursor_copy(struct cursor *to, const struct cursor *from);
bool cursor_save(struct state *s, const struct cursor *c, struct err *e) MUST_USE;
void cursor_drop(struct state *s, const struct cursor *c);
typedef void cursor_fn(void *ctx, struct cursor *c); /* takes it */
/* All of a source. */
bool cursor_load(struct state *s, struct str source, cursor_fn *fn, void *ctx,
                 struct err *e) MUST_USE;
void fingerprint(struct str bytes, char out[PRINT_TEXT]);
/* bytes are those that the print was made of. */
bool fingerprint_is(struct str bytes, const char *print);

/* ---- find.c: which files there are ---- */
struct found {
    char *path; /* in the arena */
    struct stat st;
};
struct found_files {
    struct arena *a;
    struct found *p;
    size_t n, cap;
    bool too_many;       /* more than TAIL_MAX_FILES */
    VEC(char *) folders; /* that were looked at: for watching */
};
/* The regular files that the pattern names, also by links. */
void find_files(const char *pattern, struct found_files *out);
/* The folder in front of the pattern's first wild card. */
void find_base(const char *pattern, char *out, size_t size);

/* ---- file.c: one file ---- */
struct file {
    struct cursor c;
    int fd;             /* -1: closed */
    bool packed;        /* .gz, .zst */
    bool listed;        /* the pattern names it now */
    bool refused;       /* it could not be read, and that was said */
    int64_t retry_us;   /* monotonic: refused: not before */
    bool dirty;         /* the cursor moved since it was written down */
    bool checked;       /* the cursor was compared with the content */
    int64_t held_until; /* monotonic: looks like a copy of another file; 0: no */
    struct stat st;     /* as it was seen last */
    int64_t changed_us; /* monotonic: when size or time differed last */
    int64_t used_us;    /* monotonic: when something was read last */
    uint64_t round;     /* of the last scan that saw it */
    char *header;       /* CSV: what goes in front of each range; owned; NULL: not read yet */
    size_t header_n;    /* bytes of the file that are its own header */
};
/* Opens path when it is a regular file that lies in base (any place when follow_links). */
int file_open(const char *path, const char *base, bool follow_links, struct stat *out,
              struct err *e);
bool file_is_packed(const char *path);
/* The content agrees with the cursor: the first bytes, those before the offset, and the range that
 * was being stored. */
bool file_matches(int fd, bool packed, const struct stat *st, const struct cursor *c);
struct head { /* the first bytes of a file, to compare with many cursors */
    char bytes[PRINT_BYTES], print[PRINT_TEXT];
    size_t n;
};
void file_head(int fd, bool packed, struct head *out);
bool file_head_agrees(const struct head *h, const struct cursor *c);
bool file_settled(const struct file *f);
/* As far as it is known, the file has not changed for so long. */
bool file_unchanged_for(const struct file *f, int64_t us);
/* What the system says of the file. true: it has changed. */
bool file_see(struct file *f, const struct stat *st);
struct unpack *file_unpack(int fd, int64_t skip, struct err *e);
/* Fills buf from offset on; *out_n < n: the end. */
bool file_bytes(int fd, int64_t offset, char *buf, size_t n, size_t *out_n, struct err *e) MUST_USE;

/* ---- cut.c: where records end ---- */
/* Files are read from start to end, once they have stopped changing; they need not have lines. */
bool tail_is_whole(const struct tail_source *s);
/* End of the last whole record in text; 0: none. */
size_t tail_cut(const struct tail_source *s, struct str text);
/* End of the last whole line in text; 0: none. */
size_t tail_cut_lines(struct str text);

/* ---- events.c: lines that belong together ---- */
/* End of the last event in text behind which another one begins; 0: none. */
size_t events_cut(const struct tail_source *s, struct str text);
/* The next event of text, which starts at one, without line ends behind it. */
bool events_next(const struct tail_source *s, struct str text, size_t *at,
                 struct str *out) MUST_USE;
/* Events as records of INGEST_NDJSON: RawData, FilePath, Computer. */
void events_records(const struct tail_source *s, struct str text, struct str path,
                    struct str computer, struct sbuf *out);
/* Events as messages. */
void events_messages(struct arena *a, const struct tail_source *s, struct str text,
                     struct ingest_syslog *out);

/* ---- wake.c: waits until something changes ---- */
struct waker;
struct waker *waker_new(void);
void waker_free(struct waker *w);
void waker_watch(struct waker *w, const char *path);
/* Until a watched folder changes, waker_wake, or timeout_us is over. */
void waker_wait(struct waker *w, int64_t timeout_us);
void waker_wake(struct waker *w); /* from any thread */

/* ---- follow.c: one source ---- */
struct follower {
    const struct tail_source *s;
    struct ingest *ingest;
    struct state *state;
    struct workspace *workspace;
    struct waker *waker;
    int64_t poll_us;
    char base[4096]; /* real path of the folder that files must lie in */
    char source[80]; /* "file:NAME" */
    char computer[256];
    struct file **files;
    size_t n_files, cap_files;
    struct cursor *lost; /* of files that are not there */
    size_t n_lost, cap_lost;
    uint64_t round;
    bool first;          /* the source has never run before, and this is its first look */
    struct arena *arena; /* of the look under hand */
    char *buf;           /* CHUNK_BYTES */
    int64_t said_us;     /* monotonic: when a refusal was logged last */
    atomic_bool stop;
    pthread_t thread;
    bool running;
    struct lock lock; /* guards stats */
    struct tail_stats stats;
};
void *follow_main(void *follower);
bool follow_load(struct follower *f, struct err *e) MUST_USE;

/* ---- scan.c: which files belong to which cursors ---- */
void scan_files(struct follower *f);
/* Opens the file and makes sure that the cursor is its own. false: not now. */
bool scan_open(struct follower *f, struct file *file);
/* The content is not what the cursor means: the file is read from its start under a new one. The
 * old one is kept for a file that goes on with its content. */
void scan_restart(struct follower *f, struct file *file);
void scan_add_lost(void *follower, struct cursor *c); /* takes it */
void scan_close_idle(struct follower *f);
void file_free(struct file *file);

/* ---- deliver.c: ranges of a file become rows ---- */
/* Reads on, to the end that there is now. over: nothing comes behind it, so that an unfinished last
 * line is taken. false: the source stops, or the store refuses: again later. */
bool deliver_file(struct follower *f, struct file *file, bool over);
/* Writes down the cursors that moved, all at once. If that is lost in a crash, the ranges are sent
 * again under their ids, and the store knows them. */
void deliver_save(struct follower *f);
/* Says and counts that a file can't be read, once until it changes. */
void deliver_refused(struct follower *f, struct file *file, const struct err *e);
/* The first n bytes of text, which starts at the cursor's offset, are done. */
void deliver_advance(struct follower *f, struct file *file, struct str text, size_t n);
/* A packed or whole file was read to its end. */
void deliver_done(struct file *file);
/* The stream of the source as counts name it. */
struct str deliver_stream(const struct follower *f);

/* ---- whole.c: files that are read as a whole ---- */
/* As deliver_file. */
bool deliver_whole(struct follower *f, struct file *file);

/* ---- send.c ---- */
/* Stores text, the bytes of the file from the cursor's offset on, and waits while the store
 * refuses. true: it is done with, if only as refused and counted. false: the source stops. */
bool send_range(struct follower *f, struct file *file, struct str text) MUST_USE;
/* The same when body is what has to be sent for text. */
bool send_body(struct follower *f, struct file *file, struct str text, struct str body) MUST_USE;
