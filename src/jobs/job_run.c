/* One run of a KQL job. That it runs, and when it runs next, is on disk before it begins; its rows
 * and its row of LAJobLogs are one transaction of the store, which knows them by the run's id. So a
 * run that a crash interrupts is run again and lands once. */
#include "base/log.h"
#include "jobs/jobs_priv.h"

enum { RUN_ARENA = 1 << 30 };
#define CATCH_UP (14 * TICKS_PER_DAY)
#define OLD_ROWS (2 * TICKS_PER_DAY)

struct run {
    struct jobs *j;
    struct claim *claim;
    struct arena *a;
    struct workspace *w;
    struct state_job *job;
    struct state_job_run *run;
};

static struct store_batch *log_row(struct run *r, const char *status, struct str message)
{
    struct job_log l = {.type = "KqlJob",
                        .id = r->job->name,
                        .correlation = r->run->id,
                        .source = STR(""),
                        .destination = r->job->destination,
                        .message = message,
                        .status = status,
                        .rows = r->run->rows};
    return job_log_row(r->j, r->a, r->w, &l);
}

/* ---- the rows ---- */

static bool run_query(struct run *r, struct store_result *result, struct err *e)
{
    struct store_query q = {
        .text = r->job->query,
        .lake = true,
        .access = store_author_access(r->j->o.authors, r->a, r->w, "job", r->job->key)};
    struct kql_diags diags = {0};
    q.options = (struct kql_options){.now_ticks = r->run->due};
    q.limits = (struct engine_limits){.deadline_us = clock_mono_us() + r->j->o.timeout_us,
                                      .max_rows = JOBS_MAX_ROWS,
                                      .max_bytes = JOBS_MAX_BYTES,
                                      .cancel = &r->claim->cancel};
    if (!workspace_query(r->w, r->a, &q, result, &diags, e))
        return false;
    if (result->n == 1 && !engine_rows_truncated(result->rows[0]))
        return true;
    if (result->n != 1)
        err_set(e, ERR_SEMANTIC, "the query returns %zu tables; a KQL job needs one", result->n);
    else
        err_set(e, ERR_LIMIT, "the query gives more than %d rows or %d MB", JOBS_MAX_ROWS,
                JOBS_MAX_BYTES >> 20);
    store_result_fini(result);
    return false;
}

/* Which columns of the result land; TimeGenerated always does. */
struct landing {
    struct kql_schema columns;
    size_t *from; /* of columns, in the result; SIZE_MAX: not in it */
    size_t time;  /* TimeGenerated, in columns */
};

static void choose(struct arena *a, const struct kql_schema *all, struct landing *out)
{
    out->columns = (struct kql_schema){arena_array(a, struct kql_column, all->n + 1), 0};
    out->from = arena_array(a, size_t, all->n + 1);
    out->time = SIZE_MAX;
    for (size_t i = 0; i < all->n; i++) {
        if (store_column_is_services(all->cols[i].name))
            continue;
        if (str_eqz(all->cols[i].name, "TimeGenerated"))
            out->time = out->columns.n;
        out->from[out->columns.n] = i;
        out->columns.cols[out->columns.n++] = all->cols[i];
    }
    if (out->time != SIZE_MAX)
        return;
    out->time = out->columns.n;
    out->from[out->time] = SIZE_MAX;
    out->columns.cols[out->columns.n++] = (struct kql_column){STR("TimeGenerated"), KQL_DATETIME};
}

/* A time that is missing or older than two days becomes the run's. */
static struct kql_value time_of(const struct run *r, struct kql_value v)
{
    int64_t now = r->run->started;
    if (v.is_null || v.i < now - OLD_ROWS)
        v = (struct kql_value){.type = KQL_DATETIME, .i = now};
    return v;
}

static struct store_batch *rows_of(struct run *r, const struct engine_rows *rows, struct err *e)
{
    struct landing l;
    struct store_landing to;
    const struct kql_value none = {.type = KQL_DATETIME, .is_null = true};
    choose(r->a, engine_rows_schema(rows), &l);
    if (l.columns.cols[l.time].type != KQL_DATETIME) {
        err_set(e, ERR_INVALID, "column 'TimeGenerated' of the query is no datetime");
        return NULL;
    }
    if (!job_destination_ok(r->w, r->a, r->job->destination, e) ||
        !store_landing_open(r->w, r->a, r->job->destination, &l.columns, &to, e))
        return NULL;
    for (size_t row = 0; row < engine_rows_count(rows); row++) {
        for (size_t i = 0; i < l.columns.n; i++) {
            struct kql_value v =
                l.from[i] != SIZE_MAX ? engine_rows_get(rows, row, l.from[i]) : none;
            v = i == l.time ? time_of(r, v) : v;
            store_landing_set(&to, i, &v);
        }
        store_batch_end_row(to.batch);
    }
    return to.batch;
}

