/* The server itself, for who runs it: its limits and where they stand, and its certificate. */
#include "api/api_priv.h"
#include "text/date.h"
#include "text/json.h"

/* ---- limits ---- */

enum { UNKNOWN = -1 };
struct limit {
    const char *group, *setting, *title, *unit;
    double value; /* 0: none */
    double used;  /* how much of it is in use now; UNKNOWN: it is nothing that is in use */
    double refused;
};

static double seconds(int64_t us)
{
    return (double)us / 1e6;
}

static double seconds_of(int64_t ticks)
{
    return (double)ticks / TICKS_PER_SECOND;
}

static void write_limits(const struct limit *all, size_t n, struct json_out *o)
{
    for (size_t i = 0; i < n; i++) {
        json_obj(o);
        json_kv_z(o, "group", all[i].group);
        json_kv_z(o, "setting", all[i].setting);
        json_kv_z(o, "title", all[i].title);
        json_kv_z(o, "unit", all[i].unit);
        json_key(o, "value");
        if (all[i].value > 0)
            json_real(o, all[i].value);
        else
            json_null(o);
        if (all[i].used != UNKNOWN)
            json_kv_real(o, "used", all[i].used);
        if (all[i].refused != UNKNOWN)
            json_kv_real(o, "refused", all[i].refused);
        json_obj_end(o);
    }
}

#define PLAIN UNKNOWN, UNKNOWN

static void request_limits(struct vedette *v, struct json_out *o)
{
    struct http_stats s = {0};
    struct http_server *server = atomic_load(&v->server);
    const struct rate_limits *rates = &v->o.rates;
    double refused[RATE_KINDS];
    if (server != NULL)
        http_server_stats(server, &s);
    for (enum rate_kind k = 0; k < RATE_KINDS; k++)
        refused[k] = (double)rates_refused(v->rates, k);
    const struct limit all[] = {
        {"Requests", "requests_per_second", "Requests of one caller", "1/s",
         v->o.requests_per_second, UNKNOWN, UNKNOWN},
        {"Requests", "queries_per_second", "Queries of one caller", "1/s",
         rates->per_second[RATE_QUERY], UNKNOWN, refused[RATE_QUERY]},
        {"Requests", "writes_per_second", "Changes of one caller", "1/s",
         rates->per_second[RATE_WRITE], UNKNOWN, refused[RATE_WRITE]},
        {"Requests", "sign_ins_per_second", "Sign-ins from one address", "1/s",
         rates->per_second[RATE_SIGN_IN], UNKNOWN, refused[RATE_SIGN_IN]},
        {"Requests", "query_workers", "Queries and other long work at a time", "",
         v->o.query_workers, (double)s.long_pending, (double)s.refused_busy},
    };
    write_limits(all, COUNTOF(all), o);
}

static void query_limits(const struct vedette *v, struct json_out *o)
{
    const struct vedette_options *x = &v->o;
    const struct limit all[] = {
        {"Queries", "query_timeout", "Time of a query that does not say how long", "s",
         seconds(x->query_timeout_us), PLAIN},
        {"Queries", "query_max_timeout", "The longest time that a query may ask for", "s",
         seconds(x->query_max_timeout_us), PLAIN},
        {"Queries", "query_max_rows", "Rows of an answer", "", (double)x->query_max_rows, PLAIN},
        {"Queries", "query_max_bytes", "Bytes of an answer", "B", (double)x->query_max_bytes,
         PLAIN},
        {"Queries", "query_memory", "Memory of one query's functions", "B",
         (double)x->query_memory_bytes, PLAIN},
        {"Queries", "memory", "Memory of the query engine", "B", (double)x->memory_bytes, PLAIN},
        {"Queries", "query_max_operators", "Operators of a query", "",
         (double)x->query_size.max_operators, PLAIN},
        {"Queries", "query_max_union", "Tables of one union", "", (double)x->query_size.max_union,
         PLAIN},
    };
    write_limits(all, COUNTOF(all), o);
}

