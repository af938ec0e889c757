/* gzip of bodies, with a limit on the inflated size (a few hundred bytes can unfold to gigabytes).
 */
#define ZLIB_CONST
#include <zlib.h>

#include "http/http.h"

enum { CHUNK = 64 * 1024, GZIP_WINDOW = 15 + 16 };

static void end_inflate(z_stream *z)
{
    inflateEnd(z);
}

static void end_deflate(z_stream *z)
{
    deflateEnd(z);
}

static bool inflate_step(z_stream *z, struct sbuf *out, bool *done, struct err *e)
{
    unsigned char chunk[CHUNK];
    z->next_out = chunk;
    z->avail_out = sizeof(chunk);
    int rc = inflate(z, Z_NO_FLUSH);
    if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
        return err_set(e, ERR_INVALID, "the body is not valid gzip: %s",
                       z->msg != NULL ? z->msg : "damaged");
    size_t got = sizeof(chunk) - z->avail_out;
    if (got > out->max - out->n)
        return err_set(e, ERR_TOO_LARGE, "the body is larger than %zu bytes when it is inflated",
                       out->max);
    sbuf_addmem(out, chunk, got);
    if (rc == Z_STREAM_END) {
        *done = z->avail_in == 0;
        if (!*done && inflateReset(z) != Z_OK)
            return err_set(e, ERR_INTERNAL, "cannot continue with the next gzip member");
        return true;
    }
    if (got == 0 && z->avail_in == 0)
        return err_set(e, ERR_INVALID, "the gzip body ends too early");
    return true;
}

bool http_gunzip(struct str in, struct sbuf *out, struct err *e)
{
    if (in.n > UINT32_MAX)
        return err_set(e, ERR_TOO_LARGE, "the compressed body is larger than 4 GiB");
    AUTO(end_inflate) z_stream z = {0};
    if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
        return err_set(e, ERR_INTERNAL, "cannot start zlib");
    z.next_in = (const Bytef *)in.p;
    z.avail_in = (uInt)in.n;
    for (bool done = false; !done;)
        if (!inflate_step(&z, out, &done, e))
            return false;
    return sbuf_ok(out) || err_set(e, ERR_TOO_LARGE, "the body is too large");
}

bool http_gzip(struct str in, struct sbuf *out)
{
    if (in.n > UINT32_MAX)
        return false;
    AUTO(end_deflate) z_stream z = {0};
    if (deflateInit2(&z, 1, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    z.next_in = (const Bytef *)in.p;
    z.avail_in = (uInt)in.n;
    unsigned char chunk[CHUNK];
    int rc = Z_OK;
    while (rc == Z_OK) {
        z.next_out = chunk;
        z.avail_out = sizeof(chunk);
        rc = deflate(&z, Z_FINISH);
        sbuf_addmem(out, chunk, sizeof(chunk) - z.avail_out);
    }
    return rc == Z_STREAM_END && sbuf_ok(out);
}
