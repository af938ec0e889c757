/* Tables that several queries read, read once: a copy in memory of the rows that any of them lets
 * through. Each query then asks the copy what it would have asked the table, so it finds the same.
 */
#include "base/log.h"
#include "kql/scans.h"
#include "store/store_priv.h"
#include <inttypes.h>
#include <stdlib.h>

enum {
    SCANS_A_COPY = 48, /* what the planner does grows faster than their number */
    SHARED_BY = 3
};
#define APART_US INT64_C(600000000)

struct store_share {
    struct engine *engine;
    struct arena *a;
    VEC(struct str) copies;
};
struct reading {
    struct kql_scan scan;
    size_t query;
};
struct sharing {
    struct workspace *w;
    struct arena *a; /* as long as the queries */
    const struct store_share_limits *limits;
    struct store_share *out;
    bool *shared;
    VEC(struct reading) v;
};

static int by_table(const void *x, const void *y)
{
    const struct reading *a = x, *b = y;
    int c = kql_scan_order(&a->scan, &b->scan);
    return c != 0 ? c : (a->query > b->query) - (a->query < b->query);
}

/* From at on, of one table: as many as one copy is made for. A query's readings stay together. */
static size_t one_copy(const struct sharing *s, size_t at)
{
    const struct reading *v = s->v.p;
    size_t n = 1;
    while (at + n < s->v.n && kql_scan_order(&v[at].scan, &v[at + n].scan) == 0 &&
           (n < SCANS_A_COPY || v[at + n].query == v[at + n - 1].query))
        n++;
    return n;
}

static size_t queries_of(const struct reading *v, size_t n)
{
    size_t different = n > 0;
    for (size_t i = 1; i < n; i++)
        different += v[i].query != v[i - 1].query;
    return different;
}

static struct ws_table *table_of_locked(struct workspace *of, const struct plan *table)
{
    struct ws_table *t = of != NULL ? ws_table_find_locked(of, table->table) : NULL;
    return t != NULL && t->of == NULL ? t : NULL; /* a restored table has a way of its own */
}

static struct workspace *workspace_read(const struct sharing *s, const struct plan *table)
{
    return table->workspace.n > 0 ? store_workspace_find(s->w->s, table->workspace) : s->w;
}

static bool may_be_copied(const struct sharing *s, const struct plan *table)
{
    struct workspace *of = workspace_read(s, table);
    if (of == NULL)
        return false;
    lock_take(&of->lock);
    const struct ws_table *t = table_of_locked(of, table);
    bool may = t != NULL && t->phys.n > 0 && t->apart_until_us < clock_mono_us();
    lock_drop(&of->lock);
    return may;
}

static void stay_apart(const struct sharing *s, const struct plan *table)
{
    struct workspace *of = workspace_read(s, table);
    if (of == NULL)
        return;
    lock_take(&of->lock);
    struct ws_table *t = table_of_locked(of, table);
    if (t != NULL)
        t->apart_until_us = clock_mono_us() + APART_US;
    lock_drop(&of->lock);
}

static bool make_copy(struct sharing *s, struct plan *p, struct str name, size_t *out_rows)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct engine_limits limits = s->limits->run;
    struct err e = {0};
    limits.max_rows = s->limits->max_rows;
    const struct engine_source *src = source_snapshot(s->w, a);
    bool ok = engine_copy_make(s->w->s->engine, name, p, src, &limits, out_rows, &e);
    source_release(src);
    if (!ok)
        LOG(LOG_DEBUG, "store", "queries are not read for together",
            log_s("table", p->in[0]->table), log_z("reason", e.msg));
    return ok;
}

static void copy_for(struct sharing *s, struct reading *v, size_t n)
{
    struct kql_scan *scans = arena_array(s->a, struct kql_scan, n);
    size_t rows = 0;
    for (size_t i = 0; i < n; i++)
        scans[i] = v[i].scan;
    struct plan *all = kql_scans_union(s->a, scans, n);
    struct str name = arena_fmt(s->a, "rows%" PRIu64, atomic_fetch_add(&s->w->s->copies, 1) + 1);
    if (!make_copy(s, all, name, &rows)) {
        stay_apart(s, v[0].scan.table);
        return;
    }
    if (rows > s->limits->max_rows) {
        stay_apart(s, v[0].scan.table);
        return;
    }
    VEC_PUSH(s->out->a, &s->out->copies, arena_str(s->out->a, name));
    for (size_t i = 0; i < n; i++) {
        if (scans[i].asked.table == NULL)
            continue;
        kql_scan_use(s->a, &scans[i], all, name);
        s->shared[v[i].query] = true;
    }
}

static void find(struct sharing *s, struct kql_query *q, size_t at)
{
    struct kql_scans scans = {0};
    if (q->n != 1 || q->open_schema || q->limited)
        return;
    kql_scans_find(s->a, q->results[0].plan, &scans);
    for (size_t i = 0; i < scans.v.n; i++) {
        struct reading r = {scans.v.p[i], at};
        VEC_PUSH(s->a, &s->v, r);
    }
}

struct store_share *workspace_share(struct workspace *w, struct arena *a,
                                    struct kql_query *const *queries, size_t n,
                                    const struct store_share_limits *limits, bool *out_shared)
{
    struct store_share *out = xcalloc(1, sizeof(*out));
    struct sharing s = {.w = w, .a = a, .limits = limits, .out = out, .shared = out_shared};
    *out = (struct store_share){.engine = w->s->engine, .a = arena_new(0)};
    for (size_t i = 0; i < n; i++) {
        out_shared[i] = false;
        if (limits->max_rows > 0)
            find(&s, queries[i], i);
    }
    if (s.v.n > 0)
        qsort(s.v.p, s.v.n, sizeof(*s.v.p), by_table);
    for (size_t at = 0, size = 0; at < s.v.n; at += size) {
        size = one_copy(&s, at);
        if (queries_of(&s.v.p[at], size) >= (limits->queries > 0 ? limits->queries : SHARED_BY) &&
            may_be_copied(&s, s.v.p[at].scan.table))
            copy_for(&s, &s.v.p[at], size);
    }
    return out;
}

void store_share_free(struct store_share *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->copies.n; i++)
        engine_copy_drop(s->engine, s->copies.p[i]);
    arena_free(s->a);
    xfree(s);
}

bool workspace_run(struct workspace *w, struct arena *a, const struct kql_query *compiled,
                   const struct engine_limits *limits, struct store_result *out, struct err *e)
{
    struct catalog_asker asker = {
        .w = w, .limits = limits, .alterations = alterations_now(&w->s->alterations)};
    struct store_result result = {.compiled = *compiled, .limits = *limits};
    if (!query_run_compiled(&asker, a, &result, e)) {
        store_result_fini(&result);
        return false;
    }
    *out = result;
    return true;
}
