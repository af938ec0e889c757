/* Rows that come after the run of their window: which windows have some, and what these give that
 * they did not give before.
 *
 * A run sees the rows of its window that had arrived by then. Later ones are found by the run after
 * their arrival. When its own window reaches back to them they are no matter; else the last window
 * that has them is evaluated twice: over what had arrived when it was seen last, and over what has
 * by now. The difference is what is new, so nothing but marks has to be kept. */
#include "detect/detect_priv.h"
#include "text/date.h"
#include <stdlib.h>

/* ---- which windows ---- */

struct span { /* of TimeGenerated of late rows; rows at both ends */
    int64_t from, to;
};
struct spans {
    struct arena *a;
    VEC(struct span) v;
};

static struct str late_query(struct arena *a, struct str table, int64_t from, int64_t to)
{
    char low[29], high[29];
    date_format(from > 0 ? from : 0, low);
    date_format(to, high);
    return arena_fmt(a,
                     "table('%.*s') | where TimeGenerated >= datetime(%s) and TimeGenerated < "
                     "datetime(%s) | summarize min(TimeGenerated), max(TimeGenerated) by "
                     "bin(TimeGenerated, 1m) | project-away TimeGenerated",
                     STR_ARG(table), low, high);
}

/* Late rows of one table, by the minute. */
static bool late_rows(struct detect *d, struct workspace *w, struct str table,
                      const struct detect_when *when, int64_t before, struct spans *out,
                      struct err *e)
{
    struct store_arrivals came;
    if (workspace_arrivals(w, table, when->arrived_after, when->arrived_until, &came) &&
        (!came.any || came.min_time >= before))
        return true;
    struct store_result result = {0};
    struct kql_diags diags = {0};
    struct store_query q = {
        .text = late_query(out->a, table, when->arrived_until - d->o.lateness, before)};
    q.options = (struct kql_options){.now_ticks = when->s,
                                     .has_arrival = true,
                                     .arrived_after = when->arrived_after,
                                     .arrived_until = when->arrived_until};
    q.limits = evaluation_limits(d);
    if (!workspace_query(w, out->a, &q, &result, &diags, e))
        return false;
    const struct engine_rows *rows = result.rows[0];
    for (size_t i = 0; i < engine_rows_count(rows); i++) {
        struct span s = {engine_rows_get(rows, i, 0).i, engine_rows_get(rows, i, 1).i};
        VEC_PUSH(out->a, &out->v, s);
    }
    store_result_fini(&result);
    return true;
}

static int by_time(const void *x, const void *y)
{
    const struct span *a = x, *b = y;
    return (a->from > b->from) - (a->from < b->from);
}

static bool is_in(const struct state_run *r, int64_t time)
{
    return time >= r->window_from && time < r->window_to;
}

/* The last window that has the time is chosen, unless a chosen one has it already. A window's last
 * run is the one that counts. */
static void choose(const struct state_run *runs, size_t n, int64_t time, bool *chosen)
{
    size_t last = n;
    for (size_t i = 0; i < n; i++) {
        if (!is_in(&runs[i], time))
            continue;
        if (chosen[i])
            return;
        last = i;
    }
    if (last < n)
        chosen[last] = true;
}

static void pick_windows(struct arena *a, const struct spans *spans, const struct state_run *runs,
                         size_t n, int64_t until, struct late_window **out, size_t *out_n)
{
    bool *chosen = arena_array(a, bool, n + 1);
    struct late_window *windows = arena_array(a, struct late_window, n + 1);
    size_t k = 0;
    for (size_t i = 0; i < spans->v.n; i++) {
        choose(runs, n, spans->v.p[i].from, chosen);
        choose(runs, n, spans->v.p[i].to, chosen);
    }
    for (size_t i = 0; i < n; i++)
        if (chosen[i] && runs[i].arrived_until > 0 && runs[i].arrived_until < until)
            windows[k++] = (struct late_window){runs[i].window_to, runs[i].arrived_until};
    *out = windows;
    *out_n = k;
}