static void other_limits(const struct vedette *v, struct json_out *o)
{
    const struct vedette_options *x = &v->o;
    const struct ingest_limits *in = ingest_limits(v->ingest);
    size_t workspaces = 0;
    while (store_workspace_at(v->store, workspaces) != NULL)
        workspaces++;
    const struct limit all[] = {
        {"Logs", "max_body", "Body of one call", "B", (double)in->max_body_bytes, PLAIN},
        {"Logs", "max_records", "Records of one call", "", (double)in->max_records, PLAIN},
        {"Logs", "max_field", "Bytes of a field", "B", (double)in->max_field_bytes, PLAIN},
        {"Logs", "max_queue", "Bytes that wait for the disk, of a workspace", "B",
         (double)x->max_queue_bytes, PLAIN},
        {"Rules", "rules_max", "Analytics rules of a workspace", "", (double)x->rules_max, PLAIN},
        {"Rules", "nrt_rules_max", "Rules of kind NRT of a workspace", "", (double)x->nrt_rules_max,
         PLAIN},
        {"Rules", "rule_timeout", "Time of one rule's query", "s", seconds(x->rule_timeout_us),
         PLAIN},
        {"Rules", "rule_test_timeout", "Time of one call that tests a rule", "s",
         seconds(x->rule_test_timeout_us), PLAIN},
        {"Rules", "rule_query_chars", "Characters of a rule's query", "",
         (double)x->rule_query_chars, PLAIN},
        {"Jobs", "job_workers", "Jobs at a time", "", x->job_workers, PLAIN},
        {"Jobs", "job_timeout", "Time of one run of a KQL job", "s", seconds(x->job_timeout_us),
         PLAIN},
        {"Tenants", "tenants_max", "Tenants of the server", "", (double)x->tenants_max, PLAIN},
        {"Tenants", "tenant_workspaces_max", "Workspaces of a tenant without a limit of its own",
         "", (double)x->tenant_workspaces_max, (double)workspaces, UNKNOWN},
        {"Sessions", "session_idle", "Time without a request that ends a session", "s",
         seconds_of(x->people.session_idle), PLAIN},
        {"Sessions", "session_lifetime", "Time after which a session ends in any case", "s",
         seconds_of(x->people.session_lifetime), PLAIN},
        {"Sessions", "lockout_failures", "Wrong passwords that lock a name", "",
         x->people.lockout_failures, PLAIN},
        {"Sessions", "token_lifetime", "Time that an access token works", "s",
         seconds_of(x->token_lifetime), PLAIN},
        {"Sessions", "event_streams", "Open streams of events", "", (double)x->event_streams,
         PLAIN},
    };
    write_limits(all, COUNTOF(all), o);
}

static void limits(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    (void)q;
    struct json_out o = api_list(r);
    request_limits(v, &o);
    query_limits(v, &o);
    other_limits(v, &o);
    api_list_end(&o);
}

/* ---- the certificate ---- */

void vedette_watch_tls(struct vedette *v, const struct http_tls_files *f, struct str cert_pem)
{
    lock_take(&v->tls_lock);
    v->tls = *f;
    sbuf_clear(&v->certificate);
    sbuf_add(&v->certificate, cert_pem);
    lock_drop(&v->tls_lock);
}

static bool no_https(struct err *e)
{
    return err_set(e, ERR_NOT_FOUND, "The server does not serve HTTPS: it has no certificate.");
}

/* Called with the lock held. */
static bool write_certificate(struct vedette *v, struct arena *a, struct http_response *r,
                              struct err *e)
{
    struct http_certificate c = {0};
    if (v->certificate.n == 0)
        return no_https(e);
    if (!http_certificate_read(a, sbuf_str(&v->certificate), &c, e))
        return false;
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    json_kv_str(&o, "subject", c.subject);
    json_kv_str(&o, "issuer", c.issuer);
    json_kv_str(&o, "names", c.names);
    json_kv_str(&o, "sha256", c.sha256);
    json_kv_time(&o, "validFrom", c.from);
    json_kv_time(&o, "validUntil", c.until);
    json_kv_int(&o, "daysLeft", c.days_left);
    json_kv_bool(&o, "ownFiles", v->tls.cert_file != NULL);
    json_obj_end(&o);
    return true;
}

static void certificate(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    lock_take(&v->tls_lock);
    bool ok = write_certificate(v, q->arena, r, &e);
    lock_drop(&v->tls_lock);
    if (!ok)
        api_error(v, q, &e, r);
}

/* Called with the lock held: the files are read as at a start, and new connections get what they
 * hold. */
static bool reload(struct vedette *v, struct err *e)
{
    struct http_server *server = atomic_load(&v->server);
    struct sbuf cert = {0}, key = {0};
    bool renewed = false;
    if (v->certificate.n == 0 || server == NULL)
        return no_https(e);
    if (!http_tls_load(&v->tls, &cert, &key, &renewed, e))
        return false;
    bool ok = http_server_renew(server, sbuf_str(&cert), sbuf_str(&key), e);
    if (ok) {
        sbuf_clear(&v->certificate);
        sbuf_add(&v->certificate, sbuf_str(&cert));
        LOG(LOG_INFO, "server", "certificate read again", log_b("made", renewed));
    }
    sbuf_fini(&cert);
    sbuf_wipe(&key);
    return ok;
}

static void reload_certificate(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    lock_take(&v->tls_lock);
    bool ok = reload(v, &e) && write_certificate(v, q->arena, r, &e);
    lock_drop(&v->tls_lock);
    if (!ok)
        api_refuse(v, q, &e, r);
}

#define SERVER "/vedette/v1/server"
const struct http_route server_routes[] = {
    {HTTP_GET, SERVER "/limits", limits, "servers/read", 0, FAMILY_ARM},
    {HTTP_GET, SERVER "/certificate", certificate, "servers/read", 0, FAMILY_ARM},
    {HTTP_POST, SERVER "/certificate/reload", reload_certificate, "servers/write", 0, FAMILY_ARM},
};
const size_t n_server_routes = COUNTOF(server_routes);
