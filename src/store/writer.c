/* Group commit: one thread per workspace takes what many producers handed in and commits it in one
 * transaction; they wait until it is on disk. The same thread makes tables and columns, so that
 * there is one writer of a file's layout. */
#include <sys/resource.h>
#include <sys/statvfs.h>

#include "store/lake/lake.h"
#include "store/store_priv.h"

enum {
    GROUP_MAX_BYTES = 64 << 20,
    QUEUE_DEFAULT_BYTES = 256 << 20,
    IDLE_US = 500000,
    COUNT_EVERY_US = 60000000,
    DEDUP_MAX_BYTES = 256,
    NICENESS = 5 /* of the writer: commits grow while they wait, queries only wait */
};
#define CHECKPOINT_BYTES ((size_t)256 << 20) /* of rows since the last checkpoint */
#define ROOM_BYTES ((uint64_t)16 << 20)
#define DDL_MAX_BYTES ((size_t)32 << 20)

enum request_kind { REQ_APPEND, REQ_CHANGE, REQ_CHECKPOINT, REQ_RUN };
struct request { /* lies on the stack of the waiting producer */
    enum request_kind kind;
    const struct store_append *append;
    const struct table_change *change;
    bool (*run)(struct workspace *w, void *arg, struct err *e);
    void *arg;
    size_t bytes;
    bool duplicate, done, ok;
    struct err err;
    struct request *next;
};
struct writer {
    struct workspace *w;
    struct lock lock; /* queue */
    struct cond work, done;
    struct request *head, **tail;
    size_t queued_bytes, max_queue_bytes;
    bool stop;
    pthread_t thread;
    size_t since_checkpoint; /* writer thread's, as is the next */
    int64_t counted_us;      /* monotonic: when counts were last stored without room */
};

static bool is_own_table(struct str name)
{
    return str_starts(name, STR("Vedette"));
}

/* ---- one group: appends only ---- */

struct group {
    struct workspace *w;
    struct arena *a;
    struct request **reqs;
    size_t n;
    VEC(struct store_batch *) batches;
    VEC(struct store_count) counts;
    struct store_count *pending;
    size_t n_pending;
    struct store_batch *own; /* rows of VedetteIngestion */
    VEC(struct str) ids;     /* dedup ids that this group makes known */
};

static void count_duplicate(struct group *g, const struct store_count *c)
{
    struct store_count d = *c;
    d.rejected += d.stored + d.filtered;
    d.stored = d.filtered = 0;
    d.reason = STR("duplicate");
    VEC_PUSH(g->a, &g->counts, d);
}

static void count_plain(struct group *g, const struct store_append *ap)
{
    for (size_t i = 0; i < ap->n; i++) {
        const struct store_batch *b = ap->batches[i];
        if (is_own_table(b->t.name) || b->rows == 0)
            continue;
        struct store_count c = {.source = STR("vedette"), .stream = b->t.name, .table = b->t.name};
        c.requests = 1;
        c.received = c.stored = b->rows;
        c.bytes = b->buf.n;
        c.billed = (uint64_t)b->billed;
        VEC_PUSH(g->a, &g->counts, c);
    }
}

/* The i-th count with what its rows cost; of several for one table the first gets all. */
static struct store_count with_billed(const struct store_append *ap, size_t i)
{
    struct store_count c = ap->counts[i];
    c.billed = 0;
    if (c.stored == 0)
        return c;
    for (size_t k = 0; k < i; k++)
        if (ap->counts[k].stored > 0 && str_eq(ap->counts[k].table, c.table))
            return c;
    for (size_t k = 0; k < ap->n; k++)
        if (str_eq(ap->batches[k]->t.name, c.table))
            c.billed += (uint64_t)ap->batches[k]->billed;
    return c;
}

