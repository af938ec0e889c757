/* What a run finds, as it is kept: alerts, and the incidents that follow from them. */
#include "detect/run_priv.h"
#include "state/alerts.h"

static void make_alert(const struct run *r, const struct run_piece *p,
                       const struct detect_alert *al, struct state_alert *out)
{
    *out = (struct state_alert){
        .workspace = workspace_id(r->w),
        .id = al->id,
        .rule_id = r->stored.id,
        .run = p->result.to,
        .name = al->name,
        .description = al->description,
        .severity = str_from(rule_severity_name(al->severity)),
        .product = al->product,
        .start = al->start,
        .end = al->end,
        .generated = p->record.finished,
        .tactics = al->tactics,
        .techniques = al->techniques,
        .entities = al->entities,
        .custom_details = al->custom_details,
        .row = al->row,
    };
}

/* Rows of our own alerts name the rule, also where it gives them another product's name. */
static bool is_of_own_rule(struct arena *a, const struct state_alert *al)
{
    struct json row = {0};
    return json_parse(a, al->row, NULL, &row, NULL) &&
           str_ends(json_text(json_get(&row, "AlertType"), STR("")), al->rule_id);
}

/* Alerts of other products come again when they change: the newest is kept, and is no new one. Each
 * rule whose filters let one through makes an incident of it. Source: "Create incidents from
 * Microsoft Security alerts". */
static bool put_known(struct run *r, const struct state_alert *al, const struct state_alert *before,
                      bool *out_new, struct err *e)
{
    struct state *s = r->d->o.state;
    if (r->rule.kind != RULE_MICROSOFT_INCIDENT)
        return true;
    if (str_eq(before->rule_id, r->stored.id))
        return state_alert_put(s, al, e);
    return is_of_own_rule(r->a, before) ||
           state_alert_claim(s, al->workspace, al->id, r->stored.id, out_new, e);
}

/* An alert that an earlier run of the window made is not made again. */
static bool put_alert(struct run *r, const struct state_alert *al, bool *out_new, bool *out_again,
                      struct err *e)
{
    struct state_alert before = {0};
    struct err missing = {0};
    *out_new = false;
    *out_again = state_alert_get(r->d->o.state, r->a, al->workspace, al->id, &before, &missing);
    if (*out_again)
        return put_known(r, al, &before, out_new, e);
    if (missing.code != ERR_NOT_FOUND) {
        *e = missing;
        return false;
    }
    struct str rows = arena_fmt(r->a, "[%.*s]", STR_ARG(al->row));
    *out_new = true;
    return state_alert_put(r->d->o.state, al, e) &&
           (r->rule.kind == RULE_MICROSOFT_INCIDENT || /* its row is what it was made of */
            logrows_put(r->d->o.incidents, r->w, "SecurityAlert", rows,
                        arena_fmt(r->a, "alert/%.*s", STR_ARG(al->id)), e));
}

static bool put_incident(struct run *r, const struct state_alert *al, bool again, struct err *e)
{
    struct str id = STR("");
    struct state_incident incident = {0};
    struct incident_grouping grouping = r->rule.incident;
    grouping.again = again;
    /* As Microsoft Defender has it: rules whose description begins so are not correlated. */
    grouping.apart = str_starts(str_trim(r->rule.description), STR(INCIDENT_APART));
    if (!incident_from_alert(r->d->o.incidents, r->a, r->w, al, &grouping, &id, e))
        return false;
    if (id.n > 0 && state_incident_get(r->d->o.state, r->a, workspace_id(r->w), id, &incident, e) &&
        incident.alerts == 1)
        r->incidents++;
    return true;
}

/* Incidents are formed when all alerts of the run are there. */
bool run_put_alerts(struct run *r, struct run_piece *p, struct err *e)
{
    size_t n = p->result.n_alerts, fresh = 0;
    struct state_alert *alerts = arena_array(r->a, struct state_alert, n + 1);
    bool *again = arena_array(r->a, bool, n + 1);
    for (size_t i = 0; i < n; i++) {
        bool is_new = false;
        make_alert(r, p, &p->result.alerts[i], &alerts[fresh]);
        if (!put_alert(r, &alerts[fresh], &is_new, &again[fresh], e))
            return false;
        fresh += is_new;
    }
    p->record.alerts = (int64_t)fresh;
    r->alerts += fresh;
    for (size_t i = 0; i < fresh; i++)
        if (!put_incident(r, &alerts[i], again[i], e))
            return false;
    return true;
}
