/* The runs of one rule over a grid of windows: by one query where the query's shape allows, else
 * window by window, without those that can't have a row. */
#include "backtest/backtest_priv.h"
#include <stdatomic.h>
#include <stdlib.h>

enum {
    MOST_ROWS = 500000, /* of one query for many windows; more: fewer windows */
    MOST_BYTES = 256 << 20,
    MOST_IN_WINDOWS = 500000000 /* rows of the tables, as often as they are in a window */
};

struct grid grid_of(const struct rule *r, int64_t phase, int64_t from, int64_t to)
{
    int64_t f = rule_frequency(r);
    struct grid g = {.frequency = f};
    int64_t first = from + f;
    if (phase != 0) {
        int64_t past = (from - phase) % f;
        first = from - (past < 0 ? past + f : past) + f;
    }
    if (first > to)
        return g;
    g.n = (size_t)((to - first) / f) + 1;
    g.first = first;
    g.last = first + (int64_t)(g.n - 1) * f;
    return g;
}

static bool is_cancelled(const struct subject *x)
{
    return atomic_load(&x->progress->cancel);
}

static struct detect_sight sight_of(const struct subject *x, int64_t s)
{
    return (struct detect_sight){.on_time = x->q->on_time,
                                 .received_to = x->q->on_time ? 0 : s + x->delay + 1,
                                 .now = s + x->delay,
                                 .cancel = &x->progress->cancel};
}

/* ---- one window, as the scheduler would ---- */

/* False: cancelled, or the control database failed; a run that fails is counted. */
static bool run_window(struct subject *x, int64_t s, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct detect_sight sight = sight_of(x, s);
    struct detect_result result;
    struct err why = {0};
    x->evaluated++;
    if (trial_run(x->trial, a, x->r, s, &sight, &result, &why))
        return subject_found(x, s, &result, e);
    if (why.code == ERR_CANCELLED || is_cancelled(x)) {
        *e = why;
        return false;
    }
    subject_failed(x, s, &why);
    return true;
}

/* needed: one a window; NULL: all are. A window that is not needed has no row. */
static bool run_windows(struct subject *x, size_t from, size_t to, const bool *needed,
                        struct err *e)
{
    bool fires_on_none = detect_fires(x->r, 0);
    for (size_t i = from; i < to; i++) {
        int64_t s = grid_at(&x->grid, i);
        if (is_cancelled(x))
            return err_set(e, ERR_CANCELLED, "cancelled");
        atomic_store(&x->progress->windows_done, i);
        if (!subject_may_run(x, s))
            continue;
        bool some = needed == NULL || needed[i] || fires_on_none;
        x->made = true;
        if ((some && !run_window(x, s, e)) || !late_follow(x, i, e))
            return false;
    }
    return true;
}

/* ---- many windows by one query ---- */

static struct store_windows windows_of(const struct subject *x, size_t from, size_t to)
{
    bool nrt = x->r->kind == RULE_NRT;
    return (struct store_windows){.first = grid_at(&x->grid, from),
                                  .last = grid_at(&x->grid, to - 1),
                                  .frequency = x->grid.frequency,
                                  .period = rule_period(x->r),
                                  .delay = x->q->on_time ? INT64_C(0) : x->delay,
                                  .by_arrival = nrt};
}

/* Asks for the windows from … to − 1. */
static bool ask(struct subject *x, struct arena *a, size_t from, size_t to, enum kql_windows kind,
                struct store_result *out, struct err *e)
{
    struct store_windows windows = windows_of(x, from, to);
    struct detect_sight sight = sight_of(x, windows.last);
    struct store_query q;
    struct kql_diags diags = {0};
    detect_query(trial_detect(x->trial), x->r, windows.last, &sight, &q);
    q.options.scope_from = windows.first - windows.period;
    q.options.windows = kind;
    q.windows = &windows;
    q.limits.max_rows = MOST_ROWS;
    q.limits.max_bytes = MOST_BYTES;
    int64_t timeout_us = x->o->timeout_us != 0 ? x->o->timeout_us : INT64_C(600000000);
    q.limits.deadline_us = clock_mono_us() + timeout_us;
    x->evaluated++;
    return workspace_query(x->o->workspace, a, &q, out, &diags, e);
}

/* Which rows of a result are in which window: order[start[i]] … order[start[i + 1] - 1]. */
struct buckets {
    size_t *start, *order;
};

static bool bucket(struct arena *a, const struct subject *x, const struct engine_rows *rows,
                   size_t from, size_t to, struct buckets *out)
{
    size_t n = engine_rows_count(rows), col = engine_rows_schema(rows)->n - 1;
    out->start = arena_array(a, size_t, to - from + 2);
    out->order = arena_array(a, size_t, n + 1);
    size_t *at = arena_array(a, size_t, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct kql_value s = engine_rows_get(rows, i, col);
        int64_t k = (s.i - grid_at(&x->grid, from)) / x->grid.frequency;
        if (s.is_null || k < 0 || (size_t)k >= to - from)
            return false;
        at[i] = (size_t)k;
        out->start[at[i] + 1]++;
    }
    for (size_t k = 0; k < to - from; k++)
        out->start[k + 1] += out->start[k];
    size_t *next = arena_array(a, size_t, to - from + 1);
    memcpy(next, out->start, (to - from) * sizeof(*next));
    for (size_t i = 0; i < n; i++)
        out->order[next[at[i]]++] = i;
    return true;
}

