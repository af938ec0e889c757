/* Windows that the scheduler runs again, since rows came after they had run: which run finds which
 * rows is asked once of each table; then the last window that has them is run again, as by
 * src/detect/late.c. */
#include "backtest/backtest_priv.h"
#include "text/date.h"
#include <stdlib.h>

enum { MOST_LATE_MINUTES = 500000 };

struct late_rows { /* TimeGenerated of rows that a run is the first to find, and that are late */
    size_t run;
    int64_t from, to;
};
struct late_plan {
    struct late_rows *p; /* by run */
    size_t n, at;        /* at: the first that was not looked at */
    int64_t *seen;       /* of each window: up to which arrival; 0: it did not run */
};

/* ---- which rows are late for which run ---- */

/* Runs are counted from 0; the first one can't find a window of this grid that has run before. */
static struct str late_query(struct arena *a, const struct subject *x, struct str table)
{
    char first[29], arrived[29], last[29], frequency[32], period[32], back[32];
    const struct grid *g = &x->grid;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    date_format(g->first, first);
    date_format(g->first + x->delay, arrived);
    date_format(g->last + x->delay, last);
    span_format(g->frequency, frequency);
    span_format(rule_period(x->r), period);
    span_format(x->o->lateness - x->delay, back);
    sbuf_addz(&b, "[");
    json_escape(&b, table);
    sbuf_addf(&b,
              "] | extend Arrived = ingestion_time() | where Arrived > datetime(%s) and Arrived <= "
              "datetime(%s) | extend Run = tolong(ceiling((Arrived - datetime(%s)) / time(%s))) "
              "| extend End = datetime(%s) + Run * time(%s) | where TimeGenerated < End - time(%s) "
              "and TimeGenerated >= End - time(%s) | summarize From = min(TimeGenerated), "
              "To = max(TimeGenerated) by Run, bin(TimeGenerated, 1m) | project Run, From, To",
              arrived, last, arrived, frequency, first, frequency, period, back);
    return arena_str(a, sbuf_str(&b));
}

static bool ask_table(const struct subject *x, struct workspace *of, struct str table,
                      struct arena *a, struct late_plan *out, struct err *e)
{
    struct store_result result = {0};
    struct kql_diags diags = {0};
    struct store_query q = {.text = late_query(a, x, table)};
    q.options = (struct kql_options){.now_ticks = x->grid.last,
                                     .has_scope = true,
                                     .scope_from = x->grid.first - rule_period(x->r),
                                     .scope_to = x->grid.last};
    int64_t timeout_us = x->o->timeout_us != 0 ? x->o->timeout_us : INT64_C(600000000);
    q.limits = (struct engine_limits){.max_rows = MOST_LATE_MINUTES,
                                      .cancel = &x->progress->cancel,
                                      .deadline_us = clock_mono_us() + timeout_us};
    if (!workspace_query(of, a, &q, &result, &diags, e))
        return false;
    const struct engine_rows *rows = result.rows[0];
    size_t n = engine_rows_count(rows);
    bool whole = !engine_rows_truncated(rows);
    struct late_rows *all = arena_array(x->a, struct late_rows, out->n + n + 1);
    if (out->n > 0)
        memcpy(all, out->p, out->n * sizeof(*all));
    for (size_t i = 0; i < n; i++)
        all[out->n + i] =
            (struct late_rows){(size_t)engine_rows_get(rows, i, 0).i, engine_rows_get(rows, i, 1).i,
                               engine_rows_get(rows, i, 2).i};
    out->p = all;
    out->n += n;
    store_result_fini(&result);
    return whole || err_set(e, ERR_LIMIT, "late rows of %.*s are in more than %d minutes",
                            STR_ARG(table), MOST_LATE_MINUTES);
}

static int by_run(const void *p, const void *q)
{
    const struct late_rows *x = p, *y = q;
    if (x->run != y->run)
        return x->run < y->run ? -1 : 1;
    return (x->from > y->from) - (x->from < y->from);
}

