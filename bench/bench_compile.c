/* What compiling a query costs: text to optimised plan, plan to SQL, and what the database needs to
 * plan that SQL.
 *
 *   bench_compile SCHEMAS.json FUNCTIONS.json < QUERIES.jsonl
 *
 * A line of input is {"id","group","query"}. A line of output is "GROUP ID QUERY_BYTES MEMORY_BYTES
 * COMPILE_US SQL_US SQL_BYTES PLAN_US", the times medians of several runs in this process; or "GROUP ID error
 * MESSAGE". Tables exist in the database with all of their columns, since what reads a table that
 * is not there is planned in no time. PLAN_US is -1 where the database can't be asked: externaldata
 * reads while it plans. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "engine/engine_store.h"
#include "engine/fixtures.h"
#include "text/json.h"

enum { MAX_RUNS = 101, MIN_RUNS = 3, ENOUGH_US = 10000, MAX_SQL = 256 << 20 };

struct columns { /* of a table that was made */
    struct str sql;  /* its name: the database's ignore case, Kusto's don't */
    struct map *at;  /* name → 1 + its place */
};
struct bench {
    struct fixtures *f;
    struct kql_catalog catalog;
    struct engine_source source;
    struct engine_conn *conn;
    struct arena *a;
    struct map *made; /* name → struct columns */
};
struct times {
    int64_t us[MAX_RUNS];
    size_t n;
    int64_t all;
};

static int ascending(const void *x, const void *y)
{
    int64_t p = *(const int64_t *)x, q = *(const int64_t *)y;
    return (p > q) - (p < q);
}

/* Processor time of this thread, which does all of what is measured: other work on the machine
 * doesn't count. */