static void take_request(struct group *g, struct map *ids, struct request *r)
{
    const struct store_append *ap = r->append;
    r->duplicate =
        ap->dedup.n > 0 && (dedup_seen(g->w->dedup, ap->dedup) || map_get(ids, ap->dedup) != NULL);
    if (r->duplicate) {
        for (size_t i = 0; i < ap->n_counts; i++)
            count_duplicate(g, &ap->counts[i]);
        return;
    }
    if (ap->dedup.n > 0) {
        map_put(ids, ap->dedup, r);
        VEC_PUSH(g->a, &g->ids, ap->dedup);
    }
    for (size_t i = 0; i < ap->n; i++)
        if (ap->batches[i]->rows > 0)
            VEC_PUSH(g->a, &g->batches, ap->batches[i]);
    for (size_t i = 0; i < ap->n_counts; i++)
        VEC_PUSH(g->a, &g->counts, with_billed(ap, i));
    if (ap->n_counts == 0)
        count_plain(g, ap);
}

static void gather(struct group *g)
{
    struct map *ids = map_new(g->a, false);
    for (size_t i = 0; i < g->n; i++)
        take_request(g, ids, g->reqs[i]);
    ledger_take_pending(g->w->ledger, g->a, &g->pending, &g->n_pending);
    size_t n = g->counts.n + g->n_pending;
    if (n == 0)
        return;
    struct store_count *all = arena_array(g->a, struct store_count, n);
    if (g->counts.n > 0)
        memcpy(all, g->counts.p, g->counts.n * sizeof(*all));
    if (g->n_pending > 0)
        memcpy(all + g->counts.n, g->pending, g->n_pending * sizeof(*all));
    g->own = ledger_batch(g->w, all, n);
    VEC_PUSH(g->a, &g->batches, g->own);
}

static bool run_sql(struct workspace *w, struct sbuf *sql, struct err *e)
{
    if (!sbuf_ok(sql))
        return err_set(e, ERR_LIMIT, "too many new columns in one request");
    return engine_conn_exec(w->conn, sbuf_str(sql), e);
}

bool table_plan_run(struct workspace *w, struct table_plan *plan, struct sbuf *ddl, struct err *e)
{
    if (ddl->n > 0) {
        if (!engine_begin(w->conn, e))
            return false;
        if (!run_sql(w, ddl, e)) {
            engine_rollback(w->conn);
            return false;
        }
        if (!engine_commit(w->conn, e))
            return false;
    }
    table_plan_apply(plan);
    return true;
}

/* New tables and columns first, in a transaction of their own: the database can't append to a table
 * that the same transaction has altered. */
static bool make_tables(struct group *g, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf ddl = sbuf_make(DDL_MAX_BYTES);
    struct table_plan *plan = table_plan_new(g->w, g->a);
    for (size_t i = 0; i < g->batches.n; i++)
        if (!table_plan_batch(plan, g->batches.p[i], &ddl, e))
            return false;
    return table_plan_run(g->w, plan, &ddl, e);
}

static bool write_ids(struct group *g, int64_t at, struct err *e)
{
    if (g->ids.n == 0)
        return true;
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(DDL_MAX_BYTES);
    sbuf_addz(&sql, "INSERT INTO ");
    sql_table(g->w, STR("vedette_dedup"), &sql);
    sbuf_addz(&sql, " VALUES ");
    for (size_t i = 0; i < g->ids.n; i++) {
        sbuf_addz(&sql, i > 0 ? ", (" : "(");
        sql_text(&sql, g->ids.p[i]);
        sbuf_addf(&sql, ", %lld)", (long long)at);
    }
    return run_sql(g->w, &sql, e);
}

static struct append_stamp stamp_now(struct workspace *w)
{
    int64_t now = clock_now(w->s->clock);
    now = now > w->last_received ? now : w->last_received + 1;
    struct append_stamp s = {.received = arrivals_begin(w->arrivals, now)};
    random_bytes(&s.id_hi, sizeof(s.id_hi));
    s.id_hi = (s.id_hi & ~UINT64_C(0xf000)) | UINT64_C(0x4000); /* version 4 */
    s.id_lo = UINT64_C(0x8000000000000000);                     /* RFC 9562 variant */
    return s;
}

