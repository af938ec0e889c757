/* Hot rows against sealed ones, and many parts.
 *
 *   bench_lake FILE.ndjson TABLE DIR PARTS   prints "NAME NUMBER" lines: bytes on disk hot and
 * sealed, seconds of sealing, of a scan through KQL over both and of the same scan by plain SQL
 * over the Parquet files; then of a table with PARTS parts: opening, planning, queries; and of the
 * same once its months are merged.
 */
#include <time.h>

#include "bench_store.h"
#include "store/store_priv.h"

static double plain(const char *table, const char *where)
{
    double best = 1e9;
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(0);
    AUTO(arena_freep) struct arena *a = arena_new(0);
    sbuf_addz(&sql, "SELECT count(*) FROM read_parquet(");
    sql_text(&sql,
             arena_fmt(a, "%s/workspaces/" WORKSPACE "/lake/%s/*/*/*/*.parquet", folder, table));
    sbuf_addf(&sql, ") WHERE %s", where);
    struct kql_column c = {STR("n"), KQL_LONG};
    struct kql_schema schema = {&c, 1};
    for (int i = 0; i < RUNS; i++) {
        struct err e = {0};
        struct engine_rows *rows = NULL;
        struct engine_conn *conn = engine_conn_open(store_engine(s), &e);
        int64_t since = clock_mono_us();
        need(engine_conn_query(conn, sbuf_str(&sql), &schema, &rows, &e), &e);
        double took = seconds(since);
        best = took < best ? took : best;
        engine_rows_free(rows);
        engine_conn_close(conn);
    }
    return best;
}

static void hot_and_sealed(const char *file, const char *table)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct err e = {0};
    struct str text = map_file(file);
    struct str count = arena_fmt(a, "%s | where UserPrincipalName contains 'user77'| count", table);
    int64_t rows = 0;
    load(text, arena_fmt(a, "Microsoft-%s", table));
    need(workspace_checkpoint(w, &e), &e);
    printf("raw_bytes %zu\nhot_bytes %lld\nhot_s %.4f\n", text.n, file_bytes("hot.duckdb"),
           ask(count));
    int64_t since = clock_mono_us();
    need(workspace_seal(w, str_from(table), &rows, &e), &e);
    printf("seal_s %.3f\nrows %lld\n", seconds(since), (long long)rows);
    printf("parts_bytes %lld\nparts_s %.4f\n", (long long)store_lake_sums(w).bytes, ask(count));
    printf("plain_s %.4f\n", plain(table, "\"UserPrincipalName\" ILIKE '%user77%'"));
}

/* Processor time of all threads. */
static double processor(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Compiling, writing the SQL and the engine's planning, without running it. */
static double plan_only(struct str kql)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct err e = {0};
    struct kql_diags diags = {.a = a, .text = kql};
    struct kql_options o = {.catalog = workspace_catalog(w), .now_ticks = clock_now(the_clock)};
    struct kql_query q;
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(0);
    struct kql_column c[] = {{STR("key"), KQL_STRING}, {STR("value"), KQL_STRING}};
    struct kql_schema schema = {c, COUNTOF(c)};
    struct engine_rows *rows = NULL;
    struct engine_conn *conn = engine_conn_open(store_engine(s), &e);
    double since = processor();
    const struct engine_source *src = source_snapshot(w, a);
    CHECK(kql_compile(a, kql, &o, &q, &diags));
    sbuf_addz(&sql, "EXPLAIN ");
    need(engine_sql(q.results[0].plan, src, &sql, &e), &e);
    need(engine_conn_query(conn, sbuf_str(&sql), &schema, &rows, &e), &e);
    double took = processor() - since;
    engine_rows_free(rows);
    source_release(src);
    engine_conn_close(conn);
    return took;
}

/* A query that has to open every part: the index of terms knows nothing of the middle of a term. */
static void ask_all(const char *name)
{
    struct str kql = STR("Heartbeat | where Computer contains 'c5' | count");
    (void)plan_only(kql);
    printf("%splan_all_s %.4f\n", name, plan_only(kql));
    double since = processor();
    (void)ask(kql);
    printf("%sall_s %.3f\n", name, (processor() - since) / RUNS);
}

/* A row a day, so that each makes a part. */
static void many_parts(long n)
{
    struct err e = {0};
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(0);
    int64_t rows;
    for (long i = 0; i < n; i++)
        sbuf_addf(&text,
                  "{\"TimeGenerated\":\"%04ld-%02ld-%02ldT01:00:00Z\",\"Computer\":\"c%ld\"}\n",
                  1990 + i / 336, 1 + i / 28 % 12, 1 + i % 28, i);
    load(sbuf_str(&text), STR("Microsoft-Heartbeat"));
    need(workspace_seal(w, STR("Heartbeat"), &rows, &e), &e);
    store_close(s);
    int64_t since = clock_mono_us();
    start();
    printf("many_parts %ld\nopen_s %.3f\n", n, seconds(since));
    printf(
        "one_day_s %.4f\n",
        ask(STR("Heartbeat | where TimeGenerated between (datetime(2001-01-01) .. 1d) | count")));
    printf("nothing_s %.4f\n",
           ask(STR("Heartbeat | where TimeGenerated > datetime(2300-01-01) | count")));
    printf("count_s %.4f\n", ask(STR("Heartbeat | count")));
    ask_all("");
    need(workspace_compact(w, &e), &e);
    printf("merged_parts %lld\n", (long long)store_lake_sums(w).parts);
    ask_all("merged_");
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: bench_lake FILE.ndjson TABLE DIR PARTS\n");
        return 2;
    }
    log_setup(LOG_WARN, 2);
    the_clock = clock_new_system();
    folder = argv[3];
    start();
    hot_and_sealed(argv[1], argv[2]);
    many_parts(strtol(argv[4], NULL, 10));
    store_close(s);
    clock_free(the_clock);
    return 0;
}
