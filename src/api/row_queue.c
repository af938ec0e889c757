/* The queue, its thread, and what happens to rows that are refused. */
#include "api/row_queue.h"
#include "base/log.h"
#include "base/thread.h"
#include <pthread.h>

/* Locks: row_queue.lock (what waits and the counts); nothing is waited for under it. */
#define TOGETHER_US INT64_C(100000) /* rows of so long share a call */
#define AGAIN_US INT64_C(1000000)   /* after rows that were not stored */

struct waiting {
    struct waiting *next;
    char target[ROW_QUEUE_TARGET + 1];
    size_t n;
    char row[]; /* a JSON object */
};
struct list { /* last: where the next one is hung */
    struct waiting *first, **last;
};
struct row_queue {
    const char *table;
    size_t most;
    row_queue_fn *store;
    void *arg;
    struct lock lock;
    struct cond more;
    struct list rows;
    size_t bytes; /* that wait, or are being stored */
    struct row_queue_counts counts;
    bool stop, started, told; /* told: that rows are dropped, since the last that were stored */
    pthread_t thread;
};

/* ---- lists ---- */

static void list_init(struct list *l)
{
    *l = (struct list){.last = &l->first};
}

static void list_add(struct list *l, struct waiting *x)
{
    x->next = NULL;
    *l->last = x;
    l->last = &x->next;
}

static struct waiting *list_take(struct list *l)
{
    struct waiting *x = l->first;
    l->first = x->next;
    if (l->first == NULL)
        l->last = &l->first;
    return x;
}

/* Moves all of one to the end of another. */
static void list_move(struct list *from, struct list *to)
{
    while (from->first != NULL)
        list_add(to, list_take(from));
}

/* Moves those with the first one's target. */
static void take_target(struct list *from, struct list *to)
{
    struct list rest;
    list_init(&rest);
    char target[ROW_QUEUE_TARGET + 1];
    memcpy(target, from->first->target, sizeof(target));
    while (from->first != NULL) {
        struct waiting *x = list_take(from);
        list_add(strcmp(x->target, target) == 0 ? to : &rest, x);
    }
    list_move(&rest, from);
}

/* ---- storing ---- */

static bool call(struct row_queue *q, const struct waiting *first, size_t n, struct err *e)
{
    size_t bytes = 2;
    size_t i = 0;
    for (const struct waiting *x = first; i < n; x = x->next, i++)
        bytes += x->n + 1;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(bytes + 1);
    sbuf_addc(&b, '[');
    i = 0;
    for (const struct waiting *x = first; i < n; x = x->next, i++) {
        if (i > 0)
            sbuf_addc(&b, ',');
        sbuf_addmem(&b, x->row, x->n);
    }
    sbuf_addc(&b, ']');
    struct row_queue_rows rows = {str_from(first->target), sbuf_str(&b), n};
    return q->store(q->arg, &rows, e);
}

static bool of_the_moment(const struct err *e)
{
    return e->code == ERR_BUSY || e->code == ERR_IO || e->code == ERR_TIMEOUT ||
           e->code == ERR_CANCELLED;
}

static void forget(struct row_queue *q, struct list *l, uint64_t *count)
{
    size_t bytes = 0;
    uint64_t n = 0;
    while (l->first != NULL) {
        struct waiting *x = list_take(l);
        bytes += x->n;
        n++;
        xfree(x);
    }
    lock_take(&q->lock);
    q->bytes -= bytes;
    *count += n;
    q->told = q->told && count != &q->counts.stored;
    lock_drop(&q->lock);
}

/* Each alone, so that one does not take the others with it. */
static void store_alone(struct row_queue *q, struct list *rows, struct list *again)
{
    struct list stored, refused;
    struct err why = {0};
    uint64_t n = 0;
    list_init(&stored);
    list_init(&refused);
    while (rows->first != NULL) {
        struct err e = {0};
        struct waiting *x = list_take(rows);
        bool ok = call(q, x, 1, &e);
        bool later = !ok && of_the_moment(&e);
        list_add(ok ? &stored : later ? again : &refused, x);
        if (!ok && !later) {
            why = n == 0 ? e : why;
            n++;
        }
    }
    if (n > 0)
        LOG(LOG_ERROR, "row_queue", "rows were refused for what they are, and given up",
            log_z("table", q->table), log_s("target", str_from(refused.first->target)),
            log_i("rows", (int64_t)n), log_z("reason", why.msg));
    forget(q, &stored, &q->counts.stored);
    forget(q, &refused, &q->counts.refused);
}