/* Of what others sent; the system's own rows do not drift. */
static void note_fields(const struct group *g)
{
    for (size_t i = 0; i < g->n; i++) {
        const struct store_append *ap = g->reqs[i]->append;
        for (size_t k = 0; !g->reqs[i]->duplicate && ap->n_counts > 0 && k < ap->n; k++)
            if (ap->batches[k]->rows > 0 && !is_own_table(ap->batches[k]->t.name))
                fields_note_batch(g->w->fields, ap->batches[k]);
    }
}

static bool commit_stamped(struct group *g, struct append_stamp stamp, struct err *e)
{
    int64_t received = stamp.received;
    if (!engine_begin(g->w->conn, e))
        return false;
    if (!tables_append(g->w, g->batches.p, g->batches.n, &stamp, e) || !write_ids(g, received, e)) {
        engine_rollback(g->w->conn);
        return false;
    }
    return engine_commit(g->w->conn, e);
}

static bool commit_rows(struct group *g, struct err *e)
{
    struct append_stamp stamp = stamp_now(g->w);
    bool ok = commit_stamped(g, stamp, e);
    arrivals_end(g->w, g->batches.p, g->batches.n, ok);
    if (!ok)
        return false;
    g->w->last_received = stamp.received;
    lake_appended(g->w->lake, g->batches.p, g->batches.n);
    for (size_t i = 0; i < g->ids.n; i++)
        dedup_add(g->w->dedup, g->ids.p[i], stamp.received);
    for (size_t i = 0; i < g->counts.n; i++) {
        g->counts.p[i].last = stamp.received;
        ledger_add(g->w->ledger, &g->counts.p[i]);
        cap_add(g->w, &g->counts.p[i], stamp.received);
    }
    note_fields(g);
    return true;
}

static bool commit_group(struct workspace *w, struct request **reqs, size_t n, struct err *e)
{
    struct group g = {.w = w, .a = arena_new(0), .reqs = reqs, .n = n};
    gather(&g);
    bool ok = make_tables(&g, e) && commit_rows(&g, e);
    if (!ok)
        ledger_put_back(w->ledger, g.pending, g.n_pending);
    store_batch_free(g.own);
    arena_free(g.a);
    return ok;
}

/* What the database says about the disk is for the log; the producer gets what to do. */
static void fail(struct request *r, const struct err *e)
{
    r->ok = false;
    r->err = *e;
}

static void process_appends(struct workspace *w, struct request **reqs, size_t n)
{
    struct err e = {0};
    if (commit_group(w, reqs, n, &e)) {
        for (size_t i = 0; i < n; i++)
            reqs[i]->ok = true;
        return;
    }
    LOG(LOG_ERROR, "store", "a group of requests was not stored", log_s("workspace", w->name),
        log_i("requests", (int64_t)n), log_z("reason", e.msg));
    bool alone = n > 1 && e.code != ERR_IO; /* one bad request must not take the others with it */
    for (size_t i = 0; i < n; i++) {
        struct err own = e;
        if (alone && commit_group(w, &reqs[i], 1, &own))
            reqs[i]->ok = true;
        else
            fail(reqs[i], &own);
    }
}

/* ---- the thread ---- */

/* A checkpoint that fails half-way makes the database refuse everything until it is opened again
 * (nothing is lost: the log has it). So none is begun on a disk that may not hold it. */
static bool has_room(struct writer *wr, size_t bytes)
{
    struct statvfs v;
    return statvfs(wr->w->s->dir, &v) != 0 ||
           (uint64_t)v.f_bavail * v.f_frsize > 2 * (uint64_t)bytes + ROOM_BYTES;
}

static void checkpoint(struct writer *wr, struct err *e)
{
    if (!has_room(wr, wr->since_checkpoint)) {
        LOG(LOG_WARN, "store", "no checkpoint: the disk is nearly full",
            log_s("workspace", wr->w->name), log_z("folder", wr->w->s->dir));
    } else if (!engine_checkpoint(wr->w->s->engine, wr->w->db, e)) {
        LOG(LOG_ERROR, "store", "checkpoint failed; restart Vedette once the disk has room",
            log_s("workspace", wr->w->name), log_z("reason", e->msg));
    }
    wr->since_checkpoint = 0;
}

