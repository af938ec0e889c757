/* Packing and unpacking of single values with zlib. The container is written here: zlib's own names
 * the machine and the level in its header, and a value must be packed the same everywhere. */
#include <limits.h>
#include <zlib.h>

#include "text/deflate.h"

enum { STORED_MAX = 65535, CHUNK = 16 << 10, RAW = -15 };

static void add_stored(struct str bytes, struct sbuf *out)
{
    do {
        struct str part = str_sub(bytes, 0, STORED_MAX);
        bytes = str_sub(bytes, part.n, bytes.n);
        const char head[] = {(char)(bytes.n == 0), (char)(part.n & 255), (char)(part.n >> 8),
                             (char)(~part.n & 255), (char)(~part.n >> 8 & 255)};
        sbuf_addmem(out, head, sizeof(head));
        sbuf_add(out, part);
    } while (bytes.n > 0);
}

/* false: no smaller than the bytes themselves; out is as it was. */
static bool add_packed(struct str bytes, struct sbuf *out)
{
    size_t before = out->n;
    z_stream z = {0};
    if (bytes.n == 0 || bytes.n > UINT_MAX ||
        deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, RAW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    char *copy = xstrndup(bytes); /* zlib's input is not const */
    unsigned char part[CHUNK];
    z.next_in = (Bytef *)copy;
    z.avail_in = (uInt)bytes.n;
    int state = Z_OK;
    while (state == Z_OK && out->n - before < bytes.n) {
        z.next_out = part;
        z.avail_out = CHUNK;
        state = deflate(&z, Z_FINISH);
        sbuf_addmem(out, part, CHUNK - z.avail_out);
    }
    deflateEnd(&z);
    xfree(copy);
    bool smaller = state == Z_STREAM_END && out->n - before < bytes.n;
    if (!smaller)
        out->n = before;
    return smaller;
}

static void add_number(uLong v, bool big_endian, struct sbuf *out)
{
    for (unsigned i = 0; i < 4; i++)
        sbuf_addc(out, (char)(v >> (big_endian ? 24 - 8 * i : 8 * i) & 255));
}

static uLong checksum(enum deflate_kind kind, struct str s)
{
    const Bytef *p = (const Bytef *)(s.n ? s.p : "");
    return kind == DEFLATE_GZIP ? crc32_z(0, p, s.n) : adler32_z(1, p, s.n);
}

void deflate_bytes(enum deflate_kind kind, struct str bytes, struct sbuf *out)
{
    static const char zlib[] = {0x78, 0x01};
    static const char gzip[] = {0x1f, (char)0x8b, 8, 0, 0, 0, 0, 0, 0, (char)0xff};
    if (kind == DEFLATE_GZIP)
        sbuf_addmem(out, gzip, sizeof(gzip));
    else
        sbuf_addmem(out, zlib, sizeof(zlib));
    if (!add_packed(bytes, out))
        add_stored(bytes, out);
    add_number(checksum(kind, bytes), kind == DEFLATE_ZLIB, out);
    if (kind == DEFLATE_GZIP)
        add_number((uLong)bytes.n, false, out);
}

bool inflate_bytes(enum deflate_kind kind, struct str packed, struct sbuf *out)
{
    size_t before = out->n;
    z_stream z = {0};
    if (packed.n == 0 || packed.n > UINT_MAX ||
        inflateInit2(&z, kind == DEFLATE_GZIP ? 15 + 16 : 15) != Z_OK)
        return false;
    char *copy = xstrndup(packed);
    unsigned char part[CHUNK];
    z.next_in = (Bytef *)copy;
    z.avail_in = (uInt)packed.n;
    int state = Z_OK;
    while (state == Z_OK && sbuf_ok(out)) {
        z.next_out = part;
        z.avail_out = CHUNK;
        state = inflate(&z, Z_NO_FLUSH);
        sbuf_addmem(out, part, CHUNK - z.avail_out);
    }
    bool whole = state == Z_STREAM_END && z.avail_in == 0 && sbuf_ok(out);
    inflateEnd(&z);
    xfree(copy);
    if (!whole)
        out->n = before;
    return whole;
}

uint32_t crc32_more(uint32_t crc, struct str bytes)
{
    return (uint32_t)crc32_z(crc, (const Bytef *)bytes.p, bytes.n);
}

uint32_t crc32_join(uint32_t crc, uint32_t other, uint64_t bytes)
{
    return (uint32_t)crc32_combine(crc, other, (z_off_t)bytes);
}
