/* Which workspaces there are: finding, making, deleting, recovering and purging them.
 *
 * workspace.json is the truth, and changes by a rename: a folder without it never was a workspace,
 * one that says "deleted" is found by nobody, one that says "purged" is removed by the next start
 * (its database is attached until then, so its tables are emptied at once). */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#include "store/lake/lake.h"
#include "store/workspace_priv.h"

enum { MAX_GROUP = 90, OPEN_FOLDERS = 16 };

/* ---- finding ---- */

static bool same_tenant(const struct workspace *w, struct str tenant)
{
    return str_ieq(w->tenant, tenant);
}

static struct workspace *by_id_locked(struct store *s, struct str id)
{
    for (size_t i = 0; i < s->workspaces.n; i++)
        if (str_ieq(s->workspaces.p[i]->id, id))
            return s->workspaces.p[i];
    return NULL;
}

static struct workspace *by_name_locked(struct store *s, struct str tenant, struct str name)
{
    for (size_t i = 0; i < s->workspaces.n; i++)
        if (same_tenant(s->workspaces.p[i], tenant) && str_ieq(s->workspaces.p[i]->name, name))
            return s->workspaces.p[i];
    return NULL;
}

/* NULL: none, or several. */
static struct workspace *only_one_locked(struct store *s, struct str name)
{
    struct workspace *found = NULL;
    for (size_t i = 0; i < s->workspaces.n; i++) {
        if (!str_ieq(s->workspaces.p[i]->name, name))
            continue;
        if (found != NULL)
            return NULL;
        found = s->workspaces.p[i];
    }
    return found;
}

struct workspace *store_workspace_find(struct store *s, struct str id_or_name)
{
    lock_take(&s->lock);
    struct workspace *w = by_id_locked(s, id_or_name);
    if (w == NULL)
        w = by_name_locked(s, STR_NONE, id_or_name);
    if (w == NULL)
        w = only_one_locked(s, id_or_name);
    lock_drop(&s->lock);
    return w;
}

struct workspace *store_workspace_find_in(struct store *s, struct str tenant, struct str id_or_name)
{
    lock_take(&s->lock);
    struct workspace *w = by_id_locked(s, id_or_name);
    if (w != NULL && !same_tenant(w, tenant))
        w = NULL;
    if (w == NULL)
        w = by_name_locked(s, tenant, id_or_name);
    lock_drop(&s->lock);
    return w;
}

static struct workspace *in_subscription(struct store *s, struct str subscription, struct str name)
{
    struct workspace *w = NULL;
    for (size_t i = 0; (w = store_workspace_at(s, i)) != NULL; i++)
        if (w->subscription.n > 0 && str_ieq(w->subscription, subscription) &&
            str_ieq(w->name, name))
            return w;
    return NULL;
}

struct workspace *store_workspace_of_resource(struct store *s, struct str resource_id)
{
    static const char head[] = "/subscriptions/";
    size_t from = resource_id.n, n = sizeof(head) - 1, slash = 0;
    while (from > 0 && resource_id.p[from - 1] != '/')
        from--;
    struct str name = str_sub(resource_id, from, resource_id.n);
    struct workspace *w = NULL;
    struct str rest = str_sub(resource_id, n, resource_id.n);
    if (str_ieqz(str_sub(resource_id, 0, n), head) && str_find(rest, STR("/"), &slash))
        w = in_subscription(s, str_sub(rest, 0, slash), name);
    return w != NULL ? w : store_workspace_find(s, name);
}

struct workspace *store_workspace_at(struct store *s, size_t i)
{
    lock_take(&s->lock);
    struct workspace *w = i < s->workspaces.n ? s->workspaces.p[i] : NULL;
    lock_drop(&s->lock);
    return w;
}

struct workspace *workspaces_any_at(struct store *s, size_t i)
{
    lock_take(&s->lock);
    size_t n = s->workspaces.n;
    struct workspace *w = i < n                  ? s->workspaces.p[i]
                          : i - n < s->deleted.n ? s->deleted.p[i - n].w
                                                 : NULL;
    lock_drop(&s->lock);
    return w;
}

bool store_deleted_at(struct store *s, size_t i, struct store_deleted *out)
{
    bool found = false;
    lock_take(&s->lock);
    for (size_t k = 0; !found && k < s->deleted.n; k++) {
        if (s->deleted.p[k].purged || i-- > 0)
            continue;
        *out = (struct store_deleted){workspace_place(s->deleted.p[k].w), s->deleted.p[k].at};
        found = true;
    }
    lock_drop(&s->lock);
    return found;
}

bool store_purged_at(struct store *s, size_t i, struct str *out_id)
{
    if (i < s->purged.n)
        *out_id = s->purged.p[i];
    return i < s->purged.n;
}

