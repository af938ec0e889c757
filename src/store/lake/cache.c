/* Which parts are on this machine. Those that the store has are a cache: the ones that were not
 * read for the longest time leave when there are too many; whoever reads a file pins it first. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/lake/remote_priv.h"

/* ---- pins ---- */

static void wait_moved_locked(const struct lake_part *p)
{
    while (p->where == LAKE_LEAVING)
        cond_wait(&p->lake->moved, &p->lake->lock);
}

static bool take_pin(struct lake_part *p, bool also_away)
{
    struct lake *l = p->lake;
    lock_take(&l->lock);
    wait_moved_locked(p);
    bool here = p->where == LAKE_HERE;
    if (here || also_away) {
        p->pins++;
        p->used_us = clock_mono_us();
    }
    lock_drop(&l->lock);
    return here;
}

bool lake_pin_here(struct lake_part *p)
{
    return take_pin(p, false);
}

bool lake_is_store_fault(const struct err *e)
{
    return strcmp(e->kind, LAKE_UNREACHABLE) == 0 || strcmp(e->kind, LAKE_CHANGED) == 0;
}

bool store_is_out_of_reach(const struct err *e)
{
    return e->code == ERR_IO && strcmp(e->kind, LAKE_UNREACHABLE) == 0;
}

bool lake_is_away(struct lake_part *p)
{
    lock_take(&p->lake->lock);
    bool away = p->where != LAKE_HERE;
    lock_drop(&p->lake->lock);
    return away;
}

void lake_unpin(struct lake_part *const *parts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        lock_take(&parts[i]->lake->lock);
        CHECK(parts[i]->pins > 0);
        parts[i]->pins--;
        lock_drop(&parts[i]->lake->lock);
    }
}

bool lake_pin(struct lake_part *const *parts, size_t n, const struct lake_patience *p,
              struct err *e)
{
    static const struct lake_patience endless = {0};
    AUTO(arena_freep) struct arena *a = arena_new(0);
    VEC(struct lake_part *) away = {0};
    for (size_t i = 0; i < n; i++)
        if (!take_pin(parts[i], true))
            VEC_PUSH(a, &away, parts[i]);
    if (away.n == 0)
        return true;
    struct lake_remote *r = parts[0]->lake->w->s->remote;
    CHECK(r != NULL); /* lake_remote_settle has seen to it */
    if (lake_remote_fetch(r, away.p, away.n, p != NULL ? p : &endless, e))
        return true;
    lake_unpin(parts, n);
    return false;
}

/* Small ones come with one request; in others a query reads what it needs. */
static bool is_read_in_place(const struct lake_part *p)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    return p->bytes > LAKE_WHOLE_BYTES && access(lake_sums_path(a, p->path), R_OK) == 0;
}

bool lake_pin_reading(struct lake_part *const *parts, size_t n, const struct lake_patience *p,
                      struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    VEC(struct lake_part *) away = {0};
    for (size_t i = 0; i < n; i++)
        if (!take_pin(parts[i], true) && !is_read_in_place(parts[i]))
            VEC_PUSH(a, &away, parts[i]);
    if (away.n == 0)
        return true;
    struct lake_remote *r = parts[0]->lake->w->s->remote;
    CHECK(r != NULL); /* lake_remote_settle has seen to it */
    if (lake_remote_fetch(r, away.p, away.n, p, e))
        return true;
    lake_unpin(parts, n);
    return false;
}

void lake_where_bytes(const struct lake_part *p, int64_t *here, int64_t *stored)
{
    lock_take(&p->lake->lock);
    *here += p->where != LAKE_AWAY ? p->bytes : 0;
    *stored += p->stored ? p->bytes : 0;
    lock_drop(&p->lake->lock);
}

/* ---- leaving ---- */

/* The program reads its accounts as it starts, when the store may not answer. */
static bool stays(const struct lake_part *p)
{
    return str_eqz(p->table, "VedetteIngestion");
}

static bool may_leave_locked(const struct lake_part *p)
{
    bool indexed = p->terms_bytes > 0 || p->lake->w->s->lake.no_term_index ||
                   p->index_retry_us > 0; /* it can't be made */
    return p->stored && p->where == LAKE_HERE && p->pins == 0 && !p->gone && indexed && !stays(p);
}

