/* A request's records on their way through all flows of its stream. */
#include "dcr/dcr_priv.h"

struct passing {
    struct dcrs *d;
    const struct dcr_request *r;
    struct dcr_entry *rule;
    struct arena *a;
    size_t flow; /* under hand */
    struct workspace *w;
};

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

static const struct dcr_flow *flow_of(const struct passing *p)
{
    return &p->rule->model.flows[p->flow];
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

static bool pass(struct passing *p, struct ingest_result *out, struct err *e)
{
    const struct dcr_request *r = p->r;
    struct dcr_passing way = {p->d, p->rule, p->a, p->flow, p->d->o.requests, {0}};
    struct kql_schema columns = {0};
    bool declared = false;
    way.base = (struct ingest_request){.workspace = p->w,
                                       .stream = r->stream,
                                       .format = INGEST_JSON,
                                       .body = r->body,
                                       .source = r->source,
                                       .client_request_id = r->client_request_id};
    way.base.flow = (struct ingest_flow){
        .output = dcr_flow_output(flow_of(p), r->stream),
        .name = arena_fmt(p->a, "%.*s/%zu", STR_ARG(p->rule->immutable_id), p->flow),
        .sent = r->body};
    if (!dcr_model_columns(p->a, &p->rule->model, p->w, r->stream, &columns, &declared))
        return err_set(e, ERR_NOT_FOUND, "there is no stream '%.*s' in the data collection rule",
                       STR_ARG(dcr_brief(r->stream)));
    if (declared || flow_of(p)->transform.n > 0)
        return dcr_pass(&way, &columns, out, e);
    return ingest_logs(way.in, &way.base, out, e);
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
