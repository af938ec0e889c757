/* Files that are read as a whole: one JSON array, or a file of another system, body by body. */
#include "tail/tail_priv.h"
#include "text/unpack.h"

enum { BLOCK_BYTES = 1 << 20 };

/* ---- one array ---- */

static bool read_whole(struct file *file, struct sbuf *out, struct err *e)
{
    char block[65536];
    size_t n = 1;
    struct unpack *u = file_unpack(file->fd, 0, e);
    bool good = u != NULL;
    while (good && n > 0) {
        good = unpack_read(u, block, sizeof(block), &n, e);
        if (good)
            sbuf_addmem(out, block, n);
        if (good && out->failed)
            good = err_set(e, ERR_TOO_LARGE,
                           "a JSON array is read as a whole, at most %d bytes: use a JSON object a "
                           "line for more",
                           WHOLE_BYTES);
    }
    unpack_close(u);
    return good;
}

static bool deliver_array(struct follower *f, struct file *file)
{
    AUTO(sbuf_fini) struct sbuf body = sbuf_make(WHOLE_BYTES);
    struct err e = {0};
    if (!read_whole(file, &body, &e)) {
        deliver_refused(f, file, &e);
        return true;
    }
    if (body.n > 0 && !send_range(f, file, sbuf_str(&body)))
        return false;
    if (body.n > 0)
        deliver_advance(f, file, sbuf_str(&body), body.n);
    deliver_done(file);
    return true;
}

/* ---- files of other systems ----
 * The cut's state is not kept over restarts. A file that was read in part is cut from its start
 * again, in the same blocks and so at the same places; what lies before the offset is not sent. */
struct cutting {
    struct ingest_cut cut;
    struct sbuf header, buf, body;
    int64_t at;   /* of the buffer's first byte in the file */
    size_t taken; /* bytes of the buffer that the cut has taken, and that no body came of yet */
};

static void cutting_fini(struct cutting *x)
{
    sbuf_fini(&x->header);
    sbuf_fini(&x->buf);
    sbuf_fini(&x->body);
}

/* Reads the next block; *ended: there was less than one. */
static bool read_block(struct unpack *u, struct sbuf *out, bool *ended, struct err *e)
{
    AUTO(xfreep) char *block = xmalloc(BLOCK_BYTES);
    size_t n = 0;
    while (n < BLOCK_BYTES && !*ended) {
        size_t got = 0;
        if (!unpack_read(u, block + n, BLOCK_BYTES - n, &got, e))
            return false;
        *ended = got == 0;
        n += got;
    }
    sbuf_addmem(out, block, n);
    return !out->failed || err_set(e, ERR_LIMIT, "a record is longer than %d bytes", WHOLE_BYTES);
}

static bool cut_next(struct cutting *x, struct str bytes, bool last, size_t *n, struct err *e)
{
    struct str rest = str_sub(bytes, x->taken, bytes.n);
    sbuf_clear(&x->body);
    return ingest_cut_next(&x->cut, rest, last, &x->header, &x->body, n, e);
}

/* The next body, up to the offset while that is not reached: the file may have grown behind it. */
static bool next_body(struct cutting *x, int64_t offset, bool last, size_t *n, struct err *e)
{
    struct ingest_cut before = x->cut;
    struct str bytes = sbuf_str(&x->buf);
    int64_t at = x->at + (int64_t)x->taken;
    if (!cut_next(x, bytes, last, n, e))
        return false;
    if (at >= offset || at + (int64_t)*n <= offset)
        return true;
    x->cut = before;
    return cut_next(x, str_sub(bytes, 0, (size_t)(offset - x->at)), false, n, e);
}

static void drop_taken(struct cutting *x)
{
    sbuf_drop(&x->buf, x->taken);
    x->at += (int64_t)x->taken;
    x->taken = 0;
}

/* The bytes that were taken are done; those before the offset have been. false: the source stops.
 */
static bool finish_taken(struct follower *f, struct file *file, struct cutting *x)
{
    struct str text = str_sub(sbuf_str(&x->buf), 0, x->taken);
    if (x->at >= file->c.offset && text.n > 0) {
        if (x->body.n > 0 && !send_body(f, file, text, sbuf_str(&x->body)))
            return false;
        deliver_advance(f, file, text, text.n);
    }
    drop_taken(x);
    return true;
}

/* Sends the bodies that are whole in the buffer. */
static bool send_bodies(struct follower *f, struct file *file, struct cutting *x, bool last,
                        bool *stopped, struct err *e)
{
    size_t n = 1;
    while (n > 0 && !*stopped) {
        if (!next_body(x, file->c.offset, last, &n, e))
            return false;
        x->taken += n;
        if (x->body.n > 0)
            *stopped = !finish_taken(f, file, x);
    }
    return true;
}

static bool read_bodies(struct follower *f, struct file *file, struct unpack *u, bool *stopped,
                        struct err *e)
{
    AUTO(cutting_fini)
    struct cutting x = {.cut = {.format = f->s->foreign},
                        .header = sbuf_make(0),
                        .buf = sbuf_make(WHOLE_BYTES),
                        .body = sbuf_make(0)};
    bool ended = false;
    while (!ended && !*stopped)
        if (!read_block(u, &x.buf, &ended, e) || !send_bodies(f, file, &x, ended, stopped, e))
            return false;
    if (*stopped)
        return true;
    if (x.at + (int64_t)x.taken < file->c.offset)
        return err_set(e, ERR_CONFLICT, "the file is shorter than what was read of it");
    sbuf_clear(&x.body);
    return finish_taken(f, file, &x);
}

static bool deliver_foreign(struct follower *f, struct file *file)
{
    struct err e = {0};
    bool stopped = false;
    struct unpack *u = file_unpack(file->fd, 0, &e);
    bool good = u != NULL && read_bodies(f, file, u, &stopped, &e);
    unpack_close(u);
    if (!good)
        deliver_refused(f, file, &e);
    else if (!stopped)
        deliver_done(file);
    return !stopped;
}

bool deliver_whole(struct follower *f, struct file *file)
{
    if (file->c.done && file->c.size == (int64_t)file->st.st_size)
        return true;
    if (file->c.done) /* it was written anew */
        scan_restart(f, file);
    return f->s->format == TAIL_JSON ? deliver_array(f, file) : deliver_foreign(f, file);
}
