/* Files of the lake: paths, durability, checksums, and what a crash left behind. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/lake/lake_priv.h"
#include "text/date.h"
#include "text/deflate.h"

enum { CRC_CHUNK_BYTES = 1 << 20 };

char *lake_path(struct arena *a, const struct lake *l, struct str table, int64_t day, struct str id)
{
    struct civil c = civil_from_ticks(day * TICKS_PER_DAY);
    return arena_strz(a, arena_fmt(a, "%s/%.*s/%04d/%02d/%02d/%.*s.parquet", l->dir, STR_ARG(table),
                                   c.year, c.month, c.day, STR_ARG(id)));
}

bool lake_files_unlink(const char *part_path)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    if (unlink(lake_terms_path(a, part_path)) != 0 && errno != ENOENT)
        LOG(LOG_WARN, "lake", "an index of terms can't be deleted", log_z("part", part_path));
    (void)unlink(lake_sums_path(a, part_path));
    return unlink(part_path) == 0 || errno == ENOENT;
}

static bool sync_path(const char *path, int flags, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (!ok)
        err_errno(e, "can't write through", path);
    if (fd >= 0)
        close(fd);
    return ok;
}

bool lake_file_sync(const char *path, struct err *e)
{
    return sync_path(path, 0, e);
}

bool lake_dir_sync(const char *path, struct err *e)
{
    return sync_path(path, O_DIRECTORY, e);
}

bool lake_dir_make(const char *path, struct err *e)
{
    if (mkdir(path, 0700) == 0) {
        AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
        char *up = arena_strz(a, str_from(path)), *slash = strrchr(up, '/');
        if (slash == NULL)
            return true;
        *slash = '\0';
        return lake_dir_sync(up, e);
    }
    if (errno == EEXIST)
        return true;
    if (errno != ENOENT)
        return err_errno(e, "can't make the folder", path);
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    char *up = arena_strz(a, str_from(path)), *slash = strrchr(up, '/');
    if (slash == NULL || slash == up)
        return err_errno(e, "can't make the folder", path);
    *slash = '\0';
    return lake_dir_make(up, e) && lake_dir_make(path, e);
}

bool lake_text_put(const char *path, struct str text, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    const char *temp = arena_fmt(a, "%s.new", path).p;
    FILE *f = fopen(temp, "we");
    if (f == NULL)
        return err_errno(e, "can't write", temp);
    bool ok = fwrite(text.p, 1, text.n, f) == text.n && fflush(f) == 0 && fsync(fileno(f)) == 0;
    ok = fclose(f) == 0 && ok && rename(temp, path) == 0;
    if (!ok)
        return err_errno(e, "can't write", path);
    char *up = arena_strz(a, str_from(path));
    *strrchr(up, '/') = '\0';
    return lake_dir_sync(up, e);
}

bool lake_file_crc(const char *path, uint32_t *out_crc, int64_t *out_bytes, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, "can't open", path);
    char *chunk = xmalloc(CRC_CHUNK_BYTES);
    uint32_t crc = 0;
    int64_t bytes = 0;
    ssize_t n;
    while ((n = read(fd, chunk, CRC_CHUNK_BYTES)) > 0) {
        crc = crc32_more(crc, (struct str){chunk, (size_t)n});
        bytes += n;
    }
    if (n < 0)
        err_errno(e, "can't read", path);
    close(fd);
    xfree(chunk);
    if (n < 0)
        return false;
    *out_crc = crc;
    *out_bytes = bytes;
    return true;
}

/* ---- what a crash left behind ---- */

struct tidy {
    struct lake *l;
    const struct map *keep;
    size_t deleted, moved;
};

static void set_aside(struct tidy *t, const char *path, const char *name)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    const char *dir = arena_fmt(a, "%s/orphans", t->l->dir).p;
    struct err e = {0};
    if (lake_dir_make(dir, &e) && rename(path, arena_fmt(a, "%s/%s", dir, name).p) == 0) {
        t->moved++;
        LOG(LOG_WARN, "lake", "a part that the manifest does not name was set aside",
            log_s("workspace", t->l->w->name), log_z("file", path));
    }
}

static void tidy_file(struct tidy *t, const char *path, const char *name)
{
    struct str file = str_from(name), tmp = STR(".tmp");
    struct str whole = str_sub(str_from(path), 0, strlen(path) - tmp.n);
    /* Blocks of a part that is only in a store (remote_fetch.c). */
    if (str_ends(file, STR(".parquet.tmp")) && t->l->w->s->remote != NULL) {
        const struct lake_part *p = map_get(t->keep, whole);
        if (p != NULL && p->where == LAKE_AWAY)
            return;
    }
    if (str_ends(file, tmp) || str_ends(file, STR(".new"))) {
        t->deleted += unlink(path) == 0;
        return;
    }
    static const char *const beside[] = {LAKE_TERMS_END, LAKE_SUMS_END};
    for (size_t i = 0; i < COUNTOF(beside); i++) {
        if (!str_ends(file, str_from(beside[i])))
            continue;
        AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
        struct str stem = str_sub(str_from(path), 0, strlen(path) - strlen(beside[i]));
        if (map_get(t->keep, arena_fmt(a, "%.*s.parquet", STR_ARG(stem))) == NULL)
            t->deleted += unlink(path) == 0;
        return;
    }
    if (str_ends(file, STR(".parquet")) && map_get(t->keep, str_from(path)) == NULL)
        set_aside(t, path, name);
}

static void tidy_dir(struct tidy *t, const char *path, unsigned depth)
{
    enum { DEPTH = 4 }; /* Table/yyyy/mm/dd */
    DIR *d = opendir(path);
    if (d == NULL)
        return;
    for (struct dirent *f; (f = readdir(d)) != NULL;) {
        if (f->d_name[0] == '.')
            continue;
        AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
        const char *at = arena_fmt(a, "%s/%s", path, f->d_name).p;
        bool own = depth == 0 &&
                   (strcmp(f->d_name, "orphans") == 0 || strcmp(f->d_name, "quarantine") == 0);
        if (depth < DEPTH && !own)
            tidy_dir(t, at, depth + 1);
        else if (depth == DEPTH)
            tidy_file(t, at, f->d_name);
    }
    closedir(d);
}

void lake_files_tidy(struct lake *l, const struct map *keep)
{
    struct tidy t = {.l = l, .keep = keep};
    tidy_dir(&t, l->dir, 0);
    if (t.deleted > 0)
        LOG(LOG_INFO, "lake", "half-written parts of an interrupted run were deleted",
            log_s("workspace", l->w->name), log_i("files", (int64_t)t.deleted));
}
