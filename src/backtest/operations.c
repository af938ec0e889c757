/* Backtests that go on by themselves, each in a thread of its own. They are kept in memory: after a
 * restart there are none. */
#include "backtest/operations_priv.h"
#include "base/ids.h"
#include "base/log.h"
#include "text/date.h"
#include <stdatomic.h>

enum { MAX_REPORT = 256 << 20 };

enum status { RUNNING, SUCCEEDED, FAILED, CANCELED };

struct operation {
    struct backtests *b;
    struct workspace *w;
    char id[BACKTEST_ID_BYTES];
    struct asked asked;
    struct backtest_progress progress;
    pthread_t thread;
    bool joined;
    enum status status; /* this and the rest: guarded by the list's lock */
    int64_t started, ended;
    struct err error;
    struct sbuf report;
    struct operation *next;
};

static const char *status_name(enum status s)
{
    static const char *const names[] = {"Running", "Succeeded", "Failed", "Canceled"};
    return names[s];
}

struct backtests *backtests_open(const struct backtests_options *o)
{
    struct backtests *b = xcalloc(1, sizeof(*b));
    b->o = *o;
    lock_init(&b->lock, "backtests");
    cond_init(&b->ended);
    return b;
}

static void operation_free(struct operation *x)
{
    if (!x->joined)
        (void)pthread_join(x->thread, NULL);
    arena_free(x->asked.a);
    sbuf_fini(&x->report);
    xfree(x);
}

void backtests_close(struct backtests *b)
{
    if (b == NULL)
        return;
    lock_take(&b->lock);
    for (struct operation *x = b->list; x != NULL; x = x->next)
        atomic_store(&x->progress.cancel, true);
    while (b->running > 0)
        cond_wait(&b->ended, &b->lock);
    struct operation *list = b->list;
    b->list = NULL;
    lock_drop(&b->lock);
    for (struct operation *x = list, *next; x != NULL; x = next) {
        next = x->next;
        operation_free(x);
    }
    cond_fini(&b->ended);
    lock_fini(&b->lock);
    xfree(b);
}

/* ---- running ---- */

static void *work(void *arg)
{
    struct operation *x = arg;
    struct backtests *b = x->b;
    struct err e = {0};
    struct sbuf report = sbuf_make(MAX_REPORT);
    struct trial_options o = {.store = b->o.store,
                              .workspace = x->w,
                              .scope = b->o.scope,
                              .delay = b->o.delay,
                              .timeout_us = b->o.timeout_us};
    bool ok = backtest_run(&o, &x->asked.q, &x->progress, &report, &e);
    if (!ok && e.code != ERR_CANCELLED)
        LOG(LOG_WARN, "backtest", "a backtest failed", log_z("id", x->id), log_z("reason", e.msg));
    lock_take(&b->lock);
    x->status = ok ? SUCCEEDED : e.code == ERR_CANCELLED ? CANCELED : FAILED;
    x->error = e;
    x->report = report;
    x->ended = clock_now(b->o.clock);
    b->running--;
    cond_broadcast(&b->ended);
    lock_drop(&b->lock);
    return NULL;
}

/* Takes the oldest that have ended off the list, when it is too long. */
static struct operation *surplus_locked(struct backtests *b)
{
    size_t kept = 0;
    struct operation *gone = NULL, **at = &b->list;
    while (*at != NULL) {
        struct operation *x = *at;
        if (x->status == RUNNING || ++kept <= BACKTEST_KEPT) {
            at = &x->next;
            continue;
        }
        *at = x->next;
        x->next = gone;
        gone = x;
    }
    return gone;
}

static bool start_locked(struct backtests *b, struct operation *x, struct err *e)
{
    if (b->running >= BACKTEST_RUNNING)
        return err_set(e, ERR_BUSY, "%d backtests are running; wait for one, or cancel one",
                       BACKTEST_RUNNING);
    if (pthread_create(&x->thread, NULL, work, x) != 0)
        return err_set(e, ERR_INTERNAL, "the backtest's thread can't be started");
    b->running++;
    x->next = b->list;
    b->list = x;
    return true;
}

