/* Running a search job: the time that it looks at slice by slice, oldest first. A slice's rows, and
 * how far the job has come, are on disk before the next slice begins, so that it goes on there
 * after a restart; the store knows a slice by its name, so that none lands twice. */
#include "base/log.h"
#include "jobs/jobs_priv.h"
#include <unistd.h>

enum {
    SLICE_ROWS = 100000, /* more than that, or that many bytes, is taken in smaller slices */
    SLICE_BYTES = 64 << 20,
    LEAST_BYTES = 256 << 20, /* of one that can't be smaller */
    RUN_ARENA = 1 << 30,
    BUSY_TRIES = 60, /* while the store takes nothing more, a second apart */
    BUSY_US = 1000000
};
#define SLICE_LEAST TICKS_PER_SECOND
#define SLICE_MOST (8 * TICKS_PER_DAY)
#define SLICE_US ((int64_t)600 * 1000 * 1000)
#define MAX_TIME TICKS_PER_DAY

struct run {
    struct jobs *j;
    struct claim *claim;
    struct arena *a;
    struct workspace *w;
    struct state_search *x;
    struct search_query query;
};

/* ---- what is recorded ---- */

static void log_state(struct run *r, const char *status, struct str message)
{
    const struct state_search *x = r->x;
    struct job_log l = {.type = "SearchJob",
                        .id = x->id,
                        .source = x->source,
                        .destination = x->name,
                        .message = message,
                        .status = status,
                        .rows = x->ingested};
    job_log_put(r->j, r->a, r->w, &l, arena_fmt(r->a, "search/%.*s/%s", STR_ARG(x->id), status));
}

/* Keeps what x says now. *out_mine false: it was cancelled, or another has its name. */
static bool keep(struct run *r, bool *out_mine, struct err *e)
{
    struct state_search was = {0};
    struct err why = {0};
    struct state *s = r->j->o.state;
    if (!state_begin(s, e))
        return false;
    bool ok = state_search_get(s, r->a, r->x->workspace, r->x->name, &was, &why);
    *out_mine = ok && str_eq(was.id, r->x->id) && was.finished == 0;
    if (!ok && why.code != ERR_NOT_FOUND) {
        *e = why;
        return state_end(s, false, e);
    }
    return state_end(s, !*out_mine || state_search_put(s, r->x, e), e);
}

static bool finish(struct run *r, const char *status, struct str error, struct err *e)
{
    bool mine = false;
    r->x->status = str_from(status);
    r->x->error = error;
    r->x->finished = clock_now(r->j->o.clock);
    if (!keep(r, &mine, e))
        return false;
    if (mine) {
        atomic_fetch_add(&r->j->runs, 1);
        log_state(r, status, error);
    }
    return true;
}

static bool fail(struct run *r, const struct err *why, struct err *e)
{
    atomic_fetch_add(&r->j->failures, 1);
    LOG(LOG_WARN, "jobs", "a search job failed", log_s("table", r->x->name),
        log_z("reason", why->msg));
    return finish(r, STATE_JOB_FAILED, arena_str(r->a, str_from(why->msg)), e);
}

/* ---- one slice ---- */

struct slice {
    struct arena *a;
    int64_t from, to;
    size_t most; /* rows that it may give */
    bool least;  /* it can't be smaller */
    bool cut;    /* there is more in it */
    int64_t bytes;
};

static struct store_query query_of(struct run *r, const struct slice *s, struct str text)
{
    struct store_query q = {
        .text = text,
        .lake = true,
        .access = store_author_access(r->j->o.authors, s->a, r->w, "search", r->x->name)};
    q.options = (struct kql_options){
        .now_ticks = r->x->created, .has_scope = true, .scope_from = s->from, .scope_to = s->to};
    q.limits = (struct engine_limits){.deadline_us = clock_mono_us() + SLICE_US,
                                      .cancel = &r->claim->cancel};
    return q;
}

/* How much there was to look at. */
static bool measure(struct run *r, struct slice *s, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(1 << 16);
    struct store_result result = {0};
    struct kql_diags diags = {0};
    sbuf_addz(&text, "[");
    json_escape(&text, r->x->source);
    sbuf_addz(&text, "] | summarize bytes = tolong(sum(_BilledSize))");
    struct store_query q = query_of(r, s, sbuf_str(&text));
    if (!workspace_query(r->w, s->a, &q, &result, &diags, e))
        return false;
    struct kql_value v = engine_rows_get(result.rows[0], 0, 0);
    s->bytes = v.is_null ? 0 : v.i;
    store_result_fini(&result);
    return true;
}

static struct store_batch *rows_of(struct run *r, struct slice *s, const struct engine_rows *rows,
                                   struct err *e)
{
    const struct kql_schema *all = engine_rows_schema(rows);
    size_t *from = arena_array(s->a, size_t, all->n + 1), n = 0, time_at = all->n;
    struct kql_schema kept = {arena_array(s->a, struct kql_column, all->n + 1), 0};
    for (size_t i = 0; i < all->n; i++)
        if (search_query_keeps(all->cols[i].name)) {
            from[n++] = i;
            kept.cols[kept.n++] = all->cols[i];
        }
    kept.cols[kept.n++] = (struct kql_column){STR("TimeGenerated"), KQL_DATETIME};
    from[n] = time_at;
    struct store_landing to;
    if (!store_landing_open(r->w, s->a, r->x->name, &kept, &to, e))
        return NULL;
    for (size_t row = 0; row < engine_rows_count(rows) && row < s->most; row++) {
        for (size_t i = 0; i < n; i++) {
            struct kql_value v = engine_rows_get(rows, row, from[i]);
            store_landing_set(&to, i, &v);
        }
        struct kql_value at = {.type = KQL_DATETIME, .i = r->x->started};
        store_landing_set(&to, n, &at);
        store_batch_end_row(to.batch);
    }
    return to.batch;
}

