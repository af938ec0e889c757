/* The large load (replay/replay.h) through the path of ingestion into a store, sealed day by day,
 * and its needles found with and without the index of terms.
 *
 *   bench_replay DIR DATASETS MIX SEED EVENTS DAYS CAST_OF THREADS
 *
 * Prints "NAME NUMBER" lines: rows and bytes, seconds of processor time, bytes of the hot file
 * after the first day and of DuckDB's own table of the same rows; for each query "q<N>_…", and what
 * it is as "q<N> TEXT" behind. Ends with 1 when a query does not find what was planted. */
#include <time.h>

#include "bench_store.h"
#include "replay/replay.h"
#include "text/date.h"

enum { MAX_QUERIES = 128 };

struct loader {
    struct replay *r;
    struct ingest *in;
    struct sbuf tables[REPLAY_MAX_TABLES];
    int64_t day, rows, bytes, hot_bytes, stored;
    double sealing;
};

static double cpu_seconds(void)
{
    struct timespec t;
    CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- loading ---- */

static bool flush(struct loader *l, size_t table, struct err *e)
{
    struct sbuf *b = &l->tables[table];
    struct str name = replay_table(l->r, table);
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    if (b->n == 0)
        return true;
    struct ingest_request q = {.workspace = w,
                               .format = INGEST_NDJSON,
                               .keep_times = true,
                               .create_table = true,
                               .source = STR("bench")};
    q.stream =
        arena_fmt(a, "%s-%.*s", str_ends(name, STR("_CL")) ? "Custom" : "Microsoft", STR_ARG(name));
    q.body = sbuf_str(b);
    struct ingest_result out;
    if (!ingest_logs(l->in, &q, &out, e))
        return false;
    l->stored += (int64_t)out.stored;
    sbuf_clear(b);
    return true;
}

static bool end_of_day(struct loader *l, struct err *e)
{
    int64_t rows;
    for (size_t i = 0; i < replay_tables(l->r); i++)
        if (!flush(l, i, e))
            return false;
    if (l->hot_bytes == 0) {
        if (!workspace_checkpoint(w, e))
            return false;
        l->hot_bytes = file_bytes("hot.duckdb");
        printf("hot_rows %lld\nhot_bytes %lld\n", (long long)l->rows, (long long)l->hot_bytes);
    }
    double since = cpu_seconds();
    bool ok = workspace_seal(w, STR_NONE, &rows, e);
    l->sealing += cpu_seconds() - since;
    return ok;
}

static bool take(void *self, const struct replay_row *row, struct err *e)
{
    struct loader *l = self;
    struct sbuf *b = &l->tables[row->table];
    int64_t day = row->arrival / TICKS_PER_DAY;
    if (l->day != 0 && day != l->day && !end_of_day(l, e))
        return false;
    l->day = day;
    if (b->n + row->json.n + 1 > CHUNK_BYTES && !flush(l, row->table, e))
        return false;
    if (row->arrival > clock_now(the_clock)) /* so that ingestion_time() is the row's arrival */
        clock_set(the_clock, row->arrival);
    sbuf_add(b, row->json);
    sbuf_addc(b, '\n');
    l->rows++;
    l->bytes += (int64_t)row->json.n + 1;
    return true;
}

static void load_all(struct replay *r)
{
    struct err e = {0};
    struct ingest_options io = {.store = s, .clock = the_clock};
    struct loader l = {.r = r, .in = ingest_open(&io)};
    for (size_t i = 0; i < REPLAY_MAX_TABLES; i++)
        l.tables[i] = sbuf_make(0);
    double since = cpu_seconds();
    need(replay_run(r, take, &l, &e) && end_of_day(&l, &e), &e);
    double all = cpu_seconds() - since;
    since = cpu_seconds();
    need(workspace_compact(w, &e), &e);
    printf("rows %lld\nstored %lld\nraw_bytes %lld\nall_cpu_s %.3f\nseal_cpu_s %.3f\n"
           "compact_cpu_s %.3f\n",
           (long long)l.rows, (long long)l.stored, (long long)l.bytes, all, l.sealing,
           cpu_seconds() - since);
    ingest_close(l.in);
    for (size_t i = 0; i < REPLAY_MAX_TABLES; i++)
        sbuf_fini(&l.tables[i]);
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct store_check c;
    need(workspace_check(w, a, true, &c, &e), &e);
    printf("parts %lld\nparts_bytes %lld\nindex_bytes %lld\n", (long long)c.parts,
           (long long)c.bytes, (long long)c.index_bytes);
}

/* ---- queries ---- */

struct question {
    struct str kql;
    int64_t rows;           /* that it must find; -1: any, but the same both times */
    double wall[2], cpu[2]; /* with the index, without; best of some */
    int64_t groups, all_groups;
};
struct questions {
    struct question p[MAX_QUERIES];
    size_t n;
};

static void add_question(struct questions *q, struct str kql, int64_t rows)
{
    CHECK(q->n < MAX_QUERIES);
    q->p[q->n++] = (struct question){.kql = kql, .rows = rows};
}

static bool run_question(struct question *q, int without)
{
    q->wall[without] = q->cpu[without] = 1e9;
    for (int i = 0; i < RUNS; i++) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        struct err e = {0};
        struct kql_diags diags = {0};
        struct store_result r;
        struct store_query ask_for = {.text = q->kql};
        int64_t since = clock_mono_us();
        double cpu_since = cpu_seconds();
        need(workspace_query(w, a, &ask_for, &r, &diags, &e), &e);
        double took = seconds(since), used = cpu_seconds() - cpu_since;
        int64_t found = engine_rows_get(r.rows[0], 0, 0).i;
        store_result_fini(&r);
        q->rows = q->rows < 0 ? found : q->rows;
        if (found != q->rows) {
            fprintf(stderr, "bench_replay: %lld rows and not %lld: %.*s\n", (long long)found,
                    (long long)q->rows, STR_ARG(q->kql));
            return false;
        }
        q->wall[without] = took < q->wall[without] ? took : q->wall[without];
        q->cpu[without] = used < q->cpu[without] ? used : q->cpu[without];
    }
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct err e = {0};
    struct kql_diags diags = {0};
    struct store_explained x;
    struct store_query ask_for = {.text = q->kql};
    need(workspace_explain(w, a, &ask_for, &x, &diags, &e), &e);
    for (size_t i = 0; without == 0 && i < x.n; i++) {
        q->groups += x.reads[i].groups;
        q->all_groups += x.reads[i].all_groups;
    }
    return true;
}

