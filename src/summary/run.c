/* One turn of a bin: the query, its rows and the log's row in one transaction of the store, then
 * what follows for the rule. A crash in between repeats the turn, and the store knows its rows by
 * their name. */
#include "base/log.h"
#include "summary/summary_priv.h"

enum { RUN_ARENA = 1 << 30, ATTEMPTS = 10, SKIPS = 8 };
#define PATIENCE (8 * TICKS_PER_HOUR)
#define CATCH_UP (14 * TICKS_PER_DAY)
static const int pause_minutes[ATTEMPTS] = {0, 1, 2, 4, 8, 15, 30, 60, 120, 120};

struct run {
    struct summaries *s;
    struct arena *a;
    struct workspace *w;
    struct summary_turn *t;
    int64_t began_us;
    int64_t rows;
};

static struct store_batch *log_row(struct run *r, const char *status, const char *message)
{
    struct summary_log l = {.w = r->w,
                            .rule = &r->t->rule,
                            .bin = r->t->bin.bin,
                            .at = clock_now(r->s->o.clock),
                            .duration_us = clock_mono_us() - r->began_us,
                            .rows = r->rows,
                            .status = status,
                            .message = str_from(message),
                            .resource =
                                arm_workspace_id(r->a, &r->s->o.scope, workspace_name(r->w))};
    return summary_log_row(r->a, &l);
}

/* ---- the query ---- */

static bool run_query(struct run *r, struct store_result *result, struct err *e)
{
    const struct state_summary *x = &r->t->rule;
    bool usual = str_eqz(x->time_selector, "TimeGenerated");
    struct store_query q = {
        .text = x->query,
        .access = store_author_access(r->s->o.authors, r->a, r->w, "summary", x->key)};
    q.options = (struct kql_options){.has_scope = true,
                                     .scope_from = r->t->bin.bin,
                                     .scope_to = r->t->bin.bin + x->bin_size,
                                     .scope_column = usual ? STR("") : x->time_selector};
    q.limits = (struct engine_limits){.deadline_us = clock_mono_us() + r->s->o.timeout_us,
                                      .max_rows = SUMMARY_MAX_ROWS,
                                      .max_bytes = SUMMARY_MAX_BYTES,
                                      .cancel = &r->s->stop};
    struct kql_diags diags = {0};
    if (!workspace_query(r->w, r->a, &q, result, &diags, e))
        return false;
    if (result->n == 1 && !engine_rows_truncated(result->rows[0]))
        return true;
    if (result->n != 1)
        err_set(e, ERR_SEMANTIC, "the query returns %zu tables; a summary rule needs one",
                result->n);
    else
        err_set(e, ERR_LIMIT, "the bin gives more than %d rows or %d MB", SUMMARY_MAX_ROWS,
                SUMMARY_MAX_BYTES >> 20);
    store_result_fini(result);
    return false;
}

/* Names the rows of a turn, so that repeating it after a crash stores nothing twice; a turn that
 * somebody asked for is another one. */
static struct str name_of(const struct run *r)
{
    const struct summary_turn *t = r->t;
    return arena_fmt(r->a, "summary/%.*s/%lld/%lld/%lld", STR_ARG(t->rule.etag),
                     (long long)t->bin.bin, (long long)t->bin.since, (long long)t->bin.attempts);
}

static bool store_bin(struct run *r, const struct engine_rows *rows, struct err *e)
{
    struct summary_result result = {r->w, &r->t->rule, r->t->bin.bin, rows};
    struct store_batch *batches[2] = {summary_rows(r->a, &result, e), NULL};
    if (batches[0] == NULL)
        return false;
    r->rows = (int64_t)store_batch_rows(batches[0]);
    batches[1] = log_row(r, "Succeeded", "");
    size_t n = batches[1] != NULL ? 2 : 1;
    return store_append(r->w, batches, n, name_of(r), e);
}

static bool run_bin(struct run *r, struct err *e)
{
    struct store_result result = {0};
    r->began_us = clock_mono_us();
    if (!run_query(r, &result, e))
        return false;
    bool ok = store_bin(r, result.rows[0], e);
    store_result_fini(&result);
    return ok;
}

/* ---- what follows ---- */

