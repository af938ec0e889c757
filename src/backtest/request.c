/* Reads what a backtest is asked for. */
#include "backtest/operations_priv.h"
#include "text/date.h"

static bool read_rule(struct backtests *b, struct workspace *w, struct asked *k,
                      const struct json *v, size_t i, struct err *e)
{
    struct detect_given given = {0};
    if (!detect_rule_given(b->o.detect, k->a, w, v, &given, e)) {
        err_prefix(e, "rules[%zu]", i);
        return false;
    }
    k->rules[i] = given.rule;
    k->phases[i] = given.phase;
    return true;
}

static void make_room(struct asked *k, size_t n)
{
    k->rules = arena_array(k->a, struct rule, n + 1);
    k->phases = arena_array(k->a, int64_t, n + 1);
    k->n = n;
}

static bool has_query(const struct state_rule *r)
{
    enum rule_kind kind;
    return rule_kind_parse(r->kind, &kind) && rule_has_query(kind);
}

static bool read_all_stored(struct backtests *b, struct workspace *w, struct asked *k,
                            struct err *e)
{
    struct state_rule *list = NULL;
    size_t n = 0;
    if (!detect_rule_list(b->o.detect, k->a, w, &list, &n, e))
        return false;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (has_query(&list[i]))
            list[kept++] = list[i];
    make_room(k, kept);
    for (size_t i = 0; i < kept; i++)
        if (!read_rule(b, w, k, &(struct json){.type = JSON_STRING, .text = list[i].id}, i, e))
            return false;
    return true;
}

static bool read_rules(struct backtests *b, struct workspace *w, const struct json *body,
                       struct asked *k, struct err *e)
{
    const struct json *rules = json_get(body, "rules");
    if (rules == NULL || rules->type == JSON_NULL)
        return read_all_stored(b, w, k, e);
    if (rules->type != JSON_ARRAY)
        return err_set(e, ERR_INVALID, "rules: an array expected");
    if (rules->n > BACKTEST_MAX_RULES)
        return err_set(e, ERR_LIMIT, "rules: at most %d at a time", BACKTEST_MAX_RULES);
    make_room(k, rules->n);
    for (size_t i = 0; i < rules->n; i++)
        if (!read_rule(b, w, k, &rules->items[i], i, e))
            return false;
    return true;
}

static bool read_time(const struct json *body, const char *key, int64_t *out, struct err *e)
{
    const struct json *v = json_get(body, key);
    if (v == NULL || v->type == JSON_NULL)
        return true;
    return (v->type == JSON_STRING && date_parse_iso(v->text, out)) ||
           err_set(e, ERR_INVALID, "%s: a time such as 2026-01-02T03:04:05Z expected", key);
}

static bool read_flag(const struct json *body, const char *key, bool *out, struct err *e)
{
    const struct json *v = json_get(body, key);
    if (v == NULL || v->type == JSON_NULL)
        return true;
    *out = v->type == JSON_TRUE;
    return v->type == JSON_TRUE || v->type == JSON_FALSE ||
           err_set(e, ERR_INVALID, "%s: true or false expected", key);
}

static bool read_count(const struct json *body, const char *key, size_t *out, struct err *e)
{
    enum { MOST = 10000 };
    const struct json *v = json_get(body, key);
    if (v == NULL || v->type == JSON_NULL)
        return true;
    if (v->type != JSON_INT || v->i < 1 || v->i > MOST)
        return err_set(e, ERR_INVALID, "%s: a number from 1 to %d expected", key, MOST);
    *out = (size_t)v->i;
    return true;
}

bool asked_read(struct backtests *b, struct workspace *w, const struct json *body, struct asked *k,
                struct err *e)
{
    struct backtest_request *q = &k->q;
    if (body->type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "an object expected");
    q->to = clock_now(b->o.clock);
    if (!read_time(body, "to", &q->to, e))
        return false;
    q->from = q->to - 7 * TICKS_PER_DAY;
    if (!read_time(body, "from", &q->from, e) || !read_flag(body, "asIfOnTime", &q->on_time, e) ||
        !read_flag(body, "eachWindow", &q->each_window, e) ||
        !read_count(body, "maxFirings", &q->max_firings, e) ||
        !read_count(body, "topEntities", &q->top_entities, e) ||
        !read_count(body, "lastRuns", &q->last_runs, e) || !read_rules(b, w, body, k, e))
        return false;
    if (q->to <= q->from)
        return err_set(e, ERR_INVALID, "from: a time before 'to' expected");
    if (q->to - q->from > BACKTEST_MAX_DAYS * TICKS_PER_DAY)
        return err_set(e, ERR_LIMIT, "from: at most %d days before 'to'", BACKTEST_MAX_DAYS);
    q->rules = k->rules;
    q->phases = k->phases;
    q->n = k->n;
    return true;
}
