/* The reader. A file's directory is read and checked when it is opened, a column's filters when
 * they are asked for; nothing in them is believed before its checksum and its bounds are. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "terms/terms_priv.h"

struct entry {
    uint64_t at;
    uint32_t bytes, crc;
};
struct terms_file {
    struct arena *a;
    char *path;       /* NULL: the file is bytes */
    struct str bytes; /* of a file without a path */
    uint64_t size;
    size_t groups, n;
    uint32_t *rows;
    struct entry *cols;
    struct map *by_name; /* 1 + index */
};
struct terms_filters {
    size_t groups;
    struct terms_fuse *f;
    uint32_t *at;
    char *bytes;
    size_t n;
};

static bool damaged(const struct terms_file *f, const char *what, struct err *e)
{
    return err_set(e, ERR_INVALID, "%s is no index of terms: %s",
                   f->path != NULL ? f->path : "the text", what);
}

/* ---- bytes ---- */

static bool read_at(int fd, const char *path, uint64_t at, size_t n, char *out, struct err *e)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = pread(fd, out + done, n - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(e, "can't read", path);
        if (got == 0)
            return err_set(e, ERR_INVALID, "%s ends too soon", path);
        done += (size_t)got;
    }
    return true;
}

/* The heap's. at and n lie within the file. */
static char *bytes_of(const struct terms_file *f, uint64_t at, size_t n, struct err *e)
{
    char *out = xmalloc(n + 1);
    if (f->path == NULL) {
        memcpy(out, f->bytes.p + at, n);
        return out;
    }
    int fd = open(f->path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 ? read_at(fd, f->path, at, n, out, e) : err_errno(e, "can't open", f->path);
    if (fd >= 0)
        close(fd);
    if (ok)
        return out;
    xfree(out);
    return NULL;
}

/* ---- the directory ---- */

static bool read_columns(struct terms_file *f, struct str dir, struct err *e)
{
    const char *p = dir.p + f->groups * sizeof(uint32_t), *end = dir.p + dir.n;
    for (size_t i = 0; i < f->n; i++) {
        if (end - p < TERMS_COLUMN_BYTES)
            return damaged(f, "its list of columns is cut", e);
        struct entry *c = &f->cols[i];
        c->at = terms_u32(p) | (uint64_t)terms_u32(p + 4) << 32;
        c->bytes = terms_u32(p + 8);
        c->crc = terms_u32(p + 12);
        size_t n = (unsigned char)p[16] | (size_t)(unsigned char)p[17] << 8;
        p += TERMS_COLUMN_BYTES;
        if ((size_t)(end - p) < n)
            return damaged(f, "the name of a column is cut", e);
        if (c->at > f->size || c->bytes > f->size - c->at ||
            c->bytes < f->groups * TERMS_FILTER_BYTES)
            return damaged(f, "a column lies outside", e);
        struct str name = arena_str(f->a, (struct str){p, n});
        if (map_put(f->by_name, name, (void *)(uintptr_t)(i + 1)) != NULL)
            return damaged(f, "it has a column twice", e);
        p += n;
    }
    return p == end ? true : damaged(f, "there is something behind its columns", e);
}

static bool read_directory(struct terms_file *f, struct err *e)
{
    AUTO(xfreep) char *head = NULL;
    AUTO(xfreep) char *dir = NULL;
    if (f->size < TERMS_HEAD_BYTES)
        return damaged(f, "it is too short", e);
    head = bytes_of(f, 0, TERMS_HEAD_BYTES, e);
    if (head == NULL)
        return false;
    if (memcmp(head, TERMS_MAGIC, 8) != 0)
        return damaged(f, "it begins otherwise", e);
    uint32_t version = terms_u32(head + 8);
    if (version < TERMS_OLDEST_VERSION || version > TERMS_VERSION)
        return damaged(f, "it is of another version", e);
    f->groups = terms_u32(head + 12);
    f->n = terms_u32(head + 16);
    size_t bytes = terms_u32(head + 20);
    if (bytes > f->size - TERMS_HEAD_BYTES || f->groups > TERMS_MAX_GROUPS ||
        f->n > TERMS_MAX_COLUMNS || f->groups * sizeof(uint32_t) > bytes)
        return damaged(f, "its directory is too large", e);
    dir = bytes_of(f, TERMS_HEAD_BYTES, bytes, e);
    if (dir == NULL)
        return false;
    uint32_t crc = crc32_more(0, (struct str){head, TERMS_HEAD_BYTES - 4});
    if (crc32_more(crc, (struct str){dir, bytes}) != terms_u32(head + 24))
        return damaged(f, "its directory has another checksum", e);
    f->rows = arena_array(f->a, uint32_t, f->groups + 1);
    f->cols = arena_array(f->a, struct entry, f->n + 1);
    f->by_name = map_new(f->a, false);
    for (size_t i = 0; i < f->groups; i++)
        f->rows[i] = terms_u32(dir + i * sizeof(uint32_t));
    return read_columns(f, (struct str){dir, bytes}, e);
}

static struct terms_file *open_with(struct terms_file *f, struct err *e)
{
    f->a = arena_new(0);
    if (read_directory(f, e))
        return f;
    terms_file_close(f);
    return NULL;
}

struct terms_file *terms_file_open(const char *path, struct err *e)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        err_errno(e, "can't open", path);
        return NULL;
    }
    struct terms_file *f = xcalloc(1, sizeof(*f));
    f->path = xstrdup(path);
    f->size = (uint64_t)st.st_size;
    return open_with(f, e);
}

