/* The consumer: its thread reads, gathers ranges, and hands them on. */
#include "kafka/kafka.h"
#ifdef VEDETTE_KAFKA
#include "base/clock.h"
#include "base/log.h"
#include "kafka/kafka_priv.h"

enum {
    RANGE_BYTES = 4 << 20,
    RANGE_MESSAGES = 10000,
    HELD_MESSAGES = 200000, /* of all partitions */
    IDLE_MS = 100,
    LINGER_US = 50000,
    FIRST_WAIT_MS = 100,
    LAST_WAIT_MS = 10000
};

bool kafka_available(void)
{
    return true;
}

/* ---- what comes ---- */

static void hold(struct kafka_consumer *c, rd_kafka_message_t *m)
{
    struct part *p = part_find(c, rd_kafka_topic_name(m->rkt), m->partition);
    if (!p->assigned) { /* taken away meanwhile */
        rd_kafka_message_destroy(m);
        return;
    }
    if (p->n == p->cap) {
        p->cap = p->cap * 2 + 64;
        p->held = xrealloc(p->held, p->cap * sizeof(rd_kafka_message_t *));
    }
    if (p->n == 0)
        p->first_us = clock_mono_us();
    p->held[p->n++] = m;
    p->bytes += m->len;
    p->at_end = false;
    c->held++;
    lock_take(&c->lock);
    c->stats.messages++;
    c->stats.bytes += m->len;
    lock_drop(&c->lock);
}

static void take_event(struct kafka_consumer *c, rd_kafka_message_t *m)
{
    switch ((int)m->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        part_find(c, rd_kafka_topic_name(m->rkt), m->partition)->at_end = true;
        break;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        kafka_position_gone(c, m);
        break;
    default:
        kafka_complain(c, "reading fails; it is tried again", rd_kafka_message_errstr(m));
        break;
    }
    rd_kafka_message_destroy(m);
}

/* Serves callbacks, too. false: nothing came. */
static bool poll_one(struct kafka_consumer *c, int wait_ms)
{
    rd_kafka_message_t *m = rd_kafka_consumer_poll(c->rk, wait_ms);
    if (m == NULL)
        return false;
    if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        hold(c, m);
    else
        take_event(c, m);
    return true;
}

/* ---- ranges ---- */

/* How many of the held messages make the next range. 0: more are waited for. */
static size_t range_size(const struct kafka_consumer *c, const struct part *p, int64_t now)
{
    size_t bytes = 0, n = 0;
    if (p->n == 0)
        return 0;
    if (p->until >= 0) { /* the same range as before a crash */
        while (n < p->n && p->held[n]->offset <= p->until)
            n++;
        bool whole = p->held[p->n - 1]->offset >= p->until || p->at_end;
        return whole && n > 0 ? n : whole ? p->n : 0;
    }
    while (n < p->n && n < c->o.max_range_messages &&
           (n == 0 || bytes + p->held[n]->len <= c->o.max_range_bytes))
        bytes += p->held[n++]->len;
    bool full = n < p->n || n == c->o.max_range_messages || bytes >= c->o.max_range_bytes;
    return full || now - p->first_us >= LINGER_US ? n : 0;
}

static void store_position(struct kafka_consumer *c, const struct part *p, int64_t next)
{
    rd_kafka_topic_partition_list_t *one = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(one, p->topic, p->partition)->offset = next;
    (void)rd_kafka_offsets_store(c->rk, one); /* for people who look at the group */
    rd_kafka_topic_partition_list_destroy(one);
}

static void set_waiting(struct kafka_consumer *c, bool yes)
{
    lock_take(&c->lock);
    c->stats.waiting = yes;
    c->stats.ranges += !yes;
    lock_drop(&c->lock);
}

