/* KQL against SQL that a person would write: each pair asks the same question of the same stored
 * tables, in one process, by turns.
 *
 *   bench_kql DIR ROWS RUNS PAIRS TABLES [NAME]
 *
 * DIR     holds the store; it is filled when its tables do not have ROWS rows yet
 * RUNS    how often each side of a pair is timed, after one run each that is not
 * PAIRS   the pairs (kql_pairs.txt says how they are written)
 * TABLES  SQL that fills the tables (kql_tables.sql)
 * NAME    only pairs whose name holds it
 *
 * Prints one line each, fields separated by tabs:
 *   pair NAME KQL_SECONDS SQL_SECONDS KQL_CPU_SECONDS SQL_CPU_SECONDS     medians; of all threads
 *   differ NAME WHY                       the answers are not the same: nothing is timed
 *   read SECONDS                          of reading `bytes` bytes of memory with all threads
 *   bytes COLUMN BYTES                    of text in a column that pairs named scan_… go through
 * The time of a KQL query is from its text to its rows, as the server has it; that of SQL, too. */
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/engine_store.h"
#include "store/store.h"

enum { MAX_RUNS = 99, THREADS = 2 };

/* ---- tables ---- */
struct bench_table {
    const char *name, *mark; /* mark: what SQL says for it */
    const char *columns;     /* "Name:type Name:type …" */
    char item[200];          /* as a FROM item */
};
static const struct bench_table tables[] = {
    {"Events_CL", "$E",
     "TimeGenerated:datetime Account:string Computer:string EventID:int Activity:string "
     "CommandLine:string IPAddress:string Port:int BytesSent:long Duration:real Status:string "
     "Properties:dynamic Raw:string",
     ""},
    {"Hosts_CL", "$H", "TimeGenerated:datetime Computer:string Owner:string Site:string Tier:int",
     ""},
    {"Bad_CL", "$B", "TimeGenerated:datetime IPAddress:string Threat:string Score:int", ""},
};
struct bench {
    struct clock *clock;
    struct store *store;
    struct workspace *w;
    struct engine_conn *sql;
    struct bench_table t[COUNTOF(tables)];
    struct arena *a;
    unsigned runs;
};

static struct str read_file(struct arena *a, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0 && fstat(fd, &st) == 0);
    size_t n = (size_t)st.st_size;
    char *p = arena_alloc(a, n + 1);
    CHECK(read(fd, p, n) == (ssize_t)n);
    close(fd);
    return (struct str){p, n};
}

/* Splits at the first c; what is left is in *s. */
static struct str cut(struct str *s, char c)
{
    const char *at = memchr(s->p, c, s->n);
    size_t n = at != NULL ? (size_t)(at - s->p) : s->n;
    struct str head = str_sub(*s, 0, n);
    *s = at != NULL ? str_sub(*s, n + 1, s->n) : STR_NONE;
    return head;
}

static struct kql_schema schema_of(struct arena *a, const char *columns)
{
    struct kql_schema s = {arena_array(a, struct kql_column, 32), 0};
    struct str rest = str_from(columns);
    while (rest.n > 0) {
        struct str type = cut(&rest, ' '), name = cut(&type, ':');
        struct kql_column *c = &s.cols[s.n++];
        c->name = name;
        CHECK(s.n < 32 && kql_type_parse(type, &c->type));
    }
    return s;
}

/* A row without nulls: a stored column comes into being with its first value. */
static bool seed_row(struct bench *b, const struct bench_table *t, struct err *e)
{
    struct kql_table k;
    CHECK(workspace_table_find(b->w, b->a, str_from(t->name), &k));
    struct store_batch *batch = store_batch_new(&k);
    for (size_t i = 0; i < k.schema.n; i++) {
        struct kql_value v = {.type = k.schema.cols[i].type, .i = 1, .d = 1};
        v.s = v.type == KQL_DYNAMIC ? STR("{}") : v.type == KQL_STRING ? STR("x") : STR_NONE;
        if (v.type == KQL_DATETIME)
            v.i = clock_now(b->clock);
        if (v.type != KQL_GUID)
            store_batch_set(batch, i, &v);
    }
    store_batch_end_row(batch);
    return store_append(b->w, &batch, 1, STR_NONE, e);
}

