/* Which of many queries may give rows: what they ask of a table is counted in one statement, so
 * that a thousand rules that find nothing cost little more than one. */
#include "kql/gates.h"
#include "store/store_priv.h"
#include <stdlib.h>

enum { GATES_A_STATEMENT = 128 }; /* what the planner does grows faster than their number */

struct asked {
    struct kql_gate gate;
    struct store_probe *probe;
};
struct asking {
    struct workspace *w;
    struct arena *a;
    int64_t until;
    const struct engine_limits *limits;
    VEC(struct asked) v;
};

static int compare_texts(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n > 0 ? memcmp(a.p, b.p, n) : 0;
    return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

static int by_table(const void *x, const void *y)
{
    const struct plan *a = ((const struct asked *)x)->gate.table;
    const struct plan *b = ((const struct asked *)y)->gate.table;
    int c = compare_texts(a->table, b->table);
    return c != 0 ? c : compare_texts(a->workspace, b->workspace);
}

static void ask_for(struct asking *k, struct store_probe *p)
{
    struct kql_gates gates;
    p->may = p->query->n != 1 || p->query->open_schema ||
             !kql_gates_find(k->a, p->query->results[0].plan, &gates);
    for (size_t i = 0; !p->may && i < gates.v.n; i++) {
        struct asked one = {gates.v.p[i], p};
        VEC_PUSH(k->a, &k->v, one);
    }
}

/* Gates from at on that are of one table, as many as one statement takes. */
static size_t one_statement(const struct asking *k, size_t at)
{
    size_t n = 1;
    while (at + n < k->v.n && n < GATES_A_STATEMENT && by_table(&k->v.p[at], &k->v.p[at + n]) == 0)
        n++;
    return n;
}

static bool count(struct asking *k, size_t at, size_t n, struct err *e)
{
    struct kql_gate *gates = arena_array(k->a, struct kql_gate, n);
    struct engine_rows *rows = NULL;
    int64_t after = k->until;
    for (size_t i = 0; i < n; i++) {
        const struct asked *one = &k->v.p[at + i];
        gates[i] = one->gate;
        after = one->probe->after < after ? one->probe->after : after;
    }
    struct plan *p = kql_gates_count(k->a, gates, n, after, k->until);
    if (!query_run_plan(k->w, k->a, p, k->limits, &rows, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (engine_rows_get(rows, 0, i).i > 0)
            k->v.p[at + i].probe->may = true;
    engine_rows_free(rows);
    return true;
}

bool workspace_probe(struct workspace *w, struct arena *a, struct store_probe *probes, size_t n,
                     int64_t until, const struct engine_limits *limits, struct err *e)
{
    struct asking k = {.w = w, .a = a, .until = until, .limits = limits};
    for (size_t i = 0; i < n; i++)
        ask_for(&k, &probes[i]);
    if (k.v.n > 0)
        qsort(k.v.p, k.v.n, sizeof(*k.v.p), by_table);
    bool ok = true;
    for (size_t at = 0, size = 0; ok && at < k.v.n; at += size) {
        size = one_statement(&k, at);
        ok = count(&k, at, size, e);
    }
    for (size_t i = 0; !ok && i < n; i++)
        probes[i].may = true;
    return ok;
}
