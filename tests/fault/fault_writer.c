/* Stores numbered events through ingest_logs, so that run.py can kill it, starve it of disk and
 * count what is left.
 *
 *   fault_writer write DIR EVENTS   requests (numbers, one a line) on standard input; each has
 * EVENTS events and prints "ack N" once it is stored, "fail N CODE" when it is not; four threads
 *   fault_writer lake DIR EVENTS    the same, while rows are sealed and parts merged without a
 * pause; prints "sealed ROWS" and "merged" fault_writer dump DIR           every stored event's
 * number, one a line, then "sum RECEIVED STORED REJECTED ROWS" */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/thread.h"
#include "engine/engine_store.h"
#include "ingest/ingest.h"

#define WORKSPACE "11111111-2222-4333-8444-555555555555"
enum { THREADS = 4, MAX_REQUESTS = 1000000 };

struct job {
    struct ingest *in;
    struct workspace *w;
    long *requests;
    size_t n;
    int events;
    atomic_size_t next;
};

static void say(const char *fmt, ...) PRINTF_LIKE(1, 2);
static void say(const char *fmt, ...)
{
    char line[200];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    if (write(STDOUT_FILENO, line, (size_t)n) != n)
        _exit(3);
}

static void send_one(struct job *j, long number)
{
    AUTO(sbuf_fini) struct sbuf body = sbuf_make(0);
    sbuf_addc(&body, '[');
    for (int i = 0; i < j->events; i++)
        sbuf_addf(&body, "%s{\"Computer\":\"host%d\",\"SyslogMessage\":\"%ld\"}", i > 0 ? "," : "",
                  i % 17, number * j->events + i);
    sbuf_addc(&body, ']');
    char id[32];
    snprintf(id, sizeof(id), "request-%ld", number);
    struct ingest_request r = {
        .workspace = j->w, .stream = STR("Microsoft-Syslog"), .body = sbuf_str(&body)};
    r.source = STR("fault");
    r.client_request_id = str_from(id);
    struct ingest_result out;
    struct err e = {0};
    if (ingest_logs(j->in, &r, &out, &e))
        say("ack %ld\n", number);
    else
        say("fail %ld %s\n", number, err_code_name(e.code));
}

static void *work(void *arg)
{
    struct job *j = arg;
    for (size_t i = atomic_fetch_add(&j->next, 1); i < j->n; i = atomic_fetch_add(&j->next, 1))
        send_one(j, j->requests[i]);
    return NULL;
}

struct sealer {
    struct workspace *w;
    atomic_bool stop;
    pthread_t thread;
};

static void *seal_and_merge(void *arg)
{
    struct sealer *k = arg;
    for (int i = 1; !atomic_load(&k->stop); i++) {
        struct err e = {0};
        int64_t rows = 0;
        if (workspace_seal(k->w, STR_NONE, &rows, &e))
            say("sealed %lld\n", (long long)rows);
        else
            say("unsealed %s\n", err_code_name(e.code));
        if (i % 4 == 0 && workspace_compact(k->w, &e))
            say("merged\n");
    }
    return NULL;
}

static int write_all(struct store *s, struct clock *clock, struct workspace *w, int events,
                     bool lake)
{
    struct sealer k = {.w = w};
    struct ingest_options o = {.store = s, .clock = clock};
    struct job j = {.in = ingest_open(&o), .w = w, .events = events};
    j.requests = xcalloc(MAX_REQUESTS, sizeof(long));
    while (j.n < MAX_REQUESTS && scanf("%ld", &j.requests[j.n]) == 1)
        j.n++;
    say("ready\n");
    CHECK(!lake || pthread_create(&k.thread, NULL, seal_and_merge, &k) == 0);
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, &j) == 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&k.stop, true);
    if (lake)
        pthread_join(k.thread, NULL);
    ingest_close(j.in);
    xfree(j.requests);
    return 0;
}

static bool column(struct workspace *w, const char *table, const char *name, enum kql_type type,
                   struct sbuf *sql, struct err *e)
{
    const struct engine_source *src = workspace_source(w);
    return src->column(src->self, STR_NONE, str_from(table), str_from(name), type, sql, e);
}

static bool query(struct store *s, struct sbuf *sql, struct engine_rows **rows, struct err *e)
{
    struct kql_column col = {STR("v"), KQL_STRING};
    struct kql_schema schema = {&col, 1};
    struct engine_conn *c = engine_conn_open(store_engine(s), e);
    bool ok = c != NULL && engine_conn_query(c, sbuf_str(sql), &schema, rows, e);
    engine_conn_close(c);
    return ok;
}

static size_t dump_events(struct store *s, struct workspace *w, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(0);
    const struct engine_source *src = workspace_source(w);
    struct engine_rows *rows = NULL;
    sbuf_addz(&sql, "SELECT ");
    bool ok = column(w, "Syslog", "SyslogMessage", KQL_STRING, &sql, e);
    sbuf_addz(&sql, " FROM ");
    ok = ok && src->from_item(src->self, STR_NONE, STR("Syslog"), NULL, &sql, e) &&
         query(s, &sql, &rows, e);
    if (!ok)
        return SIZE_MAX;
    size_t n = engine_rows_count(rows);
    for (size_t i = 0; i < n; i++)
        printf("%.*s\n", STR_ARG(engine_rows_get(rows, i, 0).s));
    engine_rows_free(rows);
    return n;
}

static int dump(struct store *s, struct workspace *w)
{
    struct err e = {0};
    struct arena *a = arena_new(0);
    size_t rows = dump_events(s, w, &e);
    struct store_count *c;
    size_t n = store_counts(w, a, &c);
    unsigned long long received = 0, stored = 0, rejected = 0;
    for (size_t i = 0; i < n; i++) {
        received += c[i].received;
        stored += c[i].stored;
        rejected += c[i].rejected;
    }
    arena_free(a);
    if (rows == SIZE_MAX) {
        fprintf(stderr, "fault_writer: %s\n", e.msg);
        return 1;
    }
    printf("sum %llu %llu %llu %zu\n", received, stored, rejected, rows);
    return 0;
}

int main(int argc, char **argv)
{
    struct err e = {0};
    bool lake = argc == 4 && strcmp(argv[1], "lake") == 0;
    bool writing = lake || (argc == 4 && strcmp(argv[1], "write") == 0);
    if (!writing && !(argc == 3 && strcmp(argv[1], "dump") == 0)) {
        fprintf(stderr, "usage: fault_writer write|lake DIR EVENTS | fault_writer dump DIR\n");
        return 2;
    }
    log_setup(LOG_ERROR, 2);
    struct clock *clock = clock_new_system();
    struct store_options o = {.data_dir = argv[2],
                              .clock = clock,
                              .threads = 2,
                              .memory_bytes = (size_t)1 << 30,
                              .lake = {.by_hand = true}};
    struct store *s = store_open(&o, &e);
    struct workspace *w =
        s != NULL ? store_workspace_create(s, STR(WORKSPACE), STR("main"), &e) : NULL;
    int code = 1;
    if (w == NULL)
        fprintf(stderr, "fault_writer: %s\n", e.msg);
    else
        code = writing ? write_all(s, clock, w, (int)strtol(argv[3], NULL, 10), lake) : dump(s, w);
    store_close(s);
    clock_free(clock);
    return code;
}
