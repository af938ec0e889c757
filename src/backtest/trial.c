/* A rule's runs one after the other, with the incidents that follow from them, in a control
 * database that is thrown away. */
#include "backtest/backtest.h"

struct trial {
    struct workspace *w;
    struct clock *clock; /* moved to each run's time */
    struct state *state;
    struct incidents *incidents;
    struct detect *detect;
};

struct trial *trial_open(const struct trial_options *o, struct err *e)
{
    struct trial *t = xcalloc(1, sizeof(*t));
    t->w = o->workspace;
    t->clock = clock_new_manual(0);
    t->state = state_open(NULL, e);
    if (t->state != NULL) {
        t->incidents = incidents_open(o->store, t->state, t->clock, &o->scope);
        struct detect_options d = {.store = o->store,
                                   .state = t->state,
                                   .clock = t->clock,
                                   .incidents = t->incidents,
                                   .scope = o->scope,
                                   .delay = o->delay,
                                   .timeout_us = o->timeout_us,
                                   .max_rows = o->max_rows};
        t->detect = detect_open(&d, e);
    }
    if (t->detect != NULL)
        return t;
    trial_close(t);
    return NULL;
}

void trial_close(struct trial *t)
{
    if (t == NULL)
        return;
    detect_close(t->detect);
    if (t->incidents != NULL)
        incidents_close(t->incidents);
    state_close(t->state);
    clock_free(t->clock);
    xfree(t);
}

struct detect *trial_detect(struct trial *t)
{
    return t->detect;
}

bool trial_run(struct trial *t, struct arena *a, const struct rule *r, int64_t s,
               const struct detect_sight *sight, struct detect_result *out, struct err *e)
{
    return detect_evaluate_as(t->detect, a, t->w, r, s, sight, out, e);
}

static bool put_alert(struct trial *t, struct arena *a, const struct rule *r,
                      const struct detect_result *result, const struct detect_alert *al,
                      struct err *e)
{
    struct str incident = STR("");
    struct state_alert x = {.workspace = workspace_id(t->w),
                            .id = al->id,
                            .rule_id = r->id,
                            .run = result->to,
                            .name = al->name,
                            .description = al->description,
                            .severity = str_from(rule_severity_name(al->severity)),
                            .product = al->product,
                            .start = al->start,
                            .end = al->end,
                            .generated = clock_now(t->clock),
                            .tactics = al->tactics,
                            .techniques = al->techniques,
                            .entities = al->entities,
                            .custom_details = al->custom_details,
                            .row = STR("{}")};
    return state_alert_put(t->state, &x, e) &&
           incident_from_alert(t->incidents, a, t->w, &x, &r->incident, &incident, e);
}

bool trial_alerts(struct trial *t, struct arena *a, const struct rule *r,
                  const struct detect_result *result, int64_t now, struct err *e)
{
    bool ok = true;
    if (now > clock_now(t->clock))
        clock_set(t->clock, now);
    if (!state_begin(t->state, e))
        return false;
    for (size_t i = 0; ok && i < result->n_alerts; i++)
        ok = put_alert(t, a, r, result, &result->alerts[i], e);
    return state_end(t->state, ok, e);
}

bool trial_incidents(struct trial *t, struct arena *a, struct state_incident **out, size_t *n,
                     struct err *e)
{
    return state_incident_list(t->state, a, workspace_id(t->w), out, n, e);
}
