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

/* Rules that are spread over time meet at every few seconds, to read tables together. */
static int64_t due_of(const struct detect *d, const struct state_rule *r)
{
    int64_t due = r->next_run + d->o.delay + spread_of(d, r->id);
    int64_t step = d->o.spread < COMPANY_EVERY ? d->o.spread : COMPANY_EVERY;
    return step > 0 && d->o.shared_rows > 0 ? (due + step - 1) / step * step : due;
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

static void forget_reads(struct schedule_entry *e)
{
    char *old = NULL;
    memcpy(&old, &e->reads.p, sizeof(old));
    xfree(old);
    e->reads = STR_NONE;
}

static void free_entry(struct schedule_entry *e)
{
    forget_reads(e);
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
    else if (r->missed > 0 && e->due > now + NRT_FREQUENCY)
        e->due = now + NRT_FREQUENCY; /* whether or not anything arrives */
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
    e->missed = r->missed > 0;
    if (nrt)
        set_arrivals(e, r, is_new, now);
    else
        e->due = r->retry_at > 0 ? r->retry_at : due_of(d, r);
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

void schedule_wake(struct detect *d, const struct state_rule *r, int64_t due)
{
    lock_take(&d->lock);
    struct schedule_entry *e = find(d, r->workspace, r->id);
    if (e != NULL && e->due > due)
        e->due = due;
    lock_drop(&d->lock);
}

void schedule_changed(struct detect *d, const struct state_rule *r)
{
    lock_take(&d->lock);
    struct schedule_entry *e = find(d, r->workspace, r->id);
    if (e != NULL) {
        forget_reads(e);
        e->took_us = 0;
        e->slow = false;
    }
    if (e != NULL && e->nrt)
        e->due = clock_now(d->o.clock);
    lock_drop(&d->lock);
    clock_wake(d->o.clock);
}

/* As it stands in schedule_entry.reads, with the NULs around it. */
static void add_read(struct sbuf *b, struct str workspace, struct str table)
{
    sbuf_addc(b, '\0');
    sbuf_add(b, workspace);
    sbuf_addc(b, '/');
    sbuf_add(b, table);
    sbuf_addc(b, '\0');
}

/* The workspace's id; where it is another one's, its rows are listened to. */
static struct str workspace_read(struct detect *d, const struct state_rule *r,
                                 const struct kql_read *x)
{
    struct workspace *w =
        x->workspace.n > 0 ? store_workspace_find(d->o.store, x->workspace) : NULL;
    if (w == NULL)
        return r->workspace;
    workspace_listen(w, schedule_arrived, d);
    return workspace_id(w);
}

void schedule_reads(struct detect *d, const struct state_rule *r, const struct kql_read *reads,
                    size_t n)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    sbuf_addc(&b, '\0');
    for (size_t i = 0; i < n; i++)
        add_read(&b, workspace_read(d, r, &reads[i]), reads[i].table);
    lock_take(&d->lock);
    struct schedule_entry *e = find(d, r->workspace, r->id);
    if (e != NULL && !(e->reads.p != NULL && str_eq(e->reads, sbuf_str(&b)))) {
        forget_reads(e);
        e->reads = (struct str){xstrndup(sbuf_str(&b)), b.n};
    }
    lock_drop(&d->lock);
}

void schedule_took(struct detect *d, const struct state_rule *r, int64_t took_us)
{
    lock_take(&d->lock);
    struct schedule_entry *e = find(d, r->workspace, r->id);
    if (e != NULL) {
        int64_t slow_us = e->nrt ? NRT_SLOW_US : d->o.slow_us;
        e->took_us = took_us > 0 ? took_us : 1;
        /* One that is slow by turns would be stopped each time that it is. */
        e->slow = e->took_us >= slow_us || (e->slow && e->took_us >= slow_us / 2);
    }
    lock_drop(&d->lock);
}

bool schedule_is_slow(const struct schedule_entry *e)
{
    return e->slow || (!e->nrt && e->missed);
}

void schedule_alone(struct detect *d, const struct state_rule *r, int64_t due)
{
    lock_take(&d->lock);
    struct schedule_entry *e = find(d, r->workspace, r->id);
    if (e != NULL) {
        e->slow = true;
        e->due = e->due < due ? e->due : due;
    }
    lock_drop(&d->lock);
}

static bool reads(const struct schedule_entry *e, struct str workspace, struct str read)
{
    return e->reads.p != NULL ? str_find(e->reads, read, NULL) : str_eqz(workspace, e->workspace);
}

void schedule_arrived(void *detect, struct workspace *w, struct str table)
{
    struct detect *d = detect;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    bool woken = false;
    int64_t due = clock_now(d->o.clock) + atomic_load(&d->gather);
    add_read(&b, workspace_id(w), table);
    lock_take(&d->lock);
    for (size_t i = 0; i < d->schedule.n; i++) {
        struct schedule_entry *e = &d->schedule.p[i];
        if (!e->nrt || e->held || e->due <= due || !reads(e, workspace_id(w), sbuf_str(&b)))
            continue;
        e->due = due;
        woken = true;
    }
    lock_drop(&d->lock);
    if (woken)
        clock_wake(d->o.clock);
}

void schedule_pause(struct detect *d, int64_t took_us, int64_t processor_us)
{
    /* A third of a processor; what others take of it must not make the alerts later still. */
    int64_t pause_us = took_us / 2 > 2 * processor_us ? took_us / 2 : 2 * processor_us;
    int64_t pause = pause_us * TICKS_PER_US;
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
    out->reads = STR_NONE;
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

/* ---- rules that run together ---- */

/* Rules may read what the runs of others write; they run one after the other. */
static bool reads_findings(const struct schedule_entry *e)
{
    static const char *const written[] = {"/SecurityAlert", "/SecurityIncident", "/SentinelHealth",
                                          "/SentinelAudit"};
    for (size_t i = 0; i < COUNTOF(written); i++)
        if (str_find(e->reads, str_from(written[i]), NULL))
            return true;
    return false;
}

/* A rule that takes long would keep others waiting; one whose window ended at another time looks at
 * other rows. */
static bool is_sociable(const struct schedule_entry *e, int64_t s)
{
    int64_t apart = e->s > s ? e->s - s : s - e->s;
    return !e->nrt && e->reads.p != NULL && e->took_us < COMPANY_TOOK_US && !schedule_is_slow(e) &&
           apart <= COMPANY_APART && !reads_findings(e);
}

static bool share_a_table(const struct schedule_entry *x, const struct schedule_entry *y)
{
    for (size_t at = 0, n = 0; at < x->reads.n; at += n + 1) {
        const char *end = memchr(x->reads.p + at, '\0', x->reads.n - at);
        n = end != NULL ? (size_t)(end - x->reads.p) - at : x->reads.n - at;
        /* With the NULs around it. */
        if (n > 0 && at > 0 && str_find(y->reads, str_sub(x->reads, at - 1, n + 2), NULL))
            return true;
    }
    return false;
}

static bool go_together(const struct detect *d, const struct schedule_entry *first,
                        const struct schedule_entry *e)
{
    if (first->nrt)
        return e->nrt && !schedule_is_slow(first) && !schedule_is_slow(e);
    return d->o.shared_rows > 0 && is_sociable(first, first->s) && is_sociable(e, first->s) &&
           share_a_table(first, e);
}

size_t schedule_take_all(struct detect *d, struct arena *a, int64_t now,
                         struct schedule_entry **out)
{
    struct schedule_entry first;
    size_t n = 0;
    if (!schedule_take(d, a, now, &first))
        return 0;
    lock_take(&d->lock);
    const struct schedule_entry *mine = find(d, str_from(first.workspace), str_from(first.id));
    size_t most = first.nrt ? d->schedule.n + 1 : COMPANY_MOST;
    *out = arena_array(a, struct schedule_entry, most);
    (*out)[n++] = first;
    for (size_t i = 0; mine != NULL && i < d->schedule.n && n < most; i++) {
        struct schedule_entry *e = &d->schedule.p[i];
        if (!e->running && e->due <= now && strcmp(e->workspace, first.workspace) == 0 &&
            go_together(d, mine, e))
            take_locked(e, a, &(*out)[n++]);
    }
    lock_drop(&d->lock);
    return n;
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