/* ---- the start ---- */

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

/* workspace.json goes last, so that a crash in between is finished by the start after it. */
static bool remove_purged(struct store *s, struct arena *a, const char *dir, struct str id,
                          struct err *e)
{
    struct dirent **names = NULL;
    int n = scandir(dir, &names, NULL, NULL);
    bool ok = n >= 0 || err_errno(e, "can't read the folder", dir);
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        bool stays = strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
                     strcmp(name, "workspace.json") == 0;
        ok = ok && (stays || remove_folder(arena_fmt(a, "%s/%s", dir, name).p, e));
        xfree(names[i]);
    }
    xfree(names);
    if (ok && s->lake_dir != NULL)
        ok = remove_folder(arena_fmt(a, "%s/%.*s", s->lake_dir, STR_ARG(id)).p, e);
    if (!ok || !remove_folder(dir, e))
        return false;
    struct str kept = arena_str(s->a, id);
    VEC_PUSH(s->a, &s->purged, kept);
    LOG(LOG_INFO, "store", "the folder of a purged workspace was removed", log_s("id", id));
    return true;
}

/* What a crash left of a workspace that was being made holds nothing: it is empty, or has the file
 * that was to become workspace.json. */
static void drop_half_made(struct arena *a, const char *dir)
{
    (void)unlink(arena_fmt(a, "%s/workspace.json.new", dir).p);
    if (rmdir(dir) == 0)
        LOG(LOG_INFO, "store", "a workspace that was not made completely is gone",
            log_z("folder", dir));
    else
        LOG(LOG_WARN, "store", "a folder without workspace.json is left alone",
            log_z("folder", dir));
}

bool workspaces_open_one(struct store *s, const char *name, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    const char *dir = arena_fmt(a, "%s/%s", s->dir, name).p;
    struct workspace_file f = {0};
    if (access(arena_fmt(a, "%s/workspace.json", dir).p, F_OK) != 0) {
        drop_half_made(a, dir);
        return true;
    }
    if (!workspace_file_read(a, dir, &f, e))
        return false;
    if (f.purged)
        return remove_purged(s, a, dir, f.place.id, e);
    struct workspace *w = workspace_open(s, dir, &f.place, e);
    if (w == NULL)
        return false;
    struct deleted_workspace gone = {w, f.deleted, false};
    atomic_store(&w->deleted, f.deleted != 0);
    if (f.deleted != 0)
        VEC_PUSH(s->a, &s->deleted, gone);
    else
        VEC_PUSH(s->a, &s->workspaces, w);
    return true;
}

/* ---- making ---- */

static bool group_ok(struct str group)
{
    bool ok = group.n <= MAX_GROUP;
    for (size_t i = 0; ok && i < group.n; i++) {
        char c = group.p[i];
        ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             strchr("-_.()", c) != NULL;
    }
    return ok;
}

/* Empty, or the GUID in lower case. */
static bool take_guid(struct arena *a, struct str text, struct str *out)
{
    struct guid g;
    char lower[37];
    if (text.n == 0) {
        *out = STR_NONE;
        return true;
    }
    if (!guid_parse(text, &g))
        return false;
    guid_format(g, lower);
    *out = arena_str(a, str_from(lower));
    return true;
}

static bool take_place(struct arena *a, const struct store_place *in, struct store_place *out,
                       struct err *e)
{
    *out = *in;
    if (in->id.n == 0 || !take_guid(a, in->id, &out->id) || !workspace_name_ok(in->name))
        return err_set(e, ERR_INVALID,
                       "a workspace needs a GUID and a name of letters, digits and '-', at most 63 "
                       "characters");
    if (!take_guid(a, in->tenant, &out->tenant) ||
        !take_guid(a, in->subscription, &out->subscription))
        return err_set(e, ERR_INVALID, "a workspace's tenant and subscription are GUIDs");
    return group_ok(in->group) ||
           err_set(e, ERR_INVALID,
                   "a resource group's name has letters, digits and -_.(), at most %d characters",
                   MAX_GROUP);
}

static bool name_is_free(struct store *s, const struct store_place *p, struct err *e)
{
    struct store_deleted d;
    if (store_workspace_find_in(s, p->tenant, p->name) != NULL)
        return err_set(e, ERR_CONFLICT, "there is a workspace '%.*s' with another id",
                       STR_ARG(p->name));
    for (size_t i = 0; store_deleted_at(s, i, &d); i++)
        if (str_ieq(d.place.tenant, p->tenant) && str_ieq(d.place.name, p->name))
            return err_set(e, ERR_CONFLICT,
                           "the deleted workspace '%.*s' has that name: recover it, or purge it",
                           STR_ARG(p->name));
    return true;
}

