/* Queries over JSON documents, of which a few members are read.
 *
 *   bench_json FILE.ndjson DIR   prints "NAME NUMBER" lines: bytes on disk and seconds of each
 * query in KQL over hot rows (JSON text), over a part without and over one with members as columns
 * of their own, and of the same in SQL over DuckDB's JSON type. Each way starts with an empty
 * folder; answers that differ end it. */
#include "bench_store.h"

#define TABLE "Bluesky_CL"
#define CREATED "data.kind == 'commit' and data.commit.operation == 'create'"
#define TIME "unixtime_microseconds_todatetime(tolong(data.time_us))"
#define SQL_CREATED "(data->>'$.kind') = 'commit' AND (data->>'$.commit.operation') = 'create'"
#define SQL_TIME "CAST(data->>'$.time_us' AS BIGINT)"

/* The five queries of JSONBench (jsonbench.com). */
static const struct {
    const char *kql, *sql;
} queries[] = {
    {TABLE " | summarize n = count() by event = tostring(data.commit.collection) | sort by n desc",
     "SELECT (data->>'$.commit.collection') AS event, count(*) AS n FROM bluesky GROUP BY 1 ORDER "
     "BY "
     "2 DESC"},
    {TABLE " | where " CREATED " | summarize n = count(), users = "
           "count_distinct(tostring(data.did)) by event = tostring(data.commit.collection) | sort "
           "by n desc",
     "SELECT (data->>'$.commit.collection') AS event, count(*) AS n, count(DISTINCT "
     "(data->>'$.did')) "
     "AS users FROM bluesky WHERE " SQL_CREATED " GROUP BY 1 ORDER BY 2 DESC"},
    {TABLE " | where " CREATED " and tostring(data.commit.collection) in ('app.bsky.feed.post', "
           "'app.bsky.feed.repost', 'app.bsky.feed.like') | summarize n = count() by event = "
           "tostring(data.commit.collection), hour = hourofday(" TIME ") | sort by hour asc, event "
           "asc",
     "SELECT (data->>'$.commit.collection') AS event, hour(make_timestamp(" SQL_TIME ")) AS h, "
     "count(*) AS n FROM bluesky WHERE " SQL_CREATED " AND (data->>'$.commit.collection') IN "
     "('app.bsky.feed.post', 'app.bsky.feed.repost', 'app.bsky.feed.like') GROUP BY 1, 2 ORDER BY "
     "2, 1"},
    {TABLE " | where " CREATED " and data.commit.collection == 'app.bsky.feed.post' | summarize "
           "first_post = min(" TIME ") by user = tostring(data.did) | top 3 by first_post asc",
     "SELECT (data->>'$.did') AS u, min(make_timestamp(" SQL_TIME
     ")) AS t FROM bluesky WHERE " SQL_CREATED
     " AND (data->>'$.commit.collection') = 'app.bsky.feed.post' GROUP BY 1 ORDER BY 2 "
     "LIMIT 3"},
    {TABLE " | where " CREATED " and data.commit.collection == 'app.bsky.feed.post' | summarize a "
           "= min(" TIME "), z = max(" TIME ") by user = tostring(data.did) | extend span = "
           "datetime_diff('millisecond', z, a) | project user, span | top 3 by span desc",
     "SELECT (data->>'$.did') AS u, date_diff('milliseconds', min(make_timestamp(" SQL_TIME ")), "
     "max(make_timestamp(" SQL_TIME "))) AS span FROM bluesky WHERE " SQL_CREATED " AND "
     "(data->>'$.commit.collection') = 'app.bsky.feed.post' GROUP BY 1 ORDER BY 2 DESC LIMIT 3"},
};

static void define(void)
{
    struct err e = {0};
    struct kql_column c = {STR("data"), KQL_DYNAMIC};
    struct kql_schema schema = {&c, 1};
    need(workspace_table_define(w, STR(TABLE), &schema, &e), &e);
}

