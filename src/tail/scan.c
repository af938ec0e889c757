/* Which files there are, and which cursors are theirs: by device and inode, and where a file was
 * copied, packed or truncated, by content. */
#include "base/log.h"
#include "tail/tail_priv.h"
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    SURE_BYTES = 256, /* fewer do not tell a file from another one */
    MAX_LOST = 40000,
    MAX_LOOKS = 5,
    LOOKS_AT_ONCE = 50,
    MAX_NEIGHBOURS = 4096,
    MAX_OPEN = 200
};
#define HOLD_US ((int64_t)10000000) /* how long a copy waits for its original to go */
#define IDLE_US ((int64_t)300000000)
#define RENAMED_US ((int64_t)300000000) /* a renamed file without a change for so long is over */
#define KEEP_LOST (7 * TICKS_PER_DAY)

static int64_t wall_ticks(void)
{
    return TICKS_UNIX_EPOCH + (int64_t)time(NULL) * TICKS_PER_SECOND;
}

/* ---- files and lost cursors ---- */

struct inode {
    uint64_t dev, ino;
};

static struct str inode_key(struct arena *a, uint64_t dev, uint64_t ino)
{
    struct inode k = {dev, ino};
    return arena_str(a, (struct str){(const char *)&k, sizeof(k)});
}

static struct file *add_file(struct follower *f)
{
    if (f->n_files == f->cap_files) {
        f->cap_files = f->cap_files == 0 ? 16 : f->cap_files * 2;
        f->files = xrealloc(f->files, f->cap_files * sizeof(struct file *));
    }
    struct file *file = xcalloc(1, sizeof(*file));
    file->fd = -1;
    file->changed_us = clock_mono_us();
    file->used_us = file->changed_us;
    f->files[f->n_files++] = file;
    return file;
}

void file_free(struct file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    cursor_fini(&file->c);
    xfree(file->header);
    xfree(file);
}

/* Enough of the content is known to tell the file from others. */
static bool is_sure(const struct cursor *c)
{
    return c->offset >= SURE_BYTES || c->pending >= SURE_BYTES;
}

static void drop_lost(struct follower *f, size_t i, bool also_kept)
{
    if (also_kept)
        cursor_drop(f->state, &f->lost[i]);
    cursor_fini(&f->lost[i]);
    f->lost[i] = f->lost[--f->n_lost];
}

static size_t longest_gone(const struct follower *f)
{
    size_t at = 0;
    for (size_t i = 1; i < f->n_lost; i++)
        if (f->lost[i].gone_at != 0 &&
            (f->lost[at].gone_at == 0 || f->lost[i].gone_at < f->lost[at].gone_at))
            at = i;
    return at;
}

void scan_add_lost(void *follower, struct cursor *c)
{
    struct follower *f = follower;
    if (f->n_lost == MAX_LOST)
        drop_lost(f, longest_gone(f), true);
    if (f->n_lost == f->cap_lost) {
        f->cap_lost = f->cap_lost == 0 ? 16 : f->cap_lost * 2;
        f->lost = xrealloc(f->lost, f->cap_lost * sizeof(struct cursor));
    }
    f->lost[f->n_lost++] = *c;
}

/* Keeps what is known of the file's content, and forgets the file. */
static void let_go(struct follower *f, size_t i)
{
    struct file *file = f->files[i];
    struct err e = {0};
    struct cursor c = file->c;
    file->c.path = NULL;
    if (c.offset > 0 || c.pending > 0) {
        c.gone_at = wall_ticks();
        c.looked = file->fd >= 0 ? MAX_LOOKS : 0; /* open: it was read to its end */
        if (!cursor_save(f->state, &c, &e))
            LOG(LOG_WARN, "files", "a position was not written down", log_z("file", c.path),
                log_z("reason", e.msg));
        scan_add_lost(f, &c);
    } else {
        cursor_fini(&c);
    }
    file_free(file);
    f->files[i] = f->files[--f->n_files];
}

