/* What librdkafka says: log lines, errors, statistics. */
#include "kafka/kafka.h"
#ifdef VEDETTE_KAFKA
#include "base/clock.h"
#include "base/log.h"
#include "kafka/kafka_priv.h"
#include "text/json.h"

enum { SAY_AGAIN_US = 60000000, SAY_MORE_US = 1000000 };

void kafka_complain(struct kafka_consumer *c, const char *what, const char *why)
{
    int64_t now = clock_mono_us();
    int64_t quiet = c->said == what ? SAY_AGAIN_US : SAY_MORE_US;
    if (c->said != NULL && now - c->said_us < quiet)
        return;
    c->said = what;
    c->said_us = now;
    LOG(LOG_WARN, "kafka", what, log_z("source", c->o.name), log_z("reason", why));
}

void kafka_on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    const struct kafka_consumer *c = rd_kafka_opaque(rk);
    enum log_level l = level <= 4 ? LOG_WARN : level <= 6 ? LOG_INFO : LOG_DEBUG; /* of syslog */
    LOG(l, "kafka", "librdkafka", log_z("source", c->o.name), log_z("facility", facility),
        log_z("text", text));
}

/* Served by polls: the consumer's thread. */
void kafka_on_error(rd_kafka_t *rk, int code, const char *reason, void *self)
{
    struct kafka_consumer *c = self;
    char fatal[256];
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        if (!c->lost)
            LOG(LOG_WARN, "kafka", "no broker can be reached; it is tried again",
                log_z("source", c->o.name), log_z("brokers", c->o.brokers));
        c->lost = true;
        c->lost_us = clock_mono_us();
    } else if (code == RD_KAFKA_RESP_ERR__FATAL) {
        (void)rd_kafka_fatal_error(rk, fatal, sizeof(fatal));
        LOG(LOG_ERROR, "kafka", "the consumer has failed for good; restart Vedette",
            log_z("source", c->o.name), log_z("reason", fatal));
    } else if (code != RD_KAFKA_RESP_ERR__TRANSPORT) { /* that one has a log line of its own */
        kafka_complain(c, "librdkafka tells of an error", reason);
    }
}

static uint64_t partition_lag(const struct json *topic)
{
    const struct json *parts = json_get(topic, "partitions");
    uint64_t sum = 0;
    for (size_t i = 0; parts != NULL && i < parts->n; i++) {
        const struct json *lag = json_get(&parts->items[i], "consumer_lag_stored");
        const struct json *state = json_get(&parts->items[i], "fetch_state");
        if (str_eqz(json_text(state, STR("")), "active") && lag != NULL && lag->type == JSON_INT &&
            lag->i > 0)
            sum += (uint64_t)lag->i;
    }
    return sum;
}

static bool is_up(const struct json *broker)
{
    return str_eqz(json_text(json_get(broker, "state"), STR("")), "UP");
}

/* Figures may have been taken before the loss, and the group's coordinator is told of as one more
 * broker that goes a moment later. */
static bool is_found(const struct kafka_consumer *c, const struct json *root)
{
    const struct json *at = json_get(root, "ts"), *brokers = json_get(root, "brokers");
    if (at == NULL || at->type != JSON_INT || at->i <= c->lost_us)
        return false;
    for (size_t i = 0; brokers != NULL && i < brokers->n; i++)
        if (is_up(&brokers->items[i]) &&
            !str_eqz(json_text(json_get(&brokers->items[i], "source"), STR("")), "logical"))
            return true;
    return false;
}

static void read_stats(const struct json *root, uint64_t *up, uint64_t *lag)
{
    const struct json *brokers = json_get(root, "brokers"), *topics = json_get(root, "topics");
    for (size_t i = 0; brokers != NULL && i < brokers->n; i++)
        *up += is_up(&brokers->items[i]);
    for (size_t i = 0; topics != NULL && i < topics->n; i++)
        *lag += partition_lag(&topics->items[i]);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): librdkafka's type */
int kafka_on_stats(rd_kafka_t *rk, char *text, size_t n, void *self)
{
    struct kafka_consumer *c = self;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct json root;
    uint64_t up = 0, lag = 0;
    (void)rk;
    if (!json_parse(a, (struct str){text, n}, NULL, &root, NULL))
        return 0;
    read_stats(&root, &up, &lag);
    lock_take(&c->lock);
    c->stats.brokers_up = up;
    c->stats.lag = lag;
    lock_drop(&c->lock);
    if (c->lost && is_found(c, &root)) {
        c->lost = false;
        LOG(LOG_INFO, "kafka", "a broker is found again", log_z("source", c->o.name),
            log_i("brokers", (int64_t)up));
    }
    return 0; /* librdkafka frees text */
}
#endif