static struct str with_tables(struct bench *b, struct str sql, uint64_t rows)
{
    AUTO(sbuf_fini) struct sbuf out = sbuf_make(0);
    for (size_t i = 0; i < sql.n; i++) {
        struct str rest = str_sub(sql, i, sql.n);
        bool done = false;
        for (size_t t = 0; t < COUNTOF(tables) && !done; t++) {
            done = str_starts(rest, str_from(b->t[t].mark));
            if (done)
                sbuf_addz(&out, b->t[t].item);
        }
        if (!done && str_starts(rest, STR("$N"))) {
            sbuf_addf(&out, "%llu", (unsigned long long)rows);
            done = true;
        }
        if (!done)
            sbuf_addc(&out, sql.p[i]);
        i += done;
    }
    return arena_str(b->a, sbuf_str(&out));
}

static bool count_of(struct bench *b, const char *item, int64_t *out, struct err *e)
{
    struct kql_column col = {STR("n"), KQL_LONG};
    struct kql_schema schema = {&col, 1};
    struct engine_rows *rows = NULL;
    struct str sql = arena_fmt(b->a, "SELECT count(*) FROM %s", item);
    if (!engine_conn_query(b->sql, sql, &schema, &rows, e))
        return false;
    *out = engine_rows_get(rows, 0, 0).i;
    engine_rows_free(rows);
    return true;
}

static bool open_table(struct bench *b, struct bench_table *t, struct err *e)
{
    struct kql_schema schema = schema_of(b->a, t->columns);
    const struct engine_source *src = workspace_source(b->w);
    AUTO(sbuf_fini) struct sbuf item = sbuf_make(0);
    if (!workspace_table_define(b->w, str_from(t->name), &schema, e) ||
        !src->from_item(src->self, STR_NONE, str_from(t->name), NULL, &item, e))
        return false;
    if (item.p[0] == '(') { /* nothing is stored yet */
        sbuf_clear(&item);
        if (!seed_row(b, t, e) ||
            !src->from_item(src->self, STR_NONE, str_from(t->name), NULL, &item, e))
            return false;
    }
    snprintf(t->item, sizeof t->item, "%s", sbuf_str(&item).p);
    return true;
}

static bool open_tables(struct bench *b, const char *fill, uint64_t rows, struct err *e)
{
    for (size_t i = 0; i < COUNTOF(tables); i++) {
        b->t[i] = tables[i];
        if (!open_table(b, &b->t[i], e))
            return false;
    }
    int64_t have;
    if (!count_of(b, b->t[0].item, &have, e))
        return false;
    return have == (int64_t)rows ||
           (engine_conn_exec(b->sql, with_tables(b, read_file(b->a, fill), rows), e) &&
            workspace_checkpoint(b->w, e));
}

static bool open_bench(struct bench *b, const char *dir, struct err *e)
{
    b->a = arena_new(0);
    b->clock = clock_new_system();
    struct store_options o = {.data_dir = dir, .clock = b->clock, .threads = THREADS};
    b->store = store_open(&o, e);
    if (b->store == NULL)
        return false;
    b->w = store_workspace_create(b->store, STR("11111111-2222-4333-8444-555555555555"),
                                  STR("bench"), e);
    b->sql = b->w != NULL ? engine_conn_open(store_engine(b->store), e) : NULL;
    return b->sql != NULL;
}

/* ---- the two sides of a pair ---- */
struct answer {
    struct arena *a;
    struct store_result kql;
    struct engine_rows *rows; /* SQL's; KQL's are in kql */
    double seconds, cpu_seconds;
};

