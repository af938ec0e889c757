/* Rules of kind WorkspaceTransforms: they stand in front of the tables that ship, for all that
 * comes without a rule of its own. */
#include "base/log.h"
#include "dcr/dcr_priv.h"

bool dcr_is_standing(struct str kind)
{
    return str_ieqz(kind, "WorkspaceTransforms");
}

struct dcr_about dcr_about(const struct dcrs *d, struct str kind)
{
    return (struct dcr_about){d->o.store, clock_now(d->o.clock), dcr_is_standing(kind)};
}

/* ---- which there are ---- */

static void clear_locked(struct dcrs *d)
{
    while (d->standing.n > 0) {
        struct dcr_entry *x = d->standing.p[--d->standing.n];
        if (--x->refs == 0)
            arena_free(x->a);
    }
}

void dcr_standing_clear(struct dcrs *d)
{
    lock_take(&d->lock);
    clear_locked(d);
    atomic_store(&d->n_standing, 0);
    lock_drop(&d->lock);
}

static void add_locked(struct dcrs *d, const struct state_dcr *row)
{
    struct err e = {0};
    struct dcr_entry *x = dcr_entry_new(d, arena_new(0), row, &e);
    if (x != NULL)
        VEC_PUSH(d->a, &d->standing, x);
    else
        LOG(LOG_ERROR, "dcr", "a rule can't be read", log_s("rule", row->id),
            log_z("reason", e.msg));
}

void dcr_standing_load(struct dcrs *d)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct state_dcr *all = NULL;
    struct err e = {0};
    size_t n = 0;
    lock_take(&d->lock);
    if (state_dcr_list(d->o.state, a, STATE_COLLECTION_RULES, &all, &n, &e)) {
        clear_locked(d);
        for (size_t i = 0; i < n; i++)
            if (dcr_is_standing(all[i].kind))
                add_locked(d, &all[i]);
        atomic_store(&d->n_standing, d->standing.n);
    } else
        LOG(LOG_ERROR, "dcr", "rules can't be read", log_z("reason", e.msg));
    lock_drop(&d->lock);
}

static bool leads_to(const struct dcr_flow *f, const struct workspace *w)
{
    for (size_t i = 0; i < f->n_to; i++)
        if (f->to[i] == w)
            return true;
    return false;
}

/* The flow of a stream into a workspace that changes something; NULL: there is none. The caller
 * drops it. */
static struct dcr_entry *take(struct dcrs *d, const struct workspace *w, struct str stream,
                              size_t *out_flow)
{
    struct dcr_entry *found = NULL;
    lock_take(&d->lock);
    for (size_t i = 0; found == NULL && i < d->standing.n; i++) {
        struct dcr_entry *x = d->standing.p[i];
        for (size_t k = 0; found == NULL && k < x->model.n_flows; k++) {
            const struct dcr_flow *f = &x->model.flows[k];
            if (f->transform.n == 0 || !dcr_flow_reads(f, stream) || !leads_to(f, w))
                continue;
            found = x;
            *out_flow = k;
        }
    }
    if (found != NULL)
        found->refs++;
    lock_drop(&d->lock);
    return found;
}

struct str dcr_default_rule(struct dcrs *d, struct arena *a, const struct workspace *w)
{
    struct str name = STR("");
    lock_take(&d->lock);
    for (size_t i = 0; name.n == 0 && i < d->standing.n; i++) {
        const struct dcr_model *m = &d->standing.p[i]->model;
        for (size_t k = 0; name.n == 0 && k < m->n_destinations; k++)
            if (m->destinations[k].workspace == w)
                name = arena_str(a, d->standing.p[i]->name);
    }
    lock_drop(&d->lock);
    return name.n > 0 ? dcr_arm_id(d, a, STATE_COLLECTION_RULES, name) : name;
}

/* ---- records ---- */

static bool guard(void *self, struct ingest *in, const struct ingest_request *r,
                  struct ingest_result *out, bool *out_ok, struct err *e)
{
    struct dcrs *d = self;
    if (atomic_load(&d->n_standing) == 0)
        return false;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct dcr_passing p = {.d = d, .a = a, .in = in, .base = *r};
    struct kql_schema columns = {0};
    struct str table = STR("");
    if (r->collector.on || !ingest_stream_table(r->workspace, a, r->stream, &table, NULL))
        return false;
    struct str stream = arena_fmt(a, DCR_TABLE_STREAM "%.*s", STR_ARG(table));
    p.rule = take(d, r->workspace, stream, &p.flow);
    if (p.rule == NULL)
        return false;
    bool known = dcr_model_columns(a, &p.rule->model, r->workspace, stream, &columns, NULL);
    if (known) {
        /* Known again as without the rule, which may come between a range and its repetition. */
        p.base.flow = (struct ingest_flow){.output = r->stream, .sent = r->body};
        *out_ok = dcr_pass(&p, &columns, out, e);
    }
    dcr_entry_drop(d, p.rule);
    return known;
}

void dcr_guard(struct dcrs *d, struct ingest *in)
{
    const struct ingest_gate g = {d, guard};
    ingest_gate_set(in, &g);
}
