/* Kafka topics (Azure Event Hubs are some) as sources of records. Positions are in the control
 * database; what was read is stored exactly once, also over restarts, crashes and rebalances. */
#pragma once
#include "ingest/ingest.h"
#include "kafka/kafka.h"
#include "state/state.h"
#include "text/json.h"

enum topics_format {
    TOPICS_JSON,    /* a message is an object, or an array of objects */
    TOPICS_NDJSON,  /* an object a line */
    TOPICS_RECORDS, /* {"records": [objects]}, as Azure's diagnostic settings export to Event Hubs
                     */
    TOPICS_AZURE,   /* the same, each record in the table of its category, as ingest_logs has it */
    TOPICS_SYSLOG,
    TOPICS_CEF
};

/* One source of the configuration. Texts live in the arena that it was read into. */
struct topics_source {
    struct str name;     /* [A-Za-z0-9._-]{1,64} */
    const char *brokers; /* NULL: of the connection string */
    const char *hosts[KAFKA_MAX_TOPICS];
    size_t n_hosts;
    const char *topics[KAFKA_MAX_TOPICS];
    size_t n_topics; /* 0: of the connection string */
    const char *group;
    struct str workspace; /* name or id; empty: the first one */
    struct str stream;    /* as ingest_logs takes it */
    bool by_category; /* TOPICS_AZURE without a stream of its own: that one is of dead letters */
    enum topics_format format;
    enum kafka_security security;
    const char *ca, *cert, *key, *mechanism, *user; /* NULL: none */
    /* Where a secret is: a file, or a variable of the environment; NULL: none. */
    const char *password_file, *password_env, *connection_file, *connection_env;
    bool security_given, from_end, bound_times;
};
/* Reads the list `kafka` of the configuration (docs/configuration.md). Errors: ERR_INVALID, with
 * the place in text: e->pos. */
bool topics_sources_read(struct arena *a, const struct json *list, struct str text,
                         struct topics_source **out, size_t *out_n, struct err *e) MUST_USE;

struct topics;
struct topics_options {
    struct ingest *ingest;               /* borrowed: its limits hold for a message */
    struct store *store;                 /* borrowed */
    struct state *state;                 /* borrowed */
    struct clock *clock;                 /* borrowed */
    const struct topics_source *sources; /* borrowed until topics_stop */
    size_t n_sources;
};
/* Starts a consumer for each source; brokers need not be there. Errors: ERR_NOT_FOUND: a workspace,
 * a table; ERR_INVALID, ERR_IO: a secret, a certificate; ERR_UNSUPPORTED: no librdkafka. */
struct topics *topics_start(const struct topics_options *o, struct err *e) MUST_USE;
/* Ends after what is being stored. NULL is fine. */
void topics_stop(struct topics *t);

size_t topics_count(const struct topics *t);
struct str topics_name(const struct topics *t, size_t i);
void topics_stats(struct topics *t, size_t i, struct kafka_stats *out);