struct terms_file *terms_file_of(struct str bytes, struct err *e)
{
    struct terms_file *f = xcalloc(1, sizeof(*f));
    f->bytes = bytes;
    f->size = bytes.n;
    return open_with(f, e);
}

void terms_file_close(struct terms_file *f)
{
    if (f == NULL)
        return;
    arena_free(f->a);
    xfree(f->path);
    xfree(f);
}

size_t terms_file_groups(const struct terms_file *f)
{
    return f->groups;
}

size_t terms_file_columns(const struct terms_file *f)
{
    return f->n;
}

size_t terms_file_bytes(const struct terms_file *f)
{
    return arena_used(f->a) + sizeof(*f);
}

uint32_t terms_file_rows(const struct terms_file *f, size_t group)
{
    return f->rows[group];
}

uint64_t terms_file_all_rows(const struct terms_file *f)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < f->groups; i++)
        sum += f->rows[i];
    return sum;
}

bool terms_file_column(const struct terms_file *f, struct str name, size_t *out_col)
{
    uintptr_t at = (uintptr_t)map_get(f->by_name, name);
    *out_col = at > 0 ? at - 1 : 0;
    return at > 0;
}

bool terms_file_shared(const struct terms_file *f, size_t *out_col)
{
    return terms_file_column(f, STR(""), out_col);
}

/* ---- a column ---- */

static bool read_filters(const struct terms_file *f, struct terms_filters *x, struct err *e)
{
    for (size_t i = 0; i < x->groups; i++) {
        const char *p = x->bytes + i * TERMS_FILTER_BYTES;
        uint32_t what = terms_u32(p);
        x->f[i] = (struct terms_fuse){what & 0xFF, what >> 8 & 0xFF, what >> 16, terms_u32(p + 4),
                                      terms_u32(p + 12)};
        x->at[i] = terms_u32(p + 8);
        if (x->f[i].kind > TERMS_SHARED)
            return damaged(f, "a filter is of an unknown kind", e);
        if (x->f[i].kind != TERMS_FUSE)
            continue;
        size_t bytes = terms_fuse_size(&x->f[i]);
        if (bytes == 0 || x->at[i] > x->n || bytes > x->n - x->at[i])
            return damaged(f, "a filter lies outside", e);
    }
    return true;
}

struct terms_filters *terms_filters_load(const struct terms_file *f, size_t col, struct err *e)
{
    const struct entry *c = &f->cols[col];
    char *bytes = bytes_of(f, c->at, c->bytes, e);
    if (bytes == NULL)
        return NULL;
    struct terms_filters *x = xcalloc(1, sizeof(*x));
    x->bytes = bytes;
    x->n = c->bytes;
    x->groups = f->groups;
    x->f = xcalloc(x->groups + 1, sizeof(*x->f));
    x->at = xcalloc(x->groups + 1, sizeof(*x->at));
    bool ok = crc32_more(0, (struct str){bytes, x->n}) == c->crc
                  ? read_filters(f, x, e)
                  : damaged(f, "a column has another checksum", e);
    if (ok)
        return x;
    terms_filters_free(x);
    return NULL;
}

void terms_filters_free(struct terms_filters *x)
{
    if (x == NULL)
        return;
    xfree(x->f);
    xfree(x->at);
    xfree(x->bytes);
    xfree(x);
}

size_t terms_filters_bytes(const struct terms_filters *x)
{
    return sizeof(*x) + x->n + x->groups * (sizeof(*x->f) + sizeof(*x->at));
}

bool terms_filters_may_hold(const struct terms_filters *x, size_t group, uint64_t hash)
{
    CHECK(group < x->groups);
    return terms_fuse_holds(&x->f[group], (const unsigned char *)x->bytes + x->at[group], hash);
}

bool terms_filters_shared(const struct terms_filters *x, size_t group)
{
    CHECK(group < x->groups);
    return x->f[group].kind == TERMS_SHARED;
}
