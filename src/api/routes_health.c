/* /healthz, /readyz, and /metrics in Prometheus' text format (version 0.0.4). */
#include "api/query_log.h"
#include "text/json.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void healthz(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    (void)q;
    struct json_out w = json_out_make(&r->body);
    json_obj(&w);
    json_kv_z(&w, "status", "alive");
    json_kv_bool(&w, "readOnly", store_room(v->store).level != STORE_ROOM_OK);
    json_obj_end(&w);
}

/* Ready: the control database answers. A server without room on its disk is ready: it answers
 * queries. */
static void readyz(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    bool draining = atomic_load(&v->draining);
    (void)q;
    bool ok = !draining && state_check(v->state, &e);
    bool full = store_room(v->store).level != STORE_ROOM_OK;
    struct json_out w = json_out_make(&r->body);
    r->status = ok ? 200 : 503;
    json_obj(&w);
    json_kv_z(&w, "status",
              ok && full ? "read-only"
              : ok       ? "ready"
              : draining ? "draining"
                         : "broken");
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
    {"vedette_ingest_filtered_total", "Records that a transformation left out.",
     offsetof(struct store_count, filtered), false},
    {"vedette_ingest_bytes_total", "Bytes of records received.",
     offsetof(struct store_count, bytes), false},
    {"vedette_ingest_billed_bytes_total", "Bytes of rows stored, as _BilledSize counts them.",
     offsetof(struct store_count, billed), false},
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

/* What waits in memory; its flows are counted under several reasons, so it is a sum. */
static void held_back(struct vedette *v, struct arena *a, struct sbuf *b)
{
    help(b, "vedette_ingest_held_back", "gauge",
         "Records received and neither stored nor rejected yet.");
    struct workspace *w = NULL;
    for (size_t i = 0; (w = store_workspace_at(v->store, i)) != NULL; i++) {
        struct store_count *list = NULL;
        int64_t held = 0;
        size_t n = store_counts(w, a, &list);
        for (size_t c = 0; c < n; c++)
            held += list[c].held;
        sbuf_addz(b, "vedette_ingest_held_back{");
        label(b, "workspace", workspace_name(w), true);
        sbuf_addf(b, "} %lld\n", (long long)held);
    }
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

static void lake_value(struct sbuf *b, struct workspace *w, const char *name, int64_t value)
{
    sbuf_addf(b, "%s{", name);
    label(b, "workspace", workspace_name(w), true);
    sbuf_addf(b, "} %lld\n", (long long)value);
}

static void lake(struct vedette *v, struct sbuf *b)
{
    static const struct {
        const char *name, *type, *text;
        size_t offset;
    } values[] = {
        {"vedette_lake_parts", "gauge", "Sealed parts.", offsetof(struct store_lake_sums, parts)},
        {"vedette_lake_rows", "gauge", "Rows in sealed parts.",
         offsetof(struct store_lake_sums, rows)},
        {"vedette_lake_bytes", "gauge", "Bytes of sealed parts.",
         offsetof(struct store_lake_sums, bytes)},
        {"vedette_lake_local_bytes", "gauge", "Of these, on this machine.",
         offsetof(struct store_lake_sums, local_bytes)},
        {"vedette_lake_store_parts", "gauge", "Sealed parts that the S3-compatible store has.",
         offsetof(struct store_lake_sums, stored)},
        {"vedette_lake_store_bytes", "gauge", "Bytes of these.",
         offsetof(struct store_lake_sums, stored_bytes)},
        {"vedette_lake_away_parts", "gauge", "Sealed parts that are only in the store.",
         offsetof(struct store_lake_sums, away)},
        {"vedette_lake_waiting_parts", "gauge", "Sealed parts that wait for their upload.",
         offsetof(struct store_lake_sums, waiting)},
        {"vedette_lake_waiting_bytes", "gauge", "Bytes of these.",
         offsetof(struct store_lake_sums, waiting_bytes)},
        {"vedette_lake_indexed_parts", "gauge", "Sealed parts that have an index of terms.",
         offsetof(struct store_lake_sums, indexes)},
        {"vedette_lake_index_bytes", "gauge", "Bytes of the indexes of terms.",
         offsetof(struct store_lake_sums, index_bytes)},
        {"vedette_lake_hot_rows", "gauge", "Rows that are not sealed yet.",
         offsetof(struct store_lake_sums, hot_rows)},
        {"vedette_lake_quarantined_parts_total", "counter", "Damaged parts that were set aside.",
         offsetof(struct store_lake_sums, quarantined)},
    };
    for (size_t k = 0; k < COUNTOF(values); k++) {
        help(b, values[k].name, values[k].type, values[k].text);
        struct workspace *w = NULL;
        for (size_t i = 0; (w = store_workspace_at(v->store, i)) != NULL; i++) {
            struct store_lake_sums sums = store_lake_sums(w);
            int64_t value = 0;
            memcpy(&value, (const char *)&sums + values[k].offset, sizeof(value));
            lake_value(b, w, values[k].name, value);
        }
    }
}

static void lake_store(struct vedette *v, struct sbuf *b)
{
    struct store_remote r = store_remote(v->store);
    const struct {
        const char *name, *type, *text;
        double value;
    } values[] = {
        {"vedette_lake_store_failing", "gauge", "1 while the store of parts does not answer.",
         r.failing_since != 0},
        {"vedette_lake_store_failures_total", "counter", "What it was asked for in vain.",
         (double)r.failures},
        {"vedette_lake_uploads_total", "counter", "Parts uploaded.", (double)r.uploaded},
        {"vedette_lake_upload_bytes_total", "counter", "Bytes of these.", (double)r.uploaded_bytes},
        {"vedette_lake_fetches_total", "counter", "Parts fetched as a whole.", (double)r.fetched},
        {"vedette_lake_ranges_total", "counter", "Ranges of parts fetched.", (double)r.ranges},
        {"vedette_lake_fetch_bytes_total", "counter", "Bytes of these.", (double)r.fetched_bytes},
        {"vedette_lake_evictions_total", "counter", "Parts that left this machine.",
         (double)r.evicted},
        {"vedette_lake_store_deletions_total", "counter", "Parts and objects deleted there.",
         (double)r.deleted},
        {"vedette_lake_store_lost_parts", "gauge",
         "Parts that the store's last listing did not show as they should be.", (double)r.lost},
        {"vedette_lake_store_foreign_objects", "gauge",
         "Objects among ours that are older than this data folder's use of the store.",
         (double)r.foreign},
    };
    for (size_t i = 0; r.url != NULL && i < COUNTOF(values); i++)
        one(b, values[i].name, values[i].type, values[i].text, values[i].value);
}

static void caps(struct vedette *v, struct sbuf *b)
{
    static const char *const names[] = {"vedette_daily_cap_bytes", "vedette_daily_stored_bytes"};
    static const char *const texts[] = {
        "What may be stored of billable tables in a day; -1: anything.",
        "Stored of billable tables since 00:00 UTC."};
    for (int k = 0; k < 2; k++) {
        struct workspace *w = NULL;
        help(b, names[k], "gauge", texts[k]);
        for (size_t i = 0; (w = store_workspace_at(v->store, i)) != NULL; i++) {
            struct store_cap cap = workspace_cap(w);
            sbuf_addf(b, "%s{", names[k]);
            label(b, "workspace", workspace_name(w), true);
            sbuf_addf(b, "} %.17g\n", k == 0 ? (double)cap.quota : (double)cap.bytes);
        }
    }
}

/* value: of one source, as a gauge. */
static void each_source(struct vedette *v, struct arena *a, struct sbuf *b, const char *name,
                        double (*value)(const struct health_source *s))
{
    struct workspace *w = NULL;
    for (size_t i = 0; (w = store_workspace_at(v->store, i)) != NULL; i++) {
        struct health_source *list = NULL;
        size_t n = health_sources(v->health, w, a, &list);
        for (size_t k = 0; k < n; k++) {
            struct store_count c = {
                .source = list[k].source, .stream = list[k].stream, .table = list[k].table};
            sbuf_addz(b, name);
            count_labels(b, w, &c);
            sbuf_addf(b, "} %.17g\n", value(&list[k]));
        }
    }
}

static double last_seen(const struct health_source *s)
{
    return (double)(s->last - TICKS_UNIX_EPOCH) / (double)TICKS_PER_SECOND;
}

static double is_silent(const struct health_source *s)
{
    return s->silent ? 1 : 0;
}

static void sources(struct vedette *v, struct arena *a, struct sbuf *b)
{
    help(b, "vedette_source_last_seen_timestamp_seconds", "gauge",
         "When a source last brought records.");
    each_source(v, a, b, "vedette_source_last_seen_timestamp_seconds", last_seen);
    help(b, "vedette_source_silent", "gauge", "1 while a source is silent for longer than it may.");
    each_source(v, a, b, "vedette_source_silent", is_silent);
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
    struct correlate_counts k = correlate_counts(v->correlate);
    one(b, "vedette_correlated_alerts_total", "counter", "Alerts that correlation has looked at.",
        (double)k.alerts);
    one(b, "vedette_incident_merges_total", "counter", "Incidents merged into others.",
        (double)k.merges);
    one(b, "vedette_incident_merges_undone_total", "counter", "Of these, taken back.",
        (double)k.undone);
    one(b, "vedette_correlation_failures_total", "counter", "Alerts that it had to leave out.",
        (double)k.failures);
    struct summary_counts s = summary_counts(v->summaries);
    one(b, "vedette_summary_bins_total", "counter", "Bins of summary rules run.", (double)s.bins);
    one(b, "vedette_summary_failures_total", "counter", "Those that failed.", (double)s.failures);
    struct jobs_counts jobs = jobs_counts(v->jobs);
    one(b, "vedette_job_runs_total", "counter", "Jobs over the data lake run.", (double)jobs.runs);
    one(b, "vedette_job_failures_total", "counter", "Those that failed.", (double)jobs.failures);
    one(b, "vedette_job_rows_total", "counter", "Rows that jobs stored.", (double)jobs.rows);
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
    help(b, "vedette_http_throttled_total", "counter",
         "Requests refused because a caller made too many of their kind.");
    for (enum rate_kind k = 0; k < RATE_KINDS; k++) {
        sbuf_addz(b, "vedette_http_throttled_total{");
        label(b, "kind", str_from(rate_name(k)), true);
        sbuf_addf(b, "} %llu\n", (unsigned long long)rates_refused(v->rates, k));
    }
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
    struct net_stats s = {0};
    lock_take(&v->topics_lock);
    size_t n = v->n_syslog;
    for (size_t i = 0; i < n; i++) {
        struct net_stats x = ingest_listener_stats(v->syslog[i]);
        s.messages += x.messages;
        s.cut += x.cut;
        s.lost += x.lost;
        s.turned_away += x.turned_away;
        s.connections += x.connections;
    }
    lock_drop(&v->topics_lock);
    if (n == 0)
        return;
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

static void disk(struct vedette *v, struct sbuf *b)
{
    struct store_room room = store_room(v->store);
    one(b, "vedette_read_only", "gauge",
        "0: everything is taken; 1: logs are refused for want of room on the disk; 2: all writes.",
        (double)room.level);
    one(b, "vedette_read_only_changes_total", "counter", "Changes of that.", (double)room.changes);
    one(b, "vedette_disk_free_bytes", "gauge", "Free on the data folder's disk.",
        (double)room.free_bytes);
    one(b, "vedette_disk_wanted_bytes", "gauge", "What has to be free.", (double)room.wanted_bytes);
    one(b, "vedette_disk_size_bytes", "gauge", "Size of the data folder's disk.",
        (double)room.total_bytes);
}

static void query_audit(struct vedette *v, struct sbuf *b)
{
    struct row_queue_counts c = query_log_counts(v->query_log);
    one(b, "vedette_query_audit_rows_total", "counter", "Rows of LAQueryLogs that were stored.",
        (double)c.stored);
    one(b, "vedette_query_audit_dropped_total", "counter",
        "Rows of LAQueryLogs that there was no room for.", (double)c.dropped);
    one(b, "vedette_query_audit_refused_total", "counter",
        "Rows of LAQueryLogs that were refused for what they are, and given up.",
        (double)c.refused);
}

static void workspaces(struct vedette *v, struct sbuf *b)
{
    help(b, "vedette_workspace_disk_bytes", "gauge", "What a workspace's files take on the disk.");
    struct workspace *w = NULL;
    for (size_t i = 0; (w = store_workspace_at(v->store, i)) != NULL; i++) {
        sbuf_addz(b, "vedette_workspace_disk_bytes{");
        label(b, "workspace", workspace_name(w), true);
        sbuf_addf(b, "} %llu\n", (unsigned long long)workspace_disk_bytes(w));
    }
}

struct topic_metric {
    const char *name, *type, *text;
    size_t offset;
};
static const struct topic_metric topic_metrics[] = {
    {"vedette_kafka_messages_total", "counter", "Messages read from topics.",
     offsetof(struct kafka_stats, messages)},
    {"vedette_kafka_bytes_total", "counter", "Bytes of them.", offsetof(struct kafka_stats, bytes)},
    {"vedette_kafka_lag", "gauge", "Messages behind the ends of the partitions that are read.",
     offsetof(struct kafka_stats, lag)},
    {"vedette_kafka_partitions", "gauge", "Partitions that are read.",
     offsetof(struct kafka_stats, partitions)},
    {"vedette_kafka_brokers_up", "gauge", "Brokers with a connection.",
     offsetof(struct kafka_stats, brokers_up)},
    {"vedette_kafka_refused_hosts_total", "counter",
     "Connections to brokers that the configuration does not allow.",
     offsetof(struct kafka_stats, refused_hosts)},
    {"vedette_kafka_waiting", "gauge", "1 while messages wait because they cannot be stored.",
     offsetof(struct kafka_stats, waiting)},
};

static void one_topic_metric(struct topics *t, const struct topic_metric *m, struct sbuf *b)
{
    help(b, m->name, m->type, m->text);
    for (size_t i = 0; i < topics_count(t); i++) {
        struct kafka_stats s;
        uint64_t value = 0;
        topics_stats(t, i, &s);
        memcpy(&value, (const char *)&s + m->offset, sizeof(value));
        sbuf_addf(b, "%s{", m->name);
        label(b, "source", topics_name(t, i), true);
        sbuf_addf(b, "} %llu\n", (unsigned long long)value);
    }
}

static void topics_read(struct vedette *v, struct sbuf *b)
{
    lock_take(&v->topics_lock);
    for (size_t k = 0; v->topics != NULL && k < COUNTOF(topic_metrics); k++)
        one_topic_metric(v->topics, &topic_metrics[k], b);
    lock_drop(&v->topics_lock);
}

static void buckets_read(struct vedette *v, struct sbuf *b)
{
    static const struct topic_metric metrics[] = {
        {"vedette_s3_objects_total", "counter", "Objects of buckets that are done.",
         offsetof(struct buckets_stats, objects)},
        {"vedette_s3_bytes_total", "counter", "Bytes of them, as they are in the bucket.",
         offsetof(struct buckets_stats, bytes)},
        {"vedette_s3_records_total", "counter", "Records of them.",
         offsetof(struct buckets_stats, rows)},
        {"vedette_s3_refused_total", "counter", "Objects that can't be read.",
         offsetof(struct buckets_stats, refused)},
        {"vedette_s3_polls_total", "counter", "Looks into buckets.",
         offsetof(struct buckets_stats, polls)},
        {"vedette_s3_capped_polls_total", "counter", "Of these, ended at a limit.",
         offsetof(struct buckets_stats, capped)},
        {"vedette_s3_failed_polls_total", "counter", "Of these, ended with an error.",
         offsetof(struct buckets_stats, failed)},
        {"vedette_s3_known_objects", "gauge", "Objects that are remembered as done.",
         offsetof(struct buckets_stats, known)},
        {"vedette_s3_waiting", "gauge", "1 while the last look into a bucket failed.",
         offsetof(struct buckets_stats, waiting)},
    };
    lock_take(&v->topics_lock);
    for (size_t m = 0; v->buckets != NULL && m < COUNTOF(metrics); m++) {
        help(b, metrics[m].name, metrics[m].type, metrics[m].text);
        for (size_t i = 0; i < buckets_count(v->buckets); i++) {
            struct buckets_stats s;
            uint64_t value = 0;
            buckets_stats(v->buckets, i, &s);
            memcpy(&value, (const char *)&s + metrics[m].offset, sizeof(value));
            sbuf_addf(b, "%s{", metrics[m].name);
            label(b, "source", buckets_name(v->buckets, i), true);
            sbuf_addf(b, "} %llu\n", (unsigned long long)value);
        }
    }
    lock_drop(&v->topics_lock);
}

static void file_sources(struct vedette *v, struct sbuf *b)
{
    struct tail *t = atomic_load(&v->files);
    static const struct {
        const char *name, *type, *help;
        size_t offset;
    } metrics[] = {
        {"vedette_source_files", "gauge", "Files that are read.",
         offsetof(struct tail_stats, files)},
        {"vedette_source_unreadable", "gauge", "Files of these that can't be read.",
         offsetof(struct tail_stats, unreadable)},
        {"vedette_source_bytes_total", "counter", "Bytes of files that are done.",
         offsetof(struct tail_stats, bytes)},
        {"vedette_source_behind_bytes", "gauge", "Bytes of plain files that are not.",
         offsetof(struct tail_stats, behind)},
        {"vedette_source_waiting", "gauge", "1 while the store refuses.",
         offsetof(struct tail_stats, waiting)},
    };
    for (size_t m = 0; t != NULL && m < COUNTOF(metrics); m++) {
        sbuf_addf(b, "# HELP %s %s\n# TYPE %s %s\n", metrics[m].name, metrics[m].help,
                  metrics[m].name, metrics[m].type);
        for (size_t i = 0; i < tail_count(t); i++) {
            struct tail_stats s;
            uint64_t n;
            tail_stats(t, i, &s);
            memcpy(&n, (const char *)&s + metrics[m].offset, sizeof(n));
            sbuf_addf(b, "%s{source=", metrics[m].name);
            json_escape(b, s.name);
            sbuf_addf(b, "} %llu\n", (unsigned long long)n);
        }
    }
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
    disk(v, b);
    query_audit(v, b);
    workspaces(v, b);
    ingestion(v, q->arena, b);
    lake(v, b);
    lake_store(v, b);
    held_back(v, q->arena, b);
    caps(v, b);
    sources(v, q->arena, b);
    detection(v, b);
    requests(v, b);
    syslog_listeners(v, b);
    topics_read(v, b);
    buckets_read(v, b);
    file_sources(v, b);
}

const struct http_route health_routes[] = {
    {HTTP_GET, "/healthz", healthz, NULL, 0, NULL},
    {HTTP_GET, "/readyz", readyz, NULL, 0, NULL},
    {HTTP_GET, "/metrics", metrics, "metrics/read", 0, NULL},
};
const size_t n_health_routes = COUNTOF(health_routes);