/* The lost cursor i becomes the file's. */
static void take_lost(struct follower *f, size_t i, struct file *file, const char *path,
                      const struct stat *st)
{
    cursor_fini(&file->c);
    file->c = f->lost[i];
    xfree(file->c.path);
    file->c.path = xstrdup(path);
    file->c.dev = (uint64_t)st->st_dev;
    file->c.ino = (uint64_t)st->st_ino;
    file->c.gone_at = 0;
    f->lost[i] = f->lost[--f->n_lost];
}

void scan_restart(struct follower *f, struct file *file)
{
    struct cursor old = file->c;
    LOG(LOG_INFO, "files", "the file's content was replaced; it is read from its start",
        log_z("file", old.path), log_i("offset", old.offset));
    cursor_init(&file->c, f->s->name, old.path, &file->st);
    old.dev = old.ino = 0; /* by its content only */
    old.gone_at = wall_ticks();
    old.looked = 0;
    if (!cursor_save(f->state, &old, NULL))
        LOG(LOG_WARN, "files", "a position was not written down", log_z("file", old.path));
    scan_add_lost(f, &old);
    xfree(file->header);
    file->header = NULL;
}

/* ---- a file that was not open ---- */

enum likeness { LIKE_NONE, LIKE_COPY, LIKE_COPYING /* shorter so far */ };

static enum likeness likeness_of(struct follower *f, struct file *file, const struct head *h)
{
    for (size_t i = 0; i < f->n_files; i++) {
        const struct file *other = f->files[i];
        if (other == file || !is_sure(&other->c) || !file_head_agrees(h, &other->c))
            continue;
        if (file_matches(file->fd, file->packed, &file->st, &other->c))
            return LIKE_COPY;
        if (!file->packed && other->c.head_n > 0 && (int64_t)file->st.st_size < other->c.offset)
            return LIKE_COPYING;
    }
    return LIKE_NONE;
}

static bool adopt_lost(struct follower *f, struct file *file, const struct head *h)
{
    for (size_t i = 0; i < f->n_lost; i++) {
        if (!is_sure(&f->lost[i]) || !file_head_agrees(h, &f->lost[i]) ||
            !file_matches(file->fd, file->packed, &file->st, &f->lost[i]))
            continue;
        AUTO(xfreep) char *path = xstrdup(file->c.path);
        take_lost(f, i, file, path, &file->st);
        LOG(LOG_INFO, "files", "the file goes on with one that was read before",
            log_z("file", path), log_i("offset", file->c.offset));
        return true;
    }
    return false;
}

/* A file without a position: perhaps it goes on with one that was lost. false: it may be a copy of
 * one that is still there, and waits. */
static bool adopt(struct follower *f, struct file *file)
{
    struct head h;
    file_head(file->fd, file->packed, &h);
    if (adopt_lost(f, file, &h))
        return true;
    int64_t now = clock_mono_us();
    enum likeness like = likeness_of(f, file, &h);
    if (like == LIKE_NONE)
        return true;
    if (file->held_until == 0 || (like == LIKE_COPYING && now - file->changed_us < HOLD_US))
        file->held_until = now + HOLD_US;
    return file->held_until <= now;
}

/* from_end: what is there at the source's first start is passed over. */
static void pass_over(struct follower *f, struct file *file)
{
    char last = '\n';
    size_t n = 0;
    struct err e = {0};
    if (!f->s->from_end || !f->first || file->packed || file->st.st_size == 0 ||
        !file_bytes(file->fd, (int64_t)file->st.st_size - 1, &last, 1, &n, &e))
        return;
    file->c.offset = (int64_t)file->st.st_size;
    file->c.skipping = last != '\n';
    if (!cursor_save(f->state, &file->c, &e))
        LOG(LOG_WARN, "files", "a position was not written down", log_z("file", file->c.path),
            log_z("reason", e.msg));
}

