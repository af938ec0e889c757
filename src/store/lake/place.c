/* Where the parts are: below each workspace's folder, or in a folder elsewhere. DATA/lake_dir says
 * which, so that commands find them, and so that a change is noticed. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/lake/lake_priv.h"

/* *out: empty when the parts are below the workspaces. */
static bool read_record(const char *path, struct arena *a, struct str *out, struct err *e)
{
    char text[PATH_MAX + 2];
    *out = STR("");
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return errno == ENOENT || err_errno(e, "can't read", path);
    size_t n = fread(text, 1, sizeof(text), f);
    bool bad = ferror(f) != 0;
    (void)fclose(f);
    if (bad)
        return err_errno(e, "can't read", path);
    *out = arena_str(a, str_trim((struct str){text, n}));
    return out->n == 0 || (out->p[0] == '/' && memchr(out->p, '\0', out->n) == NULL) ||
           err_set(e, ERR_INVALID, "%s: an absolute path expected", path);
}

/* A folder that was used before is not made again: its disk may not be mounted. */
static bool find_folder(struct store *s, struct str wanted, bool is_new, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    char real[PATH_MAX];
    const char *dir = arena_strz(a, wanted);
    size_t at = 0;
    if (wanted.p[0] != '/' || wanted.n >= PATH_MAX - 200 || str_find(wanted, STR("/../"), &at) ||
        str_ends(wanted, STR("/..")))
        return err_set(e, ERR_INVALID, "lake_dir: an absolute path without '..' expected");
    if (is_new && mkdir(dir, 0700) != 0 && errno != EEXIST)
        return err_errno(e, "lake_dir: can't make the folder", dir);
    if (realpath(dir, real) == NULL || access(real, R_OK | W_OK | X_OK) != 0) {
        err_errno(e, "lake_dir: can't use the folder", dir);
        err_hint(e, "is its disk mounted?");
        return false;
    }
    s->lake_dir = xstrdup(real);
    const char *lock = arena_fmt(a, "%s/lock", real).p;
    s->lake_lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->lake_lock < 0)
        return err_errno(e, "lake_dir: can't make", lock);
    if (flock(s->lake_lock, LOCK_EX | LOCK_NB) != 0)
        return err_set(e, ERR_CONFLICT, "lake_dir: another server uses %s", real);
    return engine_allow_directory(s->engine, s->lake_dir, e);
}

bool lake_place_open(struct store *s, const char *data_dir, const char *wanted, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    struct str before = STR("");
    s->lake_record = xstrndup(arena_fmt(a, "%s/lake_dir", data_dir));
    if (!read_record(s->lake_record, a, &before, e))
        return false;
    struct str now = wanted != NULL ? str_from(wanted) : before;
    while (now.n > 1 && now.p[now.n - 1] == '/')
        now.n--;
    s->lake_moved = !str_eq(now, before);
    s->lake_wanted = xstrndup(now);
    s->lake_before = xstrndup(before);
    return now.n == 0 || find_folder(s, now, s->lake_moved, e);
}

bool lake_place_keep(struct store *s, struct err *e)
{
    if (!s->lake_moved)
        return true;
    if (s->lake_wanted[0] == '\0')
        return unlink(s->lake_record) == 0 || errno == ENOENT ||
               err_errno(e, "can't remove", s->lake_record);
    LOG(LOG_INFO, "lake", "parts are in another folder from now on",
        log_z("folder", s->lake_wanted));
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    return lake_text_put(s->lake_record, arena_fmt(a, "%s\n", s->lake_wanted), e);
}

void lake_place_close(struct store *s)
{
    if (s->lake_lock >= 0)
        close(s->lake_lock);
    xfree(s->lake_record);
    xfree(s->lake_wanted);
    xfree(s->lake_before);
    xfree(s->lake_dir);
}

char *lake_place(const struct store *s, struct str workspace, const char *dir)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    return xstrndup(s->lake_dir != NULL ? arena_fmt(a, "%s/%.*s", s->lake_dir, STR_ARG(workspace))
                                        : arena_fmt(a, "%s/lake", dir));
}

/* Parts were moved along, or the setting is wrong: nothing is done by itself. */
bool lake_place_check(struct lake *l, struct err *e)
{
    const struct store *s = l->w->s;
    if (!s->lake_moved)
        return true;
    for (size_t i = 0; i < l->current->n; i++)
        for (size_t k = 0; k < l->current->tables[i].n; k++) {
            const struct lake_part *p = l->current->tables[i].parts[k];
            if (p->where == LAKE_AWAY || access(p->path, R_OK) == 0)
                continue;
            err_set(e, ERR_CONFLICT, "lake_dir has changed, but the parts are not in %s", l->dir);
            err_hint(e, "stop the server and move them there from %s%s, or set lake_dir back",
                     s->lake_before[0] != '\0' ? s->lake_before : "the workspace's folder 'lake'",
                     s->lake_before[0] != '\0' ? "/WORKSPACE" : "");
            return false;
        }
    return true;
}

const char *store_lake_dir(const struct store *s)
{
    return s->lake_dir;
}

const char *workspace_lake_elsewhere(const struct workspace *w)
{
    return w->s->lake_dir != NULL ? w->lake->dir : NULL;
}
