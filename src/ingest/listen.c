/* From batches of messages to calls of ingest_logs, one for each way in and table. */
#include "ingest/listen.h"
#include "base/log.h"
#include "ingest/syslog.h"
#include <unistd.h>

enum { GROUPS = NET_TRANSPORTS * 2 };

struct ingest_listener {
    struct ingest_listener_options o;
    struct net_receiver *receiver;
    char collector[256];
    bool stored[GROUPS]; /* of the batch under hand, when it comes again */
    bool held[GROUPS];   /* the same: it waits and was counted so */
    bool waiting;        /* has been told */
};

static const char *source_name(enum net_transport t)
{
    static const char *const names[] = {
        [NET_UDP] = "syslog-udp", [NET_TCP] = "syslog-tcp", [NET_TLS] = "syslog-tls"};
    return names[t];
}

static size_t group_of(enum net_transport t, const struct syslog_message *s)
{
    struct str event;
    return (size_t)t * 2 + (event_find(s->content, &event) != EVENT_NONE);
}

/* Splits a batch into groups: lists[g] has room for all. What a message says is read here, once. */
static void sort_out(const struct ingest_listener *l, struct arena *a,
                     const struct net_message *messages, size_t n,
                     struct ingest_message *lists[GROUPS], size_t counts[GROUPS])
{
    struct syslog_message *parsed = arena_array(a, struct syslog_message, n + 1);
    for (size_t i = 0; i < n; i++) {
        const struct net_message *m = &messages[i];
        const struct syslog_context c = {m->received, l->o.utc_offset};
        syslog_read(a, m->text, &c, &parsed[i]);
        size_t g = group_of(m->transport, &parsed[i]);
        if (lists[g] == NULL)
            lists[g] = arena_array(a, struct ingest_message, n);
        lists[g][counts[g]++] = (struct ingest_message){.text = m->text,
                                                        .peer = m->peer,
                                                        .received = m->received,
                                                        .cut = m->cut,
                                                        .parsed = &parsed[i]};
    }
}

/* From now on the batch's records are received, and held back. */
static void hold(struct ingest_listener *l, size_t g, const struct ingest_request *q)
{
    size_t n = q->syslog.n_messages;
    struct store_count c = {.source = q->source,
                            .stream = q->stream,
                            .table = g % 2 == 1 ? STR("CommonSecurityLog") : STR("Syslog"),
                            .received = n,
                            .held = (int64_t)n};
    store_account(l->o.workspace, &c, 1);
    l->held[g] = true;
}

static bool store_group(struct ingest_listener *l, size_t g, const struct ingest_message *messages,
                        size_t n, bool final)
{
    bool event = g % 2 == 1;
    struct err e = {0};
    struct ingest_result result;
    struct ingest_request q = {
        .workspace = l->o.workspace,
        .stream = event ? STR("Microsoft-CommonSecurityLog") : STR("Microsoft-Syslog"),
        .format = event ? INGEST_CEF : INGEST_SYSLOG,
        .source = str_from(source_name((enum net_transport)(g / 2))),
        .syslog = {.messages = messages,
                   .n_messages = n,
                   .collector = str_from(l->collector),
                   .utc_offset = l->o.utc_offset,
                   .received_time = l->o.received_time},
        .held = l->held[g],
        .again = !final,
    };
    if (ingest_logs(l->o.ingest, &q, &result, &e)) {
        if (l->waiting)
            LOG(LOG_INFO, "syslog", "messages are stored again", log_i("messages", (int64_t)n));
        l->waiting = false;
        return true;
    }
    if (!final && !l->held[g])
        hold(l, g, &q);
    if (!final && l->waiting)
        return false;
    l->waiting = true;
    LOG(LOG_WARN, "syslog", final ? "messages are lost" : "messages wait: they cannot be stored",
        log_i("messages", (int64_t)n), log_z("reason", e.msg));
    return false;
}

static bool deliver(void *self, const struct net_message *messages, size_t n, bool final)
{
    struct ingest_listener *l = self;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct ingest_message *lists[GROUPS] = {NULL};
    size_t counts[GROUPS] = {0};
    bool all = true;
    sort_out(l, a, messages, n, lists, counts);
    for (size_t g = 0; g < GROUPS; g++) {
        if (counts[g] > 0 && !l->stored[g])
            l->stored[g] = store_group(l, g, lists[g], counts[g], final);
        all = all && (counts[g] == 0 || l->stored[g]);
    }
    for (size_t g = 0; all && g < GROUPS; g++)
        l->stored[g] = l->held[g] = false;
    return all;
}

static void lost(void *self, enum net_transport t, uint64_t n)
{
    struct ingest_listener *l = self;
    struct store_count c = {.source = str_from(source_name(t)),
                            .stream = STR("Microsoft-Syslog"),
                            .table = STR("Syslog"),
                            .reason = STR("socket_overflow"),
                            .received = n,
                            .rejected = n};
    store_account(l->o.workspace, &c, 1);
}

struct ingest_listener *ingest_listener_start(const struct ingest_listener_options *o,
                                              struct err *e)
{
    struct ingest_listener *l = xcalloc(1, sizeof(*l));
    l->o = *o;
    l->o.net.sink = (struct net_sink){l, deliver, lost};
    if (gethostname(l->collector, sizeof(l->collector) - 1) != 0)
        l->collector[0] = '\0';
    l->receiver = net_receiver_start(&l->o.net, e);
    if (l->receiver != NULL)
        return l;
    xfree(l);
    return NULL;
}

void ingest_listener_stop(struct ingest_listener *l, int64_t grace_us)
{
    net_receiver_stop(l->receiver, grace_us);
}

void ingest_listener_free(struct ingest_listener *l)
{
    if (l == NULL)
        return;
    net_receiver_free(l->receiver);
    xfree(l);
}

uint16_t ingest_listener_port(const struct ingest_listener *l, size_t i)
{
    return net_receiver_port(l->receiver, i);
}

struct net_stats ingest_listener_stats(const struct ingest_listener *l)
{
    return net_receiver_stats(l->receiver);
}
