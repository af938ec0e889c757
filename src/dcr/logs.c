/* Records on their way through the flows of a rule. */
#include <stdio.h>

#include "dcr/dcr_priv.h"

struct passing {
    struct dcrs *d;
    const struct dcr_request *r;
    struct dcr_entry *rule;
    struct arena *a;
    size_t flow; /* under hand */
    struct workspace *w;
};

static const struct dcr_flow *flow_of(const struct passing *p)
{
    return &p->rule->model.flows[p->flow];
}

static struct ingest_request request_of(const struct passing *p)
{
    const struct dcr_request *r = p->r;
    struct ingest_request in = {.workspace = p->w,
                                .stream = r->stream,
                                .format = INGEST_JSON,
                                .body = r->body,
                                .source = r->source,
                                .client_request_id = r->client_request_id};
    in.flow = (struct ingest_flow){
        .output = dcr_flow_output(flow_of(p), r->stream),
        .name = arena_fmt(p->a, "%.*s/%zu", STR_ARG(p->rule->immutable_id), p->flow),
        .sent = r->body};
    return in;
}

/* ---- what went wrong ---- */

/* A row of DCRLogErrors; NULL: the same was told within the hour. */
static struct store_batch *error_row(struct passing *p, const struct err *why)
{
    struct kql_table t = {0};
    struct str message = str_from(why->msg);
    if (!dcr_entry_tells(p->d, p->rule, p->flow, message) ||
        !workspace_table_find(p->w, p->a, STR("DCRLogErrors"), &t))
        return NULL;
    const struct {
        const char *name;
        struct str value;
    } cells[] = {
        {"OperationName", STR("Transformation")},
        {"InputStreamId", p->r->stream},
        {"Message", message},
        {"ClientRequestId", p->r->client_request_id},
        {"_ResourceId", dcr_arm_id(p->d, p->a, STATE_COLLECTION_RULES, p->rule->name)},
        {"SourceSystem", STR("Azure")},
    };
    struct store_batch *b = store_batch_new(&t);
    for (size_t i = 0; i < COUNTOF(cells); i++) {
        size_t at;
        struct kql_value v = {.type = KQL_STRING, .s = cells[i].value};
        if (store_column_find(&t, str_from(cells[i].name), &at) != NULL)
            store_batch_set(b, at, &v);
    }
    store_batch_end_row(b);
    return b;
}

/* The records are kept as dead letters. */
static bool bury(struct passing *p, size_t read, const struct err *why, struct ingest_result *out,
                 struct err *e)
{
    struct ingest_request in = request_of(p);
    in.rejects = ingest_transform_rejects(p->d->o.requests, p->a, &in, why, &in.n_rejects);
    in.body = STR("[]");
    in.flow.read = read;
    in.flow.more = error_row(p, why);
    in.flow.more_table = STR("DCRLogErrors");
    return ingest_logs(p->d->o.rows, &in, out, e);
}

/* ---- one flow into one workspace ---- */

static bool store_result(struct passing *p, struct ingest_transformed *x, struct ingest_result *out,
                         struct err *e)
{
    struct ingest_request in = request_of(p);
    size_t passed = x->given + x->n_rejects;
    in.body = sbuf_str(&x->body);
    in.rejects = x->rejects;
    in.n_rejects = x->n_rejects;
    in.flow.read = x->read;
    in.flow.filtered = x->read > passed ? x->read - passed : 0;
    in.flow.nulled = x->nulled;
    in.flow.dropped = x->dropped;
    return ingest_logs(p->d->o.rows, &in, out, e);
}

static bool transform(struct passing *p, const struct kql_schema *columns,
                      struct ingest_result *out, struct err *e)
{
    struct str query = flow_of(p)->transform;
    const struct ingest_transform t = {query.n > 0 ? query : STR("source"), columns};
    struct ingest_request in = request_of(p);
    struct ingest_transformed x = {0};
    struct err why = {0};
    bool ok;
    if (ingest_transform_run(p->d->o.requests, p->a, &t, &in, &x, &why))
        ok = store_result(p, &x, out, e);
    else if (strcmp(why.kind, INGEST_TRANSFORM_FAILED) == 0)
        ok = bury(p, x.read, &why, out, e);
    else {
        ingest_count_refusal(&in, STR_NONE, x.read, why.code);
        ok = false;
        *e = why;
    }
    sbuf_fini(&x.body);
    return ok;
}

