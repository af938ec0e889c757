/* Listings of a lake's objects, and what they are compared with: objects that the manifest does not
 * name are deleted, parts that are not as they should be are told of. */
#include <stdio.h>
#include <stdlib.h>

#include "store/lake/remote_priv.h"

enum { ID_BYTES = 36, PAGE_KEYS = 1000 };

bool lake_remote_list(struct s3 *s3, struct arena *a, const struct lake *l, struct map **out,
                      struct err *e)
{
    struct s3_list q = {.prefix = lake_remote_key(a, l, STR("")), .max_keys = PAGE_KEYS};
    struct map *all = map_new(a, false);
    for (bool more = true; more;) {
        struct s3_listing page;
        if (!s3_list_page(s3, a, &q, &page, e))
            return false;
        for (size_t i = 0; i < page.n_objects; i++)
            if (str_starts(page.objects[i].key, q.prefix))
                map_put(all, str_sub(page.objects[i].key, q.prefix.n, SIZE_MAX), &page.objects[i]);
        more = page.next.n > 0 && !str_eq(page.next, q.token);
        q.token = page.next;
    }
    *out = all;
    return true;
}

bool lake_remote_has(const struct map *objects, const struct lake_part *p, struct err *wrong)
{
    const struct s3_object *o = map_get(objects, lake_below(p));
    const char *url = p->lake->w->s->remote->url;
    if (o == NULL)
        return err_set(wrong, ERR_NOT_FOUND, "%s does not have it", url);
    return o->size == p->bytes || err_set(wrong, ERR_IO, "it has %lld bytes in %s, not %lld",
                                          (long long)o->size, url, (long long)p->bytes);
}

bool lake_remote_has_tag(const struct map *objects, struct lake_part *p)
{
    const struct s3_object *o = map_get(objects, lake_below(p));
    lock_take(&p->lake->lock);
    bool same = o != NULL && p->etag != NULL && str_eqz(o->etag, p->etag);
    lock_drop(&p->lake->lock);
    return same;
}

/* ---- what the manifest does not name ---- */

/* <Table>/<yyyy>/<mm>/<dd>/<id>.parquet or .terms: nothing else was ever made by us. *id: which. */
static bool is_ours(struct str below, struct str *id)
{
    size_t end = 0;
    struct guid g;
    static const struct str ends[] = {{".parquet", 8}, {LAKE_TERMS_END, 6}};
    for (size_t i = 0; i < COUNTOF(ends); i++)
        if (str_ends(below, ends[i]))
            end = below.n - ends[i].n;
    if (end < ID_BYTES + 12 || below.p[end - ID_BYTES - 1] != '/')
        return false;
    *id = str_sub(below, end - ID_BYTES, ID_BYTES);
    struct str day = str_sub(below, end - ID_BYTES - 12, 12); /* "/2026/01/02/" */
    return guid_parse(*id, &g) && day.p[0] == '/' && day.p[5] == '/' && day.p[8] == '/';
}

/* The ids of all parts that somebody may still read, or look into: those that were set aside. Taken
 * after the listing: a part is in the manifest before its upload begins. NULL: *e says why. */
static struct map *living(struct lake *l, struct arena *a, struct err *e)
{
    struct map *ids = map_new(a, false);
    if (!lake_manifest_aside(l, a, ids, e))
        return NULL;
    lock_take(&l->lock);
    for (const struct lake_view *v = l->views; v != NULL; v = v->next)
        for (size_t i = 0; i < v->n; i++)
            for (size_t k = 0; k < v->tables[i].n; k++)
                map_put(ids, arena_str(a, v->tables[i].parts[k]->id), l);
    lock_drop(&l->lock);
    return ids;
}

static bool delete_orphans(struct lake_remote *r, struct s3 *s3, struct lake *l, struct arena *a,
                           const struct map *objects, struct err *e)
{
    struct map *ids = living(l, a, e);
    struct str below, id;
    void *value;
    size_t deleted = 0, foreign = 0;
    bool ok = ids != NULL;
    for (size_t i = 0; ok && map_next(objects, &i, &below, &value);) {
        const struct s3_object *o = value;
        if (!is_ours(below, &id) || map_get(ids, id) != NULL)
            continue;
        /* What is older may be the only copy of rows that this data folder does not know. */
        if (r->owned_since == 0 || o->modified < r->owned_since) {
            foreign++;
            continue;
        }
        ok = s3_delete(s3, o->key, e);
        deleted += ok;
    }
    lock_take(&r->lock);
    r->figures.foreign += foreign;
    r->figures.deleted += deleted;
    lock_drop(&r->lock);
    if (deleted + foreign > 0)
        LOG(LOG_WARN, "lake", "objects that the manifest does not name",
            log_s("workspace", l->w->name), log_i("deleted", (int64_t)deleted),
            log_i("older_than_this_data_folder_left_alone", (int64_t)foreign));
    return ok;
}

/* A part that the store has lost is uploaded again if it is here. */
static bool find_lost(struct lake_remote *r, struct lake *l, const struct map *objects,
                      struct err *e)
{
    struct lake_view *v = lake_view_take(l);
    uint64_t lost = 0;
    bool ok = true;
    for (size_t i = 0; ok && i < v->n; i++)
        for (size_t k = 0; ok && k < v->tables[i].n; k++) {
            struct lake_part *p = v->tables[i].parts[k];
            struct err why = {0};
            lock_take(&l->lock);
            bool stored = p->stored && !p->gone;
            lock_drop(&l->lock);
            if (!stored || lake_remote_has(objects, p, &why))
                continue;
            lost++;
            LOG(LOG_ERROR, "lake", "the store does not have a part as it was written",
                log_s("workspace", l->w->name), log_z("part", p->path), log_z("reason", why.msg));
            if (lake_pin_here(p)) {
                ok = lake_manifest_stored(l, p, NULL, -1, e);
                lake_unpin(&p, 1);
            }
        }
    lake_view_drop(v);
    lock_take(&r->lock);
    r->figures.lost += lost;
    lock_drop(&r->lock);
    return ok;
}

bool lake_remote_tidy(struct lake_remote *r, struct s3 *s3, struct lake *l, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct map *objects = NULL;
    return lake_remote_list(s3, a, l, &objects, e) && find_lost(r, l, objects, e) &&
           delete_orphans(r, s3, l, a, objects, e);
}
