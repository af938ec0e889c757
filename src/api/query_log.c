/* Which queries leave rows, where, and what is in them. */
#include "api/query_log.h"
#include "base/clock.h"
#include "base/ids.h"
#include "incident/incident.h"
#include "state/settings.h"
#include "text/date.h"
#include <stdio.h>

/* Locks: query_log.lock (the settings); nothing is waited for under it. */
enum { QUEUE_BYTES = 16 << 20, MOST_ROW = 16 << 20, MOST_TARGETS = 128 };
#define TABLE "LAQueryLogs"

struct sink {                  /* a setting that is switched on */
    struct str source, target; /* ids of workspaces */
};
struct query_log {
    struct vedette *v;
    struct lock lock;
    struct arena *a; /* of the sinks */
    struct sink *sinks;
    size_t n_sinks;
    struct row_queue *rows;
};

/* ---- settings ---- */

static void read_sink(struct arena *a, const struct state_setting *s, struct sink *out)
{
    struct json v = {0};
    *out = (struct sink){0};
    if (!json_parse(a, s->value, NULL, &v, NULL))
        return;
    const struct json *on = json_get(&v, "audit");
    if (on != NULL && on->type == JSON_TRUE)
        *out = (struct sink){s->workspace, json_text(json_get(&v, "workspace"), STR_NONE)};
}

static bool load(struct query_log *l, struct err *e)
{
    struct arena *a = arena_new(0);
    struct state_setting *all = NULL;
    size_t n = 0, kept = 0;
    if (!state_setting_list(l->v->state, a, STR_NONE, STR(DIAGNOSTICS_PREFIX), &all, &n, e)) {
        arena_free(a);
        return false;
    }
    struct sink *sinks = arena_array(a, struct sink, n + 1);
    for (size_t i = 0; i < n; i++) {
        read_sink(a, &all[i], &sinks[kept]);
        kept += sinks[kept].target.n == ROW_QUEUE_TARGET;
    }
    lock_take(&l->lock);
    struct arena *old = l->a;
    l->a = a;
    l->sinks = sinks;
    l->n_sinks = kept;
    lock_drop(&l->lock);
    arena_free(old);
    return true;
}

bool query_log_reload(struct vedette *v, struct err *e)
{
    return load(v->query_log, e);
}

/* ---- storing ---- */

/* A row_queue_fn. True also where the workspace is gone: nobody will ask for its rows. */
static bool store_rows(void *arg, const struct row_queue_rows *rows, struct err *e)
{
    struct query_log *l = arg;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct workspace *w = store_workspace_find(l->v->store, rows->target);
    struct store_batch *batch = NULL;
    struct json list = {0};
    if (w == NULL)
        return true;
    return json_parse(a, rows->list, NULL, &list, e) &&
           logrows_batch(w, a, STR(TABLE), &list, &batch, e) &&
           store_append(w, &batch, 1, STR_NONE, e);
}

/* ---- the handle ---- */

struct query_log *query_log_open(struct vedette *v, size_t queue_bytes, struct err *e)
{
    struct query_log *l = xcalloc(1, sizeof(*l));
    l->v = v;
    lock_init(&l->lock, "query_log");
    if (!load(l, e)) {
        query_log_free(l);
        return NULL;
    }
    l->rows = row_queue_open(TABLE, queue_bytes != 0 ? queue_bytes : QUEUE_BYTES, store_rows, l);
    return l;
}

void query_log_stop(struct query_log *l)
{
    if (l != NULL)
        row_queue_stop(l->rows);
}

void query_log_free(struct query_log *l)
{
    if (l == NULL)
        return;
    row_queue_free(l->rows);
    arena_free(l->a);
    lock_fini(&l->lock);
    xfree(l);
}

struct row_queue_counts query_log_counts(struct query_log *l)
{
    return row_queue_counts(l->rows);
}

/* ---- the row ---- */

struct targets {
    char id[MOST_TARGETS][ROW_QUEUE_TARGET + 1];
    size_t n;
};

static void add_target(struct targets *t, struct str id)
{
    bool known = id.n != ROW_QUEUE_TARGET || t->n == MOST_TARGETS;
    for (size_t i = 0; !known && i < t->n; i++)
        known = str_eqz(id, t->id[i]);
    if (known)
        return;
    memcpy(t->id[t->n], id.p, id.n);
    t->id[t->n++][id.n] = '\0';
}

static void targets_of(struct query_log *l, struct str source, struct targets *out)
{
    for (size_t i = 0; i < l->n_sinks; i++)
        if (str_eq(l->sinks[i].source, source))
            add_target(out, l->sinks[i].target);
}

static void all_targets(struct query_log *l, const struct query_audit *x, struct targets *out)
{
    out->n = 0;
    lock_take(&l->lock);
    for (size_t i = 0; l->n_sinks > 0 && i < x->asked.n; i++)
        targets_of(l, workspace_id(x->asked.list[i]), out);
    for (size_t i = 0; l->n_sinks > 0 && x->compiled != NULL && i < x->compiled->reads.n; i++)
        targets_of(l, x->compiled->reads.p[i].workspace, out);
    lock_drop(&l->lock);
}