static void store_target(struct row_queue *q, struct list *rows, struct list *again)
{
    struct err e = {0};
    size_t n = 0;
    for (const struct waiting *x = rows->first; x != NULL; x = x->next)
        n++;
    if (call(q, rows->first, n, &e)) {
        forget(q, rows, &q->counts.stored);
    } else if (of_the_moment(&e)) {
        LOG(LOG_WARN, "row_queue", "rows could not be stored; tried again",
            log_z("table", q->table), log_s("target", str_from(rows->first->target)),
            log_z("reason", e.msg));
        list_move(rows, again);
    } else {
        store_alone(q, rows, again);
    }
}

/* Those that are tried again come before newer ones. */
static void store_all(struct row_queue *q, struct list *all)
{
    struct list again, rows;
    list_init(&again);
    list_init(&rows);
    while (all->first != NULL) {
        take_target(all, &rows);
        store_target(q, &rows, &again);
    }
    list_move(&again, all);
}

static void drop_all(struct row_queue *q)
{
    while (q->rows.first != NULL) {
        q->counts.dropped++;
        xfree(list_take(&q->rows));
    }
    q->bytes = 0;
}

static void *work(void *arg)
{
    struct row_queue *q = arg;
    struct list all;
    list_init(&all);
    lock_take(&q->lock);
    for (;;) {
        while (q->rows.first == NULL && !q->stop)
            cond_wait(&q->more, &q->lock);
        if (!q->stop) /* others may join it */
            (void)cond_wait_us(&q->more, &q->lock, TOGETHER_US);
        bool last = q->stop;
        list_move(&q->rows, &all);
        lock_drop(&q->lock);
        store_all(q, &all);
        lock_take(&q->lock);
        bool again = all.first != NULL;
        list_move(&q->rows, &all);
        list_move(&all, &q->rows);
        if (last)
            break;
        if (again && !q->stop)
            (void)cond_wait_us(&q->more, &q->lock, AGAIN_US);
    }
    drop_all(q);
    lock_drop(&q->lock);
    return NULL;
}

/* ---- the queue ---- */

struct row_queue *row_queue_open(const char *table, size_t max_bytes, row_queue_fn *store,
                                 void *arg)
{
    struct row_queue *q = xcalloc(1, sizeof(*q));
    q->table = table;
    q->most = max_bytes;
    q->store = store;
    q->arg = arg;
    list_init(&q->rows);
    lock_init(&q->lock, "row_queue");
    cond_init(&q->more);
    CHECK(pthread_create(&q->thread, NULL, work, q) == 0);
    q->started = true;
    return q;
}

bool row_queue_push(struct row_queue *q, struct str target, struct str row)
{
    CHECK(target.n <= ROW_QUEUE_TARGET);
    lock_take(&q->lock);
    bool fits = !q->stop && q->bytes + row.n <= q->most;
    if (fits) {
        struct waiting *x = xmalloc(sizeof(*x) + row.n);
        memcpy(x->target, target.p, target.n);
        x->target[target.n] = '\0';
        memcpy(x->row, row.p, row.n);
        x->n = row.n;
        list_add(&q->rows, x);
        q->bytes += row.n;
        cond_signal(&q->more);
    }
    q->counts.dropped += !fits;
    bool tell = !fits && !q->told;
    q->told = q->told || tell;
    lock_drop(&q->lock);
    if (tell)
        LOG(LOG_WARN, "row_queue", "no room for rows: they are not kept, and counted",
            log_z("table", q->table), log_s("target", target));
    return fits;
}

void row_queue_stop(struct row_queue *q)
{
    if (q == NULL || !q->started)
        return;
    lock_take(&q->lock);
    q->stop = true;
    cond_broadcast(&q->more);
    lock_drop(&q->lock);
    pthread_join(q->thread, NULL);
    q->started = false;
    if (q->counts.dropped + q->counts.refused > 0)
        LOG(LOG_WARN, "row_queue", "rows that were not stored", log_z("table", q->table),
            log_i("dropped", (int64_t)q->counts.dropped),
            log_i("refused", (int64_t)q->counts.refused));
}

void row_queue_free(struct row_queue *q)
{
    if (q == NULL)
        return;
    row_queue_stop(q);
    cond_fini(&q->more);
    lock_fini(&q->lock);
    xfree(q);
}

struct row_queue_counts row_queue_counts(struct row_queue *q)
{
    lock_take(&q->lock);
    struct row_queue_counts c = q->counts;
    lock_drop(&q->lock);
    return c;
}
