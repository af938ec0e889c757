/* What people do: merging and taking merges back by hand. And alerts that others made. */
#include "correlate/correlate_priv.h"
#include "text/date.h"

enum { MAX_REASON = 1000 };

/* ---- merging ---- */

/* An incident that its rule keeps apart is not in the index, and must not get there by being merged
 * and unmerged. */
static bool is_indexed(struct correlate *c, const struct state_incident *i, bool *out,
                       struct err *e)
{
    size_t n = 0;
    if (!state_sighting_count(c->o.state, i->workspace, i->id, 1, &n, e))
        return false;
    *out = n > 0;
    return true;
}

static bool merge_one(struct scoring *s, struct str target, struct str source, struct str reason,
                      struct str who, struct err *e)
{
    struct correlate *c = s->c;
    struct state_incident to = {0}, from = {0};
    struct score x = {0};
    struct state_merge done = {0};
    struct str title = STR("");
    if (!incident_get(c->o.incidents, s->a, s->w, target, &to, e) ||
        !incident_get(c->o.incidents, s->a, s->w, source, &from, e) ||
        !incident_may_merge(&from, &to, (size_t)s->k->max_alerts, e) ||
        !score_pair(s, &from, &to, &x, e) || !join_title(s, &to, &from, &title, e) ||
        !state_merge_unbar(c->o.state, to.workspace, to.id, from.id, e))
        return false;
    struct incident_merging m = {.source = from.id,
                                 .target = to.id,
                                 .who = who,
                                 .reason = reason,
                                 .score = x.points,
                                 .threshold = s->k->threshold,
                                 .explanation = score_explain(s, &x, false),
                                 .title = title,
                                 .max_alerts = (size_t)s->k->max_alerts};
    return join_pair(s, &m, &done, e);
}

static bool merge_all(struct scoring *s, struct str target, const struct str *sources, size_t n,
                      struct str reason, struct str who, struct err *e)
{
    for (size_t i = 0; i < n; i++)
        if (!merge_one(s, target, sources[i], reason, who, e))
            return false;
    return true;
}

bool correlate_merge(struct correlate *c, struct arena *a, struct workspace *w, struct str target,
                     const struct str *sources, size_t n, struct str reason, struct str who,
                     struct err *e)
{
    struct correlate_config k;
    struct scoring s;
    if (n == 0 || n >= CORRELATE_MERGE_AT_ONCE)
        return err_set(e, ERR_INVALID, "sources: 1 to %d incidents expected",
                       CORRELATE_MERGE_AT_ONCE - 1);
    if (reason.n > MAX_REASON)
        return err_set(e, ERR_INVALID, "reason: at most %d bytes", MAX_REASON);
    if (!state_begin(c->o.state, e))
        return false;
    bool ok = config_load(c, a, w, &k, e) && scoring_begin(&s, c, a, w, &k, e) &&
              merge_all(&s, target, sources, n, reason, who, e);
    return state_end(c->o.state, ok, e) && incidents_flush(c->o.incidents, e);
}

/* ---- taking it back ---- */

static bool merge_of(struct correlate *c, struct arena *a, struct workspace *w, struct str source,
                     struct state_incident *out_source, struct state_merge *out, struct err *e)
{
    struct err why = {0};
    if (!incident_get(c->o.incidents, a, w, source, out_source, e))
        return false;
    if (state_merge_of_source(c->o.state, a, workspace_id(w), out_source->id, out, &why))
        return true;
    if (why.code == ERR_NOT_FOUND)
        return err_set(e, ERR_CONFLICT, "incident %lld is not merged into another one",
                       (long long)out_source->number);
    return err_set(e, why.code, "%s", why.msg);
}

static bool unmerge(struct correlate *c, struct arena *a, struct workspace *w, struct str source,
                    struct str who, struct state_merge *out, struct err *e)
{
    struct state_incident from = {0}, to = {0};
    struct correlate_config k;
    struct state_merge m = {0};
    bool indexed = false;
    return config_load(c, a, w, &k, e) && merge_of(c, a, w, source, &from, &m, e) &&
           state_incident_get(c->o.state, a, workspace_id(w), m.target, &to, e) &&
           is_indexed(c, &to, &indexed, e) &&
           incident_unmerge(c->o.incidents, a, w, m.id, who, out, e) &&
           (!indexed || (index_incident(c, a, workspace_id(w), from.id, &k, e) &&
                         index_incident(c, a, workspace_id(w), to.id, &k, e)));
}