static bool take_window(struct subject *x, const struct engine_rows *all, const struct buckets *k,
                        size_t i, int64_t s, struct err *e)
{
    size_t n = k->start[i + 1] - k->start[i];
    size_t max = x->o->max_rows != 0 ? x->o->max_rows : 100000;
    if (n > max) /* says itself what is wrong */
        return run_window(x, s, e);
    if (!detect_fires(x->r, n)) {
        subject_saw(x, s, n);
        return true;
    }
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct detect_result result;
    const struct engine_rows *rows =
        engine_rows_pick(a, all, k->order + k->start[i], n, engine_rows_schema(all)->n - 1);
    detect_evaluate_rows(trial_detect(x->trial), a, x->o->workspace, x->r, s, s + x->delay, rows,
                         &result);
    return subject_found(x, s, &result, e);
}

static bool take_rows(struct subject *x, struct arena *a, const struct engine_rows *rows,
                      size_t from, size_t to, struct err *e)
{
    struct buckets k;
    if (!bucket(a, x, rows, from, to, &k))
        return err_set(e, ERR_INTERNAL, "the engine gave a row of no window");
    for (size_t i = from; i < to; i++) {
        int64_t s = grid_at(&x->grid, i);
        if (is_cancelled(x))
            return err_set(e, ERR_CANCELLED, "cancelled");
        atomic_store(&x->progress->windows_done, i);
        if (subject_may_run(x, s) &&
            (!take_window(x, rows, &k, i - from, s, e) || !late_follow(x, i, e)))
            return false;
    }
    return true;
}

enum outcome { DONE, REFUSED, FAILED };

/* Answers for the windows from … to − 1 in their order. REFUSED: not by one query; nothing was
 * done. What is too much for one query is asked in halves. */
static enum outcome at_once(struct subject *x, size_t from, size_t to, struct err *e)
{
    struct err why = {0};
    struct store_result result = {0};
    AUTO(arena_freep) struct arena *a = arena_new(0);
    bool ok = ask(x, a, from, to, KQL_WINDOWS_ROWS, &result, &why);
    bool whole = ok && result.n == 1 && !engine_rows_truncated(result.rows[0]);
    if (whole) {
        bool taken = take_rows(x, a, result.rows[0], from, to, e);
        store_result_fini(&result);
        return taken ? DONE : FAILED;
    }
    bool too_much = ok ? result.n == 1 : why.code == ERR_TIMEOUT || why.code == ERR_LIMIT;
    store_result_fini(&result);
    if (is_cancelled(x) || why.code == ERR_CANCELLED) {
        err_set(e, ERR_CANCELLED, "cancelled");
        return FAILED;
    }
    if (!too_much)
        return REFUSED;
    if (to - from == 1)
        return run_windows(x, from, to, NULL, e) ? DONE : FAILED;
    size_t middle = from + (to - from) / 2;
    enum outcome first = at_once(x, from, middle, e);
    if (first != DONE)
        return first;
    enum outcome second = at_once(x, middle, to, e);
    if (second != REFUSED)
        return second;
    return run_windows(x, middle, to, NULL, e) ? DONE : FAILED;
}

/* All of them, in pieces that one query can do. */
static enum outcome all_at_once(struct subject *x, struct err *e)
{
    size_t n = x->grid.n;
    int64_t rows = volumes_in_windows(x->volumes, x->r, &x->grid);
    size_t pieces = (size_t)(rows / MOST_IN_WINDOWS) + 1;
    size_t step = n / pieces > 0 ? n / pieces : 1;
    for (size_t from = 0; from < n; from += step) {
        size_t to = from + step < n ? from + step : n;
        enum outcome done = at_once(x, from, to, e);
        if (done == REFUSED && from > 0)
            done = run_windows(x, from, to, NULL, e) ? DONE : FAILED;
        if (done != DONE)
            return done;
    }
    return DONE;
}

/* One a window; NULL: all may have rows. */
static const bool *needed_windows(struct subject *x)
{
    struct err why = {0};
    struct store_result result = {0};
    const bool *out = NULL;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    size_t n = x->grid.n;
    if (!ask(x, a, 0, n, KQL_WINDOWS_NEEDED, &result, &why))
        return NULL;
    if (result.n == 1 && !engine_rows_truncated(result.rows[0])) {
        bool *needed = arena_array(x->a, bool, n + 1);
        const struct engine_rows *rows = result.rows[0];
        for (size_t i = 0; i < engine_rows_count(rows); i++) {
            int64_t s = engine_rows_get(rows, i, 0).i;
            if (s >= x->grid.first && s <= x->grid.last)
                needed[(s - x->grid.first) / x->grid.frequency] = true;
        }
        out = needed;
    }
    store_result_fini(&result);
    return out;
}

bool subject_run(struct subject *x, struct err *e)
{
    size_t n = x->grid.n;
    atomic_store(&x->progress->windows, n);
    atomic_store(&x->progress->windows_done, 0);
    if (n == 0)
        return true;
    if (!late_plan_make(x, e))
        return false;
    if (!x->q->each_window) {
        x->method = METHOD_AT_ONCE;
        enum outcome done = all_at_once(x, e);
        if (done != REFUSED)
            return done == DONE;
    }
    const bool *needed = x->q->each_window ? NULL : needed_windows(x);
    x->method = needed != NULL ? METHOD_PRUNED : METHOD_EACH;
    return run_windows(x, 0, n, needed, e);
}