/* Rows of the slice land; *out_rows: how many. s->cut: none did, a smaller one is to be tried. */
static bool search_slice(struct run *r, struct slice *s, int64_t *out_rows, struct err *e)
{
    struct store_result result = {0};
    struct kql_diags diags = {0};
    struct err why = {0};
    struct store_query q = query_of(r, s, r->query.text);
    size_t left = (size_t)(r->x->row_limit - r->x->ingested);
    s->most = s->least || left < SLICE_ROWS ? left : SLICE_ROWS;
    q.limits.max_rows = s->most;
    q.limits.max_bytes = s->least ? LEAST_BYTES : SLICE_BYTES;
    *out_rows = 0;
    if (!workspace_query(r->w, s->a, &q, &result, &diags, &why)) {
        s->cut = why.code == ERR_TIMEOUT && !s->least && !atomic_load(&r->claim->cancel);
        *e = why;
        return s->cut;
    }
    const struct engine_rows *rows = result.rows[0];
    bool full = engine_rows_count(rows) >= left;
    bool truncated = engine_rows_truncated(rows) && !full;
    bool ok = true;
    s->cut = truncated && !s->least;
    if (truncated && s->least) {
        ok = err_set(e, ERR_LIMIT, "one second has more than %d MB of rows: narrow the query",
                     LEAST_BYTES >> 20);
    } else if (!s->cut && engine_rows_count(rows) > 0) {
        struct store_batch *batch = rows_of(r, s, rows, e);
        *out_rows = batch != NULL ? (int64_t)store_batch_rows(batch) : 0;
        ok = batch != NULL &&
             store_append(
                 r->w, &batch, 1,
                 arena_fmt(s->a, "search/%.*s/%lld", STR_ARG(r->x->id), (long long)s->from), e);
    }
    store_result_fini(&result);
    return ok;
}

/* ---- all of them ---- */

static bool begin(struct run *r, bool *out_mine, struct err *e)
{
    bool first = r->x->started == 0;
    if (first)
        r->x->started = clock_now(r->j->o.clock);
    r->x->status = STR(STATE_JOB_RUNNING);
    if (!keep(r, out_mine, e))
        return false;
    if (*out_mine && first)
        log_state(r, "Started", STR(""));
    return true;
}

/* The next slice, and what follows for the job. e, *out_failed: why it can't go on. */
static bool step(struct run *r, bool *out_failed, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(RUN_ARENA);
    struct state_search *x = r->x;
    struct slice s = {.a = a, .from = x->position, .to = x->to_time};
    int64_t rows = 0;
    bool mine = true;
    if (s.to - s.from > x->slice)
        s.to = s.from + x->slice;
    s.least = s.to - s.from <= SLICE_LEAST;
    *out_failed = !search_slice(r, &s, &rows, e) || (!s.cut && !measure(r, &s, e));
    if (*out_failed)
        return true;
    if (s.cut) {
        x->slice = (s.to - s.from) / 4 < SLICE_LEAST ? SLICE_LEAST : (s.to - s.from) / 4;
        return true;
    }
    x->position = s.to;
    x->ingested += rows;
    x->scanned += s.bytes;
    x->slice = rows < SLICE_ROWS / 4 && x->slice < SLICE_MOST ? x->slice * 2 : x->slice;
    atomic_fetch_add(&r->j->rows, (uint64_t)rows);
    return keep(r, &mine, e) && (mine || (atomic_store(&r->claim->cancel, true), true));
}

/* A store that is busy, or has no room, may take the slice later. */
static bool waits(struct run *r, const struct err *why, int *tries)
{
    if (why->code != ERR_BUSY || atomic_load(&r->claim->cancel) || ++*tries > BUSY_TRIES)
        return false;
    (void)usleep(BUSY_US);
    return true;
}

static bool run_all(struct run *r, struct err *e)
{
    struct state_search *x = r->x;
    struct err why = {0};
    bool failed = false;
    int tries = 0;
    if (!search_query_read(r->a, workspace_catalog(r->w), x->query, x->created, &r->query, &why))
        return fail(r, &why, e);
    while (x->position < x->to_time && x->ingested < x->row_limit) {
        if (atomic_load(&r->claim->cancel))
            return true; /* somebody says what became of it, or it goes on after the start */
        if (clock_now(r->j->o.clock) - x->started > MAX_TIME) {
            err_set(&why, ERR_TIMEOUT, "the search job ran for more than 24 hours");
            return fail(r, &why, e);
        }
        if (!step(r, &failed, &why)) {
            *e = why;
            return false;
        }
        if (failed && atomic_load(&r->claim->cancel))
            return true;
        if (failed && !waits(r, &why, &tries))
            return fail(r, &why, e);
        tries = failed ? tries : 0;
    }
    bool full = x->position < x->to_time;
    struct str note =
        full ? arena_fmt(r->a, "the limit of %lld rows is reached", (long long)x->row_limit)
             : STR("");
    return finish(r, STATE_JOB_SUCCEEDED, note, e);
}

bool search_run(struct jobs *j, struct claim *c, struct state_search *x, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(RUN_ARENA);
    struct run r = {.j = j, .claim = c, .a = a, .x = x};
    struct kql_table t = {0};
    bool mine = false;
    r.w = store_workspace_find(j->o.store, x->workspace);
    /* A crash while it was deleted may leave the job without its table. */
    if (r.w == NULL || !workspace_table_find(r.w, a, x->name, &t))
        return state_search_delete(j->o.state, x->workspace, x->name, e);
    if (!begin(&r, &mine, e))
        return false;
    return !mine || run_all(&r, e);
}