/* What was deleted stays in the log until it is moved into the file. */
static bool purge_in_writer(struct workspace *w, void *job, struct err *e)
{
    struct err late = {0};
    if (!purge_run(w, job, e))
        return false;
    checkpoint(w->writer, &late);
    return true;
}

static void process_one(struct writer *wr, struct request *r)
{
    if (r->kind == REQ_CHANGE)
        r->ok = catalog_change(wr->w, r->change, &r->err);
    else if (r->kind == REQ_RUN)
        r->ok = r->run(wr->w, r->arg, &r->err);
    else
        r->ok = engine_checkpoint(wr->w->s->engine, wr->w->db, &r->err);
}

static void process(struct writer *wr, struct request *list)
{
    struct arena *a = arena_new(0);
    VEC(struct request *) group = {0};
    for (struct request *r = list; r != NULL; r = r->next) {
        if (r->kind == REQ_APPEND) {
            VEC_PUSH(a, &group, r);
            wr->since_checkpoint += r->bytes;
        }
        if (group.n > 0 && (r->kind != REQ_APPEND || r->next == NULL)) {
            process_appends(wr->w, group.p, group.n);
            group.n = 0;
        }
        if (r->kind != REQ_APPEND)
            process_one(wr, r);
    }
    arena_free(a);
}

static struct request *take_list(struct writer *wr)
{
    lock_take(&wr->lock);
    if (wr->head == NULL && !wr->stop)
        (void)cond_wait_us(&wr->work, &wr->lock, IDLE_US);
    struct request *list = wr->head, *last = NULL;
    size_t bytes = 0;
    for (struct request *r = list;
         r != NULL && (last == NULL || bytes + r->bytes <= GROUP_MAX_BYTES); r = r->next) {
        bytes += r->bytes;
        last = r;
    }
    if (last != NULL) {
        wr->head = last->next;
        if (wr->head == NULL)
            wr->tail = &wr->head;
        last->next = NULL;
    }
    lock_drop(&wr->lock);
    return list;
}

static void release(struct writer *wr, struct request *list)
{
    lock_take(&wr->lock);
    for (struct request *r = list, *next; r != NULL; r = next) {
        next = r->next; /* r belongs to its producer again as soon as done is set and the lock is
                           free */
        wr->queued_bytes -= r->bytes;
        r->done = true;
    }
    cond_broadcast(&wr->done);
    lock_drop(&wr->lock);
}

static void forget_ids(struct workspace *w)
{
    int64_t before;
    if (!dedup_turn(w->dedup, clock_now(w->s->clock), &before))
        return;
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(4096);
    sbuf_addz(&sql, "DELETE FROM ");
    sql_table(w, STR("vedette_dedup"), &sql);
    sbuf_addf(&sql, " WHERE seen < %lld", (long long)before);
    struct err e = {0};
    if (!run_sql(w, &sql, &e))
        LOG(LOG_WARN, "store", "old request ids were not deleted", log_s("workspace", w->name),
            log_z("reason", e.msg));
}

/* While the disk has little room refusals are counted on it once a minute, without any room
 * later. */
static bool may_count(struct writer *wr)
{
    enum store_room_level level = store_room(wr->w->s).level;
    int64_t now = clock_mono_us();
    if (level == STORE_ROOM_OK)
        return true;
    if (level == STORE_ROOM_NONE || now - wr->counted_us < COUNT_EVERY_US)
        return false;
    wr->counted_us = now;
    return true;
}

/* Work that nobody waits for, after the acknowledgements. */
static void housekeeping(struct writer *wr, bool idle)
{
    struct err e = {0};
    if (idle && may_count(wr) && ledger_has_pending(wr->w->ledger) &&
        !commit_group(wr->w, NULL, 0, &e))
        LOG(LOG_WARN, "store", "counts were not stored; they are tried again",
            log_s("workspace", wr->w->name), log_z("reason", e.msg));
    if (wr->since_checkpoint > CHECKPOINT_BYTES)
        checkpoint(wr, &e);
    forget_ids(wr->w);
}

static bool stopped(struct writer *wr)
{
    lock_take(&wr->lock);
    bool stop = wr->stop && wr->head == NULL;
    lock_drop(&wr->lock);
    return stop;
}

