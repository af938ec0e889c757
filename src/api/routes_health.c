/* /healthz, /readyz, and /metrics in Prometheus' text format (version 0.0.4). */
#include "api/api_priv.h"
#include "text/json.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void healthz(void *ctx, struct http_request *q, struct http_response *r)
{
    (void)ctx;
    (void)q;
    struct json_out w = json_out_make(&r->body);
    json_obj(&w);
    json_kv_z(&w, "status", "alive");
    json_obj_end(&w);
}

/* Ready: the control database answers and every workspace can be written to. */
static void readyz(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    bool draining = atomic_load(&v->draining);
    (void)q;
    bool ok = !draining && state_check(v->state, &e);
    struct json_out w = json_out_make(&r->body);
    r->status = ok ? 200 : 503;
    json_obj(&w);
    json_kv_z(&w, "status", ok ? "ready" : draining ? "draining" : "broken");
    if (!ok && !draining)
        json_kv_z(&w, "reason", e.msg);
    json_obj_end(&w);
}

/* ---- /metrics ---- */

static void help(struct sbuf *b, const char *name, const char *type, const char *text)
{
    sbuf_addf(b, "# HELP %s %s\n# TYPE %s %s\n", name, text, name, type);
}

static void one(struct sbuf *b, const char *name, const char *type, const char *text, double value)
{
    help(b, name, type, text);
    sbuf_addf(b, "%s %.17g\n", name, value);
}

/* Label values: backslash, quote and line feed are escaped. */
static void label(struct sbuf *b, const char *name, struct str value, bool first)
{
    sbuf_addf(b, "%s%s=\"", first ? "" : ",", name);
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];
        if (c == '\n') {
            sbuf_addz(b, "\\n");
            continue;
        }
        if (c == '\\' || c == '"')
            sbuf_addc(b, '\\');
        sbuf_addc(b, c);
    }
    sbuf_addc(b, '"');
}

static void count_labels(struct sbuf *b, struct workspace *w, const struct store_count *c)
{
    sbuf_addc(b, '{');
    label(b, "workspace", workspace_name(w), true);
    label(b, "source", c->source, false);
    label(b, "stream", c->stream, false);
    label(b, "table", c->table, false);
}

struct counted {
    const char *name, *text;
    size_t offset;
    bool by_reason;
};
static const struct counted counted[] = {
    {"vedette_ingest_requests_total", "Requests that carried logs.",
     offsetof(struct store_count, requests), true},
    {"vedette_ingest_received_total", "Records received.", offsetof(struct store_count, received),
     false},
    {"vedette_ingest_stored_total", "Records stored.", offsetof(struct store_count, stored), false},
    {"vedette_ingest_rejected_total", "Records rejected, by reason.",
     offsetof(struct store_count, rejected), true},
    {"vedette_ingest_bytes_total", "Bytes of records received.",
     offsetof(struct store_count, bytes), false},
    {"vedette_ingest_nulled_values_total", "Values that did not fit their column.",
     offsetof(struct store_count, nulled), false},
    {"vedette_ingest_truncated_values_total", "Values cut at the field limit.",
     offsetof(struct store_count, truncated), false},
    {"vedette_ingest_dropped_properties_total", "Properties without a column.",
     offsetof(struct store_count, dropped), false},
    {"vedette_ingest_times_replaced_total", "TimeGenerated replaced by the time of receipt.",
     offsetof(struct store_count, times_replaced), false},
};

static void one_count(struct sbuf *b, struct workspace *w, const struct counted *m,
                      const struct store_count *c)
{
    uint64_t value = 0;
    memcpy(&value, (const char *)c + m->offset, sizeof(value));
    sbuf_addz(b, m->name);
    count_labels(b, w, c);
    label(b, "reason", c->reason, false);
    sbuf_addf(b, "} %llu\n", (unsigned long long)value);
}

static void ingestion(struct vedette *v, struct arena *a, struct sbuf *b)
{
    for (size_t k = 0; k < COUNTOF(counted); k++) {
        help(b, counted[k].name, "counter", counted[k].text);
        struct workspace *w = NULL;
        for (size_t i = 0; (w = store_workspace_at(v->store, i)) != NULL; i++) {
            struct store_count *list = NULL;
            size_t n = store_counts(w, a, &list);
            for (size_t c = 0; c < n; c++)
                one_count(b, w, &counted[k], &list[c]);
        }
    }
}

