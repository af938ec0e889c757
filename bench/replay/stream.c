/* Sessions, which overlap, into one stream in order. Sessions are rendered by batches in the order
 * in which they start; what is before the next one's start is complete. */
#include <stdatomic.h>
#include <stdlib.h>

#include "base/thread.h"
#include "replay/replay_priv.h"

enum { BATCH_ROWS = 32768, MAX_THREADS = 64 };
/* Rows that wait longer than this get a copy, so that their session's text can go. */
#define LONG_WAIT (10 * 60 * TICKS_PER_SECOND)

struct held {
    struct rendered r;
    size_t left; /* rows that were not handed out */
};
struct waiting {
    int64_t key;
    struct replay_row row;
    struct held *of; /* NULL: json is a copy of its own */
};
struct batch {
    const struct replay *r;
    const uint32_t *sessions;
    struct held **out;
    size_t n;
    atomic_size_t next;
};
struct merge {
    struct waiting *p;
    size_t n, cap;
};

static void batch_work(void *arg)
{
    struct batch *b = arg;
    for (size_t i; (i = atomic_fetch_add(&b->next, 1)) < b->n;) {
        struct held *h = xcalloc(1, sizeof(*h));
        h->r = session_render(b->r, b->sessions[i]);
        h->left = h->r.n;
        b->out[i] = h;
    }
}

static void held_drop(struct held *h)
{
    if (--h->left > 0)
        return;
    sbuf_fini(&h->r.text);
    xfree(h->r.rows);
    xfree(h);
}

static void merge_add(struct merge *m, const struct replay *r, struct held *h)
{
    size_t n = h->r.n; /* h may go with its last row */
    for (size_t i = 0; i < n; i++) {
        struct waiting w = {.row = h->r.rows[i], .of = h};
        w.key = r->o.order == REPLAY_BY_TIME ? w.row.time : w.row.arrival;
        if (m->n == m->cap) {
            m->cap = m->cap > 0 ? m->cap * 2 : BATCH_ROWS;
            m->p = xrealloc(m->p, m->cap * sizeof(*m->p));
        }
        if (w.key - w.row.time > LONG_WAIT) {
            w.row.json.p = xstrndup(w.row.json);
            w.of = NULL;
        }
        m->p[m->n++] = w;
        if (w.of == NULL)
            held_drop(h);
    }
}

static int by_key(const void *a, const void *b)
{
    const struct waiting *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    if (x->row.session != y->row.session)
        return x->row.session < y->row.session ? -1 : 1;
    return x->row.row < y->row.row ? -1 : x->row.row > y->row.row;
}

static void waiting_drop(struct waiting *w)
{
    if (w->of != NULL)
        held_drop(w->of);
    else
        xfree((void *)(uintptr_t)w->row.json.p);
}

/* Hands out what has a key below the limit, if ok; the rest waits on. */
static bool merge_take(struct merge *m, int64_t below, replay_sink *sink, void *self, struct err *e)
{
    bool ok = true;
    size_t n = 0;
    if (m->n > 0)
        qsort(m->p, m->n, sizeof(*m->p), by_key);
    for (; n < m->n && m->p[n].key < below; n++) {
        ok = ok && sink(self, &m->p[n].row, e);
        waiting_drop(&m->p[n]);
    }
    m->n -= n;
    if (n > 0)
        memmove(m->p, m->p + n, m->n * sizeof(*m->p));
    return ok;
}

struct start {
    int64_t at;
    uint32_t session;
};

static int by_start(const void *a, const void *b)
{
    const struct start *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->session < y->session ? -1 : 1;
}

/* Session numbers in order of their starts. */
static uint32_t *in_order(const struct replay *r)
{
    struct start *all = xcalloc(r->n_sessions + 1, sizeof(*all));
    uint32_t *out = xcalloc(r->n_sessions + 1, sizeof(*out));
    for (uint32_t i = 0; i < r->n_sessions; i++)
        all[i] = (struct start){r->sessions[i].start, i};
    qsort(all, r->n_sessions, sizeof(*all), by_start);
    for (uint32_t i = 0; i < r->n_sessions; i++)
        out[i] = all[i].session;
    xfree(all);
    return out;
}

