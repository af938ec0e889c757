/* Backtests that go on by themselves, each in a thread of its own. The control database has what is
 * known of each; while one runs its progress is here. */
#include "backtest/operations_priv.h"
#include "base/ids.h"
#include "base/log.h"
#include "text/date.h"
#include <stdatomic.h>

enum { MAX_REPORT = 256 << 20, MAX_NAMED = 10 };
#define KEPT 20
#define KEPT_BYTES (INT64_C(256) << 20)

struct operation {
    struct backtests *b;
    struct workspace *w;
    char id[BACKTEST_ID_BYTES];
    struct asked asked;
    struct backtest_progress progress;
    pthread_t thread;
    bool joined;
    bool running;                /* this and the next two: guarded by the list's lock */
    bool unsaved;                /* it has ended, and that could not be kept */
    struct state_backtest known; /* what is kept; its texts live in asked.a */
    struct operation *next;
};

struct backtests *backtests_open(const struct backtests_options *o)
{
    struct backtests *b = xcalloc(1, sizeof(*b));
    struct err e = {0};
    b->o = *o;
    b->o.kept = o->kept > 0 ? o->kept : KEPT;
    b->o.kept_bytes = o->kept_bytes > 0 ? o->kept_bytes : KEPT_BYTES;
    lock_init(&b->lock, "backtests");
    cond_init(&b->ended);
    if (!state_backtest_interrupt(o->state, STR("the server was stopped while it ran"),
                                  clock_now(o->clock), &e))
        LOG(LOG_WARN, "backtest", "backtests of before can't be marked", log_z("reason", e.msg));
    return b;
}