static void detection(struct vedette *v, struct sbuf *b)
{
    struct detect_counts c = detect_counts(v->detect);
    one(b, "vedette_rule_runs_total", "counter", "Runs of analytics rules.", (double)c.runs);
    one(b, "vedette_rule_failures_total", "counter", "Runs that failed for good.",
        (double)c.failures);
    one(b, "vedette_rule_skipped_total", "counter", "Windows skipped after downtime.",
        (double)c.skipped);
    one(b, "vedette_alerts_total", "counter", "Alerts made.", (double)c.alerts);
    one(b, "vedette_incidents_total", "counter", "Incidents opened by rules.", (double)c.incidents);
    struct summary_counts s = summary_counts(v->summaries);
    one(b, "vedette_summary_bins_total", "counter", "Bins of summary rules run.", (double)s.bins);
    one(b, "vedette_summary_failures_total", "counter", "Those that failed.", (double)s.failures);
    one(b, "vedette_summary_rows_total", "counter", "Rows that summary rules stored.",
        (double)s.rows);
}

static void requests(struct vedette *v, struct sbuf *b)
{
    help(b, "vedette_http_requests_total", "counter", "Requests answered, by class of status.");
    for (int i = 1; i < STATUS_CLASSES; i++)
        sbuf_addf(b, "vedette_http_requests_total{class=\"%dxx\"} %llu\n", i,
                  (unsigned long long)atomic_load(&v->requests[i]));
    one(b, "vedette_http_request_seconds_total", "counter", "Time spent in handlers.",
        (double)atomic_load(&v->request_us) / 1e6);
    struct http_server *server = atomic_load(&v->server);
    if (server == NULL)
        return;
    struct http_stats s;
    http_server_stats(server, &s);
    one(b, "vedette_http_bytes_in_total", "counter", "Bytes of bodies received.",
        (double)s.bytes_in);
    one(b, "vedette_http_bytes_out_total", "counter", "Bytes of bodies sent.", (double)s.bytes_out);
    one(b, "vedette_queries_pending", "gauge", "Queries that run or wait for a worker.",
        (double)s.long_pending);
    one(b, "vedette_http_refused_busy_total", "counter", "Requests refused because of load.",
        (double)s.refused_busy);
    one(b, "vedette_http_inflight", "gauge", "Requests being worked on.", (double)s.inflight);
}

static void syslog_listeners(struct vedette *v, struct sbuf *b)
{
    struct ingest_listener *l = atomic_load(&v->syslog);
    if (l == NULL)
        return;
    struct net_stats s = ingest_listener_stats(l);
    one(b, "vedette_syslog_messages_total", "counter", "Messages read from sockets.",
        (double)s.messages);
    one(b, "vedette_syslog_cut_total", "counter", "Messages cut at the limit.", (double)s.cut);
    one(b, "vedette_syslog_lost_total", "counter",
        "Datagrams that the kernel dropped because its buffer was full.", (double)s.lost);
    one(b, "vedette_syslog_turned_away_total", "counter",
        "Senders refused: network, connections, TLS.", (double)s.turned_away);
    one(b, "vedette_syslog_connections", "gauge", "Open connections of senders.",
        (double)s.connections);
}

static double resident_bytes(void)
{
    char text[128] = "";
    FILE *f = fopen("/proc/self/statm", "re");
    if (f == NULL)
        return 0;
    size_t n = fread(text, 1, sizeof(text) - 1, f);
    (void)fclose(f);
    text[n] = '\0';
    char *second = strchr(text, ' ');
    return second != NULL ? (double)strtol(second, NULL, 10) * (double)sysconf(_SC_PAGESIZE) : 0;
}

static void metrics(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct sbuf *b = &r->body;
    r->content_type = "text/plain; version=0.0.4; charset=utf-8";
    one(b, "vedette_up", "gauge", "1 while the server runs.", 1);
    one(b, "vedette_uptime_seconds", "gauge", "Since the start.",
        (double)(clock_mono_us() - v->started) / 1e6);
    one(b, "process_resident_memory_bytes", "gauge", "Resident memory.", resident_bytes());
    ingestion(v, q->arena, b);
    detection(v, b);
    requests(v, b);
    syslog_listeners(v, b);
}

const struct http_route health_routes[] = {
    {HTTP_GET, "/healthz", healthz, NULL, 0, NULL},
    {HTTP_GET, "/readyz", readyz, NULL, 0, NULL},
    {HTTP_GET, "/metrics", metrics, "metrics/read", 0, NULL},
};
const size_t n_health_routes = COUNTOF(health_routes);
