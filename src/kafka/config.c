/* From options to librdkafka's configuration, and which hosts it may contact. */
#include "kafka/kafka.h"
#ifdef VEDETTE_KAFKA
#include "base/log.h"
#include "kafka/kafka_priv.h"
#include <netdb.h>
#include <unistd.h>

static bool put(rd_kafka_conf_t *conf, const char *name, const char *value, struct err *e)
{
    char why[256] = "";
    if (value == NULL || rd_kafka_conf_set(conf, name, value, why, sizeof(why)) == RD_KAFKA_CONF_OK)
        return true;
    /* why may quote the value, and the value may be a password */
    return strcmp(name, "sasl.password") == 0
               ? err_set(e, ERR_INVALID, "kafka: the password is not taken")
               : err_set(e, ERR_INVALID, "kafka: %s", why);
}

static bool put_all(rd_kafka_conf_t *conf, const struct kafka_options *o, struct err *e)
{
    static const char *const protocols[] = {
        [KAFKA_PLAINTEXT] = "plaintext", [KAFKA_SSL] = "ssl", [KAFKA_SASL_SSL] = "sasl_ssl"};
    const struct {
        const char *name, *value;
    } rows[] = {
        {"client.id", o->name},
        {"bootstrap.servers", o->brokers},
        {"group.id", o->group},
        {"security.protocol", protocols[o->security]},
        {"enable.ssl.certificate.verification", "true"},
        {"ssl.endpoint.identification.algorithm", "https"},
        {"ssl.ca.location", o->ca_file},
        {"ssl.certificate.location", o->cert_file},
        {"ssl.key.location", o->key_file},
        {"sasl.mechanisms", o->sasl_mechanism},
        {"sasl.username", o->user},
        {"sasl.password", o->password},
        {"isolation.level", "read_committed"},
        {"partition.assignment.strategy", "range,roundrobin"},
        {"allow.auto.create.topics", "false"},
        {"auto.offset.reset", "error"}, /* kafka_position_gone decides, and says so */
        {"enable.partition.eof", "true"},
        {"enable.auto.offset.store", "false"}, /* stored once the sink has taken a range */
        {"enable.auto.commit", "true"},
        {"auto.commit.interval.ms", "5000"},
        {"session.timeout.ms", "10000"}, /* so long do others wait after a crash */
        {"queued.min.messages", "10000"},
        {"queued.max.messages.kbytes", "16384"}, /* what waits here is bounded */
        {"fetch.max.bytes", "16777216"},
        {"reconnect.backoff.max.ms", "5000"},
        {"socket.keepalive.enable", "true"},
        {"statistics.interval.ms", "2000"},
        {"topic.metadata.refresh.interval.ms", "30000"},
        {"log.connection.close", "false"}, /* brokers close idle connections */
    };
    for (size_t i = 0; i < COUNTOF(rows); i++)
        if (!put(conf, rows[i].name, rows[i].value, e))
            return false;
    return true;
}

/* librdkafka's own message names neither the file nor the reason. */
static bool files_readable(const struct kafka_options *o, struct err *e)
{
    const char *const files[] = {o->ca_file, o->cert_file, o->key_file};
    for (size_t i = 0; i < COUNTOF(files); i++)
        if (files[i] != NULL && access(files[i], R_OK) != 0)
            return err_errno(e, "can't read", files[i]);
    return true;
}

/* ---- hosts ---- */

/* "host:9092", "[::1]:9092", "host" */
static struct str host_part(struct str s)
{
    size_t colon = s.n;
    if (s.n > 0 && s.p[0] == '[') {
        const char *end = memchr(s.p, ']', s.n);
        return end != NULL ? (struct str){s.p + 1, (size_t)(end - s.p) - 1} : s;
    }
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == ':')
            colon = i;
    return str_sub(s, 0, colon);
}

static bool in_brokers(const char *brokers, struct str host)
{
    struct str rest = str_from(brokers);
    while (rest.n > 0) {
        size_t at = rest.n;
        (void)str_find(rest, STR(","), &at);
        if (str_ieq(host_part(str_trim(str_sub(rest, 0, at))), host))
            return true;
        rest = str_sub(rest, at + 1, rest.n);
    }
    return false;
}

bool kafka_host_allowed(const struct kafka_consumer *c, struct str host)
{
    if (in_brokers(c->o.brokers, host))
        return true;
    for (size_t i = 0; i < c->o.n_hosts; i++) {
        struct str want = str_from(c->o.hosts[i]);
        bool domain = str_starts(want, STR("*."));
        struct str tail = domain ? str_sub(want, 1, want.n) : want;
        if (domain ? host.n > tail.n && str_ieq(str_sub(host, host.n - tail.n, tail.n), tail)
                   : str_ieq(want, host))
            return true;
    }
    return false;
}

/* librdkafka's threads; node NULL: res is to be freed. */
static int resolve(const char *node, const char *service, const struct addrinfo *hints,
                   struct addrinfo **res, void *self)
{
    struct kafka_consumer *c = self;
    if (node == NULL) {
        freeaddrinfo(*res);
        return 0;
    }
    if (kafka_host_allowed(c, str_from(node)))
        return getaddrinfo(node, service, hints, res);
    if (atomic_fetch_add(&c->refused_hosts, 1) % 1000 == 0)
        LOG(LOG_ERROR, "kafka", "a broker names a host that is neither in brokers nor in hosts",
            log_z("source", c->o.name), log_z("host", node));
    return EAI_FAIL;
}

rd_kafka_conf_t *kafka_conf_make(struct kafka_consumer *c, struct err *e)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_opaque(conf, c);
    rd_kafka_conf_set_rebalance_cb(conf, kafka_on_rebalance);
    rd_kafka_conf_set_log_cb(conf, kafka_on_log);
    rd_kafka_conf_set_error_cb(conf, kafka_on_error);
    rd_kafka_conf_set_stats_cb(conf, kafka_on_stats);
    rd_kafka_conf_set_resolve_cb(conf, resolve);
    if (files_readable(&c->o, e) && put_all(conf, &c->o, e))
        return conf;
    rd_kafka_conf_destroy(conf);
    return NULL;
}
#endif
