/* label: threads */
/* Regular expressions are shared by threads: what is compiled at the first use is compiled once. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/rx.h"

enum { THREADS = 4, ROUNDS = 200 };

struct work {
    const struct rx *plain, *loops;
    size_t found;
};

static void *search(void *arg)
{
    struct work *w = arg;
    static const struct {
        const char *text;
        bool plain, loops;
    } cases[] = {{"a1 b22", true, true}, {"é9", true, true}, {"-- é", false, true}};
    for (size_t i = 0; i < ROUNDS; i++)
        for (size_t k = 0; k < COUNTOF(cases); k++) {
            struct rx_match m;
            struct str text = str_from(cases[k].text);
            w->found += (rx_search(w->plain, text, 0, &m) == RX_FOUND) == cases[k].plain;
            w->found += (rx_test(w->loops, text) == RX_FOUND) == cases[k].loops;
            w->found += (rx_search(w->loops, text, 0, &m) == RX_FOUND) == cases[k].loops;
        }
    return NULL;
}

static void threads_share_patterns(void **state)
{
    (void)state;
    struct rx *plain = rx_new(STR("\\w(\\d+)")), *loops = rx_new(STR("(\\w*|(\\s)*)*"));
    struct work work[THREADS];
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        work[i] = (struct work){plain, loops, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, search, &work[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(work[i].found, 9 * ROUNDS);
    }
    rx_free(plain);
    rx_free(loops);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(threads_share_patterns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
