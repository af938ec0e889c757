/* Messages of Kafka topics, by librdkafka; Azure Event Hubs speak the same protocol. Knows no
 * domain word. One thread a consumer reads, gathers ranges of one partition each, and hands them to
 * the owner, who keeps the positions: a range comes again until the owner has taken it. */
#pragma once
#include "base/base.h"

enum kafka_security { KAFKA_PLAINTEXT, KAFKA_SSL, KAFKA_SASL_SSL };
enum { KAFKA_MAX_TOPICS = 64, KAFKA_MAX_PARTITIONS = 4096 };

struct kafka_message {
    struct str value;
    int64_t offset;
    bool tombstone; /* without a value */
};
/* Consecutive messages of one partition; offsets may have gaps. */
struct kafka_range {
    struct str topic;
    int32_t partition;
    const struct kafka_message *messages;
    size_t n; /* > 0 */
};
struct kafka_position {
    int64_t next;  /* offset to go on at; < 0: none is known */
    int64_t until; /* >= next: the first range has to end at this offset, as it did before; < 0 */
};
/* What becomes of the messages. Called by the consumer's thread. */
struct kafka_sink {
    void *self;
    bool (*find)(void *self, struct str topic, int32_t partition, struct kafka_position *out,
                 struct err *e);
    /* Reading goes on at next, where it would not have by itself. lost: messages between the last
     * position and next that the broker no longer has. */
    bool (*move)(void *self, struct str topic, int32_t partition, int64_t next, uint64_t lost,
                 struct err *e);
    /* true: the range and the position behind it are kept for good. false: it comes again. */
    bool (*take)(void *self, const struct kafka_range *range, struct err *e);
};
struct kafka_options { /* texts are copied */
    const char *name;  /* of the consumer, for logs and the broker's */
    const char *brokers;
    const char *const *hosts; /* that brokers may name beside those in brokers; "*.x" takes a
                                 domain's */
    size_t n_hosts;
    const char *const *topics; /* exact names */
    size_t n_topics;
    const char *group;
    enum kafka_security security;
    const char *ca_file, *cert_file, *key_file;   /* PEM; NULL: the system's CAs, none */
    const char *sasl_mechanism, *user, *password; /* NULL: none */
    bool from_end;                                /* where no position is known */
    size_t max_range_bytes;                       /* 0 = 4 MiB; a longer message comes alone */
    size_t max_range_messages;                    /* 0 = 10,000 */
    struct kafka_sink sink;
};
struct kafka_stats {
    uint64_t messages, bytes; /* read since the start */
    uint64_t ranges;          /* taken */
    uint64_t lag;             /* messages behind the ends of the assigned partitions */
    uint64_t partitions;      /* assigned */
    uint64_t brokers_up;
    uint64_t refused_hosts; /* connections to brokers that are not allowed */
    uint64_t waiting;       /* 1: a range was refused and is tried again */
};

struct kafka_consumer;
bool kafka_available(void); /* the program was built with librdkafka */
/* Starts reading; the broker need not be there. Errors: ERR_UNSUPPORTED: built without librdkafka;
 * ERR_INVALID: an option; ERR_IO: a file of certificates. */
struct kafka_consumer *kafka_consumer_start(const struct kafka_options *o, struct err *e) MUST_USE;
/* Asks the thread to end; kafka_consumer_free waits for it (some seconds at the most beside what
 * the sink takes). What was read and not taken is read again after the next start. */
void kafka_consumer_stop(struct kafka_consumer *c);
void kafka_consumer_free(struct kafka_consumer *c); /* NULL is fine */
void kafka_consumer_stats(struct kafka_consumer *c, struct kafka_stats *out);