static void own_questions(struct questions *q, struct arena *a, const struct replay *r)
{
    char day[29];
    date_format(replay_first_day(r) + TICKS_PER_DAY / 2, day);
    add_question(q, STR("SecurityEvent | where EventData has 'c0ffee00c0ffee00' | count"), 0);
    add_question(q, STR("search 'c0ffee00c0ffee00' | count"), 0);
    add_question(q, STR("SecurityEvent | where EventData has 'svchost' | count"), -1);
    add_question(q, STR("Event | where RenderedDescription has 'registry' | count"), -1);
    add_question(
        q,
        arena_fmt(a, "SecurityEvent | where TimeGenerated between (datetime(%s) .. 1h) | count",
                  day),
        -1);
    add_question(
        q,
        arena_fmt(a,
                  "Event | where TimeGenerated between (datetime(%s) .. 1h) and EventData has "
                  "'svchost' | count",
                  day),
        -1);
}

static bool ask_all(const struct replay *r, struct arena *a)
{
    struct questions *q = arena_new_of(a, struct questions);
    bool ok = true;
    for (size_t i = 0; i < replay_needles(r); i++)
        add_question(q, replay_needle(r, i)->query, replay_needle(r, i)->rows);
    own_questions(q, a, r);
    for (int without = 0; without < 2; without++) {
        store_close(s);
        lake.no_term_index = without == 1;
        start();
        for (size_t i = 0; i < q->n; i++)
            ok = run_question(&q->p[i], without) && ok;
    }
    for (size_t i = 0; i < q->n; i++) {
        const struct question *x = &q->p[i];
        printf("q%zu_rows %lld\nq%zu_with_ms %.3f\nq%zu_without_ms %.3f\nq%zu_with_cpu_ms %.3f\n"
               "q%zu_without_cpu_ms %.3f\nq%zu_groups %lld\nq%zu_all_groups %lld\nq%zu %.*s\n",
               i, (long long)x->rows, i, x->wall[0] * 1e3, i, x->wall[1] * 1e3, i, x->cpu[0] * 1e3,
               i, x->cpu[1] * 1e3, i, (long long)x->groups, i, (long long)x->all_groups, i,
               STR_ARG(x->kql));
    }
    return ok;
}

