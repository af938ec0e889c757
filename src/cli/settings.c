/* The table of settings, and its four sources. */
#include "cli/settings.h"
#include "health/health.h"
#include "kql/functions.h"
#include "text/date.h"
#include "text/ip.h"
#include "text/json.h"
#include "text/yaml.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_SETTINGS = 128, MAX_FILE = 1 << 20, MAX_ENV = 64 };

#define SETTING(name, type, fallback, help)                                                        \
    {                                                                                              \
#name, type, fallback, offsetof(struct settings, name), help                               \
    }
static const struct setting table[] = {
    SETTING(data, SETTING_PATH, "vedette-data", "the data folder"),
    SETTING(lake_dir, SETTING_PATH, "",
            "where sealed rows are, such as a folder on another disk; empty: in the data folder"),
    SETTING(lake_store, SETTING_TEXT, "",
            "an S3-compatible store that keeps sealed rows, s3://BUCKET or s3://BUCKET/PREFIX; "
            "empty: none"),
    SETTING(lake_store_endpoint, SETTING_TEXT, "", "its https://HOST or https://HOST:PORT"),
    SETTING(lake_store_region, SETTING_TEXT, "us-east-1", "that requests to it are signed for"),
    SETTING(lake_store_virtual_host, SETTING_BOOL, "false",
            "https://BUCKET.HOST/KEY instead of https://HOST/BUCKET/KEY"),
    SETTING(lake_store_ca, SETTING_PATH, "", "CAs of the endpoint (PEM); empty: the system's"),
    SETTING(lake_store_keys_file, SETTING_PATH, "",
            "a file of keys as the AWS tools have it; empty: AWS_ACCESS_KEY_ID, "
            "AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"),
    SETTING(lake_store_profile, SETTING_TEXT, "default", "whose keys in that file"),
    SETTING(lake_store_connections, SETTING_COUNT, "8", "that fetch at the same time; 16 at most"),
    SETTING(lake_cache, SETTING_SIZE, "10GiB",
            "sealed rows that stay on this machine's disk when the store has them; 0: all"),
    SETTING(lake_fetch_max, SETTING_SIZE, "0",
            "that one query may fetch from the store; 0: what there is room for"),
    SETTING(listen, SETTING_ADDRESS, "127.0.0.1:8443", "where HTTPS is served"),
    SETTING(listen_http, SETTING_ADDRESS, "",
            "where plain HTTP is served; loopback only; empty: nowhere"),
    SETTING(public_url, SETTING_TEXT, "",
            "how others reach this server, for links; empty: https:// and listen"),
    SETTING(tls_cert, SETTING_PATH, "", "certificate chain (PEM); empty: one made by the local CA"),
    SETTING(tls_key, SETTING_PATH, "", "its private key (PEM)"),
    SETTING(tls_name, SETTING_TEXT, "", "one more name or address in the certificate that is made"),
    SETTING(hsts, SETTING_DURATION, "0",
            "how long browsers are told to come over HTTPS only, such as 365d; 0: they are not"),
    SETTING(log_level, SETTING_LEVEL, "info", "debug, info, warn or error"),
    SETTING(memory, SETTING_SIZE, "0", "memory of the query engine; 0: its own choice"),
    SETTING(spill_max, SETTING_SIZE, "0",
            "temporary files of the query engine; 0: its own choice, nine tenths of what is free"),
    SETTING(threads, SETTING_COUNT, "0", "threads of the query engine; 0: one a core"),
    SETTING(workers, SETTING_COUNT, "4", "requests worked on at the same time"),
    SETTING(max_connections, SETTING_COUNT, "512", "open connections"),
    SETTING(request_timeout, SETTING_DURATION, "2m",
            "from a request's first byte to its last; a connection is closed after as long without "
            "a byte, 30 seconds at the most"),
    SETTING(requests_per_second, SETTING_COUNT, "200", "of one caller; more get 429"),
    SETTING(requests_burst, SETTING_COUNT, "0", "of these at once; 0: twice as many"),
    SETTING(queries_per_second, SETTING_COUNT, "100", "queries of one caller; 0: no limit"),
    SETTING(queries_burst, SETTING_COUNT, "0", "of these at once; 0: twice as many"),
    SETTING(writes_per_second, SETTING_COUNT, "100",
            "requests of one caller that change something, logs aside; 0: no limit"),
    SETTING(writes_burst, SETTING_COUNT, "0", "of these at once; 0: twice as many"),
    SETTING(sign_ins_per_second, SETTING_COUNT, "10", "from one address; 0: no limit"),
    SETTING(sign_ins_burst, SETTING_COUNT, "50", "of these at once; 0: twice as many"),
    /* Azure's 1 MiB, and room for what Python's azure-monitor-ingestion does not count: it adds up
     * the records of a call without the brackets and commas between them. */
    SETTING(max_body, SETTING_SIZE, "1280KiB",
            "of one call of the Logs Ingestion API, packed and unpacked (Azure: 1 MiB)"),
    SETTING(max_records, SETTING_COUNT, "100000", "records in one call"),
    SETTING(max_depth, SETTING_COUNT, "64", "nesting of a record"),
    SETTING(max_field, SETTING_SIZE, "64KiB", "longer values are cut"),
    SETTING(max_queue, SETTING_SIZE, "256MiB",
            "bytes waiting for the disk, per workspace; more get 503"),
    SETTING(seal_rows, SETTING_COUNT, "4000000", "hot rows of a table that are sealed into parts"),
    SETTING(seal_bytes, SETTING_SIZE, "512MiB", "the same in bytes"),
    SETTING(seal_age, SETTING_DURATION, "1h",
            "the same in time; a table with few rows waits 24 times as long"),
    SETTING(shred_paths, SETTING_COUNT, "16",
            "members of a dynamic column that parts keep as columns of their own; 0: none"),
    SETTING(term_index, SETTING_BOOL, "true", "parts get an index of the terms in their columns"),
    SETTING(term_index_memory, SETTING_SIZE, "256MiB",
            "indexes that are kept in memory, per workspace"),
    SETTING(retention, SETTING_DURATION, "90d",
            "how long rows are kept, of tables that say nothing themselves"),
    SETTING(min_free, SETTING_SIZE, "1GiB",
            "room that the data folder's disk keeps: with less, logs are refused; 0: none"),
    SETTING(min_free_percent, SETTING_COUNT, "1",
            "the same as a share of the disk; the larger one counts"),
    SETTING(max_past, SETTING_DURATION, "2d", "older TimeGenerated becomes the time of receipt"),
    SETTING(max_future, SETTING_DURATION, "1d", "later TimeGenerated becomes the time of receipt"),
    SETTING(transform_timeout, SETTING_DURATION, "20s",
            "of the transformation of one request by a data collection rule"),
    SETTING(transform_memory, SETTING_SIZE, "256MiB", "of what its functions compute"),
    SETTING(syslog_udp, SETTING_ADDRESS, "",
            "where syslog datagrams are taken, such as 0.0.0.0:514; empty: nowhere"),
    SETTING(syslog_tcp, SETTING_ADDRESS, "", "the same over TCP (RFC 6587); empty: nowhere"),
    SETTING(syslog_tls, SETTING_ADDRESS, "", "the same over TLS (RFC 5425); empty: nowhere"),
    SETTING(syslog_tls_ca, SETTING_PATH, "",
            "senders over TLS must show a certificate of this CA (PEM); empty: none"),
    SETTING(syslog_networks, SETTING_TEXT, "",
            "who may send syslog, such as 10.0.0.0/8,192.0.2.7; empty: anyone"),
    SETTING(syslog_max_message, SETTING_SIZE, "64KiB", "longer messages are cut"),
    SETTING(syslog_connections, SETTING_COUNT, "1000", "open connections of syslog senders"),
    SETTING(syslog_utc_offset, SETTING_TEXT, "",
            "of times in messages that name no zone, such as +02:00; empty: they are UTC"),
    SETTING(syslog_received_time, SETTING_BOOL, "false",
            "TimeGenerated of syslog is the time of receipt, not the message's own"),
    SETTING(silence_min, SETTING_DURATION, "15m",
            "a source that is silent for less is never told of"),
    SETTING(silence_max, SETTING_DURATION, "1d",
            "a source that is silent for longer always is, once it is known for a day; 0: never"),
    SETTING(silence_sources, SETTING_TEXT, "",
            "how long single sources may be silent, such as syslog-udp=10m,APPLICATION/TABLE=0"),
    SETTING(sources_poll, SETTING_DURATION, "1s",
            "between two looks at the files of sources; where inotify works they are seen at once"),
    SETTING(query_audit_queue, SETTING_SIZE, "16MiB",
            "rows of LAQueryLogs that may wait to be stored; more are dropped and counted"),
    SETTING(event_streams, SETTING_COUNT, "256", "open streams of events, in all"),
    SETTING(event_streams_each, SETTING_COUNT, "16", "of one caller"),
    SETTING(query_max_rows, SETTING_COUNT, "500000", "rows in the answer to a query"),
    SETTING(query_max_bytes, SETTING_SIZE, "64000000", "bytes in the answer to a query"),
    SETTING(query_workers, SETTING_COUNT, "4", "queries worked on at the same time"),
    SETTING(query_queue, SETTING_COUNT, "64", "queries that wait for that; more get 429"),
    SETTING(query_timeout, SETTING_DURATION, "3m",
            "of a query that does not say how long it may take"),
    SETTING(query_max_timeout, SETTING_DURATION, "10m",
            "the longest time that a query may ask for"),
    SETTING(query_memory, SETTING_SIZE, "1GiB",
            "of one query's functions and their results, beside the engine's memory"),
    SETTING(query_max_operators, SETTING_COUNT, "20000",
            "operators of a query once its functions are put in"),
    SETTING(query_max_depth, SETTING_COUNT, "400",
            "operators inside of one another; 400 at the most"),
    SETTING(query_max_union, SETTING_COUNT, "3000", "tables of one union; 3000 at the most"),
    SETTING(external_hosts, SETTING_TEXT, "",
            "hosts that externaldata may read from, such as a.example,b.example:8443; empty: none"),
    SETTING(external_max, SETTING_SIZE, "100MiB", "one file of externaldata, packed and unpacked"),
    SETTING(geoip_file, SETTING_PATH, "",
            "a MaxMind DB file for geo_info_from_ip_address(); empty: it gives null"),
    SETTING(identity_ca, SETTING_PATH, "",
            "certificates (PEM) that identity providers are checked with; empty: the system's"),
    SETTING(token_lifetime, SETTING_DURATION, "1h", "how long an access token works"),
    SETTING(password_memory, SETTING_SIZE, "64MiB", "that hashing one password takes"),
    SETTING(password_passes, SETTING_COUNT, "3", "over that memory"),
    SETTING(session_idle, SETTING_DURATION, "30m",
            "a browser's session ends after so long without a request; 0: session_lifetime"),
    SETTING(session_lifetime, SETTING_DURATION, "12h", "and after so long in any case"),
    SETTING(lockout_failures, SETTING_COUNT, "5",
            "wrong passwords or codes of a user that lock the name; 0: never"),
    SETTING(lockout_address_failures, SETTING_COUNT, "50",
            "the same from one address, which is locked; 0: never"),
    SETTING(lockout_window, SETTING_DURATION, "15m", "within which these are counted"),
    SETTING(lockout_delay, SETTING_DURATION, "1m",
            "how long the first lock lasts; each next one twice as long, up to an hour"),
    SETTING(api_key_lifetime, SETTING_DURATION, "365d", "the longest that an API key may have"),
    SETTING(second_factor, SETTING_TEXT, "optional",
            "required: it is demanded of everybody; optional: as each tenant's policy says"),
    SETTING(proof_lifetime, SETTING_DURATION, "10m",
            "how long after a sign-in authenticators and API keys may be changed without the "
            "password"),
    SETTING(preferences_max, SETTING_COUNT, "200",
            "that one person may keep: saved views, columns, appearance"),
    SETTING(preference_bytes, SETTING_SIZE, "64KiB", "of one of them; 1MiB at the most"),
    SETTING(rule_delay, SETTING_DURATION, "5m", "between the end of a rule's window and its run"),
    SETTING(rule_spread, SETTING_DURATION, "30s",
            "a rule runs up to so much later, always the same, so that not all run at once"),
    SETTING(rule_lateness, SETTING_DURATION, "1d",
            "rows that come so late make their window run again; 0: never"),
    SETTING(rule_rerun, SETTING_DURATION, "7d",
            "windows of rules that failed are run again for so long; 0: never"),
    SETTING(rule_catch_up, SETTING_DURATION, "14d",
            "after a stop, windows of rules that ended longer ago are skipped; 0: none"),
    SETTING(rule_shared_rows, SETTING_COUNT, "200000",
            "of a table that several rules read at once, kept in memory meanwhile; with more each "
            "reads by itself; 0: always"),
    SETTING(rule_workers, SETTING_COUNT, "2",
            "scheduled rules run at the same time; as many near-real-time ones"),
    SETTING(rule_slow_workers, SETTING_COUNT, "2",
            "slow scheduled rules run beside the others at the same time; as many slow "
            "near-real-time ones"),
    SETTING(rule_slow, SETTING_DURATION, "5s",
            "a scheduled rule whose run takes so long is a slow one: others do not wait for it"),
    SETTING(correlation, SETTING_BOOL, "false",
            "incidents that belong together are merged, in workspaces that say nothing themselves"),
    SETTING(correlation_primary, SETTING_TEXT, "",
            "the workspace of the first tenant that correlates alerts of all products; empty: the "
            "first"),
    SETTING(tenants_max, SETTING_COUNT, "100", "tenants of the server"),
    SETTING(tenant_workspaces_max, SETTING_COUNT, "100",
            "workspaces of a tenant that has no limit of its own"),
    SETTING(job_workers, SETTING_COUNT, "3", "jobs over the data lake run at the same time"),
    SETTING(rule_timeout, SETTING_DURATION, "10m", "of one rule's query"),
    SETTING(rule_test_timeout, SETTING_DURATION, "2m",
            "of all cases of one call that tests a rule"),
    SETTING(backtests_kept, SETTING_COUNT, "20", "backtests of a workspace that are kept"),
    SETTING(backtests_bytes, SETTING_SIZE, "256MiB",
            "of their reports together, per workspace; the newest is kept in any case"),
    SETTING(rules_max, SETTING_COUNT, "10000",
            "analytics rules of a workspace, beside those of kind NRT"),
    SETTING(rules_max_enabled, SETTING_COUNT, "10000", "of these that are enabled"),
    SETTING(nrt_rules_max, SETTING_COUNT, "10000", "rules of kind NRT of a workspace"),
    SETTING(nrt_rules_max_enabled, SETTING_COUNT, "10000", "of these that are enabled"),
    SETTING(rule_versions, SETTING_COUNT, "200", "versions of a rule that are kept"),
    SETTING(rule_query_chars, SETTING_COUNT, "10000", "characters of a rule's query"),
    SETTING(job_timeout, SETTING_DURATION, "1h", "of one run of a KQL job"),
    SETTING(attachment_max, SETTING_SIZE, "10MiB",
            "of one file attached to a case; 64MiB at the most"),
    SETTING(attachments_max, SETTING_SIZE, "256MiB",
            "of all files attached to cases, per workspace"),
    SETTING(drain_timeout, SETTING_DURATION, "30s", "how long a stop waits for requests"),
    SETTING(metrics_open, SETTING_BOOL, "false",
            "/metrics without a token from anywhere; else only from this machine"),
    SETTING(portal, SETTING_BOOL, "true", "serve the portal, the pages below /portal/"),
    SETTING(clock, SETTING_TEXT, "",
            "for tests: a time at which the clock starts and stands still"),
    SETTING(config, SETTING_PATH, "", "the file that these settings are read from"),
};
#undef SETTING