bool backtests_start(struct backtests *b, struct workspace *w, const struct json *body,
                     const struct detect_actor *who, char out_id[BACKTEST_ID_BYTES], struct err *e)
{
    struct operation *x = xcalloc(1, sizeof(*x));
    x->b = b;
    x->w = w;
    x->joined = true; /* there is no thread yet */
    x->asked.a = arena_new(0);
    x->report = sbuf_make(MAX_REPORT);
    x->started = clock_now(b->o.clock);
    guid_format(guid_new(), x->id);
    bool good = asked_read(b, w, body, &x->asked, e);
    for (size_t i = 0; good && i < x->asked.n; i++)
        good = detect_may_run(who, w, x->asked.rules[i].query, e);
    if (!good) {
        operation_free(x);
        return false;
    }
    memcpy(out_id, x->id, sizeof(x->id));
    lock_take(&b->lock);
    bool ok = start_locked(b, x, e);
    x->joined = !ok;
    struct operation *gone = surplus_locked(b);
    lock_drop(&b->lock);
    if (!ok)
        operation_free(x);
    for (struct operation *next; gone != NULL; gone = next) {
        next = gone->next;
        operation_free(gone);
    }
    return ok;
}

/* ---- looking ---- */

static int64_t percent(const struct operation *x)
{
    double rules = (double)x->asked.n, windows = (double)atomic_load(&x->progress.windows);
    double done = (double)atomic_load(&x->progress.rules_done);
    if (x->status == SUCCEEDED || rules == 0)
        return 100;
    if (windows > 0)
        done += (double)atomic_load(&x->progress.windows_done) / windows;
    return done >= rules ? 99 : (int64_t)(100 * done / rules);
}

static void write_locked(struct operation *x, bool whole, struct json_out *out)
{
    json_obj(out);
    json_kv_z(out, "id", x->id);
    json_kv_z(out, "status", status_name(x->status));
    json_kv_int(out, "percentComplete", percent(x));
    json_kv_int(out, "rulesDone", (int64_t)atomic_load(&x->progress.rules_done));
    json_kv_int(out, "rulesTotal", (int64_t)x->asked.n);
    json_kv_int(out, "windowsDone", (int64_t)atomic_load(&x->progress.windows_done));
    json_kv_int(out, "windowsTotal", (int64_t)atomic_load(&x->progress.windows));
    json_kv_int(out, "fired", (int64_t)atomic_load(&x->progress.fired));
    json_kv_time(out, "startTime", x->started);
    if (x->status != RUNNING)
        json_kv_time(out, "endTime", x->ended);
    if (x->status == FAILED) {
        json_key(out, "error");
        json_obj(out);
        json_kv_z(out, "code", err_code_name(x->error.code));
        json_kv_z(out, "message", x->error.msg);
        json_obj_end(out);
    }
    if (whole && x->status == SUCCEEDED) {
        json_key(out, "properties");
        json_raw(out, sbuf_str(&x->report));
    }
    json_obj_end(out);
}

static struct operation *find_locked(struct backtests *b, const struct workspace *w, struct str id)
{
    for (struct operation *x = b->list; x != NULL; x = x->next)
        if (x->w == w && str_ieqz(id, x->id))
            return x;
    return NULL;
}

static bool unknown(struct str id, struct err *e)
{
    return err_set(e, ERR_NOT_FOUND,
                   "there is no backtest '%.*s'; those of before a restart are gone",
                   (int)(id.n < 80 ? id.n : 80), id.p);
}

bool backtests_get(struct backtests *b, struct workspace *w, struct str id, struct json_out *out,
                   struct err *e)
{
    lock_take(&b->lock);
    struct operation *x = find_locked(b, w, id);
    if (x != NULL)
        write_locked(x, true, out);
    lock_drop(&b->lock);
    return x != NULL || unknown(id, e);
}

void backtests_list(struct backtests *b, struct workspace *w, struct json_out *out)
{
    json_arr(out);
    lock_take(&b->lock);
    for (struct operation *x = b->list; x != NULL; x = x->next)
        if (x->w == w)
            write_locked(x, false, out);
    lock_drop(&b->lock);
    json_arr_end(out);
}

bool backtests_delete(struct backtests *b, struct workspace *w, struct str id, struct err *e)
{
    struct operation *gone = NULL;
    lock_take(&b->lock);
    struct operation *x = find_locked(b, w, id);
    if (x != NULL && x->status == RUNNING) {
        atomic_store(&x->progress.cancel, true);
    } else if (x != NULL) {
        struct operation **at = &b->list;
        while (*at != x)
            at = &(*at)->next;
        *at = x->next;
        gone = x;
    }
    lock_drop(&b->lock);
    if (gone != NULL)
        operation_free(gone);
    return x != NULL || unknown(id, e);
}
