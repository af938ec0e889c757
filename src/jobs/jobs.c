/* The handle, and the threads that run jobs when they are due, each job by one of them at a time.
 */
#include "base/log.h"
#include "jobs/jobs_priv.h"
#include <unistd.h>

enum { END_LIMIT_US = 20000000 };
#define HOUR_US ((int64_t)3600 * 1000 * 1000)

struct jobs *jobs_open(const struct jobs_options *o)
{
    struct jobs *j = xcalloc(1, sizeof(*j));
    j->o = *o;
    j->o.workers = o->workers > 0 ? o->workers : JOBS_WORKERS;
    j->o.timeout_us = o->timeout_us > 0 ? o->timeout_us : HOUR_US;
    lock_init(&j->lock, "jobs");
    cond_init(&j->released);
    return j;
}

void jobs_close(struct jobs *j)
{
    if (j == NULL)
        return;
    jobs_stop(j);
    cond_fini(&j->released);
    lock_fini(&j->lock);
    xfree(j);
}

/* ---- who runs what ---- */

struct str jobs_claim_name(struct arena *a, const char *kind, struct str workspace, struct str key)
{
    return arena_fmt(a, "%s/%.*s/%.*s", kind, STR_ARG(workspace), STR_ARG(key));
}

static struct claim *find_locked(struct jobs *j, struct str name)
{
    for (struct claim *c = j->claims; c != NULL; c = c->next)
        if (str_eq(c->name, name))
            return c;
    return NULL;
}

bool jobs_claimed(struct jobs *j, struct str name)
{
    lock_take(&j->lock);
    bool is = find_locked(j, name) != NULL;
    lock_drop(&j->lock);
    return is;
}

static bool claim(struct jobs *j, struct claim *c)
{
    lock_take(&j->lock);
    bool is_free = find_locked(j, c->name) == NULL;
    if (is_free) {
        atomic_store(&c->cancel, atomic_load(&j->stop));
        c->next = j->claims;
        j->claims = c;
        j->changes++;
    }
    lock_drop(&j->lock);
    return is_free;
}

static void release(struct jobs *j, struct claim *c)
{
    lock_take(&j->lock);
    for (struct claim **at = &j->claims; *at != NULL; at = &(*at)->next)
        if (*at == c) {
            *at = c->next;
            break;
        }
    j->changes++;
    cond_broadcast(&j->released);
    lock_drop(&j->lock);
    clock_wake(j->o.clock); /* it may be due again */
}

void jobs_changed(struct jobs *j)
{
    lock_take(&j->lock);
    j->changes++;
    lock_drop(&j->lock);
    clock_wake(j->o.clock);
}

void jobs_cancel(struct jobs *j, struct str name)
{
    lock_take(&j->lock);
    struct claim *c = find_locked(j, name);
    if (c != NULL)
        atomic_store(&c->cancel, true);
    lock_drop(&j->lock);
}

bool jobs_end(struct jobs *j, struct str name)
{
    int64_t until = clock_mono_us() + END_LIMIT_US;
    bool ended = false;
    lock_take(&j->lock);
    for (;;) {
        struct claim *c = find_locked(j, name);
        int64_t left = until - clock_mono_us();
        ended = c == NULL;
        if (ended || left <= 0)
            break;
        atomic_store(&c->cancel, true);
        (void)cond_wait_us(&j->released, &j->lock, left);
    }
    lock_drop(&j->lock);
    return ended;
}

/* ---- what is due ---- */

/* The job whose time comes first, of those that nobody runs. */
struct next {
    int64_t due; /* INT64_MAX: there is none */
    struct str name;
    bool is_search;
    struct state_search search;
    struct job_turn turn;
};

static bool next_search(struct jobs *j, struct arena *a, struct next *out, struct err *e)
{
    struct state_search *all = NULL;
    size_t n = 0;
    if (!state_search_list(j->o.state, a, STR(""), &all, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct str name = jobs_claim_name(a, "search", all[i].workspace, all[i].name);
        if (all[i].finished != 0 || all[i].created >= out->due || jobs_claimed(j, name))
            continue;
        *out =
            (struct next){.due = all[i].created, .name = name, .is_search = true, .search = all[i]};
    }
    return true;
}

static const struct state_job *job_of(const struct state_job *all, size_t n,
                                      const struct state_job_run *r)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(all[i].workspace, r->workspace) && str_eq(all[i].key, r->key))
            return &all[i];
    return NULL;
}

static void offer(struct jobs *j, struct arena *a, struct next *out, int64_t due,
                  const struct job_turn *turn)
{
    struct str name = jobs_claim_name(a, "job", turn->job.workspace, turn->job.key);
    if (due < out->due && !jobs_claimed(j, name))
        *out = (struct next){.due = due, .name = name, .turn = *turn};
}

