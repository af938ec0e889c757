/* Sealing and asking, for tests of the lake. */
#pragma once
#include "kql/kql.h"
#include "store_fixture.h"

UNUSED static int64_t seal(struct fixture *f, const char *table)
{
    struct err e = {0};
    int64_t rows = -1;
    if (!workspace_seal(f->w, str_from(table), &rows, &e))
        fail_msg("seal: %s", e.msg);
    return rows;
}

/* The rows of a KQL query, a line a row. */
UNUSED static const char *ask(struct fixture *f, const char *kql)
{
    struct err e = {0};
    struct kql_diags diags = {0};
    struct store_result r;
    struct store_query q = {.text = str_from(kql)};
    if (!workspace_query(f->w, f->a, &q, &r, &diags, &e))
        fail_msg("%s: %s", kql, e.msg);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    const struct engine_rows *rows = r.rows[r.n - 1];
    size_t width = engine_rows_schema(rows)->n;
    for (size_t i = 0; i < engine_rows_count(rows); i++)
        for (size_t k = 0; k < width; k++) {
            struct kql_value v = engine_rows_get(rows, i, k);
            sbuf_addz(&b, k > 0 ? "|" : i > 0 ? "\n" : "");
            if (v.is_null)
                sbuf_addz(&b, "null");
            else if (v.type == KQL_REAL)
                sbuf_addf(&b, "%.17g", v.d);
            else if (v.type == KQL_BOOL)
                sbuf_addz(&b, v.b ? "true" : "false");
            else if (v.type == KQL_LONG || v.type == KQL_INT || v.type == KQL_DATETIME ||
                     v.type == KQL_TIMESPAN)
                sbuf_addi(&b, v.i);
            else
                sbuf_add(&b, v.s);
        }
    const char *out = arena_str(f->a, sbuf_str(&b)).p;
    store_result_fini(&r);
    return out;
}
#define assert_ask(f, kql, expected) assert_string_equal(ask((f), (kql)), (expected))

UNUSED static struct store_table_info info_of(struct fixture *f, const char *table)
{
    struct err e = {0};
    struct store_table_info *list = NULL;
    size_t n = 0;
    assert_true(store_tables(f->w, f->a, &list, &n, &e));
    for (size_t i = 0; i < n; i++)
        if (str_eqz(list[i].name, table))
            return list[i];
    fail_msg("no table %s", table);
    return (struct store_table_info){0};
}

UNUSED static void add_at(struct fixture *f, int64_t time, const char *text)
{
    struct err e = {0};
    struct kql_table t;
    assert_true(workspace_table_find(f->w, f->a, STR("Syslog"), &t));
    struct store_batch *b = store_batch_new(&t);
    struct kql_value at = {.type = KQL_DATETIME, .i = time},
                     v = {.type = KQL_STRING, .s = str_from(text)};
    store_batch_set(b, column_at(f, "Syslog", "TimeGenerated"), &at);
    store_batch_set(b, column_at(f, "Syslog", "SyslogMessage"), &v);
    store_batch_end_row(b);
    assert_true(append_one(f, b, NULL, &e));
}