static bool check_content(struct follower *f, struct file *file)
{
    bool known = file->c.offset > 0 || file->c.pending > 0;
    if (!known && file->st.st_size == 0) /* nothing tells yet what it is */
        return false;
    if (known && !file_matches(file->fd, file->packed, &file->st, &file->c))
        scan_restart(f, file);
    else if (!known && !adopt(f, file))
        return false;
    else if (!known && file->c.offset == 0)
        pass_over(f, file);
    file->checked = true;
    return true;
}

bool scan_open(struct follower *f, struct file *file)
{
    struct err e = {0};
    struct stat st;
    bool late = file->packed || tail_is_whole(f->s); /* complete, or not at all */
    if ((file->refused && clock_mono_us() < file->retry_us) || (late && !file_settled(file)))
        return false;
    if (file->fd < 0) {
        file->fd = file_open(file->c.path, f->base, f->s->follow_links, &st, &e);
        if (file->fd < 0) {
            if (e.code != ERR_NOT_FOUND)
                deliver_refused(f, file, &e);
            return false;
        }
        file->st = st;
    }
    if ((uint64_t)file->st.st_dev == file->c.dev && (uint64_t)file->st.st_ino == file->c.ino &&
        (file->checked || check_content(f, file)))
        return true;
    close(file->fd); /* another file is in its place now, or it waits */
    file->fd = -1;
    return false;
}

/* ---- one look ---- */

static void see(struct follower *f, struct map *known, struct found *found)
{
    struct inode k = {(uint64_t)found->st.st_dev, (uint64_t)found->st.st_ino};
    struct file *file = map_get(known, (struct str){(const char *)&k, sizeof(k)});
    if (file == NULL) {
        file = add_file(f);
        cursor_init(&file->c, f->s->name, found->path, &found->st);
        for (size_t i = 0; i < f->n_lost; i++)
            if (f->lost[i].dev == k.dev && f->lost[i].ino == k.ino) {
                take_lost(f, i, file, found->path, &found->st);
                break;
            }
        file->packed = file_is_packed(found->path);
        file->st = found->st;
        map_put(known, inode_key(f->arena, k.dev, k.ino), file);
    } else if (file->round == f->round) {
        return; /* under a second name */
    }
    if (strcmp(file->c.path, found->path) != 0) {
        xfree(file->c.path);
        file->c.path = xstrdup(found->path);
    }
    if (file_see(file, &found->st))
        file->refused = false;
    file->listed = true;
    file->round = f->round;
}

/* A file that the pattern names no more: renamed, or removed. What is in it is still read. */
static bool is_over(struct file *file)
{
    struct stat st;
    int64_t now = clock_mono_us();
    file->listed = false;
    if (file->fd < 0)
        return true;
    if (fstat(file->fd, &st) != 0 || st.st_nlink == 0)
        return true;
    if (st.st_size != file->st.st_size)
        file->changed_us = now;
    file->st = st;
    return now - file->changed_us > RENAMED_US;
}

static void see_off(struct follower *f)
{
    for (size_t i = f->n_files; i-- > 0;) {
        struct file *file = f->files[i];
        if (file->round == f->round || !is_over(file))
            continue;
        if (file->fd < 0 || deliver_file(f, file, true))
            let_go(f, i);
    }
}

/* ---- files that go on with a lost one, beside it ---- */

static bool try_neighbour(struct follower *f, size_t lost, struct map *known, const char *path)
{
    struct stat st;
    const struct cursor *c = &f->lost[lost];
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    struct inode k = {(uint64_t)st.st_dev, (uint64_t)st.st_ino};
    bool same = k.dev == c->dev && k.ino == c->ino, packed = file_is_packed(path);
    if (map_get(known, (struct str){(const char *)&k, sizeof(k)}) != NULL ||
        (!same && (!is_sure(c) || packed || (int64_t)st.st_size < c->offset)))
        return false;
    int fd = file_open(path, f->base, f->s->follow_links, &st, NULL);
    if (fd < 0)
        return false;
    if (!file_matches(fd, packed, &st, c)) {
        close(fd);
        return false;
    }
    struct file *file = add_file(f);
    take_lost(f, lost, file, path, &st);
    file->fd = fd;
    file->st = st;
    file->packed = packed;
    file->checked = true;
    map_put(known, inode_key(f->arena, file->c.dev, file->c.ino), file);
    LOG(LOG_INFO, "files", "the rest of a rotated file is read", log_z("file", path),
        log_i("offset", file->c.offset));
    return true;
}

