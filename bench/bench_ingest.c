/* ingest_logs against DuckDB's own reader: the same NDJSON file into a table, both until it is on
 * disk; and the parts of ingest_logs alone.
 *
 *   bench_ingest FILE.ndjson TABLE DIR [PART]
 *
 * Prints "NAME NUMBER" a line: bytes, rows; seconds of each part, and of processor time where
 * threads help. PART: one of tree (JSON trees), read (records), convert (records to cells, not
 * stored), ours (ingest_logs), many (the same by four senders, and moving their log into the file),
 * duckdb; without it all. */
#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "bench_file.h"
#include "engine/engine_store.h"
#include "ingest/ingest_priv.h"

enum { CHUNK_BYTES = 900 << 10 }; /* a request as the public clients make them */

struct stopwatch {
    int64_t wall_us, cpu_us;
};

static int64_t cpu_us(void)
{
    struct rusage u;
    CHECK(getrusage(RUSAGE_SELF, &u) == 0);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec +
           u.ru_stime.tv_usec;
}

static struct stopwatch start(void)
{
    return (struct stopwatch){clock_mono_us(), cpu_us()};
}

static void report(struct stopwatch from, const char *name)
{
    printf("%s_s %.4f\n%s_cpu_s %.4f\n", name, (double)(clock_mono_us() - from.wall_us) / 1e6, name,
           (double)(cpu_us() - from.cpu_us) / 1e6);
}

/* ---- parts of ingest_logs, in the processor's time: one thread, no disk ---- */

static void trees(struct str text)
{
    struct arena *a = arena_new(0);
    struct stopwatch from = start();
    for (size_t at = 0; at < text.n; at++) {
        struct json v;
        CHECK(json_parse_next(a, text, &at, NULL, &v, NULL));
        arena_reset(a);
    }
    report(from, "tree");
    arena_free(a);
}

static struct reader reader_over(struct str text)
{
    static const struct ingest_limits limits = {.max_depth = 64};
    struct ingest_request q = {.format = INGEST_NDJSON, .body = text};
    return reader_make(&q, 0, &limits);
}

static void records(struct str text)
{
    struct stopwatch from = start();
    struct reader r = reader_over(text);
    struct record rec;
    while (reader_next(&r, &rec, NULL))
        CHECK(rec.ok);
    report(from, "read");
    reader_fini(&r);
}

static void set_cells(const struct kql_table *t, struct store_batch *b, const struct json *v,
                      size_t *guess, struct sbuf *scratch)
{
    for (size_t i = 0; i < v->n; i++) {
        struct kql_value cell;
        for (size_t k = 0; k < t->schema.n && !str_eq(t->schema.cols[guess[i]].name, v->keys[i]);
             k++)
            guess[i] = (guess[i] + 1) % t->schema.n;
        if (convert_value(&v->items[i], t->schema.cols[guess[i]].type, scratch, &cell) ==
            CONVERT_OK)
            store_batch_set(b, guess[i], &cell);
    }
    store_batch_end_row(b);
}

static void convert(struct workspace *w, const char *table, struct str text)
{
    enum { PIECE = 64 << 20, MOST = 256 };
    struct arena *a = arena_new(0);
    struct kql_table t;
    size_t guess[MOST] = {0};
    CHECK(workspace_table_find(w, a, str_from(table), &t));
    struct stopwatch from = start();
    struct reader r = reader_over(text);
    AUTO(sbuf_fini) struct sbuf scratch = sbuf_make(0);
    struct store_batch *b = store_batch_new(&t);
    struct record rec;
    while (reader_next(&r, &rec, NULL)) {
        CHECK(rec.ok && rec.value.n <= MOST);
        set_cells(&t, b, &rec.value, guess, &scratch);
        if (store_batch_bytes(b) > PIECE) {
            store_batch_free(b);
            b = store_batch_new(&t);
        }
    }
    report(from, "convert");
    store_batch_free(b);
    reader_fini(&r);
    arena_free(a);
}

/* ---- until it is on disk ---- */

static uint64_t send_all(struct ingest *in, struct workspace *w, struct str stream, struct str text,
                         struct err *e)
{
    uint64_t rows = 0;
    while (text.n > 0) {
        size_t n = text.n < CHUNK_BYTES ? text.n : CHUNK_BYTES;
        const char *nl = memrchr(text.p, '\n', n);
        n = nl != NULL ? (size_t)(nl - text.p) + 1 : n;
        struct ingest_request r = {
            .workspace = w, .stream = stream, .format = INGEST_NDJSON, .keep_times = true};
        r.body = str_sub(text, 0, n);
        r.source = STR("bench");
        struct ingest_result out;
        if (!ingest_logs(in, &r, &out, e))
            return 0;
        rows += out.stored;
        text = str_sub(text, n, text.n);
    }
    return rows;
}

static bool ours(struct store *s, struct workspace *w, struct clock *clock, struct str stream,
                 struct str text)
{
    struct err e = {0};
    struct ingest_options io = {.store = s, .clock = clock};
    struct ingest *in = ingest_open(&io);
    struct stopwatch from = start();
    uint64_t rows = send_all(in, w, stream, text, &e);
    report(from, "ours");
    printf("bytes %zu\nrows %llu\n", text.n, (unsigned long long)rows);
    ingest_close(in);
    if (rows == 0)
        fprintf(stderr, "bench_ingest: %s\n", e.msg);
    return rows > 0;
}

