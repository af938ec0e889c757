/* Merging: the target takes the source's alerts over, the source is closed and points to it. */
#include "incident/merge.h"
#include "base/ids.h"
#include "incident/incident_priv.h"
#include "incident/merge_fields.h"

enum { MAX_HOPS = 1000 };

/* ---- may they ---- */

static struct str owner_of(struct arena *a, struct str owner)
{
    static const char *const members[] = {"objectId", "userPrincipalName", "email", "assignedTo"};
    struct json o = {0};
    if (owner.n == 0 || !json_parse(a, owner, NULL, &o, NULL))
        return STR("");
    for (size_t i = 0; i < COUNTOF(members); i++) {
        struct str s = json_text(json_get(&o, members[i]), STR(""));
        if (s.n > 0)
            return s;
    }
    return STR("");
}

bool incident_may_merge(const struct state_incident *x, const struct state_incident *y,
                        size_t max_alerts, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const struct state_incident *both[] = {x, y};
    size_t most = max_alerts != 0 ? max_alerts : INCIDENT_MAX_ALERTS;
    int64_t alerts = x->alerts + y->alerts;
    if (str_eq(x->id, y->id))
        return err_set(e, ERR_CONFLICT, "incident %lld can't be merged with itself",
                       (long long)x->number);
    for (size_t i = 0; i < COUNTOF(both); i++)
        if (str_eqz(both[i]->status, "Closed"))
            return err_set(e, ERR_CONFLICT, "incident %lld is closed: closed ones are not merged",
                           (long long)both[i]->number);
    struct str one = owner_of(a, x->owner), other = owner_of(a, y->owner);
    if (one.n > 0 && other.n > 0 && !str_ieq(one, other))
        return err_set(e, ERR_CONFLICT, "incidents %lld and %lld are assigned to different people",
                       (long long)x->number, (long long)y->number);
    if ((size_t)alerts > most)
        return err_set(e, ERR_LIMIT,
                       "incidents %lld and %lld have %lld alerts together: an incident holds %zu",
                       (long long)x->number, (long long)y->number, (long long)alerts, most);
    return true;
}

bool incident_survives(const struct state_incident *x, const struct state_incident *y)
{
    bool owned = x->owner.n > 0, active = str_eqz(x->status, "Active");
    if (owned != (y->owner.n > 0))
        return owned;
    if (active != str_eqz(y->status, "Active"))
        return active;
    return x->number < y->number;
}

/* ---- merging ---- */

struct merging {
    struct incidents *in;
    struct arena *a;
    struct workspace *w;
    struct state_incident source, target;
    struct state_merge m;
};

static bool load(struct merging *g, struct str source, struct str target, struct err *e)
{
    struct state *s = g->in->state;
    return state_incident_get(s, g->a, workspace_id(g->w), source, &g->source, e) &&
           state_incident_get(s, g->a, workspace_id(g->w), target, &g->target, e);
}

static struct str texts(struct arena *a, const struct str *list, size_t n)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_arr(&w);
    for (size_t i = 0; i < n; i++)
        json_str(&w, list[i]);
    json_arr_end(&w);
    return arena_str(a, sbuf_str(&b));
}

/* What the merge has to know to be taken back: whose alerts they were, and which both had. Counts
 * what the target will have. */
static bool note_alerts(struct merging *g, struct err *e)
{
    struct state *s = g->in->state;
    struct str ws = workspace_id(g->w), *mine = NULL, *theirs = NULL, *origins = NULL;
    size_t n = 0, m = 0, k = 0, n_shared = 0;
    if (!state_incident_alert_ids(s, g->a, ws, g->source.id, &mine, &n, e) ||
        !state_incident_alert_ids(s, g->a, ws, g->target.id, &theirs, &m, e) ||
        !state_incident_alert_origins(s, g->a, ws, g->source.id, &origins, &k, e))
        return false;
    struct map *have = map_new(g->a, false);
    struct str *shared = arena_array(g->a, struct str, n + 1);
    for (size_t i = 0; i < m; i++)
        (void)map_put(have, theirs[i], have);
    for (size_t i = 0; i < n; i++)
        if (map_get(have, mine[i]) != NULL)
            shared[n_shared++] = mine[i];
    g->target.alerts = (int64_t)(n + m - n_shared);
    g->m.alerts = texts(g->a, mine, n);
    g->m.target_alerts = texts(g->a, theirs, m);
    g->m.shared = texts(g->a, shared, n_shared);
    g->m.origins =
        json_texts_union(g->a, json_texts_of(g->a, g->source.id), texts(g->a, origins, k));
    return true;
}

