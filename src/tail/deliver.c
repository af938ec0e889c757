/* Ranges of a file: where they end, and the cursor behind them. */
#include "base/log.h"
#include "tail/tail_priv.h"
#include "text/unpack.h"

enum { HEADER_BYTES = 256 << 10 };
#define RETRY_US ((int64_t)60000000)
enum step { STEP_ON, STEP_ENOUGH, STEP_STOP };

struct str deliver_stream(const struct follower *f)
{
    return f->s->stream.n > 0 ? f->s->stream : STR("(unknown)"); /* the records choose */
}

void deliver_refused(struct follower *f, struct file *file, const struct err *e)
{
    struct store_count c = {.source = str_from(f->source),
                            .stream = deliver_stream(f),
                            .reason = STR("unreadable_file"),
                            .received = 1,
                            .rejected = 1};
    file->retry_us = clock_mono_us() + RETRY_US;
    if (file->refused)
        return;
    file->refused = true;
    LOG(LOG_WARN, "files", "a file can't be read; it is tried again", log_z("file", file->c.path),
        log_z("reason", e->msg), log_z("hint", e->hint));
    store_account(f->workspace, &c, 1);
}

static void add_bytes(struct follower *f, size_t n)
{
    lock_take(&f->lock);
    f->stats.bytes += n;
    lock_drop(&f->lock);
}

void deliver_advance(struct follower *f, struct file *file, struct str text, size_t n)
{
    struct cursor *c = &file->c;
    struct err e = {0};
    char start[PRINT_BYTES];
    size_t got = 0;
    if (c->offset == 0) {
        c->head_n = n < PRINT_BYTES ? n : PRINT_BYTES;
        fingerprint(str_sub(text, 0, c->head_n), c->head);
    }
    c->offset += (int64_t)n;
    c->pending = 0;
    c->tail_n = n < PRINT_BYTES ? n : PRINT_BYTES;
    fingerprint(str_sub(text, n - c->tail_n, c->tail_n), c->tail);
    if (c->head_n < PRINT_BYTES && (int64_t)c->head_n < c->offset && !file->packed) {
        size_t want = c->offset < PRINT_BYTES ? (size_t)c->offset : PRINT_BYTES;
        if (file_bytes(file->fd, 0, start, want, &got, &e) && got == want) {
            c->head_n = want;
            fingerprint((struct str){start, want}, c->head);
        }
    }
    file->dirty = true;
    add_bytes(f, n);
}

static bool save_dirty(struct follower *f, struct err *e)
{
    bool ok = true;
    if (!state_begin(f->state, e))
        return false;
    for (size_t i = 0; ok && i < f->n_files; i++)
        ok = !f->files[i]->dirty || cursor_save(f->state, &f->files[i]->c, e);
    return state_end(f->state, ok, e);
}

void deliver_save(struct follower *f)
{
    struct err e = {0};
    size_t n = 0;
    for (size_t i = 0; i < f->n_files; i++)
        n += f->files[i]->dirty;
    if (n == 0)
        return;
    if (!save_dirty(f, &e)) {
        LOG(LOG_WARN, "files", "positions were not written down; it is tried again",
            log_s("source", f->s->name), log_z("reason", e.msg));
        return;
    }
    for (size_t i = 0; i < f->n_files; i++)
        f->files[i]->dirty = false;
}

/* ---- the range at the front of text ---- */

static size_t line_end(struct str text)
{
    const char *nl = text.n > 0 ? memchr(text.p, '\n', text.n) : NULL;
    return nl != NULL ? (size_t)(nl - text.p) + 1 : 0;
}

/* Nobody writes to the file: nothing will come that belongs to its last event. */
static bool event_is_over(struct follower *f, const struct file *file, struct str text)
{
    return f->s->first_line != NULL &&
           file->c.offset + (int64_t)text.n == (int64_t)file->st.st_size &&
           file_unchanged_for(file, f->s->event_wait / TICKS_PER_US);
}

/* Bytes to send; 0: wait for more. *out_long: the line goes on behind them and is given up. */
static size_t range_of(struct follower *f, struct file *file, struct str text, bool over,
                       bool *out_long)
{
    bool full = text.n == CHUNK_BYTES;
    const char *nl = full ? memrchr(text.p, '\n', text.n) : NULL;
    size_t pending = (size_t)(file->c.pending - file->c.offset);
    *out_long = full && nl == NULL;
    if (file->c.pending > 0)
        return pending <= text.n ? pending : 0;
    size_t n = tail_cut(f->s, text);
    if (n == 0 && full)
        n = nl != NULL ? (size_t)(nl - text.p) + 1 : text.n;
    if (n == 0 && event_is_over(f, file, text))
        n = tail_cut_lines(text);
    return n == 0 && over ? text.n : n;
}

static bool readable(struct follower *f, struct file *file, struct str text)
{
    struct err e = {0};
    if (f->s->format != TAIL_FOREIGN || ingest_cut_by_lines(f->s->foreign, text, &e))
        return true;
    deliver_refused(f, file, &e);
    return false;
}

static bool has_header(const struct tail_source *s)
{
    return s->format == TAIL_CSV ||
           (s->format == TAIL_FOREIGN && ingest_cut_has_header(s->foreign));
}

/* The header of a file that starts so: what goes in front of each range. false: it is not complete,
 * or can't be. */
static bool find_header(const struct tail_source *s, struct str start, struct sbuf *out,
                        size_t *out_n)
{
    if (s->format == TAIL_CSV)
        return csv_names_line(&s->csv, start, out, out_n);
    if (!ingest_cut_header(s->foreign, start, out_n))
        return false;
    sbuf_add(out, str_sub(start, 0, *out_n));
    return true;
}