/* Texts and sources by row; hidden behind the public struct. */
struct loaded {
    struct settings *s;
    const char *text[COUNTOF(table)], *source[COUNTOF(table)];
};

const struct setting *setting_at(size_t i)
{
    return i < COUNTOF(table) ? &table[i] : NULL;
}

static size_t find(struct str name)
{
    for (size_t i = 0; i < COUNTOF(table); i++)
        if (str_eqz(name, table[i].name))
            return i;
    return SIZE_MAX;
}

/* ---- values ---- */

static bool parse_size(struct str s, int64_t *out)
{
    static const struct {
        const char *suffix;
        int64_t factor;
    } units[] = {{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"", 1}};
    for (size_t i = 0; i < COUNTOF(units); i++) {
        struct str suffix = str_from(units[i].suffix);
        if (!str_ends(s, suffix))
            continue;
        int64_t n = 0;
        return str_to_i64(str_trim(str_sub(s, 0, s.n - suffix.n)), &n) && n >= 0 &&
               !__builtin_mul_overflow(n, units[i].factor, out);
    }
    return false;
}

static bool parse_duration(struct str s, int64_t *out)
{
    if (!str_eqz(s, "0"))
        return duration_parse_unit(s, out);
    *out = 0;
    return true;
}

bool settings_address(const char *text, char *host, size_t host_size, uint16_t *port)
{
    struct str s = str_from(text);
    int64_t n = 0;
    size_t colon = s.n;
    while (colon > 0 && s.p[colon - 1] != ':')
        colon--;
    if (colon < 2 || !str_to_i64(str_sub(s, colon, s.n), &n) || n < 0 || n > 65535)
        return false;
    struct str h = str_sub(s, 0, colon - 1);
    if (h.n > 2 && h.p[0] == '[' && h.p[h.n - 1] == ']')
        h = str_sub(h, 1, h.n - 2);
    if (h.n == 0 || h.n >= host_size)
        return false;
    memcpy(host, h.p, h.n);
    host[h.n] = '\0';
    *port = (uint16_t)n;
    return true;
}

