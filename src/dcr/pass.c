/* Records through one flow into one workspace. */
#include "dcr/dcr_priv.h"

/* ---- what went wrong ---- */

/* A row of DCRLogErrors; NULL: the same was told within the hour. */
static struct store_batch *error_row(struct dcr_passing *p, const struct err *why)
{
    struct kql_table t = {0};
    struct str message = str_from(why->msg);
    if (!dcr_entry_tells(p->d, p->rule, p->flow, message) ||
        !workspace_table_find(p->base.workspace, p->a, STR("DCRLogErrors"), &t))
        return NULL;
    struct str id = dcr_arm_id(p->d, p->a, STATE_COLLECTION_RULES, p->rule->name);
    const struct store_cell cells[] = {
        {"OperationName", {.type = KQL_STRING, .s = STR("Transformation")}},
        {"InputStreamId", {.type = KQL_STRING, .s = p->base.stream}},
        {"Message", {.type = KQL_STRING, .s = message}},
        {"ClientRequestId", {.type = KQL_STRING, .s = p->base.client_request_id}},
        {"_ResourceId", {.type = KQL_STRING, .s = id}},
        {"SourceSystem", {.type = KQL_STRING, .s = STR("Azure")}},
    };
    struct store_batch *b = store_batch_new(&t);
    store_batch_row(b, cells, COUNTOF(cells));
    return b;
}

/* Those that the request had, and more of them. */
static void add_rejects(struct dcr_passing *p, struct ingest_request *in,
                        const struct ingest_reject *more, size_t n)
{
    size_t total = p->base.n_rejects + n;
    struct ingest_reject *all = arena_array(p->a, struct ingest_reject, total + 1);
    for (size_t i = 0; i < total; i++)
        all[i] = i < p->base.n_rejects ? p->base.rejects[i] : more[i - p->base.n_rejects];
    in->rejects = all;
    in->n_rejects = total;
}

/* The records are kept as dead letters. */
static bool bury(struct dcr_passing *p, size_t read, const struct err *why,
                 struct ingest_result *out, struct err *e)
{
    struct ingest_request in = p->base;
    size_t n = 0;
    struct ingest_reject *all = ingest_transform_rejects(p->in, p->a, &p->base, why, &n);
    add_rejects(p, &in, all, n);
    in.format = INGEST_JSON;
    in.body = STR("[]");
    in.flow.read = read;
    in.flow.more = error_row(p, why);
    in.flow.more_table = STR("DCRLogErrors");
    return ingest_logs(p->in, &in, out, e);
}

/* ---- the way itself ---- */

static bool store_result(struct dcr_passing *p, struct ingest_transformed *x,
                         struct ingest_result *out, struct err *e)
{
    struct ingest_request in = p->base;
    size_t passed = x->given + x->n_rejects;
    add_rejects(p, &in, x->rejects, x->n_rejects);
    in.format = INGEST_JSON;
    in.body = sbuf_str(&x->body);
    in.flow.read = x->read;
    in.flow.filtered = x->read > passed ? x->read - passed : 0;
    in.flow.nulled = x->nulled;
    in.flow.dropped = x->dropped;
    return ingest_logs(p->in, &in, out, e);
}

bool dcr_pass(struct dcr_passing *p, const struct kql_schema *columns, struct ingest_result *out,
              struct err *e)
{
    struct str query = p->rule->model.flows[p->flow].transform;
    const struct ingest_transform t = {query.n > 0 ? query : STR("source"), columns};
    struct ingest_transformed x = {0};
    struct err why = {0};
    bool ok;
    if (ingest_transform_run(p->in, p->a, &t, &p->base, &x, &why))
        ok = store_result(p, &x, out, e);
    else if (strcmp(why.kind, INGEST_TRANSFORM_FAILED) == 0)
        ok = bury(p, x.read, &why, out, e);
    else {
        bool comes_again = p->base.again && (why.code == ERR_BUSY || why.code == ERR_IO);
        if (!comes_again)
            ingest_count_refusal(&p->base, STR_NONE, x.read, why.code);
        ok = false;
        if (e != NULL)
            *e = why;
    }
    sbuf_fini(&x.body);
    return ok;
}
