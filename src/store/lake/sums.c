/* Checksums of a part's blocks: PART.sums beside where PART.parquet is, or was. Ranges that come
 * from a store are compared with them. Joined they are the checksum of the whole, which the
 * manifest has, so that damaged ones are known by themselves.
 *
 * A line of text, "vedette-sums 1 BLOCK_BYTES", then four bytes a block, the lowest first. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/lake/lake_priv.h"
#include "text/deflate.h"

#define HEAD "vedette-sums 1 131072\n"
_Static_assert(LAKE_BLOCK_BYTES == 131072, "HEAD says how large a block is");
enum { HEAD_BYTES = sizeof(HEAD) - 1, SUM_BYTES = 4 };

char *lake_sums_path(struct arena *a, const char *part_path)
{
    struct str stem = str_sub(str_from(part_path), 0, strlen(part_path) - strlen(".parquet"));
    return arena_strz(a, arena_fmt(a, "%.*s" LAKE_SUMS_END, STR_ARG(stem)));
}

size_t lake_blocks(const struct lake_part *p)
{
    return (size_t)((p->bytes + LAKE_BLOCK_BYTES - 1) / LAKE_BLOCK_BYTES);
}

static uint64_t block_bytes(const struct lake_part *p, size_t at)
{
    uint64_t left = (uint64_t)p->bytes - (uint64_t)at * LAKE_BLOCK_BYTES;
    return left < LAKE_BLOCK_BYTES ? left : LAKE_BLOCK_BYTES;
}

static bool add_up(const struct lake_part *p, const uint32_t *sums)
{
    uint32_t crc = 0;
    for (size_t i = 0; i < lake_blocks(p); i++)
        crc = crc32_join(crc, sums[i], block_bytes(p, i));
    return crc == p->crc;
}

static bool sum_file(const struct lake_part *p, uint32_t *sums, struct err *e)
{
    int fd = open(p->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, "can't open", p->path);
    char *block = xmalloc(LAKE_BLOCK_BYTES);
    bool ok = true;
    for (size_t i = 0; ok && i < lake_blocks(p); i++) {
        size_t n = (size_t)block_bytes(p, i);
        ok = pread(fd, block, n, (off_t)i * LAKE_BLOCK_BYTES) == (ssize_t)n;
        sums[i] = crc32_more(0, (struct str){block, n});
    }
    xfree(block);
    close(fd);
    return ok ? add_up(p, sums) || err_set(e, ERR_INVALID, "%s is not what was written", p->path)
              : err_set(e, ERR_IO, "can't read %s", p->path);
}

void lake_sums_make(const struct lake_part *p)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    size_t n = lake_blocks(p);
    const char *path = lake_sums_path(a, p->path);
    uint32_t *sums = xcalloc(n + 1, sizeof(*sums));
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(HEAD_BYTES + n * SUM_BYTES + 1);
    struct err e = {0};
    bool ok = access(path, F_OK) == 0 || sum_file(p, sums, &e);
    if (ok && access(path, F_OK) != 0) {
        sbuf_addz(&b, HEAD);
        for (size_t i = 0; i < n; i++)
            for (unsigned k = 0; k < SUM_BYTES; k++)
                sbuf_addc(&b, (char)(sums[i] >> 8 * k));
        ok = lake_text_put(path, sbuf_str(&b), &e);
    }
    if (!ok)
        LOG(LOG_WARN, "lake", "checksums of a part's blocks can't be kept", log_z("part", p->path),
            log_z("reason", e.msg));
    xfree(sums);
}

uint32_t *lake_sums_load(const struct lake_part *p)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const char *path = lake_sums_path(a, p->path);
    size_t n = lake_blocks(p), size = HEAD_BYTES + n * SUM_BYTES;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    unsigned char *bytes = xmalloc(size);
    uint32_t *sums = xcalloc(n + 1, sizeof(*sums));
    bool ok = fstat(fd, &st) == 0 && st.st_size == (off_t)size &&
              pread(fd, bytes, size, 0) == (ssize_t)size && memcmp(bytes, HEAD, HEAD_BYTES) == 0;
    close(fd);
    for (size_t i = 0; ok && i < n * SUM_BYTES; i++)
        sums[i / SUM_BYTES] |= (uint32_t)bytes[HEAD_BYTES + i] << 8 * (i % SUM_BYTES);
    ok = ok && add_up(p, sums);
    if (!ok)
        (void)unlink(path); /* they are made anew once the part is here */
    xfree(bytes);
    if (ok)
        return sums;
    xfree(sums);
    return NULL;
}