/* Runs that a stop left, or that somebody asked for, and what is due by the schedules. */
static bool next_turn(struct jobs *j, struct arena *a, struct next *out, struct err *e)
{
    struct state_job *all = NULL;
    struct state_job_run *open = NULL;
    size_t n = 0, n_open = 0;
    if (!state_job_list(j->o.state, a, STR(""), &all, &n, e) ||
        !state_job_run_open(j->o.state, a, &open, &n_open, e))
        return false;
    for (size_t i = 0; i < n_open; i++) {
        const struct state_job *job = job_of(all, n, &open[i]);
        if (job != NULL)
            offer(j, a, out, open[i].due, &(struct job_turn){*job, open[i]});
    }
    for (size_t i = 0; i < n; i++)
        if (all[i].enabled && all[i].next_run != 0)
            offer(j, a, out, all[i].next_run, &(struct job_turn){.job = all[i]});
    return true;
}

static bool find_next(struct jobs *j, struct arena *a, struct next *out, struct err *e)
{
    *out = (struct next){.due = INT64_MAX};
    return next_search(j, a, out, e) && next_turn(j, a, out, e);
}

/* Looks, unless nothing has changed since the last look. *out_next is filled in only if it did. */
static bool look(struct jobs *j, struct arena *a, bool anyway, struct next *out_next, int64_t *out,
                 struct err *e)
{
    lock_take(&j->lock);
    uint64_t changes = j->changes;
    bool known = !anyway && j->looked == changes + 1;
    *out = j->due;
    lock_drop(&j->lock);
    if (known)
        return true;
    if (!find_next(j, a, out_next, e))
        return false;
    *out = out_next->due;
    lock_take(&j->lock);
    j->looked = changes + 1;
    j->due = *out;
    lock_drop(&j->lock);
    return true;
}

bool jobs_next_due(struct jobs *j, int64_t *out, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct next next;
    return look(j, a, false, &next, out, e);
}

static bool run_claimed(struct jobs *j, struct claim *c, struct next *next, struct err *e)
{
    bool ok = next->is_search ? search_run(j, c, &next->search, e) : job_run(j, c, &next->turn, e);
    release(j, c);
    return ok;
}

/* Runs one job that is due. *out_due: when the next one is, if none was. */
static bool run_one(struct jobs *j, bool *out_ran, int64_t *out_due, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct next next;
    *out_ran = false;
    if (!look(j, a, false, &next, out_due, e))
        return false;
    if (atomic_load(&j->stop) || *out_due > clock_now(j->o.clock))
        return true;
    if (!look(j, a, true, &next, out_due, e))
        return false;
    if (*out_due > clock_now(j->o.clock))
        return true;
    *out_ran = true;
    struct claim c = {.name = next.name};
    /* Another thread may have been faster: then look again. */
    return !claim(j, &c) || run_claimed(j, &c, &next, e);
}

bool jobs_run_due(struct jobs *j, size_t *out_runs, struct err *e)
{
    bool ran = true;
    *out_runs = 0;
    while (ran) {
        int64_t due;
        if (!run_one(j, &ran, &due, e))
            return false;
        *out_runs += ran;
    }
    return true;
}

/* ---- the threads ---- */

static void *work(void *arg)
{
    struct jobs *j = arg;
    while (!atomic_load(&j->stop)) {
        struct err e = {0};
        int64_t due = INT64_MAX;
        bool ran = false;
        if (!run_one(j, &ran, &due, &e)) {
            LOG(LOG_ERROR, "jobs", "jobs can't be recorded; they are tried again",
                log_z("reason", e.msg));
            (void)usleep(500 * 1000);
            continue;
        }
        if (!ran && !atomic_load(&j->stop))
            (void)clock_wait_until(j->o.clock, due);
    }
    return NULL;
}

bool jobs_start(struct jobs *j, struct err *e)
{
    CHECK(j->n_threads == 0);
    j->threads = xcalloc(j->o.workers, sizeof(*j->threads));
    for (; j->n_threads < j->o.workers; j->n_threads++)
        if (pthread_create(&j->threads[j->n_threads], NULL, work, j) != 0)
            return err_set(e, ERR_INTERNAL, "the threads of jobs can't be started");
    return true;
}

void jobs_stop(struct jobs *j)
{
    atomic_store(&j->stop, true);
    lock_take(&j->lock);
    for (struct claim *c = j->claims; c != NULL; c = c->next)
        atomic_store(&c->cancel, true);
    lock_drop(&j->lock);
    clock_wake(j->o.clock);
    for (; j->n_threads > 0; j->n_threads--)
        (void)pthread_join(j->threads[j->n_threads - 1], NULL);
    xfree(j->threads);
    j->threads = NULL;
}

struct jobs_counts jobs_counts(struct jobs *j)
{
    return (struct jobs_counts){.runs = atomic_load(&j->runs),
                                .failures = atomic_load(&j->failures),
                                .rows = atomic_load(&j->rows)};
}
