/* Compressed files by their magic numbers. Several members or frames, one behind the other, are one
 * stream. */
#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "text/unpack.h"

enum { IN_BYTES = 128 << 10 };
enum kind { PLAIN, GZIP, ZSTANDARD };

struct unpack {
    char *path;
    int fd;
    enum kind kind;
    z_stream z;
    ZSTD_DStream *zstd;
    bool ended, between; /* between: at the end of a member, where the file may end */
    size_t from, to;     /* bytes of in that are still to be used */
    unsigned char in[IN_BYTES];
};

static bool fill(struct unpack *u, struct err *e)
{
    if (u->from < u->to || u->ended)
        return true;
    ssize_t n = read(u->fd, u->in, sizeof(u->in));
    if (n < 0)
        return err_errno(e, "can't read", u->path);
    u->ended = n == 0;
    u->from = 0;
    u->to = (size_t)n;
    return true;
}

static bool start(struct unpack *u, struct err *e)
{
    static const unsigned char zstd_magic[] = {0x28, 0xb5, 0x2f, 0xfd};
    if (!fill(u, e))
        return false;
    u->between = true;
    if (u->to >= 2 && u->in[0] == 0x1f && u->in[1] == 0x8b) {
        u->kind = GZIP;
        return inflateInit2(&u->z, 15 + 16) == Z_OK ? true : err_set(e, ERR_IO, "can't start zlib");
    }
    if (u->to >= 4 && memcmp(u->in, zstd_magic, 4) == 0) {
        u->kind = ZSTANDARD;
        u->zstd = ZSTD_createDStream();
        CHECK(u->zstd != NULL);
    }
    return true;
}

struct unpack *unpack_open(const char *path, struct err *e)
{
    struct unpack *u = xcalloc(1, sizeof(*u));
    u->path = xstrdup(path);
    u->fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (u->fd >= 0 && start(u, e))
        return u;
    if (u->fd < 0)
        err_errno(e, "can't open", path);
    unpack_close(u);
    return NULL;
}

void unpack_close(struct unpack *u)
{
    if (u == NULL)
        return;
    if (u->kind == GZIP)
        inflateEnd(&u->z);
    if (u->zstd != NULL)
        ZSTD_freeDStream(u->zstd);
    if (u->fd >= 0)
        close(u->fd);
    xfree(u->path);
    xfree(u);
}

static bool damaged(struct unpack *u, struct err *e)
{
    return err_set(e, ERR_INVALID, "%s: the compressed data is damaged or cut off", u->path);
}

static bool step_gzip(struct unpack *u, unsigned char *buf, size_t n, size_t *got, struct err *e)
{
    if (u->between && inflateReset(&u->z) != Z_OK)
        return damaged(u, e);
    u->z.next_in = u->in + u->from;
    u->z.avail_in = (unsigned)(u->to - u->from);
    u->z.next_out = buf;
    u->z.avail_out = (unsigned)n;
    int code = inflate(&u->z, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
        return damaged(u, e);
    u->from = u->to - u->z.avail_in;
    u->between = code == Z_STREAM_END;
    *got = n - u->z.avail_out;
    return true;
}

static bool step_zstd(struct unpack *u, void *buf, size_t n, size_t *got, struct err *e)
{
    ZSTD_inBuffer in = {u->in, u->to, u->from};
    ZSTD_outBuffer out = {buf, n, 0};
    size_t code = ZSTD_decompressStream(u->zstd, &out, &in);
    if (ZSTD_isError(code))
        return damaged(u, e);
    u->from = in.pos;
    u->between = code == 0;
    *got = out.pos;
    return true;
}

bool unpack_read(struct unpack *u, void *buf, size_t n, size_t *out_n, struct err *e)
{
    enum { MOST = 1 << 30 };
    size_t got = 0;
    n = n < MOST ? n : MOST;
    while (got == 0) {
        if (!fill(u, e))
            return false;
        if (u->ended && u->from == u->to) {
            if (!u->between && u->kind != PLAIN)
                return damaged(u, e);
            break;
        }
        if (u->kind == GZIP && !step_gzip(u, buf, n, &got, e))
            return false;
        if (u->kind == ZSTANDARD && !step_zstd(u, buf, n, &got, e))
            return false;
        if (u->kind == PLAIN) {
            got = u->to - u->from < n ? u->to - u->from : n;
            memcpy(buf, u->in + u->from, got);
            u->from += got;
        }
    }
    *out_n = got;
    return true;
}