/* Of all threads: what other programs take away from the machine is not in it. */
static double cpu_seconds(void)
{
    struct timespec t;
    CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void answer_drop(struct answer *x)
{
    store_result_fini(&x->kql);
    engine_rows_free(x->rows);
    arena_free(x->a);
    *x = (struct answer){0};
}

static bool ask_kql(struct bench *b, struct str text, struct answer *out, struct err *e)
{
    *out = (struct answer){.a = arena_new(0)};
    int64_t from = clock_mono_us();
    double cpu = cpu_seconds();
    struct store_query q = {.text = text};
    struct kql_diags diags = {0};
    bool ok = workspace_query(b->w, out->a, &q, &out->kql, &diags, e);
    out->seconds = (double)(clock_mono_us() - from) / 1e6;
    out->cpu_seconds = cpu_seconds() - cpu;
    return ok;
}

static bool ask_sql(struct bench *b, struct str text, const struct kql_schema *schema,
                    struct answer *out, struct err *e)
{
    *out = (struct answer){.a = NULL};
    int64_t from = clock_mono_us();
    double cpu = cpu_seconds();
    bool ok = engine_conn_query(b->sql, text, schema, &out->rows, e);
    out->seconds = (double)(clock_mono_us() - from) / 1e6;
    out->cpu_seconds = cpu_seconds() - cpu;
    return ok;
}

/* ---- the same answer: rows in any order, reals nearly ---- */
static int order(double a, double b)
{
    return (a > b) - (a < b);
}

static int compare_cells(const struct kql_value *a, const struct kql_value *b, bool reals)
{
    if ((a->type == KQL_REAL) != reals)
        return 0;
    if (a->is_null || b->is_null)
        return (int)a->is_null - (int)b->is_null;
    if (reals)
        return fabs(a->d - b->d) <= 1e-9 * fmax(fabs(a->d), fabs(b->d)) ? 0 : order(a->d, b->d);
    if (a->type == KQL_STRING || a->type == KQL_DYNAMIC || a->type == KQL_GUID ||
        a->type == KQL_DECIMAL)
        return str_cmp(a->s, b->s);
    int64_t x = a->type == KQL_BOOL ? a->b : a->i, y = b->type == KQL_BOOL ? b->b : b->i;
    return (x > y) - (x < y);
}

struct row {
    const struct engine_rows *rows;
    size_t at, width;
};

/* Reals last, so that rows with other cells of their own are never told apart by a last digit. */
static int compare_rows(const void *pa, const void *pb)
{
    const struct row *a = pa, *b = pb;
    for (int reals = 0; reals < 2; reals++) {
        for (size_t c = 0; c < a->width; c++) {
            struct kql_value x = engine_rows_get(a->rows, a->at, c);
            struct kql_value y = engine_rows_get(b->rows, b->at, c);
            int d = compare_cells(&x, &y, reals);
            if (d != 0)
                return d;
        }
    }
    return 0;
}

static struct row *sorted(struct arena *a, const struct engine_rows *rows, size_t n)
{
    struct row *list = arena_array(a, struct row, n + 1);
    for (size_t i = 0; i < n; i++)
        list[i] = (struct row){rows, i, engine_rows_schema(rows)->n};
    qsort(list, n, sizeof *list, compare_rows);
    return list;
}

static struct str row_text(struct arena *a, const struct row *r)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    for (size_t c = 0; c < r->width; c++) {
        struct kql_value v = engine_rows_get(r->rows, r->at, c);
        sbuf_addz(&b, c > 0 ? ", " : "");
        sql_value(&b, &v);
    }
    return arena_str(a, str_sub(sbuf_str(&b), 0, 300));
}

