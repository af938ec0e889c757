/* Files and folders of a backup. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/backup_priv.h"

enum { BLOCK = 1 << 20 };

static bool write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        p += done;
        n -= (size_t)done;
    }
    return true;
}

static void finish(crypto_hash_sha256_state *s, struct backup_file *out)
{
    unsigned char raw[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_final(s, raw);
    sodium_bin2hex(out->sha256, sizeof(out->sha256), raw, sizeof(raw));
}

/* Reads in to its end; out_fd < 0: only hashes. */
static bool pump(int in, const char *from, int out_fd, const char *to, struct backup_file *out,
                 struct err *e)
{
    crypto_hash_sha256_state s;
    crypto_hash_sha256_init(&s);
    char *block = xcalloc(1, BLOCK);
    ssize_t n = 0;
    bool ok = true;
    out->bytes = 0;
    while (ok && (n = read(in, block, BLOCK)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            ok = err_errno(e, "can't read", from);
        } else {
            crypto_hash_sha256_update(&s, (const unsigned char *)block, (size_t)n);
            out->bytes += (uint64_t)n;
            ok = out_fd < 0 || write_all(out_fd, block, (size_t)n) ||
                 err_errno(e, "can't write", to);
        }
    }
    xfree(block);
    finish(&s, out);
    return ok;
}

bool backup_hash(const char *path, struct backup_file *out, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_errno(e, "can't open", path);
    bool ok = pump(fd, path, -1, "", out, e);
    (void)close(fd);
    return ok;
}

bool backup_copy(const char *from, const char *to, struct backup_file *out, struct err *e)
{
    int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (in < 0)
        return err_errno(e, "can't open", from);
    int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 || err_errno(e, "can't make", to);
    ok = ok && pump(in, from, fd, to, out, e) && (fsync(fd) == 0 || err_errno(e, "can't sync", to));
    if (fd >= 0 && close(fd) != 0 && ok)
        ok = err_errno(e, "can't close", to);
    (void)close(in);
    return ok;
}

bool backup_link(const char *from, const char *to, struct backup_file *out, struct err *e)
{
    return link(from, to) == 0 ? backup_hash(to, out, e) : backup_copy(from, to, out, e);
}

static bool sync_file(const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        (void)close(fd);
    return ok || err_errno(e, "can't sync", path);
}

bool backup_move(const char *from, const char *to, struct backup_file *out, struct err *e)
{
    if (rename(from, to) == 0)
        return sync_file(to, e) && backup_hash(to, out, e);
    return backup_copy(from, to, out, e) &&
           (unlink(from) == 0 || err_errno(e, "can't remove", from));
}

bool backup_write_text(const char *path, struct str text, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write_all(fd, text.p, text.n) && fsync(fd) == 0;
    if (fd >= 0 && close(fd) != 0)
        ok = false;
    return ok || err_errno(e, "can't write", path);
}

/* A place that does not serve is a mistake of whoever named it; a broken disk is not. */
static bool folder_err(struct err *e, const char *what, const char *path)
{
    static const int named[] = {ENOENT, ENOTDIR, EACCES, EPERM, EROFS, ENAMETOOLONG, ELOOP};
    int why = errno;
    (void)err_errno(e, what, path);
    for (size_t i = 0; i < COUNTOF(named); i++)
        if (why == named[i])
            e->code = ERR_INVALID;
    return false;
}

bool backup_make_dir(const char *path, struct err *e)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST ||
           folder_err(e, "can't make the folder", path);
}

bool backup_make_parents(struct arena *a, const char *root, struct str path, struct err *e)
{
    for (size_t i = 0; i < path.n; i++)
        if (path.p[i] == '/' &&
            !backup_make_dir(arena_fmt(a, "%s/%.*s", root, (int)i, path.p).p, e))
            return false;
    return true;
}

bool backup_sync_dir(const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        (void)close(fd);
    return ok || err_errno(e, "can't sync the folder", path);
}

bool backup_dir_is_free(const char *path, bool *out, struct err *e)
{
    DIR *d = opendir(path);
    *out = d == NULL && errno == ENOENT;
    if (d == NULL)
        return *out || folder_err(e, "can't use the folder", path);
    bool found = false;
    for (const struct dirent *x = readdir(d); x != NULL && !found; x = readdir(d))
        found = strcmp(x->d_name, ".") != 0 && strcmp(x->d_name, "..") != 0;
    (void)closedir(d);
    *out = !found;
    return true;
}
