/* A store in a scratch folder, and a way to read it that needs no KQL. */
#pragma once
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/engine_store.h"
#include "store/store.h"

#define WS_ID "11111111-2222-4333-8444-555555555555"
#define T0 (TICKS_UNIX_EPOCH + INT64_C(1767225600) * TICKS_PER_SECOND) /* 2026-01-01 */

struct fixture {
    char dir[64];
    struct clock *clock;
    struct store *store;
    struct workspace *w;
    struct arena *a;
    size_t max_queue_bytes;
    struct store_lake_options lake;
};

static void fixture_start(struct fixture *f)
{
    struct err e = {0};
    struct store_options o = {.data_dir = f->dir,
                              .clock = f->clock,
                              .threads = 2,
                              .memory_bytes = (size_t)512 << 20,
                              .max_queue_bytes = f->max_queue_bytes,
                              .lake = f->lake};
    f->store = store_open(&o, &e);
    if (f->store == NULL)
        fail_msg("store_open: %s", e.msg);
    f->w = store_workspace_create(f->store, STR(WS_ID), STR("main"), &e);
    if (f->w == NULL)
        fail_msg("workspace: %s", e.msg);
}

static void fixture_stop(struct fixture *f)
{
    store_close(f->store);
    f->store = NULL;
}

static int fixture_setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));
    log_setup(LOG_ERROR, 2);
    snprintf(f->dir, sizeof(f->dir), "/tmp/vedette-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->clock = clock_new_manual(T0);
    f->a = arena_new(0);
    f->lake.by_hand = true;
    fixture_start(f);
    *state = f;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    if (f->store != NULL)
        fixture_stop(f);
    (void)nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(f->a);
    clock_free(f->clock);
    xfree(f);
    return 0;
}

/* One value: an SQL expression over the table, in which {Name} stands for a column. */
UNUSED static const char *look(struct fixture *f, const char *table, const char *expr)
{
    struct err e = {0};
    const struct engine_source *src = workspace_source(f->w);
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(1 << 20);
    struct kql_table t;
    assert_true(workspace_table_find(f->w, f->a, str_from(table), &t));
    sbuf_addz(&sql, "SELECT coalesce(CAST(");
    for (const char *p = expr; *p != '\0'; p++) {
        const char *close = *p == '{' ? strchr(p, '}') : NULL;
        if (close == NULL) {
            sbuf_addc(&sql, *p);
            continue;
        }
        struct str name = {p + 1, (size_t)(close - p - 1)};
        enum kql_type type = KQL_STRING;
        for (size_t i = 0; i < t.schema.n; i++)
            if (str_eq(t.schema.cols[i].name, name))
                type = t.schema.cols[i].type;
        for (size_t i = 0; i < t.hidden.n; i++)
            if (str_eq(t.hidden.cols[i].name, name))
                type = t.hidden.cols[i].type;
        assert_true(src->column(src->self, STR_NONE, str_from(table), name, type, &sql, &e));
        p = close;
    }
    sbuf_addz(&sql, " AS VARCHAR), 'null') FROM ");
    assert_true(src->from_item(src->self, STR_NONE, str_from(table), NULL, &sql, &e));
    struct kql_column col = {STR("v"), KQL_STRING};
    struct kql_schema schema = {&col, 1};
    struct engine_rows *rows = NULL;
    struct engine_conn *c = engine_conn_open(store_engine(f->store), &e);
    assert_non_null(c);
    if (!engine_conn_query(c, sbuf_str(&sql), &schema, &rows, &e))
        fail_msg("%s: %s", sbuf_str(&sql).p, e.msg);
    const char *out =
        engine_rows_count(rows) == 0 ? "no rows" : arena_str(f->a, engine_rows_get(rows, 0, 0).s).p;
    engine_rows_free(rows);
    engine_conn_close(c);
    return out;
}
#define assert_look(f, table, expr, expected)                                                      \
    assert_string_equal(look((f), (table), (expr)), (expected))

UNUSED static size_t column_at(struct fixture *f, const char *table, const char *name)
{
    struct kql_table t;
    assert_true(workspace_table_find(f->w, f->a, str_from(table), &t));
    for (size_t i = 0; i < t.schema.n; i++)
        if (str_eqz(t.schema.cols[i].name, name))
            return i;
    for (size_t i = 0; i < t.hidden.n; i++)
        if (str_eqz(t.hidden.cols[i].name, name))
            return t.schema.n + i;
    fail_msg("no column %s", name);
    return 0;
}

/* A batch of n rows with one string column set to "<prefix><row>". */
UNUSED static struct store_batch *batch_of(struct fixture *f, const char *table, const char *column,
                                           const char *prefix, int n)
{
    struct kql_table t;
    assert_true(workspace_table_find(f->w, f->a, str_from(table), &t));
    struct store_batch *b = store_batch_new(&t);
    for (int i = 0; i < n; i++) {
        char text[64];
        snprintf(text, sizeof(text), "%s%d", prefix, i);
        struct kql_value v = {.type = KQL_STRING, .s = str_from(text)};
        store_batch_set(b, column_at(f, table, column), &v);
        store_batch_end_row(b);
    }
    return b;
}

UNUSED static bool append_one(struct fixture *f, struct store_batch *b, const char *dedup,
                              struct err *e)
{
    return store_append(f->w, &b, 1, str_from(dedup), e);
}
