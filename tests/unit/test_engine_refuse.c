/* How a C function ends the query that it works for: refusing, time, cancellation, memory. */
/* label: interrupts */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "engine/duckdb/cfunc.h"
#include "engine/duckdb/duck_priv.h"

#define MIB ((size_t)1 << 20)

/* ---- functions that go wrong ---- */
static void row_refuse(struct cf_call *c, size_t r)
{
    if (cf_i64(c, 0, r) == 7) {
        cf_refuse(c, ERR_INVALID, "%d is not taken", 7);
        cf_hint(c, "give another number");
        cf_refuse(c, ERR_LIMIT, "only the first refusal counts");
    }
    cf_out_i64(c, r, cf_i64(c, 0, r));
}

static void row_endless(struct cf_call *c, size_t r)
{
    while (!cf_stops(c))
        continue;
    cf_out_i64(c, r, 1);
}

static void row_text(struct cf_call *c, size_t r)
{
    struct sbuf *b = cf_buf(c);
    for (int64_t i = 0; i < cf_i64(c, 0, r); i++)
        sbuf_addc(b, 'x');
    if (sbuf_ok(b))
        cf_out_str(c, r, sbuf_str(b));
}

static void row_long(struct cf_call *c, size_t r)
{
    cf_out_i64(c, r, (int64_t)cf_str(c, 0, r).n);
}

static void row_arena(struct cf_call *c, size_t r)
{
    struct arena *a = cf_arena(c);
    size_t n = 0;
    for (; n < 1000 && !cf_stops(c); n++)
        *(char *)arena_alloc(a, MIB) = 'x';
    cf_out_i64(c, r, (int64_t)n);
}

static void row_book(struct cf_call *c, size_t r)
{
    if (cf_book(c, (size_t)cf_i64(c, 0, r))) {
        cf_unbook(c, (size_t)cf_i64(c, 0, r));
        cf_out_i64(c, r, 1);
    }
}

static const struct cf_scalar scalars[] = {
    {.name = "t_refuse", .sig = "l:l", .row = row_refuse},
    {.name = "t_endless", .sig = "l:l", .row = row_endless, .flags = CF_VOLATILE},
    {.name = "t_text", .sig = "l:s", .row = row_text, .flags = CF_VOLATILE},
    {.name = "t_long", .sig = "s:l", .row = row_long},
    {.name = "t_arena", .sig = "l:l", .row = row_arena, .flags = CF_VOLATILE},
    {.name = "t_book", .sig = "l:l", .row = row_book},
    {0},
};

struct heap {
    char *p;
    size_t n;
};

static void heap_update(void *state, struct cf_call *c, size_t r)
{
    struct heap *h = state;
    if (cf_i64(c, 0, r) == 7)
        cf_refuse(c, ERR_LIMIT, "the row with 7 is not taken");
    h->n += 1024;
    h->p = xrealloc(h->p, h->n);
}

static void heap_combine(void *target, const void *source)
{
    struct heap *to = target;
    const struct heap *from = source;
    to->n += from->n;
    to->p = xrealloc(to->p, to->n);
}

static void heap_finalize(void *state, struct cf_call *c, size_t r)
{
    const struct heap *h = state;
    if (h->n == 0)
        cf_refuse(c, ERR_LIMIT, "there are no rows");
    cf_out_i64(c, r, (int64_t)h->n);
}

static void heap_destroy(void *state)
{
    xfree(((struct heap *)state)->p);
}

static size_t heap_bytes(const void *state)
{
    return ((const struct heap *)state)->n;
}

static const struct cf_aggregate aggregates[] = {
    {.name = "t_heap",
     .sig = "l:l",
     .state_size = sizeof(struct heap),
     .update = heap_update,
     .combine = heap_combine,
     .finalize = heap_finalize,
     .destroy = heap_destroy,
     .bytes = heap_bytes},
    {0},
};
static const struct cf_family families[] = {{scalars, aggregates}, {NULL, NULL}};

/* ---- running ---- */
static int setup(void **state)
{
    const struct engine_options o = {.threads = 2};
    struct err e = {0};
    struct engine *g = engine_open(&o, &e);
    assert_non_null(g);
    duckdb_connection con = duck_connect(g, &e);
    assert_true(cf_register(con, families, &g->running, &e));
    duckdb_disconnect(&con);
    *state = g;
    return 0;
}

static int teardown(void **state)
{
    engine_close(*state);
    return 0;
}

