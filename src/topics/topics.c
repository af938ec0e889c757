/* All sources of a server: start, stop, figures. */
#include "base/log.h"
#include "topics/topics_priv.h"
#include <stdio.h>

struct topics {
    struct source *sources;
    size_t n;
};

static bool find_workspace(struct source *src, struct err *e)
{
    const struct topics_source *s = src->s;
    src->workspace = s->workspace.n > 0 ? store_workspace_find(src->o.store, s->workspace)
                                        : store_workspace_at(src->o.store, 0);
    return src->workspace != NULL ||
           err_set(e, ERR_NOT_FOUND, "there is no workspace '%.*s'", STR_ARG(s->workspace));
}

/* A custom table is made when the first record comes; any other has to be there. */
static bool check_stream(const struct source *src, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str table = STR("");
    return ingest_stream_table(src->workspace, a, src->s->stream, &table, e) ||
           (str_starts(src->s->stream, STR("Custom-")) && str_ends(src->s->stream, STR("_CL")) &&
            table.n > 0);
}

/* Limits of a call: a message's are checked before, a range has many. */
static void open_ingest(struct source *src)
{
    struct ingest_options o = {src->o.store, src->o.clock, *ingest_limits(src->o.ingest)};
    src->rules = (struct body_rules){.format = src->s->format,
                                     .max_message = o.limits.max_body_bytes,
                                     .max_record = o.limits.max_record_bytes,
                                     .max_depth = o.limits.max_depth};
    o.limits.max_body_bytes = SIZE_MAX;
    o.limits.max_records = SIZE_MAX;
    src->ingest = ingest_open(&o);
}

static bool fill_secrets(const struct topics_source *s, struct arena *a, struct kafka_options *k,
                         struct err *e)
{
    struct str secret = STR("");
    struct event_hub hub = {NULL, NULL};
    if (s->connection_file != NULL || s->connection_env != NULL) {
        if (!secret_read(a, s->connection_file, s->connection_env, &secret, e) ||
            !event_hub_read(a, secret, &hub, e))
            return false;
        k->user = "$ConnectionString";
        k->password = secret.p;
        k->brokers = k->brokers != NULL ? k->brokers : hub.brokers;
        if (k->n_topics == 0 && hub.topic != NULL) {
            const char **one = arena_array(a, const char *, 1);
            one[0] = hub.topic;
            k->topics = one;
            k->n_topics = 1;
        }
    } else if (s->password_file != NULL || s->password_env != NULL) {
        if (!secret_read(a, s->password_file, s->password_env, &secret, e))
            return false;
        k->password = secret.p;
    }
    return k->n_topics > 0 || err_set(e, ERR_INVALID, "no topic is named");
}

static bool start_one(struct source *src, struct err *e)
{
    const struct topics_source *s = src->s;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct kafka_options k = {
        .name = arena_strz(a, s->name),
        .brokers = s->brokers,
        .hosts = s->hosts,
        .n_hosts = s->n_hosts,
        .topics = s->topics,
        .n_topics = s->n_topics,
        .group = s->group,
        .security = s->security,
        .ca_file = s->ca,
        .cert_file = s->cert,
        .key_file = s->key,
        .sasl_mechanism = s->mechanism,
        .user = s->user,
        .from_end = s->from_end,
        .sink = {src, deliver_find, deliver_move, deliver_take},
    };
    snprintf(src->name, sizeof(src->name), "kafka:%.*s", STR_ARG(s->name));
    if (!find_workspace(src, e) || !check_stream(src, e) || !fill_secrets(s, a, &k, e))
        return false;
    open_ingest(src);
    src->consumer = kafka_consumer_start(&k, e);
    if (src->consumer == NULL)
        return false;
    LOG(LOG_INFO, "kafka", "reading topics", log_s("source", s->name), log_z("brokers", k.brokers),
        log_i("topics", (int64_t)k.n_topics), log_z("group", k.group));
    return true;
}

struct topics *topics_start(const struct topics_options *o, struct err *e)
{
    struct topics *t = xcalloc(1, sizeof(*t));
    t->sources = xcalloc(o->n_sources + 1, sizeof(struct source));
    for (size_t i = 0; i < o->n_sources; i++) {
        struct source *src = &t->sources[t->n++];
        src->s = &o->sources[i];
        src->o = *o;
        if (start_one(src, e))
            continue;
        err_prefix(e, "kafka source '%.*s'", STR_ARG(src->s->name));
        topics_stop(t);
        return NULL;
    }
    return t;
}

void topics_stop(struct topics *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->n; i++) /* all at once: each may need a moment */
        if (t->sources[i].consumer != NULL)
            kafka_consumer_stop(t->sources[i].consumer);
    for (size_t i = 0; i < t->n; i++) {
        kafka_consumer_free(t->sources[i].consumer);
        if (t->sources[i].ingest != NULL)
            ingest_close(t->sources[i].ingest);
    }
    xfree(t->sources);
    xfree(t);
}

size_t topics_count(const struct topics *t)
{
    return t->n;
}

struct str topics_name(const struct topics *t, size_t i)
{
    return t->sources[i].s->name;
}

void topics_stats(struct topics *t, size_t i, struct kafka_stats *out)
{
    kafka_consumer_stats(t->sources[i].consumer, out);
}
