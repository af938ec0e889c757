/* api: rows that wait to be stored, and what happens to those that are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/row_queue.h"
#include "base/log.h"
#include "base/thread.h"

struct place { /* where rows are stored */
    struct lock lock;
    struct cond changed;
    enum err_code refuses; /* ERR_OK: nothing */
    const char *word;      /* only rows with it are refused; NULL: all */
    int calls;
    struct sbuf kept; /* lists of rows */
};

static bool store(void *arg, const struct row_queue_rows *rows, struct err *e)
{
    struct place *p = arg;
    lock_take(&p->lock);
    p->calls++;
    size_t at = 0;
    bool ok =
        p->refuses == ERR_OK || (p->word != NULL && !str_find(rows->list, str_from(p->word), &at));
    if (ok)
        sbuf_addf(&p->kept, "%.*s %.*s;", STR_ARG(rows->target), STR_ARG(rows->list));
    else
        err_set(e, p->refuses, "no such rows");
    cond_broadcast(&p->changed);
    lock_drop(&p->lock);
    return ok;
}

static struct row_queue *begin(struct place *p, enum err_code refuses, const char *word)
{
    *p = (struct place){.refuses = refuses, .word = word, .kept = sbuf_make(4096)};
    lock_init(&p->lock, "place");
    cond_init(&p->changed);
    return row_queue_open("LAQueryLogs", 100, store, p);
}

static void end(struct place *p, struct row_queue *q)
{
    row_queue_free(q);
    cond_fini(&p->changed);
    lock_fini(&p->lock);
    sbuf_fini(&p->kept);
}

static void expect(struct row_queue *q, uint64_t stored, uint64_t dropped, uint64_t refused)
{
    struct row_queue_counts c = row_queue_counts(q);
    assert_int_equal(c.stored, stored);
    assert_int_equal(c.dropped, dropped);
    assert_int_equal(c.refused, refused);
}

static void rows_of_a_target_share_a_call(void **state)
{
    (void)state;
    struct place p;
    struct row_queue *q = begin(&p, ERR_OK, NULL);
    assert_true(row_queue_push(q, STR("one"), STR("{\"a\":1}")));
    assert_true(row_queue_push(q, STR("two"), STR("{\"b\":1}")));
    assert_true(row_queue_push(q, STR("one"), STR("{\"a\":2}")));
    row_queue_stop(q);
    expect(q, 3, 0, 0);
    assert_false(row_queue_push(q, STR("one"), STR("{\"a\":3}")));
    expect(q, 3, 1, 0);
    sbuf_addc(&p.kept, '\0');
    assert_string_equal(p.kept.p, "one [{\"a\":1},{\"a\":2}];two [{\"b\":1}];");
    end(&p, q);
}

static void what_does_not_fit_is_counted(void **state)
{
    (void)state;
    struct place p;
    struct row_queue *q = begin(&p, ERR_OK, NULL);
    char row[101];
    memset(row, ' ', sizeof(row));
    assert_false(row_queue_push(q, STR("one"), (struct str){row, sizeof(row)}));
    assert_true(row_queue_push(q, STR("one"), STR("{}")));
    row_queue_stop(q);
    expect(q, 1, 1, 0);
    end(&p, q);
}

static size_t count(struct str text, const char *word)
{
    size_t n = 0, at = 0;
    for (; str_find(text, str_from(word), &at); n++)
        text = str_sub(text, at + 1, text.n);
    return n;
}

static void rows_refused_for_what_they_are_are_given_up(void **state)
{
    (void)state;
    struct place p;
    struct row_queue *q = begin(&p, ERR_INVALID, "bad");
    FILE *log = tmpfile();
    assert_non_null(log);
    log_setup(LOG_WARN, fileno(log));
    assert_true(row_queue_push(q, STR("one"), STR("{\"bad\":1}")));
    assert_true(row_queue_push(q, STR("one"), STR("{\"a\":1}")));
    assert_true(row_queue_push(q, STR("one"), STR("{\"bad\":2}")));
    row_queue_stop(q);
    log_setup(LOG_WARN, STDERR_FILENO);
    char lines[4096];
    ssize_t n = pread(fileno(log), lines, sizeof(lines), 0);
    fclose(log);
    assert_true(n > 0);
    expect(q, 1, 0, 2);
    assert_int_equal(count((struct str){lines, (size_t)n}, "given up"), 1);
    assert_int_equal(count((struct str){lines, (size_t)n}, "\"reason\":\"no such rows\""), 1);
    sbuf_addc(&p.kept, '\0');
    assert_string_equal(p.kept.p, "one [{\"a\":1}];");
    end(&p, q);
}

/* A full disk: the rows wait, and come before newer ones when there is room. */
static void rows_refused_for_the_moment_are_tried_again(void **state)
{
    (void)state;
    static const enum err_code codes[] = {ERR_BUSY, ERR_IO, ERR_TIMEOUT, ERR_CANCELLED};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct place p;
        struct row_queue *q = begin(&p, codes[i], NULL);
        assert_true(row_queue_push(q, STR("one"), STR("{\"a\":1}")));
        lock_take(&p.lock);
        while (p.calls == 0)
            cond_wait(&p.changed, &p.lock);
        p.refuses = ERR_OK;
        lock_drop(&p.lock);
        assert_true(row_queue_push(q, STR("one"), STR("{\"a\":2}")));
        row_queue_stop(q);
        expect(q, 2, 0, 0);
        sbuf_addc(&p.kept, '\0');
        assert_string_equal(p.kept.p, "one [{\"a\":1},{\"a\":2}];");
        end(&p, q);
    }
}

static void a_stop_drops_what_still_cannot_be_stored(void **state)
{
    (void)state;
    struct place p;
    struct row_queue *q = begin(&p, ERR_BUSY, NULL);
    assert_true(row_queue_push(q, STR("one"), STR("{\"a\":1}")));
    row_queue_stop(q);
    expect(q, 0, 1, 0);
    end(&p, q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_a_target_share_a_call),
        cmocka_unit_test(what_does_not_fit_is_counted),
        cmocka_unit_test(rows_refused_for_what_they_are_are_given_up),
        cmocka_unit_test(rows_refused_for_the_moment_are_tried_again),
        cmocka_unit_test(a_stop_drops_what_still_cannot_be_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