/* The workspace's own; NULL: the other one is gone. */
static struct workspace *read_of(struct detect *d, struct workspace *own, const struct kql_read *x)
{
    return x->workspace.n == 0 ? own : store_workspace_find(d->o.store, x->workspace);
}

bool late_windows(struct detect *d, struct arena *a, struct workspace *w,
                  const struct state_rule *stored, const struct rule *r,
                  const struct detect_result *read, const struct detect_when *when,
                  struct late_window **out, size_t *n, struct err *e)
{
    struct spans spans = {.a = a};
    struct state_run *runs = NULL;
    size_t n_runs = 0;
    *n = 0;
    for (size_t i = 0; i < read->n_reads; i++) {
        struct workspace *of = read_of(d, w, &read->reads[i]);
        if (of != NULL &&
            !late_rows(d, of, read->reads[i].table, when, when->s - rule_period(r), &spans, e))
            return false;
    }
    if (spans.v.n == 0)
        return true;
    qsort(spans.v.p, spans.v.n, sizeof(*spans.v.p), by_time);
    int64_t last = 0;
    for (size_t i = 0; i < spans.v.n; i++)
        last = spans.v.p[i].to > last ? spans.v.p[i].to : last;
    if (!state_run_covering(d->o.state, a, stored->workspace, stored->id, spans.v.p[0].from, last,
                            &runs, &n_runs, e))
        return false;
    pick_windows(a, &spans, runs, n_runs, when->arrived_until, out, n);
    return true;
}

/* ---- what is new in one ---- */

struct before { /* of the window as it was seen */
    bool fired;
    struct map *ids;
};

static bool look_back(struct evaluation *ev, const struct detect_when *when, struct before *out,
                      struct err *e)
{
    struct store_result result = {0};
    struct detect_when then = {.s = when->s,
                               .arrived_after = -1,
                               .arrived_until = when->arrived_after,
                               .deadline_us = when->deadline_us,
                               .cancel = when->cancel};
    if (!evaluation_query(ev, &then, &result, e))
        return false;
    out->fired = detect_fires(ev->r, ev->n_rows);
    out->ids = map_new(ev->a, false);
    const struct guid *ids = row_ids(ev);
    for (size_t i = 0; i < ev->n_rows; i++)
        map_put(out->ids, (struct str){(const char *)&ids[i], sizeof(ids[i])}, out);
    store_result_fini(&result);
    return true;
}

/* The rows that were not there before count; if there was no alert before, all. */
static bool pick_new(struct evaluation *ev, const struct before *was)
{
    if (!detect_fires(ev->r, ev->n_rows))
        return false;
    if (!was->fired)
        return true;
    const struct guid *ids = row_ids(ev);
    size_t *pick = arena_array(ev->a, size_t, ev->n_rows + 1), n = 0;
    struct guid *picked = arena_array(ev->a, struct guid, ev->n_rows + 1);
    for (size_t i = 0; i < ev->n_rows; i++) {
        if (map_get(was->ids, (struct str){(const char *)&ids[i], sizeof(ids[i])}) != NULL)
            continue;
        picked[n] = ids[i]; /* counted through all rows: the second of two equal ones stays that */
        pick[n++] = i;
    }
    ev->ids = picked;
    ev->pick = pick;
    ev->n_rows = n;
    return n > 0;
}

bool detect_evaluate_late(struct detect *d, struct arena *a, struct workspace *w,
                          const struct rule *r, const struct detect_when *when,
                          struct detect_result *out, struct err *e)
{
    struct store_result result = {0};
    struct evaluation ev = {.d = d, .a = a, .w = w, .r = r, .out = out};
    struct before was = {0};
    struct detect_when now = {.s = when->s,
                              .arrived_after = -1,
                              .arrived_until = when->arrived_until,
                              .deadline_us = when->deadline_us,
                              .cancel = when->cancel};
    *out = (struct detect_result){.from = when->s - rule_period(r), .to = when->s};
    if (!look_back(&ev, when, &was, e) || !evaluation_query(&ev, &now, &result, e))
        return false;
    evaluation_finish(&ev, pick_new(&ev, &was));
    store_result_fini(&result);
    return true;
}
