/* Files that the database reads through our calls: that it does, in order, and nothing beside them.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/engine_store.h"

enum { FILES = 3, LIST = 7 };
struct served {
    char dir[64];
    struct engine_file_calls calls;
    char *bytes[FILES];
    size_t n[FILES];
    bool here, broken;
    int refs, open, reads;
};
struct handle {
    struct served *s;
    size_t at;
};

static void *list(void *self, uint64_t number)
{
    struct served *s = self;
    if (number != LIST)
        return NULL;
    s->refs++;
    return s;
}

static void list_drop(void *x)
{
    ((struct served *)x)->refs--;
}

static size_t list_count(const void *x)
{
    (void)x;
    return FILES;
}

static void list_name(const void *x, size_t at, char name[ENGINE_FILE_NAME_BYTES])
{
    (void)x;
    snprintf(name, ENGINE_FILE_NAME_BYTES, "part-%zu", at);
}

static void *open_file(void *self, uint64_t number, size_t at, int64_t *bytes, bool *here,
                       struct err *e)
{
    struct served *s = self;
    assert_int_equal(number, LIST);
    if (s->broken && at == 1) {
        err_set(e, ERR_IO, "it is gone");
        return NULL;
    }
    struct handle *h = xcalloc(1, sizeof(*h));
    *h = (struct handle){s, at};
    s->open++;
    *bytes = (int64_t)s->n[at];
    *here = s->here;
    return h;
}

static bool read_file(void *file, void *to, size_t n, int64_t at, const struct engine_wait *wait,
                      struct err *e)
{
    const struct handle *h = file;
    (void)e;
    assert_false(wait->over(wait->self, NULL));
    assert_true((size_t)at + n <= h->s->n[h->at]);
    memcpy(to, h->s->bytes[h->at] + at, n);
    h->s->reads++;
    return true;
}

static void close_file(void *file)
{
    struct handle *h = file;
    h->s->open--;
    xfree(h);
}

static void load(struct served *s, struct engine *g, size_t i)
{
    struct err e = {0};
    char path[128], sql[256];
    snprintf(path, sizeof(path), "%s/%zu", s->dir, i);
    snprintf(sql, sizeof(sql),
             "COPY (SELECT range + %zu AS a FROM range(1000)) TO '%s' (FORMAT parquet)", i * 1000,
             path);
    assert_true(engine_exec(g, str_from(sql), &e));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    s->n[i] = (size_t)lseek(fd, 0, SEEK_END);
    s->bytes[i] = xcalloc(1, s->n[i]);
    assert_int_equal(pread(fd, s->bytes[i], s->n[i], 0), s->n[i]);
    close(fd);
    unlink(path);
}

static struct engine *start(struct served *s)
{
    const struct engine_options o = {.threads = 2};
    struct err e = {0};
    struct engine *g = engine_open(&o, &e);
    assert_non_null(g);
    snprintf(s->dir, sizeof(s->dir), "/tmp/vedette-test-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    s->calls = (struct engine_file_calls){.self = s,
                                          .list = list,
                                          .list_drop = list_drop,
                                          .list_count = list_count,
                                          .list_name = list_name,
                                          .open = open_file,
                                          .read = read_file,
                                          .close = close_file};
    for (size_t i = 0; i < FILES; i++)
        load(s, g, i);
    if (!engine_files_open(g, &s->calls, &e))
        fail_msg("%s", e.msg);
    assert_true(engine_allow_directory(g, s->dir, &e));
    assert_true(engine_lock_down(g, &e));
    return g;
}

static void stop(struct served *s, struct engine *g)
{
    engine_close(g);
    assert_int_equal(s->refs, 0);
    assert_int_equal(s->open, 0);
    for (size_t i = 0; i < FILES; i++)
        xfree(s->bytes[i]);
    rmdir(s->dir);
}

static struct kql_column one[] = {{{"a", 1}, KQL_LONG}};
static const struct kql_schema one_schema = {one, 1};

static void are_read(bool here)
{
    struct served s = {.here = here};
    struct err e = {0};
    struct engine *g = start(&s);
    struct engine_rows *r = NULL;
    struct engine_conn *c = engine_conn_open(g, &e);
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(0);
    sbuf_addz(&sql, "SELECT a FROM ");
    engine_files_item(LIST, &sql);
    sbuf_addz(&sql, ", hive_partitioning=" ENGINE_FALSE_LATE ")");
    if (!engine_conn_query(c, sbuf_str(&sql), &one_schema, &r, &e))
        fail_msg("%s", e.msg);
    assert_int_equal(engine_rows_count(r), FILES * 1000);
    for (size_t i = 0; i < FILES * 1000; i++)
        assert_int_equal(engine_rows_get(r, i, 0).i, i);
    assert_true(s.reads > 0);
    engine_rows_free(r);
    s.broken = true;
    assert_false(engine_conn_query(c, sbuf_str(&sql), &one_schema, &r, &e));
    assert_int_equal(e.code, ERR_INTERNAL); /* as any other failure of a statement */
    engine_conn_close(c);
    stop(&s, g);
}

static void files_of_this_machine_are_read(void **state)
{
    (void)state;
    are_read(true);
}

static void files_from_elsewhere_are_read(void **state)
{
    (void)state;
    are_read(false);
}

/* All that SQL could say of a file that is neither listed nor below an allowed folder. */
static void nothing_else_is_opened(void **state)
{
    static const char *const refused[] = {
        "SELECT * FROM read_parquet('vedette-part:/8')",
        "SELECT * FROM read_parquet('vedette-part:/part-1')",
        "SELECT * FROM read_parquet('vedette-part:/*')",
        "SELECT * FROM read_parquet('vedette-part:/7/../../etc/passwd')",
        "SELECT * FROM read_parquet('vedette-part:/')",
        "SELECT * FROM 'vedette-part:/part-1.parquet'",
        "SELECT * FROM read_text('vedette-part:/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "COPY (SELECT 1) TO 'vedette-part:/part-1' (FORMAT parquet)",
        "COPY (SELECT 1) TO '/tmp/vedette-not-here' (FORMAT parquet)",
        "ATTACH 'vedette-part:/7' AS x",
        "SET GLOBAL allowed_directories=['/']",
        "SET GLOBAL enable_external_access=true",
    };
    (void)state;
    struct served s = {.here = true};
    struct engine *g = start(&s);
    for (size_t i = 0; i < COUNTOF(refused); i++) {
        struct err e = {0};
        if (engine_exec(g, str_from(refused[i]), &e))
            fail_msg("%s was not refused", refused[i]);
    }
    assert_int_equal(s.reads, 0);
    stop(&s, g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_this_machine_are_read),
        cmocka_unit_test(files_from_elsewhere_are_read),
        cmocka_unit_test(nothing_else_is_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
