/* Reading zip archives: the directory at the end says where the file is and how it is packed. */
#define ZLIB_CONST
#include <limits.h>
#include <zlib.h>

#include "text/zip.h"

enum { END_BYTES = 22, ENTRY_BYTES = 46, LOCAL_BYTES = 30, COMMENT_MAX = 65535 };
enum { STORED = 0, DEFLATED = 8, ENCRYPTED = 1, CHUNK = 64 << 10, RAW = -15 };

static const struct str end_mark = {"PK\x05\x06", 4}, entry_mark = {"PK\x01\x02", 4},
                        local_mark = {"PK\x03\x04", 4};

struct entry {
    uint32_t flags, method, crc, packed, size, at; /* at: of its local header */
};

/* Numbers are little endian; the caller has checked that they are there. */
static uint32_t number(struct str s, size_t at, size_t bytes)
{
    uint32_t v = 0;
    for (size_t i = bytes; i-- > 0;)
        v = v << 8 | (unsigned char)s.p[at + i];
    return v;
}

static bool marked(struct str s, size_t at, struct str mark, size_t bytes)
{
    return at <= s.n && s.n - at >= bytes && str_starts(str_sub(s, at, mark.n), mark);
}

static bool damaged(struct err *e)
{
    return err_set(e, ERR_INVALID, "the zip archive is damaged or cut short");
}

bool zip_is(struct str bytes)
{
    return str_starts(bytes, local_mark) || str_starts(bytes, end_mark);
}

/* The record at the end, behind which only a comment of the length that it names may follow. */
static bool find_end(struct str s, size_t *out)
{
    for (size_t back = END_BYTES; back <= s.n && back <= END_BYTES + COMMENT_MAX; back++) {
        size_t at = s.n - back;
        if (marked(s, at, end_mark, END_BYTES) && number(s, at + 20, 2) == back - END_BYTES) {
            *out = at;
            return true;
        }
    }
    return false;
}

static bool find_file(struct str s, struct entry *out, struct err *e)
{
    size_t end = 0, files = 0;
    if (!find_end(s, &end))
        return damaged(e);
    size_t n = number(s, end + 10, 2), at = number(s, end + 16, 4);
    if (n == UINT16_MAX || at == UINT32_MAX)
        return err_set(e, ERR_UNSUPPORTED, "zip64 archives can't be read");
    for (size_t i = 0; i < n; i++) {
        if (!marked(s, at, entry_mark, ENTRY_BYTES))
            return damaged(e);
        size_t name = number(s, at + 28, 2);
        struct str path = str_sub(s, at + ENTRY_BYTES, name);
        if (!str_ends(path, STR("/"))) {
            files++;
            *out =
                (struct entry){number(s, at + 8, 2),  number(s, at + 10, 2), number(s, at + 16, 4),
                               number(s, at + 20, 4), number(s, at + 24, 4), number(s, at + 42, 4)};
        }
        at += ENTRY_BYTES + name + number(s, at + 30, 2) + number(s, at + 32, 2);
    }
    return files == 1 || err_set(e, ERR_UNSUPPORTED,
                                 "the zip archive holds %zu files: only one can be read", files);
}

static void end_inflate(z_stream *z)
{
    inflateEnd(z);
}

static bool inflate_to(struct str packed, size_t size, struct sbuf *out, struct err *e)
{
    unsigned char part[CHUNK];
    size_t before = out->n;
    AUTO(end_inflate) z_stream z = {0};
    if (inflateInit2(&z, RAW) != Z_OK)
        return err_set(e, ERR_INTERNAL, "cannot start zlib");
    z.next_in = (const Bytef *)packed.p;
    z.avail_in = (uInt)packed.n;
    int state = Z_OK;
    while (state == Z_OK && out->n - before <= size && sbuf_ok(out)) {
        z.next_out = part;
        z.avail_out = sizeof(part);
        state = inflate(&z, Z_NO_FLUSH);
        sbuf_addmem(out, part, sizeof(part) - z.avail_out);
    }
    return (state == Z_STREAM_END && z.avail_in == 0) || damaged(e);
}

static bool read_entry(struct str s, const struct entry *f, struct sbuf *out, struct err *e)
{
    size_t before = out->n;
    if (!marked(s, f->at, local_mark, LOCAL_BYTES))
        return damaged(e);
    size_t from = (size_t)f->at + LOCAL_BYTES + number(s, f->at + 26, 2) + number(s, f->at + 28, 2);
    if (from > s.n || f->packed > s.n - from)
        return damaged(e);
    struct str packed = str_sub(s, from, f->packed);
    if (f->method == STORED)
        sbuf_add(out, packed);
    else if (!inflate_to(packed, f->size, out, e))
        return false;
    struct str got = str_sub(sbuf_str(out), before, out->n);
    return (got.n == f->size && crc32_z(0, (const Bytef *)got.p, got.n) == f->crc) || damaged(e);
}

bool zip_read_one(struct str archive, struct sbuf *out, struct err *e)
{
    struct entry f = {0};
    size_t before = out->n;
    if (!find_file(archive, &f, e))
        return false;
    if ((f.flags & ENCRYPTED) != 0 || (f.method != STORED && f.method != DEFLATED))
        return err_set(e, ERR_UNSUPPORTED, "the file in the zip archive is %s",
                       (f.flags & ENCRYPTED) != 0 ? "encrypted" : "packed in an unknown way");
    if (f.size == UINT32_MAX || f.packed == UINT32_MAX)
        return err_set(e, ERR_UNSUPPORTED, "zip64 archives can't be read");
    if (f.size > out->max - out->n)
        return err_set(e, ERR_TOO_LARGE, "the file in the zip archive is larger than %zu bytes",
                       out->max);
    bool ok = read_entry(archive, &f, out, e);
    if (!ok)
        out->n = before;
    return ok;
}