bool correlate_unmerge(struct correlate *c, struct arena *a, struct workspace *w, struct str source,
                       struct str who, struct state_merge *out, struct err *e)
{
    if (!state_begin(c->o.state, e) ||
        !state_end(c->o.state, unmerge(c, a, w, source, who, out, e), e))
        return false;
    atomic_fetch_add(&c->undone, 1);
    return incidents_flush(c->o.incidents, e);
}

/* ---- alerts of other products ---- */

static struct str text_of(const struct json *row, const char *name, const char *other)
{
    struct str s = json_text(json_get(row, name), STR(""));
    return s.n > 0 || other == NULL ? s : json_text(json_get(row, other), STR(""));
}

static int64_t time_of(const struct json *row, const char *name, int64_t otherwise)
{
    int64_t t = 0;
    return date_parse_iso(text_of(row, name, NULL), &t) ? t : otherwise;
}

/* A comma list, or a JSON array as text or as such, as a JSON array. */
static struct str list_of(struct arena *a, const struct json *v)
{
    struct json parsed = {0};
    struct str text = json_text(v, STR(""));
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 20);
    struct json_out w = json_out_make(&b);
    if (v != NULL && v->type == JSON_ARRAY)
        json_value(&w, v);
    else if (text.n > 0 && text.p[0] == '[' && json_parse(a, text, NULL, &parsed, NULL))
        json_value(&w, &parsed);
    else {
        json_arr(&w);
        while (text.n > 0) {
            size_t at = text.n;
            (void)str_find(text, STR(","), &at);
            struct str one = str_trim(str_sub(text, 0, at));
            if (one.n > 0 && !str_eqz(one, "Unknown"))
                json_str(&w, one);
            text = str_sub(text, at + 1, text.n);
        }
        json_arr_end(&w);
    }
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : STR("[]");
}

/* A dynamic column may come as JSON or as text that holds it. */
static struct str json_of(struct arena *a, const struct json *v)
{
    if (v == NULL || v->type == JSON_STRING)
        return json_text(v, STR(""));
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 20);
    struct json_out w = json_out_make(&b);
    json_value(&w, v);
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : STR("");
}

static const char *severity_of(struct str s)
{
    static const char *const names[] = {"Informational", "Low", "Medium", "High"};
    for (size_t i = 0; i < COUNTOF(names); i++)
        if (str_ieqz(s, names[i]))
            return names[i];
    return "Medium";
}

static void read_alert(struct correlate *c, struct arena *a, struct workspace *w,
                       const struct json *row, struct state_alert *out)
{
    int64_t generated = time_of(row, "TimeGenerated", clock_now(c->o.clock));
    *out = (struct state_alert){
        .workspace = workspace_id(w),
        .id = text_of(row, "SystemAlertId", NULL),
        .rule_id = STR(""),
        .run = generated,
        .name = text_of(row, "DisplayName", "AlertName"),
        .description = text_of(row, "Description", NULL),
        .severity = str_from(severity_of(text_of(row, "AlertSeverity", NULL))),
        .product = text_of(row, "ProductName", "ProviderName"),
        .start = time_of(row, "StartTime", generated),
        .end = time_of(row, "EndTime", generated),
        .generated = generated,
        .tactics = list_of(a, json_get(row, "Tactics")),
        .techniques = list_of(a, json_get(row, "Techniques")),
        .entities = json_of(a, json_get(row, "Entities")),
        .custom_details = STR(""),
        .row = json_of(a, row),
    };
    if (out->name.n == 0)
        out->name = STR("Alert");
    if (out->end < out->start)
        out->end = out->start;
}

static bool add_alert(struct correlate *c, struct arena *a, struct workspace *w,
                      const struct state_alert *al, struct str *out_incident, struct err *e)
{
    const struct incident_grouping own = {.create = true};
    struct state_alert known = {0};
    struct err why = {0};
    if (state_alert_get(c->o.state, a, al->workspace, al->id, &known, &why))
        return true;
    if (why.code != ERR_NOT_FOUND)
        return err_set(e, why.code, "%s", why.msg);
    return state_alert_put(c->o.state, al, e) &&
           incident_from_alert(c->o.incidents, a, w, al, &own, out_incident, e);
}

bool correlate_alert(struct correlate *c, struct arena *a, struct workspace *w,
                     const struct json *row, struct str *out_incident, struct err *e)
{
    struct state_alert al;
    read_alert(c, a, w, row, &al);
    *out_incident = STR("");
    if (al.id.n == 0)
        return err_set(e, ERR_INVALID, "the alert has no SystemAlertId");
    if (!state_begin(c->o.state, e))
        return false;
    return state_end(c->o.state, add_alert(c, a, w, &al, out_incident, e), e) &&
           incidents_flush(c->o.incidents, e);
}