static void pause_all(struct kafka_consumer *c, bool yes)
{
    rd_kafka_topic_partition_list_t *list = NULL;
    if (rd_kafka_assignment(c->rk, &list) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    (void)(yes ? rd_kafka_pause_partitions(c->rk, list) : rd_kafka_resume_partitions(c->rk, list));
    rd_kafka_topic_partition_list_destroy(list);
}

static bool hand_on(struct kafka_consumer *c, const struct part *p, size_t n, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct kafka_message *list = arena_array(a, struct kafka_message, n);
    for (size_t i = 0; i < n; i++) {
        const rd_kafka_message_t *m = p->held[i];
        list[i] = (struct kafka_message){
            {m->payload != NULL ? m->payload : "", m->len}, m->offset, m->payload == NULL};
    }
    struct kafka_range range = {str_from(p->topic), p->partition, list, n};
    return c->o.sink.take(c->o.sink.self, &range, e);
}

/* Stays in the group while it waits: polling goes on, with nothing fetched. */
static void wait_polling(struct kafka_consumer *c, int ms)
{
    for (int64_t end = clock_mono_us() + (int64_t)ms * 1000;
         clock_mono_us() < end && !atomic_load(&c->stop);) {
        pause_all(c, true); /* also what was assigned meanwhile */
        (void)poll_one(c, IDLE_MS);
    }
}

static void send_range(struct kafka_consumer *c, struct part *p, size_t n)
{
    int64_t first = p->held[0]->offset, next = p->held[n - 1]->offset + 1;
    struct err e = {0};
    bool paused = false;
    int wait = FIRST_WAIT_MS;
    while (!hand_on(c, p, n, &e)) {
        kafka_complain(c, "messages wait: they cannot be stored", e.msg);
        set_waiting(c, true);
        paused = true;
        wait_polling(c, wait);
        wait = wait * 2 < LAST_WAIT_MS ? wait * 2 : LAST_WAIT_MS;
        if (atomic_load(&c->stop))
            return;
        if (p->n < n || p->held[0]->offset != first) /* the partition was taken away */
            break;
    }
    if (paused)
        pause_all(c, false);
    if (p->n < n || p->held[0]->offset != first)
        return;
    set_waiting(c, false);
    part_drop(c, p, n);
    p->until = -1;
    p->first_us = clock_mono_us();
    store_position(c, p, next);
}

static void send_due(struct kafka_consumer *c)
{
    int64_t now = clock_mono_us();
    for (size_t i = 0; i < c->n_parts; i++) {
        size_t n = 0;
        while (!atomic_load(&c->stop) && (n = range_size(c, c->parts[i], now)) > 0)
            send_range(c, c->parts[i], n);
    }
}

static bool full(const struct kafka_consumer *c)
{
    size_t bytes = 0;
    for (size_t i = 0; i < c->n_parts; i++)
        bytes += c->parts[i]->bytes;
    return c->held >= HELD_MESSAGES || bytes >= 4 * c->o.max_range_bytes;
}

/* ---- the thread ---- */

static void *consumer_main(void *arg)
{
    struct kafka_consumer *c = arg;
    while (!atomic_load(&c->stop)) {
        int64_t until = clock_mono_us() + LINGER_US;
        bool came = poll_one(c, c->held > 0 ? (int)(LINGER_US / 1000) : IDLE_MS);
        while (came && clock_mono_us() < until && !full(c) && !atomic_load(&c->stop))
            came = poll_one(c, 0);
        send_due(c);
    }
    return NULL;
}

static bool subscribe(struct kafka_consumer *c, struct err *e)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)c->o.n_topics);
    for (size_t i = 0; i < c->o.n_topics; i++)
        rd_kafka_topic_partition_list_add(list, c->o.topics[i], RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t code = rd_kafka_subscribe(c->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ||
           err_set(e, ERR_INVALID, "kafka: %s", rd_kafka_err2str(code));
}

static const char *copy(struct arena *a, const char *z)
{
    return z != NULL ? arena_strz(a, str_from(z)) : NULL;
}

static void copy_options(struct kafka_consumer *c, const struct kafka_options *o)
{
    struct kafka_options *t = &c->o;
    *t = *o;
    const char **hosts = arena_array(c->a, const char *, o->n_hosts + 1);
    const char **topics = arena_array(c->a, const char *, o->n_topics + 1);
    for (size_t i = 0; i < o->n_hosts; i++)
        hosts[i] = copy(c->a, o->hosts[i]);
    for (size_t i = 0; i < o->n_topics; i++)
        topics[i] = copy(c->a, o->topics[i]);
    t->hosts = hosts;
    t->topics = topics;
    t->name = copy(c->a, o->name);
    t->brokers = copy(c->a, o->brokers);
    t->group = copy(c->a, o->group);
    t->ca_file = copy(c->a, o->ca_file);
    t->cert_file = copy(c->a, o->cert_file);
    t->key_file = copy(c->a, o->key_file);
    t->sasl_mechanism = copy(c->a, o->sasl_mechanism);
    t->user = copy(c->a, o->user);
    t->max_range_bytes = o->max_range_bytes > 0 ? o->max_range_bytes : RANGE_BYTES;
    t->max_range_messages = o->max_range_messages > 0 ? o->max_range_messages : RANGE_MESSAGES;
}

static bool open_client(struct kafka_consumer *c, struct err *e)
{
    char why[256] = "";
    rd_kafka_conf_t *conf = kafka_conf_make(c, e);
    c->o.password = NULL; /* librdkafka has its copy */
    if (conf == NULL)
        return false;
    c->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why)); /* takes conf on success */
    if (c->rk == NULL) {
        rd_kafka_conf_destroy(conf);
        return err_set(e, ERR_INVALID, "kafka source '%s': %s", c->o.name, why);
    }
    (void)rd_kafka_poll_set_consumer(c->rk);
    return subscribe(c, e);
}