struct sender {
    struct ingest *in;
    struct workspace *w;
    struct str stream, text;
    uint64_t rows;
    pthread_t thread;
};

static void *sender_main(void *arg)
{
    struct sender *s = arg;
    struct err e = {0};
    s->rows = send_all(s->in, s->w, s->stream, s->text, &e);
    if (s->rows == 0)
        fprintf(stderr, "bench_ingest: %s\n", e.msg);
    return NULL;
}

/* Senders that don't wait for each other share commits. */
static bool many(struct store *s, struct workspace *w, struct clock *clock, struct str stream,
                 struct str text)
{
    enum { SENDERS = 4 };
    struct ingest_options io = {.store = s, .clock = clock};
    struct sender all[SENDERS];
    bool ok = true;
    io.limits.max_body_bytes = CHUNK_BYTES;
    struct ingest *in = ingest_open(&io);
    struct stopwatch from = start();
    for (size_t i = 0; i < SENDERS; i++) {
        size_t n = i + 1 < SENDERS ? text.n / (SENDERS - i) : text.n;
        const char *nl = memrchr(text.p, '\n', n);
        n = nl != NULL ? (size_t)(nl - text.p) + 1 : n;
        all[i] = (struct sender){.in = in, .w = w, .stream = stream};
        all[i].text = str_sub(text, 0, n);
        text = str_sub(text, n, text.n);
        CHECK(pthread_create(&all[i].thread, NULL, sender_main, &all[i]) == 0);
    }
    for (size_t i = 0; i < SENDERS; i++) {
        pthread_join(all[i].thread, NULL);
        ok &= all[i].rows > 0;
    }
    report(from, "many");
    ingest_close(in);
    return ok;
}

/* Moves the log into the file, as the server does while it goes on. */
static bool checkpoint(struct workspace *w, const char *name)
{
    struct err e = {0};
    struct stopwatch from = start();
    bool ok = workspace_checkpoint(w, &e);
    if (!ok)
        fprintf(stderr, "bench_ingest: %s\n", e.msg);
    else if (name != NULL)
        report(from, name);
    return ok;
}

static bool wanted(const char *only, const char *part)
{
    return only == NULL || strcmp(only, part) == 0;
}

static int with_store(const char *path, const char *table, const char *dir, const char *only)
{
    struct err e = {0};
    struct clock *clock = clock_new_system();
    struct store_options o = {.data_dir = dir, .clock = clock, .threads = 2};
    struct store *s = store_open(&o, &e);
    struct workspace *w =
        s != NULL ? store_workspace_create(s, STR("11111111-2222-4333-8444-555555555555"),
                                           STR("bench"), &e)
                  : NULL;
    if (w == NULL) {
        fprintf(stderr, "bench_ingest: %s\n", e.msg);
        return 1;
    }
    struct arena *a = arena_new(0);
    struct str text = map_file(path), stream = arena_fmt(a, "Microsoft-%s", table);
    if (wanted(only, "tree"))
        trees(text);
    if (wanted(only, "read"))
        records(text);
    if (wanted(only, "convert"))
        convert(w, table, text);
    bool ok = !wanted(only, "ours") || (ours(s, w, clock, stream, text) && checkpoint(w, NULL));
    ok = ok && (!wanted(only, "many") ||
                (many(s, w, clock, stream, text) && checkpoint(w, "checkpoint")));
    arena_free(a);
    store_close(s);
    clock_free(clock);
    return ok ? 0 : 1;
}

static int duckdb(const char *path, const char *dir)
{
    struct err e = {0};
    struct engine_options o = {.threads = 2};
    struct engine *g = engine_open(&o, &e);
    struct arena *a = arena_new(0);
    bool ok =
        g != NULL && engine_attach(g, STR("plain"), arena_fmt(a, "%s/plain.duckdb", dir).p, &e);
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(0);
    sbuf_addz(&sql, "CREATE TABLE \"plain\".\"main\".\"t\" AS SELECT * FROM read_json(");
    sql_text(&sql, str_from(path));
    sbuf_addz(&sql, ", format = 'newline_delimited'); CHECKPOINT \"plain\";");
    struct stopwatch from = start();
    ok = ok && engine_exec(g, sbuf_str(&sql), &e);
    if (ok)
        report(from, "duckdb");
    else
        fprintf(stderr, "bench_ingest: %s\n", e.msg);
    if (g != NULL)
        engine_close(g);
    arena_free(a);
    return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
    const char *only = argc == 5 ? argv[4] : NULL;
    if (argc != 4 && argc != 5) {
        fprintf(stderr, "usage: bench_ingest FILE.ndjson TABLE DIR [PART]\n");
        return 2;
    }
    log_setup(LOG_WARN, 2);
    int code = with_store(argv[1], argv[2], argv[3], only);
    return code == 0 && wanted(only, "duckdb") ? duckdb(argv[1], argv[3]) : code;
}
