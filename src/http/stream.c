/* Answers that go on: a writer adds to them from any thread while the connection sleeps between
 * pieces. A stream belongs to its writer, to the response and to libmicrohttpd's copy of it; the
 * last one frees it.
 *
 * Lock: http_stream.lock; libmicrohttpd's own are taken inside it. */
#include <microhttpd.h>
#include <stdatomic.h>

#include "base/thread.h"
#include "http/http_priv.h"

enum { PIECE_BYTES = 4096 };

struct http_stream {
    atomic_uint refs;
    struct lock lock; /* the rest */
    struct sbuf waiting;
    struct MHD_Connection *conn; /* NULL: there is none, or it has gone */
    bool asleep, ended, gone;
};

struct http_stream *http_stream_new(size_t max_bytes)
{
    struct http_stream *st = xcalloc(1, sizeof(*st));
    atomic_store(&st->refs, 1);
    lock_init(&st->lock, "http stream");
    st->waiting = sbuf_make(max_bytes);
    return st;
}

struct http_stream *http_stream_ref(struct http_stream *st)
{
    atomic_fetch_add(&st->refs, 1);
    return st;
}

void http_stream_unref(struct http_stream *st)
{
    if (st == NULL || atomic_fetch_sub(&st->refs, 1) > 1)
        return;
    sbuf_fini(&st->waiting);
    lock_fini(&st->lock);
    xfree(st);
}

static void wake_locked(struct http_stream *st)
{
    if (!st->asleep)
        return;
    st->asleep = false;
    MHD_resume_connection(st->conn);
}

bool http_stream_add(struct http_stream *st, struct str text)
{
    lock_take(&st->lock);
    bool ok = !st->gone && !st->ended && text.n <= st->waiting.max - st->waiting.n;
    if (ok) {
        sbuf_add(&st->waiting, text);
        wake_locked(st);
    }
    lock_drop(&st->lock);
    return ok;
}

void http_stream_end(struct http_stream *st)
{
    lock_take(&st->lock);
    st->ended = true;
    wake_locked(st);
    lock_drop(&st->lock);
}

bool http_stream_gone(struct http_stream *st)
{
    lock_take(&st->lock);
    bool gone = st->gone;
    lock_drop(&st->lock);
    return gone;
}

static ssize_t next_piece(void *cls, uint64_t pos, char *buf, size_t max)
{
    struct http_stream *st = cls;
    (void)pos;
    lock_take(&st->lock);
    ssize_t n = (ssize_t)(st->waiting.n < max ? st->waiting.n : max);
    if (n > 0) {
        struct str rest = str_sub(sbuf_str(&st->waiting), (size_t)n, st->waiting.n);
        memcpy(buf, st->waiting.p, (size_t)n);
        memmove(st->waiting.p, rest.p, rest.n);
        st->waiting.n = rest.n;
    } else if (st->ended || st->gone) {
        n = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        st->asleep = true;
        MHD_suspend_connection(st->conn);
    }
    lock_drop(&st->lock);
    return n;
}

static void forget(void *cls)
{
    http_stream_unref(cls);
}

struct MHD_Response *stream_response(struct http_stream *st, struct MHD_Connection *conn)
{
    lock_take(&st->lock);
    st->conn = conn;
    lock_drop(&st->lock);
    /* Between two pieces there may be more time than an idle connection has. */
    (void)MHD_set_connection_option(conn, MHD_CONNECTION_OPTION_TIMEOUT, 0U);
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE_BYTES, next_piece,
                                             http_stream_ref(st), forget);
}

void stream_detach(struct http_stream *st)
{
    lock_take(&st->lock);
    st->gone = true;
    st->asleep = false;
    st->conn = NULL;
    lock_drop(&st->lock);
    http_stream_unref(st);
}