static void release(struct kafka_consumer *c)
{
    parts_free(c);
    if (c->rk != NULL)
        rd_kafka_destroy_flags(c->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    lock_fini(&c->lock);
    arena_free(c->a);
    xfree(c);
}

struct kafka_consumer *kafka_consumer_start(const struct kafka_options *o, struct err *e)
{
    struct kafka_consumer *c = xcalloc(1, sizeof(*c));
    c->a = arena_new(0);
    lock_init(&c->lock, "kafka");
    copy_options(c, o);
    bool ok = open_client(c, e);
    if (ok && pthread_create(&c->thread, NULL, consumer_main, c) != 0)
        ok = err_set(e, ERR_IO, "can't start the thread of kafka source '%s'", o->name);
    if (ok)
        return c;
    release(c);
    return NULL;
}

void kafka_consumer_stop(struct kafka_consumer *c)
{
    atomic_store(&c->stop, true);
}

/* Leaves the group, so that others get the partitions at once; the broker may be away, so not for
 * long. */
static void leave(struct kafka_consumer *c)
{
    enum { LEAVE_US = 3000000 };
    rd_kafka_queue_t *q = rd_kafka_queue_new(c->rk);
    rd_kafka_error_t *error = rd_kafka_consumer_close_queue(c->rk, q);
    if (error != NULL)
        rd_kafka_error_destroy(error);
    for (int64_t end = clock_mono_us() + LEAVE_US;
         error == NULL && !rd_kafka_consumer_closed(c->rk) && clock_mono_us() < end;) {
        rd_kafka_message_t *m = rd_kafka_consume_queue(q, 50); /* serves the rebalance */
        if (m != NULL)
            rd_kafka_message_destroy(m);
    }
    rd_kafka_queue_destroy(q);
}

void kafka_consumer_free(struct kafka_consumer *c)
{
    if (c == NULL)
        return;
    kafka_consumer_stop(c);
    (void)pthread_join(c->thread, NULL);
    if (c->lost)
        LOG(LOG_INFO, "kafka", "no broker to take leave of", log_z("source", c->o.name));
    else
        leave(c);
    release(c);
}

void kafka_consumer_stats(struct kafka_consumer *c, struct kafka_stats *out)
{
    lock_take(&c->lock);
    *out = c->stats;
    lock_drop(&c->lock);
    out->refused_hosts = atomic_load(&c->refused_hosts);
}
#endif