/* The first value of the first row, a BIGINT; -1 and *e when it fails. */
static int64_t ask(struct engine *g, const struct running_limits *limits, const char *sql,
                   struct err *e)
{
    struct kql_column col = {STR("v"), KQL_LONG};
    const struct kql_schema schema = {&col, 1};
    duckdb_result r = {0};
    int64_t v = -1;
    memset(e, 0, sizeof(*e));
    duckdb_connection con = duck_connect(g, e);
    assert_non_null(con);
    struct running *running = limits ? duck_running(g, con, limits) : NULL;
    if (duck_execute(con, str_from(sql), running, &r, e)) {
        struct engine_rows *rows = duck_rows_take(&r, &schema, 0, 0, e);
        assert_non_null(rows);
        v = engine_rows_get(rows, 0, 0).i;
        engine_rows_free(rows);
    }
    duckdb_destroy_result(&r);
    duckdb_disconnect(&con);
    running_end(&g->running, running);
    assert_int_equal(g->running.n, 0);
    return v;
}

static const struct running_limits no_limits = {0};

static void fails(struct engine *g, const struct running_limits *limits, const char *sql,
                  enum err_code code, const char *message)
{
    struct err e;
    assert_int_equal(ask(g, limits, sql, &e), -1);
    assert_string_equal(e.msg, message);
    assert_int_equal(e.code, code);
}

static void gives(struct engine *g, const struct running_limits *limits, const char *sql,
                  int64_t value)
{
    struct err e;
    int64_t v = ask(g, limits, sql, &e);
    assert_string_equal(e.msg, "");
    assert_int_equal(v, value);
}

/* ---- refusing ---- */
static void a_refusal_ends_the_query_in_the_functions_words(void **state)
{
    struct err e;
    const char *sql = "SELECT sum(t_refuse(i)) FROM range(10000) t(i)";
    assert_int_equal(ask(*state, &no_limits, sql, &e), -1);
    assert_string_equal(e.msg, "7 is not taken");
    assert_string_equal(e.hint, "give another number");
    assert_int_equal(e.code, ERR_INVALID);
    gives(*state, &no_limits, "SELECT CAST(sum(t_refuse(i)) AS BIGINT) FROM range(7) t(i)", 21);
}

static void a_refusal_without_limits_keeps_its_words(void **state)
{
    fails(*state, NULL, "SELECT t_refuse(i) FROM range(10) t(i)", ERR_LIMIT, "7 is not taken");
}

static void a_constant_that_is_refused_ends_the_query(void **state)
{
    fails(*state, &no_limits, "SELECT t_refuse(7)", ERR_INVALID, "7 is not taken");
}

static void a_refusal_that_no_row_meets_does_not_count(void **state)
{
    gives(*state, &no_limits,
          "SELECT CASE WHEN i > 100 THEN t_refuse(7) ELSE i END FROM range(3, 4) t(i)", 3);
}

static void a_refusal_cannot_be_swallowed(void **state)
{
    fails(*state, &no_limits, "SELECT TRY(t_refuse(i)) FROM range(10) t(i)", ERR_INVALID,
          "7 is not taken");
}

static void an_aggregate_refuses_in_update_and_at_its_end(void **state)
{
    fails(*state, &no_limits, "SELECT t_heap(i, vd_query()) FROM range(10) t(i)", ERR_LIMIT,
          "the row with 7 is not taken");
    fails(*state, &no_limits, "SELECT t_heap(i, vd_query()) FROM range(0) t(i)", ERR_LIMIT,
          "there are no rows");
    fails(*state, NULL, "SELECT t_heap(i) FROM range(10) t(i)", ERR_LIMIT,
          "the row with 7 is not taken");
}

/* ---- time ---- */
static void time_ends_a_function_in_the_middle_of_a_row(void **state)
{
    const struct running_limits limits = {.deadline_us = 1};
    fails(*state, &limits, "SELECT t_endless(i) FROM range(10) t(i)", ERR_TIMEOUT,
          "the query ran longer than it may");
}

static void cancelling_ends_a_function_in_the_middle_of_a_row(void **state)
{
    _Atomic bool cancel = true;
    const struct running_limits limits = {.cancel = &cancel};
    fails(*state, &limits, "SELECT t_endless(i) FROM range(10) t(i)", ERR_CANCELLED,
          "the query was cancelled");
}

static void time_ends_constants_while_planning(void **state)
{
    const struct running_limits limits = {.deadline_us = 1};
    fails(*state, &limits, "SELECT length(t_text(t_refuse(1)))", ERR_TIMEOUT,
          "the query ran longer than it may");
}