static const char *expected(enum setting_type t)
{
    switch (t) {
    case SETTING_ADDRESS:
        return "an address and a port such as 127.0.0.1:8443";
    case SETTING_COUNT:
        return "a whole number";
    case SETTING_SIZE:
        return "bytes, or a number with KiB, MiB or GiB";
    case SETTING_DURATION:
        return "a number with s, m, h or d";
    case SETTING_BOOL:
        return "true or false";
    case SETTING_LEVEL:
        return "debug, info, warn or error";
    case SETTING_TEXT:
    case SETTING_PATH:
        break;
    }
    return "a text";
}

static void put_i64(struct settings *s, size_t offset, int64_t v)
{
    memcpy((char *)s + offset, &v, sizeof(v));
}

static bool assign(struct settings *s, const struct setting *row, const char *text)
{
    char host[256];
    uint16_t port = 0;
    int64_t n = 0;
    bool flag = strcmp(text, "true") == 0;
    struct str v = str_from(text);
    enum log_level level;
    switch (row->type) {
    case SETTING_COUNT:
        if (!str_to_i64(v, &n) || n < 0)
            return false;
        break;
    case SETTING_SIZE:
        if (!parse_size(v, &n))
            return false;
        break;
    case SETTING_DURATION:
        if (!parse_duration(v, &n))
            return false;
        break;
    case SETTING_BOOL:
        memcpy((char *)s + row->offset, &flag, sizeof(flag));
        return flag || strcmp(text, "false") == 0;
    case SETTING_ADDRESS:
        memcpy((char *)s + row->offset, &text, sizeof(text));
        return text[0] == '\0' || settings_address(text, host, sizeof(host), &port);
    case SETTING_LEVEL:
        memcpy((char *)s + row->offset, &text, sizeof(text));
        return log_level_parse(v, &level);
    case SETTING_TEXT:
    case SETTING_PATH:
        memcpy((char *)s + row->offset, &text, sizeof(text));
        return true;
    }
    put_i64(s, row->offset, n);
    return true;
}