static bool execute(struct run *r, struct err *e)
{
    struct store_result result = {0};
    if (!run_query(r, &result, e))
        return false;
    struct store_batch *batches[2] = {rows_of(r, result.rows[0], e), NULL};
    store_result_fini(&result);
    if (batches[0] == NULL)
        return false;
    r->run->rows = (int64_t)store_batch_rows(batches[0]);
    batches[1] = log_row(r, "Succeeded", STR(""));
    return store_append(r->w, batches, batches[1] != NULL ? 2 : 1,
                        arena_fmt(r->a, "job/%.*s", STR_ARG(r->run->id)), e);
}

/* ---- what is recorded ---- */

/* The job as it is kept; *out_there false: it was deleted. */
static bool again(struct run *r, struct state_job *out, bool *out_there, struct err *e)
{
    struct err why = {0};
    *out_there = state_job_get(r->j->o.state, r->a, r->job->workspace, r->job->key, out, &why);
    if (*out_there || why.code == ERR_NOT_FOUND)
        return true;
    *e = why;
    return false;
}

static bool put_begin(struct run *r, bool by_schedule, bool *out_there, struct err *e)
{
    struct state_job now = {0};
    int64_t oldest = clock_now(r->j->o.clock) - CATCH_UP;
    if (!again(r, &now, out_there, e))
        return false;
    if (!*out_there)
        return true;
    if (by_schedule) {
        /* It was changed or disabled since it was found due. */
        if (!str_eq(now.etag, r->job->etag) || now.next_run != r->job->next_run) {
            *out_there = false;
            return true;
        }
        now.next_run = schedule_after(&now, r->run->due < oldest ? oldest : r->run->due);
        if (!state_job_put(r->j->o.state, &now, e))
            return false;
    }
    return state_job_run_put(r->j->o.state, r->run, e);
}

static bool begin(struct run *r, bool by_schedule, bool *out_there, struct err *e)
{
    if (r->run->started == 0)
        r->run->started = clock_now(r->j->o.clock);
    r->run->status = STR(STATE_JOB_RUNNING);
    if (!state_begin(r->j->o.state, e))
        return false;
    return state_end(r->j->o.state, put_begin(r, by_schedule, out_there, e), e);
}

static bool finish(struct run *r, const struct err *why, struct err *e)
{
    bool ok = why->code == ERR_OK;
    r->run->status = ok ? STR(STATE_JOB_SUCCEEDED) : STR(STATE_JOB_FAILED);
    r->run->error = ok ? STR("") : arena_str(r->a, str_from(why->msg));
    r->run->finished = clock_now(r->j->o.clock);
    if (!state_begin(r->j->o.state, e))
        return false;
    return state_end(
        r->j->o.state,
        state_job_run_put(r->j->o.state, r->run, e) &&
            state_job_run_trim(r->j->o.state, r->run->workspace, r->run->key, JOBS_KEPT_RUNS, e),
        e);
}

static void log_failure(struct run *r, const struct err *why)
{
    struct err dropped = {0};
    r->run->rows = 0;
    atomic_fetch_add(&r->j->failures, 1);
    LOG(LOG_WARN, "jobs", "a KQL job failed", log_s("job", r->job->name),
        log_z("reason", why->msg));
    struct store_batch *b = log_row(r, "Failed", str_from(why->msg));
    if (b != NULL && !store_append(r->w, &b, 1, STR(""), &dropped))
        LOG(LOG_ERROR, "jobs", "the failure can't be logged", log_z("reason", dropped.msg));
}

/* The run that is due by the schedule; what a long stop has left over is skipped. */
static void make_run(struct run *r)
{
    const struct state_job *x = r->job;
    int64_t oldest = clock_now(r->j->o.clock) - CATCH_UP, due = x->next_run;
    int64_t later = due < oldest ? schedule_after(x, oldest) : 0;
    if (later != 0 && later <= clock_now(r->j->o.clock)) {
        LOG(LOG_WARN, "jobs", "runs older than two weeks are left out", log_s("job", x->name));
        due = later;
    }
    *r->run = (struct state_job_run){.workspace = x->workspace,
                                     .key = x->key,
                                     .due = due,
                                     .id = job_new_id(r->a),
                                     .error = STR("")};
}

bool job_run(struct jobs *j, struct claim *c, struct job_turn *t, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(RUN_ARENA);
    struct run r = {.j = j, .claim = c, .a = a, .job = &t->job, .run = &t->run};
    struct err why = {0};
    bool by_schedule = t->run.id.n == 0, there = false, gone;
    r.w = store_workspace_find(j->o.store, t->job.workspace);
    if (r.w == NULL)
        return state_job_delete(j->o.state, t->job.workspace, t->job.key, &gone, e);
    if (by_schedule)
        make_run(&r);
    if (!begin(&r, by_schedule, &there, e))
        return false;
    if (!there)
        return true;
    bool ok = execute(&r, &why);
    if (!ok && atomic_load(&c->cancel))
        return true; /* the process stops: it is run again after the start */
    atomic_fetch_add(&j->runs, 1);
    if (ok)
        atomic_fetch_add(&j->rows, (uint64_t)r.run->rows);
    else
        log_failure(&r, &why);
    return finish(&r, &why, e);
}
