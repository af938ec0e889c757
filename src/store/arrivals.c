/* The order in which rows became visible: a mark up to which all of them are, and a short memory of
 * what came to which table. Has a lock of its own, arrivals.lock. */
#include "store/store_priv.h"

enum { MAX_NOTES = 1024 };

/* Of one or more commits that follow each other. */
struct note {
    int64_t first, last; /* _TimeReceived */
    int64_t min_time;    /* TimeGenerated */
};
struct noted {
    struct note notes[MAX_NOTES];
    size_t n;
};
struct arrivals {
    struct lock lock;   /* everything below */
    int64_t promised;   /* later commits get later times */
    int64_t writing;    /* _TimeReceived of the commit under way; 0: none is */
    int64_t since;      /* what came up to here is not in the notes */
    struct map *tables; /* name → struct noted */
    struct arena *a;
    store_commit_fn *fn;
    void *self;
};

struct arrivals *arrivals_new(void)
{
    struct arrivals *v = xcalloc(1, sizeof(*v));
    lock_init(&v->lock, "arrivals");
    v->a = arena_new(0);
    v->tables = map_new(v->a, false);
    return v;
}

void arrivals_free(struct arrivals *v)
{
    if (v == NULL)
        return;
    arena_free(v->a);
    lock_fini(&v->lock);
    xfree(v);
}

void arrivals_start(struct arrivals *v, int64_t last_received)
{
    lock_take(&v->lock);
    v->promised = v->since = last_received;
    lock_drop(&v->lock);
}

int64_t arrivals_begin(struct arrivals *v, int64_t now)
{
    lock_take(&v->lock);
    v->writing = now > v->promised ? now : v->promised + 1;
    int64_t stamp = v->writing;
    lock_drop(&v->lock);
    return stamp;
}

/* Neighbours become one, so that the memory reaches back as far as before, less exactly. */
static void halve(struct noted *t)
{
    for (size_t i = 0; i < t->n / 2; i++) {
        const struct note *x = &t->notes[2 * i], *y = x + 1;
        int64_t min = x->min_time < y->min_time ? x->min_time : y->min_time;
        t->notes[i] = (struct note){x->first, y->last, min};
    }
    t->n /= 2;
}

static void add_note(struct arrivals *v, struct str table, int64_t at, int64_t min_time)
{
    struct noted *t = map_get(v->tables, table);
    if (t == NULL) {
        t = arena_new_of(v->a, struct noted);
        map_put(v->tables, arena_str(v->a, table), t);
    }
    struct note *last = t->n > 0 ? &t->notes[t->n - 1] : NULL;
    if (last != NULL && last->last == at) {
        last->min_time = min_time < last->min_time ? min_time : last->min_time;
        return;
    }
    if (t->n == MAX_NOTES)
        halve(t);
    t->notes[t->n++] = (struct note){at, at, min_time};
}

void arrivals_end(struct workspace *w, struct store_batch *const *batches, size_t n, bool stored)
{
    struct arrivals *v = w->arrivals;
    lock_take(&v->lock);
    int64_t at = v->writing;
    if (stored)
        v->promised = at > v->promised ? at : v->promised;
    v->writing = 0;
    for (size_t i = 0; stored && i < n; i++) {
        int64_t min = batches[i]->min_time < at ? batches[i]->min_time : at;
        add_note(v, batches[i]->t.name, at, min);
    }
    /* Within the lock: who ends to listen can go away at once. */
    for (size_t i = 0; stored && v->fn != NULL && i < n; i++)
        v->fn(v->self, w, batches[i]->t.name);
    lock_drop(&v->lock);
    store_rows_fn *rows_fn = atomic_load(&w->s->rows_fn);
    for (size_t i = 0; stored && rows_fn != NULL && i < n; i++)
        if (batches[i]->rows > 0)
            rows_fn(w->s->rows_self, w, batches[i]->t.name, batches[i]->rows);
}

void store_watch_rows(struct store *s, store_rows_fn *fn, void *self)
{
    s->rows_self = self;
    atomic_store(&s->rows_fn, fn);
}

int64_t workspace_arrived(struct workspace *w)
{
    struct arrivals *v = w->arrivals;
    int64_t now = clock_now(w->s->clock);
    lock_take(&v->lock);
    int64_t mark = v->writing != 0 ? v->writing - 1 : now;
    if (mark > v->promised)
        v->promised = mark;
    /* While a commit is under way nothing later than it is promised yet. */
    if (v->writing == 0)
        mark = v->promised;
    lock_drop(&v->lock);
    return mark;
}

void workspace_arrived_at_least(struct workspace *w, int64_t mark)
{
    struct arrivals *v = w->arrivals;
    lock_take(&v->lock);
    v->promised = mark > v->promised ? mark : v->promised;
    lock_drop(&v->lock);
}

bool workspace_arrivals(struct workspace *w, struct str table, int64_t after, int64_t until,
                        struct store_arrivals *out)
{
    struct arrivals *v = w->arrivals;
    *out = (struct store_arrivals){.min_time = INT64_MAX};
    lock_take(&v->lock);
    bool known = after >= v->since;
    const struct noted *t = map_get(v->tables, table);
    for (size_t i = t != NULL ? t->n : 0; known && i > 0; i--) {
        const struct note *k = &t->notes[i - 1];
        if (k->last <= after)
            break;
        if (k->first > until)
            continue;
        out->any = true;
        out->min_time = k->min_time < out->min_time ? k->min_time : out->min_time;
    }
    lock_drop(&v->lock);
    return known;
}

void workspace_listen(struct workspace *w, store_commit_fn *fn, void *self)
{
    struct arrivals *v = w->arrivals;
    lock_take(&v->lock);
    v->fn = fn;
    v->self = self;
    lock_drop(&v->lock);
}

void workspace_unlisten(struct workspace *w, const void *self)
{
    struct arrivals *v = w->arrivals;
    lock_take(&v->lock);
    if (v->self == self) {
        v->fn = NULL;
        v->self = NULL;
    }
    lock_drop(&v->lock);
}
