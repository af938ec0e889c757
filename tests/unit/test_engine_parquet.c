/* Parquet files as lines of JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "engine/engine_store.h"
#include "engine/parquet.h"

struct folder {
    char dir[64], file[96];
};

static void write_file(struct folder *f, const char *select)
{
    struct err e = {0};
    struct engine_options o = {.threads = 1};
    struct engine *g = engine_open(&o, &e);
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(0);
    assert_non_null(g);
    sbuf_addf(&sql, "COPY (%s) TO ", select);
    sql_text(&sql, str_from(f->file));
    sbuf_addz(&sql, " (FORMAT parquet, ROW_GROUP_SIZE 20000)");
    if (!engine_exec(g, sbuf_str(&sql), &e))
        fail_msg("%s", e.msg);
    engine_close(g);
}

static int setup(void **state)
{
    struct folder *f = xcalloc(1, sizeof(*f));
    log_setup(LOG_ERROR, 2);
    snprintf(f->dir, sizeof(f->dir), "/tmp/vedette-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->file, sizeof(f->file), "%s/it's.parquet", f->dir);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct folder *f = *state;
    (void)unlink(f->file);
    (void)rmdir(f->dir);
    xfree(f);
    return 0;
}

static void types_become_json(void **state)
{
    struct folder *f = *state;
    struct err e = {0};
    AUTO(sbuf_fini) struct sbuf out = sbuf_make(0);
    bool ended = false;
    write_file(f, "SELECT TIMESTAMP '2026-01-02 03:04:05.123456' AS t,"
                  " TIMESTAMPTZ '2026-01-02 03:04:05+02' AS z, DATE '2026-01-02' AS d,"
                  " 'a\"b' AS \"odd \"\"name\", 9007199254740993::BIGINT AS n, 'nan'::DOUBLE AS x,"
                  " 0.5::FLOAT AS y, true AS b, NULL::INTEGER AS nothing, 1.50::DECIMAL(9,2) AS m,"
                  " {'a': [1, 2]} AS s, MAP {'k': 'v'} AS p, '\\x00\\xFF'::BLOB AS bytes,"
                  " '5d1f3a0e-0000-4000-8000-000000000001'::UUID AS id");
    struct engine_parquet *p = engine_parquet_open(f->file, (size_t)256 << 20, &e);
    if (p == NULL)
        fail_msg("%s", e.msg);
    assert_true(engine_parquet_read(p, 1000000, &out, &ended, &e));
    assert_true(ended);
    assert_string_equal(
        sbuf_str(&out).p,
        "{\"t\":\"2026-01-02 03:04:05.123456\",\"z\":\"2026-01-02 01:04:05\",\"d\":\"2026-01-02\","
        "\"odd \\\"name\":\"a\\\"b\",\"n\":9007199254740993,\"x\":\"nan\",\"y\":0.5,\"b\":true,"
        "\"nothing\":null,\"m\":1.5,\"s\":{\"a\":[1,2]},\"p\":{\"k\":\"v\"},"
        "\"bytes\":\"\\\\x00\\\\xFF\",\"id\":\"5d1f3a0e-0000-4000-8000-000000000001\"}\n");
    engine_parquet_close(p);
}

static void large_files_come_in_pieces(void **state)
{
    enum { ROWS = 300000 };
    struct folder *f = *state;
    struct err e = {0};
    size_t lines = 0, pieces = 0;
    bool ended = false;
    write_file(f, "SELECT range AS n, repeat('x', 50) AS t FROM range(300000)");
    struct engine_parquet *p = engine_parquet_open(f->file, (size_t)256 << 20, &e);
    assert_non_null(p);
    while (!ended) {
        AUTO(sbuf_fini) struct sbuf out = sbuf_make(0);
        char first[64];
        snprintf(first, sizeof(first), "{\"n\":%zu,", lines); /* in the file's order */
        assert_true(engine_parquet_read(p, 1 << 20, &out, &ended, &e));
        assert_true(out.n < (size_t)2 << 20);
        assert_true(out.n == 0 || str_starts(sbuf_str(&out), str_from(first)));
        for (size_t i = 0; i < out.n; i++)
            lines += out.p[i] == '\n';
        pieces++;
    }
    assert_int_equal(lines, ROWS);
    assert_true(pieces > 10);
    engine_parquet_close(p);
}

static void what_is_no_parquet_is_refused(void **state)
{
    struct folder *f = *state;
    struct err e = {0};
    FILE *out = fopen(f->file, "we");
    assert_non_null(out);
    assert_true(fputs("PAR1 and then nothing of it", out) >= 0);
    assert_int_equal(fclose(out), 0);
    assert_null(engine_parquet_open(f->file, (size_t)256 << 20, &e));
    assert_int_equal(e.code, ERR_INVALID);
    assert_true(str_find(str_from(e.msg), STR("magic bytes"), &(size_t){0}));
    assert_null(engine_parquet_open("/nowhere/x.parquet", 0, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(types_become_json, setup, teardown),
        cmocka_unit_test_setup_teardown(large_files_come_in_pieces, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_parquet_is_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