/* Rotation gives a file another name in the same folder, which the pattern may not cover. */
static bool look_in_folder_of(struct follower *f, size_t lost, struct map *known, const char *file)
{
    char folder[PATH_MAX], path[PATH_MAX];
    snprintf(folder, sizeof(folder), "%s", file);
    char *slash = strrchr(folder, '/');
    if (slash == NULL)
        return false;
    AUTO(xfreep) char *name = xstrdup(slash + 1);
    size_t stem = strcspn(name, ".-_"), n = 0;
    *slash = '\0';
    DIR *d = opendir(folder[0] == '\0' ? "/" : folder);
    bool found = false;
    for (struct dirent *item; d != NULL && !found && n < MAX_NEIGHBOURS; n++) {
        if ((item = readdir(d)) == NULL)
            break;
        if (strncmp(item->d_name, name, stem) == 0 &&
            (size_t)snprintf(path, sizeof(path), "%s/%s", folder, item->d_name) < sizeof(path))
            found = try_neighbour(f, lost, known, path);
    }
    if (d != NULL)
        closedir(d);
    return found;
}

/* A link's target is rotated in its own folder. */
static bool look_beside(struct follower *f, size_t lost, struct map *known)
{
    char real[PATH_MAX];
    AUTO(xfreep) char *path = xstrdup(f->lost[lost].path);
    return look_in_folder_of(f, lost, known, path) ||
           (realpath(path, real) != NULL && strcmp(real, path) != 0 &&
            look_in_folder_of(f, lost, known, real));
}

static void look_for_lost(struct follower *f, struct map *known)
{
    int64_t now = wall_ticks();
    size_t looks = 0;
    for (size_t i = f->n_lost; i-- > 0;) {
        struct cursor *c = &f->lost[i];
        if (c->gone_at == 0)
            c->gone_at = now;
        if (now - c->gone_at > KEEP_LOST) {
            drop_lost(f, i, true);
            continue;
        }
        if (c->looked >= MAX_LOOKS || c->done || looks == LOOKS_AT_ONCE)
            continue;
        looks++;
        c->looked++;
        (void)look_beside(f, i, known);
    }
}

void scan_close_idle(struct follower *f)
{
    int64_t now = clock_mono_us();
    size_t open = 0;
    for (size_t i = 0; i < f->n_files; i++)
        open += f->files[i]->fd >= 0;
    for (size_t i = 0; i < f->n_files; i++) {
        struct file *file = f->files[i];
        bool idle = now - file->used_us > IDLE_US || file->c.done || open > MAX_OPEN;
        if (file->fd < 0 || !file->listed || !idle)
            continue;
        close(file->fd);
        file->fd = -1;
        file->checked = false; /* another file may have got its inode meanwhile */
        open--;
    }
}

void scan_files(struct follower *f)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct found_files found = {.a = a};
    struct map *known = map_new(a, false);
    f->arena = a;
    f->round++;
    for (size_t i = 0; i < f->n_files; i++)
        map_put(known, inode_key(a, f->files[i]->c.dev, f->files[i]->c.ino), f->files[i]);
    find_files(f->s->path, &found);
    for (size_t i = 0; i < found.n; i++)
        see(f, known, &found.p[i]);
    if (found.too_many && f->round % 600 == 1)
        LOG(LOG_WARN, "files", "more files than are followed", log_s("source", f->s->name),
            log_i("limit", TAIL_MAX_FILES));
    for (size_t i = 0; i < found.folders.n; i++)
        waker_watch(f->waker, found.folders.p[i]);
    see_off(f);
    look_for_lost(f, known);
    f->arena = NULL;
}
