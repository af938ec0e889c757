/* Writing a backup. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/backup_priv.h"
#include "text/date.h"

enum { MAX_DEPTH = 16 };

struct job {
    const struct backup_options *o;
    struct arena *a;
    VEC(struct backup_file) files;
    struct map *known;      /* paths of files */
    struct str lake;        /* path of a folder whose files are elsewhere; empty: none is */
    const char *lake_place; /* where */
    struct str folder;      /* path of the workspace's */
};

/* Where a path below the data folder is. */
static const char *place_of(struct job *j, struct str path)
{
    bool elsewhere = j->lake.n > 0 && str_starts(path, j->lake) &&
                     (path.n == j->lake.n || path.p[j->lake.n] == '/');
    if (!elsewhere)
        return arena_fmt(j->a, "%s/%.*s", j->o->data_dir, STR_ARG(path)).p;
    return arena_fmt(j->a, "%s%.*s", j->lake_place, STR_ARG(str_sub(path, j->lake.n, path.n))).p;
}

typedef bool put_fn(const char *from, const char *to, struct backup_file *out, struct err *e);

/* The file at from becomes the backup's file path. */
static bool put(struct job *j, const char *from, struct str path, put_fn *fn, struct err *e)
{
    struct backup_file f = {.path = path};
    const char *to = arena_fmt(j->a, "%s/%.*s", j->o->dir, STR_ARG(path)).p;
    if (!backup_make_parents(j->a, j->o->dir, path, e) || !fn(from, to, &f, e))
        return false;
    VEC_PUSH(j->a, &j->files, f);
    map_put(j->known, path, j);
    return true;
}

/* A file of the data folder; one that is not there is left out. */
static bool put_own(struct job *j, struct str path, put_fn *fn, struct err *e)
{
    const char *from = place_of(j, path);
    struct stat st;
    return (stat(from, &st) != 0 && errno == ENOENT) || put(j, from, path, fn, e) ||
           (stat(from, &st) != 0 && errno == ENOENT); /* it went meanwhile */
}

/* The database and what belongs to it is copied by its own means; half-written parts are nothing.
 */
static bool is_database(const char *name)
{
    struct str s = str_from(name);
    return str_starts(s, STR("hot.duckdb")) || str_starts(s, STR(WORKSPACE_SNAPSHOT)) ||
           str_ends(s, STR(".tmp"));
}

static bool put_folder(struct job *j, struct str path, put_fn *fn, int depth, struct err *e);

static bool put_entry(struct job *j, struct str folder, const char *name, put_fn *fn, int depth,
                      struct err *e)
{
    struct str path = arena_fmt(j->a, "%.*s/%s", STR_ARG(folder), name);
    const char *from = place_of(j, path);
    struct stat st;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || is_database(name) ||
        map_get(j->known, path) != NULL)
        return true;
    if (lstat(from, &st) != 0)
        return errno == ENOENT || err_errno(e, "can't look at", from);
    if (S_ISDIR(st.st_mode))
        return put_folder(j, path, fn, depth + 1, e);
    return !S_ISREG(st.st_mode) || put_own(j, path, fn, e);
}

/* Every file below a folder of the data folder that is not in the backup yet. */
static bool put_folder(struct job *j, struct str path, put_fn *fn, int depth, struct err *e)
{
    const char *dir = place_of(j, path);
    if (depth > MAX_DEPTH)
        return err_set(e, ERR_LIMIT, "%s: more than %d folders deep", dir, MAX_DEPTH);
    DIR *d = opendir(dir);
    if (d == NULL)
        return errno == ENOENT || err_errno(e, "can't read the folder", dir);
    bool ok = true;
    for (const struct dirent *x = readdir(d); ok && x != NULL; x = readdir(d))
        ok = put_entry(j, path, x->d_name, fn, depth, e);
    (void)closedir(d);
    return ok;
}

static bool put_database(struct job *j, struct workspace *w, struct str folder, struct err *e)
{
    const char *snapshot = NULL;
    if (!workspace_snapshot(w, j->a, &snapshot, e))
        return false;
    bool ok = put(j, snapshot, arena_fmt(j->a, "%.*s/hot.duckdb", STR_ARG(folder)), backup_move, e);
    workspace_snapshot_end(w);
    return ok;
}

static bool put_files(struct job *j, struct str folder, struct err *e)
{
    return put_folder(j, folder, backup_link, 0, e) &&
           (j->lake.n == 0 || put_folder(j, j->lake, backup_link, 1, e));
}

/* ---- parts of the manifest: some may be only in a store of parts, or leave for it meanwhile ----
 */

static struct str part_path(struct job *j, struct str below)
{
    return arena_fmt(j->a, "%.*s/%.*s", STR_ARG(j->folder), STR_ARG(below));
}

static bool wants_part(void *ctx, struct str below)
{
    struct job *j = ctx;
    return map_get(j->known, part_path(j, below)) == NULL;
}

static bool put_part(void *ctx, struct str below, const char *own, struct err *e)
{
    return put(ctx, own, part_path(ctx, below), backup_link, e);
}

/* Files beside the database never change once they are there, but some may go: they are taken
 * before and after the database, and none go in between, so that all that it names at its moment
 * are in the backup. */
static bool put_workspace(struct job *j, struct workspace *w, struct err *e)
{
    struct str folder = arena_fmt(j->a, "workspaces/%.*s", STR_ARG(workspace_id(w)));
    const char *elsewhere = workspace_lake_elsewhere(w);
    j->lake = elsewhere != NULL ? arena_fmt(j->a, "%.*s/lake", STR_ARG(folder)) : STR("");
    j->lake_place = elsewhere;
    j->folder = folder;
    if (!put_files(j, folder, e) || !workspace_each_part(w, wants_part, put_part, j, e))
        return false;
    workspace_hold(w);
    bool ok = put_database(j, w, folder, e) && put_files(j, folder, e) &&
              workspace_each_part(w, wants_part, put_part, j, e);
    workspace_unhold(w);
    j->lake = STR("");
    return ok;
}