static void what_outlives_its_query_is_told_to_stop(void **state)
{
    (void)state;
    struct running_list list;
    struct err e = {0};
    running_list_init(&list);
    _Atomic bool *cancel = xcalloc(1, sizeof(*cancel));
    const struct running_limits limits = {.cancel = cancel};
    struct running *r = running_begin(&list, 7, &limits), *kept = running_find(&list, 7);
    assert_ptr_equal(r, kept);
    assert_null(running_find(&list, 8));
    assert_false(running_stops(kept, &e));
    running_end(&list, r);
    xfree(cancel);
    assert_null(running_find(&list, 7));
    assert_true(running_stops(kept, &e));
    assert_string_equal(e.msg, "the query was cancelled");
    running_unref(kept);
    running_list_fini(&list);
}

/* ---- memory ---- */
static void texts_count_against_the_query(void **state)
{
    const struct running_limits limits = {.memory_bytes = 16 * MIB};
    fails(*state, &limits, "SELECT sum(length(t_text(i * 0 + 1000000))) FROM range(2000) t(i)",
          ERR_LIMIT, "the query needs more than 16 MiB of memory for what it computes");
    /* chunk after chunk is no problem */
    gives(*state, &limits,
          "SELECT CAST(sum(length(t_text(i * 0 + 4000))) AS BIGINT) FROM range(20000) t(i)",
          80000000);
}

static void a_value_has_a_limit(void **state)
{
    fails(*state, &no_limits, "SELECT length(t_text(i + 67108865)) FROM range(1) t(i)", ERR_LIMIT,
          "a value would be larger than 64 MiB");
    fails(*state, &no_limits,
          "SELECT t_long(repeat('0123456789', 6710887 + CAST(i AS INTEGER))) "
          "FROM range(1) t(i)",
          ERR_LIMIT, "a text of 67108870 bytes is more than a function takes (64 MiB)");
}

static void a_row_has_a_limit(void **state)
{
    fails(*state, &no_limits, "SELECT t_arena(i) FROM range(1) t(i)", ERR_LIMIT,
          "a function needs more than 256 MiB of memory for one row");
}

static void booked_memory_counts_and_comes_back(void **state)
{
    const struct running_limits limits = {.memory_bytes = MIB};
    gives(*state, &limits,
          "SELECT CAST(sum(t_book(i * 0 + 600000)) AS BIGINT) FROM range(100) t(i)", 100);
    fails(*state, &limits, "SELECT t_book(i + 1048577) FROM range(1) t(i)", ERR_LIMIT,
          "the query needs more than 1 MiB of memory for what it computes");
}

static void states_of_aggregates_count_against_the_query(void **state)
{
    const struct running_limits limits = {.memory_bytes = MIB};
    gives(*state, &limits, "SELECT t_heap(i + 10, vd_query()) FROM range(1000) t(i)", 1024000);
    fails(*state, &limits, "SELECT t_heap(i + 10, vd_query()) FROM range(1100) t(i)", ERR_LIMIT,
          "the query needs more than 1 MiB of memory for what it computes");
    fails(*state, &limits,
          "SELECT count(v) FROM (SELECT t_heap(i + 10, vd_query()) AS v FROM range(100000) t(i) "
          "GROUP BY i)",
          ERR_LIMIT, "the query needs more than 1 MiB of memory for what it computes");
    gives(*state, &limits, "SELECT t_heap(i + 10) FROM range(1100) t(i)", 1126400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_ends_the_query_in_the_functions_words),
        cmocka_unit_test(a_refusal_without_limits_keeps_its_words),
        cmocka_unit_test(a_constant_that_is_refused_ends_the_query),
        cmocka_unit_test(a_refusal_that_no_row_meets_does_not_count),
        cmocka_unit_test(a_refusal_cannot_be_swallowed),
        cmocka_unit_test(an_aggregate_refuses_in_update_and_at_its_end),
        cmocka_unit_test(time_ends_a_function_in_the_middle_of_a_row),
        cmocka_unit_test(cancelling_ends_a_function_in_the_middle_of_a_row),
        cmocka_unit_test(time_ends_constants_while_planning),
        cmocka_unit_test(what_outlives_its_query_is_told_to_stop),
        cmocka_unit_test(texts_count_against_the_query),
        cmocka_unit_test(a_value_has_a_limit),
        cmocka_unit_test(a_row_has_a_limit),
        cmocka_unit_test(booked_memory_counts_and_comes_back),
        cmocka_unit_test(states_of_aggregates_count_against_the_query),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