static bool load_header(struct follower *f, struct file *file)
{
    AUTO(sbuf_fini) struct sbuf header = sbuf_make(0);
    AUTO(xfreep) char *start = xmalloc(HEADER_BYTES);
    struct err e = {0};
    size_t n = 0, k = 1;
    struct unpack *u = file->packed ? file_unpack(file->fd, 0, &e) : NULL;
    if (file->packed)
        for (; u != NULL && n < HEADER_BYTES && k > 0 &&
               unpack_read(u, start + n, HEADER_BYTES - n, &k, &e);)
            n += k;
    else if (!file_bytes(file->fd, 0, start, HEADER_BYTES, &n, &e))
        n = 0;
    unpack_close(u);
    if (find_header(f->s, (struct str){start, n}, &header, &file->header_n)) {
        file->header = xstrndup(sbuf_str(&header));
        return true;
    }
    if (e.code == ERR_OK && n == HEADER_BYTES)
        err_set(&e, ERR_LIMIT, "the file's header has no end within %d bytes", HEADER_BYTES);
    if (e.code != ERR_OK)
        deliver_refused(f, file, &e);
    return false;
}

static bool skip_line(struct follower *f, struct file *file, struct str text, size_t *out_n)
{
    size_t end = line_end(text);
    *out_n = end > 0 ? end : text.n;
    file->c.skipping = end == 0;
    deliver_advance(f, file, text, *out_n);
    return true;
}

static enum step step(struct follower *f, struct file *file, struct str text, bool over,
                      size_t *out_n)
{
    bool is_long = false;
    if (atomic_load(&f->stop))
        return STEP_STOP;
    if (text.n == 0)
        return STEP_ENOUGH;
    file->used_us = clock_mono_us();
    if (file->c.skipping)
        return skip_line(f, file, text, out_n) ? STEP_ON : STEP_ENOUGH;
    if (file->c.offset == 0 && !readable(f, file, text))
        return STEP_ENOUGH;
    if (has_header(f->s) && file->header == NULL && !load_header(f, file))
        return STEP_ENOUGH;
    size_t n = range_of(f, file, text, over, &is_long);
    if (file->c.pending > 0 && (n == 0 || !fingerprint_is(str_sub(text, 0, n), file->c.range))) {
        scan_restart(f, file);
        return STEP_ENOUGH;
    }
    if (n == 0)
        return STEP_ENOUGH;
    bool only_header = file->c.offset + (int64_t)n <= (int64_t)file->header_n;
    if (!only_header && !send_range(f, file, str_sub(text, 0, n)))
        return STEP_STOP;
    file->c.skipping = is_long;
    deliver_advance(f, file, text, n);
    *out_n = n;
    return STEP_ON;
}

/* ---- kinds of files ---- */

/* Truncated, or replaced in place: then the bytes before the offset are others. */
static bool is_replaced(struct file *file)
{
    char buf[PRINT_BYTES];
    size_t n = 0;
    const struct cursor *c = &file->c;
    if ((int64_t)file->st.st_size < c->offset)
        return true;
    if (c->tail_n == 0 ||
        !file_bytes(file->fd, c->offset - (int64_t)c->tail_n, buf, c->tail_n, &n, NULL))
        return false;
    return n != c->tail_n || !fingerprint_is((struct str){buf, n}, c->tail);
}

static bool deliver_plain(struct follower *f, struct file *file, bool over)
{
    struct err e = {0};
    enum step s = STEP_ON;
    struct stat st;
    if (fstat(file->fd, &st) == 0) {
        (void)file_see(file, &st);
        if (is_replaced(file))
            scan_restart(f, file);
    }
    over = over || (f->s->mode == TAIL_ONCE && file_settled(file));
    while (s == STEP_ON) {
        size_t n = 0, taken = 0;
        if (!file_bytes(file->fd, file->c.offset, f->buf, CHUNK_BYTES, &n, &e)) {
            deliver_refused(f, file, &e);
            return true;
        }
        s = step(f, file, (struct str){f->buf, n}, over && n < CHUNK_BYTES, &taken);
    }
    return s != STEP_STOP;
}

void deliver_done(struct file *file)
{
    file->c.done = true;
    file->c.size = (int64_t)file->st.st_size;
    file->dirty = true;
}

/* Fills the buffer behind its first n bytes. */
static bool fill(struct follower *f, struct unpack *u, size_t *n, bool *ended, struct err *e)
{
    while (*n < CHUNK_BYTES && !*ended) {
        size_t got = 0;
        if (!unpack_read(u, f->buf + *n, CHUNK_BYTES - *n, &got, e))
            return false;
        *ended = got == 0;
        *n += got;
    }
    return true;
}

static bool deliver_packed(struct follower *f, struct file *file)
{
    struct err e = {0};
    size_t n = 0;
    bool ended = false;
    enum step s = STEP_ON;
    if (file->c.done && file->c.size == (int64_t)file->st.st_size)
        return true;
    struct unpack *u = file_unpack(file->fd, file->c.offset, &e);
    bool good = u != NULL;
    while (good && s == STEP_ON) {
        size_t taken = 0;
        good = fill(f, u, &n, &ended, &e);
        if (!good)
            break;
        s = step(f, file, (struct str){f->buf, n}, ended, &taken);
        n -= taken;
        memmove(f->buf, f->buf + taken, n);
    }
    unpack_close(u);
    if (!good && e.code != ERR_OK)
        deliver_refused(f, file, &e);
    else if (s == STEP_ENOUGH)
        deliver_done(file);
    return s != STEP_STOP;
}

bool deliver_file(struct follower *f, struct file *file, bool over)
{
    if (tail_is_whole(f->s))
        return deliver_whole(f, file);
    return file->packed ? deliver_packed(f, file) : deliver_plain(f, file, over);
}
