/* A workspace out of an export. It is made in a folder of its own, as the only one of a store, and
 * becomes one of the data folder by its name at the end. */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/backup_priv.h"
#include "base/ids.h"
#include "state/transfer.h"

enum { OPEN_FOLDERS = 16 };
#define HALF "import.tmp"

struct import {
    const struct import_options *o;
    struct arena *a;
    struct json root;
    struct map *by_path; /* struct backup_file */
    struct str id, name;
    const char *half;     /* DATA/import.tmp */
    const char *lake_dir; /* where the data folder has its parts; NULL: below its workspaces */
    const char *lake;     /* the workspace's own folder there; NULL: none */
    struct backup_result *out;
};

/* ---- the folder in which it is made ---- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static bool remove_folder(const char *path, struct err *e)
{
    return nftw(path, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT ||
           err_errno(e, "can't remove", path);
}

/* ---- what the export says ---- */

static bool read_manifest(struct import *x, struct err *e)
{
    struct str text;
    struct backup_file *files = NULL;
    size_t n = 0;
    if (!backup_read_text(x->a, x->o->dir, EXPORT_MANIFEST, BACKUP_MAX_MANIFEST, &text, e) ||
        !backup_read_files(x->a, EXPORT_MANIFEST, text, &x->root, &files, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        map_put(x->by_path, files[i].path, &files[i]);
    struct guid g;
    x->id = json_text(json_get(&x->root, "id"), STR(""));
    x->name = x->o->name.n > 0 ? x->o->name : json_text(json_get(&x->root, "name"), STR(""));
    return guid_parse(x->id, &g) ||
           err_set(e, ERR_INVALID, EXPORT_MANIFEST ": id: the workspace's GUID expected");
}

/* Which names and ids are taken. */
static bool choose_id(struct import *x, struct err *e)
{
    struct store_options o = {
        .data_dir = x->o->data_dir, .clock = x->o->clock, .lake = {.by_hand = true}};
    struct store *s = store_open(&o, e);
    if (s == NULL)
        return false;
    bool taken = store_workspace_find(s, x->name) != NULL;
    bool known = store_workspace_find(s, x->id) != NULL;
    if (store_lake_dir(s) != NULL)
        x->lake_dir = arena_strz(x->a, str_from(store_lake_dir(s)));
    store_close(s);
    if (taken) {
        err_set(e, ERR_CONFLICT, "there is a workspace '%.*s'", STR_ARG(x->name));
        err_hint(e, "--name gives the new one another name");
        return false;
    }
    char id[37];
    guid_format(guid_new(), id);
    x->id = known ? arena_str(x->a, str_from(id)) : x->id;
    if (x->lake_dir == NULL)
        return true;
    bool is_free = false;
    const char *lake = arena_fmt(x->a, "%s/%.*s", x->lake_dir, STR_ARG(x->id)).p;
    if (!backup_dir_is_free(lake, &is_free, e))
        return false;
    x->lake = is_free ? lake : NULL;
    return is_free || err_set(e, ERR_CONFLICT, "%s is in the way: it is not empty", lake);
}

/* ---- rows ---- */

static bool take(struct import *x, struct str path, const char *target, struct err *e)
{
    const struct backup_file *f = map_get(x->by_path, path);
    if (f == NULL)
        return err_set(e, ERR_INVALID, EXPORT_MANIFEST ": '%.*s' is not among its files",
                       STR_ARG(path));
    if (!backup_take_file(x->a, x->o->dir, target, f, e))
        return false;
    x->out->files++;
    x->out->bytes += f->bytes;
    return true;
}

static bool take_part(void *ctx, struct str path, const char *own, struct err *e)
{
    return take(ctx, path, own, e);
}

static bool make_tables(struct import *x, struct err *e)
{
    struct store_options o = {
        .data_dir = x->half, .clock = x->o->clock, .lake = {.by_hand = true, .dir = x->lake_dir}};
    struct store *s = store_open(&o, e);
    if (s == NULL)
        return false;
    struct workspace *w = store_workspace_create(s, x->id, x->name, e);
    struct store_tables_read read = {json_get(&x->root, "tables"), x->o->retention_days, take_part,
                                     x};
    bool ok = w != NULL && workspace_tables_read(w, &read, &x->out->old_rows, e) &&
              workspace_checkpoint(w, e);
    store_close(s);
    return ok;
}

/* ---- objects ---- */

static bool read_text(struct import *x, const char *name, struct str *out, struct err *e)
{
    const char *copy = arena_fmt(x->a, "%s/%s", x->half, name).p;
    return take(x, str_from(name), copy, e) &&
           backup_read_text(x->a, x->half, name, STATE_TRANSFER_BYTES, out, e);
}

static bool read_rules(struct import *x, struct state *s, struct err *e)
{
    const struct state_workspace old = {json_text(json_get(&x->root, "id"), STR("")),
                                        json_text(json_get(&x->root, "name"), STR(""))};
    const struct state_workspace now = {x->id, x->name};
    struct str text;
    if (map_get(x->by_path, STR(EXPORT_RULES)) == NULL)
        return true;
    if (!read_text(x, EXPORT_RULES, &text, e))
        return false;
    if (state_rules_read(s, &old, &now, text, e))
        return true;
    err_prefix(e, EXPORT_RULES);
    return false;
}

static bool read_objects(struct import *x, struct err *e)
{
    struct str text;
    if (!read_text(x, EXPORT_OBJECTS, &text, e))
        return false;
    struct state *s = state_open(arena_fmt(x->a, "%s/state.db", x->o->data_dir).p, e);
    bool ok = s != NULL && state_workspace_read(s, x->id, text, e);
    if (s != NULL && !ok)
        err_prefix(e, EXPORT_OBJECTS);
    ok = ok && read_rules(x, s, e);
    state_close(s);
    return ok;
}

/* Objects without a workspace do no harm, and the next import of it replaces them. */
static bool put_in_place(struct import *x, struct err *e)
{
    const char *from = arena_fmt(x->a, "%s/workspaces/%.*s", x->half, STR_ARG(x->id)).p,
               *all = arena_fmt(x->a, "%s/workspaces", x->o->data_dir).p,
               *to = arena_fmt(x->a, "%s/%.*s", all, STR_ARG(x->id)).p;
    return (rename(from, to) == 0 || err_errno(e, "can't make the workspace", to)) &&
           backup_sync_dir(all, e);
}

bool backup_import(const struct import_options *o, struct backup_result *out, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct import x = {.o = o, .a = a, .by_path = map_new(a, false), .out = out};
    *out = (struct backup_result){0};
    x.half = arena_fmt(a, "%s/" HALF, o->data_dir).p;
    if (!read_manifest(&x, e) || !choose_id(&x, e) || !remove_folder(x.half, e) ||
        !backup_make_dir(x.half, e))
        return false;
    bool ok = make_tables(&x, e) && read_objects(&x, e) && put_in_place(&x, e);
    struct err ignored = {0};
    if (!ok && x.lake != NULL)
        (void)remove_folder(x.lake, &ignored);
    return remove_folder(x.half, ok ? e : &ignored) && ok;
}