static void *writer_main(void *arg)
{
    struct writer *wr = arg;
    /* Of this thread alone. Where the system refuses, queries and commits are equals. */
    (void)setpriority(PRIO_PROCESS, 0, NICENESS);
    while (!stopped(wr)) {
        struct request *list = take_list(wr);
        if (list != NULL) {
            process(wr, list);
            release(wr, list);
        }
        housekeeping(wr, list == NULL);
    }
    housekeeping(wr, true);
    return NULL;
}

struct writer *writer_start(struct workspace *w, size_t max_queue_bytes, struct err *e)
{
    struct writer *wr = xcalloc(1, sizeof(*wr));
    wr->w = w;
    wr->max_queue_bytes = max_queue_bytes > 0 ? max_queue_bytes : QUEUE_DEFAULT_BYTES;
    wr->tail = &wr->head;
    lock_init(&wr->lock, "writer");
    cond_init(&wr->work);
    cond_init(&wr->done);
    if (pthread_create(&wr->thread, NULL, writer_main, wr) == 0)
        return wr;
    err_set(e, ERR_IO, "can't start the writer thread of workspace '%.*s'", STR_ARG(w->name));
    xfree(wr);
    return NULL;
}

void writer_stop(struct writer *wr)
{
    if (wr == NULL)
        return;
    lock_take(&wr->lock);
    wr->stop = true;
    cond_signal(&wr->work);
    lock_drop(&wr->lock);
    pthread_join(wr->thread, NULL);
    cond_fini(&wr->work);
    cond_fini(&wr->done);
    lock_fini(&wr->lock);
    xfree(wr);
}

/* ---- producers ---- */

/* Puts requests into the queue, one after the other, and waits for all. false: there is no room. */
static bool submit_all(struct writer *wr, struct request *r, size_t n, struct err *e)
{
    size_t bytes = 0, queued;
    for (size_t i = 0; i < n; i++)
        bytes += r[i].bytes;
    lock_take(&wr->lock);
    queued = wr->queued_bytes;
    bool full = wr->stop || (queued > 0 && queued + bytes > wr->max_queue_bytes);
    for (size_t i = 0; !full && i < n; i++) {
        wr->queued_bytes += r[i].bytes;
        r[i].next = NULL;
        *wr->tail = &r[i];
        wr->tail = &r[i].next;
    }
    if (!full)
        cond_signal(&wr->work);
    for (size_t i = 0; !full && i < n; i++)
        while (!r[i].done)
            cond_wait(&wr->done, &wr->lock);
    lock_drop(&wr->lock);
    return !full ||
           err_set(e, ERR_BUSY, "workspace '%.*s' has %zu bytes waiting to be stored: try again",
                   STR_ARG(wr->w->name), queued);
}

static bool submit(struct writer *wr, struct request *r, struct err *e)
{
    if (!submit_all(wr, r, 1, e))
        return false;
    if (!r->ok && e != NULL)
        *e = r->err;
    return r->ok;
}

static void count_failure(struct workspace *w, const struct store_append *req,
                          const struct err *why)
{
    for (size_t i = 0; i < req->n_counts; i++) {
        struct store_count c = req->counts[i];
        c.rejected += c.stored + c.filtered;
        c.stored = c.filtered = 0;
        c.reason = store_has_no_room(why)     ? STR("no_room")
                   : store_is_over_quota(why) ? STR("over_quota")
                   : why->code == ERR_BUSY    ? STR("busy")
                                              : STR("storage");
        ledger_add_pending(w->ledger, &c);
    }
}

static bool check_request(const struct workspace *w, const struct store_append *req, struct err *e)
{
    if (atomic_load(&w->deleted))
        return err_set(e, ERR_NOT_FOUND, "the workspace '%.*s' was deleted", STR_ARG(w->name));
    if (req->dedup.n > DEDUP_MAX_BYTES ||
        (req->dedup.n > 0 && memchr(req->dedup.p, 0, req->dedup.n) != NULL))
        return err_set(e, ERR_INVALID, "the request's id is longer than %d bytes or has a NUL",
                       DEDUP_MAX_BYTES);
    for (size_t i = 0; i < req->n; i++)
        if (!sbuf_ok(&req->batches[i]->buf))
            return err_set(e, ERR_LIMIT, "too many rows for table '%.*s' in one request",
                           STR_ARG(req->batches[i]->t.name));
    return true;
}