void query_log_begin(struct vedette *v, const struct api_workspaces *asked, struct str text,
                     struct store_query *sq, struct query_audit *out)
{
    struct targets t;
    *out = (struct query_audit){.asked = *asked,
                                .text = text,
                                .has_scope = sq->options.has_scope,
                                .from = sq->options.scope_from,
                                .to = sq->options.scope_to,
                                .submitted = clock_now(v->o.clock),
                                .began_us = clock_mono_us()};
    all_targets(v->query_log, out, &t);
    if (t.n > 0)
        sq->limits.cost = &out->cost;
}

static void write_person(struct vedette *v, const struct identity_caller *c, struct json_out *o)
{
    bool app = c->kind == IDENTITY_APPLICATION;
    json_kv_str(o, "AADObjectId", c->id);
    json_kv_str(o, "AADTenantId", c->tenant.n > 0 ? c->tenant : identity_tenant(v->identity));
    json_kv_str(o, "AADEmail", app ? STR_NONE : c->name);
    json_kv_str(o, "AADClientId", app ? c->id : STR_NONE);
}

/* What asked: the name that clients of Azure send of themselves. The portal is Sentinel's. */
static struct str client_of(const struct http_request *q)
{
    enum { MOST = 128 };
    struct str named = http_header(q, "x-ms-app");
    if (named.n > 0 && utf8_valid(named, NULL))
        return str_sub(named, 0, MOST);
    return api_caller(q)->session != NULL ? STR("ASI_Portal") : STR("Unknown");
}

static void write_context(struct arena *a, const struct query_audit *x, struct json_out *o)
{
    json_key(o, "RequestContext");
    json_obj(o);
    json_key(o, x->asked.resource.n > 0 ? "resources" : "workspaces");
    json_arr(o);
    if (x->asked.resource.n > 0)
        json_str(o, x->asked.resource);
    for (size_t i = 0; x->asked.resource.n == 0 && i < x->asked.n; i++)
        json_str(o, identity_resource_id(a, x->asked.list[i]));
    json_arr_end(o);
    json_obj_end(o);
    json_key(o, "RequestContextFilters");
    json_obj(o);
    json_obj_end(o);
}

static void write_statistics(const struct query_audit *x, struct json_out *o)
{
    struct targets read = {.n = 0};
    if (x->compiled == NULL)
        return;
    for (size_t i = 0; i < x->compiled->reads.n; i++) {
        struct str w = x->compiled->reads.p[i].workspace;
        add_target(&read, w.n > 0 ? w : workspace_id(x->asked.list[0]));
    }
    json_kv_int(o, "StatsWorkspaceCount", (int64_t)read.n);
    json_kv_int(o, "StatsRegionCount", 1);
    json_kv_real(o, "ScannedGB", (double)x->cost.bytes / 1e9);
}

static void write_row(struct vedette *v, const struct http_request *q, const struct query_audit *x,
                      struct json_out *o)
{
    char thumbprint[17];
    struct str host = http_header(q, "host");
    snprintf(thumbprint, sizeof(thumbprint), "%016llx", (unsigned long long)str_hash(x->text));
    json_obj(o);
    json_kv_time(o, "TimeGenerated", x->submitted);
    json_kv_z(o, "CorrelationId", q->id);
    write_person(v, api_caller(q), o);
    json_kv_str(o, "RequestClientApp", client_of(q));
    json_kv_str(o, "RequestTarget",
                arena_fmt(q->arena, "https://%.*s%.*s", STR_ARG(host), STR_ARG(q->path)));
    if (x->has_scope) {
        json_kv_time(o, "QueryTimeRangeStart", x->from);
        json_kv_time(o, "QueryTimeRangeEnd", x->to);
    }
    json_kv_str(o, "QueryText", x->text);
    json_kv_z(o, "QueryThumbprint", thumbprint);
    json_kv_z(o, "RecordKind", "Query");
    json_kv_int(o, "ResponseCode", x->status);
    json_kv_real(o, "ResponseDurationMs", (double)x->took_us / 1000);
    json_kv_int(o, "ResponseRowCount", (int64_t)x->rows);
    json_kv_z(o, "ConditionalDataAccess",
              x->compiled != NULL && x->compiled->limited ? "true" : "false");
    json_kv_bool(o, "IsBillableQuery", false);
    json_kv_bool(o, "IsWorkspaceInFailover", false);
    json_kv_z(o, "WorkspaceRegion", "local");
    json_kv_z(o, "SourceSystem", "Azure");
    json_kv_str(o, "_ResourceId", identity_resource_id(q->arena, x->asked.list[0]));
    write_context(q->arena, x, o);
    write_statistics(x, o);
    json_obj_end(o);
}

void query_log_end(struct vedette *v, const struct http_request *q, struct query_audit *x,
                   const struct store_result *res, int status)
{
    struct targets t;
    x->took_us = clock_mono_us() - x->began_us;
    x->status = status != 0 ? status : 200;
    x->compiled = res != NULL ? &res->compiled : NULL;
    for (size_t i = 0; res != NULL && i < res->n; i++)
        x->rows += engine_rows_count(res->rows[i]);
    all_targets(v->query_log, x, &t);
    if (t.n == 0)
        return;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MOST_ROW);
    struct json_out o = json_out_make(&b);
    write_row(v, q, x, &o);
    CHECK(sbuf_ok(&b)); /* a query's text is bounded */
    for (size_t i = 0; i < t.n; i++)
        (void)row_queue_push(v->query_log->rows, str_from(t.id[i]), sbuf_str(&b)); /* counted */
}