static void answer(struct str kql, struct sbuf *out)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct err e = {0};
    struct kql_diags diags = {0};
    struct store_result r;
    struct store_query q = {.text = kql};
    need(workspace_query(w, a, &q, &r, &diags, &e), &e);
    struct json_out o = json_out_make(out);
    size_t width = engine_rows_schema(r.rows[0])->n;
    json_arr(&o);
    for (size_t i = 0; i < engine_rows_count(r.rows[0]) * width; i++) {
        struct kql_value v = engine_rows_get(r.rows[0], i / width, i % width);
        engine_value_json(&o, &v);
    }
    json_arr_end(&o);
    store_result_fini(&r);
}

/* Runs all queries; the answers must be those of the way before. */
static void measure(const char *name, struct sbuf *before)
{
    AUTO(sbuf_fini) struct sbuf got = sbuf_make(0);
    for (size_t i = 0; i < COUNTOF(queries); i++) {
        answer(str_from(queries[i].kql), &got);
        printf("%s_q%zu_s %.4f\n", name, i + 1, ask(str_from(queries[i].kql)));
    }
    if (before->n > 0 && !str_eq(sbuf_str(before), sbuf_str(&got))) {
        fprintf(stderr, "bench_json: answers of %s differ\n%s\n%s\n", name, sbuf_str(before).p,
                sbuf_str(&got).p);
        exit(1);
    }
    if (before->n == 0)
        sbuf_add(before, sbuf_str(&got));
}

static void seal_all(const char *name)
{
    struct err e = {0};
    int64_t rows = 0, since = clock_mono_us();
    need(workspace_seal(w, STR(TABLE), &rows, &e), &e);
    printf("%s_seal_s %.3f\n%s_bytes %lld\n", name, seconds(since), name,
           (long long)store_lake_sums(w).bytes);
}

static void ours(const char *file, const char *dir, int members, const char *sealed, bool hot,
                 struct sbuf *answers)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct err e = {0};
    folder = arena_fmt(a, "%s/%s", dir, sealed).p;
    CHECK(mkdir(folder, 0700) == 0);
    lake.shred_paths = members;
    start();
    define();
    struct str text = map_file(file);
    load(text, STR("Custom-" TABLE));
    need(workspace_checkpoint(w, &e), &e);
    if (hot) {
        printf("raw_bytes %zu\nhot_bytes %lld\n", text.n, file_bytes("hot.duckdb"));
        measure("hot", answers);
    }
    seal_all(sealed);
    measure(sealed, answers);
    store_close(s);
    s = NULL;
}

/* DuckDB by itself, over its type JSON. */
static void plain(const char *file, const char *dir)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct err e = {0};
    struct engine_options o = {.path = arena_fmt(a, "%s/plain.duckdb", dir).p, .threads = 2};
    struct engine *g = engine_open(&o, &e);
    need(g != NULL, &e);
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(0);
    sbuf_addz(&sql, "CREATE TABLE bluesky AS SELECT data FROM read_ndjson(");
    sql_text(&sql, str_from(file));
    sbuf_addz(&sql, ", columns = {data: 'JSON'}); CHECKPOINT");
    need(engine_exec(g, sbuf_str(&sql), &e), &e);
    struct stat st;
    CHECK(stat(o.path, &st) == 0);
    printf("plain_bytes %lld\n", (long long)st.st_size);
    for (size_t i = 0; i < COUNTOF(queries); i++) {
        double best = 1e9;
        for (int k = 0; k < RUNS; k++) {
            int64_t since = clock_mono_us();
            need(engine_exec(g, str_from(queries[i].sql), &e), &e);
            double took = seconds(since);
            best = took < best ? took : best;
        }
        printf("plain_q%zu_s %.4f\n", i + 1, best);
    }
    engine_close(g);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: bench_json FILE.ndjson DIR\n");
        return 2;
    }
    log_setup(LOG_WARN, 2);
    the_clock = clock_new_system();
    AUTO(sbuf_fini) struct sbuf answers = sbuf_make(0);
    ours(argv[1], argv[2], 0, "members", true, &answers);
    ours(argv[1], argv[2], -1, "text", false, &answers);
    plain(argv[1], argv[2]);
    clock_free(the_clock);
    return 0;
}
