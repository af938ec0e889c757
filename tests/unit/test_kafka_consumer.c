/* The consumer against librdkafka's own mock of a cluster, whose groups take three seconds to form.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "kafka/kafka.h"

#ifdef VEDETTE_KAFKA
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>

enum { PARTITIONS = 3, MESSAGES = 600, LIMIT_US = 30000000 };

struct cluster {
    rd_kafka_t *rk; /* a producer that holds the mock */
    rd_kafka_mock_cluster_t *mock;
};
struct taken { /* what the sink has */
    struct lock lock;
    struct kafka_position at[PARTITIONS];
    int64_t next[PARTITIONS]; /* that has to come */
    size_t n, ranges, refuse, largest;
    bool disorder;
};

static struct cluster cluster_start(void)
{
    char why[256] = "";
    struct cluster c;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    assert_int_equal(rd_kafka_conf_set(conf, "client.id", "mock", why, sizeof(why)), 0);
    c.rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
    assert_non_null(c.rk);
    c.mock = rd_kafka_mock_cluster_new(c.rk, 1);
    assert_non_null(c.mock);
    assert_int_equal(rd_kafka_mock_topic_create(c.mock, "t", PARTITIONS, 1), 0);
    return c;
}

static void cluster_stop(struct cluster *c)
{
    rd_kafka_mock_cluster_destroy(c->mock);
    rd_kafka_destroy(c->rk);
}

static void produce(const struct cluster *c, int n)
{
    char why[256] = "";
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    assert_int_equal(rd_kafka_conf_set(conf, "bootstrap.servers",
                                       rd_kafka_mock_cluster_bootstraps(c->mock), why, sizeof(why)),
                     0);
    rd_kafka_t *p = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
    assert_non_null(p);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(p, "t", NULL);
    for (int i = 0; i < n; i++) {
        char text[32];
        snprintf(text, sizeof(text), "message %d", i);
        assert_int_equal(rd_kafka_produce(topic, i % PARTITIONS, RD_KAFKA_MSG_F_COPY, text,
                                          strlen(text), NULL, 0, NULL),
                         0);
    }
    assert_int_equal(rd_kafka_flush(p, 20000), 0);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(p);
}

static bool find(void *self, struct str topic, int32_t partition, struct kafka_position *out,
                 struct err *e)
{
    struct taken *t = self;
    (void)e;
    lock_take(&t->lock);
    *out = t->at[partition];
    lock_drop(&t->lock);
    return str_eqz(topic, "t");
}

static bool move(void *self, struct str topic, int32_t partition, int64_t next, uint64_t lost,
                 struct err *e)
{
    struct taken *t = self;
    (void)topic;
    (void)lost;
    (void)e;
    lock_take(&t->lock);
    t->at[partition].next = t->next[partition] = next;
    lock_drop(&t->lock);
    return true;
}

static bool take(void *self, const struct kafka_range *r, struct err *e)
{
    struct taken *t = self;
    lock_take(&t->lock);
    bool refused = t->refuse > 0;
    if (refused)
        t->refuse--;
    for (size_t i = 0; !refused && i < r->n; i++)
        t->disorder |= r->messages[i].offset != t->next[r->partition]++;
    if (!refused) {
        t->at[r->partition] = (struct kafka_position){t->next[r->partition], -1};
        t->n += r->n;
        t->ranges++;
        t->largest = r->n > t->largest ? r->n : t->largest;
    }
    lock_drop(&t->lock);
    return !refused || err_set(e, ERR_BUSY, "refused for the test");
}

static struct taken taken_make(void)
{
    struct taken t = {.refuse = 0};
    for (int i = 0; i < PARTITIONS; i++)
        t.at[i] = (struct kafka_position){-1, -1};
    return t;
}

static struct kafka_consumer *start(const struct cluster *c, struct taken *t, size_t max_messages)
{
    static const char *const topics[] = {"t"};
    struct err e = {0};
    struct kafka_options o = {.name = "test",
                              .brokers = rd_kafka_mock_cluster_bootstraps(c->mock),
                              .topics = topics,
                              .n_topics = 1,
                              .group = "g",
                              .max_range_messages = max_messages,
                              .sink = {t, find, move, take}};
    struct kafka_consumer *k = kafka_consumer_start(&o, &e);
    if (k == NULL)
        fail_msg("%s", e.msg);
    return k;
}

