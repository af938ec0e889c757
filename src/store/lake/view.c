/* Views and parts: immutable, counted under lake.lock. A part's file lives until the last view that
 * names it is dropped. */
#include <stdlib.h>

#include "store/lake/lake_priv.h"

struct str lake_name_locked(struct lake *l, struct str name)
{
    struct str *kept = map_get(l->names, name);
    if (kept == NULL) {
        kept = arena_new_of(l->a, struct str);
        *kept = arena_str(l->a, name);
        map_put(l->names, *kept, kept);
    }
    return *kept;
}

struct lake_hot *lake_hot_locked(struct lake *l, struct str name)
{
    struct lake_hot *h = map_get(l->hot, name);
    if (h == NULL) {
        h = arena_new_of(l->a, struct lake_hot);
        h->name = lake_name_locked(l, name);
        map_put(l->hot, h->name, h);
    }
    return h;
}

/* ---- parts ---- */

struct lake_part *lake_part_new(struct lake *l, struct str table, struct str id, int64_t day)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    struct lake_part *p = xcalloc(1, sizeof(*p));
    p->lake = l;
    lock_take(&l->lock);
    p->table = lake_name_locked(l, table);
    lock_drop(&l->lock);
    char *own = xstrndup(id);
    p->id = str_from(own);
    p->day = day;
    p->path = xstrdup(lake_path(a, l, table, day, id));
    p->refs = 1;
    p->stored_terms = -1;
    return p;
}

void lake_part_free(struct lake_part *p)
{
    CHECK(p->index == NULL);
    xfree((char *)(uintptr_t)p->id.p);
    xfree(p->etag);
    xfree(p->path);
    xfree(p);
}

static void part_unref_locked(struct lake *l, struct lake_part *p)
{
    if (--p->refs > 0)
        return;
    lake_index_forget_locked(p);
    if (!p->gone || p->aside) {
        lake_part_free(p);
        return;
    }
    p->next = l->unlinked;
    l->unlinked = p;
}

void lake_part_unref(struct lake_part *p)
{
    struct lake *l = p->lake;
    lock_take(&l->lock);
    part_unref_locked(l, p);
    lock_drop(&l->lock);
}

/* ---- views ---- */

static void view_free_locked(struct lake *l, struct lake_view *v)
{
    for (size_t i = 0; i < v->n; i++)
        for (size_t k = 0; k < v->tables[i].n; k++)
            part_unref_locked(l, v->tables[i].parts[k]);
    if (v->prev != NULL)
        v->prev->next = v->next;
    else
        l->views = v->next;
    if (v->next != NULL)
        v->next->prev = v->prev;
    arena_free(v->a);
    xfree(v);
}

static void view_drop_locked(struct lake *l, struct lake_view *v)
{
    if (--v->refs == 0)
        view_free_locked(l, v);
}

struct lake_view *lake_view_take(struct lake *l)
{
    lock_take(&l->lock);
    struct lake_view *v = l->current;
    v->refs++;
    lock_drop(&l->lock);
    return v;
}

void lake_view_drop(struct lake_view *v)
{
    if (v == NULL)
        return;
    struct lake *l = v->lake;
    lock_take(&l->lock);
    view_drop_locked(l, v);
    lock_drop(&l->lock);
}

const struct lake_table *lake_view_find(const struct lake_view *v, struct str table)
{
    return map_get(v->by_name, table);
}

size_t lake_view_count(const struct lake_view *v)
{
    return v->n;
}

const struct lake_table *lake_view_at(const struct lake_view *v, size_t i)
{
    return &v->tables[i];
}

/* ---- changing ---- */

static int part_cmp(const struct lake_part *a, const struct lake_part *b)
{
    if (a->min_time != b->min_time)
        return a->min_time < b->min_time ? -1 : 1;
    return str_cmp(a->id, b->id);
}

static bool is_in(struct lake_part *const *list, size_t n, const struct lake_part *p)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == p)
            return true;
    return false;
}

static int compare(const void *a, const void *b)
{
    return part_cmp(*(struct lake_part *const *)a, *(struct lake_part *const *)b);
}

static void part_remove(struct lake_part *p, const struct lake_edit *edit)
{
    p->gone = true;
    p->aside = edit->damage.n > 0;
}

/* The table after the edit; old NULL: it is new. Takes no references. */
static struct lake_table edited(struct arena *a, const struct lake_table *old, struct str name,
                                const struct lake_edit *edit)
{
    struct lake_table t = {.name = name};
    size_t n_old = old != NULL ? old->n : 0;
    t.sealed = edit->sealed > 0 ? edit->sealed : old != NULL ? old->sealed : 0;
    t.parts = arena_array(a, struct lake_part *, n_old + edit->n_add + 1);
    for (size_t i = 0; i < n_old; i++) {
        if (is_in(edit->remove, edit->n_remove, old->parts[i]))
            part_remove(old->parts[i], edit);
        else
            t.parts[t.n++] = old->parts[i];
    }
    for (size_t i = 0; i < edit->n_add; i++)
        t.parts[t.n++] = edit->add[i];
    if (edit->n_add > 0)
        qsort(t.parts, t.n, sizeof(struct lake_part *), compare);
    return t;
}

static struct lake_table copy_of(struct arena *a, const struct lake_table *t)
{
    struct lake_table c = *t;
    c.parts = arena_array(a, struct lake_part *, t->n + 1);
    if (t->n > 0)
        memcpy(c.parts, t->parts, t->n * sizeof(*t->parts));
    return c;
}

/* A copy of the current view with one table changed; an edit without a table: the first, empty
 * view. */
static struct lake_view *view_make_locked(struct lake *l, const struct lake_edit *edit)
{
    const struct lake_view *old = l->current;
    size_t n = old != NULL ? old->n : 0;
    struct lake_view *v = xcalloc(1, sizeof(*v));
    v->lake = l;
    v->refs = 1;
    v->a = arena_new(0);
    v->by_name = map_new(v->a, false);
    v->tables = arena_array(v->a, struct lake_table, n + 1);
    const struct lake_table *target = old != NULL ? lake_view_find(old, edit->table) : NULL;
    for (size_t i = 0; i < n; i++) {
        const struct lake_table *t = &old->tables[i];
        v->tables[v->n++] = t == target ? edited(v->a, t, t->name, edit) : copy_of(v->a, t);
    }
    if (edit->table.n > 0 && target == NULL)
        v->tables[v->n++] = edited(v->a, NULL, lake_name_locked(l, edit->table), edit);
    for (size_t i = 0; i < v->n; i++) {
        map_put(v->by_name, v->tables[i].name, &v->tables[i]);
        for (size_t k = 0; k < v->tables[i].n; k++)
            v->tables[i].parts[k]->refs++;
    }
    v->next = l->views;
    if (l->views != NULL)
        l->views->prev = v;
    l->views = v;
    return v;
}

void lake_publish(struct lake *l, const struct lake_edit *edit)
{
    lock_take(&l->lock);
    struct lake_view *v = view_make_locked(l, edit), *old = l->current;
    l->current = v;
    if (old != NULL)
        view_drop_locked(l, old);
    lock_drop(&l->lock);
}

int64_t lake_lowest_mark(struct lake *l, struct str table)
{
    int64_t lowest = INT64_MAX;
    lock_take(&l->lock);
    for (const struct lake_view *v = l->views; v != NULL; v = v->next) {
        const struct lake_table *t = lake_view_find(v, table);
        int64_t mark = t != NULL ? t->sealed : 0;
        lowest = mark < lowest ? mark : lowest;
    }
    lock_drop(&l->lock);
    return lowest;
}
