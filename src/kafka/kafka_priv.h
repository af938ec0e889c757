/* What the files of this folder share. */
#pragma once
#include "base/thread.h"
#include "kafka/kafka.h"
#include <librdkafka/rdkafka.h>
#include <stdatomic.h>

struct part { /* a partition that was assigned once */
    char *topic;
    int32_t partition;
    bool assigned;
    int64_t until; /* see kafka_position; < 0: none */
    bool at_end;   /* nothing came behind what is held */
    rd_kafka_message_t **held;
    size_t n, cap, bytes;
    int64_t first_us; /* when the oldest of held came */
};
struct kafka_consumer {
    struct arena *a; /* texts of the options */
    struct kafka_options o;
    rd_kafka_t *rk;
    pthread_t thread;
    atomic_bool stop;
    atomic_uint_fast64_t refused_hosts;
    struct part **parts; /* the thread's */
    size_t n_parts, cap_parts;
    struct part *recent; /* messages come in runs */
    size_t held;         /* messages in all parts */
    bool lost;           /* no broker could be reached */
    int64_t lost_us;     /* since when, clock_mono_us() */
    const char *said;    /* the last complaint, and when */
    int64_t said_us;
    struct lock lock; /* "kafka": stats */
    struct kafka_stats stats;
};

/* ---- config.c ---- */
/* NULL: *e says why. */
rd_kafka_conf_t *kafka_conf_make(struct kafka_consumer *c, struct err *e) MUST_USE;
/* host is one of those that may be contacted. */
bool kafka_host_allowed(const struct kafka_consumer *c, struct str host);

/* ---- assign.c ---- */
struct part *part_find(struct kafka_consumer *c, const char *topic, int32_t partition);
void part_drop(struct kafka_consumer *c, struct part *p, size_t n); /* the first n of held */
void parts_free(struct kafka_consumer *c);
void kafka_on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t why,
                        rd_kafka_topic_partition_list_t *list, void *self);
/* The broker does not have the position any more. */
void kafka_position_gone(struct kafka_consumer *c, const rd_kafka_message_t *m);

/* ---- watch.c: what librdkafka says ---- */
void kafka_on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text);
void kafka_on_error(rd_kafka_t *rk, int code, const char *reason, void *self);
int kafka_on_stats(rd_kafka_t *rk, char *json, size_t n, void *self);
/* The same thing at most once a minute. what is a literal. */
void kafka_complain(struct kafka_consumer *c, const char *what, const char *why);
