/* In place of the rest of this folder in a build without librdkafka. */
#include "kafka/kafka.h"
#ifndef VEDETTE_KAFKA

bool kafka_available(void)
{
    return false;
}

struct kafka_consumer *kafka_consumer_start(const struct kafka_options *o, struct err *e)
{
    (void)o;
    err_set(e, ERR_UNSUPPORTED, "this program was built without librdkafka");
    err_hint(e, "build it with librdkafka-dev installed and -DKAFKA=ON");
    return NULL;
}

void kafka_consumer_stop(struct kafka_consumer *c)
{
    (void)c;
}

void kafka_consumer_free(struct kafka_consumer *c)
{
    (void)c;
}

void kafka_consumer_stats(struct kafka_consumer *c, struct kafka_stats *out)
{
    (void)c;
    memset(out, 0, sizeof(*out));
}
#endif
