/* The data folder: who may use it, and which version wrote it. */
#include "api/api_priv.h"
#include "backup/backup.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DATA_VERSION = 1, MAX_PATH = 4096 };

static bool make_dir(const char *dir, struct err *e)
{
    struct stat st;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return err_errno(e, "can't make the data folder", dir);
    if (stat(dir, &st) != 0)
        return err_errno(e, "can't use the data folder", dir);
    if (!S_ISDIR(st.st_mode))
        return err_set(e, ERR_INVALID, "%s is not a folder", dir);
    return true;
}

static bool read_small(int fd, char *buf, size_t size)
{
    ssize_t n = pread(fd, buf, size - 1, 0);
    buf[n > 0 ? n : 0] = '\0';
    return n >= 0;
}

static bool in_use(const char *dir, int fd, struct err *e)
{
    char holder[64];
    (void)read_small(fd, holder, sizeof(holder));
    holder[strcspn(holder, "\n")] = '\0';
    err_set(e, ERR_CONFLICT, "the data folder %s is in use%s%s", dir,
            holder[0] != '\0' ? " by process " : "", holder);
    err_hint(e, "talk to the running server, or stop it first");
    return false;
}

static bool take_lock(const char *dir, struct data_lock *lock, struct err *e)
{
    char path[MAX_PATH], pid[32];
    snprintf(path, sizeof(path), "%s/lock", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(e, "can't make the lock", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        bool busy = errno == EWOULDBLOCK;
        bool ok = busy ? in_use(dir, fd, e) : err_errno(e, "can't lock", path);
        (void)close(fd);
        return ok;
    }
    int n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)n, 0) != n) {
        (void)err_errno(e, "can't write", path);
        (void)close(fd);
        return false;
    }
    lock->fd = fd;
    return true;
}

static bool write_version(const char *path, struct err *e)
{
    char text[32];
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(e, "can't make", path);
    int n = snprintf(text, sizeof(text), "%d\n", DATA_VERSION);
    bool ok = write(fd, text, (size_t)n) == n && fsync(fd) == 0;
    if (!ok)
        err_errno(e, "can't write", path);
    return close(fd) == 0 && ok;
}

static bool check_version(const char *dir, struct err *e)
{
    char path[MAX_PATH], text[32];
    snprintf(path, sizeof(path), "%s/version", dir);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? write_version(path, e) : err_errno(e, "can't open", path);
    bool ok = read_small(fd, text, sizeof(text));
    (void)close(fd);
    char *end = NULL;
    long version = ok ? strtol(text, &end, 10) : 0;
    if (!ok || end == text || version < 1)
        return err_set(e, ERR_INVALID, "%s does not hold a version number", path);
    if (version > DATA_VERSION) {
        err_set(e, ERR_CONFLICT,
                "the data folder %s was written by a newer version (layout %ld; this program knows "
                "up to %d)",
                dir, version, DATA_VERSION);
        err_hint(e, "start the newer program, or restore a backup of the time before");
        return false;
    }
    return true;
}

bool data_dir_take(const char *dir, struct data_lock *lock, struct err *e)
{
    lock->fd = -1;
    (void)umask(077); /* also for the files that libraries make: nobody else reads the data */
    if (strlen(dir) > MAX_PATH - 64)
        return err_set(e, ERR_INVALID, "the data folder's name is too long");
    if (!make_dir(dir, e) || !take_lock(dir, lock, e))
        return false;
    if (check_version(dir, e))
        return true;
    data_dir_release(lock);
    return false;
}

void data_dir_release(struct data_lock *lock)
{
    if (lock->fd >= 0)
        (void)close(lock->fd);
    lock->fd = -1;
}

bool vedette_import_workspace(const struct import_options *o, struct backup_result *out,
                              struct err *e)
{
    struct data_lock lock = {.fd = -1};
    if (!data_dir_take(o->data_dir, &lock, e))
        return false;
    bool ok = backup_import(o, out, e);
    data_dir_release(&lock);
    return ok;
}
