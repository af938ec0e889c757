/* The handle, and the thread that runs bins when they are due. */
#include "base/log.h"
#include "summary/summary_priv.h"
#include <unistd.h>

struct summaries *summaries_open(const struct summaries_options *o)
{
    struct summaries *s = xcalloc(1, sizeof(*s));
    s->o = *o;
    s->o.timeout_us = o->timeout_us > 0 ? o->timeout_us : (int64_t)600 * 1000 * 1000;
    return s;
}

void summaries_close(struct summaries *s)
{
    if (s == NULL)
        return;
    summaries_stop(s);
    xfree(s);
}

/* ---- what is due ---- */

static int64_t due_of(const struct state_summary *x)
{
    return x->active ? x->next_bin + x->bin_size + summary_delay(x) : INT64_MAX;
}

static struct state_summary *rule_of(struct state_summary *all, size_t n,
                                     const struct state_summary_bin *b)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(all[i].workspace, b->workspace) && str_eq(all[i].key, b->key))
            return &all[i];
    return NULL;
}

/* The turn with the earliest time; *out_due INT64_MAX: there is none. */
static bool next_turn(struct summaries *s, struct arena *a, struct summary_turn *out,
                      int64_t *out_due, struct err *e)
{
    struct state_summary *all = NULL;
    struct state_summary_bin *bins = NULL;
    size_t n = 0, n_bins = 0;
    *out_due = INT64_MAX;
    if (!state_summary_list(s->o.state, a, STR(""), &all, &n, e) ||
        !state_summary_bin_list(s->o.state, a, &bins, &n_bins, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct state_summary_bin bin = {.workspace = all[i].workspace,
                                        .key = all[i].key,
                                        .bin = all[i].next_bin,
                                        .due = due_of(&all[i])};
        if (bin.due >= *out_due)
            continue;
        *out_due = bin.due;
        *out = (struct summary_turn){all[i], bin, false};
    }
    for (size_t i = 0; i < n_bins; i++) {
        struct state_summary *rule = rule_of(all, n, &bins[i]);
        if (rule == NULL || !rule->active || bins[i].due >= *out_due)
            continue;
        *out_due = bins[i].due;
        *out = (struct summary_turn){*rule, bins[i], true};
    }
    return true;
}

bool summaries_next_due(struct summaries *s, int64_t *out, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct summary_turn turn;
    return next_turn(s, a, &turn, out, e);
}

bool summaries_run_due(struct summaries *s, size_t *out_runs, struct err *e)
{
    size_t runs = 0;
    for (;;) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        struct summary_turn turn;
        int64_t due = 0;
        if (!next_turn(s, a, &turn, &due, e))
            return false;
        if (atomic_load(&s->stop) || due > clock_now(s->o.clock))
            break;
        if (!summary_run(s, &turn, e))
            return false;
        runs++;
    }
    if (out_runs != NULL)
        *out_runs = runs;
    return true;
}

/* ---- the thread ---- */

static void *work(void *arg)
{
    struct summaries *s = arg;
    while (!atomic_load(&s->stop)) {
        struct err e = {0};
        int64_t due = INT64_MAX;
        if (!summaries_run_due(s, NULL, &e) || !summaries_next_due(s, &due, &e)) {
            LOG(LOG_ERROR, "summary", "bins can't be recorded; they are tried again",
                log_z("reason", e.msg));
            (void)usleep(500 * 1000);
            continue;
        }
        if (!atomic_load(&s->stop))
            (void)clock_wait_until(s->o.clock, due);
    }
    return NULL;
}

bool summaries_start(struct summaries *s, struct err *e)
{
    CHECK(!s->started);
    if (pthread_create(&s->thread, NULL, work, s) != 0)
        return err_set(e, ERR_INTERNAL, "the thread of summary rules can't be started");
    s->started = true;
    return true;
}

void summaries_stop(struct summaries *s)
{
    if (!s->started)
        return;
    atomic_store(&s->stop, true);
    clock_wake(s->o.clock);
    (void)pthread_join(s->thread, NULL);
    s->started = false;
}

struct summary_counts summary_counts(struct summaries *s)
{
    return (struct summary_counts){.bins = atomic_load(&s->bins),
                                   .failures = atomic_load(&s->failures),
                                   .rows = atomic_load(&s->rows)};
}
