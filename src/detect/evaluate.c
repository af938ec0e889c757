/* What a run of a rule finds: the query over its window, the trigger, the alerts. */
#include "base/ids.h"
#include "detect/detect_priv.h"
#include <stdio.h>

static bool fires(const struct rule *r, size_t rows)
{
    int64_t n = (int64_t)rows;
    if (r->kind == RULE_NRT)
        return n > 0;
    switch (r->op) {
    case TRIGGER_GT:
        return n > r->threshold;
    case TRIGGER_LT:
        return n < r->threshold;
    case TRIGGER_EQ:
        return n == r->threshold;
    case TRIGGER_NE:
        return n != r->threshold;
    }
    return false;
}

void evaluation_issue(struct evaluation *ev, const char *fmt, ...)
{
    char text[300];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    VEC_PUSH(ev->a, &ev->issues, arena_str(ev->a, str_from(text)));
}

size_t column_of(const struct evaluation *ev, struct str name)
{
    const struct kql_schema *s = engine_rows_schema(ev->rows);
    size_t folded = SIZE_MAX;
    for (size_t i = 0; i < s->n; i++) {
        if (str_eq(s->cols[i].name, name))
            return i;
        if (folded == SIZE_MAX && str_ieq(s->cols[i].name, name))
            folded = i;
    }
    return folded;
}

struct str cell_text(struct arena *a, const struct kql_value *v)
{
    struct json text = {0};
    if (v->is_null)
        return STR("");
    if (v->type == KQL_STRING || v->type == KQL_GUID || v->type == KQL_DECIMAL)
        return arena_str(a, v->s);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(16 << 20);
    struct json_out w = json_out_make(&b);
    engine_value_json(&w, v);
    if (!sbuf_ok(&b))
        return STR("");
    struct str s = arena_str(a, sbuf_str(&b));
    if (s.n > 0 && s.p[0] == '"' && json_parse(a, s, NULL, &text, NULL))
        return text.text;
    return str_eqz(s, "null") ? STR("") : s;
}

struct str cell(const struct evaluation *ev, size_t row, struct str column)
{
    size_t at = column_of(ev, column);
    if (at == SIZE_MAX || row >= engine_rows_count(ev->rows))
        return STR("");
    struct kql_value v = engine_rows_get(ev->rows, row, at);
    return cell_text(ev->a, &v);
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

struct str cut(struct str s, size_t max)
{
    if (s.n <= max)
        return s;
    while (max > 0 && is_continuation(s.p[max]))
        max--;
    return str_sub(s, 0, max);
}

struct str row_json(struct evaluation *ev, size_t row)
{
    const struct kql_schema *s = engine_rows_schema(ev->rows);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(64 << 20);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    for (size_t i = 0; i < s->n; i++) {
        struct kql_value v = engine_rows_get(ev->rows, row, i);
        json_key_str(&w, s->cols[i].name);
        engine_value_json(&w, &v);
    }
    json_obj_end(&w);
    return sbuf_ok(&b) ? arena_str(ev->a, sbuf_str(&b)) : STR("{}");
}

/* ---- alerts ---- */

static void make_alerts(struct evaluation *ev)
{
    struct detect_result *out = ev->out;
    size_t most = ev->r->kind == RULE_NRT ? ALERTS_PER_NRT_RUN : ALERTS_PER_RUN;
    bool each = ev->r->alert_per_result && out->rows > 0;
    out->n_alerts = each ? out->rows : 1;
    if (out->n_alerts > most) {
        out->n_alerts = most;
        evaluation_issue(ev, "more than %zu alerts: the last one stands for all %zu results", most,
                         out->rows);
    }
    out->alerts = arena_array(ev->a, struct detect_alert, out->n_alerts);
    for (size_t i = 0; i < out->n_alerts; i++) {
        bool all = !each || (out->rows > most && i == most - 1);
        struct row_range range = {all ? 0 : i, all ? out->rows : i + 1};
        alert_make(ev, range, i, &out->alerts[i]);
        out->entities += out->alerts[i].n_entities;
    }
}

static struct str issues_json(struct evaluation *ev)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 20);
    struct json_out w = json_out_make(&b);
    json_arr(&w);
    for (size_t i = 0; i < ev->issues.n; i++)
        json_str(&w, ev->issues.p[i]);
    json_arr_end(&w);
    return sbuf_ok(&b) ? arena_str(ev->a, sbuf_str(&b)) : STR("[]");
}

static bool run_query(struct evaluation *ev, struct store_result *result, struct err *e)
{
    const struct rule *r = ev->r;
    const struct detect_options *o = &ev->d->o;
    bool arrival = r->kind == RULE_NRT || r->kind == RULE_MICROSOFT_INCIDENT;
    struct store_query q = {.text = rule_has_query(r->kind) ? r->query : product_alerts_query()};
    q.options = (struct kql_options){.now_ticks = ev->out->to,
                                     .has_scope = true,
                                     .scope_from = ev->out->from,
                                     .scope_to = ev->out->to,
                                     .rule_restrictions = true};
    /* Late records are the point of a near-real-time rule: its window is one of arrival. */
    if (arrival)
        q.options.scope_column = STR("_TimeReceived");
    q.limits = (struct engine_limits){.deadline_us = clock_mono_us() + o->timeout_us,
                                      .max_rows = o->max_rows,
                                      .cancel = &ev->d->stop};
    struct kql_diags diags = {0};
    if (!workspace_query(ev->w, ev->a, &q, result, &diags, e))
        return false;
    if (result->n != 1)
        err_set(e, ERR_SEMANTIC, "the query returns %zu tables; a rule needs exactly one",
                result->n);
    else if (engine_rows_truncated(result->rows[0]))
        err_set(e, ERR_LIMIT, "the query returns more than %zu rows: too many for a rule",
                o->max_rows);
    else
        return true;
    store_result_fini(result);
    return false;
}

bool detect_evaluate(struct detect *d, struct arena *a, struct workspace *w, const struct rule *r,
                     int64_t s, struct detect_result *out, struct err *e)
{
    struct store_result result = {0};
    struct evaluation ev = {.d = d, .a = a, .w = w, .r = r, .out = out};
    char id[37];
    *out = (struct detect_result){.from = s - rule_period(r), .to = s};
    guid_format(guid_new(), id);
    out->correlation_id = arena_str(a, str_from(id));
    ev.now = clock_now(d->o.clock);
    if (!run_query(&ev, &result, e))
        return false;
    ev.rows = result.rows[0];
    out->rows = engine_rows_count(ev.rows);
    if (out->rows > 0)
        out->first_row = row_json(&ev, 0);
    if (r->kind == RULE_MICROSOFT_INCIDENT)
        product_alerts_make(&ev);
    else if ((out->triggered = fires(r, out->rows)))
        make_alerts(&ev);
    out->issues = issues_json(&ev);
    store_result_fini(&result);
    return true;
}