static void render_batch(const struct replay *r, struct pool *pool, const uint32_t *sessions,
                         size_t n, struct merge *m)
{
    struct batch b = {.r = r, .sessions = sessions, .n = n};
    b.out = xcalloc(n, sizeof(struct held *));
    for (unsigned i = 0; i < r->o.threads; i++)
        CHECK(pool_run(pool, batch_work, &b));
    pool_drain(pool);
    for (size_t i = 0; i < n; i++)
        merge_add(m, r, b.out[i]);
    xfree(b.out);
}

bool replay_run(struct replay *r, replay_sink *sink, void *self, struct err *e)
{
    struct merge m = {0};
    uint32_t *order = in_order(r);
    struct pool *pool = pool_new("replay", r->o.threads, MAX_THREADS);
    bool ok = true;
    for (uint32_t i = 0; ok && i < r->n_sessions;) {
        uint32_t n = 0;
        for (size_t rows = 0; i + n < r->n_sessions && rows < BATCH_ROWS; n++)
            rows += r->sessions[order[i + n]].rows;
        render_batch(r, pool, order + i, n, &m);
        i += n;
        ok = merge_take(&m, i < r->n_sessions ? r->sessions[order[i]].start : INT64_MAX, sink, self,
                        e);
    }
    for (size_t i = 0; i < m.n; i++)
        waiting_drop(&m.p[i]);
    xfree(m.p);
    pool_free(pool);
    xfree(order);
    return ok;
}

bool replay_session(struct replay *r, uint32_t session, replay_sink *sink, void *self,
                    struct err *e)
{
    if (session >= r->n_sessions)
        return err_set(e, ERR_NOT_FOUND, "there are sessions 0 to %u", r->n_sessions - 1);
    struct rendered all = session_render(r, session);
    bool ok = true;
    for (size_t i = 0; ok && i < all.n; i++)
        ok = sink(self, &all.rows[i], e);
    sbuf_fini(&all.text);
    xfree(all.rows);
    return ok;
}

struct replay *replay_open(const struct replay_options *o, struct err *e)
{
    struct replay *r = xcalloc(1, sizeof(*r));
    r->o = *o;
    r->o.threads = o->threads == 0 ? 1 : o->threads > MAX_THREADS ? MAX_THREADS : o->threads;
    r->lib.a = arena_new(0);
    if (o->events < 0 || o->needles < 0 || o->needles > 100 || o->days > 3660)
        err_set(e, ERR_INVALID, "events, needles or days are out of range");
    else if (library_read(&r->lib, &r->o, e) && plan_make(r, e)) {
        plan_needles(r);
        return r;
    }
    replay_close(r);
    return NULL;
}

void replay_close(struct replay *r)
{
    if (r == NULL)
        return;
    arena_free(r->lib.a);
    arena_free(r->cast.a);
    xfree(r->sessions);
    xfree(r);
}

size_t replay_tables(const struct replay *r)
{
    return r->lib.n_tables;
}

struct str replay_table(const struct replay *r, size_t i)
{
    return r->lib.tables[i];
}

uint32_t replay_sessions(const struct replay *r)
{
    return r->n_sessions;
}

int64_t replay_first_day(const struct replay *r)
{
    return r->begin;
}

int replay_days(const struct replay *r)
{
    return r->o.days;
}

int64_t replay_source_bytes(const struct replay *r)
{
    int64_t n = 0;
    for (uint32_t i = 0; i < r->n_sessions; i++)
        n += session_recording(r, i)->source_bytes;
    return n;
}

size_t replay_needles(const struct replay *r)
{
    return r->n_needles;
}

const struct replay_needle *replay_needle(const struct replay *r, size_t i)
{
    return &r->needles[i];
}
