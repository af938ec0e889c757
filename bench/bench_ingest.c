/* ingest_logs against DuckDB's own reader: the same NDJSON file into a table, both until it is on
 * disk.
 *
 *   bench_ingest FILE.ndjson TABLE DIR        prints "ours_s SECONDS", "duckdb_s SECONDS", "bytes
 * N", "rows N" */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/engine_store.h"
#include "ingest/ingest.h"

enum { CHUNK_BYTES = 900 << 10 }; /* a request as the public clients make them */

static struct str map_file(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0 && fstat(fd, &st) == 0);
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    CHECK(p != MAP_FAILED);
    close(fd);
    return (struct str){p, (size_t)st.st_size};
}

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

static int ours(const char *path, const char *table, const char *dir)
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
    struct ingest_options io = {.store = s, .clock = clock};
    struct ingest *in = ingest_open(&io);
    struct arena *a = arena_new(0);
    struct str text = map_file(path), stream = arena_fmt(a, "Microsoft-%s", table);
    int64_t from = clock_mono_us();
    uint64_t rows = send_all(in, w, stream, text, &e);
    printf("ours_s %.3f\nbytes %zu\nrows %llu\n", (double)(clock_mono_us() - from) / 1e6, text.n,
           (unsigned long long)rows);
    arena_free(a);
    ingest_close(in);
    store_close(s);
    clock_free(clock);
    return rows > 0 ? 0 : 1;
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
    int64_t from = clock_mono_us();
    ok = ok && engine_exec(g, sbuf_str(&sql), &e);
    if (ok)
        printf("duckdb_s %.3f\n", (double)(clock_mono_us() - from) / 1e6);
    else
        fprintf(stderr, "bench_ingest: %s\n", e.msg);
    if (g != NULL)
        engine_close(g);
    arena_free(a);
    return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: bench_ingest FILE.ndjson TABLE DIR\n");
        return 2;
    }
    log_setup(LOG_WARN, 2);
    int code = ours(argv[1], argv[2], argv[3]);
    return code != 0 ? code : duckdb(argv[1], argv[3]);
}
