/* Listeners for syslog: UDP, TCP and TLS. Messages become rows of Syslog, those that carry CEF or
 * LEEF rows of CommonSecurityLog. */
#pragma once
#include "ingest/ingest.h"
#include "net/net.h"

struct ingest_listener;
struct ingest_listener_options {
    struct ingest *ingest;       /* borrowed */
    struct workspace *workspace; /* where rows go */
    struct net_options net;      /* sink is filled in here */
    int64_t utc_offset;          /* ticks; see ingest_syslog */
    bool received_time;
};
/* Errors: those of net_receiver_start. */
struct ingest_listener *ingest_listener_start(const struct ingest_listener_options *o,
                                              struct err *e) MUST_USE;
/* Stores what was received, as long as that can be done within grace_us. Its figures can be asked
 * until it is freed. */
void ingest_listener_stop(struct ingest_listener *l, int64_t grace_us);
void ingest_listener_free(struct ingest_listener *l); /* stopped before; NULL is fine */
uint16_t ingest_listener_port(const struct ingest_listener *l, size_t i);
struct net_stats ingest_listener_stats(const struct ingest_listener *l);