static bool put_state(struct job *j, struct err *e)
{
    struct backup_file f = {.path = STR("state.db")};
    const char *to = arena_fmt(j->a, "%s/state.db", j->o->dir).p,
               *raw = arena_fmt(j->a, "%s/state.db.new", j->o->dir).p;
    if (!state_snapshot(j->o->state, raw, e) || !backup_move(raw, to, &f, e))
        return false;
    VEC_PUSH(j->a, &j->files, f);
    map_put(j->known, f.path, j);
    return true;
}

static bool put_all(struct job *j, struct err *e)
{
    static const char *const small[] = {"version", "token.key"};
    struct workspace *w = NULL;
    /* First: see backup.h. */
    if (!put_state(j, e))
        return false;
    for (size_t i = 0; i < COUNTOF(small); i++)
        if (!put_own(j, str_from(small[i]), backup_copy, e))
            return false;
    if (!put_folder(j, STR("tls"), backup_copy, 0, e))
        return false;
    for (size_t i = 0; (w = store_workspace_at(j->o->store, i)) != NULL; i++)
        if (!put_workspace(j, w, e))
            return false;
    return true;
}

void backup_write_head(struct json_out *o, struct clock *clock)
{
    json_kv_int(o, "format", BACKUP_FORMAT);
    json_kv_time(o, "created", clock_now(clock));
    json_kv_z(o, "program", VEDETTE_VERSION);
}

void backup_write_files(struct json_out *o, const struct backup_file *files, size_t n)
{
    json_key(o, "files");
    json_arr(o);
    for (size_t i = 0; i < n; i++) {
        json_obj(o);
        json_kv_str(o, "path", files[i].path);
        json_kv_int(o, "bytes", (int64_t)files[i].bytes);
        json_kv_z(o, "sha256", files[i].sha256);
        json_obj_end(o);
    }
    json_arr_end(o);
}

bool backup_write_manifest(const char *dir, const char *name, struct sbuf *text, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    if (!sbuf_ok(text))
        return err_set(e, ERR_LIMIT, "too many files for one backup");
    const char *path = arena_fmt(a, "%s/%s", dir, name).p, *temp = arena_fmt(a, "%s.new", path).p;
    return backup_write_text(temp, sbuf_str(text), e) &&
           (rename(temp, path) == 0 || err_errno(e, "can't write", path)) &&
           backup_sync_dir(dir, e);
}

static bool write_manifest(struct job *j, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(BACKUP_MAX_MANIFEST);
    struct json_out o = json_out_make(&b);
    json_obj(&o);
    backup_write_head(&o, j->o->clock);
    backup_write_files(&o, j->files.p, j->files.n);
    json_obj_end(&o);
    sbuf_addc(&b, '\n');
    return backup_write_manifest(j->o->dir, BACKUP_MANIFEST, &b, e);
}

/* The folder with all links followed, also when only its parent is there; else NULL. */
static const char *real_place(struct arena *a, const char *dir)
{
    AUTO(xfreep) char *real = realpath(dir, NULL);
    if (real != NULL)
        return arena_strz(a, str_from(real));
    size_t end = strlen(dir);
    while (end > 1 && dir[end - 1] == '/')
        end--;
    size_t name = end;
    while (name > 0 && dir[name - 1] != '/')
        name--;
    AUTO(xfreep) char *parent = realpath(arena_strz(a, (struct str){dir, name}), NULL);
    if (parent == NULL)
        return NULL;
    return arena_fmt(a, "%s/%.*s", parent, (int)(end - name), dir + name).p;
}

/* A copy inside of what is copied would be copied itself, and be lost with it. */
static bool lies_outside(struct arena *a, const char *dir, const char *of, const char *what,
                         struct err *e)
{
    const char *place = real_place(a, dir), *root = of != NULL ? real_place(a, of) : NULL;
    size_t n = root != NULL ? strlen(root) : 0;
    if (place == NULL || n == 0 || strncmp(place, root, n) != 0 ||
        (place[n] != '\0' && place[n] != '/'))
        return true;
    return err_set(e, ERR_INVALID,
                   "%s is inside of the %s %s: choose a folder elsewhere, best on another disk",
                   dir, what, root);
}

bool backup_take_dir(const char *dir, const char *data_dir, const struct store *store,
                     struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    bool free_dir = false;
    if (dir[0] != '/')
        return err_set(e, ERR_INVALID, "'%s': an absolute path expected", dir);
    if (!lies_outside(a, dir, data_dir, "data folder", e) ||
        !lies_outside(a, dir, store_lake_dir(store), "folder of sealed rows", e))
        return false;
    if (!backup_dir_is_free(dir, &free_dir, e))
        return false;
    if (!free_dir)
        return err_set(e, ERR_INVALID, "%s is not empty: a backup needs a folder of its own", dir);
    return backup_make_dir(dir, e);
}

bool backup_write(const struct backup_options *o, struct backup_result *out, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct job j = {.o = o, .a = a, .known = map_new(a, false)};
    *out = (struct backup_result){0};
    if (!backup_take_dir(o->dir, o->data_dir, o->store, e) || !put_all(&j, e) ||
        !write_manifest(&j, e))
        return false;
    out->files = j.files.n;
    for (size_t i = 0; i < j.files.n; i++)
        out->bytes += j.files.p[i].bytes;
    return true;
}
