/* Rules that run together: each is compiled for the same mark, tables that several of them read are
 * read once, and then each runs as it would by itself. */
#include "detect/detect_priv.h"

#define COPY_TIMEOUT_US INT64_C(20000000) /* of reading tables for all */

int64_t company_seen(const struct company_rule *x)
{
    return x->due->seen > x->stored.arrived ? x->due->seen : x->stored.arrived;
}

/* What a run would do first: skip, wait, or begin elsewhere. */
static bool is_plain(const struct detect *d, const struct company_rule *x)
{
    const struct state_rule *s = &x->stored;
    if (!s->enabled || s->next_run != x->due->s)
        return false;
    if (x->due->nrt)
        return s->retry_at == 0 && s->missed == 0 && s->arrived > 0 &&
               s->suppressed_until <= s->arrived;
    return s->suppressed_until <= s->next_run &&
           s->next_run >= clock_now(d->o.clock) - d->o.catch_up;
}

bool company_prepare(struct detect *d, struct arena *a, struct workspace *w, int64_t mark,
                     struct company_rule *x)
{
    struct kql_diags diags = {0};
    struct err ignored = {0};
    if (!state_rule_get(d->o.state, a, str_from(x->due->workspace), str_from(x->due->id),
                        &x->stored, &ignored) ||
        !is_plain(d, x) || !rule_load(a, &x->stored, &x->rule, &ignored) ||
        rule_by_arrival(x->rule.kind) != x->due->nrt)
        return false;
    struct detect_when when = {.s = x->stored.next_run, .arrived_after = -1, .arrived_until = mark};
    if (x->due->nrt)
        when = (struct detect_when){
            .s = mark, .arrived_after = company_seen(x), .arrived_until = mark};
    struct store_query q = {.text = rule_query(&x->rule),
                            .access =
                                store_author_access(d->o.authors, a, w, RULE_AUTHOR, x->stored.id),
                            .options = evaluation_options(&x->rule, &when)};
    q.limits = evaluation_limits(d);
    return workspace_compile(w, a, &q, &x->query, &diags, &ignored);
}

void company_note(struct detect *d, struct arena *a, struct workspace *w,
                  const struct state_rule *stored, const struct rule *r)
{
    struct kql_query query;
    struct kql_diags diags = {0};
    struct err ignored = {0};
    int64_t s = stored->next_run;
    struct detect_when when = {.s = s, .arrived_after = -1, .arrived_until = INT64_MAX};
    struct store_query q = {.text = rule_query(r), .options = evaluation_options(r, &when)};
    q.limits = evaluation_limits(d);
    if (r->kind == RULE_SCHEDULED && stored->enabled &&
        workspace_compile(w, a, &q, &query, &diags, &ignored))
        schedule_reads(d, stored, query.reads.p, query.reads.n);
}

/* Which of the rules read a copy. */
static struct store_share *share(struct detect *d, struct arena *a, struct workspace *w,
                                 struct company_rule *const *list, size_t n,
                                 struct run_given *given)
{
    struct kql_query **queries = arena_array(a, struct kql_query *, n + 1);
    size_t *of = arena_array(a, size_t, n + 1), known = 0;
    bool *shared = arena_array(a, bool, n + 1);
    struct store_share_limits limits = {.run = evaluation_limits(d)};
    limits.max_rows = d->o.shared_rows > 0 ? (size_t)d->o.shared_rows : 0;
    int64_t soon = clock_mono_us() + COPY_TIMEOUT_US;
    limits.run.deadline_us = limits.run.deadline_us < soon ? limits.run.deadline_us : soon;
    for (size_t i = 0; i < n; i++) {
        if (!list[i]->known)
            continue;
        queries[known] = &list[i]->query;
        of[known++] = i;
    }
    struct store_share *out = workspace_share(w, a, queries, known, &limits, shared);
    for (size_t i = 0; i < known; i++) {
        given[of[i]].compiled = queries[i];
        given[of[i]].etag = list[of[i]]->stored.etag;
        given[of[i]].shared = shared[i];
    }
    return out;
}

bool company_run(struct detect *d, struct arena *a, struct workspace *w, int64_t mark,
                 struct company_rule *const *list, size_t n, int64_t began, struct err *e)
{
    struct schedule_entry *due = arena_array(a, struct schedule_entry, n + 1);
    struct run_given *given = arena_array(a, struct run_given, n + 1);
    struct store_share *s = w != NULL ? share(d, a, w, list, n, given) : NULL;
    int64_t each = n > 0 ? (clock_thread_us() - began) / (int64_t)n : 0;
    for (size_t i = 0; i < n; i++) {
        due[i] = *list[i]->due;
        given[i].mark = mark;
        given[i].processor_us = each;
    }
    bool ok = run_rules(d, due, given, n, e);
    store_share_free(s);
    return ok;
}

bool run_scheduled(struct detect *d, const struct schedule_entry *due, size_t n, struct err *e)
{
    if (n == 1)
        return run_rules(d, due, NULL, n, e);
    AUTO(arena_freep) struct arena *a = arena_new(0);
    int64_t began = clock_thread_us();
    struct workspace *w = store_workspace_find(d->o.store, str_from(due[0].workspace));
    int64_t mark = w != NULL ? detect_mark(d, w) : 0;
    struct company_rule *rules = arena_array(a, struct company_rule, n);
    struct company_rule **list = arena_array(a, struct company_rule *, n);
    for (size_t i = 0; i < n; i++) {
        list[i] = &rules[i];
        rules[i].due = &due[i];
        rules[i].known = w != NULL && company_prepare(d, a, w, mark, &rules[i]);
    }
    return company_run(d, a, w, mark, list, n, began, e);
}
