/* A running server inside this process: what `vedette serve` and `vedette demo` start. */
#pragma once
#include "api/api.h"
#include "cli/settings.h"
#include "ingest/listen.h"
#include "ingest/source_list.h"

enum { SERVING_SYSLOG = SOURCE_LIST_MOST + 1 };
struct serving {
    struct clock *clock;
    struct vedette *v;
    struct http_server *server;
    struct ingest_listener *syslog[SERVING_SYSLOG];
    size_t n_syslog;
    uint16_t listener_ports[SOURCE_LIST_MOST]; /* of the list syslog_listeners */
    struct topics *topics;
    struct buckets *buckets; /* NULL: none are read */
    struct tail *files;      /* NULL: none are read */
    uint16_t syslog_ports[NET_TRANSPORTS];
    char url[300];      /* https://127.0.0.1:8443 */
    char tls_dir[4150]; /* DATA/tls */
    struct http_tls_files tls;
    char ca_file[4200];     /* empty: bring-your-own certificate */
    char server_file[4200]; /* DATA/server.json, while it runs */
};
/* Called when it listens, before DATA/server.json tells others where; false ends the start. */
typedef bool serving_ready_fn(struct serving *s, const struct settings *set, struct err *e);
/* Opens the data folder, starts listening, calls ready (which may be NULL), writes
 * DATA/server.json; rules run when the clock is the system's. */
bool serving_start(struct serving *s, const struct settings *set, serving_ready_fn *ready,
                   struct err *e) MUST_USE;
/* Drains and closes. false: a request did not end in time; the process must end without cleaning
 * up (everything acknowledged is on disk). */
bool serving_stop(struct serving *s, int64_t drain_ms);
