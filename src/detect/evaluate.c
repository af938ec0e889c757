/* What a run of a rule finds: the query over its window, the trigger, the alerts. */
#include "detect/detect_priv.h"
#include <stdio.h>

#define COMPANY_TIMEOUT_US INT64_C(20000000) /* of a query that others wait for */

bool detect_fires(const struct rule *r, size_t rows)
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

struct kql_value evaluation_value(const struct evaluation *ev, size_t row, size_t col)
{
    return engine_rows_get(ev->rows, ev->pick != NULL ? ev->pick[row] : row, col);
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
    if (at == SIZE_MAX || row >= ev->n_rows)
        return STR("");
    struct kql_value v = evaluation_value(ev, row, at);
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
        struct kql_value v = evaluation_value(ev, row, i);
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
    size_t rows = ev->n_rows;
    bool each = ev->r->alert_per_result && rows > 0;
    out->n_alerts = each ? rows : 1;
    if (ev->ids == NULL)
        ev->ids = row_ids(ev);
    if (out->n_alerts > most) {
        out->n_alerts = most;
        evaluation_issue(ev, "more than %zu alerts: the last one stands for all %zu results", most,
                         rows);
    }
    out->alerts = arena_array(ev->a, struct detect_alert, out->n_alerts);
    for (size_t i = 0; i < out->n_alerts; i++) {
        bool all = !each || (rows > most && i == most - 1);
        struct row_range range = {all ? 0 : i, all ? rows : i + 1};
        alert_make(ev, range, &out->alerts[i]);
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

static void note_tables(struct evaluation *ev, const struct kql_query *q)
{
    struct strs *t = &ev->out->tables;
    t->p = arena_array(ev->a, struct str, q->tables.n + 1);
    for (t->n = 0; t->n < q->tables.n; t->n++)
        t->p[t->n] = q->tables.p[t->n];
    struct kql_read *reads = arena_array(ev->a, struct kql_read, q->reads.n + 1);
    for (size_t i = 0; i < q->reads.n; i++)
        reads[i] = q->reads.p[i];
    ev->out->reads = reads;
    ev->out->n_reads = q->reads.n;
}

struct kql_options evaluation_options(const struct rule *r, const struct detect_when *when)
{
    /* Late records are the point of a near-real-time rule: its window is one of arrival. */
    return (struct kql_options){.now_ticks = when->s,
                                .has_scope = !rule_by_arrival(r->kind),
                                .scope_from = when->s - rule_period(r),
                                .scope_to = when->s,
                                .has_arrival = when->arrived_until < INT64_MAX,
                                .arrived_after = when->arrived_after,
                                .arrived_until = when->arrived_until,
                                .rule_restrictions = true};
}

static void end_by(struct engine_limits *l, int64_t deadline_us)
{
    if (deadline_us != 0 && (l->deadline_us == 0 || l->deadline_us > deadline_us))
        l->deadline_us = deadline_us;
}

struct engine_limits evaluation_limits(struct detect *d)
{
    return (struct engine_limits){.deadline_us = clock_mono_us() + d->o.timeout_us,
                                  .max_rows = d->o.max_rows,
                                  .cancel = &d->stop};
}

void detect_query(struct detect *d, const struct rule *r, int64_t s,
                  const struct detect_sight *sight, struct store_query *out)
{
    const struct detect_when when = {
        .s = s,
        .arrived_after = -1,
        .arrived_until = sight->received_to != 0 ? sight->received_to - 1 : INT64_MAX};
    *out = (struct store_query){
        .text = rule_query(r), .options = evaluation_options(r, &when), .on_time = sight->on_time};
    if (rule_by_arrival(r->kind)) { /* many windows at once are told apart by a scope */
        out->options.has_scope = true;
        out->options.scope_column = STR("_TimeReceived");
    }
    out->limits =
        (struct engine_limits){.deadline_us = sight->deadline_us,
                               .max_rows = d->o.max_rows,
                               .cancel = sight->cancel != NULL ? sight->cancel : &d->stop};
}

/* The one table that a rule's query returns. */
static bool run_query(struct detect *d, struct arena *a, struct workspace *w, struct store_query *q,
                      struct store_result *out, struct err *e)
{
    struct kql_diags diags = {0};
    end_by(&q->limits, clock_mono_us() + d->o.timeout_us);
    if (!workspace_query(w, a, q, out, &diags, e))
        return false;
    if (out->n != 1)
        err_set(e, ERR_SEMANTIC, "the query returns %zu tables; a rule needs exactly one", out->n);
    else if (engine_rows_truncated(out->rows[0]))
        err_set(e, ERR_LIMIT, "the query returns more than %zu rows: too many for a rule",
                d->o.max_rows);
    else
        return true;
    store_result_fini(out);
    return false;
}

bool detect_rows(struct detect *d, struct arena *a, struct workspace *w, const struct rule *r,
                 int64_t s, const struct detect_sight *sight, struct store_result *out,
                 struct err *e)
{
    struct store_query q;
    detect_query(d, r, s, sight, &q);
    return run_query(d, a, w, &q, out, e);
}

static void take_rows(struct evaluation *ev, const struct store_result *result)
{
    note_tables(ev, &result->compiled);
    ev->rows = result->rows[0];
    ev->n_rows = engine_rows_count(ev->rows);
    ev->pick = NULL;
}

static bool ask(struct evaluation *ev, struct store_query *q, struct store_result *result,
                struct err *e)
{
    q->limits.cost = &ev->out->cost;
    if (!run_query(ev->d, ev->a, ev->w, q, result, e))
        return false;
    take_rows(ev, result);
    return true;
}

/* Whatever is wrong with it: the run by itself that follows says so. */
static bool ask_compiled(struct evaluation *ev, const struct detect_when *when,
                         struct store_result *result)
{
    struct err ignored = {0};
    struct engine_limits limits = evaluation_limits(ev->d);
    limits.cost = &ev->out->cost;
    end_by(&limits, clock_mono_us() + COMPANY_TIMEOUT_US);
    end_by(&limits, when->deadline_us);
    if (!workspace_run(ev->w, ev->a, when->compiled, &limits, result, &ignored))
        return false;
    if (result->n == 1 && !engine_rows_truncated(result->rows[0]))
        return true;
    store_result_fini(result);
    return false;
}

bool evaluation_query(struct evaluation *ev, const struct detect_when *when,
                      struct store_result *result, struct err *e)
{
    if (when->compiled != NULL && ask_compiled(ev, when, result)) {
        take_rows(ev, result);
        return true;
    }
    struct store_query q = {
        .text = rule_query(ev->r),
        .access = store_author_access(ev->d->o.authors, ev->a, ev->w, RULE_AUTHOR, ev->r->id),
        .options = evaluation_options(ev->r, when),
        .limits = evaluation_limits(ev->d)};
    end_by(&q.limits, when->deadline_us);
    if (when->cancel != NULL)
        q.limits.cancel = when->cancel;
    return ask(ev, &q, result, e);
}

void evaluation_finish(struct evaluation *ev, bool fires)
{
    struct detect_result *out = ev->out;
    char id[37];
    guid_format(guid_new(), id);
    out->correlation_id = arena_str(ev->a, str_from(id));
    if (ev->now == 0)
        ev->now = clock_now(ev->d->o.clock);
    out->rows = engine_rows_count(ev->rows);
    if (ev->n_rows > 0)
        out->first_row = row_json(ev, 0);
    if (ev->r->kind == RULE_MICROSOFT_INCIDENT)
        product_alerts_make(ev);
    else if ((out->triggered = fires))
        make_alerts(ev);
    out->issues = issues_json(ev);
}

bool detect_evaluate_when(struct detect *d, struct arena *a, struct workspace *w,
                          const struct rule *r, const struct detect_when *when,
                          struct detect_result *out, struct err *e)
{
    struct store_result result = {0};
    struct evaluation ev = {.d = d, .a = a, .w = w, .r = r, .out = out};
    bool arrival = rule_by_arrival(r->kind);
    *out = (struct detect_result){.from = arrival ? when->arrived_after : when->s - rule_period(r),
                                  .to = when->s};
    if (!evaluation_query(&ev, when, &result, e))
        return false;
    evaluation_finish(&ev, detect_fires(r, ev.n_rows));
    store_result_fini(&result);
    return true;
}

void detect_evaluate_rows(struct detect *d, struct arena *a, struct workspace *w,
                          const struct rule *r, int64_t s, int64_t now,
                          const struct engine_rows *rows, struct detect_result *out)
{
    struct evaluation ev = {.d = d, .a = a, .w = w, .r = r, .out = out, .rows = rows, .now = now};
    *out = (struct detect_result){.from = s - rule_period(r), .to = s};
    ev.n_rows = engine_rows_count(rows);
    evaluation_finish(&ev, detect_fires(r, ev.n_rows));
}

bool detect_evaluate_as(struct detect *d, struct arena *a, struct workspace *w,
                        const struct rule *r, int64_t s, const struct detect_sight *sight,
                        struct detect_result *out, struct err *e)
{
    struct store_result result = {0};
    struct store_query q;
    struct evaluation ev = {.d = d, .a = a, .w = w, .r = r, .out = out, .now = sight->now};
    *out = (struct detect_result){.from = s - rule_period(r), .to = s};
    detect_query(d, r, s, sight, &q);
    if (!ask(&ev, &q, &result, e))
        return false;
    evaluation_finish(&ev, detect_fires(r, ev.n_rows));
    store_result_fini(&result);
    return true;
}

bool detect_evaluate(struct detect *d, struct arena *a, struct workspace *w, const struct rule *r,
                     int64_t s, struct detect_result *out, struct err *e)
{
    struct detect_when when = {.s = s, .arrived_after = -1, .arrived_until = INT64_MAX};
    if (rule_by_arrival(r->kind))
        when = (struct detect_when){
            .s = s, .arrived_after = s - NRT_FREQUENCY - 1, .arrived_until = s - 1};
    return detect_evaluate_when(d, a, w, r, &when, out, e);
}
