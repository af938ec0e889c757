/* Partitions that come and go, and where reading starts in each. */
#include "kafka/kafka.h"
#ifdef VEDETTE_KAFKA
#include "base/log.h"
#include "kafka/kafka_priv.h"
#include <time.h>

enum { ASK_MS = 5000 };

/* Between two questions that the broker or the sink did not answer. */
static void breathe(void)
{
    const struct timespec t = {0, 200000000};
    (void)nanosleep(&t, NULL);
}

struct part *part_find(struct kafka_consumer *c, const char *topic, int32_t partition)
{
    struct part *p = c->recent;
    if (p != NULL && p->partition == partition && strcmp(p->topic, topic) == 0)
        return p;
    for (size_t i = 0; i < c->n_parts; i++)
        if (c->parts[i]->partition == partition && strcmp(c->parts[i]->topic, topic) == 0)
            return c->recent = c->parts[i];
    p = xcalloc(1, sizeof(*p));
    p->topic = xstrdup(topic);
    p->partition = partition;
    p->until = -1;
    if (c->n_parts == c->cap_parts) {
        c->cap_parts = c->cap_parts * 2 + 8;
        c->parts = xrealloc(c->parts, c->cap_parts * sizeof(struct part *));
    }
    c->parts[c->n_parts++] = p;
    return p;
}

void part_drop(struct kafka_consumer *c, struct part *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        p->bytes -= p->held[i]->len;
        rd_kafka_message_destroy(p->held[i]);
    }
    if (n > 0 && n < p->n)
        memmove(p->held, p->held + n, (p->n - n) * sizeof(rd_kafka_message_t *));
    p->n -= n;
    c->held -= n;
}

void parts_free(struct kafka_consumer *c)
{
    for (size_t i = 0; i < c->n_parts; i++) {
        part_drop(c, c->parts[i], c->parts[i]->n);
        xfree(c->parts[i]->held);
        xfree(c->parts[i]->topic);
        xfree(c->parts[i]);
    }
    xfree(c->parts);
    c->parts = NULL;
    c->recent = NULL;
    c->n_parts = c->cap_parts = 0;
}

/* ---- where to start ---- */

static bool ask_group(struct kafka_consumer *c, rd_kafka_topic_partition_t *t, struct err *e)
{
    rd_kafka_topic_partition_list_t *one = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(one, t->topic, t->partition);
    rd_kafka_resp_err_t code = rd_kafka_committed(c->rk, one, ASK_MS);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        code = one->elems[0].err;
    t->offset = one->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(one);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ||
           err_set(e, ERR_IO, "the group's position: %s", rd_kafka_err2str(code));
}

/* The end is written down before anything is read, so that a restart does not pass over more. */
static bool start_at_end(struct kafka_consumer *c, rd_kafka_topic_partition_t *t, struct err *e)
{
    int64_t low = 0, high = 0;
    rd_kafka_resp_err_t code =
        rd_kafka_query_watermark_offsets(c->rk, t->topic, t->partition, &low, &high, ASK_MS);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return err_set(e, ERR_IO, "the partition's end: %s", rd_kafka_err2str(code));
    t->offset = high;
    return c->o.sink.move(c->o.sink.self, str_from(t->topic), t->partition, high, 0, e);
}

static bool find_start(struct kafka_consumer *c, rd_kafka_topic_partition_t *t, struct err *e)
{
    struct kafka_position at = {-1, -1};
    struct part *p = part_find(c, t->topic, t->partition);
    if (!c->o.sink.find(c->o.sink.self, str_from(t->topic), t->partition, &at, e))
        return false;
    part_drop(c, p, p->n);
    p->until = at.next >= 0 && at.until >= at.next ? at.until : -1;
    p->at_end = false;
    p->assigned = true;
    t->offset = at.next;
    if (at.next >= 0)
        return true;
    if (!ask_group(c, t, e))
        return false;
    if (t->offset >= 0)
        return true;
    t->offset = RD_KAFKA_OFFSET_BEGINNING;
    return !c->o.from_end || start_at_end(c, t, e);
}

static void start_all(struct kafka_consumer *c, rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++) {
        struct err e = {0};
        while (!find_start(c, &list->elems[i], &e)) {
            if (atomic_load(&c->stop))
                return;
            kafka_complain(c, "where to go on is not known yet; it is tried again", e.msg);
            breathe();
        }
    }
}

