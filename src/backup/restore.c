/* The way back: from a backup to a data folder. Everything in a backup is foreign until its hash
 * fits. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/backup_priv.h"

enum { MAX_PATH = 1024, MAX_FILES = 10000000 };

bool backup_read_text(struct arena *a, const char *dir, const char *name, size_t most,
                      struct str *out, struct err *e)
{
    const char *path = arena_fmt(a, "%s/%s", dir, name).p;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        err_errno(e, "no backup: can't open", path);
        err_hint(e, "a backup that was not finished has no such file");
        return false;
    }
    bool ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= 0 &&
              (uint64_t)st.st_size <= most;
    size_t n = ok ? (size_t)st.st_size : 0, at = 0;
    char *text = arena_alloc(a, n + 1);
    for (ssize_t got = 1; ok && at < n && got > 0; at += got > 0 ? (size_t)got : 0)
        got = read(fd, text + at, n - at);
    (void)close(fd);
    *out = (struct str){text, n};
    return (ok && at == n) || err_set(e, ERR_INVALID, "%s can't be read, or is too large", path);
}

/* Relative, without "." and ".." and empty parts, nothing but what file names are made of. */
static bool is_safe(struct str path)
{
    size_t part = 0;
    if (path.n == 0 || path.n > MAX_PATH || path.p[0] == '/')
        return false;
    for (size_t i = 0; i <= path.n; i++) {
        if (i < path.n && path.p[i] != '/') {
            if ((unsigned char)path.p[i] < ' ')
                return false;
            continue;
        }
        struct str name = str_sub(path, part, i - part);
        if (name.n == 0 || str_eqz(name, ".") || str_eqz(name, ".."))
            return false;
        part = i + 1;
    }
    return true;
}

static bool read_file(const char *name, const struct json *row, struct backup_file *out,
                      struct err *e)
{
    struct str path = json_text(json_get(row, "path"), STR("")),
               sha256 = json_text(json_get(row, "sha256"), STR(""));
    const struct json *bytes = json_get(row, "bytes");
    if (!is_safe(path))
        return err_set(e, ERR_INVALID, "%s: '%.*s' is not the path of a file in a backup", name,
                       (int)(path.n < 80 ? path.n : 80), path.p);
    if (bytes == NULL || bytes->type != JSON_INT || bytes->i < 0 || sha256.n != BACKUP_SHA256_HEX)
        return err_set(e, ERR_INVALID, "%s: %.*s has no size, or no SHA-256", name, STR_ARG(path));
    *out = (struct backup_file){.path = path, .bytes = (uint64_t)bytes->i};
    memcpy(out->sha256, sha256.p, BACKUP_SHA256_HEX);
    return true;
}

bool backup_read_files(struct arena *a, const char *name, struct str text, struct json *out_root,
                       struct backup_file **out, size_t *n, struct err *e)
{
    if (!json_parse(a, text, NULL, out_root, e)) {
        e->code = ERR_INVALID;
        err_prefix(e, "%s", name);
        return false;
    }
    const struct json *format = json_get(out_root, "format"), *files = json_get(out_root, "files");
    if (format == NULL || format->type != JSON_INT || format->i != BACKUP_FORMAT)
        return err_set(e, ERR_INVALID, "%s: format %d expected", name, BACKUP_FORMAT);
    if (files == NULL || files->type != JSON_ARRAY || files->n == 0 || files->n > MAX_FILES)
        return err_set(e, ERR_INVALID, "%s: files: a list of files expected", name);
    *n = files->n;
    *out = arena_array(a, struct backup_file, files->n);
    for (size_t i = 0; i < files->n; i++)
        if (!read_file(name, &files->items[i], &(*out)[i], e))
            return false;
    return true;
}

bool backup_read_manifest(struct arena *a, struct str text, struct backup_file **out, size_t *n,
                          struct err *e)
{
    struct json root = {0};
    return backup_read_files(a, BACKUP_MANIFEST, text, &root, out, n, e);
}

static bool compare(const char *path, const struct backup_file *f, const struct backup_file *found,
                    struct err *e)
{
    return (found->bytes == f->bytes && strcmp(found->sha256, f->sha256) == 0) ||
           err_set(e, ERR_INVALID, "%s is not what the backup wrote: its SHA-256 is %s", path,
                   found->sha256);
}

bool backup_take_file(struct arena *a, const char *dir, const char *target,
                      const struct backup_file *f, struct err *e)
{
    struct backup_file found = {0};
    const char *from = arena_fmt(a, "%s/%.*s", dir, STR_ARG(f->path)).p;
    return backup_copy(from, target, &found, e) && compare(from, f, &found, e);
}

static bool restore_file(struct arena *a, const char *dir, const char *to,
                         const struct backup_file *f, struct err *e)
{
    const char *target = arena_fmt(a, "%s/%.*s", to, STR_ARG(f->path)).p;
    return backup_make_parents(a, to, f->path, e) && backup_take_file(a, dir, target, f, e);
}

static bool restore_all(struct arena *a, const char *dir, const char *to, struct backup_result *out,
                        struct err *e)
{
    struct str text = STR("");
    struct backup_file *files = NULL;
    size_t n = 0;
    if (!backup_read_text(a, dir, BACKUP_MANIFEST, BACKUP_MAX_MANIFEST, &text, e) ||
        !backup_read_manifest(a, text, &files, &n, e) || !backup_make_dir(to, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!restore_file(a, dir, to, &files[i], e))
            return false;
        out->files++;
        out->bytes += files[i].bytes;
    }
    return true;
}

static bool put_in_place(const char *from, const char *data_dir, struct err *e)
{
    (void)rmdir(data_dir); /* an empty one */
    return rename(from, data_dir) == 0 || err_errno(e, "can't make the data folder", data_dir);
}

bool backup_restore(const char *dir, const char *data_dir, struct backup_result *out, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    *out = (struct backup_result){0};
    bool free_dir = false;
    size_t n = strlen(data_dir);
    while (n > 1 && data_dir[n - 1] == '/')
        n--;
    const char *half = arena_fmt(a, "%.*s.restoring", (int)n, data_dir).p;
    if (!backup_dir_is_free(data_dir, &free_dir, e))
        return false;
    if (!free_dir)
        return err_set(e, ERR_CONFLICT,
                       "%s is not empty: a backup is restored to a data folder of its own",
                       data_dir);
    if (!backup_dir_is_free(half, &free_dir, e))
        return false;
    if (!free_dir) {
        err_set(e, ERR_CONFLICT, "%s is in the way", half);
        err_hint(e, "it is left of a restore that did not end: remove it");
        return false;
    }
    return restore_all(a, dir, half, out, e) && backup_sync_dir(half, e) &&
           put_in_place(half, data_dir, e);
}

bool backup_check(const char *dir, struct backup_result *out, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str text = STR("");
    struct backup_file *files = NULL;
    size_t n = 0;
    *out = (struct backup_result){0};
    if (!backup_read_text(a, dir, BACKUP_MANIFEST, BACKUP_MAX_MANIFEST, &text, e) ||
        !backup_read_manifest(a, text, &files, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct backup_file found = {0};
        const char *path = arena_fmt(a, "%s/%.*s", dir, STR_ARG(files[i].path)).p;
        if (!backup_hash(path, &found, e) || !compare(path, &files[i], &found, e))
            return false;
        out->files++;
        out->bytes += found.bytes;
    }
    return true;
}
