/* All rules of a backtest, one after the other. */
#include "backtest/backtest_priv.h"
#include "text/date.h"
#include <stdatomic.h>
#include <time.h>

enum { RULE_ARENA = 1 << 30 };

static int64_t cpu_us(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0)
        return 0;
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static bool check(const struct backtest_request *q, struct err *e)
{
    if (q->from <= 0 || q->to <= q->from)
        return err_set(e, ERR_INVALID, "from: a time before 'to' expected");
    if (q->to - q->from > BACKTEST_MAX_DAYS * TICKS_PER_DAY)
        return err_set(e, ERR_LIMIT, "from: at most %d days before 'to'", BACKTEST_MAX_DAYS);
    return q->n <= BACKTEST_MAX_RULES ||
           err_set(e, ERR_LIMIT, "rules: at most %d at a time", BACKTEST_MAX_RULES);
}

/* Whether the rule can run at all: its query binds, and its windows are not too many. */
static bool admit(const struct subject *x, struct err *e)
{
    struct rule_issues is = {.a = x->a};
    if (x->grid.n > BACKTEST_MAX_WINDOWS)
        return err_set(e, ERR_LIMIT, "%zu windows: at most %d of a rule; choose a shorter range",
                       x->grid.n, BACKTEST_MAX_WINDOWS);
    if (!rule_has_query(x->r->kind))
        return err_set(e, ERR_UNSUPPORTED, "a rule of kind %s has no query to run",
                       rule_kind_name(x->r->kind));
    if (rule_check_query(x->a, x->o->workspace, x->r, x->q->to, &is))
        return true;
    rule_issues_err(&is, e);
    return false;
}

static bool run_rule(const struct trial_options *o, const struct backtest_request *q, size_t i,
                     struct backtest_progress *progress, struct volumes *v, struct json_out *out,
                     struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(RULE_ARENA);
    const struct rule *r = &q->rules[i];
    struct subject x = {.a = a, .o = o, .q = q, .r = r, .progress = progress, .volumes = v};
    struct err refused = {0};
    x.n_days = (size_t)((q->to - q->from - 1) / TICKS_PER_DAY) + 1;
    x.days = arena_array(a, uint32_t, x.n_days);
    x.entities = map_new(a, false);
    x.grid = grid_of(r, q->phases != NULL ? q->phases[i] : 0, q->from, q->to);
    int64_t began = clock_mono_us(), cpu = cpu_us();
    bool ok = admit(&x, &refused);
    bool admitted = ok;
    x.n_runs = !ok ? 0 : x.grid.n < q->last_runs ? x.grid.n : q->last_runs;
    x.runs = arena_array(a, int64_t, x.n_runs + 1);
    if (ok) {
        x.trial = trial_open(o, e);
        ok = x.trial != NULL;
    } else {
        ok = true;
    }
    if (ok && admitted) {
        x.delay = rule_delay(trial_detect(x.trial), r);
        ok = subject_run(&x, e);
    }
    x.elapsed_us = clock_mono_us() - began;
    x.cpu_us = cpu_us() - cpu;
    if (ok)
        subject_write(&x, v, admitted ? NULL : &refused, out);
    trial_close(x.trial);
    return ok;
}

bool backtest_run(const struct trial_options *o, const struct backtest_request *q,
                  struct backtest_progress *progress, struct sbuf *out, struct err *e)
{
    if (!check(q, e))
        return false;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct volumes *v = volumes_new(a, o, q, &progress->cancel);
    struct json_out w = json_out_make(out);
    json_obj(&w);
    json_kv_time(&w, "from", q->from);
    json_kv_time(&w, "to", q->to);
    json_kv_bool(&w, "asIfOnTime", q->on_time);
    json_key(&w, "rules");
    json_arr(&w);
    for (size_t i = 0; i < q->n; i++) {
        if (atomic_load(&progress->cancel))
            return err_set(e, ERR_CANCELLED, "cancelled");
        if (!run_rule(o, q, i, progress, v, &w, e))
            return false;
        atomic_store(&progress->rules_done, i + 1);
    }
    json_arr_end(&w);
    json_key(&w, "tables");
    volumes_write(v, &w);
    json_obj_end(&w);
    return sbuf_ok(out) || err_set(e, ERR_LIMIT, "the report is too large; lower maxFirings");
}