bool store_append_counted(struct workspace *w, const struct store_append *req, bool *out_duplicate,
                          struct err *e)
{
    struct err own = {0};
    struct request r = {.kind = REQ_APPEND, .append = req};
    for (size_t i = 0; i < req->n; i++)
        r.bytes += store_batch_bytes(req->batches[i]);
    enum store_room_level refused_at = req->n_counts > 0 ? STORE_ROOM_LOW : STORE_ROOM_NONE;
    bool ok = check_request(w, req, &own) && store_room_check(w->s, refused_at, &own) &&
              cap_check(w, req, &own) && submit(w->writer, &r, &own);
    if (!ok && !req->again)
        count_failure(w, req, &own);
    for (size_t i = 0; i < req->n; i++)
        store_batch_free(req->batches[i]);
    if (out_duplicate != NULL)
        *out_duplicate = ok && r.duplicate;
    if (!ok && e != NULL)
        *e = own;
    return ok;
}

bool store_append(struct workspace *w, struct store_batch **batches, size_t n, struct str dedup,
                  struct err *e)
{
    struct store_append req = {.batches = batches, .n = n, .dedup = dedup};
    return store_append_counted(w, &req, NULL, e);
}

bool store_append_each(struct workspace *w, const struct store_append *reqs, size_t n, bool *out_ok,
                       struct err *e)
{
    struct arena *a = arena_new(0);
    struct request *r = arena_array(a, struct request, n + 1);
    struct err own = {0};
    size_t done = 0;
    bool ok = store_room_check(w->s, STORE_ROOM_NONE, &own);
    for (size_t i = 0; i < n; i++) {
        r[i] = (struct request){.kind = REQ_APPEND, .append = &reqs[i]};
        for (size_t k = 0; k < reqs[i].n; k++)
            r[i].bytes += store_batch_bytes(reqs[i].batches[k]);
        ok = ok && check_request(w, &reqs[i], &own);
    }
    ok = ok && submit_all(w->writer, r, n, &own);
    for (size_t i = 0; i < n; i++) {
        out_ok[i] = ok && r[i].ok;
        done += out_ok[i];
        if (ok && !r[i].ok)
            own = r[i].err;
        for (size_t k = 0; k < reqs[i].n; k++)
            store_batch_free(reqs[i].batches[k]);
    }
    arena_free(a);
    if (done < n && e != NULL)
        *e = own;
    return done == n;
}

bool workspace_settle(struct workspace *w, struct err *e)
{
    return store_append(w, NULL, 0, STR_NONE, e);
}

bool writer_change(struct workspace *w, const struct table_change *c, struct err *e)
{
    struct request r = {.kind = REQ_CHANGE, .change = c};
    return store_room_check(w->s, STORE_ROOM_LOW, e) && submit(w->writer, &r, e);
}

bool workspace_results_define(struct workspace *w, struct str name, const struct kql_schema *schema,
                              struct err *e)
{
    struct table_change c = {.name = name, .schema = schema, .results = true};
    return writer_change(w, &c, e);
}

bool workspace_table_extend(struct workspace *w, struct str name, const struct kql_schema *more,
                            struct err *e)
{
    struct table_change c = {.name = name, .schema = more, .extend = true};
    return writer_change(w, &c, e);
}

bool writer_run(struct writer *wr, bool (*fn)(struct workspace *w, void *arg, struct err *e),
                void *arg, struct err *e)
{
    struct request r = {.kind = REQ_RUN, .run = fn, .arg = arg};
    return submit(wr, &r, e);
}

bool writer_purge(struct workspace *w, struct purge_job *j, struct err *e)
{
    return writer_run(w->writer, purge_in_writer, j, e);
}

bool workspace_checkpoint(struct workspace *w, struct err *e)
{
    struct request r = {.kind = REQ_CHECKPOINT};
    return submit(w->writer, &r, e);
}