static void give(struct merging *g, struct str title)
{
    struct arena *a = g->a;
    struct state_incident *t = &g->target;
    const struct state_incident *s = &g->source;
    t->tactics = incident_list_union(a, t->tactics, s->tactics);
    t->techniques = incident_list_union(a, t->techniques, s->techniques);
    t->products = incident_list_union(a, t->products, s->products);
    t->rule_ids = incident_list_union(a, t->rule_ids, s->rule_ids);
    t->labels = incident_list_union(a, t->labels, s->labels);
    if (s->first_activity != 0 && (t->first_activity == 0 || s->first_activity < t->first_activity))
        t->first_activity = s->first_activity;
    if (s->last_activity > t->last_activity)
        t->last_activity = s->last_activity;
    if (incident_severity_rank(s->severity) > incident_severity_rank(t->severity))
        t->severity = s->severity;
    if (title.n > 0)
        t->title = title;
}

/* Sentinel closes an incident whose alert went to another one in this way. */
static void close_source(struct merging *g)
{
    struct state_incident *s = &g->source;
    s->status = STR("Closed");
    s->classification = STR("Undetermined");
    s->classification_reason = STR("");
    s->classification_comment =
        arena_fmt(g->a, "Merged into incident %lld.", (long long)g->target.number);
    s->closed = clock_now(g->in->clock);
    s->labels = label_add(g->a, s->labels, STR(INCIDENT_REDIRECTED));
    s->merged_into = g->target.number;
    s->alerts = 0;
}

static void begin_merge(struct merging *g, const struct incident_merging *m)
{
    char id[37];
    guid_format(guid_new(), id);
    g->m = (struct state_merge){
        .workspace = workspace_id(g->w),
        .id = arena_str(g->a, str_from(id)),
        .source = g->source.id,
        .target = g->target.id,
        .source_number = g->source.number,
        .target_number = g->target.number,
        .at = clock_now(g->in->clock),
        .who = m->who,
        .reason = m->reason,
        .automatic = m->automatic,
        .score = m->score,
        .threshold = m->threshold,
        .explanation = m->explanation.n > 0 ? m->explanation : STR("{}"),
        .source_before = fields_write(g->a, &g->source),
        .target_before = fields_write(g->a, &g->target),
    };
}

/* kinds: of the entry in the log of each, which names the other one. */
static bool save_both(struct merging *g, const char *of_source, const char *of_target,
                      struct str who, struct err *e)
{
    return incident_log(g->in, &g->source, of_source, g->target.id, who, e) &&
           incident_log(g->in, &g->target, of_target, g->source.id, who, e) &&
           incident_save(g->in, g->a, g->w, &g->source, who, e) &&
           incident_save(g->in, g->a, g->w, &g->target, who, e);
}

bool incident_merge(struct incidents *in, struct arena *a, struct workspace *w,
                    const struct incident_merging *m, struct state_merge *out, struct err *e)
{
    struct merging g = {.in = in, .a = a, .w = w};
    struct str ws = workspace_id(w);
    if (!load(&g, m->source, m->target, e) ||
        !incident_may_merge(&g.source, &g.target, m->max_alerts, e))
        return false;
    begin_merge(&g, m);
    if (!note_alerts(&g, e) ||
        !state_incident_alerts_move(in->state, ws, g.source.id, g.target.id, e))
        return false;
    give(&g, m->title);
    close_source(&g);
    g.m.target_after = fields_write(a, &g.target);
    *out = g.m;
    return state_merge_put(in->state, &g.m, e) && save_both(&g, "MergedInto", "Merged", m->who, e);
}

bool incident_merged_into(struct incidents *in, struct arena *a, struct workspace *w,
                          const struct state_incident *i, struct state_incident *out, struct err *e)
{
    *out = *i;
    for (int hops = 0; out->merged_into != 0; hops++) {
        if (hops == MAX_HOPS)
            return err_set(e, ERR_INTERNAL, "incident %lld: its merges go in a circle",
                           (long long)i->number);
        if (!state_incident_by_number(in->state, a, workspace_id(w), out->merged_into, out, e))
            return false;
    }
    return true;
}

/* ---- taking it back ---- */

static bool is_undoable(const struct merging *g, struct err *e)
{
    if (g->m.undone != 0)
        return err_set(e, ERR_CONFLICT, "the merge of incident %lld into %lld was undone already",
                       (long long)g->m.source_number, (long long)g->m.target_number);
    if (g->target.merged_into != 0)
        return err_set(e, ERR_CONFLICT,
                       "incident %lld was merged into %lld itself: undo that one first",
                       (long long)g->target.number, (long long)g->target.merged_into);
    return true;
}

static bool return_alerts(struct merging *g, struct err *e)
{
    struct state *s = g->in->state;
    struct str ws = workspace_id(g->w);
    struct json origins = {0}, shared = {0};
    if (!json_parse(g->a, g->m.origins, NULL, &origins, e) ||
        !json_parse(g->a, g->m.shared, NULL, &shared, e))
        return false;
    for (size_t i = 0; i < origins.n; i++)
        if (!state_incident_alerts_return(s, ws, g->target.id, g->source.id,
                                          json_text(&origins.items[i], STR("")), e))
            return false;
    for (size_t i = 0; i < shared.n; i++)
        if (!state_incident_add_alert(s, ws, g->source.id, json_text(&shared.items[i], STR("")), e))
            return false;
    return true;
}