/* Its file goes; a copy is in the store. */
static bool leave(struct lake_part *p, bool all_the_same)
{
    struct lake *l = p->lake;
    lock_take(&l->lock);
    wait_moved_locked(p);
    bool may = all_the_same ? p->stored && p->where == LAKE_HERE : may_leave_locked(p);
    if (may)
        p->where = LAKE_LEAVING;
    lock_drop(&l->lock);
    if (!may)
        return false;
    bool gone = unlink(p->path) == 0 || errno == ENOENT;
    if (!gone)
        LOG(LOG_WARN, "lake", "a part can't be taken away", log_z("file", p->path));
    lock_take(&l->lock);
    p->where = gone ? LAKE_AWAY : LAKE_HERE;
    cond_broadcast(&l->moved);
    lock_drop(&l->lock);
    return gone;
}

void lake_cache_drop(struct lake_part *p)
{
    (void)leave(p, true);
    lock_take(&p->lake->lock);
    p->lake->healed_us = clock_mono_us();
    lock_drop(&p->lake->lock);
}

void lake_cache_arrived(struct lake_part *p)
{
    lock_take(&p->lake->lock);
    wait_moved_locked(p);
    p->where = LAKE_HERE;
    p->used_us = clock_mono_us();
    lock_drop(&p->lake->lock);
}

struct leaver {
    struct lake_part *part;
    int64_t used_us, max_time, bytes;
    bool copy; /* of some of its blocks */
};
struct local {
    struct arena *a;
    VEC(struct leaver) parts;      /* that may leave */
    VEC(struct lake_view *) views; /* that hold them */
    int64_t bytes;                 /* of all that are here */
};

static void look_at(struct local *x, struct lake *l)
{
    struct lake_view *v = lake_view_take(l);
    VEC_PUSH(x->a, &x->views, v);
    lock_take(&l->lock);
    for (size_t i = 0; i < v->n; i++)
        for (size_t k = 0; k < v->tables[i].n; k++) {
            struct lake_part *p = v->tables[i].parts[k];
            x->bytes += p->where != LAKE_AWAY ? p->bytes : 0;
            if (may_leave_locked(p)) {
                struct leaver may = {p, p->used_us, p->max_time, p->bytes, false};
                VEC_PUSH(x->a, &x->parts, may);
            }
        }
    lock_drop(&l->lock);
}

/* Not read for the longest time first; of those that were not read at all, the oldest rows. */
static int by_use(const void *one, const void *other)
{
    const struct leaver *a = one, *b = other;
    if (a->used_us != b->used_us)
        return a->used_us < b->used_us ? -1 : 1;
    int64_t difference = a->max_time - b->max_time;
    return difference < 0 ? -1 : difference > 0;
}

static void look_at_copies(struct local *x, struct lake_remote *r)
{
    size_t n = 0;
    const struct fetch_copy *copies = lake_fetch_copies(r, x->a, &n, &x->bytes);
    for (size_t i = 0; i < n; i++) {
        struct leaver may = {copies[i].part, copies[i].used_us, 0, copies[i].bytes, true};
        VEC_PUSH(x->a, &x->parts, may);
    }
}

void lake_cache_shrink(struct lake_remote *r, int64_t more_bytes)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct local x = {.a = a};
    struct workspace *w;
    uint64_t left = 0;
    if (r->cache_bytes == 0)
        return;
    for (size_t i = 0; (w = workspaces_any_at(r->s, i)) != NULL; i++)
        look_at(&x, w->lake);
    look_at_copies(&x, r);
    if (x.bytes + more_bytes > r->cache_bytes && x.parts.n > 1)
        qsort(x.parts.p, x.parts.n, sizeof(struct leaver), by_use);
    for (size_t i = 0; i < x.parts.n && x.bytes + more_bytes > r->cache_bytes; i++) {
        const struct leaver *k = &x.parts.p[i];
        if (k->copy ? !lake_fetch_forget(r, k->part) : !leave(k->part, false))
            continue;
        x.bytes -= k->bytes;
        left += !k->copy;
    }
    for (size_t i = 0; i < x.views.n; i++)
        lake_view_drop(x.views.p[i]);
    lock_take(&r->lock);
    r->figures.evicted += left;
    lock_drop(&r->lock);
}

/* ---- what the program itself reads ---- */

bool lake_bring(struct workspace *w, struct str table, struct err *e)
{
    struct lake_view *v = lake_view_take(w->lake);
    const struct lake_table *t = lake_view_find(v, table);
    bool ok = t == NULL || t->n == 0 || lake_pin(t->parts, t->n, NULL, e);
    if (ok && t != NULL)
        lake_unpin(t->parts, t->n);
    lake_view_drop(v);
    return ok;
}
