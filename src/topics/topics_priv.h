/* What the files of this folder share. */
#pragma once
#include "topics/topics.h"

/* ---- secret.c ---- */
/* An Event Hubs connection string: Endpoint=sb://HOST/;SharedAccessKeyName=…;SharedAccessKey=…
 * [;EntityPath=HUB]. The texts live in a. Errors: ERR_INVALID; the message quotes nothing of it. */
struct event_hub {
    const char *brokers, *topic; /* HOST:9093; NULL: no EntityPath */
};
bool event_hub_read(struct arena *a, struct str text, struct event_hub *out,
                    struct err *e) MUST_USE;
/* The secret of a file (its last line end is cut off) or a variable, whichever is not NULL. */
bool secret_read(struct arena *a, const char *file, const char *variable, struct str *out,
                 struct err *e) MUST_USE;

/* ---- body.c: messages become a body for ingest_logs ---- */
struct letter { /* what can't become a record */
    struct str raw;
    int64_t offset; /* of its message */
    size_t index;   /* of the record in the message */
    const char *reason;
    struct err err;
};
struct body {
    struct arena *a;
    struct sbuf lines;               /* NDJSON */
    struct ingest_message *messages; /* of syslog and CEF */
    size_t n_messages;
    VEC(struct letter) letters;
    uint64_t tombstones;
};
struct body_rules {
    enum topics_format format;
    size_t max_message, max_record, max_depth; /* bytes, bytes, levels */
    int64_t now;                               /* ticks */
};
/* The same messages give the same body every time. Borrows the messages' texts. */
void body_make(struct body *b, const struct body_rules *rules, const struct kafka_message *messages,
               size_t n);
void body_fini(struct body *b);

/* ---- deliver.c ---- */
struct source {
    const struct topics_source *s;
    struct topics_options o;
    struct ingest *ingest; /* with the limits of a range */
    struct workspace *workspace;
    struct body_rules rules;
    char name[80]; /* kafka:NAME: in the accounting, and in front of cursors */
    struct kafka_consumer *consumer;
};
/* The functions of a kafka_sink; self is a struct source. */
bool deliver_find(void *self, struct str topic, int32_t partition, struct kafka_position *out,
                  struct err *e);
bool deliver_move(void *self, struct str topic, int32_t partition, int64_t next, uint64_t lost,
                  struct err *e);
bool deliver_take(void *self, const struct kafka_range *range, struct err *e);