/* ---- DuckDB's own tables of the same rows ---- */

static void native(const struct replay *r, struct arena *a)
{
    struct err e = {0};
    struct engine_options o = {.threads = 2};
    struct engine *g = engine_open(&o, &e);
    const char *path = arena_fmt(a, "%s/native.duckdb", folder).p;
    need(g != NULL && engine_attach(g, STR("native"), path, &e), &e);
    for (size_t i = 0; i < replay_tables(r); i++) {
        AUTO(sbuf_fini) struct sbuf sql = sbuf_make(0);
        struct str name = replay_table(r, i);
        struct str parts =
            arena_fmt(a, "%s/workspaces/" WORKSPACE "/lake/%.*s", folder, STR_ARG(name));
        struct stat st;
        if (stat(parts.p, &st) != 0)
            continue;
        sbuf_addz(&sql, "CREATE TABLE \"native\".\"main\".");
        sql_ident(&sql, name);
        sbuf_addz(&sql, " AS SELECT * FROM read_parquet(");
        sql_text(&sql, arena_fmt(a, "%.*s/*/*/*/*.parquet", STR_ARG(parts)));
        sbuf_addz(&sql, ", union_by_name = true); CHECKPOINT \"native\";");
        need(engine_exec(g, sbuf_str(&sql), &e), &e);
    }
    engine_close(g);
    struct stat st;
    CHECK(stat(path, &st) == 0);
    printf("native_bytes %lld\n", (long long)st.st_size);
}

static int64_t number(const char *text)
{
    int64_t n;
    if (!str_to_i64(str_from(text), &n)) {
        fprintf(stderr, "bench_replay: '%s' is no number\n", text);
        exit(2);
    }
    return n;
}

int main(int argc, char **argv)
{
    struct err e = {0};
    if (argc != 10) {
        fprintf(stderr,
                "usage: bench_replay DIR DATASETS MIX SEED EVENTS DAYS CAST_OF THREADS NATIVE\n"
                "NATIVE: 0 leaves the copy in DuckDB's own tables out\n");
        return 2;
    }
    log_setup(LOG_ERROR, 2);
    struct replay_options o = {.datasets = argv[2], .mix = argv[3], .needles = 3};
    o.seed = (uint64_t)number(argv[4]);
    o.events = number(argv[5]);
    o.days = (int)number(argv[6]);
    o.cast_of = number(argv[7]);
    o.threads = (unsigned)number(argv[8]);
    o.order = REPLAY_BY_ARRIVAL;
    struct replay *r = replay_open(&o, &e);
    need(r != NULL, &e);
    the_clock = clock_new_manual(replay_first_day(r));
    folder = argv[1];
    start();
    load_all(r);
    AUTO(arena_freep) struct arena *a = arena_new(0);
    bool ok = ask_all(r, a);
    store_close(s);
    if (number(argv[9]) != 0)
        native(r, a);
    replay_close(r);
    clock_free(the_clock);
    return ok ? 0 : 1;
}
