/* A store, records and timed queries, for programs that measure them. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "bench_file.h"
#include "engine/engine_store.h"
#include "ingest/ingest.h"
#include "text/json.h"

enum { CHUNK_BYTES = 900 << 10, RUNS = 5 };
#define WORKSPACE "11111111-2222-4333-8444-555555555555"

static struct store *s;
static struct workspace *w;
static struct clock *the_clock;
static const char *folder;
static struct store_lake_options lake = {.by_hand = true};

static void need(bool ok, const struct err *e)
{
    if (ok)
        return;
    fprintf(stderr, "bench: %s\n", e->msg);
    exit(1);
}

static double seconds(int64_t since_us)
{
    return (double)(clock_mono_us() - since_us) / 1e6;
}

static void start(void)
{
    struct err e = {0};
    struct store_options o = {.data_dir = folder, .clock = the_clock, .threads = 2, .lake = lake};
    s = store_open(&o, &e);
    need(s != NULL, &e);
    w = store_workspace_create(s, STR(WORKSPACE), STR("bench"), &e);
    need(w != NULL, &e);
}

UNUSED static void load(struct str text, struct str stream)
{
    struct err e = {0};
    struct ingest_options io = {.store = s, .clock = the_clock};
    struct ingest *in = ingest_open(&io);
    while (text.n > 0) {
        size_t n = text.n < CHUNK_BYTES ? text.n : CHUNK_BYTES;
        const char *nl = memrchr(text.p, '\n', n);
        n = nl != NULL ? (size_t)(nl - text.p) + 1 : n;
        struct ingest_request r = {
            .workspace = w, .stream = stream, .format = INGEST_NDJSON, .keep_times = true};
        r.body = str_sub(text, 0, n);
        r.source = STR("bench");
        struct ingest_result out;
        need(ingest_logs(in, &r, &out, &e), &e);
        text = str_sub(text, n, text.n);
    }
    ingest_close(in);
}

/* The best of some runs of a query. */
UNUSED static double ask(struct str kql)
{
    double best = 1e9;
    for (int i = 0; i < RUNS; i++) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        struct err e = {0};
        struct kql_diags diags = {0};
        struct store_result r;
        struct store_query q = {.text = kql};
        int64_t since = clock_mono_us();
        need(workspace_query(w, a, &q, &r, &diags, &e), &e);
        double took = seconds(since);
        best = took < best ? took : best;
        store_result_fini(&r);
    }
    return best;
}

static long long file_bytes(const char *name)
{
    struct stat st;
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    const char *path = arena_fmt(a, "%s/workspaces/" WORKSPACE "/%s", folder, name).p;
    return stat(path, &st) == 0 ? (long long)st.st_size : 0;
}