static void operation_free(struct operation *x)
{
    if (!x->joined)
        (void)pthread_join(x->thread, NULL);
    arena_free(x->asked.a);
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

static int64_t percent(const struct operation *x, bool succeeded)
{
    double rules = (double)x->asked.n, windows = (double)atomic_load(&x->progress.windows);
    double done = (double)atomic_load(&x->progress.rules_done);
    if (succeeded || rules == 0)
        return 100;
    if (windows > 0)
        done += (double)atomic_load(&x->progress.windows_done) / windows;
    return done >= rules ? 99 : (int64_t)(100 * done / rules);
}

/* What is known of it by now, beside how it ended. */
static void note_progress(const struct operation *x, bool succeeded, struct state_backtest *out)
{
    out->percent = percent(x, succeeded);
    out->rules_done = (int64_t)atomic_load(&x->progress.rules_done);
    out->windows = (int64_t)atomic_load(&x->progress.windows);
    out->windows_done = (int64_t)atomic_load(&x->progress.windows_done);
    out->fired = (int64_t)atomic_load(&x->progress.fired);
}

static bool keep(struct backtests *b, const struct state_backtest *k, struct err *e)
{
    struct state *s = b->o.state;
    if (!state_begin(s, e))
        return false;
    return state_end(s,
                     state_backtest_put(s, k, e) &&
                         state_backtest_prune(s, k->workspace, b->o.kept, b->o.kept_bytes, e),
                     e);
}

static void fail(struct state_backtest *k, struct arena *a, const struct err *e)
{
    k->status = STR("Failed");
    k->error_code = str_from(err_code_name(e->code));
    k->error = arena_str(a, str_from(e->msg));
    k->report = STR("");
    k->bytes = 0;
}

static void *work(void *arg)
{
    struct operation *x = arg;
    struct backtests *b = x->b;
    struct err e = {0};
    AUTO(sbuf_fini) struct sbuf report = sbuf_make(MAX_REPORT);
    struct state_backtest k = x->known;
    struct trial_options o = {.store = b->o.store,
                              .workspace = x->w,
                              .scope = b->o.scope,
                              .delay = b->o.delay,
                              .lateness = b->o.lateness,
                              .timeout_us = b->o.timeout_us};
    bool ok = backtest_run(&o, &x->asked.q, &x->progress, &report, &e);
    note_progress(x, ok, &k);
    k.status = ok ? STR("Succeeded") : STR("Canceled");
    k.report = ok ? sbuf_str(&report) : STR("");
    k.bytes = (int64_t)k.report.n;
    k.ended = clock_now(b->o.clock);
    if (!ok && e.code != ERR_CANCELLED)
        fail(&k, x->asked.a, &e);
    bool kept = keep(b, &k, &e);
    if (!kept) {
        err_prefix(&e, "its report can't be kept");
        fail(&k, x->asked.a, &e);
    }
    if (str_eqz(k.status, "Failed"))
        LOG(LOG_WARN, "backtest", "a backtest failed", log_z("id", x->id), log_z("reason", e.msg));
    lock_take(&b->lock);
    x->known = k;
    x->known.report = STR(""); /* it is not here any more */
    x->unsaved = !kept;
    x->running = false;
    b->running--;
    cond_broadcast(&b->ended);
    lock_drop(&b->lock);
    return NULL;
}

/* Takes those that have ended off the list: they are in the control database. */
static struct operation *ended_locked(struct backtests *b)
{
    struct operation *gone = NULL, **at = &b->list;
    while (*at != NULL) {
        struct operation *x = *at;
        if (x->running || x->unsaved) {
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
    x->joined = false;
    x->running = true;
    b->running++;
    x->next = b->list;
    b->list = x;
    return true;
}

static struct str names_of(const struct asked *k)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_arr(&w);
    for (size_t i = 0; i < k->n && i < MAX_NAMED; i++)
        json_str(&w, k->rules[i].name);
    json_arr_end(&w);
    return arena_str(k->a, sbuf_str(&b));
}

static bool prepare(struct operation *x, const struct json *body, const struct detect_actor *who,
                    struct err *e)
{
    struct asked *k = &x->asked;
    if (!asked_read(x->b, x->w, body, k, e))
        return false;
    for (size_t i = 0; i < k->n; i++)
        if (!detect_may_run(who, x->w, k->rules[i].query, e))
            return false;
    x->known = (struct state_backtest){.workspace = arena_str(k->a, workspace_id(x->w)),
                                       .id = str_from(x->id),
                                       .status = STR("Running"),
                                       .names = names_of(k),
                                       .who = arena_str(k->a, who->name),
                                       .from = k->q.from,
                                       .to = k->q.to,
                                       .started = clock_now(x->b->o.clock),
                                       .rules = (int64_t)k->n};
    return true;
}

static void free_all(struct operation *x)
{
    for (struct operation *next; x != NULL; x = next) {
        next = x->next;
        operation_free(x);
    }
}

bool backtests_start(struct backtests *b, struct workspace *w, const struct json *body,
                     const struct detect_actor *who, char out_id[BACKTEST_ID_BYTES], struct err *e)
{
    struct operation *x = xcalloc(1, sizeof(*x));
    x->b = b;
    x->w = w;
    x->joined = true; /* there is no thread yet */
    x->asked.a = arena_new(0);
    guid_format(guid_new(), x->id);
    if (!prepare(x, body, who, e) || !state_backtest_put(b->o.state, &x->known, e)) {
        operation_free(x);
        return false;
    }
    memcpy(out_id, x->id, sizeof(x->id));
    lock_take(&b->lock);
    bool ok = start_locked(b, x, e);
    struct operation *gone = ended_locked(b);
    lock_drop(&b->lock);
    free_all(gone);
    if (!ok) {
        bool there = false;
        struct err ignored = {0};
        if (!state_backtest_delete(b->o.state, x->known.workspace, x->known.id, &there, &ignored))
            LOG(LOG_WARN, "backtest", "one that did not start is still listed", log_z("id", x->id),
                log_z("reason", ignored.msg));
        operation_free(x);
    }
    return ok;
}

/* ---- looking ---- */

static void write_one(const struct state_backtest *k, struct json_out *out)
{
    json_obj(out);
    json_kv_str(out, "id", k->id);
    json_kv_str(out, "status", k->status);
    json_kv_int(out, "percentComplete", k->percent);
    json_kv_int(out, "rulesDone", k->rules_done);
    json_kv_int(out, "rulesTotal", k->rules);
    json_key(out, "ruleNames");
    json_raw(out, k->names);
    json_kv_int(out, "windowsDone", k->windows_done);
    json_kv_int(out, "windowsTotal", k->windows);
    json_kv_int(out, "fired", k->fired);
    json_kv_time(out, "from", k->from);
    json_kv_time(out, "to", k->to);
    json_kv_str(out, "startedBy", k->who);
    json_kv_time(out, "startTime", k->started);
    if (k->ended != 0)
        json_kv_time(out, "endTime", k->ended);
    if (k->error.n > 0) {
        json_key(out, "error");
        json_obj(out);
        json_kv_str(out, "code", k->error_code);
        json_kv_str(out, "message", k->error);
        json_obj_end(out);
    }
    if (k->report.n > 0) {
        json_key(out, "properties");
        json_raw(out, k->report);
    }
    json_obj_end(out);
}

static struct operation *find_locked(struct backtests *b, struct str workspace, struct str id)
{
    for (struct operation *x = b->list; x != NULL; x = x->next)
        if (str_eq(x->known.workspace, workspace) && str_ieqz(id, x->id))
            return x;
    return NULL;
}

/* What the control database does not know of it: how far it is, or how it ended. */
static void freshen(struct backtests *b, struct arena *a, struct state_backtest *k)
{
    lock_take(&b->lock);
    const struct operation *x = find_locked(b, k->workspace, k->id);
    if (x != NULL && x->running) {
        note_progress(x, false, k);
    } else if (x != NULL && x->unsaved) {
        *k = x->known;
        k->names = arena_str(a, k->names);
        k->who = arena_str(a, k->who);
        k->error = arena_str(a, k->error);
        k->workspace = arena_str(a, k->workspace);
        k->id = arena_str(a, k->id);
    }
    lock_drop(&b->lock);
}

static bool unknown(struct str id, struct err *e)
{
    return err_set(e, ERR_NOT_FOUND,
                   "there is no backtest '%.*s'; the oldest are removed when there are many",
                   (int)(id.n < 80 ? id.n : 80), id.p);
}

/* As ids are kept; what is none has no row. */
static struct str canonical(struct arena *a, struct str id)
{
    struct guid g;
    char text[37] = "";
    if (guid_parse(id, &g))
        guid_format(g, text);
    return arena_str(a, str_from(text));
}

bool backtests_get(struct backtests *b, struct workspace *w, struct str id, struct json_out *out,
                   struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct state_backtest k = {0};
    struct err why = {0};
    if (!state_backtest_get(b->o.state, a, workspace_id(w), canonical(a, id), &k, &why)) {
        if (why.code == ERR_NOT_FOUND)
            return unknown(id, e);
        *e = why;
        return false;
    }
    freshen(b, a, &k);
    write_one(&k, out);
    return true;
}

bool backtests_list(struct backtests *b, struct workspace *w, struct json_out *out, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct state_backtest *list = NULL;
    size_t n = 0;
    if (!state_backtest_list(b->o.state, a, workspace_id(w), &list, &n, e))
        return false;
    json_arr(out);
    for (size_t i = 0; i < n; i++) {
        freshen(b, a, &list[i]);
        write_one(&list[i], out);
    }
    json_arr_end(out);
    return true;
}

bool backtests_delete(struct backtests *b, struct workspace *w, struct str id, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str name = canonical(a, id);
    bool there = false;
    lock_take(&b->lock);
    struct operation *x = find_locked(b, workspace_id(w), name);
    bool running = x != NULL && x->running;
    if (running)
        atomic_store(&x->progress.cancel, true);
    else if (x != NULL)
        x->unsaved = false; /* the next start takes it off the list */
    lock_drop(&b->lock);
    if (running)
        return true;
    return state_backtest_delete(b->o.state, workspace_id(w), name, &there, e) &&
           (there || unknown(id, e));
}