static bool set(struct loaded *l, size_t i, struct str text, const char *source, struct err *e)
{
    const char *copy = arena_strz(l->s->a, text);
    if (strlen(copy) != text.n)
        return err_set(e, ERR_INVALID, "%s: %s: a NUL byte is in it", source, table[i].name);
    if (!assign(l->s, &table[i], copy))
        return err_set(e, ERR_INVALID, "%s: %s: '%s' is not %s", source, table[i].name, copy,
                       expected(table[i].type));
    l->text[i] = copy;
    l->source[i] = source;
    return true;
}

static bool unknown(struct str name, const char *source, struct err *e)
{
    struct suggest near = {.want = name};
    for (size_t i = 0; i < COUNTOF(table); i++)
        suggest_offer(&near, str_from(table[i].name));
    err_set(e, ERR_INVALID, "%s: there is no setting '%.*s'", source,
            (int)(name.n < 60 ? name.n : 60), name.p);
    if (near.best.n > 0)
        err_hint(e, "did you mean '%.*s'?", STR_ARG(near.best));
    else
        err_hint(e, "'vedette config show' lists them");
    return false;
}

/* ---- the file: YAML, one key a setting ---- */

static bool read_file(struct arena *a, const char *path, struct str *out, struct err *e)
{
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return err_errno(e, "can't read the configuration", path);
    char *p = arena_alloc(a, MAX_FILE);
    size_t n = fread(p, 1, MAX_FILE, f);
    bool bad = ferror(f) != 0;
    (void)fclose(f);
    if (bad)
        return err_errno(e, "can't read the configuration", path);
    if (n == MAX_FILE)
        return err_set(e, ERR_LIMIT, "%s is larger than %d bytes", path, MAX_FILE);
    *out = (struct str){p, n};
    return true;
}