static bool pass(struct passing *p, struct ingest_result *out, struct err *e)
{
    struct kql_schema columns = {0};
    bool declared = false;
    if (!dcr_model_columns(p->a, &p->rule->model, p->w, p->r->stream, &columns, &declared))
        return err_set(e, ERR_NOT_FOUND, "there is no stream '%.*s' in the data collection rule",
                       STR_ARG(dcr_brief(p->r->stream)));
    if (declared || flow_of(p)->transform.n > 0)
        return transform(p, &columns, out, e);
    struct ingest_request in = request_of(p);
    return ingest_logs(p->d->o.requests, &in, out, e);
}

/* ---- all flows of a stream ---- */

static void add_result(struct ingest_result *sum, const struct ingest_result *x)
{
    sum->received += x->received;
    sum->stored += x->stored;
    sum->rejected += x->rejected;
    sum->filtered += x->filtered;
    sum->nulled += x->nulled;
    sum->truncated += x->truncated;
    sum->dropped += x->dropped;
    sum->times_replaced += x->times_replaced;
    sum->duplicate |= x->duplicate;
}

typedef bool each_fn(struct passing *p, struct ingest_result *out, struct err *e);

/* fn for each flow of the stream and each of its workspaces. *out_n: how many. */
static bool each(struct passing *p, each_fn *fn, struct ingest_result *out, size_t *out_n,
                 struct err *e)
{
    const struct dcr_model *m = &p->rule->model;
    *out_n = 0;
    for (p->flow = 0; p->flow < m->n_flows; p->flow++)
        for (size_t i = 0; dcr_flow_reads(flow_of(p), p->r->stream) && i < flow_of(p)->n_to; i++) {
            p->w = flow_of(p)->to[i];
            if (!fn(p, out, e))
                return false;
            ++*out_n;
        }
    return true;
}

static bool may_send(struct passing *p, struct ingest_result *out, struct err *e)
{
    const struct dcr_caller *c = &p->r->caller;
    (void)out;
    return c->may == NULL || c->may(c->self, p->w) ||
           err_set(e, ERR_FORBIDDEN,
                   "The authentication token provided does not have access to ingest data for the "
                   "data collection rule with immutable Id '%.*s'",
                   STR_ARG(p->rule->immutable_id));
}

static bool pass_and_add(struct passing *p, struct ingest_result *out, struct err *e)
{
    struct ingest_result one = {0};
    if (!pass(p, &one, e))
        return false;
    add_result(out, &one);
    return true;
}

bool dcr_logs(struct dcrs *d, const struct dcr_request *r, struct ingest_result *out, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct passing p = {.d = d, .r = r, .a = a};
    size_t n = 0;
    *out = (struct ingest_result){0};
    p.rule = dcr_entry_take(d, r->rule, e);
    if (p.rule == NULL)
        return false;
    bool ok = each(&p, may_send, out, &n, e);
    if (ok && n == 0)
        ok = err_set(e, ERR_NOT_FOUND,
                     "The stream %.*s was not configured in data collection rule with immutable "
                     "Id: %.*s.",
                     STR_ARG(dcr_brief(r->stream)), STR_ARG(p.rule->immutable_id));
    ok = ok && each(&p, pass_and_add, out, &n, e);
    dcr_entry_drop(d, p.rule);
    return ok;
}

struct workspace *dcr_workspace(struct dcrs *d, struct str immutable_id)
{
    struct dcr_entry *x = dcr_entry_take(d, immutable_id, NULL);
    struct workspace *w = NULL;
    if (x == NULL)
        return NULL;
    for (size_t i = 0; w == NULL && i < x->model.n_destinations; i++)
        w = x->model.destinations[i].workspace;
    dcr_entry_drop(d, x);
    return w;
}

bool dcr_exists(struct dcrs *d, struct str immutable_id)
{
    struct dcr_entry *x = dcr_entry_take(d, immutable_id, NULL);
    if (x != NULL)
        dcr_entry_drop(d, x);
    return x != NULL;
}