static bool plan(struct subject *x, struct late_plan *out, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct kql_query q;
    if (!volumes_compile(x->volumes, a, x->r, &q))
        return true;
    /* A row that no run sees in its window came so long after it happened. */
    int64_t least = rule_period(x->r) - x->grid.frequency + x->delay;
    for (size_t i = 0; i < q.reads.n; i++) {
        const struct kql_read *t = &q.reads.p[i];
        struct workspace *of = x->o->workspace;
        if (t->workspace.n > 0)
            of = store_workspace_find(x->o->store, t->workspace);
        else if (volumes_longest(x->volumes, t->table) <= least)
            continue;
        if (of != NULL && !ask_table(x, of, t->table, a, out, e))
            return false;
    }
    if (out->n > 1)
        qsort(out->p, out->n, sizeof(*out->p), by_run);
    return true;
}

bool late_plan_make(struct subject *x, struct err *e)
{
    struct err why = {0};
    struct late_plan *p = arena_new_of(x->a, struct late_plan);
    if (x->q->on_time || x->o->lateness <= 0 || x->r->kind != RULE_SCHEDULED || x->grid.n < 2)
        return true;
    if (!plan(x, p, &why)) {
        if (why.code == ERR_CANCELLED) {
            *e = why;
            return false;
        }
        err_prefix(&why, "late rows can't be looked at");
        late_failed(x, &why);
    } else if (p->n > 0) {
        p->seen = arena_array(x->a, int64_t, x->grid.n);
        x->late = p;
    }
    return true;
}

/* ---- the windows again ---- */

/* The last window before the run that has the time and has run, unless a chosen one has it; the
 * choice is added to chosen. */
static void choose(const struct subject *x, size_t run, int64_t time, size_t *chosen, size_t *n)
{
    const struct grid *g = &x->grid;
    for (size_t i = 0; i < *n; i++) {
        int64_t s = grid_at(g, chosen[i]);
        if (time < s && time >= s - rule_period(x->r))
            return;
    }
    int64_t last = (time + rule_period(x->r) - g->first) / g->frequency;
    if (time + rule_period(x->r) < g->first)
        return;
    for (int64_t i = last < (int64_t)run ? last : (int64_t)run - 1; i >= 0; i--) {
        if (grid_at(g, (size_t)i) <= time)
            return;
        if (x->late->seen[i] > 0) {
            chosen[(*n)++] = (size_t)i;
            return;
        }
    }
}

static int by_place(const void *p, const void *q)
{
    const size_t *x = p, *y = q;
    return (*x > *y) - (*x < *y);
}

static bool run_again(struct subject *x, size_t run, size_t window, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct detect_result result;
    struct err why = {0};
    int64_t s = grid_at(&x->grid, run), until = s + x->delay;
    struct detect_when when = {.s = grid_at(&x->grid, window),
                               .arrived_after = x->late->seen[window],
                               .arrived_until = until,
                               .cancel = &x->progress->cancel};
    x->evaluated += 2; /* as it was, and as it is */
    if (detect_evaluate_late(trial_detect(x->trial), a, x->o->workspace, x->r, &when, &result,
                             &why)) {
        x->late->seen[window] = until;
        return subject_found_late(x, when.s, s, &result, e);
    }
    if (why.code == ERR_CANCELLED || atomic_load(&x->progress->cancel)) {
        *e = why;
        return false;
    }
    late_failed(x, &why);
    return true;
}

bool late_follow(struct subject *x, size_t run, struct err *e)
{
    struct late_plan *p = x->late;
    size_t n = 0, from = p != NULL ? p->at : 0;
    if (p == NULL || !x->made)
        return true;
    p->seen[run] = grid_at(&x->grid, run) + x->delay;
    while (p->at < p->n && p->p[p->at].run <= run)
        p->at++;
    if (p->at == from)
        return true;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    size_t *chosen = arena_array(a, size_t, 2 * (p->at - from) + 1);
    for (size_t i = from; i < p->at; i++) {
        choose(x, run, p->p[i].from, chosen, &n);
        choose(x, run, p->p[i].to, chosen, &n);
    }
    if (n > 1)
        qsort(chosen, n, sizeof(*chosen), by_place);
    for (size_t i = 0; i < n; i++)
        if (!run_again(x, run, chosen[i], e))
            return false;
    return true;
}
