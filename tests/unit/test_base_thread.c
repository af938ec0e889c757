/* label: threads */
/* base: clocks, queues, pools, log lines. Run this one under TSan too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"

struct waiter {
    struct clock *clock;
    int64_t at;
    bool reached;
};

static void *wait_on_clock(void *arg)
{
    struct waiter *w = arg;
    w->reached = clock_wait_until(w->clock, w->at);
    return NULL;
}

static void manual_clock(void **state)
{
    (void)state;
    struct clock *c = clock_new_manual(1000);
    struct waiter w = {c, 2000, false};
    pthread_t t;
    assert_int_equal(pthread_create(&t, NULL, wait_on_clock, &w), 0);
    clock_advance(c, 500);
    clock_set(c, 100); /* never back */
    assert_int_equal(clock_now(c), 1500);
    clock_advance(c, 500);
    assert_int_equal(pthread_join(t, NULL), 0);
    assert_true(w.reached);
    w = (struct waiter){c, 9000, true};
    assert_int_equal(pthread_create(&t, NULL, wait_on_clock, &w), 0);
    clock_wake(c); /* before or during the wait: it must end either way */
    assert_int_equal(pthread_join(t, NULL), 0);
    assert_false(w.reached);
    clock_free(c);
}

static void system_clock(void **state)
{
    (void)state;
    struct clock *c = clock_new_system();
    int64_t now = clock_now(c);
    assert_true(now > TICKS_UNIX_EPOCH && now < TICKS_MAX);
    assert_true(clock_wait_until(c, now + 2 * TICKS_PER_MS));
    assert_true(clock_now(c) >= now + 2 * TICKS_PER_MS);
    clock_wake(c);
    assert_false(clock_wait_until(c, TICKS_MAX));
    clock_free(c);
}

enum { ITEMS = 20000, PRODUCERS = 3 };
static const int item;

struct feed {
    struct queue *q;
    atomic_size_t popped;
};

static void *produce(void *arg)
{
    struct feed *f = arg;
    for (int i = 0; i < ITEMS;)
        if (queue_push(f->q, (void *)(uintptr_t)&item))
            i++;
    return NULL;
}

static void *consume(void *arg)
{
    struct feed *f = arg;
    while (queue_pop(f->q) != NULL)
        atomic_fetch_add(&f->popped, 1);
    return NULL;
}

static void queues(void **state)
{
    (void)state;
    struct feed f = {.q = queue_new(100, "test")};
    pthread_t in[PRODUCERS];
    pthread_t out[2];
    assert_null(queue_pop_us(f.q, 1000));
    for (size_t i = 0; i < COUNTOF(out); i++)
        assert_int_equal(pthread_create(&out[i], NULL, consume, &f), 0);
    for (size_t i = 0; i < COUNTOF(in); i++)
        assert_int_equal(pthread_create(&in[i], NULL, produce, &f), 0);
    for (size_t i = 0; i < COUNTOF(in); i++)
        assert_int_equal(pthread_join(in[i], NULL), 0);
    queue_close(f.q);
    for (size_t i = 0; i < COUNTOF(out); i++)
        assert_int_equal(pthread_join(out[i], NULL), 0);
    assert_int_equal(atomic_load(&f.popped), (size_t)ITEMS * PRODUCERS);
    assert_false(queue_push(f.q, (void *)(uintptr_t)&item));
    queue_free(f.q);
    struct queue *small = queue_new(2, "small");
    assert_true(queue_push(small, (void *)(uintptr_t)&item));
    assert_true(queue_push(small, (void *)(uintptr_t)&item));
    assert_false(queue_push(small, (void *)(uintptr_t)&item));
    assert_int_equal(queue_count(small), 2);
    assert_non_null(queue_pop(small));
    assert_non_null(queue_pop_us(small, 0));
    queue_free(small);
}

static void count(void *arg)
{
    atomic_int *n = arg;
    atomic_fetch_add(n, 1);
}

static void pools(void **state)
{
    (void)state;
    atomic_int done = 0;
    int accepted = 0;
    struct pool *p = pool_new("test", 3, 1000);
    for (int i = 0; i < 5000; i++)
        accepted += pool_run(p, count, &done);
    pool_drain(p);
    assert_int_equal(atomic_load(&done), accepted);
    assert_true(accepted >= 1000);
    pool_free(p);
}

static void log_lines(void **state)
{
    (void)state;
    int fd[2];
    char line[4096];
    enum log_level l;
    assert_int_equal(pipe(fd), 0);
    log_setup(LOG_INFO, fd[1]);
    LOG(LOG_DEBUG, "test", "not shown", log_i("n", 1));
    LOG(LOG_WARN, "test", "a \"quote\"\n", log_z("path", "x\\\x01\xff"), log_i("n", -5),
        log_d("r", 0.5), log_b("b", true));
    ssize_t n = read(fd[0], line, sizeof(line) - 1);
    log_setup(LOG_INFO, STDERR_FILENO);
    assert_true(n > 0);
    line[n] = '\0';
    const char *rest = strstr(line, "\"level\"");
    assert_non_null(rest);
    assert_string_equal(rest, "\"level\":\"warn\",\"component\":\"test\","
                              "\"message\":\"a \\\"quote\\\"\\u000a\","
                              "\"path\":\"x\\\\\\u0001\xef\xbf\xbd\",\"n\":-5,\"r\":0.5,"
                              "\"b\":true}\n");
    assert_true(log_level_parse(STR("Error"), &l) && l == LOG_ERROR);
    assert_false(log_level_parse(STR("loud"), &l));
    close(fd[0]);
    close(fd[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(manual_clock), cmocka_unit_test(system_clock), cmocka_unit_test(queues),
        cmocka_unit_test(pools),        cmocka_unit_test(log_lines),
    };
    return cmocka_run_group_tests_name("base threads", tests, NULL, NULL);
}