static int64_t cpu_us(void)
{
    struct timespec t;
    CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static bool again(const struct times *t)
{
    return t->n < MIN_RUNS || (t->n < MAX_RUNS && t->all < ENOUGH_US);
}

static void note(struct times *t, int64_t us)
{
    t->us[t->n++] = us;
    t->all += us;
}

static long long median(struct times *t)
{
    qsort(t->us, t->n, sizeof(t->us[0]), ascending);
    return t->n > 0 ? (long long)t->us[t->n / 2] : -1;
}

/* ---- tables, made when a query first reads them ---- */
static bool make_table(struct bench *b, struct str name, struct err *e)
{
    struct kql_table t = {0};
    if (map_get(b->made, name) != NULL ||
        !b->catalog.find_table(b->catalog.self, b->a, STR_NONE, name, &t))
        return true;
    struct columns *c = arena_new_of(b->a, struct columns);
    c->at = map_new(b->a, false);
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(MAX_SQL);
    c->sql = arena_fmt(b->a, "t%zu", map_count(b->made));
    sbuf_addf(&sql, "CREATE TABLE %.*s", STR_ARG(c->sql));
    for (size_t i = 0; i < t.schema.n; i++) {
        sbuf_addf(&sql, "%s f%zu %s", i > 0 ? "," : " (", i,
                  engine_sql_type(t.schema.cols[i].type));
        map_put(c->at, t.schema.cols[i].name, (void *)(uintptr_t)(i + 1));
    }
    sbuf_addz(&sql, ")");
    map_put(b->made, arena_str(b->a, name), c);
    return engine_conn_exec(b->conn, sbuf_str(&sql), e);
}

static bool from_item(void *self, struct str workspace, struct str table,
                      const struct engine_need *need, struct sbuf *out, struct err *e)
{
    (void)need;
    struct bench *b = self;
    (void)workspace;
    const struct columns *c = map_get(b->made, table);
    if (c == NULL)
        return err_set(e, ERR_NOT_FOUND, "no table '%.*s' was made", STR_ARG(table));
    sbuf_add(out, c->sql);
    return true;
}

static bool column(void *self, struct str workspace, struct str table, struct str name,
                   enum kql_type type, struct sbuf *out, struct err *e)
{
    struct bench *b = self;
    (void)workspace, (void)e;
    const struct columns *c = map_get(b->made, table);
    uintptr_t at = c != NULL ? (uintptr_t)map_get(c->at, name) : 0;
    if (at != 0)
        sbuf_addf(out, "f%zu", (size_t)at - 1);
    else if (type == KQL_STRING)
        sbuf_addz(out, "''");
    else
        sbuf_addf(out, "CAST(NULL AS %s)", engine_sql_type(type));
    return true;
}

/* ---- one query ---- */
static bool compile(struct bench *b, struct arena *a, struct str text, struct kql_query *q,
                    struct err *e)
{
    struct kql_options o = {.catalog = &b->catalog, .now_ticks = (int64_t)740000 * TICKS_PER_DAY};
    struct kql_diags d = {.a = a, .text = text};
    if (kql_compile(a, text, &o, q, &d))
        return true;
    kql_diags_err(&d, e);
    return false;
}

static bool time_compile(struct bench *b, struct str text, struct times *t, size_t *memory,
                         struct err *e)
{
    while (again(t)) {
        struct kql_query q;
        int64_t from = cpu_us();
        AUTO(arena_freep) struct arena *a = arena_new(0);
        if (!compile(b, a, text, &q, e))
            return false;
        *memory = arena_used(a);
        arena_free(a); /* part of what a query costs */
        a = NULL;
        note(t, cpu_us() - from);
    }
    return true;
}

static bool time_sql(struct bench *b, const struct kql_query *q, struct times *t, struct sbuf *sql,
                     struct err *e)
{
    while (again(t)) {
        sbuf_clear(sql);
        int64_t from = cpu_us();
        for (size_t i = 0; i < q->n; i++) {
            if (!engine_sql(q->results[i].plan, &b->source, sql, e))
                return false;
        }
        note(t, cpu_us() - from);
    }
    return true;
}

/* False: the database refuses to plan it. */
static bool time_plan(struct bench *b, const struct kql_query *q, struct times *t)
{
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(MAX_SQL);
    struct err e = {0};
    while (again(t)) {
        int64_t us = 0;
        for (size_t i = 0; i < q->n; i++) {
            sbuf_clear(&sql);
            sbuf_addz(&sql, "PREPARE q AS ");
            if (!engine_sql(q->results[i].plan, &b->source, &sql, &e))
                return false;
            int64_t from = cpu_us();
            if (!engine_conn_exec(b->conn, sbuf_str(&sql), &e))
                return false;
            us += cpu_us() - from;
            if (!engine_conn_exec(b->conn, STR("DEALLOCATE q"), &e))
                return false;
        }
        note(t, us);
    }
    return true;
}

static bool measure(struct bench *b, struct str group, struct str id, struct str text,
                    struct err *e)
{
    struct times compiling = {0}, writing = {0}, planning = {0};
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(MAX_SQL);
    struct kql_query q;
    size_t memory = 0;
    if (!compile(b, a, text, &q, e))
        return false;
    if (q.open_schema)
        return err_set(e, ERR_UNSUPPORTED, "its columns are known only from rows");
    for (size_t i = 0; i < q.tables.n; i++)
        if (!make_table(b, q.tables.p[i], e))
            return false;
    if (!time_compile(b, text, &compiling, &memory, e) || !time_sql(b, &q, &writing, &sql, e))
        return false;
    bool planned = getenv("BENCH_COMPILE_ONLY") == NULL && time_plan(b, &q, &planning);
    printf("%.*s %.*s %zu %zu %lld %lld %zu %lld\n", STR_ARG(group), STR_ARG(id), text.n, memory,
           median(&compiling), median(&writing), sql.n, planned ? median(&planning) : -1LL);
    return true;
}

static void one_line(struct bench *b, struct str line)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct json v;
    struct err e = {0};
    bool ok = json_parse(a, line, NULL, &v, &e);
    struct str group = ok ? json_text(json_get(&v, "group"), STR("?")) : STR("?");
    struct str id = ok ? json_text(json_get(&v, "id"), STR("?")) : STR("?");
    if (!ok || !measure(b, group, id, json_text(json_get(&v, "query"), STR_NONE), &e))
        printf("%.*s %.*s error %s\n", STR_ARG(group), STR_ARG(id), e.msg);
    fflush(stdout);
}

static bool open_bench(struct bench *b, char **argv, struct err *e)
{
    struct fixtures_options o = {
        .schemas_file = argv[1], .functions_file = argv[2], .threads = 2};
    b->f = fixtures_open(&o, e);
    if (b->f == NULL)
        return false;
    b->a = arena_new(0);
    b->made = map_new(b->a, false);
    b->catalog = *fixtures_catalog(b->f);
    b->catalog.peek = NULL;
    b->source = (struct engine_source){.self = b, .from_item = from_item, .column = column};
    b->conn = engine_conn_open(fixtures_engine(b->f), e);
    return b->conn != NULL;
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    struct err e = {0};
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    if (argc != 3) {
        fprintf(stderr, "usage: bench_compile SCHEMAS.json FUNCTIONS.json < QUERIES.jsonl\n");
        return 2;
    }
    log_setup(LOG_ERROR, 2);
    bool ok = open_bench(&b, argv, &e);
    if (!ok)
        fprintf(stderr, "bench_compile: %s\n", e.msg);
    while (ok && (n = getline(&line, &cap, stdin)) > 0)
        one_line(&b, str_trim((struct str){line, (size_t)n}));
    xfree(line); /* getline's own */
    engine_conn_close(b.conn);
    fixtures_close(b.f);
    arena_free(b.a);
    return ok ? 0 : 1;
}