static void reopen_source(struct merging *g, const struct state_incident *before)
{
    struct state_incident *s = &g->source;
    bool as_we_left_it = str_eqz(s->status, "Closed");
    s->merged_into = 0;
    s->labels = list_without(g->a, s->labels, json_texts_of(g->a, STR(INCIDENT_REDIRECTED)));
    if (!as_we_left_it)
        return;
    s->status = before->status;
    s->classification = before->classification;
    s->classification_reason = before->classification_reason;
    s->classification_comment = before->classification_comment;
    s->closed = before->closed;
}

/* Labels that came by this merge and by no other one that stands. */
static bool labels_to_drop(struct merging *g, const struct state_incident *source_before,
                           const struct state_incident *target_before, struct str *out,
                           struct err *e)
{
    struct state_merge *all = NULL;
    size_t n = 0;
    *out = list_without(g->a, source_before->labels, target_before->labels);
    if (!state_merge_list(g->in->state, g->a, workspace_id(g->w), g->target.id, INCIDENT_MAX_ALERTS,
                          &all, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct state_incident other = {0};
        if (all[i].undone != 0 || str_eq(all[i].id, g->m.id) ||
            !str_eq(all[i].target, g->target.id))
            continue;
        if (!fields_read(g->a, all[i].source_before, &other, e))
            return false;
        *out = list_without(g->a, *out, other.labels);
    }
    return true;
}

/* Takes from the target what only the alerts that leave had brought. */
static void take_back(struct merging *g, const struct state_incident *before,
                      const struct state_incident *after, const struct alert_sums *left,
                      const struct alert_sums kept_and_newer[2])
{
    const struct alert_sums *kept = &kept_and_newer[0], *newer = &kept_and_newer[1];
    struct arena *a = g->a;
    struct state_incident *t = &g->target;
    t->tactics = list_without(a, t->tactics, list_without(a, left->tactics, kept->tactics));
    t->techniques =
        list_without(a, t->techniques, list_without(a, left->techniques, kept->techniques));
    t->products = list_without(a, t->products, list_without(a, left->products, kept->products));
    t->rule_ids = list_without(a, t->rule_ids, list_without(a, left->rule_ids, kept->rule_ids));
    if (kept->n > 0) {
        t->first_activity = kept->first;
        t->last_activity = kept->last;
    } else {
        t->first_activity = before->first_activity;
        t->last_activity = before->last_activity;
    }
    if (!str_eq(before->severity, after->severity) && str_eq(t->severity, after->severity))
        t->severity =
            incident_severity_rank(newer->severity) > incident_severity_rank(before->severity)
                ? newer->severity
                : before->severity;
    if (!str_eq(before->title, after->title) && str_eq(t->title, after->title))
        t->title = before->title;
}

static bool restore_both(struct merging *g, struct err *e)
{
    struct state_incident source_before = {0}, before = {0}, after = {0};
    struct alert_sums left[2] = {0}, kept[2] = {0}; /* all, and those since the merge */
    struct str labels = STR("");
    if (!fields_read(g->a, g->m.source_before, &source_before, e) ||
        !fields_read(g->a, g->m.target_before, &before, e) ||
        !fields_read(g->a, g->m.target_after, &after, e) ||
        !labels_to_drop(g, &source_before, &before, &labels, e) ||
        !alert_sums_of(g->in->state, g->a, &g->source, g->m.alerts, &left[0], &left[1], e) ||
        !alert_sums_of(g->in->state, g->a, &g->target, g->m.target_alerts, &kept[0], &kept[1], e))
        return false;
    reopen_source(g, &source_before);
    alert_sums_add(g->a, &g->source, &left[1]);
    take_back(g, &before, &after, &left[0], kept);
    g->target.labels = list_without(g->a, g->target.labels, labels);
    g->source.alerts = (int64_t)left[0].n;
    g->target.alerts = (int64_t)kept[0].n;
    return true;
}

bool incident_unmerge(struct incidents *in, struct arena *a, struct workspace *w, struct str merge,
                      struct str who, struct state_merge *out, struct err *e)
{
    struct merging g = {.in = in, .a = a, .w = w};
    if (!state_merge_get(in->state, a, workspace_id(w), merge, &g.m, e) ||
        !load(&g, g.m.source, g.m.target, e) || !is_undoable(&g, e) || !return_alerts(&g, e) ||
        !restore_both(&g, e))
        return false;
    g.m.undone = clock_now(in->clock);
    g.m.undone_by = who;
    g.m.barred = true;
    *out = g.m;
    return state_merge_put(in->state, &g.m, e) &&
           save_both(&g, "MergeUndone", "MergeUndone", who, e);
}
