/* Which rule runs when. The control database holds the truth; this is its copy in memory. */
#include "detect/detect_priv.h"

int64_t rule_delay(const struct detect *d, const struct rule *r)
{
    return rule_by_arrival(r->kind) ? 0 : d->o.delay;
}

int64_t rule_frequency(const struct rule *r)
{
    return r->kind == RULE_SCHEDULED ? r->frequency : NRT_FREQUENCY;
}

int64_t rule_period(const struct rule *r)
{
    return r->kind == RULE_SCHEDULED ? r->period : NRT_FREQUENCY;
}

/* Always the same for a rule, so that rules that were made at one time do not start at one time. */
static int64_t spread_of(const struct detect *d, struct str id)
{
    struct guid ns = {{0}};
    uint64_t n = 0;
    if (d->o.spread <= 0)
        return 0;
    struct guid g = guid_derive(ns, id);
    memcpy(&n, g.b, sizeof(n));
    return (int64_t)(n % (uint64_t)d->o.spread);
}

int64_t schedule_first(const struct detect *d, const struct rule *r, int64_t now)
{
    int64_t s = now - rule_delay(d, r);
    if (rule_by_arrival(r->kind))
        return now;
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

static void forget_tables(struct schedule_entry *e)
{
    char *old = NULL;
    memcpy(&old, &e->tables.p, sizeof(old));
    xfree(old);
    e->tables = STR_NONE;
}

static void free_entry(struct schedule_entry *e)
{
    forget_tables(e);
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

static void set_arrivals(struct schedule_entry *e, const struct state_rule *r, bool is_new,
                         int64_t now)
{
    e->nrt = true;
    e->arrived = r->arrived;
    e->seen = r->arrived;
    e->held = r->retry_at > 0;
    if (e->held)
        e->due = r->retry_at;
    else if (is_new)
        e->due = now; /* what arrived while nobody looked */
}

void schedule_set(struct detect *d, const struct state_rule *r)
{
    struct workspace *w = store_workspace_find(d->o.store, r->workspace);
    int64_t now = clock_now(d->o.clock);
    if (!r->enabled || r->next_run == 0) {
        schedule_drop(d, r->workspace, r->id);
        return;
    }
    bool nrt = !str_eqz(r->kind, rule_kind_name(RULE_SCHEDULED)); /* by arrival */
    if (nrt && w != NULL)
        workspace_listen(w, schedule_arrived, d);
    lock_take(&d->lock);
    struct schedule_entry *e = find(d, r->workspace, r->id);
    bool is_new = e == NULL;
    if (is_new)
        e = add(d, r->workspace, r->id);
    e->s = r->next_run;
    if (nrt)
        set_arrivals(e, r, is_new, now);
    else
        e->due = r->retry_at > 0 ? r->retry_at : r->next_run + d->o.delay + spread_of(d, r->id);
    lock_drop(&d->lock);
    clock_wake(d->o.clock);
}

void schedule_seen(struct detect *d, const struct state_rule *r, int64_t mark)
{
    lock_take(&d->lock);
    struct schedule_entry *e = find(d, r->workspace, r->id);
    if (e != NULL) {
        int64_t write = e->arrived + NRT_FREQUENCY;
        e->seen = mark;
        e->due = e->due < write ? e->due : write;
    }
    lock_drop(&d->lock);
}

void schedule_changed(struct detect *d, const struct state_rule *r)
{
    lock_take(&d->lock);
    struct schedule_entry *e = find(d, r->workspace, r->id);
    if (e != NULL && e->nrt) {
        forget_tables(e);
        e->due = clock_now(d->o.clock);
    }
    lock_drop(&d->lock);
    clock_wake(d->o.clock);
}

void schedule_reads(struct detect *d, const struct state_rule *r, const struct strs *tables)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    for (size_t i = 0; i < tables->n; i++) {
        sbuf_addc(&b, '\0');
        sbuf_add(&b, tables->p[i]);
    }
    sbuf_addc(&b, '\0');
    lock_take(&d->lock);
    struct schedule_entry *e = find(d, r->workspace, r->id);
    if (e != NULL && !(e->tables.p != NULL && str_eq(e->tables, sbuf_str(&b)))) {
        forget_tables(e);
        e->tables = (struct str){xstrndup(sbuf_str(&b)), b.n};
    }
    lock_drop(&d->lock);
}

static bool reads(const struct schedule_entry *e, struct str table_between)
{
    return e->tables.p == NULL || str_find(e->tables, table_between, NULL);
}

void schedule_arrived(void *detect, struct workspace *w, struct str table)
{
    struct detect *d = detect;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    bool woken = false;
    int64_t due = clock_now(d->o.clock) + atomic_load(&d->gather);
    sbuf_addc(&b, '\0');
    sbuf_add(&b, table);
    sbuf_addc(&b, '\0');
    lock_take(&d->lock);
    for (size_t i = 0; i < d->schedule.n; i++) {
        struct schedule_entry *e = &d->schedule.p[i];
        if (!e->nrt || e->held || e->due <= due || !str_eqz(workspace_id(w), e->workspace) ||
            !reads(e, sbuf_str(&b)))
            continue;
        e->due = due;
        woken = true;
    }
    lock_drop(&d->lock);
    if (woken)
        clock_wake(d->o.clock);
}

void schedule_pause(struct detect *d, int64_t took_us)
{
    int64_t pause = 2 * took_us * TICKS_PER_US;
    if (clock_is_manual(d->o.clock)) /* whoever moves it wants to know when a rule runs */
        return;
    pause = pause < NRT_GATHER_MOST ? pause : NRT_GATHER_MOST;
    atomic_store(&d->gather, pause > NRT_GATHER ? pause : NRT_GATHER);
}

static void take_locked(struct schedule_entry *e, struct arena *a, struct schedule_entry *out)
{
    e->running = true;
    *out = *e;
    if (e->nrt) /* what arrives from here on makes it due again */
        e->due = INT64_MAX;
    out->workspace = arena_strz(a, str_from(e->workspace));
    out->id = arena_strz(a, str_from(e->id));
    out->tables = STR_NONE;
}

size_t schedule_take_all(struct detect *d, struct arena *a, int64_t now,
                         struct schedule_entry **out)
{
    struct schedule_entry first;
    size_t n = 0;
    if (!schedule_take(d, a, now, &first))
        return 0;
    lock_take(&d->lock);
    *out = arena_array(a, struct schedule_entry, first.nrt ? d->schedule.n + 1 : 1);
    (*out)[n++] = first;
    for (size_t i = 0; first.nrt && i < d->schedule.n; i++) {
        struct schedule_entry *e = &d->schedule.p[i];
        if (e->nrt && !e->running && e->due <= now && strcmp(e->workspace, first.workspace) == 0)
            take_locked(e, a, &(*out)[n++]);
    }
    lock_drop(&d->lock);
    return n;
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
    if (best != NULL)
        take_locked(best, a, out);
    lock_drop(&d->lock);
    return best != NULL;
}

void schedule_release(struct detect *d, const struct schedule_entry *taken, size_t n, bool done)
{
    lock_take(&d->lock);
    for (size_t i = 0; i < n; i++) {
        const struct schedule_entry *e = &taken[i];
        struct schedule_entry *mine = find(d, str_from(e->workspace), str_from(e->id));
        if (mine == NULL)
            continue;
        mine->running = false;
        if (!done && e->due < mine->due)
            mine->due = e->due;
    }
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