static struct workspace *create(struct store *s, const struct store_place *p, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    const char *dir = arena_fmt(a, "%s/%.*s", s->dir, STR_ARG(p->id)).p;
    const struct workspace_file f = {.place = *p};
    if (!store_make_dir(dir, e) || !workspace_file_write(dir, &f, e))
        return NULL;
    return workspace_open(s, dir, p, e);
}

/* Changes are rare and come one after the other: the server's start and its administrators. */
struct workspace *store_workspace_make(struct store *s, const struct store_place *given,
                                       struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    struct store_place p;
    if (!take_place(a, given, &p, e))
        return NULL;
    lock_take(&s->lock);
    struct workspace *w = by_id_locked(s, p.id);
    lock_drop(&s->lock);
    if (w != NULL)
        return w;
    if (!name_is_free(s, &p, e))
        return NULL;
    w = create(s, &p, e);
    if (w == NULL)
        return NULL;
    lock_take(&s->lock);
    VEC_PUSH(s->a, &s->workspaces, w);
    lock_drop(&s->lock);
    return w;
}

struct workspace *store_workspace_create(struct store *s, struct str id, struct str name,
                                         struct err *e)
{
    const struct store_place p = {.id = id, .name = name};
    return store_workspace_make(s, &p, e);
}

static void take_out_locked(struct store *s, const struct workspace *w)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->workspaces.n; i++)
        if (s->workspaces.p[i] != w)
            s->workspaces.p[kept++] = s->workspaces.p[i];
    s->workspaces.n = kept;
}

void store_workspace_close(struct store *s, struct workspace *w)
{
    lock_take(&s->lock);
    take_out_locked(s, w);
    lock_drop(&s->lock);
    workspace_close(w);
}

/* ---- deleting ---- */

static bool write_file(struct workspace *w, int64_t deleted, bool purged, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    const struct workspace_file f = {workspace_place(w), deleted, purged};
    return workspace_file_write(arena_fmt(a, "%s/%.*s", w->s->dir, STR_ARG(w->id)).p, &f, e);
}

bool store_workspace_delete(struct store *s, struct workspace *w, int64_t now, struct err *e)
{
    if (!write_file(w, now, false, e))
        return false;
    const struct deleted_workspace d = {w, now, false};
    atomic_store(&w->deleted, true);
    workspace_listen(w, NULL, NULL);
    lock_take(&s->lock);
    take_out_locked(s, w);
    VEC_PUSH(s->a, &s->deleted, d);
    lock_drop(&s->lock);
    return true;
}

/* SIZE_MAX: there is none. */
static size_t deleted_at_locked(struct store *s, struct str id)
{
    for (size_t i = 0; i < s->deleted.n; i++)
        if (!s->deleted.p[i].purged && str_ieq(s->deleted.p[i].w->id, id))
            return i;
    return SIZE_MAX;
}

static struct workspace *find_deleted(struct store *s, struct str id, struct err *e)
{
    lock_take(&s->lock);
    size_t at = deleted_at_locked(s, id);
    struct workspace *w = at != SIZE_MAX ? s->deleted.p[at].w : NULL;
    lock_drop(&s->lock);
    if (w == NULL)
        err_set(e, ERR_NOT_FOUND, "there is no deleted workspace '%.*s'",
                (int)(id.n < 80 ? id.n : 80), id.p);
    return w;
}

struct workspace *store_workspace_recover(struct store *s, struct str id, struct err *e)
{
    struct workspace *w = find_deleted(s, id, e);
    if (w == NULL || !write_file(w, 0, false, e))
        return NULL;
    lock_take(&s->lock);
    size_t at = deleted_at_locked(s, id);
    CHECK(at != SIZE_MAX); /* changes come one after the other */
    s->deleted.p[at] = s->deleted.p[--s->deleted.n];
    VEC_PUSH(s->a, &s->workspaces, w);
    lock_drop(&s->lock);
    atomic_store(&w->deleted, false);
    return w;
}

bool store_workspace_purge(struct store *s, struct str id, struct err *e)
{
    struct err why = {0};
    struct workspace *w = find_deleted(s, id, e);
    if (w == NULL || !write_file(w, 1, true, e))
        return false;
    lock_take(&s->lock);
    size_t at = deleted_at_locked(s, id);
    CHECK(at != SIZE_MAX);
    s->deleted.p[at].purged = true;
    lock_drop(&s->lock);
    /* It is gone; what can't be emptied now keeps its room until the next start. */
    if (!workspace_empty(w, &why))
        LOG(LOG_WARN, "store", "a purged workspace keeps its room until the next start",
            log_s("workspace", w->name), log_z("reason", why.msg));
    return true;
}