static void wait_for(struct taken *t, size_t n)
{
    struct lock l;
    struct cond nothing;
    lock_init(&l, "wait");
    cond_init(&nothing);
    bool there = false;
    for (int64_t end = clock_mono_us() + LIMIT_US; !there && clock_mono_us() < end;) {
        lock_take(&l);
        (void)cond_wait_us(&nothing, &l, 5000);
        lock_drop(&l);
        lock_take(&t->lock);
        there = t->n >= n;
        lock_drop(&t->lock);
    }
    cond_fini(&nothing);
    lock_fini(&l);
    assert_true(there);
}

static void a_refused_range_comes_again(void **state)
{
    (void)state;
    struct cluster c = cluster_start();
    struct taken t = taken_make();
    struct kafka_stats stats;
    lock_init(&t.lock, "taken");
    t.refuse = 3;
    produce(&c, MESSAGES);
    struct kafka_consumer *k = start(&c, &t, 50);
    wait_for(&t, MESSAGES);
    kafka_consumer_stats(k, &stats);
    kafka_consumer_free(k);
    assert_int_equal(t.n, MESSAGES);
    assert_false(t.disorder);
    assert_int_equal(t.largest, 50);
    assert_int_equal(t.refuse, 0);
    assert_int_equal(stats.partitions, PARTITIONS);
    lock_fini(&t.lock);
    cluster_stop(&c);
}

static void reading_goes_on_where_the_sink_says(void **state)
{
    (void)state;
    struct cluster c = cluster_start();
    struct taken t = taken_make();
    lock_init(&t.lock, "taken");
    t.at[0] = (struct kafka_position){150, -1};
    t.at[1] = (struct kafka_position){180, 186}; /* as if it had been killed */
    t.at[2] = (struct kafka_position){200, -1};  /* the end */
    for (int i = 0; i < PARTITIONS; i++)
        t.next[i] = t.at[i].next;
    produce(&c, MESSAGES);
    struct kafka_consumer *k = start(&c, &t, 1000);
    wait_for(&t, 50 + 20);
    kafka_consumer_free(k);
    assert_int_equal(t.n, 50 + 20);
    assert_int_equal(t.ranges, 1 + 2); /* 180 to 186, then the rest */
    assert_false(t.disorder);
    lock_fini(&t.lock);
    cluster_stop(&c);
}

static void options_are_checked(void **state)
{
    (void)state;
    static const char *const topics[] = {"t"};
    struct err e = {0};
    struct taken t = taken_make();
    struct kafka_options o = {.name = "test",
                              .brokers = "localhost:1",
                              .topics = topics,
                              .n_topics = 1,
                              .group = "g",
                              .security = KAFKA_SSL,
                              .ca_file = "/nonexistent/ca.pem",
                              .sink = {&t, find, move, take}};
    assert_null(kafka_consumer_start(&o, &e));
    assert_int_equal(e.code, ERR_IO);
    assert_non_null(strstr(e.msg, "/nonexistent/ca.pem"));
}
#else
static void a_build_without_the_library_says_so(void **state)
{
    (void)state;
    struct err e = {0};
    struct kafka_options o = {.name = "test"};
    assert_false(kafka_available());
    assert_null(kafka_consumer_start(&o, &e));
    assert_int_equal(e.code, ERR_UNSUPPORTED);
    assert_string_equal(e.msg, "this program was built without librdkafka");
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifdef VEDETTE_KAFKA
        cmocka_unit_test(a_refused_range_comes_again),
        cmocka_unit_test(reading_goes_on_where_the_sink_says),
        cmocka_unit_test(options_are_checked),
#else
        cmocka_unit_test(a_build_without_the_library_says_so),
#endif
    };
    log_setup(LOG_ERROR, 2);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