static bool scalar(struct arena *a, const struct json *v, struct str *out)
{
    switch (v->type) {
    case JSON_STRING:
    case JSON_INT:
    case JSON_REAL:
        *out = arena_str(a, v->text);
        return true;
    case JSON_TRUE:
        *out = STR("true");
        return true;
    case JSON_FALSE:
        *out = STR("false");
        return true;
    case JSON_NULL:
        *out = STR("");
        return true;
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return false;
}

/* The settings that are lists: they have no variable and no flag. */
static bool read_kafka(struct settings *s, const char *path, struct str text,
                       const struct json *list, struct err *e)
{
    if (list->type == JSON_NULL || topics_sources_read(s->a, list, text, &s->kafka, &s->n_kafka, e))
        return true;
    err_prefix(e, "%s:%u: kafka", path, e->pos.line);
    return false;
}

static bool read_sources(struct settings *s, const char *path, struct str text,
                         const struct json *list, struct err *e)
{
    if (list->type == JSON_NULL ||
        tail_sources_read(s->a, list, text, &s->sources, &s->n_sources, e))
        return true;
    err_prefix(e, "%s:%u: sources", path, e->pos.line);
    return false;
}

static bool read_buckets(struct settings *s, const char *path, struct str text,
                         const struct json *list, struct err *e)
{
    if (list->type == JSON_NULL ||
        buckets_sources_read(s->a, list, text, &s->buckets, &s->n_buckets, e))
        return true;
    err_prefix(e, "%s:%u: s3_sources", path, e->pos.line);
    return false;
}

static bool read_listeners(struct settings *s, const char *path, struct str text,
                           const struct json *list, struct err *e)
{
    if (list->type == JSON_NULL ||
        syslog_list_read(s->a, list, text, &s->syslog_listeners, &s->n_syslog_listeners, e))
        return true;
    err_prefix(e, "%s:%u: syslog_listeners", path, e->pos.line);
    return false;
}

static const struct {
    const char *name;
    bool (*read)(struct settings *s, const char *path, struct str text, const struct json *list,
                 struct err *e);
} lists[] = {{"kafka", read_kafka},
             {"sources", read_sources},
             {"s3_sources", read_buckets},
             {"syslog_listeners", read_listeners}};

static size_t find_list(struct str name)
{
    size_t i = 0;
    while (i < COUNTOF(lists) && !str_eqz(name, lists[i].name))
        i++;
    return i;
}

/* One document, or none: the file that ships has comments only. */
static bool parse_file(struct arena *a, const char *path, struct str text, struct json *out,
                       struct err *e)
{
    struct json documents = {0};
    *out = (struct json){.type = JSON_NULL};
    if (!yaml_parse_stream(a, text, NULL, &documents, e)) {
        err_prefix(e, "%s:%u:%u", path, e->pos.line, e->pos.col);
        e->pos = (struct pos){0};
        return false;
    }
    if (documents.n > 1)
        return err_set(e, ERR_INVALID, "%s:%u: a second document begins; one is allowed", path,
                       pos_in(text, documents.items[1].off).line);
    if (documents.n == 1)
        *out = documents.items[0];
    return true;
}

static bool load_file(struct loaded *l, const char *path, struct err *e)
{
    struct arena *a = l->s->a;
    struct str text = STR(""), value = STR("");
    struct json root = {0};
    if (!read_file(a, path, &text, e) || !parse_file(a, path, text, &root, e))
        return false;
    if (root.type != JSON_OBJECT && root.type != JSON_NULL)
        return err_set(e, ERR_INVALID, "%s: 'setting: value' lines expected", path);
    for (size_t i = 0; root.type == JSON_OBJECT && i < root.n; i++) {
        uint32_t line = pos_in(text, root.items[i].off).line;
        const char *source = arena_fmt(a, "%s:%u", path, line).p;
        size_t list = find_list(root.keys[i]);
        if (list < COUNTOF(lists)) {
            if (!lists[list].read(l->s, path, text, &root.items[i], e))
                return false;
            continue;
        }
        size_t at = find(root.keys[i]);
        if (at == SIZE_MAX || strcmp(table[at].name, "config") == 0)
            return unknown(root.keys[i], source, e);
        if (!scalar(a, &root.items[i], &value))
            return err_set(e, ERR_INVALID, "%s: %s: one value expected", source, table[at].name);
        if (!set(l, at, value, source, e))
            return false;
    }
    return true;
}

/* ---- environment and flags ---- */

static void variable_name(const char *name, char out[MAX_ENV])
{
    int n = snprintf(out, MAX_ENV, "VEDETTE_%s", name);
    for (int i = 0; i < n; i++)
        out[i] = (char)toupper((unsigned char)out[i]);
}

static bool load_environment(struct loaded *l, struct err *e)
{
    for (size_t i = 0; i < COUNTOF(table); i++) {
        char name[MAX_ENV];
        variable_name(table[i].name, name);
        const char *v = getenv(name);
        if (v != NULL && !set(l, i, str_from(v), arena_strz(l->s->a, str_from(name)), e))
            return false;
    }
    return true;
}

/* The setting that a flag names ("--listen-http", "--listen-http=…"). */
static bool flag_name(struct arena *a, const char *word, size_t *at, const char **value,
                      struct err *e)
{
    const char *equals = strchr(word, '=');
    size_t n = equals != NULL ? (size_t)(equals - word) : strlen(word);
    if (strncmp(word, "--", 2) != 0)
        return err_set(e, ERR_INVALID, "'%.60s' is not a flag; --setting VALUE expected", word);
    char *name = arena_strz(a, (struct str){word + 2, n - 2});
    for (char *p = name; *p != '\0'; p++)
        *p = *p == '-' ? '_' : *p;
    *value = equals != NULL ? equals + 1 : NULL;
    *at = find(str_from(name));
    return *at != SIZE_MAX || unknown(str_from(name), word, e);
}

static bool load_flags(struct loaded *l, int argc, char **argv, struct err *e)
{
    for (int i = 1; i < argc; i++) {
        size_t at = 0;
        const char *value = NULL, *word = argv[i];
        if (!flag_name(l->s->a, word, &at, &value, e))
            return false;
        if (value == NULL && i + 1 == argc)
            return err_set(e, ERR_INVALID, "%s: a value expected", word);
        if (value == NULL)
            value = argv[++i];
        if (!set(l, at, str_from(value), arena_fmt(l->s->a, "--%s", table[at].name).p, e))
            return false;
    }
    return true;
}

/* ---- networks and offsets ---- */

bool settings_networks(const char *text, struct arena *a, struct ip_net **out, size_t *out_n,
                       struct err *e)
{
    VEC(struct ip_net) list = {0};
    struct str rest = str_from(text);
    while (rest.n > 0) {
        size_t at = rest.n;
        struct ip_net net;
        (void)str_find(rest, STR(","), &at);
        struct str one = str_trim(str_sub(rest, 0, at));
        rest = str_sub(rest, at + 1, rest.n);
        if (!ip_net_parse(one, &net))
            return err_set(e, ERR_INVALID,
                           "'%.*s' is not an address or a network such as 10.0.0.0/8",
                           (int)(one.n < 80 ? one.n : 80), one.p);
        VEC_PUSH(a, &list, net);
    }
    *out = list.p;
    *out_n = list.n;
    return true;
}

bool settings_silence(const char *text, struct arena *a, struct health_silence **out, size_t *out_n,
                      struct err *e)
{
    VEC(struct health_silence) list = {0};
    for (struct str rest = str_from(text); rest.n > 0;) {
        size_t comma = rest.n, equals = 0;
        (void)str_find(rest, STR(","), &comma);
        struct str one = str_trim(str_sub(rest, 0, comma));
        rest = str_sub(rest, comma + 1, rest.n);
        struct health_silence s = {0};
        if (!str_find(one, STR("="), &equals) || equals == 0 ||
            !parse_duration(str_trim(str_sub(one, equals + 1, one.n)), &s.allowed))
            return err_set(e, ERR_INVALID, "'%.*s' is not SOURCE=DURATION such as syslog-udp=10m",
                           (int)(one.n < 80 ? one.n : 80), one.p);
        s.source = arena_str(a, str_trim(str_sub(one, 0, equals)));
        VEC_PUSH(a, &list, s);
    }
    *out = list.p;
    *out_n = list.n;
    return true;
}

bool settings_utc_offset(const char *text, int64_t *out)
{
    struct str s = str_from(text);
    int64_t hours = 0, minutes = 0;
    *out = 0;
    if (s.n == 0)
        return true;
    if (s.n != 6 || (s.p[0] != '+' && s.p[0] != '-') || s.p[3] != ':' ||
        !str_to_i64(str_sub(s, 1, 2), &hours) || !str_to_i64(str_sub(s, 4, 2), &minutes) ||
        hours < 0 || hours > 14 || minutes < 0 || minutes > 59)
        return false;
    *out = (hours * TICKS_PER_HOUR + minutes * TICKS_PER_MINUTE) * (s.p[0] == '-' ? -1 : 1);
    return true;
}

static bool check_syslog(const struct settings *s, struct err *e)
{
    struct ip_net *nets = NULL;
    size_t n = 0;
    int64_t offset = 0;
    if (!settings_networks(s->syslog_networks, s->a, &nets, &n, e)) {
        err_prefix(e, "syslog_networks");
        return false;
    }
    if (!settings_utc_offset(s->syslog_utc_offset, &offset))
        return err_set(e, ERR_INVALID, "syslog_utc_offset: an offset such as +02:00 expected");
    bool tls = s->syslog_tls[0] != '\0';
    for (size_t i = 0; i < s->n_syslog_listeners; i++)
        tls = tls || s->syslog_listeners[i].transport == NET_TLS;
    if (tls && s->listen[0] == '\0')
        return err_set(e, ERR_INVALID, "syslog_tls: HTTPS must be on, whose certificate it uses");
    return s->syslog_max_message >= 480 || /* RFC 5424, 6.1: receivers take that much */
           err_set(e, ERR_INVALID, "syslog_max_message: at least 480 bytes expected");
}

static bool check_silence(const struct settings *s, struct err *e)
{
    struct health_silence *list = NULL;
    size_t n = 0;
    if (!settings_silence(s->silence_sources, s->a, &list, &n, e)) {
        err_prefix(e, "silence_sources");
        return false;
    }
    return s->silence_max == 0 || s->silence_min <= s->silence_max ||
           err_set(e, ERR_INVALID, "silence_min: at most silence_max expected");
}

static bool check_people(const struct settings *s, struct err *e)
{
    if (s->password_memory < 64 << 10 || s->password_memory > (int64_t)4 << 30)
        return err_set(e, ERR_INVALID, "password_memory: 64KiB to 4GiB expected");
    if (s->password_passes < 1 || s->password_passes > 20)
        return err_set(e, ERR_INVALID, "password_passes: 1 to 20 expected");
    if (s->session_lifetime < TICKS_PER_MINUTE || s->lockout_window == 0 || s->lockout_delay == 0)
        return err_set(e, ERR_INVALID,
                       "session_lifetime, lockout_window, lockout_delay: at least 1m, 1s, 1s "
                       "expected");
    if (strcmp(s->second_factor, "optional") != 0 && strcmp(s->second_factor, "required") != 0)
        return err_set(e, ERR_INVALID, "second_factor: optional or required expected");
    if (s->proof_lifetime < TICKS_PER_MINUTE)
        return err_set(e, ERR_INVALID, "proof_lifetime: at least 1m expected");
    if (s->preference_bytes < 1 << 10 || s->preference_bytes > 1 << 20)
        return err_set(e, ERR_INVALID, "preference_bytes: 1KiB to 1MiB expected");
    return s->api_key_lifetime >= TICKS_PER_DAY ||
           err_set(e, ERR_INVALID, "api_key_lifetime: at least 1d expected");
}

static bool check_together(const struct settings *s, struct err *e)
{
    if (!check_syslog(s, e) || !check_silence(s, e) || !check_people(s, e))
        return false;
    if ((s->tls_cert[0] == '\0') != (s->tls_key[0] == '\0'))
        return err_set(e, ERR_INVALID, "tls_cert and tls_key: both or neither expected");
    if (s->listen[0] == '\0' && s->listen_http[0] == '\0')
        return err_set(e, ERR_INVALID, "listen and listen_http are both empty");
    if (s->min_free_percent > 90)
        return err_set(e, ERR_INVALID, "min_free_percent: at most 90 expected");
    if (s->data[0] == '\0')
        return err_set(e, ERR_INVALID, "data: the data folder's name is empty");
    int64_t start = 0;
    if (s->clock[0] != '\0' && !date_parse_iso(str_from(s->clock), &start))
        return err_set(e, ERR_INVALID, "clock: a time such as 2026-01-02T03:04:05Z expected");
    return true;
}

bool settings_load(struct settings *s, int argc, char **argv, struct err *e)
{
    memset(s, 0, sizeof(*s));
    s->a = arena_new(0);
    struct loaded *l = arena_new_of(s->a, struct loaded);
    struct err early = {0};
    l->s = s;
    s->loaded = l;
    for (size_t i = 0; i < COUNTOF(table); i++)
        CHECK(set(l, i, str_from(table[i].fallback), "default", e));
    /* The file's name comes from the later sources: they are read twice, and their mistakes
     * reported the second time. */
    (void)(load_environment(l, &early) && load_flags(l, argc, argv, &early));
    const char *file = s->config;
    return (file[0] == '\0' || load_file(l, file, e)) && load_environment(l, e) &&
           load_flags(l, argc, argv, e) && check_together(s, e);
}

void settings_free(struct settings *s)
{
    arena_free(s->a);
    s->a = NULL;
}

const char *settings_text(const struct settings *s, size_t i)
{
    return s->loaded->text[i];
}

const char *settings_source(const struct settings *s, size_t i)
{
    return s->loaded->source[i];
}