static void forget_all(struct kafka_consumer *c)
{
    for (size_t i = 0; i < c->n_parts; i++) {
        part_drop(c, c->parts[i], c->parts[i]->n);
        c->parts[i]->assigned = false;
    }
}

static void note_partitions(struct kafka_consumer *c, int n)
{
    lock_take(&c->lock);
    c->stats.partitions = (uint64_t)n;
    if (n == 0)
        c->stats.lag = 0;
    lock_drop(&c->lock);
}

void kafka_on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t why,
                        rd_kafka_topic_partition_list_t *list, void *self)
{
    struct kafka_consumer *c = self;
    forget_all(c); /* what is held and not taken belongs to whoever gets the partition */
    if (why != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS || atomic_load(&c->stop) ||
        list->cnt > KAFKA_MAX_PARTITIONS) {
        if (list->cnt > KAFKA_MAX_PARTITIONS)
            LOG(LOG_ERROR, "kafka", "too many partitions: none is read", log_z("source", c->o.name),
                log_i("partitions", list->cnt), log_i("limit", KAFKA_MAX_PARTITIONS));
        (void)rd_kafka_assign(rk, NULL);
        note_partitions(c, 0);
        return;
    }
    start_all(c, list);
    if (atomic_load(&c->stop)) {
        (void)rd_kafka_assign(rk, NULL);
        return;
    }
    rd_kafka_resp_err_t code = rd_kafka_assign(rk, list);
    note_partitions(c, list->cnt);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        LOG(LOG_INFO, "kafka", "partitions are read", log_z("source", c->o.name),
            log_i("partitions", list->cnt));
    else
        LOG(LOG_ERROR, "kafka", "partitions can't be read", log_z("source", c->o.name),
            log_z("reason", rd_kafka_err2str(code)));
}

/* ---- a position that is gone ---- */

/* librdkafka does not seek in a partition that stands still: all are assigned anew, each where the
 * sink knows. */
static void assign_again(struct kafka_consumer *c)
{
    rd_kafka_topic_partition_list_t *list = NULL;
    if (rd_kafka_assignment(c->rk, &list) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    forget_all(c);
    start_all(c, list);
    rd_kafka_resp_err_t code = rd_kafka_assign(c->rk, list);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        kafka_complain(c, "partitions can't be read", rd_kafka_err2str(code));
    rd_kafka_topic_partition_list_destroy(list);
}

static bool move_to_first(struct kafka_consumer *c, struct part *p, struct err *e)
{
    int64_t low = 0, high = 0;
    struct kafka_position at = {-1, -1};
    if (!c->o.sink.find(c->o.sink.self, str_from(p->topic), p->partition, &at, e))
        return false;
    rd_kafka_resp_err_t code =
        rd_kafka_query_watermark_offsets(c->rk, p->topic, p->partition, &low, &high, ASK_MS);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return err_set(e, ERR_IO, "the partition's bounds: %s", rd_kafka_err2str(code));
    if (at.next >= low && at.next <= high) /* told already */
        return true;
    uint64_t lost = at.next >= 0 && at.next < low ? (uint64_t)(low - at.next) : 0;
    LOG(LOG_ERROR, "kafka",
        at.next > high ? "the topic was made anew: it is read from its beginning"
                       : "the broker no longer has messages that were not read yet",
        log_z("source", c->o.name), log_z("topic", p->topic), log_i("partition", p->partition),
        log_i("wanted", at.next), log_i("first", low), log_i("behind_last", high));
    return c->o.sink.move(c->o.sink.self, str_from(p->topic), p->partition, low, lost, e);
}

void kafka_position_gone(struct kafka_consumer *c, const rd_kafka_message_t *m)
{
    struct err e = {0};
    if (m->rkt == NULL)
        return;
    struct part *p = part_find(c, rd_kafka_topic_name(m->rkt), m->partition);
    while (p->assigned && !move_to_first(c, p, &e) && !atomic_load(&c->stop)) {
        kafka_complain(c, "a partition stands still", e.msg);
        breathe();
    }
    if (p->assigned && !atomic_load(&c->stop))
        assign_again(c);
}
#endif