static void advance(struct run *r)
{
    struct state_summary *x = &r->t->rule;
    if (!r->t->again)
        x->next_bin = r->t->bin.bin + x->bin_size;
}

/* The bin is tried again later, or given up. */
static bool put_off(struct run *r, struct err *e)
{
    struct state_summary_bin *b = &r->t->bin;
    struct state_summary *x = &r->t->rule;
    int64_t now = clock_now(r->s->o.clock);
    b->since = b->since > 0 ? b->since : now;
    b->attempts++;
    if (b->attempts < ATTEMPTS && now - b->since < PATIENCE) {
        b->due = now + pause_minutes[b->attempts] * TICKS_PER_MINUTE;
        return state_summary_bin_put(r->s->o.state, b, e);
    }
    x->skipped++;
    if (x->skipped >= SKIPS && x->active) {
        x->active = false;
        x->status_code = STR("DataPlaneError");
        LOG(LOG_WARN, "summary", "rule stopped: its bins keep failing", log_s("rule", x->id));
    }
    return state_summary_bin_delete(r->s->o.state, b->workspace, b->key, b->bin, e);
}

static bool succeeded(struct run *r, struct err *e)
{
    r->t->rule.skipped = 0;
    atomic_fetch_add(&r->s->rows, (uint64_t)r->rows);
    return state_summary_bin_delete(r->s->o.state, r->t->bin.workspace, r->t->bin.key,
                                    r->t->bin.bin, e);
}

static void log_failure(struct run *r, const struct err *why)
{
    struct err dropped = {0};
    atomic_fetch_add(&r->s->failures, 1);
    LOG(LOG_WARN, "summary", "a bin failed", log_s("rule", r->t->rule.id),
        log_z("reason", why->msg));
    struct store_batch *batch = log_row(r, "Failed", why->msg);
    if (batch != NULL && !store_append(r->w, &batch, 1, STR(""), &dropped))
        LOG(LOG_ERROR, "summary", "the failure can't be logged", log_z("reason", dropped.msg));
}

/* A rule that was changed or deleted during the turn keeps its new state. */
static bool settle(struct run *r, bool ok, struct err *e)
{
    struct state_summary now = {0};
    struct err missing = {0};
    const struct state_summary *x = &r->t->rule;
    if (!state_summary_get(r->s->o.state, r->a, x->workspace, x->key, &now, &missing)) {
        if (missing.code == ERR_NOT_FOUND)
            return true;
        *e = missing;
        return false;
    }
    if (!(ok ? succeeded(r, e) : put_off(r, e)))
        return false;
    if (!str_eq(now.etag, x->etag))
        return true;
    advance(r);
    return state_summary_put(r->s->o.state, &r->t->rule, e);
}

static bool record(struct run *r, bool ok, struct err *e)
{
    if (!state_begin(r->s->o.state, e))
        return false;
    return state_end(r->s->o.state, settle(r, ok, e), e);
}

/* After a long stop only the last two weeks are made up for. */
static bool skip_old(struct summaries *s, struct summary_turn *t, struct err *e)
{
    struct state_summary *x = &t->rule;
    x->next_bin = summary_bin_from(x, clock_now(s->o.clock) - CATCH_UP);
    LOG(LOG_WARN, "summary", "bins older than two weeks are left out", log_s("rule", x->id));
    return state_summary_put(s->o.state, x, e);
}

bool summary_run(struct summaries *s, struct summary_turn *t, struct err *e)
{
    if (!t->again && t->bin.bin < clock_now(s->o.clock) - CATCH_UP)
        return skip_old(s, t, e);
    AUTO(arena_freep) struct arena *a = arena_new(RUN_ARENA);
    struct run r = {.s = s, .a = a, .t = t};
    struct err why = {0};
    r.w = store_workspace_find(s->o.store, t->rule.workspace);
    if (r.w == NULL) {
        bool was_there;
        return state_summary_delete(s->o.state, t->rule.workspace, t->rule.key, &was_there, e);
    }
    bool ok = run_bin(&r, &why);
    if (!ok && atomic_load(&s->stop))
        return true; /* cancelled: the bin has its turn after the start */
    atomic_fetch_add(&s->bins, 1);
    if (!ok)
        log_failure(&r, &why);
    return record(&r, ok, e);
}
