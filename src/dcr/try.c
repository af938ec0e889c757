/* What the flows of a rule make of records, for who writes one: nothing is stored. */
#include "dcr/dcr_priv.h"

struct trying {
    struct dcrs *d;
    struct arena *a;
    const struct dcr_trial *t;
    struct dcr_model *m;
    struct str stream;
    struct json_out *o;
};

static bool write_result(struct trying *x, struct ingest_transformed *done, const struct err *why,
                         struct err *e)
{
    bool failed = strcmp(why->kind, INGEST_TRANSFORM_FAILED) == 0;
    if (why->code != ERR_OK && !failed) {
        *e = *why;
        return false;
    }
    json_kv_int(x->o, "records", (int64_t)done->read);
    json_kv_int(x->o, "convertedToNull", (int64_t)done->nulled);
    json_kv_int(x->o, "droppedFields", (int64_t)done->dropped);
    if (failed) {
        json_kv_z(x->o, "error", why->msg);
        return true;
    }
    size_t passed = done->given + done->n_rejects;
    json_kv_int(x->o, "filtered", done->read > passed ? (int64_t)(done->read - passed) : 0);
    json_key(x->o, "rows");
    json_raw(x->o, sbuf_str(&done->body));
    return true;
}

static bool try_flow(struct trying *x, size_t at, struct workspace *w, struct err *e)
{
    const struct dcr_flow *f = &x->m->flows[at];
    struct kql_schema columns = {0};
    if (!dcr_model_columns(x->a, x->m, w, x->stream, &columns, NULL))
        return err_set(e, ERR_NOT_FOUND, "there is no stream '%.*s'",
                       STR_ARG(dcr_brief(x->stream)));
    const struct ingest_transform t = {f->transform.n > 0 ? f->transform : STR("source"), &columns};
    const struct ingest_request r = {.workspace = w, .stream = x->stream, .body = x->t->body};
    struct ingest_transformed done = {0};
    struct err why = {0};
    (void)!ingest_transform_run(x->d->o.requests, x->a, &t, &r, &done, &why);
    json_obj(x->o);
    json_kv_int(x->o, "flow", (int64_t)at);
    json_kv_str(x->o, "workspace", workspace_name(w));
    json_kv_str(x->o, "outputStream", dcr_flow_output(f, x->stream));
    bool ok = write_result(x, &done, &why, e);
    json_obj_end(x->o);
    sbuf_fini(&done.body);
    return ok;
}

static bool try_flows(struct trying *x, struct err *e)
{
    const struct dcr_caller *c = &x->t->caller;
    bool any = false;
    for (size_t i = 0; i < x->m->n_flows; i++)
        for (size_t k = 0; dcr_flow_reads(&x->m->flows[i], x->stream) && k < x->m->flows[i].n_to;
             k++) {
            struct workspace *w = x->m->flows[i].to[k];
            if (c->may != NULL && !c->may(c->self, w))
                return err_set(e, ERR_FORBIDDEN, "you may not read workspace '%.*s'",
                               STR_ARG(workspace_name(w)));
            if (!try_flow(x, i, w, e))
                return false;
            any = true;
        }
    return any || err_set(e, ERR_NOT_FOUND, "the rule has no flow of stream '%.*s'",
                          STR_ARG(dcr_brief(x->stream)));
}

bool dcr_try(struct dcrs *d, struct arena *a, const struct dcr_trial *t, struct json_out *out,
             struct dcr_issues *issues, struct err *e)
{
    struct state_dcr row = {0};
    struct json kept = {0};
    struct dcr_model m;
    const struct json *properties = t->properties;
    if (properties == NULL) {
        if (!dcr_get(d, a, STATE_COLLECTION_RULES, t->name, &t->caller, &row, e) ||
            !json_parse(a, row.properties, NULL, &kept, e))
            return false;
        properties = &kept;
    }
    struct dcr_about about = dcr_about(d, properties == &kept ? row.kind : t->kind);
    if (!dcr_model_read(a, &about, properties, &m, issues))
        return err_set(e, ERR_INVALID, "Data collection rule is invalid");
    struct str stream = t->stream.n > 0 ? t->stream : m.flows[0].streams[0];
    struct trying x = {d, a, t, &m, stream, out};
    json_obj(out);
    json_kv_str(out, "stream", stream);
    json_key(out, "flows");
    json_arr(out);
    if (!try_flows(&x, e))
        return false;
    json_arr_end(out);
    json_obj_end(out);
    return true;
}
