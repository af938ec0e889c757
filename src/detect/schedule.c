/* Which rule runs when. The control database holds the truth; this is its copy in memory. */
#include "detect/detect_priv.h"

int64_t rule_frequency(const struct rule *r)
{
    return r->kind == RULE_SCHEDULED ? r->frequency : NRT_FREQUENCY;
}

int64_t rule_period(const struct rule *r)
{
    return r->kind == RULE_SCHEDULED ? r->period : NRT_FREQUENCY;
}

int64_t rule_delay(const struct detect *d, const char *kind)
{
    return strcmp(kind, rule_kind_name(RULE_SCHEDULED)) == 0 ? d->o.delay : NRT_DELAY;
}

int64_t schedule_first(const struct detect *d, const struct rule *r, int64_t now)
{
    int64_t s = now - rule_delay(d, rule_kind_name(r->kind));
    if (r->start_time > s)
        return r->start_time;
    if (r->start_time > 0) /* past starts keep their rhythm */
        return r->start_time + ((s - r->start_time) / rule_frequency(r) + 1) * rule_frequency(r);
    return s - s % TICKS_PER_SECOND;
}

static struct schedule_entry *find(struct detect *d, struct str workspace, struct str id)
{
    for (size_t i = 0; i < d->schedule.n; i++)
        if (str_eqz(workspace, d->schedule.p[i].workspace) && str_eqz(id, d->schedule.p[i].id))
            return &d->schedule.p[i];
    return NULL;
}

static struct schedule_entry *add(struct detect *d, struct str workspace, struct str id)
{
    struct schedule *s = &d->schedule;
    if (s->n == s->cap) {
        s->cap = s->cap == 0 ? 64 : s->cap * 2;
        s->p = xrealloc(s->p, s->cap * sizeof(*s->p));
    }
    s->p[s->n] = (struct schedule_entry){.workspace = xstrndup(workspace), .id = xstrndup(id)};
    return &s->p[s->n++];
}

static void free_entry(struct schedule_entry *e)
{
    xfree(e->workspace);
    xfree(e->id);
}

void schedule_drop(struct detect *d, struct str workspace, struct str id)
{
    lock_take(&d->lock);
    struct schedule_entry *e = find(d, workspace, id);
    if (e != NULL) {
        free_entry(e);
        *e = d->schedule.p[--d->schedule.n];
    }
    lock_drop(&d->lock);
}

void schedule_set(struct detect *d, const struct state_rule *r)
{
    if (!r->enabled || r->next_run == 0) {
        schedule_drop(d, r->workspace, r->id);
        return;
    }
    bool scheduled = str_eqz(r->kind, rule_kind_name(RULE_SCHEDULED));
    int64_t delay = rule_delay(d, rule_kind_name(scheduled ? RULE_SCHEDULED : RULE_NRT));
    lock_take(&d->lock);
    struct schedule_entry *e = find(d, r->workspace, r->id);
    if (e == NULL)
        e = add(d, r->workspace, r->id);
    e->s = r->next_run;
    e->due = r->retry_at > 0 ? r->retry_at : r->next_run + delay;
    lock_drop(&d->lock);
    clock_wake(d->o.clock);
}

bool schedule_take(struct detect *d, struct arena *a, int64_t now, struct schedule_entry *out)
{
    struct schedule_entry *best = NULL;
    lock_take(&d->lock);
    for (size_t i = 0; i < d->schedule.n; i++) {
        struct schedule_entry *e = &d->schedule.p[i];
        if (e->running || e->due > now)
            continue;
        if (best == NULL || e->s < best->s || (e->s == best->s && strcmp(e->id, best->id) < 0))
            best = e;
    }
    if (best != NULL) {
        best->running = true;
        *out = *best;
        out->workspace = arena_strz(a, str_from(best->workspace));
        out->id = arena_strz(a, str_from(best->id));
    }
    lock_drop(&d->lock);
    return best != NULL;
}

void schedule_release(struct detect *d, const struct schedule_entry *e)
{
    lock_take(&d->lock);
    struct schedule_entry *mine = find(d, str_from(e->workspace), str_from(e->id));
    if (mine != NULL)
        mine->running = false;
    lock_drop(&d->lock);
    clock_wake(d->o.clock);
}

int64_t schedule_due(struct detect *d, bool *out_running)
{
    int64_t due = INT64_MAX;
    *out_running = false;
    lock_take(&d->lock);
    for (size_t i = 0; i < d->schedule.n; i++) {
        const struct schedule_entry *e = &d->schedule.p[i];
        *out_running = *out_running || e->running;
        if (!e->running && e->due < due)
            due = e->due;
    }
    lock_drop(&d->lock);
    return due;
}

void schedule_fini(struct detect *d)
{
    for (size_t i = 0; i < d->schedule.n; i++)
        free_entry(&d->schedule.p[i]);
    xfree(d->schedule.p);
    d->schedule = (struct schedule){0};
}
