/* One file: opening it safely, reading it, and telling whether it is the one that a cursor means.
 */
#include "base/clock.h"
#include "tail/tail_priv.h"
#include "text/unpack.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static bool lies_in(int fd, const char *base, struct str *out, char path[PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, PATH_MAX - 1);
    if (n <= 0)
        return false;
    *out = (struct str){path, (size_t)n};
    struct str b = str_from(base);
    return str_starts(*out, b) && (b.n == 1 || out->n == b.n || out->p[b.n] == '/');
}

int file_open(const char *path, const char *base, bool follow_links, struct stat *out,
              struct err *e)
{
    char real[PATH_MAX];
    struct str where = STR("");
    /* O_NONBLOCK: a pipe in that place must not stop us. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        err_errno(e, "can't open", path);
        if (errno == ENOENT && e != NULL)
            e->code = ERR_NOT_FOUND;
        return -1;
    }
    if (fstat(fd, out) != 0 || !S_ISREG(out->st_mode))
        err_set(e, ERR_INVALID, "%s is not a file", path);
    else if (!follow_links && !lies_in(fd, base, &where, real)) {
        err_set(e, ERR_FORBIDDEN, "%s leads out of %s", path, base);
        err_hint(e, "follow_links: true lets it");
    } else
        return fd;
    close(fd);
    return -1;
}

bool file_is_packed(const char *path)
{
    struct str s = str_from(path);
    return str_ends(s, STR(".gz")) || str_ends(s, STR(".zst"));
}

bool file_bytes(int fd, int64_t offset, char *buf, size_t n, size_t *out_n, struct err *e)
{
    size_t got = 0;
    while (got < n) {
        ssize_t k = pread(fd, buf + got, n - got, (off_t)offset + (off_t)got);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return err_errno(e, "can't read", "the file");
        if (k == 0)
            break;
        got += (size_t)k;
    }
    *out_n = got;
    return true;
}

struct unpack *file_unpack(int fd, int64_t skip, struct err *e)
{
    char path[64], block[16384];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd); /* the same file, from its start */
    struct unpack *u = unpack_open(path, e);
    while (u != NULL && skip > 0) {
        size_t n = 0, want = skip < (int64_t)sizeof(block) ? (size_t)skip : sizeof(block);
        if (!unpack_read(u, block, want, &n, e) || n == 0) {
            unpack_close(u);
            return NULL;
        }
        skip -= (int64_t)n;
    }
    return u;
}

static bool packed_bytes(int fd, int64_t skip, char *buf, size_t n)
{
    size_t got = 0, k = 1;
    struct unpack *u = file_unpack(fd, skip, NULL);
    while (u != NULL && got < n && k > 0 && unpack_read(u, buf + got, n - got, &k, NULL))
        got += k;
    unpack_close(u);
    return got == n;
}

/* The n bytes from offset on are those of the print. */
static bool has_bytes(int fd, bool packed, int64_t offset, size_t n, const char *print)
{
    size_t got = n;
    AUTO(xfreep) char *buf = xmalloc(n + 1);
    if (packed ? !packed_bytes(fd, offset, buf, n) : !file_bytes(fd, offset, buf, n, &got, NULL))
        return false;
    return n == 0 || (got == n && fingerprint_is((struct str){buf, n}, print));
}

bool file_matches(int fd, bool packed, const struct stat *st, const struct cursor *c)
{
    if (!packed && (int64_t)st->st_size < c->offset)
        return false;
    return has_bytes(fd, packed, 0, c->head_n, c->head) &&
           has_bytes(fd, packed, c->offset - (int64_t)c->tail_n, c->tail_n, c->tail) &&
           (c->pending <= c->offset ||
            has_bytes(fd, packed, c->offset, (size_t)(c->pending - c->offset), c->range));
}

void file_head(int fd, bool packed, struct head *out)
{
    out->n = 0;
    if (!packed) {
        if (!file_bytes(fd, 0, out->bytes, PRINT_BYTES, &out->n, NULL))
            out->n = 0;
    } else {
        size_t k = 1;
        struct unpack *u = file_unpack(fd, 0, NULL);
        while (u != NULL && out->n < PRINT_BYTES && k > 0 &&
               unpack_read(u, out->bytes + out->n, PRINT_BYTES - out->n, &k, NULL))
            out->n += k;
        unpack_close(u);
    }
    fingerprint((struct str){out->bytes, out->n}, out->print);
}

bool file_head_agrees(const struct head *h, const struct cursor *c)
{
    if (c->head_n == h->n)
        return strcmp(c->head, h->print) == 0;
    return c->head_n == 0 ||
           (c->head_n < h->n && fingerprint_is((struct str){h->bytes, c->head_n}, c->head));
}

bool file_see(struct file *f, const struct stat *st)
{
    bool changed = f->st.st_size != st->st_size || f->st.st_mtim.tv_sec != st->st_mtim.tv_sec ||
                   f->st.st_mtim.tv_nsec != st->st_mtim.tv_nsec || f->st.st_mode != st->st_mode;
    if (changed)
        f->changed_us = clock_mono_us();
    f->st = *st;
    return changed;
}

bool file_settled(const struct file *f)
{
    return file_unchanged_for(f, SETTLED_US);
}

bool file_unchanged_for(const struct file *f, int64_t us)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t age = ((int64_t)now.tv_sec - (int64_t)f->st.st_mtim.tv_sec) * 1000000 +
                  (now.tv_nsec - f->st.st_mtim.tv_nsec) / 1000;
    return age >= us || clock_mono_us() - f->changed_us >= us;
}