/* Empty: the same. */
static struct str difference(struct arena *a, const struct engine_rows *k,
                             const struct engine_rows *s)
{
    size_t n = engine_rows_count(k), m = engine_rows_count(s);
    if (n != m)
        return arena_fmt(a, "%zu rows of KQL, %zu of SQL", n, m);
    struct row *x = sorted(a, k, n), *y = sorted(a, s, m);
    for (size_t i = 0; i < n; i++) {
        if (compare_rows(&x[i], &y[i]) != 0)
            return arena_fmt(a, "KQL (%.*s), SQL (%.*s)", STR_ARG(row_text(a, &x[i])),
                             STR_ARG(row_text(a, &y[i])));
    }
    return STR_NONE;
}

/* ---- a pair ---- */
struct pair {
    struct str name, kql, sql;
};

static int compare_doubles(const void *a, const void *b)
{
    return order(*(const double *)a, *(const double *)b);
}

static double median(double *v, size_t n)
{
    qsort(v, n, sizeof *v, compare_doubles);
    return n % 2 != 0 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static bool differs(struct bench *b, const struct pair *p, struct kql_schema *schema, struct err *e)
{
    struct answer k, s = {0};
    AUTO(arena_freep) struct arena *a = arena_new((size_t)4 << 30);
    struct str why = STR_NONE;
    bool ok = ask_kql(b, p->kql, &k, e);
    if (ok) {
        const struct kql_schema *own = engine_rows_schema(k.kql.rows[0]);
        schema->n = own->n;
        schema->cols = arena_array(b->a, struct kql_column, own->n);
        for (size_t i = 0; i < own->n; i++)
            schema->cols[i] = (struct kql_column){STR("c"), own->cols[i].type};
        ok = ask_sql(b, p->sql, schema, &s, e);
    }
    if (ok)
        why = difference(a, k.kql.rows[0], s.rows);
    else
        why = str_from(e->msg);
    if (why.n > 0 || !ok)
        printf("differ\t%.*s\t%.*s\n", STR_ARG(p->name), STR_ARG(why));
    answer_drop(&k);
    answer_drop(&s);
    return why.n > 0 || !ok;
}

static void time_pair(struct bench *b, const struct pair *p)
{
    struct err e = {0};
    struct kql_schema schema;
    double kql[MAX_RUNS], sql[MAX_RUNS], kql_cpu[MAX_RUNS], sql_cpu[MAX_RUNS];
    if (differs(b, p, &schema, &e))
        return;
    for (unsigned i = 0; i < b->runs; i++) {
        struct answer k, s;
        CHECK(ask_kql(b, p->kql, &k, &e));
        kql[i] = k.seconds;
        kql_cpu[i] = k.cpu_seconds;
        answer_drop(&k);
        CHECK(ask_sql(b, p->sql, &schema, &s, &e));
        sql[i] = s.seconds;
        sql_cpu[i] = s.cpu_seconds;
        answer_drop(&s);
    }
    printf("pair\t%.*s\t%.6f\t%.6f\t%.6f\t%.6f\n", STR_ARG(p->name), median(kql, b->runs),
           median(sql, b->runs), median(kql_cpu, b->runs), median(sql_cpu, b->runs));
    fflush(stdout);
}

/* "== name", lines of KQL, "--", lines of SQL. Lines with # in front are comments. */
static struct pair next_pair(struct bench *b, struct str *text)
{
    struct pair p = {0};
    AUTO(sbuf_fini) struct sbuf half = sbuf_make(0);
    while (text->n > 0) {
        struct str all = *text, line = cut(text, '\n');
        if (str_starts(line, STR("== "))) {
            if (p.name.n > 0) {
                *text = all;
                break;
            }
            p.name = str_sub(line, 3, line.n);
        } else if (str_eqz(line, "--")) {
            p.kql = arena_str(b->a, sbuf_str(&half));
            sbuf_clear(&half);
        } else if (!str_starts(line, STR("#"))) {
            sbuf_add(&half, line);
            sbuf_addc(&half, '\n');
        }
    }
    p.sql = with_tables(b, sbuf_str(&half), 0);
    return p;
}

/* ---- what memory gives ---- */
struct span {
    const uint64_t *p;
    size_t n;
    uint64_t sum;
};

static void *sum_span(void *arg)
{
    struct span *s = arg;
    uint64_t sum[4] = {0};
    for (size_t i = 0; i + 4 <= s->n; i += 4)
        for (size_t k = 0; k < 4; k++)
            sum[k] += s->p[i + k];
    s->sum = sum[0] + sum[1] + sum[2] + sum[3];
    return NULL;
}

static double read_memory(const uint64_t *p, size_t n)
{
    struct span s[THREADS];
    pthread_t t[THREADS];
    int64_t from = clock_mono_us();
    for (size_t i = 0; i < THREADS; i++) {
        s[i] = (struct span){p + i * (n / THREADS), n / THREADS, 0};
        CHECK(pthread_create(&t[i], NULL, sum_span, &s[i]) == 0);
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(t[i], NULL);
        sum += s[i].sum;
    }
    double seconds = (double)(clock_mono_us() - from) / 1e6;
    return sum == 0 ? seconds : seconds + 1e-12; /* so that the sum is needed */
}

static bool text_bytes(struct bench *b, const char *column, int64_t *out, struct err *e)
{
    struct kql_column col = {STR("n"), KQL_LONG};
    struct kql_schema schema = {&col, 1};
    struct engine_rows *rows = NULL;
    struct str sql = arena_fmt(b->a, "SELECT sum(strlen(\"%s\"))::BIGINT FROM %s", column,
                               b->t[0].item);
    if (!engine_conn_query(b->sql, sql, &schema, &rows, e))
        return false;
    *out = engine_rows_get(rows, 0, 0).i;
    engine_rows_free(rows);
    return true;
}

static bool measure_memory(struct bench *b, struct err *e)
{
    static const char *const columns[] = {"CommandLine", "Account", "IPAddress", "Properties"};
    int64_t n = 0;
    for (size_t i = 0; i < COUNTOF(columns); i++) {
        if (!text_bytes(b, columns[i], &n, e))
            return false;
        printf("bytes\t%s\t%lld\n", columns[i], (long long)n);
    }
    size_t words = (size_t)64 << 17; /* 64 MiB: far more than the caches hold */
    uint64_t *p = xmalloc(words * sizeof *p);
    memset(p, 1, words * sizeof *p);
    double seconds[MAX_RUNS];
    for (unsigned i = 0; i < b->runs; i++)
        seconds[i] = read_memory(p, words);
    printf("read\t%.6f\t%zu\n", median(seconds, b->runs), words * sizeof *p);
    xfree(p);
    return true;
}

int main(int argc, char **argv)
{
    int64_t rows, runs;
    if ((argc != 6 && argc != 7) || !str_to_i64(str_from(argv[2]), &rows) || rows < 1 ||
        !str_to_i64(str_from(argv[3]), &runs) || runs < 1 || runs > MAX_RUNS) {
        fprintf(stderr, "usage: bench_kql DIR ROWS RUNS PAIRS TABLES [NAME]\n");
        return 2;
    }
    log_setup(LOG_ERROR, 2);
    struct err e = {0};
    struct bench b = {.runs = (unsigned)runs};
    bool ok = open_bench(&b, argv[1], &e) && open_tables(&b, argv[5], (uint64_t)rows, &e);
    struct str text = ok ? read_file(b.a, argv[4]) : STR_NONE;
    ok = ok && (argc == 7 || measure_memory(&b, &e));
    while (ok && text.n > 0) {
        struct pair p = next_pair(&b, &text);
        if (p.name.n > 0 && (argc == 6 || str_find(p.name, str_from(argv[6]), NULL)))
            time_pair(&b, &p);
    }
    if (!ok)
        fprintf(stderr, "bench_kql: %s\n", e.msg);
    engine_conn_close(b.sql);
    if (b.store != NULL)
        store_close(b.store);
    arena_free(b.a);
    clock_free(b.clock);
    return ok ? 0 : 1;
}
